"""One tiny bad program for each mistake, `bad/NAME.mh`, and what is said about it, `bad/NAME.expected`.

`UPDATE=1 .venv/bin/python -m pytest tests/syntax/test_mistakes.py` writes the expectations anew; read the difference.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from mhrules.diagnostics.model import Diagnostic
from mhrules.diagnostics.registry import CODES
from mhrules.source import Source
from mhrules.syntax.parse import tree_from_text

BAD = Path(__file__).parent / "bad"
PROGRAMS = sorted(BAD.glob("*.mh"))


def told(found: Diagnostic) -> str:
    """A finding with everything that people see of it: code, place, underlined text, message, further places, help."""
    assert found.span is not None
    lines = [f"{found.code} {found.span.line}:{found.span.column} [{found.span.text}] {found.message}"]
    lines += [f"  also {r.span.line}:{r.span.column} [{r.span.text}] {r.text}" for r in found.related]
    lines += [f"  note: {text}" for text in found.notes]
    lines += [f"  help: {text}" for text in found.help]
    return "\n".join(lines)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda p: p.stem)
def test_a_mistake_is_told_in_its_own_words(path: Path) -> None:
    tree, found = tree_from_text(Source(path.name, path.read_text(encoding="utf-8")))
    text = "".join(f"{told(d)}\n" for d in found)
    expected = path.with_suffix(".expected")
    if os.environ.get("UPDATE"):
        expected.write_text(text, encoding="utf-8")
    assert tree is None
    assert text == expected.read_text(encoding="utf-8")


def test_every_expectation_has_a_program() -> None:
    assert {p.stem for p in BAD.glob("*.expected")} == {p.stem for p in PROGRAMS}


def test_every_syntax_code_has_a_program() -> None:
    told_codes = set(re.findall(r"^(MH\d+)", "".join(p.read_text("utf-8") for p in BAD.glob("*.expected")), re.M))
    assert {code for code in CODES if code.startswith("MH1")} - told_codes == set()


def test_messages_are_written_as_the_house_writes() -> None:
    for path in PROGRAMS:
        for d in tree_from_text(Source(path.name, path.read_text(encoding="utf-8")))[1]:
            assert not d.message.endswith(".")
            assert d.message[0] == "`" or d.message[0].islower(), d.message
            assert not re.search(r"\b[A-Z_]{4,}\b", re.sub("`[^`]*`", "", d.message)), d.message
            assert d.span is not None
            assert d.help or d.code == "MH101"
