"""What a settlement is made of: lines as they were worked out, postings as they are written, and the whole."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from attrs import field

from mhrules.classes import frozen
from mhrules.data.schema import Schema
from mhrules.diagnostics.model import Diagnostic, Severity
from mhrules.engine.rows import Row
from mhrules.plan.ir import ReportPlan, Value
from mhrules.plan.whole import Plan
from mhrules.semantics.types import Type
from mhrules.settle.participation import Participation
from mhrules.syntax.tree import Period

if TYPE_CHECKING:
    from mhrules.data.dataset import Dataset
    from mhrules.settle.measures import MeasureResult
    from mhrules.settle.payments import Books
    from mhrules.settle.sql.compiled import Compiled
    from mhrules.settle.sql.sheets import Relations

PAID = "paid"
GATED = "gated"
NOT_PARTICIPATING = "not_participating"
NOT_ELECTED = "not_elected"
NOT_DUE = "not_due"
CREDITED = "credited"
HELD = "held"
STATUSES = (PAID, GATED, NOT_PARTICIPATING, NOT_ELECTED, NOT_DUE, CREDITED, HELD)
FINAL = "final"
NOT_IN_FORCE = "program not in force"


@frozen
class Detail:
    """What a line is made of below the practice: a member's months, or one claim line, claim, visit or event.

    `element` is its id, empty for a member's months; `date` its day. `price` is what one unit pays, None where an
    element pays an amount of its own. `units`, `price` and `amount` are in units of 10**-12; the amounts of a
    member's months are exact, and rounded once with all that have the same price.
    """

    member: str
    element: str
    date: datetime.date | None
    units: int
    price: int | None
    amount: int


@frozen
class Part:
    """The units of a line that have one price: what becomes one posting, `amount` rounded."""

    price: int | None
    units: int
    amount: int


@frozen
class Line:
    """One payment to one practice by one payer in one posting period, as worked out.

    The period begins with month `first`; `months` are those left of it after term and presence. `units` and `amount`
    are in units of 10**-12. `gates` are the verdicts `passed`, `failed`, `not reached`, by name, in text order; none
    where the line ended before them. `parts` are the prices of a paid line, each a posting: one, unless members or
    elements have prices of their own. `details` are what the line is made of, where that is told apart to price it.
    """

    payment: str
    payer: str
    payee: str
    practice: str
    period: Period
    first: int
    months: tuple[int, ...]
    status: str = NOT_DUE
    reason: str = ""
    units: int = 0
    amount: int = 0
    gates: tuple[tuple[str, str], ...] = ()
    parts: tuple[Part, ...] = field(default=(), repr=False)
    details: tuple[Detail, ...] = field(default=(), repr=False)


@frozen
class Posting:
    """One row of `postings.csv`; `units`, `price` and `amount` in units of 10**-12, `period` as people name it.

    `price` is what one unit pays, None where the payment has no units.
    """

    payer: str
    payee: str
    practice: str
    payment: str
    period: str
    units: int
    amount: int
    status: str
    reason: str
    kind: str
    run: str
    posted_on: datetime.date | None
    reverses: str
    first: int
    length: int
    price: int | None = None

    @property
    def order(self) -> tuple[bytes, bytes, bytes, int, int, str, str, int]:
        """Where the posting stands: payer, practice, payment, period, status, price."""
        ids = (self.payer.encode(), self.practice.encode(), self.payment.encode())
        return (*ids, self.first, self.length, self.status, self.reason, self.price or 0)


@frozen
class Published:
    """A report's value at one row: `row` gives its keys and period."""

    report: ReportPlan
    row: Row
    value: Value
    type: Type


@frozen
class SplitTotal:
    """The control total of one split: pool = parts + returned, in units of 10**-12."""

    place: str
    group: str
    pool: int
    parts: int
    returned: int


