"""How Spark SQL understands the engine's text: 4.3, ANSI mode, identifiers in double quotes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mhrules.engine.sql.about import About
from mhrules.engine.sql.dialect import meaning_of
from mhrules.engine.sql.kernels import CUT, HALF_UP_STEP, KERNELS, PRODUCTS, RESTS
from mhrules.engine.sql.store import Statement, literal
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
    "month_bit(m INT) RETURNS INT": "shiftleft(1, m % 12)",
    "has_month(s INT, m INT) RETURNS BOOLEAN": "(shiftright(s, m % 12) & 1) = 1",
}
_WORDS = {"HUGEINT": WIDE, "BIGINT": WIDE, "VARCHAR": "STRING", "unnest": "explode"}
_WORDS |= {"arg_min_null": "min_by", "ROW(": "struct(", "sum(": f"sum(0::{WIDE} + "}
"""The sum of 64-bit integers has 64 bits too, which DuckDB's has not; so what is added up is made wide."""
_PARTS = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|\b(?:sum|ROW)\(|\b[A-Za-z_]+\b")
_GIVEN = re.compile(r"^CREATE OR REPLACE TEMP TABLE \w+ \((.*)\)$")  # a table of given rows: its columns
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
        kernels[f"{HALF_UP_STEP}(n {WIDE}, d {WIDE}) RETURNS {WIDE}"] = f"{KERNELS[Rounding.HALF_UP]}(n, d)"
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


def of_spark(statements: Iterable[Statement]) -> Iterator[Statement]:
    """The statements that a run of DuckDB made as those with which Spark makes the same, with functions of its own."""
    dialect = SparkSQL()
    for text in dialect.setup():
        yield Statement("", text, About(meaning_of(text)))
    made = [statement for statement in statements if statement.name]
    rows = {statement.name: statement.rows for statement in made if statement.rows}
    for statement in made:
        given = _GIVEN.match(statement.sql)
        if given is not None:
            view = _view(statement.name, given[1], rows.get(statement.name, ()))
            yield Statement(statement.name, dialect.rendered(view), statement.about)
        elif not statement.rows:
            yield Statement(statement.name, dialect.rendered(statement.sql), statement.about)


def _view(name: str, defined: str, rows: tuple[tuple[object, ...], ...]) -> str:
    """A relation of given rows: Spark has no table that lives as long as a session."""
    columns = [column.split(" ", 1) for column in defined.split(", ")]
    chosen = ", ".join(f"{column}::{kind} AS {column}" for column, kind in columns)
    listed = ", ".join(f"({', '.join(map(literal, row))})" for row in rows or [(None,) * len(columns)])
    none = "" if rows else " WHERE false"
    source = f"(VALUES {listed}) AS t({', '.join(column for column, _ in columns)})"
    return f"CREATE OR REPLACE TEMP TABLE {name} AS\nSELECT {chosen} FROM {source}{none}"
