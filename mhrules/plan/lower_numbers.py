"""Lowering of arithmetic, rounding and comparison, with units and scales."""

from __future__ import annotations

import attrs

from mhrules import exact
from mhrules.plan import ir
from mhrules.plan.lower_values import Values
from mhrules.plan.scope import Context, as_written
from mhrules.semantics.types import (
    DOLLARS,
    NO_UNIT,
    UNKNOWN,
    YES_NO,
    Kind,
    Share,
    Type,
    number,
    unit_product,
    unit_text,
)
from mhrules.source import Span
from mhrules.syntax import tree as t


def bare(node: t.Node) -> bool:
    """Whether a node is a number without unit, written out: it takes the unit of what stands beside it."""
    if isinstance(node, t.Parenthesized):
        return bare(node.inner)
    return isinstance(node, t.Number) or (isinstance(node, t.Negative) and bare(node.operand))


def zero_or_one(expression: ir.Expression) -> bool:
    return isinstance(expression, ir.Literal) and expression.value in (0, exact.ONE)


def inside(node: t.Expression) -> t.Expression:
    """A node without the parentheses around it."""
    return inside(node.inner) if isinstance(node, t.Parenthesized) else node


def join_share(one: Share, other: Share) -> Share | None:
    """How a sum or a choice of two plain numbers may be used; None if they do not go together."""
    if one is other:
        return one
    if Share.RATIO in (one, other):
        return other if one is Share.RATIO else one
    return None


