"""One layout for every rule text: the author's lines and comments, our spaces, indents and columns.

The text is cut into pieces; pieces are put onto lines (`_Lines`), lines get their indent and the spaces between pieces
(`_Spaces`), and neighbouring lines of one kind get common columns (`columns.py`). Words are never changed, so the
meaning cannot change; it is compared all the same.
"""

from __future__ import annotations

import sys
from bisect import bisect_right

from attrs import field

from mhrules.classes import define, frozen
from mhrules.diagnostics.model import DiagnosticError
from mhrules.diagnostics.registry import finding
from mhrules.source import Source, Span
from mhrules.syntax import tree as t
from mhrules.syntax.columns import Layout, align, layout_of, tail_indent
from mhrules.syntax.parse import tree_from_text
from mhrules.syntax.scan import TAILS, Kind, Piece, continues, following, pieces

STEP = 2
NOTE_GAP = 3
COMMENT_GAP = 3
_ROWS = (t.Row, t.Band, t.ClassifyRow, t.Increase)
_VERBATIM = (t.Category, t.Later, t.SettlementPart)
_NO_SPACE_AFTER = frozenset("(")
_NO_SPACE_BEFORE = frozenset(") , ;".split())
_BEFORE_SIGN = frozenset("( , = < > <= >= != + - * / : | { ..".split())


def format_text(source: Source) -> str:
    """The text in the layout of the house.

    Raises:
        DiagnosticError: the text has syntax mistakes (their findings), or the layout would not mean the same (MH999).
    """
    file, found = tree_from_text(source)
    if file is None:
        raise DiagnosticError(found)
    all_pieces = pieces(source.text)
    marks = _Marks.of(file, all_pieces)
    lines = _Lines(source, all_pieces, marks).all()
    text = "".join(f"{line}\n" for line in _render(lines, marks))
    again, _ = tree_from_text(Source(source.name, text))
    if again is None or not t.same_meaning(file, again):
        first = Span(source, 0, len(source.line_text(1)))
        raise DiagnosticError(
            [finding("MH999", "the formatted text would not mean the same", first, help="report this text as a fault")]
        )
    return text


# ------------------------------------------------------------------------------------ what the tree knows


@define
class _Marks:
    """What the spaces need to know of the tree, by offset in the text."""

    calls: set[int] = field(factory=set)
    negatives: set[int] = field(factory=set)
    notes: set[int] = field(factory=set)
    rows: set[int] = field(factory=set)
    tight: list[tuple[int, int]] = field(factory=list)
    verbatim: list[tuple[int, int]] = field(factory=list)
    layouts: dict[int, Layout] = field(factory=dict)
    tails: dict[int, int] = field(factory=dict)

    @classmethod
    def of(cls, file: t.File, all_pieces: list[Piece]) -> _Marks:
        """The marks of a whole file."""
        marks = cls()
        before = ""
        for piece in all_pieces:
            if piece.text == "-" and before in _BEFORE_SIGN:
                marks.negatives.add(piece.start)
            before = piece.text if piece.is_ink else before
        for node in file.walk():
            marks.add(node)
        marks.tight.sort()
        marks.verbatim.sort()
        return marks

    def add(self, node: t.Node) -> None:
        """The marks of one node."""
        start, end = node.span.start, node.span.end
        if isinstance(node, t.Call):
            self.calls.add(node.function.span.end)
        elif isinstance(node, t.Negative):
            self.negatives.add(start)
        elif isinstance(node, t.Note):
            self.notes.add(start)
        elif isinstance(node, _ROWS):
            self.rows.add(start)
        elif isinstance(node, t.SimpleType):
            self.tight.append((start, end))
        if isinstance(node, _VERBATIM):
            self.verbatim.append((start, end))
        layout = layout_of(node)
        if layout is not None:
            self.layouts.setdefault(start, layout)
        if isinstance(node, t.Clause):
            self.tails.setdefault(start, tail_indent(node))

    @staticmethod
    def within(piece: Piece, stretches: list[tuple[int, int]]) -> bool:
        """Whether a piece lies in one of the stretches, which are sorted and do not overlap."""
        index = bisect_right(stretches, (piece.start, sys.maxsize)) - 1
        return index >= 0 and piece.start < stretches[index][1]


# --------------------------------------------------------------------------------------------- lines


@define
class Line:
    """One line to be written: its indent, its pieces, and the comment behind them (or alone)."""

    indent: int
    pieces: list[Piece] = field(factory=list)
    comment: Piece | None = None
    blank_before: bool = False
    clause_start: bool = False
    continued: bool = False


@frozen
class _Open:
    """An open bracket: whether it spans lines, and the indent of the line that it stands on."""

    brace: bool
    multi: bool
    indent: int


