"""Amounts in a shared program: agreed on by competitors only under an authority, and never for one payer alone."""

from __future__ import annotations

from collections.abc import Iterator

from mhrules.diagnostics.collect import Findings
from mhrules.semantics.program import Program
from mhrules.source import Span
from mhrules.syntax import tree as t


def check_amounts(program: Program, findings: Findings) -> None:
    """Report amounts without an authority (MH441) and terms for one payer (MH442); one payer alone may agree."""
    if len(program.payers) < 2:
        return
    if not program.authority:
        for clause in program.node.clauses:
            amount = _shared_amount(clause)
            if amount is not None:
                findings.report(
                    "MH441",
                    f"`{amount.span.text}` in `{clause.name.text}` is the same for all payers, "  # type: ignore[attr-defined]
                    "and no authority is stated",
                    amount.span,
                    help=(
                        'state it in `convening`, as in `authority "SSB 5891 (2009)"`, or behind the amount: '
                        "`set by state` or `set by federal`",
                        "or leave the amount to each payer's contract: `parameter … open`",
                    ),
                )
    for clause in program.node.clauses:
        if isinstance(clause, t.Payment | t.Define | t.Table):
            for span in _payer_terms(clause):
                findings.report(
                    "MH442",
                    f"`{clause.name.text}` has terms for one payer in the shared program",
                    span,
                    help="declare a `parameter … open` and let the payer's contract set it",
                )


def _shared_amount(clause: t.Clause) -> t.Money | None:
    """The first amount that a clause makes the same for all payers."""
    if isinstance(clause, t.Parameter):
        parts: list[t.Node | None] = [clause.type, clause.opening]
        if clause.opening is None:
            parts += clause.schedule
        if _set_by(clause):
            return None
        return next((m for part in parts if part is not None for m in _amounts(part)), None)
    if isinstance(clause, t.Payment | t.Define | t.Table):
        return next(_amounts(clause), None)
    return None


def _amounts(node: t.Node) -> Iterator[t.Money]:
    """Amounts other than $0 below a node; what a comparison asks for is no amount that is paid."""
    if _set_by(node) or isinstance(node, t.Compare | t.InRange):
        return
    if isinstance(node, t.Money) and node.value:
        yield node
    for child in node.children():
        yield from _amounts(child)


def _set_by(node: t.Node) -> bool:
    """Whether `set by state` or `set by federal` stands behind a figure."""
    return any(note.kind is t.NoteKind.SET_BY for note in getattr(node, "notes", ()))


def _payer_terms(clause: t.Clause) -> Iterator[Span]:
    """Where a clause asks which payer it is."""
    if isinstance(clause, t.Table):
        yield from (key.span for key in clause.keys if key.text == "payer")
    for node in clause.walk():
        if isinstance(node, t.Compare):
            compared = (node.left, node.right)
        elif isinstance(node, t.InSet):
            compared = (node.operand, node.operand)
        else:
            continue
        if any(map(_is_payer, compared)):
            yield node.span


def _is_payer(node: t.Expression) -> bool:
    while isinstance(node, t.Parenthesized):
        node = node.inner
    return isinstance(node, t.Reference) and node.name == "payer"
