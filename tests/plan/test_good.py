"""Each construct of the language lowers to a plan with the expected type, unit and keys."""

from __future__ import annotations

import pytest

from mhrules.exact import ONE, Rounding
from mhrules.plan import ir
from mhrules.semantics.types import unit_text
from mhrules.syntax.tree import Period
from tests.plan.texts import ATTRIBUTION, FACTS, lower, monthly, program, yearly

Y = ("practice", "year")
PY = ("payer", "practice", "year")
M = ("practice", "month")
PM = ("payer", "practice", "month")
OF_MEMBERS = "facts of member, year { due : $ }\n facts of member { home : text }"


def quantity(text: str, name: str) -> ir.Quantity:
    """A quantity of a program without findings."""
    lowered, found = lower(text)
    assert [f"{d.code}: {d.message}" for d in found if d.code not in ("MH431", "MH432", "MH433")] == []
    assert lowered is not None
    return next(q for q in lowered.plan.quantities if q.name == name)


def in_a_year(value: str, *clauses: str) -> ir.Quantity:
    """A value in a payment per practice per year."""
    clause = yearly(f"let v = {value}", 'gate asked "Asked" : known(v)', "pays $1")
    return quantity(program(*clauses, clause), "award.v")


def in_a_month(value: str, *clauses: str) -> ir.Quantity:
    """A value in a payment per member per month."""
    clause = monthly(f"let v = {value}", 'gate asked "Asked" : known(v)', "pays fee")
    return quantity(program(*clauses, clause), "extra.v")


