"""What is said, and held, of a failing year where there are too many people to ask the interpreter for all of it."""

from __future__ import annotations

from typing import Any

import pytest

from mhrules.data.dataset import Dataset
from mhrules.diagnostics.model import DiagnosticError
from mhrules.progress import Progress
from mhrules.settle.ledger import HELD
from mhrules.settle.reasons import WORDED
from mhrules.settle.run import DUCKDB, settle
from mhrules.settle.sizes import Sizes
from tests.settle.scale import COUNTED, NOT_FEW, Scaled, scaled
from tests.settle.sql.test_regressions import HEAD, PEOPLE, YEAR
from tests.settle.sql.test_regressions import people as some_people
from tests.strategies.settled import plan_of

Rows = dict[str, list[dict[str, Any]]]
FACTS = """
  facts of practice, year { size : integer 0..99; parts : integer 0..9 }
  payment fee "Fee" { per practice per quarter; pays $1 * size / parts }
  payment flat "Flat" { per practice per month; pays $2 }
  payment again "Again" { per practice per year; pays 10% * total(fee) }
  report sizes "Sizes" = size
"""
SMALL = '  ensure small "Small" : size < 50\n'
AGES = f"""{PEOPLE}
  payment aged "Aged" {{ per member per month; pays choose {{ when age < 40 : $2  when age >= 40 : $5 }} }}
  payment any "Any" {{ per member per month; pays $1 }}
  report old "Old" = count(members ever where age > 60)
"""


def read(body: str, rows: Rows) -> Any:
    """A program and its data."""
    plan = plan_of(f"{HEAD}{body}}}\n")
    names = {table.name for table in plan.schema.tables}
    return plan, Dataset.from_rows(plan.schema, {k: v for k, v in rows.items() if k in names})


def compared(body: str, rows: Rows, *, hold: bool) -> Scaled:
    """A settlement by both, which differ in nothing, and of which the second was not handed over."""
    found = scaled(*read(body, rows), YEAR, hold=hold)
    assert (found.handed_over, found.apart()) == ("", [])
    assert found.scaled.engine == DUCKDB
    return found


def facts(*practices: tuple[int | None, int]) -> Rows:
    """Practices p000, p001 …, each with size and parts; of those without size no row of facts."""
    names = [f"p{at:03d}" for at in range(len(practices))]
    rows = zip(names, practices, strict=True)
    own = [{"practice_id": p, "year": "2011", "size": s, "parts": n} for p, (s, n) in rows if s is not None]
    return {"practice": [{"practice_id": name} for name in names], "practice_year": own}


@pytest.mark.parametrize("hold", [False, True])
def test_missing_facts_and_divisors_of_zero_are_said_in_the_interpreters_words(hold: bool) -> None:
    found = compared(FACTS, facts((3, 2), (None, 1), (5, 0)), hold=hold)
    assert {each.code for each in found.scaled.findings} == {"MH701", "MH704"}
    assert found.scaled.held == hold
    held = {(p.payment, p.practice, p.reason) for p in found.scaled.postings if p.status == HELD}
    codes = {(name, *own) for name in ("fee", "again") for own in (("p001", "MH701"), ("p002", "MH704"))}
    assert held == (codes if hold else set())


def test_of_many_rows_some_are_worded_and_the_others_counted() -> None:
    found = compared(FACTS, facts(*[(None, 1)] * (2 * WORDED)), hold=False)
    more = [each for each in found.scaled.findings if COUNTED in each.message]
    worded = [each for each in found.scaled.findings if COUNTED not in each.message]
    assert {each.span for each in more} == {each.span for each in worded}
    assert len(worded) == WORDED * len(more)
    lines = 2 * WORDED * 2 * 4
    assert any(f"{lines:,} in all of payment `fee`" in note for each in more for note in each.notes)


def test_an_invariant_that_does_not_hold_is_said_with_its_values() -> None:
    found = compared(FACTS + SMALL, facts((3, 2), (70, 1)), hold=False)
    (broken,) = found.scaled.findings
    assert (broken.code, broken.notes) == ("MH720", ("`size` is 70",))


QUARTERLY = """
  facts of practice, payer, month { seen : integer 0..99 }
  payment fee "Fee" { per practice per quarter; pays $1 * size }
  payment flat "Flat" { per practice per month; pays $2 }
  payment again "Again" { per practice per year; pays 10% * total(fee) }
  report fees "Fees" = total(fee)
  ensure calm "Calm" : seen < 50
  ensure sized "Sized" : size < 50 / parts
"""


