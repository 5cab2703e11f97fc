"""Checked declarations to a plan: every clause lowered in the context that it supplies.

`plan_from_program` is the whole pass. The analyses of `mhrules/check` run over what it leaves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs
from attrs import frozen

from mhrules.data.schema import Schema
from mhrules.diagnostics.collect import Findings
from mhrules.plan import ir
from mhrules.plan.lower_calls import Calls
from mhrules.plan.scope import MONTH, YEAR, Context, Decision, grain_of
from mhrules.plan.tables import schema_of
from mhrules.plan.whole import CreditPlan, PayerPlan, Plan, SettingValue
from mhrules.semantics.builtins import BASIS_ELEMENTS, BASIS_UNITS, ELEMENTS
from mhrules.semantics.calendar import first_month_on_or_after, month_of
from mhrules.semantics.program import Agreement, Program
from mhrules.semantics.types import DOLLARS, Kind, Type, number, unit_text
from mhrules.source import Span
from mhrules.syntax import tree as t

ELEMENT_KEYS = frozenset(e.key for e in ELEMENTS.values())


@frozen(eq=False)
class Lowered:
    """What the pass leaves: the plan, and what the analyses look at."""

    plan: Plan
    decisions: tuple[Decision, ...]
    used: frozenset[tuple[str, str]]
    shared_totals: frozenset[ir.Expression]
    never_together: tuple[tuple[ir.Expression, ...], ...]


class Clauses(Calls):
    """Participation, payments, reports and invariants."""

    def lower(self, node: t.Expression, context: Context, expected: Type | None = None) -> ir.Expression:
        handler = getattr(self, f"lower_{type(node).__name__.lower()}")
        result: ir.Expression = handler(node, context, expected)
        return result

    # ---------------------------------------------------------------------------------- participation

    def requirement_groups(self) -> tuple[ir.RequirementGroup, ...]:
        """The program's requirements, and those that contracts add for their payer."""
        groups = []
        clauses = self.program.participation.clauses if self.program.participation else ()
        for clause in clauses:
            if isinstance(clause, t.Require):
                groups.append(ir.RequirementGroup(1, (self.requirement(clause, None),)))
            elif isinstance(clause, t.RequireSome):
                members = tuple(self.requirement(r, None) for r in clause.requirements)
                groups.append(ir.RequirementGroup(clause.at_least, members))
        for agreement in self.agreements.values():
            groups += [ir.RequirementGroup(1, (self.requirement(r, agreement.payer),)) for r in agreement.requirements]
        return tuple(groups)

    def requirement(self, node: t.Require, payer: str | None) -> ir.RequirementPlan:
        context = Context(
            clause="a requirement, judged for a practice and payer each month,",
            period=MONTH,
            keys=frozenset({"payer", "practice", *self.program.keys}),
        )
        return ir.RequirementPlan(
            name=node.name.text,
            title=node.title,
            condition=self.condition_of(node.condition, context),
            by_month=node.by_month,
            payer=payer,
            span=node.span,
            notes=node.notes,
        )

    # --------------------------------------------------------------------------------------- payments

    def payment(self, node: t.Payment) -> ir.PaymentPlan:
        """A payment with its forms; clauses outside the forms hold for each of them."""
        common = tuple(c for c in node.clauses if not isinstance(c, t.Form))
        forms = {
            c.name.text: self.form(node, (*c.clauses, *common)) for c in node.clauses if isinstance(c, t.Form)
        }
        if not forms:
            forms = {"": self.form(node, common)}
        return ir.PaymentPlan(
            name=node.name.text,
            title=node.title,
            optional=node.optional,
            forms={name: form for name, form in forms.items() if form is not None},
            summary=next((c.text for c in common if isinstance(c, t.Summary)), ""),
            categories=tuple(code for c in common if isinstance(c, t.Category) for code in c.codes),
            cites=tuple(c.text for c in common if isinstance(c, t.Cite)),
            span=node.span,
        )

    def form(self, payment: t.Payment, clauses: tuple[t.Clause, ...]) -> ir.FormPlan | None:
        basis = next((c for c in clauses if isinstance(c, t.Basis)), None)
        pays = next((c for c in clauses if isinstance(c, t.Pays)), None)
        if basis is None or pays is None:
            return None
        context = self.basis_context(basis)
        gates, lets = [], {}
        for clause in clauses:
            inner = attrs.evolve(context, lets=dict(lets))
            if isinstance(clause, t.Let):
                lets[clause.name.text] = self.let(payment, clause, inner)
            elif isinstance(clause, t.Gate):
                gates.append(
                    ir.GatePlan(
                        clause.name.text,
                        clause.title,
                        self.condition_of(clause.condition, inner),
                        span=clause.span,
                        notes=clause.notes,
                    )
                )
        context = attrs.evolve(context, lets=lets)
        for name in lets:
            if not any(isinstance(n, t.Reference) and n.name == name for c in clauses for n in c.walk()):
                self.report(
                    "MH434", f"nothing uses `{name}`", lets[name].span, help="use it, or take the `let` out"
                )
        unit = BASIS_UNITS.get(basis.unit, DOLLARS)
        amount = self.amount(pays.value, context, unit, basis)
        where = None if basis.where is None else self.condition_of(basis.where, context)
        if basis.unit in BASIS_ELEMENTS:
            amount = attrs.evolve(amount, keys=amount.keys | {ELEMENTS[BASIS_ELEMENTS[basis.unit]].key})
        coverage = next((c.coverage for c in clauses if isinstance(c, t.Participating)), t.Coverage.LAST_MONTH)
        payee = next((c.payee for c in clauses if isinstance(c, t.To)), None)
        return ir.FormPlan(
            unit={"member": "member month"}.get(basis.unit, basis.unit if basis.unit in BASIS_ELEMENTS else "practice"),
            period=t.Period(context.period),
            once=basis.once,
            where=where,
            gates=tuple(gates),
            lets=tuple(lets.values()),
            pays=attrs.evolve(amount, notes=amount.notes + pays.notes),
            caps=tuple(self.amount(c.value, context, DOLLARS, None) for c in clauses if isinstance(c, t.AtMost)),
            floors=tuple(self.amount(c.value, context, DOLLARS, None) for c in clauses if isinstance(c, t.AtLeast)),
            downside=any(isinstance(c, t.Downside) for c in clauses),
            coverage=coverage,
            payee=self.payee(payee),
            round_each=next((c.what for c in clauses if isinstance(c, t.RoundFirst)), ""),
            span=payment.span,
        )

    def basis_context(self, basis: t.Basis) -> Context:
        """What a payment's basis supplies."""
        keys = frozenset({"payer", "practice", *self.program.keys})
        words = " ".join(basis.span.text.split())
        if basis.unit in BASIS_ELEMENTS:
            element = BASIS_ELEMENTS[basis.unit]
            if basis.event is not None:
                element = basis.event.text
                if element not in self.program.events:
                    self.unknown(basis.event, self.program.events, "event")
            element_key = ELEMENTS[BASIS_ELEMENTS[basis.unit]].key
            return Context(
                f"a payment {words.split(' where ')[0]}", MONTH, keys | {element_key, "member"}, elements=("members", element)
            )
        if basis.unit not in ("member", "practice", self.program.participant):
            self.report(
                "MH427",
                f"a payment cannot be made per {basis.unit}",
                basis.span,
                help=f"write `per {self.program.participant} per year`, `per member per month`, or per claim line, visit or event",
            )
        period = MONTH if basis.once or basis.period is None else basis.period.value
        return Context(f"a payment {words}", period, keys)

    def let(self, payment: t.Payment, node: t.Let, context: Context) -> ir.Quantity:
        expression = self.lower(node.value, context)
        quantity = ir.Quantity(
            name=f"{payment.name.text}.{node.name.text}",
            title=node.name.text,
            kind="let",
            grain=grain_of(expression.keys, context.period),
            expression=expression,
            span=node.span,
            notes=node.notes,
        )
        self.quantities[("let", payment.name.text, node)] = quantity
        return quantity

    def amount(
        self, node: t.Expression, context: Context, unit: tuple[tuple[str, int], ...], basis: t.Basis | None
    ) -> ir.Expression:
        """What a payment pays, or a limit on it, in the unit that its basis fixes."""
        value = self.number_of(node, context, number(unit))
        if value.type.is_unknown:
            return value
        per_line = basis is not None and basis.unit in BASIS_ELEMENTS and value.type.is_total
        if value.type.unit != unit and not per_line:
            wanted = unit_text(unit)
            words = "a limit" if basis is None else f"`{' '.join(basis.span.text.split())}`"
            helps = f"bring it to {wanted}"
            if value.type.unit == DOLLARS and basis is not None and basis.unit == "member":
                helps = f"pay it `per {self.program.participant} per month`, or state a rate per member month"
            elif unit == DOLLARS and value.type.is_money:
                helps = f"multiply the rate: `{node.span.text} * member_months` is $"
            self.report(
                "MH361",
                f"`{node.span.text}` is {value.type}, and {words} asks for {wanted}",
                node.span,
                label=f"this is {value.type}",
                help=helps,
            )
            return self.nothing(node)
        return value

    def payee(self, name: t.Name | None) -> str | None:
        if name is None or name.text in ("practice", self.program.participant):
            return None
        if name.text not in self.program.payees:
            self.unknown(name, self.program.payees, "payee")
            return None
        self.used.add(("payee", name.text))
        return name.text

    # ------------------------------------------------------------------------------ reports, invariants

    def report_plan(self, node: t.Report) -> ir.ReportPlan:
        read = self.defined(node.name.text, Context("a report of a year", YEAR), node.name.span)
        if isinstance(read, ir.Read):
            return ir.ReportPlan(node.name.text, node.title, read.quantity)
        empty = ir.Quantity(node.name.text, node.title, "report", (), self.nothing(node.value), span=node.span)
        return ir.ReportPlan(node.name.text, node.title, empty)

    def ensure(self, node: t.Ensure) -> ir.EnsurePlan:
        """An invariant, judged by month unless it reads something of a longer period."""
        period = self.natural_period(node.condition)
        context = Context(f"an invariant judged each {period.value.replace('_', '-')}", period.value)
        where = None
        if node.payers_where is not None:
            inner = Context("a choice of payers", MONTH, frozenset({"payer", "line"}))
            condition = self.condition_of(node.payers_where, inner)
            where = ir.Aggregate(
                function="any",
                over=("line",),
                body=condition,
                type=condition.type,
                keys=frozenset({"payer"}),
                span=node.payers_where.span,
            )
        condition = self.condition_of(node.condition, context)
        return ir.EnsurePlan(node.name.text, node.title, where, condition, period, span=node.span)

    def natural_period(self, node: t.Node, seen: frozenset[str] = frozenset()) -> t.Period:
        """The longest period that an expression reads: of totals of payments and of yearly facts."""
        longest = t.Period.MONTH
        for part in node.walk():
            found = t.Period.MONTH
            if isinstance(part, t.Call) and part.function.text in ("total", "paid"):
                names = [n.name for n in part.walk() if isinstance(n, t.Reference)]
                payments = [self.program.payments[n] for n in names if n in self.program.payments]
                lengths = [m for p in payments for m in self.posting_months(p)]
                found = next((p for p in t.Period if p.months == max(lengths, default=1)), found)
            elif isinstance(part, t.Reference) and part.name not in seen:
                if part.name in self.program.facts and "year" in self.program.facts[part.name].keys:
                    found = t.Period.YEAR
                elif part.name in self.program.defines:
                    found = self.natural_period(self.program.defines[part.name].value, seen | {part.name})
            if found.months > longest.months:
                longest = found
        return longest

    # ------------------------------------------------------------------------------------------ payers

    def payer(self, name: str, agreement: Agreement) -> PayerPlan:
        """A payer with the parameter values that hold for it, month by month."""
        declared = self.program.payers[name]
        term = month_of(self.program.term_first)
        first = max(term, first_month_on_or_after(agreement.effective))
        settings = {p: self.settings(p, agreement, term, first) for p in self.program.parameters}
        return PayerPlan(
            name=name,
            title=declared.title,
            lines=declared.lines,
            first_month=first,
            status=agreement.status,
            contract=agreement.contract,
            settings=settings,
            declined=dict(agreement.declined),
            forms=dict(agreement.forms),
            credits=tuple(self.credits(agreement)),
        )

    def settings(self, name: str, agreement: Agreement, term: int, first: int) -> tuple[SettingValue, ...]:
        """Program values until the contract's first `set`; from then on the contract's latest one."""
        own = [
            SettingValue(
                max(first, first if v.start is None else first_month_on_or_after(v.start)),
                v.value,
                True,
                span=v.span,
                notes=v.notes,
            )
            for v in agreement.sets.get(name, ())
        ]
        starts = min((v.first_month for v in own), default=None)
        program = [
            SettingValue(
                term if v.start is None else first_month_on_or_after(v.start), v.value, False, span=v.span, notes=v.notes
            )
            for v in self.program.parameters[name].schedule
        ]
        kept = [v for v in program if starts is None or v.first_month < starts]
        return tuple(sorted([*kept, *own], key=lambda v: v.first_month))

    def credits(self, agreement: Agreement) -> Iterator[CreditPlan]:
        context = Context("a credit of a year", YEAR, frozenset({"payer", "practice", *self.program.keys}))
        for credit in agreement.credits:
            cell = None
            if credit.fact is not None:
                reference = t.Reference(name=credit.fact, span=credit.span)
                cell = self.lower(reference, context)
            yield CreditPlan(
                payer=agreement.payer,
                title=credit.title,
                against=credit.against,
                cell=cell,
                amount=credit.amount,
                carries_forward=credit.carries_forward,
                span=credit.span,
            )

    def fact_cell(self, name: t.Name) -> ir.Expression:
        """A fact of the participant, read in a month (for starts, keys and payees)."""
        context = Context("a month of a practice", MONTH, frozenset({"practice"}))
        return self.lower(t.Reference(name=name.text, span=name.span), context)

    def key_cell(self, name: str, node: t.KeyDeclaration | t.GroupByFact) -> ir.Expression:
        if isinstance(node, t.GroupByFact):
            return self.fact_cell(node.fact)
        kind = Type(Kind.TEXT, places=0)
        return ir.Cell(
            table=self.program.participant,
            column=name,
            table_keys=("practice",),
            type=kind,
            keys=frozenset({"practice"}),
            span=node.span,
        )

    # ----------------------------------------------------------------------------------- what comes later

    def later(self, payments: Mapping[str, ir.PaymentPlan], groups: tuple[ir.RequirementGroup, ...]) -> list[tuple[str, Span]]:
        """What the plan needs below the grain of practice and month, which no engine evaluates yet."""
        found: list[tuple[str, Span]] = []
        seen: set[ir.Quantity] = set()
        for payment in payments.values():
            for name, form in payment.forms.items():
                users = [
                    a
                    for a in self.agreements.values()
                    if payment.name not in a.declined and a.status != "no contract" and name in ("", a.forms.get(payment.name, name))
                ]
                if not users:
                    continue
                if form.unit in BASIS_ELEMENTS:
                    found.append((f"payments per {form.unit}", payment.span))
                expressions = [g.condition for g in form.gates] + [form.pays, *form.caps, *form.floors]
                found += self.elements_in(expressions, seen)
        found += self.elements_in([r.condition for g in groups for r in g.requirements], seen)
        found += self.elements_in([q.expression for q in self.quantities.values() if q.kind == "report"], seen)
        return list(dict.fromkeys(found))

    def elements_in(self, expressions: list[ir.Expression], seen: set[ir.Quantity]) -> list[tuple[str, Span]]:
        found = []
        for expression in expressions:
            for part in expression.walk():
                if isinstance(part, ir.Aggregate) and ELEMENT_KEYS & set(part.over):
                    found.append((f"aggregates over {part.over[0].replace('_', ' ')}s", part.span))
                elif isinstance(part, ir.Feature):
                    found.append((f"`{part.column}` of {part.collection.replace('_', ' ')}", part.span))
                elif isinstance(part, ir.Read) and part.quantity not in seen:
                    seen.add(part.quantity)
                    found += self.elements_in([part.quantity.expression], seen)
        return found


