"""Every line of a settlement explained twice: from all data, and from the slice of a kept run; what differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from mhrules.diagnostics.model import DiagnosticError
from mhrules.explain.expressions import AS_SETTLED
from mhrules.explain.model import Why
from mhrules.explain.of_run import explain_run
from mhrules.explain.tree import explain
from mhrules.settle.kept_run import KeptRun, open_run
from mhrules.settle.ledger import Settlement
from mhrules.settle.outputs import sources_of, write

Line = tuple[str, str, str]


def kept(settlement: Settlement, folder: Path) -> KeptRun:
    """The settlement written with `--keep`, and opened."""
    sources = sources_of(settlement.plan)
    write(settlement, folder, sources, keep=True)
    return open_run(folder, settlement.plan, sources)


def lines(settlement: Settlement, most: int | None = None) -> list[Line]:
    """Payer, practice and payment of what was posted; of more than `most`, one of each status, then the first."""
    found = dict.fromkeys((p.payer, p.practice, p.payment) for p in settlement.postings)
    if most is None or len(found) <= most:
        return list(found)
    by_status = {(p.payment, p.status, p.reason): (p.payer, p.practice, p.payment) for p in settlement.postings}
    return list(dict.fromkeys([*by_status.values(), *found]))[:most]


def differences(
    settlement: Settlement, run: KeptRun, asked: Iterable[Line], *, member: str | None = None, deep: bool = False
) -> Iterator[str]:
    """What the explanations of lines do not have in common."""
    for line in asked:
        whole = _said(lambda line=line: explain(settlement, *line, deep=deep, member=member))  # type: ignore[misc]
        part = _said(lambda line=line: explain_run(run, line, deep=deep, member=member))  # type: ignore[misc]
        if isinstance(whole, str) or isinstance(part, str):
            if whole != part:
                yield f"{line}: {whole} and {part}"
            continue
        if (whole.headline, whole.member) != (part.headline, part.member):
            yield f"{line}: {whole.headline} {whole.member} and {part.headline} {part.member}"
        for one, two in zip(whole.lines, part.lines, strict=True):
            told = [(w.period, w.payee, w.status, w.reason, w.units, w.price, w.amount, w.credits) for w in (one, two)]
            if told[0] != told[1]:
                yield f"{line}: {told}"
            yield from (f"{line} {one.period}: {apart}" for apart in _apart(one.why, two.why))


def _said(ask):  # type: ignore[no-untyped-def]
    """An explanation, or the codes of why there is none."""
    try:
        return ask()
    except DiagnosticError as error:
        return " ".join(each.code for each in error.diagnostics)


def _apart(one: Why, two: Why) -> Iterator[str]:
    """Where two trees part; a leaf that stands as it was settled has what the other works out."""
    if (one.kind, one.title, one.worth, one.at) != (two.kind, two.title, two.worth, two.at):
        yield f"{one.kind} {one.title} {one.worth} {one.at} and {two.kind} {two.title} {two.worth} {two.at}"
    elif not any(AS_SETTLED in says for says in two.says):
        own = [(w.says, w.formula, w.place, w.fact, w.parameter, w.support, bool(w.see)) for w in (one, two)]
        if own[0] != own[1] or len(one.steps) != len(two.steps):
            yield f"{one.title}: {own[0]} {len(one.steps)} and {own[1]} {len(two.steps)}"
            return
        for left, right in zip(one.steps, two.steps, strict=True):
            yield from _apart(left, right)
