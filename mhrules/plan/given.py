"""The facts of a worked example: its `given` clauses as rows of the practice data model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from mhrules import exact
from mhrules.classes import frozen
from mhrules.data import population
from mhrules.data.schema import Schema
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.plan.given_members import RECORDS, DatedValue, GivenMembers, given_columns, plain_value, spans
from mhrules.semantics.calendar import MONTHS_IN_YEAR, first_day, last_day, month_label, month_of, part_of_month
from mhrules.semantics.program import Agreement, Program
from mhrules.semantics.scope import head
from mhrules.syntax import tree as t

RESULT_KEYS = {"measure", "practice", "payer", "period"}
RESULT_COLUMNS = ("numerator", "denominator")
"""What an example gives of a reported measure."""
Row = dict[str, Any]
Key = tuple[tuple[str, str], ...]


@frozen(eq=False)
class Given:
    """What an example gives: rows by table, and the schema they are in, where every fact may be left out."""

    schema: Schema
    rows: Mapping[str, tuple[Row, ...]]


def lenient(schema: Schema) -> Schema:
    """The schema in which a fact that an example does not mention is absent: a fault only where it is demanded."""
    tables = tuple(
        attrs.evolve(table, required=False, columns=tuple(attrs.evolve(c, optional=True) for c in table.columns))
        for table in schema.tables
    )
    return attrs.evolve(schema, tables=tables)


def given_facts(
    example: t.Example,
    program: Program,
    schema: Schema,
    findings: Findings,
    agreements: Mapping[str, Agreement] | None = None,
    *,
    persons: bool = False,
) -> Given:
    """The rows that an example's `given` clauses state; what cannot be stated goes to `findings`.

    `agreements` say which months count for a payer, where its contract chooses; without them the program's rule does.
    Members are counted in the panel, or, with `persons` or where the example says who they are, are persons.
    """
    rules = {name: agreement.months_rule for name, agreement in (agreements or {}).items()}
    reader = _Reader(example, program, schema, findings, rules, persons=persons or says_who(example, program))
    for clause in example.clauses:
        if isinstance(clause, t.GivenMembers):
            reader.members(clause)
    for clause in example.clauses:
        if isinstance(clause, t.GivenFacts):
            reader.facts(clause)
    return reader.given()


def says_who(example: t.Example, program: Program) -> bool:
    """Whether an example gives more of members than how many there are."""
    records = GivenMembers(program, Findings())
    return any(
        (isinstance(clause, t.GivenMembers) and clause.values)
        or (isinstance(clause, t.GivenFacts) and records.is_record(clause.keys[0].key.text))
        for clause in example.clauses
    )


class _Reader:
    """Collects the rows of one example."""

    def __init__(
        self,
        example: t.Example,
        program: Program,
        schema: Schema,
        findings: Findings,
        rules: Mapping[str, t.MonthsRule | None],
        *,
        persons: bool,
    ) -> None:
        self.example = example
        self.program = program
        self.schema = schema
        self.findings = findings
        self.rules = rules
        self.days: dict[Key, int] = {}
        self.rows: dict[str, dict[Key, Row]] = {}
        self.dated: dict[str, dict[Key, list[DatedValue]]] = {}
        self.participants: dict[str, None] = {}
        self.roster_given = persons
        self.people = GivenMembers(program, findings) if persons else None

    # ------------------------------------------------------------------------------------------ given

    def facts(self, clause: t.GivenFacts) -> None:
        """`given practice p1 payer aetna year 2011 { … }`; values go to the tables that declare them."""
        first = clause.keys[0]
        if self.people is not None and len(clause.keys) == 1 and self.people.is_record(first.key.text):
            self.people.record(first.key.text, first.value, clause)
            return
        keys = {}
        for key in clause.keys:
            name = "practice" if key.key.text == self.program.participant else key.key.text
            if not self.known_key(name, key):
                return
            keys[name] = key.value
        if "practice" in keys:
            self.participants[keys["practice"]] = None
        if list(keys) == ["practice"]:
            self.roster_given = True
        for value in clause.values:
            if "measure" in keys:
                self.result(value, keys)
            else:
                self.fact(value, keys, clause)

    def result(self, value: t.GivenValue, keys: Mapping[str, str]) -> None:
        """`given measure depression practice p1 payer aetna period 2011 { numerator 24; denominator 30 }`."""
        name, known = value.name.text, keys["measure"] in self.program.measures
        if not known or name not in RESULT_COLUMNS:
            what, found = ("column", name) if known else ("measure", keys["measure"])
            names = RESULT_COLUMNS if known else tuple(self.program.measures)
            self.findings.report(
                "MH232",
                f"no {what} is called `{found}`",
                value.span,
                help=f"results are of {', '.join(f'`{each}`' for each in names)}",
            )
        elif set(keys) != RESULT_KEYS:
            self.findings.report(
                "MH233",
                f"`{name}` is of a measure, a {self.program.participant}, a payer and a period",
                value.span,
                help=f"write `given measure … {self.program.participant} … payer … period 2011 {{ {name} … }}`",
            )
        else:
            self.put(population.RESULT, {each: keys[each] for each in keys}, name, self.plain(value.value), value)

    def known_key(self, name: str, key: t.GivenKey) -> bool:
        program = self.program
        known = ["practice", program.participant, "payer", "line", "year", "month", "contract_year", *program.keys]
        known += ["measure", "period"] if program.measures else []
        if name not in known:
            close = did_you_mean(name, [*known, *RECORDS, *program.events])
            self.findings.report(
                "MH230",
                f"nothing is kept by `{name}`",
                key.key.span,
                help=f"did you mean `{close}`?" if close else f"keys are {', '.join(known)}",
            )
            return False
        if name == "payer" and key.value not in program.payers:
            close = did_you_mean(key.value, program.payers)
            self.findings.report(
                "MH231",
                f"the program has no payer `{key.value}`",
                key.span,
                help=f"did you mean `{close}`?" if close else f"payers are {', '.join(program.payers)}",
            )
            return False
        return True

    def fact(self, value: t.GivenValue, keys: Mapping[str, str], clause: t.GivenFacts) -> None:
        name = value.name.text
        declared = self.program.facts.get(name)
        if declared is None and name in self.program.keys and set(keys) == {"practice"}:
            self.put(self.program.participant, keys, name, self.plain(value.value), value)
            return
        if declared is None and name in ("effective_from", "effective_to") and set(keys) == {"practice"}:
            self.put(self.program.participant, keys, name, self.plain(value.value), value)
            return
        if declared is None and name == "member_months" and set(keys) == {"practice", "payer", "month"}:
            self.put(self.schema.panel, keys, name, self.plain(value.value), value)
            return
        if declared is None:
            close = did_you_mean(name, self.program.facts)
            self.findings.report(
                "MH232",
                f"no fact is called `{name}`",
                value.name.span,
                help=f"did you mean `{close}`?" if close else "give facts as the program declares them",
            )
            return
        if set(declared.keys) != set(keys):
            wanted = ", ".join(self.word(k) for k in declared.keys)
            form = " ".join(f"{self.word(k)} …" for k in declared.keys)
            self.findings.report(
                "MH233",
                f"`{name}` is a fact of {wanted}",
                value.span,
                help=f"give it by its keys: `given {form} {{ {name} … }}`",
            )
            return
        plain = self.plain(value.value)
        if declared.dated:
            key = self.key(declared.keys, keys)
            start = value.start or self.program.term_first
            spans = self.dated.setdefault(declared.table, {}).setdefault(key, [])
            if any(span.name == name and span.start == start for span in spans):
                self.twice(name, value)
            spans.append(DatedValue(name, plain, start, value.end))
        elif value.start is not None or value.end is not None:
            self.findings.report(
                "MH234",
                f"`{name}` does not change from day to day",
                value.span,
                help="leave out the dates, or declare its facts `dated`",
            )
        else:
            self.put(declared.table, keys, name, plain, value)

    def members(self, clause: t.GivenMembers) -> None:
        """`given 2_000 members of p1 for aetna from … to …`: their months as the program counts months, or persons."""
        if clause.payer.text not in self.program.payers:
            close = did_you_mean(clause.payer.text, self.program.payers)
            self.findings.report(
                "MH231",
                f"the program has no payer `{clause.payer.text}`",
                clause.payer.span,
                help=f"did you mean `{close}`?" if close else f"payers are {', '.join(self.program.payers)}",
            )
            return
        self.participants[clause.practice.text] = None
        if self.people is not None:
            self.people.members(clause)
            return
        table = self.schema.panel
        for month in range(month_of(clause.start), month_of(clause.end) + 1):
            keys = {"practice": clause.practice.text, "payer": clause.payer.text, "month": month_label(month)}
            key = self.key(("practice", "payer", "month"), keys)
            counted = self.counted(key, month, clause)
            row = self.rows.setdefault(table, {}).setdefault(key, {})
            before = exact.from_text(str(row.get("member_months", "0")))
            row["member_months"] = exact.to_text(before + counted)

    def counted(self, key: Key, month: int, clause: t.GivenMembers) -> int:
        """What a span adds to the member months of a panel row, in units of 10**-12.

        In proportion, the days of all spans of the row are added up and divided by the month's once, to 6 places.
        """
        rule = self.rules.get(clause.payer.text) or self.program.months_rule
        first, last = first_day(month), last_day(month)
        if rule is t.MonthsRule.PROPORTION:
            before = self.days.get(key, 0)
            covered = (min(clause.end, last) - max(clause.start, first)).days + 1
            self.days[key] = before + covered * clause.count
            return part_of_month(self.days[key], month) - part_of_month(before, month)
        if rule is t.MonthsRule.ANY_DAY:
            return exact.ONE * clause.count
        day = first.replace(day=15) if rule is t.MonthsRule.DAY_15 else first
        return exact.ONE * clause.count if clause.start <= day <= clause.end else 0

    # ----------------------------------------------------------------------------------------- helpers

    def word(self, key: str) -> str:
        return self.program.participant if key == "practice" else key

    def key(self, names: Iterable[str], keys: Mapping[str, str]) -> Key:
        """Key columns with their values, as the table has them."""
        columns = {"practice": f"{self.program.participant}_id", "month": "year_month"}
        pairs = []
        for name in names:
            value = keys[name].replace("-", "") if name == "month" else keys[name]
            pairs.append((columns.get(name, name), value))
        return tuple(pairs)

    def put(self, table: str, keys: Mapping[str, str], name: str, value: Any, place: t.GivenValue) -> None:
        order = ["measure", "practice", "payer", "line", *self.program.keys, "year", "month", "contract_year", "period"]
        names = [n for n in order if n in keys]
        declared = self.program.facts.get(name)
        if declared is not None:
            names = list(declared.keys)
        row = self.rows.setdefault(table, {}).setdefault(self.key(names, keys), {})
        if name in row:
            self.twice(name, place)
        row[name] = value

    def twice(self, name: str, place: t.GivenValue) -> None:
        """Reports a fact that stands there already."""
        self.findings.report(
            "MH237",
            f"`{name}` is given twice for the same keys",
            place.span,
            help="keep one of the two values",
        )

    def plain(self, node: t.Expression) -> Any:
        """A literal as the loader takes it."""
        return plain_value(node, self.findings)

    def given(self) -> Given:
        """The whole, in the schema in which every fact may be left out."""
        if self.people is None:
            known = {table.name for table in self.schema.tables}
            rows = {name: rows for name, rows in self.tables().items() if name in known}
            return Given(lenient(self.schema), rows)
        schema, counts = self.people.schema(self.schema), self.schema.panel
        if any("member_months" in row for row in self.rows.get(counts, {}).values()):
            self.findings.report(
                "MH237",
                "member months are given as a number, and by persons too",
                head(self.example),
                help="give the members alone: their months are counted",
            )
        return Given(lenient(schema), given_columns({**self.people.tables(), **self.tables()}, schema))

    def tables(self) -> dict[str, tuple[Row, ...]]:
        """All rows by table: undated, dated as spans without a change inside, and the roster."""
        found = {name: [{**dict(key), **row} for key, row in rows.items()] for name, rows in self.rows.items()}
        for name, by_key in self.dated.items():
            found[name] = [row for key, values in by_key.items() for row in spans(key, values)]
        roster, column = self.program.participant, f"{self.program.participant}_id"
        if self.roster_given or roster in found:
            if self.people is not None:
                self.participants |= dict.fromkeys(sorted(self.people.practices))
            present = {row[column] for row in found.get(roster, [])}
            missing = [{column: p} for p in self.participants if p not in present]
            found[roster] = [*found.get(roster, []), *missing]
        return {name: tuple(rows) for name, rows in found.items()}


def years_named(example: t.Example, program: Program) -> list[int]:
    """The program years that an example's expectations speak of, or that of its term's start."""
    years = set()
    for clause in example.clauses:
        if isinstance(clause, t.ExpectAmount | t.ExpectStatus):
            _, first = program.calendar.parse(clause.period.text)
            years.add(program.calendar.year_of(first))
        elif isinstance(clause, t.ExpectValue):
            years |= {int(k.value) for k in clause.keys if k.key.text == "year" and k.value.isdigit()}
            for key in clause.keys:
                if key.key.text == "month":
                    year, month = key.value.split("-")
                    years.add(program.calendar.year_of(int(year) * MONTHS_IN_YEAR + int(month) - 1))
    if not years:
        years = {program.calendar.year_of(month_of(program.term_first))}
        facts = [clause for clause in example.clauses if isinstance(clause, t.GivenFacts)]
        given = [key.value for clause in facts for key in clause.keys if key.key.text == "year"]
        years = {int(y) for y in given if y.isdigit()} or years
    return sorted(years)
