"""Verdicts of participation as rows of a file: value, threshold and margin of what decided each."""

from __future__ import annotations

from mhrules.engine.sql.numbers import places_of
from mhrules.plan import ir
from mhrules.settle.participation import SAME_SIDE
from mhrules.settle.sql.texts import exact_text, month_text, scaled, value_text
from mhrules.settle.sql.verdicts import WORDS, AtomColumns, Verdicts


def verdict_rows(relations: Verdicts, first: int, last: int) -> str:
    """The verdicts in the months from `first` to `last`: a row each, and one of none where nothing is asked."""
    table, (decided, atoms) = relations.participation(), relations.decided()
    inside = f"p.month BETWEEN {first} AND {last} AND p.f IS NULL"
    whose = "p.practice, p.payer, p.month, p.participates"
    parts = []
    for at, requirement in enumerate(relations.requirements):
        value, threshold, margin, exact = _decided(at, atoms[at])
        verdict = " ".join(f"WHEN {code} THEN '{word}'" for code, word in enumerate(WORDS))
        due, start = "''", ""
        if requirement.by_month is not None:
            due = month_text(f"(s.start + {requirement.by_month - 1})")
            start = "JOIN practices s ON s.practice = p.practice"
        parts.append(
            f"SELECT {whose}, {relations.dialect.text(requirement.name)} AS requirement, {at} AS n, "
            f"CASE p.v{at + 1} {verdict} END AS verdict, {value} AS value, {threshold} AS threshold, "
            f"{margin} AS margin, {exact} AS exact, {due} AS due\n"
            f"  FROM {table} p JOIN {decided} d ON d.payer = p.payer AND d.practice = p.practice "
            f"AND d.month = p.month {start} WHERE {inside} AND p.v{at + 1} IS NOT NULL"
        )
    unasked = "".join(f" AND p.v{at} IS NULL" for at in range(1, len(relations.requirements) + 1))
    empty = ", ".join(f"'' AS {name}" for name in ("verdict", "value", "threshold", "margin"))
    parts.append(
        f"SELECT {whose}, '' AS requirement, -1 AS n, {empty}, true AS exact, '' AS due "
        f"FROM {table} p WHERE {inside}{unasked}"
    )
    return "\nUNION ALL\n".join(parts)


def _decided(at: int, atoms: list[AtomColumns]) -> tuple[str, str, str, str]:
    """Value, threshold and margin where one simple condition was demanded; whether value and threshold are numbers."""
    node = atoms[0].expression
    left, right, holds = (f"d.{name}_{at}_0" for name in ("left", "right", "holds"))
    if isinstance(node, ir.Compare):
        value = value_text(left, node.left, places_of(node.left))
        threshold = value_text(right, node.right, places_of(node.right))
        margin, exact = _margin(node, left, right), "true" if node.left.type.is_number else "false"
    else:
        value, threshold, margin, exact = value_text(holds, node, 0), "''", "''", "true"
    others = " OR ".join(f"d.demanded_{at}_{number}" for number in range(1, len(atoms)))
    if others:
        value, threshold, margin = (f"CASE WHEN {others} THEN '' ELSE {sql} END" for sql in (value, threshold, margin))
    return value, threshold, margin, exact


def _margin(node: ir.Compare, left: str, right: str) -> str:
    """How far the value is from the other side; nothing for `=` and `!=`."""
    if not node.left.type.is_number or node.operator not in SAME_SIDE:
        return "''"
    places = max(places_of(node.left), places_of(node.right))
    one, other = scaled(left, places_of(node.left), places), scaled(right, places_of(node.right), places)
    distance = f"abs(({one})::HUGEINT - ({other})::HUGEINT)"
    if node.left.type.places == node.right.type.places == 0:
        held = f"({one} {node.operator} {other})"
        near = f"NOT {held}" if SAME_SIDE[node.operator] else held
        distance = f"({distance} + CASE WHEN {near} THEN 1 ELSE 0 END)"
    return exact_text(distance, places)
