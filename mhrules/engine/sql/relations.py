"""What expressions read: facts, parameters, other quantities, and aggregates, each a relation joined to the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import evolve

from mhrules.data.schema import Column as DataColumn
from mhrules.data.schema import ColumnKind
from mhrules.engine.facts import Facts
from mhrules.engine.sql.about import About
from mhrules.engine.sql.expressions import base_years
from mhrules.engine.sql.failing import Fallible
from mhrules.engine.sql.faults import FaultBook, Unsupported
from mhrules.engine.sql.firsts import first_fault, order_of
from mhrules.engine.sql.frame import Column, Frame, Grid
from mhrules.engine.sql.grids import OWNERS, Grids
from mhrules.engine.sql.loaded import Loaded
from mhrules.engine.sql.numbers import either, places_of
from mhrules.engine.sql.quantities import Quantities, matching
from mhrules.engine.sql.store import Store
from mhrules.engine.sql.widths import Widths, fits
from mhrules.exact import PLACES, Rounding
from mhrules.plan import intervals, ir
from mhrules.plan.whole import Plan
from mhrules.semantics.calendar import MONTHS_IN_YEAR

TRUTHS = {"any": "bool_or", "every": "bool_and"}


class Relations(Quantities):
    """The relations of one plan on one data set."""

    def __init__(self, plan: Plan, facts: Facts, store: Store, grids: Grids) -> None:
        widths = Widths(plan, facts, Loaded(facts, store.rows), len(grids.world.practices))
        super().__init__(store.dialect, FaultBook(), widths)
        self.plan = plan
        self.facts = facts
        self.store = store
        self.grids = grids
        self.held = {}
        self.views = {}
        self._aggregates: dict[tuple[ir.Expression, Grid], tuple[str, tuple[str, ...], bool]] = {}
        self.ranks: dict[tuple[ir.Expression, Grid], tuple[str, tuple[str, ...]]] = {}
        self.split_names: dict[tuple[ir.Split, str | None, bool], str] = {}
        self.split_done: set[str] = set()
        self.failing: list[Fallible] = []  # what rests under everything, so that no row of it may fail
        grids.declared = self.declared_values
        grids.lines_of_facts = self.lines_of_facts
        store.base_clocks = sorted({plan.calendar.year_first(year) for year in base_years(plan)})

    @property
    def aggregates(self) -> Mapping[tuple[ir.Expression, Grid], tuple[str, tuple[str, ...], bool]]:
        """Every aggregate that was made: its table, the columns by which it is grouped, and whether it can fail."""
        return self._aggregates

    # -------------------------------------------------------------------------------------------- facts

    def fact_table(self, name: str) -> str:
        """A table of facts with its keys as the language calls them, months counted from year 0."""
        table = self.facts.schema.table(name)
        columns = []
        for column, key in zip(table.keys, self.facts.key_names(table), strict=True):
            sql = f'"{column.name}"'
            if column.kind is ColumnKind.MONTH or (key == "month" and column.kind is ColumnKind.DATE):
                sql = f"year({sql}) * {MONTHS_IN_YEAR} + month({sql}) - 1"
            columns.append(f"{sql} AS {key}")
        columns += ['"from" AS from_day', '"to" AS to_day'] if table.dated else []
        columns += [f"{self._stored(name, column)} AS v_{column.name}" for column in table.columns]
        grain = (*self.facts.key_names(table), *(["span of days"] if table.dated else []))
        about = About(f"facts of table `{name}`, months counted from year 0", grain)
        return self.store.table(f"fact_{name}", f'SELECT true AS hit, {", ".join(columns)} FROM "{name}"', about)

    def _stored(self, table: str, column: DataColumn) -> str:
        """A column of facts, narrow where what is loaded is, though what is declared may not be."""
        sql, scale = f'"{column.name}"', 10 ** (PLACES - column.places)
        size = intervals.largest(self.widths.loaded.table(table).columns.get(column.name, intervals.EVERYTHING))
        return sql if size is None else self.narrowed(sql, size // scale)

    def cell(self, node: ir.Cell, frame: Frame) -> Column:
        """A fact: the row of its table that the keys name, on a day of the row's period if it is dated."""
        table = self.facts.schema.table(node.table)
        names = self.facts.key_names(table)
        raw = [(name, self.raw_key(key, frame)) for name, key in zip(names, node.table_keys, strict=True)]
        day = "r.d2" if node.moment is ir.Moment.LAST_DAY else "r.d1"

        def on(alias: str) -> str:
            parts = [f"{alias}.{name} = {sql}" for name, sql in raw]
            if table.dated:
                parts.append(f"{alias}.from_day <= {day} AND ({alias}.to_day IS NULL OR {day} <= {alias}.to_day)")
            return " AND ".join(parts)

        what = ("cell", node.table, node.table_keys, node.moment)
        alias = frame.join(what, self.fact_table(node.table), on)
        value = frame.expose(f"{alias}.v_{node.column}")
        if node.type.missing:
            return Column(value)
        return Column(value, f"CASE WHEN {value} IS NULL THEN {self.faults.number('MH701', node.span)} END")

    def raw_key(self, key: str, frame: Frame) -> str:
        """The row's value for a key of a table, where tables are joined to it."""
        if key in ("practice", self.plan.participant):
            return "r.practice"
        if key == "year":
            return self.grids.year_name(self.raw_clock(frame, "year"))
        if key == "month":
            return "r.clock" if frame.grid.kind == "month" else "r.m1"
        if key == "contract_year":
            return self.raw_clock(frame, "contract_year")
        if key in frame.grid.keys:
            return f"r.{key}"
        if key in self.plan.practice_keys:
            return self.raw_declared(key, frame)
        raise Unsupported(f"a key `{key}`")

    def raw_declared(self, key: str, frame: Frame) -> str:
        """A declared key of the practice, read from the practice's facts."""
        cell = self.plan.practice_keys[key]
        if not isinstance(cell, ir.Cell) or "practice" not in frame.grid.keys:
            raise Unsupported(f"the key `{key}` here")
        self.cell(cell, frame)
        alias = frame.join(("cell", cell.table, cell.table_keys, cell.moment), "", str)
        return f"{alias}.v_{cell.column}"

    def declared_values(self, key: str) -> str:
        """The values of a declared key that practices have."""
        frame = Frame(self.grids.grid({"practice"}, None))
        found = self.row_key(key, frame)
        sql = frame.select({key: found.value})
        about = About(f"every value of `{key}`", (key,))
        return self.store.table(f"all_{key}", f"SELECT DISTINCT {key} FROM ({sql}) WHERE {key} IS NOT NULL", about)

    def raw_clock(self, frame: Frame, kind: str) -> str:
        """The period of that kind that holds the row's own, where tables are joined to it."""
        own = frame.grid.kind
        if own is None:
            raise Unsupported("a period of a row without time")
        if own == kind:
            return "r.clock"
        if kind == "contract_year":
            alias = frame.join("start", "practices", lambda alias: f"{alias}.practice = r.practice")
            return f"(quotient(r.m1 - {alias}.start, {MONTHS_IN_YEAR}) + 1)"
        return self.grids.period_first("r.m1" if own == "contract_year" else "r.clock", kind)

    def row_key(self, key: str, frame: Frame) -> Column:
        """The row's own value of a key."""
        if key in frame.grid.keys:
            return frame.own(key)
        if key not in self.plan.practice_keys:
            raise Unsupported(f"the key `{key}` here")
        cell = self.plan.practice_keys[key]
        found = self.value(cell, frame)
        missing = f"CASE WHEN {found.value} IS NULL THEN {self.faults.number('MH702', cell.span)} END"
        return Column(found.value, either(found.fault, missing), found.level)

    def panel(self, node: ir.Panel, frame: Frame) -> Column:
        """Member months of a month, from the panel; without a row none."""
        name = self.facts.schema.panel
        if not self.facts.present(name):
            return Column(self.dialect.number(0, wide=False))
        table = self.fact_table(name)
        owners = "r.practice = {0}.practice"
        if node.across:
            held = f"{self.grids.held(frozenset(OWNERS))} h ON h.practice = p.practice AND h.month = p.month AND"
            sql = (
                f"SELECT p.practice, p.month, CAST(sum(p.v_member_months) AS BIGINT) AS v_member_months FROM {table} p "
                f"JOIN {'payers h ON' if frame.grid.base else held} h.payer = p.payer GROUP BY p.practice, p.month"
            )
            about = About("member months of the panel, all payers together", ("practice", "month"))
            table = self.store.table("panel_across" + ("_base" if frame.grid.base else ""), sql, about)
        else:
            owners += " AND r.payer = {0}.payer"
        month = "r.clock" if frame.grid.kind == "month" else "r.m1"
        alias = frame.join(("panel", node.across), table, lambda a: f"{owners.format(a)} AND {a}.month = {month}")
        return Column(frame.expose(f"coalesce({alias}.v_member_months, 0)"))

    # ---------------------------------------------------------------------------------------- parameters

    def setting(self, node: ir.Setting, frame: Frame) -> Column:
        """What a parameter is for the row's payer in the row's first month; without time, in the first that it owes."""
        with_payer = "payer" in frame.grid.keys
        always = self._always(node, frame)
        if always is not None:
            return Column(always)
        month = str(self.plan.first_month) if frame.grid.kind is None else "r.m1"
        if frame.grid.kind is None and with_payer:
            month = f"{frame.join('owes', 'payers', '{0}.payer = r.payer'.format)}.first_month"
        source = self._settings(node, with_payer)

        def on(alias: str) -> str:
            whose = f"{alias}.payer = r.payer AND " if with_payer else ""
            return f"{whose}{month} BETWEEN {alias}.a AND {alias}.b"

        alias = frame.join(("setting", node.parameter, with_payer), source, on)
        value = frame.expose(f"{alias}.v")
        return Column(value, f"CASE WHEN {value} IS NULL THEN {self.faults.number('MH703', node.span)} END")

    def _always(self, node: ir.Setting, frame: Frame) -> str | None:
        """A parameter that is the same for every payer and month, for rows of members: no join for so many rows."""
        grid, found = frame.grid, set()
        if grid.base or not {"payer", "member"} <= set(grid.keys):
            return None
        places = places_of(node) if node.type.is_number else None
        for payer in self.grids.world.payers.values():
            values = payer.settings.get(node.parameter, ())
            if len(values) != 1 or values[0].first_month > max(self.plan.first_month, payer.first_month):
                return None
            found.add(self.dialect.constant(values[0].value, places))
        return found.pop() if len(found) == 1 and "NULL" not in found else None

    def _settings(self, node: ir.Setting, with_payer: bool) -> str:
        """The values of a parameter as spans of months: by payer, or those that are shared by all."""
        rows: list[tuple[str, int, int, str]] = []
        places = places_of(node) if node.type.is_number else None
        for payer in self.plan.payers:
            values = payer.settings.get(node.parameter, ())
            if not with_payer:
                values = tuple(value for value in values if not value.by_contract)
            for at, value in enumerate(values):
                last = values[at + 1].first_month - 1 if at + 1 < len(values) else 10**6
                rows.append((payer.name, value.first_month, last, self.dialect.constant(value.value, places)))
            if not with_payer and values:
                break
        name = f"{'set' if with_payer else 'shared'}_{node.parameter}"
        listed = ", ".join(f"({self.dialect.text(p)}, {a}, {b}, {v})" for p, a, b, v in rows)
        if not listed:
            none = f"SELECT '' AS payer, 0 AS a, 0 AS b, NULL::{self.dialect.narrow} AS v WHERE false"
            return self.store.table(name, none, About(f"parameter `{node.parameter}`, of which no value is shared", ()))
        about = About(
            f"parameter `{node.parameter}` from month `a` to month `b`"
            + ("" if with_payer else ", where no payer is asked about"),
            ("payer", "span of months"),
            next(value.span for payer in self.plan.payers for value in payer.settings.get(node.parameter, ())),
            node,
        )
        return self.store.table(name, f"SELECT * FROM (VALUES {listed}) AS t(payer, a, b, v)", about)

    def clock(self, node: ir.Clock, frame: Frame) -> Column:
        """`contract_year`, `program_year`, `months_in_period`."""
        if node.what == "contract_year":
            return Column(self._number(frame.expose(self.raw_clock(frame, "contract_year"), "contract_year")))
        if node.what == "program_year":
            first = self.plan.calendar.year_of(self.plan.first_month)
            return Column(self._number(f"({self.grids.year_name('m1')} - {first} + 1)"))
        return Column(self._number("mn"))

    def _number(self, sql: str) -> str:
        return self.dialect.cast(sql, wide=False)

    # ----------------------------------------------------------------------------------------- quantities

    def rows(self, keys: frozenset[str], kind: str | None, *, base: bool) -> Grid:
        """The rows of those keys and that period."""
        return self.grids.grid(keys, kind, base=base)

    def by_line(self) -> list[str]:
        """The tables of facts that are kept by line of business."""
        tables = self.facts.schema.tables
        return [t.name for t in tables if "line" in self.facts.key_names(t) and self.facts.present(t.name)]

    def lines_of_facts(self) -> str:
        """The lines of business for which facts are kept."""
        named = " UNION ".join(f"SELECT line FROM {self.fact_table(name)}" for name in self.by_line())
        about = About("lines of business for which facts are kept", ("line",))
        return self.store.table("lines_of_facts", named or "SELECT '' AS line WHERE false", about)

    def found(self, grid: Grid) -> Grid:
        """The rows that are found when lines are looked for: of those that only facts name, the ones that agree.

        A table that is kept by year agrees with its rows of the row's program year.
        """
        payers = self.grids.of_facts(by_payer="payer" in grid.keys) if "line" in grid.keys else []
        if not payers:
            return grid
        agree = []
        for name in self.by_line():
            names = self.facts.key_names(self.facts.schema.table(name))
            on = [f"t.{key} = g.{key}" for key in names if key in grid.keys]
            if "year" in names and grid.kind is not None:
                on.append(f"t.year = {self.grids.year_name('g.m1')}")
            agree.append(f"EXISTS (SELECT 1 FROM {self.fact_table(name)} t WHERE {' AND '.join(on)})")
        if "payer" in grid.keys:
            agree.append(f"g.payer NOT IN ({self.dialect.texts(payers)})")
        about = About("rows of lines of business for which facts are kept", grid.grain)
        sql = f"SELECT g.* FROM {grid.table} g WHERE {' OR '.join(agree) or 'false'}"
        return evolve(grid, table=self.store.table(f"{grid.table}_found", sql, about))

    # ----------------------------------------------------------------------------------------- aggregates

    def aggregate(self, node: ir.Aggregate, frame: Frame) -> Column:
        """An aggregate, worked out for all rows of the frame's grid at once and joined to each."""
        table, columns, fails = self._aggregated(node, frame.grid)
        alias = frame.join(("aggregate", node), table, matching(self.group_columns(columns, frame)))
        nothing = {"sum": "0", "count": "0", "any": "false", "every": "true"}.get(node.function)
        sql = f"{alias}.v" if nothing is None else f"coalesce({alias}.v, {nothing})"
        return Column(frame.expose(sql), frame.expose(f"{alias}.f") if fails else None)

    def group_columns(self, columns: Iterable[str], frame: Frame) -> dict[str, str]:
        """What a row of a frame is for each column by which rows below or beside it are grouped."""
        return {column: "r.clock" if column == "clock" else self.raw_key(column, frame) for column in columns}

    def _aggregated(self, node: ir.Aggregate, grid: Grid) -> tuple[str, tuple[str, ...], bool]:
        key = (node, grid)
        if key not in self._aggregates:
            self._aggregates[key] = self._worked_out(node, grid)
        return self._aggregates[key]

    def _worked_out(self, node: ir.Aggregate, grid: Grid) -> tuple[str, tuple[str, ...], bool]:
        elements, group = self.elements(node, grid)
        frame = Frame(elements)
        where = None if node.where is None else self.known(node.where, frame)
        body = None
        if node.body is not None:
            body = self.value(node.body, frame) if node.function == "count" else self.known(node.body, frame)
            body = self.part_here(node.body, body, frame) if node.spread else body
        same = {key: self.raw_declared(key, frame) for key in node.same}
        columns = {column: self.group_column(column, grid, frame, same) for column in group}
        chosen = where.value if where is not None else "true"
        if "member" in elements.keys and "member" not in group:
            columns["member"] = "member"
        columns["w"] = chosen
        among = None if node.reach.among is None else self.known(node.reach.among, frame)
        columns["among"] = "true" if among is None else among.value
        columns["b"] = body.value if body is not None else "NULL"
        fault = where.fault if where is not None else None
        if body is not None and body.fault is not None:
            fault = either(fault, f"CASE WHEN {chosen} THEN {body.fault} END")
        if among is not None and among.fault is not None:
            fault = either(among.fault, fault)
        columns["f"] = fault or "NULL::INTEGER"
        of_elements = [each.fault for each in (where, among) if each is not None and each.fault is not None]
        order = order_of(node, elements) if fault is not None else []
        if order:
            columns |= {f"o{at}": frame.expose(f"r.{key}") for at, key in enumerate(order, 1)}
            columns["early"] = f"({either(*of_elements)} IS NOT NULL)" if of_elements else "false"
        if node.function == "latest":
            columns["date"] = frame.expose("r.date")
        grouped = ", ".join(group)
        listed = f"{grouped}, " if group else ""
        tail = f"\n  GROUP BY {grouped}" if group else ""
        inner = frame.select(columns)
        if among is not None:
            inner = f"SELECT * FROM ({inner}) WHERE among OR f IS NOT NULL"
        faults = first_fault([f"o{at}" for at in range(1, len(order) + 1)], early=bool(of_elements))
        if node.function == "latest":
            inner, faults = self.latest(node, inner, group)
        large = self._large_total(node)
        if large is not None:
            faults = f"coalesce({faults}, {large})"
        sql = f"SELECT {listed}{self.summary(node)} AS v, {faults} AS f\n  FROM ({inner}){tail}"
        name = self.store.fresh(node.function, *node.over)
        self.store.table(name, sql, self.about_aggregate(node, grid, group))
        return name, group, fault is not None or large is not None or node.function == "latest"

    def latest(self, node: ir.Aggregate, inner: str, group: Iterable[str]) -> tuple[str, str]:
        """Of elements those with the latest date, and the fault of their group."""
        among = ", ".join(group)
        place = f"rank() OVER ({f'PARTITION BY {among} ' if among else ''}ORDER BY date DESC) AS place"
        inner = f"SELECT * FROM (SELECT *, {place} FROM ({inner}) WHERE w) WHERE place = 1"
        if node.ties:
            return inner, "max(f)"
        number = self.faults.number("MH745", node.span)
        return inner, f"coalesce(max(f), CASE WHEN min(b) <> max(b) THEN {number} END)"

    def about_aggregate(self, node: ir.Aggregate, grid: Grid, group: tuple[str, ...]) -> About:
        """What the relation of an aggregate is: what is made of which rows, for each of the rows above."""
        over = " and ".join(key.replace("_", " ") for key in node.over)
        what = f"{node.function} over each {over}, for rows of {grid.table}"
        grain = (*(key for key in group if key != "clock"), *([grid.kind] if grid.kind is not None else []))
        return About(what, grain, node.span, node)

    def _large_total(self, node: ir.Aggregate) -> str | None:
        """The fault that the magnitudes added up need more than 38 digits, where so many elements are possible."""
        if node.function not in ("sum", "average") or node.body is None:
            return None
        return self.too_large("sum(abs(b)) FILTER (WHERE w)", self._most_added(node), node.span)

    def _most_added(self, node: ir.Aggregate) -> int | None:
        """The magnitudes of all elements together; a part of a member's value is at 12 places."""
        assert node.body is not None
        size = self.widths.size(node.body, PLACES if node.spread else None)
        return None if size is None else size * self.widths.most_elements(node)

    def elements(self, node: ir.Aggregate, grid: Grid) -> tuple[Grid, tuple[str, ...]]:
        """The rows that an aggregate runs over, and the columns by which they are grouped to the rows above."""
        keys = set(grid.keys)
        if "practice" in node.over:
            keys -= set(self.plan.practice_keys)
        group = [key for key in grid.keys if key in keys and key not in node.over]
        kind = "month" if "month" in node.over else grid.kind
        extra = set(node.over) - {"month"}
        if not extra <= {*OWNERS, "line", *self.plan.practice_keys}:
            raise Unsupported(f"an aggregate over {', '.join(sorted(extra))}")
        elements = self.rows(frozenset(keys | extra), kind, base=grid.base)
        elements = self.found(elements) if "line" in extra else elements
        return elements, (*group, *node.same, *(["clock"] if grid.kind is not None else []))

    def group_column(self, column: str, grid: Grid, frame: Frame, same: dict[str, str]) -> str:
        """What an element says of the row that it belongs to."""
        if column in same:
            return frame.expose(same[column])
        if column != "clock" or frame.grid.kind == grid.kind:
            return column
        assert grid.kind is not None
        if grid.kind == "contract_year":
            alias = frame.join("start", "practices", lambda alias: f"{alias}.practice = r.practice")
            return frame.expose(f"CAST(quotient(r.clock - {alias}.start, {MONTHS_IN_YEAR}) + 1 AS INTEGER)")
        return self.grids.period_first("clock", grid.kind)

    def summary(self, node: ir.Aggregate) -> str:
        """What an aggregate makes of the elements' values `b` where `w` holds."""
        function, held = node.function, "FILTER (WHERE w)"
        if node.body is None:
            people = "DISTINCT member" if node.over[0] == "member" and "payer" in node.over else "*"
            chosen, all_of_them = f"(count({people}) {held})", f"count({people})"
            if function == "any":
                return f"{chosen} > 0"
            if function == "every":
                return f"{chosen} = {all_of_them}"
            if function == "share":
                return self.share(node, chosen, all_of_them)
            return self._number(chosen)
        if function == "sum":
            return self.narrowed(f"(sum(b) {held})", self.widths.size(node))
        if function == "count":
            return self._number("(count(*) FILTER (WHERE w AND b IS NOT NULL AND CAST(b AS STRING) <> 'false'))")
        if function in TRUTHS:
            return f"{TRUTHS[function]}(b) {held}"
        if function in ("minimum", "maximum"):
            return f"{function[:3]}(b) {held}"
        if function == "share":
            return self.share(node, "(count(*) FILTER (WHERE w AND b))", f"(count(*) {held})")
        if function == "average":
            shift = 10 ** (places_of(node) - places_of(node.body))
            size = self._most_added(node)
            above = self.narrowed(f"(sum(b) {held})", size)
            return self._divided(above, shift, f"(count(*) {held})", None if size is None else size * shift)
        if function == "percentile":
            rank = f"quotient({node.argument} * (count(*) {held}) + 99, 100)"
            return f"nth_smallest(array_agg(b) {held}, greatest(1, {rank}))"
        if function == "latest":
            return "min(b)" if node.ties == "lowest" else "max(b)"
        raise Unsupported(f"`{function}`")

    def share(self, node: ir.Aggregate, some: str, all_of_them: str) -> str:
        """A count divided by another that is not smaller; missing where that is 0."""
        one = 10 ** places_of(node)
        return self._divided(some, one, all_of_them, self.widths.most_elements(node) * one)

    def _divided(self, above: str, factor: int, count: str, size: int | None) -> str:
        """Something times a factor, by magnitude at most `size`, divided by a count; missing where that is 0."""
        wide = not fits(size)
        numerator = f"({self.dialect.cast(above, wide=wide)} * {self.dialect.number(factor, wide=wide)})"
        divisor = f"nullif({self.dialect.cast(f'({count})', wide=wide)}, 0)"
        return self.dialect.cast(self.dialect.divide(numerator, divisor, Rounding.HALF_EVEN), wide=wide)

    # --------------------------------------------------------------------------------------- not settled

    def feature(self, node: ir.Feature, frame: Frame) -> Column:
        """A column of an element below the practice."""
        raise Unsupported(f"`{node.column}` of {node.collection}")

    def part_here(self, node: ir.Expression, found: Column, frame: Frame) -> Column:
        """The part of a member's value that falls to the row's practice."""
        raise Unsupported("a value divided by months of members")

    def reported(self, node: ir.Reported, frame: Frame) -> Column:
        """A result of a measure that another system works out."""
        raise Unsupported("reported results")

    def rank(self, node: ir.Rank, frame: Frame) -> Column:
        """Where the row's practice stands among all."""
        raise Unsupported("a rank")

    def total(self, node: ir.Total, frame: Frame) -> Column:
        """The postings of a payment within the row's period."""
        raise Unsupported("`total(…)`")
