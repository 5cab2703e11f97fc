"""Expressions as columns: for each its value, and its fault where it can have one.

Nothing here raises on data: a divisor of 0 is a fault beside a missing value, and counts only where it is demanded.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

from mhrules.engine.sql.dialect import DuckDB
from mhrules.engine.sql.faults import FaultBook, Unsupported
from mhrules.engine.sql.frame import Column, Frame, fails
from mhrules.engine.sql.numbers import Numbers, either, places_of
from mhrules.engine.sql.widths import Widths, fits
from mhrules.exact import PLACES
from mhrules.plan import intervals, ir
from mhrules.semantics.types import Kind

BEFORE = frozenset({ir.Move.PRIOR_YEAR, ir.Move.PRIOR_CONTRACT_YEAR, ir.Move.YEAR_BEFORE})
"""Reads that are missing where there is no such year."""
OF_NOTHING = frozenset({"average", "share", "minimum", "maximum", "percentile", "latest"})
"""Aggregates that are missing where there is nothing to reckon with."""


class Scalars(Numbers, ABC):
    """What every expression is at the rows of a frame."""

    def __init__(self, dialect: DuckDB, faults: FaultBook, widths: Widths) -> None:
        super().__init__(dialect, faults, widths)
        self._meaning: dict[type, Callable[[Any, Frame], Column]] = {
            ir.Literal: self._literal,
            ir.RowKey: lambda e, frame: self.row_key(e.key, frame),
            ir.Feature: self.feature,
            ir.Cell: self.cell,
            ir.Panel: self.panel,
            ir.Setting: self.setting,
            ir.Clock: self.clock,
            ir.Read: self.read,
            ir.Arithmetic: self._arithmetic,
            ir.Round: self._round,
            ir.Extreme: self._extreme,
            ir.Compare: self._compare,
            ir.OneOf: self._one_of,
            ir.Logic: self._logic,
            ir.Not: self._not,
            ir.Case: self._case,
            ir.Known: self._known,
            ir.Default: self._default,
            ir.Aggregate: self.aggregate,
            ir.Reported: self.reported,
            ir.Rank: self.rank,
            ir.Total: self.total,
            ir.Split: self.split,
        }

    # --------------------------------------------------------------------------- what the parts supply

    @abstractmethod
    def row_key(self, key: str, frame: Frame) -> Column:
        """The row's own value of a key."""

    @abstractmethod
    def feature(self, node: ir.Feature, frame: Frame) -> Column:
        """A column of an element below the practice."""

    @abstractmethod
    def cell(self, node: ir.Cell, frame: Frame) -> Column:
        """A fact."""

    @abstractmethod
    def panel(self, node: ir.Panel, frame: Frame) -> Column:
        """Member months of a month."""

    @abstractmethod
    def setting(self, node: ir.Setting, frame: Frame) -> Column:
        """A parameter's value."""

    @abstractmethod
    def clock(self, node: ir.Clock, frame: Frame) -> Column:
        """What the calendar knows of the row."""

    @abstractmethod
    def read(self, node: ir.Read, frame: Frame) -> Column:
        """A quantity at the row, or at the row moved in time."""

    @abstractmethod
    def aggregate(self, node: ir.Aggregate, frame: Frame) -> Column:
        """An aggregate over rows below."""

    @abstractmethod
    def reported(self, node: ir.Reported, frame: Frame) -> Column:
        """A result of a measure that another system works out."""

    @abstractmethod
    def rank(self, node: ir.Rank, frame: Frame) -> Column:
        """Where the row's practice stands among all."""

    @abstractmethod
    def total(self, node: ir.Total, frame: Frame) -> Column:
        """The postings of a payment within the row's period."""

    @abstractmethod
    def split(self, node: ir.Split, frame: Frame) -> Column:
        """The row's part of a pool."""

    # ------------------------------------------------------------------------------------------- values

    def value(self, node: ir.Expression, frame: Frame) -> Column:
        """The column of an expression, possibly missing."""
        try:
            return self._meaning[type(node)](node, frame)
        except Unsupported as error:
            error.span = error.span or node.span
            raise

    def known(self, node: ir.Expression, frame: Frame) -> Column:
        """The column of an expression that something is done with: where it is missing, that is a fault."""
        found = self.value(node, frame)
        if not nullable(node):
            return found
        number = self.faults.number("MH702", node.span)
        missing = f"CASE WHEN {found.value} IS NULL THEN {number} END"
        fault = missing if found.fault is None else f"coalesce({found.fault}, {missing})"
        return Column(found.value, fault, found.level)

    def kept(self, frame: Frame, value: str, fault: str | None, level: int, doubts: Iterable[str] = ()) -> Column:
        """A value and its fault as columns of the next layer; the fault is looked into only where there are doubts."""
        column, told = frame.keep(value, level), tuple(dict.fromkeys(doubts))
        if fault is None:
            return column
        if told:
            fault = f"CASE WHEN {' OR '.join(told)} THEN {fault} END"
        return Column(column.value, frame.keep(fault, level).value, column.level, told)

    def _literal(self, node: ir.Literal, frame: Frame) -> Column:
        return Column(self.dialect.constant(node.value, places_of(node)))

    # --------------------------------------------------------------------------------------- arithmetic

    def _arithmetic(self, node: ir.Arithmetic, frame: Frame) -> Column:
        found = self.arithmetic(node, self.known(node.left, frame), self.known(node.right, frame), frame)
        return self.kept(frame, found.value, found.fault, found.level)

    def _round(self, node: ir.Round, frame: Frame) -> Column:
        operand = self.known(node.operand, frame)
        places, own = places_of(node.operand), places_of(node)
        wanted, size = min(node.places, places), self.widths.size(node.operand)
        sql = self.rounded(operand.value, places, wanted, node.rounding, size=size)
        sql = self.scaled(sql, wanted, max(own, wanted), size=self.widths.size(node, wanted))
        return self.kept(frame, sql, operand.fault, operand.level)

    def _extreme(self, node: ir.Extreme, frame: Frame) -> Column:
        conditions = node.conditions or (None,) * len(node.operands)
        places = max(places_of(operand) for operand in node.operands) if node.type.is_number else None
        values, faults, counted, failing, level = [], [], [], [], 0
        for operand, condition in zip(node.operands, conditions, strict=True):
            found = self.known(operand, frame)
            sql = found.value if places is None else self.at(operand, found, places)
            level = max(level, found.level)
            if condition is None:
                values.append(sql)
                faults.append(found.fault)
                failing += [] if found.fault is None else [found.value]
                counted.append("true")
                continue
            held = self.known(condition, frame)
            level = max(level, held.level)
            values.append(f"CASE WHEN {held.value} THEN {sql} END")
            counted.append(f"coalesce({held.value}, false)")
            faults.append(held.fault)
            if found.fault is not None:
                faults.append(f"CASE WHEN {held.value} THEN {found.fault} END")
        fault = either(*faults)
        if "true" not in counted:
            none = f"CASE WHEN NOT ({' OR '.join(counted)}) THEN {self.faults.number('MH708', node.span)} END"
            fault = either(fault, none)
        word = "greatest" if node.greatest else "least"
        sql = f"{word}({', '.join(values)})"
        if places is not None and failing and self._is_held(node):
            # None of those that always count may be passed over, because they bound the result; it has a fault anyway.
            sql = f"(CASE WHEN {' AND '.join(f'{value} IS NOT NULL' for value in failing)} THEN {sql} END)"
        if places is not None and not all(fits(self.widths.size(operand, places)) for operand in node.operands):
            sql = self.narrowed(sql, self.widths.size(node))
        return self.kept(frame, sql, fault, level)

    def _is_held(self, node: ir.Extreme) -> bool:
        """Whether an operand bounds the greatest or least of several further than they all are bounded."""
        widest = intervals.hull([self.widths.interval(operand) for operand in node.operands])
        return self.widths.interval(node) != widest

    # -------------------------------------------------------------------------------------------- logic

    def _compare(self, node: ir.Compare, frame: Frame) -> Column:
        left, right = self.known(node.left, frame), self.known(node.right, frame)
        one, two = left.value, right.value
        if node.left.type.is_number and node.right.type.is_number:
            places = max(places_of(node.left), places_of(node.right))
            one, two = self.at(node.left, left, places), self.at(node.right, right, places)
        elif node.operator not in ("=", "!=") and node.left.type.kind is Kind.CODE:
            codes = node.left.type.codes or node.right.type.codes
            one, two = self._ranked(one, codes), self._ranked(two, codes)
        operator = "<>" if node.operator == "!=" else node.operator
        fault = either(left.fault, right.fault)
        doubts = _doubts(left, right)
        return Column(f"({one} {operator} {two})", fault, max(left.level, right.level), doubts)

    def _ranked(self, sql: str, codes: tuple[str, ...]) -> str:
        ranks = " ".join(f"WHEN {self.dialect.text(code)} THEN {rank}" for rank, code in enumerate(codes))
        return f"CASE {sql} {ranks} END"

    def _one_of(self, node: ir.OneOf, frame: Frame) -> Column:
        operand = self.known(node.operand, frame)
        places = places_of(node.operand) if node.operand.type.is_number else None
        listed = [self.dialect.constant(value, places) for value in node.values if can_equal(value, places)]
        sql = f"({operand.value} IN ({', '.join(listed)}))" if listed else "false"
        return Column(sql, operand.fault, operand.level, operand.doubts)

    def _logic(self, node: ir.Logic, frame: Frame) -> Column:
        found = [self.known(operand, frame) for operand in node.operands]
        level = max(column.level for column in found)
        word = " AND " if node.operator == "and" else " OR "
        ended = "NOT {}" if node.operator == "and" else "{}"
        cases: list[str] = []
        for column in found:
            if column.fault is not None:
                cases.append("WHEN {} THEN {}".format(*fails(column.fault)))
            if any(later.fault is not None for later in found[found.index(column) + 1 :]):
                cases.append(f"WHEN {ended.format(column.value)} THEN NULL")
        faulty = any(column.fault is not None for column in found)
        fault = f"CASE {' '.join(cases)} END" if faulty else None
        return self.kept(frame, f"({word.join(column.value for column in found)})", fault, level, _doubts(*found))

    def _not(self, node: ir.Not, frame: Frame) -> Column:
        operand = self.known(node.operand, frame)
        return Column(f"(NOT {operand.value})", operand.fault, operand.level, operand.doubts)

    def _case(self, node: ir.Case, frame: Frame) -> Column:
        number = node.type.is_number
        places = places_of(node) if number else 0
        values, faults, level, faulty, closed = [], [], 0, False, False
        asked: list[Column] = []
        for row in node.rows:
            value = self.value(row.value, frame)
            asked.append(value)
            sql = self.case_value(row.value, value, places) if number else value.value
            level = max(level, value.level)
            faulty |= value.fault is not None
            if row.condition is None:
                values.append(f"ELSE {sql}")
                faults.append(f"ELSE {value.fault or 'NULL'}")
                closed = True
                break
            held = self.known(row.condition, frame)
            asked.append(held)
            level = max(level, held.level)
            if held.fault is not None:
                faulty = True
                faults.append("WHEN {} THEN {}".format(*fails(held.fault)))
            values.append(f"WHEN {held.value} THEN {sql}")
            faults.append(f"WHEN {held.value} THEN {value.fault or 'NULL'}")
        if not closed:
            faulty = True
            faults.append(f"ELSE {self.faults.number('MH708', node.span)}")
        when = [each for each in values if each.startswith("WHEN")]
        sql = f"CASE {' '.join(values)} END" if when else values[0].removeprefix("ELSE ")
        whens = [each for each in faults if each.startswith("WHEN")]
        fault = f"CASE {' '.join(faults)} END" if whens else faults[0].removeprefix("ELSE ")
        if not faulty:
            return self.kept(frame, sql, None, level)
        doubts = _doubts(*asked)
        if closed:
            return self.kept(frame, sql, fault, level, doubts)
        chosen = frame.keep(sql, level)  # where no row holds there is no value either
        return self.kept(frame, chosen.value, fault, chosen.level, (*doubts, f"{chosen.value} IS NULL"))

    def case_value(self, node: ir.Expression, column: Column, places: int) -> str:
        """A number as a choice holds it; a missing one has no places."""
        if isinstance(node, ir.Literal) and node.value is None:
            return column.value
        return self.at(node, column, max(places, places_of(node)))

    # ------------------------------------------------------------------------------------------ missing

    def _or_missing(self, node: ir.Expression, frame: Frame) -> Column:
        """A value, where an absent row of a fact that is read directly counts as missing."""
        found = self.value(node, frame)
        direct: ir.Expression = node
        while isinstance(direct, ir.Read):
            direct = direct.quantity.expression
        if found.fault is None or not isinstance(direct, ir.Cell):
            return found
        absent = self.faults.number("MH701", direct.span)
        return Column(found.value, f"nullif({found.fault}, {absent})", found.level)

    def _known(self, node: ir.Known, frame: Frame) -> Column:
        operand = self._or_missing(node.operand, frame)
        return Column(f"({operand.value} IS NOT NULL)", operand.fault, operand.level)

    def _default(self, node: ir.Default, frame: Frame) -> Column:
        operand, fallback = self._or_missing(node.operand, frame), self.value(node.fallback, frame)
        one, two = operand.value, fallback.value
        if node.type.is_number:
            places = max(places_of(node), places_of(node.operand))
            one, two = self.at(node.operand, operand, places), self.case_value(node.fallback, fallback, places)
        fault = operand.fault
        if fallback.fault is not None:
            other = f"CASE WHEN {operand.value} IS NULL THEN {fallback.fault} END"
            fault = either(operand.fault, other)
        return self.kept(frame, f"coalesce({one}, {two})", fault, max(operand.level, fallback.level))


def _doubts(*columns: Column) -> tuple[str, ...]:
    """The doubts of several columns."""
    return tuple(doubt for column in columns for doubt in column.doubted)


def can_equal(value: ir.Value, places: int | None) -> bool:
    """Whether a constant can equal a number held at `places`."""
    if places is None or isinstance(value, bool) or not isinstance(value, int):
        return True
    step: int = 10 ** (PLACES - places)
    return value % step == 0


def nullable(node: ir.Expression) -> bool:
    """Whether a value without fault may be missing."""
    if isinstance(node, ir.Literal):
        return node.value is None
    if isinstance(node, ir.Cell | ir.Feature | ir.Reported):
        return node.type.missing
    if isinstance(node, ir.Rank):
        return True
    if isinstance(node, ir.Read):
        return node.move in BEFORE or nullable(node.quantity.expression)
    if isinstance(node, ir.Aggregate):
        return node.function in OF_NOTHING
    if isinstance(node, ir.Case):
        return any(nullable(row.value) for row in node.rows)
    return isinstance(node, ir.Default) and nullable(node.fallback)
