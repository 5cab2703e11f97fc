"""What is asked of a population, and what every part of it shares: the draws, the hints, the days."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from mhrules.classes import frozen
from mhrules.data.schema import Schema
from mhrules.data.synth.draws import Draws
from mhrules.data.synth.hints import Hints, PayerHint
from mhrules.semantics.calendar import first_day, last_day, month_label

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_MEMBERS = 5_000_000
MOST_PRACTICES = 10_000


@frozen
class Request:
    """How large a population is, and of which months (as `mhrules.semantics.calendar` counts them, both included).

    `lines_per_member` are medical claim lines per member and year, about. `payers` are those that have members; none
    means all of the program.
    """

    members: int
    practices: int
    first: int
    last: int
    seed: int
    lines_per_member: int = 10
    payers: tuple[str, ...] = ()


@frozen(eq=False)
class Setting:
    """One population in the making."""

    request: Request
    schema: Schema
    hints: Hints
    draws: Draws
    connection: DuckDBPyConnection

    @property
    def payers(self) -> tuple[PayerHint, ...]:
        """The payers that have members, in the order of the program; one without a name where there are none."""
        asked = self.request.payers
        return tuple(p for p in self.hints.payers if not asked or p.name in asked) or (PayerHint("payer"),)

    @property
    def first(self) -> datetime.date:
        """The first day of the months asked for."""
        return first_day(self.request.first)

    @property
    def last(self) -> datetime.date:
        """The last day of the months asked for."""
        return last_day(self.request.last)

    @property
    def past(self) -> datetime.date:
        """The first day of claims: the program looks back so far."""
        return first_day(self.request.first - self.hints.lookback)

    @property
    def days(self) -> int:
        """The days of the months asked for."""
        return (self.last - self.first).days + 1

    @property
    def months(self) -> range:
        """The months asked for."""
        return range(self.request.first, self.request.last + 1)

    @property
    def claim_months(self) -> int:
        """The months in which there are claims."""
        return len(self.months) + self.hints.lookback

    @property
    def practice_key(self) -> str:
        """The column that names a practice: `practice_id`, or what the program calls its participant."""
        return f"{self.schema.roster}_id"


def day(value: datetime.date) -> str:
    """A day as SQL."""
    return f"DATE '{value.isoformat()}'"


def month_text(month: int) -> str:
    """A month as cells write it: `201203`."""
    return month_label(month).replace("-", "")
