"""What the clauses of a plan read, for the analyses that walk it."""

from __future__ import annotations

from collections.abc import Iterator

from mhrules.classes import frozen
from mhrules.plan import ir
from mhrules.plan.lower import Lowered
from mhrules.plan.whole import Plan

ELSEWHEN = (ir.Move.PRIOR_YEAR, ir.Move.YEAR_BEFORE, ir.Move.PRIOR_CONTRACT_YEAR, ir.Move.BASE_YEAR)


@frozen(eq=False)
class FormOf:
    """One form of a payment."""

    payment: ir.PaymentPlan
    name: str
    form: ir.FormPlan


def forms(plan: Plan) -> Iterator[FormOf]:
    """Every form of every payment, in the order of the text."""
    for payment in plan.payments.values():
        for name, form in payment.forms.items():
            yield FormOf(payment, name, form)


def form_expressions(form: ir.FormPlan) -> tuple[ir.Expression, ...]:
    """Everything that a form evaluates."""
    where = () if form.where is None else (form.where,)
    gates = tuple(gate.condition for gate in form.gates)
    lets = tuple(let.expression for let in form.lets)
    return (*where, *gates, *lets, form.pays, *form.caps, *form.floors)


def member_expressions(plan: Plan) -> tuple[ir.Expression, ...]:
    """Everything that is asked of members, visits and claim lines before they are counted."""
    members = plan.members
    found = [exclusion.condition for exclusion in members.exclusions]
    methods = () if members.attribution is None else members.attribution.methods
    found += [method.where for method in methods if method.where is not None]
    return (*found, *(() if members.service is None else (members.service,)))


def plan_expressions(lowered: Lowered) -> tuple[ir.Expression, ...]:
    """Every expression at the top of some clause of the plan."""
    plan = lowered.plan
    found = [each for item in forms(plan) for each in form_expressions(item.form)]
    found += [r.condition for group in plan.requirements for r in group.requirements]
    found += [ensure.condition for ensure in plan.ensures]
    found += member_expressions(plan)
    found += [report.quantity.expression for report in plan.reports]
    found += [quantity.expression for quantity in plan.quantities]
    return tuple(found)


def reads(expression: ir.Expression, seen: set[ir.Quantity], *, same_time: bool = False) -> Iterator[ir.Expression]:
    """An expression, all inside it, and the quantities it reads, each of those once.

    With `same_time`, what is read of years before is left out.
    """
    yield expression
    if isinstance(expression, ir.Read):
        earlier = same_time and expression.move in ELSEWHEN
        if expression.quantity not in seen and not earlier:
            seen.add(expression.quantity)
            yield from reads(expression.quantity.expression, seen, same_time=same_time)
    for part in expression.parts():
        yield from reads(part, seen, same_time=same_time)


def words(expression: ir.Expression) -> str:
    """An expression as it is written, on one line."""
    return " ".join(expression.span.text.split())
