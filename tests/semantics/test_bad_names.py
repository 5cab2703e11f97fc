"""One tiny bad program for each mistake that is found while names are read, named after the mistake."""

from __future__ import annotations

import pytest

from tests.semantics.bad import TWO_PAYERS, assert_finding, program

FEE = 'payment fee "Fee" { per member per month; pays $1 }'

BAD_PROGRAMS = {
    # ------------------------------------------------------------------------------ required and repeated
    "no_term": (
        program(first="rounding to cents half up"),
        "MH206",
        "the program `pilot` has no `term`",
        "pilot",
        "add `term 2011-01-01 to 2013-12-31` or `term 2011-01-01 onward`",
    ),
    "no_rounding": (
        program(first="term 2011-01-01 onward"),
        "MH206",
        "the program `pilot` has no `rounding`",
        "pilot",
        "add `rounding to cents half up`, or as the program manual says",
    ),
    "no_payer": (
        program(payers="requires 0 payers"),
        "MH206",
        "the program `pilot` has no `payer`",
        "pilot",
        'declare one, as in `convening { payer NAME "…" }`',
    ),
    "measures_without_unscored": (
        program('measure a "A" { reported }'),
        "MH206",
        "the program `pilot` has no `unscored`",
        "pilot",
        "add `unscored measures leave both points and possible points`, or another rule",
    ),
    "two_terms": (
        program("term 2011-01-01 onward"),
        "MH207",
        "`term` stands twice",
        "term 2011-01-01 onward",
        "keep one of them",
    ),
    "two_attributions": (
        program('attribution { every month; first list "a" }\n  attribution { every month; first list "b" }'),
        "MH207",
        "`attribution` stands twice",
        "attribution",
        "keep one of them",
    ),
    "two_authorities": (
        program(convening='authority "A"\n    authority "B"'),
        "MH207",
        "`authority` stands twice",
        'authority "B"',
        "keep one of them",
    ),
    "two_pays": (
        program('payment p "P" { per member per month; pays $1; pays $2 }'),
        "MH207",
        "`pays` stands twice",
        "pays $2",
        "keep one of them",
    ),
    "year_within_a_month": (
        program("year begins 04-15"),
        "MH210",
        "a year cannot begin on 04-15",
        "year begins 04-15",
        "let it begin with the first day of a month, as in `year begins 04-01`",
    ),
    "rounding_without_mode": (
        program(first="term 2011-01-01 onward\n  rounding to cents"),
        "MH219",
        "the rounding of amounts needs cents or dollars, and says how halves are rounded",
        "rounding to cents",
        "write `rounding to cents half up`, `half even`, or `rounding down to cents`",
    ),
    "term_reversed": (
        program(first="term 2013-01-01 to 2011-12-31\n  rounding to cents half up"),
        "MH220",
        "the term ends on 2011-12-31, before it begins on 2013-01-01",
        "term 2013-01-01 to 2011-12-31",
        "write the first day first",
    ),
    "too_few_payers": (
        program(convening="requires 2 payers"),
        "MH221",
        "2 payers are required, but only 1 declared",
        "requires 2 payers",
        "declare the other payers, or require fewer: in no month would the program be in force",
    ),
    "baseline_weights": (
        program("baseline 2009 to 2011 weighted 10%, 90%"),
        "MH222",
        "the baseline 2009 to 2011 has 3 years and 2 weights",
        "baseline 2009 to 2011 weighted 10%, 90%",
        "write the first year first and one weight a year",
    ),
    "more_requirements_than_listed": (
        program('participation { at least 2 of { require a "A" : 1 < 2 } }'),
        "MH223",
        "at least 2 requirements are asked for, but only 1 listed",
        "at least 2 of",
        "ask for fewer, or list more",
    ),
    # ---------------------------------------------------------------------------------------------- names
    "fact_and_parameter_of_one_name": (
        program("facts of practice { level : integer }\n  parameter level : % = 5%"),
        "MH202",
        "`level` is declared twice as a fact and as a parameter",
        "level",
        "give one of them another name or remove it",
    ),
    "column_in_two_blocks": (
        program("facts of practice { a : date }\n  facts of practice { a : date }"),
        "MH202",
        "`a` is declared twice as a fact",
        "a",
        "give one of them another name or remove it",
    ),
    "payer_twice": (
        program(payers='payer aetna "A"\n    payer aetna "B"'),
        "MH202",
        "`aetna` is declared twice as a payer",
        "aetna",
        "give one of them another name or remove it",
    ),
    "payment_twice": (
        program(f"{FEE}\n  {FEE}"),
        "MH202",
        "`fee` is declared twice as a payment",
        "fee",
        "give one of them another name or remove it",
    ),
    "requirement_twice": (
        program('participation { require a "A" : 1 < 2; any of { require a "B" : 1 < 2 } }'),
        "MH202",
        "`a` is declared twice as a requirement",
        "a",
        "give one of them another name or remove it",
    ),
    "gate_twice": (
        program('payment p "P" { per member per month; gate g "G" : 1 < 2; gate g "H" : 1 < 2; pays $1 }'),
        "MH202",
        "`g` is declared twice as a gate",
        "g",
        "give one of them another name or remove it",
    ),
    "let_shadows_a_define": (
        program('define net = 1\n  payment p "P" { per practice per year; let net = 2; pays $1 }'),
        "MH202",
        "`net` is declared outside of the payment too",
        "net",
        "give the `let` another name: a name means one thing in a text",
    ),
    "key_named_twice": (
        program('participant aco "A"\n  facts of aco, practice { a : date }'),
        "MH202",
        "`practice` is named twice among the keys",
        "practice",
        "remove one of them",
    ),
    "built_in_quantity_declared": (
        program("facts of practice, year { member_months : number }"),
        "MH203",
        "`member_months` is a built-in quantity and cannot be the name of a fact",
        "member_months",
        "choose another name: built-in names mean the same in every text",
    ),
    "built_in_function_as_let": (
        program('payment p "P" { per practice per year; let least = 2; pays $1 }'),
        "MH203",
        "`least` is a built-in function and cannot be the name of a let",
        "least",
        "choose another name: built-in names mean the same in every text",
    ),
    "unknown_key_of_facts": (
        program("facts of practise { a : date }"),
        "MH201",
        "unknown key `practise`",
        "practise",
        "did you mean `practice`?",
    ),
    "unknown_owner_of_a_group": (
        program("facts of practice { area : text }\n  group g of areas by fact area\n  facts of g { a : date }"),
        "MH201",
        "unknown owner of a group `areas`",
        "areas",
        "known here: `practice`, `practices`",
    ),
    "unknown_payee": (
        program('payment p "P" { per member per month; pays $1; to physicians }'),
        "MH201",
        "unknown payee `physicians`",
        "physicians",
        "known here: `practice`",
    ),
    "unknown_event": (
        program('events care_plan { a : date }\n  payment p "P" { per event care_plans; pays $1 }'),
        "MH201",
        "unknown event `care_plans`",
        "care_plans",
        "did you mean `care_plan`?",
    ),
    "unknown_basis": (
        program('payment p "P" { per practise per year; pays $1 }'),
        "MH201",
        "unknown basis `practise`",
        "per practise per year",
        "did you mean `practice`?",
    ),
    "unknown_unit_of_a_limit": (
        program('payment p "P" { per visit; at most once per membre per month, first by date; pays $1 }'),
        "MH201",
        "unknown unit of a limit `membre`",
        "at most once per membre per month, first by date",
        "did you mean `member`?",
    ),
    "unknown_measure_of_a_set": (
        program('unscored measures count as zero\n  measure asthma "A" { reported }\n  measures { core asthmas }'),
        "MH201",
        "unknown measure `asthmas`",
        "asthmas",
        "did you mean `asthma`?",
    ),
    "unknown_fact_behind_starts": (
        program("facts of practice { joined : date }\n  starts joind"),
        "MH201",
        "unknown fact `joind`",
        "joind",
        "did you mean `joined`?",
    ),
    "unknown_setter": (
        program("parameter fee : $ = $1 set by county"),
        "MH201",
        "unknown authority `county`",
        "set by county",
        "known here: `federal`, `state`",
    ),
    "unknown_basis_of_cost": (
        program("cost is payd"),
        "MH201",
        "unknown basis of cost `payd`",
        "cost is payd",
        "did you mean `paid`?",
    ),
    "unknown_audience": (
        program("disclose a to payrs"),
        "MH201",
        "unknown audience `payrs`",
        "payrs",
        "did you mean `payers`?",
    ),
    "participant_called_as_a_key": (
        program('participant provider "P"'),
        "MH209",
        "the participant cannot be called `provider`: that is a reserved word",
        "provider",
        "choose a word of your own, such as `aco` or `clinic`",
    ),
    "fact_called_as_the_participant": (
        program('participant aco "A"\n  facts of aco { aco : text }'),
        "MH209",
        "`aco` is the participant and cannot be the name of something else",
        "aco",
        "give the one declared here another name",
    ),
    "start_is_no_date": (
        program("facts of practice { joined : text }\n  starts joined"),
        "MH211",
        "the start needs a date, but `joined` is a text",
        "joined",
        "choose a fact that is a date",
    ),
    "start_by_year": (
        program("facts of practice, year { joined : date }\n  starts joined"),
        "MH211",
        "`joined` is not a fact of the practice alone",
        "joined",
        "declare it under `facts of practice`",
    ),
    "payee_is_no_text": (
        program(
            "facts of practice { org : date }\n  payee po of practice by org\n"
            '  payment p "P" { per member per month; pays $1; to po }'
        ),
        "MH211",
        "the payee needs a text, but `org` is a date",
        "org",
        "choose a fact that is a text",
    ),
    "dated_facts_by_year": (
        program("facts of practice, year dated { a : date }"),
        "MH224",
        "dated facts cannot be keyed by `year` too",
        "facts of practice, year dated",
        "remove `dated`, or the period from the keys: dated facts have spans of their own",
    ),
    # ------------------------------------------------------------------------------------------- payments
    "no_basis": (
        program('payment p "P" { pays $1 }'),
        "MH212",
        "`p` has no basis",
        "p",
        "begin with one, as in `per member per month`",
    ),
    "two_bases": (
        program('payment p "P" { per member per month; per visit; pays $1 }'),
        "MH213",
        "`p` has two bases",
        "per visit",
        "keep one of them, or make it two payments",
    ),
    "no_pays": (
        program('payment p "P" { per member per month }'),
        "MH214",
        "`p` pays nothing",
        "p",
        "add `pays …` with an amount",
    ),
    "form_missing": (
        program('payment p "P" payable as a or b { form a { per member per month; pays $1 } }'),
        "MH215",
        "`p` is payable as `b`, but has no such form",
        "b",
        "add `form b { … }` with its own basis and `pays`",
    ),
    "form_not_listed": (
        program(
            'payment p "P" payable as a { form a { per member per month; pays $1 }; form b { per visit; pays $1 } }'
        ),
        "MH216",
        "the form `b` is not among those that `p` is payable as",
        "b",
        "write `payable as a or b` behind its title",
    ),
    "pays_outside_of_the_forms": (
        program('payment p "P" payable as a { form a { per member per month }; pays $1 }'),
        "MH217",
        "`p` is payable in forms, so `pays` belongs into each form",
        "pays $1",
        "move it into the `form` blocks",
    ),
    "round_each_member_month_of_a_visit": (
        program('payment p "P" { per visit; round each member month; pays $1 }'),
        "MH217",
        "`round each member month` does not fit the basis `per visit`",
        "round each member month",
        "it belongs to a basis such as `per member per month`",
    ),
    "later_in_a_payment": (
        program('payment p "P" { per member per month; pays $1; withhold 10% of allowed }'),
        "MH901",
        "`withhold` is not yet supported",
        "withhold 10% of allowed",
        "remove the clause and settle that part outside of mhrules",
    ),
    "episode": (
        program("episode chf { starts admission }"),
        "MH901",
        "`episode` is not yet supported",
        "episode chf",
        "remove the clause and settle that part outside of mhrules",
    ),
    "group_with_rules": (
        program("group pool of practices { default rest otherwise }"),
        "MH901",
        "`group` is not yet supported",
        "group pool of practices",
        "remove the clause and settle that part outside of mhrules",
    ),
    "disputes": (
        program("settlement { final after 6 months run-out; disputes within 30 days, then locked }"),
        "MH901",
        "`disputes` is not yet supported",
        "disputes within 30 days, then locked",
        "remove the clause and settle that part outside of mhrules",
    ),
    # ------------------------------------------------------------------------------------ declared types
    "fixed_without_value": (
        program("parameter fee : $ pmpm"),
        "MH218",
        "`fee` is fixed but has no value",
        "fee",
        "write `= …` behind its type, or `open`",
    ),
    "fixed_without_first_value": (
        program("parameter fee : $ pmpm = $2 from 2012-01-01"),
        "MH218",
        "`fee` is fixed but has no value before 2012-01-01",
        "fee",
        "write the value from the start of the term first, without `from`",
    ),
    "unknown_type": (
        program("type track = { a, b }\n  facts of practice { t : trak }"),
        "MH341",
        "unknown type `trak`",
        "trak",
        "did you mean `track`?",
    ),
    "code_twice": (
        program("type track = { a, b, a }"),
        "MH342",
        "`a` is listed twice among the codes",
        "a",
        "remove one of them",
    ),
    "percentage_for_money": (
        program("parameter fee : $ pmpm = 5%"),
        "MH343",
        "`5%` is not an amount in $ pmpm",
        "5%",
        "write an amount, as in `$2.50`",
    ),
    "number_for_a_percentage": (
        program("parameter rate : % = 50"),
        "MH343",
        "`50` is not a percentage",
        "50",
        "write a percentage, as in `50%`",
    ),
    "number_for_yes_no": (
        program("parameter waived : yes/no = 1"),
        "MH343",
        "`1` is not yes or no",
        "1",
        "write `yes` or `no`",
    ),
    "yes_no_open_within_bounds": (
        program("parameter waived : yes/no = no open at least 1"),
        "MH343",
        "only a number can be open within bounds",
        "open at least 1",
        "write `open` alone, or declare a number, a percentage or an amount",
    ),
    "another_unit": (
        program("parameter fee : $ pmpm = $2.50 per visit"),
        "MH344",
        "`$2.50 per visit` is in $ per visit, but $ pmpm is declared",
        "$2.50 per visit",
        "write the declared unit, or none: a bare amount takes the declared unit",
    ),
    "too_many_places": (
        program("parameter fee : $ pmpm = $2.505"),
        "MH345",
        "`$2.505` has more decimal places than an amount in $ pmpm keeps",
        "$2.505",
        "the declared type has 2 decimal places",
    ),
    "too_many_places_declared": (
        program("facts of practice { rate : %(12) }"),
        "MH345",
        "`%` cannot have 12 decimal places",
        "%(12)",
        "at most 9 are kept",
    ),
    "bounds_reversed": (
        program("facts of practice { level : integer 3..0 }"),
        "MH346",
        "the lower bound `3` is greater than the upper bound `0`",
        "3..0",
        "write the smaller one first",
    ),
    "opening_reversed": (
        program("parameter fee : $ pmpm = $5 open from $7.00 to $4.00"),
        "MH346",
        "the lower bound `$7.00` is greater than the upper bound `$4.00`",
        "$7.00 to $4.00",
        "write the smaller one first",
    ),
    "default_outside_the_opening": (
        program("parameter rate : % = 30% open at least 40%"),
        "MH347",
        "`30%` is outside the bounds that `rate` leaves open",
        "30%",
        "it must be at least 40%",
    ),
    "value_outside_the_type": (
        program("parameter level : integer 0..3 = 4"),
        "MH347",
        "`4` is outside the declared bounds",
        "4",
        "it must be from 0 to 3, both included",
    ),
    "values_out_of_order": (
        program("parameter rate : % = 5%, 6% from 2013-01-01, 7% from 2012-01-01"),
        "MH348",
        "the value of `rate` from 2012-01-01 does not follow the one before it",
        "7% from 2012-01-01",
        "write the values in order of their dates, one a date; only the first may stand without `from`",
    ),
    "value_outside_the_term": (
        program("parameter rate : % = 5%, 6% from 2014-01-01"),
        "MH349",
        "2014-01-01 is after the term, which ends on 2013-12-31",
        "6% from 2014-01-01",
        "choose a date within the term, or change the term",
    ),
    "payer_after_the_term": (
        program(payers='payer aetna "Aetna" from 2014-01-01'),
        "MH349",
        "2014-01-01 is after the term, which ends on 2013-12-31",
        'payer aetna "Aetna" from 2014-01-01',
        "choose a date within the term, or change the term",
    ),
    # ------------------------------------------------------------------------------ unused and antitrust
    "unused_value_set": (
        program('valueset a = { "99213" }'),
        "MH431",
        "the value set `a` is never used",
        "a",
        "use it or remove it",
    ),
    "unused_payee": (
        program("facts of practice { org : text }\n  payee po of practice by org"),
        "MH432",
        "the payee `po` is never used",
        "po",
        "use it or remove it",
    ),
    "unused_key": (
        program("key region of practice"),
        "MH433",
        "the key `region` is never used",
        "region",
        "use it or remove it",
    ),
}

