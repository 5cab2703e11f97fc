"""Reading a data folder or a DuckDB file as the tables of a program, strictly: exact values or a list of findings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field

from mhrules.classes import define, frozen
from mhrules.data import database
from mhrules.data.allow import Allowance
from mhrules.data.binding import Binding, TableBinding
from mhrules.data.capacity import Capacity
from mhrules.data.convert import Feed, convert, publish
from mhrules.data.dataset import Dataset, Input, LeftOut, create_tables
from mhrules.data.direct import Direct, Feeding, read_directly
from mhrules.data.feeds import Supply, Uses, feed, report_unknown_columns
from mhrules.data.files import DataFolder, table_files
from mhrules.data.limits import for_size, held_by, is_large
from mhrules.data.origins import Origin, file_hash, open_file, open_table, unreadable
from mhrules.data.population import MEMBER
from mhrules.data.presence import check_counts, check_presence, has_members, without_counts
from mhrules.data.relations import Reference, positions, references
from mhrules.data.reports import DataFindings
from mhrules.data.rowcheck import Stage, check_stage, check_stage_entries, check_stage_reference, repeated_sql
from mhrules.data.rules import DEFAULTS, check_binding, ends_of_spans, layout, rules_for, span_names
from mhrules.data.schema import Schema, Table
from mhrules.data.workspace import Workspace, removed_on_failure
from mhrules.diagnostics.model import DataPlace
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.progress import SILENT, Progress

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_DATABASE_MARK = b"DUCK"  # bytes 8 to 11 of a DuckDB file

Sources = Mapping[str, Sequence[Supply]]


def load(
    schema: Schema,
    data: Path | str,
    binding: Binding | None = None,
    *,
    allow: Iterable[str] = (),
    capacity: Capacity | None = None,
    progress: Progress = SILENT,
) -> Dataset:
    """Read every table of a schema from a folder of CSV and Parquet files, a DuckDB file or a PostgreSQL database.

    `data` is a path, or the address of a database as text, `postgresql://user@host/database`. Without a binding, table
    `practice_year` is `practice_year.csv` or `practice_year.parquet` in the folder, or the table of that name in the
    database, and its columns have the model's names. `allow` names codes of findings that may pass
    (`mhrules.data.allow.ALLOWABLE`): they become warnings, and what is done is counted. `capacity` says how much of the
    machine may be used; data that are large beside it are kept in a file of the dataset's workspace. `progress` is told
    of the table that is loaded, and of how many rows are.

    Raises:
        DiagnosticError: with every fault of the binding and the data that one run can find (MH6xx); a code may not be
            allowed (MH646); there is too little memory (MH652) or room on the disk (MH653); a database cannot be read
            (MH654 to MH657).
    """
    findings = DataFindings()
    allowance = Allowance(allow)
    if binding is not None:
        check_binding(schema, binding, findings)
        findings.raise_if_errors()
    room = _Room(capacity or Capacity(), Workspace((capacity or Capacity()).temporary))
    with removed_on_failure(room.workspace):
        return _load(schema, data, binding, findings, allowance=allowance, room=room, progress=progress)


@frozen
class _Room:
    """What the load may take of the machine, and the folder in which the database keeps what is too much for memory."""

    capacity: Capacity
    workspace: Workspace

    def connect(self, files: Collection[Path], *, on_disk: bool = False) -> DuckDBPyConnection:
        """A connection that may read files; what is large beside the memory is kept on disk in any case."""
        size = held_by(files)
        large = on_disk or is_large(size, self.capacity)
        capacity = for_size(self.capacity, size) if files else self.capacity
        return database.connect(files, workspace=self.workspace, capacity=capacity, on_disk=large)


def _load(
    schema: Schema,
    data: Path | str,
    binding: Binding | None,
    findings: DataFindings,
    *,
    allowance: Allowance,
    room: _Room,
    progress: Progress,
) -> Dataset:
    import duckdb

    try:
        name = ""
        if isinstance(data, str):
            connection, sources, missing = _server_sources(schema, data, binding, findings, room)
        elif data.is_dir():
            connection, sources, missing = _folder_sources(schema, data, binding, findings, room)
        else:
            name = data.name
            connection, sources, missing = _database_sources(schema, data, binding, findings, room)
        files = {table: supplies[0].origins[0].file for table, supplies in sources.items()}
        check_presence(schema, files, missing, findings, name)
        dataset = dataset_from_sources(
            schema,
            connection,
            sources,
            findings,
            workspace=room.workspace,
            binding=binding,
            allowance=allowance,
            progress=progress,
        )
        _let_go(connection, sources, attached=bool(name))
        return dataset
    except duckdb.Error as error:
        unreadable(_name(data), error, findings)
    except OSError as error:
        findings.report("MH601", f"data `{_name(data)}` cannot be read: {error.strerror}")
    findings.raise_if_errors()
    raise AssertionError("unreachable: an error was reported")


def _name(data: Path | str) -> str:
    """What data are called in findings."""
    return data.name if isinstance(data, Path) else "postgresql"


def _let_go(connection: DuckDBPyConnection, sources: Sources, *, attached: bool) -> None:
    """Drop copies of what was read, and let go of an attached file."""
    copies = {origin.copied for supplies in sources.values() for supply in supplies for origin in supply.origins}
    for copied in sorted(copies - {""}):
        connection.execute(f"DROP TABLE {copied}")
    if attached:
        connection.execute("DETACH source")


def dataset_from_sources(
    schema: Schema,
    connection: DuckDBPyConnection,
    sources: Sources,
    findings: DataFindings,
    *,
    workspace: Workspace | None = None,
    binding: Binding | None = None,
    allowance: Allowance | None = None,
    progress: Progress = SILENT,
) -> Dataset:
    """Convert and check the rows of every table that has sources, and close the findings.

    Raises:
        DiagnosticError: there is an error among the findings.
    """
    members = has_members(schema, sources)
    if members:
        schema = without_counts(schema)
    state = _State(schema, connection, binding, findings, allowance or Allowance(()), members)
    first = {schema.roster: 0, MEMBER: 1}
    tables = [table for table in schema.tables if sources.get(table.name)]
    rows = {table.name: sum(each.rows for supply in sources[table.name] for each in supply.origins) for table in tables}
    with progress.stage("loading", total=sum(rows.values())) as stage:
        for table in sorted(tables, key=lambda t: first.get(t.name, len(first))):
            stage.title = f"loading {table.name}"
            _load_table(state, table, sources[table.name])
            stage.advance(rows[table.name])
    report_unknown_columns(state.uses)
    findings.close()
    findings.raise_if_errors()
    create_tables(connection, schema, sources)
    return Dataset(
        schema,
        inputs=_inputs(sources),
        left_out=tuple(sorted(state.left_out, key=lambda each: (each.table, each.part, each.file, each.reason))),
        allowed=state.allowance.counts,
        warnings=findings.sorted(),
        present=frozenset(sources),
        connections=[connection],
        workspaces=[] if workspace is None else [workspace],
    )


@define
class _State:
    """What the load of one table leaves for the next.

    `members` says that the data have members; `known` are the tables whose ids are all there.
    """

    schema: Schema
    connection: DuckDBPyConnection
    binding: Binding | None
    findings: DataFindings
    allowance: Allowance
    members: bool
    known: set[str] = field(factory=set)
    left_out: list[LeftOut] = field(factory=list)
    uses: Uses = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.uses = Uses(self.findings)


def _inputs(sources: Sources) -> tuple[Input, ...]:
    """Each file once; a DuckDB file with the rows of all its tables that were read."""
    origins = (origin for supplies in sources.values() for supply in supplies for origin in supply.origins)
    distinct = {id(origin): origin for origin in origins if origin.sha256}
    inputs: dict[str, Input] = {}
    for origin in distinct.values():
        before = inputs[origin.file].rows if origin.file in inputs else 0
        inputs[origin.file] = Input(origin.file, origin.sha256, before + origin.rows)
    return tuple(inputs[name] for name in sorted(inputs))


def _folder_sources(
    schema: Schema, data: Path, binding: Binding | None, findings: DataFindings, room: _Room
) -> tuple[DuckDBPyConnection, dict[str, list[Supply]], dict[str, str]]:
    """Open the files of a folder, each once, on a connection that may read nothing else."""
    folder = DataFolder(data)
    readings, missing = table_files(schema, folder, binding, findings)
    names = [name for reading in readings for name in reading.files]
    paths = {name: path for name in names if (path := folder.path(name)) is not None}
    connection = room.connect(paths.values())
    opened: dict[tuple[str, str], Origin | None] = {}
    sources: dict[str, list[Supply]] = {}
    for reading in readings:
        delimiter = reading.bound.delimiter if reading.bound else ","
        for name in reading.files:
            if (name, delimiter) not in opened:
                opened[name, delimiter] = open_file(connection, paths[name], name, delimiter, findings)
        origins = (opened[name, delimiter] for name in reading.files)
        good = tuple(origin for origin in origins if origin is not None)
        if good:
            sources.setdefault(reading.table, []).append(Supply(reading.bound, good))
    return connection, sources, missing


def _database_sources(
    schema: Schema, data: Path, binding: Binding | None, findings: DataFindings, room: _Room
) -> tuple[DuckDBPyConnection, dict[str, list[Supply]], dict[str, str]]:
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
    connection = room.connect([path])
    connection.execute(f"ATTACH {database.literal(str(path))} AS source (READ_ONLY)")
    listed = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'source' AND schema_name = 'main' ORDER BY 1"
    ).fetchall()
    names = [str(row[0]) for row in listed]
    holder = _Holder(
        "a DuckDB file",
        "the file",
        names,
        lambda name: open_table(connection, "source", name, data.name, digest),
    )
    sources, missing = _table_sources(schema, binding, holder, findings)
    return connection, sources, missing


def _server_sources(
    schema: Schema, address: str, binding: Binding | None, findings: DataFindings, room: _Room
) -> tuple[DuckDBPyConnection, dict[str, list[Supply]], dict[str, str]]:
    """Copy what is read of the tables of a PostgreSQL database, all as they stand at one moment."""
    from mhrules.data.postgres import connected

    connection = room.connect([], on_disk=True)
    wanted = _wanted_columns(schema, binding)
    with connected(address) as server:

        def opened(name: str) -> Origin:
            found = server.find(name)
            assert found is not None
            return server.copy(found, wanted[name], connection)

        sources, missing = _table_sources(
            schema, binding, _Holder("a PostgreSQL database", "the database", server.names, opened), findings
        )
    return connection, sources, missing


def _wanted_columns(schema: Schema, binding: Binding | None) -> dict[str, set[str]]:
    """By table of the source: the columns that are read of it."""
    wanted: dict[str, set[str]] = {}
    for table in schema.tables:
        bound = binding.tables.get(table.name) if binding else None
        for reading in bound.readings if bound else (None,):
            names = wanted.setdefault((reading.table if reading else None) or table.name, set())
            names.update(rule.source for rule in rules_for(table, reading))
            if reading is not None:
                names.update(name for name, _ in (*reading.where, *reading.where_not))
    return wanted


@frozen
class _Holder:
    """What holds all tables: what it is, how it is called again, the names of its tables, and how one is opened."""

    kind: str
    name: str
    tables: Collection[str]
    open: Callable[[str], Origin]


def _table_sources(
    schema: Schema,
    binding: Binding | None,
    holder: _Holder,
    findings: DataFindings,
) -> tuple[dict[str, list[Supply]], dict[str, str]]:
    """The tables of a database that are read, each opened once, and of those that are missing, what to do about it."""
    origins: dict[str, Origin] = {}
    sources: dict[str, list[Supply]] = {}
    missing: dict[str, str] = {}
    for table in schema.tables:
        bound = binding.tables.get(table.name) if binding else None
        for reading in bound.readings if bound else (None,):
            wanted = (reading.table if reading else None) or table.name
            if reading is not None and reading.files:
                message = f"`files` of table `{table.name}` needs a data folder, but the data is {holder.kind}"
                findings.report("MH644", message, reading.span, help="write `table` instead")
            elif wanted in holder.tables:
                if wanted not in origins:
                    origins[wanted] = holder.open(wanted)
                sources.setdefault(table.name, []).append(Supply(reading, (origins[wanted],)))
            else:
                near = did_you_mean(wanted, holder.tables)
                hint = f"{holder.name} has the table `{near}`; name" if near else "name"
                missing[table.name] = f"the table would be called `{wanted}`: {hint} another with `table` in a binding"
    return sources, missing


def _load_table(state: _State, table: Table, supplies: Sequence[Supply]) -> None:
    """Publish one table under its name: straight if nothing is wrong with it, else row by row."""
    bound = state.binding.tables.get(table.name) if state.binding else None
    distinct = bound is not None and bound.distinct
    origins = [origin for supply in supplies for origin in supply.origins]
    if state.members:
        for origin in origins:
            check_counts(state.schema, table, origin.file, dict(origin.columns), state.findings)
    feeds = [_feeds(state, table, supply) for supply in supplies]
    known = {each: _known_ids(each) for each in references(state.schema, table) if each.table in state.known}
    if all(origin.sound for origin in origins):
        feedings = [
            Feeding(feed, _until(supply.bound, table))
            for supply, those in zip(supplies, feeds, strict=True)
            for feed in those
        ]
        left = read_directly(Direct(state.connection, table, feedings, distinct, known))
        if left is not None:
            parts = [supply.bound.part if supply.bound else "" for supply in supplies for _ in supply.origins]
            state.left_out += [
                LeftOut(table.name, parts[each.at], origins[each.at].file, each.reason, each.rows) for each in left
            ]
            state.known.add(table.name)
            return
    stage = Stage(state.connection, table, [(origin.file, origin.line_of) for origin in origins])
    first = 0
    for supply, those in zip(supplies, feeds, strict=True):
        _convert(state, table, supply, those, first)
        first += len(supply.origins)
    _leave_out_empty_spans(state, stage, supplies)
    if distinct:
        _leave_out_repeated(state, stage, supplies)
    check_stage_entries(stage, state.findings)
    state.allowance.settle(stage, known, state.findings)
    check_stage(stage, state.findings)
    for reference, relation in known.items():
        check_stage_reference(stage, reference, relation, state.findings)
    if all(origin.sound for origin in origins) and stage.fetch("SELECT count(*) FROM stage WHERE NOT sound") == [(0,)]:
        state.known.add(table.name)
    publish(state.connection, table.name, layout(table))


def _feeds(state: _State, table: Table, supply: Supply) -> list[Feed]:
    """How each origin of a supply feeds the table."""
    rules = rules_for(table, supply.bound, state.binding.settings if state.binding else DEFAULTS)
    return [feed(state.uses, table, origin, rules, supply.bound) for origin in supply.origins]


def _known_ids(reference: Reference) -> str:
    """SQL for the ids of the table that a column refers to."""
    return f"(SELECT {database.identifier(reference.key)} AS id FROM {database.identifier(reference.table)})"


def _convert(state: _State, table: Table, supply: Supply, feeds: Sequence[Feed], first: int) -> None:
    """Stage the rows of one supply, and note which its `where` leaves out."""
    keys = len(table.keys) + 2 * table.dated
    counts = convert(state.connection, table.name, feeds, keys, state.findings, first=first)
    part = supply.bound.part if supply.bound else ""
    for origin, count in zip(supply.origins, counts, strict=True):
        if count:
            state.left_out.append(LeftOut(table.name, part, origin.file, "where", count))


def _leave_out_empty_spans(state: _State, stage: Stage, supplies: Sequence[Supply]) -> None:
    """Leave out spans that end before their first day because their last day is not included."""
    names = span_names(stage.table)
    if names is None:
        return
    bounds = [supply.bound for supply in supplies for _ in supply.origins]
    files = [str(at) for at, bound in enumerate(bounds) if _until(bound, stage.table)]
    if files:
        at = positions(stage.table)
        empty = f"v{at[names[1]]} = v{at[names[0]]} - 1 AND file IN ({', '.join(files)})"
        _leave_out(state, stage, supplies, empty, "empty span")


def _until(bound: TableBinding | None, table: Table) -> bool:
    """Whether the last day of a row's span is not included in it."""
    ends = ends_of_spans(table)
    return bound is not None and any(name in bound.columns and bound.columns[name].until for name in ends)


def _leave_out_repeated(state: _State, stage: Stage, supplies: Sequence[Supply]) -> None:
    """Leave out rows that agree with an earlier one in every column."""
    _leave_out(state, stage, supplies, repeated_sql(stage), "distinct")


def _leave_out(state: _State, stage: Stage, supplies: Sequence[Supply], condition: str, reason: str) -> None:
    """Delete the sound rows of which a condition holds, and note how many of each file there were."""
    parts = [supply.bound.part if supply.bound else "" for supply in supplies for _ in supply.origins]
    where = f"WHERE sound AND {condition}"
    for file, count in stage.fetch(f"SELECT file, count(*) FROM stage {where} GROUP BY file ORDER BY file"):
        state.left_out.append(LeftOut(stage.table.name, parts[file], stage.files[file][0], reason, count))
    stage.connection.execute(f"DELETE FROM stage {where}")
