"""Generated programs on generated data: what holds of every settlement, whatever the rules say."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import event, given, settings

from mhrules.engine.rows import Row
from mhrules.exact import ONE, from_text
from mhrules.explain.as_json import from_json, to_json
from mhrules.explain.text import render_text
from mhrules.explain.tree import explain
from mhrules.plan import ir
from mhrules.settle import ledger
from mhrules.settle.ledger import Line, Posting, Settlement
from mhrules.settle.participation import judge
from mhrules.settle.sheets import participation, quantities
from mhrules.syntax.tree import Coverage
from tests.properties.rationals import rounded
from tests.strategies.cases import Case, case_from, cases
from tests.strategies.dice import Seeded
from tests.strategies.facts import Rows
from tests.strategies.settled import codes, plan_of, postings, published, settled

FEWER = settings(max_examples=max(10, settings.default.max_examples // 2))
DATA_FAULTS = {"MH701", "MH702", "MH704", "MH705", "MH706", "MH707"}
SAMPLE = 60


def result_of(case: Case) -> Settlement:
    """The settlement, noted as clean or faulty."""
    result = case.settled()
    event("settled" if result.ok else "faults")
    return result


def lines_of(result: Settlement) -> list[tuple[Posting, Line, ir.FormPlan, Row]]:
    """Every posting that is no credit, with its line, its form and its row."""
    found = []
    for posting in result.postings:
        if posting.status != ledger.CREDITED:
            where = (posting.payment, posting.payer, posting.practice, posting.first)
            line = result.books.line(*where)
            assert line is not None
            found.append((posting, line, result.books.form(posting.payment, posting.payer), result.books.row(*where)))
    return found


# ------------------------------------------------------------------------------------- it checks and settles


@given(cases(gaps=True))
def test_a_program_checks_and_settles_with_coded_data_faults_only(case: Case) -> None:
    result = result_of(case)
    assert set(codes(result.findings)) <= DATA_FAULTS
    assert result.ok or not result.postings


def test_the_samples_are_not_empty() -> None:
    """Most cases settle, and what they post is of every status; otherwise the properties here would hold of nothing."""
    seen: Counter[str] = Counter()
    for seed in range(SAMPLE):
        result = case_from(Seeded(seed), pools=seed % 2 == 1).settled()
        seen["clean"] += result.ok
        seen["splits"] += bool(result.controls.splits)
        for posting in result.postings:
            seen[posting.status] += 1
            seen["positive"] += posting.amount > 0
            seen["negative"] += posting.amount < 0
            seen["a fraction of a dollar"] += posting.amount % ONE != 0
            seen["to a payee"] += posting.payee != posting.practice
    assert seen["clean"] >= SAMPLE * 9 // 10
    assert seen["positive"] >= SAMPLE * 5
    assert seen["splits"] >= 2
    wanted = (*(s for s in ledger.STATUSES if s != ledger.HELD), "negative", "a fraction of a dollar", "to a payee")
    assert all(seen[each] >= 8 for each in wanted), seen


# --------------------------------------------------------------------------------------------- conservation


@FEWER
@given(cases())
def test_money_is_conserved(case: Case) -> None:
    result = result_of(case)
    total = sum(p.amount for p in result.postings)
    by = result.controls
    assert sum(by.by_payer.values()) == sum(by.by_practice.values()) == sum(by.by_payment.values()) == total
    assert all(split.pool == split.parts + split.returned for split in by.splits)
    payers, practices = set(result.books.world.payers), set(result.books.world.practices)
    for posting in result.postings:
        assert posting.payer in payers
        assert posting.practice in practices
        assert posting.payee
        assert posting.amount % (ONE // 100) == 0


@FEWER
@given(cases())
def test_every_line_stands_once_in_every_period_it_is_due(case: Case) -> None:
    result = result_of(case)
    keys = [(p.payer, p.practice, p.payment, p.period) for p in result.postings if p.status != ledger.CREDITED]
    assert len(keys) == len(set(keys))
    for payer in result.books.world.payers if result.ok else ():
        for name in case.plan.payments:
            form = result.books.form(name, payer)
            for first in () if form.once else result.books.firsts(name, payer, case.year):
                for practice in result.books.world.practices:
                    there = result.books.world.months(result.books.row(name, payer, practice, first))
                    label = case.plan.calendar.label(first, form.period)
                    assert ((payer, practice, name, label) in keys) is bool(there)


# ---------------------------------------------------------------------------------------- order, and parts


@FEWER
@given(cases())
def test_the_order_of_rows_and_of_clauses_changes_nothing(case: Case) -> None:
    result = result_of(case)
    mixed: dict[str, Any] = {name: case.dice.shuffled(rows) for name, rows in reversed(case.rows.items())}
    other_text = case.program.text(case.dice.shuffled(case.program.clauses))
    for plan, rows in ((case.plan, mixed), (plan_of(other_text), case.rows)):
        other = settled(plan, rows, case.year)
        assert postings(other) == postings(result)
        assert published(other) == published(result)
        assert participation(other).text() == participation(result).text()
        assert codes(other.findings) == codes(result.findings)


@FEWER
@given(cases(pools=False))
def test_practices_apart_are_as_practices_together(case: Case) -> None:
    column = f"{case.program.participant}_id"
    together = result_of(case)
    practices = case.dice.shuffled(together.books.world.practices)
    cut = case.dice.integer(0, len(practices))
    parts = [
        settled(case.plan, only(case.rows, column, some), case.year) for some in (practices[:cut], practices[cut:])
    ]
    assert together.ok is all(part.ok for part in parts)
    if together.ok:
        assert sorted(postings(together)) == sorted(posting for part in parts for posting in postings(part))
        assert set(quantities(together).text().splitlines()) == {
            row for part in parts for row in quantities(part).text().splitlines()
        }


def only(rows: Rows, column: str, practices: list[str]) -> Rows:
    """The rows of some practices, and those that are no practice's."""
    return {
        name: [row for row in some if row.get(column, practices) in (*practices, practices)]
        for name, some in rows.items()
    }


