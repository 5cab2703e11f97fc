"""Lines: their order of judgment, units, limits, rounding, coverage, totals, payees."""

from __future__ import annotations

from typing import Any

import pytest

from mhrules.data.schema import ColumnKind
from mhrules.diagnostics.model import DiagnosticError
from mhrules.exact import to_text
from mhrules.plan import ir
from mhrules.plan.whole import Plan
from mhrules.settle.ledger import Settlement
from mhrules.syntax.tree import Coverage, Period
from tests.engine import build as b
from tests.interpreted import settle

YEARLY = b.table("practice year", amount=ColumnKind.MONEY, good=ColumnKind.YES_NO, organization=ColumnKind.TEXT)
MONTHLY = b.table("practice month", open=ColumnKind.YES_NO)
SCHEMA = b.schema(YEARLY, MONTHLY, b.PANEL)
AMOUNT, GOOD, OPEN = b.fact(YEARLY, "amount"), b.fact(YEARLY, "good"), b.fact(MONTHLY, "open")
BAD = b.op("/", b.usd(1), b.usd(0))


def run(plan: Plan, rows: dict[str, Any] | None = None, year: int = 2012, **more: Any) -> Settlement:
    given: dict[str, Any] = {"practice_year": [{"practice": "p1", "year": 2012, "amount": "100.00", "good": True}]}
    return settle(plan, b.data(SCHEMA, **{**given, **(rows or {})}), year, **more)


def posted(settlement: Settlement) -> list[str]:
    """`payment period status reason amount` of every posting."""
    assert settlement.ok, settlement.findings
    return [
        " ".join(filter(None, (p.payment, p.period, p.status, p.reason, to_text(p.amount, 2))))
        for p in settlement.postings
    ]


def one(form: ir.FormPlan, **more: Any) -> str:
    rows = more.pop("rows", None)
    return posted(run(b.plan(SCHEMA, b.payment("pay", form), **more), rows))[0].removeprefix("pay 2012 ")


def test_a_payment_pays_and_a_zero_line_is_written() -> None:
    assert one(b.form(AMOUNT)) == "paid 100.00"
    assert one(b.form(b.usd(0))) == "paid 0.00"


def test_units_of_members_times_a_price_rounded_once() -> None:
    months = b.panel("p1", "a", "33.3", [1]) + b.panel("p1", "a", 7, [2])
    rows = {"practice_payer_month": months}
    plan = b.plan(SCHEMA, b.payment("fee", b.per_member(b.num("2.335", b.PMPM))))
    postings = run(plan, rows).postings
    assert [p.period for p in postings] == [f"2012-{m:02d}" for m in range(1, 13)]
    assert [to_text(p.units) for p in postings[:3]] == ["33.3", "7", "0"]
    # 77.7555, 16.345; not 33.3 × 2.34 = 77.922, not 7 × 2.34 = 16.38
    assert [to_text(p.amount, 2) for p in postings[:3]] == ["77.76", "16.35", "0.00"]


@pytest.mark.parametrize("words", ["each member month", "the rate first"])
def test_the_rate_is_rounded_first_where_the_text_says_so(words: str) -> None:
    plan = b.plan(SCHEMA, b.payment("fee", b.per_member(b.num("2.335", b.PMPM), round_each=words)))
    rows = {"practice_payer_month": b.panel("p1", "a", 7, [2])}
    assert to_text(run(plan, rows).postings[1].amount, 2) == "16.38"


def test_all_caps_then_all_floors_and_the_floor_wins() -> None:
    limited = b.form(AMOUNT, caps=(b.usd(80), b.usd(60)), floors=(b.usd(70), b.usd(65)))
    assert one(limited) == "paid 70.00"
    assert one(b.form(AMOUNT, caps=(b.usd(80), b.usd(60)))) == "paid 60.00"


def test_limits_act_before_the_one_rounding() -> None:
    assert one(b.form(b.num("1.009", b.DOLLAR), caps=(b.num("1.004", b.DOLLAR),))) == "paid 1.00"
    assert one(b.form(b.num("1.001", b.DOLLAR), floors=(b.num("1.005", b.DOLLAR),))) == "paid 1.01"


