"""The reference page of built-in names is what the tables say, and the tables name everything."""

from __future__ import annotations

from pathlib import Path

from mhrules.semantics.built_ins_page import COLLECTION_TABLE, FUNCTION_TABLE, built_ins
from mhrules.semantics.builtins import COLLECTIONS, ELEMENTS, FUNCTIONS, QUANTITIES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "built-ins.md"


def test_the_page_is_up_to_date() -> None:
    """After a change, write what `built_ins()` gives to that file."""
    assert PAGE.read_text(encoding="utf-8") == built_ins()


def test_every_name_is_on_the_page() -> None:
    assert {function.name for function in FUNCTION_TABLE} == FUNCTIONS
    assert {name for name, _ in COLLECTION_TABLE} | set(ELEMENTS) == COLLECTIONS
    assert all(f"`{name}`" in built_ins() for name in QUANTITIES)
