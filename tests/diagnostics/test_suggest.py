"""The suggested name is the one somebody meant, and always the same one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhrules.diagnostics.suggest import did_you_mean

NAMES = ["attribution", "benchmark", "benchmark_rate", "care_management", "met", "share", "tier", "track"]


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("attribtion", "attribution"),  # a letter missing
        ("benchmarck", "benchmark"),  # a letter too many
        ("tarck", "track"),  # two letters swapped
        ("TRACK", "track"),
        ("Sahre", "share"),
        ("mets", "met"),
        ("management_care", "care_management"),  # words swapped: far in edits, near in letters
        ("bnchmark_rate", "benchmark_rate"),
    ],
)
def test_a_close_name_is_suggested(wrong: str, meant: str) -> None:
    assert did_you_mean(wrong, NAMES) == meant


@pytest.mark.parametrize("wrong", ["", "x", "zzzzzz", "hospital"])
def test_nothing_is_suggested_for_a_far_name(wrong: str) -> None:
    assert did_you_mean(wrong, NAMES) is None


def test_case_alone_beats_a_changed_letter() -> None:
    assert did_you_mean("FEE", ["feed", "fee", "fees"]) == "fee"


def test_one_letter_is_enough_only_for_its_other_case() -> None:
    assert did_you_mean("p", ["q", "P"]) == "P"


def test_the_name_itself_is_no_suggestion() -> None:
    assert did_you_mean("met", ["met"]) is None


def test_without_names_there_is_no_suggestion() -> None:
    assert did_you_mean("met", []) is None


def test_ties_go_to_the_first_in_the_alphabet() -> None:
    assert did_you_mean("tixr", ["tizr", "tier"]) == "tier"


@given(st.text(max_size=8), st.lists(st.text(max_size=8), max_size=6))
def test_the_order_of_the_names_does_not_matter(name: str, names: list[str]) -> None:
    found = did_you_mean(name, names)
    assert found == did_you_mean(name, reversed(names))
    assert found is None or found in names
