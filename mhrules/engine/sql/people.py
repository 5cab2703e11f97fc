"""People as relations: to whom each counted month is attributed, and the rows of members."""

from __future__ import annotations

from mhrules.data import population
from mhrules.engine.attribution import NOT_YET_REFRESHED, PRACTICE_LEFT, UNATTRIBUTED
from mhrules.engine.elements import ATTRIBUTED_AT_LEAST, OF_PERSON
from mhrules.engine.facts import Facts
from mhrules.engine.records import VISIT
from mhrules.engine.sql.about import About
from mhrules.engine.sql.enrollment import COUNTED, EACH_MONTH, Enrollment, as_number
from mhrules.engine.sql.failing import Fallible
from mhrules.engine.sql.faults import Unsupported
from mhrules.engine.sql.frame import Column, Frame, Grid
from mhrules.engine.sql.grids import OWNERS, Grids
from mhrules.engine.sql.quantities import matching
from mhrules.engine.sql.store import Store
from mhrules.engine.sql.widths import MONTHS, fits
from mhrules.exact import PLACES, Rounding
from mhrules.plan import ir
from mhrules.plan.members import AttributionPlan, MethodPlan
from mhrules.plan.whole import Plan
from mhrules.semantics.calendar import MONTHS_IN_YEAR

OUTCOMES = "outcomes"
ATTRIBUTED = "attributed"
MEMBERS = ("payer", "practice", "member")


