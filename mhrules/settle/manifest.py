"""The manifest of a settlement: what it was made from and of, in hashes and control totals."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from mhrules.classes import frozen
from mhrules.exact import to_text
from mhrules.plan.whole import Plan
from mhrules.semantics.calendar import month_label
from mhrules.settle.kept import RUN
from mhrules.settle.ledger import Controls, Settlement
from mhrules.settle.members import MemberTotals
from mhrules.settle.sheets import CENTS, amount_places
from mhrules.source import Source, Span
from mhrules.version import __version__

MANIFEST = "manifest.json"


@frozen
class Written:
    """A file that was written: its name, the SHA-256 of its bytes (of a folder, of its files' hashes), its rows."""

    name: str
    sha256: str
    rows: int


def manifest_text(
    settlement: Settlement,
    files: Sequence[Written],
    sources: Sequence[Source],
    members: Mapping[str, MemberTotals],
    *,
    kept: bool = False,
) -> str:
    """What the settlement was made from and of: hashes of texts, inputs and outputs, clocks, control totals.

    `kept`: the run itself is beside the files.
    """
    plan = settlement.plan
    controls = _controls(settlement.controls, amount_places(plan))
    document = {
        "format": 1,
        "mhrules": __version__,
        "engine": settlement.engine,
        "program": {"name": plan.program, "title": plan.title, "edition": plan.edition},
        "year": settlement.year,
        "run": settlement.run,
        "posted_on": None if settlement.posted_on is None else settlement.posted_on.isoformat(),
        "held": settlement.held,
        "errors": sum(each.severity.value == "error" for each in settlement.findings),
        "texts": [
            {"file": source.name, "sha256": source.sha256} for source in sorted(sources, key=lambda s: s.name.encode())
        ],
        "payers": {
            payer.name: {
                "status": payer.status,
                "contract": payer.contract or None,
                "from": month_label(payer.first_month),
            }
            for payer in sorted(plan.payers, key=lambda p: p.name.encode())
        },
        "inputs": [{"file": each.name, "sha256": each.sha256, "rows": each.rows} for each in settlement.dataset.inputs],
        "left_out": [
            {"table": each.table, "part": each.part, "file": each.file, "reason": each.reason, "rows": each.rows}
            for each in settlement.dataset.left_out
        ],
        "allowed": dict(settlement.dataset.allowed),
        "controls": {**controls, "member_months": _member_controls(members)},
        "outputs": [
            {"file": each.name, "sha256": each.sha256 or None, "rows": each.rows}
            for each in sorted(files, key=lambda each: each.name)
        ],
        "kept": RUN if kept else None,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _controls(totals: Controls, places: int) -> dict[str, object]:
    def amounts(by: dict[str, int]) -> dict[str, str]:
        return {key: to_text(amount, places) for key, amount in by.items()}

    return {
        "total": to_text(totals.total, places),
        "by_payer": amounts(totals.by_payer),
        "by_practice": amounts(totals.by_practice),
        "by_payment": amounts(totals.by_payment),
        "lines_by_status": totals.lines_by_status,
        "splits": [
            {
                "rule": split.place,
                "group": split.group,
                "pool": to_text(split.pool, CENTS),
                "parts": to_text(split.parts, CENTS),
                "returned": to_text(split.returned, CENTS),
            }
            for split in totals.splits
        ],
    }


def _member_controls(members: Mapping[str, MemberTotals]) -> dict[str, object]:
    """The member months of each payer: those of practices and of reasons for none add up to all."""
    return {
        payer: {
            "total": to_text(found.member_months),
            "by_practice": {practice: to_text(months) for practice, months in found.by_practice.items()},
            "by_reason": {reason: to_text(months) for reason, months in found.by_reason.items()},
        }
        for payer, found in members.items()
    }


def sources_of(plan: Plan) -> tuple[Source, ...]:
    """The texts that the rules of a plan stand in."""
    spans: list[Span] = [payment.span for payment in plan.payments.values()]
    spans += [quantity.span for quantity in plan.quantities]
    spans += [requirement.span for group in plan.requirements for requirement in group.requirements]
    spans += [ensure.span for ensure in plan.ensures]
    for payer in plan.payers:
        spans += [value.span for values in payer.settings.values() for value in values]
        spans += [credit.span for credit in payer.credits]
    return tuple(dict.fromkeys(span.source for span in spans))
