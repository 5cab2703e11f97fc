"""Text cells into typed columns, in bulk: plain cells in SQL, every other distinct text through `cells.parse`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mhrules.classes import frozen
from mhrules.data.cells import DATE_PARTS, NUMERIC, TIMES, CellRule, Fault, Value, bounds, parse
from mhrules.data.database import fill, identifier, literal
from mhrules.data.origins import TEXT, Origin, unreadable
from mhrules.data.reports import DataFindings
from mhrules.data.schema import Column, ColumnKind
from mhrules.diagnostics.model import DataPlace

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_WIDEST_PLAIN = 25  # digits before the point that the bulk path reads
_FLOATS = ("DOUBLE", "FLOAT", "REAL")
_EXACT = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DECIMAL", "UTINYINT", "USMALLINT", "UINTEGER")
_NOTHING = '"NULL"'  # the type of a column without any value
_EXACT_ALSO = ("UBIGINT", "UHUGEINT", "VARCHAR", "ENUM", "UUID", "BIGNUM")
_PART_WIDTHS = frozenset({"%Y", "%m", "%d", *TIMES})
_STANDARD = "%Y-%m-%d"
_STAMPS = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")


@frozen
class Feed:
    """One origin that feeds a table.

    `numbers` are the source columns' numbers in the order of the layout; None stands for a constant, for the row's own
    number, and for a column that is missing or cannot be read, which has been reported. `where` and `where_not` are
    numbers of columns, and words.
    """

    origin: Origin
    rules: tuple[CellRule, ...]
    numbers: tuple[int | None, ...]
    where: tuple[tuple[int, tuple[str, ...]], ...] = ()
    where_not: tuple[tuple[int, tuple[str, ...]], ...] = ()


def sql_type(column: Column) -> str:
    """The DuckDB type that holds a column: integers at its places, as narrow as its bounds allow."""
    if column.kind in NUMERIC:
        low, high = bounds(column)
        return "BIGINT" if max(abs(low), abs(high)) < 2**63 else "HUGEINT"
    if column.kind is ColumnKind.YES_NO:
        return "BOOLEAN"
    return "DATE" if column.kind in (ColumnKind.DATE, ColumnKind.MONTH) else "VARCHAR"


@frozen
class _Task:
    """The conversion of one table: what every step needs."""

    connection: DuckDBPyConnection
    table: str
    feeds: Sequence[Feed]
    findings: DataFindings


def convert(
    connection: DuckDBPyConnection,
    table: str,
    feeds: Sequence[Feed],
    keys: int,
    findings: DataFindings,
    *,
    first: int = 0,
) -> list[int]:
    """Read feeds with like rules into the temporary table `stage`, reporting every cell that has no value.

    Its columns are `file` (number of the feed, counted from `first`), `rn`, `v0`, `v1` … in the order of the layout,
    and `sound`: whether the first `keys` columns hold what the source says. A refused cell is NULL. With `first`, the
    rows are added to those that are there. Returns how many rows of each feed the binding's `where` leaves out.
    """
    task = _Task(connection, table, feeds, findings)
    rules = feeds[0].rules
    left_out = _fill_raw(task)
    joins: list[str] = []
    values: list[str] = []
    sound = ["true"]
    for at, rule in enumerate(rules):
        fixed = _fixed_sql(task, at)
        if fixed is not None:
            values.append(f"CAST({fixed} AS {sql_type(rule.column)}) AS v{at}")
            continue
        if at < keys:
            sound.append(f"r.t{at} IS NOT NULL")
        plain = plain_sql(rule, f"r.t{at}")
        has_map, has_faults = _convert_rest(task, at, plain)
        value = plain
        if has_map:
            joins.append(f"LEFT JOIN map{at} ON map{at}.t = r.t{at}")
            value = f"coalesce({plain}, map{at}.v)" if plain else f"map{at}.v"
        values.append(f"CAST({value or 'NULL'} AS {sql_type(rule.column)}) AS v{at}")
        if has_faults and at < keys:
            sound.append(f"r.t{at} NOT IN (SELECT t FROM bad{at})")
    into = "INSERT INTO stage" if first else "CREATE OR REPLACE TEMP TABLE stage AS"
    connection.execute(
        f"{into} SELECT r.file + {first} AS file, r.rn, {', '.join(values)}, "
        f"{' AND '.join(sound)} AS sound FROM raw r {' '.join(joins)}"
    )
    connection.execute("DROP TABLE raw")
    for at in range(len(rules)):
        connection.execute(f"DROP TABLE IF EXISTS map{at}")
        connection.execute(f"DROP TABLE IF EXISTS bad{at}")
    return left_out


def _fixed_sql(task: _Task, at: int) -> str | None:
    """SQL for the value of a column that is the same in every row; None where the rows say it."""
    texts = {feed.rules[at].constant for feed in task.feeds}
    text = next(iter(texts))
    if len(texts) > 1 or text is None or any(feed.numbers[at] is not None for feed in task.feeds):
        return None
    value = parse(task.feeds[0].rules[at], text)
    if isinstance(value, Fault):
        return None
    return "NULL" if value is None else literal(str(value))


def source_text_sql(rule: CellRule, kind: str, cell: str) -> str | None:
    """SQL for the text of a source cell of a type, written as the rule reads it; None if the type cannot be read."""
    if kind == TEXT:
        return cell
    base = kind.partition("(")[0].strip()
    if kind.endswith("]"):
        return None
    if kind == _NOTHING:
        return "''"
    if base in _EXACT or base in _EXACT_ALSO:
        return f"coalesce(CAST({cell} AS VARCHAR), '')"
    if base == "BOOLEAN" and rule.column.kind is ColumnKind.YES_NO:
        words = f"WHEN {cell} THEN {literal(rule.yes[0])} ELSE {literal(rule.no[0])}"
        return f"CASE WHEN {cell} IS NULL THEN '' {words} END"
    if base in ("DATE", *_STAMPS):
        return _date_text_sql(rule, base, cell)
    if base in _FLOATS and rule.shortest_floats:
        return _float_text_sql(cell)
    return None


def plain_sql(rule: CellRule, cell: str) -> str | None:
    """SQL for the value of a plain cell, NULL for any other; None if the rule has no bulk path."""
    text = f"trim({cell})" if rule.trim else cell
    if rule.column.kind in NUMERIC:
        value = _plain_number_sql(rule, text)
    elif rule.column.kind in (ColumnKind.DATE, ColumnKind.MONTH):
        return _plain_day_sql(rule, text)
    elif rule.column.kind is ColumnKind.TEXT and rule.codes is None:
        # What the expression `[!-~]([ -~]*[!-~])?` says, in a seventh of its time.
        visible = f"{text} <> '' AND NOT ({text} GLOB '*[! -~]*')"
        value = f"CASE WHEN {visible} AND {text} NOT LIKE ' %' AND {text} NOT LIKE '% ' THEN {text} END"
    else:
        return None
    if rule.missing:
        value = f"CASE WHEN {text} NOT IN ({', '.join(map(literal, sorted(rule.missing)))}) THEN {value} END"
    return value


def _plain_number_sql(rule: CellRule, text: str) -> str:
    """Digits and the fraction, padded to the column's places, as one integer within the bounds."""
    places = rule.column.places - (2 if rule.percent else 0)
    if places < 0:
        return f"CAST(NULL AS {sql_type(rule.column)})"
    fraction = rf"(\.[0-9]{{1,{places}}}0*)?" if places else r"(\.0+)?"
    digits = f"split_part({text}, '.', 1)"
    if places:
        digits += f" || rpad(split_part({text}, '.', 2), {places}, '0')"
    low, high = bounds(rule.column)
    kind = sql_type(rule.column)
    number = f"TRY_CAST({digits} AS {kind})"
    return (
        f"CASE WHEN regexp_full_match({text}, '-?[0-9]{{1,{_WIDEST_PLAIN}}}{fraction}') "
        f"AND {number} BETWEEN {low} AND {high} THEN {number} END"
    )


