"""The results of measures in a year, read from their relations: by payer, practice and period, and by stratum."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mhrules.classes import frozen
from mhrules.engine import kernel
from mhrules.engine.sql.about import About
from mhrules.engine.sql.failing import Fallible
from mhrules.engine.sql.frame import Frame
from mhrules.engine.sql.grids import OWNERS
from mhrules.engine.sql.numbers import either, places_of
from mhrules.exact import ONE, PLACES
from mhrules.plan import ir
from mhrules.plan.measures import MeasurePlan, Stratum
from mhrules.settle.measures import BELOW_MINIMUM, NO_RESULT, MeasureResult
from mhrules.settle.sql.lines import Lines
from mhrules.settle.sql.verdicts import unscaled

TOLD = ("numerator", "denominator", "rate", "scored", "points", "possible_points")


@frozen
class Whole:
    """The rows of a measure: SQL with the owners, `clock`, the fault `f`, and `vN` for the N-th of what is told."""

    sql: str
    owners: tuple[str, ...]
    told: dict[str, ir.Expression]


@frozen
class Results:
    """The results of a year; `fails`: some of them cannot be known, and are left out."""

    relations: Lines
    first: int
    last: int
    fails: bool = False

    def all(self) -> Iterator[MeasureResult]:
        """Every measure that is told of, by payer, practice and period, and then its strata."""
        for plan in self.told():
            whole = dict(self._whole(plan))
            yield from whole.values()
            if plan.stratum is not None:
                yield from self._strata(plan, plan.stratum, whole)

    def _payers(self, plan: MeasurePlan) -> list[str]:
        """The payers for which a measure counts."""
        world = self.relations.grids.world
        return [payer for payer in world.payers if plan.name in world.measures(payer)]

    def _inside(self, plan: MeasurePlan) -> str:
        inside = f"clock BETWEEN {self.first} AND {self.last}"
        if plan.pooled:
            return inside
        return f"{inside} AND payer IN ({self.relations.dialect.texts(self._payers(plan))})"

    def told(self) -> Iterator[MeasurePlan]:
        """The measures that are told of."""
        return (plan for plan in self.relations.plan.measures if plan.read and self._payers(plan))

    def whole(self, plan: MeasurePlan) -> Whole:
        """The results of a measure as rows."""
        owners = ("practice",) if plan.pooled else OWNERS
        frame = Frame(self.relations.rows(frozenset(owners), plan.period, base=False))
        asked = [(name, quantity) for name in TOLD if (quantity := getattr(plan, name)) is not None]
        reads = [ir.Read(quantity=q, type=q.expression.type, keys=frozenset(q.grain), span=plan.span) for _, q in asked]
        found = [self.relations.value(read, frame) for read in reads]
        columns = {name: name for name in (*owners, "clock")}
        columns |= {f"v{at}": column.value for at, column in enumerate(found)}
        columns["f"] = either(*(column.fault for column in found)) or "NULL::INTEGER"
        sql = f"SELECT * FROM ({frame.select(columns)}) WHERE {self._inside(plan)}"
        about = About(f"results of measure `{plan.name}` in the year", (*owners, plan.period), plan.span)
        name = f"measured_{plan.name}_{plan.period}" + ("_pooled" if plan.pooled else "")
        table = self.relations.store.table(name, sql, about)
        return Whole(f"SELECT * FROM {table}", owners, {name: quantity.expression for name, quantity in asked})

    def fallible(self) -> Iterator[Fallible]:
        """The rows of every measure that is told of, and of its strata, with their faults."""
        for plan in self.told():
            whole = self.whole(plan)
            yield Fallible("measure", plan.name, whole.sql, whole.owners, plan.period)
            if plan.stratum is not None:
                yield Fallible("measure", plan.name, self.strata(plan, plan.stratum), OWNERS, plan.period)

    def _whole(self, plan: MeasurePlan) -> Iterator[tuple[tuple[str, ...], MeasureResult]]:
        found = self.whole(plan)
        listed = ", ".join([*found.owners, "clock", *(f"v{at}" for at in range(len(found.told)))])
        for row in self.relations.store.rows(f"SELECT {listed} FROM ({found.sql}) WHERE f IS NULL"):
            *whose, clock = row[: len(found.owners) + 1]
            stored = zip(found.told.items(), row[len(found.owners) + 1 :], strict=True)
            values = {name: unscaled(value, expression) for (name, expression), value in stored}
            yield (*whose, clock), self._result(plan, whose, clock, values)

    def _result(self, plan: MeasurePlan, whose: list[str], clock: int, values: dict[str, Any]) -> MeasureResult:
        payer, practice = ("", *whose) if plan.pooled else whose
        reason = "" if values["scored"] else NO_RESULT if values["rate"] is None else BELOW_MINIMUM
        return MeasureResult(
            measure=plan,
            payer=payer,
            practice=practice,
            clock=(plan.period, clock),
            numerator=values.get("numerator"),
            denominator=values["denominator"],
            rate=values["rate"],
            reason=reason,
            points=values["points"],
            possible_points=values["possible_points"],
        )

    # ------------------------------------------------------------------------------------------- strata

    def strata(self, plan: MeasurePlan, stratum: Stratum) -> str:
        """The members of a measure as rows: the stratum's `name`, and what each adds `above` and `below`."""
        frame = Frame(self.relations.rows(frozenset(("payer", "practice", "member")), plan.period, base=False))
        name = self.relations.value(stratum.value, frame)
        above, below, fault = self._of_member(plan, stratum, frame)
        columns = {key: key for key in ("payer", "practice", "clock")}
        columns |= {"name": name.value, "above": above, "below": below}
        columns["f"] = either(name.fault, fault) or "NULL::INTEGER"
        return f"SELECT * FROM ({frame.select(columns)}) WHERE {self._inside(plan)}"

    def known_strata(self, plan: MeasurePlan, stratum: Stratum) -> str:
        """The rows of `strata` of those measures of which neither the whole nor any member fails."""
        rows = self.strata(plan, stratum)
        if not self.fails:
            return rows
        whole = self.whole(plan)
        same = " AND ".join(f"w.{column} = s.{column}" for column in (*whole.owners, "clock"))
        return (
            f"SELECT s.* FROM ({rows}) s WHERE NOT EXISTS (SELECT 1 FROM ({whole.sql}) w WHERE {same} "
            f"AND w.f IS NOT NULL) QUALIFY count(s.f) OVER (PARTITION BY s.payer, s.practice, s.clock) = 0"
        )

    def _strata(
        self, plan: MeasurePlan, stratum: Stratum, whole: dict[tuple[str, ...], MeasureResult]
    ) -> Iterator[MeasureResult]:
        """A measure among the members of each stratum."""
        rows = self.relations.store.rows(
            "SELECT payer, practice, clock, name, sum(above), sum(below) "
            f"FROM ({self.known_strata(plan, stratum)}) GROUP BY ALL"
        )
        for payer, practice, clock, value, one, other in rows:
            of = whole[payer, practice, clock]
            rate = kernel.quotient(one * plan.per, other, places_of(plan.rate.expression)) if other else None
            label = f"{stratum.name} = {ir.plain_text(unscaled(value, stratum.value))}"
            yield MeasureResult(plan, of.payer, of.practice, of.clock, one, other, rate, label)

    def _of_member(self, plan: MeasurePlan, stratum: Stratum, frame: Frame) -> tuple[str, str, str | None]:
        """What one member adds to numerator and denominator, in units of 10**-12, and the fault."""
        one = self.relations.dialect.number(ONE)
        if plan.kind == "rate":
            assert plan.numerator is not None
            sides = [self.relations.known(q.expression, frame) for q in (plan.numerator, plan.denominator)]
            above, below = (
                self.relations.scaled(side.value, places_of(q.expression), PLACES)
                for side, q in zip(sides, (plan.numerator, plan.denominator), strict=True)
            )
            return above, below, either(*(side.fault for side in sides))
        counts = None if stratum.counts is None else self.relations.known(stratum.counts, frame)
        what = stratum.amount if stratum.amount is not None else stratum.met
        assert what is not None
        found = self.relations.known(what, frame)
        if stratum.amount is not None:
            added = self.relations.scaled(found.value, places_of(what), PLACES)
        else:
            added = f"CASE WHEN {found.value} THEN {one} ELSE 0 END"
        if counts is None:
            return added, one, found.fault
        fault = found.fault and f"CASE WHEN {counts.value} THEN {found.fault} END"
        above = f"CASE WHEN {counts.value} THEN {added} ELSE 0 END"
        return above, f"CASE WHEN {counts.value} THEN {one} ELSE 0 END", either(counts.fault, fault)
