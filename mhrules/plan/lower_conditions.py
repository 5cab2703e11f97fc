"""Lowering of comparisons and conditions."""

from __future__ import annotations

from collections.abc import Iterable

from mhrules import exact
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.plan import ir
from mhrules.plan.lower_limits import Limits
from mhrules.plan.lower_numbers import factor_text, unrounded_quotient
from mhrules.plan.scope import MOST_LISTED, Context, code_type, flat, inside, shown_known
from mhrules.semantics.builtins import ELEMENTS, SERVICE
from mhrules.semantics.types import UNKNOWN, YES_NO, Kind, Share, Type, number
from mhrules.source import Span
from mhrules.syntax import tree as t

ONE_NUMBER = number(places=0, low=exact.ONE, high=exact.ONE)
ZERO_NUMBER = number(places=0, low=0, high=0)
COMPARED = (Kind.NUMBER, Kind.YES_NO, Kind.DATE, Kind.TEXT, Kind.CODE)
SWAPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Conditions(Limits):
    """`= < in … from … to`, `and or not`, `number met of`."""

    # ------------------------------------------------------------------------------------- comparison

    def lower_compare(self, node: t.Compare, context: Context, expected: Type | None) -> ir.Expression:
        """A comparison; beside a code, a bare word is one of its codes, on whichever side it stands."""
        left_node, right_node = inside(node.left), inside(node.right)
        word_first = (
            isinstance(left_node, t.Reference)
            and not self.has_value(left_node.name, context)
            and not (isinstance(right_node, t.Reference) and not self.has_value(right_node.name, context))
        )
        if word_first:
            right = self.value_of(node.right, context)
            left = right if right.type.is_unknown else self.value_of(node.left, context, code_type(right.type))
        else:
            left = self.value_of(node.left, context)
            right = left if left.type.is_unknown else self.value_of(node.right, context, code_type(left.type))
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
        keys = left.keys | right.keys
        return ir.Compare(operator=node.operator, left=left, right=right, type=YES_NO, keys=keys, span=node.span)

    def comparable(self, node: t.Compare, left: ir.Expression, right: ir.Expression) -> bool:
        """Whether two values that are not both numbers can be compared so; reports it if not."""
        one, other = left.type, right.type
        texts = {one.kind, other.kind} == {Kind.TEXT, Kind.CODE}
        if (one.kind is not other.kind and not texts) or one.kind not in COMPARED:
            self.report(
                "MH307",
                f"`{node.left.span.text}` is {one}, `{node.right.span.text}` is {other}",
                node.span,
                label="cannot be compared",
                help="compare like with like",
            )
            return False
        if one.kind is Kind.CODE and other.kind is Kind.CODE and one.codes != other.codes:
            self.report(
                "MH307",
                f"`{node.left.span.text}` and `{node.right.span.text}` are codes of different lists",
                node.span,
                label="cannot be compared",
                help="compare a code with a code of its own list",
            )
            return False
        if texts and not self.text_is_a_code(left, right):
            return False
        if node.operator not in ("=", "!=") and not (one.kind is Kind.DATE or (one.ordered and other.ordered)):
            self.report(
                "MH308",
                f"`{node.left.span.text}` has no order, so `{node.operator}` says nothing",
                node.span,
                help="use `=`, `!=` or `in { … }`, or declare the type with an order: `type … = { low < high }`",
            )
            return False
        return True

    def text_is_a_code(self, left: ir.Expression, right: ir.Expression) -> bool:
        """Whether a written text beside a code is one of its codes; reports it if not."""
        text, code = (left, right) if left.type.kind is Kind.TEXT else (right, left)
        if not isinstance(text, ir.Literal) or text.value in code.type.codes or code.type == SERVICE:
            return True
        close = did_you_mean(str(text.value), code.type.codes)
        self.report(
            "MH201",
            f"`{text.value}` is not one of {{ {', '.join(code.type.codes)} }}",
            text.span,
            label="not known here",
            help=f"did you mean `{close}`?" if close else "write one of these codes",
        )
        return False

    def warn_of_compared_quotient(self, node: t.Compare, left: ir.Expression, right: ir.Expression) -> None:
        """`a / b >= c` compares a rounded quotient; `a >= c of b` would be exact."""
        operator = node.operator
        for side, other, sign in ((left, right, operator), (right, left, SWAPPED.get(operator, operator))):
            quotient = unrounded_quotient(side)
            if quotient is None:
                continue
            above, below = factor_text(quotient.left), quotient.right.span.text
            product = f"{factor_text(other)} * {factor_text(quotient.right)}"
            self.report(
                "MH452",
                f"`{side.span.text}` is a quotient, rounded to 12 places before it is compared",
                node.span,
                help=(
                    f"compare the product, which is exact where `{below}` is positive: `{above} {sign} {product}`",
                    "or say how the quotient is rounded",
                ),
            )

    # ------------------------------------------------------------------------------------------- sets

    def lower_inset(self, node: t.InSet, context: Context, expected: Type | None) -> ir.Expression:
        """`x in { a, b }`: fixed values, each comparable with x."""
        operand = self.value_of(node.operand, context)
        if operand.type.is_unknown:
            return operand
        values: list[ir.Value] = []
        for member in node.members:
            item = self.value_of(member, context, code_type(operand.type))
            if item.type.is_unknown:
                continue
            pair = t.Compare(operator="=", left=node.operand, right=member, span=member.span)
            if not isinstance(item, ir.Literal):
                self.report(
                    "MH309",
                    f"`{member.span.text}` is not a fixed value",
                    member.span,
                    help="list fixed values in `in { … }`, and compare with `=` otherwise",
                )
            elif not self.comparison(pair, operand, item).type.is_unknown:
                values.append(item.value)
        return ir.OneOf(operand=operand, values=tuple(values), type=YES_NO, keys=operand.keys, span=node.span)

    def lower_inrange(self, node: t.InRange, context: Context, expected: Type | None) -> ir.Expression:
        """`x from a to b`, both included."""
        operand = self.shared(self.value_of(node.operand, context), context)
        return self.between(node.operand, operand, (node.low, node.high), context, node.span)

    def between(
        self,
        operand_node: t.Expression,
        operand: ir.Expression,
        ends: tuple[t.Expression, t.Expression],
        context: Context,
        span: Span,
    ) -> ir.Expression:
        """`low <= x <= high`, as two comparisons, so that margins can be told."""
        if operand.type.is_unknown:
            return self.literal(None, UNKNOWN, span)
        sides, bounds = [], []
        for operator, bound in zip((">=", "<="), ends, strict=True):
            pair = t.Compare(operator=operator, left=operand_node, right=bound, span=span)
            bounds.append(self.value_of(bound, context, code_type(operand.type)))
            sides.append(self.comparison(pair, operand, bounds[-1]))
        if any(side.type.is_unknown for side in sides):
            return self.literal(None, UNKNOWN, span)
        self.in_order(ends[0], bounds[0], ends[1], bounds[1])
        return self.logic("and", tuple(sides), span)

    def shared(self, operand: ir.Expression, context: Context) -> ir.Expression:
        """An expression that several conditions read: worked out once where it is itself a choice."""
        deep = (ir.Case, ir.Logic, ir.Aggregate, ir.Split)
        if operand.type.is_unknown or not any(isinstance(part, deep) for part in operand.walk()):
            return operand
        quantity = self.part(operand, context.period)
        return ir.Read(quantity=quantity, type=operand.type, keys=frozenset(quantity.grain), span=operand.span)

    def lower_invalueset(self, node: t.InValueSet, context: Context, expected: Type | None) -> ir.Expression:
        """`code in primary_care`."""
        operand = self.value_of(node.operand, context)
        if node.valueset.text not in self.program.valuesets:
            self.unknown(node.valueset, self.program.valuesets, "value set")
            return self.nothing(node)
        self.used.add(("valueset", node.valueset.text))
        if operand.type.is_unknown:
            return operand
        if operand.type.kind not in (Kind.TEXT, Kind.CODE):
            self.report(
                "MH307",
                f"`{node.operand.span.text}` is {operand.type}, and a value set holds texts",
                node.span,
                label="cannot be compared",
                help="ask it of a code or a text",
            )
            return self.nothing(node)
        values = self.program.valueset_codes[node.valueset.text]
        return ir.OneOf(operand=operand, values=values, type=YES_NO, keys=operand.keys, span=node.span)

    def lower_billedby(self, node: t.BilledBy, context: Context, expected: Type | None) -> ir.Expression:
        """`billed by practice`."""
        if node.biller.text not in ("practice", self.program.participant):
            self.unknown(node.biller, ("practice", self.program.participant), "biller")
        if not {"claims", "claim_lines", "visits"} & set(context.elements):
            self.report(
                "MH322",
                "`billed by` asks of a claim, and there is none here",
                node.span,
                help="use it in `per claim line where …` or inside `where` of an aggregate over claims",
            )
        element = context.elements[-1] if context.elements else "claims"
        key = ELEMENTS[element].key if element in ELEMENTS else ELEMENTS["events"].key
        if not self.supply(frozenset({"practice"}), context, node.span, flat(node.span.text)):
            return self.nothing(node)
        return ir.Feature(
            collection=element,
            column="billed_by",
            type=YES_NO,
            keys=frozenset({key, "practice"}),
            span=node.span,
        )

    # ------------------------------------------------------------------------------------------ logic

    def lower_not(self, node: t.Not, context: Context, expected: Type | None) -> ir.Expression:
        """`not x`."""
        operand = self.condition_of(node.operand, context)
        return ir.Not(operand=operand, type=YES_NO, keys=operand.keys, span=node.span)

    def lower_logic(self, node: t.Logic, context: Context, expected: Type | None) -> ir.Expression:
        """`and`, `or`: what an earlier part has shown to be known is known in the later ones."""
        operands = []
        for operand in node.operands:
            operands.append(self.condition_of(operand, context))
            context = context.knowing(shown_known(operand, node.operator == "and"))
        return self.logic(node.operator, tuple(operands), node.span)

    def logic(self, operator: str, operands: tuple[ir.Expression, ...], span: Span) -> ir.Expression:
        """Several conditions as one; a single one is itself."""
        if len(operands) == 1:
            return operands[0]
        keys = frozenset[str]().union(*(o.keys for o in operands))
        return ir.Logic(operator=operator, operands=operands, type=YES_NO, keys=keys, span=span)

    def lower_numbermet(self, node: t.NumberMet, context: Context, expected: Type | None) -> ir.Expression:
        """`number met of a, b, c`: 1 for each condition that holds."""
        if not self.few_enough(len(node.conditions), "conditions", node.span):
            return self.nothing(node)
        one, zero = self.literal(exact.ONE, ONE_NUMBER, node.span), self.literal(0, ZERO_NUMBER, node.span)
        total: ir.Expression = zero
        for reference in node.conditions:
            condition = self.condition_of(reference, context)
            if condition.type.is_unknown:
                return self.nothing(node)
            met = self.amount_when(condition, one, zero, reference.span)
            total = self.total_of("+", total, met, met.type, node.span)
        return total

    def amount_when(
        self,
        condition: ir.Expression,
        value: ir.Expression,
        zero: ir.Expression,
        span: Span,
        notes: tuple[t.Note, ...] = (),
    ) -> ir.Expression:
        """A value where a condition holds, otherwise nothing."""
        rows = (
            ir.CaseRow(condition=condition, value=value, span=span, notes=notes),
            ir.CaseRow(condition=None, value=zero, span=span),
        )
        keys = condition.keys | value.keys
        return ir.Case(rows=rows, type=union(value.type, zero.type), keys=keys, span=span)

    def few_enough(self, count: int, what: str, span: Span) -> bool:
        """Whether a list is no longer than one expression may have; says so if not."""
        if count > MOST_LISTED:
            self.report(
                "MH412",
                f"{count} {what} stand in one expression, and at most {MOST_LISTED} may",
                span,
                help="give parts of it names of their own with `define`",
            )
        return count <= MOST_LISTED

    def unknown(self, name: t.Name, known: Iterable[str], what: str) -> None:
        """Reports a name of which there is none of that sort."""
        names = list(known)
        close = did_you_mean(name.text, names)
        self.report(
            "MH201",
            f"there is no {what} called `{name.text}`",
            name.span,
            label="not known here",
            help=f"did you mean `{close}`?" if close else f"declare the {what} first",
        )


def union(one: Type, other: Type) -> Type:
    """The type of a choice between two values of like types."""
    if not one.is_number:
        return one.or_missing(other.missing)
    shares = {one.share, other.share} - {Share.RATIO} or {Share.RATIO}
    number_type = Type(
        Kind.NUMBER,
        unit=one.unit,
        share=one.share if len(shares) > 1 else next(iter(shares)),
        places=max(one.places, other.places),
        low=None if one.low is None or other.low is None else min(one.low, other.low),
        high=None if one.high is None or other.high is None else max(one.high, other.high),
    )
    return number_type.or_missing(one.missing or other.missing)
