"""What a settlement gives to the programs that asked for it: typed postings, and tables for other tools."""

from __future__ import annotations

import datetime
from decimal import Decimal
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, fields

from mhrules.classes import frozen
from mhrules.diagnostics.model import Diagnostic, DiagnosticError
from mhrules.diagnostics.registry import finding
from mhrules.exact import PLACES
from mhrules.progress import SILENT, Progress
from mhrules.source import Source

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

    from mhrules.settle import ledger

CENTS = 2
UNIT_PLACES = 6
PRICE_DIGITS = 26
_SQL_TYPES = {
    "units": f"DECIMAL(18,{UNIT_PLACES})",
    "price": f"DECIMAL({PRICE_DIGITS},{PLACES})",
    "amount": f"DECIMAL(18,{CENTS})",
    "posted_on": "DATE",
}


@frozen
class Posting:
    """One line of a settlement.

    `amount` is in dollars, exact, with two places; it is negative where the practice owes the payer. `units` are
    member months, or claim lines, claims, visits or events where a payment is made per one of these, or 1, with six
    places. `price` is what one of them pays, exact, with at least two places; None where the payment has no units, or
    each element an amount of its own. `period` is `2012`, `2012-H1`, `2012-Q1` or `2012-03`. `status` is `paid`,
    `gated`, `not_participating`, `not_elected`, `not_due`, `credited` or `held`, and `reason` names the gate, the
    requirement or the credit. `practice` is the participant's id, whatever the program calls it; `payee` is who is
    paid. `run` and `posted_on` are as given to `settle`.
    """

    payer: str
    payee: str
    practice: str
    payment: str
    period: str
    units: Decimal
    price: Decimal | None
    amount: Decimal
    status: str
    reason: str
    kind: str
    run: str
    posted_on: datetime.date | None
    reverses: str


POSTING_COLUMNS = tuple(each.name for each in fields(Posting))
"""The columns of `postings.csv` and of every table of postings, in order."""


def decimal(value: int, places: int) -> Decimal:
    """A number in units of 10**-12 as a Decimal with exactly that many places, nothing lost.

    Raises:
        ValueError: it has more places.
    """
    whole, rest = divmod(value, 10 ** (PLACES - places))
    if rest:
        raise ValueError(f"more than {places} places")
    return Decimal((whole < 0, tuple(map(int, str(abs(whole)))), -places))


def shortest(value: int) -> Decimal:
    """A number in units of 10**-12 as a Decimal with as few places as show it exactly, and at least two."""
    places = next(n for n in range(CENTS, PLACES + 1) if value % 10 ** (PLACES - n) == 0)
    return decimal(value, places)


