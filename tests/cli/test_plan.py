"""`mhrules plan`: the SQL of a program, and what its relations are.

`.venv/bin/python -m tests.cli.test_plan` writes the pinned text anew; read the difference.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest

from mhrules import api
from mhrules.engine.sql.faults import Unsupported
from mhrules.engine.sql.relations import Relations
from tests.cli.cases import document, run, written

PINNED = Path(__file__).with_name("plan_maple.sql")


def test_the_whole_text_of_a_program_is_pinned(tmp_path: Path) -> None:
    result = run("plan", written(tmp_path) / "maple")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == PINNED.read_text(encoding="utf-8")
    assert run("plan", tmp_path / "maple", "--sql", "--year", "2024").stdout == result.stdout


def test_the_years_and_the_data_change_the_text(tmp_path: Path) -> None:
    folder = written(tmp_path)
    first = run("plan", folder / "maple").stdout
    assert run("plan", folder / "maple", "--year", "2025").stdout != first
    with_data = run("plan", folder / "maple", "--data", folder / "data")
    assert with_data.exit_code == 0
    assert "INSERT INTO practices VALUES ('p1', 24288), ('p2', 24288);" in with_data.stdout
    assert "INSERT INTO practices" not in first


def test_explained_at_80_columns(tmp_path: Path) -> None:
    folder = written(tmp_path)
    result = run("plan", folder / "maple", "--explain")
    assert (result.exit_code, result.stderr) == (0, "")
    assert max(map(len, result.stdout.splitlines())) <= 80
    (savings,) = re.findall(r"^q_savings\n((?:  .*\n)+)", result.stdout, re.MULTILINE)
    said = dict(line.split(maxsplit=1) for line in savings.splitlines())
    assert said["is"] == "`savings`"
    assert said["rule"] == "maple.mh:20"
    assert said["grain"] == "a row for each payer, practice and year"
    assert re.fullmatch(r"(BIGINT|HUGEINT): 2 places, .*", said["number"])
    assert said["reads"] == "rows_payer_practice_year, fact_practice_payer_year"
    assert "rows" not in said


def test_the_numbers_of_spark_have_its_own_type(tmp_path: Path) -> None:
    folder = written(tmp_path)
    told = run("plan", folder / "maple", "--explain", "--dialect", "spark").stdout
    assert "  number  DECIMAL(38,0): 2 places, " in told
    assert not re.search("BIGINT|HUGEINT", told)


def test_explained_with_data_counts_rows(tmp_path: Path) -> None:
    folder = written(tmp_path)
    shown = document(
        run("plan", folder / "maple", "--explain", "--data", folder / "data", "--year", "2024", "--format", "json")
    )
    rows = {relation["name"]: relation["rows"] for relation in shown["relations"]}
    assert (rows["practices"], rows["fact_practice_payer_year"], rows["lines_shared_savings"]) == (2, 4, 4)


def test_as_json(tmp_path: Path) -> None:
    shown = document(run("plan", written(tmp_path) / "maple", "--format", "json"))
    assert (shown["program"], shown["year"], shown["dialect"], shown["findings"]) == ("maple", 2024, "duckdb", [])
    (lines,) = (each for each in shown["statements"] if each["name"] == "lines_shared_savings")
    assert lines["what"] == "lines of payment `shared_savings`"
    assert lines["grain"] == ["payer", "practice", "posting period"]
    (rule,) = lines["rules"]
    assert (rule["file"], rule["line"]) == ("maple.mh", 22)
    assert rule["text"].startswith('payment shared_savings "Shared savings" {\n  per practice per year\n')
    assert lines["sql"].startswith("CREATE OR REPLACE TEMP TABLE lines_shared_savings AS\nSELECT\n")
    numbers = [fault["number"] for fault in shown["faults"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert {fault["code"] for fault in shown["faults"]} >= {"MH701", "MH703"}


def test_the_text_for_spark(tmp_path: Path) -> None:
    folder = written(tmp_path)
    result = run("plan", folder / "maple", "--dialect", "spark")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "HUGEINT" not in result.stdout
    assert "TEMP TABLE" not in result.stdout
    assert "CREATE OR REPLACE TEMPORARY FUNCTION half_up_div(n DECIMAL(38,0), d DECIMAL(38,0))" in result.stdout
    assert (
        "CREATE OR REPLACE TEMPORARY VIEW payers AS\n"
        "SELECT payer::STRING AS payer, first_month::INTEGER AS first_month\n"
        "FROM (VALUES ('blue', 24288), ('green', 24288)) AS t(payer, first_month);\n"
    ) in result.stdout
    names = [each["name"] for each in document(run("plan", folder / "maple", "--format", "json"))["statements"]]
    shown = document(run("plan", folder / "maple", "--dialect", "spark", "--format", "json"))
    assert shown["dialect"] == "spark"
    assert [each["name"] for each in shown["statements"] if each["name"]] == list(dict.fromkeys(filter(None, names)))


def test_what_relations_do_not_have_is_named_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise Unsupported("parameters by the phase of the moon")

    monkeypatch.setattr(Relations, "setting", refuse)
    result = run("plan", written(tmp_path) / "maple")
    assert result.exit_code == 1
    assert "error[MH903] the relations have no parameters by the phase of the moon" in result.stderr
    assert "maple.mh:26:13" in result.stderr
    assert "-- Without what has no SQL: the relations have no parameters by the phase" in result.stdout
    assert "lines_shared_savings" not in result.stdout
    assert "CREATE OR REPLACE TEMP TABLE participation" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--sql", "--explain"), 2, "give one of them"),
        (("--binding", "b.toml"), 2, "give --data too"),
        (("--counts", "--data", "data"), 2, "about empty tables"),
        (("--dialect", "oracle"), 2, "--dialect"),
        (("--year", "2030"), 2, "MH730"),
        (("--data", "nowhere"), 2, "MH601"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], code: int, said: str, tmp_path: Path) -> None:
    result = run("plan", written(tmp_path) / "maple", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr


def test_no_such_program_and_errors_in_the_text(tmp_path: Path) -> None:
    assert run("plan", tmp_path / "nothing").exit_code == 2
    folder = written(tmp_path)
    text = (folder / "maple" / "maple.mh").read_text(encoding="utf-8")
    (folder / "maple" / "maple.mh").write_text(text.replace("of savings", "of saving"), encoding="utf-8")
    result = run("plan", folder / "maple")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error[MH201]" in result.stderr


def _pin() -> None:
    """Write the pinned text anew."""
    from mhrules.planned import planned

    with tempfile.TemporaryDirectory() as folder:
        program = api.load(written(Path(folder)) / "maple")
    PINNED.write_text(planned(program).sql + "\n", encoding="utf-8")


if __name__ == "__main__":
    _pin()
