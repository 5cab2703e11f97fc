"""Where generators take their choices from: Hypothesis, which can shrink them, or a seeded sequence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import lru_cache
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Dice(ABC):
    """Choices; the first option, the smallest number and `False` are what a failing example shrinks to."""

    @abstractmethod
    def integer(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both inclusive."""

    def pick(self, options: Sequence[T]) -> T:
        """One of several."""
        return options[self.integer(0, len(options) - 1)]

    def chance(self, percent: int) -> bool:
        """True in about that many of a hundred cases."""
        return self.integer(0, 99) >= 100 - percent

    def some(self, options: Sequence[T], least: int, most: int) -> list[T]:
        """Some of several, in their order."""
        left = list(range(len(options)))
        wanted = self.integer(min(least, len(options)), min(most, len(options)))
        chosen = [left.pop(self.integer(0, len(left) - 1)) for _ in range(wanted)]
        return [options[at] for at in sorted(chosen)]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The same items in some order."""
        order = list(items)
        Random(self.integer(0, 2**32 - 1)).shuffle(order)
        return order


@lru_cache(maxsize=1024)
def _integers(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


class Drawn(Dice):
    """Choices of a Hypothesis example; `draw` is that of a composite strategy."""

    def __init__(self, draw: Callable[[Any], Any]) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        return low if low == high else int(self._draw(_integers(low, high)))


class Seeded(Dice):
    """Choices that a number determines."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def integer(self, low: int, high: int) -> int:
        return self._random.randint(low, high)
