"""A folder of files that appear together: written beside, renamed at the end, the manifest last."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from mhrules.data.origins import file_hash
from mhrules.diagnostics.model import DiagnosticError
from mhrules.diagnostics.registry import finding
from mhrules.settle.manifest import MANIFEST, Written

PARTIAL = ".partial"
SUPERSEDED = f"{MANIFEST}.superseded"
"""Where an earlier manifest waits while files are renamed; a run that is killed then leaves it to the next."""
_BLOCK = 1 << 20


class Folder:
    """Files on their way into a directory, which is made if needed.

    Until `publish` nothing in the directory changes but files called `NAME.partial`. `ours` are the names that files
    of a settlement can have: only these are ever taken away. What a run that was killed has left beside goes at once.
    All methods that write raise DiagnosticError if the directory cannot be written (MH732).
    """

    def __init__(self, directory: Path, ours: Iterable[str]) -> None:
        self.directory = directory
        self.written: list[Written] = []
        self._further: list[str] = []
        self._ours = frozenset((*ours, MANIFEST))
        self.abandon()

    def text(self, name: str, chunks: Iterable[tuple[str, int]]) -> None:
        """Write one file from pieces of text, each with the number of its rows."""
        rows = 0

        def pieces() -> Iterator[bytes]:
            nonlocal rows
            for chunk, number in chunks:
                rows += number
                yield chunk.encode("utf-8")

        digest = self._write(name, pieces())
        self.written.append(Written(name, digest, rows))

    def copy(self, name: str, source: Path, rows: int) -> None:
        """Write one file as another that is complete."""

        def blocks() -> Iterator[bytes]:
            with source.open("rb") as data:
                while block := data.read(_BLOCK):
                    yield block

        self.written.append(Written(name, self._write(name, blocks()), rows))

    def tree(self, name: str, write: Callable[[Path], int]) -> None:
        """Write a folder of Parquet files: `write` is told where, and gives the number of rows."""
        with self._writing():
            self.directory.mkdir(parents=True, exist_ok=True)
            rows = write(self._beside(name))
            self.written.append(Written(name, _hash_of(self._beside(name)), rows))

    def further(self, name: str, write: Callable[[Path], None]) -> None:
        """Write one file that the manifest gives no hash of: `write` is told where."""
        with self._writing():
            write(self._room_for(name))
        self._further.append(name)

    def publish(self, manifest: str) -> tuple[Path, ...]:
        """Give all files their names, the manifest last; others that an earlier manifest lists are taken away.

        The earlier manifest goes first: a folder without one is no result, and one with a manifest is whole.
        """
        self._write(MANIFEST, [manifest.encode("utf-8")])
        names = [*(each.name for each in self.written), *self._further]
        final, superseded = self.directory / MANIFEST, self.directory / SUPERSEDED
        with self._writing():
            if final.exists():
                final.replace(superseded)
            stale = (_listed(superseded) & self._ours) - set(names)
            for name in names:
                if self._beside(name).is_dir():
                    _take_away(self.directory / name)
                self._beside(name).replace(self.directory / name)
            for name in stale:
                _take_away(self.directory / name)
            self._beside(MANIFEST).replace(final)
            superseded.unlink(missing_ok=True)
        return tuple(self.directory / name for name in (*names, MANIFEST))

    def abandon(self) -> None:
        """Take away what was begun, by this run or by one that was killed."""
        for name in self._ours:
            with contextlib.suppress(OSError):
                _take_away(self._beside(name))

    def _write(self, name: str, blocks: Iterable[bytes]) -> str:
        """Write a file beside its name, and give the SHA-256 of its bytes."""
        digest = hashlib.sha256()
        with self._writing(), self._room_for(name).open("wb") as file:
            for block in blocks:
                digest.update(block)
                file.write(block)
        return digest.hexdigest()

    def _room_for(self, name: str) -> Path:
        """Where a file is written beside its name."""
        self.directory.mkdir(parents=True, exist_ok=True)
        if (self.directory / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, f"`{name}` is a folder")
        return self._beside(name)

    def _beside(self, name: str) -> Path:
        return self.directory / f"{name}{PARTIAL}"

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            why = f"output folder `{self.directory.name}` cannot be written: {reason}"
            help = "name a folder that can be written, with room for the files"
            raise DiagnosticError([finding("MH732", why, help=help)]) from error


def _hash_of(folder: Path) -> str:
    """What `sha256sum *.parquet | sha256sum` says in the folder; nothing where none of its files is seen from here."""
    files = sorted(folder.glob("*.parquet"))
    listed = "".join(f"{file_hash(file)}  {file.name}\n" for file in files)
    return hashlib.sha256(listed.encode()).hexdigest() if files else ""


def _take_away(path: Path) -> None:
    """Remove a file, or a folder with what is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _listed(manifest: Path) -> frozenset[str]:
    """The files that a manifest lists; none where there is no manifest, or it is none of ours."""
    try:
        document = json.loads(manifest.read_bytes())
        return frozenset([*(str(each["file"]) for each in document["outputs"]), str(document.get("kept"))])
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()
