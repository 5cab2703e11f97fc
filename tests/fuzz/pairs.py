"""One generated pair of program and data, settled by both engines, and everything in which they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import Factory, evolve, field, frozen

from mhrules.data.dataset import Dataset
from mhrules.diagnostics.model import DiagnosticError
from mhrules.plan.whole import Plan
from tests.properties.test_engines import CLASSES, PER_CLAIM
from tests.settle.sql.both import both, lines_apart
from tests.strategies.dice import Seeded
from tests.strategies.facts import rows_for
from tests.strategies.population import population_from
from tests.strategies.population_program import plan_for, policies
from tests.strategies.programs import program_from
from tests.strategies.settled import plan_of

POPULATION_YEAR = 2011
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@frozen
class Pair:
    """The text of a program, rows for its tables, and the year to settle; `plan` is made of the text if not given."""

    text: str
    rows: Rows
    year: int
    plan: Plan = field(default=Factory(lambda self: plan_of(self.text), takes_self=True), eq=False, repr=False)


@frozen
class Outcome:
    """What became of a pair: what differs, why it was handed over, or why neither engine could settle it."""

    differences: tuple[str, ...] = ()
    handed_over: str = ""
    refused: str = ""


def pair_of(seed: int) -> Pair:
    """The pair that a number determines: by turns a program of practices, one with gaps in its facts, a population."""
    dice = Seeded(seed)
    kind = seed % 4
    if kind == 3:
        payments = dice.pick((PER_CLAIM, PER_CLAIM, PER_CLAIM + CLASSES, ""))
        policy = evolve(dice.pick(policies()), payments=payments)
        return Pair(policy.text(), population_from(dice, policy), POPULATION_YEAR, plan_for(policy))
    program = program_from(dice)
    text = program.text()
    plan = plan_of(text)
    return Pair(text, rows_for(dice, program, plan, gaps=kind == 2), dice.pick(program.years), plan)


def outcome_of(pair: Pair) -> Outcome:
    """A pair settled by both engines, lines that fail held; every file that is written is compared byte by byte."""
    plan = pair.plan
    names = {table.name for table in plan.schema.tables}
    try:
        dataset = Dataset.from_rows(plan.schema, {name: own for name, own in pair.rows.items() if name in names})
        found = both(plan, dataset, pair.year)
        if found.handed_over:
            apart = lines_apart(plan, dataset, pair.year, found.reference)
            return Outcome(tuple(apart), handed_over=found.handed_over)
    except DiagnosticError as error:
        return Outcome(refused=error.diagnostics[0].code)
    return Outcome(found.differences)
