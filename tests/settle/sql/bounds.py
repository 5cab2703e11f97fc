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
    found = [(quantity.expression, grid.table) for (quantity, _), (grid, _) in relations.quantities.items()]
    found += [(node, table) for (node, _), (table, _, _) in relations.aggregates.items()]
    for node, table in found:
        if not node.type.is_number or (isinstance(node, ir.Literal) and node.value is None):
            continue
        low, high = relations.widths.interval(node)
        step = 10 ** (PLACES - scale(node))
        least, most, kind = store.row(f"SELECT min(v), max(v), any_value(typeof(v)) FROM {table}")
        if least is not None and (
            (low is not None and least * step < low) or (high is not None and most * step > high)
        ):
            yield f"{table}: {least}..{most}, bounded by {low}..{high} in steps of {step}"
        if least is not None and kind == "HUGEINT" and not relations.widths.is_wide(node):
            yield f"{table} is {kind} and needs not be"
