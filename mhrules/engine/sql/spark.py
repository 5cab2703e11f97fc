"""How Spark SQL understands the engine's text: 4.3, ANSI mode, identifiers in double quotes."""

from __future__ import annotations

import re

from mhrules.engine.sql.kernels import CUT, KERNELS, PRODUCTS, RESTS
from mhrules.exact import Rounding

WIDE = "DECIMAL(38,0)"
"""Integers of 38 digits. Their overflow raises in ANSI mode, which a session must be asked for."""
_QUOTIENT = f"CAST((abs(n) - abs(n) % abs(d)) / abs(d) AS {WIDE})"
"""Of wide integers. `div` would wrap; a decimal quotient is exact where nothing is left over, from 10**32 it raises."""
_MORE = {  # whether the quotient of the magnitudes is one more
    Rounding.HALF_EVEN: f"2 * (abs(n) % abs(d)) > abs(d) OR (2 * (abs(n) % abs(d)) = abs(d) AND {_QUOTIENT} % 2 = 1)",
    Rounding.HALF_UP: "2 * (abs(n) % abs(d)) >= abs(d)",
    Rounding.DOWN: "false",
    Rounding.UP: "abs(n) % abs(d) > 0",
}
_MORE_OF_REST = {
    Rounding.HALF_EVEN: "2 * abs(r) > abs(d) OR (2 * abs(r) = abs(d) AND q % 2 <> 0)",
    Rounding.HALF_UP: "2 * abs(r) >= abs(d)",
    Rounding.DOWN: "false",
    Rounding.UP: "r <> 0",
}
_FUNCTIONS = {
    "quotient(n INT, d INT) RETURNS INT": "CAST(n div d AS INT)",
    "month_day(m INT) RETURNS DATE": "make_date(CAST(m div 12 AS INT), m % 12 + 1, 1)",
    "days_between(a DATE, b DATE) RETURNS INT": "datediff(b, a)",
    f"nth_smallest(l ARRAY<{WIDE}>, n INT) RETURNS {WIDE}": "get(sort_array(l), n - 1)",
}
_WORDS = {"HUGEINT": WIDE, "BIGINT": WIDE, "unnest": "explode", "arg_min_null": "min_by"}
_PARTS = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|\b[A-Za-z_]+\b")
_TABLE = re.compile(r"^CREATE OR REPLACE TEMP TABLE (\w+) AS\n")


class SparkSQL:
    """Spark 4: the same text but for a few words, and functions of its own."""

    name = "spark"

    def setup(self) -> list[str]:
        """The functions that the text calls."""
        sign = "CASE WHEN (n < 0) <> (d < 0) THEN -1 ELSE 1 END"
        kernels = {
            f"{KERNELS[mode]}(n {WIDE}, d {WIDE}) RETURNS {WIDE}": (
                f"({_QUOTIENT} + CASE WHEN {more} THEN 1 ELSE 0 END) * {sign}"
            )
            for mode, more in _MORE.items()
        }
        kernels[f"{CUT}(n {WIDE}, d {WIDE}) RETURNS {WIDE}"] = f"{_QUOTIENT} * {sign}"
        for mode, more in _MORE_OF_REST.items():
            rest = f"q + CASE WHEN {more} THEN CASE WHEN (r < 0) <> (d < 0) THEN -1 ELSE 1 END ELSE 0 END"
            kernels[f"{RESTS[mode]}(q {WIDE}, r {WIDE}, d {WIDE}) RETURNS {WIDE}"] = rest
            product = f"{KERNELS[mode]}(a * b, d)"
            kernels[f"{PRODUCTS[mode]}(a {WIDE}, b {WIDE}, d {WIDE}) RETURNS {WIDE}"] = product
        functions = {**kernels, **_FUNCTIONS}
        return [f"CREATE OR REPLACE TEMPORARY FUNCTION {head} RETURN {body}" for head, body in functions.items()]

    def rendered(self, sql: str) -> str:
        """A text of the engine as Spark reads it; what stands in quotes stays, with backslashes doubled."""
        made = _TABLE.sub(r"CREATE OR REPLACE TEMPORARY VIEW \1 AS\n", sql)
        return _PARTS.sub(_part, made)


def _part(found: re.Match[str]) -> str:
    text = found.group()
    return text.replace("\\", "\\\\") if text.startswith("'") else _WORDS.get(text, text)
