"""Rhode Island over members and visits: the chosen practice first, then visits; one rate whoever pays."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from mhrules.compiler import Compilation
from mhrules.data.dataset import Dataset
from mhrules.exact import ONE
from mhrules.plan.whole import Plan
from mhrules.resources import shipped
from mhrules.settle.ledger import Settlement
from tests.interpreted import settle

PAYERS = ("bcbsri", "united", "nhpri", "tufts")
FIRST, LAST = "2008-01-01", "2010-12-31"


@cache
def plan() -> Plan:
    return Compilation(shipped("programs", "rhode_island_csi")).plan


def practice(name: str, targets: tuple[str, str, str]) -> dict[str, list[dict[str, object]]]:
    return {
        "practice": [{"practice_id": name, "joined": "2008-10-01"}],
        "practice_dated": [{"practice_id": name, "from": FIRST, "nurse_care_manager": "yes", "ncqa_level": 1}],
        "practice_contract_year": [
            {"practice_id": name, "contract_year": year, **dict(zip(TARGETS, targets, strict=True))} for year in (1, 2)
        ],
    }


TARGETS = ("target_1", "target_2", "target_3")


def members(count: int, payer: str, seen: str, *, chosen: str = "", prefix: str = "m") -> dict[str, list[Any]]:
    """People with a payer who saw one practice in September 2008, and perhaps chose another."""
    people = [f"{prefix}{number:04}" for number in range(count)]
    return {
        "member": [{"person_id": person} for person in people],
        "eligibility": [
            {"person_id": person, "payer": payer, "enrollment_start_date": FIRST, "enrollment_end_date": LAST}
            for person in people
        ],
        "chosen_practice": [
            {"person_id": person, "payer": payer, "from": FIRST, "practice_id": chosen} for person in people if chosen
        ],
        "encounter": [
            {
                "encounter_id": f"v-{person}",
                "person_id": person,
                "encounter_start_date": "2008-09-10",
                "practice_id": seen,
                "encounter_type": "primary_care",
            }
            for person in people
            if seen
        ],
    }


def settled(year: int, *given: Mapping[str, list[Any]]) -> Settlement:
    tables: dict[str, list[Any]] = {"chosen_practice": []}
    for part in given:
        for name, rows in part.items():
            tables.setdefault(name, []).extend(rows)
    found = settle(plan(), Dataset.from_rows(plan().schema, tables), year)
    assert found.ok, [finding.message for finding in found.findings]
    return found


def fees(settlement: Settlement, period: str) -> dict[tuple[str, str], tuple[int, str]]:
    """By practice and payer: cents of a month, and the status."""
    return {
        (posting.practice, posting.payer): (posting.amount * 100 // ONE, posting.status)
        for posting in settlement.postings
        if posting.period == period and posting.units
    }


def test_every_payer_pays_the_same_rate() -> None:
    parts = [members(100, payer, "p1", prefix=payer) for payer in PAYERS]
    month = fees(settled(2008, practice("p1", ("yes", "yes", "yes")), *parts), "2008-10")
    assert month == {("p1", payer): (55_000, "paid") for payer in PAYERS}


def test_the_second_contract_year_pays_by_the_targets_of_the_first() -> None:
    ladder = {
        "a": ("no", "no", "yes"),
        "b": ("yes", "no", "yes"),
        "c": ("no", "yes", "yes"),
        "d": ("yes", "yes", "yes"),
    }
    parts = [practice(name, targets) for name, targets in ladder.items()]
    parts += [members(200, "united", name, prefix=name) for name in ladder]
    found = fees(settled(2009, *parts), "2009-10")
    assert {name: cents for (name, _), (cents, _) in found.items()} == {
        "a": 100_000,
        "b": 110_000,
        "c": 100_000,  # two targets without the first: assumed
        "d": 120_000,
    }


def test_the_chosen_practice_comes_before_the_one_visited() -> None:
    both = [practice(name, ("yes", "yes", "yes")) for name in ("p1", "p2")]
    stay, move = members(200, "tufts", "p1", prefix="s"), members(250, "tufts", "p1", chosen="p2", prefix="c")
    found = fees(settled(2008, *both, stay, move), "2008-10")
    assert found == {("p1", "tufts"): (110_000, "paid"), ("p2", "tufts"): (137_500, "paid")}


def test_a_panel_of_all_payers_together_decides() -> None:
    base = practice("p1", ("yes", "yes", "yes"))
    small = [members(count, payer, "p1", prefix=payer) for payer, count in (("bcbsri", 150), ("nhpri", 49))]
    assert fees(settled(2008, base, *small), "2008-10") == {}
    enough = [*small, members(1, "tufts", "p1", prefix="last")]
    assert fees(settled(2008, base, *enough), "2008-10")["p1", "nhpri"] == (26_950, "paid")


def test_a_person_with_two_payers_is_one_person_of_the_panel() -> None:
    base, people = practice("p1", ("yes", "yes", "yes")), members(199, "bcbsri", "p1")
    second = [{**span, "payer": "tufts"} for span in people["eligibility"]]
    assert fees(settled(2008, base, people, {"eligibility": second}), "2008-10") == {}
    one_more = members(1, "united", "p1", prefix="x")
    found = fees(settled(2008, base, people, {"eligibility": second}, one_more), "2008-10")
    assert {payer: cents for (_, payer), (cents, _) in found.items()} == {
        "bcbsri": 109_450,
        "tufts": 109_450,
        "united": 550,
    }


def test_who_saw_nobody_and_chose_nobody_is_nobodys_member() -> None:
    found = settled(2008, practice("p1", ("yes", "yes", "yes")), members(300, "united", ""))
    assert fees(found, "2008-10") == {}
