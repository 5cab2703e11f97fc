"""People and their enrollment: which months count for which payer, and what is known of a person in a month."""

from __future__ import annotations

import datetime

from attrs import field

from mhrules.classes import frozen
from mhrules.data import population
from mhrules.engine.facts import DataRow, Facts
from mhrules.exact import ONE
from mhrules.plan.ir import Value
from mhrules.plan.whole import Plan
from mhrules.semantics.calendar import first_day, last_day, month_of, part_of_month
from mhrules.syntax.tree import MonthsRule

ONE_DAY = datetime.timedelta(days=1)
Days = tuple[datetime.date, datetime.date]
"""First and last day, both included."""


@frozen
class Person:
    """A person of the data: `born`, `died` and `zip_code` where the data say them."""

    id: str
    born: datetime.date | None = None
    died: datetime.date | None = None
    gender: str = ""
    zip_code: str = ""

    def age(self, day: datetime.date) -> int | None:
        """Completed years on a day; None where the day of birth is not known."""
        if self.born is None:
            return None
        return day.year - self.born.year - ((day.month, day.day) < (self.born.month, self.born.day))


@frozen
class Span:
    """One row of enrollment, cut at the person's death; `row` has what the source says of it."""

    first: datetime.date
    last: datetime.date
    plan: str
    order: int
    row: DataRow = field(repr=False)


@frozen
class Enrollment:
    """A person's enrollment with one payer: the spans, and the same days merged."""

    spans: tuple[Span, ...]
    merged: tuple[Days, ...]

    def days_in(self, first: datetime.date, last: datetime.date) -> int:
        """How many days from `first` to `last` are covered."""
        covered = ((min(end, last) - max(start, first)).days + 1 for start, end in self.merged)
        return sum(days for days in covered if days > 0)

    def span_of(self, first: datetime.date, last: datetime.date) -> Span | None:
        """The span that speaks for those days: of those that touch them the first by payer order, plan and start.

        The start comes last, so that a span cut in two speaks as the whole did.
        """
        touching = (span for span in self.spans if span.first <= last and span.last >= first)
        return min(touching, key=lambda span: (span.order, span.plan.encode(), span.first), default=None)


