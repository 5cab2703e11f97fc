"""Reading a data folder or a DuckDB file as the tables of a program, strictly: exact values or a list of findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, evolve, field

from mhrules.data import database
from mhrules.data.binding import DELIMITERS, Binding, TableBinding
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
        dataset = dataset_from_sources(schema, connection, sources, binding, findings)
        if not data.is_dir():
            connection.execute("DETACH source")
        return dataset
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
    return Dataset(
        schema,
        inputs=_inputs(sources),
        warnings=findings.sorted(),
        present=frozenset(name for name, origins in sources.items() if origins),
        connections=[connection],
    )


@define
class _State:
    """What the load of one table leaves for the next."""

    schema: Schema
    connection: DuckDBPyConnection
    binding: Binding | None
    findings: DataFindings
    roster_sound: bool = False
    used: dict[str, set[str]] = field(factory=dict)  # file -> columns that some table reads or knows
    read: dict[str, tuple[Origin, Table]] = field(factory=dict)


def _inputs(sources: Mapping[str, Sequence[Origin]]) -> tuple[Input, ...]:
    """Each file once; a DuckDB file with the rows of all its tables that were read."""
    distinct = {id(origin): origin for origins in sources.values() for origin in origins if origin.sha256}
    inputs: dict[str, Input] = {}
    for origin in distinct.values():
        before = inputs[origin.file].rows if origin.file in inputs else 0
        inputs[origin.file] = Input(origin.file, origin.sha256, before + origin.rows)
    return tuple(inputs[name] for name in sorted(inputs))


def _folder_sources(
    schema: Schema, data: Path, binding: Binding | None, findings: DataFindings
) -> tuple[DuckDBPyConnection, dict[str, list[Origin]]]:
    """Open the files of a folder, each once, on a connection that may read nothing else."""
    folder = DataFolder(data)
    files = table_files(schema, folder, binding, findings)
    paths = {name: path for names in files.values() for name in names if (path := folder.path(name)) is not None}
    connection = database.connect(paths.values())
    opened: dict[tuple[str, str], Origin | None] = {}
    sources: dict[str, list[Origin]] = {}
    for table, names in files.items():
        bound = binding.tables.get(table) if binding else None
        delimiter = bound.delimiter if bound else ","
        for name in names:
            if (name, delimiter) not in opened:
                opened[name, delimiter] = open_file(connection, paths[name], name, delimiter, findings)
            origin = opened[name, delimiter]
            if origin is not None:
                sources.setdefault(table, []).append(origin)
    return connection, sources


def _database_sources(
    schema: Schema, data: Path, binding: Binding | None, findings: DataFindings
) -> tuple[DuckDBPyConnection, dict[str, list[Origin]]]:
    """Open the tables of a DuckDB file, read only."""
    with data.open("rb") as file:
        if file.read(12)[8:] != _DATABASE_MARK:
            findings.report(
                "MH604",
                f"`{data.name}` is not a DuckDB file",
                help="give a folder of CSV or Parquet files, or a DuckDB file",
                place=DataPlace(data.name),
            )
            findings.raise_if_errors()
    path = data.resolve()
    digest = file_hash(path)
    connection = database.connect([path])
    connection.execute(f"ATTACH {database.literal(str(path))} AS source (READ_ONLY)")
    listed = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'source' AND schema_name = 'main' ORDER BY 1"
    ).fetchall()
    names = [str(row[0]) for row in listed]
    sources: dict[str, list[Origin]] = {}
    for table in schema.tables:
        bound = binding.tables.get(table.name) if binding else None
        wanted = (bound.table if bound else None) or table.name
        if bound is not None and bound.files:
            message = f"`files` of table `{table.name}` needs a data folder, but the data is a DuckDB file"
            findings.report("MH644", message, bound.span, help="write `table` instead")
        elif wanted in names:
            sources[table.name] = [open_table(connection, "source", wanted, data.name, digest)]
        else:
            near = did_you_mean(wanted, names)
            hint = f"the file has the table `{near}`; name" if near else "name"
            advice = f"the table would be called `{wanted}`: {hint} another with `table` in a binding"
            missing_table(table, findings, wanted=advice, file=data.name)
    return connection, sources


def _load_table(state: _State, table: Table, origins: Sequence[Origin]) -> None:
    """Convert one table, check its rows, and publish it under its name."""
    rules = rules_for(table, state.binding)
    bound = state.binding.tables.get(table.name) if state.binding else None
    feeds = [_feed(state, table, origin, rules, bound) for origin in origins]
    keys = len(table.keys) + 2 * table.dated
    convert(state.connection, table.name, feeds, keys, state.findings)
    files = [(origin.file, origin.line_of) for origin in origins]
    check_rows(table, suspects(state.connection, table, files), state.findings)
    if table.name == state.schema.roster:
        unsound = state.connection.execute("SELECT count(*) FROM stage WHERE NOT sound").fetchone()
        state.roster_sound = all(origin.sound for origin in origins) and unsound == (0,)
    column = participant_column(state.schema, table)
    if column is not None and state.roster_sound:
        roster = f"(SELECT {database.identifier(roster_key(state.schema))} AS id FROM {_roster(state.schema)})"
        orphans = orphan_rows(state.connection, table, column, roster, files)
        check_orphans(state.schema, table, column, orphans, state.findings)
    publish(state.connection, table.name, layout(table), len(table.keys) + table.dated)


def _roster(schema: Schema) -> str:
    return database.identifier(schema.roster)


def _feed(state: _State, table: Table, origin: Origin, rules: tuple[CellRule, ...], bound: TableBinding | None) -> Feed:
    """Where each column of the table stands in an origin; what is missing or of an unreadable type is reported."""
    places = {name: at for at, (name, _) in reversed(list(enumerate(origin.columns)))}
    used = state.used.setdefault(origin.file, set())
    state.read.setdefault(origin.file, (origin, table))
    numbers: list[int | None] = []
    separator = _other_separator(origin, rules)
    if separator is not None:
        _separated_otherwise(state, table, origin, separator)
        used.update(places)
        return Feed(origin, rules, (None,) * len(rules), ())
    rules = tuple(
        evolve(rule, constant="") if rule.column.may_be_left_out and rule.source not in places else rule
        for rule in rules
    )
    for rule in rules:
        at = places.get(rule.source) if rule.constant is None else None
        if rule.constant is None:
            used.add(rule.source)
            if at is None:
                _missing_column(state, table, origin, rule.source, rule.column.name)
            elif not _readable(state, origin, rule, at):
                at = None
        numbers.append(at)
    where: list[tuple[int, tuple[str, ...]]] = []
    for name, words in bound.where if bound else ():
        used.add(name)
        if name in places:
            where.append((places[name], words))
        else:
            _missing_column(state, table, origin, name, None)
    used.update(bound.ignore if bound else ())
    return Feed(origin, rules, tuple(numbers), tuple(where))


def _other_separator(origin: Origin, rules: Sequence[CellRule]) -> str | None:
    """What seems to separate the cells of a CSV file that was read as one column: it parts names that are wanted."""
    if origin.header_line is None or len(origin.columns) != 1:
        return None
    header = origin.columns[0][0]
    wanted = {rule.source for rule in rules if rule.constant is None}
    marks = (mark for mark in DELIMITERS if mark in header and wanted.intersection(header.split(mark)))
    return None if header in wanted else next(marks, None)


def _separated_otherwise(state: _State, table: Table, origin: Origin, separator: str) -> None:
    written = separator.replace("\t", "\\t")
    state.findings.report(
        "MH611",
        f"columns of table `{table.name}` are missing: the file seems to be separated by `{written}`",
        help=(
            f'write `delimiter = "{written}"` under `[tables.{table.name}]` in the binding',
            *(() if separator == "," else ("or save the file with commas",)),
        ),
        place=DataPlace(origin.file, origin.header_line),
    )


def _missing_column(state: _State, table: Table, origin: Origin, name: str, model: str | None) -> None:
    near = did_you_mean(name, [column for column, _ in origin.columns])
    if model is None:
        advice = "`where` names columns of the source"
    elif near:
        advice = f'the file has `{near}`: rename it, or write `{model} = "{near}"` in the binding'
    elif any(column.name == model and column.optional for column in table.columns):
        absent = f"`{model} = {{ absent = true }}`"
        advice = f"add the column, or write {absent} in the binding if the source has no such figure"
    else:
        advice = f'add the column, or say in the binding which column holds it: `{model} = "…"`'
    state.findings.report(
        "MH611",
        f"column `{name}` of table `{table.name}` is missing",
        help=advice,
        place=DataPlace(origin.file, origin.header_line, name),
    )


def _readable(state: _State, origin: Origin, rule: CellRule, at: int) -> bool:
    """Whether a source column's type can be read exactly."""
    name, kind = origin.columns[at]
    if source_text_sql(rule, kind, f"c{at}") is not None:
        return True
    place = DataPlace(origin.file, None, name)
    if kind.startswith(("DOUBLE", "FLOAT")):
        state.findings.report(
            "MH626",
            f"column `{name}` holds binary floating-point numbers, which are not exact",
            help=(
                "store it as DECIMAL, as a whole number or as text (in a data frame: Decimal or text)",
                "or accept their shortest decimal text in the binding: "
                f'`{rule.column.name} = {{ float = "shortest" }}`',
            ),
            place=place,
        )
    else:
        message = f"column `{name}` is stored as {kind}, but the program reads {rule.column.kind.value}"
        state.findings.report("MH620", message, place=place)
    return False


def _report_unknown_columns(state: _State) -> None:
    """Warn of source columns that no table reads and no binding ignores."""
    for file in sorted(state.read):
        origin, table = state.read[file]
        used = state.used[file]
        wanted = [column.name for column in layout(table) if column.name not in dict(origin.columns)]
        for name in dict.fromkeys(name for name, _ in origin.columns):
            if name not in used and name.strip():
                near = did_you_mean(name, wanted)
                advice = f"did you mean `{near}`?" if near else "name it under `ignore` in the binding, or remove it"
                state.findings.report(
                    "MH612",
                    f"column `{name}` is not read",
                    help=advice,
                    place=DataPlace(origin.file, origin.header_line, name),
                )
