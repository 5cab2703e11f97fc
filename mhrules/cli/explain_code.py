"""`mhrules explain-code MH101`: the page of a code."""

from __future__ import annotations

import click

from mhrules.cli import common


@click.command(name="explain-code", short_help="say what a code such as MH101 means")
@click.argument("code")
@common.output_options()
def command(code: str) -> None:
    """Print the page of CODE: what it is, why it matters, an example and the repair."""
    from mhrules.diagnostics.model import DiagnosticError
    from mhrules.diagnostics.pages import page
    from mhrules.diagnostics.registry import CODES, finding
    from mhrules.diagnostics.suggest import did_you_mean

    wanted = code.strip().upper()
    by_name = {info.name: info.code for info in CODES.values()}
    wanted = by_name.get(code.strip().lower(), wanted)
    if wanted not in CODES:
        near = did_you_mean(wanted, CODES) or by_name.get(did_you_mean(code.lower(), by_name) or "")
        advice = f"did you mean `{near}`?" if near else "a code is `MH` and three digits, such as `MH101`"
        raise DiagnosticError([finding("MH201", f"there is no code `{code}`", help=advice)])
    click.echo(page(wanted).rstrip("\n"))
