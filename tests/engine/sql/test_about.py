"""Every relation says what it is: `mhrules plan` prints it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from mhrules.engine.sql.about import About, rule_text
from mhrules.source import Source, Span

PACKAGE = Path(__file__).resolve().parents[3] / "mhrules"
ARGUMENTS = {"table": 3, "values": 4}  # how many arguments say name, text or rows, and what the relation is


def test_every_relation_that_is_made_says_what_it_is() -> None:
    silent = []
    made = 0
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in ARGUMENTS and ast.unparse(node.func.value).split(".")[-1] == "store":
                made += 1
                if len(node.args) + len(node.keywords) < ARGUMENTS[node.func.attr]:
                    silent.append(f"{path.relative_to(PACKAGE)}:{node.lineno}")
    assert silent == []
    assert made > 50


@pytest.mark.parametrize(
    ("grain", "said"),
    [
        (None, ""),
        ((), "one row"),
        (("payer",), "a row for each payer"),
        (("payer", "practice", "contract_year"), "a row for each payer, practice and contract year"),
    ],
)
def test_the_grain_in_words(grain: tuple[str, ...] | None, said: str) -> None:
    assert About("facts", grain).rows == said


def test_the_lines_of_a_rule_lose_the_indentation_that_they_share() -> None:
    source = Source("a.mh", "program a {\n    define x = choose {\n      when y : 1\n    }\n}\n")
    start = source.text.index("x =")
    span = Span(source, start, source.text.index("}\n}") + 1)
    assert rule_text(span) == ("define x = choose {", "  when y : 1", "}")
