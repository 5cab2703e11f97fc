"""The facts as the interpreter asks for them: by table, column and key, at 12 places."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from typing import Protocol

from mhrules.classes import frozen
from mhrules.data.schema import Column, ColumnKind, Schema, Table
from mhrules.engine.rows import Row
from mhrules.engine.slices import EVERYTHING, Bounds
from mhrules.exact import PLACES
from mhrules.plan.ir import Value

NUMBERS = frozenset({ColumnKind.MONEY, ColumnKind.PERCENT, ColumnKind.NUMBER, ColumnKind.INTEGER})
DataRow = tuple[Value, ...]
Key = tuple[Value, ...]


class Tables(Protocol):
    """What is asked of a data set: typed rows by table, sorted by key (`mhrules.data.dataset.Dataset`)."""

    @property
    def schema(self) -> Schema:
        """The tables there can be."""
        ...

    def present(self, table: str) -> bool:
        """Whether the source has the table."""
        ...

    def rows(self, table: str) -> list[DataRow]:
        """Its rows: keys, `from` and `to` of a dated table, columns."""
        ...


@frozen
class Indexed:
    """A table by key: its keys' names, its rows (several of one key only if dated), where each column stands."""

    table: Table
    names: tuple[str, ...]
    rows: dict[Key, list[DataRow]]
    columns: dict[str, tuple[int, Column]]


class Facts:
    """The tables of one data set, indexed when first asked for. `bounds` tell what of the whole they have."""

    def __init__(self, tables: Tables, bounds: Bounds = EVERYTHING) -> None:
        self.schema = tables.schema
        self.bounds = bounds
        self._tables = tables
        self._indexed: dict[str, Indexed] = {}
        self._by_practice: dict[str, dict[Value, list[Key]]] = {}

    def key_names(self, table: Table) -> tuple[str, ...]:
        """The keys of a table as the language calls them: the participant's id column is `practice`."""
        return tuple(self._key_name(column.name) for column in table.keys)

    def _key_name(self, column: str) -> str:
        roster = self.schema.roster
        if column in (roster, f"{roster}_id", "practice", "practice_id"):
            return "practice"
        if column in ("person_id", "year_month"):
            return "member" if column == "person_id" else "month"
        return column.removesuffix("_id")

    def indexed(self, name: str) -> Indexed:
        """A table by key.

        Raises:
            KeyError: the program reads no such table.
        """
        if name not in self._indexed:
            table = self.schema.table(name)
            width = len(table.keys)
            rows: dict[Key, list[DataRow]] = {}
            for row in self._tables.rows(name) if self._tables.present(name) else []:
                rows.setdefault(row[:width], []).append(row)
            start = width + 2 * table.dated
            columns = {column.name: (start + at, column) for at, column in enumerate(table.columns)}
            self._indexed[name] = Indexed(table, self.key_names(table), rows, columns)
        return self._indexed[name]

    def knows(self, name: str) -> bool:
        """Whether the program reads a table of that name."""
        return any(table.name == name for table in self.schema.tables)

    def columns(self, name: str) -> dict[str, int]:
        """Where each column of a table stands in its rows, keys first.

        Raises:
            KeyError: the program reads no such table.
        """
        table = self.schema.table(name)
        dated = ("from", "to") if table.dated else ()
        names = [*(column.name for column in table.keys), *dated, *(column.name for column in table.columns)]
        return {column: at for at, column in enumerate(names)}

    def present(self, name: str) -> bool:
        """Whether the program reads a table of that name and the data have it."""
        return self.knows(name) and self._tables.present(name)

    def rows(self, table: Table) -> list[DataRow]:
        """The rows of a table; none where the data lack it."""
        return self._tables.rows(table.name) if self._tables.present(table.name) else []

    def cell(self, name: str, column: str, key: Key, day: datetime.date | None = None) -> tuple[Value] | None:
        """The cell of the row of that key (of a dated table: of the span that holds `day`); None if there is no row."""
        indexed = self.indexed(name)
        if "practice" in indexed.names:
            self.bounds.facts(name, str(key[indexed.names.index("practice")]))
        for row in indexed.rows.get(key, ()):
            if not indexed.table.dated or _holds(row, len(indexed.table.keys), day):
                at, described = indexed.columns[column]
                return (at_twelve_places(row[at], described),)
        return None

    def lines(self, row: Row, year: int | None) -> Iterator[str]:
        """The lines of business for which a table keyed by line has a row that agrees with `row`; unsorted, repeated.

        A table keyed by year counts with its rows of `year`.
        """
        for table in self.schema.tables:
            if "line" not in self.key_names(table):
                continue
            indexed = self.indexed(table.name)
            ids = {name: row.get(name) for name in indexed.names if row.get(name) is not None}
            wanted: dict[str, Value] = (
                {**ids, "year": year} if year is not None and "year" in indexed.names else {**ids}
            )
            for key in self._keys_of(indexed, row.get("practice")):
                found = dict(zip(indexed.names, key, strict=True))
                if all(found[name] == value for name, value in wanted.items()):
                    yield str(found["line"])

    def _keys_of(self, indexed: Indexed, practice: str | None) -> Iterable[Key]:
        """The keys of a table's rows: those of a practice, where the table is keyed by practice and one is given."""
        name = indexed.table.name
        self.bounds.facts(name, practice)
        if practice is None or "practice" not in indexed.names:
            return indexed.rows
        if name not in self._by_practice:
            by_practice: dict[Value, list[Key]] = {}
            for key in indexed.rows:
                by_practice.setdefault(key[indexed.names.index("practice")], []).append(key)
            self._by_practice[name] = by_practice
        return self._by_practice[name].get(practice, ())


def _holds(row: DataRow, width: int, day: datetime.date | None) -> bool:
    first, last = row[width], row[width + 1]
    assert isinstance(first, datetime.date)
    assert last is None or isinstance(last, datetime.date)
    return day is not None and first <= day and (last is None or day <= last)


def at_twelve_places(value: Value, column: Column) -> Value:
    """A stored number (at its column's places) in units of 10**-12; anything else as it is."""
    if column.kind in NUMBERS and isinstance(value, int):
        scaled: int = value * 10 ** (PLACES - column.places)
        return scaled
    return value
