"""Clauses that are read, and have no effect on a settlement yet."""

from __future__ import annotations

from collections.abc import Iterator

from mhrules.diagnostics.collect import Findings
from mhrules.plan.bounds import Bounds
from mhrules.plan.lower import Lowered
from mhrules.semantics.program import Program
from mhrules.semantics.scope import head
from mhrules.syntax import tree as t


def check_later(program: Program, lowered: Lowered, bounds: Bounds, findings: Findings) -> None:
    """Notes what a reader could take to be in force, and is not (MH902)."""
    for clause, message, help in _without_effect(program):
        findings.report("MH902", message, head(clause), help=help)


def _without_effect(program: Program) -> Iterator[tuple[t.Clause, str, str]]:
    for disclosure in program.disclosures:
        yield disclosure, "disclosure is not applied yet", "every output shows every verdict: share them with care"