class Numbers(Values):
    """`+ - * / of`, rounding, comparison, `kept within`, `plus … for each`."""

    def value_of(self, node: t.Expression, context: Context, expected: Type | None = None) -> ir.Expression:
        """A value that is used: a missing one has no value, so the text must say what absence means."""
        result = self.lower(node, context, expected)
        if result.type.missing and as_written(node) in context.known:
            return attrs.evolve(result, type=result.type.known())
        if result.type.missing:
            text = node.span.text
            self.report(
                "MH331",
                f"`{text}` may be missing, and the text does not say what then",
                node.span,
                label="may be missing",
                help=f"write `{text} default …`, or ask first: `if known({text}) then … else …`",
            )
            return self.literal(None, UNKNOWN, node.span)
        return result

    def number_of(self, node: t.Expression, context: Context, expected: Type | None = None) -> ir.Expression:
        """A value that must be a number."""
        result = self.value_of(node, context, expected)
        if not result.type.is_number and not result.type.is_unknown:
            self.report(
                "MH340",
                f"`{node.span.text}` is {result.type}, and a number is needed here",
                node.span,
                help="use a number, an amount or a percentage",
            )
            return self.nothing(node)
        return result

    def condition_of(self, node: t.Expression, context: Context) -> ir.Expression:
        """A value that must be yes or no."""
        result = self.value_of(node, context)
        if result.type.kind is not Kind.YES_NO and not result.type.is_unknown:
            self.report(
                "MH341",
                f"`{node.span.text}` is {result.type}, and a condition is needed here",
                node.span,
                help="compare it with something, as in `… >= 1`, or use a yes/no fact",
            )
            return self.nothing(node)
        return result

    # ------------------------------------------------------------------------------------- arithmetic

    def lower_arithmetic(self, node: t.Arithmetic, context: Context, expected: Type | None) -> ir.Expression:
        if node.operator in "+-":
            self.of_before_sum(node)
            return self.lower_sum(node, context, expected)
        left = self.number_of(node.left, context)
        right = self.number_of(node.right, context)
        return self.product(left, right, "/" if node.operator == "/" else "*", node.span)

    def of_before_sum(self, node: t.Arithmetic) -> None:
        """`50% of savings - fees`: two readings, so parentheses are wanted."""
        left = node.left
        if isinstance(left, t.Arithmetic) and left.operator == "of":
            share, whole, rest = left.left.span.text, left.right.span.text, node.right.span.text
            self.report(
                "MH311",
                f"`{node.span.text}` can be read in two ways",
                node.span,
                label="of what?",
                help=(
                    f"`{share} of ({whole} {node.operator} {rest})`: the {'difference' if node.operator == '-' else 'sum'} is shared",
                    f"`({share} of {whole}) {node.operator} {rest}`: only `{whole}` is shared",
                ),
            )

    def lower_sum(self, node: t.Arithmetic, context: Context, expected: Type | None) -> ir.Expression:
        left = self.number_of(node.left, context, expected)
        right = self.number_of(node.right, context, expected)
        if left.type.is_unknown or right.type.is_unknown:
            return self.nothing(node)
        left, right = self.same_unit(node.left, left, node.right, right)
        kind = self.sum_type(node, left, right)
        if kind is None:
            return self.nothing(node)
        if node.operator == "+":
            low, high = plus(left.type.low, right.type.low), plus(left.type.high, right.type.high)
        else:
            low, high = minus(left.type.low, right.type.high), minus(left.type.high, right.type.low)
        kind = attrs.evolve(kind, places=max(left.type.places, right.type.places), low=low, high=high)
        return ir.Arithmetic(
            operator=node.operator,
            left=left,
            right=right,
            type=kind,
            keys=left.keys | right.keys,
            span=node.span,
        )

    def same_unit(
        self, left_node: t.Expression, left: ir.Expression, right_node: t.Expression, right: ir.Expression
    ) -> tuple[ir.Expression, ir.Expression]:
        """A bare number takes the unit of what stands beside it; 0 and 1 also stand beside a percentage."""
        if bare(left_node) and not bare(right_node):
            left = self.adapted(left, right.type)
        elif bare(right_node):
            right = self.adapted(right, left.type)
        return left, right

    def adapted(self, literal: ir.Expression, beside: Type) -> ir.Expression:
        if beside.is_money:
            return literal
        share = beside.share if zero_or_one(literal) or beside.share is Share.RATIO else literal.type.share
        unit = beside.unit if literal.type.unit == NO_UNIT else literal.type.unit
        return attrs.evolve(literal, type=attrs.evolve(literal.type, unit=unit, share=share))

    def sum_type(self, node: t.Arithmetic | t.Compare, left: ir.Expression, right: ir.Expression) -> Type | None:
        """The type of a sum or difference; reports unlike units."""
        one, other = left.type, right.type
        if one.unit != other.unit:
            self.report(
                "MH342",
                f"`{node.left.span.text}` is {one}, `{node.right.span.text}` is {other}",
                node.span,
                label="unlike units",
                help=self.unit_help(node, one, other),
            )
            return None
        share = join_share(one.share, other.share)
        if share is None and one.unit == NO_UNIT:
            plain = node.left if one.share is Share.NUMBER else node.right
            self.report(
                "MH343",
                f"`{node.left.span.text}` is {one}, `{node.right.span.text}` is {other}",
                node.span,
                label="a percentage beside a plain number",
                help=f"write the number as a percentage, or convert it: `{plain.span.text} as %`",
            )
            return None
        return attrs.evolve(one, share=share or Share.NUMBER)

    def unit_help(self, node: t.Arithmetic | t.Compare, one: Type, other: Type) -> str:
        missing = unit_product(one.unit, other.unit, -1)
        for first, second, text in ((one, other, node.left.span.text), (other, one, node.right.span.text)):
            missing = unit_product(second.unit, first.unit, -1)
            if missing == (("member month", 1),):
                return f"multiply first: `{text} * member_months` is {unit_text(second.unit)}"
        if DOLLARS in (one.unit, other.unit) and NO_UNIT in (one.unit, other.unit):
            return "write an amount with its sign, as in `$0` or `$1_000`"
        return "bring both sides to one unit first"

    def product(self, left: ir.Expression, right: ir.Expression, operator: str, span: Span) -> ir.Expression:
        """`left * right` or `left / right`, with the unit of the result."""
        if left.type.is_unknown or right.type.is_unknown:
            return self.literal(None, UNKNOWN, span)
        sign = 1 if operator == "*" else -1
        unit = unit_product(left.type.unit, right.type.unit, sign)
        if dict(unit).get("$", 0) not in (0, 1):
            self.report(
                "MH344",
                f"`{span.text}` multiplies money with money" if sign > 0 else f"`{span.text}` divides by money",
                span,
                help="multiply an amount with a number, a percentage or a count",
            )
            return self.literal(None, UNKNOWN, span)
        if operator == "*":
            places = min(exact.PLACES, left.type.places + right.type.places)
            shares = {left.type.share, right.type.share}
            if left.type.unit or right.type.unit:
                share = Share.NUMBER
            elif shares == {Share.PERCENT}:
                share = Share.PERCENT
            else:
                share = Share.NUMBER if shares == {Share.NUMBER} else Share.RATIO
            low, high = product_bounds(left.type, right.type)
        else:
            places, share = exact.PLACES, Share.NUMBER
            if not unit:
                share = Share.RATIO
                if right.type.share is Share.NUMBER and not right.type.unit:
                    share = left.type.share
            low = 0 if not_negative(left.type) and not_negative(right.type) else None
            high = None
        if unit:
            share = Share.NUMBER
        self.warn_of_quotients(left, right, operator, span)
        return ir.Arithmetic(
            operator=operator,
            left=left,
            right=right,
            type=number(unit, share, places, low, high),
            keys=left.keys | right.keys,
            span=span,
        )

    def warn_of_quotients(self, left: ir.Expression, right: ir.Expression, operator: str, span: Span) -> None:
        """`a / b * $x` rounds a quotient before it is multiplied; `a * $x / b` would be exact."""
        if operator != "*":
            return
        for quotient, other in ((left, right), (right, left)):
            if (
                isinstance(quotient, ir.Arithmetic)
                and quotient.operator == "/"
                and quotient.rounding is None
                and other.type.is_money
            ):
                above, below, amount = quotient.left.span.text, quotient.right.span.text, other.span.text
                self.report(
                    "MH451",
                    f"`{quotient.span.text}` is rounded to 12 places before it meets an amount",
                    span,
                    help=f"multiply first: `{above} * {amount} / {below}`, or say how the quotient is rounded",
                )

    def lower_negative(self, node: t.Negative, context: Context, expected: Type | None) -> ir.Expression:
        operand = self.number_of(node.operand, context, expected)
        if operand.type.is_unknown:
            return operand
        kind = attrs.evolve(operand.type, low=minus(0, operand.type.high), high=minus(0, operand.type.low))
        if isinstance(operand, ir.Literal) and isinstance(operand.value, int):
            return self.literal(-operand.value, kind, node.span)
        zero = self.literal(0, attrs.evolve(kind, places=0, low=0, high=0), node.span)
        return ir.Arithmetic(
            operator="-", left=zero, right=operand, type=kind, keys=operand.keys, span=node.span
        )

    # --------------------------------------------------------------------------------------- rounding

    def lower_rounded(self, node: t.Rounded, context: Context, expected: Type | None) -> ir.Expression:
        operand = self.number_of(node.operand, context, expected)
        if operand.type.is_unknown:
            return operand
        if isinstance(node.operand, t.Arithmetic) and node.operand.operator in "+-":
            last = node.operand.right.span.text
            rule = node.span.text[len(node.operand.span.text) :].strip()
            self.report(
                "MH312",
                f"`{node.span.text}` can be read in two ways",
                node.span,
                label="what is rounded?",
                help=(
                    f"`({node.operand.span.text}) {rule}`: the {'sum' if node.operand.operator == '+' else 'difference'}",
                    f"`{node.operand.left.span.text} {node.operand.operator} ({last} {rule})`: only `{last}`",
                ),
            )
        places, mode = node.rule.places, node.rule.mode or self.program.rounding[1]
        kind = attrs.evolve(operand.type, places=places, low=widen(operand.type.low, places, -1), high=widen(operand.type.high, places, 1))
        if isinstance(operand, ir.Arithmetic) and operand.operator in "*/" and operand.rounding is None:
            return attrs.evolve(operand, places=places, rounding=mode, type=kind, span=node.span)
        return ir.Round(
            operand=operand, places=places, rounding=mode, type=kind, keys=operand.keys, span=node.span
        )

    def lower_keptwithin(self, node: t.KeptWithin, context: Context, expected: Type | None) -> ir.Expression:
        value = self.number_of(node.operand, context, expected)
        low = self.number_of(node.low, context, value.type)
        high = self.number_of(node.high, context, value.type)
        if value.type.is_unknown or low.type.is_unknown or high.type.is_unknown:
            return self.nothing(node)
        for bound, bound_node in ((low, node.low), (high, node.high)):
            if not self.alike(node.operand, value, bound_node, bound):
                return self.nothing(node)
        floor = self.extreme(True, (value, low), ("the value", "the lower limit"), node.span)
        return self.extreme(False, (floor, high), ("the value", "the upper limit"), node.span)

    def extreme(
        self,
        greatest: bool,
        operands: tuple[ir.Expression, ...],
        labels: tuple[str, ...],
        span: Span,
        conditions: tuple[ir.Expression | None, ...] = (),
    ) -> ir.Extreme:
        pick = max if greatest else min
        lows = [o.type.low for o in operands]
        highs = [o.type.high for o in operands]
        low = pick_bound(lows, pick, need_all=not greatest)
        high = pick_bound(highs, pick, need_all=greatest)
        if conditions:
            low = None if None in lows else min(v for v in lows if v is not None)
            high = None if None in highs else max(v for v in highs if v is not None)
        kind = attrs.evolve(operands[0].type, places=max(o.type.places for o in operands), low=low, high=high)
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
        operand = self.number_of(node.operand, context)
        if operand.type.is_unknown:
            return operand
        if operand.type.unit != NO_UNIT:
            self.report(
                "MH345",
                f"`{node.operand.span.text}` is {operand.type}, which is no part of a hundred",
                node.span,
                help="divide it by an amount or count of its own unit first",
            )
            return self.nothing(node)
        return attrs.evolve(operand, type=attrs.evolve(operand.type, share=Share.PERCENT), span=node.span)

    def lower_steps(self, node: t.Steps, context: Context, expected: Type | None) -> ir.Expression:
        """`base plus step for each full size of quantity above threshold, at most cap`."""
        base = self.number_of(node.base, context, expected)
        step = self.number_of(node.step, context, expected or base.type)
        quantity = self.number_of(node.quantity, context)
        size = self.number_of(node.size, context, quantity.type)
        above = self.number_of(node.above, context, quantity.type)
        parts = (base, step, quantity, size, above)
        if any(part.type.is_unknown for part in parts):
            return self.nothing(node)
        size, above = self.adapted(size, quantity.type), self.adapted(above, quantity.type)
        if not (self.alike(node.quantity, quantity, node.above, above) and self.alike(node.base, base, node.step, step)):
            return self.nothing(node)
        difference = ir.Arithmetic(
            operator="-",
            left=quantity,
            right=above,
            type=attrs.evolve(
                quantity.type,
                low=minus(quantity.type.low, above.type.high),
                high=minus(quantity.type.high, above.type.low),
            ),
            keys=quantity.keys | above.keys,
            span=node.span,
        )
        zero = self.literal(0, attrs.evolve(quantity.type, low=0, high=0), node.span)
        excess = self.extreme(True, (difference, zero), ("above the threshold", "not above it"), node.span)
        count = self.product(excess, size, "/", node.span)
        if not isinstance(count, ir.Arithmetic):
            return self.nothing(node)
        count = attrs.evolve(count, type=attrs.evolve(count.type, share=Share.NUMBER, low=0))
        if node.full:
            count = attrs.evolve(
                count, places=0, rounding=exact.Rounding.DOWN, type=attrs.evolve(count.type, places=0)
            )
        added = self.product(count, step, "*", node.span)
        total: ir.Expression = ir.Arithmetic(
            operator="+",
            left=base,
            right=added,
            type=attrs.evolve(base.type, places=max(base.type.places, added.type.places), low=plus(base.type.low, added.type.low), high=None),
            keys=base.keys | added.keys,
            span=node.span,
        )
        if node.cap is None:
            return total
        cap = self.number_of(node.cap, context, base.type)
        if cap.type.is_unknown or not self.alike(node.base, base, node.cap, cap):
            return self.nothing(node)
        return self.extreme(False, (total, cap), ("by steps", "the most"), node.span)

    # ------------------------------------------------------------------------------------- comparison

    def alike(self, left_node: t.Expression, left: ir.Expression, right_node: t.Expression, right: ir.Expression) -> bool:
        """Whether two numbers can stand side by side; reports it if not."""
        left, right = self.same_unit(left_node, left, right_node, right)
        pair = t.Compare(operator="=", left=left_node, right=right_node, span=left_node.span.to(right_node.span))
        return self.sum_type(pair, left, right) is not None

    def lower_compare(self, node: t.Compare, context: Context, expected: Type | None) -> ir.Expression:
        left_first = not isinstance(node.left, t.Reference) or isinstance(node.right, t.Reference)
        if left_first or node.left.name in self.program.facts:
            left = self.value_of(node.left, context)
            right = self.value_of(node.right, context, left.type)
        else:
            right = self.value_of(node.right, context)
            left = self.value_of(node.left, context, right.type)
        return self.comparison(node, left, right)

    def comparison(self, node: t.Compare, left: ir.Expression, right: ir.Expression) -> ir.Expression:
        """A comparison of two lowered sides."""
        if left.type.is_unknown or right.type.is_unknown:
            return self.nothing(node)
        if left.type.is_number and right.type.is_number:
            left, right = self.same_unit(node.left, left, node.right, right)
            if self.sum_type(node, left, right) is None:
                return self.nothing(node)
            self.warn_of_compared_quotient(node, left, right)
        elif not self.comparable(node, left, right):
            return self.nothing(node)
        return ir.Compare(
            operator=node.operator,
            left=left,
            right=right,
            type=YES_NO,
            keys=left.keys | right.keys,
            span=node.span,
        )

    def comparable(self, node: t.Compare, left: ir.Expression, right: ir.Expression) -> bool:
        """Whether two values that are not both numbers can be compared so; reports it if not."""
        one, other = left.type, right.type
        texts = {one.kind, other.kind} <= {Kind.TEXT, Kind.CODE} and Kind.TEXT in (one.kind, other.kind)
        if one.kind is not other.kind and not texts:
            self.report(
                "MH346",
                f"`{node.left.span.text}` is {one}, `{node.right.span.text}` is {other}",
                node.span,
                label="cannot be compared",
                help="compare like with like",
            )
            return False
        if one.kind is Kind.CODE and other.kind is Kind.CODE and one.codes != other.codes:
            self.report(
                "MH346",
                f"`{node.left.span.text}` and `{node.right.span.text}` are codes of different lists",
                node.span,
                label="cannot be compared",
                help="compare a code with a code of its own list",
            )
            return False
        if node.operator not in ("=", "!=") and not (one.kind is Kind.DATE or (one.ordered and other.ordered)):
            self.report(
                "MH347",
                f"`{node.left.span.text}` has no order, so `{node.operator}` says nothing",
                node.span,
                help="use `=`, `!=` or `in { … }`, or declare the type with an order: `type … = { low < high }`",
            )
            return False
        return True

    def warn_of_compared_quotient(self, node: t.Compare, left: ir.Expression, right: ir.Expression) -> None:
        for side, other in ((left, right), (right, left)):
            expression = side.quantity.expression if isinstance(side, ir.Read) and side.move is None else side
            if isinstance(expression, ir.Arithmetic) and expression.operator == "/" and expression.rounding is None:
                above, below = expression.left.span.text, expression.right.span.text
                form = f"{above} {node.operator} {other.span.text} of {below}"
                if other is left:
                    form = f"{other.span.text} of {below} {node.operator} {above}"
                self.report(
                    "MH452",
                    f"`{side.span.text}` is a quotient, rounded to 12 places before it is compared",
                    node.span,
                    help=f"compare the product, which is exact: `{form}` (where `{below}` is positive), or say how the quotient is rounded",
                )


def not_negative(kind: Type) -> bool:
    return kind.low is not None and kind.low >= 0


def plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def minus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one - other


def product_bounds(one: Type, other: Type) -> tuple[int | None, int | None]:
    """Bounds of a product from the bounds of its factors."""
    if one.low is None or one.high is None or other.low is None or other.high is None:
        signs = one.low is not None and one.low >= 0 and other.low is not None and other.low >= 0
        return (0 if signs else None), None
    corners = [a * b for a in (one.low, one.high) for b in (other.low, other.high)]
    low, high = min(corners), max(corners)
    return low // exact.ONE, -(-high // exact.ONE)


def widen(value: int | None, places: int, sign: int) -> int | None:
    """A bound after rounding to places: never inside the rounded range."""
    if value is None:
        return None
    step = 10 ** (exact.PLACES - places)
    return value // step * step if sign < 0 else -(-value // step) * step


def pick_bound(values: list[int | None], pick: object, need_all: bool) -> int | None:
    """The bound of a least or greatest from the bounds of the operands."""
    known = [v for v in values if v is not None]
    if not known or (need_all and len(known) < len(values)):
        return None
    return pick(known)  # type: ignore[operator, no-any-return]
