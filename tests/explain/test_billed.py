"""Lines of what a practice billed, explained from those records alone: the tree of all data, from a part of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mhrules.data.dataset import Dataset
from mhrules.engine.slices import PEOPLE, PRACTICE, Outside
from mhrules.explain import of_run
from mhrules.explain.of_run import explain_run
from mhrules.explain.tree import explain
from mhrules.settle.billed import BilledSlice
from mhrules.settle.kept_run import KeptRun
from mhrules.settle.ledger import Settlement
from mhrules.settle.run import settle
from mhrules.settle.slices import Slice
from tests.explain.cases import plan_of
from tests.explain.kept import differences, kept, lines
from tests.settle import people

YEAR = 2011
JANUARY = YEAR * 12
LINE = ("aetna", "p1", "visits_fee")
Tables = people.Tables
Row = dict[str, Any]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[KeptRun]:
    opened = kept(settled(people.tables()), tmp_path)
    yield opened
    opened.close()


def test_nothing_but_what_the_practice_billed_is_read(run: KeptRun) -> None:
    part, whole = BilledSlice(run, "p1"), Slice(run, "p1")
    assert [row[:2] for row in part.rows("medical_claim")] == [("9", 1), ("9", 2)]
    assert len(whole.rows("medical_claim")) > 2


@pytest.mark.parametrize(
    "ask",
    [
        lambda part: part.members("aetna", "p1", JANUARY),
        lambda part: part.outcomes("aetna", JANUARY),
        lambda part: part.done("p2", JANUARY),
        lambda part: part.done("p1", JANUARY + 12),
        lambda part: part.done("p1", JANUARY - 25),
    ],
)
def test_what_it_leaves_out_is_refused(run: KeptRun, ask: Callable[[BilledSlice], None]) -> None:
    with pytest.raises(Outside) as more:
        ask(BilledSlice(run, "p1"))
    assert more.value.what == PRACTICE


def test_what_another_practice_billed_needs_everybody(run: KeptRun) -> None:
    with pytest.raises(Outside) as more:
        BilledSlice(run, "p1").billed("p2")
    assert more.value.what == PEOPLE


def test_members_of_the_payer_may_be_there_in_full(run: KeptRun) -> None:
    part = BilledSlice(run, "p1", payer="aetna")
    part.members("aetna", "p1", JANUARY)
    part.outcomes("aetna", JANUARY)
    assert part.whole("ann")
    assert not part.whole("bob")
    assert len(part.rows("medical_claim")) == 7  # all of `ann`
    with pytest.raises(Outside):
        part.members("molina", "p1", JANUARY)


def test_one_more_person_is_there_in_full(run: KeptRun) -> None:
    part = BilledSlice(run, "p1", "bob")
    assert part.whole("bob")
    assert ("2", 1) in [row[:2] for row in part.rows("medical_claim")]


# ---------------------------------------------------------------------------------- the same lines, from less


@pytest.mark.parametrize("limit", ["once per member per month", "once per member per year"])
def test_one_period_rests_on_its_months(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    settlement = settled(people.tables(), people.text().replace("once per member per month", limit))
    run = kept(settlement, tmp_path)
    monkeypatch.setattr(of_run, "Slice", refused)
    for payer, practice, payment, period in [(*LINE, "2011-05"), ("aetna", "p1", "plans", "2011-04")]:
        line = payer, practice, payment
        found = explain_run(run, line, period)
        assert found.lines == explain(settlement, *line, period).lines
    run.close()


def test_one_person_is_judged_alone(run: KeptRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BilledSlice, "outcomes", refused)  # which everybody's would ask for
    told = explain_run(run, LINE, "2011-05", member="bob").member
    assert told is not None
    assert [stay.practice for stay in told.stays if stay.practice] == ["p2"]


def test_months_before_and_after_are_not_read(run: KeptRun) -> None:
    part = BilledSlice(run, "p1", months=range(JANUARY + 4, JANUARY + 5))
    part.done("p1", JANUARY + 4)
    assert len(part.rows("medical_claim")) == 2
    for month in (JANUARY + 3, JANUARY + 5):
        with pytest.raises(Outside):
            part.done("p1", month)
    assert BilledSlice(run, "p1", months=range(JANUARY, JANUARY + 1)).rows("medical_claim") == []


@pytest.mark.parametrize("member", [None, "ann", "bob", "gus", "nobody"])
def test_the_same_lines(tmp_path: Path, member: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert explained(people.tables(), tmp_path, monkeypatch, member=member) == []


def test_a_correction_says_another_practice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = people.tables()
    tables["medical_claim"].append(claim("9/1", entry="2", practice_id="p2", allowed="-5.00", on="2012-03-01"))
    assert explained(tables, tmp_path, monkeypatch) == []
    assert sum(post.amount for post in settled(tables).postings if (post.payer, post.practice, post.payment) == LINE)


def test_a_line_whose_first_entry_is_of_another_practice_needs_more(tmp_path: Path) -> None:
    tables = people.tables()
    tables["medical_claim"].append(claim("8/1", entry="2", person="eve", practice_id="p1", on="2011-03-01"))
    settlement = settled(tables)
    opened = kept(settlement, tmp_path)
    with pytest.raises(Outside):
        BilledSlice(opened, "p1").rows("medical_claim")
    assert list(differences(settlement, opened, lines(settlement))) == []
    opened.close()


@pytest.mark.parametrize("column", ["billing_npi", "billing_tin", "rendering_npi"])
def test_whatever_says_who_billed(column: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = people.tables()
    ids = {"p1": "1111111111", "p2": "2222222222"}
    for row in tables["medical_claim"]:
        row[column] = ids.get(row.pop("practice_id"))
        row["practice_id"] = None
    if column == "rendering_npi":
        tables["provider"] = [{"npi": npi, "practice_id": own, "from": "2009-01-01", "to": None}
                              for own, npi in ids.items()]  # fmt: skip
    else:
        for row in tables["practice"]:
            row[column.removeprefix("billing_")] = ids.get(row["practice_id"])
    assert explained(tables, tmp_path, monkeypatch) == []
    assert sum(post.amount for post in settled(tables).postings if (post.payer, post.practice, post.payment) == LINE)


def test_a_condition_on_members_adds_those_of_the_payer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = people.text().replace("code in office", "attributed and code in office")
    settlement = settled(people.tables(), text)
    run = kept(settlement, tmp_path)
    monkeypatch.setattr(of_run, "Slice", refused)
    assert list(differences(settlement, run, [LINE, ("aetna", "p2", "visits_fee")])) == []
    with pytest.raises(Outside):
        BilledSlice(run, "p1").outcomes("aetna", JANUARY)
    run.close()


@pytest.mark.parametrize("condition", ["age < 90 and attributed", "attributed"])
def test_those_who_are_only_billed_for_are_known_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, condition: str
) -> None:
    tables = people.tables()
    tables["medical_claim"].append(
        claim("20/1", entry="1", person="cat", practice_id="p1", on="2011-06-01") | {"payer": "molina"}
    )
    tables["event_care_plan"].append(
        tables["event_care_plan"][2] | {"event_id": "e4", "person_id": "cat", "practice_id": "p1"}
    )
    text = people.text().replace("code in office", f"{condition} and code in office")
    text = text.replace("per event care_plan", "per event care_plan where age < 90")
    settlement = settled(tables, text)
    run = kept(settlement, tmp_path)
    monkeypatch.setattr(of_run, "Slice", refused)
    assert list(differences(settlement, run, [("molina", "p1", "visits_fee"), ("molina", "p1", "plans")])) == []
    run.close()


def test_a_condition_on_everything_that_a_person_had(tmp_path: Path) -> None:
    count = "count(visits where service = primary within 12 months) >= 1"
    settlement = settled(people.tables(), people.text().replace("code in office", f"code in office and {count}"))
    run = kept(settlement, tmp_path)
    assert list(differences(settlement, run, lines(settlement))) == []
    run.close()


def test_a_look_back_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    count = "count(visits where billed by practice within 5 months)"
    extra = f'  payment back "Looking back" {{\n    per practice per year\n    pays $1 per visit * {count}\n  }}\n'
    settlement = settled(people.tables(), people.text().rstrip().removesuffix("}") + extra + "}\n")
    run = kept(settlement, tmp_path)
    assert {row[0] for row in BilledSlice(run, "p1").rows("medical_claim")} == {"5", "9"}
    assert list(differences(settlement, run, lines(settlement))) == []
    run.close()


# ------------------------------------------------------------------------------------------------------- helpers


def settled(tables: Tables, text: str = "") -> Settlement:
    plan = plan_of(("grove.mh", text or people.text()))
    return settle(plan, Dataset.from_rows(plan.schema, tables), YEAR, engine="duckdb")


def claim(line: str, *, entry: str, person: str = "ann", practice_id: str, allowed: str = "1.00", on: str) -> Row:
    """One more entry of a line."""
    number, at = line.split("/")
    return {
        "claim_id": number,
        "claim_line_number": at,
        "entry_number": entry,
        "person_id": person,
        "payer": "aetna",
        "claim_start_date": on,
        "practice_id": practice_id,
        "service": "primary",
        "hcpcs_code": "99213",
        "allowed_amount": allowed,
        "paid_amount": allowed,
    }


def explained(tables: Tables, folder: Path, monkeypatch: pytest.MonkeyPatch, *, member: str | None = None) -> list[str]:
    """What differs in lines of what was billed, from slices that hold nothing else."""
    settlement = settled(tables)
    run = kept(settlement, folder)
    monkeypatch.setattr(of_run, "Slice", refused)
    asked = [line for line in lines(settlement) if line[2] in ("visits_fee", "plans")]
    assert asked
    found = list(differences(settlement, run, asked, member=member))
    run.close()
    return found


def refused(*asked: object, **more: object) -> None:
    raise AssertionError("a larger slice is asked for")
