"""Attribution of generated populations: as an oracle works it out day by day, and what may not change it."""

from __future__ import annotations

import datetime

from hypothesis import given
from hypothesis import strategies as st

from mhrules.data.dataset import Dataset
from mhrules.engine.attribution import NOT_YET_REFRESHED, PRACTICE_LEFT, UNATTRIBUTED, Attribution
from mhrules.engine.facts import Facts
from mhrules.engine.reference import Interpreter
from mhrules.semantics.calendar import month_of
from tests.strategies.population import DAY, LAST, Population, Rows, a_day, cut, populations, renamed, shuffled
from tests.strategies.population_oracle import Oracle, back, months_of_term
from tests.strategies.population_program import PAYERS, Policy, plan_for

Outcomes = dict[tuple[str, str, datetime.date], str]
VISITING = ("plurality", "most recent visit")


def attribution(policy: Policy, rows: Rows) -> Attribution:
    """The engine's attribution."""
    plan = plan_for(policy)
    names = {table.name for table in plan.schema.tables}
    read = {name: found for name, found in rows.items() if name in names}
    return Interpreter(plan, Facts(Dataset.from_rows(plan.schema, read))).world.below.attribution


def outcomes(policy: Policy, rows: Rows) -> Outcomes:
    """Every outcome of the engine: the id of a practice, or the reason for none in brackets."""
    engine = attribution(policy, rows)
    return {
        (payer, person, month): outcome.practice or f"[{outcome.reason}]"
        for payer in PAYERS
        for month in months_of_term(policy, payer)
        for person, outcome in engine.outcomes(payer, month_of(month)).items()
    }


@given(populations())
def test_attribution_is_the_oracles(population: Population) -> None:
    assert outcomes(population.policy, population.rows) == Oracle(population.policy, population.rows).outcomes()


@given(populations())
def test_every_counted_month_has_one_outcome(population: Population) -> None:
    """Those of a practice and those of a reason are all that an independent count of days finds, and no more."""
    policy, rows = population.policy, population.rows
    engine = attribution(policy, rows)
    practices = [row["practice_id"] for row in rows["practice"]]
    reasons = {*policy.exclusions, NOT_YET_REFRESHED, UNATTRIBUTED, PRACTICE_LEFT}
    universe = Oracle(policy, rows).universe()
    for payer in PAYERS:
        for month in months_of_term(policy, payer):
            number = month_of(month)
            attributed = {p: engine.members(payer, p, number) for p in practices}
            nobody = {
                person: outcome.days
                for person, outcome in engine.outcomes(payer, number).items()
                if outcome.reason in reasons and not outcome.practice
            }
            found = [*nobody.items(), *(pair for members in attributed.values() for pair in members.items())]
            wanted = {person: days for (p, person, m), days in universe.items() if (p, m) == (payer, month)}
            assert len(found) == len(wanted)
            assert dict(found) == wanted


@given(populations())
def test_order_of_rows_says_nothing(population: Population) -> None:
    policy, rows = population.policy, population.rows
    assert outcomes(policy, shuffled(population.dice, rows)) == outcomes(policy, rows)


@given(populations())
def test_spans_that_touch_are_one(population: Population) -> None:
    """Cut in two: enrollment, the practice that somebody chose, the practice of a provider."""
    policy, rows, dice = population.policy, population.rows, population.dice
    enrolled = cut(dice, rows["eligibility"], "enrollment_start_date", "enrollment_end_date")
    dated = {name: cut(dice, rows[name], "from", "to") for name in ("chosen_practice", "provider") if name in rows}
    assert outcomes(policy, {**rows, "eligibility": enrolled, **dated}) == outcomes(policy, rows)


@given(populations(encounters=True), st.data())
def test_visit_changes_only_refreshes_that_see_it(population: Population, data: st.DataObject) -> None:
    """A visit that moves from one day to another changes nothing where no method sees either day."""
    policy, rows, dice = population.policy, population.rows, population.dice
    if not rows["encounter"]:
        return
    at = data.draw(st.integers(0, len(rows["encounter"]) - 1))
    old = rows["encounter"][at]["encounter_start_date"]
    new = a_day(dice)
    visits = [dict(row) for row in rows["encounter"]]
    visits[at]["encounter_start_date"] = new
    before, after = attribution(policy, rows), attribution(policy, {**rows, "encounter": visits})
    for payer in PAYERS:
        for month in months_of_term(policy, payer):
            was, becomes = (each.outcomes(payer, month_of(month)) for each in (before, after))
            assert was.keys() == becomes.keys()
            for person, outcome in was.items():
                if outcome.assignment is None or not sees(policy, outcome.assignment.day, old, new):
                    assert (outcome.practice, outcome.reason) == (becomes[person].practice, becomes[person].reason)


def sees(policy: Policy, refresh: datetime.date, *days: datetime.date) -> bool:
    """Whether a method of a refresh looks at one of the days."""
    for method in policy.methods:
        if method.kind in VISITING:
            since = refresh - method.within * DAY if method.days else back(refresh, method.within)
            if any((not method.within or since <= day) and day < refresh for day in days):
                return True
    return False


@given(populations())
def test_practice_that_nobody_visits_changes_nothing(population: Population) -> None:
    policy, rows = population.policy, population.rows
    more = {**rows, "practice": [*rows["practice"], {"practice_id": "a0"}]}
    assert outcomes(policy, more) == outcomes(policy, rows)


@given(populations())
def test_names_of_persons_say_nothing(population: Population) -> None:
    policy, rows = population.policy, population.rows
    persons = [row["person_id"] for row in rows["member"]]
    names = dict(zip(persons, population.dice.shuffled(persons), strict=True))
    found = outcomes(policy, renamed(rows, names))
    assert found == {(payer, names[person], m): what for (payer, person, m), what in outcomes(policy, rows).items()}


@given(populations())
def test_another_payers_enrollment_changes_nothing(population: Population) -> None:
    """Each payer attributes its own members: their months do not rest on who else covers them."""
    policy, rows = population.policy, population.rows
    alone = [row for row in rows["eligibility"] if row["payer"] == "aetna"]
    found = outcomes(policy, {**rows, "eligibility": alone})
    assert found == {key: what for key, what in outcomes(policy, rows).items() if key[0] == "aetna"}


@given(populations(encounters=False))
def test_lines_that_count_nowhere_attribute_nobody(population: Population) -> None:
    """A denied line is no visit, whatever else it says."""
    policy, rows = population.policy, population.rows
    persons = [row["person_id"] for row in rows["member"]]
    denied = [
        {
            "claim_id": f"denied {at}",
            "claim_line_number": 1,
            "person_id": person,
            "payer": "aetna",
            "claim_start_date": a_day(population.dice),
            "practice_id": "p2",
            "service": "primary",
            "hcpcs_code": "99213",
            "allowed_amount": "500.00",
            "paid_date": LAST,
            "denied": True,
        }
        for at, person in enumerate(persons)
    ]
    assert outcomes(policy, {**rows, "medical_claim": [*rows["medical_claim"], *denied]}) == outcomes(policy, rows)
