"""Contracts."""

from __future__ import annotations

import datetime

from mhrules.classes import frozen
from mhrules.syntax.tree.clauses import Clause
from mhrules.syntax.tree.expressions import Expression
from mhrules.syntax.tree.node import Name, Note


@frozen(eq=False)
class Effective(Clause):
    """`effective 2012-01-01`."""

    date: datetime.date


@frozen(eq=False)
class SetParameter(Clause):
    """`set care_fee = $5.25 from 2011-01-01`."""

    name: Name
    value: Expression
    start: datetime.date | None
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class Decline(Clause):
    """`decline shared_savings because "…"`."""

    payment: Name
    reason: str


@frozen(eq=False)
class ChooseMeasures(Clause):
    """`choose measures asthma_plan, depression`."""

    measures: tuple[Name, ...]


@frozen(eq=False)
class PayAs(Clause):
    """`pay care_coordination as claim_codes`."""

    payment: Name
    form: Name


@frozen(eq=False)
class Credit(Clause):
    """`credit "…" from facts of practice, year column paid_before against care_management, excess lapses`.

    Either `keys` and `column` (a fact) or `amount` (spread in proportion to the payments' amounts).
    """

    title: str
    keys: tuple[Name, ...]
    column: Name | None
    amount: Expression | None
    against: tuple[Name, ...]
    carries_forward: bool
    notes: tuple[Note, ...] = ()
