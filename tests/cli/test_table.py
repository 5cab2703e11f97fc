"""Tables of text."""

from __future__ import annotations

import pytest

from mhrules.cli.table import money, table


def test_columns_headers_rules_and_wrapped_words() -> None:
    rows = [("a", "1", "some words that take more room than there is"), ("", "", ""), ("total", "12,000", "")]
    assert table(("name", "not\nmany", "what"), rows, right=(1,), width=36, indent=2) == [
        "            not",
        "  name     many  what",
        "  a           1  some words that take",
        "                 more room than there",
        "                 is",
        "  -----  ------  --------------------",
        "  total  12,000",
    ]


def test_unseen_characters_are_spelled_out() -> None:
    assert table(("a",), [("x\u202ey",)], width=80) == ["a", "x<U+202E>y"]


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "$0.00"), (123456, "$1,234.56"), (-5, "-$0.05"), (10**14, "$1,000,000,000,000.00")]
)
def test_money(cents: int, text: str) -> None:
    assert money(cents * 10**10) == text
