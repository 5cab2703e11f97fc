"""Clauses that have no effect yet are named, so that nobody takes them to be in force."""

from __future__ import annotations

import pytest

from mhrules.diagnostics.model import Severity
from tests.check.bad import FEE, all_findings, program, shown


@pytest.mark.parametrize(
    ("clause", "message", "underlined", "help"),
    [
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


def test_clauses_about_members_are_in_force() -> None:
    clauses = (
        'eligible members { exclude children "Children" when age < 18 }',
        "attribution { every month; first selection }",
        "settlement { final after 6 months run-out }",
        'payment lines "Lines" { per claim line; pays 1% of allowed }',
    )
    assert [shown(d) for d in all_findings(program(FEE, *clauses))] == []
