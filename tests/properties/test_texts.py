"""Generated texts: formatting keeps meaning, comments and amounts; a damaged text is refused and never a crash."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mhrules.source import Source
from mhrules.syntax.format import format_text
from mhrules.syntax.parse import tree_from_text
from mhrules.syntax.tree import same_meaning
from tests.strategies.cases import Case, cases, texts
from tests.strategies.dice import Dice, Drawn
from tests.strategies.settled import checked, plan_of, postings, settled

FEWER = settings(max_examples=max(10, settings.default.max_examples // 2))
QUOTED = re.compile(r'("[^"\n]*")')
SCRAPS = (
    *'{}();:,=<>+-*/%$#"|.0127 \n',
    "choose ",
    "when ",
    "otherwise",
    "pays ",
    "per ",
    "12-31",
    "..",
    "é",
    "\u202e",
    "of ",
)


def careless(text: str, dice: Dice) -> str:
    """The same text with other blanks, and with comments."""
    lines = []
    for number, line in enumerate(text.splitlines()):
        parts = [part if part.startswith('"') else re.sub(" ", "  ", part) for part in QUOTED.split(line.strip())]
        wide = "".join(parts) if dice.chance(20) else line.strip()
        comment = f"  # note {number}" if dice.chance(20) else ""
        lines.append(" " * dice.integer(0, 5) + wide + comment + ("\n" if dice.chance(10) else ""))
    return "\n".join(["mhrules 1", *lines[1:], ""])


def damaged(text: str, dice: Dice) -> str:
    """The text with a few pieces lost, doubled, moved or made up."""
    for _ in range(dice.integer(1, 4)):
        at = dice.integer(0, len(text))
        end = min(len(text), at + dice.integer(0, 12))
        way = dice.integer(0, 4)
        if way == 0:
            text = text[:at] + text[end:]
        elif way == 1:
            text = text[:end] + text[at:]
        elif way == 2:
            text = text[:at] + dice.pick(SCRAPS) + text[at:]
        elif way == 3:
            names = re.findall(r"[A-Za-z_][A-Za-z0-9_]*", text) or ["x"]
            other = dice.pick(names)
            text = re.sub(rf"\b{re.escape(dice.pick(names))}\b", other, text, count=1)
        else:
            literals = re.findall(r"\$?[0-9][0-9_.]*%?", text) or ["1"]
            text = text.replace(dice.pick(literals), dice.pick(literals), 1)
    return text


@st.composite
def carelessly(draw: Callable[[Any], Any]) -> str:
    """Generated texts, laid out without care."""
    return careless(draw(texts()), Drawn(draw))


@st.composite
def in_pieces(draw: Callable[[Any], Any]) -> str:
    """Generated texts with damage."""
    return damaged(draw(texts()), Drawn(draw))


@FEWER
@given(carelessly())
def test_formatting_keeps_the_meaning_and_every_comment_and_is_done_once(text: str) -> None:
    formatted = format_text(Source("careless.mh", text))
    before, _ = tree_from_text(Source("careless.mh", text))
    after, _ = tree_from_text(Source("formatted.mh", formatted))
    assert before is not None
    assert same_meaning(before, after)
    assert re.findall("# note [0-9]+", formatted) == re.findall("# note [0-9]+", text)
    assert format_text(Source("formatted.mh", formatted)) == formatted


@FEWER
@given(cases())
def test_formatting_changes_no_amount(case: Case) -> None:
    text = careless(case.program.text(), case.dice)
    plan = plan_of(format_text(Source("careless.mh", text)))
    assert postings(settled(plan, case.rows, case.year)) == postings(case.settled())


@given(in_pieces())
def test_a_damaged_text_is_told_what_is_wrong_and_never_breaks_the_checker(text: str) -> None:
    found = checked(text)
    assert all(finding.message for finding in found.findings)
    assert found.plan is not None or found.errors
