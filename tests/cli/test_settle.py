"""`mhrules settle`."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.cli.cases import DATA, document, run, settle, written

SHOWN = """\
Maple Valley shared savings, edition 2024: settlement of 2024, run 1

green (Green Health Plan)
                                         not
  payment         paid  gated  participating     amount
  shared_savings     1      1              0  $4,000.00
  --------------  ----  -----  -------------  ---------
  total              1      1              0  $4,000.00

blue (Blue Health Plan)
                                         not
  payment         paid  gated  participating     amount
  shared_savings     1      1              0  $1,000.00
  --------------  ----  -----  -------------  ---------
  total              1      1              0  $1,000.00

all payers: $5,000.00
"""
FILES = ["manifest.json", "participation.csv", "postings.csv", "quantities.csv"]


def test_a_table_per_payer_and_the_files(tmp_path: Path) -> None:
    result = settle(written(tmp_path))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(SHOWN)
    assert "written to" in result.stdout
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == FILES
    rows = list(csv.DictReader((tmp_path / "out" / "postings.csv").open()))
    assert sum(Decimal(row["amount"]) for row in rows) == Decimal("5000.00")
    assert {row["run"] for row in rows} == {"1"}


def test_both_engines_write_the_same(tmp_path: Path) -> None:
    settle(written(tmp_path), "--engine", "reference")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").glob("*.csv")}
    told = document(settle(tmp_path, "--format", "json"))
    assert (told["engine"], told["handed_over"]) == ("duckdb", "")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").glob("*.csv")} == before


def test_what_duckdb_hands_over_is_said(tmp_path: Path) -> None:
    facts = next((written(tmp_path) / "data").glob("*.csv"))
    facts.write_text("\n".join(facts.read_text().splitlines()[:2]) + "\n")
    result = settle(tmp_path, "--hold")
    assert result.exit_code == 1
    assert "settled by the interpreter, which takes longer on many members: something fails" in " ".join(
        result.stderr.split()
    )


def rows_of(path: Path) -> tuple[list[tuple[str, str]], list[tuple[object, ...]]]:
    """The columns of a Parquet file with their types, and its rows."""
    found = duckdb.execute("FROM read_parquet(?)", [str(path)])
    return [(name, str(kind)) for name, kind, *_ in found.description], found.fetchall()


def test_parquet_has_types_the_same_rows_from_both_engines_and_the_same_bytes_again(tmp_path: Path) -> None:
    written(tmp_path)
    for folder, engine, threads in (("duckdb", "duckdb", 1), ("again", "duckdb", 2), ("reference", "reference", 1)):
        options = ("--files", "parquet", "--engine", engine, "--threads", threads, "--out", tmp_path / folder)
        result = settle(tmp_path, *options)
        assert (result.exit_code, result.stderr) == (0, "")
    names = ["participation.parquet", "postings.parquet", "quantities.parquet"]
    for name in names:
        assert rows_of(tmp_path / "duckdb" / name) == rows_of(tmp_path / "reference" / name)
        assert (tmp_path / "duckdb" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert sorted(path.name for path in (tmp_path / "duckdb").iterdir()) == ["manifest.json", *names]
    postings = str(tmp_path / "duckdb" / "postings.parquet")
    kinds = {name: kind for name, kind, *_ in duckdb.execute("DESCRIBE FROM read_parquet(?)", [postings]).fetchall()}
    assert (kinds["amount"], kinds["price"]) == ("DECIMAL(38,2)", "DECIMAL(38,12)")
    assert (kinds["posted_on"], kinds["payer"]) == ("DATE", "VARCHAR")
    found = duckdb.execute("SELECT practice, amount FROM read_parquet(?) WHERE payer = 'green'", [postings]).fetchall()
    assert found == [("p1", Decimal("4000.00")), ("p2", Decimal("0.00"))]


def test_files_of_an_earlier_settlement_go_and_others_stay(tmp_path: Path) -> None:
    settle(written(tmp_path), "--detail")
    (tmp_path / "out" / "notes.txt").write_text("mine", encoding="utf-8")
    settle(tmp_path, "--files", "parquet")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    expected = ["notes.txt", "participation.parquet", "postings.parquet", "quantities.parquet"]
    assert names == ["manifest.json", *expected]


def test_memory_and_threads_are_given_to_the_database(tmp_path: Path) -> None:
    (tmp_path / "big").mkdir()
    options = ("--memory", "500MB", "--threads", "1", "--temporary", tmp_path / "big")
    assert settle(written(tmp_path), *options).exit_code == 0
    assert list((tmp_path / "big").iterdir()) == []
    refused = settle(tmp_path, "--memory", "much")
    assert (refused.exit_code, "`much` is no amount of memory" in refused.stderr) == (2, True)


def test_run_and_date_are_as_given(tmp_path: Path) -> None:
    result = settle(written(tmp_path), "--run", "final-2", "--posted-on", "2025-06-30")
    assert result.exit_code == 0
    rows = list(csv.DictReader((tmp_path / "out" / "postings.csv").open()))
    assert {(row["run"], row["posted_on"]) for row in rows} == {("final-2", "2025-06-30")}


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    settle(written(tmp_path))
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    settle(tmp_path)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_as_json(tmp_path: Path) -> None:
    shown = document(settle(written(tmp_path), "--format", "json"))
    assert (shown["program"], shown["year"], shown["total"], shown["held"]) == ("maple", 2024, "5000.00", False)
    assert [(each["payer"], each["total"]["amount"]) for each in shown["payers"]] == [
        ("green", "4000.00"),
        ("blue", "1000.00"),
    ]
    assert shown["payers"][0]["payments"] == [
        {"payment": "shared_savings", "paid": 1, "gated": 1, "not_participating": 0, "amount": "4000.00"}
    ]
    assert [Path(name).name for name in shown["files"]] == [
        "postings.csv",
        "participation.csv",
        "quantities.csv",
        "manifest.json",
    ]


def test_warnings_of_the_data_go_to_stderr(tmp_path: Path) -> None:
    data = DATA.replace("quality\n", "quality,note\n").replace("0.80\n", "0.80,x\n").replace("0.65\n", "0.65,\n")
    result = settle(written(tmp_path, data=data.replace("0.70\n", "0.70,\n")))
    assert result.exit_code == 0
    assert "warning[MH612]" in result.stderr
    assert result.stdout.startswith(SHOWN)


def test_a_fault_lists_itself_and_writes_nothing(tmp_path: Path) -> None:
    result = settle(written(tmp_path, data=DATA.replace("p2,blue,2024,10000,7000,0.70\n", "")))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error[MH701]" in result.stderr
    assert not (tmp_path / "out").exists()


def test_hold_posts_what_fails_as_held(tmp_path: Path) -> None:
    result = settle(written(tmp_path, data=DATA.replace("p2,blue,2024,10000,7000,0.70\n", "")), "--hold")
    assert result.exit_code == 1
    assert "error[MH701]" in result.stderr
    assert "  further lines: 1 held\n" in result.stdout
    statuses = [row["status"] for row in csv.DictReader((tmp_path / "out" / "postings.csv").open())]
    assert sorted(statuses) == ["gated", "gated", "held", "paid"]


def test_faults_of_the_data_end_with_1(tmp_path: Path) -> None:
    result = settle(written(tmp_path, data=DATA.replace("90000", "90000.123")))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "practice_payer_year.csv line 2, column spending" in result.stderr


def test_faults_as_a_document(tmp_path: Path) -> None:
    result = settle(written(tmp_path, data=DATA.replace("90000", "90000.123")), "--format", "json")
    assert (result.exit_code, result.stderr) == (1, "")
    assert [found["code"] for found in document(result)["findings"]] == ["MH621"]


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [("--data", "nowhere", "MH601"), ("--binding", "nowhere.toml", "MH640"), ("--year", "2030", "MH730")],
)
def test_what_cannot_be_meant_ends_with_2(tmp_path: Path, option: str, value: str, code: str) -> None:
    result = settle(written(tmp_path), option, value)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"error[{code}]" in result.stderr
    assert not (tmp_path / "out").exists()


def test_an_output_path_that_is_a_file(tmp_path: Path) -> None:
    (written(tmp_path) / "out").write_text("mine")
    result = settle(tmp_path)
    assert (result.exit_code, (tmp_path / "out").read_text()) == (2, "mine")
    assert "error[MH732]" in result.stderr


def test_an_output_folder_without_a_name(tmp_path: Path) -> None:
    result = settle(written(tmp_path), "--out", "")
    assert (result.exit_code, "the output folder has no name" in result.stderr) == (2, True)


def test_a_year_is_a_year(tmp_path: Path) -> None:
    assert settle(written(tmp_path), "--year", "24").exit_code == 2
    assert run("settle", tmp_path / "maple").exit_code == 2
