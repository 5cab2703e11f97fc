"""How wide the integers of a relation have to be: 63 bits where the loaded data prove that they are enough.

A relation works out rows that nobody asks for, and the parts of a choice that do not apply. So these intervals rest on
no condition: in every row a value is missing or lies inside. Where a proof were wrong the engine's overflow raises, and
the interpreter takes over.
"""

from __future__ import annotations

from collections.abc import Iterator

from mhrules.classes import frozen
from mhrules.data import population
from mhrules.engine.facts import Facts
from mhrules.engine.records import CLAIM, EVENT, KINDS, LINE, OF_EVENTS, PRESCRIPTION, RESULT, STATE, VISIT
from mhrules.engine.sql.dialect import NARROW
from mhrules.engine.sql.loaded import Loaded
from mhrules.exact import ONE, PLACES, to_text
from mhrules.plan import intervals, ir
from mhrules.plan.bounds import MANY, NOTHING_ASSUMED, Assumptions, Bounds, scale
from mhrules.plan.intervals import Interval
from mhrules.plan.measures import MEASURES, POOLED
from mhrules.plan.whole import Plan
from mhrules.semantics.builtins import ELEMENTS, OF_PEOPLE

MONTHS = 24  # of a period, at most: those of a contract year are counted on both sides of its start
AGES: Interval = (-(10**4) * ONE, 10**4 * ONE)  # whatever the dates
TABLES = {
    LINE: (population.MEDICAL,),
    CLAIM: (population.MEDICAL,),
    VISIT: (population.MEDICAL, population.ENCOUNTER),
    PRESCRIPTION: (population.PHARMACY,),
    STATE: (population.CONDITION,),
    RESULT: (population.LAB_RESULT,),
}
"""The tables that records of a kind come from."""
MOST_REASONS = 6


@frozen
class Why:
    """The bounds of an expression, in units of 10**-12, whether it needs the wide type, and what the bounds rest on."""

    interval: Interval
    places: int
    wide: bool
    because: tuple[str, ...]

    def __str__(self) -> str:
        """In words."""
        held = f"{self.places} place{'' if self.places == 1 else 's'}" if self.places else "whole numbers"
        reasons = f", because {'; '.join(self.because)}" if self.because else ""
        return f"{held}, {_told(self.interval)}{reasons}"


