"""The command `mhrules`: a group whose verbs are loaded when they are called.

Only click is imported here, so that `mhrules --help` is there at once. Exit codes: 0 fine, 1 findings in a rule text
or in data, 2 wrong usage or unreadable input, 3 mhrules itself failed, 130 after Ctrl-C.
"""

from __future__ import annotations

import atexit
import errno
import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from mhrules.cli.interrupts import ending
from mhrules.version import __version__

VERBS = {
    "check": ("mhrules.cli.check", "find the mistakes in programs and contracts"),
    "fmt": ("mhrules.cli.fmt", "put rule texts into their common layout"),
    "test": ("mhrules.cli.test_verb", "run the worked examples of programs"),
    "schema": ("mhrules.cli.schema", "say which tables and columns a program reads"),
    "synth": ("mhrules.cli.synth", "invent a population for a program"),
    "plan": ("mhrules.cli.plan", "print the SQL that settles a program"),
    "settle": ("mhrules.cli.settle", "work out what every payer owes every practice"),
    "explain": ("mhrules.cli.explain", "say why an amount is what it is"),
    "attribution": ("mhrules.cli.attribution", "say who is attributed to whom, and how a payer's list differs"),
    "explain-code": ("mhrules.cli.explain_code", "say what a code such as MH101 means"),
}
"""By verb: the module whose `command` it is, and what `--help` says of it."""

_WIDTH = 80
_GARBAGE = 500_000  # objects: what a short run makes is kept, so looking for circles among it finds little
_ERROR = "Error: "


def _leave() -> None:
    """A process that ends has no need to look for circles of objects; DuckDB wants its own to be found, and says so."""
    if "duckdb" not in sys.modules:
        gc.freeze()


atexit.register(_leave)


class Verbs(click.Group):
    """The group of all verbs; a verb's module is imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order in which a program is written, settled and questioned."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a verb; None if there is no such verb."""
        if cmd_name not in VERBS:
            return None
        command = import_module(VERBS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that the arguments begin with.

        Raises:
            click.UsageError: there is no such verb.
        """
        if args and args[0] not in VERBS:
            from mhrules.diagnostics.suggest import did_you_mean

            near = did_you_mean(args[0], VERBS)
            ctx.fail(f"there is no command `{args[0]}`" + (f"; did you mean `{near}`?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of verbs, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, text) for verb, (_, text) in VERBS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb. Whatever it raises becomes findings for people and an exit code."""
        with ending() as ended, _rarely_collected():
            try:
                return super().invoke(ctx)
            except click.UsageError as error:
                raise click.UsageError(_narrow(error.format_message()), error.ctx) from error
            except (click.ClickException, click.exceptions.Exit, click.Abort):
                raise
            except (Exception, KeyboardInterrupt) as error:
                if ended or isinstance(error, KeyboardInterrupt):
                    # What was begun has been taken away; a database that is interrupted says so in an error of its own.
                    click.echo("interrupted: nothing was written", err=True)
                    ctx.exit(128 + (ended[0] if ended else signal.SIGINT))
                if isinstance(error, OSError) and error.errno == errno.EPIPE:
                    # The reader has seen enough; what is still buffered must not fail at the end.
                    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                    ctx.exit(0)
                from mhrules.cli.failure import show_failure

                ctx.exit(show_failure(error))


@contextmanager
def _rarely_collected() -> Iterator[None]:
    """While a verb runs: circles of objects are looked for less often."""
    before = gc.get_threshold()
    gc.set_threshold(_GARBAGE, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _narrow(message: str) -> str:
    """A message in lines that stay within the screen's width behind `Error: `."""
    wrapped = (click.wrap_text(line, _WIDTH, initial_indent=_ERROR) for line in message.splitlines())
    return "\n".join(line[len(_ERROR) :] for line in wrapped)


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="mhrules %(version)s")
def main() -> None:
    """Contracts of multi-payer primary-care programs: checked, settled to the cent, explained."""
