"""The same settlement by both engines, and everything in which they differ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import frozen

from mhrules.data.dataset import Dataset
from mhrules.diagnostics.model import Severity
from mhrules.engine.sql.faults import Unsupported
from mhrules.plan.whole import Plan
from mhrules.settle.ledger import CREDITED, HELD, Line, Posting, Settlement
from mhrules.settle.outputs import write
from mhrules.settle.participation import Participation
from mhrules.settle.run import DUCKDB, REFERENCE, settle
from mhrules.settle.sql.compiled import REFUSED, Compiled, HandOver
from tests.settle.sql.bounds import outside

BROKEN_INVARIANT = "MH720"
Key = tuple[str, str, str, int]


@frozen(eq=False)
class Both:
    """A settlement by the interpreter and by DuckDB, what differs, and why the latter was handed over, if it was."""

    reference: Settlement
    compiled: Settlement
    differences: tuple[str, ...]

    @property
    def handed_over(self) -> str:
        """Why the interpreter has settled both; empty if it has not."""
        return self.compiled.handed_over

    @property
    def needlessly(self) -> bool:
        """Whether it was handed over although nothing fails."""
        fails = any(found.severity is Severity.ERROR for found in self.reference.findings)
        return bool(self.handed_over) and not fails


def both(plan: Plan, dataset: Dataset, year: int, *, hold: bool = True) -> Both:
    """The settlement of a year by both engines; a number out of the bounds of its width is a difference too.

    Raises:
        DiagnosticError: the year cannot be settled at all.
    """
    compiled = settle(plan, dataset, year, hold=hold, engine=DUCKDB)
    if compiled.handed_over:
        return Both(compiled, compiled, (REFUSED,) if compiled.handed_over == REFUSED else ())
    reference = settle(plan, dataset, year, hold=hold, engine=REFERENCE)
    found = differences(reference, compiled)
    if isinstance(compiled.compiled, Compiled):
        found += outside(compiled.compiled)
    return Both(reference, compiled, tuple(found))


def differences(one: Settlement, two: Settlement) -> list[str]:
    """What two settlements do not have in common, by kind; of each kind the first two."""
    kinds: dict[str, tuple[Any, Any]] = {
        "postings": (one.postings, two.postings),
        "participation": tuple(list(map(_judged, s.participation)) for s in (one, two)),
        "quantities": tuple([(q.report.name, q.row, q.value) for q in s.quantities] for s in (one, two)),
        "measures": (one.measures, two.measures),
        "controls": ([one.controls], [two.controls]),
        "findings": tuple([(f.code, f.message, f.span) for f in s.findings] for s in (one, two)),
    }
    found = []
    for kind, (left, right) in kinds.items():
        if left != right:
            apart = [pair for pair in zip(left, right, strict=False) if pair[0] != pair[1]]
            found.append(f"{kind}: {len(left)} and {len(right)}, {apart[:2]}")
    files, others = written(one), written(two)
    if list(files) != list(others):
        return [*found, f"files: {list(files)} and {list(others)}"]
    for name, text in files.items():
        if text != others[name]:
            lines = zip(text.splitlines(), others[name].splitlines(), strict=False)
            found.append(f"{name}: {[pair for pair in lines if pair[0] != pair[1]][:2]}")
    return found


def written(settlement: Settlement) -> dict[str, str]:
    """The files of a settlement by name, the manifest without the engine."""
    with TemporaryDirectory() as folder:
        paths = write(settlement, Path(folder), detail=True)
        files = {path.name: path.read_bytes().decode() for path in paths}
    files["manifest.json"] = files["manifest.json"].replace(f'"engine": "{settlement.engine}"', "")
    return files


def _judged(verdict: Participation) -> tuple[object, ...]:
    """A verdict of participation with what decided it, as values."""
    each = tuple(
        (
            v.requirement.name,
            v.verdict,
            v.due,
            tuple((a.holds, a.value, a.operator, a.threshold, a.margin) for a in v.atoms),
        )
        for v in verdict.verdicts
    )
    nearest = verdict.nearest and verdict.nearest.requirement.name
    return verdict.payer, verdict.practice, verdict.month, verdict.participates, verdict.missed, each, nearest


def lines_apart(plan: Plan, dataset: Dataset, year: int, reference: Settlement) -> list[str]:
    """Of a settlement in which something fails, the lines that relations give otherwise; none if there are none."""
    try:
        compiled = Compiled(reference.books, dataset, year)
        found = {key: line for payment in plan.payments for key, line in _stored(compiled, payment)}
    except (HandOver, Unsupported):
        return []
    broken = any(finding.code == BROKEN_INVARIANT for finding in reference.findings)
    wanted: dict[Key, list[Posting]] = {}
    for posting in reference.postings:
        if posting.status != CREDITED:
            wanted.setdefault((posting.payment, posting.payer, posting.practice, posting.first), []).append(posting)
    apart = []
    for key in sorted(found.keys() | wanted.keys()):
        line, postings = found.get(key), wanted.get(key, [])
        held = [p for p in postings if p.status == HELD]
        postings = [p for p in postings if p.status != HELD]  # a credit can be held beside a line that is known
        if held and not postings:
            same = line is None or broken
        else:
            same = line is not None and [(p.units, p.price, p.amount) for p in line.parts] == [
                (p.units, p.price, p.amount) for p in postings
            ]
            same = (
                same
                and line is not None
                and {(p.status, p.reason, p.payee) for p in postings} == {(line.status, line.reason, line.payee)}
            )
        if not same:
            apart.append(f"{key}: {line} and {postings}")
    return apart


def _stored(compiled: Compiled, payment: str) -> Iterator[tuple[Key, Line]]:
    """The lines of a payment in the year that do not fail."""
    for line in compiled.lines_of(compiled.plan.payments[payment]):
        yield (payment, line.payer, line.practice, line.first), line
