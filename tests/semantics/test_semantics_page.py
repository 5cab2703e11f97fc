"""The normative page names an example for each rule, and every boundary example is named by a rule."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from mhrules.source import Source
from mhrules.syntax import tree as t
from mhrules.syntax.parse import tree_from_text

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "semantics.md"
BOUNDARIES = ROOT / "tests" / "semantics" / "boundaries"
PROGRAMS = ROOT / "programs"

RULE = re.compile(r"^\*\*(S\d+\.\d+)\*\*", re.MULTILINE)
MENTION = re.compile(r"`(\d\d-[a-z0-9-]+\.mh|programs/[a-z0-9_/]+\.mh)`: “([^”]+)”")
TEST = re.compile(r"`(tests/[a-z_/]+\.py)(?:::(test_\w+))?`")


@cache
def text() -> str:
    return PAGE.read_text(encoding="utf-8")


@cache
def titles(path: Path) -> frozenset[str]:
    """The titles of a file's examples."""
    tree, _ = tree_from_text(Source(path.name, path.read_text(encoding="utf-8")))
    assert tree is not None, path
    return frozenset(node.title for node in tree.walk() if isinstance(node, t.Example))


def file_of(name: str) -> Path:
    """Where a file that the page names lies."""
    return ROOT / name if name.startswith("programs/") else BOUNDARIES / name


def named() -> list[tuple[str, str]]:
    """Every example that the page names: file and title."""
    flat = re.sub(r"\s+", " ", text())
    return MENTION.findall(flat)


def test_rules_are_numbered_once_and_in_order() -> None:
    numbers = [tuple(int(part) for part in number[1:].split(".")) for number in RULE.findall(text())]
    assert numbers == sorted(set(numbers))
    for section, last in Counter(section for section, _ in numbers).items():
        assert [rule for part, rule in numbers if part == section] == list(range(1, last + 1))


def test_every_rule_names_what_holds_it() -> None:
    rules = re.split(r"(?m)^(?:\*\*(?=S\d)|#)", text())
    bare = [rule[:60] for rule in rules if rule.startswith("S") and not MENTION.search(rule) and not TEST.search(rule)]
    assert bare == []


def test_every_named_example_exists() -> None:
    absent = [
        f"{name}: {title}"
        for name, title in named()
        if not file_of(name).is_file() or title not in titles(file_of(name))
    ]
    assert absent == []


def test_every_named_test_exists() -> None:
    for name, function in TEST.findall(text()):
        path = ROOT / name
        assert path.is_file(), name
        assert not function or f"def {function}(" in path.read_text(encoding="utf-8"), f"{name}::{function}"


@pytest.mark.parametrize("path", sorted(BOUNDARIES.glob("*.mh")), ids=lambda path: path.name)
def test_every_boundary_example_is_named(path: Path) -> None:
    found = {title for name, title in named() if name == path.name}
    assert titles(path) - found == frozenset()
