"""The shape of a CSV file, checked on its bytes: encoding, quoting, rows of equal width, and which line a row is on.

RFC 4180, strictly. A well-shaped file is then read in bulk; of an ill-shaped one the good rows are read here, so that
one run reports the faults of cells as well.
"""

from __future__ import annotations

import bisect
import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from operator import methodcaller
from pathlib import Path
from typing import BinaryIO

from attrs import field

from mhrules.classes import define, frozen

LONGEST_RECORD = 16 * 1024 * 1024  # bytes
_MOST_LINES = 1_000  # lines of one record; a lost quote must not swallow the file
_MOST_FAULTS = 100
_BLOCK = 4 * 1024 * 1024  # bytes that are looked at together
_QUOTED = re.compile(rb'"[^"]*"')
_BOM = b"\xef\xbb\xbf"


@frozen
class ShapeFault:
    """One fault of the file's shape: code, 1-based line (None: the whole file), sentence, advice."""

    code: str
    line: int | None
    message: str
    help: str = ""


@frozen
class CsvShape:
    """What a scan of a CSV file found.

    `records` counts the rows below the header. `_breaks` holds, for each record that spans several lines, its
    number and how many more lines the file has up to and including it.
    """

    sha256: str
    header: tuple[str, ...]
    records: int
    faults: tuple[ShapeFault, ...]
    _breaks: tuple[tuple[int, int], ...] = field(repr=False, alias="breaks")

    def line_of(self, record: int) -> int:
        """The 1-based line on which a record (1 is the first below the header) starts. Record 0 is the header."""
        at = bisect.bisect_left(self._breaks, (record, 0))
        return record + 1 + (self._breaks[at - 1][1] if at else 0)


@define
class _Scan:
    """What a scan knows so far."""

    delimiter: str
    header: tuple[str, ...] = ()
    width: int = 0
    seen: int = -1  # records below the header; -1 before the header
    extra: int = 0
    breaks: list[tuple[int, int]] = field(factory=list)
    faults: list[ShapeFault] = field(factory=list)
    line_end: bytes = b""
    mixed: bool = False

    def fault(self, code: str, line: int | None, message: str, help: str = "") -> None:
        self.faults.append(ShapeFault(code, line, message, help))


def scan(path: Path, delimiter: str = ",") -> CsvShape:
    """Check a whole file, of any size, in one pass.

    Raises:
        OSError: the file cannot be read.
    """
    digest = hashlib.sha256()
    state = _Scan(delimiter)
    with path.open("rb") as file:
        taken = _take_plain(state, file, digest)
        for line, record in _records(file, delimiter, digest, taken):
            _take(state, line, record)
            if len(state.faults) >= _MOST_FAULTS:
                break
        while block := file.read(1 << 20):
            digest.update(block)
    if state.seen < 0 and not state.faults:
        advice = "write the names of the columns in its first line"
        state.fault("MH614", None, "file is empty: it has no header", advice)
    return CsvShape(digest.hexdigest(), state.header, max(state.seen, 0), tuple(state.faults), tuple(state.breaks))


