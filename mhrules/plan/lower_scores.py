"""Lowering of how a measure is scored: its rate, whether there is enough to go by, and its points."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from mhrules import exact
from mhrules.classes import frozen
from mhrules.plan import ir
from mhrules.plan.collections_of import Collection
from mhrules.plan.lower_measure_parts import MeasureParts, Written
from mhrules.plan.measures import Stratum
from mhrules.plan.scope import Context, grain_of
from mhrules.semantics.builtins import POINTS
from mhrules.semantics.types import NO_UNIT, YES_NO, Share, Type, number
from mhrules.source import Span
from mhrules.syntax import tree as t


@frozen(eq=False)
class Counts:
    """What a rate is made of, each a quantity of its own. `rate` is missing where there is nothing to divide by."""

    numerator: ir.Read | None
    denominator: ir.Read
    rate: ir.Expression
    stratum: Stratum | None = None


@frozen(eq=False)
class At:
    """A measure in a period, of one payer or of all together, while it is lowered."""

    written: Written
    period: str
    pooled: bool

    @property
    def span(self) -> Span:
        """Where the measure is named."""
        return self.written.span

    @property
    def context(self) -> Context:
        """What the measure's own expressions can read."""
        return Context(f"measure `{self.written.name}`", self.period)

    @property
    def keys(self) -> frozenset[str]:
        """The keys of what is counted of members."""
        return frozenset({"practice", self.period} | (set() if self.pooled else {"payer"}))

    def over(self, key: str) -> tuple[str, ...]:
        """What an aggregate over members runs over."""
        return (key, "payer") if self.pooled else (key,)