class People:
    """The people of one data set, as the tables `member` and `eligibility` have them."""

    def __init__(self, plan: Plan, facts: Facts) -> None:
        self.plan = plan
        self.facts = facts
        self.persons: dict[str, Person] = {}
        self._enrolled: dict[str, dict[str, Enrollment]] = {payer.name: {} for payer in plan.payers}
        self._counted: dict[tuple[str, int], dict[str, int]] = {}
        self._columns = facts.columns(population.ELIGIBILITY) if facts.knows(population.ELIGIBILITY) else {}
        self._read_persons()
        self._read_enrollment()

    # ------------------------------------------------------------------------------------------ reading

    def _read_persons(self) -> None:
        if not self.facts.present(population.MEMBER):
            return
        at = self.facts.columns(population.MEMBER)
        for row in self.facts.rows(self.facts.schema.table(population.MEMBER)):
            born, died = row[at["birth_date"]], row[at["death_date"]]
            assert born is None or isinstance(born, datetime.date)
            assert died is None or isinstance(died, datetime.date)
            person = str(row[at["person_id"]])
            texts = (str(row[at[name]] or "") for name in ("gender", "zip_code"))
            self.persons[person] = Person(person, born, died, *texts)

    def _read_enrollment(self) -> None:
        if not self.facts.present(population.ELIGIBILITY):
            return
        at = self._columns
        found: dict[tuple[str, str], list[Span]] = {}
        for row in self.facts.rows(self.facts.schema.table(population.ELIGIBILITY)):
            person = self.persons.setdefault(str(row[at["person_id"]]), Person(str(row[at["person_id"]])))
            first, last = row[at["enrollment_start_date"]], row[at["enrollment_end_date"]]
            assert isinstance(first, datetime.date)
            assert last is None or isinstance(last, datetime.date)
            end = min(last or datetime.date.max, person.died or datetime.date.max)
            if first <= end:
                order = row[at["payer_order"]]
                assert isinstance(order, int)
                span = Span(first, end, str(row[at["plan"]] or ""), order, row)
                found.setdefault((str(row[at["payer"]]), person.id), []).append(span)
        for (payer, person_id), spans in found.items():
            spans.sort(key=lambda span: (span.first, span.last, span.plan.encode()))
            if payer in self._enrolled:
                self._enrolled[payer][person_id] = Enrollment(tuple(spans), merged(spans))

    # ------------------------------------------------------------------------------------------- months

    def enrolled(self, payer: str) -> dict[str, Enrollment]:
        """Everybody who was ever enrolled with a payer."""
        return self._enrolled[payer]

    def counted(self, payer: str, month: int) -> dict[str, int]:
        """Whose month counts for a payer by the rule of `months count`, whatever else is said of them.

        The number is 1, or where months count in proportion the days that count.
        """
        if (payer, month) not in self._counted:
            rule = self.plan.payer(payer).months_rule or MonthsRule.DAY_1
            found = {}
            for person, enrollment in self._enrolled[payer].items():
                days = self._days(self.persons[person], enrollment, month, rule)
                if days:
                    found[person] = days
            self._counted[payer, month] = found
        return self._counted[payer, month]

    def _days(self, person: Person, enrollment: Enrollment, month: int, rule: MonthsRule) -> int:
        first, last = first_day(month), last_day(month)
        if rule is MonthsRule.PROPORTION:
            return enrollment.days_in(first, last)
        born = self.plan.members.newborns and person.born is not None and month_of(person.born) == month
        if rule is MonthsRule.ANY_DAY or born:
            return min(1, enrollment.days_in(first, last))
        day = first.replace(day=15) if rule is MonthsRule.DAY_15 else first
        return enrollment.days_in(day, day)

    def member_months(self, payer: str, month: int, counted: list[int]) -> int:
        """The member months that counted persons make for one practice, in units of 10**-12.

        In proportion, all days are added up and divided by the month's once, half even to 6 places.
        """
        rule = self.plan.payer(payer).months_rule
        if rule is not MonthsRule.PROPORTION:
            return sum(counted) * ONE
        return part_of_month(sum(counted), month)

    # ----------------------------------------------------------------------------------------- features

    def span(self, payer: str, person: str, month: int) -> Span | None:
        """What the source says of a person's enrollment with a payer in a month: on the day that counts, if any."""
        enrollment = self._enrolled[payer].get(person)
        if enrollment is None:
            return None
        first, last = first_day(month), last_day(month)
        rule = self.plan.payer(payer).months_rule or MonthsRule.DAY_1
        if rule in (MonthsRule.DAY_1, MonthsRule.DAY_15):
            day = first if rule is MonthsRule.DAY_1 else first.replace(day=15)
            found = enrollment.span_of(day, day)
            if found is not None:
                return found
        return enrollment.span_of(first, last)

    def of_span(self, span: Span, column: str) -> Value:
        """A column of an enrollment span; None where the cell is empty."""
        return span.row[self._columns[column]]

    def first_payer(self, person: str, day: datetime.date) -> str | None:
        """The payer with whom a person is enrolled on a day; of several the first by payer order, then by name."""
        found = [
            (span.order, payer.encode(), payer)
            for payer, enrolled in self._enrolled.items()
            if person in enrolled and (span := enrolled[person].span_of(day, day)) is not None
        ]
        return min(found)[2] if found else None


def merged(spans: list[Span]) -> tuple[Days, ...]:
    """The days of spans in order of their start, those that overlap or touch as one."""
    found: list[Days] = []
    for span in spans:
        if found and (found[-1][1] == datetime.date.max or span.first <= found[-1][1] + ONE_DAY):
            found[-1] = (found[-1][0], max(found[-1][1], span.last))
        else:
            found.append((span.first, span.last))
    return tuple(found)
