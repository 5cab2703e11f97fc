"""Eight chained formulas for each member month: mhrules beside OpenFisca-Core and NumPy, in one process."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from benchmarks.machine import child, table
from benchmarks.sizes import Size


def run(size: Size, folder: Path) -> str:
    """The three by turns over the same member months.

    Raises:
        SystemExit: OpenFisca-Core or NumPy is not installed, or the exact ones are not equal.
    """
    del folder
    if any(importlib.util.find_spec(name) is None for name in ("openfisca_core", "numpy")):
        raise SystemExit("chain: needs openfisca-core and numpy: `make bench` installs them")
    found = child("benchmarks.chain.one", str(size.chain_rows), str(size.repeats))
    rows = []
    for name, told in (("ours", "mhrules, SQL of the engine"), ("numpy", "NumPy, int64"), ("openfisca", "OpenFisca")):
        seconds = found["seconds"][name]
        speed = size.chain_rows / seconds / 1e6
        off = found["off"][name]
        rows.append([told, f"{seconds:.3f} s", f"{speed:.1f}", f"${off['largest']:.2f}", f"${off['summed']:.2f}"])
    ratio = found["seconds"]["openfisca"] / found["seconds"]["ours"]
    head = ["", "median", "million member months/s", "largest error", "errors added up"]
    return (
        f"{size.chain_rows:,} member months, median of {size.repeats} by turns. mhrules works at {ratio:.2f} times the "
        f"speed of OpenFisca. Goal: at least 1.\n\n{table(head, rows)}"
    )
