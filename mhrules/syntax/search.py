"""Every syntax mistake of a text that the grammar refused: clause by clause, so that one slip hides no other."""

from __future__ import annotations

from bisect import bisect_right

from mhrules.diagnostics.model import Diagnostic
from mhrules.source import Source
from mhrules.syntax.contexts import CONTEXTS, ROWS
from mhrules.syntax.mistakes import VALUES, Trouble, explain, missing_brace
from mhrules.syntax.outline import Block, Clause, is_container, outline
from mhrules.syntax.probe import Probe, Stop, at_context, starters
from mhrules.syntax.scan import CONTINUING, Kind, Piece


def mistakes(source: Source, all_pieces: list[Piece], most: int) -> list[Diagnostic]:
    """The findings about a text, at most `most`, in no particular order."""
    body = without_first_line(source, all_pieces)
    top, found = outline(source, body, starters)
    search = _Search(source, body, most)
    search.found.extend(found)
    search.block(top)
    return search.found[:most]


def without_first_line(source: Source, all_pieces: list[Piece]) -> list[Piece]:
    """The pieces behind the line `mhrules …`; all of them if that does not come first."""
    first = next((p for p in all_pieces if p.is_ink), None)
    if first is None or first.text != "mhrules":
        return all_pieces
    line = source.line_of(first.start)
    end = source.line_starts[line - 1] + len(source.line_text(line))
    return [p for p in all_pieces if p.start >= end]


