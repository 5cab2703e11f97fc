"""The rows that fail: of each rule which, by code and place in the text, so that somebody can look at a few of them."""

from __future__ import annotations

from collections.abc import Iterator

from mhrules.classes import frozen
from mhrules.engine.rows import Row
from mhrules.engine.sql.faults import FaultBook
from mhrules.engine.sql.store import Store
from mhrules.source import Span

LISTED = 100
"""Rows that are named of one rule; of more, how many."""


@frozen
class Fallible:
    """Rows of a relation: a statement with the columns `keys`, `clock` if there is a `period`, and the fault `f`.

    `what` is what a row is: `participation`, `line`, `report`, `measure`, `invariant`, `attribution` or `record`;
    `name` that of the payment, report …, or of the table.
    """

    what: str
    name: str
    sql: str
    keys: tuple[str, ...]
    period: str | None


@frozen
class Failing:
    """Rows that fail for one reason, as a code and the place in the text where it arises: the first, and how many more.

    The place of a fault is None where it is in the data. `rows` are ordered by period and keys; `period` is of which
    kind their periods are.
    """

    what: str
    name: str
    code: str
    span: Span | None
    rows: tuple[Row, ...]
    more: int
    period: str | None = None

    @property
    def reason(self) -> tuple[str, Span | None]:
        """Code and place."""
        return self.code, self.span


def failing_of(source: Fallible, store: Store, faults: FaultBook) -> Iterator[Failing]:
    """The rows of a relation that fail, by their reason."""
    columns = (*(["clock"] if source.period is not None else []), *source.keys)
    listed = ", ".join(columns)
    fails = f"SELECT DISTINCT {listed}, f FROM ({source.sql}) WHERE f IS NOT NULL"
    placed = (
        f"SELECT {listed}, f, row_number() OVER (PARTITION BY f ORDER BY {listed}) AS place, "
        f"count(*) OVER (PARTITION BY f) AS n FROM ({fails})"
    )
    found: dict[int, tuple[list[Row], int]] = {}
    sql = f"SELECT f, n, {listed} FROM ({placed}) WHERE place <= {LISTED} ORDER BY f, place"
    for number, count, *values in store.rows(sql):
        stored = dict(zip(columns, values, strict=True))
        clock = None if source.period is None else (source.period, stored.pop("clock"))
        rows, _ = found.setdefault(number, ([], count))
        rows.append(Row.of(clock, **stored))
    for number, (rows, count) in found.items():
        code, span = faults.named(number)
        yield Failing(source.what, source.name, code, span, tuple(rows), count - len(rows), source.period)
