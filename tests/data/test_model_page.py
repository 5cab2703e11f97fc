"""The reference page of the data model is what the model says."""

from __future__ import annotations

from pathlib import Path

from mhrules.data.allow import ALLOWABLE
from mhrules.data.model_page import data_model
from mhrules.data.population import CATALOG
from mhrules.data.rules import layout

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "data-model.md"


def test_the_page_is_up_to_date() -> None:
    """After a change of the model: `make pages`."""
    assert PAGE.read_text(encoding="utf-8") == data_model()


def test_every_table_column_and_code_is_on_the_page() -> None:
    page = data_model()
    assert all(f"## `{table.name}`\n" in page for table in CATALOG)
    assert all(f"| `{column.name}` |" in page for table in CATALOG for column in layout(table))
    assert all(f"[{code}]" in page for code in ALLOWABLE)
