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