class People(Enrollment):
    """Members, months and attribution of one data set."""

    early = False  # whether anything asks who was attributed before a payer was in the program; set by those who settle

    def __init__(self, plan: Plan, facts: Facts, store: Store, grids: Grids) -> None:
        super().__init__(plan, facts, store, grids)
        self._passing: list[str] = []  # relations from which it follows who is assigned, which nothing else reads

    # --------------------------------------------------------------------------------------- attribution

    def outcomes(self) -> str:
        """What became of each counted month: a practice, or the reason for none, and a fault if it cannot be judged."""
        if self.store.has(OUTCOMES):
            return OUTCOMES
        if self.facts.present(population.ATTRIBUTED):
            refreshes, assigned = self._given()
        else:
            attribution = self.plan.members.attribution
            assert attribution is not None
            refreshes = self._refreshes(attribution)
            assigned = self._assigned(attribution, refreshes)
        excluded = self._excluded()
        none, late, left = (self.dialect.text(word) for word in (UNATTRIBUTED, NOT_YET_REFRESHED, PRACTICE_LEFT))
        stops = "WHEN coalesce(x.reason, '') <> '' THEN x.reason " if excluded else ""
        fault = "coalesce(x.f, CASE WHEN x.reason = '' THEN a.f END)" if excluded else "a.f"
        join = (
            f"LEFT JOIN {excluded} x ON x.payer = o.payer AND x.member = o.member AND x.month = o.month"
            if excluded
            else ""
        )
        why = (
            f"CASE {stops}WHEN o.refresh IS NULL THEN {late} "
            f"WHEN a.practice IS NULL THEN {none} WHEN l.practice IS NULL THEN {left} ELSE '' END"
        )
        # Who is excluded is not looked up: nothing is told of a refresh or a method.
        refresh, method = "o.refresh", "coalesce(a.method, '')"
        if excluded:
            refresh, method = (f"CASE WHEN coalesce(x.reason, '') = '' THEN {sql} END" for sql in (refresh, method))
        inner = (
            f"SELECT o.payer, o.member, o.month, o.days, {refresh} AS refresh, a.practice, {why} AS reason, "
            f"{method} AS method, "
            f"{fault} AS f\n  FROM {refreshes} o\n"
            f"  LEFT JOIN {assigned} a ON a.payer = o.payer AND a.member = o.member AND a.refresh = o.refresh\n"
            f"  LEFT JOIN {self.listed()} l ON l.practice = a.practice AND l.month = o.month\n  {join}"
        )
        listed = "payer, member, month, days, refresh, reason, method, f"
        about = About(
            "what became of each counted month: a practice, or the reason for none",
            ("payer", "member", "month"),
            None if self.plan.members.attribution is None else self.plan.members.attribution.span,
        )
        sql = f"SELECT {listed}, CASE WHEN reason = '' THEN practice ELSE '' END AS practice FROM ({inner})"
        held = self.grids.held(frozenset({"payer"}))
        within = "" if self.early else f" JOIN {held} h ON h.payer = o.payer AND h.month = o.month"
        asked = f"SELECT o.payer, o.member, o.month AS clock, o.f FROM {OUTCOMES} o{within}"
        self.failing.append(Fallible("attribution", OUTCOMES, asked, ("payer", "member"), "month"))
        self.store.table(OUTCOMES, sql, about)
        for name in (*reversed(self._passing), assigned, refreshes):
            self.store.drop(name)  # each is as large as the outcomes themselves
        return OUTCOMES

    def _given(self) -> tuple[str, str]:
        """The members of a worked example come to the practices that it says, month by month."""
        months = f"SELECT *, month AS refresh FROM {self.counted()}"
        about = About("counted months, each with the month of its assignment", ("payer", "member", "month"))
        refreshes = self.store.table("refreshes", months, about)
        begin, end = self.store.month_day("c.month"), self.store.month_day("c.month + 1")
        first = 'row_number() OVER (PARTITION BY c.payer, c.member, c.month ORDER BY g."from") = 1'
        sql = (
            f"SELECT c.payer, c.member, c.month AS refresh, g.{self._practice} AS practice, 'given' AS method, "
            "NULL::INTEGER AS f "
            f"FROM {refreshes} c JOIN {population.ATTRIBUTED} g ON g.payer = c.payer AND g.person_id = c.member "
            f'AND g."from" < {end} AND (g."to" IS NULL OR g."to" >= {begin}) QUALIFY {first}'
        )
        about = About("the practices that the data name", ("payer", "member", "refresh"))
        return refreshes, self.store.table("assigned", sql, about)

    def attributed(self) -> str:
        """The months of members at practices that are there: what rows of members are made of."""
        held = self.grids.held(frozenset({"payer", "practice"}))
        sql = (
            f"SELECT o.payer, o.practice, o.member, o.month, o.days FROM {self.outcomes()} o JOIN {held} h "
            "ON h.payer = o.payer AND h.practice = o.practice AND h.month = o.month WHERE o.practice <> ''"
        )
        about = About("months of members at practices that are there", ("payer", "practice", "member", "month"))
        return self.store.table(ATTRIBUTED, sql, about)

    def _refreshes(self, attribution: AttributionPlan) -> str:
        """Each counted month with the month of the refresh in force; NULL for who was enrolled only after it."""
        first = self.grids.period_first("c.month", attribution.every.value)
        begins = f"greatest({self.plan.first_month}, p.first_month)"
        refresh = f"CASE WHEN c.month < {begins} THEN {first} ELSE greatest({first}, {begins}) END"
        dated = f"SELECT c.*, CAST({refresh} AS INTEGER) AS due FROM {self.counted()} c JOIN payers p USING (payer)"
        starts = f"SELECT greatest({self.plan.first_month}, first_month) FROM payers"
        at_refresh = f"SELECT payer, member, month FROM {COUNTED} c WHERE month = {first} OR month IN ({starts})"
        there = f"LEFT JOIN ({at_refresh}) t ON t.payer = d.payer AND t.member = d.member AND t.month = d.due"
        found = "CASE WHEN t.member IS NOT NULL THEN d.due END"
        if attribution.at_once:
            own = "min(d.month) OVER (PARTITION BY d.payer, d.member, d.due)"
            found = f"CASE WHEN t.member IS NOT NULL THEN d.due ELSE {own} END"
        sql = f"SELECT d.payer, d.member, d.month, d.days, {found} AS refresh FROM ({dated}) d {there}"
        about = About(
            "counted months with the refresh in force, if any", ("payer", "member", "month"), attribution.span
        )
        return self.store.table("refreshes", sql, about)

    def _assigned(self, attribution: AttributionPlan, refreshes: str) -> str:
        """By payer, member and refresh, the practice of the first method that finds one."""
        days = self.store.month_day("refresh")
        sql = f"SELECT DISTINCT payer, member, refresh FROM {refreshes} WHERE refresh IS NOT NULL"
        about = About("who is to be attributed at each refresh", ("payer", "member", "refresh"))
        asked = self.step("asked", f"SELECT *, {days} AS day FROM ({sql})", about)
        joins, practices, methods, faults = [], [], [], []
        for number, method in enumerate(attribution.methods, 1):
            found, keys, fails = self._found(method, number, asked)
            on = " AND ".join(f"m{number}.{key} = k.{key}" for key in keys)
            joins.append(f"LEFT JOIN {found} m{number} ON {on}")
            practices.append(f"m{number}.practice")
            faults += [f"WHEN m{number}.f IS NOT NULL THEN m{number}.f"] if fails else []
            faults.append(f"WHEN m{number}.practice IS NOT NULL THEN NULL")
            methods.append(f"WHEN m{number}.practice IS NOT NULL THEN {self.dialect.text(method.words)}")
        chosen = f"coalesce({', '.join(practices)})" if len(practices) > 1 else practices[0]
        word = f"CASE {' '.join(methods)} ELSE '' END AS method"
        fault = f"CAST(CASE {' '.join(faults)} END AS INTEGER) AS f"
        text = f"SELECT k.payer, k.member, k.refresh, {chosen} AS practice, {word}, {fault}\n  FROM {asked} k\n  "
        about = About(
            "the practice of the first method that finds one", ("payer", "member", "refresh"), attribution.span
        )
        return self.store.table("assigned", text + "\n  ".join(joins), about)

    def step(self, name: str, sql: str, about: About) -> str:
        """A relation that only serves to find who is assigned, and is dropped then."""
        self._passing.append(name)
        return self.store.table(name, sql, about)

    def _found(self, method: MethodPlan, number: int, asked: str) -> tuple[str, tuple[str, ...], bool]:
        """The winner of one method, the columns by which it is told to whom, and whether it can fail: then in `f`."""
        name = f"method_{number}_{method.kind.replace(' ', '_')}"
        if method.kind == "selection":
            sql = (
                f"SELECT k.payer, k.member, k.refresh, min(s.{self._practice}) AS practice FROM {asked} k "
                f"JOIN {population.CHOSEN} s ON s.payer = k.payer AND s.person_id = k.member "
                f'AND s."from" <= k.day AND (s."to" IS NULL OR k.day <= s."to") '
                f"{self._at_refresh(f's.{self._practice}')} GROUP BY ALL"
            )
            return self.step(name, sql, self._about_method(method)), ("payer", "member", "refresh"), False
        if method.kind == "list":
            return self._listed(method, name, asked), ("payer", "member", "refresh"), False
        if method.kind == "geography":
            sql = (
                f"SELECT DISTINCT k.member, k.refresh, s.{self._practice} AS practice FROM {asked} k "
                f"JOIN {self.persons()} p USING (member) JOIN {population.AREA} s USING (zip_code) "
                f"{self._at_refresh(f's.{self._practice}')}"
            )
            return self.step(name, sql, self._about_method(method)), ("member", "refresh"), False
        return self._visited(method, name, asked)

    def _about_method(self, method: MethodPlan) -> About:
        """What the relation of an attribution method is."""
        grain = (
            ("member", "refresh")
            if method.kind in ("geography", "plurality", "most recent visit")
            else ("payer", "member", "refresh")
        )
        return About(f"attribution by {method.kind}: the practice that it finds", grain, method.span)

    def _listed(self, method: MethodPlan, name: str, asked: str) -> str:
        """Where the payer's latest list on or before the day names the person."""
        title = self.dialect.text(method.title)
        lists = f"SELECT DISTINCT payer, as_of_date FROM {population.ROSTER} WHERE list = {title}"
        days = f"SELECT DISTINCT payer, refresh, day FROM {asked}"
        latest = (
            f"SELECT d.payer, d.refresh, max(l.as_of_date) AS as_of_date FROM ({days}) d "
            f"JOIN ({lists}) l ON l.payer = d.payer AND l.as_of_date <= d.day GROUP BY d.payer, d.refresh"
        )
        sql = (
            f"SELECT k.payer, k.member, k.refresh, min(r.{self._practice}) AS practice FROM {asked} k "
            f"JOIN ({latest}) t ON t.payer = k.payer AND t.refresh = k.refresh "
            f"JOIN {population.ROSTER} r ON r.payer = k.payer AND r.list = {title} "
            "AND r.as_of_date = t.as_of_date AND r.person_id = k.member "
            f"{self._at_refresh(f'r.{self._practice}')} GROUP BY ALL"
        )
        return self.step(name, sql, self._about_method(method))

    def _visited(self, method: MethodPlan, name: str, asked: str) -> tuple[str, tuple[str, ...], bool]:
        """The practice with most visits, or the latest one, before each refresh, whoever paid."""
        keys = ("payer", "member", "refresh") if asks_of_members(method) else ("member", "refresh")
        by = ", ".join(keys)
        days = f"SELECT DISTINCT {by}, day FROM {asked}"
        if method.within is not None:
            back = f"(day - INTERVAL {method.within.months} MONTH - INTERVAL {method.within.days} DAY)::DATE"
            days = f"SELECT *, {back} AS since FROM ({days})"
        seen, fails = self.visits_that_count(method, days)
        weight = "count(*)" if counts_days(method) and not fails else "count(DISTINCT v.date)"
        weight = "sum(v.allowed)" if method.measure == "allowed" else weight
        candidates = (
            f"SELECT {by}, v.practice, {weight} AS weight, max(v.date) AS latest FROM {seen} v "
            f"{self._at_refresh('v.practice', 'v')}{' WHERE v.f IS NULL' if fails else ''} "
            f"GROUP BY {by}, v.practice"
        )
        if method.kind == "most recent visit":
            order = "latest DESC" + {"highest": ", weight DESC", "lowest": ", weight"}.get(method.ties, "")
        else:
            order = "weight DESC" + (", latest DESC" if method.ties in ("most recent visit", "latest") else "")
        ranked = f"row_number() OVER (PARTITION BY {by} ORDER BY {order}, practice) AS place"
        sql = f"SELECT {by}, practice FROM (SELECT *, {ranked} FROM ({candidates})) WHERE place = 1"
        if fails:
            both = f"SELECT *, NULL::INTEGER AS f FROM ({sql}) UNION ALL SELECT {by}, NULL, f FROM {seen}"
            sql = f"SELECT {by}, max(practice) AS practice, max(f) AS f FROM ({both}) GROUP BY {by}"
        return self.step(name, sql, self._about_method(method)), keys, fails

    def visits_that_count(self, method: MethodPlan, days: str) -> tuple[str, bool]:
        """The visits before each refresh that fulfil a method's condition, and whether that can fail: then in `f`.

        `days` are who asks, with the day of the refresh, and from `since` where the method looks back only so far. A
        visit has what they have, and its practice, date and amount allowed.
        """
        raise Unsupported("attribution by visits")

    @property
    def _practice(self) -> str:
        return f"{self.plan.participant}_id"

    def listed(self) -> str:
        """The practices that are on the roster on a month's first day."""
        roster, own = self.facts.schema.roster, self.facts.columns(self.facts.schema.roster)
        months = self.grids.months
        each = f"SELECT {EACH_MONTH} AS month FROM (SELECT {months.start} AS m1, {months.stop - 1} AS m2)"
        parts = []
        if "effective_from" in own:
            parts.append("(b.effective_from IS NULL OR b.effective_from <= m.day)")
        if "effective_to" in own:
            parts.append("(b.effective_to IS NULL OR m.day <= b.effective_to)")
        days = f"SELECT CAST(month AS INTEGER) AS month, {self.store.month_day('month')} AS day FROM ({each})"
        sql = f"SELECT b.{self._practice} AS practice, m.month FROM ({days}) m JOIN {roster} b ON "
        if not self.facts.present(roster):
            sql, parts = f"SELECT b.practice, m.month FROM ({days}) m JOIN practices b ON ", []
        about = About("practices on the roster on the first day of a month", ("practice", "month"))
        return self.store.table("listed", sql + (" AND ".join(parts) or "true"), about)

    def _at_refresh(self, practice: str, of: str = "k") -> str:
        """The join that keeps practices on the roster at the refresh of a row."""
        return f"JOIN {self.listed()} l ON l.practice = {practice} AND l.month = {of}.refresh"

    def _excluded(self) -> str:
        """The counted months that an exclusion keeps out, each with the first that does; nothing without exclusions."""
        if not self.plan.members.exclusions:
            return ""
        parts = [self._judged(base=False), *([self._judged(base=True)] if self.early else [])]
        what = "counted months with the first exclusion that keeps them out, if any"
        spans = [exclusion.span for exclusion in self.plan.members.exclusions]
        about = About(what, ("payer", "member", "month"), spans)
        return self.step("excluded", " UNION ALL ".join(parts), about)

    def _judged(self, *, base: bool) -> str:
        """Exclusions judged in the months in which a payer is in the program, or those before it."""
        frame = Frame(self.enrolled_grid("month", base=base))
        reasons, faults = [], []
        for exclusion in self.plan.members.exclusions:
            with self.store.serving(f"excluded_{exclusion.name}"):
                found = self.known(exclusion.condition, frame)
            if found.fault is not None:
                faults.append(f"WHEN {found.fault} IS NOT NULL THEN {found.fault}")
            reasons.append(f"WHEN {found.value} THEN {self.dialect.text(exclusion.name)}")
            faults.append(f"WHEN {found.value} THEN NULL")
        columns = {
            "payer": "payer",
            "member": "member",
            "month": "clock",
            "reason": f"CASE {' '.join(reasons)} ELSE '' END",
            "f": f"CASE {' '.join(faults)} END::INTEGER",
        }
        return frame.select(columns)

    # --------------------------------------------------------------------------------------- member rows

    def member_grid(self, keys: frozenset[str], kind: str, *, base: bool = False, whole: bool = False) -> Grid:
        """Rows of members attributed to practices, by period, with the months attributed there.

        Of a period longer than a month, `months` is the set of those. Records are joined to it instead of to a row for
        each month, of which there are many times more.

        `whole`: with all months of the period that count for the payer, wherever the member was attributed.
        """
        if not set(MEMBERS) <= keys or keys - set(MEMBERS):
            raise Unsupported("members of such rows")
        name = "_".join(["rows_members", kind, *(["base"] if base else []), *(["whole"] if whole else [])])
        if kind == "month" and not base and not whole:  # each is a row already
            first, after = self.store.month_day("month"), self.store.month_day("month + 1")
            sql = (
                "SELECT payer, practice, member, month AS clock, month AS m1, month AS m2, 1 AS mn, days, "
                f"{first} AS d1, ({after} - INTERVAL 1 DAY)::DATE AS d2 FROM {self.attributed()}"
            )
            about = About("the grid of members: months at the practice", (*MEMBERS, kind))
            return Grid(self.store.view(name, sql, about), MEMBERS, kind)
        begin, end = self.store.month_day("m1"), self.store.month_day("m2 + 1")
        grouped = (
            "SELECT payer, practice, member, clock, min(month) AS m1, max(month) AS m2, "
            "CAST(count(*) AS INTEGER) AS mn, sum(days) AS days, bit_or(month_bit(month)) AS months "
            f"FROM {self.months_of_members(kind, base=base, whole=whole)} GROUP BY payer, practice, member, clock"
        )
        sql = f"SELECT *, {begin} AS d1, ({end} - INTERVAL 1 DAY)::DATE AS d2 FROM ({grouped})"
        what = "that count for the payer, of who was" if whole else "at the practice"
        about = About(f"the grid of members: periods with months {what}", (*MEMBERS, kind))
        return Grid(self.store.table(name, sql, about), MEMBERS, kind, base, whole=whole)

    def months_of_members(self, kind: str, *, base: bool, whole: bool) -> str:
        """The months of the rows of members: payer, practice, member, month, days, and `clock` of the row's period."""
        if whole:
            return self._whole_months(kind, base=base)
        source = f"{self.attributed()} o"
        if base:
            rows = self.grids.grid(OWNERS, kind, base=True)
            source = (
                f"{self.outcomes()} o JOIN {rows.table} g ON g.payer = o.payer AND g.practice = o.practice "
                "AND o.month BETWEEN g.m1 AND g.m2"
            )
        clock = self.grids.period_first("o.month", kind) if kind != "contract_year" else self._contract_year("o.month")
        joined = " JOIN practices p ON p.practice = o.practice" if kind == "contract_year" else ""
        columns = f"o.payer, o.practice, o.member, o.month, o.days, CAST({clock} AS INTEGER) AS clock"
        return f"(SELECT {columns} FROM {source}{joined})"

    def _contract_year(self, month: str) -> str:
        """The number of the contract year of practice `p` that holds a month."""
        return f"(quotient({month} - p.start, {MONTHS_IN_YEAR}) + 1)"

    def _whole_months(self, kind: str, *, base: bool) -> str:
        """All months of a period that count for a payer, of whoever was attributed to a practice in it."""
        if kind == "contract_year":
            raise Unsupported("members in the whole contract year")
        there = self.months_of_members(kind, base=base, whole=False)
        held = self.grids.held(frozenset({"payer"}))
        cut = "" if base else f" JOIN {held} h ON h.payer = c.payer AND h.month = c.month"
        clock = self.grids.period_first("c.month", kind)
        sql = (
            "SELECT w.payer, w.practice, w.member, c.month, c.days, w.clock "
            f"FROM (SELECT DISTINCT payer, practice, member, clock FROM {there}) w JOIN {self.counted()} c "
            f"ON c.payer = w.payer AND c.member = w.member AND {clock} = w.clock{cut}"
        )
        about = About("all months of a period that count, of who was at the practice in it", (*MEMBERS, "month"))
        return self.store.table(f"months_whole_{kind}" + ("_base" if base else ""), sql, about)

    def owner_rows(self, grid: Grid) -> str:
        """The periods that rows of members and records lie in, by payer and practice.

        Of members in the whole period they are the payer's, whatever is left of them for the practice.
        """
        assert grid.kind is not None
        rows = self.grids.grid(OWNERS, grid.kind, base=grid.base)
        if not grid.whole or grid.base:
            return rows.table
        own = self.grids.grid(("payer",), grid.kind)
        sql = (
            f"SELECT g.payer, g.practice, p.clock, p.m1, p.m2, p.mn, p.d1, p.d2 FROM {rows.table} g "
            f"JOIN {own.table} p ON p.payer = g.payer AND p.clock = g.clock"
        )
        about = About("the payer's periods, for each practice", ("payer", "practice", grid.kind))
        return self.store.table(f"rows_payer_practice_{grid.kind}_whole", sql, about)

    def rows(self, keys: frozenset[str], kind: str | None, *, base: bool) -> Grid:
        """The rows of those keys and that period; with a member and a practice, of members attributed there.

        What is known of a member with a payer, whatever the practice, is of all months that count; what is known of a
        member alone, of every period.
        """
        if "member" not in keys:
            return super().rows(keys, kind, base=base)
        if kind is not None and "practice" in keys:
            return self.member_grid(keys | set(MEMBERS), kind, base=base)
        if keys == {"member"}:
            above = self.grids.grid((), kind, base=base)
            sql = f"SELECT p.member, g.* FROM {self.persons()} p CROSS JOIN {above.table} g"
            about = About("the grid of persons, whatever payer and practice", ("member", *above.grain))
            return Grid(self.store.table(f"rows_persons_{above.table}", sql, about), ("member",), kind, base)
        if keys != {"payer", "member"} or kind in (None, "contract_year"):
            raise Unsupported("something known of a member at no time")
        assert kind is not None
        return self.enrolled_grid(kind, base=base)

    def enrolled_grid(self, kind: str, *, base: bool) -> Grid:
        """Rows of members by payer and period with the months that count there.

        These are the months in which the payer is in the program; in a baseline, those before.
        """
        begin, end = self.store.month_day("m1"), self.store.month_day("m2 + 1")
        held = self.grids.held(frozenset({"payer"}))
        clock = self.grids.period_first("c.month", kind)
        there = f"JOIN {held} h ON h.payer = c.payer AND h.month = c.month"
        if base:
            there = f"JOIN payers h ON h.payer = c.payer AND c.month < greatest(h.first_month, {self.plan.first_month})"
        inner = (
            f"SELECT c.payer, c.member, CAST({clock} AS INTEGER) AS clock, c.month, c.days FROM {self.counted()} c "
            f"{there}"
        )
        sql = (
            "SELECT payer, member, clock, min(month) AS m1, max(month) AS m2, CAST(count(*) AS INTEGER) AS mn, "
            f"sum(days) AS days FROM ({inner}) GROUP BY payer, member, clock"
        )
        sql = f"SELECT *, {begin} AS d1, ({end} - INTERVAL 1 DAY)::DATE AS d2 FROM ({sql})"
        name = f"rows_enrolled_{kind}" + ("_base" if base else "")
        about = About("the grid of members by payer: periods with months that count", ("payer", "member", kind))
        return Grid(self.store.table(name, sql, about), ("payer", "member"), kind, base)

    def member_feature(self, node: ir.Feature, frame: Frame) -> Column:
        """What is known of the row's member."""
        name = node.column
        if name.startswith(ATTRIBUTED_AT_LEAST):
            return Column(f"({self._months_here(frame)} >= {int(name.removeprefix(ATTRIBUTED_AT_LEAST).split()[0])})")
        if name == "months_attributed":
            return Column(self.dialect.cast(self._months_here(frame), wide=False))
        if name == "cost":
            return self.cost(node, frame)
        if name == "age" or name in OF_PERSON:
            alias = frame.join("person", self.persons(), "{0}.member = r.member".format)
            if name != "age":
                return Column(frame.expose(f"{alias}.{name}"))
            return self._age(node, frame, alias)
        return self.of_span(node, frame)

    def _months_here(self, frame: Frame) -> str:
        """How many months of a member's row are attributed to its practice, or without one count at all."""
        grid = frame.grid
        if not grid.whole:
            return "mn"
        assert grid.kind is not None
        here = self.member_grid(frozenset(MEMBERS), grid.kind, base=grid.base).table
        alias = frame.join("here", here, matching({column: f"r.{column}" for column in (*MEMBERS, "clock")}))
        return frame.expose(f"{alias}.mn", "months_here")

    def _age(self, node: ir.Feature, frame: Frame, person: str) -> Column:
        day = "r.d1"
        if frame.grid.kind != "month":
            on = "{0}.payer = r.payer AND {0}.practice = r.practice AND {0}.clock = r.clock"
            rows = self.owner_rows(frame.grid) if "practice" in frame.grid.keys else ""
            if not rows:
                on = "{0}.payer = r.payer AND {0}.clock = r.clock"
                rows = self.grids.grid(("payer",), frame.grid.kind, base=frame.grid.base).table
            day = f"{frame.join('own period', rows, on.format)}.d2"
        # Days as the number 20110228, so that years are counted without comparing months; 1,000 years keep it above 0.
        since = f"{as_number(day)} - {person}.born + 10000000"
        age = frame.expose(f"(quotient({since}, 10000) - 1000)::{self.dialect.narrow}")
        return Column(age, f"CASE WHEN {age} IS NULL THEN {self.faults.number('MH743', node.span)} END")

    def cost(self, node: ir.Feature, frame: Frame) -> Column:
        """What the row's member cost the payer in its months."""
        raise Unsupported("`cost`")

    def part_here(self, node: ir.Expression, found: Column, frame: Frame) -> Column:
        """The part of a member's value that falls to the row's practice: by months attributed there, to 12 places."""
        alias = frame.join(
            "anywhere",
            self._anywhere(frame.grid),
            matching({column: f"r.{column}" for column in frame.grid.columns}),
        )
        size = self.widths.size(node, PLACES)
        is_wide = not fits(size and size * MONTHS)
        value = self.dialect.cast(f"({self.at(node, found, PLACES)})", wide=is_wide)
        anywhere = frame.expose(self.dialect.cast(f"{alias}.n", wide=is_wide))
        part = self.dialect.divide(f"({value} * {self._months_here(frame)})", anywhere, Rounding.HALF_EVEN)
        part = self.narrowed(part, size) if is_wide else part
        return Column(frame.keep(part, found.level).value, found.fault, found.level + 1)

    def _anywhere(self, grid: Grid) -> str:
        """In how many months of a member's row the payer had the member attributed, to whatever practice."""
        assert grid.kind is not None
        held = self.grids.held(frozenset({"payer"}))
        cut = "" if grid.base else f" JOIN {held} h ON h.payer = o.payer AND h.month = o.month"
        yearly = grid.kind == "contract_year"
        clock = self._contract_year("o.month") if yearly else self.grids.period_first("o.month", grid.kind)
        start = "JOIN practices p ON p.practice = g.practice " if yearly else ""
        sql = (
            f"SELECT g.payer, g.practice, g.member, g.clock, count(*) AS n FROM {grid.table} g {start}"
            f"JOIN {self.outcomes()} o ON o.payer = g.payer AND o.member = g.member AND o.practice <> '' "
            f"AND {clock} = g.clock{cut} GROUP BY g.payer, g.practice, g.member, g.clock"
        )
        about = About("months of a member with any practice of the payer", grid.grain)
        return self.store.table(f"anywhere_of_{grid.table}", sql, about)

    # ------------------------------------------------------------------------------------- member months

    def member_months(self, *, base: bool = False) -> str:
        """Member months by payer, practice and month, at 6 places."""
        months = self.months_of_members("month", base=base, whole=False)
        value = self.months_of_days("month")
        sql = f"SELECT payer, practice, month, {value} AS v FROM {months} GROUP BY payer, practice, month"
        about = About("member months, at 6 places", ("payer", "practice", "month"))
        return self.store.table("member_months" + ("_base" if base else ""), sql, about)

    def panel(self, node: ir.Panel, frame: Frame) -> Column:
        """Member months of a month: of the members, or from the panel."""
        if not self.given:
            return super().panel(node, frame)
        month, base = "r.clock" if frame.grid.kind == "month" else "r.m1", frame.grid.base
        if node.across:
            sql = (
                f"SELECT practice, month, count(DISTINCT member) * {self.dialect.number(10**6, wide=False)} AS v "
                f"FROM {self.months_of_members('month', base=base, whole=False)} GROUP BY practice, month"
            )
            about = About("members of all payers together, each once, at 6 places", ("practice", "month"))
            table = self.store.table("people_across" + ("_base" if base else ""), sql, about)
            on = f"{{0}}.practice = r.practice AND {{0}}.month = {month}"
        else:
            table = self.member_months(base=base)
            on = f"{{0}}.payer = r.payer AND {{0}}.practice = r.practice AND {{0}}.month = {month}"
        alias = frame.join(("panel", node.across), table, on.format)
        return Column(frame.expose(f"coalesce({alias}.v, 0)"))


def counts_days(method: MethodPlan) -> bool:
    """Whether a method goes by days with a visit, of which the visits of one day are one."""
    return method.measure != "allowed" and not asks_of_members(method)


def asks_of_members(method: MethodPlan) -> bool:
    """Whether a method's condition asks more than the visit, so that it has to be asked for each member and refresh."""
    return method.where is not None and not method.where.keys <= {VISIT}