@frozen
class Controls:
    """Totals that must tie, in units of 10**-12: by payer and by practice over all postings, and the splits."""

    by_payer: dict[str, int]
    by_practice: dict[str, int]
    by_payment: dict[str, int]
    lines_by_status: dict[str, int]
    splits: tuple[SplitTotal, ...]

    @property
    def total(self) -> int:
        """All postings together."""
        return sum(self.by_payer.values())


@frozen
class Tally:
    """How many postings of a payer, practice, payment and status there are, and their amount in units of 10**-12.

    `credit` is the credit's title where the status is `credited`, otherwise empty.
    """

    payer: str
    practice: str
    payment: str
    status: str
    credit: str
    lines: int
    amount: int


def tallies(postings: Iterable[Posting]) -> list[Tally]:
    """The postings counted and added up."""
    found: dict[tuple[str, str, str, str, str], tuple[int, int]] = {}
    for each in postings:
        key = (each.payer, each.practice, each.payment, each.status, each.reason if each.status == CREDITED else "")
        lines, amount = found.get(key, (0, 0))
        found[key] = (lines + 1, amount + each.amount)
    return [Tally(*key, lines, amount) for key, (lines, amount) in found.items()]


class Results(Protocol):
    """What a settlement found, as objects: kept, or made of relations when they are asked for."""

    def postings(self) -> tuple[Posting, ...]:
        """The postings in order."""
        ...

    def participation(self) -> tuple[Participation, ...]:
        """The verdicts of participation, by payer, practice and month."""
        ...

    def quantities(self) -> tuple[Published, ...]:
        """What reports publish."""
        ...

    def measures(self) -> tuple[MeasureResult, ...]:
        """The results of measures, in order."""
        ...


@frozen
class Kept:
    """Results that are objects from the start."""

    _postings: tuple[Posting, ...] = field(alias="postings")
    _participation: tuple[Participation, ...] = field(alias="participation")
    _quantities: tuple[Published, ...] = field(alias="quantities")
    _measures: tuple[MeasureResult, ...] = field(alias="measures")

    def postings(self) -> tuple[Posting, ...]:
        """The postings in order."""
        return self._postings

    def participation(self) -> tuple[Participation, ...]:
        """The verdicts of participation, by payer, practice and month."""
        return self._participation

    def quantities(self) -> tuple[Published, ...]:
        """What reports publish."""
        return self._quantities

    def measures(self) -> tuple[MeasureResult, ...]:
        """The results of measures, in order."""
        return self._measures


@frozen(eq=False, slots=False)
class Settlement:
    """The settlement of one program year.

    `postings` are empty where anything failed and nothing was held. `held`: whether some postings stand for what
    failed. `books` holds the interpreter, and answers why (`books.line_trace`). `engine` is what worked it out; where
    another was asked for, `handed_over` says why it did not. `relations` are the results in a database, where they are
    there: whoever has them needs no objects, which are made when first asked for.
    """

    plan: Plan
    dataset: Dataset = field(repr=False)
    year: int
    run: str
    posted_on: datetime.date | None
    results: Results = field(repr=False)
    tallies: tuple[Tally, ...] = field(repr=False)
    findings: tuple[Diagnostic, ...] = field(repr=False)
    held: bool
    controls: Controls = field(repr=False)
    books: Books = field(repr=False)
    engine: str = "reference"
    handed_over: str = ""
    relations: Relations | None = field(default=None, repr=False)

    @cached_property
    def postings(self) -> tuple[Posting, ...]:
        """The postings in order."""
        return self.results.postings()

    @cached_property
    def participation(self) -> tuple[Participation, ...]:
        """The verdicts of participation, by payer, practice and month."""
        return self.results.participation()

    @cached_property
    def quantities(self) -> tuple[Published, ...]:
        """What reports publish."""
        return self.results.quantities()

    @cached_property
    def measures(self) -> tuple[MeasureResult, ...]:
        """The results of measures, in order."""
        return self.results.measures()

    @property
    def compiled(self) -> Compiled | None:
        """The relations of the year, where they settled it."""
        return None if self.relations is None else self.relations.compiled

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)

    @property
    def schema(self) -> Schema:
        """The tables that were read."""
        return self.plan.schema
