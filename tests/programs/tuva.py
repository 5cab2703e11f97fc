"""The Tuva demonstration data counted by hand: plain Python over the raw files, nothing of mhrules.

The rules are those of `programs/tuva_demo/tuva_demo.mh`, written a second time.
"""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "tuva_demo"
CENT = Decimal("0.01")
OFFICE = {"99202", "99203", "99204", "99205", "99211", "99212", "99213", "99214", "99215", "G0438", "G0439"}


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of one raw file."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def amount(line: dict[str, str]) -> Decimal:
    """What was paid for a line; a few amounts bear traces of floating point (`44.400000000000006`)."""
    return Decimal(line["paid_amount"]).quantize(CENT)


def served(line: dict[str, str]) -> datetime.date:
    """The day of service of a claim line."""
    return datetime.date.fromisoformat(line["claim_line_start_date"] or line["claim_start_date"])


@cache
def enrolled(first: datetime.date) -> frozenset[str]:
    """Who is enrolled, and alive, on a day."""
    found = set()
    for row in rows("eligibility.csv"):
        start = datetime.date.fromisoformat(row["enrollment_start_date"])
        end = datetime.date.fromisoformat(row["enrollment_end_date"])
        died = datetime.date.fromisoformat(row["death_date"]) if row["death_date"] else datetime.date.max
        if start <= first <= min(end, died):
            found.add(row["patient_id"])
    return frozenset(found)


@cache
def office_visits() -> dict[str, list[tuple[datetime.date, str]]]:
    """By person: day and clinician of each line with an office visit."""
    found: dict[str, list[tuple[datetime.date, str]]] = {}
    for line in rows("medical_claim.csv"):
        if line["hcpcs_code"] in OFFICE and line["rendering_npi"]:
            found.setdefault(line["patient_id"], []).append((served(line), line["rendering_npi"]))
    return found


def candidates(person: str, refresh: datetime.date) -> list[tuple[str, list[datetime.date]]]:
    """The clinicians seen in the 12 months before a refresh with the days, the winner first."""
    since = refresh.replace(year=refresh.year - 1)
    seen: dict[str, set[datetime.date]] = {}
    for when, clinician in office_visits().get(person, ()):
        if since <= when < refresh:
            seen.setdefault(clinician, set()).add(when)
    found = [(clinician, sorted(days)) for clinician, days in seen.items()]
    return sorted(found, key=lambda item: (-len(item[1]), -item[1][-1].toordinal(), item[0]))


@cache
def outcomes(year: int) -> dict[tuple[str, str], tuple[str, str]]:
    """Every counted month of a year by month (`2018-03`) and person: a clinician, or the reason for none."""
    found = {}
    for month in range(1, 13):
        first = datetime.date(year, month, 1)
        refresh = first.replace(month=(month - 1) // 3 * 3 + 1)
        for person in enrolled(first):
            seen = candidates(person, refresh)
            if person not in enrolled(refresh):
                found[f"{year}-{month:02}", person] = ("", "not_yet_refreshed")
            else:
                found[f"{year}-{month:02}", person] = (seen[0][0], "") if seen else ("", "unattributed")
    return found


@cache
def paid(claim_type: str, year: int | None = None, *, by: str = "", anybody: bool = True) -> Decimal:
    """The paid amounts of lines of a type, of a year and by a clinician if said; `anybody` counts lines of no one."""
    return sum(
        (
            amount(line)
            for line in rows("medical_claim.csv")
            if line["claim_type"] == claim_type
            and (year is None or served(line).year == year)
            and (not by or line["rendering_npi"] == by)
            and (anybody or line["rendering_npi"])
        ),
        Decimal(0),
    )


@cache
def cost_of_members(year: int) -> dict[str, Decimal]:
    """By clinician: what was paid for members in the months in which they were attributed to it."""
    found: dict[str, Decimal] = {}
    lines = [(served(line), line) for line in rows("medical_claim.csv")]
    lines += [(datetime.date.fromisoformat(line["dispensing_date"]), line) for line in rows("pharmacy_claim.csv")]
    for when, line in lines:
        clinician, _ = outcomes(year).get((f"{when:%Y-%m}", line["patient_id"]), ("", ""))
        if when.year == year and clinician:
            found[clinician] = found.get(clinician, Decimal(0)) + amount(line)
    return found
