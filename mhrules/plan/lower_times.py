"""Lowering of values taken at another time: `at start of period`, `by month`, `prior_year`, `baseline`."""

from __future__ import annotations

import attrs

from mhrules import exact
from mhrules.plan import ir
from mhrules.plan.lower_tables import Tables
from mhrules.plan.scope import CONTRACT_YEAR, MONTH, YEAR, Context, flat, inside, shortened
from mhrules.semantics.builtins import OF_PEOPLE
from mhrules.semantics.types import YES_NO, Share, Type, number
from mhrules.source import Span
from mhrules.syntax import tree as t


class Times(Tables):
    """Everything read at another time than the row's own."""

    def moved(self, expression: ir.Expression, move: ir.Move, context: Context) -> ir.Read:
        """An expression lowered by month (or year), read from the context's period."""
        by_month = move in (ir.Move.FIRST_MONTH, ir.Move.LAST_MONTH)
        period = MONTH if by_month else CONTRACT_YEAR if move is ir.Move.PRIOR_CONTRACT_YEAR else YEAR
        keys = (expression.keys - set(ir.TIME_KEYS)) | {context.period}
        if by_month:
            keys |= context.owners
        if move is ir.Move.PRIOR_CONTRACT_YEAR:
            keys |= {"practice"}
        quantity = self.part(expression, period)
        return ir.Read(quantity=quantity, move=move, type=expression.type, keys=keys, span=expression.span)

    def lower_timed(self, node: t.Timed, context: Context, expected: Type | None) -> ir.Expression:
        """`x at start of period`, `x by month`, `fact on first day` …"""
        when = node.when
        if when is t.When.BY_DATE_PAID:
            return self.not_yet("a value by date paid", node)
        if when in (t.When.EVER, t.When.WHOLE_YEAR):
            self.report(
                "MH355",
                f"`{when.value}` says which members or records are meant, and `{node.inner.span.text}` is a value",
                node.span,
                help=f"write it behind a collection, as in `sum(cost over members {when.value})`",
            )
            return self.nothing(node)
        if when in (t.When.ON_FIRST_DAY, t.When.ON_LAST_DAY):
            return self.on_day(node, context)
        if context.period == MONTH:
            return self.changed(self.lower(node.inner, context, expected), span=node.span)
        value = self.lower(node.inner, context.within(period=MONTH), expected)
        if value.type.is_unknown:
            return value
        if when is t.When.BY_MONTH:
            return self.by_month(node, value, context)
        move = ir.Move.FIRST_MONTH if when is t.When.AT_START else ir.Move.LAST_MONTH
        return self.changed(self.moved(value, move, context), span=node.span)

    def by_month(self, node: t.Timed, value: ir.Expression, context: Context) -> ir.Expression:
        """`(care_fee * member_months) by month`: reckoned in each month, and added up."""
        kind = value.type
        rate = kind.is_money and not kind.is_total
        if not kind.is_number or kind.missing or kind.share is not Share.NUMBER or rate:
            self.report(
                "MH408",
                f"`{node.inner.span.text}` is {kind}, which does not add up over months",
                node.span,
                help="put the whole amount in parentheses, as in `(rate * member_months) by month`",
            )
            return self.nothing(node)
        return self.over_months(value, context, node.span)

    def on_day(self, node: t.Timed, context: Context) -> ir.Expression:
        """A dated fact on the first or last day of the period."""
        inner = inside(node.inner)
        if isinstance(inner, t.Reference) and inner.name in self.program.facts and inner.name not in context.lets:
            self.used.add(("fact", inner.name))
            moment = ir.Moment.FIRST_DAY if node.when is t.When.ON_FIRST_DAY else ir.Moment.LAST_DAY
            return self.fact(self.program.facts[inner.name], context, node.span, moment)
        if isinstance(inner, t.Reference) and not self.has_value(inner.name, context):
            return self.lower(inner, context)
        self.report(
            "MH403",
            f"`{node.inner.span.text}` is not a dated fact, and `{node.when.value}` asks for one",
            node.span,
            help="say `at start of period` or `at end of period` of other values",
        )
        return self.nothing(node)

    # ------------------------------------------------------------------------------------- other years

    def call_prior_year(self, node: t.Call, context: Context, expected: Type | None) -> ir.Expression:
        """The value a year earlier, with last year's facts, months, roster and parameters.

        Where it reads facts kept by contract year, it is the contract year before. Before the first year there is
        no value: `known(…)` is no, `default` gives another, and anything else is a fault.
        """
        value = node.arguments[0].value
        by_contract = self.reads_contract_year(value)
        move = ir.Move.PRIOR_CONTRACT_YEAR if by_contract else ir.Move.PRIOR_YEAR
        inner = attrs.evolve(
            context,
            clause=f"`{shortened(node.span.text)}`",
            period=CONTRACT_YEAR if by_contract else YEAR,
            known=frozenset(),
        )
        lowered = self.lower(value, inner)
        if lowered.type.is_unknown:
            return lowered
        read = self.moved(lowered, move, context)
        if not self.supply(read.keys, context, node.span, flat(node.span.text)):
            return self.nothing(node)
        return self.changed(read, span=node.span)

    def reads_contract_year(self, *nodes: t.Node) -> bool:
        """Whether texts read the contract year, or a fact kept by it, directly or through definitions."""
        facts = self.program.facts
        names = self.reach.from_nodes(nodes)
        return CONTRACT_YEAR in names or any(n in facts and CONTRACT_YEAR in facts[n].keys for n in names)

    def reads_calendar_year(self, *nodes: t.Node) -> bool:
        """Whether texts read a fact kept by program year, directly or through definitions."""
        facts = self.program.facts
        return any(n in facts and YEAR in facts[n].keys for n in self.reach.from_nodes(nodes))

    def call_baseline(self, node: t.Call, context: Context, expected: Type | None) -> ir.Expression:
        """The weighted sum of a value over the years of the program's `baseline` clause."""
        declared = self.program.baseline
        if declared is None:
            self.report(
                "MH409",
                "the program has no `baseline` years",
                node.span,
                help="add a clause such as `baseline 2009 to 2011 weighted 10%, 30%, 60%`",
            )
            return self.nothing(node)
        self.used.add(("baseline", ""))
        inner = attrs.evolve(context, clause=f"`{shortened(node.span.text)}`", period=YEAR, known=frozenset())
        value = self.number_of(node.arguments[0].value, inner)
        weights = self.baseline_weights(declared)
        if value.type.is_unknown or not weights or not self.few_enough(len(weights), "years", declared.span):
            return self.nothing(node)
        quantity, keys = self.part(value, YEAR), value.keys - {YEAR}
        total: ir.Expression | None = None
        for year, weight in weights:
            read = ir.Read(
                quantity=quantity, move=ir.Move.BASE_YEAR, year=year, type=value.type, keys=keys, span=node.span
            )
            kind = number(share=Share.PERCENT, places=exact.PLACES, low=weight, high=weight)
            part = self.product(self.literal(weight, kind, declared.span), read, "*", node.span)
            total = part if total is None else self.total_of("+", total, part, total.type, node.span)
        return self.nothing(node) if total is None else total

    def baseline_weights(self, declared: t.BaselineYears) -> list[tuple[int, int]]:
        """Years and weights, which are 100% together; none, with a finding, where they are not."""
        years = list(range(declared.first, declared.last + 1))
        weights = [w.value for w in declared.weights if isinstance(w, t.Percent)]
        if not years or len(declared.weights) not in (0, len(years)):
            return []  # reported where the clause is declared
        if not declared.weights and exact.ONE % len(years) == 0:
            weights = [exact.ONE // len(years)] * len(years)
        if len(weights) != len(years) or sum(weights) != exact.ONE:
            given = "the weights of the baseline are not percentages that make 100%"
            self.report(
                "MH411",
                given if declared.weights else f"{len(years)} baseline years have no equal weights that make 100%",
                declared.span,
                help="write one percentage a year, from the first to the last; together they are 100%",
            )
            return []
        return list(zip(years, weights, strict=True))

    def lower_baseline(self, node: t.Baseline, context: Context, expected: Type | None) -> ir.Expression:
        """`baseline(x) trended by t to year`."""
        return self.not_yet("a baseline trended to the year", node)

    # ------------------------------------------------------------------------- collections without a value

    def lower_averagemembers(self, node: t.AverageMembers, context: Context, expected: Type | None) -> ir.Expression:
        """`average members` outside of `count(…)`."""
        self.report(
            "MH355",
            "`average members` is a collection, without a value of its own",
            node.span,
            help="write `count(average members)`",
        )
        return self.nothing(node)

    def lower_attributedatleast(
        self, node: t.AttributedAtLeast, context: Context, expected: Type | None
    ) -> ir.Expression:
        """`members attributed at least 6 months`, as a condition on a member."""
        if not OF_PEOPLE & set(context.elements):
            self.report(
                "MH355",
                f"`{shortened(node.span.text)}` is a collection, without a value of its own",
                node.span,
                help=f"count or sum over it, as in `count({shortened(node.span.text)})`",
            )
            return self.nothing(node)
        return self.attributed_at_least(node.months, context, node.span)

    def attributed_at_least(self, months: int, context: Context, span: Span) -> ir.Expression:
        """Whether the row's member was attributed here in that many months of the period."""
        return ir.Feature(
            collection="members",
            column=f"attributed at least {months} months",
            type=YES_NO,
            keys=frozenset({"payer", "practice", "member", context.period}),
            span=span,
        )

    def in_population(self, name: str, context: Context) -> ir.Expression:
        """Whether the row's member belongs to a declared population."""
        return self.condition_of(self.program.populations[name].definition, context)
