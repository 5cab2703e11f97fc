"""Generated small populations: people, enrollment, claims, visits, lists and events, as rows for a data set.

Days are taken from the bounds of look-backs and months more often than from anywhere else, and practices and amounts
from so few that ties are frequent.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from attrs import evolve, frozen
from hypothesis import strategies as st

from tests.strategies.dice import Dice, Drawn
from tests.strategies.population_program import PAYERS, PRACTICES, Policy, policies

Rows = dict[str, list[dict[str, Any]]]
DAY = datetime.timedelta(days=1)
FIRST, LAST = datetime.date(2009, 1, 1), datetime.date(2011, 12, 31)
BILLERS = ("p1", "p2", "p1", "p2", "p3", "hospital", "")
SERVICES = ("primary", "primary", "primary", "emergency", "")
CODES = ("99213", "99214", "99284")
CENTS = (10_000, 10_000, 12_345, 3, 0, 99_999)
ZIP_CODES = ("01001", "01002", "01003")
NPIS = ("n1", "n2", "n3")
TIED_DAYS = (datetime.date(2010, 6, 15), datetime.date(2011, 2, 10), datetime.date(2011, 8, 31))


@frozen
class Population:
    """A program's policy, and rows that fit it; `dice` are for what a property does to them."""

    policy: Policy
    rows: Rows
    dice: Dice

    def __repr__(self) -> str:
        tables = "\n".join(f"{name}: {row}" for name, rows in self.rows.items() for row in rows)
        return f"{self.policy}\n{self.policy.text()}\n{tables}"

    def having(self, **tables: list[dict[str, Any]]) -> Rows:
        """The rows with some tables in place of their own."""
        return {**self.rows, **tables}


def shuffled(dice: Dice, rows: Mapping[str, list[dict[str, Any]]]) -> Rows:
    """The same rows in another order, of tables and within each."""
    return {name: dice.shuffled(rows[name]) for name in dice.shuffled(sorted(rows))}


def cut(dice: Dice, rows: list[dict[str, Any]], first: str, last: str) -> list[dict[str, Any]]:
    """Spans, some of them cut in two that touch; `first` and `last` are the columns of their days."""
    found = []
    for row in rows:
        length = ((row[last] or LAST) - row[first]).days
        if length < 1 or dice.chance(30):
            found.append(row)
            continue
        day = row[first] + dice.integer(1, length) * DAY
        found += [{**row, last: day - DAY}, {**row, first: day}]
    return found


def renamed(rows: Mapping[str, list[dict[str, Any]]], names: Mapping[str, str]) -> Rows:
    """The same rows with other ids of persons."""
    return {
        table: [{**row, "person_id": names[row["person_id"]]} if "person_id" in row else row for row in own]
        for table, own in rows.items()
    }


# ------------------------------------------------------------------------------------------------- days


def a_day(dice: Dice, first: datetime.date = FIRST, last: datetime.date = LAST) -> datetime.date:
    """A day: one that others have too, one beside the bound of a month or look-back, or any."""
    last = max(first, last)
    kind = dice.integer(0, 3)
    if kind == 0:
        found = dice.pick(TIED_DAYS)
    elif kind <= 2:
        month = datetime.date(dice.integer(first.year, last.year), dice.pick((1, 4, 7, 10, 2, 3)), 1)
        found = month + dice.pick((0, 0, -1, 1, 14)) * DAY
    else:
        found = first + dice.integer(0, (last - first).days) * DAY
    return min(max(found, first), last)


def spans(dice: Dice, most: int) -> list[tuple[datetime.date, datetime.date | None]]:
    """Spans that do not overlap, some of which touch, the last perhaps without end."""
    found: list[tuple[datetime.date, datetime.date | None]] = []
    start = a_day(dice, datetime.date(2010, 6, 1), datetime.date(2011, 9, 30))
    for at in range(dice.integer(1, most)):
        if at == most - 1 or dice.chance(40):
            found.append((start, None if dice.chance(50) else max(start, a_day(dice, start))))
            break
        end = start + dice.pick((0, 13, 30, 89, 180)) * DAY
        found.append((start, end))
        start = end + dice.pick((1, 1, 2, 20, 60)) * DAY
    return found


# ----------------------------------------------------------------------------------------------- tables


def population_from(dice: Dice, policy: Policy) -> Rows:
    """Rows for every table that the program of a policy may read."""
    practices = list(PRACTICES[: dice.integer(2, 3)])
    persons = [f"m{at}" for at in range(dice.integer(1, 5))]
    rows: Rows = {"practice": [_practice(dice, name) for name in practices]}
    rows["member"] = [_member(dice, person) for person in persons]
    rows["eligibility"] = [row for person in persons for row in _eligibility(dice, person)]
    rows["provider"] = [row for npi in NPIS[: dice.integer(0, 3)] for row in _provider(dice, npi, practices)]
    rows["medical_claim"] = [row for at in range(dice.integer(0, 14)) for row in _claim(dice, f"c{at}", persons)]
    if policy.encounters:
        rows["encounter"] = [_encounter(dice, f"v{at}", persons) for at in range(dice.integer(0, 14))]
    if policy.tells("selection"):
        rows["chosen_practice"] = [row for person in persons for row in _chosen(dice, person, practices)]
    if policy.tells("list"):
        rows["payer_roster"] = _lists(dice, persons, practices)
    if policy.tells("geography"):
        rows["service_area"] = [
            {"zip_code": code, "practice_id": dice.pick(practices)} for code in dice.some(ZIP_CODES, 0, 3)
        ]
    if policy.payments:
        rows["event_care_plan"] = [_event(dice, f"e{at}", persons, practices) for at in range(dice.integer(0, 5))]
    return rows


