"""One process that settles a population by mhrules and by hand, by turns: `one.py DATA REPEATS ENGINE [MEMORY]`.

ENGINE is `both` or `ours`. Prints seconds, peaks and hashes as JSON.
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.machine import forget_peak, peak, timed
from benchmarks.settle.data import PROGRAM

YEAR = 2024
BY_HAND = Path(__file__).with_name("by_hand.sql")
Key = tuple[str, str, str, str]


def statements() -> list[str]:
    """The statements written by hand."""
    return [part for part in BY_HAND.read_text(encoding="utf-8").split(";\n") if part.strip()]


def hash_of(amounts: Iterable[tuple[Key, int]]) -> str:
    """The SHA-256 of payer, practice, payment, period and cents of every amount that is not 0, in order."""
    text = "\n".join(f"{'|'.join(key)}|{cents}" for key, cents in sorted(amounts) if cents)
    return hashlib.sha256(text.encode()).hexdigest()


def our_amounts(settlement: Any) -> dict[Key, int]:
    """The cents of each payer, practice, payment and period; prices of one line are added up."""
    found: dict[Key, int] = {}
    for posting in settlement.postings:
        key = (posting.payer, posting.practice, posting.payment, posting.period)
        found[key] = found.get(key, 0) + int(posting.amount * 100)
    return found


def part(work: Callable[[], Any]) -> tuple[float, int, Any]:
    """Seconds, peak memory and result of a part of the work."""
    forget_peak()
    seconds, found = timed(work)
    return seconds, peak(), found


def tidy(connection: Any) -> None:
    """Drops what a run has left, so that the next begins as the first."""
    for name, view in connection.execute(
        "SELECT table_name, false FROM duckdb_tables() WHERE temporary "
        "UNION ALL SELECT view_name, true FROM duckdb_views() WHERE temporary AND NOT internal ORDER BY 2 DESC"
    ).fetchall():
        connection.execute(f'DROP {"VIEW" if view else "TABLE"} IF EXISTS "{name}"')


def main() -> None:
    """Loads, settles by turns, writes, and prints the figures."""
    import mhrules

    folder, repeats, engine = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    capacity = _capacity(sys.argv[4]) if len(sys.argv) > 4 else {}
    program = mhrules.load(PROGRAM)
    load_seconds, load_peak, data = part(lambda: mhrules.Data.from_folder(program, folder, **capacity))
    connection = data.dataset.connection()
    ours: list[float] = []
    hand: list[float] = []
    processor: dict[str, list[float]] = {"ours": [], "hand": []}
    figures: dict[str, Any] = {"load": load_seconds, "load_peak": load_peak, "ours_peak": 0, "hand_peak": 0}

    def by_hand() -> None:
        for sql in statements():
            connection.execute(sql)

    def run_by_hand() -> None:
        began = time.process_time()
        seconds, most, _ = part(by_hand)
        processor["hand"].append(time.process_time() - began)
        hand.append(seconds)
        figures["hand_peak"] = max(figures["hand_peak"], most)
        rows = connection.execute("SELECT payer, practice, payment, period, amount FROM by_hand").fetchall()
        figures["hand_hash"] = hash_of((tuple(row[:4]), int(row[4])) for row in rows)
        figures["hand_write"], _ = timed(partial(_write, rows))

    def run_ours(*, last: bool) -> None:
        began = time.process_time()
        seconds, most, settlement = part(lambda: mhrules.settle(program, data, year=YEAR, engine="duckdb"))
        if settlement.handed_over:
            raise SystemExit(f"handed over: {settlement.handed_over}")
        processor["ours"].append(time.process_time() - began)
        ours.append(seconds)
        figures["ours_peak"] = max(figures["ours_peak"], most)
        amounts = our_amounts(settlement)
        figures["ours_hash"] = hash_of(amounts.items())
        figures["amounts"] = sum(1 for cents in amounts.values() if cents)
        if last:
            with tempfile.TemporaryDirectory() as out:
                figures["ours_write"], figures["write_peak"], _ = part(partial(settlement.write, out))

    for at in range(repeats):
        turns = [partial(run_ours, last=at == repeats - 1), *([run_by_hand] if engine == "both" else [])]
        for turn in turns if at % 2 else reversed(turns):  # what comes second finds memory in use and given back
            turn()
            tidy(connection)
    print(json.dumps({**figures, "ours": ours, "hand": hand, "processor": processor}))


def _write(rows: list[tuple[Any, ...]]) -> None:
    """What was worked out by hand as a file."""
    with tempfile.TemporaryFile("w", newline="") as file:
        csv.writer(file).writerows(sorted(rows))


def _capacity(memory: str) -> dict[str, Any]:
    """The option that limits memory."""
    from mhrules.data.capacity import Capacity, parse_memory

    return {"capacity": Capacity(memory=parse_memory(memory))}


if __name__ == "__main__":
    main()
