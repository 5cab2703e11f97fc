"""Cycles, decided gates, dead and unused clauses, looser requirements, widths, assumed figures."""

from __future__ import annotations

from mhrules.check.assumed import assumed_notes
from tests.check.bad import (
    FEE,
    TWO_PAYERS,
    assert_clean,
    assert_finding,
    checked,
    codes,
    contract,
    program,
    stages,
)

LEVEL = "facts of practice dated {\n    level : integer 0..3\n  }"
AMOUNTS = "facts of practice, payer, year {\n    spent : $ $0..$1_000_000\n    benchmark : $ $0..$1_000_000\n  }"


# --------------------------------------------------------------------------------------------------- cycles


def test_payments_that_read_each_other() -> None:
    one = 'payment one "One" {\n    per practice per year\n    pays 10% of total(two)\n  }'
    two = 'payment two "Two" {\n    per practice per year\n    pays 10% of total(one)\n  }'
    assert_finding(
        program(one, two),
        code="MH444",
        message="`one` waits for its own total: one → two → one",
        underlined="total(two)",
        help="take one of these totals out: what is paid cannot depend on itself",
    )


def test_payment_that_reads_itself_through_a_definition() -> None:
    one = 'payment one "One" {\n    per practice per year\n    pays capped\n  }'
    (found,) = checked(program("define capped = least(total(one), $5)", one))
    assert found.message == "`one` waits for its own total: one → one"


def test_participation_that_waits_for_a_payment() -> None:
    part = 'participation {\n    require paid_before "Paid" : total(fee) >= $0\n  }'
    found = [d for d in checked(program(part, FEE)) if d.code == "MH444"]
    assert [d.message for d in found] == ["`fee` waits for its own total: fee → participation → fee"]


def test_total_of_another_payment_is_no_cycle() -> None:
    assert_clean(program(FEE, 'payment award "Award" {\n    per practice per year\n    pays 10% of total(fee)\n  }'))


# ---------------------------------------------------------------------------------------- decided conditions


def award(*clauses: str) -> str:
    inner = "\n    ".join(clauses)
    return f'payment award "Award" {{\n    per practice per year\n    {inner}\n  }}'


def test_gate_that_always_holds() -> None:
    assert_finding(
        program(AMOUNTS, award('gate some "Some" : spent + benchmark >= $0', "pays $5")),
        code="MH473",
        message="the gate `some` always holds",
        underlined="spent + benchmark >= $0",
        help="correct the condition, or the declared bounds of the facts it reads",
        notes=("the bounds of what `spent + benchmark >= $0` reads decide it",),
    )


def test_gate_that_can_never_hold() -> None:
    (found,) = checked(program(AMOUNTS, award('gate all "All" : spent + benchmark > $3_000_000', "pays $5")))
    assert (found.message, found.label) == ("the gate `all` can never hold", "nobody passes it")


def test_gates_that_exclude_each_other() -> None:
    gates = ('gate gained "Gained" : benchmark > spent', 'gate lost "Lost" : spent > benchmark')
    (found,) = checked(program(AMOUNTS, award(*gates, "pays $5")))
    assert found.message == "the gate `lost` can never hold, once the gates above it hold"


def test_requirement_that_always_holds() -> None:
    part = 'participation {\n    require any_level "Any" : level >= 0\n  }'
    (found,) = checked(program(LEVEL, part, FEE))
    assert (found.code, found.message) == ("MH473", "the requirement `any_level` always holds")


# ---------------------------------------------------------------------------------------------- dead clauses


def test_payment_that_every_payer_declines() -> None:
    text = program(FEE, 'payment extra "Extra" optional {\n    per member per month\n    pays $2\n  }')
    assert_finding(
        text,
        contract('decline extra because "no"'),
        code="MH474",
        message="no payer owes `extra`: every payer with a contract declines it",
        underlined='payment extra "Extra" optional',
        help="take the payment out, or see whether the contracts mean it",
    )


def test_a_shared_text_alone_whose_contracts_stand_elsewhere() -> None:
    assert_clean(program("parameter care_fee : $ pmpm open", FEE.replace("$1", "care_fee")))


def test_invariant_that_can_never_hold() -> None:
    cap = 'ensure under_the_cap "Under $10 a month" : fee_paid <= $10 pmpm'
    assert_finding(
        program("parameter fee_paid : $ pmpm = $12", FEE.replace("$1", "fee_paid"), cap),
        code="MH479",
        message="the invariant `under_the_cap` can never hold",
        underlined="fee_paid <= $10 pmpm",
        help="correct the invariant, or the figures that it holds together",
        notes=("the bounds of what `fee_paid <= $10 pmpm` reads decide it",),
    )


def test_deadline_beyond_the_term() -> None:
    part = 'participation {\n    require level_1 "Level 1" : level >= 1 by month 40\n  }'
    assert_finding(
        program(LEVEL, part, FEE),
        code="MH475",
        message="`level_1` is due by month 40, and the term has 36 months",
        underlined='require level_1 "Level 1" : level >= 1 by month 40',
        help="set a deadline within the term, as in `by month 36`, or drop the requirement",
        notes=("until it is due a requirement counts as met, so this one keeps nobody out",),
    )


def test_value_displaced_before_any_first_day() -> None:
    fee = FEE.replace("$1", "care_fee")
    assert_finding(
        program("parameter care_fee : $ pmpm = $1, $2 from 2012-01-02, $3 from 2012-01-20", fee),
        code="MH476",
        message="this value of `care_fee` never holds: the next one is in force from the same month on",
        underlined="$2 from 2012-01-02",
        help="take the value out, or correct the dates",
        notes=("a month takes the value in force on its first day",),
    )


