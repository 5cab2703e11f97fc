"""`mhrules settle PROGRAM …`: what every payer owes every practice, as files and as a table per payer."""

from __future__ import annotations

import datetime
import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from mhrules.cli import common
from mhrules.cli.run import capacity_options, prepared, run_options
from mhrules.cli.table import grouped, money, table

if TYPE_CHECKING:
    from mhrules.cli.summary import PayerSummary, PracticeSummary
    from mhrules.diagnostics.model import Diagnostic
    from mhrules.results import Settlement

_LISTED = 10  # practices that are listed by name
_LONGEST = 36  # characters of an id that are shown
_MEMBERS = ("practice", "member\nmonths", "panel", "amount", "per member\nmonth")
_HEADER = ("payment", "paid", "gated", "not\nparticipating", "amount")


@click.command(name="settle", short_help="work out what every payer owes every practice")
@run_options
@click.option("--out", required=True, metavar="DIR", help="The folder that the files are written to.")
@click.option("--run", "run_id", default="1", show_default=True, metavar="ID", help="The name of this run.")
@click.option("--posted-on", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="The day of posting.")
@click.option("--hold", is_flag=True, help="Post lines that fail as held, and all others as usual.")
@click.option("--detail", is_flag=True, help="Write detail.csv too: the members and claims behind each posting.")
@click.option("--keep", is_flag=True, help="Keep the run in run.duckdb, for `explain --run`; it holds the data.")
@click.option(
    "--engine",
    type=click.Choice(["duckdb", "spark", "reference"]),
    default="duckdb",
    show_default=True,
    help="What works it out: relations in DuckDB or Spark, or the interpreter, to which they hand over the rest.",
)
@click.option(
    "--files", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True, help="What is written."
)
@click.option("--master", metavar="URL", help="With --engine spark: local[2], spark://HOST:PORT, sc://HOST:PORT.")
@capacity_options
@common.output_options("terminal", "json")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    program: str,
    contracts: str | None,
    data: str,
    binding: str | None,
    allow: tuple[str, ...],
    year: int,
    out: str,
    run_id: str,
    posted_on: datetime.datetime | None,
    hold: bool,
    detail: bool,
    keep: bool,
    engine: str,
    files: str,
    memory: int | None,
    threads: int | None,
    temporary: str | None,
    master: str | None,
) -> None:
    """Settle a year of PROGRAM: a rule file, a folder, or a program that came with mhrules.

    Writes postings.csv, participation.csv, quantities.csv and manifest.json into the folder --out; where the data have
    members also attribution.csv and member_months.csv; with --files parquet the same as Parquet. If a fact is missing
    or an invariant fails, every such fault is listed, nothing is written, and the command ends with 1; with --hold the
    lines that fail are posted as held.
    """
    from mhrules import api
    from mhrules.data.capacity import Capacity

    directory = Path(out)
    _refuse_file(directory)
    if (master is None) == (engine == "spark"):
        raise click.UsageError("--engine spark and --master URL go together.")
    capacity = Capacity(memory, threads, None if temporary is None else Path(temporary))
    day = None if posted_on is None else posted_on.date()
    with common.Progress() as progress:
        run = prepared(program, contracts, data, binding, progress, allow=allow, capacity=capacity, master=master)
        try:
            settlement = api.settle(
                run.program, run.data, year, run=run_id, posted_on=day, hold=hold, engine=engine, progress=progress
            )
            paths = settlement.write(directory, detail=detail, keep=keep, files=files, progress=progress)
            progress.step("adding up")
            told = _told(settlement, directory, paths, run.program.findings)
        finally:
            run.data.close()
    findings = (*run.program.findings, *settlement.findings)
    if common.output().format == "json":
        common.show_document(told)
    else:
        common.show(findings)
        if settlement.handed_over:
            note = f"settled by the interpreter, which takes longer on many members: {settlement.handed_over}"
            click.echo("\n".join(textwrap.wrap(note, common.output().width(err=True))), err=True)
        click.echo(told)
    ctx.exit(common.exit_code(findings))


def _told(settlement: Settlement, directory: Path, paths: tuple[Path, ...], findings: tuple[Diagnostic, ...]) -> str:
    """What is said of a settlement on stdout."""
    if common.output().format == "json":
        return _document(settlement, paths, (*findings, *settlement.findings))
    return _shown(settlement, directory, paths)


def _refuse_file(directory: Path) -> None:
    """Raise MH732 where the output folder is a file: before any work, not after it."""
    from mhrules.diagnostics.model import DiagnosticError
    from mhrules.diagnostics.registry import finding

    if directory == Path():
        message = "the output folder has no name"
        raise DiagnosticError([finding("MH732", message, help="name a folder: `--out settled`")])
    if directory.exists() and not directory.is_dir():
        message = f"`{directory}` is a file, so nothing can be written into it"
        raise DiagnosticError([finding("MH732", message, help="name a folder; it is made if it is not there")])


# ---------------------------------------------------------------------------------------------- for people


