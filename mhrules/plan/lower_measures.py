"""Lowering of measures: rates, what they are scored by, and their points, in each period that reads them."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from mhrules import exact
from mhrules.data.population import RESULT, Need
from mhrules.diagnostics.collect import Findings
from mhrules.plan import ir
from mhrules.plan.collections_of import Collection
from mhrules.plan.lower_calls import Inside
from mhrules.plan.lower_measure_parts import Written
from mhrules.plan.lower_scores import At, Counts, Scores
from mhrules.plan.measures import MEASURES, POOLED, MeasurePlan, Stratum
from mhrules.plan.scope import CONTRACT_YEAR, YEAR, Context, shown_known
from mhrules.semantics.builtins import ELEMENTS, POINTS
from mhrules.semantics.program import Agreement, Program
from mhrules.semantics.types import DOLLARS, NO_UNIT, Kind, Share, Type, count, number
from mhrules.source import Span
from mhrules.syntax import tree as t

MEASURE = ELEMENTS[MEASURES].key
RESULTS = number(places=6, low=-(10**21), high=10**21).or_missing()
RATIO = number(share=Share.RATIO, low=0, high=exact.ONE)
TOLD_APART = (Kind.TEXT, Kind.CODE, Kind.YES_NO)
MONEY_RATE_PLACES = 6
Key = tuple[str, str, bool]


class Measures(Scores):
    """Measures as quantities, and the collection `measures` with its families."""

    def __init__(self, program: Program, agreements: Mapping[str, Agreement], findings: Findings) -> None:
        super().__init__(program, agreements, findings)
        self.families = {s.name.text: (*s.core, *s.menu) for s in program.measure_sets if s.name is not None}
        self._written: dict[str, Written | None] = {}
        self._measures: dict[Key, MeasurePlan | None] = {}
        self._read: set[Key] = set()

    # ---------------------------------------------------------------------------------------- reading

    def measure_plans(self) -> tuple[MeasurePlan, ...]:
        """Every measure in every period in which it is read; one that nothing reads in the year."""
        for name in self.program.measures:
            if not any(key[0] == name for key in self._read):
                self.measure_read(name, YEAR, pooled=False)
        found = [plan for plan in self._measures.values() if plan is not None]
        return tuple(attrs.evolve(plan, read=plan.key in self._read) for plan in found)

    def family_names(self) -> dict[str, tuple[str, ...]]:
        """The measures of each named set."""
        return {name: tuple(each.text for each in members) for name, members in self.families.items()}

    def measure_read(self, name: str, period: str, *, pooled: bool) -> MeasurePlan | None:
        """A measure that a clause reads, or that is published."""
        self._read.add((name, period, pooled))
        return self.measure_plan(name, period, pooled=pooled)

    def measure_plan(self, name: str, period: str, *, pooled: bool) -> MeasurePlan | None:
        """A measure in a period, lowered once; None where it has a mistake, or rests on itself."""
        key = (name, period, pooled)
        node = self.program.measures.get(name)
        if node is None:
            return None  # reported with the clause that names it
        if name not in self._written:
            self._written[name] = self.written(node)
        written = self._written[name]
        if written is None or self.closes_circle(name, node.name.span):
            return None
        if key not in self._measures:
            self.in_progress.append(name)
            self._measures[key] = self.lower_measure(At(written, period, pooled))
            self.in_progress.pop()
        return self._measures[key]

    def declared_value(self, name: str, context: Context, span: Span) -> ir.Expression | None:
        """The value of a name; that of a measure is its rate, missing where it is not scored."""
        if name not in self.program.measures:
            return super().declared_value(name, context, span)
        plan = self.measure_read(name, context.period, pooled=False)
        return self.nothing_at(span) if plan is None else self.read(plan.value, context, span)

    def has_value(self, name: str, context: Context) -> bool:
        """Whether a name means something here, so that it is not a bare code."""
        return name in self.program.measures or super().has_value(name, context)

    # -------------------------------------------------------------------------------- as a collection

    def named_collection(self, name: str) -> Collection | None:
        """The collection of that name; a named set of measures is one."""
        if name in self.families:
            return Collection(name, MEASURE, MEASURES, event=name)
        return super().named_collection(name)

    def looks_below(self, collection: Collection, span: Span) -> None:
        """Notes what data must have; measures note it where they are lowered."""
        if collection.element != MEASURES:
            super().looks_below(collection, span)

    def inner_context(self, collection: Collection, context: Context, *, across: bool) -> Context:
        """The context of one element; of a measure across payers, one that is pooled."""
        if collection.element != MEASURES:
            return super().inner_context(collection, context, across=across)
        return context.within(MEASURE, element=POOLED if across else MEASURES)

    def feature(self, element: str, name: str, span: Span, context: Context) -> ir.Expression | None:
        """A column of the element an aggregate runs over."""
        if element != POOLED:
            return super().feature(element, name, span, context)
        kind = ELEMENTS[MEASURES].features.get(name)
        if kind is None:
            return None
        return ir.Feature(collection=POOLED, column=name, type=kind, keys=frozenset({MEASURE}), span=span)

    def features(self, element: str) -> dict[str, Type]:
        """The columns of an element."""
        return super().features(MEASURES if element == POOLED else element)

    def finish_aggregate(
        self, node: t.Call, collection: Collection, inside_it: Inside, context: Context
    ) -> ir.Expression:
        """The aggregate node; over measures those of the row's payer, `across payers` each pooled over all payers."""
        if collection.element != MEASURES:
            return super().finish_aggregate(node, collection, inside_it, context)
        names = [n.text for n in self.families[collection.event]] if collection.event else list(self.program.measures)
        plans = [self.measure_read(name, context.period, pooled=node.across_payers) for name in names]
        if any(plan is None for plan in plans):
            return self.nothing(node)
        if not node.across_payers:
            return super().finish_aggregate(node, collection, inside_it, context)
        parts = [plan.points.expression for plan in plans if plan is not None]
        if not self.reads_no_term(node, parts):
            return self.nothing(node)
        plain = attrs.evolve(node, across_payers=False)
        found = super().finish_aggregate(plain, collection, inside_it, context)
        chosen = any(each.menu for each in self.program.measure_sets)
        return found if chosen else attrs.evolve(found, keys=found.keys - {"payer"})

    # ------------------------------------------------------------------------------------ one measure

    def lower_measure(self, at: At) -> MeasurePlan | None:
        """A measure's quantities; None where something in it has a mistake."""
        handler = getattr(self, f"counts_of_{at.written.kind}")
        counts: Counts | None = handler(at)
        if counts is None or any(part.type.is_unknown for part in (counts.rate, counts.denominator)):
            return None
        if not self.rate_is_compared_well(at.written, counts.rate.type):
            return None
        written, scale = at.written, at.written.scale
        numerator = None if counts.numerator is None else counts.numerator.quantity
        denominator = counts.denominator.quantity
        rate = self.of_measure(at, "rate", counts.rate)
        scored = self.of_measure(at, "scored", self.is_scored(at, rate, denominator))
        value = self.of_measure(at, "value", self.if_scored(at, scored, self.whole(rate, at.span)))
        known = self.whole(value, at.span)
        known = attrs.evolve(known, type=known.type.known())
        earned = self.of_measure(at, "earned", self.earned(at, known, numerator, denominator))
        can_earn = self.can_earn(at, denominator)
        points, possible = self.scored_points(at, scored, earned, can_earn)
        return MeasurePlan(
            name=written.name,
            title=written.node.title,
            kind=written.kind,
            period=at.period,
            pooled=at.pooled,
            per=written.per,
            numerator=numerator,
            denominator=denominator,
            rate=rate,
            scored=scored,
            value=value,
            earned=earned,
            points=self.of_measure(at, "points", points),
            possible_points=self.of_measure(at, "possible_points", possible),
            met=self.of_measure(at, "met", self.is_met(at, scored, known, earned, can_earn)),
            higher=scale.higher,
            minimum=written.minimum,
            in_member_months=written.in_member_months,
            target=scale.target,
            worst=scale.worst,
            stratum=counts.stratum,
            read=False,
            span=written.node.span,
            notes=written.notes,
        )

    # ------------------------------------------------------------------------------------- its counts

    def counts_of_reported(self, at: At) -> Counts | None:
        """Numerator and denominator as another system has worked them out."""
        if at.period == CONTRACT_YEAR:
            self.report(
                "MH405",
                f"`{at.written.name}` is reported for periods of the calendar, not for contract years",
                at.span,
                help="read it in a clause that follows the calendar",
            )
            return None
        self.needs |= {Need(RESULT, "numerator"), Need(RESULT, "denominator")}
        numerator, denominator = (
            self.named(at, column, self.reported_column(at, column)) for column in ("numerator", "denominator")
        )
        kind = number(share=Share.RATIO, low=-(10**21), high=10**21)
        return Counts(numerator, denominator, self.quotient(at, numerator, denominator, kind))

    def reported_column(self, at: At, column: str) -> ir.Expression:
        """A column of the reported results; across payers the sum of those that have a result."""
        keys = frozenset({"payer", "practice", at.period})
        cell = ir.Reported(measure=at.written.name, column=column, type=RESULTS, keys=keys, span=at.span)
        return self.pooled_sum(at, cell) if at.pooled else cell

    def counts_of_rate(self, at: At) -> Counts | None:
        """A numerator of the practice over its member months; of all payers where the numerator is of all payers."""
        written = at.written
        assert written.value is not None
        keys = frozenset({"payer", "practice", *self.program.keys})
        numerator = self.number_of(written.value, attrs.evolve(at.context, keys=keys))
        months = self.built_in("member_months", at.context, at.span)
        if numerator.type.is_unknown or months.type.is_unknown:
            return None
        crossing = [n for n in written.value.walk() if isinstance(n, t.Call) and n.across_payers]
        if crossing and "payer" in numerator.keys:
            self.report(
                "MH377",
                "one part of the numerator is of all payers, another of one, so no member months fit both",
                crossing[0].span,
                help="say `across payers` in each part, or in none",
            )
            return None
        if "payer" not in numerator.keys or at.pooled:
            self.months_are_fixed(written.value)
            if "payer" in numerator.keys:
                numerator = self.pooled_sum(at, numerator)
            months = self.pooled_sum(at, months)
        unit = DOLLARS if numerator.type.is_money else NO_UNIT
        low = 0 if numerator.type.low is not None and numerator.type.low >= 0 else -(10**24)
        kind = number(unit, places=MONEY_RATE_PLACES if unit else exact.PLACES, low=low, high=10**24)
        above, below = self.named(at, "numerator", numerator), self.named(at, "denominator", months)
        return Counts(above, below, self.quotient(at, above, below, kind, per=written.per), self.stratum(at))

    def counts_of_proportion(self, at: At) -> Counts | None:
        """Of the members who are eligible and not excluded, those who meet the condition; each person once."""
        inner, counts = self.of_members(at)
        assert at.written.met is not None
        met = self.condition_of(at.written.met, inner)
        if met.type.is_unknown or (counts is not None and counts.type.is_unknown):
            return None
        both = met if counts is None else self.logic("and", (counts, met), at.span)
        numerator = self.named(at, "numerator", self.members_where(at, "member", both))
        denominator = self.named(at, "denominator", self.members_where(at, "member", counts))
        stratum = self.stratum(at, counts=counts, met=met)
        return Counts(numerator, denominator, self.quotient(at, numerator, denominator, RATIO), stratum)

    def counts_of_mean(self, at: At) -> Counts | None:
        """The sum of a value over members, divided by how many they are; across payers each enrollment counts."""
        inner, counts = self.of_members(at)
        assert at.written.value is not None
        body = self.number_of(at.written.value, inner)
        if body.type.is_unknown or (counts is not None and counts.type.is_unknown):
            return None
        key = "enrollment" if at.pooled else "member"
        kind = self.aggregate_type("sum", body, Collection("members", "member", "members"))
        total = ir.Aggregate(
            function="sum", over=at.over(key), body=body, where=counts, type=kind, keys=at.keys, span=at.span
        )
        numerator = self.named(at, "numerator", total)
        denominator = self.named(at, "denominator", self.members_where(at, key, counts))
        mean = attrs.evolve(body.type, unit=body.type.unit if body.type.is_money else NO_UNIT, places=exact.PLACES)
        rate = self.quotient(at, numerator, denominator, mean)
        return Counts(numerator, denominator, rate, self.stratum(at, counts=counts, amount=body))

    def of_members(self, at: At) -> tuple[Context, ir.Expression | None]:
        """The context of one member, and whether the member counts: None where everybody does.

        What `eligible when known(x)` has shown to be known is known in what is asked next.
        """
        self.members_are_attributed("members", at.span)
        self.used.add(("table", "panel"))
        inner = at.context.within("member", element="members")
        parts: list[ir.Expression] = []
        for node in at.written.eligible:
            parts.append(self.condition_of(node, inner))
            inner = inner.knowing(shown_known(node, True))
        for node in at.written.exclude:
            condition = self.condition_of(node, inner)
            parts.append(ir.Not(operand=condition, type=condition.type, keys=condition.keys, span=node.span))
            inner = inner.knowing(shown_known(node, False))
        if not parts:
            return inner, None
        unknown = next((part for part in parts if part.type.is_unknown), None)
        if unknown is not None:
            return inner, unknown
        key = ("measure", at.written.name, at.period, "counts")
        if key not in self.quantities:
            self.quantities[key] = ir.Quantity(
                name=self.unique(f"{at.written.name}.counts", at.period),
                title=f"{at.written.node.title}: counts",
                kind="measure",
                grain=("payer", "practice", "member", at.period),
                expression=self.logic("and", tuple(parts), at.span),
                span=at.span,
            )
        return inner, self.whole(self.quantities[key], at.span)

    def members_where(self, at: At, key: str, where: ir.Expression | None) -> ir.Expression:
        """How many members there are of whom something is true."""
        return ir.Aggregate(
            function="count", over=at.over(key), body=None, where=where, type=count(), keys=at.keys, span=at.span
        )

    def stratum(
        self,
        at: At,
        counts: ir.Expression | None = None,
        met: ir.Expression | None = None,
        amount: ir.Expression | None = None,
    ) -> Stratum | None:
        """What tells the members apart; the numerator of a rate is asked of each member by itself."""
        name = at.written.stratum
        if name is None or at.pooled:
            return None
        self.members_are_attributed("members", at.span)
        self.used.add(("table", "panel"))
        inner = at.context.within("member", element="members")
        value = self.lower(t.Reference(name=name.text, span=name.span), inner)
        if value.type.is_unknown:
            return None
        if value.type.kind not in TOLD_APART:
            self.report(
                "MH376",
                f"`{name.text}` is {value.type}, and members are told apart by a code, a text or yes/no",
                name.span,
                help="name a fact of members, `line`, `gender`, or a key",
            )
            return None
        return Stratum(name.text, value, counts, met, amount)

    def counts_of_composite(self, at: At) -> Counts | None:
        """The points of several measures over the points that they could earn."""
        plans = [self.measure_plan(name, at.period, pooled=at.pooled) for name in at.written.of]
        found = [plan for plan in plans if plan is not None]
        if len(found) < len(plans) or not found:
            return None
        points = self.added([self.whole(plan.points, at.span) for plan in found], at.span)
        possible = self.added([self.whole(plan.possible_points, at.span) for plan in found], at.span)
        numerator, denominator = self.named(at, "numerator", points), self.named(at, "denominator", possible)
        return Counts(numerator, denominator, self.quotient(at, numerator, denominator, RATIO))

    def added(self, parts: list[ir.Read], span: Span) -> ir.Expression:
        """Points added up."""
        total: ir.Expression = parts[0]
        for part in parts[1:]:
            total = self.total_of("+", total, part, POINTS, span)
        return total

    def counts_of_improvement(self, at: At) -> Counts | None:
        """How much better a measure is than in the same period of the year before; both must be scored."""
        base = self.measure_plan(at.written.of[0], at.period, pooled=at.pooled)
        if base is None:
            return None
        move = ir.Move.PRIOR_CONTRACT_YEAR if at.period == CONTRACT_YEAR else ir.Move.YEAR_BEFORE
        now, before = self.whole(base.value, at.span), self.whole(base.value, at.span, move)
        if "payer" in now.keys or "practice" in now.keys:
            before = attrs.evolve(before, keys=before.keys | {at.period})
        both = self.logic("and", (self.is_known(now), self.is_known(before)), at.span)
        pair = (now, before) if base.higher else (before, now)
        one, other = (attrs.evolve(side, type=side.type.known()) for side in pair)
        difference = self.total_of("-", one, other, one.type, at.span)
        rate = self.missing_unless(both, difference, at.span)
        return Counts(None, self.whole(base.denominator, at.span), rate)

    def counts_of_percentile(self, at: At) -> Counts | None:
        """Of the practices that are scored, itself included, the part whose rate is not better than its own."""
        base = self.measure_plan(at.written.of[0], at.period, pooled=at.pooled)
        if base is None:
            return None
        own = self.whole(base.value, at.span)
        ranked = ir.Rank(of=own, higher=base.higher, type=count().or_missing(), keys=own.keys, span=at.span)
        peers = ir.Aggregate(
            function="count",
            over=("practice",),
            body=None,
            where=self.is_known(own),
            type=count(),
            keys=own.keys - {"practice"},
            span=at.span,
        )
        numerator, denominator = self.named(at, "numerator", ranked), self.named(at, "denominator", peers)
        known = attrs.evolve(numerator, type=ranked.type.known())
        share = self.ratio_of(known, denominator, RATIO, at.span)
        return Counts(numerator, denominator, self.missing_unless(self.is_known(own), share, at.span))
