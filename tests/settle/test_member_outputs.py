"""What a settlement writes of members: every member month once, and rows below each posting that add up to it."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest
from attrs import evolve

from mhrules.compiler import Compilation
from mhrules.data.dataset import Dataset
from mhrules.diagnostics.model import DiagnosticError
from mhrules.engine.attribution import Outcome
from mhrules.engine.faults import Faulted
from mhrules.exact import ONE, from_text
from mhrules.explain.tree import explain as explain_member
from mhrules.settle.backup import LIMITS, MEMBER_MONTHS, ROUNDING, BackupRow, backup
from mhrules.settle.ledger import Kept, Settlement
from mhrules.settle.members import member_months, month_totals, payer_totals
from mhrules.settle.outputs import write
from tests.interpreted import settle
from tests.settle import people

RULES = ("when attributed and enrolled on day 1", "in proportion to days")


@pytest.fixture(scope="module", params=RULES)
def settlement(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Settlement:
    return people.settled(tmp_path_factory.mktemp("people"), request.param)


@pytest.fixture(scope="module")
def on_day_1(tmp_path_factory: pytest.TempPathFactory) -> Settlement:
    return people.settled(tmp_path_factory.mktemp("people"))


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_counted_month_of_a_person_stands_once(settlement: Settlement, tmp_path: Path) -> None:
    write(settlement, tmp_path)
    rows = table(tmp_path, "attribution.csv")
    keys = [(row["payer"], row["person_id"], row["month"]) for row in rows]
    assert keys == sorted(set(keys))
    assert all((row["practice"] == "") is (row["reason"] != "") for row in rows)
    counted = settlement.books.world.below.people.counted
    assert len(rows) == sum(len(counted(payer, 24132 + at)) for payer in ("aetna", "molina") for at in range(12))


def test_attribution_says_where_and_how(on_day_1: Settlement, tmp_path: Path) -> None:
    write(on_day_1, tmp_path)
    rows = {(r["payer"], r["person_id"], r["month"]): list(r.values())[3:] for r in table(tmp_path, "attribution.csv")}
    assert rows["aetna", "bob", "2011-03"] == ["", "not_yet_refreshed", "", "", ""]
    assert rows["aetna", "bob", "2011-04"] == ["p2", "", "plurality", "2011-04-01", ""]
    assert rows["aetna", "gus", "2011-04"] == ["", "unattributed", "", "2011-04-01", ""]
    assert rows["molina", "bob", "2011-04"] == ["", "secondary", "", "", ""]
    assert rows["molina", "cat", "2011-12"] == ["p2", "", "selection", "2011-10-01", ""]
    assert ("aetna", "eve", "2011-12") not in rows


def test_days_stand_where_days_count(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    write(people.settled(tmp_path / "texts", RULES[1]), tmp_path)
    rows = {(r["payer"], r["person_id"], r["month"]): r["days"] for r in table(tmp_path, "attribution.csv")}
    assert (rows["aetna", "bob", "2011-08"], rows["aetna", "eve", "2011-11"]) == ("15", "20")


def test_member_months_tie_in_files_and_manifest(settlement: Settlement, tmp_path: Path) -> None:
    write(settlement, tmp_path)
    controls = json.loads((tmp_path / "manifest.json").read_text("utf-8"))["controls"]["member_months"]
    months = table(tmp_path, "member_months.csv")
    people_of = Counter(
        (row["payer"], row["practice"], row["reason"], row["month"]) for row in table(tmp_path, "attribution.csv")
    )
    assert people_of == {(r["payer"], r["practice"], r["reason"], r["month"]): int(r["members"]) for r in months}
    for payer, found in controls.items():
        own = sum(from_text(row["member_months"]) for row in months if row["payer"] == payer)
        parts = [*found["by_practice"].values(), *found["by_reason"].values()]
        assert from_text(found["total"]) == own == sum(map(from_text, parts))


def test_paid_units_are_the_member_months_of_the_practice(settlement: Settlement) -> None:
    by_practice = payer_totals(month_totals(settlement.books, member_months(settlement.books)))["aetna"].by_practice
    for practice in ("p1", "p2"):
        own = [p for p in settlement.postings if (p.payer, p.practice, p.payment) == ("aetna", practice, "fee")]
        assert sum(p.units for p in own) == by_practice[practice]


def test_a_month_that_is_missing_or_moved_is_noticed(on_day_1: Settlement) -> None:
    found = list(member_months(on_day_1.books))
    with pytest.raises(Faulted, match="do not tie"):
        month_totals(on_day_1.books, found[1:])
    moved = evolve(found[0], outcome=Outcome("p2", "", 1))
    with pytest.raises(Faulted, match="do not tie"):
        month_totals(on_day_1.books, [moved, *found[1:]])


# ---------------------------------------------------------------------------------------------- back-up


def test_the_rows_of_every_posting_add_up_to_it(settlement: Settlement, tmp_path: Path) -> None:
    write(settlement, tmp_path, detail=True)
    key = ("payer", "practice", "payment", "period")
    sums: Counter[tuple[str, ...]] = Counter()
    for row in table(tmp_path, "detail.csv"):
        sums[tuple(row[name] for name in key)] += from_text(row["amount"])
    posted: Counter[tuple[str, ...]] = Counter()
    for row in table(tmp_path, "postings.csv"):
        posted[tuple(row[name] for name in key)] += from_text(row["amount"])
    assert +sums == +posted


def rows_of(settlement: Settlement, payment: str, practice: str, period: str, payer: str = "aetna") -> list[BackupRow]:
    asked = (payer, practice, payment, period)
    return [row for p, row in backup(settlement) if (p.payer, p.practice, p.payment, p.period) == asked]


def test_what_a_cap_takes_away_and_what_is_rounded(on_day_1: Settlement) -> None:
    rows = rows_of(on_day_1, "base", "p2", "2011-Q2")
    assert [(row.kind, row.person, row.units // ONE, row.amount) for row in rows] == [
        (MEMBER_MONTHS, "bob", 3, 3_015 * ONE // 1000),
        (MEMBER_MONTHS, "eve", 3, 3_015 * ONE // 1000),
        (LIMITS, "", 0, -1_030 * ONE // 1000),
    ]
    rows = rows_of(on_day_1, "base", "p1", "2011-Q1")
    assert [(row.kind, row.amount, row.price) for row in rows] == [
        (MEMBER_MONTHS, 3_015 * ONE // 1000, 1_005 * ONE // 1000),
        (ROUNDING, 5 * ONE // 1000, 1_005 * ONE // 1000),
    ]


def test_elements_have_ids_and_days(on_day_1: Settlement) -> None:
    (line,) = rows_of(on_day_1, "visits_fee", "p2", "2011-03")
    assert (line.kind, line.person, line.element, str(line.date)) == ("claim line", "bob", "2/1", "2011-03-01")
    assert (line.price, line.amount) == (None, 14_410_000_000_000)
    (event,) = rows_of(on_day_1, "plans", "p1", "2011-04")
    assert (event.kind, event.element, event.price) == ("event", "e2", 100 * ONE)
    (whole,) = rows_of(on_day_1, "bonus", "p1", "2011")
    assert (whole.kind, whole.person, whole.amount) == ("practice", "", 10 * ONE)


def test_a_back_up_that_does_not_tie_is_refused(on_day_1: Settlement) -> None:
    wrong = tuple(evolve(p, amount=p.amount + ONE) if p.payment == "plans" else p for p in on_day_1.postings)
    with pytest.raises(Faulted, match="the back-up of `plans`"):
        list(backup(evolve(on_day_1, results=Kept(wrong, (), (), ()))))


def test_detail_is_written_only_if_asked_for(on_day_1: Settlement, tmp_path: Path) -> None:
    names = [path.name for path in write(on_day_1, tmp_path)]
    assert names == [
        "postings.csv", "participation.csv", "quantities.csv", "attribution.csv", "member_months.csv", "manifest.json",
    ]  # fmt: skip
    outputs = json.loads((tmp_path / "manifest.json").read_text("utf-8"))["outputs"]
    assert [each["file"] for each in outputs] == sorted(set(names) - {"manifest.json"})


# ------------------------------------------------------------------------- texts that differ in one clause


def settled_as(folder: Path, old: str, new: str, data: people.Tables, *, hold: bool = False) -> Settlement:
    """The settlement of the program with one clause changed."""
    text = people.text()
    assert text.count(old) == 1
    (folder / "grove.mh").write_text(text.replace(old, new), encoding="utf-8")
    plan = Compilation(folder / "grove.mh").plan
    return settle(plan, Dataset.from_rows(plan.schema, data), 2011, hold=hold)


def test_months_that_cannot_be_attributed_are_held(tmp_path: Path) -> None:
    data = people.tables()
    for row in data["eligibility"]:
        row["dual"] = None if row["person_id"] == "dan" else "no"
    change = ("when payer_order > 1", "when payer_order > 1 or dual")
    failed = settled_as(tmp_path, *change, data)
    assert ({found.code for found in failed.findings}, failed.postings) == ({"MH743"}, ())
    with pytest.raises(DiagnosticError, match="MH743"):
        write(failed, tmp_path / "out")
    assert not (tmp_path / "out").exists()

    write(settled_as(tmp_path, *change, data, hold=True), tmp_path / "out", detail=True)
    reasons = {(row["payer"], row["reason"]) for row in table(tmp_path / "out", "attribution.csv")}
    assert reasons == {("aetna", ""), ("aetna", "not_yet_refreshed"), ("aetna", "unattributed"), ("molina", "held")}


def test_a_part_of_the_months_is_in_the_amounts_of_members(tmp_path: Path) -> None:
    data = people.tables()
    data["practice_month"] = [
        {"practice_id": f"p{number}", "year_month": f"2011{month:02d}", "open": "yes" if month % 3 else "no"}
        for number in (1, 2, 3)
        for month in range(1, 13)
    ]
    old = "    gate some"
    new = "    participating in proportion to months\n    gate some"
    facts = 'facts of practice, month { open : yes/no }\n  participation { require open "Open" : open }\n  '
    (tmp_path / "grove.mh").write_text(
        people.text().replace(old, new).replace("facts of member", f"{facts}facts of member"), encoding="utf-8"
    )
    plan = Compilation(tmp_path / "grove.mh").plan
    settled = settle(plan, Dataset.from_rows(plan.schema, data), 2011)
    rows = rows_of(settled, "base", "p1", "2011-Q1")
    assert [(row.kind, row.units, row.amount) for row in rows] == [(MEMBER_MONTHS, 3 * ONE, 2_010 * ONE // 1000)]
    assert list(backup(settled))
    found = explain_member(settled, "aetna", "p1", "base", "2011-Q1", member="ann").member
    assert found is not None
    assert (found.lines[0].amount, found.lines[0].line_amount) == ("2.01", "2.01")
