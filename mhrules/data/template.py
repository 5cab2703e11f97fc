"""What a program reads, for people: a description of its tables, and empty files to fill in."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from mhrules.data.cells import NUMERIC, bounds, decimal_text
from mhrules.data.rules import layout
from mhrules.data.schema import Column, ColumnKind, Schema, Table

_WRITTEN = {
    ColumnKind.MONEY: "1234.50",
    ColumnKind.PERCENT: "0.025 for 2.5%",
    ColumnKind.NUMBER: "12.5",
    ColumnKind.INTEGER: "12",
    ColumnKind.YES_NO: "yes or no",
    ColumnKind.DATE: "YYYY-MM-DD",
    ColumnKind.MONTH: "YYYYMM",
}


def write_templates(schema: Schema, directory: Path) -> tuple[Path, ...]:
    """Write one CSV file per table with its header alone; the paths written, in order.

    Raises:
        FileExistsError: a file of that name is there already; nothing is written then.
        OSError: the directory cannot be written to.
    """
    directory.mkdir(parents=True, exist_ok=True)
    paths = [directory / f"{table.name}.csv" for table in schema.tables]
    for path in paths:
        if path.exists():
            raise FileExistsError(17, "file exists", str(path))
    for table, path in zip(schema.tables, paths, strict=True):
        with path.open("x", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(column.name for column in layout(table))
    return tuple(paths)


def describe(schema: Schema) -> list[dict[str, Any]]:
    """Every column of every table as plain data, in order, for tables and JSON.

    Keys: `table`, `column`, `role` (`key`, `span` or `fact`), `type`, `low` and `high` (decimal text or None),
    `codes`, `required`, `table_required`, `written` (an example of its text), `unit`, `title`, `table_title`.
    """
    return [_described(table, column, at) for table in schema.tables for at, column in enumerate(layout(table))]


def _described(table: Table, column: Column, at: int) -> dict[str, Any]:
    role = "key" if at < len(table.keys) else "span" if table.dated and at < len(table.keys) + 2 else "fact"
    low, high = _limits(column)
    return {
        "table": table.name,
        "column": column.name,
        "role": role,
        "type": _type_text(column),
        "low": low,
        "high": high,
        "codes": list(column.codes),
        "required": not column.optional,
        "table_required": table.required,
        "written": " or ".join(column.codes) if column.codes else _WRITTEN.get(column.kind, "text"),
        "unit": column.unit,
        "title": column.title,
        "table_title": table.title,
    }


def _limits(column: Column) -> tuple[str | None, str | None]:
    """The bounds that hold, as decimal text (percents as fractions); none where the kind has none."""
    if column.kind not in NUMERIC:
        return None, None
    low, high = bounds(column)
    return decimal_text(low, column.places), decimal_text(high, column.places)


def _type_text(column: Column) -> str:
    """The type as rule texts write it: `$`, `%(9)`, `integer`."""
    usual = {ColumnKind.MONEY: 2, ColumnKind.PERCENT: 6, ColumnKind.NUMBER: 6}.get(column.kind, 0)
    return column.kind.value if column.places == usual else f"{column.kind.value}({column.places})"
