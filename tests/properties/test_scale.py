"""Generated programs and populations in which something fails, settled as if there were many people: the same."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings

from mhrules.data.dataset import Dataset
from mhrules.diagnostics.model import DiagnosticError
from mhrules.plan.whole import Plan
from tests.settle.scale import scaled
from tests.strategies.cases import Case, cases
from tests.strategies.dice import Dice
from tests.strategies.population import Population, populations
from tests.strategies.population_program import PAYMENTS, plan_for

YEAR = 2011
FEW = settings(max_examples=max(1, settings.default.max_examples // 50))
FAILING = (
    PAYMENTS
    + """
payment aged "Aged" { per member per month; pays choose { when age < 40 : $2  when age >= 40 : $5 } }
payment share "Share" { per practice per quarter; pays $100 / count(members ever where risk = low) }
payment again "Again" { per practice per year; pays 10% * total(share) }
"""
)
"""Payments that fail where an age is not known, or nobody is of low risk, and one that rests on such a payment."""
BLANKED = (
    ("member", "risk"),
    ("member", "birth_date"),
    ("eligibility", "hospice"),
    ("medical_claim", "allowed_amount"),
)
Rows = dict[str, list[dict[str, Any]]]


def apart(plan: Plan, rows: Rows, year: int, dice: Dice) -> list[str]:
    """What differs, with lines that fail held or without; nothing of data that cannot be read."""
    try:
        return scaled(plan, Dataset.from_rows(plan.schema, rows), year, hold=dice.chance(60)).apart()
    except DiagnosticError:
        return []


def without_some(dice: Dice, plan: Plan, rows: Rows) -> Rows:
    """The rows without a few of those that are facts."""
    found = {name: list(own) for name, own in rows.items()}
    for _ in range(dice.integer(1, 3)):
        own = found[dice.pick([name for name in found if name != plan.schema.roster] or list(found))]
        if own:
            own.pop(dice.integer(0, len(own) - 1))
    return found


@FEW
@given(cases(pools=False, gaps=True))
def test_programs_without_some_of_their_facts_fail_alike(case: Case) -> None:
    assert apart(case.plan, without_some(case.dice, case.plan, case.rows), case.year, case.dice) == []


@FEW
@given(populations(payments=FAILING))
def test_populations_of_whom_something_is_not_known_fail_alike(population: Population) -> None:
    plan, dice = plan_for(population.policy), population.dice
    names = {table.name for table in plan.schema.tables}
    rows = {name: [dict(row) for row in own] for name, own in population.rows.items() if name in names}
    table, column = dice.pick(BLANKED)
    for row in rows.get(table, []):
        if column in row and dice.chance(40):
            row[column] = None
    assert apart(plan, rows, YEAR, dice) == []
