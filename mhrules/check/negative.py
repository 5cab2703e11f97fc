"""Payments that can come out below zero without saying `downside`, and the reverse.

What is paid is reckoned after the gates, the caps and the floors. The facts in a cap are taken as not negative: a cap
is a size, and `at most 10% of benchmark` shall not make a payment suspect because no lower bound is declared for
`benchmark`. Where that turns out wrong, the run refuses the line (MH706).
"""

from __future__ import annotations

from mhrules.check.reading import FormOf, forms, reads, words
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Label
from mhrules.plan import intervals, ir
from mhrules.plan.bounds import NET_OF_REVERSALS, NOTHING_ASSUMED, Assumptions, Bounds
from mhrules.plan.intervals import Interval
from mhrules.plan.lower import Lowered
from mhrules.semantics.declared import value_text
from mhrules.semantics.program import Program

NOT_NEGATIVE: Interval = (0, None)


def check_signs(program: Program, lowered: Lowered, bounds: Bounds, findings: Findings) -> None:
    """Report payments that can be negative without `downside` (MH461); warn of a `downside` for nothing (MH462)."""
    for item in forms(lowered.plan):
        form = item.form
        amounts = (form.pays, *form.caps, *form.floors)
        if not all(bounds.is_sound(each) for each in (*amounts, *(g.condition for g in form.gates))):
            continue
        assumed = _after_gates(form, bounds)
        if assumed is None:
            continue
        sign = _Sign(form, bounds, assumed)
        if not form.downside:
            culprit = sign.culprit()
            if culprit is not None:
                _report_negative(item, culprit, sign, findings)
        elif not sign.can_be_negative(caps_are_sizes=False) and not _of_claims(form):
            findings.report(
                "MH462",
                f"`{item.payment.name}` says `downside`, and it can never be negative",
                form.pays.span,
                label="never below $0",
                help="take `downside` out, or correct the amount",
            )


def _after_gates(form: ir.FormPlan, bounds: Bounds) -> Assumptions | None:
    """What is known once all gates hold; None if they never do."""
    assumed: Assumptions | None = NOTHING_ASSUMED
    for gate in form.gates:
        assumed = None if assumed is None else bounds.assume(gate.condition, assumed)
    return assumed


def _of_claims(form: ir.FormPlan) -> bool:
    """Whether a payment rests on amounts of claims, of which a correction can leave less than nothing."""
    nodes = (node for top in (form.pays, *form.caps) for node in reads(top, set()))
    return any(isinstance(node, ir.Feature) and node.column in NET_OF_REVERSALS for node in nodes)


class _Sign:
    """Whether one form can come out negative, and what makes it so."""

    def __init__(self, form: ir.FormPlan, bounds: Bounds, assumed: Assumptions) -> None:
        self.form = form
        self.bounds = bounds
        self.assumed = assumed

    def can_be_negative(self, *, caps_are_sizes: bool) -> bool:
        """Whether the amount after caps and floors can be below zero."""
        if any(self._low_is_fine(floor, self.assumed) for floor in self.form.floors):
            return False
        sizes = self._sizes() if caps_are_sizes else self.assumed
        return not self._low_is_fine(self.form.pays, self.assumed) or not all(
            self._low_is_fine(cap, sizes) for cap in self.form.caps
        )

    def culprit(self) -> ir.Expression | None:
        """What can be negative: the amount itself or a cap on it; None if nothing can."""
        if not self.can_be_negative(caps_are_sizes=True):
            return None
        if not self._low_is_fine(self.form.pays, self.assumed):
            return self.form.pays
        return next(cap for cap in self.form.caps if not self._low_is_fine(cap, self._sizes()))

    def _low_is_fine(self, node: ir.Expression, assumed: Assumptions) -> bool:
        low, _ = self.bounds.interval(node, assumed)
        return low is not None and low >= 0

    def _sizes(self) -> Assumptions:
        """What is assumed where caps are reckoned: facts in dollars are not negative."""
        found = dict(self.assumed)
        for cap in self.form.caps:
            for leaf in (each for each in reads(cap, set()) if isinstance(each, ir.Cell) and each.type.is_money):
                number = self.bounds.signature(leaf)
                found[number] = intervals.meet(found.get(number, NOT_NEGATIVE), NOT_NEGATIVE) or NOT_NEGATIVE
        return found

    # ------------------------------------------------------------------------------------------ why

    def reason(self, node: ir.Expression, assumed: Assumptions) -> tuple[ir.Expression, str]:
        """The innermost expression that makes `node` negative, and how it does."""
        step = self._deeper(node, assumed)
        if step is not None:
            return self.reason(*step)
        text = words(node)
        if isinstance(node, ir.Arithmetic) and node.operator == "-":
            left, right = words(node.left), words(node.right)
            if isinstance(node.left, ir.Literal) and node.left.value == 0:
                return node, f"`{text}` is below zero where `{right}` is above it"
            return node, f"`{text}` is below zero where `{right}` is more than `{left}`"
        low, _ = self.bounds.interval(node, assumed)
        if isinstance(node, ir.Cell) and low is not None:
            return node, f"`{text}` may be as low as {value_text(low, node.type)} as it is declared"
        if isinstance(node, ir.Setting) and low is not None:
            return node, f"`{text}` may be as low as {value_text(low, node.type)}"
        return node, f"`{text}` can be below zero"

    def _deeper(self, node: ir.Expression, assumed: Assumptions) -> tuple[ir.Expression, Assumptions] | None:
        """The part that makes an expression negative, with what is known there."""
        match node:
            case ir.Read():
                return node.quantity.expression, (assumed if node.move is None else NOTHING_ASSUMED)
            case ir.Case():
                return self._row(node, assumed)
            case ir.Arithmetic(operator="-"):
                return None
            case ir.Aggregate():
                return None if node.body is None else (node.body, NOTHING_ASSUMED)
            case ir.Arithmetic() | ir.Extreme() | ir.Default() | ir.Round() | ir.Split():
                operands = node.operands if isinstance(node, ir.Extreme) else node.parts()
                for part in operands:
                    if part.type.is_number and not self._low_is_fine(part, assumed):
                        return part, assumed
        return None

    def _row(self, node: ir.Case, assumed: Assumptions) -> tuple[ir.Expression, Assumptions] | None:
        rest: Assumptions | None = assumed
        for row in node.rows:
            if rest is None:
                return None
            inner = rest if row.condition is None else self.bounds.assume(row.condition, rest)
            if inner is not None and not self._low_is_fine(row.value, inner):
                return row.value, inner
            rest = None if row.condition is None else self.bounds.assume(row.condition, rest, holds=False)
        return None


def _report_negative(item: FormOf, culprit: ir.Expression, sign: _Sign, findings: Findings) -> None:
    form = item.form
    cap = culprit is not form.pays
    place, why = sign.reason(culprit, sign._sizes() if cap else sign.assumed)
    label = "this cap can be negative" if cap else "can be negative"
    helps = ["write `downside` if practices may owe, or `at least $0` if they may not"]
    if isinstance(place, ir.Cell):
        helps.append(f"or declare the bounds of `{place.column}`, as in `: $ $0..$10_000_000`, or put a gate before it")
    else:
        helps.append("or put a gate before it, as in `gate … : … > $0`")
    related = [Label(place.span, "from here")] if place.span != culprit.span else []
    findings.report(
        "MH461",
        f"`{item.payment.name}` can come out negative, and does not say `downside`",
        culprit.span,
        label=label,
        related=related,
        notes=why,
        help=helps,
    )