class Widths(Bounds):
    """The bounds of a plan's expressions in relations of one data set.

    Of a table without rows the bounds are those that its columns declare. `practices` is how many there are.
    """

    def __init__(self, plan: Plan, facts: Facts, loaded: Loaded, practices: int) -> None:
        keyed_by_line = [table.name for table in facts.schema.tables if "line" in facts.key_names(table)]
        lines = {line for payer in plan.payers for line in payer.lines}
        counts = {
            "payer": max(1, len(plan.payers)),
            "practice": practices or MANY,
            "line": max(1, len(lines)) + sum(loaded.table(name).rows for name in keyed_by_line),
            "month": MONTHS,
            "measure": max(1, len(plan.measures)),
        }
        counts |= dict.fromkeys(plan.practice_keys, practices or MANY)
        super().__init__(plan, counts)
        self.facts = facts
        self.loaded = loaded

    # ----------------------------------------------------------------------------------------- widths

    def size(self, node: ir.Expression, places: int | None = None) -> int | None:
        """The greatest magnitude as an integer at `places`, or at the expression's own; None if not bounded."""
        largest = intervals.largest(self.interval(node))
        step = 10 ** (PLACES - (scale(node) if places is None else places))
        return None if largest is None else -(-largest // step)

    def is_wide(self, node: ir.Expression) -> bool:
        """Whether a number at its own places can need more than 63 bits."""
        return not fits(self.size(node))

    def why(self, node: ir.Expression) -> Why:
        """The bounds and the width of a number in a relation, and what they rest on."""
        reasons = tuple(dict.fromkeys(self._reasons(node)))
        more = len(reasons) - MOST_REASONS
        listed = (*reasons[:MOST_REASONS], f"and {more} more") if more > 0 else reasons
        return Why(self.interval(node), scale(node), self.is_wide(node), listed)

    def _reasons(self, node: ir.Expression) -> Iterator[str]:
        """What the bounds of a number rest on: loaded and declared columns, parameters, counts."""
        match node:
            case ir.Read():
                yield from self._reasons(node.quantity.expression)
            case ir.Cell() | ir.Feature() | ir.Panel() | ir.Setting() if node.type.is_number:
                yield self._reason(node)
            case ir.Case():
                for row in node.rows:
                    yield from self._reasons(row.value)
            case ir.Extreme():
                for operand in node.operands:
                    yield from self._reasons(operand)
            case ir.Aggregate():
                if node.function in ("sum", "count"):
                    over = " and ".join(key.replace("_", " ") for key in node.over)
                    yield f"there are at most {self.most_elements(node):,} to a row by {over}"
                if node.body is not None and node.function != "count":
                    yield from self._reasons(node.body)
            case ir.Compare() | ir.Logic() | ir.Not() | ir.OneOf() | ir.Known():
                return
            case _:
                for part in node.parts():
                    yield from self._reasons(part)

    def _reason(self, node: ir.Cell | ir.Feature | ir.Panel | ir.Setting) -> str:
        told = _told(self.interval(node))
        if isinstance(node, ir.Cell):
            is_loaded = node.column in self.loaded.table(node.table).columns
            return f"`{node.table}.{node.column}` is {'loaded' if is_loaded else 'declared'} {told}"
        if isinstance(node, ir.Setting):
            return f"parameter `{node.parameter}` is set {told}"
        if isinstance(node, ir.Panel):
            return f"member months of a month are {told}"
        return f"`{node.column}` of {node.collection.replace('_', ' ')} is {told}"

    # -------------------------------------------------------------------------------------- intervals

    def assume(
        self, condition: ir.Expression, assumed: Assumptions = NOTHING_ASSUMED, *, holds: bool = True
    ) -> Assumptions | None:
        """Nothing more than before: a relation also works out what a condition keeps from being asked for."""
        return assumed

    def _interval(self, node: ir.Expression, assumed: Assumptions) -> Interval:
        if not node.type.is_number:
            return super()._interval(node, assumed)
        match node:
            case ir.Cell():
                return self._column(node.table, node.column, node)
            case ir.Reported():
                return self._column(population.RESULT, node.column, node)
            case ir.Panel():
                return self._panel(node)
            case ir.Rank():
                return (0, self._counts["practice"] * ONE)
            case ir.Split():
                places, _ = self.plan.rounding
                pool = intervals.outward(self.interval(node.pool), 10 ** (PLACES - places))
                return intervals.scaled_by_count(pool, 1)
            case _:
                return super()._interval(node, assumed)

    def _column(self, table: str, column: str, node: ir.Expression) -> Interval:
        """What a column is loaded with, or else declared to hold."""
        declared = (node.type.low, node.type.high)
        return self.loaded.table(table).columns.get(column, declared) if self.facts.knows(table) else declared

    def _panel(self, node: ir.Panel) -> Interval:
        """Months of the members who are enrolled, or of the panel, whose counts of several payers are added up."""
        if self.facts.present(population.ELIGIBILITY):
            return (0, self._rows(population.ELIGIBILITY) * ONE)
        months = self._column(self.facts.schema.panel, "member_months", node)
        return intervals.scaled_by_count(months, self._counts["payer"] if node.across else 1)

    def _feature(self, node: ir.Feature) -> Interval:
        if node.collection in (MEASURES, POOLED):
            pooled = node.collection == POOLED
            found = [m.feature(node.column).expression for m in self.plan.measures if m.pooled == pooled]
            return intervals.hull([self.interval(each) for each in found])
        if node.column == "age":
            return AGES
        amounts = self._amounts(node)
        if amounts is not None:
            return amounts
        if node.collection in OF_PEOPLE:
            return super()._feature(node)
        table = OF_EVENTS + node.collection
        return self._column(population.LAB_RESULT if node.column == "result" else table, node.column, node)

    def _amounts(self, node: ir.Expression) -> Interval | None:
        """Of an amount that is netted and added up, what all the rows come to that it can be made of."""
        if not isinstance(node, ir.Feature) or node.collection in (MEASURES, POOLED):
            return None
        if node.collection in OF_PEOPLE:
            if node.column != "cost":
                return None
            tables: tuple[str, ...] = population.CLAIMS
            feature = self.plan.members.cost
        elif node.column in population.SUMMED and node.collection in ELEMENTS:
            tables, feature = TABLES[ELEMENTS[node.collection].key], node.column
        else:
            return None
        total: Interval = (0, 0)
        for table in tables:
            column = population.FEATURES[table].get(feature, "") if self.facts.knows(table) else ""
            if column:
                each = self.loaded.table(table).columns.get(column)
                total = intervals.add(total, self._of_rows(table, each or (node.type.low, node.type.high)))
        return total

    def _of_rows(self, table: str, each: Interval) -> Interval:
        return intervals.scaled_by_count(each, self._rows(table))

    def _rows(self, table: str) -> int:
        """How many rows a table has; very many where none is loaded yet."""
        return (self.loaded.table(table).rows if self.facts.knows(table) else 0) or MANY

    def _aggregate(self, node: ir.Aggregate) -> Interval:
        if node.function == "sum" and node.body is not None:
            amounts = self._amounts(node.body)
            if amounts is not None:
                # Every row of the tables counts once in it, for each payer, and each of the other keys it runs over.
                others = [key for key in node.over if key not in (*KINDS, *_PEOPLE, "payer")]
                most = self._counts["payer"]
                for key in others:
                    most *= self._counts.get(key, MANY)
                return intervals.scaled_by_count(amounts, most)
        found = super()._aggregate(node)
        # A relation's average counts rows whose value is missing, and has a fault then.
        return intervals.hull([found, (0, 0)]) if node.function == "average" else found

    def most_elements(self, node: ir.Aggregate) -> int:
        """How many elements an aggregate can run over."""
        most = 1
        for key in node.over:
            most *= self._elements(key, node.event)
        return most

    def _elements(self, key: str, event: str) -> int:
        if key in _PEOPLE:
            return self._rows(population.ELIGIBILITY)
        if key == EVENT:
            return self._rows(OF_EVENTS + event) * self._counts["payer"]
        if key in TABLES:
            tables = [table for table in TABLES[key] if self.facts.present(table)]
            return sum(map(self._rows, tables or TABLES[key])) * self._counts["payer"]
        if key == population.PROVIDER:
            return self._rows(population.PROVIDER)
        return self._counts.get(key, MANY)


_PEOPLE = frozenset(ELEMENTS[name].key for name in OF_PEOPLE)


def fits(size: int | None) -> bool:
    """Whether the narrow type holds a magnitude."""
    return size is not None and size < NARROW


def _told(interval: Interval) -> str:
    """An interval in words."""
    low, high = (None if end is None else _grouped(end) for end in interval)
    if low is None or high is None:
        return "not bounded" if low == high else f"not below {low}" if high is None else f"not above {high}"
    return f"between {low} and {high}" if low != high else f"always {low}"


def _grouped(value: int) -> str:
    """A number with its digits in groups."""
    whole, _, places = to_text(abs(value)).partition(".")
    sign = "-" if value < 0 else ""
    return f"{sign}{int(whole):,}" + (f".{places}" if places else "")
