"""Tables that are read straight: the same rows and findings as row by row, and only where nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mhrules.data.load as loading
from mhrules.data.allow import ALLOWABLE
from mhrules.data.dataset import Dataset
from mhrules.data.direct import Direct, LeftRows, read_directly
from mhrules.data.load import load
from mhrules.data.population import Need, population_tables
from mhrules.data.schema import Schema
from mhrules.diagnostics.model import DiagnosticError
from tests.data.cases import bound
from tests.data.people import PAYERS, ROSTER, schema

NEEDS = frozenset(Need(*name.split(".")) for name in ("member", "eligibility", "medical_claim", "chosen_practice"))
TABLES = population_tables(NEEDS, PAYERS, "practice", "Practice") | {"practice": ROSTER}
SCHEMA = Schema("practice", tuple(TABLES[name] for name in sorted(TABLES)))
BINDING = """
[tables.member]
distinct = true
[tables.eligibility]
where_not = { plan = "none" }
[tables.eligibility.columns]
enrollment_end_date = { until = true }
dual = { yes = ["yes", "1"], no = ["no", "0"] }
[tables.medical_claim.columns]
payer = { codes = { A = "aetna", aetna = "aetna", molina = "molina" } }
allowed_amount = { written = "accounting" }
paid_amount = { missing = ["n/a", "0"] }
"""


def few(good: Sequence[str], odd: Sequence[str]) -> st.SearchStrategy[str]:
    """One of the good words, seldom an odd one."""
    return st.sampled_from([*good * 12, *odd])


PEOPLE = few(["p1", "p2", "p3"], ["p4", " p1", "é", "e\u0301", "x\u200f", ""])
DAYS = few(["2012-01-01", "2012-03-31", "2012-04-01", "2012-12-31"], ["2012-02-30", "12-1-1", "0999-01-01", ""])
AMOUNTS = few(["1.50", "-2", "0", "300.25"], ["$4", "1.505", "1e3", "n/a", "", "9" * 40])
NUMBERS = few(["1", "2", "3", "4", "5"], ["", "-1", "1.0", "x", "99999999999"])
PAYER = few(["aetna", "molina"], ["A", "aetn", ""])
FLAGS = few(["yes", "no", ""], ["1", "0", "YES"])
TEXTS: dict[str, dict[str, st.SearchStrategy[str]]] = {
    "practice": {"practice_id": few(["q1", "q2"], ["q1"])},
    "member": {"person_id": PEOPLE, "birth_date": few([""], ["1950-01-01", "2013-01-01"]), "gender": few(["f"], ["é"])},
    "eligibility": {
        "person_id": PEOPLE,
        "payer": PAYER,
        "plan": few(["", "none"], ["gold"]),
        "enrollment_start_date": DAYS,
        "enrollment_end_date": DAYS,
        "dual": FLAGS,
    },
    "medical_claim": {
        "claim_id": few(["c1", "c2", "c3", "c4"], ["", "c 1"]),
        "claim_line_number": NUMBERS,
        "entry_number": few(["1", "2", "3"], [""]),
        "person_id": PEOPLE,
        "payer": PAYER,
        "claim_start_date": DAYS,
        "paid_date": few(["", "2013-01-01"], ["2011-01-01"]),
        "allowed_amount": AMOUNTS,
        "paid_amount": AMOUNTS,
        "denied": FLAGS,
    },
    "chosen_practice": {
        "person_id": PEOPLE,
        "payer": PAYER,
        "practice_id": few(["q1"], ["q2", "q9"]),
        "from": DAYS,
        "to": few([""], ["2012-12-31", "2012-01-01"]),
    },
}
TYPES = {
    "claim_line_number": ["BIGINT", "SMALLINT", "DECIMAL(9,2)", "UINTEGER"],
    "entry_number": ["BIGINT", "TINYINT"],
    "allowed_amount": ["DECIMAL(18,2)", "DECIMAL(38,4)", "INTEGER", "DECIMAL(12,0)"],
    "paid_amount": ["DECIMAL(18,2)"],
    "denied": ["BOOLEAN"],
    "dual": ["BOOLEAN"],
    "gender": ["ENUM ('f', 'é')"],
}
"""Types that a column may have besides text; days may be DATE and TIMESTAMP."""


@st.composite
def sources(draw: st.DrawFn) -> dict[str, tuple[list[str], list[tuple[str, ...]]]]:
    """By table: names with the type of each column, and rows of texts."""
    found = {}
    for table, columns in TEXTS.items():
        kinds = [draw(st.sampled_from(["VARCHAR", *kinds_of(name)])) for name in columns]
        rows = draw(st.lists(st.tuples(*columns.values()), max_size=5))
        found[table] = ([f'"{name}" {kind}' for name, kind in zip(columns, kinds, strict=True)], rows)
    return found


def kinds_of(name: str) -> list[str]:
    return ["DATE", "TIMESTAMP"] if name.endswith("_date") or name in ("from", "to") else TYPES.get(name, [])


def write(path: Path, tables: dict[str, tuple[list[str], list[tuple[str, ...]]]]) -> None:
    """A DuckDB file; a text that is none of its column's type is NULL, which is a fault or none."""
    with duckdb.connect(str(path)) as connection:
        for name, (columns, rows) in tables.items():
            connection.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
            kinds = [column.split('" ')[1] for column in columns]
            cells = ", ".join("?" if kind == "VARCHAR" else f"TRY_CAST(? AS {kind})" for kind in kinds)
            for row in rows:
                connection.execute(f"INSERT INTO {name} VALUES ({cells})", list(row))


