"""The library: load, check, data, settle, results in other tools."""

from __future__ import annotations

import datetime
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import mhrules
from mhrules.results import decimal, shortest
from tests.cli.cases import PROGRAM, written
from tests.settle import people

ROWS: list[dict[str, object]] = [
    {"practice_id": "p1", "payer": "green", "year": 2024, "target": 100_000, "spending": 90_000, "quality": "0.8"},
    {"practice_id": "p1", "payer": "blue", "year": 2024, "target": 50_000, "spending": 49_900, "quality": "0.8"},
    {"practice_id": "p2", "payer": "green", "year": 2024, "target": 100_000, "spending": 80_000, "quality": "0.65"},
    {
        "practice_id": "p2",
        "payer": "blue",
        "year": 2024,
        "target": 10_000,
        "spending": Decimal("7000.01"),
        "quality": "0.7",
    },
]
TABLES = {"practice_payer_year": ROWS}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> mhrules.Program:
    return mhrules.load(written(tmp_path_factory.mktemp("library")) / "maple")


@pytest.fixture(scope="module")
def settlement(program: mhrules.Program) -> mhrules.Settlement:
    data = mhrules.Data.from_rows(program, TABLES)
    return mhrules.settle(program, data, 2024, run="final", posted_on=datetime.date(2025, 6, 30))


def test_what_a_program_says_of_itself(program: mhrules.Program) -> None:
    assert (program.name, program.title, program.edition) == ("maple", "Maple Valley shared savings", "2024")
    assert repr(program) == "<Program maple, edition 2024>"
    assert program.payers["green"] == mhrules.Payer("green", "Green Health Plan", ("commercial",), "program", "")
    assert program.payments["shared_savings"] == mhrules.Payment("shared_savings", "Shared savings", False, "")
    assert program.assumptions == (mhrules.Assumption("maple.mh", 18, "no source names it"),)
    assert "practice_payer_year" in [table.name for table in program.schema.tables]
    assert program.findings == ()


def test_a_text_with_errors_is_not_loaded(tmp_path: Path) -> None:
    path = written(tmp_path, PROGRAM.replace("rate of savings", "rate of saving")) / "maple"
    with pytest.raises(mhrules.DiagnosticError) as caught:
        mhrules.load(path)
    assert [found.code for found in caught.value.diagnostics] == ["MH201"]
    assert [found.code for found in mhrules.check(path)] == ["MH201"]
    assert mhrules.render(mhrules.check(path)).startswith("error[MH201]")


def test_a_program_is_checked_again_as_it_is_now(tmp_path: Path) -> None:
    path = written(tmp_path) / "maple"
    loaded = mhrules.load(path)
    (path / "maple.mh").write_text(PROGRAM.replace("rate of savings", "rate of saving"), encoding="utf-8")
    assert ([found.code for found in loaded.check()], loaded.findings) == (["MH201"], ())


def test_what_is_not_there() -> None:
    for call in (mhrules.load, mhrules.check):
        with pytest.raises(mhrules.DiagnosticError, match="MH001: there is no program `nowhere`"):
            call("nowhere")
    with pytest.raises(mhrules.DiagnosticError, match="MH001: there is no file or folder `nowhere`"):
        mhrules.load("mssp", contracts="nowhere")


def test_postings_are_typed_records_with_exact_amounts(settlement: mhrules.Settlement) -> None:
    first = settlement.postings[0]
    assert first == mhrules.Posting(
        payer="blue",
        payee="p1",
        practice="p1",
        payment="shared_savings",
        period="2024",
        units=Decimal(0),
        price=None,
        amount=Decimal(0),
        status="gated",
        reason="savings",
        kind="final",
        run="final",
        posted_on=datetime.date(2025, 6, 30),
        reverses="",
    )
    assert [(p.payer, p.practice, str(p.amount)) for p in settlement.postings[1:]] == [
        ("blue", "p2", "1000.00"),
        ("green", "p1", "4000.00"),
        ("green", "p2", "0.00"),
    ]
    assert str(settlement.total) == "5000.00"
    assert settlement.by_payer == {"blue": Decimal("1000.00"), "green": Decimal("4000.00")}
    assert settlement.by_payment == {"shared_savings": Decimal("5000.00")}
    assert (settlement.year, settlement.run, settlement.held, settlement.findings) == (2024, "final", False, ())


