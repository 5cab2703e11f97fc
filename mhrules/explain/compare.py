"""Who is attributed to whom in a year or a month, and how that differs from a payer's own list, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mhrules.classes import frozen
from mhrules.data.listed import Listed
from mhrules.diagnostics.model import DiagnosticError
from mhrules.diagnostics.registry import finding
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.engine.attribution import Outcome
from mhrules.engine.faults import Faulted
from mhrules.engine.reference import deep
from mhrules.explain import words
from mhrules.explain.assigned import Assignments
from mhrules.explain.model import CandidateWhy, Stay
from mhrules.semantics.calendar import first_day, month_label
from mhrules.settle.members import MemberMonth, MonthTotal, has_members, method_of, month_totals, months_of
from mhrules.settle.members import member_months as all_member_months
from mhrules.settle.payments import Books

ADDED = "added"
DROPPED = "dropped"
CHANGED = "changed"
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


@frozen
class Count:
    """Members and member months of one practice, or of one reason for none; member months in units of 10**-12."""

    practice: str
    reason: str
    members: int
    member_months: int


@frozen
class PayerCounts:
    """The outcomes of a payer's member months, and how many of them each method brought; `months` are in words."""

    payer: str
    months: str
    members: int
    member_months: int
    outcomes: tuple[Count, ...]
    methods: dict[str, int]


@frozen
class Difference:
    """A person whom list and attribution have elsewhere: `added` here, `dropped` here, or `changed`.

    `listed` and `practice` are the practices of the list and of the program, empty for none; `stay` is how the program
    comes to its answer, `says` what else there is to say.
    """

    payer: str
    person: str
    month: str
    kind: str
    listed: str
    practice: str
    stay: Stay
    says: tuple[str, ...]

    @property
    def evidence(self) -> tuple[CandidateWhy, ...]:
        """What speaks for the program's practice and for the list's, in the method that decided or came last."""
        found = self.stay.tried[-1].candidates if self.stay.tried else ()
        return tuple(each for each in found if each.practice in (self.practice, self.listed))


@frozen
class Compared:
    """A payer's list beside the attribution of one month: how many agree, and every difference by person."""

    payer: str
    month: str
    listed: int
    attributed: int
    same: int
    differences: tuple[Difference, ...]


def months_asked(books: Books, payer: str | None, month: str | None) -> dict[str, tuple[int, ...]]:
    """By payer, the months of the settled year that are asked for: all, or the one that `month` (`2011-03`) names.

    Raises:
        DiagnosticError: payer or month is not known (MH733, MH736), or nobody is attributed (MH740, MH752).
    """
    plan = books.plan
    names = [each.name for each in plan.payers]
    if payer is not None and payer not in names:
        near = did_you_mean(payer, names)
        help = f"did you mean `{near}`?" if near else f"payers are {', '.join(f'`{each}`' for each in names)}"
        raise DiagnosticError([finding("MH733", f"program `{plan.program}` has no payer `{payer}`", help=help)])
    if month is not None and not _MONTH.fullmatch(month):
        help = f"months are written as `{books.year}-03`"
        raise DiagnosticError([finding("MH736", f"`{month}` is no month", help=help)])
    _refuse_counts(books)
    found = {each: months_of(books, each) for each in books.world.payers if payer in (None, each)}
    if month is not None:
        found = {each: tuple(m for m in months if month_label(m) == month) for each, months in found.items()}
    found = {each: months for each, months in found.items() if months}
    if not found:
        who = "no payer" if payer is None else f"`{payer}`"
        there = "is" if payer is None else "is not"
        asked = f"`{month}`" if month is not None else str(books.year)
        text = f"{who} {there} in the program in {asked}, of the program year {books.year}"
        raise DiagnosticError([finding("MH736", text, help="months are written as `2011-03`")])
    return found


def _refuse_counts(books: Books) -> None:
    if books.plan.members.attribution is None and not has_members(books):
        text = f"program `{books.plan.program}` has no clause `attribution`, so it attributes nobody"
        raise DiagnosticError([finding("MH752", text)])
    try:
        books.world.below.require("attribution")
    except Faulted as error:
        raise DiagnosticError(error.faults) from error


def counts(books: Books, asked: dict[str, tuple[int, ...]]) -> tuple[PayerCounts, ...]:
    """The outcomes of the months asked for, by payer.

    Raises:
        DiagnosticError: a member month cannot be attributed.
    """
    try:
        with deep():
            every = tuple(all_member_months(books))
            totals = month_totals(books, every)
    except Faulted as error:
        raise DiagnosticError(error.faults) from error
    return tuple(_payer_counts(payer, months, every, totals) for payer, months in asked.items())


