"""A program as the SQL that settles it: every relation in the order in which it is made, and what each one is.

Without data the plan is compiled against empty tables, on a database in memory: the text is that of the program alone.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from attrs import field

from mhrules.api import Data, Program
from mhrules.classes import frozen
from mhrules.diagnostics.model import Diagnostic, DiagnosticError
from mhrules.diagnostics.registry import CODES, finding
from mhrules.engine.sql.about import About, rule_text
from mhrules.engine.sql.faults import Unsupported
from mhrules.engine.sql.layout import WIDTH, laid_out, sources_of
from mhrules.engine.sql.spark import WIDE, of_spark
from mhrules.engine.sql.store import Statement, literal
from mhrules.source import Span

if TYPE_CHECKING:
    from mhrules.settle.sql.compiled import Compiled

NUMBERS = ("v", "amount", "pool", "weight", "member_months")
"""The columns that can be the number of a relation; the first that it has is."""
_SHOWN_ROWS = 200  # rows given as parameters that are printed; they are of contracts and calendars, or else of data
DUCKDB, SPARK = DIALECTS = ("duckdb", "spark")
_ENGINES = {DUCKDB: "DuckDB", SPARK: "Spark 4"}
_SETTINGS = {
    SPARK: "Set `spark.sql.ansi.enabled` and `spark.sql.ansi.doubleQuotedIdentifiers` to `true` first: without them "
    "overflow is NULL, and names in quotes are texts."
}
_LEGEND = (
    "Months are counted from year 0: 12 * year + month - 1. `clock` is the first month of a row's period (of contract "
    "years their number), `m1`, `m2` and `mn` the first and last month left of it and how many, `d1` and `d2` their "
    "first and last day. `v` is a value: numbers are integers at fixed decimal places. `f` is the number of a fault, "
    "listed at the end; only faults of rows that something asks for count."
)


@frozen(eq=False)
class Relation:
    """One relation: what it is, its rows (of given data), the type of its number and why, and what it reads."""

    name: str
    about: About | None
    rows: int | None
    number: str
    why: str
    reads: tuple[str, ...]


@frozen(eq=False)
class Planned:
    """A program year as SQL. `findings` are constructs that have none."""

    program: Program
    year: int
    dialect: str
    statements: tuple[Statement, ...] = field(repr=False)
    relations: tuple[Relation, ...] = field(repr=False)
    faults: tuple[tuple[int, str, Span | None], ...] = field(repr=False)
    findings: tuple[Diagnostic, ...]

    @property
    def sql(self) -> str:
        """All statements with comments, as a script that runs where the program's tables are."""
        plan = self.program.plan
        head = f"{plan.title}, edition {plan.edition}: {self.year} as SQL of {_ENGINES[self.dialect]}"
        without = [f"Without what has no SQL: {found.message}" for found in self.findings]
        settings = [_SETTINGS[self.dialect]] if self.dialect in _SETTINGS else []
        text = [_comment([head, *without, *settings, "", _LEGEND])]
        text += [_shown(statement) for statement in self.statements]
        if self.faults:
            text.append(_comment(["Faults:", *(_fault(*fault) for fault in self.faults)]))
        return "\n\n".join(text)

    def explained(self, width: int = 80) -> str:
        """The relations for people: grain, rows, number and what each reads."""
        plan = self.program.plan
        rows = textwrap.wrap(f"{plan.title}, edition {plan.edition}: {self.year} as relations", width)
        for relation in self.relations:
            rows += ["", relation.name]
            for label, said in _said(relation):
                rows += textwrap.wrap(said, width, initial_indent=f"  {label:<8}", subsequent_indent=" " * 10)
        return "\n".join(rows)

    def document(self, *, explain: bool, findings: Iterable[dict[str, Any]]) -> str:
        """One JSON text: the relations with `explain`, otherwise the statements and the faults."""
        plan = self.program.plan
        document: dict[str, Any] = {
            "format": 1,
            "program": plan.program,
            "edition": plan.edition,
            "year": self.year,
            "dialect": self.dialect,
        }
        if explain:
            document["relations"] = [_relation(each) for each in self.relations]
        else:
            document["statements"] = [
                {"name": each.name, **_about(each.about), "sql": _text(each)} for each in self.statements
            ]
            document["faults"] = [
                {"number": number, "code": code, **_fault_place(span)} for number, code, span in self.faults
            ]
        return json.dumps({**document, "findings": list(findings)}, indent=2, ensure_ascii=False)


def planned(
    program: Program,
    year: int | None = None,
    data: Data | None = None,
    *,
    counts: bool = False,
    dialect: str = DUCKDB,
) -> Planned:
    """The SQL of a program year: of given data, or on empty tables.

    `year` is the program's first without one. `counts`: the empty tables are those of data that have counts of members
    instead of the members. `dialect` is one of `DIALECTS`; no session of Spark is needed for its text.

    Raises:
        DiagnosticError: the term has no month in the year (MH730), or relations cannot hold the data (MH903).
    """
    from mhrules.engine.reference import deep
    from mhrules.settle.payments import Books
    from mhrules.settle.run import refuse
    from mhrules.settle.sql.compiled import Compiled, HandOver

    plan = program.plan
    year = plan.calendar.year_of(plan.first_month) if year is None else year
    refuse(plan, year)
    dataset = _empty(program, counts=counts) if data is None else data.dataset
    with deep():
        try:
            compiled = Compiled(Books(plan, dataset, year), dataset, year)
            compiled.store.keeps_all = True
            lacking = tuple(compiled.unjudged())
        except HandOver as reason:
            refused = finding("MH903", f"there is no SQL for these data: {reason.reason}")
            raise DiagnosticError([refused]) from reason
    store = compiled.store
    return Planned(
        program=program,
        year=year,
        dialect=dialect,
        statements=tuple(of_spark(store.statements) if dialect == SPARK else store.statements),
        relations=tuple(_relations(compiled, program, dialect, counted=data is not None)),
        faults=tuple(compiled.relations.faults.all()),
        findings=_findings(lacking),
    )


