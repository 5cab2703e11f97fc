"""Splits: the pool, everybody's weight and part, and the part in question."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from mhrules.engine.reference import SplitRecord
from mhrules.engine.rows import Step
from mhrules.exact import ONE, Rounding, divide
from mhrules.explain import words
from mhrules.explain.choices import Choices
from mhrules.explain.expressions import AS_SETTLED, child
from mhrules.explain.model import Why, Worth
from mhrules.plan import ir

MOST_PARTS = 12  # parts that are listed one by one


class Shares(Choices):
    """`split pool among … in proportion to …`."""

    def split(self, node: ir.Split, step: Step) -> Why:
        """A part of a pool: how the pool came about, the weights, and the parts, which add up to it."""
        record = step.detail
        assert isinstance(record, SplitRecord)
        group = next(below for below in step.children if below.what is node)
        own = self.books.world.lookup(step.row, node.among)
        weights = self._weights(node, group, own)
        whole = child(group, node.pool)
        assert whole is not None
        pool = self.why(whole) or self.written("value", node.pool, whole, ())
        says = [self._own_share(record, weights, own)]
        if record.settled:
            says.append(f"split among {words.counted(len(record.parts), self.plan.participant)}, {AS_SETTLED}")
        if record.returned:
            says.append(f"{words.dollars(record.returned)} of refused parts return to the payer")
        steps = (evolve(pool, at=self.whose(group.row)), *self._own_weight(node, group, own))
        return self.written("split", node, step, (*steps, *self._parts(node, record, weights, own)), *says)

    def _step_of(self, group: Step, node: ir.Split, own: str, part: ir.Expression | None) -> Step | None:
        for below in group.children:
            if part is not None and below.what is part and self.books.world.lookup(below.row, node.among) == own:
                return below
        return None

    def _weights(self, node: ir.Split, group: Step, own: str) -> dict[str, int]:
        """Everybody's weight, refused parts too."""
        if node.weight is None:
            record = group.detail
            assert isinstance(record, SplitRecord)
            return dict.fromkeys(record.parts or {own: 0}, ONE)
        found: dict[str, int] = {}
        for below in group.children:
            if below.what is node.weight and isinstance(below.value, int):
                found[self.books.world.lookup(below.row, node.among)] = below.value
        return found

    def _own_share(self, record: SplitRecord, weights: dict[str, int], own: str) -> str:
        weight, total = weights.get(own, 0), record.weights
        if own not in record.parts or not total:
            return "no part: refused, or nothing to split"
        share = divide(record.pool * weight, total, Rounding.DOWN)
        exact = f"{words.grouped(weight)} of {words.grouped(total)} parts of {words.dollars(record.pool)}"
        if share == record.parts[own]:
            return exact
        return f"{exact} = {words.dollars(share)}, in whole cents by largest remainder"

    def _own_weight(self, node: ir.Split, group: Step, own: str) -> Iterator[Why]:
        """Whether and with what weight the row in question takes part."""
        for part in (node.where, node.weight):
            found = self.why(self._step_of(group, node, own, part))
            if found is not None:
                yield evolve(found, at=own)

    def _parts(self, node: ir.Split, record: SplitRecord, weights: dict[str, int], own: str) -> Iterator[Why]:
        """Everybody's part; of many only how many there are."""
        if len(record.parts) > MOST_PARTS and not self.deep:
            rest = record.pool - record.returned - record.parts.get(own, 0)
            others = words.counted(len(record.parts) - (own in record.parts), "part")
            worth = Worth(words.dollars(rest), ir.plain_text(rest), "$")
            yield Why("part", f"{others} of others", worth, number=self.next())
            return
        for key, amount in record.parts.items():
            known = node.weight is not None and key in weights  # of a settled pool only the own weight is
            weight = f"weight {words.shown(weights[key], node.weight.type)}" if node.weight and known else ""
            worth = Worth(words.dollars(amount), ir.plain_text(amount), "$")
            yield Why("part", f"part of {key}", worth, says=(weight,) if weight else (), number=self.next())
