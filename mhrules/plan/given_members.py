"""The members, visits and claims of a worked example, as rows of the tables below the practice."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from mhrules import exact
from mhrules.classes import frozen
from mhrules.data import population
from mhrules.data.population import Need, population_tables
from mhrules.data.schema import Schema, Table
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.plan.tables import key_column
from mhrules.semantics.calendar import last_day, month_label, month_of
from mhrules.semantics.program import FactDeclaration, Program
from mhrules.source import Span
from mhrules.syntax import tree as t

Row = dict[str, Any]
Key = tuple[tuple[str, str], ...]

RECORDS = {
    "claim_line": population.MEDICAL,
    "prescription": population.PHARMACY,
    "visit": population.ENCOUNTER,
    "condition": population.CONDITION,
    "lab_result": population.LAB_RESULT,
}
"""What an example can give of single records, and the table that keeps it; events are given by their own name."""
DATE_COLUMNS = {
    population.MEDICAL: "claim_start_date",
    population.PHARMACY: "dispensing_date",
    population.ENCOUNTER: "encounter_start_date",
    population.CONDITION: "recorded_date",
    population.LAB_RESULT: "result_date",
}
OF_PERSON = ("birth_date", "death_date", "gender", "zip_code")
OF_SPAN = ("plan", "payer_order", "line", "dual", "hospice", "esrd", "dual_status_code", "medicare_status_code")
ONE_PERSON = "person"
AGE = "age"
CORRECTS = "corrects"


@frozen
class DatedValue:
    """A value of a dated fact with its days."""

    name: str
    value: Any
    start: datetime.date
    end: datetime.date | None


class GivenMembers:
    """Collects the persons of one example and what happened to them.

    A person is attributed as the example says, whatever the methods are. `rows` are by table.
    """

    def __init__(self, program: Program, findings: Findings) -> None:
        self.program = program
        self.findings = findings
        self.persons: dict[str, Row] = {}
        self.payers_of: dict[str, set[str]] = {}
        self.rows: dict[str, list[Row]] = {}
        self.dated: dict[str, dict[Key, list[DatedValue]]] = {}
        self.monthly: dict[str, dict[Key, Row]] = {}
        self.numbers: dict[tuple[str, str], int] = {}
        self.claims: dict[tuple[str, str], int] = {}
        self.lines: dict[tuple[str, str], Row] = {}
        self.entries: dict[tuple[str, str], int] = {}
        self.practices: set[str] = set()
        self.practice = f"{program.participant}_id"

    # ----------------------------------------------------------------------------------------- persons

    def members(self, clause: t.GivenMembers) -> None:
        """`given 2 members of p1 for aetna with { age 45 } from … to …`: persons, enrolled and attributed so long."""
        for value in clause.values:
            self.known(value.name.text, value, [*OF_PERSON, *OF_SPAN, ONE_PERSON, AGE, *self.facts_of_members()])
        named = next((value for value in clause.values if value.name.text == ONE_PERSON), None)
        for person in self.names(clause, named):
            row = self.persons.setdefault(person, {})
            self.payers_of.setdefault(person, set()).add(clause.payer.text)
            span: Row = {}
            for value in clause.values:
                name = value.name.text
                if name in OF_PERSON:
                    self.put(row, name, self.plain(value.value), value.span)
                elif name == AGE:
                    self.put(row, "birth_date", self.birthday(value, clause.start), value.span)
                elif name in OF_SPAN:
                    self.put(span, name, self.plain(value.value), value.span)
                elif name in self.facts_of_members():
                    self.fact(self.program.facts[name], value, person, clause)
            ends = {"enrollment_start_date": clause.start, "enrollment_end_date": clause.end}
            self.add(population.ELIGIBILITY, {"person_id": person, "payer": clause.payer.text, **ends, **span})
            there = {"from": clause.start, "to": clause.end, self.practice: clause.practice.text}
            self.add(population.ATTRIBUTED, {"person_id": person, "payer": clause.payer.text, **there})

    def names(self, clause: t.GivenMembers, named: t.GivenValue | None) -> list[str]:
        """The ids of a clause's persons: `p1-aetna-1` and so on, or of a single one the id that it gives."""
        if named is not None and clause.count == 1:
            return [str(self.plain(named.value))]
        if named is not None:
            self.findings.report(
                "MH233",
                f"`{ONE_PERSON}` names one person, and {clause.count} members are given",
                named.span,
                help="give `1 members` with an id, or leave the id out",
            )
        whose = (clause.practice.text, clause.payer.text)
        first = self.numbers.get(whose, 0) + 1
        self.numbers[whose] = first + clause.count - 1
        return [f"{whose[0]}-{whose[1]}-{number}" for number in range(first, first + clause.count)]

    def facts_of_members(self) -> dict[str, FactDeclaration]:
        """The declared facts of single members."""
        return {name: fact for name, fact in self.program.facts.items() if "member" in fact.keys}

    def birthday(self, value: t.GivenValue, start: datetime.date) -> datetime.date | None:
        """The day of birth of who completes so many years on the first day given."""
        node = value.value
        if not isinstance(node, t.Number) or not node.whole:
            self.findings.report(
                "MH235", f"`{node.span.text}` is no age in completed years", node.span, help="give a whole number"
            )
            return None
        year = start.year - node.value // exact.ONE
        return datetime.date(year, start.month, min(start.day, last_day(year * 12 + start.month - 1).day))

    def fact(self, fact: FactDeclaration, value: t.GivenValue, person: str, clause: t.GivenMembers) -> None:
        """A fact of a member: one for the person, or one for each month or year that the clause touches."""
        plain = self.plain(value.value)
        if fact.dated:
            keys = {"member": person, "payer": clause.payer.text, "practice": clause.practice.text}
            key = tuple((self.column(name), keys[name]) for name in fact.keys)
            end = value.end if value.start is not None or value.end is not None else clause.end
            held = self.dated.setdefault(fact.table, {}).setdefault(key, [])
            held.append(DatedValue(fact.name, plain, value.start or clause.start, end))
            return
        if value.start is not None or value.end is not None:
            self.findings.report(
                "MH234",
                f"`{fact.name}` does not change from day to day",
                value.span,
                help="leave out the dates, or declare its facts `dated`",
            )
            return
        if fact.keys == ("member",):
            self.put(self.persons[person], fact.name, plain, value.span)
            return
        for keys in self.keys_of(fact, person, clause):
            key = tuple((self.column(name), keys[name]) for name in fact.keys)
            self.put(self.monthly.setdefault(fact.table, {}).setdefault(key, {}), fact.name, plain, value.span)

    def keys_of(self, fact: FactDeclaration, person: str, clause: t.GivenMembers) -> Iterable[dict[str, str]]:
        """The keys under which a fact of a person is kept, by month or program year."""
        months = range(month_of(clause.start), month_of(clause.end) + 1)
        own = {"member": person, "payer": clause.payer.text, "practice": clause.practice.text}
        if "month" in fact.keys:
            return [{**own, "month": month_label(month).replace("-", "")} for month in months]
        years = dict.fromkeys(self.program.calendar.year_of(month) for month in months)
        return [{**own, "year": str(year)} for year in years] if "year" in fact.keys else [own]

    def column(self, key: str) -> str:
        """The column of a key."""
        return key_column(key, self.program).name

    # ----------------------------------------------------------------------------------------- records

    def is_record(self, name: str) -> bool:
        """Whether a `given` of that name gives a visit, a claim line, an event …"""
        return name in RECORDS or name in self.program.events

    def record(self, kind: str, identity: str, clause: t.GivenFacts) -> None:
        """`given visit v1 { person ann; practice p1; date 2011-03-01; service emergency }`."""
        table = RECORDS.get(kind, f"event_{kind}")
        columns = self.columns_of(kind, table)
        row: Row = {}
        for value in clause.values:
            if self.known(value.name.text, value, columns):
                self.put(row, columns[value.name.text], self.plain(value.value), value.span)
        person = row.get("person_id")
        if person is None or self.date_column(table) not in row:
            missing = ONE_PERSON if person is None else "date"
            self.findings.report(
                "MH233",
                f"the {kind.replace('_', ' ')} `{identity}` has no {missing}",
                clause.span,
                help=f"say whose and when: `given {kind} {identity} {{ person …; date …; … }}`",
            )
            return
        own = self.payers_of.get(str(person), set())
        if table in population.CLAIMS:
            row = {**self.claim_line(table, identity, row, clause), **row}
            if "payer" not in row and len(own) != 1:
                self.findings.report(
                    "MH233",
                    f"the {kind.replace('_', ' ')} `{identity}` does not say which payer's it is",
                    clause.span,
                    help=f"`{person}` has several: say `payer …`" if own else f"`{person}` is no member: say `payer …`",
                )
            row.setdefault("payer", min(own, default=""))
        else:
            if kind in self.program.events:
                self.practices.add(str(row.get(self.practice)))
            key = {population.ENCOUNTER: "encounter_id", population.LAB_RESULT: "lab_result_id"}.get(table, "event_id")
            row = row if table == population.CONDITION else {key: identity, **row}
        self.add(table, row)

    def claim_line(self, table: str, identity: str, row: Row, clause: t.GivenFacts) -> Row:
        """The keys of a claim line: a line of its own claim or of the one it names, or an entry of another line."""
        corrected = row.pop(CORRECTS, None)
        if corrected is not None:
            if (table, str(corrected)) not in self.lines:
                self.findings.report(
                    "MH233",
                    f"`{identity}` corrects `{corrected}`, and no such line is given above",
                    clause.span,
                    help="give the line first, and what corrects it behind it",
                )
                return {}
            keys = self.lines[table, str(corrected)]
            self.entries[table, str(corrected)] = self.entries.get((table, str(corrected)), 1) + 1
            return {**keys, "entry_number": str(self.entries[table, str(corrected)])}
        claim = str(row.get("claim_id", identity))
        self.claims[table, claim] = self.claims.get((table, claim), 0) + 1
        keys = {"claim_id": claim, "claim_line_number": str(self.claims[table, claim])}
        self.lines[table, identity] = keys
        return {**keys, "entry_number": "1"}

    def date_column(self, table: str) -> str:
        """The column in which a record's day stands."""
        return DATE_COLUMNS.get(table, "event_date")

    def columns_of(self, kind: str, table: str) -> dict[str, str]:
        """The column of each word that a record of a kind may give."""
        found = {ONE_PERSON: "person_id", "date": self.date_column(table)}
        if table not in (population.CONDITION, population.LAB_RESULT):
            found |= {"payer": "payer"}
        if table not in (population.CONDITION, population.LAB_RESULT, population.PHARMACY):
            found |= {"practice": self.practice, self.program.participant: self.practice}
        if table in population.CLAIMS:
            found |= {"claim": "claim_id", CORRECTS: CORRECTS, "paid_on": "paid_date", "denied": "denied"}
        if table in (population.MEDICAL, population.ENCOUNTER):
            found |= {"provider": "rendering_npi"}
        found |= population.FEATURES.get(table, {})
        return {**found, **{name: name for name in self.program.event_facts.get(kind, {})}}

    # ---------------------------------------------------------------------------------------- results

    def tables(self) -> dict[str, list[Row]]:
        """All rows by table; what an example says nothing of did not happen."""
        found = {name: list(rows) for name, rows in self.rows.items()}
        people = [{"person_id": person, **row} for person, row in self.persons.items()]
        found[population.MEMBER] = people
        for name, values in self.dated.items():
            found[name] = [row for key, held in values.items() for row in spans(key, held)]
        for name, by_key in self.monthly.items():
            found.setdefault(name, []).extend({**dict(key), **row} for key, row in by_key.items())
        always = [population.ELIGIBILITY, population.ATTRIBUTED, population.MEDICAL, population.PHARMACY]
        always += [population.CONDITION, population.LAB_RESULT, *(f"event_{name}" for name in self.program.events)]
        return {**{name: [] for name in always}, **found}

    def schema(self, schema: Schema) -> Schema:
        """The schema with the tables in which an example keeps persons and records."""
        have = {table.name for table in schema.tables}
        program, asked = self.program, {population.MEMBER, population.ELIGIBILITY, *self.rows}
        needs = frozenset(Need(name) for name in asked - have)
        more = population_tables(needs, tuple(program.payers), program.participant, program.participant_title)
        tables = (*schema.tables, *more.values(), self.attributed())
        return attrs.evolve(schema, tables=tuple(sorted(tables, key=lambda table: table.name)))

    def attributed(self) -> Table:
        """The table of who is attributed to whom, which only examples have."""
        keys = (population.PERSON, key_column("payer", self.program))
        columns = (key_column("practice", self.program),)
        return Table(name=population.ATTRIBUTED, keys=keys, columns=columns, dated=True, required=False)

    # ----------------------------------------------------------------------------------------- helpers

    def add(self, table: str, row: Row) -> None:
        """One row more of a table."""
        self.rows.setdefault(table, []).append(row)

    def put(self, row: Row, name: str, value: Any, place: Span) -> None:
        """A value of a row; another one for the same person or record is reported."""
        if row.setdefault(name, value) != value:
            self.findings.report(
                "MH237", f"`{name}` is given twice for the same keys", place, help="keep one of the two values"
            )

    def known(self, name: str, value: t.GivenValue, names: Iterable[str]) -> bool:
        """Whether a word stands for something that can be given there; reports it if not."""
        listed = list(dict.fromkeys(names))
        if name in listed:
            return True
        close = did_you_mean(name, listed)
        self.findings.report(
            "MH232",
            f"no fact is called `{name}`",
            value.name.span,
            help=f"did you mean `{close}`?" if close else f"there are {', '.join(f'`{each}`' for each in listed)}",
        )
        return False

    def plain(self, node: t.Expression) -> Any:
        """A fixed value as the loader takes it."""
        return plain_value(node, self.findings)


