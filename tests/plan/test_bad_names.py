"""Names that mean nothing here."""

from __future__ import annotations

import pytest

from tests.plan.bad import Bad, assert_bad, bad
from tests.plan.texts import yearly

CASES = [
    bad(
        "nothing by that name",
        "MH201",
        "nothing here is called `benchmrk`",
        "benchmrk",
        ("did you mean `benchmark`?",),
        yearly("pays benchmrk - expenditure"),
    ),
    bad(
        "nothing like that name",
        "MH201",
        "nothing here is called `wholly_unheard_of`",
        "wholly_unheard_of",
        ("declare it with `facts`, `parameter`, `table` or `define`",),
        yearly("pays wholly_unheard_of"),
    ),
    bad(
        "a collection for a value",
        "MH201",
        "`members` has no value of its own",
        "members",
        ("count or sum over it, as in `count(members)`",),
        yearly("pays $1 * members"),
    ),
    bad(
        "a payment for a value",
        "MH201",
        "`care` has no value of its own",
        "care",
        ("take its postings, as in `total(care)`",),
        yearly("pays care"),
    ),
    bad(
        "a function for a value",
        "MH201",
        "`sum` has no value of its own",
        "sum",
        ("say of what, as in `sum(…)`",),
        yearly("pays sum"),
    ),
    bad(
        "a code of another list",
        "MH201",
        "`enhancd` is not one of { basic, enhanced }",
        "enhancd",
        ("did you mean `enhanced`?",),
        yearly("pays if track = enhancd then $1 else $2"),
    ),
    bad(
        "no function",
        "MH201",
        "there is no function called `summ`",
        "summ",
        ("did you mean `sum`?",),
        yearly("pays summ(benchmark over practices)"),
    ),
    bad(
        "a table called like a function",
        "MH201",
        "there is no function called `caps`",
        "caps",
        ("write `caps` alone: a name has its value without parentheses",),
        yearly("pays benchmark * caps(track)"),
    ),
    bad(
        "no payment to total",
        "MH201",
        "there is no payment called `car`",
        "car",
        ("did you mean `care`?",),
        yearly("pays total(car)"),
    ),
    bad(
        "no table to interpolate",
        "MH201",
        "there is no table called `size`",
        "size",
        ("did you mean `sizes`?",),
        yearly("pays (interpolate size at score) of benchmark"),
    ),
    bad(
        "no value set",
        "MH201",
        "there is no value set called `offices`",
        "offices",
        ("did you mean `office`?",),
        yearly("pays if site in offices then $1 else $2"),
    ),
    bad(
        "no key",
        "MH201",
        "there is no key called `regio`",
        "regio",
        ("did you mean `region`?",),
        yearly("pays sum(benchmark over practices of regio)"),
    ),
    bad(
        "a text that is no code",
        "MH201",
        "`enhancd` is not one of { basic, enhanced }",
        '"enhancd"',
        ("did you mean `enhanced`?",),
        yearly('pays if track = "enhancd" then $1 else $2'),
    ),
    bad(
        "billed by whom",
        "MH201",
        "there is no biller called `praktice`",
        "praktice",
        ("did you mean `practice`?",),
        "attribution { every month; first selection }",
        'payment lines "L" { per claim line where billed by praktice; pays $1 }',
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_is_told(case: Bad) -> None:
    assert_bad(case)
