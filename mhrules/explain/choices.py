"""Choices: which row of a `choose` or table won, which of several values is the greatest or least."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from mhrules.engine.rows import Step
from mhrules.explain import words
from mhrules.explain.conditions import Conditions
from mhrules.explain.expressions import LEAVES, child
from mhrules.explain.model import Why
from mhrules.plan import ir
from mhrules.source import Span


def inside(inner: Span, outer: Span) -> bool:
    """Whether a stretch of text lies in another."""
    return inner.source is outer.source and outer.start <= inner.start and inner.end <= outer.end


class Choices(Conditions):
    """`choose`, `if`, tables, bands, `greater of`, `kept within`."""

    def case(self, node: ir.Case, step: Step) -> Why:
        """A choice: the rows before the one that won, that row, and its value."""
        won = step.detail
        assert isinstance(won, ir.CaseRow)
        if self._is_condition(node):
            return self._as_condition(node, step)
        if not inside(won.span, node.span):
            return self._looked_up(node, won, step)
        steps = [self._row(row, node, step) for row in node.rows[: node.rows.index(won)]]
        steps.append(self._winner(won, node, step))
        return self.written("choice", node, step, (*steps, *self.below(step, won.value)))

    def _is_condition(self, node: ir.Case) -> bool:
        """Whether this is one condition of `number met of …`, which counts 1 or 0."""
        condition = node.rows[0].condition
        return condition is not None and condition.span == node.span == node.rows[-1].span

    def _as_condition(self, node: ir.Case, step: Step) -> Why:
        condition = node.rows[0].condition
        found = self.why(None if condition is None else child(step, condition))
        return found or self.written("value", node, step, ())

    def _row(self, row: ir.CaseRow, node: ir.Case, step: Step) -> Why:
        """A row that does not apply, and the facts that say so."""
        condition = row.condition
        assert condition is not None
        steps = self._asked(step, condition)[0] if self.deep else ()
        return Why(
            kind="row",
            title=self._row_title(row, node),
            worth=words.worth(False, condition.type),
            says=(self.because(condition, step.row),),
            place=words.place_of(row.span),
            number=self.next(),
            steps=steps,
        )

    def _winner(self, row: ir.CaseRow, node: ir.Case, step: Step) -> Why:
        """The row that applies."""
        steps, says = ((), ()) if row.condition is None else self._asked(step, row.condition)
        return Why(
            kind="row",
            title=self._row_title(row, node),
            worth=None if row.condition is None else words.worth(True, row.condition.type),
            says=says,
            place=words.place_of(row.span),
            support=words.support_of(row.notes),
            number=self.next(),
            steps=steps,
        )

    def _asked(self, step: Step, condition: ir.Expression) -> tuple[tuple[Why, ...], tuple[str, ...]]:
        """What a row's condition rests on, and what it says: the row's title is its text."""
        inner = self.why(child(step, condition))
        if inner is None:
            return (), ()
        return ((inner,), ()) if inner.kind in LEAVES else (inner.steps, inner.says)

    def _row_title(self, row: ir.CaseRow, node: ir.Case) -> str:
        """A row by its condition, in the words of the text."""
        text = words.text_of(row.span)
        if row.condition is None:
            return "otherwise"
        if text.startswith("when "):
            return words.short(f"when {words.text_of(row.condition.span)}")
        if row.condition.span == row.span:
            return words.short(text.partition(" : ")[0])
        return words.short(text if inside(row.condition.span, row.span) else f"if {words.text_of(row.condition.span)}")

    def _looked_up(self, node: ir.Case, won: ir.CaseRow, step: Step) -> Why:
        """A table's value: the keys, and the row they lead to."""
        keys = [operand for row in node.rows for operand in _keys(row.condition)]
        steps = {key: found for key in keys for below in step.children for found in below.walk() if found.what is key}
        text = words.text_of(won.span)
        title = words.short(text.partition(":")[0].strip()) if ":" in text else ""
        says = f"row `{title}`" if title else "the entry at these keys"
        made = self.written("choice", node, step, self.whys(steps.values()) + self.below(step, won.value), says)
        return evolve(made, place=words.place_of(won.span), support=words.support_of(node.notes, won.notes))

    # --------------------------------------------------------------------------------- greatest and least

    def extreme(self, node: ir.Extreme, step: Step) -> Why:
        """The greatest or least of several values: each, and which one holds."""
        inner = node.operands[0]
        if isinstance(inner, ir.Extreme) and inner.span == node.span:
            return self._kept_within(node, inner, step)
        steps = tuple(self._alternatives(node, step))
        word = "greatest" if node.greatest else "least"
        says = f"{step.detail} is the {word}" if step.detail else ""
        made = self.written("choice", node, step, steps, says)
        return evolve(made, title=f"{made.title} {', '.join(node.labels)}") if words.is_block(made.title) else made

    def _kept_within(self, node: ir.Extreme, inner: ir.Extreme, step: Step) -> Why:
        """A value between two limits."""
        floor = child(step, inner)
        value = None if floor is None else child(floor, inner.operands[0])
        low = None if floor is None else child(floor, inner.operands[1])
        label = step.detail if step.detail != node.labels[0] or floor is None else floor.detail
        says = "" if label == inner.labels[0] else f"{label} holds"
        if says and value is not None:
            says += f", not {words.shown(value.value, inner.operands[0].type)}"
        return self.written("choice", node, step, self.whys([value, low, child(step, node.operands[1])]), says)

    def _alternatives(self, node: ir.Extreme, step: Step) -> Iterator[Why]:
        conditions = node.conditions or (None,) * len(node.operands)
        labels = node.labels or ("",) * len(node.operands)
        for operand, condition, label in zip(node.operands, conditions, labels, strict=True):
            asked = None if condition is None else child(step, condition)
            if condition is not None and (asked is None or asked.value is not True):
                says = (f"does not count: {self.because(condition, step.row)}",)
                yield Why("row", label, says=says, place=words.place_of(condition.span), number=self.next())
                continue
            found = child(step, operand)
            if found is not None:
                made = self.why(found) or self.written("value", operand, found, ())
                yield evolve(made, title=made.title if label in ("", made.title) else f"{label}: {made.title}")


def _keys(condition: ir.Expression | None) -> Iterator[ir.Expression]:
    """The key expressions that a table's row asks for."""
    if isinstance(condition, ir.Logic):
        for operand in condition.operands:
            yield from _keys(operand)
    elif isinstance(condition, ir.OneOf):
        yield condition.operand
    elif isinstance(condition, ir.Compare):
        yield condition.left
