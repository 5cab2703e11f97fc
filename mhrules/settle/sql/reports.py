"""The rows of a report as SQL."""

from __future__ import annotations

from mhrules.classes import frozen
from mhrules.engine.sql.failing import Fallible


@frozen
class ReportRows:
    """The rows of a report as SQL, `r` joined to the quantity `q`: its keys in order, its period, if it can fail."""

    name: str
    sql: str
    keys: tuple[str, ...]
    period: str
    fails: bool

    @property
    def fallible(self) -> Fallible:
        """The rows with their faults."""
        columns = "".join(f", r.{key}" for key in self.keys)
        return Fallible("report", self.name, f"SELECT r.clock{columns}, q.f {self.sql}", self.keys, self.period)
