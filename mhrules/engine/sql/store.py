"""The statements of one run in order, and the database that they are run on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mhrules.classes import frozen
from mhrules.engine.sql.about import About
from mhrules.engine.sql.dialect import DuckDB, meaning_of
from mhrules.engine.sql.faults import Unsupported

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@frozen
class Statement:
    """A statement that made something: the relation it made, or empty, its text, and what that is.

    `rows` are those that it puts in, given to the database as one list for each column.
    """

    name: str
    sql: str
    about: About | None = None
    rows: tuple[tuple[Any, ...], ...] = ()


class Store:
    """Named relations, each made once, on one connection; `statements` is everything that made one, to be read.

    All that an engine asks of its database goes through here: `table` and `values` make relations, `rows` and `row`
    read them, `columns` tells what one has.
    """

    keeps_all = False  # whether what nothing reads any more stays, to be looked at

    def __init__(self, connection: DuckDBPyConnection, dialect: DuckDB) -> None:
        self.connection = connection
        self.dialect = dialect
        self.statements: list[Statement] = []
        self.base_clocks: list[int] = []
        self._made: set[str] = set()
        self._texts: dict[str, str] = {}  # by name, what a relation was made as
        self._taken: set[str] = set()
        self._served = ""
        for statement in dialect.setup():
            self._make("", statement, About(meaning_of(statement)))

    @contextmanager
    def serving(self, name: str) -> Iterator[None]:
        """While something of that name is worked out: `fresh` names what it needs after it."""
        before, self._served = self._served, name
        try:
            yield
        finally:
            self._served = before

    def fresh(self, *words: str) -> str:
        """A name for one more relation: what is being worked out, what the relation is, and a number if there are more.

        `words` say what it is; empty ones are left out. The prefix is that of no relation with a name of its own, so
        that no name in a rule text can make two relations one.
        """
        return self.unique("_".join(word for word in ("for", self._served, *words) if word))

    def unique(self, stem: str) -> str:
        """A name that no other relation has: this one, or if it is taken with a number behind it."""
        name, number = stem, 1
        while name in self._taken or name in self._made:
            number += 1
            name = f"{stem}_{number}"
        self._taken.add(name)
        return name

    def table(self, name: str, sql: str, about: About | None = None) -> str:
        """A relation under a name, made when first asked for.

        Raises:
            Unsupported: another relation has the name.
        """
        return self._once(name, f"CREATE OR REPLACE TEMP TABLE {name} AS\n{sql}", about)

    def _once(self, name: str, sql: str, about: About | None) -> str:
        """What a statement makes under a name, made when first asked for."""
        if name not in self._made:
            self._made.add(name)
            self._texts[name] = sql
            self._make(name, sql, about)
        elif self._texts.get(name, sql) != sql:
            raise Unsupported(f"two relations of one name, `{name}`")
        return name

    def view(self, name: str, sql: str, about: About | None = None) -> str:
        """A relation under a name that is worked out where it is read, with the columns and rows that are asked for.

        Raises:
            Unsupported: another relation has the name.
        """
        return self._once(name, f"CREATE OR REPLACE TEMP VIEW {name} AS\n{sql}", about)

    def values(
        self, name: str, columns: Mapping[str, str], rows: Sequence[tuple[Any, ...]], about: About | None = None
    ) -> str:
        """A relation of given rows."""
        if name not in self._made:
            self._made.add(name)
            defined = ", ".join(f"{column} {kind}" for column, kind in columns.items())
            self._make(name, f"CREATE OR REPLACE TEMP TABLE {name} ({defined})", about)
            if rows:
                listed = ", ".join(f"unnest(CAST(${at} AS {kind}[]))" for at, kind in enumerate(columns.values(), 1))
                sql = f"INSERT INTO {name} SELECT {listed}"
                self._make(name, sql, None, rows)
        return name

    def has(self, name: str) -> bool:
        """Whether there is a relation of that name."""
        return name in self._made

    def drop(self, name: str) -> None:
        """Drop a relation that nothing reads any more; if it is asked for again, it is made again."""
        if not self.keeps_all:
            self._made.discard(name)
            del self._texts[name]
            self._drop(name)

    def close(self) -> None:
        """Let the database forget all relations that were made."""
        self.connection.close()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query finds."""
        found: list[tuple[Any, ...]] = self.connection.execute(sql).fetchall()
        return found

    def batches(self, sql: str, size: int) -> Iterator[list[Any]]:
        """The one column that a query finds, so many values at a time; nothing else is asked meanwhile."""
        result = self.connection.execute(sql)
        while rows := result.fetchmany(size):
            yield [value for (value,) in rows]

    def row(self, sql: str) -> tuple[Any, ...]:
        """What a query finds that always finds one row."""
        (found,) = self.rows(sql)
        return found

    def columns(self, table: str) -> list[str]:
        """The names of a relation's columns in order."""
        return [name for name, *_ in self.rows(f"DESCRIBE {table}")]

    def month_day(self, month: str) -> str:
        """The first day of a month that is counted from year 0."""
        return f"month_day({month})"

    def _drop(self, name: str) -> None:
        self._make("", f"DROP TABLE {name}", About("what it held has been read"))

    def _make(self, name: str, sql: str, about: About | None = None, rows: Sequence[tuple[Any, ...]] = ()) -> None:
        self.statements.append(Statement(name, sql, about, tuple(rows)))
        self.connection.execute(sql, [list(column) for column in zip(*rows, strict=True)] if rows else None)


def literal(value: object) -> str:
    """A value of a given row as SQL: a text, an integer, or nothing."""
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"
