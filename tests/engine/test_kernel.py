"""Arithmetic is the exact rational, rounded once; splits are whole and exact."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhrules.engine import kernel
from mhrules.exact import ONE, Rounding

NUMBERS = st.integers(-(10**18), 10**18)
PLACES = st.integers(0, 12)
ROUNDINGS = st.sampled_from(list(Rounding))


def rounded(exact: Fraction, places: int, rounding: Rounding) -> int:
    """An exact rational rounded as section 5 says, written without the kernel."""
    size = abs(exact) * 10**places
    whole = size.numerator // size.denominator
    rest = size - whole
    half = Fraction(1, 2)
    if (
        (rounding is Rounding.UP and rest)
        or (rounding is Rounding.HALF_UP and rest >= half)
        or (rounding is Rounding.HALF_EVEN and (rest > half or (rest == half and whole % 2)))
    ):
        whole += 1
    return (whole if exact >= 0 else -whole) * 10 ** (12 - places)


@given(NUMBERS, NUMBERS, PLACES, ROUNDINGS)
def test_a_product_is_the_exact_one_rounded_once(left: int, right: int, places: int, rounding: Rounding) -> None:
    exact = Fraction(left, ONE) * Fraction(right, ONE)
    assert kernel.product(left, right, places, rounding) == rounded(exact, places, rounding)


@given(NUMBERS, NUMBERS.filter(bool), PLACES, ROUNDINGS)
def test_a_quotient_is_the_exact_one_rounded_once(left: int, right: int, places: int, rounding: Rounding) -> None:
    assert kernel.quotient(left, right, places, rounding) == rounded(Fraction(left, right), places, rounding)


@given(st.lists(NUMBERS, min_size=1, max_size=20))
def test_an_average_is_the_exact_one_half_even(values: list[int]) -> None:
    exact = Fraction(sum(values), ONE * len(values))
    assert kernel.average(values) == rounded(exact, 12, Rounding.HALF_EVEN)


@pytest.mark.parametrize(
    ("rounding", "cents"),
    [(Rounding.HALF_UP, -1), (Rounding.HALF_EVEN, 0), (Rounding.DOWN, 0), (Rounding.UP, -1)],
)
def test_rounding_acts_on_the_magnitude_and_restores_the_sign(rounding: Rounding, cents: int) -> None:
    assert kernel.product(-5 * 10**9, ONE, 2, rounding) == cents * 10**10


def test_a_zero_divisor_is_refused() -> None:
    with pytest.raises(ZeroDivisionError):
        kernel.quotient(ONE, 0)


def test_38_digits_are_the_limit_at_the_static_places() -> None:
    large = 10**13 * ONE  # ten trillion: 25 digits at 12 places, 13 as a whole number
    with pytest.raises(kernel.TooLarge):
        kernel.product(large, large)
    assert kernel.product(large, large, static=(0, 0)) == 10**26 * ONE
    with pytest.raises(kernel.TooLarge):
        kernel.total([10**38 - 1, 1 - 10**38])  # the sum is 0, the magnitudes are not
    with pytest.raises(kernel.TooLarge):
        kernel.quotient(ONE, 5 * 10**37)
    with pytest.raises(kernel.TooLarge):
        kernel.quotient(10**26, ONE)


WEIGHTS = st.dictionaries(st.text("abcé", min_size=1, max_size=3), st.integers(0, 10**6), min_size=1, max_size=8)


@given(st.integers(-(10**9), 10**9), WEIGHTS.filter(lambda weights: sum(weights.values()) > 0))
def test_a_split_adds_up_and_is_fair_to_a_cent(whole: int, weights: dict[str, int]) -> None:
    parts = kernel.largest_remainder(whole, weights)
    assert sum(parts.values()) == whole
    assert parts.keys() == weights.keys()
    for key, weight in weights.items():
        assert abs(parts[key] - Fraction(whole * weight, sum(weights.values()))) < 1
        assert parts[key] * whole >= 0
        assert weight or not parts[key]


@given(st.integers(0, 10**9), WEIGHTS.filter(lambda weights: sum(weights.values()) > 0))
def test_a_negative_split_mirrors_the_positive_one(whole: int, weights: dict[str, int]) -> None:
    positive = kernel.largest_remainder(whole, weights)
    assert kernel.largest_remainder(-whole, weights) == {key: -part for key, part in positive.items()}


def test_equal_remainders_go_to_the_smaller_key_by_bytes() -> None:
    assert kernel.largest_remainder(2, {"b": 1, "é": 1, "a": 1}) == {"b": 1, "é": 0, "a": 1}


@pytest.mark.parametrize("weights", [{}, {"a": 0}, {"a": 2, "b": -1}])
def test_a_split_wants_a_positive_weight_and_no_negative_one(weights: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        kernel.largest_remainder(100, weights)


@pytest.mark.parametrize(("percent", "rank"), [(0, 1), (1, 1), (20, 1), (21, 2), (50, 3), (90, 5), (100, 5)])
def test_a_percentile_is_the_nearest_rank(percent: int, rank: int) -> None:
    assert kernel.nearest_rank([50, 10, 40, 20, 30], percent) == rank * 10


def test_weights_are_taken_at_their_static_places_so_that_their_products_fit() -> None:
    months = 10**9 * ONE
    assert kernel.at_places({"a": months, "b": months}, 0) == {"a": 10**9, "b": 10**9}
    assert kernel.at_places({"a": months + 1, "b": months}, 0) == {"a": months + 1, "b": months}
    with pytest.raises(kernel.TooLarge):
        kernel.largest_remainder(10**18, {"a": months, "b": months})
    assert kernel.largest_remainder(10**18, kernel.at_places({"a": months, "b": months}, 0))["a"] == 5 * 10**17
