"""Conditions of the plan as boolean combinations of tests on variables, which `cases.py` can decide.

Each distinct expression that is compared with a constant, asked to be one of a set, or is itself yes or no, is one
variable, under the words that the text has for it. A comparison of two expressions is no such test: it becomes a
variable of its own, independent of all others, and is listed as `opaque`.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable
from typing import cast

from mhrules.check import cases, domains
from mhrules.check.cases import Condition
from mhrules.check.domains import CaseValue
from mhrules.plan import ir
from mhrules.plan.bounds import SWAPPED, Bounds, step_of
from mhrules.semantics.declared import value_text
from mhrules.semantics.types import Kind, Share, Type

NEVER = cases.Not(cases.Always())
DEEPEST = 3  # definitions inside definitions
KINDS = (Kind.NUMBER, Kind.DATE, Kind.CODE, Kind.TEXT, Kind.YES_NO)


class Translation:
    """The variables of a set of conditions, and the conditions in terms of them.

    A yes/no definition counts as what it says where its own variables are tested beside it; else as a variable.
    """

    def __init__(self, bounds: Bounds, conditions: Iterable[ir.Expression]) -> None:
        self.bounds = bounds
        self.opaque: list[ir.Expression] = []
        self._names: dict[int, str] = {}
        self._expressions: dict[int, ir.Expression] = {}
        self._missing: set[int] = set()
        self._percent: set[int] = set()
        self._opened: set[int] = set()
        given = tuple(conditions)
        direct = {number for condition in given for number in self._tested(condition)}
        for condition in given:
            self._open(condition, direct)
        self.conditions: tuple[Condition, ...] = tuple(self._condition(c) for c in given)

    @property
    def variables(self) -> tuple[domains.Variable, ...]:
        """The variables, in the order of the text."""
        return tuple(
            domains.Variable(name, self._domain(number), number in self._missing)
            for number, name in self._names.items()
        )

    def expression(self, name: str) -> ir.Expression:
        """What a variable stands for."""
        number = next(n for n, known in self._names.items() if known == name)
        return self._expressions[number]

    def has_names(self, condition: ir.Expression) -> bool:
        """Whether a further condition tests only what these conditions test."""
        return all(number in self._names for number in self._tested(condition))

    def condition(self, further: ir.Expression) -> Condition:
        """A further condition, which tests only what these conditions test (`has_names`)."""
        return self._condition(further)

    def words(self, case: cases.Case, *, every: bool = False) -> str:
        """A case as a person would say it: "`net` is $0.00 and `quality_maintained` is no"."""
        values = case.as_dict()
        names = [name for name in values if every or name in case.decisive] or list(values)[:1]
        words = [f"`{name}` is {self.value(name, values[name])}" for name in names]
        return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)

    def value(self, name: str, value: CaseValue) -> str:
        """A value in the unit of its variable."""
        if isinstance(value, domains.Special):
            return "any other text" if value is domains.Special.ANY_OTHER else value.value
        expression = self.expression(name)
        kind = expression.type
        if kind.kind is Kind.DATE:
            return str(datetime.date.fromordinal(int(value)))
        if kind.is_number and self.bounds.signature(expression) in self._percent:
            kind = Type(Kind.NUMBER, share=Share.PERCENT)
        if kind.kind in (Kind.CODE, Kind.TEXT):
            return f"`{value}`" if kind.kind is Kind.CODE else f'"{value}"'
        return value_text(value, kind)

    # --------------------------------------------------------------------------- which are opened up

    def _tested(self, node: ir.Expression) -> Iterable[int]:
        """The variables that a condition tests, definitions being variables."""
        match node:
            case ir.Logic() | ir.Not():
                for part in node.parts():
                    yield from self._tested(part)
            case ir.Compare():
                side = self._sides(node)
                yield self.bounds.signature(node if side is None else side[0])
            case ir.OneOf() | ir.Known():
                yield self.bounds.signature(node.operand)
            case ir.Literal():
                return
            case ir.Read(move=None) if self.bounds.signature(node) in self._opened:
                yield from self._tested(node.quantity.expression)
            case _:
                yield self.bounds.signature(node)

    def _open(self, node: ir.Expression, direct: set[int], depth: int = 0) -> None:
        """Marks the definitions that test what other rows test directly, to a depth that a reader could follow."""
        if isinstance(node, ir.Logic | ir.Not):
            for part in node.parts():
                self._open(part, direct, depth)
        elif isinstance(node, ir.Read) and node.move is None and depth < DEEPEST:
            number = self.bounds.signature(node)
            inner = set(self._tested(node.quantity.expression)) - {number}
            if inner & direct:
                self._opened.add(number)
                self._open(node.quantity.expression, direct, depth + 1)

    # ------------------------------------------------------------------------------------ conditions

    def _condition(self, node: ir.Expression) -> Condition:
        match node:
            case ir.Logic(operator="and"):
                return cases.And(tuple(self._condition(part) for part in node.operands))
            case ir.Logic():
                return cases.Or(tuple(self._condition(part) for part in node.operands))
            case ir.Not():
                return cases.Not(self._condition(node.operand))
            case ir.Literal():
                return cases.Always() if node.value else NEVER
            case ir.Known():
                name = self._name(node.operand)
                self._missing.add(self.bounds.signature(node.operand))
                return domains.Known(name)
            case ir.OneOf():
                return self._one_of(node)
            case ir.Compare():
                return self._compare(node)
            case ir.Read(move=None) if self.bounds.signature(node) in self._opened:
                return self._condition(node.quantity.expression)
            case _:
                return domains.IsTrue(self._name(node))

    def _name(self, node: ir.Expression) -> str:
        """The name of the variable that an expression is, declared where it is new."""
        number = self.bounds.signature(node)
        if number not in self._names:
            words = " ".join(node.span.text.split())
            taken = set(self._names.values())
            again = (f"{words} ({n})" for n in itertools.count(2))
            self._names[number] = words if words not in taken else next(name for name in again if name not in taken)
            self._expressions[number] = node
        if node.type.missing:
            self._missing.add(number)
        return self._names[number]

    def _one_of(self, node: ir.OneOf) -> Condition:
        if node.operand.type.kind not in KINDS:
            return self._opaque(node)
        fitting = [c for v in node.values if (c := self._constant(v, node.operand)) is not None]
        name = self._name(node.operand)
        return domains.InSet(name, frozenset(fitting)) if fitting else NEVER

    def _compare(self, node: ir.Compare) -> Condition:
        side = self._sides(node)
        if side is None:
            fixed = self._fixed(node.left), self._fixed(node.right)
            if None not in fixed:
                return cases.Always() if self.bounds.truth(node) else NEVER
            return self._opaque(node)
        tested, operator, fixed_side = side
        value = self._constant(self._fixed(fixed_side), tested)
        if fixed_side.type.is_number and fixed_side.type.share is Share.PERCENT:
            self._percent.add(self.bounds.signature(tested))
        name = self._name(tested)
        if value is None:  # a code that the list does not have
            return cases.Always() if operator == "!=" else NEVER
        return domains.Compare(name, cast(domains.Op, operator), value)

    def _opaque(self, node: ir.Expression) -> Condition:
        if all(self.bounds.signature(node) != self.bounds.signature(known) for known in self.opaque):
            self.opaque.append(node)
        return domains.IsTrue(self._name(node))

    def _sides(self, node: ir.Compare) -> tuple[ir.Expression, str, ir.Expression] | None:
        """The tested side, the operator and the constant side; None if this is no test against a constant."""
        left, right = self._fixed(node.left), self._fixed(node.right)
        if (left is None) == (right is None) or node.left.type.kind not in KINDS:
            return None
        if right is None:
            return node.right, SWAPPED[node.operator], node.left
        return node.left, node.operator, node.right

    def _fixed(self, node: ir.Expression) -> ir.Value:
        """The value of an expression that is written out, such as `5%` or `2 * $500`; None of any other."""
        if isinstance(node, ir.Literal):
            return node.value
        if isinstance(node, ir.Arithmetic | ir.Round) and all(
            isinstance(part, ir.Literal | ir.Arithmetic | ir.Round) for part in node.walk()
        ):
            low, high = self.bounds.interval(node)
            return low if low == high else None
        return None

    def _constant(self, value: ir.Value, tested: ir.Expression) -> domains.Constant | None:
        """A value as a constant of the variable's domain; None if it cannot be one of its values."""
        if isinstance(value, datetime.date):
            return value.toordinal()
        if tested.type.kind is Kind.CODE and tested.type.codes and value not in tested.type.codes:
            return None
        return value

    def _domain(self, number: int) -> domains.Domain:
        node = self._expressions[number]
        kind = node.type
        match kind.kind:
            case Kind.NUMBER:
                low, high = self.bounds.interval(node)
                return domains.Interval(low, high, step_of(node))
            case Kind.DATE:
                return domains.Dates()
            case Kind.CODE if kind.codes:
                return domains.Enumeration(kind.codes)
            case Kind.CODE:  # a service class as the source writes it
                return domains.Text()
            case Kind.TEXT:
                return domains.Text()
            case _:
                return domains.YesNo()
