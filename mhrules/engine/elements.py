"""What stands below a practice: its members, their claims, visits and events, and what is known of each."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from attrs import evolve

from mhrules.data import population
from mhrules.engine.attribution import Attribution
from mhrules.engine.faults import fault
from mhrules.engine.people import People
from mhrules.engine.records import (
    CLAIM,
    EVENT,
    KINDS,
    LINE,
    PRESCRIPTION,
    RESULT,
    STATE,
    VISIT,
    Record,
    Records,
    days_before,
)
from mhrules.engine.rows import Row
from mhrules.exact import ONE, Rounding, divide
from mhrules.plan import ir
from mhrules.semantics.builtins import ELEMENTS, OF_PEOPLE
from mhrules.semantics.calendar import first_day, last_day, month_of

if TYPE_CHECKING:
    from mhrules.engine.world import World

MEMBER = "member"
ENROLLMENT = "enrollment"
PROVIDER = "provider"
ATTRIBUTED_AT_LEAST = "attributed at least "
OF_PERSON = ("gender", "zip_code")
OF_SPAN = ("dual", "hospice", "esrd", "line", "dual_status_code", "medicare_status_code")


class Elements:
    """Members and records of one world. `evaluate` and `truth` are the interpreter's."""

    def __init__(
        self,
        world: World,
        evaluate: Callable[[ir.Expression, Row], ir.Value],
        truth: Callable[[ir.Expression, Row], bool],
    ) -> None:
        self.world = world
        self.plan = world.plan
        self.people = People(world.plan, world.facts)
        self.records = Records(world.plan, world.facts, self.people, world.practices)
        self.attribution = Attribution(self.records, truth, world.on_roster)
        self._evaluate = evaluate
        self._bounds = world.facts.bounds
        self._services: dict[tuple[str, str], ir.Value] = {}
        self._costs: dict[tuple[str, str], dict[int, list[Record]]] = {}

    @property
    def given(self) -> bool:
        """Whether the data say who the members are, not only how many."""
        return self.world.given

    def require(self, what: str) -> None:
        """Refuse to look below the practice where the data only count members.

        Raises:
            Faulted: they do.
        """
        if not self.given:
            raise fault(
                "MH740",
                f"the program asks for {what}, and the data only count members, in table `{self.plan.schema.panel}`",
                None,
                help=f"give the members and their enrollment, in table `{population.ELIGIBILITY}`",
            )

    # ------------------------------------------------------------------------------------------- months

    def holds(self, row: Row, month: int) -> bool:
        """Whether a month is one of the row's member: attributed to the row's practice, or counted at all.

        Raises:
            Faulted: attribution cannot be worked out.
        """
        member, payer, practice = row.get(MEMBER), row.get("payer"), row.get("practice")
        if member is None or payer is None or self.chosen(row):
            return True  # a row without member, or of one record, whose member may be attributed elsewhere
        if practice is None or row.whole:
            return member in self.people.counted(payer, month)
        return member in self.attribution.members(payer, practice, month)

    def member_months(self, row: Row) -> int:
        """Member months of the row's payer and practice (and member) in its months, in units of 10**-12."""
        payer, practice = self.world.lookup(row, "payer"), self.world.lookup(row, "practice")
        member = row.get(MEMBER)
        total = 0
        for month in self.world.months(row):
            if member is None:
                self._bounds.members(payer, practice, month)
            days = self.attribution.members(payer, practice, month)
            counted = list(days.values()) if member is None else [days.get(member, 0)]
            total += self.people.member_months(payer, month, counted)
        return total

    def counted(self, row: Row) -> dict[int, list[int]]:
        """By month of a row's period, what each of its members counts (`Outcome.days`)."""
        payer, practice = self.world.lookup(row, "payer"), self.world.lookup(row, "practice")
        months = self.world.months(row)
        for month in months:
            self._bounds.members(payer, practice, month)
        return {month: list(self.attribution.members(payer, practice, month).values()) for month in months}

    def days(self, row: Row, month: int) -> int:
        """What a month of the row's member counts: 1, or where months count in proportion its days."""
        payer, practice = self.world.lookup(row, "payer"), self.world.lookup(row, "practice")
        return self.attribution.members(payer, practice, month)[self.world.lookup(row, MEMBER)]

    def part_here(self, value: int, row: Row) -> int:
        """The part of a member's value that falls to the row's practice: by the months attributed to each practice.

        Half even to 12 places. Months in which the payer's member was attributed to nobody divide nothing.
        """
        payer, member = self.world.lookup(row, "payer"), self.world.lookup(row, MEMBER)
        self._bounds.person(member)
        months = self.world.months_of_payer(row)
        outcomes = (self.attribution.outcomes(payer, month).get(member) for month in months)
        anywhere = sum(outcome is not None and outcome.practice != "" for outcome in outcomes)
        return divide(value * len(self._months_here(row)), anywhere, Rounding.HALF_EVEN)

    def _months_here(self, row: Row) -> tuple[int, ...]:
        """The months of the row's member that are attributed to the row's practice, or without one count at all."""
        return self.world.months(evolve(row, whole=False))

    def people_of(self, row: Row) -> set[str]:
        """The members attributed to the row's practice by its payer in a month of its period."""
        payer, practice = self.world.lookup(row, "payer"), self.world.lookup(row, "practice")
        months = self.world.months(row)
        for month in months:
            self._bounds.members(payer, practice, month)
        return {person for month in months for person in self.attribution.members(payer, practice, month)}

    # ----------------------------------------------------------------------------------------- elements

    def members(self, row: Row, reach: ir.Reach) -> list[Row]:
        """The rows of the members attributed here in a month of the row's period, sorted by person."""
        self.require("each member")
        found = self.people_of(row)
        above = evolve(row, whole=reach.whole_period)
        return [above.plus(MEMBER, person) for person in sorted(found, key=str.encode)]

    def record_rows(self, kind: str, row: Row, reach: ir.Reach, event: str) -> list[Row]:
        """The rows of single records below a row: lines of claims and visits stand alone, and are grouped later."""
        self.require(f"{kind.replace('_', ' ')}s")
        return [row.plus(kind, self.records.one(record)) for record in self._below(kind, row, reach, event)]

    def grouped(self, kind: str, rows: Iterable[Row], *, across: bool = False) -> list[Row]:
        """Rows of single lines put together to the claims or visits that they make; others as they are.

        `across` payers, what two of them paid for one visit is one visit.
        """
        if kind not in (CLAIM, VISIT):
            return list(rows)
        apart = (kind, "payer") if across else (kind,)
        found: dict[object, list[tuple[Row, Record]]] = {}
        for row in rows:
            record = self.record(row)
            assert record is not None
            what = record.claim if kind == CLAIM else record.visit
            alike = tuple([pair for pair in row.keys if pair[0] not in apart])
            found.setdefault((alike, row.clock, row.base, row.whole, what), []).append((row, record))
        return [group[0][0].plus(kind, self.records.group([record for _, record in group])) for group in found.values()]

    def providers(self, row: Row) -> list[Row]:
        """The rows of the practice's providers in the row's period; in a month those of its first day."""
        months = self.world.months(row)
        if not months:
            return []
        first, last = first_day(months[0]), last_day(months[-1])
        if row.clock is not None and row.clock[0] == "month":
            last = first
        practice = self.world.lookup(row, "practice")
        return [row.plus(PROVIDER, npi) for npi in self.records.providers(practice, first, last)]

    def _below(self, kind: str, row: Row, reach: ir.Reach, event: str) -> Iterator[Record]:
        payer = row.get("payer")
        for record in self._whoever_paid(kind, row, reach, event):
            if payer is None or kind in (STATE, RESULT) or self.records.payer_of(record) == payer:
                yield record

    def _whoever_paid(self, kind: str, row: Row, reach: ir.Reach, event: str) -> Iterator[Record]:
        member = row.get(MEMBER)
        if reach.billed or (kind == EVENT and member is None):
            yield from self._done_here(kind, row, reach, event)
            return
        holders = [row] if member is not None else self.members(row, ir.PLAIN)
        for holder in holders:
            yield from self._of_member(kind, holder, reach, event)

    def _done_here(self, kind: str, row: Row, reach: ir.Reach, event: str) -> Iterator[Record]:
        """What the row's practice billed or did, for the row's member or for anybody."""
        member, practice = row.get(MEMBER), self.world.lookup(row, "practice")
        if member is None:
            self._bounds.billed(practice)
        months: Iterable[int] = self.world.months(row)
        since = until = None
        if reach.within is not None:
            until = self.as_of(row)
            since = days_before(until, reach.within)
            months = range(month_of(since), month_of(until) + 1)
        for month in months:
            for record in self.records.of_biller(kind, event, practice, month):
                in_time = since is None or until is None or since <= record.date < until
                if in_time and (member is None or record.person == member):
                    yield record

    def _of_member(self, kind: str, row: Row, reach: ir.Reach, event: str) -> Iterator[Record]:
        """The records of the row's member: looked back to, in force in its period, or of the months attributed here."""
        records = self.records.of_person(kind, event, self.world.lookup(row, MEMBER))
        practice = row.get("practice")
        if kind == EVENT and practice is not None:
            records = [record for record in records if record.practice == practice]
        if not records:
            return
        if reach.within is not None:
            day = self.as_of(row)
            since = days_before(day, reach.within)
            yield from (r for r in records if since <= r.date < day)
            return
        period = self.world.months(row.without(MEMBER))
        if kind == STATE and period:
            first, last = first_day(period[0]), last_day(period[-1])
            yield from (r for r in records if r.date <= last and not _over(r, first))
            return
        months = set(period if kind == RESULT or reach.whole_period else self.world.months(row))
        yield from (r for r in records if r.month in months)

    def as_of(self, row: Row) -> datetime.date:
        """The day from which a look-back is counted: a month's first, a longer period's day after the last.

        Raises:
            Faulted: the row has no month.
        """
        first = self.world.first_month(row.without(MEMBER))
        if row.clock is not None and row.clock[0] == "month":
            return first_day(first)
        return first_day(self.world.months(row.without(MEMBER))[-1] + 1)

    # ----------------------------------------------------------------------------------------- features

    def record(self, row: Row) -> Record | None:
        """The record of a row that has a single one."""
        found = self.chosen(row)
        return found[0] if len(found) == 1 else None

    def chosen(self, row: Row) -> tuple[Record, ...]:
        """The records that the row's element is made of."""
        for kind in KINDS:
            handle = row.get(kind)
            if handle is not None:
                return self.records.known(kind, handle)
        return ()

    def feature(self, feature: ir.Feature, row: Row) -> ir.Value:
        """What is known of the row's element.

        Raises:
            Faulted: it is not known.
        """
        if feature.collection in OF_PEOPLE:
            return self._of_person(feature, row)
        records = self._asked(feature, row)
        if not records:
            raise fault("MH999", f"{row.words(self.plan.calendar)} has no {feature.collection}", feature.span)
        if feature.column == "billed_by":
            return any(record.practice == row.get("practice") for record in records)
        if feature.column == "attributed":
            return any(self._attributed(record, row) for record in records)
        values = [self._value(feature, record) for record in records]
        if feature.column in population.SUMMED:
            return sum(value for value in values if isinstance(value, int))
        if any(value != values[0] for value in values):
            text = f"`{feature.column}` differs between the lines of {row.words(self.plan.calendar)}"
            raise fault("MH744", text, feature.span, help=f"ask for `{feature.column}` in `where`, line by line")
        return values[0]

    def _asked(self, feature: ir.Feature, row: Row) -> tuple[Record, ...]:
        """The records that a feature is of: of records inside others, those of its own kind."""
        kind = ELEMENTS[feature.collection].key if feature.collection in ELEMENTS else EVENT
        handle = row.get(kind)
        return self.chosen(row) if handle is None else self.records.known(kind, handle)

    def _value(self, feature: ir.Feature, record: Record) -> ir.Value:
        if feature.column == "service" and self.plan.members.service is not None:
            return self._service(self.plan.members.service, record)
        if feature.column in population.TEXTS:
            return record.values.get(feature.column, "")  # encounters have fewer than claim lines
        value = record.values.get(feature.column)
        if value is None and not feature.type.missing:
            raise self.records.absent(record, feature.column, feature.span)
        return value

    def _service(self, rule: ir.Expression, record: Record) -> ir.Value:
        """The service class that the program gives a line; what `classify` asks of it is asked once."""
        key = (record.table, record.id)
        if key not in self._services:
            kind = VISIT if record.table == population.ENCOUNTER else LINE
            row = Row.of(None, member=record.person, **{kind: self.records.one(record)})
            self._services[key] = self._evaluate(rule, row)
        return self._services[key]

    def _attributed(self, record: Record, row: Row) -> bool:
        payer, practice = self.world.lookup(row, "payer"), self.world.lookup(row, "practice")
        return record.person in self.attribution.members(payer, practice, record.month)

    def _of_person(self, feature: ir.Feature, row: Row) -> ir.Value:
        name, member = feature.column, self.world.lookup(row, MEMBER)
        person = self.people.persons[member]
        if name.startswith(ATTRIBUTED_AT_LEAST):
            return len(self._months_here(row)) >= int(name.removeprefix(ATTRIBUTED_AT_LEAST).split()[0])
        if name == "months_attributed":
            return len(self._months_here(row)) * ONE
        if name == "cost":
            return self._cost(feature, row)
        if name == "age":
            age = person.age(self._birthday_reckoned(row))
            return age * ONE if age is not None else self._unknown(feature, "birth_date", population.MEMBER, row)
        if name in OF_PERSON:
            return person.gender if name == "gender" else person.zip_code
        return self._of_span(feature, row)

    def _of_span(self, feature: ir.Feature, row: Row) -> ir.Value:
        payer, member = self.world.lookup(row, "payer"), self.world.lookup(row, MEMBER)
        record = self.chosen(row)
        months = (record[0].month,) if record else self.world.months(row)
        span = self.people.span(payer, member, months[-1]) if months else None
        if span is None:
            raise fault(
                "MH743",
                f"`{feature.column}` is not known for {row.words(self.plan.calendar)}: the person is not enrolled then",
                feature.span,
                help="give the enrollment that the claim or event belongs to",
            )
        if feature.column == "plan":
            return span.plan
        if feature.column == "payer_order":
            return span.order * ONE
        value = self.people.of_span(span, feature.column)
        if value is None and feature.column == "line":
            lines = self.plan.payer(payer).lines
            value = lines[0] if len(lines) == 1 else None
        if value is None and feature.column not in ("dual_status_code", "medicare_status_code"):
            return self._unknown(feature, feature.column, population.ELIGIBILITY, row)
        return "" if value is None else value

    def _birthday_reckoned(self, row: Row) -> datetime.date:
        """The day on which ages are reckoned: a month's first, a longer period's last."""
        months = self.world.months(row.without(MEMBER))
        monthly = row.clock is not None and row.clock[0] == "month"
        return first_day(months[0]) if monthly else last_day(months[-1])

    def _unknown(self, feature: ir.Feature, column: str, table: str, row: Row) -> ir.Value:
        if feature.type.missing:
            return None
        words = row.words(self.plan.calendar)
        raise fault(
            "MH743",
            f"`{column}` in table `{table}` is empty for {words}, and the program asks for it",
            feature.span,
            help="give it; what is not known is neither yes nor no",
        )

    def _cost(self, feature: ir.Feature, row: Row) -> int:
        """What the row's member cost the payer in its months, medical and pharmacy."""
        payer, member = self.world.lookup(row, "payer"), self.world.lookup(row, MEMBER)
        if (payer, member) not in self._costs:
            by_month: dict[int, list[Record]] = {}
            kinds = [LINE, PRESCRIPTION] if self.world.facts.knows(population.PHARMACY) else [LINE]
            for kind in kinds:
                for record in self.records.of_person(kind, "", member):
                    if record.payer == payer:
                        by_month.setdefault(record.month, []).append(record)
            self._costs[payer, member] = by_month
        found, name = 0, self.plan.members.cost
        for month in self.world.months(row):
            for record in self._costs[payer, member].get(month, ()):
                value = record.values[name]
                if not isinstance(value, int):
                    raise self.records.absent(record, name, feature.span)
                found += value
        return found


def _over(record: Record, day: datetime.date) -> bool:
    """Whether a condition was resolved before a day."""
    resolved = record.values["resolved"]
    return isinstance(resolved, datetime.date) and resolved < day
