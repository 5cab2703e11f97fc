"""What a relation is, for people who read the SQL: its meaning, its grain, the place in the rule text it comes from."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import field

from mhrules.classes import frozen
from mhrules.plan import ir
from mhrules.source import Span


def _spans(given: Span | Iterable[Span] | None) -> tuple[Span, ...]:
    if given is None:
        return ()
    return (given,) if isinstance(given, Span) else tuple(given)


@frozen(eq=False)
class About:
    """What one statement makes.

    `what` is a phrase in lower case; `grain` what tells its rows apart, the period last: empty for a single row, None
    where nobody says it; `spans` the rules it works out, if it is of some; `number` the expression whose value its
    number is.
    """

    what: str
    grain: tuple[str, ...] | None = None
    spans: tuple[Span, ...] = field(default=(), converter=_spans, repr=False)
    number: ir.Expression | None = field(default=None, repr=False)

    @property
    def rows(self) -> str:
        """The grain in words; empty where nobody says it."""
        if self.grain is None:
            return ""
        if not self.grain:
            return "one row"
        *others, last = (key.replace("_", " ") for key in self.grain)
        return f"a row for each {', '.join(others)} and {last}" if others else f"a row for each {last}"


def rule_text(span: Span) -> tuple[str, ...]:
    """The lines of a rule text that hold a rule, without the indentation that they share."""
    lines = [span.source.line_text(line).rstrip() for line in range(span.line, span.end_line + 1)]
    indent = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
    return tuple(line[indent:] for line in lines if line)
