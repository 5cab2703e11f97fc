"""Rules of members, attribution and records that no worked example can show, on data made by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from mhrules.data.dataset import Dataset
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Severity
from mhrules.engine.attribution import Outcome
from mhrules.exact import ONE
from mhrules.plan.lower import plan_from_program
from mhrules.plan.whole import Plan
from mhrules.semantics.bind import agreements
from mhrules.semantics.names import program_from_files
from mhrules.settle.ledger import Settlement
from mhrules.source import Source
from mhrules.syntax.parse import tree_from_text
from tests.interpreted import settle

Rows = dict[str, list[dict[str, Any]]]
JANUARY = 2011 * 12
FEE = 'payment fee "Fee" { per member per month; pays $1.00 }'


def plan_of(*clauses: str) -> Plan:
    """The plan of a small program with two payers."""
    body = "\n  ".join(clauses)
    text = (
        'mhrules 1\nprogram pilot "Pilot" edition "1" {\n  term 2011-01-01 to 2012-12-31\n  rounding to cents half up\n'
        '  months count when attributed and enrolled on day 1\n  convening {\n    authority "Law"\n'
        '    payer aetna "Aetna" lines commercial\n    payer blue "Blue" lines commercial from 2011-03-01\n  }\n'
        f"  {body}\n}}\n"
    )
    findings = Findings()
    tree, problems = tree_from_text(Source("pilot.mh", text))
    findings.extend(problems)
    assert tree is not None, [d.message for d in problems]
    program = program_from_files([tree], findings)
    assert program is not None, [d.message for d in findings.sorted()]
    plan = plan_from_program(program, agreements(program, findings), findings).plan
    assert [d.message for d in findings.sorted() if d.severity is Severity.ERROR] == []
    return plan


def enrolled(person: str, first: str = "2011-01-01", last: str | None = None, payer: str = "aetna") -> dict[str, Any]:
    """A span of enrollment."""
    return {"person_id": person, "payer": payer, "enrollment_start_date": first, "enrollment_end_date": last}


def visit(person: str, practice: str, date: str, **more: str) -> dict[str, Any]:
    """An encounter; its id is made of the rest."""
    identity = f"{person} {practice} {date} {more.pop('n', '')}".strip()
    return {
        "encounter_id": identity,
        "person_id": person,
        "practice_id": practice,
        "encounter_start_date": date,
        **more,
    }


def visits(*seen: tuple[str, str]) -> list[dict[str, Any]]:
    """Visits of ann: practice and day."""
    return [visit("ann", practice, date) for practice, date in seen]


def chosen(practice: str = "p1") -> list[dict[str, Any]]:
    """The practice that ann chose for good."""
    return [{"person_id": "ann", "payer": "aetna", "from": "2010-01-01", "to": None, "practice_id": practice}]


def settled(plan: Plan, rows: Rows, year: int = 2011) -> Settlement:
    """A year settled on rows by hand; practices p1 to p3 and persons are those that the rows name."""
    people = {row["person_id"] for table in rows.values() for row in table if "person_id" in row}
    known = {row["person_id"] for row in rows.get("member", [])}
    full: Rows = {"practice": [{"practice_id": name} for name in ("p1", "p2", "p3")], **rows}
    if "medical_claim" not in rows:
        full.setdefault("encounter", [])
    full["member"] = [*rows.get("member", []), *({"person_id": person} for person in sorted(people - known))]
    read = {table.name for table in plan.schema.tables}
    return settle(plan, Dataset.from_rows(plan.schema, {n: r for n, r in full.items() if n in read}), year, hold=True)


def outcomes(settlement: Settlement, person: str, months: Iterable[int], payer: str = "aetna") -> list[str]:
    """What became of some months of 2011 of a person: a practice, or the reason for none; nothing where none counts."""
    found: list[str] = []
    for month in months:
        by_person: Mapping[str, Outcome] = settlement.books.world.below.attribution.outcomes(payer, JANUARY + month - 1)
        outcome = by_person.get(person)
        found.append("" if outcome is None else outcome.practice or outcome.reason)
    return found


def attributed(attribution: str, rows: Rows, person: str = "ann", months: Iterable[int] = range(1, 13)) -> list[str]:
    """The outcomes of a person's months under an attribution clause."""
    return outcomes(settled(plan_of(f"attribution {{ {attribution} }}", FEE), rows), person, months)


