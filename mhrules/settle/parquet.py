"""Files of a settlement as Parquet: the same rows as CSV has, with types, and texts as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mhrules.data.database import fill, identifier, literal
from mhrules.data.dataset import Dataset
from mhrules.settle.sheets import TEXT, Cells

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from mhrules.settle.sql.texts import Query

_BATCH = 10_000  # rows of objects that are given to the database at once


@contextmanager
def parquet(dataset: Dataset, each: Cells | Query) -> Iterator[tuple[Path, int]]:
    """One file as Parquet in the private folder of the facts, as long as it is needed, and how many rows it has."""
    connection = dataset.session() if isinstance(each, Cells) else each.store.connection
    with TemporaryDirectory(dir=dataset.workspace) as folder:
        path = Path(folder).resolve() / each.sheet.name
        sql = _typed(connection, each) if isinstance(each, Cells) else each.typed()
        ((rows,),) = connection.execute(f"COPY ({sql}) TO {literal(str(path))} (FORMAT parquet)").fetchall()
        yield path, int(rows)


def _typed(connection: DuckDBPyConnection, cells: Cells) -> str:
    """The rows of objects as a query, with the types of their columns."""
    columns = cells.sheet.columns
    defined = ", ".join(f"{identifier(name)} VARCHAR" for name in columns)
    connection.execute(f"CREATE TEMP TABLE cells ({defined}, row_number BIGINT)")
    rows, at = iter(cells.rows()), 0
    while batch := list(islice(rows, _BATCH)):
        numbered = [[*map(str, column)] for column in zip(*batch, strict=True)]
        places = [str(at + number) for number in range(len(batch))]
        fill(connection, "cells", ["VARCHAR"] * len(columns) + ["BIGINT"], [*numbered, places])
        at += len(batch)
    listed = ", ".join(
        identifier(name) if kind == TEXT else f"CAST(nullif({identifier(name)}, '') AS {kind}) AS {identifier(name)}"
        for name, kind in columns.items()
    )
    return f"SELECT {listed} FROM cells ORDER BY row_number"
