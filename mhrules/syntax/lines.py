"""Line ends as separators: where one clause stops and the next begins.

The lexer hands over every line end as `_NEWLINE` and every `;` as `_SEMICOLON`. A line end separates clauses only
where the innermost open bracket is a brace (or none is open) and the last word cannot end a clause. (The lexer itself
takes a line end before one of `scan.TAILS` for white space.)
"""

from __future__ import annotations

from collections.abc import Iterator

from lark import Token

from mhrules.syntax.scan import CONTINUING

SEPARATOR = "_SEP"
LINE_END = "_NEWLINE"
SEMICOLON = "_SEMICOLON"
QUOTED = frozenset(["STRING", "WORDS"])
OPENING = {"{": "}", "(": ")"}


class ClauseLines:
    """Turns line ends and semicolons into separators, and drops those that separate nothing."""

    always_accept = (LINE_END, SEMICOLON)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """The tokens of `stream`, with `_SEP` where a clause ends."""
        open_brackets: list[str] = []
        last: str | None = None
        for token in stream:
            if token.type in self.always_accept:
                inside_parentheses = bool(open_brackets) and open_brackets[-1] == "("
                if token.type == LINE_END and inside_parentheses:
                    continue
                if last is None or last in CONTINUING:
                    continue
                last = ";"
                yield Token.new_borrow_pos(SEPARATOR, str(token), token)
                continue
            text = str(token)
            if text in OPENING:
                open_brackets.append(text)
            elif open_brackets and text == OPENING[open_brackets[-1]]:
                open_brackets.pop()
            last = text if token.type in QUOTED else text.rsplit(maxsplit=1)[-1]
            yield token