QUARTERLY = "every quarter; first plurality of visits within 12 months"


# --------------------------------------------------------------------------------------------- refreshing


def test_an_assignment_holds_until_the_next_refresh() -> None:
    rows: Rows = {
        "eligibility": [enrolled("ann")],
        "encounter": visits(("p1", "2010-06-01"), ("p2", "2011-02-01"), ("p2", "2011-02-02")),
    }
    assert attributed(QUARTERLY, rows) == 3 * ["p1"] + 9 * ["p2"]  # by month it would be p2 from March on


def test_who_is_enrolled_after_a_refresh_waits_for_the_next() -> None:
    rows: Rows = {"eligibility": [enrolled("ann", "2011-02-01")], "encounter": visits(("p1", "2010-06-01"))}
    assert attributed(QUARTERLY, rows, months=range(1, 5)) == ["", "not_yet_refreshed", "not_yet_refreshed", "p1"]


def test_new_members_at_once_are_attributed_on_the_first_day_of_their_first_month() -> None:
    rows: Rows = {
        "eligibility": [enrolled("ann", "2011-02-01")],
        "encounter": visits(
            ("p1", "2010-06-01"),
            ("p2", "2011-01-20"),
            ("p2", "2011-01-21"),
            ("p3", "2011-02-01"),
            ("p3", "2011-02-02"),
            ("p3", "2011-02-03"),
        ),
    }
    found = attributed(f"{QUARTERLY}; new members at once", rows, months=range(1, 5))
    assert found == ["", "p2", "p2", "p3"]  # what happened before February counts, not only what did before January


def test_a_gap_of_enrollment_does_not_end_an_assignment() -> None:
    rows: Rows = {
        "eligibility": [enrolled("ann", "2011-01-01", "2011-01-31"), enrolled("ann", "2011-03-01", "2011-03-31")],
        "encounter": visits(("p1", "2010-06-01")),
    }
    assert attributed(QUARTERLY, rows, months=range(1, 5)) == ["p1", "", "p1", ""]


def test_the_first_refresh_is_that_of_the_payers_first_month() -> None:
    rows: Rows = {
        "eligibility": [enrolled("ann", payer="blue")],
        "encounter": visits(("p1", "2010-06-01"), ("p2", "2011-02-01"), ("p2", "2011-02-02")),
    }
    settlement = settled(plan_of(f"attribution {{ {QUARTERLY} }}", FEE), rows)
    assert outcomes(settlement, "ann", range(3, 5), "blue") == ["p2", "p2"]  # the quarter's first day would give p1
    assert {line.period for line in settlement.postings if line.payer == "blue"} == {
        f"2011-{month:02d}" for month in range(3, 13)
    }


def test_excluded_months_do_not_keep_anybody_from_a_refresh() -> None:
    rows: Rows = {
        "eligibility": [
            {**enrolled("ann", "2011-01-01", "2011-01-31"), "dual": "yes"},
            {**enrolled("ann", "2011-02-01"), "dual": "no"},
        ],
        "encounter": visits(("p1", "2010-06-01")),
    }
    plan = plan_of(f"attribution {{ {QUARTERLY} }}", 'eligible members { exclude dual "Dual" when dual }', FEE)
    assert outcomes(settled(plan, rows), "ann", range(1, 4)) == ["dual", "p1", "p1"]


def test_half_years_and_years_are_refreshed_on_their_first_day() -> None:
    rows: Rows = {
        "eligibility": [enrolled("ann")],
        "encounter": visits(("p1", "2010-06-01"), ("p2", "2011-05-01"), ("p2", "2011-05-02")),
    }
    method = "first plurality of visits within 24 months"
    assert attributed(f"every half_year; {method}", rows) == 6 * ["p1"] + 6 * ["p2"]
    assert attributed(f"every year; {method}", rows) == 12 * ["p1"]


# ----------------------------------------------------------------------------------------------- methods


def test_a_look_back_holds_its_first_day_and_not_the_day_of_the_refresh() -> None:
    def by(date: str) -> list[str]:
        rows: Rows = {"eligibility": [enrolled("ann")], "encounter": [visit("ann", "p1", date)]}
        return attributed(QUARTERLY, rows, months=[1])

    assert by("2010-01-01") == ["p1"]
    assert by("2009-12-31") == ["unattributed"]
    assert by("2010-12-31") == ["p1"]
    assert by("2011-01-01") == ["unattributed"]


