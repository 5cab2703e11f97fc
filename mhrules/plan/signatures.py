"""Which expressions of a plan are the same: built alike from the same facts, parameters and quantities.

Two rows of a `choose` that test `net` read one value; so do `benchmark - expenditure` and a `define` that says so.
"""

from __future__ import annotations

from typing import Any

from mhrules.plan import ir

_FLIPPED = {">": "<", ">=": "<="}


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
        found = self.number(("arithmetic", "-", pair, None, None))
        self._pairs[found] = pair
        return found

    def pair(self, number: int) -> tuple[int, int] | None:
        """The two sides of a difference that was asked for; None of any other number."""
        return self._pairs.get(number)

    def _structure(self, node: ir.Expression) -> tuple[Any, ...]:
        parts = tuple(self.of(part) for part in node.parts())
        match node:
            case ir.Literal():
                return ("literal", node.type.kind, node.type.unit, node.value)
            case ir.Cell():
                return ("cell", node.table, node.column, node.moment)
            case ir.Panel():
                return ("panel",)
            case ir.Setting():
                return ("setting", node.parameter)
            case ir.Clock():
                return ("clock", node.what)
            case ir.RowKey():
                return ("key", node.key)
            case ir.Feature():
                return ("feature", node.collection, node.column)
            case ir.Read():
                return ("read", self.of(node.quantity.expression), node.quantity.grain, node.move, node.year)
            case ir.Arithmetic():
                if node.operator in "+*":
                    parts = tuple(sorted(parts))
                return ("arithmetic", node.operator, parts, node.places, node.rounding)
            case ir.Round():
                return ("round", parts, node.places, node.rounding)
            case ir.Extreme():
                absent = tuple(condition is None for condition in node.conditions)
                return ("extreme", node.greatest, parts, absent)
            case ir.Compare():
                if node.operator in _FLIPPED:
                    return ("compare", _FLIPPED[node.operator], parts[::-1])
                return ("compare", node.operator, tuple(sorted(parts)) if node.operator in ("=", "!=") else parts)
            case ir.OneOf():
                return ("one of", parts, frozenset(node.values))
            case ir.Logic():
                return ("logic", node.operator, parts)
            case ir.Case():
                return ("case", parts, tuple(row.condition is None for row in node.rows))
            case ir.Aggregate():
                ingredients = (node.function, node.over, node.argument, node.same, node.body is None, node.where is None)
                return ("aggregate", ingredients, parts)
            case ir.Total():
                return ("total", node.payment, node.net)
            case ir.Split():
                ingredients = (node.among, node.refused_return, node.where is None, node.weight is None)
                return ("split", ingredients, parts)
            case _:
                return (type(node).__name__, parts)


def same_row(node: ir.Expression) -> tuple[ir.Expression, ...]:
    """The parts that are evaluated at the expression's own row."""
    if isinstance(node, ir.Aggregate | ir.Split):
        return ()
    if isinstance(node, ir.Read):
        return (node.quantity.expression,) if node.move is None else ()
    return node.parts()
