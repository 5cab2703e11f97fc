"""Values as the texts that files have, worked out by the database: the same characters as the interpreter writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from attrs import field

from mhrules.classes import frozen
from mhrules.engine.spark.store import SparkStore
from mhrules.engine.sql.store import Store
from mhrules.exact import PLACES
from mhrules.plan import ir
from mhrules.semantics.types import Kind
from mhrules.settle.csvtext import NEUTRALIZED, quoted_for
from mhrules.settle.sheets import TEXT, Sheet

_MONTH = "lpad(quotient({0}, 12)::VARCHAR, 4, '0') || '-' || lpad((({0}) % 12 + 1)::VARCHAR, 2, '0')"


@frozen
class Cell:
    """The text of a column as SQL, never NULL; `exact`, itself SQL: it is a number or a word that needs no care."""

    sql: str
    exact: str = "true"


def exact_text(value: str, places: int) -> str:
    """An integer at decimal places, as short as exact; nothing for NULL."""
    if places == 0:
        return f"coalesce(({value})::VARCHAR, '')"
    one = 10**places
    rest = f"lpad((abs({value}) % {one})::VARCHAR, {places}, '0')"
    return (
        f"CASE WHEN {value} IS NULL THEN '' ELSE CASE WHEN {value} < 0 THEN '-' ELSE '' END "
        f"|| (abs({value}) // {one})::VARCHAR "
        f"|| CASE WHEN abs({value}) % {one} = 0 THEN '' ELSE '.' || rtrim({rest}, '0') END END"
    )


def fixed_text(value: str, places: int, shown: int) -> str:
    """An integer at decimal places, with at least as many shown."""
    one, scaled = 10**shown, value if shown == places else f"({value} * {10 ** (shown - places)})"
    return (
        f"CASE WHEN {scaled} < 0 THEN '-' ELSE '' END || (abs({scaled}) // {one})::VARCHAR || '.' "
        f"|| lpad((abs({scaled}) % {one})::VARCHAR, {shown}, '0')"
    )


def month_text(month: str) -> str:
    """A month as `2012-03`."""
    return _MONTH.format(month)


def value_text(value: str, node: ir.Expression, places: int) -> str:
    """A value of an expression as `plain_text` writes it; nothing for NULL."""
    if node.type.is_number:
        return exact_text(value, places)
    if node.type.kind is Kind.YES_NO:
        return f"CASE WHEN {value} IS NULL THEN '' WHEN {value} THEN 'yes' ELSE 'no' END"
    return f"coalesce(({value})::VARCHAR, '')"


def labels(clock: str, named: Mapping[int, str]) -> str:
    """The name of a period by its first month."""
    listed = " ".join(f"WHEN {first} THEN '{label}'" for first, label in named.items())
    return f"CASE {clock} {listed} END"


def as_cell(text: str) -> str:
    """A text as CSV has it: neutral to spreadsheets, in quotation marks where it must be."""
    codes = ", ".join(str(ord(character)) for character in NEUTRALIZED)
    neutral = f"CASE WHEN ascii({text}) IN ({codes}) THEN '''' || {text} ELSE {text} END"
    special = " OR ".join(f"contains({text}, chr({ord(character)}))" for character in quoted_for())
    return f"CASE WHEN {special} THEN '\"' || replace({neutral}, '\"', '\"\"') || '\"' ELSE {neutral} END"


def plain(words: Iterable[str]) -> str:
    """`true` if none of the words needs care in CSV: what a column of them has for `exact`."""
    careful = any(word and (word[0] in NEUTRALIZED or set(word) & set(quoted_for())) for word in words)
    return "false" if careful else "true"


def joined(texts: Sequence[str]) -> str:
    """Texts one behind the other, joined in halves: a plan of as many steps, one in the other, takes far longer."""
    if len(texts) == 1:
        return texts[0]
    half = len(texts) // 2
    return f"({joined(texts[:half])} || {joined(texts[half:])})"


@frozen
class Query:
    """A file whose rows are a relation: `source` its rows, `cells` its columns by name, `order` how they stand."""

    sheet: Sheet
    store: Store = field(repr=False)
    source: str = field(repr=False)
    cells: Mapping[str, Cell] = field(repr=False)
    order: str = field(repr=False)

    def csv_chunks(self, size: int) -> Iterator[tuple[str, int]]:
        """The rows as CSV lines, so many at a time, with their number."""
        parts = []
        for name in self.sheet.columns:
            cell = self.cells[name]
            if cell.exact == "true":
                parts.append(cell.sql)
            elif cell.exact == "false":
                parts.append(as_cell(cell.sql))
            else:
                parts.append(f"CASE WHEN {cell.exact} THEN {cell.sql} ELSE {as_cell(cell.sql)} END")
        ends = [*(["','"] * (len(parts) - 1)), "chr(10)"]
        line = joined([text for part, end in zip(parts, ends, strict=True) for text in (f"({part})", end)])
        for lines in self.store.batches(f"SELECT {line} {self.source} ORDER BY {self.order}", size):
            yield "".join(lines), len(lines)

    def on_spark(self) -> Callable[[Path], int] | None:
        """What writes the rows as a folder of Parquet files and counts them, if they are in Spark; None if not."""
        store = self.store
        if not isinstance(store, SparkStore) or not store.of_people(self.source):
            return None
        return partial(store.write, self.typed())

    def typed(self) -> str:
        """The rows with the types of the file's columns, in order."""
        parts = []
        for name, kind in self.sheet.columns.items():
            sql = self.cells[name].sql
            parts.append(f'{sql} AS "{name}"' if kind == TEXT else f"CAST(nullif({sql}, '') AS {kind}) AS \"{name}\"")
        return f"SELECT {', '.join(parts)} {self.source} ORDER BY {self.order}"


def scaled(value: str, places: int, to: int = PLACES) -> str:
    """An integer at decimal places as one at more."""
    return value if places == to else f"({value})::HUGEINT * {10 ** (to - places)}"
