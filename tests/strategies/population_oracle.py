"""Attribution worked out a second time, day by day, from what the language says of it and not from the engine.

Slow on purpose, and without memory: every question goes back to the rows. A day is a date, a month its first day.
"""

from __future__ import annotations

import datetime
from calendar import monthrange
from collections import defaultdict
from typing import Any

from tests.strategies.population import Rows
from tests.strategies.population_program import ANY_DAY, DAY_1, PAYERS, PROPORTION, Method, Policy

DAY = datetime.timedelta(days=1)
LENGTH = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
Date = datetime.date
Row = dict[str, Any]


def days_of(month: Date) -> list[Date]:
    """All days of a month."""
    return [month.replace(day=day) for day in range(1, monthrange(month.year, month.month)[1] + 1)]


def months_of_term(policy: Policy, payer: str) -> list[Date]:
    """The months of the term in which a payer is in the program."""
    first, _, last = policy.term.partition(" to ")
    begins = Date.fromisoformat(policy.late if policy.late and payer == "cigna" else first)
    months, month = [], begins
    while month <= Date.fromisoformat(last):
        months.append(month)
        month = (month + 31 * DAY).replace(day=1)
    return months


def back(day: Date, months: int) -> Date:
    """So many months before a day; a day that the month lacks becomes its last."""
    year, month = day.year, day.month - months
    while month < 1:
        year, month = year - 1, month + 12
    return Date(year, month, min(day.day, monthrange(year, month)[1]))