class Scores(MeasureParts):
    """The quantities of a measure from its counts on."""

    def of_measure(self, at: At, what: str, expression: ir.Expression) -> ir.Quantity:
        """One of a measure's quantities."""
        name = f"{at.written.name}.{what}" + (".pooled" if at.pooled else "")
        found = ir.Quantity(
            name=self.unique(name, at.period),
            title=f"{at.written.node.title}: {what.replace('_', ' ')}",
            kind="measure",
            grain=grain_of(expression.keys, at.period),
            expression=expression,
            span=at.span,
            notes=at.written.notes,
        )
        self.quantities["measure", at.written.name, at.period, at.pooled, what] = found
        return found

    def whole(self, quantity: ir.Quantity, span: Span, move: ir.Move | None = None) -> ir.Read:
        """A quantity of a measure, read at its own row or at another time."""
        return ir.Read(
            quantity=quantity, move=move, type=quantity.expression.type, keys=frozenset(quantity.grain), span=span
        )

    def named(self, at: At, what: str, expression: ir.Expression) -> ir.Read:
        """A quantity of a measure, read at its own row."""
        return self.whole(self.of_measure(at, what, expression), at.span)

    def pooled_sum(self, at: At, body: ir.Expression) -> ir.Expression:
        """The sum over all payers of what is known of each."""
        where = None
        if body.type.missing:
            where = ir.Known(operand=body, type=YES_NO, keys=body.keys, span=at.span)
        kind = self.aggregate_type("sum", body, Collection("payers", "payer")).known()
        keys = body.keys - {"payer"}
        return ir.Aggregate(function="sum", over=("payer",), body=body, where=where, type=kind, keys=keys, span=at.span)

    # -------------------------------------------------------------------------------------- its rate

    def is_known(self, operand: ir.Expression) -> ir.Expression:
        """Whether a value is not missing."""
        return ir.Known(operand=operand, type=YES_NO, keys=operand.keys, span=operand.span)

    def missing_unless(self, condition: ir.Expression, value: ir.Expression, span: Span) -> ir.Expression:
        """A value where a condition holds, otherwise missing."""
        kind = value.type.or_missing()
        rows = (
            ir.CaseRow(condition=condition, value=value, span=span),
            ir.CaseRow(condition=None, value=self.literal(None, kind, span), span=span),
        )
        return ir.Case(rows=rows, type=kind, keys=condition.keys | value.keys, span=span)

    def choice(
        self, condition: ir.Expression, then: ir.Expression, otherwise: ir.Expression, span: Span
    ) -> ir.Expression:
        """One of two values."""
        rows = (
            ir.CaseRow(condition=condition, value=then, span=span),
            ir.CaseRow(condition=None, value=otherwise, span=span),
        )
        keys = condition.keys | then.keys | otherwise.keys
        return ir.Case(rows=rows, type=then.type, keys=keys, span=span)

    def ratio_of(self, left: ir.Expression, right: ir.Expression, kind: Type, span: Span) -> ir.Expression:
        """A quotient to 12 places half even; one in dollars to as many as its type has."""
        written = kind.places < exact.PLACES
        return ir.Arithmetic(
            operator="/",
            left=left,
            right=right,
            places=kind.places if written else None,
            rounding=exact.Rounding.HALF_EVEN if written else None,
            type=kind,
            keys=left.keys | right.keys,
            span=span,
        )

    def quotient(
        self, at: At, numerator: ir.Expression, denominator: ir.Expression, kind: Type, *, per: int = 1
    ) -> ir.Expression:
        """Numerator over denominator, missing unless the denominator is above 0; multiplied first, divided once."""
        conditions: list[ir.Expression] = [
            self.is_known(part) for part in (numerator, denominator) if part.type.missing
        ]
        plain, below = (attrs.evolve(part, type=part.type.known()) for part in (numerator, denominator))
        conditions.append(self.compared(">", below, 0, at.span))
        if per != 1:
            factor = self.literal(per * exact.ONE, number(places=0, low=per * exact.ONE, high=per * exact.ONE), at.span)
            plain = self.product(plain, factor, "*", at.span)
        condition = self.logic("and", tuple(conditions), at.span)
        return self.missing_unless(condition, self.ratio_of(plain, below, kind, at.span), at.span)

    def compared(self, operator: str, left: ir.Expression, right: int, span: Span) -> ir.Expression:
        """A comparison with a number, in the unit of what it stands beside."""
        kind = attrs.evolve(left.type.known(), low=right, high=right)
        literal = self.literal(right, kind, span)
        return ir.Compare(operator=operator, left=left, right=literal, type=YES_NO, keys=left.keys, span=span)

    def is_scored(self, at: At, rate: ir.Quantity, denominator: ir.Quantity) -> ir.Expression:
        """Whether there is a rate, and enough of what it rests on."""
        conditions = [self.is_known(self.whole(rate, at.span))]
        if at.written.minimum is not None:
            least: ir.Expression = self.whole(denominator, at.span)
            if at.written.in_member_months and at.written.kind != "rate":
                least = self.built_in("member_months", at.context, at.span)
                least = self.pooled_sum(at, least) if at.pooled else least
            conditions.append(
                self.compared(">=", attrs.evolve(least, type=least.type.known()), at.written.minimum, at.span)
            )
        return self.logic("and", tuple(conditions), at.span)

    def if_scored(self, at: At, scored: ir.Quantity, rate: ir.Read) -> ir.Expression:
        """The rate, missing where the measure is not scored."""
        condition = self.whole(scored, at.span)
        return self.missing_unless(condition, attrs.evolve(rate, type=rate.type.known()), at.span)

    # ------------------------------------------------------------------------------------- its points

    def points_literal(self, value: int, span: Span) -> ir.Literal:
        """A number of points."""
        return self.literal(value, attrs.evolve(POINTS, low=value, high=value), span)

    def earned(
        self, at: At, rate: ir.Expression, numerator: ir.Quantity | None, denominator: ir.Quantity
    ) -> ir.Expression:
        """The points of a rate that is scored."""
        scale, span = at.written.scale, at.span
        if scale.bands:
            return self.banded(at, rate)
        if scale.target is not None:
            return self.on_the_line(at, rate)
        if at.written.kind != "composite":
            return self.points_literal(0, span)
        assert numerator is not None
        own = self.whole(numerator, span)
        if scale.points is None:
            return own
        times = self.product(own, self.literal(scale.points, number(low=0, high=scale.points), span), "*", span)
        return self.ratio_of(times, self.whole(denominator, span), attrs.evolve(POINTS, high=scale.points), span)

    def banded(self, at: At, rate: ir.Expression) -> ir.Expression:
        """The points of the first band that the rate is below."""
        rows = []
        for band in at.written.scale.bands:
            condition = None
            if band.below is not None:
                assert isinstance(band.below.value, int)
                condition = self.compared("<", rate, band.below.value, band.span)
            value = self.points_literal(band.points, band.span)
            rows.append(ir.CaseRow(condition=condition, value=value, span=band.span, notes=band.notes))
        high = max(band.points for band in at.written.scale.bands)
        return ir.Case(rows=tuple(rows), type=attrs.evolve(POINTS, high=high), keys=rate.keys, span=at.span)

    def on_the_line(self, at: At, rate: ir.Expression) -> ir.Expression:
        """All points at the target or better; between the worst and the target in proportion, in a straight line."""
        scale, span = at.written.scale, at.span
        assert scale.target is not None
        target, most = scale.target.value, scale.points or 0
        assert isinstance(target, int)
        if scale.worst is None:
            reached = self.compared(">=" if scale.higher else "<=", rate, target, scale.target.span)
            return self.choice(reached, self.points_literal(most, span), self.points_literal(0, span), span)
        worst = scale.worst.value
        assert isinstance(worst, int)
        low, high = min(target, worst), max(target, worst)
        kind = attrs.evolve(rate.type, unit=NO_UNIT, share=Share.NUMBER, low=low, high=high)
        ends = {value: self.literal(value, attrs.evolve(kind, low=value, high=value), span) for value in (low, high)}
        kept = ir.Extreme(greatest=True, operands=(rate, ends[low]), type=kind, keys=rate.keys, span=span)
        kept = ir.Extreme(greatest=False, operands=(kept, ends[high]), type=kind, keys=rate.keys, span=span)
        one, other = (kept, ends[worst]) if scale.higher else (ends[worst], kept)
        above = self.total_of("-", one, other, kind, span)
        times = self.product(self.points_literal(most, span), above, "*", span)
        length = high - low
        whole = self.literal(length, number(places=kind.places, low=length, high=length), span)
        return self.ratio_of(times, whole, attrs.evolve(POINTS, high=most), span)

    def can_earn(self, at: At, denominator: ir.Quantity) -> ir.Expression:
        """The points that a scored measure can earn."""
        points = at.written.scale.points
        if at.written.kind == "composite" and points is None and not self.has_scale(at):
            return self.whole(denominator, at.span)
        return self.points_literal(points or 0, at.span)

    def has_scale(self, at: At) -> bool:
        """Whether the text says of which rates points are earned."""
        return at.written.scale.target is not None or bool(at.written.scale.bands)

    def scored_points(
        self, at: At, scored: ir.Quantity, earned: ir.Quantity, can_earn: ir.Expression
    ) -> tuple[ir.Expression, ir.Expression]:
        """Points and possible points: of an unscored measure by the program's rule."""
        condition, zero = self.whole(scored, at.span), self.points_literal(0, at.span)
        own, rule = self.whole(earned, at.span), self.unscored_rule()
        points: ir.Expression = zero
        possible: ir.Expression = can_earn if rule is t.Unscored.ZERO else zero
        if rule is t.Unscored.MEAN:
            peers = ir.Aggregate(
                function="average",
                over=("practice",),
                body=own,
                where=condition,
                type=attrs.evolve(own.type, places=exact.PLACES).or_missing(),
                keys=(own.keys | condition.keys) - {"practice"},
                span=at.span,
            )
            mean = self.whole(self.of_measure(at, "mean_of_peers", peers), at.span)
            known = self.is_known(mean)
            points = self.choice(known, attrs.evolve(mean, type=mean.type.known()), zero, at.span)
            possible = self.choice(known, can_earn, zero, at.span)
        return self.choice(condition, own, points, at.span), self.choice(condition, can_earn, possible, at.span)

    def unscored_rule(self) -> t.Unscored:
        """What an unscored measure does to a score."""
        found = next((c.rule for c in self.program.node.clauses if isinstance(c, t.UnscoredRule)), t.Unscored.LEAVE)
        return found

    def is_met(
        self, at: At, scored: ir.Quantity, rate: ir.Expression, earned: ir.Quantity, can_earn: ir.Expression
    ) -> ir.Expression:
        """Whether the target is reached; without target, whether all points are earned that can be."""
        return self.logic("and", tuple(self.what_is_met(at, scored, rate, earned, can_earn)), at.span)

    def what_is_met(
        self, at: At, scored: ir.Quantity, rate: ir.Expression, earned: ir.Quantity, can_earn: ir.Expression
    ) -> Iterator[ir.Expression]:
        """The conditions of a measure that is met."""
        scale = at.written.scale
        yield self.whole(scored, at.span)
        if scale.target is not None:
            assert isinstance(scale.target.value, int)
            yield self.compared(">=" if scale.higher else "<=", rate, scale.target.value, scale.target.span)
        elif scale.bands or at.written.kind == "composite":
            own = self.whole(earned, at.span)
            keys = own.keys | can_earn.keys
            yield ir.Compare(operator=">=", left=own, right=can_earn, type=YES_NO, keys=keys, span=at.span)
        else:
            yield self.literal(False, YES_NO, at.span)
