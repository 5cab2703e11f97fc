"""The lexer that tries each terminal by itself finds what Lark's own finds."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest
from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from mhrules.resources import shipped
from mhrules.syntax.grammar import STARTS, parser
from mhrules.syntax.lexer import WORD_PRIORITY, whole_words, word_of
from mhrules.syntax.lines import ClauseLines

TEXTS = (
    shipped("programs", "rhode_island_csi", "rhode_island_csi.mh").read_text(encoding="utf-8"),
    shipped("programs", "michigan_mipct", "michigan_mipct.mh").read_text(encoding="utf-8"),
    (Path(__file__).parent / "good.mh").read_text(encoding="utf-8"),
)
STRANGE = ("<", "<=", "=", " term ", "terms", "2012-01", "12.5%", "$3", '"', "\n", "é", "{", "claim line", "per 1_000")


@lru_cache(maxsize=1)
def plain() -> Lark:
    """The parser with the lexer that Lark makes."""
    return Lark(
        shipped("grammar", "mhrules.lark").read_text(encoding="utf-8"),
        parser="lalr",
        lexer="contextual",
        start=list(STARTS),
        propagate_positions=True,
        maybe_placeholders=True,
        postlex=ClauseLines(),
        edit_terminals=whole_words,
    )


def outcome(lark: Lark, text: str) -> object:
    """The tree with the place of every token, or where the text stops being one and what could stand there."""
    try:
        tree = lark.parse(text, start="start")
    except UnexpectedInput as error:
        wanted = getattr(error, "allowed", None) or getattr(error, "expected", None)
        return type(error), error.pos_in_stream, str(getattr(error, "token", "")), wanted
    assert isinstance(tree, Tree)
    tokens = tree.scan_values(lambda value: isinstance(value, Token))
    return tree, [(token.type, token.start_pos, token.end_pos, token.line, token.end_column) for token in tokens]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_has_the_same_tree(text: str) -> None:
    assert outcome(parser(), text) == outcome(plain(), text)


@pytest.mark.parametrize("strange", STRANGE)
def test_a_text_that_was_tampered_with_has_the_same_tree_or_mistake(strange: str) -> None:
    text = TEXTS[0]
    for at in range(20, len(text), len(text) // 4):
        tampered = text[:at] + strange + text[at + 3 :]
        assert outcome(parser(), tampered) == outcome(plain(), tampered)


def test_no_other_terminal_of_their_priority_matches_where_a_keyword_does() -> None:
    terminals = [each for each in parser().terminals if each.priority == WORD_PRIORITY]
    others = [each.name for each in terminals if word_of(each) is None]
    assert others == ["INT"]
    assert len(terminals) > 50
