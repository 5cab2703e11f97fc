"""Gaps, overlaps, dead rows and undecidable rows of `choose`, tables and bands, with a case that shows each."""

from __future__ import annotations

import pytest

from tests.check.bad import assert_clean, assert_finding, checked, codes, program

FACTS = """facts of practice, payer, year {
    level   : integer 0..3
    savings : $ -$1_000_000..$1_000_000
    target  : $ $0..$1_000_000
    tier    : { low, middle, high }
    met     : yes/no
    score   : % 0%..100% or missing
    joined  : date
    name    : text
  }"""
USES = """ensure facts_used "All facts" :
    met or tier = low or joined > 2011-01-01 or name = "x" or target > $0 or level = 0 or
    savings > $0 or known(score)"""
NEVER = 'never together met, level = 0 because "met needs a level"'


def paying(value: str, *more: str) -> str:
    """A program that pays a value, reading facts of every kind."""
    award = f'payment award "Award" {{\n    per practice per year\n    downside\n    pays {value}\n  }}'
    return program(FACTS, USES, *more, award)


def only(text: str) -> str:
    return paying(f"(choose {{\n{text}\n}}) + savings")


def test_gap_between_two_thresholds() -> None:
    assert_finding(
        only("when level <= 1 : $1\nwhen level = 3 : $3"),
        code="MH420",
        message="no row applies when `level` is 2",
        underlined="choose",
        help="add a row for this case, or end in `otherwise`",
    )


def test_gap_at_a_boundary_in_dollars() -> None:
    assert_finding(
        only("when savings > $0 and met : $1\nwhen savings > $0 and not met : $2\nwhen savings < $0 : $3"),
        code="MH420",
        message="no row applies when `savings` is $0.00",
        underlined="choose",
        help="add a row for this case, or end in `otherwise`",
    )


def test_gap_of_two_variables() -> None:
    assert_finding(
        only("when savings >= $0 and met : $1\nwhen savings < $0 : $3"),
        code="MH420",
        message="no row applies when `savings` is $0.00 and `met` is no",
        underlined="choose",
        help="add a row for this case, or end in `otherwise`",
    )


def test_gap_of_a_code_says_the_others_too() -> None:
    (gap,) = checked(only("when tier = low : $1\nwhen tier = middle and met : $2"))
    assert gap.message == "no row applies when `tier` is `middle` and `met` is no"
    assert gap.notes == ("nor when `tier` is `high`",)


def test_gap_in_dates_and_texts() -> None:
    (gap,) = checked(only("when joined < 2012-01-01 : $1\nwhen joined > 2012-01-01 : $2"))
    assert gap.message == "no row applies when `joined` is 2012-01-01"
    (gap,) = checked(only('when name = "north" : $1'))
    assert gap.message == "no row applies when `name` is any other text"


def test_gap_below_the_cents_is_none() -> None:
    assert_clean(only("when savings <= $0.00 : $1\nwhen savings >= $0.01 : $2"))


def test_gap_of_a_missing_value() -> None:
    (gap,) = checked(only("when known(score) and score >= 50% : $1\nwhen known(score) and score < 50% : $2"))
    assert gap.message == "no row applies when `score` is missing"


def test_missing_value_is_asked_for_first() -> None:
    assert_clean(
        only(
            "when not known(score) : $0\n"
            "when known(score) and score >= 50% : $1\n"
            "when known(score) and score < 50% : $2"
        )
    )


def test_value_that_another_row_asks_for_may_be_missing_here_too() -> None:
    rows = "when not known(level) : $0\nwhen known(level) and level >= 2 : $1\nwhen level < 2 : $2"
    assert_clean(only(rows))
    upside_down = "when level < 2 : $2\nwhen not known(level) : $0\nwhen known(level) and level >= 2 : $1"
    assert_finding(
        only(upside_down),
        code="MH472",
        message="`level` may be missing where this row tests it",
        underlined="level < 2",
        help="ask first: `known(level) and …`, or give it a `default`",
    )


def test_overlap_of_two_rows() -> None:
    assert_finding(
        only("when level <= 1 : $1\nwhen level >= 1 : $2"),
        code="MH428",
        message="two rows apply when `level` is 1",
        underlined="when level >= 1 : $2",
        help="make the rows exclude each other, or write `choose first` if the upper one shall count",
    )


def test_overlap_shows_both_rows() -> None:
    (overlap,) = checked(only("when met : $1\nwhen savings > $0 : $2\nwhen not met and savings <= $0 : $3"))
    assert overlap.message == "two rows apply when `met` is yes and `savings` is $1.00"
    assert [label.span.text for label in overlap.related] == ["when met : $1"]


def test_dead_row_by_its_own_condition() -> None:
    assert_finding(
        only("when level <= 3 : $1\nwhen level > 3 : $2"),
        code="MH429",
        message="this row can never apply",
        underlined="when level > 3 : $2",
        help="take it out, or correct its condition",
        notes=("its condition holds for no possible value",),
    )


def test_dead_row_behind_rows_above() -> None:
    text = paying("choose first {\nwhen level >= 1 : $1\nwhen level >= 2 : $2\notherwise : savings\n}")
    (dead,) = checked(text)
    assert (dead.code, dead.span.text if dead.span else "") == ("MH429", "when level >= 2 : $2")
    assert dead.notes == ("the rows above decide all its cases",)
    assert [label.span.text for label in dead.related] == ["when level >= 1 : $1"]


