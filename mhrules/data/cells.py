"""What one cell means: text (or a value of the library's user) into an exact value, or a coded fault.

`parse` is the definition. The loader does the plain cases in bulk and asks here for every other one; a test holds
the two equal. No float is ever made or accepted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from operator import index

from attrs import evolve, field

from mhrules.classes import frozen
from mhrules.data.schema import Column, ColumnKind
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.exact import Rounding, divide

Value = int | bool | date | str | None
"""A typed cell: numbers as integers at their column's places, months as their first day, missing as None."""

NUMERIC = frozenset({ColumnKind.MONEY, ColumnKind.PERCENT, ColumnKind.NUMBER, ColumnKind.INTEGER})
_DEFAULT_BOUNDS = {
    ColumnKind.MONEY: 10**12,
    ColumnKind.PERCENT: 1_000,
    ColumnKind.NUMBER: 10**9,
    ColumnKind.INTEGER: 10**12,
}
DATE_PARTS = re.compile("(%[YmdHMS])")
TIMES = {"%H": "(?:[01][0-9]|2[0-3])", "%M": "[0-5][0-9]", "%S": "[0-5][0-9]"}
_PLAIN = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")
_ACCOUNTING = re.compile(r"(\(?)(-?)\$?(-?)([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?(\)?)")
_LOOKS_NUMERIC = re.compile(r"[-+$(]*[0-9][0-9,._' ]*[)%]?")
_LONGEST_NUMBER = 400
_SHOWN = 60
_HIDDEN = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_KIND_WORDS = {
    ColumnKind.MONEY: "an amount such as `1234.50`",
    ColumnKind.PERCENT: "a fraction such as `0.025`",
    ColumnKind.NUMBER: "a number such as `12.5`",
    ColumnKind.INTEGER: "a whole number",
    ColumnKind.DATE: "a date",
    ColumnKind.MONTH: "a month",
}


@frozen
class Fault:
    """Why a cell is refused: code, sentence, advice."""

    code: str
    message: str
    help: str = ""


@frozen
class CellRule:
    """How the cells of one column of the model are written in a source.

    `source` is the column's name in the source; `constant` replaces it (the text of every cell), and so does
    `row_number` (the number of the row in its file). `codes` maps words
    of the source to codes of the model; without it the model's own words stand. `percent` means that `2.5` is 2.5%.
    `date` is a pattern of `%Y`, `%m` and `%d` (and `%H`, `%M`, `%S`, which are left aside). With `until` the day itself
    is not included. `missing` are words that mean missing, beside the empty cell.
    """

    column: Column
    source: str
    constant: str | None = None
    row_number: bool = False
    codes: Mapping[str, str] | None = None
    yes: tuple[str, ...] = ("yes",)
    no: tuple[str, ...] = ("no",)
    percent: bool = False
    accounting: bool = False
    date: str | None = None
    until: bool = False
    missing: frozenset[str] = field(default=frozenset())
    trim: bool = False
    extra_digits: Rounding | None = None
    shortest_floats: bool = False

    @property
    def pattern(self) -> str:
        """The date pattern in force."""
        return self.date or ("%Y%m" if self.column.kind is ColumnKind.MONTH else "%Y-%m-%d")

    @property
    def words(self) -> tuple[str, ...]:
        """The words a code column may hold in the source."""
        return tuple(self.codes) if self.codes is not None else self.column.codes


def bounds(column: Column) -> tuple[int, int]:
    """Inclusive bounds of a numeric column in units of its places, the language's defaults where none are declared."""
    most: int = _DEFAULT_BOUNDS[column.kind] * 10**column.places
    return (-most if column.low is None else column.low, most if column.high is None else column.high)


def shown(text: str) -> str:
    """A cell as a message prints it: in backticks, at most 60 characters."""
    return f"`{text}`" if len(text) <= _SHOWN else f"`{text[:_SHOWN]}…`"


def decimal_text(value: int, places: int) -> str:
    """An integer at `places` as the shortest plain decimal text."""
    digits = f"{abs(value):0{places + 1}d}"
    whole, fraction = (digits[:-places], digits[-places:].rstrip("0")) if places else (digits, "")
    return ("-" if value < 0 else "") + whole + (f".{fraction}" if fraction else "")