AUTHORITY_HELP = (
    'state it in `convening`, as in `authority "SSB 5891 (2009)"`, or behind the amount: '
    "`set by state` or `set by federal`"
)
for case, body, where, amount in (
    ("amount_of_a_parameter", "parameter fee : $ pmpm = $2.50", "fee", "$2.50"),
    ("bound_of_a_parameter", "parameter fee : $ pmpm = $2 open at most $7", "fee", "$7"),
    ("amount_in_a_table", "type s = { a }\n  facts of practice { x : s }\n  table t by x : $ { a : $3 }", "t", "$3"),
    ("amount_in_a_payment", 'payment p "P" { per member per month; pays $4 }', "p", "$4"),
):
    BAD_PROGRAMS[f"{case}_without_authority"] = (
        program(body, payers=TWO_PAYERS),
        "MH441",
        f"`{amount}` in `{where}` is the same for all payers, and no authority is stated",
        amount,
        AUTHORITY_HELP,
    )
ONE_PAYER = (
    "MH442",
    "`p` has terms for one payer in the shared program",
    "payer = aetna",
    "declare a `parameter … open` and let the payer's contract set it",
)
BAD_PROGRAMS["amount_for_one_payer"] = (
    program(
        'payment p "P" { per member per month; pays choose { when payer = aetna : $5\n otherwise : $4 } }',
        payers=TWO_PAYERS,
        convening='authority "Law"',
    ),
    *ONE_PAYER,
)


@pytest.mark.parametrize("case", BAD_PROGRAMS)
def test_a_bad_program(case: str) -> None:
    text, code, message, underlined, help_text = BAD_PROGRAMS[case]
    assert_finding(text, code, message, underlined, help_text)
