"""Programs, contracts and whole files."""

from __future__ import annotations

from mhrules.classes import frozen
from mhrules.source import Span
from mhrules.syntax.tree.clauses import Clause
from mhrules.syntax.tree.expressions import Text
from mhrules.syntax.tree.node import Name, Node


@frozen(eq=False)
class Import(Clause):
    """`import "michigan_mipct.mh"`."""

    path: Text


@frozen(eq=False)
class Program(Clause):
    """`program NAME "…" edition "…" { … }`."""

    name: Name
    title: str
    edition: str
    clauses: tuple[Clause, ...]


@frozen(eq=False)
class Contract(Clause):
    """`contract NAME "…" under PROGRAM edition "…" by PAYER { … }`."""

    name: Name
    title: str
    program: Name
    edition: str
    edition_span: Span
    payer: Name
    clauses: tuple[Clause, ...]


@frozen(eq=False)
class File(Node):
    """One rule file: its edition of the language and what it holds."""

    language: int
    items: tuple[Clause, ...]
