"""Measures over members, visits and reported results: rates, points, strata, families, what is written of them."""

from __future__ import annotations

import csv
import random
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mhrules.data.dataset import Dataset
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Severity
from mhrules.exact import from_text
from mhrules.plan.lower import plan_from_program
from mhrules.plan.whole import Plan
from mhrules.semantics.bind import agreements
from mhrules.semantics.names import program_from_files
from mhrules.settle.ledger import Settlement
from mhrules.settle.sheets import measures
from mhrules.source import Source
from mhrules.syntax.parse import tree_from_text
from tests.interpreted import settle

HEAD = """mhrules 1
program pilot "Pilot" edition "1" {
  term 2011-01-01 to 2012-12-31
  rounding to cents half up
  months count when attributed and enrolled on day 1
  unscored measures leave both points and possible points
  convening {
    authority "Law"
    payer aetna "Aetna" lines commercial
    payer cigna "Cigna" lines commercial
  }
  facts of member { housed : { yes_housed, not_housed } }
  attribution { every month; first selection }
"""
ED = """measure ed "Emergency visits" {
    rate count(visits where service = emergency) per 1_000 member months
    lower is better; target 10 worst 100; points 10; %s
  }
"""
WELL = """measure well "Well visits" {
    eligible when age < 18
    met when any(visits where service = wellness)
    target 100%% worst 0%%; points 4; %s
  }
"""
SCREEN = 'measure screen "Screening" { reported; minimum 30; target 70% worst 40%; points 6 }\n'
Rows = dict[str, list[dict[str, Any]]]


@cache
def plan(*clauses: str, contracts: tuple[str, ...] = ()) -> Plan:
    """The plan of a program of these clauses; it has no errors."""
    texts = [HEAD + "\n".join(clauses) + "\n}\n", *contracts]
    findings, files = Findings(), []
    for number, text in enumerate(texts):
        tree, problems = tree_from_text(Source(f"text_{number}.mh", text))
        assert tree is not None, [d.message for d in problems]
        files.append(tree)
    program = program_from_files(files, findings)
    assert program is not None
    lowered = plan_from_program(program, agreements(program, findings), findings)
    assert [d.message for d in findings.sorted() if d.severity is Severity.ERROR] == []
    return lowered.plan


def contract(payer: str, chosen: str) -> str:
    """A payer's contract that chooses a measure."""
    return (
        f'mhrules 1\ncontract {payer}_pilot "Contract" under pilot edition "1" by {payer} {{\n'
        f"  effective 2011-01-01\n  choose measures {chosen}\n}}\n"
    )


def member(person: str, payer: str = "aetna", first: str = "2011-01-01", **more: str) -> dict[str, str]:
    """One person of a practice, enrolled to the end of 2012; `born`, `practice`, `housed` may be given."""
    return {"person": person, "payer": payer, "first": first, "born": "2005-01-01", "practice": "p1", **more}


def visit(number: int, person: str, day: str, service: str, payer: str = "aetna") -> dict[str, Any]:
    """A claim for a visit to the practice."""
    return {
        "claim_id": str(number),
        "claim_line_number": 1,
        "person_id": person,
        "payer": payer,
        "claim_start_date": day,
        "practice_id": "p1",
        "service": service,
        "allowed_amount": "100.00",
    }


def rows(members: list[dict[str, str]], claims: list[dict[str, Any]], results: list[dict[str, Any]]) -> Rows:
    """The tables of a data set."""
    spans = [
        {
            "person_id": m["person"],
            "payer": m["payer"],
            "enrollment_start_date": m["first"],
            "enrollment_end_date": "2012-12-31",
        }
        for m in members
    ]
    chosen = [
        {
            "person_id": m["person"],
            "payer": m["payer"],
            "from": "2011-01-01",
            "to": "2012-12-31",
            "practice_id": m["practice"],
        }
        for m in members
    ]
    people = {
        m["person"]: {"person_id": m["person"], "birth_date": m["born"], "housed": m.get("housed", "yes_housed")}
        for m in members
    }
    return {
        "practice": [{"practice_id": "p1"}, {"practice_id": "p2"}],
        "member": list(people.values()),
        "eligibility": spans,
        "chosen_practice": chosen,
        "medical_claim": claims,
        "measure_result": results,
    }


