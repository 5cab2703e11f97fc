"""Who is there when: practices and their presence, payers in force, the months of a row, the rows below it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from mhrules.classes import frozen
from mhrules.data.population import ATTRIBUTED, ELIGIBILITY
from mhrules.data.schema import Table
from mhrules.engine.elements import ENROLLMENT, MEMBER, PROVIDER, Elements
from mhrules.engine.facts import Facts
from mhrules.engine.faults import Faulted, fault
from mhrules.engine.records import KINDS
from mhrules.engine.rows import Clock, Row, time_key
from mhrules.plan.ir import PLAIN, Expression, Reach, Value
from mhrules.plan.whole import PayerPlan, Plan
from mhrules.semantics.calendar import MONTHS_IN_YEAR, first_month_on_or_after, month_of
from mhrules.syntax.tree import Period

NO_CONTRACT = "no contract"
MEASURE = "measure"
PERIODS = frozenset(period.value for period in Period)


@frozen
class Presence:
    """When a practice is there: months from `first` to `last` (None: open), in the program years `years` (None: any).

    `start` is the month its contract years are counted from.
    """

    start: int
    first: int | None = None
    last: int | None = None
    years: frozenset[int] | None = None

    def holds(self, month: int, year: int) -> bool:
        """Whether the practice is there in a month, of which `year` is the program year."""
        return (
            (self.first is None or self.first <= month)
            and (self.last is None or month <= self.last)
            and (self.years is None or year in self.years)
        )


class World:
    """Payers, practices and months of one plan on one set of facts.

    `evaluate` and `truth` are the interpreter's, for the facts that say when a practice starts and which region it
    is in, and for what is asked of members.
    """

    def __init__(
        self,
        plan: Plan,
        facts: Facts,
        evaluate: Callable[[Expression, Row], Value],
        truth: Callable[[Expression, Row], bool],
    ) -> None:
        self.plan = plan
        self.facts = facts
        self.payers: dict[str, PayerPlan] = {
            p.name: p for p in sorted(plan.payers, key=lambda p: p.name.encode()) if p.status != NO_CONTRACT
        }
        self._evaluate = evaluate
        self.practices: tuple[str, ...] = tuple(sorted(self._roster(), key=str.encode))
        self._presence: dict[str, Presence | Faulted] = {}
        self._on_roster: dict[str, tuple[datetime.date, datetime.date] | None] = {}
        self._months: dict[Row, tuple[int, ...]] = {}
        self._in_force: dict[int, int] = {}
        self._truth = truth

    @property
    def given(self) -> bool:
        """Whether the data say who the members are, not only how many; nobody is read for this."""
        return self.facts.present(ELIGIBILITY) or self.facts.present(ATTRIBUTED)

    @cached_property
    def below(self) -> Elements:
        """Members, claims and events: all people are read when something is first asked of them."""
        return Elements(self, self._evaluate, self._truth)

    # -------------------------------------------------------------------------------------- practices

    def _roster(self) -> Iterable[str]:
        """The ids of the roster table, or without one, of all tables keyed by practice."""
        roster = self.facts.schema.roster
        if self.facts.present(roster):
            return {str(row[0]) for row in self.facts.rows(self.facts.schema.table(roster))}
        return self._years

    @cached_property
    def _years(self) -> dict[str, set[int]]:
        """By practice, the program years for which some table has a row; an empty set where no table says a time."""
        found: dict[str, set[int]] = {}
        for table in self.facts.schema.tables:
            names = self.facts.key_names(table)
            if "practice" in names:
                at = names.index("practice")
                for row in self.facts.rows(table):
                    found.setdefault(str(row[at]), set()).update(self._years_of(table, names, row))
        return found

    def _years_of(self, table: Table, names: tuple[str, ...], row: tuple[Value, ...]) -> Iterable[int]:
        """The program years that a data row speaks of."""
        year_of = self.plan.calendar.year_of
        if table.dated:
            first, last = row[len(names)], row[len(names) + 1]
            assert isinstance(first, datetime.date)
            end = month_of(last) if isinstance(last, datetime.date) else self._horizon(month_of(first))
            return range(year_of(month_of(first)), year_of(end) + 1)
        for name, value in zip(names, row, strict=False):
            if name == "year" and isinstance(value, int):
                return (value,)
            if isinstance(value, datetime.date):
                return (year_of(month_of(value)),)
            if name == "contract_year" and isinstance(value, int):
                start = self.plan.first_month + (value - 1) * MONTHS_IN_YEAR
                return (year_of(start), year_of(start + MONTHS_IN_YEAR - 1))
        return ()

    def _horizon(self, month: int) -> int:
        """How far an open span is looked at: the end of the term, or a hundred years."""
        end = self.plan.last_month
        return max(month, self.plan.first_month + 100 * MONTHS_IN_YEAR if end is None else end)

    def presence(self, practice: str) -> Presence:
        """When a practice is there.

        Raises:
            Faulted: its start is not known.
        """
        if practice not in self._presence:
            try:
                self._presence[practice] = self._presence_of(practice)
            except Faulted as error:
                self._presence[practice] = error
        found = self._presence[practice]
        if isinstance(found, Faulted):
            raise found
        return found

    def _presence_of(self, practice: str) -> Presence:
        roster = self.facts.schema.roster
        first = last = None
        years: frozenset[int] | None = None
        if self.facts.present(roster):
            first, last = self._roster_span(practice)
        elif self._years[practice]:
            years = frozenset(self._years[practice])
        start = max(self.plan.first_month, first or 0)
        if years is not None:
            start = max(start, self.plan.calendar.year_first(min(years)))
        started = self._started(practice)
        if started is not None:
            first = max(first_month_on_or_after(started), first or 0)
            start = month_of(started)
        return Presence(start, first, last, years)

    def _started(self, practice: str) -> datetime.date | None:
        """The fact that a program `starts` by; None where it names none or the fact is missing."""
        if self.plan.starts is None:
            return None
        value = self._evaluate(self.plan.starts, Row.of(practice=practice))
        assert value is None or isinstance(value, datetime.date)
        return value

    def _roster_span(self, practice: str) -> tuple[int | None, int | None]:
        """The months whose first day lies from `effective_from` to `effective_to` of the roster, where it has them."""
        months: list[int | None] = []
        for name, move in (("effective_from", first_month_on_or_after), ("effective_to", month_of)):
            day = self._roster_day(practice, name)
            months.append(None if day is None else move(day))
        return months[0], months[1]

    def on_roster(self, practice: str, day: datetime.date) -> bool:
        """Whether a practice is on the roster on a day, whether or not it has started."""
        if practice not in self._on_roster:
            self._on_roster[practice] = self._roster_days(practice)
        days = self._on_roster[practice]
        return days is not None and days[0] <= day <= days[1]

    def _roster_days(self, practice: str) -> tuple[datetime.date, datetime.date] | None:
        """The first and the last day on the roster; None for a practice that is not there."""
        if practice not in self.practices:
            return None
        if not self.facts.present(self.facts.schema.roster):
            return datetime.date.min, datetime.date.max
        first, last = (self._roster_day(practice, name) for name in ("effective_from", "effective_to"))
        return first or datetime.date.min, last or datetime.date.max

    def _roster_day(self, practice: str, name: str) -> datetime.date | None:
        roster = self.facts.schema.roster
        known = name in self.facts.indexed(roster).columns
        cell = self.facts.cell(roster, name, (practice,)) if known else None
        return cell[0] if cell and isinstance(cell[0], datetime.date) else None

    # ----------------------------------------------------------------------------------------- months

    def months(self, row: Row) -> tuple[int, ...]:
        """The months of a row's period, cut to the term, to its payer's and to its practice's presence.

        A row without time key has none of its own; a row of a baseline year is not cut.

        Raises:
            Faulted: the practice's start is not known.
        """
        if row not in self._months:
            held = self.below.holds if row.base else self._held
            self._months[row] = tuple(month for month in self._period(row) if held(row, month))
        return self._months[row]

    def months_of_payer(self, row: Row) -> tuple[int, ...]:
        """The months of a row's period, cut to the term and to its payer's presence, whatever its practice's is."""
        if row.base:
            return tuple(self._period(row))
        owner = Row.of(payer=self.lookup(row, "payer"))
        return tuple(month for month in self._period(row) if self._held(owner, month))

    def exists(self, row: Row) -> bool:
        """Whether any month is left of the row's period; a row without time key always exists.

        Raises:
            Faulted: the practice's start is not known.
        """
        return row.clock is None or bool(self.months(row))

    def first_month(self, row: Row) -> int:
        """The first month of a row's cut period.

        Raises:
            Faulted: there is none, or the practice's start is not known.
        """
        months = self.months(row)
        if not months:
            raise fault("MH999", f"{row.words(self.plan.calendar)} has no month", None)
        return months[0]

    def _period(self, row: Row) -> range:
        if row.clock is None:
            return range(0)
        kind, value = row.clock
        if kind == "contract_year":
            practice = row.get("practice")
            if practice is None:
                raise fault("MH999", "a contract year needs a practice", None)
            start = self.presence(practice).start + (value - 1) * MONTHS_IN_YEAR
            return range(start, start + MONTHS_IN_YEAR)
        return range(value, value + Period(kind).months)

    def _held(self, row: Row, month: int) -> bool:
        plan = self.plan
        if month < plan.first_month or (plan.last_month is not None and month > plan.last_month):
            return False
        payer, practice = row.get("payer"), row.get("practice")
        if payer is not None and (payer not in self.payers or month < self.payers[payer].first_month):
            return False
        there = None if practice is None or row.whole else self.presence(practice)
        if there is not None and not there.holds(month, plan.calendar.year_of(month)):
            return False
        return row.get(MEMBER) is None or self.below.holds(row, month)

    def contract_year(self, practice: str, month: int) -> int:
        """The number of the practice's contract year that holds a month, counted from 1.

        Raises:
            Faulted: the practice's start is not known.
        """
        return (month - self.presence(practice).start) // MONTHS_IN_YEAR + 1

    def in_force(self, month: int) -> int:
        """How many payers are in force in a month."""
        if month not in self._in_force:
            self._in_force[month] = sum(self._held(Row.of(payer=payer), month) for payer in self.payers)
        return self._in_force[month]

    # ------------------------------------------------------------------------------------------- rows

    def lookup(self, row: Row, key: str) -> str:
        """The row's id under a key; a declared key of the practice is read from the practice's facts.

        Raises:
            Faulted: the row has no such key, or the fact is missing.
        """
        own = row.get(key)
        if own is not None:
            return own
        practice = row.get("practice")
        if practice is None or key not in self.plan.practice_keys:
            raise fault("MH999", f"{row.words(self.plan.calendar)} has no {key}", None)
        cell = self.plan.practice_keys[key]
        value = self._evaluate(cell, Row((("practice", practice),), row.clock, row.base))
        if value is None:
            raise fault("MH702", f"`{key}` of practice `{practice}` is missing", cell.span)
        return str(value)

    def project(self, row: Row, grain: tuple[str, ...]) -> Row:
        """The row of a coarser grain that holds `row`: fewer keys, and the period of the grain's time key.

        Raises:
            Faulted: the row does not determine one of the grain's keys.
        """
        kind = time_key(grain)
        keys = tuple(sorted((key, self.lookup(row, key)) for key in grain if key != kind))
        whole = row.whole and MEMBER in grain
        return Row(keys, None if kind is None else self.clock(row, kind), row.base, whole)

    def clock(self, row: Row, kind: str) -> Clock:
        """The period of that kind that holds the row's own.

        Raises:
            Faulted: the row's period is longer than that, or it has none.
        """
        if row.clock is not None and row.clock[0] == kind:
            return row.clock
        if row.clock is None:
            raise fault("MH999", f"{row.words(self.plan.calendar)} has no {kind}", None)
        if kind == "contract_year":
            return kind, self.contract_year(self.lookup(row, "practice"), self.first_month(row))
        month = self.first_month(row) if row.clock[0] == "contract_year" else row.clock[1]
        own = MONTHS_IN_YEAR if row.clock[0] == "contract_year" else Period(row.clock[0]).months
        if own > Period(kind).months:
            raise fault("MH999", f"{row.words(self.plan.calendar)} is longer than one {kind}", None)
        return kind, self.plan.calendar.period_first(month, Period(kind))

    def elements(
        self, key: str, row: Row, same: tuple[str, ...] = (), reach: Reach = PLAIN, event: str = ""
    ) -> Iterator[Row]:
        """The rows one finds below `row` by adding a key, in order: practices, payers, months, members, visits …

        What the row says of that key is left aside: `sum(x over lines)` runs over all lines. Practices are those
        that share the row's value of the declared keys in `same`; `reach` and `event` say which elements are meant
        below the practice (of measures, `event` is the family). Claims and visits come line by line.

        Raises:
            Faulted: a practice's facts are missing, or the data say nothing of such elements.
        """
        if key == "practice":
            given = [(name, self.lookup(row, name)) for name in same]
            above = row.without(*self.plan.practice_keys)
            for practice in self.practices:
                found = above.plus(key, practice)
                alone = Row((("practice", practice),), row.clock, row.base)
                if self.exists(found) and all(self.lookup(alone, name) == value for name, value in given):
                    yield found
        elif key == "payer":
            yield from (found for payer in self.payers if self.exists(found := row.plus(key, payer)))
        elif key == "line":
            above = row.without(key)
            yield from (above.plus(key, line) for line in self._lines(above))
        elif key in self.plan.practice_keys:
            above = row.without(key)
            values = {self.lookup(found, key) for found in self.elements("practice", above)}
            yield from (above.plus(key, value) for value in sorted(values, key=str.encode))
        elif key in PERIODS:
            firsts = {self.plan.calendar.period_first(month, Period(key)) for month in self.months(row)}
            yield from (row.at((key, first), base=row.base) for first in sorted(firsts))
        elif key in (MEMBER, ENROLLMENT):
            yield from self.below.members(row, reach)
        elif key == PROVIDER:
            yield from self.below.providers(row)
        elif key == MEASURE:
            yield from (row.plus(key, name) for name in self.measures(row.get("payer"), event))
        elif key in KINDS:
            yield from self.below.record_rows(key, row, reach, event)
        else:
            raise fault("MH999", f"there is nothing below {row.words(self.plan.calendar)} called {key}", None)

    def measures(self, payer: str | None, family: str = "") -> tuple[str, ...]:
        """The measures that count for a payer, of one family or of all; without payer those that count for any."""
        names = [name for each in self.payers.values() if payer in (None, each.name) for name in each.measures]
        own = self.plan.families[family] if family else names
        return tuple(name for name in dict.fromkeys(names) if name in own)

    def _lines(self, row: Row) -> list[str]:
        """The row's payer's declared lines, or those of all payers; where none declares any, those that have facts."""
        declared = {line for payer in self._payers_of(row) for line in payer.lines}
        if declared:
            return sorted(declared, key=str.encode)
        year = None
        if row.clock is not None:
            year = self.plan.calendar.year_of(self.first_month(row))
        return sorted(set(self.facts.lines(row, year)), key=str.encode)

    def _payers_of(self, row: Row) -> list[PayerPlan]:
        """The row's payer, or all."""
        payer = row.get("payer")
        return [self.payers[payer]] if payer is not None else list(self.payers.values())
