"""How Spark SQL writes it: 4.3, ANSI mode, identifiers in double quotes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from mhrules.engine.sql.dialect import KERNELS, Dialect
from mhrules.exact import Rounding


class SparkSQL(Dialect):
    """Spark 4: DECIMAL(38,0) for wide integers; overflow raises in ANSI mode, which a session must be asked for.

    `div` is only for small integers: of decimals it wraps. A decimal quotient is exact where nothing is left over, and
    raises from 10**32 on.
    """

    name = "spark"
    wide = "DECIMAL(38,0)"
    _more: ClassVar[dict[Rounding, str]] = {  # whether the quotient of the magnitudes is one more
        Rounding.HALF_EVEN: "2 * (abs(n) % abs(d)) > abs(d) OR (2 * (abs(n) % abs(d)) = abs(d) "
        "AND CAST((abs(n) - abs(n) % abs(d)) / abs(d) AS DECIMAL(38,0)) % 2 = 1)",
        Rounding.HALF_UP: "2 * (abs(n) % abs(d)) >= abs(d)",
        Rounding.DOWN: "false",
        Rounding.UP: "abs(n) % abs(d) > 0",
    }

    def setup(self) -> list[str]:
        """The kernels: the quotient of the magnitudes, one more where the rest asks for it, then the sign."""
        quotient = "CAST((abs(n) - abs(n) % abs(d)) / abs(d) AS DECIMAL(38,0))"
        sign = "CASE WHEN (n < 0) <> (d < 0) THEN -1 ELSE 1 END"
        return [
            f"CREATE OR REPLACE TEMPORARY FUNCTION {KERNELS[mode]}(n DECIMAL(38,0), d DECIMAL(38,0)) "
            f"RETURNS DECIMAL(38,0) RETURN ({quotient} + CASE WHEN {more} THEN 1 ELSE 0 END) * {sign}"
            for mode, more in self._more.items()
        ]

    def text(self, value: str) -> str:
        """A text, with backslashes doubled too."""
        return super().text(value.replace("\\", "\\\\"))

    def quotient(self, numerator: str, divisor: int) -> str:
        """`div` of a small integer, which gives 64 bits."""
        return f"CAST(({numerator}) div {divisor} AS INTEGER)"

    def month_day(self, month: str) -> str:
        """The first day of a month that is counted from year 0."""
        return f"make_date(CAST(({month}) div 12 AS INTEGER), ({month}) % 12 + 1, 1)"

    def days(self, first: str, last: str) -> str:
        """The difference of dates would be an interval."""
        return f"datediff({last}, {first})"

    def each_month(self, first: str, last: str) -> str:
        """A sequence, exploded; one that ends before it begins would run backwards."""
        return f"explode(CASE WHEN {first} <= {last} THEN sequence({first}, {last}) ELSE array() END)"

    def of_first(self, value: str, order: str) -> str:
        """`min_by` takes missing values as they are."""
        return f"min_by({value}, {order})"

    def all_but(self, alias: str, columns: Iterable[str]) -> str:
        """All columns of a joined relation but those."""
        return f"{alias}.* EXCEPT ({', '.join(columns)})"

    def nth(self, value: str, number: str, where: str) -> str:
        """Of a sorted array, which counts from 0; beyond its end missing."""
        return f"get(sort_array(collect_list({value}) FILTER (WHERE {where})), {number} - 1)"
