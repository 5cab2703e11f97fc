"""The functions and literals that every text of the engine is made of, and how DuckDB defines them.

There is one text for all engines. It is DuckDB's, kept to what Spark SQL has as well (`GROUP BY ALL`, `QUALIFY`,
`FILTER (WHERE …)`, `::`, `STRING`, `make_date`, `INTERVAL n MONTH`, rows `(a, b)` that are compared or counted), and to
functions that each dialect defines: the division kernels, `quotient`, `month_day`, `days_between`, `sequence`,
`nth_smallest`, `month_bit`, `has_month`. Four words differ (`HUGEINT`, `BIGINT`, `unnest`, `arg_min_null`), which a
dialect renders. Not in it: `//`, `date - date`, `sign`, `any_value`, `* EXCLUDE`, and ascending order of what can be
missing.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from mhrules.engine.sql.kernels import CUT, HALF_UP_STEP, KERNELS, MEANING, PRODUCTS, RESTS, duckdb_kernels
from mhrules.exact import Rounding
from mhrules.plan.ir import Value

NARROW = 2**63
"""What a magnitude has to be below for the narrow type."""
_FUNCTIONS = {
    "quotient(n, d)": "n // d",
    "month_day(m)": "make_date(m // 12, m % 12 + 1, 1)",
    "days_between(a, b)": "b - a",
    "sequence(a, b)": "range(a, b + 1)",  # the last is not before the first
    "nth_smallest(l, n)": "list_sort(l)[n]",
    "month_bit(m)": "1 << (m % 12)::INTEGER",
    "has_month(s, m)": "(s >> (m % 12)::INTEGER) & 1 = 1",
}
_MEANING = {
    **MEANING,
    "quotient": "n / d cut to a whole, of months and other small integers",
    "month_day": "the first day of a month that is counted from year 0",
    "days_between": "how many days b is after a",
    "sequence": "the integers from a to b, both included",
    "nth_smallest": "the n-th value of a list, counted from the smallest as 1",
    "month_bit": "a month as one bit of a set of months, of which no two are a year apart",
    "has_month": "whether such a set has a month",
}


def meaning_of(statement: str) -> str:
    """What the function that a statement makes works out."""
    return next(meaning for name, meaning in _MEANING.items() if f" {name}(" in statement)


class DuckDB:
    """DuckDB 2: HUGEINT holds what 63 bits cannot, `//` and `%` act on magnitudes, overflow raises."""

    name = "duckdb"
    wide = "HUGEINT"
    narrow = "BIGINT"

    def setup(self) -> list[str]:
        """The functions that the text calls."""
        functions = {**duckdb_kernels(), **_FUNCTIONS}
        return [f"CREATE OR REPLACE TEMP MACRO {head} AS {body}" for head, body in functions.items()]

    def rendered(self, sql: str) -> str:
        """A text of the engine as this database reads it: as it is."""
        return sql

    def divide(self, numerator: str, divisor: str, rounding: Rounding) -> str:
        """The rounded quotient of two integers; the divisor is not 0."""
        return f"{KERNELS[rounding]}({numerator}, {divisor})"

    def divide_by(self, numerator: str, step: int, rounding: Rounding, *, wide: bool) -> str:
        """The rounded quotient by a power of ten; half a step more than the numerator is not too large either."""
        divisor = self.number(step, wide=wide)
        if rounding is Rounding.HALF_UP:
            return f"{HALF_UP_STEP}({numerator}, {divisor})"
        return self.divide(numerator, divisor, rounding)

    def cut(self, numerator: str, divisor: str) -> str:
        """The quotient of two integers, rounded toward 0."""
        return f"{CUT}({numerator}, {divisor})"

    def rest_rounded(self, quotient: str, rest: str, divisor: str, rounding: Rounding) -> str:
        """A quotient that was cut, rounded by what the division has left over."""
        return f"{RESTS[rounding]}({quotient}, {rest}, {divisor})"

    def product_divided(self, left: str, right: str, divisor: str, rounding: Rounding) -> str:
        """The rounded quotient of a product that may be too large; `right` times the divisor is not."""
        return f"{PRODUCTS[rounding]}({left}, {right}, {divisor})"

    def number(self, value: int, *, wide: bool = True) -> str:
        """An integer."""
        return f"{value}::{self.wide if wide else self.narrow}"

    def cast(self, sql: str, *, wide: bool) -> str:
        """A column, a call or what stands in parentheses, in the wide or the narrow type; what does not fit raises."""
        return f"{sql}::{self.wide if wide else self.narrow}"

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
            return self.number(scaled, wide=abs(scaled) >= NARROW)
        if isinstance(value, datetime.date):
            return f"DATE '{value.isoformat()}'"
        return self.text(value)
