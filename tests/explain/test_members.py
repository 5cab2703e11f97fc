"""Explanations of lines that members, claims and events make: they tie, name nobody unasked, and say who is where."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mhrules.compiler import Compilation
from mhrules.data.dataset import Dataset
from mhrules.diagnostics.model import DiagnosticError
from mhrules.exact import ONE, from_text
from mhrules.explain.as_json import from_json, to_json
from mhrules.explain.model import Explanation, Why
from mhrules.explain.text import render_text
from mhrules.explain.tree import explain
from mhrules.settle.backup import backup
from mhrules.settle.ledger import Settlement
from tests.interpreted import settle
from tests.settle import people

PEOPLE = re.compile(r"\b(ann|bob|cat|dan|eve|gus)\b")


@pytest.fixture(scope="module")
def settlement(tmp_path_factory: pytest.TempPathFactory) -> Settlement:
    return people.settled(tmp_path_factory.mktemp("day"))


@pytest.fixture(scope="module")
def by_days(tmp_path_factory: pytest.TempPathFactory) -> Settlement:
    return people.settled(tmp_path_factory.mktemp("days"), "in proportion to days")


def lines(settlement: Settlement) -> list[tuple[str, str, str]]:
    return sorted({(p.payer, p.practice, p.payment) for p in settlement.postings})


def step(explanation: Explanation, kind: str) -> list[Why]:
    return [why for line in explanation.lines for why in line.why.walk() if why.kind == kind]


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("which", ["settlement", "by_days"])
def test_every_posting_ties(which: str, deep: bool, request: pytest.FixtureRequest) -> None:
    settled: Settlement = request.getfixturevalue(which)
    for asked in lines(settled):
        found = explain(settled, *asked, deep=deep)
        own = sum(p.amount for p in settled.postings if (p.payer, p.practice, p.payment) == asked)
        assert sum(from_text(line.amount) for line in found.lines) == own
        for line in found.lines:
            parts = [why.worth for why in line.why.steps if why.kind == "part"]
            assert not parts or sum(from_text(p.exact) for p in parts if p) == from_text(line.amount)
        text = render_text(found)
        assert [row for row in text.splitlines() if len(row) > 80] == []
        assert from_json(to_json(found)) == found


def test_people_are_named_only_in_depth(settlement: Settlement) -> None:
    shallow = [to_json(explain(settlement, *asked)) for asked in lines(settlement)]
    assert [PEOPLE.findall(text) for text in shallow] == [[]] * len(shallow)
    assert PEOPLE.findall(render_text(explain(settlement, "aetna", "p2", "fee", "2011-04", deep=True)))


def test_members_by_price(settlement: Settlement) -> None:
    found = explain(settlement, "aetna", "p2", "fee", "2011-04", deep=True)
    (part,) = (why for why in found.lines[0].why.steps if why.kind == "part")
    assert (part.title, part.worth and part.worth.text) == ("2 member months × $5.335 pmpm", "$10.67")
    assert part.says == ("2 members", "when risk = high : $5.335")
    assert [each.title for each in part.steps] == ["member bob: 1 member month", "member eve: 1 member month"]
    assert "fact" in [why.kind for why in part.steps[0].walk()]


def test_claim_lines_with_amounts_of_their_own(settlement: Settlement) -> None:
    found = explain(settlement, "aetna", "p1", "visits_fee", "2011-05", deep=True)
    assert [why.says for why in step(found, "units")] == [
        ("2 claim lines asked: billed by practice and code in office",)
    ]
    part, one = step(found, "part")
    assert part.says == ("$9.00 each, rounded to cents half up one by one",)
    assert one.title == "claim line 9/1 of ann, 2011-05-03"
    assert one.says == ("$9.0012 rounded to cents half up",)
    (fact,) = (why.fact for why in one.walk() if why.fact is not None)
    assert (fact.table, fact.column, fact.keys) == ("medical_claim", "allowed_amount", (("medical_claim", "9/1"),))


def test_an_event_left_out_by_a_limit_is_counted(settlement: Settlement) -> None:
    found = explain(settlement, "aetna", "p1", "plans", "2011-04")
    (units,) = step(found, "units")
    assert units.says == ("at most once per member per month, the first by date: 1 event left out",)
    assert [why.title for why in step(found, "part")] == ["1 event × $100.00 per event"]


def test_units_say_how_many_members_they_are(settlement: Settlement, by_days: Settlement) -> None:
    (units,) = step(explain(settlement, "aetna", "p2", "base", "2011-Q3"), "units")
    assert (units.says, units.fact) == (("sum over 3 months", "2 members attributed to the practice"), None)
    (units,) = step(explain(by_days, "aetna", "p2", "fee", "2011-08"), "units")
    assert units.worth is not None
    assert (units.worth.text, units.says) == (
        "1.483871 member months", ("2 members attributed to the practice, by days",),
    )  # fmt: skip


AGGREGATES = """
    pays (1% of sum(allowed over claims where code in office)) +
      $1 * count(members ever where count(visits where service = primary within 24 months) >= 1) +
      $1 * count(members where age < 30 and cost > $80) + $0 * young
