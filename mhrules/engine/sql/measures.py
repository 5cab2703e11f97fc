"""Measures as relations: the measures that count for a row, results that are reported, ranks among peers."""

from __future__ import annotations

from mhrules.data import population
from mhrules.engine.measures import MEASURE
from mhrules.engine.sql.about import About
from mhrules.engine.sql.faults import Unsupported
from mhrules.engine.sql.frame import Column, Frame, Grid
from mhrules.engine.sql.grids import OWNERS
from mhrules.engine.sql.numbers import places_of
from mhrules.engine.sql.quantities import matching
from mhrules.engine.sql.records import Records
from mhrules.plan import ir
from mhrules.plan.measures import MEASURES, POOLED
from mhrules.syntax.tree import Period


class Measures(Records):
    """What a program measures."""

    # ------------------------------------------------------------------------------------- as elements

    def elements(self, node: ir.Aggregate, grid: Grid) -> tuple[Grid, tuple[str, ...]]:
        """The rows that an aggregate runs over; of measures those that count for the row's payer."""
        if MEASURE not in node.over:
            return super().elements(node, grid)
        if node.over != (MEASURE,) or node.same or grid.kind is None:
            raise Unsupported("an aggregate over measures and more")
        whose = "payer" in grid.keys
        name = "_".join(filter(None, [grid.table, "measures", node.event]))
        table = self.store.table(
            name,
            f"SELECT g.*, c.{MEASURE} FROM {self._rows_of(grid).table} g "
            f"JOIN {self._counting(node.event, whose=whose)} c ON {'c.payer = g.payer' if whose else 'true'}",
            About("the grid with the measures that count for each row", (*grid.keys, MEASURE, grid.kind)),
        )
        return Grid(table, (*grid.keys, MEASURE), grid.kind, grid.base), (*grid.keys, "clock")

    def _rows_of(self, grid: Grid) -> Grid:
        return self.rows(frozenset(grid.keys), grid.kind, base=grid.base)

    def _counting(self, family: str, *, whose: bool) -> str:
        """The measures of a family that count for each payer, or for any."""
        world = self.grids.world
        rows = [(payer, name) for payer in world.payers for name in world.measures(payer, family)]
        if not whose:
            rows = [("", name) for name in world.measures(None, family)]
        columns = {"payer": "STRING", MEASURE: "STRING"}
        about = About("measures that count" + (" for each payer" if whose else ""), ("payer", MEASURE))
        name = "_".join(filter(None, ["measures" if whose else "any_measures", family]))
        return self.store.values(name, columns, rows, about)

    def feature(self, node: ir.Feature, frame: Frame) -> Column:
        """What is known of the row's measure, member or record."""
        if node.collection not in (MEASURES, POOLED):
            return super().feature(node, frame)
        pooled, number = node.collection == POOLED, node.type.is_number
        values, faults, level = [], [], 0
        for plan in self.plan.measures:
            if plan.period != frame.grid.kind or plan.pooled != pooled:
                continue
            quantity = plan.feature(node.column)
            kind = quantity.expression.type
            here = ir.Read(quantity=quantity, type=kind, keys=frozenset(quantity.grain), span=node.span)
            found = self.read(here, frame)
            if number and places_of(here) > places_of(node):
                raise Unsupported("points of more places than points have")
            sql = self.at(here, found, places_of(node)) if number else found.value
            which = f"WHEN {self.dialect.text(plan.name)} THEN"
            values.append(f"{which} {sql}")
            level = max(level, found.level)
            if found.fault is not None:
                faults.append(f"{which} {found.fault}")
        measure = frame.expose(f"r.{MEASURE}")
        if not values:
            return Column("NULL")
        fault = f"CASE {measure} {' '.join(faults)} END" if faults else None
        return self.kept(frame, f"CASE {measure} {' '.join(values)} END", fault, level)

    # ----------------------------------------------------------------------------------------- reported

    def reported(self, node: ir.Reported, frame: Frame) -> Column:
        """A reported result of the row's period, otherwise of the program year that holds it."""
        if not self.facts.present(population.RESULT):
            return Column("NULL")
        aliases = [
            self._result(node, frame, kind) for kind in dict.fromkeys((frame.grid.kind or "", Period.YEAR.value))
        ]
        known = " ".join(f"WHEN {alias}.hit THEN {alias}.v_{node.column}" for alias in aliases)
        column = next(c for c in self.facts.schema.table(population.RESULT).columns if c.name == node.column)
        assert column.places == places_of(node)
        return Column(frame.expose(f"CASE {known} END"))

    def _result(self, node: ir.Reported, frame: Frame, kind: str) -> str:
        """The results of the periods of that kind that hold the rows' own, by the names that postings give them."""
        calendar, period = self.plan.calendar, Period(kind)
        firsts = sorted({calendar.period_first(month, period) for month in self.grids.months})
        named = [(first, calendar.label(first, period)) for first in firsts]
        about = About(f"the names of each {kind.replace('_', ' ')}, by its first month", (kind,))
        labels = self.store.values(f"labels_{kind}", {"clock": "INTEGER", "label": "STRING"}, named, about)
        sql = (
            f"SELECT n.clock, t.* FROM {self.fact_table(population.RESULT)} t JOIN {labels} n ON n.label = t.period "
            f"WHERE t.{MEASURE} = {self.dialect.text(node.measure)}"
        )
        about = About(f"reported results of measure `{node.measure}`", ("payer", "practice", kind))
        table = self.store.table(f"results_{kind}_{node.measure}", sql, about)
        columns = self.group_columns(OWNERS, frame) | {"clock": self.raw_clock(frame, kind)}
        return frame.join(("result", node.measure, kind), table, matching(columns))

    # -------------------------------------------------------------------------------------------- ranks

    def rank(self, node: ir.Rank, frame: Frame) -> Column:
        """How many practices have a value that is not better than the row's own; missing where it has none."""
        grid = self._rows_of(frame.grid)
        if not set(grid.keys) <= {"payer", "practice"} or "practice" not in grid.keys:
            raise Unsupported("a rank among others than practices")
        peers = Frame(grid)
        own = self.value(node.of, peers)
        columns = {column: column for column in grid.columns}
        values = self.store.table(
            self.store.fresh("peers"),
            peers.select({**columns, "v": own.value, "f": own.fault or "NULL::INTEGER"}),
            About("what peers are ranked by", grid.grain, node.span, node.of),
        )
        beside = ", ".join(column for column in grid.columns if column != "practice")
        among = f"PARTITION BY {beside}" if beside else ""
        order = "v" if node.higher else "v DESC"
        count = f"count(v) OVER ({among} ORDER BY {order} RANGE UNBOUNDED PRECEDING)::{self.dialect.narrow}"
        sql = (
            f"SELECT {', '.join(grid.columns)}, CASE WHEN v IS NOT NULL THEN {count} END AS v, "
            f"coalesce(f, CASE WHEN v IS NOT NULL THEN max(f) OVER ({among}) END) AS f FROM {values}"
        )
        about = About("how many peers are not better", grid.grain, node.span)
        table = self.store.table(self.store.fresh("ranks"), sql, about)
        self.ranks[node, frame.grid] = (table, grid.columns)
        alias = frame.join(("rank", node), table, matching(self.group_columns(grid.columns, frame)))
        return Column(frame.expose(f"{alias}.v"), frame.expose(f"{alias}.f"))

    # ------------------------------------------------------------------------------------ member months

    def panel(self, node: ir.Panel, frame: Frame) -> Column:
        """Member months of a month: of the row's member, of all members, or from the panel."""
        if "member" not in frame.grid.keys or not self.given:
            return super().panel(node, frame)
        if frame.grid.kind != "month" or node.across or frame.grid.whole:
            raise Unsupported("member months of a member")
        base = frame.grid.base
        source = self.months_of_members("month", base=base, whole=False)
        months = self.months_of_days("clock")
        sql = f"SELECT payer, practice, member, clock, {months} AS v FROM {source} GROUP BY ALL"
        about = About("member months of each member, at 6 places", ("payer", "practice", "member", "month"))
        table = self.store.table("months_of_member" + ("_base" if base else ""), sql, about)
        columns = self.group_columns(("payer", "practice", "member", "clock"), frame)
        alias = frame.join("months of member", table, matching(columns))
        return Column(frame.expose(f"coalesce({alias}.v, 0)"))