@pytest.mark.parametrize(
    ("value", "kind", "grain"),
    [
        # section 3: grain
        ("benchmark", "$", Y),
        ("budget", "$", PY),
        ("tax_id", "a text", ("practice",)),
        ("pool", "$", ("payer", "year")),
        ("sum(benchmark over practices)", "$", ("year",)),
        ("sum(benchmark over practices of region)", "$", ("region", "year")),
        ("sum(region_pool over regions)", "$", ("year",)),
        ("sum(budget over payers)", "$", Y),
        ("sum(budget over practices) across payers", "$", ("year",)),
        ("sum(line_cost over lines)", "$", Y),
        ("sum(line_cost over lines where line = medicaid)", "$", Y),
        ("sum(visits_made over months)", "a plain number", PY),
        ("count(practices where good)", "a plain number", ("year",)),
        ("any(practices where good)", "yes or no", ("year",)),
        ("every(good over practices)", "yes or no", ("year",)),
        ("average(benchmark over practices)", "$ or missing", ("year",)),
        ("share(practices where good)", "a plain number or missing", ("year",)),
        ("minimum(rate over practices)", "% or missing", ("year",)),
        ("percentile(90, rate over peers)", "% or missing", ("year",)),
        ("sum(adjustment over practices where known(adjustment))", "$", ("year",)),
        ("count(members on first day)", "a plain number", PY),
        ("count(average members)", "a plain number", PY),
        ("count(members on last day) across payers", "a plain number", Y),
        ("months_in_period", "a plain number", PY),
        # section 4: units
        ("benchmark - expenditure", "$", Y),
        ("$5.50 pmpm * member_months", "$", PY),
        ("fee * months_due", "$", Y),
        ("rate of benchmark", "$", Y),
        ("benchmark / months_due", "$ pmpm", Y),
        ("(benchmark - expenditure) / benchmark", "a plain number", Y),
        ("(1 - rate) * benchmark", "$", Y),
        ("1 - rate", "%", Y),
        ("score / 2", "a plain number", Y),
        ("score as %", "%", Y),
        ("rate * score", "a plain number", Y),
        ("-benchmark", "$", Y),
        ("benchmark rounded down to dollars", "$", Y),
        ("rate kept within 40% .. 60%", "%", Y),
        ("adjustment default $0", "$", Y),
        ("adjustment", "$ or missing", Y),
        ("if known(adjustment) then adjustment else $0", "$", Y),
        ("if known(adjustment) and (adjustment) > $5 then adjustment else $0", "$", Y),
        ("if not known(adjustment) then $0 else adjustment", "$", Y),
        ("track = basic", "yes or no", Y),
        ("basic = track", "yes or no", Y),
        ("(basic) = (track)", "yes or no", Y),
        ("if good then track else basic", "one of { basic, enhanced }", Y),
        ("choose { when good : track  otherwise : basic }", "one of { basic, enhanced }", Y),
        ('track = "basic"', "yes or no", Y),
        ("tier >= middle", "yes or no", Y),
        ("tier from low to middle", "yes or no", Y),
        ("(met / score rounded to 4 places) >= 70%", "yes or no", Y),
        ("site in office", "yes or no", Y),
        ("months_due > 100", "yes or no", Y),
        ("met in { 1, 2 }", "yes or no", Y),
        ("opened < 2011-07-01", "yes or no", ("practice",)),
        ("number met of good, good", "a plain number", Y),
        ("greatest($0, benchmark, expenditure)", "$", Y),
        # section 7: time
        ("level on first day", "a plain number", Y),
        ("recognized on last day", "yes or no", Y),
        ("falling at start of period", "%", PY),
        ("(falling * score) at end of period", "a plain number", PY),
        ("(own_fee * member_months) by month", "$", PY),
        ("visits_made at end of period", "a plain number", PY),
        ("contract_year at start of period", "a plain number", PY),
        ("target at end of period", "yes or no", PY),
        ("prior_year(benchmark)", "$", Y),
        ("prior_year(reached)", "a plain number", Y),
        ("prior_year(benchmark) default $0", "$", Y),
        ("program_year", "a plain number", ("year",)),
        ("total(care)", "$", PY),
        ("paid(care)", "$", PY),
        # section 8: deciding
        ("choose { when good : $1  when not good : $2 }", "$", Y),
        ("choose first { when known(quality) : quality  otherwise : 0 }", "%", Y),
        ("caps", "%", Y),
        ("caps of benchmark", "$", Y),
        ("interpolate sizes at score", "%", Y),
        ("bands rate { below 50% : 0  below 70% : 5  otherwise : 10 }", "a plain number", Y),
        ("greater of { improvement : $1\n absolute : $2 when good }", "$", Y),
        ("benchmark increased by { 15% when good  5% when met > 3 } adding", "$", Y),
        ("benchmark increased by { 15% when good  5% when met > 3 } compounding", "$", Y),
        ("$1.20 plus $0.08 for each full 5 score above 25, at most $2.39", "$", Y),
        ("$1.20 plus $0.08 for each $1_000 benchmark above $25_000", "$", Y),
        # section 12: dividing
        ("split pool among practices where good in proportion to score", "$", PY),
        ("split sum(benchmark over practices) equally among payers in force that month", "$", (*PY[0:1], "year")),
        ("share of pool by budget", "$", PY),
        ("share of region_pool by score", "$", ("practice", "region", "year")),
        ("pool the same for each payer", "$", ("payer", "year")),
    ],
)
def test_a_value_in_a_year(value: str, kind: str, grain: tuple[str, ...]) -> None:
    found = in_a_year(value)
    assert (str(found.expression.type), found.grain) == (kind, grain)


@pytest.mark.parametrize(
    ("value", "kind", "grain"),
    [
        ("falling", "%", ("month",)),
        ("own_fee", "$ pmpm", ("payer",)),
        ("level", "a plain number", M),
        ("benchmark", "$", M),
        ("visits_made", "a plain number", M),
        ("reached", "a plain number", M),
        ("contract_year", "a plain number", M),
        ("member_months", "member months", PM),
        ("count(members)", "a plain number", PM),
        ("count(members) across payers", "a plain number", M),
        ("prior_year(number met of target, target)", "a plain number", M),
        ("fee at start of period", "$ pmpm", ()),
        ("$1.20 pmpm plus $0.08 pmpm for each full 5 score above 25", "$ pmpm", M),
    ],
)
def test_a_value_in_a_month(value: str, kind: str, grain: tuple[str, ...]) -> None:
    found = in_a_month(value)
    assert (str(found.expression.type), found.grain) == (kind, grain)


# ------------------------------------------------------------------------------------------ how it is made


def test_a_rounding_on_a_quotient_is_its_only_rounding() -> None:
    found = in_a_year("benchmark / score rounded to cents").expression
    assert isinstance(found, ir.Arithmetic)
    assert (found.operator, found.places, found.rounding) == ("/", 2, Rounding.HALF_UP)


