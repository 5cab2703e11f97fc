"""Results of reported measures in a worked example, and what is wrong with them."""

from __future__ import annotations

import pytest

from mhrules.settle.examples import run_examples
from tests.check.bad import FEE, assert_clean, assert_finding, program, stages

MEASURE = 'unscored measures count as zero\n  measure flu "Flu shots" { reported; target 60%; points 2 }'
AWARD = 'payment award "Award" { per practice per year; pays $1.00 per point * sum(points over measures) }'
KEYS = "measure flu practice p1 payer aetna period 2011"
FIGURES = "numerator 6; denominator 10"


def example(given: str, expect: str = "expect award for p1 from aetna in 2011 = $2.00") -> str:
    """A program with a reported measure, and an example of it."""
    return program(FEE, MEASURE, AWARD, f'example "x" {{ given practice p1 {{ }}; {given}; {expect} }}')


def test_a_result_that_is_given_counts() -> None:
    text = example(f"given {KEYS} {{ {FIGURES} }}")
    assert_clean(text)
    found, _, _ = stages(text)
    assert [(r.passed, r.failures) for r in run_examples(found)] == [(True, ())]


@pytest.mark.parametrize(
    ("given", "code", "message", "underlined", "help"),
    [
        (
            f"given {KEYS.replace('flu', 'flue')} {{ numerator 6 }}",
            "MH232",
            "no measure is called `flue`",
            "numerator 6",
            "results are of `flu`",
        ),
        (
            f"given {KEYS} {{ numerators 6 }}",
            "MH232",
            "no column is called `numerators`",
            "numerators 6",
            "results are of `numerator`, `denominator`",
        ),
        (
            "given measure flu practice p1 year 2011 { numerator 6 }",
            "MH233",
            "`numerator` is of a measure, a practice, a payer and a period",
            "numerator 6",
            "write `given measure … practice … payer … period 2011 { numerator … }`",
        ),
        (
            f"given {KEYS} {{ numerator 6; numerator 7 }}",
            "MH237",
            "`numerator` is given twice for the same keys",
            "numerator 7",
            "keep one of the two values",
        ),
    ],
)
def test_a_result_that_cannot_be_given(given: str, code: str, message: str, underlined: str, help: str) -> None:
    assert_finding(example(given), code=code, message=message, underlined=underlined, help=help)
