"""Clauses about measures, payments, settlement and invariants."""

from __future__ import annotations

from enum import Enum

from mhrules.classes import frozen
from mhrules.syntax.tree.clauses import Clause
from mhrules.syntax.tree.expressions import Expression
from mhrules.syntax.tree.node import Name, Node, Note, Period


@frozen(eq=False)
class BaselineYears(Clause):
    """`baseline 2009 to 2011 weighted 10%, 30%, 60%`."""

    first: int
    last: int
    weights: tuple[Expression, ...]
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class MeasurePart(Clause):
    """One line of a measure; `kind` says which (reported, rate, eligible, exclude, met, minimum …)."""

    kind: str
    values: tuple[Node, ...] = ()
    word: str = ""
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class Measure(Clause):
    """`measure ed_visits "Emergency visits per 1,000" { … }`."""

    name: Name
    title: str
    parts: tuple[MeasurePart, ...]


@frozen(eq=False)
class MeasureSet(Clause):
    """`measures quality { core a, b; menu at least 1 of c, d }`."""

    name: Name | None
    core: tuple[Name, ...]
    menu: tuple[Name, ...]
    menu_at_least: int


@frozen(eq=False)
class Basis(Clause):
    """`per member per month`, `per practice per year`, `per claim line where …`, `per practice once`.

    `unit` is member, claim line, claim, visit, event or the participant's word; `period` is absent for
    claims, visits, events and `once`; `keys` are further keys of a yearly basis (`per practice per line
    per year`); `roster` is the period of `on roster of quarter`.
    """

    unit: str
    period: Period | None = None
    once: bool = False
    event: Name | None = None
    where: Expression | None = None
    roster: Period | None = None


@frozen(eq=False)
class AtMostOnce(Clause):
    """`at most once per member per month, first by date`."""

    unit: str
    period: Period


@frozen(eq=False)
class Downside(Clause):
    """`downside`: the payment may be negative."""


@frozen(eq=False)
class Gate(Clause):
    """`gate minimum "Minimum savings rate" : …`."""

    name: Name
    title: str
    condition: Expression
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class Let(Clause):
    """`let net = …` inside a payment."""

    name: Name
    value: Expression
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class Pays(Clause):
    """`pays …`."""

    value: Expression
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class AtMost(Clause):
    """`at most 15% of benchmark`: a cap."""

    value: Expression
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class AtLeast(Clause):
    """`at least -(50% of total(care_management))`: a floor."""

    value: Expression
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class RoundFirst(Clause):
    """`round each member month`, `round the rate first`."""

    what: str


class Coverage(Enum):
    """Which participation a payment for a longer period asks for."""

    LAST_MONTH = "in last month"
    EVERY_MONTH = "every month"
    PROPORTION = "in proportion to months"


@frozen(eq=False)
class Participating(Clause):
    """`participating every month`, `participating in proportion to months`."""

    coverage: Coverage


@frozen(eq=False)
class To(Clause):
    """`to physician_organization`."""

    payee: Name
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class Category(Clause):
    """`category lan 2A, vbpr ccf`."""

    codes: tuple[tuple[str, str], ...]


@frozen(eq=False)
class Summary(Clause):
    """`summary "…"`."""

    text: str


@frozen(eq=False)
class Disclose(Clause):
    """`disclose panel_met to payers`."""

    name: Name
    to: Name


@frozen(eq=False)
class Form(Clause):
    """`form pmpm { … }` of a payment that is payable in several forms."""

    name: Name
    clauses: tuple[Clause, ...]


@frozen(eq=False)
class Payment(Clause):
    """`payment shared_savings "…" optional { … }`."""

    name: Name
    title: str
    optional: bool
    forms: tuple[Name, ...]
    clauses: tuple[Clause, ...]


@frozen(eq=False)
class Settlement(Clause):
    """`settlement { final after 6 months run-out; … }`; each part as (keyword, words)."""

    parts: tuple[Clause, ...]


@frozen(eq=False)
class SettlementPart(Clause):
    """One line of `settlement`, by its first word."""

    kind: str
    run_out_months: int | None = None


@frozen(eq=False)
class Later(Clause):
    """A clause that is reserved now and refused with "not yet": episode, withhold, tracks …"""

    what: str


@frozen(eq=False)
class NeverTogether(Clause):
    """`never together A, B because "…"`."""

    conditions: tuple[Expression, ...]
    reason: str


@frozen(eq=False)
class Ensure(Clause):
    """`ensure under_cap "…" for payers where line = medicare : …`."""

    name: Name
    title: str
    payers_where: Expression | None
    condition: Expression
    notes: tuple[Note, ...] = ()
