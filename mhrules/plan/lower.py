"""Checked declarations to a plan: every clause lowered in the context that it supplies.

`plan_from_program` is the whole pass. The analyses of `mhrules/check` run over what it leaves.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from mhrules.classes import frozen
from mhrules.data import population
from mhrules.data.population import Need
from mhrules.data.schema import Schema
from mhrules.diagnostics.collect import Findings
from mhrules.plan import ir
from mhrules.plan.lower_payments import Payments
from mhrules.plan.measures import MEASURES
from mhrules.plan.scope import BELOW, DEEPEST, MONTH, YEAR, Context, Decision
from mhrules.plan.settings import first_owed_month, payer_settings
from mhrules.plan.tables import schema_of
from mhrules.plan.whole import CreditPlan, PayerPlan, Plan
from mhrules.semantics.calendar import month_of
from mhrules.semantics.program import Agreement, Program
from mhrules.semantics.types import YES_NO, Kind, Type
from mhrules.syntax import tree as t

RECURSION = 20_000
"""Calls inside one another: a few for each of the `DEEPEST` steps."""
OF_A_YEAR = ("prior_year", "baseline")


@frozen(eq=False)
class Lowered:
    """What the pass leaves: the plan, and what the analyses look at."""

    plan: Plan
    decisions: tuple[Decision, ...]
    used: frozenset[tuple[str, str]]
    shared_totals: frozenset[ir.Expression]
    never_together: tuple[tuple[ir.Expression, ...], ...]


class Clauses(Payments):
    """Reports, invariants and payers, and the way from a node to what lowers it."""

    def lower(self, node: t.Expression, context: Context, expected: Type | None = None) -> ir.Expression:
        """The plan of an expression; a bare `$2.50` in result position takes the unit of `expected`."""
        if self.depth >= DEEPEST:
            return self.beyond_depth(node)
        handler = getattr(self, f"lower_{type(node).__name__.lower()}")
        self.depth += 1
        result: ir.Expression = handler(node, context, expected)
        self.depth -= 1
        return result

    def beyond_depth(self, node: t.Expression) -> ir.Expression:
        """Reports, once, definitions that stand too deep inside one another."""
        if not self.too_deep:
            self.too_deep = True
            self.report(
                "MH412",
                f"more than {DEEPEST} steps stand inside one another, through definitions",
                node.span,
                help="let fewer definitions build upon one another",
            )
        return self.nothing(node)

    # ------------------------------------------------------------------------------ reports, invariants

    def report_plan(self, node: t.Report) -> ir.ReportPlan:
        """A published quantity of the settled year."""
        read = self.defined(node.name.text, Context("a report of a year", YEAR, absent=BELOW), node.name.span)
        if isinstance(read, ir.Read):
            return ir.ReportPlan(node.name.text, node.title, read.quantity)
        empty = ir.Quantity(node.name.text, node.title, "report", (), self.nothing(node.value), span=node.span)
        return ir.ReportPlan(node.name.text, node.title, empty)

    def ensure(self, node: t.Ensure) -> ir.EnsurePlan:
        """An invariant, judged by month unless it reads something of a longer period."""
        period = self.natural_period(node.condition)
        clause = f"an invariant judged each {period.value.replace('_', '-')}"
        context = Context(clause, period.value, absent=BELOW)
        where = None if node.payers_where is None else self.payers_where(node.payers_where)
        if period is t.Period.MONTH:
            self.years_are_apart(node.condition)
        condition = self.condition_of(node.condition, context)
        return ir.EnsurePlan(node.name.text, node.title, where, condition, period, span=node.span)

    def payers_where(self, node: t.Expression) -> ir.Expression:
        """Which payers are meant: those of which it is true, for one of their lines of business if it asks of lines."""
        condition = self.condition_of(node, Context("a choice of payers", MONTH, frozenset({"payer", "line"})))
        if "line" not in condition.keys or condition.type.is_unknown:
            return condition
        keys = (condition.keys - {"line"}) | {"payer"}
        return ir.Aggregate(
            function="any", over=("line",), body=condition, type=condition.type, keys=keys, span=node.span
        )

    def natural_period(self, *nodes: t.Node) -> t.Period:
        """The longest period that expressions read, through definitions.

        Totals of payments have the payment's; facts of the year, measures and values of other years a year; all else a
        month.
        """
        longest = t.Period.MONTH
        names = self.reach.from_nodes(nodes)
        scores = {MEASURES, *self.program.measures, *self.families}
        if any(n in scores or (n in self.program.facts and YEAR in self.program.facts[n].keys) for n in names):
            return t.Period.YEAR
        named = (self.program.defines, self.program.reports, self.program.tables)
        for node in (*nodes, *(place[n] for place in named for n in names if n in place)):
            for part in node.walk():
                found = self.period_of(part)
                longest = found if found.months > longest.months else longest
        return longest

    def period_of(self, part: t.Node) -> t.Period:
        """The period that one node asks for by itself."""
        if not isinstance(part, t.Call) or not part.arguments:
            return t.Period.YEAR if isinstance(part, t.Baseline | t.Timed) else t.Period.MONTH
        over = part.arguments[-1].over
        if part.function.text in OF_A_YEAR or (isinstance(over, t.Reference) and over.name == "months"):
            return t.Period.YEAR
        if part.function.text in ("total", "paid"):
            names = [n.name for n in part.walk() if isinstance(n, t.Reference)]
            payments = [self.program.payments[n] for n in names if n in self.program.payments]
            longest = max((m for p in payments for m in self.posting_months(p)), default=1)
            return next(period for period in t.Period if period.months == longest)
        return t.Period.MONTH

    def unused(self) -> None:
        """Lowers the definitions and tables that nothing reads, so that their own mistakes are found too."""
        program = self.program
        for define in program.defines.values():
            if ("define", define.name.text) not in self.used:
                self.definition(define, self.unread_context(define))
        for table in program.tables.values():
            if ("table", table.name.text) not in self.used and table.keys:
                context, key = self.unread_context(table), table.keys[0]
                if any(row.to_value is not None for row in table.rows):
                    at = self.number_of(t.Reference(name=key.text, span=key.span), context)
                    self.interpolated(table, at, key, context, table.name.span)
                else:
                    self.table_value(table, context, table.name.span)

    def unread_context(self, node: t.Define | t.Table) -> Context:
        """Where a definition stands that nothing reads."""
        return Context(f"`{node.name.text}`, which nothing reads,", self.natural_period(node).value)

    # ------------------------------------------------------------------------------------------ payers

    def payer(self, name: str, agreement: Agreement) -> PayerPlan:
        """A payer with the parameter values that hold for it, month by month."""
        declared = self.program.payers[name]
        return PayerPlan(
            name=name,
            title=declared.title,
            lines=declared.lines,
            first_month=first_owed_month(self.program, agreement),
            status=agreement.status,
            contract=agreement.contract,
            settings={p: payer_settings(self.program, agreement, p) for p in self.program.parameters},
            declined=dict(agreement.declined),
            forms=dict(agreement.forms),
            credits=tuple(self.credits(agreement)),
            months_rule=agreement.months_rule or self.program.months_rule,
            measures=agreement.measures,
        )

    def credits(self, agreement: Agreement) -> Iterator[CreditPlan]:
        """The credits of a contract, read in the settled year."""
        context = Context("a credit of a year", YEAR, frozenset({"payer", "practice", *self.program.keys}))
        for credit in agreement.credits:
            cell = None
            if credit.fact is not None and credit.fact in self.program.facts:
                cell = self.lower(t.Reference(name=credit.fact, span=credit.span), context)
            yield CreditPlan(
                payer=agreement.payer,
                title=credit.title,
                against=credit.against,
                cell=cell,
                amount=credit.amount,
                carries_forward=credit.carries_forward,
                span=credit.span,
            )

    def fact_cell(self, name: t.Name, *keys: str) -> ir.Expression:
        """A fact read in a month, for starts, keys and payees; a name that is none is reported where it is declared."""
        if name.text not in self.program.facts:
            return self.nothing(name)
        context = Context(f"a month of a {self.program.participant}", MONTH, frozenset({"practice", *keys}))
        return self.lower(t.Reference(name=name.text, span=name.span), context)

    def key_cell(self, name: str, node: t.KeyDeclaration | t.GroupByFact) -> ir.Expression:
        """Where a declared key of the participant is kept: a column of the roster, or a fact."""
        if isinstance(node, t.GroupByFact):
            return self.fact_cell(node.fact)
        if node.of.text not in ("practice", self.program.participant, *self.program.keys):
            return self.not_yet(f"a key of a {self.word(node.of.text)}", node)
        return ir.Cell(
            table=self.program.participant,
            column=name,
            table_keys=("practice",),
            type=Type(Kind.TEXT, places=0),
            keys=frozenset({"practice"}),
            span=node.span,
        )


@contextmanager
def deep_calls() -> Iterator[None]:
    """Room for the calls that `DEEPEST` steps take."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, RECURSION))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def plan_from_program(program: Program, agreements: Mapping[str, Agreement], findings: Findings) -> Lowered:
    """The plan of a program under its payers' contracts; what is wrong goes to `findings`, and nothing is raised."""
    lowering = Clauses(program, agreements, findings)
    with deep_calls():
        return lowered(lowering)


