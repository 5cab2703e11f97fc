"""A slice of the data: what of it the interpreter may ask, and the values that were settled for everybody.

A slice has some people with all that is theirs, and the facts of some practices. Whatever would need more raises
`Outside`, so that nothing is ever worked out of a part that was meant of the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mhrules.classes import frozen
from mhrules.plan import ir
from mhrules.plan.whole import CreditPlan, Plan

if TYPE_CHECKING:
    from mhrules.engine.reference import SplitRecord
    from mhrules.engine.rows import Row

PRACTICE = ""
FACTS = "facts"
PEOPLE = "people"


class Outside(Exception):
    """A slice was asked for what it leaves out.

    Attributes:
        what: empty, more of the practice itself; `facts` of other practices; or `people`.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Bounds:
    """What data have of all there is: everything, unless a slice says otherwise."""

    def facts(self, table: str, practice: str | None) -> None:
        """Called before facts of a practice are read; without one, facts of all.

        Raises:
            Outside: the data do not have them.
        """

    def members(self, payer: str, practice: str, month: int) -> None:
        """Called before the members of a practice in a month are listed.

        Raises:
            Outside: some may be missing from the data.
        """

    def outcomes(self, payer: str, month: int) -> None:
        """Called before it is worked out to whom the people of a payer belong in a month.

        Raises:
            Outside: the data do not tell.
        """

    def billed(self, practice: str) -> None:
        """Called before it is listed what a practice billed or did for everybody.

        Raises:
            Outside: some of it may be missing from the data.
        """

    def done(self, practice: str, month: int) -> None:
        """Called before it is listed what a practice billed or did in a month, be it for one person.

        Raises:
            Outside: some of it may be missing from the data.
        """

    def whole(self, person: str) -> bool:
        """Whether everything that happened to a person is in the data."""
        return True

    def person(self, person: str) -> None:
        """Called before what rests on everything that happened to a person.

        Raises:
            Outside: it is not in the data.
        """
        if not self.whole(person):
            raise Outside(PRACTICE)


EVERYTHING = Bounds()


@frozen
class Settled:
    """A value that was settled for everybody, and over how many rows it runs (0: not counted)."""

    value: ir.Value
    rows: int = 0


class Across(Protocol):
    """Values over all practices as they were settled."""

    def value(self, node: ir.Expression, row: Row) -> Settled | None:
        """An aggregate or a rank at a row; None where none is kept."""
        ...

    def split(self, node: ir.Split, group: Row) -> SplitRecord | None:
        """A pool as it was split; None where none is kept."""
        ...

    def spread(self, credit: CreditPlan, year: int) -> dict[str, int] | None:
        """By practice, the parts of a credit that is spread over all in a year; None where none are kept."""
        ...


def is_across(node: ir.Expression, plan: Plan) -> bool:
    """Whether a value rests on all practices: an aggregate over them or their keys, a rank, a split among them."""
    if isinstance(node, ir.Aggregate):
        return "practice" in node.over or not plan.practice_keys.keys().isdisjoint(node.over)
    return isinstance(node, ir.Rank) or (isinstance(node, ir.Split) and node.among == "practice")
