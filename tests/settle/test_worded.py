"""Faults of single lines, worded from the people of one practice."""

from __future__ import annotations

from typing import Any

import pytest

from mhrules.data.dataset import Dataset
from mhrules.engine.faults import Faulted
from mhrules.engine.rows import Row
from mhrules.engine.sql.failing import Failing
from mhrules.settle.payments import Books
from mhrules.settle.sql.compiled import Compiled
from mhrules.settle.worded import Live, Words
from tests.settle.sql.test_regressions import HEAD, PEOPLE
from tests.strategies.settled import plan_of

BODY = """
  facts of practice, year { score : integer 0..10 }
  payment by_age "A" { per member per month; pays choose { when age < 40 : $2  when age >= 40 : $5 } }
  payment part "P" { per practice per year; pays $10 * score / sum(score over practices) }
}
"""
JANUARY = 2011 * 12


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Ann at p1 and Bob, of whom no day of birth is known, at p2; p3 has nobody and no score."""
    plan = plan_of(HEAD + PEOPLE + BODY)
    span = {"enrollment_start_date": "2011-01-01", "payer": "aetna"}
    rows: dict[str, list[dict[str, Any]]] = {
        "practice": [{"practice_id": name} for name in ("p1", "p2", "p3")],
        "practice_year": [{"practice_id": name, "year": "2011", "score": "1"} for name in ("p1", "p2")],
        "member": [
            {"person_id": "ann", "risk": "low", "birth_date": "1990-01-01"},
            {"person_id": "bob", "risk": "low"},
        ],
        "eligibility": [{"person_id": name, **span} for name in ("ann", "bob")],
        "chosen_practice": [
            {"person_id": name, "payer": "aetna", "from": "2011-01-01", "practice_id": practice}
            for name, practice in (("ann", "p1"), ("bob", "p2"))
        ],
    }
    names = {table.name for table in plan.schema.tables}
    return Dataset.from_rows(plan.schema, {name: own for name, own in rows.items() if name in names})


@pytest.mark.parametrize("practice", ["p1", "p2", "p3"])
@pytest.mark.parametrize("payment", ["by_age", "part"])
def test_a_fault_has_the_words_that_it_has_among_all(dataset: Dataset, practice: str, payment: str) -> None:
    plan = plan_of(HEAD + PEOPLE + BODY)
    books = Books(plan, dataset, 2011)
    live = Live(Compiled(books, dataset, 2011), dataset)
    try:
        Books(plan, dataset, 2011).line(payment, "aetna", practice, JANUARY)
        expected: tuple[Any, ...] = ()
    except Faulted as error:
        expected = error.faults
    assert bool(expected) == (payment == "part" or practice == "p2")
    period = "month" if payment == "by_age" else "year"
    row = Row.of((period, JANUARY), payer="aetna", practice=practice)
    assert Words(live, practice).of(Failing("line", payment, "", None, (row,), 0), row) == expected
