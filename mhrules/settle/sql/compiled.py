"""A settlement read from relations: the same lines, verdicts and reports that the interpreter gives.

What this engine does not settle, and whatever fails, is handed over to the interpreter, which defines what it means
and says what went wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from attrs import evolve

from mhrules.diagnostics.model import Diagnostic
from mhrules.diagnostics.registry import finding
from mhrules.engine.faults import Faulted
from mhrules.engine.rows import Row, time_key
from mhrules.engine.spark.dataset import SparkDataset
from mhrules.engine.sql.dialect import DuckDB
from mhrules.engine.sql.expressions import expressions_of
from mhrules.engine.sql.failing import Failing, Fallible, failing_of
from mhrules.engine.sql.faults import TooLarge, Unsupported
from mhrules.engine.sql.frame import Column, Frame
from mhrules.engine.sql.grids import OWNERS, Grids
from mhrules.engine.sql.quantities import LOST, matching
from mhrules.engine.sql.store import Store
from mhrules.exact import PLACES
from mhrules.plan import ir
from mhrules.progress import SILENT, Progress
from mhrules.semantics.calendar import MONTHS_IN_YEAR
from mhrules.settle.ledger import Line, Part, Published, SplitTotal
from mhrules.settle.members import has_members
from mhrules.settle.participation import Participation
from mhrules.settle.payments import Books, posting_period
from mhrules.settle.sql.demands import Demands
from mhrules.settle.sql.lines import BROKEN, Broken, CreditRow
from mhrules.settle.sql.measures import Results
from mhrules.settle.sql.reach import asks_who_was_here, of_members, reaches_beyond_the_year
from mhrules.settle.sql.reports import ReportRows
from mhrules.settle.sql.verdicts import Verdicts, unscaled
from mhrules.source import Span
from mhrules.syntax.tree import Period

if TYPE_CHECKING:
    from mhrules.data.dataset import Dataset


SHORTEST = 28  # days of a month
NOT_THERE = "something is asked of who is not there in that period"
REFUSED = "the database does not take a query of this engine, which is a fault of mhrules: please report it"


class HandOver(Exception):
    """This settlement is the interpreter's: `reason` says why, and where something fails `failing` which rows do."""

    def __init__(self, reason: str, failing: Callable[[], tuple[Failing, ...]] = tuple) -> None:
        super().__init__(reason)
        self.reason = reason
        self.failing = failing

    @property
    def fails(self) -> bool:
        """Whether something fails, and relations know which rows."""
        return self.failing is not tuple


@contextmanager
def handing_over() -> Iterator[None]:
    """What relations do not have, or numbers too large for them, as a hand-over.

    Raises:
        HandOver: there is any.
    """
    import duckdb

    try:
        yield
    except Unsupported as error:
        raise HandOver(f"the program asks for {error}") from error
    except (duckdb.OutOfRangeException, duckdb.ConversionException, TooLarge) as error:
        raise HandOver("a number is too large") from error
    except duckdb.InvalidInputException as error:
        if "ivision by zero" not in str(error):
            raise
        raise HandOver("something is divided by 0") from error  # constants, before any row is looked at
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
        raise HandOver(REFUSED) from error


def _row(kind: str | None, values: dict[str, Any]) -> Row:
    """A row of those keys; `clock` among them is of that kind of period."""
    clock = values.pop("clock", None)
    return Row.of(None if kind is None else (kind, clock), **values)


