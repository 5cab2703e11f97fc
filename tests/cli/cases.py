"""A small program, its data, and the command line in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from mhrules.cli.main import main

PROGRAM = """\
mhrules 1
program maple "Maple Valley shared savings" edition "2024" {
  term     2024-01-01 to 2025-12-31
  rounding to cents half up

  convening {
    authority "Act 12 of 2023"
    payer green "Green Health Plan" lines commercial
    payer blue  "Blue Health Plan"  lines commercial
  }

  facts of practice, payer, year {
    target   : $            "Target for the cost of care"
    spending : $            "Cost of care"
    quality  : % 0%..100%   "Share of quality measures met"
  }

  parameter rate : % = 40%, 50% from 2025-01-01   assumed "no source names it"

  define savings = target - spending

  payment shared_savings "Shared savings" {
    per practice per year
    gate savings "Savings of at least 2%"  : savings > $0 and savings >= 2% of target
    gate quality "Quality of at least 70%" : quality >= 70%
    pays    rate of savings
    at most 10% of target
  }

  example "savings of 10%" {
    given practice p1 { }
    given practice p1 payer green year 2024 { target $100_000; spending $90_000; quality 80% }
    expect shared_savings for p1 from green in 2024 = $4_000.00
  }
}
"""

DATA = """\
practice_id,payer,year,target,spending,quality
p1,green,2024,100000,90000,0.80
p1,blue,2024,50000,49900,0.80
p2,green,2024,100000,80000,0.65
p2,blue,2024,10000,7000,0.70
"""


def written(folder: Path, program: str = PROGRAM, data: str = DATA) -> Path:
    """The program in `maple/`, its data in `data/`, both in a folder."""
    (folder / "maple").mkdir()
    (folder / "data").mkdir()
    (folder / "maple" / "maple.mh").write_text(program, encoding="utf-8")
    (folder / "data" / "practice_payer_year.csv").write_text(data, encoding="utf-8")
    return folder


def run(*arguments: str | Path, input: str | bytes | None = None) -> Result:
    """What a command does; exceptions that leave it fail the test."""
    return CliRunner().invoke(main, [str(each) for each in arguments], input=input, catch_exceptions=False)


def document(result: Result) -> Any:
    """The JSON document on stdout."""
    return json.loads(result.stdout)


def settle(folder: Path, *further: str | Path) -> Result:
    """Settle the program of `written` for 2024 into `out/`."""
    where = ("--data", folder / "data", "--year", "2024", "--out", folder / "out")
    return run("settle", folder / "maple", *where, *further)
