"""Tables of people and records, read by Spark out of Parquet as strictly as the loader reads files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mhrules.data.cells import CellRule, Fault, parse, shown
from mhrules.data.relations import references
from mhrules.data.reports import DataFindings
from mhrules.data.rules import layout
from mhrules.data.schema import Column, ColumnKind, Schema, Table
from mhrules.diagnostics.model import DataPlace
from mhrules.engine.spark.cells import CellSql, absent_sql, cell_sql
from mhrules.engine.spark.checks import Check, and_more, checks_of, unknown
from mhrules.engine.spark.footers import Place
from mhrules.engine.spark.session import Cluster

ROSTER = "known_participants"
_MOST_TEXTS = 100_000  # different texts beyond plain ASCII that are looked at one by one


def of_people(table: Table) -> bool:
    """Whether the rows of a table are of persons, so that it is as large as the population."""
    return any(column.name == "person_id" for column in layout(table))


def find_people(schema: Schema, folder: Path, findings: DataFindings) -> dict[str, Place]:
    """Where the tables of people are; one that is there in another form, or cannot be read, is reported."""
    found = {}
    for table in filter(of_people, schema.tables):
        paths = (folder / f"{table.name}.parquet", folder / table.name)
        path = next((p for p in paths if p.is_file() or (p.is_dir() and any(p.rglob("*.parquet")))), None)
        if path is not None:
            place = Place.of(path, findings)
            if place is not None:
                found[table.name] = place
        elif (folder / f"{table.name}.csv").exists():
            message = f"table `{table.name}` is a CSV file, and the Spark engine reads people from Parquet"
            help = "write the table as Parquet, or use `--engine duckdb`"
            findings.report("MH665", message, help=help, place=DataPlace(f"{table.name}.csv"))
    return found


class Reader:
    """Reads tables into views of their names; what is wrong with them becomes findings."""

    def __init__(
        self, cluster: Cluster, schema: Schema, findings: DataFindings, participants: Sequence[str] | None
    ) -> None:
        """`participants` are the ids of the roster; None where there is none, and any id will do."""
        self._cluster = cluster
        self._schema = schema
        self._findings = findings
        self._participants = participants

    def read(self, people: Mapping[str, Place]) -> None:
        """Make the view of every table, and report what is wrong with their cells and between their rows."""
        with self._cluster.work("it reads the tables of people"):
            cells = {name: list(self._cells(self._schema.table(name), place)) for name, place in people.items()}
            sound = self._check_cells(people, cells)
            for name, found in cells.items():
                table = self._schema.table(name)
                typed = {cell.column.name: cell.typed for cell in found}
                listed = ", ".join(typed.get(column.name) or absent_sql(column) for column in layout(table))
                self._cluster.session.sql(f'SELECT {listed} FROM "{_raw(name)}"').createOrReplaceTempView(name)
            self._check_rows(people, sound)

    # -------------------------------------------------------------------------------------------- cells

    def _cells(self, table: Table, place: Place) -> Iterator[CellSql]:
        """The columns that the files have, in a view; those that are missing, or cannot be read, are reported."""
        kinds = place.columns
        defined = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items() if kind)
        frame = self._cluster.session.read.schema(defined).parquet(str(place.path.resolve()))
        frame.createOrReplaceTempView(_raw(table.name))
        for column in layout(table):
            found = None if column.name not in kinds else cell_sql(column, kinds[column.name])
            if found is not None:
                yield found
            else:
                self._unreadable(table, place, column)
        for name in sorted(kinds.keys() - {column.name for column in layout(table)}):
            where = DataPlace(place.file, None, name)
            self._findings.report("MH612", f"column `{name}` is not read", help="remove it if it is none", place=where)

    def _unreadable(self, table: Table, place: Place, column: Column) -> None:
        kind = place.columns.get(column.name)
        where = DataPlace(place.file, None, column.name)
        if kind in ("FLOAT", "DOUBLE"):
            message = f"column `{column.name}` holds binary floating-point numbers, which are not exact"
            self._findings.report("MH626", message, help="store it as DECIMAL or as a whole number", place=where)
        elif kind is not None:
            message = f"column `{column.name}` is stored in a way that is not read as {column.kind.value}"
            help = "store texts as text, days as DATE, amounts as DECIMAL"
            self._findings.report("MH620", message, help=help, place=where)
        elif not column.may_be_left_out:
            message = f"column `{column.name}` of table `{table.name}` is missing"
            self._findings.report("MH611", message, help="add the column", place=where)

    def _check_cells(self, people: Mapping[str, Place], cells: Mapping[str, list[CellSql]]) -> set[str]:
        """The tables all of whose cells have values; cells that have none are reported."""
        parts = []
        for name, found in cells.items():
            empty = ", ".join(f"count_if({cell.empty})" for cell in found)
            wrong = ", ".join(f"count_if({cell.wrong})" for cell in found)
            first = ", ".join(f"min(CASE WHEN {cell.wrong} THEN {cell.text} END)" for cell in found)
            listed = f"array({empty}) AS e, array({wrong}) AS w, array({first}) AS t"
            parts.append(f"SELECT '{name}' AS name, {listed} FROM \"{_raw(name)}\"")
        sound = set()
        for name, *counts in self._cluster.session.sql(" UNION ALL ".join(parts)).collect():
            table, place, found = self._schema.table(name), people[name], cells[name]
            good = [self._judge(table, place, cell, one) for cell, *one in zip(found, *counts, strict=True)]
            asked = {c.name for c in layout(table) if c.name in place.columns or not c.may_be_left_out}
            if all(good) and asked <= {cell.column.name for cell in found}:
                sound.add(name)
        return sound

    def _judge(self, table: Table, place: Place, cell: CellSql, counts: Sequence[int | str]) -> bool:
        """Whether all cells of a column have values; `counts` are the empty and the wrong ones, and the first."""
        empty, wrong, first = int(counts[0]), int(counts[1]), counts[2]
        good = True
        if empty and not cell.column.optional and cell.column.default is None:
            good = False
            self._fault(table, place, cell.column, ("", empty))
        if wrong and cell.column.kind is ColumnKind.TEXT:
            return self._check_texts(table, place, cell) and good
        if wrong:
            self._fault(table, place, cell.column, (str(first), wrong))
        return good and not wrong

    def _check_texts(self, table: Table, place: Place, cell: CellSql) -> bool:
        """Whether all texts beyond plain ASCII are values just as they are written."""
        query = f'SELECT {cell.text}, count(*) FROM "{_raw(table.name)}" WHERE {cell.wrong} GROUP BY 1 ORDER BY 1'
        texts = self._cluster.session.sql(f"{query} LIMIT {_MOST_TEXTS + 1}").collect()
        if len(texts) > _MOST_TEXTS:
            self._unfit(place, cell.column, f"has more than {_MOST_TEXTS:,} different texts beyond ASCII")
            return False
        good = True
        for text, count in texts:
            value = parse(CellRule(cell.column, cell.column.name), text)
            if value == text:
                continue
            good = False
            if isinstance(value, Fault):
                self._fault(table, place, cell.column, (text, count))
            else:
                self._unfit(place, cell.column, f"holds {shown(text)}, which is not in Unicode form NFC", text)
        return good

    def _unfit(self, place: Place, column: Column, what: str, value: str | None = None) -> None:
        where = DataPlace(place.file, None, column.name, value)
        help = "write it plainly, or use `--engine duckdb`, which reads more"
        self._findings.report("MH665", f"column `{column.name}` {what}", help=help, place=where)

    def _fault(self, table: Table, place: Place, column: Column, found: tuple[str, int]) -> None:
        text, count = found
        fault = parse(CellRule(column, column.name), text)
        if not isinstance(fault, Fault):  # a value that only this reading refuses
            self._unfit(place, column, f"holds {shown(text)}, which is written otherwise than plainly", text)
            return
        where = DataPlace(place.file, None, column.name, text)
        notes = and_more(count - 1, table)
        self._findings.limited(fault.code, fault.message, table.name, where, notes=notes, help=fault.help)

    # --------------------------------------------------------------------------------------------- rows

    def _check_rows(self, people: Mapping[str, Place], sound: set[str]) -> None:
        """Report what is wrong between rows of sound tables, and with whom they name."""
        if self._participants is not None:
            rows = [(each,) for each in self._participants]
            frame = self._cluster.session.createDataFrame(rows, f"{self._schema.roster}_id STRING")
            frame.hint("broadcast").createOrReplaceTempView(ROSTER)
        asked: list[tuple[str, Check]] = []
        for name in sorted(sound):
            table = self._schema.table(name)
            asked += [(name, check) for check in checks_of(table)]
            for reference in references(self._schema, table):
                known = ROSTER if reference.table == self._schema.roster else reference.table
                if known in sound or (known == ROSTER and self._participants is not None):
                    asked.append((name, unknown(table, reference, known)))
        if not asked:
            return
        parts = [f"SELECT {at} AS at, {check.sql}" for at, (_, check) in enumerate(asked)]
        for at, count, first in sorted(self._cluster.session.sql(" UNION ALL ".join(parts)).collect()):
            name, check = asked[at]
            if count:
                message, column = check.said(first)
                where = DataPlace(people[name].file, None, column, first[check.shown])
                notes = and_more(count - 1, self._schema.table(name))
                self._findings.limited(check.code, message, name, where, notes=notes, help=check.help)


def _raw(name: str) -> str:
    """The view of a table as it is in its files."""
    return f"raw_{name}"
