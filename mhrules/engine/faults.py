"""Faults: what stops a value from being known, carried to whoever demands it."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType

from mhrules.diagnostics.model import Diagnostic
from mhrules.diagnostics.registry import finding
from mhrules.source import Span


class Faulted(Exception):
    """Raised where a value is demanded that cannot be known.

    Attributes:
        faults: why, each once, at least one, in the order they were met.
    """

    def __init__(self, faults: Iterable[Diagnostic]) -> None:
        self.faults: tuple[Diagnostic, ...] = tuple(dict.fromkeys(faults))
        super().__init__("; ".join(f"{fault.code}: {fault.message}" for fault in self.faults[:3]))


def fault(code: str, message: str, span: Span | None, *, label: str = "", help: str = "") -> Faulted:
    """One fault, ready to be raised.

    Raises:
        KeyError: the code is not registered.
    """
    return Faulted([finding(code, message, span, label=label, help=help)])


class Gathering:
    """Demands several things and keeps the faults of all: `with gathering: …` around each.

    A body that raises `Faulted` is left there; whatever it would have assigned is not assigned.
    """

    def __init__(self) -> None:
        self.faults: list[Diagnostic] = []

    def __enter__(self) -> Gathering:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if isinstance(error, Faulted):
            self.faults += error.faults
            return True
        return False

    def close(self) -> None:
        """Go on only if nothing failed.

        Raises:
            Faulted: with the faults of everything that failed.
        """
        if self.faults:
            raise Faulted(self.faults)
