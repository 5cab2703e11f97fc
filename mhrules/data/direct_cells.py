"""SQL that reads a cell straight into its value, and stops the statement at a cell of which more must be known.

It reads a part of what `cells.parse` reads and means the same by it. Typed columns of the source that hold the value as
it is are not turned into text first.
"""

from __future__ import annotations

from collections.abc import Iterable

from mhrules.data.cells import DATE_PARTS, NUMERIC, CellRule, Fault, Value, bounds, default_of, parse
from mhrules.data.convert import plain_sql, source_text_sql, sql_type
from mhrules.data.database import literal
from mhrules.data.schema import ColumnKind

STOP = "error('')"
"""What is evaluated for a cell that is not read straight."""

_MOST_WORDS = 200
_SCALED = 4  # places by which a decimal is scaled in 18 digits; DuckDB refuses those that are too large for it
_WIDEST = 19  # digits of a decimal that can be scaled in 38
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_TYPED = (*_WHOLE, "DECIMAL", "DATE", "BOOLEAN")


def direct_sql(rule: CellRule, kind: str, cell: str) -> str | None:
    """SQL for the value of a source cell of a type; None if the rule has to see each text."""
    base = kind.partition("(")[0]
    empty = _empty_sql(rule)
    typed = _typed_sql(rule, kind, cell) if base in _TYPED else None
    if typed is not None:
        accepted, value = typed
        chosen = f"CASE WHEN {accepted} THEN {value} WHEN {cell} IS NULL THEN {empty} ELSE {STOP} END"
        return f"CAST({chosen} AS {sql_type(rule.column)})"
    written = source_text_sql(rule, kind, cell)
    if written is None:
        return None
    text = f"trim({written})" if rule.trim else written
    read = _word_sql(rule, text) or plain_sql(rule, written)
    if rule.column.kind in NUMERIC:
        read = _number_sql(rule, text, read or "NULL")
    if read is None:
        return None
    missing = ", ".join(literal(word) for word in ("", *sorted(rule.missing)))
    chosen = f"CASE WHEN {text} IN ({missing}) THEN {empty} ELSE coalesce({read}, {STOP}) END"
    return f"CAST({chosen} AS {sql_type(rule.column)})"


def value_sql(value: Value, rule: CellRule) -> str:
    """A value of a column as SQL."""
    written = "NULL" if value is None else literal(str(value))
    return f"CAST({written} AS {sql_type(rule.column)})"


def _empty_sql(rule: CellRule) -> str:
    """The value of an empty cell."""
    if rule.column.default is not None:
        return value_sql(default_of(rule.column), rule)
    return "NULL" if rule.column.optional else STOP


def _typed_sql(rule: CellRule, kind: str, cell: str) -> tuple[str, str] | None:
    """Which cells of a typed column are their values, and the values; None if the words of a cell matter."""
    base = kind.partition("(")[0]
    if base == "BOOLEAN":
        meant = rule.column.kind is ColumnKind.YES_NO and parse(rule, rule.yes[0]) is True
        return (f"{cell} IS NOT NULL", cell) if meant and parse(rule, rule.no[0]) is False else None
    if rule.missing:
        return None
    if base == "DATE":
        return _typed_day(rule, cell)
    return _typed_number(rule, kind, cell) if rule.column.kind in NUMERIC else None


def _typed_day(rule: CellRule, cell: str) -> tuple[str, str] | None:
    parts = DATE_PARTS.split(rule.pattern)
    wanted = ("%Y", "%m") if rule.column.kind is ColumnKind.MONTH else ("%Y", "%m", "%d")
    if (
        rule.column.kind not in (ColumnKind.DATE, ColumnKind.MONTH)
        or rule.pattern != rule.pattern.strip()
        or any(part not in parts for part in wanted)
    ):
        return None
    accepted = f"{cell} BETWEEN DATE '1000-01-01' AND DATE '9999-12-31'"
    if rule.column.kind is ColumnKind.MONTH:
        accepted += f" AND day({cell}) = 1"
    return accepted, f"{cell} - 1" if rule.until else cell


def _typed_number(rule: CellRule, kind: str, cell: str) -> tuple[str, str] | None:
    """Exact numbers with no more places than the column: DuckDB refuses what does not fit while it is scaled."""
    base, _, size = kind.partition("(")
    places = rule.column.places - (2 if rule.percent else 0)
    width, held = map(int, size.rstrip(")").split(",")) if base == "DECIMAL" else (0, 0)
    if places < held or width > _WIDEST:
        return None
    low, high = bounds(rule.column)
    number = cell if base == "DECIMAL" else f"CAST({cell} AS {sql_type(rule.column)})"
    value = f"CAST({number} * {10**places} AS {sql_type(rule.column)})"
    return f"{value} BETWEEN {low} AND {high}", value


def _number_sql(rule: CellRule, text: str, otherwise: str) -> str:
    """The number of a text that is written with just the column's places; for any other text, what is otherwise.

    Such a text is quickly told: read as a decimal and written again, it is the same.
    """
    places = rule.column.places - (2 if rule.percent else 0)
    if not 0 <= places <= _SCALED:
        return otherwise
    low, high = bounds(rule.column)
    decimal = f"TRY_CAST({text} AS DECIMAL(18, {places}))"
    value = f"CAST({decimal} * {10**places} AS {sql_type(rule.column)})"
    same = f"CAST({decimal} AS VARCHAR) = {text} AND {value} BETWEEN {low} AND {high}"
    return f"CASE WHEN {same} THEN {value} ELSE {otherwise} END"


def _word_sql(rule: CellRule, text: str) -> str | None:
    """The value of a column that holds one of a few words; None for any other column, and for too many words."""
    if rule.column.kind is ColumnKind.YES_NO:
        words: Iterable[str] = (*rule.yes, *rule.no)
    elif rule.codes is not None or rule.column.kind is ColumnKind.CODE:
        words = rule.words
    else:
        return None
    meant: dict[Value, list[str]] = {}
    for word in words:
        value = parse(rule, word)
        if value is not None and not isinstance(value, Fault) and word not in rule.missing:
            meant.setdefault(value, []).append(word)
    if not meant or sum(map(len, meant.values())) > _MOST_WORDS:
        return None
    cases = " ".join(
        f"WHEN {text} IN ({', '.join(map(literal, words))}) THEN {value_sql(value, rule)}"
        for value, words in meant.items()
    )
    return f"CASE {cases} END"