def _empty(program: Program, *, counts: bool) -> Any:
    """Data that have every table that the program may expect, and no row."""
    from mhrules.data.dataset import Dataset
    from mhrules.data.template import template_tables

    return Dataset.from_rows(
        program.schema, {table.name: () for table in template_tables(program.schema, counts=counts)}
    )


def _findings(lacking: Iterable[Unsupported]) -> tuple[Diagnostic, ...]:
    """What has no SQL, each construct once a place."""
    found = {
        (str(error), error.span): finding(
            "MH903",
            f"the relations have no {error}",
            error.span,
            help="the interpreter settles the program, to the same cent; what rests on this is left out of the SQL",
        )
        for error in lacking
    }
    return tuple(found.values())


# ---------------------------------------------------------------------------------------------------- SQL


def _fault(number: int, code: str, span: Span | None) -> str:
    """A line of the list of faults: what is wrong, where, and the text that is there."""
    where = "" if span is None else f" at {span}: {textwrap.shorten(span.text, 48, placeholder=' …')}"
    return f"{number}: {code}, {CODES[code].title}{where}"


def _comment(paragraphs: Iterable[str]) -> str:
    lines: list[str] = []
    for paragraph in paragraphs:
        lines += textwrap.wrap(paragraph, WIDTH - 3, break_long_words=False) or [""]
    return "\n".join(f"-- {line}".rstrip() for line in lines)


def _shown(statement: Statement) -> str:
    """A statement under comments that say what it makes, and of which rule."""
    return "\n".join([*_comments(statement.about), f"{_text(statement)}{_end(statement)}"])


def _comments(about: About | None) -> Iterator[str]:
    if about is None:
        return
    yield _comment([f"{about.what}; {about.rows}" if about.rows else about.what])
    for span in about.spans:
        yield f"-- {span}"
        for line in rule_text(span):
            lead = "--   " + " " * (len(line) - len(line.lstrip()))
            yield textwrap.fill(line.strip(), WIDTH, initial_indent=lead, subsequent_indent=f"{lead}    ")


def _end(statement: Statement) -> str:
    return "" if len(statement.rows) > _SHOWN_ROWS else ";"


def _text(statement: Statement) -> str:
    """A statement as it can be run: rows that were given as parameters are written out, unless they are many."""
    if not statement.rows:
        return laid_out(statement.sql)
    if len(statement.rows) > _SHOWN_ROWS:
        return f"-- and into {statement.name} {len(statement.rows):,} rows of the data"
    values = ", ".join("(" + ", ".join(map(literal, row)) + ")" for row in statement.rows)
    return laid_out(f"INSERT INTO {statement.name} VALUES {values}")


# ----------------------------------------------------------------------------------------------- relations


def _relations(compiled: Compiled, program: Program, dialect: str, *, counted: bool) -> Iterator[Relation]:
    """Each relation once, in the order in which they are made."""
    store = compiled.store
    known: dict[str, None] = dict.fromkeys(table.name for table in program.schema.tables)
    seen: set[str] = set()
    for statement in store.statements:
        if not statement.name or statement.name in seen:
            continue
        seen.add(statement.name)
        reads = [word for word in dict.fromkeys(sources_of(statement.sql)) if word in known]
        known[statement.name] = None
        described = {name: str(kind) for name, kind, *_ in store.rows(f"DESCRIBE {statement.name}")}
        number = next((described[name] for name in NUMBERS if name in described), "")
        integer = number in ("BIGINT", "HUGEINT")
        yield Relation(
            name=statement.name,
            about=statement.about,
            rows=store.row(f"SELECT count(*) FROM {statement.name}")[0] if counted else None,
            number=WIDE if integer and dialect == SPARK else number,
            why=_why(compiled, statement.about) if integer else "",
            reads=tuple(reads),
        )


def _why(compiled: Compiled, about: About | None) -> str:
    """Why a number needs its width: its places, how small and large it can be, and what that rests on."""
    if about is None or about.number is None or not about.number.type.is_number:
        return ""
    return str(compiled.relations.widths.why(about.number))


def _said(relation: Relation) -> Iterator[tuple[str, str]]:
    about = relation.about
    if about is not None:
        yield "is", about.what
        for span in about.spans:
            yield "rule", str(span)
        if about.rows:
            yield "grain", about.rows
    if relation.rows is not None:
        yield "rows", f"{relation.rows:,}"
    if relation.number:
        yield "number", ": ".join(filter(None, [relation.number, relation.why]))
    if relation.reads:
        yield "reads", ", ".join(relation.reads)


def _relation(relation: Relation) -> dict[str, Any]:
    return {
        "name": relation.name,
        **_about(relation.about),
        "rows": relation.rows,
        "number": relation.number or None,
        "why": relation.why or None,
        "reads": list(relation.reads),
    }


def _about(about: About | None) -> dict[str, Any]:
    if about is None:
        return {"what": None, "grain": None, "rules": []}
    rules = [{**_place(span), "text": "\n".join(rule_text(span))} for span in about.spans]
    return {"what": about.what, "grain": None if about.grain is None else list(about.grain), "rules": rules}


def _fault_place(span: Span | None) -> dict[str, Any]:
    if span is None:
        return {"file": None, "line": None, "text": None}
    return {**_place(span), "text": span.text}


def _place(span: Span) -> dict[str, Any]:
    return {"file": span.source.name, "line": span.line}
