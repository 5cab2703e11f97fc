"""A DuckDB that can do nothing but read the files it was given, and write in a private folder.

Every connection that touches a user's data comes from here: no access to any file but the bound ones and the private
folder, no extension is ever fetched or loaded, and the configuration is locked before the first statement about data.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhrules.data.capacity import Capacity
from mhrules.data.workspace import Workspace

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SETTINGS = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
    "enable_external_file_cache": "false",
}
_LOCKS = (
    "SET enable_progress_bar = false",  # DuckDB would draw it on stdout where Python is used by hand
    "SET GLOBAL python_enable_replacements = false",
    "SET allow_persistent_secrets = false",
    "SET preserve_insertion_order = true",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)
_PARTIAL = "partial_aggregate_pushdown"
"""A step of the optimizer that is left out: it adds up below a join by the keys of the join, of which a settlement has
about as many as rows. Planning it takes ten times as long as the statement, and running it more than it saves."""

_SPILL = "spill"
_DATABASE = "facts.duckdb"
_BATCH = 50_000  # values handed over in one statement
_open: weakref.WeakSet[DuckDBPyConnection] = weakref.WeakSet()
_open_lock = threading.Lock()


def connect(
    files: Iterable[Path] = (),
    *,
    folder: Path | None = None,
    workspace: Workspace | None = None,
    capacity: Capacity | None = None,
    on_disk: bool = False,
) -> DuckDBPyConnection:
    """A locked-down connection to an empty database that may read `files` and nothing else.

    With `folder`, it may also read and write files in that folder and below. What does not fit into the memory that
    `capacity` grants goes into the private folder `workspace`, which is then there as long as the connection is;
    without one, nothing is written. The database is in memory, or with `on_disk` in a file of the workspace.

    A database file needs its write-ahead log beside it, so that is allowed as well.
    """
    import duckdb

    allowed: list[str] = []
    for file in files:
        allowed += [str(file), pattern(file), f"{file}.wal"]
    connection = heard(duckdb.connect(":memory:", config=dict(_SETTINGS)))
    statements = [*_limits(capacity or Capacity())]
    if allowed:
        paths = ", ".join(literal(path) for path in dict.fromkeys(allowed))
        statements.append(f"SET allowed_paths = [{paths}]")
    private = None if workspace is None else workspace.path
    folders = [str(each.resolve()) for each in (folder, private) if each is not None]
    if folders:
        statements.append(f"SET allowed_directories = [{', '.join(map(literal, folders))}]")
    statements.append(f"SET temp_directory = {literal('' if private is None else str(private / _SPILL))}")
    if on_disk and private is not None:
        # The file is thrown away with its folder: nothing ever recovers it.
        statements += [
            "SET checkpoint_on_detach = 'DISABLED'",
            f"ATTACH {literal(str(private / _DATABASE))} AS facts (RECOVERY_MODE 'no_wal_writes')",
            "USE facts",
        ]
    with contextlib.suppress(duckdb.ParserException):  # a later DuckDB may have no such step
        connection.execute(f"SET disabled_optimizers = {literal(_PARTIAL)}")
    for statement in (*statements, *_LOCKS):
        connection.execute(statement)
    if workspace is not None:
        weakref.finalize(connection, workspace.close)
    return connection


def heard(connection: DuckDBPyConnection) -> DuckDBPyConnection:
    """A connection that `interrupt` reaches; another one to the same database is one of its own."""
    with _open_lock:
        _open.add(connection)
    return connection


def interrupt() -> None:
    """End every query that runs: whoever asked gets DuckDB's InterruptException. Called from any thread."""
    import duckdb

    with _open_lock:
        connections = tuple(_open)
    for connection in connections:
        with contextlib.suppress(duckdb.ConnectionException):  # it was closed
            connection.interrupt()


def _limits(capacity: Capacity) -> Iterator[str]:
    if capacity.memory is not None:
        yield f"SET memory_limit = '{capacity.memory}B'"
    if capacity.threads is not None:
        yield f"SET threads = {capacity.threads}"


def pattern(file: Path) -> str:
    """The path as a file pattern of DuckDB that matches this one file: `*`, `?` and `[` stand for themselves."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in str(file))


def identifier(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as a quoted SQL literal, for the few statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def reason(error: Exception) -> str:
    """The first line of what DuckDB says of an error, without the file's path."""
    first = str(error).splitlines()[0] if str(error) else "unknown error"
    words = [Path(word.strip("\"'")).name if "/" in word or "\\" in word else word for word in first.split()]
    return " ".join(words)


def fill(connection: DuckDBPyConnection, table: str, types: Sequence[str], columns: Sequence[Sequence[Any]]) -> None:
    """Insert columns of values, in order, into an existing table. `table` is an identifier, already quoted."""
    length = len(columns[0]) if columns else 0
    values = ", ".join(f"unnest(CAST(${i} AS {kind}[]))" for i, kind in enumerate(types, start=1))
    for start in range(0, length, _BATCH):
        batch = [list(column[start : start + _BATCH]) for column in columns]
        connection.execute(f"INSERT INTO {table} SELECT {values}", batch)
