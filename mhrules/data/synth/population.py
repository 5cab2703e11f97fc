"""A population of a program: every table that it reads, written so that it loads without a finding."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from mhrules.classes import frozen
from mhrules.data import database
from mhrules.data.population import ELIGIBILITY
from mhrules.data.rules import layout
from mhrules.data.schema import Column, Schema, Table
from mhrules.data.synth.claims import make_claims
from mhrules.data.synth.crossed import EVENT, event_sheet, fact_sheet
from mhrules.data.synth.draws import Draws
from mhrules.data.synth.facts import value
from mhrules.data.synth.hints import Hints, hints_of_schema
from mhrules.data.synth.people import make_people
from mhrules.data.synth.practices import make_practices
from mhrules.data.synth.services import make_services
from mhrules.data.synth.setting import Request, Setting
from mhrules.data.synth.sheets import Sheet, catalog_sheet, practice_sheet
from mhrules.data.workspace import Workspace

_OPTIONS = {"csv": "FORMAT csv, HEADER true, DELIMITER ','", "parquet": "FORMAT parquet, COMPRESSION snappy"}

_IF_ASKED = frozenset(
    "dual_status_code medicare_status_code billing_tin billing_npi hcpcs_modifier_1 place_of_service_code "
    "revenue_center_code ms_drg_code diagnosis_code_1 service_unit_quantity prescribing_provider_npi quantity "
    "tin npi".split()
)
"""Columns that are written only where a program asks for them: they make large files larger."""

Progress = Callable[[str], None]


@frozen
class Written:
    """A file of a population."""

    table: str
    path: Path
    rows: int


def write_population(
    schema: Schema,
    request: Request,
    directory: Path,
    hints: Hints | None = None,
    *,
    file_format: str = "csv",
    progress: Progress = lambda words: None,
) -> tuple[Written, ...]:
    """Write one file for each table of a schema into an existing folder; what was written, in order of the tables.

    The same schema, hints and request give the same bytes: CSV on every machine, Parquet with the same DuckDB.
    Files of the same names are replaced. Where the schema has members, the panel of counts is not written.

    Raises:
        OSError: the folder cannot be written to.
    """
    import duckdb

    workspace = Workspace()
    with (
        closing(workspace),
        database.connect(folder=directory, workspace=workspace) as connection,
    ):
        hints = hints_of_schema(schema) if hints is None else hints
        setting = Setting(request, schema, hints, Draws(request.seed), connection)
        progress("inventing practices and people")
        prepare(setting)
        written = []
        for table in tables_of(schema):
            progress(f"writing {table.name}")
            path = directory / f"{table.name}.{file_format}"
            try:
                written.append(Written(table.name, path, _write(setting, table, path, file_format)))
            except duckdb.IOException as error:
                raise OSError(database.reason(error)) from error
    return tuple(written)


def prepare(setting: Setting) -> None:
    """Make the practices, the people and the views of claims that the tables are written from."""
    setting.draws.prepare(setting.connection)
    make_practices(setting)
    make_people(setting)
    make_services(setting)
    make_claims(setting)


def tables_of(schema: Schema) -> tuple[Table, ...]:
    """The tables that are written: all, or where there are members all but the panel."""
    members = any(table.name == ELIGIBILITY for table in schema.tables)
    return tuple(table for table in schema.tables if not (members and table.name == schema.panel))


def query(setting: Setting, table: Table) -> str:
    """The query whose rows are the table's, as they are written."""
    sheet = _sheet(setting, table)
    named = ", ".join(
        f"{_cell(setting, sheet, table, column)} AS {database.identifier(column.name)}"
        for column in layout(table)
        if _is_written(table, column)
    )
    return f"SELECT {named} {sheet.rows}" + (f" ORDER BY {sheet.order}" if sheet.order else "")


def _sheet(setting: Setting, table: Table) -> Sheet:
    if table.name == setting.schema.roster:
        return practice_sheet(setting)
    if table.name.startswith(EVENT):
        return event_sheet(setting, table)
    return catalog_sheet(setting, table.name) or fact_sheet(setting, table)


def _cell(setting: Setting, sheet: Sheet, table: Table, column: Column) -> str:
    known = sheet.columns.get(column.name)
    return known or value(setting, table.name, column, sheet.at, of_member=sheet.of_member)


def _is_written(table: Table, column: Column) -> bool:
    return column.name not in _IF_ASKED or not column.may_be_left_out or column.default is not None


def _write(setting: Setting, table: Table, path: Path, file_format: str) -> int:
    path.unlink(missing_ok=True)
    copied = setting.connection.execute(
        f"COPY ({query(setting, table)}) TO {database.literal(str(path.resolve()))} ({_OPTIONS[file_format]})"
    ).fetchone()
    return int(copied[0]) if copied else 0
