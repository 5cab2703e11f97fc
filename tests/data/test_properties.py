"""What must hold for all data: round trips, independence of order, and no crash on any bytes."""

from __future__ import annotations

import csv
import io
import unicodedata
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from mhrules.data.binding import parse_binding
from mhrules.data.cells import CellRule, Fault, bounds, decimal_text, parse
from mhrules.data.convert import plain_sql
from mhrules.data.csvshape import scan
from mhrules.data.dataset import Dataset
from mhrules.data.load import load
from mhrules.data.schema import Column, ColumnKind, Schema, Table
from mhrules.diagnostics.model import DiagnosticError
from tests.data.cases import ONE

K = ColumnKind
WIDE = Table(
    "practice_payer_month",
    (Column("practice_id", K.TEXT), Column("payer", K.CODE, codes=("a", "b")), Column("year_month", K.MONTH)),
    (
        Column("paid", K.MONEY, 2, optional=True),
        Column("rate", K.PERCENT, 9, optional=True),
        Column("amount", K.NUMBER, 12, low=-(10**30), high=10**30),
        Column("count", K.INTEGER),
        Column("met", K.YES_NO, optional=True),
        Column("since", K.DATE, optional=True),
        Column("note", K.TEXT, optional=True),
    ),
)
SCHEMA = Schema("practice", (WIDE,))
HIDDEN = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
WORDS = (
    st.text(
        st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters=HIDDEN), min_size=1, max_size=8
    )
    .map(lambda t: unicodedata.normalize("NFC", t).strip())
    .filter(bool)
)
MONTHS = st.dates(date(1, 1, 1), date(9999, 12, 1)).map(lambda d: d.replace(day=1))


def numbers(column: Column) -> st.SearchStrategy[int]:
    return st.integers(*bounds(column))


ROWS = st.lists(
    st.tuples(
        WORDS,
        st.sampled_from(["a", "b"]),
        MONTHS,
        st.none() | numbers(WIDE.columns[0]),
        st.none() | numbers(WIDE.columns[1]),
        numbers(WIDE.columns[2]),
        numbers(WIDE.columns[3]),
        st.none() | st.booleans(),
        st.none() | st.dates(date(1, 1, 1)),
        st.none() | WORDS,
    ),
    max_size=8,
    unique_by=lambda row: row[:3],
)


def text_of(column: Column, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return decimal_text(value, column.places)
    if isinstance(value, date) and column.kind is K.MONTH:
        return f"{value.year:04d}{value.month:02d}"
    return str(value)


def csv_of(rows: list[tuple[object, ...]]) -> bytes:
    columns = (*WIDE.keys, *WIDE.columns)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(c.name for c in columns)
    writer.writerows([text_of(c, v) for c, v in zip(columns, row, strict=True)] for row in rows)
    return out.getvalue().encode()


@given(ROWS)
@settings(max_examples=25)
def test_rows_to_csv_and_back(rows: list[tuple[object, ...]]) -> None:
    columns = (*WIDE.keys, *WIDE.columns)
    with TemporaryDirectory() as folder:
        (Path(folder) / "practice_payer_month.csv").write_bytes(csv_of(rows))
        loaded = load(SCHEMA, Path(folder))
        expected = sorted(rows, key=lambda row: (str(row[0]).encode(), row[1], row[2]))
        assert loaded.rows("practice_payer_month") == expected
        given_rows = [
            {c.name: text_of(c, v) or None for c, v in zip(columns, row, strict=True)} for row in reversed(rows)
        ]
        built = Dataset.from_rows(SCHEMA, {"practice_payer_month": given_rows})
        assert built.rows("practice_payer_month") == expected
        query = "SELECT * FROM practice_payer_month ORDER BY 1, 2, 3"
        assert loaded.connection().execute(query).fetchall() == expected
        assert built.connection().execute(query).fetchall() == expected


@given(ROWS, st.randoms(use_true_random=False), st.integers(0, 8))
@settings(max_examples=15)
def test_order_of_rows_and_files_changes_nothing(rows: list[tuple[object, ...]], random: object, cut: int) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    binding = parse_binding('binding = 1\n[tables.practice_payer_month]\nfiles = ["z.csv", "a.csv"]')
    with TemporaryDirectory() as folder:
        (Path(folder) / "z.csv").write_bytes(csv_of(shuffled[:cut]))
        (Path(folder) / "a.csv").write_bytes(csv_of(shuffled[cut:]))
        parted = load(SCHEMA, Path(folder), binding).rows("practice_payer_month")
        (Path(folder) / "practice_payer_month.csv").write_bytes(csv_of(rows))
        assert load(SCHEMA, Path(folder)).rows("practice_payer_month") == parted


LINES = [b"practice_id,year,paid,score,tier", b"p1,2012,1,,small", b'"p2",2012,1,,large', b'"']
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
BYTES = st.one_of(
    st.binary(max_size=60),
    st.text(st.sampled_from('ab1,"\n\r \0.-é'), max_size=60).map(str.encode),
    st.builds(lambda end, lines: end.join(lines), ENDS, st.lists(st.sampled_from(LINES), max_size=6)),
)


@given(BYTES, st.sampled_from(["csv", "parquet"]))
@settings(max_examples=60)
def test_no_bytes_crash_the_loader(content: bytes, ending: str) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / f"practice_year.{ending}").write_bytes(content)
        try:
            data = load(ONE, Path(folder))
        except DiagnosticError as error:
            assert error.diagnostics and all(d.code.startswith("MH6") for d in error.diagnostics)
            assert folder not in str(error.diagnostics)
        else:
            assert data.present("practice_year")


