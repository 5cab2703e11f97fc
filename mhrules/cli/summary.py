"""A settlement in a few numbers per payer: practices by how they came out, amounts by payment."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from mhrules.results import Settlement, ledger_of
from mhrules.settle.ledger import (
    CREDITED,
    GATED,
    HELD,
    NOT_DUE,
    NOT_ELECTED,
    NOT_PARTICIPATING,
    PAID,
    Posting,
)

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
class PayerSummary:
    """A payer's payments and credits; `whole` is all of it, after credits, each practice counted once.

    `lines` counts the postings by status, `further` those that the table has no column for. Amounts are in units of
    10**-12.
    """

    name: str
    title: str
    status: str
    payments: tuple[PaymentSummary, ...]
    credits: dict[str, int]
    whole: PaymentSummary
    lines: dict[str, int]
    further: dict[str, int]


def summaries(settlement: Settlement) -> list[PayerSummary]:
    """The summary of each payer, in the order of the text."""
    settled = ledger_of(settlement)
    found = []
    for payer in settled.plan.payers:
        own = [p for p in settled.postings if p.payer == payer.name]
        lines: dict[str, int] = {}
        for posting in own:
            lines[posting.status] = lines.get(posting.status, 0) + 1
        credits: dict[str, int] = {}
        for posting in own:
            if posting.status == CREDITED:
                credits[posting.reason] = credits.get(posting.reason, 0) + posting.amount
        payments = [_summary(name, (p for p in own if p.payment == name)) for name in settled.plan.payments]
        whole = _summary("total", own)
        found.append(
            PayerSummary(
                name=payer.name,
                title=payer.title,
                status=payer.status,
                payments=tuple(payments),
                credits=credits,
                whole=PaymentSummary(
                    "total", whole.paid, whole.gated, whole.not_participating, sum(p.amount for p in own)
                ),
                lines=dict(sorted(lines.items())),
                further={words: lines[status] for status, words in _FURTHER.items() if status in lines},
            )
        )
    return found


def all_payers(payers: Iterable[PayerSummary]) -> int:
    """What all payers owe together, in units of 10**-12."""
    return sum(payer.whole.amount for payer in payers)


def _summary(name: str, postings: Iterable[Posting]) -> PaymentSummary:
    """The practices by status and the amount of some postings, credits apart."""
    statuses: dict[str, set[str]] = {}
    amount = 0
    for posting in postings:
        if posting.status != CREDITED:
            statuses.setdefault(posting.practice, set()).add(posting.status)
            amount += posting.amount
    firsts = [next(status for status in _RANK if status in own) for own in statuses.values()]
    return PaymentSummary(name, firsts.count(PAID), firsts.count(GATED), firsts.count(NOT_PARTICIPATING), amount)
