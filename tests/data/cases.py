"""Schemas and helpers for the tests of data."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhrules.data.binding import Binding, parse_binding
from mhrules.data.dataset import Dataset
from mhrules.data.load import load
from mhrules.data.schema import Column, ColumnKind, Schema, Table
from mhrules.diagnostics.model import Diagnostic, DiagnosticError

K = ColumnKind
ID = Column("practice_id", K.TEXT)
YEAR = Column("year", K.INTEGER)

PRACTICE = Table("practice", (ID,), (Column("joined", K.DATE), Column("manager", K.YES_NO)))
LEVELS = Table("practice_dated", (ID,), (Column("level", K.INTEGER, low=0, high=3),), dated=True)
PAID = Table(
    "practice_year",
    (ID, YEAR),
    (
        Column("paid", K.MONEY, 2),
        Column("score", K.PERCENT, 6, low=0, high=10**6, optional=True),
        Column("tier", K.CODE, codes=("small", "large")),
    ),
)
MONTHS = Table("practice_month", (ID, Column("year_month", K.MONTH)), (Column("visits", K.NUMBER, 6),))

FULL = Schema("practice", (PRACTICE, LEVELS, PAID))
ONE = Schema("practice", (PAID,))
ROSTER = Schema("practice", (PRACTICE,))
DATED = Schema("practice", (LEVELS,))
MONTHLY = Schema("practice", (MONTHS,))

HEADER = "practice_id,year,paid,score,tier\n"
ROW = "p1,2012,1234.50,0.917,small\n"


def write(folder: Path, **files: str) -> Path:
    """CSV files by table name."""
    for name, text in files.items():
        (folder / f"{name}.csv").write_bytes(text.encode())
    return folder


def read(schema: Schema, folder: Path, binding: str | None = None) -> Dataset:
    return load(schema, folder, bound(binding) if binding else None)


def bound(text: str) -> Binding:
    return parse_binding(f"binding = 1\n{text}")


def faults(schema: Schema, folder: Path, binding: str | None = None) -> tuple[Diagnostic, ...]:
    """The findings of a load that must fail."""
    with pytest.raises(DiagnosticError) as caught:
        read(schema, folder, binding)
    return caught.value.diagnostics


def seen(diagnostics: tuple[Diagnostic, ...]) -> list[tuple[str, str, int | None, str | None, str | None]]:
    """Code, file, line, column and value of each finding."""
    return [
        (d.code, d.place.file, d.place.line, d.place.column, d.place.value)
        if d.place
        else (d.code, "", None, None, None)
        for d in diagnostics
    ]


def paid_faults(folder: Path, row: str, binding: str | None = None) -> tuple[Diagnostic, ...]:
    """The findings of a `practice_year` file with one row."""
    return faults(ONE, write(folder, practice_year=HEADER + row + "\n"), binding)