def _shown(settlement: Settlement, directory: Path, paths: tuple[Path, ...]) -> str:
    from mhrules.cli.summary import all_payers, summaries
    from mhrules.results import ledger_of

    plan = ledger_of(settlement).plan
    width = common.output().width()
    head = f"{plan.title}, edition {plan.edition}: settlement of {settlement.year}, run {settlement.run}"
    lines = textwrap.wrap(head, width, subsequent_indent="  ")
    payers = summaries(settlement)
    for payer in payers:
        lines += ["", *_payer(payer, width)]
    if len(payers) > 1:
        lines += ["", f"all payers: {money(all_payers(payers))}"]
    names = ", ".join(path.name for path in paths)
    return "\n".join([*lines, "", *textwrap.wrap(f"written to {directory}: {names}", width, subsequent_indent="  ")])


def _payer(payer: PayerSummary, width: int) -> list[str]:
    """The table of one payer; each practice counts once a payment."""
    title = f"{payer.name} ({payer.title})"
    if payer.status == "no contract":
        return [f"{title}: no contract, so no postings"]
    rows = [
        (each.name, f"{each.paid:,}", f"{each.gated:,}", f"{each.not_participating:,}", money(each.amount))
        for each in payer.payments
    ]
    rows += [(f"credit: {name}", "", "", "", money(amount)) for name, amount in payer.credits.items()]
    whole = payer.whole
    total = ("total", f"{whole.paid:,}", f"{whole.gated:,}", f"{whole.not_participating:,}", money(whole.amount))
    lines = [title, *table(_HEADER, [*rows, ("",) * 5, total], right=(1, 2, 3, 4), width=width, indent=2)]
    if payer.further:
        further = ", ".join(f"{number:,} {words}" for words, number in payer.further.items())
        lines += textwrap.wrap(f"further lines: {further}", width, initial_indent="  ", subsequent_indent="    ")
    return [*lines, *_members(payer, width)]


def _members(payer: PayerSummary, width: int) -> list[str]:
    """Member months, panel and dollars per member month by practice; nothing where no members are counted."""
    if not payer.practices:
        return []
    listed = _LISTED if len(payer.practices) > _LISTED + 1 else _LISTED + 1
    rows = [_member_cells(each) for each in payer.practices[:listed]]
    rest = payer.practices[listed:]
    if rest:
        rows.append(_member_cells(attrs.evolve(attrs.evolve(payer, practices=rest).members, practice=_more(len(rest)))))
    rows += [("",) * 5, _member_cells(payer.members)]
    return ["", *table(_MEMBERS, rows, right=(1, 2, 3, 4), width=width, indent=2)]


def _more(number: int) -> str:
    return f"… and {number:,} more"


def _member_cells(each: PracticeSummary) -> tuple[str, ...]:
    per_month = each.per_member_month
    known = (grouped(number) if number is not None else "unknown" for number in (each.member_months, each.panel))
    name = each.practice if len(each.practice) <= _LONGEST else f"{each.practice[: _LONGEST - 1]}…"
    return (name, *known, money(each.amount), "" if per_month is None else money(per_month))


# --------------------------------------------------------------------------------------------- for scripts


def _document(settlement: Settlement, paths: tuple[Path, ...], findings: tuple[Any, ...]) -> str:
    """The summary as JSON (docs/reference/cli.md): amounts are decimal text."""
    from mhrules.cli.summary import summaries
    from mhrules.diagnostics.as_json import to_json
    from mhrules.exact import to_text
    from mhrules.results import CENTS, decimal, ledger_of

    plan = ledger_of(settlement).plan

    def counted(payment: Any) -> dict[str, Any]:
        return {
            "paid": payment.paid,
            "gated": payment.gated,
            "not_participating": payment.not_participating,
            "amount": str(decimal(payment.amount, CENTS)),
        }

    def members(of: Any) -> dict[str, Any]:
        per_month = of.per_member_month
        return {
            "member_months": None if of.member_months is None else to_text(of.member_months),
            "panel": None if of.panel is None else to_text(of.panel),
            "amount": str(decimal(of.amount, CENTS)),
            "per_member_month": None if per_month is None else str(decimal(per_month, CENTS)),
        }

    document = {
        "format": 1,
        "program": plan.program,
        "edition": plan.edition,
        "year": settlement.year,
        "run": settlement.run,
        "posted_on": None if settlement.posted_on is None else settlement.posted_on.isoformat(),
        "held": settlement.held,
        "engine": settlement.engine,
        "handed_over": settlement.handed_over,
        "total": str(settlement.total),
        "payers": [
            {
                "payer": payer.name,
                "title": payer.title,
                "status": payer.status,
                "payments": [{"payment": each.name, **counted(each)} for each in payer.payments],
                "credits": {name: str(decimal(amount, CENTS)) for name, amount in payer.credits.items()},
                "lines": payer.lines,
                "total": counted(payer.whole),
                "members": members(payer.members) if payer.practices else None,
                "practices": [{"practice": each.practice, **members(each)} for each in payer.practices],
            }
            for payer in summaries(settlement)
        ],
        "files": [path.as_posix() for path in paths],
        "findings": json.loads(to_json(findings))["findings"],
    }
    return json.dumps(document, indent=2)
