"""A settlement read from relations: the same lines, verdicts and reports that the interpreter gives.

What this engine does not settle, and whatever fails, is handed over to the interpreter, which defines what it means
and says what went wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from attrs import frozen

from mhrules.engine.faults import Faulted
from mhrules.engine.rows import Clock, Row, time_key
from mhrules.engine.sql.dialect import DuckDB
from mhrules.engine.sql.frame import Frame
from mhrules.engine.sql.grids import Grids
from mhrules.engine.sql.relations import Unsupported
from mhrules.engine.sql.store import Store
from mhrules.exact import PLACES
from mhrules.plan import ir
from mhrules.semantics.calendar import MONTHS_IN_YEAR
from mhrules.settle.ledger import Line, Part, Published, SplitTotal
from mhrules.settle.participation import Participation
from mhrules.settle.payments import Books, posting_period
from mhrules.settle.sql.verdicts import Verdicts, unscaled
from mhrules.syntax.tree import Period

if TYPE_CHECKING:
    from mhrules.data.dataset import Dataset


class HandOver(Exception):
    """This settlement is the interpreter's: `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@frozen
class Found:
    """What relations give of a year."""

    participation: tuple[Participation, ...]
    lines: tuple[Line, ...]
    published: tuple[Published, ...]
    splits: tuple[SplitTotal, ...]


