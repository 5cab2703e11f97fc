"""Payments: each line worked out in the order of the language: basis, gates, pays, limits, one rounding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import evolve

from mhrules.classes import frozen
from mhrules.diagnostics.model import Diagnostic
from mhrules.engine import kernel
from mhrules.engine.facts import Facts, Tables
from mhrules.engine.faults import Faulted, Gathering, fault
from mhrules.engine.reference import Interpreter
from mhrules.engine.rows import Row, Step
from mhrules.engine.slices import EVERYTHING, Bounds
from mhrules.exact import ONE, PLACES, Rounding, divide, to_text
from mhrules.plan import ir
from mhrules.plan.whole import Plan
from mhrules.settle import ledger
from mhrules.settle.credits import Credits
from mhrules.settle.elementwise import ELEMENT_KEYS, Elementwise
from mhrules.settle.ledger import Detail, Line, Part
from mhrules.settle.participation import judge
from mhrules.syntax.tree import Coverage, Period

MEMBER_MONTH = "member month"
EACH_MEMBER_MONTH = "each member month"
CENTS = 2


@frozen
class Hold:
    """Lines that may not be posted because an invariant fails: those of the row's keys with a month in `months`."""

    row: Row
    months: frozenset[int]
    finding: Diagnostic


@frozen
class _Cover:
    """How participation covers a period: `months` of `of` months, or the first requirement missed."""

    months: int
    of: int
    missed: str = ""


