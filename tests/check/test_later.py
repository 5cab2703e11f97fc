"""Clauses that have no effect yet are named, so that nobody takes them to be in force."""

from __future__ import annotations

import pytest

from mhrules.diagnostics.model import Severity
from tests.check.bad import FEE, all_findings, program, shown

KIDS = 'eligible members { exclude children "Children" when age < 18 }'
VISITS = "attribution { every month; first selection }"


@pytest.mark.parametrize(
    ("clause", "message", "underlined", "help"),
    [
        (
            KIDS,
            "members are not excluded yet",
            "eligible members",
            "the panel says how many members count: give it after this rule",
        ),
        (
            VISITS,
            "attribution is not worked out yet",
            "attribution",
            "the panel says how many members count: give it after this rule",
        ),
        (
            "settlement { final after 6 months run-out }",
            "run-out is not applied yet",
            "settlement",
            "give facts as they stand after the run-out",
        ),
        (
            "disclose fee to payers",
            "disclosure is not applied yet",
            "disclose fee to payers",
            "every output shows every verdict: share them with care",
        ),
    ],
)
def test_a_clause_without_effect(clause: str, message: str, underlined: str, help: str) -> None:
    notes = [d for d in all_findings(program(FEE, clause)) if d.severity is Severity.NOTE]
    assert [shown(d) for d in notes] == [("MH902", message, underlined, help)]
