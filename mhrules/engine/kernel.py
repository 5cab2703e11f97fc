"""Arithmetic on numbers of the language: integers in units of 10**-12, every result rounded once and kept in bounds.

`places` of an operand are its static decimal places: the integers that an engine really multiplies and divides are
`value * 10**places`, and these must stay below 10**38 (`docs/reference/semantics.md`, Numbers).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mhrules.exact import LIMIT, ONE, PLACES, Rounding, divide


class TooLarge(ArithmeticError):
    """A number that no engine could hold in 38 digits."""


def stored(value: int, places: int) -> int:
    """`value` as an integer at its static places; at 12 places if it has more digits than it should."""
    step = 10 ** (PLACES - places) if places < PLACES else 1
    whole, rest = divmod(abs(value), step)
    return abs(value) if rest else whole


def within(size: int) -> None:
    """Refuse a magnitude of 10**38 or more.

    Raises:
        TooLarge: the magnitude has more than 38 digits.
    """
    if size >= LIMIT:
        raise TooLarge


def total(values: Sequence[int], places: int = PLACES) -> int:
    """The exact sum; the sum of the magnitudes must stay in bounds.

    Raises:
        TooLarge: it does not.
    """
    within(sum(stored(value, places) for value in values))
    return sum(values)


def product(
    left: int,
    right: int,
    places: int = PLACES,
    rounding: Rounding = Rounding.HALF_EVEN,
    static: tuple[int, int] = (PLACES, PLACES),
) -> int:
    """`left * right`, rounded once to `places`; `static` are the places of the operands.

    Raises:
        TooLarge: the exact product does not fit.
    """
    within(stored(left, static[0]) * stored(right, static[1]))
    step: int = 10 ** (PLACES - places)
    return divide(left * right, ONE * step, rounding) * step


def quotient(
    left: int,
    right: int,
    places: int = PLACES,
    rounding: Rounding = Rounding.HALF_EVEN,
    static: tuple[int, int] = (PLACES, PLACES),
) -> int:
    """`left / right`, rounded once to `places`; `static` are the places of the operands.

    Raises:
        ZeroDivisionError: `right` is 0.
        TooLarge: the numerator or twice the divisor does not fit.
    """
    shift = places + static[1] - static[0]
    within(stored(left, static[0]) * 10 ** max(shift, 0))
    within(2 * stored(right, static[1]) * 10 ** max(-shift, 0))
    step: int = 10 ** (PLACES - places)
    return divide(left * 10**places, right, rounding) * step


def average(values: Sequence[int], places: int = PLACES) -> int:
    """The sum divided by how many there are, to 12 places half even.

    Raises:
        ZeroDivisionError: there are none.
        TooLarge: the sum does not fit.
    """
    return quotient(total(values, places), len(values) * ONE, static=(places, 0))


def nearest_rank(values: Sequence[int], percent: int) -> int:
    """The smallest value such that at least `percent` of the values are not above it; the least of all for 0.

    `values` are not empty.
    """
    rank = max(1, -(-percent * len(values) // 100))
    return sorted(values)[rank - 1]


def at_places(weights: Mapping[str, int], places: int) -> Mapping[str, int]:
    """Weights as integers at their static places, in the same proportions; as they are if one has more digits."""
    step = 10 ** (PLACES - places)
    return {k: w // step for k, w in weights.items()} if all(w % step == 0 for w in weights.values()) else weights


def largest_remainder(whole: int, weights: Mapping[str, int]) -> dict[str, int]:
    """`whole` (cents, say) in whole parts proportional to weights, adding up to it exactly.

    Each part is first rounded down in magnitude; what is left goes out one by one, to the largest remainders first,
    of equal ones to the smaller key (by UTF-8 bytes). A negative whole is split by magnitude.

    Raises:
        ValueError: a weight is negative, or none is positive.
        TooLarge: a product of the whole and a weight does not fit.
    """
    weight = sum(weights.values())
    if weight <= 0 or min(weights.values()) < 0:
        raise ValueError("weights")
    within(abs(whole) * weight)
    parts, remainders = {}, {}
    for key, own in weights.items():
        parts[key], remainders[key] = divmod(abs(whole) * own, weight)
    left = abs(whole) - sum(parts.values())
    for key in sorted(weights, key=lambda key: (-remainders[key], key.encode()))[:left]:
        parts[key] += 1
    return parts if whole >= 0 else {key: -part for key, part in parts.items()}
