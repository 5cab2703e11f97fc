"""Interval arithmetic on numbers in units of 10**-12, with the rounding of the language; None is unbounded.

Every result holds all values that the operation can give for operands inside the given intervals.
"""

from __future__ import annotations

from collections.abc import Iterable

from mhrules.exact import ONE

Interval = tuple[int | None, int | None]
EVERYTHING: Interval = (None, None)
TRUTH: Interval = (0, 1)

# An unbounded end is reckoned with as a number far beyond any other; whatever comes out that large is unbounded.
_FAR = 10**400
_BEYOND = 10**200


def _ends(interval: Interval) -> tuple[int, int]:
    low, high = interval
    return -_FAR if low is None else low, _FAR if high is None else high


def _made(low: int, high: int) -> Interval:
    return (None if low <= -_BEYOND else low), (None if high >= _BEYOND else high)


def outward(interval: Interval, step: int) -> Interval:
    """The interval widened to multiples of `step`: where a value inside it can come to lie when it is rounded."""
    low, high = interval
    # `//` on signed values means the floor here.
    return (None if low is None else low // step * step), (None if high is None else -(-high // step) * step)


def hull(intervals: Iterable[Interval]) -> Interval:
    """The smallest interval that holds all of them; of none, everything."""
    ends = [_ends(each) for each in intervals]
    if not ends:
        return EVERYTHING
    return _made(min(low for low, _ in ends), max(high for _, high in ends))


def meet(one: Interval, other: Interval) -> Interval | None:
    """What two intervals have in common; None if nothing."""
    (a, b), (c, d) = _ends(one), _ends(other)
    low, high = max(a, c), min(b, d)
    return _made(low, high) if low <= high else None


def add(one: Interval, other: Interval) -> Interval:
    """`one + other`."""
    (a, b), (c, d) = _ends(one), _ends(other)
    return _made(a + c, b + d)


def negative(interval: Interval) -> Interval:
    """`-interval`."""
    low, high = interval
    return (None if high is None else -high), (None if low is None else -low)


def subtract(one: Interval, other: Interval) -> Interval:
    """`one - other`."""
    return add(one, negative(other))


def product(one: Interval, other: Interval, step: int) -> Interval:
    """`one * other`, rounded to `step`."""
    corners = [a * b for a in _ends(one) for b in _ends(other)]
    return _rounded(min(corners), max(corners), step)


def quotient(one: Interval, other: Interval, least: int, step: int) -> Interval:
    """`one / other`, rounded to `step`; a divisor that is not 0 is at least `least` in magnitude (0 is a fault)."""
    low, high = _ends(other)
    pieces = []
    if high > 0:
        pieces.append((max(low, least), high))
    if low < 0:
        pieces.append((low, min(high, -least)))
    tops = _ends(one)
    results = [
        _rounded(min(corners), max(corners), step)
        for ends in pieces
        if (corners := [_divided(top, end) for top in tops for end in ends])
    ]
    return hull(results)


def _divided(top: int, divisor: int) -> int:
    """A corner of a quotient in units of 10**-24, so that the rounding outward that follows loses nothing."""
    if abs(divisor) >= _BEYOND or top == 0:
        return 0
    scaled = abs(top) * ONE * ONE
    below = scaled // abs(divisor)
    # Away from zero: a bound may be wider than the value, never narrower.
    size = below + (below * abs(divisor) != scaled)
    return size if (top < 0) == (divisor < 0) else -size


def _rounded(low: int, high: int, step: int) -> Interval:
    """Ends in units of 10**-24, widened to multiples of `step`, which is in units of 10**-12."""
    return _made(low // (ONE * step) * step, -(-high // (ONE * step)) * step)


def scaled_by_count(interval: Interval, most: int) -> Interval:
    """The sum of up to `most` values inside the interval; the sum of none is 0."""
    low, high = _ends(interval)
    return _made(min(0, low * most), max(0, high * most))


def largest(interval: Interval) -> int | None:
    """The greatest magnitude inside; None if unbounded."""
    low, high = interval
    return None if low is None or high is None else max(abs(low), abs(high))