class _Lines:
    """Puts pieces onto lines."""

    def __init__(self, source: Source, all_pieces: list[Piece], marks: _Marks) -> None:
        self.source = source
        self.pieces = all_pieces
        self.marks = marks
        self.next = following(all_pieces)
        self.multi = spanning(source, all_pieces)
        self.lines: list[Line] = []
        self.line: Line | None = None
        self.open: list[_Open] = []
        self.at_clause_start = True
        self.clause_indent = 0
        self.clause_tail = 2 * STEP
        self.blanks = 0
        self.empty = True
        """Whether nothing stands yet on this line of the author's text."""
        self.last: Piece | None = None

    def all(self) -> list[Line]:
        """Every line of the text."""
        for index, piece in enumerate(self.pieces):
            if piece.kind is Kind.NEWLINE:
                self.newline(index)
            elif piece.kind is Kind.COMMENT:
                self.comment(piece)
            elif piece.text == ";":
                self.semicolon(piece)
            else:
                self.ink(piece)
            self.empty = piece.kind is Kind.NEWLINE
        return self.lines

    def in_parens(self) -> bool:
        return bool(self.open) and not self.open[-1].brace

    def newline(self, index: int) -> None:
        after = self.next[index]
        if self.empty:
            self.blanks += 1
        if self.line is not None and not self.in_parens() and not continues(self.last, after):
            self.at_clause_start = True
        self.line = None

    def semicolon(self, piece: Piece) -> None:
        """Kept where its braces open and close on one line; otherwise the next clause gets a line of its own."""
        if self.at_clause_start:
            return
        self.at_clause_start = True
        self.last = piece
        if self.open and not self.open[-1].multi and self.line is not None:
            self.line.pieces.append(piece)
        else:
            self.line = None
            self.blanks = -1

    def comment(self, piece: Piece) -> None:
        if self.line is not None:
            self.line.comment = piece
            return
        if self.trails(piece) and self.lines[-1].comment is None:
            self.lines[-1].comment = piece
            return
        self.add(Line(self.indent_for(piece), comment=piece))

    def trails(self, piece: Piece) -> bool:
        """Whether a comment stands behind ink on its line, although a `;` or brace has ended our line."""
        start = self.source.text.rfind("\n", 0, piece.start) + 1
        return bool(self.source.text[start : piece.start].strip()) and bool(self.lines)

    def add(self, line: Line) -> None:
        opened = bool(self.lines) and bool(self.lines[-1].pieces) and self.lines[-1].pieces[-1].text == "{"
        line.blank_before = self.blanks > 0 and bool(self.lines) and not opened
        self.blanks = 0
        self.lines.append(line)

    def ink(self, piece: Piece) -> None:
        self.break_if_due(piece)
        if piece.text in ("}", ")") and self.open:
            closed = self.open.pop()
            if self.line is None:
                self.line = Line(closed.indent)
                self.blanks = 0
                self.add(self.line)
        elif self.line is None:
            self.line = Line(
                self.indent_for(piece), clause_start=self.at_clause_start, continued=not self.at_clause_start
            )
            self.add(self.line)
        if self.at_clause_start and piece.text != "}":
            self.start_clause(piece)
        self.line.pieces.append(piece)
        self.last = piece
        if piece.text in ("{", "("):
            multi = piece.start in self.multi
            self.open.append(_Open(piece.text == "{", multi, self.line.indent))
            if piece.text == "{":
                self.at_clause_start = True
                if multi:
                    self.line = None
                    self.blanks = -1

    def start_clause(self, piece: Piece) -> None:
        self.at_clause_start = False
        assert self.line is not None
        if not self.line.pieces:
            self.clause_indent = self.line.indent
            self.clause_tail = self.marks.tails.get(piece.start, 2 * STEP)

    def break_if_due(self, piece: Piece) -> None:
        """Ends the line before the `}` of braces that span lines, and before each row in them."""
        if not self.open or not self.open[-1].multi or not self.open[-1].brace:
            return
        if piece.text == "}" or (piece.start in self.marks.rows and self.line is not None):
            if self.line is not None and self.line.pieces:
                self.line = None
                self.blanks = 0
            self.at_clause_start = True

    def indent_for(self, piece: Piece | None) -> int:
        """The indent of a line that begins with a piece."""
        if self.at_clause_start:
            return self.open[-1].indent + STEP if self.open else 0
        if piece is not None and piece.text in TAILS:
            return self.clause_indent + self.clause_tail
        if self.last is not None and self.last.text in (":", "="):
            return self.clause_indent + STEP
        return self.clause_indent + 2 * STEP


def spanning(source: Source, all_pieces: list[Piece]) -> set[int]:
    """Offsets of the brackets that close on another line than they open on."""
    found, waiting = set(), []
    for piece in all_pieces:
        if piece.text in ("{", "("):
            waiting.append(piece)
        elif piece.text in ("}", ")") and waiting:
            opener = waiting.pop()
            if "\n" in source.text[opener.start : piece.start]:
                found.add(opener.start)
    return found


# -------------------------------------------------------------------------------------------- spaces


def _gap(before: Piece, piece: Piece, marks: _Marks) -> int:
    """Spaces between two neighbours on a line."""
    if piece.start in marks.notes:
        return NOTE_GAP
    touching = before.end == piece.start
    if marks.verbatim and touching and marks.within(piece, marks.verbatim) and marks.within(before, marks.verbatim):
        return 0
    if before.text in _NO_SPACE_AFTER or piece.text in _NO_SPACE_BEFORE:
        return 0
    if piece.text == "(" and (before.end in marks.calls or before.text == "%"):
        return 0
    if piece.text == "(" and before.text in ("number", "integer") and marks.within(before, marks.tight):
        return 0
    if ".." in (piece.text, before.text) and marks.within(piece, marks.tight) and marks.within(before, marks.tight):
        return 0
    if before.text == "-" and before.start in marks.negatives:
        return 0
    if piece.start in marks.rows and before.text not in ("{", ";"):
        return 2
    return 1


def _render(lines: list[Line], marks: _Marks) -> list[str]:
    """The lines as text, with common columns."""
    return align(lines, marks.layouts, lambda before, piece: _gap(before, piece, marks), COMMENT_GAP)
