"""`explain` on a kept run: the interpreter on the slice of data that a line rests on, and the same cents as posted.

If a slice turns out too small, the next is larger: with the facts of all practices, then with everybody. What is said
is what the interpreter worked out, never a guess: if it does not lead to what was posted, nothing is said.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar
from weakref import WeakKeyDictionary

from attrs import evolve

from mhrules.data.dataset import Dataset, Input, LeftOut
from mhrules.diagnostics.model import DiagnosticError
from mhrules.diagnostics.registry import finding
from mhrules.engine.attribution import Outcome
from mhrules.engine.slices import FACTS, PEOPLE, PRACTICE, Outside
from mhrules.explain.model import Explanation
from mhrules.explain.tree import explain
from mhrules.settle import ledger
from mhrules.settle.billed import BilledSlice
from mhrules.settle.kept import RUN, keep
from mhrules.settle.kept_run import KeptRun, opened
from mhrules.settle.ledger import Controls, Kept, Settlement
from mhrules.settle.payments import Books, posting_period
from mhrules.settle.run import REFERENCE
from mhrules.settle.sizes import SIZES, people
from mhrules.settle.slices import KeptValues, Slice
from mhrules.source import Source
from mhrules.syntax.tree import Period

T = TypeVar("T")
REACHES = (PRACTICE, FACTS, PEOPLE)
MOST = SIZES.most  # people up to whom everybody is worked out one by one, where a line asks for that
FEW = SIZES.few  # people up to whom a settlement that is there is explained from all its data
_KEPT: WeakKeyDictionary[Settlement, KeptRun] = WeakKeyDictionary()
"""Settlements of many people that were explained, each with its run."""
Line = tuple[str, str, str]
"""Payer, practice and payment."""


def explain_run(
    run: KeptRun, line: Line, period: str | None = None, *, deep: bool = False, member: str | None = None
) -> Explanation:
    """Why one payer's payment to one practice is what was posted in a kept run.

    `line` is payer, practice and payment; `period`, `deep` and `member` are as for `explain.tree.explain`. Values over
    all practices stand as they were settled; `deep` works them out anew where there are at most 100,000 people.

    Raises:
        DiagnosticError: as `explain.tree.explain`; more than 100,000 people would have to be worked out one by one
            (MH755); the line does not come out as posted, or people not as they were attributed (MH999: never, unless
            mhrules is wrong).
    """
    anew = deep and run.persons <= MOST

    def explained(part: Slice) -> Explanation:
        settlement = _settlement(run, part, line, anew=anew)
        found = explain(settlement, *line, period, deep=deep, member=member)
        _refuse_unposted(settlement, found)
        _refuse_moved(run, settlement.books, part, line)
        note = _note(run, part)
        return evolve(found, notes=(*found.notes, note))

    return _with_reach(run, line, period, member, explained)


def explain_settled(
    settlement: Settlement,
    sources: Sequence[Source],
    line: Line,
    period: str | None = None,
    *,
    deep: bool = False,
    member: str | None = None,
) -> Explanation:
    """Why one payer's payment to one practice is what a settlement says; of many people, from a slice of its data.

    Where relations have settled more than 5,000 people, the run is kept beside its data until they are closed, and the
    line is worked out from its slice; otherwise from all data. `line` is payer, practice and payment.

    Raises:
        DiagnosticError: as `explain_run`.
    """
    workspace = settlement.dataset.workspace
    if settlement.compiled is None or workspace is None or people(settlement.books, settlement.dataset) <= FEW:
        return explain(settlement, *line, period, deep=deep, member=member)
    if settlement not in _KEPT:
        path = workspace / f"{id(settlement)}-{RUN}"
        keep(settlement, path, sources, "")
        _KEPT[settlement] = opened(path, settlement.plan, sources)
    return explain_run(_KEPT[settlement], line, period, deep=deep, member=member)


def _with_reach(run: KeptRun, line: Line, period: str | None, member: str | None, ask: Callable[[Slice], T]) -> T:
    """The answer of the smallest slice that has one."""
    _, practice, _ = line
    smallest = REACHES.index(PEOPLE) if run.meta["held"] and run.persons <= MOST else 0
    for part in () if smallest else _narrow(run, line, period, member):
        try:
            return ask(part)
        except Outside as more:
            smallest = REACHES.index(more.what)
            if smallest:
                break
    for at, reach in enumerate(REACHES):
        if at >= smallest:
            if reach == PEOPLE and run.persons > MOST and run.meta["engine"] != REFERENCE:
                raise _too_many(run)
            try:
                return ask(Slice(run, practice, member, reach))
            except Outside as more:
                smallest = max(at + 1, REACHES.index(more.what))
    raise AssertionError("unreachable: the last slice has everything")


def _narrow(run: KeptRun, line: Line, period: str | None, member: str | None) -> Iterator[Slice]:
    """Slices of fewer people than the practice's: most lines rest on the payer's members, or on what was billed."""
    payer, practice, payment = line
    forms = list(run.plan.payments[payment].forms.values()) if payment in run.plan.payments else []
    if any(form.reach.billed or form.event for form in forms):
        months = _months(run, {posting_period(form) for form in forms}, period)
        if months is not None:
            yield BilledSlice(run, practice, member, months=months)
        yield BilledSlice(run, practice, member)
    else:
        yield Slice(run, practice, member, payer=payer)
    if run.asks_billers:
        yield BilledSlice(run, practice, member, payer)


def _months(run: KeptRun, lengths: Iterable[Period], period: str | None) -> range | None:
    """The months of a posting period of the year by its label; None if there is none of that label."""
    calendar = run.plan.calendar
    for length in lengths:
        for first in calendar.periods_of(run.meta["year"], length):
            if calendar.label(first, length) == period:
                return range(first, first + length.months)
    return None


def _too_many(run: KeptRun) -> DiagnosticError:
    message = f"the line rests on all of {run.persons:,} people, who would have to be worked out one by one"
    return DiagnosticError(
        [finding("MH755", message, help=f"explain it on data of at most {MOST:,} people, such as one region's")]
    )


def _settlement(run: KeptRun, part: Slice, line: Line, *, anew: bool) -> Settlement:
    """The settlement as far as one line asks for it."""
    meta, plan = run.meta, run.plan
    books = Books(plan, part, meta["year"], run.holds(), part)
    if not anew:
        books.interpreter.across = KeptValues(run, books.interpreter)
    dataset = Dataset(
        plan.schema,
        inputs=tuple(Input(**each) for each in meta["inputs"]),
        left_out=tuple(LeftOut(**each) for each in meta["left_out"]),
        allowed=meta["allowed"],
        present=frozenset(meta["present"]),
    )
    return Settlement(
        plan=plan,
        dataset=dataset,
        year=meta["year"],
        run=meta["run"],
        posted_on=None if meta["posted_on"] is None else datetime.date.fromisoformat(meta["posted_on"]),
        results=Kept(run.postings(*line), (), (), ()),
        tallies=(),
        findings=(),
        held=meta["held"],
        controls=Controls({}, {}, {}, {}, ()),
        books=books,
        engine=meta["engine"],
    )


def _refuse_unposted(settlement: Settlement, found: Explanation) -> None:
    """Refuse a line of which nothing was posted; the ones that were are compared where they are explained."""
    posted = {each.period for each in settlement.postings if each.status != ledger.CREDITED}
    missing = [line.period for line in found.lines if line.period not in posted]
    if missing:
        text = f"`{found.payment}` of `{found.practice}` and payer `{found.payer}` has a line in {missing[0]}"
        raise DiagnosticError([finding("MH999", f"{text}, and nothing of it was posted")])


def _refuse_moved(run: KeptRun, books: Books, part: Slice, line: Line) -> None:
    """Refuse people who come to the practice in the slice and did not in the run, or the other way round."""
    stays = run.stays(line[1])
    if "below" not in vars(books.world) or not stays:
        return
    practice, numbers = line[1], dict(_numbers(part, books))
    for (whose, month), outcomes in books.world.below.attribution.known().items():
        then = {stay.number for stay in stays if stay.payer == whose and stay.has(month)}
        now = {numbers[person] for person, outcome in outcomes.items() if _is_at(outcome, practice)}
        if then != now and (whose, month) in part.months and part.payer in (None, whose):
            text = (
                f"{len(then):,} people were attributed to `{practice}` by `{whose}`, and worked out anew {len(now):,}"
            )
            raise DiagnosticError([finding("MH999", text)])


def _is_at(outcome: Outcome, practice: str) -> bool:
    return outcome.practice == practice


def _numbers(part: Slice, books: Books) -> list[tuple[str, int]]:
    """The numbers of the slice's people."""
    persons = list(books.world.below.people.persons)
    rows = part.run.rows(
        'SELECT p.person, p."#" FROM kept.run.persons p JOIN (SELECT unnest(?::VARCHAR[]) AS person) USING (person)',
        (persons,),
    )
    return [(person, number) for person, number in rows]


def _note(run: KeptRun, part: Slice) -> str:
    """That the amounts are those posted, and on how many people that rests."""
    people, everybody = part.people, run.persons
    whom = "" if not everybody else f" from {people:,} of {everybody:,} people"
    same = "equal to what the run posted"
    return f"worked out anew{whom}, {same}"
