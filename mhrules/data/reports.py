"""Findings about data: at most 100 of one code in one column of one table, and a count of the others."""

from __future__ import annotations

from collections.abc import Iterable

from mhrules.data.cells import Fault
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import DataPlace

MOST = 100


class DataFindings(Findings):
    """A collector that knows when it has said a thing often enough."""

    def __init__(self, most: int = MOST) -> None:
        super().__init__()
        self.most = most
        self._counts: dict[tuple[str, str, str], int] = {}

    def cell(self, table: str, fault: Fault, place: DataPlace) -> None:
        """Report the fault of one cell."""
        self.limited(fault.code, fault.message, table, place, help=fault.help)

    def limited(
        self,
        code: str,
        message: str,
        table: str,
        place: DataPlace,
        *,
        notes: str | Iterable[str] = (),
        help: str | Iterable[str] = (),
    ) -> None:
        """Report a fault at a place, or only count it if there are enough of its kind already."""
        key = (code, table, place.column or "")
        self._counts[key] = self._counts.get(key, 0) + 1
        if self._counts[key] <= self.most:
            self.report(code, message, place=place, notes=notes, help=help)

    def more(self, code: str, table: str, column: str, count: int) -> None:
        """Count further faults of a kind that are not reported one by one."""
        key = (code, table, column)
        self._counts[key] = self._counts.get(key, 0) + count

    def close(self) -> None:
        """Report how many were only counted."""
        for (code, table, column), count in sorted(self._counts.items()):
            rest = count - self.most
            if rest > 0:
                where = f"column `{column}` of table `{table}`" if column else f"table `{table}`"
                again = "time" if rest == 1 else "times"
                self.report(code, f"the same fault stands {rest} more {again} in {where}")
        self._counts.clear()
