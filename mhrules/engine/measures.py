"""Measures at a row: their points and rates, results that are reported, and where a practice stands among its peers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mhrules.data.population import RESULT
from mhrules.engine.rows import Row
from mhrules.exact import ONE
from mhrules.plan import ir
from mhrules.plan.measures import POOLED, MeasurePlan
from mhrules.syntax.tree import Period

if TYPE_CHECKING:
    from mhrules.engine.world import World

MEASURE = "measure"


class Measures:
    """The measures of one world. `evaluate` and `quantity` are the interpreter's."""

    def __init__(
        self,
        world: World,
        evaluate: Callable[[ir.Expression, Row], ir.Value],
        quantity: Callable[[ir.Quantity, Row], ir.Value],
    ) -> None:
        self.world = world
        self._evaluate = evaluate
        self._quantity = quantity
        self._plans = {plan.key: plan for plan in world.plan.measures}

    def plan_of(self, feature: ir.Feature, row: Row) -> MeasurePlan:
        """The measure of a row, as it is worked out in the row's kind of period."""
        assert row.clock is not None
        return self._plans[self.world.lookup(row, MEASURE), row.clock[0], feature.collection == POOLED]

    def feature(self, feature: ir.Feature, row: Row) -> ir.Value:
        """What is known of the row's measure.

        Raises:
            Faulted: it cannot be known.
        """
        return self._quantity(self.plan_of(feature, row).feature(feature.column), row.without(MEASURE))

    def reported(self, node: ir.Reported, row: Row) -> ir.Value:
        """A reported result of the row's period, otherwise of the program year that holds it; None where there is none.

        Raises:
            Faulted: the row has no period.
        """
        label = self.label_of(node.measure, row)
        found = (
            None if label is None else self.world.facts.cell(RESULT, node.column, self._key(node.measure, row, label))
        )
        return None if found is None else found[0]

    def label_of(self, measure: str, row: Row) -> str | None:
        """The period of the reported result that counts at a row, as postings name it; None where there is none."""
        self.world.facts.bounds.facts(RESULT, self.world.lookup(row, "practice"))
        known = self.world.facts.indexed(RESULT).rows
        return next((label for label in self.labels(row) if self._key(measure, row, label) in known), None)

    def _key(self, measure: str, row: Row, label: str) -> tuple[str, ...]:
        return measure, self.world.lookup(row, "practice"), self.world.lookup(row, "payer"), label

    def labels(self, row: Row) -> tuple[str, ...]:
        """The row's period, and the year that holds it, as postings name them."""
        calendar = self.world.plan.calendar
        assert row.clock is not None
        kind, first = row.clock
        own = calendar.label(first, Period(kind))
        return tuple(dict.fromkeys((own, calendar.label(self.world.clock(row, "year")[1], Period.YEAR))))

    def rank(self, node: ir.Rank, row: Row) -> ir.Value:
        """How many practices have a value that is not better than the row's own; None where it has none.

        Raises:
            Faulted: the value of a practice cannot be known.
        """
        own: Any = self._evaluate(node.of, row)
        if own is None:
            return None
        values: list[Any] = [self._evaluate(node.of, peer) for peer in self.world.elements("practice", row)]
        known = [value for value in values if value is not None]
        not_better = sum(value <= own if node.higher else value >= own for value in known)
        return int(not_better) * ONE
