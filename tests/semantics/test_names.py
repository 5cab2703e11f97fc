"""From files to a program: what the samples declare, and each mistake with its finding."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Severity
from mhrules.exact import ONE, Rounding
from mhrules.semantics.bind import agreements
from mhrules.semantics.declared import value_text
from mhrules.semantics.names import program_from_files
from mhrules.semantics.types import DOLLARS, Kind, Share, number
from mhrules.source import Source
from mhrules.syntax import tree as t
from mhrules.syntax.parse import tree_from_text
from tests.semantics.bad import HEADER, TWO_PAYERS, assert_finding, assert_nothing, bound, program

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "design" / "samples"
FEE = 'payment fee "Fee" { per member per month; pays $1 }'


# ------------------------------------------------------------------------------------------- good texts


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="../shared/design/samples is not there")
@pytest.mark.parametrize(
    "names",
    [
        ("michigan_mipct", "michigan_medicare", "michigan_bcbsm"),
        ("mssp",),
        ("carefirst",),
        ("washington",),
        ("rhode_island_csi",),
    ],
    ids=lambda names: names[0],
)
def test_a_sample_has_no_finding(names: tuple[str, ...]) -> None:
    findings = Findings()
    files = [tree_from_text(Source(n, (SAMPLES / f"{n}.mh").read_text("utf-8")))[0] for n in names]
    made = program_from_files([f for f in files if f is not None], findings)
    assert made is not None
    agreements(made, findings)
    assert [(d.code, d.message) for d in findings.sorted()] == []


def test_facts_are_named_by_their_keys_in_the_words_of_the_program() -> None:
    made, _ = assert_nothing(
        program(
            """participant aco "Accountable care organization"
  key region of aco
  facts of aco { since : date }
  facts of aco dated { level : integer 0..3 }
  facts of aco, payer, year { benchmark : $ or missing }
  facts of practice, year, payer { expenditure : $ pmpm }
  facts of region, year { trend : %(9) 0%..10% }
  facts of member, month { global_budget : $ }
  facts of provider { specialty : text }"""
        )
    )
    tables = {f.name: (f.table, f.keys, f.dated) for f in made.facts.values()}
    assert tables == {
        "since": ("aco", ("practice",), False),
        "level": ("aco_dated", ("practice",), True),
        "benchmark": ("aco_payer_year", ("practice", "payer", "year"), False),
        "expenditure": ("aco_payer_year", ("practice", "payer", "year"), False),
        "trend": ("region_year", ("region", "year"), False),
        "global_budget": ("member_month", ("member", "month"), False),
        "specialty": ("provider", ("provider",), False),
    }
    level, trend, fee = (made.facts[n].type for n in ("level", "trend", "expenditure"))
    assert (level.low, level.high, level.places) == (0, 3 * ONE, 0)
    assert (trend.places, trend.share, trend.high) == (9, Share.PERCENT, ONE // 10)
    assert str(fee) == "$ pmpm"
    assert (fee.low, fee.high, fee.places) == (-(10**12) * ONE, 10**12 * ONE, 2)
    assert made.facts["benchmark"].type.missing


def test_columns_of_events_are_their_own() -> None:
    made, _ = assert_nothing(
        program(
            """type stage = { new < maintenance }
  events plan { kind : stage }
  events visit_note { kind : { short, long } }
  payment plans "Plans" { per event plan; pays $1 }"""
        )
    )
    kinds = {name: columns["kind"].type for name, columns in made.event_facts.items()}
    assert (kinds["plan"].kind, kinds["plan"].codes, kinds["plan"].ordered) == (Kind.CODE, ("new", "maintenance"), True)
    assert kinds["visit_note"].codes == ("short", "long")
    assert made.event_facts["plan"]["kind"].table == "event_plan"


def test_a_bare_amount_takes_the_declared_unit() -> None:
    made, _ = assert_nothing(program("parameter fee : $ pmpm = $2.50, $2.00 pmpm from 2012-01-01"))
    fee = made.parameters["fee"]
    assert [(v.start, v.value) for v in fee.schedule] == [
        (None, 5 * ONE // 2),
        (datetime.date(2012, 1, 1), 2 * ONE),
    ]
    assert not fee.opened


def test_zero_and_one_may_stand_for_percentages() -> None:
    made, _ = assert_nothing(program("parameter rate : % = 0, 1 from 2012-01-01"))
    assert [v.value for v in made.parameters["rate"].schedule] == [0, ONE]


def test_years_rounding_and_term_are_read() -> None:
    made, _ = assert_nothing(
        program(
            "months count when attributed and enrolled any day open",
            first="term 2013-01-01 onward\n  rounding down to cents\n  year begins 04-01",
        )
    )
    assert made.calendar.year_start == 4
    assert made.rounding == (2, Rounding.DOWN)
    assert (made.months_rule, made.months_open) == (t.MonthsRule.ANY_DAY, True)
    assert (made.term_first, made.term_last) == (datetime.date(2013, 1, 1), None)


def test_a_single_payer_needs_no_authority() -> None:
    assert_nothing(program('parameter fee : $ pmpm = $2.50\n  payment p "P" { per member per month; pays $5 }'))


def test_notes_are_kept_and_disclosures_found_inside_payments() -> None:
    made, _ = assert_nothing(
        program(
            'parameter fee : $ pmpm = $2.50 assumed "not in a source"\n'
            '  payment p "P" { per member per month; pays fee; disclose fee to payers }'
        )
    )
    assert [n.text for n in made.notes] == ["not in a source"]
    assert [d.name.text for d in made.disclosures] == ["fee"]


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (-5 * ONE // 2, number(DOLLARS), "-$2.50"),
        (ONE // 1000, number(DOLLARS), "$0.001"),
        (ONE // 8, number(share=Share.PERCENT), "12.5%"),
        (3 * ONE, number(), "3"),
    ],
)
def test_a_constant_is_shown_as_it_is_written(value: int, kind: object, text: str) -> None:
    assert value_text(value, kind) == text  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------- files and clauses

CONTRACT = 'contract one "One" under pilot edition "1" by aetna { effective 2011-01-01 }\n'


def test_no_program() -> None:
    assert_finding(CONTRACT, "MH204", "there is no program", "pilot", "import the file that holds it, or check both")


def test_no_program_in_no_file() -> None:
    findings = Findings()
    assert program_from_files([], findings) is None
    assert [(d.code, d.span) for d in findings.sorted()] == [("MH204", None)]


def test_two_programs() -> None:
    other = program().replace("program pilot", "program other")
    assert_finding(
        (program(), other),
        "MH205",
        "there is a second program, `other`",
        "other",
        "keep one program and its contracts in a folder",
    )


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


def test_both_places_of_a_conflict_are_shown() -> None:
    _, _, (found,) = bound(program("define a = 1\n  define a = 2"))
    assert [(label.span.line, label.text) for label in found.related] == [(9, "first declared here")]
    assert found.span is not None
    assert found.span.line == 10


def test_a_contract_name_is_declared_once() -> None:
    again = CONTRACT.replace("by aetna", "by molina")
    assert_finding(
        (program(payers=TWO_PAYERS), CONTRACT, again),
        "MH202",
        "`one` is declared twice as a contract",
        "one",
        "give one of them another name or remove it",
    )


@pytest.mark.parametrize(
    "body",
    [
        "parameter fee : $ pmpm = $2.50 set by state",
        "parameter fee : $ pmpm = $2.50 set by federal, $3.00 from 2012-01-01 set by state",
        'payment p "P" { per member per month; pays $4 set by federal }',
        'payment p "P" { per practice per year; gate g "G" : count(visits) * $1 > $500; pays $0 }',
    ],
)
def test_an_amount_set_by_law_or_compared_with_needs_no_authority(body: str) -> None:
    assert_nothing(program(body, payers=TWO_PAYERS))


def test_unused_declarations_are_warnings() -> None:
    _, _, found = bound(program("key region of practice"))
    assert [d.severity for d in found] == [Severity.WARNING]


def test_one_run_reports_every_mistake() -> None:
    _, _, found = bound(program("term 2011-01-01 onward\n  define a = 1\n  define a = 2\n  facts of x { b : c }"))
    assert [d.code for d in found] == ["MH207", "MH202", "MH201", "MH341"]
    assert all(d.span is not None and d.span.source.text.startswith(HEADER) for d in found)
