"""What `settle` and `explain` share: their options, and a program with its data read for a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mhrules.classes import frozen
from mhrules.cli import common

if TYPE_CHECKING:
    from mhrules.api import Data, Program
    from mhrules.data.capacity import Capacity
    from mhrules.diagnostics.model import Diagnostic

F = TypeVar("F", bound=Callable[..., Any])


def _allowable(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """The codes given with `--allow`, if each may be allowed."""
    if not value:
        return ()
    from mhrules.data.allow import ALLOWABLE

    codes = tuple(code.upper() for code in value)
    wrong = next((code for code in codes if code not in ALLOWABLE), None)
    if wrong is not None:
        may = "; ".join(f"{code}: {what}" for code, what in ALLOWABLE.items())
        raise click.BadParameter(f"{wrong} may not be allowed. These may: {may}.")
    return codes


def _options(*, required: bool) -> tuple[Callable[[F], F], ...]:
    """The argument PROGRAM and the options that say what is settled on what; `required`: with data and year."""
    return (
        click.argument("program"),
        click.option("--contracts", metavar="PATH", help="A further file or folder of contracts."),
        click.option(
            "--data",
            required=required,
            metavar="PATH",
            help="A folder of CSV and Parquet files, a DuckDB file, or postgresql://USER@HOST/DATABASE.",
        ),
        click.option("--binding", metavar="FILE", help="The binding.toml by which the data are read."),
        click.option(
            "--allow",
            multiple=True,
            metavar="CODE",
            callback=_allowable,
            help="Let findings about the data pass: MH630, MH631, MH632 or MH633; may be given again.",
        ),
        click.option("--year", required=required, type=click.IntRange(1900, 2999), help="The program year."),
    )


def run_options(verb: F) -> F:
    """The argument PROGRAM and the options that say what is settled on what."""
    for option in reversed(_options(required=True)):
        verb = option(verb)
    return verb


def run_options_or_kept(verb: F) -> F:
    """The same where a kept run can stand for data and year; `refuse_both` says what must be given."""
    kept = click.option("--run", "kept", metavar="DIR", help="A folder with a run that `settle --keep` has kept.")
    for option in reversed((*_options(required=False), kept)):
        verb = option(verb)
    return verb


def refuse_both(
    kept: str | None, data: str | None, binding: str | None, allow: tuple[str, ...], year: int | None
) -> None:
    """Refuse data beside a kept run, and neither.

    Raises:
        UsageError: it is so.
    """
    if kept is None:
        missing = [name for name, value in (("--data", data), ("--year", year)) if value is None]
        if missing:
            raise click.UsageError(f"Missing option '{missing[0]}' (or '--run', with a kept run).")
    elif data is not None or binding is not None or allow or year is not None:
        raise click.UsageError(
            "'--run' has the data and the year: leave out '--data', '--binding', '--allow', '--year'."
        )


def _memory(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """The bytes of a size such as `2GB`."""
    if value is None:
        return None
    from mhrules.data.capacity import parse_memory

    try:
        return parse_memory(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error


def capacity_options(verb: F) -> F:
    """The options that say how much of the machine a run may take: `memory`, `threads`, `temporary`."""
    options = (
        click.option("--memory", metavar="SIZE", callback=_memory, help="The most to hold in memory, such as 2GB."),
        click.option("--threads", type=click.IntRange(1, 1024), metavar="N", help="How many threads work at once."),
        click.option("--temporary", metavar="DIR", help="Where what does not fit into memory is kept meanwhile."),
    )
    for option in reversed(options):
        verb = option(verb)
    return verb


@frozen
class Run:
    """A program and the data it is settled on."""

    program: Program
    data: Data

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """Warnings and notes about the text and the data."""
        return (*self.program.findings, *self.data.findings)


def prepared(
    program: str,
    contracts: str | None,
    data: str,
    binding: str | None,
    progress: common.Progress,
    *,
    allow: tuple[str, ...] = (),
    capacity: Capacity | None = None,
    master: str | None = None,
) -> Run:
    """The program and its data, read and checked; `allow` are codes of findings about the data that may pass.

    With `master`, people are read by Spark.

    Raises:
        DiagnosticError: one of them cannot be read, or has errors.
    """
    from mhrules import api

    progress.step("reading the program")
    loaded = api.load(program, contracts=contracts)
    with progress.stage("reading the data"):
        if master is not None:
            return Run(loaded, api.Data.on_spark(loaded, data, master=master, binding=binding, allow=allow))
        return Run(
            loaded,
            api.Data.from_folder(loaded, data, binding=binding, allow=allow, capacity=capacity, progress=progress),
        )
