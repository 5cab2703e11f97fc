"""The values a parameter has for each payer, month by month, and when they change."""

from __future__ import annotations

from collections.abc import Mapping

from mhrules.plan.whole import SettingValue
from mhrules.semantics.calendar import first_month_on_or_after, month_of
from mhrules.semantics.program import Agreement, Program, ScheduledValue
from mhrules.source import Span


def first_owed_month(program: Program, agreement: Agreement) -> int:
    """The first month for which a payer can owe anything."""
    return max(month_of(program.term_first), first_month_on_or_after(agreement.effective))


def payer_settings(program: Program, agreement: Agreement, name: str) -> tuple[SettingValue, ...]:
    """Program values until the contract's first `set`; from then on the contract's latest one."""
    term, first = month_of(program.term_first), first_owed_month(program, agreement)
    own = [_setting(value, first, first, by_contract=True) for value in agreement.sets.get(name, ())]
    starts = min((value.first_month for value in own), default=None)
    program_values = [_setting(value, term, 0, by_contract=False) for value in program.parameters[name].schedule]
    kept = [value for value in program_values if starts is None or value.first_month < starts]
    return tuple(sorted([*kept, *own], key=lambda value: value.first_month))


def _setting(value: ScheduledValue, undated: int, least: int, *, by_contract: bool) -> SettingValue:
    month = undated if value.start is None else first_month_on_or_after(value.start)
    return SettingValue(max(least, month), value.value, by_contract, span=value.span, notes=value.notes)


def parameter_changes(program: Program, agreements: Mapping[str, Agreement], name: str) -> dict[int, Span]:
    """The owed months in which a parameter's value changes for some payer, with the text that says so.

    A value that is set again unchanged is no change, nor is one before the first month that a payer owes.
    """
    changes: dict[int, Span] = {}
    term = month_of(program.term_first)
    if not agreements:
        dated = [value for value in program.parameters[name].schedule if value.start is not None]
        months = {_setting(value, term, 0, by_contract=False).first_month: value.span for value in dated}
        return {month: span for month, span in months.items() if month > term}
    for agreement in agreements.values():
        if agreement.status == "no contract":
            continue
        first = first_owed_month(program, agreement)
        held: SettingValue | None = None
        for value in payer_settings(program, agreement, name):
            if held is not None and value.value != held.value and value.first_month > first:
                changes.setdefault(value.first_month, value.span)
            held = value
    return changes
