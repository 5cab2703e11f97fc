"""What the language keeps for later is refused."""

from __future__ import annotations

import pytest

from tests.plan.bad import Bad, assert_bad, bad
from tests.plan.texts import HEAD, monthly, yearly

CASES = [
    bad(
        "by date paid",
        "MH901",
        "a value by date paid is reserved, and not yet settled",
        "falling by date paid",
        ("leave this out for now",),
        yearly("pays (falling by date paid) of benchmark"),
    ),
    bad(
        "on roster of quarter",
        "MH901",
        "payments on the roster of a quarter are reserved, and not yet settled",
        "per member per month on roster of quarter",
        ("pay `per member per month` on each month's own roster for now",),
        'payment r "R" { per member per month on roster of quarter; pays $1 }',
    ),
    bad(
        "latest",
        "MH901",
        "`latest(…)` of dated facts is reserved, and not yet settled",
        "latest(risk)",
        ("leave this out for now",),
        yearly("pays latest(risk) * $1"),
    ),
    bad(
        "held",
        "MH901",
        "a duty, and `held(…)` with it, is reserved, and not yet settled",
        "held(meeting)",
        ("leave this out for now",),
        yearly('gate g "G" : held(meeting)', "pays $1"),
    ),
    bad(
        "a trended baseline",
        "MH901",
        "a baseline trended to the year is reserved, and not yet settled",
        "baseline(benchmark) trended by 5% to year",
        ("leave this out for now",),
        "baseline 2008 to 2009",
        yearly("pays baseline(benchmark) trended by 5% to year"),
    ),
    bad(
        "to one practice",
        "MH901",
        "a fact of members spread over practices is reserved, and not yet settled",
        "sum(risk over members to site)",
        ("leave this out for now",),
        yearly("pays sum(risk over members to site) * $1"),
    ),
    bad(
        "payment by region",
        "MH901",
        "a payment per region is reserved, and not yet settled",
        "per region per year",
        ("leave this out for now",),
        'payment r "R" { per region per year; pays $1 }',
    ),
    bad(
        "members by days",
        "MH901",
        "a count of members where months count in proportion to days is reserved, and not yet settled",
        "members",
        ("leave this out for now",),
        monthly('gate g "G" : count(members) > 5', "pays fee"),
        head=HEAD.replace("when attributed and enrolled on day 1", "in proportion to days"),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_is_told(case: Bad) -> None:
    assert_bad(case)