def test_a_plurality_counts_days_not_visits() -> None:
    rows: Rows = {
        "eligibility": [enrolled("ann")],
        "encounter": [
            visit("ann", "p1", "2010-06-01", n="1"),
            visit("ann", "p1", "2010-06-01", n="2"),
            visit("ann", "p1", "2010-06-01", n="3"),
            visit("ann", "p2", "2010-05-01"),
            visit("ann", "p2", "2010-05-02"),
        ],
    }
    assert attributed(QUARTERLY, rows, months=[1]) == ["p2"]


def test_a_plurality_of_allowed_counts_dollars() -> None:
    rows: Rows = {
        "eligibility": [enrolled("ann")],
        "encounter": [
            visit("ann", "p1", "2010-06-01", allowed_amount="100.01"),
            visit("ann", "p2", "2010-05-01", allowed_amount="50.00"),
            visit("ann", "p2", "2010-05-02", allowed_amount="50.00"),
        ],
    }
    assert attributed("every quarter; first plurality of allowed within 12 months", rows, months=[1]) == ["p1"]


def test_of_equal_pluralities_the_most_recent_visit_decides_then_the_practices_id() -> None:
    equal = [
        visit("ann", "p1", "2010-05-01"),
        visit("ann", "p1", "2010-06-02"),
        visit("ann", "p2", "2010-05-03"),
        visit("ann", "p2", "2010-06-03"),
    ]
    rows: Rows = {"eligibility": [enrolled("ann")], "encounter": equal}
    assert attributed(f"{QUARTERLY} ties by most recent visit", rows, months=[1]) == ["p2"]
    same_day = [visit("ann", "p2", "2010-06-01"), visit("ann", "p1", "2010-06-01")]
    rows = {"eligibility": [enrolled("ann")], "encounter": same_day}
    assert attributed(f"{QUARTERLY} ties by most recent visit", rows, months=[1]) == ["p1"]


def test_the_most_recent_visit() -> None:
    rows: Rows = {
        "eligibility": [enrolled("ann")],
        "encounter": [
            visit("ann", "p1", "2010-05-01", encounter_type="wellness"),
            visit("ann", "p1", "2010-05-02", encounter_type="wellness"),
            visit("ann", "p2", "2010-05-03", encounter_type="wellness"),
            visit("ann", "p3", "2010-05-04", encounter_type="emergency"),
        ],
    }
    method = "every quarter; first most recent visit where service = wellness within 12 months"
    assert attributed(method, rows, months=[1]) == ["p2"]


def test_visits_count_whoever_paid_for_them() -> None:
    rows: Rows = {
        "eligibility": [enrolled("ann"), enrolled("ann", "2010-01-01", "2010-12-31", "blue")],
        "encounter": [visit("ann", "p1", "2010-05-01", payer="blue")],
    }
    assert attributed(QUARTERLY, rows, months=[1]) == ["p1"]


def test_visits_at_nobody_of_the_roster_count_nothing() -> None:
    rows: Rows = {
        "eligibility": [enrolled("ann")],
        "encounter": [visit("ann", "elsewhere", f"2010-05-0{n}") for n in range(1, 6)]
        + [visit("ann", "p1", "2010-02-01")],
    }
    assert attributed(QUARTERLY, rows, months=[1]) == ["p1"]


def test_a_chosen_practice_holds_on_the_day_of_the_refresh() -> None:
    rows: Rows = {
        "eligibility": [enrolled("ann")],
        "chosen_practice": [
            {"person_id": "ann", "payer": "aetna", "from": "2010-01-01", "to": "2011-03-31", "practice_id": "p1"},
            {"person_id": "ann", "payer": "aetna", "from": "2011-04-02", "to": None, "practice_id": "p2"},
        ],
    }
    found = attributed("every quarter; first selection", rows)
    assert found == 3 * ["p1"] + 3 * ["unattributed"] + 6 * ["p2"]


def test_the_next_method_is_tried_only_where_the_one_before_finds_nobody() -> None:
    rows: Rows = {
        "eligibility": [enrolled("ann"), enrolled("bob")],
        "chosen_practice": chosen(),
        "encounter": [visit(who, "p2", "2010-05-01") for who in ("ann", "bob")],
    }
    method = "every quarter; first selection; then plurality of visits within 12 months"
    assert attributed(method, rows, "ann", [1]) == ["p1"]
    assert attributed(method, rows, "bob", [1]) == ["p2"]