def _practice(dice: Dice, name: str) -> dict[str, Any]:
    row: dict[str, Any] = {"practice_id": name}
    if dice.chance(15):
        row["effective_from"] = a_day(dice, datetime.date(2010, 10, 1), datetime.date(2011, 8, 1))
    if dice.chance(15):
        row["effective_to"] = a_day(dice, datetime.date(2011, 8, 2))
    return row


def _member(dice: Dice, person: str) -> dict[str, Any]:
    born = dice.pick((datetime.date(1950, 3, 1), datetime.date(1993, 5, 1), datetime.date(2000, 2, 29)))
    if dice.chance(20):
        born = a_day(dice, datetime.date(2010, 12, 1), datetime.date(2011, 6, 30))
    died = a_day(dice, datetime.date(2011, 1, 1)) if dice.chance(20) else None
    risk = dice.pick(("low", "high"))
    late = None if died is None else max(died, born)
    return {"person_id": person, "birth_date": born, "death_date": late, "zip_code": dice.pick(ZIP_CODES), "risk": risk}


def _eligibility(dice: Dice, person: str) -> list[dict[str, Any]]:
    found = []
    for payer in dice.some(PAYERS, 1, 2):
        for plan in ("", "gold") if dice.chance(15) else ("",):
            order = dice.pick((1, 1, 2))
            for first, last in spans(dice, 3):
                found.append(
                    {
                        "person_id": person,
                        "payer": payer,
                        "plan": plan,
                        "enrollment_start_date": first,
                        "enrollment_end_date": last,
                        "payer_order": order,
                        "hospice": dice.chance(15),
                    }
                )
    return found


def _provider(dice: Dice, npi: str, practices: list[str]) -> list[dict[str, Any]]:
    return [
        {"npi": npi, "practice_id": practice, "from": first, "to": last}
        for practice in dice.some(practices, 1, 2)
        for first, last in [(a_day(dice, FIRST, datetime.date(2010, 12, 31)), None)]
    ]


def _claim(dice: Dice, claim: str, persons: list[str]) -> list[dict[str, Any]]:
    """The lines of a claim, each with its entries: reversed, corrected or denied at times."""
    person, payer, start = dice.pick(persons), dice.pick(PAYERS), a_day(dice)
    found = []
    for line in range(1, dice.integer(1, 2) + 1):
        cents, practice = dice.pick(CENTS), dice.pick(BILLERS)
        base = {
            "claim_id": claim,
            "claim_line_number": line,
            "person_id": person,
            "payer": payer,
            "claim_start_date": start,
            "claim_line_start_date": a_day(dice, start) if dice.chance(20) else None,
            "practice_id": practice,
            "rendering_npi": dice.pick(("", *NPIS)),
            "service": dice.pick(SERVICES),
            "hcpcs_code": dice.pick(CODES),
        }
        paid = start
        for entry, amount in enumerate(_entries(dice, cents), start=1):
            paid += dice.pick((10, 40, 100, 200, 400)) * DAY
            denied = entry != 2 and dice.chance(8)
            if entry == 2 and found[-1]["denied"]:
                break  # a denied line has nothing to reverse
            own = {"entry_number": entry, "allowed_amount": dollars(amount), "paid_date": paid, "denied": denied}
            found.append({**base, **own})
    return found


def _entries(dice: Dice, cents: int) -> tuple[int, ...]:
    return dice.pick(((cents,), (cents,), (cents,), (cents, -cents), (cents, -cents, cents // 2)))


def dollars(cents: int) -> str:
    """Cents as the text of an amount."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def _encounter(dice: Dice, encounter: str, persons: list[str]) -> dict[str, Any]:
    return {
        "encounter_id": encounter,
        "person_id": dice.pick(persons),
        "payer": dice.pick((None, *PAYERS)),
        "encounter_start_date": a_day(dice),
        "practice_id": dice.pick(BILLERS),
        "rendering_npi": dice.pick(("", *NPIS)),
        "encounter_type": dice.pick(SERVICES),
        "allowed_amount": dollars(dice.pick(CENTS)),
    }


def _chosen(dice: Dice, person: str, practices: list[str]) -> list[dict[str, Any]]:
    return [
        {"person_id": person, "payer": payer, "practice_id": dice.pick(practices), "from": first, "to": last}
        for payer in dice.some(PAYERS, 0, 2)
        for first, last in spans(dice, 2)
    ]


def _lists(dice: Dice, persons: list[str], practices: list[str]) -> list[dict[str, Any]]:
    """Lists of either payer, under two names, drawn up on a few days; somebody may stand on one twice."""
    return [
        {"payer": payer, "list": name, "as_of_date": day, "person_id": person, "practice_id": practice}
        for payer in dice.some(PAYERS, 0, 2)
        for name in dice.some(("payer roster", "other"), 1, 2)
        for day in sorted({a_day(dice, datetime.date(2010, 10, 1)) for _ in range(dice.integer(1, 3))})
        for person in dice.some(persons, 0, len(persons))
        for practice in dice.some(practices, 1, 2)
    ]


def _event(dice: Dice, event: str, persons: list[str], practices: list[str]) -> dict[str, Any]:
    return {
        "event_id": event,
        "person_id": dice.pick(persons),
        "payer": dice.pick((None, *PAYERS)),
        "practice_id": dice.pick(practices),
        "event_date": a_day(dice, datetime.date(2011, 1, 1)),
        "kind": dice.pick(("new", "maintenance")),
    }


# ------------------------------------------------------------------------------------------- strategies


@st.composite
def populations(draw: Callable[[Any], Any], **fixed: Any) -> Population:
    """Populations for Hypothesis, under one of the policies, of which some parts may be fixed."""
    dice = Drawn(draw)
    policy = evolve(dice.pick(policies()), **fixed)
    return Population(policy, population_from(dice, policy), dice)
