"""Aggregates: which rows there are below a row, and what their values make together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from mhrules.engine import kernel
from mhrules.engine.elements import MEMBER
from mhrules.engine.faults import Gathering, fault
from mhrules.engine.records import CLAIM, VISIT
from mhrules.engine.rows import Row
from mhrules.exact import ONE, PLACES
from mhrules.plan import ir

if TYPE_CHECKING:
    from mhrules.engine.reference import Interpreter

OF_ALL = ("every", "share")
"""Functions that compare what was chosen with all that there is."""


class Aggregates:
    """The meaning of aggregates, with an interpreter for what they are made of."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter

    def elements(self, node: ir.Aggregate, row: Row) -> list[Row]:
        """The rows below `row` that an aggregate runs over, chosen by `among`; claims and visits line by line.

        Payers and practices come first, so that what is below belongs to one of them; time last, so that it is cut
        to whom it belongs.

        Raises:
            Faulted: who is there cannot be known.
        """
        rows, world = [row], self.interpreter.world
        for key in sorted(node.over, key=_nesting):
            rows = [found for above in rows for found in world.elements(key, above, node.same, node.reach, node.event)]
        among = node.reach.among
        return rows if among is None else [found for found in rows if self.interpreter.truth(among, found)]

    def value(self, node: ir.Aggregate, row: Row) -> ir.Value:
        """Every element is demanded, so that all faults are found; the order of elements never matters."""
        if node.over[0] in (CLAIM, VISIT) and node.where is None and node.function in ("any", "every"):
            node = evolve(node, where=node.body, body=None)  # conditions are asked line by line
        gathering, chosen, values = Gathering(), [], []
        elements = self.elements(node, row)
        for element in elements:
            with gathering:
                if node.where is None or self.interpreter.truth(node.where, element):
                    chosen.append(element)
        gathering.close()
        if node.over[0] in (CLAIM, VISIT):
            if self.interpreter.tracing or node.function in OF_ALL:
                elements = self._grouped(node, elements)
            chosen = self._grouped(node, chosen)
        self.interpreter.detail(len(elements))
        if node.body is None:
            return self._counted(node, _distinct(node, chosen), _distinct(node, elements))
        if node.function == "latest":
            return self._latest(node, node.body, chosen)
        for element in chosen:
            with gathering:
                values.append(self._element(node, node.body, element))
        gathering.close()
        try:
            return _summary(node, values)
        except kernel.TooLarge:
            raise self.interpreter.too_large(node.span, row) from None

    def _grouped(self, node: ir.Aggregate, rows: list[Row]) -> list[Row]:
        return self.interpreter.world.below.grouped(node.over[0], rows, across="payer" in node.over)

    def _latest(self, node: ir.Aggregate, body: ir.Expression, elements: list[Row]) -> ir.Value:
        """The value at the element with the latest date; of unequal values on that day the highest or the lowest.

        Raises:
            Faulted: there are unequal values, and the text does not say which.
        """
        dated = [
            (record.date, element) for element in elements for record in self.interpreter.world.below.chosen(element)
        ]
        if not dated:
            return None
        day = max(date for date, _ in dated)
        values: list[Any] = [self.interpreter.known(body, element) for date, element in dated if date == day]
        if min(values) != max(values) and not node.ties:
            raise fault(
                "MH745",
                f"two values of {day} differ for {self.interpreter.words(dated[0][1])}, and only one is the latest",
                node.span,
                help="say which: `ties by highest` or `ties by lowest`",
            )
        chosen: ir.Value = min(values) if node.ties == "lowest" else max(values)
        return chosen

    def _element(self, node: ir.Aggregate, body: ir.Expression, element: Row) -> Any:
        """The value at one element; `count` of something that may be missing counts where it is known."""
        if node.spread:
            return self.interpreter.world.below.part_here(self.interpreter.number(body, element), element)
        return (
            self.interpreter.or_missing(body, element)
            if node.function == "count"
            else self.interpreter.known(body, element)
        )

    def _counted(self, node: ir.Aggregate, chosen: int, all_of_them: int) -> ir.Value:
        """An aggregate that only asks which elements satisfy `where`."""
        if node.function == "any":
            return chosen > 0
        if node.function == "every":
            return chosen == all_of_them
        if node.function == "share":
            return kernel.quotient(chosen * ONE, all_of_them * ONE, static=(0, 0)) if all_of_them else None
        return chosen * ONE


def _nesting(key: str) -> int:
    """In which order an aggregate's keys are added to a row."""
    return 0 if key in ("payer", "practice") else 2 if key in ir.TIME_KEYS else 1


def _distinct(node: ir.Aggregate, elements: list[Row]) -> int:
    """How many there are: of members across payers each person once."""
    if node.over[0] == MEMBER:
        return len({element.get(MEMBER) for element in elements})
    return len(elements)


def _summary(node: ir.Aggregate, values: list[Any]) -> ir.Value:
    """What an aggregate makes of the values of its elements; None where it says nothing of nothing."""
    assert node.body is not None
    places = PLACES if node.spread else node.body.type.places
    if node.function == "sum":
        return kernel.total(values, places)
    if node.function == "count":
        held = [value for value in values if value is not None and value is not False]
        return len(held) * ONE
    if node.function in ("any", "every"):
        return any(values) if node.function == "any" else all(values)
    if not values:
        return None
    if node.function == "share":
        return kernel.quotient(sum(values) * ONE, len(values) * ONE, static=(0, 0))
    if node.function == "average":
        return kernel.average(values, places)
    if node.function == "percentile":
        return kernel.nearest_rank(values, node.argument or 0)
    chosen: ir.Value = max(values) if node.function == "maximum" else min(values)
    return chosen
