"""What a sentence about a mistake quotes of the value in front of it: its text, what closes it, a range meant."""

from __future__ import annotations

import re

from mhrules.source import Source
from mhrules.syntax.scan import Kind, pieces

LONGEST = 50
"""Characters of a value that advice repeats; a longer one is `…`."""
_BEFORE_VALUE = frozenset(
    "= : , ; ( { | < <= > >= != .. and or not if then else when from to within plus above pays most least".split()
)
"""Behind these a value begins."""
_CLOSING = re.compile(
    r"(at\s+(?:start|end)\s+of\s+period|by\s+month|by\s+date\s+paid|on\s+(?:first|last)\s+day|in\s+the\s+whole\s+year"
    r"|ever|as\s+%|attributed\s+at\s+least\s+[0-9]+\s+months|the\s+same\s+for\s+each\s+payer)\s*\Z"
)
_RANGE = re.compile(r"in[ \t]+\(?([^\s,;{}()]+)[ \t]+(?:to|\.\.)[ \t]+([^\s,;{}()]+)")


def value_before(source: Source, start: int, end: int) -> str:
    """The text of the value that ends at an offset, in a clause that starts at another; `…` where it is long."""
    inks = [piece for piece in pieces(source.text[start:end]) if piece.kind is not Kind.COMMENT]
    depth, first = 0, end - start
    for piece in reversed(inks):
        depth += (piece.text in (")", "}")) - (piece.text in ("(", "{"))
        if depth < 0 or (depth == 0 and (piece.text in _BEFORE_VALUE - {"(", "{"} or piece.kind is Kind.STRING)):
            break
        if piece.kind is not Kind.NEWLINE:
            first = piece.start
    text = source.text[start + first : end].strip()
    return text if text and len(text) <= LONGEST and "\n" not in text else "…"


def closing_words(source: Source, start: int, end: int) -> str | None:
    """The words that close a whole value (`by month`), if the text between two offsets ends with them."""
    found = _CLOSING.search(source.text[start:end])
    return " ".join(found.group(1).split()) if found else None


def range_at(source: Source, offset: int) -> tuple[str, str] | None:
    """Both ends of `in 1 to 5`, if that stands at an offset."""
    found = _RANGE.match(source.text, offset)
    return (found.group(1), found.group(2)) if found else None
