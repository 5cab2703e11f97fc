"""The settlement of a program year: every line demanded, every fault listed, and only then postings."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from attrs import evolve

from mhrules.data.population import ELIGIBILITY
from mhrules.diagnostics.model import Diagnostic, DiagnosticError, Severity
from mhrules.diagnostics.registry import finding
from mhrules.engine.faults import Faulted, Gathering
from mhrules.engine.reference import deep
from mhrules.engine.rows import Row
from mhrules.plan.whole import Plan
from mhrules.settle import ledger
from mhrules.settle.invariants import Failure, failures, published
from mhrules.settle.ledger import Line, Part, Posting, Published, Settlement, SplitTotal
from mhrules.settle.measures import MeasureResult, in_order, measured
from mhrules.settle.members import has_members, months_of
from mhrules.settle.participation import Participation, judge
from mhrules.settle.payments import MEMBER_MONTH, Books, Hold
from mhrules.settle.split import controls, split_totals
from mhrules.settle.sql.compiled import Compiled, HandOver
from mhrules.settle.strays import strays
from mhrules.source import Span
from mhrules.syntax.tree import Period

if TYPE_CHECKING:
    from mhrules.data.dataset import Dataset

REFERENCE = "reference"
DUCKDB = "duckdb"
ENGINES = (DUCKDB, REFERENCE)
LISTED = 100  # findings that are listed of one rule; of more, how many


def settle(
    plan: Plan,
    dataset: Dataset,
    year: int,
    *,
    run: str = "1",
    posted_on: datetime.date | None = None,
    hold: bool = False,
    engine: str = REFERENCE,
) -> Settlement:
    """Settle a program year.

    `engine` is `duckdb`, which hands over to the interpreter what it does not settle and whatever fails, or
    `reference`: both give the same. `run` and `posted_on` go onto every posting as they are. Where anything fails
    there are no postings; with `hold` the lines that fail, and what reads them, are posted as `held` with no amount,
    and all others as usual.

    Raises:
        DiagnosticError: the term has no month in the year (MH730).
    """
    refuse(plan, year)
    with deep():
        settling = _Settling(plan, dataset, year, run=run, posted_on=posted_on, hold=hold)
        if engine == DUCKDB:
            try:
                return _Compiled(settling).settlement([])
            except HandOver as reason:
                settling.handed_over = reason.reason
        found = settling.failing()
        if hold and found:
            holds = tuple(Hold(failure.row, frozenset(failure.months), failure.finding) for failure in found)
            handed_over = settling.handed_over
            settling = _Settling(plan, dataset, year, run=run, posted_on=posted_on, hold=hold, holds=holds)
            settling.handed_over = handed_over
        return settling.settlement(found)


def refuse(plan: Plan, year: int) -> None:
    """Refuse a year outside of a program's term.

    Raises:
        DiagnosticError: the term has no month in the year (MH730).
    """
    first = plan.calendar.year_first(year)
    if first + 11 < plan.first_month or (plan.last_month is not None and first > plan.last_month):
        raise DiagnosticError([finding("MH730", f"the term of program `{plan.program}` has no month in {year}")])


class _Settling:
    """One pass over a program year; `holds` are lines that a failing invariant keeps back."""

    def __init__(
        self,
        plan: Plan,
        dataset: Dataset,
        year: int,
        *,
        run: str,
        posted_on: datetime.date | None,
        hold: bool,
        holds: tuple[Hold, ...] = (),
    ) -> None:
        self.plan, self.dataset, self.year = plan, dataset, year
        self.run, self.posted_on, self.hold = run, posted_on, hold
        self.books = Books(plan, dataset, year, holds)
        self.faults = Gathering()
        self.engine = REFERENCE
        self.handed_over = ""
        self.compiled: Compiled | None = None
        self._year = ("year", plan.calendar.year_first(year))

    def failing(self) -> list[Failure]:
        """Where invariants do not hold."""
        interpreter = self.books.interpreter
        return [
            failure for ensure in self.plan.ensures for failure in failures(interpreter, ensure, self.year, self.faults)
        ]

    def settlement(self, failing: list[Failure]) -> Settlement:
        """The whole; `failing` are the invariants that do not hold."""
        participation = tuple(self._participation())
        lines = [posting for line in self._lines() for posting in line]
        self._demand_attribution()
        credits = list(self._credits())
        quantities = tuple(self._published())
        measures = tuple(in_order(self._measured()))
        stray = tuple(self._strays())
        warnings = [found for found in stray if found.severity is not Severity.ERROR]
        warnings += [*self._empty(participation), *self._nobody(participation, lines)]
        wrong = (found for found in stray if found.severity is Severity.ERROR)
        problems = [*self.faults.faults, *wrong, *(failure.finding for failure in failing)]
        postings: list[Posting] = []
        if self.hold or not problems:
            postings = sorted([*lines, *credits], key=lambda posting: posting.order)
        return Settlement(
            plan=self.plan,
            dataset=self.dataset,
            year=self.year,
            run=self.run,
            posted_on=self.posted_on,
            postings=tuple(postings),
            participation=participation,
            quantities=quantities,
            findings=(*limited(problems), *warnings),
            held=self.hold and bool(problems),
            controls=controls(postings, self._splits()),
            books=self.books,
            engine=self.engine,
            handed_over=self.handed_over,
            measures=measures,
            compiled=self.compiled,
        )

    # ------------------------------------------------------------------------------------------ parts

    def _pairs(self) -> Iterator[tuple[str, str]]:
        """Every payer and practice that have a month of the year in common; a start that is not known is a fault."""
        for payer in self.books.world.payers:
            for practice in self.books.world.practices:
                with self.faults:
                    if self.books.world.exists(Row.of(self._year, payer=payer, practice=practice)):
                        yield payer, practice

    def _participation(self) -> Iterator[Participation]:
        for payer, practice in self._pairs():
            for month in self.books.world.months(Row.of(self._year, payer=payer, practice=practice)):
                with self.faults:
                    yield judge(self.books.interpreter, payer, practice, month)

    def _splits(self) -> tuple[SplitTotal, ...]:
        return split_totals(self.books.interpreter)

    def _demand_attribution(self) -> None:
        """Everybody's outcome is published, so what cannot be judged is a fault even where no line asks for it."""
        if has_members(self.books):
            for payer in self.books.world.payers:
                for month in months_of(self.books, payer):
                    with self.faults:
                        self.books.world.below.attribution.outcomes(payer, month)

    def _lines(self) -> Iterator[Iterable[Posting]]:
        for payer, practice in self._pairs():
            for payment in self.plan.payments:
                for first in self.books.firsts(payment, payer, self.year):
                    try:
                        line = self.books.line(payment, payer, practice, first)
                    except Faulted as error:
                        self.faults.faults += error.faults
                        yield (self._held(payment, payer, practice, first, error),)
                    else:
                        if line is not None:
                            yield self._postings_of(line)

    def _credits(self) -> Iterator[Posting]:
        for payer, practice in self._pairs():
            credits = self.plan.payer(payer).credits
            try:
                applied = self.books.credits.applied(payer, practice, self.year) if credits else None
            except Faulted as error:
                self.faults.faults += error.faults
                yield self._held(credits[0].against[0], payer, practice, self._year[1], error)
            else:
                for use in applied.uses if applied else ():
                    line = evolve(
                        use.line, status=ledger.CREDITED, reason=use.credit.title, units=0, amount=-use.amount
                    )
                    yield self._posting(line)

    def _published(self) -> Iterator[Published]:
        for report in self.plan.reports:
            yield from published(self.books.interpreter, report, self.year, self.faults)

    def _strays(self) -> Iterator[Diagnostic]:
        return strays(self.books.world, self.year)

    def _measured(self) -> Iterable[MeasureResult]:
        return measured(self.books.interpreter, self.year, self.faults)

    # --------------------------------------------------------------------------------------- postings

    def _postings_of(self, line: Line) -> Iterator[Posting]:
        """A posting for each price of a line; one for a line that pays nothing."""
        for part in line.parts or (Part(None, line.units, line.amount),):
            yield evolve(self._posting(line), units=part.units, amount=part.amount, price=part.price)

    def _posting(self, line: Line) -> Posting:
        return Posting(
            payer=line.payer,
            payee=line.payee,
            practice=line.practice,
            payment=line.payment,
            period=self.plan.calendar.label(line.first, line.period),
            units=line.units,
            amount=line.amount,
            status=line.status,
            reason=line.reason,
            kind=ledger.FINAL,
            run=self.run,
            posted_on=self.posted_on,
            reverses="",
            first=line.first,
            length=line.period.months,
        )

    def _held(self, payment: str, payer: str, practice: str, first: int, error: Faulted) -> Posting:
        """What is posted for a line that cannot be known, or a credit: nothing, and why."""
        row = self.books.row(payment, payer, practice, first)
        assert row.clock is not None
        blank = Line(payment, payer, "", practice, Period(row.clock[0]), first, ())
        return self._posting(evolve(blank, status=ledger.HELD, reason=error.faults[0].code))

    def _empty(self, participation: tuple[Participation, ...]) -> Iterator[Diagnostic]:
        """A note that nobody is there, which is more often a wrong folder than an empty program."""
        if participation or self.faults.faults:
            return
        if not self.books.world.payers:
            none = "no payer of the program settles without a contract, so there is nothing to settle"
            yield finding(
                "MH731", none, help="give the payers' contracts: `--contracts DIR`, or files beside the program"
            )
        else:
            none = f"no {self.plan.participant} has facts in {self.year}, so there is nothing to settle"
            yield finding("MH731", none)

    def _nobody(self, participation: tuple[Participation, ...], lines: Iterable[Posting]) -> Iterator[Diagnostic]:
        """A note that there are practices, and members of whom no month counts: all that is per member is nothing."""
        world = self.books.world
        if not participation or self.faults.faults or not world.facts.present(ELIGIBILITY):
            return
        if any(each.units and self.books.form(each.payment, each.payer).unit == MEMBER_MONTH for each in lines):
            return  # somebody is paid for, so that nobody need be looked at
        if not any(
            world.below.people.counted(payer, m) for payer in world.payers for m in months_of(self.books, payer)
        ):
            none = f"no member has a month that counts in {self.year}: 0 member months for every payer"
            yield finding("MH731", none, help=f"check `--year`, and the days and payers of table `{ELIGIBILITY}`")


