"""A case that every way of running Spark settles, and what it must agree on with DuckDB."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from attrs import frozen

from mhrules.data.dataset import Dataset
from mhrules.engine.spark.dataset import SparkSource, load_on_spark
from mhrules.engine.spark.session import Cluster
from mhrules.plan.whole import Plan
from mhrules.settle.ledger import Settlement
from mhrules.settle.outputs import write
from mhrules.settle.run import SPARK, settle


@frozen(eq=False)
class Case:
    """A plan, a folder of Parquet, a year, and its settlement by DuckDB."""

    plan: Plan
    folder: Path
    year: int
    settled: Settlement

    def on(self, cluster: Cluster) -> Settlement:
        """The same settlement by Spark."""
        data = load_on_spark(SparkSource(self.plan.schema, self.folder, None, ()), cluster)
        return self.of(data)

    def of(self, data: Dataset) -> Settlement:
        """The settlement of facts that Spark has read."""
        return settle(self.plan, data, self.year, hold=True, engine=SPARK)


def told(settlement: Settlement) -> dict[str, Any]:
    """Everything that a settlement says, by kind."""
    return {
        "postings": settlement.postings,
        "participation": [(p.payer, p.practice, p.month, p.participates, p.missed) for p in settlement.participation],
        "quantities": [(q.report.name, q.row, q.value) for q in settlement.quantities],
        "measures": settlement.measures,
        "controls": settlement.controls,
        "findings": [(f.code, f.message) for f in settlement.findings],
    }


def attribution(settlement: Settlement, folder: Path) -> list[tuple[str, ...]]:
    """The rows of attribution as they are written, CSV or Parquet."""
    names = [path.name for path in write(settlement, folder)]
    if "attribution.csv" in names:
        with (folder / "attribution.csv").open(encoding="utf-8", newline="") as file:
            return sorted(tuple(row) for row in list(csv.reader(file))[1:])
    return read_parquet(folder / "attribution.parquet")


def read_parquet(folder: Path) -> list[tuple[str, ...]]:
    """The rows of a folder of Parquet files as the texts of a CSV file, sorted."""
    from pyarrow.parquet import read_table

    columns = read_table(folder).to_pydict().values()
    return sorted(tuple("" if cell is None else str(cell) for cell in row) for row in zip(*columns, strict=True))
