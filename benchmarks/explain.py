"""How long `explain --run` takes for lines of the settle benchmark: three practices, every kind of payment."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.machine import MIB, run_python, seconds_of, table
from benchmarks.settle.data import PROGRAM, population
from benchmarks.sizes import Size
from mhrules.settle.kept import RUN

REPEATS = 5
GOAL = "2 s"
PAYER = "elm"
MONTH = "2024-03"
ASKED = {
    "a month's fee of members": ["--payment", "monthly_fee", "--period", MONTH],
    "a month of what the practice billed": ["--payment", "enhancement", "--period", MONTH],
    "the year's shared savings": ["--payment", "shared_savings"],
}


def run(size: Size, folder: Path) -> str:
    """Whole processes on a kept run, which is made if it is not there yet; each refuses another amount than posted.

    Raises:
        subprocess.CalledProcessError: a line cannot be explained.
    """
    kept = folder / f"explain-{size.name}"
    if not (kept / RUN).exists():
        data, _ = population(size, folder)
        settle = ["settle", str(PROGRAM), "--data", str(data), "--year", "2024", "--out", str(kept), "--keep"]
        run_python("-m", "mhrules", *settle)
    explain = ["-m", "mhrules", "explain", str(PROGRAM), "--run", str(kept), "--payer", PAYER, "--practice"]
    rows = [
        [
            f"{which} practice: {what}",
            *(f"{seconds_of(REPEATS, *explain, practice, *asked):.2f} s" for asked in ASKED.values()),
        ]
        for which, practice, what in _practices(kept / RUN)
    ]
    written = (kept / RUN).stat().st_size // MIB
    return "\n".join(
        [
            f"`explain --run` on {size.members:,} members × 24 months ({written:,} MiB kept). Whole processes, median "
            f"of {REPEATS}; the amounts are worked out anew, and equal to those posted. Goal: {GOAL}.",
            "",
            table(["", *ASKED], rows),
        ]
    )


def _practices(run: Path) -> list[tuple[str, str, str]]:
    """The practices with the most, as many as half of the others, and the fewest people, and how many those are."""
    counts = """
        SELECT practice, count(DISTINCT s."#") FILTER (WHERE payer = ?), count(DISTINCT s."#"),
            (SELECT count(*) FROM kept.run.billed b WHERE b.practice = s.practice)
        FROM kept.run.stays s
        WHERE practice IN (SELECT practice FROM kept.run.postings WHERE payer = ? AND period = ?)
        GROUP BY practice HAVING count(*) FILTER (WHERE payer = ?) > 0 ORDER BY 3 DESC, practice
    """
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{run}' AS kept (READ_ONLY)")
        found = connection.execute(counts, [PAYER, PAYER, MONTH, PAYER]).fetchall()
    chosen = {"largest": found[0], "usual": found[len(found) // 2], "smallest": found[-1]}
    return [
        (which, practice, f"{own:,} members of the payer, {members:,} of all, billed for {billed:,} people")
        for which, (practice, own, members, billed) in chosen.items()
    ]