class Oracle:
    """What becomes of each member month, by policy and rows."""

    def __init__(self, policy: Policy, rows: Rows) -> None:
        self.policy, self.rows = policy, rows

    # ------------------------------------------------------------------------------------------- months

    def member(self, person: str) -> Row:
        """A person's row."""
        return next(row for row in self.rows["member"] if row["person_id"] == person)

    def spans_on(self, payer: str, person: str, day: Date) -> list[Row]:
        """The enrollment rows that hold a day; the dead are not enrolled."""
        died = self.member(person)["death_date"]
        if died is not None and day > died:
            return []
        return [
            row
            for row in self.rows["eligibility"]
            if (row["payer"], row["person_id"]) == (payer, person)
            and row["enrollment_start_date"] <= day
            and (row["enrollment_end_date"] is None or day <= row["enrollment_end_date"])
        ]

    def enrolled(self, payer: str, person: str, month: Date) -> list[Date]:
        """The days of a month on which a person is enrolled."""
        return [day for day in days_of(month) if self.spans_on(payer, person, day)]

    def counted(self, payer: str, person: str, month: Date) -> int:
        """1 if a month counts, 0 if not; in proportion, the days that count."""
        days = self.enrolled(payer, person, month)
        if self.policy.months == PROPORTION:
            return len(days)
        born = self.member(person)["birth_date"]
        if self.policy.months == ANY_DAY or (self.policy.newborns and born.replace(day=1) == month):
            return int(bool(days))
        return int(month.replace(day=1 if self.policy.months == DAY_1 else 15) in days)

    def universe(self) -> dict[tuple[str, str, Date], int]:
        """Every member month that counts, with what it counts."""
        return {
            (payer, row["person_id"], month): days
            for payer in PAYERS
            for month in months_of_term(self.policy, payer)
            for row in self.rows["member"]
            if (days := self.counted(payer, row["person_id"], month))
        }

    # ------------------------------------------------------------------------------------------ outcomes

    def outcomes(self) -> dict[tuple[str, str, Date], str]:
        """What becomes of each: the id of a practice, or the reason for none in brackets."""
        return {key: self.outcome(*key) for key in self.universe()}

    def outcome(self, payer: str, person: str, month: Date) -> str:
        """What becomes of one member month."""
        for name in self.policy.exclusions:
            if self.excluded(name, payer, person, month):
                return f"[{name}]"
        refresh = self.refresh(payer, month)
        if not self.counted(payer, person, refresh):
            if not self.policy.at_once:
                return "[not_yet_refreshed]"
            while not self.counted(payer, person, refresh):
                refresh = (refresh + 31 * DAY).replace(day=1)
        practice = self.assigned(payer, person, refresh)
        if not practice:
            return "[unattributed]"
        return practice if self.on_roster(practice, month) else "[practice_left]"

    def excluded(self, name: str, payer: str, person: str, month: Date) -> bool:
        """Whether an exclusion holds, by the enrollment that speaks for the month."""
        if name == "infant":
            born = self.member(person)["birth_date"]
            return (month.year - 1, month.month, month.day) < (born.year, born.month, born.day)
        day = None
        if self.policy.months not in (ANY_DAY, PROPORTION):
            day = month.replace(day=1 if self.policy.months == DAY_1 else 15)
        rows = self.spans_on(payer, person, day) if day else []
        rows = rows or [row for each in days_of(month) for row in self.spans_on(payer, person, each)]
        said = min(rows, key=lambda row: (row["payer_order"], row["plan"], row["enrollment_start_date"]))
        return bool(said["payer_order"] > 1 if name == "secondary" else said["hospice"])

    def refresh(self, payer: str, month: Date) -> Date:
        """The refresh that is in force in a month."""
        length = LENGTH[self.policy.every]
        first = month.replace(month=(month.month - 1) // length * length + 1)
        return max(first, months_of_term(self.policy, payer)[0])

    def on_roster(self, practice: str, day: Date) -> bool:
        """Whether a practice is on the roster on a day."""
        for row in self.rows["practice"]:
            if row["practice_id"] == practice:
                since, until = row.get("effective_from"), row.get("effective_to")
                return (since is None or since <= day) and (until is None or day <= until)
        return False

    # ------------------------------------------------------------------------------------------- methods

    def assigned(self, payer: str, person: str, day: Date) -> str:
        """The practice of the first method that finds one; nothing if none does."""
        for method in self.policy.methods:
            found = {practice for practice in self.found(method, payer, person, day) if self.on_roster(practice, day)}
            if found:
                return self.winner(method, person, day, found)
        return ""

    def found(self, method: Method, payer: str, person: str, day: Date) -> set[str]:
        """The practices that a method finds, on the roster or not."""
        if method.kind == "selection":
            return {
                row["practice_id"]
                for row in self.rows["chosen_practice"]
                if (row["payer"], row["person_id"]) == (payer, person)
                and row["from"] <= day
                and (row["to"] is None or day <= row["to"])
            }
        if method.kind == "list":
            lists = [r for r in self.rows["payer_roster"] if (r["payer"], r["list"]) == (payer, method.title)]
            latest = max((r["as_of_date"] for r in lists if r["as_of_date"] <= day), default=None)
            return {r["practice_id"] for r in lists if r["as_of_date"] == latest and r["person_id"] == person}
        if method.kind == "geography":
            home = self.member(person)["zip_code"]
            return {row["practice_id"] for row in self.rows["service_area"] if row["zip_code"] == home}
        return {practice for practice, _, _ in self.visits(method, person, day)} - {""}

    def winner(self, method: Method, person: str, day: Date, found: set[str]) -> str:
        """Who wins among the practices that a method has found; ties always end with the id."""
        visits = self.visits(method, person, day) if method.kind in ("plurality", "most recent visit") else []
        dates, cents = defaultdict(set), defaultdict(int)
        for practice, date, allowed in visits:
            dates[practice].add(date)
            cents[practice] += allowed
        best = found
        if method.kind == "plurality":
            weight = {p: cents[p] if method.measure == "allowed" else len(dates[p]) for p in best}
            best = {p for p in best if weight[p] == max(weight.values())}
        if method.kind == "most recent visit":
            latest = max(max(dates[p]) for p in best)
            best = {p for p in best if max(dates[p]) == latest}
            count = {p: len(dates[p]) for p in best}
            if method.ties in ("highest", "lowest"):
                wanted = max(count.values()) if method.ties == "highest" else min(count.values())
                best = {p for p in best if count[p] == wanted}
        elif method.ties == "most recent visit":
            latest = max(max(dates[p]) for p in best)
            best = {p for p in best if max(dates[p]) == latest}
        return min(best, key=str.encode)

    def visits(self, method: Method, person: str, day: Date) -> list[tuple[str, Date, int]]:
        """What a method looks at: practice, day and cents of each visit that counts before `day`, whoever paid."""
        since = Date.min
        if method.within:
            since = day - method.within * DAY if method.days else back(day, method.within)
        happened = self.encounters() if self.policy.encounters else self.lines()
        return [
            (row["practice"], row["date"], row["cents"])
            for row in happened
            if row["person"] == person and since <= row["date"] < day and method.service in ("", row["service"])
        ]

    # ------------------------------------------------------------------------------------------- records

    def encounters(self) -> list[Row]:
        """The encounters, as visits."""
        return [
            {
                "person": row["person_id"],
                "payer": row["payer"] or self.first_payer(row["person_id"], row["encounter_start_date"]),
                "date": row["encounter_start_date"],
                "service": row["encounter_type"],
                "cents": cents(row["allowed_amount"]),
                "practice": self.practice_of(row, row["encounter_start_date"]),
                "place": self.place_of(row, row["encounter_start_date"]),
            }
            for row in self.rows["encounter"]
        ]

    def lines(self) -> list[Row]:
        """The claim lines: entries of one line added up, those denied or paid after the run-out left out."""
        entries = defaultdict(list)
        for row in self.rows["medical_claim"]:
            date = row["claim_line_start_date"] or row["claim_start_date"]
            if not row["denied"] and not self.late(date, row["paid_date"]):
                entries[row["claim_id"], row["claim_line_number"]].append((row["entry_number"], row, date))
        found = []
        for (claim, number), known in sorted(entries.items()):
            _, first, date = min(known, key=lambda entry: entry[0])
            given = [name for name in ("allowed_amount", "paid_amount") if name in first]
            if len(known) > 1 and given and not any(sum(cents(row[name]) for _, row, _ in known) for name in given):
                continue  # reversed as a whole
            found.append(
                {
                    "claim": claim,
                    "line": number,
                    "person": first["person_id"],
                    "payer": first["payer"],
                    "date": date,
                    "service": first["service"],
                    "code": first["hcpcs_code"],
                    "cents": sum(cents(row["allowed_amount"]) for _, row, _ in known),
                    "practice": self.practice_of(first, date),
                    "place": self.place_of(first, date),
                }
            )
        return found

    def late(self, incurred: Date, paid: Date) -> bool:
        """Whether something was paid after the run-out of the calendar year in which it was incurred."""
        if not self.policy.run_out:
            return False
        over = Date(incurred.year + (self.policy.run_out // 12) + 1, self.policy.run_out % 12 + 1, 1)
        return paid >= over

    def practice_of(self, row: Row, date: Date) -> str:
        """The practice of the roster that a row names, or the only one of its provider on the day."""
        named = row["practice_id"]
        if named:
            return named if any(each["practice_id"] == named for each in self.rows["practice"]) else ""
        own = {
            each["practice_id"]
            for each in self.rows["provider"]
            if each["npi"] == row["rendering_npi"] and each["from"] <= date and (not each["to"] or date <= each["to"])
        }
        return own.pop() if len(own) == 1 else ""

    def place_of(self, row: Row, date: Date) -> str:
        """What tells the visits of one day apart: the practice, or who else is named."""
        return self.practice_of(row, date) or row["practice_id"] or row["rendering_npi"]

    def first_payer(self, person: str, day: Date) -> str:
        """With whom a person is enrolled on a day: of several the one that pays first."""
        found = [(row["payer_order"], payer) for payer in PAYERS for row in self.spans_on(payer, person, day)]
        return min(found)[1] if found else ""


def cents(amount: str) -> int:
    """The cents of an amount's text."""
    sign = -1 if amount.startswith("-") else 1
    return sign * int(amount.lstrip("-").replace(".", ""))
