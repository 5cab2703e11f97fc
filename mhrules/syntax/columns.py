"""Common columns for neighbouring lines of one kind: facts, parameters, definitions, gates, rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from mhrules.classes import define, frozen
from mhrules.syntax import tree as t
from mhrules.syntax.scan import Kind, Piece

Gap = Callable[[Piece, Piece], int]
WIDE = 3
"""Spaces in front of a column that is text about the line, not part of its statement."""


class Written(Protocol):
    """A line to be written, as `format.Line`."""

    indent: int
    pieces: list[Piece]
    comment: Piece | None
    blank_before: bool
    clause_start: bool
    continued: bool


@frozen
class Layout:
    """How a kind of line is cut into columns: `group` names the kind, `cuts` the columns in order."""

    group: str
    cuts: tuple[str, ...]
    one_line: bool = False


_SETTINGS = (
    t.Cite,
    t.Term,
    t.YearRule,
    t.Starts,
    t.RoundingClause,
    t.MonthsCount,
    t.UnscoredRule,
    t.CostIs,
    t.Participant,
)
_AMOUNTS = (t.Pays, t.AtMost, t.AtLeast, t.To, t.Category, t.Summary, t.Disclose)
_BINDINGS = (t.SetParameter, t.Decline, t.ChooseMeasures, t.PayAs, t.Credit)
_GRID = Layout("grid", ("bar",))
_LAYOUTS: tuple[tuple[type | tuple[type, ...], Layout], ...] = (
    (_SETTINGS, Layout("settings", ("head",))),
    ((t.Convener, t.Authority, t.RequiresPayers), Layout("convening", ("head",))),
    (t.Payer, Layout("payer", ("title", "lines"))),
    (t.FactColumn, Layout("facts", ("colon", "caption"))),
    (t.Require, Layout("require", ("title", "colon"))),
    (t.Exclude, Layout("exclude", ("title", "when"))),
    (t.Gate, Layout("gate", ("title", "colon"))),
    (t.Parameter, Layout("parameter", ("colon", "value"))),
    (t.Define, Layout("define", ("equals",))),
    (t.Report, Layout("report", ("title", "equals"))),
    (t.Let, Layout("amounts", ("head", "equals"), one_line=True)),
    (_AMOUNTS, Layout("amounts", ("head",), one_line=True)),
    (_BINDINGS, Layout("binding", ("head", "equals"))),
    (t.Measure, Layout("measure", ("title", "brace"))),
    (t.Method, Layout("method", ("head",))),
    ((t.Row, t.Band, t.ClassifyRow, t.TableRow, t.Alternative), Layout("rows", ("colon",))),
    (t.GridRow, _GRID),
)


def layout_of(node: t.Node) -> Layout | None:
    """How a line that begins with a node is cut; None if it stands for itself."""
    for kinds, layout in _LAYOUTS:
        if isinstance(node, kinds):
            return layout
    return None


def tail_indent(clause: t.Clause) -> int:
    """How far `ties`, `against` and `assumed` on a line of their own stand behind the clause's start."""
    if isinstance(clause, t.Method):
        return len("first ")
    return len("credit ") if isinstance(clause, t.Credit) else 4


# -------------------------------------------------------------------------------------------- cutting


def cut_points(pieces: Sequence[Piece], layout: Layout) -> dict[str, int]:
    """The columns that a line has, in order: each with the index of its first piece."""
    if layout.cuts == ("bar",):
        bars = (index for index, piece in enumerate(pieces) if piece.text == "|")
        return {f"bar {number}": index for number, index in enumerate(bars)}
    points: dict[str, int] = {}
    at = 1
    for name in layout.cuts:
        index = _find(name, pieces, at)
        if index is not None:
            points[name] = index
            at = index + 1
    return points


def _find(name: str, pieces: Sequence[Piece], at: int) -> int | None:
    if name == "head":
        second = 2 if pieces[0].text == "at" else 1
        return second if second < len(pieces) else None
    depth = 0
    for index, piece in enumerate(pieces):
        if index >= at and depth == 0 and _starts(name, piece):
            return index
        depth += (piece.text in ("(", "{")) - (piece.text in (")", "}"))
    return None


def _starts(name: str, piece: Piece) -> bool:
    """Whether a piece begins a column."""
    match name:
        case "title" | "caption":
            return piece.kind is Kind.STRING
        case "value":
            return piece.text in ("=", "open")
        case "lines":
            return piece.text in ("lines", "from")
        case _:
            return piece.text == {"colon": ":", "equals": "=", "when": "when", "brace": "{"}.get(name)


# ------------------------------------------------------------------------------------------- aligning


