"""What can be wrong between the rows of a table of people, each as one question that Spark answers with a count."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from mhrules.classes import frozen
from mhrules.data.cells import shown
from mhrules.data.relations import Reference, dates_in_order, entry_columns, spans_of
from mhrules.data.rules import layout
from mhrules.data.schema import Table

_FAR = "DATE '9999-12-31'"


@frozen
class Check:
    """A fault between rows: its code, the rows that have it, and what is told of the first of them.

    `columns` are those of the source that are told, `shown` is which of them is the value at fault.
    """

    code: str
    source: str
    columns: tuple[str, ...]
    shown: int
    words: Callable[[Sequence[str]], str]
    help: str

    @property
    def sql(self) -> str:
        """How many rows have it, and the least of them as texts: the rest of a SELECT."""
        listed = ", ".join(f'CAST("{column}" AS STRING)' for column in self.columns)
        return f"count(*) AS n, min(array({listed})) AS least FROM {self.source}"

    def said(self, first: Sequence[str]) -> tuple[str, str]:
        """The sentence of the fault, and the column at fault."""
        return self.words(first), self.columns[self.shown]


def checks_of(table: Table) -> Iterator[Check]:
    """Days in order, keys that stand once, spans that do not overlap, entries that agree."""
    names = [column.name for column in layout(table)]
    for one, two in dates_in_order(table):
        yield _order(table, names[one], names[two])
    if not table.dated:
        yield _duplicates(table)
    yield from _overlaps(table, names)
    entries = entry_columns(table)
    if entries is not None:
        yield from (_entries(table, names[: entries[1]], name) for name in ("person_id", "payer") if name in names)


def unknown(table: Table, reference: Reference, known: str) -> Check:
    """Ids that the view `known` does not have."""
    column = layout(table)[reference.at].name
    there = f'EXISTS (SELECT 1 FROM "{known}" k WHERE k."{reference.key}" = t."{column}")'
    return Check(
        "MH633",
        f'"{table.name}" t WHERE "{column}" IS NOT NULL AND NOT {there}',
        (column,),
        0,
        lambda row: f"{column} {shown(row[0])} is not in table `{reference.table}`",
        f"add it to table `{reference.table}`, or correct it: ids are text, so `007` and `7` differ",
    )


def _order(table: Table, first: str, last: str) -> Check:
    return Check(
        "MH632",
        f'"{table.name}" WHERE "{first}" > "{last}"',
        (first, last),
        1,
        lambda row: f"`{first}` {row[0]} is after `{last}` {row[1]}",
        "correct one of the dates",
    )


def _duplicates(table: Table) -> Check:
    keys = tuple(key.name for key in table.keys)
    listed = ", ".join(f'"{key}"' for key in keys)
    return Check(
        "MH630",
        f'(SELECT {listed} FROM "{table.name}" GROUP BY {listed} HAVING count(*) > 1)',
        keys,
        len(keys) - 1,
        lambda row: f"key {_words(keys, row)} stands twice",
        "a table has one row for each key; remove or correct one of the rows",
    )


def _overlaps(table: Table, names: Sequence[str]) -> Iterator[Check]:
    spans = spans_of(table)
    if spans is None:
        return
    of, first, last = [names[at] for at in spans.of], names[spans.first], names[spans.last]
    by, end = ", ".join(f'"{name}"' for name in of), f'coalesce("{last}", {_FAR})'
    window = f'OVER (PARTITION BY {by} ORDER BY "{first}", {end} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)'
    before = f'SELECT *, max({end}) {window} AS reached, max("{first}") {window} AS begun FROM "{table.name}"'
    again = "" if table.dated else f' AND begun < "{first}"'  # the same key twice has been told
    yield Check(
        "MH631",
        f'({before} WHERE {end} >= "{first}") WHERE reached >= "{first}"{again}',
        (*of, first),
        len(of),
        lambda row: f"span from {row[-1]} of {_words(of, row)} overlaps another",
        f"a span ends on the day before the next begins: both `{first}` and `{last}` are included",
    )


def _entries(table: Table, keys: Sequence[str], name: str) -> Check:
    listed = ", ".join(f'"{key}"' for key in keys)
    differ = f'HAVING min("{name}") <> max("{name}")'
    return Check(
        "MH634",
        f'(SELECT {listed}, max("{name}") AS "{name}" FROM "{table.name}" GROUP BY {listed} {differ})',
        (*keys, name),
        len(keys),
        lambda row: f"entries of {_words(keys, row)} have different {name}, one of them {shown(row[-1])}",
        "the entries of one claim line are of one person and one payer",
    )


def and_more(count: int, table: Table) -> str:
    """How often a fault stands besides the one that is shown."""
    return f"and {count:,} more time{'s' * (count != 1)} in table `{table.name}`" if count > 0 else ""


def _words(columns: Sequence[str], row: Sequence[str]) -> str:
    return ", ".join(f"{name} {shown(value)}" for name, value in zip(columns, row, strict=False))
