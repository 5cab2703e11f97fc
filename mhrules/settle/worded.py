"""Why a row cannot be known, in the interpreter's words, from the people of its practice and not from everybody.

For an engine that knows which rows fail, and not what to say of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mhrules.data.database import identifier
from mhrules.data.dataset import Dataset
from mhrules.diagnostics.model import Diagnostic
from mhrules.engine.faults import Faulted
from mhrules.engine.reference import deep
from mhrules.engine.rows import JOINED, Row
from mhrules.engine.slices import Outside
from mhrules.engine.sql.failing import Failing
from mhrules.plan.whole import Plan
from mhrules.settle.invariants import not_holding
from mhrules.settle.kept import PERSON
from mhrules.settle.measures import result, strata
from mhrules.settle.members import has_members
from mhrules.settle.participation import judge
from mhrules.settle.payments import Books
from mhrules.settle.slices import Slice
from mhrules.settle.sql.compiled import Compiled

_PEOPLE = "slice_people"
NOWHERE = JOINED
"""The id of no practice."""


class Live:
    """Data with the relations of a year, read for one practice at a time as a kept run is."""

    def __init__(self, compiled: Compiled, dataset: Dataset) -> None:
        self.compiled = compiled
        self.dataset = dataset
        self.asks_billers = False  # who billed for whom is not there, so that a line that asks is not told

    @property
    def plan(self) -> Plan:
        """The program."""
        return self.compiled.plan

    @property
    def persons(self) -> int:
        """How many people have an outcome."""
        ((count,),) = self.rows(f"SELECT count(DISTINCT member) FROM {self.compiled.relations.outcomes()}")
        return int(count)

    def present(self, table: str) -> bool:
        """Whether the source had a table."""
        return self.dataset.present(table)

    def count(self, table: str) -> int:
        """Nothing: tables of practices are read whole."""
        return 0

    def source(self, table: str) -> str:
        """The name of a table in queries."""
        return identifier(table)

    def months(self) -> frozenset[tuple[str, int]]:
        """The payers' months in which it is known who was attributed to whom."""
        grids = self.compiled.relations.grids
        return frozenset((payer, month) for payer in grids.world.payers for month in grids.months)

    def whose(self, practice: str, member: str | None, payer: str | None) -> tuple[str, int]:
        """Whether a row is of a practice's people or of one more person, as a condition; how many people they are."""
        outcomes = self.compiled.relations.outcomes()
        self.rows(
            f"CREATE OR REPLACE TEMP TABLE {_PEOPLE} AS SELECT member FROM {outcomes} WHERE practice = ? "
            "AND payer = coalesce(?, payer) UNION SELECT CAST(? AS VARCHAR)",
            (practice, payer, member),
        )
        ((count,),) = self.rows(f"SELECT count(member) FROM {_PEOPLE}")
        return f"{PERSON} IN (SELECT member FROM {_PEOPLE})", int(count)

    def practice_of(self, member: str) -> str | None:
        """The first practice, by id, that a person was attributed to; None where there is none."""
        outcomes = self.compiled.relations.outcomes()
        ((found,),) = self.rows(f"SELECT min(practice) FROM {outcomes} WHERE member = ? AND practice <> ''", (member,))
        return None if found is None else str(found)

    def rows(self, sql: str, values: Iterable[object] = ()) -> list[tuple[Any, ...]]:
        """What a query finds."""
        found: list[tuple[Any, ...]] = self.compiled.store.connection.execute(sql, list(values)).fetchall()
        return found


class Words:
    """What the interpreter says of rows that fail, asked of one practice's people and of one more person.

    Without `practice` there are no people but that person.
    """

    def __init__(self, live: Live, practice: str | None, member: str | None = None) -> None:
        self.live = live
        self._part = Slice(live, NOWHERE if practice is None else practice, member)
        self._books = Books(live.plan, self._part, live.compiled.year, bounds=self._part)

    @property
    def people(self) -> int:
        """How many people are worked out for it."""
        return self._part.people if has_members(self.live.compiled.books) else 0

    def of(self, failing: Failing, row: Row) -> tuple[Diagnostic, ...]:
        """Why a row cannot be known, or does not hold; nothing where it can be, or does.

        Nothing, too, where these people do not tell: it rests on values over all practices, on what a practice billed,
        or on somebody elsewhere who cannot be judged. Then the interpreter needs all data.
        """
        try:
            with deep():
                return tuple(self._found(failing, row))
        except Faulted as error:
            return error.faults
        except Outside:
            return ()

    def _found(self, failing: Failing, row: Row) -> Iterator[Diagnostic]:
        """Demands the row as the settlement of a year does, and gives what does not hold.

        Raises:
            Faulted: it cannot be known.
            Outside: the slice does not have what it rests on.
        """
        books, plan, month = self._books, self.live.plan, 0 if row.clock is None else row.clock[1]
        payer, practice = row.get("payer") or "", row.get("practice") or ""
        if failing.what == "participation":
            judge(books.interpreter, payer, practice, month)
        elif failing.what == "line":
            books.line(failing.name, payer, practice, month)
        elif failing.what == "attribution":
            books.world.below.attribution.outcomes(payer, month)
        elif failing.what == "report":
            quantity = next(report.quantity for report in plan.reports if report.name == failing.name)
            if self.live.compiled.is_there(row, quantity.grain):
                books.interpreter.quantity(quantity, self.live.compiled.with_declared(row, quantity.grain))
        elif failing.what == "measure":
            wanted = failing.name, failing.period, row.get("payer") is None
            measure = next(each for each in plan.measures if (each.name, each.period, each.pooled) == wanted)
            result(books.interpreter, measure, row)
            list(strata(books.interpreter, measure, row))
        elif failing.what == "invariant":
            ensure = next(each for each in plan.ensures if each.name == failing.name)
            at = self.live.compiled.with_declared(row, tuple(ensure.condition.keys))
            if not books.interpreter.truth(ensure.condition, at):
                yield not_holding(books.interpreter, ensure, at)
        else:
            yield from self._of_record(failing)

    def _of_record(self, failing: Failing) -> Iterator[Diagnostic]:
        """What lines of the practice say of records that fail for that reason."""
        books = self._books
        for payer in books.world.payers:
            for payment in self.live.plan.payments:
                for first in books.firsts(payment, payer, books.year):
                    try:
                        books.line(payment, payer, self._part.practice, first)
                    except Faulted as error:
                        yield from (each for each in error.faults if (each.code, each.span) == failing.reason)
                    except Outside:
                        continue
