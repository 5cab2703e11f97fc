"""What a finding is: a stable code, a place, a sentence, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from attrs import field

from mhrules.classes import frozen
from mhrules.source import Span


class Severity(Enum):
    """How much a finding matters. Only errors stop a settlement."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@frozen
class Label:
    """A second place that belongs to a finding, with a few words beside it."""

    span: Span
    text: str


@frozen
class DataPlace:
    """Where a fault of the data stands: file, 1-based line, column name, and the value as found."""

    file: str
    line: int | None = None
    column: str | None = None
    value: str | None = None

    def __str__(self) -> str:
        text = self.file
        if self.line is not None:
            text += f" line {self.line}"
        if self.column is not None:
            text += f", column {self.column}"
        return text


@frozen
class Diagnostic:
    """One finding about a rule text, a contract, a binding or data.

    `message` is one lower-case sentence without a full stop; the user's own words stand in backticks.
    `label` goes under the caret, `related` are further places, `notes` say why, `help` says what to do.
    A finding about data carries `place` instead of, or beside, `span`.
    """

    code: str
    message: str
    span: Span | None = None
    label: str = ""
    related: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: tuple[str, ...] = ()
    place: DataPlace | None = None
    severity: Severity = field(default=Severity.ERROR)


class DiagnosticError(Exception):
    """Raised where work cannot go on; carries every finding made so far.

    Attributes:
        diagnostics: the findings, at least one of severity error.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__("; ".join(f"{d.code}: {d.message}" for d in self.diagnostics[:5]))
