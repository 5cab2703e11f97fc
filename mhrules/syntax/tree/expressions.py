"""Expressions: what has a value."""

from __future__ import annotations

import datetime
from enum import Enum

from mhrules.classes import frozen
from mhrules.exact import Rounding
from mhrules.syntax.tree.node import Name, Node, Note


@frozen(eq=False, kw_only=True)
class Expression(Node):
    """Something that has a value."""


@frozen(eq=False)
class Number(Expression):
    """A bare number; `value` in units of 10**-12; `whole` if written without a point."""

    value: int
    whole: bool


@frozen(eq=False)
class Money(Expression):
    """`$5.50` or `$5.50 pmpm`; `value` in units of 10**-12 dollars; `per` is the unit word, if any."""

    value: int
    per: str | None = None


@frozen(eq=False)
class Percent(Expression):
    """`50%`; `value` is the fraction (0.5) in units of 10**-12."""

    value: int


@frozen(eq=False)
class YesNo(Expression):
    """`yes` or `no`."""

    value: bool


@frozen(eq=False)
class Date(Expression):
    """`2011-01-01`."""

    value: datetime.date


@frozen(eq=False)
class Text(Expression):
    """A quoted text."""

    value: str


class DurationUnit(Enum):
    """What a duration counts."""

    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"


@frozen(eq=False)
class Duration(Expression):
    """`24 months`."""

    count: int
    unit: DurationUnit


@frozen(eq=False)
class Reference(Expression):
    """A name used for its value."""

    name: str


@frozen(eq=False)
class Parenthesized(Expression):
    """An expression in parentheses: kept, because `of` and `rounded` look at it."""

    inner: Expression


class When(Enum):
    """Which part of a longer period a value or a collection is taken from."""

    AT_START = "at start of period"
    AT_END = "at end of period"
    BY_MONTH = "by month"
    BY_DATE_PAID = "by date paid"
    ON_FIRST_DAY = "on first day"
    ON_LAST_DAY = "on last day"
    EVER = "ever"
    WHOLE_YEAR = "in the whole year"


@frozen(eq=False)
class Timed(Expression):
    """`care_fee at end of period`, `members on first day`."""

    inner: Expression
    when: When


@frozen(eq=False)
class AttributedAtLeast(Expression):
    """`members attributed at least 6 months`."""

    inner: Expression
    months: int


@frozen(eq=False)
class CollectionOf(Expression):
    """`practices of region`: those that share the row's value of a declared key."""

    collection: Expression
    key: Name


@frozen(eq=False)
class AverageMembers(Expression):
    """`average members`."""

    collection: Name


@frozen(eq=False)
class Ties(Node):
    """`ties by most recent visit`, `ties by latest`."""

    words: str


@frozen(eq=False)
class Argument(Node):
    """One argument of a call: `allowed over claim_lines where … within 24 months`."""

    value: Expression
    over: Expression | None = None
    where: Expression | None = None
    within: Duration | None = None
    proportion_to_months: bool = False
    to: Name | None = None
    ties: Ties | None = None


@frozen(eq=False)
class Call(Expression):
    """`sum(…)`, `count(…) across payers`, `known(…)`, `total(…)`."""

    function: Name
    arguments: tuple[Argument, ...]
    across_payers: bool = False


@frozen(eq=False)
class Baseline(Expression):
    """`baseline(x) trended by t to year`: the call, and what it is trended by."""

    call: Call
    trend: Expression


@frozen(eq=False)
class Negative(Expression):
    """`-x`."""

    operand: Expression


@frozen(eq=False)
class Arithmetic(Expression):
    """`+ - * /` and `of`, which is multiplication and binds tightest."""

    operator: str
    left: Expression
    right: Expression


@frozen(eq=False)
class RoundingRule(Node):
    """`to cents half up`, `down to dollars`, `to 4 places half even`."""

    places: int
    mode: Rounding | None
    unit: str  # cents, dollars, places, whole


@frozen(eq=False)
class Rounded(Expression):
    """`x rounded to cents`."""

    operand: Expression
    rule: RoundingRule


