"""A rule text to its tree, or to every syntax mistake in it."""

from __future__ import annotations

from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Diagnostic
from mhrules.diagnostics.registry import finding
from mhrules.source import Source, Span
from mhrules.syntax import tree as t
from mhrules.syntax.scan import Kind, Piece, pieces

LARGEST = 1 << 20
"""Bytes of a text, in UTF-8."""
DEEPEST_BRACKETS = 100
DEEPEST_TREE = 150
"""Levels of the parse tree: the passes behind walk it by recursion."""
MOST_FINDINGS = 100
FIRST_LINE = "mhrules 1"


def tree_from_text(source: Source) -> tuple[t.File | None, tuple[Diagnostic, ...]]:
    """The tree of a text, or None and the findings about it, sorted by place; never raises.

    One run reports every syntax mistake, up to `MOST_FINDINGS`, each once. A text with a mistake has no tree: what
    follows from half a text would be half true.
    """
    findings = Findings()
    too_large = size_finding(source)
    if too_large is not None:
        return None, (too_large,)
    all_pieces = pieces(source.text)
    too_deep = depth_finding(source, all_pieces)
    if too_deep is not None:
        return None, (too_deep,)
    findings.extend(first_line_findings(source))
    findings.extend(comma_findings(source, all_pieces))
    file = None if findings.has_errors else build_tree(source, findings)
    if file is None and not is_limit(findings):
        from mhrules.syntax.search import mistakes

        findings.extend(mistakes(source, all_pieces, MOST_FINDINGS))
        if not findings.has_errors:
            findings.add(whole_text_finding(source))
    found = findings.sorted()[:MOST_FINDINGS]
    return (None if findings.has_errors else file), found


def is_limit(findings: Findings) -> bool:
    """Whether the grammar took the text and only its numbers, dates or depth are at fault."""
    return any(d.code in ("MH007", "MH105", "MH106") for d in findings.sorted())


def whole_text_finding(source: Source) -> Diagnostic:
    """Where the grammar stops, for a text whose clauses are right one by one."""
    from lark.exceptions import UnexpectedInput

    from mhrules.syntax.grammar import parser

    offset = 0
    try:
        parser().parse(source.text, start="start")
    except UnexpectedInput as error:
        offset = min(error.pos_in_stream or 0, len(source.text))
    piece = next((p for p in pieces(source.text) if p.is_ink and p.end > offset), None)
    if piece is None:
        return finding("MH101", "the text ends too early", Span(source, offset, offset))
    return finding("MH101", f"`{piece.text[:30]}` cannot stand here", Span(source, piece.start, piece.end))


def build_tree(source: Source, findings: Findings) -> t.File | None:
    """The tree of a text that the grammar takes; None, and perhaps findings, if there is none."""
    from lark.exceptions import UnexpectedInput

    from mhrules.syntax.build import Builder
    from mhrules.syntax.grammar import parser

    try:
        parsed = parser().parse(source.text, start="start")
    except UnexpectedInput:
        return None
    deep = deepest(parsed)
    if deep is not None:
        span = Span(source, deep[0], deep[1])
        findings.report(
            "MH007",
            f"more than {DEEPEST_TREE} steps stand inside one another",
            Span(source, span.start, min(span.end, span.start + 40)),
            help="give parts of it names of their own with `define` or `let`",
        )
        return None
    builder = Builder(source)
    file = builder.file(parsed)
    findings.extend(builder.problems)
    return None if builder.problems else file


def deepest(parsed: object) -> tuple[int, int] | None:
    """Where a Lark tree is deeper than `DEEPEST_TREE`: offsets of its outermost expression; None if it is not."""
    from lark import Tree

    waiting: list[tuple[object, int, object]] = [(parsed, 0, parsed)]
    while waiting:
        node, depth, clause = waiting.pop()
        if not isinstance(node, Tree):
            continue
        if depth == _CLAUSE_DEPTH:
            clause = node
        if depth > DEEPEST_TREE:
            meta = clause.meta  # type: ignore[attr-defined]
            return meta.start_pos, meta.end_pos
        waiting += [(child, depth + 1, clause) for child in node.children]
    return None


_CLAUSE_DEPTH = 3
"""Where clauses of a program stand in the tree: below file, program and its body."""


# ------------------------------------------------------------------------------------- before the grammar


def size_finding(source: Source) -> Diagnostic | None:
    """A finding if the text is longer than `LARGEST`."""
    if len(source.text) <= LARGEST // 4 or len(source.text.encode("utf-8", "surrogatepass")) <= LARGEST:
        return None
    return finding(
        "MH007",
        f"the text is longer than {LARGEST >> 20} MiB",
        Span(source, 0, min(len(source.text), len(FIRST_LINE))),
        help="split it, and `import` its parts",
    )


def depth_finding(source: Source, all_pieces: list[Piece]) -> Diagnostic | None:
    """A finding if brackets stand deeper inside one another than `DEEPEST_BRACKETS`."""
    depth = 0
    for piece in all_pieces:
        if piece.kind is not Kind.SIGN:
            continue
        if piece.text in "({":
            depth += 1
        elif piece.text in ")}":
            depth = max(0, depth - 1)
        if depth > DEEPEST_BRACKETS:
            return finding(
                "MH007",
                f"brackets stand more than {DEEPEST_BRACKETS} deep inside one another",
                Span(source, piece.start, piece.end),
                help="give inner steps names of their own with `define` or `let`",
            )
    return None


def first_line_findings(source: Source) -> list[Diagnostic]:
    """A finding if the first line is not `mhrules 1`."""
    line = source.line_text(1)
    words = line.split("#")[0].split()
    if words == FIRST_LINE.split() and not line[0].isspace():
        return []
    span = Span(source, 0, max(len(line), min(1, len(source.text))))
    if words[:1] == ["mhrules"] and words[1:] != ["1"]:
        message = f"`{line.strip()[:40]}` names an edition of the language that this version does not know"
        return [finding("MH005", message, span, help=f"write `{FIRST_LINE}`")]
    return [
        finding(
            "MH005",
            f"the first line must be `{FIRST_LINE}`",
            span,
            help=f"put `{FIRST_LINE}` above everything else, comments too",
        )
    ]


def comma_findings(source: Source, all_pieces: list[Piece]) -> list[Diagnostic]:
    """Findings about `5,000`: the grammar may take it for two values, the writer hardly ever means that."""
    commas = [p for p in all_pieces if p.kind is Kind.THOUSANDS]
    if not commas:
        return []
    from mhrules.syntax.mistakes import number_style

    return [f for p in commas if (f := number_style(source, p)) is not None]
