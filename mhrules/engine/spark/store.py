"""Relations in two places: those that hold people or records in Spark, all others in DuckDB on the driver."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhrules.data.database import identifier
from mhrules.engine.elements import MEMBER, PROVIDER
from mhrules.engine.records import KINDS
from mhrules.engine.spark.session import Cluster
from mhrules.engine.sql.about import About
from mhrules.engine.sql.dialect import DuckDB
from mhrules.engine.sql.store import Statement, Store

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from pyspark.sql import DataFrame

PERSONAL = frozenset((MEMBER, PROVIDER, *KINDS, "person", "id", "claim_id", "npi"))
"""Columns that name a person, a provider or a record: what has one is as large as the data, and stays in Spark."""
_TEXTS = re.compile(r"'(?:[^']|'')*'")
_SOURCES = re.compile(r'\b(?:FROM|JOIN)\s+"?([A-Za-z_]\w*)"?')
_VIEW = "CREATE OR REPLACE TEMP VIEW "
_SMALL = 200_000  # rows of a relation that every worker is given whole


class SparkStore(Store):
    """A statement that reads a relation of Spark runs there; its result is fetched if it names nobody.

    Relations of DuckDB that such a statement reads are sent to Spark first, each once.
    """

    def __init__(self, connection: DuckDBPyConnection, cluster: Cluster, tables: Iterable[str]) -> None:
        super().__init__(connection, DuckDB())
        self._cluster = cluster
        self._tables = frozenset(tables)
        self._there = set(tables)  # relations of Spark
        self._given: set[str] = set()  # relations of DuckDB that Spark has been sent

    def _make(self, name: str, sql: str, about: About | None = None, rows: Sequence[tuple[Any, ...]] = ()) -> None:
        """Make a relation where it belongs."""
        if not name or rows or not self.of_people(sql):
            super()._make(name, sql, about, rows)
            return
        self.statements.append(Statement(name, sql, about))
        with self._cluster.work(f"it works out `{name}`"):
            frame = self._frame(sql.split(" AS\n", 1)[1])
            if PERSONAL.isdisjoint(frame.columns):
                self._fetch(name, frame)
            else:
                # Cut from what it was made of: plans that hold each other's plans grow beyond all memory. A view only
                # adds to a relation that has been cut.
                cut = frame if sql.startswith(_VIEW) else frame.localCheckpoint()
                cut.createOrReplaceTempView(name)
                self._there.add(name)

    def _drop(self, name: str) -> None:
        """Drop a relation where it is."""
        if name not in self._there:
            super()._drop(name)
            return
        self._there.discard(name)
        with self._cluster.work(f"it drops `{name}`"):
            self._cluster.session.catalog.dropTempView(name)

    def batches(self, sql: str, size: int) -> Iterator[list[Any]]:
        """The one column that a query finds, so many values at a time."""
        if not self.of_people(sql):
            yield from super().batches(sql, size)
            return
        with self._cluster.work("it answers a question"):
            found = self._frame(sql).toLocalIterator()
            while values := [value for (value,) in islice(found, size)]:
                yield values

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query finds."""
        if not self.of_people(sql):
            return super().rows(sql)
        with self._cluster.work("it answers a question"):
            return [tuple(map(_plain, row)) for row in self._frame(sql).collect()]

    def columns(self, table: str) -> list[str]:
        """The names of a relation's columns in order."""
        if table not in self._there:
            return super().columns(table)
        with self._cluster.work(f"it describes `{table}`"):
            return list(self._cluster.session.table(table).columns)

    def write(self, sql: str, path: Path) -> int:
        """Write what a query finds as a folder of Parquet files that is not there yet; how many rows there are.

        Raises:
            DiagnosticError: Spark has failed, or cannot write there (MH664).
        """
        with self._cluster.work(f"it writes `{path.name}`"):
            frame = self._frame(sql)
            frame.write.parquet(path.resolve().as_uri())
            return int(self._cluster.session.read.schema(frame.schema).parquet(path.resolve().as_uri()).count())

    def close(self) -> None:
        """Let Spark forget all relations that it keeps."""
        for name in self._there - self._tables:
            with contextlib.suppress(Exception):  # Spark may be gone
                self._cluster.session.catalog.dropTempView(name)

    def of_people(self, sql: str) -> bool:
        """Whether a statement reads a relation that is in Spark."""
        return not self._there.isdisjoint(_read_by(sql))

    def _frame(self, sql: str) -> DataFrame:
        for name in dict.fromkeys(_read_by(sql)):
            if name not in self._there and name not in self._given:
                self._send(name)
        return self._cluster.sql(sql)

    def _send(self, name: str) -> None:
        """Give Spark a relation of DuckDB under its name."""
        described = self.connection.execute(f"DESCRIBE {identifier(name)}").fetchall()
        listed = ", ".join(_as_sent(str(column), str(kind)) for column, kind, *_ in described)
        arrow: Any = self.connection.sql(f"SELECT {listed} FROM {identifier(name)}").to_arrow_table()
        frame = self._cluster.session.createDataFrame(arrow)
        if arrow.num_rows <= _SMALL:
            frame = frame.hint("broadcast")
        frame.createOrReplaceTempView(name)
        self._given.add(name)

    def _fetch(self, name: str, frame: DataFrame) -> None:
        """Bring a relation of Spark to DuckDB under its name."""
        arrow = frame.toArrow()
        listed = ", ".join(_as_fetched(each.name, str(each.type)) for each in arrow.schema)
        self.connection.register("fetched", arrow)
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {listed} FROM fetched")
        self.connection.unregister("fetched")


def _read_by(sql: str) -> list[str]:
    """The relations that a statement reads."""
    return _SOURCES.findall(_TEXTS.sub("''", sql))


def _as_sent(column: str, kind: str) -> str:
    name = identifier(column)
    return f"{name}::DECIMAL(38,0) AS {name}" if kind == "HUGEINT" else name


def _as_fetched(column: str, kind: str) -> str:
    name = identifier(column)
    if kind.startswith("decimal"):
        return f"{name}::HUGEINT AS {name}"
    return f"{name}::INTEGER AS {name}" if kind == "null" else name


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return int(value) if isinstance(value, Decimal) else value
