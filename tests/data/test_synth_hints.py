"""What a rule text tells of the data it expects."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from mhrules.compiler import Compilation
from mhrules.data.schema import Column, ColumnKind, Schema, Table
from mhrules.data.synth.hints import Hints, MeasureHint, PayerHint, hints_of, hints_of_schema
from mhrules.data.synth.population import write_population
from mhrules.data.synth.services import EMERGENCY, INPATIENT, OFFICE, OTHER, services
from mhrules.data.synth.setting import Request
from mhrules.syntax.tree import Period
from tests.settle import people

PROGRAM = """\
mhrules 1
program cedar "Cedar" edition "2024" {
  term     2024-01-01 onward
  rounding to cents half up
  months   count when attributed and enrolled on day 1
  starts   joined

  convening {
    authority "Act 12"
    payer green "Green" lines commercial, medicaid
    payer blue  "Blue"  lines commercial
  }

  facts of practice {
    joined : date
    area   : text
  }
  facts of practice, year {
    score : % 0%..100%
    lives : integer 0..5000
  }
  group district of practices by fact area
  valueset office = { "99213", "99214" }

  classify service {
    when code in office  : primary_care
    when code = "99285"  : emergency
    otherwise            : rest
  }

  attribution {
    every half_year
    first list "state list" ties by latest
    then  plurality of visits where service = primary_care within 2 years ties by most recent visit
  }

  measure sugar "Sugar" {
    eligible when any(conditions where code = "E11.9")
    met when latest(result over lab_results where code = "4548-4") default 20 < 8
    minimum 30
  }
  measure control "Control" { reported; minimum 25; target 70% worst 40%; points 10 }
  measures { core control, sugar }

  payment award "Award" {
    per practice per half_year
    pays choose {
      when score >= 70% and lives from 100 to 400 : $10.00
      when score < 70% or not (lives from 100 to 400) : $0.00
    }
  }
  payment rest_fee "Fee" {
    per visit where service = emergency
    pays $1.00
  }

  example "not data" {
    given practice p1 { joined 2024-01-01; area "elsewhere" }
  }
}
"""


@pytest.fixture(scope="module")
def hints(tmp_path_factory: pytest.TempPathFactory) -> Hints:
    path = tmp_path_factory.mktemp("cedar") / "cedar.mh"
    path.write_text(PROGRAM, encoding="utf-8")
    program = Compilation(path).program
    assert program is not None
    return hints_of(program)


def test_words_codes_and_thresholds(hints: Hints) -> None:
    assert hints.words == {
        "code": ("99213", "99214", "99285"),
        "service": ("primary_care", "emergency"),
        "conditions.code": ("E11.9",),
        "lab_results.code": ("4548-4",),
    }
    assert hints.visit_words == {"service": ("primary_care",)}
    assert hints.classes == {"primary_care": ("99213", "99214"), "emergency": ("99285",), "rest": ()}
    assert hints.thresholds["score"] == (7 * 10**11,)
    assert hints.thresholds["result"] == (8 * 10**12,)
    assert hints.thresholds["lives"] == (100 * 10**12, 400 * 10**12)


def test_payers_times_lists_and_measures(hints: Hints) -> None:
    assert hints.payers == (PayerHint("green", ("commercial", "medicaid")), PayerHint("blue", ("commercial",)))
    assert (hints.lookback, hints.refresh, hints.starts) == (24, Period.HALF_YEAR, "joined")
    assert (hints.lists, hints.groups) == (("state list",), {"district": "area"})
    assert hints.reported == (MeasureHint("control", 25),)
    assert hints.periods == (Period.HALF_YEAR, Period.YEAR)


def test_a_service_has_the_codes_that_make_it(hints: Hints) -> None:
    found = {each.word: each for each in services(hints)}
    assert (found["primary_care"].codes, found["primary_care"].visited) == (("99213", "99214"), True)
    assert (found["emergency"].codes, found["emergency"].kind) == (("99285",), EMERGENCY)
    assert found["rest"].kind == OTHER and found["rest"].codes
    assert not set(found["rest"].codes) & {"99213", "99214", "99285"}


@pytest.mark.parametrize("hinted", [Hints(), Hints(words={"service": ("wellness", "urgent_care")})])
def test_there_is_a_service_of_each_kind(hinted: Hints) -> None:
    found = services(hinted)
    assert {each.kind for each in found} == {OFFICE, EMERGENCY, INPATIENT, OTHER}
    assert any(each.visited for each in found)


def test_a_schema_alone_names_the_payers() -> None:
    payer = Column("payer", ColumnKind.CODE, codes=("a", "b"))
    schema = Schema("practice", (Table("practice_payer", (payer,), ()),))
    assert hints_of_schema(schema).payers == (PayerHint("a"), PayerHint("b"))
    assert hints_of_schema(Schema("practice", ())).payers == ()


def test_a_fact_to_which_members_belong_names_practices(tmp_path: Path) -> None:
    facts = "facts of member { home : text }\n  facts of member, year { due : $ $0..$100 }\n  facts of member {"
    text = people.text().replace("facts of member {", facts, 1)
    path = tmp_path / "grove.mh"
    path.write_text(text.replace("pays $10\n", "pays sum(due over members to home)\n"), encoding="utf-8")
    compilation = Compilation(path)
    assert compilation.program is not None
    found = hints_of(compilation.program)
    assert found.homes == {"home"}
    request = Request(members=40, practices=3, first=2011 * 12, last=2011 * 12 + 11, seed=5)
    write_population(compilation.plan.schema, request, tmp_path, found)
    with (tmp_path / "member.csv").open(encoding="utf-8", newline="") as file:
        homes = {row["home"] for row in csv.DictReader(file)}
    assert homes == {"p001", "p002", "p003"}
