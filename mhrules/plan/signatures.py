"""Which expressions of a plan are the same: built alike from the same facts, parameters and quantities.

Two rows of a `choose` that test `net` read one value; so do `benchmark - expenditure` and a `define` that says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mhrules.plan import ir

_FLIPPED = {">": "<", ">=": "<="}
# What distinguishes nodes of one kind besides their parts; two of a kind that is not listed differ in parts only.
_OWN: dict[type[ir.Expression], Callable[[Any], tuple[Any, ...]]] = {
    ir.Literal: lambda n: (n.type.kind, n.type.unit, n.value),
    ir.Cell: lambda n: (n.table, n.column, n.moment),
    ir.Setting: lambda n: (n.parameter,),
    ir.Clock: lambda n: (n.what,),
    ir.RowKey: lambda n: (n.key,),
    ir.Feature: lambda n: (n.collection, n.column),
    ir.Read: lambda n: (n.quantity.grain, n.move, n.year),
    ir.Arithmetic: lambda n: (n.operator, n.places, n.rounding),
    ir.Round: lambda n: (n.places, n.rounding),
    ir.Extreme: lambda n: (n.greatest, tuple(c is None for c in n.conditions)),
    ir.Compare: lambda n: (n.operator,),
    ir.OneOf: lambda n: (n.members,),
    ir.Logic: lambda n: (n.operator,),
    ir.Case: lambda n: (tuple(row.condition is None for row in n.rows),),
    ir.Aggregate: lambda n: (
        n.function,
        n.over,
        n.argument,
        n.same,
        n.body is None,
        n.where is None,
        (n.reach.among is None, n.reach.within, n.reach.whole_period, n.reach.billed),
        n.event,
        n.ties,
        n.spread,
        n.keys,  # visits of a member are not those of all members
    ),
    ir.Panel: lambda n: (n.across, n.keys),
    ir.Reported: lambda n: (n.measure, n.column),
    ir.Rank: lambda n: (n.higher,),
    ir.Total: lambda n: (n.payment, n.net),
    ir.Split: lambda n: (n.among, n.refused_return, n.where is None, n.weight is None),
}


class Signatures:
    """Numbers for expressions: equal numbers mean that the values are equal at every row.

    A quantity read at its own row counts as its expression. Where an expression came from, and how it is written,
    does not matter.
    """

    def __init__(self) -> None:
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._of: dict[ir.Expression, int] = {}
        self._below: dict[int, frozenset[int]] = {}
        self._pairs: dict[int, tuple[int, int]] = {}

    def of(self, expression: ir.Expression) -> int:
        """The number of an expression."""
        found = self._of.get(expression)
        if found is None:
            if isinstance(expression, ir.Read) and expression.move is None:
                found = self.of(expression.quantity.expression)
            else:
                found = self.number(self._structure(expression))
                below = frozenset[int]().union(*(self._below[self.of(part)] for part in same_row(expression)))
                self._below[found] = below | {found}
            self._of[expression] = found
        return found

    def number(self, structure: tuple[Any, ...]) -> int:
        """The number of a structure; a new one for a new structure."""
        return self._numbers.setdefault(structure, len(self._numbers))

    def within(self, expression: ir.Expression) -> frozenset[int]:
        """The numbers of all expressions evaluated at the same row inside, itself included."""
        return self._below[self.of(expression)]

    def difference(self, left: ir.Expression, right: ir.Expression) -> int:
        """The number of `left - right`, whether or not the text writes it."""
        pair = (self.of(left), self.of(right))
        found = self.number(("Arithmetic", "-", None, None, pair))
        self._pairs[found] = pair
        return found

    def pair(self, number: int) -> tuple[int, int] | None:
        """The two sides of a difference that was asked for; None of any other number."""
        return self._pairs.get(number)

    def _structure(self, node: ir.Expression) -> tuple[Any, ...]:
        """What makes an expression what it is, its parts as their numbers."""
        parts = tuple(self.of(part) for part in node.parts())
        if isinstance(node, ir.Read):
            parts = (self.of(node.quantity.expression),)
        elif isinstance(node, ir.Arithmetic) and node.operator in "+*":
            parts = tuple(sorted(parts))
        elif isinstance(node, ir.Compare):
            if node.operator in _FLIPPED:
                return ("Compare", _FLIPPED[node.operator], parts[::-1])
            parts = tuple(sorted(parts)) if node.operator in ("=", "!=") else parts
        own = _OWN.get(type(node))
        return (type(node).__name__, *(() if own is None else own(node)), parts)


def same_row(node: ir.Expression) -> tuple[ir.Expression, ...]:
    """The parts that are evaluated at the expression's own row."""
    if isinstance(node, ir.Aggregate | ir.Split | ir.Rank):
        return ()
    if isinstance(node, ir.Read):
        return (node.quantity.expression,) if node.move is None else ()
    return node.parts()
