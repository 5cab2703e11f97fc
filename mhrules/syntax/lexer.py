"""The lexer of Lark, ready sooner: a first parse spent most of its time on building patterns.

Lark makes one pattern of all terminals that may stand at a place of the grammar, for each of hundreds of places, and
compiling these is slow. Here each terminal is compiled once and tried by itself, in the order of Lark's pattern, which
takes the first that matches; keywords, most of all terminals, are looked up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from copy import copy
from functools import lru_cache

from lark.common import LexerConf
from lark.lexer import (
    AbstractBasicLexer,
    BasicLexer,
    ContextualLexer,
    PatternRE,
    PatternStr,
    Scanner,
    TerminalDef,
    UnlessCallback,
)
from lark.utils import TextSlice

WORD_END = "(?![A-Za-z0-9_])"
WORD_PRIORITY = 1
"""Of keywords. No other terminal of this priority may match where a keyword does (`tests/syntax/test_lexer.py`)."""
_WORD = re.compile("[a-z_]+" + WORD_END)

Matching = Callable[[str, int, int], re.Match[str] | None]


def whole_words(terminal: TerminalDef) -> None:
    """Makes a keyword match whole words only, before names: `termination` is not `term`, whatever may stand there."""
    pattern = terminal.pattern
    if isinstance(pattern, PatternStr) and re.fullmatch("[a-z_]+", pattern.value):
        terminal.pattern = PatternRE(pattern.value + WORD_END, raw=pattern.raw)
        terminal.priority = max(terminal.priority, WORD_PRIORITY)


def word_of(terminal: TerminalDef) -> str | None:
    """The keyword that a terminal stands for; None if it stands for something else."""
    word = terminal.pattern.value.removesuffix(WORD_END)
    whole = word != terminal.pattern.value and terminal.priority == WORD_PRIORITY
    return word if whole and re.fullmatch("[a-z_]+", word) else None


@lru_cache(maxsize=512)
def _matching(pattern: str, flags: int) -> Matching:
    return re.compile(pattern, flags).match


class WordScanner(Scanner):
    """Finds which of some terminals stands at a place; the first in order that matches.

    Keywords are behind all others of their priority, none of which can match where a keyword does.
    """

    def __init__(self, terminals: Collection[TerminalDef], flags: int) -> None:
        self.terminals = terminals
        self.allowed_types = {each.name for each in terminals}
        self._words: dict[str, str] = {}
        self._before: list[tuple[str, Matching]] = []
        self._behind: list[tuple[str, Matching]] = []
        for each in terminals:
            word = word_of(each)
            if word is not None:
                self._words[word] = each.name
            else:
                place = self._before if each.priority >= WORD_PRIORITY else self._behind
                place.append((each.name, _matching(each.pattern.to_regexp(), flags)))

    def match(self, text: TextSlice[str], pos: int) -> tuple[str, str] | None:
        """The text of the terminal at a place, and its name; None if none stands there."""
        whole, end = text.text, text.end
        for name, matching in self._before:
            found = matching(whole, pos, end)
            if found:
                return found.group(), name
        word = _WORD.match(whole, pos, end)
        if word and word.group() in self._words:
            return word.group(), self._words[word.group()]
        for name, matching in self._behind:
            found = matching(whole, pos, end)
            if found:
                return found.group(), name
        return None

    def fullmatch(self, text: str) -> str | None:
        """The name of the terminal that a text is; None if it is none."""
        found = self.match(TextSlice(text, 0, len(text)), 0)
        return found[1] if found and found[0] == text else None


class _WordLexer(BasicLexer):
    """The lexer of one place of the grammar."""

    def _build_scanner(self) -> Scanner:
        """As Lark's: a sign that a pattern matches too is that sign, so it is told apart behind the pattern."""
        signs = [each for each in self.terminals if isinstance(each.pattern, PatternStr)]
        patterns = [each for each in self.terminals if isinstance(each.pattern, PatternRE) and word_of(each) is None]
        self.callback = dict(self.user_callbacks)
        embedded: set[str] = set()
        for pattern in patterns:
            matching = _matching(pattern.pattern.to_regexp(), self.g_regex_flags)
            told = []
            for sign in signs:
                value = sign.pattern.value
                found = matching(value, 0, len(value)) if sign.priority == pattern.priority else None
                if found and found.group() == value:
                    told.append(sign)
            if told:
                self.callback[pattern.name] = UnlessCallback(WordScanner(told, self.g_regex_flags))
                embedded |= {sign.name for sign in told}
        return WordScanner([each for each in self.terminals if each.name not in embedded], self.g_regex_flags)


class _Lexers(dict[int, AbstractBasicLexer]):
    """By state of the parser the lexer there, made when first asked for."""

    def __init__(self, conf: LexerConf, states: dict[int, Collection[str]], always: Collection[str]) -> None:
        super().__init__()
        self._conf, self._states = copy(conf), states
        self._conf.skip_validation = True  # the lexer of all terminals is made first
        self._always = {*conf.ignore, *always}
        self._by_accepted: dict[frozenset[str], AbstractBasicLexer] = {}

    def __missing__(self, state: int) -> AbstractBasicLexer:
        accepted = frozenset(self._states[state])
        lexer = self._by_accepted.get(accepted)
        if lexer is None:
            conf, named = copy(self._conf), self._conf.terminals_by_name
            conf.terminals = [named[name] for name in accepted | self._always if name in named]
            lexer = self._by_accepted[accepted] = _WordLexer(conf)
        self[state] = lexer
        return lexer


class WordLexer(ContextualLexer):
    """A lexer that looks only for what may stand at a place: keywords may be names elsewhere."""

    def __init__(
        self, conf: LexerConf, states: dict[int, Collection[str]], always_accept: Collection[str] = ()
    ) -> None:
        self.root_lexer = _WordLexer(conf)
        self.lexers = _Lexers(conf, states, always_accept)
