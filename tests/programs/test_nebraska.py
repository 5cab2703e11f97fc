"""Nebraska over the Synthea sample as it is: months, attribution and fees against a count by hand, year by year."""

from __future__ import annotations

import datetime
from collections import Counter
from fractions import Fraction
from functools import cache

import pytest

from mhrules.compiler import Compilation
from mhrules.data.binding import read_binding
from mhrules.data.dataset import Dataset
from mhrules.data.load import load
from mhrules.engine.attribution import Assignment, Attribution
from mhrules.engine.facts import Facts
from mhrules.engine.reference import Interpreter
from mhrules.exact import ONE
from mhrules.plan.whole import Plan
from mhrules.resources import shipped
from mhrules.semantics.calendar import month_of
from mhrules.settle.ledger import Settlement
from tests.interpreted import settle
from tests.programs import synthea

PROGRAM = shipped("programs", "nebraska")
YEARS = range(2015, 2023)


@pytest.fixture(scope="module", params=YEARS)
def year(request: pytest.FixtureRequest) -> int:
    """Each year in turn, with all of its tests: it is settled once."""
    dataset()
    found = request.param
    assert isinstance(found, int)
    return found


@cache
def plan() -> Plan:
    return Compilation(PROGRAM).plan


@cache
def dataset() -> Dataset:
    if not synthea.FOLDER.is_dir():
        pytest.skip("the shared data folder is absent")
    return load(plan().schema, synthea.FOLDER, read_binding(PROGRAM / "binding.toml"))


@cache
def settled(year: int) -> Settlement:
    return settle(plan(), dataset(), year)


@cache
def attribution() -> Attribution:
    """Attribution alone, without a settlement."""
    return Interpreter(plan(), Facts(dataset())).world.below.attribution


@cache
def outcomes(year: int) -> dict[tuple[str, str, str], tuple[str, str]]:
    """What the engine makes of every counted month, in the form of `synthea.outcomes`."""
    found = {}
    for payer in synthea.PAYERS.values():
        for month in range(1, 13):
            by_person = attribution().outcomes(payer, month_of(datetime.date(year, month, 1)))
            for person, outcome in by_person.items():
                assert outcome.days == 1
                found[payer, f"{year}-{month:02}", person] = (outcome.practice, outcome.reason)
    return found


def assignment(payer: str, person: str, first: str) -> Assignment:
    month = month_of(datetime.date.fromisoformat(f"{first}-01"))
    found = attribution().outcomes(payer, month)[person].assignment
    assert found is not None
    return found


# ---------------------------------------------------------------------------------------- the files as they are


def test_every_row_of_the_files_is_read_or_left_out_by_name() -> None:
    data = dataset()
    spans = list(synthea.rows("payer_transitions.csv"))
    names = {row["Id"]: row["NAME"] for row in synthea.rows("payers.csv")}
    uninsured = sum(names[row["PAYER"]] == "NO_INSURANCE" for row in spans)
    second = sum(row["SECONDARY_PAYER"] != "" for row in spans)
    assert (len(spans), uninsured, second) == (1084, 158, 114)
    assert len(data.rows("eligibility")) == len(spans) - uninsured + second
    for table, file in {
        "member": "patients.csv",
        "practice": "organizations.csv",
        "encounter": "encounters.csv",
        "condition": "conditions.csv",
    }.items():
        assert len(data.rows(table)) == sum(1 for _ in synthea.rows(file)), table


def test_what_is_left_out_is_counted() -> None:
    assert {left.table for left in dataset().left_out} == {"eligibility"}


# ------------------------------------------------------------------------------------------- months and outcomes


def test_a_year_settles(year: int) -> None:
    settlement = settled(year)
    assert [finding.message for finding in settlement.findings] == []
    assert settlement.postings


def test_member_months_by_payer_are_those_counted_by_hand(year: int) -> None:
    by_hand = Counter(payer for payer, _, _ in synthea.outcomes(year))
    assert Counter(payer for payer, _, _ in outcomes(year)) == by_hand
    assert min(by_hand[payer] for payer in synthea.PAYERS.values()) > 0


