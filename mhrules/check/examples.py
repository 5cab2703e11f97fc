"""Worked examples that cannot be run: facts, payers, payments and reports that the program does not have."""

from __future__ import annotations

from collections.abc import Iterable

from mhrules.diagnostics.collect import Findings
from mhrules.plan.bounds import Bounds
from mhrules.plan.given import given_facts
from mhrules.plan.lower import Lowered
from mhrules.semantics.calendar import month_of
from mhrules.semantics.program import Program
from mhrules.semantics.scope import report_unknown
from mhrules.syntax import tree as t

STATUSES = ("paid", "gated", "not_participating", "not_elected", "not_due", "credited", "held")


def check_examples(program: Program, lowered: Lowered, bounds: Bounds, findings: Findings) -> None:
    """Looks up every name of the program's and its contracts' examples."""
    inside = (c for contract in program.contracts for c in contract.clauses if isinstance(c, t.Example))
    for example in (*program.examples, *inside):
        given_facts(example, program, lowered.plan.schema, findings)
        for clause in example.clauses:
            if isinstance(clause, t.ExpectAmount | t.ExpectStatus):
                _known(clause.payment, program.payments, "payment", findings)
                if clause.payer is not None:
                    _known(clause.payer, program.payers, "payer", findings)
                _period(clause, program, findings)
            if isinstance(clause, t.ExpectStatus):
                _known(clause.status, STATUSES, "status", findings)
            if isinstance(clause, t.ExpectValue):
                _known(clause.quantity, [*program.reports, *program.defines], "report or define", findings)


def _known(name: t.Name, names: Iterable[str], what: str, findings: Findings) -> None:
    known = list(names)
    if name.text not in known:
        report_unknown(findings, name, what, known)


def _period(clause: t.ExpectAmount | t.ExpectStatus, program: Program, findings: Findings) -> None:
    """A period that has a month in the term."""
    try:
        period, first = program.calendar.parse(clause.period.text)
    except ValueError:
        findings.report(
            "MH236",
            f"`{clause.period.text}` names no period",
            clause.period.span,
            help="write `2012`, `2012-H1`, `2012-Q3` or `2012-07`",
        )
        return
    end = None if program.term_last is None else month_of(program.term_last)
    if first + period.months <= month_of(program.term_first) or (end is not None and first > end):
        findings.report(
            "MH236",
            f"{clause.period.text} lies outside the term",
            clause.period.span,
            help="expect amounts of months that the program covers",
        )
