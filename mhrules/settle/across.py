"""Values over all practices as a settlement has them: what ends the slice of data that explains one line.

A shape is a node of the plan at rows of one kind: the keys of the rows (`at`), and the columns that tell values apart.
Both engines give the same shapes; the relations of one are copied, what the other noted is written row by row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mhrules.classes import frozen
from mhrules.engine.reference import SplitRecord
from mhrules.engine.slices import is_across
from mhrules.engine.sql.numbers import places_of
from mhrules.exact import PLACES
from mhrules.plan import ir
from mhrules.plan.whole import Plan
from mhrules.settle.ledger import Settlement
from mhrules.settle.sql.compiled import Compiled


@frozen
class Shape:
    """Values of one node at rows of one kind: a query with `columns`, `v` in units of 10**-`places`, and `f`.

    `rows` are given where there is no query. `clock` says that a row has a period, of kind `kind`; it is among
    `columns` then.
    """

    node: int
    kind: str | None
    base: bool
    at: tuple[str, ...]
    columns: tuple[str, ...]
    places: int
    sql: str = ""
    rows: tuple[tuple[Any, ...], ...] = ()


def across_nodes(plan: Plan) -> tuple[ir.Expression, ...]:
    """The nodes of a plan that rest on all practices, each once, in an order that only the plan decides."""
    return tuple(dict.fromkeys(node for node in nodes(plan) if is_across(node, plan)))


def nodes(plan: Plan) -> Iterator[ir.Expression]:
    """Everything that a plan can ask for, in an order that only the plan decides."""
    seen: set[ir.Quantity] = set()
    stack = list(reversed(list(_roots(plan))))
    while stack:
        for node in stack.pop().walk():
            yield node
            if isinstance(node, ir.Read) and node.quantity not in seen:
                seen.add(node.quantity)
                stack.append(node.quantity.expression)


def _roots(plan: Plan) -> Iterator[ir.Expression]:
    """Every expression that a plan begins with."""
    for payment in plan.payments.values():
        for form in payment.forms.values():
            optional = (form.where, form.reach.among)
            yield from (each for each in optional if each is not None)
            yield from (gate.condition for gate in form.gates)
            yield from (quantity.expression for quantity in form.lets)
            yield from (form.pays, *form.caps, *form.floors)
    yield from (each.condition for group in plan.requirements for each in group.requirements)
    yield from (ensure.condition for ensure in plan.ensures)
    yield from (quantity.expression for quantity in plan.quantities)
    for measure in plan.measures:
        told = (measure.rate, measure.scored, measure.value, measure.points, measure.possible_points, measure.earned)
        yield from (each.expression for each in told)


def context(plan: Plan, keys: frozenset[str]) -> tuple[str, ...]:
    """The keys of a row without those that its practice determines, sorted."""
    return tuple(sorted(keys - (plan.practice_keys.keys() if "practice" in keys else frozenset())))


def shapes(settlement: Settlement) -> Iterator[Shape]:
    """What a settlement knows of the nodes that rest on all practices, splits aside."""
    numbers = {node: at for at, node in enumerate(across_nodes(settlement.plan))}
    compiled = settlement.compiled
    if isinstance(compiled, Compiled):
        yield from _of_relations(compiled, numbers)
    else:
        yield from _of_notes(settlement, numbers)


def _of_relations(compiled: Compiled, numbers: dict[ir.Expression, int]) -> Iterator[Shape]:
    relations = compiled.relations
    found = [(node, grid, table, columns) for (node, grid), (table, columns, _) in relations.aggregates.items()]
    found += [(node, grid, table, columns) for (node, grid), (table, columns) in relations.ranks.items()]
    for node, grid, table, columns in found:
        if node in numbers:
            places = places_of(node) if node.type.is_number else 0
            listed = ", ".join(columns) + ", " if columns else ""
            at = context(compiled.plan, frozenset(grid.keys))
            sql = f"SELECT {listed}v, f FROM {table}"
            yield Shape(numbers[node], grid.kind, grid.base, at, columns, places, sql)


def _of_notes(settlement: Settlement, numbers: dict[ir.Expression, int]) -> Iterator[Shape]:
    plan = settlement.plan
    by_shape: dict[tuple[int, str | None, bool, tuple[str, ...]], list[tuple[Any, ...]]] = {}
    for (node, row), value in settlement.books.interpreter.noted.items():
        at = context(plan, frozenset(key for key, _ in row.keys))
        kind, clock = row.clock or (None, 0)
        if node in numbers:
            found = (*(row.get(key) for key in at), *([clock] if kind else []), value, None)
            by_shape.setdefault((numbers[node], kind, row.base, at), []).append(found)
    for (number, kind, base, at), rows in by_shape.items():
        columns = (*at, *(["clock"] if kind else []))
        yield Shape(number, kind, base, at, columns, PLACES, rows=tuple(rows))


# ------------------------------------------------------------------------------------------------ splits


@frozen
class SplitShape:
    """The splits of one node: its groups by `columns` with pool and weights, and the part of each practice.

    The queries give, after the columns, pool, weights and what returned; and practice and part. Pools and parts are in
    units of 10**-`places`, weights in units of 10**-`weight_places`.
    """

    node: int
    kind: str | None
    base: bool
    columns: tuple[str, ...]
    places: int
    weight_places: int
    groups: str = ""
    parts: str = ""
    records: tuple[SplitRecord, ...] = ()


def split_shapes(settlement: Settlement) -> Iterator[SplitShape]:
    """The splits among practices of a settlement."""
    numbers = {node: at for at, node in enumerate(across_nodes(settlement.plan))}
    if isinstance(settlement.compiled, Compiled):
        yield from _compiled_splits(settlement.compiled, numbers)
        return
    by_node: dict[tuple[int, str | None, bool, tuple[str, ...]], list[SplitRecord]] = {}
    for (node, group), record in settlement.books.interpreter.splits.items():
        if node in numbers:
            kind = None if group.clock is None else group.clock[0]
            columns = (*(key for key, _ in group.keys), *(["clock"] if kind else []))
            by_node.setdefault((numbers[node], kind, group.base, columns), []).append(record)
    for (number, kind, base, columns), records in by_node.items():
        yield SplitShape(number, kind, base, columns, PLACES, PLACES, records=tuple(records))


def _compiled_splits(compiled: Compiled, numbers: dict[ir.Expression, int]) -> Iterator[SplitShape]:
    relations = compiled.relations
    for (node, kind, base), name in relations.split_names.items():
        if node in numbers and name in relations.split_done:
            group, _, _ = relations.split_rows(node, kind, base=base)
            listed = "".join(f"g.{column}, " for column in group.columns)
            on = " AND ".join(f"p.{column} = g.{column}" for column in group.columns) or "true"
            groups = (
                f"SELECT {listed}g.pool, g.whole, coalesce((SELECT sum(p.whole_part - p.v) FROM {name} p "
                f"WHERE {on}), 0) AS returned FROM {name}_groups g WHERE g.f IS NULL"
            )
            own = "".join(f"{column}, " for column in group.columns)
            parts = f"SELECT {own}practice, v FROM {name} WHERE kept"
            places = 0 if node.weight is None else places_of(node.weight)
            yield SplitShape(numbers[node], kind, base, group.columns, compiled.plan.rounding[0], places, groups, parts)
