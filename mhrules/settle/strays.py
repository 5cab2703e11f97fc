"""Rows of the data that nothing reads because of their key, and gaps in the panel: named, never passed over."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from attrs import evolve

from mhrules.classes import frozen
from mhrules.data.rules import layout
from mhrules.data.schema import Column, Table
from mhrules.diagnostics.model import DataPlace, Diagnostic
from mhrules.diagnostics.registry import finding
from mhrules.engine.facts import Facts
from mhrules.engine.rows import Row
from mhrules.engine.world import World
from mhrules.plan import ir
from mhrules.plan.whole import Plan
from mhrules.semantics.calendar import MONTHS_IN_YEAR, month_label, month_of
from mhrules.syntax.tree import Period

EFFECTIVE = ("effective_from", "effective_to")


Values = tuple[object, ...]


@frozen
class Found:
    """Rows that have the same values in some of their keys: how many they are, and all keys of the first."""

    values: Values
    rows: int
    first: Values


class Keys(Protocol):
    """The keys of the facts' rows, looked at by something that need not read them one by one."""

    def distinct(self, table: Table, columns: Sequence[Column]) -> Iterable[Values]:
        """The distinct values of some columns of a table."""
        ...

    def found(self, table: Table, columns: Sequence[Column], values: Sequence[Values]) -> Iterable[Found]:
        """The rows with such values in some columns, by values, in the order of the first rows."""
        ...


@frozen
class _ReadKeys:
    """The keys as they are read row by row."""

    _facts: Facts

    def distinct(self, table: Table, columns: Sequence[Column]) -> Iterable[Values]:
        """The values of each row."""
        at = [self._facts.columns(table.name)[column.name] for column in columns]
        return dict.fromkeys(tuple(row[i] for i in at) for row in self._facts.rows(table))

    def found(self, table: Table, columns: Sequence[Column], values: Sequence[Values]) -> Iterable[Found]:
        """The rows with such values, by values."""
        at = [self._facts.columns(table.name)[column.name] for column in columns]
        by_values: dict[Values, Found] = {}
        wanted = frozenset(values)
        for row in self._facts.rows(table):
            own = tuple(row[i] for i in at)
            if own in wanted:
                before = by_values.get(own, Found(own, 0, tuple(row[: len(table.keys)])))
                by_values[own] = evolve(before, rows=before.rows + 1)
        return by_values.values()


def strays(world: World, year: int, keys: Keys | None = None) -> Iterator[Diagnostic]:
    """Warnings of rows that lie outside what is settled (MH738) and of panels with gaps in the year (MH739).

    With `keys` the rows of tables of people are not read one by one.
    """
    finder = _Finder(world, keys or _ReadKeys(world.facts))
    yield from finder.reversed_presence()
    yield from finder.unread_rows()
    yield from finder.homeless()
    yield from finder.panel_gaps(year)


