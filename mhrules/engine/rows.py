"""Rows, at which expressions are evaluated, and the steps that an evaluation leaves when it is traced."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import field

from mhrules.classes import define, frozen
from mhrules.diagnostics.model import Diagnostic
from mhrules.plan.ir import TIME_KEYS, Value
from mhrules.semantics.calendar import Calendar
from mhrules.syntax.tree import Period

JOINED = "\x1f"
"""Stands between the ids of records that make one element; no id of a source has it."""
Clock = tuple[str, int]
"""A time key with its value: the first month of the period, or the number of the contract year."""


@frozen(cache_hash=True)
class Row:
    """A value for each key: `keys` are (key, id) in order of the keys' names; `clock` is the time key, if any.

    `base`: a row of a baseline year, which lies before the term and is not cut to it. `whole`: a row of a member whose
    months are all that count for the payer, wherever the member was attributed then.
    """

    keys: tuple[tuple[str, str], ...] = ()
    clock: Clock | None = None
    base: bool = False
    whole: bool = False

    @classmethod
    def of(cls, clock: Clock | None = None, **keys: str) -> Row:
        """A row of these keys: `Row.of(("month", 24120), practice="p1")`."""
        return cls(tuple(sorted(keys.items())), clock)

    def get(self, key: str) -> str | None:
        """The id under a key; None if the row has no such key."""
        for name, value in self.keys:
            if name == key:
                return value
        return None

    def plus(self, key: str, value: str) -> Row:
        """The row with one key more, or with another value for it."""
        others = [pair for pair in self.keys if pair[0] != key]
        return Row(tuple(sorted([*others, (key, value)])), self.clock, self.base, self.whole)

    def without(self, *keys: str) -> Row:
        """The row with some keys fewer."""
        return Row(tuple(pair for pair in self.keys if pair[0] not in keys), self.clock, self.base, self.whole)

    def at(self, clock: Clock | None, *, base: bool = False) -> Row:
        """The row at another time."""
        return Row(self.keys, clock, base, self.whole)

    def words(self, calendar: Calendar) -> str:
        """The row as people are told: "practice `p1`, payer `aetna`, 2012-Q1"."""
        order = sorted(self.keys, key=lambda pair: (pair[0] != "practice", pair[0] != "payer", pair[0]))
        texts = [f"{key.replace('_', ' ')} `{value.replace(JOINED, ' + ')}`" for key, value in order]
        if self.clock is not None:
            texts.append(clock_words(self.clock, calendar))
        return ", ".join(texts) or "the whole program"


def clock_words(clock: Clock, calendar: Calendar) -> str:
    """`2012-Q1`, or `contract year 2`."""
    kind, value = clock
    return f"contract year {value}" if kind == "contract_year" else calendar.label(value, Period(kind))


def time_key(grain: tuple[str, ...] | frozenset[str]) -> str | None:
    """The time key among keys; of several, which `check` does not let through, the shortest."""
    for key in TIME_KEYS:
        if key in grain:
            return key
    return None


@define(eq=False)
class Step:
    """One evaluation, for `explain`: what was evaluated at which row, what came out, and what it demanded.

    `what` is an expression, quantity, gate or payment of the plan, or a word such as `cap`; `detail` is what the
    step found beside its value: the `SettingValue` of a parameter, the key of a fact, the label that won, the
    payment's line. A step whose value was already known stands again as the same object.
    """

    what: object
    row: Row
    value: Value = None
    faults: tuple[Diagnostic, ...] = ()
    detail: object = None
    children: list[Step] = field(factory=list)

    def walk(self) -> Iterator[Step]:
        """This step and all below, each once."""
        seen: set[int] = set()
        stack = [self]
        while stack:
            step = stack.pop()
            if id(step) not in seen:
                seen.add(id(step))
                yield step
                stack.extend(reversed(step.children))
