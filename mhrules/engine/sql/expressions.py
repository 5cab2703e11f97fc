"""The expressions of a plan."""

from __future__ import annotations

from collections.abc import Iterator

from mhrules.plan import ir
from mhrules.plan.whole import Plan


def expressions_of(plan: Plan) -> Iterator[ir.Expression]:
    """Everything that a plan works out: its quantities, and what its clauses say of themselves."""
    yield from (quantity.expression for quantity in plan.quantities)
    yield from (report.quantity.expression for report in plan.reports)
    yield from (ensure.condition for ensure in plan.ensures)
    yield from (requirement.condition for group in plan.requirements for requirement in group.requirements)
    for payment in plan.payments.values():
        for form in payment.forms.values():
            yield from (form.pays, *form.caps, *form.floors, *(gate.condition for gate in form.gates))
            yield from () if form.where is None else (form.where,)


def base_years(plan: Plan) -> set[int]:
    """The years of baselines that a plan reads."""
    nodes = (node for top in expressions_of(plan) for node in top.walk())
    return {node.year for node in nodes if isinstance(node, ir.Read) and node.year is not None}
