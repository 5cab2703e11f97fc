"""Exact decimals as integers, and the one division kernel that every engine repeats.

A number of the language is held as an integer count of 10**-12 (`PLACES` places): `+` and `-` are then
exact, and `*` and `/` are rounded once, half to even, to that place (`docs/reference/semantics.md`, Numbers).
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from enum import Enum

PLACES = 12
ONE: int = 10**PLACES
LIMIT: int = 10**38  # no numerator, doubled divisor or sum of magnitudes may reach this


class Rounding(Enum):
    """How a value between two steps is rounded. Every mode acts on the magnitude and restores the sign."""

    HALF_UP = "half up"
    HALF_EVEN = "half even"
    DOWN = "down"
    UP = "up"


def divide(numerator: int, divisor: int, rounding: Rounding) -> int:
    """The quotient of two integers, rounded to an integer.

    Defined on the magnitudes and the sign, so that -0.5 half up is -1 and -0.5 down is 0.

    Raises:
        ZeroDivisionError: if the divisor is 0.
    """
    quotient, remainder = divmod(abs(numerator), abs(divisor))
    twice = 2 * remainder
    size = abs(divisor)
    if rounding is Rounding.UP:
        quotient += remainder > 0
    elif rounding is Rounding.HALF_UP:
        quotient += twice >= size
    elif rounding is Rounding.HALF_EVEN:
        quotient += twice > size or (twice == size and quotient % 2 == 1)
    return quotient if (numerator < 0) == (divisor < 0) else -quotient


def round_to(value: int, places: int, rounding: Rounding) -> int:
    """`value`, in units of 10**-12, rounded to a number of decimal places (0 = whole); same units."""
    step: int = 10 ** (PLACES - places)
    return divide(value, step, rounding) * step


def from_text(text: str) -> int:
    """The number in `text` (digits with an optional `-`, `_` and one point) in units of 10**-12.

    Raises:
        ValueError: if it is not such a number or has more than 12 places.
    """
    with localcontext() as context:
        context.prec = 200
        try:
            scaled = Decimal(text.replace("_", "")) * ONE
        except ArithmeticError as error:
            raise ValueError(f"not a number: {text}") from error
        if not scaled.is_finite() or scaled != scaled.to_integral_value():
            raise ValueError(f"more than {PLACES} places: {text}")
        return int(scaled)


def to_text(value: int, places: int | None = None) -> str:
    """A value in units of 10**-12 as plain decimal text.

    With `places`, exactly that many (the value must be a whole number of that step); otherwise as few as
    show the value exactly.
    """
    whole, fraction = divmod(abs(value), ONE)
    digits = f"{fraction:0{PLACES}d}"
    if places is None:
        digits = digits.rstrip("0")
    else:
        if digits[places:].strip("0"):
            raise ValueError(f"{value} has more than {places} places")
        digits = digits[:places]
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"
