"""The settle benchmark on Spark: a standalone cluster of this machine with one worker and with two, beside DuckDB."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.machine import child, table, timed
from benchmarks.settle.data import PROGRAM, population
from benchmarks.sizes import Size
from tests.spark.standalone import standalone

WORKERS = (1, 2)
SHOWN = 5
"""Relations that are told one by one: those that took one worker longest."""


def run(size: Size, folder: Path) -> str:
    """Whole runs of the verb, from the files to the files; the postings have to be the same bytes.

    Raises:
        SystemExit: pyspark or Java is not installed, or the postings differ.
    """
    if importlib.util.find_spec("pyspark") is None or shutil.which("java") is None:
        raise SystemExit("spark: needs Java and pyspark (`pip install 'mhrules[spark]'` into .venv-bench)")
    data, _ = population(size, folder)
    found: dict[int, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as beside:
        seconds = _settle(data, Path(beside, "duckdb"))
        wanted = Path(beside, "duckdb", "postings.csv").read_bytes()
        for workers in WORKERS:
            logs, out = Path(beside, f"logs{workers}"), Path(beside, f"spark{workers}")
            logs.mkdir()
            with standalone(logs, workers, pinned=True) as cluster:
                found[workers] = child("benchmarks.spark_one", str(data), str(out), cluster.url)
            if (out / "postings.csv").read_bytes() != wanted:
                raise SystemExit("spark: the postings are not those of DuckDB")
    made = [found[workers]["relations"] for workers in WORKERS]
    slowest = sorted(made[0], key=made[0].__getitem__, reverse=True)[:SHOWN]
    others = [name for name in made[0] if name not in slowest]
    rows = [["whole runs", f"{seconds:.1f}", *(f"{found[workers]['seconds']:.1f}" for workers in WORKERS)]]
    steps = [found[workers]["steps"] for workers in WORKERS]
    rows += [[name, "", *(f"{each[name]:.1f}" for each in steps)] for name in steps[0]]
    rows += [[f"`{name}`", "", *(f"{each[name]:.1f}" for each in made)] for name in slowest]
    rows.append([f"{len(others)} other relations", "", *(f"{sum(each[name] for name in others):.1f}" for each in made)])
    told = f"{size.members:,} members × 24 months, whole runs from Parquet to CSV, one each;"
    head = ["seconds", "DuckDB", *(f"Spark, {n} worker{'s' * (n > 1)} of one core" for n in WORKERS)]
    return f"{told} the same postings, byte for byte.\n\n" + table(head, rows)


def _settle(data: Path, out: Path) -> float:
    """Seconds of the verb in DuckDB."""
    command = [sys.executable, "-m", "mhrules", "settle", str(PROGRAM), "--data", str(data), "--year", "2024"]
    quiet = subprocess.DEVNULL
    seconds, _ = timed(lambda: subprocess.run([*command, "--out", str(out)], check=True, stdout=quiet, stderr=quiet))
    return seconds
