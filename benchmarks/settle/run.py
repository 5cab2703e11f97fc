"""The settle benchmark of one size, as a section of the results."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine import child, table
from benchmarks.settle.data import population
from benchmarks.sizes import Size

GOAL = 1.3
LIMIT = "2GiB"


def run(size: Size, folder: Path) -> str:
    """Settles by mhrules and by hand in one process; the postings have to be equal to the cent.

    Raises:
        SystemExit: they are not.
    """
    data, made = population(size, folder)
    found = child("benchmarks.settle.one", str(data), str(size.repeats), "both")
    if found["ours_hash"] != found["hand_hash"]:
        raise SystemExit("settle: the postings of mhrules are not those written by hand")
    ours, hand = median(found["ours"]), median(found["hand"])
    used, used_by_hand = (median(found["processor"][name]) for name in ("ours", "hand"))
    rows = [
        ["from the loaded tables", f"{ours:.2f} s", f"{hand:.2f} s", f"{ours / hand:.2f}"],
        [
            "the same, processor seconds of all cores",
            f"{used:.2f} s",
            f"{used_by_hand:.2f} s",
            f"{used / used_by_hand:.2f}",
        ],
        ["loading and checking the files", f"{found['load']:.1f} s", "the same", ""],
        ["writing the outputs", f"{found['ours_write']:.1f} s", f"{found['hand_write']:.2f} s", ""],
        ["most memory, from the loaded tables", f"{found['ours_peak']} MiB", f"{found['hand_peak']} MiB", ""],
        ["most memory, loading", f"{found['load_peak']} MiB", "", ""],
        ["most memory, writing", f"{found['write_peak']} MiB", "", ""],
    ]
    rows += limited(data, found)
    lines = [
        f"{size.members:,} members × 24 months, {size.practices:,} practices, five payers; "
        f"median of {size.repeats}, by turns in one process, each first as often. Goal: ratio at most {GOAL}.",
        f"All {found['amounts']:,} amounts are equal to the cent (SHA-256 {found['ours_hash'][:16]}).",
        *([f"`synth` made the population in {made:.0f} s."] if made is not None else []),
        "",
        table(["", "mhrules", "by hand", "ratio"], rows),
    ]
    return "\n".join(lines)


def limited(data: Path, free: dict[str, Any]) -> list[list[str]]:
    """The same under a limit of memory, where mhrules has one."""
    if importlib.util.find_spec("mhrules.data.capacity") is None:
        return []
    found = child("benchmarks.settle.one", str(data), "1", "ours", LIMIT)
    if found["ours_hash"] != free["ours_hash"]:
        raise SystemExit("settle: a limit of memory has changed the postings")
    most = max(found["load_peak"], found["ours_peak"], found["write_peak"])
    return [
        [f"limited to {LIMIT}, from the loaded tables", f"{found['ours'][0]:.2f} s", "", ""],
        [f"limited to {LIMIT}, loading and writing", f"{found['load']:.1f} s, {found['ours_write']:.1f} s", "", ""],
        [f"limited to {LIMIT}, most memory", f"{most} MiB", "", ""],
    ]