def test_a_list_is_the_payers_latest_of_that_name_drawn_up_on_or_before_the_day() -> None:
    def row(name: str, day: str, practice: str, payer: str = "aetna") -> dict[str, Any]:
        return {"payer": payer, "list": name, "as_of_date": day, "person_id": "ann", "practice_id": practice}

    rows: Rows = {
        "eligibility": [enrolled("ann")],
        "payer_roster": [
            row("payer roster", "2010-10-01", "p3"),
            row("payer roster", "2011-01-01", "p1"),
            row("payer roster", "2011-04-02", "p2"),
            row("other", "2011-01-01", "p2"),
            row("payer roster", "2011-01-01", "p2", "blue"),
        ],
    }
    assert attributed('every quarter; first list "payer roster"', rows) == 6 * ["p1"] + 6 * ["p2"]


def test_who_is_not_on_the_latest_list_is_not_found_on_an_older_one() -> None:
    rows: Rows = {
        "eligibility": [enrolled("ann"), enrolled("bob")],
        "payer_roster": [
            {"payer": "aetna", "as_of_date": "2010-10-01", "person_id": "ann", "practice_id": "p1"},
            {"payer": "aetna", "as_of_date": "2010-12-01", "person_id": "bob", "practice_id": "p1"},
        ],
    }
    assert attributed('every quarter; first list "payer roster"', rows, months=[1]) == ["unattributed"]


def test_geography_is_by_where_the_person_lives() -> None:
    rows: Rows = {
        "member": [{"person_id": "ann", "zip_code": "02903"}],
        "eligibility": [enrolled("ann"), enrolled("bob")],
        "service_area": [{"zip_code": "02903", "practice_id": "p3"}],
    }
    method = "every quarter; first geography"
    assert attributed(method, rows, "ann", [1]) == ["p3"]
    assert attributed(method, rows, "bob", [1]) == ["unattributed"]


# ------------------------------------------------------------------------------------------- the roster


def test_a_practice_that_left_the_roster_has_nobody_and_its_members_are_nobodys() -> None:
    rows: Rows = {
        "practice": [{"practice_id": "p1", "effective_to": "2011-02-15"}, {"practice_id": "p2"}],
        "eligibility": [enrolled("ann")],
        "encounter": visits(("p1", "2010-05-01"), ("p1", "2010-05-02"), ("p2", "2010-05-03")),
    }
    assert attributed(QUARTERLY, rows, months=range(1, 5)) == ["p1", "p1", "practice_left", "p2"]


def test_attribution_runs_over_the_roster_and_never_asks_who_participates() -> None:
    rows: Rows = {
        "practice": [{"practice_id": "p1"}, {"practice_id": "p2"}],
        "practice_year": [
            {"practice_id": name, "year": "2011", "ready": ready} for name, ready in (("p1", "no"), ("p2", "yes"))
        ],
        "eligibility": [enrolled("ann")],
        "encounter": visits(("p1", "2010-05-01"), ("p1", "2010-05-02"), ("p2", "2010-05-03")),
    }
    participation = 'facts of practice, year { ready : yes/no }\n  participation { require is_ready "Ready" : ready }'
    settlement = settled(plan_of(f"attribution {{ {QUARTERLY} }}", participation, FEE), rows)
    assert outcomes(settlement, "ann", [1]) == ["p1"]
    lines = {(p.practice, p.status) for p in settlement.postings if p.payer == "aetna" and p.period == "2011-01"}
    assert lines == {("p1", "not_participating"), ("p2", "paid")}
    assert sum(p.amount for p in settlement.postings) == 0


# --------------------------------------------------------------------------------------------- records


def line(claim: str, person: str, date: str, **more: str) -> dict[str, Any]:
    """A claim line."""
    return {
        "claim_id": claim,
        "claim_line_number": "1",
        "person_id": person,
        "payer": "aetna",
        "claim_start_date": date,
        **more,
    }


