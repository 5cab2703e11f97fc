"""Constructs below the practice by both engines, on invented people: nothing differs, and nothing is handed over."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from mhrules.data.dataset import Dataset
from mhrules.settle.run import DUCKDB
from tests.settle.sql.both import both
from tests.strategies.dice import Dice, Seeded
from tests.strategies.population import Rows, population_from
from tests.strategies.population_program import PLURALITY, PRACTICES, PROPORTION, SELECTION, Method, Policy, plan_for
from tests.strategies.settled import plan_of

YEAR = 2011
SEEDS = (1, 2)
FACTS = "facts of member, year { burden : $ $0..$99999; home : text }\n"
HIGH_OR_LOW = "choose { when risk = low : $2.355  when risk = high : $5.05 }"
RECORDS = f"""
{FACTS}
events care_plan {{ kind : {{ new, maintenance }} }}
define heavy = burden > $500
payment line_by_risk "R" {{ per claim line where risk = high or age > 18; pays 12.5% of allowed }}
payment visit_by_risk "V" {{ per visit; pays {HIGH_OR_LOW} }}
payment plan_by_burden "E" {{ per event care_plan; pays choose {{ when heavy : $3.10  otherwise : $4.20 }} }}
"""
PRICES = f"""
facts of practice, month {{ open_late : yes/no }}
participation {{ require late "Late" : open_late }}
payment rostered "A" {{ per member per month on roster of quarter; pays {HIGH_OR_LOW} }}
payment rostered_each "B" {{ per member per month on roster of half_year; pays {HIGH_OR_LOW}; round each member month }}
payment quarterly "C" {{ per member per quarter; participating in proportion to months; pays {HIGH_OR_LOW} }}
payment each_month "D" {{ per member per quarter; participating in proportion to months; pays $1.00
  round each member month; at most $7.77 }}
payment each_price "E" {{ per member per year; pays {HIGH_OR_LOW}; round each member month }}
payment rate_first "F" {{ per member per quarter; participating every month; pays {HIGH_OR_LOW}; round the rate first }}
payment owed "G" {{ per member per year; downside
  pays choose {{ when risk = low : -$2.355  when risk = high : $5.055 }} }}
"""
AGGREGATES = f"""
{FACTS}
define female = gender = "F"
define old = age > 18
population elders "Elders" : age > 18 and months_attributed > 2
report divided "D" = sum(burden over members ever in proportion to months)
report sent "S" = sum(burden over members ever to home)
report whole_cost "C" = sum(cost over members in the whole year where risk = high)
report whole_age "A" = count(members in the whole year where age > 18 and not hospice)
report whole_lines "L" = sum(sum(allowed over claim_lines) over members in the whole year)
report whole_months "M" = sum(months_attributed over members in the whole year)
report whole_elders "E" = count(elders in the whole year)
report whole_old "O" = count(members in the whole year where old and practice = "p1")
report whole_enrolled "R" = count(enrollments in the whole year where old) across payers
report whole_divided "D" = sum(burden over members in the whole year in proportion to months)
report whole_long "N" = count(members attributed at least 3 months in the whole year)
report whole_billed "B" = sum(count(visits where billed by practice) over members in the whole year)
report whole_attributed "T" = sum(count(visits where attributed) over members in the whole year)
report each_billed "B" = sum(count(visits where billed by practice) over members ever)
report women "W" = count(members ever where female or old)
report billed_before "B" = count(visits where billed by practice within 24 months)
report billed_months "B" = (sum(allowed over claims where billed by practice within 3 months)) by month
report here_before "H" = count(claim_lines where attributed within 18 months)
"""
BASELINE = f"""
{FACTS}
baseline 2009 to 2010 weighted 30%, 70%
report claim_count "A" = baseline(count(claim_lines))
report spent "B" = baseline(sum(cost over members ever where risk = high))
report counted_time "C" = baseline(member_months)
report seen "D" = baseline(count(visits within 12 months))
report whole "E" = baseline(sum(cost over members in the whole year))
report divided "F" = baseline(sum(burden over members ever in proportion to months))
report mean_members "G" = baseline(count(average members))
report across "H" = baseline(sum(allowed over claim_lines) across payers)
"""
FEE = 'payment fee "Fee" { per member per month; pays $1 }'
OF_RISK = Method("plurality", service="primary and risk = high and age > 18", within=24, ties="most recent visit")
OF_DOLLARS = Method("plurality", measure="allowed", service="primary and allowed > $1 and risk = low")
POLICIES = {
    "records": Policy(payments=RECORDS, methods=(SELECTION, PLURALITY), exclusions=("hospice_care",)),
    "prices": Policy(payments=PRICES, months=PROPORTION, methods=(SELECTION, PLURALITY)),
    "whole prices": Policy(payments=PRICES, methods=(SELECTION,), at_once=True),
    "aggregates": Policy(payments=AGGREGATES, methods=(SELECTION, PLURALITY), late="2011-02-01"),
    "aggregates in proportion": Policy(payments=AGGREGATES, months=PROPORTION, every="month", encounters=True),
    "baseline": Policy(payments=BASELINE, methods=(SELECTION, PLURALITY), exclusions=("infant", "secondary")),
    "method of members": Policy(payments=FEE, methods=(OF_RISK, SELECTION), encounters=True),
    "method of amounts": Policy(payments=FEE, methods=(OF_DOLLARS, PLURALITY), late="2011-02-01"),
}


def more_rows(dice: Dice, rows: Rows) -> Rows:
    """A population's rows with facts of its members and practices."""
    persons = [row["person_id"] for row in rows["member"]]
    practices = [row["practice_id"] for row in rows["practice"]]
    burden: list[dict[str, Any]] = [
        {"person_id": person, "year": year, "burden": f"{dice.integer(0, 999)}.37", "home": dice.pick(PRACTICES)}
        for person in persons
        for year in (2009, 2010, 2011)
    ]
    late: list[dict[str, Any]] = [
        {"practice_id": practice, "year_month": f"2011{month:02d}", "open_late": dice.chance(70)}
        for practice in practices
        for month in range(1, 13)
    ]
    return {**rows, "member_year": burden, "practice_month": late}