def _plain_day_sql(rule: CellRule, text: str) -> str | None:
    """The day of a text whose parts have fixed places; none where days or months may have one digit."""
    if (
        "/" in rule.pattern
        or rule.pattern != rule.pattern.strip()
        or (rule.column.kind is ColumnKind.MONTH and "%d" in rule.pattern)
    ):
        return None
    if rule.pattern == _STANDARD and not rule.until and not rule.missing:
        # Only a day that is written in this way comes back as the same text of ten characters.
        day = f"TRY_CAST({text} AS DATE)"
        return f"CASE WHEN CAST({day} AS VARCHAR) = {text} AND strlen({text}) = 10 THEN {day} END"
    places: dict[str, str] = {}
    expression, at = "", 1
    for part in DATE_PARTS.split(rule.pattern):
        width = {"%Y": 4}.get(part, 2) if part in _PART_WIDTHS else len(part)
        places[part] = f"substring({text}, {at}, {width})"
        expression += TIMES.get(part, f"[0-9]{{{width}}}") if part in _PART_WIDTHS else re.escape(part)
        at += width
    day = f"TRY_CAST({places['%Y']} || '-' || {places['%m']} || '-' || {places.get('%d', repr('01'))} AS DATE)"
    value = f"{day} - 1" if rule.until else day
    matches = f"regexp_full_match({text}, {literal(expression)}) AND {places['%Y']} <> '0000'"
    if rule.until:
        matches += f" AND {places['%Y']} <> '0001'"
    if rule.missing:
        matches += f" AND {text} NOT IN ({', '.join(map(literal, sorted(rule.missing)))})"
    return f"CASE WHEN {matches} THEN {value} END"