def test_of_binds_tighter_than_division() -> None:
    found = in_a_year("benchmark / rate of score").expression
    assert isinstance(found, ir.Arithmetic)
    assert (found.operator, found.right.span.text) == ("/", "rate of score")


def test_full_steps_are_counted_before_they_are_paid() -> None:
    found = in_a_year("$1 plus $2 for each full 5 score above 25").expression
    assert isinstance(found, ir.Arithmetic)
    steps = found.right
    assert isinstance(steps, ir.Arithmetic)
    count = steps.left
    assert isinstance(count, ir.Arithmetic)
    assert (count.operator, count.places, count.rounding) == ("/", 0, Rounding.DOWN)


def test_parts_of_a_step_are_multiplied_before_they_are_divided() -> None:
    found = in_a_year("$1 plus $2 for each 5 score above 25").expression
    assert isinstance(found, ir.Arithmetic)
    steps = found.right
    assert isinstance(steps, ir.Arithmetic)
    assert (steps.operator, isinstance(steps.left, ir.Arithmetic) and steps.left.operator) == ("/", "*")


def test_an_interpolated_row_holds_both_of_its_ends() -> None:
    found = in_a_year("interpolate sizes at score").expression
    assert isinstance(found, ir.Case)
    condition = found.rows[0].condition
    assert isinstance(condition, ir.Logic)
    operators = [part.operator for part in condition.operands if isinstance(part, ir.Compare)]
    bounds = [part.right.value for part in condition.operands if isinstance(part, ir.Compare)]  # type: ignore[attr-defined]
    assert (operators, bounds) == ([">=", "<="], [500 * ONE, 999 * ONE])


def test_a_share_of_a_regions_total_is_taken_within_the_region() -> None:
    found = in_a_year("share of region_pool by score").expression
    assert isinstance(found, ir.Arithmetic)
    whole = found.right
    assert isinstance(whole, ir.Aggregate)
    assert (whole.over, whole.same) == (("practice",), ("region",))


def test_a_share_paid_as_it_stands_may_go_to_each_payer() -> None:
    lowered, _ = lower(program(yearly("pays share of pool by budget", 'at most $5 cite "Law"')))
    assert lowered is not None
    assert lowered.plan.payments["award"].forms[""].pays in lowered.shared_totals


def test_prior_year_of_facts_by_contract_year_is_the_contract_year_before() -> None:
    by_contract = in_a_month("prior_year(reached)").expression
    by_calendar = in_a_month("prior_year(score)").expression
    assert isinstance(by_contract, ir.Read)
    assert isinstance(by_calendar, ir.Read)
    assert (by_contract.move, by_contract.quantity.grain) == (
        ir.Move.PRIOR_CONTRACT_YEAR,
        ("practice", "contract_year"),
    )
    assert (by_calendar.move, by_calendar.quantity.grain) == (ir.Move.PRIOR_YEAR, ("practice", "year"))


def test_a_baseline_is_a_weighted_sum_of_its_years() -> None:
    found = in_a_year("baseline(benchmark)", "baseline 2008 to 2010 weighted 10%, 30%, 60%").expression
    reads = [part for part in found.walk() if isinstance(part, ir.Read)]
    assert [(read.move, read.year) for read in reads] == [(ir.Move.BASE_YEAR, year) for year in (2008, 2009, 2010)]


def test_a_definition_is_lowered_for_each_period_that_reads_it() -> None:
    clauses = (
        "define spent = fee * member_months",
        yearly("pays spent"),
        monthly('gate g "G" : spent > $5', "pays fee"),
    )
    lowered, _found = lower(program(*clauses))
    assert lowered is not None
    grains = {q.name: q.grain for q in lowered.plan.quantities if q.name.startswith("spent")}
    assert grains == {"spent": PY, "spent_by_month": PM}


def test_a_let_read_by_month_is_reckoned_by_month() -> None:
    lowered, found = lower(program(yearly("let spent = fee * member_months", "pays (10% of spent) by month")))
    assert lowered is not None
    assert [d for d in found if d.code < "MH431" or d.code > "MH433"] == []
    grains = {q.name: q.grain for q in lowered.plan.quantities if "spent" in q.name}
    assert grains == {"award.spent": PY, "award.spent_by_month": PM}


