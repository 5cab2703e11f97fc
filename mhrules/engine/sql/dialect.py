"""The functions and literals that every text of the engine is made of, and how DuckDB defines them.

There is one text for all engines. It is DuckDB's, kept to what Spark SQL has as well (`GROUP BY ALL`, `QUALIFY`,
`FILTER (WHERE …)`, `::`, `STRING`, `make_date`, `INTERVAL n MONTH`, rows `(a, b)` that are compared or counted), and to
functions that each dialect defines: the division kernels, `quotient`, `month_day`, `days_between`, `sequence`,
`nth_smallest`. Three words differ (`HUGEINT`, `unnest`, `arg_min_null`), which a dialect renders. Not in the text:
`//`, `date - date`, `sign`, `any_value`, `* EXCLUDE`, and ascending order of what can be missing.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from mhrules.exact import Rounding
from mhrules.plan.ir import Value

KERNELS = {
    Rounding.HALF_EVEN: "half_even_div",
    Rounding.HALF_UP: "half_up_div",
    Rounding.DOWN: "down_div",
    Rounding.UP: "up_div",
}
_MORE = {  # whether the quotient of the magnitudes is one more
    Rounding.HALF_EVEN: "2 * (abs(n) % abs(d)) > abs(d) "
    "OR (2 * (abs(n) % abs(d)) = abs(d) AND (abs(n) // abs(d)) % 2 = 1)",
    Rounding.HALF_UP: "2 * (abs(n) % abs(d)) >= abs(d)",
    Rounding.DOWN: "false",
    Rounding.UP: "abs(n) % abs(d) > 0",
}
_FUNCTIONS = {
    "quotient(n, d)": "n // d",
    "month_day(m)": "make_date(m // 12, m % 12 + 1, 1)",
    "days_between(a, b)": "b - a",
    "sequence(a, b)": "range(a, b + 1)",  # the last is not before the first
    "nth_smallest(l, n)": "list_sort(l)[n]",
}
_MEANING = {
    KERNELS[Rounding.HALF_EVEN]: "n / d rounded to the nearest integer, ties to the even one",
    KERNELS[Rounding.HALF_UP]: "n / d rounded to the nearest integer, ties away from zero",
    KERNELS[Rounding.DOWN]: "n / d rounded toward zero",
    KERNELS[Rounding.UP]: "n / d rounded away from zero",
    "quotient": "n / d cut to a whole, of months and other small integers",
    "month_day": "the first day of a month that is counted from year 0",
    "days_between": "how many days b is after a",
    "sequence": "the integers from a to b, both included",
    "nth_smallest": "the n-th value of a list, counted from the smallest as 1",
}


def meaning_of(statement: str) -> str:
    """What the function that a statement makes works out."""
    return next(meaning for name, meaning in _MEANING.items() if f" {name}(" in statement)


class DuckDB:
    """DuckDB 2: HUGEINT holds what 63 bits cannot, `//` and `%` act on magnitudes, overflow raises."""

    name = "duckdb"
    wide = "HUGEINT"

    def setup(self) -> list[str]:
        """The kernels: the quotient of the magnitudes, one more where the rest asks for it, then the sign."""
        kernels = {
            f"{KERNELS[mode]}(n, d)": f"(abs(n) // abs(d) + CASE WHEN {more} THEN 1 ELSE 0 END) * sign(n) * sign(d)"
            for mode, more in _MORE.items()
        }
        return [f"CREATE OR REPLACE TEMP MACRO {head} AS {body}" for head, body in {**kernels, **_FUNCTIONS}.items()]

    def rendered(self, sql: str) -> str:
        """A text of the engine as this database reads it: as it is."""
        return sql

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
