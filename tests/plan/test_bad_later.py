"""What the language keeps for later is refused."""

from __future__ import annotations

import pytest

from tests.plan.bad import Bad, assert_bad, bad
from tests.plan.texts import yearly

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
        "payment by region",
        "MH901",
        "a payment per region is reserved, and not yet settled",
        "per region per year",
        ("leave this out for now",),
        'payment r "R" { per region per year; pays $1 }',
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_is_told(case: Bad) -> None:
    assert_bad(case)
