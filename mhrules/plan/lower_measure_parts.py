"""What a measure's text says: its one kind, its conditions, its minimum, and how its rate becomes points."""

from __future__ import annotations

from itertools import pairwise

import attrs
from attrs import field

from mhrules import exact
from mhrules.classes import frozen
from mhrules.plan import ir
from mhrules.plan.lower_members import Members
from mhrules.plan.scope import YEAR, Context
from mhrules.semantics.types import Share, Type
from mhrules.source import Span
from mhrules.syntax import tree as t

KINDS = ("reported", "rate", "mean", "composite", "improvement", "percentile")
CONDITIONS = ("eligible", "exclude", "met")
PHRASES = {
    "reported": "reported",
    "rate": "rate … per 1_000 member months",
    "mean": "mean of …",
    "composite": "composite of …",
    "improvement": "improvement of … on own prior year",
    "percentile": "percentile of … among peers",
    "proportion": "met when …",
    "eligible": "eligible when …",
    "exclude": "exclude when …",
    "met": "met when …",
    "better": "lower is better",
    "stratified": "stratified by …",
}
"""How a part of a measure is written, where its own name is not enough."""


@frozen(eq=False)
class BandPoints:
    """One row of `bands`: what is earned below a rate (None: otherwise), in units of 10**-12."""

    below: ir.Literal | None
    points: int
    span: Span = field(repr=False)
    notes: tuple[t.Note, ...] = field(default=(), repr=False)


@frozen(eq=False)
class Scale:
    """How a rate becomes points: `points` are what can be earned, None where the text does not say.

    With `bands` the points are those of the band. `target` earns all of them; `worst`, where there is one, none.
    """

    higher: bool = True
    target: ir.Literal | None = None
    worst: ir.Literal | None = None
    bands: tuple[BandPoints, ...] = ()
    points: int | None = None


@frozen(eq=False)
class Written:
    """A measure as its text says it, whatever the period."""

    node: t.Measure
    kind: str
    value: t.Expression | None
    per: int
    of: tuple[str, ...]
    eligible: tuple[t.Expression, ...]
    exclude: tuple[t.Expression, ...]
    met: t.Expression | None
    minimum: int | None
    in_member_months: bool
    scale: Scale
    stratum: t.Name | None
    notes: tuple[t.Note, ...]

    @property
    def name(self) -> str:
        """The measure's name."""
        return self.node.name.text

    @property
    def span(self) -> Span:
        """Where the measure is named."""
        return self.node.name.span


