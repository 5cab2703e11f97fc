"""The tables and columns that a program reads: its facts as a schema of the practice data model."""

from __future__ import annotations

from mhrules import exact
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


def schema_of(program: Program, *, panel: bool) -> Schema:
    """The schema of a program's facts at the grain of practice, payer, line and time.

    With `panel`, also the table of member months by practice, payer and month.
    """
    roster = program.participant
    groups: dict[str, list[FactDeclaration]] = {}
    for fact in program.facts.values():
        if not MEMBER_LEVEL & set(fact.keys):
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
        columns=(*(declared.columns if declared else ()), *key_columns, *presence),
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
    return Schema(roster=roster, tables=tuple(tables[name] for name in sorted(tables)))


def table_of(name: str, facts: list[FactDeclaration], program: Program) -> Table:
    """The table that holds facts with the same keys."""
    keys = tuple(key_column(key, program) for key in facts[0].keys)
    words = [program.participant if key == "practice" else key.replace("_", " ") for key in facts[0].keys]
    return Table(
        name=name,
        keys=keys,
        columns=tuple(column_of(fact) for fact in facts),
        dated=facts[0].dated,
        title=f"Facts of {', '.join(words)}",
    )
