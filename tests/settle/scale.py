"""The same failing settlement by the interpreter and as if there were too many people for it, and what differs."""

from __future__ import annotations

from attrs import frozen

from mhrules.data.dataset import Dataset
from mhrules.diagnostics.model import Diagnostic, Severity
from mhrules.plan.whole import Plan
from mhrules.settle.ledger import Settlement
from mhrules.settle.run import REFERENCE, settle
from mhrules.settle.sizes import Sizes
from tests.settle.sql.both import differences

NOT_FEW = Sizes(few=-1)
COUNTED = "more rows fail here"
NAMED = "cannot be known for"
CUT = "more of the same"
UNJUDGED = "people or records cannot be judged"


@frozen(eq=False)
class Scaled:
    """A settlement by the interpreter and one that says by itself what fails."""

    reference: Settlement
    scaled: Settlement

    @property
    def handed_over(self) -> str:
        """Why the interpreter settled both; empty if it did not."""
        return self.scaled.handed_over

    @property
    def below(self) -> bool:
        """Whether people or records cannot be judged, so that only these are said."""
        one = self.scaled
        return settle(one.plan, one.dataset, one.year, hold=True, sizes=NOT_FEW).handed_over.startswith(UNJUDGED)

    def apart(self) -> list[str]:
        """What the second says that the first does not, or the other way round where it says everything."""
        if self.handed_over:
            return []
        found = []
        known, said = wrong(self.reference), wrong(self.scaled)
        rules = {(each.code, each.span) for each in known}
        words = {each for each in said if COUNTED not in each.message and NAMED not in each.message}
        cut = any(CUT in each.message for each in (*known, *said))
        if not cut and words - known:
            found.append(f"not the interpreter's: {[(e.code, e.message) for e in words - known]}")
        if not cut and words == said and known - said and not self.below:
            found.append(f"not said: {[(e.code, e.message) for e in known - said]}")
        if not {(each.code, each.span) for each in said} <= rules:
            found.append("a rule that does not fail")
        if bool(known) != bool(said):
            found.append(f"{len(known)} and {len(said)} findings")
        if self.scaled.held:
            counted = ("findings:", "manifest.json:")  # where some rows are only counted there are other findings
            found += [each for each in differences(self.reference, self.scaled) if not each.startswith(counted)]
        elif said and self.scaled.postings:
            found.append("postings although something fails")
        return found


def wrong(settlement: Settlement) -> set[Diagnostic]:
    """What is wrong in a settlement."""
    return {each for each in settlement.findings if each.severity is Severity.ERROR}


def scaled(plan: Plan, dataset: Dataset, year: int, *, hold: bool) -> Scaled:
    """The settlement of a year by the interpreter, and as if there were too many people for it.

    Raises:
        DiagnosticError: the year cannot be settled at all.
    """
    reference = settle(plan, dataset, year, hold=hold, engine=REFERENCE)
    return Scaled(reference, settle(plan, dataset, year, hold=hold, sizes=NOT_FEW))
