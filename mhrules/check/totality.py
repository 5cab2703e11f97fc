"""Whether every `choose`, table and bands decides every possible case, and each row some case."""

from __future__ import annotations

from mhrules.check import cases
from mhrules.check.cases import Case, DeadReason, DeadRow, Overlap
from mhrules.check.conditions import Translation
from mhrules.classes import frozen
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Label
from mhrules.plan import ir
from mhrules.plan.bounds import Bounds
from mhrules.plan.lower import Lowered
from mhrules.plan.scope import Decision
from mhrules.semantics.program import Program
from mhrules.semantics.scope import head
from mhrules.source import Span
from mhrules.syntax import tree as t

MOST_OVERLAPS_SHOWN = 3


def check_totality(program: Program, lowered: Lowered, bounds: Bounds, findings: Findings) -> None:
    """Report gaps (MH420), overlaps (MH428), dead rows (MH429) and what cannot be decided (MH430, MH471, MH472)."""
    for decision in lowered.decisions:
        if bounds.is_sound(decision.case):
            _Check.of(decision, lowered, bounds, findings).run()


@frozen
class _Check:
    """One decision, its rows that have a condition, and these conditions as tests on variables."""

    decision: Decision
    rows: tuple[ir.CaseRow, ...]
    conditions: tuple[ir.Expression, ...]
    translation: Translation
    impossible: tuple[cases.Condition, ...]
    findings: Findings

    @classmethod
    def of(cls, decision: Decision, lowered: Lowered, bounds: Bounds, findings: Findings) -> _Check:
        rows = tuple(row for row in decision.case.rows if row.condition is not None)
        conditions = tuple(row.condition for row in rows if row.condition is not None)
        translation = Translation(bounds, conditions)
        impossible = tuple(
            cases.And(tuple(translation.condition(part) for part in together))
            for together in lowered.never_together
            if all(bounds.is_sound(part) and translation.has_names(part) for part in together)
        )
        return cls(decision, rows, conditions, translation, impossible, findings)

    @property
    def otherwise(self) -> ir.CaseRow | None:
        return next((row for row in self.decision.case.rows if row.condition is None), None)

    @property
    def place(self) -> Span:
        return head(self.decision.node)

    def run(self) -> None:
        if self.translation.opaque and not self.decision.first:
            self.undecidable()
            return
        verdict = cases.analyze(
            self.translation.variables,
            self.translation.conditions,
            otherwise=self.otherwise is not None,
            first=self.decision.first,
            impossible=self.impossible,
        )
        if verdict.too_large:
            self.too_large(verdict.cells)
            return
        for test in verdict.missing_tests:
            self.missing(test)
        if verdict.gaps:
            self.gap(verdict.gaps)
        for overlap in [o for o in verdict.overlaps if not self.meets_at_an_end(o)][:MOST_OVERLAPS_SHOWN]:
            self.overlap(overlap)
        for dead in verdict.dead_rows:
            self.dead(dead)
        if verdict.otherwise_dead and self.otherwise is not None:
            self.findings.report(
                "MH429",
                f"`otherwise` can never apply in this {self.decision.what}",
                self.otherwise.span,
                notes="the other rows decide every possible case",
                help="take it out: a case that nobody thought of should be found, not paid",
            )

    def undecidable(self) -> None:
        for condition in self.translation.opaque:
            text = " ".join(condition.span.text.split())
            self.findings.report(
                "MH430",
                f"whether exactly one row applies cannot be decided: `{text}` compares with what is no constant",
                condition.span,
                label="compares two values that vary",
                related=[Label(self.place, "of these rows exactly one must apply")],
                help=(
                    "write `choose first` and end it in `otherwise`: then the first row that applies counts",
                    "or `define` the difference of the two and compare it with a constant",
                ),
            )

    def too_large(self, cells: int) -> None:
        self.findings.report(
            "MH471",
            f"the rows tell {cells:,} cases apart, and at most {cases.LIMIT:,} are looked at",
            self.place,
            help=("split it into several, each by fewer expressions", "or write `choose first` with `otherwise`"),
        )

    def missing(self, test: cases.MissingTest) -> None:
        condition = self.conditions[test.index]
        self.findings.report(
            "MH472",
            f"`{test.variable}` may be missing where this row tests it",
            condition.span,
            label="asks for a value that may not be there",
            help=f"ask first: `known({test.variable}) and …`, or give it a `default`",
        )

    def gap(self, gaps: tuple[Case, ...]) -> None:
        words = [self.translation.words(case) for case in gaps]
        if not words[0]:
            words = ["in any case"]
        self.findings.report(
            "MH420",
            f"no row applies when {words[0]}",
            self.place,
            label="leaves a case open",
            notes=[f"nor when {each}" for each in words[1:]],
            help=(
                "add a row for this case, or end in `otherwise`",
                'if it cannot happen, say so: `never together …, … because "…"`',
            ),
        )

    def overlap(self, overlap: Overlap) -> None:
        first, second = self.rows[overlap.first], self.rows[overlap.second]
        helps = ["make the rows exclude each other"]
        if isinstance(self.decision.node, t.Choose):
            helps = ["make the rows exclude each other, or write `choose first` if the upper one shall count"]
        self.findings.report(
            "MH428",
            f"two rows apply when {self.translation.words(overlap.witness)}",
            second.span,
            label="this row applies",
            related=[Label(first.span, "and this one")],
            help=[*helps, 'if that cannot happen, say so: `never together …, … because "…"`'],
        )

    def dead(self, dead: DeadRow) -> None:
        row = self.rows[dead.row]
        notes, related = "", []
        if dead.reason is DeadReason.NEVER:
            notes = "its condition holds for no possible value"
        elif dead.reason is DeadReason.EXCLUDED:
            notes = "its condition holds only where `never together` says that it cannot"
        else:
            related = [Label(self.rows[by].span, "decides it first") for by in dead.by]
            notes = "the rows above decide all its cases"
        self.findings.report(
            "MH429",
            "this row can never apply",
            row.span,
            related=related,
            notes=notes,
            help="take it out, or correct its condition",
        )

    def meets_at_an_end(self, overlap: Overlap) -> bool:
        """Whether two rows of an interpolated table only share an end, where both give the same value."""
        table = self.decision.node
        if not isinstance(table, t.Table):
            return False
        rows = [row for row in table.rows if row.patterns]
        one, other = rows[overlap.first], rows[overlap.second]
        return _runs_into(one, other) or _runs_into(other, one)


def _runs_into(one: t.TableRow, other: t.TableRow) -> bool:
    """Whether one interpolated row ends where the other begins, at the same value."""
    end, begin = one.patterns[0].alternatives[0], other.patterns[0].alternatives[0]
    if end.to is None or one.to_value is None or other.to_value is None:
        return False
    return end.to.span.text == begin.value.span.text and one.to_value.span.text == other.value.span.text