class _Compiled(_Settling):
    """One pass over a program year from relations, with everything else as the interpreter has it."""

    def __init__(self, settling: _Settling) -> None:
        super().__init__(
            settling.plan,
            settling.dataset,
            settling.year,
            run=settling.run,
            posted_on=settling.posted_on,
            hold=settling.hold,
        )
        self.books = settling.books
        self.engine = DUCKDB
        self.relations = self.compiled = Compiled(self.books, self.dataset, self.year)
        self.found = self.relations.everything()

    def _participation(self) -> Iterator[Participation]:
        yield from self.found.participation

    def _demand_attribution(self) -> None:
        """The relations were asked for it already."""

    def _lines(self) -> Iterator[Iterable[Posting]]:
        yield from (self._postings_of(line) for line in self.found.lines)

    def _published(self) -> Iterator[Published]:
        yield from self.found.published

    def _strays(self) -> Iterator[Diagnostic]:
        return strays(self.books.world, self.year, self.relations.distinct)

    def _measured(self) -> Iterable[MeasureResult]:
        return self.found.measures

    def _splits(self) -> tuple[SplitTotal, ...]:
        return self.found.splits


def limited(problems: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Each finding once, the first hundred of a rule (code and place in the text), then how many more."""
    by_rule: dict[tuple[str, Span | None], list[Diagnostic]] = {}
    for problem in dict.fromkeys(problems):
        by_rule.setdefault((problem.code, problem.span), []).append(problem)
    found: list[Diagnostic] = []
    for (code, span), listed in by_rule.items():
        found += listed[:LISTED]
        if len(listed) > LISTED:
            found.append(finding(code, f"{len(listed) - LISTED} more of the same", span))
    return tuple(found)
