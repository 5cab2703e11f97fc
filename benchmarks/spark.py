"""The settle benchmark on Spark: a standalone cluster of this machine with one worker and with two, beside DuckDB."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.machine import table, timed
from benchmarks.settle.data import PROGRAM, population
from benchmarks.sizes import Size
from tests.spark.standalone import standalone

WORKERS = (1, 2)


def run(size: Size, folder: Path) -> str:
    """Whole runs of the verb, from the files to the files; the postings have to be the same bytes.

    Raises:
        SystemExit: pyspark or Java is not installed, or the postings differ.
    """
    if importlib.util.find_spec("pyspark") is None or shutil.which("java") is None:
        raise SystemExit("spark: needs Java and pyspark (`pip install 'mhrules[spark]'` into .venv-bench)")
    data, _ = population(size, folder)
    with tempfile.TemporaryDirectory() as beside:
        seconds = _settle(data, Path(beside, "duckdb"), [])
        wanted = Path(beside, "duckdb", "postings.csv").read_bytes()
        rows = [["DuckDB, in the process of the verb", f"{seconds:.1f}"]]
        for workers in WORKERS:
            logs, out = Path(beside, f"logs{workers}"), Path(beside, f"spark{workers}")
            logs.mkdir()
            with standalone(logs, workers) as cluster:
                seconds = _settle(data, out, ["--engine", "spark", "--master", cluster.url])
            if (out / "postings.csv").read_bytes() != wanted:
                raise SystemExit("spark: the postings are not those of DuckDB")
            rows.append([f"Spark, {workers} worker{'s' * (workers > 1)} of one core", f"{seconds:.1f}"])
    told = f"{size.members:,} members × 24 months, whole runs from Parquet to CSV, one each;"
    return f"{told} the same postings, byte for byte.\n\n" + table(["", "seconds"], rows)


def _settle(data: Path, out: Path, more: list[str]) -> float:
    command = [sys.executable, "-m", "mhrules", "settle", str(PROGRAM), "--data", str(data), "--year", "2024"]
    quiet = subprocess.DEVNULL
    return timed(lambda: subprocess.run([*command, "--out", str(out), *more], check=True, stdout=quiet, stderr=quiet))[
        0
    ]
