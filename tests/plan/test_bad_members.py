"""Mistakes of texts that look below the practice: members, claims, visits, attribution."""

from __future__ import annotations

import pytest

from tests.plan.bad import Bad, assert_bad, bad
from tests.plan.texts import ATTRIBUTION, monthly, yearly

DUE = "facts of member, year { due : $ }\n  facts of member { site_of : text; weight : number }"
ADVICE = "add an `attribution { every … first … }` clause"

CASES = [
    bad(
        "members of a program that attributes nobody",
        "MH364",
        "the program asks for members, and does not say how members come to practices",
        "count(members where age < 18)",
        (ADVICE,),
        monthly('gate g "G" : count(members where age < 18) > 5', "pays fee"),
    ),
    bad(
        "events of a program that attributes nobody",
        "MH364",
        "the program asks for events, and does not say how members come to practices",
        "per event care_plan",
        (ADVICE,),
        'payment plans "P" { per event care_plan; pays $1 }',
    ),
    bad(
        "a yearly fact that would count twice",
        "MH365",
        "`due` is one value a year for each member, and would count whole at each of the member's practices",
        "sum(due over members)",
        ("say `in proportion to months` behind `members`, or `to` a fact that names the member's practice",),
        DUE,
        ATTRIBUTION,
        yearly("pays sum(due over members)"),
    ),
    bad(
        "a yearly fact divided in a month",
        "MH365",
        "only a sum over members of a longer period is spread over practices",
        "count(members where age < 9 in proportion to months)",
        ("leave out `in proportion to months` or `to …`",),
        DUE,
        ATTRIBUTION,
        monthly('gate g "G" : count(members where age < 9 in proportion to months) > 0', "pays fee"),
    ),
    bad(
        "a cost divided once more",
        "MH365",
        "`cost` counts in the months attributed here already, so it is not divided in proportion to months",
        "sum(due - cost over members in proportion to months)",
        ("take it into a sum of its own, without `in proportion to months`",),
        DUE,
        ATTRIBUTION,
        yearly("pays sum(due - cost over members in proportion to months)", "downside"),
    ),
    bad(
        "a figure that is not of a year divided",
        "MH365",
        "`cost` is no fact of a member's year, so it is not divided in proportion to months",
        "sum(cost over members in proportion to months)",
        ("leave out `in proportion to months`",),
        DUE,
        ATTRIBUTION,
        yearly("pays sum(cost over members in proportion to months)"),
    ),
    bad(
        "to a fact that names no practice",
        "MH365",
        "`weight` is no fact of members that names their practice",
        "weight",
        ("name a fact of members of the type `text`, or say `in proportion to months`",),
        DUE,
        ATTRIBUTION,
        yearly("pays sum(due over members to weight)"),
    ),
    bad(
        "a look-back of a list",
        "MH366",
        "selection looks at no visits, so `within` says nothing",
        "first selection within 12 months",
        ("leave it out, or attribute by `plurality of visits` or `most recent visit`",),
        "attribution { every month; first selection within 12 months }",
    ),
    bad(
        "a condition on a list",
        "MH366",
        "geography looks at no visits, so `where` says nothing",
        "then geography where service = office",
        ("leave it out, or attribute by `plurality of visits` or `most recent visit`",),
        "attribution { every month; first selection; then geography where service = office }",
    ),
    bad(
        "a limit of many prices",
        "MH367",
        "the price differs from member to member, so there is no one amount to limit",
        "at most $5",
        ("put the limit into the price, as in `pays least(…, $9.00 pmpm)`",),
        ATTRIBUTION,
        monthly("pays if age < 18 then $1.00 pmpm else $2.00 pmpm", "at most $5"),
    ),
    bad(
        "a parameter that changes while a roster holds",
        "MH401",
        "`rise` changes inside 2012-Q3, and a price by member on the roster of a quarter needs one value",
        "rise",
        ("let it change with the quarter, or pay on each month's own roster",),
        "parameter rise : $ pmpm = $1.00, $2.00 from 2012-08-01",
        ATTRIBUTION,
        'payment r "R" { per member per month on roster of quarter; pays if age < 18 then rise else $2.00 }',
    ),
    bad(
        "a feature of members in a yearly payment",
        "MH321",
        "each of the members has its own `age`, and a payment per practice per year has none",
        "age",
        ("bring it to one value with an aggregate, as in `sum(age over members)`",),
        ATTRIBUTION,
        yearly("pays if age < 18 then $1 else $2"),
    ),
    bad(
        "an undated collection looked back to",
        "MH355",
        "members have no date, so `within 12 months` says nothing",
        "12 months",
        ("leave it out, or ask it of visits, claims or events",),
        ATTRIBUTION,
        yearly('gate g "G" : any(members where age < 18 within 12 months)', "pays $1"),
    ),
    bad(
        "the latest of what has no date",
        "MH355",
        "members have no date, so none of them is the latest",
        "latest(age over members ever)",
        ("ask for the latest of visits, claims, events or laboratory results",),
        ATTRIBUTION,
        yearly("pays (latest(age over members ever) default 0) * $1"),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_is_told(case: Bad) -> None:
    assert_bad(case)
