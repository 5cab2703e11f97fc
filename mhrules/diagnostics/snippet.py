"""Lines of a rule text with underlines: what a person sees of a span, at a given width."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Callable, Iterable

from mhrules.classes import frozen
from mhrules.source import Source, Span

Painter = Callable[[str, str], str]
"""Puts a style (`gutter`, `first`, `second`, …) onto a text, or leaves it plain."""


@frozen
class Frame:
    """What every row of one finding shares: columns for line numbers, columns in all, and the painter."""

    gutter: int
    width: int
    paint: Painter

    @property
    def room(self) -> int:
        """Columns right of the gutter."""
        return max(self.width - self.gutter - 3, 20)

    @property
    def bar(self) -> str:
        """The gutter of a row without a number."""
        return self.paint("gutter", f"{'':{self.gutter}} |")


_TAB = 4
_CUT = "..."
_LABEL_ROOM = 30
"""Columns that a longer label below an underline gets at least, where the width allows."""


def visible(text: str) -> str:
    """The text with control, bidirectional and other unseen characters spelled out, as `<U+202E>`."""
    return "".join(_glyph(c) for c in text)


def _glyph(char: str) -> str:
    if unicodedata.category(char) in {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}:
        return f"<U+{ord(char):04X}>"
    return char


@frozen
class Mark:
    """An underline below characters `start` to `end` (0-based, exclusive) of one line, with words beside it."""

    start: int
    end: int
    primary: bool
    text: str = ""


Marks = dict[int, list[Mark]]
"""Marks by 1-based line."""


def add_marks(marks: Marks, span: Span, text: str, primary: bool) -> None:
    """Underline `span`; of several lines, its first and its last, where the words go."""
    source = span.source
    start, end = _inked(span)
    first, last = source.line_of(start), source.line_of(max(start, end - 1))
    left, right = start - source.line_starts[first - 1], end - source.line_starts[last - 1]
    if first == last:
        marks.setdefault(first, []).append(Mark(left, right, primary, text))
        return
    head, tail = source.line_text(first), source.line_text(last)
    marks.setdefault(first, []).append(Mark(left, len(head.rstrip()), primary))
    marks.setdefault(last, []).append(Mark(len(tail) - len(tail.lstrip()), right, primary, text))


def _inked(span: Span) -> tuple[int, int]:
    """The span's offsets without blanks around it; of a span of blanks, what lies on its first line."""
    text = span.text
    if not text.strip():
        return span.start, span.start + len(text.split("\n", 1)[0])
    return span.start + len(text) - len(text.lstrip()), span.start + len(text.rstrip())


def snippet(source: Source, marks: Marks, frame: Frame) -> list[str]:
    """The marked lines of a source with their underlines, numbers right-aligned in the gutter.

    A single line between two marked ones is shown; more are cut to `...`. Longer lines are cut around the marks.
    """
    rows: list[str] = []
    previous = None
    for number in sorted(marks):
        if previous is not None and number == previous + 2:
            rows += _line(source, previous + 1, [], frame)
        elif previous is not None and number > previous + 1:
            rows.append(frame.paint("gutter", _CUT))
        rows += _line(source, number, marks[number], frame)
        previous = number
    return rows


def _line(source: Source, number: int, marks: list[Mark], frame: Frame) -> list[str]:
    """One line and its underlines; repeated for each mark if they are too far apart to be seen together."""
    view = _View.of(source.line_text(number))
    ordered = sorted(marks, key=lambda m: (m.start, m.end, not m.primary))
    room = frame.room - 1  # an underline may stand just past the end
    rows: list[str] = []
    for seen in view.together(ordered, room):
        low, high = view.window(seen, room)
        text = view.cut(low, high)
        rows.append(f"{frame.paint('gutter', f'{number:>{frame.gutter}} |')} {text}".rstrip())
        for mark in seen:
            rows += (f"{frame.bar} {row}" for row in _underline(view, mark, (low, high), frame))
    return rows


def _underline(view: _View, mark: Mark, shown: tuple[int, int], frame: Frame) -> list[str]:
    """The row of signs below a mark and its words, beside if they fit, else below; `shown` are the characters seen."""
    (low, high), room, paint = shown, frame.room, frame.paint
    style, sign = ("first", "^") if mark.primary else ("second", "-")
    indent = view.column(mark.start) - view.column(low) + (len(_CUT) if low else 0)
    signs = sign * max(1, view.column(min(mark.end, high)) - view.column(mark.start))
    words = visible(mark.text)
    if not words:
        return [" " * indent + paint(style, signs)]
    if indent + len(signs) + 1 + len(words) <= room:
        return [" " * indent + paint(style, f"{signs} {words}")]
    below = min(indent, max(0, room - min(len(words), _LABEL_ROOM)))
    wrapped = wrap(words, room - below)
    return [" " * indent + paint(style, signs), *(" " * below + paint(style, row) for row in wrapped)]


@frozen
class _View:
    """A line as it is shown: a glyph per character, and the column at which each starts (one more for the end)."""

    glyphs: tuple[str, ...]
    columns: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> _View:
        glyphs, columns = [], [0]
        for char in text:
            glyph = " " * (_TAB - columns[-1] % _TAB) if char == "\t" else _glyph(char)
            glyphs.append(glyph)
            columns.append(columns[-1] + _width(glyph))
        return cls(tuple(glyphs), tuple(columns))

    def column(self, index: int) -> int:
        return self.columns[min(index, len(self.glyphs))]

    def together(self, marks: list[Mark], room: int) -> list[list[Mark]]:
        """The marks in groups that fit into one view of the line each."""
        if self.columns[-1] <= room or len(marks) < 2:
            return [marks]
        extent = self.column(max(m.end for m in marks)) - self.column(marks[0].start)
        return [marks] if extent <= room - 2 * len(_CUT) else [[m] for m in marks]

    def window(self, marks: list[Mark], room: int) -> tuple[int, int]:
        """The characters to show: all, or those around the marks, equally to both sides where there are enough."""
        size = len(self.glyphs)
        if self.columns[-1] <= room:
            return 0, size
        room -= 2 * len(_CUT)
        low = high = min(marks[0].start, size) if marks else 0
        end = min(max((m.end for m in marks), default=0), size)
        while high < end and self.columns[high + 1] - self.columns[low] <= room:
            high += 1
        while True:
            grown = False
            if low > 0 and self.columns[high] - self.columns[low - 1] <= room:
                low, grown = low - 1, True
            if high < size and self.columns[high + 1] - self.columns[low] <= room:
                high, grown = high + 1, True
            if not grown:
                return low, high

    def cut(self, low: int, high: int) -> str:
        left, right = _CUT if low else "", _CUT if high < len(self.glyphs) else ""
        return f"{left}{''.join(self.glyphs[low:high])}{right}"


def _width(glyph: str) -> int:
    """Columns that a glyph takes: East Asian wide ones two, combining ones none."""
    if len(glyph) != 1:
        return len(glyph)
    if unicodedata.combining(glyph):
        return 0
    return 2 if unicodedata.east_asian_width(glyph) in "WF" else 1


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` columns where words allow; its own line breaks stay."""
    return [row for line in text.split("\n") for row in _wrap_line(line, width)]


def _wrap_line(line: str, width: int) -> Iterable[str]:
    return textwrap.wrap(visible(line), max(width, 20), break_long_words=False, break_on_hyphens=False) or [""]
