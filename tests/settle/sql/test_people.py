"""DuckDB settles without a row of people in Python: a state's members would not fit there."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from mhrules.compiler import Compilation
from mhrules.data.dataset import Dataset, Row
from mhrules.data.load import load
from mhrules.data.rules import layout
from mhrules.data.synth.hints import hints_of
from mhrules.data.synth.population import write_population
from mhrules.data.synth.setting import Request
from mhrules.locate import program_path
from mhrules.settle.outputs import write
from mhrules.settle.run import DUCKDB, settle
from tests.settle.sql.test_regressions import HEAD, PEOPLE, YEAR, people
from tests.strategies.settled import plan_of


def test_no_row_of_people_is_read_into_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compilation = Compilation(program_path("rhode_island_csi"))
    plan, program = compilation.plan, compilation.program
    assert program is not None
    first = plan.calendar.year_first(2009)
    request = Request(members=60, practices=4, first=first, last=first + 11, seed=3)
    write_population(plan.schema, request, tmp_path, hints_of(program), file_format="parquet")
    people = {table.name for table in plan.schema.tables if "person_id" in (each.name for each in layout(table))}
    rows = Dataset.rows

    def of_others(dataset: Dataset, table: str) -> list[Row]:
        assert table not in people
        return rows(dataset, table)

    monkeypatch.setattr(Dataset, "rows", of_others)
    settled = settle(plan, load(plan.schema, tmp_path), 2009, engine=DUCKDB)
    assert (settled.engine, settled.handed_over) == (DUCKDB, "")
    assert settled.postings
    assert write(settled, tmp_path / "out")


def test_the_database_forgets_a_settlement_that_nobody_has() -> None:
    body = 'payment flat "Flat" { per practice per year; pays $120 }\n'
    plan = plan_of(f"{HEAD}{PEOPLE}{body}}}\n")
    names = {table.name for table in plan.schema.tables}
    dataset = Dataset.from_rows(plan.schema, {name: rows for name, rows in people().items() if name in names})
    settled = settle(plan, dataset, YEAR, engine=DUCKDB)
    assert settled.compiled is not None
    connection = settled.compiled.store.connection
    assert settled.postings
    del settled
    with pytest.raises(duckdb.ConnectionException):
        connection.execute("SELECT 1")
    assert settle(plan, dataset, YEAR, engine=DUCKDB).postings
