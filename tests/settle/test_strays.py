"""Rows that nothing reads are named, and so are gaps in the panel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mhrules.compiler import Compilation
from mhrules.data.dataset import Dataset
from mhrules.diagnostics.model import Diagnostic
from mhrules.settle.ledger import Settlement
from mhrules.settle.run import DUCKDB, REFERENCE, settle
from tests.check.bad import program, stages
from tests.settle import people

PAYERS = """authority "Law"
    payer aetna "Aetna" lines commercial
    payer molina "Molina" lines medicaid from 2011-07-01"""
FACTS = """facts of practice, payer, line, year {
    spend : $ $0..$1_000_000
  }
  facts of practice, payer, year {
    grant : $ $0..$1_000_000
  }
  payment fee "Fee" {
    per member per month
    pays $1
  }
  payment back "Back" {
    per practice per year
    pays sum(spend over lines) + grant
  }"""


def settled(**tables: Any) -> tuple[tuple[Diagnostic, ...], dict[str, int]]:
    _, lowered, findings = stages(program(FACTS, payers=PAYERS))
    assert not findings.has_errors
    whole = {
        "practice_payer_line_year": [cost("aetna", "commercial"), cost("molina", "medicaid")],
        "practice_payer_year": [grant("aetna", 2011), grant("molina", 2011)],
        "practice_payer_month": [panel("aetna", m) for m in range(1, 13)] + [panel("molina", m) for m in range(7, 13)],
    }
    rows = {name: [*given, *tables.get(name, [])] for name, given in whole.items()}
    rows |= {name: given for name, given in tables.items() if name not in whole}
    result = settle(lowered.plan, Dataset.from_rows(lowered.plan.schema, rows), 2011)
    return result.findings, {p.payer: p.amount // 10**12 for p in result.postings if p.payment == "back"}


def cost(payer: str, line: str, amount: int = 10) -> dict[str, object]:
    return {"practice_id": "p1", "payer": payer, "line": line, "year": 2011, "spend": amount}


def grant(payer: str, year: int) -> dict[str, object]:
    return {"practice_id": "p1", "payer": payer, "year": year, "grant": 5}


def panel(payer: str, month: int, year: int = 2011) -> dict[str, object]:
    return {"practice_id": "p1", "payer": payer, "year_month": f"{year}{month:02d}", "member_months": 7}


def test_sound_data_have_no_strays() -> None:
    assert settled() == ((), {"aetna": 15, "molina": 15})


@pytest.mark.parametrize(
    ("table", "row", "reason", "place"),
    [
        (
            "practice_payer_line_year",
            cost("molina", "commercial", 500),
            "the line of business is not one of the payer's",
            "practice `p1`, payer `molina`, line `commercial`, year `2011`",
        ),
        (
            "practice_payer_year",
            grant("aetna", 2042),
            "the time lies outside the program's term",
            "practice `p1`, payer `aetna`, year `2042`",
        ),
        (
            "practice_payer_month",
            panel("molina", 3),
            "the payer does not owe yet at that time",
            "practice `p1`, payer `molina`, month `2011-03`",
        ),
    ],
)
def test_a_row_that_nothing_reads(table: str, row: dict[str, object], reason: str, place: str) -> None:
    found, amounts = settled(**{table: [row]})
    assert [(d.code, d.message, d.notes) for d in found] == [
        ("MH738", f"1 row of `{table}` is not read: {reason}", (f"it is {place}",))
    ]
    assert amounts == {"aetna": 15, "molina": 15}


def test_months_that_the_panel_leaves_out() -> None:
    _, lowered, _ = stages(program(FACTS, payers=PAYERS))
    rows = {
        "practice_payer_line_year": [cost("aetna", "commercial"), cost("molina", "medicaid")],
        "practice_payer_year": [grant("aetna", 2011), grant("molina", 2011)],
        "practice_payer_month": [panel("aetna", m) for m in (1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12)],
    }
    (gap,) = settle(lowered.plan, Dataset.from_rows(lowered.plan.schema, rows), 2011).findings
    assert gap.code == "MH739"
    assert gap.message == "1 month has no row in `practice_payer_month` in 2011: 0 member months"
    assert gap.notes == ("the first is payer `aetna`, practice `p1`, 2011-03",)


def test_a_declared_line_without_a_row_is_a_fault_and_not_zero() -> None:
    _, lowered, _ = stages(program(FACTS, payers=PAYERS))
    rows = {
        "practice_payer_line_year": [cost("aetna", "commercial")],
        "practice_payer_year": [grant("aetna", 2011), grant("molina", 2011)],
    }
    found = settle(lowered.plan, Dataset.from_rows(lowered.plan.schema, rows), 2011).findings
    assert {d.code for d in found} == {"MH701"}


def test_a_roster_that_ends_before_it_begins() -> None:
    backwards = {"practice_id": "p1", "effective_from": "2011-06-01", "effective_to": "2011-05-01"}
    found, amounts = settled(practice=[backwards])
    assert ("MH632", "practice `p1` ends on 2011-05-01, before it begins on 2011-06-01") in {
        (d.code, d.message) for d in found
    }
    assert amounts == {}


def test_a_program_whose_payers_all_need_contracts_says_so() -> None:
    text = program('parameter fee : $ pmpm open from $1 to $2\n  payment p "P" { per member per month; pays fee }')
    _, lowered, _ = stages(text)
    rows = {"practice_payer_month": [panel("aetna", 1)]}
    found = settle(lowered.plan, Dataset.from_rows(lowered.plan.schema, rows), 2011).findings
    assert [d.message for d in found if d.code == "MH731"] == [
        "no payer of the program settles without a contract, so there is nothing to settle"
    ]


# ---------------------------------------------------------------------------------------------- members


def with_members(folder: Path, tables: people.Tables, engine: str, text: str = "") -> Settlement:
    path = folder / "grove.mh"
    path.write_text(text or people.text(), encoding="utf-8")
    plan = Compilation(path).plan
    return settle(plan, Dataset.from_rows(plan.schema, tables), 2011, engine=engine)


@pytest.mark.parametrize("engine", [DUCKDB, REFERENCE])
def test_a_year_in_which_no_member_counts_is_told(tmp_path: Path, engine: str) -> None:
    tables = people.tables()
    assert with_members(tmp_path, tables, engine).findings == ()
    later = [
        {**row, "enrollment_start_date": "2012-01-01", "enrollment_end_date": None} for row in tables["eligibility"]
    ]
    for enrolled in ([], later):
        found = with_members(tmp_path, {**tables, "eligibility": enrolled}, engine)
        assert [(d.code, d.severity.value, d.message) for d in found.findings] == [
            ("MH731", "warning", "no member has a month that counts in 2011: 0 member months for every payer")
        ]
        # What a practice billed is paid for whoever it was, enrolled or not.
        paid = {(p.practice, p.period): str(p.amount) for p in found.postings if p.payment == "visits_fee" and p.amount}
        assert paid == {("p1", "2011-05"): "9000000000000", ("p2", "2011-03"): "14410000000000"}


BUDGETS = "facts of member { home : text }\n  facts of member, year { budget : $ $0..$1_000 }\n"
WHERE_IT_STANDS = (
    ("    pays $10\n", "    pays sum(budget over members to home)\n"),
    ("    pays $10\n", "    pays $10\n    at most sum(budget over members to home)\n"),
    ("  payment bonus", '  report due "Due" = sum(budget over members to home)\n  payment bonus'),
)


@pytest.mark.parametrize("engine", [DUCKDB, REFERENCE])
@pytest.mark.parametrize(("old", "new"), WHERE_IT_STANDS)
def test_members_whose_fact_names_no_practice(tmp_path: Path, old: str, new: str, engine: str) -> None:
    text = people.text().replace("  facts of member {", f"  {BUDGETS}  facts of member {{", 1).replace(old, new)
    tables = people.tables()
    homes = dict(
        zip(("ann", "bob", "cat", "dan", "eve", "gus"), ("p1", "P1", "p2", "p3", "p1", "elsewhere"), strict=True)
    )
    tables["member"] = [{**row, "home": homes[row["person_id"]]} for row in tables["member"]]
    tables["member_year"] = [{"person_id": person, "year": 2011, "budget": "7"} for person in homes]
    (found,) = with_members(tmp_path, tables, engine, text).findings
    assert (found.code, found.severity.value) == ("MH738", "warning")
    assert found.message == "`home` of 2 members names no practice: what the program sums by it leaves them out"
    assert found.notes == ("the first is member `bob`, home `P1`",)
    tables["member"] = [{**row, "home": "p1"} for row in tables["member"]]
    assert with_members(tmp_path, tables, engine, text).findings == ()
