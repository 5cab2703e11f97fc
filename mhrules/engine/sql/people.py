"""People as relations: the months that count, to whom each is attributed, and what is known of a member."""

from __future__ import annotations

from mhrules.data import population
from mhrules.engine.attribution import NOT_YET_REFRESHED, PRACTICE_LEFT, UNATTRIBUTED
from mhrules.engine.elements import ATTRIBUTED_AT_LEAST, OF_PERSON
from mhrules.engine.sql.about import About
from mhrules.engine.sql.faults import Unsupported
from mhrules.engine.sql.frame import Column, Frame, Grid
from mhrules.engine.sql.relations import matching
from mhrules.engine.sql.splits import Splits
from mhrules.engine.sql.widths import MONTHS, fits
from mhrules.exact import PLACES, Rounding
from mhrules.plan import ir
from mhrules.plan.members import AttributionPlan, MethodPlan
from mhrules.semantics.calendar import MONTHS_IN_YEAR
from mhrules.syntax.tree import MonthsRule

COUNTED = "counted"
OUTCOMES = "outcomes"
ATTRIBUTED = "attributed"
MEMBERS = ("payer", "practice", "member")
FAR = "DATE '9999-12-31'"
EACH_MONTH = "unnest(sequence(m1, m2))"
"""A row for every month from `m1` to `m2`, which is not before it."""