class _Search:
    def __init__(self, source: Source, all_pieces: list[Piece], most: int) -> None:
        self.source = source
        self.inks = [p for p in all_pieces if p.is_ink]
        self.starts = [p.start for p in self.inks]
        self.most = most
        self.found: list[Diagnostic] = []
        self.budget = 2 * len(source.text) + 400_000
        """Characters to read at most: a table is read again for each row with a mistake."""

    def block(self, block: Block) -> None:
        """Every clause of a block."""
        for index, clause in enumerate(block.clauses):
            if len(self.found) >= self.most:
                return
            self.clause(clause, index == 0)

    def clause(self, clause: Clause, is_first: bool = False) -> None:
        """One clause, and those in its block."""
        if not clause.broken:
            if is_container(clause):
                self.header(clause, is_first)
            else:
                self.leaf(clause, is_first)
        if clause.block is not None and is_container(clause):
            self.block(clause.block)

    def probe(self, clause: Clause, is_first: bool) -> Probe:
        if clause.context == "attribution" and is_first:
            return Probe.at("program_body", "attribution {")
        return at_context(clause.context).copy()

    # ----------------------------------------------------------------------------------- one clause

    def header(self, clause: Clause, is_first: bool) -> None:
        """What stands around a block: the block itself is read clause by clause."""
        block = clause.block
        assert block is not None
        probe = self.probe(clause, is_first)
        text = self.source.text
        end = block.opener.start if block.opener else clause.pieces[-1].end
        stop = probe.feed(text, clause.first.start, end)
        if stop is None:
            filler = "{" + (CONTEXTS[block.kind].filler if block.clauses else "")
            place = block.opener.start if block.opener else end
            stop = probe.feed(filler, 0, len(filler))
            stop = stop and Stop(place, stop.accepted)
        if stop is None and block.closer is not None and block.opener is not None:
            stop = probe.feed(text, block.closer.start, clause.pieces[-1].end) or probe.end_clause()
        if stop is not None:
            self.report(clause, stop)
        elif block.opener is None:
            self.found.append(missing_brace(self.source, clause.pieces[-1], self.words(clause)))

    def words(self, clause: Clause) -> str:
        """A clause as a message names it: `payment care_fee`."""
        return " ".join(p.text for p in clause.pieces[:2] if p.kind is Kind.WORD)

    def leaf(self, clause: Clause, is_first: bool) -> None:
        """A clause with everything in its braces; a row with a mistake is taken out to look at the others."""
        text = self.source.text
        emptied: set[int] = set()
        start, end = clause.first.start, clause.pieces[-1].end
        while len(self.found) < self.most and self.budget > 0:
            self.budget -= end - start
            probe = self.probe(clause, is_first)
            stop = probe.feed(text, start, end) or probe.end_clause()
            if stop is None:
                return
            row = self.row_at(clause, self.place(stop, end))
            if row is None:
                self.report(clause, stop)
                return
            block, bad = row
            found = self.piece_at(stop, end)
            if found is not None and found is block.closer and id(block) in emptied:
                return
            if bad is None:
                self.report(clause, stop)
                return
            self.report(bad, stop)
            emptied.add(id(block))
            last = bad.pieces[-1].end
            text = text[: bad.first.start] + " " * (last - bad.first.start) + text[last:]

    def place(self, stop: Stop, end: int) -> int:
        """An offset inside what a stop is about."""
        if stop.offset is None or stop.line_end:
            before = self.neighbour((end if stop.offset is None else stop.offset), -1)
            return before.start if before is not None else 0
        return stop.offset

    def row_at(self, clause: Clause, offset: int) -> tuple[Block, Clause | None] | None:
        """The innermost braces of a clause around an offset, and the row in them; None if it is in none."""
        best: tuple[Block, Clause | None] | None = None
        for block in clause.rows:
            if block.opener is None or block.closer is None or not block.opener.start < offset <= block.closer.start:
                continue
            best = (block, None)
            for row in block.clauses:
                if row.first.start <= offset < row.pieces[-1].end:
                    best = self.row_at(row, offset) or (block, row)
        return best

    # ------------------------------------------------------------------------------------- findings

    def neighbour(self, offset: int, step: int) -> Piece | None:
        """The last piece that starts before an offset (-1), or the first that starts at it or behind (+1)."""
        index = bisect_right(self.starts, offset - 1)
        index = index - 1 if step < 0 else index
        return self.inks[index] if 0 <= index < len(self.inks) else None

    def piece_at(self, stop: Stop, end: int) -> Piece | None:
        """The piece that a stop is about; None at the end of a clause."""
        if stop.offset is None or stop.line_end or stop.offset >= end:
            return None
        index = bisect_right(self.starts, stop.offset) - 1
        if index >= 0 and stop.offset < self.inks[index].end:
            return self.inks[index]
        return self.neighbour(stop.offset, 1)

    def report(self, clause: Clause, stop: Stop) -> None:
        """The finding about a stop; goes on behind it where a new clause starts there."""
        end = clause.pieces[-1].end
        found = self.piece_at(stop, end)
        offset = found.start if found is not None else (end if stop.offset is None else min(stop.offset, end))
        before = self.neighbour(offset, -1)
        restart = next((p for p in (before, found) if p is not None and self.starts_anew(clause, p)), None)
        if restart is not None:
            found, before = None, self.neighbour(restart.start, -1)
        if before is not None and before.start < clause.first.start:
            before = None
        accepted = VALUES if restart is not None else stop.accepted
        first = found is not None and self.first_on_line(found)
        finding = explain(Trouble(self.source, clause.context, clause.first, found, before, accepted, first))
        self.found.append(finding)
        if restart is None and finding.code == "MH104":
            restart = found
        if restart is not None:
            self.rest(clause, restart)

    def starts_anew(self, clause: Clause, piece: Piece) -> bool:
        """Whether a line that belongs to a clause only by an operator at a line end is a clause of its own."""
        before = self.neighbour(piece.start, -1)
        return (
            piece.start > clause.first.start
            and piece.text in starters(clause.context)
            and self.first_on_line(piece)
            and before is not None
            and before.text in CONTINUING
        )

    def rest(self, clause: Clause, found: Piece) -> None:
        """A clause that starts in the middle of another is looked at by itself."""
        if clause.context == ROWS or found not in clause.pieces:
            return
        pieces = clause.pieces[clause.pieces.index(found) :]
        rows = [b for b in clause.rows if b.opener is not None and b.opener.start > found.start]
        rest = Clause(clause.context, pieces, clause.block, rows=rows)
        if is_container(clause):
            self.header(rest, False)
        else:
            self.leaf(rest, False)

    def first_on_line(self, piece: Piece) -> bool:
        """Whether only blanks stand before a piece on its line."""
        line_start = self.source.text.rfind("\n", 0, piece.start) + 1
        return not self.source.text[line_start : piece.start].strip()
