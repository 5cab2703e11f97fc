"""What postings are made of, by both engines: claims of several lines, limits without members, rows that do not tie."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhrules.diagnostics.model import DiagnosticError
from mhrules.settle.outputs import write
from mhrules.settle.run import DUCKDB, settle
from mhrules.settle.sheets import DETAIL
from mhrules.settle.sql.details import Details
from tests.settle.sql.both import both
from tests.strategies.population import Rows
from tests.strategies.population_program import SELECTION, Policy, plan_for
from tests.strategies.population_rows import claim, day, person, population, read

YEAR = 2011
PAYMENTS = """
payment by_claim "C" { per claim; pays 12.5% of allowed; at most $10 }
payment by_visit "V" { per visit where allowed > $1; pays $3.335 }
payment capped "L" { per member per quarter; pays $1.005; at most $2 }
payment floored "F" { per member per month; pays $1.005; at least $2 }
payment whole "W" { per practice per year; pays $7 }
"""
POLICY = Policy(every="month", methods=(SELECTION,), payments=PAYMENTS)


def rows() -> Rows:
    """`a` has one claim of three lines on two days, and one of a line; `b` has nothing."""
    lines = [
        claim("7", "a", "2011-02-03", allowed_amount="40.00"),
        claim("7", "a", "2011-02-01", allowed_amount="20.02", claim_line_number=2),
        claim("7", "a", "2011-02-01", allowed_amount="0.50", claim_line_number=3),
        claim("6", "a", "2011-02-01", allowed_amount="1.20"),
    ]
    chosen = [
        {"person_id": name, "payer": "aetna", "practice_id": "p1", "from": day("2010-01-01"), "to": None}
        for name in "ab"
    ]
    return population(person("a"), person("b"), medical_claim=lines, chosen_practice=chosen)


def test_details_of_claims_and_limits_are_alike(tmp_path: Path) -> None:
    found = both(plan_for(POLICY), read(POLICY, rows()), YEAR)
    assert (found.handed_over, found.differences) == ("", ())
    write(found.compiled, tmp_path, detail=True)
    told = (tmp_path / f"{DETAIL}.csv").read_text()
    february = [line for line in told.splitlines() if ",2011-02,claim," in line]
    assert [line.split(",")[5:] for line in february] == [
        ["a", "6/1", "2011-02-01", "1", "", "0.15"],
        ["a", "7/2\x1f7/3\x1f7/1", "2011-02-01", "1", "", "7.57"],
    ]
    assert "aetna,p2,floored,2011-01,limits,,,,0,,2\n" in told


def test_rows_that_do_not_add_up_to_their_posting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settlement = settle(plan_for(POLICY), read(POLICY, rows()), YEAR, engine=DUCKDB)
    monkeypatch.setattr(Details, "_left", lambda self, form, lines, months: self._credits())
    with pytest.raises(DiagnosticError) as raised:
        write(settlement, tmp_path, detail=True)
    assert [found.code for found in raised.value.diagnostics] == ["MH999"]
    assert list(tmp_path.iterdir()) == []
