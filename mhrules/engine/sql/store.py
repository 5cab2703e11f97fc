"""The statements of one run in order, and the database that they are run on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from mhrules.engine.sql.dialect import Dialect

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@frozen
class Statement:
    """A statement that made something: the relation it made, or empty, and its text."""

    name: str
    sql: str


class Store:
    """Named relations, each made once, on one connection; `statements` is everything that made one, to be read.

    All that an engine asks of its database goes through here: `table` and `values` make relations, `rows` and `row`
    read them, `columns` tells what one has.
    """

    def __init__(self, connection: DuckDBPyConnection, dialect: Dialect) -> None:
        self.connection = connection
        self.dialect = dialect
        self.statements: list[Statement] = []
        self.base_clocks: list[int] = []
        self._made: set[str] = set()
        self._numbers: dict[str, int] = {}
        for statement in dialect.setup():
            self._make("", statement)

    def fresh(self, prefix: str) -> str:
        """A name for one more relation of a kind: the prefix and how many there are."""
        self._numbers[prefix] = self._numbers.get(prefix, 0) + 1
        return f"{prefix}_{self._numbers[prefix]}"

    def table(self, name: str, sql: str) -> str:
        """A relation under a name, made when first asked for."""
        if name not in self._made:
            self._made.add(name)
            self._make(name, f"CREATE OR REPLACE TEMP TABLE {name} AS\n{sql}")
        return name

    def values(self, name: str, columns: Mapping[str, str], rows: Sequence[tuple[Any, ...]]) -> str:
        """A relation of given rows."""
        if name not in self._made:
            self._made.add(name)
            defined = ", ".join(f"{column} {kind}" for column, kind in columns.items())
            self._make(name, f"CREATE OR REPLACE TEMP TABLE {name} ({defined})")
            if rows:
                listed = ", ".join(f"unnest(CAST(${at} AS {kind}[]))" for at, kind in enumerate(columns.values(), 1))
                sql = f"INSERT INTO {name} SELECT {listed}"
                self._make(name, sql, [list(column) for column in zip(*rows, strict=True)])
        return name

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query finds."""
        found: list[tuple[Any, ...]] = self.connection.execute(sql).fetchall()
        return found

    def row(self, sql: str) -> tuple[Any, ...]:
        """What a query finds that always finds one row."""
        (found,) = self.rows(sql)
        return found

    def columns(self, table: str) -> list[str]:
        """The names of a relation's columns in order."""
        return [name for name, *_ in self.rows(f"DESCRIBE {table}")]

    def month_day(self, month: str) -> str:
        """The first day of a month that is counted from year 0."""
        return self.dialect.month_day(month)

    def _make(self, name: str, sql: str, parameters: Sequence[Any] | None = None) -> None:
        self.statements.append(Statement(name, sql))
        self.connection.execute(sql, parameters)
