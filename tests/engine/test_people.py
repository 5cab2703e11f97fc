"""Whose month counts, and what is known of a person in it."""

from __future__ import annotations

import datetime

import pytest

from mhrules.engine.people import People
from mhrules.exact import ONE
from mhrules.semantics.calendar import month_of
from tests.strategies.population import Rows
from tests.strategies.population_program import ANY_DAY, DAY_1, DAY_15, PROPORTION, RULES, Policy
from tests.strategies.population_rows import day, enrolled, interpreter, person, population

JANUARY = month_of(datetime.date(2011, 1, 1))


def people(rows: Rows, months: str = DAY_1, *, newborns: bool = False) -> People:
    return interpreter(Policy(months=months, newborns=newborns), rows).world.below.people


@pytest.mark.parametrize(
    ("first", "last", "counted"),
    [
        ("2011-01-01", "2011-01-01", (1, 0, 1, 1)),
        ("2011-01-02", "2011-01-14", (0, 0, 1, 13)),
        ("2011-01-15", "2011-01-15", (0, 1, 1, 1)),
        ("2011-01-02", "", (0, 1, 1, 30)),
        ("2010-12-01", "2011-01-14", (1, 0, 1, 14)),
        ("2010-12-01", "2010-12-31", (0, 0, 0, 0)),
        ("2011-01-01", "2011-01-31", (1, 1, 1, 31)),
    ],
)
def test_a_month_counts_by_its_rule(first: str, last: str, counted: tuple[int, ...]) -> None:
    rows = population(person("a"), eligibility=[enrolled("a", first, last)])
    assert tuple(people(rows, rule).counted("aetna", JANUARY).get("a", 0) for rule in RULES) == counted


@pytest.mark.parametrize(("rule", "counted"), [(DAY_1, 1), (DAY_15, 0), (ANY_DAY, 1), (PROPORTION, 10)])
def test_the_day_of_death_is_the_last(rule: str, counted: int) -> None:
    rows = population(person("a", died="2011-01-10"))
    found = people(rows, rule)
    assert found.counted("aetna", JANUARY).get("a", 0) == counted
    assert found.counted("aetna", JANUARY + 1) == {}


def test_enrollment_after_death_is_none() -> None:
    rows = population(person("a", died="2010-12-31"), eligibility=[enrolled("a", "2011-01-01")])
    assert people(rows, PROPORTION).counted("aetna", JANUARY) == {}


def test_days_of_two_plans_count_once() -> None:
    spans = [
        enrolled("a", "2011-01-01", "2011-01-20", plan="gold"),
        enrolled("a", "2011-01-10", "2011-01-25", plan="silver"),
    ]
    assert people(population(person("a"), eligibility=spans), PROPORTION).counted("aetna", JANUARY) == {"a": 25}


def test_newborns_count_from_the_month_of_birth() -> None:
    rows = population(person("a", born="2011-01-20"), eligibility=[enrolled("a", "2011-01-20")])
    assert people(rows).counted("aetna", JANUARY) == {}
    assert people(rows, newborns=True).counted("aetna", JANUARY) == {"a": 1}


def test_newborns_are_those_born_in_the_month() -> None:
    rows = population(person("a", born="2010-12-31"), eligibility=[enrolled("a", "2011-01-20")])
    assert people(rows, newborns=True).counted("aetna", JANUARY) == {}


def test_days_are_added_up_before_they_are_divided() -> None:
    """Eight persons of one day: 8/31 is 0.258065; eight times 0.032258 would be 0.258064."""
    found = people(population(person("a")), PROPORTION)
    assert found.member_months("aetna", JANUARY, [1] * 8) == 258_065 * ONE // 10**6


def test_a_span_that_is_cut_in_two_speaks_as_the_whole_did() -> None:
    """Of two plans on one day the first by name speaks, whichever began first."""
    silver = enrolled("a", "2010-03-01", plan="silver")
    whole = [enrolled("a", "2010-01-01", plan="gold", hospice=True), silver]
    halves = [
        enrolled("a", "2010-01-01", "2010-06-30", plan="gold", hospice=True),
        enrolled("a", "2010-07-01", plan="gold", hospice=True),
        silver,
    ]
    for spans in (whole, halves):
        span = people(population(person("a"), eligibility=spans)).span("aetna", "a", JANUARY)
        assert span is not None
        assert span.plan == "gold"


def test_who_pays_first_is_first_by_order_then_by_name() -> None:
    spans = [
        enrolled("a", "2010-01-01", "2011-01-31", "aetna", payer_order=2),
        enrolled("a", "2010-01-01", "", "cigna"),
        enrolled("b", "2010-01-01", "", "cigna"),
        enrolled("b", "2010-01-01", "", "aetna"),
    ]
    found = people(population(person("a"), person("b"), eligibility=spans))
    assert found.first_payer("a", day("2011-01-31")) == "cigna"
    assert found.first_payer("b", day("2011-01-31")) == "aetna"
    assert found.first_payer("a", day("2009-12-31")) is None


@pytest.mark.parametrize(("date", "age"), [("2011-02-27", 10), ("2011-02-28", 10), ("2011-03-01", 11)])
def test_who_is_born_in_a_leap_day_is_older_in_march(date: str, age: int) -> None:
    found = people(population(person("a", born="2000-02-29")))
    assert found.persons["a"].age(day(date)) == age
