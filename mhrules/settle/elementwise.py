"""Payments per claim line, claim, visit and event: each element's amount on its own, rounded, then added up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mhrules.engine.faults import Gathering
from mhrules.engine.records import EVENT, Record
from mhrules.engine.rows import Row
from mhrules.exact import ONE, round_to
from mhrules.plan import ir
from mhrules.semantics.builtins import BASIS_ELEMENTS, ELEMENTS
from mhrules.settle.ledger import Detail, Part
from mhrules.syntax.tree import Period

if TYPE_CHECKING:
    from mhrules.settle.payments import Books

ELEMENT_KEYS = {unit: ELEMENTS[collection].key for unit, collection in BASIS_ELEMENTS.items()}
"""The key of an element by the unit that a payment is made per."""


class Elementwise:
    """One form of a payment, paid per element."""

    def __init__(self, books: Books, form: ir.FormPlan) -> None:
        self.books = books
        self.form = form
        self.kind = ELEMENT_KEYS[form.unit]
        self.below = books.world.below

    def paid(self, row: Row) -> tuple[tuple[Part, ...], tuple[Detail, ...]]:
        """What the elements of a month are paid, by price, and each of them.

        Raises:
            Faulted: an element's amount cannot be known, or is negative without `downside`.
        """
        gathering, details = Gathering(), []
        for element in self._counting(row):
            with gathering:
                details.append(self._detail(element))
        gathering.close()
        parts: dict[int | None, Part] = {}
        for detail in details:
            before = parts.get(detail.price, Part(detail.price, 0, 0))
            parts[detail.price] = Part(detail.price, before.units + detail.units, before.amount + detail.amount)
        ordered = tuple(parts[price] for price in sorted(parts, key=lambda price: (price is not None, price or 0)))
        return ordered or (Part(None, 0, 0),), tuple(details)

    # ----------------------------------------------------------------------------------------- elements

    def _counting(self, row: Row) -> list[Row]:
        """The elements of a month that are paid: all that fulfil `where`, or of each member's only the first."""
        found = self.elements(row)
        if self.form.once_per is None:
            return found
        months = self._earlier_months(row, self.form.once_per)
        taken = {self._whose(each) for month in months for each in self.elements(row.at(("month", month)))}
        first = []
        for each in found:
            if self._whose(each) not in taken:
                taken.add(self._whose(each))
                first.append(each)
        return first

    def _whose(self, element: Row) -> str:
        return self._record(element).person if self.form.once_unit == "member" else ""

    def _earlier_months(self, row: Row, period: Period) -> Iterable[int]:
        """The months of the limit's period before the row's own in which payer and practice are there."""
        world = self.books.world
        month = world.first_month(row)
        first = self.books.plan.calendar.period_first(month, period)
        return [each for each in world.months(row.at((period.value, first))) if each < month]

    def elements(self, row: Row) -> list[Row]:
        """The elements of a month that fulfil `where`, by date and id, worked out once.

        Raises:
            Faulted: a condition cannot be judged.
        """
        key = ("elements", self.form, row)
        return self.books.interpreter.remember(key, "elements", row, lambda: self._elements(row))

    def _elements(self, row: Row) -> list[Row]:
        interpreter, form, gathering = self.books.interpreter, self.form, Gathering()
        chosen = []
        for each in self.below.record_rows(self.kind, row, form.reach, form.event):
            with gathering:
                line = each.plus("member", self._record(each).person)
                if form.where is None or interpreter.truth(form.where, line):
                    chosen.append(line)
        gathering.close()
        found = self.below.grouped(self.kind, chosen)
        return sorted(found, key=lambda each: (self._record(each).date, self._record(each).id.encode()))

    def _record(self, element: Row) -> Record:
        return self.below.chosen(element)[0]

    # ------------------------------------------------------------------------------------------ amounts

    def _detail(self, element: Row) -> Detail:
        """One element: what it pays, all caps, all floors, then one rounding."""
        form, record = self.form, self._record(element)
        pays = self.books.interpreter.number(form.pays, element)
        amount = pays
        for limit in form.caps:
            amount = min(amount, self.books.limit("at most", limit, element))
        for limit in form.floors:
            amount = max(amount, self.books.limit("at least", limit, element))
        amount = round_to(amount, *self.books.plan.rounding)
        if amount < 0 and not form.downside:
            raise self.books.negative(form, element, amount)
        limited = bool(form.caps or form.floors)
        price = None if form.pays.type.is_total or limited else pays
        handle = self.books.world.lookup(element, self.kind)
        name = handle if self.kind != EVENT else record.id
        return Detail(record.person, name, record.date, ONE, price, amount)
