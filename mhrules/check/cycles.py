"""Payments that wait for each other's totals."""

from __future__ import annotations

from itertools import pairwise

from mhrules.check.reading import form_expressions, forms, reads
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Label
from mhrules.plan import ir
from mhrules.plan.bounds import Bounds
from mhrules.plan.lower import Lowered
from mhrules.semantics.program import Program
from mhrules.source import Span

PARTICIPATION = "participation"
Edges = dict[str, dict[str, Span]]


def check_cycles(program: Program, lowered: Lowered, bounds: Bounds, findings: Findings) -> None:
    """Report each circle of payments that read each other's totals (MH444), printed `a → b → a`."""
    edges = _edges(lowered)
    reported: set[frozenset[str]] = set()
    for start in edges:
        circle = _circle(edges, start)
        if circle is None or frozenset(circle) in reported:
            continue
        reported.add(frozenset(circle))
        steps = list(pairwise(circle))
        places = [edges[one][other] for one, other in steps if one in edges and other in edges[one]]
        spans = [span for (one, other), span in zip(steps, places, strict=True) if other != PARTICIPATION]
        findings.report(
            "MH444",
            f"`{start}` waits for its own total: {' → '.join(circle)}",
            spans[0],
            label="reads a total",
            related=[Label(span, "and this one") for span in spans[1:]],
            help="take one of these totals out: what is paid cannot depend on itself",
        )


def _edges(lowered: Lowered) -> Edges:
    """From each payment to the payments whose totals it needs; all need the requirements of participation."""
    plan = lowered.plan
    edges: Edges = {}
    for item in forms(plan):
        own = edges.setdefault(item.payment.name, {})
        _totals(form_expressions(item.form), own)
    conditions = tuple(r.condition for group in plan.requirements for r in group.requirements)
    required: dict[str, Span] = {}
    _totals(conditions, required)
    if required:
        edges[PARTICIPATION] = required
        for name, own in edges.items():
            if name != PARTICIPATION:
                own.setdefault(PARTICIPATION, plan.payments[name].span)
    return edges


def _totals(expressions: tuple[ir.Expression, ...], found: dict[str, Span]) -> None:
    seen: set[ir.Quantity] = set()
    for expression in expressions:
        for part in reads(expression, seen, same_time=True):
            if isinstance(part, ir.Total):
                found.setdefault(part.payment, part.span)


def _circle(edges: Edges, start: str) -> list[str] | None:
    """The shortest way from a payment back to itself."""
    ways = [[start]]
    seen: set[str] = set()
    for way in ways:
        for following in edges.get(way[-1], {}):
            if following == start:
                return [*way, start]
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return None
