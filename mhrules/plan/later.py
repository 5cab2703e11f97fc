"""What a plan needs below the grain of practice and month, which no engine evaluates yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mhrules.plan import ir
from mhrules.semantics.builtins import ELEMENTS
from mhrules.semantics.program import Agreement
from mhrules.source import Span

ELEMENT_KEYS = frozenset({ELEMENTS["measures"].key})


def not_yet_settled(
    payments: Iterable[ir.PaymentPlan],
    groups: Iterable[ir.RequirementGroup],
    quantities: Iterable[ir.Quantity],
    agreements: Mapping[str, Agreement],
) -> tuple[tuple[str, Span], ...]:
    """What cannot be settled yet of payments that somebody pays, of requirements and of reports: words and place."""
    found: list[tuple[str, Span]] = []
    expressions: list[ir.Expression] = []
    for payment in payments:
        for name, form in payment.forms.items():
            if any(is_paid(payment.name, name, agreement) for agreement in agreements.values()):
                expressions += [*(gate.condition for gate in form.gates), form.pays, *form.caps, *form.floors]
    expressions += [requirement.condition for group in groups for requirement in group.requirements]
    expressions += [quantity.expression for quantity in quantities if quantity.kind == "report"]
    return tuple(dict.fromkeys([*found, *elements_in(expressions)]))


def is_paid(payment: str, form: str, agreement: Agreement) -> bool:
    """Whether a payer owes a payment in a form."""
    if agreement.status == "no contract" or payment in agreement.declined:
        return False
    return form in ("", agreement.forms.get(payment, form))


def elements_in(expressions: Iterable[ir.Expression]) -> list[tuple[str, Span]]:
    """Where expressions, through what they read, look below the practice."""
    found: list[tuple[str, Span]] = []
    waiting, seen = list(reversed(list(expressions))), set[ir.Quantity]()
    while waiting:
        part = waiting.pop()
        waiting.extend(reversed(part.parts()))
        if isinstance(part, ir.Aggregate) and ELEMENT_KEYS & set(part.over):
            found.append((f"aggregates over {part.over[0].replace('_', ' ')}s", part.span))
        elif isinstance(part, ir.Feature) and part.collection == "measures":
            found.append((f"`{part.column}` of {part.collection.replace('_', ' ')}", part.span))
        elif isinstance(part, ir.Read) and part.quantity not in seen:
            seen.add(part.quantity)
            waiting.append(part.quantity.expression)
    return found