class Books:
    """The lines of all payments, each worked out once; what `total(x)` reads. `year` is the year that is settled."""

    def __init__(
        self, plan: Plan, tables: Tables, year: int, holds: tuple[Hold, ...] = (), bounds: Bounds = EVERYTHING
    ) -> None:
        self.plan = plan
        self.year = year
        self.interpreter = Interpreter(plan, Facts(tables, bounds), self)
        self.world = self.interpreter.world
        self.credits = Credits(self)
        self.holds = holds

    # ------------------------------------------------------------------------------------------ lines

    def form(self, payment: str, payer: str) -> ir.FormPlan:
        """The form in which a payer pays a payment (of one it declines: the first)."""
        forms = self.plan.payments[payment].forms
        chosen = self.plan.payer(payer).forms.get(payment, "")
        return forms[chosen] if chosen in forms else next(iter(forms.values()))

    def firsts(self, payment: str, payer: str, year: int) -> Iterator[int]:
        """The first months of a payment's posting periods in a program year."""
        return self.plan.calendar.periods_of(year, posting_period(self.form(payment, payer)))

    def row(self, payment: str, payer: str, practice: str, first: int) -> Row:
        """The row of a line; `first` is the first month of its posting period."""
        period = posting_period(self.form(payment, payer))
        return Row.of((period.value, first), payer=payer, practice=practice)

    def line(self, payment: str, payer: str, practice: str, first: int) -> Line | None:
        """The line of a payment in the posting period that begins with month `first`; None where there is none.

        Raises:
            Faulted: it cannot be known.
        """
        row = self.row(payment, payer, practice, first)
        plan = self.plan.payments[payment]
        return self.interpreter.remember(("line", payment, row), plan, row, lambda: self._line(plan, row))

    def keep(self, line: Line) -> None:
        """Takes a line as worked out, by an engine that gives the same."""
        row = self.row(line.payment, line.payer, line.practice, line.first)
        plan = self.plan.payments[line.payment]
        self.interpreter.remember(("line", line.payment, row), plan, row, lambda: line)

    def keep_fault(self, line: tuple[str, str, str, int], fault: Diagnostic) -> None:
        """Takes a line (payment, payer, practice, first month) as one that cannot be known."""

        def fail() -> Line:
            raise Faulted([fault])

        row = self.row(*line)
        with Gathering():
            self.interpreter.remember(("line", line[0], row), self.plan.payments[line[0]], row, fail)

    def line_trace(self, payment: str, payer: str, practice: str, first: int) -> Step:
        """The steps that lead to a line, worked out anew; the root's `detail` is the line."""
        row = self.row(payment, payer, practice, first)
        plan = self.plan.payments[payment]
        return self.interpreter.trace(plan, row, lambda: self._line(plan, row))

    def _line(self, payment: ir.PaymentPlan, row: Row) -> Line | None:
        months = self.world.months(row)
        payer, practice = self.world.lookup(row, "payer"), self.world.lookup(row, "practice")
        form = self.form(payment.name, payer)
        if not months or (form.once and self._first_participating(payer, practice, months[0]) != months[0]):
            return None
        self._refuse_held(row, months)
        assert row.clock is not None
        blank = Line(payment.name, payer, "", practice, posting_period(form), row.clock[1], months)
        line = self._worked_out(blank, form, row)
        return None if line is None else evolve(line, payee=self._payee(line, form, row))

    def _worked_out(self, blank: Line, form: ir.FormPlan, row: Row) -> Line | None:
        """The line, in the order of the language: the first thing that stands in its way ends it."""
        if self.world.in_force(blank.months[-1]) < self.plan.least_payers:
            return evolve(blank, status=ledger.NOT_DUE, reason=ledger.NOT_IN_FORCE)
        declined = self.plan.payer(blank.payer).declined
        if blank.payment in declined:
            return evolve(blank, status=ledger.NOT_ELECTED, reason=declined[blank.payment])
        cover = self._cover(form, blank)
        if cover.months == 0:
            return evolve(blank, status=ledger.NOT_PARTICIPATING, reason=cover.missed)
        gates, failed = self._gates(form, row)
        if failed:
            return evolve(blank, status=ledger.GATED, reason=failed, gates=gates)
        parts, details = self._paid(form, row, cover)
        units, amount = sum(part.units for part in parts), sum(part.amount for part in parts)
        paid = evolve(blank, status=ledger.PAID, units=units, amount=amount, gates=gates)
        return evolve(paid, parts=parts, details=details)

    def _refuse_held(self, row: Row, months: tuple[int, ...]) -> None:
        for hold in self.holds:
            same = all(self.world.lookup(row, key) == value for key, value in hold.row.keys if key != "line")
            if same and not hold.months.isdisjoint(months):
                raise Faulted([hold.finding])

    def _first_participating(self, payer: str, practice: str, last: int) -> int | None:
        """The first month, up to `last`, in which the practice participates and the program is in force."""
        for month in range(self.world.payers[payer].first_month, last + 1):
            if self.world.months(Row.of(("month", month), payer=payer, practice=practice)):
                in_force = self.world.in_force(month) >= self.plan.least_payers
                if in_force and judge(self.interpreter, payer, practice, month).participates:
                    return month
        return None

    def _cover(self, form: ir.FormPlan, line: Line) -> _Cover:
        """How participation covers the months of a line."""
        months = line.months[-1:] if form.coverage is Coverage.LAST_MONTH else line.months
        verdicts = [judge(self.interpreter, line.payer, line.practice, month) for month in months]
        missed = next((verdict.missed for verdict in verdicts if not verdict.participates), "")
        count = sum(verdict.participates for verdict in verdicts)
        if form.coverage is not Coverage.PROPORTION and count < len(months):
            count = 0
        return _Cover(count, len(months), missed)

    def _gates(self, form: ir.FormPlan, row: Row) -> tuple[tuple[tuple[str, str], ...], str]:
        """The gates' verdicts in text order, and the name of the one that failed; later ones are not reached."""
        verdicts: list[tuple[str, str]] = []
        failed = ""
        for gate in form.gates:
            if failed:
                verdicts.append((gate.name, "not reached"))
            elif self._passes(gate, row):
                verdicts.append((gate.name, "passed"))
            else:
                failed = gate.name
                verdicts.append((gate.name, "failed"))
        return tuple(verdicts), failed

    def _passes(self, gate: ir.GatePlan, row: Row) -> bool:
        return self.interpreter.traced(gate, row, lambda: self.interpreter.truth(gate.condition, row))

    # ---------------------------------------------------------------------------------------- amounts

    def _paid(self, form: ir.FormPlan, row: Row, cover: _Cover) -> tuple[tuple[Part, ...], tuple[Detail, ...]]:
        """What is paid by price, and of what it is made, where that is told apart."""
        if form.unit in ELEMENT_KEYS:
            return Elementwise(self, form).paid(row)
        if form.priced_by_member:
            self.world.below.require("what each member is paid for")
            return self._by_member(form, row, cover)
        units, price, amount = self._amount(form, row, cover)
        return (Part(price if form.unit == MEMBER_MONTH else None, units, amount),), ()

    def _by_member(self, form: ir.FormPlan, row: Row, cover: _Cover) -> tuple[tuple[Part, ...], tuple[Detail, ...]]:
        """Members by their price: the units of each price are added up, multiplied and rounded once."""
        at = self.units_row(form, row)
        payer, gathering = self.world.lookup(row, "payer"), Gathering()
        days: dict[int, dict[int, list[int]]] = {}
        details: list[Detail] = []
        for each in self.world.below.members(at, ir.PLAIN):
            with gathering:
                price = self._price(form, each)
                member = self.world.lookup(each, "member")
                units = self.world.below.member_months(each)
                details.append(Detail(member, "", None, units, price, divide(price * units, ONE, Rounding.HALF_EVEN)))
                for month in self.world.months(each):
                    counted = self.world.below.days(each, month)
                    days.setdefault(price, {}).setdefault(month, []).append(counted)
        gathering.close()
        parts = []
        for price, by_month in sorted(days.items()):
            units = sum(self.world.below.people.member_months(payer, m, d) for m, d in by_month.items())
            self._bounded(price, units, form, row)
            places, rounding = self.plan.rounding
            exact = self._each_rounded(price, payer, by_month) if self._rounds_each(form) else price * units
            amount = _rounded(exact * cover.months, ONE * ONE * cover.of, places, rounding)
            if amount < 0 and not form.downside:
                raise self.negative(form, row, amount)
            parts.append(Part(price, units, amount))
        return tuple(parts) or (Part(None, 0, 0),), tuple(details)

    def _price(self, form: ir.FormPlan, row: Row) -> int:
        """What a member month pays, rounded first where the text says so."""
        price = self.interpreter.number(form.pays, row)
        return self._rate(form, price)

    def _rate(self, form: ir.FormPlan, price: int) -> int:
        """A price, rounded where the text says so; where only counts are known, also for `each member month`."""
        whole = form.round_each and not self._rounds_each(form)
        return _rounded(price, ONE, CENTS, self.plan.rounding[1]) if whole else price

    def _rounds_each(self, form: ir.FormPlan) -> bool:
        """Whether every person's month is rounded by itself, which needs to know who they are."""
        return form.round_each == EACH_MEMBER_MONTH and self.world.given

    def _each_rounded(self, price: int, payer: str, days: Mapping[int, list[int]]) -> int:
        """A price times each member month counted, by month, every one rounded; in units of 10**-24 dollars."""
        people = self.world.below.people
        each = (people.member_months(payer, month, [one]) for month, counted in days.items() for one in counted)
        return ONE * sum(_rounded(price * units, ONE * ONE, CENTS, self.plan.rounding[1]) for units in each)

    def units_row(self, form: ir.FormPlan, row: Row) -> Row:
        """The row whose members a line is paid for: its own, or that of the first month of the roster's period."""
        if form.roster is None:
            return row
        first = self.plan.calendar.period_first(self.world.first_month(row), form.roster)
        months = self.world.months(row.at((form.roster.value, first)))
        return row.at(("month", months[0]))

    def _amount(self, form: ir.FormPlan, row: Row, cover: _Cover) -> tuple[int, int, int]:
        """Units, price and amount: what it pays, all caps, all floors, then one rounding of the exact result.

        Until it is rounded, the amount is a whole number of parts, of which `whole` make a dollar.
        """
        units = self.interpreter.member_months(self.units_row(form, row)) if form.unit == MEMBER_MONTH else ONE
        pays = self.interpreter.number(form.pays, row)
        self._bounded(pays, units, form, row)
        places, rounding = self.plan.rounding
        whole = ONE * ONE * cover.of
        if form.unit == MEMBER_MONTH:
            pays = self._rate(form, pays)
        exact = pays * units
        if form.unit == MEMBER_MONTH and self._rounds_each(form):
            at = self.units_row(form, row)
            exact = self._each_rounded(pays, self.world.lookup(at, "payer"), self.world.below.counted(at))
        amount = self._limited(exact * cover.months, form, row, cover.of)
        if amount < 0 and not form.downside:
            raise self.negative(form, row, divide(amount * ONE, whole, Rounding.HALF_EVEN))
        return units, pays, _rounded(amount, whole, places, rounding)

    def _limited(self, amount: int, form: ir.FormPlan, row: Row, of: int) -> int:
        """An amount after all caps, then all floors; `ONE * of` parts of it make a unit of 10**-12 dollars."""
        for limit in form.caps:
            amount = min(amount, self.limit("at most", limit, row) * ONE * of)
        for limit in form.floors:
            amount = max(amount, self.limit("at least", limit, row) * ONE * of)
        return amount

    def limit(self, word: str, limit: ir.Expression, row: Row) -> int:
        """A cap or floor of a line."""
        return self.interpreter.traced(word, row, lambda: self.interpreter.number(limit, row))

    def _bounded(self, pays: int, units: int, form: ir.FormPlan, row: Row) -> None:
        try:
            kernel.within(kernel.stored(pays, form.pays.type.places) * kernel.stored(units, 6))
        except kernel.TooLarge:
            words = self.interpreter.words(row)
            raise fault("MH705", f"the numbers for {words} need more than 38 digits", form.pays.span) from None

    def negative(self, form: ir.FormPlan, row: Row, amount: int) -> Faulted:
        """The fault that a payment without `downside` comes out negative."""
        return fault(
            "MH706",
            f"the amount for {self.interpreter.words(row)} is {to_text(amount)}, and the payment has no `downside`",
            form.pays.span,
            help="write `downside` if practices may owe, or `at least $0` if they may not",
        )

    def _payee(self, line: Line, form: ir.FormPlan, row: Row) -> str:
        """Who is paid: the practice, or the payee of it that the text names; of a line that pays nobody, if known.

        Raises:
            Faulted: the fact that names the payee of a paid line is missing.
        """
        if form.payee is None:
            return line.practice
        try:
            return str(self.interpreter.known(self.plan.payees[form.payee], row))
        except Faulted:
            if line.status == ledger.PAID:
                raise
            return ""

    # ----------------------------------------------------------------------------------------- totals

    def total(self, payment: str, row: Row, net: bool) -> int:
        """The amounts of a payment for the row's payer and practice in the posting periods inside the row's period.

        Raises:
            Faulted: one of its lines cannot be known.
        """
        lines = self.lines_within(payment, row)
        amount = kernel.total([line.amount for line in lines], self.plan.rounding[0])
        if not net:
            return amount
        firsts = {line.first for line in lines}
        years = sorted({self.plan.calendar.year_of(first) for first in firsts})
        payer, practice = self.world.lookup(row, "payer"), self.world.lookup(row, "practice")
        for year in years:
            for credit in self.credits.applied(payer, practice, year).uses:
                if credit.line.payment == payment and credit.line.first in firsts:
                    amount -= credit.amount
        return amount

    def lines_within(self, payment: str, row: Row) -> list[Line]:
        """The lines of a payment whose months all lie in the row's period.

        Raises:
            Faulted: one of them cannot be known.
        """
        payer, practice = self.world.lookup(row, "payer"), self.world.lookup(row, "practice")
        period = posting_period(self.form(payment, payer))
        months = set(self.world.months(Row.of(row.clock, payer=payer, practice=practice)))
        firsts = sorted({self.plan.calendar.period_first(month, period) for month in months})
        lines = [self.line(payment, payer, practice, first) for first in firsts]
        return [line for line in lines if line is not None and months.issuperset(line.months)]


def posting_period(form: ir.FormPlan) -> Period:
    """The period that a form's lines are posted for: the month, for a payment made once."""
    return Period.MONTH if form.once else form.period


def _rounded(amount: int, whole: int, places: int, rounding: Rounding) -> int:
    """An exact amount, `whole` of which make a dollar, rounded once to decimal places; in units of 10**-12."""
    step: int = 10 ** (PLACES - places)
    return divide(amount * ONE, whole * step, rounding) * step
