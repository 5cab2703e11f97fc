"""`mhrules synth PROGRAM …`: an invented population for a program, as files that it can be settled on."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mhrules.classes import frozen
from mhrules.cli import common
from mhrules.cli.table import table
from mhrules.data.synth.setting import MOST_MEMBERS, MOST_PRACTICES

if TYPE_CHECKING:
    from mhrules.data.synth.population import Written
    from mhrules.data.synth.setting import Request
    from mhrules.plan.whole import Plan
    from mhrules.semantics.program import Program

_MOST_YEARS = 10


class Month(click.ParamType[int]):
    """A month such as `2012-03`, as `mhrules.semantics.calendar` counts months."""

    name = "month"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number of the month.

        Raises:
            click.BadParameter: this is no month of 1900 to 2999.
        """
        found = re.fullmatch(r"([12][0-9]{3})-(0[1-9]|1[0-2])", str(value))
        if found is None or int(found[1]) < 1900:
            self.fail(f"`{value}` is no month; write it as 2012-03", param, ctx)
        return int(found[1]) * 12 + int(found[2]) - 1


@frozen
class _Loaded:
    """A program free of errors."""

    program: Program
    plan: Plan


@click.command(name="synth", short_help="invent a population for a program")
@click.argument("program")
@click.option("--contracts", metavar="PATH", help="A further file or folder of contracts.")
@click.option("--members", required=True, type=click.IntRange(1, MOST_MEMBERS), help="How many people.")
@click.option("--practices", required=True, type=click.IntRange(1, MOST_PRACTICES), help="How many practices.")
@click.option("--payers", metavar="NAME,NAME", help="Only these payers have members; by default, all.")
@click.option("--year", type=click.IntRange(1900, 2999), help="The program year.")
@click.option("--from", "first", type=Month(), metavar="YYYY-MM", help="The first month, instead of a year.")
@click.option("--to", "last", type=Month(), metavar="YYYY-MM", help="The last month, instead of a year.")
@click.option("--seed", required=True, type=click.IntRange(0, 2**63 - 1), help="Another seed, another population.")
@click.option(
    "--lines-per-member", type=click.IntRange(1, 100), default=10, show_default=True, help="Claim lines a year, about."
)
@click.option("--out", required=True, metavar="DIR", help="The folder that the files are written to.")
@click.option(
    "--files", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True, help="What is written."
)
@click.option("--force", is_flag=True, help="Write even if the folder is not empty.")
@common.output_options("terminal", "json")
def command(
    *,
    program: str,
    contracts: str | None,
    members: int,
    practices: int,
    payers: str | None,
    year: int | None,
    first: int | None,
    last: int | None,
    seed: int,
    lines_per_member: int,
    out: str,
    files: str,
    force: bool,
) -> None:
    """Invent people, claims, lists and facts for PROGRAM, one file for each table that it reads.

    The same options give the same files. The months are those of --year, or from --from to --to.
    """
    from mhrules.data.synth.hints import hints_of
    from mhrules.data.synth.population import write_population
    from mhrules.data.synth.setting import Request

    directory = Path(out)
    with common.Progress() as progress:
        progress.step("reading the program")
        loaded = _loaded(program, contracts)
        months = _months(loaded, year, first, last)
        chosen = _payers(loaded, payers)
        _prepare(directory, [each.name for each in loaded.plan.schema.tables], force)
        request = Request(members, practices, *months, seed, lines_per_member, chosen)
        hints = hints_of(loaded.program)
        try:
            written = write_population(
                loaded.plan.schema, request, directory, hints, file_format=files, progress=progress.step
            )
        except OSError as error:
            _refuse(f"`{directory}` cannot be written: {error}", "look for room on the disk, or name another folder")
    if common.output().format == "json":
        common.show_document(_document(loaded, request, written))
    else:
        _show(loaded, request, written)


def _loaded(program: str, contracts: str | None) -> _Loaded:
    """The program with its contracts.

    Raises:
        DiagnosticError: it cannot be read, or has errors.
    """
    from mhrules.compiler import Compilation
    from mhrules.locate import existing, program_path

    paths = [program_path(program)]
    if contracts is not None:
        paths.append(existing(contracts))
    compilation = Compilation(*paths)
    plan = compilation.plan
    assert compilation.program is not None
    return _Loaded(compilation.program, plan)


