"""The slice of a kept run for lines of what a practice billed or did: those records, and not all that those people had.

Most people see several practices, so that what was done for them altogether is many times what one practice billed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from mhrules.data import population
from mhrules.data.database import literal
from mhrules.data.rules import layout
from mhrules.data.schema import Table
from mhrules.engine.facts import DataRow
from mhrules.engine.records import DATES, FIRST_ENTRY, OF_EVENTS, days_before
from mhrules.engine.slices import PEOPLE, PRACTICE, Outside
from mhrules.plan import ir
from mhrules.semantics.calendar import MONTHS_IN_YEAR, first_day, last_day, month_of
from mhrules.settle.across import nodes
from mhrules.settle.kept import CORRECTIONS, PERSON, who_did
from mhrules.settle.kept_run import KeptRun, among
from mhrules.settle.slices import Slice

KEY = 2  # columns that tell a claim line: claim and line; the next one is the entry


class BilledSlice(Slice):
    """Tables for the interpreter: what one practice billed or did in months of the settled year, and for whom.

    It goes as far back from the first of these months as the program looks anywhere; by default they are the year's.
    People of whom everything is there are those whom `payer` has attributed to the practice, if one is given, and
    `member`. Of others it is known who they are and with whom they were enrolled, and what the practice did for them.
    """

    def __init__(
        self,
        run: KeptRun,
        practice: str,
        member: str | None = None,
        payer: str | None = None,
        *,
        months: range | None = None,
    ) -> None:
        super().__init__(run, practice, member, payer=payer)
        year = run.plan.calendar.year_first(run.meta["year"])
        self._months = range(year, year + MONTHS_IN_YEAR) if months is None else months
        self._whole = run.one(member) | (set() if payer is None else run.attributed(practice, payer))
        self._for = set(run.billed(practice))

    # ------------------------------------------------------------------------------------------ bounds

    def members(self, payer: str, practice: str, month: int) -> None:
        """Refuse to list members, but those of the payer that are there."""
        if payer != self.payer:
            raise Outside(PRACTICE)
        super().members(payer, practice, month)

    def outcomes(self, payer: str, month: int) -> None:
        """Refuse to say where people belong, but members of the payer in a month in which that was looked at."""
        if payer != self.payer or (payer, month) not in self.months:
            raise Outside(PRACTICE)

    def billed(self, practice: str) -> None:
        """Refuse to list what another practice billed."""
        if practice != self.practice:
            raise Outside(PEOPLE)

    def done(self, practice: str, month: int) -> None:
        """Refuse to list what another practice billed, or in a month that is not read."""
        if practice != self.practice or not self._first <= month <= self._months[-1]:
            raise Outside(PRACTICE)

    def whole(self, person: str) -> bool:
        """Whether everything of a person is there."""
        return person in self._persons

    # ----------------------------------------------------------------------------------------- reading

    @cached_property
    def _own(self) -> tuple[str, int]:
        """Everybody of whom there is something, as a condition, and how many they are."""
        numbers = self._whole | self._for
        return among(numbers), len(numbers)

    @cached_property
    def _persons(self) -> frozenset[str]:
        """The people of whom everything is there."""
        found = self.run.rows(f"SELECT person FROM kept.run.persons WHERE {among(self._whole)}")
        return frozenset(str(person) for (person,) in found)

    @cached_property
    def _first(self) -> int:
        """The first month that is read: that of the slice, or where the program looks back from it."""
        plan, first = self.run.plan, self._months[0]
        backs = [form.reach.within for payment in plan.payments.values() for form in payment.forms.values()]
        backs += [node.reach.within for node in nodes(plan) if isinstance(node, ir.Aggregate)]
        return min([first, *(month_of(days_before(first_day(first), back)) for back in backs if back is not None)])

    def _read(self, table: Table) -> list[DataRow]:
        date = _date_of(table)
        if date is None:
            return super()._read(table)
        rows = self.run.rows(f"{self._select(table)} WHERE {among(self._whole)}") if self._whole else []
        return sorted(rows + self._done_for_others(table, date), key=lambda row: row[: len(table.keys)])

    def _done_for_others(self, table: Table, date: str) -> list[DataRow]:
        """What the practice may have done for people of whom not everything is there, corrections of it with it."""
        by = list(self._by(table))
        if not by:
            return []
        person = [column.name for column in layout(table)].index(PERSON)
        name = self.run.source(table.name)
        days = literal(first_day(self._first).isoformat()), literal(last_day(self._months[-1]).isoformat())
        when = f"{date} BETWEEN {days[0]} AND {days[1]}"
        # A simple condition skips what lies elsewhere, and looks at its own column alone; one with `OR` does neither.
        found = " UNION ".join(f"SELECT rowid FROM {name} WHERE {each} AND {when}" for each in by)
        rows = self.run.rows(f"{self._select(table)} WHERE rowid IN ({found})")
        rows = [row for row in rows if row[person] not in self._persons]
        if table.name not in population.CLAIMS:
            return rows
        entries = {row[: KEY + 1]: row for row in rows}
        lines = {row[:KEY] for row in rows}
        corrections = self._select(table, f"kept.run.{CORRECTIONS}{table.name}")
        for row in self.run.rows(f"{corrections} WHERE {among(self._for)}"):
            if row[:KEY] in lines:
                entries.setdefault(row[: KEY + 1], row)
        if any((*line, FIRST_ENTRY) not in entries for line in lines):
            raise Outside(PRACTICE)  # the first entry says who billed and when, and it may be elsewhere
        return list(entries.values())

    def _by(self, table: Table) -> Iterator[str]:
        """What may say that the practice did something: conditions of which one holds then."""
        for column, source, told in who_did(self.schema, table, self.present):
            values = [self.practice] if not source else self._told(source, told)
            if values:
                yield f"{column} IN ({', '.join(map(literal, values))})"

    def _told(self, table: str, column: str) -> list[str]:
        """What a table of practices tells of the practice."""
        sql = f"SELECT DISTINCT {column} FROM {self.run.source(table)} WHERE {self._id} = ?"
        return sorted(str(value) for (value,) in self.run.rows(sql, (self.practice,)) if value)


def _date_of(table: Table) -> str | None:
    """When what a row tells happened; None for tables of something else than what happened to people."""
    if table.name == population.MEDICAL:
        return "coalesce(claim_line_start_date, claim_start_date)"
    return "event_date" if table.name.startswith(OF_EVENTS) else DATES.get(table.name)
