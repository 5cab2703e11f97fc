"""Values, rule text and places in the words of an explanation."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mhrules.engine.rows import Clock
from mhrules.exact import ONE, PLACES, Rounding, round_to, to_text
from mhrules.explain.model import Place, Support, Worth
from mhrules.plan import ir
from mhrules.semantics.calendar import Calendar, month_label
from mhrules.semantics.types import DOLLARS, Kind, Share, Type, unit_text
from mhrules.source import Span
from mhrules.syntax.tree import Note, Period

SHOWN = 6  # decimal places that people are shown; the rest is in the exact text
LONGEST = 76  # characters of rule text that stand in a title
_COMMENT = re.compile(r'("[^"\n]*")|#[^\n]*')
_BLOCKS = ("choose", "bands ", "greater of", "lesser of")


# ------------------------------------------------------------------------------------------------ values


def worth(value: ir.Value, kind: Type) -> Worth:
    """A value with its unit."""
    return Worth(shown(value, kind), ir.plain_text(value), unit_of(kind))


def unit_of(kind: Type) -> str:
    """`$`, `$ pmpm`, `%`, `member months` …; empty for plain numbers and what is none."""
    if not kind.is_number:
        return ""
    return unit_text(kind.unit) or ("%" if kind.share is Share.PERCENT else "")


def shown(value: ir.Value, kind: Type) -> str:
    """A value as people read it: `$1,200.00`, `$5.50 pmpm`, `3.2%`, `1,000 member months`, `yes`, `missing`."""
    if value is None:
        return "missing"
    if isinstance(value, bool) or not isinstance(value, int):
        return ir.plain_text(value)
    if kind.kind is Kind.DURATION or not kind.is_number:
        return grouped(value)
    if kind.is_money:
        unit = unit_text(kind.unit).removeprefix("$")
        return f"{'-' if value < 0 else ''}${grouped(abs(value), 2)}{unit}"
    if kind.share is Share.PERCENT:
        return percent(value)
    unit = unit_text(kind.unit)
    if value == ONE and len(kind.unit) == 1:
        unit = kind.unit[0][0]
    return f"{grouped(value)} {unit}".rstrip()


def dollars(value: int) -> str:
    """An amount in dollars."""
    return shown(value, Type(Kind.NUMBER, unit=DOLLARS))


def percent(value: int) -> str:
    """A fraction as a percentage: `44.1%`."""
    return f"{grouped(value * 100, shown_places=SHOWN - 2)}%"


def near(value: int) -> str:
    """A fraction as a percentage to four places, marked where that is not exact: `3%`, `≈3.1416%`."""
    rounded = round_to(value, SHOWN, Rounding.HALF_EVEN)
    return ("" if rounded == value else "≈") + percent(rounded)


def is_block(text: str) -> bool:
    """Whether a title only names a choice of several rows."""
    return text.startswith(_BLOCKS)


def grouped(value: int, places: int = 0, shown_places: int = SHOWN) -> str:
    """A number with thousands separators and at least `places` decimals, cut to `…` after `shown_places`."""
    whole, _, decimals = to_text(abs(value)).partition(".")
    kept = decimals[:shown_places].rstrip("0") if len(decimals) <= shown_places else decimals[:shown_places] + "…"
    kept = kept if kept.endswith("…") else kept.ljust(places, "0")
    return f"{'-' if value < 0 else ''}{int(whole):,}" + (f".{kept}" if kept else "")


def cut_to_twelve(node: ir.Arithmetic, left: int, right: int) -> bool:
    """Whether the exact product or quotient has more than twelve places, so that it was rounded unasked."""
    if node.rounding is not None:
        return False
    if node.operator == "*":
        return left * right % ONE != 0
    return node.operator == "/" and right != 0 and left * 10**PLACES % right != 0


# ------------------------------------------------------------------------------------------------- texts


def text_of(span: Span) -> str:
    """Rule text with single blanks and without comments."""
    return " ".join(_COMMENT.sub(lambda found: found.group(1) or "", span.text).split())


def title_of(span: Span) -> str:
    """Rule text as a title: a long choice is named by its first word, other long text is cut."""
    return short(text_of(span))


def short(text: str, longest: int = LONGEST) -> str:
    """A text that fits a line; a choice of several rows is named by what stands before its brace."""
    head, brace, _ = text.partition(" {")
    if brace and (head.startswith(_BLOCKS) or head.endswith(" increased by")):
        return head
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def place_of(span: Span | None) -> Place | None:
    """Where a span stands."""
    return None if span is None else Place(span.source.name, span.line, text_of(span))


def support_of(*notes: Iterable[Note]) -> tuple[Support, ...]:
    """What supports a figure, each once."""
    return tuple(dict.fromkeys(Support(note.kind.value, note.text) for some in notes for note in some))


def counted(number: int, word: str) -> str:
    """`1 line`, `1,200 lines`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def listed(words: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    every = list(words)
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} and {every[-1]}" if every else "none"


def rounding_text(places: int, rounding: Rounding) -> str:
    """`to cents half up`, `to 4 places half even`."""
    return f"to {({0: 'whole numbers', 2: 'cents'}).get(places, f'{places} places')} {rounding.value}"


# -------------------------------------------------------------------------------------------------- time


def clock_text(clock: Clock, calendar: Calendar) -> str:
    """`2012-Q1`; of a contract year its number."""
    kind, value = clock
    return str(value) if kind == "contract_year" else calendar.label(value, Period(kind))


def months_text(months: tuple[int, ...]) -> str:
    """`2011-05`, or `2011-05 to 2011-12`; months that do not follow on each other one by one."""
    if not months:
        return "no month"
    if len(months) > 1 and months[-1] - months[0] == len(months) - 1:
        return f"{month_label(months[0])} to {month_label(months[-1])}"
    return ", ".join(month_label(month) for month in months)
