"""The clauses of a text and how they lie inside one another, found without grammar, brackets repaired where they err.

This is what the search for mistakes walks: each clause can then be parsed by itself. A bracket that is missing or too
many is decided here, by the words that start clauses and by indentation, so that one slip is one finding.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import field

from mhrules.classes import define
from mhrules.diagnostics.model import Diagnostic, Label
from mhrules.diagnostics.registry import finding
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.source import Source, Span
from mhrules.syntax.contexts import CONTEXTS, ROWS, block_words, inner
from mhrules.syntax.scan import Kind, Piece, continues, following

_ROW_WORDS = frozenset(["when", "otherwise", "below"])
_MIDDLE = frozenset("and or + * / = < <= > >= != then else of where within".split())
Starters = Callable[[str], frozenset[str]]


@define(eq=False)
class Block:
    """What stands between `{` and `}`; `opener` is None where the `{` is missing, `closer` where the `}` is."""

    kind: str
    clause: Clause
    opener: Piece | None = None
    closer: Piece | None = None
    clauses: list[Clause] = field(factory=list)


@define(eq=False)
class Clause:
    """One clause: its pieces but for those inside its braces.

    `block` holds its own clauses (a payment's), `rows` are other braces in it (of a `choose`, a table); `broken` says
    that a finding about it was already made.
    """

    context: str
    pieces: list[Piece] = field(factory=list)
    block: Block | None = None
    broken: bool = False
    rows: list[Block] = field(factory=list)

    @property
    def first(self) -> Piece:
        """What the clause begins with."""
        return self.pieces[0]

    def word(self, index: int) -> str:
        """The text of a piece, empty if there are not so many."""
        return self.pieces[index].text if index < len(self.pieces) else ""


@define(eq=False)
class _Paren:
    piece: Piece
    clause: Clause


class _Outline:
    """Reads pieces into nested clauses. Use `outline`."""

    def __init__(self, source: Source, all_pieces: list[Piece], starters: Starters) -> None:
        self.source = source
        self.pieces = all_pieces
        self.starters = starters
        self.found: list[Diagnostic] = []
        self.top = Block("file", Clause("file"))
        self.open: list[Block | _Paren] = [self.top]
        self.clause: Clause | None = None
        texts = [p.text for p in all_pieces if p.kind is Kind.SIGN]
        self.excess = texts.count("}") - texts.count("{")
        self.last: Piece | None = None
        self.next = following(all_pieces)
        self.paren_ahead = self.parens_ahead()

    def parens_ahead(self) -> list[bool]:
        """For each piece, whether a `)` follows on its line."""
        found, closes = [], False
        for piece in reversed(self.pieces):
            found.append(closes)
            closes = piece.kind is not Kind.NEWLINE and (closes or piece.text == ")")
        found.reverse()
        return found

    # ------------------------------------------------------------------------------------ small parts

    def span(self, piece: Piece) -> Span:
        return Span(self.source, piece.start, piece.end)

    def column(self, piece: Piece) -> int:
        return self.source.column_of(piece.start)

    def block(self) -> Block:
        """The innermost open block."""
        return next(b for b in reversed(self.open) if isinstance(b, Block))

    def accepts(self, kind: str, piece: Piece, after: Piece | None) -> bool:
        """Whether a clause of this kind of block may start with `piece`; where it starts with a name, it may."""
        words = self.starters(kind)
        if words:
            return piece.text in words
        if kind == "values":
            return not self.is_left_of(piece, self.block())
        return after is None or after.text in {":", ",", "<", "}", "or", "|"}

    def is_left_of(self, piece: Piece, block: Block) -> bool:
        """Whether a line stands no deeper than the clause whose block should hold it."""
        return self.column(piece) <= self.column(block.clause.first)

    def title(self, block: Block) -> str:
        """A block as people would point at it: `payment care_fee`."""
        words = block.clause.pieces[:2]
        return " ".join(p.text for p in words if p.kind is Kind.WORD)

    # ------------------------------------------------------------------------------------------ clauses

    def end_clause(self) -> None:
        self.clause = None

    def start_clause(self, piece: Piece, after: Piece | None) -> None:
        self.close_forgotten(piece, after)
        self.catch_rows(piece)
        block = self.block()
        self.clause = Clause(block.kind)
        block.clauses.append(self.clause)

    def close_forgotten(self, piece: Piece, after: Piece | None) -> None:
        """Closes blocks whose `}` is missing: a word stands here that only a block further out can start with."""
        blocks = self.blocks()
        if self.excess >= 0 or piece.kind is not Kind.WORD or self.accepts(blocks[-1].kind, piece, after):
            return
        for depth, outer in enumerate(reversed(blocks[:-1]), start=1):
            if piece.text in self.starters(outer.kind):
                forgotten = blocks[-depth:]
                if self.is_left_of(piece, forgotten[0]) or piece.text in block_words(outer.kind):
                    self.forget(forgotten, piece)
                return

    def catch_rows(self, piece: Piece) -> None:
        """Takes rows whose `{` is missing into braces of the clause before, which is then reported once."""
        block = self.block()
        lost = piece.text in _ROW_WORDS and block.kind in CONTEXTS and self.starters(block.kind)
        if not lost or self.excess <= 0 or not block.clauses or piece.text in self.starters(block.kind):
            return
        clause = block.clauses[-1]
        self.open.append(Block(ROWS, clause))
        self.excess -= 1
        if not clause.broken:
            clause.broken = True
            self.found.append(
                finding(
                    "MH102",
                    f"the `{{` before `{piece.text}` is missing",
                    self.span(piece),
                    help="rows stand between `{` and `}`, as in `choose { when CONDITION : VALUE }`",
                )
            )

    def forget(self, blocks: list[Block], piece: Piece) -> None:
        """Reports and closes blocks that `piece` shows to lack their `}`."""
        inmost = blocks[-1]
        opener = inmost.opener
        name = self.title(inmost)
        self.found.append(
            finding(
                "MH102",
                f"`{piece.text}` cannot stand inside `{name}`, whose `}}` is missing",
                self.span(piece),
                related=[Label(self.span(opener), "this `{` is never closed")] if opener else (),
                help=f"close `{name}` with `}}` before this line",
            )
        )
        for block in blocks:
            block.clause.broken = block.clause.broken or block.kind == ROWS
        while self.open.pop() is not blocks[0]:
            continue
        self.excess += len(blocks)

    # ------------------------------------------------------------------------------------------ brackets

    def drop_parens(self) -> None:
        """Reports `(` that nothing closes inside the innermost block."""
        while isinstance(paren := self.open[-1], _Paren):
            self.open.pop()
            if not paren.clause.broken:
                paren.clause.broken = True
                self.found.append(
                    finding("MH102", "`(` is never closed", self.span(paren.piece), help="add the `)` where it ends")
                )

    def open_brace(self, piece: Piece) -> None:
        clause = self.clause
        if clause is None:  # `{` where a clause should start
            self.start_clause(piece, None)
            clause = self.clause
            assert clause is not None
        kind = self.kind_of_block(clause)
        block = Block(kind, clause, piece)
        if kind is ROWS:
            clause.rows.append(block)
        else:
            clause.block = block
        clause.pieces.append(piece)
        self.open.append(block)
        self.clause = None

    def kind_of_block(self, clause: Clause) -> str:
        """What stands in the braces that a clause opens; a misspelt first word is read as the word meant."""
        if clause.block is not None or isinstance(self.open[-1], _Paren):
            return ROWS
        word = clause.word(0)
        known = self.starters(clause.context)
        if known and word not in known:
            word = did_you_mean(word, known) or word
        return inner(clause.context, word, clause.word(1))

    def close_brace(self, piece: Piece, index: int) -> None:
        self.drop_parens()
        block = self.block()
        after = self.next[index]
        if block is self.top:
            self.excess -= 1
            self.found.append(
                finding("MH102", "`}` closes nothing", self.span(piece), help="remove it, or add the `{` it belongs to")
            )
            return
        if self.excess > 0 and self.closes_early(piece, block, after):
            self.excess -= 1
            self.found.append(
                finding(
                    "MH102",
                    f"this `}}` closes `{self.title(block)}` too early",
                    self.span(piece),
                    label="one too many",
                    related=[Label(self.span(after), "this still belongs inside")] if after else (),
                    help="remove it",
                )
            )
            if after is not None and self.same_line(piece, after) and self.clause is not None:
                self.clause.broken = True
            else:
                self.clause = None
            return
        block.closer = piece
        self.open.pop()
        self.clause = block.clause
        if block.opener is not None:
            block.clause.pieces.append(piece)

    def closes_early(self, piece: Piece, block: Block, after: Piece | None) -> bool:
        """Whether what stands behind a `}` can only stand inside the block that it closes."""
        outer = self.blocks()[-2]
        if after is None:
            return False
        if block.kind in CONTEXTS and block.kind != "values" and self.same_line(piece, after):
            return after.text not in ("}", ";")
        if after.kind is not Kind.WORD:
            return False
        return after.text in self.starters(block.kind) and after.text not in self.starters(outer.kind)

    def same_line(self, piece: Piece, after: Piece) -> bool:
        return self.source.line_of(piece.start) == self.source.line_of(after.start)

    def line_end(self, index: int) -> None:
        """Ends the clause, unless it goes on; opens the block of a header whose `{` is missing."""
        after = self.next[index]
        if isinstance(paren := self.open[-1], _Paren):
            if not self.left_behind(paren, after):
                return
            self.drop_parens()
        elif continues(self.last, after) or self.goes_on(after):
            return
        if self.clause is not None and after is not None:
            self.open_forgotten(self.clause, after)
        self.end_clause()

    def goes_on(self, after: Piece | None) -> bool:
        """Reports a line that begins in the middle of a clause, with `and` or `+`; it is read as part of the clause."""
        clause = self.clause
        if clause is None or after is None or after.text not in _MIDDLE or after.text in self.starters(clause.context):
            return False
        if clause.context == ROWS and after.text in ("else", "then"):
            return False
        if not clause.broken:
            self.found.append(
                finding(
                    "MH110",
                    f"a line cannot begin with `{after.text}`",
                    self.span(after),
                    help=f"put `{after.text}` at the end of the line above: the clause then goes on below",
                )
            )
        for around in (clause, *(b.clause for b in self.blocks()[1:] if b.kind == ROWS)):
            around.broken = True
        return True

    def left_behind(self, paren: _Paren, after: Piece | None) -> bool:
        """Whether the next line is a clause of its own, although a `(` is still open."""
        if after is None or after.kind is not Kind.WORD:
            return False
        starts = after.text in self.starters(paren.clause.context)
        return starts and self.column(after) <= self.column(paren.clause.first)

    def open_forgotten(self, clause: Clause, after: Piece) -> None:
        """Opens the block of a clause whose `{` is missing; the search reports that with the clause."""
        if clause.block is not None or clause.rows or self.block().kind != clause.context:
            return
        kind = block_words(clause.context).get(clause.word(0)) or self.kind_by_content(clause, after)
        if kind is None or not (self.column(after) > self.column(clause.first) or self.excess > 0):
            return
        clause.block = Block(kind, clause)
        self.open.append(clause.block)
        self.excess -= 1

    def kind_by_content(self, clause: Clause, after: Piece) -> str | None:
        """What block a clause without a known first word may have opened, by how the next line starts."""
        known = self.starters(clause.context)
        if self.excess <= 0 or clause.word(0) in known or after.text in known:
            return None
        kinds = block_words(clause.context).values()
        return next((kind for kind in kinds if after.text in self.starters(kind)), None)

    def blocks(self) -> list[Block]:
        return [b for b in self.open if isinstance(b, Block)]

    # ----------------------------------------------------------------------------------------- the walk

    def read(self) -> None:
        """Reads every piece."""
        for index, piece in enumerate(self.pieces):
            if piece.kind is Kind.NEWLINE:
                self.line_end(index)
            elif piece.kind is Kind.COMMENT:
                continue
            elif piece.text == ";" and not (isinstance(self.open[-1], _Paren) and self.paren_ahead[index]):
                self.drop_parens()
                if self.clause is not None and (after := self.next[index]) is not None:
                    self.open_forgotten(self.clause, after)
                self.end_clause()
                self.last = piece
            else:
                self.ink(piece, index)
                self.last = piece
        self.drop_parens()
        for block in reversed(self.blocks()[1:]):
            place = block.opener or block.clause.pieces[-1]
            block.clause.broken = block.clause.broken or block.kind == ROWS
            self.found.append(
                finding(
                    "MH102",
                    f"`{self.title(block) or '{'}` is never closed",
                    self.span(place),
                    help="add the `}` where it ends",
                )
            )

    def ink(self, piece: Piece, index: int) -> None:
        if piece.text == "}":
            self.close_brace(piece, index)
            return
        if piece.text == "{":
            self.open_brace(piece)
            return
        if self.clause is None:
            self.start_clause(piece, self.next[index])
        clause = self.clause
        assert clause is not None
        if piece.text == "(":
            self.open.append(_Paren(piece, clause))
        elif piece.text == ")":
            if isinstance(self.open[-1], _Paren):
                self.open.pop()
            elif not clause.broken:
                clause.broken = True
                self.found.append(
                    finding("MH102", "`)` closes nothing", self.span(piece), help="remove it, or add the `(` before")
                )
        clause.pieces.append(piece)


def outline(source: Source, all_pieces: list[Piece], starters: Starters) -> tuple[Block, list[Diagnostic]]:
    """The clauses of a file, nested, and the findings about its brackets.

    `starters` gives the first words of the clauses of a kind of block, as `probe.starters` does.
    """
    reader = _Outline(source, all_pieces, starters)
    reader.read()
    return reader.top, reader.found


def is_container(clause: Clause) -> bool:
    """Whether the clauses in a clause's block are parsed by themselves."""
    return clause.block is not None and clause.block.kind in CONTEXTS