def test_a_negative_amount_needs_downside() -> None:
    settlement = run(b.plan(SCHEMA, b.payment("pay", b.form(b.num("-0.001", b.DOLLAR)))))
    assert [finding.code for finding in settlement.findings] == ["MH706"]
    assert settlement.postings == ()
    assert not settlement.ok


def test_gates_go_in_text_order_and_later_ones_are_not_reached() -> None:
    gates = (b.gate("first", b.yes()), b.gate("second", b.yes(False)), b.gate("third", b.compare("=", BAD, BAD)))
    settlement = run(b.plan(SCHEMA, b.payment("pay", b.form(BAD, gates=gates))))
    assert posted(settlement) == ["pay 2012 gated second 0.00"]
    line = settlement.books.line("pay", "a", "p1", b.JANUARY)
    assert line is not None
    assert line.gates == (("first", "passed"), ("second", "failed"), ("third", "not reached"))


def test_in_force_comes_before_declined_before_participation_before_gates() -> None:
    never = b.all_of(b.require("size", b.yes(False)))
    declined = b.payer("a", declined={"pay": "of our own"})
    form = b.form(BAD, gates=(b.gate("shut", b.yes(False)),))
    assert one(form, requirements=never, payers=[declined], least_payers=2) == "not_due program not in force 0.00"
    assert one(form, requirements=never, payers=[declined]) == "not_elected of our own 0.00"
    assert one(form, requirements=never) == "not_participating size 0.00"
    assert one(form) == "gated shut 0.00"


def test_months_with_too_few_payers_are_not_due() -> None:
    payers = [b.payer("a"), b.payer("b", first_month=b.JANUARY + 2)]
    fee = b.payment("fee", b.form(b.usd(1), Period.MONTH))
    found = posted(run(b.plan(SCHEMA, fee, payers=payers, least_payers=2)))
    assert found[:3] == [
        "fee 2012-01 not_due program not in force 0.00",
        "fee 2012-02 not_due program not in force 0.00",
        "fee 2012-03 paid 1.00",
    ]
    assert len(found) == 22  # b has no row in months before it began


def months(*open_: int) -> dict[str, Any]:
    return {"practice_month": [{"practice": "p1", "month": f"2012-{m:02d}", "open": m in open_} for m in range(1, 13)]}


@pytest.mark.parametrize(
    ("coverage", "open_", "line"),
    [
        (Coverage.LAST_MONTH, range(2, 13), "paid 100.00"),
        (Coverage.LAST_MONTH, range(1, 12), "not_participating size 0.00"),
        (Coverage.EVERY_MONTH, range(1, 13), "paid 100.00"),
        (Coverage.EVERY_MONTH, range(2, 13), "not_participating size 0.00"),
        (Coverage.PROPORTION, range(1, 8), "paid 58.33"),
        (Coverage.PROPORTION, (), "not_participating size 0.00"),
    ],
)
def test_coverage_of_a_longer_period(coverage: Coverage, open_: range, line: str) -> None:
    form = b.form(AMOUNT, coverage=coverage)
    assert one(form, requirements=b.all_of(b.require("size", OPEN)), rows=months(*open_)) == line


def test_the_proportion_is_exact_and_comes_before_caps() -> None:
    form = b.form(b.usd("0.03"), coverage=Coverage.PROPORTION, caps=(b.usd("0.02"),))
    asked = b.all_of(b.require("size", OPEN))
    assert one(form, requirements=asked, rows=months(*range(1, 12))) == "paid 0.02"  # 0.0275, not 0.02 × 11/12
    assert (
        one(b.form(b.usd("0.03"), coverage=Coverage.PROPORTION), requirements=asked, rows=months(1, 2)) == "paid 0.01"
    )


