"""A binding against the tables that a program reads: one rule of reading for each column, or a finding."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve

from mhrules.data.binding import Binding, ColumnBinding, Settings, TableBinding
from mhrules.data.cells import NUMERIC, CellRule, Fault, parse
from mhrules.data.population import CONDITION, ELIGIBILITY
from mhrules.data.schema import Column, ColumnKind, Schema, Table
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.suggest import did_you_mean

FROM = Column("from", ColumnKind.DATE, title="First day on which the row holds")
TO = Column("to", ColumnKind.DATE, optional=True, title="Last day on which the row holds; empty: open")


DEFAULTS = Settings()


def layout(table: Table) -> tuple[Column, ...]:
    """The columns of a row in order: the keys, then `from` and `to` of a dated table, then the facts."""
    return table.keys + ((FROM, TO) if table.dated else ()) + table.columns


SPANS = {
    ELIGIBILITY: ("enrollment_start_date", "enrollment_end_date"),
    CONDITION: ("recorded_date", "resolved_date"),
}
"""The first and the last day of a row, in tables of the model whose rows are spans; dated tables have `from`, `to`."""


def span_names(table: Table) -> tuple[str, str] | None:
    """The columns of a row's first and last day; None where its rows are no spans, or have no last day."""
    if table.dated:
        return FROM.name, TO.name
    names = {column.name for column in layout(table)}
    span = SPANS.get(table.name)
    return span if span is not None and set(span) <= names else None


def ends_of_spans(table: Table) -> tuple[str, ...]:
    """The column of the last day of a row's span, if it has one."""
    span = span_names(table)
    return () if span is None else span[1:]


def check_binding(schema: Schema, binding: Binding, findings: Findings) -> None:
    """Report tables and columns of a binding that the program does not read, and rules that do not fit their column."""
    names = [table.name for table in schema.tables]
    for bound in binding.tables.values():
        if bound.name in names:
            for reading in bound.readings:
                _check_table(schema.table(bound.name), reading, findings)
        else:
            findings.report(
                "MH643",
                f"program reads no table `{bound.name}`",
                bound.span,
                help=_meant(bound.name, names),
            )


def rules_for(table: Table, bound: TableBinding | None = None, wider: Settings = DEFAULTS) -> tuple[CellRule, ...]:
    """How each column of a table is read, in the order of its layout.

    `bound` is the table's binding, or that of a part of it, and has been checked; `wider` are the settings around it.
    """
    settings = bound.settings.over(wider) if bound else wider
    columns = bound.columns if bound else {}
    return tuple(_rule(column, columns.get(column.name), settings) for column in layout(table))


def _rule(column: Column, bound: ColumnBinding | None, wider: Settings) -> CellRule:
    if bound is not None and (bound.constant is not None or bound.absent):
        return CellRule(column, column.name, constant=bound.constant or "")
    if bound is not None and bound.row_number:
        return CellRule(column, column.name, row_number=True)
    settings = bound.settings.over(wider) if bound else wider
    rule = CellRule(
        column=column,
        source=(bound.source if bound else None) or column.name,
        missing=frozenset(settings.missing or ()),
        trim=settings.trim or False,
        shortest_floats=settings.shortest_floats or False,
        accounting=(settings.accounting or False) and column.kind in NUMERIC,
        extra_digits=settings.extra_digits,
    )
    if bound is None:
        return rule
    return evolve(
        rule,
        codes=bound.codes,
        yes=bound.yes or rule.yes,
        no=bound.no or rule.no,
        percent=bound.scale == "percent",
        date=bound.date,
        until=bound.until,
    )


def _check_table(table: Table, bound: TableBinding, findings: Findings) -> None:
    columns = {column.name: column for column in layout(table)}
    for entry in bound.columns.values():
        column = columns.get(entry.name)
        if column is None:
            findings.report(
                "MH643",
                f"table `{table.name}` has no column `{entry.name}`",
                entry.span,
                help=(_meant(entry.name, columns), "the model's name stands left, the source's name right"),
            )
        else:
            _check_column(column, entry, findings)
            if entry.until and column.name not in ends_of_spans(table):
                message = f"`until` does not fit column `{column.name}`, which is not the last day of a span"
                findings.report("MH644", message, entry.span)


def _check_column(column: Column, entry: ColumnBinding, findings: Findings) -> None:
    kind = column.kind
    misfits = (
        ("codes", entry.codes is not None and kind not in (ColumnKind.CODE, ColumnKind.TEXT)),
        ("yes", entry.yes is not None and kind is not ColumnKind.YES_NO),
        ("as", entry.scale is not None and kind is not ColumnKind.PERCENT),
        ("date", entry.date is not None and kind not in (ColumnKind.DATE, ColumnKind.MONTH)),
        ("row_number", entry.row_number and kind not in (ColumnKind.INTEGER, ColumnKind.TEXT)),
        ("written", entry.settings.accounting is not None and kind not in NUMERIC),
        ("extra_digits", entry.settings.extra_digits is not None and kind not in NUMERIC),
    )
    for word, wrong in misfits:
        if wrong:
            message = f"`{word}` does not fit column `{column.name}`, which holds {kind.value}"
            findings.report("MH644", message, entry.span)
    if entry.date is not None and kind is ColumnKind.DATE and "%d" not in entry.date:
        findings.report("MH644", f"`date` of column `{column.name}` must hold the day, `%d`", entry.span)
    if entry.absent and not column.optional and column.default is None:
        findings.report(
            "MH644",
            f"column `{column.name}` cannot be absent: the program needs it",
            entry.span,
            help="bind it to a column of the source, or let the program declare the fact `or missing`",
        )
    if kind is ColumnKind.CODE and entry.codes is not None:
        for code in sorted(set(entry.codes.values()) - set(column.codes)):
            message = f"column `{column.name}` has no code `{code}`"
            findings.report("MH643", message, entry.span, help=_meant(code, column.codes))
    if entry.constant is not None:
        value = parse(CellRule(column, column.name), entry.constant)
        if isinstance(value, Fault):
            message = f"constant of column `{column.name}` does not fit: {value.message}"
            findings.report("MH644", message, entry.span, help=value.help if value.code == "MH623" else "")


def _meant(name: str, known: Iterable[str]) -> str:
    """A suggestion, or the names there are."""
    near = did_you_mean(name, known := list(known))
    return f"did you mean `{near}`?" if near else "there are " + ", ".join(f"`{k}`" for k in known)
