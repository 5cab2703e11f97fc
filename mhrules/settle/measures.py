"""The results of measures in a settled year: by payer, practice and period, and by stratum."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mhrules.classes import frozen
from mhrules.engine import kernel
from mhrules.engine.elements import MEMBER
from mhrules.engine.faults import Gathering
from mhrules.engine.reference import Interpreter
from mhrules.engine.rows import Clock, Row
from mhrules.exact import ONE
from mhrules.plan import ir
from mhrules.plan.measures import MeasurePlan, Stratum
from mhrules.settle.invariants import clocks_of

NO_RESULT = "no result"
BELOW_MINIMUM = "below minimum"


@frozen
class MeasureResult:
    """One measure of a practice for one payer (empty: of all payers together) in one period.

    `stratum` is empty for the measure as a whole; of a stratum only numerator, denominator and rate are told.
    Numbers are in units of 10**-12, None where there is none. `reason` says why the measure is not scored.
    """

    measure: MeasurePlan
    payer: str
    practice: str
    clock: Clock
    numerator: ir.Value
    denominator: ir.Value
    rate: ir.Value
    stratum: str = ""
    reason: str = ""
    points: ir.Value = None
    possible_points: ir.Value = None


def measured(interpreter: Interpreter, year: int, faults: Gathering) -> Iterator[MeasureResult]:
    """Every measure that counts for a payer, in the periods of the year in which it is read; otherwise for the year.

    What cannot be known goes to `faults`.
    """
    for plan in interpreter.plan.measures:
        if not plan.read:
            continue
        for clock in clocks_of(interpreter, plan.period, year):
            for row in _rows(interpreter, plan, clock, faults):
                with faults:
                    yield result(interpreter, plan, row)
                    yield from strata(interpreter, plan, row)


def _rows(interpreter: Interpreter, plan: MeasurePlan, clock: Clock, faults: Gathering) -> Iterator[Row]:
    """The rows of a measure in a period: of each payer for which it counts, or of all payers together."""
    world = interpreter.world
    above = [Row(clock=clock)]
    if not plan.pooled:
        above = [Row.of(clock, payer=payer) for payer in world.payers if plan.name in world.measures(payer)]
    elif plan.name not in world.measures(None):
        return
    for row in above:
        for practice in world.practices:
            found = row.plus("practice", practice)
            with faults:
                if world.exists(found):
                    yield found


def result(interpreter: Interpreter, plan: MeasurePlan, row: Row) -> MeasureResult:
    """A measure at a row.

    Raises:
        Faulted: it cannot be known.
    """
    rate = interpreter.quantity(plan.rate, row)
    scored = interpreter.quantity(plan.scored, row)
    assert row.clock is not None
    return MeasureResult(
        measure=plan,
        payer=row.get("payer") or "",
        practice=interpreter.world.lookup(row, "practice"),
        clock=row.clock,
        numerator=None if plan.numerator is None else interpreter.quantity(plan.numerator, row),
        denominator=interpreter.quantity(plan.denominator, row),
        rate=rate,
        reason="" if scored else NO_RESULT if rate is None else BELOW_MINIMUM,
        points=interpreter.quantity(plan.points, row),
        possible_points=interpreter.quantity(plan.possible_points, row),
    )


# ------------------------------------------------------------------------------------------------ strata


def strata(interpreter: Interpreter, plan: MeasurePlan, row: Row) -> Iterator[MeasureResult]:
    """The measure among the members of each stratum, in order of its name; those of no stratum have the empty one.

    Raises:
        Faulted: it cannot be known.
    """
    if plan.stratum is None:
        return
    sums: dict[str, tuple[int, int]] = {}
    gathering = Gathering()
    for member in interpreter.world.elements(MEMBER, row):
        with gathering:
            name = ir.plain_text(interpreter.evaluate(plan.stratum.value, member))
            above, below = _of_member(interpreter, plan, plan.stratum, member)
            before = sums.get(name, (0, 0))
            sums[name] = (before[0] + above, before[1] + below)
    gathering.close()
    whole = result(interpreter, plan, row)
    for name in sorted(sums, key=str.encode):
        above, below = sums[name]
        rate = kernel.quotient(above * plan.per, below, plan.rate.expression.type.places) if below else None
        yield MeasureResult(
            plan, whole.payer, whole.practice, whole.clock, above, below, rate, f"{plan.stratum.name} = {name}"
        )


def _of_member(interpreter: Interpreter, plan: MeasurePlan, stratum: Stratum, row: Row) -> tuple[int, int]:
    """What one member adds to numerator and denominator."""
    if plan.kind == "rate":
        assert plan.numerator is not None
        return (
            interpreter.number(plan.numerator.expression, row),
            interpreter.number(plan.denominator.expression, row),
        )
    if stratum.counts is not None and not interpreter.truth(stratum.counts, row):
        return 0, 0
    if stratum.amount is not None:
        return interpreter.number(stratum.amount, row), ONE
    assert stratum.met is not None
    return ONE if interpreter.truth(stratum.met, row) else 0, ONE


def in_order(results: Iterable[MeasureResult]) -> list[MeasureResult]:
    """Results by measure, payer, practice, period and stratum, in the order of their bytes."""
    return sorted(
        results,
        key=lambda r: (
            r.measure.name.encode(),
            r.payer.encode(),
            r.practice.encode(),
            r.clock[1],
            r.clock[0],
            r.stratum.encode(),
        ),
    )
