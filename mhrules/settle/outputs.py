"""The files of a settlement, byte for byte the same for the same input: written beside, renamed at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from mhrules.data.limits import within_limits
from mhrules.diagnostics.model import DiagnosticError
from mhrules.diagnostics.registry import finding
from mhrules.engine.faults import Faulted
from mhrules.engine.reference import deep
from mhrules.engine.spark.dataset import SparkDataset
from mhrules.progress import SILENT, Progress, Stage
from mhrules.settle import sheets
from mhrules.settle.csvtext import csv_lines
from mhrules.settle.folder import PARTIAL, Folder
from mhrules.settle.kept import RUN
from mhrules.settle.kept import keep as keep_run
from mhrules.settle.ledger import Settlement
from mhrules.settle.manifest import manifest_text, sources_of
from mhrules.settle.members import MemberTotals, has_members, member_months, month_totals, payer_totals
from mhrules.settle.parquet import parquet
from mhrules.settle.sheets import SHEETS, Cells
from mhrules.source import Source

if TYPE_CHECKING:
    from mhrules.settle.sql.texts import Query

CSV = "csv"
PARQUET = "parquet"
FORMATS = (CSV, PARQUET)
_CHUNK = 10_000  # rows that are held at once

Files = Iterable["Cells | Query"]


def write(
    settlement: Settlement,
    directory: Path,
    sources: Iterable[Source] = (),
    *,
    detail: bool = False,
    keep: bool = False,
    files: str = CSV,
    progress: Progress = SILENT,
) -> tuple[Path, ...]:
    """Write `postings.csv`, `participation.csv`, `quantities.csv` and `manifest.json` into a directory, made if needed.

    Where the program has measures also `measures.csv`; where the data have members `attribution.csv` and
    `member_months.csv`; with `detail`, what each posting is made of, as `detail.csv`; with `keep`, the run itself, as
    `run.duckdb`, from which lines are explained. `sources` are all texts of program and contracts; without them, those
    that the plan's rules stand in. `files` is `csv` or `parquet`, which gives `postings.parquet` and so on. Files that
    an earlier settlement has left in the directory are replaced or taken away, others stay. If writing fails, all are
    as they were. What Spark has settled of members is the folder `attribution.parquet`, which Spark writes.

    Raises:
        DiagnosticError: the directory cannot be written (MH732), or a member month cannot be attributed (MH7xx);
            memory (MH652) or room for temporary files (MH653) is used up; Spark has settled, and `detail` or `keep` is
            asked for (MH665), or Spark has failed (MH664).
    """
    if isinstance(settlement.dataset, SparkDataset) and (detail or keep):
        what = f"`--{'detail' if detail else 'keep'}`"
        why = f"{what} needs the rows of people one by one, which the Spark engine does not give"
        raise DiagnosticError([finding("MH665", why, help=f"leave out {what}, or use `--engine duckdb`")])
    texts = tuple(sources) or sources_of(settlement.plan)
    folder = Folder(directory, (*(f"{name}.{suffix}" for name in SHEETS for suffix in FORMATS), RUN))
    try:
        with deep(), within_limits():
            made, members = _files(settlement, detail=detail)
            for each in made:
                people = None if isinstance(each, Cells) else each.on_spark()
                name = f"{each.sheet.name}.{files if people is None else PARQUET}"
                with progress.stage(f"writing {name}") as stage:
                    if people is not None:
                        folder.tree(name, people)
                    elif files == PARQUET:
                        with parquet(settlement.dataset, each) as (path, rows):
                            folder.copy(name, path, rows)
                    else:
                        folder.text(name, _csv_chunks(each, stage))
            if keep:
                posted = folder.written[0].sha256
                folder.further(RUN, lambda path: keep_run(settlement, path, texts, posted))
        return folder.publish(manifest_text(settlement, folder.written, texts, members, kept=keep))
    except Faulted as error:
        raise DiagnosticError(error.faults) from error
    finally:
        folder.abandon()


def _files(settlement: Settlement, *, detail: bool) -> tuple[Files, Mapping[str, MemberTotals]]:
    """All files but the manifest, and the member months by payer."""
    if settlement.relations is not None:
        return settlement.relations.files(settlement, detail=detail), settlement.relations.member_totals()
    files = [sheets.postings(settlement), sheets.participation(settlement), sheets.quantities(settlement)]
    members: dict[str, MemberTotals] = {}
    if settlement.plan.measures:
        files.append(sheets.measures(settlement))
    if has_members(settlement.books):
        found = tuple(member_months(settlement.books, held=settlement.held))
        totals = month_totals(settlement.books, found)
        members = payer_totals(totals)
        files += [sheets.attribution(settlement, found), sheets.member_months(settlement, totals)]
    if detail:
        files.append(sheets.detail(settlement))
    return files, members


def _csv_chunks(each: Cells | Query, stage: Stage) -> Iterator[tuple[str, int]]:
    """A file as pieces of text, with the number of rows of each."""
    yield csv_lines([tuple(each.sheet.columns)]), 0
    for chunk, rows in _written(each) if isinstance(each, Cells) else each.csv_chunks(_CHUNK):
        stage.advance(rows)
        yield chunk, rows


def _written(each: Cells) -> Iterator[tuple[str, int]]:
    rows = iter(each.rows())
    while chunk := list(islice(rows, _CHUNK)):
        yield csv_lines(chunk), len(chunk)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write one table, whole or not at all.

    Raises:
        DiagnosticError: the file cannot be written (MH732).
    """
    beside = path.with_name(f"{path.name}{PARTIAL}")
    try:
        beside.write_text(csv_lines([header]) + csv_lines(rows), encoding="utf-8", newline="\n")
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        why = f"`{path.name}` cannot be written: {(error.strerror or 'unknown reason').lower()}"
        raise DiagnosticError([finding("MH732", why, help="name a file in a folder that can be written")]) from error
