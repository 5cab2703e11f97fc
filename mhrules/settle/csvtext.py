"""Rows as CSV text: quoted where they must be, and no cell that a spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

NEUTRALIZED = "=+-@\t\r\n'"
"""A text that begins with one of these gets an apostrophe before it."""


class Exact(str):
    """A cell that holds a number: never neutralized."""

    __slots__ = ()


def neutral(cell: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe before a leading `= + - @`, tab or line end.

    One before a leading apostrophe too, so that taking one away gives the text back, and no two texts become one.
    """
    if cell and not isinstance(cell, Exact) and cell[0] in NEUTRALIZED:
        return "'" + cell
    return cell


def csv_lines(rows: Iterable[Sequence[str]]) -> str:
    """Rows as lines, each with its line end."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    return text.getvalue()


def quoted_for() -> str:
    """The characters for which a cell is put in quotation marks; of a carriage return Pythons think differently."""
    return "".join(character for character in ',"\n\r' if csv_lines([("", f"a{character}")]).count('"') > 1)