def test_a_let_is_known_in_the_year_before() -> None:
    found = in_a_year("prior_year(benchmark - expenditure)").expression
    assert isinstance(found, ir.Read)
    text = program(yearly("let net = benchmark - expenditure", "pays net - prior_year(net)"))
    lowered, _ = lower(text)
    assert lowered is not None
    pays = lowered.plan.payments["award"].forms[""].pays
    assert [part.move for part in pays.walk() if isinstance(part, ir.Read)] == [None, ir.Move.PRIOR_YEAR]


def test_a_gate_shows_what_is_known_below_it() -> None:
    clauses = (
        'gate published "Published" : known(adjustment)',
        "let net = adjustment * 2",
        "pays net",
        "at most adjustment",
    )
    _lowered, found = lower(program(yearly(*clauses)))
    assert [d.code for d in found if d.code.startswith("MH3")] == []


def test_what_is_known_here_is_not_known_elsewhere() -> None:
    _, found = lower(program(yearly("pays if known(adjustment) then sum(adjustment over practices) else $0")))
    assert [d.code for d in found if d.code.startswith("MH3")] == ["MH331"]


def test_common_clauses_of_forms_keep_the_order_of_the_text() -> None:
    text = """payment either "Either" payable as flat or rate {
      gate first "First" : good
      form flat { per practice per year; gate second "Second" : good; pays $1 }
      form rate { per practice per year; pays $2 }
      gate third "Third" : good
    }"""
    lowered, _ = lower(program(text))
    assert lowered is not None
    forms = lowered.plan.payments["either"].forms
    assert {name: [gate.name for gate in form.gates] for name, form in forms.items()} == {
        "flat": ["first", "second", "third"],
        "rate": ["first", "third"],
    }


def test_a_value_that_is_set_again_unchanged_does_not_change() -> None:
    contract = (
        'mhrules 1\ncontract one "C" under pilot edition "1" by aetna {\n effective 2011-01-01\n'
        " set own_fee = $4.00\n set own_fee = $4.00 from 2012-03-01\n}\n"
    )
    _, found = lower(program(yearly("pays own_fee * member_months")), contract)
    assert [d.code for d in found if d.code == "MH401"] == []


def test_a_fact_by_line_is_no_fact_of_a_choice_of_payers_without_lines() -> None:
    text = 'ensure low "Low" for payers where payer = aetna : fee <= $10 pmpm'
    lowered, _ = lower(program(text))
    assert lowered is not None
    assert isinstance(lowered.plan.ensures[0].payers_where, ir.Compare)


@pytest.mark.parametrize(
    ("table", "value", "grain"),
    [
        ("table part by line : % { medicaid : 10%; otherwise : 5% }", "sum(part of line_cost over lines)", Y),
        (
            'table part by region : % { "north" : 10%; otherwise : 5% }',
            "part of benchmark",
            ("practice", "region", "year"),
        ),
        ("table part by track, good : % {\n | yes | no\n basic | 10% | 5%\n enhanced | 8% | 2%\n }", "part", Y),
        ("table part by tier : % { middle or more : 10%; low : 5% }", "part", Y),
        ("table part by contract_year : % { 1 : 10%; 2 or more : 5% }", "part at end of period", PY),
    ],
)
def test_a_table_by_any_key(table: str, value: str, grain: tuple[str, ...]) -> None:
    assert in_a_year(value, table).grain == grain


@pytest.mark.parametrize(
    ("condition", "period"),
    [
        ("fee <= $10 pmpm", "month"),
        ("benchmark > $0", "year"),
        ("total(yearly) > $0", "year"),
        ("total(care) > $0", "month"),
        ("caps > 0%", "year"),
        ("prior_year(fee) <= fee", "year"),
        ("(fee * member_months) by month > $0", "year"),
    ],
)
def test_an_invariant_is_judged_in_the_longest_period_it_reads(condition: str, period: str) -> None:
    lowered, _ = lower(program(f'ensure e "E" : {condition}'))
    assert lowered is not None
    assert lowered.plan.ensures[0].period.value == period


def test_events_bring_their_own_columns() -> None:
    pays = "choose { when kind = new : $200\n when kind = maintenance : $100 }"
    text = f'payment plans "Plans" {{ per event care_plan; pays {pays} }}'
    lowered, _found = lower(program(ATTRIBUTION, text))
    assert lowered is not None
    form = lowered.plan.payments["plans"].forms[""]
    assert (form.unit, unit_text(form.pays.type.unit), sorted(form.pays.keys)) == ("event", "$ per event", ["event"])
    assert form.event == "care_plan"
    assert "kind" in {column.name for column in lowered.plan.schema.table("event_care_plan").columns}