def test_lines_are_held_in_the_months_in_which_an_invariant_does_not_hold() -> None:
    rows = facts((3, 2), (70, 1), (5, 0), (7, 3))
    months = [f"2011{month:02d}" for month in range(1, 13)]
    own = [(f"p{at:03d}", payer, month) for at in range(4) for payer in ("aetna", "cigna") for month in months]
    loud = {("p000", "aetna", "201105"), ("p003", "cigna", "201112")}
    rows["practice_payer_month"] = [
        {"practice_id": p, "payer": payer, "year_month": month, "seen": 60 if (p, payer, month) in loud else 1}
        for p, payer, month in own
    ]
    found = compared(FACTS.splitlines()[1] + QUARTERLY, rows, hold=True)
    assert {each.code for each in found.scaled.findings} == {"MH720", "MH704"}
    held = {(p.payment, p.practice, p.payer, p.period) for p in found.scaled.postings if p.status == HELD}
    of_months = {("flat", "p000", "aetna", "2011-05"), ("fee", "p000", "aetna", "2011-Q2")}
    assert {each for each in held if each[1] == "p000"} == {*of_months, ("again", "p000", "aetna", "2011")}
    assert {each[0] for each in held if each[1] == "p001"} == {"fee", "flat", "again"}  # too large, in every month
    assert not {each for each in held if each[1] == "p002"}  # a divisor of 0 that only the invariant asks for


def test_an_invariant_over_all_practices_holds_every_line() -> None:
    found = compared(FACTS + '  ensure few "Few" : sum(size over practices) < 50\n', facts((30, 2), (30, 1)), hold=True)
    assert {p.status for p in found.scaled.postings} == {HELD}
    assert {p.reason for p in found.scaled.postings} == {"MH720"}


def test_an_invariant_of_each_region_is_left_to_the_interpreter() -> None:
    body = """
  key region of practice
  facts of region, year { pool : $ $0..$900 }
  payment flat "Flat" { per practice per month; pays $2 }
  ensure enough "Enough" : pool > $100
"""
    rows = {
        "practice": [{"practice_id": "p1", "region": "north"}, {"practice_id": "p2", "region": "south"}],
        "region_year": [
            {"region": name, "year": "2011", "pool": pool} for name, pool in (("north", 5), ("south", 500))
        ],
    }
    assert compared(body, rows, hold=False).scaled.findings
    assert scaled(*read(body, rows), YEAR, hold=True).handed_over == (
        "an invariant of each `region` does not hold, and lines are to be held"
    )


REASONS = """
  facts of practice, year { size : integer 0..99; parts : integer 0..9 }
  define ratio = size / parts
  payment practices_ "Over practices" { per practice per year; pays $1 * sum(ratio over practices) }
  payment chosen "Chosen" { per practice per year; pays $1 * sum(ratio over practices where size > 3) }
  define pool = $100 * count(practices)
  payment pooled "Pooled" { per practice per year; pays split pool among practices in proportion to ratio }
"""


@pytest.mark.parametrize("missing", [0, 1])
def test_of_several_reasons_the_first_is_posted(missing: int) -> None:
    practices: list[tuple[int | None, int]] = [(5, 0), (5, 0), (5, 1)]
    practices[missing] = (None, 1)
    found = compared(REASONS, facts(*practices), hold=True)
    first = "MH701" if missing == 0 else "MH704"
    reasons = {p.payment: p.reason for p in found.scaled.postings if p.status == HELD}
    assert reasons == {"practices_": first, "chosen": "MH701", "pooled": first}


def test_of_several_lines_that_fail_the_first_in_time_is_the_reason_of_their_total() -> None:
    body = """
  facts of practice, month { seen : integer 0..99; parts : integer 0..9 }
  payment fee "Fee" { per practice per month; pays $1 * seen / parts }
  payment again "Again" { per practice per year; pays 10% * total(fee) }
"""
    months = [f"2011{month:02d}" for month in range(1, 13)]
    for lacking, first in (("201102", "MH701"), ("201111", "MH704")):
        own = [{"practice_id": "p1", "year_month": m, "seen": 1, "parts": int(m != "201105")} for m in months]
        rows: Rows = {"practice": [{"practice_id": "p1"}], "practice_month": own}
        rows["practice_month"] = [row for row in own if row["year_month"] != lacking]
        found = compared(body, rows, hold=True)
        assert {p.reason for p in found.scaled.postings if p.payment == "again"} == {first}


POOLS = """
  facts of practice, year { size : integer 0..99; parts : integer 0..9 }
  facts of payer, year { pool : $ $0..$900 }
  payment share "Share" { per practice per year; pays split pool among practices in proportion to size }
  payment fee "Fee" { per practice per quarter; pays $1 * size / parts }
"""


def of_pools(amounts: tuple[int, int], *practices: tuple[int | None, int]) -> Rows:
    """Practices, and the pool of either payer."""
    pools = zip(("aetna", "cigna"), amounts, strict=True)
    return {**facts(*practices), "payer_year": [{"payer": name, "year": "2011", "pool": pool} for name, pool in pools]}


def test_pools_are_split_beside_lines_that_are_held() -> None:
    found = compared(POOLS, of_pools((100, 100), (3, 2), (5, 0)), hold=True)
    assert [(split.pool, split.parts) for split in found.scaled.controls.splits] == [(100 * 10**12, 100 * 10**12)] * 2
    assert {p.payment for p in found.scaled.postings if p.status == HELD} == {"fee"}


