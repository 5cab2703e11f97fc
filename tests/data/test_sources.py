"""Parquet files, DuckDB files and data frames, and what they may not hold."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas
import polars
import pyarrow
import pytest

from mhrules.data.database import identifier
from mhrules.data.dataset import Dataset
from mhrules.diagnostics.model import DiagnosticError
from tests.data.cases import MONTHLY, ONE, ROSTER, faults, read, seen

GOOD = "SELECT 'p1' AS practice_id, 2012 AS year, 1234.50::DECIMAL(18,3) AS paid, NULL AS score, 'small' AS tier"
FLOATS = "SELECT 'p1' AS practice_id, 2012 AS year, 0.1::DOUBLE AS paid, 1e-5::DOUBLE AS score, 'small' AS tier"
ROWS = [("p1", 2012, 123450, None, "small")]


def parquet(folder: Path, name: str, query: str) -> None:
    duckdb.sql(query).write_parquet(str(folder / f"{name}.parquet"))


def database(path: Path, **queries: str) -> Path:
    with duckdb.connect(str(path)) as connection:
        for name, query in queries.items():
            connection.execute(f"CREATE TABLE {identifier(name)} AS {query}")
    return path


def test_parquet(tmp_path: Path) -> None:
    parquet(tmp_path, "practice_year", GOOD)
    data = read(ONE, tmp_path)
    assert data.rows("practice_year") == ROWS
    assert [(i.name, i.rows) for i in data.inputs] == [("practice_year.parquet", 1)]


def test_faults_in_parquet_name_the_row(tmp_path: Path) -> None:
    parquet(tmp_path, "practice_year", f"{GOOD} UNION ALL SELECT 'p2', 2012, 1.005, NULL, 'huge'")
    assert seen(faults(ONE, tmp_path)) == [
        ("MH621", "practice_year.parquet", 2, "paid", "1.005"),
        ("MH623", "practice_year.parquet", 2, "tier", "huge"),
    ]


def test_floats_are_refused_unless_the_binding_takes_them(tmp_path: Path) -> None:
    parquet(tmp_path, "practice_year", FLOATS)
    found = faults(ONE, tmp_path)
    assert seen(found) == [
        ("MH626", "practice_year.parquet", None, "paid", None),
        ("MH626", "practice_year.parquet", None, "score", None),
    ]
    assert '`paid = { float = "shortest" }`' in found[0].help[1]
    taken = read(ONE, tmp_path, '[tables.practice_year]\nfloat = "shortest"')
    assert taken.rows("practice_year") == [("p1", 2012, 10, 10, "small")]


@pytest.mark.parametrize(
    ("number", "cents"),
    [("1e11", 10**13), ("-2.5e2", -25000), ("5e-1", 50), ("100000.25", 10000025), ("-0.0", 0), ("0.07", 7)],
)
def test_shortest_text_of_floats(tmp_path: Path, number: str, cents: int) -> None:
    parquet(tmp_path, "practice_year", FLOATS.replace("0.1::DOUBLE", f"'{number}'::DOUBLE"))
    data = read(ONE, tmp_path, '[tables.practice_year]\nfloat = "shortest"')
    assert data.rows("practice_year")[0][2] == cents


def test_shortest_text_of_large_and_small_floats(tmp_path: Path) -> None:
    for number, code in (("1e22", "MH622"), ("-1.5e300", "MH622"), ("1e-7", "MH621"), ("'nan'", "MH620")):
        parquet(tmp_path, "practice_year", FLOATS.replace("0.1::DOUBLE", f"{number}::DOUBLE"))
        found = faults(ONE, tmp_path, '[tables.practice_year]\nfloat = "shortest"')
        assert [d.code for d in found] == [code], number


def test_native_types_mean_themselves_whatever_the_binding_says_of_text(tmp_path: Path) -> None:
    parquet(
        tmp_path, "practice", "SELECT 'p1' AS practice_id, TIMESTAMP '2012-02-29 00:00:00' AS joined, true AS manager"
    )
    columns = '[tables.practice.columns]\njoined = { date = "%m/%d/%Y" }\nmanager = { yes = "Y", no = "N" }'
    for binding in (None, columns):
        assert read(ROSTER, tmp_path, binding).rows("practice") == [("p1", date(2012, 2, 29), True)]
    parquet(tmp_path, "practice_month", "SELECT 'p1' AS practice_id, DATE '2012-03-01' AS year_month, 1 AS visits")
    assert read(MONTHLY, tmp_path).rows("practice_month") == [("p1", date(2012, 3, 1), 10**6)]


def test_native_types_that_do_not_fit(tmp_path: Path) -> None:
    parquet(
        tmp_path, "practice", "SELECT 'p1' AS practice_id, TIMESTAMP '2012-02-29 10:00:00' AS joined, [1] AS manager"
    )
    found = faults(ROSTER, tmp_path)
    assert seen(found) == [
        ("MH620", "practice.parquet", None, "manager", None),
        ("MH620", "practice.parquet", 1, "joined", "2012-02-29 10:00:00"),
    ]
    assert found[0].message == "column `manager` is stored as INTEGER[], but the program reads yes/no"


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"x" * 100 + b"PAR1", b"\0" * 4000])
def test_a_corrupt_parquet_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "practice_year.parquet").write_bytes(content)
    found = faults(ONE, tmp_path)
    assert seen(found) == [("MH604", "practice_year.parquet", None, None, None)]
    assert str(tmp_path) not in str(found)


def test_a_truncated_parquet_file(tmp_path: Path) -> None:
    parquet(tmp_path, "practice_year", GOOD.replace("1234.50", "i") + " FROM range(50000) t(i)")
    path = tmp_path / "practice_year.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) // 2 - 100) + whole[len(whole) // 2 :])
    codes = {d.code for d in faults(ONE, tmp_path)}
    assert codes & {"MH604", "MH606", "MH620", "MH621", "MH622", "MH630"}


def test_duckdb_file(tmp_path: Path) -> None:
    path = database(tmp_path / "plan.duckdb", practice_year=GOOD, other=GOOD)
    data = read(ONE, path)
    assert data.rows("practice_year") == ROWS
    assert [(i.name, i.rows) for i in data.inputs] == [("plan.duckdb", 1)]
    named = database(tmp_path / "b.duckdb", **{'odd "name"': GOOD})
    assert read(ONE, named, "[tables.practice_year]\ntable = 'odd \"name\"'").rows("practice_year") == ROWS


def test_duckdb_file_without_the_table(tmp_path: Path) -> None:
    path = database(tmp_path / "plan.duckdb", practice_yaer=GOOD)
    found = faults(ONE, path)
    assert seen(found) == [("MH602", "plan.duckdb", None, None, None)]
    assert "the file has the table `practice_yaer`" in found[0].help[0]


def test_files_and_tables_fit_their_source(tmp_path: Path) -> None:
    path = database(tmp_path / "plan.duckdb", practice_year=GOOD)
    assert faults(ONE, path, '[tables.practice_year]\nfiles = "x.csv"')[0].code == "MH644"
    assert faults(ONE, tmp_path, '[tables.practice_year]\ntable = "x"')[0].code == "MH644"


def test_a_corrupt_duckdb_file(tmp_path: Path) -> None:
    path = database(tmp_path / "plan.duckdb", practice_year=GOOD)
    path.write_bytes(path.read_bytes()[:5000])
    found = faults(ONE, path)
    assert seen(found) == [("MH604", "plan.duckdb", None, None, None)]
    assert str(tmp_path) not in str(found)


FRAME = {"practice_id": ["p1"], "year": [2012], "paid": [Decimal("1234.50")], "score": [None], "tier": ["small"]}
FRAMES = {
    "pandas": lambda: pandas.DataFrame(FRAME),
    "polars": lambda: polars.DataFrame(FRAME),
    "arrow": lambda: pyarrow.table(FRAME),
    "duckdb": lambda: duckdb.sql(GOOD),
}


@pytest.mark.parametrize("library", FRAMES)
def test_frames(library: str) -> None:
    data = Dataset.from_frames(ONE, {"practice_year": FRAMES[library]()})
    assert data.rows("practice_year") == ROWS
    assert data.inputs == () and data.warnings == ()


@pytest.mark.parametrize("library", [pandas.DataFrame, polars.DataFrame, pyarrow.table])
def test_float_frames_are_refused(library: Any) -> None:
    with pytest.raises(DiagnosticError) as caught:
        Dataset.from_frames(ONE, {"practice_year": library({**FRAME, "paid": [0.1]})})
    assert seen(caught.value.diagnostics) == [("MH626", "practice_year", None, "paid", None)]
    assert "Decimal or text" in caught.value.diagnostics[0].help[0]


def test_frames_that_are_none() -> None:
    for frame in ([1, 2], None, "text", pandas.DataFrame({"x": [1, "a", Decimal(1)]})):
        with pytest.raises(DiagnosticError) as caught:
            Dataset.from_frames(ONE, {"practice_year": frame})
        assert caught.value.diagnostics[0].code == "MH651"


def test_frames_and_rows_name_unknown_tables() -> None:
    for make in (Dataset.from_frames, Dataset.from_rows):
        with pytest.raises(DiagnosticError) as caught:
            make(ONE, {"practice_yaer": pyarrow.table(FRAME) if make == Dataset.from_frames else []})
        assert caught.value.diagnostics[0].help == ("did you mean `practice_year`?",)


def test_rows() -> None:
    rows = [
        {"practice_id": "p2", "year": 2012, "paid": Decimal("1.50"), "score": Decimal("0.5"), "tier": "small"},
        {"practice_id": "p1", "year": "2012", "paid": "7", "tier": "large"},
    ]
    data = Dataset.from_rows(ONE, {"practice_year": rows})
    expected = [("p1", 2012, 700, None, "large"), ("p2", 2012, 150, 500000, "small")]
    assert data.rows("practice_year") == expected
    assert data.connection().execute("SELECT * FROM practice_year").fetchall() == expected


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("paid", 0.1, "MH626"),
        ("paid", True, "MH620"),
        ("paid", Decimal("NaN"), "MH620"),
        ("paid", Decimal("1e-400"), "MH620"),
        ("paid", Decimal("1e400"), "MH620"),
        ("paid", 10**200, "MH620"),
        ("paid", Decimal("0.001"), "MH621"),
        ("paid", 10**13, "MH622"),
        ("paid", None, "MH624"),
        ("paid", [1], "MH620"),
        ("year", date(2012, 1, 1), "MH620"),
        ("tier", 1, "MH620"),
        ("tier", "smal", "MH623"),
        ("payd", 1, "MH615"),
    ],
)
def test_values_that_are_refused(column: str, value: object, code: str) -> None:
    row = {"practice_id": "p1", "year": 2012, "paid": 1, "tier": "small", column: value}
    with pytest.raises(DiagnosticError) as caught:
        Dataset.from_rows(ONE, {"practice_year": [row]})
    assert [s[:4] for s in seen(caught.value.diagnostics)] == [(code, "practice_year", 1, column)]


def test_given_dates() -> None:
    good = {"practice_id": "p1", "joined": date(2012, 1, 1), "manager": False}
    assert Dataset.from_rows(ROSTER, {"practice": [good]}).rows("practice") == [("p1", date(2012, 1, 1), False)]
    with pytest.raises(DiagnosticError):
        Dataset.from_rows(ROSTER, {"practice": [{**good, "joined": datetime(2012, 1, 1)}]})
    month = {"practice_id": "p1", "visits": 1}
    for value in (201203, "201203", date(2012, 3, 1)):
        rows = Dataset.from_rows(MONTHLY, {"practice_month": [{**month, "year_month": value}]}).rows("practice_month")
        assert rows[0][1] == date(2012, 3, 1)
    with pytest.raises(DiagnosticError):
        Dataset.from_rows(MONTHLY, {"practice_month": [{**month, "year_month": date(2012, 3, 2)}]})


def test_absent_tables() -> None:
    data = Dataset.from_rows(ONE, {})
    assert not data.present("practice_year") and data.rows("practice_year") == []
    assert data.connection().execute("SELECT count(*) FROM practice_year").fetchone() == (0,)
    with pytest.raises(KeyError):
        data.rows("practice_yaer")
    with pytest.raises(KeyError):
        data.present("practice_yaer")


def test_the_connection_is_locked_down(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    connection = Dataset.from_rows(ONE, {}).connection()
    for statement in (
        f"SELECT * FROM read_csv('{tmp_path}/secret.csv')",
        f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
        f"ATTACH '{tmp_path}/new.duckdb'",
        "LOAD httpfs",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SELECT * FROM tmp_path",
    ):
        with pytest.raises(duckdb.Error):
            connection.execute(statement)
    assert not (tmp_path / "out.csv").exists()