@given(st.binary(max_size=200))
@settings(max_examples=20)
def test_no_bytes_crash_the_reader_of_duckdb_files(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.duckdb"
        path.write_bytes(content[:8] + b"DUCK" + content[8:])
        try:
            load(ONE, path)
        except DiagnosticError as error:
            assert {d.code for d in error.diagnostics} <= {"MH604", "MH602"}


@given(st.text(st.sampled_from('ab,"\n'), max_size=40))
def test_the_scan_agrees_with_the_standard_reader(text: str) -> None:
    """Whatever the scan finds well-shaped has as many rows of as many cells for Python's own reader."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_text("h,i\n" + text, newline="")
        shape = scan(path)
        if not shape.faults:
            reader = csv.reader(io.StringIO(path.read_text(), newline=""), strict=True)
            lines, records, before = [], [], 0
            for record in reader:
                lines.append(before + 1)
                records.append(record)
                before = reader.line_num
            assert len(records) == shape.records + 1
            assert all(len(record) == 2 for record in records)
            assert [shape.line_of(i) for i in range(len(records))] == lines


RULES = [
    CellRule(Column("x", K.MONEY, 2), "x"),
    CellRule(Column("x", K.PERCENT, 9, 0, 10**9), "x"),
    CellRule(Column("x", K.PERCENT, 6), "x", percent=True),
    CellRule(Column("x", K.PERCENT, 1), "x", percent=True),
    CellRule(Column("x", K.INTEGER), "x", missing=frozenset({"0", "-1"})),
    CellRule(Column("x", K.NUMBER, 12, -(10**30), 10**30), "x", trim=True),
    CellRule(Column("x", K.TEXT), "x"),
    CellRule(Column("x", K.TEXT, optional=True), "x", trim=True, missing=frozenset({"1"})),
    CellRule(Column("x", K.DATE), "x", missing=frozenset({"2012-01-01"})),
    CellRule(Column("x", K.DATE), "x", until=True),
    CellRule(Column("x", K.DATE), "x", date="%Y-%m-%dT%H:%M:%SZ"),
    CellRule(Column("x", K.DATE), "x", date="%d.%m.%Y"),
    CellRule(Column("x", K.MONTH), "x"),
]
DAYS = st.tuples(
    st.sampled_from(["0000", "0001", "1999", "2012", "9999"]),
    st.sampled_from(["00", "01", "02", "12", "13", "1"]),
    st.sampled_from(["00", "01", "28", "29", "30", "31"]),
    st.sampled_from(["", "T00:00:00Z", "T23:59:59Z", "T24:00:00Z", "T12:00Z"]),
)
CELLS = st.one_of(
    st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{0,14})?", fullmatch=True),
    st.from_regex(r"-?0{0,30}[0-9]{0,3}(\.[0-9]{0,2}0{0,20})?", fullmatch=True),
    st.text("01-.e+ ,$%aé\u00a0", max_size=8),
    st.integers().map(str),
    DAYS.map(lambda d: f"{d[0]}-{d[1]}-{d[2]}{d[3]}"),
    DAYS.map(lambda d: f"{d[2]}.{d[1]}.{d[0]}"),
    DAYS.map(lambda d: f"{d[0]}{d[1]}"),
)


@given(st.lists(CELLS, min_size=1, max_size=30))
@settings(max_examples=40)
def test_the_bulk_path_means_what_parse_means(texts: list[str]) -> None:
    connection = duckdb.connect(":memory:")
    for rule in RULES:
        for trim in (rule.trim, True):
            each = evolve(rule, trim=trim)
            sql = plain_sql(each, "t")
            assert sql is not None
            query = f"SELECT t, {sql} FROM (SELECT unnest(CAST($1 AS VARCHAR[])) AS t)"
            for text, value in connection.execute(query, [texts]).fetchall():
                parsed = parse(each, text)
                assert value is None or (value == parsed and not isinstance(parsed, Fault)), (text, value, parsed)


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda b: b.decode("latin-1")))
def test_no_text_crashes_the_reader_of_bindings(text: str) -> None:
    for prefix in ("", "binding = 1\n[tables.x]\n", "binding = 1\n[tables.x.columns]\ny = { "):
        try:
            parse_binding(prefix + text)
        except DiagnosticError as error:
            assert {d.code for d in error.diagnostics} <= {"MH640", "MH641", "MH642"}