def test_a_pool_that_cannot_be_split_holds_the_lines_of_all_who_share_it() -> None:
    found = compared(POOLS, of_pools((100, 0), (0, 2), (0, 1)), hold=True)
    assert {(p.payment, p.payer, p.reason) for p in found.scaled.postings if p.status == HELD} == {
        ("share", "aetna", "MH707")
    }


def test_a_pool_that_only_a_line_that_fails_may_ask_for_is_left_to_the_interpreter() -> None:
    gated = POOLS.replace("per year; pays split", 'per year; gate g "G" : size / parts > 1; pays split')
    found = scaled(*read(gated, of_pools((100, 100), (3, 0), (5, 0))), YEAR, hold=True)
    assert "is split hangs on what fails" in found.handed_over


def test_what_a_line_of_an_earlier_year_lacks_is_said_where_a_credit_carries_forward() -> None:
    body = """
  facts of practice, year { size : integer 0..99 }
  facts of practice, payer, year { before : $ or missing }
  payment fee "Fee" { per practice per year; pays $1 * size }
}
contract one "Aetna" under small edition "1" by aetna {
  effective 2011-01-01
  credit "Before" from facts of practice, payer, year column before against fee, excess carries forward
"""
    credits = [{"practice_id": "p1", "payer": "aetna", "year": year, "before": 1} for year in ("2011", "2012")]
    rows: Rows = {
        "practice": [{"practice_id": "p1"}],
        "practice_year": [{"practice_id": "p1", "year": "2012", "size": 3}],
        "practice_payer_year": credits,
    }
    found = scaled(*read(body, rows), 2012, hold=False)
    assert (found.handed_over, found.apart()) == ("", [])
    assert ["2011" in each.message for each in found.scaled.findings] == [True]


def aged(*born: str | None) -> Rows:
    """Members m0, m1 …, at p0 and p1 by turns, with the days on which they were born."""
    names = [f"m{at}" for at in range(len(born))]
    return {
        "practice": [{"practice_id": "p0"}, {"practice_id": "p1"}],
        "member": [{"person_id": n, "birth_date": day, "risk": "low"} for n, day in zip(names, born, strict=True)],
        "eligibility": [{"person_id": n, "payer": "aetna", "enrollment_start_date": "2011-01-01"} for n in names],
        "chosen_practice": [
            {"person_id": n, "payer": "aetna", "from": "2011-01-01", "practice_id": f"p{at % 2}"}
            for at, n in enumerate(names)
        ],
    }


@pytest.mark.parametrize("hold", [False, True])
def test_unknown_ages_hold_the_lines_of_their_practice_alone(hold: bool) -> None:
    found = compared(AGES, aged("1950-01-01", None, "1990-01-01"), hold=hold)
    held = {(p.payment, p.practice, p.payer) for p in found.scaled.postings if p.status == HELD}
    assert held == ({("aged", "p1", "aetna")} if hold else set())
    assert any("m1" in each.message for each in found.scaled.findings)


def test_people_who_cannot_be_judged_are_named() -> None:
    rows, excluded = some_people(), 'eligible members { exclude hospice_care "Hospice" when hospice }\n'
    rows["eligibility"][0]["hospice"] = None
    rows["eligibility"][1]["hospice"] = False
    body = f'{PEOPLE}  payment fee "Fee" {{ per member per month; pays $1 }}\n{excluded}'
    found = compared(body, rows, hold=False)
    assert {each.code for each in found.scaled.findings} == {"MH743"}
    assert scaled(*read(body, rows), YEAR, hold=True).handed_over.startswith("people or records cannot be judged")


class Heard(Progress):
    """Keeps the notes it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[str] = []

    def note(self, words: str) -> None:
        self.notes.append(words)


def test_few_people_are_settled_by_the_interpreter_as_ever() -> None:
    plan, dataset = read(AGES, aged(None))
    heard = Heard()
    found = settle(plan, dataset, YEAR, progress=heard)
    assert found.handed_over == "something fails (MH743)"
    assert heard.notes == []


def test_what_may_take_long_is_said_before_and_beyond_the_limit_refused() -> None:
    rows, excluded = some_people(), 'eligible members { exclude hospice_care "Hospice" when hospice }\n'
    rows["eligibility"][0]["hospice"] = None
    plan, dataset = read(f'{PEOPLE}  payment fee "Fee" {{ per member per month; pays $1 }}\n{excluded}', rows)
    heard = Heard()
    settle(plan, dataset, YEAR, hold=True, sizes=NOT_FEW, progress=heard)
    (note,) = heard.notes
    assert note.startswith("the interpreter settles 2011, which takes long for 1 people: people or records cannot be")
    with pytest.raises(DiagnosticError) as caught:
        settle(plan, dataset, YEAR, hold=True, sizes=Sizes(few=-1, most=0))
    (refused,) = caught.value.diagnostics
    assert refused.code == "MH756"
    assert "settle without `--hold`" in refused.help[0]
    assert "--engine reference" in refused.help[0]
