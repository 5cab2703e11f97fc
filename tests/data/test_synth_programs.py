"""A population for any program: each that comes with mhrules reads its own without a finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhrules.compiler import Compilation
from mhrules.data.load import load
from mhrules.data.synth.hints import hints_of
from mhrules.data.synth.population import write_population
from mhrules.data.synth.setting import Request
from mhrules.locate import program_path, shipped_programs


@pytest.mark.parametrize("name", shipped_programs())
def test_a_shipped_program_reads_its_population(name: str, tmp_path: Path) -> None:
    compilation = Compilation(program_path(name))
    plan, program = compilation.plan, compilation.program
    assert program is not None
    first = plan.calendar.year_first(plan.calendar.year_of(plan.first_month) + 1)
    request = Request(members=150, practices=5, first=first, last=first + 11, seed=11)
    written = write_population(plan.schema, request, tmp_path, hints_of(program))
    assert written and all(each.rows for each in written)
    assert load(plan.schema, tmp_path).warnings == ()