@pytest.mark.parametrize("name", POLICIES)
def test_constructs_below_the_practice_settle_alike(name: str) -> None:
    plan = plan_for(POLICIES[name])
    names = {table.name for table in plan.schema.tables}
    for seed in SEEDS:
        dice = Seeded(seed)
        rows = more_rows(dice, population_from(dice, evolve(POLICIES[name])))
        found = both(plan, Dataset.from_rows(plan.schema, {k: own for k, own in rows.items() if k in names}), YEAR)
        assert (found.handed_over, found.differences) == ("", ()), seed
        assert found.compiled.engine == DUCKDB


def of_lines(lines: str) -> str:
    """A program of two payers, the second of which declares no lines of business."""
    return f"""mhrules 1
program small "Small" edition "1" {{
  term 2010-01-01 to 2012-12-31
  year calendar
  rounding to cents half up
  convening {{ convener state "State"; authority "Act 1"; payer aetna "Aetna" {lines}; payer cigna "Cigna" }}
  facts of practice, line, year {{ lives : integer 0..9 }}
  facts of payer, practice, line, year {{ spend : $ $0..$999 }}
  facts of line, year {{ pool : $ $0..$999 }}
  define part = split pool among practices in proportion to lives default 1
  payment per_life "P" {{ per practice per year; pays $2 * sum(lives default 2 over lines) }}
  report parts "A" = sum(part over lines)
  report each_part "B" = part
  report spent "C" = sum(spend default $3 over lines)
  report before "D" = prior_year(sum(lives default 1 over lines)) default 0
  report lives_of "E" = lives default 7
  ensure few "Few" : sum(lives default 0 over lines) < 30
}}
"""


@pytest.mark.parametrize("lines", ["", "lines commercial, medicare"])
def test_lines_of_business_that_only_facts_name_settle_alike(lines: str) -> None:
    plan = plan_of(of_lines(lines))
    both_lines = ("commercial", "medicare")
    rows: Rows = {
        "practice": [{"practice_id": "p1"}, {"practice_id": "p2"}],
        "practice_line_year": [
            {"practice_id": "p1", "line": "commercial", "year": 2011, "lives": 3},
            {"practice_id": "p2", "line": "medicare", "year": 2010, "lives": 4},
        ],
        "payer_practice_line_year": [
            {"payer": "aetna", "practice_id": "p1", "line": "medicare", "year": 2011, "spend": "7.00"},
            {"payer": "cigna", "practice_id": "p2", "line": "commercial", "year": 2011, "spend": "5.00"},
        ],
        "line_year": [{"line": line, "year": 2011, "pool": "10.01"} for line in both_lines],
    }
    found = both(plan, Dataset.from_rows(plan.schema, rows), YEAR)
    assert (found.handed_over, found.differences) == ("", ())
    spent = {str(q.row.get("payer")): q.value for q in found.compiled.quantities if q.report.name == "spent"}
    assert spent.keys() == {"aetna", "cigna"}
    assert len(found.compiled.controls.splits) == len(both_lines)
