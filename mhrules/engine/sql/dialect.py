"""How an engine writes what the plan needs where engines differ; all other text is the same for every engine.

The text that they share: `::` for casts, `STRING`, `make_date`, `INTERVAL n MONTH`, `FILTER (WHERE …)`, `QUALIFY`,
`GROUP BY ALL`, `min_by` of what is never missing, rows `(a, b)` to be compared or counted. Not in it: integer division,
`date - date`, `sign`, `any_value`, ascending order of what can be missing without `NULLS FIRST` or `LAST`.
"""

from __future__ import annotations

import datetime
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from mhrules.exact import Rounding
from mhrules.plan.ir import Value

KERNELS = {
    Rounding.HALF_EVEN: "half_even_div",
    Rounding.HALF_UP: "half_up_div",
    Rounding.DOWN: "down_div",
    Rounding.UP: "up_div",
}
_MEANING = {
    Rounding.HALF_EVEN: "n / d rounded to the nearest integer, ties to the even one",
    Rounding.HALF_UP: "n / d rounded to the nearest integer, ties away from zero",
    Rounding.DOWN: "n / d rounded toward zero",
    Rounding.UP: "n / d rounded away from zero",
}


def meaning_of(statement: str) -> str:
    """What the kernel that a statement makes works out."""
    return next((_MEANING[mode] for mode, name in KERNELS.items() if name in statement), "a function")


class Dialect(ABC):
    """What every engine writes in its own way. Nothing here needs a database."""

    name: str
    wide: str  # the type of integers of 38 digits, of which overflow raises

    @abstractmethod
    def setup(self) -> list[str]:
        """The statements that define the kernels."""

    @abstractmethod
    def quotient(self, numerator: str, divisor: int) -> str:
        """A small integer, such as a month, divided by a number greater than 0 and cut to a whole."""

    @abstractmethod
    def month_day(self, month: str) -> str:
        """The first day of a month that is counted from year 0."""

    @abstractmethod
    def days(self, first: str, last: str) -> str:
        """How many days a day lies after another."""

    @abstractmethod
    def each_month(self, first: str, last: str) -> str:
        """A column of a SELECT that makes a row for every month from the first to the last; none if that is before."""

    @abstractmethod
    def of_first(self, value: str, order: str) -> str:
        """The aggregate of a value, also a missing one, in the row that is first in an order."""

    @abstractmethod
    def all_but(self, alias: str, columns: Iterable[str]) -> str:
        """All columns of a joined relation but those."""

    @abstractmethod
    def nth(self, value: str, number: str, where: str) -> str:
        """The aggregate of the n-th value, counted from the smallest as 1, of the rows that fulfil a condition."""

    def divide(self, numerator: str, divisor: str, rounding: Rounding) -> str:
        """The rounded quotient of two integers; the divisor is not 0."""
        return f"{KERNELS[rounding]}({numerator}, {divisor})"

    def number(self, value: int) -> str:
        """An integer."""
        return f"{value}::{self.wide}"

    def text(self, value: str) -> str:
        """A text."""
        return "'" + value.replace("'", "''") + "'"

    def texts(self, values: Iterable[str]) -> str:
        """Texts, as what something can be one of."""
        return ", ".join(map(self.text, values))

    def constant(self, value: Value, places: int | None = None) -> str:
        """A value of the language; a number, in units of 10**-12, as an integer at `places`."""
        if value is None:
            return "NULL"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            assert places is not None
            scaled, rest = divmod(value, 10 ** (12 - places))
            assert rest == 0
            return self.number(scaled)
        if isinstance(value, datetime.date):
            return f"DATE '{value.isoformat()}'"
        return self.text(value)


class DuckDB(Dialect):
    """DuckDB 2: HUGEINT holds what 63 bits cannot, `//` and `%` act on magnitudes, overflow raises."""

    name = "duckdb"
    wide = "HUGEINT"
    _more: ClassVar[dict[Rounding, str]] = {  # whether the quotient of the magnitudes is one more
        Rounding.HALF_EVEN: "2 * (abs(n) % abs(d)) > abs(d) "
        "OR (2 * (abs(n) % abs(d)) = abs(d) AND (abs(n) // abs(d)) % 2 = 1)",
        Rounding.HALF_UP: "2 * (abs(n) % abs(d)) >= abs(d)",
        Rounding.DOWN: "false",
        Rounding.UP: "abs(n) % abs(d) > 0",
    }

    def setup(self) -> list[str]:
        """The kernels: the quotient of the magnitudes, one more where the rest asks for it, then the sign."""
        return [
            f"CREATE OR REPLACE TEMP MACRO {KERNELS[mode]}(n, d) AS "
            f"(abs(n) // abs(d) + CASE WHEN {more} THEN 1 ELSE 0 END) * sign(n) * sign(d)"
            for mode, more in self._more.items()
        ]

    def quotient(self, numerator: str, divisor: int) -> str:
        """`//`, which cuts."""
        held = numerator if numerator.replace(".", "_").isidentifier() else f"({numerator})"
        return f"{held} // {divisor}"

    def month_day(self, month: str) -> str:
        """The first day of a month that is counted from year 0."""
        held = month if month.replace(".", "_").isidentifier() else f"({month})"
        return f"make_date({held} // 12, {held} % 12 + 1, 1)"

    def days(self, first: str, last: str) -> str:
        """Dates are subtracted."""
        return f"({last}::DATE - {first}::DATE)"

    def each_month(self, first: str, last: str) -> str:
        """A range, unnested."""
        return f"unnest(range({first}, {last} + 1))"

    def of_first(self, value: str, order: str) -> str:
        """`arg_min` would pass over missing values."""
        return f"arg_min_null({value}, {order})"

    def all_but(self, alias: str, columns: Iterable[str]) -> str:
        """All columns of a joined relation but those."""
        return f"{alias}.* EXCLUDE ({', '.join(columns)})"

    def nth(self, value: str, number: str, where: str) -> str:
        """Of a sorted list; beyond its end missing."""
        return f"list_sort(list({value}) FILTER (WHERE {where}))[{number}]"
