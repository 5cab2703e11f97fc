"""`mhrules explain`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result

from tests.cli.cases import DATA, document, run, written


def explain(
    folder: Path, *further: str, payer: str = "green", practice: str = "p1", payment: str = "shared_savings"
) -> Result:
    what = ("--payer", payer, "--practice", practice, "--payment", payment)
    return run("explain", folder / "maple", "--data", folder / "data", "--year", "2024", *what, *further)


def test_the_tree_of_an_amount(tmp_path: Path) -> None:
    result = explain(written(tmp_path))
    assert (result.exit_code, result.stderr) == (0, "")
    for words in ("$4,000.00", "maple.mh:26", "rate of savings", "spending", "$90,000.00"):
        assert words in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "\x1b[" not in result.stdout


def test_in_color(tmp_path: Path) -> None:
    assert "\x1b[" in explain(written(tmp_path), "--color", "always").stdout


def test_one_period(tmp_path: Path) -> None:
    assert explain(written(tmp_path), "--period", "2024").stdout == explain(tmp_path).stdout


def test_as_json(tmp_path: Path) -> None:
    shown = document(explain(written(tmp_path), "--format", "json", practice="p2"))
    assert (shown["payer"], shown["practice"], shown["payment"]) == ("green", "p2", "shared_savings")
    assert [(line["status"], line["reason"]) for line in shown["lines"]] == [("gated", "quality")]


@pytest.mark.parametrize(
    ("what", "code", "advice"),
    [
        ({"payer": "gren"}, "MH733", "did you mean `green`?"),
        ({"practice": "q9"}, "MH734", "`p1`, `p2`"),
        ({"payment": "shared_saving"}, "MH735", "did you mean `shared_savings`?"),
    ],
)
def test_a_name_that_is_not_there(tmp_path: Path, what: dict[str, str], code: str, advice: str) -> None:
    result = explain(written(tmp_path), **what)  # type: ignore[arg-type]
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"error[{code}]" in result.stderr
    assert advice in " ".join(result.stderr.split())


def test_a_period_that_is_not_there(tmp_path: Path) -> None:
    result = explain(written(tmp_path), "--period", "2024-03")
    assert (result.exit_code, "error[MH736]" in result.stderr) == (2, True)


def test_a_line_is_explained_although_another_fails(tmp_path: Path) -> None:
    result = explain(written(tmp_path, data=DATA.replace("p2,blue,2024,10000,7000,0.70\n", "")))
    assert (result.exit_code, "$4,000.00" in result.stdout) == (0, True)
    assert result.stderr == "1 error in this year: `mhrules settle` lists them and posts nothing\n"


# ------------------------------------------------------------------------------------------------- a kept run


def kept(folder: Path, *further: str) -> Path:
    """The settlement of the program, with the run kept in `out/`."""
    what = (folder / "maple", "--data", folder / "data", "--year", "2024", "--out", folder / "out")
    assert run("settle", *what, *further).exit_code == 0
    return folder


def from_run(folder: Path, *further: str, practice: str = "p1") -> Result:
    what = ("--payer", "green", "--practice", practice, "--payment", "shared_savings")
    return run("explain", folder / "maple", "--run", folder / "out", *what, *further)


@pytest.mark.parametrize("engine", ["reference", "duckdb"])
def test_a_kept_run_explains_what_its_data_do(tmp_path: Path, engine: str) -> None:
    kept(written(tmp_path), "--keep", "--engine", engine)
    for practice in ("p1", "p2"):
        one = document(explain(tmp_path, "--format", "json", practice=practice))
        two = document(from_run(tmp_path, "--format", "json", practice=practice))
        assert two.pop("notes") == ["worked out anew, equal to what the run posted"]
        assert one.pop("notes") == []
        assert one == two


def test_the_manifest_names_the_run(tmp_path: Path) -> None:
    kept(written(tmp_path))
    assert json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["kept"] is None
    kept(tmp_path, "--keep")
    assert json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["kept"] == "run.duckdb"


def test_a_folder_without_a_kept_run(tmp_path: Path) -> None:
    result = from_run(kept(written(tmp_path)))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "error[MH753]" in result.stderr
    assert "--keep" in result.stderr


def test_a_program_that_was_changed_since(tmp_path: Path) -> None:
    kept(written(tmp_path), "--keep")
    text = tmp_path / "maple" / "maple.mh"
    text.write_text(text.read_text(encoding="utf-8").replace("40%", "45%"), encoding="utf-8")
    result = from_run(tmp_path)
    assert result.exit_code == 2
    assert "error[MH754]" in result.stderr
    assert "`maple.mh`" in " ".join(result.stderr.split())


def test_a_run_stands_for_data_and_year(tmp_path: Path) -> None:
    kept(written(tmp_path), "--keep")
    both = from_run(tmp_path, "--year", "2024")
    assert (both.exit_code, "leave out" in both.stderr) == (2, True)
    neither = run("explain", tmp_path / "maple", "--payer", "green", "--practice", "p1", "--payment", "shared_savings")
    assert (neither.exit_code, "--data" in neither.stderr, "--run" in neither.stderr) == (2, True, True)
