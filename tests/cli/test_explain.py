"""`mhrules explain`."""

from __future__ import annotations

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
