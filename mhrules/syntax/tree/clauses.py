"""Clauses of a program: declarations, participation, attribution, parameters, tables, definitions."""

from __future__ import annotations

import datetime
from enum import Enum

from mhrules.classes import frozen
from mhrules.syntax.tree.expressions import Duration, Expression, RoundingRule, Text, Ties
from mhrules.syntax.tree.node import Name, Node, Note, Period
from mhrules.syntax.tree.types import TypeName


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