def spent(rows: Rows, *clauses: str) -> dict[str, int]:
    """By practice, the dollars of claim lines that it billed in 2011."""
    billed = 'payment billed "Billed" { per claim line where billed by practice; pays allowed }'
    plan = plan_of("attribution { every quarter; first selection }", *clauses, billed)
    found: dict[str, int] = {}
    for posting in settled(plan, {"chosen_practice": [], **rows}).postings:
        found[posting.practice] = found.get(posting.practice, 0) + posting.amount // ONE
    return {practice: amount for practice, amount in found.items() if amount}


def test_a_claim_belongs_to_the_practice_it_names_then_to_the_biller_then_to_the_providers_only_practice() -> None:
    rows: Rows = {
        "practice": [{"practice_id": "p1", "npi": "11"}, {"practice_id": "p2", "tin": "22"}, {"practice_id": "p3"}],
        "provider": [
            {"npi": "9", "practice_id": "p3", "from": "2011-01-01", "to": "2011-06-30"},
            {"npi": "8", "practice_id": "p1", "from": "2011-01-01", "to": None},
            {"npi": "8", "practice_id": "p2", "from": "2011-01-01", "to": None},
        ],
        "eligibility": [enrolled("ann")],
        "medical_claim": [
            line("a", "ann", "2011-03-01", practice_id="p1", billing_tin="22", allowed_amount="1.00"),
            line("b", "ann", "2011-03-01", billing_npi="11", billing_tin="22", allowed_amount="20.00"),
            line("c", "ann", "2011-03-01", billing_tin="22", rendering_npi="9", allowed_amount="300.00"),
            line("d", "ann", "2011-06-30", rendering_npi="9", allowed_amount="4000.00"),
            line("e", "ann", "2011-07-01", rendering_npi="9", allowed_amount="50000.00"),
            line("f", "ann", "2011-03-01", rendering_npi="8", allowed_amount="600000.00"),
            line("g", "ann", "2011-03-01", practice_id="hospital", billing_npi="11", allowed_amount="7000000.00"),
        ],
    }
    assert spent(rows) == {"p1": 21, "p2": 300, "p3": 4000}


def test_an_empty_amount_is_a_fault_where_it_is_asked_for() -> None:
    rows: Rows = {"eligibility": [enrolled("ann")], "medical_claim": [line("a", "ann", "2011-03-01", practice_id="p1")]}
    plan = plan_of(
        "attribution { every quarter; first selection }",
        'payment billed "Billed" { per claim line where billed by practice; pays allowed }',
    )
    settlement = settled(plan, {"chosen_practice": [], **rows})
    assert {finding.code for finding in settlement.findings} == {"MH743"}


def test_a_claim_nets_below_zero_only_with_downside() -> None:
    rows: Rows = {
        "eligibility": [enrolled("ann")],
        "medical_claim": [line("a", "ann", "2011-03-01", practice_id="p1", allowed_amount="-5.00")],
    }
    plan = plan_of(
        "attribution { every quarter; first selection }",
        'payment billed "Billed" { per claim line where billed by practice; pays allowed }',
    )
    settlement = settled(plan, {"chosen_practice": [], **rows})
    assert {finding.code for finding in settlement.findings} == {"MH706"}


def test_one_visit_with_two_codes_has_no_code() -> None:
    rows: Rows = {
        "eligibility": [enrolled("ann")],
        "medical_claim": [
            line("a", "ann", "2011-03-01", practice_id="p1", hcpcs_code="1"),
            line("b", "ann", "2011-03-01", practice_id="p1", hcpcs_code="2"),
        ],
    }
    plan = plan_of(
        "attribution { every quarter; first selection }",
        'payment seen "Seen" { per visit where billed by practice; pays if code = "1" then $1 else $2 }',
    )
    settlement = settled(plan, {"chosen_practice": [], **rows})
    assert {finding.code for finding in settlement.findings} == {"MH744"}


def test_neither_visits_nor_claims_are_no_data_not_no_visits() -> None:
    rows: Rows = {"eligibility": [enrolled("ann")], "chosen_practice": chosen()}
    plan = plan_of(
        "attribution { every quarter; first selection }",
        'payment seen "Seen" { per practice per year; pays count(visits) * $1 per visit }',
    )
    full = {"practice": [{"practice_id": "p1"}], "member": [{"person_id": "ann"}], **rows}
    settlement = settle(plan, Dataset.from_rows(plan.schema, full), 2011, hold=True)
    assert {finding.code for finding in settlement.findings} == {"MH741"}