class _Finder:
    """Looks through the data of one world."""

    def __init__(self, world: World, keys: Keys) -> None:
        self.world = world
        self._keys = keys
        self.plan: Plan = world.plan
        self.practices = frozenset(world.practices)
        self._groups: dict[str, frozenset[str]] = {}

    def reversed_presence(self) -> Iterator[Diagnostic]:
        """Participants of the roster whose last day lies before their first (MH632)."""
        facts, roster = self.world.facts, self.world.facts.schema.roster
        if not facts.present(roster) or not set(EFFECTIVE) <= set(facts.indexed(roster).columns):
            return
        for practice in self.world.practices:
            days = [facts.cell(roster, name, (practice,)) for name in EFFECTIVE]
            first, last = (day[0] if day else None for day in days)
            if isinstance(first, datetime.date) and isinstance(last, datetime.date) and first > last:
                yield finding(
                    "MH632",
                    f"{self.plan.participant} `{practice}` ends on {last}, before it begins on {first}",
                    place=DataPlace(roster, None, EFFECTIVE[1], str(last)),
                    help="correct one of the two days",
                )

    def unread_rows(self) -> Iterator[Diagnostic]:
        """Rows that no line can read, by table and reason: how many, and the first of them."""
        facts = self.world.facts
        for table in facts.schema.tables:
            names = facts.key_names(table)
            deciding = {n: c for n, c in zip(names, table.keys, strict=True) if n in self._deciding}
            if not deciding or not facts.present(table.name):
                continue
            columns = tuple(deciding.values())
            unread = {
                values: reason
                for values in self._keys.distinct(table, columns)
                if (reason := self.reason(dict(zip(deciding, values, strict=True)))) is not None
            }
            counts: Counter[str] = Counter()
            firsts: dict[str, str] = {}
            for found in self._keys.found(table, columns, tuple(unread)) if unread else ():
                reason = unread[found.values]
                counts[reason] += found.rows
                if reason not in firsts:
                    firsts[reason] = self.words(dict(zip(names, found.first, strict=True)))
            for reason, first in firsts.items():
                one = counts[reason] == 1
                count = "1 row" if one else f"{counts[reason]} rows"
                yield finding(
                    "MH738",
                    f"{count} of `{table.name}` {'is' if one else 'are'} not read: {reason}",
                    place=DataPlace(table.name),
                    notes=f"{'it is' if one else 'the first is'} {first}",
                    help="take them out, or correct their keys",
                )

    def homeless(self) -> Iterator[Diagnostic]:
        """Facts by which members belong to a practice (`members to FACT`), where they name none: they count nowhere."""
        facts = self.world.facts
        for table_name, column in sorted(homes(self.plan)):
            if not facts.present(table_name):
                continue
            table, at = facts.schema.table(table_name), facts.columns(table_name)[column]
            described = next(each for each in layout(table) if each.name == column)
            if all(v in self.practices for (v,) in self._keys.distinct(table, (described,)) if v is not None):
                continue
            names = facts.key_names(table)
            members: dict[object, str] = {}
            for row in facts.rows(table):
                keys = dict(zip(names, row, strict=False))
                if row[at] is not None and row[at] not in self.practices and self.reason(keys) is None:
                    members.setdefault(keys["member"], f"{self.words(keys)}, {column} `{row[at]}`")
            if members:
                one = len(members) == 1
                of = "1 member" if one else f"{len(members)} members"
                yield finding(
                    "MH738",
                    f"`{column}` of {of} names no {self.plan.participant}: what the program sums by it leaves them out",
                    place=DataPlace(table_name, None, column),
                    notes=f"{'it is' if one else 'the first is'} {next(iter(members.values()))}",
                    help=f"write the id as table `{facts.schema.roster}` has it: `p1` and `P1` differ",
                )

    @property
    def _deciding(self) -> frozenset[str]:
        """The keys that `reason` looks at."""
        return frozenset(("practice", "payer", "line", "measure", "period", "month", "year", *self.plan.practice_keys))

    def reason(self, keys: Mapping[str, object]) -> str | None:
        """Why nothing reads a row of those keys; None if something can."""
        plan = self.plan
        payer = None if keys.get("payer") is None else str(keys["payer"])
        if payer is not None and payer not in self.world.payers:
            return "the payer has no contract"
        own = self.world.payers[payer].lines if payer is not None else ()
        if "line" in keys and own and keys["line"] not in own:
            return "the line of business is not one of the payer's"
        if "measure" in keys and (unread := self.unread_result(str(keys["measure"]), str(keys["period"]))):
            return unread
        months = self.months(keys)
        end = plan.last_month
        if months is not None and (months[1] < plan.first_month or (end is not None and months[0] > end)):
            return "the time lies outside the program's term"
        if months is not None and payer is not None and months[1] < self.world.payers[payer].first_month:
            return "the payer does not owe yet at that time"
        for key in plan.practice_keys:
            if key in keys and "practice" not in keys and str(keys[key]) not in self.groups(key):
                return f"no {plan.participant} has that {key.replace('_', ' ')}"
        return None

    def unread_result(self, measure: str, period: str) -> str | None:
        """Why nothing reads a reported result; None if something can."""
        read = {plan.period for plan in self.plan.measures if plan.name == measure and plan.kind == "reported"}
        if not read:
            return "the program has no reported measure of that name"
        found = self.period(period)
        if found is None:
            return "the period is none of the program's calendar"
        return None if found[0].value in {*read, Period.YEAR.value} else "nothing reads the measure in such a period"

    def period(self, label: str) -> tuple[Period, int] | None:
        """A period that is written as postings name it; None of anything else."""
        calendar = self.plan.calendar
        try:
            period, first = calendar.parse(label)
        except (ValueError, IndexError):
            return None
        return (period, first) if calendar.label(first, period) == label else None

    def months(self, keys: Mapping[str, object]) -> tuple[int, int] | None:
        """The first and last month that a row speaks of; None where its keys name no time."""
        month, year = keys.get("month"), keys.get("year")
        if isinstance(month, datetime.date):
            return month_of(month), month_of(month)
        named = self.period(str(keys["period"])) if "measure" in keys else None
        if named is not None:
            return named[1], named[1] + named[0].months - 1
        if isinstance(year, int):
            first = self.plan.calendar.year_first(year)
            # Facts of earlier years can be those of a baseline or of the year before the term.
            earlier = year < self.plan.calendar.year_of(self.plan.first_month)
            return (first, self.plan.first_month) if earlier else (first, first + MONTHS_IN_YEAR - 1)
        return None

    def groups(self, key: str) -> frozenset[str]:
        """The values of a declared key that some participant has."""
        if key not in self._groups:
            found = (self.world.lookup(Row.of(practice=practice), key) for practice in self.world.practices)
            self._groups[key] = frozenset(found)
        return self._groups[key]

    def words(self, keys: Mapping[str, object]) -> str:
        """A row as people are told of it."""
        texts = []
        for name, value in keys.items():
            word = self.plan.participant if name == "practice" else name.replace("_", " ")
            shown = month_label(month_of(value)) if isinstance(value, datetime.date) else value
            texts.append(f"{word} `{shown}`")
        return ", ".join(texts)

    def panel_gaps(self, year: int) -> Iterator[Diagnostic]:
        """Pairs of payer and participant that have a panel in some months of the year and none in others."""
        facts, name = self.world.facts, self.world.facts.schema.panel
        if not facts.present(name):
            return
        names = facts.key_names(facts.schema.table(name))
        have: dict[tuple[str, str], set[int]] = {}
        for row in facts.rows(facts.schema.table(name)):
            keys = dict(zip(names, row, strict=False))
            if isinstance(keys["month"], datetime.date):
                have.setdefault((str(keys["payer"]), str(keys["practice"])), set()).add(month_of(keys["month"]))
        gaps = []
        for (payer, practice), months in sorted(have.items()):
            if payer not in self.world.payers or practice not in self.practices:
                continue
            first = self.plan.calendar.year_first(year)
            owed = self.world.months(Row.of(("year", first), payer=payer, practice=practice))
            if months & set(owed):
                gaps += [(payer, practice, month) for month in owed if month not in months]
        if gaps:
            payer, practice, month = gaps[0]
            count = "1 month has" if len(gaps) == 1 else f"{len(gaps)} months have"
            where = f"payer `{payer}`, {self.plan.participant} `{practice}`, {month_label(month)}"
            yield finding(
                "MH739",
                f"{count} no row in `{name}` in {year}: 0 member months",
                place=DataPlace(name),
                notes=f"the first is {where}",
                help="give a row for every month, with 0 where nobody is attributed",
            )


def homes(plan: Plan) -> frozenset[tuple[str, str]]:
    """Table and column of each fact that says to which practice a member belongs: `sum(x over members to FACT)`."""
    parts = (part for each in _expressions(plan) for part in each.walk())
    among = [part.reach.among for part in parts if isinstance(part, ir.Aggregate) and part.reach.among is not None]
    return frozenset(
        (cell.table, cell.column)
        for each in among
        for test in each.walk()
        if isinstance(test, ir.Compare) and isinstance(test.right, ir.RowKey) and test.right.key == "practice"
        for cell in test.left.walk()
        if isinstance(cell, ir.Cell)
    )


def _expressions(plan: Plan) -> Iterator[ir.Expression]:
    """What is worked out anywhere in a plan: quantities, and what stands in payments and rules themselves."""
    yield from (quantity.expression for quantity in plan.quantities)
    yield from (requirement.condition for group in plan.requirements for requirement in group.requirements)
    yield from (ensure.condition for ensure in plan.ensures)
    for payment in plan.payments.values():
        for form in payment.forms.values():
            yield from (form.pays, *form.caps, *form.floors, *(gate.condition for gate in form.gates))
            yield from (let.expression for let in form.lets)
            if form.where is not None:
                yield form.where
