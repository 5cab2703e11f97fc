"""How long `synth` takes to invent a population of a size, every table that the program can read."""

from __future__ import annotations

import resource
import shutil
from pathlib import Path

from benchmarks.machine import table
from benchmarks.settle.data import population
from benchmarks.sizes import Size


def run(size: Size, folder: Path) -> str:
    """Makes the population anew, beside the one that is kept."""
    beside = folder / "synth"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    try:
        data, seconds = population(size, beside)
        written = sum(file.stat().st_size for file in data.glob("*.parquet")) // 2**20
    finally:
        shutil.rmtree(beside)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    goal = "180 s" if size.name == "large" else ""
    row = [f"{size.members:,} members, {size.practices:,} practices", f"{seconds:.1f}", goal, f"{written}", f"{most}"]
    return table(["", "seconds", "goal", "MiB of Parquet kept", "most memory, MiB"], [row])
