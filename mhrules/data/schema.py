"""The practice data model: which tables and columns a program reads, named by their keys.

`facts of practice` reads the table `practice`, `facts of practice, payer, year` reads
`practice_payer_year`, `facts of practice dated` reads `practice_dated`. Every number is held as an
integer at its column's places: a cent is never a float.
"""

from __future__ import annotations

from enum import Enum

from mhrules.classes import frozen
from mhrules.source import Span


class ColumnKind(Enum):
    """What a column holds. The value is the word people are shown."""

    MONEY = "$"
    PERCENT = "%"
    NUMBER = "number"
    INTEGER = "integer"
    YES_NO = "yes/no"
    DATE = "date"
    MONTH = "month"  # YYYYMM in files, the first day of the month in memory
    TEXT = "text"
    CODE = "code"  # one of `codes`


@frozen
class Column:
    """One column of a table of the model.

    `places` is the number of decimal places stored (2 for `$`, 6 or as declared for `%` and `number`,
    0 for `integer`); `low` and `high` are inclusive bounds in units of 10**-`places`; `codes` are the
    allowed words of a CODE column, in declared order; `optional` means that an empty cell is `missing`, and
    `may_be_left_out` that a source without the column is as good as one with empty cells. An empty cell, or a column
    that is left out, is read as the text `default` where there is one.
    """

    name: str
    kind: ColumnKind
    places: int = 0
    low: int | None = None
    high: int | None = None
    codes: tuple[str, ...] = ()
    optional: bool = False
    title: str = ""
    unit: str = ""
    may_be_left_out: bool = False
    span: Span | None = None
    default: str | None = None


@frozen
class Table:
    """One table of the model.

    `keys` are columns too; a row is unique by them. A `dated` table has the further columns
    `from` and `to` (inclusive days, `to` may be empty) and its spans may not overlap within one key.
    `required` is false for a table that the program can do without (a table of which every column is
    optional, or that only an example fills).
    """

    name: str
    keys: tuple[Column, ...]
    columns: tuple[Column, ...]
    dated: bool = False
    required: bool = True
    title: str = ""


def panel_of(roster: str) -> str:
    """The name of the panel, where the roster table is called so."""
    return f"{roster}_payer_month"


@frozen
class Schema:
    """The tables a program reads, sorted by name, and the name of its roster table (`practice`, `aco` …).

    `population` are the tables that data with members must have, `eligibility` among them; none where the program
    attributes nobody. Data without `eligibility` give counts of members instead, in the panel.
    """

    roster: str
    tables: tuple[Table, ...]
    population: tuple[str, ...] = ()

    @property
    def panel(self) -> str:
        """The name of the table of member months by participant, payer and month."""
        return panel_of(self.roster)

    def table(self, name: str) -> Table:
        """The table of that name.

        Raises:
            KeyError: if the program reads no such table.
        """
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)
