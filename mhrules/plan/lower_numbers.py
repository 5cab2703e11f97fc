"""Lowering of arithmetic and of sums, with units and scales."""

from __future__ import annotations

import attrs

from mhrules import exact
from mhrules.plan import ir
from mhrules.plan.lower_builtins import Builtins
from mhrules.plan.scope import Context, as_written, inside, shortened
from mhrules.plan.type_bounds import (
    difference_bounds,
    product_bounds,
    quotient_bounds,
    sum_bounds,
)
from mhrules.semantics.declared import value_text
from mhrules.semantics.types import (
    DOLLARS,
    NO_UNIT,
    UNKNOWN,
    Kind,
    Share,
    Type,
    Unit,
    number,
    unit_product,
    unit_text,
)
from mhrules.source import Span
from mhrules.syntax import tree as t

COUNTED = {
    "member month": "member_months",
    "visit": "count(visits)",
    "claim": "count(claims)",
    "claim line": "count(claim_lines)",
    "event": "count(events)",
    "point": "points",
}
"""What a price per something is multiplied with."""


def bare(node: t.Expression) -> bool:
    """Whether a node is a number without unit, written out: it takes the unit of what stands beside it."""
    node = inside(node)
    return isinstance(node, t.Number) or (isinstance(node, t.Negative) and bare(node.operand))


def bare_money(node: t.Expression) -> bool:
    """Whether a node is an amount in dollars, written out without saying per what."""
    node = inside(node)
    if isinstance(node, t.Negative):
        return bare_money(node.operand)
    return isinstance(node, t.Money) and node.per is None


def states_unit(node: t.Expression) -> bool:
    """Whether a sum names the unit of one of its amounts: then the others are what they say."""
    node = inside(node)
    if isinstance(node, t.Negative):
        return states_unit(node.operand)
    if isinstance(node, t.Arithmetic):
        return states_unit(node.left) or states_unit(node.right)
    return isinstance(node, t.Money) and node.per is not None


def zero_or_one(expression: ir.Expression) -> bool:
    """Whether an expression is a literal 0 or 1, which may stand beside a percentage."""
    return isinstance(expression, ir.Literal) and expression.value in (0, exact.ONE)


def join_share(one: Share, other: Share) -> Share | None:
    """How a sum or a choice of two plain numbers may be used; None if they do not go together."""
    if one is other:
        return one
    if Share.RATIO in (one, other):
        return other if one is Share.RATIO else one
    return None


def product_share(one: Share, other: Share) -> Share:
    """How a product of two plain numbers may be used."""
    return one if one is other else Share.RATIO


def factor_text(expression: ir.Expression) -> str:
    """An expression's text as it can stand in a product."""
    text = expression.span.text
    return f"({text})" if isinstance(expression, ir.Arithmetic) and expression.operator in "+-" else text


def definition_of(expression: ir.Expression) -> ir.Expression:
    """What a name stands for, where it is read at its own row."""
    while isinstance(expression, ir.Read) and expression.move is None and expression.quantity.kind in ("define", "let"):
        expression = expression.quantity.expression
    return expression


def unrounded_quotient(expression: ir.Expression) -> ir.Arithmetic | None:
    """The quotient that an expression is, if the text does not say how it is rounded."""
    found = definition_of(expression)
    if isinstance(found, ir.Arithmetic) and found.operator == "/" and found.rounding is None:
        return found
    return None


