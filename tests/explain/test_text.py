"""Explanations as people read them, held word by word.

`REWRITE=1` before the test command writes the expected texts anew; review the difference.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mhrules.explain.text import render_text
from mhrules.explain.tree import explain
from mhrules.settle.ledger import Settlement
from tests.explain import cases

GOLDEN = Path(__file__).resolve().parent / "golden"
MILLION = 1_000_000
Case = tuple[Callable[[], Settlement], tuple[str, ...], bool]


def mssp(year: int, track: str, spent: str, **facts: str) -> Callable[[], Settlement]:
    given = {"track": track, "benchmark": 100 * MILLION, "expenditure": spent, "minimum_rate": "0.02", **facts}
    return lambda: cases.mssp(year, **given)


SAVINGS = ("medicare", "a1", "shared_savings")
LOSSES = ("medicare", "a1", "shared_losses")
CASES: dict[str, Case] = {
    "mssp_first_dollar": (mssp(2014, "track_1", "90000000", published_rate="0.45"), SAVINGS, False),
    "mssp_gated": (mssp(2014, "track_1", "98000000.01", published_rate="0.45"), SAVINGS, False),
    "mssp_capped": (mssp(2021, "basic_b", "70000000", published_rate="0.4"), SAVINGS, False),
    "mssp_loss": (
        mssp(2018, "track_1_plus", "105000000", published_rate="0.5", disaster_adjustment="-200000"),
        LOSSES,
        False,
    ),
    "mssp_loss_kept_within": (
        mssp(2018, "track_3", "105000000.01", quality_score="0.9", met_quality="yes"),
        LOSSES,
        False,
    ),
    "washington_fee": (lambda: cases.washington(12_000), ("aetna", "p1", "care_management"), False),
    "washington_shortfall": (lambda: cases.washington(12_000), ("aetna", "p1", "settlement"), False),
    "washington_floor": (lambda: cases.washington(0), ("aetna", "p1", "settlement"), False),
    "washington_savings_deep": (lambda: cases.washington(50_000), ("aetna", "p1", "settlement"), True),
    "rhode_island_first_year": (
        lambda: cases.rhode_island(True, True, True),
        ("bcbsri", "p1", "care_management", "2009-09"),
        False,
    ),
    "rhode_island_second_year": (
        lambda: cases.rhode_island(False, True, True),
        ("bcbsri", "p1", "care_management", "2009-10"),
        False,
    ),
    "rhode_island_missed": (
        lambda: cases.rhode_island(True, True, True, nurse=False),
        ("bcbsri", "p1", "care_management", "2009-10"),
        False,
    ),
    "credit": (cases.pilot, ("acme", "p1", "care"), False),
    "split": (cases.pilot, ("acme", "p1", "bonus"), False),
    "rounded": (cases.pilot, ("acme", "p1", "third"), False),
    "declined": (cases.pilot, ("beta", "p1", "care", "2012-03"), False),
    "baseline": (cases.years, ("acme", "p1", "improvement"), False),
    "by_month": (cases.years, ("acme", "p1", "fees"), False),
    "no_row": (cases.years, ("acme", "p1", "panel", "2012-Q1"), False),
    "no_row_deep": (cases.years, ("acme", "p1", "panel", "2012-Q1"), True),
    "no_row_units": (cases.years, ("acme", "p1", "care"), False),
    "would_participate": (lambda: cases.years(score="0.55"), ("acme", "p1", "care", "2012-01"), False),
    "at_the_limit": (lambda: cases.years(score="0.6"), ("acme", "p1", "care", "2012-01"), False),
    "held": (lambda: cases.pilot(pool="-0.01", hold=True, year=2013), ("acme", "p1", "bonus"), False),
}


@pytest.mark.parametrize("name", CASES)
def test_the_text(name: str) -> None:
    make, asked, deep = CASES[name]
    text = render_text(explain(make(), *asked, deep=deep)) + "\n"
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("REWRITE"):
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
    assert [row for row in text.splitlines() if len(row) > 80] == []


def test_color_only_colors() -> None:
    why = explain(cases.washington(0), "aetna", "p1", "settlement")
    colored = render_text(why, color=True)
    assert colored != render_text(why)
    assert re.sub(r"\x1b\[\d*m", "", colored) == render_text(why)


def test_a_narrow_text_keeps_every_word() -> None:
    why = explain(cases.washington(0), "aetna", "p1", "settlement")

    def bare(text: str) -> list[str]:
        return sorted(re.sub(r"[│├└─]", " ", text).split())

    assert bare(render_text(why, 60)) == bare(render_text(why, 200))