@define
class _Row:
    """A line being written: its columns, what is there so far, and whether the next piece follows without a gap."""

    line: Written
    points: dict[str, int]
    text: str
    done: int = 0
    placed: bool = True

    def write_to(self, end: int, gap: Gap) -> None:
        """Writes pieces up to an index, with the spaces that neighbours have."""
        pieces = self.line.pieces
        while self.done < end:
            if not self.placed:
                self.text += " " * gap(pieces[self.done - 1], pieces[self.done])
            self.text += pieces[self.done].text
            self.placed = False
            self.done += 1

    def move_to(self, column: int) -> None:
        """The next piece starts at a column."""
        self.text = self.text.ljust(column)
        self.placed = True

    def length(self, gap: Gap) -> int:
        """Columns that the line takes up to its notes, if nothing more is aligned in it."""
        pieces = self.line.pieces
        note = next((i for i in range(1, len(pieces)) if gap(pieces[i - 1], pieces[i]) >= WIDE), len(pieces))
        copy = _Row(self.line, {}, self.text, self.done, self.placed)
        copy.write_to(note, gap)
        return len(copy.text)


def align(lines: Sequence[Written], layouts: dict[int, Layout], gap: Gap, comment_gap: int) -> list[str]:
    """Every line as text."""
    texts: list[str] = [""] * len(lines)
    for group in groups(lines, layouts):
        write_group([lines[i] for i in group], layouts, gap, group, texts)
    put_comments(lines, texts, comment_gap)
    spaced: list[str] = []
    for line, text in zip(lines, texts, strict=True):
        if line.blank_before:
            spaced.append("")
        spaced.append(text)
    return spaced


def layout_at(line: Written, layouts: dict[int, Layout]) -> Layout | None:
    """The layout of a line; None for one that begins no clause."""
    if not line.pieces or not line.clause_start:
        return None
    if line.pieces[0].text == "|":  # only the header of a grid begins like this; the tree has no node for it
        return _GRID
    layout = layouts.get(line.pieces[0].start)
    if layout is not None and layout.one_line and line.pieces[-1].text in ("{", "("):
        return None
    return layout


def groups(lines: Sequence[Written], layouts: dict[int, Layout]) -> list[list[int]]:
    """Indexes of lines that share columns; every line is in one group.

    Neighbours share them: same kind, same indent, no blank line between. Lines that go on with a clause do not part
    neighbours, a block does. The header and the rows of a grid belong together whatever stands between.
    """
    found: list[list[int]] = []
    current: tuple[str, int] | None = None
    home: list[int] = []
    for index, line in enumerate(lines):
        layout = layout_at(line, layouts)
        key = (layout.group, line.indent) if layout is not None else None
        parted = line.blank_before and (current is None or current[0] != _GRID.group)
        if parted or (key is None and not line.continued and line.pieces):
            current = None
        if key is None:
            found.append([index])
            continue
        if key == current:
            home.append(index)
        else:
            home = [index]
            found.append(home)
        current = None if line.pieces[-1].text == "{" else key
    return found


def write_group(
    lines: list[Written], layouts: dict[int, Layout], gap: Gap, indexes: list[int], texts: list[str]
) -> None:
    """Writes the lines of one group below one another."""
    rows = []
    for line in lines:
        layout = layout_at(line, layouts)
        points = cut_points(line.pieces, layout) if layout is not None else {}
        rows.append(_Row(line, points, " " * line.indent))
    for name in dict.fromkeys(name for row in rows for name in row.points):
        write_column(rows, name, gap)
    for row, index in zip(rows, indexes, strict=True):
        row.write_to(len(row.line.pieces), gap)
        texts[index] = row.text


def write_column(rows: list[_Row], name: str, gap: Gap) -> None:
    """Brings the lines that have a column to where it starts."""
    having = [row for row in rows if name in row.points]
    for row in having:
        row.write_to(row.points[name], gap)
    ends = [len(row.text) for row in having]
    if name == "caption":
        ends += [row.length(gap) for row in rows if name not in row.points]
    start = max(ends) + (WIDE if name == "caption" else 1)
    for row in having:
        row.move_to(start)


def put_comments(lines: Sequence[Written], texts: list[str], gap: int) -> None:
    """Puts comments behind their lines, in one column for neighbouring lines, and alone where they stand alone."""
    run: list[int] = []
    for index, line in enumerate([*lines, None]):
        trails = line is not None and line.comment is not None and bool(line.pieces)
        if run and (not trails or (line is not None and line.blank_before)):
            start = max(len(texts[i]) for i in run) + gap
            for i in run:
                comment = lines[i].comment
                texts[i] = texts[i].ljust(start) + (comment.text.rstrip() if comment else "")
            run = []
        if trails:
            run.append(index)
        elif line is not None and line.comment is not None:
            texts[index] = " " * line.indent + line.comment.text.rstrip()
