"""The facts of one run: every table of the schema as typed, sorted rows, and as a table that SQL can read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import field

from mhrules.classes import frozen
from mhrules.data.cells import Value
from mhrules.data.rules import layout
from mhrules.data.schema import Column, Schema
from mhrules.data.workspace import Workspace
from mhrules.diagnostics.model import Diagnostic

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

Row = tuple[Value, ...]


@frozen
class Input:
    """A file that was read: its name relative to the data folder, the SHA-256 of its bytes, its rows."""

    name: str
    sha256: str
    rows: int


@frozen
class LeftOut:
    """Rows of a file that a table does not have because the binding says so.

    `reason` is `where` (they are not asked for), `distinct` (they repeat another row) or `empty span` (their first day
    is the day on which they had ended). `part` is the part of the table in the binding, or empty.
    """

    table: str
    part: str
    file: str
    reason: str
    rows: int


@frozen(eq=False, slots=False)
class Dataset:
    """Typed facts. Made by `load`, `Dataset.from_rows` or `Dataset.from_frames`; never changed afterwards.

    `warnings` are findings that are not errors. `inputs` are the files read, sorted by name. `left_out` are rows that
    the binding leaves out, `allowed` counts the rows that each allowed code has concerned.
    """

    schema: Schema
    inputs: tuple[Input, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    allowed: Mapping[str, int] = field(factory=dict)
    warnings: tuple[Diagnostic, ...] = ()
    _present: frozenset[str] = field(default=frozenset(), alias="present", repr=False)
    _rows: dict[str, list[Row]] = field(factory=dict, alias="rows", repr=False)
    _connections: list[DuckDBPyConnection] = field(factory=list, alias="connections", repr=False)
    _workspaces: list[Workspace] = field(factory=list, alias="workspaces", repr=False)

    @classmethod
    def from_rows(cls, schema: Schema, rows: Mapping[str, Iterable[Mapping[str, object]]]) -> Dataset:
        """Facts given as dictionaries, checked as strictly as a file.

        Values are text, whole numbers, Decimals, yes/no (`True`, `False`) or dates; a float is refused. A column left
        out is missing. A table left out is absent, which is no fault here.

        Raises:
            DiagnosticError: with every fault found; places name the table and the row, counted from 1.
        """
        from mhrules.data.given import dataset_from_rows

        return dataset_from_rows(schema, rows)

    @classmethod
    def from_frames(cls, schema: Schema, frames: Mapping[str, Any]) -> Dataset:
        """Facts given as data frames: pandas, Polars, Arrow or DuckDB relations. Needs the package pyarrow.

        Columns are named as in the schema. A binary floating-point column is refused: give Decimals or text.

        Raises:
            DiagnosticError: with every fault found; places name the table and the row, counted from 1.
        """
        from mhrules.data.frames import dataset_from_frames

        return dataset_from_frames(schema, frames)

    def present(self, table: str) -> bool:
        """Whether the source has the table (it may still be empty).

        Raises:
            KeyError: the program reads no such table.
        """
        return self.schema.table(table).name in self._present

    def columns(self, table: str) -> tuple[Column, ...]:
        """The columns of a row in order: keys, `from` and `to` of a dated table, facts.

        Raises:
            KeyError: the program reads no such table.
        """
        return layout(self.schema.table(table))

    def rows(self, table: str) -> list[Row]:
        """The rows of a table, sorted by key (texts by their UTF-8 bytes); empty where the table is absent.

        Raises:
            KeyError: the program reads no such table.
        """
        if table not in self._rows:
            self._rows[table] = self._fetch(table)
        return self._rows[table]

    @property
    def workspace(self) -> Path | None:
        """The private folder that the database may write to; None while there is no database, and after `close`."""
        return self._workspaces[0].path if self._workspaces else None

    def close(self) -> None:
        """Close the database and remove its private folder. Rows that were asked for are still there, no others.

        This is done by itself when the facts are no longer used, and at the end of the process.
        """
        for connection in self._connections:
            connection.close()  # and it stays: nobody is given an empty database instead
        while self._workspaces:
            self._workspaces.pop().close()

    def connection(self) -> DuckDBPyConnection:
        """A locked-down DuckDB that holds every table of the schema, absent ones empty.

        Numbers are BIGINT or HUGEINT at their column's places, months their first day.
        """
        if not self._connections:
            self._connections.append(self._build())
        return self._connections[0]

    def session(self) -> DuckDBPyConnection:
        """Another connection to the same database, whose temporary relations are its own."""
        from mhrules.data.database import heard, identifier

        ((database,),) = self.connection().execute("SELECT current_database()").fetchall()
        session = heard(self.connection().cursor())
        session.execute(f"USE {identifier(database)}")
        return session

    def _fetch(self, name: str) -> list[Row]:
        from mhrules.data.database import identifier

        table = self.schema.table(name)
        if not self._connections or name not in self._present:
            return []
        order = ", ".join(str(at) for at in range(1, len(table.keys) + table.dated + 1))
        return self.connection().execute(f"SELECT * FROM {identifier(name)} ORDER BY {order}").fetchall()

    def _build(self) -> DuckDBPyConnection:
        from mhrules.data.database import connect, fill, identifier

        self._workspaces.append(Workspace())
        connection = connect(workspace=self._workspaces[0])
        create_tables(connection, self.schema)
        for name, rows in self._rows.items():
            if rows:
                types = column_types(self.columns(name))
                fill(connection, identifier(name), types, list(zip(*rows, strict=True)))
        return connection


def column_types(columns: Iterable[Column]) -> list[str]:
    """The SQL types of columns."""
    from mhrules.data.convert import sql_type

    return [sql_type(column) for column in columns]


def create_tables(connection: DuckDBPyConnection, schema: Schema, there: Collection[str] = ()) -> None:
    """Make each table of a schema that is not there yet, empty; `there` are some that are."""
    from mhrules.data.database import identifier

    for table in schema.tables:
        if table.name in there:
            continue
        columns = layout(table)
        defined = ", ".join(
            f"{identifier(column.name)} {kind}" for column, kind in zip(columns, column_types(columns), strict=True)
        )
        connection.execute(f"CREATE TABLE IF NOT EXISTS {identifier(table.name)} ({defined})")
