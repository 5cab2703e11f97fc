"""What stands below a practice: whose visits and claims count where, in which months, and each person once."""

from __future__ import annotations

from typing import Any

import pytest

from mhrules.exact import ONE
from tests.strategies.population import Rows
from tests.strategies.population_program import PLURALITY, SELECTION, Policy
from tests.strategies.population_rows import claim, day, enrolled, person, population, report, settlement


def reported(rows: Rows, value: str, *also: str, **policy: Any) -> dict[tuple[str, ...], float | None]:
    """A report of 2011 whose value is the text `value`; members are those who chose a practice."""
    payments = "\n".join((*also, f'report x "X" = {value}', 'payment fee "Fee" { per member per month; pays $1 }'))
    asked = Policy(**{"every": "month", "methods": (SELECTION,), "payments": payments, **policy})
    found = report(settlement(asked, rows), "x")
    return {key: None if value is None else value * 100 // ONE / 100 for key, value in found.items()}


def chosen(name: str, first: str, last: str = "", practice: str = "p1", payer: str = "aetna") -> dict[str, Any]:
    end = day(last) if last else None
    return {"person_id": name, "payer": payer, "practice_id": practice, "from": day(first), "to": end}


P1, P2 = ("aetna", "p1"), ("aetna", "p2")
MOVED = [chosen("a", "2010-01-01", "2011-06-30"), chosen("a", "2011-07-01", practice="p2")]
CLAIMS = [
    claim("1", "a", "2010-12-31", "hospital", allowed_amount="1.00"),
    claim("2", "a", "2011-03-01", "hospital", allowed_amount="20.00"),
    claim("3", "a", "2011-07-01", "p1", allowed_amount="300.00"),
    claim("4", "a", "2011-12-31", "hospital", allowed_amount="4000.00"),
]
ROWS = population(person("a"), chosen_practice=MOVED, medical_claim=CLAIMS)


@pytest.mark.parametrize(
    ("value", "p1", "p2"),
    [
        ("sum(allowed over claim_lines)", 20, 4300),
        ("sum(allowed over claim_lines in the whole year)", 4320, 4320),
        ("sum(allowed over claim_lines where billed by practice)", 300, 0),
        ("sum(allowed over claim_lines within 1 year)", 4320, 4320),
        ("sum(allowed over claim_lines within 6 months)", 4300, 4300),
        ("sum(cost over members ever)", 20, 4300),
        ("sum(months_attributed over members ever)", 6, 6),
        ("count(visits)", 1, 2),
        ("count(members ever where cost >= $300)", 0, 1),
        ("count(members on first day)", 1, 0),
        ("count(members on last day)", 0, 1),
        ("count(average members)", 0.5, 0.5),
    ],
)
def test_what_counts_here_and_now(value: str, p1: float, p2: float) -> None:
    """A member of p1 until June, then of p2; the year is 2011."""
    found = reported(ROWS, value)
    assert (found[P1], found[P2]) == (p1, p2)


def test_a_visit_that_two_payers_paid_for_is_one_visit_across_payers() -> None:
    claims = [
        claim("1", "a", "2011-03-01", "hospital"),
        claim("2", "a", "2011-03-01", "hospital", payer="cigna"),
        claim("3", "a", "2011-03-02", "hospital"),
    ]
    members = [chosen("a", "2010-01-01"), chosen("a", "2010-01-01", payer="cigna")]
    also = enrolled("a", payer="cigna", payer_order=2)
    rows = population(person("a"), chosen_practice=members, medical_claim=claims, eligibility=[enrolled("a"), also])
    assert reported(rows, "count(visits)")[P1] == 2
    pooled = reported(rows, "count(visits) across payers")
    assert {key: value for key, value in pooled.items() if "p1" in key} == {("p1",): 2}
    spent = reported(rows, "sum(allowed over visits) across payers")
    assert {key: value for key, value in spent.items() if "p1" in key} == {("p1",): 300}


def test_a_visit_is_a_person_a_practice_and_a_day() -> None:
    claims = [
        claim("1", "a", "2011-03-01"),
        claim("2", "a", "2011-03-01"),
        claim("3", "a", "2011-03-01", "hospital"),
        claim("4", "a", "2011-03-02"),
        claim("5", "b", "2011-03-01"),
    ]
    members = [chosen(name, "2010-01-01") for name in "ab"]
    rows = population(person("a"), person("b"), chosen_practice=members, medical_claim=claims)
    assert reported(rows, "count(visits)")[P1] == 4
    assert reported(rows, "count(claims)")[P1] == 5


def test_a_claim_is_made_of_the_lines_that_are_asked_for() -> None:
    lines = [
        claim("1", "a", "2011-03-01", allowed_amount="60.00"),
        claim("1", "a", "2011-03-01", claim_line_number=2, allowed_amount="60.00"),
        claim("1", "a", "2011-03-01", claim_line_number=3, allowed_amount="60.00", service="emergency"),
    ]
    rows = population(person("a"), chosen_practice=[chosen("a", "2010-01-01")], medical_claim=lines)
    assert reported(rows, "maximum(allowed over claims where service = primary) default $0")[P1] == 120
    assert reported(rows, "maximum(allowed over claims) default $0")[P1] == 180
    assert reported(rows, "count(claims where service = primary)")[P1] == 1


TWO = population(
    person("a"),
    person("b", risk="high"),
    eligibility=[enrolled("a"), enrolled("a", payer="cigna", payer_order=2), enrolled("b", payer="cigna")],
    chosen_practice=[
        chosen("a", "2010-01-01"),
        chosen("a", "2010-01-01", payer="cigna"),
        chosen("b", "2010-01-01", payer="cigna"),
    ],
    practices=("p1",),
)


@pytest.mark.parametrize(
    ("value", "pooled"),
    [
        ("count(members ever) across payers", 2),
        ("count(enrollments ever) across payers", 3),
        ("share(members ever where risk = high) across payers", 0.5),
        ("share(enrollments ever where risk = high) across payers", 0.33),
        ("sum(member_months over payers)", 36),
    ],
)
def test_across_payers_people_count_once(value: str, pooled: float) -> None:
    assert reported(TWO, value) == {("p1",): pooled}


def test_other_payers_claims_do_not_count() -> None:
    rows = {**TWO, "medical_claim": [claim("1", "a", "2011-03-01"), claim("2", "a", "2011-04-01", payer="cigna")]}
    assert reported(rows, "sum(allowed over claim_lines)") == {("aetna", "p1"): 100, ("cigna", "p1"): 100}


@pytest.mark.parametrize(
    ("recorded", "resolved", "counted"),
    [
        ("2010-01-01", None, 1),
        ("2010-01-01", "2011-01-01", 1),
        ("2010-01-01", "2010-12-31", 0),
        ("2011-12-31", None, 1),
        ("2012-01-01", None, 0),
    ],
)
def test_a_condition_counts_if_it_holds_on_a_day_of_the_period(recorded: str, resolved: str, counted: int) -> None:
    state = {"person_id": "a", "normalized_code": "E11", "recorded_date": day(recorded)}
    state["resolved_date"] = day(resolved) if resolved else None
    rows = population(person("a"), chosen_practice=[chosen("a", "2010-01-01")], condition=[state])
    assert reported(rows, 'count(members ever where any(conditions where code = "E11"))')[P1] == counted


def test_the_same_ids_in_two_tables_are_two_records() -> None:
    """A prescription and a claim of one number: each has its own amount."""
    drug = {"claim_id": "1", "claim_line_number": 1, "entry_number": 1, "person_id": "a", "payer": "aetna"}
    drug |= {"dispensing_date": day("2011-03-01"), "allowed_amount": "7.00"}
    rows = population(
        person("a"),
        chosen_practice=[chosen("a", "2010-01-01")],
        medical_claim=[claim("1", "a", "2011-03-01")],
        pharmacy_claim=[drug],
    )
    value = "sum(allowed over claim_lines) + sum(allowed over prescriptions) * 1000"
    assert reported(rows, value)[P1] == 7100


def test_the_same_ids_of_two_kinds_of_events_are_two_events() -> None:
    kinds = ("events first { weight : integer }", "events second { weight : integer }")
    row = {"event_id": "1", "person_id": "a", "practice_id": "p1", "event_date": day("2011-03-01"), "payer": "aetna"}
    rows = population(
        person("a"),
        chosen_practice=[chosen("a", "2010-01-01")],
        event_first=[{**row, "weight": 1}],
        event_second=[{**row, "weight": 2}],
    )
    assert reported(rows, "sum(weight over first) + 10 * sum(weight over second)", *kinds)[P1] == 21


def test_who_is_attributed_by_visits_brings_the_visits_of_the_months_attributed_only() -> None:
    claims = [claim("1", "a", "2011-01-10", "p2"), claim("2", "a", "2011-02-10", "p2")]
    rows = population(person("a"), medical_claim=claims)
    found = reported(rows, "count(visits)", methods=(PLURALITY,))
    assert (found[P1], found[P2]) == (0, 1)
