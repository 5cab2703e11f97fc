"""The sample programs: they parse, their nodes lie inside one another, they keep their layout, and survive mutation."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhrules.source import Source
from mhrules.syntax import tree as t
from mhrules.syntax.format import format_text
from mhrules.syntax.parse import tree_from_text
from mhrules.syntax.scan import Kind, pieces
from mhrules.syntax.tree import same_meaning

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "design" / "samples"
SAMPLES = sorted(SHARED.glob("*.mh"))
ALL = (Path(__file__).parent / "good.mh", *SAMPLES)
TEXTS = [path.read_text(encoding="utf-8") for path in ALL]


@pytest.mark.skipif(not SAMPLES, reason=f"no samples in the repository's sibling {SHARED.relative_to(ROOT.parent)}")
def test_the_samples_are_there() -> None:
    assert len(SAMPLES) >= 7


def parsed(text: str) -> t.File:
    tree, found = tree_from_text(Source("a.mh", text))
    assert found == ()
    assert tree is not None
    return tree


@pytest.mark.parametrize("path", ALL, ids=lambda p: p.stem)
def test_a_sample_parses_and_its_nodes_lie_inside_one_another(path: Path) -> None:
    tree = parsed(path.read_text(encoding="utf-8"))
    for node in tree.walk():
        assert node.span.start <= node.span.end
        for child in node.children():
            assert node.span.start <= child.span.start <= child.span.end <= node.span.end, (node, child)


@pytest.mark.parametrize("path", ALL, ids=lambda p: p.stem)
def test_formatting_keeps_meaning_and_comments_and_is_stable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    formatted = format_text(Source(path.name, text))
    assert same_meaning(parsed(text), parsed(formatted))
    assert format_text(Source(path.name, formatted)) == formatted
    assert comments(formatted) == comments(text)


def comments(text: str) -> list[str]:
    return [p.text.rstrip() for p in pieces(text) if p.kind is Kind.COMMENT]


@st.composite
def edited(draw: st.DrawFn) -> str:
    """A sample with a few stretches removed, doubled or replaced."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 40)))
        new = draw(
            st.sampled_from(["", "}", "{", "(", ")", '"', "\n", ";", " x ", ":", "“", "when ", "#", "5,000", "\\"])
        )
        text = text[:start] + new + text[end:]
    return text


@given(edited())
def test_no_edit_of_a_sample_breaks_the_parser(text: str) -> None:
    tree, found = tree_from_text(Source("a.mh", text))
    assert (tree is None) == bool(found)
    assert all(d.message != "the text cannot be read" for d in found)
    if tree is not None:
        formatted = format_text(Source("a.mh", text))
        assert format_text(Source("a.mh", formatted)) == formatted


@st.composite
def respaced(draw: st.DrawFn) -> str:
    """A sample whose blanks, blank lines and comments are others, but whose words and lines are the same."""
    random = draw(st.randoms(use_true_random=False))
    lines = []
    for line in draw(st.sampled_from(TEXTS)).split("\n"):
        row, end = "", 0
        for piece in pieces(line):
            touching = piece.start == end
            row += "" if touching else " " * random.choice([1, 1, 2, 5])
            row += piece.text
            end = piece.end
        lines.append(row + random.choice(["", "", "  ", "\t# note"]) if row and "#" not in row else row)
        if random.random() < 0.2:
            lines += [""] * random.randrange(3)
    lines[0] = "mhrules 1"
    return "\n".join(lines) + "\n" * random.randrange(3)


@given(respaced())
def test_formatting_does_not_depend_on_the_spaces_there_were(text: str) -> None:
    formatted = format_text(Source("a.mh", text))
    assert same_meaning(parsed(text), parsed(formatted))
    assert format_text(Source("a.mh", formatted)) == formatted
    assert comments(formatted) == comments(text)
