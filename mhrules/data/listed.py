"""A payer's own list of its members by practice, read from one file to be compared with."""

from __future__ import annotations

from pathlib import Path

from mhrules.classes import frozen
from mhrules.data import database
from mhrules.data.feeds import Supply
from mhrules.data.load import dataset_from_sources
from mhrules.data.origins import open_file
from mhrules.data.population import PERSON
from mhrules.data.reports import DataFindings
from mhrules.data.schema import Column, ColumnKind, Schema, Table
from mhrules.diagnostics.model import DataPlace, Diagnostic

LIST = "list"


@frozen
class Listed:
    """The practice of each member by payer and person, as a list has it, and warnings about the file."""

    practices: dict[str, dict[str, str]]
    findings: tuple[Diagnostic, ...] = ()


def read_list(path: Path, participant: str, payers: tuple[str, ...], payer: str | None) -> Listed:
    """Read a CSV or Parquet file with the columns `person_id`, `practice_id` and, of several payers, `payer`.

    The practice's column may have the program's own word (`aco_id`). Without a column `payer` all rows are those of
    `payer`; rows of other payers than that are left aside.

    Raises:
        DiagnosticError: with every fault of the file (MH6xx), or it does not say whose list it is (MH751).
    """
    findings = DataFindings()
    if not path.is_file():
        findings.report("MH601", f"there is no file `{path.name}`", place=DataPlace(path.name))
        findings.raise_if_errors()
    connection = database.connect([path.resolve()])
    origin = open_file(connection, path.resolve(), path.name, ",", findings)
    if origin is None:
        findings.raise_if_errors()
        raise AssertionError("unreachable: an error was reported")
    named = {name for name, _ in origin.columns}
    if "payer" not in named and payer is None and len(payers) > 1:
        findings.report(
            "MH751",
            f"`{path.name}` does not say whose list it is",
            help="give it a column `payer`, or name the payer with `--payer`",
            place=DataPlace(path.name),
        )
    schema = _schema(participant, payers, named)
    dataset = dataset_from_sources(schema, connection, {LIST: [Supply(None, (origin,))]}, findings)
    found: dict[str, dict[str, str]] = {}
    for row in dataset.rows(LIST):
        whose = str(row[1]) if "payer" in named else payer or payers[0]
        if payer in (None, whose):
            found.setdefault(whose, {})[str(row[0])] = str(row[-1])
    return Listed(found, dataset.warnings)


def _schema(participant: str, payers: tuple[str, ...], named: set[str]) -> Schema:
    """The one table of a list: one practice for each person, under each payer."""
    own = f"{participant}_id"
    practice = Column(own if own in named else "practice_id", ColumnKind.TEXT, title="Practice")
    payer = (Column("payer", ColumnKind.CODE, codes=payers, title="Payer"),) if "payer" in named else ()
    return Schema(LIST, (Table(LIST, (PERSON, *payer), (practice,)),))
