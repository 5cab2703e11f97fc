"""Rule files as text: sources, places in them, and imports that stay under one root."""

from __future__ import annotations

import bisect
import hashlib
from functools import cached_property

from attrs import field

from mhrules.classes import frozen


@frozen(eq=False, slots=False)
class Source:
    """One rule text as it was read.

    `name` is what people are shown (a path relative to the program's folder, with `/`),
    `text` is the decoded content. Two sources are the same only if they are one object.
    """

    name: str
    text: str = field(repr=False)

    @cached_property
    def line_starts(self) -> list[int]:
        """Offsets at which lines begin."""
        starts = [0]
        starts.extend(i + 1 for i, c in enumerate(self.text) if c == "\n")
        return starts

    @cached_property
    def sha256(self) -> str:
        """Hash of the text's UTF-8 bytes, for manifests."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()

    def line_of(self, offset: int) -> int:
        """The 1-based line that holds `offset`."""
        return bisect.bisect_right(self.line_starts, offset)

    def column_of(self, offset: int) -> int:
        """The 1-based column of `offset`, in characters."""
        return offset - self.line_starts[self.line_of(offset) - 1] + 1

    def line_text(self, line: int) -> str:
        """The text of a 1-based line, without its line end."""
        start = self.line_starts[line - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]


@frozen
class Span:
    """A stretch of a source: offsets `start` (inclusive) to `end` (exclusive)."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        """The 1-based line on which it starts."""
        return self.source.line_of(self.start)

    @property
    def column(self) -> int:
        """The 1-based column at which it starts."""
        return self.source.column_of(self.start)

    @property
    def end_line(self) -> int:
        """The 1-based line that holds its last character."""
        return self.source.line_of(max(self.start, self.end - 1))

    @property
    def end_column(self) -> int:
        """The 1-based column just past the last character."""
        return self.source.column_of(max(self.start, self.end - 1)) + (self.end > self.start)

    @property
    def text(self) -> str:
        """The underlined text."""
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """The stretch from the start of this span to the end of the other."""
        return Span(self.source, self.start, max(self.end, other.end))

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}"