def parse(rule: CellRule, text: str, *, rounding: Rounding | None = None) -> Value | Fault:
    """The value of a cell's text, or why it has none.

    With `rounding`, digits beyond the column's places are rounded; without, they are a fault (MH621).
    """
    if rule.trim:
        text = text.strip()
    if text == "" or text in rule.missing:
        if rule.column.default is not None:
            return default_of(rule.column)
        return None if rule.column.optional else _empty(text)
    if text != text.strip():
        return Fault(
            "MH625",
            f"value {shown(text)} has blanks around it" if text.strip() else "cell holds only blanks",
            "remove the blanks, or write `trim = true` in the binding",
        )
    kind = rule.column.kind
    if kind in NUMERIC:
        return _number(rule, text, rounding)
    if kind is ColumnKind.YES_NO:
        return _yes_no(rule, text)
    if kind in (ColumnKind.DATE, ColumnKind.MONTH):
        return _day(rule, text)
    return _word(rule, text)


def default_of(column: Column) -> Value:
    """The value that an empty cell of a column with a default stands for.

    Raises:
        ValueError: the default is no value of the column.
    """
    default = column.default
    if not default and column.kind is ColumnKind.TEXT:
        return default
    value = parse(CellRule(evolve(column, default=None), column.name), default or "")
    if isinstance(value, Fault):
        raise ValueError(f"default of column `{column.name}`: {value.message}")
    return value


def value_of(rule: CellRule, value: object) -> Value | Fault:
    """The typed value of what a program gave: text, whole number, Decimal, yes/no or date; a float is refused."""
    kind = rule.column.kind
    if value is None:
        return parse(rule, "")
    if isinstance(value, str):
        return parse(rule, value)
    if isinstance(value, bool):
        return value if kind is ColumnKind.YES_NO else _wrong(rule, "yes" if value else "no")
    if isinstance(value, float):
        return Fault(
            "MH626",
            f"binary floating-point number {shown(repr(value))} where an exact value is needed",
            "give a Decimal, a whole number or text, such as Decimal('0.1') or '0.1'",
        )
    if isinstance(value, date):
        return _given_date(rule, value)
    if isinstance(value, Decimal):
        plain = format(value, "f") if value.is_finite() and abs(value.adjusted()) < _LONGEST_NUMBER else str(value)
        return parse(rule, plain) if kind in NUMERIC else _wrong(rule, plain)
    if hasattr(value, "__index__"):
        whole = int(index(value))
        accepted = kind in NUMERIC or kind in (ColumnKind.MONTH, ColumnKind.TEXT)
        return parse(rule, f"{whole:d}") if accepted and abs(whole) < 10**100 else _wrong(rule, "a whole number")
    return _wrong(rule, "a value of another kind")


def day_from(pattern: str, text: str) -> date | None:
    """The day that `text` writes in a pattern of `%Y`, `%m` and `%d` (day 1 if the pattern has no `%d`), or None.

    Months and days have two digits; where the pattern has slashes (`%m/%d/%Y`), one digit will do. The time of day
    (`%H`, `%M`, `%S`) must be one, and is left aside.
    """
    found = _date_expression(pattern).fullmatch(text)
    if found is None:
        return None
    named = found.groupdict()
    try:
        return date(int(named["Y"]), int(named["m"]), int(named.get("d", "1")))
    except ValueError:
        return None


@lru_cache(maxsize=64)
def _date_expression(pattern: str) -> re.Pattern[str]:
    digits = "{1,2}" if "/" in pattern else "{2}"
    parts = {"%Y": "(?P<Y>[0-9]{4})", "%m": f"(?P<m>[0-9]{digits})", "%d": f"(?P<d>[0-9]{digits})", **TIMES}
    return re.compile("".join(parts.get(p, re.escape(p)) for p in DATE_PARTS.split(pattern)))


