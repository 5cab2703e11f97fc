"""A table read straight from its sources, if nothing at all is wrong with it: no text, no numbers of rows, no copies.

Whatever is out of the ordinary, one cell that has to be looked up or one row that does not fit the others, and nothing
is kept: the table is then read the way that finds out what it is and where (`convert`, `rowcheck`). So this way reports
nothing, and both publish the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from mhrules.classes import frozen
from mhrules.data.cells import Fault, parse
from mhrules.data.convert import Feed, one_of_sql, sql_type
from mhrules.data.database import identifier
from mhrules.data.direct_cells import direct_sql, value_sql
from mhrules.data.limits import limit_reached
from mhrules.data.relations import Reference, dates_in_order, entry_columns, spans_of
from mhrules.data.rules import layout
from mhrules.data.schema import Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FILE = "number of the file"  # no column of the model has blanks in its name
_OPEN = "DATE '9999-12-31'"


@frozen
class Feeding:
    """A feed, and what the binding says of its rows: `until`, the end of a span is not included."""

    feed: Feed
    until: bool


@frozen
class LeftRows:
    """How many rows of the feed at a position were left out, and why."""

    at: int
    reason: str
    rows: int


@frozen
class Direct:
    """One table to be read: `distinct`, rows that are the same are read once; `known`, the ids of other tables."""

    connection: DuckDBPyConnection
    table: Table
    feedings: Sequence[Feeding]
    distinct: bool
    known: Mapping[Reference, str]

    @property
    def name(self) -> str:
        """The table, quoted."""
        return identifier(self.table.name)

    @property
    def columns(self) -> list[str]:
        """The columns in the order of a row, quoted."""
        return [identifier(column.name) for column in layout(self.table)]

    def count(self, query: str) -> int:
        """The one number that a query gives."""
        ((found,),) = self.connection.execute(query).fetchall()
        return int(found)

    def answers(self, questions: Sequence[str]) -> list[bool]:
        """What is so of all rows together; of no row nothing is."""
        (found,) = self.connection.execute(f"SELECT {', '.join(questions)} FROM {self.name}").fetchall()
        return [bool(each) for each in found]


def read_directly(task: Direct) -> list[LeftRows] | None:
    """Make the table of the model, if nothing is wrong with it; which rows were left out, or None.

    Raises:
        DiagnosticError: memory (MH652) or room for temporary files (MH653) is used up.
    """
    import duckdb

    selects = [_select(feeding.feed) for feeding in task.feedings]
    wanted = [select for select in selects if select is not None]
    if len(wanted) < len(selects):
        return None
    try:
        left = _fill(task, wanted)
        if left is not None and not any(_faults(task)):
            return left
        task.connection.execute(f"DROP TABLE IF EXISTS {task.name}")
    except duckdb.Error as error:
        limit = limit_reached(error)
        if limit is not None:
            raise limit from error
        task.connection.execute(f"DROP TABLE IF EXISTS {task.name}")
    return None


def _select(feed: Feed) -> str | None:
    """The rows of a feed as values; None if a column cannot be read straight."""
    values = []
    for rule, at in zip(feed.rules, feed.numbers, strict=True):
        if at is not None:
            value = direct_sql(rule, feed.origin.columns[at][1], f"s.c{at}")
        elif rule.constant is not None:
            fixed = parse(rule, rule.constant)
            value = None if isinstance(fixed, Fault) else value_sql(fixed, rule)
        else:
            value = None
        if value is None:
            return None
        values.append(value)
    chosen = [one_of_sql(at, words) for at, words in feed.where]
    chosen += [f"NOT {one_of_sql(at, words)}" for at, words in feed.where_not if words]
    where = f" WHERE {' AND '.join(chosen)}" if chosen else ""
    return f"{', '.join(values)} FROM {feed.origin.cells} AS s{where}"


def _fill(task: Direct, selects: Sequence[str]) -> list[LeftRows] | None:
    """Make the table with the rows of all feeds; None if a feed has another number of rows than its source."""
    ends = [str(at) for at, feeding in enumerate(task.feedings) if feeding.until]
    numbered = bool(ends) or task.distinct
    defined = [f"{identifier(_FILE)} INTEGER"] if numbered else []
    defined += [f"{name} {sql_type(column)}" for name, column in zip(task.columns, layout(task.table), strict=True)]
    task.connection.execute(f"CREATE TABLE {task.name} ({', '.join(defined)})")
    left: list[LeftRows] = []
    for at, (feeding, select) in enumerate(zip(task.feedings, selects, strict=True)):
        feed = feeding.feed
        number = f"{at}, " if numbered else ""
        ((inserted,),) = task.connection.execute(
            f"INSERT INTO {task.name} SELECT {number}{select}", list(feed.origin.parameters)
        ).fetchall()
        if feed.where or any(words for _, words in feed.where_not):
            left.append(LeftRows(at, "where", feed.origin.rows - inserted))
        elif inserted != feed.origin.rows:
            return None
    if ends:
        left += _without_empty_spans(task, ends)
    if task.distinct:
        left += _read_once(task)
    elif numbered:
        task.connection.execute(f"ALTER TABLE {task.name} DROP COLUMN {identifier(_FILE)}")
    return [each for each in left if each.rows]


def _without_empty_spans(task: Direct, ends: Sequence[str]) -> list[LeftRows]:
    """Leave out the spans that end before their first day because their last day is not included."""
    names = [name for pair in dates_in_order(task.table)[:1] for name in (task.columns[pair[0]], task.columns[pair[1]])]
    file = identifier(_FILE)
    empty = f"{names[1]} = {names[0]} - 1 AND {file} IN ({', '.join(ends)})"
    counted = task.connection.execute(
        f"SELECT {file}, count(*) FROM {task.name} WHERE {empty} GROUP BY 1 ORDER BY 1"
    ).fetchall()
    if counted:
        task.connection.execute(f"DELETE FROM {task.name} WHERE {empty}")
    return [LeftRows(at, "empty span", rows) for at, rows in counted]


def _read_once(task: Direct) -> list[LeftRows]:
    """Leave out rows that agree with an earlier one in every column."""
    file, columns = identifier(_FILE), ", ".join(task.columns)
    counting = f"SELECT {file}, count(*) FROM {task.name} GROUP BY 1"
    before = dict(task.connection.execute(counting).fetchall())
    once = identifier(f"{task.table.name} once")
    task.connection.execute(
        f"CREATE TABLE {once} AS SELECT min({file}) AS {file}, {columns} FROM {task.name} GROUP BY {columns}"
    )
    task.connection.execute(f"DROP TABLE {task.name}")
    task.connection.execute(f"ALTER TABLE {once} RENAME TO {task.name}")
    after = dict(task.connection.execute(counting).fetchall())
    task.connection.execute(f"ALTER TABLE {task.name} DROP COLUMN {file}")
    return [LeftRows(at, "distinct", before[at] - after.get(at, 0)) for at in sorted(before)]


def _faults(task: Direct) -> Iterator[bool]:
    """Whether rows are at fault with each other, one question after another; the cheap ones first."""
    columns, entries = task.columns, entry_columns(task.table)
    asked = [f"count(*) FILTER (WHERE {columns[a]} > {columns[b]}) > 0" for a, b in dates_in_order(task.table)]
    several = "false" if entries is None else f"min({columns[entries[0]]}) <> max({columns[entries[0]]})"
    disordered, differing = False, False
    if asked or entries is not None:
        disordered, differing = task.answers([" OR ".join(asked) or "false", several])
    yield disordered
    for reference, relation in task.known.items():
        named = columns[reference.at]
        yield (
            task.count(
                f"SELECT count(*) FROM {task.name} AS t WHERE {named} IS NOT NULL "
                f"AND NOT EXISTS (SELECT 1 FROM {relation} AS k WHERE k.id = t.{named})"
            )
            > 0
        )
    if not task.table.dated:
        yield _has_doubled(task, columns[: len(task.table.keys)])
    if spans_of(task.table) is not None:
        yield _has_overlaps(task)
    if differing:
        yield _has_differing_entries(task)


def _has_doubled(task: Direct, keys: Sequence[str]) -> bool:
    """Whether two rows may have one key. Keys whose hashes differ do; that hashes of all differ is soon seen."""
    hashed = f"SELECT hash({', '.join(keys)}) AS h FROM {task.name}"
    return task.count(f"SELECT count(*) FROM (SELECT 1 FROM ({hashed}) GROUP BY h HAVING count(*) > 1 LIMIT 1)") > 0


def _has_overlaps(task: Direct) -> bool:
    """Whether a span starts before one before it has ended."""
    spans = spans_of(task.table)
    assert spans is not None
    first, last = task.columns[spans.first], task.columns[spans.last]
    of = ", ".join(task.columns[at] for at in spans.of)
    reached = (
        f"max(coalesce({last}, {_OPEN})) OVER (PARTITION BY {of} ORDER BY {first} "
        "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    )
    return task.count(f"SELECT count(*) FROM (SELECT {first} AS f, {reached} AS r FROM {task.name}) WHERE r >= f") > 0


def _has_differing_entries(task: Direct) -> bool:
    """Whether entries of one claim line are of more than one person or payer. Most lines have one entry."""
    columns = entry_columns(task.table)
    assert columns is not None
    entry, line = task.columns[columns[0]], ", ".join(task.columns[: columns[1]])
    names = [column.name for column in layout(task.table)]
    differ = " OR ".join(f"min({identifier(n)}) <> max({identifier(n)})" for n in ("person_id", "payer") if n in names)
    several = f"SELECT {line} FROM {task.name} WHERE {entry} <> (SELECT min({entry}) FROM {task.name})"
    lines = f"SELECT 1 FROM {task.name} WHERE ({line}) IN ({several}) GROUP BY {line} HAVING {differ} LIMIT 1"
    return task.count(f"SELECT count(*) FROM ({lines})") > 0
