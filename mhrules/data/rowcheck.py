"""Faults between rows: duplicate keys, spans that overlap, dates out of order, entries that differ, unknown ids.

SQL over the staged rows finds them, however many rows there are; rows that a program gives are looked through here.
Both are reported by the same functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from mhrules.classes import frozen
from mhrules.data.cells import Value, shown
from mhrules.data.relations import Reference, Spans, dates_in_order, entry_columns, spans_of
from mhrules.data.reports import DataFindings
from mhrules.data.rules import layout
from mhrules.data.schema import Table
from mhrules.diagnostics.model import DataPlace

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Lines = Callable[[int], int]
"""From the number of a row in its source to the line people see."""

_OPEN = "DATE '9999-12-31'"


@frozen
class LocatedRow:
    """A row with sound keys, and where it stands."""

    file: str
    line: int
    row: tuple[Value, ...]

    @property
    def place(self) -> tuple[str, int]:
        """File and line."""
        return self.file, self.line


@frozen
class Stage:
    """The rows of one table as they were read, in the table `stage`: `files` say where each comes from."""

    connection: DuckDBPyConnection
    table: Table
    files: Sequence[tuple[str, Lines]]

    @property
    def values(self) -> str:
        """The columns of a row, as SQL."""
        return ", ".join(f"v{at}" for at in range(len(layout(self.table))))

    @property
    def keys(self) -> str:
        """The keys, as SQL."""
        return ", ".join(f"v{at}" for at in range(len(self.table.keys)))

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        """The rows that a query gives."""
        return self.connection.execute(query).fetchall()

    def located(self, file: int, rn: int, *row: Any) -> LocatedRow:
        """A row with its place."""
        name, lines = self.files[file]
        return LocatedRow(name, lines(rn), row)


# ------------------------------------------------------------------------------------------ staged rows


def check_stage_entries(stage: Stage, findings: DataFindings) -> None:
    """Report entries of one claim line that are not of one person and payer: before any row is left out."""
    if entry_columns(stage.table) is not None:
        _stage_entries(stage, findings)


def check_stage(stage: Stage, findings: DataFindings) -> None:
    """Report every other fault between the staged rows of one table."""
    table = stage.table
    spans = spans_of(table)
    for pair in dates_in_order(table):
        _stage_order(stage, pair, findings)
    if not table.dated:
        _stage_duplicates(stage, findings)
    if spans is not None:
        _check_overlaps(table, spans, _suspects(stage, spans), findings)


def check_stage_reference(stage: Stage, reference: Reference, known: str, findings: DataFindings) -> None:
    """Report ids that are not among the values `id` of the relation `known`."""
    unknown = f"SELECT v{reference.at} AS id, file, rn FROM stage WHERE sound AND {unknown_sql(reference, known)}"
    rows = stage.fetch(
        f"SELECT id, min(struct_pack(file := file, rn := rn)) AS place, count(*), count(*) OVER () "
        f"FROM ({unknown}) GROUP BY id ORDER BY place LIMIT {findings.most}"
    )
    for value, place, count, _ in rows:
        row = stage.located(place["file"], place["rn"])
        _report_unknown(stage.table, reference, row.place, (str(value), count - 1), findings)
    if rows:
        column = layout(stage.table)[reference.at].name
        findings.more("MH633", stage.table.name, column, rows[0][3] - len(rows))


def unknown_sql(reference: Reference, known: str) -> str:
    """SQL for whether a staged row names what the relation `known` does not have."""
    return f"v{reference.at} NOT IN (SELECT id FROM {known} WHERE id IS NOT NULL)"


def whole_lines_sql(table: Table, condition: str) -> str:
    """SQL for whether a condition holds of a staged row, or of another entry of its claim line."""
    columns = entry_columns(table)
    if columns is None:
        return condition
    line = ", ".join(f"v{at}" for at in range(columns[1]))
    return f"({line}) IN (SELECT ({line}) FROM stage WHERE sound AND {condition})"


def repeated_sql(stage: Stage) -> str:
    """SQL for whether a staged row is the same, in every column, as one before it."""
    window = f"row_number() OVER (PARTITION BY {stage.values} ORDER BY file, rn)"
    placed = f"SELECT file, rn, {window} AS place FROM stage WHERE sound"
    return f"(file, rn) IN (SELECT file, rn FROM ({placed}) WHERE place > 1)"


def _stage_order(stage: Stage, pair: tuple[int, int], findings: DataFindings) -> None:
    first, last = pair
    rows = stage.fetch(
        f"SELECT file, rn, count(*) OVER (), {stage.values} FROM stage WHERE sound AND v{first} > v{last} "
        f"ORDER BY file, rn LIMIT {findings.most}"
    )
    for file, rn, _, *row in rows:
        _report_order(stage.table, pair, stage.located(file, rn, *row), findings)
    if rows:
        findings.more("MH632", stage.table.name, layout(stage.table)[last].name, rows[0][2] - len(rows))


def _stage_duplicates(stage: Stage, findings: DataFindings) -> None:
    keys = stage.keys
    doubled = f"SELECT {keys} FROM stage WHERE sound GROUP BY {keys} HAVING count(*) > 1"
    if not stage.fetch(f"SELECT 1 FROM ({doubled}) LIMIT 1"):
        return
    window = f"OVER (PARTITION BY {keys} ORDER BY file, rn)"
    rows = stage.fetch(
        f"SELECT file, rn, before, count(*) OVER (), {stage.values} FROM (SELECT *, row_number() {window} AS place, "
        f"first_value(struct_pack(file := file, rn := rn)) {window} AS before FROM stage "
        f"WHERE sound AND ({keys}) IN ({doubled})) WHERE place > 1 ORDER BY file, rn LIMIT {findings.most}"
    )
    for file, rn, before, _, *row in rows:
        earlier = stage.located(before["file"], before["rn"])
        _report_duplicate(stage.table, stage.located(file, rn, *row), earlier, findings)
    if rows:
        findings.more("MH630", stage.table.name, stage.table.keys[-1].name, rows[0][3] - len(rows))


def _stage_entries(stage: Stage, findings: DataFindings) -> None:
    columns = entry_columns(stage.table)
    assert columns is not None
    entry, lines = columns
    line = ", ".join(f"v{at}" for at in range(lines))
    differ = " OR ".join(f"min(v{at}) <> max(v{at})" for at in _agreeing(stage.table))
    if not stage.fetch(f"SELECT 1 FROM (SELECT {line} FROM stage WHERE sound GROUP BY {line} HAVING {differ}) LIMIT 1"):
        return
    for at in _agreeing(stage.table):
        rows = stage.fetch(
            f"SELECT file, rn, before, count(*) OVER (), {stage.values} FROM (SELECT *, "
            f"first_value(v{at}) OVER (PARTITION BY {line} ORDER BY v{entry}, file, rn) AS before "
            f"FROM stage WHERE sound) WHERE v{at} <> before ORDER BY file, rn LIMIT {findings.most}"
        )
        for file, rn, before, _, *row in rows:
            _report_entry(stage.table, at, stage.located(file, rn, *row), before, findings)
        if rows:
            findings.more("MH634", stage.table.name, layout(stage.table)[at].name, rows[0][3] - len(rows))


def _suspects(stage: Stage, spans: Spans) -> list[LocatedRow]:
    """The rows of each person, practice … that has spans which overlap, in the order of the source."""
    of = ", ".join(f"v{at}" for at in spans.of)
    rows = stage.fetch(
        f"SELECT file, rn, {stage.values} FROM stage WHERE sound AND ({of}) IN "
        f"(SELECT {of} FROM ({reached_sql(spans)}) WHERE reached >= v{spans.first}) ORDER BY file, rn"
    )
    return [stage.located(*row) for row in rows]


def reached_sql(spans: Spans) -> str:
    """SQL for the sound rows that do not run backwards, each with the last day that those before it reach."""
    of = ", ".join(f"v{at}" for at in spans.of)
    first, last = f"v{spans.first}", f"v{spans.last}"
    return (
        f"SELECT *, max(coalesce({last}, {_OPEN})) OVER (PARTITION BY {of} ORDER BY {first}, file, rn "
        f"ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached FROM stage "
        f"WHERE sound AND coalesce({last}, {_OPEN}) >= {first}"
    )


# ------------------------------------------------------------------------------------------- given rows


def check_rows(table: Table, rows: Sequence[LocatedRow], findings: DataFindings) -> None:
    """Report every fault between rows that a program gives, in their order."""
    spans = spans_of(table)
    for pair in dates_in_order(table):
        for row in rows:
            first, last = row.row[pair[0]], row.row[pair[1]]
            if isinstance(first, date) and isinstance(last, date) and first > last:
                _report_order(table, pair, row, findings)
    if not table.dated:
        _check_unique(table, rows, findings)
    if spans is not None:
        _check_overlaps(table, spans, rows, findings)
    if entry_columns(table) is not None:
        _check_entries(table, rows, findings)


def check_reference(
    table: Table, reference: Reference, rows: Iterable[LocatedRow], known: set[Value], findings: DataFindings
) -> None:
    """Report ids of given rows that are not among those known."""
    groups: dict[Value, list[LocatedRow]] = {}
    for row in rows:
        value = row.row[reference.at]
        if value is not None and value not in known:
            groups.setdefault(value, []).append(row)
    for value, (row, *others) in groups.items():
        _report_unknown(table, reference, row.place, (str(value), len(others)), findings)


def _check_unique(table: Table, rows: Iterable[LocatedRow], findings: DataFindings) -> None:
    seen: dict[tuple[Value, ...], LocatedRow] = {}
    for row in rows:
        earlier = seen.setdefault(row.row[: len(table.keys)], row)
        if earlier is not row:
            _report_duplicate(table, row, earlier, findings)


def _check_entries(table: Table, rows: Iterable[LocatedRow], findings: DataFindings) -> None:
    columns = entry_columns(table)
    assert columns is not None
    entry, lines = columns
    firsts: dict[tuple[Value, ...], LocatedRow] = {}
    for row in sorted(rows, key=lambda each: cast(int, each.row[entry])):
        before = firsts.setdefault(row.row[:lines], row)
        for at in _agreeing(table):
            value, first = row.row[at], before.row[at]
            if value is not None and first is not None and value != first:
                _report_entry(table, at, row, first, findings)


# -------------------------------------------------------------------------------------------- findings


def _check_overlaps(table: Table, spans: Spans, rows: Iterable[LocatedRow], findings: DataFindings) -> None:
    """Each span must start after every span before it has ended. One that runs backwards has been reported."""
    groups: dict[tuple[Value, ...], list[LocatedRow]] = {}
    for row in rows:
        if _first(row, spans) <= _last(row, spans):
            groups.setdefault(tuple(row.row[at] for at in spans.of), []).append(row)
    for group in groups.values():
        reached: LocatedRow | None = None
        for row in sorted(group, key=lambda each: _first(each, spans)):
            if reached is not None and _last(reached, spans) >= _first(row, spans):
                _report_overlap(table, spans, row, reached, findings)
            if reached is None or _last(row, spans) > _last(reached, spans):
                reached = row


def _first(row: LocatedRow, spans: Spans) -> date:
    return cast(date, row.row[spans.first])


def _last(row: LocatedRow, spans: Spans) -> date:
    return cast(date, row.row[spans.last] or date.max)


def _report_overlap(table: Table, spans: Spans, row: LocatedRow, other: LocatedRow, findings: DataFindings) -> None:
    """Report two spans that overlap, at the one further down; those with one key have been reported as such."""
    if not table.dated and _first(row, spans) == _first(other, spans):
        return
    later, earlier = (row, other) if other.place <= row.place else (other, row)
    names = [column.name for column in layout(table)]
    first, last = names[spans.first], names[spans.last]
    findings.limited(
        "MH631",
        f"span {_span_text(later, spans)} of {_texts(table, spans.of, row)} overlaps another",
        table.name,
        DataPlace(later.file, later.line, first, str(_first(later, spans))),
        notes=f"the other runs {_span_text(earlier, spans)}, on {_place_text(earlier, later)}",
        help=f"a span ends on the day before the next begins: both `{first}` and `{last}` are included",
    )


def _span_text(row: LocatedRow, spans: Spans) -> str:
    last = row.row[spans.last]
    return f"from {row.row[spans.first]} " + (f"to {last}" if last else "without end")


def _report_order(table: Table, pair: tuple[int, int], row: LocatedRow, findings: DataFindings) -> None:
    columns = layout(table)
    first, last = columns[pair[0]].name, columns[pair[1]].name
    span = spans_of(table)
    both = f"`{first}` and `{last}` are the first and the last day, both included"
    findings.limited(
        "MH632",
        f"`{first}` {row.row[pair[0]]} is after `{last}` {row.row[pair[1]]}",
        table.name,
        DataPlace(row.file, row.line, last, str(row.row[pair[1]])),
        help=both if span is not None and span.last == pair[1] else "correct one of the dates",
    )


def _report_duplicate(table: Table, row: LocatedRow, earlier: LocatedRow, findings: DataFindings) -> None:
    at = len(table.keys) - 1
    findings.limited(
        "MH630",
        f"key {_texts(table, range(at + 1), row)} stands twice",
        table.name,
        DataPlace(row.file, row.line, table.keys[-1].name, str(row.row[at])),
        notes=f"first on {_place_text(earlier, row)}",
        help="a table has one row for each key; remove or correct one of the rows",
    )


def _report_entry(table: Table, at: int, row: LocatedRow, before: Value, findings: DataFindings) -> None:
    columns = entry_columns(table)
    assert columns is not None
    column = layout(table)[at].name
    findings.limited(
        "MH634",
        f"entry {row.row[columns[0]]} of {_texts(table, range(columns[1]), row)} has {column} "
        f"{shown(str(row.row[at]))}, but its first entry has {shown(str(before))}",
        table.name,
        DataPlace(row.file, row.line, column, str(row.row[at])),
        help="the entries of one claim line are of one person and one payer",
    )


def _report_unknown(
    table: Table, reference: Reference, place: tuple[str, int], found: tuple[str, int], findings: DataFindings
) -> None:
    """Report an id that its table lacks: once, on its first row, with a count of the others."""
    value, others = found
    column = layout(table)[reference.at].name
    findings.limited(
        "MH633",
        f"{column} {shown(value)} is not in table `{reference.table}`",
        table.name,
        DataPlace(*place, column, value),
        notes=f"and {others} more row{'s' * (others != 1)} of table `{table.name}`" if others else (),
        help=f"add it to table `{reference.table}`, or correct it: ids are text, so `007` and `7` differ",
    )


def _agreeing(table: Table) -> Iterator[int]:
    """The positions of the columns in which all entries of a claim line agree."""
    return (at for at, column in enumerate(layout(table)) if column.name in ("person_id", "payer"))


def _texts(table: Table, positions: Iterable[int], row: LocatedRow) -> str:
    columns = layout(table)
    return ", ".join(f"{columns[at].name} {shown(str(row.row[at]))}" for at in positions)


def _place_text(row: LocatedRow, seen_from: LocatedRow) -> str:
    return f"line {row.line}" + ("" if row.file == seen_from.file else f" of {row.file}")
