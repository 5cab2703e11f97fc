"""Gates, requirements and invariants that the bounds of their facts have decided before any data is seen."""

from __future__ import annotations

from mhrules.check.reading import forms, words
from mhrules.diagnostics.collect import Findings
from mhrules.plan import ir
from mhrules.plan.bounds import NOTHING_ASSUMED, Assumptions, Bounds
from mhrules.plan.lower import Lowered
from mhrules.semantics.program import Program


def check_decided(program: Program, lowered: Lowered, bounds: Bounds, findings: Findings) -> None:
    """Gates, requirements and exclusions that always hold or never can (MH473), invariants that never can (MH479)."""
    for item in forms(lowered.plan):
        assumed: Assumptions = NOTHING_ASSUMED
        for gate in item.form.gates:
            if not bounds.is_sound(gate.condition):
                continue
            after = bounds.assume(gate.condition, assumed)
            if after is None:
                above = "" if bounds.truth(gate.condition) is False else ", once the gates above it hold"
                _warn(f"gate `{gate.name}`", False, above, gate.condition, findings)
                break
            if bounds.truth(gate.condition) is True:
                _warn(f"gate `{gate.name}`", True, "", gate.condition, findings)
            assumed = after
    for group in lowered.plan.requirements:
        for requirement in group.requirements:
            truth = bounds.truth(requirement.condition) if bounds.is_sound(requirement.condition) else None
            if truth is not None:
                _warn(f"requirement `{requirement.name}`", truth, "", requirement.condition, findings)
    for exclusion in lowered.plan.members.exclusions:
        if bounds.is_sound(exclusion.condition):
            truth = bounds.truth(exclusion.condition)
            if truth is not None:
                follows = "it excludes everybody" if truth else "it excludes nobody"
                _warn(f"exclusion `{exclusion.name}`", truth, "", exclusion.condition, findings, follows=follows)
    for ensure in lowered.plan.ensures:
        if bounds.is_sound(ensure.condition) and bounds.truth(ensure.condition) is False:
            findings.report(
                "MH479",
                f"the invariant `{ensure.name}` can never hold",
                ensure.condition.span,
                label="never true, whatever the data",
                notes=f"the bounds of what `{words(ensure.condition)}` reads decide it",
                help="correct the invariant, or the figures that it holds together",
            )


def _warn(
    what: str, holds: bool, above: str, condition: ir.Expression, findings: Findings, *, follows: str = ""
) -> None:
    follows = follows or ("it keeps nobody out" if holds else "nobody passes it")
    findings.report(
        "MH473",
        f"the {what} {'always holds' if holds else 'can never hold'}{above}",
        condition.span,
        label=follows,
        notes=f"the bounds of what `{words(condition)}` reads decide it",
        help="correct the condition, or the declared bounds of the facts it reads",
    )
