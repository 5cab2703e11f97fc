"""Credits: what a payer paid before, taken off named payments as postings of their own, never below zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field

from mhrules.classes import frozen
from mhrules.engine.faults import Faulted, fault
from mhrules.engine.kernel import largest_remainder
from mhrules.engine.rows import Row, time_key
from mhrules.exact import PLACES, Rounding, divide, to_text
from mhrules.plan.whole import CreditPlan
from mhrules.settle.ledger import Line

if TYPE_CHECKING:
    from mhrules.settle.payments import Books


@frozen
class CreditUse:
    """A part of a credit taken off one line: `amount` is positive, in units of 10**-12."""

    credit: CreditPlan = field(repr=False)
    line: Line
    amount: int


@frozen
class Applied:
    """The credits of one payer to one practice in one program year; `excess` is what is left of each credit."""

    uses: tuple[CreditUse, ...]
    excess: tuple[int, ...]


class Credits:
    """The credits of all payers on the lines of `books`."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.spreads: dict[tuple[CreditPlan, int], dict[str, int]] = {}

    def applied(self, payer: str, practice: str, year: int) -> Applied:
        """How the payer's credits are taken off the practice's lines of a program year, worked out once.

        Raises:
            Faulted: a credit or a line it is taken off cannot be known.
        """
        row = self._row(payer, practice, year)
        remember = self._books.interpreter.remember
        return remember(("credits", row), "credits", row, lambda: self._applied(payer, practice, year))

    def _row(self, payer: str, practice: str, year: int) -> Row:
        return Row.of(("year", self._books.plan.calendar.year_first(year)), payer=payer, practice=practice)

    def _applied(self, payer: str, practice: str, year: int) -> Applied:
        uses: list[CreditUse] = []
        excess: list[int] = []
        left: dict[tuple[str, int], int] = {}
        for number, credit in enumerate(self._books.plan.payer(payer).credits):
            balance = self._balance(number, credit, practice, year)
            for line in self._lines(credit, practice, year) if balance else ():
                rest = left.setdefault((line.payment, line.first), line.amount)
                amount = min(balance, rest)
                if amount > 0:
                    uses.append(CreditUse(credit, line, amount))
                    left[line.payment, line.first] -= amount
                    balance -= amount
            excess.append(balance)
        return Applied(tuple(uses), tuple(excess))

    def _lines(self, credit: CreditPlan, practice: str, year: int) -> list[Line]:
        """The lines of the year that a credit may be taken off: by period, then in the order of `against`."""
        row = self._row(credit.payer, practice, year)
        found: list[tuple[int, int, Line]] = []
        for order, payment in enumerate(credit.against):
            found += [(line.first, order, line) for line in self._books.lines_within(payment, row) if line.amount > 0]
        return [line for _, _, line in sorted(found, key=lambda entry: entry[:2])]

    def _balance(self, number: int, credit: CreditPlan, practice: str, year: int) -> int:
        """What the credit can take off in a year: the year's own, and what earlier years left if it carries forward."""
        balance = self._own(credit, practice, year)
        if credit.carries_forward:
            earlier = range(self._first_year(credit.payer), year)
            if any(self._own(credit, practice, before) for before in earlier):
                balance += self.applied(credit.payer, practice, year - 1).excess[number]
        return balance

    def _first_year(self, payer: str) -> int:
        plan = self._books.plan
        return plan.calendar.year_of(max(plan.payer(payer).first_month, plan.first_month))

    def _own(self, credit: CreditPlan, practice: str, year: int) -> int:
        """The credit that a year brings a practice, in units of 10**-12; a missing fact brings none.

        A fact without a year brings it once, in the first year that the practice has with the payer.
        """
        row = self._row(credit.payer, practice, year)
        books = self._books
        if not books.world.exists(row):
            return 0
        if credit.cell is None:
            return self._spread(credit, year).get(practice, 0)
        if time_key(credit.cell.keys) is None and any(
            books.world.exists(self._row(credit.payer, practice, before))
            for before in range(self._first_year(credit.payer), year)
        ):
            return 0
        try:
            value = books.interpreter.evaluate(credit.cell, row)
        except Faulted as error:
            if year < books.year and all(each.code == "MH701" for each in error.faults):
                return 0  # the balance is known from the first year that has the fact
            raise
        if value is None:
            return 0
        assert isinstance(value, int)
        if value < 0:
            text = f"credit `{credit.title}` is {to_text(value)} for {books.interpreter.words(row)}"
            raise fault("MH709", text, credit.span, help="a credit is what was paid before, as a positive amount")
        return self._posted(value)

    def _posted(self, value: int) -> int:
        places, rounding = self._books.plan.rounding
        step: int = 10 ** (PLACES - places)
        return divide(value, step, rounding) * step

    def _spread(self, credit: CreditPlan, year: int) -> dict[str, int]:
        """Each practice's part of an amount per year, in proportion to the payments' amounts of the year."""
        row = Row.of(("year", self._books.plan.calendar.year_first(year)), payer=credit.payer)
        remember = self._books.interpreter.remember
        return remember(("spread", credit, row), credit, row, lambda: self._noted(credit, year))

    def _noted(self, credit: CreditPlan, year: int) -> dict[str, int]:
        """The parts as they were settled before, where they were; otherwise worked out, and noted."""
        across = self._books.interpreter.across
        found = None if across is None else across.spread(credit, year)
        if found is None:
            self.spreads[credit, year] = found = self._parts(credit, year)
        return found

    def _parts(self, credit: CreditPlan, year: int) -> dict[str, int]:
        assert credit.amount is not None
        step = 10 ** (PLACES - self._books.plan.rounding[0])
        amount = self._posted(credit.amount)
        if credit.carries_forward:
            before = year - 1
            while before >= self._first_year(credit.payer) and not self._spread(credit, before):
                amount += self._posted(credit.amount)  # a year without payments leaves all of it
                before -= 1
        weights = {}
        for practice in self._books.world.practices:
            if self._books.world.exists(self._row(credit.payer, practice, year)):
                weights[practice] = sum(line.amount for line in self._lines(credit, practice, year)) // step
        if not any(weights.values()):
            return {}
        parts = largest_remainder(divide(amount, step, Rounding.DOWN), weights)
        return {practice: part * step for practice, part in parts.items()}
