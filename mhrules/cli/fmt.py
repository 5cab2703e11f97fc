"""`mhrules fmt PATH…`: the common layout of rule texts."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

import click

from mhrules.classes import frozen
from mhrules.cli import common
from mhrules.cli.common import count
from mhrules.diagnostics.model import Diagnostic, DiagnosticError

STDIN = "-"


@frozen
class Formatted:
    """A rule text before and after; `path` is None for what came from stdin."""

    name: str
    path: Path | None
    before: str
    after: str

    @property
    def differs(self) -> bool:
        """Whether the layout changes anything."""
        return self.before != self.after


@click.command(name="fmt", short_help="put rule texts into their common layout")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--check", is_flag=True, help="Write nothing; end with 1 if a file is not in its layout.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
@common.output_options()
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], check: bool, diff: bool) -> None:
    """Put rule files into their common layout, in place.

    PATH is a rule file, a folder (with the folders below), or `-` for stdin, which is printed. Only blanks and line
    breaks between words change; a file with mistakes stays as it is.
    """
    texts, findings = _formatted(paths)
    common.show(findings)
    changed = [text for text in texts if text.differs]
    if diff:
        for text in changed:
            click.echo(_difference(text), nl=False)
    elif not check:
        for text in texts:
            _put(text)
    _summarize(texts, changed, findings, written=not check and not diff)
    ctx.exit(common.exit_code(findings) or (common.FINDINGS if check and changed else common.FINE))


def _formatted(paths: tuple[str, ...]) -> tuple[list[Formatted], tuple[Diagnostic, ...]]:
    """The texts that could be formatted, and the findings about the others."""
    from mhrules.locate import existing, rule_files

    texts: list[Formatted] = []
    findings: list[Diagnostic] = []
    for given in paths:
        for path in [None] if given == STDIN else rule_files(existing(given)):
            try:
                texts.append(_format(path))
            except DiagnosticError as error:
                findings += error.diagnostics
    return texts, tuple(findings)


def _format(path: Path | None) -> Formatted:
    from mhrules.files import character_findings, read_source
    from mhrules.source import Source
    from mhrules.syntax.format import format_text

    if path is not None:
        source = read_source(path, path.parent)
        source = Source(path.as_posix(), source.text)
    else:
        source = Source("stdin", _stdin())
        found = character_findings(source)
        if found:
            raise DiagnosticError(found)
    return Formatted(source.name, path, source.text, format_text(source))


def _stdin() -> str:
    from mhrules.diagnostics.registry import finding

    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError:
        raise DiagnosticError([finding("MH002", "stdin is not UTF-8 text")]) from None


def _difference(text: Formatted) -> str:
    before, after = text.before.splitlines(keepends=True), text.after.splitlines(keepends=True)
    lines = difflib.unified_diff(before, after, text.name, f"{text.name} (formatted)")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _put(text: Formatted) -> None:
    """Print what came from stdin; write a file that changes, whole or not at all.

    Raises:
        DiagnosticError: it cannot be written (MH732).
    """
    from mhrules.diagnostics.registry import finding

    if text.path is None:
        click.echo(text.after, nl=False)
    elif text.differs:
        target = text.path.resolve()
        beside = target.with_name(f".{target.name}.partial")
        try:
            beside.write_text(text.after, encoding="utf-8", newline="\n")
            beside.chmod(target.stat().st_mode)
            beside.replace(target)
        except OSError as error:
            beside.unlink(missing_ok=True)
            why = f"`{text.name}` cannot be written: {(error.strerror or 'no reason given').lower()}"
            raise DiagnosticError([finding("MH732", why)]) from error


def _summarize(
    texts: list[Formatted], changed: list[Formatted], findings: tuple[Diagnostic, ...], *, written: bool
) -> None:
    """Say on stderr which files changed, or would."""
    named = [text.name for text in changed if text.path is not None or not written]
    for name in named:
        click.echo(f"{'formatted' if written else 'would change'} {name}", err=True)
    kept = len(texts) - len(changed)
    if kept and any(text.path is not None for text in texts) and not (named or findings):
        click.echo(f"{count(kept, 'file')} already in layout", err=True)