@pytest.mark.parametrize(("resolved", "count"), [(None, 1), ("2011-03-31", 1), ("2010-12-31", 0)])
def test_a_condition_counts_while_it_is_in_force(resolved: str | None, count: int) -> None:
    rows: Rows = {
        "eligibility": [enrolled("ann")],
        "chosen_practice": chosen(),
        "condition": [
            {"person_id": "ann", "normalized_code": "E11", "recorded_date": "2009-05-01", "resolved_date": resolved}
        ],
    }
    plan = plan_of(
        "attribution { every quarter; first selection }",
        'payment ill "Ill" { per practice per year; '
        'pays count(members ever where any(conditions where code = "E11")) * $1 }',
    )
    settlement = settled(plan, rows)
    assert sum(p.amount for p in settlement.postings) == count * ONE


def test_the_latest_result_of_the_period_counts_wherever_the_person_was_then() -> None:
    def result(n: str, date: str, value: str) -> dict[str, Any]:
        return {"lab_result_id": n, "person_id": "ann", "normalized_code": "A1C", "result_date": date, "result": value}

    rows: Rows = {
        "eligibility": [enrolled("ann", "2011-01-01", "2011-01-31")],
        "chosen_practice": chosen(),
        "lab_result": [result("a", "2011-01-05", "7"), result("b", "2011-11-05", "9"), result("c", "2012-01-05", "5")],
    }
    plan = plan_of(
        "attribution { every quarter; first selection }",
        'payment a1c "A1C" { per practice per year; at least $0; '
        "pays sum(latest(result over lab_results where known(result)) default 0 over members) * $1 }",
    )
    assert sum(p.amount for p in settled(plan, rows).postings) == 9 * ONE


# ---------------------------------------------------------------------------------------------- counts


@pytest.mark.parametrize(
    "payment",
    [
        'payment by_age "By age" { per member per month; pays if age < 18 then $1.00 else $2.00 }',
        'payment seen "Seen" { per visit where billed by practice; pays $1 }',
        'payment seen "Seen" { per practice per month; pays count(visits) * $1 per visit }',
        'payment old "Old" { per practice per month; pays count(members where age > 64) * $1 }',
    ],
)
def test_data_that_only_count_members_do_not_say_who_they_are(payment: str) -> None:
    plan = plan_of(f"attribution {{ {QUARTERLY} }}", FEE, payment)
    rows = {
        "practice": [{"practice_id": "p1"}],
        "practice_payer_month": [
            {"practice_id": "p1", "payer": "aetna", "year_month": f"2011{month:02d}", "member_months": "5"}
            for month in range(1, 13)
        ],
    }
    settlement = settle(plan, Dataset.from_rows(plan.schema, rows), 2011, hold=True)
    assert {finding.code for finding in settlement.findings if finding.severity is Severity.ERROR} == {"MH740"}
    paid = {posting.amount // ONE for posting in settlement.postings if posting.payment == "fee"}
    assert paid == {0, 5}  # of nobody's payer, and of five members: the fee needs no more than their number


# ----------------------------------------------------------------------------------------- exclusions


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('any(conditions where code = "N18")', ["p1", "ill", "ill", "p1"]),
        ("any(visits where service = hospice)", ["p1", "ill", "p1", "p1"]),
        ("any(visits where service = hospice within 1 month)", ["p1", "p1", "ill", "p1"]),
        ("any(stay where days > 3)", ["p1", "ill", "p1", "p1"]),
    ],
)
def test_an_exclusion_asks_for_the_persons_records_wherever_they_were(condition: str, expected: list[str]) -> None:
    rows: Rows = {
        "eligibility": [enrolled("ann")],
        "chosen_practice": chosen(),
        "condition": [
            {
                "person_id": "ann",
                "normalized_code": "N18",
                "recorded_date": "2011-02-10",
                "resolved_date": "2011-03-05",
            }
        ],
        "encounter": [visit("ann", "elsewhere", "2011-02-10", encounter_type="hospice")],
        "event_stay": [
            {"event_id": "s", "person_id": "ann", "practice_id": "p2", "event_date": "2011-02-10", "days": "4"}
        ],
    }
    plan = plan_of(
        "attribution { every month; first selection }",
        "events stay { days : integer }",
        f'eligible members {{ exclude ill "Ill" when {condition} }}',
        FEE,
    )
    assert outcomes(settled(plan, rows), "ann", range(1, 5)) == expected
