"""Which tables the data must have: what a program reads, and members or counts of members, never both."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from attrs import evolve

from mhrules.data.population import ELIGIBILITY
from mhrules.data.schema import Schema, Table
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import DataPlace

MEMBER_MONTHS = "member_months"
_READ = "no data for table `{name}`, which the program reads"
_TEMPLATE = "`mhrules schema PROGRAM --template DIR` writes empty files with all columns"


def has_members(schema: Schema, present: Collection[str]) -> bool:
    """Whether the data say who the members are, where the program asks for members at all."""
    return bool(schema.population) and ELIGIBILITY in present


def without_counts(schema: Schema) -> Schema:
    """The schema of data with members: the panel, where it has other facts too, has no member months of its own."""

    def freed(table: Table) -> Table:
        if table.name != schema.panel:
            return table
        columns = (
            evolve(column, optional=True, may_be_left_out=True) if column.name == MEMBER_MONTHS else column
            for column in table.columns
        )
        return evolve(table, columns=tuple(columns))

    return evolve(schema, tables=tuple(map(freed, schema.tables)))


def check_presence(
    schema: Schema, files: Mapping[str, str], missing: Mapping[str, str], findings: Findings, source: str = ""
) -> None:
    """Report tables that the data lack, and a panel beside members.

    `files` says, for each table that is there, a file of it. `missing` says of those that are not what to do about it;
    a table in neither has been reported. `source` is the file that has all tables, if there is one.
    """
    place = DataPlace(source) if source else None
    members = has_members(schema, files)
    for table in schema.tables:
        if table.name in files or table.name not in missing:
            continue
        if table.name in schema.population:
            lack = _lack_of_population(schema, table, members)
        elif table.name == schema.panel and schema.population:
            # Of enrollment in neither, the fault has been told; whether counts lack as well is not known.
            lack = _lack_of_panel(table, members or ELIGIBILITY not in {*files, *missing})
        else:
            lack = (_READ,) if table.required else ()
        if lack:
            message, *advice = lack
            findings.report(
                "MH602",
                message.format(name=table.name),
                notes="the table has a row for each " + ", ".join(f"`{column.name}`" for column in table.keys),
                help=(*advice, missing[table.name], _TEMPLATE),
                place=place,
            )
    if members and schema.panel in files and only_counts(schema.table(schema.panel)):
        _twice(schema, DataPlace(files[schema.panel]), findings)


def check_counts(schema: Schema, table: Table, file: str, columns: Collection[str], findings: Findings) -> None:
    """Report member months in the panel of data with members, where the panel has other facts too."""
    if table.name == schema.panel and MEMBER_MONTHS in columns and not only_counts(table):
        _twice(schema, DataPlace(file, None, MEMBER_MONTHS), findings)


def only_counts(panel: Table) -> bool:
    """Whether a panel has no other fact than member months."""
    return [column.name for column in panel.columns] == [MEMBER_MONTHS]


def _twice(schema: Schema, place: DataPlace, findings: Findings) -> None:
    findings.report(
        "MH616",
        f"member months are given twice: as counts in table `{schema.panel}`, and by the members of `{ELIGIBILITY}`",
        help=f"remove the counts, or the table `{ELIGIBILITY}`: with members, mhrules counts the months itself",
        place=place,
    )


def _lack_of_population(schema: Schema, table: Table, members: bool) -> tuple[str, ...]:
    """What is said where a table of members is not there; nothing where the data give counts."""
    if members:
        return ("no data for table `{name}`, which data with members must have",)
    return () if any(each.name == schema.panel for each in schema.tables) else (_READ,)


def _lack_of_panel(table: Table, members: bool) -> tuple[str, ...]:
    """What is said where the panel is not there; nothing where the data have members and it would hold counts alone."""
    if members:
        return () if only_counts(table) else (_READ,)
    return (
        f"no member months: the data have neither table `{{name}}` nor table `{ELIGIBILITY}`",
        f"give counts by month in `{table.name}`, or members with their enrollment in `{ELIGIBILITY}`",
    )
