"""Generated pairs through both engines on all cores until the time is over; exit code 1 if they differ.

`python -m tests.fuzz.run --minutes 10 [--seed N] [--pairs N] [--workers N]`. Pair number n of a run has seed + n: what
a run finds is settled again by `--seed` with the number that it prints and `--pairs 1`.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
import traceback
from collections import Counter
from multiprocessing import Queue, get_context
from pathlib import Path
from queue import Empty
from random import SystemRandom

from attrs import field, frozen

FOUND = Path("out", "fuzz")
PATIENCE = 120.0  # seconds to make a pair smaller
STOP_AFTER = 5  # differences after which a run ends: they are more often one fault than five


@frozen
class Told:
    """What a worker tells of a pair."""

    seed: int
    differences: tuple[str, ...] = ()
    handed_over: str = ""
    refused: str = ""
    file: str = ""


def work(seeds: range, until: float, queue: Queue[Told | None]) -> None:
    """Settles pair after pair; `None` says that it is done."""
    from tests.fuzz.pairs import Outcome, outcome_of, pair_of
    from tests.fuzz.smaller import saved, smaller

    for seed in seeds:
        if time.time() >= until:
            break
        pair = None
        try:
            pair = pair_of(seed)
            outcome = outcome_of(pair)
        except Exception:
            outcome = Outcome((traceback.format_exc(limit=-3),))
        file = ""
        if outcome.differences and pair is not None:
            try:
                file = str(saved(smaller(pair, PATIENCE), seed, outcome.differences, FOUND))
            except Exception:
                outcome = Outcome((*outcome.differences, traceback.format_exc(limit=-3)))
        queue.put(Told(seed, outcome.differences, outcome.handed_over, outcome.refused, file))
    queue.put(None)


@frozen
class Counts:
    """What has come of all pairs so far."""

    done: Counter[str] = field(factory=Counter)
    reasons: Counter[str] = field(factory=Counter)
    refused: Counter[str] = field(factory=Counter)

    def line(self) -> str:
        """One line of how far a run is."""
        return (
            f"{self.done['compared']:,} pairs compared, {self.done['handed over']:,} handed over, "
            f"{self.done['refused']:,} not settled by either, {self.done['different']:,} different"
        )

    def take(self, told: Told) -> None:
        """Counts one pair."""
        if told.differences:
            self.done["different"] += 1
        elif told.handed_over:
            self.done["handed over"] += 1
            self.reasons[re.sub(r"`[^`]*`", "`…`", told.handed_over)] += 1
        elif told.refused:
            self.done["refused"] += 1
            self.refused[told.refused] += 1
        else:
            self.done["compared"] += 1


def run(seed: int, minutes: float, pairs: int | None, workers: int) -> int:
    """The whole run; its exit code."""
    print(f"seed {seed}: {minutes:g} minutes on {workers} cores", flush=True)
    context = get_context("spawn")
    queue: Queue[Told | None] = context.Queue()
    until = time.time() + minutes * 60
    last = seed + (pairs or 10**9)
    processes = [
        context.Process(target=work, args=(range(seed + at, last, workers), until, queue)) for at in range(workers)
    ]
    for process in processes:
        process.start()
    counts = Counts()
    working, shown, started = workers, time.time(), time.time()
    while working and counts.done["different"] < STOP_AFTER:
        try:
            told = queue.get(timeout=5)
        except Empty:
            if not any(process.is_alive() for process in processes):
                print("a worker has died")
                counts.done["different"] += 1
                break
            continue
        if told is None:
            working -= 1
            continue
        counts.take(told)
        if told.differences:
            print(f"\nDIFFERENT: make fuzz SEED={told.seed} PAIRS=1")
            print(f"  as a test: {told.file or 'the pair could not be made'}")
            print("\n".join(f"  {each}" for each in told.differences), flush=True)
        if time.time() - shown > 30:
            shown = time.time()
            print(f"{shown - started:.0f} s: {counts.line()}", flush=True)
    for process in processes:
        process.terminate()
        process.join()
    print(f"\n{counts.line()} (seed {seed}, {time.time() - started:.0f} s)")
    for title, found in (("handed over", counts.reasons), ("not settled by either", counts.refused)):
        for reason, number in found.most_common():
            print(f"  {title}: {number:,} {reason}")
    return 1 if counts.done["different"] else 0


def main() -> int:
    """Reads the command line and runs."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--pairs", type=int)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    seed = SystemRandom().randrange(10**6, 10**9) if given.seed is None else given.seed
    return run(seed, given.minutes, given.pairs, min(given.workers, given.pairs or given.workers))


if __name__ == "__main__":
    sys.exit(main())
