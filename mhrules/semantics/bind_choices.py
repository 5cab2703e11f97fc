"""What a contract chooses: payments it declines, forms, measures of the menu, credits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Label
from mhrules.semantics.declared import constant, type_words
from mhrules.semantics.facts import Keys, canonical_keys
from mhrules.semantics.payments import report_repeated
from mhrules.semantics.program import CreditDeclaration, FactDeclaration, Program
from mhrules.semantics.scope import head, report_unknown
from mhrules.semantics.types import DOLLARS, number
from mhrules.syntax import tree as t


def declines(program: Program, clauses: Sequence[t.Clause], findings: Findings) -> dict[str, str]:
    """The payments a contract declines, with the reason."""
    found: dict[str, t.Decline] = {}
    for clause in clauses:
        if not isinstance(clause, t.Decline):
            continue
        name = clause.payment.text
        payment = program.payments.get(name)
        if payment is None:
            report_unknown(findings, clause.payment, "payment", program.payments)
        elif not payment.optional:
            findings.report(
                "MH512",
                f"`{name}` is not optional and cannot be declined",
                clause.span,
                related=[Label(payment.name.span, "not `optional`")],
                help="remove the clause; the program would have to call the payment `optional`",
            )
        elif name in found:
            findings.report(
                "MH513",
                f"`{name}` is declined twice",
                clause.span,
                related=[Label(found[name].span, "first declined here")],
                help="keep one of them",
            )
        else:
            if not clause.reason.strip():
                findings.report(
                    "MH514",
                    f"`{name}` is declined without a reason",
                    clause.span,
                    help='say why, as in `because "paid under an older agreement"`',
                )
            found[name] = clause
    return {name: clause.reason for name, clause in found.items()}


def single_forms(program: Program) -> dict[str, str]:
    """The forms of payments that are payable in one form only, which nobody needs to choose."""
    return {name: p.forms[0].text for name, p in program.payments.items() if len(p.forms) == 1}


def choose_forms(
    program: Program, contract: t.Name, clauses: Sequence[t.Clause], declined: Collection[str], findings: Findings
) -> dict[str, str]:
    """The form of every payment that is payable in several."""
    forms = single_forms(program)
    chosen: dict[str, t.PayAs] = {}
    for clause in clauses:
        if not isinstance(clause, t.PayAs):
            continue
        name = clause.payment.text
        payment = program.payments.get(name)
        if payment is None:
            report_unknown(findings, clause.payment, "payment", program.payments)
        elif not payment.forms:
            findings.report(
                "MH516",
                f"`{name}` is not payable in several forms",
                clause.span,
                related=[Label(payment.name.span, "the payment")],
                help="remove the clause",
            )
        elif name in chosen:
            report_repeated(clause, chosen[name], findings)
        else:
            chosen[name] = clause
            known = [form.text for form in payment.forms]
            if clause.form.text in known:
                forms[name] = clause.form.text
            else:
                findings.report(
                    "MH515",
                    f"`{name}` is not payable as `{clause.form.text}`",
                    clause.form.span,
                    related=[Label(head(payment), "the payment")],
                    help=f"it is payable as {' or '.join(f'`{k}`' for k in known)}",
                )
    for name, payment in program.payments.items():
        if payment.forms and name not in forms and name not in chosen and name not in declined:
            findings.report(
                "MH517",
                f"the contract does not say in which form it pays `{name}`",
                contract.span,
                related=[Label(head(payment), "payable in several forms")],
                help=" or ".join(f"`pay {name} as {form.text}`" for form in payment.forms),
            )
    return forms


def core_measures(program: Program) -> tuple[str, ...]:
    """The measures that count for every payer: the core, or all where the program makes no sets."""
    if not program.measure_sets:
        return tuple(program.measures)
    return tuple(dict.fromkeys(name.text for s in program.measure_sets for name in s.core))


def choose_measures(
    program: Program, contract: t.Name, clauses: Sequence[t.Clause], findings: Findings
) -> tuple[str, ...]:
    """The measures that count under a contract: the core, then those chosen from the menus."""
    found = [c for c in clauses if isinstance(c, t.ChooseMeasures)]
    for again in found[1:]:
        report_repeated(again, found[0], findings)
    menu = {name.text for s in program.measure_sets for name in s.menu}
    chosen: dict[str, t.Name] = {}
    for name in found[0].measures if found else ():
        if name.text not in program.measures:
            report_unknown(findings, name, "measure", menu)
        elif name.text not in menu:
            findings.report(
                "MH518",
                f"`{name.text}` is not in a menu",
                name.span,
                help=f"choose from {', '.join(f'`{m}`' for m in sorted(menu))}" if menu else "there is no menu",
            )
        elif name.text in chosen:
            findings.report(
                "MH526",
                f"`{name.text}` is chosen twice",
                name.span,
                related=[Label(chosen[name.text].span, "first chosen here")],
                help="remove one of them",
            )
        else:
            chosen[name.text] = name
    for measures in program.measure_sets:
        have = sum(1 for name in measures.menu if name.text in chosen)
        if have < measures.menu_at_least:
            findings.report(
                "MH519",
                f"{have} of at least {measures.menu_at_least} measures of the menu are chosen",
                head(found[0]) if found else contract.span,
                related=[Label(head(measures), "the menu")],
                help=f"`choose measures` from {', '.join(f'`{name.text}`' for name in measures.menu)}",
            )
    return (*core_measures(program), *chosen)


# ---------------------------------------------------------------------------------------------- credits


def credits(program: Program, clauses: Sequence[t.Clause], findings: Findings) -> tuple[CreditDeclaration, ...]:
    """The credits of a contract, with their names looked up."""
    found = []
    for clause in clauses:
        if isinstance(clause, t.Credit):
            against = _against(program, clause, findings)
            fact = _credit_fact(program, clause, findings)
            amount = None if clause.amount is None else _credit_amount(clause.amount, findings)
            if against and (fact is not None or amount is not None):
                found.append(
                    CreditDeclaration(
                        title=clause.title,
                        against=against,
                        fact=None if fact is None else fact.name,
                        amount=amount,
                        carries_forward=clause.carries_forward,
                        span=clause.span,
                    )
                )
    return tuple(found)


def _against(program: Program, clause: t.Credit, findings: Findings) -> tuple[str, ...]:
    for name in clause.against:
        if name.text not in program.payments:
            report_unknown(findings, name, "payment", program.payments)
    return tuple(dict.fromkeys(name.text for name in clause.against if name.text in program.payments))


def _credit_fact(program: Program, clause: t.Credit, findings: Findings) -> FactDeclaration | None:
    """The fact that a credit reads: an amount in dollars, kept under the keys that the clause states."""
    if clause.column is None:
        return None
    words: Mapping[str, object] = program.keys
    keys = canonical_keys(clause.keys, Keys(program.participant, frozenset(words)), findings)
    fact = program.facts.get(clause.column.text)
    if fact is None:
        report_unknown(findings, clause.column, "fact", program.facts)
        return None
    if keys is None or fact.type.is_unknown:
        return None
    if set(keys) != set(fact.keys) or fact.dated:
        own = ", ".join(program.participant if key == "practice" else key for key in fact.keys)
        findings.report(
            "MH521",
            f"`{fact.name}` is not a fact of {', '.join(name.text for name in clause.keys)}",
            clause.keys[0].span.to(clause.keys[-1].span),
            related=[Label(fact.span, "declared here")],
            help=f"write `from facts of {own}`" if not fact.dated else "a credit reads facts that are not dated",
        )
        return None
    if not fact.type.is_total:
        findings.report(
            "MH524",
            f"a credit is an amount in dollars, but `{fact.name}` is {type_words(fact.type)}",
            clause.column.span,
            related=[Label(fact.span, "declared here")],
            help="choose a fact declared as `$`",
        )
        return None
    return fact


def _credit_amount(node: t.Expression, findings: Findings) -> int | None:
    amount = constant(node, number(DOLLARS, places=2), findings)
    if not isinstance(amount, int):
        return None
    if amount < 0:
        findings.report(
            "MH522",
            f"a credit of `{node.span.text}` would add to what is owed",
            node.span,
            help="write the amount without a minus: a credit is taken off",
        )
        return None
    return amount
