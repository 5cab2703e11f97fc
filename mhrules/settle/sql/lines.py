"""Lines of payments as relations: basis, gates, pays, limits and one rounding, in the order of the language."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import evolve

from mhrules.classes import frozen
from mhrules.engine.facts import Facts
from mhrules.engine.sql.about import About
from mhrules.engine.sql.faults import Unsupported
from mhrules.engine.sql.frame import Column, Frame, Grid
from mhrules.engine.sql.grids import OWNERS, Grids
from mhrules.engine.sql.numbers import either, larger, places_of, times
from mhrules.engine.sql.quantities import matching
from mhrules.engine.sql.records import GROUPED
from mhrules.engine.sql.store import Store
from mhrules.engine.sql.widths import fits
from mhrules.exact import PLACES
from mhrules.plan import ir
from mhrules.plan.whole import Plan
from mhrules.semantics.calendar import MONTHS_IN_YEAR
from mhrules.settle import ledger
from mhrules.settle.elementwise import ELEMENT_KEYS
from mhrules.settle.payments import MEMBER_MONTH, posting_period
from mhrules.settle.sql.prices import CENTS, MONTH_PLACES, Prices
from mhrules.syntax.tree import Coverage

BROKEN = "MH720"  # an invariant does not hold
CreditRow = tuple[str, str, str, int, int]
"""Payer, practice, payment, the first month of a line, and what a credit takes off it, at the places of postings."""


@frozen
class Amount:
    """Units, price and amount of a line as columns; the amount at the places of a posting."""

    units: str
    price: str
    amount: str
    fault: str | None
    level: int


@frozen
class Broken:
    """The rows at which an invariant does not hold: of each the values of its keys, its first and its last month."""

    ensure: ir.EnsurePlan
    keys: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]


@frozen
class Elements:
    """What a form pays for one by one: the elements, and the single records in which `w` says that they count."""

    grid: Grid
    lines: str


class Lines(Prices):
    """The lines of every payment; `total` reads them."""

    def __init__(self, plan: Plan, facts: Facts, store: Store, grids: Grids) -> None:
        super().__init__(plan, facts, store, grids)
        self.parts: dict[str, list[str]] = {}  # by payment, what its lines are made of, as SQL
        self.paid_for: dict[tuple[str, ir.FormPlan], Elements] = {}  # by payment and form
        self.credits: Callable[[], list[CreditRow]] = list  # what credits take off lines; set by those who settle
        self.broken: tuple[Broken, ...] = ()  # invariants whose rows hold lines back; set by those who settle
        self._credited: str | None = None
        self._lines: dict[str, str] = {}

    def lines(self, payment: ir.PaymentPlan) -> str:
        """The table of a payment's lines, those of all its forms together."""
        if payment.name not in self._lines:
            parts = []
            for name, form in payment.forms.items():
                payers = self.payers_of(payment, name)
                if payers:
                    with self.store.serving("_".join(filter(None, [payment.name, name]))):
                        parts.append(self._form_lines(payment, form, payers))
            text = parts[0] if len(parts) == 1 else "\n  UNION ALL\n  ".join(f"({part})" for part in parts)
            about = About(f"lines of payment `{payment.name}`", (*OWNERS, "posting period"), payment.span)
            self._lines[payment.name] = self.store.table(f"lines_{payment.name}", text, about)
        return self._lines[payment.name]

    def payers_of(self, payment: ir.PaymentPlan, form: str) -> list[str]:
        """The payers who pay a payment in one of its forms."""
        return [payer for payer in self.grids.world.payers if self._form(payment, payer) == form]

    def _form(self, payment: ir.PaymentPlan, payer: str) -> str:
        chosen = self.plan.payer(payer).forms.get(payment.name, "")
        return chosen if chosen in payment.forms else next(iter(payment.forms))

    # -------------------------------------------------------------------------------------------- lines

    def _form_lines(self, payment: ir.PaymentPlan, form: ir.FormPlan, payers: list[str]) -> str:
        grid = self.grids.grid(OWNERS, posting_period(form).value)
        frame = Frame(grid, where=f"r.payer IN ({', '.join(map(self.dialect.text, payers))})")
        once = self._only_once(frame) if form.once else None
        # Each stands in the way of what follows: (whether it does, status, reason, its own fault).
        stops: list[tuple[str, str, str, str | None]] = [] if once is None else [("", "", "", once)]
        stops += [("", "", "", fault) for fault in self._held(frame)]
        stops += [self._not_in_force(frame), self._declined(payment)]
        cover = self._cover(form, frame)
        stops.append((f"{cover.months} = 0", ledger.NOT_PARTICIPATING, cover.missed, cover.fault))
        for gate in form.gates:
            found = self.known(gate.condition, frame)
            stops.append((f"NOT {found.value}", ledger.GATED, self.dialect.text(gate.name), found.fault))
        amount = self._amount_of(payment, form, frame, cover, payers)
        stopped = [(when, status, reason) for when, status, reason, _ in stops if when]
        status = " ".join(f"WHEN {when} THEN {self.dialect.text(word)}" for when, word, _ in stopped)
        reason = " ".join(f"WHEN {when} THEN {why}" for when, _, why in stopped)
        payee = self._payee(form, frame)
        fault = self._line_fault(stops, either(amount.fault, payee.fault))
        stopped_here = " OR ".join(f"({when})" for when, _, _ in stopped) or "false"
        zero = self.dialect.number(0)
        columns = {
            **{name: name for name in ("payer", "practice", "clock", "m1", "m2", "mn")},
            "status": f"CASE {status} ELSE {self.dialect.text(ledger.PAID)} END" if stopped else "'paid'",
            "reason": f"CASE {reason} ELSE '' END" if stopped else "''",
            "units": f"CASE WHEN {stopped_here} THEN {zero} ELSE {amount.units} END",
            "price": f"CASE WHEN {stopped_here} THEN NULL ELSE {amount.price} END",
            "amount": f"CASE WHEN {stopped_here} THEN {zero} ELSE {amount.amount} END",
            "payee": f"coalesce({payee.value}, '')",
            "f": fault,
        }
        return frame.select(columns)

    def _held(self, frame: Frame) -> Iterator[str]:
        """The faults of lines that are held back, because an invariant does not hold in one of their months."""
        for at, each in enumerate(self.broken, 1):
            columns = {**dict.fromkeys(each.keys, "STRING"), "m1": "INTEGER", "m2": "INTEGER"}
            about = About(f"rows at which invariant `{each.ensure.name}` does not hold", each.keys, each.ensure.span)
            rows = self.store.values(f"broken_{at}", columns, each.rows, about)
            same = [f"b.{key} = g.{key}" for key in OWNERS if key in each.keys]
            on = " AND ".join([*same, "b.m1 <= g.m2", "b.m2 >= g.m1"])
            number = self.faults.number(BROKEN, each.ensure.condition.span)
            sql = (
                f"SELECT DISTINCT g.payer, g.practice, g.clock, {number} AS f FROM {frame.grid.table} g "
                f"JOIN {rows} b ON {on}"
            )
            held = self.store.table(f"held_{at}_{frame.grid.table}", sql, About("lines held back", frame.grid.grain))
            alias = frame.join(("held", at), held, matching({c: f"r.{c}" for c in (*OWNERS, "clock")}))
            yield frame.expose(f"{alias}.f")

    def _line_fault(self, stops: list[tuple[str, str, str, str | None]], last: str | None) -> str:
        """The fault of a line: of what was demanded before anything stood in its way."""
        cases = []
        for when, _, _, fault in stops:
            if fault is not None:
                cases.append(f"WHEN {fault} IS NOT NULL THEN {fault}")
            if when:
                cases.append(f"WHEN {when} THEN NULL")
        return f"CASE {' '.join(cases)} ELSE {last or 'NULL::INTEGER'} END" if cases else (last or "NULL::INTEGER")

    def _not_in_force(self, frame: Frame) -> tuple[str, str, str, str | None]:
        if self.plan.least_payers <= 1:
            return "", "", "", None
        alias = frame.join("in force", self._in_force(), lambda alias: f"{alias}.month = r.m2")
        count = frame.expose(f"{alias}.n")
        return f"{count} < {self.plan.least_payers}", ledger.NOT_DUE, self.dialect.text(ledger.NOT_IN_FORCE), None

    def _in_force(self) -> str:
        held = self.grids.held(frozenset({"payer"}))
        about = About(f"how many payers there are; the program is in force with {self.plan.least_payers}", ("month",))
        return self.store.table("in_force", f"SELECT month, count(*) AS n FROM {held} GROUP BY month", about)

    def _declined(self, payment: ir.PaymentPlan) -> tuple[str, str, str, str | None]:
        reasons = {
            p: plan.declined[payment.name]
            for p, plan in self.grids.world.payers.items()
            if payment.name in plan.declined
        }
        if not reasons:
            return "", "", "", None
        named = " ".join(f"WHEN {self.dialect.text(p)} THEN {self.dialect.text(why)}" for p, why in reasons.items())
        listed = ", ".join(map(self.dialect.text, reasons))
        return f"payer IN ({listed})", ledger.NOT_ELECTED, f"CASE payer {named} END", None

    def _only_once(self, frame: Frame) -> str:
        """Keeps the line of the first participating month; where a month before it cannot be judged, all from there.

        Gives the fault of those.
        """
        on = "{0}.payer = r.payer AND {0}.practice = r.practice"
        alias = frame.join("once", self._once(), on.format)
        unknown = f"{alias}.unknown <= coalesce({alias}.month, {alias}.unknown)"
        here = f"(r.clock = {alias}.month AND {alias}.month < coalesce({alias}.unknown, {alias}.month + 1))"
        frame.where += f" AND ({here} OR (r.clock >= {alias}.unknown AND {unknown}))"
        return frame.expose(f"CASE WHEN {unknown} THEN {alias}.f END")

    def _once(self) -> str:
        """The first month in which each practice participates with each payer, and the first that cannot be judged.

        Only months count in which the program is in force.
        """
        sql = (
            "SELECT p.payer, p.practice, min(p.month) FILTER (WHERE p.f IS NULL AND p.participates) AS month, "
            "min(p.month) FILTER (WHERE p.f IS NOT NULL) AS unknown, max(p.f) AS f "
            f"FROM {self.participation()} p JOIN {self._in_force()} i ON i.month = p.month "
            f"AND i.n >= {self.plan.least_payers} GROUP BY ALL"
        )
        about = About("the first month of participation, and the first that cannot be judged", OWNERS)
        return self.store.table("first_participating", sql, about)

    # ------------------------------------------------------------------------------------- participation

    def _cover(self, form: ir.FormPlan, frame: Frame) -> Cover:
        """How participation covers the months of a line."""
        table = self.participation()
        if form.coverage is Coverage.LAST_MONTH:
            on = "{0}.payer = r.payer AND {0}.practice = r.practice AND {0}.month = r.m2"
            alias = frame.join("covered in its last month", table, on.format)
            months = f"CASE WHEN {frame.expose(f'{alias}.participates')} THEN 1 ELSE 0 END"
            return Cover(f"({months})", "1", frame.expose(f"{alias}.missed"), frame.expose(f"{alias}.f"))
        alias = frame.join(
            "covered",
            self.covered(frame.grid),
            lambda alias: f"{alias}.payer = r.payer AND {alias}.practice = r.practice AND {alias}.clock = r.clock",
        )
        count, missed = frame.expose(f"{alias}.n"), frame.expose(f"coalesce({alias}.missed, '')")
        fault = frame.expose(f"{alias}.f")
        if form.coverage is Coverage.PROPORTION:
            return Cover(count, "mn", missed, fault)
        return Cover(f"(CASE WHEN {count} < mn THEN 0 ELSE mn END)", "mn", missed, fault)

    # -------------------------------------------------------------------------------------------- amounts

    def _amount(self, form: ir.FormPlan, frame: Frame, cover: Cover) -> Amount:
        """What it pays, all caps, all floors, then one rounding of the exact result."""
        pays = self.known(form.pays, frame)
        places, rounding = self.plan.rounding
        faults, level = [pays.fault], pays.level
        price, at = pays.value, places_of(form.pays)
        units, own, size = self.dialect.number(1, wide=False), 0, self.widths.size(form.pays)
        shown, shown_at = price, at
        if form.unit == MEMBER_MONTH:
            found = self.line_months(form, frame)
            units, own, level = found.value, MONTH_PLACES, max(level, found.level)
            price, at, shown, shown_at = self.rate(form, price)
            size = self.most_paid(form)
        faults.append(self.too_large(f"({self.dialect.cast(pays.value, wide=True)} * {units})", size, form.span))
        size = times(size, MONTHS_IN_YEAR)  # in how many of which it participates
        amount, scale = f"{self.dialect.cast(price, wide=not fits(size))} * {units}", at + own
        if form.unit == MEMBER_MONTH and self.each_in_days(form):
            amount, scale, size = self.each_paid(form, frame), CENTS, None
        amount = f"({amount} * {cover.months})" if cover.of != "1" else f"({amount})"
        for word, limits in (("least", form.caps), ("greatest", form.floors)):
            for limit in limits:
                bound = self.known(limit, frame)
                faults.append(bound.fault)
                level = max(level, bound.level)
                wanted = max(scale, places_of(limit))
                most = times(self.widths.size(limit, wanted), MONTHS_IN_YEAR)
                amount = self.scaled(amount, scale, wanted, size=size)
                size, scale = larger(times(size, 10 ** (wanted - scale)), most), wanted
                held = self.at(limit, bound, wanted)
                if cover.of != "1":
                    held = f"{self.dialect.cast(f'({held})', wide=not fits(most))} * {cover.of}"
                amount = f"{word}({amount}, {held})"
        exact = frame.keep(amount, level)
        if cover.of == "1":
            final = self.rounded(exact.value, scale, places, rounding, size=size)
        else:
            wide = not fits(times(size, 10 ** max(0, places - scale)))
            above = self.scaled(self.dialect.cast(exact.value, wide=wide), scale, max(scale, places), size=size)
            divisor = f"({self.dialect.number(10 ** max(0, scale - places), wide=wide)} * {cover.of})"
            final = self.dialect.divide(above, divisor, rounding)
        if not form.downside:
            faults.append(f"CASE WHEN {exact.value} < 0 THEN {self.faults.number('MH706', form.pays.span)} END")
        count = self.scaled(units, own, PLACES) if form.unit == MEMBER_MONTH else self.dialect.number(10**PLACES)
        told = self.scaled(shown, shown_at, PLACES) if form.unit == MEMBER_MONTH else "NULL"
        return Amount(count, told, final, either(*faults), exact.level)

    def _amount_of(
        self, payment: ir.PaymentPlan, form: ir.FormPlan, frame: Frame, cover: Cover, payers: list[str]
    ) -> Amount:
        """The amount of a line: of its own, or that of its members or elements together."""
        if form.unit in ELEMENT_KEYS:
            parts = self._element_parts(payment, form, frame.grid)
        elif form.priced_by_member and self.given:
            parts = self.member_parts(form, frame.grid)
        else:
            return self._amount(form, frame, cover)
        whose = f"payer IN ({self.dialect.texts(payers)})"
        self.parts.setdefault(payment.name, []).append(f"(SELECT * FROM {parts} WHERE {whose})")
        totals = self.store.table(
            f"{parts}_totals",
            "SELECT payer, practice, clock, sum(units) AS units, sum(amount) AS amount, max(f) AS f "
            f"FROM {parts} GROUP BY ALL",
            About("units and amounts by line", (*OWNERS, "posting period"), form.pays.span, form.pays),
        )
        on = "{0}.payer = r.payer AND {0}.practice = r.practice AND {0}.clock = r.clock"
        alias = frame.join("parts", totals, on.format)
        units, total = (frame.expose(f"coalesce({alias}.{column}, 0)") for column in ("units", "amount"))
        return Amount(units, "NULL", total, frame.expose(f"{alias}.f"), 0)

    def _element_parts(self, payment: ir.PaymentPlan, form: ir.FormPlan, grid: Grid) -> str:
        """The elements of a payment by price: how many, and their rounded amounts added up."""
        kind, name = ELEMENT_KEYS[form.unit], self.store.fresh("parts")
        elements = self.record_grid(kind, form.reach, form.event, grid)
        elements = evolve(elements, keys=(*OWNERS, "member", kind))  # each is of one person
        frame = Frame(elements)
        where = None if form.where is None else self.known(form.where, frame)
        chosen = "true" if where is None else where.value
        fault = (where and where.fault) or "NULL::INTEGER"
        columns = {**self.line_columns(elements, frame), "w": chosen, "wf": fault}
        about = About(f"each {form.unit} of the payment, and whether it is paid for", elements.grain, form.span)
        lines = self.store.view(f"{name}_lines", frame.select(columns), about)
        if kind in GROUPED:
            found = self.grouped(kind, elements, lines)
        else:
            found = Grid(
                self.store.view(
                    f"{name}_chosen", f"SELECT * FROM {lines} WHERE w", About("those paid for", elements.grain)
                ),
                elements.keys,
                "month",
                element=kind,
            )
        if form.once_per is not None:
            found = self._first_by_date(form, found)
        self.paid_for[payment.name, form] = Elements(found, lines)
        paid = Frame(found)
        price, amount, own = self.element_amount(form, paid)
        inner = paid.select(
            {"payer": "payer", "practice": "practice", "clock": "clock", "price": price, "amount": amount, "f": own}
        )
        one = self.dialect.number(10**PLACES)
        sql = (
            f"SELECT payer, practice, clock, price, count(*) * {one} AS units, sum(amount) AS amount, max(f) AS f "
            f"FROM ({inner}) GROUP BY payer, practice, clock, price"
        )
        if where is not None and where.fault is not None:
            unjudged = f"SELECT payer, practice, clock, NULL, 0, 0, max(wf) FROM {lines} WHERE wf IS NOT NULL"
            sql += f" UNION ALL {unjudged} GROUP BY ALL"
        about = About(
            f"each {form.unit} of a line, rounded, by price",
            (*OWNERS, "price", "posting period"),
            form.pays.span,
            form.pays,
        )
        return self.store.table(name, sql, about)

    def _first_by_date(self, form: ir.FormPlan, grid: Grid) -> Grid:
        """Of the elements of one member, or practice, in a period only the first by date."""
        assert form.once_per is not None
        period = self.grids.period_first("clock", form.once_per.value)
        whose = "payer, practice, " + ("person, " if form.once_unit == "member" else "")
        rank = f"row_number() OVER (PARTITION BY {whose}{period} ORDER BY date, id)"
        about = About(f"only the first by date in each {form.once_per.value.replace('_', ' ')}", grid.grain)
        sql = f"SELECT * FROM {grid.table} QUALIFY {rank} = 1"
        return evolve(grid, table=self.store.table(f"{grid.table}_first", sql, about))

    def element_amount(self, form: ir.FormPlan, frame: Frame) -> tuple[str, str, str]:
        """Price, rounded amount and fault of one element."""
        pays = self.known(form.pays, frame)
        places, rounding = self.plan.rounding
        sql, scale, level, faults = pays.value, places_of(form.pays), pays.level, [pays.fault]
        size = self.widths.size(form.pays)
        for word, limits in (("least", form.caps), ("greatest", form.floors)):
            for limit in limits:
                bound = self.known(limit, frame)
                wanted = max(scale, places_of(limit))
                sql = f"{word}({self.scaled(sql, scale, wanted, size=size)}, {self.at(limit, bound, wanted)})"
                size = larger(times(size, 10 ** (wanted - scale)), self.widths.size(limit, wanted))
                scale, level = wanted, max(level, bound.level)
                faults.append(bound.fault)
        exact = frame.keep(sql, level)
        final = frame.keep(self.rounded(exact.value, scale, places, rounding, size=size), exact.level)
        if not form.downside:
            number = self.faults.number("MH706", form.pays.span)
            faults.append(f"CASE WHEN {final.value} < 0 THEN {number} END")
        plain = not form.pays.type.is_total and not form.caps and not form.floors
        price = self.at(form.pays, pays, PLACES) if plain else f"NULL::{self.dialect.narrow}"
        return price, final.value, either(*faults) or "NULL::INTEGER"

    def _payee(self, form: ir.FormPlan, frame: Frame) -> Column:
        """Who is paid: the practice, or the payee of it that the text names."""
        if form.payee is None:
            return Column("practice")
        return self.known(self.plan.payees[form.payee], frame)

    # --------------------------------------------------------------------------------------------- totals

    def total(self, node: ir.Total, frame: Frame) -> Column:
        """The postings of a payment in the posting periods whose months all lie in the row's period."""
        table, grid = self.lines(self.plan.payments[node.payment]), frame.grid
        if not set(OWNERS) <= set(grid.keys):
            raise Unsupported("`total(…)` of a row without payer and practice")
        rows = self.grids.grid(OWNERS, grid.kind, base=grid.base)
        net = node.net and any(payer.credits for payer in self.plan.payers)
        if net:
            table = self._net(node.payment, table)
        sql = (
            "SELECT g.payer, g.practice, g.clock, sum(l.amount) AS v, "
            "min_by(l.f, l.clock) FILTER (WHERE l.f IS NOT NULL) AS f "
            f"FROM {rows.table} g JOIN {table} l ON l.payer = g.payer AND l.practice = g.practice "
            "AND l.m1 >= g.m1 AND l.m2 <= g.m2 GROUP BY ALL"
        )
        about = About(
            f"postings of `{node.payment}` added up{', net of credits' if net else ''}", rows.grain, node.span, node
        )
        source = self.store.table(f"{'net_' if net else ''}total_{grid.kind}_{node.payment}", sql, about)
        on = "{0}.payer = r.payer AND {0}.practice = r.practice AND {0}.clock = r.clock"
        alias = frame.join(("total", node.payment, net), source, on.format)
        places = self.plan.rounding[0]
        value = self.narrowed(f"coalesce({alias}.v, 0)", self.widths.size(node, places))
        value = self.scaled(value, places, max(places, places_of(node)), size=self.widths.size(node, places))
        return Column(frame.expose(value), frame.expose(f"{alias}.f"))

    def _net(self, payment: str, lines: str) -> str:
        """The lines of a payment with credits taken off, which those who settle work out of the gross lines."""
        columns = {
            **dict.fromkeys(("payer", "practice", "payment"), "STRING"),
            "clock": "INTEGER",
            "v": self.dialect.wide,
        }
        if self._credited is None:
            about = About("what credits take off lines, as the interpreter has it", (*OWNERS, "payment", "month"))
            self._credited = self.store.values("credited", columns, self.credits(), about)
        used = (
            f"SELECT payer, practice, clock, sum(v) AS v FROM {self._credited} WHERE payment = '{payment}' GROUP BY ALL"
        )
        kept = ", ".join(f"l.{column}" for column in self.store.columns(lines) if column != "amount")
        sql = (
            f"SELECT {kept}, l.amount - coalesce(u.v, 0) AS amount FROM {lines} l "
            f"LEFT JOIN ({used}) u ON u.payer = l.payer AND u.practice = l.practice AND u.clock = l.clock"
        )
        return self.store.table(
            f"net_{lines}", sql, About(f"lines of payment `{payment}`, net of credits", (*OWNERS, "posting period"))
        )


@frozen
class Cover:
    """How many of how many months participation covers, the first requirement missed, and the fault, as columns."""

    months: str
    of: str
    missed: str
    fault: str | None
