"""Parameters: their types, what they leave open, and their values over time."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Label
from mhrules.semantics.calendar import first_month_on_or_after
from mhrules.semantics.declared import bounds_help, constant, report_reversed, type_of
from mhrules.semantics.program import Constant, ParameterDeclaration, ScheduledValue
from mhrules.semantics.types import Type
from mhrules.source import Span
from mhrules.syntax import tree as t


def parameter_declaration(
    node: t.Parameter,
    known: Mapping[str, Type],
    first: datetime.date,
    last: datetime.date | None,
    findings: Findings,
) -> ParameterDeclaration:
    """The parameter that a clause declares, in a term from `first` to `last`."""
    kind = type_of(node.type, known, findings)
    low, high = _opening(node.opening, kind, findings)
    schedule = []
    for item in node.schedule:
        value = constant(item.value, kind, findings)
        if value is None:
            continue
        if outside(value, low, high):
            findings.report(
                "MH347",
                f"`{item.value.span.text}` is outside the bounds that `{node.name.text}` leaves open",
                item.value.span,
                help=bounds_help(low, high, kind),
            )
            continue
        schedule.append(ScheduledValue(item.start, value, item.span, item.notes))
    _check_dates(node, first, last, findings)
    if node.opening is None and not kind.missing:
        _check_always_valued(node, first, findings)
    return ParameterDeclaration(
        name=node.name.text,
        type=kind,
        opened=node.opening is not None,
        low=low,
        high=high,
        schedule=tuple(sorted(schedule, key=lambda s: s.start or datetime.date.min)),
        span=node.name.span,
        notes=node.notes,
    )


def outside(value: Constant, low: int | None, high: int | None) -> bool:
    """Whether a number is outside inclusive bounds."""
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return (low is not None and value < low) or (high is not None and value > high)


def _opening(opening: t.Opening | None, kind: Type, findings: Findings) -> tuple[int | None, int | None]:
    """The inclusive bounds within which contracts may set a parameter."""
    if opening is None or (opening.low is None and opening.high is None):
        return None, None
    if not kind.is_number and not kind.is_unknown:
        findings.report(
            "MH343",
            "only a number can be open within bounds",
            opening.span,
            help="write `open` alone, or declare a number, a percentage or an amount",
        )
        return None, None
    ends = [None if end is None else constant(end, kind, findings) for end in (opening.low, opening.high)]
    low, high = (end if isinstance(end, int) else None for end in ends)
    if low is not None and high is not None and low > high and opening.low is not None and opening.high is not None:
        report_reversed(opening.low, opening.high, findings)
        return None, None
    return low, high


def _check_dates(node: t.Parameter, first: datetime.date, last: datetime.date | None, findings: Findings) -> None:
    """Values stand in order of their dates, each inside the term."""
    before: t.ScheduleValue | None = None
    for item in node.schedule:
        if item.start is not None:
            check_in_term(item.start, item.span, first, last, findings)
        if before is not None and (item.start or datetime.date.min) <= (before.start or datetime.date.min):
            when = "the start of the term" if item.start is None else f"{item.start}"
            findings.report(
                "MH348",
                f"the value of `{node.name.text}` from {when} does not follow the one before it",
                item.span,
                related=[Label(before.span, "the value before it")],
                help="write the values in order of their dates, one a date; only the first may stand without `from`",
            )
        before = item


def check_in_term(
    date: datetime.date, span: Span, first: datetime.date, last: datetime.date | None, findings: Findings
) -> bool:
    """Report MH349 if a value, or a payer's time, begins outside the term."""
    if date < first:
        message = f"{date} is before the term, which begins on {first}"
    elif last is not None and date > last:
        message = f"{date} is after the term, which ends on {last}"
    else:
        return True
    findings.report("MH349", message, span, help="choose a date within the term, or change the term")
    return False


def _check_always_valued(node: t.Parameter, first: datetime.date, findings: Findings) -> None:
    """What no contract may set needs a value from the first month of the term on."""
    name = node.name.text
    if not node.schedule:
        message, help_text = f"`{name}` is fixed but has no value", "write `= …` behind its type, or `open`"
    else:
        start = node.schedule[0].start
        if start is None or first_month_on_or_after(start) <= first_month_on_or_after(first):
            return
        message = f"`{name}` is fixed but has no value before {start}"
        help_text = "write the value from the start of the term first, without `from`"
    findings.report("MH218", message, node.name.span, help=help_text)
