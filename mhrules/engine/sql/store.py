"""The statements of one run in order, and the database that they are run on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mhrules.engine.sql.dialect import DuckDB

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Store:
    """Named relations, each made once, on one connection; `statements` is everything that was run, to be read."""

    def __init__(self, connection: DuckDBPyConnection, dialect: DuckDB) -> None:
        self.connection = connection
        self.dialect = dialect
        self.statements: list[str] = []
        self.base_clocks: list[int] = []
        self._made: set[str] = set()
        for statement in dialect.setup():
            self.run(statement)

    def run(self, sql: str, parameters: Sequence[Any] | None = None) -> Any:
        """Run a statement."""
        self.statements.append(sql)
        return self.connection.execute(sql, parameters)

    def table(self, name: str, sql: str) -> str:
        """A relation under a name, made when first asked for."""
        if name not in self._made:
            self._made.add(name)
            self.run(f"CREATE OR REPLACE TEMP TABLE {name} AS\n{sql}")
        return name

    def values(self, name: str, columns: Mapping[str, str], rows: Sequence[tuple[Any, ...]]) -> str:
        """A relation of given rows."""
        if name not in self._made:
            self._made.add(name)
            defined = ", ".join(f"{column} {kind}" for column, kind in columns.items())
            self.run(f"CREATE OR REPLACE TEMP TABLE {name} ({defined})")
            if rows:
                listed = ", ".join(f"unnest(CAST(${at} AS {kind}[]))" for at, kind in enumerate(columns.values(), 1))
                self.run(f"INSERT INTO {name} SELECT {listed}", [list(column) for column in zip(*rows, strict=True)])
        return name

    def month_day(self, month: str) -> str:
        """The first day of a month that is counted from year 0."""
        return f"make_date(({month}) // 12, ({month}) % 12 + 1, 1)"
