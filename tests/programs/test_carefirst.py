"""CareFirst over claims and events: points on the fee line by line, care plans, the budget, and the award."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from mhrules.compiler import Compilation
from mhrules.data.dataset import Dataset
from mhrules.exact import ONE
from mhrules.plan.whole import Plan
from mhrules.resources import shipped
from mhrules.settle.ledger import Settlement
from tests.interpreted import settle

MEMBERS = 1_000  # as many as a panel needs


@cache
def plan() -> Plan:
    return Compilation(shipped("programs", "carefirst")).plan


def panel(
    *, physicians: int = 5, award: str = "0", points: int = 60, members: int = MEMBERS, budget: int = 10
) -> dict[str, list[Any]]:
    """A panel whose members all saw it in December 2010 and are with CareFirst in 2011; their budget of a month."""
    people = [f"m{number:04}" for number in range(members)]
    return {
        "panel": [{"panel_id": "p1"}],
        "panel_dated": [
            {
                "panel_id": "p1",
                "from": "2011-01-01",
                "all_physicians_joined": "yes",
                "after_hours_access": "yes",
                "award_in_force": award,
            }
        ],
        "panel_year": [{"panel_id": "p1", "year": 2011, "quality_points": points}],
        "provider": [{"npi": f"n{n:02}", "panel_id": "p1", "from": "2011-01-01"} for n in range(physicians)],
        "member": [{"person_id": person} for person in people],
        "eligibility": [
            {
                "person_id": person,
                "payer": "carefirst",
                "enrollment_start_date": "2011-01-01",
                "enrollment_end_date": "2011-12-31",
            }
            for person in people
        ],
        "member_month": [
            {"person_id": person, "year_month": f"2011{month:02}", "global_budget": budget}
            for person in people
            for month in range(1, 13)
        ],
        "medical_claim": [claim(f"old-{person}", person, "2010-12-15", "99213", "0.00") for person in people],
        "pharmacy_claim": [],
        "event_care_plan": [],
    }


def claim(name: str, person: str, day: str, code: str, allowed: str, *, by: str = "p1", **more: Any) -> dict[str, Any]:
    return {
        "claim_id": name,
        "claim_line_number": 1,
        "person_id": person,
        "payer": "carefirst",
        "claim_start_date": day,
        "panel_id": by,
        "hcpcs_code": code,
        "allowed_amount": allowed,
        **more,
    }


def care_plan(name: str, person: str, day: str, kind: str) -> dict[str, Any]:
    return {"event_id": name, "person_id": person, "panel_id": "p1", "event_date": day, "kind": kind}


def settled(tables: dict[str, list[Any]], **more: list[Any]) -> Settlement:
    for name, rows in more.items():
        tables[name] = [*tables[name], *rows]
    found = settle(plan(), Dataset.from_rows(plan().schema, tables), 2011)
    assert found.ok, [finding.message for finding in found.findings]
    return found


def cents(settlement: Settlement, payment: str) -> dict[str, int]:
    return {
        posting.period: posting.amount * 100 // ONE
        for posting in settlement.postings
        if posting.payment == payment and posting.amount
    }


def report(settlement: Settlement, name: str) -> object:
    return next(quantity.value for quantity in settlement.quantities if quantity.report.name == name)


def test_twelve_points_on_each_line_rounded_line_by_line() -> None:
    lines = [
        claim("a", "m0000", "2011-03-05", "99213", "70.04"),  # 8.4048
        claim("b", "m0001", "2011-03-06", "85025", "10.13"),  # 1.2156: every service on the base fee counts
        claim("c", "m0002", "2011-03-07", "J3420", "30.00"),  # a drug: nothing
        claim("d", "m0003", "2011-03-08", "99070", "12.00"),  # a supply: nothing
        claim("e", "m0004", "2011-03-09", "99214", "100.00", by="elsewhere"),  # another's line: nothing
        claim("f", "m0005", "2011-04-01", "99214", "100.00"),
    ]
    found = settled(panel(), medical_claim=lines)
    assert cents(found, "participation_fee") == {"2011-03": 840 + 122, "2011-04": 1_200}
    assert cents(found, "outcome_award") == {}


def test_points_of_the_award_add_to_the_twelve() -> None:
    line = [claim("a", "m0000", "2011-03-05", "99213", "100.00")]
    found = settled(panel(award="0.2"), medical_claim=line)
    assert (cents(found, "participation_fee"), cents(found, "outcome_award")) == ({"2011-03": 1200}, {"2011-03": 2000})


def test_a_reversed_line_and_a_denied_line_pay_nothing() -> None:
    lines = [
        claim("a", "m0000", "2011-03-05", "99213", "100.00"),
        claim("a", "m0000", "2011-03-05", "99213", "-100.00", entry_number=2),
        claim("b", "m0000", "2011-03-06", "99213", "100.00", denied="yes"),
    ]
    assert cents(settled(panel(), medical_claim=lines), "participation_fee") == {}


def test_care_plans_are_paid_by_kind_in_their_month() -> None:
    events = [
        care_plan("1", "m0000", "2011-02-10", "new"),
        care_plan("2", "m0000", "2011-05-10", "maintenance"),
        care_plan("3", "m0000", "2011-08-10", "maintenance"),
        care_plan("4", "m0000", "2011-11-10", "maintenance"),
    ]
    found = cents(settled(panel(), event_care_plan=events), "care_plan_fee")
    assert found == {"2011-02": 20_000, "2011-05": 10_000, "2011-08": 10_000, "2011-11": 10_000}  # $500 a year


@pytest.mark.parametrize(
    ("physicians", "members", "paid"),
    [(5, MEMBERS, True), (4, MEMBERS, False), (15, MEMBERS, True), (16, MEMBERS, False), (5, MEMBERS - 1, False)],
)
def test_who_is_no_panel_is_not_paid(physicians: int, members: int, paid: bool) -> None:
    line = [claim("a", "m0000", "2011-03-05", "99213", "100.00")]
    found = settled(panel(physicians=physicians, members=members), medical_claim=line)
    assert cents(found, "participation_fee") == ({"2011-03": 1200} if paid else {})


@pytest.mark.parametrize(
    ("spent", "points", "award"),
    [
        (120_000, 60, 0),  # the whole budget: nothing saved
        (119_000, 60, 20),  # under 1%
        (114_007, 60, 20),  # 4.994%, to 4 places 0.0499
        (114_006, 60, 60),  # 4.995%, to 4 places 0.05
        (114_000, 50, 60),  # 5%
        (114_000, 49, 0),
    ],
)
def test_the_award_needs_savings_and_quality(spent: int, points: int, award: int) -> None:
    """The budget is 50 × 12 × $200 = $120,000; no member is over the stop-loss of $85,000."""
    parts = (60_000, spent - 60_000)
    lines = [claim(f"c{n}", f"m{n:04}", "2011-06-10", "27447", f"{part}.00", by="x") for n, part in enumerate(parts)]
    found = settled(panel(points=points, members=50, budget=200), medical_claim=lines)
    assert report(found, "budget_of_year") == 120_000 * ONE
    assert report(found, "award_earned") == award * ONE // 100


def test_the_stop_loss_counts_a_member_once_for_the_year() -> None:
    lines = [
        claim("a", "m0000", "2011-02-10", "27447", "60000.00", by="x"),
        claim("b", "m0000", "2011-09-10", "27447", "60000.00", by="x"),
        claim("c", "m0001", "2011-09-10", "27447", "10000.00", by="x"),
        claim("d", "m0001", "2010-12-20", "27447", "99999.00", by="x"),  # before attribution: no cost of the year
    ]
    pharmacy = {"claim_id": "r", "claim_line_number": 1, "person_id": "m0001", "payer": "carefirst"}
    drugs = [{**pharmacy, "dispensing_date": "2011-10-01", "allowed_amount": "500.00"}]
    found = settled(panel(members=50), medical_claim=lines, pharmacy_claim=drugs)
    assert report(found, "debits_of_year") == (85_000 + 10_500) * ONE
