"""The small case: five practices, 500 members, as someone meets it who tries mhrules out."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import run_python, seconds_of, table
from benchmarks.settle.data import PROGRAM
from benchmarks.sizes import SEED, Size

REPEATS = 7


def run(size: Size, folder: Path) -> str:
    """Whole processes, from the start of Python to its end."""
    del size
    data = folder / "settle-tiny"
    if not data.exists():
        asked = ["--members", "500", "--practices", "5", "--from", "2023-01", "--to", "2024-12", "--seed", str(SEED)]
        run_python("-m", "mhrules", "synth", str(PROGRAM), *asked, "--out", str(data))
    largest = max(
        (path for path in Path("programs").iterdir() if path.is_dir()),
        key=lambda path: sum(len(file.read_text(encoding="utf-8")) for file in path.glob("*.mh")),
    )
    with tempfile.TemporaryDirectory() as out:
        settle = ["-m", "mhrules", "settle", str(PROGRAM), "--data", str(data), "--year", "2024", "--out", out]
        rows = [
            _row("`settle`, five practices, 500 members, CSV files", [*settle, "--engine", "duckdb"], "0.6 s"),
            _row("the same, by the interpreter", [*settle, "--engine", "reference"], ""),
            _row(f"`check programs/{largest.name}`", ["-m", "mhrules", "check", str(largest)], "0.3 s"),
            _row("`import mhrules`", ["-c", "import mhrules"], "0.15 s"),
            _row("Python alone", ["-c", ""], ""),
        ]
    return f"Whole processes, compiled before, median of {REPEATS}.\n\n" + table(["", "seconds", "goal"], rows)


def _row(title: str, arguments: Sequence[str], goal: str) -> list[str]:
    return [title, f"{seconds_of(REPEATS, *arguments):.2f}", goal]
