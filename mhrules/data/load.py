"""Reading a data folder or a DuckDB file as the tables of a program, strictly: exact values or a list of findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field

from mhrules.data import database
from mhrules.data.binding import Binding, TableBinding
from mhrules.data.cells import CellRule
from mhrules.data.convert import Feed, convert, publish, source_text_sql
from mhrules.data.dataset import Dataset, Input, create_tables
from mhrules.data.files import DataFolder, missing_table, table_files
from mhrules.data.origins import Origin, file_hash, open_file, open_table, unreadable
from mhrules.data.reports import DataFindings
from mhrules.data.rowcheck import check_orphans, check_rows, orphan_rows, participant_column, roster_key, suspects
from mhrules.data.rules import check_binding, layout, rules_for
from mhrules.data.schema import Schema, Table
from mhrules.diagnostics.model import DataPlace
from mhrules.diagnostics.suggest import did_you_mean

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_DATABASE_MARK = b"DUCK"  # bytes 8 to 11 of a DuckDB file


def load(schema: Schema, data: Path, binding: Binding | None = None) -> Dataset:
    """Read every table of a schema from a folder of CSV and Parquet files, or from a DuckDB file.

    Without a binding, table `practice_year` is `practice_year.csv` or `practice_year.parquet` in the folder, or the
    table of that name in the DuckDB file, and its columns have the model's names.

    Raises:
        DiagnosticError: with every fault of the binding and the data that one run can find (MH6xx).
    """
    import duckdb

    findings = DataFindings()
    if binding is not None:
        check_binding(schema, binding, findings)
        findings.raise_if_errors()
    try:
        if data.is_dir():
            connection, sources = _folder_sources(schema, data, binding, findings)
        else:
            connection, sources = _database_sources(schema, data, binding, findings)
        return dataset_from_sources(schema, connection, sources, binding, findings)
    except duckdb.Error as error:
        unreadable(data.name, error, findings)
    except OSError as error:
        findings.report("MH601", f"data `{data.name}` cannot be read: {error.strerror}")
    findings.raise_if_errors()
    raise AssertionError("unreachable: an error was reported")


def dataset_from_sources(
    schema: Schema,
    connection: DuckDBPyConnection,
    sources: Mapping[str, Sequence[Origin]],
    binding: Binding | None,
    findings: DataFindings,
) -> Dataset:
    """Convert and check the rows of every table that has sources, and close the findings.

    Raises:
        DiagnosticError: there is an error among the findings.
    """
    state = _State(schema, connection, binding, findings)
    for table in sorted(schema.tables, key=lambda t: t.name != schema.roster):
        if sources.get(table.name):
            _load_table(state, table, sources[table.name])
    _report_unknown_columns(state)
    findings.close()
    findings.raise_if_errors()
    create_tables(connection, schema)
    inputs = {o.file: Input(o.file, o.sha256, o.rows) for origins in sources.values() for o in origins if o.sha256}
    if _is_database(sources):
        inputs = _one_input(sources)
    return Dataset(
        schema,
        inputs=tuple(inputs[name] for name in sorted(inputs)),
        warnings=findings.sorted(),
        present=frozenset(name for name, origins in sources.items() if origins),
        connections=[connection],
    )
