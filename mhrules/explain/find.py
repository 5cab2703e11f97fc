"""Which lines are meant, and why there is none where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mhrules.classes import frozen
from mhrules.diagnostics.model import Diagnostic, DiagnosticError
from mhrules.diagnostics.registry import finding
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.engine.faults import Faulted
from mhrules.engine.rows import Row
from mhrules.engine.world import NO_CONTRACT
from mhrules.explain import words
from mhrules.semantics.calendar import month_label
from mhrules.settle.ledger import HELD, Settlement
from mhrules.settle.payments import posting_period

LISTED = 8  # names that are listed where none is close


@frozen
class Asked:
    """Whose lines of which payment are asked for; `when` is the period or the year, in words."""

    payer: str
    practice: str
    payment: str
    when: str


def lines_of(settlement: Settlement, payer: str, practice: str, payment: str, period: str | None) -> tuple[int, ...]:
    """The first months of the posting periods of the year in which there is a line.

    Raises:
        DiagnosticError: payer, practice, payment or period is not known (MH733 to MH736), or there is no line (MH737).
    """
    problems = list(_unknown(settlement, payer, practice, payment))
    if problems:
        raise DiagnosticError(problems)
    asked = Asked(payer, practice, payment, period or str(settlement.year))
    if settlement.plan.payer(payer).status == NO_CONTRACT:
        raise DiagnosticError([_no_line(settlement, asked, ())])
    firsts = tuple(settlement.books.firsts(payment, payer, settlement.year))
    if period is not None:
        firsts = (_period(settlement, asked, firsts),)
    found = tuple(first for first in firsts if _exists(settlement, asked, first))
    if not found:
        raise DiagnosticError([_no_line(settlement, asked, firsts)])
    return found


def _exists(settlement: Settlement, asked: Asked, first: int) -> bool:
    """Whether there is a line; one that cannot be known is there, and held."""
    try:
        return settlement.books.line(asked.payment, asked.payer, asked.practice, first) is not None
    except Faulted:
        return True


def _unknown(settlement: Settlement, payer: str, practice: str, payment: str) -> Iterator[Diagnostic]:
    plan, participant = settlement.plan, settlement.plan.participant
    payers = [each.name for each in plan.payers]
    if payer not in payers:
        yield finding("MH733", f"program `{plan.program}` has no payer `{payer}`", help=_near(payer, payers, "payers"))
    practices = settlement.books.world.practices
    if practice not in practices:
        help = _near(practice, practices, f"{participant}s")
        yield finding("MH734", f"the facts have no {participant} `{practice}`", help=help)
    if payment not in plan.payments:
        help = _near(payment, plan.payments, "payments")
        yield finding("MH735", f"program `{plan.program}` has no payment `{payment}`", help=help)


def _near(name: str, names: Iterable[str], what: str) -> str:
    every = list(names)
    close = did_you_mean(name, every)
    if close:
        return f"did you mean `{close}`?"
    if not every:
        return f"there are no {what}"
    more = f" and {len(every) - LISTED:,} more" if len(every) > LISTED else ""
    return f"{what} are " + ", ".join(f"`{each}`" for each in every[:LISTED]) + more


def _period(settlement: Settlement, asked: Asked, firsts: tuple[int, ...]) -> int:
    """The first month of the posting period that a label names."""
    period, length = asked.when, posting_period(settlement.books.form(asked.payment, asked.payer))
    labels = {settlement.plan.calendar.label(first, length): first for first in firsts}
    if period not in labels:
        each = length.value.replace("_", "-")
        close = did_you_mean(period, labels)
        names = list(labels)
        listed = f"`{names[0]}`" if len(names) == 1 else f"`{names[0]}` to `{names[-1]}`"
        help = f"periods are {listed}"
        if close is not None and len(names) > 1:
            help = f"did you mean `{close}`? {help}"
        message = f"`{asked.payment}` is posted each {each}, and `{period}` is no {each} of {settlement.year}"
        raise DiagnosticError([finding("MH736", message, help=help)])
    return labels[period]


# -------------------------------------------------------------------------------------------- no such line


def _no_line(settlement: Settlement, asked: Asked, firsts: tuple[int, ...]) -> Diagnostic:
    """Why there is no line, as a finding."""
    whom = f"from `{asked.payer}` to {settlement.plan.participant} `{asked.practice}`"
    message = f"there is no line of `{asked.payment}` {whom} in {asked.when}"
    return finding("MH737", message, notes=_reason(settlement, asked, firsts))


def _reason(settlement: Settlement, asked: Asked, firsts: tuple[int, ...]) -> str:
    payer, practice, payment = asked.payer, asked.practice, asked.payment
    plan, books = settlement.plan, settlement.books
    form = books.form(payment, payer)
    if plan.payer(payer).status == NO_CONTRACT:
        return f"payer `{payer}` has no contract under the program, so nothing is posted for it"
    labels = {plan.calendar.label(first, posting_period(form)) for first in firsts}
    for each in settlement.postings:
        own = (each.payer, each.practice, each.payment) == (payer, practice, payment) and each.period in labels
        if own and each.status == HELD:
            return f"only a credit of {settlement.year} is held there, because it cannot be known: {each.reason}"
    rows = [books.row(payment, payer, practice, first) for first in firsts]
    if not any(books.world.months(row) for row in rows):
        return _absence(settlement, asked, rows)
    if form.once:
        earlier = _posted_before(settlement, asked)
        return "the payment is made once, in the first month in which the practice participates" + (
            f", and that was {earlier}" if earlier else ", and that is not in this period"
        )
    return "no month is left of it"


def _absence(settlement: Settlement, asked: Asked, rows: list[Row]) -> str:
    """Why payer and practice have no month in common in a period."""
    plan, world = settlement.plan, settlement.books.world
    payer, practice, when = asked.payer, asked.practice, asked.when
    first = plan.payer(payer).first_month
    alone = [Row.of(row.clock, practice=practice) for row in rows]
    if any(world.exists(row) for row in alone):
        return f"payer `{payer}` is in force from {month_label(first)}"
    presence = world.presence(practice)
    subject = f"{plan.participant} `{practice}`"
    if presence.years is not None and settlement.year not in presence.years:
        years = words.listed(str(year) for year in sorted(presence.years))
        return f"{subject} has no facts of {when}; it has facts of {years}"
    parts = []
    if presence.first is not None:
        parts.append(f"from {month_label(presence.first)}")
    if presence.last is not None:
        parts.append(f"to {month_label(presence.last)}")
    return f"{subject} is in the program {' '.join(parts)}" if parts else f"the term has no month in {when}"


def _posted_before(settlement: Settlement, asked: Asked) -> str:
    """The period in which a payment that is made once was posted."""
    books, plan = settlement.books, settlement.plan
    for year in range(plan.calendar.year_of(plan.payer(asked.payer).first_month), settlement.year + 1):
        for first in books.firsts(asked.payment, asked.payer, year):
            if _exists(settlement, asked, first):
                return plan.calendar.label(first, posting_period(books.form(asked.payment, asked.payer)))
    return ""
