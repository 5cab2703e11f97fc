"""Bindings of sources with members: parts, rows that are left out, days with a time, ends that are not included."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from mhrules.data.binding import parse_binding
from mhrules.data.dataset import LeftOut
from mhrules.diagnostics.model import DiagnosticError
from tests.data.cases import seen, write
from tests.data.people import read, schema

SPANS = "who,start,end,payer,second;a,2012-01-01,2012-06-30,A,M;b,2012-01-01,,M,;c,2012-01-01,,NONE,"
TABLE = """
[tables.eligibility]
files = "spans.csv"
where_not = { payer = "NONE" }
[tables.eligibility.columns]
person_id = "who"
payer = { codes = { A = "aetna", M = "molina" } }
enrollment_start_date = "start"
enrollment_end_date = "end"
"""
SECOND = """
[tables.eligibility.parts.secondary]
where_not = { second = "" }
[tables.eligibility.parts.secondary.columns]
payer = { from = "second", codes = { A = "aetna", M = "molina" } }
payer_order = { constant = 2 }
"""


def test_a_table_in_parts(tmp_path: Path) -> None:
    data = read(schema("eligibility"), tmp_path, TABLE + SECOND, spans=SPANS)
    assert [(row[0], row[1], row[5]) for row in data.rows("eligibility")] == [
        ("a", "aetna", 1),
        ("a", "molina", 2),
        ("b", "molina", 1),
    ]
    assert data.left_out == (
        LeftOut("eligibility", "", "spans.csv", "where", 1),
        LeftOut("eligibility", "secondary", "spans.csv", "where", 2),
    )
    assert data.warnings == ()
    assert [(each.name, each.rows) for each in data.inputs] == [("spans.csv", 3)]


def test_parts_alone_with_files_of_their_own(tmp_path: Path) -> None:
    text = """
    [tables.member.parts.old]
    files = "old.csv"
    ignore = "x*"
    [tables.member.parts.old.columns]
    person_id = "id"
    [tables.member.parts.new]
    files = "new.csv"
    delimiter = "|"
    trim = true
    [tables.member.parts.new.columns]
    person_id = "no"
    """
    files = {"old": "id,x1,x2;a,1,2", "new": "no|gender; b |f"}
    assert [row[:1] for row in read(schema("member"), tmp_path, text, **files).rows("member")] == [("a",), ("b",)]


def test_a_fault_in_a_part_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError) as caught:
        read(schema("eligibility"), tmp_path, TABLE + SECOND, spans=SPANS.replace(",A,M", ",A,X"))
    assert seen(caught.value.diagnostics) == [("MH623", "spans.csv", 2, "second", "X")]


def test_a_key_that_stands_in_two_parts_is_there_twice(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError) as caught:
        read(schema("eligibility"), tmp_path, TABLE + SECOND, spans=SPANS.replace(",A,M", ",A,A"))
    assert [d.code for d in caught.value.diagnostics] == ["MH630"]
    assert caught.value.diagnostics[0].notes == ("first on line 2",)


def test_parts_of_a_duckdb_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE spans AS SELECT 'a' AS who, 'A' AS payer, 'M' AS second")
    text = TABLE.replace("files", "table").replace("spans.csv", "spans")
    days = 'enrollment_start_date = { constant = "2012-01-01" }\nenrollment_end_date = { absent = true }\n'
    text = text.replace('enrollment_start_date = "start"\nenrollment_end_date = "end"\n', days)
    data = read_database(path, text + SECOND)
    assert [row[1] for row in data.rows("eligibility")] == ["aetna", "molina"]
    assert [each.rows for each in data.inputs] == [1]


def read_database(path: Path, text: str):  # type: ignore[no-untyped-def]
    from mhrules.data.load import load

    return load(schema("eligibility"), path, parse_binding(f"binding = 1\n{text}"))


@pytest.mark.parametrize(
    ("text", "code", "underlined"),
    [
        ("[tables.member]\nparts = 5", "MH642", "parts"),
        ("[tables.member]\n[tables.member.parts.x]\nparts = {}", "MH641", "parts"),
        ("[tables.member]\n[tables.member.parts.x]\ndistinct = true", "MH641", "distinct"),
        ("[tables.member]\ndistinct = 1", "MH642", "distinct"),
        ("[tables.member]\nwhere_not = 3", "MH642", "where_not"),
        ("[tables.member.columns]\nx = { until = 1 }", "MH642", "until"),
        ('[tables.member.columns]\nx = { row_number = true, from = "y" }', "MH642", "x"),
        ('[tables.member.columns]\nx = { date = "%Y-%m-%dT%H:%H" }', "MH642", "date"),
    ],
)
def test_mistakes(text: str, code: str, underlined: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        parse_binding(f"binding = 1\n{text}\n")
    found = caught.value.diagnostics
    assert [(d.code, d.span.text if d.span else "") for d in found] == [(code, underlined)]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (
            "birth_date = { until = true }",
            "`until` does not fit column `birth_date`, which is not the last day of a span",
        ),
        ("birth_date = { row_number = true }", "`row_number` does not fit column `birth_date`, which holds date"),
        ("person_id = { absent = true }", "column `person_id` cannot be absent: the program needs it"),
    ],
)
def test_rules_that_do_not_fit(tmp_path: Path, column: str, message: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        read(schema("member"), tmp_path, f"[tables.member.columns]\n{column}\n", member="person_id;a")
    assert [(d.code, d.message) for d in caught.value.diagnostics] == [("MH644", message)]


def test_rules_of_a_part_must_fit_too(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError) as caught:
        read(schema("eligibility"), tmp_path, TABLE + SECOND.replace("payer_order", "payer_oder"), spans=SPANS)
    assert [(d.code, d.span.text if d.span else "") for d in caught.value.diagnostics] == [("MH643", "payer_oder")]


def test_rows_that_agree_are_read_once_if_the_binding_says_so(tmp_path: Path) -> None:
    text = '[tables.member]\nfiles = "spans.csv"\ndistinct = true\nignore = "*"\n'
    text += '[tables.member.columns]\nperson_id = "who"\ngender = "sex"\n'
    files = {"spans": "who,sex,span;a,f,1;a,f,2;b,m,3;a,f,4"}
    data = read(schema("member"), tmp_path, text, **files)
    assert [(row[0], row[3]) for row in data.rows("member")] == [("a", "f"), ("b", "m")]
    assert data.left_out == (LeftOut("member", "", "spans.csv", "distinct", 2),)
    with pytest.raises(DiagnosticError) as caught:
        read(schema("member"), tmp_path, text, spans="who,sex,span;a,f,1;a,m,2")
    assert [d.code for d in caught.value.diagnostics] == ["MH630"]


def test_days_with_a_time_and_ends_that_are_not_included(tmp_path: Path) -> None:
    text = """
    [tables.eligibility.columns]
    enrollment_start_date = { date = "%Y-%m-%dT%H:%M:%SZ" }
    enrollment_end_date = { date = "%Y-%m-%dT%H:%M:%SZ", until = true }
    """
    rows = (
        "a,aetna,2012-01-01T07:13:55Z,2012-07-01T23:00:00Z;a,aetna,2012-07-01T23:00:00Z,;"
        "b,aetna,2012-01-01T07:13:55Z,2012-01-01T09:00:00Z;c,aetna,2012-01-01T07:13:55Z,2012-01-02T00:00:00Z"
    )
    header = "person_id,payer,enrollment_start_date,enrollment_end_date"
    data = read(schema("eligibility"), tmp_path, text, eligibility=f"{header};{rows}")
    assert [(row[0], row[3], row[4]) for row in data.rows("eligibility")] == [
        ("a", date(2012, 1, 1), date(2012, 6, 30)),
        ("a", date(2012, 7, 1), None),
        ("c", date(2012, 1, 1), date(2012, 1, 1)),
    ]
    assert data.left_out == (LeftOut("eligibility", "", "eligibility.csv", "empty span", 1),)
    for end, code in (("2011-12-31T00:00:00Z", "MH632"), ("2012-01-32T00:00:00Z", "MH620"), ("2012-02-01", "MH620")):
        with pytest.raises(DiagnosticError) as caught:
            read(schema("eligibility"), tmp_path, text, eligibility=f"{header};a,aetna,2012-01-01T00:00:00Z,{end}")
        assert [d.code for d in caught.value.diagnostics] == [code]


def test_timestamps_of_parquet_with_a_pattern_that_has_a_time(tmp_path: Path) -> None:
    duckdb.sql(
        "SELECT 'a' AS person_id, 'aetna' AS payer, TIMESTAMP '2012-01-01 07:13:55' AS enrollment_start_date, "
        "TIMESTAMP '2012-02-01 07:13:55' AS enrollment_end_date"
    ).write_parquet(str(tmp_path / "eligibility.parquet"))
    text = """
    [tables.eligibility.columns]
    enrollment_start_date = { date = "%Y-%m-%d %H:%M:%S" }
    enrollment_end_date = { date = "%Y-%m-%d %H:%M:%S", until = true }
    """
    row = read(schema("eligibility"), tmp_path, text).rows("eligibility")[0]
    assert row[3:5] == (date(2012, 1, 1), date(2012, 1, 31))


def test_the_end_of_a_dated_table_may_be_the_first_day_after_it(tmp_path: Path) -> None:
    text = "[tables.provider.columns]\nto = { until = true }\n"
    data = read(schema("provider"), tmp_path, text, provider="npi,practice_id,from,to;n,p,2012-01-01,2012-02-01")
    assert data.rows("provider")[0][3] == date(2012, 1, 31)


def test_the_number_of_a_row_stands_for_an_id(tmp_path: Path) -> None:
    text = "[tables.pharmacy_claim.columns]\nclaim_line_number = { row_number = true }\n"
    header = "claim_id,person_id,payer,dispensing_date"
    rows = "c,a,aetna,2012-01-01;c,a,aetna,2012-01-01"
    data = read(schema("pharmacy_claim"), tmp_path, text, pharmacy_claim=f"{header};{rows}")
    assert [row[:2] for row in data.rows("pharmacy_claim")] == [("c", 1), ("c", 2)]


def test_columns_are_ignored_by_pattern(tmp_path: Path) -> None:
    write(tmp_path, member="person_id,diagnosis_1,diagnosis_2,other\na,1,2,3\n")
    data = read(schema("member"), tmp_path, '[tables.member]\nignore = "diagnosis_*"')
    assert seen(data.warnings) == [("MH612", "member.csv", 1, "other", None)]


def test_a_source_column_that_the_binding_names_must_be_there(tmp_path: Path) -> None:
    write(tmp_path, member="person_id,sex\na,f\n")
    with pytest.raises(DiagnosticError) as caught:
        read(schema("member"), tmp_path, '[tables.member.columns]\ngender = "Sex"\n')
    assert seen(caught.value.diagnostics)[0] == ("MH611", "member.csv", 1, "Sex", None)
