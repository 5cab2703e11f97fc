"""Names that clauses mention outside of expressions, and declarations that nothing mentions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Label
from mhrules.semantics.facts import PRACTICE
from mhrules.semantics.program import FactDeclaration, Program
from mhrules.semantics.scope import report_unknown
from mhrules.semantics.types import Kind
from mhrules.syntax import tree as t

OWNERS = (PRACTICE, "provider", "member", "payer")
AUDIENCES = ("payers", "practices", "payer", "practice", "public")
SETTERS = ("state", "federal")


def check_references(program: Program, findings: Findings) -> None:
    """Look up what clauses name: facts behind keys, payees and starts, measures of sets, words with few choices."""
    _check_facts_behind(program, findings)
    for measures in program.measure_sets:
        for name in (*measures.core, *measures.menu):
            if name.text not in program.measures:
                report_unknown(findings, name, "measure", program.measures)
    _check_measure_parts(program, findings)
    _check_words(program, findings)


def _check_facts_behind(program: Program, findings: Findings) -> None:
    for key in program.keys.values():
        if isinstance(key, t.GroupByFact):
            _check_fact(program, key.fact, "group", (Kind.TEXT, Kind.CODE), findings)
    for payee in program.payees.values():
        if payee.of.text not in (program.participant, PRACTICE):
            report_unknown(findings, payee.of, "owner of a payee", [program.participant])
        _check_fact(program, payee.fact, "payee", (Kind.TEXT,), findings)
    if program.starts is not None:
        _check_fact(program, program.starts.fact, "start", (Kind.DATE,), findings, undated=True)


def _check_words(program: Program, findings: Findings) -> None:
    """Words of which the language knows only a few."""
    if program.classify is not None and program.classify.target.text != "service":
        report_unknown(findings, program.classify.target, "quantity to classify", ["service"])
    if program.cost is not None and program.cost.basis not in ("paid", "allowed"):
        name = t.Name(text=program.cost.basis, span=program.cost.span)
        report_unknown(findings, name, "basis of cost", ["allowed", "paid"])
    for method in () if program.attribution is None else program.attribution.methods:
        if method.measure is not None and method.measure.text not in ("visits", "allowed"):
            report_unknown(findings, method.measure, "measure of plurality", ["allowed", "visits"])
    for disclosure in program.disclosures:
        if disclosure.to.text not in AUDIENCES:
            report_unknown(findings, disclosure.to, "audience", AUDIENCES[:2])
    for note in program.notes:
        if note.kind is t.NoteKind.SET_BY and note.text not in SETTERS:
            report_unknown(findings, t.Name(text=note.text, span=note.span), "authority", SETTERS)


def _check_measure_parts(program: Program, findings: Findings) -> None:
    """A composite or an improvement is of declared measures."""
    for measure in program.measures.values():
        for part in measure.parts:
            if isinstance(part, t.MeasurePart) and part.kind in ("composite", "improvement", "percentile"):
                for name in part.values:
                    if isinstance(name, t.Name) and name.text not in program.measures:
                        report_unknown(findings, name, "measure", program.measures)


def check_key_owner(
    key: t.KeyDeclaration | t.GroupByFact, participant: str, declared: Mapping[str, object], findings: Findings
) -> None:
    """A key is of the participant, of another key, of a provider, member or payer; a group is of practices."""
    if isinstance(key, t.GroupByFact):
        owners = [f"{participant}s", participant, f"{PRACTICE}s", PRACTICE]
        what = "owner of a group"
    else:
        owners = [participant, *OWNERS, *declared]
        what = "owner of a key"
    if key.of.text not in owners or key.of.text == key.name.text:
        report_unknown(findings, key.of, what, owners)


def _check_fact(
    program: Program, name: t.Name, use: str, kinds: tuple[Kind, ...], findings: Findings, *, undated: bool = False
) -> None:
    """The fact behind a key, a payee or a start exists, is of the right kind, and is a fact of the participant."""
    fact = program.facts.get(name.text)
    if fact is None:
        report_unknown(findings, name, "fact", program.facts)
        return
    wanted = " or ".join(kind.value for kind in kinds)
    if fact.type.is_unknown:
        return
    if fact.type.kind not in kinds:
        message = f"the {use} needs {wanted}, but `{name.text}` is {fact.type}"
        help_text = f"choose a fact that is {wanted}"
    elif not _is_of_participant(fact) or (undated and (fact.dated or fact.keys != (PRACTICE,))):
        message = f"`{name.text}` is not a fact of the {program.participant} alone"
        help_text = f"declare it under `facts of {program.participant}`"
    else:
        return
    findings.report("MH211", message, name.span, related=[Label(fact.span, "the fact")], help=help_text)


def _is_of_participant(fact: FactDeclaration) -> bool:
    return PRACTICE in fact.keys and set(fact.keys) <= {PRACTICE, "payer"}


# ---------------------------------------------------------------------------------------------- unused


def warn_unused(program: Program, findings: Findings) -> None:
    """Warn of value sets, payees and keys that neither the program nor a contract mentions."""
    roots: list[t.Node] = [program.node, *program.contracts]
    words = _mentioned(roots)
    sets = {n.valueset.text for root in roots for n in root.walk() if isinstance(n, t.InValueSet)}
    paid = {n.payee.text for n in program.node.walk() if isinstance(n, t.To)}
    _warn("MH431", "value set", [v.name for v in program.valuesets.values() if v.name.text not in sets], findings)
    _warn("MH432", "payee", [p.name for p in program.payees.values() if p.name.text not in paid], findings)
    unused = [k.name for k in program.keys.values() if not {k.name.text, f"{k.name.text}s"} & words]
    _warn("MH433", "key", unused, findings)


def _mentioned(roots: Iterable[t.Node]) -> set[str]:
    """Every name in the text but those that a key, a group or a column declares, and the facts behind groups."""
    words: set[str] = set()
    declared: set[t.Node] = set()
    for node in (n for root in roots for n in root.walk()):
        if isinstance(node, t.KeyDeclaration | t.GroupByFact | t.FactColumn):
            declared.add(node.name)
        if isinstance(node, t.GroupByFact):
            declared.add(node.fact)
        if isinstance(node, t.Reference):
            words.add(node.name)
        elif isinstance(node, t.Basis):
            words.add(node.unit)
        elif isinstance(node, t.Name) and node not in declared:
            words.add(node.text)
    return words


def _warn(code: str, what: str, names: Iterable[t.Name], findings: Findings) -> None:
    for name in names:
        findings.report(code, f"the {what} `{name.text}` is never used", name.span, help="use it or remove it")
