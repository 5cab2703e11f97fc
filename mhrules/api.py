"""The library: load a program, check it, give it data, settle, explain. `import mhrules` shows these names.

    program = mhrules.load("programs/mssp")
    data = mhrules.Data.from_folder(program, "data", binding="binding.toml")
    settlement = mhrules.settle(program, data, 2021)
    print(mhrules.explain(settlement, payer="medicare", practice="A1001", payment="shared_savings").text())

Every function raises `DiagnosticError` where it cannot go on; its findings say what is wrong, where, and what to do.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field

from mhrules.classes import frozen
from mhrules.diagnostics.model import Diagnostic, DiagnosticError
from mhrules.locate import existing, program_path, program_paths
from mhrules.progress import SILENT, Progress
from mhrules.results import Posting, Settlement, ledger_of, settlement_of, sources_of

if TYPE_CHECKING:
    from mhrules.compiler import Compilation
    from mhrules.data.capacity import Capacity
    from mhrules.data.dataset import Dataset
    from mhrules.data.schema import Schema
    from mhrules.explain.compare import Compared, PayerCounts
    from mhrules.explain.model import Explanation as Why
    from mhrules.plan.whole import Plan

__all__ = [
    "Assumption",
    "Attribution",
    "Data",
    "Explanation",
    "Payer",
    "Payment",
    "Posting",
    "Program",
    "Settlement",
    "attribution",
    "check",
    "explain",
    "explain_run",
    "load",
    "render",
    "settle",
]

FilePath = str | PathLike[str]


@frozen
class Payer:
    """A payer of a program.

    `status` is `contract` (it has one), `program` (it settles under the program alone) or `no contract` (it is
    listed, without postings). `contract` is the contract's name, or empty.
    """

    name: str
    title: str
    lines: tuple[str, ...]
    status: str
    contract: str


@frozen
class Payment:
    """A payment of a program; an `optional` one may be declined by a contract."""

    name: str
    title: str
    optional: bool
    summary: str


@frozen
class Assumption:
    """A figure of the text that rests on an assumption: the file, the line (from 1) and the reason given."""

    file: str
    line: int
    reason: str


@frozen(eq=False, slots=False)
class Program:
    """A program with its contracts, free of errors. Made by `load`."""

    _compilation: Compilation = field(alias="compilation", repr=False)

    def __repr__(self) -> str:
        return f"<Program {self.name}, edition {self.edition}>"

    @property
    def name(self) -> str:
        """The name by which contracts call it."""
        return self.plan.program

    @property
    def title(self) -> str:
        """What people call it."""
        return self.plan.title

    @property
    def edition(self) -> str:
        """The edition that contracts are bound to."""
        return self.plan.edition

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """Warnings and notes about the text."""
        return self._compilation.findings

    @property
    def payers(self) -> dict[str, Payer]:
        """The payers by name, in the order of the text."""
        return {p.name: Payer(p.name, p.title, p.lines, p.status, p.contract) for p in self.plan.payers}

    @property
    def payments(self) -> dict[str, Payment]:
        """The payments by name, in the order of the text."""
        return {p.name: Payment(p.name, p.title, p.optional, p.summary) for p in self.plan.payments.values()}

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """The figures that the text marks `assumed`."""
        notes = self._compilation.assumed
        return tuple(Assumption(note.span.source.name, note.span.line, note.text) for note in notes)

    @property
    def schema(self) -> Schema:
        """The tables and columns that the program reads."""
        return self.plan.schema

    @property
    def plan(self) -> Plan:
        """The program as the engines see it; not a stable interface."""
        return self._compilation.plan

    def check(self) -> tuple[Diagnostic, ...]:
        """Check the files as they are on disk now; all findings, errors too."""
        return _compiled(*self._compilation.paths).findings


@frozen(eq=False, slots=False)
class Data:
    """The facts that a program is settled on, read strictly. Made by one of the `from_…` methods."""

    dataset: Dataset = field(repr=False)

    @classmethod
    def from_folder(
        cls,
        program: Program,
        path: FilePath,
        *,
        binding: FilePath | None = None,
        allow: Iterable[str] = (),
        capacity: Capacity | None = None,
        progress: Progress = SILENT,
    ) -> Data:
        """Facts from a folder of CSV and Parquet files, a DuckDB file, or a database at `postgresql://user@host/name`.

        `binding` is the `binding.toml` that says how the files are read, if they do not have the model's names. `allow`
        names findings that may pass: `MH630` duplicate rows, `MH631` overlapping spans, `MH632` dates out of order,
        `MH633` unknown ids. They become warnings, and `manifest.json` counts the rows. `capacity` is how much memory,
        how many threads and which folder for temporary files may be used. `progress` is told what is loaded.

        Raises:
            DiagnosticError: with every fault of the binding and the data that one run can find (MH6xx), or a code that
                may not be allowed (MH646); too little memory (MH652) or room for temporary files (MH653).
        """
        from mhrules.data.binding import read_binding
        from mhrules.data.load import load
        from mhrules.data.postgres import is_address

        rules = None if binding is None else read_binding(Path(binding))
        data = path if isinstance(path, str) and is_address(path) else Path(path)
        return cls(load(program.schema, data, rules, allow=allow, capacity=capacity, progress=progress))

    @classmethod
    def on_spark(
        cls,
        program: Program,
        path: FilePath,
        *,
        master: str,
        binding: FilePath | None = None,
        allow: Iterable[str] = (),
    ) -> Data:
        """Facts from a folder in which Spark reads the people: for populations that outgrow one machine.

        `master` is `local[2]`, `spark://HOST:PORT` or `sc://HOST:PORT` of Spark Connect. Tables of people and records
        are Parquet, in the model's own names, and checked as strictly as ever; `binding` and `allow` are for the
        others. `settle` then works with `engine="spark"`; `close` lets Spark go. Needs `mhrules[spark]`.

        Raises:
            DiagnosticError: Spark is not there or not fit (MH660 to MH663), has failed (MH664), does not read such data
                (MH665), or the data have faults (MH6xx).
        """
        from mhrules.data.binding import read_binding
        from mhrules.engine.spark.dataset import SparkSource, load_on_spark
        from mhrules.engine.spark.session import Cluster

        rules = None if binding is None else read_binding(Path(binding))
        cluster = Cluster(master)
        try:
            return cls(load_on_spark(SparkSource(program.schema, Path(path), rules, tuple(allow)), cluster))
        except BaseException:
            cluster.close()
            raise

    @classmethod
    def from_rows(cls, program: Program, rows: Mapping[str, Iterable[Mapping[str, object]]]) -> Data:
        """Facts as dictionaries, a list of them per table.

        Values are text, `int`, `Decimal`, `bool` or `datetime.date`; a `float` is refused, since money is exact. A
        column left out is missing; a table left out is absent.

        Raises:
            DiagnosticError: with every fault found; places name the table and the row, counted from 1.
        """
        from mhrules.data.dataset import Dataset

        return cls(Dataset.from_rows(program.schema, rows))

    @classmethod
    def from_frames(cls, program: Program, frames: Mapping[str, Any]) -> Data:
        """Facts as data frames, one per table: pandas, Polars, Arrow or DuckDB relations. Needs pyarrow.

        Raises:
            DiagnosticError: with every fault found; pyarrow is not installed (MH650).
        """
        from mhrules.data.dataset import Dataset

        return cls(Dataset.from_frames(program.schema, frames))

    def close(self) -> None:
        """Close the database and remove its private folder; settlements of these data can be written no more."""
        self.dataset.close()

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """Warnings and notes about the data."""
        return self.dataset.warnings


@frozen(eq=False)
class Explanation:
    """Why a posting is what it is: a tree of steps, each with value, unit, rule text and place."""

    why: Why = field(repr=False)

    def text(self, *, width: int = 80, color: bool = False) -> str:
        """The tree for people, at most `width` columns wide where words allow."""
        from mhrules.explain.text import render_text

        return render_text(self.why, width, color)

    def to_json(self) -> str:
        """The tree as one JSON text."""
        from mhrules.explain.as_json import to_json

        return to_json(self.why)


@frozen(eq=False)
class Attribution:
    """Who is attributed to whom in a year or a month, and how that differs from a list, if there is one to compare.

    `counts` are the outcomes by payer; `compared` is one comparison for each payer of the list, empty without a list.
    `findings` are warnings about the list.
    """

    year: int
    counts: tuple[PayerCounts, ...] = field(repr=False)
    compared: tuple[Compared, ...] = field(repr=False)
    findings: tuple[Diagnostic, ...] = field(repr=False)
    _plan: Plan = field(alias="plan", repr=False)

    @property
    def differs(self) -> bool:
        """Whether anybody is elsewhere than on the list."""
        return any(each.differences for each in self.compared)

    def text(self, *, width: int = 80) -> str:
        """The comparison, or without a list the outcomes, for people."""
        from mhrules.diagnostics.snippet import wrap
        from mhrules.explain.compare_text import compared_rows, counts_rows

        rows = wrap(f"{self._plan.title}, edition {self._plan.edition}: attribution of {self.year}", width)
        for compared in self.compared:
            rows += ["", *compared_rows(compared, width)]
        for counts in () if self.compared else self.counts:
            rows += ["", *counts_rows(counts, width)]
        return "\n".join(rows)

    def to_json(self, findings: Iterable[Diagnostic] = ()) -> str:
        """All of it as one JSON text; `findings` stand before its own."""
        from mhrules.diagnostics.as_json import to_json
        from mhrules.explain.compare_text import compared_json, counts_json

        document = {
            "format": 1,
            "program": self._plan.program,
            "edition": self._plan.edition,
            "participant": self._plan.participant,
            "year": self.year,
            "payers": [counts_json(counts) for counts in self.counts],
            "compared": [compared_json(compared) for compared in self.compared],
            "findings": json.loads(to_json((*findings, *self.findings)))["findings"],
        }
        return json.dumps(document, indent=2, ensure_ascii=False)

    def write(self, path: FilePath) -> None:
        """Write every difference from the list as CSV.

        Raises:
            DiagnosticError: the file cannot be written (MH732).
        """
        from mhrules.explain.compare_text import DIFFERENCE_COLUMNS, difference_cells
        from mhrules.settle.outputs import write_csv

        differences = (each for compared in self.compared for each in compared.differences)
        write_csv(Path(path), DIFFERENCE_COLUMNS, [difference_cells(each) for each in differences])


def load(path: FilePath, *, contracts: FilePath | None = None) -> Program:
    """The program in a file or folder, or the shipped program of that name, with the contracts beside it.

    `contracts` is a further file or folder of contracts.

    Raises:
        DiagnosticError: with all findings, if there are errors in the text, or nothing can be read.
    """
    paths = [program_path(path)]
    if contracts is not None:
        paths.append(existing(contracts))
    compilation = _compiled(*paths)
    if compilation.has_errors:
        raise DiagnosticError(compilation.findings)
    return Program(compilation)


def check(path: FilePath, *, contracts: FilePath | None = None) -> tuple[Diagnostic, ...]:
    """All findings about a program: errors, warnings, notes; of a folder of programs, about each of them.

    Raises:
        DiagnosticError: there is nothing to read (MH001).
    """
    further = [] if contracts is None else [existing(contracts)]
    return tuple(found for one in program_paths(program_path(path)) for found in _compiled(one, *further).findings)


def settle(
    program: Program,
    data: Data,
    year: int,
    *,
    run: str = "1",
    posted_on: datetime.date | None = None,
    hold: bool = False,
    engine: str = "duckdb",
    progress: Progress = SILENT,
) -> Settlement:
    """The settlement of a program year: what every payer owes every practice, or why nothing.

    `year` names the program year. `run` and `posted_on` go onto every posting as they are; no clock is read. With
    `hold`, lines that fail are posted as `held` with no amount, and the errors are among the settlement's findings.
    `engine` is `duckdb`, whose relations hand over to the interpreter what they cannot settle, or `reference`, the
    interpreter: both give the same.

    Raises:
        DiagnosticError: a fact that is needed is missing, an invariant fails … (MH7xx; all are listed), the year is
            outside the program's term (MH730), or the program needs what is not supported yet (MH901); memory (MH652)
            or room for temporary files (MH653) is used up.
    """
    from mhrules.settle.run import settle as settled

    result = settled(
        program.plan, data.dataset, year, run=run, posted_on=posted_on, hold=hold, engine=engine, progress=progress
    )
    if not result.ok and not hold:
        raise DiagnosticError(result.findings)
    return settlement_of(result, program._compilation.sources)


def explain(
    settlement: Settlement,
    *,
    payer: str,
    practice: str,
    payment: str,
    period: str | None = None,
    deep: bool = False,
    member: str | None = None,
) -> Explanation:
    """Why a payer owes a practice what it does for a payment.

    `period` is a posting period as `postings.csv` names it, such as `2012-03`; without it, all of the year. `deep`
    goes down to the facts below sums and totals of other payments too. `member` is a person's id: then the explanation
    says what this person contributes, and how the person came to the practice or why not.

    Raises:
        DiagnosticError: there is no such payer, practice, payment or period, or no such line (MH733 to MH737); no such
            person (MH750), or the program attributes nobody (MH752).
    """
    from mhrules.explain.of_run import explain_settled

    line, sources = (payer, practice, payment), sources_of(settlement)
    return Explanation(explain_settled(ledger_of(settlement), sources, line, period, deep=deep, member=member))


def explain_run(
    program: Program,
    path: FilePath,
    *,
    payer: str,
    practice: str,
    payment: str,
    period: str | None = None,
    deep: bool = False,
    member: str | None = None,
) -> Explanation:
    """Why a payer owes a practice what it does, from a run that `Settlement.write(…, keep=True)` kept in a folder.

    Only the data of the practice's people are read, and the line must come out as it was posted; otherwise as
    `explain`. Values over all practices stand as they were settled, unless `deep` is asked for and there are at most
    100,000 people.

    Raises:
        DiagnosticError: the folder has no run that fits (MH753), the program is not as it was settled (MH754), too
            many people would have to be worked out one by one (MH755); otherwise as `explain`.
    """
    from mhrules.explain.of_run import explain_run as explained
    from mhrules.settle.kept_run import open_run

    run = open_run(Path(path), program.plan, program._compilation.sources)
    try:
        return Explanation(explained(run, (payer, practice, payment), period, deep=deep, member=member))
    finally:
        run.close()


def attribution(
    program: Program,
    data: Data,
    year: int,
    *,
    month: str | None = None,
    payer: str | None = None,
    compare: FilePath | None = None,
) -> Attribution:
    """Who is attributed to whom, without settling anything.

    `month` (`2011-03`) and `payer` limit what is counted; without them it is the year, and all payers. `compare` is a
    file with a payer's list: columns `person_id`, `practice_id` and, of several payers, `payer`. It is compared with
    `month`, or with the last month of the year.

    Raises:
        DiagnosticError: payer, month or year is not known (MH730, MH733, MH736), the program or the data attribute
            nobody (MH740, MH752), the list has faults (MH6xx, MH751), or a member month cannot be attributed (MH7xx).
    """
    from mhrules.data.listed import Listed, read_list
    from mhrules.explain.compare import compare as compared
    from mhrules.explain.compare import counts, months_asked
    from mhrules.settle.payments import Books

    books = Books(program.plan, data.dataset, year)
    asked = months_asked(books, payer, month)
    listed = Listed({})
    if compare is not None:
        names = tuple(each.name for each in program.plan.payers)
        listed = read_list(Path(compare), program.plan.participant, names, payer)
    outcomes = counts(books, asked)
    found = compared(books, asked, listed) if compare is not None else ()
    return Attribution(year, outcomes, found, listed.findings, plan=program.plan)


def render(findings: Iterable[Diagnostic], *, color: bool = False, width: int = 80) -> str:
    """Findings as people read them at a terminal: sentence, place, underlined text, help."""
    from mhrules.diagnostics.terminal import render as rendered

    return rendered(findings, color=color, width=width)


def _compiled(*paths: Path) -> Compilation:
    from mhrules.compiler import Compilation

    return Compilation(*paths)
