"""The same settlement by both engines, and everything in which they differ."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from mhrules.data.dataset import Dataset
from mhrules.diagnostics.model import Severity
from mhrules.plan.whole import Plan
from mhrules.settle.ledger import Settlement
from mhrules.settle.participation import Participation
from mhrules.settle.run import DUCKDB, settle


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
    """The settlement of a year by both engines.

    Raises:
        DiagnosticError: the year cannot be settled at all.
    """
    reference = settle(plan, dataset, year, hold=hold)
    compiled = settle(plan, dataset, year, hold=hold, engine=DUCKDB)
    found = () if compiled.handed_over else tuple(differences(reference, compiled))
    return Both(reference, compiled, found)


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
    return found


def _judged(verdict: Participation) -> tuple[object, ...]:
    """A verdict of participation with what decided it, as values."""
    each = tuple(
        (v.requirement.name, v.verdict, v.due, tuple((a.holds, a.value, a.operator, a.threshold, a.margin) for a in v.atoms))
        for v in verdict.verdicts
    )
    nearest = verdict.nearest and verdict.nearest.requirement.name
    return verdict.payer, verdict.practice, verdict.month, verdict.participates, verdict.missed, each, nearest
