"""The Synthea sample of Nebraska counted by hand: plain Python over the raw files, nothing of mhrules.

The rules are those of `programs/nebraska/nebraska.mh`, written a second time: months count on their first day, spans
end with death, quarterly refreshes look back 24 months, days with a visit decide, then the latest day, then the id.
"""

from __future__ import annotations

import csv
import datetime
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
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
def attributed_encounters(year: int) -> list[tuple[str, str, dict[str, str]]]:
    """Encounters of a year with payer and practice to which the person was attributed in that month by that payer.

    An encounter is the payer's that it names; one without insurance is nobody's.
    """
    names = {row["Id"]: row["NAME"] for row in rows("payers.csv")}
    found = []
    for row in rows("encounters.csv"):
        when, payer = day(row["START"]), PAYERS.get(names[row["PAYER"]])
        if payer is not None and when.year == year:
            practice, _ = outcomes(year).get((payer, f"{when:%Y-%m}", row["PATIENT"]), ("", ""))
            if practice:
                found.append((payer, practice, row))
    return found


def emergencies(year: int) -> Counter[tuple[str, str]]:
    """By payer and practice: emergency visits, which are days of one person at one organization."""
    visits = {
        (payer, practice, row["PATIENT"], row["ORGANIZATION"], day(row["START"]))
        for payer, practice, row in attributed_encounters(year)
        if row["ENCOUNTERCLASS"] == "emergency"
    }
    return Counter((payer, practice) for payer, practice, *_ in visits)


def costs(year: int) -> dict[tuple[str, str], Decimal]:
    """By payer and practice: the total claim cost of all encounters."""
    found: dict[tuple[str, str], Decimal] = {}
    for payer, practice, row in attributed_encounters(year):
        found[payer, practice] = found.get((payer, practice), Decimal(0)) + Decimal(row["TOTAL_CLAIM_COST"])
    return found


def age(person: str, on: datetime.date) -> int:
    """Completed years on a day."""
    born = births()[person]
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


@cache
def births() -> dict[str, datetime.date]:
    """The day of birth of each person."""
    return {row["Id"]: day(row["BIRTHDATE"]) for row in rows("patients.csv")}


@cache
def hypertensive(year: int) -> frozenset[str]:
    """Who has the condition on some day of a year."""
    return frozenset(
        row["PATIENT"]
        for row in rows("conditions.csv")
        if row["CODE"] == "59621000" and row["START"] <= f"{year}-12-31" and (row["STOP"] or "9999") >= f"{year}-01-01"
    )


def visit_days(year: int, classes: tuple[str, ...]) -> Counter[tuple[str, str, str]]:
    """By payer, practice and person: visits of some classes in the months attributed there."""
    found = {
        (payer, practice, row["PATIENT"], row["ORGANIZATION"], day(row["START"]))
        for payer, practice, row in attributed_encounters(year)
        if row["ENCOUNTERCLASS"] in classes
    }
    return Counter((payer, practice, person) for payer, practice, person, *_ in found)


@cache
def measures(year: int) -> dict[tuple[str, str, str], tuple[int, int]]:
    """By measure, payer and practice: numerator and denominator, where the denominator is not 0."""
    months = Counter((payer, practice) for (payer, _, _), (practice, _) in outcomes(year).items() if practice)
    found = {("emergency", *key): (emergencies(year)[key], count) for key, count in months.items()}
    last = datetime.date(year, 12, 31)
    well, seen = visit_days(year, ("wellness",)), visit_days(year, WELL)
    for payer, practice, person in {(p, o, who) for (p, _, who), (o, _) in outcomes(year).items() if o}:
        key = (payer, practice, person)
        judged = {"children" if age(person, last) < 18 else "adults": well[key] >= 1}
        if person in hypertensive(year):
            judged["hypertension_seen"] = seen[key] >= 2
        for measure, met in judged.items():
            numerator, denominator = found.get((measure, payer, practice), (0, 0))
            found[measure, payer, practice] = (numerator + met, denominator + 1)
    return found


SCALES = {"emergency": (10, 40, 10), "children": (80, 30, 5), "adults": (60, 20, 5), "hypertension_seen": (90, 40, 5)}
"""Target, worst and points of each measure; percentages, or visits per 1,000 member months."""


def points(measure: str, numerator: int, denominator: int) -> Fraction | None:
    """The points of a result, in a straight line from the worst to the target; None where there is too little."""
    target, worst, most = SCALES[measure]
    if denominator < (12 if measure == "emergency" else 1):
        return None
    rate = Fraction(numerator * (1000 if measure == "emergency" else 100), denominator)
    return most * min(Fraction(1), max(Fraction(0), (rate - worst) / (target - worst)))
