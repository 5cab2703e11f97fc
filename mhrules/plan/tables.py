"""The tables and columns that a program reads: its facts as a schema of the practice data model."""

from __future__ import annotations

import attrs

from mhrules import exact
from mhrules.data.population import ELIGIBILITY, MEMBER, PERSON, ROSTER_COLUMNS, Need, population_tables
from mhrules.data.schema import Column, ColumnKind, Schema, Table, panel_of
from mhrules.semantics.program import FactDeclaration, Program
from mhrules.semantics.types import Kind, Share, Type, unit_text

MEMBER_LEVEL = frozenset({"member", "provider", "claim", "claim_line", "visit", "event"})


def plain_kind(kind: Type) -> ColumnKind:
    """What a column of that type holds."""
    if kind.kind is Kind.NUMBER:
        if kind.is_money:
            return ColumnKind.MONEY
        if kind.share is Share.PERCENT:
            return ColumnKind.PERCENT
        return ColumnKind.INTEGER if kind.places == 0 else ColumnKind.NUMBER
    return {
        Kind.YES_NO: ColumnKind.YES_NO,
        Kind.DATE: ColumnKind.DATE,
        Kind.CODE: ColumnKind.CODE,
    }.get(kind.kind, ColumnKind.TEXT)


def at_places(value: int | None, places: int) -> int | None:
    """A bound in units of 10**-12 as one at a column's places."""
    return None if value is None else value // 10 ** (exact.PLACES - places)


def column_of(fact: FactDeclaration) -> Column:
    """The column that holds a fact."""
    kind = fact.type
    places = kind.places if kind.is_number else 0
    return Column(
        name=fact.name,
        kind=plain_kind(kind),
        places=places,
        low=at_places(kind.low, places) if kind.is_number else None,
        high=at_places(kind.high, places) if kind.is_number else None,
        codes=kind.codes,
        optional=kind.missing,
        title=fact.title,
        unit=unit_text(kind.unit),
        span=fact.span,
    )


def key_column(key: str, program: Program) -> Column:
    """The column of a key: ids are text, years whole numbers, months `YYYYMM`."""
    if key == "practice":
        return Column(f"{program.participant}_id", ColumnKind.TEXT, title=program.participant_title)
    if key == "member":
        return PERSON
    if key == "payer":
        return Column("payer", ColumnKind.CODE, codes=tuple(program.payers), title="Payer")
    if key == "year":
        return Column("year", ColumnKind.INTEGER, low=1900, high=2999, title="Program year")
    if key == "contract_year":
        return Column("contract_year", ColumnKind.INTEGER, low=1, high=999, title="Contract year of the practice")
    if key == "month":
        return Column("year_month", ColumnKind.MONTH, title="Month")
    lines = tuple(sorted({line for payer in program.payers.values() for line in payer.lines}))
    if key == "line" and lines:
        return Column("line", ColumnKind.CODE, codes=lines, title="Line of business")
    return Column(key, ColumnKind.TEXT, title=key.replace("_", " ").capitalize())


def schema_of(
    program: Program,
    *,
    panel: bool,
    needs: frozenset[Need] | None = None,
    results: frozenset[Need] = frozenset(),
) -> Schema:
    """The schema of a program's facts at the grain of practice, payer, line and time.

    With `panel`, also the table of member months by practice, payer and month; with `needs`, the tables of members,
    claims and events that the text asks for, and the facts of members; with `results`, those of reported measures.
    """
    roster = program.participant
    left_out = MEMBER_LEVEL if needs is None else MEMBER_LEVEL - {"member"}
    groups: dict[str, list[FactDeclaration]] = {}
    for fact in program.facts.values():
        if not left_out & set(fact.keys):
            groups.setdefault(fact.table, []).append(fact)
    tables = {name: table_of(name, facts, program) for name, facts in groups.items()}
    own_keys = [key for key, node in program.keys.items() if type(node).__name__ == "KeyDeclaration"]
    presence = (
        Column(
            "effective_from", ColumnKind.DATE, optional=True, may_be_left_out=True, title="First day in the program"
        ),
        Column("effective_to", ColumnKind.DATE, optional=True, may_be_left_out=True, title="Last day in the program"),
    )
    declared = tables.get(roster)
    key_columns = tuple(Column(key, ColumnKind.TEXT, title=key.capitalize()) for key in own_keys)
    tables[roster] = Table(
        name=roster,
        keys=(key_column("practice", program),),
        columns=(
            *(declared.columns if declared else ()),
            *key_columns,
            *(() if needs is None else ROSTER_COLUMNS),
            *presence,
        ),
        required=declared is not None or bool(own_keys),
        title=f"Roster: {program.participant_title}",
    )
    if panel:
        name = panel_of(roster)
        existing = tables.get(name)
        months = Column(
            "member_months",
            ColumnKind.NUMBER,
            places=6,
            low=0,
            high=10**15,
            title="Member months attributed to the practice",
            unit="member months",
        )
        keys = tuple(key_column(key, program) for key in ("practice", "payer", "month"))
        columns = (*(existing.columns if existing else ()), months)
        tables[name] = Table(name=name, keys=keys, columns=columns, title="Panel: member months by month")
    required: tuple[str, ...] = ()
    reported = population_tables(results, tuple(program.payers), roster, program.participant_title)
    tables |= {name: attrs.evolve(table, required=True) for name, table in reported.items()}
    if needs is not None:
        of_members = [name for name, facts in groups.items() if "member" in facts[0].keys]
        needs |= {Need(MEMBER, required=False), Need(ELIGIBILITY)}
        tables = joined(tables, population_tables(needs, tuple(program.payers), roster, program.participant_title))
        tables |= {f"event_{name}": event_table(name, program) for name in program.events}
        asked = {need.table for need in needs if need.required}
        required = tuple(sorted({*asked, *of_members, *(f"event_{name}" for name in program.events), roster}))
    return Schema(roster, tuple(tables[name] for name in sorted(tables)), required)


def joined(tables: dict[str, Table], below: dict[str, Table]) -> dict[str, Table]:
    """Tables of facts with those below the practice; undated facts of members are columns of the table `member`."""
    found = {**tables, **below}
    own = tables.get(MEMBER)
    if own is not None:
        found[MEMBER] = attrs.evolve(below[MEMBER], columns=(*below[MEMBER].columns, *own.columns))
    return found


def event_table(name: str, program: Program) -> Table:
    """The table of a kind of event: whose, where, when, and the columns that the program declares."""
    payer = Column("payer", ColumnKind.CODE, codes=tuple(program.payers), optional=True, may_be_left_out=True)
    return Table(
        name=f"event_{name}",
        keys=(Column("event_id", ColumnKind.TEXT, title="Event"),),
        columns=(
            PERSON,
            attrs.evolve(payer, title="Payer; empty: the person's first payer on that day"),
            key_column("practice", program),
            Column("event_date", ColumnKind.DATE, title="Day of the event"),
            *(column_of(fact) for fact in program.event_facts[name].values()),
        ),
        required=False,
        title=f"Events: {name.replace('_', ' ')}",
    )


def table_of(name: str, facts: list[FactDeclaration], program: Program) -> Table:
    """The table that holds facts with the same keys."""
    keys = tuple(key_column(key, program) for key in facts[0].keys)
    words = [program.participant if key == "practice" else key.replace("_", " ") for key in facts[0].keys]
    return Table(
        name=name,
        keys=keys,
        columns=tuple(column_of(fact) for fact in facts),
        dated=facts[0].dated,
        required="member" not in facts[0].keys,
        title=f"Facts of {', '.join(words)}",
    )
