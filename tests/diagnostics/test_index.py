"""The index of findings lists every code."""

from __future__ import annotations

from pathlib import Path

from mhrules.diagnostics.pages import index

PAGE = Path(__file__).resolve().parents[2] / "docs" / "errors" / "index.md"


def test_the_index_is_what_the_registry_says() -> None:
    """After a new code: `make pages`."""
    assert PAGE.read_text(encoding="utf-8") == index()
