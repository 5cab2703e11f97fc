"""Who is there when, as tables: payers, practices, the months they have in common, and rows by period.

The months of a row are cut to the term and to its payer's and its practice's presence, as `engine/world.py` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mhrules.engine.sql.about import About
from mhrules.engine.sql.frame import Grid
from mhrules.engine.sql.store import Store
from mhrules.engine.world import World
from mhrules.semantics.calendar import MONTHS_IN_YEAR, Calendar
from mhrules.syntax.tree import Period

OWNERS = ("payer", "practice")


class Grids:
    """The rows of every combination of keys and period within a range of months."""

    def __init__(self, store: Store, world: World, months: range) -> None:
        self.store = store
        self.world = world
        self.plan = world.plan
        self.months = months
        self.declared: Callable[[str], str] = str  # the values that practices have of a declared key; set by relations
        self.lines_of_facts: Callable[[], str] = str  # the lines for which facts are kept; set by relations
        self._grids: dict[tuple[frozenset[str], str | None, bool], Grid] = {}
        self._setup()

    # -------------------------------------------------------------------------------------------- tables

    def _setup(self) -> None:
        store, world = self.store, self.world
        payers = [(payer.name, payer.first_month) for payer in world.payers.values()]
        about = About("payers of the program, with the first month that each owes", ("payer",))
        store.values("payers", {"payer": "STRING", "first_month": "INTEGER"}, payers, about)
        practices = []
        presences = []
        for practice in world.practices:
            presence = world.presence(practice)
            practices.append((practice, presence.start))
            presences += [(practice, first, last) for first, last in self._spans(practice)]
        about = About(
            f"each {self.plan.participant} with the month in which its first contract year starts", ("practice",)
        )
        store.values("practices", {"practice": "STRING", "start": "INTEGER"}, practices, about)
        about = About(
            f"the months in which each {self.plan.participant} is there, from `a` to `b`", ("practice", "span")
        )
        store.values("presence", {"practice": "STRING", "a": "INTEGER", "b": "INTEGER"}, presences, about)
        term = [m for m in self.months if self._in_term(m)]
        store.values("months", {"month": "INTEGER"}, [(m,) for m in term], About("months of the term", ("month",)))
        lines = [(payer.name, line) for payer in world.payers.values() for line in payer.lines]
        about = About("lines of business of each payer", ("payer", "line"))
        store.values("payer_lines", {"payer": "STRING", "line": "STRING"}, sorted(lines), about)
        first, last = store.month_day("m1"), store.month_day("m2 + 1")
        self._days = f"{first} AS d1, ({last} - INTERVAL 1 DAY)::DATE AS d2"

    def _spans(self, practice: str) -> Iterable[tuple[int, int]]:
        """The months in which a practice is there, as spans."""
        presence = self.world.presence(practice)
        first = self.months.start if presence.first is None else presence.first
        last = self.months.stop - 1 if presence.last is None else presence.last
        if presence.years is None:
            return [(first, last)] if first <= last else []
        calendar = self.plan.calendar
        starts = sorted(calendar.year_first(year) for year in presence.years)
        cut = ((max(first, start), min(last, start + MONTHS_IN_YEAR - 1)) for start in starts)
        return [(a, b) for a, b in cut if a <= b]

    def _in_term(self, month: int) -> bool:
        last = self.plan.last_month
        return month >= self.plan.first_month and (last is None or month <= last)

    # --------------------------------------------------------------------------------------------- held

    def held(self, owners: frozenset[str]) -> str:
        """The table of months that those of `payer` and `practice` have which are among `owners`, and `month`."""
        name = "_".join(["held", *(key for key in OWNERS if key in owners)])
        columns = [f"{key[:2]}.{key}" for key in OWNERS if key in owners]
        joins = ["FROM months m"]
        if "payer" in owners:
            joins.append("JOIN payers pa ON m.month >= pa.first_month")
        if "practice" in owners:
            joins.append("JOIN presence pr ON m.month BETWEEN pr.a AND pr.b")
        order = ", ".join([*(key for key in OWNERS if key in owners), "month"])
        sql = f"SELECT {', '.join([*columns, 'm.month'])}\n  {' '.join(joins)} ORDER BY {order}"
        grain = (*(key for key in OWNERS if key in owners), "month")
        return self.store.table(name, sql, About(f"who is there when: months of the term by {grain[0]}", grain))

    # -------------------------------------------------------------------------------------------- grids

    def grid(self, keys: Iterable[str], kind: str | None, *, base: bool = False) -> Grid:
        """The rows of those keys and that period for which a month is left."""
        wanted = frozenset(keys)
        key = (wanted, kind, base)
        if key not in self._grids:
            self._grids[key] = self._made(wanted, kind, base)
        return self._grids[key]

    def _made(self, keys: frozenset[str], kind: str | None, base: bool) -> Grid:
        ordered = tuple([key for key in OWNERS if key in keys] + sorted(keys - set(OWNERS)))
        parts = [*ordered, *([kind] if kind else []), *(["base"] if base else [])]
        name = self.store.unique("_".join(["rows", *parts]))
        owners = keys & set(OWNERS)
        if kind is None:
            sql = self._without_time(owners)
        elif base:
            sql = self._uncut(owners, kind)
        else:
            sql = self._cut(owners, kind)
        if "line" in keys:
            sql = self._by_line(sql, "payer" in owners)
        for key in sorted(keys & set(self.plan.practice_keys)):
            if "practice" in owners:
                raise AssertionError("a practice has one value of its declared keys")
            sql = f"SELECT g.*, k.{key} FROM ({sql}) g CROSS JOIN {self.declared(key)} k"
        listed = ", ".join([*ordered, "clock", "m1", "m2", "mn", "d1", "d2"])
        grid = Grid(name, ordered, kind, base)
        what = "the grid of a baseline: rows that are asked for" if base else "the grid: rows of which a month is left"
        self.store.table(name, f"SELECT {listed} FROM ({sql})", About(what, grid.grain))
        return grid

    def _cut(self, owners: frozenset[str], kind: str) -> str:
        columns = [key for key in OWNERS if key in owners]
        held = self.held(owners)
        if kind == "contract_year":
            source = f"{held} JOIN practices USING (practice)"
            clock = f"quotient(month - start, {MONTHS_IN_YEAR}) + 1"
        else:
            source, clock = held, self.period_first("month", kind)
        listed = ", ".join([*columns, f"CAST({clock} AS INTEGER) AS clock"])
        inner = f"SELECT {listed}, month FROM {source}"
        grouped = ", ".join([*columns, "clock"])
        ends = "min(month) AS m1, max(month) AS m2, CAST(count(*) AS INTEGER) AS mn"
        return f"SELECT *, {self._days} FROM (SELECT {grouped}, {ends} FROM ({inner}) GROUP BY {grouped})"

    def _uncut(self, owners: frozenset[str], kind: str) -> str:
        """Rows of a baseline year, which lie before the term and are not cut."""
        sources = [f"(SELECT {key} FROM {key}s)" for key in OWNERS if key in owners]
        length = Period(kind).months
        firsts = (first + at for first in self.store.base_clocks for at in range(0, MONTHS_IN_YEAR, length))
        starts = ", ".join(f"({first})" for first in firsts) or "(0)"
        clocks = f"(VALUES {starts}) AS base(clock)"
        ends = f"clock AS m1, clock + {length - 1} AS m2, {length} AS mn"
        return f"SELECT *, {self._days} FROM (SELECT *, {ends} FROM {' CROSS JOIN '.join([*sources, clocks])})"

    def _without_time(self, owners: frozenset[str]) -> str:
        sources = [f"(SELECT {key} FROM {key}s)" for key in OWNERS if key in owners]
        first = self.plan.first_month
        one = f"(SELECT 0 AS clock, {first} AS m1, {first} AS m2, 0 AS mn)"
        return f"SELECT *, {self._days} FROM {' CROSS JOIN '.join([*sources, one])}"

    def _by_line(self, sql: str, by_payer: bool) -> str:
        open_to_facts = self.of_facts(by_payer=by_payer)
        if not by_payer:
            named = self.lines_of_facts() if open_to_facts else "(SELECT DISTINCT line FROM payer_lines)"
            return f"SELECT g.*, l.line FROM ({sql}) g CROSS JOIN {named} l"
        lines = "payer_lines"
        if open_to_facts:
            own = f"SELECT payer, line FROM payers CROSS JOIN {self.lines_of_facts()} f"
            whose = f"payer IN ({self.store.dialect.texts(open_to_facts)})"
            lines = f"(SELECT * FROM payer_lines UNION ALL SELECT * FROM ({own}) WHERE {whose})"
        return f"SELECT g.*, l.line FROM ({sql}) g JOIN {lines} l USING (payer)"

    def of_facts(self, *, by_payer: bool) -> list[str]:
        """The payers whose lines of business are those for which facts are kept; of no single payer, all or none."""
        without = [payer.name for payer in self.world.payers.values() if not payer.lines]
        return without if by_payer or len(without) == len(self.world.payers) else []

    # ------------------------------------------------------------------------------------------ calendar

    def period_first(self, month: str, kind: str) -> str:
        """The first month of the period of that kind that holds a month."""
        offset, length = self.plan.calendar.year_start - 1, Period(kind).months
        if length == 1:
            return month
        if not offset:
            return f"(quotient({month}, {length}) * {length})"
        return f"(quotient({month} - {offset}, {length}) * {length} + {offset})"

    def year_name(self, month: str) -> str:
        """The name of the program year that holds a month."""
        offset = self.calendar.year_start - 1
        return f"quotient({month}{f' - {offset}' if offset else ''}, {MONTHS_IN_YEAR})"

    @property
    def calendar(self) -> Calendar:
        """The program's years."""
        return self.plan.calendar
