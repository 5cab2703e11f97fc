"""Payments per claim line, claim, visit and event: each element rounded, then added up."""

from __future__ import annotations

import pytest

from mhrules.settle.ledger import Settlement
from tests.strategies.population import Rows
from tests.strategies.population_program import PLURALITY, Policy
from tests.strategies.population_rows import claim, enrolled, event, paid, person, population, settlement

MARCH = ("aetna", "p1", "2011-03")
ONCE = 1_000_000


def settled(rows: Rows, payment: str) -> Settlement:
    events = "events care_plan { kind : { new, maintenance } }" if "event_care_plan" in rows else ""
    text = events + f'\npayment x "X" {{ {payment} }}'
    return settlement(Policy(every="month", methods=(PLURALITY,), payments=text), rows)


def billed(*amounts: str) -> Rows:
    claims = [claim(f"c{at}", "a", "2011-03-10", allowed_amount=amount) for at, amount in enumerate(amounts)]
    return population(person("a"), medical_claim=claims)


@pytest.mark.parametrize(
    ("pays", "amount"),
    [
        ("pays 10% of allowed", "0.03"),
        ("pays 10% of allowed; at most $0.005", "0.03"),
        ("pays 10% of allowed; at least $0.02", "0.06"),
        ("pays 10% of allowed; at most $0.01; at least $0.02", "0.06"),
        ("pays allowed; at most $0.04", "0.12"),
    ],
)
def test_each_line_is_capped_then_floored_then_rounded(pays: str, amount: str) -> None:
    """Three lines of $0.05: 10% is half a cent each, which is a cent each and not a cent and a half of all."""
    rows = billed("0.05", "0.05", "0.05")
    del rows["event_care_plan"]
    found = paid(settled(rows, f"per claim line where billed by practice; {pays}"), "x")
    assert found == {MARCH: [(3 * ONCE, amount)]}


def test_a_claim_is_rounded_as_a_whole() -> None:
    rows = population(
        person("a"),
        medical_claim=[claim("1", "a", "2011-03-10", claim_line_number=n, allowed_amount="0.05") for n in (1, 2, 3)],
    )
    del rows["event_care_plan"]
    assert paid(settled(rows, "per claim where billed by practice; pays 10% of allowed"), "x") == {
        MARCH: [(ONCE, "0.02")]
    }


def test_an_element_of_a_fixed_price_is_a_posting_of_that_price() -> None:
    rows = population(
        person("a"),
        person("b"),
        event_care_plan=[
            event("1", "a", "2011-03-05", kind="new"),
            event("2", "b", "2011-03-05", kind="maintenance"),
            event("3", "b", "2011-03-06", kind="maintenance"),
        ],
    )
    pays = "pays choose { when kind = new : $200  when kind = maintenance : $100 }"
    found = settled(rows, f"per event care_plan; {pays}")
    assert paid(found, "x") == {MARCH: [(2 * ONCE, "200.00"), (ONCE, "200.00")]}
    assert [each.price for each in found.postings if each.units] == [100 * 10**12, 200 * 10**12]


@pytest.mark.parametrize(
    ("limit", "amounts"),
    [
        ("at most once per member per month, first by date", {"2011-03": "300.00", "2011-04": "100.00"}),
        ("at most once per member per quarter, first by date", {"2011-03": "300.00", "2011-04": "100.00"}),
        ("at most once per member per year, first by date", {"2011-03": "300.00"}),
    ],
)
def test_once_per_member_takes_the_first_by_date(limit: str, amounts: dict[str, str]) -> None:
    """Whatever the ids and the order of rows; in a later month it is looked back to."""
    rows = population(
        person("a"),
        person("b"),
        event_care_plan=[
            event("1", "a", "2011-03-20", kind="new"),
            event("9", "a", "2011-03-05", kind="maintenance"),
            event("5", "b", "2011-03-31", kind="new"),
            event("0", "a", "2011-04-01", kind="maintenance"),
        ],
    )
    pays = "pays choose { when kind = new : $200  when kind = maintenance : $100 }"
    found = settled(rows, f"per event care_plan; {limit}; {pays}")
    totals: dict[str, int] = {}
    for posting in found.postings:
        if posting.amount:
            totals[posting.period] = totals.get(posting.period, 0) + posting.amount
    assert {period: f"{amount // 10**12}.00" for period, amount in totals.items()} == amounts


def test_an_event_without_payer_is_owed_by_who_pays_first_on_the_day() -> None:
    spans = [enrolled("a", payer="aetna", payer_order=2), enrolled("a", payer="cigna")]
    rows = population(
        person("a"), eligibility=spans, event_care_plan=[event("1", "a", "2011-03-05"), event("2", "a", "2009-03-05")]
    )
    found = paid(settled(rows, "per event care_plan where kind = new; pays $100"), "x")
    assert found == {("cigna", "p1", "2011-03"): [(ONCE, "100.00")]}


def test_what_a_practice_billed_is_paid_for_whoever_the_member_is() -> None:
    """Nobody is attributed to p2, which billed for a member of p1."""
    rows = population(
        person("a"),
        medical_claim=[
            claim("1", "a", "2011-02-10"),
            claim("2", "a", "2011-02-11"),
            claim("3", "a", "2011-03-10", "p2", allowed_amount="10.00"),
        ],
    )
    del rows["event_care_plan"]
    billed_there = paid(settled(rows, "per claim line where billed by practice; pays 10% of allowed"), "x")
    assert billed_there[("aetna", "p2", "2011-03")] == [(ONCE, "1.00")]
    of_members = paid(settled(rows, "per claim line; pays 10% of allowed"), "x")
    assert of_members == {MARCH: [(ONCE, "1.00")]}


def test_every_line_of_a_month_is_kept_in_detail() -> None:
    rows = billed("1.00", "2.00")
    del rows["event_care_plan"]
    found = settled(rows, "per claim line where billed by practice; pays 10% of allowed")
    line = found.books.line("x", "aetna", "p1", 2011 * 12 + 2)
    assert line is not None
    assert [(each.member, each.element, each.amount) for each in line.details] == [
        ("a", "c0/1", 10**11),
        ("a", "c1/1", 2 * 10**11),
    ]
    assert sum(each.amount for each in line.details) == line.amount
