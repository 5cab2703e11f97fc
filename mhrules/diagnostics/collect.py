"""A collector that passes fill while they go on after a mistake."""

from __future__ import annotations

from collections.abc import Iterable

from mhrules.diagnostics.model import DataPlace, Diagnostic, DiagnosticError, Label, Severity
from mhrules.diagnostics.registry import finding
from mhrules.source import Span


class Findings:
    """The findings of a run, in the order they were made."""

    def __init__(self, diagnostics: Iterable[Diagnostic] = ()) -> None:
        self._found: list[Diagnostic] = list(diagnostics)

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep one finding."""
        self._found.append(diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Keep several findings."""
        self._found.extend(diagnostics)

    def report(
        self,
        code: str,
        message: str,
        span: Span | None = None,
        *,
        label: str = "",
        related: Iterable[Label] = (),
        notes: str | Iterable[str] = (),
        help: str | Iterable[str] = (),
        place: DataPlace | None = None,
    ) -> None:
        """Make and keep a finding of a registered code, with the severity of that code.

        Raises:
            KeyError: the code is not registered.
        """
        self.add(finding(code, message, span, label=label, related=related, notes=notes, help=help, place=place))

    @property
    def has_errors(self) -> bool:
        """Whether any finding is an error."""
        return any(d.severity is Severity.ERROR for d in self._found)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """The findings by file, place and code; of findings that say the same at the same place, the first."""
        distinct: dict[object, Diagnostic] = {}
        for d in self._found:
            distinct.setdefault((d.code, d.span, d.place, d.message), d)
        return tuple(sorted(distinct.values(), key=_order))

    def raise_if_errors(self) -> None:
        """Stop here if work cannot go on.

        Raises:
            DiagnosticError: there is an error; it carries all findings, sorted, warnings too.
        """
        if self.has_errors:
            raise DiagnosticError(self.sorted())


def _order(d: Diagnostic) -> tuple[str, int, str, int, str, str]:
    """Sort key: file, then offset in a text or line in a data file, then code; the rest makes the order total."""
    if d.span is not None:
        return (d.span.source.name, d.span.start, d.code, d.span.end, "", d.message)
    if d.place is not None:
        return (d.place.file, d.place.line or 0, d.code, 0, d.place.column or "", d.message)
    return ("", 0, d.code, 0, "", d.message)
