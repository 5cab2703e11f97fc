"""Contracts onto programs: what each payer owes, and each mistake with its finding."""

from __future__ import annotations

import datetime

import pytest

from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Severity
from mhrules.exact import ONE
from mhrules.semantics.bind import example_agreements
from mhrules.semantics.program import Agreement
from mhrules.syntax import tree as t
from tests.semantics.bad import assert_finding, assert_nothing, bound, contract, program

DAY = datetime.date
OPEN_FEE = "parameter fee : $ pmpm open\n  "
FEE = 'payment fees "Fees" { per member per month; pays fee }'
FORMS = 'payment p "P" payable as a or b { form a { per member per month; pays fee }; form b { per visit; pays $1 } }'
MEASURES = """unscored measures count as zero
  measure a "A" { reported }
  measure b "B" { reported }
  measure c "C" { reported }
  measures { core a; menu at least 1 of b, c }"""


def aetna(*texts: str) -> Agreement:
    """What the payer `aetna` agreed, without a finding."""
    return assert_nothing(*texts)[1]["aetna"]


def values(agreement: Agreement, name: str) -> list[tuple[datetime.date | None, object]]:
    return [(v.start, v.value) for v in agreement.sets[name]]


# -------------------------------------------------------------------------------------- which value holds


def test_values_are_in_order_of_date_and_start_with_the_contract() -> None:
    made = aetna(program(OPEN_FEE + FEE), contract("set fee = $6 from 2012-07-01\n  set fee = $5"))
    assert values(made, "fee") == [(DAY(2011, 1, 1), 5 * ONE), (DAY(2012, 7, 1), 6 * ONE)]
    assert (made.status, made.contract, made.effective) == ("contract", "one", DAY(2011, 1, 1))


@pytest.mark.parametrize(
    ("payer_from", "effective", "owed"),
    [
        ("2011-03-01", "2011-02-01", DAY(2011, 3, 1)),
        ("2011-03-01", "2011-05-01", DAY(2011, 5, 1)),
        ("2010-03-01", "2010-05-01", DAY(2011, 1, 1)),
    ],
    ids=["the payer's own date", "the contract's date", "the term"],
)
def test_a_payer_owes_from_the_latest_of_three_dates(payer_from: str, effective: str, owed: datetime.date) -> None:
    text = program(payers=f'payer aetna "Aetna" from {payer_from}')
    assert aetna(text, contract("").replace("2011-01-01", effective)).effective == owed


def test_bounds_are_inclusive() -> None:
    text = program("parameter fee : $ pmpm open from $4.00 to $7.00\n  " + FEE)
    for amount in (4, 7):
        assert values(aetna(text, contract(f"set fee = ${amount}")), "fee")[0][1] == amount * ONE


def test_a_default_may_be_left() -> None:
    assert aetna(program("parameter rate : % = 50% open at least 40%"), contract("")).sets == {}


def test_a_parameter_that_may_be_missing_may_be_blank() -> None:
    aetna(program("parameter fee : $ pmpm or missing open\n  define x = fee default $0 pmpm"), contract(""))


# ------------------------------------------------------------------------------------- without a contract


def test_a_payer_without_contract_settles_under_a_complete_program() -> None:
    made = aetna(program("parameter fee : $ pmpm = $5 open\n  " + FEE))
    assert (made.status, made.contract, made.node) == ("program", "", None)


@pytest.mark.parametrize(
    ("body", "convening"),
    [
        (OPEN_FEE + FEE, ""),
        ("parameter fee : $ pmpm = $5 from 2011-02-01 open\n  " + FEE, ""),
        ("", "contract required"),
        ("parameter fee : $ pmpm = $5\n  " + FORMS, ""),
        (MEASURES, ""),
    ],
    ids=["blank", "blank at first", "contract required", "form to choose", "measures to choose"],
)
def test_a_payer_without_contract_is_listed_where_something_is_left_to_it(body: str, convening: str) -> None:
    assert aetna(program(body, convening=convening)).status == "no contract"


# ------------------------------------------------------------------------------------- choices and blanks


def test_a_form_that_is_not_chosen_may_stay_blank() -> None:
    made = aetna(program(OPEN_FEE + FORMS), contract("pay p as b"))
    assert made.forms == {"p": "b"}


