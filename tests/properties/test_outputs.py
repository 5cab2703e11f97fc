"""The same input gives the same bytes, in one process and in others that order their sets in another way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings

from mhrules.settle import outputs, sheets
from mhrules.settle.ledger import Settlement
from tests.strategies.cases import Case, case_from, cases
from tests.strategies.dice import Seeded

ROOT = Path(__file__).parents[2]
SEEDS = (1, 2, 7, 11)
AGAIN = "import sys; from tests.properties.test_outputs import write_all; write_all(sys.argv[1])"


def files_of(settlement: Settlement) -> tuple[str, ...]:
    return tuple(made(settlement).text() for made in (sheets.postings, sheets.participation, sheets.quantities))


def write_all(folder: str) -> None:
    """Settle a few seeded cases and write their files; also run by other processes."""
    for seed in SEEDS:
        outputs.write(case_from(Seeded(seed)).settled(), Path(folder) / str(seed))


@settings(max_examples=max(10, settings.default.max_examples // 4))
@given(cases())
def test_settling_again_gives_the_same_files(case: Case) -> None:
    assert files_of(case.settled()) == files_of(case.settled())


def test_other_processes_write_the_same_bytes(tmp_path: Path) -> None:
    write_all(str(tmp_path / "here"))
    here = {path.relative_to(tmp_path / "here"): path.read_bytes() for path in (tmp_path / "here").rglob("*.*")}
    assert len(here) == 4 * len(SEEDS)
    for hash_seed in ("0", "4711"):
        there = tmp_path / hash_seed
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", AGAIN, str(there)], check=True, env=environment, cwd=ROOT)
        assert {path.relative_to(there): path.read_bytes() for path in there.rglob("*.*")} == here
