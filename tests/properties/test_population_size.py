"""A population of a size that people would settle: every month comes out once, in good time.

In continuous integration it has 500 members; `HYPOTHESIS_PROFILE=deep` settles the 5,000 that the goal names.
"""

from __future__ import annotations

import csv
import datetime
import os
import time
from collections import Counter
from pathlib import Path

from mhrules.compiler import Compilation
from mhrules.data.load import load
from mhrules.data.synth.hints import hints_of
from mhrules.data.synth.population import write_population
from mhrules.data.synth.setting import Request
from mhrules.semantics.calendar import first_day
from tests.interpreted import settle
from tests.strategies.settled import codes

PROGRAM = Path(__file__).parents[2] / "programs" / "rhode_island_csi"
JANUARY = 2009 * 12
MEMBERS = 5_000 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 500
SECONDS = 60
Counts = Counter[tuple[str, int]]


def counted(folder: Path) -> Counts:
    """Members by payer and month who are enrolled on the first day and alive, from the files as they are."""
    with (folder / "member.csv").open(encoding="utf-8") as file:
        died = {row["person_id"]: row["death_date"] or "9999" for row in csv.DictReader(file)}
    found: set[tuple[str, str, int]] = set()
    with (folder / "eligibility.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            last = min(row["enrollment_end_date"] or "9999", died[row["person_id"]])
            for month in range(JANUARY, JANUARY + 12):
                if row["enrollment_start_date"] <= first_day(month).isoformat() <= last:
                    found.add((row["payer"], row["person_id"], month))
    return Counter((payer, month) for payer, _, month in found)


def test_a_year_of_rhode_island_settles_in_a_minute(tmp_path: Path) -> None:
    compilation = Compilation(PROGRAM)
    plan = compilation.plan
    assert compilation.program is not None
    request = Request(MEMBERS, max(2, MEMBERS // 250), JANUARY, JANUARY + 11, seed=1)
    write_population(plan.schema, request, tmp_path, hints_of(compilation.program))
    started = time.process_time()
    found = settle(plan, load(plan.schema, tmp_path), 2009, posted_on=datetime.date(2010, 7, 1))
    taken = time.process_time() - started

    assert codes(found.findings) == []
    attribution, wanted = found.books.world.below.attribution, counted(tmp_path)
    outcomes: Counts = Counter()
    for payer, month in wanted:
        for outcome in attribution.outcomes(payer, month).values():
            assert bool(outcome.practice) is not bool(outcome.reason)
            outcomes[payer, month] += 1
    assert outcomes == wanted
    assert sum(wanted.values()) > 8 * MEMBERS
    assert taken < SECONDS
