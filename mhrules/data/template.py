"""What a program reads, for people: a description of its tables, and empty files to fill in."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from mhrules.data.cells import NUMERIC, bounds, decimal_text
from mhrules.data.presence import MEMBER_MONTHS, only_counts
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


def template_tables(schema: Schema, *, counts: bool = False) -> tuple[Table, ...]:
    """The tables that data with members are made of, or with `counts` those of data with counts of them."""
    other = "members" if counts else "counts"
    return tuple(table for table in schema.tables if given_with(schema, table) != other)


def write_templates(schema: Schema, directory: Path, *, counts: bool = False) -> tuple[Path, ...]:
    """Write one CSV file per table with its header alone; the paths written, in order.

    Where the program reads members, the panel of counts is left out, or with `counts` the tables of members.

    Raises:
        FileExistsError: a file of that name is there already; nothing is written then.
        OSError: the directory cannot be written to.
    """
    directory.mkdir(parents=True, exist_ok=True)
    tables = template_tables(schema, counts=counts)
    paths = [directory / f"{table.name}.csv" for table in tables]
    for path in paths:
        if path.exists():
            raise FileExistsError(17, "file exists", str(path))
    for table, path in zip(tables, paths, strict=True):
        names = [column.name for column in layout(table)]
        if table.name == schema.panel and not counts and schema.population:
            names.remove(MEMBER_MONTHS)
        with path.open("x", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(names)
    return tuple(paths)


def describe(schema: Schema) -> list[dict[str, Any]]:
    """Every column of every table as plain data, in order, for tables and JSON.

    Keys: `table`, `column`, `role` (`key`, `span` or `fact`), `type`, `low` and `high` (decimal text or None),
    `codes`, `required`, `table_required`, `written` (an example of its text), `unit`, `title`, `table_title`,
    `may_be_left_out` (the source need not have the column), `default` (what an empty cell is read as, or None), `given`
    (`members` or `counts` for tables that only data with members, or only data with counts of them, have; else empty).
    """
    return [
        {**_described(table, column, at), "given": given_with(schema, table)}
        for table in schema.tables
        for at, column in enumerate(layout(table))
    ]


def given_with(schema: Schema, table: Table) -> str:
    """`members` for a table that data with members must have, `counts` for the panel beside them, else empty."""
    if table.name in schema.population:
        return "members"
    return "counts" if schema.population and table.name == schema.panel and only_counts(table) else ""


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
        "required": not column.optional and column.default is None,
        "may_be_left_out": column.may_be_left_out,
        "default": column.default,
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
