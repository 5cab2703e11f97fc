"""The slice of a kept run that one line rests on: the people of one practice with all that is theirs.

Whoever was attributed to the practice in any month that was looked at belongs to it, and everybody for whom it billed,
where the program asks for that. What is known of a person hangs on the person's own rows and on tables of practices,
so it comes out as it did among all people. Whatever asks for more is refused by `engine.slices.Outside`.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Protocol

from mhrules.data import population
from mhrules.data.database import identifier
from mhrules.data.rules import layout
from mhrules.data.schema import Schema, Table
from mhrules.engine.facts import DataRow
from mhrules.engine.reference import Interpreter, SplitRecord
from mhrules.engine.rows import Row
from mhrules.engine.slices import FACTS, PEOPLE, PRACTICE, Bounds, Outside, Settled
from mhrules.exact import PLACES
from mhrules.plan import ir
from mhrules.plan.whole import CreditPlan, Plan
from mhrules.semantics.types import Kind
from mhrules.settle.across import across_nodes, context
from mhrules.settle.kept import LARGE, PERSON, of_people
from mhrules.settle.kept_run import KeptRun


class Run(Protocol):
    """What has the facts of a run and knows who was attributed to whom."""

    @property
    def plan(self) -> Plan:
        """The program."""
        ...

    @property
    def persons(self) -> int:
        """How many people there are."""
        ...

    @property
    def asks_billers(self) -> bool:
        """Whether it is known for whom practices billed."""
        ...

    def present(self, table: str) -> bool:
        """Whether the source had a table."""
        ...

    def count(self, table: str) -> int:
        """The rows of a table; 0 where that need not be known."""
        ...

    def source(self, table: str) -> str:
        """The name of a table in queries."""
        ...

    def months(self) -> frozenset[tuple[str, int]]:
        """The payers' months in which it is known who was attributed to whom."""
        ...

    def whose(self, practice: str, member: str | None, payer: str | None) -> tuple[str, int]:
        """Whether a row is of a practice's people or of one more person, as a condition; how many people they are.

        With a payer, they are those whom it has attributed there.
        """
        ...

    def rows(self, sql: str, values: Iterable[object] = ()) -> list[tuple[Any, ...]]:
        """What a query finds."""
        ...


class Slice(Bounds):
    """Tables for the interpreter: those of a run, cut to what one practice's lines rest on.

    `reach` is how much there is: empty, only what is of the practice; `facts`, facts of all practices too; `people`,
    everything. `member` is a person who is asked for besides. With a `payer`, only its members of the practice are
    there, and not for whom else the practice billed.
    """

    def __init__(
        self, run: Run, practice: str, member: str | None = None, reach: str = PRACTICE, *, payer: str | None = None
    ) -> None:
        self.run = run
        self.practice = practice
        self.reach = reach
        self.payer = payer
        self.months = run.months()
        self._member = member
        self._cache: dict[str, list[DataRow]] = {}

    @property
    def schema(self) -> Schema:
        """The tables there can be."""
        return self.run.plan.schema

    @property
    def people(self) -> int:
        """How many people the slice has."""
        if self.reach == PEOPLE:
            return self.run.persons
        return self._own[1]

    def present(self, table: str) -> bool:
        """Whether the source had the table."""
        return self.run.present(table)

    def rows(self, table: str) -> list[DataRow]:
        """Its rows in the slice, by key."""
        if table not in self._cache:
            self._cache[table] = self._read(self.schema.table(table)) if self.present(table) else []
        return self._cache[table]

    # ------------------------------------------------------------------------------------------ bounds

    def facts(self, table: str, practice: str | None) -> None:
        """Refuse facts of other practices, where they were left out."""
        if practice != self.practice and self._by_practice(self.schema.table(table)):
            raise Outside(FACTS)

    def members(self, payer: str, practice: str, month: int) -> None:
        """Refuse to list the members of another practice, or in a month in which nobody was looked at."""
        if self.reach != PEOPLE and (practice != self.practice or (payer, month) not in self.months):
            raise Outside(PEOPLE)
        if self.payer not in (None, payer):
            raise Outside(PRACTICE)

    def billed(self, practice: str) -> None:
        """Refuse to list what another practice billed."""
        if self.reach != PEOPLE and (practice != self.practice or not self.run.asks_billers):
            raise Outside(PEOPLE)
        if self.payer is not None:
            raise Outside(PRACTICE)

    # ----------------------------------------------------------------------------------------- reading

    @cached_property
    def _own(self) -> tuple[str, int]:
        return self.run.whose(self.practice, self._member, self.payer)

    def _by_practice(self, table: Table) -> bool:
        """Whether only the rows of the slice's practice are read: of large tables by practice, but never who is there.

        Without a roster the practices are told by the rows that there are, so that all are read.
        """
        roster = self.schema.roster
        if self.reach or table.name in (roster, population.PROVIDER) or of_people(table) or not self.present(roster):
            return False
        return self._id in (key.name for key in table.keys) and self.run.count(table.name) > LARGE

    @property
    def _id(self) -> str:
        """The column that names the practice."""
        return f"{self.schema.roster}_id"

    def _select(self, table: Table, name: str = "") -> str:
        """The rows of a table, or of another one with the same columns."""
        columns = ", ".join(identifier(column.name) for column in layout(table))
        return f"SELECT {columns} FROM {name or self.run.source(table.name)}"

    def _read(self, table: Table) -> list[DataRow]:
        select = self._select(table)
        order = ", ".join(str(at) for at in range(1, len(table.keys) + table.dated + 1))
        if of_people(table) and self.reach != PEOPLE:
            sql = f"{select} WHERE {self._own[0]}"
            if table.name == population.ROSTER:
                sql += f" UNION {_lists(select)}"
            return self.run.rows(f"{sql} ORDER BY {order}")
        if self._by_practice(table):
            return self.run.rows(f"{select} WHERE {self._id} = ? ORDER BY {order}", (self.practice,))
        return self.run.rows(f"{select} ORDER BY {order}")


