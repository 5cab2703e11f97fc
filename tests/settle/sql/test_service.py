"""The service classes that a program gives claim lines and encounters, in both engines."""

from __future__ import annotations

from typing import Any

import pytest

from mhrules.data.dataset import Dataset
from tests.settle.sql.both import Both, both
from tests.settle.sql.test_regressions import HEAD, PEOPLE, YEAR, amounts, people, settled
from tests.strategies.settled import plan_of

CLASSES = """
  classify service {
    when code = "99213" or code = "99214" : office
    when allowed > $500                   : large
    otherwise                             : other
  }
"""
BY_CLASS = """
  payment lines "Lines" { per claim line where service = office; pays 10% of allowed }
  payment large "Large" { per claim line where service = large; pays $7 }
  payment days "Days" { per visit; pays choose { when service = office : $3  otherwise : $1 } }
  report offices "Offices" = count(claims where service = office)
"""


def coded(**amounts_by_code: str | None) -> dict[str, list[dict[str, Any]]]:
    """Ann's claim lines, each of its own day: by code (with `c` in front), what was allowed."""
    rows = people()
    first = rows["medical_claim"][0]
    rows["medical_claim"] = [
        {
            **first,
            "claim_id": f"x{at}",
            "claim_start_date": f"2011-03-0{at}",
            "hcpcs_code": code.removeprefix("c"),
            "allowed_amount": allowed,
        }
        for at, (code, allowed) in enumerate(amounts_by_code.items(), 1)
    ]
    return rows


def test_lines_have_the_first_class_that_applies() -> None:
    found = settled(PEOPLE + CLASSES + BY_CLASS, coded(c99213="100.00", c99214="900.00", c80053="501.00", c80050="1"))
    assert amounts(found, "lines") == {0, 10_000}
    assert amounts(found, "large") == {0, 700}
    assert amounts(found, "days") == {0, 200, 600}  # by price


def test_an_encounter_has_the_class_of_its_code() -> None:
    body = """
  classify service {
    when place_of_service = "11" or code = "99213" : office
    otherwise : other
  }
  payment days "Days" { per visit where service = office; pays $3 }
"""
    rows = people()
    seen = {"person_id": "ann", "payer": "aetna", "practice_id": "p1", "encounter_type": "office"}
    rows["encounter"] = [
        {**seen, "encounter_id": "e1", "encounter_start_date": "2011-03-01", "code": "99213"},
        {**seen, "encounter_id": "e2", "encounter_start_date": "2011-03-02", "code": "80053"},
    ]
    assert amounts(settled(PEOPLE + body, rows), "days") == {0, 300}


def unclassified(body: str) -> Both:
    plan = plan_of(f"{HEAD}{PEOPLE}{CLASSES}{body}}}\n")
    rows = coded(c99213="100.00", c80053=None)
    names = {table.name for table in plan.schema.tables}
    return both(plan, Dataset.from_rows(plan.schema, {k: v for k, v in rows.items() if k in names}), YEAR)


@pytest.mark.parametrize(
    "body",
    [
        'payment large "Large" { per claim line where service = large; pays $7 }',
        'payment days "Days" { per visit; pays choose { when service = office : $3  otherwise : $1 } }',
        'report larges "Large claims" = count(claims where service = large)',
    ],
)
def test_a_class_that_cannot_be_told_is_a_fault_where_it_is_asked(body: str) -> None:
    found = unclassified(body)
    assert found.handed_over
    assert "MH743" in {each.code for each in found.reference.findings}


def test_a_class_that_nobody_asks_for_is_no_fault() -> None:
    found = unclassified('payment lines "Lines" { per claim line where code = "99213" and service = office; pays $7 }')
    assert (found.handed_over, found.differences) == ("", ())
