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
from mhrules.exact import to_text
from mhrules.plan import ir
from mhrules.plan.whole import Plan
from mhrules.semantics.calendar import month_label
from mhrules.semantics.types import Share, Type, unit_text
from mhrules.settle.ledger import Controls, Settlement
from mhrules.settle.participation import Participation, Verdict
from mhrules.source import Source, Span
from mhrules.syntax.tree import Period
from mhrules.version import __version__

ENGINE = "reference"
CENTS = 2
POSTINGS = "postings.csv"
PARTICIPATION = "participation.csv"
QUANTITIES = "quantities.csv"
MANIFEST = "manifest.json"

POSTING_COLUMNS = (
    "payer", "payee", "practice", "payment", "period", "units", "price", "amount", "status", "reason", "kind", "run",
    "posted_on", "reverses",
)  # fmt: skip
PARTICIPATION_COLUMNS = (
    "practice", "payer", "month", "participates", "requirement", "verdict", "value", "threshold", "margin", "due",
)  # fmt: skip


class Exact(str):
    """A cell that holds a number: never neutralized."""

    __slots__ = ()


def write(settlement: Settlement, directory: Path, sources: Iterable[Source] = ()) -> tuple[Path, ...]:
    """Write `postings.csv`, `participation.csv`, `quantities.csv` and `manifest.json` into a directory, made if needed.

    `sources` are all texts of program and contracts; without them, those that the plan's rules stand in. Other files
    of the directory stay. If writing fails, files of an earlier settlement are as they were.

    Raises:
        DiagnosticError: the directory cannot be written (MH732).
    """
    files = {
        POSTINGS: postings_csv(settlement),
        PARTICIPATION: participation_csv(settlement),
        QUANTITIES: quantities_csv(settlement),
    }
    texts = tuple(sources) or sources_of(settlement.plan)
    files[MANIFEST] = json.dumps(manifest(settlement, files, texts), indent=2, ensure_ascii=False) + "\n"
    beside = {name: directory / f"{name}.partial" for name in files}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            beside[name].write_text(text, encoding="utf-8", newline="\n")
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
    return tuple(directory / name for name in files)


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
        period = ""
        if clock is not None:
            period = str(clock[1]) if clock[0] == "contract_year" else plan.calendar.label(clock[1], Period(clock[0]))
        ids = [published.row.get(key) or "" for key in keys]
        cells = (period, _cell(published.value), unit_cell(published.type))
        rows.append((published.report.name, *ids, *cells))
    rows.sort(key=lambda row: [cell.encode() for cell in row[: len(keys) + 2]])
    return _csv(("quantity", *keys, "period", "value", "unit"), rows)


def unit_cell(kind: Type) -> str:
    """The unit of a published value: `$`, `$ pmpm`, `fraction` for a `%`, empty for plain numbers and what is none."""
    if not kind.is_number:
        return ""
    return unit_text(kind.unit) or ("fraction" if kind.share is Share.PERCENT else "")


def _cell(value: ir.Value) -> str:
    """A value as a cell: numbers as short as exact, yes and no, dates, texts; missing is empty."""
    text = ir.plain_text(value)
    return Exact(text) if isinstance(value, int) and not isinstance(value, bool) else text


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


def manifest(settlement: Settlement, files: dict[str, str], sources: Sequence[Source]) -> dict[str, object]:
    """What the settlement was made from and of: hashes of texts, inputs and outputs, clocks, control totals."""
    plan = settlement.plan
    return {
        "format": 1,
        "mhrules": __version__,
        "engine": ENGINE,
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
        "controls": _controls(settlement.controls, max(CENTS, plan.rounding[0])),
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
