"""A settlement in a few numbers per payer: practices by how they came out, amounts by payment."""

from __future__ import annotations

from collections.abc import Iterable

from mhrules.classes import frozen
from mhrules.engine.faults import Faulted
from mhrules.engine.rows import Row
from mhrules.exact import ONE, PLACES, Rounding, divide
from mhrules.results import CENTS, Settlement, ledger_of
from mhrules.settle import ledger
from mhrules.settle.ledger import (
    CREDITED,
    GATED,
    HELD,
    NOT_DUE,
    NOT_ELECTED,
    NOT_PARTICIPATING,
    PAID,
    Tally,
)

Panels = dict[tuple[str, str], tuple[int, int]]
"""Member months of the year and of its last month, by payer and practice."""
_RANK = (PAID, HELD, GATED, NOT_PARTICIPATING, NOT_ELECTED, NOT_DUE)
"""A practice with lines of several statuses counts under the first of these that it has."""
_FURTHER = {NOT_ELECTED: "not elected", NOT_DUE: "not due", CREDITED: "credited", HELD: "held"}


@frozen
class PaymentSummary:
    """How many practices a payment pays, and how much; `amount` in units of 10**-12, before credits."""

    name: str
    paid: int
    gated: int
    not_participating: int
    amount: int


@frozen
class PracticeSummary:
    """A practice's members under a payer in the year, and what it is paid for them, all in units of 10**-12.

    `panel` are the member months of the last month. `member_months` and `panel` are None where they cannot be known.
    """

    practice: str
    member_months: int | None
    panel: int | None
    amount: int

    @property
    def per_member_month(self) -> int | None:
        """Effective dollars per member month, half even to cents; None without member months."""
        return per_month(self.amount, self.member_months)


@frozen
class PayerSummary:
    """A payer's payments and credits; `whole` is all of it, after credits, each practice counted once.

    `lines` counts the postings by status, `further` those that the table has no column for. `practices` are those that
    are paid or have members, the best paid first, and empty where nobody has any. Amounts are in units of 10**-12.
    """

    name: str
    title: str
    status: str
    payments: tuple[PaymentSummary, ...]
    credits: dict[str, int]
    whole: PaymentSummary
    lines: dict[str, int]
    further: dict[str, int]
    practices: tuple[PracticeSummary, ...] = ()

    @property
    def members(self) -> PracticeSummary:
        """All practices of the payer together; what is known of them."""
        months = sum(each.member_months or 0 for each in self.practices)
        panel = sum(each.panel or 0 for each in self.practices)
        return PracticeSummary("all", months, panel, sum(each.amount for each in self.practices))


def summaries(settlement: Settlement) -> list[PayerSummary]:
    """The summary of each payer, in the order of the text."""
    settled = ledger_of(settlement)
    panels = settled.relations.panels() if settled.relations is not None else {}
    by_payer: dict[str, list[Tally]] = {}
    for tally in settled.tallies:
        by_payer.setdefault(tally.payer, []).append(tally)
    found = []
    for payer in settled.plan.payers:
        own = by_payer.get(payer.name, [])
        lines: dict[str, int] = {}
        credits: dict[str, int] = {}
        for tally in own:
            lines[tally.status] = lines.get(tally.status, 0) + tally.lines
            if tally.status == CREDITED:
                credits[tally.credit] = credits.get(tally.credit, 0) + tally.amount
        payments = [_summary(name, (t for t in own if t.payment == name)) for name in settled.plan.payments]
        whole = _summary("total", own)
        found.append(
            PayerSummary(
                name=payer.name,
                title=payer.title,
                status=payer.status,
                payments=tuple(payments),
                credits=dict(sorted(credits.items())),
                whole=PaymentSummary(
                    "total", whole.paid, whole.gated, whole.not_participating, sum(t.amount for t in own)
                ),
                lines=dict(sorted(lines.items())),
                further={words: lines[status] for status, words in _FURTHER.items() if status in lines},
                practices=_practices(settled, payer.name, own, panels),
            )
        )
    return found


def _practices(
    settled: ledger.Settlement, payer: str, tallies: list[Tally], panels: Panels
) -> tuple[PracticeSummary, ...]:
    """The practices that are paid or have members, the best paid first; none where none has a member."""
    amounts: dict[str, int] = {}
    for tally in tallies:
        amounts[tally.practice] = amounts.get(tally.practice, 0) + tally.amount
    found = [PracticeSummary(each, *_members(settled, payer, each, panels), amounts[each]) for each in amounts]
    if not any(each.member_months for each in found):
        return ()
    found = [each for each in found if each.member_months != 0 or each.amount]
    return tuple(sorted(found, key=lambda each: (-each.amount, each.practice.encode())))


def _members(settled: ledger.Settlement, payer: str, practice: str, panels: Panels) -> tuple[int | None, int | None]:
    """Member months of the year and of its last month; None where they cannot be known."""
    if (payer, practice) in panels:
        return panels[payer, practice]
    books = settled.books
    row = Row.of(("year", settled.plan.calendar.year_first(settled.year)), payer=payer, practice=practice)
    try:
        months = books.world.months(row)
        last = books.interpreter.member_months(row.at(("month", months[-1]))) if months else 0
        return books.interpreter.member_months(row), last
    except Faulted:
        return None, None


def per_month(amount: int, member_months: int | None) -> int | None:
    """Dollars per member month, half even to cents, in units of 10**-12."""
    if not member_months:
        return None
    cent: int = 10 ** (PLACES - CENTS)
    return divide(amount * ONE, member_months * cent, Rounding.HALF_EVEN) * cent


def all_payers(payers: Iterable[PayerSummary]) -> int:
    """What all payers owe together, in units of 10**-12."""
    return sum(payer.whole.amount for payer in payers)


def _summary(name: str, tallies: Iterable[Tally]) -> PaymentSummary:
    """The practices by status and the amount of some postings, credits apart."""
    statuses: dict[str, set[str]] = {}
    amount = 0
    for tally in tallies:
        if tally.status != CREDITED:
            statuses.setdefault(tally.practice, set()).add(tally.status)
            amount += tally.amount
    firsts = [next(status for status in _RANK if status in own) for own in statuses.values()]
    return PaymentSummary(name, firsts.count(PAID), firsts.count(GATED), firsts.count(NOT_PARTICIPATING), amount)
