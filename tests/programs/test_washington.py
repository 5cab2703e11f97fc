"""Washington over payers' rosters: the list in force on a month's first day, fees, and both sides of the settlement."""

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


@cache
def plan() -> Plan:
    return Compilation(shipped("programs", "washington")).plan


def span(person: str, payer: str, first: str, last: str) -> dict[str, Any]:
    return {"person_id": person, "payer": payer, "enrollment_start_date": first, "enrollment_end_date": last}


def listed(payer: str, day: str, practice: str, *people: str) -> list[dict[str, Any]]:
    return [{"payer": payer, "as_of_date": day, "person_id": person, "practice_id": practice} for person in people]


def result(practice: str, payer: str, year: int, *, visits: int, stays: int, quality: str = "yes") -> dict[str, Any]:
    """Preventable visits and stays that fell by so many, at $100 and $1,000."""
    return {
        "practice_id": practice,
        "payer": payer,
        "year": year,
        "emergency_before": 100,
        "emergency_now": 100 - visits,
        "inpatient_before": 50,
        "inpatient_now": 50 - stays,
        "emergency_price": 100,
        "inpatient_price": 1000,
        "quality_maintained": quality,
    }


def settled(year: int, spans: list[Any], rosters: list[Any], results: list[Any]) -> Settlement:
    people = sorted({row["person_id"] for row in spans})
    tables = {
        "member": [{"person_id": person} for person in people],
        "eligibility": spans,
        "payer_roster": rosters,
        "practice": [{"practice_id": "p1"}, {"practice_id": "p2"}],
        "practice_payer_year": results,
    }
    found = settle(plan(), Dataset.from_rows(plan().schema, tables), year)
    assert found.ok, [finding.message for finding in found.findings]
    return found


def amounts(settlement: Settlement, payment: str) -> dict[tuple[str, str, str], int]:
    """Cents by payer, practice and period; what is nothing is left out."""
    return {
        (posting.payer, posting.practice, posting.period): posting.amount * 100 // ONE
        for posting in settlement.postings
        if posting.payment == payment and posting.amount
    }


def everybody(year: int, **fall: Any) -> list[dict[str, Any]]:
    """The same results at each practice for each payer."""
    return [result(p, payer.name, year, **fall) for p in ("p1", "p2") for payer in plan().payers]


def test_the_latest_list_on_or_before_the_first_day_holds() -> None:
    spans = [span(person, "aetna", "2011-01-01", "2012-12-31") for person in ("a", "b")]
    rosters = [
        *listed("aetna", "2011-05-01", "p1", "a", "b"),
        *listed("aetna", "2011-07-02", "p2", "a"),  # from August: on 1 July it was not drawn up yet; `b` is off it
    ]
    found = amounts(settled(2011, spans, rosters, everybody(2011, visits=0, stays=0)), "care_management")
    assert found == {("aetna", "p1", month): 500 for month in ("2011-05", "2011-06", "2011-07")} | {
        ("aetna", "p2", f"2011-{month:02}"): 250 for month in range(8, 13)
    }


def test_a_list_without_enrollment_and_enrollment_without_a_list_pay_nothing() -> None:
    spans = [span("a", "regence", "2011-06-02", "2011-08-31"), span("b", "molina", "2011-01-01", "2011-12-31")]
    rosters = listed("regence", "2011-05-01", "p1", "a")
    found = amounts(settled(2011, spans, rosters, everybody(2011, visits=0, stays=0)), "care_management")
    assert found == {("regence", "p1", "2011-07"): 250, ("regence", "p1", "2011-08"): 250}


@pytest.mark.parametrize(
    ("visits", "stays", "quality", "cents"),
    [
        (10, 1, "yes", 90_000),  # (2,000 - 200) / 2
        (2, 0, "yes", 0),  # savings of exactly the fees
        (0, 0, "yes", -10_000),  # nothing saved: half of the fees of $200
        (-20, 3, "yes", 40_000),  # 3,000 - 2,000 of more visits - 200, halved
        (1, 0, "yes", -10_000),  # $100 saved, short by $100: the limit is $100, too
        (10, 1, "no", 0),  # saved, but quality fell
        (0, 0, "no", -10_000),  # a shortfall is owed whatever the quality
        (-50, -5, "yes", -10_000),  # savings below zero
    ],
)
def test_both_sides_of_the_settlement(visits: int, stays: int, quality: str, cents: int) -> None:
    people = [f"m{number}" for number in range(10)]
    spans = [span(person, "premera", "2011-05-01", "2011-12-31") for person in people]
    rosters = listed("premera", "2011-05-01", "p1", *people)
    results = everybody(2011, visits=0, stays=0)
    results = [row for row in results if (row["payer"], row["practice_id"]) != ("premera", "p1")]
    results.append(result("p1", "premera", 2011, visits=visits, stays=stays, quality=quality))
    found = settled(2011, spans, rosters, results)
    fees = amounts(found, "care_management")
    assert sum(fees.values()) == 20_000
    assert amounts(found, "settlement") == ({("premera", "p1", "2011"): cents} if cents else {})


def test_from_2012_the_fee_is_two_dollars() -> None:
    spans = [span("a", "cigna", "2011-05-01", "2012-12-31")]
    rosters = listed("cigna", "2011-05-01", "p1", "a")
    found = amounts(settled(2012, spans, rosters, everybody(2012, visits=0, stays=0)), "care_management")
    assert found == {("cigna", "p1", f"2012-{month:02}"): 200 for month in range(1, 13)}
