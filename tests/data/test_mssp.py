"""The real results files of the Medicare Shared Savings Program, through the binding that the program ships."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from mhrules.data.binding import read_binding
from mhrules.data.dataset import Dataset
from mhrules.data.load import load
from mhrules.data.schema import Column, ColumnKind, Schema, Table

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "mssp"
BINDING = ROOT / "programs" / "mssp" / "binding.toml"
K = ColumnKind
TRACKS = tuple("track_1 track_1_plus track_2 track_3 basic_a basic_b basic_c basic_d basic_e enhanced".split())


def rate(name: str, *, optional: bool) -> Column:
    return Column(name, K.PERCENT, 9, 0, 10**9, optional=optional)


SCHEMA = Schema(
    "aco",
    (
        Table(
            "aco_year",
            (Column("aco_id", K.TEXT), Column("year", K.INTEGER)),
            (
                Column("track", K.CODE, codes=TRACKS),
                Column("benchmark", K.MONEY, 2),
                Column("expenditure", K.MONEY, 2),
                rate("minimum_rate", optional=False),
                rate("quality_score", optional=True),
                Column("met_quality", K.YES_NO, optional=True),
                rate("published_rate", optional=True),
                Column("disaster_adjustment", K.MONEY, 2, optional=True),
            ),
        ),
    ),
)
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data folder is not there")


@pytest.fixture(scope="module")
def mssp() -> Dataset:
    return load(SCHEMA, DATA, read_binding(BINDING))


@needs_data
def test_every_results_file_is_read_and_nothing_else(mssp: Dataset) -> None:
    files = sorted(p.name for p in DATA.glob("mssp_20[0-9][0-9].csv"))
    assert [i.name for i in mssp.inputs] == files
    assert sum(i.rows for i in mssp.inputs) == len(mssp.rows("aco_year"))
    assert mssp.warnings == ()


@needs_data
def test_every_cell_is_exact(mssp: Dataset) -> None:
    rows = {row[0]: row for row in mssp.rows("aco_year")}
    for file in mssp.inputs:
        with (DATA / file.name).open(encoding="utf-8", newline="") as text:
            for source in csv.DictReader(text):
                row = rows[source["case_id"]]
                assert row[1] == int(source["performance_year"])
                assert row[2] == source["track"].lower().replace("+", "_plus").replace(" ", "_")
                assert row[7] == {"": None, "1": True, "0": False}[source["in_met_qps"]]
                for at, name, places in (
                    (3, "in_benchmark_total", 2),
                    (4, "in_expenditure_total", 2),
                    (5, "in_msr", 9),
                    (6, "in_quality_score", 9),
                    (8, "in_final_sharing_rate_published", 9),
                    (9, "in_disaster_adjustment", 2),
                ):
                    value = row[at]
                    expected = Decimal(source[name]).scaleb(places) if source[name] else None
                    assert value == expected, (source["case_id"], name)


def test_other_years_and_spellings(tmp_path: Path) -> None:
    header = (
        "case_id,performance_year,aco_id,aco_name,track,risk,assigned_beneficiaries,in_benchmark_total,"
        "in_expenditure_total,in_msr,in_quality_score,in_met_qps,in_track_max_rate,in_track_payment_cap_pct,"
        "in_final_sharing_rate_published,in_disaster_adjustment,in_rev_loss_limit_flag,pub_benchmark_minus_exp,"
        "pub_generated_savings_loss,pub_earned_savings_loss\r\n"
    )
    tail = ",,two,1,100.00,90.00,0.02,,,0.5,0.1,0.47000000000000003,,,,,\r\n"
    spellings = ["Track 1", "Track 1+ Model", "BASIC E", "Level C", "Basic B", "ENHANCED", "Enhanced"]
    rows = "".join(
        f"m{at},2022,,{track}{tail}".replace(f",{track},,", f",,{track},") for at, track in enumerate(spellings)
    )
    (tmp_path / "mssp_2022.csv").write_bytes((header + rows).encode())
    (tmp_path / "mssp_quality_py2022_even.csv").write_text("case_id\nx\n")
    data = load(SCHEMA, tmp_path, read_binding(BINDING))
    assert [row[2] for row in data.rows("aco_year")] == [
        "track_1",
        "track_1_plus",
        "basic_e",
        "basic_c",
        "basic_b",
        "enhanced",
        "enhanced",
    ]
    assert {row[8] for row in data.rows("aco_year")} == {470000000}
    assert [d.code for d in data.warnings] == ["MH629"]