def lowered(lowering: Clauses) -> Lowered:
    """Every clause of the program, in the order in which they are settled."""
    program, agreements = lowering.program, lowering.agreements
    groups = lowering.requirement_groups()
    payments = {name: lowering.payment(node) for name, node in program.payments.items()}
    reports = tuple(lowering.report_plan(node) for node in program.reports.values())
    ensures = tuple(lowering.ensure(node) for node in program.ensures)
    payers = tuple(lowering.payer(name, agreements[name]) for name in program.payers if name in agreements)
    starts = lowering.fact_cell(program.starts.fact) if program.starts is not None else None
    keys = {name: lowering.key_cell(name, node) for name, node in program.keys.items()}
    payees = {name: lowering.fact_cell(node.fact, "payer") for name, node in program.payees.items()}
    never = tuple(never_together(lowering, node) for node in program.never_together)
    ensures += tuple(asserted(*pair) for pair in zip(program.never_together, never, strict=True))
    measures = lowering.measure_plans()
    asked = frozenset(lowering.needs)  # before attribution, which asks for tables whether or not anything rests on it
    members = lowering.members_plan()
    settled, needs = tuple(lowering.quantities.values()), frozenset(lowering.needs)
    used = frozenset(lowering.used)
    lowering.unused()
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
        quantities=settled,
        starts=starts,
        practice_keys=keys,
        payees=payees,
        schema=schema(program, counts_members(payments, used), needs, asked),
        examples=program.examples,
        cites=tuple(clause.text for clause in program.node.clauses if isinstance(clause, t.Cite)),
        members=members,
        measures=measures,
        families=lowering.family_names(),
    )
    return Lowered(
        plan=plan,
        decisions=tuple(lowering.decisions.values()),
        used=used,
        shared_totals=frozenset(lowering.shared_totals),
        never_together=never,
    )


