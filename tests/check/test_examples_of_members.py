"""Worked examples that give persons and what happened to them: what can be given, and mistakes in it."""

from __future__ import annotations

import pytest

from mhrules.settle.examples import ExampleResult, run_examples
from tests.check.bad import TWO_PAYERS, assert_clean, assert_finding, program, stages

CLAUSES = (
    "facts of member { risk : { low, high } }",
    "facts of member, month { due : $ $0..$1_000 }",
    "facts of member dated { tier : integer 1..3 }",
    "events plan { kind : { new, old } }",
    "attribution { every quarter; first selection }",
    'payment fee "Fee" { per member per month; pays choose { when risk = low : $2  when risk = high : $5 } }',
    'payment tiers "Tiers" { per member per month; pays tier * $1.00 pmpm }',
    'payment dues "Dues" { per practice per month; pays sum(due over members) }',
    'payment plans "Plans" { per event plan; pays if kind = new then $2 else $1 }',
    'payment lines "Lines" { per claim line where billed by practice; pays 10% of allowed; at least $0 }',
)
ANN = "given 1 members of p1 for aetna with { person ann; risk low; due $7; tier 1 } from 2011-01-01 to 2011-12-31"


def text_of(*clauses: str) -> str:
    inner = "\n    ".join(clauses)
    return program(*CLAUSES, f'example "x" {{\n    {inner}\n  }}', payers=TWO_PAYERS)


def result_of(*clauses: str) -> ExampleResult:
    text = text_of(*clauses)
    assert_clean(text)
    found, _, _ = stages(text)
    (result,) = run_examples(found)
    return result


@pytest.mark.parametrize(
    ("clauses", "code", "message", "underlined", "help"),
    [
        (
            ["given 2 members of p1 for aetna with { rsk low } from 2011-01-01 to 2011-12-31"],
            "MH232",
            "no fact is called `rsk`",
            "rsk",
            "did you mean `risk`?",
        ),
        (
            ["given 2 members of p1 for aetna with { person ann } from 2011-01-01 to 2011-12-31"],
            "MH233",
            "`person` names one person, and 2 members are given",
            "person ann",
            "give `1 members` with an id, or leave the id out",
        ),
        (
            ["given 2 members of p1 for aetna with { risk low from 2011-02-01 } from 2011-01-01 to 2011-12-31"],
            "MH234",
            "`risk` does not change from day to day",
            "risk low from 2011-02-01",
            "leave out the dates, or declare its facts `dated`",
        ),
        (
            ["given 2 members of p1 for aetna with { age 4.5 } from 2011-01-01 to 2011-12-31"],
            "MH235",
            "`4.5` is no age in completed years",
            "4.5",
            "give a whole number",
        ),
        (
            [ANN, ANN.replace("risk low", "risk high").replace("2011-0", "2012-0").replace("2011-1", "2012-1")],
            "MH237",
            "`risk` is given twice for the same keys",
            "risk high",
            "keep one of the two values",
        ),
        ([ANN, "given plam e { person ann }"], "MH230", "nothing is kept by `plam`", "plam", "did you mean `plan`?"),
        (
            [ANN, "given plan e { person ann; practice p1; kind new }"],
            "MH233",
            "the plan `e` has no date",
            "given plan e { person ann; practice p1; kind new }",
            "say whose and when: `given plan e { person …; date …; … }`",
        ),
        (
            [ANN, "given claim_line a { person ann; date 2011-03-01; allowd $5 }"],
            "MH232",
            "no fact is called `allowd`",
            "allowd",
            "did you mean `allowed`?",
        ),
        (
            [ANN, "given claim_line b { person ann; date 2011-03-01; corrects a }"],
            "MH233",
            "`b` corrects `a`, and no such line is given above",
            "given claim_line b { person ann; date 2011-03-01; corrects a }",
            "give the line first, and what corrects it behind it",
        ),
        (
            [ANN, "given practice p1 payer aetna month 2011-01 { member_months 5 }"],
            "MH237",
            "member months are given as a number, and by persons too",
            'example "x"',
            "give the members alone: their months are counted",
        ),
    ],
)
def test_a_mistake_is_told(clauses: list[str], code: str, message: str, underlined: str, help: str) -> None:
    expected = "expect fee for p1 in 2011 = $24.00"
    assert_finding(text_of(*clauses, expected), code=code, message=message, underlined=underlined, help=help)


