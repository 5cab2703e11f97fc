"""Declared facts: at their bounds, around the thresholds of the rules, missing where that is allowed, and between."""

from __future__ import annotations

from mhrules.data.schema import Column, ColumnKind
from mhrules.data.synth.draws import words_list
from mhrules.data.synth.setting import Setting, day, month_text

_UNBOUNDED = 10**13
"""Bounds from here on are those of a type, not of a text."""

_AMOUNT = {ColumnKind.MONEY: 120_000, ColumnKind.NUMBER: 50, ColumnKind.INTEGER: 50}  # in the middle, whole units
_MEMBER_AMOUNT = 350
_WIDE = 100_000  # whole units between bounds that are there to catch slips, not to say what is usual
_AT_BOUND, _AT_WIDE_BOUND, _AT_THRESHOLD, _MISSING = 6, 2, 24, 10  # of 100 rows
_TEXTS = 4
_NUMERIC = (ColumnKind.MONEY, ColumnKind.PERCENT, ColumnKind.NUMBER, ColumnKind.INTEGER)


def value(setting: Setting, table: str, column: Column, at: str, *, of_member: bool = False) -> str:
    """A value of a declared column at row `at`, as SQL of the type that is written.

    Of any hundred rows in turn, 6 hold the lower bound and 6 the upper one (2 each of bounds that lie very far
    apart), 24 a threshold or a neighbor of one, and 10 are empty, as far as the column has them. Amounts without such
    bounds are alike within a row, so that a target and what was spent are of one size.
    """
    stream = f"{table}.{column.name}"
    if column.kind in _NUMERIC:
        written = _number(setting, stream, column, at, of_member)
    elif column.kind is ColumnKind.YES_NO:
        written = f"CASE WHEN {setting.draws.hundredth(stream, at)} < 80 THEN 'yes' ELSE 'no' END"
    elif column.kind is ColumnKind.DATE:
        written = _date(setting, stream, column, at)
    elif column.kind is ColumnKind.MONTH:
        written = setting.draws.one_of([month_text(month) for month in setting.months], stream, at)
    else:
        written = _word(setting, stream, column, at)
    if not column.optional:
        return written
    return f"CASE WHEN {setting.draws.hundredth(f'{stream} missing', at)} >= {_MISSING} THEN {written} END"


def cents(amount: str) -> str:
    """A whole number of cents, below 10**15, as dollars."""
    return f"CAST({amount} AS DECIMAL(15, 0)) * CAST('0.01' AS DECIMAL(3, 2))"


def decimal(units: str, places: int) -> str:
    """A whole number of 10**-places as the decimal number it stands for."""
    if places == 0:
        return f"CAST({units} AS BIGINT)"
    unit = "0." + "0" * (places - 1) + "1"
    return f"CAST({units} AS DECIMAL(22, 0)) * CAST('{unit}' AS DECIMAL({places + 1}, {places}))"


def texts(setting: Setting, name: str) -> tuple[str, ...]:
    """The texts that a declared text or key may have: those that the rules compare it with, or invented ones."""
    asked = setting.hints.words.get(name, ())
    count = max(1, min(_TEXTS, setting.request.practices) - len(asked))
    return (*asked, *(f"{name}_{n}" for n in range(1, count + 1)))


def key_texts(setting: Setting, key: str) -> tuple[str, ...]:
    """The values of a declared key; a group's are those of its fact."""
    fact = setting.hints.groups.get(key, key)
    columns = (column for table in setting.schema.tables for column in table.columns if column.name == fact)
    codes = next((column.codes for column in columns if column.kind is ColumnKind.CODE), ())
    return codes or texts(setting, fact)


def declared_bounds(column: Column) -> tuple[int | None, int | None]:
    """The bounds that a text declares, in units of the column's places; None where it declares none."""
    low, high = column.low, column.high
    return (
        low if low is not None and low > -_UNBOUNDED else None,
        high if high is not None and high < _UNBOUNDED else None,
    )


