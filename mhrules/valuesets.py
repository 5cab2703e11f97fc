"""Value sets from files: `valueset primary_care from "valuesets/primary_care.csv"`.

The file is CSV in UTF-8 with a header: a column `code`, and where wanted `system` and `description`. Codes are texts:
leading zeros count. Codes of two systems may be alike; a rule text asks for the code alone.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from attrs import field

from mhrules.classes import frozen
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import DataPlace, DiagnosticError
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.files import is_unseen, read_under_root
from mhrules.source import Source, Span
from mhrules.syntax import tree as t

CODE, SYSTEM = "code", "system"
COLUMNS = (CODE, SYSTEM, "description")
MOST_FAULTS = 20
"""Findings about the rows of one file."""


@frozen
class ValueSetFile:
    """The file of a value set: its text, for the manifest, and its codes, each once, in the order of the file."""

    source: Source
    codes: tuple[str, ...] = field(repr=False)


def value_set_files(root: Path, trees: Iterable[t.File], findings: Findings) -> Mapping[str, ValueSetFile]:
    """The files that the value sets of some rule texts name, by their path from the program's root.

    A file that cannot be used is a finding and left out.
    """
    found: dict[str, ValueSetFile] = {}
    for tree in trees:
        for node in tree.walk():
            if isinstance(node, t.ValueSet) and node.path is not None and node.path.value not in found:
                read = _read(root, node.path.value, node.path.span, findings)
                if read is not None:
                    found[node.path.value] = read
    return found


def _read(root: Path, name: str, span: Span, findings: Findings) -> ValueSetFile | None:
    try:
        content = read_under_root(root, name, span=span)
    except DiagnosticError as error:
        findings.extend(error.diagnostics)
        return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        place = DataPlace(name, content.count(b"\n", 0, error.start) + 1)
        help = "save it again with the encoding UTF-8"
        findings.report("MH002", f"`{name}` is not UTF-8 text", span, place=place, help=help)
        return None
    table = _Table(name, span, findings)
    codes = table.codes(text.removeprefix("\ufeff"))
    return None if table.faults else ValueSetFile(Source(name, text), codes)


class _Table:
    """Reads one file, row by row; `faults` counts the errors found."""

    def __init__(self, name: str, span: Span, findings: Findings) -> None:
        self.name = name
        self.span = span
        self.findings = findings
        self.faults = 0

    def codes(self, text: str) -> tuple[str, ...]:
        """Every code; what is wrong is reported."""
        seen: dict[tuple[str, str], int] = {}
        try:
            rows = self._rows(text)
            header = next(rows, (1, []))[1]
            at = self._header(header)
            for line, row in rows if at is not None else ():
                self._take(line, row, header, seen)
        except csv.Error as error:
            self._fault(None, f"`{self.name}` breaks the rules of CSV: {error}", "put cells with quotes in quotes")
        if not seen and not self.faults:
            advice = "write a row for each code below the header"
            self._fault(None, f"value set file `{self.name}` holds no code", advice)
        return tuple(dict.fromkeys(code for code, _ in seen))

    def _rows(self, text: str) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        line = 1
        for row in reader:
            yield line, row
            line = reader.line_num + 1

    def _header(self, header: list[str]) -> int | None:
        """Where the codes stand; None, with a finding, if nowhere."""
        twice = next((name for name in header if header.count(name) > 1), None)
        if twice is not None:
            self._fault(1, f"column `{twice}` stands twice in `{self.name}`", "give every column a name of its own")
            return None
        if CODE not in header:
            near = did_you_mean(CODE, header) or next((name for name in header if CODE in name.lower()), None)
            by_name = "its first line names the columns: `code,description`"
            advice = f"rename column `{near}` to `code`" if near else by_name
            self._fault(1, f"value set file `{self.name}` has no column `code`", advice)
            return None
        for name in header:
            if name not in COLUMNS:
                place = DataPlace(self.name, 1, name)
                help = "a value set has the columns `code`, `system` and `description`"
                self.findings.report("MH612", f"column `{name}` is not read", help=help, place=place)
        return header.index(CODE)

    def _take(self, line: int, row: list[str], header: list[str], seen: dict[tuple[str, str], int]) -> None:
        """Keep the code of one row."""
        if len(row) != len(header):
            cells = f"{len(row)} cell{'s' * (len(row) != 1)}"
            self._fault(line, f"row has {cells}, but the header has {len(header)}", "put cells with commas in quotes")
            return
        cells_by = dict(zip(header, row, strict=True))
        code = unicodedata.normalize("NFC", cells_by[CODE])
        if not code.strip() or code != code.strip() or any(is_unseen(c) for c in code):
            what = f"code `{code}` has blanks around it or unseen characters" if code.strip() else "code is empty"
            self._fault(line, what, "write the code alone, as claims have it")
            return
        first = seen.setdefault((code, cells_by.get(SYSTEM, "")), line)
        if first != line:
            self._fault(line, f"code `{code}` stands twice, first on line {first}", "remove one of the rows")

    def _fault(self, line: int | None, message: str, advice: str) -> None:
        self.faults += 1
        if self.faults <= MOST_FAULTS:
            self.findings.report("MH009", message, self.span, help=advice, place=DataPlace(self.name, line, CODE))
