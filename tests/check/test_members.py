"""Analyses of what is said of members, visits, claims and events."""

from __future__ import annotations

import pytest

from mhrules.check.coarse import check_coarse_totals
from mhrules.check.reading import forms
from mhrules.plan import ir
from mhrules.plan.bounds import DeclaredBounds
from tests.check.bad import FEE, TWO_PAYERS, assert_clean, assert_finding, codes, program, stages

ATTRIBUTION = "attribution { every month; first selection }"
LINES = 'payment lines "Lines" { per claim line; pays 1% of allowed }'
READ_IT = "take it out, or the clause is missing that uses it"


@pytest.mark.parametrize(
    ("clause", "message", "underlined"),
    [
        ('population old "Old" : members attributed at least 6 months', "nothing asks for the population `old`", ""),
        ("events visit_plan { kind : { new, old } }", "nothing asks for the events `visit_plan`", "events visit_plan"),
        (
            'classify service {\n    when code = "99213" : office\n    otherwise : other\n  }',
            "nothing asks for the service of a claim or visit",
            "classify service",
        ),
        (
            "settlement { final after 6 months run-out }",
            "no claim is read, so the run-out changes nothing",
            "settlement",
        ),
    ],
)
def test_a_clause_without_use(clause: str, message: str, underlined: str) -> None:
    assert_finding(
        program(FEE, ATTRIBUTION, clause), code="MH436", message=message, underlined=underlined or clause, help=READ_IT
    )


def test_clauses_with_a_use_have_no_finding() -> None:
    assert_clean(
        program(
            ATTRIBUTION,
            'population old "Old" : members attributed at least 2 months',
            "events plan { kind : { new, maintenance } }",
            'classify service {\n    when code = "99213" : office\n    otherwise : other\n  }',
            "settlement { final after 6 months run-out }",
            'payment plans "Plans" { per event plan; pays if kind = new then $2 else $1 }',
            'payment lines "Lines" { per claim line where service = office; pays 1% of allowed }',
            'report old_members "Old" = count(old)',
        )
    )


def test_attribution_needs_a_rule_for_counting_months() -> None:
    assert_finding(
        program(ATTRIBUTION, LINES).replace("  months count when attributed and enrolled on day 1\n", ""),
        code="MH413",
        message="the program uses member months, and does not say which months count",
        underlined="attribution",
        help="add `months count when attributed and enrolled on day 1`",
    )


def test_a_part_of_a_netted_claim_line_needs_no_downside() -> None:
    assert_clean(program(ATTRIBUTION, LINES))


def test_a_difference_of_two_parts_needs_downside() -> None:
    assert codes(
        program(ATTRIBUTION, 'payment lines "Lines" { per claim line; pays (1% of allowed) - (2% of allowed) }')
    ) == ["MH461"]


def test_an_exclusion_that_excludes_nobody() -> None:
    assert_finding(
        program(FEE, ATTRIBUTION, 'eligible members { exclude unborn "Unborn" when age < 0 }'),
        code="MH473",
        message="the exclusion `unborn` can never hold",
        underlined="age < 0",
        help="correct the condition, or the declared bounds of the facts it reads",
        notes=("the bounds of what `age < 0` reads decide it",),
    )


def test_a_service_that_rows_above_have_taken() -> None:
    rows = 'when code = "99213" : office\n    when code = "99213" : clinic\n    otherwise : other'
    lines = 'payment lines "Lines" { per claim line where service = office; pays 1% of allowed }'
    assert_finding(
        program(ATTRIBUTION, f"classify service {{\n    {rows}\n  }}", lines),
        code="MH429",
        message="this row can never apply",
        underlined='when code = "99213" : clinic',
        help="take it out, or correct its condition",
        notes=("the rows above decide all its cases",),
    )


def test_rows_by_the_service_of_the_source() -> None:
    rows = "when service = office : $2\n when service = hospital : $3\n otherwise : $1"
    assert_clean(program(ATTRIBUTION, f'payment visits "V" {{ per visit; pays choose {{\n{rows}\n}} }}'))
    open_rows = "when service = office : $2\n when service = clinic : $3"
    text = program(ATTRIBUTION, f'payment visits "V" {{ per visit; pays choose {{\n{open_rows}\n}} }}')
    assert codes(text) == ["MH420"]


def test_rows_by_the_kind_of_an_event() -> None:
    events = "events plan { kind : { new, maintenance } }"
    rows = "when kind = new : $2\n when kind = maintenance : $3"
    assert_clean(program(ATTRIBUTION, events, f'payment plans "P" {{ per event plan; pays choose {{\n{rows}\n}} }}'))


@pytest.mark.parametrize(
    ("facts", "pays", "whose"),
    [
        (
            "facts of practice, payer, month { pool : $ $0..$1_000 }",
            "pool",
            "`pool` is one total, and each visit would be paid it again",
        ),
        (
            "",
            "sum(allowed over claims)",
            "`sum(allowed over claims)` is one total, and each visit would be paid it again",
        ),
    ],
)
def test_a_total_of_the_month_paid_for_each_visit(facts: str, pays: str, whose: str) -> None:
    text = program(ATTRIBUTION, facts, f'payment visits "V" {{ per visit; pays {pays} }}', payers=TWO_PAYERS)
    found, lowered, findings = stages(text)
    check_coarse_totals(found, lowered, DeclaredBounds(found, lowered.plan), findings)
    assert [d.message for d in findings.sorted() if d.code == "MH443"] == [whose]


def test_a_budget_of_a_members_year_paid_each_month() -> None:
    facts = "facts of member, year { budget : $ $0..$1_000 }\n facts of member { home : text }"
    pays = "pays sum(budget over members to home)"
    monthly = f'payment part "Part" {{ per practice per month; {pays} }}'
    yearly = f'payment part "Part" {{ per practice per year; {pays} }}'
    quarterly = f'payment part "Part" {{ per practice per quarter; {pays} }}'
    assert "MH443" in codes(program(facts, ATTRIBUTION, quarterly))
    assert codes(program(facts, ATTRIBUTION, yearly)) == []
    assert "MH365" in codes(program(facts, ATTRIBUTION, monthly))


def test_visits_of_a_member_are_not_those_of_the_practice() -> None:
    asked = "any(visits where service = emergency)"
    gate = f'gate seen "Seen" : {asked}'
    text = program(
        ATTRIBUTION, f'payment fee "Fee" {{ per member per month; {gate}; pays if {asked} then $1 pmpm else $2 pmpm }}'
    )
    found, lowered, _ = stages(text)
    bounds = DeclaredBounds(found, lowered.plan)
    form = next(forms(lowered.plan)).form
    assumed = bounds.assume(form.gates[0].condition)
    assert assumed is not None
    low, high = bounds.interval(form.pays, assumed)
    assert low != high


def test_events_of_two_kinds_are_told_apart() -> None:
    events = "events plan { n : integer }\n events call { n : integer }"
    report = 'report more "More" = count(plan) - count(call)'
    found, lowered, _ = stages(program(ATTRIBUTION, events, report))
    bounds = DeclaredBounds(found, lowered.plan)
    counts = [
        part
        for quantity in lowered.plan.quantities
        for part in quantity.expression.walk()
        if isinstance(part, ir.Aggregate)
    ]
    assert len({bounds.signature(count) for count in counts}) == 2
