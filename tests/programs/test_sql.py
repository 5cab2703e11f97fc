"""Every program of the repository and every design sample as SQL: all of it, readable, and it runs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from mhrules import api
from mhrules.data.database import connect
from mhrules.data.dataset import create_tables
from mhrules.data.template import template_tables
from mhrules.engine.sql.layout import WIDTH
from mhrules.locate import shipped_programs
from mhrules.planned import Planned, planned
from mhrules.settle.payments import Books
from mhrules.settle.sql.compiled import Compiled
from tests.programs.test_programs import SAMPLE_GROUPS, SAMPLES

ROOT = Path(__file__).resolve().parents[2]


def _indent(line: str) -> int:
    """How far within a relation a line stands: a name there cannot be broken."""
    return len(line) - len(line.lstrip())


def assert_readable_and_whole(found: Planned) -> None:
    assert found.findings == ()
    assert [s.name for s in found.statements if s.about is None and not s.rows] == []
    assert {f"lines_{name}" for name in found.program.plan.payments} <= {each.name for each in found.relations}
    code = [line for line in found.sql.splitlines() if not line.lstrip().startswith("--")]
    too_long = [line for line in code if len(line) > max(WIDTH + 2, _indent(line) + WIDTH // 2 + 10)]
    assert too_long == []


@pytest.mark.parametrize("name", shipped_programs())
def test_a_program_is_sql_that_runs_on_empty_tables(name: str) -> None:
    program = api.load(name)
    found = planned(program)
    assert_readable_and_whole(found)
    connection = connect()
    create_tables(connection, program.schema)
    connection.execute(found.sql)
    made = {row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall()}
    views = "SELECT view_name FROM duckdb_views() WHERE temporary AND NOT internal"
    made |= {row[0] for row in connection.execute(views).fetchall()}
    assert made == {relation.name for relation in found.relations}


@pytest.mark.parametrize("group", SAMPLE_GROUPS)
def test_a_design_sample_is_sql(group: str, tmp_path: Path) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("the shared design folder is absent")
    for name in SAMPLE_GROUPS[group]:
        shutil.copy(SAMPLES / name, tmp_path / name)
    for codes in sorted((ROOT / "programs").glob("*/valuesets/*.csv")):
        (tmp_path / "valuesets").mkdir(exist_ok=True)
        shutil.copy(codes, tmp_path / "valuesets" / codes.name)
    assert_readable_and_whole(planned(api.load(tmp_path)))


def test_counts_of_members_are_sql_too() -> None:
    found = planned(api.load("rhode_island_csi"), counts=True)
    assert_readable_and_whole(found)
    assert "fact_practice_payer_month" in {relation.name for relation in found.relations}


def test_the_text_is_what_the_engine_runs_and_the_same_every_time() -> None:
    program = api.load("rhode_island_csi")
    one, two = planned(program, 2010), planned(api.load("rhode_island_csi"), 2010)
    assert one.sql == two.sql
    empty = api.Data.from_rows(program, {table.name: () for table in template_tables(program.schema)})
    compiled = Compiled(Books(program.plan, empty.dataset, 2010), empty.dataset, 2010)
    compiled.store.keeps_all = True
    compiled.everything()
    assert [(s.name, s.sql) for s in compiled.store.statements] == [(s.name, s.sql) for s in one.statements]


def test_rules_stand_above_what_they_become() -> None:
    text = planned(api.load("rhode_island_csi")).sql
    assert re.search(
        r"-- `care_management\.met`; a row for each practice and month\n"
        r"-- rhode_island_csi\.mh:50\n"
        r"--   let      met = prior_year\(number met of target_1, target_2, target_3\)\n"
        r"CREATE OR REPLACE TEMP TABLE q_care_management_met AS\n",
        text,
    )