def test_a_payment_made_once_falls_in_the_first_participating_month() -> None:
    grant = b.payment("grant", b.form(b.usd(500), Period.MONTH, once=True))
    plan = b.plan(SCHEMA, grant, requirements=b.all_of(b.require("size", OPEN)))
    assert posted(run(plan, months(4, 5, 9))) == ["grant 2012-04 paid 500.00"]
    later = {
        "practice_month": [
            {"practice": "p1", "month": f"{y}-{m:02d}", "open": True} for y in (2012, 2013) for m in range(1, 13)
        ]
    }
    assert run(plan, later, 2013).postings == ()
    assert posted(run(plan, months())) == []


def test_a_payment_goes_to_the_payee_that_the_text_names() -> None:
    facts = {"practice_year": [{"practice": "p1", "year": 2012, "organization": "po", "amount": 3}]}
    plan = b.plan(
        SCHEMA,
        b.payment("pay", b.form(AMOUNT, payee="group")),
        payees={"group": b.fact(YEARLY, "organization", missing=True)},
    )
    assert [(p.practice, p.payee) for p in run(plan, facts).postings] == [("p1", "po")]
    nobody = run(plan)
    assert [finding.code for finding in nobody.findings] == ["MH702"]


def test_a_total_sums_rounded_postings_of_the_payments_own_payer_and_practice() -> None:
    fee = b.payment("fee", b.form(b.num("1.005", b.DOLLAR), Period.MONTH))
    share = b.payment("share", b.form(b.total("fee"), Period.QUARTER))
    plan = b.plan(SCHEMA, fee, share, first_month=b.JANUARY + 1)
    found = posted(run(plan))
    assert found[-4:] == [
        f"share 2012-Q{q} paid {amount}" for q, amount in enumerate(("2.02", "3.03", "3.03", "3.03"), 1)
    ]


def test_a_total_is_zero_where_nothing_was_paid() -> None:
    fee = b.payment("fee", b.form(b.usd(1), Period.MONTH))
    share = b.payment("share", b.form(b.total("fee")))
    plan = b.plan(SCHEMA, fee, share, payers=[b.payer("a", declined={"fee": "no"})])
    assert posted(run(plan))[-1] == "share 2012 paid 0.00"


def test_a_payer_pays_in_its_own_form() -> None:
    two = b.payment("pay", b.form(b.usd(1)), b.form(b.usd(2), Period.HALF_YEAR))
    payers = [b.payer("a", forms={"pay": "form2"}), b.payer("b", forms={"pay": "form1"})]
    found = run(b.plan(SCHEMA, two, payers=payers)).postings
    assert [(p.payer, p.period, to_text(p.amount)) for p in found] == [
        ("a", "2012-H1", "2"),
        ("a", "2012-H2", "2"),
        ("b", "2012", "1"),
    ]


def test_a_year_outside_the_term_is_refused() -> None:
    plan = b.plan(SCHEMA, b.payment("pay", b.form(AMOUNT)), last_month=b.JANUARY + 11)
    for year in (2011, 2013):
        with pytest.raises(DiagnosticError) as error:
            run(plan, year=year)
        assert [finding.code for finding in error.value.diagnostics] == ["MH730"]


def test_a_year_without_anybody_is_a_warning() -> None:
    settlement = run(b.plan(SCHEMA, b.payment("pay", b.form(AMOUNT))), year=2013)
    assert [finding.code for finding in settlement.findings] == ["MH731"]
    assert settlement.ok


def test_the_trace_of_a_line_ends_in_the_posted_amount() -> None:
    gates = (b.gate("good", GOOD),)
    plan = b.plan(SCHEMA, b.payment("pay", b.form(b.op("*", AMOUNT, b.num("0.3335")), gates=gates, caps=(b.usd(90),))))
    settlement = run(plan)
    step = settlement.books.line_trace("pay", "a", "p1", b.JANUARY)
    assert step.detail == settlement.books.line("pay", "a", "p1", b.JANUARY)
    assert settlement.postings[0].amount == step.detail.amount  # type: ignore[attr-defined]
    shown = [child.what for child in step.children]
    assert gates[0] in shown
    assert "at most" in shown
    assert b.n("33.35") in [child.value for child in step.children]
