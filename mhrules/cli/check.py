"""`mhrules check PATH…`: the mistakes in programs and their contracts."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mhrules.cli import common
from mhrules.cli.common import count

if TYPE_CHECKING:
    from mhrules.compiler import Compilation
    from mhrules.diagnostics.model import Diagnostic


@click.command(name="check", short_help="find the mistakes in programs and contracts")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--contracts", metavar="PATH", help="A further file or folder of contracts, bound to each program.")
@click.option("--assumed", is_flag=True, help="List the figures that the text marks `assumed`.")
@click.option("--strict", is_flag=True, help="End with 1 on warnings too.")
@common.output_options("terminal", "json", "sarif")
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], contracts: str | None, assumed: bool, strict: bool) -> None:
    """Check programs with their contracts.

    PATH is a rule file, a folder that holds one program and its contracts, a folder of such folders, or the name of
    a program that came with mhrules. Files that are named together with the program they belong to are checked with
    it.
    """
    compilations = compiled(paths, contracts)
    findings = tuple(dict.fromkeys(found for compilation in compilations for found in compilation.findings))
    chosen = common.output().format
    if chosen == "json":
        common.show_document(_document(compilations, findings))
    elif chosen == "sarif":
        from mhrules.diagnostics.sarif import to_sarif

        common.show_document(to_sarif(findings))
    else:
        _show(compilations, findings, assumed)
    ctx.exit(common.exit_code(findings, strict=strict))


def compiled(paths: tuple[str, ...], contracts: str | None) -> list[Compilation]:
    """Each program that the paths stand for, with its contracts.

    Raises:
        DiagnosticError: a path leads to nothing (MH001).
    """
    from mhrules.compiler import Compilation
    from mhrules.locate import existing, program_path, program_paths

    further = [] if contracts is None else [existing(contracts)]
    found = [one for path in paths for one in program_paths(program_path(path))]
    return [Compilation(*together, *further) for together in _together(list(dict.fromkeys(found)))]


def _together(paths: list[Path]) -> list[list[Path]]:
    """The paths by program: files of one program go together, and contracts alone go with their program."""
    if len(paths) == 1:
        return [paths]
    from mhrules.files import load_files
    from mhrules.syntax.tree import Contract, Program

    groups: dict[object, list[Path]] = {}
    homes: dict[str, object] = {}
    waiting: list[tuple[Path, set[str]]] = []
    for path in paths:
        items = [item for tree in load_files(path).trees for item in tree.items]
        programs = {item.name.text: item.span.source.sha256 for item in items if isinstance(item, Program)}
        wanted = {item.program.text for item in items if isinstance(item, Contract)}
        if not programs and wanted:
            waiting.append((path, wanted))
            continue
        home: object = path if path.is_dir() or not programs else tuple(sorted(programs.values()))
        groups.setdefault(home, []).append(path)
        for name in programs:
            homes.setdefault(name, home)
    for path, wanted in waiting:
        home = next((homes[name] for name in sorted(wanted) if name in homes), path)
        groups.setdefault(home, []).append(path)
    return list(groups.values())


# ---------------------------------------------------------------------------------------------- for people


def _show(compilations: list[Compilation], findings: tuple[Diagnostic, ...], assumed: bool) -> None:
    common.show(findings, err=False)
    if findings:
        click.echo()
    for compilation in compilations:
        for line in _lines(compilation, assumed):
            click.echo(line)
    if not findings:
        click.echo("no findings")


def _lines(compilation: Compilation, assumed: bool) -> list[str]:
    """What a program is, in a line or two; then its assumed figures, if asked for."""
    program = compilation.program
    if program is None:
        return []
    notes = compilation.assumed
    parts = [count(len(program.payers), "payer"), count(len(program.payments), "payment")]
    if program.contracts:
        parts.append(count(len(program.contracts), "contract"))
    if notes:
        parts.append(count(len(notes), "figure is assumed", "figures are assumed"))
    width = common.output().width()
    text = f"{program.name}, edition {program.edition}: {', '.join(parts)}"
    lines = textwrap.wrap(text, width, subsequent_indent="  ", break_long_words=False)
    for note in notes if assumed else ():
        lines += textwrap.wrap(f"{note.span}: {note.text}", width, initial_indent="  ", subsequent_indent="    ")
    return lines


# --------------------------------------------------------------------------------------------- for scripts


def _document(compilations: list[Compilation], findings: tuple[Diagnostic, ...]) -> str:
    """The findings as JSON (docs/reference/cli.md), and what each program is."""
    from mhrules.diagnostics.as_json import to_json

    document = json.loads(to_json(findings))
    document["programs"] = [_described(c) for c in compilations if c.program is not None]
    return json.dumps(document, indent=2)


def _described(compilation: Compilation) -> dict[str, Any]:
    program = compilation.program
    assert program is not None
    return {
        "name": program.name,
        "title": program.title,
        "edition": program.edition,
        "files": [source.name for source in compilation.sources],
        "payers": {name: payer.title for name, payer in program.payers.items()},
        "payments": {name: payment.title for name, payment in program.payments.items()},
        "contracts": [contract.name.text for contract in program.contracts],
        "assumed": [
            {"file": note.span.source.name, "line": note.span.line, "text": note.text} for note in compilation.assumed
        ],
    }
