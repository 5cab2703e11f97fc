"""What became of each member month of a settled year, and how these months add up by payer, practice and reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import field

from mhrules.classes import frozen
from mhrules.data import population
from mhrules.engine.attribution import Assignment, Outcome, Tried
from mhrules.engine.faults import Faulted, fault
from mhrules.engine.rows import Row
from mhrules.settle.ledger import HELD
from mhrules.settle.payments import Books
from mhrules.syntax.tree import MonthsRule


@frozen
class MemberMonth:
    """A month of a person that counts for a payer, and what became of it; `month` is the month's number.

    A month of which that cannot be known has the reason `held`, where lines that fail are held.
    """

    payer: str
    person: str
    month: int
    outcome: Outcome = field(repr=False)


@frozen
class MonthTotal:
    """The members of a payer in a month who came to one practice, or for one reason to none.

    `member_months` are in units of 10**-12; where months count in proportion their days are added up first.
    """

    payer: str
    practice: str
    reason: str
    month: int
    members: int
    member_months: int


@frozen
class MemberTotals:
    """The member months of a payer in a year, in units of 10**-12: all, by practice, and by the reason for none."""

    member_months: int
    by_practice: dict[str, int]
    by_reason: dict[str, int]


def has_members(books: Books) -> bool:
    """Whether the data say who the members are and the program attributes them."""
    given = books.world.facts.present(population.ATTRIBUTED)
    return books.world.given and (given or books.plan.members.attribution is not None)


def months_of(books: Books, payer: str) -> tuple[int, ...]:
    """The months of the settled year in which a payer is in the program."""
    return books.world.months(Row.of(("year", books.plan.calendar.year_first(books.year)), payer=payer))


def month_outcomes(books: Books, payer: str, month: int, *, held: bool = False) -> dict[str, Outcome]:
    """What became of each member month of a payer in a month, by person; with `held` also where it cannot be known.

    Raises:
        Faulted: an exclusion or a method's condition cannot be judged, and nothing is held.
    """
    try:
        return books.world.below.attribution.outcomes(payer, month)
    except Faulted:
        if not held:
            raise
    counted = books.world.below.people.counted(payer, month)
    return {person: Outcome("", HELD, days) for person, days in counted.items()}


def member_months(books: Books, *, held: bool = False) -> Iterator[MemberMonth]:
    """Every member month that counts in the settled year, by payer, person and month.

    Raises:
        Faulted: as `month_outcomes`.
    """
    for payer in books.world.payers:
        months = {month: month_outcomes(books, payer, month, held=held) for month in months_of(books, payer)}
        for person in sorted({person for found in months.values() for person in found}, key=str.encode):
            for month, found in months.items():
                if person in found:
                    yield MemberMonth(payer, person, month, found[person])


def month_totals(books: Books, found: Iterable[MemberMonth]) -> tuple[MonthTotal, ...]:
    """The member months by payer, month, practice and reason.

    Raises:
        Faulted: they do not tie to the months that count (MH999: never, unless mhrules is wrong).
    """
    days: dict[tuple[str, int, str, str], list[int]] = {}
    for each in found:
        days.setdefault((each.payer, each.month, each.outcome.practice, each.outcome.reason), []).append(
            each.outcome.days
        )
    people = books.world.below.people
    totals = [
        MonthTotal(payer, practice, reason, month, len(counted), people.member_months(payer, month, counted))
        for (payer, month, practice, reason), counted in days.items()
    ]
    _tie(books, days)
    return tuple(sorted(totals, key=lambda t: (t.payer.encode(), t.practice.encode(), t.reason, t.month)))


def _tie(books: Books, days: dict[tuple[str, int, str, str], list[int]]) -> None:
    """Every month that counts is in one total, and the members of a practice are those it is paid for."""
    below = books.world.below
    by_month: dict[tuple[str, int], list[int]] = {}
    for (payer, month, practice, _), counted in days.items():
        by_month.setdefault((payer, month), []).extend(counted)
        if practice and sorted(below.attribution.members(payer, practice, month).values()) != sorted(counted):
            raise fault("MH999", f"the members of `{practice}` under `{payer}` do not tie", None)
    for payer in books.world.payers:
        for month in months_of(books, payer):
            counted = sorted(below.people.counted(payer, month).values())
            if counted != sorted(by_month.get((payer, month), [])):
                raise fault("MH999", f"the member months of `{payer}` do not tie", None)


def payer_totals(totals: Iterable[MonthTotal]) -> dict[str, MemberTotals]:
    """The member months of the year by payer; those of practices and reasons add up to all."""
    found: dict[str, tuple[dict[str, int], dict[str, int]]] = {}
    for total in totals:
        practices, reasons = found.setdefault(total.payer, ({}, {}))
        own, key = (practices, total.practice) if total.practice else (reasons, total.reason)
        own[key] = own.get(key, 0) + total.member_months
    return {
        payer: MemberTotals(sum(practices.values()) + sum(reasons.values()), practices, reasons)
        for payer, (practices, reasons) in found.items()
    }


def counts_days(books: Books, payer: str) -> bool:
    """Whether months of a payer count in proportion to their days."""
    return books.plan.payer(payer).months_rule is MonthsRule.PROPORTION


def deciding(assignment: Assignment | None) -> Tried | None:
    """The method that found the practice of an assignment, with its candidates; None where none did."""
    return assignment.tried[-1] if assignment is not None and assignment.practice and assignment.tried else None


def method_of(outcome: Outcome) -> str:
    """The method behind an outcome, as outputs name it; nothing where none found a practice."""
    assignment = outcome.assignment
    found = deciding(assignment)
    return found.method.words if found is not None else assignment.method if assignment is not None else ""