@frozen(eq=False, slots=False)
class Settlement:
    """The settlement of one program year.

    `findings` are warnings about the data and the run; with `hold`, also the errors for which postings are held.
    """

    year: int
    findings: tuple[Diagnostic, ...] = field(repr=False)
    _ledger: ledger.Settlement = field(alias="ledger", repr=False)
    _sources: tuple[Source, ...] = field(alias="sources", repr=False)
    _connections: list[DuckDBPyConnection] = field(factory=list, alias="connections", repr=False)

    @cached_property
    def postings(self) -> tuple[Posting, ...]:
        """The postings in order, made when first asked for."""
        return tuple(_posting(each) for each in self._ledger.postings)

    @property
    def run(self) -> str:
        """The run's name, as given."""
        return self._ledger.run

    @property
    def posted_on(self) -> datetime.date | None:
        """The posting date, as given."""
        return self._ledger.posted_on

    @property
    def held(self) -> bool:
        """Whether some postings stand for lines that failed."""
        return self._ledger.held

    @property
    def engine(self) -> str:
        """What worked it out: `reference` or `duckdb`."""
        return self._ledger.engine

    @property
    def handed_over(self) -> str:
        """Why the interpreter worked it out where another engine was asked for; empty otherwise."""
        return self._ledger.handed_over

    @property
    def total(self) -> Decimal:
        """All postings together, in dollars; negative where practices owe."""
        return decimal(self._ledger.controls.total, CENTS)

    @property
    def by_payer(self) -> dict[str, Decimal]:
        """The total of each payer, in dollars."""
        return {payer: decimal(amount, CENTS) for payer, amount in self._ledger.controls.by_payer.items()}

    @property
    def by_payment(self) -> dict[str, Decimal]:
        """The total of each payment after credits, in dollars."""
        return {name: decimal(amount, CENTS) for name, amount in self._ledger.controls.by_payment.items()}

    def write(
        self,
        directory: str | PathLike[str],
        *,
        detail: bool = False,
        keep: bool = False,
        files: str = "csv",
        progress: Progress = SILENT,
    ) -> tuple[Path, ...]:
        """Write `postings.csv`, `participation.csv`, `quantities.csv` and `manifest.json`; the paths written.

        Where the data have members, also `attribution.csv` and `member_months.csv`. With `detail`, also `detail.csv`:
        the members, claims, visits and events that each posting is made of. With `keep`, also `run.duckdb`, the facts
        and outcomes of the run, from which `explain_run` explains any line. `files` is `csv` or `parquet`. The same
        input gives the same bytes. Files that are there already are replaced, all or none; those that an earlier
        settlement wrote and this one does not are taken away.

        Raises:
            DiagnosticError: the folder cannot be written (MH732), or a member month cannot be attributed; memory
                (MH652) or room for temporary files (MH653) is used up.
        """
        from mhrules.settle.outputs import write

        folder = Path(directory)
        return write(self._ledger, folder, self._sources, detail=detail, keep=keep, files=files, progress=progress)

    def to_duckdb(self) -> DuckDBPyRelation:
        """The postings as a DuckDB relation.

        `amount` is DECIMAL(18,2), `units` DECIMAL(18,6), `price` DECIMAL(26,12), `posted_on` DATE.
        """
        import duckdb

        if not self._connections:
            connection = duckdb.connect()
            columns = ", ".join(f"{name} {_SQL_TYPES.get(name, 'VARCHAR')}" for name in POSTING_COLUMNS)
            connection.execute(f"CREATE TABLE postings ({columns})")
            self._connections.append(connection)
            if self.postings:
                marks = ", ".join(f"unnest(?::{_SQL_TYPES.get(name, 'VARCHAR')}[])" for name in POSTING_COLUMNS)
                connection.execute(f"INSERT INTO postings SELECT {marks}", self._texts())
        return self._connections[0].table("postings")

    def to_arrow(self) -> pyarrow.Table:
        """The postings as an Arrow table; `amount` is decimal128(18, 2), `units` (18, 6), `price` (26, 12).

        Raises:
            DiagnosticError: pyarrow is not installed (MH650).
        """
        arrow = _package("pyarrow", "arrow")
        types = {
            "units": arrow.decimal128(18, UNIT_PLACES),
            "price": arrow.decimal128(PRICE_DIGITS, PLACES),
            "amount": arrow.decimal128(18, CENTS),
            "posted_on": arrow.date32(),
        }
        schema = arrow.schema([(name, types.get(name, arrow.string())) for name in POSTING_COLUMNS])
        columns = {name: [getattr(posting, name) for posting in self.postings] for name in POSTING_COLUMNS}
        table: pyarrow.Table = arrow.table(columns, schema=schema)
        return table

    def to_pandas(self) -> pandas.DataFrame:
        """The postings as a pandas frame; `amount` and `units` stay exact decimals (Arrow-backed columns).

        Raises:
            DiagnosticError: pandas or pyarrow is not installed (MH650).
        """
        frames = _package("pandas", "pandas")
        table = self.to_arrow()
        exact = {kind: frames.ArrowDtype(kind) for kind in table.schema.types if str(kind) != "string"}
        frame: pandas.DataFrame = table.to_pandas(types_mapper=exact.get)
        return frame

    def to_polars(self) -> polars.DataFrame:
        """The postings as a Polars frame; `amount` is Decimal(18, 2), `units` Decimal(18, 6).

        Raises:
            DiagnosticError: Polars or pyarrow is not installed (MH650).
        """
        frame: polars.DataFrame = _package("polars", "polars").from_arrow(self.to_arrow())
        return frame

    def _texts(self) -> list[list[str | None]]:
        """The postings by column, every value as text."""

        def text(value: object) -> str | None:
            return None if value is None else str(value)

        return [[text(getattr(posting, name)) for posting in self.postings] for name in POSTING_COLUMNS]


def _posting(p: ledger.Posting) -> Posting:
    return Posting(
        payer=p.payer,
        payee=p.payee,
        practice=p.practice,
        payment=p.payment,
        period=p.period,
        units=decimal(p.units, UNIT_PLACES),
        price=None if p.price is None else shortest(p.price),
        amount=decimal(p.amount, CENTS),
        status=p.status,
        reason=p.reason,
        kind=p.kind,
        run=p.run,
        posted_on=p.posted_on,
        reverses=p.reverses,
    )


def settlement_of(settled: ledger.Settlement, sources: tuple[Source, ...]) -> Settlement:
    """The public face of a settlement; `sources` are all texts of program and contracts, for the manifest."""
    findings = (*settled.dataset.warnings, *settled.findings)
    return Settlement(settled.year, findings, ledger=settled, sources=sources)


def sources_of(settlement: Settlement) -> tuple[Source, ...]:
    """The texts of program and contracts by which it was settled."""
    return settlement._sources


def ledger_of(settlement: Settlement) -> ledger.Settlement:
    """The settlement as the engine left it, with everything that explains it."""
    return settlement._ledger


def _package(name: str, extra: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        message = f"this table needs the package `{name}`"
        raise DiagnosticError([finding("MH650", message, help=f"install `mhrules[{extra}]`")]) from error
