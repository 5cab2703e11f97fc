"""Attribution: each counted month of a person with a payer comes to one practice, or to none for a named reason."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from attrs import field

from mhrules.classes import frozen
from mhrules.data import population
from mhrules.engine.faults import Faulted, Gathering
from mhrules.engine.records import VISIT, Record, Records, days_before
from mhrules.engine.rows import Row
from mhrules.plan.ir import Expression
from mhrules.plan.members import AttributionPlan, MethodPlan
from mhrules.semantics.calendar import first_day

NOT_YET_REFRESHED = "not_yet_refreshed"
UNATTRIBUTED = "unattributed"
PRACTICE_LEFT = "practice_left"
MOST_RECENT = "most recent visit"
GIVEN = "given"
"""How members of a worked example come to their practice."""


@frozen
class Candidate:
    """A practice that a method found for a person: how much speaks for it, and the last day that does.

    `weight` are days with a visit, or the allowed amount in units of 10**-12 dollars; None where nothing is counted.
    `records` are the ids of the visits that count.
    """

    practice: str
    weight: int | None = None
    latest: datetime.date | None = None
    records: tuple[str, ...] = field(default=(), repr=False)


@frozen
class Tried:
    """A method that was tried, and the practices it found, the winner first."""

    method: MethodPlan = field(repr=False)
    candidates: tuple[Candidate, ...]


@frozen
class Assignment:
    """Where a person belongs from a refresh on: `practice` or "", and what each method found until one did."""

    practice: str
    day: datetime.date
    tried: tuple[Tried, ...]

    @property
    def method(self) -> str:
        """The kind of the method that decided; nothing where none did."""
        if not self.practice:
            return ""
        return self.tried[-1].method.kind if self.tried else GIVEN


@frozen
class Outcome:
    """What became of one counted month of a person with a payer: a practice, or the reason for none.

    `days` is 1, or where months count in proportion the days that count.
    """

    practice: str
    reason: str
    days: int
    assignment: Assignment | None = None


class Attribution:
    """The outcomes of one data set.

    `truth` is the interpreter's, for conditions; `there` says whether a practice is on the roster on a day.
    """

    def __init__(
        self,
        records: Records,
        truth: Callable[[Expression, Row], bool],
        there: Callable[[str, datetime.date], bool],
    ) -> None:
        self.plan = records.plan
        self.facts = records.facts
        self.people = records.people
        self.records = records
        self._truth = truth
        self._there = there
        self._outcomes: dict[tuple[str, int], dict[str, Outcome] | Faulted] = {}
        self._members: dict[tuple[str, int], dict[str, dict[str, int]]] = {}
        self._assigned: dict[tuple[str, str, int], Assignment] = {}
        self._holds: dict[tuple[Expression, str], bool] = {}
        self._chosen: dict[tuple[str, str], list[tuple[datetime.date, datetime.date, str]]] | None = None
        self._given: dict[tuple[str, str], list[tuple[datetime.date, datetime.date, str]]] | None = None
        self._lists: dict[tuple[str, str], dict[datetime.date, dict[str, list[str]]]] | None = None
        self._areas: dict[str, str] | None = None

    # ----------------------------------------------------------------------------------------- outcomes

    def outcomes(self, payer: str, month: int) -> dict[str, Outcome]:
        """By person, what became of each month that counts for a payer; people who are not whole are left out.

        Raises:
            Faulted: an exclusion or a method's condition cannot be judged.
            Outside: the data do not tell.
        """
        self.facts.bounds.outcomes(payer, month)
        key = (payer, month)
        if key not in self._outcomes:
            try:
                self._outcomes[key] = self._all(payer, month)
            except Faulted as error:
                self._outcomes[key] = error
        found = self._outcomes[key]
        if isinstance(found, Faulted):
            raise Faulted(found.faults)
        return found

    def outcome(self, payer: str, person: str, month: int) -> Outcome | None:
        """What became of one person's month with a payer; None where it does not count.

        Raises:
            Faulted: an exclusion or a method's condition cannot be judged.
            Outside: the data do not tell.
        """
        self.facts.bounds.person(person)
        days = self.people.counted(payer, month).get(person)
        return None if days is None else self._outcome(payer, person, month, days)

    def known(self) -> dict[tuple[str, int], dict[str, Outcome]]:
        """The outcomes that were worked out, by payer and month; months that cannot be judged are not among them."""
        return {key: found for key, found in self._outcomes.items() if not isinstance(found, Faulted)}

    def _all(self, payer: str, month: int) -> dict[str, Outcome]:
        """Everybody's outcome; all faults are found before the first is raised."""
        gathering, found = Gathering(), {}
        for person, days in self.people.counted(payer, month).items():
            if not self.facts.bounds.whole(person):
                continue
            with gathering:
                found[person] = self._outcome(payer, person, month, days)
        gathering.close()
        return found

    def members(self, payer: str, practice: str, month: int) -> dict[str, int]:
        """The members attributed to a practice in a month, with what each counts (`Outcome.days`)."""
        key = (payer, month)
        if key not in self._members:
            by_practice: dict[str, dict[str, int]] = {}
            for person, outcome in self.outcomes(payer, month).items():
                if outcome.practice:
                    by_practice.setdefault(outcome.practice, {})[person] = outcome.days
            self._members[key] = by_practice
        return self._members[key].get(practice, {})

    def _outcome(self, payer: str, person: str, month: int, days: int) -> Outcome:
        begins = max(self.plan.first_month, self.plan.payer(payer).first_month)
        row = Row.of(None, payer=payer, member=person).at(("month", month), base=month < begins)
        for exclusion in self.plan.members.exclusions:
            if self._truth(exclusion.condition, row):
                return Outcome("", exclusion.name, days)
        assignment = self._assignment(payer, person, month)
        if assignment is None:
            return Outcome("", NOT_YET_REFRESHED, days)
        if not assignment.practice:
            return Outcome("", UNATTRIBUTED, days, assignment)
        if not self._there(assignment.practice, first_day(month)):
            return Outcome("", PRACTICE_LEFT, days, assignment)
        return Outcome(assignment.practice, "", days, assignment)

    def _assignment(self, payer: str, person: str, month: int) -> Assignment | None:
        """The assignment in force in a month; None for who was enrolled only after the refresh."""
        if self.facts.present(population.ATTRIBUTED):
            return self._given_assignment(payer, person, month)
        attribution = self.plan.members.attribution
        assert attribution is not None
        refresh = self._refresh(attribution, payer, month)
        if person not in self.people.counted(payer, refresh):
            if not attribution.at_once:
                return None
            refresh = next(m for m in range(refresh, month + 1) if person in self.people.counted(payer, m))
        key = (payer, person, refresh)
        if key not in self._assigned:
            self._assigned[key] = self._assign(attribution, payer, person, refresh)
        return self._assigned[key]

    def _refresh(self, attribution: AttributionPlan, payer: str, month: int) -> int:
        """The month of the refresh in force: the first of its period, or where the payer or the term begins in it."""
        first = self.plan.calendar.period_first(month, attribution.every)
        begins = max(self.plan.first_month, self.plan.payer(payer).first_month)
        return first if month < begins else max(first, begins)

    # ------------------------------------------------------------------------------------------ methods

    def _assign(self, attribution: AttributionPlan, payer: str, person: str, refresh: int) -> Assignment:
        day = first_day(refresh)
        tried = []
        for method in attribution.methods:
            found = [c for c in self._candidates(method, payer, person, refresh, day) if self._there(c.practice, day)]
            found.sort(key=lambda candidate: _rank(method, candidate))
            tried.append(Tried(method, tuple(found)))
            if found:
                return Assignment(found[0].practice, day, tuple(tried))
        return Assignment("", day, tuple(tried))

    def _candidates(
        self, method: MethodPlan, payer: str, person: str, refresh: int, day: datetime.date
    ) -> list[Candidate]:
        if method.kind == "selection":
            chosen = self._selections().get((payer, person), ())
            return [Candidate(practice) for first, last, practice in chosen if first <= day <= last]
        if method.kind == "list":
            return self._listed(method.title, payer, person, day)
        if method.kind == "geography":
            practice = self._practice_of_area(self.people.persons[person].zip_code)
            return [Candidate(practice)] if practice else []
        return self._visited(method, payer, person, refresh, day)

    def _visited(
        self, method: MethodPlan, payer: str, person: str, refresh: int, day: datetime.date
    ) -> list[Candidate]:
        """The practices with a visit that counts before the refresh, whoever paid for it."""
        since = days_before(day, method.within) if method.within is not None else datetime.date.min
        seen: dict[str, list[Record]] = {}
        for record in self.records.of_person(VISIT, "", person):
            if since <= record.date < day and record.practice and self._counts(method, record, payer, refresh):
                seen.setdefault(record.practice, []).append(record)
        found = []
        for practice, records in seen.items():
            weight = len({record.date for record in records})
            if method.measure == "allowed":
                weight = sum(self._allowed(method, record) for record in records)
            latest = max(record.date for record in records)
            found.append(Candidate(practice, weight, latest, tuple(record.id for record in records)))
        return found

    def _counts(self, method: MethodPlan, record: Record, payer: str, refresh: int) -> bool:
        """Whether a visit fulfils a method's condition; asked once of each where it asks nothing but the visit."""
        if method.where is None:
            return True
        row = Row.of(("month", refresh), payer=payer, member=record.person, visit=self.records.one(record))
        if not method.where.keys <= {VISIT}:
            return self._truth(method.where, row)
        key = (method.where, record.id)
        if key not in self._holds:
            self._holds[key] = self._truth(method.where, row)
        return self._holds[key]

    def _allowed(self, method: MethodPlan, record: Record) -> int:
        value = record.values["allowed"]
        if not isinstance(value, int):
            raise self.records.absent(record, "allowed", method.span)
        return value

    # -------------------------------------------------------------------------------------------- lists

    def _selections(self) -> dict[tuple[str, str], list[tuple[datetime.date, datetime.date, str]]]:
        if self._chosen is None:
            self._chosen = self._spans(population.CHOSEN)
        return self._chosen

    def _spans(self, table: str) -> dict[tuple[str, str], list[tuple[datetime.date, datetime.date, str]]]:
        """By payer and person, spans with a practice."""
        found: dict[tuple[str, str], list[tuple[datetime.date, datetime.date, str]]] = {}
        for person, payer, first, last, practice in self._rows(table):
            assert isinstance(first, datetime.date)
            assert last is None or isinstance(last, datetime.date)
            found.setdefault((str(payer), str(person)), []).append((first, last or datetime.date.max, str(practice)))
        return found

    def _rows(self, table: str) -> list[tuple[object, ...]]:
        present = self.facts.present(table)
        return list(self.facts.rows(self.facts.schema.table(table))) if present else []

    def _given_assignment(self, payer: str, person: str, month: int) -> Assignment | None:
        if self._given is None:
            self._given = self._spans(population.ATTRIBUTED)
        day = first_day(month)
        spans = self._given.get((payer, person), ())
        end = first_day(month + 1)
        practice = next((where for first, last, where in spans if first < end and last >= day), "")
        return Assignment(practice, day, ())

    def _listed(self, title: str, payer: str, person: str, day: datetime.date) -> list[Candidate]:
        """Where the payer's list in force names the person: the latest drawn up on or before the day."""
        if self._lists is None:
            self._lists = {}
            for owner, name, drawn, member, practice in self._rows(population.ROSTER):
                assert isinstance(drawn, datetime.date)
                by_day = self._lists.setdefault((str(owner), str(name)), {})
                by_day.setdefault(drawn, {}).setdefault(str(member), []).append(str(practice))
        by_day = self._lists.get((payer, title), {})
        latest = max((drawn for drawn in by_day if drawn <= day), default=None)
        if latest is None:
            return []
        return [Candidate(practice, None, latest) for practice in by_day[latest].get(person, ())]

    def _practice_of_area(self, zip_code: str) -> str:
        if self._areas is None:
            self._areas = {str(area): str(practice) for area, practice in self._rows(population.AREA)}
        return self._areas.get(zip_code, "")


def _rank(method: MethodPlan, candidate: Candidate) -> tuple[int, int, bytes]:
    """Candidates in order, the winner first: by the method's own measure, then by its ties, then by practice id."""
    weight, latest = candidate.weight or 0, candidate.latest.toordinal() if candidate.latest else 0
    if method.kind == MOST_RECENT:
        second = -weight if method.ties == "highest" else weight if method.ties == "lowest" else 0
        return -latest, second, candidate.practice.encode()
    second = -latest if method.ties in (MOST_RECENT, "latest") else 0
    return -weight, second, candidate.practice.encode()
