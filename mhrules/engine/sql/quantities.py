"""Quantities as relations: those of the very same rows share one, worked out from each other column by column."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping

from mhrules.classes import frozen
from mhrules.engine.rows import time_key
from mhrules.engine.sql.about import About
from mhrules.engine.sql.faults import Unsupported
from mhrules.engine.sql.frame import Column, Frame, Grid
from mhrules.engine.sql.grids import Grids
from mhrules.engine.sql.scalars import BEFORE, Scalars
from mhrules.engine.sql.store import Store
from mhrules.plan import ir
from mhrules.plan.whole import Plan
from mhrules.semantics.calendar import MONTHS_IN_YEAR

LOST = "MH999"
"""What is a fault in relations only: a row that is read is not among those of its relation. The interpreter knows."""
_DEEPEST = 24
"""Layers of a statement beyond which what is read in it gets a relation of its own: each layer names all columns."""
_MOST = 12
"""Quantities that share the relation of another; a database refuses statements that go too deep."""


@frozen
class Held:
    """Where a quantity is: a relation, and the columns there of its value and of its fault, if it can have one."""

    grid: Grid
    value: str = "v"
    fault: str | None = "f"


class Quantities(Scalars):
    """The relations of quantities; each has a row for every row of its grid, which `hit` tells of."""

    plan: Plan
    store: Store
    grids: Grids
    held: dict[tuple[ir.Quantity, bool], Held]
    views: dict[tuple[ir.Quantity, bool], tuple[Grid, bool]]

    @abstractmethod
    def rows(self, keys: frozenset[str], kind: str | None, *, base: bool) -> Grid:
        """The rows of those keys and that period."""

    @abstractmethod
    def raw_key(self, key: str, frame: Frame) -> str:
        """The row's value for a key of a table, where tables are joined to it."""

    @abstractmethod
    def raw_clock(self, frame: Frame, kind: str) -> str:
        """The period of that kind that holds the row's own, where tables are joined to it."""

    def quantity(self, quantity: ir.Quantity, *, base: bool = False) -> tuple[Grid, bool]:
        """The relation of a quantity: its rows with value `v` and fault `f`, and whether it can have a fault."""
        held = self._relation_of(quantity, base=base)
        if held.value == "v":
            return held.grid, held.fault is not None
        key = (quantity, base)
        if key not in self.views:
            listed = ", ".join((*held.grid.columns, "hit"))
            sql = f"SELECT {listed}, {held.value} AS v, {held.fault or 'NULL::INTEGER'} AS f FROM {held.grid.table}"
            name = self.store.unique(f"q_{_stem(quantity, base=base)}")
            about = About(_what(quantity, base=base), held.grid.grain, quantity.span)
            grid = Grid(self.store.view(name, sql, about), held.grid.keys, held.grid.kind, base)
            self.views[key] = (grid, held.fault is not None)
        return self.views[key]

    def _relation_of(self, quantity: ir.Quantity, *, base: bool) -> Held:
        """Where a quantity is; if it is nowhere, it gets a relation, which holds what it reads of its rows as well."""
        key = (quantity, base)
        if key not in self.held:
            grid = self._grid_of(quantity, base=base)
            frame = Frame(grid)
            if "member" not in grid.keys and not grid.element:
                frame.beside = {}
            stem = _stem(quantity, base=base)
            name = self.store.unique(f"q_{stem}")  # `care.met` and `care_met` are two
            with self.store.serving(stem):
                found = self.value(quantity.expression, frame)
            columns = {name: name for name in grid.columns}
            columns |= {"hit": "true", "v": found.value, "f": found.fault or "NULL::INTEGER"}
            relation = Grid(name, grid.keys, grid.kind, base)
            what, spans = _what(quantity, base=base), [quantity.span]
            for other, column in (frame.beside or {}).items():
                if (other, base) in self.held:
                    continue  # something below asked for it meanwhile
                value, fault = (_free(f"{letter}_{_stem(other, base=base)}", columns) for letter in "vf")
                columns[value] = column.value
                if column.fault is not None:
                    columns[fault] = column.fault
                self.held[other, base] = Held(relation, value, None if column.fault is None else fault)
                what += f", with {_what(other, base=base)} as `{value}`"
                spans += [other.span] * (other.span not in spans)
            self.store.table(name, frame.select(columns), About(what, grid.grain, spans, quantity.expression))
            self.held[key] = Held(relation, fault=None if found.fault is None else "f")
        return self.held[key]

    def _grid_of(self, quantity: ir.Quantity, *, base: bool) -> Grid:
        """The rows that a quantity has values for."""
        kind = time_key(quantity.grain)
        keys = {key for key in quantity.grain if key != kind}
        if "practice" in keys:
            keys -= set(self.plan.practice_keys)  # which the practice determines
        return self.rows(frozenset(keys), kind, base=base)

    def read(self, node: ir.Read, frame: Frame) -> Column:
        """A quantity at the row, or at the row moved in time; before the first year it is missing."""
        base = frame.grid.base or node.move is ir.Move.BASE_YEAR
        if self._is_of_this_member(node, frame):
            return self._in_place(node.quantity, frame)
        if frame.grid.whole and self._hangs_on_months(node, frame.grid):
            raise Unsupported("something at another time of members in the whole period")
        if self._goes_beside(node, frame):
            return self._beside(node.quantity, frame)
        source = self._relation_of(node.quantity, base=base)
        columns = self.read_columns(node, frame, source.grid)
        alias = frame.join(("read", source.grid.table, node.move, node.year), source.grid.table, matching(columns))
        value = frame.expose(f"{alias}.{source.value}")
        fault = None if source.fault is None else frame.expose(f"{alias}.{source.fault}")
        if node.move in BEFORE:
            there = self._there(node, frame, source.grid)
            if there is not None:
                value = frame.expose(f"CASE WHEN {there} THEN {alias}.{source.value} END")
                if source.fault is not None:
                    fault = frame.expose(f"CASE WHEN {there} THEN {alias}.{source.fault} END")
            return Column(value, fault)
        lost = f"CASE WHEN {alias}.hit IS NULL THEN {self.faults.number(LOST, node.span)} END"
        if source.fault is not None:
            lost = f"coalesce({alias}.{source.fault}, {lost})"
        return Column(value, frame.expose(lost))

    def _goes_beside(self, node: ir.Read, frame: Frame) -> bool:
        """Whether a quantity is of the very rows of a relation in the making, and is nowhere yet."""
        if frame.beside is None or node.move is not None or (node.quantity, frame.grid.base) in self.held:
            return False
        if node.quantity in frame.beside:
            return True
        room = frame.depth < _DEEPEST and len(frame.beside) < _MOST
        return room and self._grid_of(node.quantity, base=frame.grid.base) == frame.grid

    def _beside(self, quantity: ir.Quantity, frame: Frame) -> Column:
        """A quantity as columns of the relation of another, which that relation then has as well."""
        assert frame.beside is not None
        if quantity not in frame.beside:
            frame.beside[quantity] = Column("NULL")  # it has its place while what it reads is worked out
            with self.store.serving(_stem(quantity, base=frame.grid.base)):
                frame.beside[quantity] = self._in_place(quantity, frame)
        return frame.beside[quantity]

    def _is_of_this_member(self, node: ir.Read, frame: Frame) -> bool:
        """Whether a quantity is of the very rows of a frame, and these are members, of whom there are many."""
        grid, grain = frame.grid, set(node.quantity.grain)
        if node.move is not None or grid.element or "member" not in grain or grid.kind not in grain:
            return False
        keys = grain - {grid.kind} - set(self.plan.practice_keys)
        if grid.whole:
            return keys == set(grid.keys)
        return not grid.base and self.rows(frozenset(keys), grid.kind, base=False) == grid

    def _hangs_on_months(self, node: ir.Read, grid: Grid) -> bool:
        """Whether a quantity of a practice hangs on which months a row has: it is of one of them, or of a member."""
        grain = node.quantity.grain
        same = node.move is None and time_key(grain) in (None, grid.kind) and "member" not in grain
        return "practice" in grain and not same

    def _in_place(self, quantity: ir.Quantity, frame: Frame) -> Column:
        """A quantity as columns of the frame that reads it, worked out once: no table of its own, and no join."""
        found = self.value(quantity.expression, frame)
        kept = frame.keep(found.value, found.level)
        fault = found.fault and frame.keep(found.fault, found.level).value
        return Column(kept.value, fault, kept.level, found.doubts)

    def read_columns(self, node: ir.Read, frame: Frame, source: Grid) -> dict[str, str]:
        """What the columns of a quantity's rows have to equal to be read at a row of a frame."""
        found = {key: self.raw_key(key, frame) for key in source.keys}
        if source.kind is not None:
            found["clock"] = self._moved(node, frame, source.kind)
        return found

    def _moved(self, node: ir.Read, frame: Frame, kind: str) -> str:
        """The clock at which a quantity is read."""
        if node.move is ir.Move.BASE_YEAR:
            assert node.year is not None
            return str(self.plan.calendar.year_first(node.year))
        if node.move is ir.Move.PRIOR_CONTRACT_YEAR:
            return f"({self.raw_clock(frame, 'contract_year')} - 1)"
        if node.move in (ir.Move.FIRST_MONTH, ir.Move.LAST_MONTH):
            month = "r.m1" if node.move is ir.Move.FIRST_MONTH else "r.m2"
            return month if kind == "month" else self.grids.period_first(month, kind)
        if node.move is None:
            return self.raw_clock(frame, kind)
        if node.move is ir.Move.YEAR_BEFORE:
            return f"({self.raw_clock(frame, kind)} - {MONTHS_IN_YEAR})"
        year = self.raw_clock(frame, "year")
        return year if node.move is ir.Move.YEAR else f"({year} - {MONTHS_IN_YEAR})"

    def _there(self, node: ir.Read, frame: Frame, source: Grid) -> str | None:
        """Whether a month is left of the year before for the practice, where the quantity itself has none."""
        if "practice" in source.keys or "practice" not in frame.grid.keys:
            return None
        kind = "contract_year" if node.move is ir.Move.PRIOR_CONTRACT_YEAR else "year"
        if node.move is ir.Move.YEAR_BEFORE:
            kind = frame.grid.kind or kind
        keys = ["practice", *(["payer"] if "payer" in source.keys else [])]
        grid = self.grids.grid(keys, kind)
        moved = self._moved(node, frame, kind)

        def on(alias: str) -> str:
            return " AND ".join([*(f"{alias}.{key} = r.{key}" for key in keys), f"{alias}.clock = {moved}"])

        return f"{frame.join(('there', kind, tuple(keys)), grid.table, on)}.clock IS NOT NULL"


def matching(columns: Mapping[str, str]) -> Callable[[str], str]:
    """What a table's columns have to equal to be joined: given the table's alias, the condition."""

    def on(alias: str) -> str:
        return " AND ".join(f"{alias}.{column} = {sql}" for column, sql in columns.items()) or "true"

    return on


def _stem(quantity: ir.Quantity, *, base: bool) -> str:
    """The name of a quantity as part of a name in SQL."""
    return "".join(c if c.isalnum() else "_" for c in quantity.name) + ("_base" if base else "")


def _what(quantity: ir.Quantity, *, base: bool) -> str:
    """What a quantity is, for people."""
    what = "a part of an expression" if quantity.kind == "part" else f"`{quantity.name}`"
    return what + (" in the baseline" if base else "")


def _free(stem: str, taken: Mapping[str, str]) -> str:
    """The stem, or if it is taken with a number behind it."""
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}_{number}"
    return name