def good_records(path: Path, delimiter: str, width: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The rows of an ill-shaped file that are sound in themselves, each with its line."""
    with path.open("rb") as file:
        first = True
        for line, record in _records(file, delimiter, hashlib.sha256()):
            cells = None if b"\0" in record else split(_decoded(record), delimiter)
            if not first and cells is not None and len(cells) == width and record.strip(b"\r\n"):
                yield line, cells
            first = False


def split(record: str | None, delimiter: str) -> tuple[str, ...] | None:
    """The cells of one record without its line end; None if its quotes are wrong."""
    if record is None:
        return None
    body = record.removesuffix("\n").removesuffix("\r")
    if '"' not in body:
        return None if "\r" in body else tuple(body.split(delimiter))
    expression = _cell(delimiter)
    cells: list[str] = []
    at = 0
    while found := expression.match(body, at):
        quoted, plain, end = found.groups()
        cells.append(plain if quoted is None else quoted.replace('""', '"'))
        at = found.end()
        if not end:
            return tuple(cells)
    return None


@lru_cache(maxsize=8)
def _cell(delimiter: str) -> re.Pattern[str]:
    """One cell, quoted or plain, with the separator or the end after it."""
    mark = re.escape(delimiter)
    return re.compile(rf'(?:"([^"]*(?:""[^"]*)*)"|([^"{mark}\r\n]*))({mark}|\Z)')


@lru_cache(maxsize=8)
def _record(delimiter: str) -> re.Pattern[bytes]:
    """A whole record without its line end, in bytes."""
    mark = re.escape(delimiter)
    cell = rf'(?:"[^"]*(?:""[^"]*)*"|[^"{mark}\r\n]*)'
    return re.compile(f"{cell}(?:{mark}{cell})*".encode())


def _width(body: bytes, delimiter: str) -> int | None:
    """How many cells a record of valid UTF-8 has; None if its quotes are wrong."""
    if _record(delimiter).fullmatch(body) is None:
        return None
    return _QUOTED.sub(b"", body).count(delimiter.encode()) + 1


def _take_plain(state: _Scan, file: BinaryIO, digest: hashlib._Hash) -> int:
    """Take the header and, many lines at a time, the rows below it up to a line that must be looked at by itself.

    Returns the number of lines that were taken; the file stands behind them.
    """
    header = file.readline(LONGEST_RECORD + 1)
    if not header or header.count(b'"') % 2:
        file.seek(0)
        return 0
    digest.update(header)
    _take(state, 1, header)
    while not state.faults:
        start = file.tell()
        block = file.read(_BLOCK) + file.readline(LONGEST_RECORD + 1)
        lines = _plain_lines(state, block)
        if not lines:
            file.seek(start)
            break
        digest.update(block)
        state.seen += lines
    return state.seen + 1


def _plain_lines(state: _Scan, block: bytes) -> int:
    """How many rows a block of whole lines holds; 0 if it is empty, or one of them may be at fault or quoted."""
    ended = block.count(b"\n")
    returns = ended if state.line_end == b"\r\n" else 0
    if (
        len(block) > LONGEST_RECORD
        or b'"' in block
        or b"\0" in block
        or block.count(b"\r") != returns
        or (returns and block.count(b"\r\n") != returns)
        or (not block.isascii() and _decoded(block) is None)
    ):
        return 0
    lines = block.split(b"\n")
    if not lines[-1]:
        lines.pop()
    if b"" in lines or b"\r" in lines:
        return 0
    separators = set(map(methodcaller("count", state.delimiter.encode()), lines))
    return len(lines) if separators == {state.width - 1} else 0


def _records(file: BinaryIO, delimiter: str, digest: hashlib._Hash, line: int = 0) -> Iterator[tuple[int, bytes]]:
    """Each record with its line: a record goes on over line ends while a quote is open.

    Where that makes no sound record, its first line is yielded alone and the next lines are read anew. `line` is how
    many lines of the file have been read.
    """
    waiting: list[bytes] = []
    while block := _next_line(file, digest, waiting):
        line += 1
        lines, odd, size = [block], block.count(b'"') % 2 == 1, len(block)
        while odd and len(lines) < _MOST_LINES and size < LONGEST_RECORD:
            block = _next_line(file, digest, waiting)
            if not block:
                break
            lines.append(block)
            size += len(block)
            odd ^= block.count(b'"') % 2 == 1
        record = b"".join(lines)
        if len(lines) > 1 and (odd or split(_decoded(record), delimiter) is None):
            waiting += reversed(lines[1:])
            record, lines = lines[0], lines[:1]
        yield line, record
        line += len(lines) - 1


def _next_line(file: BinaryIO, digest: hashlib._Hash, waiting: list[bytes]) -> bytes:
    if waiting:
        return waiting.pop()
    block = file.readline(LONGEST_RECORD + 1)
    digest.update(block)
    return block


def _decoded(record: bytes) -> str | None:
    try:
        return record.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _take(state: _Scan, line: int, record: bytes) -> None:
    """Check one record and count it."""
    state.seen += 1
    if state.seen == 0:
        record = record.removeprefix(_BOM)
    lines = record.count(b"\n") - 1
    if lines > 0:
        state.extra += lines
        state.breaks.append((state.seen, state.extra))
    body = _check_line_end(state, line, record)
    if body == b"":
        state.fault("MH609", line, "line is empty", "remove the empty line")
        return
    cells = _cells(state, line, body)
    if state.seen == 0:
        _take_header(state, line, cells)
    elif cells is not None and cells != state.width and state.width:
        wanted = f"{state.width} cell{'s' * (state.width != 1)}"
        state.fault(
            "MH609",
            line,
            f"row has {cells} cell{'s' * (cells != 1)}, but the header has {wanted}",
            "a cell that holds the separator must stand in double quotes",
        )


def _check_line_end(state: _Scan, line: int, record: bytes) -> bytes:
    """The record without its line end; line ends must be the same all through a file."""
    if not record.endswith(b"\n"):
        return record
    body = record[:-1]
    end = b"\n"
    if body.endswith(b"\r"):
        body, end = body[:-1], b"\r\n"
    if not state.line_end:
        state.line_end = end
    elif end != state.line_end and not state.mixed:
        state.mixed = True
        names = {b"\n": "a line feed alone", b"\r\n": "carriage return and line feed"}
        state.fault(
            "MH608",
            line,
            f"line ends with {names[end]}, but lines before it with {names[state.line_end]}",
            "save the file with one kind of line end",
        )
    return body


def _cells(state: _Scan, line: int, body: bytes) -> int | None:
    """How many cells a record has; None, with a fault, if that cannot be told."""
    if len(body) > 2 * LONGEST_RECORD or (len(body) > LONGEST_RECORD and b"\n" not in body):
        state.fault("MH608", line, "line is longer than 16 MB")
        return None
    if b"\0" in body:
        state.fault("MH607", line, "line holds a NUL character", "save the file as UTF-8 text")
        return None
    if not body.isascii() and _decoded(body) is None:
        state.fault("MH606", line, "line is not UTF-8 text", "save the file with the encoding UTF-8")
        return None
    if b'"' not in body and b"\r" not in body and state.seen > 0:
        return body.count(state.delimiter.encode()) + 1
    width = _width(body, state.delimiter)
    if width is None:
        _fault_of_quotes(state, line, body)
    elif state.seen == 0:
        state.header = split(_decoded(body), state.delimiter) or ()
    return width


def _fault_of_quotes(state: _Scan, line: int, body: bytes) -> None:
    if b'"' not in body:
        advice = "save the file with one kind of line end"
        state.fault("MH608", line, "line holds a carriage return that ends no line", advice)
    elif body.count(b'"') % 2:
        advice = "write a double quote inside a cell twice"
        state.fault("MH608", line, "double quote is opened and never closed", advice)
    else:
        state.fault(
            "MH608",
            line,
            "double quote stands inside a cell that is not quoted",
            "put the whole cell in double quotes, and write each double quote inside it twice",
        )


def _take_header(state: _Scan, line: int, cells: int | None) -> None:
    state.width = cells or 0
    names: set[str] = set()
    advice = "give every column a name of its own"
    for at, name in enumerate(state.header, start=1):
        if not name.strip():
            state.fault("MH610", line, f"column {at} of the header has no name", advice)
        elif name in names:
            state.fault("MH610", line, f"column `{name}` stands twice in the header", advice)
        names.add(name)
