"""Which rows fail, as the relations know it: what, whose, when, for which reason, and how many more there are."""

from __future__ import annotations

from typing import Any

import pytest

from mhrules.data.dataset import Dataset
from mhrules.engine.rows import Row
from mhrules.engine.sql.failing import LISTED, Failing
from mhrules.settle.payments import Books
from mhrules.settle.sql.compiled import Compiled, HandOver
from tests.settle.sql.test_regressions import HEAD, PEOPLE, YEAR
from tests.settle.sql.test_regressions import people as some_people
from tests.strategies.settled import plan_of

FACTS = """
  facts of practice, year { size : integer 0..9; level : integer 0..9 }
  participation { require sized "Sized" : level > 0 }
  payment fee "Fee" { per practice per quarter; pays $1 * size }
  payment flat "Flat" { per practice per month; pays $2 }
  report sizes "Sizes" = size
  ensure small "Small" : size < 5
"""
PRACTICES = [f"p{number:03d}" for number in range(LISTED + 30)]


def failing(body: str, rows: dict[str, list[dict[str, Any]]]) -> tuple[str, list[Failing]]:
    """Why a settlement is handed over, and what fails in it."""
    plan = plan_of(f"{HEAD}{body}}}\n")
    names = {table.name for table in plan.schema.tables}
    dataset = Dataset.from_rows(plan.schema, {k: v for k, v in rows.items() if k in names})
    with pytest.raises(HandOver) as caught:
        Compiled(Books(plan, dataset, YEAR), dataset, YEAR).everything()
    return caught.value.reason, list(caught.value.failing())


def facts(sizes: dict[str, int | None]) -> dict[str, list[dict[str, Any]]]:
    """Practices with their sizes; of those without size no row of facts."""
    own = [{"practice_id": p, "year": "2011", "size": n, "level": 1} for p, n in sizes.items() if n is not None]
    return {"practice": [{"practice_id": practice} for practice in sizes], "practice_year": own}


def test_the_rows_that_lack_a_fact_are_named_by_rule_and_place() -> None:
    reason, found = failing(FACTS, facts({"p1": 3, "p2": None}))
    assert reason == "something fails (MH701)"
    assert {(f.what, f.name, f.code, f.span and f.span.text, len(f.rows), f.more) for f in found} == {
        ("participation", "", "MH701", "level", 24, 0),
        ("line", "fee", "MH701", "level", 8, 0),
        ("line", "flat", "MH701", "level", 24, 0),
        ("report", "sizes", "MH701", "size", 1, 0),
        ("invariant", "small", "MH701", "size", 1, 0),
    }
    lines = next(f for f in found if f.name == "fee").rows
    assert lines[0] == Row.of(("quarter", 2011 * 12), payer="aetna", practice="p2")
    assert {row.get("practice") for f in found for row in f.rows} == {"p2"}


def test_a_hundred_rows_of_a_rule_are_named_and_the_others_counted() -> None:
    _, found = failing(FACTS, facts(dict.fromkeys(PRACTICES)))
    (report,) = (f for f in found if f.what == "report")
    assert [row.get("practice") for row in report.rows] == PRACTICES[:LISTED]
    assert report.more == 30
    (flat,) = (f for f in found if f.name == "flat")
    assert (len(flat.rows), flat.more) == (LISTED, 2 * 12 * len(PRACTICES) - LISTED)


def test_an_invariant_that_does_not_hold_names_its_rows() -> None:
    reason, found = failing(FACTS, facts({"p1": 3, "p2": 7}))
    assert reason == "an invariant does not hold"
    assert [(f.what, f.name, f.code, f.rows) for f in found] == [
        ("invariant", "small", "MH720", (Row.of(("year", 2011 * 12), practice="p2"),))
    ]


def test_members_who_cannot_be_judged_and_records_that_cannot_be_netted_are_named() -> None:
    body = (
        f'{PEOPLE}  settlement {{ final after 3 months run-out }}\n  payment fee "Fee" {{ per claim line; pays $1 }}\n'
    )
    excluded = 'eligible members { exclude hospice_care "Hospice" when hospice }\n'
    rows = some_people()
    rows["eligibility"][0]["hospice"] = None
    rows["eligibility"][1]["hospice"] = False
    rows["medical_claim"][0]["paid_date"] = "2011-04-01"
    _, found = failing(body + excluded, rows)
    (members,) = (f for f in found if f.what == "attribution")
    assert (members.code, len(members.rows), members.rows[0]) == (
        "MH743",
        12,
        Row.of(("month", 2011 * 12), payer="aetna", member="ann"),
    )
    (records,) = (f for f in found if f.what == "record")
    assert (records.code, records.span) == ("MH742", None)
    assert records.rows == (Row.of(None, claim_line="x/2", member="ann"),)
