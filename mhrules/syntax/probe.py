"""The parser brought to one place of the grammar, to try a stretch of text there and to ask what could stand next."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from lark import Token
from lark.exceptions import UnexpectedInput, UnexpectedToken
from lark.lexer import LexerThread
from lark.parsers.lalr_interactive_parser import InteractiveParser

from mhrules.classes import frozen
from mhrules.syntax.contexts import CONTEXTS
from mhrules.syntax.grammar import parser
from mhrules.syntax.lexer import WORD_END
from mhrules.syntax.lines import SEPARATOR

END = "$END"
_SPELLED = {
    "MEASURE_CONDITION": ("eligible when", "exclude when", "met when"),
    "MEASURE_BETTER": ("lower is better", "higher is better"),
    "DURATION_UNIT": ("days", "months", "years"),
    "ROUND_MODE": ("half up", "half even"),
    "MONTHS_RULE": ("on day 1", "on day 15", "any day"),
    "WHEN": ("at start of period", "at end of period", "by month", "on first day", "on last day", "ever"),
    "BEST_OF": ("greater of", "lesser of"),
    "IN_PROPORTION_TO": ("in proportion to",),
    "CLAIM": ("claim",),
    "PER_NUMBER": ("per 1_000",),
    "LPAR": ("(",),
    "RPAR": (")",),
    "COMMA_EXCESS": (", excess lapses", ", excess carries forward"),
    "COMMA_AT_MOST": (", at most",),
    "COMMA_REFUSED": (", refused shares return to",),
}
"""Spelled by hand where the pattern of the grammar is not a plain list of words."""


@frozen
class Stop:
    """Where the parser could not go on, and the terminals it would take.

    `offset` is None at the end of the stretch; `line_end` says that a line end or `;` is what it could not take.
    """

    offset: int | None
    accepted: frozenset[str]
    line_end: bool = False


class Probe:
    """The parser at one place; `feed` moves it on."""

    def __init__(self, state: InteractiveParser) -> None:
        self._state = state

    @classmethod
    def at(cls, start: str, lead: str) -> Probe:
        """The parser behind `lead`, from a start symbol of the grammar."""
        state = parser().parse_interactive(lead, start=start)
        state.exhaust_lexer()
        return cls(state)

    def copy(self) -> Probe:
        """Another one at the same place."""
        return Probe(self._state.copy())  # type: ignore[no-untyped-call]

    def feed(self, text: str, start: int, end: int) -> Stop | None:
        """Reads on from `start` to `end` of a text; None if the parser takes it all."""
        # A copy of the stretch: Lark would count the lines of everything before it.
        thread = parser().parser._make_lexer_thread(text[start:end])
        assert isinstance(thread, LexerThread)
        self._state.lexer_thread = thread
        state = self._state.parser_state
        # A refused token may have ended something first: what could stand here is asked of the state before it.
        here = list(state.state_stack), list(state.value_stack)
        try:
            for token in thread.lex(state):  # type: ignore[no-untyped-call]
                here = list(state.state_stack), list(state.value_stack)
                state.feed_token(token)
        except UnexpectedInput as error:
            if isinstance(error, UnexpectedToken) and error.token_history is None:
                state.state_stack, state.value_stack = here
            return _stop(error, start, end, self.accepted())
        return None

    def end_clause(self) -> Stop | None:
        """Ends the clause here; None if it may end."""
        state = self._state.parser_state
        here = list(state.state_stack), list(state.value_stack)
        try:
            state.feed_token(Token(SEPARATOR, "\n"))
        except UnexpectedToken:
            state.state_stack, state.value_stack = here
            return Stop(None, self.accepted())
        return None

    def accepted(self) -> frozenset[str]:
        """The terminals that the parser would take next."""
        return frozenset(self._state.accepts())  # type: ignore[no-untyped-call]


def _stop(error: UnexpectedInput, start: int, end: int, accepted: frozenset[str]) -> Stop:
    """Where an error of a stretch stands."""
    if isinstance(error, UnexpectedToken):
        place = error.token.start_pos
        offset = start + place if place is not None and start + place < end else None
        return Stop(offset, accepted, line_end=error.token.type == SEPARATOR)
    return Stop(start + (error.pos_in_stream or 0), accepted)


@lru_cache(maxsize=64)
def at_context(name: str) -> Probe:
    """The parser where a clause of a kind of block starts; use a copy."""
    context = CONTEXTS[name]
    return Probe.at(context.start, context.lead)


@lru_cache(maxsize=1)
def terminal_words() -> dict[str, tuple[str, ...]]:
    """For each terminal that stands for words or signs of the language, those words and signs."""
    plain = {terminal.name: tuple(_spellings(terminal.pattern.value)) for terminal in parser().terminals}
    return plain | _SPELLED


def _spellings(pattern: str) -> Iterable[str]:
    """The words that a keyword's pattern matches, for the plain patterns that the grammar uses."""
    pattern = pattern.removesuffix(WORD_END).removesuffix("\\b")
    pattern = pattern.replace("[ \\t]+", " ").replace("[ \t]+", " ").replace("\\/", "/")
    if pattern.startswith("(") and pattern.endswith(")") and pattern.count("(") == 1:
        return pattern[1:-1].split("|")
    plain = pattern.replace("\\", "")
    return [plain] if not set(pattern) & set("[]()?\\") and len(plain) < 40 else []


@lru_cache(maxsize=64)
def starters(name: str) -> frozenset[str]:
    """The first words of the clauses of a kind of block; empty where a clause starts with a name."""
    if name not in CONTEXTS:
        return frozenset()
    accepted = at_context(name).copy().accepted()
    if name == "attribution":
        accepted = accepted | {"EVERY"} | Probe.at("program_body", "attribution { every month;").accepted()
    words = terminal_words()
    if "NAME" in accepted:
        return frozenset()
    return frozenset(spelling.split()[0] for t in accepted for spelling in words.get(t, ()) if spelling[0].isalpha())
