"""The settlement of a program year: every line demanded, every fault listed, and only then postings."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from attrs import evolve

from mhrules.classes import frozen
from mhrules.data.limits import within_limits
from mhrules.data.population import ELIGIBILITY
from mhrules.diagnostics.model import Diagnostic, DiagnosticError, Severity
from mhrules.diagnostics.registry import finding
from mhrules.engine.faults import Faulted, Gathering
from mhrules.engine.reference import deep
from mhrules.engine.rows import Row
from mhrules.engine.spark.dataset import RowByRow, SparkDataset
from mhrules.engine.sql.failing import Failing
from mhrules.plan.whole import Plan
from mhrules.progress import SILENT, Progress
from mhrules.settle import ledger
from mhrules.settle.credits import CreditUse
from mhrules.settle.invariants import Failure, failures, published
from mhrules.settle.ledger import (
    Kept,
    Line,
    Part,
    Posting,
    Published,
    Results,
    Settlement,
    SplitTotal,
    Tally,
    tallies,
)
from mhrules.settle.measures import MeasureResult, in_order, measured
from mhrules.settle.members import has_members, months_of
from mhrules.settle.participation import Participation, judge
from mhrules.settle.payments import MEMBER_MONTH, Books, Hold
from mhrules.settle.reasons import BELOW, reasons
from mhrules.settle.sizes import SIZES, Sizes, people
from mhrules.settle.split import controls, split_totals
from mhrules.settle.sql.compiled import Compiled, HandOver, handing_over
from mhrules.settle.sql.keys import StoredKeys
from mhrules.settle.sql.lines import BROKEN
from mhrules.settle.sql.postings import Postings
from mhrules.settle.sql.sheets import Relations
from mhrules.settle.strays import strays
from mhrules.settle.worded import Live
from mhrules.source import Span
from mhrules.syntax.tree import Period

if TYPE_CHECKING:
    from mhrules.data.dataset import Dataset

REFERENCE = "reference"
DUCKDB = "duckdb"
SPARK = "spark"
ENGINES = (DUCKDB, SPARK, REFERENCE)
_KINDS = {kind.months: kind for kind in Period}
OTHERWISE = "correct what fails, or change what the program asks for"
WITHOUT_HOLD = "settle without `--hold`, which says what fails, and correct that"
LISTED = 100  # findings that are listed of one rule; of more, how many


def settle(
    plan: Plan,
    dataset: Dataset,
    year: int,
    *,
    run: str = "1",
    posted_on: datetime.date | None = None,
    hold: bool = False,
    engine: str = DUCKDB,
    progress: Progress = SILENT,
    sizes: Sizes = SIZES,
) -> Settlement:
    """Settle a program year.

    `engine` is `duckdb`, which hands over to the interpreter what it does not settle and whatever fails, or
    `reference`: both give the same. `run` and `posted_on` go onto every posting as they are. Where anything fails
    there are no postings; with `hold` the lines that fail, and what reads them, are posted as `held` with no amount,
    and all others as usual. Of more people than `sizes.few` relations say what fails: a few rows of every rule in the
    interpreter's words, and how many more; of more than `sizes.most` nothing is handed over. Facts that Spark has read
    are settled there (`engine` is `spark`); the interpreter is given them as the loader reads them.

    Raises:
        DiagnosticError: the term has no month in the year (MH730); only the interpreter could settle it, and there are
            too many people (MH756); memory (MH652) or room for temporary files (MH653) is used up; Spark hands over
            more rows than the interpreter is given (MH666), has failed (MH664), or has not read the facts (MH665).
    """
    refuse(plan, year)
    with deep():
        handed_over = ""
        if isinstance(dataset, SparkDataset):
            try:
                settling = _Settling(plan, dataset, year, run=run, posted_on=posted_on, hold=hold)
                return _Compiled(settling, SPARK).settled(progress)
            except (HandOver, RowByRow) as reason:
                handed_over = reason.reason
                dataset = dataset.on_one_machine(handed_over)
        elif engine == SPARK:
            raise DiagnosticError([finding("MH665", "engine `spark` settles only facts that Spark has read")])
        settling = _Settling(plan, dataset, year, run=run, posted_on=posted_on, hold=hold)
        settling.handed_over = handed_over
        if engine == DUCKDB:
            try:
                with within_limits():
                    return _by_relations(settling, sizes, progress)
            except HandOver as reason:
                settling.handed_over = reason.reason
                _announce(settling, sizes, progress)
        found = settling.failing()
        if hold and found:
            holds = tuple(Hold(failure.row, frozenset(failure.months), failure.finding) for failure in found)
            handed_over = settling.handed_over
            judged = settling.faults
            settling = _Settling(plan, dataset, year, run=run, posted_on=posted_on, hold=hold, holds=holds)
            settling.faults.faults += judged.faults  # of invariants that cannot be judged, which are not judged again
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


def _by_relations(settling: _Settling, sizes: Sizes, progress: Progress) -> Settlement:
    """The settlement by relations; of many people also where something fails.

    Raises:
        HandOver: it is the interpreter's.
    """
    compiled = _Compiled(settling)
    try:
        return compiled.settled(progress)
    except HandOver as reason:
        if not reason.fails or people(settling.books, settling.dataset) <= sizes.few:
            raise
        return compiled.in_part(reason, progress)


def _announce(settling: _Settling, sizes: Sizes, progress: Progress) -> None:
    """Say that the interpreter settles the year, and why, before it begins what may take long.

    Raises:
        DiagnosticError: there are too many people for it (MH756).
    """
    reason, count = settling.handed_over, people(settling.books, settling.dataset)
    if count > sizes.most:
        message = f"only the interpreter can settle {settling.year}, one by one for {count:,} people: {reason}"
        raise DiagnosticError(
            [
                finding(
                    "MH756",
                    message,
                    notes=f"it is asked for at most {sizes.most:,} people",
                    help=(WITHOUT_HOLD if settling.hold else OTHERWISE)
                    + "; settle data of fewer people, such as one payer's; or force it: `--engine reference`",
                )
            ]
        )
    if count > sizes.few:
        progress.note(f"the interpreter settles {settling.year}, which takes long for {count:,} people: {reason}")
    progress.step(f"settling {settling.year} by the interpreter: {reason}")


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
        stray = tuple(strays(self.books.world, self.year))
        warnings = [found for found in stray if found.severity is not Severity.ERROR]
        warnings += [*self._empty(bool(participation)), *self._nobody(bool(participation), lines)]
        wrong = (found for found in stray if found.severity is Severity.ERROR)
        problems = [*self.faults.faults, *wrong, *(failure.finding for failure in failing)]
        postings: list[Posting] = []
        if self.hold or not problems:
            postings = sorted([*lines, *credits], key=lambda posting: posting.order)
        results = Kept(tuple(postings), participation, quantities, measures)
        return self._whole(results, tallies(postings), split_totals(self.books.interpreter), problems, warnings)

    def _whole(
        self,
        results: Results,
        tallied: list[Tally],
        splits: tuple[SplitTotal, ...],
        problems: list[Diagnostic],
        warnings: list[Diagnostic],
    ) -> Settlement:
        """The settlement with those results, counted, and with what is wrong."""
        return Settlement(
            plan=self.plan,
            dataset=self.dataset,
            year=self.year,
            run=self.run,
            posted_on=self.posted_on,
            results=results,
            tallies=tuple(tallied),
            findings=(*limited(problems), *warnings),
            held=self.hold and bool(problems),
            controls=controls(tallied, splits),
            books=self.books,
            engine=self.engine,
            handed_over=self.handed_over,
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
                yield from (self._credited(use) for use in (applied.uses if applied else ()))

    def _credited(self, use: CreditUse) -> Posting:
        """What a credit takes off a line, as a posting of its own."""
        line = evolve(use.line, status=ledger.CREDITED, reason=use.credit.title, units=0, amount=-use.amount)
        return self._posting(line)

    def _published(self) -> Iterator[Published]:
        for report in self.plan.reports:
            yield from published(self.books.interpreter, report, self.year, self.faults)

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

    def _empty(self, judged: bool) -> Iterator[Diagnostic]:
        """A note that nobody is there, which is more often a wrong folder than an empty program."""
        if judged or self.faults.faults:
            return
        if not self.books.world.payers:
            none = "no payer of the program settles without a contract, so there is nothing to settle"
            yield finding(
                "MH731", none, help="give the payers' contracts: `--contracts DIR`, or files beside the program"
            )
        else:
            none = f"no {self.plan.participant} has facts in {self.year}, so there is nothing to settle"
            yield finding("MH731", none)

    def _nobody(self, judged: bool, lines: Iterable[Posting]) -> Iterator[Diagnostic]:
        """A note that there are practices, and members of whom no month counts: all that is per member is nothing."""
        world = self.books.world
        if not judged or self.faults.faults or not world.facts.present(ELIGIBILITY):
            return
        if any(each.units and self.books.form(each.payment, each.payer).unit == MEMBER_MONTH for each in lines):
            return  # somebody is paid for, so that nobody need be looked at
        if not any(
            world.below.people.counted(payer, m) for payer in world.payers for m in months_of(self.books, payer)
        ):
            yield self._none_counts()

    def _none_counts(self) -> Diagnostic:
        none = f"no member has a month that counts in {self.year}: 0 member months for every payer"
        return finding("MH731", none, help=f"check `--year`, and the days and payers of table `{ELIGIBILITY}`")


class _Compiled(_Settling):
    """One pass over a program year from relations; objects are made of them when they are asked for."""

    def __init__(self, settling: _Settling, engine: str = DUCKDB) -> None:
        super().__init__(
            settling.plan,
            settling.dataset,
            settling.year,
            run=settling.run,
            posted_on=settling.posted_on,
            hold=settling.hold,
        )
        self.books = settling.books
        self.engine = engine
        self.compiled = Compiled(self.books, self.dataset, self.year)

    def settled(self, progress: Progress) -> Settlement:
        """The whole, with results that stay relations.

        Raises:
            HandOver: something is the interpreter's, or fails.
        """
        splits = self.compiled.everything(progress)
        credits = list(self._credits())
        if self.faults.faults:
            raise HandOver("a credit is not known", self.compiled.failing)
        stray = tuple(strays(self.books.world, self.year, StoredKeys(self.compiled.store)))
        problems = [found for found in stray if found.severity is Severity.ERROR]
        warnings = [found for found in stray if found.severity is not Severity.ERROR]
        posted = self.hold or not problems
        whose = (self.books, self.compiled.relations, self.compiled.inside)
        postings = Postings(*whose, credits, posted=posted, fails=False)
        judged = self.compiled.judged()
        warnings += self._empty(judged)
        if judged and self.books.world.facts.present(ELIGIBILITY) and not postings.somebody():
            warnings += [] if self.compiled.counts_somebody() else [self._none_counts()]
        results = _Read(self, postings)
        whole = self._whole(results, postings.tallies(), splits, problems, warnings)
        return evolve(whole, relations=Relations(self.compiled, postings))

    def in_part(self, reason: HandOver, progress: Progress) -> Settlement:
        """The whole where something fails, as the interpreter gives it: what is wrong, and with `hold` what is right.

        Raises:
            HandOver: relations do not tell.
        """
        compiled = self.compiled
        with handing_over():
            failing = reason.failing()
            if compiled.rests_on_failing:  # what rests on it fails for that reason, whatever else is wrong with it
                failing = tuple(each for each in failing if each.what in BELOW)
            if self.hold:
                failing = self._holding(failing)
                compiled = self.compiled
            with progress.stage("saying what fails"):
                told = reasons(Live(compiled, self.dataset), failing)
            known = compiled.hold_failing()
            splits = compiled.splits_in_part() if self.hold else ()
        compiled.fails = True
        credits = list(self._credits())
        faults = dict.fromkeys(self.faults.faults)
        with handing_over():  # of the year's own lines it is said already
            before = [known[each] for each in faults if each in known and not compiled.is_of_the_year(known[each])]
            earlier = reasons(Live(compiled, self.dataset), before)
        problems = [*told.findings, *earlier.findings, *(each for each in faults if each not in known)]
        if not problems:
            raise HandOver(f"{reason.reason}, and what it stands in the way of is not clear")
        stray = tuple(strays(self.books.world, self.year, StoredKeys(compiled.store)))
        problems += [found for found in stray if found.severity is Severity.ERROR]
        further = [*told.more, *earlier.more, *(found for found in stray if found.severity is not Severity.ERROR)]
        if not self.hold:
            return self._whole(Kept((), (), (), ()), [], (), problems, further)
        postings = Postings(self.books, compiled.relations, compiled.inside, credits, posted=True, fails=True)
        whole = self._whole(_Read(self, postings), postings.tallies(), splits, problems, further)
        return evolve(whole, relations=Relations(compiled, postings))

    def _holding(self, failing: tuple[Failing, ...]) -> tuple[Failing, ...]:
        """What fails where lines are held; those in whose months an invariant does not hold are held for that.

        Raises:
            HandOver: relations do not tell which lines are held, or what is right beside them.
        """
        if self.compiled.rests_on_failing:
            raise HandOver("people or records cannot be judged, so that it is not known which lines are to be held")
        if all(each.code != BROKEN for each in failing):
            return failing
        self.compiled = self.compiled.holding()
        self.books = self.compiled.books
        others = (each for each in self.compiled.failing() if each.code != BROKEN)
        return (*others, *(each for each in failing if each.what == "invariant"))

    def posting(self, **columns: Any) -> Posting:
        """A posting of its columns; what all postings of a run have in common is added."""
        kind = _KINDS[columns["length"]]
        return Posting(
            **columns,
            period=self.plan.calendar.label(columns["first"], kind),
            kind=ledger.FINAL,
            run=self.run,
            posted_on=self.posted_on,
            reverses="",
        )


@frozen
class _Read:
    """Results that are read from relations when they are asked for."""

    _settling: _Compiled
    _postings: Postings

    def postings(self) -> tuple[Posting, ...]:
        """The postings in order."""
        return self._postings.objects(self._settling.posting)

    def participation(self) -> tuple[Participation, ...]:
        """The verdicts of participation, by payer, practice and month."""
        return tuple(self._settling.compiled.participation())

    def quantities(self) -> tuple[Published, ...]:
        """What reports publish."""
        compiled = self._settling.compiled
        return tuple(found for report in compiled.plan.reports for found in compiled.published(report))

    def measures(self) -> tuple[MeasureResult, ...]:
        """The results of measures, in order."""
        return tuple(in_order(self._settling.compiled.results.all()))


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