def test_a_declined_payment_may_stay_blank_through_definitions() -> None:
    text = program(OPEN_FEE + 'define twice = fee * 2\n  payment p "P" optional { per member per month; pays twice }')
    made = aetna(text, contract('decline p because "paid otherwise"'))
    assert made.declined == {"p": "paid otherwise"}


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("line = medicare", "program"),
        ("line = commercial", "no contract"),
        ("line != commercial", "program"),
        ("line in { medicare, commercial }", "no contract"),
        ("not (line = commercial) or payer = molina", "program"),
        ("line = commercial and payer = aetna", "no contract"),
    ],
)
def test_an_invariant_reads_a_parameter_only_for_its_payers(condition: str, status: str) -> None:
    body = (
        'payment p "P" payable as a { form a { per visit; pays $1 } }\n  '
        f'{OPEN_FEE}ensure cap "Cap" for payers where {condition} : fee <= $10 pmpm'
    )
    made = aetna(program(body, payers='payer aetna "Aetna" lines commercial'))
    assert made.status == status


def test_one_form_needs_no_choice() -> None:
    made = aetna(program('payment p "P" payable as a { form a { per visit; pays $1 } }'))
    assert (made.status, made.forms) == ("program", {"p": "a"})


def test_measures_are_the_core_and_the_chosen() -> None:
    assert aetna(program(MEASURES), contract("choose measures c")).measures == ("a", "c")


def test_all_measures_count_where_there_are_no_sets() -> None:
    assert aetna(program('unscored measures count as zero\n  measure a "A" { reported }')).measures == ("a",)


def test_a_stricter_requirement_and_an_open_months_rule_are_taken() -> None:
    text = program(
        "months count when attributed and enrolled on day 1 open\n"
        '  facts of practice dated { level : integer }\n  participation open to stricter { require a "A" : level >= 1 }'
    )
    made = aetna(text, contract('require b "B" : level >= 2\n  months count in proportion to days'))
    assert [r.name.text for r in made.requirements] == ["b"]
    assert made.months_rule is t.MonthsRule.PROPORTION
    assert aetna(text).months_rule is t.MonthsRule.DAY_1


CREDITS = program(
    "facts of practice, payer, year { paid_before : $ or missing; score : number }\n"
    '  facts of practice dated { grant : $ }\n  payment p "P" { per visit; pays $1 }'
)


def test_credits_are_looked_up() -> None:
    made = aetna(
        CREDITS,
        contract(
            'credit "old" from facts of payer, practice, year column paid_before against p, excess carries forward\n'
            '  credit "grant" of $180_000 spread in proportion to amount against p'
        ),
    )
    assert [(c.fact, c.amount, c.against, c.carries_forward) for c in made.credits] == [
        ("paid_before", None, ("p",), True),
        (None, 180_000 * ONE, ("p",), False),
    ]


# ------------------------------------------------------------------------------------- contracts in examples


EXAMPLES = program(
    OPEN_FEE + FEE + '\n  example "e" { given contract of aetna { set fee = $5 }; expect fees for p1 in 2011 = $5 }',
    payers='payer aetna "Aetna"\n    payer molina "Molina"',
    convening='authority "Law"',
)


def test_an_example_gives_contracts_that_begin_with_the_term() -> None:
    made, _ = assert_nothing(EXAMPLES)
    findings = Findings()
    found = example_agreements(made, made.examples[0], findings)
    assert findings.sorted() == ()
    assert {name: a.status for name, a in found.items()} == {"aetna": "contract", "molina": "no contract"}
    assert values(found["aetna"], "fee") == [(DAY(2011, 1, 1), 5 * ONE)]


def test_an_example_in_a_contract_has_that_contract() -> None:
    made, _ = assert_nothing(EXAMPLES, contract("set fee = $6", payer="molina"))
    found = example_agreements(made, made.examples[0], Findings(), made.contracts[0])
    assert values(found["molina"], "fee") == [(DAY(2011, 1, 1), 6 * ONE)]


def test_an_example_gives_one_contract_a_payer() -> None:
    made, _ = assert_nothing(
        EXAMPLES.replace("given contract", "given contract of aetna { set fee = $4 }\n given contract", 1)
    )
    findings = Findings()
    example_agreements(made, made.examples[0], findings)
    assert [(d.code, d.message) for d in findings.sorted()] == [
        ("MH202", "`aetna` is declared twice as a contract of the example")
    ]


# ------------------------------------------------------------------------------------------- bad contracts

