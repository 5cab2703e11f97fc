"""The syntax tree: what stands in a rule text, every node with its place, nothing yet looked up.

Nodes are immutable and compared by identity, so that facts found about them later (types, grains,
symbols) live in side tables keyed by node. `same_meaning` compares two trees without their places.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from enum import Enum

import attrs
from attrs import field, frozen

from mhrules.exact import Rounding
from mhrules.source import Span


@frozen(eq=False, kw_only=True)
class Node:
    """Anything in a rule text; `span` is where it stands."""

    span: Span = field(repr=False)

    def children(self) -> Iterator[Node]:
        """The nodes directly below this one, in the order of the text."""
        for attribute in attrs.fields(type(self)):
            value = getattr(self, attribute.name)
            if isinstance(value, Node):
                yield value
            elif isinstance(value, tuple):
                for item in value:
                    if isinstance(item, Node):
                        yield item

    def walk(self) -> Iterator[Node]:
        """This node and every node below it."""
        yield self
        for child in self.children():
            yield from child.walk()


def same_meaning(one: object, other: object) -> bool:
    """Whether two trees (or parts) are equal but for their places."""
    if isinstance(one, Node):
        return type(one) is type(other) and all(
            same_meaning(getattr(one, a.name), getattr(other, a.name))
            for a in attrs.fields(type(one))
            if a.name != "span"
        )
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same_meaning, one, other))
    return one == other


# ---------------------------------------------------------------------------------------------- words


@frozen(eq=False)
class Name(Node):
    """A name as written, where something is declared or meant."""

    text: str


class NoteKind(Enum):
    """How a figure is supported."""

    CITE = "cite"
    ASSUMED = "assumed"
    SET_BY = "set by"


@frozen(eq=False)
class Note(Node):
    """`cite "…"`, `assumed "…"`, `set by state`, `set by federal` behind a figure."""

    kind: NoteKind
    text: str


class Period(Enum):
    """A calendar period, shortest first; the value is the word of the language."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"

    @property
    def months(self) -> int:
        """How many months one holds."""
        return {"month": 1, "quarter": 3, "half_year": 6, "year": 12}[self.value]


# ---------------------------------------------------------------------------------------- expressions


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
class Argument(Node):
    """One argument of a call: `allowed over claim_lines where … within 24 months`."""

    value: Expression
    over: Expression | None = None
    where: Expression | None = None
    within: Duration | None = None
    proportion_to_months: bool = False
    to: Name | None = None


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


# ---------------------------------------------------------------------------------------------- types


@frozen(eq=False, kw_only=True)
class TypeName(Node):
    """A declared type; `or_missing` says that absence is allowed."""

    or_missing: bool = False


@frozen(eq=False)
class SimpleType(TypeName):
    """`$`, `$ pmpm`, `%`, `%(9)`, `number`, `integer`, `yes/no`, `date`, `text`, `member months`."""

    word: str
    places: int | None = None
    per: str | None = None
    low: Expression | None = None
    high: Expression | None = None


@frozen(eq=False)
class EnumType(TypeName):
    """`{ new, maintenance }`; ordered if declared with `<`."""

    members: tuple[Name, ...]
    ordered: bool


@frozen(eq=False)
class NamedType(TypeName):
    """A type declared elsewhere by `type`."""

    name: Name


# -------------------------------------------------------------------------------------------- clauses


@frozen(eq=False, kw_only=True)
class Clause(Node):
    """One clause of a program, a contract or a block."""

    @property
    def keyword(self) -> str:
        """The word people know the clause by."""
        return self.span.text.split(None, 1)[0]


@frozen(eq=False)
class Cite(Clause):
    """`cite "…"` as a clause of its own."""

    text: str


@frozen(eq=False)
class Term(Clause):
    """`term 2011-05-01 to 2013-12-31`, `term 2013-01-01 onward`."""

    first: datetime.date
    last: datetime.date | None


@frozen(eq=False)
class YearRule(Clause):
    """`year calendar`, `year begins 04-01` (month, day)."""

    month: int
    day: int
    calendar: bool


@frozen(eq=False)
class Starts(Clause):
    """`starts joined`: the fact that fixes a participant's start."""

    fact: Name


