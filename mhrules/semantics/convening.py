"""Who takes part: the payers, the authority under which they may agree, and the participant's word."""

from __future__ import annotations

from collections.abc import Sequence

from mhrules.classes import frozen
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Label
from mhrules.semantics.parameters import check_in_term
from mhrules.semantics.payments import report_repeated
from mhrules.semantics.program import PayerDeclaration
from mhrules.semantics.scope import Namespace, kind_of_name
from mhrules.syntax import tree as t


@frozen
class Convened:
    """What `convening` says."""

    payers: dict[str, PayerDeclaration]
    authority: bool = False
    requires: int = 0
    contract_required: bool = False


def convened(node: t.Convening | None, term: t.Term | None, findings: Findings) -> Convened:
    """The payers and conditions of `convening`, checked."""
    if node is None:
        return Convened({})
    _check_once(node.clauses, findings)
    payers: dict[str, PayerDeclaration] = {}
    names = Namespace(findings)
    for clause in node.clauses:
        if isinstance(clause, t.Payer) and names.add(clause.name, "payer"):
            payers[clause.name.text] = _payer(clause, term, findings)
    requires = next((c for c in node.clauses if isinstance(c, t.RequiresPayers)), None)
    if requires is not None and requires.count > len(payers):
        findings.report(
            "MH221",
            f"{requires.count} payers are required, but only {len(payers)} declared",
            requires.span,
            help="declare the other payers, or require fewer: in no month would the program be in force",
        )
    return Convened(
        payers=payers,
        authority=any(isinstance(c, t.Authority) for c in node.clauses),
        requires=0 if requires is None else requires.count,
        contract_required=any(isinstance(c, t.ContractRequired) for c in node.clauses),
    )


def _check_once(clauses: Sequence[t.Clause], findings: Findings) -> None:
    first: dict[type, t.Clause] = {}
    for clause in clauses:
        if isinstance(clause, t.Authority | t.RequiresPayers | t.ContractRequired):
            before = first.setdefault(type(clause), clause)
            if before is not clause:
                report_repeated(clause, before, findings)


def _payer(clause: t.Payer, term: t.Term | None, findings: Findings) -> PayerDeclaration:
    lines = Namespace(findings)
    for line in clause.lines:
        lines.add(line, "line of business")
    if clause.start is not None and term is not None and term.last is not None and clause.start > term.last:
        check_in_term(clause.start, clause.span, term.first, term.last, findings)
    return PayerDeclaration(
        name=clause.name.text,
        title=clause.title,
        lines=tuple(lines.names()),
        start=clause.start,
        span=clause.name.span,
    )


def check_participant(node: t.Participant | None, values: Namespace, keys: Namespace, findings: Findings) -> None:
    """Report a word for the participant that means something else already."""
    if node is None or node.name.text == "practice":
        return
    word = node.name.text
    builtin = kind_of_name(word)
    other = values.place(word) or keys.place(word)
    if builtin is not None:
        findings.report(
            "MH209",
            f"the participant cannot be called `{word}`: that is a {builtin}",
            node.name.span,
            help="choose a word of your own, such as `aco` or `clinic`",
        )
    elif other is not None:
        findings.report(
            "MH209",
            f"`{word}` is the participant and cannot be the name of something else",
            other,
            related=[Label(node.name.span, "the participant")],
            help="give the one declared here another name",
        )