def never_together(lowering: Clauses, node: t.NeverTogether) -> tuple[ir.Expression, ...]:
    """The conditions of which a program says that they never hold together."""
    period = lowering.natural_period(*node.conditions)
    context = Context("a condition of `never together`", period.value, absent=BELOW)
    return tuple(lowering.condition_of(condition, context) for condition in node.conditions)


def asserted(node: t.NeverTogether, conditions: tuple[ir.Expression, ...]) -> ir.EnsurePlan:
    """What a program says never happens, as an invariant that every run asserts."""
    keys = frozenset[str]().union(*(condition.keys for condition in conditions))
    both = ir.Logic(operator="and", operands=conditions, type=YES_NO, keys=keys, span=node.span)
    period = next((p for p in t.Period if p.value in keys), t.Period.MONTH)
    title = f"Never together: {node.reason}" if node.reason else "Never together"
    return ir.EnsurePlan(
        name="never_together",
        title=title,
        payers_where=None,
        condition=ir.Not(operand=both, type=YES_NO, keys=keys, span=node.span),
        period=period,
        span=node.span,
    )


def schema(program: Program, panel: bool, needs: frozenset[Need], asked: frozenset[Need]) -> Schema:
    """The schema, with the panel where a payment or a quantity needs member months, and with what is read of members.

    Members are read only where the program attributes them, and something rests on who they are (`asked`); reported
    results of measures are read in any case.
    """
    results = frozenset(need for need in needs if need.table == population.RESULT)
    members = program.attribution is not None and (panel or bool(asked - results))
    return schema_of(program, panel=panel, needs=needs if members else None, results=results)


def counts_members(payments: Mapping[str, ir.PaymentPlan], used: frozenset[tuple[str, str]]) -> bool:
    """Whether a payment or a quantity needs member months."""
    monthly = any(form.unit == "member month" for payment in payments.values() for form in payment.forms.values())
    return monthly or ("table", "panel") in used
