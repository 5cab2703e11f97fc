"""`binding.toml`: how the files of a source are read as the tables of the model.

Read here as text alone, strictly: an unknown key or a value of the wrong kind is a finding with its line. Whether it
fits the tables that a program reads is checked by `rules.py`, when both are known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from attrs import evolve, field

from mhrules.classes import frozen
from mhrules.data.tomlplaces import TomlPlaces
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import DiagnosticError
from mhrules.diagnostics.registry import finding
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.exact import Rounding
from mhrules.source import Source, Span

EDITION = 1
_LARGEST = 1_000_000  # characters
_ROUNDINGS = {f"round {mode.value}": mode for mode in Rounding}
_DATE_PATTERN = re.compile(r"(?:%[YmdHMS]|[^%])+")
DELIMITERS = (",", ";", "\t", "|")

Path_ = tuple[str, ...]


@frozen
class Settings:
    """What may stand at the top, in a table or in a column; the nearest that is set holds.

    `missing`: words that mean missing, beside the empty cell. `trim`: blanks around a value are cut off.
    `shortest_floats`: a binary floating-point column is read as its shortest decimal text. `accounting`: numbers
    may be written `$1,234.50` or `(1,234.50)`. `extra_digits`: digits beyond a column's places are rounded so.
    """

    missing: tuple[str, ...] | None = None
    trim: bool | None = None
    shortest_floats: bool | None = None
    accounting: bool | None = None
    extra_digits: Rounding | None = None

    def over(self, wider: Settings) -> Settings:
        """These settings, completed by those of a wider scope."""
        return Settings(
            self.missing if self.missing is not None else wider.missing,
            self.trim if self.trim is not None else wider.trim,
            self.shortest_floats if self.shortest_floats is not None else wider.shortest_floats,
            self.accounting if self.accounting is not None else wider.accounting,
            self.extra_digits or wider.extra_digits,
        )


@frozen
class ColumnBinding:
    """How one column of the model is read. `source` is None where the source has a column of the same name.

    `until`: the day itself is not included, as the first day after a span. `row_number`: the number of the row in its
    file stands for the value.
    """

    name: str
    span: Span
    source: str | None = None
    constant: str | None = None
    absent: bool = False
    codes: Mapping[str, str] | None = None
    yes: tuple[str, ...] | None = None
    no: tuple[str, ...] | None = None
    scale: str | None = None  # "fraction" or "percent"
    date: str | None = None
    until: bool = False
    row_number: bool = False
    settings: Settings = field(factory=Settings)


Words = tuple[tuple[str, tuple[str, ...]], ...]
"""Columns of the source, and for each the words that are meant."""


@frozen
class TableBinding:
    """Where one table of the model comes from, or one part of it.

    `files` are patterns under the data folder; `table` is a table's name in a DuckDB file. `where` keeps the rows
    whose source column holds one of the words, `where_not` those that hold none. `ignore` are source columns (or
    patterns) that are known and not used. With `distinct`, rows that agree in every column are read once.
    """

    name: str
    span: Span
    files: tuple[str, ...] = ()
    table: str | None = None
    delimiter: str = ","
    where: Words = ()
    where_not: Words = ()
    ignore: tuple[str, ...] = ()
    columns: Mapping[str, ColumnBinding] = field(factory=dict)
    settings: Settings = field(factory=Settings)
    distinct: bool = False
    part: str = ""
    parts: tuple[TableBinding, ...] = ()

    @property
    def readings(self) -> tuple[TableBinding, ...]:
        """What is read, one after the other: the table's own block, unless only parts name a source, and each part."""
        own = bool(self.files) or self.table is not None
        elsewhere = any(part.files or part.table is not None for part in self.parts)
        return ((self,) if own or not elsewhere else ()) + self.parts

    def ignores(self, column: str) -> bool:
        """Whether a source column is known and not used."""
        return column in self.ignore or any(fnmatchcase(column, pattern) for pattern in self.ignore)


