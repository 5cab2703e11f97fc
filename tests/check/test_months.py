"""Member months need a rule for counting them; names in clauses about members are looked up."""

from __future__ import annotations

import pytest

from tests.check.bad import FEE, assert_clean, assert_finding, program


def test_member_months_without_a_rule_for_counting_them() -> None:
    text = program(FEE).replace("  months count when attributed and enrolled on day 1\n", "")
    assert_finding(
        text,
        code="MH413",
        message="the program uses member months, and does not say which months count",
        underlined="per member per month",
        help="add `months count when attributed and enrolled on day 1`",
    )


def test_a_program_without_member_months_needs_no_rule() -> None:
    text = program('payment fee "Fee" { per practice per year; pays $1 }')
    assert_clean(text.replace("  months count when attributed and enrolled on day 1\n", ""))


MEASURED = ("unscored measures count as zero", "attribution { every month; first selection }")


@pytest.mark.parametrize(
    ("clause", "name"),
    [
        ('eligible members { exclude old "Old" when aeg > 100 }', "aeg"),
        ("attribution { every month; first plurality of visits where servise = office within 24 months }", "servise"),
        ('classify service {\n    when cod = "99213" : office\n    otherwise         : other\n  }', "cod"),
        ('measure ed "Emergency" { rate count(visits where servce = emergency) per 1_000 member months }', "servce"),
    ],
)
def test_a_misspelt_name_in_a_clause_about_members(clause: str, name: str) -> None:
    near = {"aeg": "age", "servise": "service", "cod": "code", "servce": "service"}[name]
    assert_finding(
        program(FEE, clause, *(MEASURED if "measure" in clause else ())),
        code="MH201",
        message=f"nothing here is called `{name}`",
        underlined=name,
        help=f"did you mean `{near}`?",
    )


def test_a_service_is_one_of_the_classes_that_the_program_makes() -> None:
    classes = 'classify service {\n    when code = "99213" : office\n    otherwise           : other\n  }'
    visits = "attribution { every month; first plurality of visits where service = ofice within 24 months }"
    assert_finding(
        program(FEE, classes, visits),
        code="MH201",
        message="`ofice` is not one of { office, other }",
        underlined="ofice",
        help="did you mean `office`?",
    )
