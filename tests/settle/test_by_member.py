"""Payments per member per month whose price differs between members: each price a posting, rounded once."""

from __future__ import annotations

from tests.strategies.population import Rows
from tests.strategies.population_program import DAY_1, PROPORTION, SELECTION, Policy
from tests.strategies.population_rows import day, enrolled, paid, person, population, settlement

JANUARY = ("aetna", "p1", "2011-01")
FEE = 'payment x "X" { per member per month; pays choose { when risk = low : $2.35  when risk = high : $5.05 } }'
ONE_MONTH = 1_000_000


def chosen(*names: str) -> list[dict[str, object]]:
    return [
        {"person_id": name, "payer": "aetna", "practice_id": "p1", "from": day("2010-01-01"), "to": None}
        for name in names
    ]


def january(rows: Rows, months: str = DAY_1, text: str = FEE) -> list[tuple[int, str]]:
    policy = Policy(months=months, every="month", methods=(SELECTION,), payments=text)
    return paid(settlement(policy, rows), "x").get(JANUARY, [])


def test_members_of_one_price_are_one_posting() -> None:
    members = [person("a"), person("b"), person("c", risk="high")]
    assert january(population(*members, chosen_practice=chosen("a", "b", "c"))) == [
        (2 * ONE_MONTH, "4.70"),
        (ONE_MONTH, "5.05"),
    ]


def test_days_of_one_price_are_added_up_and_rounded_once() -> None:
    """Two members of one day: 2/31 is 0.064516 member months, $0.15; a day each would be $0.08 twice."""
    spans = [enrolled(name, "2011-01-31", "2011-01-31") for name in "ab"]
    members = [person("a"), person("b")]
    text = 'payment x "X" { per member per month; pays choose { when risk = low : $2.35  when risk = high : $5.05 } }'
    rows = population(*members, eligibility=spans, chosen_practice=chosen("a", "b"))
    policy = Policy(months=PROPORTION, every="month", methods=(SELECTION,), payments=text, at_once=True)
    assert paid(settlement(policy, rows), "x")[JANUARY] == [(64_516, "0.15")]


def test_prices_by_age_change_in_the_month_after_the_birthday() -> None:
    text = 'payment x "X" { per member per month; pays choose { when age < 18 : $3  when age >= 18 : $7 } }'
    rows = population(person("a", born="1993-02-15"), chosen_practice=chosen("a"))
    policy = Policy(every="month", methods=(SELECTION,), payments=text)
    found = paid(settlement(policy, rows), "x")
    months = [found["aetna", "p1", f"2011-{month:02d}"][0][1] for month in (1, 2, 3, 4)]
    assert months == ["3.00", "3.00", "7.00", "7.00"]


def test_parts_and_details_add_up_to_the_line() -> None:
    rows = population(person("a"), person("b", risk="high"), chosen_practice=chosen("a", "b"))
    policy = Policy(every="month", methods=(SELECTION,), payments=FEE)
    line = settlement(policy, rows).books.line("x", "aetna", "p1", 2011 * 12)
    assert line is not None
    assert sum(part.amount for part in line.parts) == line.amount == sum(each.amount for each in line.details)
    assert [each.member for each in line.details] == ["a", "b"]


def test_a_practice_without_members_has_a_line_of_nothing() -> None:
    rows = population(person("a"), chosen_practice=[])
    policy = Policy(every="month", methods=(SELECTION,), payments=FEE)
    postings = [p for p in settlement(policy, rows).postings if (p.practice, p.period) == ("p1", "2011-01")]
    assert [(p.units, p.amount, p.status) for p in postings if p.payer == "aetna"] == [(0, 0, "paid")]