@pytest.mark.parametrize(
    ("value", "kind", "grain"),
    [
        ("count(providers)", "a plain number", PY),
        ("count(members ever where age < 18)", "a plain number", PY),
        ("count(members on first day where age < 18)", "a plain number", PY),
        ("count(average members where age < 18)", "a plain number", PY),
        ("count(visits where service = emergency)", "visits", PY),
        ("count(care_plan where kind = new)", "events", PY),
        ("sum(cost over members)", "$", PY),
        ("sum(allowed over claim_lines where billed by practice)", "$", PY),
        ("sum(allowed over claim_lines) across payers", "$", Y),
        ("share(members ever where age < 18)", "a plain number or missing", PY),
        ("sum(due over members in proportion to months)", "$", PY),
        ("sum(due over members to home)", "$", PY),
        ("any(visits where service = wellness within 12 months)", "yes or no", PY),
    ],
)
def test_what_is_below_the_practice(value: str, kind: str, grain: tuple[str, ...]) -> None:
    found = in_a_year(value, ATTRIBUTION, OF_MEMBERS)
    assert (str(found.expression.type), found.grain) == (kind, grain)


def test_a_monthly_fee_on_the_roster_of_a_quarter() -> None:
    lowered, found = lower(program('payment r "R" { per member per month on roster of quarter; pays $1 }'))
    assert lowered is not None
    assert [d.code for d in found if d.code.startswith("MH9")] == []
    assert lowered.plan.payments["r"].forms[""].roster is Period.QUARTER


def test_a_price_that_differs_from_member_to_member() -> None:
    lowered, _ = lower(program(ATTRIBUTION, monthly("pays if age < 18 then $1.00 pmpm else $2.00 pmpm")))
    assert lowered is not None
    assert lowered.plan.payments["extra"].forms[""].priced_by_member


def test_data_need_only_what_the_text_asks_for() -> None:
    lowered, _ = lower(
        program(ATTRIBUTION, monthly('gate kids "Kids" : count(members where age < 18) > 0', "pays fee"))
    )
    assert lowered is not None
    asked = {"chosen_practice", "eligibility", "encounter", "medical_claim", "member", "practice", "provider"}
    assert {table.name for table in lowered.plan.schema.tables} & asked == asked
    assert not {"pharmacy_claim", "lab_result", "condition"} & {table.name for table in lowered.plan.schema.tables}
    assert "chosen_practice" in lowered.plan.schema.population
    assert "encounter" not in lowered.plan.schema.population  # visits come from claims where there are none


def test_a_program_without_attribution_counts_members_in_the_panel() -> None:
    lowered, _ = lower(program(monthly("pays fee")))
    assert lowered is not None
    assert lowered.plan.schema.population == ()
    assert "eligibility" not in {table.name for table in lowered.plan.schema.tables}


def test_a_definition_read_in_a_pool_does_not_belong_to_the_reader() -> None:
    clauses = (
        "define held = pool * falling at start of period",
        yearly("pays split held among practices in proportion to score"),
    )
    lowered, found = lower(program(*clauses))
    assert lowered is not None
    assert [d.code for d in found if d.code == "MH321"] == []


def test_messages_use_the_programs_own_word() -> None:
    text = program(
        'payment award "A" { per aco per year; pays sum(benchmark over acos) / 2 }',
        participant='participant aco "Organization"',
        facts="facts of aco, year { benchmark : $ }",
    )
    lowered, found = lower(text)
    assert lowered is not None
    assert [d.code for d in found if d.code.startswith("MH3")] == []
    _, found = lower(text.replace("sum(benchmark over acos) / 2", "split benchmark equally among acos"))
    assert [d.message for d in found if d.code == "MH321"] == [
        "`benchmark` varies by aco, and a pool that is split among acos has no aco of its own"
    ]


def test_the_facts_of_these_tests_are_used_as_they_are() -> None:
    lowered, found = lower(program(facts=FACTS))
    assert lowered is not None
    assert [d.code for d in found if d.code < "MH431" or d.code > "MH435"] == []
