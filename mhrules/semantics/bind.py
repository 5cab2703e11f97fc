"""Contracts onto a program: what each payer's contract makes of what the program leaves open."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence

from mhrules.classes import frozen
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Label
from mhrules.semantics.bind_choices import choose_forms, choose_measures, core_measures, credits, declines, single_forms
from mhrules.semantics.bind_values import Begins, first_blank, report_blanks, set_values
from mhrules.semantics.payments import report_repeated
from mhrules.semantics.program import Agreement, PayerDeclaration, Program
from mhrules.semantics.reach import Reach
from mhrules.semantics.scope import Namespace, head, report_unknown
from mhrules.syntax import tree as t


def agreements(program: Program, findings: Findings) -> dict[str, Agreement]:
    """One agreement per declared payer, from its contract or from the bare program.

    A payer without a contract settles under the bare program if nothing it owes is blank or left to choose and the
    program does not say `contract required`; otherwise its status is `no contract`.
    """
    reach = Reach(program)
    found: dict[str, Agreement] = {}
    for contract in program.contracts:
        if not _is_under(program, contract, findings):
            continue
        if contract.payer.text not in program.payers:
            report_unknown(findings, contract.payer, "payer", program.payers)
            continue
        before = found.get(contract.payer.text)
        if before is not None and before.node is not None:
            findings.report(
                "MH503",
                f"`{contract.payer.text}` has two contracts",
                contract.name.span,
                related=[Label(before.node.name.span, "the first contract")],
                help="a payer has one contract under a program: put them together",
            )
            continue
        payer = program.payers[contract.payer.text]
        binder = _Binder(program, reach, payer, contract.name, contract.clauses, findings)
        found[payer.name] = binder.agreement(contract)
    return {name: found.get(name) or _bare(program, reach, payer) for name, payer in program.payers.items()}


def example_agreements(
    program: Program, example: t.Example, findings: Findings, contract: t.Contract | None = None
) -> dict[str, Agreement]:
    """The agreements that hold in an example: those of its `given contract of`, the bare program for the others.

    An example inside a `contract` has that contract in force as well. Without `effective`, a contract that an
    example gives begins with the term.
    """
    reach = Reach(program)
    found = {name: _bare(program, reach, payer) for name, payer in program.payers.items()}
    if contract is not None and contract.payer.text in program.payers:
        payer = program.payers[contract.payer.text]
        quiet = Findings()  # `agreements` reports what is wrong with it
        found[payer.name] = _Binder(program, reach, payer, contract.name, contract.clauses, quiet).agreement(contract)
    given = Namespace(findings)
    for clause in example.clauses:
        if not isinstance(clause, t.ExampleContract):
            continue
        if clause.payer.text not in program.payers:
            report_unknown(findings, clause.payer, "payer", program.payers)
        elif given.add(clause.payer, "contract of the example"):
            payer = program.payers[clause.payer.text]
            binder = _Binder(program, reach, payer, clause.payer, clause.clauses, findings, is_example=True)
            found[payer.name] = binder.agreement(None)
    return found


def owed_from(program: Program, payer: PayerDeclaration, effective: datetime.date | None) -> datetime.date:
    """When a payer begins to owe: the latest of its contract's date, its own and the term."""
    return max(date for date in (effective, payer.start, program.term_first) if date is not None)


def _is_under(program: Program, contract: t.Contract, findings: Findings) -> bool:
    if contract.program.text != program.name:
        findings.report(
            "MH501",
            f"`{contract.name.text}` is under `{contract.program.text}`, but the program here is `{program.name}`",
            contract.program.span,
            related=[Label(program.node.name.span, "the program")],
            help=f"write `under {program.name}`, or check it with its own program",
        )
        return False
    if contract.edition != program.edition:
        findings.report(
            "MH502",
            f'`{contract.name.text}` is under edition "{contract.edition}" of the program, but this is edition '
            f'"{program.edition}"',
            contract.edition_span,
            related=[Label(head(program.node), "the program")],
            help="check it with the edition it was signed for, or sign the new one",
        )
        return False
    return True


def _bare(program: Program, reach: Reach, payer: PayerDeclaration) -> Agreement:
    """What a payer owes without a contract: the bare program, or nothing."""
    effective = owed_from(program, payer, None)
    forms = single_forms(program)
    needed = reach.for_payer(payer, (), forms)
    anywhere = reach.anywhere()
    complete = (
        not program.contract_required
        and all(not p.forms or name in forms for name, p in program.payments.items())
        and not any(s.menu_at_least for s in program.measure_sets)
        and not any(
            first_blank(program, p, (), effective) is not None
            for name, p in program.parameters.items()
            if name in needed or name not in anywhere
        )
    )
    return Agreement(
        payer=payer.name,
        status="program" if complete else "no contract",
        contract="",
        effective=effective,
        sets={},
        declined={},
        forms=forms,
        measures=core_measures(program),
        credits=(),
        requirements=(),
        months_rule=program.months_rule,
    )


