"""Types of values: numbers with their units, yes/no, dates, texts, codes; each possibly missing."""

from __future__ import annotations

from enum import Enum

import attrs

from mhrules import exact
from mhrules.classes import frozen


class Kind(Enum):
    """The broad kind of a value; the word is what people are told."""

    NUMBER = "a number"
    YES_NO = "yes or no"
    DATE = "a date"
    TEXT = "a text"
    CODE = "a code"
    DURATION = "a length of time"
    COLLECTION = "a collection"
    UNKNOWN = "unknown"  # after an error: fits everywhere, so that one mistake makes one finding


class Share(Enum):
    """How a number without unit may be used."""

    NUMBER = "number"
    PERCENT = "%"
    RATIO = "ratio"  # a quotient of like units: may stand for a number or a percentage


Unit = tuple[tuple[str, int], ...]
"""Dimensions with their powers, sorted: `$ pmpm` is (("$", 1), ("member month", -1))."""

DOLLARS: Unit = (("$", 1),)
NO_UNIT: Unit = ()


def unit_product(one: Unit, other: Unit, sign: int = 1) -> Unit:
    """The unit of a product (or, with sign -1, of a quotient)."""
    powers = dict(one)
    for dimension, power in other:
        powers[dimension] = powers.get(dimension, 0) + sign * power
    return tuple(sorted((d, p) for d, p in powers.items() if p))


def money_per(word: str | None) -> Unit:
    """`$`, or `$ per visit` for the word `visit`."""
    return DOLLARS if word is None else unit_product(DOLLARS, ((word, 1),), -1)


def unit_text(unit: Unit) -> str:
    """A unit as people write it: `$ pmpm`, `$ per visit`, `member months`."""
    above = [d if p == 1 else f"{d}^{p}" for d, p in unit if p > 0]
    below = [d if p == -1 else f"{d}^{-p}" for d, p in unit if p < 0]
    text = " × ".join(sorted(above, key=lambda d: d != "$")) or "1"
    if below == ["member month"] and text == "$":
        return "$ pmpm"
    if not below and text not in ("$", "1") and "^" not in text:
        text += "s"
    return text + "".join(f" per {d}" for d in below) if unit else ""


@frozen
class Type:
    """The type of a value.

    Numbers: `unit`, `share` (for numbers without unit), `places` (how many decimal places the value can
    have) and inclusive bounds `low`, `high` in units of 10**-12 (None: not bounded by declaration).
    Codes: `codes` in declared order, `ordered`, and the `name` of the declared type. `missing` says that
    the value may be absent and must be handled by `known` or `default`.
    """

    kind: Kind
    unit: Unit = NO_UNIT
    share: Share = Share.NUMBER
    places: int = exact.PLACES
    low: int | None = None
    high: int | None = None
    codes: tuple[str, ...] = ()
    ordered: bool = False
    name: str = ""
    missing: bool = False

    @property
    def is_number(self) -> bool:
        """Whether this is a number, with or without unit."""
        return self.kind is Kind.NUMBER

    @property
    def is_money(self) -> bool:
        """Whether dollars are in the unit, alone or per something."""
        return self.kind is Kind.NUMBER and ("$", 1) in self.unit

    @property
    def is_total(self) -> bool:
        """Whether this is plain dollars."""
        return self.kind is Kind.NUMBER and self.unit == DOLLARS

    @property
    def is_unknown(self) -> bool:
        """Whether a mistake was found there already."""
        return self.kind is Kind.UNKNOWN

    def known(self) -> Type:
        """This type, not missing."""
        return attrs.evolve(self, missing=False) if self.missing else self

    def or_missing(self, missing: bool = True) -> Type:
        """This type, possibly missing."""
        return attrs.evolve(self, missing=self.missing or missing)

    def __str__(self) -> str:
        """The type in the words of the language."""
        if self.kind is Kind.NUMBER:
            text = unit_text(self.unit) or ("%" if self.share is Share.PERCENT else "a plain number")
        elif self.kind is Kind.CODE:
            text = f"one of {{ {', '.join(self.codes[:6])}{', …' if len(self.codes) > 6 else ''} }}"
        else:
            text = self.kind.value
        return text + (" or missing" if self.missing else "")


YES_NO = Type(Kind.YES_NO, places=0)
DATE = Type(Kind.DATE, places=0)
TEXT = Type(Kind.TEXT, places=0)
DURATION = Type(Kind.DURATION, places=0)
UNKNOWN = Type(Kind.UNKNOWN)

DEFAULT_BOUND = {"$": 10**12, "%": 1_000, "number": 10**9, "integer": 10**12, "member months": 10**9}
DEFAULT_PLACES = {"$": 2, "%": 6, "number": 6, "integer": 0, "member months": 6}


def number(
    unit: Unit = NO_UNIT,
    share: Share = Share.NUMBER,
    places: int = exact.PLACES,
    low: int | None = None,
    high: int | None = None,
) -> Type:
    """A number type."""
    return Type(Kind.NUMBER, unit=unit, share=share, places=places, low=low, high=high)


def count(unit_word: str = "") -> Type:
    """The type of a count: whole, not negative, with the unit of what is counted where prices use it."""
    unit: Unit = ((unit_word, 1),) if unit_word else NO_UNIT
    return number(unit, places=0, low=0, high=DEFAULT_BOUND["integer"] * exact.ONE)
