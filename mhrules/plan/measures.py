"""The measures of a plan: how each is worked out, scored and turned into points, in each period that reads it."""

from __future__ import annotations

from attrs import field

from mhrules.classes import frozen
from mhrules.plan.ir import Expression, Literal, Quantity
from mhrules.source import Span
from mhrules.syntax.tree import Note

MEASURES = "measures"
POOLED = "pooled measures"
"""The collections of measures: of the row's payer, and the same of all payers together."""


@frozen(eq=False)
class Stratum:
    """What tells the members of a measure apart: `value` of each member, called `name`.

    `counts` and `met` are asked of each member, `amount` is taken of each; None where the measure has none of it.
    """

    name: str
    value: Expression
    counts: Expression | None = None
    met: Expression | None = None
    amount: Expression | None = None


@frozen(eq=False)
class MeasurePlan:
    """One measure in one kind of period (`year`, `quarter` …), of the row's payer or, `pooled`, of all together.

    `kind` is `proportion`, `rate`, `mean`, `reported`, `composite`, `improvement` or `percentile`. `rate` is missing
    where there is nothing to divide by; `value` is missing too where the measure is not scored. `numerator` is None
    where there is none (an improvement). `per` is 1, or the member months that a rate is for. `minimum` is of the
    denominator, or of member months; `target` and `worst` are those of the text, in the rate's unit. `read`: whether
    something reads the measure in this period, or it is published for the year because nothing reads it.
    """

    name: str
    title: str
    kind: str
    period: str
    pooled: bool
    per: int
    numerator: Quantity | None
    denominator: Quantity
    rate: Quantity
    scored: Quantity
    value: Quantity
    earned: Quantity
    points: Quantity
    possible_points: Quantity
    met: Quantity
    higher: bool
    minimum: int | None
    in_member_months: bool
    target: Literal | None
    worst: Literal | None
    stratum: Stratum | None
    read: bool
    span: Span = field(repr=False)
    notes: tuple[Note, ...] = field(default=(), repr=False)

    @property
    def key(self) -> tuple[str, str, bool]:
        """What a measure is found by: name, period, and whether payers are pooled."""
        return self.name, self.period, self.pooled

    def feature(self, name: str) -> Quantity:
        """The quantity that a feature of the collection `measures` is."""
        found = {
            "points": self.points,
            "possible_points": self.possible_points,
            "met": self.met,
            "scored": self.scored,
        }
        return found[name]
