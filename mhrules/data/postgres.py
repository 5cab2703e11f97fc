"""A PostgreSQL database as a source, through ADBC: a read-only snapshot; what a program reads of it is copied.

Numbers come as exact text, days, whole numbers and yes/no as themselves; whatever else is refused when it is read.
The password is never in the address: libpq takes it from `PGPASSWORD` or `PGPASSFILE`.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from mhrules.classes import frozen
from mhrules.data.database import identifier
from mhrules.data.limits import limit_reached
from mhrules.data.origins import Origin
from mhrules.diagnostics.model import DataPlace, Diagnostic, DiagnosticError
from mhrules.diagnostics.registry import finding

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SCHEMES = ("postgresql://", "postgres://")
_DENIED = "42501"  # SQLSTATE insufficient_privilege
_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_LISTING = """
SELECT n.nspname::text, c.relname::text, c.oid::bigint, n.nspname = ANY (current_schemas(false)),
  array_position(current_schemas(false), n.nspname)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
ORDER BY 5 NULLS LAST, 1, 2
"""
_COLUMNS = """
WITH RECURSIVE base AS (
  SELECT a.attnum, a.attname, a.atttypid AS typ FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = {oid} AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT b.attnum, b.attname, t.typbasetype FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.typ WHERE t.typtype = 'd'
)
SELECT b.attname::text, CASE WHEN t.typtype = 'e' THEN 'enum' ELSE t.typname END::text
FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.typ WHERE t.typtype <> 'd' ORDER BY b.attnum
"""
_TEXT = "CAST({} AS text)"
_READ = {
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "uuid", "enum", "numeric"), ("VARCHAR", _TEXT)),
    "money": ("VARCHAR", "CAST(CAST({} AS numeric) AS text)"),
    "int2": ("SMALLINT", "{}"),
    "int4": ("INTEGER", "{}"),
    "int8": ("BIGINT", "{}"),
    "bool": ("BOOLEAN", "{}"),
    "date": ("DATE", "{}"),
    "timestamp": ("TIMESTAMP", "{}"),
    "float4": ("FLOAT", "{}"),
    "float8": ("DOUBLE", "{}"),
}
"""By PostgreSQL's name of a type: the type it is read as, and how it is asked for."""
_DAYS = 10_957  # from 1970-01-01, Arrow's first day, to 2000-01-01, the server's
_MICROSECONDS = _DAYS * 86_400 * 10**6
_ENDLESS = {
    "DATE": (
        f"DATE '1970-01-01' + ({_DAYS - 2**31 - 1})",
        f"DATE '1970-01-01' + ({_DAYS - 2**31})",
    ),
    "TIMESTAMP": (
        f"make_timestamp({_MICROSECONDS - 2**63 - 1})",
        f"make_timestamp({_MICROSECONDS - 2**63})",
    ),
}
"""What the driver makes of `infinity` and `-infinity`: the largest and least number, wrapped around."""


def is_address(data: object) -> bool:
    """Whether data are named by the address of a PostgreSQL database."""
    return isinstance(data, str) and data.startswith(_SCHEMES)


@frozen
class Found:
    """A table of the database: its number, its name with the schema, its columns with their types."""

    oid: int
    schema: str
    table: str
    columns: tuple[tuple[str, str], ...]

    @property
    def title(self) -> str:
        """The name with the schema, as a binding may write it."""
        return f"{self.schema}.{self.table}"


class Server:
    """A snapshot of a database: what tables there are, and copies of them."""

    def __init__(self, connection: Any, database: str) -> None:
        self.database = database
        self._connection = connection
        self._tables = self._rows(_LISTING)

    @property
    def names(self) -> list[str]:
        """The names of all tables: with their schema, and without it where the search path leads to them."""
        named = [f"{schema}.{table}" for schema, table, *_ in self._tables]
        return named + [table for _, table, _, found, _ in self._tables if found]

    def find(self, name: str) -> Found | None:
        """The table of a name, which may begin with its schema; None if there is none."""
        near = [each for each in self._tables if each[3] and each[1] == name]
        for schema, table, oid, *_ in (*near, *(each for each in self._tables if f"{each[0]}.{each[1]}" == name)):
            columns = tuple((str(column), str(kind)) for column, kind in self._rows(_COLUMNS.format(oid=int(oid))))
            return Found(int(oid), schema, table, columns)
        return None

    def copy(self, found: Found, wanted: Collection[str], into: DuckDBPyConnection) -> Origin:
        """Copy the wanted columns of a table, batch by batch, into a table of the DuckDB connection.

        The hash of the origin is that of the rows' contents, in whatever order they come.

        Raises:
            DiagnosticError: the table may not be read (MH656), or the connection is lost on the way (MH657).
        """
        place = f"{self.database}/{found.title}"
        copied = identifier(f"copy of {found.title}")
        read = [(name, *_READ[kind]) for name, kind in found.columns if name in wanted and kind in _READ]
        asked = ", ".join(f"{form.format(identifier(name))} AS {identifier(name)}" for name, _, form in read)
        query = f"SELECT {asked or 'NULL AS nothing'} FROM {identifier(found.schema)}.{identifier(found.table)}"
        with _explained(place), self._connection.cursor() as cursor:
            cursor.execute(query)
            _stream(cursor.fetch_record_batch(), copied, _restored(read), into)
        names = [name for name, _, _ in read]
        rows, digest = _content(into, copied, names)
        cells = ", ".join(
            f"{identifier(name) if name in names else 'NULL'} AS c{at}" for at, (name, _) in enumerate(found.columns)
        )
        return Origin(
            file=place,
            columns=tuple((name, _READ[kind][0] if kind in _READ else kind.upper()) for name, kind in found.columns),
            cells=f"(SELECT {cells} FROM {copied})",
            relation=f"(SELECT row_number() OVER () AS rn, {cells} FROM {copied})",
            line_of=lambda rn: rn,
            sha256=digest,
            rows=rows,
            copied=copied,
        )

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with _explained(self.database), self._connection.cursor() as cursor:
            cursor.execute(query)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found


