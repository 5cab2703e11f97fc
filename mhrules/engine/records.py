"""What happened to people: claim lines, visits, prescriptions, events, conditions and results, by person and biller."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable

from attrs import field

from mhrules.classes import frozen
from mhrules.data import population
from mhrules.data.schema import Column, Table
from mhrules.engine.facts import DataRow, Facts, at_twelve_places
from mhrules.engine.faults import Faulted, fault
from mhrules.engine.people import People
from mhrules.engine.rows import JOINED
from mhrules.plan.ir import Lookback, Value
from mhrules.plan.whole import Plan
from mhrules.semantics.calendar import MONTHS_IN_YEAR, last_day, month_of
from mhrules.source import Span

LINE = "claim_line"
CLAIM = "claim"
VISIT = "visit"
PRESCRIPTION = "prescription"
EVENT = "event"
STATE = "condition"
RESULT = "lab_result"
KINDS = (LINE, CLAIM, VISIT, PRESCRIPTION, EVENT, STATE, RESULT)
"""Elements that are records, or groups of records."""
NEVER_TEXT = population.SUMMED | {"result", "resolved"}
"""Features that are missing where the cell is empty; of others the empty text is a value."""
OF_EVENTS = "event_"
"""How the names of tables of events begin."""

DATES = {
    population.PHARMACY: "dispensing_date",
    population.ENCOUNTER: "encounter_start_date",
    population.CONDITION: "recorded_date",
    population.LAB_RESULT: "result_date",
}
FIRST_ENTRY = 1
"""The entry of a claim line that says when it was and who billed it; others reverse or correct it."""
NUMBERS = (("billing_npi", "npi"), ("billing_tin", "tin"))
"""Columns of claim lines that may say who billed, each with the column of practices in which it is looked up."""


@frozen(eq=False)
class Record:
    """One row of what happened, reversals netted: `practice` of the program that billed or saw the person, or "".

    `place` tells visits of one day apart: the practice, or what else the source says of the biller. `values` are the
    features that the program can ask for, numbers in units of 10**-12. `month` is the one of `date`.
    """

    id: str
    table: str
    person: str
    payer: str | None
    practice: str
    place: str
    date: datetime.date
    claim: str
    values: dict[str, Value] = field(repr=False)
    month: int = field(init=False, repr=False)

    @month.default
    def _of_date(self) -> int:
        return month_of(self.date)

    @property
    def visit(self) -> tuple[str, str, datetime.date]:
        """What makes records one visit: one person, one practice, one day."""
        return self.person, self.place, self.date


def days_before(day: datetime.date, within: Lookback) -> datetime.date:
    """The first day of a look-back that ends before `day`; a day that a month lacks becomes its last."""
    month = month_of(day) - within.months
    start = day.replace(year=month // MONTHS_IN_YEAR, month=month % MONTHS_IN_YEAR + 1, day=1)
    return start.replace(day=min(day.day, last_day(month).day)) - datetime.timedelta(days=within.days)


class Records:
    """The records of one data set, read when first asked for."""

    def __init__(self, plan: Plan, facts: Facts, people: People, practices: Iterable[str]) -> None:
        self.plan = plan
        self.facts = facts
        self.people = people
        self._practices = frozenset(practices)
        self._tables: dict[str, list[Record]] = {}
        self._by_person: dict[tuple[str, str], dict[str, list[Record]]] = {}
        self._by_biller: dict[tuple[str, str], dict[tuple[str, int], list[Record]]] = {}
        self._known: dict[tuple[str, str], tuple[Record, ...]] = {}  # by table and handle
        self._columns: dict[str, dict[str, tuple[int, Column]]] = {}  # by table and feature
        self._kept = {
            LINE: population.MEDICAL,
            CLAIM: population.MEDICAL,
            VISIT: population.ENCOUNTER if facts.present(population.ENCOUNTER) else population.MEDICAL,
            PRESCRIPTION: population.PHARMACY,
            STATE: population.CONDITION,
            RESULT: population.LAB_RESULT,
        }
        self._npi: dict[str, list[tuple[datetime.date, datetime.date, str]]] | None = None
        self._billers: dict[str, dict[str, str]] = {}
        self.ambiguous: dict[str, int] = {}  # providers of two practices on a day -> claim lines of no practice

    # ------------------------------------------------------------------------------------------ finding

    def of_person(self, kind: str, event: str, person: str) -> list[Record]:
        """A person's records of a kind, in order of date and id.

        Raises:
            Outside: some may be missing from the data.
        """
        self.facts.bounds.person(person)
        return self._index(kind, event)[0].get(person, [])

    def of_biller(self, kind: str, event: str, practice: str, month: int) -> list[Record]:
        """What a practice billed or did in a month, in order of date and id.

        Raises:
            Outside: some of it may be missing from the data.
        """
        self.facts.bounds.done(practice, month)
        return self._index(kind, event)[1].get((practice, month), [])

    def known(self, kind: str, handle: str) -> tuple[Record, ...]:
        """The records that a row's element stands for: one, or those of a claim or visit that were chosen."""
        return self._known[self._table_of(kind, handle.partition(" ")[0]), handle]

    def one(self, record: Record) -> str:
        """The name of a single record as an element, which tells it from all others of its kind."""
        handle = record.id
        if record.table.startswith(OF_EVENTS):
            handle = f"{record.table.removeprefix(OF_EVENTS)} {record.id}"
        self._known.setdefault((record.table, handle), (record,))
        return handle

    def group(self, records: list[Record]) -> str:
        """The name of several records as one element: a claim, a visit."""
        handle = JOINED.join(record.id for record in records)
        self._known.setdefault((records[0].table, handle), tuple(records))
        return handle

    def absent(self, record: Record, feature: str, span: Span) -> Faulted:
        """The fault that a figure of a record is asked for at a place, and its cell is empty."""
        column = population.FEATURES.get(record.table, {}).get(feature, feature)
        return fault(
            "MH743",
            f"`{column}` of `{record.id}` in table `{record.table}` is empty, and the program asks for it",
            span,
            label="asked for here",
            help="give the figure; an amount that is not known is not zero",
        )

    def payer_of(self, record: Record) -> str | None:
        """Whose record it is: the source's word, or else the person's first payer on that day."""
        return record.payer if record.payer is not None else self.people.first_payer(record.person, record.date)

    def _index(self, kind: str, event: str) -> tuple[dict[str, list[Record]], dict[tuple[str, int], list[Record]]]:
        key = (kind, event)
        if key not in self._by_person:
            persons: dict[str, list[Record]] = {}
            billers: dict[tuple[str, int], list[Record]] = {}
            for record in sorted(self._of_kind(kind, event), key=lambda record: (record.date, record.id.encode())):
                persons.setdefault(record.person, []).append(record)
                if record.practice:
                    billers.setdefault((record.practice, record.month), []).append(record)
            self._by_person[key], self._by_biller[key] = persons, billers
        return self._by_person[key], self._by_biller[key]

    def _table_of(self, kind: str, event: str) -> str:
        """The table that has the records of a kind."""
        if kind == EVENT:
            return OF_EVENTS + event
        return self._kept[kind]

    def _of_kind(self, kind: str, event: str) -> list[Record]:
        table = self._table_of(kind, event)
        if table == population.MEDICAL and not self.facts.present(table):
            wanted = f"`{population.ENCOUNTER}` or `{population.MEDICAL}`" if kind == VISIT else "`medical_claim`"
            words = f"the program asks for {kind.replace('_', ' ')}s, and the data have no table {wanted}"
            raise fault("MH741", words, None, help="give the table, empty if there were none")
        if kind == EVENT:
            return self._read(table, self._events)
        return self._read(table, self._claims if table in population.CLAIMS else self._plain)

    def _read(self, table: str, reader: Callable[[Table], list[Record]]) -> list[Record]:
        if table not in self._tables:
            self._tables[table] = reader(self.facts.schema.table(table)) if self.facts.present(table) else []
        return self._tables[table]

    # ------------------------------------------------------------------------------------------ reading

    def _values(self, table: Table, row: DataRow, at: dict[str, int]) -> dict[str, Value]:
        """The features of a row: an empty text is the empty text, an empty number or day is missing."""
        if table.name not in self._columns:
            columns = {column.name: column for column in (*table.keys, *table.columns)}
            features = population.FEATURES.get(table.name, {})
            self._columns[table.name] = {feature: (at[name], columns[name]) for feature, name in features.items()}
        found: dict[str, Value] = {}
        for feature, (position, column) in self._columns[table.name].items():
            value = row[position]
            if value is None:
                found[feature] = None if feature in NEVER_TEXT else ""
            else:
                found[feature] = value if isinstance(value, str) else at_twelve_places(value, column)
        return found

    def _plain(self, table: Table) -> list[Record]:
        """Encounters, conditions and laboratory results: one record a row."""
        at = self.facts.columns(table.name)
        practice_at, npi_at = at.get(f"{self.plan.participant}_id"), at.get("rendering_npi")
        found = []
        for row in self.facts.rows(table):
            date = row[at[DATES[table.name]]]
            assert isinstance(date, datetime.date)
            seen = "" if practice_at is None else str(row[practice_at] or "")
            npi = "" if npi_at is None else str(row[npi_at] or "")
            practice = (seen if seen in self._practices else "") or ("" if seen else self._of_provider(npi, date))
            payer = row[at["payer"]] if "payer" in at else None
            record = Record(
                id=JOINED.join(str(value) for value in row[: len(table.keys)]),
                table=table.name,
                person=str(row[at["person_id"]]),
                payer=None if payer is None else str(payer),
                practice=practice,
                place=practice or seen or npi,
                date=date,
                claim="",
                values={**self._values(table, row, at), "date": date, "provider": npi},
            )
            found.append(record)
        return found

    def _claims(self, table: Table) -> list[Record]:
        """Claim lines, each with its reversals and corrections netted, without those denied or paid too late.

        A line whose entries leave nothing of what was allowed and paid is reversed as a whole: it is not there.
        """
        at = self.facts.columns(table.name)
        lines: dict[DataRow, list[DataRow]] = {}
        for row in self.facts.rows(table):
            if row[at["denied"]] is not True and self._in_time(row, at, table.name):
                lines.setdefault(row[:2], []).append(row)
        found = []
        for key, entries in lines.items():
            entries.sort(key=lambda row: row[2])  # type: ignore[arg-type, return-value]
            line = self._claim_line(table, key, entries, at)
            amounts = [line.values[name] for name in ("allowed", "paid") if line.values[name] is not None]
            if len(entries) == 1 or not amounts or any(amounts):
                found.append(line)
        return found

    def _date(self, row: DataRow, at: dict[str, int], table: str) -> datetime.date:
        date = row[at[DATES[table]]] if table in DATES else None
        if table == population.MEDICAL:
            date = row[at["claim_line_start_date"]] or row[at["claim_start_date"]]
        assert isinstance(date, datetime.date)
        return date

    def _in_time(self, row: DataRow, at: dict[str, int], table: str) -> bool:
        """Whether a line was paid before the run-out of the program year in which it was incurred had passed."""
        months = self.plan.members.run_out
        if months is None:
            return True
        paid = row[at["paid_date"]]
        calendar = self.plan.calendar
        incurred = month_of(self._date(row, at, table))
        end = calendar.year_first(calendar.year_of(incurred)) + MONTHS_IN_YEAR - 1 + months
        if not isinstance(paid, datetime.date):
            named = f"claim `{row[0]}` line {row[1]}"
            raise fault(
                "MH742",
                f"{named} of table `{table}` has no `paid_date`, and the program settles after a run-out",
                None,
                help="say when the line was paid: what is paid after the run-out does not count",
            )
        return month_of(paid) <= end

    def _claim_line(self, table: Table, key: DataRow, entries: list[DataRow], at: dict[str, int]) -> Record:
        first = entries[0]
        values = self._values(table, first, at)
        for other in entries[1:]:
            more = self._values(table, other, at)
            for feature in population.SUMMED & values.keys():
                one, two = values[feature], more[feature]
                both = isinstance(one, int) and isinstance(two, int)
                values[feature] = one + two if both else None  # type: ignore[operator]
        date = self._date(first, at, table.name)
        npi = str(first[at["rendering_npi"]] or "") if "rendering_npi" in at else ""
        practice, place = self._biller(first, at, npi, date) if table.name == population.MEDICAL else ("", "")
        return Record(
            id=f"{key[0]}/{key[1]}",
            table=table.name,
            person=str(first[at["person_id"]]),
            payer=str(first[at["payer"]]),
            practice=practice,
            place=place,
            date=date,
            claim=str(key[0]),
            values={**values, "date": date, "provider": npi},
        )

    def _biller(self, row: DataRow, at: dict[str, int], npi: str, date: datetime.date) -> tuple[str, str]:
        """The practice that billed a line, and what tells its visits apart.

        The first of these that the source fills decides: the practice itself, the biller's NPI or tax number where
        a practice has it, the practice of the provider on that day.
        """
        named = str(row[at[f"{self.plan.participant}_id"]] or "")
        if named:
            return (named if named in self._practices else ""), named
        for column, own in NUMBERS:
            biller = str(row[at[column]] or "")
            practice = self._billed_as(own).get(biller, "") if biller else ""
            if practice:
                return practice, practice
        practice = self._of_provider(npi, date)
        return practice, practice or npi or str(row[at["billing_npi"]] or row[at["billing_tin"]] or "")

    def _billed_as(self, column: str) -> dict[str, str]:
        """Practices by a number under which they bill; a number of two practices names neither."""
        if column not in self._billers:
            found: dict[str, set[str]] = {}
            roster = self.facts.schema.roster
            at = self.facts.columns(roster)
            if column in at and self.facts.present(roster):
                for row in self.facts.rows(self.facts.schema.table(roster)):
                    if row[at[column]]:
                        found.setdefault(str(row[at[column]]), set()).add(str(row[0]))
            self._billers[column] = {number: min(ids) for number, ids in found.items() if len(ids) == 1}
        return self._billers[column]

    def providers(self, practice: str, first: datetime.date, last: datetime.date) -> list[str]:
        """The providers who belong to a practice on some day from `first` to `last`, sorted."""
        spans = self._provider_spans()
        found = {
            npi
            for npi, own in spans.items()
            for start, end, where in own
            if where == practice and start <= last and end >= first
        }
        return sorted(found, key=str.encode)

    def _provider_spans(self) -> dict[str, list[tuple[datetime.date, datetime.date, str]]]:
        if self._npi is None:
            self._npi = {}
            if self.facts.present(population.PROVIDER):
                for row in self.facts.rows(self.facts.schema.table(population.PROVIDER)):
                    npi, practice, start, end = row[:4]
                    assert isinstance(start, datetime.date)
                    assert end is None or isinstance(end, datetime.date)
                    self._npi.setdefault(str(npi), []).append((start, end or datetime.date.max, str(practice)))
        return self._npi

    def _of_provider(self, npi: str, date: datetime.date) -> str:
        """The practice of a provider on a day; none where there are several, which is counted."""
        found = {where for start, end, where in self._provider_spans().get(npi, ()) if start <= date <= end}
        if len(found) > 1:
            self.ambiguous[npi] = self.ambiguous.get(npi, 0) + 1
        return min(found) if len(found) == 1 else ""

    def _events(self, table: Table) -> list[Record]:
        """Events of one kind; without a practice of its own an event is of nobody yet, its payer as for encounters."""
        at = self.facts.columns(table.name)
        practice_at = at[f"{self.plan.participant}_id"]
        own = [
            column for column in table.columns if column.name not in EVENT_COLUMNS and at[column.name] != practice_at
        ]
        found = []
        for row in self.facts.rows(table):
            date = row[at["event_date"]]
            assert isinstance(date, datetime.date)
            practice = str(row[practice_at])
            payer = row[at["payer"]]
            record = Record(
                id=str(row[0]),
                table=table.name,
                person=str(row[at["person_id"]]),
                payer=None if payer is None else str(payer),
                practice=practice,
                place=practice,
                date=date,
                claim="",
                values={"date": date, **{c.name: at_twelve_places(row[at[c.name]], c) for c in own}},
            )
            found.append(record)
        return found


EVENT_COLUMNS = ("person_id", "payer", "event_date")