def settled(of: Plan, given_rows: Rows, year: int = 2011) -> Settlement:
    """The settlement of what the plan reads of some tables."""
    known = {table.name: {c.name for c in (*table.keys, *table.columns)} for table in of.schema.tables}
    kept = {
        name: [{key: cell for key, cell in row.items() if key in known[name] or key in ("from", "to")} for row in own]
        for name, own in given_rows.items()
        if name in known
    }
    found = settle(of, Dataset.from_rows(of.schema, kept), year)
    assert [d.message for d in found.findings if d.severity is Severity.ERROR] == []
    return found


def table(found: Settlement, *columns: str) -> list[str]:
    """Some columns of `measures.csv`, a line for each row."""
    read = list(csv.DictReader(measures(found).text().splitlines()))
    return [" ".join(row[column] or "-" for column in columns) for row in read]


RESULT = ("measure", "payer", "practice", "period", "numerator", "denominator", "rate", "scored", "reason")
POINTS = ("measure", "payer", "points", "possible_points")


def test_a_rate_counts_the_visits_of_the_months_attributed_here() -> None:
    members = [member("ann"), member("bea", first="2011-07-01")]
    claims = [
        visit(1, "ann", "2011-03-01", "emergency"),
        visit(2, "bea", "2011-03-01", "emergency"),  # not yet a member
        visit(3, "bea", "2011-08-01", "emergency"),
        visit(4, "bea", "2011-08-02", "wellness"),
    ]
    found = settled(plan(ED % "minimum 18 member months"), rows(members, claims, []))
    assert table(found, *RESULT) == [
        "ed aetna p1 2011 2 18 111.111111111111 yes -",
        "ed aetna p2 2011 0 0 - no no result",
        "ed cigna p1 2011 0 0 - no no result",
        "ed cigna p2 2011 0 0 - no no result",
    ]
    found = settled(plan(ED % "minimum 19 member months"), rows(members, claims, []))
    assert table(found, *RESULT)[0] == "ed aetna p1 2011 2 18 111.111111111111 no below minimum"


def test_a_proportion_counts_each_member_once() -> None:
    members = [member("ann"), member("bea", first="2011-12-01"), member("cy", born="1970-01-01")]
    claims = [visit(1, "ann", "2011-03-01", "wellness"), visit(2, "ann", "2011-04-01", "wellness")]
    found = settled(plan(WELL % "minimum 2"), rows(members, claims, []))
    assert table(found, *RESULT)[0] == "well aetna p1 2011 1 2 0.5 yes -"
    assert table(found, *POINTS)[0] == "well aetna 2 4"


def test_strata_are_told_beside_the_whole_and_add_up_to_it() -> None:
    members = [
        member("ann", housed="not_housed"),
        member("bea", first="2011-07-01", housed="not_housed"),
        member("cy"),
        member("dan", born="1970-01-01"),
    ]
    claims = [
        visit(1, "ann", "2011-03-01", "emergency"),
        visit(2, "ann", "2011-05-01", "wellness"),
        visit(3, "cy", "2011-05-01", "wellness"),
    ]
    by_housing = "stratified by housed"
    found = settled(plan(ED % by_housing, WELL % by_housing), rows(members, claims, []))
    columns = ("measure", "stratum", "numerator", "denominator", "rate", "scored", "points")
    assert [row for row in table(found, "payer", "practice", *columns) if row.startswith("aetna p1")] == [
        "aetna p1 ed - 1 42 23.809523809524 yes 8.465608465608",
        "aetna p1 ed housed = not_housed 1 18 55.555555555556 - -",
        "aetna p1 ed housed = yes_housed 0 24 0 - -",
        "aetna p1 well - 2 3 0.666666666667 yes 2.666666666668",  # 4 times the rate as it is rounded
        "aetna p1 well housed = not_housed 1 2 0.5 - -",
        "aetna p1 well housed = yes_housed 1 1 1 - -",
    ]


def test_reported_results_with_a_missing_figure_are_no_result() -> None:
    def result(practice: str, numerator: str | None, denominator: str | None) -> dict[str, Any]:
        key = {"measure": "screen", "practice_id": practice, "payer": "aetna", "period": "2011"}
        return {**key, "numerator": numerator, "denominator": denominator}

    given_rows = rows([], [], [result("p1", "20.5", "41"), result("p2", None, "41")])
    found = settled(plan(SCREEN), given_rows)
    assert table(found, *RESULT)[:2] == [
        "screen aetna p1 2011 20.5 41 0.5 yes -",
        "screen aetna p2 2011 - 41 - no no result",
    ]


