"""The functions that divide integers, each rounding once: their names, what they mean, and how DuckDB defines them."""

from __future__ import annotations

from mhrules.exact import Rounding

KERNELS = {
    Rounding.HALF_EVEN: "half_even_div",
    Rounding.HALF_UP: "half_up_div",
    Rounding.DOWN: "down_div",
    Rounding.UP: "up_div",
}
"""A quotient."""
RESTS = {mode: name.replace("_div", "_rest") for mode, name in KERNELS.items()}
"""A quotient that has been cut, and is rounded by what the division has left over."""
PRODUCTS = {mode: name.replace("_div", "_product") for mode, name in KERNELS.items()}
"""A product divided, where the product itself may be too large for the type of its factors."""
CUT = "cut_div"
HALF_UP_STEP = "half_up_step"
_WORDS = {
    Rounding.HALF_EVEN: "rounded to the nearest integer, ties to the even one",
    Rounding.HALF_UP: "rounded to the nearest integer, ties away from zero",
    Rounding.DOWN: "rounded toward zero",
    Rounding.UP: "rounded away from zero",
}
MEANING = {
    HALF_UP_STEP: "n / d rounded to the nearest integer, ties away from zero, of an even d above 0",
    CUT: "n / d rounded toward zero, where its rest is wanted too",
    **{KERNELS[mode]: f"n / d {words}" for mode, words in _WORDS.items()},
    **{RESTS[mode]: f"q + r / d {words}, of a quotient q that left r" for mode, words in _WORDS.items()},
    **{PRODUCTS[mode]: f"a * b / d {words}, where a * b itself may be too large" for mode, words in _WORDS.items()},
}
_MORE = {
    Rounding.HALF_EVEN: "abs(r) + (q & 1) > abs(d) - abs(r)",
    Rounding.HALF_UP: "abs(r) >= abs(d) - abs(r)",
    Rounding.UP: "abs(r) > 0",
}
"""Whether the magnitude of a cut quotient `q` is one more; nothing is doubled that could not be."""


def duckdb_kernels() -> dict[str, str]:
    """The kernels as macros, whose parameters have no types: they reckon as wide as what they are given.

    A division costs more than all else here, so each is done once: a rest is found by multiplying, and nothing is
    conditional, which would keep the database from seeing that two divisions are the same.
    """
    rest = "((a - a // d * d) * b)"
    made = {
        f"{CUT}(n, d)": "n // d",
        f"{HALF_UP_STEP}(n, d)": "(n + CASE WHEN n < 0 THEN -(d // 2) ELSE d // 2 END) // d",
    }
    for mode, kernel in KERNELS.items():
        own = RESTS[mode]
        made[f"{own}(q, r, d)"] = f"q + ({_MORE[mode]})::INTEGER * sign(r) * sign(d)" if mode in _MORE else "q"
        made[f"{kernel}(n, d)"] = f"{own}(n // d, n - n // d * d, d)"
        made[f"{PRODUCTS[mode]}(a, b, d)"] = f"{own}(a // d * b + {rest} // d, {rest} - {rest} // d * d, d)"
    return made
