"""Months, periods and years as the language counts them: pure date arithmetic, no clock.

A month is an integer, year * 12 + (month - 1). A period is its length in months and its first month.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from mhrules.classes import frozen
from mhrules.exact import Rounding, divide
from mhrules.syntax.tree import Period

MONTHS_IN_YEAR = 12


def month_of(date: datetime.date) -> int:
    """The month that holds a day."""
    return date.year * MONTHS_IN_YEAR + date.month - 1


def first_day(month: int) -> datetime.date:
    """The first day of a month."""
    return datetime.date(month // MONTHS_IN_YEAR, month % MONTHS_IN_YEAR + 1, 1)


def last_day(month: int) -> datetime.date:
    """The last day of a month."""
    return first_day(month + 1) - datetime.timedelta(days=1)


def part_of_month(days: int, month: int) -> int:
    """Days over the days of a month, half even to 6 places; in units of 10**-12."""
    return divide(days * 10**6, last_day(month).day, Rounding.HALF_EVEN) * 10**6


def first_month_on_or_after(date: datetime.date) -> int:
    """The first month whose first day is not before `date`: a value in force on a month's first day."""
    return month_of(date) + (date.day > 1)


def month_label(month: int) -> str:
    """`2012-03`."""
    return f"{month // MONTHS_IN_YEAR:04d}-{month % MONTHS_IN_YEAR + 1:02d}"


@frozen
class Calendar:
    """The program's years: they begin with month `year_start` (1 to 12) of the calendar year that names them."""

    year_start: int = 1

    def year_of(self, month: int) -> int:
        """The name of the program year that holds a month."""
        return (month - (self.year_start - 1)) // MONTHS_IN_YEAR

    def year_first(self, year: int) -> int:
        """The first month of a program year."""
        return year * MONTHS_IN_YEAR + self.year_start - 1

    def period_first(self, month: int, period: Period) -> int:
        """The first month of the period of that length that holds `month`."""
        start = self.year_first(self.year_of(month))
        return start + (month - start) // period.months * period.months

    def periods_of(self, year: int, period: Period) -> Iterator[int]:
        """First months of the periods of a program year, in order."""
        start = self.year_first(year)
        return iter(range(start, start + MONTHS_IN_YEAR, period.months))

    def label(self, first: int, period: Period) -> str:
        """How postings name a period: `2012`, `2012-H1`, `2012-Q1`, `2012-03`."""
        if period is Period.MONTH:
            return month_label(first)
        year = self.year_of(first)
        if period is Period.YEAR:
            return str(year)
        number = (first - self.year_first(year)) // period.months + 1
        return f"{year}-{'Q' if period is Period.QUARTER else 'H'}{number}"

    def parse(self, text: str) -> tuple[Period, int]:
        """The period that a label names: its length and first month.

        Raises:
            ValueError: if the text is no such label.
        """
        year, _, rest = text.partition("-")
        start = self.year_first(int(year))
        if not rest:
            return Period.YEAR, start
        if rest[0] in "QH":
            period = Period.QUARTER if rest[0] == "Q" else Period.HALF_YEAR
            return period, start + (int(rest[1:]) - 1) * period.months
        return Period.MONTH, int(year) * MONTHS_IN_YEAR + int(rest) - 1