class Numbers(Builtins):
    """`+ - * / of`, with the unit of the result."""

    def value_of(self, node: t.Expression, context: Context, expected: Type | None = None) -> ir.Expression:
        """A value that is used: a missing one has no value, so the text must say what absence means."""
        result = self.lower(node, context, expected)
        if result.type.is_unknown or not result.type.missing:
            return result
        if as_written(node) in context.known:
            return self.changed(result, type=result.type.known())
        text = shortened(node.span.text)
        plain = isinstance(inside(node), t.Reference | t.Call)
        self.report(
            "MH331",
            f"`{text}` may be missing, and the text does not say what then",
            node.span,
            label="may be missing",
            help=f"write `{text} default …`, or ask first: `if known({text}) then … else …`"
            if plain
            else "say in each part what absence means, with `default …` or `if known(…) then … else …`",
        )
        return self.nothing(node)

    def number_of(self, node: t.Expression, context: Context, expected: Type | None = None) -> ir.Expression:
        """A value that must be a number."""
        result = self.value_of(node, context, expected)
        if not result.type.is_number and not result.type.is_unknown:
            self.report(
                "MH301",
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
                "MH302",
                f"`{node.span.text}` is {result.type}, and a condition is needed here",
                node.span,
                help="compare it with something, as in `… >= 1`, or use a yes/no fact",
            )
            return self.nothing(node)
        return result

    # ------------------------------------------------------------------------------------- arithmetic

    def lower_arithmetic(self, node: t.Arithmetic, context: Context, expected: Type | None) -> ir.Expression:
        """`+ - * /` and `of`."""
        if node.operator in "+-":
            self.of_before_sum(node)
            return self.lower_sum(node, context, expected)
        left = self.number_of(node.left, context)
        right = self.number_of(node.right, context)
        return self.product(left, right, "/" if node.operator == "/" else "*", node.span)

    def of_before_sum(self, node: t.Arithmetic) -> None:
        """`50% of savings - fees`: two readings, so parentheses are wanted."""
        left = node.left
        if not isinstance(left, t.Arithmetic) or left.operator != "of":
            return
        share, whole, rest = left.left.span.text, left.right.span.text, node.right.span.text
        result = "difference" if node.operator == "-" else "sum"
        self.report(
            "MH311",
            f"`{node.span.text}` can be read in two ways",
            node.span,
            label="of what?",
            help=(
                f"`{share} of ({whole} {node.operator} {rest})`: the {result} is shared",
                f"`({share} of {whole}) {node.operator} {rest}`: only `{whole}` is shared",
            ),
        )

    def lower_sum(self, node: t.Arithmetic, context: Context, expected: Type | None) -> ir.Expression:
        """A sum or difference of like units."""
        if states_unit(node):
            expected = None
        left = self.number_of(node.left, context, expected)
        right = self.number_of(node.right, context, expected)
        if left.type.is_unknown or right.type.is_unknown:
            return self.nothing(node)
        left, right = self.same_unit(node.left, left, node.right, right)
        kind = self.sum_type(node, left, right)
        if kind is None:
            return self.nothing(node)
        return self.total_of(node.operator, left, right, kind, node.span)

    def total_of(
        self, operator: str, left: ir.Expression, right: ir.Expression, kind: Type, span: Span
    ) -> ir.Arithmetic:
        """`left + right` or `left - right`, of the unit of `kind`."""
        bounds = sum_bounds if operator == "+" else difference_bounds
        low, high = bounds(left.type, right.type)
        kind = attrs.evolve(kind, places=max(left.type.places, right.type.places), low=low, high=high)
        return ir.Arithmetic(
            operator=operator, left=left, right=right, type=kind, keys=left.keys | right.keys, span=span
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
        """A bare number in the unit of what stands beside it, which money never lends."""
        if beside.is_money or not literal.type.is_number or not beside.is_number:
            return literal
        share = beside.share if zero_or_one(literal) or beside.share is Share.RATIO else literal.type.share
        unit = beside.unit if literal.type.unit == NO_UNIT else literal.type.unit
        return self.changed(literal, type=attrs.evolve(literal.type, unit=unit, share=share))

    def sum_type(self, node: t.Arithmetic | t.Compare, left: ir.Expression, right: ir.Expression) -> Type | None:
        """The type of a sum or difference; reports unlike units."""
        one, other = left.type, right.type
        if one.unit != other.unit:
            self.report(
                "MH303",
                f"`{node.left.span.text}` is {one}, `{node.right.span.text}` is {other}",
                node.span,
                label="unlike units",
                help=unit_help(node.left, one, node.right, other),
            )
            return None
        share = join_share(one.share, other.share)
        if share is None and one.unit == NO_UNIT:
            plain, found = (node.left, left) if one.share is Share.NUMBER else (node.right, right)
            self.report(
                "MH304",
                f"`{node.left.span.text}` is {one}, `{node.right.span.text}` is {other}",
                node.span,
                label="a percentage beside a plain number",
                help=percent_help(plain, found),
            )
            return None
        return attrs.evolve(one, share=share or Share.NUMBER)

    def alike(
        self, left_node: t.Expression, left: ir.Expression, right_node: t.Expression, right: ir.Expression
    ) -> bool:
        """Whether two numbers can stand side by side; reports it if not, under the second."""
        left, right = self.same_unit(left_node, left, right_node, right)
        pair = t.Compare(operator="=", left=left_node, right=right_node, span=right_node.span)
        return self.sum_type(pair, left, right) is not None

    # --------------------------------------------------------------------------------------- products

    def product(self, left: ir.Expression, right: ir.Expression, operator: str, span: Span) -> ir.Expression:
        """`left * right` or `left / right`, with the unit of the result."""
        if left.type.is_unknown or right.type.is_unknown:
            return self.literal(None, UNKNOWN, span)
        unit = unit_product(left.type.unit, right.type.unit, 1 if operator == "*" else -1)
        if dict(unit).get("$", 0) not in (0, 1):
            times = operator == "*"
            advice = "multiply an amount with" if times else "divide an amount by"
            self.report(
                "MH305",
                f"`{span.text}` multiplies money with money" if times else f"`{span.text}` divides by money",
                span,
                help=f"{advice} a number, a percentage or a count",
            )
            return self.literal(None, UNKNOWN, span)
        self.warn_of_quotients(left, right, operator, span)
        if operator == "*":
            places = min(exact.PLACES, left.type.places + right.type.places)
            share = product_share(left.type.share, right.type.share)
            low, high = product_bounds(left.type, right.type)
        else:
            places, share = exact.PLACES, self.quotient_share(left, right, unit)
            low, high = quotient_bounds(left.type, right.type)
        with_unit = unit or left.type.unit or right.type.unit
        kind = number(unit, Share.NUMBER if unit or (operator == "*" and with_unit) else share, places, low, high)
        return ir.Arithmetic(
            operator=operator, left=left, right=right, type=kind, keys=left.keys | right.keys, span=span
        )

    def quotient_share(self, left: ir.Expression, right: ir.Expression, unit: Unit) -> Share:
        """How a quotient may be used: of like things as number or percentage; halved, a value stays what it is."""
        if not unit and not right.type.unit and right.type.share is Share.NUMBER:
            written = isinstance(right, ir.Literal) or left.type.share is not Share.NUMBER
            return left.type.share if written else Share.RATIO
        return Share.RATIO

    def warn_of_quotients(self, left: ir.Expression, right: ir.Expression, operator: str, span: Span) -> None:
        """`a / b * $x` rounds a quotient before it is multiplied; `a * $x / b` would be exact."""
        if operator != "*":
            return
        for side, other in ((left, right), (right, left)):
            quotient = unrounded_quotient(side)
            if quotient is not None and "/" in quotient.span.text and other.type.is_money:
                above, below = factor_text(quotient.left), factor_text(quotient.right)
                self.report(
                    "MH451",
                    f"`{side.span.text}` is a quotient, rounded to 12 places before it meets an amount",
                    span,
                    help=(
                        f"multiply first, which is exact: `{above} * {factor_text(other)} / {below}`",
                        "or say how the quotient is rounded",
                    ),
                )

    def lower_negative(self, node: t.Negative, context: Context, expected: Type | None) -> ir.Expression:
        """`-x`."""
        operand = self.number_of(node.operand, context, expected)
        if operand.type.is_unknown:
            return operand
        zero_type = attrs.evolve(operand.type, places=0, low=0, high=0)
        low, high = difference_bounds(zero_type, operand.type)
        kind = attrs.evolve(operand.type, low=low, high=high)
        if isinstance(operand, ir.Literal) and isinstance(operand.value, int):
            return self.literal(-operand.value, kind, node.span)
        zero = self.literal(0, zero_type, node.span)
        return ir.Arithmetic(operator="-", left=zero, right=operand, type=kind, keys=operand.keys, span=node.span)


def unit_help(left_node: t.Expression, left: Type, right_node: t.Expression, right: Type) -> tuple[str, ...]:
    """How two unlike units are brought together."""
    sides = ((left_node, left, right), (right_node, right, left))
    found = []
    for node, own, other in sides:
        missing = unit_product(other.unit, own.unit, -1)
        if own.is_money and len(missing) == 1 and missing[0][1] == 1 and missing[0][0] in COUNTED:
            found.append(f"multiply first: `{node.span.text} * {COUNTED[missing[0][0]]}` is {unit_text(other.unit)}")
    for node, own, other in sides:
        if bare_money(node) and other.is_money and own.unit == DOLLARS:
            stated = f"{node.span.text}{unit_text(other.unit).removeprefix('$')}"
            found.append(f"or, if `{node.span.text}` is {unit_text(other.unit)}, say so: `{stated}`")
        if bare(node) and other.is_money:
            found.append(f"write the amount with its sign: `${node.span.text}`")
    return tuple(found) or ("bring both sides to one unit first",)


def percent_help(node: t.Expression, value: ir.Expression) -> str:
    """How a plain number beside a percentage is written as one."""
    if isinstance(value, ir.Literal) and isinstance(value.value, int):
        percent = number(share=Share.PERCENT)
        return f"write `{value_text(value.value, percent)}`, or `{exact.to_text(value.value)}%` if that is meant"
    return f"convert the number: `{node.span.text} as %`"
