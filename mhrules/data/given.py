"""Facts given by a program as dictionaries: the same checks as for files, without a database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from operator import itemgetter

from mhrules.data.cells import CellRule, Fault, Value, value_of
from mhrules.data.dataset import Dataset, Row
from mhrules.data.reports import DataFindings
from mhrules.data.rowcheck import LocatedRow, check_orphans, check_rows, participant_column, roster_key
from mhrules.data.rules import rules_for
from mhrules.data.schema import Schema, Table
from mhrules.diagnostics.model import DataPlace
from mhrules.diagnostics.suggest import did_you_mean


def dataset_from_rows(schema: Schema, given: Mapping[str, Iterable[Mapping[str, object]]]) -> Dataset:
    """The facts of dictionaries, one list of them per table (see `Dataset.from_rows`)."""
    findings = DataFindings()
    unknown_tables(schema, given, findings)
    rows: dict[str, list[Row]] = {}
    located: dict[str, list[LocatedRow]] = {}
    complete: dict[str, bool] = {}
    for table in schema.tables:
        if table.name in given:
            before = list(given[table.name])
            rows[table.name], located[table.name] = _typed(table, before, findings)
            complete[table.name] = len(located[table.name]) == len(before)
            check_rows(table, located[table.name], findings)
    _check_participants(schema, located, complete.get(schema.roster, False), findings)
    findings.close()
    findings.raise_if_errors()
    for name, typed in rows.items():
        table = schema.table(name)
        typed.sort(key=itemgetter(*range(len(table.keys) + table.dated)))
    return Dataset(schema, present=frozenset(rows), rows=rows, warnings=findings.sorted())


def unknown_tables(schema: Schema, given: Iterable[str], findings: DataFindings) -> None:
    """Report names that are no table of the schema."""
    names = [table.name for table in schema.tables]
    for name in given:
        if name not in names:
            near = did_you_mean(name, names)
            known = "there are " + ", ".join(f"`{n}`" for n in names)
            findings.report(
                "MH615", f"program reads no table `{name}`", help=f"did you mean `{near}`?" if near else known
            )


def _typed(
    table: Table, given: list[Mapping[str, object]], findings: DataFindings
) -> tuple[list[Row], list[LocatedRow]]:
    """The typed rows, and where those with sound keys stand."""
    rules = rules_for(table, None)
    names = [rule.column.name for rule in rules]
    keys = len(table.keys) + 2 * table.dated
    rows: list[Row] = []
    located: list[LocatedRow] = []
    for line, entry in enumerate(given, start=1):
        for name in entry:
            if name not in names:
                _unknown_column(table, name, names, line, findings)
        values: list[Value] = []
        sound = True
        for at, rule in enumerate(rules):
            value = _value(table, rule, entry, line, findings)
            sound = sound and not (value is _REFUSED and at < keys)
            values.append(None if value is _REFUSED else value)
        rows.append(tuple(values))
        if sound:
            located.append(_locate(table, tuple(values), line))
    return rows, located


_REFUSED = "\0refused"  # no text holds a NUL: it would have been refused


def _value(table: Table, rule: CellRule, entry: Mapping[str, object], line: int, findings: DataFindings) -> Value:
    name = rule.column.name
    value = value_of(rule, entry.get(name))
    if isinstance(value, Fault):
        given = None if entry.get(name) is None else str(entry.get(name))
        findings.cell(table.name, value, DataPlace(table.name, line, name, given))
        return _REFUSED
    return value


def _unknown_column(table: Table, name: str, names: list[str], line: int, findings: DataFindings) -> None:
    near = did_you_mean(name, names)
    findings.limited(
        "MH615",
        f"table `{table.name}` has no column `{name}`",
        table.name,
        DataPlace(table.name, line, name),
        help=f"did you mean `{near}`?" if near else "there are " + ", ".join(f"`{n}`" for n in names),
    )


def _locate(table: Table, row: Row, line: int) -> LocatedRow:
    width = len(table.keys)
    first = last = None
    if table.dated:
        first, last = (day if isinstance(day, date) else None for day in row[width : width + 2])
    return LocatedRow(table.name, line, row[:width], first, last)


def _check_participants(
    schema: Schema, located: Mapping[str, list[LocatedRow]], known: bool, findings: DataFindings
) -> None:
    """Look for rows of participants that the roster lacks, where the roster is given and sound."""
    if not known:
        return
    at = [key.name for key in schema.table(schema.roster).keys].index(roster_key(schema))
    roster = {row.key[at] for row in located[schema.roster]}
    for table in schema.tables:
        column = participant_column(schema, table)
        if column is not None and table.name in located:
            orphans = [row for row in located[table.name] if row.key[column] not in roster]
            check_orphans(schema, table, column, orphans, findings)
