"""Mistakes inside worked examples, and what the text says never happens."""

from __future__ import annotations

import pytest

from mhrules.settle.examples import run_examples
from tests.check.bad import assert_clean, assert_finding, program, stages

FACTS = """facts of practice, year {
    quality : % 0%..100%
  }
  facts of practice dated {
    level : integer 0..3
  }"""
FEE = """payment fee "Fee" {
    per practice per year
    gate standard "Standard" : quality >= 60% and level on last day >= 1
    pays $10
  }"""


def example(*clauses: str) -> str:
    inner = "\n    ".join(clauses)
    return program(FACTS, FEE, f'example "x" {{\n    {inner}\n  }}')


EXPECT = "expect fee for p1 in 2011 = $10.00"


@pytest.mark.parametrize(
    ("clauses", "code", "message", "underlined", "help"),
    [
        (
            ["given practise p1 { level 1 }", EXPECT],
            "MH230",
            "nothing is kept by `practise`",
            "practise",
            "did you mean `practice`?",
        ),
        (
            ["given 100 members of p1 for atena from 2011-01-01 to 2011-12-31", EXPECT],
            "MH231",
            "the program has no payer `atena`",
            "atena",
            "did you mean `aetna`?",
        ),
        (
            ["given practice p1 year 2011 { qualty 90% }", EXPECT],
            "MH232",
            "no fact is called `qualty`",
            "qualty",
            "did you mean `quality`?",
        ),
        (
            ["given practice p1 { quality 90% }", EXPECT],
            "MH233",
            "`quality` is a fact of practice, year",
            "quality 90%",
            "give it by its keys: `given practice … year … { quality … }`",
        ),
        (
            ["given practice p1 year 2011 { quality 90% from 2011-07-01 }", EXPECT],
            "MH234",
            "`quality` does not change from day to day",
            "quality 90% from 2011-07-01",
            "leave out the dates, or declare its facts `dated`",
        ),
        (
            ["given practice p1 year 2011 { quality 6 months }", EXPECT],
            "MH235",
            "`6 months` is no fixed value",
            "6 months",
            "give a fixed value",
        ),
        (
            ["given practice p1 year 2011 { quality 90% }", "expect fee for p1 in 2031 = $10.00"],
            "MH236",
            "2031 lies outside the term",
            "2031",
            "expect amounts of months that the program covers",
        ),
        (
            ["given practice p1 year 2011 { quality 90% }", "expect fees for p1 in 2011 = $10.00"],
            "MH201",
            "unknown payment `fees`",
            "fees",
            "did you mean `fee`?",
        ),
        (
            ["given practice p1 year 2011 { quality 90% }", "expect fee for p1 in 2011 is gate"],
            "MH201",
            "unknown status `gate`",
            "gate",
            "did you mean `gated`?",
        ),
    ],
)
def test_a_mistake_in_an_example(clauses: list[str], code: str, message: str, underlined: str, help: str) -> None:
    assert_finding(example(*clauses), code=code, message=message, underlined=underlined, help=help)


def test_a_sound_example_comes_true() -> None:
    text = example(
        "given practice p1 { level 1 from 2011-01-01 to 2011-06-30; level 0 from 2011-07-01 }",
        "given practice p2 { level 0 from 2011-01-01 to 2011-06-30; level 1 from 2011-07-01 }",
        "given practice p1 year 2011 { quality 90% }",
        "given practice p2 year 2011 { quality 90% }",
        "expect fee for p1 in 2011 is gated by standard",
        "expect fee for p2 in 2011 = $10.00",
    )
    assert_clean(text)
    found, _, _ = stages(text)
    assert [result.failures for result in run_examples(found)] == [()]


def test_an_expectation_that_fails_says_what_came_out() -> None:
    text = example(
        "given practice p1 { level 1 from 2011-01-01 }",
        "given practice p1 year 2011 { quality 59% }",
        "expect fee for p1 in 2011 = $10.00",
    )
    found, _, _ = stages(text)
    (result,) = run_examples(found)
    assert not result.passed
    assert [(f.expected, f.found) for f in result.failures] == [("$10.00", "$0.00 (gated, standard)")]


def test_a_fact_that_an_example_leaves_out_is_a_fault_only_where_it_is_demanded() -> None:
    text = example("given practice p1 year 2011 { quality 59% }", "expect fee for p1 in 2011 is gated by standard")
    found, _, _ = stages(text)
    assert [result.passed for result in run_examples(found)] == [True]


def test_what_the_text_calls_impossible_is_asserted_when_running() -> None:
    text = program(
        "facts of practice, year {\n    smokers : yes/no\n    infants : yes/no\n  }",
        'never together smokers, infants because "infants do not smoke"',
        'payment fee "Fee" {\n    per practice per year\n    pays choose {\n      when smokers : $2\n'
        "      when infants : $3\n      when not smokers and not infants : $1\n    }\n  }",
        'example "x" {\n    given practice p1 year 2011 { smokers yes; infants yes }\n    expect fault MH720\n  }',
    )
    assert_clean(text)
    found, _, _ = stages(text)
    assert [result.passed for result in run_examples(found)] == [True]


@pytest.mark.parametrize("period", ["2011-H1", "2011-Q1", "2011-01"])
def test_a_period_shorter_than_the_payments_has_no_line(period: str) -> None:
    text = example(
        "given practice p1 { level 1 from 2011-01-01 }",
        "given practice p1 year 2011 { quality 90% }",
        f"expect fee for p1 in {period} = $10.00",
    )
    found, _, _ = stages(text)
    (result,) = run_examples(found)
    assert [(f.expected, f.found) for f in result.failures] == [("$10.00", "no such line")]


@pytest.mark.parametrize(
    ("clauses", "underlined"),
    [
        (["given practice p1 year 2011 { quality 90%; quality 80% }"], "quality 80%"),
        (["given practice p1 year 2011 { quality 90% }", "given practice p1 year 2011 { quality 70% }"], "quality 70%"),
        (["given practice p1 { level 1 from 2011-02-01; level 2 from 2011-02-01 }"], "level 2 from 2011-02-01"),
    ],
)
def test_a_fact_given_twice(clauses: list[str], underlined: str) -> None:
    assert_finding(
        example(*clauses, EXPECT),
        code="MH237",
        message=f"`{underlined.split(maxsplit=1)[0]}` is given twice for the same keys",
        underlined=underlined,
        help="keep one of the two values",
    )
