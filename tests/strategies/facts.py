"""Random facts that fit a plan's schema: every table, every bound, gaps where the program allows them, odd ids."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from itertools import product
from random import Random
from typing import Any

from mhrules.data.schema import Column, ColumnKind, Table
from mhrules.plan.whole import Plan
from tests.strategies.dice import Dice
from tests.strategies.expressions import digits
from tests.strategies.programs import Program

IDS = ("p1", "001", "1", "Zoë", "é", "ß-7", "p 2", "Ω", "zz", "10")
USUAL = 2_000  # facts without bounds of their own are seldom larger
Row = dict[str, Any]
Rows = dict[str, list[Row]]


def rows_for(dice: Dice, program: Program, plan: Plan, *, gaps: bool = False, practices: int = 4) -> Rows:
    """Rows for every table of a plan; with `gaps`, some rows that a rule may demand are left out."""
    return _Filler(dice, program, plan, gaps, practices).rows()


class _Filler:
    """Fills the tables of one plan; each column has a few values, which fall to rows at random."""

    def __init__(self, dice: Dice, program: Program, plan: Plan, gaps: bool, practices: int) -> None:
        self.dice, self.program, self.plan, self.gaps = dice, program, plan, gaps
        self.practices = dice.some(IDS, 1, practices)
        self.random = Random(dice.integer(0, 2**32 - 1))
        self.lines = sorted({line for payer in plan.payers for line in payer.lines})
        self.roster = dice.chance(50)
        dated = any(table.dated for table in plan.schema.tables)
        free = not dated and not self.roster and not plan.schema.table(plan.schema.roster).required
        self.absent = {
            (practice, year) for practice in self.practices for year in program.years if free and dice.chance(15)
        }

    def rows(self) -> Rows:
        found = {}
        for table in self.plan.schema.tables:
            if table.name == self.plan.schema.roster and not (table.required or self.roster):
                continue
            found[table.name] = list(self.table(table))
            if self.gaps and table.name != self.plan.schema.roster and found[table.name] and self.dice.chance(15):
                found[table.name].pop(self.dice.integer(0, len(found[table.name]) - 1))
        return found

    def table(self, table: Table) -> Iterator[Row]:
        values = {column.name: self.values(column) for column in table.columns}
        panel = "member_months" in values
        for key in product(*(self.keys(column) for column in table.keys)):
            row = dict(zip((column.name for column in table.keys), key, strict=True))
            if self.is_absent(row) or (panel and len(values) == 1 and self.random.random() < 0.2):
                continue
            if "line" in row and self.random.random() < 0.2:
                continue
            for span in self.spans() if table.dated else ({},):
                cells = {name: self.random.choice(some) for name, some in values.items()}
                yield {**row, **span, **{name: cell for name, cell in cells.items() if cell is not None}}

    def is_absent(self, row: Row) -> bool:
        """Whether the practice is not there in the program year of a row."""
        year = row.get("year")
        if "year_month" in row:
            month = int(row["year_month"])
            year = self.plan.calendar.year_of(month // 100 * 12 + month % 100 - 1)
        return (row.get(f"{self.program.participant}_id"), year) in self.absent

    def keys(self, column: Column) -> list[Any]:
        program = self.program
        if column.name == f"{program.participant}_id":
            return list(self.practices)
        if column.name == "payer":
            return [payer.name for payer in self.plan.payers]
        if column.name == "year":
            return list(program.years)
        if column.name == "line":
            return self.lines
        assert column.kind is ColumnKind.MONTH, column
        first, last = (day.year * 12 + day.month - 1 for day in (program.first_day, program.last_day))
        return [f"{month // 12}{month % 12 + 1:02d}" for month in range(first, last + 1)]

    def spans(self) -> list[Row]:
        """The whole term in one span or in two."""
        first, last = self.program.first_day, self.program.last_day
        end = {} if self.random.random() < 0.5 else {"to": last.isoformat()}
        if self.random.random() < 0.5:
            return [{"from": first.isoformat(), **end}]
        cut = first + datetime.timedelta(days=self.random.randint(20, (last - first).days))
        before = cut - datetime.timedelta(days=1)
        return [{"from": first.isoformat(), "to": before.isoformat()}, {"from": cut.isoformat(), **end}]

    def values(self, column: Column) -> list[Any]:
        """A few values of a column; None leaves the cell empty."""
        dice = self.dice
        if column.name in ("effective_from", "effective_to"):
            months = (1, 4) if column.name == "effective_from" else (7, 11)
            day = datetime.date(self.program.first_day.year, 1, 1) + datetime.timedelta(days=30 * dice.integer(*months))
            return [None, None, None, day.isoformat()] if self.roster else [None]
        found = [self.value(column) for _ in range(dice.integer(2, 5))]
        return [*found, None] if column.optional else found

    def value(self, column: Column) -> Any:
        dice = self.dice
        if column.kind is ColumnKind.YES_NO:
            return dice.chance(65)
        if column.kind is ColumnKind.CODE:
            return dice.pick(column.codes)
        if column.kind is ColumnKind.DATE:
            return f"20{dice.integer(10, 14)}-{dice.integer(1, 12):02d}-{dice.pick((1, 15, 28)):02d}"
        if column.kind is ColumnKind.TEXT:
            return dice.pick(IDS)
        most = USUAL * 10**column.places
        low = max(-most if column.low is None else column.low, -most)
        high = min(most if column.high is None else column.high, most * 30)
        if column.name == "member_months":
            low, high = 0, 300 * 10**column.places
        shape = dice.integer(0, 5)
        if shape == 0:
            number = min(max(0, low), high)
        elif shape == 1:
            number = dice.pick((low, high))
        elif shape == 2:
            number = dice.integer(low // 10**column.places, high // 10**column.places) * 10**column.places
            number = min(max(number, low), high)
        else:
            number = dice.integer(low, high)
        return digits(number, column.places).replace("_", "")
