"""Faults between rows: duplicate keys, spans that overlap or run backwards, participants that the roster lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from attrs import frozen

from mhrules.data.cells import Value, shown
from mhrules.data.reports import DataFindings
from mhrules.data.schema import Schema, Table
from mhrules.diagnostics.model import DataPlace

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Lines = Callable[[int], int]
"""From the number of a row in its source to the line people see."""


@frozen
class LocatedRow:
    """The keys of a row, its span if the table is dated, and where it stands. Only sound keys come here."""

    file: str
    line: int
    key: tuple[Value, ...]
    first: date | None = None
    last: date | None = None


def roster_key(schema: Schema) -> str:
    """The name of the key that names a participant: `practice_id`."""
    return f"{schema.roster}_id"


def participant_column(schema: Schema, table: Table) -> int | None:
    """The position among a table's keys of the participant's id; None for the roster itself and where there is none."""
    if table.name == schema.roster:
        return None
    names = [key.name for key in table.keys]
    return names.index(roster_key(schema)) if roster_key(schema) in names else None


def check_rows(table: Table, rows: Iterable[LocatedRow], findings: DataFindings) -> None:
    """Report duplicate keys, or, in a dated table, spans of one key that overlap or run backwards.

    The rows are all rows of a table, or at least all rows of each key that has a fault, in the order of the source.
    """
    if not table.dated:
        _check_unique(table, rows, findings)
        return
    groups: dict[tuple[Value, ...], list[LocatedRow]] = {}
    for row in rows:
        if row.last is not None and row.first is not None and row.first > row.last:
            findings.limited(
                "MH632",
                f"`from` {row.first} is after `to` {row.last}",
                table.name,
                DataPlace(row.file, row.line, "to", str(row.last)),
                help="`from` and `to` are the first and the last day, both included",
            )
        else:
            groups.setdefault(row.key, []).append(row)
    for group in groups.values():
        _check_overlap(table, group, findings)


def check_orphans(schema: Schema, table: Table, at: int, orphans: Iterable[LocatedRow], findings: DataFindings) -> None:
    """Report each participant that the roster table lacks: once, on its first row, with a count of the others."""
    column = table.keys[at].name
    groups: dict[str, list[LocatedRow]] = {}
    for row in orphans:
        groups.setdefault(str(row.key[at]), []).append(row)
    for value, (row, *others) in groups.items():
        findings.limited(
            "MH633",
            f"{column} {shown(value)} is not in table `{schema.roster}`",
            table.name,
            DataPlace(row.file, row.line, column, value),
            notes=f"and {len(others)} more row{'s' * (len(others) != 1)} of table `{table.name}`" if others else (),
            help=f"add it to table `{schema.roster}`, or correct it: ids are text, so `007` and `7` differ",
        )


def suspects(connection: DuckDBPyConnection, table: Table, files: Sequence[tuple[str, Lines]]) -> list[LocatedRow]:
    """The rows of `stage` whose key has a duplicate, an overlap or a backward span, in the order of the source."""
    keys = ", ".join(f"v{at}" for at in range(len(table.keys)))
    if table.dated:
        first, last = f"v{len(table.keys)}", f"v{len(table.keys) + 1}"
        before = f"PARTITION BY {keys} ORDER BY {first}, file, rn ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
        faulty = (
            f"SELECT {keys} FROM (SELECT {keys}, {first} AS b, {last} AS e, "
            f"max(coalesce({last}, DATE '9999-12-31')) OVER ({before}) AS reached FROM stage WHERE sound) "
            "WHERE reached >= b OR b > e"
        )
        wanted = f"{keys}, {first}, {last}"
    else:
        faulty = f"SELECT {keys} FROM stage WHERE sound GROUP BY {keys} HAVING count(*) > 1"
        wanted = keys
    rows = connection.execute(
        f"SELECT file, rn, {wanted} FROM stage WHERE sound AND ({keys}) IN ({faulty}) ORDER BY file, rn"
    ).fetchall()
    return [_located(table, row, files) for row in rows]


def orphan_rows(
    connection: DuckDBPyConnection, table: Table, at: int, roster: str, files: Sequence[tuple[str, Lines]]
) -> list[LocatedRow]:
    """The rows of `stage` whose participant is not among the values `id` of the relation `roster`."""
    keys = ", ".join(f"v{i}" for i in range(len(table.keys)))
    rows = connection.execute(
        f"SELECT file, rn, {keys} FROM stage WHERE sound AND v{at} NOT IN (SELECT id FROM {roster}) ORDER BY file, rn"
    ).fetchall()
    return [_located(table, row, files) for row in rows]


def _located(table: Table, row: tuple[Any, ...], files: Sequence[tuple[str, Lines]]) -> LocatedRow:
    file, rn, *values = row
    name, lines = files[file]
    width = len(table.keys)
    return LocatedRow(name, lines(rn), tuple(values[:width]), *values[width:])


def _check_unique(table: Table, rows: Iterable[LocatedRow], findings: DataFindings) -> None:
    seen: dict[tuple[Value, ...], LocatedRow] = {}
    for row in rows:
        earlier = seen.setdefault(row.key, row)
        if earlier is not row:
            findings.limited(
                "MH630",
                f"key {_key_text(table, row)} stands twice",
                table.name,
                DataPlace(row.file, row.line, table.keys[-1].name, str(row.key[-1])),
                notes=f"first on {_place_text(earlier, row)}",
                help="a table has one row for each key; remove or correct one of the rows",
            )


def _check_overlap(table: Table, group: list[LocatedRow], findings: DataFindings) -> None:
    """Each span must start after every span before it has ended."""
    reached: LocatedRow | None = None
    for row in sorted(group, key=lambda r: r.first or date.min):
        if reached is not None and (reached.last or date.max) >= (row.first or date.min):
            later, earlier = (row, reached) if (reached.file, reached.line) <= (row.file, row.line) else (reached, row)
            findings.limited(
                "MH631",
                f"span from {later.first} {_until(later)} of {_key_text(table, row)} overlaps another",
                table.name,
                DataPlace(later.file, later.line, "from", str(later.first)),
                notes=f"the other runs from {earlier.first} {_until(earlier)}, on {_place_text(earlier, later)}",
                help="a span ends on the day before the next begins: both `from` and `to` are included",
            )
        if reached is None or (row.last or date.max) > (reached.last or date.max):
            reached = row


def _until(row: LocatedRow) -> str:
    return f"to {row.last}" if row.last else "without end"


def _key_text(table: Table, row: LocatedRow) -> str:
    named = zip(table.keys, row.key, strict=True)
    return ", ".join(f"{column.name} {shown(str(value))}" for column, value in named)


def _place_text(row: LocatedRow, seen_from: LocatedRow) -> str:
    return f"line {row.line}" + ("" if row.file == seen_from.file else f" of {row.file}")
