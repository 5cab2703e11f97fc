"""The reference interpreter: what every expression of a plan means, in exact integers.

Read it beside `docs/reference/semantics.md`. A value is worked out where it is demanded, and only there; each
quantity once per row of its grain. What cannot be known raises `Faulted` in whoever demands it.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from attrs import evolve

from mhrules.classes import frozen
from mhrules.data.schema import ColumnKind
from mhrules.engine import kernel
from mhrules.engine.aggregates import Aggregates
from mhrules.engine.facts import Facts
from mhrules.engine.faults import Faulted, Gathering, fault
from mhrules.engine.measures import Measures
from mhrules.engine.rows import Clock, Row, Step, clock_words
from mhrules.engine.slices import Across, is_across
from mhrules.engine.world import World
from mhrules.exact import ONE, PLACES, Rounding, divide, round_to, to_text
from mhrules.plan import ir
from mhrules.plan.measures import MEASURES, POOLED
from mhrules.plan.whole import Plan, SettingValue
from mhrules.semantics.calendar import MONTHS_IN_YEAR, first_day, last_day, month_label
from mhrules.semantics.types import Kind
from mhrules.source import Span

DEEPEST = 50_000  # Python calls; a quantity that rests on another takes about ten
T = TypeVar("T")
_RUNNING = object()  # stands in the memory for a value that is being worked out


@contextmanager
def deep() -> Iterator[None]:
    """Room for quantities that rest on hundreds of others; what was allowed before is restored."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, DEEPEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


class Ledger(Protocol):
    """The payments' own lines, which `total(x)` and `paid(x)` read; `settle` has them."""

    def total(self, payment: str, row: Row, net: bool) -> int:
        """The rounded amounts of a payment for the row's payer and practice within its period.

        Raises:
            Faulted: one of its lines cannot be known.
        """
        ...


@frozen
class SplitRecord:
    """One pool as it was split: the whole and the parts in units of 10**-12, and what returned to the payers.

    `weights` is what all weights come to, those of refused parts too, in units of 10**-12; `settled`: it was read from
    a settlement, so that the weights of others were not worked out.
    """

    span: Span
    group: Row
    pool: int
    parts: dict[str, int]
    returned: int
    weights: int
    settled: bool = False


