"""The whole plan of a program with its contracts: what is settled for whom, in which months."""

from __future__ import annotations

from attrs import field

from mhrules.classes import frozen
from mhrules.data.schema import Schema
from mhrules.exact import Rounding
from mhrules.plan.ir import (
    EnsurePlan,
    Expression,
    PaymentPlan,
    Quantity,
    ReportPlan,
    RequirementGroup,
    Value,
)
from mhrules.plan.measures import MeasurePlan
from mhrules.plan.members import MembersPlan
from mhrules.semantics.calendar import Calendar
from mhrules.source import Span
from mhrules.syntax.tree import Example, MonthsRule, Note


@frozen(eq=False)
class SettingValue:
    """What a parameter is for one payer from a month on. `by_contract`: set by the payer's contract."""

    first_month: int
    value: Value
    by_contract: bool
    span: Span = field(repr=False)
    notes: tuple[Note, ...] = field(default=(), repr=False)


@frozen(eq=False)
class CreditPlan:
    """Something a payer paid before, taken off named payments as negative postings of their own.

    Either `cell` (an amount per practice, read in the settled year) or `amount` (in units of 10**-12
    dollars a program year, spread over the practices in proportion to the payments' amounts).
    """

    payer: str
    title: str
    against: tuple[str, ...]
    cell: Expression | None
    amount: int | None
    carries_forward: bool
    span: Span = field(repr=False)


@frozen(eq=False)
class PayerPlan:
    """A payer of the program: from which month it owes, under which contract, in which form it pays.

    `status` is `contract`, `program` (settles under the bare program) or `no contract` (listed, no postings).
    """

    name: str
    title: str
    lines: tuple[str, ...]
    first_month: int
    status: str
    contract: str
    settings: dict[str, tuple[SettingValue, ...]] = field(repr=False)  # by parameter, in order of month
    declined: dict[str, str] = field(repr=False)  # payment -> reason
    forms: dict[str, str] = field(repr=False)  # payment -> form
    credits: tuple[CreditPlan, ...] = field(repr=False)
    months_rule: MonthsRule | None = None
    measures: tuple[str, ...] = ()  # those that count for the payer: the core, and what it chose from the menus

    def setting(self, parameter: str, month: int) -> SettingValue | None:
        """What holds in a month: the last value that starts on or before it; None if blank."""
        found = None
        for value in self.settings.get(parameter, ()):
            if value.first_month <= month:
                found = value
        return found


@frozen(eq=False)
class Plan:
    """Everything that an engine needs; it reads no rule text, and rule text only through spans for people.

    `practice_keys` gives, for each declared key or group of the participant (`region`), the cell that holds it;
    `payees` likewise for payees other than the practice. `starts` is the cell of a practice's start date.
    `last_month` is None for an open term. `rounding` is places and mode of every posting.
    """

    program: str
    title: str
    edition: str
    participant: str
    calendar: Calendar
    first_month: int
    last_month: int | None
    rounding: tuple[int, Rounding]
    payers: tuple[PayerPlan, ...]
    least_payers: int
    payments: dict[str, PaymentPlan]
    requirements: tuple[RequirementGroup, ...]
    ensures: tuple[EnsurePlan, ...]
    reports: tuple[ReportPlan, ...]
    quantities: tuple[Quantity, ...]
    starts: Expression | None
    practice_keys: dict[str, Expression]
    payees: dict[str, Expression]
    schema: Schema
    examples: tuple[Example, ...]
    cites: tuple[str, ...] = ()  # what the program as a whole rests on
    members: MembersPlan = field(factory=MembersPlan)
    measures: tuple[MeasurePlan, ...] = ()
    families: dict[str, tuple[str, ...]] = field(factory=dict)  # the measures of each named set

    def payer(self, name: str) -> PayerPlan:
        """The payer of that name.

        Raises:
            KeyError: if the program has no such payer.
        """
        for payer in self.payers:
            if payer.name == name:
                return payer
        raise KeyError(name)
