"""The arithmetic of the language once more, on exact rationals and the syntax tree: what section 5 of it says."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from fractions import Fraction
from math import floor
from typing import Any

from mhrules.exact import ONE, Rounding
from mhrules.syntax import tree as t

Value = Any  # a Fraction, a bool, a code, or None for missing
COMPARED = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge
}  # fmt: skip


def rounded(value: Fraction, places: int, mode: Rounding) -> Fraction:
    """A value at so many places; the magnitude is rounded, the sign restored."""
    size = abs(value) * 10**places
    whole = floor(size)
    rest = size - whole
    if mode is Rounding.UP:
        whole += rest > 0
    elif mode is Rounding.HALF_UP:
        whole += rest >= Fraction(1, 2)
    elif mode is Rounding.HALF_EVEN:
        whole += rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2 == 1)
    return Fraction(whole, 10**places) * (1 if value >= 0 else -1)


def kept(value: Fraction) -> Fraction:
    """A product or quotient as it is kept."""
    return rounded(value, 12, Rounding.HALF_EVEN)


class Reckoner:
    """Values of expressions for one row of facts; `mode` is the program's rounding of halves."""

    def __init__(self, facts: Mapping[str, Value], mode: Rounding) -> None:
        self.facts, self.mode = facts, mode

    def value(self, node: t.Node) -> Value:
        """The value of an expression.

        Raises:
            ZeroDivisionError: a divisor that is demanded is zero.
        """
        return getattr(self, f"_{type(node).__name__.lower()}")(node)

    def _number(self, node: t.Number | t.Money | t.Percent) -> Value:
        return Fraction(node.value, ONE)

    _money = _percent = _number

    def _yesno(self, node: t.YesNo) -> Value:
        return node.value

    def _reference(self, node: t.Reference) -> Value:
        return self.facts.get(node.name, node.name)

    def _parenthesized(self, node: t.Parenthesized) -> Value:
        return self.value(node.inner)

    def _negative(self, node: t.Negative) -> Value:
        return -self.value(node.operand)

    def _arithmetic(self, node: t.Arithmetic) -> Value:
        exact = self._exactly(node)
        return exact if node.operator in "+-" else kept(exact)

    def _exactly(self, node: t.Arithmetic) -> Fraction:
        left, right = self.value(node.left), self.value(node.right)
        if node.operator in "+-":
            return left + right if node.operator == "+" else left - right
        return left / right if node.operator == "/" else left * right

    def _rounded(self, node: t.Rounded) -> Value:
        """Written on a `*` or `/`, the exact result is rounded once."""
        inner: t.Node = node.operand
        while isinstance(inner, t.Parenthesized):
            inner = inner.inner
        value = self._exactly(inner) if isinstance(inner, t.Arithmetic) else self.value(inner)
        return rounded(value, node.rule.places, node.rule.mode or self.mode)

    def _keptwithin(self, node: t.KeptWithin) -> Value:
        return min(max(self.value(node.operand), self.value(node.low)), self.value(node.high))

    def _aspercent(self, node: t.AsPercent) -> Value:
        return self.value(node.operand)

    def _call(self, node: t.Call) -> Value:
        if node.function.text == "known":
            return self.value(node.arguments[0].value) is not None
        values = [self.value(argument.value) for argument in node.arguments]
        return {"least": min, "greatest": max}[node.function.text](values)

    def _withdefault(self, node: t.WithDefault) -> Value:
        value = self.value(node.operand)
        return self.value(node.fallback) if value is None else value

    def _if(self, node: t.If) -> Value:
        return self.value(node.then if self.value(node.condition) else node.otherwise)

    def _choose(self, node: t.Choose) -> Value:
        return next(self.value(r.value) for r in node.rows if r.condition is None or self.value(r.condition))

    def _bands(self, node: t.Bands) -> Value:
        at = self.value(node.operand)
        return next(self.value(band.value) for band in node.rows if band.below is None or at < self.value(band.below))

    def _bestof(self, node: t.BestOf) -> Value:
        values = [self.value(a.value) for a in node.alternatives if a.condition is None or self.value(a.condition)]
        return max(values) if node.greater else min(values)

    def _numbermet(self, node: t.NumberMet) -> Value:
        return Fraction(sum(self.value(condition) for condition in node.conditions))

    def _increased(self, node: t.Increased) -> Value:
        base, factor = self.value(node.operand), Fraction(1)
        for increase in node.increases:
            part = self.value(increase.value) if self.value(increase.condition) else Fraction(0)
            factor = kept(factor * (1 + part)) if node.compounding else factor + part
        return kept(base * factor)

    def _steps(self, node: t.Steps) -> Value:
        base, step, size = self.value(node.base), self.value(node.step), self.value(node.size)
        excess = max(self.value(node.quantity) - self.value(node.above), Fraction(0))
        if node.full:
            total = base + kept(rounded(excess / size, 0, Rounding.DOWN) * step)
        else:
            total = base + kept(kept(excess * step) / size)
        return total if node.cap is None else min(total, self.value(node.cap))

    def _compare(self, node: t.Compare) -> Value:
        return COMPARED[node.operator](self.value(node.left), self.value(node.right))

    def _inset(self, node: t.InSet) -> Value:
        return self.value(node.operand) in [self.value(member) for member in node.members]

    def _inrange(self, node: t.InRange) -> Value:
        return self.value(node.low) <= self.value(node.operand) <= self.value(node.high)

    def _logic(self, node: t.Logic) -> Value:
        return (all if node.operator == "and" else any)(self.value(operand) for operand in node.operands)

    def _not(self, node: t.Not) -> Value:
        return not self.value(node.operand)
