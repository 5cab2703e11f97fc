"""From files to a program: what is declared, each name once, each clause where it may stand."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Label
from mhrules.exact import Rounding
from mhrules.semantics import antitrust, references, types
from mhrules.semantics.calendar import Calendar
from mhrules.semantics.convening import check_participant, convened
from mhrules.semantics.declared import enum_type
from mhrules.semantics.facts import PRACTICE, Keys, event_declarations, fact_declarations
from mhrules.semantics.parameters import parameter_declaration
from mhrules.semantics.payments import PaymentChecker, report_later, report_repeated
from mhrules.semantics.program import ParameterDeclaration, Program
from mhrules.semantics.scope import Namespace, head
from mhrules.semantics.types import Type
from mhrules.syntax import tree as t

C = TypeVar("C", bound=t.Clause)

STANDS_ONCE = (
    t.Term,
    t.YearRule,
    t.RoundingClause,
    t.Participant,
    t.MonthsCount,
    t.Attribution,
    t.Participation,
    t.Convening,
    t.Classify,
    t.EligibleMembers,
    t.Settlement,
    t.Starts,
    t.CostIs,
    t.UnscoredRule,
    t.BaselineYears,
)

MOST_PLACES_PAID = 2


def program_from_files(
    files: Sequence[t.File], findings: Findings, codes: Mapping[str, tuple[str, ...]] = MappingProxyType({})
) -> Program | None:
    """The one program among the files with its declarations; None if there is none that can be gone on with.

    Contracts are collected from all files. Every mistake is a finding; what is mistaken is left out. `codes` are those
    of the files that value sets name, by path as the text writes it.
    """
    programs = [item for file in files for item in file.items if isinstance(item, t.Program)]
    contracts = tuple(item for file in files for item in file.items if isinstance(item, t.Contract))
    if not programs:
        span = contracts[0].program.span if contracts else head(files[0]) if files else None
        findings.report("MH204", "there is no program", span, help="import the file that holds it, or check both")
        return None
    for other in programs[1:]:
        findings.report(
            "MH205",
            f"there is a second program, `{other.name.text}`",
            other.name.span,
            related=[Label(programs[0].name.span, "the first program")],
            help="keep one program and its contracts in a folder",
        )
    if len(programs) > 1:
        return None
    names = Namespace(findings)
    for contract in contracts:
        names.add(contract.name, "contract")
    return _Reader(programs[0], contracts, findings, codes).program()


class _Reader:
    """Reads the clauses of one program."""

    def __init__(
        self,
        node: t.Program,
        contracts: tuple[t.Contract, ...],
        findings: Findings,
        codes: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.node = node
        self.contracts = contracts
        self.codes = codes
        self.findings = findings
        self.values = Namespace(findings, guarded=True)
        self.keys = Namespace(findings, guarded=True)

    def all(self, kind: type[C]) -> list[C]:
        return [clause for clause in self.node.clauses if isinstance(clause, kind)]

    def first(self, kind: type[C]) -> C | None:
        return next(iter(self.all(kind)), None)

    def named(self, kind: type[C], what: str, namespace: Namespace | None = None) -> dict[str, C]:
        """The clauses of a kind by their name, each declared once."""
        names = Namespace(self.findings) if namespace is None else namespace
        return {c.name.text: c for c in self.all(kind) if names.add(c.name, what)}  # type: ignore[attr-defined]

    def program(self) -> Program | None:
        """Everything declared, or None if the term or the rounding is not known."""
        self.check_clauses()
        term = self.term()
        rounding = self.rounding()
        participant = self.first(t.Participant)
        word = PRACTICE if participant is None else participant.name.text
        convening = convened(self.first(t.Convening), term, self.findings)
        if not convening.payers:
            self.missing("payer", 'declare one, as in `convening { payer NAME "…" }`')

        known = self.types()
        keys = self.key_declarations(word)
        table_keys = Keys(word, frozenset(keys))
        facts = fact_declarations(self.all(t.Facts), table_keys, known, self.values, self.findings)
        parameters = self.parameters(term, known)
        tables = self.named(t.Table, "table", self.values)
        defines = self.named(t.Define, "definition", self.values)
        reports = self.named(t.Report, "report", self.values)
        measures = self.named(t.Measure, "measure", self.values)
        populations = self.named(t.Population, "population", self.values)
        payments = self.named(t.Payment, "payment")
        payees = self.named(t.PayeeDeclaration, "payee")
        valuesets = self.named(t.ValueSet, "value set")
        self.named(t.Ensure, "invariant")
        events = self.named(t.Events, "kind of event")
        event_facts = event_declarations(events, known, self.findings)
        check_participant(participant, self.values, self.keys, self.findings)
        words = list(dict.fromkeys([word, PRACTICE, *keys]))
        checker = PaymentChecker(words, self.values, payees, events, self.findings)
        for payment in self.all(t.Payment):
            checker.check(payment)
        if measures and self.first(t.UnscoredRule) is None:
            self.missing("unscored", "add `unscored measures leave both points and possible points`, or another rule")
        self.requirements()
        self.measure_sets()
        self.baseline()
        if term is None or rounding is None:
            return None

        months, year = self.first(t.MonthsCount), self.first(t.YearRule)
        program = Program(
            node=self.node,
            name=self.node.name.text,
            title=self.node.title,
            edition=self.node.edition,
            term_first=term.first,
            term_last=term.last,
            calendar=Calendar(year.month) if year is not None and self.year_is_good(year) else Calendar(),
            rounding=rounding,
            months_rule=None if months is None else months.rule,
            participant=word,
            participant_title="Practice" if participant is None else participant.title,
            authority=convening.authority,
            requires_payers=convening.requires,
            contract_required=convening.contract_required,
            payers=convening.payers,
            types=known,
            keys=keys,
            payees=payees,
            facts=facts,
            parameters=parameters,
            tables=tables,
            defines=defines,
            reports=reports,
            measures=measures,
            measure_sets=tuple(self.all(t.MeasureSet)),
            payments=payments,
            populations=populations,
            valuesets=valuesets,
            events=events,
            classify=self.first(t.Classify),
            eligible=self.first(t.EligibleMembers),
            participation=self.first(t.Participation),
            attribution=self.first(t.Attribution),
            starts=self.first(t.Starts),
            baseline=self.first(t.BaselineYears),
            never_together=tuple(self.all(t.NeverTogether)),
            ensures=tuple(self.all(t.Ensure)),
            examples=tuple(self.all(t.Example)),
            contracts=self.contracts,
            notes=tuple(n for n in self.node.walk() if isinstance(n, t.Note)),
            disclosures=self.disclosures(payments),
            event_facts=event_facts,
            months_open=months is not None and months.opened,
            unscored=self.first(t.UnscoredRule),
            cost=self.first(t.CostIs),
            settlement=self.first(t.Settlement),
            valueset_codes={name: self.codes_of(clause) for name, clause in valuesets.items()},
        )
        references.check_references(program, self.findings)
        references.warn_unused(program, self.findings)
        antitrust.check_amounts(program, self.findings)
        return program

    # -------------------------------------------------------------------------------- clauses as a whole

    def check_clauses(self) -> None:
        """Clauses that stand once stand once; those kept for later are refused."""
        first: dict[type, t.Clause] = {}
        for clause in self.node.clauses:
            if isinstance(clause, STANDS_ONCE):
                before = first.setdefault(type(clause), clause)
                if before is not clause:
                    report_repeated(clause, before, self.findings)
            if isinstance(clause, t.Later):
                report_later(clause, self.findings)
            elif isinstance(clause, t.GroupByRules):
                report_later(clause, self.findings, "groups with rules")
            elif isinstance(clause, t.Settlement):
                for part in clause.parts:
                    if isinstance(part, t.SettlementPart) and part.kind != "final":
                        report_later(part, self.findings, part.kind)

    def missing(self, what: str, help_text: str) -> None:
        self.findings.report(
            "MH206", f"the program `{self.node.name.text}` has no `{what}`", self.node.name.span, help=help_text
        )

    def term(self) -> t.Term | None:
        term = self.first(t.Term)
        if term is None:
            self.missing("term", "add `term 2011-01-01 to 2013-12-31` or `term 2011-01-01 onward`")
        elif term.last is not None and term.last < term.first:
            self.findings.report(
                "MH220",
                f"the term ends on {term.last}, before it begins on {term.first}",
                term.span,
                help="write the first day first",
            )
            return None
        return term

    def year_is_good(self, year: t.YearRule) -> bool:
        if year.day == 1 and 1 <= year.month <= 12:
            return True
        self.findings.report(
            "MH210",
            f"a year cannot begin on {year.month:02d}-{year.day:02d}",
            year.span,
            help="let it begin with the first day of a month, as in `year begins 04-01`",
        )
        return False

    def rounding(self) -> tuple[int, Rounding] | None:
        clause = self.first(t.RoundingClause)
        if clause is None:
            self.missing("rounding", "add `rounding to cents half up`, or as the program manual says")
            return None
        if clause.rule.mode is None or clause.rule.places > MOST_PLACES_PAID:
            self.findings.report(
                "MH219",
                "the rounding of amounts needs cents or dollars, and says how halves are rounded",
                clause.span,
                help="write `rounding to cents half up`, `half even`, or `rounding down to cents`",
            )
            return None
        return clause.rule.places, clause.rule.mode

    # ------------------------------------------------------------------------------------ declarations

    def types(self) -> dict[str, Type]:
        names = Namespace(self.findings)
        found: dict[str, Type] = {}
        for clause in self.all(t.TypeDeclaration):
            if names.add(clause.name, "type"):
                text = clause.name.text
                definition = clause.definition
                is_codes = isinstance(definition, t.EnumType)
                found[text] = enum_type(definition, text, self.findings) if is_codes else types.UNKNOWN  # type: ignore[arg-type]
        return found

    def key_declarations(self, word: str) -> dict[str, t.KeyDeclaration | t.GroupByFact]:
        clauses = [c for c in self.node.clauses if isinstance(c, t.KeyDeclaration | t.GroupByFact)]
        good = [c for c in clauses if self.keys.add(c.name, "group" if isinstance(c, t.GroupByFact) else "key")]
        declared = {c.name.text: c for c in good}
        for clause in good:
            references.check_key_owner(clause, word, declared, self.findings)
        return declared

    def parameters(self, term: t.Term | None, known: Mapping[str, Type]) -> dict[str, ParameterDeclaration]:
        first = datetime.date.min if term is None else term.first
        last = None if term is None else term.last
        return {
            name: parameter_declaration(clause, known, first, last, self.findings)
            for name, clause in self.named(t.Parameter, "parameter", self.values).items()
        }

    def codes_of(self, clause: t.ValueSet) -> tuple[str, ...]:
        """The codes of a value set; of a file that could not be read none."""
        if clause.path is not None:
            return self.codes.get(clause.path.value, ())
        return tuple(dict.fromkeys(code.value for code in clause.codes))

    def requirements(self) -> None:
        """Names of requirements are unique; no group asks for more than it lists."""
        names = Namespace(self.findings)
        participation = self.first(t.Participation)
        for clause in () if participation is None else participation.clauses:
            if isinstance(clause, t.Require):
                names.add(clause.name, "requirement")
            elif isinstance(clause, t.RequireSome):
                for inner in clause.requirements:
                    names.add(inner.name, "requirement")
                self.enough(clause, clause.at_least, len(clause.requirements), "requirements")

    def enough(self, clause: t.Clause, wanted: int, listed: int, what: str) -> None:
        if wanted > listed:
            self.findings.report(
                "MH223",
                f"at least {wanted} {what} are asked for, but only {listed} listed",
                head(clause),
                help="ask for fewer, or list more",
            )

    def measure_sets(self) -> None:
        names = Namespace(self.findings)
        for clause in self.all(t.MeasureSet):
            if clause.name is not None:
                names.add(clause.name, "measure set")
            listed = Namespace(self.findings)
            for measure in (*clause.core, *clause.menu):
                listed.add(measure, "measure of the set")
            self.enough(clause, clause.menu_at_least, len(clause.menu), "measures of the menu")

    def baseline(self) -> None:
        clause = self.first(t.BaselineYears)
        if clause is None:
            return
        years = clause.last - clause.first + 1
        if years < 1 or (clause.weights and len(clause.weights) != years):
            self.findings.report(
                "MH222",
                f"the baseline {clause.first} to {clause.last} has {max(years, 0)} years and "
                f"{len(clause.weights)} weights",
                clause.span,
                help="write the first year first and one weight a year",
            )

    def disclosures(self, payments: Mapping[str, t.Payment]) -> tuple[t.Disclose, ...]:
        """Every `disclose`, of the program and of its payments."""
        inside: Iterable[t.Node] = (c for p in payments.values() for c in p.walk())
        return (*self.all(t.Disclose), *(c for c in inside if isinstance(c, t.Disclose)))
