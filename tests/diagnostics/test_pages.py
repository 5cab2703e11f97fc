"""Each code has a page in the agreed form, and each page a code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mhrules.diagnostics.pages import page, page_path
from mhrules.diagnostics.registry import CODES

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = ["What it is", "Why it matters", "Example", "Repair"]


@pytest.mark.parametrize("code", CODES)
def test_a_code_has_a_page_in_form(code: str) -> None:
    lines = page(code).splitlines()
    assert lines[0] == f"# {code}: {CODES[code].title}"
    assert [line[3:] for line in lines if line.startswith("## ")] == SECTIONS
    assert sum(line.startswith("```") for line in lines) % 2 == 0
    sections = re.split(r"^## .*$", page(code), flags=re.MULTILINE)[1:]
    assert all(section.strip() for section in sections)


def test_a_page_has_a_code() -> None:
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs" / "errors").glob("*.md")}
    assert files - {"docs/errors/index.md"} == {page_path(code) for code in CODES}


@pytest.mark.parametrize("code", ["MH899", "mh101", "../index", ""])
def test_an_unknown_code_is_refused(code: str) -> None:
    with pytest.raises(KeyError):
        page(code)
