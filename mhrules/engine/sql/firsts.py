"""Which of several faults is told: that of the element which the interpreter demands first."""

from __future__ import annotations

from collections.abc import Iterable

from mhrules.engine.sql.frame import Grid
from mhrules.engine.sql.grids import OWNERS
from mhrules.plan import ir


def order_of(node: ir.Aggregate, elements: Grid) -> list[str]:
    """By which columns the elements of an aggregate are demanded one after the other; none where single records are."""
    if elements.element:
        return []
    owners = [key for key in node.over if key in OWNERS]
    times = [key for key in node.over if key in ir.TIME_KEYS]
    others = ["member" if key == "enrollment" else key for key in node.over if key not in (*owners, *times)]
    return [*owners, *others, *(["clock"] if times else [])]


def first_fault(order: Iterable[str], *, early: bool = False) -> str:
    """Of faults `f` that of the first element in an order, as the interpreter tells it; without order, of any.

    `early`: faults of who the elements are, where `early` holds, come before those of what is asked of each.
    """
    keys = ", ".join(order)
    if not keys:
        return "max(f)"
    keys = f"({keys})" if "," in keys else keys
    found = f"min_by(f, {keys}) FILTER (WHERE f IS NOT NULL)"
    return f"coalesce(min_by(f, {keys}) FILTER (WHERE early), {found})" if early else found
