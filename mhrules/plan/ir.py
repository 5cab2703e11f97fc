"""The plan: quantities by grain, as a small relational language that reads no rule text.

Every expression is evaluated at a row, which gives a value to each key it varies over (`keys`). There are
no host callbacks, so the plan can be printed as SQL; `engine/reference.py` is its meaning.

Keys are `payer`, `practice` (whatever the program calls its participant), `line`, declared keys of the
participant, `member`, `claim_line` … and at most one time key: `month`, `quarter`, `half_year`, `year`
(valued by the first month of the period) or `contract_year` (valued by its number).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from enum import Enum

from attrs import Factory, field

from mhrules.classes import frozen
from mhrules.exact import Rounding, to_text
from mhrules.semantics.types import Type
from mhrules.source import Span
from mhrules.syntax.tree import Coverage, Note, Period

TIME_KEYS = ("month", "quarter", "half_year", "year", "contract_year")
Value = int | bool | datetime.date | str | None
"""A number in units of 10**-12, yes/no, a date, a text or code, or None for missing."""


def plain_text(value: Value) -> str:
    """A value with all its digits, without unit; of a missing one nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return to_text(value)
    return value.isoformat() if isinstance(value, datetime.date) else value


@frozen(eq=False, kw_only=True)
class Expression:
    """Something with a value at each row: its type, the keys it varies over, and the rule text it comes from."""

    type: Type
    keys: frozenset[str]
    span: Span = field(repr=False)
    notes: tuple[Note, ...] = field(default=(), repr=False)

    def parts(self) -> tuple[Expression, ...]:
        """The expressions directly inside, evaluated or not, at this row or below."""
        return ()

    def walk(self) -> Iterator[Expression]:
        """This expression and all inside it, not following `Read` into its quantity."""
        yield self
        for part in self.parts():
            yield from part.walk()


@frozen(eq=False)
class Literal(Expression):
    """A value written in the text."""

    value: Value


class Moment(Enum):
    """Which day of the row's period a dated fact is read on."""

    FIRST_DAY = "on first day"
    LAST_DAY = "on last day"


@frozen(eq=False)
class Cell(Expression):
    """A fact: one column of the row of `table` that the keys name.

    `table_keys` are the table's keys; each takes the row's value, `year` the program year that holds the
    row's period, `month` its month, `contract_year` the practice's contract year of the period's first
    month (or the row's own). A dated table is read on `moment`. Absent: a fault, or missing if the type says so.
    """

    table: str
    column: str
    table_keys: tuple[str, ...]
    moment: Moment | None = None


@frozen(eq=False)
class Panel(Expression):
    """Member months of payer x practice x month, of the members or from the panel table; nothing there is 0.

    `across`: of all payers in force in the month, and people counted once; counts of a panel are added up.
    """

    across: bool = False


@frozen(eq=False)
class Setting(Expression):
    """A parameter's value for the payer in the row's months (constant over them, as `check` has made sure)."""

    parameter: str


@frozen(eq=False)
class Clock(Expression):
    """`contract_year`, `program_year`, `months_in_period`: what the calendar knows of the row."""

    what: str


@frozen(eq=False)
class RowKey(Expression):
    """The row's own value of a key: `payer`, `line`, a declared key of the practice."""

    key: str


@frozen(eq=False)
class Feature(Expression):
    """A column of the element that an aggregate runs over, below the practice (`service` of a visit)."""

    collection: str
    column: str


class Move(Enum):
    """How a read leaves the row's own period."""

    FIRST_MONTH = "first month of the period"
    LAST_MONTH = "last month of the period"
    YEAR = "the year that holds the period"
    PRIOR_YEAR = "the year before"
    PRIOR_CONTRACT_YEAR = "the contract year before"
    YEAR_BEFORE = "the same period of the year before"
    BASE_YEAR = "a year of the baseline"


@frozen(eq=False)
class Read(Expression):
    """A quantity at the row, or at the row moved in time; before the program's first year it is missing."""

    quantity: Quantity
    move: Move | None = None
    year: int | None = None  # for BASE_YEAR


@frozen(eq=False)
class Arithmetic(Expression):
    """`+ -` exact; `* /` rounded once: to 12 places half even, or as the text says."""

    operator: str
    left: Expression
    right: Expression
    places: int | None = None
    rounding: Rounding | None = None

    def parts(self) -> tuple[Expression, ...]:
        """What stands directly inside."""
        return (self.left, self.right)


@frozen(eq=False)
class Round(Expression):
    """A value rounded to places."""

    operand: Expression
    places: int
    rounding: Rounding

    def parts(self) -> tuple[Expression, ...]:
        """What stands directly inside."""
        return (self.operand,)


