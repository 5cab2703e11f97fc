"""A kept run: the facts of a settlement, its outcomes and postings, read for one line and never changed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mhrules.classes import frozen
from mhrules.data.database import connect, identifier, literal
from mhrules.diagnostics.model import Diagnostic, DiagnosticError
from mhrules.diagnostics.registry import finding
from mhrules.engine.rows import Row
from mhrules.plan.whole import Plan
from mhrules.settle.kept import FORMAT, NUMBER, RUN, SPAN, texts_of
from mhrules.settle.ledger import Posting
from mhrules.settle.manifest import MANIFEST
from mhrules.settle.outputs import FORMATS
from mhrules.settle.payments import Hold
from mhrules.settle.sheets import POSTINGS
from mhrules.source import Source, Span
from mhrules.version import __version__

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@frozen
class Months:
    """Months in which one person had one outcome with one payer: a bit for each of the `SPAN` months from `span` on."""

    practice: str
    number: int
    payer: str
    reason: str
    span: int
    months: int

    def has(self, month: int) -> bool:
        """Whether a month is among them."""
        return month // SPAN == self.span and bool(self.months >> month % SPAN & 1)


@frozen(eq=False)
class KeptRun:
    """A run as it was kept. Made by `open_run`; `meta` is what it says of itself."""

    plan: Plan
    meta: dict[str, Any]
    _connection: DuckDBPyConnection
    _sources: dict[str, Source]

    def rows(self, sql: str, values: Iterable[object] = ()) -> list[tuple[Any, ...]]:
        """What a query finds; the tables stand in `kept.facts` and `kept.run`."""
        found: list[tuple[Any, ...]] = self._connection.execute(sql, list(values)).fetchall()
        return found

    @property
    def persons(self) -> int:
        """How many people there are."""
        ((count,),) = self.rows("SELECT count(*) FROM kept.run.persons")
        return int(count)

    def postings(self, payer: str, practice: str, payment: str) -> tuple[Posting, ...]:
        """The postings of one payment by one payer to one practice."""
        rows = self.rows(
            "SELECT * FROM kept.run.postings WHERE payer = ? AND practice = ? AND payment = ?",
            (payer, practice, payment),
        )
        return tuple(sorted((Posting(*row) for row in rows), key=lambda posting: posting.order))

    def stays(self, practice: str) -> list[Months]:
        """Everybody who was attributed to a practice in a month that was looked at."""
        return [Months(*row) for row in self.rows("SELECT * FROM kept.run.stays WHERE practice = ?", (practice,))]

    def months(self) -> frozenset[tuple[str, int]]:
        """The payers' months in which it is known who was attributed to whom."""
        return frozenset(self.rows("SELECT payer, month FROM kept.run.months"))

    def number(self, person: str) -> int | None:
        """The number of a person; None where the facts do not know the person."""
        found = self.rows(f'SELECT "{NUMBER}" FROM kept.run.persons WHERE person = ?', (person,))
        return int(found[0][0]) if found else None

    def billed(self, practice: str) -> list[int]:
        """The numbers of everybody for whom a practice may have billed or done something."""
        if not self.meta["billers"]:
            return []
        return [row[0] for row in self.rows(f'SELECT "{NUMBER}" FROM kept.run.billed WHERE practice = ?', (practice,))]

    @property
    def asks_billers(self) -> bool:
        """Whether it is known for whom practices billed."""
        return bool(self.meta["billers"])

    def present(self, table: str) -> bool:
        """Whether the source had a table."""
        return table in self.meta["present"]

    def count(self, table: str) -> int:
        """The rows of a table."""
        return int(self.meta["rows"].get(table, 0))

    def source(self, table: str) -> str:
        """The name of a table in queries."""
        return f"kept.facts.{identifier(table)}"

    def whose(self, practice: str, member: str | None, payer: str | None) -> tuple[str, int]:
        """Whether a row is of a practice's people or of one more person, as a condition; how many people they are."""
        numbers = self.attributed(practice, payer) | self.one(member)
        numbers |= set(self.billed(practice)) if payer is None else set()
        return among(numbers), len(numbers)

    def attributed(self, practice: str, payer: str | None = None) -> set[int]:
        """The numbers of everybody who was attributed to a practice, by one payer if it is given."""
        return {stay.number for stay in self.stays(practice) if payer in (None, stay.payer)}

    def one(self, person: str | None) -> set[int]:
        """The number of a person; nobody's where none is named, or the facts do not know the person."""
        found = None if person is None else self.number(person)
        return set() if found is None else {found}

    def holds(self) -> tuple[Hold, ...]:
        """The lines that failing invariants kept back."""
        return tuple(
            Hold(Row(tuple((key, value) for key, value in each["keys"])), frozenset(each["months"]), self._found(each))
            for each in self.meta["holds"]
        )

    def _found(self, hold: dict[str, Any]) -> Diagnostic:
        span = None
        if hold["place"] is not None:
            name, sha256, start, end = hold["place"]
            source = self._sources.get(sha256)
            span = None if source is None or source.name != name else Span(source, start, end)
        return finding(hold["code"], hold["message"], span, notes=hold["notes"], help=hold["help"])

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def open_run(directory: Path, plan: Plan, sources: Iterable[Source]) -> KeptRun:
    """The run that was kept in a folder of outputs, for the program that was settled.

    Raises:
        DiagnosticError: there is none, it is not whole, another version wrote it, or it does not belong to the
            postings beside it (MH753); the texts of the program are not those that were settled (MH754).
    """
    texts = tuple(sources)
    connection, meta = _opened(directory / RUN, directory.name)
    try:
        _refuse_other(directory, meta)
        _refuse_texts(meta, plan, texts)
    except DiagnosticError:
        connection.close()
        raise
    return KeptRun(plan, meta, connection, {source.sha256: source for source in texts})


