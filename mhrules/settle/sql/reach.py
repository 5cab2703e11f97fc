"""Whether a settlement asks of anything outside its program year: if not, no other month is worked out."""

from __future__ import annotations

from collections.abc import Iterator

from mhrules.engine.elements import ENROLLMENT, MEMBER
from mhrules.engine.records import KINDS
from mhrules.engine.sql.expressions import expressions_of
from mhrules.plan import ir
from mhrules.plan.lower_calls import through
from mhrules.plan.whole import Plan

WITHIN = (None, ir.Move.FIRST_MONTH, ir.Move.LAST_MONTH, ir.Move.YEAR)
"""Moves of a read that stay in the program year."""


def reaches_beyond_the_year(plan: Plan) -> bool:
    """Whether something is read of another year or of a contract year, or asks where a member was when a claim arose.

    Credits run from year to year, and what is paid once is paid in the first month of all.
    """
    once = any(form.once for payment in plan.payments.values() for form in payment.forms.values())
    return once or any(payer.credits for payer in plan.payers) or any(map(_beyond, _parts(plan)))


def _beyond(part: ir.Expression) -> bool:
    if isinstance(part, ir.Read):
        return part.move not in WITHIN or "contract_year" in part.quantity.grain
    if isinstance(part, ir.Clock):
        return part.what == "contract_year"
    return "contract_year" in part.keys or (isinstance(part, ir.Feature) and part.column == "attributed")


def _parts(plan: Plan) -> Iterator[ir.Expression]:
    """Every part of every expression that a settlement works out."""
    members = plan.members
    below = [*(exclusion.condition for exclusion in members.exclusions), *plan.payees.values()]
    below += [] if members.service is None else [members.service]
    for expression in (*expressions_of(plan), *below):
        yield from expression.walk()
        for part in expression.walk():
            if isinstance(part, ir.Aggregate) and part.reach.among is not None:
                yield from part.reach.among.walk()


def of_members(top: ir.Expression) -> bool:
    """Whether a value rests on members or records."""
    below = {MEMBER, ENROLLMENT, *KINDS}
    return any(
        isinstance(part, ir.Panel) or (isinstance(part, ir.Aggregate) and bool(below & set(part.over)))
        for part in through(top)
    )


def asks_who_was_here(node: ir.Aggregate) -> bool:
    """Whether an aggregate asks of records where their persons were attributed then."""
    nodes = (part for top in node.parts() for part in through(top))
    return any(isinstance(part, ir.Feature) and part.column == "attributed" for part in nodes)
