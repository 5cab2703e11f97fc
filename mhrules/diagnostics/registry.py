"""Every code that mhrules can report, in one table.

To add a code, add one line to `_TABLE`, in order of the codes:

    ("MH203", "slug-in-kebab-case", Severity.ERROR, "one lower-case sentence without a full stop"),

and write its page `docs/errors/MH203.md`, whose first line is `# MH203: ` and the same sentence (tests hold both).
A code, once released, keeps its number, its slug and its meaning; a retired number is never used again.
Ranges: MH0xx files and limits, MH1xx syntax, MH2xx names and structure, MH3xx types, units and grain, MH4xx time and
analyses, MH5xx contracts onto programs, MH6xx data and binding, MH7xx faults when running, MH9xx not yet and internal.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from mhrules.diagnostics.model import DataPlace, Diagnostic, Label, Severity
from mhrules.source import Span


@frozen
class CodeInfo:
    """What is known of a code: its number, its slug (`unknown-name`), how much it matters, and its title."""

    code: str
    name: str
    severity: Severity
    title: str


_TABLE: tuple[tuple[str, str, Severity, str], ...] = (
    ("MH001", "unreadable-file", Severity.ERROR, "file cannot be read"),
    ("MH002", "not-utf-8", Severity.ERROR, "file is not UTF-8 text"),
    ("MH003", "not-nfc", Severity.ERROR, "text is not in Unicode form NFC"),
    ("MH004", "control-character", Severity.ERROR, "bidirectional or control character"),
    ("MH005", "wrong-first-line", Severity.ERROR, "first line is not `mhrules 1`"),
    ("MH006", "import-outside-root", Severity.ERROR, "import leaves the program's root"),
    ("MH007", "text-too-large", Severity.ERROR, "text is too large or nested too deeply"),
    ("MH008", "broken-import", Severity.ERROR, "import cycle or missing import"),
    ("MH101", "unexpected-word", Severity.ERROR, "unexpected word or sign"),
    ("MH102", "unclosed-bracket", Severity.ERROR, "unclosed bracket"),
    ("MH103", "stray-character", Severity.ERROR, "stray character"),
    ("MH104", "clause-not-on-its-own-line", Severity.ERROR, "clause does not start on its own line"),
    ("MH201", "unknown-name", Severity.ERROR, "unknown name"),
    ("MH202", "name-declared-twice", Severity.ERROR, "name declared twice"),
    ("MH901", "not-yet", Severity.ERROR, "not yet supported"),
    ("MH999", "internal-error", Severity.ERROR, "internal error"),
)

CODES: dict[str, CodeInfo] = {row[0]: CodeInfo(*row) for row in _TABLE}


def finding(
    code: str,
    message: str,
    span: Span | None = None,
    *,
    label: str = "",
    related: Iterable[Label] = (),
    notes: str | Iterable[str] = (),
    help: str | Iterable[str] = (),
    place: DataPlace | None = None,
) -> Diagnostic:
    """The finding of a registered code; its severity is the code's. `notes` and `help` may be one text or several.

    Raises:
        KeyError: the code is not registered.
    """
    return Diagnostic(
        code=code,
        message=message,
        span=span,
        label=label,
        related=tuple(related),
        notes=_texts(notes),
        help=_texts(help),
        place=place,
        severity=CODES[code].severity,
    )


def _texts(texts: str | Iterable[str]) -> tuple[str, ...]:
    """One text as a tuple; an empty one as none."""
    if isinstance(texts, str):
        return (texts,) if texts else ()
    return tuple(texts)
