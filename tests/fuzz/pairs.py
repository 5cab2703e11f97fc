"""One generated pair of program and data, settled by both engines, and everything in which they differ."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import Factory, evolve, field, frozen

from mhrules.data.dataset import Dataset
from mhrules.diagnostics.model import DiagnosticError
from mhrules.engine.sql.faults import Unsupported
from mhrules.plan.whole import Plan
from mhrules.settle.ledger import Settlement
from mhrules.settle.members import has_members, member_months
from mhrules.settle.outputs import MANIFEST, write
from mhrules.settle.sql.compiled import Compiled, HandOver
from tests.properties.test_engines import PER_CLAIM
from tests.settle.sql.both import both, lines_apart
from tests.strategies.dice import Seeded
from tests.strategies.facts import rows_for
from tests.strategies.population import population_from
from tests.strategies.population_program import plan_for, policies
from tests.strategies.programs import program_from
from tests.strategies.settled import plan_of

POPULATION_YEAR = 2011
SHOWN = 2  # attribution rows that are shown of those that differ
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
        policy = evolve(dice.pick(policies()), payments=PER_CLAIM if dice.chance(75) else "")
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
        apart = [*found.differences, *_attribution_apart(plan, dataset, pair.year, found.reference)]
        if not apart:
            apart += _files_apart(found.reference, found.compiled)
    except DiagnosticError as error:
        return Outcome(refused=error.diagnostics[0].code)
    return Outcome(tuple(apart))


def _attribution_apart(plan: Plan, dataset: Dataset, year: int, reference: Settlement) -> list[str]:
    """The months of members of which relations and interpreter do not say the same."""
    if not has_members(reference.books):
        return []
    wanted = {}
    for each in member_months(reference.books):
        found, day = each.outcome, each.outcome.assignment.day if each.outcome.assignment else None
        how = (found.practice, found.reason, found.days, day if found.practice else None)
        wanted[each.payer, each.person, each.month] = how
    try:
        relations = Compiled(reference.books, dataset, year).relations
        rows = relations.store.rows(
            "SELECT payer, member, month, practice, reason, days, CASE WHEN practice <> '' THEN "
            f"{relations.store.month_day('refresh')} END FROM {relations.outcomes()}"
        )
    except (HandOver, Unsupported) as error:
        return [f"attribution: {error}"]
    months = {(payer, month) for payer, _, month in wanted}
    found_rows = {tuple(row[:3]): tuple(row[3:]) for row in rows if (row[0], row[2]) in months}
    apart = [key for key in sorted(wanted.keys() | found_rows.keys()) if wanted.get(key) != found_rows.get(key)]
    return [f"attribution of {key}: {wanted.get(key)} and {found_rows.get(key)}" for key in apart[:SHOWN]]


def _files_apart(reference: Settlement, compiled: Settlement) -> list[str]:
    """The files of two settlements that are not the same to the byte; the manifest names its engine."""
    with tempfile.TemporaryDirectory() as folder:
        own = [Path(folder, name) for name in ("reference", "compiled")]
        for directory, settlement in zip(own, (reference, compiled), strict=True):
            write(settlement, directory)
        left, right = ({path.name: path.read_bytes() for path in each.iterdir()} for each in own)
    names = sorted((left.keys() | right.keys()) - {MANIFEST})
    return [f"{name} is not the same" for name in names if left.get(name) != right.get(name)]
