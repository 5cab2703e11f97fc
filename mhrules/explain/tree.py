"""`explain`: why a payment to a practice is what it is."""

from __future__ import annotations

from mhrules.exact import from_text
from mhrules.explain import words
from mhrules.explain.find import Asked, lines_of
from mhrules.explain.lines import Lines, paid_words
from mhrules.explain.member import known, member_why
from mhrules.explain.model import Explanation, LineWhy
from mhrules.settle import ledger
from mhrules.settle.ledger import Settlement


def explain(
    settlement: Settlement,
    payer: str,
    practice: str,
    payment: str,
    period: str | None = None,
    *,
    deep: bool = False,
    member: str | None = None,
) -> Explanation:
    """Why one payer's payment to one practice is what it is in the settled year.

    `period` is a posting period as postings name it (`2012-03`, `2012-Q1`, `2012`); without it all of the year are
    explained. Every line is worked out anew by the interpreter and must come out as it was posted. `deep` expands
    aggregates, and totals of other payments, down to the facts. `member` asks for one person's part in it.

    Raises:
        DiagnosticError: payer, practice, payment or period is not known (MH733 to MH736); there is no such line
            (MH737); the data have no such person (MH750) or no members (MH752); the line does not come out as posted
            (MH999: never, unless mhrules is wrong).
    """
    firsts = lines_of(settlement, payer, practice, payment, period)
    asked = Asked(payer, practice, payment, period or str(settlement.year))
    if member is not None:
        known(settlement.books, member)
    plan = settlement.plan.payments[payment]
    found = []
    for first in firsts:
        lines = Lines(settlement.books, deep=deep)
        line = lines.line(plan, payer, practice, first, posted=bool(settlement.postings))
        found.append(_tied(settlement, lines, line, (payer, practice, payment)))
    return Explanation(
        program=settlement.plan.program,
        edition=settlement.plan.edition,
        participant=settlement.plan.participant,
        year=settlement.year,
        payer=payer,
        practice=practice,
        payment=payment,
        title=plan.title,
        summary=plan.summary,
        cites=(*settlement.plan.cites, *plan.cites),
        headline=_headline(settlement, found, payer, practice),
        notes=tuple(_notes(settlement)),
        lines=tuple(found),
        member=None if member is None else member_why(settlement, asked, firsts, member),
    )


def _tied(settlement: Settlement, lines: Lines, found: LineWhy, key: tuple[str, str, str]) -> LineWhy:
    """A line, which must be what stands in the ledger."""
    if not settlement.postings:
        return found
    postings = [each for each in settlement.postings if (each.payer, each.practice, each.payment) == key]
    postings = [each for each in postings if each.period == found.period]
    own = [each for each in postings if each.status != ledger.CREDITED]
    posted = sum(each.amount for each in own)
    if from_text(found.amount) != posted or {each.status for each in own} != {found.status}:
        raise lines.untied(key, posted, f"worked out anew it is {found.amount}")
    credited = sorted(each.amount for each in postings if each.status == ledger.CREDITED)
    if credited != sorted(from_text(credit) for credit in found.credits):
        raise lines.untied(key, sum(credited), f"worked out anew its credits are {', '.join(found.credits) or 'none'}")
    return found


def _headline(settlement: Settlement, lines: list[LineWhy], payer: str, practice: str) -> str:
    total = sum(from_text(line.amount) for line in lines)
    after = ""
    credits = sum(from_text(credit) for line in lines for credit in line.credits)
    if credits:
        after = f"; {words.dollars(total + credits)} after credits"
    if len(lines) == 1:
        return lines[0].headline + after
    status = next((line.status for line in lines if line.status == ledger.PAID), lines[0].status)
    who = f"{settlement.plan.participant} {practice}"
    payment = lines[0].why.title.partition(" ")[0]
    return f"{who} {paid_words(total, payer, status)}: {payment}, {settlement.year} ({len(lines)} lines){after}"


def _notes(settlement: Settlement) -> list[str]:
    if settlement.postings:
        return []
    return ["the settlement failed, so nothing is posted; this is what the line comes to"]
