"""`mhrules plan PROGRAM`: the SQL that settles a program, with the rules as comments, and what each relation is."""

from __future__ import annotations

import json

import click

from mhrules.cli import common


@click.command(name="plan", short_help="print the SQL that settles a program")
@click.argument("program")
@click.option("--sql", is_flag=True, help="Print the SQL with the rule text as comments; this is the default.")
@click.option("--explain", is_flag=True, help="Print each relation: what a row is, its number's width, what it reads.")
@click.option(
    "--dialect", type=click.Choice(["duckdb", "spark"]), default="duckdb", show_default=True, help="Whose SQL."
)
@click.option("--contracts", metavar="PATH", help="A further file or folder of contracts.")
@click.option("--year", type=click.IntRange(1900, 2999), help="The program year; the first one without it.")
@click.option("--counts", is_flag=True, help="Of data with counts of members, not the members themselves.")
@click.option("--data", metavar="PATH", help="The data to plan for; without them all tables are empty.")
@click.option("--binding", metavar="FILE", help="The binding.toml by which the data are read.")
@common.output_options("terminal", "json")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    program: str,
    sql: bool,
    explain: bool,
    dialect: str,
    contracts: str | None,
    year: int | None,
    counts: bool,
    data: str | None,
    binding: str | None,
) -> None:
    """Print the SQL that settles a year of PROGRAM: a rule file, a folder, or a program that came with mhrules.

    Without --data nothing is read but the program: its tables are taken to be there and empty. With --data the SQL is
    that of these data; it is run, so this takes as long as settling them. A construct that relations do not have is a
    finding (MH903), and the command ends with 1.
    """
    if sql and explain:
        raise click.UsageError("--sql and --explain: give one of them")
    if binding is not None and data is None:
        raise click.UsageError("--binding says how data are read: give --data too")
    if counts and data is not None:
        raise click.UsageError("--counts is about empty tables: leave it out, or --data")
    from mhrules import api
    from mhrules.diagnostics.as_json import to_json
    from mhrules.planned import planned

    with common.Progress() as progress:
        progress.step("reading the program")
        loaded = api.load(program, contracts=contracts)
        given = None
        if data is not None:
            progress.step("reading the data")
            given = api.Data.from_folder(loaded, data, binding=binding, progress=progress)
        progress.step("planning")
        found = planned(loaded, year, given, counts=counts, dialect=dialect)
    findings = (*loaded.findings, *(() if given is None else given.findings), *found.findings)
    if common.output().format == "json":
        listed = json.loads(to_json(findings))["findings"]
        common.show_document(found.document(explain=explain, findings=listed))
    else:
        common.show(findings)
        click.echo(found.explained(common.output().width()) if explain else found.sql)
    ctx.exit(common.exit_code(findings))