@frozen(eq=False)
class KeptWithin(Expression):
    """`x kept within 40% .. 60%`."""

    operand: Expression
    low: Expression
    high: Expression


@frozen(eq=False)
class AsPercent(Expression):
    """`x as %`."""

    operand: Expression


@frozen(eq=False)
class WithDefault(Expression):
    """`x default $0`."""

    operand: Expression
    fallback: Expression


@frozen(eq=False)
class SameForEachPayer(Expression):
    """`x the same for each payer`: a total that every payer owes in full."""

    operand: Expression


@frozen(eq=False)
class Steps(Expression):
    """`$1.20 plus $0.08 for each full 5 points above 25, at most $2.39`."""

    base: Expression
    step: Expression
    full: bool
    size: Expression
    quantity: Expression
    above: Expression
    cap: Expression | None


@frozen(eq=False)
class Compare(Expression):
    """`= != < <= > >=`."""

    operator: str
    left: Expression
    right: Expression


@frozen(eq=False)
class InSet(Expression):
    """`track in { track_2, track_3 }`."""

    operand: Expression
    members: tuple[Expression, ...]


@frozen(eq=False)
class InValueSet(Expression):
    """`code in primary_care`."""

    operand: Expression
    valueset: Name


@frozen(eq=False)
class InRange(Expression):
    """`count(providers) from 5 to 15`, both ends included."""

    operand: Expression
    low: Expression
    high: Expression


@frozen(eq=False)
class BilledBy(Expression):
    """`billed by practice`: whose claim it is."""

    biller: Name


@frozen(eq=False)
class Not(Expression):
    """`not x`."""

    operand: Expression


@frozen(eq=False)
class Logic(Expression):
    """`and`, `or` over two or more conditions, decided left to right."""

    operator: str
    operands: tuple[Expression, ...]


@frozen(eq=False)
class If(Expression):
    """`if a then b else c`."""

    condition: Expression
    then: Expression
    otherwise: Expression


@frozen(eq=False)
class Row(Node):
    """One row of a `choose`: `when A : x`; `condition` is absent for `otherwise`."""

    condition: Expression | None
    value: Expression
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class Choose(Expression):
    """`choose { … }` (exactly one row applies) or `choose first { … otherwise … }`."""

    first: bool
    rows: tuple[Row, ...]


@frozen(eq=False)
class Band(Node):
    """One row of `bands`: `below 50% : 0`; `below` is absent for `otherwise`."""

    below: Expression | None
    value: Expression
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class Bands(Expression):
    """`bands rate { below 50% : 0  otherwise : 10 }`."""

    operand: Expression
    rows: tuple[Band, ...]


@frozen(eq=False)
class Alternative(Node):
    """One named alternative: `absolute : x when c`."""

    name: Name
    value: Expression
    condition: Expression | None
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class BestOf(Expression):
    """`greater of { … }`, `lesser of { … }`; `explain` says which alternative won."""

    greater: bool
    alternatives: tuple[Alternative, ...]


@frozen(eq=False)
class Increase(Node):
    """`15% when language`."""

    value: Expression
    condition: Expression
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class Increased(Expression):
    """`x increased by { … } adding` or `compounding`."""

    operand: Expression
    increases: tuple[Increase, ...]
    compounding: bool


@frozen(eq=False)
class Interpolate(Expression):
    """`interpolate t at lives`."""

    table: Name
    at: Expression


@frozen(eq=False)
class NumberMet(Expression):
    """`number met of a, b, c`."""

    conditions: tuple[Reference, ...]


@frozen(eq=False)
class Split(Expression):
    """`split pool among practices where … in proportion to w, refused shares return to payer`."""

    pool: Expression
    among: Name
    where: Expression | None
    weight: Expression | None  # absent: equally
    in_force: bool
    refused_to: Name | None


@frozen(eq=False)
class ShareOf(Expression):
    """`share of total by weight`: a proportional part, without making the parts add up to the cent."""

    total: Expression
    weight: Expression
