"""`mhrules test PATH…`: the worked examples inside programs and contracts."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

import click

from mhrules.cli import common
from mhrules.cli.check import compiled
from mhrules.diagnostics.model import DiagnosticError

if TYPE_CHECKING:
    from mhrules.semantics.program import Program
    from mhrules.settle.examples import ExampleResult

_Run = tuple["Program", "tuple[ExampleResult, ...]"]


@click.command(name="test", short_help="run the worked examples of programs")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--contracts", metavar="PATH", help="A further file or folder of contracts, bound to each program.")
@common.output_options("terminal", "json")
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], contracts: str | None) -> None:
    """Run every `example` of programs and contracts; PATH as for `mhrules check`.

    Ends with 1 if an example fails or a text has errors.
    """
    runs = _runs(paths, contracts)
    failed = sum(not result.passed for _, results in runs for result in results)
    passed = sum(len(results) for _, results in runs) - failed
    if common.output().format == "json":
        common.show_document(_document(runs, passed, failed))
    else:
        for program, results in runs:
            _show(program, results)
        click.echo(f"{passed} passed, {failed} failed" if passed + failed else "no examples")
    ctx.exit(common.FINDINGS if failed else common.FINE)


def _runs(paths: tuple[str, ...], contracts: str | None) -> list[_Run]:
    """The results by program.

    Raises:
        DiagnosticError: a text has errors; nothing is run then.
    """
    from mhrules.settle.examples import run_examples

    compilations = compiled(paths, contracts)
    if any(compilation.has_errors for compilation in compilations):
        raise DiagnosticError(dict.fromkeys(found for each in compilations for found in each.findings))
    programs = [compilation.program for compilation in compilations]
    return [(program, run_examples(program)) for program in programs if program is not None]


def _show(program: Program, results: tuple[ExampleResult, ...]) -> None:
    width = common.output().width()
    if results:
        click.echo(f"{program.name}, edition {program.edition}")
    for result in results:
        verdict = "passed" if result.passed else "failed"
        where = "" if result.passed else f" ({result.span})"
        text = f"{verdict}  {result.title}{where}"
        for line in textwrap.wrap(text, width, initial_indent="  ", subsequent_indent=" " * 10):
            click.echo(line)
        for failure in result.failures:
            for words in (f"{failure.span}: `{_flat(failure.span.text)}`", f"came out as {failure.found}"):
                for line in textwrap.wrap(words, width, initial_indent=" " * 10, subsequent_indent=" " * 12):
                    click.echo(line)
        common.show(result.findings, err=False)


def _flat(text: str) -> str:
    return " ".join(text.split())


def _document(runs: list[_Run], passed: int, failed: int) -> str:
    document = {
        "format": 1,
        "passed": passed,
        "failed": failed,
        "examples": [_described(program, result) for program, results in runs for result in results],
    }
    return json.dumps(document, indent=2)


def _described(program: Program, result: ExampleResult) -> dict[str, Any]:
    from mhrules.diagnostics.as_json import to_json

    return {
        "program": program.name,
        "title": result.title,
        "file": result.span.source.name,
        "line": result.span.line,
        "passed": result.passed,
        "failures": [
            {
                "file": failure.span.source.name,
                "line": failure.span.line,
                "text": _flat(failure.span.text),
                "expected": failure.expected,
                "found": failure.found,
            }
            for failure in result.failures
        ],
        "findings": json.loads(to_json(result.findings))["findings"],
    }
