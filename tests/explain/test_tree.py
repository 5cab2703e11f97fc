"""Explanations as data: they tie to what was posted, survive JSON, and refuse what is not there."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from mhrules.data.binding import read_binding
from mhrules.data.load import load
from mhrules.diagnostics.model import Diagnostic, DiagnosticError
from mhrules.exact import from_text
from mhrules.explain.as_json import from_json, to_json
from mhrules.explain.model import Explanation, Why
from mhrules.explain.tree import explain
from mhrules.settle.ledger import CREDITED, HELD, PAID, Kept, Settlement
from tests.explain import cases
from tests.interpreted import settle

DATA = cases.ROOT.parent / "shared" / "data" / "mssp"
PROGRAM = cases.ROOT / "programs" / "mssp"


def step(why: Explanation, title: str, line: int = 0) -> Why:
    """The first step of that title."""
    return next(found for found in why.lines[line].why.walk() if found.title == title)


def refused(settlement: Settlement, *asked: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(DiagnosticError) as error:
        explain(settlement, *asked)
    return error.value.diagnostics


def assert_ties(settlement: Settlement, *, deep: bool = False) -> int:
    """Every posting is explained, its tree leads to its amount, and references lead back to steps before."""
    lines = [each for each in settlement.postings if each.status != CREDITED]
    for posting in lines:
        found = explain(settlement, posting.payer, posting.practice, posting.payment, posting.period, deep=deep)
        root = found.lines[0].why
        if posting.status == HELD:
            assert root.worth is None
        else:
            assert root.worth is not None
            assert from_text(root.worth.exact) == posting.amount
        steps = list(root.walk())
        assert [each.number for each in steps] == list(range(1, len(steps) + 1))
        assert all(each.see < each.number for each in steps)
        assert all(not each.steps for each in steps if each.see)
    return len(lines)


# ------------------------------------------------------------------------------------------- what it holds


def test_a_fact_has_its_table_column_and_key() -> None:
    why = explain(cases.mssp(2014, **ACO), "medicare", "a1", "shared_savings")
    fact = step(why, "benchmark").fact
    assert fact is not None
    assert (fact.table, fact.column, fact.keys) == ("aco_year", "benchmark", (("aco", "a1"), ("year", "2014")))


ACO = {
    "track": "track_1",
    "benchmark": 100_000_000,
    "expenditure": 90_000_000,
    "minimum_rate": "0.025",
    "published_rate": "0.45",
}


def test_a_dated_fact_has_the_day_it_was_read_on() -> None:
    why = explain(cases.rhode_island(True, True, True), "bcbsri", "p1", "care_management", "2009-10")
    fact = step(why, "ncqa_level").fact
    assert fact is not None
    assert fact.on == "2009-10-01"


def test_a_parameter_says_since_when_and_by_whom() -> None:
    why = explain(cases.pilot(), "acme", "p1", "care", "2012-07")
    parameter = step(why, "pays").parameter
    assert parameter is not None
    assert (parameter.since, parameter.by, str(parameter.place)) == ("2012-07-01", "contract acme_c", "acme.mh:6")
    assert parameter.place.text == "set fee = $5.25 from 2012-07-01"


def test_what_is_read_twice_is_explained_once() -> None:
    why = explain(cases.mssp(2014, **ACO), "medicare", "a1", "shared_savings")
    first, *others = [found for found in why.lines[0].why.walk() if found.title == "savings"]
    assert first.see == 0
    assert first.steps
    assert [(found.see, found.steps) for found in others] == [(first.number, ())] * len(others)


def test_a_rounded_quotient_is_short_for_people_and_exact_for_programs() -> None:
    ratio = step(explain(cases.pilot(), "acme", "p1", "third"), "ratio")
    assert ratio.worth is not None
    assert (ratio.worth.text, ratio.worth.exact) == ("3.333333…", "3.333333333333")
    assert ratio.says == ("rounded to 12 places",)


def test_an_aggregate_is_a_leaf_and_deep_opens_it() -> None:
    asked = ("bcbsri", "p1", "care_management", "2009-10")
    settlement = cases.rhode_island(True, True, True)
    shallow, deep = (
        step(explain(settlement, *asked, deep=each), "count(members) across payers") for each in (False, True)
    )
    assert (shallow.kind, shallow.says, shallow.steps) == ("aggregate", ("over 4 payers",), ())
    values = [each.worth.exact for each in deep.steps if each.worth is not None]
    assert sorted(values) == ["0", "0", "0", "2000"]


def test_a_baseline_shows_its_weights_and_years() -> None:
    found = step(explain(cases.years(), "acme", "p1", "improvement"), "baseline(profit)")
    assert found.says == ("10% of 2008 + 30% of 2009 + 60% of 2010",)
    values = [(each.at, Fraction(each.worth.exact)) for each in found.steps if each.worth is not None]
    assert values == [("2008", 100), ("2009", 200), ("2010", 400)]
    assert found.worth is not None
    assert Fraction(found.worth.exact) == sum(
        weight * value
        for weight, (_, value) in zip((Fraction(1, 10), Fraction(3, 10), Fraction(6, 10)), values, strict=True)
    )


def test_a_month_without_a_row_is_not_a_row_of_zero() -> None:
    lines = explain(cases.years(), "acme", "p1", "care").lines
    units = [next(each for each in line.why.walk() if each.kind == "units") for line in lines[:4]]
    assert [(each.worth.exact, each.says) for each in units if each.worth is not None] == [
        ("1000", ()),
        ("0", ("no row, so 0",)),
        ("2000", ()),
        ("0", ()),
    ]


def test_support_stands_where_the_figure_is() -> None:
    why = explain(cases.rhode_island(False, True, True), "bcbsri", "p1", "care_management", "2009-10")
    texts = {(each.kind, each.text) for found in why.lines[0].why.walk() for each in found.support}
    assert ("assumed", "targets 2 and 3 met, 1 missed: the contract is silent") in texts


def test_a_held_line_says_what_is_not_known() -> None:
    settlement = cases.pilot(hold=True, year=2013)
    line = explain(settlement, "acme", "p1", "bonus").lines[0]
    assert (line.status, line.reason, line.why.worth) == ("held", "MH701", None)
    assert any("table `payer_year` has no row" in says for found in line.why.walk() for says in found.says)


def test_a_failed_settlement_is_explained_all_the_same() -> None:
    settlement = cases.pilot(year=2013)
    assert settlement.postings == ()
    why = explain(settlement, "acme", "p1", "bonus")
    assert not why.lines[0].posted
    assert why.notes == ("the settlement failed, so nothing is posted; this is what the line comes to",)


def test_a_split_adds_up() -> None:
    parts = [each for each in explain(cases.pilot(), "acme", "p1", "bonus").lines[0].why.walk() if each.kind == "part"]
    assert sum(Fraction(each.worth.exact) for each in parts if each.worth is not None) == 1000


def test_credits_stand_beside_the_line() -> None:
    why = explain(cases.pilot(), "acme", "p1", "care")
    assert [line.credits for line in why.lines[:3]] == [("-3000.00",), ("-2000.00",), ()]
    assert why.headline.endswith("; $37,000.00 after credits")


# -------------------------------------------------------------------------------------------------- ties


def test_a_line_that_does_not_tie_is_an_internal_error() -> None:
    settlement = cases.washington(0)
    wrong = tuple(evolve(each, amount=each.amount + 1) for each in settlement.postings)
    found = refused(evolve(settlement, results=Kept(wrong, (), (), ())), "aetna", "p1", "settlement")
    assert [each.code for each in found] == ["MH999"]


@pytest.mark.parametrize("deep", [False, True])
def test_every_posting_of_the_small_programs_ties(deep: bool) -> None:
    settlements = [
        cases.pilot(),
        cases.pilot(hold=True, year=2013),
        cases.washington(50_000),
        cases.washington(1, year=2012),
        cases.rhode_island(True, False, True),
        cases.years(),
    ]
    assert sum(assert_ties(each, deep=deep) for each in settlements) > 100


@settings(max_examples=25)
@given(
    spent=st.integers(0, 200_000_000_00),
    track=st.sampled_from(["track_1", "track_1_plus", "track_2", "track_3", "basic_b", "enhanced"]),
    rate=st.none() | st.integers(0, 10**9),
    quality=st.none() | st.integers(0, 10**9),
    adjustment=st.none() | st.integers(-(10**9), 0),
    year=st.sampled_from([2014, 2018, 2019, 2021]),
)
def test_generated_organizations_tie(
    *, spent: int, track: str, rate: int | None, quality: int | None, adjustment: int | None, year: int
) -> None:
    settlement = cases.mssp(
        year,
        track=track,
        benchmark=100_000_000,
        expenditure=f"{spent // 100}.{spent % 100:02d}",
        minimum_rate="0.02",
        published_rate=None if rate is None else f"{rate // 10**9}.{rate % 10**9:09d}",
        quality_score=None if quality is None else f"{quality // 10**9}.{quality % 10**9:09d}",
        disaster_adjustment=None if adjustment is None else f"-{-adjustment // 100}.{-adjustment % 100:02d}",
    )
    assert assert_ties(settlement) == 2


def test_every_posting_of_the_shared_savings_program_ties() -> None:
    if not DATA.is_dir():
        pytest.skip("the shared data folder is absent")
    settlement = _shared(2021)
    assert assert_ties(settlement) == 950
    assert any(each.status == PAID and each.amount for each in settlement.postings)


def _shared(year: int) -> Settlement:
    path = Path(PROGRAM / "mssp.mh")
    plan = cases.plan_of((path.name, path.read_text(encoding="utf-8")))
    return settle(plan, load(plan.schema, DATA, read_binding(PROGRAM / "binding.toml")), year)


# -------------------------------------------------------------------------------------------------- JSON


def test_json_and_back() -> None:
    for why in (
        explain(cases.mssp(2014, **ACO), "medicare", "a1", "shared_savings"),
        explain(cases.rhode_island(True, True, True), "bcbsri", "p1", "care_management", deep=True),
        explain(cases.pilot(), "acme", "p1", "care"),
        explain(cases.pilot(hold=True, year=2013), "acme", "p1", "bonus"),
    ):
        assert from_json(to_json(why)) == why


def test_the_shape_of_the_json() -> None:
    document = json.loads(to_json(explain(cases.mssp(2014, **ACO), "medicare", "a1", "shared_savings")))
    assert document["format"] == 1
    line = document["lines"][0]
    assert (line["period"], line["status"], line["amount"], line["credits"]) == ("2014", "paid", "4410000.00", [])
    gate = line["why"]["steps"][0]
    assert set(gate) == {
        "number",
        "see",
        "kind",
        "title",
        "formula",
        "value",
        "says",
        "at",
        "place",
        "support",
        "fact",
        "parameter",
        "steps",
    }
    assert (gate["kind"], gate["see"], gate["place"]["file"]) == ("gate", None, "mssp.mh")


def test_json_of_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="another format"):
        from_json('{"format": 2}')


# ---------------------------------------------------------------------------------------------- refusals


def test_unknown_names_are_all_reported_with_what_was_meant() -> None:
    found = refused(cases.pilot(), "acm", "p9", "bonuss")
    assert [(each.code, each.message, each.help) for each in found] == [
        ("MH733", "program `pilot` has no payer `acm`", ("did you mean `acme`?",)),
        ("MH734", "the facts have no practice `p9`", ("did you mean `p1`?",)),
        ("MH735", "program `pilot` has no payment `bonuss`", ("did you mean `bonus`?",)),
    ]


@pytest.mark.parametrize(
    ("payment", "period", "message", "help"),
    [
        (
            "care",
            "2012-13",
            "`care` is posted each month, and `2012-13` is no month of 2012",
            "did you mean `2012-03`? periods are `2012-01` to `2012-12`",
        ),
        ("bonus", "2013", "`bonus` is posted each year, and `2013` is no year of 2012", "periods are `2012`"),
    ],
)
def test_an_unknown_period(payment: str, period: str, message: str, help: str) -> None:
    (found,) = refused(cases.pilot(), "acme", "p1", payment, period)
    assert (found.code, found.message, found.help) == ("MH736", message, (help,))


@pytest.mark.parametrize(
    ("asked", "note"),
    [
        (("beta", "p1", "care", "2012-01"), "payer `beta` is in force from 2012-03"),
        (
            ("acme", "p1", "start", "2012-02"),
            "the payment is made once, in the first month in which the practice participates, and that was 2012-01",
        ),
    ],
)
def test_why_there_is_no_line(asked: tuple[str, ...], note: str) -> None:
    (found,) = refused(cases.pilot(), *asked)
    assert (found.code, found.notes) == ("MH737", (note,))


def test_a_practice_without_facts_of_the_year_has_no_line() -> None:
    path = PROGRAM / "mssp.mh"
    plan = cases.plan_of((path.name, path.read_text(encoding="utf-8")))
    rows = {"aco_year": [{"aco_id": "a1", "year": 2014, **ACO}, {"aco_id": "a2", "year": 2016, **ACO}]}
    (found,) = refused(cases.settled(plan, rows, 2016), "medicare", "a1", "shared_savings")
    assert found.message == "there is no line of `shared_savings` from `medicare` to aco `a1` in 2016"
    assert found.notes == ("aco `a1` has no facts of 2016; it has facts of 2014",)
