"""Every published result of the Medicare Shared Savings Program, recomputed from the rule text."""

from __future__ import annotations

import csv
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from mhrules.compiler import Compilation
from mhrules.data.binding import read_binding
from mhrules.data.dataset import Dataset
from mhrules.data.load import load
from mhrules.exact import ONE
from mhrules.plan.whole import Plan
from tests.interpreted import settle

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "programs" / "mssp"
DATA = ROOT.parent / "shared" / "data" / "mssp"
YEARS = (2014, 2016, 2018, 2021)
# Its savings are 2.98265% of the benchmark and its minimum rate is published as 2.98%, rounded to four places:
# paid by the published figure, not paid by CMS.
UNDECIDED = "mssp-2021-0183"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Compilation(PROGRAM).plan


@pytest.fixture(scope="module")
def dataset(plan: Plan) -> Dataset:
    if not DATA.is_dir():
        pytest.skip("the shared data folder is absent")
    return load(plan.schema, DATA, read_binding(PROGRAM / "binding.toml"))


def published(year: int) -> dict[str, dict[str, str]]:
    with (DATA / f"mssp_{year}.csv").open(encoding="utf-8", newline="") as file:
        return {row["case_id"]: row for row in csv.DictReader(file)}


def tolerance(row: dict[str, str]) -> Fraction:
    """$1.50, or half a unit of the published rate's last digit times the savings, whichever is more."""
    savings = abs(Fraction(row["in_benchmark_total"]) - Fraction(row["in_expenditure_total"]))
    exponent = Decimal(row["in_final_sharing_rate_published"]).as_tuple().exponent
    assert isinstance(exponent, int)
    return max(Fraction(3, 2), Fraction(1, 2) * Fraction(10) ** exponent * savings)


@pytest.mark.parametrize("year", YEARS)
def test_every_organization_is_paid_what_cms_published(plan: Plan, dataset: Dataset, year: int) -> None:
    rows = published(year)
    settlement = settle(plan, dataset, year)
    assert settlement.ok
    assert {p.practice for p in settlement.postings} == set(rows)
    amounts: dict[str, Fraction] = dict.fromkeys(rows, Fraction(0))
    for posting in settlement.postings:
        amounts[posting.practice] += Fraction(posting.amount, ONE)
    off = {
        case: (amounts[case], row["pub_earned_savings_loss"])
        for case, row in rows.items()
        if abs(amounts[case] - Fraction(row["pub_earned_savings_loss"] or 0)) > tolerance(row)
    }
    assert set(off) == ({UNDECIDED} if year == 2021 else set())


@pytest.mark.parametrize("year", YEARS)
def test_one_line_per_organization_and_payment(plan: Plan, dataset: Dataset, year: int) -> None:
    settlement = settle(plan, dataset, year)
    lines = {(p.practice, p.payment) for p in settlement.postings}
    assert len(lines) == len(settlement.postings) == 2 * len(published(year))


def test_all_shared_rows_are_read(dataset: Dataset) -> None:
    assert len(dataset.rows("aco_year")) == 1_788


def test_two_sided_organizations_owe_in_2018(plan: Plan, dataset: Dataset) -> None:
    owed = [p for p in settle(plan, dataset, 2018).postings if p.amount < 0]
    assert owed and {p.payment for p in owed} == {"shared_losses"}


HEADER = (
    "case_id,performance_year,aco_id,aco_name,track,risk,assigned_beneficiaries,in_benchmark_total,"
    "in_expenditure_total,in_msr,in_quality_score,in_met_qps,in_track_max_rate,in_track_payment_cap_pct,"
    "in_final_sharing_rate_published,in_disaster_adjustment,in_rev_loss_limit_flag,pub_benchmark_minus_exp,"
    "pub_generated_savings_loss,pub_earned_savings_loss"
)
OTHER_YEARS = {
    # year, the columns from track on as a file of that year has them, and what the rule pays
    2013: ("Track 1,one,9000,100000000.00,90000000.00,0.03,,,0.5,0.1,0.5,,,,,", "4900000.00"),
    2015: ("Track 2,two,9000,100000000.00,110000000.00,0.02,,,0.6,0.15,0.5,,,,,", "-5000000.00"),
    2017: ("Track 1,one,9000,100000000.00,70000000.00,0.03,0.9,1,0.5,0.1,0.45,,,,,", "10000000.00"),
    2019: ("BASIC E,two,9000,100000000.00,90000000.00,0.02,0.925,1,0.5,0.1,0.46,,0,,,", "4625000.00"),
    2020: ("ENHANCED,two,9000,100000000.00,105000000.00,0.02,0.9,1,0.75,0.2,0.68,,0,,,", "0.00"),
    2022: ("BASIC B,one,9000,100000000.00,90000000.00,0.02,0.8,1,0.4,0.1,,,0,,,", "3920000.00"),
    2023: ("BASIC C,two,9000,100000000.00,104000000.00,0.02,0.8,1,0.5,0.1,0.5,-200000.00,0,,,", "-1000000.00"),
}


@pytest.mark.parametrize("year", OTHER_YEARS)
def test_years_that_are_not_in_the_shared_folder(plan: Plan, tmp_path: Path, year: int) -> None:
    columns, expected = OTHER_YEARS[year]
    (tmp_path / f"mssp_{year}.csv").write_text(f"{HEADER}\ncase-1,{year},A1,Name,{columns}\n", encoding="utf-8")
    dataset = load(plan.schema, tmp_path, read_binding(PROGRAM / "binding.toml"))
    settlement = settle(plan, dataset, year)
    assert settlement.ok
    assert sum(p.amount for p in settlement.postings) == Decimal(expected) * ONE