def _months(loaded: _Loaded, year: int | None, first: int | None, last: int | None) -> tuple[int, int]:
    """The first and last month, cut to the program's term.

    Raises:
        click.UsageError: neither a year nor two months are named, or they cannot be meant.
    """
    from mhrules.semantics.calendar import MONTHS_IN_YEAR, month_label

    plan = loaded.plan
    if (year is None) == (first is None and last is None) or (first is None) != (last is None):
        raise click.UsageError("say which months: `--year 2012`, or `--from 2012-01 --to 2013-12`")
    if year is not None:
        first = plan.calendar.year_first(year)
        last = first + MONTHS_IN_YEAR - 1
    assert first is not None and last is not None
    if first > last:
        raise click.UsageError(f"--from {month_label(first)} is after --to {month_label(last)}")
    if last - first >= _MOST_YEARS * MONTHS_IN_YEAR:
        raise click.UsageError(f"a population has at most {_MOST_YEARS} years")
    end = plan.last_month
    if last < plan.first_month or (end is not None and first > end):
        term = f"from {month_label(plan.first_month)}" + ("" if end is None else f" to {month_label(end)}")
        raise click.UsageError(f"the months lie outside the program's term, which runs {term}")
    return max(first, plan.first_month), last if end is None else min(last, end)


def _payers(loaded: _Loaded, asked: str | None) -> tuple[str, ...]:
    """The payers that are named, in the order of the program.

    Raises:
        click.BadParameter: the program has no such payer.
    """
    from mhrules.diagnostics.suggest import did_you_mean

    if asked is None:
        return ()
    known = list(loaded.program.payers)
    names = [name.strip() for name in asked.split(",")]
    for name in names:
        if name not in known:
            near = did_you_mean(name, known)
            advice = f"did you mean `{near}`?" if near else f"there are {', '.join(known)}"
            raise click.BadParameter(f"the program has no payer `{name}`; {advice}", param_hint="--payers")
    return tuple(name for name in known if name in names)


def _prepare(directory: Path, tables: list[str], force: bool) -> None:
    """Make the folder; with `force`, take away what an earlier population has left there under the same names.

    Raises:
        DiagnosticError: it is a file, is not empty, or cannot be written (MH732).
    """
    if directory.exists() and not directory.is_dir():
        _refuse(f"`{directory}` is a file, so nothing can be written into it", "name a folder")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()) and not force:
            _refuse(f"`{directory}` is not empty", "name another folder, or write --force: files of the same names go")
        for name in tables:
            for ending in (".csv", ".parquet"):
                (directory / f"{name}{ending}").unlink(missing_ok=True)
    except OSError as error:
        why = (error.strerror or "no reason given").lower()
        _refuse(f"`{directory}` cannot be written: {why}", "name a folder that you may write to")


def _refuse(message: str, advice: str) -> None:
    from mhrules.diagnostics.model import DiagnosticError
    from mhrules.diagnostics.registry import finding

    raise DiagnosticError([finding("MH732", message, help=advice)])


def _document(loaded: _Loaded, request: Request, written: tuple[Written, ...]) -> str:
    from mhrules.semantics.calendar import month_label

    document = {
        "format": 1,
        "program": loaded.plan.program,
        "edition": loaded.plan.edition,
        "members": request.members,
        "practices": request.practices,
        "payers": list(request.payers or loaded.program.payers),
        "from": month_label(request.first),
        "to": month_label(request.last),
        "seed": request.seed,
        "lines_per_member": request.lines_per_member,
        "files": [{"table": each.table, "path": each.path.as_posix(), "rows": each.rows} for each in written],
    }
    return json.dumps(document, indent=2)


def _show(loaded: _Loaded, request: Request, written: tuple[Written, ...]) -> None:
    from mhrules.semantics.calendar import month_label

    people = common.count(request.members, "member", "members")
    practices = common.count(request.practices, loaded.plan.participant)
    click.echo(f"{loaded.plan.title}, edition {loaded.plan.edition}")
    click.echo(
        f"{people}, {practices}, {month_label(request.first)} to {month_label(request.last)}, seed {request.seed}"
    )
    click.echo()
    rows = [(f"{each.rows:,}", each.path.name) for each in written]
    click.echo("\n".join(table(("rows", "file"), rows, right=(0,), width=common.output().width())))
    click.echo(f"\nwritten to {written[0].path.parent}" if written else "\nnothing is read, so nothing is written")
