"""Member months, counted without a rule that says which months count."""

from __future__ import annotations

from mhrules.diagnostics.collect import Findings
from mhrules.plan.bounds import Bounds
from mhrules.plan.lower import Lowered, counts_members
from mhrules.semantics.program import Program
from mhrules.semantics.scope import head
from mhrules.syntax import tree as t


def check_months(program: Program, lowered: Lowered, bounds: Bounds, findings: Findings) -> None:
    """Reports a program that pays, counts or attributes by member months and has no `months count` clause (MH413)."""
    counted = counts_members(lowered.plan.payments, lowered.used) or bool(lowered.plan.schema.population)
    if program.months_rule is not None or not counted:
        return
    bases = (n for p in program.payments.values() for n in p.walk() if isinstance(n, t.Basis) and n.unit == "member")
    basis: t.Node | None = next(bases, program.attribution)
    findings.report(
        "MH413",
        "the program uses member months, and does not say which months count",
        head(program.node) if basis is None else head(basis) if isinstance(basis, t.Attribution) else basis.span,
        help=(
            "add `months count when attributed and enrolled on day 1`",
            "or `… on day 15`, `… any day`, or `months count in proportion to days`",
        ),
    )
