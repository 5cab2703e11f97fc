"""A DuckDB that can do nothing but read the files it was given.

Every connection that touches a user's data comes from here: in memory, no access to any file but the bound ones, no
extension is ever fetched or loaded, and the configuration is locked before the first statement about data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SETTINGS = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
}
_LOCKS = (
    "SET python_enable_replacements = false",
    "SET allow_persistent_secrets = false",
    "SET preserve_insertion_order = true",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)
_BATCH = 50_000  # values handed over in one statement


def connect(files: Iterable[Path] = (), *, folder: Path | None = None) -> DuckDBPyConnection:
    """A locked-down connection to an empty database in memory that may read `files` and nothing else.

    With `folder`, it may also read and write files in that folder and below.

    A database file needs its write-ahead log beside it, so that is allowed as well.
    """
    import duckdb

    allowed: list[str] = []
    for file in files:
        allowed += [str(file), pattern(file), f"{file}.wal"]
    connection = duckdb.connect(":memory:", config=dict(_SETTINGS))
    if allowed:
        paths = ", ".join(literal(path) for path in dict.fromkeys(allowed))
        connection.execute(f"SET allowed_paths = [{paths}]")
    if folder is not None:
        connection.execute(f"SET allowed_directories = [{literal(str(folder.resolve()))}]")
    for statement in _LOCKS:
        connection.execute(statement)
    return connection


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
