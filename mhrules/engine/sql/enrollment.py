"""Enrollment as relations: persons, their spans, the months that count for a payer, and what a span says of a month."""

from __future__ import annotations

from mhrules.data import population
from mhrules.engine.elements import OF_PERSON
from mhrules.engine.sql.about import About
from mhrules.engine.sql.frame import Column, Frame, Grid
from mhrules.engine.sql.splits import Splits
from mhrules.exact import Rounding
from mhrules.plan import ir
from mhrules.semantics.calendar import MONTHS_IN_YEAR
from mhrules.syntax.tree import MonthsRule

COUNTED = "counted"
FAR = "DATE '9999-12-31'"
EACH_MONTH = "unnest(sequence(m1, m2))"
"""A row for every month from `m1` to `m2`, which is not before it."""


class Enrollment(Splits):
    """Who is enrolled with whom when."""

    @property
    def given(self) -> bool:
        """Whether the data say who the members are, not only how many."""
        return self.facts.present(population.ELIGIBILITY) or self.facts.present(population.ATTRIBUTED)

    # ------------------------------------------------------------------------------------------- months

    def persons(self) -> str:
        """The people, with what is known of each."""
        about = About("people, with what is known of each", ("member",))
        if not self.facts.present(population.MEMBER):
            sql = (
                "SELECT DISTINCT person_id AS member, NULL::DATE AS birth_date, NULL::INTEGER AS born, "
                f"NULL::DATE AS death_date, '' AS gender, '' AS zip_code FROM {population.ELIGIBILITY}"
            )
            return self.store.table("persons", sql, about)
        texts = ", ".join(f"coalesce({name}, '') AS {name}" for name in OF_PERSON)
        born = as_number("birth_date")
        sql = f"SELECT person_id AS member, birth_date, {born} AS born, death_date, {texts} FROM {population.MEMBER}"
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
        one = "payer, member, CAST(month AS INTEGER) AS month, 1 AS days"
        if self.plan.members.newborns and rule is not MonthsRule.ANY_DAY:
            born = self.month_of("p.birth_date")
            sql += (
                f" UNION ALL SELECT s.payer, s.member, {born} FROM {self.spans()} s "
                f"JOIN {self.persons()} p USING (member) "
                f"WHERE {whose} AND {self.month_of('s.a')} <= {born} AND {self.month_of('s.b')} >= {born} "
                f"AND {born} BETWEEN {first} AND {last}"
            )
            return f"SELECT DISTINCT {one} FROM ({sql})"
        of_several = f"{self._several()} USING (payer, member)"
        return (
            f"SELECT {one} FROM ({sql}) ANTI JOIN {of_several}\nUNION ALL\n"
            f"SELECT DISTINCT {one} FROM ({sql}) SEMI JOIN {of_several}"
        )

    def _several(self) -> str:
        """Who has several spans with one payer: only their months can be counted twice."""
        sql = f"SELECT payer, member FROM {self.spans()} GROUP BY payer, member HAVING count(*) > 1"
        return self.store.table("several_spans", sql, About("who has several spans", ("payer", "member")))

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

    # ----------------------------------------------------------------------------------- what spans say

    def of_span(self, node: ir.Feature, frame: Frame) -> Column:
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


def as_number(day: str) -> str:
    """A day as a number whose digits are its year, month and day."""
    return f"(year({day}) * 10000 + month({day}) * 100 + day({day}))"
