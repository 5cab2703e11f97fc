"""How much of a machine a run may take: memory, threads, and where it may write what does not fit."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

from mhrules.classes import frozen

_UNITS = {"MB": 10**6, "MiB": 2**20, "GB": 10**9, "GiB": 2**30}
_SIZE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?(MB|MiB|GB|GiB)")


@frozen
class Capacity:
    """What a run may take; None leaves it to DuckDB.

    `memory` is the most that DuckDB holds in memory, in bytes. `threads` is how many it works with. `temporary` is the
    folder in which the run makes a private folder for what does not fit into memory; None is the system's.
    """

    memory: int | None = None
    threads: int | None = None
    temporary: Path | None = None


def parse_memory(text: str) -> int:
    """The bytes of a size such as `2GB`, `1.5 GiB` or `800MB`.

    Raises:
        ValueError: this is no size, or it is none at all.
    """
    found = _SIZE.fullmatch(text)
    size = 0 if found is None else int(Fraction(found[1]) * _UNITS[found[2]])
    if size == 0:
        raise ValueError(f"`{text}` is no amount of memory: write it as 2GB, 1.5GiB or 800MB")
    return size
