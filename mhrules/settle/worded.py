"""Why a line cannot be known, in the interpreter's words, from the people of its practice and not from everybody.

For an engine that knows which lines fail, and not what to say of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mhrules.data.database import identifier
from mhrules.data.dataset import Dataset
from mhrules.diagnostics.model import Diagnostic
from mhrules.engine.faults import Faulted
from mhrules.engine.reference import deep
from mhrules.engine.slices import Outside
from mhrules.plan.whole import Plan
from mhrules.settle.kept import PERSON
from mhrules.settle.payments import Books
from mhrules.settle.slices import Slice
from mhrules.settle.sql.compiled import Compiled

_PEOPLE = "slice_people"


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

    def whose(self, practice: str, member: str | None) -> tuple[str, int]:
        """Whether a row is of a practice's people or of one more person, as a condition; how many people they are."""
        outcomes = self.compiled.relations.outcomes()
        self.rows(
            f"CREATE OR REPLACE TEMP TABLE {_PEOPLE} AS SELECT member FROM {outcomes} WHERE practice = ? "
            "UNION SELECT CAST(? AS VARCHAR)",
            (practice, member),
        )
        ((count,),) = self.rows(f"SELECT count(member) FROM {_PEOPLE}")
        return f"{PERSON} IN (SELECT member FROM {_PEOPLE})", int(count)

    def rows(self, sql: str, values: Iterable[object] = ()) -> list[tuple[Any, ...]]:
        """What a query finds."""
        found: list[tuple[Any, ...]] = self.compiled.store.connection.execute(sql, list(values)).fetchall()
        return found


def worded(live: Live, payment: str, payer: str, practice: str, first: int) -> tuple[Diagnostic, ...]:
    """Why a line of the posting period that begins with month `first` cannot be known; nothing where it can be.

    Nothing, too, where the people of its practice do not tell: it rests on values over all practices, on what a
    practice billed, or on somebody elsewhere who cannot be judged. Then the interpreter needs all data.
    """
    part = Slice(live, practice)
    try:
        with deep():
            Books(live.plan, part, live.compiled.year, bounds=part).line(payment, payer, practice, first)
    except Faulted as error:
        return error.faults
    except Outside:
        return ()
    return ()
