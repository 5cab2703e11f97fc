"""How an engine writes what the plan needs: literals, and the division kernels as functions of its own."""

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
_MORE = {
    Rounding.HALF_EVEN: "2 * (abs(n) % abs(d)) > abs(d) "
    "OR (2 * (abs(n) % abs(d)) = abs(d) AND (abs(n) // abs(d)) % 2 = 1)",
    Rounding.HALF_UP: "2 * (abs(n) % abs(d)) >= abs(d)",
    Rounding.DOWN: "false",
    Rounding.UP: "abs(n) % abs(d) > 0",
}


class DuckDB:
    """DuckDB 2: HUGEINT holds what 63 bits cannot, `//` and `%` act on magnitudes, overflow raises."""

    name = "duckdb"
    wide = "HUGEINT"

    def setup(self) -> list[str]:
        """The kernels: the quotient of the magnitudes, one more where the rest asks for it, then the sign."""
        return [
            f"CREATE OR REPLACE TEMP MACRO {KERNELS[mode]}(n, d) AS "
            f"(abs(n) // abs(d) + CASE WHEN {more} THEN 1 ELSE 0 END) * sign(n) * sign(d)"
            for mode, more in _MORE.items()
        ]

    def divide(self, numerator: str, divisor: str, rounding: Rounding) -> str:
        """The rounded quotient of two integers; the divisor is not 0."""
        return f"{KERNELS[rounding]}({numerator}, {divisor})"

    def number(self, value: int) -> str:
        """An integer."""
        return f"{value}::HUGEINT"

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
