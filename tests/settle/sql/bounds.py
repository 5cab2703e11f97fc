"""Whether every number that relations hold lies inside the bounds that its width rests on."""

from __future__ import annotations

from collections.abc import Iterator

from mhrules.exact import PLACES
from mhrules.plan import ir
from mhrules.plan.bounds import scale
from mhrules.settle.sql.compiled import Compiled


def outside(compiled: Compiled) -> Iterator[str]:
    """The relations of quantities and aggregates with a number out of its bounds, or narrow ones held as wide."""
    relations, store = compiled.relations, compiled.store
    found = [(q.expression, held.grid.table, held.value) for (q, _), held in relations.held.items()]
    found += [(node, table, "v") for (node, _), (table, _, _) in relations.aggregates.items()]
    for node, table, column in found:
        if not node.type.is_number or (isinstance(node, ir.Literal) and node.value is None):
            continue
        low, high = relations.widths.interval(node)
        step = 10 ** (PLACES - scale(node))
        least, most, kind = store.row(f"SELECT min({column}), max({column}), any_value(typeof({column})) FROM {table}")
        if least is not None and (
            (low is not None and least * step < low) or (high is not None and most * step > high)
        ):
            yield f"{table}.{column}: {least}..{most}, bounded by {low}..{high} in steps of {step}"
        if least is not None and kind == "HUGEINT" and not relations.widths.is_wide(node):
            yield f"{table}.{column} is {kind} and needs not be"
