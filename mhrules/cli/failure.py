"""What becomes of an exception: findings are shown, a fault of mhrules itself says how to report it."""

from __future__ import annotations

import traceback

import click

from mhrules.cli import common
from mhrules.diagnostics.model import Diagnostic, DiagnosticError
from mhrules.diagnostics.registry import finding
from mhrules.version import __version__


def show_failure(error: Exception) -> int:
    """Show why a verb could not go on, and give the exit code."""
    if isinstance(error, DiagnosticError):
        show_findings(error.diagnostics)
        given = all(found.span is None for found in error.diagnostics)
        code = common.exit_code(error.diagnostics, named=given)
    else:
        show_findings((internal(),))
        code = common.INTERNAL
    if common.output().traceback:
        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    return code


def show_findings(findings: tuple[Diagnostic, ...]) -> None:
    """Findings that end a run: for people on stderr, as a document on stdout where one was asked for."""
    chosen = common.output().format
    if chosen == "json":
        from mhrules.diagnostics.as_json import to_json

        common.show_document(to_json(findings))
    elif chosen == "sarif":
        from mhrules.diagnostics.sarif import to_sarif

        common.show_document(to_sarif(findings))
    else:
        common.show(findings)


def internal() -> Diagnostic:
    """The finding that mhrules itself has failed."""
    shown = common.output().traceback
    report = "report the lines below" if shown else "run the command again with `--traceback` and report what it prints"
    return finding(
        common.INTERNAL_CODE,
        "mhrules itself has failed; nothing was written",
        notes=f"this is mhrules {__version__}",
        help=f"{report}; add the rule text if you may share it, and leave out data of members",
    )
