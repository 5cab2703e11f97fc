"""The postings of a year as one relation: a row for each price of a line, and those of credits."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mhrules.engine.sql.about import About
from mhrules.engine.sql.grids import OWNERS
from mhrules.exact import PLACES
from mhrules.plan import ir
from mhrules.settle import ledger
from mhrules.settle.ledger import Posting, Tally
from mhrules.settle.payments import MEMBER_MONTH, Books, posting_period
from mhrules.settle.sql.lines import Lines

POSTED = "posted"
_COLUMNS = {
    "payer": "VARCHAR", "payee": "VARCHAR", "practice": "VARCHAR", "payment": "VARCHAR", "first": "INTEGER",
    "length": "INTEGER", "units": "HUGEINT", "price": "HUGEINT", "amount": "HUGEINT", "status": "VARCHAR",
    "reason": "VARCHAR", "n": "INTEGER",
}  # fmt: skip
ORDER = "payer, practice, payment, first, length, status, reason, coalesce(price, 0), price IS NOT NULL, n"


class Postings:
    """The table of all postings, empty where none are `posted`. With `fails`, lines may fail: they are held.

    Amounts are at the places of postings, units and prices in units of 10**-12.
    """

    def __init__(
        self, books: Books, relations: Lines, inside: str, credits: Iterable[Posting], *, posted: bool, fails: bool
    ) -> None:
        self.store = relations.store
        self._books, self._relations, self._inside, self._fails = books, relations, inside, fails
        self._step = 10 ** (PLACES - books.plan.rounding[0])
        parts = [self._of_payment(payment) for payment in books.plan.payments.values()]
        rows = [self._credit(number, posting) for number, posting in enumerate(credits)]
        if rows:
            credited = self.store.values("credited_rows", _COLUMNS, rows, About("what credits take off lines"))
            parts.append(f"SELECT * FROM {credited}")
        about = About("the postings of the year", (*OWNERS, "payment", "price", "posting period"))
        if parts and posted:
            self.table = self.store.table(POSTED, "\nUNION ALL\n".join(parts), about)
        else:
            self.table = self.store.values(POSTED, _COLUMNS, [], about)

    def _of_payment(self, payment: ir.PaymentPlan) -> str:
        """The lines of a payment, each price of a paid one by itself."""
        lines = self._relations.lines(payment)
        parts = self._relations.parts.get(payment.name, [])
        own = {name: f"l.{name}" for name in ("units", "price", "amount")}
        join = ""
        if parts:
            prices = " UNION ALL ".join(
                f"SELECT payer, practice, clock, price, units, amount FROM {part}" for part in parts
            )
            join = (
                f"LEFT JOIN (SELECT * FROM ({prices}) WHERE {self._inside} AND units <> 0) p "
                f"ON l.status = '{ledger.PAID}' AND l.f IS NULL AND p.payer = l.payer AND p.practice = l.practice "
                "AND p.clock = l.clock"
            )
            own = {name: f"CASE WHEN p.payer IS NULL THEN l.{name} ELSE p.{name} END" for name in own}
        nothing = {"units": "0", "price": "NULL", "amount": "0"}
        numbers = ", ".join(
            f"({self._unless_held(sql, nothing[name])})::HUGEINT AS {name}" for name, sql in own.items()
        )
        return (
            f"SELECT l.payer, {self._unless_held('l.payee', repr(''))} AS payee, l.practice, "
            f"{self.store.dialect.text(payment.name)} AS payment, l.clock AS first, "
            f"{self._length(payment)} AS length, {numbers}, "
            f"{self._unless_held('l.status', repr(ledger.HELD))} AS status, "
            f"{self._unless_held('l.reason', self._code())} AS reason, 0 AS n\n"
            f"  FROM {lines} l {join} WHERE l.{self._inside}"
        )

    def _unless_held(self, sql: str, held: str) -> str:
        """What a line says, or where it is held, something else."""
        return f"CASE WHEN l.f IS NOT NULL THEN {held} ELSE {sql} END" if self._fails else sql

    def _code(self) -> str:
        """The code of a line's fault."""
        codes = " ".join(f"WHEN {number} THEN '{code}'" for number, code, _ in self._relations.faults.all())
        return f"CASE l.f {codes} END" if codes else "NULL"

    def _length(self, payment: ir.PaymentPlan) -> str:
        """The months of a line's period, as its payer pays it."""
        lengths = {
            payer: posting_period(self._books.form(payment.name, payer)).months for payer in self._books.world.payers
        }
        if len(set(lengths.values())) == 1:
            return str(next(iter(lengths.values())))
        text = self.store.dialect.text
        return f"CASE l.payer {' '.join(f'WHEN {text(payer)} THEN {months}' for payer, months in lengths.items())} END"

    def _credit(self, number: int, posting: Posting) -> tuple[object, ...]:
        whose = (posting.payer, posting.payee, posting.practice, posting.payment, posting.first, posting.length)
        amount = posting.amount // self._step
        return (*whose, posting.units, posting.price, amount, posting.status, posting.reason, number)

    def tallies(self) -> list[Tally]:
        """How many postings there are, and how much, by payer, practice, payment, status, and credit."""
        named = f"CASE WHEN status = '{ledger.CREDITED}' THEN reason ELSE '' END"
        rows = self.store.rows(
            f"SELECT payer, practice, payment, status, {named}, count(*), sum(amount) FROM {self.table} "
            "GROUP BY ALL ORDER BY ALL"
        )
        return [
            Tally(payer, practice, payment, status, credit, lines, int(amount) * self._step)
            for payer, practice, payment, status, credit, lines, amount in rows
        ]

    def somebody(self) -> bool:
        """Whether a posting pays for member months."""
        form, text = self._books.form, self.store.dialect.text
        paid = [
            f"(payment = {text(payment)} AND payer = {text(payer)})"
            for payment in self._books.plan.payments
            for payer in self._books.world.payers
            if form(payment, payer).unit == MEMBER_MONTH
        ]
        if not paid:
            return False
        found = self.store.row(f"SELECT count(*) FROM {self.table} WHERE units <> 0 AND ({' OR '.join(paid)})")
        return bool(found[0])

    def objects(self, posting: Callable[..., Posting]) -> tuple[Posting, ...]:
        """The postings in order, as objects; `posting` is given each row's columns by name."""
        columns = ("payer", "payee", "practice", "payment", "first", "length", "units", "price", "status", "reason")
        rows = self.store.rows(f"SELECT {', '.join(columns)}, amount FROM {self.table} ORDER BY {ORDER}")
        return tuple(
            posting(**dict(zip(columns, row, strict=True)), amount=amount * self._step) for *row, amount in rows
        )
