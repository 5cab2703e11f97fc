"""Measures: numerator, denominator and rate, whether they are scored, and how the rate became points."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import evolve

from mhrules.data.population import RESULT
from mhrules.engine.rows import Row, Step
from mhrules.explain import words
from mhrules.explain.elements import Elements
from mhrules.explain.expressions import child
from mhrules.explain.model import Fact, Why
from mhrules.plan import ir
from mhrules.plan.measures import MEASURES, POOLED, MeasurePlan
from mhrules.semantics.types import Share
from mhrules.settle.measures import NO_RESULT, MeasureResult, result
from mhrules.settle.payments import Books

MEASURE = "measure"
ALL_PAYERS = "all payers"
READ = ("value", "points", "possible_points", "met", "scored")


class Measures(Elements):
    """Measures as steps, wherever the text reads one."""

    def __init__(self, books: Books, *, deep: bool) -> None:
        super().__init__(books, deep=deep)
        self._of_measure = {getattr(plan, name): (plan, name) for plan in books.plan.measures for name in READ}
        self._handlers[ir.Reported] = self.reported
        self._handlers[ir.Rank] = self.rank
        self._aggregates: Callable[[ir.Aggregate, Step], Why | None] = self._handlers[ir.Aggregate]
        self._reads: Callable[[ir.Read, Step], Why | None] = self._handlers[ir.Read]
        self._handlers[ir.Aggregate] = self.over_measures
        self._handlers[ir.Read] = self.read_of_measure

    def feature(self, node: ir.Feature, step: Step) -> Why:
        """What is known of an element; of a measure, the measure."""
        if node.collection not in (MEASURES, POOLED):
            return super().feature(node, step)
        plan = self.books.interpreter.measures.plan_of(node, step.row)
        made = self.measure(plan, step.row.without(MEASURE), step)
        return evolve(made, worth=words.worth(step.value, node.type))

    def over_measures(self, node: ir.Aggregate, step: Step) -> Why | None:
        """An aggregate; over measures it always has a step for each."""
        made = self._aggregates(node, step)
        if made is None or node.over != (MEASURE,):
            return made
        steps = made.steps if self.deep else self._elements(node, step)
        pooled = any(isinstance(p, ir.Feature) and p.collection == POOLED for p in node.walk())
        at = ALL_PAYERS if pooled else ""
        return evolve(made, steps=tuple(evolve(each, at=at) if each.kind == MEASURE else each for each in steps))

    def read_of_measure(self, node: ir.Read, step: Step) -> Why | None:
        """A quantity that is read; of a measure, the measure."""
        found = self._of_measure.get(node.quantity)
        inner = child(step, node.quantity)
        if found is None or inner is None:
            return self._reads(node, step)
        made = self.measure(found[0], inner.row, inner)
        return evolve(made, worth=words.worth(step.value, node.type))

    # ------------------------------------------------------------------------------------ one measure

    def measure(self, plan: MeasurePlan, row: Row, step: Step) -> Why:
        """A measure with what it rests on; where it stands again, only its value."""
        return self.once(("measure", plan.key, row), lambda: self._measure(plan, row, step))

    def _measure(self, plan: MeasurePlan, row: Row, step: Step) -> Why:
        found = self.books.interpreter.quietly(lambda: result(self.books.interpreter, plan, row))
        number = self.next()
        return Why(
            kind=MEASURE,
            title=f"{plan.name}: {plan.title}",
            at=ALL_PAYERS if plan.pooled else "",
            says=tuple(self._says(plan, found, step)),
            place=words.place_of(plan.rate.span),
            support=words.support_of(plan.notes),
            number=number,
            steps=tuple(self._counts(plan, step)),
        )

    def _says(self, plan: MeasurePlan, found: MeasureResult, step: Step) -> Iterator[str]:
        """The rate, and what it is compared with, in sentences."""
        if found.rate is not None:
            yield self._rate(plan, found)
        if found.reason:
            yield f"not scored: {found.reason}" + (f", {self._minimum(plan)}" if found.reason != NO_RESULT else "")
            return
        if plan.target is not None:
            better = "higher" if plan.higher else "lower"
            worst = "" if plan.worst is None else f", worst {words.text_of(plan.worst.span)}"
            yield f"target {words.text_of(plan.target.span)}{worst}, {better} is better"
        band = next((s.detail for s in step.walk() if s.what is plan.earned.expression), None)
        if plan.target is None and isinstance(band, ir.CaseRow):
            yield words.title_of(band.span)
        if isinstance(found.points, int) and isinstance(found.possible_points, int) and found.possible_points:
            yield f"{words.grouped(found.points)} of {words.grouped(found.possible_points)} points"

    def _minimum(self, plan: MeasurePlan) -> str:
        """The least that a measure must rest on."""
        unit = " member months" if plan.in_member_months else ""
        return f"at least {words.grouped(plan.minimum or 0)}{unit}"

    def _rate(self, plan: MeasurePlan, found: MeasureResult) -> str:
        """A rate with what it is made of: `rate 70%: 28 of 40`."""
        assert isinstance(found.rate, int)
        kind = plan.rate.expression.type
        shown = words.percent(found.rate) if kind.share is Share.RATIO else words.shown(found.rate, kind.known())
        if plan.kind == "improvement":
            return f"better by {shown} than the year before"
        above, below = (words.grouped(v) if isinstance(v, int) else "" for v in (found.numerator, found.denominator))
        if plan.kind == "rate":
            return f"rate {shown}: {above} in {below} member months, per {plan.per:,}"
        joined = "over" if plan.kind == "mean" else "of"
        return f"{'mean' if plan.kind == 'mean' else 'rate'} {shown}: {above} {joined} {below}"

    def _counts(self, plan: MeasurePlan, step: Step) -> Iterator[Why]:
        """Numerator and denominator, where they were worked out; of an improvement, both years."""
        if plan.kind == "improvement":
            yield from self._years(plan, step)
            return
        for name, quantity in (("numerator", plan.numerator), ("denominator", plan.denominator)):
            at = next((each for each in step.walk() if quantity is not None and each.what is quantity), None)
            if quantity is None or at is None:
                continue
            made = self.why(child(at, quantity.expression))
            if made is not None:
                written = quantity.expression.span != plan.rate.span
                yield evolve(made, title=f"{name}: {made.title}" if written else name)

    def _years(self, plan: MeasurePlan, step: Step) -> Iterator[Why]:
        """The measure that an improvement is of, in this year and the year before."""
        inside = (part for part in plan.rate.expression.walk() if isinstance(part, ir.Read))
        reads = [read for read in inside if read.quantity in self._of_measure]
        for read in {(read.quantity, read.move): read for read in reversed(reads)}.values():
            at = next((each for each in step.walk() if each.what is read), None)
            inner = None if at is None else child(at, read.quantity)
            made = None if at is None else self.why(at)
            if made is not None and inner is not None and inner.row.clock is not None:
                yield evolve(made, at=words.clock_text(inner.row.clock, self.plan.calendar))

    # ---------------------------------------------------------------------------------------- its parts

    def reported(self, node: ir.Reported, step: Step) -> Why:
        """A figure of the reported results."""
        world = self.books.world
        measures = self.books.interpreter.measures
        label = measures.label_of(node.measure, step.row) or measures.labels(step.row)[0]
        keys = (
            (MEASURE, node.measure),
            (self.plan.participant, world.lookup(step.row, "practice")),
            ("payer", world.lookup(step.row, "payer")),
            ("period", label),
        )
        fact = Fact(RESULT, node.column, keys)
        return self.once(fact, lambda: evolve(self.written("fact", node, step, ()), title=node.column, fact=fact))

    def rank(self, node: ir.Rank, step: Step) -> Why:
        """Where a practice stands among its peers."""
        return self.written("value", node, step, (), "scored practices whose rate is not better, itself included")
