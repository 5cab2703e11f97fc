"""Rule files from disk: read safely, imports followed, everything under one root.

The root is the folder of the program. Nothing outside of it is read, whatever a text asks for: no absolute paths, no
`..`, no links that lead out.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

from attrs import field

from mhrules.classes import define, frozen
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import DataPlace, Diagnostic, DiagnosticError, Label
from mhrules.diagnostics.registry import finding
from mhrules.source import Source, Span
from mhrules.syntax import tree as t
from mhrules.syntax.parse import LARGEST, tree_from_text

SUFFIX = ".mh"
MOST_FILES = 1_000
MOST_DEEP = 50
"""Imports inside imports."""
MOST_BYTES = 64 << 20
"""Bytes that another file under the root, such as a value set, may have."""
MOST_CHARACTERS = 20
"""Findings about single characters of one file."""
_MARK = "save the file as UTF-8 without a byte order mark"


@frozen
class LoadedFile:
    """One rule file: its text, its tree (None if the text has mistakes), and the files that it imports."""

    source: Source
    file: t.File | None
    imports: tuple[str, ...] = ()


@frozen
class LoadedFiles:
    """What a path led to, imported files first, each file once; `root` is the folder that everything lies under.

    `findings` are all findings about the files: nothing is raised. A file that could not be read is not listed.
    """

    root: Path
    files: tuple[LoadedFile, ...]
    findings: tuple[Diagnostic, ...]

    @property
    def trees(self) -> tuple[t.File, ...]:
        """The trees of the files that have one, in the same order."""
        return tuple(loaded.file for loaded in self.files if loaded.file is not None)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every text that was read."""
        return tuple(loaded.source for loaded in self.files)


# -------------------------------------------------------------------------------------------- one file


def read_source(path: Path, root: Path) -> Source:
    """The text of a rule file, named by its path under `root`.

    Raises:
        DiagnosticError: it cannot be read (MH001), is no UTF-8 (MH002), not in form NFC (MH003), holds unseen
            characters or line ends other than LF (MH004), leads out of the root (MH006) or is too large (MH007).
    """
    name = name_under(path, root)
    content = _bytes(path, root, name, LARGEST)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DiagnosticError(
            [
                finding(
                    "MH002",
                    f"`{name}` is not UTF-8 text",
                    place=DataPlace(name, line),
                    help="save it again with the encoding UTF-8",
                )
            ]
        ) from None
    source = Source(name, text)
    found = character_findings(source)
    if found:
        raise DiagnosticError(found)
    return source


def name_under(path: Path, root: Path) -> str:
    """A path as people are shown it: from the root, with `/`."""
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return path.name


def read_under_root(root: Path, relative: str, most: int = MOST_BYTES, span: Span | None = None) -> bytes:
    """The bytes of a file that a rule text names, such as a value set; `span` is where it names it.

    Raises:
        DiagnosticError: the path leads out of the root (MH006), the file cannot be read (MH001), or is longer than
            `most` bytes (MH007).
    """
    path = path_under_root(root, relative, span)
    return _bytes(path, root, relative, most, span)


def path_under_root(root: Path, relative: str, span: Span | None = None) -> Path:
    """Where a path that a rule text names lies.

    Raises:
        DiagnosticError: it is absolute, goes up with `..`, is written with `\\`, or leads out by a link (MH006).
    """
    parts = relative.split("/")
    outside = relative.startswith(("/", "~")) or "\\" in relative or ":" in relative or "\0" in relative
    if outside or any(part in ("", ".", "..") for part in parts):
        raise DiagnosticError([_outside(relative, span)])
    path = root.joinpath(*parts)
    if not _stays_inside(path, root):
        raise DiagnosticError([_outside(relative, span)])
    return path


def _outside(name: str, span: Span | None) -> Diagnostic:
    return finding(
        "MH006",
        f"`{name}` leads out of the program's folder",
        span,
        help="put the file into the program's folder and name it from there, as in `valuesets/codes.csv`",
        place=None if span is not None else DataPlace(name),
    )


def _stays_inside(path: Path, root: Path) -> bool:
    """Whether a path, all links followed, lies under the root."""
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        return False


def _bytes(path: Path, root: Path, name: str, most: int, span: Span | None = None) -> bytes:
    """The content of a file under the root; DiagnosticError as `read_under_root` says."""
    place = None if span is not None else DataPlace(name)
    if not _stays_inside(path, root):
        raise DiagnosticError([_outside(name, span)])
    try:
        if not path.is_file():
            reason = "is not a file" if path.exists() else "does not exist"
            raise DiagnosticError([finding("MH001", f"`{name}` {reason}", span, place=place)])
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        reason = (error.strerror or "it cannot be opened").lower()
        raise DiagnosticError([finding("MH001", f"cannot read `{name}`: {reason}", span, place=place)]) from None
    if len(content) > most:
        size = f"{most >> 20} MiB"
        raise DiagnosticError([finding("MH007", f"`{name}` is longer than {size}", span, place=place)])
    return content


# ------------------------------------------------------------------------------------------ characters


