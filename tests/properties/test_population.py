"""Settlements of generated populations, against sums that the test makes itself, and what may not change them."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable
from fractions import Fraction

from attrs import evolve
from hypothesis import given, settings

from mhrules.data.dataset import Dataset
from mhrules.engine.facts import Facts
from mhrules.engine.people import People
from mhrules.exact import ONE, Rounding
from mhrules.semantics.calendar import month_of
from mhrules.settle.ledger import Settlement
from tests.properties.rationals import rounded
from tests.strategies.population import Population, Rows, cut, populations, renamed, shuffled
from tests.strategies.population_oracle import Oracle, Row, days_of, months_of_term
from tests.strategies.population_program import (
    ANY_DAY,
    DAY_1,
    DAY_15,
    PAYERS,
    PAYMENTS,
    PROPORTION,
    RULES,
    Policy,
    plan_for,
)
from tests.strategies.settled import codes, postings, published, settled

YEAR = 2011
Date = datetime.date
HALF = settings(max_examples=max(1, settings.default.max_examples // 2))
IDS = (("medical_claim", "claim_id"), ("encounter", "encounter_id"), ("event_care_plan", "event_id"))
Amounts = dict[tuple[str, str, Date], Fraction]
"""Dollars by payer, practice and month."""


def settlement(policy: Policy, rows: Rows) -> Settlement:
    """The settlement of the year, which has no faults."""
    plan = plan_for(policy)
    names = {table.name for table in plan.schema.tables}
    found = settled(plan, {name: own for name, own in rows.items() if name in names}, YEAR)
    assert codes(found.findings) == []
    return found


class Sums:
    """What the payments of `PAYMENTS` come to, reckoned from rows and outcomes without the engine."""

    def __init__(self, policy: Policy, rows: Rows) -> None:
        self.policy, self.rows = policy, rows
        self.oracle = Oracle(policy, rows)
        self.universe = self.oracle.universe()
        self.outcomes = self.oracle.outcomes()
        self.lines = self.oracle.lines()
        self.visits = self.oracle.encounters() if policy.encounters else self.lines
        self.practices = [row["practice_id"] for row in rows["practice"]]

    def pairs(self) -> Iterable[tuple[str, str, Date]]:
        """Payer, practice and month wherever both are there."""
        for payer in PAYERS:
            for month in months_of_term(self.policy, payer):
                for practice in self.practices:
                    if self.oracle.on_roster(practice, month):
                        yield payer, practice, month

    def attributed(self, payer: str, practice: str, month: Date) -> list[str]:
        """The members of a practice in a month."""
        return [p for (who, p, m), found in self.outcomes.items() if (who, m, found) == (payer, month, practice)]

    def months(self, payer: str, month: Date, persons: Iterable[str]) -> Fraction:
        """The member months that persons make."""
        counted = sum(self.universe[payer, person, month] for person in persons)
        if self.policy.months != PROPORTION:
            return Fraction(counted)
        return rounded(Fraction(counted, len(days_of(month))), 6, Rounding.HALF_EVEN)

    def fee(self, payer: str, practice: str, month: Date) -> Fraction:
        """Members by risk, each price on its own."""
        members = self.attributed(payer, practice, month)
        risk = {row["person_id"]: row["risk"] for row in self.rows["member"]}
        prices = {"low": Fraction("2.35"), "high": Fraction("5.05")}
        return sum(
            (
                cent(price * self.months(payer, month, [p for p in members if risk[p] == r]))
                for r, price in prices.items()
            ),
            Fraction(),
        )

    def flat(self, payer: str, practice: str, month: Date) -> Fraction:
        """All members at one price."""
        return cent(Fraction("3.33") * self.months(payer, month, self.attributed(payer, practice, month)))

    def billed(self, payer: str, practice: str, month: Date) -> Fraction:
        """Each line that the practice billed for anybody."""
        own = [line for line in self.lines if (line["payer"], line["practice"]) == (payer, practice)]
        office = [line for line in own if in_month(line, month) and line["code"] in ("99213", "99214")]
        return sum((cent(Fraction("0.125") * Fraction(line["cents"], 100)) for line in office), Fraction())

    def of_members(self, rows: list[Row], payer: str, practice: str, month: Date) -> list[Row]:
        """What happened in a month to members of a practice, and is the payer's."""
        members = self.attributed(payer, practice, month)
        return [r for r in rows if r["payer"] == payer and in_month(r, month) and r["person"] in members]

    def of_lines(self, payer: str, practice: str, month: Date) -> Fraction:
        """Each line of primary care of the members, whoever billed it."""
        lines = self.of_members(self.lines, payer, practice, month)
        amounts = (Fraction("0.075") * Fraction(line["cents"], 100) for line in lines if line["service"] == "primary")
        return sum(map(cent, amounts), Fraction())

    def seen(self, payer: str, practice: str, month: Date, service: str) -> int:
        """How many visits the members made: persons, places and days."""
        found = self.of_members(self.visits, payer, practice, month)
        return len({(r["person"], r["place"], r["date"]) for r in found if r["service"] == service})

    def visited(self, payer: str, practice: str, month: Date) -> Fraction:
        """Each visit for primary care."""
        return Fraction("4.55") * self.seen(payer, practice, month, "primary")

    def plans(self, payer: str, practice: str, month: Date) -> Fraction:
        """The first care plan of each person in the month."""
        own = [
            (event["event_date"], event["event_id"], event["person_id"], event["kind"])
            for event in self.rows["event_care_plan"]
            if event["practice_id"] == practice
            and event["event_date"].replace(day=1) == month
            and payer == (event["payer"] or self.oracle.first_payer(event["person_id"], event["event_date"]))
        ]
        first: dict[str, int] = {}
        for _, _, person, kind in sorted(own):
            first.setdefault(person, 200 if kind == "new" else 100)
        return Fraction(sum(first.values()))


