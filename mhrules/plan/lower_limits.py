"""Lowering of rounding, limits and steps."""

from __future__ import annotations

import attrs

from mhrules import exact
from mhrules.plan import ir
from mhrules.plan.lower_numbers import Numbers
from mhrules.plan.scope import Context
from mhrules.plan.type_bounds import difference_bounds, extreme_bounds, rounded_bound, sum_bounds
from mhrules.semantics.types import NO_UNIT, Share, Type
from mhrules.source import Span
from mhrules.syntax import tree as t


class Limits(Numbers):
    """`rounded …`, `kept within`, `as %`, `plus … for each`."""

    # --------------------------------------------------------------------------------------- rounding

    def lower_rounded(self, node: t.Rounded, context: Context, expected: Type | None) -> ir.Expression:
        """A value rounded; written on a `*` or `/`, its exact result is rounded once."""
        operand = self.number_of(node.operand, context, expected)
        self.rounded_sum(node)
        if operand.type.is_unknown or not self.rounding_fits(node, operand):
            return self.nothing(node)
        places, mode = node.rule.places, node.rule.mode or self.program.rounding[1]
        low, high = (rounded_bound(b, places, s) for b, s in ((operand.type.low, -1), (operand.type.high, 1)))
        kind = attrs.evolve(operand.type, places=places, low=low, high=high)
        if isinstance(operand, ir.Arithmetic) and operand.operator in "*/" and operand.rounding is None:
            return self.changed(operand, places=places, rounding=mode, type=kind, span=node.span)
        rounded = ir.Round(operand=operand, places=places, rounding=mode, type=kind, keys=operand.keys, span=node.span)
        if operand in self.shared_totals:
            self.shared_totals.add(rounded)
        return rounded

    def rounded_sum(self, node: t.Rounded) -> None:
        """`a + b rounded to cents`: two readings, so parentheses are wanted."""
        total = node.operand
        if not isinstance(total, t.Arithmetic) or total.operator not in "+-":
            return
        last = total.right.span.text
        rule = node.span.text[len(total.span.text) :].strip()
        self.report(
            "MH312",
            f"`{node.span.text}` can be read in two ways",
            node.span,
            label="what is rounded?",
            help=(
                f"`({total.span.text}) {rule}`: the {'sum' if total.operator == '+' else 'difference'}",
                f"`{total.left.span.text} {total.operator} ({last} {rule})`: only `{last}`",
            ),
        )

    def rounding_fits(self, node: t.Rounded, operand: ir.Expression) -> bool:
        """Whether cents or dollars are asked of an amount, and no more places than are kept; says so if not."""
        rule, text = node.rule, node.operand.span.text
        if rule.places > exact.PLACES:
            self.report(
                "MH314",
                f"`{text}` has {exact.PLACES} decimal places, and {rule.places} are asked for",
                rule.span,
                help=f"round to at most {exact.PLACES} places",
            )
            return False
        if rule.unit in ("cents", "dollars") and not operand.type.is_money:
            self.report(
                "MH314",
                f"`{text}` is {operand.type}, which has no {rule.unit}",
                rule.span,
                help="say how many places, as in `rounded to 4 places`, or round the amount",
            )
            return False
        return True

    # ----------------------------------------------------------------------------------------- limits

    def lower_keptwithin(self, node: t.KeptWithin, context: Context, expected: Type | None) -> ir.Expression:
        """`x kept within a .. b`: the greater of x and a, then the lesser of that and b."""
        value = self.number_of(node.operand, context, expected)
        low = self.number_of(node.low, context, expected)
        high = self.number_of(node.high, context, expected)
        if value.type.is_unknown or low.type.is_unknown or high.type.is_unknown:
            return self.nothing(node)
        for bound, bound_node in ((low, node.low), (high, node.high)):
            if not self.alike(node.operand, value, bound_node, bound):
                return self.nothing(node)
        self.in_order(node.low, low, node.high, high)
        floor = self.extreme(True, (value, low), ("the value", "the lower limit"), node.span)
        return self.extreme(False, (floor, high), ("the value", "the upper limit"), node.span)

    def in_order(
        self, low_node: t.Expression, low: ir.Expression, high_node: t.Expression, high: ir.Expression
    ) -> None:
        """Reports two written bounds of which the first is the greater."""
        bounds = (low, high)
        if all(isinstance(b, ir.Literal) and isinstance(b.value, int) for b in bounds):
            first, second = (b.value for b in bounds if isinstance(b, ir.Literal))
            if isinstance(first, int) and isinstance(second, int) and first > second:
                self.report(
                    "MH346",
                    f"the lower bound `{low_node.span.text}` is greater than the upper bound `{high_node.span.text}`",
                    low_node.span.to(high_node.span),
                    help="write the smaller one first",
                )

    def extreme(
        self,
        greatest: bool,
        operands: tuple[ir.Expression, ...],
        labels: tuple[str, ...],
        span: Span,
        conditions: tuple[ir.Expression | None, ...] = (),
    ) -> ir.Extreme:
        """The greatest or least of values of one unit."""
        kinds = [operand.type for operand in operands]
        low, high = extreme_bounds(kinds, greatest=greatest, conditional=bool(conditions))
        like = next((k for k in kinds if k.share is not Share.NUMBER), kinds[0])
        kind = next((k for k in kinds if k.unit != NO_UNIT), like)  # a bare number beside it has its unit
        kind = attrs.evolve(kind, places=max(k.places for k in kinds), low=low, high=high)
        keys = frozenset[str]().union(*(o.keys for o in operands), *(c.keys for c in conditions if c is not None))
        return ir.Extreme(
            greatest=greatest,
            operands=operands,
            labels=labels,
            conditions=conditions,
            type=kind,
            keys=keys,
            span=span,
        )

    def lower_aspercent(self, node: t.AsPercent, context: Context, expected: Type | None) -> ir.Expression:
        """A plain number as a percentage: 0.5 is 50%."""
        operand = self.number_of(node.operand, context)
        if operand.type.is_unknown:
            return operand
        if operand.type.unit != NO_UNIT:
            self.report(
                "MH306",
                f"`{node.operand.span.text}` is {operand.type}, which is no part of a hundred",
                node.span,
                help="divide it first by an amount or count of its own unit",
            )
            return self.nothing(node)
        return self.changed(operand, type=attrs.evolve(operand.type, share=Share.PERCENT), span=node.span)

    # ------------------------------------------------------------------------------------------ steps

    def lower_steps(self, node: t.Steps, context: Context, expected: Type | None) -> ir.Expression:
        """`base plus step for each full size of quantity above threshold, at most cap`."""
        base = self.number_of(node.base, context, expected)
        step = self.number_of(node.step, context, expected)
        quantity = self.number_of(node.quantity, context)
        size = self.number_of(node.size, context)
        above = self.number_of(node.above, context)
        if any(part.type.is_unknown for part in (base, step, quantity, size, above)):
            return self.nothing(node)
        if not self.steps_fit(node, (base, step), (quantity, size, above)):
            return self.nothing(node)
        size, above = self.adapted(size, quantity.type), self.adapted(above, quantity.type)
        excess = self.excess(node, quantity, above)
        added = self.added_by_steps(node, excess, size, step)
        low, high = sum_bounds(base.type, added.type)
        kind = attrs.evolve(base.type, places=max(base.type.places, added.type.places), low=low, high=high)
        keys = base.keys | added.keys
        total = ir.Arithmetic(operator="+", left=base, right=added, type=kind, keys=keys, span=node.span)
        if node.cap is None:
            return total
        cap = self.number_of(node.cap, context, expected)
        if cap.type.is_unknown or not self.alike(node.base, base, node.cap, cap):
            return self.nothing(node)
        return self.extreme(False, (total, cap), ("by steps", "the most"), node.span)

    def steps_fit(
        self,
        node: t.Steps,
        amounts: tuple[ir.Expression, ir.Expression],
        counted: tuple[ir.Expression, ir.Expression, ir.Expression],
    ) -> bool:
        """Whether base and step, and quantity, size and threshold, have like units; reports it if not."""
        (base, step), (quantity, size, above) = amounts, counted
        if isinstance(size, ir.Literal) and size.value == 0:
            self.report(
                "MH315",
                f"`for each {node.size.span.text}` never gets anywhere",
                node.size.span,
                help="say how large one step is, as in `for each 5`",
            )
            return False
        return (
            self.alike(node.quantity, quantity, node.above, above)
            and self.alike(node.quantity, quantity, node.size, size)
            and self.alike(node.base, base, node.step, step)
        )

    def excess(self, node: t.Steps, quantity: ir.Expression, above: ir.Expression) -> ir.Expression:
        """How far a quantity is above its threshold, and never less than nothing."""
        low, high = difference_bounds(quantity.type, above.type)
        kind = attrs.evolve(quantity.type, places=max(quantity.type.places, above.type.places), low=low, high=high)
        span = node.quantity.span.to(node.above.span)
        keys = quantity.keys | above.keys
        difference = ir.Arithmetic(operator="-", left=quantity, right=above, type=kind, keys=keys, span=span)
        zero = self.literal(0, attrs.evolve(quantity.type, places=0, low=0, high=0), span)
        return self.extreme(True, (difference, zero), ("above the threshold", "not above it"), span)

    def added_by_steps(
        self, node: t.Steps, excess: ir.Expression, size: ir.Expression, step: ir.Expression
    ) -> ir.Expression:
        """What the steps add: full steps are counted first; parts of a step are multiplied before they are divided."""
        span = node.step.span.to(node.above.span)
        if not node.full:
            excess, size = (self.changed(x, type=attrs.evolve(x.type, unit=NO_UNIT)) for x in (excess, size))
            return self.product(self.product(excess, step, "*", span), size, "/", span)
        count = self.product(excess, size, "/", span)
        kind = attrs.evolve(count.type, share=Share.NUMBER, places=0)
        whole = self.changed(count, places=0, rounding=exact.Rounding.DOWN, type=kind)
        return self.product(whole, step, "*", span)