def write_csv(folder: Path, tables: dict[str, tuple[list[str], list[tuple[str, ...]]]]) -> None:
    for name, (columns, rows) in tables.items():
        lines = [",".join(column.split('"')[1] for column in columns), *(",".join(row) for row in rows)]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")


@contextmanager
def straight(allowed: bool) -> Iterator[list[str]]:
    """Let tables be read straight, or not at all; the tables that were."""
    done: list[str] = []

    def noted(task: Direct) -> list[LeftRows] | None:
        found = read_directly(task) if allowed else None
        if found is not None:
            done.append(task.table.name)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "read_directly", noted)
        yield done


def outcome(data: Path, binding: str | None, allow: Sequence[str]) -> Any:
    """All that a load gives: what there is to know of a dataset, or the findings."""
    try:
        found = load(SCHEMA, data, bound(binding) if binding else None, allow=allow)
    except DiagnosticError as error:
        return error.diagnostics
    rows = {table.name: found.rows(table.name) for table in SCHEMA.tables}
    types = {t.name: found.connection().execute(f"DESCRIBE {t.name}").fetchall() for t in SCHEMA.tables}
    found.close()
    return rows, types, found.inputs, found.left_out, found.allowed, found.warnings


@given(sources(), st.sampled_from([None, BINDING]), st.sampled_from([(), tuple(ALLOWABLE)]), st.booleans())
@settings(max_examples=settings.default.max_examples // 6)
def test_straight_and_row_by_row_are_the_same(
    tables: dict[str, tuple[list[str], list[tuple[str, ...]]]],
    binding: str | None,
    allow: Sequence[str],
    csv: bool,
) -> None:
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        if csv:
            data.mkdir()
            write_csv(data, tables)
        else:
            write(data, tables)
        with straight(False):
            expected = outcome(data, binding, allow)
        with straight(True):
            assert outcome(data, binding, allow) == expected


GOOD = {
    "practice": "practice_id\nq1\n",
    "member": "person_id,birth_date\np1,1950-01-01\np1,1950-01-01\np2,\n",
    "eligibility": (
        "person_id,payer,plan,enrollment_start_date,enrollment_end_date,dual\n"
        "p1,aetna,,2012-01-01,2012-02-01,1\np1,aetna,none,2012-01-01,,\np2,molina,,2012-01-01,2012-01-01,no\n"
    ),
    "chosen_practice": "person_id,payer,practice_id,from,to\np1,aetna,q1,2012-01-01,\n",
    "medical_claim": (
        "claim_id,claim_line_number,person_id,payer,claim_start_date,allowed_amount,paid_amount\n"
        "c1,1,p1,aetna,2012-01-01,1.5,0\nc1,2,p1,A,2012-01-01,,n/a\n"
    ),
}


def test_what_a_binding_leaves_out_is_left_out_straight(tmp_path: Path) -> None:
    for name, text in GOOD.items():
        (tmp_path / f"{name}.csv").write_text(text)
    with straight(False):
        expected = outcome(tmp_path, BINDING, ())
    with straight(True) as done:
        assert outcome(tmp_path, BINDING, ()) == expected
    assert sorted(done) == sorted(GOOD)
    assert [(each.table, each.reason, each.rows) for each in expected[3]] == [
        ("eligibility", "empty span", 1),
        ("eligibility", "where", 1),
        ("member", "distinct", 1),
    ]


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("practice", "q1"),
        ("eligibility", "p1,aetna,,2012-01-31,,1"),
        ("eligibility", "p3,aetna,,2012-01-01,,1"),
        ("eligibility", "p1,molina,,2012-01-03,2012-01-01,1"),
        ("medical_claim", "c1,1,p1,aetna,2012-01-01,2,2"),
        ("medical_claim", "c2,1,p1,aetna,2012-01-01,2.005,2"),
        ("chosen_practice", "p1,aetna,q1,2012-06-01,"),
    ],
)
def test_a_table_with_a_fault_is_read_row_by_row(tmp_path: Path, table: str, row: str) -> None:
    for name, text in GOOD.items():
        (tmp_path / f"{name}.csv").write_text(text + (f"{row}\n" if name == table else ""))
    with straight(True) as done:
        findings = outcome(tmp_path, BINDING, ())
    assert sorted(done) == sorted(name for name in GOOD if name != table)
    with straight(False):
        assert outcome(tmp_path, BINDING, ()) == findings


def test_entries_of_a_line_of_two_people_are_found(tmp_path: Path) -> None:
    header = "claim_id,claim_line_number,entry_number,person_id,payer,claim_start_date\n"
    rows = "c1,1,1,p1,aetna,2012-01-01\nc1,1,2,p2,aetna,2012-01-01\nc2,1,1,p2,aetna,2012-01-01\n"
    (tmp_path / "medical_claim.csv").write_text(header + rows)
    with pytest.raises(DiagnosticError) as caught:
        load(schema("medical_claim"), tmp_path)
    assert [d.code for d in caught.value.diagnostics] == ["MH634"]


def test_rows_are_sorted_by_key_whatever_the_order_of_the_source(tmp_path: Path) -> None:
    (tmp_path / "member.csv").write_text("person_id\nb\né\na\nB\n")
    data: Dataset = load(schema("member"), tmp_path)
    assert [row[0] for row in data.rows("member")] == ["B", "a", "b", "é"]
