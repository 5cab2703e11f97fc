"""Schemas and small files with members, for the tests of data."""

from __future__ import annotations

from pathlib import Path

from mhrules.data.dataset import Dataset
from mhrules.data.load import load
from mhrules.data.population import CATALOG, Need, population_tables
from mhrules.data.schema import Column, ColumnKind, Schema, Table
from tests.data.cases import bound, write

K = ColumnKind
PAYERS = ("aetna", "molina")
ROSTER = Table("practice", (Column("practice_id", K.TEXT),), (), required=False)
MONTHS = Column("member_months", K.NUMBER, 6, low=0, high=10**15)
PANEL_KEYS = (Column("practice_id", K.TEXT), Column("payer", K.CODE, codes=PAYERS), Column("year_month", K.MONTH))
PANEL = Table("practice_payer_month", PANEL_KEYS, (MONTHS,))


def schema(
    *wanted: str, payers: tuple[str, ...] = PAYERS, population: tuple[str, ...] = (), panel: Table | None = None
) -> Schema:
    """The roster, and the tables (or `table.column`) of the catalog that are wanted; without any, all of them."""
    needs = frozenset(Need(*name.split(".")) for name in wanted or [table.name for table in CATALOG])
    tables = population_tables(needs, payers, "practice", "Practice") | {"practice": ROSTER}
    if panel is not None:
        tables[panel.name] = panel
    return Schema("practice", tuple(tables[name] for name in sorted(tables)), population)


def read(of: Schema, folder: Path, binding: str | None = None, *, allow: tuple[str, ...] = (), **files: str) -> Dataset:
    """The data of files, their rows written with `;` for line ends."""
    write(folder, **{name: text.replace(";", "\n") + "\n" for name, text in files.items()})
    return load(of, folder, bound(binding) if binding else None, allow=allow)


ELIGIBILITY = "person_id,payer,enrollment_start_date,enrollment_end_date"
CLAIM = "claim_id,claim_line_number,entry_number,person_id,payer,claim_start_date"
