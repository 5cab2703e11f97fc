"""`mhrules schema PROGRAM`: the tables and columns that a program reads."""

from __future__ import annotations

import json
import textwrap
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mhrules.cli import common
from mhrules.cli.table import table

if TYPE_CHECKING:
    from mhrules.data.schema import Column, Schema


@click.command(name="schema", short_help="say which tables and columns a program reads")
@click.argument("program")
@click.option("--contracts", metavar="PATH", help="A further file or folder of contracts.")
@click.option("--template", metavar="DIR", help="Write an empty CSV file for each table into DIR.")
@click.option("--counts", is_flag=True, help="With --template: counts of members, not the members themselves.")
@common.output_options("terminal", "json")
def command(*, program: str, contracts: str | None, template: str | None, counts: bool) -> None:
    """Print the tables and columns that PROGRAM reads: a rule file, a folder, or a program that came with mhrules."""
    from mhrules import api
    from mhrules.data.template import describe

    loaded = api.load(program, contracts=contracts)
    written = [] if template is None else _write(loaded.schema, Path(template), counts)
    described = describe(loaded.schema)
    if common.output().format == "json":
        document = {
            "format": 1,
            "program": loaded.name,
            "edition": loaded.edition,
            "columns": described,
            "files": [path.as_posix() for path in written],
        }
        common.show_document(json.dumps(document, indent=2))
    elif template is not None:
        for path in written:
            click.echo(f"wrote {path}")
    else:
        click.echo("\n\n".join(tables_text(loaded.schema, described)))


def _write(schema: Schema, directory: Path, counts: bool) -> tuple[Path, ...]:
    """Write the empty files.

    Raises:
        DiagnosticError: a file is there already, or the folder cannot be written (MH732).
    """
    from mhrules.data.template import write_templates
    from mhrules.diagnostics.model import DiagnosticError
    from mhrules.diagnostics.registry import finding

    try:
        return write_templates(schema, directory, counts=counts)
    except FileExistsError as error:
        path = Path(error.filename)
        where = f"`{path}` is there already" if path != directory else f"`{path}` is a file, not a folder"
        raise DiagnosticError([finding("MH732", where, help="name another folder; nothing was written")]) from error
    except OSError as error:
        why = f"`{directory}` cannot be written: {(error.strerror or 'no reason given').lower()}"
        raise DiagnosticError([finding("MH732", why)]) from error


def tables_text(schema: Schema, described: list[dict[str, Any]]) -> list[str]:
    """The description of each table, for people."""
    width = common.output().width()
    texts = []
    for name, group in groupby(described, key=lambda column: str(column["table"])):
        columns = list(group)
        keys = ", ".join(f"`{c['column']}`" for c in columns if c["role"] == "key")
        span = " and span of days" if any(c["role"] == "span" for c in columns) else ""
        head = f"{name}: {columns[0]['table_title']}; a row for each {keys}{span}{_when(columns[0])}"
        rows = [
            (c["column"], c["type"], "a code" if c["codes"] else c["written"], _meaning(schema, c)) for c in columns
        ]
        lines = [
            *textwrap.wrap(head, width, subsequent_indent="  "),
            *table(("column", "type", "written as", "what it is"), rows, width=width, indent=2),
        ]
        texts.append("\n".join(lines))
    return texts


def _when(column: dict[str, Any]) -> str:
    """When the data have a table, if not always."""
    if column["given"]:
        return {"members": "; in data with members", "counts": "; in data with counts instead of members"}[
            column["given"]
        ]
    return "" if column["table_required"] else "; may be left out"


def _meaning(schema: Schema, column: dict[str, Any]) -> str:
    """Title, unit, declared bounds, codes, and whether a cell may be empty."""
    declared = schema.table(column["table"])
    own = next((c for c in declared.columns if c.name == column["column"]), None)
    parts = [column["title"]] if column["title"] else []
    if column["role"] == "key":
        parts.append("key")
    if column["unit"] and column["unit"] != column["type"]:
        parts.append(f"in {column['unit']}")
    if own is not None and _bounded(own):
        parts.append(f"from {column['low']} to {column['high']}")
    if column["codes"]:
        parts.append("one of " + ", ".join(column["codes"]))
    if column["default"] is not None:
        parts.append(f"`{column['default']}` if empty or left out" if column["default"] else "may be left out")
    elif column["may_be_left_out"]:
        parts.append("may be left out")
    elif not column["required"]:
        parts.append("may be empty")
    return "; ".join(parts)


def _bounded(column: Column) -> bool:
    """Whether the text bounds a column more closely than its type does."""
    from attrs import evolve

    from mhrules.data.cells import NUMERIC, bounds

    return column.kind in NUMERIC and bounds(column) != bounds(evolve(column, low=None, high=None))
