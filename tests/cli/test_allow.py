"""`--allow CODE`: what passes, what is told and counted, and what may not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import mhrules
from mhrules.diagnostics.model import DiagnosticError
from tests.cli.cases import DATA, run, settle, written

TWICE = DATA + DATA.splitlines()[1] + "\n"


def test_nothing_passes_without_it(tmp_path: Path) -> None:
    result = settle(written(tmp_path, data=TWICE))
    assert (result.exit_code, "error[MH630]" in result.stderr) == (1, True)
    assert not (tmp_path / "out").exists()


def test_a_row_that_stands_twice_is_read_once_and_counted(tmp_path: Path) -> None:
    result = settle(written(tmp_path, data=TWICE), "--allow", "mh630", "--allow", "MH633")
    assert (result.exit_code, "warning[MH630]" in result.stderr) == (0, True)
    assert "all payers: $5,000.00" in result.stdout
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["allowed"] == {"MH630": 1, "MH633": 0}
    assert manifest["left_out"] == []


def test_explain_reads_the_same_data(tmp_path: Path) -> None:
    folder = written(tmp_path, data=TWICE)
    line = ("--payer", "green", "--practice", "p1", "--payment", "shared_savings", "--year", "2024")
    asked = ("explain", folder / "maple", "--data", folder / "data", *line)
    assert run(*asked).exit_code == 1
    assert "$4,000.00" in run(*asked, "--allow", "MH630").stdout


def test_a_code_that_may_not_be_allowed_is_wrong_usage(tmp_path: Path) -> None:
    result = settle(written(tmp_path), "--allow", "MH620")
    assert result.exit_code == 2
    told = " ".join(result.stderr.replace("│", " ").split())
    assert "MH620 may not be allowed" in told
    assert all(code in told for code in ("MH630", "MH631", "MH632", "MH633"))


def test_in_python(tmp_path: Path) -> None:
    folder = written(tmp_path, data=TWICE)
    program = mhrules.load(folder / "maple")
    with pytest.raises(DiagnosticError):
        mhrules.Data.from_folder(program, folder / "data")
    with pytest.raises(DiagnosticError, match="MH646"):
        mhrules.Data.from_folder(program, folder / "data", allow=["MH620"])
    data = mhrules.Data.from_folder(program, folder / "data", allow=["MH630"])
    assert [d.code for d in data.findings] == ["MH630"]


def test_rows_that_the_binding_leaves_out_are_in_the_manifest(tmp_path: Path) -> None:
    folder = written(tmp_path)
    binding = tmp_path / "binding.toml"
    binding.write_text('binding = 1\n[tables.practice_payer_year]\nwhere_not = { practice_id = "p2" }\n')
    assert settle(folder, "--binding", binding).exit_code == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    file = "practice_payer_year.csv"
    assert manifest["left_out"] == [
        {"table": "practice_payer_year", "part": "", "file": file, "reason": "where", "rows": 2}
    ]