def _empty(text: str) -> Fault:
    what = "cell is empty" if text == "" else f"cell says {shown(text)}, which means missing"
    return Fault(
        "MH624",
        f"{what}, and the program does not allow this column to be missing",
        "fill in the value, or let the program declare the fact `or missing`",
    )


def _wrong(rule: CellRule, text: str) -> Fault:
    wanted = _KIND_WORDS.get(rule.column.kind, rule.column.kind.value)
    if rule.column.kind is ColumnKind.YES_NO:
        wanted = " or ".join(f"`{word}`" for word in (*rule.yes, *rule.no))
    elif rule.column.kind in (ColumnKind.DATE, ColumnKind.MONTH):
        wanted += f" written {_spelled(rule.pattern)}"
    elif rule.column.kind is ColumnKind.PERCENT and rule.percent:
        wanted = "a percentage such as `2.5`"
    return Fault("MH620", f"expected {wanted}, got {shown(text)}", _wrong_help(rule, text))


def _wrong_help(rule: CellRule, text: str) -> str:
    name = rule.column.name
    if rule.column.kind is ColumnKind.YES_NO:
        return f'say in the binding which words mean yes and no: `{name} = {{ yes = "1", no = "0" }}`'
    if rule.column.kind in (ColumnKind.DATE, ColumnKind.MONTH):
        if text.removeprefix("-") == "infinity":
            return f'say in the binding that it is no day: `missing = ["{text}"]` for the table'
        return f'say in the binding how it is written: `{name} = {{ date = "%m/%d/%Y" }}`'
    if "e" in text.lower() and any(c.isdigit() for c in text):
        return "write the number out: exponents are not read"
    return ""


def _spelled(pattern: str) -> str:
    """A date pattern as people write it: `YYYY-MM-DD`."""
    words = {"%Y": "YYYY", "%m": "MM", "%d": "DD", "%H": "hh", "%M": "mm", "%S": "ss"}
    return "`" + "".join(words.get(part, part) for part in DATE_PARTS.split(pattern)) + "`"


def _number(rule: CellRule, text: str, rounding: Rounding | None) -> int | Fault:
    plain = text
    if rule.column.kind is ColumnKind.PERCENT and rule.percent and plain.endswith("%"):
        plain = plain[:-1]
    if rule.accounting:
        plain = _without_symbols(plain)
    found = _PLAIN.fullmatch(plain)
    if found is None:
        return _not_plain(rule, text)
    if len(plain) > _LONGEST_NUMBER:
        return _too_long(rule, text, found.group(2))
    sign, whole, fraction = found.group(1), found.group(2), (found.group(3) or "").rstrip("0")
    places = rule.column.places
    beyond = len(fraction) + (2 if rule.percent else 0) - places
    size = int(whole + fraction)
    if beyond <= 0:
        size *= 10**-beyond
    elif size % 10**beyond == 0:
        size //= 10**beyond
    elif rounding is None:
        return _too_many(rule, text)
    else:
        size = divide(size, 10**beyond, rounding)
    value = -size if sign else size
    low, high = bounds(rule.column)
    return value if low <= value <= high else _out_of_bounds(rule, text, low, high)


def _without_symbols(text: str) -> str:
    """Plain decimal text of an amount written as accountants do: `$1,234.50`, `-$5.00`, `($5.00)`."""
    found = _ACCOUNTING.fullmatch(text)
    if found is None:
        return text
    opened, minus, late_minus, whole, fraction, closed = found.groups(default="")
    signs = [s for s in (opened, minus, late_minus) if s]
    if bool(opened) != bool(closed) or len(signs) > 1:
        return text
    return ("-" if signs else "") + whole.replace(",", "") + fraction


def _too_long(rule: CellRule, text: str, whole: str) -> Fault:
    """The fault of a number with more digits than are read at all."""
    digits = len(whole.lstrip("0"))
    if digits <= _LONGEST_NUMBER // 2:
        return _too_many(rule, text)
    low, high = _spelled_bounds(rule, *bounds(rule.column))
    message = f"number {shown(text)} is too large: it has {digits:,} digits before the decimal point"
    return Fault("MH622", message, f"write a number from {low} to {high}")