class MeasureParts(Members):
    """Reads the parts of measures, and reports those that do not go together."""

    def written(self, node: t.Measure) -> Written | None:
        """What a measure says; None, with a finding, where it makes no sense."""
        parts = [part for part in node.parts if isinstance(part, t.MeasurePart)]
        kind = self.kind_of(node, parts)
        if kind is None or not self.go_together(node, kind, parts):
            return None
        scale = self.scale_of(node, kind, parts)
        if scale is None:
            return None
        by_kind = {part.kind: part for part in parts}
        main, least = by_kind.get(kind), by_kind.get("minimum")
        stratum = by_kind.get("stratified")
        return Written(
            node=node,
            kind=kind,
            value=next((v for v in main.values if isinstance(v, t.Expression)), None) if main else None,
            per=int(main.word) if main is not None and kind == "rate" else 1,
            of=() if main is None else tuple(v.text for v in main.values if isinstance(v, t.Name)),
            eligible=conditions(parts, "eligible"),
            exclude=conditions(parts, "exclude"),
            met=next(iter(conditions(parts, "met")), None),
            minimum=None if least is None else number_in(least),
            in_member_months=least is not None and bool(least.word),
            scale=scale,
            stratum=next((v for v in stratum.values if isinstance(v, t.Name)), None) if stratum else None,
            notes=tuple(note for part in parts for note in part.notes),
        )

    def kind_of(self, node: t.Measure, parts: list[t.MeasurePart]) -> str | None:
        """The one kind that a measure is; None, with a finding, if it is none or several."""
        found = [part for part in parts if part.kind in KINDS]
        met = next((part for part in parts if part.kind == "met"), None)
        if len(found) > 1 or (found and met is not None):
            other = found[1] if len(found) > 1 else met
            assert other is not None
            self.report(
                "MH372",
                f"`{PHRASES[found[0].kind]}` and `{PHRASES[other.kind]}` are two measures",
                other.span,
                help="keep one of them, or write two measures",
            )
            return None
        if found:
            return found[0].kind
        if met is not None:
            return "proportion"
        who = any(part.kind == "eligible" for part in parts)
        self.report(
            "MH371",
            f"measure `{node.name.text}` does not say "
            + ("which of its eligible members meet it" if who else "how it is worked out"),
            node.name.span,
            help="add `met when …`"
            if who
            else "say `reported`, `rate … per 1_000 member months`, `mean of …`, or `eligible when …; met when …`",
        )
        return None

    def go_together(self, node: t.Measure, kind: str, parts: list[t.MeasurePart]) -> bool:
        """Whether each part stands once, and says something of a measure of that kind; reports the first if not."""
        seen: set[str] = set()
        for part in parts:
            what = PHRASES.get(part.kind, part.kind)
            if part.kind in seen and part.kind != "exclude":
                self.report("MH372", f"`{what}` stands twice in a measure", part.span, help="keep one of them")
                return False
            seen.add(part.kind)
            members = kind in ("proportion", "mean")
            if part.kind in ("eligible", "exclude") and not members:
                self.report(
                    "MH372",
                    f"`{what}` says nothing in a measure that is `{PHRASES[kind]}`",
                    part.span,
                    help="leave it out, or say which members are `met when …`",
                )
                return False
            if part.kind == "stratified" and not members and kind != "rate":
                self.report(
                    "MH376",
                    f"a measure that is `{PHRASES[kind]}` is not worked out from members that could be told apart",
                    part.span,
                    help="leave `stratified` out",
                )
                return False
        return True

    # ------------------------------------------------------------------------------------------ points

    def scale_of(self, node: t.Measure, kind: str, parts: list[t.MeasurePart]) -> Scale | None:
        """How the rate becomes points; None, with a finding, where that makes no sense."""
        by_kind = {part.kind: part for part in parts}
        target, bands, points = by_kind.get("target"), by_kind.get("bands"), by_kind.get("points")
        higher = "better" not in by_kind or by_kind["better"].word == "higher"
        if target is not None and bands is not None:
            self.report(
                "MH373",
                f"`target` and `{bands.word}` both say how the rate becomes points",
                bands.span,
                help="keep one of them",
            )
            return None
        worth = None if points is None else self.points_of(points)
        if points is not None and worth is None:
            return None
        if points is not None and target is None and bands is None and kind != "composite":
            self.report(
                "MH375",
                f"measure `{node.name.text}` has points and does not say for which rates",
                points.span,
                help="add `target … worst …`, or `bands { below … : …  otherwise : … }`",
            )
            return None
        if target is not None:
            return self.target_scale(target, higher, worth)
        if bands is not None:
            return self.band_scale(bands, higher, worth)
        return Scale(higher, points=worth)

    def points_of(self, part: t.MeasurePart) -> int | None:
        """How many points there are; None, with a finding, where that is no positive number."""
        found = number_in(part)
        if found is None or found <= 0:
            self.report(
                "MH375",
                f"`{part.span.text}` is no number of points",
                part.span,
                help="write a number above 0, as in `points 10`",
            )
            return None
        return found

    def target_scale(self, part: t.MeasurePart, higher: bool, points: int | None) -> Scale | None:
        """`target T worst W`: all points at the target or better, none at the worst or beyond."""
        values = [self.constant(v, part.notes) for v in part.values if isinstance(v, t.Expression)]
        if any(v is None for v in values):
            self.report(
                "MH373", f"`{part.span.text}` is no fixed number", part.span, help="write a number or a percentage"
            )
            return None
        target, worst = values[0], values[1] if len(values) > 1 else None
        assert target is not None
        if worst is not None and not self.are_apart(part, target, worst, higher):
            return None
        return Scale(higher, target, worst, points=points)

    def are_apart(self, part: t.MeasurePart, target: ir.Literal, worst: ir.Literal, higher: bool) -> bool:
        """Whether the target is better than the worst; says so if not."""
        one, other = target.value, worst.value
        assert isinstance(one, int)
        assert isinstance(other, int)
        if one == other:
            self.report(
                "MH373",
                "target and worst are equal, so there is nothing between them",
                part.span,
                help="leave `worst` out: then the target earns all points, and anything worse none",
            )
            return False
        if (one > other) is not higher:
            better = "higher" if higher else "lower"
            self.report(
                "MH373",
                f"the worst is better than the target, for {better} is better in this measure",
                part.span,
                help="exchange the two numbers, or add `lower is better`"
                if higher
                else "exchange the two numbers, or leave out `lower is better`",
            )
            return False
        return True

    def band_scale(self, part: t.MeasurePart, higher: bool, points: int | None) -> Scale | None:
        """`bands { below 50% : 0  otherwise : 10 }`, or stars, of which the most are worth all points."""
        rows = [v for v in part.values if isinstance(v, t.Band)]
        found = []
        for row in rows:
            below = None if row.below is None else self.constant(row.below, row.notes)
            worth = self.constant(row.value, row.notes)
            earned = None if worth is None or worth.type.unit or worth.type.share is not Share.NUMBER else worth.value
            if (row.below is not None and below is None) or not isinstance(earned, int) or earned < 0:
                self.report(
                    "MH374",
                    f"`{row.span.text}` is no band of a measure",
                    row.span,
                    help="write fixed numbers, as in `below 50% : 5`",
                )
                return None
            found.append(BandPoints(below, earned, span=row.span, notes=row.notes))
        if not self.bands_cover(part, tuple(found)):
            return None
        most = max(band.points for band in found)
        if part.word == "stars" and points is not None and most:
            found = [attrs.evolve(b, points=exact.divide(b.points * points, most, HALF_EVEN)) for b in found]
        elif points is not None and most > points:
            self.report(
                "MH375",
                f"a band earns {exact.to_text(most)} points, and the measure has {exact.to_text(points)}",
                part.span,
                help="raise `points`, or leave it out: then the best band earns all there are",
            )
            return None
        return Scale(higher, bands=tuple(found), points=most if points is None else points)

    def bands_cover(self, part: t.MeasurePart, bands: tuple[BandPoints, ...]) -> bool:
        """Whether every rate has one band, and the bands are in order; says so if not."""
        edges = [band.below.value for band in bands[:-1] if band.below is not None]
        if len(edges) != len(bands) - 1 or bands[-1].below is not None:
            self.report(
                "MH374",
                f"the {part.word} do not cover every rate",
                part.span,
                help="end them in one `otherwise : …`",
            )
            return False
        numbers = [edge for edge in edges if isinstance(edge, int)]
        if any(one >= other for one, other in pairwise(numbers)):
            self.report(
                "MH374",
                f"the {part.word} are not in order, so one of them is never reached",
                part.span,
                help="begin with the lowest rate",
            )
            return False
        return True

    def constant(self, node: t.Expression, notes: tuple[t.Note, ...] = ()) -> ir.Literal | None:
        """A number written in the text, with its unit; None of anything else."""
        negative = isinstance(node, t.Negative)
        inner = node.operand if isinstance(node, t.Negative) else node
        if not isinstance(inner, t.Number | t.Percent | t.Money):
            return None
        found = self.lower(inner, Context("a measure", YEAR))
        if not isinstance(found, ir.Literal) or not isinstance(found.value, int):
            return None
        value = -found.value if negative else found.value
        kind = attrs.evolve(found.type, low=value, high=value)
        return attrs.evolve(found, value=value, type=kind, span=node.span, notes=notes)

    # -------------------------------------------------------------------------------------------- rates

    def rate_is_compared_well(self, written: Written, kind: Type) -> bool:
        """Whether target, worst and bands are in the unit of the rate, and within what it can be; says so if not."""
        scale = written.scale
        for literal in (scale.target, scale.worst, *(band.below for band in scale.bands)):
            if literal is None:
                continue
            if not in_unit(kind, literal):
                self.report(
                    "MH373",
                    f"`{literal.span.text}` is {literal.type}, and the measure is {kind.known()}",
                    literal.span,
                    help=f"write it as {kind.known()}" if kind.share is not Share.RATIO else "write a percentage",
                )
                return False
            bounded = written.kind in ("proportion", "composite", "percentile")
            if bounded and isinstance(literal.value, int) and not 0 <= literal.value <= exact.ONE:
                self.report(
                    "MH373",
                    f"`{literal.span.text}` can never be reached: the measure lies between 0% and 100%",
                    literal.span,
                    help="write a percentage, as in `target 70%`",
                )
                return False
        return True


HALF_EVEN = exact.Rounding.HALF_EVEN


def in_unit(kind: Type, literal: ir.Literal) -> bool:
    """Whether a number of the text can stand beside a rate of that type."""
    if kind.unit != literal.type.unit:
        return False
    if kind.unit or kind.share is Share.RATIO or literal.value in (0, exact.ONE):
        return True
    return kind.share is literal.type.share


def conditions(parts: list[t.MeasurePart], kind: str) -> tuple[t.Expression, ...]:
    """The conditions of all parts of a kind."""
    return tuple(v for part in parts if part.kind == kind for v in part.values if isinstance(v, t.Expression))


def number_in(part: t.MeasurePart) -> int | None:
    """The plain number that a part states, in units of 10**-12; None where it is none."""
    return next((v.value for v in part.values if isinstance(v, t.Number)), None)
