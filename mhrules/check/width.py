"""Numbers that could need more than 38 digits, beyond which no engine can hold them exactly."""

from __future__ import annotations

from mhrules.check.reading import plan_expressions, reads, words
from mhrules.diagnostics.collect import Findings
from mhrules.exact import LIMIT, PLACES
from mhrules.plan import intervals, ir
from mhrules.plan.bounds import Bounds, scale
from mhrules.plan.lower import Lowered
from mhrules.semantics.program import Program
from mhrules.source import Span


def check_width(program: Program, lowered: Lowered, bounds: Bounds, findings: Findings) -> None:
    """Report each expression whose numerator, doubled divisor or sum could reach 10**38 (MH463)."""
    seen: set[ir.Quantity] = set()
    reported: set[Span] = set()
    for top in plan_expressions(lowered):
        for node in reads(top, seen):
            if node.span in reported or not bounds.is_sound(node):
                continue
            digits = digits_of(node, bounds)
            if digits is not None and digits > 38 and not any(_too_wide(part, bounds) for part in node.parts()):
                reported.add(node.span)
                findings.report(
                    "MH463",
                    f"`{words(node)}` can need {digits} digits, and 38 is the most that is reckoned exactly",
                    node.span,
                    notes=_sizes(node, bounds),
                    help=(
                        "declare narrower bounds for the facts in it, as in `: $ $0..$10_000_000`",
                        "or round a part of it first, as in `(… / … rounded to 6 places)`",
                    ),
                )


def _too_wide(node: ir.Expression, bounds: Bounds) -> bool:
    """Whether an expression, or one inside it at the same row, is itself too wide: it is reported, not what holds it."""
    digits = digits_of(node, bounds)
    if digits is not None and digits > 38:
        return True
    parts = (node.quantity.expression,) if isinstance(node, ir.Read) else node.parts()
    return any(_too_wide(part, bounds) for part in parts)


def digits_of(node: ir.Expression, bounds: Bounds) -> int | None:
    """How many digits the integers that an engine reckons with can have; None where nothing is reckoned.

    An unbounded operand counts as far too many.
    """
    if isinstance(node, ir.Arithmetic):
        left, right = _stored(node.left, bounds), _stored(node.right, bounds)
        if left is None or right is None:
            return 10**6
        if node.operator in "+-":
            # The sum is reckoned at 12 places, whatever the places of its parts.
            size = left * 10 ** (PLACES - scale(node.left)) + right * 10 ** (PLACES - scale(node.right))
        elif node.operator == "*":
            size = left * right
        else:
            places = PLACES if node.places is None else node.places
            shift = places + scale(node.right) - scale(node.left)
            size = max(left * 10 ** max(shift, 0), 2 * right * 10 ** max(-shift, 0))
        return _digits(size)
    if isinstance(node, ir.Aggregate) and node.function in ("sum", "average", "share") and node.body is not None:
        each = _stored(node.body, bounds)
        if not node.body.type.is_number:
            return None
        return 10**6 if each is None else _digits(each * bounds.most_elements(node))
    return None


def _stored(node: ir.Expression, bounds: Bounds) -> int | None:
    """The greatest magnitude as an integer at the expression's own places; None if unbounded."""
    size = intervals.largest(bounds.interval(node))
    return None if size is None else -(-size // 10 ** (PLACES - scale(node)))


def _digits(size: int) -> int:
    """How many digits are needed; one more than 38 from the limit on."""
    return len(str(size)) if size < LIMIT else max(39, len(str(size)))


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
