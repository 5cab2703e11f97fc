"""A run that is kept: the facts and outcomes of a settlement as one DuckDB file, from which any line is explained.

Facts of people stand in the order of their practice, so that those of one practice lie together. Values that rest on
all practices stand as they were settled. Nothing in it is read by another settlement.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import asdict, fields

from mhrules.data import population
from mhrules.data.database import fill, heard, identifier, literal
from mhrules.data.rules import layout
from mhrules.data.schema import Schema, Table
from mhrules.engine.records import FIRST_ENTRY, NUMBERS
from mhrules.plan import ir
from mhrules.settle import across
from mhrules.settle.across import nodes
from mhrules.settle.ledger import Posting, Settlement
from mhrules.settle.members import has_members
from mhrules.settle.payments import Hold
from mhrules.settle.sql.compiled import Compiled
from mhrules.source import Source
from mhrules.version import __version__

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RUN = "run.duckdb"
FORMAT = 2
PERSON = "person_id"
NUMBER = "#"
"""The column of a table of people that numbers them in the order in which they stand."""
CORRECTIONS = "corrections_"
"""How the names of tables begin that have the entries of claim lines once more that are not their first."""
SPAN = 60
"""Months whose outcomes stand in one number, a bit for each."""
LARGE = 20_000
"""Rows from which on a table of facts by practice is read for one practice at a time."""


def keep(settlement: Settlement, path: Path, sources: Sequence[Source], postings: str) -> None:
    """Write the run to a file that is not there yet; `postings` is the SHA-256 of `postings.csv`.

    Raises:
        OSError: it cannot be written.
    """
    import duckdb

    source = _source(settlement)
    workspace = settlement.dataset.workspace
    with tempfile.TemporaryDirectory(dir=workspace) as folder:
        made = Path(folder).resolve() / RUN
        target = source if workspace is not None else heard(duckdb.connect())
        try:
            target.execute(f"ATTACH {literal(str(made))} AS kept")
            try:
                _Writer(settlement, target).write(_meta(settlement, sources, postings))
            finally:
                target.execute("DETACH kept")
        except duckdb.IOException as error:
            raise OSError(str(error).splitlines()[0]) from error
        shutil.move(made, path)


def texts_of(sources: Iterable[Source]) -> list[dict[str, str]]:
    """The texts of a program by name and hash, in order."""
    found = [{"file": source.name, "sha256": source.sha256} for source in sources]
    return sorted(found, key=lambda each: (each["file"].encode(), each["sha256"]))


def of_people(table: Table) -> bool:
    """Whether the rows of a table each belong to one person; by line of business they are asked for all people."""
    names = [column.name for column in (*table.keys, *table.columns)]
    return PERSON in names and "line" not in [key.name for key in table.keys]


def who_did(schema: Schema, table: Table, present: Callable[[str], bool]) -> Iterator[tuple[str, str, str]]:
    """What may say which practice did what a row tells: a column, and the table and column of practices that has it.

    The column that names the practice itself is in no other table.
    """
    there, own, roster = _names(table), f"{schema.roster}_id", schema.roster
    if own in there:
        yield own, "", ""
    for column, number in NUMBERS:
        if column in there and present(roster) and number in _names(schema.table(roster)):
            yield column, roster, number
    if "rendering_npi" in there and present(population.PROVIDER):
        yield "rendering_npi", population.PROVIDER, "npi"


def _names(table: Table) -> list[str]:
    return [column.name for column in layout(table)]


def asks_billers(settlement: Settlement) -> bool:
    """Whether a program asks what a practice billed or did, for whomever."""
    plan = settlement.plan
    forms = [form for payment in plan.payments.values() for form in payment.forms.values()]
    if any(form.reach.billed or form.event for form in forms):
        return True
    asked = (node for node in nodes(plan) if isinstance(node, ir.Aggregate))
    return any(node.reach.billed or node.event for node in asked)


def _meta(settlement: Settlement, sources: Sequence[Source], postings: str) -> dict[str, Any]:
    """What a run says of itself."""
    dataset, plan = settlement.dataset, settlement.plan
    present = [table.name for table in plan.schema.tables if dataset.present(table.name)]
    return {
        "format": FORMAT,
        "mhrules": __version__,
        "program": plan.program,
        "texts": texts_of(sources),
        "postings": postings,
        "year": settlement.year,
        "run": settlement.run,
        "posted_on": None if settlement.posted_on is None else settlement.posted_on.isoformat(),
        "held": settlement.held,
        "engine": settlement.engine,
        "present": present,
        "billers": asks_billers(settlement),
        "inputs": [asdict(each) for each in dataset.inputs],
        "left_out": [asdict(each) for each in dataset.left_out],
        "allowed": dict(dataset.allowed),
        "holds": [_hold(each) for each in settlement.books.holds],
    }


def _hold(hold: Hold) -> dict[str, Any]:
    """A line that a failing invariant keeps back, with the finding in its words."""
    found, span = hold.finding, hold.finding.span
    return {
        "keys": [list(pair) for pair in hold.row.keys],
        "months": sorted(hold.months),
        "code": found.code,
        "message": found.message,
        "notes": list(found.notes),
        "help": list(found.help),
        "place": None if span is None else [span.source.name, span.source.sha256, span.start, span.end],
    }


def _source(settlement: Settlement) -> DuckDBPyConnection:
    """The connection that has the facts, and the relations of the run if there are any."""
    compiled = settlement.compiled
    return settlement.dataset.connection() if compiled is None else compiled.store.connection


class _Writer:
    """Writes one run, through the connection that has the facts or into a file of its own."""

    def __init__(self, settlement: Settlement, target: DuckDBPyConnection) -> None:
        self.settlement = settlement
        self.plan = settlement.plan
        self.source = _source(settlement)
        self.target = target
        for schema in ("facts", "run"):
            target.execute(f"CREATE SCHEMA kept.{schema}")

    def write(self, meta: dict[str, Any]) -> None:
        """Everything; `meta` last, so that a file without it is not a run."""
        self._outcomes()
        self._people()
        counts = {name: self._facts(name) for name in meta["present"]}
        self._postings()
        if meta["billers"]:
            self._billers()
            for name in population.CLAIMS:
                if name in counts:
                    self._corrections(name)
        shapes = [self._shape(at, shape) for at, shape in enumerate(across.shapes(self.settlement))]
        splits = [self._split(at, shape) for at, shape in enumerate(across.split_shapes(self.settlement))]
        self._spreads()
        meta |= {"rows": counts, "shapes": shapes, "splits": splits}
        self._values("run.meta", {"document": "VARCHAR"}, [(json.dumps(meta, ensure_ascii=False),)])

    # ------------------------------------------------------------------------------------------ tables

    def _table(self, name: str, sql: str) -> int:
        """A table of what a query finds in the source; how many rows."""
        if self.source is self.target:
            self.target.execute(f"CREATE TABLE kept.{name} AS {sql}")
            (count,) = self.target.execute(f"SELECT count(*) FROM kept.{name}").fetchall()[0]
            return int(count)
        columns = {row[0]: row[1] for row in self.source.execute(f"DESCRIBE {sql}").fetchall()}
        rows = self.source.execute(sql).fetchall()
        self._values(name, columns, rows)
        return len(rows)

    def _values(self, name: str, columns: dict[str, str], rows: Sequence[tuple[Any, ...]]) -> None:
        """A table of given rows."""
        defined = ", ".join(f"{identifier(column)} {kind}" for column, kind in columns.items())
        self.target.execute(f"CREATE TABLE kept.{name} ({defined})")
        if rows:
            fill(self.target, f"kept.{name}", list(columns.values()), list(zip(*rows, strict=True)))

    # ------------------------------------------------------------------------------------------ people

    def _outcomes(self) -> None:
        """To whom people belonged in the months that were looked at, and which months those were."""
        self.source.execute(
            "CREATE OR REPLACE TEMP TABLE kept_stays (payer VARCHAR, person VARCHAR, practice VARCHAR, "
            "reason VARCHAR, span INTEGER, months BIGINT)"
        )
        months: list[tuple[str, int]] = []
        if has_members(self.settlement.books):
            compiled = self.settlement.compiled
            outcomes, months = self._noted_outcomes() if compiled is None else self._compiled_outcomes(compiled)
            self.source.execute(
                f"INSERT INTO kept_stays SELECT payer, member, practice, reason, month // {SPAN}, "
                f"bit_or(1::BIGINT << (month % {SPAN})::BIGINT) FROM {outcomes} GROUP BY ALL"
            )
        self._values("run.months", {"payer": "VARCHAR", "month": "INTEGER"}, months)

    def _compiled_outcomes(self, compiled: Compiled) -> tuple[str, list[tuple[str, int]]]:
        grids = compiled.relations.grids
        return compiled.relations.outcomes(), [(payer, month) for payer in grids.world.payers for month in grids.months]

    def _noted_outcomes(self) -> tuple[str, list[tuple[str, int]]]:
        known = self.settlement.books.world.below.attribution.known()
        rows = [
            (payer, person, month, outcome.practice, outcome.reason)
            for (payer, month), found in known.items()
            for person, outcome in found.items()
        ]
        columns = {"payer": "VARCHAR", "member": "VARCHAR", "month": "INTEGER", "practice": "VARCHAR"}
        columns["reason"] = "VARCHAR"
        defined = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        self.source.execute(f"CREATE OR REPLACE TEMP TABLE kept_outcomes ({defined})")
        if rows:
            fill(self.source, "kept_outcomes", list(columns.values()), list(zip(*rows, strict=True)))
        return "kept_outcomes", list(known)

    def _people(self) -> None:
        """Everybody of whom the facts say anything, numbered by the practice with most of the months."""
        tables = [table.name for table in self.plan.schema.tables if of_people(table)]
        listed = [f"SELECT {PERSON} AS person FROM {identifier(name)}" for name in tables if self._present(name)]
        persons = " UNION ".join(listed) or "SELECT NULL::VARCHAR AS person WHERE false"
        months = (
            "SELECT person, practice, sum(bit_count(months)) AS months FROM kept_stays WHERE practice <> '' "
            "GROUP BY person, practice"
        )
        homes = f"SELECT person, arg_max(practice, (months, practice)) AS home FROM ({months}) GROUP BY person"
        self.source.execute(
            f"CREATE OR REPLACE TEMP TABLE kept_persons AS SELECT row_number() OVER (ORDER BY home, person)::INTEGER "
            f'AS "{NUMBER}", person FROM ({persons}) LEFT JOIN ({homes}) USING (person)'
        )
        self._table("run.persons", f'SELECT person, "{NUMBER}" FROM kept_persons ORDER BY person')
        self._table(
            "run.stays",
            f'SELECT s.practice, p."{NUMBER}", s.payer, s.reason, s.span, s.months FROM kept_stays s '
            f'JOIN kept_persons p USING (person) ORDER BY s.practice, p."{NUMBER}"',
        )

    def _present(self, name: str) -> bool:
        return self.settlement.dataset.present(name)

    def _facts(self, name: str) -> int:
        """A table of facts: of people in the order of their numbers, otherwise by key."""
        table = self.plan.schema.table(name)
        keys = ", ".join(identifier(key.name) for key in table.keys)
        target = f"facts.{identifier(name)}"
        if not of_people(table):
            return self._table(target, f"SELECT * FROM {identifier(name)} ORDER BY {keys}")
        sql = f'SELECT p."{NUMBER}", t.* FROM {identifier(name)} t JOIN kept_persons p ON p.person = t.{PERSON}'
        return self._table(target, f'{sql} ORDER BY p."{NUMBER}"')

    def _billers(self) -> None:
        """By practice, everybody for whom it may have billed or done something."""
        schema, own = self.plan.schema, f"{self.plan.participant}_id"
        roster = schema.roster
        found = []
        for table in filter(of_people, schema.tables):
            for column, source, told in who_did(schema, table, self._present) if self._present(table.name) else ():
                rows = f"{identifier(table.name)} t"
                if source:
                    rows += f" JOIN {identifier(source)} b ON b.{told} = t.{column}"
                found.append(f"SELECT {'b' if source else 't'}.{own}, t.{PERSON} FROM {rows}")
        sql = " UNION ".join(found) or "SELECT NULL::VARCHAR, NULL::VARCHAR WHERE false"
        known = f" AND b.practice IN (SELECT {own} FROM {identifier(roster)})" if self._present(roster) else ""
        self._table(
            "run.billed",
            f'SELECT b.practice, p."{NUMBER}" FROM ({sql}) b(practice, person) JOIN kept_persons p USING (person) '
            f'WHERE b.practice IS NOT NULL{known} ORDER BY b.practice, p."{NUMBER}"',
        )

    def _corrections(self, name: str) -> None:
        """Of claim lines with several entries all but the first: few, and asked for with what a practice billed."""
        copied = f"SELECT * FROM kept.facts.{name} WHERE entry_number <> {FIRST_ENTRY}"
        self.target.execute(f"CREATE TABLE kept.run.{CORRECTIONS}{name} AS {copied}")

    # ---------------------------------------------------------------------------------------- what was settled

    def _postings(self) -> None:
        kinds = {"units": "HUGEINT", "amount": "HUGEINT", "price": "HUGEINT", "posted_on": "DATE"}
        kinds |= {"first": "INTEGER", "length": "INTEGER"}
        names = [each.name for each in fields(Posting)]
        columns = {name: kinds.get(name, "VARCHAR") for name in names}
        if self.settlement.relations is not None:
            listed = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in columns.items())
            self._table("run.postings", f"SELECT {listed} FROM ({self.settlement.relations.posted(self.settlement)})")
            return
        rows = [tuple(getattr(posting, name) for name in names) for posting in self.settlement.postings]
        self._values("run.postings", columns, rows)

    def _shape(self, number: int, shape: across.Shape) -> dict[str, Any]:
        name = f"run.across_{number}"
        if shape.sql:
            self._table(name, shape.sql)
        else:
            columns = {column: "INTEGER" if column == "clock" else "VARCHAR" for column in shape.columns}
            rows = [(*row[:-2], _text(row[-2]), None) for row in shape.rows]
            self._values(name, {**columns, "v": "VARCHAR", "f": "INTEGER"}, rows)
        return {**_told(shape, name), "at": shape.at, "places": shape.places, "noted": not shape.sql}

    def _split(self, number: int, shape: across.SplitShape) -> dict[str, Any]:
        name = f"run.split_{number}"
        if shape.groups:
            self._table(f"{name}_groups", shape.groups)
            self._table(name, shape.parts)
        else:
            columns = {column: "INTEGER" if column == "clock" else "VARCHAR" for column in shape.columns}
            keys = [
                (*(value for _, value in each.group.keys), *([each.group.clock[1]] if each.group.clock else []))
                for each in shape.records
            ]
            wide = {"pool": "HUGEINT", "whole": "HUGEINT", "returned": "HUGEINT"}
            groups = [(*key, e.pool, e.weights, e.returned) for key, e in zip(keys, shape.records, strict=True)]
            parts = [(*key, *part) for key, e in zip(keys, shape.records, strict=True) for part in e.parts.items()]
            self._values(f"{name}_groups", {**columns, **wide}, groups)
            self._values(name, {**columns, "practice": "VARCHAR", "v": "HUGEINT"}, parts)
        return {**_told(shape, name), "places": shape.places, "weight_places": shape.weight_places}

    def _spreads(self) -> None:
        """Credits that were spread over all practices."""
        rows = [
            (credit.payer, self.plan.payer(credit.payer).credits.index(credit), year, practice, amount)
            for (credit, year), parts in self.settlement.books.credits.spreads.items()
            for practice, amount in (parts or {"": 0}).items()
        ]
        columns = {"payer": "VARCHAR", "credit": "INTEGER", "year": "INTEGER", "practice": "VARCHAR", "v": "HUGEINT"}
        self._values("run.spreads", columns, rows)


def _told(shape: across.Shape | across.SplitShape, name: str) -> dict[str, Any]:
    """What is said of a table of values over all practices, so that it is found again."""
    return {"table": name, "node": shape.node, "kind": shape.kind, "base": shape.base, "columns": shape.columns}


def _text(value: ir.Value) -> str | None:
    """A value as text that `json` gives back."""
    return None if value is None else json.dumps(value if isinstance(value, (bool, int, str)) else value.isoformat())
