"""The Synthea sample of Nebraska counted by hand: plain Python over the raw files, nothing of mhrules.

The rules are those of `programs/nebraska/nebraska.mh`, written a second time: months count on their first day, spans
end with death, quarterly refreshes look back 24 months, days with a visit decide, then the latest day, then the id.
"""

from __future__ import annotations

import csv
import datetime
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "synthea_nebraska"
PAYERS = {
    "Aetna": "aetna",
    "Anthem": "anthem",
    "Blue Cross Blue Shield": "bcbs",
    "Cigna Health": "cigna",
    "Humana": "humana",
    "Medicaid": "medicaid",
    "Medicare": "medicare",
    "UnitedHealthcare": "united",
}
WELL = ("wellness", "ambulatory")
ONE_DAY = datetime.timedelta(days=1)
Span = tuple[str, datetime.date, datetime.date, str]
"""A person, the first day, the day after the last, and why the months do not count (or "")."""


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of one raw file."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def day(text: str) -> datetime.date:
    """The day of a date, or of a date and time."""
    return datetime.date.fromisoformat(text[:10])


@cache
def spans() -> dict[str, list[Span]]:
    """Enrollment by payer: what the first payer and the second payer of each transition mean."""
    names = {row["Id"]: row["NAME"] for row in rows("payers.csv")}
    died = {row["Id"]: day(row["DEATHDATE"]) for row in rows("patients.csv") if row["DEATHDATE"]}
    found: dict[str, list[Span]] = {payer: [] for payer in PAYERS.values()}
    for row in rows("payer_transitions.csv"):
        person, name = row["PATIENT"], names[row["PAYER"]]
        until = day(row["END_DATE"])
        if person in died:
            until = min(until, died[person] + ONE_DAY)
        if name == "Dual Eligible":
            found["medicaid"].append((person, day(row["START_DATE"]), until, "dual"))
        elif name in PAYERS:
            found[PAYERS[name]].append((person, day(row["START_DATE"]), until, ""))
        if row["SECONDARY_PAYER"]:
            second = PAYERS[names[row["SECONDARY_PAYER"]]]
            found[second].append((person, day(row["START_DATE"]), until, "secondary"))
    return found


@cache
def visits() -> dict[str, list[tuple[datetime.date, str, str]]]:
    """By person: day, organization and class of each encounter."""
    found: dict[str, list[tuple[datetime.date, str, str]]] = {}
    for row in rows("encounters.csv"):
        found.setdefault(row["PATIENT"], []).append((day(row["START"]), row["ORGANIZATION"], row["ENCOUNTERCLASS"]))
    return found


def counted(payer: str, first: datetime.date) -> dict[str, str]:
    """Who is enrolled with a payer on the first day of a month, and why the month does not count (or "")."""
    return {person: why for person, start, until, why in spans()[payer] if start <= first < until}


def candidates(person: str, refresh: datetime.date) -> list[tuple[str, list[datetime.date]]]:
    """The organizations seen in the 24 months before a refresh with the days, the winner first."""
    since = refresh.replace(year=refresh.year - 2)
    seen: dict[str, set[datetime.date]] = {}
    for when, organization, kind in visits().get(person, ()):
        if kind in WELL and since <= when < refresh:
            seen.setdefault(organization, set()).add(when)
    found = [(organization, sorted(days)) for organization, days in seen.items()]
    return sorted(found, key=lambda item: (-len(item[1]), -item[1][-1].toordinal(), item[0]))


def outcome(payer: str, person: str, first: datetime.date, why: str) -> tuple[str, str]:
    """What becomes of a counted month: an organization and "", or "" and the reason."""
    if why:
        return "", why
    refresh = first.replace(month=(first.month - 1) // 3 * 3 + 1)
    if person not in counted(payer, refresh):
        return "", "not_yet_refreshed"
    found = candidates(person, refresh)
    return (found[0][0], "") if found else ("", "unattributed")


@cache
def outcomes(year: int) -> dict[tuple[str, str, str], tuple[str, str]]:
    """Every counted month of a year by payer, month (`2018-03`) and person."""
    found = {}
    for payer in PAYERS.values():
        for month in range(1, 13):
            first = datetime.date(year, month, 1)
            for person, why in counted(payer, first).items():
                found[payer, f"{year}-{month:02}", person] = outcome(payer, person, first, why)
    return found


@cache
def emergencies(year: int) -> Counter[tuple[str, str]]:
    """Days with an emergency visit at one organization, by payer and practice to which the person is attributed then.

    A visit is the payer's that its encounter names; an encounter without insurance is nobody's.
    """
    names = {row["Id"]: row["NAME"] for row in rows("payers.csv")}
    found: set[tuple[str, str, str, str, datetime.date]] = set()
    for row in rows("encounters.csv"):
        when, payer = day(row["START"]), PAYERS.get(names[row["PAYER"]])
        if row["ENCOUNTERCLASS"] == "emergency" and payer is not None and when.year == year:
            practice, _ = outcomes(year).get((payer, f"{when:%Y-%m}", row["PATIENT"]), ("", ""))
            if practice:
                found.add((payer, practice, row["PATIENT"], row["ORGANIZATION"], when))
    return Counter((payer, practice) for payer, practice, *_ in found)
