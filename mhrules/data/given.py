"""Facts given by a program as dictionaries: the same checks as for files, without a database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter

from mhrules.data.cells import CellRule, Fault, Value, value_of
from mhrules.data.dataset import Dataset, Row
from mhrules.data.presence import check_presence
from mhrules.data.relations import positions, references
from mhrules.data.reports import DataFindings
from mhrules.data.rowcheck import LocatedRow, check_reference, check_rows
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
    complete: set[str] = set()
    for table in schema.tables:
        if table.name in given:
            before = list(given[table.name])
            rows[table.name], located[table.name] = _typed(table, before, findings)
            if len(located[table.name]) == len(before):
                complete.add(table.name)
            check_rows(table, located[table.name], findings)
    check_presence(schema, {name: name for name in rows}, {}, findings)
    _check_references(schema, located, complete, findings)
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
    rules = rules_for(table)
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
            located.append(LocatedRow(table.name, line, tuple(values)))
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


def _check_references(
    schema: Schema, located: Mapping[str, list[LocatedRow]], complete: set[str], findings: DataFindings
) -> None:
    """Look for rows that name a participant or a person whom their table lacks, where it is given and sound."""
    for table in schema.tables:
        for reference in references(schema, table):
            if reference.table in complete and table.name in located:
                at = positions(schema.table(reference.table))[reference.key]
                known = {row.row[at] for row in located[reference.table]}
                check_reference(table, reference, located[table.name], known, findings)
