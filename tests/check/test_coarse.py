"""Totals in dollars that are coarser than a posting."""

from __future__ import annotations

import pytest

from tests.check.bad import ONE_PAYER, TWO_PAYERS, assert_clean, assert_finding, checked, codes, program

FACTS = """facts of practice, year {
    grant : $ $0..$1_000_000
  }
  facts of payer, year {
    pool : $ $0..$1_000_000
  }
  facts of practice, payer {
    standing : $ $0..$1_000_000
  }
  facts of practice, payer, year {
    weight : integer 1..100
    own    : $ $0..$1_000_000
  }"""
USES = 'ensure facts_used "All" : grant >= $0 or pool >= $0 or standing >= $0 or own >= $0 or weight > 0'


def paying(*clauses: str, per: str = "per practice per year", payers: str = TWO_PAYERS, before: str = "") -> str:
    inner = "\n    ".join(clauses)
    return program(FACTS, USES, before, f'payment award "Award" {{\n    {per}\n    {inner}\n  }}', payers=payers)


def test_total_that_each_payer_would_pay() -> None:
    assert_finding(
        paying("pays 50% of grant"),
        code="MH443",
        message="`grant` is one total, and each of 2 payers would pay it once",
        underlined="grant",
        help="`split grant among …`: divided in whole cents, adding up to the total",
    )


def test_three_remedies_are_printed() -> None:
    (found,) = checked(paying("pays grant"))
    assert found.help == (
        "`split grant among …`: divided in whole cents, adding up to the total",
        "`share of grant by …`: each takes its part",
        "`grant the same for each payer`: it is meant to be paid once by each",
    )


def test_total_that_each_practice_would_be_paid() -> None:
    (found,) = checked(paying("pays pool"))
    assert found.message == "`pool` is one total, and each practice would be paid it once"


def test_total_that_each_year_would_pay_again() -> None:
    (found,) = checked(paying("pays standing"))
    assert found.message == "`standing` is one total, and each year would pay it again"


def test_total_of_the_year_in_each_month() -> None:
    (found,) = checked(paying("pays own", per="per practice per month"))
    assert found.message == "`own` is one total, and each month would pay it again"


def test_cap_and_definition_are_followed() -> None:
    found = checked(paying("pays own", "at most 10% of doubled", before="define doubled = grant + grant"))
    assert [(d.code, d.message) for d in found] == [
        ("MH443", "`grant` is one total, and each of 2 payers would pay it once")
    ] * len(found)
    assert found


@pytest.mark.parametrize(
    "amount",
    [
        "own",
        "own * weight / 100",
        "grant the same for each payer",
        "2 * (grant the same for each payer)",
        "share of grant by weight",
        "split grant equally among payers",
        "if grant > $500 then own else $0",
        "own * (grant / (grant + $1) rounded to 4 places)",
        "$1_000",
    ],
)
def test_amounts_that_are_divided_or_no_totals(amount: str) -> None:
    assert "MH443" not in codes(paying(f"pays {amount}"))


def test_one_payer_has_nobody_to_share_with() -> None:
    assert_clean(paying("pays 50% of grant", payers=ONE_PAYER))


def test_paid_once_needs_no_period() -> None:
    assert_clean(paying("pays standing", per="per practice once"))


LINES = """facts of practice, line, year {
    bonus : $ $0..$1_000_000
  }"""


def monthly(pays: str, per: str = "per practice per month") -> str:
    award = f'payment award "Award" {{\n    {per}\n    {pays}\n  }}'
    return program(FACTS, USES, LINES, award, payers=ONE_PAYER)


@pytest.mark.parametrize(
    ("pays", "leaf"),
    [("pays sum(bonus over lines)", "bonus"), ("pays split pool among practices in proportion to weight", "pool")],
)
def test_a_yearly_total_that_each_month_would_pay_in_parts(pays: str, leaf: str) -> None:
    found = [d for d in checked(monthly(pays)) if d.code == "MH443"]
    assert [d.message for d in found] == [f"`{leaf}` is one total, and each month would pay it again"]
    assert [d.span.text for d in found if d.span is not None] == [leaf]
    remedy = f"declare a total for each posting period, or say which part of `{leaf}` falls to each"
    assert [d.help for d in found] == [(remedy,)]


def test_a_yearly_total_added_up_by_month() -> None:
    assert "MH443" in codes(monthly("pays (sum(bonus over lines)) by month", per="per practice per year"))


def test_a_yearly_total_of_lines_paid_by_the_year() -> None:
    assert "MH443" not in codes(monthly("pays sum(bonus over lines)", per="per practice per year"))