class Interpreter:
    """A plan on a data set. `ledger` is needed only where the plan reads totals of payments.

    `across` has values over all practices that were settled before, for a data set that is a slice; `noted` are those
    that were worked out here.
    """

    def __init__(self, plan: Plan, facts: Facts, ledger: Ledger | None = None) -> None:
        self.plan = plan
        self.facts = facts
        self.world = World(plan, facts, self.evaluate, self.truth)
        self.measures = Measures(self.world, self.evaluate, self.quantity)
        self.splits: dict[tuple[ir.Split, Row], SplitRecord] = {}
        self.across: Across | None = None
        self.noted: dict[tuple[ir.Expression, Row], ir.Value] = {}
        self._ledger = ledger
        self._memo: dict[tuple[object, ...], Any] = {}
        self._steps: dict[tuple[object, ...], Step] = {}
        self._path: list[Step] | None = None
        self._meaning: dict[type, Callable[[Any, Row], ir.Value]] = {
            ir.Literal: lambda e, row: e.value,
            ir.RowKey: lambda e, row: self.world.lookup(row, e.key),
            ir.Feature: self._feature,
            ir.Cell: self._cell,
            ir.Panel: self._panel,
            ir.Setting: self._setting,
            ir.Clock: self._clock,
            ir.Read: self._read,
            ir.Arithmetic: self._arithmetic,
            ir.Round: lambda e, row: round_to(self.number(e.operand, row), e.places, e.rounding),
            ir.Extreme: self._extreme,
            ir.Compare: self._compare,
            ir.OneOf: lambda e, row: self.known(e.operand, row) in e.members,
            ir.Logic: self._logic,
            ir.Not: lambda e, row: not self.truth(e.operand, row),
            ir.Case: self._case,
            ir.Known: lambda e, row: self.or_missing(e.operand, row) is not None,
            ir.Default: self._default,
            ir.Aggregate: self._noting(Aggregates(self).value),
            ir.Reported: self.measures.reported,
            ir.Rank: self._noting(self.measures.rank),
            ir.Total: self._total,
            ir.Split: self._split,
        }

    # ------------------------------------------------------------------------------------- evaluation

    def evaluate(self, expression: ir.Expression, row: Row) -> ir.Value:
        """The value of an expression at a row; None if it is missing.

        Raises:
            Faulted: it cannot be known.
        """
        if self._path is None:
            return self._meaning[type(expression)](expression, row)
        return self.traced(expression, row, lambda: self._meaning[type(expression)](expression, row))

    def known(self, expression: ir.Expression, row: Row) -> ir.Value:
        """The value of an expression that something is done with: it may not be missing.

        Raises:
            Faulted: it is missing (MH702), or cannot be known.
        """
        value = self.evaluate(expression, row)
        if value is None:
            words = " ".join(expression.span.text.split())
            raise fault(
                "MH702",
                f"`{words}` is missing for {self.words(row)}, and something is done with it",
                expression.span,
                label="missing here",
                help="say what absence means, with `default` or `if known(…)`",
            )
        return value

    def number(self, expression: ir.Expression, row: Row) -> int:
        """The number that an expression is, in units of 10**-12.

        Raises:
            Faulted: as `known`.
        """
        value = self.known(expression, row)
        assert isinstance(value, int)
        return value

    def truth(self, expression: ir.Expression, row: Row) -> bool:
        """Whether a condition holds.

        Raises:
            Faulted: as `known`.
        """
        value = self.known(expression, row)
        assert isinstance(value, bool)
        return value

    def words(self, row: Row) -> str:
        """A row as people are told."""
        return row.words(self.plan.calendar)

    def quantity(self, quantity: ir.Quantity, row: Row) -> ir.Value:
        """A quantity at the row of its grain that holds `row`, worked out once.

        Raises:
            Faulted: it cannot be known.
        """
        at = self.world.project(row, quantity.grain)
        return self.remember((quantity, at), quantity, at, lambda: self.evaluate(quantity.expression, at))

    def _noting(self, compute: Callable[[Any, Row], ir.Value]) -> Callable[[Any, Row], ir.Value]:
        """What `compute` gives; a value over all practices is noted, or taken from those that were settled before."""

        def value(node: ir.Expression, row: Row) -> ir.Value:
            if not is_across(node, self.plan):
                return compute(node, row)
            found = None if self.across is None else self.across.value(node, row)
            if found is not None:
                self.detail(found)
                return found.value
            self.noted[node, row] = worked_out = compute(node, row)
            return worked_out

        return value

    # ------------------------------------------------------------------------------ memory and traces

    def remember(self, key: tuple[object, ...], what: object, row: Row, compute: Callable[[], T]) -> T:
        """What `compute` gives or raises, worked out once per key.

        Raises:
            Faulted: as `compute`; or the value needs itself (MH999; `check` lets no such text through).
        """
        if key not in self._memo:
            self._memo[key] = _RUNNING
            try:
                self._memo[key] = compute() if self._path is None else self.traced(what, row, compute, key)
            except Faulted as error:
                self._memo[key] = error
        elif self._path is not None and key in self._steps:
            self._path[-1].children.append(self._steps[key])
        found = self._memo[key]
        if found is _RUNNING:
            raise fault("MH999", f"a value needs itself, for {self.words(row)}", None)
        if isinstance(found, Faulted):
            raise Faulted(found.faults)
        value: T = found
        return value

    def traced(self, what: object, row: Row, compute: Callable[[], T], key: tuple[object, ...] | None = None) -> T:
        """What `compute` gives; while a trace runs, as a step of it.

        Raises:
            Faulted: as `compute`.
        """
        if self._path is None:
            return compute()
        step = Step(what, row)
        if key is not None:
            self._steps[key] = step
        self._path[-1].children.append(step)
        self._path.append(step)
        try:
            value = compute()
        except Faulted as error:
            step.faults = error.faults
            raise
        finally:
            self._path.pop()
        if value is None or isinstance(value, (int, str, datetime.date)):
            step.value = value
        else:
            step.detail = value
        return value

    @property
    def tracing(self) -> bool:
        """Whether a trace runs, which keeps what a step found besides its value."""
        return self._path is not None

    def detail(self, found: object) -> None:
        """Note beside the running step of a trace what it found besides its value."""
        if self._path is not None:
            self._path[-1].detail = found

    def trace(self, what: object, row: Row, compute: Callable[[], object]) -> Step:
        """The steps that `compute` takes, worked out anew by the same code; its faults stand in the steps."""
        memo, steps, path, splits = self._memo, self._steps, self._path, self.splits
        root = Step("trace", row)
        self._memo, self._steps, self._path, self.splits = {}, {}, [root], {}
        try:
            with deep():
                self.traced(what, row, compute)
        except Faulted:
            pass  # the step has them
        finally:
            self._memo, self._steps, self._path, self.splits = memo, steps, path, splits
        return root.children[0]

    def quietly(self, compute: Callable[[], T]) -> T:
        """What `compute` gives, without steps: for margins and the like, which a running trace is not about.

        Raises:
            Faulted: as `compute`.
        """
        path, self._path = self._path, None
        try:
            return compute()
        finally:
            self._path = path

    def steps(self, expression: ir.Expression, row: Row) -> Step:
        """The tree of everything that an expression demands at a row."""
        return self.trace(expression, row, lambda: self._meaning[type(expression)](expression, row))

    # ------------------------------------------------------------------------------------------ facts

    def _cell(self, cell: ir.Cell, row: Row) -> ir.Value:
        table = self.facts.indexed(cell.table).table
        key = tuple([self._key(name, row) for name in cell.table_keys])
        stored = tuple([self._stored(value, table.keys[at].kind) for at, value in enumerate(key)])
        day = self._day(cell, row) if table.dated else None
        found = self.facts.cell(cell.table, cell.column, stored, day)
        self.detail(key)
        if found is not None:
            return found[0]
        if cell.type.missing:
            return None
        names = zip(cell.table_keys, key, strict=True)
        where = ", ".join(self._key_words(name, value) for name, value in names) + (f", on {day}" if day else "")
        raise fault(
            "MH701",
            f"table `{cell.table}` has no row for {where}, so `{cell.column}` is not known",
            cell.span,
            label="asked for here",
            help=f"give the row, or declare `{cell.column}` as `or missing` and say what absence means",
        )

    def _key(self, name: str, row: Row) -> str | Clock:
        """The row's value for a key of a table."""
        if name == self.plan.participant:
            return self.world.lookup(row, "practice")
        if name not in ir.TIME_KEYS:
            return self.world.lookup(row, name)
        if name == "month" and row.clock is not None and row.clock[0] != "month":
            return name, self.world.first_month(row)
        return self.world.clock(row, name)

    def _stored(self, value: str | Clock, kind: ColumnKind) -> ir.Value:
        """A key as its column holds it: a year by its name, a contract year by its number, a month by its first day."""
        if isinstance(value, str):
            return value
        if value[0] == "year":
            return self.plan.calendar.year_of(value[1])
        if value[0] == "contract_year":
            return value[1]
        return clock_words(value, self.plan.calendar) if kind is ColumnKind.TEXT else first_day(value[1])

    def _key_words(self, name: str, value: str | Clock) -> str:
        if isinstance(value, str):
            return f"{name.replace('_', ' ')} `{value}`"
        return clock_words(value, self.plan.calendar)

    def _day(self, cell: ir.Cell, row: Row) -> datetime.date:
        """The day of the row's period on which a dated fact is read."""
        months = self.world.months(row) or (self.plan.first_month,)
        return last_day(months[-1]) if cell.moment is ir.Moment.LAST_DAY else first_day(months[0])

    def member_months(self, row: Row) -> int:
        """Member months of the row's payer and practice in its months, in units of 10**-12.

        Where the data only count members, those of the panel; without row 0.
        """
        if self.world.below.given:
            return self.world.below.member_months(row)
        payer, practice = self.world.lookup(row, "payer"), self.world.lookup(row, "practice")
        name = self.facts.schema.panel
        if not self.facts.present(name):
            return 0
        names = self.facts.indexed(name).names
        found = 0
        for month in self.world.months(row):
            values: dict[str, ir.Value] = {"practice": practice, "payer": payer, "month": first_day(month)}
            cell = self.facts.cell(name, "member_months", tuple(values[key] for key in names))
            if cell is not None and isinstance(cell[0], int):
                found += cell[0]
        return found

    def _panel(self, panel: ir.Panel, row: Row) -> int:
        if panel.across:
            payers = list(self.world.elements("payer", row))
            if self.world.below.given:
                people = {each for at in payers for each in self.world.below.people_of(at)}
                return len(people) * ONE
            return sum(self.member_months(at) for at in payers)
        return self.member_months(row)

    def _feature(self, feature: ir.Feature, row: Row) -> ir.Value:
        if feature.collection in (MEASURES, POOLED):
            return self.measures.feature(feature, row)
        return self.world.below.feature(feature, row)

    def _setting(self, setting: ir.Setting, row: Row) -> ir.Value:
        """What the parameter is for the row's payer in its months; the program's value where the row has no payer.

        At a row without time it is the same in all months that the payer owes.
        """
        payer = row.get("payer")
        found: SettingValue | None = None
        owed = self.plan.first_month if payer is None else self.plan.payer(payer).first_month
        month = owed if row.clock is None else self.world.first_month(row)
        if payer is not None:
            found = self.plan.payer(payer).setting(setting.parameter, month)
        else:
            values = [each.setting(setting.parameter, month) for each in self.plan.payers]
            shared = [value for value in values if value is not None and not value.by_contract]
            found = shared[0] if shared else None
        if found is None:
            whom = f"payer `{payer}`" if payer is not None else "all payers"
            raise fault(
                "MH703",
                f"parameter `{setting.parameter}` is blank for {whom} in {month_label(month)}",
                setting.span,
                help="the program or the payer's contract must give a value for every month in which it is owed",
            )
        self.detail(found)
        return found.value

    def _clock(self, clock: ir.Clock, row: Row) -> int:
        if clock.what == "contract_year":
            return self.world.clock(row, "contract_year")[1] * ONE
        if clock.what == "program_year":
            years = self.plan.calendar
            return (years.year_of(self.world.first_month(row)) - years.year_of(self.plan.first_month) + 1) * ONE
        return len(self.world.months(row)) * ONE

    # ------------------------------------------------------------------------------------------ reads

    def _read(self, read: ir.Read, row: Row) -> ir.Value:
        moved = self._moved(read, row)
        return None if moved is None else self.quantity(read.quantity, moved)

    def _moved(self, read: ir.Read, row: Row) -> Row | None:
        """The row at which a quantity is read; None before the program's first year or the payer's or practice's."""
        calendar, grain = self.plan.calendar, read.quantity.grain
        if read.move is None:
            return row
        if read.move is ir.Move.BASE_YEAR:
            assert read.year is not None
            return row.at(("year", calendar.year_first(read.year)), base=True)
        if read.move is ir.Move.PRIOR_CONTRACT_YEAR:
            number = self.world.clock(row, "contract_year")[1] - 1
            moved = row.at(("contract_year", number))
            return self._there(moved, grain) if number >= 1 else None
        if read.move is ir.Move.FIRST_MONTH:
            return row.at(("month", self.world.first_month(row)), base=row.base)
        if read.move is ir.Move.LAST_MONTH:
            self.world.first_month(row)
            return row.at(("month", self.world.months(row)[-1]), base=row.base)
        if read.move is ir.Move.YEAR_BEFORE:
            assert row.clock is not None
            kind, first = row.clock
            return self._there(row.at((kind, first - MONTHS_IN_YEAR), base=row.base), grain)
        year = self.world.clock(row, "year")[1]
        if read.move is ir.Move.YEAR:
            return row.at(("year", year), base=row.base)
        return self._there(row.at(("year", year - MONTHS_IN_YEAR), base=row.base), grain)

    def _there(self, row: Row, grain: tuple[str, ...]) -> Row | None:
        """The row, if a month of its period is left for the keys of the grain."""
        keys = tuple(pair for pair in row.keys if pair[0] in grain or pair[0] == "practice")
        return row if self.world.exists(evolve(row, keys=keys)) else None

    def or_missing(self, operand: ir.Expression, row: Row) -> ir.Value:
        """A value, or None if it is missing; an absent row of a fact that is read directly counts as missing here."""
        try:
            return self.evaluate(operand, row)
        except Faulted as error:
            direct = operand
            while isinstance(direct, ir.Read):
                direct = direct.quantity.expression
            absent = [f for f in error.faults if f.code == "MH701" and f.span == direct.span]
            if isinstance(direct, ir.Cell) and len(absent) == len(error.faults):
                return None
            raise

    def _default(self, default: ir.Default, row: Row) -> ir.Value:
        value = self.or_missing(default.operand, row)
        return self.evaluate(default.fallback, row) if value is None else value

    # ------------------------------------------------------------------------------------- arithmetic

    def _arithmetic(self, node: ir.Arithmetic, row: Row) -> int:
        left, right = self.number(node.left, row), self.number(node.right, row)
        static = (node.left.type.places, node.right.type.places)
        places = PLACES if node.places is None else node.places
        rounding = node.rounding or Rounding.HALF_EVEN
        try:
            if node.operator == "+":
                value = kernel.total((left, right))
            elif node.operator == "-":
                value = kernel.total((left, -right))
            elif node.operator == "*":
                return kernel.product(left, right, places, rounding, static)
            else:
                return kernel.quotient(left, right, places, rounding, static)
        except ZeroDivisionError:
            raise fault(
                "MH704",
                f"`{' '.join(node.right.span.text.split())}` is zero for {self.words(row)}",
                node.right.span,
                label="divided by here",
                help="say what holds when there is nothing to divide by, as in `if … = 0 then … else …`",
            ) from None
        except kernel.TooLarge:
            raise self.too_large(node.span, row) from None
        return value if node.rounding is None else round_to(value, places, rounding)

    def too_large(self, span: Span, row: Row) -> Faulted:
        """The fault that a number needs more than 38 digits."""
        return fault("MH705", f"the numbers for {self.words(row)} need more than 38 digits", span)

    def _extreme(self, node: ir.Extreme, row: Row) -> ir.Value:
        conditions = node.conditions or (None,) * len(node.operands)
        found: list[tuple[Any, str]] = []
        labels = node.labels or ("",) * len(node.operands)
        for operand, condition, label in zip(node.operands, conditions, labels, strict=True):
            if condition is None or self.truth(condition, row):
                found.append((self.known(operand, row), label))
        if not found:
            raise fault("MH708", f"none of the alternatives counts for {self.words(row)}", node.span)
        value, label = found[0]
        for other, name in found[1:]:
            if (other > value) if node.greatest else (other < value):
                value, label = other, name
        self.detail(label)
        chosen: ir.Value = value
        return chosen

    # ------------------------------------------------------------------------------------------ logic

    def _compare(self, node: ir.Compare, row: Row) -> bool:
        return holds(node, self.known(node.left, row), self.known(node.right, row))

    def _logic(self, node: ir.Logic, row: Row) -> bool:
        deciding = node.operator == "or"
        return deciding if any(self.truth(o, row) is deciding for o in node.operands) else not deciding

    def _case(self, node: ir.Case, row: Row) -> ir.Value:
        for each in node.rows:
            if each.condition is None or self.truth(each.condition, row):
                self.detail(each)
                return self.evaluate(each.value, row)
        raise fault("MH708", f"no row applies to {self.words(row)}", node.span)

    def _total(self, node: ir.Total, row: Row) -> int:
        assert self._ledger is not None
        return self._ledger.total(node.payment, row, node.net)

    # ----------------------------------------------------------------------------------------- splits

    def _split(self, node: ir.Split, row: Row) -> int:
        keys = node.pool.keys.union(*(part.keys for part in node.parts())) - {node.among, *ir.TIME_KEYS}
        group = Row(tuple(sorted((key, self.world.lookup(row, key)) for key in keys)), row.clock, row.base)
        own = self.world.lookup(row, node.among)
        record = self.remember((node, group), node, group, lambda: self._split_record(node, group, own))
        self.splits[node, group] = record
        self.detail(record)
        return record.parts.get(own, 0)

    def _split_record(self, node: ir.Split, group: Row, own: str) -> SplitRecord:
        """The pool in whole cents (or what postings are rounded to), split once for everybody in the group."""
        places, rounding = self.plan.rounding
        pool = round_to(self.number(node.pool, group), places, rounding)
        settled = None if self.across is None or not is_across(node, self.plan) else self.across.split(node, group)
        if settled is not None:
            return self._settled_split(
                node, settled, pool, group.without(*self.plan.practice_keys).plus("practice", own)
            )
        cent = 10 ** (PLACES - places)
        gathering = Gathering()
        weights: dict[str, int] = {}
        refused: set[str] = set()
        same = tuple(key for key, _ in group.keys if key in self.plan.practice_keys)
        for element in self.world.elements(node.among, group, same):
            with gathering:
                key = self.world.lookup(element, node.among)
                if node.where is not None and not self.truth(node.where, element):
                    refused.add(key)
                    if not node.refused_return:
                        continue
                weights[key] = 1 if node.weight is None else self.number(node.weight, element)
        gathering.close()
        try:
            shares = kernel.at_places(weights, PLACES if node.weight is None else node.weight.type.places)
            parts = kernel.largest_remainder(divide(pool, cent, Rounding.DOWN), shares) if pool else {}
        except ValueError:
            negative = [key for key, weight in weights.items() if weight < 0]
            why = f"the weight of `{negative[0]}` is negative" if negative else "nobody in it has a positive weight"
            text = f"{to_text(pool, places)} cannot be split for {self.words(group)}: {why}"
            raise fault("MH707", text, node.span) from None
        except kernel.TooLarge:
            raise self.too_large(node.span, group) from None
        returned = sum(parts.pop(key, 0) for key in refused) * cent
        weighed = sum(weights.values()) * (ONE if node.weight is None else 1)
        return SplitRecord(node.span, group, pool, {key: part * cent for key, part in parts.items()}, returned, weighed)

    def _settled_split(self, node: ir.Split, settled: SplitRecord, pool: int, own: Row) -> SplitRecord:
        """A split as it was settled, whose pool must come out again; of weights only the row's own is asked."""
        if settled.pool != pool:
            text = f"the pool for {self.words(settled.group)} is {to_text(pool)}, and {to_text(settled.pool)} was split"
            raise fault("MH999", text, node.span)
        takes_part = node.where is None or self.truth(node.where, own)
        if node.weight is not None and (takes_part or node.refused_return):
            self.number(node.weight, own)
        return settled


def holds(node: ir.Compare, left: Any, right: Any) -> bool:
    """Whether a comparison holds of two known values; codes compare by their declared order."""
    if node.operator in ("=", "!="):
        return bool(left == right) is (node.operator == "=")
    if node.left.type.kind is Kind.CODE:
        codes = node.left.type.codes or node.right.type.codes
        left, right = codes.index(left), codes.index(right)
    if node.operator == "<":
        return bool(left < right)
    if node.operator == "<=":
        return bool(left <= right)
    return bool(left > right) if node.operator == ">" else bool(left >= right)