def _date_text_sql(rule: CellRule, base: str, cell: str) -> str | None:
    """A native day in the rule's own pattern, a month only if it is a first day; else its standard text."""
    if rule.column.kind not in (ColumnKind.DATE, ColumnKind.MONTH):
        return None
    pattern = rule.pattern
    day = f"CAST({cell} AS DATE)"
    timed = base != "DATE" and any(part in pattern for part in TIMES)
    whole = "true" if base == "DATE" or timed else f"CAST({day} AS TIMESTAMP) = CAST({cell} AS TIMESTAMP)"
    if rule.column.kind is ColumnKind.MONTH and "%d" not in pattern:
        whole += f" AND day({day}) = 1"
    whole += f" AND isfinite({day}) AND year({day}) BETWEEN 1000 AND 9999"
    written = f"strftime({cell if timed else day}, {literal(pattern)})"
    return f"CASE WHEN {cell} IS NULL THEN '' WHEN {whole} THEN {written} ELSE CAST({cell} AS VARCHAR) END"


def _float_text_sql(cell: str) -> str:
    """The shortest decimal text that gives the same binary number back, written out without exponent."""
    text = f"CAST({cell} AS VARCHAR)"
    sign = f"CASE WHEN {text} LIKE '-%' THEN '-' ELSE '' END"
    mantissa = f"ltrim(split_part({text}, 'e', 1), '-')"
    digits = f"replace({mantissa}, '.', '')"
    power = f"CAST(split_part({text}, 'e', 2) AS INTEGER)"
    after = f"length(split_part({mantissa}, '.', 2))"
    small = f"'0.' || repeat('0', -{power} - 1) || {digits}"
    large = f"{digits} || repeat('0', {power} - {after})"
    written = f"{sign} || CASE WHEN {power} < 0 THEN {small} ELSE {large} END"
    return f"CASE WHEN {cell} IS NULL THEN '' WHEN {text} LIKE '%e%' THEN {written} ELSE {text} END"


def _fill_raw(task: _Task) -> list[int]:
    """The temporary table `raw`: `file`, `rn` and the text `t0`, `t1` … of each column, of all feeds.

    A file that breaks while it is read, or yields another number of rows than it has, is reported as unreadable.
    Returns how many rows of each feed are left out by its `where`.
    """
    import duckdb

    left_out = [0] * len(task.feeds)

    defined = ", ".join(f"t{at} VARCHAR" for at in range(len(task.feeds[0].rules)))
    task.connection.execute(f"CREATE OR REPLACE TEMP TABLE raw (file INTEGER, rn BIGINT, {defined})")
    for number, feed in enumerate(task.feeds):
        texts = []
        for rule, at in zip(feed.rules, feed.numbers, strict=True):
            text = None if rule.constant is None else literal(rule.constant)
            if rule.row_number:
                text = "CAST(s.rn AS VARCHAR)"
            if at is not None:
                text = source_text_sql(rule, feed.origin.columns[at][1], f"s.c{at}")
            texts.append(text or "NULL")
        chosen = [one_of_sql(at, words) for at, words in feed.where]
        chosen += [f"NOT {one_of_sql(at, words)}" for at, words in feed.where_not if words]
        where = f" WHERE {' AND '.join(chosen)}" if chosen else ""
        statement = f"INSERT INTO raw SELECT {number}, s.rn, {', '.join(texts)} FROM {feed.origin.relation} AS s{where}"
        try:
            inserted = task.connection.execute(statement, list(feed.origin.parameters)).fetchone()
        except duckdb.Error as error:
            unreadable(feed.origin.file, error, task.findings)
            continue
        if chosen and inserted is not None:
            left_out[number] = feed.origin.rows - inserted[0]
        elif feed.origin.sound and inserted != (feed.origin.rows,):
            unreadable(feed.origin.file, ValueError("its rows cannot be told apart"), task.findings)
    return left_out