"""


def test_aggregates_over_members_and_their_records(tmp_path: Path) -> None:
    text = people.text().replace("    pays $1 * young\n", AGGREGATES)
    (tmp_path / "grove.mh").write_text(text, encoding="utf-8")
    plan = Compilation(tmp_path / "grove.mh").plan
    settled = settle(plan, Dataset.from_rows(plan.schema, people.tables()), 2011)
    shallow, deep = (explain(settled, "aetna", "p1", "young_fee", "2011-05", deep=each) for each in (False, True))
    assert not PEOPLE.findall(to_json(shallow))
    claims = next(why for why in step(shallow, "aggregate") if why.title.startswith("sum(allowed"))
    assert (claims.says, claims.steps) == (("over 1 claim, 1 of them count",), ())
    at = [why.at for why in deep.lines[0].why.walk() if why.at]
    assert "claim `9/2` of `ann`, 2011-05-03" in at
    assert "visit `6/1` of `ann`, 2010-09-01" in at
    facts = {why.title: why.fact for why in deep.lines[0].why.walk() if why.fact is not None}
    assert (facts["age"].table, facts["age"].column) == ("member", "birth_date")
    (cost,) = (why for why in deep.lines[0].why.walk() if why.title == "cost")
    assert (cost.worth and cost.worth.exact, cost.says) == ("85.01", ("medical and pharmacy, allowed, in 2011-05",))
    assert [row for row in render_text(deep).splitlines() if len(row) > 80] == []


# ------------------------------------------------------------------------------------------- one member


@pytest.mark.parametrize("which", ["settlement", "by_days"])
def test_the_members_of_a_line_add_up_to_it(which: str, request: pytest.FixtureRequest) -> None:
    settled: Settlement = request.getfixturevalue(which)
    for asked in lines(settled):
        if asked[2] not in ("visits_fee", "plans"):
            continue
        total = 0
        for person in ("ann", "bob", "cat", "dan", "eve", "gus"):
            found = explain(settled, *asked, member=person).member
            assert found is not None
            total += sum(from_text(line.amount) for line in found.lines)
        assert total == sum(p.amount for p in settled.postings if (p.payer, p.practice, p.payment) == asked)


def test_a_member_of_a_line(settlement: Settlement) -> None:
    found = explain(settlement, "aetna", "p2", "fee", "2011-04", member="eve")
    member = found.member
    assert member is not None
    assert member.headline == "member eve is in 1 of 1 line, with $5.335: fee of practice p2 by aetna"
    (part,) = member.lines[0].parts
    assert (part.units, part.price, part.amount, member.lines[0].line_amount) == ("1", "5.335", "5.335", "10.67")
    (stay,) = member.stays
    assert (stay.first, stay.last, stay.practice, stay.refreshed_on) == ("2011-04", "2011-06", "p2", "2011-04-01")
    assert stay.says == ("by plurality, refreshed on 2011-04-01, a tie with `p1`, decided by most recent visit",)
    assert [[c.practice for c in tried.candidates] for tried in stay.tried] == [[], ["p2", "p1"]]
    winner = stay.tried[1].candidates[0]
    assert (winner.weight, winner.latest) == ("1 day with a visit", "2010-04-01")
    assert [(visit.id, visit.date, visit.service) for visit in winner.visits] == [("8/1", "2010-04-01", "primary")]
    assert from_json(to_json(found)) == found


@pytest.mark.parametrize(
    ("payer", "practice", "person", "period", "reason", "says"),
    [
        ("aetna", "p1", "bob", "2011-01", "not_counted", "enrolled 2011-02-01 to 2011-08-15"),
        ("aetna", "p1", "bob", "2011-03", "not_yet_refreshed", "did not count in the month of the last refresh"),
        ("aetna", "p1", "gus", "2011-03", "unattributed", "no method finds a practice on 2011-01-01"),
        ("aetna", "p1", "cat", "2011-03", "not_counted", "never enrolled with `aetna`"),
        ("molina", "p2", "bob", "2011-03", "secondary", "excluded: Another payer pays first"),
        ("molina", "p3", "dan", "2011-06", "", "by selection, refreshed on 2011-04-01"),
        ("molina", "p2", "cat", "2011-06", "", "by selection, refreshed on 2011-04-01"),
    ],
)  # fmt: skip
def test_why_somebody_is_where(
    settlement: Settlement, payer: str, practice: str, person: str, period: str, reason: str, says: str
) -> None:
    member = explain(settlement, payer, practice, "fee", period, member=person).member
    assert member is not None
    assert (member.stays[0].reason, bool(member.lines[0].parts)) == (reason, not reason)
    assert says in " ".join(member.stays[0].says)


def test_a_member_of_another_practice(settlement: Settlement) -> None:
    found = explain(settlement, "aetna", "p2", "fee", "2011-03", member="ann")
    assert found.member is not None
    assert found.member.lines[0].says == ("not attributed to the practice in 2011-03",)
    assert found.member.stays[0].practice == "p1"
    text = render_text(found)
    assert "p1: 3 days with a visit, the latest on 2010-08-01" in text
    assert "2010-06-01 primary 1/1" in text
    assert [row for row in text.splitlines() if len(row) > 80] == []


def test_a_line_that_is_not_made_of_members(settlement: Settlement) -> None:
    for payment, period, says in (
        ("bonus", "2011", "the payment is made per practice, not for its members"),
        ("plans", "2011-04", "the person has no event in 2011-04"),
        ("base", "2011-Q2", "the line pays nobody: gated, some"),
    ):
        practice = "p3" if payment == "base" else "p2"
        found = explain(settlement, "aetna", practice, payment, period, member="bob").member
        assert found is not None
        assert found.lines[0].says == (says,)


@pytest.mark.parametrize(
    ("payment", "payer", "practice", "period", "person", "says"),
    [
        ("visits_fee", "aetna", "p1", "2011-03", "ann", "1 line in 2011-03 none is paid here: 1 of `hospital`"),
        ("visits_fee", "molina", "p2", "2011-03", "bob", "1 line in 2011-03 none is paid here: 1 of payer `aetna`"),
        ("visits_fee", "aetna", "p1", "2011-05", "eve", "the person has no claim line in 2011-05, and 2 in other"),
        ("plans", "aetna", "p1", "2011-05", "eve", "1 event in 2011-05 none is paid here: 1 of `p2`"),
        ("asked", "aetna", "p1", "2011-05", "ann", "none is paid here: 2 not as the payment's `where` asks"),
        ("asked", "aetna", "p2", "2011-03", "bob", "none is paid here: 1 while not attributed to the practice"),
        ("first", "aetna", "p1", "2011-04", "ann", "none is paid here: 2 after the first that is paid"),
    ],
)
def test_why_nothing_of_a_person_is_paid(
    tmp_path: Path, payment: str, payer: str, practice: str, period: str, person: str, says: str
) -> None:
    extra = """
  payment asked "Asked" {
    per claim line where code = "0"
    pays $1
  }
  payment first "First" {
    per event care_plan
    at most once per practice per month, first by date
    pays $1
  }
}
"""
    (tmp_path / "grove.mh").write_text(people.text().rstrip().removesuffix("}") + extra.lstrip("\n"), encoding="utf-8")
    plan = Compilation(tmp_path / "grove.mh").plan
    tables = people.tables()
    if payment == "first":
        early = {"event_id": "e0", "person_id": "gus", "practice_id": "p1", "event_date": "2011-04-01", "kind": "new"}
        tables["event_care_plan"].append(early)
    settled = settle(plan, Dataset.from_rows(plan.schema, tables), 2011)
    explained = explain(settled, payer, practice, payment, period, member=person)
    assert explained.member is not None
    (told,) = explained.member.lines[0].says
    assert says in told
    assert [row for row in render_text(explained).splitlines() if len(row) > 80] == []


def test_a_person_whom_nobody_knows(settlement: Settlement) -> None:
    with pytest.raises(DiagnosticError, match="MH750: the data have no person `anne`") as raised:
        explain(settlement, "aetna", "p1", "fee", member="anne")
    assert raised.value.diagnostics[0].help == ("did you mean `ann`?",)


def test_a_program_without_members_has_none_to_ask_for(tmp_path: Path) -> None:
    from tests.explain import cases

    with pytest.raises(DiagnosticError, match="MH752"):
        explain(cases.pilot(), "acme", "p1", "care", member="ann")


def test_amounts_are_exact(settlement: Settlement) -> None:
    found = explain(settlement, "aetna", "p2", "base", "2011-Q2", member="bob").member
    assert found is not None
    assert from_text(found.lines[0].amount) == 3_015 * ONE // 1000
    assert found.lines[0].line_amount == "5"


@pytest.mark.parametrize("months", ["when attributed and enrolled on day 1", "in proportion to days"])
def test_a_roster_is_of_its_own_month(tmp_path: Path, months: str) -> None:
    text = people.text(months).replace("    per member per month\n", "    per member per month on roster of quarter\n")
    (tmp_path / "grove.mh").write_text(text, encoding="utf-8")
    plan = Compilation(tmp_path / "grove.mh").plan
    settled = settle(plan, Dataset.from_rows(plan.schema, people.tables()), 2011)
    assert list(backup(settled))
    found = explain(settled, "aetna", "p2", "fee", "2011-09", member="bob")
    (units,) = step(found, "units")
    how_many = "2 members attributed to the practice" + ", by days" * ("days" in months)
    assert units.says == ("the roster of 2011-07", how_many)
    assert found.member is not None
    assert (found.member.lines[0].amount, found.member.lines[0].says) == ("5.335", ("the roster of 2011-07",))
    assert [(stay.first, stay.practice) for stay in found.member.stays] == [("2011-07", "p2")]
