"""Draws: whole numbers that depend on the seed, the name of what is drawn, and the row alone.

Integer arithmetic in SQL, so that every machine and every order of rows gives the same. No float takes part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mhrules.classes import frozen
from mhrules.data.database import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_STRIDES = (37, 53, 61, 67, 71, 73, 79, 83, 89, 97)  # none shares a divisor with 100
_MASK = 2**32 - 1
_ROUNDS = (  # of mixing: what is flipped, and the odd number that it is multiplied by
    (2_654_435_769, 2_246_822_507),
    (2_135_587_861, 3_266_489_909),
    (3_266_489_909, 2_654_435_761),
    (668_265_263, 668_265_263),
)


def _mixed(start: str) -> str:
    """A number of 32 bits of which each bit depends on all of `start`.

    The middle of a product depends on the upper and on the lower bits, and flipping some before keeps differences from
    staying what they were. Each operand stands once, since what SQL names twice it may work out twice.
    """
    for flipped, odd in _ROUNDS:
        start = f"(((xor({start}, {flipped}::UBIGINT) * {odd}::UBIGINT) >> 16) & {_MASK}::UBIGINT)"
    return start


_MACROS = (
    f"draw(nth, k, c) AS {_mixed(f'(((CAST(nth AS UBIGINT) & {_MASK}::UBIGINT) * k + c) & {_MASK}::UBIGINT)')}",
    # The bits that are set are 16 of 32, give or take 3: powers of two of half of them are nearly lognormal.
    "draw_skewed(h, fine) AS ((1::BIGINT << (bit_count(CAST(h AS BIGINT)) >> 1)) * (96 + CAST(fine & 63 AS BIGINT)))",
)
_MIDDLE = 2**8 * 113
"""What half of the results of `draw_skewed` are below."""


@frozen
class Draws:
    """The draws of one seed, as SQL expressions. `stream` names what is drawn, `at` is an SQL whole number."""

    seed: int

    def prepare(self, connection: DuckDBPyConnection) -> None:
        """Define what the expressions use."""
        for macro in _MACROS:
            connection.execute(f"CREATE MACRO {macro}")

    def below(self, limit: int | str, stream: str, at: str) -> str:
        """A whole number from 0 to `limit` - 1, each as likely; `limit` is at most 2**32."""
        return f"CAST(({self.drawn(stream, at)} * CAST({limit} AS UBIGINT)) >> 32 AS BIGINT)"

    def within(self, low: int, high: int, stream: str, at: str) -> str:
        """A whole number from `low` to `high`, in steps where there are more than 2**32 of them."""
        return f"CAST({low} + ((CAST({self.drawn(stream, at)} AS HUGEINT) * {high - low + 1}) >> 32) AS HUGEINT)"

    def hundredth(self, stream: str, at: str) -> str:
        """A number from 0 to 99 of which any hundred rows in turn have each once."""
        first, second = self._keys(stream)
        return f"(({at}) * {_STRIDES[first % len(_STRIDES)]} + (({at}) // 100) * 29 + {second % 100}) % 100"

    def spread(self, middle: int | str, stream: str, at: str) -> str:
        """A whole number around `middle`, skewed as costs are: half lie below, a few lie far above."""
        return f"(CAST({middle} AS BIGINT) * {self.skewed(stream, at)} // {_MIDDLE})"

    def skewed(self, stream: str, at: str) -> str:
        """A whole number around 30,000, skewed as sizes and costs are."""
        return f"draw_skewed({self.drawn(stream, at)}, {self.drawn(f'{stream}, finely', at)})"

    def one_of(self, words: Sequence[str], stream: str, at: str) -> str:
        """One of the words, each as likely; NULL where there are none."""
        if not words:
            return "CAST(NULL AS VARCHAR)"
        return f"{words_list(words)}[1 + {self.below(len(words), stream, at)}]"

    def offset(self, stream: str, limit: int) -> int:
        """A whole number from 0 to `limit` - 1 for the whole population."""
        return self._keys(stream)[1] % limit

    def drawn(self, stream: str, at: str) -> str:
        """A whole number of 32 bits."""
        first, second = self._keys(stream)
        return f"draw({at}, {first | 1}::UBIGINT, {second}::UBIGINT)"

    def _keys(self, stream: str) -> tuple[int, int]:
        digest = hashlib.sha256(f"{self.seed}/{stream}".encode()).digest()
        return int.from_bytes(digest[:4], "big"), int.from_bytes(digest[4:8], "big")


def words_list(words: Sequence[str]) -> str:
    """Words as an SQL list."""
    return f"CAST([{', '.join(map(literal, words))}] AS VARCHAR[])"