@contextmanager
def connected(address: str) -> Iterator[Server]:
    """A snapshot of the database at an address.

    Raises:
        DiagnosticError: the driver is not installed (MH654), the address has a password in it or the database cannot be
            reached (MH655), it cannot be read (MH656, MH657).
    """
    database = _database(address)
    try:
        import adbc_driver_manager as manager
        import adbc_driver_postgresql.dbapi as driver
        import pyarrow  # noqa: F401 - the driver hands over Arrow
    except ImportError as error:
        message = "a PostgreSQL database needs the packages of `mhrules[postgresql]`"
        raise _refused("MH654", message, None, notes=str(error), help="install `mhrules[postgresql]`") from error
    try:
        connection = driver.connect(address)
    except manager.Error as error:
        raise _refused(
            "MH655",
            f"PostgreSQL database `{database}` cannot be reached",
            database,
            notes=_reason(error),
            help="check the address; the password is taken from `PGPASSWORD` or the file that `PGPASSFILE` names",
        ) from None
    with connection:
        with _explained(database), connection.cursor() as cursor:
            cursor.execute(_SNAPSHOT)
        yield Server(connection, database)


def _database(address: str) -> str:
    """The name of the database in an address.

    Raises:
        DiagnosticError: the address holds a password, or is none (MH655).
    """
    try:
        parts = urlsplit(address)
        password = parts.password is not None or "password" in parse_qs(parts.query, keep_blank_values=True)
        name = unquote(parts.path.removeprefix("/")) or unquote(parts.username or "")
    except ValueError:
        password, name = False, ""
    if password:
        raise _refused(
            "MH655",
            "the address of the PostgreSQL database has a password in it, which others can see",
            None,
            help="leave it out: it is taken from `PGPASSWORD`, or from the file that `PGPASSFILE` names",
        )
    return name or os.environ.get("PGDATABASE", "") or "postgresql"


def _restored(read: Sequence[tuple[str, str, str]]) -> str:
    """All columns that are read, with the days that the driver cannot hold as themselves."""
    replaced = []
    for name, kind, _ in read:
        if kind in _ENDLESS:
            column, (endless, beginningless) = identifier(name), _ENDLESS[kind]
            ends = f"WHEN {endless} THEN {kind} 'infinity' WHEN {beginningless} THEN {kind} '-infinity'"
            replaced.append(f"CASE {column} {ends} ELSE {column} END AS {column}")
    return f"* REPLACE ({', '.join(replaced)})" if replaced else "*"


def _stream(reader: Any, copied: str, columns: str, into: DuckDBPyConnection) -> None:
    """Insert columns of batches as they come; nothing remains if they do not all come."""
    given = "given by the server"
    into.register(given, reader)
    try:
        into.execute(f"CREATE TABLE {copied} AS SELECT {columns} FROM {identifier(given)}")
    finally:
        into.unregister(given)


def _content(connection: DuckDBPyConnection, table: str, names: Sequence[str]) -> tuple[int, str]:
    """The number of rows, and a hash of names and rows that does not depend on the order of the rows."""
    cells = [
        f"CASE WHEN {n} IS NULL THEN 'n' ELSE concat(strlen(CAST({n} AS VARCHAR)), ':', {n}) END"
        for n in map(identifier, names)
    ]
    row = f"concat({', '.join(cells)})" if cells else "''"
    (counted,) = connection.execute(
        f"SELECT count(*), coalesce(sum(md5_number_upper(r)), 0), coalesce(sum(md5_number_lower(r)), 0) "
        f"FROM (SELECT {row} AS r FROM {table})"
    ).fetchall()
    text = "\n".join([*names, *map(str, counted)])
    return int(counted[0]), hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def _explained(place: str) -> Iterator[None]:
    """Turn what the driver raises while a table is read into findings at a place."""
    import adbc_driver_manager as manager
    import duckdb

    try:
        yield
    except (manager.Error, duckdb.Error, OSError) as error:
        limit = limit_reached(error)
        if limit is not None:
            raise limit from error
        if getattr(error, "sqlstate", None) == _DENIED or f"SQLSTATE: {_DENIED}" in str(error):
            raise _refused(
                "MH656",
                f"`{place}` may not be read",
                place,
                notes=_reason(error),
                help="let the user of the address read it: `GRANT SELECT ON … TO …`",
            ) from None
        raise _refused(
            "MH657",
            f"`{place}` could not be read to its end",
            place,
            notes=_reason(error),
            help="run it again: nothing of what was read is used",
        ) from None


def _reason(error: Exception) -> str:
    """What the server says, in one line, without the driver's words, and without the password should it stand there."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = next((line for line in lines if re.search(r"(ERROR|FATAL|failed):", line)), lines[0] if lines else "")
    told = re.sub(r"^.*?(?=(connection to server|could not|ERROR:|FATAL:))", "", told).rstrip(". ")
    password = os.environ.get("PGPASSWORD", "")
    return told.replace(password, "…") if password else told


def _refused(code: str, message: str, place: str | None, *, notes: str = "", help: str = "") -> DiagnosticError:
    where = DataPlace(place) if place else None
    found: Diagnostic = finding(code, message, notes=notes, help=help, place=where)
    return DiagnosticError([found])