@frozen
class Binding:
    """A whole `binding.toml`. `ignore_files` are patterns of files in the data folder that are known and not read."""

    source: Source
    tables: Mapping[str, TableBinding]
    ignore_files: tuple[str, ...] = ()
    settings: Settings = field(factory=Settings)


def read_binding(path: Path, name: str | None = None) -> Binding:
    """The binding in a file. `name` is what findings call it, by default the file's own name.

    Raises:
        DiagnosticError: it cannot be read or does not hold together (MH640 to MH642).
    """
    shown = name or path.name
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise DiagnosticError([finding("MH640", f"`{shown}` cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise DiagnosticError([finding("MH640", f"`{shown}` is not UTF-8 text")]) from error
    return parse_binding(text, shown)


def parse_binding(text: str, name: str = "binding.toml") -> Binding:
    """The binding that a text states; `name` is what findings call it.

    Raises:
        DiagnosticError: the text does not hold together (MH640 to MH642).
    """
    source = Source(name, text.replace("\r\n", "\n"))
    if len(text) > _LARGEST:
        raise DiagnosticError([finding("MH640", f"`{name}` is longer than {_LARGEST} characters")])
    import tomllib

    try:
        raw = tomllib.loads(source.text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, ValueError, ArithmeticError, RecursionError) as error:
        raise DiagnosticError([_not_toml(source, error)]) from error
    reader = _Reader(source)
    binding = reader.binding(raw)
    reader.findings.raise_if_errors()
    return binding


def _not_toml(source: Source, error: Exception) -> Any:
    """The finding for a text that is not TOML, at the line the reader stopped."""
    found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
    span = None
    if found:
        start = source.line_starts[int(found[1]) - 1] + int(found[2]) - 1
        span = Span(source, min(start, len(source.text)), min(start + 1, len(source.text)))
    words = "nested too deeply" if isinstance(error, RecursionError) else str(error).split(" (at ")[0]
    words = words[:1].lower() + words[1:]
    help = "a table's header `[tables.name]` may stand once, with all its keys below it" if "twice" in words else ""
    return finding("MH640", f"binding is not valid TOML: {words}", span, help=help)


class _Reader:
    """Walks the parsed TOML, keeps what it understands and reports the rest."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.places = TomlPlaces(source)
        self.findings = Findings()

    def binding(self, raw: dict[str, Any]) -> Binding:
        self._keys(raw, (), {"binding", "tables", "ignore_files", *_SETTINGS})
        edition = raw.get("binding")
        if edition is None:
            self._report("MH642", "binding does not say its edition", (), "begin the file with `binding = 1`")
        elif type(edition) is not int or edition != EDITION:
            self._wrong(("binding",), f"`{EDITION}`")
        tables = self._tables_of(raw, ("tables",))
        return Binding(
            source=self.source,
            tables={name: self._table(name, entry, ("tables", name)) for name, entry in tables.items()},
            ignore_files=self._patterns(raw, ("ignore_files",)),
            settings=self._settings(raw, ()),
        )

    def _table(self, name: str, raw: dict[str, Any], path: Path_) -> TableBinding:
        self._keys(raw, path, {*_SOURCE_KEYS, "distinct", "parts", *_SETTINGS})
        table = self._source(name, raw, path)
        parts = self._tables_of(raw, (*path, "parts"))
        return evolve(
            table,
            distinct=self._flag(raw, (*path, "distinct")) or False,
            parts=tuple(self._part(table, key, entry, (*path, "parts", key)) for key, entry in parts.items()),
        )

    def _part(self, whole: TableBinding, name: str, raw: dict[str, Any], path: Path_) -> TableBinding:
        """One part of a table: what it does not say itself is as the table says."""
        self._keys(raw, path, {*_SOURCE_KEYS, *_SETTINGS})
        own = self._source(whole.name, raw, path)
        located = own.files or own.table is not None
        return evolve(
            own,
            part=name,
            files=own.files if located else whole.files,
            table=own.table if located else whole.table,
            delimiter=own.delimiter if "delimiter" in raw else whole.delimiter,
            where=own.where if "where" in raw else whole.where,
            where_not=own.where_not if "where_not" in raw else whole.where_not,
            ignore=whole.ignore + own.ignore,
            columns={**whole.columns, **own.columns},
            settings=own.settings.over(whole.settings),
        )

    def _source(self, name: str, raw: dict[str, Any], path: Path_) -> TableBinding:
        """What a table and a part of one say alike: where the rows are, and how they are read."""
        files = self._patterns(raw, (*path, "files"))
        table = self._text(raw, (*path, "table"))
        if files and table is not None:
            self._report("MH642", "`files` and `table` cannot stand together", (*path, "table"))
        delimiter = self._text(raw, (*path, "delimiter")) or ","
        if delimiter not in DELIMITERS:
            self._wrong((*path, "delimiter"), r'one of `","`, `";"`, `"\t"`, `"|"`')
        columns = self._tables_of(raw, (*path, "columns"), texts=True)
        return TableBinding(
            name=name,
            span=self.places.find(path),
            files=files,
            table=table,
            delimiter=delimiter,
            where=self._where(raw, (*path, "where")),
            where_not=self._where(raw, (*path, "where_not")),
            ignore=self._texts(raw, (*path, "ignore")) or (),
            columns={key: self._column(key, entry, (*path, "columns", key)) for key, entry in columns.items()},
            settings=self._settings(raw, path),
        )

    def _column(self, name: str, raw: dict[str, Any] | str, path: Path_) -> ColumnBinding:
        span = self.places.find(path)
        if isinstance(raw, str):
            return ColumnBinding(name, span, source=raw)
        known = {"from", "constant", "absent", "codes", "yes", "no", "as", "date", "until", "row_number", *_SETTINGS}
        self._keys(raw, path, known)
        column = ColumnBinding(
            name=name,
            span=span,
            source=self._text(raw, (*path, "from")),
            constant=self._constant(raw, (*path, "constant")),
            absent=self._flag(raw, (*path, "absent")) or False,
            codes=self._codes(raw, (*path, "codes")),
            yes=self._texts(raw, (*path, "yes")),
            no=self._texts(raw, (*path, "no")),
            scale=self._choice(raw, (*path, "as"), ("fraction", "percent")),
            date=self._date(raw, (*path, "date")),
            until=self._flag(raw, (*path, "until")) or False,
            row_number=self._flag(raw, (*path, "row_number")) or False,
            settings=self._settings(raw, path),
        )
        if (column.source is not None) + (column.constant is not None) + column.absent + column.row_number > 1:
            self._report("MH642", "`from`, `constant`, `absent` and `row_number` cannot stand together", path)
        if (column.yes is None) != (column.no is None):
            self._report("MH642", "`yes` and `no` must stand together", path)
        elif column.yes and column.no and set(column.yes) & set(column.no):
            self._report("MH642", f"`{min(set(column.yes) & set(column.no))}` means both yes and no", path)
        return column

    def _settings(self, raw: dict[str, Any], path: Path_) -> Settings:
        floats = self._choice(raw, (*path, "float"), ("refuse", "shortest"))
        written = self._choice(raw, (*path, "written"), ("plain", "accounting"))
        digits = self._choice(raw, (*path, "extra_digits"), tuple(_ROUNDINGS))
        return Settings(
            missing=self._texts(raw, (*path, "missing")),
            trim=self._flag(raw, (*path, "trim")),
            shortest_floats=None if floats is None else floats == "shortest",
            accounting=None if written is None else written == "accounting",
            extra_digits=None if digits is None else _ROUNDINGS[digits],
        )

    def _where(self, raw: dict[str, Any], path: Path_) -> Words:
        entry = raw.get(path[-1], {})
        if not isinstance(entry, dict):
            self._wrong(path, 'columns and words, such as `{ risk = "one" }`')
            return ()
        found = []
        for column in entry:
            words = self._texts(entry, (*path, column))
            if words is not None:
                found.append((column, words))
        return tuple(found)

    def _codes(self, raw: dict[str, Any], path: Path_) -> dict[str, str] | None:
        entry = raw.get("codes")
        if entry is None:
            return None
        if not isinstance(entry, dict) or not all(isinstance(code, str) for code in entry.values()):
            self._wrong(path, 'words of the source and codes of the model, such as `{ "Track 1" = "track_1" }`')
            return None
        return entry

    def _constant(self, raw: dict[str, Any], path: Path_) -> str | None:
        value = raw.get("constant")
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < 100:
            return format(value, "f")
        if isinstance(value, int) or (isinstance(value, date) and not isinstance(value, datetime)):
            return str(value)
        self._wrong(path, "a text, a number, yes or no (`true`, `false`), or a date")
        return None

    def _date(self, raw: dict[str, Any], path: Path_) -> str | None:
        text = self._text(raw, path)
        if text is None:
            return None
        parts = re.findall("%[YmdHMS]", text)
        if not _DATE_PATTERN.fullmatch(text) or len(set(parts)) != len(parts) or not {"%Y", "%m"} <= set(parts):
            self._wrong(path, 'a pattern with `%Y` and `%m` (and `%d`) once each, such as `"%m/%d/%Y"`')
            return None
        return text

    def _patterns(self, raw: dict[str, Any], path: Path_) -> tuple[str, ...]:
        texts = self._texts(raw, path) or ()
        for text in texts:
            parts = text.split("/")
            if not text or "\\" in text or ":" in text or "" in parts or ".." in parts or "**" in text or "\0" in text:
                self._wrong(path, 'file names under the data folder, such as `"mssp_*.csv"`')
                return ()
        return texts

    def _texts(self, raw: dict[str, Any], path: Path_) -> tuple[str, ...] | None:
        value = raw.get(path[-1])
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list) and all(isinstance(v, str) for v in value):
            return tuple(value)
        if value is not None:
            self._wrong(path, "a text or a list of texts in quotes")
        return None

    def _text(self, raw: dict[str, Any], path: Path_) -> str | None:
        value = raw.get(path[-1])
        if value is not None and not isinstance(value, str):
            self._wrong(path, "a text in quotes")
            return None
        return value

    def _choice(self, raw: dict[str, Any], path: Path_, allowed: tuple[str, ...]) -> str | None:
        value = self._text(raw, path)
        if value is not None and value not in allowed:
            self._wrong(path, "one of " + ", ".join(f'`"{a}"`' for a in allowed))
            return None
        return value

    def _flag(self, raw: dict[str, Any], path: Path_) -> bool | None:
        value = raw.get(path[-1])
        if value is not None and not isinstance(value, bool):
            self._wrong(path, "`true` or `false`")
            return None
        return value

    def _tables_of(self, raw: dict[str, Any], path: Path_, *, texts: bool = False) -> dict[str, Any]:
        """The entry at the end of `path`, whose own entries must be tables (or, with `texts`, texts)."""
        entry = raw.get(path[-1], {})
        if not isinstance(entry, dict):
            self._wrong(path, f"a table, such as `[{'.'.join(path)}.name]`")
            return {}
        good = {}
        for key, value in entry.items():
            if isinstance(value, dict) or (texts and isinstance(value, str)):
                good[key] = value
            else:
                wanted = 'a source column, such as `"case_id"`, or rules in braces' if texts else "a table"
                self._wrong((*path, key), wanted)
        return good

    def _keys(self, raw: dict[str, Any], path: Path_, known: set[str]) -> None:
        for key in raw:
            if key not in known:
                near = did_you_mean(key, known)
                names = ", ".join(f"`{k}`" for k in sorted(known))
                advice = f"did you mean `{near}`?" if near else f"known here: {names}"
                self._report("MH641", f"unknown key `{key}` in the binding", (*path, key), advice)

    def _wrong(self, path: Path_, wanted: str) -> None:
        self._report("MH642", f"`{path[-1]}` must be {wanted}", path)

    def _report(self, code: str, message: str, path: Path_, help: str = "") -> None:
        self.findings.report(code, message, self.places.find(path), help=help)


_SOURCE_KEYS = frozenset({"files", "table", "delimiter", "where", "where_not", "ignore", "columns"})
_SETTINGS = frozenset({"missing", "trim", "float", "written", "extra_digits"})