# -------------------------------------------------------------------------------------------- every line


@FEWER
@given(cases())
def test_an_amount_is_pays_within_all_caps_then_floors_rounded_once(case: Case) -> None:
    result = result_of(case)
    for posting, line, form, row in lines_of(result):
        if line.status == ledger.PAID:
            assert Fraction(posting.amount, ONE) == expected_amount(result, line, form, row)


def expected_amount(result: Settlement, line: Line, form: ir.FormPlan, row: Row) -> Fraction:
    """The amount, reckoned again from what it pays and its limits."""
    number = result.books.interpreter.number
    places, mode = result.plan.rounding
    amount = Fraction(number(form.pays, row), ONE)
    if form.unit == "member month":
        units = Fraction(result.books.interpreter.member_months(row), ONE)
        assert units == Fraction(line.units, ONE)
        amount = (rounded(amount, 2, mode) if form.round_each else amount) * units
    elif form.coverage is Coverage.PROPORTION:
        good = [judge(result.books.interpreter, line.payer, line.practice, m).participates for m in line.months]
        amount = amount * sum(good) / len(good)
    for cap in form.caps:
        amount = min(amount, Fraction(number(cap, row), ONE))
    for floor in form.floors:
        amount = max(amount, Fraction(number(floor, row), ONE))
    return rounded(amount, places, mode)


@FEWER
@given(cases())
def test_caps_and_floors_hold_and_the_floor_wins(case: Case) -> None:
    result = result_of(case)
    number, (places, mode) = result.books.interpreter.number, case.plan.rounding
    for posting, line, form, row in lines_of(result):
        if line.status == ledger.PAID:
            floors = [rounded(Fraction(number(floor, row), ONE), places, mode) for floor in form.floors]
            caps = [rounded(Fraction(number(cap, row), ONE), places, mode) for cap in form.caps]
            amount = Fraction(posting.amount, ONE)
            assert all(amount >= floor for floor in floors)
            assert all(amount <= cap or amount == max(floors, default=None) for cap in caps)


@FEWER
@given(cases())
def test_gates_hold_on_every_paid_line_and_the_first_that_fails_is_the_reason(case: Case) -> None:
    result = result_of(case)
    for posting, line, form, row in lines_of(result):
        if line.status == ledger.PAID:
            assert [verdict for _, verdict in line.gates] == ["passed"] * len(form.gates)
            assert all(result.books.interpreter.truth(gate.condition, row) for gate in form.gates)
        elif line.status == ledger.GATED:
            at = [gate.name for gate in form.gates].index(posting.reason)
            verdicts = ["passed"] * at + ["failed"] + ["not reached"] * (len(form.gates) - at - 1)
            assert [verdict for _, verdict in line.gates] == verdicts
            assert not result.books.interpreter.truth(form.gates[at].condition, row)


@FEWER
@given(cases())
def test_only_a_paid_line_with_downside_is_negative_and_only_a_paid_line_is_anything(case: Case) -> None:
    result = result_of(case)
    for posting, line, form, _ in lines_of(result):
        assert posting.amount == 0 or line.status == ledger.PAID
        assert posting.amount >= 0 or form.downside
        assert posting.status != ledger.NOT_ELECTED or posting.payment in case.plan.payer(posting.payer).declined
    credited = Counter[tuple[str, str, str, str]]()
    for posting in result.postings:
        key = (posting.payer, posting.practice, posting.payment, posting.period)
        credited[key] += posting.amount if posting.status == ledger.CREDITED or posting.amount > 0 else 0
    assert all(left >= 0 for left in credited.values())


@FEWER
@given(cases())
def test_a_line_is_paid_only_where_the_practice_participates(case: Case) -> None:
    result = result_of(case)
    for posting, line, form, _ in lines_of(result):
        months = line.months[-1:] if form.coverage is Coverage.LAST_MONTH else line.months
        verdicts = [judge(result.books.interpreter, line.payer, line.practice, month) for month in months]
        good = sum(verdict.participates for verdict in verdicts)
        enough = good > 0 if form.coverage is Coverage.PROPORTION else good == len(months)
        if posting.status in (ledger.PAID, ledger.GATED):
            assert enough
        elif posting.status == ledger.NOT_PARTICIPATING:
            assert not enough


# --------------------------------------------------------------------------------------------- explained


@FEWER
@given(cases())
def test_the_root_of_the_trace_is_the_posted_line(case: Case) -> None:
    result = result_of(case)
    lines = lines_of(result)
    for posting, line, _, _ in Random(case.year).sample(lines, min(12, len(lines))):
        root = result.books.line_trace(posting.payment, posting.payer, posting.practice, posting.first)
        assert root.detail == line
        assert line.amount == posting.amount


@FEWER
@given(cases())
def test_the_explanation_of_a_line_comes_out_at_the_posted_amount(case: Case) -> None:
    result = result_of(case)
    lines = lines_of(result)
    for posting, _, _, _ in Random(case.year).sample(lines, min(8, len(lines))):
        deep = case.dice.chance(50)
        found = explain(result, posting.payer, posting.practice, posting.payment, posting.period, deep=deep)
        (line,) = found.lines
        assert line.why.worth is not None
        assert from_text(line.why.worth.exact) == from_text(line.amount) == posting.amount
        assert (line.status, line.reason, line.payee) == (posting.status, posting.reason, posting.payee)
        assert from_json(to_json(found)) == found
        assert render_text(found)