def test_a_reported_zero_is_a_rate_and_a_denominator_of_zero_is_none() -> None:
    key = {"measure": "screen", "payer": "aetna", "period": "2011"}
    results = [
        {**key, "practice_id": "p1", "numerator": 0, "denominator": 30},
        {**key, "practice_id": "p2", "numerator": 0, "denominator": 0},
    ]
    found = settled(plan(SCREEN), rows([], [], results))
    assert table(found, *RESULT)[:2] == [
        "screen aetna p1 2011 0 30 0 yes -",
        "screen aetna p2 2011 0 0 - no no result",
    ]


# ------------------------------------------------------------------------------------- which count

FAMILIES = (ED % "", WELL % "", SCREEN, "measures quality { core ed; menu at least 1 of well, screen }")
CHOSEN = (contract("aetna", "well"), contract("cigna", "screen"))
READS = (
    'report all_points "All" = sum(points over quality)',
    'report scored_ones "Scored" = count(quality where scored)',
    'report all_together "Together" = sum(possible_points over measures) across payers',
)


def values(found: Settlement, name: str) -> dict[tuple[str, str], int]:
    """A report's values by payer and practice."""
    return {
        (q.row.get("payer") or "", q.row.get("practice") or ""): int(str(q.value))
        for q in found.quantities
        if q.report.name == name
    }


def test_each_payer_has_the_core_and_what_it_chose() -> None:
    members = [member("ann"), member("bea", payer="cigna")]
    claims = [visit(1, "ann", "2011-03-01", "wellness"), visit(2, "bea", "2011-03-01", "wellness", "cigna")]
    key = {"measure": "screen", "practice_id": "p1", "period": "2011", "numerator": 27, "denominator": 45}
    results = [{**key, "payer": "aetna"}, {**key, "payer": "cigna"}]
    found = settled(plan(*FAMILIES, *READS, contracts=CHOSEN), rows(members, claims, results))
    own = [row for row in table(found, "payer", "practice", "measure", "points") if not row.startswith("-")]
    assert [row for row in own if " p1 " in row] == [
        "aetna p1 ed 10",
        "cigna p1 ed 10",
        "cigna p1 screen 4",
        "aetna p1 well 4",
    ]
    assert values(found, "all_points")["aetna", "p1"] == from_text("14")
    assert values(found, "all_points")["cigna", "p1"] == from_text("14")
    assert values(found, "scored_ones")["cigna", "p1"] == from_text("2")
    assert values(found, "all_together")["aetna", "p1"] == from_text("14")  # emergency 10, well visits 4
    assert values(found, "all_together")["cigna", "p1"] == from_text("16")  # emergency 10, screening 6


def test_what_is_read_across_payers_has_rows_without_a_payer() -> None:
    key = {"measure": "screen", "practice_id": "p1", "period": "2011"}
    results = [
        {**key, "payer": "aetna", "numerator": 9, "denominator": 10},
        {**key, "payer": "cigna", "numerator": 12, "denominator": 20},
    ]
    read = 'report pooled "Pooled" = sum(points over measures) across payers'
    found = settled(plan(SCREEN, read), rows([], [], results))
    assert table(found, *RESULT, "points")[0] == "screen - p1 2011 21 30 0.7 yes - 6"
    assert values(found, "pooled") == {("", "p1"): from_text("6"), ("", "p2"): 0}


def test_a_half_year_has_rows_of_its_own() -> None:
    read = 'payment p "P" { per practice per half_year; pays $1 per point * sum(points over measures) }'
    claims = [visit(1, "ann", "2011-08-01", "emergency")]
    found = settled(plan(ED % "", read), rows([member("ann")], claims, []))
    assert table(found, *RESULT)[:2] == [
        "ed aetna p1 2011-H1 0 6 0 yes -",
        "ed aetna p1 2011-H2 1 6 166.666666666667 yes -",
    ]
    assert [(p.period, p.amount) for p in found.postings][:2] == [
        ("2011-H1", from_text("10")),
        ("2011-H2", 0),
    ]