@frozen
class _Binder:
    """Binds the clauses of one contract; `name` is where findings about the whole contract stand."""

    program: Program
    reach: Reach
    payer: PayerDeclaration
    name: t.Name
    clauses: Sequence[t.Clause]
    findings: Findings
    is_example: bool = False

    def agreement(self, node: t.Contract | None) -> Agreement:
        """What the contract makes of the program."""
        program, findings = self.program, self.findings
        contract_date = self.effective()
        begins = Begins(contract_date, owed_from(program, self.payer, contract_date))
        declined = declines(program, self.clauses, findings)
        forms = choose_forms(program, self.name, self.clauses, declined, findings)
        measures = choose_measures(program, self.name, self.clauses, findings)
        requirements = self.requirements()
        sets = set_values(program, self.payer, begins, self.clauses, findings)
        attempted = Counter(c.name.text for c in self.clauses if isinstance(c, t.SetParameter))
        report_blanks(
            program,
            self.payer,
            self.name,
            sets,
            mistaken={name for name, times in attempted.items() if times > len(sets.get(name, ()))},
            effective=begins.owed,
            needed=self.reach.for_payer(self.payer, declined, forms, requirements),
            read_anywhere=self.reach.anywhere(),
            findings=findings,
        )
        return Agreement(
            payer=self.payer.name,
            status="contract",
            contract="" if node is None else node.name.text,
            effective=begins.owed,
            sets=sets,
            declined=declined,
            forms=forms,
            measures=measures,
            credits=credits(program, self.clauses, findings),
            requirements=requirements,
            months_rule=self.months_rule(),
            node=node,
        )

    def effective(self) -> datetime.date:
        """The contract's own date; a contract without one is a mistake, but not in an example."""
        found = [c for c in self.clauses if isinstance(c, t.Effective)]
        for again in found[1:]:
            report_repeated(again, found[0], self.findings)
        if not found:
            if not self.is_example:
                self.findings.report(
                    "MH505",
                    f"the contract `{self.name.text}` does not say when it begins",
                    self.name.span,
                    help=f"add a date, as in `effective {self.program.term_first}`",
                )
            return self.program.term_first
        last = self.program.term_last
        if last is not None and found[0].date > last:
            self.findings.report(
                "MH525",
                f"the contract begins on {found[0].date}, after the term ends on {last}",
                found[0].span,
                help="choose a date within the term",
            )
        return found[0].date

    def requirements(self) -> tuple[t.Require, ...]:
        """Requirements of the contract's own, where the program is open to stricter ones."""
        own = [c for c in self.clauses if isinstance(c, t.Require)]
        participation = self.program.participation
        names = Namespace(Findings())
        for node in () if participation is None else participation.walk():
            if isinstance(node, t.Require):
                names.add(node.name, "requirement")
        own_names = Namespace(self.findings)
        good = []
        for clause in own:
            if participation is None or not participation.open_to_stricter:
                self.findings.report(
                    "MH520",
                    f"`{clause.name.text}` is a requirement of its own, which the program does not allow",
                    head(clause),
                    help="remove it; the program would have to say `participation open to stricter`",
                )
            elif (place := names.place(clause.name.text)) is not None:
                self.findings.report(
                    "MH202",
                    f"`{clause.name.text}` is a requirement of the program already",
                    clause.name.span,
                    label="declared again here",
                    related=[Label(place, "in the program")],
                    help="give the contract's requirement another name",
                )
            elif own_names.add(clause.name, "requirement"):
                good.append(clause)
        return tuple(good)

    def months_rule(self) -> t.MonthsRule | None:
        """When a month counts for this payer: the program's rule, or the contract's where it may choose."""
        found = [c for c in self.clauses if isinstance(c, t.MonthsCount)]
        for again in found[1:]:
            report_repeated(again, found[0], self.findings)
        if not found:
            return self.program.months_rule
        if not self.program.months_open:
            self.findings.report(
                "MH523",
                "the program fixes when a month counts",
                head(found[0]),
                help="remove the clause; the program would have to say `open` behind its `months count`",
            )
            return self.program.months_rule
        return found[0].rule
