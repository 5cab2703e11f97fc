"""A rule text cut into pieces without regard to grammar: words, numbers, signs, comments, line ends.

The grammar alone says what a text means. These pieces serve two passes that must also work where it says nothing: the
search for mistakes, which goes on behind an error, and the formatter, which keeps comments.
"""

from __future__ import annotations

import re
from enum import Enum

from mhrules.classes import frozen

CONTINUING = frozenset(
    "+ - * / = != < <= > >= , : ; { ( | .. and or not of in then else when where with per to by from".split()
)
"""After these a clause goes on: the line end is only white space."""
TAILS = frozenset("ties against assumed".split())
"""These go on with the clause of the line above; the grammar's `_NEWLINE` has the same three."""


class Kind(Enum):
    """What a piece looks like; the last five are mistakes wherever the grammar did not ask for them."""

    NEWLINE = "newline"
    COMMENT = "comment"
    STRING = "string"
    NUMBER = "number"
    WORD = "word"
    SIGN = "sign"
    OPEN_STRING = "open_string"
    THOUSANDS = "thousands"
    US_DATE = "us_date"
    BARE_CENTS = "bare_cents"
    STRAY = "stray"


_PIECE = re.compile(
    r"""(?P<blank>[ \t]+)
    |(?P<newline>\n)
    |(?P<comment>\#[^\n]*)
    |(?P<string>"(?:[^"\\\n]|\\["\\])*")
    |(?P<open_string>"[^\n]*)
    |(?P<us_date>[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}(?![0-9A-Za-z_]))
    |(?P<thousands>\$?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?%?(?![0-9A-Za-z_,]))
    |(?P<bare_cents>\$\.[0-9]+)
    |(?P<number>[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])|[0-9]{4}-(?:Q[1-4]|H[12])(?![A-Za-z0-9_])
        |[0-9]{4}-[0-9]{2}(?![0-9-])|[0-9]{2}-[0-9]{2}(?![0-9-])
        |\$?[0-9][0-9_]*(?:\.[0-9]+)?%?[A-Za-z0-9_]*)
    |(?P<word>yes/no(?![A-Za-z0-9_])|run-out(?![A-Za-z0-9_])|[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>==|&&|\|\||<=|>=|!=|<>|=>|=<|:=|\.\.|[-+*/=<>(){},:;|%$!.])
    |(?P<stray>.)""",
    re.VERBOSE,
)
"""Two numbers with a hyphen between (`10-12`) stay one piece: the formatter then leaves them as they are."""


@frozen
class Piece:
    """One word, number, sign, comment or line end; `start` and `end` are offsets in the text."""

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def is_ink(self) -> bool:
        """Whether it is part of a clause: neither a comment nor a line end."""
        return self.kind is not Kind.COMMENT and self.kind is not Kind.NEWLINE


def pieces(text: str) -> list[Piece]:
    """Every piece of a text, in order; blanks are left out."""
    found = []
    for match in _PIECE.finditer(text):
        kind = match.lastgroup
        if kind != "blank" and kind is not None:
            found.append(Piece(Kind(kind), match.group(), match.start(), match.end()))
    return found


def following(all_pieces: list[Piece]) -> list[Piece | None]:
    """For each piece the next behind it that is part of a clause."""
    found: list[Piece | None] = []
    after = None
    for piece in reversed(all_pieces):
        found.append(after)
        after = piece if piece.is_ink else after
    found.reverse()
    return found


def continues(before: Piece | None, after: Piece | None) -> bool:
    """Whether a line end between two pieces is only white space, as `lines.py` sees it outside of parentheses."""
    if before is None or before.text in CONTINUING:
        return True
    return after is not None and after.text in TAILS
