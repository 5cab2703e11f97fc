"""Bounds of numbers from the bounds of their parts: never narrower than what can come out.

A bound is an integer in units of 10**-12, or None where there is none.
"""

from __future__ import annotations

from mhrules import exact
from mhrules.semantics.types import Type

Bound = int | None


def plus(one: Bound, other: Bound) -> Bound:
    """The bound of a sum."""
    return None if one is None or other is None else one + other


def minus(one: Bound, other: Bound) -> Bound:
    """The bound of a difference."""
    return None if one is None or other is None else one - other


def not_negative(kind: Type) -> bool:
    """Whether a number is known never to be below zero."""
    return kind.low is not None and kind.low >= 0


def sum_bounds(one: Type, other: Type) -> tuple[Bound, Bound]:
    """Bounds of a sum."""
    return plus(one.low, other.low), plus(one.high, other.high)


def difference_bounds(one: Type, other: Type) -> tuple[Bound, Bound]:
    """Bounds of a difference."""
    return minus(one.low, other.high), minus(one.high, other.low)


def product_bounds(one: Type, other: Type) -> tuple[Bound, Bound]:
    """Bounds of a product, rounded outward to 12 places."""
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return (0 if not_negative(one) and not_negative(other) else None), None
    corners = [a * b for a in (one.low, one.high) for b in (other.low, other.high)]
    return min(corners) // exact.ONE, -(-max(corners) // exact.ONE)


def quotient_bounds(one: Type, other: Type) -> tuple[Bound, Bound]:
    """Bounds of a quotient, rounded outward to 12 places; the divisor is at least one step of its scale."""
    positive = not_negative(one) and not_negative(other)
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return (0 if positive else None), None
    step = 10 ** max(0, exact.PLACES - other.places)
    divisors = []
    if other.high > 0:
        divisors += [max(other.low, step), max(other.high, step)]
    if other.low < 0:
        divisors += [min(other.high, -step), min(other.low, -step)]
    if not divisors:
        return (0 if positive else None), None
    pairs = [(a * exact.ONE, b) for a in (one.low, one.high) for b in divisors]
    return min(a // b for a, b in pairs), max(-(-a // b) for a, b in pairs)


def rounded_bound(value: Bound, places: int, sign: int) -> Bound:
    """A bound after rounding to places: the lower one (sign -1) moves down, the upper one up."""
    if value is None:
        return None
    step: int = 10 ** (exact.PLACES - places)
    return value // step * step if sign < 0 else -(-value // step) * step


def extreme_bounds(kinds: list[Type], *, greatest: bool, conditional: bool) -> tuple[Bound, Bound]:
    """Bounds of the greatest or least of several values; where they are conditional, any of them may be it."""
    lows, highs = [k.low for k in kinds], [k.high for k in kinds]
    known_lows, known_highs = [v for v in lows if v is not None], [v for v in highs if v is not None]
    low: Bound = min(known_lows) if len(known_lows) == len(lows) else None
    high: Bound = max(known_highs) if len(known_highs) == len(highs) else None
    if conditional:
        return low, high
    if greatest:
        return max(known_lows, default=None), high
    return low, min(known_highs, default=None)
