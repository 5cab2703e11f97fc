"""Generated text and rows through the whole pipeline: text, plan, facts, settlement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

from mhrules.check.analyses import analyse
from mhrules.data.dataset import Dataset
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Diagnostic, Severity
from mhrules.plan.lower import plan_from_program
from mhrules.plan.whole import Plan
from mhrules.semantics.bind import agreements
from mhrules.semantics.names import program_from_files
from mhrules.settle.ledger import Settlement
from mhrules.source import Source
from mhrules.syntax import tree as t
from mhrules.syntax.parse import tree_from_text
from tests.interpreted import settle

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@frozen(eq=False)
class Checked:
    """A text with what every stage found; `plan` is there if there is a program at all."""

    tree: t.File | None
    plan: Plan | None
    findings: tuple[Diagnostic, ...]

    @property
    def errors(self) -> list[str]:
        """The errors with the text they are about."""
        wrong = [f for f in self.findings if f.severity is Severity.ERROR]
        return [f"{f.code} {f.message} | {f.span.text if f.span else ''} | {f.notes}" for f in wrong]


def checked(text: str) -> Checked:
    """A text, parsed, bound, lowered and analysed."""
    findings = Findings()
    tree, found = tree_from_text(Source("generated.mh", text))
    findings.extend(found)
    program = None if tree is None else program_from_files([tree], findings)
    if program is None:
        return Checked(tree, None, findings.sorted())
    lowered = plan_from_program(program, agreements(program, findings), findings)
    analyse(program, lowered, findings)
    return Checked(tree, lowered.plan, findings.sorted())


def plan_of(text: str) -> Plan:
    """The plan of a text that has to be free of errors."""
    found = checked(text)
    assert found.errors == [], "\n".join((*found.errors, text))
    assert found.plan is not None
    return found.plan


def settled(plan: Plan, rows: Rows, year: int, **more: Any) -> Settlement:
    """The settlement of a year."""
    return settle(plan, Dataset.from_rows(plan.schema, rows), year, **more)


def postings(settlement: Settlement) -> list[tuple[object, ...]]:
    """What is posted, without places in the text."""
    return [
        (p.payer, p.payee, p.practice, p.payment, p.period, p.units, p.amount, p.status, p.reason)
        for p in settlement.postings
    ]


def published(settlement: Settlement) -> list[tuple[object, ...]]:
    """What is reported, sorted."""
    return sorted(((q.report.name, str(q.row), str(q.value)) for q in settlement.quantities), key=str)


def codes(findings: Iterable[Diagnostic]) -> list[str]:
    """The codes of errors."""
    return sorted({f.code for f in findings if f.severity is Severity.ERROR})
