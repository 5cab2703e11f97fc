"""One SELECT in the making: rows of a grid, what is joined to them, and columns worked out in layers."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping

from attrs import field

from mhrules.classes import define, frozen
from mhrules.plan import ir


@frozen
class Column:
    """A value and, where it can fail, its fault: SQL over the columns of the layer `level`.

    `doubts` are conditions, cheaper than the fault, of which one is true wherever there is a fault.
    """

    value: str
    fault: str | None = None
    level: int = 0
    doubts: tuple[str, ...] = ()

    @property
    def doubted(self) -> tuple[str, ...]:
        """The doubts; without any, that there is a fault; none where it cannot fail."""
        if self.fault is None:
            return ()
        return self.doubts or (fails(self.fault)[0],)


@frozen
class Grid:
    """A relation of rows: its table, its keys, the kind of its time key, and whether it is of a baseline year.

    Besides its keys it has `clock` (first month of the period, or number of the contract year), `m1` and `m2` (first
    and last month that are left of it), `mn` (how many) and `d1`, `d2` (their first and last day).
    """

    table: str
    keys: tuple[str, ...]
    kind: str | None
    base: bool = False
    element: str = ""  # the kind of record that a row is of
    grouped: bool = False  # whether a row is put together of several records
    whole: bool = False  # whether a member's row has all months that count for the payer, not only those attributed

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that tell rows apart."""
        return (*self.keys, "clock") if self.kind is not None else self.keys

    @property
    def grain(self) -> tuple[str, ...]:
        """What tells rows apart, for people: the keys and the kind of period."""
        return (*self.keys, self.kind) if self.kind is not None else self.keys


_MISSING = re.compile(r"CASE WHEN (\w+ IS NULL) THEN (\d+) END")


def fails(fault: str) -> tuple[str, str]:
    """Whether there is a fault, and which one then, as SQL: short where it is nothing but that a value is missing."""
    missing = _MISSING.fullmatch(fault)
    return (missing[1], missing[2]) if missing else (f"{fault} IS NOT NULL", fault)


_COLUMN = re.compile(r"\b([a-z]\w*)\.([a-z]\w*)")  # a column of a joined table within SQL
TIMES = ("clock", "m1", "m2", "mn", "d1", "d2")
"""What every grid says of the period of a row."""
NO_TIME = "0 AS clock, 0 AS m1, 0 AS m2, 0 AS mn, DATE '0001-01-01' AS d1, DATE '0001-01-01' AS d2"
"""What a grid of rows without time says of it."""


@define
class Frame:
    """Rows of a grid with joins and layers. Joined tables have at most one row for each row of the grid.

    `beside` are the quantities that are worked out in the layers and are to be columns of the relation that is made of
    the frame; None where nothing but what is asked for is to be there.
    """

    grid: Grid
    where: str = ""
    beside: dict[ir.Quantity, Column] | None = None
    _joins: dict[object, tuple[str, str]] = field(factory=dict)  # what -> alias, clause
    _exposed: dict[str, str] = field(factory=dict)  # SQL -> column of the first layer
    _layers: list[dict[str, str]] = field(factory=list)  # of each: SQL -> column

    @property
    def depth(self) -> int:
        """How many layers there are."""
        return len(self._layers)

    def own(self, name: str) -> Column:
        """A column of the grid itself."""
        return Column(name)

    def join(self, what: object, source: str, on: Callable[[str], str]) -> str:
        """The alias of a table joined once for each `what`; `on` is given the alias, rows of the grid are `r`."""
        if what not in self._joins:
            alias = self._free(source, {found for found, _ in self._joins.values()} | {"r"})
            named = source if alias == source else f"{source} AS {alias}"
            self._joins[what] = (alias, f"LEFT JOIN {named} ON {on(alias)}")
        return self._joins[what][0]

    def expose(self, sql: str, name: str = "") -> str:
        """The name, in the layers, of something that the joined tables say; `name` is one to be had if it is free."""
        if sql in self._exposed.values():
            return sql  # it is a column of the layers already
        if sql not in self._exposed:
            taken = {*self.grid.keys, *TIMES, *self._exposed.values()}
            self._exposed[sql] = self._free(name or _named(sql), taken)
        return self._exposed[sql]

    @staticmethod
    def _free(stem: str, taken: Container[str]) -> str:
        """The stem, or if it is taken with a number behind it."""
        name, number = stem, 1
        while name in taken:
            number += 1
            name = f"{stem}_{number}"
        return name

    def keep(self, sql: str, level: int) -> Column:
        """A column of the next layer, worked out of those up to `level`."""
        while len(self._layers) <= level:
            self._layers.append({})
        layer = self._layers[level]
        if sql not in layer:
            layer[sql] = f"c{level + 1}_{len(layer) + 1}"
        return Column(layer[sql], None, level + 1)

    def select(self, columns: Mapping[str, str], tail: str = "") -> str:
        """The whole statement: `columns` by name, over the last layer."""
        own = [f"r.{name}" for name in (*self.grid.keys, *TIMES)]
        listed = [*own, *(sql if sql == f"r.{name}" else f"{sql} AS {name}" for sql, name in self._exposed.items())]
        joins = "".join(f"\n  {clause}" for _, clause in self._joins.values())
        where = f"\n  WHERE {self.where}" if self.where else ""
        text = f"SELECT {', '.join(listed)}\n  FROM {self.grid.table} AS r{joins}{where}"
        for layer in self._layers:
            added = "".join(f",\n    {sql} AS {name}" for sql, name in layer.items())
            text = f"SELECT *{added}\n  FROM ({text})"
        chosen = ", ".join(name if sql == name else f"{sql} AS {name}" for name, sql in columns.items())
        return f"SELECT {chosen}\n  FROM ({text}){tail}"


def _named(sql: str) -> str:
    """A name for SQL over joined tables, after the first column in it: `v_…` for a value, `f_…` for a fault."""
    found = _COLUMN.findall(sql)
    if not found:
        return "x"
    table, column = next((each for each in found if each[0] != "r"), found[0])
    table = re.sub("^(q|set|shared|for)_", "", table)
    if column in ("v", "f"):
        return f"{column}_{table}"
    return column if table == "r" or column.startswith("v_") else f"{table}_{column}"