@frozen(eq=False)
class RoundingClause(Clause):
    """`rounding to cents half up`."""

    rule: RoundingRule


class MonthsRule(Enum):
    """When an attributed and enrolled month counts."""

    DAY_1 = "on day 1"
    DAY_15 = "on day 15"
    ANY_DAY = "any day"
    PROPORTION = "in proportion to days"


@frozen(eq=False)
class MonthsCount(Clause):
    """`months count when attributed and enrolled on day 1`; `opened` if the contract may choose."""

    rule: MonthsRule
    opened: bool = False


class Unscored(Enum):
    """What an unscored measure does to a score."""

    LEAVE = "leave both points and possible points"
    ZERO = "count as zero"
    MEAN = "take the mean of peers"


@frozen(eq=False)
class UnscoredRule(Clause):
    """`unscored measures leave both points and possible points`."""

    rule: Unscored


@frozen(eq=False)
class CostIs(Clause):
    """`cost is paid`, `cost is allowed`."""

    basis: str


@frozen(eq=False)
class Participant(Clause):
    """`participant aco "Accountable care organization"`, `participant panel of providers "…"`."""

    name: Name
    of_providers: bool
    title: str


@frozen(eq=False)
class Convener(Clause):
    """`convener state "…"`."""

    kind: Name
    title: str


@frozen(eq=False)
class Authority(Clause):
    """`authority "…"`."""

    text: str
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class RequiresPayers(Clause):
    """`requires 2 payers`."""

    count: int
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class ContractRequired(Clause):
    """`contract required`."""


@frozen(eq=False)
class Payer(Clause):
    """`payer aetna "Aetna" lines commercial from 2011-05-01`."""

    name: Name
    title: str
    lines: tuple[Name, ...]
    start: datetime.date | None
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class Convening(Clause):
    """`convening { … }`."""

    clauses: tuple[Clause, ...]


@frozen(eq=False)
class TypeDeclaration(Clause):
    """`type track = { … }`."""

    name: Name
    definition: TypeName


@frozen(eq=False)
class KeyDeclaration(Clause):
    """`key region of practice`."""

    name: Name
    of: Name


@frozen(eq=False)
class GroupByFact(Clause):
    """`group health_area of practices by fact area`."""

    name: Name
    of: Name
    fact: Name


@frozen(eq=False)
class GroupByRules(Clause):
    """`group pool of practices { alone when …; chosen by …; default pool otherwise }` (settles later)."""

    name: Name
    of: Name
    clauses: tuple[Clause, ...]


@frozen(eq=False)
class PayeeDeclaration(Clause):
    """`payee physician_organization of practice by fact organization`."""

    name: Name
    of: Name
    fact: Name


@frozen(eq=False)
class ValueSet(Clause):
    """`valueset primary_care from "valuesets/primary_care.csv"` or `valueset x = { "99213" }`."""

    name: Name
    path: Text | None
    codes: tuple[Text, ...]


@frozen(eq=False)
class FactColumn(Node):
    """`benchmark : $ "Updated benchmark"`."""

    name: Name
    type: TypeName
    title: str
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class Facts(Clause):
    """`facts of practice, payer, year { … }`, `facts of practice dated { … }`."""

    keys: tuple[Name, ...]
    dated: bool
    columns: tuple[FactColumn, ...]


@frozen(eq=False)
class Events(Clause):
    """`events care_plan { kind : { new, maintenance } }`."""

    name: Name
    columns: tuple[FactColumn, ...]


@frozen(eq=False)
class ClassifyRow(Node):
    """`when code in emergency_codes : emergency`; no condition: `otherwise`."""

    condition: Expression | None
    service: Name
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class Classify(Clause):
    """`classify service { … }`."""

    target: Name
    rows: tuple[ClassifyRow, ...]


@frozen(eq=False)
class Exclude(Clause):
    """`exclude dual "Dually eligible" when …`."""

    name: Name
    title: str
    condition: Expression
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class NewbornsFromBirth(Clause):
    """`newborns from birth`."""


@frozen(eq=False)
class EligibleMembers(Clause):
    """`eligible members { … }`."""

    clauses: tuple[Clause, ...]


@frozen(eq=False)
class Population(Clause):
    """`population measured "…" : members attributed at least 6 months`."""

    name: Name
    title: str
    definition: Expression


