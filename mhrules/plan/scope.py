"""Where an expression stands while it is lowered, and what the lowering has found so far."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import attrs
from attrs import field, frozen

from mhrules.diagnostics.collect import Findings
from mhrules.plan import ir
from mhrules.semantics.program import Agreement, Program
from mhrules.semantics.types import UNKNOWN, Type
from mhrules.source import Span
from mhrules.syntax import tree as t

MONTH = "month"
YEAR = "year"


@frozen
class Context:
    """What a clause supplies to the expressions in it.

    `clause` is how messages call it ("a payment per practice per year"); `keys` the keys it supplies besides
    time, None where any may vary (a report, an invariant); `period` its time key; `lets` the payment's own
    names; `elements` the collections below the practice that enclosing aggregates run over; `known` the
    expressions, as written, that an earlier `known(…)` has shown not to be missing.
    """

    clause: str
    period: str
    keys: frozenset[str] | None = None
    lets: Mapping[str, ir.Quantity] = field(factory=dict)
    elements: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()

    def knowing(self, texts: frozenset[str]) -> Context:
        """The context where those expressions, as written, are known not to be missing."""
        return attrs.evolve(self, known=self.known | texts) if texts else self

    def within(self, *added: str, period: str | None = None, element: str | None = None) -> Context:
        """The context inside an aggregate that adds keys, a shorter period or an element."""
        keys = None if self.keys is None else self.keys | frozenset(added)
        elements = self.elements if element is None else (*self.elements, element)
        return attrs.evolve(self, keys=keys, period=period or self.period, elements=elements)

    def without(self, key: str) -> Context:
        """The context of something that may not vary over `key`."""
        return attrs.evolve(self, keys=None if self.keys is None else self.keys - {key})


@frozen(eq=False)
class Decision:
    """A `choose`, table or bands as lowered, for the analyses of totality."""

    node: t.Expression | t.Table
    case: ir.Case
    first: bool
    what: str


class Lowering(ABC):
    """State shared by all parts of the lowering; the parts are the classes built upon it."""

    def __init__(self, program: Program, agreements: Mapping[str, Agreement], findings: Findings) -> None:
        self.program = program
        self.agreements = agreements
        self.findings = findings
        self.quantities: dict[tuple[Any, ...], ir.Quantity] = {}
        self.in_progress: list[str] = []
        self.used: set[tuple[str, str]] = set()
        self.decisions: dict[t.Node, Decision] = {}
        self.shared_totals: set[ir.Expression] = set()
        self.reported: set[tuple[str, Span]] = set()
        self.parts = 0

    def report(self, code: str, message: str, span: Span, **more: Any) -> None:
        """Keeps a finding, once per code and place: a define is lowered for each period that reads it."""
        if (code, span) not in self.reported:
            self.reported.add((code, span))
            self.findings.report(code, message, span, **more)

    def nothing(self, node: t.Node) -> ir.Expression:
        """What stands for an expression with a mistake: fits everywhere, so that one mistake makes one finding."""
        return ir.Literal(value=None, type=UNKNOWN, keys=frozenset(), span=node.span)

    def literal(self, value: ir.Value, kind: Type, span: Span) -> ir.Literal:
        return ir.Literal(value=value, type=kind, keys=frozenset(), span=span)

    def part(self, expression: ir.Expression, period: str) -> ir.Quantity:
        """An unnamed quantity for an expression that is read at another time."""
        self.parts += 1
        text = " ".join(expression.span.text.split())
        quantity = ir.Quantity(
            name=f"part_{self.parts}",
            title=text,
            kind="part",
            grain=grain_of(expression.keys, period),
            expression=expression,
            span=expression.span,
        )
        self.quantities[("part", self.parts)] = quantity
        return quantity

    @abstractmethod
    def lower(self, node: t.Expression, context: Context, expected: Type | None = None) -> ir.Expression:
        """The plan of an expression; a bare `$2.50` in result position takes the unit of `expected`."""


def as_written(node: t.Node) -> str:
    """An expression's text with single blanks."""
    return " ".join(node.span.text.split())


def shown_known(node: t.Expression, holds: bool) -> frozenset[str]:
    """The expressions that are known not to be missing once a condition holds (or does not)."""
    if isinstance(node, t.Parenthesized):
        return shown_known(node.inner, holds)
    if isinstance(node, t.Not):
        return shown_known(node.operand, not holds)
    if isinstance(node, t.Logic) and (node.operator == "and") == holds:
        return frozenset[str]().union(*(shown_known(o, holds) for o in node.operands))
    if holds and isinstance(node, t.Call) and node.function.text == "known" and node.arguments:
        return frozenset({as_written(node.arguments[0].value)})
    return frozenset()


def grain_of(keys: frozenset[str], period: str) -> tuple[str, ...]:
    """Keys in their fixed order: payer, practice, the others by name, time last."""
    first = [key for key in ("payer", "practice") if key in keys]
    rest = sorted(keys - {"payer", "practice", *ir.TIME_KEYS})
    time = [period] if period in keys else []
    return (*first, *rest, *time)
