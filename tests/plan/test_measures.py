"""Measures that make no sense, one small program each; and what measures become in a plan."""

from __future__ import annotations

import pytest

from mhrules.plan.measures import MeasurePlan
from tests.plan.bad import Bad, assert_bad, bad
from tests.plan.texts import ATTRIBUTION, lower, program, yearly

RULE = "unscored measures count as zero"
RATE = "rate count(visits where service = emergency) per 1_000 member months"
MEMBERS = "eligible when age >= 18; met when count(visits) > 0"


def measure(*parts: str, name: str = "m") -> str:
    """A measure of these parts."""
    return f'measure {name} "M" {{ {"; ".join(parts)} }}'


def wrong(name: str, code: str, message: str, underlined: str, help: str, *parts: str) -> Bad:
    """A measure of some parts, with one mistake."""
    return bad(name, code, message, underlined, (help,), RULE, ATTRIBUTION, measure(*parts))


CASES = [
    wrong(
        "nothing worked out",
        "MH371",
        "measure `m` does not say how it is worked out",
        "m",
        "say `reported`, `rate … per 1_000 member months`, `mean of …`, or `eligible when …; met when …`",
        "minimum 30",
    ),
    wrong(
        "nothing met",
        "MH371",
        "measure `m` does not say which of its eligible members meet it",
        "m",
        "add `met when …`",
        "eligible when age >= 18",
    ),
    wrong(
        "two kinds",
        "MH372",
        "`reported` and `rate … per 1_000 member months` are two measures",
        RATE,
        "keep one of them, or write two measures",
        "reported",
        RATE,
    ),
    wrong(
        "reported and met",
        "MH372",
        "`reported` and `met when …` are two measures",
        "met when age > 3",
        "keep one of them, or write two measures",
        "reported",
        "met when age > 3",
    ),
    wrong(
        "reported with conditions",
        "MH372",
        "`eligible when …` says nothing in a measure that is `reported`",
        "eligible when age >= 18",
        "leave it out, or say which members are `met when …`",
        "reported",
        "eligible when age >= 18",
    ),
    wrong(
        "a minimum twice",
        "MH372",
        "`minimum` stands twice in a measure",
        "minimum 40",
        "keep one of them",
        "reported",
        "minimum 30",
        "minimum 40",
    ),
    wrong(
        "target and bands",
        "MH373",
        "`target` and `stars` both say how the rate becomes points",
        "stars { below 50% : 1  otherwise : 2 }",
        "keep one of them",
        "reported",
        "target 70% worst 40%",
        "stars { below 50% : 1  otherwise : 2 }",
    ),
    wrong(
        "target equals worst",
        "MH373",
        "target and worst are equal, so there is nothing between them",
        "target 70% worst 70%",
        "leave `worst` out: then the target earns all points, and anything worse none",
        "reported",
        "target 70% worst 70%",
        "points 10",
    ),
    wrong(
        "the worst is better",
        "MH373",
        "the worst is better than the target, for higher is better in this measure",
        "target 180 worst 250",
        "exchange the two numbers, or add `lower is better`",
        RATE,
        "target 180 worst 250",
        "points 10",
    ),
    wrong(
        "the worst is lower where lower is better",
        "MH373",
        "the worst is better than the target, for lower is better in this measure",
        "target 250 worst 180",
        "exchange the two numbers, or leave out `lower is better`",
        RATE,
        "lower is better",
        "target 250 worst 180",
        "points 10",
    ),
    wrong(
        "a percentage of a rate",
        "MH373",
        "`5%` is %, and the measure is a plain number",
        "5%",
        "write it as a plain number",
        RATE,
        "target 5%",
        "points 10",
    ),
    wrong(
        "a target beyond all",
        "MH373",
        "`70` can never be reached: the measure lies between 0% and 100%",
        "70",
        "write a percentage, as in `target 70%`",
        MEMBERS,
        "target 70",
        "points 10",
    ),
    wrong(
        "dollars of a share",
        "MH373",
        "`$5` is $, and the measure is a plain number",
        "$5",
        "write a percentage",
        MEMBERS,
        "bands { below $5 : 1  otherwise : 2 }",
    ),
    wrong(
        "bands without otherwise",
        "MH374",
        "the bands do not cover every rate",
        "bands { below 50% : 0  below 70% : 5 }",
        "end them in one `otherwise : …`",
        "reported",
        "bands { below 50% : 0  below 70% : 5 }",
    ),
    wrong(
        "bands out of order",
        "MH374",
        "the bands are not in order, so one of them is never reached",
        "bands { below 70% : 0  below 50% : 5  otherwise : 10 }",
        "begin with the lowest rate",
        "reported",
        "bands { below 70% : 0  below 50% : 5  otherwise : 10 }",
    ),
    wrong(
        "a band of money",
        "MH374",
        "`below 50% : $5` is no band of a measure",
        "below 50% : $5",
        "write fixed numbers, as in `below 50% : 5`",
        "reported",
        "bands { below 50% : $5  otherwise : 10 }",
    ),
    wrong(
        "points for nothing",
        "MH375",
        "measure `m` has points and does not say for which rates",
        "points 10",
        "add `target … worst …`, or `bands { below … : …  otherwise : … }`",
        "reported",
        "points 10",
    ),
    wrong(
        "no points",
        "MH375",
        "`points 0` is no number of points",
        "points 0",
        "write a number above 0, as in `points 10`",
        "reported",
        "target 70%",
        "points 0",
    ),
    wrong(
        "a band above all points",
        "MH375",
        "a band earns 12 points, and the measure has 10",
        "bands { below 50% : 0  otherwise : 12 }",
        "raise `points`, or leave it out: then the best band earns all there are",
        "reported",
        "bands { below 50% : 0  otherwise : 12 }",
        "points 10",
    ),
    wrong(
        "told apart by a number",
        "MH376",
        "`age` is a plain number, and members are told apart by a code, a text or yes/no",
        "age",
        "name a fact of members, `line`, `gender`, or a key",
        MEMBERS,
        "stratified by age",
    ),
    wrong(
        "nobody to tell apart",
        "MH376",
        "a measure that is `reported` is not worked out from members that could be told apart",
        "stratified by gender",
        "leave `stratified` out",
        "reported",
        "stratified by gender",
    ),
    wrong(
        "half pooled",
        "MH377",
        "one part of the numerator is of all payers, another of one, so no member months fit both",
        "count(visits) across payers",
        "say `across payers` in each part, or in none",
        "rate count(visits) across payers + count(visits) per 1_000 member months",
    ),
    bad(
        "a misspelt name",
        "MH201",
        "nothing here is called `servce`",
        "servce",
        ("did you mean `service`?",),
        RULE,
        ATTRIBUTION,
        measure("rate count(visits where servce = emergency) per 1_000 member months"),
    ),
    bad(
        "a measure of itself",
        "MH410",
        "`one` is defined by itself: one → two → one",
        "one",
        ("take one of these names out of the definition that closes the circle",),
        RULE,
        measure("composite of two", name="one"),
        measure("improvement of one on own prior year", name="two"),
    ),
    bad(
        "reported by contract year",
        "MH405",
        "`m` is reported for periods of the calendar, not for contract years",
        "m",
        ("read it in a clause that follows the calendar",),
        RULE,
        measure("reported"),
        yearly("pays if prior_year(m + reached) default 0 > 1 then $1 else $2"),
    ),
    bad(
        "of members who are not attributed",
        "MH364",
        "the program asks for members, and does not say how members come to practices",
        "m",
        ("add an `attribution { every … first … }` clause",),
        RULE,
        measure(MEMBERS),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_measure_that_makes_no_sense(case: Bad) -> None:
    assert_bad(case)


# ------------------------------------------------------------------------------------------------ good


def plans(*clauses: str) -> dict[tuple[str, str, bool], MeasurePlan]:
    """The measures of a program without errors, by name, period and whether payers are pooled."""
    lowered, found = lower(program(RULE, ATTRIBUTION, *clauses))
    assert [f"{d.code}: {d.message}" for d in found if d.code < "MH431"] == []
    assert lowered is not None
    return {plan.key: plan for plan in lowered.plan.measures}


def test_a_measure_is_worked_out_in_the_period_of_the_clause_that_reads_it() -> None:
    half = 'payment p "P" { per practice per half_year; pays $1 per point * sum(points over measures) }'
    assert list(plans(measure("reported"), half)) == [("m", "half_year", False)]


def test_a_measure_that_nothing_reads_is_worked_out_for_the_year() -> None:
    assert list(plans(measure("reported"))) == [("m", "year", False)]


def test_what_a_measure_rests_on_is_not_published_in_that_period() -> None:
    found = plans(measure("reported"), measure("improvement of m on own prior year", name="better"), yearly_points())
    assert {key[:2]: plan.read for key, plan in found.items()} == {("m", "year"): True, ("better", "year"): True}
    sets = "measures quality { core better }"
    half = 'payment p "P" { per practice per half_year; pays $1 per point * sum(points over quality) }'
    found = plans(measure("reported"), measure("improvement of m on own prior year", name="better"), sets, half)
    assert {key[:2]: plan.read for key, plan in found.items()} == {
        ("better", "half_year"): True,
        ("m", "half_year"): False,
        ("m", "year"): True,
    }


def yearly_points() -> str:
    """A payment that reads the points of all measures."""
    return yearly("pays $1 per point * sum(points over measures)")


@pytest.mark.parametrize(
    ("read", "grain"),
    [
        ("sum(points over measures)", ("payer", "practice", "year")),
        ("sum(points over measures) across payers", ("practice", "year")),
        ("m default 0", ("payer", "practice", "year")),
        ("count(measures where met)", ("payer", "practice", "year")),
    ],
)
def test_the_keys_of_what_is_read_of_measures(read: str, grain: tuple[str, ...]) -> None:
    lowered, _ = lower(program(RULE, measure("reported"), f'report r "R" = {read}'))
    assert lowered is not None
    assert lowered.plan.reports[0].quantity.grain == grain


def test_pooled_points_of_chosen_measures_are_still_those_of_each_payer() -> None:
    menu = "measures { core m; menu n }"
    text = program(
        RULE,
        measure("reported"),
        measure("reported", name="n"),
        menu,
        'report r "R" = sum(points over measures) across payers',
    )
    lowered, _ = lower(text)
    assert lowered is not None
    assert lowered.plan.reports[0].quantity.grain == ("payer", "practice", "year")


def test_reported_measures_ask_data_for_their_table() -> None:
    lowered, _ = lower(program(RULE, measure("reported")))
    assert lowered is not None
    table = lowered.plan.schema.table("measure_result")
    assert table.required
    assert {column.name: column.may_be_left_out for column in table.columns} == {
        "numerator": False,
        "denominator": False,
    }


def test_an_unread_program_asks_for_no_results() -> None:
    lowered, _ = lower(program(RULE, ATTRIBUTION, measure(MEMBERS)))
    assert lowered is not None
    assert "measure_result" not in {table.name for table in lowered.plan.schema.tables}
    assert "eligibility" in lowered.plan.schema.population
