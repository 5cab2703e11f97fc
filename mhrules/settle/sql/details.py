"""The rows that postings are made of, as relations: the same as `settle.backup` gives, in the same order."""

from __future__ import annotations

from mhrules.diagnostics.model import DiagnosticError
from mhrules.diagnostics.registry import finding
from mhrules.engine.rows import JOINED
from mhrules.engine.sql.about import About
from mhrules.engine.sql.frame import Frame, Grid
from mhrules.engine.sql.grids import OWNERS
from mhrules.engine.sql.records import GROUPED
from mhrules.engine.sql.widths import fits
from mhrules.exact import PLACES, Rounding
from mhrules.plan import ir
from mhrules.settle import ledger
from mhrules.settle.backup import CREDIT, LIMITS, MEMBER_MONTHS, PANEL, PRACTICE, ROUNDING
from mhrules.settle.elementwise import ELEMENT_KEYS
from mhrules.settle.payments import MEMBER_MONTH, posting_period
from mhrules.settle.sql.lines import Lines
from mhrules.settle.sql.postings import ORDER, Postings
from mhrules.settle.sql.prices import MONTH_PLACES
from mhrules.syntax.tree import Coverage

NUMBERED = "posted_numbered"
DETAIL_ORDER = f"number, part, date, split_part(element, chr({ord(JOINED)}), 1), person"
_LINE = "{0}.payer = {1}.payer AND {0}.practice = {1}.practice AND {0}.clock = {1}.{2}"
_GRAIN = ("posting", "row")
_NUMBERS = ("units", "price", "amount")


