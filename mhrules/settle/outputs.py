"""The files of a settlement, byte for byte the same for the same input: written beside, renamed at the end."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mhrules.diagnostics.model import DiagnosticError
from mhrules.diagnostics.registry import finding
from mhrules.engine.faults import Faulted
from mhrules.engine.reference import deep
from mhrules.engine.rows import Clock
from mhrules.exact import to_text
from mhrules.plan import ir
from mhrules.plan.whole import Plan
from mhrules.semantics.calendar import month_label
from mhrules.semantics.types import Share, Type, unit_text
from mhrules.settle.backup import backup
from mhrules.settle.kept import RUN
from mhrules.settle.kept import keep as keep_run
from mhrules.settle.ledger import Controls, Settlement
from mhrules.settle.members import (
    MemberMonth,
    MonthTotal,
    counts_days,
    has_members,
    member_months,
    method_of,
    month_totals,
    payer_totals,
)
from mhrules.settle.participation import Participation, Verdict
from mhrules.source import Source, Span
from mhrules.syntax.tree import Period
from mhrules.version import __version__

CENTS = 2
POSTINGS = "postings.csv"
PARTICIPATION = "participation.csv"
QUANTITIES = "quantities.csv"
MEASURES = "measures.csv"
ATTRIBUTION = "attribution.csv"
MEMBER_MONTHS = "member_months.csv"
DETAIL = "detail.csv"
MANIFEST = "manifest.json"

POSTING_COLUMNS = (
    "payer", "payee", "practice", "payment", "period", "units", "price", "amount", "status", "reason", "kind", "run",
    "posted_on", "reverses",
)  # fmt: skip
PARTICIPATION_COLUMNS = (
    "practice", "payer", "month", "participates", "requirement", "verdict", "value", "threshold", "margin", "due",
)  # fmt: skip
MEASURE_COLUMNS = (
    "measure", "payer", "practice", "period", "stratum", "numerator", "denominator", "rate", "scored", "reason",
    "points", "possible_points",
)  # fmt: skip
ATTRIBUTION_COLUMNS = ("payer", "person_id", "month", "practice", "reason", "method", "refreshed_on", "days")
MEMBER_MONTHS_COLUMNS = ("payer", "practice", "reason", "month", "members", "member_months")
DETAIL_COLUMNS = (
    "payer", "practice", "payment", "period", "kind", "person_id", "element", "date", "units", "price", "amount",
)  # fmt: skip


class Exact(str):
    """A cell that holds a number: never neutralized."""

    __slots__ = ()


def write(
    settlement: Settlement,
    directory: Path,
    sources: Iterable[Source] = (),
    *,
    detail: bool = False,
    keep: bool = False,
) -> tuple[Path, ...]:
    """Write `postings.csv`, `participation.csv`, `quantities.csv` and `manifest.json` into a directory, made if needed.

    Where the program has measures also `measures.csv`; where the data have members `attribution.csv` and
    `member_months.csv`; with `detail`, what each posting is made of, as `detail.csv`; with `keep`, the run itself, as
    `run.duckdb`, from which lines are explained. `sources` are all texts of
    program and contracts; without them, those that the plan's rules stand in. Other files of the directory stay. If
    writing fails, files of an earlier settlement are as they were.

    Raises:
        DiagnosticError: the directory cannot be written (MH732), or a member month cannot be attributed (MH7xx).
    """
    texts = tuple(sources) or sources_of(settlement.plan)
    files = _files(settlement, texts, detail=detail, keep=keep)
    beside = {name: directory / f"{name}.partial" for name in (*files, *([RUN] if keep else []))}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            beside[name].write_text(text, encoding="utf-8", newline="\n")
        if keep:
            keep_run(settlement, beside[RUN], texts, _sha256(files[POSTINGS]))
        for name, path in beside.items():
            path.replace(directory / name)
    except OSError as error:
        for path in beside.values():
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        reason = (error.strerror or "unknown reason").lower()
        why = f"output folder `{directory.name}` cannot be written: {reason}"
        help = "name a folder that can be written, with room for the files"
        raise DiagnosticError([finding("MH732", why, help=help)]) from error
    return tuple(directory / name for name in beside)


def _files(settlement: Settlement, texts: Sequence[Source], *, detail: bool, keep: bool) -> dict[str, str]:
    """The contents of all files, by name."""
    files = {
        POSTINGS: postings_csv(settlement),
        PARTICIPATION: participation_csv(settlement),
        QUANTITIES: quantities_csv(settlement),
    }
    if settlement.plan.measures:
        files[MEASURES] = measures_csv(settlement)
    totals: tuple[MonthTotal, ...] = ()
    try:
        with deep():
            if has_members(settlement.books):
                found = tuple(member_months(settlement.books, held=settlement.held))
                totals = month_totals(settlement.books, found)
                files[ATTRIBUTION] = attribution_csv(settlement, found)
                files[MEMBER_MONTHS] = member_months_csv(totals)
            if detail:
                files[DETAIL] = detail_csv(settlement)
    except Faulted as error:
        raise DiagnosticError(error.faults) from error
    document = manifest(settlement, files, texts, totals) | {"kept": RUN if keep else None}
    files[MANIFEST] = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return files


# ------------------------------------------------------------------------------------------------ tables


def postings_csv(settlement: Settlement) -> str:
    """The postings as CSV; amounts with two places, units as short as exact."""
    rows = []
    places = max(CENTS, settlement.plan.rounding[0])
    for p in settlement.postings:
        posted = "" if p.posted_on is None else p.posted_on.isoformat()
        whose = (p.payer, p.payee, p.practice, p.payment, p.period)
        price = "" if p.price is None else to_text(p.price)
        numbers = (Exact(to_text(p.units)), Exact(price), Exact(to_text(p.amount, places)))
        rows.append((*whose, *numbers, p.status, p.reason, p.kind, p.run, posted, p.reverses))
    return _csv(POSTING_COLUMNS, rows)


def participation_csv(settlement: Settlement) -> str:
    """A row per practice, payer, month and requirement; one without requirement where a program asks for none."""
    rows = [row for each in settlement.participation for row in _verdict_rows(each)]
    return _csv(PARTICIPATION_COLUMNS, sorted(rows, key=lambda row: [cell.encode() for cell in row[:5]]))


def _verdict_rows(each: Participation) -> Iterator[tuple[str, ...]]:
    start = (each.practice, each.payer, month_label(each.month), "yes" if each.participates else "no")
    for verdict in each.verdicts:
        due = "" if verdict.due is None else month_label(verdict.due)
        yield (*start, verdict.requirement.name, verdict.verdict, *_margin_cells(verdict), due)
    if not each.verdicts:
        yield (*start, "", "", "", "", "", "")


def _margin_cells(verdict: Verdict) -> tuple[str, str, str]:
    """Value, threshold and margin of a requirement that is one condition."""
    if len(verdict.atoms) != 1:
        return "", "", ""
    atom = verdict.atoms[0]
    margin = Exact("") if atom.margin is None else Exact(to_text(atom.margin))
    return _cell(atom.value), "" if atom.threshold is None else _cell(atom.threshold), margin


def quantities_csv(settlement: Settlement) -> str:
    """A row per published value: its keys, period, value and unit. A `%` is written as a fraction."""
    plan = settlement.plan
    keys = ("payer", "practice", "line", *sorted(plan.practice_keys))
    rows = []
    for published in settlement.quantities:
        clock = published.row.clock
        period = "" if clock is None else _period(plan, clock)
        ids = [published.row.get(key) or "" for key in keys]
        cells = (period, _cell(published.value), unit_cell(published.type))
        rows.append((published.report.name, *ids, *cells))
    rows.sort(key=lambda row: [cell.encode() for cell in row[: len(keys) + 2]])
    return _csv(("quantity", *keys, "period", "value", "unit"), rows)


def measures_csv(settlement: Settlement) -> str:
    """A row per measure, payer, practice and period, and per stratum of one: the rate, whether it is scored, points.

    The payer is empty where a measure is pooled over all payers. A `%` is written as a fraction; a missing number is
    empty. Of a stratum there are only numerator, denominator and rate.
    """
    rows = []
    for each in settlement.measures:
        numbers = (_cell(value) for value in (each.numerator, each.denominator, each.rate))
        whose = (each.measure.name, each.payer, each.practice, _period(settlement.plan, each.clock), each.stratum)
        scored = "" if each.stratum else "no" if each.reason else "yes"
        rows.append((*whose, *numbers, scored, each.reason, _cell(each.points), _cell(each.possible_points)))
    return _csv(MEASURE_COLUMNS, rows)


def _period(plan: Plan, clock: Clock) -> str:
    """A period as postings name it; a contract year by its number."""
    return str(clock[1]) if clock[0] == "contract_year" else plan.calendar.label(clock[1], Period(clock[0]))


def attribution_csv(settlement: Settlement, found: Iterable[MemberMonth]) -> str:
    """A row per payer, person and counted month: the practice, or the reason for none, and how it came about."""
    books = settlement.books
    in_days = {payer: counts_days(books, payer) for payer in books.world.payers}
    rows = []
    for each in found:
        outcome = each.outcome
        refreshed = "" if outcome.assignment is None else outcome.assignment.day.isoformat()
        days = Exact(outcome.days) if in_days[each.payer] else ""
        whose = (each.payer, each.person, month_label(each.month), outcome.practice, outcome.reason)
        rows.append((*whose, method_of(outcome), refreshed, days))
    return _csv(ATTRIBUTION_COLUMNS, rows)


def member_months_csv(totals: Iterable[MonthTotal]) -> str:
    """A row per payer, practice (or the reason for none) and month: members, and the member months they make."""
    return _csv(
        MEMBER_MONTHS_COLUMNS,
        [
            (t.payer, t.practice, t.reason, month_label(t.month), Exact(t.members), Exact(to_text(t.member_months)))
            for t in totals
        ],
    )


def detail_csv(settlement: Settlement) -> str:
    """The rows that each posting is made of, which add up to it; amounts with all their digits.

    Raises:
        Faulted: they do not add up (MH999: never, unless mhrules is wrong).
    """
    rows = []
    for posting, row in backup(settlement):
        price = Exact("" if row.price is None else to_text(row.price))
        date = "" if row.date is None else row.date.isoformat()
        whose = (posting.payer, posting.practice, posting.payment, posting.period)
        numbers = (Exact(to_text(row.units)), price, Exact(to_text(row.amount)))
        rows.append((*whose, row.kind, row.person, row.element, date, *numbers))
    return _csv(DETAIL_COLUMNS, rows)


def unit_cell(kind: Type) -> str:
    """The unit of a published value: `$`, `$ pmpm`, `fraction` for a `%`, empty for plain numbers and what is none."""
    if not kind.is_number:
        return ""
    return unit_text(kind.unit) or ("fraction" if kind.share is Share.PERCENT else "")


def _cell(value: ir.Value) -> str:
    """A value as a cell: numbers as short as exact, yes and no, dates, texts; missing is empty."""
    text = ir.plain_text(value)
    return Exact(text) if isinstance(value, int) and not isinstance(value, bool) else text


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write one table, whole or not at all.

    Raises:
        DiagnosticError: the file cannot be written (MH732).
    """
    beside = path.with_name(f"{path.name}.partial")
    try:
        beside.write_text(_csv(header, rows), encoding="utf-8", newline="\n")
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        why = f"`{path.name}` cannot be written: {(error.strerror or 'unknown reason').lower()}"
        raise DiagnosticError([finding("MH732", why, help="name a file in a folder that can be written")]) from error


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([neutral(cell) for cell in row])
    return text.getvalue()


