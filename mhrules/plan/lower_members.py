"""Lowering of what is said of people: exclusions, service classes, attribution, run-out."""

from __future__ import annotations

from collections.abc import Iterator

from mhrules.data import population
from mhrules.data.population import Need
from mhrules.plan import ir
from mhrules.plan.lower_calls import lookback
from mhrules.plan.lower_splits import Splits
from mhrules.plan.members import AttributionPlan, ExclusionPlan, MembersPlan, MethodPlan
from mhrules.plan.needs import METHOD_TABLES, TABLES
from mhrules.plan.scope import MONTH, Context, Decision
from mhrules.semantics.types import TEXT
from mhrules.syntax import tree as t

VISITING = ("most recent visit", "plurality")
MEASURED = ("visits", "allowed")


class Members(Splits):
    """Clauses about members and claims, each in the context that it supplies."""

    def members_plan(self) -> MembersPlan:
        """What the program says of people and claims."""
        program = self.program
        return MembersPlan(
            attribution=self.attribution_plan(),
            exclusions=tuple(self.exclusions()),
            newborns=any(isinstance(c, t.NewbornsFromBirth) for c in self.eligible_clauses()),
            service=self.service_rule(),
            cost="allowed" if program.cost is None else program.cost.basis,
            run_out=self.run_out(),
        )

    def eligible_clauses(self) -> tuple[t.Clause, ...]:
        """The clauses of `eligible members`."""
        return () if self.program.eligible is None else self.program.eligible.clauses

    def exclusions(self) -> Iterator[ExclusionPlan]:
        """Each exclusion, judged per payer, member and month, before anybody is attributed."""
        keys = frozenset({"payer", "member"})
        context = Context("an exclusion, judged for each member and month,", MONTH, keys, elements=("members",))
        for clause in self.eligible_clauses():
            if isinstance(clause, t.NewbornsFromBirth):
                self.needs.add(Need(population.MEMBER, "birth_date"))
            if not isinstance(clause, t.Exclude):
                continue
            condition = self.condition_of(clause.condition, context)
            title = clause.title or clause.name.text.replace("_", " ").capitalize()
            yield ExclusionPlan(clause.name.text, title, condition, span=clause.span, notes=clause.notes)

    def service_rule(self) -> ir.Expression | None:
        """The service class of a claim line: that of the first row whose condition holds, of others the empty text."""
        classify = self.program.classify
        if classify is None:
            return None
        context = Context("a service class", MONTH, frozenset({"claim_line"}), elements=("claim_lines",))
        kind, rows = self.service_class(), []
        for row in classify.rows:
            value = self.literal(row.service.text, kind, row.service.span)
            condition = None if row.condition is None else self.condition_of(row.condition, context)
            rows.append(ir.CaseRow(condition=condition, value=value, span=row.span, notes=row.notes))
        if rows[-1].condition is not None:
            rows.append(ir.CaseRow(condition=None, value=self.literal("", TEXT, classify.span), span=classify.span))
        case = ir.Case(rows=tuple(rows), type=kind, keys=frozenset({"claim_line"}), span=classify.span)
        self.decisions[classify] = Decision(classify, case, first=True, what="classification")
        self.needs.update(self.needs_of_encounters(case))
        return case

    def needs_of_encounters(self, rule: ir.Expression) -> Iterator[Need]:
        """What encounters have of that on which service classes rest, where visits are asked for."""
        if any(need.table == population.ENCOUNTER for need in self.needs):
            asked = {node.column for node in rule.walk() if isinstance(node, ir.Feature)}
            for feature, column in population.FEATURES[population.ENCOUNTER].items():
                if feature in asked:
                    yield Need(population.ENCOUNTER, column, required=False)

    def run_out(self) -> int | None:
        """How many months after a program year what was incurred in it may still be paid."""
        parts = () if self.program.settlement is None else self.program.settlement.parts
        months = next((p.run_out_months for p in parts if isinstance(p, t.SettlementPart) and p.kind == "final"), None)
        if months is not None:
            claims = [table for table in population.CLAIMS if self.reads(table)]
            self.needs.update(Need(table, "paid_date") for table in claims)
        return months

    def reads(self, table: str) -> bool:
        """Whether something lowered so far must have a table."""
        return any(need.table == table and need.required for need in self.needs)

    # -------------------------------------------------------------------------------------- attribution

    def attribution_plan(self) -> AttributionPlan | None:
        """How members come to practices."""
        node = self.program.attribution
        if node is None:
            return None
        methods = tuple(self.method(method) for method in node.methods)
        return AttributionPlan(node.every, methods, node.new_members_at_once, span=node.span)

    def method(self, node: t.Method) -> MethodPlan:
        """One method; its condition is asked of each visit."""
        measure = "" if node.measure is None else node.measure.text
        for table in METHOD_TABLES[node.kind]:
            self.needs.add(Need(table, required=table not in TABLES["visits"]))
        if node.kind in VISITING:
            self.needs.add(Need(population.PROVIDER, required=False))
        if node.kind == "geography":
            self.needs.add(Need(population.MEMBER, "zip_code"))
        if node.measure is not None and measure not in MEASURED:
            self.report(
                "MH366",
                f"a plurality of `{measure}` cannot be counted",
                node.measure.span,
                help="write `plurality of visits` or `plurality of allowed`",
            )
        if measure == "allowed":
            self.needs.update(self.needs_of("visits", "allowed"))
        if node.kind not in VISITING and (node.where is not None or node.within is not None):
            self.report(
                "MH366",
                f"{node.kind} looks at no visits, so `{'where' if node.where is not None else 'within'}` says nothing",
                node.span,
                help="leave it out, or attribute by `plurality of visits` or `most recent visit`",
            )
        return MethodPlan(
            kind=node.kind,
            title=node.title,
            measure=measure,
            where=self.visit_condition(node),
            within=None if node.within is None else lookback(node.within),
            ties="" if node.ties is None else node.ties.words,
            span=node.span,
            notes=node.notes,
        )

    def visit_condition(self, node: t.Method) -> ir.Expression | None:
        """What a method asks of a visit."""
        if node.where is None:
            return None
        keys = frozenset({"payer", "member", "visit"})
        context = Context("an attribution method", MONTH, keys, elements=("members", "visits"))
        return self.condition_of(node.where, context)