@frozen(eq=False)
class Require(Clause):
    """`require recognition "…" : ncqa_level >= 1 by month 18`."""

    name: Name
    title: str
    condition: Expression
    by_month: int | None
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class RequireSome(Clause):
    """`any of { … }` (at least 1), `at least 3 of { … }`."""

    at_least: int
    any_of: bool
    requirements: tuple[Require, ...]


@frozen(eq=False)
class Participation(Clause):
    """`participation open to stricter { … }`."""

    open_to_stricter: bool
    clauses: tuple[Clause, ...]


@frozen(eq=False)
class Ties(Node):
    """`ties by most recent visit`, `ties by latest`."""

    words: str


@frozen(eq=False)
class Method(Clause):
    """One attribution method; `kind` is selection, list, most recent visit, plurality or geography.

    `measure` is visits or allowed for plurality; `title` the list's name or the method's description.
    """

    kind: str
    measure: Name | None
    title: str
    where: Expression | None
    within: Duration | None
    ties: Ties | None
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class Attribution(Clause):
    """`attribution { every quarter; first …; then … }`."""

    every: Period
    methods: tuple[Method, ...]
    new_members_at_once: bool


@frozen(eq=False)
class ScheduleValue(Node):
    """`0% from 2019-01-01`; without a date: from the start of the term."""

    value: Expression
    start: datetime.date | None
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class Opening(Node):
    """`open from $4.00 to $7.00`, `open at least 40%`, `open at most 5%`, `open`."""

    low: Expression | None
    high: Expression | None


@frozen(eq=False)
class Parameter(Clause):
    """`parameter care_fee : $ pmpm = $2.50, $2.00 from 2012-01-01`."""

    name: Name
    type: TypeName
    opening: Opening | None
    schedule: tuple[ScheduleValue, ...]
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class Pattern(Node):
    """One alternative of a table row: a value, a range `500 to 999`, or `60_000 or more`."""

    value: Expression
    to: Expression | None
    or_more: bool


@frozen(eq=False)
class TableRow(Node):
    """`track_1 or basic_c : 50%`; one tuple of patterns per key; no patterns: `otherwise`.

    `to_value` is the far end of an interpolated row: `500 to 999 : 12.2% to 8.7%`.
    """

    patterns: tuple[PatternList, ...]
    value: Expression
    to_value: Expression | None
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class PatternList(Node):
    """The alternatives of one key: `track_1 or track_2`."""

    alternatives: tuple[Pattern, ...]


@frozen(eq=False)
class GridRow(Node):
    """`level_1 | $4.68 | $3.90`."""

    pattern: PatternList
    values: tuple[Expression, ...]
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class Table(Clause):
    """`table max_rate by track : % { … }`; with a `header`, a two-way grid as rules print it."""

    name: Name
    keys: tuple[Name, ...]
    type: TypeName
    rows: tuple[TableRow, ...]
    header: tuple[PatternList, ...]
    grid: tuple[GridRow, ...]
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class Define(Clause):
    """`define savings = benchmark - expenditure`."""

    name: Name
    value: Expression
    notes: tuple[Note, ...] = ()


@frozen(eq=False)
class Report(Clause):
    """`report award_earned "…" = …`."""

    name: Name
    title: str
    value: Expression
    notes: tuple[Note, ...] = ()


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


# ------------------------------------------------------------------------------------------- examples


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


# ------------------------------------------------------------------------------------------- contracts


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


# ----------------------------------------------------------------------------------------------- files


@frozen(eq=False)
class Import(Clause):
    """`import "michigan_mipct.mh"`."""

    path: Text


@frozen(eq=False)
class Program(Clause):
    """`program NAME "…" edition "…" { … }`."""

    name: Name
    title: str
    edition: str
    clauses: tuple[Clause, ...]


@frozen(eq=False)
class Contract(Clause):
    """`contract NAME "…" under PROGRAM edition "…" by PAYER { … }`."""

    name: Name
    title: str
    program: Name
    edition: str
    edition_span: Span
    payer: Name
    clauses: tuple[Clause, ...]


@frozen(eq=False)
class File(Node):
    """One rule file: its edition of the language and what it holds."""

    language: int
    items: tuple[Clause, ...]
