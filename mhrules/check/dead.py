"""Clauses that can have no effect: payments nobody owes, deadlines and values that never come, limits that conflict."""

from __future__ import annotations

from mhrules.check.reading import forms, words
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Label
from mhrules.plan.bounds import Bounds
from mhrules.plan.lower import Lowered
from mhrules.plan.whole import Plan
from mhrules.semantics.calendar import first_day, first_month_on_or_after, month_of
from mhrules.semantics.program import Program, ScheduledValue
from mhrules.semantics.scope import head


def check_dead_clauses(program: Program, lowered: Lowered, bounds: Bounds, findings: Findings) -> None:
    """Warn of payments nobody owes (MH474), deadlines (MH475), values (MH476) and limits (MH477) without effect."""
    _unowed(program, lowered.plan, findings)
    _deadlines(lowered.plan, findings)
    for parameter in program.parameters.values():
        _values(parameter.name, parameter.schedule, lowered.plan, findings)
    _limits(lowered, bounds, findings)


def _unowed(program: Program, plan: Plan, findings: Findings) -> None:
    """Payments that every contract declines; a shared text alone, whose contracts stand elsewhere, has none."""
    owing = [payer for payer in plan.payers if payer.status != "no contract"]
    for name, payment in program.payments.items():
        if owing and all(name in payer.declined for payer in owing):
            findings.report(
                "MH474",
                f"no payer owes `{name}`: every payer with a contract declines it",
                head(payment),
                help="take the payment out, or see whether the contracts mean it",
            )


def _deadlines(plan: Plan, findings: Findings) -> None:
    if plan.last_month is None:
        return
    months = plan.last_month - plan.first_month + 1
    for group in plan.requirements:
        for requirement in group.requirements:
            if requirement.by_month is not None and requirement.by_month > months:
                findings.report(
                    "MH475",
                    f"`{requirement.name}` is due by month {requirement.by_month}, and the term has {months} months",
                    requirement.span,
                    label="never due",
                    notes="until it is due a requirement counts as met, so this one keeps nobody out",
                    help=f"set a deadline within the term, as in `by month {months}`, or drop the requirement",
                )


def _values(name: str, schedule: tuple[ScheduledValue, ...], plan: Plan, findings: Findings) -> None:
    """A month takes the value in force on its first day: one that is replaced before any first day never holds."""
    for index, value in enumerate(schedule):
        following = schedule[index + 1] if index + 1 < len(schedule) else None
        begins = plan.first_month if value.start is None else first_month_on_or_after(value.start)
        begins = max(begins, plan.first_month)
        ends = None if following is None or following.start is None else first_month_on_or_after(following.start)
        if following is not None and ends is not None and ends <= begins:
            findings.report(
                "MH476",
                f"this value of `{name}` never holds: the next one is in force from the same month on",
                value.span,
                related=[Label(following.span, f"in force from {first_day(ends)}")],
                notes="a month takes the value in force on its first day",
                help="take the value out, or correct the dates",
            )
        elif plan.last_month is not None and begins > plan.last_month and _within(value, plan):
            findings.report(
                "MH476",
                f"this value of `{name}` never holds: no month of the term begins after its date",
                value.span,
                notes="a month takes the value in force on its first day",
                help="take the value out, or correct its date",
            )


def _within(value: ScheduledValue, plan: Plan) -> bool:
    """Whether a date lies inside the term; one that does not is a finding of its own."""
    return value.start is None or plan.last_month is None or month_of(value.start) <= plan.last_month


def _limits(lowered: Lowered, bounds: Bounds, findings: Findings) -> None:
    for item in forms(lowered.plan):
        for cap in item.form.caps:
            for floor in item.form.floors:
                if not (bounds.is_sound(cap) and bounds.is_sound(floor)) or cap.type.unit != floor.type.unit:
                    continue
                highest, lowest = bounds.interval(cap)[1], bounds.interval(floor)[0]
                if highest is not None and lowest is not None and lowest > highest:
                    findings.report(
                        "MH477",
                        f"`at most {words(cap)}` is always less than `at least {words(floor)}`",
                        cap.span,
                        label="never counts",
                        related=[Label(floor.span, "the floor always wins")],
                        help=f"`{item.payment.name}` always pays the floor: correct one of the limits",
                    )