def spans(key: Key, values: list[DatedValue]) -> list[Row]:
    """Rows of a dated table: a new one wherever a value begins or ends; the latest beginning holds."""
    after = [v.end + datetime.timedelta(days=1) for v in values if v.end is not None]
    cuts = sorted({v.start for v in values} | set(after))
    rows = []
    for index, start in enumerate(cuts):
        end = cuts[index + 1] - datetime.timedelta(days=1) if index + 1 < len(cuts) else None
        row: Row = {**dict(key), "from": start, "to": end}
        for value in sorted(values, key=lambda v: v.start):
            if value.start <= start and (value.end is None or value.end >= start):
                row[value.name] = value.value
        rows.append(row)
    return rows


def plain_value(node: t.Expression, findings: Findings) -> Any:
    """A literal as the loader takes it: numbers as exact text, codes and texts as text; others are reported."""
    if isinstance(node, t.Negative):
        return f"-{plain_value(node.operand, findings)}"
    if isinstance(node, t.Number | t.Money | t.Percent):
        return exact.to_text(node.value)
    if isinstance(node, t.YesNo | t.Date | t.Text):
        return node.value
    if isinstance(node, t.Reference):
        return node.name
    findings.report("MH235", f"`{node.span.text}` is no fixed value", node.span, help="give a fixed value")
    return None


def given_columns(rows: Mapping[str, Iterable[Row]], schema: Schema) -> dict[str, tuple[Row, ...]]:
    """Rows without the columns that the program does not read."""
    found = {}
    for table in schema.tables:
        if table.name in rows:
            names = {column.name for column in (*table.keys, *table.columns)} | {"from", "to"}
            found[table.name] = tuple(
                {name: value for name, value in row.items() if name in names} for row in rows[table.name]
            )
    return found