def character_findings(source: Source) -> list[Diagnostic]:
    """Findings about characters that nobody sees, and about letters that are not in form NFC."""
    text = source.text
    found: list[Diagnostic] = []
    carriage = text.find("\r")
    if carriage >= 0:
        found.append(
            finding(
                "MH004",
                "line ends must be LF, not CR or CR LF",
                Span(source, carriage, carriage + 1),
                help="save the file with line ends `LF` (Unix); most editors show them at the bottom of the window",
            )
        )
    unseen = [i for i, c in enumerate(text) if not c.isprintable() and c not in "\n\t\r" and is_unseen(c)]
    for offset in unseen[:MOST_CHARACTERS]:
        found.append(
            finding(
                "MH004",
                f"unseen character U+{ord(text[offset]):04X} {unicodedata.name(text[offset], '').lower()}".rstrip(),
                Span(source, offset, offset + 1),
                help=_MARK if offset == 0 and text[0] == "\ufeff" else "delete it: people must see what they sign",
            )
        )
    if not unicodedata.is_normalized("NFC", text):
        found.extend(_not_nfc(source))
    return found


def is_unseen(char: str) -> bool:
    """Whether a character is a control, format, private or unassigned one: not a letter, sign or kind of blank."""
    return unicodedata.category(char) in {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}


def _not_nfc(source: Source) -> list[Diagnostic]:
    """Findings about the lines that are not in form NFC, each at the first letter that differs."""
    found = []
    for line in range(1, len(source.line_starts) + 1):
        text = source.line_text(line)
        if unicodedata.is_normalized("NFC", text):
            continue
        plain = unicodedata.normalize("NFC", text)
        same = next((i for i, (a, b) in enumerate(zip(text, plain, strict=False)) if a != b), len(plain) - 1)
        start = source.line_starts[line - 1] + same
        end = start + 1
        while end < len(source.text) and unicodedata.combining(source.text[end]):
            end += 1
        found.append(
            finding(
                "MH003",
                f"`{source.text[start:end]}` is not written in Unicode form NFC",
                Span(source, start, end),
                help="delete the letter and type it again, or convert the file to NFC",
            )
        )
        if len(found) == MOST_CHARACTERS:
            break
    return found


# ------------------------------------------------------------------------------------------- programs


def load_files(path: Path) -> LoadedFiles:
    """The rule files that a path stands for, parsed, with all findings about them; raises nothing.

    A folder stands for the `*.mh` files directly in it and is the root; a file stands for itself and what it imports,
    and its folder is the root. Each file is read once; imported files come before those that import them.
    """
    root = path if path.is_dir() else path.parent
    loader = _Loader(root)
    if path.is_dir():
        try:
            names = sorted(p.name for p in path.iterdir() if p.suffix == SUFFIX)
        except OSError as error:
            names = []
            loader.findings.report("MH001", f"cannot read `{path.name}`: {(error.strerror or '').lower()}")
        if not names and not loader.findings.has_errors:
            loader.findings.report(
                "MH001", f"no rule file is in `{path.name}`", place=DataPlace(path.name), help="rule files end in `.mh`"
            )
    else:
        names = [path.name]
    for name in names:
        loader.load(name)
    return LoadedFiles(root, tuple(loader.files.values()), loader.findings.sorted())


@define
class _Loader:
    """Reads files and those they import; `chain` holds the imports that led to the file now read."""

    root: Path
    findings: Findings = field(factory=Findings)
    files: dict[str, LoadedFile] = field(factory=dict)
    refused: set[str] = field(factory=set)
    chain: list[tuple[str, Span]] = field(factory=list)

    def load(self, name: str, imported_at: Span | None = None) -> None:
        """Reads a file unless that was done, first those that it imports."""
        if name in self.files or name in self.refused:
            return
        if len(self.files) + len(self.refused) + len(self.chain) >= MOST_FILES:
            self.findings.report("MH007", f"more than {MOST_FILES} files are imported", imported_at)
            self.refused.add(name)
            return
        try:
            source = read_source(self.root / name, self.root)
        except DiagnosticError as error:
            self.refused.add(name)
            self.findings.extend(_imported(d, name, imported_at) for d in error.diagnostics)
            return
        file, found = tree_from_text(source)
        self.findings.extend(found)
        imports = [c for c in file.items if isinstance(c, t.Import)] if file is not None else []
        paths = []
        for clause in imports:
            self.chain.append((name, clause.path.span))
            if self.follow(clause):
                paths.append(clause.path.value)
            self.chain.pop()
        self.files[name] = LoadedFile(source, file, tuple(paths))

    def follow(self, clause: t.Import) -> bool:
        """Loads what an import names; False and a finding if that cannot be."""
        name, span = clause.path.value, clause.path.span
        try:
            path_under_root(self.root, name, span)
        except DiagnosticError as error:
            self.findings.extend(error.diagnostics)
            return False
        on_the_way = [importer for importer, _ in self.chain]
        if name in on_the_way:
            circle = self.chain[on_the_way.index(name) :]
            printed = " → ".join(f"`{n}`" for n in [*(n for n, _ in circle), name])
            self.findings.report(
                "MH008",
                f"files import each other in a circle: {printed}",
                span,
                related=[Label(s, f"`{n}` imports the next one here") for n, s in circle[:-1]],
                help="remove one of these imports: a contract imports its program, never the reverse",
            )
            return False
        if len(self.chain) > MOST_DEEP:
            self.findings.report("MH007", f"imports stand more than {MOST_DEEP} deep inside one another", span)
            return False
        self.load(name, span)
        return name in self.files


def _imported(found: Diagnostic, name: str, imported_at: Span | None) -> Diagnostic:
    """A finding about a file that is not there, told at the import that asks for it."""
    if imported_at is None or found.code != "MH001":
        return found
    return finding(
        "MH008",
        f"imported file `{name}` cannot be read",
        imported_at,
        notes=found.message,
        help="name the file as it is called on disk, from the program's folder",
    )
