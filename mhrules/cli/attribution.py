"""`mhrules attribution PROGRAM …`: who is attributed to whom, and how that differs from a payer's list."""

from __future__ import annotations

from pathlib import Path

import click

from mhrules.cli import common
from mhrules.cli.run import prepared, run_options


@click.command(name="attribution", short_help="say who is attributed to whom, and how a payer's list differs")
@run_options
@click.option("--month", metavar="YYYY-MM", help="One month; otherwise the year, or to compare the last month of it.")
@click.option("--payer", metavar="NAME", help="One payer; otherwise all.")
@click.option("--compare", "roster", metavar="FILE", help="A payer's list: person_id, practice_id, optionally payer.")
@click.option("--out", metavar="FILE.csv", help="Write every difference to a file; with --compare.")
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
    month: str | None,
    payer: str | None,
    roster: str | None,
    out: str | None,
) -> None:
    """Count the members of PROGRAM by practice, or by the reason for none; or compare them with a payer's list.

    With --compare, tells who is on the list and not here, here and not on the list, or elsewhere, each with why: the
    reason, or the visits that decided. Ends with 1 if anybody differs.
    """
    from mhrules import api

    if out is not None and roster is None:
        raise click.UsageError("--out writes differences, so it needs --compare.")
    with common.Progress() as progress:
        run = prepared(program, contracts, data, binding, progress, allow=allow)
        progress.step("attributing members")
        found = api.attribution(run.program, run.data, year, month=month, payer=payer, compare=roster)
        if out is not None:
            found.write(Path(out))
    if common.output().format == "json":
        common.show_document(found.to_json(run.findings))
    else:
        common.show((*run.findings, *found.findings))
        click.echo(found.text(width=common.output().width()))
    ctx.exit(common.FINDINGS if found.differs else common.FINE)