def opened(path: Path, plan: Plan, sources: Iterable[Source]) -> KeptRun:
    """The run in a file that was kept just now.

    Raises:
        DiagnosticError: it is no run (MH753).
    """
    connection, meta = _opened(path, path.parent.name)
    return KeptRun(plan, meta, connection, {source.sha256: source for source in sources})


def _opened(path: Path, name: str) -> tuple[DuckDBPyConnection, dict[str, Any]]:
    import duckdb

    if not path.is_file():
        raise _unfit(f"folder `{name}` has no kept run: no file `{RUN}`")
    connection = connect([path.resolve()])
    try:
        connection.execute(f"ATTACH {literal(str(path.resolve()))} AS kept (READ_ONLY)")
        ((document,),) = connection.execute("SELECT document FROM kept.run.meta").fetchall()
        meta: dict[str, Any] = json.loads(document)
    except (duckdb.Error, ValueError) as error:
        connection.close()
        raise _unfit(f"`{RUN}` of folder `{name}` is no kept run, or not a whole one") from error
    return connection, meta


def _refuse_other(directory: Path, meta: dict[str, Any]) -> None:
    """Refuse a run of another version, or of other outputs than those beside it."""
    own, written = f"{__version__}, format {FORMAT}", f"{meta.get('mhrules')}, format {meta.get('format')}"
    if own != written:
        raise _unfit(f"`{RUN}` of folder `{directory.name}` was kept by mhrules {written}, and this is {own}")
    try:
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        hashes = {each["file"]: each["sha256"] for each in manifest["outputs"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unfit(f"folder `{directory.name}` has no `{MANIFEST}` that can be read") from error
    if meta["postings"] not in [hashes.get(f"{POSTINGS}.{suffix}") for suffix in FORMATS]:
        raise _unfit(f"`{RUN}` of folder `{directory.name}` does not belong to the postings beside it")


def _refuse_texts(meta: dict[str, Any], plan: Plan, sources: tuple[Source, ...]) -> None:
    own = texts_of(sources)
    if meta["texts"] == own:
        return
    settled = {each["file"]: each["sha256"] for each in meta["texts"]}
    given = {each["file"]: each["sha256"] for each in own}
    names = sorted(name for name in settled.keys() | given.keys() if settled.get(name) != given.get(name))
    message = f"program `{plan.program}` is not as it was settled: {', '.join(f'`{name}`' for name in names)} differ"
    if len(names) == 1:
        message += "s"
    help = "give the texts of that run, or settle again with `--keep`"
    raise DiagnosticError([finding("MH754", message, help=help)])


def _unfit(message: str) -> DiagnosticError:
    return DiagnosticError(
        [finding("MH753", message, help="settle with `--keep` to keep a run: `mhrules settle … --keep`")]
    )


def among(people: Collection[int]) -> str:
    """Whether a row is of one of these people, as a condition.

    A join: its keys leave out what lies elsewhere before anything else of a row is read, which a list does not.
    """
    return f'"{NUMBER}" IN (SELECT unnest([{", ".join(map(str, sorted(people)))}]::INTEGER[]))'