PLAIN = program()
OPEN = program("parameter fee : $ pmpm open from $4.00 to $7.00\n  " + FEE)
OPTIONAL = program('payment p "P" optional { per visit; pays $1 }\n  payment q "Q" { per visit; pays $1 }')
WITH_FORMS = program('payment p "P" payable as a or b { form a { per visit; pays $1 }; form b { per claim; pays $1 } }')

BAD_CONTRACTS = {
    # ----------------------------------------------------------------------------------- as a whole
    "under_another_program": (
        (PLAIN, contract("", under='pilots edition "1"')),
        "MH501",
        "`one` is under `pilots`, but the program here is `pilot`",
        "pilots",
        "write `under pilot`, or check it with its own program",
    ),
    "under_another_edition": (
        (PLAIN, contract("", under='pilot edition "2"')),
        "MH502",
        '`one` is under edition "2" of the program, but this is edition "1"',
        '"2"',
        "check it with the edition it was signed for, or sign the new one",
    ),
    "unknown_payer": (
        (PLAIN, contract("", payer="aetnas")),
        "MH201",
        "unknown payer `aetnas`",
        "aetnas",
        "did you mean `aetna`?",
    ),
    "two_contracts_by_one_payer": (
        (PLAIN, contract(""), contract("", name="two")),
        "MH503",
        "`aetna` has two contracts",
        "two",
        "a payer has one contract under a program: put them together",
    ),
    "no_effective": (
        (PLAIN, contract("").replace("effective 2011-01-01", "")),
        "MH505",
        "the contract `one` does not say when it begins",
        "one",
        "add a date, as in `effective 2011-01-01`",
    ),
    "effective_twice": (
        (PLAIN, contract("effective 2012-01-01")),
        "MH207",
        "`effective` stands twice",
        "effective 2012-01-01",
        "keep one of them",
    ),
    "effective_after_the_term": (
        (PLAIN, contract("").replace("2011-01-01", "2014-01-01")),
        "MH525",
        "the contract begins on 2014-01-01, after the term ends on 2013-12-31",
        "effective 2014-01-01",
        "choose a date within the term",
    ),
    "months_rule_not_open": (
        (program("months count when attributed and enrolled any day"), contract("months count in proportion to days")),
        "MH523",
        "the program fixes when a month counts",
        "months count in proportion to days",
        "remove the clause; the program would have to say `open` behind its `months count`",
    ),
    # ----------------------------------------------------------------------------------------- values
    "set_of_an_unknown_parameter": (
        (program("parameter fee : $ pmpm = $5 open"), contract("set fees = $5")),
        "MH201",
        "unknown parameter `fees`",
        "fees",
        "did you mean `fee`?",
    ),
    "set_of_a_fixed_parameter": (
        (program("parameter fee : $ pmpm = $5"), contract("set fee = $6")),
        "MH506",
        "`fee` is fixed by the program",
        "set fee = $6",
        "remove the clause; the program would have to declare it `open`",
    ),
    "set_outside_bounds": (
        (OPEN, contract("set fee = $7.01")),
        "MH507",
        "`fee` is set to $7.01 pmpm, outside what the program leaves open",
        "$7.01",
        "it must be from $4.00 pmpm to $7.00 pmpm, both included",
    ),
    "set_in_another_unit": (
        (OPEN, contract("set fee = $5 per visit")),
        "MH344",
        "`$5 per visit` is in $ per visit, but $ pmpm is declared",
        "$5 per visit",
        "write the declared unit, or none: a bare amount takes the declared unit",
    ),
    "set_of_another_kind": (
        (OPEN, contract("set fee = 5%")),
        "MH343",
        "`5%` is not an amount in $ pmpm",
        "5%",
        "write an amount, as in `$2.50`",
    ),
    "set_before_the_contract": (
        (OPEN, contract("set fee = $5 from 2011-02-01").replace("effective 2011-01-01", "effective 2011-03-01")),
        "MH508",
        "`fee` is set from 2011-02-01, but the contract is effective on 2011-03-01",
        "set fee = $5 from 2011-02-01",
        "write `from 2011-03-01` or a later date",
    ),
    "set_before_the_payer": (
        (
            program("parameter fee : $ pmpm = $4 open", payers='payer aetna "Aetna" from 2011-04-01'),
            contract("set fee = $5 from 2011-02-01"),
        ),
        "MH508",
        "`fee` is set from 2011-02-01, but `aetna` takes part from 2011-04-01",
        "set fee = $5 from 2011-02-01",
        "write `from 2011-04-01` or a later date",
    ),
    "set_before_the_term": (
        (OPEN, contract("set fee = $5 from 2010-12-01").replace("effective 2011-01-01", "effective 2010-01-01")),
        "MH508",
        "`fee` is set from 2010-12-01, but the term begins on 2011-01-01",
        "set fee = $5 from 2010-12-01",
        "write `from 2011-01-01` or a later date",
    ),
    "set_after_the_term": (
        (OPEN, contract("set fee = $5\n  set fee = $6 from 2014-01-01")),
        "MH349",
        "2014-01-01 is after the term, which ends on 2013-12-31",
        "set fee = $6 from 2014-01-01",
        "choose a date within the term, or change the term",
    ),
    "set_twice": (
        (OPEN, contract("set fee = $5\n  set fee = $6")),
        "MH509",
        "`fee` is set twice from 2011-01-01",
        "set fee = $6",
        "keep one of them, or give the later one its own date with `from`",
    ),
    "blank": (
        (OPEN, contract("")),
        "MH510",
        "`fee` is blank for `aetna` from 2011-01 to 2013-12",
        "one",
        "add `set fee = …` with a value from 2011-01-01 on",
    ),
    "blank_in_the_first_month": (
        (OPEN, contract("set fee = $5 from 2011-02-01")),
        "MH510",
        "`fee` is blank for `aetna` in 2011-01",
        "one",
        "add `set fee = …` with a value from 2011-01-01 on",
    ),
    "blank_without_end": (
        (program(OPEN_FEE + FEE, first="term 2011-01-01 onward\n  rounding to cents half up"), contract("")),
        "MH510",
        "`fee` is blank for `aetna` from 2011-01 on",
        "one",
        "add `set fee = …` with a value from 2011-01-01 on",
    ),
    "blank_in_a_form_that_is_chosen": (
        (program(OPEN_FEE + FORMS), contract("pay p as a")),
        "MH510",
        "`fee` is blank for `aetna` from 2011-01 to 2013-12",
        "one",
        "add `set fee = …` with a value from 2011-01-01 on",
    ),
    "blank_that_nothing_reads": (
        (program(OPEN_FEE), contract("")),
        "MH510",
        "`fee` is blank for `aetna` from 2011-01 to 2013-12",
        "one",
        "add `set fee = …` with a value from 2011-01-01 on",
    ),
    "displaced_change_of_the_program": (
        (program("parameter fee : $ pmpm = $4, $5 from 2012-01-01 open\n  " + FEE), contract("set fee = $6")),
        "MH511",
        "the program's value of `fee` from 2012-01-01 does not count: the contract has set it",
        "set fee = $6",
        "set it again from that date if the contract is to follow the program",
    ),
    # --------------------------------------------------------------------------------------- payments
    "decline_of_an_unknown_payment": (
        (OPTIONAL, contract('decline r because "x"')),
        "MH201",
        "unknown payment `r`",
        "r",
        "known here: `p`, `q`",
    ),
    "decline_of_a_fixed_payment": (
        (OPTIONAL, contract('decline q because "x"')),
        "MH512",
        "`q` is not optional and cannot be declined",
        'decline q because "x"',
        "remove the clause; the program would have to call the payment `optional`",
    ),
    "declined_twice": (
        (OPTIONAL, contract('decline p because "x"\n  decline p because "y"')),
        "MH513",
        "`p` is declined twice",
        'decline p because "y"',
        "keep one of them",
    ),
    "declined_without_a_reason": (
        (OPTIONAL, contract('decline p because " "')),
        "MH514",
        "`p` is declined without a reason",
        'decline p because " "',
        'say why, as in `because "paid under an older agreement"`',
    ),
    "unknown_form": (
        (WITH_FORMS, contract("pay p as c")),
        "MH515",
        "`p` is not payable as `c`",
        "c",
        "it is payable as `a` or `b`",
    ),
    "no_forms": (
        (OPTIONAL, contract("pay p as a")),
        "MH516",
        "`p` is not payable in several forms",
        "pay p as a",
        "remove the clause",
    ),
    "form_not_chosen": (
        (WITH_FORMS, contract("")),
        "MH517",
        "the contract does not say in which form it pays `p`",
        "one",
        "`pay p as a` or `pay p as b`",
    ),
    "form_chosen_twice": (
        (WITH_FORMS, contract("pay p as a\n  pay p as b")),
        "MH207",
        "`pay` stands twice",
        "pay p as b",
        "keep one of them",
    ),
    # ------------------------------------------------------------------------ measures and requirements
    "core_measure_chosen": (
        (program(MEASURES), contract("choose measures a, b")),
        "MH518",
        "`a` is not in a menu",
        "a",
        "choose from `b`, `c`",
    ),
    "unknown_measure_chosen": (
        (program(MEASURES), contract("choose measures b, d")),
        "MH201",
        "unknown measure `d`",
        "d",
        "known here: `b`, `c`",
    ),
    "too_few_measures": (
        (program(MEASURES), contract("")),
        "MH519",
        "0 of at least 1 measures of the menu are chosen",
        "one",
        "`choose measures` from `b`, `c`",
    ),
    "measure_chosen_twice": (
        (program(MEASURES), contract("choose measures b, b")),
        "MH526",
        "`b` is chosen twice",
        "b",
        "remove one of them",
    ),
    "requirement_not_open": (
        (program('participation { require a "A" : 1 < 2 }'), contract('require b "B" : 1 < 2')),
        "MH520",
        "`b` is a requirement of its own, which the program does not allow",
        'require b "B" : 1 < 2',
        "remove it; the program would have to say `participation open to stricter`",
    ),
    "requirement_of_the_program_again": (
        (program('participation open to stricter { require a "A" : 1 < 2 }'), contract('require a "A" : 1 < 2')),
        "MH202",
        "`a` is a requirement of the program already",
        "a",
        "give the contract's requirement another name",
    ),
    # ---------------------------------------------------------------------------------------- credits
    "credit_against_an_unknown_payment": (
        (CREDITS, contract('credit "c" of $5 spread in proportion to amount against q')),
        "MH201",
        "unknown payment `q`",
        "q",
        "known here: `p`",
    ),
    "credit_from_an_unknown_fact": (
        (CREDITS, contract('credit "c" from facts of practice, payer, year column paid_befor against p')),
        "MH201",
        "unknown fact `paid_befor`",
        "paid_befor",
        "did you mean `paid_before`?",
    ),
    "credit_with_other_keys": (
        (CREDITS, contract('credit "c" from facts of practice, year column paid_before against p')),
        "MH521",
        "`paid_before` is not a fact of practice, year",
        "practice, year",
        "write `from facts of practice, payer, year`",
    ),
    "credit_from_dated_facts": (
        (CREDITS, contract('credit "c" from facts of practice column grant against p')),
        "MH521",
        "`grant` is not a fact of practice",
        "practice",
        "a credit reads facts that are not dated",
    ),
    "credit_from_a_number": (
        (CREDITS, contract('credit "c" from facts of practice, payer, year column score against p')),
        "MH524",
        "a credit is an amount in dollars, but `score` is a plain number",
        "score",
        "choose a fact declared as `$`",
    ),
    "negative_credit": (
        (CREDITS, contract('credit "c" of -$5 spread in proportion to amount against p')),
        "MH522",
        "a credit of `-$5` would add to what is owed",
        "-$5",
        "write the amount without a minus: a credit is taken off",
    ),
}


