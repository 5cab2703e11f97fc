"""Which files of a data folder are read for which table. Nothing outside the folder, in sorted order."""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase
from pathlib import Path

from mhrules.classes import frozen
from mhrules.data.binding import Binding, TableBinding
from mhrules.data.schema import Schema, Table
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import DataPlace
from mhrules.diagnostics.suggest import did_you_mean

_ENDINGS = (".csv", ".parquet")
_MOST_FILES = 100_000


class DataFolder:
    """The files below a data folder, by their names relative to it, with `/`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.names: tuple[str, ...] = tuple(sorted(self._walk()))

    def _walk(self) -> list[str]:
        """Every file below the root. Folders that are links are listed as names, never entered.

        Raises:
            OSError: a folder cannot be listed: what it holds is not known.
        """

        def refuse(error: OSError) -> None:
            raise error

        found: list[str] = []
        for folder, folders, names in os.walk(self.root, onerror=refuse, followlinks=False):
            links = [name for name in folders if (Path(folder) / name).is_symlink()]
            for name in (*names, *links):
                found.append((Path(folder) / name).relative_to(self.root).as_posix())
            if len(found) > _MOST_FILES:
                break
        return found

    def matching(self, pattern: str) -> list[str]:
        """The names that a pattern matches, part by part; a file of just that name is matched alone."""
        if pattern in self.names:
            return [pattern]
        parts = pattern.split("/")
        return [name for name in self.names if _matches(name.split("/"), parts)]

    def path(self, name: str) -> Path | None:
        """The file of that name, or None if it lies outside the folder through a link, or is no plain file."""
        try:
            real = (self.root / name).resolve(strict=True)
        except OSError:
            return None
        return real if real.is_relative_to(self.root.resolve()) and real.is_file() else None


@frozen
class Reading:
    """Files that are read in one way for a table: those of its binding, of a part of it, or of its own name."""

    table: str
    bound: TableBinding | None
    files: tuple[str, ...]


def table_files(
    schema: Schema, folder: DataFolder, binding: Binding | None, findings: Findings
) -> tuple[list[Reading], dict[str, str]]:
    """Which files are read for which table, and for each table without any, what to do about it.

    Files that nothing reads are reported.
    """
    found: list[Reading] = []
    missing: dict[str, str] = {}
    for table in schema.tables:
        bound = binding.tables.get(table.name) if binding else None
        for reading in bound.readings if bound else (None,):
            needed = table.required and not (schema.population and table.name == schema.panel)
            names = _bound_files(table, reading, folder, None if needed else missing, findings)
            if names is None:
                names = _named_files(table, schema, folder, missing, findings)
            good = tuple(name for name in names if _inside(folder, name, table.name, findings))
            if good:
                found.append(Reading(table.name, reading, good))
    _report_unread(schema, folder, binding, found, findings)
    return found, missing


def _bound_files(
    table: Table, bound: TableBinding | None, folder: DataFolder, missing: dict[str, str] | None, findings: Findings
) -> tuple[str, ...] | None:
    """The files a binding names for a table; None if it names none. `missing` takes what the data may lack."""
    if bound is None or not bound.files:
        if bound is not None and bound.table is not None:
            findings.report(
                "MH644",
                f"`table` names a table of a DuckDB file, but the data is a folder: `{bound.table}`",
                bound.span,
                help="write `files` instead, or give the DuckDB file itself as the data",
            )
            return ()
        return None
    names: list[str] = []
    for pattern in bound.files:
        matching = [name for name in folder.matching(pattern) if name not in names]
        if not matching and missing is not None:
            findings.report("MH645", f"no file matches `{pattern}`", bound.span)
            missing.setdefault(table.name, f"no file matches `{pattern}` of the binding")
        elif not matching:
            findings.report(
                "MH602",
                f"no data for table `{table.name}`: no file matches `{pattern}`",
                bound.span,
                help=_near_file(pattern, folder),
            )
        names += matching
    return tuple(sorted(names))


def _near_file(pattern: str, folder: DataFolder) -> str:
    near = did_you_mean(re.sub(r"\[[^\]]*\]|[*?]", "", pattern), folder.names)
    return f"the folder has `{near}`" if near else "patterns are relative to the data folder"


def _named_files(
    table: Table, schema: Schema, folder: DataFolder, missing: dict[str, str], findings: Findings
) -> tuple[str, ...]:
    """The file that has the table's own name."""
    names = [table.name + ending for ending in _ENDINGS if table.name + ending in folder.names]
    if len(names) > 1:
        findings.report(
            "MH603",
            f"table `{table.name}` is there twice: `{names[0]}` and `{names[1]}`",
            help="keep one of the files, or name one in the binding",
            place=DataPlace(names[0]),
        )
        return ()
    if not names:
        others = {each.name + ending for each in schema.tables for ending in _ENDINGS}
        near = did_you_mean(table.name + ".csv", [n for n in folder.names if n.endswith(_ENDINGS) and n not in others])
        hint = f"the folder has `{near}`: rename it, or " if near else "write it, or "
        missing[table.name] = f"the file would be `{table.name}.csv`: {hint}name other files in a binding"
    return tuple(names)


def _inside(folder: DataFolder, name: str, table: str, findings: Findings) -> bool:
    if folder.path(name) is not None:
        return True
    findings.report(
        "MH605",
        f"`{name}` does not lead to a file inside the data folder, so table `{table}` cannot be read from it",
        help="put the file itself into the folder, not a link to it",
        place=DataPlace(name),
    )
    return False


def _report_unread(
    schema: Schema, folder: DataFolder, binding: Binding | None, found: list[Reading], findings: Findings
) -> None:
    """Warn of data files that no table reads."""
    read = {name for reading in found for name in reading.files}
    known = [pattern.split("/") for pattern in binding.ignore_files] if binding else []
    without = {table.name for table in schema.tables} - {reading.table for reading in found}
    tables = sorted(without)
    for name in folder.names:
        if name in read or not name.endswith(_ENDINGS) or any(_matches(name.split("/"), p) for p in known):
            continue
        stem = Path(name).stem
        if stem in (table.name for table in schema.tables) and not (binding and stem in binding.tables):
            continue  # given twice: reported as such
        near = did_you_mean(stem, tables)
        known_advice = "name it under `ignore_files` in the binding, or remove it"
        advice = f"did you mean table `{near}`?" if near else known_advice
        findings.report("MH613", f"file `{name}` is not read by any table", help=advice, place=DataPlace(name))


def _matches(parts: list[str], patterns: list[str]) -> bool:
    return len(parts) == len(patterns) and all(fnmatchcase(a, b) for a, b in zip(parts, patterns, strict=True))
