"""Measures in an explanation: what the rate is made of, whether it is scored, and how it became points."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from mhrules.compiler import Compilation
from mhrules.data.dataset import Dataset
from mhrules.diagnostics.collect import Findings
from mhrules.explain.model import Why
from mhrules.explain.text import render_text
from mhrules.explain.tree import explain
from mhrules.plan.given import given_facts
from mhrules.settle.examples import asks_who
from mhrules.settle.ledger import Settlement
from mhrules.syntax import tree as t
from tests.interpreted import settle

BOUNDARIES = Path(__file__).resolve().parents[1] / "semantics" / "boundaries"


@cache
def settled(file: str, title: str, year: int = 2011) -> Settlement:
    """The settlement of a boundary example."""
    compiled = Compilation(BOUNDARIES / file)
    assert compiled.program is not None
    plan = compiled.plan
    example = next(e for e in compiled.program.node.walk() if isinstance(e, t.Example) and e.title == title)
    given = given_facts(example, compiled.program, plan.schema, Findings(), persons=asks_who(plan))
    return settle(plan, Dataset.from_rows(given.schema, given.rows), year, hold=True)


def measures(
    found: Settlement, payment: str, practice: str = "p1", *, period: str = "2011", deep: bool = False
) -> list[Why]:
    """The steps of measures in the explanation of aetna's line, which can be drawn."""
    why = explain(found, "aetna", practice, payment, period, deep=deep)
    assert all(len(line) <= 80 for line in render_text(why, 80).splitlines())
    return [step for step in why.lines[0].why.walk() if step.kind == "measure"]


def told(step: Why) -> tuple[str, str, tuple[str, ...]]:
    """Title, value and sentences of a step."""
    return step.title, "" if step.worth is None else step.worth.text, step.says


LINE = "points lie on a straight line from the worst to the target"
FEW = "exactly the minimum is enough, below it the measure leaves both points and possible points"


def test_a_rate_with_its_target() -> None:
    (step,) = measures(settled("11-measures.mh", LINE), "for_visits", "p2")
    assert told(step) == (
        "ed_visits: Emergency visits per 1,000",
        "5.555555… points",
        (
            "rate 23.333333…: 28 in 1,200 member months, per 1,000",
            "target 10, worst 40, lower is better",
            "5.555555… of 10 points",
        ),
    )
    assert [(s.title, s.worth.text if s.worth else "") for s in step.steps] == [
        ("numerator: emergencies", "28"),
        ("denominator", "1,200 member months"),
    ]


def test_a_measure_below_its_minimum() -> None:
    (step,) = measures(settled("11-measures.mh", FEW), "for_visits", "p2")
    assert told(step)[1:] == (
        "0 points",
        (
            "rate 0: 0 in 99 member months, per 1,000",
            "not scored: below minimum, at least 100 member months",
        ),
    )


def test_the_band_that_a_rate_is_in() -> None:
    found = settled("11-measures.mh", "bands, stars, and a target without a worst")
    (step,) = measures(found, "band", "p2")
    assert told(step) == ("diabetes: Diabetes", "5 points", ("rate 50%: 1 of 2", "below 70% : 5", "5 of 8 points"))
    numerator, denominator = step.steps
    assert numerator.fact is not None
    assert numerator.fact.keys == (("measure", "diabetes"), ("practice", "p2"), ("payer", "aetna"), ("period", "2011"))
    assert (numerator.title, denominator.title) == ("numerator", "denominator")


def test_the_period_of_the_result_that_counts_is_told() -> None:
    found = settled("11-measures.mh", "what is reported for the period counts, else what is reported for its year")
    for half, label in (("2011-H1", "2011-H1"), ("2011-H2", "2011")):
        (step,) = measures(found, "for_reports", period=half)
        assert step.steps[0].fact is not None
        assert dict(step.steps[0].fact.keys)["period"] == label


def test_an_improvement_tells_both_years() -> None:
    title = "improvement is this year's rate against the same practice's of the year before, in the better direction"
    found = measures(settled("11-measures.mh", title, 2012), "improved", period="2012")
    assert [(step.title.partition(":")[0], step.worth.text if step.worth else "") for step in found] == [
        ("better", "2 points"),
        ("ed_visits", "25"),
        ("ed_visits", "30"),
    ]
    assert found[0].says[0] == "better by 5 than the year before"


def test_a_percentile_tells_how_many_are_not_better() -> None:
    found = settled("11-measures.mh", "a percentile is the part of the scored practices that are not better")
    step = measures(found, "ranked", "p2")[0]
    assert told(step)[2] == ("rate 75%: 3 of 4", "target 75%, worst 25%, higher is better", "8 of 8 points")


def test_a_composite_tells_its_parts() -> None:
    found = settled("11-measures.mh", "a composite is the points of its parts over those they could earn")
    steps = measures(found, "combined")
    assert told(steps[0])[2][0] == "rate 75%: 6 of 8"
    assert {step.title.partition(":")[0] for step in steps} == {"whole", "screening", "flu"}


def test_pooled_measures_are_of_all_payers() -> None:
    found = settled("11-measures.mh", "across payers a rate is pooled through its numerator and its denominator")
    (step,) = measures(found, "pooled")
    assert (step.at, step.says[0]) == ("all payers", "rate 33.333333…: 42 in 1,260 member months, per 1,000")


def test_members_of_a_proportion_in_depth() -> None:
    found = settled("11-members.mh", "of those eligible and not excluded, the part that meets the condition")
    (step,) = measures(found, "for_children", deep=True)
    assert step.says[0] == "rate 33.3333…%: 1 of 3"
    numerator = step.steps[0]
    assert next((s.at, s.worth.text if s.worth else "") for s in numerator.steps) == ("member `ann`", "yes")


def test_a_measure_read_twice_is_told_once() -> None:
    found = settled("11-measures.mh", LINE)
    why = explain(found, "aetna", "p1", "rate_known", "2011")
    steps = [step for step in why.lines[0].why.walk() if step.kind == "measure"]
    assert [bool(step.see) for step in steps] == [False]
