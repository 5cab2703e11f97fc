"""Which pools a settlement splits: those that its lines, reports and invariants ask for, followed from row to row.

A relation holds every row that there is. The interpreter works out only what is demanded, and its control totals tell
of the splits that were made; these are found here by following the demand, through conditions as they came out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mhrules.engine.sql.about import About
from mhrules.engine.sql.faults import Unsupported
from mhrules.engine.sql.frame import Frame, Grid
from mhrules.engine.sql.grids import OWNERS
from mhrules.engine.sql.quantities import matching
from mhrules.plan import ir
from mhrules.settle import ledger
from mhrules.settle.elementwise import ELEMENT_KEYS
from mhrules.settle.payments import posting_period
from mhrules.settle.sql.lines import Lines
from mhrules.syntax.tree import Coverage

What = tuple[object, ...]
"""A quantity, a payment's lines or a split, with what tells its relations apart."""


class Demands:
    """The rows that are demanded of every relation on the way to a split."""

    def __init__(self, relations: Lines) -> None:
        self.relations = relations
        self.plan, self.store, self.grids = relations.plan, relations.store, relations.grids
        self._reached: dict[object, bool] = {}
        self._known: dict[What, list[str]] = {}
        self._pending: list[tuple[What, str]] = []
        self._walks: dict[type, Callable[[Any, Frame, str], None]] = {
            ir.Read: self._read,
            ir.Logic: self._logic,
            ir.Case: self._case,
            ir.Extreme: self._extreme,
            ir.Default: self._default,
            ir.Aggregate: self._aggregate,
            ir.Total: self._total,
            ir.Split: self._split,
        }

    # -------------------------------------------------------------------------------------------- roots

    def of_lines(self, payment: ir.PaymentPlan, inside: str) -> None:
        """Lines that are demanded; `inside` says which."""
        if self.reaches(payment):
            table = self.relations.lines(payment)
            self._mark(("lines", payment), self._of_payment(payment), f"SELECT * FROM {table} WHERE {inside}")

    def of_participation(self, first: int, last: int, known: str = "") -> None:
        """The verdicts of all months from `first` to `last`, which a settlement judges whether or not it pays.

        `known` is a further condition on them.

        Raises:
            Unsupported: earlier months are judged too, for what is paid once.
        """
        if self._judging():
            if any(form.once for payment in self.plan.payments.values() for form in payment.forms.values()):
                raise Unsupported("a split that participation rests on, which decides when something is paid once")
            table = self.relations.participation()
            inside = f"month BETWEEN {first} AND {last}{known}"
            rows = f"SELECT payer, practice, month AS clock FROM {table} WHERE {inside}"
            self._mark(("participation",), self.grids.grid(OWNERS, "month"), rows)

    def _judging(self) -> bool:
        """Whether participation rests on a split."""
        return any(self.reaches(requirement.condition) for requirement in self.relations.requirements)

    def of_quantity(self, quantity: ir.Quantity, rows: str) -> None:
        """Rows of a quantity that are demanded, as a statement with the columns of its grain."""
        if self.reaches(quantity.expression):
            grid, _ = self.relations.quantity(quantity)
            self._mark(("quantity", quantity, False), grid, rows)

    def of_condition(self, condition: ir.Expression, frame: Frame, where: str) -> None:
        """A condition that is demanded at rows of a frame."""
        self._walk(condition, frame, where)

    def groups(self, split: ir.Split, kind: str | None, *, base: bool) -> str | None:
        """The groups whose pools are split, as a statement with the columns of the group; None if there are none.

        Raises:
            Unsupported: a demand cannot be followed.
        """
        while self._pending:
            what, rows = self._pending.pop()
            self._look(what, rows)
        tables = self._known.get(("split", split, kind, base))
        return None if not tables else " UNION ALL ".join(f"SELECT * FROM {table}" for table in tables)

    # ------------------------------------------------------------------------------------ what is reached

    def reaches(self, what: object) -> bool:
        """Whether an expression or a payment rests on a split."""
        if what not in self._reached:
            self._reached[what] = False  # of what rests on itself a year before, the other ways decide
            self._reached[what] = isinstance(what, ir.Split) or any(self.reaches(each) for each in self._inside(what))
        return self._reached[what]

    def _inside(self, what: object) -> Iterable[object]:
        if isinstance(what, ir.PaymentPlan):
            judged = [requirement.condition for requirement in self.relations.requirements]
            return [*judged, *(part for form in what.forms.values() for part in _parts_of(form))]
        if isinstance(what, ir.Read):
            return [what.quantity.expression]
        if isinstance(what, ir.Total):
            against = {name for payer in self.plan.payers for credit in payer.credits for name in credit.against}
            return [self.plan.payments[name] for name in (what.payment, *(sorted(against) if what.net else ()))]
        assert isinstance(what, ir.Expression)
        return what.parts()

    # -------------------------------------------------------------------------------------------- marking

    def _mark(self, what: What, grid: Grid, rows: str) -> None:
        """Takes note of rows of a relation that are demanded; those that are new are looked into later."""
        columns = ", ".join(grid.columns) or "hit"
        there = " AND ".join(f"g.{column} = d.{column}" for column in grid.columns) or "true"
        known = self._known.setdefault(what, [])
        new = "".join(f" EXCEPT SELECT {columns} FROM {table}" for table in known)
        source = rows if grid.columns else f"SELECT true AS hit FROM ({rows})"
        own = f"EXISTS (SELECT 1 FROM {grid.table} g WHERE {there})"
        sql = f"SELECT DISTINCT {columns} FROM ({source}) d WHERE {own}{new}"
        about = About(f"rows of {grid.table} that are demanded, to tell which pools were split")
        table = self.store.table(self.store.fresh("demanded"), sql, about)
        if self.store.row(f"SELECT count(*) FROM {table}") != (0,):
            known.append(table)
            self._pending.append((what, table))

    def _look(self, what: What, rows: str) -> None:
        """Follows the demand of rows."""
        if what[0] == "participation":
            self._look_at_verdicts(rows)
        elif what[0] == "lines":
            assert isinstance(what[1], ir.PaymentPlan)
            self._look_at_lines(what[1], rows)
        elif what[0] == "quantity":
            assert isinstance(what[1], ir.Quantity)
            self._look_at_quantity(what[1], rows, base=bool(what[2]))
        else:
            assert isinstance(what[1], ir.Split)
            self._look_at_split(what[1], what[2], rows, base=bool(what[3]))

    def _demanded(self, frame: Frame, rows: str, columns: Mapping[str, str]) -> str:
        """Whether a row of a frame is among `rows`; `columns` says what each of their columns is in the frame."""
        if not columns:
            return f"EXISTS (SELECT 1 FROM {rows})"
        alias = frame.join("demanded", rows, matching(columns))
        return frame.expose(f"({alias}.{next(iter(columns))} IS NOT NULL)")

    def _look_at_quantity(self, quantity: ir.Quantity, rows: str, *, base: bool) -> None:
        source, _ = self.relations.quantity(quantity, base=base)
        frame = Frame(self.relations.rows(frozenset(source.keys), source.kind, base=base))
        asked = self._demanded(frame, rows, {column: f"r.{column}" for column in source.columns})
        self._walk(quantity.expression, frame, asked)

    def _of_payment(self, payment: ir.PaymentPlan) -> Grid:
        return Grid(self.relations.lines(payment), OWNERS, "month")

    def _look_at_verdicts(self, rows: str) -> None:
        """Every requirement that the row's payer asks for."""
        frame = Frame(self.grids.grid(OWNERS, "month"))
        asked = self._demanded(frame, rows, {column: f"r.{column}" for column in frame.grid.columns})
        for requirement in self.relations.requirements:
            own = "true" if requirement.payer is None else f"payer = {self.relations.dialect.text(requirement.payer)}"
            self._walk(requirement.condition, frame, f"({asked} AND {own})")

    def _look_at_cover(self, payment: ir.PaymentPlan, rows: str) -> None:
        """The verdicts of a line's months, or of its last month only, unless something has ended it before."""
        lines, verdicts = self.relations.lines(payment), self.relations.participation()
        own = " AND ".join(f"d.{column} = l.{column}" for column in (*OWNERS, "clock"))
        for name, form in payment.forms.items():
            first = "l.m2" if form.coverage is Coverage.LAST_MONTH else "l.m1"
            payers = self.relations.payers_of(payment, name)
            if payers:
                sql = (
                    f"SELECT p.payer, p.practice, p.month AS clock FROM {rows} d JOIN {lines} l ON {own} "
                    f"JOIN {verdicts} p ON p.payer = l.payer AND p.practice = l.practice "
                    f"AND p.month BETWEEN {first} AND l.m2 "
                    f"WHERE l.payer IN ({self.relations.dialect.texts(payers)}) "
                    f"AND l.status NOT IN ('{ledger.NOT_DUE}', '{ledger.NOT_ELECTED}')"
                )
                self._mark(("participation",), self.grids.grid(OWNERS, "month"), sql)

    def _look_at_lines(self, payment: ir.PaymentPlan, rows: str) -> None:
        """Gates up to the one that fails, then prices and limits of what is paid."""
        lines = self._of_payment(payment)
        if self._judging():
            self._look_at_cover(payment, rows)
        if not any(self.reaches(part) for form in payment.forms.values() for part in _parts_of(form)):
            return
        for name, form in payment.forms.items():
            if form.unit in ELEMENT_KEYS or form.priced_by_member:
                raise Unsupported("a split in a price by member or record")
            payers = self.relations.payers_of(payment, name)
            if not payers:
                continue
            own = self.relations.dialect.texts(payers)
            frame = Frame(self.grids.grid(OWNERS, posting_period(form).value), where=f"r.payer IN ({own})")
            columns = {column: f"r.{column}" for column in lines.columns}
            asked = self._demanded(frame, rows, columns)
            alias = frame.join("line", lines.table, matching(columns))
            status, reason = frame.expose(f"{alias}.status"), frame.expose(f"{alias}.reason")
            paid = f"{status} = '{ledger.PAID}'"
            for at, gate in enumerate(form.gates):
                later = self.relations.dialect.texts(each.name for each in form.gates[at:])
                gated = f"({status} = '{ledger.GATED}' AND {reason} IN ({later}))"
                self._walk(gate.condition, frame, f"({asked} AND ({paid} OR {gated}))")
            for part in (form.pays, *form.caps, *form.floors):
                self._walk(part, frame, f"({asked} AND {paid})")

    def _look_at_split(self, node: ir.Split, kind: object, rows: str, *, base: bool) -> None:
        assert kind is None or isinstance(kind, str)
        group, elements, same = self.relations.split_rows(node, kind, base=base)
        pools = Frame(group)
        asked = self._demanded(pools, rows, {column: f"r.{column}" for column in group.columns})
        self._walk(node.pool, pools, asked)
        frame = Frame(elements)
        columns = {column: f"r.{column}" for column in group.columns if column not in same}
        columns |= {key: self.relations.raw_declared(key, frame) for key in same}
        asked = self._demanded(frame, rows, columns)
        weighed = asked
        if node.where is not None:
            self._walk(node.where, frame, asked)
            if not node.refused_return and node.weight is not None:
                weighed = f"({asked} AND {self.relations.known(node.where, frame).value})"
        if node.weight is not None:
            self._walk(node.weight, frame, weighed)

    # -------------------------------------------------------------------------------------------- walking

    def _walk(self, node: ir.Expression, frame: Frame, asked: str) -> None:
        """Follows the demand for an expression at the rows of a frame where `asked` is true."""
        if not self.reaches(node):
            return
        special = self._walks.get(type(node))
        if special is not None:
            special(node, frame, asked)
            return
        for part in node.parts():
            self._walk(part, frame, asked)

    def _rows(self, frame: Frame, columns: Mapping[str, str], asked: str) -> str:
        """The rows of a frame that ask, with columns over what is joined to it."""
        exposed = {name: frame.expose(sql) for name, sql in columns.items()} or {"hit": "true"}
        return frame.select(exposed, f" WHERE {asked}")

    def _read(self, node: ir.Read, frame: Frame, asked: str) -> None:
        base = frame.grid.base or node.move is ir.Move.BASE_YEAR
        source, _ = self.relations.quantity(node.quantity, base=base)
        columns = self.relations.read_columns(node, frame, source)
        self._mark(("quantity", node.quantity, base), source, self._rows(frame, columns, asked))

    def _logic(self, node: ir.Logic, frame: Frame, asked: str) -> None:
        for operand in node.operands:
            self._walk(operand, frame, asked)
            held = self.relations.known(operand, frame).value
            asked = f"({asked} AND {held if node.operator == 'and' else f'NOT {held}'})"

    def _case(self, node: ir.Case, frame: Frame, asked: str) -> None:
        for row in node.rows:
            if row.condition is None:
                self._walk(row.value, frame, asked)
                return
            self._walk(row.condition, frame, asked)
            held = self.relations.known(row.condition, frame).value
            self._walk(row.value, frame, f"({asked} AND {held})")
            asked = f"({asked} AND NOT {held})"

    def _extreme(self, node: ir.Extreme, frame: Frame, asked: str) -> None:
        conditions = node.conditions or (None,) * len(node.operands)
        for operand, condition in zip(node.operands, conditions, strict=True):
            here = asked
            if condition is not None:
                self._walk(condition, frame, asked)
                here = f"({asked} AND {self.relations.known(condition, frame).value})"
            self._walk(operand, frame, here)

    def _default(self, node: ir.Default, frame: Frame, asked: str) -> None:
        self._walk(node.operand, frame, asked)
        found = self.relations.value(node.operand, frame).value
        self._walk(node.fallback, frame, f"({asked} AND {found} IS NULL)")

    def _aggregate(self, node: ir.Aggregate, frame: Frame, asked: str) -> None:
        if not set(node.over) <= {*OWNERS, "line", *ir.TIME_KEYS, *self.plan.practice_keys}:
            raise Unsupported(f"a split asked for by each {node.over[0]}")
        elements, group = self.relations.elements(node, frame.grid)
        above = self.relations.group_columns(group, frame)
        about = About("rows whose aggregate is demanded, to tell which pools were split", None, node.span)
        rows = self.store.table(self.store.fresh("demanded"), self._rows(frame, above, asked), about)
        inner = Frame(elements)
        same = {key: self.relations.raw_declared(key, inner) for key in node.same}
        own = [self.relations.group_column(column, frame.grid, inner, same) for column in group]
        here = f"EXISTS (SELECT 1 FROM {rows})"
        if own:
            here = f"(({', '.join(own)}) IN (SELECT ({', '.join(group)}) FROM {rows}))"
        if node.where is not None:
            self._walk(node.where, inner, here)
        if node.body is not None:
            chosen = here if node.where is None else f"({here} AND {self.relations.known(node.where, inner).value})"
            self._walk(node.body, inner, chosen)

    def _total(self, node: ir.Total, frame: Frame, asked: str) -> None:
        if node.net and any(payer.credits for payer in self.plan.payers):
            raise Unsupported("a split in a payment that is credited")
        payment = self.plan.payments[node.payment]
        lines = self._of_payment(payment)
        above = self._rows(frame, {"payer": "r.payer", "practice": "r.practice", "clock": "r.clock"}, asked)
        rows = self.grids.grid(OWNERS, frame.grid.kind, base=frame.grid.base)
        sql = (
            f"SELECT l.payer, l.practice, l.clock FROM ({above}) a JOIN {rows.table} g ON g.payer = a.payer "
            f"AND g.practice = a.practice AND g.clock = a.clock JOIN {lines.table} l ON l.payer = g.payer "
            "AND l.practice = g.practice AND l.m1 >= g.m1 AND l.m2 <= g.m2"
        )
        self._mark(("lines", payment), lines, sql)

    def _split(self, node: ir.Split, frame: Frame, asked: str) -> None:
        group, _, _ = self.relations.split_rows(node, frame.grid.kind, base=frame.grid.base)
        columns = self.relations.group_columns(group.columns, frame)
        what = ("split", node, frame.grid.kind, frame.grid.base)
        self._mark(what, group, self._rows(frame, columns, asked))


def _parts_of(form: ir.FormPlan) -> Iterable[ir.Expression]:
    """What the amount of a line rests on."""
    asked = () if form.where is None else (form.where,)
    return (*asked, *(gate.condition for gate in form.gates), form.pays, *form.caps, *form.floors)
