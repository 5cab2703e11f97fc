"""The HL7 Da Vinci value-based report 101, reproduced cell by cell from its own inputs."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from mhrules.compiler import Compilation
from mhrules.data.dataset import Dataset
from mhrules.exact import ONE
from mhrules.settle.ledger import Settlement
from tests.interpreted import settle

ROOT = Path(__file__).resolve().parents[2]
CASE = ROOT.parent / "shared" / "data" / "davinci_vbpr" / "case_101.json"
LINES = {"HMO": "hmo", "PPO": "ppo"}
REGIONS = {"R1": "region_1", "R2": "region_2"}


@pytest.fixture(scope="module")
def case() -> Any:
    if not CASE.is_file():
        pytest.skip("the shared data folder is absent")
    return json.loads(CASE.read_text(encoding="utf-8"), parse_float=Decimal)


@pytest.fixture(scope="module")
def settlement(case: Any) -> Settlement:
    table = case["table"]
    gaps = case["p4p_chronic_care"]["members_with_one_gap_closed"]
    closed = {f"closed_{number}": int(gaps[count]) for number, count in enumerate(("1", "2", "3", "4", "5+"), start=1)}
    cells = [
        {
            "region_id": region,
            "line": line,
            "year": 2022,
            "assigned_months": table[f"{head} {tail}"]["member-months|01"],
            "revenue": table[f"{head} {tail}"]["revenue|03"],
            "medical_cost": table[f"{head} {tail}"]["med-rx-cost|05"],
        }
        for head, line in LINES.items()
        for tail, region in REGIONS.items()
    ]
    lines = [
        {
            "payer": "payer_01",
            "line": line,
            "year": 2022,
            "line_revenue": table[head]["revenue|03"],
            "line_cost": table[head]["med-rx-cost|05"],
        }
        for head, line in LINES.items()
    ]
    plan = Compilation(ROOT / "programs" / "vbpr_101").plan
    rows = {
        "region_line_year": cells,
        "payer_line_year": lines,
        "payer_year": [{"payer": "payer_01", "year": 2022, **closed}],
    }
    return settle(plan, Dataset.from_rows(plan.schema, rows), 2022)


def reported(settlement: Settlement, name: str) -> dict[tuple[str | None, str | None], Fraction]:
    """A report's values by line and region."""
    return {
        (q.row.get("line"), q.row.get("practice")): Fraction(q.value, ONE)
        for q in settlement.quantities
        if q.report.name == name and isinstance(q.value, int)
    }


def cells(case: Any, metric: str) -> dict[tuple[str | None, str | None], Fraction]:
    return {
        (line, region): Fraction(case["table"][f"{head} {tail}"][metric])
        for head, line in LINES.items()
        for tail, region in REGIONS.items()
    }


def lines(case: Any, metric: str) -> dict[tuple[str | None, str | None], Fraction]:
    return {(line, None): Fraction(case["table"][head][metric]) for head, line in LINES.items()}


def test_the_run_is_clean(settlement: Settlement) -> None:
    assert settlement.ok


@pytest.mark.parametrize(
    ("report", "metric"),
    [
        ("coordination_by_cell", "ccf|14"),
        ("office_by_cell", "quality-pmt-office-visit|16"),
        ("chronic_by_cell", "quality-pmt-chronic|15"),
        ("result_by_cell", "shared-saving-deficit|17"),
    ],
)
def test_every_cell_of_line_and_region_is_reproduced(
    case: Any, settlement: Settlement, report: str, metric: str
) -> None:
    assert reported(settlement, report) == cells(case, metric)


@pytest.mark.parametrize(
    ("report", "metric"),
    [
        ("coordination_by_line", "ccf|14"),
        ("chronic_by_line", "quality-pmt-chronic|15"),
        ("variance_by_line", "variance-cost|10"),
        ("result_by_line", "shared-saving-deficit|17"),
    ],
)
def test_every_line_is_reproduced(case: Any, settlement: Settlement, report: str, metric: str) -> None:
    assert reported(settlement, report) == lines(case, metric)


def test_the_variances_are_reproduced_but_for_the_known_sign_slip(case: Any, settlement: Settlement) -> None:
    ours, theirs = reported(settlement, "variance_by_cell"), cells(case, "variance-cost|10")
    slip = ("hmo", "region_1")
    assert ours[slip] == -450 and theirs[slip] == 450  # printed without its sign; the share of -360 needs -450
    assert {k: v for k, v in ours.items() if k != slip} == {k: v for k, v in theirs.items() if k != slip}


def test_the_total_is_reproduced_and_is_not_the_sum_of_its_lines(case: Any, settlement: Settlement) -> None:
    total = reported(settlement, "result_total")[None, None]
    assert total == Fraction(case["table"]["ALL"]["shared-saving-deficit|17"]) == -400
    assert sum(reported(settlement, "result_by_line").values()) == -430  # 50% of a surplus, 80% of a deficit


def test_the_incentive_is_split_to_the_cent_although_its_published_cells_are_not(settlement: Settlement) -> None:
    paid = {p.practice: p.amount for p in settlement.postings if p.payment == "chronic_care"}
    assert sum(paid.values()) == 11_900 * ONE
    assert sum(reported(settlement, "chronic_by_cell").values()) == Fraction("11899.99")
