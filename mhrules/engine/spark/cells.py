"""The columns of a Parquet table as Spark SQL: the exact value of each cell, and whether it is sound.

As strict as `data.cells.parse`, which words every fault that is found here.
"""

from __future__ import annotations

import re

from mhrules.classes import frozen
from mhrules.data.cells import NUMERIC, bounds, default_of
from mhrules.data.convert import sql_type
from mhrules.data.schema import Column, ColumnKind
from mhrules.engine.sql.spark import WIDE, SparkSQL

_WHOLE = ("TINYINT", "SMALLINT", "INT", "BIGINT")
_MOST_DIGITS = 25  # before the point
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_PLAIN_TEXT = r"\A[!-~]([ -~]*[!-~])?\z"
_DAY = r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z"
_MONTH = r"\A[0-9]{6}\z"


@frozen
class CellSql:
    """SQL of one column: the cell as text, whether it is sound (if it is not empty), and its value if so."""

    column: Column
    text: str
    sound: str
    value: str

    @property
    def empty(self) -> str:
        """Whether the cell is missing."""
        return f"coalesce({self.text}, '') = ''"

    @property
    def wrong(self) -> str:
        """Whether it has a text that is no value, or of which that is not seen here."""
        return f"NOT ({self.empty}) AND NOT coalesce({self.sound}, false)"

    @property
    def typed(self) -> str:
        """The value in the type of the model; that of an empty cell is the column's default."""
        kind = spark_type(self.column)
        value = f"CASE WHEN NOT ({self.empty}) THEN {self.value} END"
        if self.column.default is not None:
            value = f"coalesce({value}, {_default(self.column)})"
        return f"CAST({value} AS {kind}) AS {_quoted(self.column.name)}"


def spark_type(column: Column) -> str:
    """The type of Spark that holds a column: integers at its places, as wide as the loader makes them."""
    kind = sql_type(column)
    return {"HUGEINT": WIDE, "VARCHAR": "STRING"}.get(kind, kind)


def absent_sql(column: Column) -> str:
    """SQL for the value of a column that a table does not have."""
    value = "NULL" if column.default is None else _default(column)
    return f"CAST({value} AS {spark_type(column)}) AS {_quoted(column.name)}"


def cell_sql(column: Column, kind: str) -> CellSql | None:
    """SQL of a column that is stored in a type of Spark; None if that cannot be read exactly as what the model has."""
    cell = _quoted(column.name)
    text = cell if kind == "STRING" else f"CAST({cell} AS STRING)"
    if column.kind in NUMERIC:
        return _number(column, kind, cell, text)
    if column.kind is ColumnKind.YES_NO and kind == "BOOLEAN":
        return CellSql(column, text, "true", cell)
    if column.kind is ColumnKind.DATE and kind == "DATE":
        return CellSql(column, text, f"year({cell}) BETWEEN 1000 AND 9999", cell)
    if column.kind is ColumnKind.MONTH and kind == "DATE":
        return CellSql(column, text, f"day({cell}) = 1 AND year({cell}) BETWEEN 1000 AND 9999", cell)
    if kind != "STRING" and not (kind in _WHOLE and column.kind in (ColumnKind.TEXT, ColumnKind.MONTH)):
        return None
    return _written(column, text)


def _written(column: Column, text: str) -> CellSql:
    """A cell that is text."""
    if column.kind is ColumnKind.YES_NO:
        return CellSql(column, text, f"{text} IN ('yes', 'no')", f"{text} = 'yes'")
    if column.kind is ColumnKind.DATE:
        day = f"try_cast({text} AS DATE)"
        return CellSql(column, text, f"{text} RLIKE r'{_DAY}' AND year({day}) > 0", day)
    if column.kind is ColumnKind.MONTH:
        day = f"try_cast(substring({text}, 1, 4) || '-' || substring({text}, 5, 2) || '-01' AS DATE)"
        return CellSql(column, text, f"{text} RLIKE r'{_MONTH}' AND year({day}) > 0", day)
    if column.kind is ColumnKind.CODE:
        codes = SparkSQL().rendered(", ".join("'" + code.replace("'", "''") + "'" for code in column.codes))
        return CellSql(column, text, f"{text} IN ({codes})" if codes else "false", text)
    return CellSql(column, text, f"{text} RLIKE r'{_PLAIN_TEXT}'", text)


def _number(column: Column, kind: str, cell: str, text: str) -> CellSql | None:
    """An integer at the column's places."""
    places = column.places
    decimal = _DECIMAL.fullmatch(kind)
    low, high = bounds(column)
    if kind in _WHOLE:
        unscaled = f"CAST({cell} AS {WIDE}) * {10**places}"
    elif decimal and int(decimal[2]) <= places and int(decimal[1]) - int(decimal[2]) <= _MOST_DIGITS:
        digits = int(decimal[1]) - int(decimal[2]) + places
        unscaled = f"CAST(CAST({cell} AS DECIMAL({digits},{places})) * {10**places} AS {WIDE})"
    elif decimal or kind == "STRING":
        fraction = rf"(\.[0-9]{{1,{places}}}0*)?" if places else r"(\.0+)?"
        number = f"try_cast({text} AS DECIMAL({_MOST_DIGITS + places},{places}))"
        unscaled = f"CAST({number} * {10**places} AS {WIDE})"
        written = rf"\A-?[0-9]{{1,{_MOST_DIGITS}}}{fraction}\z"
        return CellSql(column, text, f"{text} RLIKE r'{written}' AND {unscaled} BETWEEN {low} AND {high}", unscaled)
    else:
        return None
    return CellSql(column, text, f"{unscaled} BETWEEN {low} AND {high}", unscaled)


def _default(column: Column) -> str:
    value = default_of(column)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return SparkSQL().rendered("'" + str(value).replace("'", "''") + "'")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