class People(Splits):
    """Members, months and attribution of one data set."""

    @property
    def given(self) -> bool:
        """Whether the data say who the members are, not only how many."""
        return self.facts.present(population.ELIGIBILITY) or self.facts.present(population.ATTRIBUTED)

    # ------------------------------------------------------------------------------------------- months

    def persons(self) -> str:
        """The people, with what is known of each."""
        about = About("people, with what is known of each", ("member",))
        if not self.facts.present(population.MEMBER):
            sql = "SELECT DISTINCT person_id AS member, NULL::DATE AS birth_date, NULL::DATE AS death_date, "
            sql += f"'' AS gender, '' AS zip_code FROM {population.ELIGIBILITY}"
            return self.store.table("persons", sql, about)
        texts = ", ".join(f"coalesce({name}, '') AS {name}" for name in OF_PERSON)
        sql = f"SELECT person_id AS member, birth_date, death_date, {texts} FROM {population.MEMBER}"
        return self.store.table("persons", sql, about)

    def spans(self) -> str:
        """Enrollment spans of the program's payers, cut at the day of death."""
        own = set(self.facts.columns(population.ELIGIBILITY))
        more = "".join(
            f", e.{name}"
            for name in ("line", "dual", "hospice", "esrd", "dual_status_code", "medicare_status_code")
            if name in own
        )
        last = f"least(coalesce(e.enrollment_end_date, {FAR}), coalesce(p.death_date, {FAR}))"
        sql = (
            f"SELECT e.payer, e.person_id AS member, coalesce(e.plan, '') AS plan, e.payer_order AS ord, "
            f"e.enrollment_start_date AS a, {last} AS b{more} FROM {population.ELIGIBILITY} e "
            f"JOIN payers USING (payer) LEFT JOIN {self.persons()} p ON p.member = e.person_id "
            f"WHERE e.enrollment_start_date <= {last}"
        )
        about = About("enrollment spans, from day `a` to day `b`, cut at death", ("payer", "member", "span"))
        return self.store.table("spans", sql, about)

    def month_of(self, day: str) -> str:
        """The month that holds a day, counted from year 0."""
        return f"(year({day}) * {MONTHS_IN_YEAR} + month({day}) - 1)"

    def counted(self) -> str:
        """Whose month counts for a payer, and for how much: 1, or where months count in proportion its days."""
        by_rule: dict[MonthsRule, list[str]] = {}
        for name, payer in self.grids.world.payers.items():
            by_rule.setdefault(payer.months_rule or MonthsRule.DAY_1, []).append(name)
        parts = [self._counted_by(rule, payers) for rule, payers in by_rule.items()]
        about = About("months of members that count for a payer, and for how many days", ("payer", "member", "month"))
        text = parts[0] if len(parts) == 1 else "\nUNION ALL\n".join(f"({part})" for part in parts)
        return self.store.table(COUNTED, text, about)

    def _counted_by(self, rule: MonthsRule, payers: list[str]) -> str:
        whose = f"s.payer IN ({', '.join(map(self.dialect.text, payers))})"
        first, last = self.grids.months.start, self.grids.months.stop - 1
        begins, ends = self.month_of("s.a"), self.month_of("s.b")
        if rule is MonthsRule.DAY_1:
            begins += " + CASE WHEN day(s.a) > 1 THEN 1 ELSE 0 END"
        elif rule is MonthsRule.DAY_15:
            begins += " + CASE WHEN day(s.a) > 15 THEN 1 ELSE 0 END"
            ends += " - CASE WHEN day(s.b) < 15 THEN 1 ELSE 0 END"
        if rule is MonthsRule.PROPORTION:
            return self._in_proportion(whose, first, last)
        spans = (
            f"SELECT s.payer, s.member, greatest({begins}, {first}) AS m1, least({ends}, {last}) AS m2 "
            f"FROM {self.spans()} s WHERE {whose}"
        )
        sql = f"SELECT payer, member, {EACH_MONTH} AS month FROM ({spans}) WHERE m1 <= m2"
        if self.plan.members.newborns and rule is not MonthsRule.ANY_DAY:
            born = self.month_of("p.birth_date")
            sql += (
                f" UNION ALL SELECT s.payer, s.member, {born} FROM {self.spans()} s "
                f"JOIN {self.persons()} p USING (member) "
                f"WHERE {whose} AND {self.month_of('s.a')} <= {born} AND {self.month_of('s.b')} >= {born} "
                f"AND {born} BETWEEN {first} AND {last}"
            )
        return f"SELECT DISTINCT payer, member, CAST(month AS INTEGER) AS month, 1 AS days FROM ({sql})"

    def _in_proportion(self, whose: str, first: int, last: int) -> str:
        """The days of each month that spans cover, days that several cover once."""
        reached = (
            "max(b) OVER (PARTITION BY payer, member ORDER BY a, b ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
        )
        islands = (
            f"SELECT payer, member, a, b, CASE WHEN {reached} >= a THEN 0 ELSE 1 END AS fresh "
            f"FROM {self.spans()} s WHERE {whose}"
        )
        numbered = f"SELECT *, sum(fresh) OVER (PARTITION BY payer, member ORDER BY a, b) AS island FROM ({islands})"
        merged = f"SELECT payer, member, min(a) AS a, max(b) AS b FROM ({numbered}) GROUP BY payer, member, island"
        ends = f"greatest({self.month_of('a')}, {first}) AS m1, least({self.month_of('b')}, {last}) AS m2"
        begin, end = self.store.month_day("month"), self.store.month_day("month + 1")
        days = f"days_between(greatest(a, {begin}), least(b, ({end} - INTERVAL 1 DAY)::DATE)) + 1"
        cut = f"SELECT *, {ends} FROM ({merged})"
        rows = f"SELECT payer, member, a, b, CAST({EACH_MONTH} AS INTEGER) AS month FROM ({cut}) WHERE m1 <= m2"
        counted = f"CAST(sum({days}) AS INTEGER) AS days"
        return f"SELECT payer, member, month, {counted} FROM ({rows}) GROUP BY payer, member, month"

    # --------------------------------------------------------------------------------------- attribution

    def outcomes(self) -> str:
        """What became of each counted month: a practice, or the reason for none, and a fault if it cannot be judged."""
        if self.facts.present(population.ATTRIBUTED):
            refreshes, assigned = self._given()
        else:
            attribution = self.plan.members.attribution
            assert attribution is not None
            refreshes = self._refreshes(attribution)
            assigned = self._assigned(attribution, refreshes)
        excluded = self._excluded()
        if excluded:
            self.failing.append(excluded)
        roster = self._on_roster(self.store.month_day("o.month"), "a.practice")
        none, late, left = (self.dialect.text(word) for word in (UNATTRIBUTED, NOT_YET_REFRESHED, PRACTICE_LEFT))
        stops = "WHEN coalesce(x.reason, '') <> '' THEN x.reason " if excluded else ""
        fault = "x.f" if excluded else "NULL::INTEGER"
        join = (
            f"LEFT JOIN {excluded} x ON x.payer = o.payer AND x.member = o.member AND x.month = o.month"
            if excluded
            else ""
        )
        why = (
            f"CASE {stops}WHEN o.refresh IS NULL THEN {late} "
            f"WHEN a.practice IS NULL THEN {none} WHEN NOT {roster} THEN {left} ELSE '' END"
        )
        # Who is excluded is not looked up: nothing is told of a refresh or a method.
        refresh, method = "o.refresh", "coalesce(a.method, '')"
        if excluded:
            refresh, method = (f"CASE WHEN coalesce(x.reason, '') = '' THEN {sql} END" for sql in (refresh, method))
        inner = (
            f"SELECT o.payer, o.member, o.month, o.days, {refresh} AS refresh, a.practice, {why} AS reason, "
            f"{method} AS method, "
            f"{fault} AS f\n  FROM {refreshes} o\n"
            f"  LEFT JOIN {assigned} a ON a.payer = o.payer AND a.member = o.member AND a.refresh = o.refresh\n  {join}"
        )
        listed = "payer, member, month, days, refresh, reason, method, f"
        about = About(
            "what became of each counted month: a practice, or the reason for none",
            ("payer", "member", "month"),
            None if self.plan.members.attribution is None else self.plan.members.attribution.span,
        )
        sql = f"SELECT {listed}, CASE WHEN reason = '' THEN practice ELSE '' END AS practice FROM ({inner})"
        return self.store.table(OUTCOMES, sql, about)

    def _given(self) -> tuple[str, str]:
        """The members of a worked example come to the practices that it says, month by month."""
        months = f"SELECT *, month AS refresh FROM {self.counted()}"
        about = About("counted months, each with the month of its assignment", ("payer", "member", "month"))
        refreshes = self.store.table("refreshes", months, about)
        begin, end = self.store.month_day("c.month"), self.store.month_day("c.month + 1")
        first = 'row_number() OVER (PARTITION BY c.payer, c.member, c.month ORDER BY g."from") = 1'
        sql = (
            f"SELECT c.payer, c.member, c.month AS refresh, g.{self._practice} AS practice, 'given' AS method "
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
        there = f"LEFT JOIN {COUNTED} t ON t.payer = d.payer AND t.member = d.member AND t.month = d.due"
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
        asked = self.store.table("asked", f"SELECT *, {days} AS day FROM ({sql})", about)
        joins, practices, methods = [], [], []
        for number, method in enumerate(attribution.methods, 1):
            found, keys = self._found(method, number, asked)
            on = " AND ".join(f"m{number}.{key} = k.{key}" for key in keys)
            joins.append(f"LEFT JOIN {found} m{number} ON {on}")
            practices.append(f"m{number}.practice")
            methods.append(f"WHEN m{number}.practice IS NOT NULL THEN {self.dialect.text(method.words)}")
        chosen = f"coalesce({', '.join(practices)})" if len(practices) > 1 else practices[0]
        word = f"CASE {' '.join(methods)} ELSE '' END AS method"
        text = f"SELECT k.payer, k.member, k.refresh, {chosen} AS practice, {word}\n  FROM {asked} k\n  "
        about = About(
            "the practice of the first method that finds one", ("payer", "member", "refresh"), attribution.span
        )
        return self.store.table("assigned", text + "\n  ".join(joins), about)

    def _found(self, method: MethodPlan, number: int, asked: str) -> tuple[str, tuple[str, ...]]:
        """The winner of one method, and the columns by which it is told to whom."""
        name = f"method_{number}_{method.kind.replace(' ', '_')}"
        if method.kind == "selection":
            sql = (
                f"SELECT k.payer, k.member, k.refresh, min(s.{self._practice}) AS practice FROM {asked} k "
                f"JOIN {population.CHOSEN} s ON s.payer = k.payer AND s.person_id = k.member "
                f'AND s."from" <= k.day AND (s."to" IS NULL OR k.day <= s."to") '
                f"WHERE {self._on_roster('k.day', f's.{self._practice}')} GROUP BY ALL"
            )
            return self.store.table(name, sql, self._about_method(method)), ("payer", "member", "refresh")
        if method.kind == "list":
            return self._listed(method, name, asked), ("payer", "member", "refresh")
        if method.kind == "geography":
            sql = (
                f"SELECT DISTINCT k.member, k.refresh, s.{self._practice} AS practice FROM {asked} k "
                f"JOIN {self.persons()} p USING (member) JOIN {population.AREA} s USING (zip_code) "
                f"WHERE {self._on_roster('k.day', f's.{self._practice}')}"
            )
            return self.store.table(name, sql, self._about_method(method)), ("member", "refresh")
        return self._visited(method, name, asked), ("member", "refresh")

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
            f"WHERE {self._on_roster('k.day', f'r.{self._practice}')} GROUP BY ALL"
        )
        return self.store.table(name, sql, self._about_method(method))

    def _visited(self, method: MethodPlan, name: str, asked: str) -> str:
        """The practice with most visits, or the latest one, before each refresh, whoever paid."""
        visits = self.visits_that_count(method)
        days, since = f"SELECT DISTINCT member, refresh, day FROM {asked}", ""
        if method.within is not None:
            back = f"(day - INTERVAL {method.within.months} MONTH - INTERVAL {method.within.days} DAY)::DATE"
            days, since = f"SELECT *, {back} AS since FROM ({days})", " AND v.date >= k.since"
        weight = "sum(v.allowed)" if method.measure == "allowed" else "count(DISTINCT v.date)"
        candidates = (
            f"SELECT k.member, k.refresh, v.practice, {weight} AS weight, max(v.date) AS latest FROM ({days}) k "
            f"JOIN {visits} v ON v.member = k.member AND v.date < k.day{since} "
            f"WHERE {self._on_roster('k.day', 'v.practice')} GROUP BY k.member, k.refresh, v.practice"
        )
        if method.kind == "most recent visit":
            order = "latest DESC" + {"highest": ", weight DESC", "lowest": ", weight"}.get(method.ties, "")
        else:
            order = "weight DESC" + (", latest DESC" if method.ties in ("most recent visit", "latest") else "")
        ranked = f"row_number() OVER (PARTITION BY member, refresh ORDER BY {order}, practice)"
        sql = f"SELECT member, refresh, practice FROM ({candidates}) QUALIFY {ranked} = 1"
        return self.store.table(name, sql, self._about_method(method))

    def visits_that_count(self, method: MethodPlan) -> str:
        """The visits that fulfil a method's condition: member, practice, date, allowed."""
        raise Unsupported("attribution by visits")

    @property
    def _practice(self) -> str:
        return f"{self.plan.participant}_id"

    def _on_roster(self, day: str, practice: str) -> str:
        """Whether a practice is on the roster on a day."""
        roster = self.facts.schema.roster
        if not self.facts.present(roster):
            return f"{practice} IN (SELECT practice FROM practices)"
        own = self.facts.columns(roster)
        parts = [f"b.{self._practice} = {practice}"]
        if "effective_from" in own:
            parts.append(f"(b.effective_from IS NULL OR b.effective_from <= {day})")
        if "effective_to" in own:
            parts.append(f"(b.effective_to IS NULL OR {day} <= b.effective_to)")
        return f"EXISTS (SELECT 1 FROM {roster} b WHERE {' AND '.join(parts)})"

    def _excluded(self) -> str:
        """The counted months that an exclusion keeps out, each with the first that does; nothing without exclusions."""
        if not self.plan.members.exclusions:
            return ""
        month = "CAST(month AS INTEGER)"
        begin, end = self.store.month_day("month"), self.store.month_day("month + 1")
        sql = (
            f"SELECT payer, member, {month} AS clock, {month} AS m1, {month} AS m2, 1 AS mn, {begin} AS d1, "
            f"({end} - INTERVAL 1 DAY)::DATE AS d2 FROM {self.counted()}"
        )
        about = About("the grid of exclusions: counted months", ("payer", "member", "month"))
        grid = Grid(self.store.table("rows_counted", sql, about), ("payer", "member"), "month")
        frame = Frame(grid)
        reasons, faults, level = [], [], 0
        for exclusion in self.plan.members.exclusions:
            with self.store.serving(f"excluded_{exclusion.name}"):
                found = self.known(exclusion.condition, frame)
            level = max(level, found.level)
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
        what = "counted months with the first exclusion that keeps them out, if any"
        about = About(what, grid.grain, [exclusion.span for exclusion in self.plan.members.exclusions])
        return self.store.table("excluded", frame.select(columns), about)

    # --------------------------------------------------------------------------------------- member rows

    def member_grid(self, keys: frozenset[str], kind: str, *, base: bool = False) -> Grid:
        """Rows of members attributed to practices, by period, with the months attributed there."""
        if base or not set(MEMBERS) <= keys or keys - set(MEMBERS):
            raise Unsupported("members of such rows")
        name = f"rows_members_{kind}"
        clock = "month"
        source = self.attributed()
        if kind == "contract_year":
            source = f"{source} JOIN practices USING (practice)"
            clock = f"quotient(month - start, {MONTHS_IN_YEAR}) + 1"
        elif kind != "month":
            clock = self.grids.period_first("month", kind)
        begin, end = self.store.month_day("m1"), self.store.month_day("m2 + 1")
        inner = f"SELECT payer, practice, member, CAST({clock} AS INTEGER) AS clock, month, days FROM {source}"
        grouped = (
            "SELECT payer, practice, member, clock, min(month) AS m1, max(month) AS m2, "
            f"CAST(count(*) AS INTEGER) AS mn, sum(days) AS days FROM ({inner}) GROUP BY ALL"
        )
        sql = f"SELECT *, {begin} AS d1, ({end} - INTERVAL 1 DAY)::DATE AS d2 FROM ({grouped})"
        about = About("the grid of members: periods with a month at the practice", (*MEMBERS, kind))
        return Grid(self.store.table(name, sql, about), MEMBERS, kind)

    def rows(self, keys: frozenset[str], kind: str | None, *, base: bool) -> Grid:
        """The rows of those keys and that period; with a member, of members attributed to practices."""
        if "member" not in keys:
            return super().rows(keys, kind, base=base)
        if kind is None:
            raise Unsupported("something known of a member at no time")
        return self.member_grid(keys | set(MEMBERS), kind, base=base)

    def member_feature(self, node: ir.Feature, frame: Frame) -> Column:
        """What is known of the row's member."""
        name = node.column
        if name.startswith(ATTRIBUTED_AT_LEAST):
            return Column(f"(mn >= {int(name.removeprefix(ATTRIBUTED_AT_LEAST).split()[0])})")
        if name == "months_attributed":
            return Column(self.dialect.cast("mn", wide=False))
        if name == "cost":
            return self.cost(node, frame)
        if name == "age" or name in OF_PERSON:
            alias = frame.join("person", self.persons(), "{0}.member = r.member".format)
            if name != "age":
                return Column(frame.expose(f"{alias}.{name}"))
            return self._age(node, frame, alias)
        return self._of_span(node, frame)

    def _age(self, node: ir.Feature, frame: Frame, person: str) -> Column:
        day = "r.d1"
        if frame.grid.kind != "month":
            if "practice" not in frame.grid.keys:
                raise Unsupported("the age of a member without practice")
            rows = self.grids.grid(("payer", "practice"), frame.grid.kind)
            on = "{0}.payer = r.payer AND {0}.practice = r.practice AND {0}.clock = r.clock"
            day = f"{frame.join('own period', rows.table, on.format)}.d2"
        born = f"{person}.birth_date"
        before = f"CASE WHEN (month({day}), day({day})) < (month({born}), day({born})) THEN 1 ELSE 0 END"
        age = frame.expose(f"(year({day}) - year({born}) - {before})::{self.dialect.narrow}")
        return Column(age, f"CASE WHEN {age} IS NULL THEN {self.faults.number('MH743', node.span)} END")

    def _of_span(self, node: ir.Feature, frame: Frame) -> Column:
        """What the source says of the member's enrollment in a row's last month, of a record in the record's."""
        month = self.month_of("r.date") if frame.grid.element else "r.m2"
        alias = frame.join(
            "span",
            self._span_table(frame.grid),
            f"{{0}}.payer = r.payer AND {{0}}.member = r.member AND {{0}}.month = {month}".format,
        )
        sql = f"{alias}.{node.column}"
        if node.column == "payer_order":
            sql = f"CAST({alias}.ord AS {self.dialect.narrow})"
        elif node.column in ("dual_status_code", "medicare_status_code"):
            sql = f"CASE WHEN {alias}.member IS NOT NULL THEN coalesce({sql}, '') END"
        elif node.column == "line":
            only = {p: plan.lines[0] for p, plan in self.grids.world.payers.items() if len(plan.lines) == 1}
            named = " ".join(f"WHEN {self.dialect.text(p)} THEN {self.dialect.text(line)}" for p, line in only.items())
            sql = (
                f"coalesce({sql}, CASE WHEN {alias}.member IS NOT NULL THEN CASE r.payer {named} END END)"
                if named
                else sql
            )
        value = frame.expose(sql)
        return Column(value, f"CASE WHEN {value} IS NULL THEN {self.faults.number('MH743', node.span)} END")

    def _span_table(self, grid: Grid) -> str:
        """The span that speaks for each month that is asked of: the first by payer order, plan and start on its day."""
        if grid.element:
            name = f"span_of_{grid.table}"
            months = f"SELECT DISTINCT payer, member, {self.month_of('date')} AS month FROM {grid.table}"
        else:
            name, months = "span_of_month", f"SELECT payer, member, month FROM {self.counted()}"
        begin, end = self.store.month_day("c.month"), f"({self.store.month_day('c.month + 1')} - INTERVAL 1 DAY)::DATE"
        days = {MonthsRule.DAY_1: begin, MonthsRule.DAY_15: f"({begin} + INTERVAL 14 DAY)::DATE"}
        rules = {p: plan.months_rule or MonthsRule.DAY_1 for p, plan in self.grids.world.payers.items()}
        covers = [
            f"WHEN c.payer IN ({self.dialect.texts(own)}) AND s.a <= {day} AND s.b >= {day} THEN 0"
            for rule, day in days.items()
            if (own := [payer for payer, each in rules.items() if each is rule])
        ]
        first = f"CASE {' '.join(covers)} ELSE 1 END, " if covers else ""
        ranked = f"row_number() OVER (PARTITION BY c.payer, c.member, c.month ORDER BY {first}s.ord, s.plan, s.a)"
        sql = (
            f"SELECT c.month, s.*, {ranked} AS place FROM ({months}) c JOIN {self.spans()} s ON s.payer = c.payer "
            f"AND s.member = c.member AND s.a <= {end} AND s.b >= {begin}"
        )
        about = About("the enrollment span that speaks for each month", ("payer", "member", "month"))
        return self.store.table(name, f"SELECT * FROM ({sql}) WHERE place = 1", about)

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
        part = self.dialect.divide(f"({value} * mn)", anywhere, Rounding.HALF_EVEN)
        part = self.narrowed(part, size) if is_wide else part
        return Column(frame.keep(part, found.level).value, found.fault, found.level + 1)

    def _anywhere(self, grid: Grid) -> str:
        """In how many months of a member's row the payer had the member attributed, to whatever practice."""
        assert grid.kind is not None
        held = self.grids.held(frozenset({"payer"}))
        clock = (
            self.grids.period_first("o.month", grid.kind)
            if grid.kind != "contract_year"
            else f"(quotient(o.month - p.start, {MONTHS_IN_YEAR}) + 1)"
        )
        start = "JOIN practices p ON p.practice = g.practice " if grid.kind == "contract_year" else ""
        sql = (
            f"SELECT g.payer, g.practice, g.member, g.clock, count(*) AS n FROM {grid.table} g {start}"
            f"JOIN {self.outcomes()} o ON o.payer = g.payer AND o.member = g.member AND o.practice <> '' "
            f"AND {clock} = g.clock JOIN {held} h ON h.payer = o.payer AND h.month = o.month GROUP BY ALL"
        )
        about = About("months of a member with any practice of the payer", grid.grain)
        return self.store.table(f"anywhere_{grid.kind}", sql, about)

    # ------------------------------------------------------------------------------------- member months

    def months_of_days(self, month: str) -> str:
        """The member months that `days` add up to, at 6 places: in proportion divided once by the month's length."""
        return self.part_of_month(self.dialect.cast("sum(days)", wide=False), month)

    def part_of_month(self, days: str, month: str) -> str:
        """The member months that days of a month of `payer` are, at 6 places."""
        million = self.dialect.number(10**6, wide=False)
        rules = {p: plan.months_rule or MonthsRule.DAY_1 for p, plan in self.grids.world.payers.items()}
        portions = [p for p, rule in rules.items() if rule is MonthsRule.PROPORTION]
        if not portions:
            return f"{days} * {million}"
        begin, end = self.store.month_day(month), self.store.month_day(f"{month} + 1")
        length = f"days_between({begin}, {end})::{self.dialect.narrow}"
        part = self.dialect.divide(f"({days} * {million})", length, Rounding.HALF_EVEN)
        return f"CASE WHEN payer IN ({self.dialect.texts(portions)}) THEN {part} ELSE {days} * {million} END"

    def member_months(self) -> str:
        """Member months by payer, practice and month, at 6 places."""
        value = self.months_of_days("month")
        sql = f"SELECT payer, practice, month, {value} AS v FROM {self.attributed()} GROUP BY payer, practice, month"
        about = About("member months, at 6 places", ("payer", "practice", "month"))
        return self.store.table("member_months", sql, about)

    def panel(self, node: ir.Panel, frame: Frame) -> Column:
        """Member months of a month: of the members, or from the panel."""
        if not self.given:
            return super().panel(node, frame)
        month = "r.clock" if frame.grid.kind == "month" else "r.m1"
        if node.across:
            sql = (
                f"SELECT practice, month, count(DISTINCT member) * {self.dialect.number(10**6, wide=False)} AS v "
                f"FROM {self.attributed()} GROUP BY practice, month"
            )
            about = About("members of all payers together, each once, at 6 places", ("practice", "month"))
            table = self.store.table("people_across", sql, about)
            on = f"{{0}}.practice = r.practice AND {{0}}.month = {month}"
        else:
            table = self.member_months()
            on = f"{{0}}.payer = r.payer AND {{0}}.practice = r.practice AND {{0}}.month = {month}"
        alias = frame.join(("panel", node.across), table, on.format)
        return Column(frame.expose(f"coalesce({alias}.v, 0)"))
