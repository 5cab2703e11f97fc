"""Empty files to fill in, and the description that `mhrules schema` prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhrules.data.template import describe, write_templates
from tests.data.cases import FULL, read


def test_templates_load_as_empty_tables(tmp_path: Path) -> None:
    paths = write_templates(FULL, tmp_path / "new")
    assert [p.name for p in paths] == ["practice.csv", "practice_dated.csv", "practice_year.csv"]
    assert (tmp_path / "new" / "practice_dated.csv").read_text() == "practice_id,from,to,level\n"
    data = read(FULL, tmp_path / "new")
    assert [data.rows(t.name) for t in FULL.tables] == [[], [], []] and data.warnings == ()


def test_templates_never_overwrite(tmp_path: Path) -> None:
    (tmp_path / "practice_year.csv").write_text("mine")
    with pytest.raises(FileExistsError):
        write_templates(FULL, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["practice_year.csv"]


def test_description() -> None:
    rows = {(r["table"], r["column"]): r for r in describe(FULL)}
    score = rows["practice_year", "score"]
    assert (score["role"], score["type"], score["low"], score["high"]) == ("fact", "%", "0", "1")
    assert not score["required"] and rows["practice_year", "paid"]["required"]
    assert rows["practice_year", "paid"]["high"] == "1000000000000"
    assert rows["practice_dated", "to"]["role"] == "span" and not rows["practice_dated", "to"]["required"]
    assert rows["practice_year", "tier"]["codes"] == ["small", "large"]
    assert rows["practice", "practice_id"]["role"] == "key" and rows["practice", "practice_id"]["low"] is None
