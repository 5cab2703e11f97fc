"""How each column of a table is fed from a source: which source column, which constant, what is left out."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve, field

from mhrules.classes import define, frozen
from mhrules.data.binding import DELIMITERS, TableBinding, Words
from mhrules.data.cells import CellRule
from mhrules.data.convert import Feed, source_text_sql
from mhrules.data.origins import Origin
from mhrules.data.reports import DataFindings
from mhrules.data.rules import layout
from mhrules.data.schema import Table
from mhrules.diagnostics.model import DataPlace
from mhrules.diagnostics.suggest import did_you_mean


@frozen
class Supply:
    """Origins that are read in one way for a table; `bound` is what the binding says of them."""

    bound: TableBinding | None
    origins: tuple[Origin, ...]


@define
class Uses:
    """Which columns of each file are read or known, and for which table a file was read first."""

    findings: DataFindings
    used: dict[str, set[str]] = field(factory=dict)
    read: dict[str, tuple[Origin, Table]] = field(factory=dict)


def feed(state: Uses, table: Table, origin: Origin, rules: tuple[CellRule, ...], bound: TableBinding | None) -> Feed:
    """Where each column of the table stands in an origin; what is missing or of an unreadable type is reported."""
    places = {name: at for at, (name, _) in reversed(list(enumerate(origin.columns)))}
    used = state.used.setdefault(origin.file, set())
    state.read.setdefault(origin.file, (origin, table))
    numbers: list[int | None] = []
    separator = _other_separator(origin, rules)
    if separator is not None:
        _separated_otherwise(state, table, origin, separator)
        used.update(places)
        return Feed(origin, rules, (None,) * len(rules), ())
    named = {name for name, column in bound.columns.items() if column.source is not None} if bound else set()
    rules = tuple(
        evolve(rule, constant="") if rule.source not in places and _may_be_left_out(rule, named) else rule
        for rule in rules
    )
    for rule in rules:
        from_source = rule.constant is None and not rule.row_number
        at = places.get(rule.source) if from_source else None
        if from_source:
            used.add(rule.source)
            if at is None:
                _missing_column(state, table, origin, rule.source, rule.column.name)
            elif not _readable(state, origin, rule, at):
                at = None
        numbers.append(at)
    where = _filter(state, table, origin, bound.where if bound else ())
    where_not = _filter(state, table, origin, bound.where_not if bound else ())
    used.update(name for name in places if bound is not None and bound.ignores(name))
    return Feed(origin, rules, tuple(numbers), where, where_not)


def _may_be_left_out(rule: CellRule, named: set[str]) -> bool:
    """Whether a column that the source lacks is read as empty: nothing says where it comes from, and none is needed."""
    unbound = rule.constant is None and not rule.row_number and rule.column.name not in named
    return unbound and rule.column.may_be_left_out


def _filter(state: Uses, table: Table, origin: Origin, asked: Words) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Columns of the source by number, and their words; what the source does not have is reported."""
    names = [name for name, _ in origin.columns]
    found = []
    for name, words in asked:
        state.used[origin.file].add(name)
        if name in names:
            found.append((names.index(name), words))
        else:
            _missing_column(state, table, origin, name, None)
    return tuple(found)


def _other_separator(origin: Origin, rules: Sequence[CellRule]) -> str | None:
    """What seems to separate the cells of a CSV file that was read as one column: it parts names that are wanted."""
    if origin.header_line is None or len(origin.columns) != 1:
        return None
    header = origin.columns[0][0]
    wanted = {rule.source for rule in rules if rule.constant is None}
    marks = (mark for mark in DELIMITERS if mark in header and wanted.intersection(header.split(mark)))
    return None if header in wanted else next(marks, None)


def _separated_otherwise(state: Uses, table: Table, origin: Origin, separator: str) -> None:
    written = separator.replace("\t", "\\t")
    state.findings.report(
        "MH611",
        f"columns of table `{table.name}` are missing: the file seems to be separated by `{written}`",
        help=(
            f'write `delimiter = "{written}"` under `[tables.{table.name}]` in the binding',
            *(() if separator == "," else ("or save the file with commas",)),
        ),
        place=DataPlace(origin.file, origin.header_line),
    )


def _missing_column(state: Uses, table: Table, origin: Origin, name: str, model: str | None) -> None:
    others = {column.name for column in (*table.keys, *table.columns)} - {model}  # what has a meaning of its own
    near = did_you_mean(name, [column for column, _ in origin.columns if column not in others])
    if model is None:
        advice = "`where` and `where_not` name columns of the source"
    elif near:
        advice = f'the file has `{near}`: rename it, or write `{model} = "{near}"` in the binding'
    elif any(column.name == model and column.optional for column in table.columns):
        absent = f"`{model} = {{ absent = true }}`"
        advice = f"add the column, or write {absent} in the binding if the source has no such figure"
    else:
        advice = f'add the column, or say in the binding which column holds it: `{model} = "…"`'
    state.findings.report(
        "MH611",
        f"column `{name}` of table `{table.name}` is missing",
        help=advice,
        place=DataPlace(origin.file, origin.header_line, name),
    )


def _readable(state: Uses, origin: Origin, rule: CellRule, at: int) -> bool:
    """Whether a source column's type can be read exactly."""
    name, kind = origin.columns[at]
    if source_text_sql(rule, kind, f"c{at}") is not None:
        return True
    place = DataPlace(origin.file, None, name)
    if kind.startswith(("DOUBLE", "FLOAT")):
        state.findings.report(
            "MH626",
            f"column `{name}` holds binary floating-point numbers, which are not exact",
            help=(
                "store it as DECIMAL, as a whole number or as text (in a data frame: Decimal or text)",
                "or accept their shortest decimal text in the binding: "
                f'`{rule.column.name} = {{ float = "shortest" }}`',
            ),
            place=place,
        )
    else:
        message = f"column `{name}` is stored as {kind}, but the program reads {rule.column.kind.value}"
        state.findings.report("MH620", message, place=place)
    return False


def report_unknown_columns(state: Uses) -> None:
    """Warn of source columns that no table reads and no binding ignores."""
    for file in sorted(state.read):
        origin, table = state.read[file]
        used = state.used[file]
        wanted = [column.name for column in layout(table) if column.name not in dict(origin.columns)]
        for name in dict.fromkeys(name for name, _ in origin.columns):
            if name not in used and name.strip():
                near = did_you_mean(name, wanted)
                advice = f"did you mean `{near}`?" if near else "name it under `ignore` in the binding, or remove it"
                state.findings.report(
                    "MH612",
                    f"column `{name}` is not read",
                    help=advice,
                    place=DataPlace(origin.file, origin.header_line, name),
                )