def neutral(cell: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe before a leading `= + - @`, tab or line end.

    One before a leading apostrophe too, so that taking one away gives the text back, and no two texts become one.
    """
    if cell and not isinstance(cell, Exact) and cell[0] in "=+-@\t\r\n'":
        return "'" + cell
    return cell


# ---------------------------------------------------------------------------------------------- manifest


def manifest(
    settlement: Settlement, files: dict[str, str], sources: Sequence[Source], totals: Iterable[MonthTotal] = ()
) -> dict[str, object]:
    """What the settlement was made from and of: hashes of texts, inputs and outputs, clocks, control totals."""
    plan = settlement.plan
    controls = _controls(settlement.controls, max(CENTS, plan.rounding[0]))
    return {
        "format": 1,
        "mhrules": __version__,
        "engine": settlement.engine,
        "program": {"name": plan.program, "title": plan.title, "edition": plan.edition},
        "year": settlement.year,
        "run": settlement.run,
        "posted_on": None if settlement.posted_on is None else settlement.posted_on.isoformat(),
        "held": settlement.held,
        "errors": sum(each.severity.value == "error" for each in settlement.findings),
        "texts": [
            {"file": source.name, "sha256": source.sha256} for source in sorted(sources, key=lambda s: s.name.encode())
        ],
        "payers": {
            payer.name: {
                "status": payer.status,
                "contract": payer.contract or None,
                "from": month_label(payer.first_month),
            }
            for payer in sorted(plan.payers, key=lambda p: p.name.encode())
        },
        "inputs": [{"file": each.name, "sha256": each.sha256, "rows": each.rows} for each in settlement.dataset.inputs],
        "left_out": [
            {"table": each.table, "part": each.part, "file": each.file, "reason": each.reason, "rows": each.rows}
            for each in settlement.dataset.left_out
        ],
        "allowed": dict(settlement.dataset.allowed),
        "controls": {**controls, "member_months": _member_controls(totals)},
        "outputs": [
            {"file": name, "sha256": _sha256(text), "rows": text.count("\n") - 1}
            for name, text in sorted(files.items())
        ],
    }


def _controls(totals: Controls, places: int) -> dict[str, object]:
    def amounts(by: dict[str, int]) -> dict[str, str]:
        return {key: to_text(amount, places) for key, amount in by.items()}

    return {
        "total": to_text(totals.total, places),
        "by_payer": amounts(totals.by_payer),
        "by_practice": amounts(totals.by_practice),
        "by_payment": amounts(totals.by_payment),
        "lines_by_status": totals.lines_by_status,
        "splits": [
            {
                "rule": split.place,
                "group": split.group,
                "pool": to_text(split.pool, CENTS),
                "parts": to_text(split.parts, CENTS),
                "returned": to_text(split.returned, CENTS),
            }
            for split in totals.splits
        ],
    }


def _member_controls(totals: Iterable[MonthTotal]) -> dict[str, object]:
    """The member months of each payer: those of practices and of reasons for none add up to all."""
    return {
        payer: {
            "total": to_text(found.member_months),
            "by_practice": {practice: to_text(months) for practice, months in found.by_practice.items()},
            "by_reason": {reason: to_text(months) for reason, months in found.by_reason.items()},
        }
        for payer, found in payer_totals(totals).items()
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def sources_of(plan: Plan) -> tuple[Source, ...]:
    """The texts that the rules of a plan stand in."""
    spans: list[Span] = [payment.span for payment in plan.payments.values()]
    spans += [quantity.span for quantity in plan.quantities]
    spans += [requirement.span for group in plan.requirements for requirement in group.requirements]
    spans += [ensure.span for ensure in plan.ensures]
    for payer in plan.payers:
        spans += [value.span for values in payer.settings.values() for value in values]
        spans += [credit.span for credit in payer.credits]
    return tuple(dict.fromkeys(span.source for span in spans))
