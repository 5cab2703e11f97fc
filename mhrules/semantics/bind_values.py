"""Values that a contract sets: allowed, within bounds, in time, and none left blank."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence

from mhrules.classes import frozen
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Label
from mhrules.semantics.calendar import first_month_on_or_after, month_label, month_of
from mhrules.semantics.declared import bounds_help, constant, value_text
from mhrules.semantics.parameters import check_in_term, outside
from mhrules.semantics.program import Constant, ParameterDeclaration, PayerDeclaration, Program, ScheduledValue
from mhrules.semantics.scope import report_unknown
from mhrules.syntax import tree as t


@frozen
class Begins:
    """Two dates: when the contract takes effect, and from when its payer owes (not before the term)."""

    contract: datetime.date
    owed: datetime.date


def set_values(
    program: Program,
    payer: PayerDeclaration,
    begins: Begins,
    clauses: Sequence[t.Clause],
    findings: Findings,
) -> dict[str, tuple[ScheduledValue, ...]]:
    """The values a contract sets, by parameter in order of date; without `from` they start with the contract."""
    found: dict[str, list[ScheduledValue]] = {}
    for clause in clauses:
        if not isinstance(clause, t.SetParameter):
            continue
        parameter = program.parameters.get(clause.name.text)
        if parameter is None:
            report_unknown(findings, clause.name, "parameter", program.parameters)
            continue
        value = _value(parameter, clause, findings)
        if value is None or not _in_time(program, payer, begins, clause, findings):
            continue
        scheduled = ScheduledValue(clause.start or begins.contract, value, clause.span, clause.notes)
        values = found.setdefault(parameter.name, [])
        same = next((v for v in values if v.start == scheduled.start), None)
        if same is None:
            values.append(scheduled)
        else:
            findings.report(
                "MH509",
                f"`{parameter.name}` is set twice from {scheduled.start}",
                clause.span,
                related=[Label(same.span, "first set here")],
                help="keep one of them, or give the later one its own date with `from`",
            )
    sets = {name: tuple(sorted(v, key=lambda s: s.start or begins.contract)) for name, v in found.items()}
    for name, in_order in sets.items():
        _warn_displaced(program.parameters[name], in_order, findings)
    return sets


def _value(parameter: ParameterDeclaration, clause: t.SetParameter, findings: Findings) -> Constant | None:
    """The value of a `set` if the program leaves it open and it is within bounds."""
    if not parameter.opened:
        findings.report(
            "MH506",
            f"`{parameter.name}` is fixed by the program",
            clause.span,
            related=[Label(parameter.span, "not `open`")],
            help="remove the clause; the program would have to declare it `open`",
        )
        return None
    value = constant(clause.value, parameter.type, findings)
    if value is None:
        return None
    if outside(value, parameter.low, parameter.high):
        findings.report(
            "MH507",
            f"`{parameter.name}` is set to {value_text(value, parameter.type)}, outside what the program leaves open",
            clause.value.span,
            related=[Label(parameter.span, "left open here")],
            help=bounds_help(parameter.low, parameter.high, parameter.type),
        )
        return None
    return value


def _in_time(
    program: Program,
    payer: PayerDeclaration,
    begins: Begins,
    clause: t.SetParameter,
    findings: Findings,
) -> bool:
    """Whether a stated date is not before the payer owes, nor after the term."""
    if clause.start is None:
        return True
    effective = begins.owed
    if clause.start >= effective:
        return check_in_term(clause.start, clause.span, program.term_first, program.term_last, findings)
    if effective == begins.contract:
        because = f"the contract is effective on {effective}"
    elif effective == payer.start:
        because = f"`{payer.name}` takes part from {effective}"
    else:
        because = f"the term begins on {effective}"
    findings.report(
        "MH508",
        f"`{clause.name.text}` is set from {clause.start}, but {because}",
        clause.span,
        help=f"write `from {effective}` or a later date",
    )
    return False


def _warn_displaced(parameter: ParameterDeclaration, sets: Sequence[ScheduledValue], findings: Findings) -> None:
    """Warn where the program changes a value after the contract has set it, unless it is set again from that date."""
    for value in parameter.schedule:
        if value.start is None or any(s.start == value.start for s in sets):
            continue
        before = [s for s in sets if s.start is not None and s.start < value.start]
        if before:
            findings.report(
                "MH511",
                f"the program's value of `{parameter.name}` from {value.start} does not count: the contract has set it",
                before[-1].span,
                related=[Label(value.span, "the program's later value")],
                help="set it again from that date if the contract is to follow the program",
            )
            return


# ----------------------------------------------------------------------------------------------- blanks


def first_blank(
    program: Program, parameter: ParameterDeclaration, sets: Sequence[ScheduledValue], effective: datetime.date
) -> tuple[int, int | None] | None:
    """The first owed month in which a parameter has no value, and the last such month (None: to the end of the term).

    None if it has a value in every owed month.
    """
    if parameter.type.missing:
        return None
    first = first_month_on_or_after(effective)
    last = None if program.term_last is None else month_of(program.term_last)
    if last is not None and first > last:
        return None
    starts = [value.start or program.term_first for value in (*parameter.schedule, *sets)]
    valued = min(map(first_month_on_or_after, starts), default=None)
    if valued is not None and valued <= first:
        return None
    end = last if valued is None else valued - 1 if last is None else min(valued - 1, last)
    return first, end


def report_blanks(
    program: Program,
    payer: PayerDeclaration,
    contract: t.Name,
    sets: Mapping[str, tuple[ScheduledValue, ...]],
    *,
    mistaken: Collection[str],
    effective: datetime.date,
    needed: Collection[str],
    read_anywhere: Collection[str],
    findings: Findings,
) -> None:
    """Report MH510 for each open parameter without a value in an owed month.

    Not for one that only declined payments or forms not chosen read; nor for the `mistaken`, of which a `set`
    has a finding of its own.
    """
    for name, parameter in program.parameters.items():
        if not parameter.opened or name in mistaken:
            continue
        if name in read_anywhere and name not in needed:
            continue
        blank = first_blank(program, parameter, sets.get(name, ()), effective)
        if blank is None:
            continue
        first, last = blank
        if last is None:
            months = f"from {month_label(first)} on"
        elif last == first:
            months = f"in {month_label(first)}"
        else:
            months = f"from {month_label(first)} to {month_label(last)}"
        findings.report(
            "MH510",
            f"`{name}` is blank for `{payer.name}` {months}",
            contract.span,
            related=[Label(parameter.span, "left open here")],
            help=f"add `set {name} = …` with a value from {effective} on",
        )
