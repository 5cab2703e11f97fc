"""The figures that a text marks as assumed: `check` counts them."""

from __future__ import annotations

from mhrules.semantics.program import Program
from mhrules.syntax import tree as t


def assumed_notes(program: Program) -> tuple[t.Note, ...]:
    """Every `assumed "reason"` of the program and of the contracts under it, in the order of the texts."""
    texts: tuple[t.Node, ...] = (program.node, *program.contracts)
    notes = (n for text in texts for n in text.walk() if isinstance(n, t.Note))
    return tuple(n for n in notes if n.kind is t.NoteKind.ASSUMED)