def test_value_after_the_last_first_day() -> None:
    fee = FEE.replace("$1", "care_fee")
    (found,) = checked(program("parameter care_fee : $ pmpm = $1, $2 from 2013-12-02", fee))
    assert found.message == "this value of `care_fee` never holds: no month of the term begins after its date"


def test_cap_below_the_floor() -> None:
    assert_finding(
        program(AMOUNTS, award("pays spent + benchmark", "at most $5", "at least $10")),
        code="MH477",
        message="`at most $5` is always less than `at least $10`",
        underlined="$5",
        help="`award` always pays the floor: correct one of the limits",
    )


# ---------------------------------------------------------------------------------------------------- unused


def test_definition_that_nothing_uses() -> None:
    assert_finding(
        program("define twice = 2", FEE),
        code="MH434",
        message="the define `twice` is never used",
        underlined="twice",
        help="use it, or take it out",
    )


def test_every_kind_of_unused_declaration() -> None:
    clauses = (
        "type size = { small, large }",
        "facts of practice, year {\n    level : integer 0..3\n  }",
        "parameter care_fee : $ pmpm = $1",
        "table price by level : $ {\n    0 : $1\n    otherwise : $2\n  }",
    )
    found = checked(program(*clauses, FEE))
    assert [(d.code, d.message, d.severity.value) for d in found] == [
        ("MH434", "the type `size` is never used", "error"),
        ("MH435", "the fact `level` is never used", "warning"),
        ("MH434", "the parameter `care_fee` is never used", "error"),
        ("MH434", "the table `price` is never used", "error"),
    ]


def test_unused_name_that_is_misspelt_elsewhere() -> None:
    found = checked(program("parameter care_fee : $ pmpm = $1", FEE.replace("$1", "care_fes")))
    assert [d.code for d in found] == ["MH434", "MH201"]
    assert found[0].help == ("did you mean `care_fee` where the text has `care_fes`?",)
    assert [label.span.text for label in found[0].related] == ["care_fes"]


def test_fact_that_only_an_example_names() -> None:
    given = "given practice p1 year 2011 { level 2 }"
    example = f'example "One" {{\n    {given}\n    expect fee for p1 from aetna in 2011 = $0\n  }}'
    facts = "facts of practice, year {\n    level : integer 0..3\n  }"
    assert codes(program(facts, FEE, example)) == ["MH435"]


# -------------------------------------------------------------------------------------- stricter requirements


OPEN = 'participation open to stricter {\n    require level_2 "Level 2" : level >= 2 by month 12\n  }'


def test_contract_that_asks_for_less() -> None:
    assert_finding(
        program(LEVEL, OPEN, FEE),
        contract('require level_1 "Level 1" : level >= 1 by month 12'),
        code="MH478",
        message="`level_1` of the contract is looser than `level_2` of the program",
        underlined="level >= 1",
        help="ask for more than the program does, or take the requirement out: the program's holds in any case",
        notes=("a practice meets the contract's and not the program's where `level` is 1",),
    )


def test_contract_that_asks_later() -> None:
    (found,) = checked(program(LEVEL, OPEN, FEE), contract('require later "Later" : level >= 2 by month 24'))
    assert found.notes == (
        "a practice meets the contract's and not the program's where it is asked by month 24 instead of by month 12",
    )


def test_contract_that_asks_for_more_or_earlier() -> None:
    assert_clean(program(LEVEL, OPEN, FEE), contract('require level_3 "Level 3" : level >= 3 by month 12'))
    assert_clean(program(LEVEL, OPEN, FEE), contract('require sooner "Sooner" : level >= 1 by month 6'))


# ----------------------------------------------------------------------------------------------------- width


def _weighted(spent: str, weight: str) -> str:
    return f"facts of practice, payer, year {{\n spent : $ {spent}\n a : number {weight}\n b : number {weight}\n }}"


def test_product_of_too_many_digits() -> None:
    facts = _weighted("$0..$1_000_000_000_000", "")
    found = checked(program(facts, award("downside", "pays spent * (a * b)")))
    assert [(d.code, d.span.text if d.span else "") for d in found] == [("MH463", "spent * (a * b)")]
    assert found[0].message == ("`spent * (a * b)` can need 45 digits, and 38 is the most that is reckoned exactly")
    assert found[0].help[0] == "declare narrower bounds for the facts in it, as in `: $ $0..$10_000_000`"
    assert found[0].notes == (
        "`spent` can be as large as 1,000,000,000,000, with 2 decimal places",
        "`a * b` can be as large as 10^18, with 12 decimal places",
    )


def test_narrower_bounds_make_it_fit() -> None:
    assert_clean(program(_weighted("$0..$10_000_000", "0..1_000"), award("pays spent * (a * b)")))


# --------------------------------------------------------------------------------------------------- assumed


def test_assumed_figures_of_program_and_contracts_are_counted() -> None:
    fee = 'parameter care_fee : $ pmpm open assumed "a guess"'
    found, _, _ = stages(
        program(fee, FEE.replace("$1", "care_fee"), payers=TWO_PAYERS),
        contract('set care_fee = $2 assumed "from a slide"'),
    )
    assert [note.text for note in assumed_notes(found)] == ["a guess", "from a slide"]