def plan_from_program(
    program: Program, agreements: Mapping[str, Agreement], findings: Findings
) -> Lowered:
    """The plan of a program under its payers' contracts; what is wrong goes to `findings`."""
    lowering = Clauses(program, agreements, findings)
    groups = lowering.requirement_groups()
    payments = {name: lowering.payment(node) for name, node in program.payments.items()}
    reports = tuple(lowering.report_plan(node) for node in program.reports.values())
    ensures = tuple(lowering.ensure(node) for node in program.ensures)
    payers = tuple(lowering.payer(name, agreements[name]) for name in program.payers if name in agreements)
    starts = lowering.fact_cell(program.starts.fact) if program.starts is not None else None
    keys = {name: lowering.key_cell(name, node) for name, node in program.keys.items()}
    payees = {name: lowering.fact_cell(node.fact) for name, node in program.payees.items()}
    open_context = Context("a condition of `never together`", MONTH)
    never = tuple(
        tuple(lowering.condition_of(c, open_context) for c in node.conditions) for node in program.never_together
    )
    later = lowering.later(payments, groups)
    plan = Plan(
        program=program.name,
        title=program.title,
        edition=program.edition,
        participant=program.participant,
        calendar=program.calendar,
        first_month=month_of(program.term_first),
        last_month=None if program.term_last is None else month_of(program.term_last),
        rounding=program.rounding,
        payers=payers,
        least_payers=program.requires_payers,
        payments=payments,
        requirements=groups,
        ensures=ensures,
        reports=reports,
        quantities=tuple(lowering.quantities.values()),
        starts=starts,
        practice_keys=keys,
        payees=payees,
        schema=schema(program, lowering, payments),
        examples=program.examples,
        assumed=tuple(n for n in program.notes if n.kind is t.NoteKind.ASSUMED),
        baseline_years=(),
        not_yet=tuple(later),
    )
    return Lowered(
        plan=plan,
        decisions=tuple(lowering.decisions.values()),
        used=frozenset(lowering.used),
        shared_totals=frozenset(lowering.shared_totals),
        never_together=never,
    )


def schema(program: Program, lowering: Clauses, payments: Mapping[str, ir.PaymentPlan]) -> Schema:
    """The schema, with the panel where a payment or a quantity needs member months."""
    monthly = any(form.unit == "member month" for payment in payments.values() for form in payment.forms.values())
    return schema_of(program, panel=monthly or ("table", "panel") in lowering.used)

