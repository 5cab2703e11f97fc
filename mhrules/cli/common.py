"""What the verbs share: options of output, findings shown to people and scripts, progress."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, TypeVar

import click

from mhrules import progress
from mhrules.classes import frozen
from mhrules.diagnostics.model import Diagnostic, Severity

F = TypeVar("F", bound=Callable[..., Any])

FINE, FINDINGS, BAD_INPUT, INTERNAL = 0, 1, 2, 3
"""Exit codes."""

WIDTH = 80
_WIDEST = 120
_META = "mhrules.output"

BAD_INPUT_CODES = frozenset(
    [
        *"MH001 MH601 MH604 MH614 MH640 MH650 MH730 MH732 MH733 MH734 MH735 MH736 MH737 MH750 MH751 MH752".split(),
        *"MH753 MH754 MH755 MH756".split(),
    ]
)
"""Codes of input that cannot be read, and of years, folders, payers, practices, payments and people not to be meant."""

UNKNOWN_NAME = "MH201"
"""In findings about the command line itself: a name was mistyped there, so it is bad input too."""

INTERNAL_CODE = "MH999"


@frozen
class Output:
    """How a run speaks: `format` is `terminal`, `json` or `sarif`; `color` is `auto`, `always` or `never`."""

    format: str = "terminal"
    color: str = "auto"
    traceback: bool = False

    def paints(self, *, err: bool) -> bool:
        """Whether to color what goes to stdout, or to stderr."""
        if self.color != "auto":
            return self.color == "always"
        stream = sys.stderr if err else sys.stdout
        return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def width(self, *, err: bool = False) -> int:
        """The columns to use: those of the terminal, within reason, or 80."""
        stream = sys.stderr if err else sys.stdout
        columns = shutil.get_terminal_size((WIDTH, 24)).columns if stream.isatty() else WIDTH
        return min(max(columns, 40), _WIDEST)


def output() -> Output:
    """The output options of the verb that runs."""
    context = click.get_current_context(silent=True)
    given = {} if context is None else context.meta.get(_META, {})
    return Output(**given)


def output_options(*formats: str) -> Callable[[F], F]:
    """The options `--format` (if there is more than one), `--color` and `--traceback`; read with `output()`."""

    def keep(ctx: click.Context, param: click.Parameter, value: object) -> None:
        assert param.name is not None
        ctx.meta.setdefault(_META, {})[param.name] = value

    def add(verb: F) -> F:
        verb = click.option(
            "--traceback", is_flag=True, expose_value=False, callback=keep, help="Say where mhrules failed, if it does."
        )(verb)
        verb = click.option(
            "--color",
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            expose_value=False,
            callback=keep,
            help="Color; auto: on a terminal, unless NO_COLOR is set.",
        )(verb)
        if len(formats) > 1:
            verb = click.option(
                "--format",
                type=click.Choice(list(formats)),
                default=formats[0],
                expose_value=False,
                callback=keep,
                help="Who reads the output.",
            )(verb)
        return verb

    return add


def exit_code(findings: Iterable[Diagnostic], *, strict: bool = False, named: bool = False) -> int:
    """What findings mean for the exit code; `strict` counts warnings as errors.

    `named`: the findings are about names given on the command line, so one that is unknown is bad input.
    """
    found = tuple(findings)
    errors = {d.code for d in found if d.severity is Severity.ERROR}
    if INTERNAL_CODE in errors:
        return INTERNAL
    if errors & BAD_INPUT_CODES or (named and UNKNOWN_NAME in errors):
        return BAD_INPUT
    if errors or (strict and any(d.severity is Severity.WARNING for d in found)):
        return FINDINGS
    return FINE


def show(findings: Iterable[Diagnostic], *, err: bool = True) -> None:
    """Findings for people, on stderr unless they are what the verb is for."""
    from mhrules.diagnostics.terminal import render

    out = output()
    paints = out.paints(err=err)
    text = render(findings, color=paints, width=out.width(err=err))
    if text:
        click.echo(text, err=err, color=paints)


def show_document(text: str) -> None:
    """A document for scripts, on stdout."""
    click.echo(text)


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 payer`, `2 payers`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


class Progress(progress.Progress):
    """One line on stderr that says what is being done; nothing where stderr is not a terminal."""

    def __init__(self) -> None:
        shown = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        super().__init__(sys.stderr if shown else None, output().width(err=True))

    def note(self, words: str) -> None:
        """A note on stderr, whether or not it is a terminal."""
        width = output().width(err=True)
        if sys.stderr.isatty():
            click.echo("\r\x1b[K", err=True, nl=False)
        click.echo("\n".join(textwrap.wrap(f"note: {words}", width)), err=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