class Details:
    """What each posting of a year is made of: members' months by price, elements, or an amount as a whole.

    Units, prices and amounts are in units of 10**-12. `part` is 0 for the rows themselves, 1 for what caps and floors
    change, 2 for the one rounding of all.
    """

    def __init__(self, relations: Lines, postings: Postings, inside: str) -> None:
        self.relations = relations
        self.store = relations.store
        self.dialect = relations.dialect
        self._postings, self._inside = postings, inside
        self._step = 10 ** (PLACES - relations.plan.rounding[0])
        about = About("the postings of the year, numbered in their order", ("posting",))
        sql = f"SELECT row_number() OVER (ORDER BY {ORDER}) AS number, * FROM {postings.table}"
        self.postings = self.store.table(NUMBERED, sql, about)

    def rows(self) -> str:
        """All rows as SQL, with the number of their posting; numbers are as narrow as they fit.

        Raises:
            DiagnosticError: the rows of a posting do not add up to it (MH999: never, unless mhrules is wrong).
        """
        parts = [self._credits()]
        for payment in self.relations.plan.payments.values():
            for name, form in payment.forms.items():
                payers = self.relations.payers_of(payment, name)
                if payers:
                    with self.store.serving("_".join(filter(None, ["detail", payment.name, name]))):
                        parts += self._of_form(payment, form, self._paid(payment, payers))
        source = "\nUNION ALL\n".join(f"SELECT * FROM {part}" for part in parts)
        self._tie(source)
        most = self.store.row(f"SELECT {', '.join(f'max(abs({name}))' for name in _NUMBERS)} FROM ({source})")
        listed = ", ".join(
            f"{self.dialect.cast(name, wide=not fits(greatest or 0))} AS {name}"
            for name, greatest in zip(_NUMBERS, most, strict=True)
        )
        return f"SELECT number, part, kind, person, element, date, {listed} FROM ({source})"

    def _tie(self, source: str) -> None:
        """Every posting is the sum of its rows."""
        sums = f"SELECT number, sum(units) AS units, sum(amount) AS amount FROM ({source}) GROUP BY number"
        (apart,) = self.store.row(
            f"SELECT count(*) FROM {self.postings} p LEFT JOIN ({sums}) s ON s.number = p.number "
            f"WHERE coalesce(s.units, 0) <> p.units OR coalesce(s.amount, 0) <> p.amount * {self._step}"
        )
        if apart:
            raise DiagnosticError([finding("MH999", f"the back-up of {apart} postings does not tie")])

    def _paid(self, payment: ir.PaymentPlan, payers: list[str]) -> str:
        return (
            f"(SELECT number, payer, practice, first, units, price, amount * {self._step} AS amount "
            f"FROM {self.postings} WHERE payment = {self.dialect.text(payment.name)} "
            f"AND status = '{ledger.PAID}' AND payer IN ({self.dialect.texts(payers)}))"
        )

    def _table(self, what: str, sql: str) -> str:
        return self.store.table(self.store.fresh(what), sql, About(f"what postings are made of: {what}", _GRAIN))

    def _credits(self) -> str:
        """Credits, each one row."""
        columns = _columns(CREDIT, "0", "NULL", f"amount * {self._step}")
        return self._table("credits", f"SELECT {columns} FROM {self.postings} WHERE status = '{ledger.CREDITED}'")

    def _of_form(self, payment: ir.PaymentPlan, form: ir.FormPlan, paid: str) -> list[str]:
        """The rows of the postings `paid` in one form of a payment, as tables."""
        if form.unit in ELEMENT_KEYS:
            return [self._elements(payment, form, paid)]
        if form.unit != MEMBER_MONTH:
            return [self._table("amounts", f"SELECT {_columns(PRACTICE, 'units', 'NULL', 'amount')} FROM {paid} p")]
        grid = self.relations.grids.grid(OWNERS, posting_period(form).value)
        lines = self._lines(form, grid, paid)
        months = self._members(form, grid, lines) if self.relations.given else self._panel(lines)
        return [months, self._left(form, lines, months)]

    # ---------------------------------------------------------------------------------------- elements

    def _elements(self, payment: ir.PaymentPlan, form: ir.FormPlan, paid: str) -> str:
        """Claim lines, claims, visits or events, each by its id; one made of several records by theirs together."""
        kind, found = ELEMENT_KEYS[form.unit], self.relations.paid_for[payment.name, form]
        frame = Frame(found.grid, where=f"r.{self._inside}")
        price, amount, _ = self.relations.element_amount(form, frame)
        columns = {name: name for name in (*OWNERS, "member", "clock")}
        columns |= {"id": frame.expose("r.id"), "date": frame.expose("r.date"), "price": price, "amount": amount}
        element, join = "e.id", ""
        if kind in GROUPED:
            own = f"{', '.join(OWNERS)}, member, clock"
            names = (
                f"SELECT {own}, arg_min(id, (date, id)) AS id, string_agg(id, chr({ord(JOINED)}) ORDER BY date, id) "
                f"AS ids FROM {found.lines} WHERE w AND {self._inside} "
                f"GROUP BY {', '.join(dict.fromkeys([*own.split(', '), *GROUPED[kind]]))} HAVING count(*) > 1"
            )
            element = "coalesce(n.ids, e.id)"
            join = f"LEFT JOIN ({names}) n USING ({own}, id)"
        amounts = (str(10**PLACES), "e.price", f"e.amount * {self._step}")
        listed = _columns(form.unit, *amounts, number="p.number", person="e.member", element=element, date="e.date")
        return self._table(
            "elements",
            f"SELECT {listed} FROM ({frame.select(columns)}) e {join} "
            f"JOIN {paid} p ON {_LINE.format('e', 'p', 'first')} AND e.price IS NOT DISTINCT FROM p.price",
        )

    # ------------------------------------------------------------------------------------------- months

    @property
    def _in_days(self) -> bool:
        return not self.relations.given or self.relations.in_days()

    def _lines(self, form: ir.FormPlan, grid: Grid, paid: str) -> str:
        """The postings of lines per member per month, with what their months are multiplied by.

        `n` of `mn` months are paid; `exact` is what that makes of units times price, `limited` that after caps and
        floors.
        """
        covered, of, joins = "1", "1", ""
        if form.coverage is Coverage.PROPORTION and grid.kind != "month":
            table = self.relations.covered(grid)
            covered, of = "c.n", "g.mn"
            joins = f"JOIN {table} c ON {_LINE.format('c', 'p', 'first')} "
            joins += f"JOIN {grid.table} g ON {_LINE.format('g', 'p', 'first')} "
        limited, bounds = "exact", ""
        if form.caps or form.floors:
            frame = Frame(grid, where=f"r.{self._inside}")
            columns = {name: name for name in (*OWNERS, "clock")}
            for word, limits in (("least", form.caps), ("greatest", form.floors)):
                for limit in limits:
                    name = f"limit_{len(columns)}"
                    columns[name] = self.relations.at(limit, self.relations.known(limit, frame), PLACES)
                    limited = f"{word}({limited}, {name})"
                    bounds += f", l.{name}"
            joins += f"JOIN ({frame.select(columns)}) l ON {_LINE.format('l', 'p', 'first')} "
        inner = f"SELECT p.*, {covered} AS n, {of} AS mn{bounds} FROM {paid} p {joins}"
        months = f"quotient(units, {10**PLACES // self._whole})"
        exact = self._paid_for(form, grid, months, "n", "mn")
        sql = f"SELECT *, {exact} AS exact FROM ({inner})"
        return self._table("lines", f"SELECT *, {limited} AS limited FROM ({sql})")

    @property
    def _whole(self) -> int:
        """How many of the units in which months are counted make one."""
        return 10**MONTH_PLACES if self._in_days else 1

    def _paid_for(self, form: ir.FormPlan, grid: Grid, months: str, covered: str, of: str) -> str:
        """What so many months make at the posting's price, of which so many of so many are paid."""
        product = f"coalesce(price, 0::{self.dialect.wide}) * {months}"
        if form.coverage is Coverage.PROPORTION and grid.kind != "month":
            divisor = f"({self.dialect.number(self._whole)} * {of})"
            return self.dialect.divide(f"({product} * {covered})", divisor, Rounding.HALF_EVEN)
        if self._whole == 1:
            return product
        return self.dialect.divide(f"({product})", self.dialect.number(self._whole), Rounding.HALF_EVEN)

    def _panel(self, lines: str) -> str:
        """All members together, where the data only count them."""
        return self._table("panel", f"SELECT {_columns(PANEL, 'units', 'price', 'exact')} FROM {lines}")

    def _members(self, form: ir.FormPlan, grid: Grid, lines: str) -> str:
        """The months of each member at a posting's price."""
        own = "SELECT payer, practice, clock, member"
        if form.priced_by_member:
            source = self._in_year(self.relations.member_prices(form, grid))
            told = self.relations.rate(form, "")[3]
            price = f", {self.relations.scaled('price', told, PLACES)} AS price"
            own, same = f"{own}{price}", " AND m.price = p.price"
        else:
            source, same = self._months(form, grid), ""
        days = self.dialect.cast("days", wide=False)
        months = self.relations.part_of_month(days, "month") if self._in_days else days
        by_member = f"{own}, sum({months}) AS months FROM ({source}) GROUP BY ALL"
        joined = (
            "SELECT p.number, p.price, p.n, p.mn, m.member, m.months "
            f"FROM ({by_member}) m JOIN {lines} p ON {_LINE.format('m', 'p', 'first')}{same}"
        )
        amount = self._paid_for(form, grid, "months", "n", "mn")
        units = f"months * {10**PLACES // self._whole}::{self.dialect.wide}"
        columns = _columns(MEMBER_MONTHS, units, "price", amount, person="member")
        return self._table("members", f"SELECT {columns} FROM ({joined})")

    def _in_year(self, sql: str) -> str:
        return f"SELECT * FROM ({sql}) WHERE {self._inside}"

    def _months(self, form: ir.FormPlan, grid: Grid) -> str:
        """The months of members that a line is paid for: of its period, or the first of its roster's."""
        assert grid.kind is not None
        relations = self.relations
        if form.roster is None:
            return self._in_year(f"SELECT * FROM {relations.months_of_members(grid.kind, base=False, whole=False)}")
        frame = Frame(grid, where=f"r.{self._inside}")
        columns = {name: name for name in (*OWNERS, "clock")}
        columns["first"] = frame.expose(relations.roster_month(form, frame))
        return (
            f"SELECT l.payer, l.practice, l.clock, a.member, a.month, a.days FROM ({frame.select(columns)}) l "
            f"JOIN {relations.attributed()} a ON a.payer = l.payer AND a.practice = l.practice AND a.month = l.first"
        )

    def _left(self, form: ir.FormPlan, lines: str, months: str) -> str:
        """What limits make of the sum of a posting's months, and what is left to the posting."""
        sums = f"SELECT number, sum(units) AS units, sum(amount) AS amount FROM {months} GROUP BY number"
        left = (
            "SELECT p.number, p.price, p.limited - p.exact AS moved, p.units - coalesce(s.units, 0) AS units, "
            f"p.amount - coalesce(s.amount, 0) - (p.limited - p.exact) AS amount FROM {lines} p "
            f"LEFT JOIN ({sums}) s ON s.number = p.number"
        )
        limits = f"SELECT {_columns(LIMITS, '0', 'NULL', 'moved', part=1)} FROM ({left}) WHERE moved <> 0"
        rounding = _columns(ROUNDING, "units", "price", "amount", part=2)
        sql = f"SELECT {rounding} FROM ({left}) WHERE amount <> 0 OR units <> 0"
        return self._table("left", f"{limits} UNION ALL {sql}" if form.caps or form.floors else sql)


def _columns(
    kind: str,
    units: str,
    price: str,
    amount: str,
    *,
    number: str = "number",
    person: str = "''",
    element: str = "''",
    date: str = "NULL",
    part: int = 0,
) -> str:
    """The columns of a row of any kind, in order."""
    return (
        f"{number} AS number, {part} AS part, '{kind}' AS kind, {person} AS person, {element} AS element, "
        f"CAST({date} AS DATE) AS date, ({units})::HUGEINT AS units, ({price})::HUGEINT AS price, "
        f"({amount})::HUGEINT AS amount"
    )
