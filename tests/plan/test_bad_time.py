"""Values that have no single meaning in a longer period, and what needs itself."""

from __future__ import annotations

import pytest

from tests.plan.bad import Bad, assert_bad, bad
from tests.plan.texts import monthly, yearly

CASES = [
    bad(
        "a parameter that changes inside the year",
        "MH401",
        "`falling` changes inside 2012, and a payment per practice per year needs one value",
        "falling",
        (
            "say `falling at start of period` or `falling at end of period`",
            "or reckon month by month: put the amount in parentheses and `by month` behind it",
        ),
        yearly("pays falling of benchmark"),
    ),
    bad(
        "a parameter that changes in the year before",
        "MH401",
        "`falling` changes inside 2012, and `prior_year(falling)` needs one value",
        "falling",
        (
            "say `falling at start of period` or `falling at end of period`",
            "or reckon month by month: put the amount in parentheses and `by month` behind it",
        ),
        monthly("pays prior_year(falling) of fee"),
    ),
    bad(
        "a contract's change inside the year",
        "MH401",
        "`own_fee` changes inside 2012, and a payment per practice per year needs one value",
        "own_fee",
        (
            "say `own_fee at start of period` or `own_fee at end of period`",
            "or reckon month by month: put the amount in parentheses and `by month` behind it",
        ),
        yearly("pays own_fee * member_months"),
        contract="set own_fee = $4.00 from 2012-03-01",
    ),
    bad(
        "a dated fact in a year",
        "MH402",
        "`level` is a dated fact, and a payment per practice per year covers more than one month",
        "level",
        ("say which day counts: `level on first day` or `level on last day`",),
        yearly('gate g "G" : level >= 1', "pays $1"),
    ),
    bad(
        "a day of an undated fact",
        "MH403",
        "`good` does not change from day to day",
        "good on first day",
        ("leave out `on first day`, or declare its facts `dated`",),
        yearly('gate g "G" : good on first day', "pays $1"),
    ),
    bad(
        "a day of an amount",
        "MH403",
        "`(benchmark - expenditure)` is not a dated fact, and `on first day` asks for one",
        "(benchmark - expenditure) on first day",
        ("say `at start of period` or `at end of period` of other values",),
        yearly("pays (benchmark - expenditure) on first day"),
    ),
    bad(
        "a monthly fact in a year",
        "MH404",
        "`visits_made` varies by month, and a payment per practice per year covers more than one month",
        "visits_made",
        ("say `sum(visits_made over months)`, `visits_made at start of period` or `visits_made at end of period`",),
        yearly("pays $1 * visits_made"),
    ),
    bad(
        "a contract-year fact in a year",
        "MH405",
        "`target` varies by contract year, and a payment per practice per year follows the calendar",
        "target",
        ("say `target at start of period` or `target at end of period`",),
        yearly('gate g "G" : target', "pays $1"),
    ),
    bad(
        "a contract year in a year",
        "MH405",
        "`contract_year` can change inside a period, and a payment per practice per year follows the calendar",
        "contract_year",
        ("say `contract_year at start of period` or `contract_year at end of period`",),
        yearly('gate g "G" : contract_year = 1', "pays $1"),
    ),
    bad(
        "both years in prior_year",
        "MH405",
        "`score` is a fact of the calendar year, and `prior_year(reached * score)` follows the contract year",
        "score",
        ("keep facts of the calendar year and of the contract year in clauses of their own",),
        monthly("pays prior_year(reached * score) * $1 pmpm"),
    ),
    bad(
        "both years in a month",
        "MH405",
        "`good` follows the calendar year, in a clause that follows the contract year too",
        "good",
        ("keep facts of the calendar year and of the contract year in clauses of their own",),
        "starts opened",
        monthly('gate g "G" : target and good', "pays fee"),
    ),
    bad(
        "a yearly total in a month",
        "MH406",
        "`yearly` is posted for a longer period than a payment per member per month covers",
        "total(yearly)",
        ("read its total in a payment or an invariant of the longer period",),
        monthly('gate g "G" : total(yearly) > $5', "pays fee"),
    ),
    bad(
        "members of a year",
        "MH407",
        "a payment per practice per year covers more than one month, and its members change from month to month",
        "members",
        ("say `members on first day`, `members on last day`, `average members` or `members ever`",),
        yearly("pays count(members) * $5"),
    ),
    bad(
        "members of a year, some",
        "MH407",
        "a payment per practice per year covers more than one month, and its members change from month to month",
        "members",
        ("say `members on first day`, `members on last day`, `average members` or `members ever`",),
        yearly("pays count(members where risk > 1) * $5"),
    ),
    bad(
        "a rate by month",
        "MH408",
        "`fee` is $ pmpm, which does not add up over months",
        "fee by month",
        ("put the whole amount in parentheses, as in `(rate * member_months) by month`",),
        yearly("pays (fee by month) * score"),
    ),
    bad(
        "no baseline",
        "MH409",
        "the program has no `baseline` years",
        "baseline(benchmark)",
        ("add a clause such as `baseline 2009 to 2011 weighted 10%, 30%, 60%`",),
        yearly("pays baseline(benchmark)"),
    ),
    bad(
        "baseline weights short of 100%",
        "MH411",
        "the weights of the baseline are not percentages that make 100%",
        "baseline 2008 to 2010 weighted 10%, 30%, 50%",
        ("write one percentage a year, from the first to the last; together they are 100%",),
        "baseline 2008 to 2010 weighted 10%, 30%, 50%",
        yearly("pays baseline(benchmark)"),
    ),
    bad(
        "three equal years",
        "MH411",
        "3 baseline years have no equal weights that make 100%",
        "baseline 2008 to 2010",
        ("write one percentage a year, from the first to the last; together they are 100%",),
        "baseline 2008 to 2010",
        yearly("pays baseline(benchmark)"),
    ),
    bad(
        "a circle of definitions",
        "MH410",
        "`a` is defined by itself: a → b → a",
        "a",
        ("take one of these names out of the definition that closes the circle",),
        "define a = b + $1",
        "define b = a - $1",
        yearly("pays a"),
    ),
    bad(
        "a table by itself",
        "MH410",
        "`t` is defined by itself: t → t",
        "t",
        ("take one of these names out of the definition that closes the circle",),
        "table t by t : % { 5% : 10%; otherwise : 20% }",
        yearly("pays t of benchmark"),
    ),
    bad(
        "too many conditions",
        "MH412",
        "101 conditions stand in one expression, and at most 100 may",
        "number met of " + ", ".join(["good"] * 101),
        ("give parts of it names of their own with `define`",),
        yearly("pays (number met of " + ", ".join(["good"] * 101) + ") * $1"),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_is_told(case: Bad) -> None:
    assert_bad(case)
