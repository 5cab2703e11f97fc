"""The places rows come from: a CSV file, a Parquet file, a table of a DuckDB file, a data frame.

Each is opened as an `Origin`: the names and types of its columns and a relation that yields its rows, numbered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhrules.classes import frozen
from mhrules.data import database
from mhrules.data.csvshape import LONGEST_RECORD, good_records, scan
from mhrules.data.limits import limit_reached
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import DataPlace

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TEXT = "VARCHAR NOT NULL"
"""The type of a column of a CSV file: text, an empty cell the empty one."""

_BATCH = 20_000
_PARQUET = (".parquet", ".pq")


@frozen
class Origin:
    """One source of rows.

    `file` is the name people are shown. `columns` are names and SQL types, in order. `cells` is SQL that yields `c0`,
    `c1` …, and `relation` yields `rn` before them, both with `parameters`; `line_of` turns `rn` into a 1-based line (or
    row). `sound` is false where some rows had to be left out, with their findings. `copied` is a table with the rows
    that is dropped after the load.
    """

    file: str
    columns: tuple[tuple[str, str], ...]
    cells: str
    relation: str
    line_of: Callable[[int], int]
    parameters: tuple[str, ...] = ()
    sha256: str = ""
    rows: int = 0
    sound: bool = True
    header_line: int | None = None
    copied: str = ""


def open_file(
    connection: DuckDBPyConnection, path: Path, name: str, delimiter: str, findings: Findings
) -> Origin | None:
    """The rows of a CSV or Parquet file; None, with a finding, if it cannot be read at all."""
    import duckdb

    try:
        if path.suffix in _PARQUET:
            return _open_parquet(connection, path, name)
        return _open_csv(connection, path, name, delimiter, findings)
    except duckdb.Error as error:
        unreadable(name, error, findings)
    except OSError as error:
        findings.report("MH604", f"`{name}` cannot be read: {error.strerror}", place=DataPlace(name))
    return None


def unreadable(name: str, error: Exception, findings: Findings) -> None:
    """Report a file that DuckDB cannot read.

    Raises:
        DiagnosticError: it is not the file: memory (MH652) or room for temporary files (MH653) is used up.
    """
    limit = limit_reached(error)
    if limit is not None:
        raise limit from error
    findings.report(
        "MH604",
        f"`{name}` cannot be read",
        notes=database.reason(error),
        help="check that the file is whole and is what its ending says",
        place=DataPlace(name),
    )


def file_hash(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_table(connection: DuckDBPyConnection, catalog: str, table: str, file: str, sha256: str) -> Origin:
    """The rows of a table of an attached database (or, without a catalog, of a registered frame)."""
    quoted = database.identifier(table)
    if catalog:
        quoted = f"{database.identifier(catalog)}.main.{quoted}"
    return _from_relation(connection, quoted, (), file, sha256)


def _from_relation(
    connection: DuckDBPyConnection, relation: str, parameters: tuple[str, ...], file: str, sha256: str
) -> Origin:
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}", list(parameters)).fetchall()
    counted = connection.execute(f"SELECT count(*) FROM {relation}", list(parameters)).fetchone()
    aliases = ", ".join(f"c{i}" for i in range(len(described)))
    return Origin(
        file=file,
        columns=tuple((str(row[0]), str(row[1])) for row in described),
        cells=f"(SELECT * FROM {relation} AS s({aliases}))",
        relation=f"(SELECT row_number() OVER () AS rn, * FROM {relation} AS s({aliases}))",
        line_of=lambda rn: rn,
        parameters=parameters,
        sha256=sha256,
        rows=counted[0] if counted else 0,
    )


def _open_parquet(connection: DuckDBPyConnection, path: Path, name: str) -> Origin:
    relation = "read_parquet(?, hive_partitioning = false, union_by_name = false)"
    return _from_relation(connection, relation, (database.pattern(path),), name, file_hash(path))


def _open_csv(
    connection: DuckDBPyConnection, path: Path, name: str, delimiter: str, findings: Findings
) -> Origin | None:
    shape = scan(path, delimiter)
    for fault in shape.faults:
        findings.report(fault.code, fault.message, help=fault.help, place=DataPlace(name, fault.line))
    if not shape.header:
        return None
    columns = tuple((column, TEXT) for column in shape.header)
    if shape.faults:
        relation = _salvage(connection, path, delimiter, len(columns))
        return Origin(name, columns, relation, relation, lambda rn: rn, sha256=shape.sha256, sound=False, header_line=1)
    reader = _csv_reader(len(columns), delimiter)
    return Origin(
        file=name,
        columns=columns,
        cells=reader,
        relation=f"(SELECT row_number() OVER () AS rn, * FROM {reader})",
        line_of=shape.line_of,
        parameters=(database.pattern(path),),
        sha256=shape.sha256,
        rows=shape.records,
        header_line=1,
    )


def _csv_reader(width: int, delimiter: str) -> str:
    """The call that reads a well-shaped CSV file as text, nothing guessed."""
    names = [f"c{i}" for i in range(width)]
    types = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    kept = ", ".join(f"'{name}'" for name in names)
    return (
        f"read_csv(?, auto_detect = false, header = true, columns = {{{types}}}, force_not_null = [{kept}], "
        f"delim = {database.literal(delimiter)}, quote = '\"', escape = '\"', comment = '', strict_mode = true, "
        "null_padding = false, ignore_errors = false, compression = 'none', encoding = 'utf-8', "
        f"max_line_size = {4 * LONGEST_RECORD}, buffer_size = {8 * LONGEST_RECORD}, "
        "hive_partitioning = false, union_by_name = false)"
    )


def _salvage(connection: DuckDBPyConnection, path: Path, delimiter: str, width: int) -> str:
    """A table of the sound rows of an ill-shaped file, so that their cells are checked in the same run."""
    connection.execute("CREATE SEQUENCE IF NOT EXISTS salvaged")
    row = connection.execute("SELECT nextval('salvaged')").fetchone()
    table = database.identifier(f"salvage {row[0] if row else 0}")
    names = ["rn", *(f"c{i}" for i in range(width))]
    types = ["BIGINT", *(["VARCHAR"] * width)]
    defined = ", ".join(f"{name} {kind}" for name, kind in zip(names, types, strict=True))
    connection.execute(f"CREATE TEMP TABLE {table} ({defined})")
    records = good_records(path, delimiter, width)
    while batch := list(islice(records, _BATCH)):
        columns: list[list[Any]] = [[line for line, _ in batch]]
        columns += [[cells[at] for _, cells in batch] for at in range(width)]
        database.fill(connection, table, types, columns)
    return table
