"""A private folder for what does not fit into memory, removed when it is no longer needed.

It is the only place that DuckDB may write to. A run that is killed leaves its folder behind without its lock: the next
run that makes one beside it removes it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mhrules.diagnostics.model import DiagnosticError
from mhrules.diagnostics.registry import finding

PREFIX = "mhrules-"  # of the folders' names
_LOCK = "lock"


class Workspace:
    """A folder that only this user can enter, locked as long as the process holds it."""

    def __init__(self, parent: Path | None = None) -> None:
        """Make the folder under `parent`, or in the system's temporary folder.

        Raises:
            DiagnosticError: nothing can be written there (MH653).
        """
        beside = parent
        try:
            beside = beside or Path(tempfile.gettempdir())
            _remove_abandoned(beside)
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=beside)).resolve()
            lock = _locked(self.path)
        except OSError as error:
            raise not_writable(beside, error.strerror or "") from error
        self._remove = weakref.finalize(self, _remove, self.path, lock, os.getpid())

    def close(self) -> None:
        """Remove the folder with all that is in it. A second time does nothing."""
        self._remove()


def not_writable(folder: Path | None, reason: str) -> DiagnosticError:
    """The finding that the folder for temporary files cannot be written to (MH653)."""
    return DiagnosticError(
        [
            finding(
                "MH653",
                "temporary files cannot be written" + ("" if folder is None else f" in `{folder}`"),
                notes=reason,
                help="name a folder on a disk with more room: `--temporary FOLDER`",
            )
        ]
    )


@contextmanager
def removed_on_failure(workspace: Workspace) -> Iterator[None]:
    """Remove the folder if what is done with it does not come to its end, whatever stops it."""
    try:
        yield
    except BaseException:
        workspace.close()
        raise


def _locked(folder: Path) -> int:
    """A lock on the folder, as an open file; it has its name only once it is held."""
    made = folder / f"{_LOCK}.new"
    descriptor = os.open(made, os.O_RDWR | os.O_CREAT, 0o600)
    _try_lock(descriptor)
    made.rename(folder / _LOCK)
    return descriptor


def _try_lock(descriptor: int) -> bool:
    """Whether nobody else holds a file, which is held from now on; where files have no locks, somebody may."""
    try:
        import fcntl
    except ImportError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove_abandoned(beside: Path) -> None:
    """Remove the folders of this user's runs that have been killed."""
    for folder in beside.glob(f"{PREFIX}*"):
        try:
            descriptor = os.open(folder / _LOCK, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        except OSError:
            continue  # another user's, or being made or removed just now
        if _try_lock(descriptor):
            shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _remove(folder: Path, lock: int, maker: int) -> None:
    if os.getpid() == maker:  # a fork of the process has no claim on it
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
