"""Differences between the engines that were found, each in the smallest program that shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mhrules.data.dataset import Dataset
from mhrules.diagnostics.model import DiagnosticError
from mhrules.engine.sql.frame import Column, Frame, Grid
from mhrules.engine.sql.records import Records
from mhrules.settle.outputs import write
from mhrules.settle.run import settle
from mhrules.settle.sizes import Sizes
from mhrules.settle.sql.compiled import NOT_THERE, REFUSED
from tests.settle.sql.both import Both, both
from tests.strategies.settled import plan_of

YEAR = 2011
HEAD = """\
mhrules 1
program small "Small" edition "1" {
  term 2011-01-01 to 2012-12-31
  year calendar
  rounding to cents half up
  months count when attributed and enrolled on day 1
  convening {
    convener state "State"
    authority "Act 1"
    payer aetna "Aetna" lines commercial
    payer cigna "Cigna" lines commercial
  }
"""
PEOPLE = """\
  facts of member { risk : { low, high } }
  attribution { every month; first selection }
"""


def settled(body: str, rows: dict[str, list[dict[str, Any]]]) -> Both:
    """The settlement of a program by both engines, which has no faults."""
    plan = plan_of(f"{HEAD}{body}}}\n")
    names = {table.name for table in plan.schema.tables}
    found = both(plan, Dataset.from_rows(plan.schema, {k: v for k, v in rows.items() if k in names}), YEAR)
    assert (found.handed_over, found.differences) == ("", ())
    return found


def amounts(found: Both, payment: str) -> set[int]:
    """What the lines of a payment come to, in cents."""
    return {p.amount // 10**10 for p in found.compiled.postings if p.payment == payment}


def people() -> dict[str, list[dict[str, Any]]]:
    span = {"enrollment_start_date": "2011-01-01", "enrollment_end_date": None, "payer_order": "1", "plan": ""}
    line = {"person_id": "ann", "payer": "aetna", "claim_start_date": "2011-03-01", "practice_id": "p1"}
    own = {**line, "claim_id": "x", "entry_number": "1", "service": "primary", "paid_amount": "1.00"}
    return {
        "practice": [{"practice_id": "p1"}],
        "member": [{"person_id": "ann", "risk": "low"}],
        "eligibility": [{"person_id": "ann", "payer": payer, **span} for payer in ("aetna", "cigna")],
        "chosen_practice": [
            {"person_id": "ann", "payer": payer, "from": "2011-01-01", "to": None, "practice_id": "p1"}
            for payer in ("aetna", "cigna")
        ],
        "medical_claim": [
            {**own, "claim_line_number": "1", "allowed_amount": "10.45"},
            {**own, "claim_line_number": "2", "allowed_amount": "10.45"},
        ],
    }


def test_lines_of_one_claim_are_one_claim() -> None:
    body = 'payment whole "Whole" { per claim where service = primary; pays 12% of allowed }\n'
    assert amounts(settled(PEOPLE + body, people()), "whole") == {0, 251}


def test_a_line_has_the_parts_of_its_payers_own_form() -> None:
    body = """
  payment care "Care" payable as by_line or by_month {
    form by_line  { per claim line where service = primary; pays 10% of allowed }
    form by_month { per member per month; pays choose { when risk = low : $3  when risk = high : $4 } }
  }
"""
    contracts = """
}
contract one "Aetna" under small edition "1" by aetna { effective 2011-01-01; pay care as by_line }
contract other "Cigna" under small edition "1" by cigna { effective 2011-01-01; pay care as by_month
"""
    found = settled(PEOPLE + body + contracts, people())
    assert {(p.payer, p.amount // 10**10) for p in found.compiled.postings} >= {("aetna", 210), ("cigna", 300)}


def test_whole_dollars_for_every_month_of_participation_are_paid_once() -> None:
    body = 'payment flat "Flat" { per practice per year; participating every month; pays $120 }\n'
    rows = {"practice": [{"practice_id": "p1"}], "practice_year": [{"practice_id": "p1", "year": "2011", "size": "2"}]}
    facts = 'facts of practice, year { size : integer 0..9 }\nreport s "S" = size\n'
    assert amounts(settled(facts + body, rows), "flat") == {12000}


def test_a_pool_that_no_line_asks_for_has_no_control_total() -> None:
    body = """
  facts of practice, year { size : integer 0..9 }
  facts of payer, year { pool : $ $0..$900 }
  payment share "Share" {
    per practice per year
    gate large "Large" : size > 5
    pays split pool among practices in proportion to size
  }
"""
    rows: dict[str, list[dict[str, Any]]] = {
        "practice": [{"practice_id": "p1"}, {"practice_id": "p2"}],
        "practice_year": [{"practice_id": name, "year": "2011", "size": size} for name, size in (("p1", 2), ("p2", 3))],
        "payer_year": [{"payer": payer, "year": "2011", "pool": "100.00"} for payer in ("aetna", "cigna")],
    }
    assert settled(body, rows).compiled.controls.splits == ()
    rows["practice_year"][0]["size"] = 6
    assert len(settled(body, rows).compiled.controls.splits) == 2


def test_a_plurality_of_amounts_with_one_unknown_is_handed_over() -> None:
    attribution = "attribution { every month; first plurality of allowed where service = primary within 24 months }"
    body = f'  {attribution}\n  payment fee "Fee" {{ per member per month; pays $1 }}\n'
    rows = {**people(), "member": [{"person_id": "ann"}]}
    rows["medical_claim"][1]["allowed_amount"] = None
    plan = plan_of(f"{HEAD}{body}}}\n")
    names = {table.name for table in plan.schema.tables}
    found = both(plan, Dataset.from_rows(plan.schema, {k: v for k, v in rows.items() if k in names}), YEAR)
    assert found.handed_over == "something fails (MH743)"
    assert "MH743" in {finding.code for finding in found.reference.findings}


def test_names_of_a_text_never_make_two_relations_one() -> None:
    body = """
  facts of practice, payer, month { spent : $ $0..$1_000 }
  define sum_month = 2 * spent
  define care_twice = 3 * spent
  payment q "Named like a prefix" { per practice per year; pays sum(spent over months) }
  payment lines "Named like another" { per practice per month; pays sum_month }
  payment care "Its value is named like another" { per practice per month; let twice = 2 * spent; pays twice }
  payment other "The other" { per practice per month; pays care_twice }
"""
    rows = [
        {"practice_id": "p1", "payer": payer, "year_month": f"2011{month:02}", "spent": "1.00"}
        for month in range(1, 13)
        for payer in ("aetna", "cigna")
    ]
    found = settled(body, {"practice_payer_month": rows})
    assert (amounts(found, "q"), amounts(found, "lines")) == ({1200}, {200})
    assert (amounts(found, "care"), amounts(found, "other")) == ({200}, {300})


def test_members_of_a_practice_that_has_not_started_tie(tmp_path: Path) -> None:
    body = """  starts joined
  facts of practice { joined : date }
  attribution { every month; first selection }
  payment fee "Fee" { per member per month; pays $1 }
"""
    rows = {
        "practice": [{"practice_id": "p1", "joined": "2011-07-01"}],
        "member": [{"person_id": "ann"}],
        "eligibility": [{"person_id": "ann", "payer": "aetna", "enrollment_start_date": "2011-01-01"}],
        "chosen_practice": [{"person_id": "ann", "payer": "aetna", "from": "2011-01-01", "practice_id": "p1"}],
    }
    found = settled(body, rows)
    assert len([posting for posting in found.reference.postings if posting.units]) == 6
    names = [[path.name for path in write(each, tmp_path)] for each in (found.compiled, found.reference)]
    assert names[0] == names[1]
    assert len((tmp_path / "attribution.csv").read_text(encoding="utf-8").splitlines()) == 1 + 12


def two_claims() -> dict[str, list[dict[str, Any]]]:
    """A claim of two lines with codes and days of their own, and a later claim of a lower amount."""
    rows = people()
    one, two = rows["medical_claim"]
    rows["medical_claim"] = [
        {**one, "hcpcs_code": "99213", "claim_line_start_date": "2011-03-05"},
        {**two, "hcpcs_code": "99214", "claim_line_start_date": "2011-03-02"},
        {**one, "claim_id": "y", "hcpcs_code": "99214", "claim_start_date": "2011-05-02", "allowed_amount": "3.00"},
    ]
    return rows


def values(found: Both) -> dict[str, object]:
    """What is reported for the first payer."""
    return {q.report.name: q.value for q in found.compiled.quantities if q.row.get("payer") == "aetna"}


def test_whether_any_or_every_claim_is_such_is_asked_line_by_line() -> None:
    body = """
  report every_one "E" = every(claims where code = "99214")
  report any_one "A" = any(claims where code = "99213")
"""
    assert values(settled(PEOPLE + body, two_claims())) == {"every_one": True, "any_one": True}


def test_the_latest_of_claims_is_that_of_the_latest_line() -> None:
    body = '  report newest "N" = latest(allowed over claims where billed by practice) default $0\n'
    assert values(settled(PEOPLE + body, two_claims())) == {"newest": 3 * 10**12}


def test_lines_of_a_claim_that_differ_in_what_is_asked_hand_over() -> None:
    body = '  report coded "C" = sum((if code = "99213" then $1 else $2) over claims)\n'
    plan = plan_of(f"{HEAD}{PEOPLE}{body}}}\n")
    names = {table.name for table in plan.schema.tables}
    found = both(plan, Dataset.from_rows(plan.schema, {k: v for k, v in two_claims().items() if k in names}), YEAR)
    assert found.handed_over == "something fails (MH744)"
    assert "MH744" in {finding.code for finding in found.reference.findings}


def test_an_exclusion_may_ask_for_what_is_defined_of_members() -> None:
    body = """
  facts of member { risk : { low, high } }
  define risky = risk = high
  eligible members { exclude risky_ones "Risky" when risky }
  attribution { every month; first selection }
  payment fee "Fee" { per member per month; pays $1 }
"""
    rows = people()
    assert amounts(settled(body, rows), "fee") == {100}
    rows["member"][0]["risk"] = "high"
    assert amounts(settled(body, rows), "fee") == {0}


def test_pools_that_participation_asks_for_have_control_totals() -> None:
    body = """
  facts of practice, year { size : integer 0..9 }
  facts of payer, year { pool : $ $0..$900 }
  define part = split pool among practices in proportion to size
  participation {
    require sized "Sized" : size > 2 by month 6
    require rich "Rich"   : size > 2 and part > $10
  }
  payment fee "Fee" { per practice per month; pays $1 }
"""
    rows: dict[str, list[dict[str, Any]]] = {
        "practice": [{"practice_id": "p1"}, {"practice_id": "p2"}],
        "practice_year": [{"practice_id": name, "year": "2011", "size": size} for name, size in (("p1", 2), ("p2", 1))],
        "payer_year": [{"payer": payer, "year": "2011", "pool": "100.00"} for payer in ("aetna", "cigna")],
    }
    assert settled(body, rows).compiled.controls.splits == ()
    rows["practice_year"][0]["size"] = 6
    assert len(settled(body, rows).compiled.controls.splits) == 2 * 12


def test_a_column_that_is_exposed_already_is_not_exposed_again() -> None:
    # `make fuzz`: a requirement that is a fact alone was read from two joined tables of one column name.
    frame = Frame(Grid("rows_practice_month", ("practice",), "month"))
    name = frame.expose("facts.v_open")
    assert frame.expose(name) == name
    assert frame.select({"v": name}).count("facts.v_open") == 1


def test_what_is_paid_once_is_not_paid_again_in_the_next_year() -> None:
    # `make fuzz`: only the months of the settled year were looked at for the first one.
    body = (
        'facts of practice, year { size : integer 1..9 "Size" }\n'
        'payment fee "Fee" { per practice once; pays $5 * size }\n'
    )
    plan = plan_of(f"{HEAD}{body}}}\n")
    sizes = [{"practice_id": "p1", "year": year, "size": 2} for year in (2011, 2012)]
    found = both(plan, Dataset.from_rows(plan.schema, {"practice_year": sizes}), 2012)
    assert (found.handed_over, found.differences, found.compiled.postings) == ("", (), ())


HANDED_OVER = {
    "sum(sum(cost over months) over members in the whole year)": "months of members in the whole period",
    'sum(count(practices where practice = "p1") over members in the whole year)': "practices of members in the whole",
    "sum((cost) by month over members in the whole year)": "months of members in the whole period",
    "sum(prior_year(cost) default $0 over members in the whole year)": "at another time of members in the whole period",
    "sum(count(providers) over members ever)": "providers in a member's months",
    'count(visits where any(conditions where code = "E11"))': "conditions for each visit",
}


@pytest.mark.parametrize("expression", HANDED_OVER)
def test_what_relations_do_not_have_of_a_members_months_is_the_interpreters(expression: str) -> None:
    plan = plan_of(f'{HEAD}{PEOPLE}  report it "It" = {expression}\n}}\n')
    provider = {"npi": "1", "from": "2011-01-01", "to": None, "practice_id": "p1"}
    rows = {**people(), "provider": [provider], "pharmacy_claim": []}
    names = {table.name for table in plan.schema.tables}
    found = both(plan, Dataset.from_rows(plan.schema, {k: v for k, v in rows.items() if k in names}), YEAR)
    assert HANDED_OVER[expression] in found.handed_over
    assert [each.code for each in found.reference.findings] == []


def test_what_a_practice_bills_for_its_members_is_of_the_months_attributed_there() -> None:
    rows = people()
    for chosen in rows["chosen_practice"]:
        chosen["from"] = "2011-04-01"  # the claim is of March, when she was at no practice
    body = """
  payment fee "Fee" { per member per month; pays $1 }
  report billed "Billed" = sum(sum(allowed over claim_lines where billed by practice) over members ever)
  define here = sum(allowed over claim_lines where billed by practice)
  report in_year "In the year" = sum(here over members in the whole year)
"""
    found = settled(PEOPLE + body, rows)
    worth = {q.report.name: q.value for q in found.compiled.quantities if dict(q.row.keys)["payer"] == "aetna"}
    assert worth == {"billed": 0, "in_year": 2090 * 10**10}


def test_enrollments_are_asked_by_what_is_defined_of_members() -> None:
    body = """
  define low = risk = low
  define somewhere = months_attributed > 0
  payment fee "Fee" { per member per month; pays $1 }
  report enrolled "Enrolled" = count(enrollments ever where low and somewhere) across payers
"""
    assert {q.value for q in settled(PEOPLE + body, people()).compiled.quantities} == {2 * 10**12}


def test_a_query_that_the_database_does_not_take_is_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Records, "cost", lambda self, node, frame: Column("no_such_column"))
    plan = plan_of(f'{HEAD}{PEOPLE}  report it "It" = sum(cost over members ever where risk = low)\n}}\n')
    names = {table.name for table in plan.schema.tables}
    rows = {**people(), "pharmacy_claim": []}
    found = both(plan, Dataset.from_rows(plan.schema, {k: v for k, v in rows.items() if k in names}), YEAR)
    assert found.handed_over == REFUSED
    assert found.differences == (REFUSED,)
    assert {q.value for q in found.reference.quantities} == {0, 2090 * 10**10}


def test_an_event_of_somebody_who_is_not_at_its_practice_is_the_interpreters() -> None:
    body = """
  events call { minutes : integer 0..99 }
  define adult = age > 18
  payment called "Called" { per event call where adult; pays $2 }
"""
    plan = plan_of(f"{HEAD}{PEOPLE}{body}}}\n")
    call = {"event_id": "1", "person_id": "ann", "payer": "aetna", "event_date": "2011-03-01", "minutes": 5}
    rows = {**people(), "event_call": [{**call, "practice_id": "p2"}]}
    rows["practice"].append({"practice_id": "p2"})
    rows["member"][0]["birth_date"] = "1990-01-01"
    names = {table.name for table in plan.schema.tables}
    dataset = Dataset.from_rows(plan.schema, {k: v for k, v in rows.items() if k in names})
    found = both(plan, dataset, YEAR)
    assert found.handed_over == NOT_THERE
    assert amounts(found, "called") == {0, 200}
    with pytest.raises(DiagnosticError) as caught:  # and nothing is said to fail that does not
        settle(plan, dataset, YEAR, sizes=Sizes(few=-1, most=0))
    assert [each.code for each in caught.value.diagnostics] == ["MH756"]


def test_a_definition_reads_the_term_that_a_payer_sets_when_it_joins_after_the_first_month() -> None:
    body = """
  parameter fee : $ open from $1 to $9 = $2
  define own = fee * 2
  payment flat "Flat" { per practice per month; pays own }
"""
    contracts = """
}
contract one "Aetna" under small edition "1" by aetna { effective 2011-03-01; set fee = $5 }
contract other "Cigna" under small edition "1" by cigna { effective 2011-01-01; set fee = $7
"""
    rows = {"practice": [{"practice_id": "p1"}]}
    paid = {(p.payer, p.amount // 10**10) for p in settled(body + contracts, rows).reference.postings}
    assert paid == {("aetna", 1000), ("cigna", 1400)}  # not $4.00, of the program's own value


def test_a_fact_of_the_panel_is_asked_twice_beside_its_member_months() -> None:
    body = """
  facts of practice, payer, month { heard : integer 0..99 }
  participation {
    require some "Some" : heard from 2 to 50
    require few "Few" : member_months > 1
  }
  payment flat "Flat" { per practice per month; pays $1 }
"""
    months = [f"2011{month:02d}" for month in range(1, 13)]
    panel = [
        {"practice_id": "p1", "payer": payer, "year_month": month, "member_months": 2, "heard": at}
        for payer in ("aetna", "cigna")
        for at, month in enumerate(months)
    ]
    found = settled(body, {"practice": [{"practice_id": "p1"}], "practice_payer_month": panel})
    assert [p.status for p in found.compiled.postings].count("paid") == 2 * 10


def test_cost_asks_for_the_amounts_of_the_months_that_it_counts_alone() -> None:
    rows = {**people(), "pharmacy_claim": []}
    for chosen in rows["chosen_practice"]:
        chosen["from"] = "2011-04-01"  # the claim is of March
    rows["medical_claim"][0]["allowed_amount"] = None
    body = """
  payment fee "Fee" { per member per month; pays $1 }
  report spent "Spent" = sum(cost over members ever where risk = low)
"""
    assert {q.value for q in settled(PEOPLE + body, rows).compiled.quantities} == {0}


@pytest.mark.parametrize(("code", "paid"), [("E11", 200), ("99213", 0)])
def test_a_condition_beside_a_claim_line_is_asked_for_its_own_code(code: str, paid: int) -> None:
    asked = f'code = "99213" and any(conditions where code = "{code}")'
    body = f'payment seen "Seen" {{ per claim line where {asked}; pays $1 }}\n'
    rows = people()
    for line in rows["medical_claim"]:
        line["hcpcs_code"] = "99213"
    rows["condition"] = [{"person_id": "ann", "normalized_code": "E11", "recorded_date": "2011-02-01"}]
    plan = plan_of(f"{HEAD}{PEOPLE}{body}}}\n")
    names = {table.name for table in plan.schema.tables}
    found = both(plan, Dataset.from_rows(plan.schema, {k: v for k, v in rows.items() if k in names}), YEAR)
    assert max(amounts(found, "seen")) == paid
