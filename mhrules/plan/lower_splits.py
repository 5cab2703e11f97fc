"""Lowering of amounts that are divided: `split`, `share of … by`, `the same for each payer`."""

from __future__ import annotations

import attrs

from mhrules.plan import ir
from mhrules.plan.lower_calls import MANY, Calls
from mhrules.plan.scope import Context
from mhrules.plan.type_bounds import not_negative
from mhrules.semantics.types import Type, number, unit_product
from mhrules.syntax import tree as t


class Splits(Calls):
    """One amount for several payers or practices."""

    def lower_split(self, node: t.Split, context: Context, expected: Type | None) -> ir.Expression:
        """`split pool among practices where … in proportion to w, refused shares return to payer`."""
        participants = f"{self.program.participant}s"
        among = {"practices": "practice", participants: "practice", "payers": "payer"}.get(node.among.text)
        if among is None:
            self.report(
                "MH356",
                f"a pool cannot be split among `{node.among.text}`",
                node.among.span,
                help=f"split it among {participants} or among payers",
            )
            return self.nothing(node)
        if node.refused_to is not None and node.refused_to.text != "payer":
            self.report(
                "MH356",
                f"refused shares cannot return to `{node.refused_to.text}`",
                node.refused_to.span,
                help="write `refused shares return to payer`",
            )
        words = participants if among == "practice" else "payers"
        pool = self.number_of(node.pool, context.without(among, f"a pool that is split among {words}"))
        inner = context.within(among)
        where = None if node.where is None else self.condition_of(node.where, inner)
        weight = None if node.weight is None else self.number_of(node.weight, inner)
        parts = [p for p in (pool, where, weight) if p is not None]
        if any(p.type.is_unknown for p in parts):
            return self.nothing(node)
        if not pool.type.is_total:
            self.report(
                "MH357",
                f"`{node.pool.span.text}` is {pool.type}, and a pool is an amount in dollars",
                node.pool.span,
                help="bring it to dollars first",
            )
            return self.nothing(node)
        keys = frozenset[str]().union(*(p.keys for p in parts)) | {among, context.period}
        if not self.supply(keys, context, node.span, node.pool.span.text):
            return self.nothing(node)
        return ir.Split(
            pool=pool,
            among=among,
            where=where,
            weight=weight,
            refused_return=node.refused_to is not None,
            type=attrs.evolve(pool.type, places=2),
            keys=keys,
            span=node.span,
        )

    def lower_shareof(self, node: t.ShareOf, context: Context, expected: Type | None) -> ir.Expression:
        """`share of total by weight`: total x weight / (sum of the weights that share the total)."""
        total = self.number_of(node.total, context)
        weight = self.number_of(node.weight, context)
        if total.type.is_unknown or weight.type.is_unknown:
            return self.nothing(node)
        same = tuple(sorted(total.keys & frozenset(self.program.keys)))
        over = tuple(sorted(weight.keys - total.keys - set(ir.TIME_KEYS)))
        if not over:
            self.report(
                "MH358",
                f"`{node.weight.span.text}` has no more parts than `{node.total.span.text}`",
                node.span,
                label="nothing to divide among",
                help="a share is taken of a total that is coarser than its weight",
            )
            return self.nothing(node)
        high = None if weight.type.high is None else max(0, weight.type.high * MANY)
        low = None if weight.type.low is None else min(0, weight.type.low * MANY)
        whole = ir.Aggregate(
            function="sum",
            over=over,
            body=weight,
            same=same if "practice" in over else (),
            type=attrs.evolve(weight.type, low=low, high=high),
            keys=(weight.keys - set(over)) | set(same) | {context.period},
            span=node.weight.span,
        )
        share_type = number(total.type.unit, total.type.share, min(12, total.type.places + weight.type.places))
        product = ir.Arithmetic(
            operator="*",
            left=total,
            right=weight,
            type=attrs.evolve(share_type, unit=unit_product(total.type.unit, weight.type.unit)),
            keys=total.keys | weight.keys,
            span=node.span,
        )
        kind = number(total.type.unit, total.type.share, low=0 if not_negative(total.type) else None)
        keys = product.keys | whole.keys
        result = ir.Arithmetic(operator="/", left=product, right=whole, type=kind, keys=keys, span=node.span)
        self.shared_totals.add(result)
        return result

    def lower_sameforeachpayer(
        self, node: t.SameForEachPayer, context: Context, expected: Type | None
    ) -> ir.Expression:
        """`x the same for each payer`: a total that every payer owes in full."""
        operand = self.number_of(node.operand, context, expected)
        if operand.type.is_unknown:
            return operand
        copy = attrs.evolve(operand, span=node.span)
        self.shared_totals.add(copy)
        return copy
