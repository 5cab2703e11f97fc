"""Signals that end a run, and the databases that must hear of them.

Python acts on a signal between two steps of its own, and a query of a database can be one step for minutes. So a thread
is woken by the signal itself and interrupts every database until the run has begun to end.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_DATABASES = "mhrules.data.database"  # not imported where no database was asked for
_AGAIN = 0.05  # seconds: a query that begins just after an interruption does not hear of it


@contextmanager
def ending() -> Iterator[list[int]]:
    """While a run can be told to end: gives the signals that did, each of which raises KeyboardInterrupt.

    Only the main thread of a process is told; elsewhere signals stay as they are. What took signals before takes them
    again at the end.
    """
    ended: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield ended
        return

    def handle(number: int, frame: FrameType | None) -> None:
        ended.append(number)
        raise KeyboardInterrupt

    handlers = [(number, signal.signal(number, handle)) for number in SIGNALS]
    try:
        with _watched(ended):
            yield ended
    finally:
        for number, handler in handlers:
            signal.signal(number, handler)


@contextmanager
def _watched(ended: list[int]) -> Iterator[None]:
    """While a thread interrupts the databases when a signal comes."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(reading, ended, over), name="signals", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        signal.set_wakeup_fd(before)
        os.close(writing)
        watcher.join()
        os.close(reading)


def _watch(reading: int, ended: list[int], over: threading.Event) -> None:
    """Interrupts the databases from a signal on until it was acted upon, or the run is over."""
    while woken := os.read(reading, 1):
        known = len(ended)
        while woken[0] in SIGNALS and len(ended) == known and not over.is_set():
            database = sys.modules.get(_DATABASES)
            if database is not None:
                database.interrupt()
            over.wait(_AGAIN)
