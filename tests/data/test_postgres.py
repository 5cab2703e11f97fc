"""A PostgreSQL database as the data: a real server, the same strictness, one snapshot, no password anywhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mhrules.data import postgres
from mhrules.data.binding import parse_binding
from mhrules.data.capacity import Capacity
from mhrules.data.dataset import Dataset
from mhrules.data.load import load
from mhrules.data.postgres import connected, is_address
from mhrules.data.schema import Schema
from mhrules.diagnostics.as_json import to_json
from mhrules.diagnostics.model import DiagnosticError
from tests.data.cases import ONE, seen
from tests.data.people import schema
from tests.data.server import BOSS, PASSWORD, Postgres, started, why_not

SCHEMA = schema("member", "eligibility", "medical_claim")
BINDING = """
[tables.practice]
table = "practice"
[tables.member]
table = "warehouse.people"
[tables.member.columns]
person_id = "id"
birth_date = "born"
[tables.eligibility]
table = "warehouse.spans"
where_not = { payer = "none" }
ignore = "note"
[tables.medical_claim]
table = "warehouse.lines"
[tables.medical_claim.columns]
claim_id = "claim"
"""
TABLES = (
    "CREATE SCHEMA warehouse",
    "CREATE DOMAIN code AS text",
    "CREATE TYPE sex AS ENUM ('f', 'm')",
    "CREATE TABLE practice (practice_id text)",
    "INSERT INTO practice VALUES ('q1')",
    "CREATE TABLE warehouse.people (id varchar(10), born date, gender sex, photo bytea)",
    "INSERT INTO warehouse.people VALUES ('p2', NULL, 'm', NULL), ('p1', '1950-02-03', 'f', NULL)",
    "CREATE VIEW warehouse.spans AS SELECT id::code AS person_id, 'aetna' AS payer, DATE '2012-01-01' "
    "AS enrollment_start_date, NULL::date AS enrollment_end_date, true AS dual, 'x' AS note FROM warehouse.people "
    "UNION ALL SELECT 'p1', 'none', DATE '2012-01-01', NULL, false, 'y'",
    "CREATE TABLE warehouse.lines (claim char(5), claim_line_number int, person_id text, payer text, "
    "claim_start_date date, allowed_amount numeric(18, 4), paid_amount money, service_unit_quantity numeric)",
    "INSERT INTO warehouse.lines VALUES ('c2', 1, 'p1', 'aetna', '2012-01-02', 10.5, '1.05', 0.000001), "
    "('c1', 1, 'p2', 'molina', '2012-01-01', -123456789012.34, NULL, 12)",
)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    if reason := why_not():
        pytest.skip(reason)
    with pytest.MonkeyPatch.context() as patch, started() as running:
        patch.setenv("PGPASSWORD", PASSWORD)
        running.execute(*TABLES)
        yield running


def read(server: Postgres, binding: str = BINDING, of: Schema = SCHEMA) -> Dataset:
    return load(of, server.address(), parse_binding(f"binding = 1\n{binding}"))


def refused(server: Postgres, address: str | None = None, binding: str = BINDING) -> DiagnosticError:
    with pytest.raises(DiagnosticError) as caught:
        load(SCHEMA, address or server.address(), parse_binding(f"binding = 1\n{binding}"))
    assert PASSWORD not in to_json(caught.value.diagnostics)
    return caught.value


def test_tables_views_and_exact_values(server: Postgres) -> None:
    data = read(server)
    connection = data.connection()
    assert [row[0] for row in data.rows("member")] == ["p1", "p2"]
    assert connection.execute(
        "SELECT CAST(birth_date AS VARCHAR), gender FROM member ORDER BY person_id"
    ).fetchall() == [
        ("1950-02-03", "f"),
        (None, "m"),
    ]
    assert connection.execute(
        "SELECT claim_id, allowed_amount, paid_amount, service_unit_quantity FROM medical_claim ORDER BY 1"
    ).fetchall() == [("c1", -12345678901234, None, 12_000_000), ("c2", 1050, 105, 1)]
    assert connection.execute("SELECT count(*), bool_and(dual) FROM eligibility").fetchall() == [(2, True)]
    assert [(each.table, each.reason, each.rows) for each in data.left_out] == [("eligibility", "where", 1)]
    assert [(d.code, d.place.column) for d in data.warnings if d.place] == [("MH612", "photo")]
    tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'copy%'").fetchall()
    assert tables == []


def test_inputs_are_named_without_host_and_do_not_hang_on_the_order_of_rows(server: Postgres) -> None:
    before = read(server).inputs
    assert [(each.name, each.rows) for each in before] == [
        ("postgres/public.practice", 1),
        ("postgres/warehouse.lines", 2),
        ("postgres/warehouse.people", 2),
        ("postgres/warehouse.spans", 3),
    ]
    assert BOSS not in str(before) and "127.0.0.1" not in str(before)
    server.execute("UPDATE warehouse.people SET born = born WHERE id = 'p2'")
    assert read(server).inputs == before
    server.execute("UPDATE warehouse.people SET born = '1950-02-04' WHERE id = 'p1'")
    try:
        changed = [a.name for a, b in zip(before, read(server).inputs, strict=True) if a != b]
    finally:
        server.execute("UPDATE warehouse.people SET born = '1950-02-03' WHERE id = 'p1'")
    assert changed == ["postgres/warehouse.people"]


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        ("double precision", "1.5", ("MH626", "paid", None)),
        ("numeric", "'NaN'", ("MH620", "paid", "NaN")),
        ("numeric", "1.005", ("MH621", "paid", "1.005")),
        ("numeric", "1e40", ("MH622", "paid", "1" + "0" * 40)),
        ("jsonb", "'{}'", ("MH620", "paid", None)),
        ("timestamptz", "now()", ("MH620", "paid", None)),
        ("int[]", "'{1}'", ("MH620", "paid", None)),
    ],
)
def test_what_is_not_exact_is_refused(server: Postgres, kind: str, value: str, found: tuple[str, str, str]) -> None:
    row = f"'q1' AS practice_id, 2012 AS year, CAST({value} AS {kind}) AS paid, NULL::numeric AS score, 'small' AS tier"
    server.execute(f"CREATE VIEW practice_year AS SELECT {row}")
    try:
        with pytest.raises(DiagnosticError) as caught:
            load(ONE, server.address())
    finally:
        server.execute("DROP VIEW practice_year")
    assert [(code, column, text) for code, _, _, column, text in seen(caught.value.diagnostics)] == [found]


def test_a_table_that_is_not_there(server: Postgres) -> None:
    with pytest.raises(DiagnosticError) as caught:
        load(ONE, server.address(), parse_binding('binding = 1\n[tables.practice_year]\ntable = "warehouse.peopel"'))
    (found,) = caught.value.diagnostics
    assert found.code == "MH602" and "the database has the table `warehouse.people`" in " ".join(found.help)


def test_a_snapshot_that_cannot_write(server: Postgres) -> None:
    with connected(server.address()) as snapshot:
        asked = "SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')"
        assert snapshot._rows(asked) == [("repeatable read", "on")]


def test_a_user_without_the_right_to_read(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    server.execute("CREATE ROLE low LOGIN PASSWORD 'low'", "GRANT USAGE ON SCHEMA warehouse TO low")
    monkeypatch.setenv("PGPASSWORD", "low")
    (found,) = refused(server, server.address("low")).diagnostics
    assert found.code == "MH656" and found.place is not None and found.place.file.startswith("postgres/")
    assert "permission denied" in found.notes[0]


def test_no_way_in(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    for address in (server.address(database="nowhere"), "postgresql://boss@127.0.0.1:1/postgres"):
        (found,) = refused(server, address).diagnostics
        assert found.code == "MH655" and found.notes
    monkeypatch.setenv("PGPASSWORD", "wrong")
    (found,) = refused(server).diagnostics
    assert found.code == "MH655" and "password authentication failed" in found.notes[0] and "wrong" not in str(found)


def test_the_connection_is_lost_on_the_way(server: Postgres, tmp_path: Path) -> None:
    server.execute("CREATE VIEW broken AS SELECT 'p' || (1 / (100000 - i)) AS id, i FROM generate_series(1, 200000) i")
    binding = BINDING.replace("warehouse.people", "broken").replace('birth_date = "born"', "")
    with pytest.raises(DiagnosticError) as caught:
        load(
            SCHEMA,
            server.address(),
            parse_binding(f"binding = 1\n{binding}"),
            capacity=Capacity(temporary=tmp_path),
        )
    (found,) = caught.value.diagnostics
    assert found.code == "MH657" and "division by zero" in found.notes[0]
    assert list(tmp_path.iterdir()) == []


def test_the_server_goes_away_on_the_way(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    real = postgres._stream

    def cut(*arguments: object) -> None:
        with server.connect() as other, other.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            cursor.fetchall()
        real(*arguments)  # type: ignore[arg-type]

    server.execute("CREATE TABLE long AS SELECT repeat('x', 500) AS id FROM generate_series(1, 40000)")
    monkeypatch.setattr(postgres, "_stream", cut)
    binding = BINDING.replace("warehouse.people", "long").replace('birth_date = "born"', "")
    codes = [d.code for d in refused(server, binding=binding).diagnostics]
    assert codes == ["MH657"]


@pytest.mark.parametrize("address", ["postgresql://u:hush@127.0.0.1:1/x", "postgres://127.0.0.1:1/x?password=hush"])
def test_a_password_in_the_address_is_refused_unseen(address: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        load(SCHEMA, address)
    text = to_json(caught.value.diagnostics)
    assert [d["code"] for d in json.loads(text)["findings"]] == ["MH655"]
    assert "hush" not in text


def test_the_packages_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adbc_driver_manager", None)
    with pytest.raises(DiagnosticError) as caught:
        load(SCHEMA, "postgresql://127.0.0.1:1/x")
    (found,) = caught.value.diagnostics
    assert found.code == "MH654" and found.help == ("install `mhrules[postgresql]`",)


def test_what_is_an_address() -> None:
    assert is_address("postgres://a/b") and is_address("postgresql:///b")
    assert not is_address("data") and not is_address(Path("postgresql:"))


@pytest.mark.parametrize("kind", ["date", "timestamp"])
@pytest.mark.parametrize("value", ["infinity", "-infinity"])
def test_a_day_without_end_is_told_and_may_be_missing(server: Postgres, kind: str, value: str) -> None:
    start = f"'p1' AS person_id, 'aetna' AS payer, CAST('2012-01-01' AS {kind}) AS enrollment_start_date"
    server.execute(f"CREATE VIEW endless AS SELECT {start}, CAST('{value}' AS {kind}) AS enrollment_end_date")
    binding = BINDING.replace("warehouse.spans", "endless").replace("where_not", "#").replace("ignore", "#")
    try:
        (found,) = (each for each in refused(server, binding=binding).diagnostics if each.code != "MH612")
        left = 'table = "endless"\nmissing = ["infinity", "-infinity"]'
        data = read(server, binding.replace('table = "endless"', left))
    finally:
        server.execute("DROP VIEW endless")
    assert [(code, column, said) for code, _, _, column, said in seen((found,))] == [
        ("MH620", "enrollment_end_date", value)
    ]
    assert f'`missing = ["{value}"]`' in found.help[0]
    assert data.connection().execute(
        "SELECT CAST(enrollment_start_date AS VARCHAR), enrollment_end_date FROM eligibility"
    ).fetchall() == [("2012-01-01", None)]
