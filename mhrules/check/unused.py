"""Declarations that nothing in the text uses. (Value sets, payees and keys are looked at where names are.)"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Diagnostic, Label
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.plan.bounds import Bounds
from mhrules.plan.lower import Lowered
from mhrules.semantics.program import Program
from mhrules.semantics.reach import Reach
from mhrules.source import Span
from mhrules.syntax import tree as t

UNKNOWN_NAME = "MH201"
USE_IT = "use it, or take it out"
READ_IT = "take it out, or the clause is missing that uses it"


def check_unused(program: Program, lowered: Lowered, bounds: Bounds, findings: Findings) -> None:
    """Report definitions that nothing uses (MH434), and warn of such facts (MH435)."""
    used = {name for kind, name in lowered.used if kind != "let"} | _mentioned(program)
    unused = [(what, name, span) for what, name, span in _definitions(program) if name not in used]
    types = {node.name.text for node in program.node.walk() if isinstance(node, t.NamedType)}
    declared = (node for node in program.node.clauses if isinstance(node, t.TypeDeclaration))
    unused += [("type", node.name.text, node.name.span) for node in declared if node.name.text not in types]
    facts = [("fact", f.name, f.span) for f in program.facts.values() if f.name not in used]
    if any(payer.status == "no contract" for payer in lowered.plan.payers):
        facts = []  # a contract that is not here may read them in a credit
    names = [name for _, name, _ in (*unused, *facts)]
    unknown = [d for d in findings.sorted() if d.code == UNKNOWN_NAME and d.span is not None]
    for code, advice, group in (("MH434", USE_IT, unused), ("MH435", READ_IT, facts)):
        for what, name, span in group:
            meant = _misspelt(name, names, unknown)
            findings.report(
                code,
                f"the {what} `{name}` is never used",
                span,
                related=[] if meant is None else [Label(meant, "not known")],
                help=advice if meant is None else f"did you mean `{name}` where the text has `{meant.text}`?",
            )


def _misspelt(name: str, names: list[str], unknown: Iterable[Diagnostic]) -> Span | None:
    """Where a name stands that nobody declared and that is closest to this one."""
    for diagnostic in unknown:
        if diagnostic.span is not None and did_you_mean(diagnostic.span.text, names) == name:
            return diagnostic.span
    return None


def _definitions(program: Program) -> Iterator[tuple[str, str, Span]]:
    for define in program.defines.values():
        yield "define", define.name.text, define.name.span
    for parameter in program.parameters.values():
        yield "parameter", parameter.name, parameter.span
    for table in program.tables.values():
        yield "table", table.name.text, table.name.span


def _mentioned(program: Program) -> set[str]:
    """The names that any clause reads, whether or not the plan has come to need it."""
    reach = Reach(program)
    others: list[t.Node] = [*program.never_together, *program.populations.values()]
    others += [node for contract in program.contracts for node in contract.clauses if isinstance(node, t.Require)]
    found = set(reach.anywhere() | reach.from_nodes(others))
    found |= {group.fact.text for group in program.keys.values() if isinstance(group, t.GroupByFact)}
    found |= {payee.fact.text for payee in program.payees.values()}
    credits = (node for example in program.examples for node in example.walk() if isinstance(node, t.Credit))
    found |= {credit.column.text for credit in credits if credit.column is not None}
    if program.starts is not None:
        found.add(program.starts.fact.text)
    for contract in program.contracts:
        for node in contract.walk():
            if isinstance(node, t.Credit):
                found |= {name.text for name in node.walk() if isinstance(name, t.Name)}
    return found
