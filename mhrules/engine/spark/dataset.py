"""Facts of which people and records are in Spark, and all else is loaded as ever."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, field

from mhrules.classes import frozen
from mhrules.data.binding import Binding, TableBinding
from mhrules.data.dataset import Dataset, Input, Row, create_tables
from mhrules.data.load import load
from mhrules.data.origins import file_hash
from mhrules.data.population import ELIGIBILITY
from mhrules.data.presence import check_presence, has_members, only_counts, without_counts
from mhrules.data.reports import DataFindings
from mhrules.data.schema import Schema
from mhrules.diagnostics.model import DiagnosticError
from mhrules.diagnostics.registry import finding
from mhrules.engine.spark.footers import Place
from mhrules.engine.spark.session import Cluster
from mhrules.engine.spark.store import SparkStore
from mhrules.engine.spark.tables import Reader, find_people, of_people
from mhrules.source import Source, Span

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_ROWS = 2_000_000
"""Rows of people and records that the interpreter is given on one machine, where Spark hands over."""


class RowByRow(DiagnosticError):
    """A table of people was asked for row by row, which only the interpreter does."""

    def __init__(self, table: str) -> None:
        self.reason = f"the interpreter reads table `{table}`"
        why = f"table `{table}` is read row by row for this, which the Spark engine does not do"
        super().__init__([finding("MH665", why, help="use `--engine duckdb`")])


@frozen(eq=False, slots=False)
class SparkDataset(Dataset):
    """Facts in two places. Made by `load_on_spark`; `close` lets Spark go."""

    cluster: Cluster = field(kw_only=True)
    source: SparkSource = field(kw_only=True, repr=False)
    people: dict[str, Place] = field(kw_only=True, repr=False)
    practices: Dataset = field(kw_only=True, repr=False)
    _stores: list[SparkStore] = field(init=False, factory=list, repr=False)

    def rows(self, table: str) -> list[Row]:
        """The rows of a table that is not of people, sorted by key.

        Raises:
            RowByRow: the table is of people.
            KeyError: the program reads no such table.
        """
        if table in self.people:
            raise RowByRow(table)
        return self.practices.rows(table) if self.present(table) else []

    @property
    def workspace(self) -> Path | None:
        """The private folder of the database that has what is not of people."""
        return self.practices.workspace

    def connection(self) -> DuckDBPyConnection:
        """A locked-down DuckDB that holds every table that is not of people, absent ones empty."""
        return self.practices.connection()

    def store(self) -> SparkStore:
        """Where the relations of one settlement are made; Spark forgets those of an earlier one."""
        for store in self._stores:
            store.close()
        self._stores[:] = [SparkStore(self.session(), self.cluster, self.people)]
        return self._stores[0]

    def on_one_machine(self, reason: str) -> Dataset:
        """The same facts as the loader reads them, for the interpreter, to which Spark hands over for a reason.

        Raises:
            DiagnosticError: there are too many of them (MH666).
        """
        rows = sum(place.rows for place in self.people.values())
        if rows > MOST_ROWS:
            why = f"Spark cannot settle this, and {rows:,} rows are too many for the interpreter: {reason}"
            help = "correct what fails, or settle one practice or payer at a time; `explain-code MH666` says more"
            raise DiagnosticError([finding("MH666", why, help=help)])
        return self.source.loaded(self.people)

    def close(self) -> None:
        """Let go of Spark, and close the database."""
        for store in self._stores:
            store.close()
        self.cluster.close()
        self.practices.close()


@frozen
class SparkSource:
    """What facts are read from: the tables of a program, a folder, and how the tables of practices are read there."""

    schema: Schema
    folder: Path
    binding: Binding | None
    allow: tuple[str, ...]

    def loaded(self, people: Mapping[str, Place]) -> Dataset:
        """All facts as the loader reads them.

        Raises:
            DiagnosticError: with every fault.
        """
        binding = self.binding or Binding(Source("", ""), {})
        tables = dict(binding.tables)
        for name, place in people.items():
            files = tuple(path.relative_to(self.folder).as_posix() for path in place.counts)
            tables[name] = TableBinding(name, Span(binding.source, 0, 0), files=files)
        return load(self.schema, self.folder, evolve(binding, tables=tables), allow=self.allow)

    def of_practices(self, people: Mapping[str, Place]) -> Dataset:
        """The facts that are not of people, as the loader reads them.

        Raises:
            DiagnosticError: with every fault.
        """
        schema = without_counts(self.schema) if has_members(self.schema, people) else self.schema
        panel = self.schema.panel
        left_out = {table.name for table in schema.tables if of_people(table)}
        if any(table.name == panel and only_counts(table) for table in schema.tables):
            left_out.add(panel)
        tables = tuple(table for table in schema.tables if table.name not in left_out)
        found = load(evolve(schema, tables=tables, population=()), self.folder, self.binding, allow=self.allow)
        files = {place.file for place in people.values()}
        unread = [w for w in found.warnings if w.place is None or w.place.file.split("/")[0] not in files]
        return evolve(found, warnings=tuple(unread))


def load_on_spark(source: SparkSource, cluster: Cluster) -> SparkDataset:
    """Facts of a folder: tables of people and records by Spark, out of Parquet; all others as `data.load` does.

    A table of people is the file `NAME.parquet`, or a folder `NAME.parquet` or `NAME` of such files, with the model's
    own names; drivers and workers must see it under the same path.

    Raises:
        DiagnosticError: with every fault of the data (MH6xx); the engine does not read them so (MH665); Spark has
            failed (MH664).
    """
    findings = DataFindings()
    people = _people(source, findings)
    findings.raise_if_errors()
    practices = source.of_practices(people)
    reader = Reader(cluster, source.schema, findings, _participants(source.schema, practices))
    reader.read(people)
    findings.close()
    findings.raise_if_errors()
    schema = without_counts(source.schema)
    create_tables(
        practices.connection(), evolve(schema, tables=tuple(t for t in schema.tables if t.name not in people))
    )
    return SparkDataset(
        schema,
        inputs=tuple(sorted((*practices.inputs, *_inputs(people)), key=lambda each: each.name)),
        left_out=practices.left_out,
        allowed=practices.allowed,
        warnings=(*practices.warnings, *findings.sorted()),
        present=frozenset((*people, *(t.name for t in practices.schema.tables if practices.present(t.name)))),
        practices=practices,
        cluster=cluster,
        source=source,
        people=people,
    )


def _people(source: SparkSource, findings: DataFindings) -> dict[str, Place]:
    """Where the tables of people are; what this engine does not read is reported."""
    schema, folder = source.schema, source.folder
    if not folder.is_dir():
        message = f"data `{folder.name}` is no folder, and the Spark engine reads people from Parquet files in a folder"
        findings.report("MH665", message, help="give the folder, or use `--engine duckdb`")
        return {}
    for name, bound in ({} if source.binding is None else source.binding.tables).items():
        if any(table.name == name and of_people(table) for table in schema.tables):
            message = f"binding of table `{name}`: the Spark engine reads tables of people only as the model has them"
            help = "write the table with the model's names, and leave it out of the binding; or use `--engine duckdb`"
            findings.report("MH665", message, bound.span, help=help)
    people = find_people(schema, folder, findings)
    if ELIGIBILITY not in people and not findings.has_errors:
        message = f"no Parquet table `{ELIGIBILITY}`: without members there is nothing for Spark to do"
        findings.report("MH665", message, help="use `--engine duckdb`")
        return {}
    missing = {
        table.name: f"the table would be `{table.name}.parquet`, a file or a folder of files"
        for table in schema.tables
        if of_people(table) and table.name not in people
    }
    panel = [
        f"{schema.panel}{ending}" for ending in (".csv", ".parquet") if (folder / f"{schema.panel}{ending}").exists()
    ]
    files = {name: place.file for name, place in people.items()} | ({schema.panel: panel[0]} if panel else {})
    check_presence(schema, files, missing, findings)
    return people


def _participants(schema: Schema, practices: Dataset) -> list[str] | None:
    """The ids of the roster; None where there is no roster."""
    if not any(table.name == schema.roster for table in schema.tables) or not practices.present(schema.roster):
        return None
    return [str(row[0]) for row in practices.rows(schema.roster)]


def _inputs(people: Mapping[str, Place]) -> list[Input]:
    """The Parquet files of people with their hashes."""
    found = []
    for place in people.values():
        for path, rows in place.counts.items():
            name = place.file if path == place.path else f"{place.file}/{path.relative_to(place.path).as_posix()}"
            found.append(Input(name, file_hash(path), rows))
    return found