@frozen(eq=False)
class Extreme(Expression):
    """The greatest or least of several values; `labels` name them where the text does.

    Where `conditions` are given (one per operand, None: always), an operand counts only if its condition holds.
    """

    greatest: bool
    operands: tuple[Expression, ...]
    labels: tuple[str, ...] = ()
    conditions: tuple[Expression | None, ...] = ()

    def parts(self) -> tuple[Expression, ...]:
        """What stands directly inside."""
        return self.operands + tuple(c for c in self.conditions if c is not None)


@frozen(eq=False)
class Compare(Expression):
    """`= != < <= > >=`; ordered codes compare by their declared order."""

    operator: str
    left: Expression
    right: Expression

    def parts(self) -> tuple[Expression, ...]:
        """What stands directly inside."""
        return (self.left, self.right)


@frozen(eq=False)
class OneOf(Expression):
    """Whether a value is one of a fixed set."""

    operand: Expression
    values: tuple[Value, ...]
    members: frozenset[Value] = field(
        init=False, repr=False, default=Factory(lambda self: frozenset(self.values), takes_self=True)
    )

    def parts(self) -> tuple[Expression, ...]:
        """What stands directly inside."""
        return (self.operand,)


@frozen(eq=False)
class Logic(Expression):
    """`and`, `or`: left to right, stopping when decided."""

    operator: str
    operands: tuple[Expression, ...]

    def parts(self) -> tuple[Expression, ...]:
        """What stands directly inside."""
        return self.operands


@frozen(eq=False)
class Not(Expression):
    """`not`."""

    operand: Expression

    def parts(self) -> tuple[Expression, ...]:
        """What stands directly inside."""
        return (self.operand,)


@frozen(eq=False)
class CaseRow:
    """One row of a case: its condition (None: otherwise), its value, the text it stands in."""

    condition: Expression | None
    value: Expression
    span: Span = field(repr=False)
    notes: tuple[Note, ...] = field(default=(), repr=False)


@frozen(eq=False)
class Case(Expression):
    """The value of the first row whose condition holds; `check` has shown that one does, and which are unique."""

    rows: tuple[CaseRow, ...]

    def parts(self) -> tuple[Expression, ...]:
        """What stands directly inside."""
        conditions = tuple(row.condition for row in self.rows if row.condition is not None)
        return conditions + tuple(row.value for row in self.rows)


@frozen(eq=False)
class Known(Expression):
    """Whether a value is not missing (an absent fact counts as missing here)."""

    operand: Expression

    def parts(self) -> tuple[Expression, ...]:
        """What stands directly inside."""
        return (self.operand,)


@frozen(eq=False)
class Default(Expression):
    """A value, or another where it is missing."""

    operand: Expression
    fallback: Expression

    def parts(self) -> tuple[Expression, ...]:
        """What stands directly inside."""
        return (self.operand, self.fallback)


@frozen
class Lookback:
    """`within 24 months` before a day: whole months, or days."""

    months: int = 0
    days: int = 0


@frozen
class Reach:
    """Which elements below the practice an aggregate or a payment runs over, where that is not the plain rule.

    The plain rule: members attributed to the practice by the payer in a month of the row's period, and their claims,
    visits and events in the months attributed there. `among`: members of whom this is true, for each period.
    `within`: what happened in that time before the row's day, wherever the person was attributed then.
    `whole_period`: what happened in any month of the period, attributed or not. `billed`: what the practice billed,
    for any person of the payer.
    """

    among: Expression | None = None
    within: Lookback | None = None
    whole_period: bool = False
    billed: bool = False


PLAIN = Reach()


@frozen(eq=False)
class Aggregate(Expression):
    """`sum count average minimum maximum any every share percentile latest` of `body` over further keys.

    `over` are the keys it runs over (`practice`, `payer`, `month`, `line`, a declared key, or an element
    below the practice such as `member`, `claim_line`, `visit`); `body` and `where` are evaluated at the row
    with those keys added. `argument` is the percentile asked for. `body` is absent for a bare count, and for
    `share`, which is the part of the elements that satisfy `where`. `same` are declared keys of the practice
    (`region`): only practices with the row's value of them count. `reach` says which elements below the practice
    are meant, `event` which kind of event. `ties` is how `latest` decides between unequal values of one day:
    `highest`, `lowest`, or nothing, and then there may be none. `spread`: the body is a fact of the member and a
    longer period, of which each practice has the part of the months attributed there.
    """

    function: str
    over: tuple[str, ...]
    body: Expression | None
    where: Expression | None = None
    argument: int | None = None
    same: tuple[str, ...] = ()
    reach: Reach = PLAIN
    event: str = ""
    ties: str = ""
    spread: bool = False

    def parts(self) -> tuple[Expression, ...]:
        """What stands directly inside."""
        return tuple(part for part in (self.body, self.where, self.reach.among) if part is not None)


