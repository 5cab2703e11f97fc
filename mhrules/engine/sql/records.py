"""The rows of an aggregate or a payment over claims, visits, prescriptions and events, and what is known of each."""

from __future__ import annotations

from attrs import evolve

from mhrules.data import population
from mhrules.engine.elements import ENROLLMENT, MEMBER, PROVIDER
from mhrules.engine.records import CLAIM, EVENT, KINDS, LINE, PRESCRIPTION, RESULT, STATE, VISIT
from mhrules.engine.sql.about import About
from mhrules.engine.sql.claims import SERVICE_FAULT, Claims
from mhrules.engine.sql.faults import Unsupported
from mhrules.engine.sql.frame import NO_TIME, TIMES, Column, Frame, Grid
from mhrules.engine.sql.grids import OWNERS
from mhrules.engine.sql.numbers import either
from mhrules.engine.sql.people import MEMBERS, asks_of_members, counts_days
from mhrules.engine.sql.quantities import matching
from mhrules.plan import ir
from mhrules.plan.members import MethodPlan
from mhrules.semantics.builtins import OF_PEOPLE

GROUPED = {CLAIM: ("claim_id",), VISIT: ("person", "place", "date")}
"""What makes records one claim or one visit."""


class Records(Claims):
    """What happened to people, by the rows to which it belongs."""

    # ------------------------------------------------------------------------------------------ elements

    def elements(self, node: ir.Aggregate, grid: Grid) -> tuple[Grid, tuple[str, ...]]:
        """The rows that an aggregate runs over, also below the practice."""
        below = [key for key in node.over if key in (MEMBER, ENROLLMENT, PROVIDER, *KINDS)]
        if not below:
            if grid.whole:
                raise Unsupported(f"an aggregate over {node.over[0]}s of members in the whole period")
            return super().elements(node, grid)
        keys = {*grid.keys, *(key for key in node.over if key == "payer")}
        group = (*(key for key in grid.keys if key not in node.over), "clock")
        if grid.kind is None or "month" in node.over or node.same or not {"payer", "practice"} <= keys:
            raise Unsupported(f"an aggregate over {below[0]}s here")
        if grid.element:
            raise Unsupported(f"{below[0].replace('_', ' ')}s for each {grid.element.replace('_', ' ')}")
        if below[0] in (MEMBER, ENROLLMENT):
            if MEMBER in grid.keys:
                raise Unsupported("members beside a member")
            whole = node.reach.whole_period
            return self.member_grid(frozenset({*keys, MEMBER}), grid.kind, base=grid.base, whole=whole), group
        if below[0] == PROVIDER:
            if MEMBER in grid.keys:
                raise Unsupported("providers in a member's months")
            return self._provider_grid(grid), group
        return self.record_grid(below[0], node.reach, node.event, grid), group

    def _provider_grid(self, grid: Grid) -> Grid:
        """The providers of a practice: on a month's first day, or on any day of a longer period."""
        rows = self.grids.grid(OWNERS, grid.kind)
        last = "g.d1" if grid.kind == "month" else "g.d2"
        own = "g.clock, g.m1, g.m2, g.mn, g.d1, g.d2"
        sql = (
            f"SELECT DISTINCT g.payer, g.practice, p.npi AS provider, {own} FROM {rows.table} g "
            f"JOIN {population.PROVIDER} p ON p.{self._practice} = g.practice "
            f'AND p."from" <= {last} AND (p."to" IS NULL OR p."to" >= g.d1)'
        )
        about = About("the grid of providers", ("payer", "practice", PROVIDER, grid.kind or ""))
        name = self.store.table(f"rows_providers_{grid.kind}", sql, about)
        return Grid(name, ("payer", "practice", PROVIDER), grid.kind)

    def record_grid(self, kind: str, reach: ir.Reach, event: str, grid: Grid) -> Grid:
        """The single records that belong to rows: of their members, looked back to, or billed by the practice."""
        assert grid.kind is not None
        with_member = MEMBER in grid.keys
        name = self.store.fresh(kind, event, "rows")
        records, rows = self.records(kind, event), self.owner_rows(grid)
        keys = (*MEMBERS, kind) if with_member else ("payer", "practice", kind)
        members = (
            ""
            if not self.given
            else self.member_grid(frozenset(MEMBERS), grid.kind, base=grid.base, whole=grid.whole).table
        )
        own = f"e.id AS {kind}, g.clock, g.m1, g.m2, g.mn, g.d1, g.d2"
        listed = [column for column in self.store.columns(records) if column not in ("payer", "practice", "month")]
        own += "".join(f", e.{column}" for column in listed) + ", e.practice AS biller"
        ever = kind in (STATE, RESULT) or reach.whole_period
        payer = "" if kind in (STATE, RESULT) else " AND e.payer = g.payer"
        when = "e.month BETWEEN g.m1 AND g.m2"
        if reach.within is not None:
            day = "g.d1" if grid.kind == "month" else "(g.d2 + INTERVAL 1 DAY)::DATE"
            back = f"({day} - INTERVAL {reach.within.months} MONTH - INTERVAL {reach.within.days} DAY)::DATE"
            when = f"e.date >= {back} AND e.date < {day}"
        done_here = reach.billed or (kind == EVENT and not with_member)
        here = " AND e.practice = g.practice" if reach.billed or kind == EVENT else ""
        if done_here and not with_member:
            sql = (
                f"SELECT g.payer, g.practice, e.person AS member, {own} FROM {rows} g JOIN {records} e "
                f"ON e.practice = g.practice{payer} AND {when}"
            )
        elif (ever and not reach.billed) or reach.within is not None:
            if kind == STATE and reach.within is None:
                when = "e.date <= g.d2 AND (e.e_resolved IS NULL OR e.e_resolved >= g.d1)"
            sql = (
                f"SELECT g.payer, g.practice, m.member, {own} FROM {members} m JOIN {rows} g ON g.payer = m.payer "
                f"AND g.practice = m.practice AND g.clock = m.clock JOIN {records} e ON e.person = m.member{payer} "
                f"AND {when}{here}"
            )
        else:
            sql = (
                f"SELECT g.payer, g.practice, m.member, {own} FROM {members} m JOIN {rows} g ON g.payer = m.payer "
                f"AND g.practice = m.practice AND g.clock = m.clock JOIN {records} e ON e.person = m.member{payer} "
                f"AND {_in_months(grid)}{here}"
            )
        about = About(f"each {kind.replace('_', ' ')} that belongs to a row", (*keys, grid.kind))
        table = self.store.view(name, sql, about)
        return Grid(table, keys, grid.kind, grid.base, element=kind, whole=grid.whole)

    def visits_that_count(self, method: MethodPlan, days: str) -> tuple[str, bool]:
        """The visits before each refresh that fulfil a method's condition, and whether that can fail: then in `f`."""
        attribution = self.plan.members.attribution
        assert attribution is not None
        name = f"visits_for_{attribution.methods.index(method) + 1}"
        about = About(f"visits that count for the {method.kind}", ("visit",), method.span)
        when = "e.date < k.day" + ("" if method.within is None else " AND e.date >= k.since")
        seen = f"{self.records(VISIT)} e ON e.person = k.member AND e.practice <> '' AND {when}"
        if asks_of_members(method):
            end = self.store.month_day("k.refresh + 1")
            own = [column for column in self.store.columns(self.records(VISIT)) if column not in OWNERS]
            sql = (
                "SELECT k.payer, k.member, k.day, k.refresh AS clock, k.refresh AS m1, k.refresh AS m2, 1 AS mn, "
                f"k.day AS d1, ({end} - INTERVAL 1 DAY)::DATE AS d2, e.id AS visit, e.practice AS biller, "
                f"{', '.join(f'e.{column}' for column in own)} FROM ({days}) k JOIN {seen}"
            )
            grid = Grid(
                self.step(f"{name}_asked", sql, About("visits before each refresh", ("payer", VISIT, "refresh"))),
                ("payer", "member", VISIT),
                "month",
                element=VISIT,
            )
            found, fails = self._counting_visits(
                method, grid, {"payer": "r.payer", "refresh": "r.clock", "day": "r.day"}
            )
            return self.step(name, found, about), fails
        source = self.store.view(
            "visits_seen",
            f"SELECT *, id AS visit, person AS member, practice AS biller, {NO_TIME} "
            f"FROM {self.records(VISIT)} WHERE practice <> ''",
            About("visits at practices", ("visit",)),
        )
        found, fails = self._counting_visits(method, Grid(source, (VISIT,), None, element=VISIT), {})
        visits = self.step(name, found, about)
        listed = f"v.practice, v.date, v.allowed{', v.f' if fails else ''}"
        when = when.replace("e.date", "v.date")
        return f"(SELECT k.*, {listed} FROM ({days}) k JOIN {visits} v ON v.member = k.member AND {when})", fails

    def _counting_visits(self, method: MethodPlan, grid: Grid, more: dict[str, str]) -> tuple[str, bool]:
        """The visits of a grid that fulfil a method's condition, or of which that cannot be told."""
        frame = Frame(grid)
        condition = Column("true") if method.where is None else self.known(method.where, frame)
        columns = {column: frame.expose(sql) for column, sql in more.items()}
        columns |= {"member": frame.expose("r.member"), "practice": frame.expose("r.biller")}
        columns |= {"date": frame.expose("r.date"), "allowed": "NULL", "ok": condition.value}
        fault = condition.fault
        if method.measure == "allowed":
            columns["allowed"] = frame.expose("r.e_allowed")
            number = self.faults.number("MH743", method.span)
            fault = either(fault, f"CASE WHEN {condition.value} AND {columns['allowed']} IS NULL THEN {number} END")
        if fault is None:
            listed = f"DISTINCT {', '.join(columns)}" if counts_days(method) else "*"
            return f"SELECT {listed} FROM ({frame.select(columns)}) WHERE ok", False
        return f"SELECT * FROM ({frame.select({**columns, 'f': fault})}) WHERE ok OR f IS NOT NULL", True

    # ------------------------------------------------------------------------------------------ features

    def feature(self, node: ir.Feature, frame: Frame) -> Column:
        """What is known of the row's member, or of its record."""
        if node.collection in OF_PEOPLE:
            return self.member_feature(node, frame)
        if not frame.grid.element:
            raise Unsupported(f"`{node.column}` of {node.collection} here")
        if node.column in ("billed_by", "attributed") and "practice" not in frame.grid.keys:
            raise Unsupported(f"`{node.column}` of a record of no practice")
        grouped = frame.grid.grouped
        if node.column == "billed_by":
            return Column(frame.expose("r.billed_here" if grouped else "(r.biller = r.practice)"))
        if node.column == "attributed":
            if grouped and frame.grid.element == CLAIM:
                raise Unsupported("`attributed` of a claim of several lines")
            months = self.month_of("r.date")
            columns = {"payer": "r.payer", "practice": "r.practice", "member": "r.person", "month": months}
            alias = frame.join("attributed", self.outcomes(), matching(columns))
            return Column(frame.expose(f"({alias}.member IS NOT NULL)"))
        plain = {"date": "r.date", "provider": "coalesce(r.npi, '')"}
        unclassified = None
        if node.column == "service" and self.service_fails:
            unclassified = frame.expose(f"r.{SERVICE_FAULT}")
        if (
            grouped
            and node.column not in population.SUMMED
            and not (node.column == "date" and frame.grid.element == VISIT)
        ):
            agreed = frame.expose(f"r.e_{node.column}")
            differs = f"CASE WHEN {agreed} IS NULL THEN {self.faults.number('MH744', node.span)} END"
            return Column(agreed, either(unclassified, differs))
        if node.column in plain:
            return Column(frame.expose(plain[node.column]))
        sql = f"r.e_{node.column}"  # a sum, as wide as the database makes sums
        value = frame.expose(self.narrowed(sql, self.widths.size(node)) if node.type.is_number else sql)
        if node.type.missing or node.column in population.TEXTS:
            return Column(value, unclassified)
        return Column(value, f"CASE WHEN {value} IS NULL THEN {self.faults.number('MH743', node.span)} END")

    def cost(self, node: ir.Feature, frame: Frame) -> Column:
        """What the row's member cost the payer in its months, medical and pharmacy."""
        basis = f"e_{self.plan.members.cost}"
        kinds = [LINE, PRESCRIPTION] if self.facts.knows(population.PHARMACY) else [LINE]
        union = " UNION ALL ".join(
            f"SELECT payer, person AS member, month, {basis} AS v FROM {self.records(kind)}" for kind in kinds
        )
        added = "sum(v) AS v, count(*) - count(v) AS lacking"
        grid = frame.grid
        assert grid.kind is not None
        if not set(MEMBERS) <= set(grid.keys) or grid.element:
            raise Unsupported("`cost` here")
        on = "{0}.payer = r.payer AND {0}.member = r.member"
        if grid.kind == "month":
            costs = self.store.table(
                "costs",
                f"SELECT payer, member, month, {added} FROM ({union}) GROUP BY payer, member, month",
                About("what each member cost the payer", ("payer", "member", "month")),
            )
            alias = frame.join("cost", costs, f"{on} AND {{0}}.month = r.clock".format)
        else:
            members = self.member_grid(frozenset(MEMBERS), grid.kind, base=grid.base, whole=grid.whole).table
            sql = (
                f"SELECT m.payer, m.practice, m.member, m.clock, {added} FROM {members} m JOIN ({union}) e "
                f"ON e.payer = m.payer AND e.member = m.member AND {_in_months(grid)} GROUP BY ALL"
            )
            about = About("what each member cost the payer in the months of a row", (*MEMBERS, grid.kind))
            table = self.store.table(f"costs_of_{grid.table}", sql, about)
            alias = frame.join("cost", table, f"{on} AND {{0}}.practice = r.practice AND {{0}}.clock = r.clock".format)
        unknown = f"CASE WHEN {alias}.lacking > 0 THEN {self.faults.number('MH743', node.span)} END"
        value = self.narrowed(f"coalesce({alias}.v, 0)", self.widths.size(node))
        return Column(frame.expose(value), frame.expose(unknown))

    # ---------------------------------------------------------------------------------------- aggregates

    def _worked_out(self, node: ir.Aggregate, grid: Grid) -> tuple[str, tuple[str, ...], bool]:
        """An aggregate; claims and visits are first put together of the lines that fulfil its condition."""
        if node.over[0] not in GROUPED or node.reach.among is not None:
            return super()._worked_out(node, grid)
        if node.where is None and node.function in ("any", "every"):
            node = evolve(node, where=node.body, body=None)  # conditions are asked line by line
        elements, group = self.elements(node, grid)
        frame = Frame(elements)
        where = None if node.where is None else self.known(node.where, frame)
        chosen = "true" if where is None else where.value
        fails = where is not None and where.fault is not None
        counts = {"w": chosen, "wf": (where and where.fault) or "NULL::INTEGER"}
        base, about = self.store.fresh(node.function, *node.over), self.about_aggregate(node, grid, group)
        grouped = ", ".join(group)
        if node.body is None:
            identity = GROUPED[node.over[0]]
            told = {column: column for column in group}
            told |= {f"i{at}": frame.expose(f"r.{column}") for at, column in enumerate(identity, 1)}
            sql = self._of_groups(node, grouped, [f"i{at}" for at in range(1, len(identity) + 1)])
            return self.store.table(base, sql.format(frame.select({**told, **counts})), about), group, fails
        of_lines = About(f"lines, and whether each counts for {base}", (*elements.grain,), node.span)
        columns = {**self.line_columns(elements, frame), **counts}
        lines = self.store.table(f"{base}_lines", frame.select(columns), of_lines)
        found = Frame(self.grouped(node.over[0], elements, lines, across="payer" in node.over))
        body = self.value(node.body, found) if node.function == "count" else self.known(node.body, found)
        values = {column: column for column in group}
        values |= {"w": "true", "b": body.value, "f": body.fault or "NULL::INTEGER"}
        own = "max(f)"
        if node.function == "latest":
            inner, own = self.latest(node, found.select({**values, "date": found.expose("r.last_date")}), group)
        else:
            inner = found.select(values)
        faults = f"SELECT {grouped}, max(wf) AS wf FROM {lines} GROUP BY {grouped}"
        sql = (
            f"SELECT {grouped}, min(v) AS v, max(coalesce(f, wf)) AS f FROM (SELECT {grouped}, "
            f"{self.summary(node)} AS v, {own} AS f FROM ({inner}) GROUP BY {grouped}) "
            f"FULL JOIN ({faults}) USING ({grouped}) GROUP BY {grouped}"
        )
        return self.store.table(base, sql, about), group, True

    def line_columns(self, grid: Grid, frame: Frame) -> dict[str, str]:
        """The columns of single records, kept for putting them together."""
        own = self.store.columns(grid.table)
        kept = [c for c in own if c not in (*grid.keys, *TIMES)]
        return {**{c: c for c in (*grid.keys, *TIMES)}, **{c: frame.expose(f"r.{c}") for c in kept}}

    def _of_groups(self, node: ir.Aggregate, grouped: str, identity: list[str]) -> str:
        """How many claims or visits have a line that was chosen, as a statement over `{}`, the lines with `w` and `wf`.

        Each claim or visit becomes one row first: to count distinct rows of texts in place is far slower.
        """
        asked = " WHERE w OR wf IS NOT NULL" if node.function in ("any", "count") else ""
        each = (
            f"SELECT {grouped}, {', '.join(identity)}, bool_or(w) AS w, max(wf) AS wf FROM ({{}}){asked} "
            f"GROUP BY {grouped}, {', '.join(identity)}"
        )
        some, every = "count(*) FILTER (WHERE w)", "count(*)"
        found = {"any": f"{some} > 0", "every": f"{some} = {every}"}.get(node.function)
        if node.function == "share":
            found = self.share(node, f"({some})", every)
        found = found or self._number(f"({some})")
        return f"SELECT {grouped}, {found} AS v, max(wf) AS f FROM ({each}) GROUP BY {grouped}"

    def grouped(self, kind: str, grid: Grid, lines: str, *, across: bool = False) -> Grid:
        """Claims or visits made of chosen lines: amounts added up, texts where they agree.

        `across` payers, what two of them paid for one visit is one visit.
        """
        own = self.store.columns(lines)
        keys = [key for key in grid.keys if key != kind and not (across and key == "payer")]
        identity = GROUPED[kind]
        listed = []
        for column in own:
            if column in (*keys, *identity, kind, "w", "wf", "clock", "id", "npi"):
                continue
            feature = column.removeprefix("e_")
            if column in TIMES or not column.startswith("e_"):
                listed.append(f"min({column}) AS {column}")
            elif feature in population.SUMMED:
                listed.append(f"CASE WHEN count(*) = count({column}) THEN sum({column}) END AS {column}")
            else:
                listed.append(_agreed(column, feature))
        by = ", ".join([*keys, "clock", *identity])
        if "date" not in identity:
            listed.append(_agreed("date"))
        listed += [_agreed("coalesce(npi, '')", "provider"), "max(date) AS last_date"]
        listed += ["bool_or(biller = practice) AS billed_here", "max(CASE WHEN nth = 1 THEN id END) AS id"]
        name = f"{lines.removesuffix('_lines')}_{kind}s"
        nth = f"row_number() OVER (PARTITION BY {by} ORDER BY date, id) AS nth"
        single = f"SELECT *, {nth} FROM {lines} WHERE w"
        sql = f"SELECT {by}, min(id) AS {kind}, {', '.join(listed)} FROM ({single}) GROUP BY {by}"
        about = About(f"each {kind} put together of its lines that count", (*keys, kind, grid.kind or ""))
        return Grid(self.store.table(name, sql, about), grid.keys, grid.kind, element=kind, grouped=True)


def _in_months(grid: Grid) -> str:
    """Whether a record `e` is of a month of the member's row `m`."""
    if grid.kind == "month":
        return "e.month = m.clock"
    return "e.month BETWEEN m.m1 AND m.m2 AND has_month(m.months, e.month)"


def _agreed(sql: str, feature: str = "") -> str:
    """What all records of a claim or visit say; missing where they do not agree."""
    name = feature or sql
    return f"CASE WHEN count({sql}) = count(*) AND min({sql}) = max({sql}) THEN min({sql}) END AS e_{name}"
