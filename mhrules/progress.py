"""What a run is doing, told while it does it: its stage, how much is done, elapsed and remaining time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_OFTEN = 0.5  # seconds between two looks at the clock
_WAIT = 2.0  # seconds after which times are worth telling


class Stage:
    """Something that takes a while; `total` is how much there is to do, None where that is not known."""

    def __init__(self, title: str, total: int | None) -> None:
        self.title, self.total, self.done = title, total, 0
        self._began = time.monotonic()

    def advance(self, number: int = 1) -> None:
        """So much more is done."""
        self.done += number

    def words(self) -> str:
        """`writing attribution: 3,000 of 12,000, 4 s, about 12 s left`."""
        seconds = time.monotonic() - self._began
        parts = []
        if self.done:
            parts.append(f"{self.done:,}" + (f" of {self.total:,}" if self.total else ""))
        if seconds >= _WAIT:
            parts.append(duration(seconds))
            if self.total and 0 < self.done < self.total:
                parts.append(f"about {duration(seconds * (self.total - self.done) / self.done)} left")
        return f"{self.title}: {', '.join(parts)}" if parts else self.title


class Progress:
    """One line that says what is being done, on a terminal; nothing at all without one."""

    def __init__(self, terminal: TextIO | None = None, width: int = 80) -> None:
        self._terminal, self._width = terminal, width
        self._stage = Stage("", None)
        self._ended = threading.Event()
        self._clock: threading.Thread | None = None

    def step(self, words: str) -> None:
        """Say what comes next, in place of what was said before."""
        self._stage = Stage(words, None)
        self._show()

    def note(self, words: str) -> None:
        """Say what has to be known before it begins; those who only watch are told of it as of a step."""
        self.step(words)

    @contextmanager
    def stage(self, title: str, *, total: int | None = None) -> Iterator[Stage]:
        """While something is being done: its title, and what its stage says of itself."""
        before, self._stage = self._stage, Stage(title, total)
        self._show()
        try:
            yield self._stage
        finally:
            self._stage = before

    def end(self) -> None:
        """Nothing more is said, and the line is empty again."""
        self._ended.set()
        if self._clock is not None:
            self._clock.join()
            self._write("")

    def _show(self) -> None:
        if self._terminal is None:
            return
        self._write(self._stage.words())
        if self._clock is None:
            self._clock = threading.Thread(target=self._tell_time, daemon=True)
            self._clock.start()

    def _tell_time(self) -> None:
        while not self._ended.wait(_OFTEN):
            self._write(self._stage.words())

    def _write(self, words: str) -> None:
        if self._terminal is not None:
            self._terminal.write(f"\r\x1b[K{words[: self._width - 1]}")
            self._terminal.flush()


SILENT = Progress()
"""For those whom nobody watches."""


def duration(seconds: float) -> str:
    """`40 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
