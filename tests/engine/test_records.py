"""What a claim line, a visit and an event are: entries, denials, run-out, billers, and names that tell them apart."""

from __future__ import annotations

from typing import Any

import pytest

from mhrules.engine.faults import Faulted
from mhrules.engine.records import EVENT, LINE, VISIT, Record, Records, days_before
from mhrules.exact import ONE
from mhrules.plan.ir import Lookback
from tests.strategies.population import Rows
from tests.strategies.population_program import PAYMENTS, PLURALITY, Policy
from tests.strategies.population_rows import claim, day, enrolled, event, interpreter, person, population


def records(rows: Rows, **policy: Any) -> Records:
    changed = Policy(methods=(PLURALITY,), payments=PAYMENTS, **policy)
    return interpreter(changed, rows).world.below.records


def lines(*claims: dict[str, Any], run_out: int = 0, **tables: Any) -> list[Record]:
    rows = population(person("a"), medical_claim=list(claims), **tables)
    return records(rows, run_out=run_out).of_person(LINE, "", "a")


def dollars(found: list[Record]) -> list[float]:
    return [int(str(record.values["allowed"])) * 100 // ONE / 100 for record in found]


def test_entries_of_a_line_are_added_up() -> None:
    entries = [("100.00", 1), ("-100.00", 2), ("80.50", 3)]
    found = lines(*(claim("1", "a", "2011-02-01", allowed_amount=a, entry_number=n) for a, n in entries))
    assert dollars(found) == [80.5]


def test_a_line_that_is_reversed_as_a_whole_is_not_there() -> None:
    claims = [claim("1", "a", "2011-02-01"), claim("1", "a", "2011-02-01", allowed_amount="-100.00", entry_number=2)]
    nothing = claim("2", "a", "2011-02-01", allowed_amount="0.00")
    assert [record.id for record in lines(*claims, nothing)] == ["2/1"]


def test_a_denied_entry_counts_nowhere() -> None:
    found = lines(
        claim("1", "a", "2011-02-01"),
        claim("1", "a", "2011-02-01", entry_number=2, allowed_amount="30.00", denied=True),
        claim("2", "a", "2011-02-01", denied=True),
    )
    assert [record.id for record in found] == ["1/1"]
    assert dollars(found) == [100]


@pytest.mark.parametrize(("paid", "counted"), [("2012-03-31", 1), ("2012-04-01", 0)])
def test_run_out_ends_with_the_last_day_of_its_month(paid: str, counted: int) -> None:
    assert len(lines(claim("1", "a", "2011-01-02", paid_date=day(paid)), run_out=3)) == counted


def test_a_run_out_beyond_the_last_day_there_is() -> None:
    assert len(lines(claim("1", "a", "9999-12-31", paid_date=day("9999-12-31")), run_out=3)) == 1


def test_run_out_is_of_the_year_of_service() -> None:
    """What was incurred in 2010 and paid in May of 2011 is late, though 2011 is not over."""
    assert lines(claim("1", "a", "2010-12-31", paid_date=day("2011-05-01")), run_out=3) == []


def test_without_the_day_of_payment_a_run_out_cannot_be_judged() -> None:
    with pytest.raises(Faulted) as error:
        lines(claim("1", "a", "2011-01-02", paid_date=None), run_out=3)
    assert [found.code for found in error.value.faults] == ["MH742"]


def test_the_day_of_a_line_is_its_own_where_it_has_one() -> None:
    found = lines(claim("1", "a", "2011-01-31", claim_line_start_date=day("2011-02-01")), claim("2", "a", "2011-01-30"))
    assert [record.date for record in found] == [day("2011-01-30"), day("2011-02-01")]


# ------------------------------------------------------------------------------------------------ billers


def works(npi: str, practice: str, first: str = "2010-01-01", last: str = "") -> dict[str, Any]:
    return {"npi": npi, "practice_id": practice, "from": day(first), "to": day(last) if last else None}


def test_a_line_without_practice_is_of_the_provider_s_only_one_on_the_day() -> None:
    provider = [works("n1", "p2", "2010-01-01", "2011-02-28"), works("n1", "p1", "2011-03-01")]
    found = lines(
        *(claim(name, "a", date, "", rendering_npi="n1") for name, date in (("1", "2011-02-28"), ("2", "2011-03-01"))),
        provider=provider,
    )
    assert [record.practice for record in found] == ["p2", "p1"]


def test_a_provider_of_two_practices_on_a_day_names_neither_and_is_counted() -> None:
    rows = population(
        person("a"),
        medical_claim=[claim("1", "a", "2011-02-01", "", rendering_npi="n1")],
        provider=[works("n1", "p1"), works("n1", "p2")],
    )
    found = records(rows)
    assert [record.practice for record in found.of_person(LINE, "", "a")] == [""]
    assert found.ambiguous == {"n1": 1}


def test_a_biller_off_the_roster_is_no_practice_whoever_rendered() -> None:
    found = lines(claim("1", "a", "2011-02-01", "hospital", rendering_npi="n1"), provider=[works("n1", "p1")])
    assert [(record.practice, record.place) for record in found] == [("", "hospital")]


# ------------------------------------------------------------------------------------------------- names


def test_records_of_one_id_in_several_tables_stay_apart() -> None:
    rows = population(
        person("a"),
        medical_claim=[claim("1", "a", "2011-02-01")],
        encounter=[
            {"encounter_id": "1/1", "person_id": "a", "payer": None, "encounter_start_date": day("2011-03-01")}
            | {"practice_id": "p1", "encounter_type": "primary", "allowed_amount": "9.00"}
        ],
        event_care_plan=[event("1/1", "a", "2011-04-01")],
    )
    found = records(rows)
    for kind, name, date in ((VISIT, "", "2011-03-01"), (EVENT, "care_plan", "2011-04-01"), (LINE, "", "2011-02-01")):
        (record,) = found.of_person(kind, name, "a")
        assert found.known(kind, found.one(record)) == (record,)
        assert record.date == day(date)


def test_an_encounter_without_payer_is_the_first_payer_s_on_the_day() -> None:
    spans = [enrolled("a", payer="aetna", payer_order=2), enrolled("a", "2011-03-01", payer="cigna")]
    visits = [
        {"encounter_id": date, "person_id": "a", "payer": None, "encounter_start_date": day(date)}
        | {"practice_id": "p1", "encounter_type": "primary", "allowed_amount": "9.00"}
        for date in ("2009-01-01", "2011-02-28", "2011-03-01")
    ]
    found = records(population(person("a"), eligibility=spans, encounter=visits))
    assert [found.payer_of(record) for record in found.of_person(VISIT, "", "a")] == [None, "aetna", "cigna"]


@pytest.mark.parametrize(
    ("date", "months", "days", "first"),
    [
        ("2012-03-31", 1, 0, "2012-02-29"),
        ("2011-03-31", 1, 0, "2011-02-28"),
        ("2011-01-01", 24, 0, "2009-01-01"),
        ("2012-02-29", 12, 0, "2011-02-28"),
        ("2011-01-01", 0, 90, "2010-10-03"),
    ],
)
def test_a_day_that_a_month_lacks_becomes_its_last(date: str, months: int, days: int, first: str) -> None:
    assert days_before(day(date), Lookback(months, days)) == day(first)
