"""How people come to practices: each member month's outcome, the methods that were tried, the visits that decided."""

from __future__ import annotations

import datetime

from mhrules.engine.attribution import (
    GIVEN,
    MOST_RECENT,
    NOT_YET_REFRESHED,
    PRACTICE_LEFT,
    UNATTRIBUTED,
    Assignment,
    Candidate,
    Outcome,
    Tried,
)
from mhrules.engine.faults import Faulted
from mhrules.engine.records import LINE, VISIT, Record
from mhrules.engine.rows import Row
from mhrules.explain import words
from mhrules.explain.model import CandidateWhy, MethodWhy, Place, Stay, Visit
from mhrules.plan import ir
from mhrules.plan.members import MethodPlan
from mhrules.semantics.calendar import month_label
from mhrules.settle.ledger import HELD
from mhrules.settle.members import deciding, method_of, month_outcomes, months_of
from mhrules.settle.payments import Books

OPEN_END = datetime.date.max
NOT_COUNTED = "not_counted"


class Assignments:
    """The stays of people, on the books of one year."""

    def __init__(self, books: Books, *, held: bool = False) -> None:
        self.books = books
        self.plan = books.plan
        self._held = held

    def outcome(self, payer: str, person: str, month: int) -> Outcome | None:
        """What became of a person's month; None where it does not count for the payer.

        Raises:
            Faulted: it cannot be known, and nothing is held.
        """
        if self._held:  # somebody who cannot be judged holds everybody's month
            return month_outcomes(self.books, payer, month, held=True).get(person)
        return self.books.world.below.attribution.outcome(payer, person, month)

    def stays(self, payer: str, person: str) -> tuple[Stay, ...]:
        """The person's months of the year, those of one outcome together; months that do not count among them.

        Raises:
            Faulted: as `outcome`.
        """
        runs: list[tuple[list[int], Outcome | None]] = []
        for month in months_of(self.books, payer):
            found = self.outcome(payer, person, month)
            if runs and _same(runs[-1][1], found):
                runs[-1][0].append(month)
            else:
                runs.append(([month], found))
        return tuple(self._stay(payer, person, months, outcome) for months, outcome in runs)

    def stay(self, payer: str, person: str, month: int) -> Stay:
        """One month of a person.

        Raises:
            Faulted: as `outcome`.
        """
        return self._stay(payer, person, [month], self.outcome(payer, person, month))

    def _stay(self, payer: str, person: str, months: list[int], outcome: Outcome | None) -> Stay:
        first, last = month_label(months[0]), month_label(months[-1])
        if outcome is None:
            return Stay(first, last, "", NOT_COUNTED, "", "", (self._not_counted(payer, person),))
        assignment = outcome.assignment
        day = "" if assignment is None else assignment.day.isoformat()
        says, place = self._reason(payer, months[0], outcome)
        tried = () if assignment is None else tuple(self._tried(each, person) for each in assignment.tried)
        return Stay(first, last, outcome.practice, outcome.reason, method_of(outcome), day, says, place, tried)

    # ---------------------------------------------------------------------------------------- sentences

    def _reason(self, payer: str, month: int, outcome: Outcome) -> tuple[tuple[str, ...], Place | None]:
        """Why a month has its outcome, and the rule that decided."""
        assignment = outcome.assignment
        for exclusion in self.plan.members.exclusions:
            if outcome.reason == exclusion.name and assignment is None:
                says = f"excluded: {exclusion.title}" if exclusion.title else "excluded"
                return (says, words.title_of(exclusion.span)), words.place_of(exclusion.span)
        place = words.place_of(self.plan.members.attribution.span) if self.plan.members.attribution else None
        if assignment is None:
            return (self._unassigned(payer, month, outcome),), place
        if outcome.reason == UNATTRIBUTED:
            return (f"no method finds a practice on {assignment.day}",), place
        says = self._assigned(assignment)
        if outcome.reason == PRACTICE_LEFT:
            return (says, f"`{assignment.practice}` is not on the roster on {month_label(month)}-01"), place
        return (says,), place

    def _unassigned(self, payer: str, month: int, outcome: Outcome) -> str:
        if outcome.reason == NOT_YET_REFRESHED:
            attribution = self.plan.members.attribution
            assert attribution is not None
            period = attribution.every.value.replace("_", "-")
            return f"did not count in the month of the last refresh; members are attributed each {period}"
        return "cannot be known, and is held" if outcome.reason == HELD else outcome.reason

    def _assigned(self, assignment: Assignment) -> str:
        found = deciding(assignment)
        if found is None:
            return "attributed as the example says" if assignment.method == GIVEN else ""
        return f"by {found.method.words}, refreshed on {assignment.day}{_decided(found)}"

    def _not_counted(self, payer: str, person: str) -> str:
        """Why a month counts for nobody: when the person is enrolled, if ever."""
        people = self.books.world.below.people
        if person not in people.persons:
            return f"the data have no person `{person}`"
        enrollment = people.enrolled(payer).get(person)
        if enrollment is None:
            return f"never enrolled with `{payer}`"
        spans = ", ".join(
            f"{first} on" if last == OPEN_END else f"{first} to {last}" for first, last in enrollment.merged
        )
        return f"does not count for `{payer}`, where the person is enrolled {spans}"

    # ------------------------------------------------------------------------------------------ methods

    def _tried(self, tried: Tried, person: str) -> MethodWhy:
        method = tried.method
        place = words.place_of(method.span)
        assert place is not None
        candidates = tuple(self._candidate(method, each, person) for each in tried.candidates)
        return MethodWhy(method.words, words.text_of(method.span), place, candidates)

    def _candidate(self, method: MethodPlan, candidate: Candidate, person: str) -> CandidateWhy:
        latest = "" if candidate.latest is None else candidate.latest.isoformat()
        weight = ""
        if candidate.weight is not None:
            days = method.measure != "allowed"
            weight = (
                words.counted(candidate.weight, "day") + " with a visit" if days else words.dollars(candidate.weight)
            )
        wanted = frozenset(candidate.records)
        records = [each for each in self._visits(person) if each.id in wanted] if wanted else []
        visits = tuple(Visit(each.id, each.date.isoformat(), self._service(each)) for each in records)
        return CandidateWhy(candidate.practice, weight, latest, visits)

    def _visits(self, person: str) -> list[Record]:
        return self.books.world.below.records.of_person(VISIT, "", person)

    def _service(self, record: Record) -> str:
        """The service class of a visit, by the program or the source; nothing where it has none."""
        rule, interpreter = self.plan.members.service, self.books.interpreter
        if rule is None:
            return ir.plain_text(record.values.get("service"))
        kind = LINE if record.claim else VISIT
        row = Row.of(None, member=record.person, **{kind: self.books.world.below.records.one(record)})
        try:
            return ir.plain_text(interpreter.evaluate(rule, row))
        except Faulted:
            return ""


def _same(one: Outcome | None, other: Outcome | None) -> bool:
    """Whether two months have one outcome for the same reasons: the same refresh, or the same reason for none."""
    if one is None or other is None:
        return one is other
    return (one.practice, one.reason, one.assignment) == (other.practice, other.reason, other.assignment)


def _decided(found: Tried) -> str:
    """What decided between the practices that a method found."""
    if len(found.candidates) < 2:
        return ""
    first, second = found.candidates[:2]
    recent = found.method.kind == MOST_RECENT
    if (first.latest != second.latest) if recent else (first.weight != second.weight):
        return f", before {words.counted(len(found.candidates) - 1, 'other practice')}"
    if found.method.ties and ((first.weight != second.weight) if recent else (first.latest != second.latest)):
        return f", a tie with `{second.practice}`, decided by {found.method.ties}"
    return f", a tie with `{second.practice}`, decided by the practice's id"