def test_as_a_duckdb_relation(settlement: mhrules.Settlement) -> None:
    relation = settlement.to_duckdb()
    assert dict(zip(relation.columns, map(str, relation.types), strict=True))["amount"] == "DECIMAL(18,2)"
    assert relation.aggregate("sum(amount), min(posted_on), count(*)").fetchall() == [
        (Decimal("5000.00"), datetime.date(2025, 6, 30), 4)
    ]
    assert settlement.to_duckdb().filter("status = 'gated'").count("*").fetchall() == [(2,)]


def test_as_an_arrow_table(settlement: mhrules.Settlement) -> None:
    table = settlement.to_arrow()
    assert table.num_rows == 4
    assert (str(table.schema.field("amount").type), str(table.schema.field("units").type)) == (
        "decimal128(18, 2)",
        "decimal128(18, 6)",
    )
    assert sum(table.column("amount").to_pylist()) == Decimal("5000.00")


def test_as_a_pandas_frame(settlement: mhrules.Settlement) -> None:
    frame = settlement.to_pandas()
    assert str(frame.dtypes["amount"]) == "decimal128(18, 2)[pyarrow]"
    assert frame["amount"].sum() == Decimal("5000.00")
    assert list(frame["posted_on"].unique()) == [datetime.date(2025, 6, 30)]


def test_as_a_polars_frame(settlement: mhrules.Settlement) -> None:
    frame = settlement.to_polars()
    assert str(frame.schema["amount"]) == "Decimal(precision=18, scale=2)"
    assert frame["amount"].sum() == Decimal("5000.00")


def test_a_settlement_without_postings_has_the_same_columns(program: mhrules.Program) -> None:
    empty = mhrules.settle(program, mhrules.Data.from_rows(program, {"practice_payer_year": []}), 2024)
    assert (empty.postings, str(empty.total)) == ((), "0.00")
    assert [found.code for found in empty.findings] == ["MH731"]
    assert empty.to_duckdb().fetchall() == []
    assert empty.to_arrow().column_names == empty.to_duckdb().columns


def test_a_package_that_is_not_installed(settlement: mhrules.Settlement, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(mhrules.DiagnosticError, match="MH650: this table needs the package `polars`"):
        settlement.to_polars()


def test_frames_rows_and_files_settle_alike(program: mhrules.Program, tmp_path: Path) -> None:
    import pyarrow

    folder = written(tmp_path)
    text: dict[str, Any] = {name: [str(row[name]) for row in ROWS] for name in ROWS[0]}
    read = (
        mhrules.Data.from_rows(program, TABLES),
        mhrules.Data.from_frames(program, {"practice_payer_year": pyarrow.table(text)}),
    )
    one, other = (mhrules.settle(program, data, 2024).postings for data in read)
    assert one == other
    files = mhrules.Data.from_folder(program, folder / "data")
    assert files.findings == ()
    assert str(mhrules.settle(program, files, 2024).total) == "5000.00"


def test_a_float_is_refused(program: mhrules.Program) -> None:
    with pytest.raises(mhrules.DiagnosticError, match="MH626"):
        mhrules.Data.from_rows(program, {"practice_payer_year": [{**ROWS[0], "target": 0.1}]})


def test_a_missing_fact_raises_unless_held(program: mhrules.Program) -> None:
    data = mhrules.Data.from_rows(program, {"practice_payer_year": ROWS[:3]})
    with pytest.raises(mhrules.DiagnosticError, match="MH701"):
        mhrules.settle(program, data, 2024)
    held = mhrules.settle(program, data, 2024, hold=True)
    assert (held.held, [p.status for p in held.postings].count("held")) == (True, 1)
    assert [found.code for found in held.findings] == ["MH701"]


def test_a_year_outside_the_term(program: mhrules.Program) -> None:
    with pytest.raises(mhrules.DiagnosticError, match="MH730"):
        mhrules.settle(program, mhrules.Data.from_rows(program, TABLES), 2031)


def test_files_are_written(settlement: mhrules.Settlement, tmp_path: Path) -> None:
    paths = settlement.write(tmp_path / "out")
    assert [path.name for path in paths] == ["postings.csv", "participation.csv", "quantities.csv", "manifest.json"]
    assert '"file": "maple.mh"' in paths[-1].read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0.00"), (2 * 10**12, "2.00"), (5_335 * 10**9, "5.335"), (1, "0.000000000001")]
)
def test_a_price_has_as_few_places_as_show_it(value: int, text: str) -> None:
    assert f"{shortest(value):f}" == text


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [(0, 2, "0.00"), (-5 * 10**10, 2, "-0.05"), (123 * 10**12, 6, "123.000000"), (10**28, 2, f"{10**16}.00")],
)
def test_decimals_have_exactly_their_places(value: int, places: int, text: str) -> None:
    assert str(decimal(value, places)) == text


