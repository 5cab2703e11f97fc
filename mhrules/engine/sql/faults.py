"""The faults that a plan can have, numbered: a column says which, the interpreter says it in words."""

from __future__ import annotations

from attrs import field

from mhrules.classes import define
from mhrules.source import Span


class Unsupported(Exception):
    """A construct that this engine does not settle: its message says what the program asks for, `span` where."""

    span: Span | None = None


class TooLarge(Exception):
    """A number does not fit where the engine holds it."""


@define
class FaultBook:
    """Numbers of faults by code and place in the text."""

    _numbers: dict[tuple[str, Span | None], int] = field(factory=dict)

    def number(self, code: str, span: Span | None) -> int:
        """The number of a fault, the same for the same code and place."""
        return self._numbers.setdefault((code, span), len(self._numbers) + 1)

    def all(self) -> list[tuple[int, str, Span | None]]:
        """Every fault that there can be: number, code and place."""
        return [(number, code, span) for (code, span), number in self._numbers.items()]

    def named(self, number: int) -> tuple[str, Span | None]:
        """Code and place of a fault.

        Raises:
            KeyError: no fault has that number.
        """
        return next(key for key, found in self._numbers.items() if found == number)
