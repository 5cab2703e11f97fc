"""The files of a settlement: their columns, their bytes, their hashes."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pytest

from mhrules.data.schema import ColumnKind
from mhrules.diagnostics.model import DiagnosticError
from mhrules.plan import ir
from mhrules.settle.csvtext import neutral
from mhrules.settle.ledger import Settlement
from mhrules.settle.outputs import write
from mhrules.source import Source
from tests.engine import build as b
from tests.interpreted import settle

YEARLY = b.table("practice year", amount=ColumnKind.MONEY, size=ColumnKind.INTEGER)
SCHEMA = b.schema(YEARLY)


def settlement() -> Settlement:
    size = b.compare(">=", b.fact(YEARLY, "size"), b.num(200, b.WHOLE))
    report = b.quantity("twice", b.op("+", b.fact(YEARLY, "amount"), b.fact(YEARLY, "amount")), "practice", "year")
    plan = b.plan(
        SCHEMA,
        b.payment("pay", b.form(b.fact(YEARLY, "amount"), downside=True)),
        requirements=b.all_of(b.require("large", size, by_month=3)),
        reports=(ir.ReportPlan("twice", "Twice", report),),
    )
    rows = [
        {"practice": "=p1", "year": 2012, "amount": "-12.00", "size": 200},
        {"practice": "p2", "year": 2012, "amount": 5, "size": 197},
    ]
    return settle(plan, b.data(SCHEMA, practice_year=rows), 2012, run="r1", posted_on=b.day("2013-07-01"))


def test_postings(tmp_path: Path) -> None:
    write(settlement(), tmp_path / "out")
    text = (tmp_path / "out" / "postings.csv").read_bytes().decode()
    assert text == (
        "payer,payee,practice,payment,period,units,price,amount,status,reason,kind,run,posted_on,reverses\n"
        "a,'=p1,'=p1,pay,2012,1,,-12.00,paid,,final,r1,2013-07-01,\n"
        "a,p2,p2,pay,2012,0,,0.00,not_participating,large,final,r1,2013-07-01,\n"
    )


def test_participation_and_quantities(tmp_path: Path) -> None:
    write(settlement(), tmp_path)
    with (tmp_path / "participation.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 24
    assert list(rows[15].values()) == ["p2", "a", "2012-04", "no", "large", "missed", "197", "200", "3", "2012-03"]
    assert [row["verdict"] for row in rows[12:16]] == ["not_yet_due"] * 3 + ["missed"]
    assert (tmp_path / "quantities.csv").read_text("utf-8") == (
        "quantity,payer,practice,line,period,value,unit\ntwice,,'=p1,,2012,-24,$\ntwice,,p2,,2012,10,$\n"
    )


def test_the_manifest_says_from_what_and_of_what(tmp_path: Path) -> None:
    text = Source("pilot.mh", "mhrules 1\n")
    write(settlement(), tmp_path, [text])
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert manifest["texts"] == [{"file": "pilot.mh", "sha256": text.sha256}]
    assert (manifest["year"], manifest["run"], manifest["posted_on"]) == (2012, "r1", "2013-07-01")
    assert manifest["controls"]["total"] == "-12.00"
    assert manifest["controls"]["by_practice"] == {"=p1": "-12.00", "p2": "0.00"}
    for output in manifest["outputs"]:
        assert hashlib.sha256((tmp_path / output["file"]).read_bytes()).hexdigest() == output["sha256"]


def test_the_same_input_gives_the_same_bytes_and_other_files_stay(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "notes.txt").write_text("mine", encoding="utf-8")
    for folder in ("one", "two", "two"):
        write(settlement(), tmp_path / folder)
    names = {path.name for path in (tmp_path / "two").iterdir()}
    assert names == {"postings.csv", "participation.csv", "quantities.csv", "manifest.json"}
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in names)
    assert (tmp_path / "one" / "notes.txt").read_text("utf-8") == "mine"


def test_a_folder_that_cannot_be_written_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with pytest.raises(DiagnosticError) as error:
        write(settlement(), tmp_path / "taken")
    assert [finding.code for finding in error.value.diagnostics] == ["MH732"]


@pytest.mark.parametrize(
    ("cell", "written"),
    [("=1+1", "'=1+1"), ("+x", "'+x"), ("-x", "'-x"), ("@x", "'@x"), ("\tx", "'\tx"), ("a=b", "a=b"), ("", "")],
)
def test_a_text_that_a_spreadsheet_would_obey_is_neutralized(cell: str, written: str) -> None:
    assert neutral(cell) == written


def test_a_leading_apostrophe_gets_one_more_so_that_no_two_ids_become_one() -> None:
    cells = ["-1", "'-1", "=cmd()", "plain", "it's"]
    written = [neutral(cell) for cell in cells]
    assert written == ["'-1", "''-1", "'=cmd()", "plain", "it's"]
    assert [cell.removeprefix("'") for cell in written] == cells
