"""How the rows of a table stand to each other and to other tables: spans, dates in order, entries, who is known."""

from __future__ import annotations

from mhrules.classes import frozen
from mhrules.data.population import CLAIMS, CONDITION, ENCOUNTER, ENTRY, MEDICAL, MEMBER, PERSON, PHARMACY
from mhrules.data.rules import layout, span_names
from mhrules.data.schema import Schema, Table

_ORDERED = {
    MEMBER: (("birth_date", "death_date"),),
    MEDICAL: (("claim_start_date", "paid_date"),),
    PHARMACY: (("dispensing_date", "paid_date"),),
}
_BILLERS = (MEDICAL, ENCOUNTER)
"""Tables whose practice may be any biller, not only a participant."""


@frozen
class Spans:
    """Rows that are spans: the positions in a row of what they are spans of, and of their first and last day."""

    of: tuple[int, ...]
    first: int
    last: int


@frozen
class Reference:
    """A column, by its position in a row, whose values stand in the key column `key` of another table."""

    at: int
    table: str
    key: str


def positions(table: Table) -> dict[str, int]:
    """Where each column stands in a row."""
    return {column.name: at for at, column in enumerate(layout(table))}


def roster_key(schema: Schema) -> str:
    """The name of the key that names a participant: `practice_id`."""
    return f"{schema.roster}_id"


def spans_of(table: Table) -> Spans | None:
    """The spans that may not overlap: of a dated table, and of enrollment. A condition may be recorded again."""
    names = span_names(table)
    if names is None or table.name == CONDITION:
        return None
    at = positions(table)
    first, last = (at[name] for name in names)
    return Spans(tuple(i for i in range(len(table.keys)) if i != first), first, last)


def dates_in_order(table: Table) -> tuple[tuple[int, int], ...]:
    """Pairs of positions of days, of which the second may not lie before the first."""
    at = positions(table)
    span = span_names(table)
    pairs = (*((span,) if span else ()), *_ORDERED.get(table.name, ()))
    return tuple((at[first], at[last]) for first, last in pairs if first in at and last in at)


def entry_columns(table: Table) -> tuple[int, int] | None:
    """The position of the entry's number among the keys, and how many keys name the line; None without entries."""
    names = [key.name for key in table.keys]
    return (names.index(ENTRY.name), len(names) - 1) if table.name in CLAIMS and ENTRY.name in names else None


def references(schema: Schema, table: Table) -> tuple[Reference, ...]:
    """Which columns of a table name a participant of the roster, or a person of the table of members."""
    at = positions(table)
    found = []
    participant = roster_key(schema)
    if table.name not in (schema.roster, *_BILLERS) and participant in at:
        found.append(Reference(at[participant], schema.roster, participant))
    members = any(each.name == MEMBER and each.keys[0].name == PERSON.name for each in schema.tables)
    if table.name != MEMBER and members and PERSON.name in at:
        found.append(Reference(at[PERSON.name], MEMBER, PERSON.name))
    return tuple(found)
