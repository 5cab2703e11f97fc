"""A contract's own requirement may only be stricter than the program's."""

from __future__ import annotations

from collections.abc import Iterator

from mhrules.check import cases
from mhrules.check.conditions import Translation
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Label
from mhrules.plan import ir
from mhrules.plan.bounds import Bounds
from mhrules.plan.lower import Lowered
from mhrules.semantics.program import Program


def check_stricter(program: Program, lowered: Lowered, bounds: Bounds, findings: Findings) -> None:
    """Report a contract's requirement that every practice meets which meets the program's, and others too (MH478)."""
    own = [r for r in _requirements(lowered) if r.payer is not None]
    shared = [g.requirements[0] for g in lowered.plan.requirements if len(g.requirements) == 1]
    for requirement in own:
        for base in (r for r in shared if r.payer is None):
            if bounds.is_sound(requirement.condition) and bounds.is_sound(base.condition):
                practice = _looser(requirement, base, bounds)
                if practice is not None:
                    _report(requirement, base, practice, program, findings)
                    break


def _requirements(lowered: Lowered) -> Iterator[ir.RequirementPlan]:
    for group in lowered.plan.requirements:
        yield from group.requirements


def _looser(own: ir.RequirementPlan, base: ir.RequirementPlan, bounds: Bounds) -> str | None:
    """A practice, in words, that meets only the contract's requirement; None if that is not the looser one."""
    translation = Translation(bounds, (own.condition, base.condition))
    ours, theirs = translation.conditions
    alone = (Translation(bounds, (condition,)) for condition in (own.condition, base.condition))
    tested = [{bounds.signature(t.expression(v.name)) for v in t.variables} for t in alone]
    if not tested[0] & tested[1] or translation.opaque:
        return None
    if (own.by_month or 0) < (base.by_month or 0):
        return None  # asked earlier, which is stricter in the months between
    adds_nothing = not _gaps(translation, cases.Or((cases.Not(theirs), ours)))
    only_ours = _gaps(translation, cases.Or((cases.Not(ours), theirs)))
    if not adds_nothing:
        return None
    if only_ours:
        return translation.words(only_ours[0])
    if (own.by_month or 0) > (base.by_month or 0):
        due = "at once" if base.by_month is None else f"by month {base.by_month}"
        return f"it is asked by month {own.by_month} instead of {due}"
    return None


def _gaps(translation: Translation, condition: cases.Condition) -> tuple[cases.Case, ...]:
    """Cases in which a condition does not hold."""
    return cases.analyze(translation.variables, [condition], otherwise=False).gaps


def _report(
    own: ir.RequirementPlan, base: ir.RequirementPlan, practice: str, program: Program, findings: Findings
) -> None:
    word = program.participant
    findings.report(
        "MH478",
        f"`{own.name}` of the contract is looser than `{base.name}` of the program",
        own.condition.span,
        label=f"lets in a {word} that the program keeps out",
        related=[Label(base.condition.span, "asked of everybody")],
        notes=f"a {word} meets the contract's and not the program's where {practice}",
        help="ask for more than the program does, or take the requirement out: the program's holds in any case",
    )