def one_of_sql(at: int, words: Sequence[str]) -> str:
    """SQL for whether a source column holds one of the words; an empty cell is the empty word."""
    return f"coalesce(CAST(s.c{at} AS VARCHAR), '') IN ({', '.join(map(literal, words)) or 'NULL'})"


def _convert_rest(task: _Task, at: int, plain: str | None) -> tuple[bool, bool]:
    """Give every distinct text that is not plain its value (`map`) or its fault (`bad`); whether there are any."""
    rule = task.feeds[0].rules[at]
    values: list[tuple[str, Value]] = []
    rounded: list[str] = []
    faults: dict[str, Fault] = {}
    for text in _distinct(task.connection, at, plain):
        value = parse(rule, text)
        if isinstance(value, Fault) and value.code == "MH621" and rule.extra_digits is not None:
            value = parse(rule, text, rounding=rule.extra_digits)
            rounded.append(text)
        if isinstance(value, Fault):
            faults[text] = value
        elif value is not None:
            values.append((text, value))
    if values:
        kind = sql_type(rule.column)
        task.connection.execute(f"CREATE OR REPLACE TEMP TABLE map{at} (t VARCHAR, v {kind})")
        fill(task.connection, f"map{at}", ("VARCHAR", kind), ([t for t, _ in values], [v for _, v in values]))
    if faults:
        _report_faults(task, at, faults)
    if rounded:
        _report_rounded(task, at, rounded)
    return bool(values), bool(faults)


def _distinct(connection: DuckDBPyConnection, at: int, plain: str | None) -> list[str]:
    """The distinct texts of a column that the bulk path does not read, sorted."""
    where = f" AND ({plain}) IS NULL" if plain else ""
    found = connection.execute(f"SELECT DISTINCT t{at} FROM raw r WHERE t{at} IS NOT NULL{where} ORDER BY 1").fetchall()
    return [row[0] for row in found]


def _report_faults(task: _Task, at: int, faults: dict[str, Fault]) -> None:
    """Report the first rows of each kind of fault, and count the others."""
    task.connection.execute(f"CREATE OR REPLACE TEMP TABLE bad{at} (t VARCHAR, code VARCHAR)")
    fill(task.connection, f"bad{at}", ("VARCHAR", "VARCHAR"), (list(faults), [f.code for f in faults.values()]))
    rows = task.connection.execute(
        f"SELECT * FROM (SELECT r.file, r.rn, r.t{at}, b.code, count(*) OVER (PARTITION BY b.code), "
        f"row_number() OVER (PARTITION BY b.code ORDER BY r.file, r.rn) AS place "
        f"FROM raw r JOIN bad{at} b ON b.t = r.t{at}) WHERE place <= {task.findings.most} ORDER BY 4, 6"
    ).fetchall()
    for file, rn, text, code, count, place in rows:
        origin = task.feeds[file].origin
        fault = faults[text]
        column = task.feeds[file].rules[at].source
        where = DataPlace(origin.file, origin.line_of(rn), column, text)
        task.findings.cell(task.table, fault, where)
        if place == task.findings.most:
            task.findings.more(code, task.table, column, count - place)


def _report_rounded(task: _Task, at: int, rounded: list[str]) -> None:
    """Say how many cells were rounded, and where the first stands."""
    rule = task.feeds[0].rules[at]
    counted = task.connection.execute(
        f"SELECT count(*), min(struct_pack(file := file, rn := rn)) FROM raw r "
        f"WHERE r.t{at} IN (SELECT unnest(CAST($1 AS VARCHAR[])))",
        [rounded],
    ).fetchone()
    if counted is None or rule.extra_digits is None:
        return
    origin = task.feeds[counted[1]["file"]].origin
    cells = "1 cell was" if counted[0] == 1 else f"{counted[0]} cells were"
    task.findings.report(
        "MH629",
        f"{cells} rounded {rule.extra_digits.value} to {rule.column.places} places, as the binding says",
        notes="the place is the first of them",
        place=DataPlace(origin.file, origin.line_of(counted[1]["rn"]), rule.source),
    )


def publish(connection: DuckDBPyConnection, table: str, columns: Sequence[Column]) -> None:
    """Turn `stage` into the table of the model. Its rows are in no order: who needs one sorts."""
    named = ", ".join(f"v{at} AS {identifier(column.name)}" for at, column in enumerate(columns))
    connection.execute(f"CREATE TABLE {identifier(table)} AS SELECT {named} FROM stage")
    connection.execute("DROP TABLE stage")