def test_ids_are_numbered_by_practice_and_payer() -> None:
    more = ANN.replace("1 members", "2 members").replace("person ann; ", "")
    result = result_of(
        more,
        more,
        more.replace("aetna", "molina"),
        'given plan e { person "p1-aetna-3"; practice p1; date 2011-05-01; kind new }',
        "expect fee for p1 from aetna in 2011-05 = $8.00",
        "expect fee for p1 from molina in 2011-05 = $4.00",
        "expect plans for p1 from aetna in 2011-05 = $2.00",
    )
    assert result.passed, result


def test_facts_of_a_members_month_hold_in_every_month_of_the_span() -> None:
    result = result_of(
        ANN, "expect dues for p1 from aetna in 2011 = $84.00", "expect dues for p1 from aetna in 2011-02 = $7.00"
    )
    assert result.passed, result


def test_dated_facts_of_a_member_change_inside_the_span() -> None:
    dated = ANN.replace("tier 1", "tier 1 from 2011-01-01 to 2011-06-30; tier 3 from 2011-07-01")
    result = result_of(dated, "expect tiers for p1 from aetna in 2011 = $24.00")
    assert result.passed, result


def test_members_are_attributed_as_the_example_says_whatever_the_methods_are() -> None:
    moved = ANN.replace("of p1", "of p2").replace("2011-01-01 to 2011-12-31", "2012-01-01 to 2012-12-31")
    result = result_of(
        ANN, moved, "expect fee for p2 from aetna in 2012 = $24.00", "expect fee for p1 from aetna in 2012 = $0.00"
    )
    assert result.passed, result


def test_a_claim_of_a_person_with_two_payers_names_one() -> None:
    both = (ANN, ANN.replace("aetna", "molina"))
    billed = "given claim_line a { person ann; practice p1; payer molina; date 2011-03-01; allowed $100.00 }"
    assert result_of(*both, billed, "expect lines for p1 from molina in 2011-03 = $10.00").passed
    unnamed = billed.replace("payer molina; ", "")
    assert_finding(
        text_of(*both, unnamed, "expect lines for p1 from molina in 2011-03 = $10.00"),
        code="MH233",
        message="the claim line `a` does not say which payer's it is",
        underlined=unnamed,
        help="`ann` has several: say `payer …`",
    )


def test_without_more_than_a_number_the_panel_is_used_where_somebody_is_excluded() -> None:
    text = program(
        'eligible members { exclude dual "Dual" when dual }',
        "attribution { every quarter; first selection }",
        'payment fee "Fee" { per member per month; pays $1 }',
        'payment lines "Lines" { per claim line; pays 1% of allowed }',
        'example "x" {\n    given 3_000 members of p1 for aetna from 2011-01-01 to 2011-12-31\n'
        "    expect fee for p1 in 2011 = $36_000.00\n  }",
    )
    assert_clean(text)
    found, _, _ = stages(text)
    assert [result.passed for result in run_examples(found)] == [True]


def test_persons_and_panel_count_the_same_months() -> None:
    for rule in ("when attributed and enrolled on day 1", "when attributed and enrolled on day 15"):
        for span in ("2011-01-15 to 2011-03-01", "2011-01-16 to 2011-03-14", "2011-02-28 to 2011-03-15"):
            amounts = []
            for described in ("", ' with { gender "f" }'):
                fee = 'payment fee "Fee" { per member per month; pays $1 }'
                given = f"given 7 members of p1 for aetna{described} from {span}"
                text = program(
                    "attribution { every month; first selection }",
                    fee,
                    f'example "x" {{ {given}\n    expect fee for p1 in 2011 = $0.01\n  }}',
                )
                found, _, _ = stages(text.replace("when attributed and enrolled on day 1", rule))
                (result,) = run_examples(found)
                amounts.append([failure.found for failure in result.failures])
            assert amounts[0] == amounts[1]
            assert amounts[0] != []
