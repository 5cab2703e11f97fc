"""Faults stop a settlement or are held; invariants; reports; control totals; money is conserved."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mhrules.data.schema import ColumnKind
from mhrules.exact import to_text
from mhrules.plan import ir
from mhrules.settle.ledger import Settlement
from mhrules.settle.run import LISTED, settle
from mhrules.syntax.tree import Period
from tests.engine import build as b

YEARLY = b.table("practice year", amount=ColumnKind.MONEY)
LINES = b.table("practice line year", cost=ColumnKind.MONEY)
SCHEMA = b.schema(YEARLY, LINES)
AMOUNT = b.fact(YEARLY, "amount")
RISKY = b.op("/", b.usd(100), AMOUNT)


def run(plan: Any, amounts: dict[str, Any], **more: Any) -> Settlement:
    rows = [{"practice": name, "year": 2012, "amount": amount} for name, amount in amounts.items()]
    return settle(plan, b.data(SCHEMA, practice_year=rows), 2012, **more)


def lines(settlement: Settlement) -> list[str]:
    return [f"{p.practice} {p.payment} {p.status} {p.reason} {to_text(p.amount, 2)}" for p in settlement.postings]


def test_any_fault_stops_all_postings_and_all_faults_are_listed() -> None:
    settlement = run(b.plan(SCHEMA, b.payment("pay", b.form(RISKY))), {"p1": 0, "p2": 4, "p3": 0})
    assert [finding.code for finding in settlement.findings] == ["MH704", "MH704"]
    assert settlement.postings == ()
    assert not settlement.held


def test_of_one_rule_a_hundred_faults_are_listed_and_the_rest_counted() -> None:
    many = {f"p{at:03d}": 0 for at in range(LISTED + 5)}
    findings = run(b.plan(SCHEMA, b.payment("pay", b.form(RISKY))), many).findings
    assert len(findings) == LISTED + 1
    assert findings[-1].message == "5 more of the same"


def test_a_fault_that_nobody_demands_is_none() -> None:
    form = b.form(RISKY, gates=(b.gate("any", b.compare(">", AMOUNT, b.usd(0))),))
    settlement = run(b.plan(SCHEMA, b.payment("pay", form)), {"p1": 0})
    assert lines(settlement) == ["p1 pay gated any 0.00"]


def test_held_lines_and_what_reads_them() -> None:
    plan = b.plan(SCHEMA, b.payment("pay", b.form(RISKY)), b.payment("share", b.form(b.total("pay"))))
    settlement = run(plan, {"p1": 0, "p2": 4}, hold=True)
    assert lines(settlement) == [
        "p1 pay held MH704 0.00",
        "p1 share held MH704 0.00",
        "p2 pay paid  25.00",
        "p2 share paid  25.00",
    ]
    assert settlement.held
    assert not settlement.ok


def test_an_invariant_that_fails_names_the_row_and_both_sides() -> None:
    small = b.ensure("small", b.compare("<=", b.total("pay"), AMOUNT))
    plan = b.plan(SCHEMA, b.payment("pay", b.form(b.usd(7))), b.payment("rest", b.form(b.usd(1))), ensures=(small,))
    settlement = run(plan, {"p1": 5, "p2": 9})
    (finding,) = settlement.findings
    assert (finding.code, finding.message) == (
        "MH720",
        "`small` (small) does not hold for practice `p1`, payer `a`, 2012",
    )
    assert finding.notes == ("`total(pay)` is $7.00", "`amount` is $5.00")
    assert settlement.postings == ()
    held = run(plan, {"p1": 5, "p2": 9}, hold=True)
    assert lines(held) == [
        "p1 pay held MH720 0.00",
        "p1 rest held MH720 0.00",
        "p2 pay paid  7.00",
        "p2 rest paid  1.00",
    ]
    assert [f.code for f in held.findings] == ["MH720"]


def test_an_invariant_for_some_payers() -> None:
    line = ir.RowKey("line", type=b.codes("hmo", "medicare"), keys=frozenset({"line"}), span=b.span("line"))
    medicare = ir.Literal(value="medicare", type=line.type, keys=frozenset(), span=b.span("medicare"))
    where = b.compare("=", line, medicare)
    capped = b.ensure("capped", b.compare("<=", b.setting("fee"), b.num(10, b.PMPM)), Period.YEAR, where)
    settings = {"fee": (b.value(11),)}
    payers = [
        b.payer("a", lines=("hmo",), settings=settings),
        b.payer("m", lines=("hmo", "medicare"), settings=settings),
    ]
    settlement = run(b.plan(SCHEMA, b.payment("pay", b.form(AMOUNT)), payers=payers, ensures=(capped,)), {"p1": 5})
    assert [f.message for f in settlement.findings] == ["`capped` (capped) does not hold for payer `m`, 2012"]


def test_reports_are_published_at_their_grain() -> None:
    quarterly = b.quantity("share", b.op("/", AMOUNT, b.usd(8)), "practice", "year")
    cost = b.quantity("cost", b.fact(LINES, "cost"), "practice", "line", "year")
    reports = tuple(ir.ReportPlan(q.name, q.title, q) for q in (quarterly, cost))
    facts = b.data(
        SCHEMA,
        practice_year=[{"practice": "p1", "year": 2012, "amount": 2}],
        practice_line_year=[{"practice": "p1", "line": line, "year": 2012, "cost": 3} for line in ("b", "a")],
    )
    settlement = settle(b.plan(SCHEMA, reports=reports), facts, 2012)
    found = [(p.report.name, dict(p.row.keys), p.value) for p in settlement.quantities]
    assert found == [
        ("share", {"practice": "p1"}, b.n("0.25")),
        ("cost", {"practice": "p1", "line": "a"}, b.n(3)),
        ("cost", {"practice": "p1", "line": "b"}, b.n(3)),
    ]


def test_an_invariant_by_practice_and_region_meets_each_practice_in_its_own_region() -> None:
    roster = b.table("practice", region=ColumnKind.TEXT)
    schema = b.schema(YEARLY, roster)
    here = ir.RowKey("region", type=b.TEXT, keys=frozenset({"region"}), span=b.span("region"))
    east = ir.Literal(value="east", type=b.TEXT, keys=frozenset(), span=b.span("east"))
    paid = b.compare(">", b.fact(YEARLY, "amount"), b.usd(0))
    rule = b.ensure("east", b.logic("and", b.compare("=", here, east), paid))
    facts = b.data(
        schema,
        practice=[{"practice": "p1", "region": "east"}, {"practice": "p2", "region": "west"}],
        practice_year=[{"practice": f"p{at}", "year": 2012, "amount": 1} for at in (1, 2)],
    )
    plan = b.plan(schema, ensures=(rule,), practice_keys={"region": b.fact(roster, "region")})
    findings = settle(plan, facts, 2012).findings
    assert [f.message for f in findings] == ["`east` (east) does not hold for practice `p2`, region `west`, 2012"]


def test_a_credit_that_cannot_be_known_is_held() -> None:
    before = b.table("practice payer year", paid_before=ColumnKind.MONEY)
    schema = b.schema(YEARLY, before)
    credit = b.credit("a", "pay", cell=b.fact(before, "paid_before"))
    plan = b.plan(schema, b.payment("pay", b.form(AMOUNT)), payers=[b.payer("a", credits=(credit,))])
    facts = b.data(schema, practice_year=[{"practice": "p1", "year": 2012, "amount": 1}])
    settlement = settle(plan, facts, 2012, hold=True)
    assert lines(settlement) == ["p1 pay held MH701 0.00", "p1 pay paid  1.00"]


def test_a_quantity_may_rest_on_hundreds_of_others() -> None:
    last = b.quantity("q0", AMOUNT, "practice", "year")
    for at in range(1, 600):
        last = b.quantity(f"q{at}", b.op("+", b.read(last), b.usd(1)), "practice", "year")
    settlement = run(b.plan(SCHEMA, b.payment("pay", b.form(b.read(last)))), {"p1": 1})
    assert lines(settlement) == ["p1 pay paid  600.00"]
    assert settlement.books.line_trace("pay", "a", "p1", b.JANUARY).faults == ()


def test_control_totals_tie_and_name_the_splits() -> None:
    pool = b.split(b.usd("100.00"), "practice")
    plan = b.plan(
        SCHEMA, b.payment("pay", b.form(pool)), b.payment("fee", b.form(b.usd(1))), payers=[b.payer("a"), b.payer("b")]
    )
    controls = run(plan, {"p1": 0, "p2": 0, "p3": 0}).controls
    assert controls.total == b.n(206)
    assert controls.by_payer == {"a": b.n(103), "b": b.n(103)}
    assert sum(controls.by_practice.values()) == b.n(206)
    assert controls.lines_by_status == {"paid": 12}
    (split,) = controls.splits
    assert (split.pool, split.parts, split.returned) == (b.n(100), b.n(100), 0)


AMOUNTS = st.dictionaries(st.sampled_from([f"p{at}" for at in range(6)]), st.integers(0, 10**6), min_size=1)


@given(AMOUNTS, st.integers(0, 10**6))
def test_money_is_conserved_and_caps_and_gates_hold(amounts: dict[str, int], cap: int) -> None:
    form = b.form(
        b.op("*", AMOUNT, b.num("0.3337")),
        gates=(b.gate("large", b.compare(">=", AMOUNT, b.usd(100))),),
        caps=(b.usd(cap),),
    )
    plan = b.plan(SCHEMA, b.payment("pay", form), payers=[b.payer("a"), b.payer("b")])
    settlement = run(plan, amounts)
    assert settlement.controls.total == sum(p.amount for p in settlement.postings)
    assert len(settlement.postings) == 2 * len(amounts)
    for posting in settlement.postings:
        assert 0 <= posting.amount <= b.n(cap)
        assert (posting.status == "gated") == (amounts[posting.practice] < 100)
        assert posting.payer
        assert posting.payee


@given(AMOUNTS, AMOUNTS)
def test_disjoint_practices_settle_apart_as_together(one: dict[str, int], other: dict[str, int]) -> None:
    other = {f"q{name}": amount for name, amount in other.items()}
    plan = b.plan(SCHEMA, b.payment("pay", b.form(b.op("/", AMOUNT, b.num(7)), Period.YEAR)))
    together = run(plan, {**other, **one})
    assert together.postings == run(plan, one).postings + run(plan, other).postings


@given(st.permutations([f"p{at}" for at in range(5)]))
def test_the_order_of_rows_changes_nothing(names: list[str]) -> None:
    plan = b.plan(SCHEMA, b.payment("pay", b.form(b.split(b.usd("0.07"), "practice"))))
    amounts = {name: int(name[1]) for name in names}
    assert lines(run(plan, amounts)) == lines(run(plan, dict(sorted(amounts.items()))))