@frozen(eq=False)
class Reported(Expression):
    """A column of the results of a measure that another system works out: `numerator` or `denominator`.

    The result of the row's payer, practice and period; where there is none, of the program year that holds the
    period; otherwise missing.
    """

    measure: str
    column: str


@frozen(eq=False)
class Rank(Expression):
    """How many practices, the row's own included, have a value of `of` that is not better than its own.

    Practices whose value is missing do not count; where the row's own is, the rank is missing. `higher`: whether
    more is better.
    """

    of: Expression
    higher: bool

    def parts(self) -> tuple[Expression, ...]:
        """What stands directly inside."""
        return (self.of,)


@frozen(eq=False)
class Total(Expression):
    """The rounded postings of a payment for the row's payer and practice within the row's period.

    `net`: after credits (`paid(x)`), otherwise gross (`total(x)`).
    """

    payment: str
    net: bool = False


@frozen(eq=False)
class Split(Expression):
    """The row's part of a pool, in whole cents, by largest remainder (ties by key), adding up to the pool.

    `among` is `practice` or `payer`; `weight` None means equally. Where `refused_return`, those for whom
    `where` fails keep their weight and their parts return to the payer; otherwise they leave the split.
    """

    pool: Expression
    among: str
    where: Expression | None
    weight: Expression | None
    refused_return: bool

    def parts(self) -> tuple[Expression, ...]:
        """What stands directly inside."""
        return tuple(part for part in (self.pool, self.where, self.weight) if part is not None)


# ------------------------------------------------------------------------------------------------ quantities


@frozen(eq=False)
class Quantity:
    """A named value by grain. `kind` is define, let, report, require, gate, ensure, or part (unnamed).

    `grain` are the keys it varies over, time key last; `name` is unique within the plan.
    """

    name: str
    title: str
    kind: str
    grain: tuple[str, ...]
    expression: Expression
    span: Span = field(repr=False)
    notes: tuple[Note, ...] = field(default=(), repr=False)


@frozen(eq=False)
class GatePlan:
    """One gate of a payment."""

    name: str
    title: str
    condition: Expression
    span: Span = field(repr=False)
    notes: tuple[Note, ...] = field(default=(), repr=False)


@frozen(eq=False)
class FormPlan:
    """How one form of a payment is computed, at rows payer x practice x `period`.

    `unit` is what it is paid per: `member month` (units are the period's member months, multiplied by the
    price, rounded once), `practice` (pays an amount), or `claim line`, `claim`, `visit`, `event`: then `where` says
    of which elements, `reach` and `event` which there are, and each one's amount is rounded and added up.
    `once`: only in the month a practice first participates. `round_each` is "" or the words of `round …`.
    `roster`: a month's units are those of the first month of that longer period. `once_per`: of the elements of one
    member (`once_unit`; or of one practice) in such a period only the first by date counts.
    """

    unit: str
    period: Period
    once: bool
    where: Expression | None
    gates: tuple[GatePlan, ...]
    lets: tuple[Quantity, ...]
    pays: Expression
    caps: tuple[Expression, ...]
    floors: tuple[Expression, ...]
    downside: bool
    coverage: Coverage
    payee: str | None
    round_each: str
    span: Span = field(repr=False)
    reach: Reach = PLAIN
    event: str = ""
    roster: Period | None = None
    once_per: Period | None = None
    once_unit: str = "member"

    @property
    def priced_by_member(self) -> bool:
        """Whether members of one practice can have different prices."""
        return self.unit == "member month" and "member" in self.pays.keys


@frozen(eq=False)
class PaymentPlan:
    """A payment building block with its forms (one named "" where the text has none)."""

    name: str
    title: str
    optional: bool
    forms: dict[str, FormPlan]
    summary: str
    categories: tuple[tuple[str, str], ...]
    cites: tuple[str, ...]
    span: Span = field(repr=False)


@frozen(eq=False)
class RequirementPlan:
    """One requirement of participation, judged each month; `payer` if a contract adds it; `group` if one of several."""

    name: str
    title: str
    condition: Expression
    by_month: int | None
    payer: str | None
    span: Span = field(repr=False)
    notes: tuple[Note, ...] = field(default=(), repr=False)


@frozen(eq=False)
class RequirementGroup:
    """Requirements of which `at_least` must be met; a plain requirement is a group of one."""

    at_least: int
    requirements: tuple[RequirementPlan, ...]


@frozen(eq=False)
class EnsurePlan:
    """An invariant, judged at every row of its keys; `payers_where` limits the payers."""

    name: str
    title: str
    payers_where: Expression | None
    condition: Expression
    period: Period
    span: Span = field(repr=False)


@frozen(eq=False)
class ReportPlan:
    """A published quantity of the settled year."""

    name: str
    title: str
    quantity: Quantity
