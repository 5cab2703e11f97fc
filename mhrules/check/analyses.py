"""Every analysis that runs on each check, in order."""

from __future__ import annotations

from collections.abc import Callable

from mhrules.check.coarse import check_coarse_totals
from mhrules.check.cycles import check_cycles
from mhrules.check.dead import check_dead_clauses
from mhrules.check.decided import check_decided
from mhrules.check.examples import check_examples
from mhrules.check.later import check_later
from mhrules.check.months import check_months
from mhrules.check.negative import check_signs
from mhrules.check.stricter import check_stricter
from mhrules.check.totality import check_totality
from mhrules.check.unused import check_unused
from mhrules.check.width import check_width
from mhrules.diagnostics.collect import Findings
from mhrules.plan.bounds import Bounds, DeclaredBounds
from mhrules.plan.lower import Lowered, deep_calls
from mhrules.semantics.program import Program

Analysis = Callable[[Program, Lowered, Bounds, Findings], None]

ANALYSES: tuple[Analysis, ...] = (
    check_cycles,
    check_totality,
    check_decided,
    check_coarse_totals,
    check_signs,
    check_width,
    check_months,
    check_dead_clauses,
    check_stricter,
    check_unused,
    check_examples,
    check_later,
)


def analyse(program: Program, lowered: Lowered, findings: Findings) -> None:
    """Run every analysis over a lowered program; what they find goes to `findings`.

    Clauses in which an earlier stage found a mistake are left out, so that one mistake makes one finding.
    """
    bounds = DeclaredBounds(program, lowered.plan)
    with deep_calls():
        for analysis in ANALYSES:
            analysis(program, lowered, bounds, findings)
