"""A program's declarations with their meaning, and what each payer's contract makes of them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from attrs import field

from mhrules.classes import frozen
from mhrules.exact import Rounding
from mhrules.semantics.calendar import Calendar
from mhrules.semantics.types import Type
from mhrules.source import Span
from mhrules.syntax import tree as t

Constant = int | bool | datetime.date | str


@frozen(eq=False)
class PayerDeclaration:
    """A payer named in `convening`."""

    name: str
    title: str
    lines: tuple[str, ...]
    start: datetime.date | None
    span: Span = field(repr=False)


@frozen(eq=False)
class FactDeclaration:
    """One column of a table of facts."""

    name: str
    type: Type
    title: str
    table: str
    keys: tuple[str, ...]
    dated: bool
    span: Span = field(repr=False)
    notes: tuple[t.Note, ...] = field(default=(), repr=False)


@frozen(eq=False)
class ScheduledValue:
    """A parameter's value from a date on (None: from the start of the term)."""

    start: datetime.date | None
    value: Constant
    span: Span = field(repr=False)
    notes: tuple[t.Note, ...] = field(default=(), repr=False)


@frozen(eq=False)
class ParameterDeclaration:
    """A parameter: its type, whether contracts may set it and within which inclusive bounds, its values."""

    name: str
    type: Type
    opened: bool
    low: int | None
    high: int | None
    schedule: tuple[ScheduledValue, ...]
    span: Span = field(repr=False)
    notes: tuple[t.Note, ...] = field(default=(), repr=False)


@frozen(eq=False)
class CreditDeclaration:
    """A `credit` of a contract, names looked up."""

    title: str
    against: tuple[str, ...]
    fact: str | None
    amount: int | None
    carries_forward: bool
    span: Span = field(repr=False)


@frozen(eq=False)
class Agreement:
    """What one payer's contract makes of the program; without a contract, what the bare program says.

    `effective` is when the payer begins to owe: the latest of the contract's date, the payer's own and the term.
    `sets` holds, by parameter, the contract's values in order of date, each with its date. `status` is `contract`,
    `program` or `no contract`. `declined` holds the reason by payment, `forms` the form by payment that is payable
    in several. `measures` are those that count for the payer: every core one, then those it chose from the menus.
    `months_rule` is the contract's own choice of `months count`, else the program's; `node` the contract's text.
    """

    payer: str
    status: str
    contract: str
    effective: datetime.date
    sets: dict[str, tuple[ScheduledValue, ...]]
    declined: dict[str, str]
    forms: dict[str, str]
    measures: tuple[str, ...]
    credits: tuple[CreditDeclaration, ...]
    requirements: tuple[t.Require, ...]
    months_rule: t.MonthsRule | None = None
    node: t.Contract | None = field(default=None, repr=False)


@frozen(eq=False)
class Program:
    """The declarations of one program, by name, in the order of the text.

    `rounding` is places (2: cents, 0: dollars) and mode. `FactDeclaration.keys` call the participant `practice`;
    `participant` is the program's own word for it. `event_facts` are the columns of each kind of event.
    `months_open` says that a contract may choose its own `months count`. `valueset_codes` holds the codes of each value
    set, whether they stand in the text or in a file.
    """

    node: t.Program
    name: str
    title: str
    edition: str
    term_first: datetime.date
    term_last: datetime.date | None
    calendar: Calendar
    rounding: tuple[int, Rounding]
    months_rule: t.MonthsRule | None
    participant: str
    participant_title: str
    authority: bool
    requires_payers: int
    contract_required: bool
    payers: dict[str, PayerDeclaration]
    types: dict[str, Type]
    keys: dict[str, t.KeyDeclaration | t.GroupByFact]
    payees: dict[str, t.PayeeDeclaration]
    facts: dict[str, FactDeclaration]
    parameters: dict[str, ParameterDeclaration]
    tables: dict[str, t.Table]
    defines: dict[str, t.Define]
    reports: dict[str, t.Report]
    measures: dict[str, t.Measure]
    measure_sets: tuple[t.MeasureSet, ...]
    payments: dict[str, t.Payment]
    populations: dict[str, t.Population]
    valuesets: dict[str, t.ValueSet]
    events: dict[str, t.Events]
    classify: t.Classify | None
    eligible: t.EligibleMembers | None
    participation: t.Participation | None
    attribution: t.Attribution | None
    starts: t.Starts | None
    baseline: t.BaselineYears | None
    never_together: tuple[t.NeverTogether, ...]
    ensures: tuple[t.Ensure, ...]
    examples: tuple[t.Example, ...]
    contracts: tuple[t.Contract, ...]
    notes: tuple[t.Note, ...] = field(repr=False)
    disclosures: tuple[t.Disclose, ...] = ()
    event_facts: dict[str, dict[str, FactDeclaration]] = field(factory=dict)
    months_open: bool = False
    unscored: t.UnscoredRule | None = None
    cost: t.CostIs | None = None
    settlement: t.Settlement | None = None
    valueset_codes: Mapping[str, tuple[str, ...]] = field(factory=dict, repr=False)