class Compiled:
    """One program year as relations of a data set; `books` are those of the interpreter, for who is there."""

    def __init__(self, books: Books, dataset: Dataset, year: int) -> None:
        self.books = books
        self.plan = books.plan
        self.year = year
        self.first = self.plan.calendar.year_first(year)
        self.last = self.first + MONTHS_IN_YEAR - 1
        if self.plan.measures:
            raise HandOver("the program has measures")
        try:
            store = Store(dataset.connection(), DuckDB())
            grids = Grids(store, books.world, self._months())
            self.relations = Verdicts(self.plan, books.interpreter.facts, store, grids)
        except Faulted as error:
            raise HandOver("a start is not known") from error
        self.store = store

    def _months(self) -> range:
        """The months that anything can be asked of: from the term's first to the year's last, and a year's refreshes."""
        first = min(self.plan.first_month, self.first)
        return range(first - MONTHS_IN_YEAR, self.last + 1)

    def everything(self) -> Found:
        """Verdicts, lines, reports and splits of the year.

        Raises:
            HandOver: something cannot be settled here, or fails.
        """
        import duckdb

        try:
            participation = tuple(self._participation())
            lines = tuple(self._lines())
            published = tuple(self._published())
            self._invariants()
            for table in dict.fromkeys(self.relations.failing):
                self._refuse_faults(f"SELECT f FROM {table}")
            return Found(participation, lines, published, self._splits())
        except Unsupported as error:
            raise HandOver(f"the program asks for {error}") from error
        except (duckdb.OutOfRangeException, duckdb.ConversionException) as error:
            raise HandOver("a number is too large") from error

    # ------------------------------------------------------------------------------------------ parts

    def _participation(self) -> list[Participation]:
        table = self.relations.participation()
        self._refuse_faults(f"SELECT f FROM {table} WHERE month BETWEEN {self.first} AND {self.last}")
        return self.relations.verdicts(self.first, self.last)

    def _lines(self) -> Iterator[Line]:
        credited = any(payer.credits for payer in self.plan.payers)
        for payment in self.plan.payments.values():
            table = self.relations.lines(payment)
            if credited:
                self._keep_for_credits(payment, table)
            inside = f"clock BETWEEN {self.first} AND {self.last}"
            self._refuse_faults(f"SELECT f FROM {table} WHERE {inside}")
            parts = self._parts(payment, inside)
            rows = self.store.run(
                "SELECT payer, payee, practice, clock, m1, m2, status, reason, units, price, amount "
                f"FROM {table} WHERE {inside}"
            ).fetchall()
            for row in rows:
                yield self._line(payment, row, parts)

    def _line(self, payment: ir.PaymentPlan, row: tuple[Any, ...], parts: dict[tuple[Any, ...], list[Part]]) -> Line:
        payer, payee, practice, clock, m1, m2, status, reason, units, price, amount = row
        form = self.books.form(payment.name, payer)
        whole = Part(price, units, self._amount(amount))
        own = parts.get((payer, practice, clock)) if parts else None
        return Line(
            payment=payment.name,
            payer=payer,
            payee=payee,
            practice=practice,
            period=posting_period(form),
            first=clock,
            months=tuple(range(m1, m2 + 1)),
            status=status,
            reason=reason,
            units=units,
            amount=whole.amount,
            parts=tuple(own) if own and status == "paid" else (whole,),
        )

    def _keep_for_credits(self, payment: ir.PaymentPlan, table: str) -> None:
        """Lets the interpreter's credits be taken off these lines, those of earlier years among them."""
        self._refuse_faults(f"SELECT f FROM {table} WHERE clock <= {self.last}")
        parts = self._parts(payment, f"clock <= {self.last}")
        rows = self.store.run(
            "SELECT payer, payee, practice, clock, m1, m2, status, reason, units, price, amount "
            f"FROM {table} WHERE clock <= {self.last}"
        ).fetchall()
        for row in rows:
            self.books.keep(self._line(payment, row, parts))

    def _parts(self, payment: ir.PaymentPlan, inside: str) -> dict[tuple[Any, ...], list[Part]]:
        """The prices of each line that has several."""
        found: dict[tuple[Any, ...], list[Part]] = {}
        for table in self.relations.parts.get(payment.name, []):
            rows = self.store.run(
                f"SELECT payer, practice, clock, price, units, amount FROM {table} WHERE {inside} AND units <> 0 "
                "ORDER BY payer, practice, clock, price NULLS FIRST"
            ).fetchall()
            for payer, practice, clock, price, units, amount in rows:
                found.setdefault((payer, practice, clock), []).append(Part(price, units, self._amount(amount)))
        return found

    def _amount(self, stored: int) -> int:
        scaled: int = stored * 10 ** (PLACES - self.plan.rounding[0])
        return scaled

    def _published(self) -> Iterator[Published]:
        for report in self.plan.reports:
            quantity = report.quantity
            kind = time_key(quantity.grain)
            grid, fails = self.relations.quantity(quantity)
            if kind == "contract_year" or set(quantity.grain) & set(self.plan.practice_keys):
                raise Unsupported("a report by contract year or declared key")
            period = kind or Period.YEAR.value
            rows = self.relations.rows(frozenset(grid.keys), period, base=False)
            on = " AND ".join([*(f"q.{key} = r.{key}" for key in grid.keys), *(["q.clock = r.clock"] if kind else [])])
            inside = f"r.clock BETWEEN {self.first} AND {self.last}"
            source = f"FROM {rows.table} r JOIN {grid.table} q ON {on or 'true'} WHERE {inside}"
            if fails:
                self._refuse_faults(f"SELECT q.f {source}")
            columns = "".join(f", r.{key}" for key in grid.keys)
            order = ", ".join(["r.clock", *(f"r.{key}" for key in grid.keys)])
            for value, clock, *keys in self.store.run(
                f"SELECT q.v, r.clock{columns} {source} ORDER BY {order}"
            ).fetchall():
                at: Clock = (period, clock)
                row = Row.of(at, **dict(zip(grid.keys, keys, strict=True)))
                yield Published(report, row, unscaled(value, quantity.expression), quantity.expression.type)

    def _invariants(self) -> None:
        """Hands over if any invariant fails, or cannot be judged: the interpreter says which and why."""
        for ensure in self.plan.ensures:
            keys = {key for key in ensure.condition.keys if key not in ir.TIME_KEYS}
            if ensure.payers_where is not None:
                keys.add("payer")
            if "practice" in keys:
                keys -= set(self.plan.practice_keys)
            grid = self.relations.rows(frozenset(keys), ensure.period.value, base=False)
            frame = Frame(grid)
            held = self.relations.known(ensure.condition, frame)
            concerned = "true"
            if ensure.payers_where is not None:
                concerned = self._concerned(ensure.payers_where)
            fault = held.fault or "NULL::INTEGER"
            sql = frame.select({"clock": "clock", "c": concerned, "v": held.value, "f": fault})
            broken = self.store.run(
                f"SELECT count(*) FROM ({sql}) WHERE clock BETWEEN {self.first} AND {self.last} "
                "AND c AND (f IS NOT NULL OR NOT v)"
            ).fetchone()
            if broken != (0,):
                raise HandOver("an invariant does not hold")

    def _concerned(self, where: ir.Expression) -> str:
        """Whether an invariant is for the row's payer, which the interpreter decides for each."""
        if isinstance(where, ir.Aggregate) and where.over == ("line",) and where.body is not None:
            where = where.body
        interpreter, named = self.books.interpreter, []
        for name, payer in self.books.world.payers.items():
            rows = [Row.of(payer=name)]
            if "line" in where.keys:
                rows = [row.plus("line", line) for row in rows for line in payer.lines]
            if any(interpreter.truth(where, row) for row in rows):
                named.append(self.store.dialect.text(name))
        return f"payer IN ({', '.join(named)})" if named else "false"

    def _splits(self) -> tuple[SplitTotal, ...]:
        """Every pool that was split in the year, its parts, and what returned, by place in the text and group."""
        found = []
        demands = self._demands()
        for (node, kind, base), name in self.relations.split_names.items():
            asked = demands.groups(node, kind, base=base)
            if asked is None:
                continue
            group, _, _ = self.relations.split_rows(node, kind, base=base)
            on = matching({column: f"g.{column}" for column in group.columns})
            comma = "".join(f"g.{column}, " for column in group.columns)
            rows = self.store.run(
                f"SELECT {comma}g.pool, coalesce(sum(s.v), 0), coalesce(sum(s.whole_part), 0) - coalesce(sum(s.v), 0) "
                f"FROM {name}_groups g JOIN ({asked}) a ON {on('a')} LEFT JOIN {name} s ON {on('s')} "
                f"GROUP BY {comma}g.pool"
            ).fetchall()
            for *values, pool, parts, returned in rows:
                row = _row(kind, dict(zip(group.columns, values, strict=True)))
                found.append(self._split(node, row, (pool, parts, returned)))
        return tuple(sorted(found, key=lambda split: (split.place, split.group)))

    def _demands(self) -> Demands:
        """What the lines, reports and invariants of the year demand."""
        demands = Demands(self.relations)
        for payment in self.plan.payments.values():
            demands.of_lines(payment, self._inside)
        for report in self.plan.reports:
            rows, on = self._rows_of_report(report)
            columns = ", ".join(f"q.{column}" for column in self.relations.quantity(report.quantity)[0].columns)
            table = self.relations.quantity(report.quantity)[0].table
            demands.of_quantity(
                report.quantity, f"SELECT {columns or 'q.hit'} FROM {rows.table} r JOIN {table} q ON {on} WHERE r.{self._inside}"
            )
        for ensure in self.plan.ensures:
            frame = Frame(self._rows_of_invariant(ensure))
            demands.of_condition(ensure.condition, frame, f"({self._inside} AND {self._concerned(ensure)})")
        return demands

    def _split(self, node: ir.Split, row: Row, sums: tuple[int, int, int]) -> SplitTotal:
        pool, parts, returned = (self._amount(each) for each in sums)
        return SplitTotal(str(node.span), self.books.interpreter.words(row), pool, parts, returned)

    def _refuse_faults(self, sql: str) -> None:
        found = self.store.run(f"SELECT min(f) FROM ({sql}) WHERE f IS NOT NULL").fetchone()
        if found is not None and found[0] is not None:
            code, _ = self.relations.faults.named(found[0])
            raise HandOver(f"something fails ({code})")