def test_every_month_ends_in_the_outcome_found_by_hand(year: int) -> None:
    assert all(bool(practice) != bool(reason) for practice, reason in outcomes(year).values())
    assert outcomes(year) == synthea.outcomes(year)


def test_every_reason_occurs() -> None:
    dataset()
    reasons = {reason for year in YEARS for _, reason in outcomes(year).values()}
    assert reasons == {"", "dual", "secondary", "not_yet_refreshed", "unattributed"}


# ---------------------------------------------------------------------------------------------- what is paid for

FEES = {
    "aetna": [("2014-01", 250)],
    "anthem": [("2014-01", 325)],
    "bcbs": [("2014-01", 300), ("2018-01", 350)],
    "cigna": [("2014-01", 275)],
    "humana": [("2014-01", 225)],
    "medicaid": [("2014-01", 200), ("2015-07", 400)],
    "medicare": [("2014-01", 600)],
    "united": [("2014-01", 300), ("2019-04", 275)],
}
"""Cents per member month by payer, from a month on."""


def fee(payer: str, month: str) -> int:
    return [cents for since, cents in FEES[payer] if since <= month][-1]


def test_monthly_fees_are_the_months_by_hand_times_each_payers_fee(year: int) -> None:
    by_hand: Counter[tuple[str, str, str]] = Counter()
    for (payer, month, _), (practice, _) in synthea.outcomes(year).items():
        if practice:
            by_hand[payer, practice, month] += fee(payer, month)
    paid: Counter[tuple[str, str, str]] = Counter()
    for posting in settled(year).postings:
        if posting.payment == "monthly_fee" and posting.amount:
            assert posting.status == "paid"
            paid[posting.payer, posting.practice, posting.period] += posting.amount
    assert paid == Counter({key: cents * ONE // 100 for key, cents in by_hand.items()})


def reported(year: int, name: str) -> dict[tuple[str | None, str | None], Fraction]:
    """A report by payer and practice; those of nothing are left out."""
    return {
        (quantity.row.get("payer"), quantity.row.get("practice")): Fraction(quantity.value, ONE)
        for quantity in settled(year).quantities
        if quantity.report.name == name and isinstance(quantity.value, int) and quantity.value
    }


def test_visits_and_costs_are_those_counted_by_hand(year: int) -> None:
    assert reported(year, "emergency_visits") == synthea.emergencies(year)
    assert reported(year, "cost_of_visits") == {key: cost for key, cost in synthea.costs(year).items() if cost}


CHOSEN = {
    "aetna": ("adults",),
    "anthem": ("adults", "children"),
    "bcbs": ("adults", "children"),
    "cigna": ("adults",),
    "humana": ("adults", "hypertension_seen"),
    "medicaid": ("children",),
    "medicare": ("adults", "hypertension_seen"),
    "united": ("adults", "children"),
}
"""Measures of the menu that each payer chose; `emergency` is the core."""


def whole(value: object) -> int:
    assert isinstance(value, int)
    return value // ONE


def test_measures_are_those_counted_by_hand(year: int) -> None:
    results = {(found.measure.name, found.payer, found.practice): found for found in settled(year).measures}
    counted = {key: (whole(r.numerator), whole(r.denominator)) for key, r in results.items() if r.denominator}
    expected = {
        (name, payer, practice): count
        for (name, payer, practice), count in synthea.measures(year).items()
        if name in ("emergency", *CHOSEN[payer])
    }
    assert counted == expected
    for key, (numerator, denominator) in expected.items():
        by_hand, found = synthea.points(key[0], numerator, denominator), results[key].points
        assert isinstance(found, int)
        assert abs(Fraction(found, ONE) - (by_hand or 0)) < Fraction(1, 10**9)  # a rate has 12 places
        assert (results[key].possible_points == 0) == (by_hand is None)


A_POINT = {"anthem": 200, "humana": 400, "medicaid": 500, "united": 300}
A_MONTH = {"aetna": (75, 50), "bcbs": (125, 60), "cigna": (100, 50), "medicare": (200, 50)}
"""Cents of the bonus per member month, and the percentage of points that has to be earned."""


def test_performance_is_paid_by_each_payers_own_rule(year: int) -> None:
    by_hand: dict[tuple[str, str], int] = {}
    months = Counter((payer, practice) for (payer, _, _), (practice, _) in synthea.outcomes(year).items() if practice)
    for payer, practice in months:
        scored = {
            name: (earned, synthea.SCALES[name][2])
            for name in ("emergency", *CHOSEN[payer])
            if (earned := synthea.points(name, *synthea.measures(year).get((name, payer, practice), (0, 0))))
            is not None
        }
        earned = sum((points for points, _ in scored.values()), Fraction(0))
        possible = sum(most for _, most in scored.values())
        if payer in A_POINT:
            by_hand[payer, practice] = int(earned * A_POINT[payer] + Fraction(1, 2))
        elif possible and earned >= Fraction(A_MONTH[payer][1], 100) * possible:
            by_hand[payer, practice] = A_MONTH[payer][0] * months[payer, practice]
    paid = {
        (posting.payer, posting.practice): posting.amount * 100 // ONE
        for posting in settled(year).postings
        if posting.payment == "performance" and posting.amount
    }
    assert paid == {key: cents for key, cents in by_hand.items() if cents}


# ------------------------------------------------------------------------------------ three members, visit by visit

NORTH, SOUTH = "c67ec80b-bbbb-30cb-87e3-5f1208761b90", "60803d45-692f-37d3-b282-75afe09e15a0"
CHANGES_PRACTICE = "1320dd98-823e-9d69-2fc3-bfc0386bc048"
EAST, WEST = "41bac171-3ac4-3903-8d63-c339b8d6e88a", "418f8b4a-1e53-3810-940a-137226398cf0"
CHANGES_PAYER = "3ec77df1-5440-2253-8491-16b3b02a6dc2"
LEFT, RIGHT = "7b624015-db80-385b-985b-e364b5e14526", "bcfd1446-6878-317e-8258-0fdca43caab8"
DIES = "ad63c02c-b783-6730-61bf-bab49253686a"


def months(first: str, last: str) -> list[str]:
    """Month names from one to another, both included."""
    (year, month), end = map(int, first.split("-")), tuple(map(int, last.split("-")))
    found = []
    while (year, month) <= end:
        found.append(f"{year}-{month:02}")
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return found


def followed(person: str) -> dict[str, tuple[str, str, str]]:
    """By month of 2015 to 2022: payer, practice and reason; no month has two."""
    found: dict[str, tuple[str, str, str]] = {}
    for year in YEARS:
        for (payer, month, who), (practice, reason) in outcomes(year).items():
            if who == person:
                assert month not in found
                found[month] = (payer, practice, reason)
    return found


def spread(*stretches: tuple[str, str, str, str, str]) -> dict[str, tuple[str, str, str]]:
    return {
        month: (payer, practice, reason)
        for first, last, payer, practice, reason in stretches
        for month in months(first, last)
    }


def test_a_member_who_changes_practice() -> None:
    """With Humana all the time, and at two practices in turn. The visits that count, all wellness or ambulatory:

        2014-03-10 north   2016-03-15 south   2017-02-19 north   2017-06-11 north
        2019-03-19 south   2020-02-01 north   2020-04-17 north   2022-01-04 south

    2015-01-01  looks back to 2013-01-01: north 1.                                     north
    2016-04-01  back to 2014-04-01: the visit of 2014-03-10 is out; south 1.           south
    2017-04-01  back to 2015-04-01: south 1, north 1, a tie: north was later.          north
    2017-07-01  back to 2015-07-01: south 1, north 2.                                  north
    2019-04-01  back to 2017-04-01: north 1 (June 2017), south 1, a tie: south later.  south
    2020-04-01  back to 2018-04-01: south 1, north 1 (February), a tie: north later.   north
    2020-07-01  back to 2018-07-01: south 1, north 2.                                  north
    2022-01-01  back to 2020-01-01: north 2; the visit of 4 January is not before.     north
    2022-04-01  back to 2020-04-01: north 1, south 1, a tie: south was later.          south
    2022-07-01  back to 2020-07-01: south 1.                                           south
    """
    dataset()
    assert followed(CHANGES_PRACTICE) == spread(
        ("2015-01", "2016-03", "humana", NORTH, ""),
        ("2016-04", "2017-03", "humana", SOUTH, ""),
        ("2017-04", "2019-03", "humana", NORTH, ""),
        ("2019-04", "2020-03", "humana", SOUTH, ""),
        ("2020-04", "2022-03", "humana", NORTH, ""),
        ("2022-04", "2022-12", "humana", SOUTH, ""),
    )
    tie = assignment("humana", CHANGES_PRACTICE, "2017-04").tried[-1].candidates
    assert [(c.practice, c.weight, str(c.latest)) for c in tie] == [(NORTH, 1, "2017-02-19"), (SOUTH, 1, "2016-03-15")]


def test_a_member_who_changes_payer() -> None:
    """Anthem until 7 August 2020, Aetna until 6 August 2021, then UnitedHealthcare. The visits that count since 2016:

        2016-05-25 east
        2017-10-21 west
        2018-12-15, 2019-01-12, -02-09, -03-09, -04-06, -05-04, -06-01, -06-29, -07-13, -08-31 east
        2020-08-08 west
        2022-08-13 west

    2018-01-01  back to 2016-01-01: east 1, west 1, a tie: west was later.                     west
    2019-01-01  back to 2017-01-01: west 1, east 1 (December), a tie: east was later.          east
    2020-07-01  back to 2018-07-01: east 10.                                                   east
    2020-08-01  Anthem on day 1, though Aetna pays from the 8th.                               Anthem, east
    2020-09-01  Aetna, with whom the member was not enrolled at the refresh of July.           not yet refreshed
    2020-10-01  back to 2018-10-01, visits paid by Anthem too: east 10, west 1.                Aetna, east
    2021-07-01  back to 2019-07-01: east 2 (13 July, 31 August), west 1.                       Aetna, east
    2021-09-01  UnitedHealthcare since 7 August: not enrolled with it in July.                 not yet refreshed
    2021-10-01  back to 2019-10-01: west 1.                                                    United, west
    2022-10-01  back to 2020-10-01: west 1, of August 2022.                                    United, west
    """
    dataset()
    own = followed(CHANGES_PAYER)
    assert {month: own[month] for month in months("2018-01", "2022-12")} == spread(
        ("2018-01", "2018-12", "anthem", WEST, ""),
        ("2019-01", "2020-08", "anthem", EAST, ""),
        ("2020-09", "2020-09", "aetna", "", "not_yet_refreshed"),
        ("2020-10", "2021-08", "aetna", EAST, ""),
        ("2021-09", "2021-09", "united", "", "not_yet_refreshed"),
        ("2021-10", "2022-12", "united", WEST, ""),
    )
    decided = assignment("aetna", CHANGES_PAYER, "2020-10").tried[-1].candidates
    assert [(c.practice, c.weight) for c in decided] == [(EAST, 10), (WEST, 1)]


def test_a_member_who_dies() -> None:
    """With UnitedHealthcare until death on 31 March 2016. The visits that count:

        2012-12-18 right  2013-05-08 left  2013-09-07 left  2013-12-24 right  2014-05-08 left
        2014-12-30 right  2015-06-16 left  2016-01-05 right; and 2016-04-12 right, which certifies the death

    2015-01-01  back to 2013-01-01: left 3, right 2.                                    left
    2015-07-01  back to 2013-07-01: left 3, right 2.                                    left
    2015-10-01  back to 2013-10-01: left 2, right 2, a tie: left was later (June).      left
    2016-01-01  back to 2014-01-01: left 2, right 1; the visit of 5 January is later.   left
    2016-04-01  no longer a member: three months of 2016 are the last ones.
    """
    dataset()
    assert followed(DIES) == spread(("2015-01", "2016-03", "united", LEFT, ""))
    tie = assignment("united", DIES, "2015-10").tried[-1].candidates
    assert [(c.practice, c.weight, str(c.latest)) for c in tie] == [(LEFT, 2, "2015-06-16"), (RIGHT, 2, "2014-12-30")]
