"""Interval analysis of the plan: how small and how large every value can be, and which conditions are decided.

The bounds come from the declared types of facts, from the values that parameters really have and the bounds they are
open within, and from what is assumed: conditions that a gate or a row of a choice has already established. They are
never too narrow; they can be wider than what the text makes possible.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from mhrules.exact import ONE, PLACES
from mhrules.plan import intervals, ir
from mhrules.plan.intervals import EVERYTHING, TRUTH, Interval
from mhrules.plan.measures import MEASURES, POOLED
from mhrules.plan.signatures import Signatures
from mhrules.plan.whole import Plan
from mhrules.semantics.calendar import MONTHS_IN_YEAR
from mhrules.semantics.program import Program
from mhrules.semantics.types import Kind
from mhrules.syntax import tree as t

MANY = 10**7  # more practices, members or claims than a row can have, for the bounds of sums
NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}
SWAPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
NET_OF_REVERSALS = ("allowed", "paid", "cost")  # of a claim line, a member: reversals are netted, so never below 0
EFFORT = 50_000  # steps of reasoning with assumptions, beyond which they are left aside; that only widens bounds

Assumptions = Mapping[int, Interval]
"""What is known of expressions, by their signature: numbers in an interval, yes/no as (1, 1) or (0, 0)."""
NOTHING_ASSUMED: Assumptions = {}


def step_of(expression: ir.Expression) -> int:
    """The step of the values of an expression, in units of 10**-12."""
    step: int = 10 ** (PLACES - scale(expression))
    return step


def scale(expression: ir.Expression) -> int:
    """How many decimal places the values of an expression can have."""
    return min(PLACES, max(0, expression.type.places))


def _most_points(program: Program, name: str, above: frozenset[str]) -> int:
    """The most points that a measure can earn: its own, those of its best band, or those of its parts."""
    measure = program.measures.get(name)
    if measure is None or name in above:
        return 0  # reported where it is named
    found = [0]
    for part in measure.parts:
        if isinstance(part, t.MeasurePart) and part.kind == "points":
            found += [v.value for v in part.values if isinstance(v, t.Number)]
        elif isinstance(part, t.MeasurePart) and part.kind == "bands":
            found += [v.value.value for v in part.values if isinstance(v, t.Band) and isinstance(v.value, t.Number)]
        elif isinstance(part, t.MeasurePart) and part.kind == "composite":
            parts = [v.text for v in part.values if isinstance(v, t.Name)]
            found.append(sum(_most_points(program, each, above | {name}) for each in parts))
    return max(found)


class Bounds:
    """The bounds of the expressions of one plan, as types and parameters give them; what was worked out is kept.

    `counts` are the most elements that a row can have below it, by the key that they add; of others `MANY`.
    """

    def __init__(self, plan: Plan, counts: Mapping[str, int]) -> None:
        self.plan = plan
        self.signatures = Signatures()
        self._counts = counts
        self._known: dict[tuple[int, frozenset[tuple[int, Interval]]], Interval] = {}
        self._sound: dict[ir.Expression, bool] = {}
        self._assumed: dict[tuple[int, bool, frozenset[tuple[int, Interval]]], Assumptions | None] = {}
        self._effort = 0

    def signature(self, expression: ir.Expression) -> int:
        """A number that two expressions share if they are structurally the same."""
        return self.signatures.of(expression)

    def is_sound(self, expression: ir.Expression) -> bool:
        """Whether no mistake was found anywhere inside, through the quantities it reads."""
        found = self._sound.get(expression)
        if found is None:
            parts = expression.parts()
            if isinstance(expression, ir.Read):
                parts = (expression.quantity.expression,)
            found = not expression.type.is_unknown and all(self.is_sound(part) for part in parts)
            self._sound[expression] = found
        return found

    # -------------------------------------------------------------------------------------- intervals

    def interval(self, expression: ir.Expression, assumed: Assumptions = NOTHING_ASSUMED) -> Interval:
        """The least and the greatest value, in units of 10**-12; None where there is no bound.

        A yes/no is 0 or 1. What is missing has no value and does not count.
        """
        number = self.signature(expression)
        within = self.signatures.within(expression)
        relevant = {n: i for n, i in assumed.items() if n in within or self._is_part(n, within)}
        if relevant and self._effort > EFFORT:
            relevant = {}
        key = (number, frozenset(relevant.items()))
        found = self._known.get(key)
        if found is None:
            self._effort += bool(relevant)
            found = self._interval(expression, relevant)
            if number in relevant:
                found = intervals.meet(found, relevant[number]) or found
            self._known[key] = found
        return found

    def _is_part(self, number: int, within: frozenset[int]) -> bool:
        """Whether an assumption is about a difference of two values that stand inside, written or not."""
        pair = self.signatures.pair(number)
        return pair is not None and within.issuperset(pair)

    def _interval(self, node: ir.Expression, assumed: Assumptions) -> Interval:
        match node:
            case ir.Read(move=None):
                return self.interval(node.quantity.expression, assumed)
            case ir.Read():
                return self.interval(node.quantity.expression)
            case ir.Setting():
                return self._setting(node)
            case ir.Feature():
                return self._feature(node)
            case ir.Arithmetic():
                return self._arithmetic(node, assumed)
            case ir.Round():
                return intervals.outward(self.interval(node.operand, assumed), 10 ** (PLACES - node.places))
            case ir.Extreme():
                return self._extreme(node, assumed)
            case ir.Case():
                return self._case(node, assumed)
            case ir.Default():
                return intervals.hull([self.interval(node.operand, assumed), self.interval(node.fallback, assumed)])
            case ir.Aggregate():
                return self._aggregate(node)
            case ir.Split():
                return intervals.scaled_by_count(self.interval(node.pool), 1)
            case _ if node.type.kind is Kind.YES_NO:
                return TRUTH
            case _:
                return (node.type.low, node.type.high)

    def _setting(self, node: ir.Setting) -> Interval:
        """The values that a parameter has for some payer."""
        if not node.type.is_number:
            return TRUTH
        values = (v.value for payer in self.plan.payers for v in payer.settings.get(node.parameter, ()))
        return intervals.hull([(v, v) for v in values if isinstance(v, int)])

    def _feature(self, node: ir.Feature) -> Interval:
        return (node.type.low, node.type.high) if node.type.is_number else TRUTH

    def _arithmetic(self, node: ir.Arithmetic, assumed: Assumptions) -> Interval:
        left, right = self.interval(node.left, assumed), self.interval(node.right, assumed)
        step = 1 if node.places is None else 10 ** (PLACES - node.places)
        if node.operator == "+":
            return intervals.outward(intervals.add(left, right), step)
        if node.operator == "-":
            found = intervals.subtract(left, right)
            known = self._difference(node.left, node.right, assumed)
            return intervals.outward(intervals.meet(found, known) or found, step)
        if node.operator == "/":
            return intervals.quotient(left, right, step_of(node.right), step)
        if self.signature(node.left) == self.signature(node.right):
            return intervals.meet(intervals.product(left, right, step), (0, None)) or (0, None)
        return intervals.product(left, right, step)

    def _difference(self, left: ir.Expression, right: ir.Expression, assumed: Assumptions) -> Interval:
        """What is assumed of `left - right`, or of `right - left`."""
        forward = assumed.get(self.signatures.difference(left, right), EVERYTHING)
        backward = intervals.negative(assumed.get(self.signatures.difference(right, left), EVERYTHING))
        return intervals.meet(forward, backward) or forward

    def _extreme(self, node: ir.Extreme, assumed: Assumptions) -> Interval:
        conditions = node.conditions or (None,) * len(node.operands)
        always: list[Interval] = []
        sometimes: list[Interval] = []
        for operand, condition in zip(node.operands, conditions, strict=True):
            inner = assumed if condition is None else self.assume(condition, assumed)
            if inner is not None:
                (always if condition is None else sometimes).append(self.interval(operand, inner))
        found = intervals.hull([*always, *sometimes])
        # What always counts bounds the result from its own side: the greatest of several is at least each of them.
        for low, high in always:
            bound: Interval = (low, None) if node.greatest else (None, high)
            found = intervals.meet(found, bound) or found
        return found

    def _case(self, node: ir.Case, assumed: Assumptions) -> Interval:
        """The rows that can apply, each where its condition holds and those above it do not."""
        found = []
        rest: Assumptions | None = assumed
        for row in node.rows:
            if rest is None:
                break
            inner = rest if row.condition is None else self.assume(row.condition, rest)
            if inner is not None:
                found.append(self.interval(row.value, inner))
            rest = None if row.condition is None else self.assume(row.condition, rest, holds=False)
        # Where no row can apply there is no value to bound; that is a finding of its own.
        return intervals.hull(found) if found else (0, 0)

    def _aggregate(self, node: ir.Aggregate) -> Interval:
        most = self.most_elements(node)
        if node.function == "count":
            return (0, most * ONE)
        if node.function == "share":
            return (0, ONE)
        if node.body is None or not node.body.type.is_number:
            return TRUTH
        inner = NOTHING_ASSUMED if node.where is None else self.assume(node.where) or NOTHING_ASSUMED
        body = self.interval(node.body, inner)
        return intervals.scaled_by_count(body, most) if node.function == "sum" else body

    def most_elements(self, node: ir.Aggregate) -> int:
        """How many elements an aggregate can run over."""
        most = 1
        for key in node.over:
            most *= self._counts.get(key, MANY)
        return most

    # ------------------------------------------------------------------------------------- conditions

    def truth(self, condition: ir.Expression, assumed: Assumptions = NOTHING_ASSUMED) -> bool | None:
        """Whether a condition holds at every row, or at none; None if it depends."""
        if self.assume(condition, assumed) is None:
            return False
        if self.assume(condition, assumed, holds=False) is None:
            return True
        return None

    def assume(
        self, condition: ir.Expression, assumed: Assumptions = NOTHING_ASSUMED, *, holds: bool = True
    ) -> Assumptions | None:
        """What is known once a condition holds (or does not), with what was known before; None if it cannot be."""
        key = (self.signature(condition), holds, frozenset(assumed.items()))
        if key not in self._assumed:
            self._effort += 1
            self._assumed[key] = assumed if self._effort > EFFORT else self._assume(condition, assumed, holds)
        return self._assumed[key]

    def _assume(self, condition: ir.Expression, assumed: Assumptions, holds: bool) -> Assumptions | None:
        match condition:
            case ir.Literal(value=bool()):
                return assumed if condition.value is holds else None
            case ir.Not():
                return self.assume(condition.operand, assumed, holds=not holds)
            case ir.Read(move=None):
                return self.assume(condition.quantity.expression, assumed, holds=holds)
            case ir.Logic() if (condition.operator == "and") is holds:
                return self._assume_all(condition.operands, assumed, holds)
            case ir.Logic():
                return self._assume_some(condition.operands, assumed, holds)
            case ir.Compare() if condition.left.type.is_number and condition.right.type.is_number:
                operator = condition.operator if holds else NEGATED[condition.operator]
                return self._compared(condition.left, operator, condition.right, assumed)
            case ir.OneOf() if condition.operand.type.is_number and holds:
                numbers = [(v, v) for v in condition.values if isinstance(v, int)]
                return self._with(
                    self.signature(condition.operand), intervals.hull(numbers), condition.operand, assumed
                )
            case ir.Compare(operator="!="):
                equal = attrs.evolve(condition, operator="=")
                return self.assume(equal, assumed, holds=not holds)
            case _:
                truth = (1, 1) if holds else (0, 0)
                number = self.signature(condition)
                before = assumed.get(number, TRUTH)
                return None if intervals.meet(before, truth) is None else {**assumed, number: truth}

    def _assume_all(self, parts: tuple[ir.Expression, ...], assumed: Assumptions, holds: bool) -> Assumptions | None:
        found: Assumptions | None = assumed
        for part in parts:
            found = None if found is None else self.assume(part, found, holds=holds)
        return found

    def _assume_some(self, parts: tuple[ir.Expression, ...], assumed: Assumptions, holds: bool) -> Assumptions | None:
        """What all ways to satisfy one of the parts have in common."""
        ways = []
        rest: Assumptions | None = assumed
        for part in parts:
            if rest is None:
                break
            way = self.assume(part, rest, holds=holds)
            if way is not None:
                ways.append(way)
            rest = self.assume(part, rest, holds=not holds)
        if not ways:
            return None
        shared = set(ways[0]).intersection(*ways[1:])
        return {number: intervals.hull([way[number] for way in ways]) for number in shared}

    def _compared(
        self, left: ir.Expression, operator: str, right: ir.Expression, assumed: Assumptions
    ) -> Assumptions | None:
        """What `left operator right` says of both sides and of their difference."""
        one, other = self.interval(left, assumed), self.interval(right, assumed)
        if operator == "!=":
            same = one[0] is not None and one == other and one[0] == one[1]
            apart = self._excluded(left, one, other) or one
            return None if same else self._with(self.signature(left), apart, left, assumed)
        step = min(step_of(left), step_of(right))
        gap = step if operator in ("<", ">") else 0
        low = None if other[0] is None else other[0] + gap
        high = None if other[1] is None else other[1] - gap
        sides: dict[str, Interval] = {
            "=": other,
            "<": (None, high),
            "<=": (None, high),
            ">": (low, None),
            ">=": (low, None),
        }
        found = self._with(self.signature(left), sides[operator], left, assumed)
        if found is None:
            return None
        low = None if one[0] is None else one[0] + gap
        high = None if one[1] is None else one[1] - gap
        sides = {"=": one, "<": (low, None), "<=": (low, None), ">": (None, high), ">=": (None, high)}
        found = self._with(self.signature(right), sides[operator], right, found)
        if found is None or isinstance(left, ir.Literal) or isinstance(right, ir.Literal):
            return found
        between: dict[str, Interval] = {
            "=": (0, 0),
            "<": (None, -gap),
            "<=": (None, 0),
            ">": (gap, None),
            ">=": (0, None),
        }
        known = intervals.meet(intervals.subtract(one, other), self._difference(left, right, found))
        known = None if known is None else intervals.meet(known, between[operator])
        return None if known is None else {**found, self.signatures.difference(left, right): known}

    def _excluded(self, left: ir.Expression, one: Interval, other: Interval) -> Interval | None:
        """The interval of `left` without one end that it is known not to have."""
        if other[0] is None or other[0] != other[1]:
            return None
        if one[0] == other[0]:
            return (other[0] + step_of(left), one[1])
        if one[1] == other[0]:
            return (one[0], other[0] - step_of(left))
        return None

    def _with(
        self, number: int, interval: Interval, expression: ir.Expression, assumed: Assumptions
    ) -> Assumptions | None:
        """The assumptions with one more interval; None if it leaves no value."""
        if isinstance(expression, ir.Literal):
            value = self.interval(expression)
            return None if intervals.meet(value, interval) is None else assumed
        known = intervals.meet(self.interval(expression, assumed), interval)
        if known is None:
            return None
        return {**assumed, number: known} if known != self.interval(expression) else assumed


class DeclaredBounds(Bounds):
    """The bounds of a program before it meets data: what its facts, parameters and measures are declared to be."""

    def __init__(self, program: Program, plan: Plan) -> None:
        lines = {line for payer in plan.payers for line in payer.lines}
        counts = {
            "payer": max(1, len(plan.payers)),
            "line": max(1, len(lines)),
            "month": MONTHS_IN_YEAR,
            "measure": max(1, len(program.measures)),
        }
        super().__init__(plan, counts)
        self.program = program
        self._points = max((_most_points(program, name, frozenset()) for name in program.measures), default=None)

    def _setting(self, node: ir.Setting) -> Interval:
        """The values that a parameter has for some payer, and those that it is open within."""
        if not node.type.is_number:
            return TRUTH
        declared = self.program.parameters[node.parameter]
        values = [v.value for payer in self.plan.payers for v in payer.settings.get(node.parameter, ())]
        values += [v.value for v in declared.schedule]
        numbers = [v for v in values if isinstance(v, int)]
        if not declared.opened:
            return intervals.hull([(v, v) for v in numbers])
        # Nobody has set it yet: a blank is not owed, and what a contract sets is bounded when it is bound.
        low = declared.low if declared.low is not None else min(numbers, default=0)
        high = declared.high if declared.high is not None else max(numbers, default=node.type.high)
        return (low, high)

    def _feature(self, node: ir.Feature) -> Interval:
        low, high = super()._feature(node)
        if not node.type.is_number:
            return TRUTH
        if node.column in NET_OF_REVERSALS and low is not None:
            low = max(low, 0)
        if node.collection in (MEASURES, POOLED) and self._points is not None:
            high = self._points
        return (low, high)
