"""`make demo`: a small data set with invented, round figures, settled under the Shared Savings rules and explained."""

from __future__ import annotations

import shutil
from pathlib import Path

from mhrules.cli.main import main
from mhrules.resources import shipped

FOLDER = Path("out") / "demo"
YEAR = "2021"
HEADER = (
    "aco_id,year,track,benchmark,expenditure,minimum_rate,quality_score,met_quality,published_rate,disaster_adjustment"
)
ROWS = (
    "alder,2021,basic_b,100000000.00,94000000.00,0.025,0.90,yes,,",
    "birch,2021,basic_e,100000000.00,98500000.00,0.02,0.85,yes,,",
    "cedar,2021,enhanced,200000000.00,140000000.00,0.02,0.95,yes,,",
    "hazel,2021,enhanced,150000000.00,160000000.00,0.02,0.80,yes,,",
    "maple,2021,basic_a,80000000.00,77000000.00,0.03,,yes,0.4,",
    "rowan,2021,basic_c,60000000.00,55000000.00,0.02,0.70,no,0,",
)


def run(*arguments: str) -> None:
    """One command as a person would type it, shown first.

    Raises:
        SystemExit: with the command's exit code, if it is not 0.
    """
    print(f"\n$ mhrules {' '.join(arguments)}\n", flush=True)
    try:
        main(list(arguments), prog_name="mhrules")
    except SystemExit as end:
        if end.code:
            raise


def demo() -> None:
    """Writes the data into `out/demo/data`, checks, settles and explains."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    data = FOLDER / "data"
    data.mkdir(parents=True)
    (data / "aco_year.csv").write_text("\n".join((HEADER, *ROWS)) + "\n", encoding="utf-8")
    print(f"Six invented organizations are in {data / 'aco_year.csv'};")
    print(f"the rules are in {relative(shipped('programs', 'mssp', 'mssp.mh'))}.")
    run("check", "mssp")
    run("test", "mssp")
    run("settle", "mssp", "--data", str(data), "--year", YEAR, "--out", str(FOLDER / "settled"))
    line = ("--payer", "medicare", "--practice", "cedar", "--payment", "shared_savings")
    run("explain", "mssp", "--data", str(data), "--year", YEAR, *line)


def relative(path: Path) -> Path:
    """A path as seen from here, where it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


if __name__ == "__main__":
    demo()
