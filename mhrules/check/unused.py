"""Declarations that nothing in the text uses. (Value sets, payees and keys are looked at where names are.)"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mhrules.check.reading import plan_expressions, reads
from mhrules.data.population import CLAIMS
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Diagnostic, Label
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.plan import ir
from mhrules.plan.bounds import Bounds
from mhrules.plan.lower import Lowered
from mhrules.semantics.program import Program
from mhrules.semantics.reach import Reach
from mhrules.semantics.scope import head
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
    if not unknown:  # a clause may be meant where a name is misspelt
        _without_use(program, lowered, findings)
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


def _without_use(program: Program, lowered: Lowered, findings: Findings) -> None:
    """Warn of events, populations, classes and a run-out that nothing rests on (MH436)."""
    clauses: list[tuple[str, t.Clause]] = [
        (f"nothing asks for the population `{name}`", node)
        for name, node in program.populations.items()
        if ("population", name) not in lowered.used
    ]
    read = {table.name for table in lowered.plan.schema.tables}
    clauses += [
        (f"nothing asks for the events `{name}`", node)
        for name, node in program.events.items()
        if ("event", name) not in lowered.used
    ]
    classes = any(isinstance(part, ir.Feature) and part.column == "service" for part in _everything(lowered))
    if program.classify is not None and not classes:
        clauses.append(("nothing asks for the service of a claim or visit", program.classify))
    if lowered.plan.members.run_out is not None and program.settlement is not None and read.isdisjoint(CLAIMS):
        clauses.append(("no claim is read, so the run-out changes nothing", program.settlement))
    for message, node in clauses:
        findings.report("MH436", message, head(node), help=READ_IT)


def _everything(lowered: Lowered) -> Iterator[ir.Expression]:
    """Every expression of the plan, what payments pay for included."""
    seen: set[ir.Quantity] = set()
    for top in plan_expressions(lowered):
        yield from reads(top, seen)


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
