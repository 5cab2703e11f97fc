"""Numbers that could need more than 38 digits, beyond which no engine can hold them exactly."""

from __future__ import annotations

from mhrules.check.reading import forms, plan_expressions, reads, words
from mhrules.diagnostics.collect import Findings
from mhrules.exact import LIMIT, PLACES
from mhrules.plan import intervals, ir
from mhrules.plan.bounds import MANY, Bounds, scale
from mhrules.plan.lower import Lowered
from mhrules.semantics.program import Program
from mhrules.source import Span

MOST_DIGITS = 38
FAR_TOO_MANY = 10**6  # an operand is not bounded
MOST_MEMBER_MONTHS = 12 * 10**15  # of a practice and payer in a year, at 6 places


def check_width(program: Program, lowered: Lowered, bounds: Bounds, findings: Findings) -> None:
    """Report each expression whose numerator, doubled divisor or sum could reach 10**38 (MH463)."""
    widths = Widths(bounds)
    seen: set[ir.Quantity] = set()
    reported: set[Span] = set()
    for top in plan_expressions(lowered):
        for node in reads(top, seen):
            if node.span not in reported and bounds.is_sound(node) and widths.is_first_too_wide(node):
                reported.add(node.span)
                _report(node, widths.digits(node) or 0, bounds, findings)
    for item in forms(lowered.plan):
        pays = item.form.pays
        if item.form.unit == "member month" and bounds.is_sound(pays) and not widths.is_too_wide(pays):
            each = _stored(pays, bounds)
            digits = FAR_TOO_MANY if each is None else _digits(each * MOST_MEMBER_MONTHS)
            if digits > MOST_DIGITS and pays.span not in reported:
                _report(pays, digits, bounds, findings, " times the member months")


def _report(node: ir.Expression, digits: int, bounds: Bounds, findings: Findings, times: str = "") -> None:
    needs = f"{digits} digits" if digits < FAR_TOO_MANY else "any number of digits"
    findings.report(
        "MH463",
        f"`{words(node)}`{times} can need {needs}, and {MOST_DIGITS} is the most that is reckoned exactly",
        node.span,
        notes=_sizes(node, bounds),
        help=(
            "declare narrower bounds for the facts in it, as in `: $ $0..$10_000_000`",
            "or round a part of it first, as in `(… / … rounded to 6 places)`",
        ),
    )


class Widths:
    """How many digits the integers can have that an engine reckons an expression with."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._too_wide: dict[ir.Expression, bool] = {}

    def is_too_wide(self, node: ir.Expression) -> bool:
        """Whether an expression, or anything it is made of, is too wide."""
        found = self._too_wide.get(node)
        if found is None:
            parts = (node.quantity.expression,) if isinstance(node, ir.Read) else node.parts()
            inside = [self.is_too_wide(part) for part in parts]
            found = any(inside) or (self.digits(node) or 0) > MOST_DIGITS
            self._too_wide[node] = found
        return found

    def is_first_too_wide(self, node: ir.Expression) -> bool:
        """Whether an expression is too wide, and nothing that it is made of: there the finding belongs."""
        parts = (node.quantity.expression,) if isinstance(node, ir.Read) else node.parts()
        return self.is_too_wide(node) and not any(self.is_too_wide(part) for part in parts)

    def digits(self, node: ir.Expression) -> int | None:
        """The digits of the largest integer; None where nothing is reckoned."""
        if isinstance(node, ir.Arithmetic):
            return self._arithmetic(node)
        if isinstance(node, ir.Aggregate) and node.function in ("sum", "average", "share"):
            if node.body is None or not node.body.type.is_number:
                return None
            each = _stored(node.body, self.bounds)
            if each is None:
                return FAR_TOO_MANY
            shift = PLACES - scale(node.body) if node.spread else 0
            return _digits(each * self.bounds.most_elements(node) * 10**shift)
        if isinstance(node, ir.Split):
            pool = _stored(node.pool, self.bounds)
            weight = 1 if node.weight is None else _stored(node.weight, self.bounds)
            return FAR_TOO_MANY if pool is None or weight is None else _digits(pool * weight * MANY)
        return None

    def _arithmetic(self, node: ir.Arithmetic) -> int:
        left, right = _stored(node.left, self.bounds), _stored(node.right, self.bounds)
        if left is None or right is None:
            return FAR_TOO_MANY
        if node.operator in "+-":
            # A sum is reckoned at 12 places, whatever the places of its parts.
            size = left * 10 ** (PLACES - scale(node.left)) + right * 10 ** (PLACES - scale(node.right))
        elif node.operator == "*":
            size = left * right
        else:
            places = PLACES if node.places is None else node.places
            shift = places + scale(node.right) - scale(node.left)
            size = max(left * 10 ** max(shift, 0), 2 * right * 10 ** max(-shift, 0))
        return _digits(size)


def _stored(node: ir.Expression, bounds: Bounds) -> int | None:
    """The greatest magnitude as an integer at the expression's own places; None if unbounded."""
    size = intervals.largest(bounds.interval(node))
    return None if size is None else -(-size // 10 ** (PLACES - scale(node)))


def _digits(size: int) -> int:
    """How many digits are needed; one more than 38 from the limit on."""
    return len(str(size)) if size < LIMIT else max(MOST_DIGITS + 1, len(str(size)))


def _sizes(node: ir.Expression, bounds: Bounds) -> list[str]:
    """How large the operands can be, in words."""
    found = []
    for part in node.parts():
        size = intervals.largest(bounds.interval(part))
        if size is None:
            found.append(f"`{words(part)}` is not bounded")
        elif not isinstance(part, ir.Literal):
            found.append(f"`{words(part)}` can be as large as {_round_number(size)}, with {scale(part)} decimal places")
    return found


def _round_number(size: int) -> str:
    """A magnitude as a power of ten, or plainly if it is small."""
    whole = -(-size // 10**PLACES)
    return f"{whole:,}" if whole < 10**15 else f"10^{len(str(whole)) - 1}"