def test_dead_otherwise() -> None:
    assert_finding(
        only("when met : $1\nwhen not met : $2\notherwise : $3"),
        code="MH429",
        message="`otherwise` can never apply in this choose",
        underlined="otherwise : $3",
        help="take it out: a case that nobody thought of should be found, not paid",
        notes=("the other rows decide every possible case",),
    )


def test_two_values_compared_want_choose_first() -> None:
    found = checked(only("when savings >= target : $1\notherwise : $3"))
    assert [(d.code, d.span.text if d.span else "") for d in found] == [("MH430", "savings >= target")]
    assert found[0].message == (
        "whether exactly one row applies cannot be decided: `savings >= target` compares with what is no constant"
    )
    assert_clean(paying("choose first {\nwhen savings >= target : $1\notherwise : savings\n}"))


def test_difference_of_two_values_can_be_compared() -> None:
    assert_clean(
        only("when beyond >= $0 : $1\nwhen beyond < $0 : $3").replace(
            "payment award", "define beyond = savings - target\n  payment award"
        )
    )


def test_definition_counts_as_what_it_says_beside_its_own_variables() -> None:
    text = only("when good : $1\nwhen not good and met : $2\nwhen level <= 1 and not met : $3")
    assert_clean(text.replace("payment award", "define good = level >= 2\n  payment award"))


def test_never_together_dismisses_a_witness() -> None:
    rows = only("when met and level >= 1 : $1\nwhen not met : $2")
    assert [d.message for d in checked(rows)] == ["no row applies when `met` is yes and `level` is 0"]
    assert_clean(rows.replace("payment award", f"{NEVER}\n  payment award"))


def test_row_declared_impossible_is_dead() -> None:
    rows = only("when met and level >= 1 : $1\nwhen met and level = 0 : $3\nwhen not met : $2")
    (dead,) = checked(rows.replace("payment award", f"{NEVER}\n  payment award"))
    assert dead.notes == ("its condition holds only where `never together` says that it cannot",)


def test_table_with_a_code_left_out() -> None:
    table = "table rate by tier : % {\n    low : 10%\n    middle : 20%\n  }"
    assert_finding(
        paying("rate * savings", table),
        code="MH420",
        message="no row applies when `tier` is `high`",
        underlined="table rate by tier : %",
        help="add a row for this case, or end in `otherwise`",
    )


def test_table_with_a_code_twice() -> None:
    table = "table rate by tier : % {\n    low or middle : 10%\n    middle or high : 20%\n  }"
    assert_finding(
        paying("rate * savings", table),
        code="MH428",
        message="two rows apply when `tier` is `middle`",
        underlined="middle or high : 20%",
        help="make the rows exclude each other",
    )


def test_grid_with_a_gap() -> None:
    table = """table price by level, tier : $ {
             | low | middle or high
      0 to 1 | $1  | $2
      2      | $3  | $4
    }"""
    found = checked(paying("price + savings", table))
    assert [(d.code, d.message) for d in found] == [("MH420", "no row applies when `level` is 3")]


def test_bands_without_an_end() -> None:
    found = checked(paying("(bands level {\nbelow 2 : $1\nbelow 3 : $2\n}) + savings"))
    assert [(d.code, d.message) for d in found] == [("MH420", "no row applies when `level` is 3")]


def test_band_that_the_one_above_takes() -> None:
    found = checked(paying("(bands level {\nbelow 2 : $1\nbelow 1 : $2\notherwise : $3\n}) + savings"))
    assert [(d.code, d.span.text if d.span else "") for d in found] == [("MH429", "below 1 : $2")]


def test_interpolated_rows_may_share_an_end_of_one_value() -> None:
    table = "table rate by level : % {\n    0 to 2 : 10% to 20%\n    2 to 3 : 20% to 40%\n  }"
    assert_clean(paying("(interpolate rate at level) * savings", table))
    table = "table rate by level : % {\n    0 to 2 : 10% to 20%\n    2 to 3 : 25% to 40%\n  }"
    assert codes(paying("(interpolate rate at level) * savings", table)) == ["MH428"]


def test_too_many_cases() -> None:
    facts = "facts of practice, year {\n" + "\n".join(f"    flag_{n} : yes/no" for n in range(21)) + "\n  }"
    rows = " and ".join(f"flag_{n}" for n in range(21))
    choose = f"choose {{\n when {rows} : $1\n otherwise : $2 }}"
    assert_finding(
        program(facts, f'payment award "Award" {{\n    per practice per year\n    pays {choose}\n  }}'),
        code="MH471",
        message="the rows tell 2,097,152 cases apart, and at most 1,000,000 are looked at",
        underlined="choose",
        help="split it into several, each by fewer expressions",
    )


@pytest.mark.parametrize(
    "rows",
    [
        "when level = 1 or level = 0 : $1\nwhen level in { 2, 3 } : $2",
        "when level from 0 to 1 : $1\nwhen level from 2 to 3 : $2",
    ],
)
def test_sets_and_ranges_are_decided(rows: str) -> None:
    assert_clean(only(rows))
