"""`make demo`: a population with four payers is invented, settled under one contract, and a line explained."""

from __future__ import annotations

import shutil
from pathlib import Path

from mhrules.cli.main import main
from mhrules.resources import shipped

FOLDER = Path("out") / "demo"
PROGRAM = "rhode_island_csi"
YEAR = "2009"
POPULATION = ("--members", "5000", "--practices", "8", "--from", "2008-10", "--to", "2010-09", "--seed", "1")
LINE = ("--payer", "bcbsri", "--practice", "p001", "--payment", "care_management", "--period", "2009-10")


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
    """Invents the population in `out/demo/data`, checks the program, settles it for its four payers and explains."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    data = str(FOLDER / "data")
    print(f"The rules are in {relative(shipped('programs', PROGRAM))}: one contract, four payers.")
    run("check", PROGRAM)
    run("test", PROGRAM)
    run("synth", PROGRAM, *POPULATION, "--out", data)
    run("settle", PROGRAM, "--data", data, "--year", YEAR, "--out", str(FOLDER / "settled"))
    run("explain", PROGRAM, "--data", data, "--year", YEAR, *LINE)


def relative(path: Path) -> Path:
    """A path as seen from here, where it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


if __name__ == "__main__":
    demo()