def _lists(select: str) -> str:
    """One row of every list: which list is the latest hangs on all of its dates."""
    over = "PARTITION BY payer, list, as_of_date"
    return f"({select} QUALIFY row_number() OVER ({over} ORDER BY {PERSON}) = 1)"


class KeptValues:
    """The values over all practices that a run has, for `interpreter`."""

    def __init__(self, run: KeptRun, interpreter: Interpreter) -> None:
        self.run = run
        self.plan = run.plan
        self.interpreter = interpreter
        self._numbers = {node: at for at, node in enumerate(across_nodes(run.plan))}

    def value(self, node: ir.Expression, row: Row) -> Settled | None:
        """An aggregate or a rank as it was settled; None where it was not, or could not be known."""
        kind, clock = row.clock or (None, 0)
        at = list(context(self.plan, frozenset(key for key, _ in row.keys)))
        for shape in self.run.meta["shapes"]:
            same = (shape["node"], shape["kind"], shape["base"]) == (self._numbers.get(node), kind, row.base)
            if same and shape["at"] == at:
                where, values = self._where(shape["columns"], row, clock)
                found = self.run.rows(f"SELECT v, f FROM kept.{shape['table']} WHERE {where}", values)
                if found and found[0][1] is None:
                    value = json.loads(found[0][0]) if shape["noted"] and found[0][0] is not None else found[0][0]
                    return Settled(_value(value, node, shape["places"]), self._count(node, row))
        return None

    def split(self, node: ir.Split, group: Row) -> SplitRecord | None:
        """A pool as it was split; None where it was not."""
        kind, clock = group.clock or (None, 0)
        for shape in self.run.meta["splits"]:
            if (shape["node"], shape["kind"], shape["base"]) == (self._numbers.get(node), kind, group.base):
                where, values = self._where(shape["columns"], group, clock)
                table = f"kept.{shape['table']}"
                found = self.run.rows(f"SELECT pool, whole, returned FROM {table}_groups WHERE {where}", values)
                if found and found[0][1] is not None:
                    cent, weight = 10 ** (PLACES - shape["places"]), 10 ** (PLACES - shape["weight_places"])
                    pool, weights, returned = map(int, found[0])
                    rows = self.run.rows(f"SELECT practice, v FROM {table} WHERE {where}", values)
                    parts = {name: int(v) * cent for name, v in sorted(rows, key=lambda part: part[0].encode())}
                    return SplitRecord(
                        node.span, group, pool * cent, parts, returned * cent, weights * weight, settled=True
                    )
        return None

    def spread(self, credit: CreditPlan, year: int) -> dict[str, int] | None:
        """The parts of a credit as they were settled; None where they were not."""
        number = self.plan.payer(credit.payer).credits.index(credit)
        where = "payer = ? AND credit = ? AND year = ?"
        found = self.run.rows(f"SELECT practice, v FROM kept.run.spreads WHERE {where}", (credit.payer, number, year))
        return {practice: int(v) for practice, v in found if practice} if found else None

    def _where(self, columns: list[str], row: Row, clock: int) -> tuple[str, list[object]]:
        """The row's own values of some columns, as a condition."""
        values: list[object] = [
            clock if column == "clock" else self.interpreter.world.lookup(row, column) for column in columns
        ]
        return " AND ".join(f"{column} = ?" for column in columns) or "true", values

    def _count(self, node: ir.Expression, row: Row) -> int:
        """Over how many rows an aggregate runs, where practices and payers tell; otherwise 0."""
        keys = {"practice", "payer", "line", *self.plan.practice_keys, *ir.TIME_KEYS}
        if not isinstance(node, ir.Aggregate) or not keys.issuperset(node.over) or node.reach.among is not None:
            return 0
        rows = [row]
        for key in sorted(node.over, key=lambda key: key in ir.TIME_KEYS):
            rows = [found for above in rows for found in self.interpreter.world.elements(key, above, node.same)]
        return len(rows)


def _value(value: Any, node: ir.Expression, places: int) -> ir.Value:
    """A stored value as the interpreter has it."""
    if node.type.kind is Kind.DATE and isinstance(value, str):
        return datetime.date.fromisoformat(value)
    if node.type.is_number and isinstance(value, int) and not isinstance(value, bool):
        scaled: int = value * 10 ** (PLACES - places)
        return scaled
    found: ir.Value = value
    return found
