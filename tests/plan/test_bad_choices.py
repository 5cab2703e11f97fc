"""Choices, tables and lists that are out of shape."""

from __future__ import annotations

import pytest

from tests.plan.bad import Bad, assert_bad, bad
from tests.plan.texts import yearly

CASES = [
    bad(
        "otherwise first",
        "MH421",
        "`otherwise` stands before other rows, which can then never apply",
        "otherwise : $1",
        ("make `otherwise` the last row",),
        yearly("pays choose { otherwise : $1\n when good : $2 }"),
    ),
    bad(
        "choose first without otherwise",
        "MH422",
        "`choose first` does not end in `otherwise`",
        "when not good : $2",
        ("say what holds in all other cases: `otherwise : …`",),
        yearly("pays choose first { when good : $1\n when not good : $2 }"),
    ),
    bad(
        "a row short of a key",
        "MH423",
        "the row has 1 entry for 2 keys",
        "enhanced : 2%",
        ("give one entry for each of track, good",),
        "table t by track, good : % { basic, yes : 1%; enhanced : 2%; otherwise : 3% }",
        yearly("pays t of benchmark"),
    ),
    bad(
        "an interpolated table as a value",
        "MH424",
        "the row runs from one value to another, so `sizes` has no single value",
        "500 to 999 : 12% to 9%",
        ("read it with `interpolate sizes at …`",),
        yearly("pays sizes of benchmark"),
    ),
    bad(
        "two keys interpolated",
        "MH424",
        "`t` has more than one key, so it cannot be interpolated",
        "interpolate t at score",
        ("interpolate a table by one number, as in `table t by lives : % { 500 to 999 : 12% to 9% }`",),
        "table t by track, met : % { basic, 0 to 14 : 1%; otherwise : 2% }",
        yearly("pays (interpolate t at score) of benchmark"),
    ),
    bad(
        "values that run without keys",
        "MH424",
        "the row runs from one value to another, but not its key",
        "5 : 1% to 2%",
        ("write a key with two ends, as in `500 to 999 : 12% to 9%`",),
        "table t by score : % { 5 : 1% to 2%; otherwise : 3% }",
        yearly("pays (interpolate t at score) of benchmark"),
    ),
    bad(
        "a line without length",
        "MH424",
        "the row runs from `5` to itself, so there is no line between its values",
        "5 to 5 : 1% to 2%",
        ("give it one value, or two different ends",),
        "table t by score : % { 5 to 5 : 1% to 2%; otherwise : 3% }",
        yearly("pays (interpolate t at score) of benchmark"),
    ),
    bad(
        "a grid with a hole",
        "MH425",
        "the row has 1 entry under 2 headings",
        "enhanced | 3%",
        ("name the row's key first, then the key of the headings, and fill in every column",),
        "table t by track, good : % {\n | yes | no\n basic | 1% | 2%\n enhanced | 3%\n }",
        yearly("pays t of benchmark"),
    ),
    bad(
        "a grid by one key",
        "MH425",
        "a grid has two keys, and `t` has 1",
        "t",
        ("name the row's key first, then the key of the headings, and fill in every column",),
        "table t by track : % {\n | yes | no\n basic | 1% | 2%\n }",
        yearly("pays t of benchmark"),
    ),
    bad(
        "every alternative under a condition",
        "MH426",
        "every alternative has a condition, so there may be none left",
        "greater of { a : $1 when good\n b : $2 when not good }",
        ("give one alternative that always holds, for example `none : $0`",),
        yearly("pays greater of { a : $1 when good\n b : $2 when not good }"),
    ),
    bad(
        "a let for nothing",
        "MH427",
        "nothing in the payment uses `spare`",
        "spare",
        ("use it, or take the `let` out",),
        yearly("let spare = benchmark", "pays $1"),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_is_told(case: Bad) -> None:
    assert_bad(case)
