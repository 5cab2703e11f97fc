"""A pair made as small as it still shows a difference: rows and clauses taken away while they can be."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from pprint import pformat
from typing import Any

from attrs import evolve

from tests.fuzz.pairs import Pair, outcome_of
from tests.strategies.settled import checked

TEST = '''\
"""Found by `make fuzz SEED={seed} PAIRS=1`: {what}"""

import datetime  # noqa: F401

from tests.fuzz.pairs import Pair, outcome_of

TEXT = """\\
{text}"""
ROWS = {rows}


def test_seed_{seed}_settles_alike() -> None:
    assert outcome_of(Pair(TEXT, ROWS, {year})).differences == ()
'''


def kind_of(pair: Pair) -> str:
    """What is wrong with a pair: the engines differ on it, or one breaks, and by which error; empty if nothing."""
    try:
        return "different" if outcome_of(pair).differences else ""
    except Exception as error:
        return type(error).__name__


def smaller(pair: Pair, seconds: float) -> Pair:
    """The smallest pair found in that time of which the same is wrong; no part can be left out if time was enough."""
    until = time.monotonic() + seconds
    before, kind = None, kind_of(pair)

    def same(changed: Pair) -> bool:
        return kind_of(changed) == kind

    while before != pair and time.monotonic() < until:
        before = pair
        pair = _fewer_rows(pair, same, until)
        pair = _fewer_clauses(pair, same, until)
    return pair


def _fewer_rows(pair: Pair, same: Callable[[Pair], bool], until: float) -> Pair:
    for table in sorted(pair.rows, key=lambda name: -len(pair.rows[name])):

        def with_rows(rows: list[Any], table: str = table, pair: Pair = pair) -> Pair:
            return evolve(pair, rows={**pair.rows, table: rows})

        pair = with_rows(_fewer(list(pair.rows[table]), lambda rows, make=with_rows: same(make(rows)), until))
    return pair


def _fewer(items: list[Any], still: Callable[[list[Any]], bool], until: float) -> list[Any]:
    """The items of which none, nor half, nor a quarter in a row can be left out."""
    size = len(items)
    while size >= 1:
        at = 0
        while at < len(items) and time.monotonic() < until:
            fewer = items[:at] + items[at + size :]
            if still(fewer):
                items = fewer
            else:
                at += size
        size //= 2
    return items


def _fewer_clauses(pair: Pair, same: Callable[[Pair], bool], until: float) -> Pair:
    """Without each clause that can be left out, from the outermost to the innermost."""
    at = 0
    while at < len(pair.text.splitlines()):
        if time.monotonic() >= until:
            return pair
        lines = pair.text.splitlines()
        text = "\n".join(lines[:at] + lines[_end(lines, at) :]) + "\n"
        found = checked(text)
        shorter = None if found.plan is None or found.errors else Pair(text, pair.rows, pair.year, found.plan)
        if shorter is not None and same(shorter):
            pair = shorter
        else:
            at += 1
    return pair


def _end(lines: list[str], start: int) -> int:
    """Where what begins in a line ends: where its braces close, or after that line."""
    depth = 0
    for end in range(start, len(lines)):
        depth += lines[end].count("{") - lines[end].count("}")
        if depth <= 0:
            return end + 1
    return start + 1


def saved(pair: Pair, seed: int, differences: tuple[str, ...], folder: Path) -> Path:
    """Writes a pair as a test that fails; the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"test_seed_{seed}.py"
    rows = pformat({name: list(own) for name, own in pair.rows.items() if own}, width=110, sort_dicts=False)
    what = "; ".join(differences)[:200].replace('"', "'").replace("\\", "/").replace("\n", " ")
    path.write_text(TEST.format(seed=seed, what=what, text=pair.text, rows=rows, year=pair.year), encoding="utf-8")
    return path