def _not_plain(rule: CellRule, text: str) -> Fault:
    if not _LOOKS_NUMERIC.fullmatch(text) or rule.accounting:
        return _wrong(rule, text)
    if text.endswith("%"):
        advice = f'say in the binding that the column holds percentages: `{rule.column.name} = {{ as = "percent" }}`'
    elif text.startswith("+") or text.endswith("."):
        advice = "write plain digits with an optional minus sign and a decimal point"
    else:
        advice = (
            "write plain digits such as `1234.50`, or say in the binding "
            f'`{rule.column.name} = {{ written = "accounting" }}`'
        )
    return Fault("MH627", f"number {shown(text)} is written with separators or signs", advice)


def _too_many(rule: CellRule, text: str) -> Fault:
    places = rule.column.places
    figure = places - 2 if rule.percent else places
    limit = "no decimal places" if figure <= 0 else f"at most {figure} decimal place{'s' * (figure != 1)}"
    advice = f'correct the value, or say in the binding `{rule.column.name} = {{ extra_digits = "round half even" }}`'
    return Fault("MH621", f"{shown(text)} has too many digits: the column holds {limit}", advice)


def _spelled_bounds(rule: CellRule, low: int, high: int) -> list[str]:
    places = rule.column.places - (2 if rule.percent else 0)
    return [decimal_text(b, places) if places >= 0 else str(b * 10**-places) for b in (low, high)]


def _out_of_bounds(rule: CellRule, text: str, low: int, high: int) -> Fault:
    texts = _spelled_bounds(rule, low, high)
    advice = ""
    if rule.column.kind is ColumnKind.PERCENT and not rule.percent:
        percent = f'`{rule.column.name} = {{ as = "percent" }}`'
        advice = f"a fraction is read, so 2.5% is `0.025`; for percentages write {percent} in the binding"
    return Fault("MH622", f"{shown(text)} is out of bounds: expected {texts[0]} to {texts[1]}", advice)


def _yes_no(rule: CellRule, text: str) -> bool | Fault:
    if text in rule.yes:
        return True
    return False if text in rule.no else _wrong(rule, text)


def _day(rule: CellRule, text: str) -> date | Fault:
    day = day_from(rule.pattern, text)
    if day is None:
        return _wrong(rule, text)
    if rule.column.kind is ColumnKind.MONTH and day.day != 1:
        return Fault("MH620", f"expected the first day of a month, got {shown(text)}", "")
    return _last_included(rule, day)


def _last_included(rule: CellRule, day: date) -> date | Fault:
    """The day, or the day before it where the day itself is not included."""
    if not rule.until:
        return day
    return day - timedelta(days=1) if day > date.min else _wrong(rule, day.isoformat())


def _given_date(rule: CellRule, value: date) -> date | Fault:
    kind = rule.column.kind
    if isinstance(value, datetime) or kind not in (ColumnKind.DATE, ColumnKind.MONTH):
        return _wrong(rule, value.isoformat())
    if kind is ColumnKind.MONTH and value.day != 1:
        return Fault("MH620", f"expected the first day of a month, got {shown(value.isoformat())}", "")
    return value


def _word(rule: CellRule, text: str) -> str | Fault:
    """A text or code, in Unicode form NFC; characters that people cannot see are refused."""
    word = unicodedata.normalize("NFC", text)
    if any(c in _HIDDEN or unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") for c in word):
        seen = ascii(word)[1:-1]
        advice = "remove line breaks and control characters"
        return Fault("MH628", f"text {shown(seen)} holds a control character", advice)
    if rule.codes is not None:
        if word in rule.codes:
            return rule.codes[word]
        return _unknown_code(rule, word)
    if rule.column.kind is ColumnKind.CODE and word not in rule.column.codes:
        return _unknown_code(rule, word)
    return word


def _unknown_code(rule: CellRule, word: str) -> Fault:
    near = did_you_mean(word, rule.words)
    known = ", ".join(f"`{w}`" for w in rule.words[:12]) + (" …" if len(rule.words) > 12 else "")
    advice = f"did you mean `{near}`?" if near else f"expected one of {known}"
    return Fault("MH623", f"unknown code {shown(word)}", advice)
