"""Attribution at the bounds: refresh days, look-backs, lists, ties, reasons, and what is kept of each step."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from mhrules.engine.attribution import Attribution, Outcome
from mhrules.engine.faults import Faulted
from mhrules.semantics.calendar import month_of
from tests.strategies.population import Rows
from tests.strategies.population_program import GEOGRAPHY, LIST, RECENT, SELECTION, Method, Policy
from tests.strategies.population_rows import claim, day, enrolled, interpreter, person, population

APRIL = month_of(datetime.date(2011, 4, 1))
YEAR_BACK = Method("plurality", service="primary", within=12, ties=RECENT)


def attribution(rows: Rows, *methods: Method, **policy: Any) -> Attribution:
    return interpreter(Policy(methods=methods, **policy), rows).world.below.attribution


def outcome(rows: Rows, *methods: Method, month: int = APRIL, **policy: Any) -> Outcome:
    return attribution(rows, *methods, **policy).outcomes("aetna", month)["a"]


def found(rows: Rows, *methods: Method, month: int = APRIL, **policy: Any) -> str:
    result = outcome(rows, *methods, month=month, **policy)
    return result.practice or result.reason


def visiting(*claims: dict[str, Any], **tables: Any) -> Rows:
    return population(person("a"), medical_claim=list(claims), **tables)


# -------------------------------------------------------------------------------------------- look-backs


@pytest.mark.parametrize(
    ("date", "practice"),
    [("2010-03-31", "unattributed"), ("2010-04-01", "p1"), ("2011-03-31", "p1"), ("2011-04-01", "unattributed")],
)
def test_a_look_back_holds_its_first_day_and_not_the_refresh(date: str, practice: str) -> None:
    assert found(visiting(claim("1", "a", date)), YEAR_BACK) == practice


@pytest.mark.parametrize(("date", "practice"), [("2010-12-31", "unattributed"), ("2011-01-01", "p1")])
def test_a_look_back_of_days(date: str, practice: str) -> None:
    assert found(visiting(claim("1", "a", date)), Method("plurality", within=90, days=True)) == practice


def test_without_look_back_every_visit_before_counts() -> None:
    assert found(visiting(claim("1", "a", "1999-01-01")), Method("plurality")) == "p1"


@pytest.mark.parametrize("service", ["emergency", ""])
def test_only_what_the_method_asks_for_counts(service: str) -> None:
    assert found(visiting(claim("1", "a", "2011-01-05", service=service)), YEAR_BACK) == "unattributed"


# -------------------------------------------------------------------------------------------------- ties


def test_a_plurality_counts_days_and_not_claims() -> None:
    """Three claims of one day at p1 are one visit; two days at p2 are two."""
    rows = visiting(
        *(claim(f"1{at}", "a", "2011-03-20") for at in range(3)),
        claim("2", "a", "2010-06-01", "p2"),
        claim("3", "a", "2010-07-01", "p2"),
    )
    assert found(rows, YEAR_BACK) == "p2"


def test_a_plurality_of_allowed_adds_amounts_up() -> None:
    rows = visiting(
        claim("1", "a", "2011-03-20", allowed_amount="150.00"),
        claim("2", "a", "2010-06-01", "p2", allowed_amount="75.00"),
        claim("3", "a", "2010-06-01", "p2", allowed_amount="75.01"),
    )
    assert found(rows, Method("plurality", measure="allowed")) == "p2"


@pytest.mark.parametrize(("ties", "practice"), [(RECENT, "p2"), ("", "p1")])
def test_ties_of_a_plurality(ties: str, practice: str) -> None:
    rows = visiting(claim("1", "a", "2010-06-01"), claim("2", "a", "2011-03-01", "p2"))
    assert found(rows, Method("plurality", ties=ties)) == practice


@pytest.mark.parametrize(("ties", "practice"), [("highest", "p2"), ("lowest", "p1"), ("", "p1")])
def test_ties_of_the_most_recent_visit(ties: str, practice: str) -> None:
    """Both were seen on one day; p2 on an earlier day too."""
    rows = visiting(
        claim("1", "a", "2011-03-01"), claim("2", "a", "2011-03-01", "p2"), claim("3", "a", "2010-03-01", "p2")
    )
    assert found(rows, Method(RECENT, ties=ties)) == practice


def test_ties_end_with_the_id_of_the_practice_by_bytes() -> None:
    names = ("p10", "p2", "é")
    rows = visiting(*(claim(name, "a", "2011-03-01", name) for name in names), practices=names)
    assert found(rows, YEAR_BACK) == "p10"


# ------------------------------------------------------------------------------------- selection and lists


def chosen(first: str, last: str = "", practice: str = "p1") -> dict[str, Any]:
    end = day(last) if last else None
    return {"person_id": "a", "payer": "aetna", "practice_id": practice, "from": day(first), "to": end}


@pytest.mark.parametrize(
    ("first", "last", "practice"),
    [
        ("2011-04-01", "", "p1"),
        ("2011-04-02", "", "unattributed"),
        ("2010-01-01", "2011-04-01", "p1"),
        ("2010-01-01", "2011-03-31", "unattributed"),
    ],
)
def test_a_choice_holds_on_its_first_and_last_day(first: str, last: str, practice: str) -> None:
    rows = visiting(chosen_practice=[chosen(first, last)])
    assert found(rows, SELECTION) == practice


def listed(
    date: str, practice: str, name: str = "payer roster", who: str = "a", payer: str = "aetna"
) -> dict[str, Any]:
    return {"payer": payer, "list": name, "as_of_date": day(date), "person_id": who, "practice_id": practice}


@pytest.mark.parametrize(("date", "practice"), [("2011-04-01", "p2"), ("2011-04-02", "p1")])
def test_the_latest_list_is_that_of_the_refresh_day_or_before(date: str, practice: str) -> None:
    rows = visiting(payer_roster=[listed("2011-02-01", "p1"), listed(date, "p2")])
    assert found(rows, LIST) == practice


def test_who_left_the_latest_list_is_on_none() -> None:
    rows = population(
        person("a"), person("b"), payer_roster=[listed("2011-01-01", "p1"), listed("2011-02-01", "p1", who="b")]
    )
    assert found(rows, LIST) == "unattributed"


def test_other_lists_and_other_payers_lists_say_nothing() -> None:
    rows = visiting(payer_roster=[listed("2011-01-01", "p1", "other"), listed("2011-02-01", "p1", payer="cigna")])
    assert found(rows, LIST) == "unattributed"


def test_geography_is_by_zip_code() -> None:
    rows = visiting(service_area=[{"zip_code": "01001", "practice_id": "p2"}])
    assert found(rows, GEOGRAPHY) == "p2"


# ------------------------------------------------------------------------------------------------ refresh


def test_a_refresh_holds_until_the_next() -> None:
    rows = visiting(
        claim("1", "a", "2011-03-01"), claim("2", "a", "2011-04-01", "p2"), claim("3", "a", "2011-05-01", "p2")
    )
    assert [found(rows, YEAR_BACK, month=APRIL + at) for at in range(4)] == ["p1", "p1", "p1", "p2"]


def test_who_comes_after_a_refresh_waits_for_the_next() -> None:
    rows = population(
        person("a"), eligibility=[enrolled("a", "2011-04-02")], medical_claim=[claim("1", "a", "2011-03-01")]
    )
    assert found(rows, YEAR_BACK, month=APRIL + 1) == "not_yet_refreshed"
    assert found(rows, YEAR_BACK, month=APRIL + 3) == "p1"


def test_new_members_at_once_are_attributed_on_the_first_day_of_their_first_month() -> None:
    """On May 1 the visit of April 20 is seen; in June the assignment of May still holds."""
    rows = population(
        person("a"),
        eligibility=[enrolled("a", "2011-04-02")],
        medical_claim=[
            claim("1", "a", "2011-04-20"),
            claim("2", "a", "2011-05-20", "p2"),
            claim("3", "a", "2011-05-21", "p2"),
        ],
    )
    result = [outcome(rows, YEAR_BACK, month=APRIL + at, at_once=True) for at in (1, 2)]
    assert [each.practice for each in result] == ["p1", "p1"]
    assert {each.assignment.day for each in result if each.assignment} == {day("2011-05-01")}


def test_the_first_refresh_is_where_the_payer_begins() -> None:
    rows = population(
        person("a"),
        eligibility=[enrolled("a", payer="cigna")],
        medical_claim=[claim("1", "a", "2011-01-20", payer="cigna")],
    )
    engine = attribution(rows, YEAR_BACK, late="2011-02-01")
    assert engine.outcomes("cigna", APRIL - 2)["a"].practice == "p1"


def test_who_is_excluded_on_the_refresh_day_is_attributed_when_it_is_over() -> None:
    spans = [enrolled("a", "2010-01-01", "2011-04-30", hospice=True), enrolled("a", "2011-05-01")]
    rows = population(person("a"), eligibility=spans, medical_claim=[claim("1", "a", "2011-03-01")])
    months = [found(rows, YEAR_BACK, month=APRIL + at, exclusions=("hospice_care",)) for at in (0, 1)]
    assert months == ["hospice_care", "p1"]


def test_of_two_exclusions_the_first_in_the_text_is_named() -> None:
    rows = population(person("a"), eligibility=[enrolled("a", hospice=True, payer_order=2)])
    assert found(rows, YEAR_BACK, exclusions=("secondary", "hospice_care")) == "secondary"
    assert found(rows, YEAR_BACK, exclusions=("hospice_care", "secondary")) == "hospice_care"


def test_a_practice_that_leaves_keeps_nobody() -> None:
    rows = visiting(claim("1", "a", "2011-03-01"))
    rows["practice"] = [{"practice_id": "p1", "effective_to": day("2011-04-30")}]
    assert [found(rows, YEAR_BACK, month=APRIL + at) for at in (0, 1)] == ["p1", "practice_left"]


def test_a_practice_that_is_not_there_on_the_refresh_day_is_no_candidate() -> None:
    rows = visiting(claim("1", "a", "2011-03-01"), claim("2", "a", "2011-03-02"), claim("3", "a", "2011-03-01", "p2"))
    rows["practice"] = [{"practice_id": "p1", "effective_from": day("2011-04-02")}, {"practice_id": "p2"}]
    assert found(rows, YEAR_BACK) == "p2"


# ------------------------------------------------------------------------------------------- what is kept


def test_every_step_keeps_its_candidates_the_winner_first() -> None:
    rows = visiting(claim("1", "a", "2010-06-01"), claim("2", "a", "2010-07-01"), claim("3", "a", "2011-03-01", "p2"))
    assignment = outcome(rows, LIST, YEAR_BACK, GEOGRAPHY).assignment
    assert assignment is not None
    assert [(tried.method.kind, [c.practice for c in tried.candidates]) for tried in assignment.tried] == [
        ("list", []),
        ("plurality", ["p1", "p2"]),
    ]
    winner = assignment.tried[1].candidates[0]
    assert (winner.weight, winner.latest, winner.records) == (2, day("2010-07-01"), ("1/1", "2/1"))


def test_all_faults_of_a_month_are_listed_and_raised_again() -> None:
    rows = population(person("a", birth_date=None), person("b", birth_date=None), person("c"))
    engine = attribution(rows, YEAR_BACK, exclusions=("infant",))
    for _ in range(2):
        with pytest.raises(Faulted) as error:
            engine.outcomes("aetna", APRIL)
        assert [found.code for found in error.value.faults] == ["MH743", "MH743"]
