"""`mhrules explain PROGRAM …`: why an amount is what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mhrules.cli import common
from mhrules.cli.common import count
from mhrules.cli.run import prepared, refuse_both, run_options_or_kept

if TYPE_CHECKING:
    from mhrules.api import Explanation


@click.command(name="explain", short_help="say why an amount is what it is")
@run_options_or_kept
@click.option("--payer", required=True, metavar="NAME", help="Who pays.")
@click.option("--practice", required=True, metavar="ID", help="Who is paid: the participant's id.")
@click.option("--payment", required=True, metavar="NAME", help="The payment.")
@click.option("--period", metavar="PERIOD", help="One posting period, such as 2012-03; otherwise the year.")
@click.option("--deep", is_flag=True, help="Go down to the facts below sums and totals too.")
@click.option("--member", metavar="ID", help="One person: what is paid for the person, and how that came about.")
@common.output_options("terminal", "json")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    program: str,
    contracts: str | None,
    data: str | None,
    binding: str | None,
    allow: tuple[str, ...],
    year: int | None,
    kept: str | None,
    payer: str,
    practice: str,
    payment: str,
    period: str | None,
    deep: bool,
    member: str | None,
) -> None:
    """Explain a line of the settlement of PROGRAM: every step with value and unit, rule text, facts and gates.

    A line is explained as it would be settled, also where other lines fail; the faults are told on stderr. With --run
    nothing is settled: the line is worked out from the run that was kept, and must come to what was posted. Persons are
    named only with --member and --deep.
    """
    from mhrules import api
    from mhrules.diagnostics.model import Severity

    refuse_both(kept, data, binding, allow, year)
    asked = {"payer": payer, "practice": practice, "payment": payment}
    with common.Progress() as progress:
        if kept is not None:
            progress.step("reading the program")
            loaded = api.load(program, contracts=contracts)
            progress.step("looking for the reasons")
            why = api.explain_run(loaded, kept, **asked, period=period, deep=deep, member=member)
            errors = 0
        else:
            assert data is not None
            assert year is not None
            run = prepared(program, contracts, data, binding, progress, allow=allow)
            progress.step(f"settling {year}")
            settlement = api.settle(run.program, run.data, year, hold=True)
            progress.step("looking for the reasons")
            why = api.explain(settlement, **asked, period=period, deep=deep, member=member)
            errors = sum(found.severity is Severity.ERROR for found in settlement.findings)
    _show(why)
    if errors:
        click.echo(f"{count(errors, 'error')} in this year: `mhrules settle` lists them and posts nothing", err=True)
    ctx.exit(common.FINE)


def _show(why: Explanation) -> None:
    out = common.output()
    if out.format == "json":
        common.show_document(why.to_json())
    else:
        paints = out.paints(err=False)
        click.echo(why.text(width=out.width(), color=paints), color=paints)