def cent(amount: Fraction) -> Fraction:
    """Rounded to cents, half up."""
    return rounded(amount, 2, Rounding.HALF_UP)


def in_month(row: Row, month: Date) -> bool:
    """Whether something happened in a month."""
    return bool(row["date"].replace(day=1) == month)


def people(policy: Policy, rows: Rows) -> People:
    """The engine's people."""
    plan = plan_for(policy)
    names = {table.name for table in plan.schema.tables}
    read = {name: own for name, own in rows.items() if name in names}
    return People(plan, Facts(Dataset.from_rows(plan.schema, read)))


def posted(found: Settlement, payment: str) -> Amounts:
    """What is posted for a payment."""
    amounts: Amounts = defaultdict(Fraction)
    for posting in found.postings:
        if posting.payment == payment:
            month = Date(posting.first // 12, posting.first % 12 + 1, 1)
            amounts[posting.payer, posting.practice, month] += Fraction(posting.amount, ONE)
    return dict(amounts)


def reported(found: Settlement, name: str) -> dict[tuple[str, ...], Fraction]:
    """The values of a report, by the ids of its keys."""
    return {
        tuple(value for _, value in each.row.keys): Fraction(int(each.value or 0), ONE)
        for each in found.quantities
        if each.report.name == name
    }


# ------------------------------------------------------------------------------------------- properties


@HALF
@given(populations(payments=PAYMENTS, run_out=3))
def test_payments_are_the_tests_own_sums(population: Population) -> None:
    """Per member by price, per line with entries netted and run-out, per visit, per event: each month of each pair."""
    found, own = settlement(population.policy, population.rows), Sums(population.policy, population.rows)
    keys = list(own.pairs())
    reckoned = {
        "fee": own.fee,
        "flat": own.flat,
        "billed": own.billed,
        "lines": own.of_lines,
        "visited": own.visited,
        "plans": own.plans,
    }
    for payment, reckon in reckoned.items():
        assert posted(found, payment) == {key: reckon(*key) for key in keys}, payment


@HALF
@given(populations(payments=PAYMENTS))
def test_units_times_price_is_the_amount(population: Population) -> None:
    for posting in settlement(population.policy, population.rows).postings:
        if posting.payment in ("fee", "flat") and posting.price is not None:
            exact = Fraction(posting.units, ONE) * Fraction(posting.price, ONE)
            assert Fraction(posting.amount, ONE) == cent(exact)
        if posting.payment == "flat":
            assert posting.price == 333 * ONE // 100
        if posting.payment == "visited" and posting.units:
            assert posting.amount == posting.units * 455 // 100


@HALF
@given(populations(payments=PAYMENTS))
def test_year_is_the_sum_of_its_months(population: Population) -> None:
    policy, rows = population.policy, population.rows
    found, own = settlement(policy, rows), Sums(policy, rows)
    for name in ("member_time", "er", "spent"):
        assert reported(found, name) == reported(found, f"{name}_by_month")
    months: dict[tuple[str, ...], Fraction] = defaultdict(Fraction)
    emergencies: dict[tuple[str, ...], Fraction] = defaultdict(Fraction)
    spent: dict[tuple[str, ...], Fraction] = defaultdict(Fraction)
    for payer, practice, month in own.pairs():
        months[payer, practice] += own.months(payer, month, own.attributed(payer, practice, month))
        emergencies[payer, practice] += own.seen(payer, practice, month, "emergency")
        lines = own.of_members(own.lines, payer, practice, month)
        spent[payer, practice] += Fraction(sum(line["cents"] for line in lines), 100)
    assert reported(found, "member_time") == months
    assert reported(found, "er") == emergencies
    assert reported(found, "spent") == spent
    assert reported(found, "cost_of") == spent
    units: Counter[tuple[str, ...]] = Counter()
    for posting in found.postings:
        if posting.payment == "flat":
            units[posting.payer, posting.practice] += posting.units
    assert {key: Fraction(number, ONE) for key, number in units.items()} == months


@HALF
@given(populations(payments=PAYMENTS))
def test_pooled_is_the_sum_of_parts(population: Population) -> None:
    """Across payers months and amounts add up, and people are counted once."""
    policy, rows = population.policy, population.rows
    found, own = settlement(policy, rows), Sums(policy, rows)
    for name in ("member_time", "spent"):
        parts: dict[tuple[str, ...], Fraction] = defaultdict(Fraction)
        for (_, practice), value in reported(found, name).items():
            parts[(practice,)] += value
        assert reported(found, f"{name}_pooled") == parts
    ever: dict[str, set[str]] = defaultdict(set)
    enrollments: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for payer, practice, month in own.pairs():
        for person in own.attributed(payer, practice, month):
            ever[practice].add(person)
            enrollments[practice].add((payer, person))
    risk = {row["person_id"]: row["risk"] for row in rows["member"]}
    for (practice,), value in reported(found, "people_pooled").items():
        assert value == len(ever[practice])
    for (practice,), value in reported(found, "enrolled_pooled").items():
        assert value == len(enrollments[practice])
    for (practice,), value in reported(found, "risky").items():
        assert value == sum(risk[person] == "high" for person in ever[practice])


WHOLE = ("2010-12-31", "2011-01-31", "2011-04-30", None)
"""Ends of months, so that spans hold whole months alone."""


def of_whole_months(population: Population) -> Rows:
    """The rows with enrollment from firsts to lasts of months, and nobody born or dead inside one."""
    ends = [None if end is None else Date.fromisoformat(end) for end in WHOLE]
    enrolled = [
        {**row, "enrollment_start_date": Date(2010, 6, 1), "enrollment_end_date": population.dice.pick(ends)}
        for row in population.rows["eligibility"]
    ]
    once = {(row["person_id"], row["payer"], row["plan"]): row for row in enrolled}
    members = [{**row, "birth_date": Date(1950, 3, 1), "death_date": None} for row in population.rows["member"]]
    return {**population.rows, "member": members, "eligibility": list(once.values())}


@settings(max_examples=max(1, settings.default.max_examples // 5))
@given(populations(payments=PAYMENTS))
def test_ways_to_count_agree_on_whole_months(population: Population) -> None:
    rows = of_whole_months(population)
    found = [settlement(evolve(population.policy, months=rule), rows) for rule in RULES]
    assert all(postings(each) == postings(found[0]) for each in found)
    assert all(published(each) == published(found[0]) for each in found)


@HALF
@given(populations(newborns=False))
def test_ways_to_count_differ_as_defined(population: Population) -> None:
    """Any day counts whoever a day counts, and whoever days count in proportion; the days are the share of it."""
    policy, rows = population.policy, population.rows
    counted = {rule: Oracle(evolve(policy, months=rule), rows).universe() for rule in RULES}
    engine = {
        rule: {
            (payer, person, month): days
            for payer in PAYERS
            for month in months_of_term(policy, payer)
            for person, days in people(evolve(policy, months=rule), rows).counted(payer, month_of(month)).items()
        }
        for rule in RULES
    }
    assert engine == counted
    assert engine[DAY_1].keys() | engine[DAY_15].keys() <= engine[ANY_DAY].keys()
    assert engine[ANY_DAY].keys() == engine[PROPORTION].keys()
    for (payer, person, month), days in engine[PROPORTION].items():
        if days == len(days_of(month)):
            assert all((payer, person, month) in engine[rule] for rule in RULES)


@HALF
@given(populations(payments=PAYMENTS))
def test_order_of_rows_says_nothing(population: Population) -> None:
    policy, rows = population.policy, population.rows
    one, other = settlement(policy, rows), settlement(policy, shuffled(population.dice, rows))
    assert (postings(one), published(one)) == (postings(other), published(other))


@HALF
@given(populations(payments=PAYMENTS))
def test_spans_that_touch_are_one(population: Population) -> None:
    policy, rows = population.policy, population.rows
    enrolled = cut(population.dice, rows["eligibility"], "enrollment_start_date", "enrollment_end_date")
    one, other = settlement(policy, rows), settlement(policy, {**rows, "eligibility": enrolled})
    assert (postings(one), published(one)) == (postings(other), published(other))


@HALF
@given(populations(payments=PAYMENTS))
def test_names_of_persons_say_nothing(population: Population) -> None:
    policy, rows = population.policy, population.rows
    persons = [row["person_id"] for row in rows["member"]]
    names = {person: f"x{person}" for person in persons}
    one, other = settlement(policy, rows), settlement(policy, renamed(rows, names))
    assert (postings(one), published(one)) == (postings(other), published(other))


@HALF
@given(populations(payments=PAYMENTS))
def test_ids_of_records_say_nothing(population: Population) -> None:
    """Every table numbers its rows from 1: a claim, a visit and an event of one number are still three things."""
    policy, rows = population.policy, population.rows
    same = dict(rows)
    for table, column in (
        ("medical_claim", "claim_id"),
        ("encounter", "encounter_id"),
        ("event_care_plan", "event_id"),
    ):
        if table in rows:
            ids = {name: str(at) for at, name in enumerate(sorted({row[column] for row in rows[table]}), start=1)}
            ending = "" if table == "medical_claim" else "/1"
            same[table] = [{**row, column: ids[row[column]] + ending} for row in rows[table]]
    one, other = settlement(policy, rows), settlement(policy, same)
    assert (postings(one), published(one)) == (postings(other), published(other))
