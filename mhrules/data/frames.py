"""Facts given as data frames: through Arrow into DuckDB, then the same way as a Parquet file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mhrules.data import database
from mhrules.data.dataset import Dataset
from mhrules.data.feeds import Supply
from mhrules.data.given import unknown_tables
from mhrules.data.load import dataset_from_sources
from mhrules.data.origins import open_table
from mhrules.data.presence import check_presence
from mhrules.data.reports import DataFindings
from mhrules.data.schema import Schema
from mhrules.data.workspace import Workspace, removed_on_failure
from mhrules.diagnostics.model import DataPlace


def dataset_from_frames(schema: Schema, frames: Mapping[str, Any]) -> Dataset:
    """The facts of data frames, one per table (see `Dataset.from_frames`)."""
    findings = DataFindings()
    unknown_tables(schema, frames, findings)
    workspace = Workspace()
    with removed_on_failure(workspace):
        return _from_arrow(schema, frames, workspace, findings)


def _from_arrow(schema: Schema, frames: Mapping[str, Any], workspace: Workspace, findings: DataFindings) -> Dataset:
    connection = database.connect(workspace=workspace)
    sources: dict[str, list[Supply]] = {}
    for table in schema.tables:
        arrow = _arrow(table.name, frames[table.name], findings) if table.name in frames else None
        if arrow is not None:
            given = f"given {table.name}"
            connection.register(given, arrow)
            sources[table.name] = [Supply(None, (open_table(connection, "", given, table.name, ""),))]
    check_presence(schema, {name: name for name in sources}, {}, findings)
    dataset = dataset_from_sources(schema, connection, sources, findings, workspace=workspace)
    for name in sources:
        connection.unregister(f"given {name}")
    return dataset


def _arrow(name: str, frame: Any, findings: DataFindings) -> Any:
    """The frame as an Arrow table; None, with a finding, if it is none."""
    try:
        import pyarrow
    except ImportError:
        findings.report("MH650", "data frames need the package `pyarrow`", help="install `mhrules[arrow]`")
        findings.raise_if_errors()
    try:
        if isinstance(frame, pyarrow.Table):
            return frame
        if type(frame).__module__.startswith("pandas"):
            return pyarrow.Table.from_pandas(frame, preserve_index=False)
        if hasattr(frame, "__arrow_c_stream__"):
            return pyarrow.table(frame)
    except (pyarrow.ArrowException, TypeError, ValueError) as error:
        findings.report(
            "MH651",
            f"data frame of table `{name}` cannot be read",
            notes=str(error).splitlines()[0] if str(error) else "",
            help="a column must hold one kind of value: all text, all Decimals, all dates",
            place=DataPlace(name),
        )
        return None
    findings.report(
        "MH651",
        f"what was given for table `{name}` is not a data frame",
        help="give a pandas, Polars or Arrow table, or a DuckDB relation",
        place=DataPlace(name),
    )
    return None
