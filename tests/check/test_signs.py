"""Payments that can come out negative, and `downside` for nothing."""

from __future__ import annotations

import pytest

from tests.check.bad import assert_clean, assert_finding, checked, codes, program

FACTS = "facts of practice, payer, year {\n    benchmark : $\n    spent : $ $0..$1_000_000\n    met : yes/no\n  }"
USES = 'ensure facts_used "All facts" : benchmark >= $0 or spent >= $0 or met'


def paying(*clauses: str, before: str = "") -> str:
    inner = "\n    ".join(clauses)
    return program(FACTS, USES, before, f'payment award "Award" {{\n    per practice per year\n    {inner}\n  }}')


def test_difference_can_be_negative() -> None:
    assert_finding(
        paying("pays 50% of (benchmark - spent)"),
        code="MH461",
        message="`award` can come out negative, and does not say `downside`",
        underlined="50% of (benchmark - spent)",
        help="write `downside` if practices may owe, or `at least $0` if they may not",
        notes=("`benchmark - spent` is below zero where `spent` is more than `benchmark`",),
    )


def test_fact_without_a_lower_bound() -> None:
    (found,) = checked(paying("pays 50% of benchmark"))
    assert found.notes == ("`benchmark` may be as low as -$1000000000000.00 as it is declared",)
    assert found.help[1] == "or declare the bounds of `benchmark`, as in `: $ $0..$10_000_000`, or put a gate before it"
    assert [label.span.text for label in found.related] == ["benchmark"]


def test_cap_made_of_a_difference() -> None:
    (found,) = checked(paying("pays $500", "at most benchmark - spent"))
    assert (found.code, found.label) == ("MH461", "this cap can be negative")


@pytest.mark.parametrize(
    "clauses",
    [
        ("downside", "pays benchmark - spent"),
        ("pays benchmark - spent", "at least $0"),
        ("pays greatest(benchmark - spent, $0)"),
        ('gate gained "Gained" : benchmark > spent', "pays benchmark - spent"),
        ('gate gained "Gained" : spent <= benchmark', "pays 50% of (benchmark - spent)"),
        ('gate gained "Gained" : benchmark - spent >= $0', "pays benchmark - spent"),
        ('gate gained "Gained" : gain > $0', "pays 50% of gain", "at most 10% of benchmark"),
        ('gate gained "Gained" : met and gain > $0', "pays 50% of (benchmark - spent)"),
        ('gate lost "Lost" : not (gain >= $0)', "pays -gain"),
        ("pays choose { when gain >= $0 : gain\n when gain < $0 : $0 }"),
        ("pays if gain > $0 then 50% of gain else $0"),
        ("pays if not (gain > $0) or spent = $0 then $0 else 50% of gain"),
        ("pays spent * 3 / 4"),
    ],
)
def test_amounts_that_cannot_be_negative(clauses: tuple[str, ...] | str) -> None:
    lines = (clauses,) if isinstance(clauses, str) else clauses
    text = "define gain = benchmark - spent" if any("gain " in line or "gain," in line for line in lines) else ""
    uses_gain = any(word in line for line in lines for word in ("gain >", "gain <", "gain\n", "-gain", "of gain"))
    assert_clean(paying(*lines, before=text if uses_gain else ""))


@pytest.mark.parametrize(
    "clauses",
    [
        ('gate gained "Gained" : benchmark >= spent or met', "pays benchmark - spent"),
        ('gate gained "Gained" : benchmark <= spent', "pays benchmark - spent"),
        ("pays if benchmark > spent then spent - benchmark else $0"),
        ("pays greatest(benchmark, -$5)"),
        ("pays $5 - spent / 2"),
    ],
)
def test_amounts_that_can_be_negative(clauses: tuple[str, ...] | str) -> None:
    assert codes(paying(*((clauses,) if isinstance(clauses, str) else clauses))) == ["MH461"]


def test_open_parameter_counts_with_its_bounds() -> None:
    fee = 'payment fee "Fee" {\n    per member per month\n    pays care_fee\n  }'
    assert codes(program("parameter care_fee : $ pmpm = $1 open from -$1 to $2", fee)) == ["MH461"]
    assert_clean(program("parameter care_fee : $ pmpm = $1 open from $0 to $2", fee))
    assert_clean(program("parameter care_fee : $ pmpm = $1 open", fee))


def test_downside_for_nothing() -> None:
    assert_finding(
        paying("downside", "pays 50% of spent"),
        code="MH462",
        message="`award` says `downside`, and it can never be negative",
        underlined="50% of spent",
        help="take `downside` out, or correct the amount",
    )


def test_downside_with_a_floor_at_zero_is_for_nothing() -> None:
    assert codes(paying("downside", "pays benchmark", "at least $0")) == ["MH462"]
