"""What the loaded tables hold: how many rows, and the least and greatest value of each column of numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mhrules.classes import frozen
from mhrules.data.schema import Column, Table
from mhrules.engine.facts import NUMBERS, Facts
from mhrules.exact import PLACES
from mhrules.plan.intervals import Interval


@frozen
class Held:
    """One table: how many rows it has, and the interval of each column of numbers that has any, in units of 10**-12."""

    rows: int
    columns: dict[str, Interval]


class Loaded:
    """What the tables of one data set hold, asked with one query for each table when something of it is read."""

    def __init__(self, facts: Facts, rows: Callable[[str], list[tuple[Any, ...]]]) -> None:
        self._facts = facts
        self._rows = rows  # what a query finds
        self._held: dict[str, Held] = {}

    def table(self, name: str) -> Held:
        """What a table holds; nothing where the program reads no such table, or the data do not have it."""
        if name not in self._held:
            present = self._facts.present(name)
            self._held[name] = self._asked(self._facts.schema.table(name)) if present else Held(0, {})
        return self._held[name]

    def _asked(self, table: Table) -> Held:
        numbers = [column for column in (*table.keys, *table.columns) if column.kind in NUMBERS]
        ends = "".join(f', min("{column.name}"), max("{column.name}")' for column in numbers)
        ((rows, *found),) = self._rows(f'SELECT count(*){ends} FROM "{table.name}"')
        pairs = zip(numbers, found[::2], found[1::2], strict=True)
        return Held(rows, {c.name: _at_twelve_places(c, low, high) for c, low, high in pairs if low is not None})


def _at_twelve_places(column: Column, low: int, high: int) -> Interval:
    step = 10 ** (PLACES - column.places)
    return low * step, high * step