@pytest.mark.parametrize("case", BAD_CONTRACTS)
def test_a_bad_contract(case: str) -> None:
    text, code, message, underlined, help_text = BAD_CONTRACTS[case]
    assert_finding(text, code, message, underlined, help_text)


def test_a_displaced_change_is_a_warning() -> None:
    _, _, (found,) = bound(*BAD_CONTRACTS["displaced_change_of_the_program"][0])
    assert found.severity is Severity.WARNING
    assert [label.span.text for label in found.related] == ["$5 from 2012-01-01"]


def test_a_change_that_the_contract_follows_is_not_displaced() -> None:
    text = program("parameter fee : $ pmpm = $4, $5 from 2012-01-01 open\n  " + FEE)
    assert len(aetna(text, contract("set fee = $6\n  set fee = $5 from 2012-01-01")).sets["fee"]) == 2


def test_a_mistaken_set_makes_no_blank_as_well() -> None:
    assert_finding(
        (OPEN, contract("set fee = $8\n  set fee = $5 from 2012-01-01")),
        "MH507",
        "`fee` is set to $8.00 pmpm, outside what the program leaves open",
        "$8",
        "it must be from $4.00 pmpm to $7.00 pmpm, both included",
    )


def test_a_blank_shows_the_parameter_too() -> None:
    _, _, (found,) = bound(*BAD_CONTRACTS["blank"][0])
    assert [(label.span.text, label.text) for label in found.related] == [("fee", "left open here")]
