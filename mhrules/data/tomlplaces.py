"""Where a key of a TOML text stands, for findings: the standard reader keeps no places."""

from __future__ import annotations

import re

from mhrules.source import Source, Span

_HEADER = re.compile(r"\s*\[\[?(.+?)\]\]?\s*(?:#.*)?$")
_ENTRY = re.compile(r"""\s*((?:[\w.\- ]|"[^"]*"|'[^']*')+?)\s*=""")


class TomlPlaces:
    """Finds keys by reading headers and the starts of lines.

    A text that looks like a key inside a multi-line value may mislead it: findings then point to a wrong line, and
    nothing else depends on it.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._entries: list[tuple[tuple[str, ...], int, int, int]] = []  # path, start, end of key, end of value
        self._read()

    def find(self, path: tuple[str, ...]) -> Span:
        """The key at the end of `path`; of a key inside braces, its place there; else the nearest key above it."""
        for length in range(len(path), 0, -1):
            for known, start, end, stop in self._entries:
                if known == path[:length]:
                    return self._inside(path[length:], start, end, stop)
        return Span(self._source, 0, min(len(self._source.text), max(len(self._source.line_text(1)), 1)))

    def _inside(self, rest: tuple[str, ...], start: int, end: int, stop: int) -> Span:
        """The span of the last of `rest` that stands in the value from `end` to `stop`."""
        at = end
        for key in rest:
            name = re.escape(key)
            expression = re.compile(rf"""(?<![\w-])(?:"{name}"|'{name}'|{name})(?=\s*=)""")
            found = expression.search(self._source.text, at, stop)
            if found is None:
                break
            start, end, at = found.start(), found.end(), found.end()
        return Span(self._source, start, end)

    def _read(self) -> None:
        text = self._source.text
        table: tuple[str, ...] = ()
        keys: list[tuple[tuple[str, ...], int, int]] = []
        for number, start in enumerate(self._source.line_starts, start=1):
            line = self._source.line_text(number)
            header, entry = _HEADER.match(line), _ENTRY.match(line)
            if header and (path := _parts(header[1])) is not None:
                table = path
                keys.append((table, start + header.start(1), start + header.end(1)))
            elif entry and (path := _parts(entry[1])) is not None:
                keys.append((table + path, start + entry.start(1), start + entry.end(1)))
        for at, (path, start, end) in enumerate(keys):
            stop = keys[at + 1][1] if at + 1 < len(keys) else len(text)
            self._entries.append((path, start, end, stop))


def _parts(dotted: str) -> tuple[str, ...] | None:
    """The parts of a dotted key, or None if it is none."""
    import tomllib

    try:
        tree = tomllib.loads(f"{dotted} = 0")
    except (tomllib.TOMLDecodeError, ValueError):
        return None
    parts: list[str] = []
    while isinstance(tree, dict):
        key = next(iter(tree))
        parts.append(key)
        tree = tree[key]
    return tuple(parts)
