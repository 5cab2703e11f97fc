"""Totals in dollars that are coarser than a posting, and would be paid once for each posting."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve, field

from mhrules.check.reading import forms, words
from mhrules.classes import frozen
from mhrules.diagnostics.collect import Findings
from mhrules.plan import ir
from mhrules.plan.bounds import Bounds
from mhrules.plan.lower import Lowered
from mhrules.semantics.builtins import BASIS_ELEMENTS, ELEMENTS
from mhrules.semantics.program import Program
from mhrules.source import Span
from mhrules.syntax.tree import Period

TIME_OF_TABLE = {"month": 1, "contract_year": 12, "year": 12}


def check_coarse_totals(program: Program, lowered: Lowered, bounds: Bounds, findings: Findings) -> None:
    """Report totals that reach an amount without being divided (MH443)."""
    plan = lowered.plan
    shared = frozenset((bounds.signature(node), node.span) for node in lowered.shared_totals)
    for item in forms(plan):
        form = item.form
        only_one = plan.last_month is not None and plan.last_month - plan.first_month < form.period.months
        element = BASIS_ELEMENTS.get(form.unit, "")
        key = ELEMENTS[element].key if element else ""
        once = (form.once or only_one) and not key
        walk = _Walk(len(plan.payers), program.participant, form.period, once, shared, bounds, form.unit, key)
        found: dict[Span, tuple[ir.Expression, str]] = {}
        for amount in (form.pays, *form.caps, *form.floors):
            if bounds.is_sound(amount):
                for leaf, whose in walk.coarse(amount, moved=False):
                    found.setdefault(leaf.span, (leaf, whose))
        for leaf, whose in found.values():
            _report(leaf, whose, item.payment.name, findings)


def _varies_by(node: ir.Expression) -> frozenset[str]:
    """The keys that what stands inside a total varies over; what a payment is made for is noted at its top too."""
    inside = frozenset[str]().union(*(part.keys for part in node.parts()))
    return inside - frozenset(node.over) if isinstance(node, ir.Aggregate) else inside


def _report(leaf: ir.Expression, whose: str, payment: str, findings: Findings) -> None:
    text = words(leaf)
    if "month" in whose or "year" in whose or "period" in whose:
        helps = [f"declare a total for each posting period, or say which part of `{text}` falls to each"]
    else:
        helps = [
            f"`split {text} among …`: divided in whole cents, adding up to the total",
            f"`share of {text} by …`: each takes its part",
            f"`{text} the same for each payer`: it is meant to be paid once by each",
        ]
    findings.report(
        "MH443",
        f"`{text}` is one total, and {whose}",
        leaf.span,
        label=f"reaches the amount of `{payment}` undivided",
        help=helps,
    )


@frozen
class _Walk:
    """Finds the totals that reach an amount of postings by payer, practice and period.

    What is split or added up reaches it in parts; there only a total of a longer period than the posting's is coarse.
    """

    payers: int
    participant: str
    period: Period
    once: bool
    shared: frozenset[tuple[int, Span]]
    bounds: Bounds
    unit: str = ""
    element: str = ""  # the key of the claim, visit or event that is paid for; of other payments nothing
    pooled: bool = False  # inside what is split or added up: only its time counts
    seen: set[tuple[ir.Quantity, bool]] = field(factory=set)

    def coarse(self, node: ir.Expression, *, moved: bool) -> Iterator[tuple[ir.Expression, str]]:
        """The coarse totals in an expression that is added to an amount, each with whom it would be paid by or to.

        `moved`: it is read of another time, which has a period of its own. Each quantity is looked at once.
        """
        if not node.type.is_total or (self.bounds.signature(node), node.span) in self.shared:
            return
        match node:
            case ir.Aggregate() if node.body is not None and self.whose(node, moved) is None:
                inside = evolve(self, period=Period.MONTH) if "month" in node.over else self
                yield from evolve(inside, pooled=True).coarse(node.body, moved=moved)
            case ir.Split():
                yield from evolve(self, pooled=True).coarse(node.pool, moved=moved)
            case ir.Cell() | ir.Aggregate() | ir.Total() | ir.Setting() | ir.Feature():
                whose = None if isinstance(node, ir.Setting | ir.Feature) else self.whose(node, moved)
                if whose is not None:
                    yield node, whose
            case ir.Read():
                inner, moved = node.quantity.expression, moved or node.move is not None
                if (node.quantity, moved) not in self.seen:
                    self.seen.add((node.quantity, moved))
                    for leaf, whose in self.coarse(inner, moved=moved):
                        yield (node if leaf is inner else leaf), whose
            case ir.Arithmetic(operator="/"):
                yield from self.coarse(node.left, moved=moved)
            case ir.Arithmetic() | ir.Extreme() | ir.Default() | ir.Round():
                operands = node.operands if isinstance(node, ir.Extreme) else node.parts()
                for part in operands:
                    yield from self.coarse(part, moved=moved)
            case ir.Case():
                for row in node.rows:
                    yield from self.coarse(row.value, moved=moved)
            case _:
                return

    def whose(self, node: ir.Expression, moved: bool) -> str | None:
        """Who would pay or be paid a total several times; None if it is as fine as the posting."""
        if "practice" not in node.keys and not self.pooled:
            return f"each {self.participant} would be paid it once"
        if self.payers > 1 and "payer" not in node.keys and not self.pooled:
            return f"each of {self.payers} payers would pay it once"
        if self.element and not self.pooled and self.element not in _varies_by(node):
            return f"each {self.unit} would be paid it again"
        if self.once or moved:
            return None
        months = [TIME_OF_TABLE[key] for key in getattr(node, "table_keys", ()) if key in TIME_OF_TABLE]
        timeless = isinstance(node, ir.Cell) and not months and node.moment is None
        if timeless or (isinstance(node, ir.Cell) and months and min(months) > self.period.months):
            return f"each {self.period.value.replace('_', '-')} would pay it again"
        return None
