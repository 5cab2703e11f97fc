"""What member months are paid: the months of a line, its roster, prices by member, and each member month rounded."""

from __future__ import annotations

from mhrules.engine.facts import Facts
from mhrules.engine.sql.about import About
from mhrules.engine.sql.frame import Column, Frame, Grid
from mhrules.engine.sql.grids import OWNERS, Grids
from mhrules.engine.sql.numbers import places_of, times
from mhrules.engine.sql.store import Store
from mhrules.engine.sql.widths import fits
from mhrules.exact import PLACES
from mhrules.plan import ir
from mhrules.plan.lower_builtins import MEMBER_MONTHS
from mhrules.plan.whole import Plan
from mhrules.settle.payments import EACH_MEMBER_MONTH
from mhrules.settle.sql.participation import ParticipationRelation
from mhrules.syntax.tree import Coverage, MonthsRule

CENTS = 2
MONTH_PLACES = 6
WHOSE = "{0}.payer = r.payer AND {0}.practice = r.practice"


class Prices(ParticipationRelation):
    """Member months and what each is paid."""

    def __init__(self, plan: Plan, facts: Facts, store: Store, grids: Grids) -> None:
        super().__init__(plan, facts, store, grids)
        self._months_nodes: dict[tuple[ir.FormPlan, str | None], ir.Expression] = {}

    # --------------------------------------------------------------------------------------------- months

    def line_months(self, form: ir.FormPlan, frame: Frame) -> Column:
        """The member months of a line: of its period, or of the first month of its roster's period; 6 places."""
        if form.roster is None:
            return self.value(self._months_node(form, frame.grid), frame)
        month = self.roster_month(form, frame)
        if self.given:
            table, value = self.member_months(), "v"
        elif self.facts.present(self.facts.schema.panel):
            table, value = self.fact_table(self.facts.schema.panel), "v_member_months"
        else:
            return Column(self.dialect.number(0, wide=False))
        alias = frame.join("roster months", table, f"{WHOSE} AND {{0}}.month = {month}".format)
        return Column(frame.expose(f"coalesce({alias}.{value}, 0)"))

    def _months_node(self, form: ir.FormPlan, grid: Grid) -> ir.Expression:
        """The member months of a line's period, as the plan would say it; one for each form."""
        key = (form, grid.kind)
        if key not in self._months_nodes:
            kind = MEMBER_MONTHS
            month = ir.Panel(type=kind, keys=frozenset({*OWNERS, "month"}), span=form.span)
            keys = frozenset({*OWNERS, grid.kind or "month"})
            whole = ir.Aggregate(function="sum", over=("month",), body=month, type=kind, keys=keys, span=form.span)
            self._months_nodes[key] = month if grid.kind == "month" else whole
        return self._months_nodes[key]

    def roster_month(self, form: ir.FormPlan, frame: Frame) -> str:
        """The first month that is left of the roster's period that holds a row's month."""
        assert form.roster is not None
        rows = self.grids.grid(OWNERS, form.roster.value)
        clock = self.grids.period_first("r.clock", form.roster.value)
        return f"{frame.join('roster', rows.table, f'{WHOSE} AND {{0}}.clock = {clock}'.format)}.m1"

    def most_paid(self, form: ir.FormPlan) -> int | None:
        """The greatest magnitude of a price times the member months of a line, at their places together."""
        year = ir.Aggregate(
            function="sum",
            over=("month",),
            body=ir.Panel(type=MEMBER_MONTHS, keys=frozenset({*OWNERS, "month"}), span=form.span),
            type=MEMBER_MONTHS,
            keys=frozenset({*OWNERS, "year"}),
            span=form.span,
        )
        return times(self.widths.size(form.pays), self.widths.size(year))

    # --------------------------------------------------------------------------------------------- prices

    def rate(self, form: ir.FormPlan, price: str) -> tuple[str, int, str, int]:
        """What a member month is multiplied by, and what is told of it: rounded first where the text says so."""
        at = places_of(form.pays)
        if not form.round_each or at <= CENTS or self.each_in_days(form):
            return price, at, price, at
        rounded = self.rounded(price, at, CENTS, self.plan.rounding[1], size=self.widths.size(form.pays))
        if form.round_each != EACH_MEMBER_MONTH or not self.given:
            return rounded, CENTS, rounded, CENTS
        return rounded, CENTS, price, at

    def each_in_days(self, form: ir.FormPlan) -> bool:
        """Whether each member month is rounded by itself, and may be a part of a month."""
        return form.round_each == EACH_MEMBER_MONTH and self.given and self.in_days()

    def in_days(self) -> bool:
        """Whether some payer counts months in proportion to days."""
        return any(payer.months_rule is MonthsRule.PROPORTION for payer in self.grids.world.payers.values())

    def _each_rounded(self, form: ir.FormPlan, price: str) -> str:
        """What a person's `days` of `month` are paid, rounded to cents; in cents."""
        size = times(self.widths.size(form.pays), 10**MONTH_PLACES)
        exact = f"({self.dialect.cast(price, wide=not fits(size))} * {self.part_of_month('days', 'month')})"
        return self.rounded(exact, places_of(form.pays) + MONTH_PLACES, CENTS, self.plan.rounding[1], size=size)

    def each_paid(self, form: ir.FormPlan, frame: Frame) -> str:
        """What the members of a line are paid at one price, each of their months rounded; in cents.

        Equal days of equal months are paid alike, so they are counted first.
        """
        counted = self.store.table(
            "days_counted",
            f"SELECT payer, practice, month, days, count(*) AS n FROM {self.attributed()} GROUP BY ALL",
            About("how many members have so many days in a month", (*OWNERS, "month", "days")),
        )
        lines = Frame(frame.grid, where=frame.where)
        pays = self.known(form.pays, lines)
        columns = {name: name for name in ("payer", "practice", "clock", "m1", "m2")}
        if form.roster is not None:
            columns["m1"] = columns["m2"] = lines.expose(self.roster_month(form, lines))
        columns["price"] = pays.value
        joined = (
            f"SELECT p.payer, p.practice, p.clock, p.price, d.month, d.days, d.n FROM ({lines.select(columns)}) p "
            f"JOIN {counted} d ON d.payer = p.payer AND d.practice = p.practice AND d.month BETWEEN p.m1 AND p.m2"
        )
        paid = self._each_rounded(form, "price")
        sql = f"SELECT payer, practice, clock, sum(n * {paid}) AS v FROM ({joined}) GROUP BY payer, practice, clock"
        about = About(
            "what members are paid, each of their months rounded", frame.grid.grain, form.pays.span, form.pays
        )
        table = self.store.table(self.store.fresh("each_rounded"), sql, about)
        alias = frame.join("each rounded", table, f"{WHOSE} AND {{0}}.clock = r.clock".format)
        return frame.expose(f"coalesce({alias}.v, 0)")

    # ------------------------------------------------------------------------------------ prices by member

    def member_parts(self, form: ir.FormPlan, grid: Grid) -> str:
        """The lines of a payment by price: the months of its members added up, multiplied, rounded once."""
        each, places, rounding = self.each_in_days(form), *self.plan.rounding
        _, at, _, shown_at = self.rate(form, "")
        months = self.months_of_days("month")
        added = f"sum({self._each_rounded(form, 'rate')})" if each else "0"
        by_month = (
            f"SELECT payer, practice, clock, month, price, rate, {months} AS units, "
            f"{added} AS exact, max(f) AS f "
            f"FROM ({self.member_prices(form, grid)}) GROUP BY payer, practice, clock, month, price, rate"
        )
        by_price = (
            "SELECT payer, practice, clock, price, rate, sum(units) AS units, sum(exact) AS exact, max(f) AS f "
            f"FROM ({by_month}) GROUP BY payer, practice, clock, price, rate"
        )
        rate_of_units = f"({self.dialect.cast('rate', wide=True)} * units)"
        exact, scale = ("exact", CENTS) if each else (rate_of_units, at + MONTH_PLACES)
        if form.coverage is Coverage.PROPORTION and grid.kind != "month":
            by_price = (
                f"SELECT s.*, c.n, g.mn FROM ({by_price}) s JOIN {self.covered(grid)} c ON c.payer = s.payer "
                f"AND c.practice = s.practice AND c.clock = s.clock JOIN {grid.table} g ON g.payer = s.payer "
                "AND g.practice = s.practice AND g.clock = s.clock"
            )
            above = self.scaled(f"({exact} * n)", scale, max(scale, places))
            divisor = f"({self.dialect.number(10 ** max(0, scale - places))} * mn)"
            amount = self.dialect.divide(above, divisor, rounding)
        else:
            amount = self.rounded(exact, scale, places, rounding)
        faults = ["f"]
        large = self.too_large(rate_of_units, self.most_paid(form), form.pays.span)
        faults += [] if large is None else [large]
        if not form.downside:
            faults.append(f"CASE WHEN amount < 0 THEN {self.faults.number('MH706', form.pays.span)} END")
        sql = (
            f"SELECT payer, practice, clock, {self.scaled('price', shown_at, PLACES)} AS price, "
            f"{self.scaled('units', MONTH_PLACES, PLACES)} AS units, amount, coalesce({', '.join(faults)}, NULL) AS f "
            f"FROM (SELECT *, {amount} AS amount FROM ({by_price}))"
        )
        about = About("members of a line by price", (*OWNERS, "price", "posting period"), form.pays.span, form.pays)
        return self.store.table(self.store.fresh("parts"), sql, about)

    def member_prices(self, form: ir.FormPlan, grid: Grid) -> str:
        """The days of every member in each month of a line, with the price: `rate` multiplies, `price` is told."""
        assert grid.kind is not None
        at = grid if form.roster is None else self.grids.grid(OWNERS, "month")
        assert at.kind is not None
        frame = Frame(self.member_grid(frozenset((*OWNERS, "member")), at.kind))
        pays = self.known(form.pays, frame)
        rate, _, price, _ = self.rate(form, pays.value)
        columns = {name: name for name in ("payer", "practice", "member", "clock")}
        columns |= {"month": "clock", "days": frame.expose("r.days"), "rate": rate, "price": price}
        sql = frame.select({**columns, "f": pays.fault or "NULL::INTEGER"})
        if form.roster is not None:
            lines = Frame(grid)
            own = {name: name for name in ("payer", "practice", "clock")}
            own["first"] = lines.expose(self.roster_month(form, lines))
            return (
                f"SELECT l.payer, l.practice, l.clock, p.member, p.month, p.days, p.rate, p.price, p.f FROM "
                f"({lines.select(own)}) l JOIN ({sql}) p ON p.payer = l.payer AND p.practice = l.practice "
                "AND p.month = l.first"
            )
        if grid.kind == "month" or not self.in_days():
            return sql
        clock = self.grids.period_first("a.month", grid.kind)
        return (
            f"SELECT p.payer, p.practice, p.clock, p.member, a.month, a.days, p.rate, p.price, p.f FROM ({sql}) p "
            f"JOIN {self.attributed()} a ON a.payer = p.payer AND a.practice = p.practice AND a.member = p.member "
            f"AND {clock} = p.clock"
        )

    # ------------------------------------------------------------------------------------------ coverage

    def covered(self, grid: Grid) -> str:
        """In how many months of each row's period its practice participates, and what it misses first."""
        sql = (
            "SELECT g.payer, g.practice, g.clock, count(*) FILTER (WHERE p.participates) AS n, max(p.f) AS f, "
            "min_by(p.missed, p.month) FILTER (WHERE NOT p.participates) AS missed "
            f"FROM {grid.table} g JOIN {self.participation()} p ON p.payer = g.payer AND p.practice = g.practice "
            "AND p.month BETWEEN g.m1 AND g.m2 GROUP BY ALL"
        )
        about = About("how many months of a period participation covers", grid.grain)
        return self.store.table(f"covered_{grid.kind}", sql, about)