def test_a_decimal_loses_nothing() -> None:
    with pytest.raises(ValueError, match="more than 2 places"):
        decimal(1, 2)


def test_a_line_is_explained(settlement: mhrules.Settlement) -> None:
    why = mhrules.explain(settlement, payer="green", practice="p1", payment="shared_savings")
    assert "$4,000.00" in why.text()
    assert max(map(len, why.text(width=60).splitlines())) <= 80
    assert "\x1b[" in why.text(color=True)
    assert json.loads(why.to_json())["payment"] == "shared_savings"
    with pytest.raises(mhrules.DiagnosticError, match="gren"):
        mhrules.explain(settlement, payer="gren", practice="p1", payment="shared_savings")


# ----------------------------------------------------------------------------------------------- members


@pytest.fixture(scope="module")
def grove(tmp_path_factory: pytest.TempPathFactory) -> mhrules.Program:
    return mhrules.load(people.written(tmp_path_factory.mktemp("grove")) / "grove")


@pytest.fixture(scope="module")
def members(grove: mhrules.Program) -> mhrules.Data:
    return mhrules.Data.from_rows(grove, people.tables())


def test_postings_have_their_price(grove: mhrules.Program, members: mhrules.Data) -> None:
    settlement = mhrules.settle(grove, members, 2011)
    prices = {str(p.price) for p in settlement.postings if p.payment == "fee" and p.units}
    assert prices == {"2.00", "5.335"}
    assert settlement.to_arrow().column("price").to_pylist()[-1] is None
    assert str(settlement.to_arrow().schema.field("price").type) == "decimal128(26, 12)"
    fees = settlement.to_duckdb().filter("payment = 'fee' AND price IS NOT NULL")
    assert fees.filter("abs(units * price - amount) > 0.005").fetchall() == []


def test_one_member_is_explained(grove: mhrules.Program, members: mhrules.Data) -> None:
    settlement = mhrules.settle(grove, members, 2011)
    why = mhrules.explain(settlement, payer="aetna", practice="p2", payment="fee", period="2011-04", member="bob")
    assert "2011-03-01 primary 2/1" in why.text()
    assert json.loads(why.to_json())["member"]["person"] == "bob"


def test_attribution_is_counted_without_settling(grove: mhrules.Program, members: mhrules.Data) -> None:
    found = mhrules.attribution(grove, members, 2011, payer="molina")
    assert ([each.payer for each in found.counts], found.differs) == (["molina"], False)
    assert "none: secondary" in found.text()
    with pytest.raises(mhrules.DiagnosticError, match="MH736"):
        mhrules.attribution(grove, members, 2031)


def test_attribution_is_compared_with_a_list(grove: mhrules.Program, members: mhrules.Data, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("person_id,practice_id,extra\nann,p2,x\n", encoding="utf-8")
    found = mhrules.attribution(grove, members, 2011, payer="aetna", month="2011-01", compare=path)
    assert ([d.kind for d in found.compared[0].differences], found.differs) == (["changed", "added"], True)
    assert [each.code for each in found.findings] == ["MH612"]
    assert [each["code"] for each in json.loads(found.to_json())["findings"]] == ["MH612"]
    with pytest.raises(mhrules.DiagnosticError, match="MH732"):
        found.write(tmp_path / "nowhere" / "differences.csv")


def test_data_that_only_count_members_attribute_nobody(grove: mhrules.Program) -> None:
    counts = {"practice": [{"practice_id": "p1"}], "practice_payer_month": []}
    data = mhrules.Data.from_rows(grove, counts)
    with pytest.raises(mhrules.DiagnosticError, match="MH740"):
        mhrules.attribution(grove, data, 2011)