def near_thresholds(setting: Setting, column: Column) -> tuple[int, ...]:
    """The thresholds of a column and their neighbors, within its bounds, in units of its places."""
    low, high = declared_bounds(column)
    step = 10 ** (12 - column.places)
    found = {number // step + by for number in setting.hints.thresholds.get(column.name, ()) for by in (-1, 0, 1)}
    return tuple(sorted(n for n in found if (low is None or n >= low) and (high is None or n <= high)))


def _number(setting: Setting, stream: str, column: Column, at: str, of_member: bool) -> str:
    draws = setting.draws
    low, high = declared_bounds(column)
    near = near_thresholds(setting, column)
    chance = draws.hundredth(stream, at)
    bound = _AT_WIDE_BOUND if _is_wide(column) else _AT_BOUND
    cases = [f"WHEN {chance} < {bound} THEN {low}" if low is not None else ""]
    cases += [f"WHEN {chance} >= {100 - bound} THEN {high}" if high is not None else ""]
    if near:
        listed = ", ".join(map(str, near))
        which = draws.below(len(near), f"{stream} threshold", at)
        cases.append(f"WHEN {chance} < {bound + _AT_THRESHOLD} THEN CAST([{listed}] AS HUGEINT[])[1 + {which}]")
    between = f"CAST({_between(setting, stream, column, at, of_member)} AS HUGEINT)"
    chosen = " ".join(case for case in cases if case)
    return decimal(f"(CASE {chosen} ELSE {between} END)" if chosen else between, column.places)


def _between(setting: Setting, stream: str, column: Column, at: str, of_member: bool) -> str:
    """A value between the bounds, in units of the column's places; where one is open, of a size that is usual."""
    draws, unit = setting.draws, 10**column.places
    low, high = declared_bounds(column)
    if low is not None and high is not None and not _is_wide(column):
        whole = draws.within(low, high, f"{stream} between", at)
        if column.kind is not ColumnKind.PERCENT:
            return whole
        # Rates are small and shares are large; a text does not say which of them a percentage is.
        small = draws.within(low, low + (high - low) // 10, f"{stream} between", at)
        return f"CASE WHEN {draws.below(100, f'{stream} is small', at)} < 25 THEN {small} ELSE {whole} END"
    if column.kind is ColumnKind.PERCENT:
        usual = f"{draws.below(1_001, f'{stream} between', at)} * {unit} // 1000"
    else:
        middle = _MEMBER_AMOUNT if of_member and column.kind is ColumnKind.MONEY else _AMOUNT[column.kind]
        size = draws.spread(100 * middle, f"{stream.split('.', maxsplit=1)[0]} size", at)
        share = f"(85 + {draws.below(31, f'{stream} share', at)})"
        usual = f"{size} * {share} // 10000 * {unit} + {draws.below(unit, f'{stream} part', at)}"
    usual = usual if low is None else f"greatest({low}, {usual})"
    return usual if high is None else f"least({high}, {usual})"


def _is_wide(column: Column) -> bool:
    """Whether the bounds lie so far apart that nothing usual is near them."""
    low, high = declared_bounds(column)
    return low is not None and high is not None and high - low > _WIDE * 10**column.places


def _date(setting: Setting, stream: str, column: Column, at: str) -> str:
    """A day of the term; a start is mostly the term's own first day, sometimes later, and never before the roster's."""
    draws = setting.draws
    begins = setting.hints.term_first or setting.first
    days = max(1, (setting.last - begins).days + 1)
    some = f"{day(begins)} + CAST({draws.below(days, stream, at)} AS INTEGER)"
    if column.name != setting.hints.starts:
        return some
    chance = draws.hundredth(f"{stream} late", at)
    drawn = f"""CASE WHEN {chance} < 70 THEN {day(begins)}
        WHEN {chance} < 85 THEN CAST(date_trunc('month', {some}) AS DATE) ELSE {some} END"""
    return f"greatest({drawn}, coalesce(effective_from, {day(begins)}))"


def _word(setting: Setting, stream: str, column: Column, at: str) -> str:
    """A code or a text. Texts go round, so that each is there."""
    if column.kind is ColumnKind.CODE:
        return setting.draws.one_of(column.codes, stream, at)
    if column.name in setting.hints.homes:
        return f"getvariable('practice_ids')[1 + ({at}) % {setting.request.practices}]"
    known = key_texts(setting, column.name)
    return f"{words_list(known)}[1 + ({at}) % {len(known)}]"
