"""The population of the settle benchmark: made by `mhrules synth` once for each size and kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.machine import timed
from benchmarks.sizes import SEED, Size

PROGRAM = Path(__file__).with_name("five_payers.mh")
LEFT_OUT = ("encounter", "provider")
"""Tables that `synth` makes and the benchmark does without: visits are made of claim lines, which name a practice."""


def population(size: Size, folder: Path) -> tuple[Path, float | None]:
    """The folder of a size's files, and the seconds that it took to make them, if they were not there yet."""
    data = folder / f"settle-{size.name}"
    done = data / "complete"
    if done.exists():
        return data, None
    command = [sys.executable, "-m", "mhrules", "synth", str(PROGRAM), "--out", str(data), "--files", "parquet"]
    command += ["--members", str(size.members), "--practices", str(size.practices), "--seed", str(SEED)]
    command += ["--from", "2023-01", "--to", "2024-12", "--force"]
    seconds, _ = timed(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))
    for table in LEFT_OUT:
        (data / f"{table}.parquet").unlink()
    done.touch()
    return data, seconds
