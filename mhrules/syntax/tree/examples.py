"""Worked examples."""

from __future__ import annotations

import datetime

from mhrules.classes import frozen
from mhrules.syntax.tree.clauses import Clause
from mhrules.syntax.tree.expressions import Expression
from mhrules.syntax.tree.node import Name, Node


@frozen(eq=False)
class GivenValue(Node):
    """`ncqa_level 2 from 2008-10-01` inside the braces of a `given`."""

    name: Name
    value: Expression
    start: datetime.date | None
    end: datetime.date | None


@frozen(eq=False)
class GivenKey(Node):
    """One key of a `given`: `practice p1`, `payer aetna`, `year 2011`, `month 2009-09`."""

    key: Name
    value: str


@frozen(eq=False)
class GivenFacts(Clause):
    """`given practice p1 payer aetna year 2011 { imputed_savings $12_000 }`."""

    keys: tuple[GivenKey, ...]
    values: tuple[GivenValue, ...]


@frozen(eq=False)
class GivenMembers(Clause):
    """`given 2_000 members of p1 for bcbsri with { … } from 2008-10-01 to 2010-09-30`."""

    count: int
    practice: Name
    payer: Name
    values: tuple[GivenValue, ...]
    start: datetime.date
    end: datetime.date


@frozen(eq=False)
class GivenSet(Clause):
    """`given set care_fee = $5 for aetna from 2011-01-01`: what a contract would set, in an example."""

    name: Name
    value: Expression
    payer: Name
    start: datetime.date | None


@frozen(eq=False)
class ExampleContract(Clause):
    """`given contract of aetna { … }`: a contract's clauses, in an example."""

    payer: Name
    clauses: tuple[Clause, ...]


@frozen(eq=False)
class PeriodName(Node):
    """`2012`, `2012-Q1`, `2012-H1`, `2012-03` as written."""

    text: str


@frozen(eq=False)
class ExpectAmount(Clause):
    """`expect care_management for p1 from bcbsri in 2009-09 = $11_000.00`.

    Also `expect p1 owes aetna $8_000 for settlement in 2011`, of which `amount` is then negative.
    """

    payment: Name
    practice: Name
    payer: Name | None
    period: PeriodName
    amount: int
    owes: bool


@frozen(eq=False)
class ExpectStatus(Clause):
    """`expect shared_savings for p1 in 2011 is gated by minimum`."""

    payment: Name
    practice: Name
    payer: Name | None
    period: PeriodName
    status: Name
    reason: Name | None


@frozen(eq=False)
class ExpectValue(Clause):
    """`expect savings_rate for p1 from aetna in 2011 = 3.2%`: a `report` or `define`; no value: missing."""

    quantity: Name
    keys: tuple[GivenKey, ...]
    value: Expression | None


@frozen(eq=False)
class ExpectFault(Clause):
    """`expect fault MH701`: the run fails so."""

    code: str


@frozen(eq=False)
class Example(Clause):
    """`example "…" { given … expect … }`."""

    title: str
    clauses: tuple[Clause, ...]
