"""Which names a payer's settlement reads, through definitions and tables: what may not be blank for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mhrules.semantics.payments import bodies
from mhrules.semantics.program import PayerDeclaration, Program
from mhrules.syntax import tree as t


def names_in(node: t.Node) -> Iterator[str]:
    """The names that are used for their value in a text."""
    for inner in node.walk():
        if isinstance(inner, t.Reference):
            yield inner.name
        elif isinstance(inner, t.Interpolate):
            yield inner.table.text
        elif isinstance(inner, t.Table):
            yield from (key.text for key in inner.keys)


class Reach:
    """What the definitions of a program lead to."""

    def __init__(self, program: Program) -> None:
        self.program = program
        named: dict[str, t.Node] = {
            **program.defines,
            **program.tables,
            **program.reports,
            **program.measures,
            **program.populations,
        }
        self._direct: Mapping[str, frozenset[str]] = {n: frozenset(names_in(node)) for n, node in named.items()}

    def from_nodes(self, nodes: Iterable[t.Node]) -> frozenset[str]:
        """Every name that these texts read, directly or through definitions."""
        waiting = [name for node in nodes for name in names_in(node)]
        found: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self._direct.get(name, ()))
        return frozenset(found)

    def anywhere(self) -> frozenset[str]:
        """Every name that the program reads for any payer in any form."""
        program = self.program
        payments = [clause for p in program.payments.values() for _, body in bodies(p) for clause in body]
        return self.from_nodes([*self._common(), *program.ensures, *payments])

    def for_payer(
        self,
        payer: PayerDeclaration,
        declined: Iterable[str],
        forms: Mapping[str, str],
        requirements: Iterable[t.Require] = (),
    ) -> frozenset[str]:
        """Every name that one payer's settlement reads: not what it declined, nor a form it did not choose."""
        refused = set(declined)
        nodes: list[t.Node] = [*self._common(), *requirements]
        for name, payment in self.program.payments.items():
            if name not in refused:
                nodes += [c for form, body in bodies(payment) if form == forms.get(name, "") for c in body]
        nodes += [e for e in self.program.ensures if e.payers_where is None or holds_for(e.payers_where, payer)]
        return self.from_nodes(nodes)

    def _common(self) -> list[t.Node]:
        """What is evaluated for every payer, whatever it pays."""
        program = self.program
        single = (program.eligible, program.participation, program.attribution, program.classify)
        return [*(n for n in single if n is not None), *program.reports.values(), *program.measures.values()]


def holds_for(condition: t.Expression, payer: PayerDeclaration) -> bool:
    """Whether a condition on `line` and `payer` can hold for a payer; what cannot be decided here can."""
    return any(_decided(condition, payer, line) is not False for line in payer.lines or (None,))


def _decided(node: t.Expression, payer: PayerDeclaration, line: str | None) -> bool | None:
    """The truth of a condition for one line of business of a payer, None if it depends on more."""
    if isinstance(node, t.Parenthesized):
        return _decided(node.inner, payer, line)
    if isinstance(node, t.Not):
        inner = _decided(node.operand, payer, line)
        return None if inner is None else not inner
    if isinstance(node, t.Logic):
        parts = [_decided(operand, payer, line) for operand in node.operands]
        deciding = node.operator == "or"
        if deciding in parts:
            return deciding
        return None if None in parts else not deciding
    if isinstance(node, t.Compare) and node.operator in ("=", "!="):
        own = _own_word(node.left, payer, line)
        if own is None or not isinstance(node.right, t.Reference):
            return None
        return (own == node.right.name) == (node.operator == "=")
    if isinstance(node, t.InSet):
        own = _own_word(node.operand, payer, line)
        if own is None:
            return None
        return own in {m.name for m in node.members if isinstance(m, t.Reference)}
    return None


def _own_word(node: t.Expression, payer: PayerDeclaration, line: str | None) -> str | None:
    if isinstance(node, t.Reference) and node.name in ("payer", "line"):
        return payer.name if node.name == "payer" else line
    return None
