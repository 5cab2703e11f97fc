"""The programs of the repository by both engines: on invented people, and on public data where they are present."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhrules.compiler import Compilation
from mhrules.data.binding import read_binding
from mhrules.data.load import load
from mhrules.data.synth.hints import hints_of
from mhrules.data.synth.population import write_population
from mhrules.data.synth.setting import Request
from mhrules.locate import program_path, shipped_programs
from tests.settle.sql.both import both

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT.parent / "shared" / "data"


@pytest.mark.parametrize("name", shipped_programs())
def test_both_engines_settle_invented_people_alike(name: str, tmp_path: Path) -> None:
    compilation = Compilation(program_path(name))
    plan, program = compilation.plan, compilation.program
    assert program is not None
    last = plan.calendar.year_of(plan.last_month or plan.first_month + 12)
    year = min(plan.calendar.year_of(plan.first_month) + 1, last)
    first = plan.calendar.year_first(year)
    request = Request(members=60, practices=4, first=first, last=first + 11, seed=5)
    write_population(plan.schema, request, tmp_path, hints_of(program))
    found = both(plan, load(plan.schema, tmp_path), year)
    assert found.differences == ()
    assert not found.needlessly, found.handed_over


@pytest.mark.parametrize(
    ("name", "data", "year"),
    [
        *(("mssp", "mssp", year) for year in (2014, 2016, 2018, 2021)),
        ("nebraska", "synthea_nebraska", 2018),
        ("tuva_demo", "tuva_demo", 2018),
    ],
)
def test_both_engines_settle_public_data_alike(name: str, data: str, year: int) -> None:
    if not (SHARED / data).is_dir():
        pytest.skip("the shared data folder is absent")
    folder = ROOT / "programs" / name
    plan = Compilation(folder).plan
    found = both(plan, load(plan.schema, SHARED / data, read_binding(folder / "binding.toml")), year)
    assert found.reference.postings
    assert (found.handed_over, found.differences) == ("", ())
