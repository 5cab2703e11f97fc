"""Text tables that are read without color, at 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from mhrules.diagnostics.snippet import visible
from mhrules.exact import to_text

GAP = 2
_LEAST = 20
"""Columns that the last column gets at least."""


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), width: int, indent: int = 0
) -> list[str]:
    """The lines of a table. Columns in `right` end flush; the last column, if on the left, wraps at `width`.

    A header may have several lines, as `not\\nparticipating`. A row whose cells are all empty becomes a rule.
    """
    shown = [[visible(cell) for cell in row] for row in rows]
    heads = [head.split("\n") for head in header]
    widths = [
        max([*(len(line) for line in head), *(len(row[at]) for row in shown)], default=0)
        for at, head in enumerate(heads)
    ]
    last = len(header) - 1
    if last not in right:
        before = indent + sum(widths[:last]) + GAP * last
        widths[last] = min(widths[last], max(width - before, _LEAST))
    deep = max(map(len, heads))
    lines = [
        _line([head[at - deep] if at - deep >= -len(head) else "" for head in heads], widths, right, indent)
        for at in range(deep)
    ]
    for row in shown:
        if not any(row):
            lines.append(_line(["-" * wide for wide in widths], widths, right, indent))
            continue
        wrapped = textwrap.wrap(row[last], widths[last], break_long_words=False) if last not in right else [row[last]]
        for at, part in enumerate(wrapped or [""]):
            lines.append(_line([*(row[:last] if at == 0 else [""] * last), part], widths, right, indent))
    return lines


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[int], indent: int) -> str:
    placed = [
        cell.rjust(wide) if at in right else cell.ljust(wide)
        for at, (cell, wide) in enumerate(zip(cells, widths, strict=True))
    ]
    return (" " * indent + (" " * GAP).join(placed)).rstrip()


def money(amount: int) -> str:
    """Dollars and cents of an amount in units of 10**-12: `-$1,234.50`."""
    whole, _, cents = to_text(abs(amount), 2).partition(".")
    return f"{'-' if amount < 0 else ''}${int(whole):,}.{cents}"


def grouped(number: int) -> str:
    """A number in units of 10**-12 with thousands separators, as many decimals as it has: `1,234.5`."""
    whole, _, decimals = to_text(number).partition(".")
    return f"{int(whole):,}" + (f".{decimals}" if decimals else "")
