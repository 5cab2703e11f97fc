"""Splits: a pool in whole cents, by largest remainder, ties by key, worked out for every group at once."""

from __future__ import annotations

from mhrules.engine.sql.about import About
from mhrules.engine.sql.frame import Column, Frame, Grid
from mhrules.engine.sql.numbers import either, places_of
from mhrules.engine.sql.quantities import matching
from mhrules.engine.sql.relations import Relations
from mhrules.exact import LIMIT, Rounding
from mhrules.plan import ir


class Splits(Relations):
    """The parts of pools."""

    def split(self, node: ir.Split, frame: Frame) -> Column:
        """The row's part of a pool; of a row that is not among those it is split among, nothing."""
        table, columns = self.parts_table(node, frame.grid)
        alias = frame.join(("split", node), table, matching(self.group_columns(columns, frame)))
        group = self._group_alias(node, frame)
        places = self.plan.rounding[0]
        wanted = max(places, places_of(node))
        value = self.narrowed(f"coalesce({alias}.v, 0)", self.widths.size(node, places))
        value = self.scaled(value, places, wanted, size=self.widths.size(node, places))
        return Column(frame.expose(value), frame.expose(f"{group}.f"))

    def _group_alias(self, node: ir.Split, frame: Frame) -> str:
        """What is known of the row's group: whether its pool could be split."""
        group = self._group(node, frame.grid.kind, base=frame.grid.base)
        on = matching(self.group_columns(group.columns, frame))
        return frame.join(("split group", node), f"{self._name(node, frame.grid)}_groups", on)

    def _name(self, node: ir.Split, grid: Grid) -> str:
        key = (node, grid.kind, grid.base)
        if key not in self.split_names:
            self.split_names[key] = self.store.fresh("split")
        return self.split_names[key]

    def split_rows(self, node: ir.Split, kind: str | None, *, base: bool) -> tuple[Grid, Grid, tuple[str, ...]]:
        """The groups that have a pool each, those among whom it is split, and by which declared keys they share it."""
        group = self._group(node, kind, base=base)
        same = tuple(key for key in group.keys if key in self.plan.practice_keys)
        keys = {*group.keys, node.among} - (set(self.plan.practice_keys) if node.among == "practice" else set())
        return group, self.grids.grid(keys, kind, base=base), same

    def _group(self, node: ir.Split, kind: str | None, *, base: bool) -> Grid:
        varied = node.pool.keys.union(*(part.keys for part in node.parts())) - {node.among, *ir.TIME_KEYS}
        return self.grids.grid(varied, kind, base=base)

    def parts_table(self, node: ir.Split, grid: Grid) -> tuple[str, tuple[str, ...]]:
        """The parts: by the group's keys and by whom the pool is split among, in units of the posting's places."""
        name = self._name(node, grid)
        group, elements, same = self.split_rows(node, grid.kind, base=grid.base)
        columns = (*dict.fromkeys((*group.columns, node.among)),)
        if name in self.split_done:
            return name, columns
        self.split_done.add(name)
        places, rounding = self.plan.rounding
        pools = Frame(group)
        pool = self.known(node.pool, pools)
        rounded = self.rounded(pool.value, places_of(node.pool), places, rounding, size=self.widths.size(node.pool))
        rounded = self.dialect.cast(f"({rounded})", wide=True)  # it is multiplied by every weight
        listed = {column: column for column in group.columns}
        columns_of_pool = {**listed, "pool": rounded, "f": pool.fault or "NULL::INTEGER"}
        about = About("pools to be split, rounded as postings are", group.grain, node.pool.span, node.pool)
        self.store.table(f"{name}_pools", pools.select(columns_of_pool), about)
        members = self._members(node, elements, same)
        on = " AND ".join(f"e.{column} = g.{column}" for column in group.columns) or "true"
        by = ", ".join(f"g.{column}" for column in group.columns)
        comma = f"{by}, " if by else ""
        number = self.faults.number("MH707", node.span)
        large = self.faults.number("MH705", node.span)
        too_large = f"abs(g.pool) * sum(e.weight) >= {self.dialect.number(LIMIT)}"
        unfit = "g.pool <> 0 AND (coalesce(sum(e.weight), 0) <= 0 OR coalesce(min(e.weight), 0) < 0)"
        first = f"min_by(e.f, e.{node.among}) FILTER (WHERE e.f IS NOT NULL)"
        self.store.table(
            f"{name}_groups",
            f"SELECT {comma}g.pool, sum(e.weight) AS whole, "
            f"coalesce(g.f, {first}, CASE WHEN {unfit} THEN {number} WHEN {too_large} THEN {large} END) AS f\n"
            f"  FROM {name}_pools g LEFT JOIN ({members}) e ON {on} GROUP BY {comma}g.pool, g.f",
            About("pools with the weights of all who share each", group.grain, node.span),
        )
        part = self.dialect.divide("(abs(g.pool) * e.weight)", "g.whole", Rounding.DOWN)
        floors = (
            f"SELECT {comma}e.{node.among}, e.kept, g.pool, CASE WHEN g.pool < 0 THEN -1 ELSE 1 END AS sign, "
            f"{part} AS part, abs(g.pool) * e.weight % g.whole AS rest\n"
            f"  FROM {name}_groups g JOIN ({members}) e ON {on} "
            "WHERE g.f IS NULL AND g.pool <> 0 AND e.weight IS NOT NULL"
        )
        inner = ", ".join(group.columns)
        over = f"PARTITION BY {inner}" if inner else ""
        ranked = (
            f"SELECT *, row_number() OVER ({over} ORDER BY rest DESC, {node.among}) AS rank, "
            f"abs(pool) - sum(part) OVER ({over}) AS left_over FROM ({floors})"
        )
        listed_columns = ", ".join(columns)
        self.store.table(
            name,
            f"SELECT {listed_columns}, kept, "
            f"(part + CASE WHEN rank <= left_over THEN 1 ELSE 0 END) * sign AS whole_part, "
            f"CASE WHEN kept THEN (part + CASE WHEN rank <= left_over THEN 1 ELSE 0 END) * sign ELSE 0 END AS v\n"
            f"  FROM ({ranked})",
            About(
                "parts of pools in whole units of a posting: the largest remainders get what is left over",
                (*group.keys, node.among, *([group.kind] if group.kind is not None else [])),
                node.span,
            ),
        )
        return name, columns

    def _members(self, node: ir.Split, elements: Grid, same: tuple[str, ...]) -> str:
        """Those among whom a pool is split: their weight, missing where they leave it, and whether they keep it."""
        frame = Frame(elements)
        where = None if node.where is None else self.known(node.where, frame)
        weight = None if node.weight is None else self.known(node.weight, frame)
        held = "true" if where is None else where.value
        own = self.dialect.number(1) if weight is None else weight.value
        counted = own if where is None or node.refused_return else f"CASE WHEN {held} THEN {own} END"
        fault = None if where is None else where.fault
        if weight is not None and weight.fault is not None:
            demanded = (
                weight.fault if where is None or node.refused_return else f"CASE WHEN {held} THEN {weight.fault} END"
            )
            fault = either(fault, demanded)
        columns = {column: column for column in elements.columns}
        columns |= {key: frame.expose(self.raw_declared(key, frame)) for key in same}
        return frame.select({**columns, "weight": counted, "kept": held, "f": fault or "NULL::INTEGER"})
