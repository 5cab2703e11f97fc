"""What a run has no room for: DuckDB's errors about memory and disk, as findings that name the option to change."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import evolve

from mhrules.data.capacity import Capacity
from mhrules.data.workspace import PREFIX, not_writable
from mhrules.diagnostics.model import DiagnosticError
from mhrules.diagnostics.registry import finding

_GROWTH = {".csv": 2, ".parquet": 10, "": 10}
"""How much larger the rows of a file are in memory, uncompressed; about."""

_SMALL = 8 * 2**20
"""Bytes up to which several threads take longer than one: twice that, some thousand members, takes them as long."""
_SHARE = 4
"""Data that fill more than this part of the memory leave too little of it to work with."""
_TEMPORARY = re.compile(rf'"([^"]*)[/\\]{PREFIX}[^/\\"]*[/\\]')  # a file in a workspace, in a message
_UNKNOWN = 8 * 2**30  # bytes, where the machine does not say how many it has


def held_by(files: Iterable[Path]) -> int:
    """About how many bytes what files hold takes in memory."""
    return sum(file.stat().st_size * _GROWTH.get(file.suffix, _GROWTH[""]) for file in files)


def is_large(size: int, capacity: Capacity) -> bool:
    """Whether data of a size in bytes are better kept in a database file than in memory."""
    return size > (capacity.memory or _physical_memory()) // _SHARE


def for_size(capacity: Capacity, size: int) -> Capacity:
    """What data of a size in bytes take: of few, one thread is done before several have shared the work."""
    return evolve(capacity, threads=1) if capacity.threads is None and size <= _SMALL else capacity


def limit_reached(error: Exception) -> DiagnosticError | None:
    """The finding that memory (MH652) or room for temporary files (MH653) is used up; None for any other error."""
    import duckdb

    text = str(error)
    if isinstance(error, duckdb.OutOfMemoryException) and "max_temp_directory_size" not in text:
        return DiagnosticError(
            [
                finding(
                    "MH652",
                    "the memory that may be used is used up",
                    notes=_used(text),
                    help="allow more: `--memory 8GB`; or work with fewer threads at once: `--threads 1`",
                )
            ]
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return not_writable(None, "the disk is full")
    found = _TEMPORARY.search(text) if isinstance(error, duckdb.IOException) else None
    return None if found is None else not_writable(Path(found[1]), text.splitlines()[0].rpartition(": ")[2])


@contextmanager
def within_limits() -> Iterator[None]:
    """Work of the database in the course of which memory or room on the disk can be used up.

    Raises:
        DiagnosticError: it is so (MH652, MH653).
    """
    try:
        yield
    except Exception as error:
        found = limit_reached(error)
        if found is None:
            raise
        raise found from error


def _used(text: str) -> str:
    """What DuckDB says of how much is used: `1.9 GiB/2.0 GiB used`."""
    _, opened, rest = text.splitlines()[0].partition("(")
    used, closed, _ = rest.partition(")")
    return used if opened and closed else ""


def _physical_memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return _UNKNOWN