class Compiled:
    """One program year as relations of a data set; `books` are those of the interpreter, for who is there."""

    def __init__(self, books: Books, dataset: Dataset, year: int, broken: tuple[Broken, ...] = ()) -> None:
        self.books = books
        self.dataset = dataset
        self.plan = books.plan
        self.year = year
        self.first = self.plan.calendar.year_first(year)
        self.last = self.first + MONTHS_IN_YEAR - 1
        if not books.world.payers:
            raise HandOver("no payer settles")
        try:
            store = dataset.store() if isinstance(dataset, SparkDataset) else Store(dataset.session(), DuckDB())
            grids = Grids(store, books.world, self._months())
            self.relations = Verdicts(self.plan, books.interpreter.facts, store, grids)
        except Faulted as error:
            raise HandOver("a start is not known") from error
        self.relations.credits = self._credits
        self.relations.broken = broken
        self.relations.early = self._early is not None
        self.store = store
        self.fails = False  # whether something fails, and is left out of what is read
        self._kept: set[str] = set()  # payments whose lines the interpreter has been given

    def _months(self) -> range:
        """The months that anything can be asked of: those of the year, unless something reaches beyond it.

        Then they are all from the year before the term's first to the year's last.
        A contract year that begins in the year can end in the next; some members are asked for earlier.
        """
        if self._early is None and not reaches_beyond_the_year(self.plan):
            return range(self.first, self.last + 1)
        first = min(self.plan.first_month, self.first, *(() if self._early is None else (self._early,)))
        crossing = any("contract_year" in quantity.grain for quantity in self.plan.quantities)
        return range(first - MONTHS_IN_YEAR, self.last + 1 + (MONTHS_IN_YEAR if crossing else 0))

    @cached_property
    def _early(self) -> int | None:
        """The first month of which it is asked who was attributed before the term, for a baseline or a look-back."""
        if not self.books.world.given:
            return None
        calendar, found = self.plan.calendar, []
        for top in expressions_of(self.plan):
            for node in top.walk():
                if isinstance(node, ir.Read) and node.year is not None and of_members(node.quantity.expression):
                    found.append(calendar.year_first(node.year) + MONTHS_IN_YEAR)
                if isinstance(node, ir.Aggregate) and node.reach.within is not None and asks_who_was_here(node):
                    back = node.reach.within.months + node.reach.within.days // SHORTEST + 1
                    found.append(self.plan.first_month - back)
        return min(found, default=None)

    def everything(self, progress: Progress = SILENT) -> tuple[SplitTotal, ...]:
        """Makes the relations of the year; the splits that were made, by place in the text and group.

        Raises:
            HandOver: something cannot be settled here, or fails.
        """
        works = tuple(self._works())
        with handing_over(), progress.stage(f"settling {self.year}", total=len(works)) as stage:
            for work in works:
                work()
                stage.advance()
            return self._splits()

    def _works(self) -> Iterator[Callable[[], object]]:
        """What is done one after the other to settle the year."""
        if has_members(self.books):
            yield self.relations.outcomes
        yield self._participates
        for payment in self.plan.payments.values():
            yield partial(self._settle, payment)
        yield self._keep_for_credits
        for report in self.plan.reports:
            yield partial(self._publish, report)
        yield self._measure
        yield self._invariants
        yield self._refuse_what_fails

    def _participates(self) -> None:
        self._refuse_faults(self._judgments())
        self.relations.decided()

    def _settle(self, payment: ir.PaymentPlan) -> None:
        for source in self._fallible(payment):
            self._refuse_faults(source)

    def _publish(self, report: ir.ReportPlan) -> None:
        source = self.report(report)
        if source.fails:
            self._refuse_faults(source.fallible)

    def _measure(self) -> None:
        for source in self.results.fallible():
            self._refuse_faults(source)

    def unjudged(self) -> Iterator[Unsupported]:
        """Makes the relations of the year without asking whether anything fails, one rule after the other.

        Gives the constructs that relations do not have, each with its place.

        Raises:
            HandOver: what interpreter and relations work out together cannot be known, or a number is too large.
        """
        import duckdb

        tried: list[tuple[Span | None, Callable[[], object]]] = []
        if has_members(self.books):
            tried.append((None, self.relations.outcomes))
        tried += [(None, self.relations.participation), (None, self.relations.decided)]
        tried += [(p.span, partial(self.relations.lines, p)) for p in self.plan.payments.values()]
        tried += [(r.quantity.span, partial(self.relations.quantity, r.quantity)) for r in self.plan.reports]
        tried += [(None, lambda: list(self.results.fallible()))]
        tried += [(e.span, partial(self._judged, e)) for e in self.plan.ensures]
        tried.append((None, self._splits))
        for span, work in tried:
            try:
                work()
            except Unsupported as error:
                error.span = error.span or span
                yield error
            except (duckdb.OutOfRangeException, duckdb.ConversionException) as error:
                raise HandOver("a number is too large") from error

    def failing(self) -> tuple[Failing, ...]:
        """All rows of the year that fail: of participation, lines, reports, measures, invariants, and what is below.

        A row fails also where something that it reads does. Nothing is asked of the interpreter. Where invariants hold
        lines back they are not judged again.

        Raises:
            Unsupported: something is not settled here.
            HandOver: a credit that is read cannot be known, or relations lack a row that is read.
        """
        sources = [self._judgments()]
        sources += (source for payment in self.plan.payments.values() for source in self._fallible(payment))
        sources += [self.report(report).fallible for report in self.plan.reports]
        sources += self.results.fallible()
        if not self.relations.broken:
            sources += [self._wrong(ensure) for ensure in self.plan.ensures]
        sources += (self._asked(source) for source in dict.fromkeys(self.relations.failing))
        found = tuple(f for source in sources for f in failing_of(source, self.store, self.relations.faults))
        if any(each.code == LOST for each in found):
            raise HandOver(NOT_THERE)
        return found

    def _asked(self, source: Fallible) -> Fallible:
        """What is below, of the months of the year where it has months."""
        if source.period is None:
            return source
        return evolve(source, sql=f"SELECT * FROM ({source.sql}) WHERE {self.inside}")

    def hold_failing(self) -> dict[Diagnostic, Failing]:
        """Lets credits be taken off the lines that are known, and not be known where a line is not; gives the faults.

        Nothing is worked out anew by the interpreter then. Each fault is that of one line, of this year or before.
        """
        self._keep_for_credits()
        found: dict[Diagnostic, Failing] = {}
        for payment in self.plan.payments.values():
            if payment.name in self._kept:
                sql = f"SELECT payer, practice, clock, f FROM {self.relations.lines(payment)} WHERE f IS NOT NULL"
                for payer, practice, clock, number in self.store.rows(sql):
                    code, span = self.relations.faults.named(number)
                    row = self.books.row(payment.name, payer, practice, clock)
                    fault = finding(
                        code, f"`{payment.name}` cannot be known for {self.books.interpreter.words(row)}", span
                    )
                    found[fault] = Failing("line", payment.name, code, span, (row,), 0)
                    self.books.keep_fault((payment.name, payer, practice, clock), fault)
        return found

    def is_of_the_year(self, failing: Failing) -> bool:
        """Whether rows that fail begin in the year."""
        return all(row.clock is not None and row.clock[1] >= self.first for row in failing.rows)

    @property
    def rests_on_failing(self) -> bool:
        """Whether people or records cannot be judged, so that no relation above them is right."""
        return any(self._first_fault(source) is not None for source in dict.fromkeys(self.relations.failing))

    def _judgments(self) -> Fallible:
        inside = f"month BETWEEN {self.first} AND {self.last}"
        sql = f"SELECT payer, practice, month AS clock, f FROM {self.relations.participation()} WHERE {inside}"
        return Fallible("participation", "", sql, OWNERS, Period.MONTH.value)

    def _fallible(self, payment: ir.PaymentPlan) -> Iterator[Fallible]:
        """The lines of a payment in the year, by the period for which payers pay it."""
        table, by_period = self.relations.lines(payment), dict[str, list[str]]()
        for payer in self.books.world.payers:
            by_period.setdefault(posting_period(self.books.form(payment.name, payer)).value, []).append(payer)
        for period, payers in by_period.items():
            whose = f"payer IN ({self.store.dialect.texts(payers)})"
            sql = f"SELECT payer, practice, clock, f FROM {table} WHERE {self.inside} AND {whose}"
            yield Fallible("line", payment.name, sql, OWNERS, period)

    def _wrong(self, ensure: ir.EnsurePlan) -> Fallible:
        """Where an invariant does not hold, or cannot be judged."""
        frame, held = self._judged(ensure)
        broken = f"WHEN NOT {held.value} THEN {self.relations.faults.number(BROKEN, ensure.condition.span)}"
        unknown = "" if held.fault is None else f"WHEN {held.fault} IS NOT NULL THEN {held.fault}"
        columns = {name: name for name in (*frame.grid.keys, "clock", "m1", "m2")}
        columns |= {"concerned": self._concerned(ensure), "f": f"CASE {unknown} {broken} END"}
        sql = f"SELECT * FROM ({frame.select(columns)}) WHERE {self.inside} AND concerned"
        return Fallible("invariant", ensure.name, sql, frame.grid.keys, ensure.period.value)

    def holding(self) -> Compiled:
        """The year once more, with the lines held back in whose months an invariant does not hold.

        Raises:
            HandOver: relations do not tell whose lines these are.
        """
        found = []
        for ensure in self.plan.ensures:
            source = self._wrong(ensure)
            keys = tuple(key for key in source.keys if key != "line")
            number = self.relations.faults.number(BROKEN, ensure.condition.span)
            listed = ", ".join([*keys, "m1", "m2"])
            rows = self.store.rows(f"SELECT DISTINCT {listed} FROM ({source.sql}) WHERE f = {number} ORDER BY ALL")
            if rows and not set(keys) <= set(OWNERS):
                others = ", ".join(f"`{key}`" for key in keys if key not in OWNERS)
                raise HandOver(f"an invariant of each {others} does not hold, and lines are to be held")
            found += [Broken(ensure, keys, tuple(rows))] if rows else []
        books = Books(self.plan, self.dataset, self.year)
        return Compiled(books, self.dataset, self.year, tuple(found))

    @property
    def results(self) -> Results:
        """The results of measures."""
        return Results(self.relations, self.first, self.last, self.fails)

    def judged(self) -> bool:
        """Whether a practice and a payer have a month of the year in common."""
        sql = f"SELECT count(*) FROM {self.relations.participation()} WHERE month BETWEEN {self.first} AND {self.last}"
        return bool(self.store.row(sql)[0])

    def counts_somebody(self) -> bool:
        """Whether a member has a month that counts for a payer while it is in the program."""
        held = self.relations.grids.held(frozenset({"payer"}))
        return bool(
            self.store.row(
                f"SELECT count(*) FROM {self.relations.counted()} c JOIN {held} h ON h.payer = c.payer "
                f"AND h.month = c.month WHERE c.month BETWEEN {self.first} AND {self.last}"
            )[0]
        )

    # ------------------------------------------------------------------------------------------ parts

    def participation(self) -> list[Participation]:
        """The verdicts of participation in the year."""
        return self.relations.verdicts(self.first, self.last)

    @property
    def inside(self) -> str:
        """Whether a row's period begins in the year."""
        return f"clock BETWEEN {self.first} AND {self.last}"

    def lines_of(self, payment: ir.PaymentPlan) -> Iterator[Line]:
        """The lines of a payment in the year that can be known.

        Raises:
            Unsupported: they are not settled here.
            HandOver: what they all rest on cannot be known.
        """
        self.relations.lines(payment)
        self._refuse_what_fails()
        yield from self._read(payment, f"{self.inside} AND f IS NULL")

    def _read(self, payment: ir.PaymentPlan, which: str) -> Iterator[Line]:
        """The lines of a payment that fulfil a condition."""
        parts = self._parts(payment, which)
        rows = self.store.rows(
            "SELECT payer, payee, practice, clock, m1, m2, status, reason, units, price, amount "
            f"FROM {self.relations.lines(payment)} WHERE {which}"
        )
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

    def _keep_for_credits(self) -> None:
        """Lets the interpreter's credits be taken off these lines; one that fails it works out itself, if it asks."""
        against = {name for payer in self.plan.payers for credit in payer.credits for name in credit.against}
        for payment in self.plan.payments.values():
            if payment.name in against - self._kept:
                self._kept.add(payment.name)
                self.relations.lines(payment)
                for line in self._read(payment, "f IS NULL"):
                    self.books.keep(line)

    def _credits(self) -> list[CreditRow]:
        """What credits take off the lines of every year up to the last that is looked at."""
        self._keep_for_credits()
        step = 10 ** (PLACES - self.plan.rounding[0])
        calendar, last, found = self.plan.calendar, self._months()[-1], []
        years = range(calendar.year_of(self.plan.first_month), calendar.year_of(last) + 1)
        for payer in self.books.world.payers.values():
            for practice in self.books.world.practices if payer.credits else ():
                for year in years:
                    try:
                        uses = self.books.credits.applied(payer.name, practice, year).uses
                    except Faulted as error:
                        raise HandOver("a credit is not known") from error
                    found += [
                        (payer.name, practice, use.line.payment, use.line.first, use.amount // step) for use in uses
                    ]
        return found

    def _parts(self, payment: ir.PaymentPlan, inside: str) -> dict[tuple[Any, ...], list[Part]]:
        """The prices of each line that has several."""
        found: dict[tuple[Any, ...], list[Part]] = {}
        for table in self.relations.parts.get(payment.name, []):
            rows = self.store.rows(
                f"SELECT payer, practice, clock, price, units, amount FROM {table} WHERE {inside} AND units <> 0 "
                "ORDER BY payer, practice, clock, price NULLS FIRST"
            )
            for payer, practice, clock, price, units, amount in rows:
                found.setdefault((payer, practice, clock), []).append(Part(price, units, self._amount(amount)))
        return found

    def _amount(self, stored: int) -> int:
        scaled: int = stored * 10 ** (PLACES - self.plan.rounding[0])
        return scaled

    def published(self, report: ir.ReportPlan) -> Iterator[Published]:
        """What a report publishes."""
        quantity, source = report.quantity, self.report(report)
        columns = "".join(f", r.{key}" for key in source.keys)
        order = ", ".join(["r.clock", *(f"r.{key}" for key in source.keys)])
        rows = self.store.rows(f"SELECT q.v, r.clock{columns} {source.sql} AND q.f IS NULL ORDER BY {order}")
        for value, clock, *keys in rows:
            row = Row.of((source.period, clock), **dict(zip(source.keys, keys, strict=True)))
            if self.is_there(row, quantity.grain):
                shown = self.with_declared(row, quantity.grain)
                yield Published(report, shown, unscaled(value, quantity.expression), quantity.expression.type)

    def report(self, report: ir.ReportPlan) -> ReportRows:
        """The rows of a report's quantity in the year."""
        quantity = report.quantity
        kind = time_key(quantity.grain)
        grid, fails = self.relations.quantity(quantity)
        period = kind or Period.YEAR.value
        rows = self.relations.found(self.relations.rows(frozenset(grid.keys), period, base=False))
        inside = f"r.{self.inside}"
        if kind == "contract_year":
            months = f"(SELECT unnest(sequence({self.first}, {self.last})) AS month)"
            number = f"quotient(month - start, {MONTHS_IN_YEAR}) + 1"
            inside = f"r.clock >= 1 AND r.clock IN (SELECT {number} FROM practices CROSS JOIN {months})"
        on = matching({column: f"r.{column}" for column in grid.columns})
        whose = ("practice", "payer") if kind == "contract_year" else OWNERS
        order = (*whose, *self.plan.practice_keys, "line")
        keys = (*(key for key in order if key in grid.keys), *(key for key in grid.keys if key not in order))
        sql = f"FROM {rows.table} r JOIN {grid.table} q ON {on('q')} WHERE {inside}"
        return ReportRows(report.name, sql, keys, period, fails)

    def is_there(self, row: Row, grain: tuple[str, ...]) -> bool:
        """Whether some practice has the row's values of declared keys, where the row is of no practice."""
        keys = [key for key in grain if key in self.plan.practice_keys]
        if not keys or "practice" in grain:
            return True
        world = self.books.world
        return all(
            any(world.lookup(found, key) == row.get(key) for found in world.elements("practice", row.without(*keys)))
            for key in keys
        )

    def with_declared(self, row: Row, grain: tuple[str, ...]) -> Row:
        """A row of a practice with the values that the practice has of the grain's declared keys."""
        for key in grain:
            if key in self.plan.practice_keys and "practice" in grain:
                row = row.plus(key, self.books.world.lookup(row, key))
        return row

    def _invariants(self) -> None:
        """Hands over if any invariant fails, or cannot be judged: the interpreter says which and why."""
        for ensure in self.plan.ensures:
            if self._first_fault(self._wrong(ensure)) is not None:
                raise HandOver("an invariant does not hold", self.failing)

    def _judged(self, ensure: ir.EnsurePlan) -> tuple[Frame, Column]:
        """The rows at which an invariant is judged, and whether it holds."""
        frame = self._frame_of(ensure)
        return frame, self.relations.known(ensure.condition, frame)

    def _frame_of(self, ensure: ir.EnsurePlan) -> Frame:
        """The rows at which an invariant is judged."""
        keys = {key for key in ensure.condition.keys if key not in ir.TIME_KEYS}
        if ensure.payers_where is not None:
            keys.add("payer")
        if "practice" in keys:
            keys -= set(self.plan.practice_keys)
        return Frame(self.relations.found(self.relations.rows(frozenset(keys), ensure.period.value, base=False)))

    def _concerned(self, ensure: ir.EnsurePlan) -> str:
        """Whether an invariant is for the row's payer, which the interpreter decides for each."""
        where = ensure.payers_where
        if where is None:
            return "true"
        if isinstance(where, ir.Aggregate) and where.over == ("line",) and where.body is not None:
            where = where.body
        interpreter, named = self.books.interpreter, []
        for name, payer in self.books.world.payers.items():
            rows = [Row.of(payer=name)]
            if "line" in where.keys:
                rows = [row.plus("line", line) for row in rows for line in payer.lines]
            if any(interpreter.truth(where, row) for row in rows):
                named.append(name)
        return f"payer IN ({self.store.dialect.texts(named)})" if named else "false"

    def splits_in_part(self) -> tuple[SplitTotal, ...]:
        """Every pool that was split in a year in which something fails.

        Raises:
            Unsupported: a demand cannot be followed.
            HandOver: what is known does not demand a pool, and what fails may have.
        """
        return self._splits(in_part=True) if self.relations.split_names else ()

    def _splits(self, *, in_part: bool = False) -> tuple[SplitTotal, ...]:
        """Every pool that was split in the year, its parts, and what returned, by place in the text and group.

        `in_part`: something fails, and only what rows demand that are known is followed.
        """
        found = []
        demands = self._demands(in_part)
        for (node, kind, base), name in self.relations.split_names.items():
            asked = demands.groups(node, kind, base=base)
            group, _, _ = self.relations.split_rows(node, kind, base=base)
            on = matching({column: f"g.{column}" for column in group.columns})
            if in_part:
                surely = f"EXISTS (SELECT 1 FROM ({asked}) a WHERE {on('a')})" if asked else "false"
                unclear = f"SELECT count(*) FROM {name}_groups g WHERE g.f IS NULL AND NOT {surely}"
                if self.store.row(unclear) != (0,):
                    raise HandOver(f"whether the pool of {node.span} is split hangs on what fails, and lines are held")
            if asked is None:
                continue
            comma = "".join(f"g.{column}, " for column in group.columns)
            rows = self.store.rows(
                f"SELECT {comma}g.pool, coalesce(sum(s.v), 0), coalesce(sum(s.whole_part), 0) - coalesce(sum(s.v), 0) "
                f"FROM {name}_groups g JOIN ({asked}) a ON {on('a')} LEFT JOIN {name} s ON {on('s')} "
                f"WHERE g.f IS NULL GROUP BY {comma}g.pool"
            )
            for *values, pool, parts, returned in rows:
                row = _row(kind, dict(zip(group.columns, values, strict=True)))
                found.append(self._split(node, row, (pool, parts, returned)))
        return tuple(sorted(found, key=lambda split: (split.place, split.group)))

    def _demands(self, in_part: bool) -> Demands:
        """What the lines, reports and invariants of the year demand; `in_part`, those that are known."""
        demands = Demands(self.relations)
        known = " AND {}f IS NULL" if in_part else ""
        for payment in self.plan.payments.values():
            demands.of_lines(payment, self.inside + known.format(""))
        carried = [c for payer in self.plan.payers for c in payer.credits if c.carries_forward]
        if any(demands.reaches(self.plan.payments[name]) for credit in carried for name in credit.against):
            raise Unsupported("a split in a payment of earlier years that is credited")
        demands.of_participation(self.first, self.last, known.format(""))
        for report in self.plan.reports:
            grid, _ = self.relations.quantity(report.quantity)
            columns = ", ".join(f"q.{column}" for column in grid.columns) or "q.hit"
            demands.of_quantity(report.quantity, f"SELECT {columns} {self.report(report).sql}{known.format('q.')}")
        for ensure in () if self.relations.broken else self.plan.ensures:
            frame, held = self._judged(ensure)
            judged = f" AND {held.fault} IS NULL" if in_part and held.fault is not None else ""
            demands.of_condition(ensure.condition, frame, f"({self.inside} AND {self._concerned(ensure)}{judged})")
        return demands

    def _split(self, node: ir.Split, row: Row, sums: tuple[int, int, int]) -> SplitTotal:
        pool, parts, returned = (self._amount(each) for each in sums)
        return SplitTotal(str(node.span), self.books.interpreter.words(row), pool, parts, returned)

    def _refuse_what_fails(self) -> None:
        """Hands over where members or records cannot be told, on which everything rests."""
        for source in dict.fromkeys(self.relations.failing):
            self._refuse_faults(source)

    def _refuse_faults(self, source: Fallible) -> None:
        number = self._first_fault(source)
        if number is not None:
            code, _ = self.relations.faults.named(number)
            raise HandOver(NOT_THERE) if code == LOST else HandOver(f"something fails ({code})", self.failing)

    def _first_fault(self, source: Fallible) -> int | None:
        """The number of a fault that some row has."""
        (number,) = self.store.row(f"SELECT min(f) FROM ({source.sql}) WHERE f IS NOT NULL")
        return None if number is None else int(number)
