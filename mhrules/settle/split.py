"""Control totals: what must tie before anything is posted."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mhrules.engine.faults import fault
from mhrules.engine.reference import Interpreter
from mhrules.settle.ledger import Controls, SplitTotal, Tally


def controls(tallies: Iterable[Tally], splits: tuple[SplitTotal, ...]) -> Controls:
    """The totals of postings by payer, practice, payment and status, and of every split that was made.

    Raises:
        Faulted: they do not tie (MH999: never, unless mhrules is wrong).
    """
    posted = tuple(tallies)
    by_status: dict[str, int] = {}
    for tally in posted:
        by_status[tally.status] = by_status.get(tally.status, 0) + tally.lines
    totals = Controls(
        by_payer=_totals(posted, lambda tally: tally.payer),
        by_practice=_totals(posted, lambda tally: tally.practice),
        by_payment=_totals(posted, lambda tally: tally.payment),
        lines_by_status=dict(sorted(by_status.items())),
        splits=splits,
    )
    if sum(totals.by_practice.values()) != totals.total or any(s.parts + s.returned != s.pool for s in totals.splits):
        raise fault("MH999", "the control totals do not tie", None)
    return totals


def split_totals(interpreter: Interpreter) -> tuple[SplitTotal, ...]:
    """Each split that was made, with its pool and the sum of its parts, by place in the text and group."""
    found = [
        SplitTotal(
            str(record.span), interpreter.words(record.group), record.pool, sum(record.parts.values()), record.returned
        )
        for record in interpreter.splits.values()
    ]
    return tuple(sorted(found, key=lambda split: (split.place, split.group)))


def _totals(tallies: tuple[Tally, ...], key: Callable[[Tally], str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for tally in tallies:
        found[key(tally)] = found.get(key(tally), 0) + tally.amount
    return dict(sorted(found.items(), key=lambda pair: pair[0].encode()))
