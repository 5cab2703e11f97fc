"""One person's part in the lines of a payment, and why the person is in them or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mhrules.diagnostics.model import DiagnosticError
from mhrules.diagnostics.registry import finding
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.engine.faults import Faulted
from mhrules.engine.records import EVENT, Record
from mhrules.exact import from_text, to_text
from mhrules.explain import words
from mhrules.explain.assigned import Assignments
from mhrules.explain.find import Asked
from mhrules.explain.model import MemberLine, MemberPart, MemberWhy, Stay
from mhrules.plan import ir
from mhrules.semantics.calendar import month_label
from mhrules.settle import ledger
from mhrules.settle.backup import MEMBER_MONTHS, line_row, lines_of_member
from mhrules.settle.elementwise import ELEMENT_KEYS
from mhrules.settle.ledger import Detail, Line, Settlement
from mhrules.settle.members import has_members
from mhrules.settle.payments import MEMBER_MONTH, Books, posting_period


def member_why(settlement: Settlement, asked: Asked, firsts: tuple[int, ...], person: str) -> MemberWhy:
    """What a person contributes to a payment's lines, which begin with the months `firsts`, and how that came about.

    Raises:
        DiagnosticError: the data do not know the person (MH750), or not who the members are (MH752); the person's
            months cannot be attributed.
    """
    books = settlement.books
    known(books, person)
    assignments = Assignments(books, held=settlement.held)
    try:
        stays = assignments.stays(asked.payer, person)
    except Faulted as error:
        raise DiagnosticError(error.faults) from error
    lines = tuple(_line(books, asked, first, person) for first in firsts)
    among = sum(bool(each.parts) for each in lines)
    amount = words.dollars(sum(from_text(each.amount) for each in lines))
    share = f"{among} of {words.counted(len(lines), 'line')}, with {amount}" if among else "no line"
    whose = f"{books.plan.participant} {asked.practice} by {asked.payer}"
    headline = f"member {person} is in {share}: {asked.payment} of {whose}"
    return MemberWhy(person, headline, lines, tuple(_touching(books, asked, firsts, stays)))


def known(books: Books, person: str) -> None:
    """Refuse a person whom the data do not know.

    Raises:
        DiagnosticError: it is one (MH750), or the data do not say who the members are (MH752).
    """
    if not has_members(books):
        text = f"program `{books.plan.program}` attributes nobody here, so no line tells its members apart"
        raise DiagnosticError([finding("MH752", text)])
    persons = books.world.below.people.persons
    if person not in persons:
        near = did_you_mean(person, persons)
        help = f"did you mean `{near}`?" if near else "`attribution.csv` of a settlement lists all whose months count"
        raise DiagnosticError([finding("MH750", f"the data have no person `{person}`", help=help)])


def _touching(books: Books, asked: Asked, firsts: tuple[int, ...], stays: tuple[Stay, ...]) -> Iterator[Stay]:
    """The stays that touch the periods asked for, or the months of their rosters."""
    months = {month_label(month) for first in firsts for month in _months(books, asked, first)}
    yield from (stay for stay in stays if any(stay.first <= month <= stay.last for month in months))


def _months(books: Books, asked: Asked, first: int) -> tuple[int, ...]:
    """The months whose members a line is paid for."""
    form, row = books.form(asked.payment, asked.payer), books.row(asked.payment, asked.payer, asked.practice, first)
    return books.world.months(books.units_row(form, row) if form.unit == MEMBER_MONTH else row)


def _line(books: Books, asked: Asked, first: int, person: str) -> MemberLine:
    form = books.form(asked.payment, asked.payer)
    period = books.plan.calendar.label(first, posting_period(form))
    try:
        line = books.line(asked.payment, asked.payer, asked.practice, first)
    except Faulted as error:
        return MemberLine(period, ledger.HELD, "0", "0", "", (), (f"the line is held: {error.faults[0].message}",))
    assert line is not None
    details = lines_of_member(books, line, person)
    units, amount = sum(each.units for each in details), sum(each.amount for each in details)
    parts = tuple(_part(form, each) for each in details)
    says = (_nothing(books, form, line, person),) if not details else ()
    if details and form.roster is not None:
        says = (f"the roster of {words.months_text(_months(books, asked, first))}",)
    return MemberLine(period, line.status, to_text(units), to_text(amount), to_text(line.amount), parts, says)


def _part(form: ir.FormPlan, detail: Detail) -> MemberPart:
    kind = form.unit if form.unit in ELEMENT_KEYS else MEMBER_MONTHS
    date = "" if detail.date is None else detail.date.isoformat()
    price = "" if detail.price is None else to_text(detail.price)
    return MemberPart(kind, detail.element, date, to_text(detail.units), price, to_text(detail.amount))


def _nothing(books: Books, form: ir.FormPlan, line: Line, person: str) -> str:
    """Why nothing of a person is in a line."""
    if line.status != ledger.PAID:
        return f"the line pays nobody: {line.status}" + (f", {line.reason}" if line.reason else "")
    if form.unit == MEMBER_MONTH:
        at = books.units_row(form, books.row(line.payment, line.payer, line.practice, line.first))
        months = words.months_text(books.world.months(at))
        return f"not attributed to the {books.plan.participant} in {months}"
    if form.unit not in ELEMENT_KEYS:
        return f"the payment is made per {books.plan.participant}, not for its members"
    records = books.world.below.records.of_person(ELEMENT_KEYS[form.unit], form.event, person)
    of_line = [record for record in records if record.month in line.months]
    unit = "line" if form.unit in ("claim", "claim line") else form.unit
    if not of_line:
        others = f", and {len(records):,} in other months" if records else ""
        return f"the person has no {form.unit} in {words.months_text(line.months)}{others}"
    none = f"of the person's {words.counted(len(of_line), unit)} in {words.months_text(line.months)} none is paid here"
    reasons = Counter(_unpaid(books, form, line, of_line))
    return f"{none}: {', '.join(f'{count:,} {reason}' for reason, count in reasons.items())}"


def _unpaid(books: Books, form: ir.FormPlan, line: Line, records: list[Record]) -> Iterator[str]:
    """Why each of a person's records is not among what a line pays."""
    below, participant = books.world.below, books.plan.participant
    rows = below.record_rows(ELEMENT_KEYS[form.unit], line_row(books, line), form.reach, form.event)
    reached = {below.chosen(row)[0].id: row for row in rows}
    for record in records:
        payer = below.records.payer_of(record)
        if payer != line.payer:
            yield f"of payer `{payer}`" if payer else "of no payer"
        elif record.id in reached:
            row = reached[record.id].plus("member", record.person)
            fits = form.where is None or books.interpreter.truth(form.where, row)
            yield "after the first that is paid" if fits else "not as the payment's `where` asks"
        elif form.reach.billed or form.unit == EVENT:
            yield f"of `{record.place}`" if record.place else f"of no known {participant}"
        else:
            yield f"while not attributed to the {participant}"