def _payer_counts(
    payer: str, months: tuple[int, ...], every: tuple[MemberMonth, ...], totals: tuple[MonthTotal, ...]
) -> PayerCounts:
    own = [each for each in every if each.payer == payer and each.month in months]
    people: dict[tuple[str, str], set[str]] = {}
    methods: dict[str, int] = {}
    for each in own:
        people.setdefault((each.outcome.practice, each.outcome.reason), set()).add(each.person)
        method = method_of(each.outcome)
        if each.outcome.practice and method:
            methods[method] = methods.get(method, 0) + 1
    sums: dict[tuple[str, str], int] = dict.fromkeys(people, 0)
    for total in totals:
        if total.payer == payer and total.month in months:
            sums[total.practice, total.reason] += total.member_months
    outcomes = [Count(*key, len(persons), sums[key]) for key, persons in people.items()]
    outcomes.sort(key=lambda c: (c.practice == "", -c.member_months, c.practice.encode(), c.reason))
    return PayerCounts(
        payer=payer,
        months=words.months_text(months),
        members=len({each.person for each in own}),
        member_months=sum(sums.values()),
        outcomes=tuple(outcomes),
        methods=dict(sorted(methods.items(), key=lambda pair: (-pair[1], pair[0]))),
    )


# -------------------------------------------------------------------------------------------- comparison


def compare(books: Books, asked: dict[str, tuple[int, ...]], listed: Listed) -> tuple[Compared, ...]:
    """The list beside the attribution of the last month asked for, for each payer that the list has.

    A payer whom the list does not name is left aside; of an empty list none is.

    Raises:
        DiagnosticError: a member month cannot be attributed, or the list is of a payer who is not there then (MH736).
    """
    absent = [each for each in listed.practices if each not in asked]
    if absent:
        text = f"the list has members of `{absent[0]}`, which is not in the program then"
        raise DiagnosticError([finding("MH736", text, help="name the payer with `--payer`, or another month")])
    payers = [each for each in asked if each in listed.practices] or list(asked)
    try:
        with deep():
            return tuple(_compared(books, payer, asked[payer][-1], listed.practices.get(payer, {})) for payer in payers)
    except Faulted as error:
        raise DiagnosticError(error.faults) from error


def _compared(books: Books, payer: str, month: int, listed: dict[str, str]) -> Compared:
    outcomes = books.world.below.attribution.outcomes(payer, month)
    attributed = {person: outcome.practice for person, outcome in outcomes.items() if outcome.practice}
    people = sorted(attributed.keys() | listed.keys(), key=str.encode)
    differing = [person for person in people if attributed.get(person) != listed.get(person)]
    assignments = Assignments(books)
    return Compared(
        payer=payer,
        month=month_label(month),
        listed=len(listed),
        attributed=len(attributed),
        same=len(people) - len(differing),
        differences=tuple(
            _difference(assignments, payer, month, person, (listed.get(person, ""), outcomes.get(person)))
            for person in differing
        ),
    )


def _difference(
    assignments: Assignments, payer: str, month: int, person: str, of: tuple[str, Outcome | None]
) -> Difference:
    listed, outcome = of
    practice = "" if outcome is None else outcome.practice
    kind = ADDED if not listed else CHANGED if practice else DROPPED
    stay = assignments.stay(payer, person, month)
    says = tuple(_of_listed(assignments.books, stay, month, listed)) if listed else ()
    return Difference(payer, person, month_label(month), kind, listed, practice, stay, says)


def _of_listed(books: Books, stay: Stay, month: int, listed: str) -> Iterator[str]:
    """What the program has to say of the practice on the list."""
    found = [each for tried in stay.tried for each in tried.candidates if each.practice == listed]
    if listed not in books.world.practices:
        yield f"`{listed}` is no {books.plan.participant} of the program"
    elif not books.world.on_roster(listed, first_day(month)):
        yield f"`{listed}` is not on the roster on {first_day(month)}"
    elif found and listed != stay.practice:
        weight = f" has {found[0].weight}" if found[0].weight else " is found too"
        latest = f", the latest on {found[0].latest}" if found[0].latest else ""
        yield f"`{listed}`{weight}{latest}"
    elif stay.tried and not found:
        yield f"no method finds `{listed}`"
