"""The member-level back-up of postings: whose months, claims, visits and events an amount is made of."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

from attrs import evolve

from mhrules.classes import frozen
from mhrules.engine.faults import fault
from mhrules.engine.rows import Row
from mhrules.exact import ONE, Rounding, divide, to_text
from mhrules.plan import ir
from mhrules.settle import ledger
from mhrules.settle.elementwise import ELEMENT_KEYS
from mhrules.settle.ledger import Detail, Line, Part, Posting, Settlement
from mhrules.settle.participation import judge
from mhrules.settle.payments import MEMBER_MONTH, Books
from mhrules.syntax.tree import Coverage

MEMBER_MONTHS = "member months"
PANEL = "panel"
PRACTICE = "practice"
CREDIT = "credit"
LIMITS = "limits"
ROUNDING = "rounding"


@frozen
class BackupRow:
    """One part of a posting's amount; `units`, `price` and `amount` in units of 10**-12.

    `kind` says what it is: `member months` of a person, one `claim line`, `claim`, `visit` or `event`, the `panel`
    where data only count members, the amount of a `practice` as a whole, a `credit`; then what caps and floors change
    (`limits`), and what is left to the posting: the one `rounding` of all.
    """

    kind: str
    person: str = ""
    element: str = ""
    date: datetime.date | None = None
    units: int = 0
    price: int | None = None
    amount: int = 0


def backup(settlement: Settlement) -> Iterator[tuple[Posting, BackupRow]]:
    """What every posting is made of, in the order of the postings; the rows of each add up to it.

    Raises:
        Faulted: they do not (MH999: never, unless mhrules is wrong).
    """
    for posting in settlement.postings:
        rows = tuple(_rows(settlement.books, posting))
        if sum(row.amount for row in rows) != posting.amount or sum(row.units for row in rows) != posting.units:
            line = f"`{posting.payment}` of `{posting.practice}` and payer `{posting.payer}` in {posting.period}"
            raise fault("MH999", f"the back-up of {line} does not tie to {to_text(posting.amount)}", None)
        yield from ((posting, row) for row in rows)


def _rows(books: Books, posting: Posting) -> Iterable[BackupRow]:
    if posting.status == ledger.CREDITED:
        return (BackupRow(CREDIT, amount=posting.amount),)
    if posting.status != ledger.PAID:
        return ()
    line = books.line(posting.payment, posting.payer, posting.practice, posting.first)
    assert line is not None
    form = books.form(posting.payment, posting.payer)
    part = Part(posting.price, posting.units, posting.amount)
    if form.unit in ELEMENT_KEYS:
        return _elements(form, line, part)
    if form.unit != MEMBER_MONTH:
        return (BackupRow(PRACTICE, units=posting.units, amount=posting.amount),)
    return _months(books, form, line, part)


def _elements(form: ir.FormPlan, line: Line, part: Part) -> Iterator[BackupRow]:
    for each in line.details:
        if each.price == part.price:
            yield BackupRow(form.unit, each.member, each.element, each.date, each.units, each.price, each.amount)


def line_row(books: Books, line: Line) -> Row:
    """The row at which a line is worked out."""
    return books.row(line.payment, line.payer, line.practice, line.first)


def covered(books: Books, form: ir.FormPlan, line: Line) -> tuple[int, int]:
    """How many of a paid line's months participation pays, and of how many."""
    if form.coverage is not Coverage.PROPORTION:
        return 1, 1
    verdicts = [judge(books.interpreter, line.payer, line.practice, month) for month in line.months]
    return sum(verdict.participates for verdict in verdicts), len(verdicts)


def members_paid(books: Books, form: ir.FormPlan, line: Line) -> tuple[Detail, ...]:
    """The members whose months a line per member per month pays, each with units and price.

    Where all have one price they are not told apart to settle, and are worked out here. Nothing where the data only
    count members.

    Raises:
        Faulted: as the line itself.
    """
    if line.details or form.unit != MEMBER_MONTH or not books.world.below.given or not line.parts:
        return line.details
    price = line.parts[0].price or 0
    found = []
    for each in books.world.below.members(books.units_row(form, line_row(books, line)), ir.PLAIN):
        units = books.world.below.member_months(each)
        exact = divide(price * units, ONE, Rounding.HALF_EVEN)
        found.append(Detail(books.world.lookup(each, "member"), "", None, units, price, exact))
    return tuple(found)


def _months(books: Books, form: ir.FormPlan, line: Line, part: Part) -> Iterator[BackupRow]:
    """The members' months at one price, then what limits and rounding make of their sum."""
    months, of = covered(books, form, line)
    details = [each for each in members_paid(books, form, line) if each.price == part.price]
    left_units, left = part.units, part.amount
    rows = [(MEMBER_MONTHS, each.member, each.units) for each in details]
    if not books.world.below.given:
        rows = [(PANEL, "", part.units)]
    for kind, member, units in rows:
        amount = divide((part.price or 0) * units * months, ONE * of, Rounding.HALF_EVEN)
        yield BackupRow(kind, member, units=units, price=part.price, amount=amount)
        left_units, left = left_units - units, left - amount
    exact = divide((part.price or 0) * part.units * months, ONE * of, Rounding.HALF_EVEN)
    moved = _limited(books, form, line, exact) - exact
    if moved:
        yield BackupRow(LIMITS, amount=moved)
    if left - moved or left_units:
        yield BackupRow(ROUNDING, units=left_units, price=part.price, amount=left - moved)


def _limited(books: Books, form: ir.FormPlan, line: Line, amount: int) -> int:
    """An amount after all caps, then all floors."""
    row = line_row(books, line)
    for limit in form.caps:
        amount = min(amount, books.limit("at most", limit, row))
    for limit in form.floors:
        amount = max(amount, books.limit("at least", limit, row))
    return amount


def lines_of_member(books: Books, line: Line, person: str) -> tuple[Detail, ...]:
    """What one person contributes to a line: months at a price, or claim lines, claims, visits or events.

    Months have the part of their amount that participation pays. Limits and the rounding of the line come after it.

    Raises:
        Faulted: as the line itself.
    """
    form = books.form(line.payment, line.payer)
    if form.unit in ELEMENT_KEYS:
        return tuple(each for each in line.details if each.member == person)
    months, of = covered(books, form, line)
    return tuple(
        evolve(each, amount=divide((each.price or 0) * each.units * months, ONE * of, Rounding.HALF_EVEN))
        for each in members_paid(books, form, line)
        if each.member == person
    )
