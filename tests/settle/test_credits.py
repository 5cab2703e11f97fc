"""Credits: postings of their own, never below zero, lapsing or carried forward."""

from __future__ import annotations

from typing import Any

from mhrules.data.schema import ColumnKind
from mhrules.exact import to_text
from mhrules.plan import ir
from mhrules.plan.whole import CreditPlan, Plan
from mhrules.syntax.tree import Period
from tests.engine import build as b
from tests.interpreted import settle

PAID = b.table("practice payer year", paid_before=ColumnKind.MONEY)
ONCE = b.table("practice payer", paid_before=ColumnKind.MONEY)
SIZE = b.table("practice year", size=ColumnKind.INTEGER)
SCHEMA = b.schema(PAID, ONCE, SIZE)
CELL = b.fact(PAID, "paid_before", missing=True)
FEE = b.payment("fee", b.form(b.usd(100), Period.HALF_YEAR))
BONUS = b.payment("bonus", b.form(b.usd(50), Period.HALF_YEAR))


def plan(*credits: CreditPlan, payments: tuple[ir.PaymentPlan, ...] = (FEE, BONUS), **more: Any) -> Plan:
    return b.plan(SCHEMA, *payments, payers=[b.payer("a", credits=credits)], **more)


def credited(of: Plan, before: dict[int, int], year: int = 2012, practices: str = "p1", **tables: Any) -> list[str]:
    rows = [{"practice": "p1", "payer": "a", "year": y, "paid_before": amount} for y, amount in before.items()]
    size = [{"practice": p, "year": y, "size": 1} for p in practices.split() for y in range(2012, 2016)]
    settlement = settle(of, b.data(SCHEMA, practice_payer_year=rows, practice_year=size, **tables), year)
    assert settlement.ok, settlement.findings
    return [
        f"{p.practice} {p.payment} {p.period} {to_text(p.amount, 2)}"
        for p in settlement.postings
        if p.status == "credited"
    ]


def test_a_credit_is_taken_off_by_period_then_in_the_order_named() -> None:
    of = plan(b.credit("a", "bonus", "fee", cell=CELL))
    assert credited(of, {2012: 220}) == [
        "p1 bonus 2012-H1 -50.00",
        "p1 bonus 2012-H2 -50.00",
        "p1 fee 2012-H1 -100.00",
        "p1 fee 2012-H2 -20.00",
    ]


def test_never_more_than_the_line_after_earlier_credits() -> None:
    of = plan(b.credit("a", "fee", cell=CELL), b.credit("a", "fee", cell=CELL))
    assert credited(of, {2012: 70}) == ["p1 fee 2012-H1 -70.00", "p1 fee 2012-H1 -30.00", "p1 fee 2012-H2 -40.00"]


def test_excess_lapses_at_the_end_of_the_year() -> None:
    of = plan(b.credit("a", "fee", cell=CELL))
    assert sum(-float(text.split()[-1]) for text in credited(of, {2012: 500})) == 200
    assert credited(of, {2012: 500}, 2013) == []


def test_excess_carries_forward() -> None:
    of = plan(b.credit("a", "fee", cell=CELL, carries_forward=True))
    assert credited(of, {2012: 330}, 2013) == ["p1 fee 2013-H1 -100.00", "p1 fee 2013-H2 -30.00"]
    assert credited(of, {2012: 330, 2013: 10}, 2013) == ["p1 fee 2013-H1 -100.00", "p1 fee 2013-H2 -40.00"]
    assert credited(of, {2012: 330}, 2014) == []


def test_a_fact_without_a_year_is_credited_once() -> None:
    of = plan(b.credit("a", "fee", cell=b.fact(ONCE, "paid_before", missing=True), carries_forward=True))
    once = {"practice_payer": [{"practice": "p1", "payer": "a", "paid_before": 250}]}
    assert credited(of, {}, 2012, **once) == ["p1 fee 2012-H1 -100.00", "p1 fee 2012-H2 -100.00"]
    assert credited(of, {}, 2013, **once) == ["p1 fee 2013-H1 -50.00"]


def test_an_amount_is_spread_in_proportion_to_the_years_payments() -> None:
    size = b.op("*", b.fact(SIZE, "size"), b.usd(100))
    of = plan(b.credit("a", "fee", amount="100.00"), payments=(b.payment("fee", b.form(size)),))
    assert credited(of, {}, practices="p1 p2 p3") == ["p1 fee 2012 -33.34", "p2 fee 2012 -33.33", "p3 fee 2012 -33.33"]


def test_a_spread_amount_carries_forward_what_a_year_could_not_take() -> None:
    of = plan(
        b.credit("a", "fee", amount="150.00", carries_forward=True), payments=(b.payment("fee", b.form(b.usd(100))),)
    )
    assert credited(of, {}, 2012) == ["p1 fee 2012 -100.00"]
    small = b.payment("fee", b.form(b.usd(100), gates=(b.gate("later", b.compare(">", _year(), b.num(1, b.WHOLE))),)))
    of = plan(b.credit("a", "fee", amount="30.00", carries_forward=True), payments=(small,))
    assert credited(of, {}, 2012) == []
    assert credited(of, {}, 2013) == ["p1 fee 2013 -60.00"]


def _year() -> ir.Clock:
    return ir.Clock("program_year", type=b.WHOLE, keys=frozenset({"year"}), span=b.span("program_year"))


def test_totals_are_gross_and_paid_is_net() -> None:
    gross = b.payment("gross", b.form(b.total("fee")))
    net = b.payment("net", b.form(b.total("fee", net=True)))
    of = plan(b.credit("a", "fee", cell=CELL), payments=(FEE, gross, net))
    data = b.data(SCHEMA, practice_payer_year=[{"practice": "p1", "payer": "a", "year": 2012, "paid_before": 30}])
    amounts = {p.payment: to_text(p.amount) for p in settle(of, data, 2012).postings if p.period == "2012"}
    assert amounts == {"gross": "200", "net": "170"}


def test_a_payment_that_reads_its_own_credit_is_a_fault() -> None:
    net = b.payment("net", b.form(b.total("fee", net=True)))
    of = plan(b.credit("a", "fee", "net", cell=CELL), payments=(FEE, net))
    data = b.data(SCHEMA, practice_payer_year=[{"practice": "p1", "payer": "a", "year": 2012, "paid_before": 30}])
    assert {finding.code for finding in settle(of, data, 2012).findings} == {"MH999"}


def test_a_negative_credit_is_a_fault() -> None:
    data = b.data(SCHEMA, practice_payer_year=[{"practice": "p1", "payer": "a", "year": 2012, "paid_before": -30}])
    settlement = settle(plan(b.credit("a", "fee", cell=CELL)), data, 2012)
    assert [finding.code for finding in settlement.findings] == ["MH709"]