def test_a_rate_in_dollars_has_six_places() -> None:
    spent = 'measure spent "Cost" { rate sum(allowed over visits) per 1_000 member months }'
    found = settled(plan(spent), rows([member("ann", first="2011-06-01")], [visit(1, "ann", "2011-08-01", "x")], []))
    assert table(found, *RESULT)[0] == "spent aetna p1 2011 100 7 14285.714286 yes -"


def test_counts_alone_do_not_say_who_is_eligible() -> None:
    of = plan(WELL % "")
    counts = {
        "practice_payer_month": [{"practice_id": "p1", "payer": "aetna", "year_month": "201101", "member_months": 5}]
    }
    found = settle(of, Dataset.from_rows(of.schema, counts), 2011)
    assert {d.code for d in found.findings if d.severity is Severity.ERROR} == {"MH740"}


def test_a_result_that_nothing_reads_is_named() -> None:
    key = {"practice_id": "p1", "payer": "aetna", "numerator": 1, "denominator": 2}
    results = [
        {**key, "measure": "screen", "period": "2011"},
        {**key, "measure": "screens", "period": "2011"},
        {**key, "measure": "screen", "period": "2011-Q1"},
        {**key, "measure": "screen", "period": "H1 2011"},
        {**key, "measure": "screen", "period": "2010"},
    ]
    found = settled(plan(SCREEN), rows([], [], results))
    assert [d.message for d in found.findings if d.code == "MH738"] == [
        "1 row of `measure_result` is not read: the time lies outside the program's term",
        "1 row of `measure_result` is not read: nothing reads the measure in such a period",
        "1 row of `measure_result` is not read: the period is none of the program's calendar",
        "1 row of `measure_result` is not read: the program has no reported measure of that name",
    ]


# -------------------------------------------------------------------------------------- properties

PEOPLE = st.lists(
    st.tuples(
        st.sampled_from(["aetna", "cigna"]),
        st.integers(1, 12),
        st.booleans(),
        st.booleans(),
        st.lists(st.tuples(st.integers(1, 12), st.sampled_from(["emergency", "wellness"])), max_size=3),
    ),
    min_size=1,
    max_size=6,
)
STRATIFIED = (ED % "stratified by housed", WELL % "stratified by housed")
POOLED = 'report pooled "Pooled" = sum(points over measures) across payers'
OWN = 'report own "Own" = sum(points over measures)'


def population(people: list[Any]) -> Rows:
    """The tables of drawn people: payer, first month, grown up, housed, visits by month."""
    members, claims = [], []
    for at, (payer, month, grown, housed, visits) in enumerate(people):
        person = f"m{at}"
        born, home = ("1970-01-01" if grown else "2005-01-01"), ("yes_housed" if housed else "not_housed")
        members.append(member(person, payer, f"2011-{month:02}-01", born=born, housed=home))
        for when, service in visits:
            claims.append(visit(len(claims), person, f"2011-{when:02}-{len(claims) % 27 + 1:02}", service, payer))
    return rows(members, claims, [])


@settings(max_examples=20)
@given(PEOPLE, st.randoms(use_true_random=False))
def test_strata_add_up_pooled_is_the_sum_of_payers_and_order_does_not_matter(
    people: list[Any], chance: random.Random
) -> None:
    of, given_rows = plan(*STRATIFIED, POOLED, OWN), population(people)
    found = settled(of, given_rows)
    sums: dict[tuple[str, str, str, bool], tuple[int, int]] = {}
    for each in found.measures:
        key = (each.measure.name, each.payer, each.practice, bool(each.stratum))
        before = sums.get(key, (0, 0))
        sums[key] = (before[0] + int(str(each.numerator)), before[1] + int(str(each.denominator)))
    for (name, payer, practice, strata), own in sums.items():
        if strata:
            assert own == sums[name, payer, practice, False]
        if not payer:
            parts = [sums[name, each, practice, False] for each in ("aetna", "cigna")]
            assert own == (parts[0][0] + parts[1][0], parts[0][1] + parts[1][1])
    for table_rows in given_rows.values():
        chance.shuffle(table_rows)
    assert measures(settled(of, given_rows)).text() == measures(found).text()
