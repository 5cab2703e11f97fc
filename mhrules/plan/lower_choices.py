"""Lowering of what decides: `default`, `if`, `choose`, bands, named alternatives, increases."""

from __future__ import annotations

import attrs

from mhrules import exact
from mhrules.classes import frozen
from mhrules.plan import ir
from mhrules.plan.lower_conditions import ONE_NUMBER, Conditions, union
from mhrules.plan.lower_numbers import bare, join_share
from mhrules.plan.scope import Context, Decision, as_written, code_type, shown_known
from mhrules.semantics.types import NO_UNIT, UNKNOWN, Share, Type
from mhrules.source import Span
from mhrules.syntax import tree as t


@frozen(eq=False)
class Alternative:
    """A row of a case before its type is known: its condition, its value as lowered and as written, its text."""

    condition: ir.Expression | None
    value: ir.Expression
    node: t.Expression
    span: Span
    notes: tuple[t.Note, ...] = ()


class Choices(Conditions):
    """One value out of several."""

    def lower_withdefault(self, node: t.WithDefault, context: Context, expected: Type | None) -> ir.Expression:
        """`x default y`: y, in the unit of x, where x is missing."""
        operand = self.lower(node.operand, context, expected)
        if operand.type.is_unknown:
            return operand
        fallback = self.value_of(node.fallback, context, operand.type.known())
        if fallback.type.is_unknown:
            return fallback
        one, other = operand.type.known(), fallback.type
        if one.is_number and other.is_number:
            if not self.alike(node.operand, operand, node.fallback, fallback):
                return self.nothing(node)
        elif one.kind is not other.kind or one.codes != other.codes:
            self.report(
                "MH310",
                f"`{node.operand.span.text}` is {one}, its default is {other}",
                node.fallback.span,
                help="give a default of the same kind",
            )
            return self.nothing(node)
        keys = operand.keys | fallback.keys
        return ir.Default(operand=operand, fallback=fallback, type=union(one, other), keys=keys, span=node.span)

    # ----------------------------------------------------------------------------------------- choice

    def lower_if(self, node: t.If, context: Context, expected: Type | None) -> ir.Expression:
        """`if a then b else c`."""
        condition = self.condition_of(node.condition, context)
        then_context = context.knowing(shown_known(node.condition, True))
        else_context = context.knowing(shown_known(node.condition, False))
        then = self.branch(node.then, then_context, expected)
        otherwise = self.branch(node.otherwise, else_context, expected or code_type(then.type))
        rows = (
            Alternative(condition, then, node.then, node.then.span),
            Alternative(None, otherwise, node.otherwise, node.otherwise.span),
        )
        return self.case(rows, node.span)

    def branch(self, node: t.Expression, context: Context, expected: Type | None) -> ir.Expression:
        """The value of a branch: missing only where the condition does not show otherwise."""
        value = self.lower(node, context, expected)
        if value.type.missing and as_written(node) in context.known:
            return self.changed(value, type=value.type.known())
        return value

    def lower_choose(self, node: t.Choose, context: Context, expected: Type | None) -> ir.Expression:
        """`choose { when … : …  otherwise : … }`."""
        rows: list[Alternative] = []
        for index, row in enumerate(node.rows):
            if row.condition is None and index < len(node.rows) - 1:
                self.report(
                    "MH421",
                    "`otherwise` stands before other rows, which can then never apply",
                    row.span,
                    help="make `otherwise` the last row",
                )
            condition, inner = None, context
            if row.condition is not None:
                condition = self.condition_of(row.condition, context)
                inner = context.knowing(shown_known(row.condition, True))
                context = context.knowing(shown_known(row.condition, False))
            value = self.branch(row.value, inner, expected)
            expected = expected or code_type(value.type)
            rows.append(Alternative(condition, value, row.value, row.span, row.notes))
        if node.first and node.rows[-1].condition is not None:
            self.report(
                "MH422",
                "`choose first` does not end in `otherwise`",
                node.rows[-1].span,
                help="say what holds in all other cases: `otherwise : …`",
            )
        return self.decided(node, self.case(tuple(rows), node.span), node.first, "choose")

    def decided(self, node: t.Expression, result: ir.Expression, first: bool, what: str) -> ir.Expression:
        """The result, kept for the analyses of totality the first time."""
        if isinstance(result, ir.Case):
            self.decisions.setdefault(node, Decision(node, result, first, what))
        return result

    def case(self, rows: tuple[Alternative, ...], span: Span) -> ir.Expression:
        """A case over rows with values of one type."""
        conditions = [row.condition for row in rows if row.condition is not None]
        if any(row.value.type.is_unknown for row in rows) or any(c.type.is_unknown for c in conditions):
            return self.literal(None, UNKNOWN, span)
        first = next((row for row in rows if not bare(row.node)), rows[0])
        kind = first.value.type
        fitted: list[ir.Expression] = []
        for row in rows:
            value = self.adapted(row.value, first.value.type) if bare(row.node) else row.value
            if not self.same_kind(first, row, value):
                return self.literal(None, UNKNOWN, span)
            fitted.append(value)
            kind = union(kind, value.type)
        plan_rows = tuple(
            ir.CaseRow(condition=row.condition, value=value, span=row.span, notes=row.notes)
            for row, value in zip(rows, fitted, strict=True)
        )
        keys = frozenset[str]().union(*(c.keys for c in conditions), *(v.keys for v in fitted))
        return ir.Case(rows=plan_rows, type=kind, keys=keys, span=span)

    def same_kind(self, first: Alternative, row: Alternative, value: ir.Expression) -> bool:
        """Whether an alternative has the type of the first; reports it if not."""
        one, other = first.value.type, value.type
        if one.is_number and other.is_number:
            if one.unit == other.unit and (one.unit != NO_UNIT or join_share(one.share, other.share) is not None):
                return True
        elif one.kind is other.kind and one.codes == other.codes and one.name == other.name:
            return True
        advice = "give every alternative the same unit"
        if bare(row.node) and one.is_money:
            advice = f"write the amount with its sign: `${row.node.span.text}`"
        elif one.kind is not other.kind:
            advice = "give every alternative a value of the same kind"
        self.report(
            "MH310",
            f"`{row.node.span.text}` is {other}, but `{first.node.span.text}` is {one}",
            row.node.span,
            label=f"this is {other}",
            help=advice,
        )
        return False

    def lower_bands(self, node: t.Bands, context: Context, expected: Type | None) -> ir.Expression:
        """`bands x { below a : …  otherwise : … }`: the first band that x is below."""
        operand = self.shared(self.number_of(node.operand, context), context)
        if operand.type.is_unknown:
            return operand
        rows = []
        for band in node.rows:
            condition = None
            if band.below is not None:
                pair = t.Compare(operator="<", left=node.operand, right=band.below, span=band.span)
                condition = self.comparison(pair, operand, self.value_of(band.below, context))
            value = self.lower(band.value, context, expected)
            expected = expected or code_type(value.type)
            rows.append(Alternative(condition, value, band.value, band.span, band.notes))
        return self.decided(node, self.case(tuple(rows), node.span), True, "bands")

    # -------------------------------------------------------------------- named alternatives and increases

    def lower_bestof(self, node: t.BestOf, context: Context, expected: Type | None) -> ir.Expression:
        """`greater of { a : …  b : … when … }`: the winner is named."""
        operands: list[ir.Expression] = []
        conditions: list[ir.Expression | None] = []
        for alternative in node.alternatives:
            condition, inner = None, context
            if alternative.condition is not None:
                condition = self.condition_of(alternative.condition, context)
                inner = context.knowing(shown_known(alternative.condition, True))
            conditions.append(condition)
            operands.append(self.number_of(alternative.value, inner, expected))
        if any(o.type.is_unknown for o in operands) or any(c is not None and c.type.is_unknown for c in conditions):
            return self.nothing(node)
        if all(c is not None for c in conditions):
            self.report(
                "MH426",
                "every alternative has a condition, so there may be none left",
                node.span,
                help="give one alternative that always holds, for example `none : $0`",
            )
        first_node, first = node.alternatives[0].value, operands[0]
        for alternative, operand in zip(node.alternatives[1:], operands[1:], strict=True):
            if not self.alike(first_node, first, alternative.value, operand):
                return self.nothing(node)
        if all(c is None for c in conditions):
            conditions = []
        labels = tuple(alternative.name.text for alternative in node.alternatives)
        return self.extreme(node.greater, tuple(operands), labels, node.span, tuple(conditions))

    def lower_increased(self, node: t.Increased, context: Context, expected: Type | None) -> ir.Expression:
        """`x increased by { 15% when a  10% when b }`: added up, or one upon the other."""
        base = self.number_of(node.operand, context, expected)
        increases = [self.increase(increase, context) for increase in node.increases]
        few = self.few_enough(len(increases), "increases", node.span)
        if not few or base.type.is_unknown or any(i.type.is_unknown for i in increases):
            return self.nothing(node)
        one = self.literal(exact.ONE, attrs.evolve(ONE_NUMBER, share=Share.PERCENT), node.span)
        factor: ir.Expression = one
        for increase in increases:
            if node.compounding:
                grown = self.total_of("+", one, increase, increase.type, increase.span)
                factor = self.product(factor, grown, "*", node.span)
            else:
                factor = self.total_of("+", factor, increase, increase.type, node.span)
        return self.product(base, factor, "*", node.span)

    def increase(self, node: t.Increase, context: Context) -> ir.Expression:
        """One increase: its percentage where its condition holds, otherwise 0%."""
        condition = self.condition_of(node.condition, context)
        value = self.number_of(node.value, context.knowing(shown_known(node.condition, True)))
        if value.type.is_unknown or condition.type.is_unknown:
            return self.nothing(node.value)
        if value.type.share is Share.NUMBER or value.type.unit != NO_UNIT:
            self.report(
                "MH304",
                f"`{node.value.span.text}` is {value.type}, and an increase is a percentage",
                node.value.span,
                help="write it as a percentage, for example `15%`",
            )
            return self.nothing(node.value)
        zero = self.literal(0, attrs.evolve(value.type, places=0, low=0, high=0), node.span)
        return self.amount_when(condition, value, zero, node.span, node.notes)
