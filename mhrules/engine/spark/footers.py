"""Where a table of people lies, and what the footers of its Parquet files say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mhrules.classes import frozen
from mhrules.data.reports import DataFindings
from mhrules.diagnostics.model import DataPlace

_KINDS = {
    "string": "STRING",
    "large_string": "STRING",
    "date32[day]": "DATE",
    "bool": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INT",
    "int64": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
}
"""Types of Arrow, and what Spark calls them."""


@frozen
class Place:
    """A Parquet file, or a folder of files of one shape.

    `file` is the name people are shown; `columns` are Spark's types by name, empty where it is none that is read;
    `counts` are the rows of each file.
    """

    path: Path
    file: str
    columns: dict[str, str]
    counts: dict[Path, int]

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(self.counts.values())

    @classmethod
    def of(cls, path: Path, findings: DataFindings) -> Place | None:
        """What is there; None, with a finding, if a file cannot be read, or has other columns than those before it."""
        import pyarrow
        from pyarrow.parquet import ParquetFile

        columns: dict[str, str] | None = None
        counts: dict[Path, int] = {}
        for file in sorted(path.rglob("*.parquet")) if path.is_dir() else [path]:
            shown = path.name if file == path else f"{path.name}/{file.relative_to(path).as_posix()}"
            try:
                with ParquetFile(file) as opened:
                    found = {each.name: _kind(each.type) for each in opened.schema_arrow}
                    counts[file] = opened.metadata.num_rows
            except (OSError, pyarrow.ArrowException) as error:
                note = str(error).splitlines()[0].replace(str(file), shown)
                help = "check that the file is whole and is what its ending says"
                findings.report("MH604", f"`{shown}` cannot be read", notes=note, help=help, place=DataPlace(shown))
                return None
            if columns not in (None, found):
                other = min(name for name in {*columns, *found} if columns.get(name) != found.get(name))
                message = f"files of `{path.name}` are not of one shape: they differ in column `{other}`"
                help = "write all files of a table with the same columns of the same types"
                findings.report("MH604", message, help=help, place=DataPlace(shown, None, other))
                return None
            columns = found
        return cls(path, path.name, columns or {}, counts)


def _kind(kind: Any) -> str:
    """What Spark calls a type of Arrow; empty for one that is not read."""
    text = str(getattr(kind, "value_type", kind) if str(kind).startswith("dictionary") else kind)
    if text.startswith("decimal128("):
        return text.replace("decimal128", "DECIMAL").replace(" ", "")
    return _KINDS.get(text, "")
