"""Where an expression stands while it is lowered, and what the lowering has found so far."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import attrs
from attrs import field

from mhrules.classes import frozen
from mhrules.data.population import Need
from mhrules.diagnostics.collect import Findings
from mhrules.plan import ir
from mhrules.semantics.program import Agreement, Program
from mhrules.semantics.reach import Reach
from mhrules.semantics.types import UNKNOWN, Kind, Type
from mhrules.source import Span
from mhrules.syntax import tree as t

MONTH = "month"
YEAR = "year"
CONTRACT_YEAR = "contract_year"
OWNERS = frozenset({"payer", "practice"})
"""The keys that decide how a period is cut: a payer and a practice are there for some of its months."""
BELOW = frozenset({"member", "provider"})
"""The keys that a report or an invariant does not vary over: people and providers are added up."""
DEEPEST = 400
"""Steps inside one another, through definitions, beyond which a text is refused."""
CLAUSE_WIDTH = 40
MOST_LISTED = 100
"""Increases, conditions or years that one expression may list."""


@frozen(eq=False)
class LetScope:
    """A `let` of a payment, and the context in which it stands; `owner` names the payment and its form."""

    owner: str
    node: t.Let
    context: Context


@frozen
class Context:
    """What a clause supplies to the expressions in it.

    `clause` is how messages call it ("a payment per practice per year"); `keys` the keys it supplies besides
    time, None where any may vary (a report, an invariant), but for those in `absent`; `period` its time key;
    `lets` the payment's own names; `elements` the collections below the practice that enclosing aggregates run
    over; `known` the expressions, as written, that an earlier `known(…)` has shown not to be missing.
    """

    clause: str
    period: str
    keys: frozenset[str] | None = None
    absent: frozenset[str] = frozenset()
    lets: Mapping[str, LetScope] = field(factory=dict)
    elements: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()

    def knowing(self, texts: frozenset[str]) -> Context:
        """The context where those expressions, as written, are known not to be missing."""
        return attrs.evolve(self, known=self.known | texts) if texts else self

    def within(self, *added: str, period: str | None = None, element: str | None = None) -> Context:
        """The context inside an aggregate that adds keys, another period or an element.

        What was known before was known of other rows. An element is of a member, or its aggregate varies by member.
        """
        given = frozenset(added) if element is None else frozenset({*added, "member"})
        return attrs.evolve(
            self,
            keys=None if self.keys is None else self.keys | frozenset(added),
            absent=self.absent - given,
            period=period or self.period,
            elements=self.elements if element is None else (*self.elements, element),
            known=frozenset(),
        )

    def without(self, key: str, clause: str) -> Context:
        """The context of something that may not vary over `key`, called `clause`."""
        return attrs.evolve(
            self,
            clause=clause,
            keys=None if self.keys is None else self.keys - {key},
            absent=self.absent | {key},
            known=frozenset(),
        )

    @property
    def missing_owners(self) -> frozenset[str]:
        """Which of payer and practice a row of this context does not have."""
        return (OWNERS - self.keys if self.keys is not None else frozenset()) | (self.absent & OWNERS)

    @property
    def owners(self) -> frozenset[str]:
        """Which of payer and practice a row of this context has, or may have."""
        return OWNERS - self.missing_owners


@frozen(eq=False)
class Decision:
    """A `choose`, table, bands or classification as lowered, for the analyses of totality."""

    node: t.Expression | t.Table | t.Classify
    case: ir.Case
    first: bool
    what: str


class Lowering(ABC):
    """State shared by all parts of the lowering; the parts are the classes built upon it."""

    def __init__(self, program: Program, agreements: Mapping[str, Agreement], findings: Findings) -> None:
        self.program = program
        self.agreements = agreements
        self.findings = findings
        self.reach = Reach(program)
        self.quantities: dict[tuple[Any, ...], ir.Quantity] = {}
        self.in_progress: list[str] = []
        self.circles: set[frozenset[str]] = set()
        self.used: set[tuple[str, str]] = set()
        self.decisions: dict[t.Node, Decision] = {}
        self.shared_totals: set[ir.Expression] = set()
        self.table_types: dict[t.Table, Type] = {}
        self.needs: set[Need] = set()
        self.reported: set[tuple[str, Span, str]] = set()
        self.names: set[str] = set()
        self.parts = 0
        self.depth = 0
        self.too_deep = False

    # -------------------------------------------------------------------------------------- findings

    def report(self, code: str, message: str, span: Span, **more: Any) -> None:
        """Keeps a finding, once per code, place and sentence: a define is lowered for each period that reads it."""
        if (code, span, message) not in self.reported:
            self.reported.add((code, span, message))
            self.findings.report(code, message, span, **more)

    def not_yet(self, what: str, node: t.Node) -> ir.Expression:
        """Reports what the language keeps for later; `what` is the subject of a sentence, in the singular."""
        self.report("MH901", f"{what} is reserved, and not yet settled", node.span, help="leave this out for now")
        return self.nothing(node)

    def word(self, key: str) -> str:
        """What a person calls a key: the participant by the program's own word."""
        return self.program.participant if key == "practice" else key.replace("_", " ")

    # ---------------------------------------------------------------------------------- making nodes

    def nothing(self, node: t.Node) -> ir.Expression:
        """What stands for an expression with a mistake: fits everywhere, so that one mistake makes one finding."""
        return self.nothing_at(node.span)

    def nothing_at(self, span: Span) -> ir.Expression:
        """The same, at a place."""
        return ir.Literal(value=None, type=UNKNOWN, keys=frozenset(), span=span)

    def literal(self, value: ir.Value, kind: Type, span: Span) -> ir.Literal:
        """A value written in the text."""
        return ir.Literal(value=value, type=kind, keys=frozenset(), span=span)

    def changed(self, expression: ir.Expression, **changes: Any) -> ir.Expression:
        """A copy with changes; a total that may go to each payer stays one."""
        copy = attrs.evolve(expression, **changes)
        if expression in self.shared_totals:
            self.shared_totals.add(copy)
        return copy

    def unique(self, name: str, period: str) -> str:
        """A name for a quantity that none has yet."""
        found, number = name, 1
        while found in self.names:
            found = f"{name}_by_{period}" if number == 1 else f"{name}_by_{period}_{number}"
            number += 1
        self.names.add(found)
        return found

    def part(self, expression: ir.Expression, period: str) -> ir.Quantity:
        """An unnamed quantity for an expression that is read at another time, or more than once."""
        self.parts += 1
        quantity = ir.Quantity(
            name=self.unique(f"part_{self.parts}", period),
            title=flat(expression.span.text),
            kind="part",
            grain=grain_of(expression.keys, period),
            expression=expression,
            span=expression.span,
        )
        self.quantities["part", self.parts] = quantity
        return quantity

    # --------------------------------------------------------------------------- what the parts supply

    @abstractmethod
    def lower(self, node: t.Expression, context: Context, expected: Type | None = None) -> ir.Expression:
        """The plan of an expression; a bare `$2.50` in result position takes the unit of `expected`."""

    @abstractmethod
    def built_in(self, name: str, context: Context, span: Span) -> ir.Expression:
        """A built-in quantity in the context, or the reason why it has no value there."""

    @abstractmethod
    def over_months(self, body: ir.Expression, context: Context, span: Span) -> ir.Expression:
        """The sum of a monthly value over the months of the context's period."""

    @abstractmethod
    def in_population(self, name: str, context: Context) -> ir.Expression:
        """Whether the row's member belongs to a declared population."""

    @abstractmethod
    def table_value(self, table: t.Table, context: Context, span: Span) -> ir.Expression:
        """The value of a table for the row's keys."""

    @abstractmethod
    def value_of(self, node: t.Expression, context: Context, expected: Type | None = None) -> ir.Expression:
        """A value that is used: a missing one has no value, so the text must say what absence means."""


def code_type(kind: Type | None) -> Type | None:
    """A type where it is a list of codes: beside such a value a bare word may be one of its codes."""
    return kind if kind is not None and kind.kind is Kind.CODE else None


def flat(text: str) -> str:
    """A text with single blanks."""
    return " ".join(text.split())


def shortened(text: str) -> str:
    """A text with single blanks, cut so that it fits into a sentence."""
    text = flat(text)
    return text if len(text) <= CLAUSE_WIDTH else f"{text[: CLAUSE_WIDTH - 1]}…"


def inside(node: t.Expression) -> t.Expression:
    """A node without the parentheses around it."""
    while isinstance(node, t.Parenthesized):
        node = node.inner
    return node


def as_written(node: t.Expression) -> str:
    """An expression's text with single blanks, without parentheses around it."""
    return flat(inside(node).span.text)


def shown_known(node: t.Expression, holds: bool) -> frozenset[str]:
    """The expressions that are known not to be missing once a condition holds (or does not)."""
    node = inside(node)
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
