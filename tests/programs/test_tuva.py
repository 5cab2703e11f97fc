"""The Tuva demonstration data as they are: months, paid totals and attribution against a count by hand."""

from __future__ import annotations

import datetime
from collections import Counter
from decimal import Decimal
from functools import cache

import pytest

from mhrules.compiler import Compilation
from mhrules.data.binding import read_binding
from mhrules.data.dataset import Dataset
from mhrules.data.load import load
from mhrules.exact import ONE
from mhrules.plan.whole import Plan
from mhrules.resources import shipped
from mhrules.semantics.calendar import month_of
from mhrules.settle.ledger import Settlement
from tests.interpreted import settle
from tests.programs import tuva

PROGRAM = shipped("programs", "tuva_demo")
YEARS = (2017, 2018)


@cache
def plan() -> Plan:
    return Compilation(PROGRAM).plan


@cache
def dataset() -> Dataset:
    if not tuva.FOLDER.is_dir():
        pytest.skip("the shared data folder is absent")
    return load(plan().schema, tuva.FOLDER, read_binding(PROGRAM / "binding.toml"))


@cache
def settled(year: int) -> Settlement:
    return settle(plan(), dataset(), year)


@cache
def outcomes(year: int) -> dict[tuple[str, str], tuple[str, str]]:
    """What the engine makes of every counted month, in the form of `tuva.outcomes`."""
    attribution = settled(year).books.world.below.attribution
    found = {}
    for month in range(1, 13):
        by_person = attribution.outcomes("medicare", month_of(datetime.date(year, month, 1)))
        for person, outcome in by_person.items():
            found[f"{year}-{month:02}", person] = (outcome.practice, outcome.reason)
    return found


def reported(year: int, name: str) -> dict[str | None, Decimal]:
    """A report by clinician, in dollars; those of nothing are left out."""
    return {
        quantity.row.get("practice"): Decimal(quantity.value) / ONE
        for quantity in settled(year).quantities
        if quantity.report.name == name and isinstance(quantity.value, int) and quantity.value
    }


def column(table: str, name: str) -> list[object]:
    at = [c.name for c in (*plan().schema.table(table).keys, *plan().schema.table(table).columns)].index(name)
    return [row[at] for row in dataset().rows(table)]


# ---------------------------------------------------------------------------------------- the files as they are


def test_every_row_of_the_files_is_read() -> None:
    data = dataset()
    assert len(data.rows("eligibility")) == 219
    assert len(data.rows("medical_claim")) == 6075
    assert len(data.rows("pharmacy_claim")) == 612
    assert len(data.rows("member")) == len({row["patient_id"] for row in tuva.rows("eligibility.csv")}) == 100
    clinicians = {row["rendering_npi"] for row in tuva.rows("medical_claim.csv")} - {""}
    assert {row[0] for row in data.rows("clinician")} == clinicians


def test_paid_totals_by_claim_type_are_those_of_the_files() -> None:
    dataset()
    kinds, amounts = column("medical_claim", "claim_type"), column("medical_claim", "paid_amount")
    totals: Counter[object] = Counter()
    for kind, cents in zip(kinds, amounts, strict=True):
        assert isinstance(cents, int)
        totals[kind] += cents
    assert totals == {"professional": 22723683, "institutional": 374303812}
    assert totals == {kind: int(tuva.paid(str(kind)) * 100) for kind in totals}
    pharmacy = sum(cents for cents in column("pharmacy_claim", "paid_amount") if isinstance(cents, int))
    assert pharmacy == 18800097 == int(sum(map(tuva.amount, tuva.rows("pharmacy_claim.csv"))) * 100)


# ------------------------------------------------------------------------------------------- months and outcomes


@pytest.mark.parametrize("year", YEARS)
def test_member_months_by_month_are_those_counted_by_hand(year: int) -> None:
    dataset()
    by_hand = {f"{year}-{month:02}": len(tuva.enrolled(datetime.date(year, month, 1))) for month in range(1, 13)}
    assert Counter(month for month, _ in outcomes(year)) == by_hand


def test_death_ends_enrollment() -> None:
    """The span of member 12412 lasts until the end of 2018; the member died on 22 September 2017."""
    dataset()
    assert ("2017-09", "12412") in outcomes(2017)
    assert not {month for (month, person) in outcomes(2017) if person == "12412"} & {"2017-10", "2017-11", "2017-12"}


@pytest.mark.parametrize("year", YEARS)
def test_attribution_is_that_found_by_hand(year: int) -> None:
    dataset()
    assert outcomes(year) == tuva.outcomes(year)


def test_some_are_attributed_and_some_are_not() -> None:
    dataset()
    count = Counter(reason for _, reason in outcomes(2018).values())
    assert count == {"": 410, "unattributed": 380, "not_yet_refreshed": 16}


# ------------------------------------------------------------------------------------------------------- amounts


def test_fees_are_the_attributed_months_times_the_fee() -> None:
    dataset()
    by_hand = Counter(practice for practice, _ in tuva.outcomes(2018).values() if practice)
    paid: Counter[str] = Counter()
    for posting in settled(2018).postings:
        if posting.amount:
            paid[posting.practice] += posting.amount
    assert paid == Counter({practice: 10 * months * ONE for practice, months in by_hand.items()})


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("kind", ["professional", "institutional"])
def test_billed_amounts_add_up_to_the_files_lines_with_a_clinician(year: int, kind: str) -> None:
    dataset()
    billed = reported(year, f"billed_{kind}")
    assert sum(billed.values()) == tuva.paid(kind, year, anybody=False)
    most = max(billed, key=lambda clinician: billed[clinician], default=None)
    assert most is None or billed[most] == tuva.paid(kind, year, by=most)


def test_lines_without_a_clinician_are_of_nobody() -> None:
    """14 institutional lines name no clinician: $6,943.81 of the file's total is in no clinician's report."""
    dataset()
    both = sum(sum(reported(year, "billed_institutional").values()) for year in YEARS)
    assert tuva.paid("institutional") - both == Decimal("6943.81")


def test_cost_of_members_counts_in_the_months_attributed() -> None:
    dataset()
    by_hand = {clinician: cost for clinician, cost in tuva.cost_of_members(2018).items() if cost}
    assert reported(2018, "cost_of_members") == by_hand
