"""Aggregates and splits: who is in them, what they make of nothing, which faults they find."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhrules.data.schema import ColumnKind
from mhrules.engine.faults import Faulted
from mhrules.engine.reference import Interpreter
from mhrules.plan import ir
from tests.engine import build as b

YEARLY = b.table("practice year", amount=ColumnKind.MONEY, good=ColumnKind.YES_NO, divisor=ColumnKind.INTEGER)
ROSTER = b.table("practice", region=ColumnKind.TEXT)
LINES = b.table("practice line year", cost=ColumnKind.MONEY)
SCHEMA = b.schema(YEARLY, ROSTER, LINES, b.PANEL)
AMOUNT, GOOD = b.fact(YEARLY, "amount"), b.fact(YEARLY, "good")


def engine(amounts: dict[str, tuple[int, bool, str]], payers: str = "a", **rows: Any) -> Interpreter:
    """Practices with an amount, a verdict and a region."""
    facts = b.data(
        SCHEMA,
        practice=[{"practice": name, "region": region} for name, (_, _, region) in amounts.items()],
        practice_year=[
            {"practice": name, "year": 2012, "amount": amount, "good": good, "divisor": amount}
            for name, (amount, good, _) in amounts.items()
        ],
        **rows,
    )
    region = b.fact(ROSTER, "region")
    return b.interpreter(
        b.plan(SCHEMA, payers=[b.payer(p) for p in payers.split()], practice_keys={"region": region}), facts
    )


THREE = {"p1": (10, True, "east"), "p2": (20, False, "west"), "p3": (60, True, "east")}


@pytest.mark.parametrize(
    ("function", "expected"),
    [("sum", 90), ("average", 30), ("minimum", 10), ("maximum", 60), ("count", 3)],
)
def test_an_aggregate_runs_over_the_practices_of_the_roster(function: str, expected: int) -> None:
    assert engine(THREE).evaluate(b.over(function, "practice", AMOUNT), b.year()) == b.n(expected)


def test_where_keeps_some_and_share_counts_them() -> None:
    of = engine(THREE)
    assert of.evaluate(b.over("sum", "practice", AMOUNT, where=GOOD), b.year()) == b.n(70)
    assert of.evaluate(b.over("count", "practice", None, where=GOOD), b.year()) == b.n(2)
    assert of.evaluate(b.over("share", "practice", None, where=GOOD), b.year()) == 666_666_666_667
    assert of.evaluate(b.over("any", "practice", GOOD), b.year()) is True
    assert of.evaluate(b.over("every", "practice", GOOD), b.year()) is False
    assert of.evaluate(b.over("percentile", "practice", AMOUNT, argument=50), b.year()) == b.n(20)


@pytest.mark.parametrize(
    ("function", "expected"),
    [("sum", 0), ("count", 0), ("any", False), ("every", True)]
    + [(name, None) for name in ("average", "share", "minimum", "maximum", "percentile")],
)
def test_nothing_is_zero_no_yes_or_missing(function: str, expected: ir.Value) -> None:
    body = GOOD if function in ("any", "every", "share") else AMOUNT
    found = engine({}).evaluate(b.over(function, "practice", body), b.year())
    assert found == expected
    assert type(found) is type(expected)


def test_practices_of_the_same_region_and_a_practice_finds_its_region() -> None:
    of = engine(THREE)
    total = b.quantity("total", b.over("sum", "practice", AMOUNT, same=("region",)), "region", "year")
    assert of.evaluate(b.read(total), b.year(region="east")) == b.n(70)
    assert of.evaluate(b.read(total), b.year(practice="p2")) == b.n(20)
    assert of.evaluate(b.over("maximum", "region", b.read(total)), b.year()) == b.n(70)
    assert of.evaluate(b.over("sum", "practice", AMOUNT, same=("region",)), b.year(practice="p1")) == b.n(70)
    assert of.evaluate(b.over("sum", "practice", AMOUNT), b.year(practice="p1")) == b.n(90)  # all, unless it says so


def test_all_faults_of_all_elements_are_found() -> None:
    of = engine({f"p{at}": (0 if at else 1, True, "x") for at in range(4)})
    quotient = b.op("/", b.usd(1), b.fact(YEARLY, "divisor"))
    with pytest.raises(Faulted) as error:
        of.evaluate(b.over("sum", "practice", quotient), b.year())
    assert [fault.code for fault in error.value.faults] == ["MH704"] * 3
    assert "practice `p2`" in error.value.faults[1].message


def test_a_missing_element_is_not_left_out_of_a_sum() -> None:
    missing = b.fact(b.table("practice payer year", bonus=ColumnKind.MONEY), "bonus", missing=True)
    body = b.over("sum", "practice", missing)
    schema = b.schema(b.table("practice payer year", bonus=ColumnKind.MONEY), YEARLY)
    facts = b.data(schema, practice_year=[{"practice": "p1", "year": 2012}], practice_payer_year=[])
    with pytest.raises(Faulted, match="MH702"):
        b.interpreter(b.plan(schema), facts).evaluate(body, b.year(payer="a"))


def test_over_payers_and_months() -> None:
    of = engine(
        {"p1": (1, True, "x")},
        "a b",
        practice_payer_month=b.panel("p1", "a", 5, range(1, 13)) + b.panel("p1", "b", 7, [1, 2]),
    )
    panel = ir.Panel(type=b.NUMBER, keys=frozenset({"payer", "practice", "month"}), span=b.span())
    assert of.evaluate(b.over("sum", "payer month", panel), b.year(practice="p1")) == b.n(74)
    assert of.evaluate(b.over("sum", "month", panel), b.year(practice="p1", payer="b")) == b.n(14)


def test_over_lines_that_have_facts() -> None:
    costs = [{"practice": "p1", "line": line, "year": 2012, "cost": 3} for line in ("hmo", "ppo")]
    costs += [{"practice": "p2", "line": "hmo", "year": year, "cost": 5} for year in (2011, 2012)]
    of = engine({"p1": (1, True, "x"), "p2": (1, True, "x")}, practice_line_year=costs)
    body = b.over("sum", "line", b.fact(LINES, "cost"))
    assert of.evaluate(body, b.year(practice="p1")) == b.n(6)
    assert of.evaluate(body, b.year(practice="p2")) == b.n(5)


# ---------------------------------------------------------------------------------------------- splits


def parts(of: Interpreter, split: ir.Split, practices: str = "p1 p2 p3") -> list[str]:
    return [b.exact.to_text(of.evaluate(split, b.year(practice=p)) or 0, 2) for p in practices.split()]


def test_a_split_adds_up_to_the_cent_with_ties_by_key() -> None:
    of = engine(THREE)
    assert parts(of, b.split(b.usd("100.00"), "practice")) == ["33.34", "33.33", "33.33"]
    assert parts(of, b.split(b.usd("-100.00"), "practice")) == ["-33.34", "-33.33", "-33.33"]
    assert parts(of, b.split(b.usd("0.10"), "practice", weight=AMOUNT)) == ["0.01", "0.02", "0.07"]
    assert [record.pool for record in of.splits.values()] == [b.n(100), b.n(-100), b.n("0.10")]


def test_the_pool_is_rounded_to_cents_before_it_is_split() -> None:
    # 0.015 each would be 0.02 each, four cents; the pool is 0.05 (half up of 0.045)
    assert parts(engine(THREE), b.split(b.num("0.045", b.DOLLAR), "practice")) == ["0.02", "0.02", "0.01"]


def test_the_refused_leave_the_split_or_return_their_part() -> None:
    of = engine(THREE)
    assert parts(of, b.split(b.usd(90), "practice", where=GOOD)) == ["45.00", "0.00", "45.00"]
    returning = b.split(b.usd(90), "practice", where=GOOD, weight=AMOUNT, refused_return=True)
    assert parts(of, returning) == ["10.00", "0.00", "60.00"]
    assert [record.returned for record in of.splits.values()] == [0, b.n(20)]


@pytest.mark.parametrize("weights", [(0, 0, 0), (5, -1, 3)])
def test_a_split_without_positive_weight_is_a_fault(weights: tuple[int, int, int]) -> None:
    of = engine({f"p{at}": (weight, True, "x") for at, weight in enumerate(weights, start=1)})
    with pytest.raises(Faulted, match="MH707"):
        of.evaluate(b.split(b.usd(90), "practice", weight=AMOUNT), b.year(practice="p1"))


def test_a_pool_of_nothing_asks_for_no_weight() -> None:
    of = engine({"p1": (0, True, "x")})
    assert parts(of, b.split(b.usd(0), "practice", weight=AMOUNT), "p1") == ["0.00"]


def test_a_split_per_region_and_among_payers() -> None:
    of = engine(THREE, "a b")
    pool = b.quantity("pool", b.over("sum", "practice", AMOUNT, same=("region",)), "region", "year")
    assert parts(of, b.split(b.read(pool), "practice")) == ["35.00", "20.00", "35.00"]
    among = b.split(b.usd("0.05"), "payer")
    found = [of.evaluate(among, b.year(payer=p, practice="p1")) for p in ("a", "b")]
    assert found == [b.n("0.03"), b.n("0.02")]


@given(st.integers(-(10**7), 10**7), st.lists(st.integers(0, 10**5), min_size=1, max_size=6))
def test_money_is_conserved_by_any_split(pool: int, weights: list[int]) -> None:
    weights[0] += 1
    names = {f"p{at}": (weight, True, "x") for at, weight in enumerate(weights)}
    split = b.split(b.num(f"{pool}e-3", b.DOLLAR), "practice", weight=AMOUNT)
    of = engine(names)
    given_out = sum(of.evaluate(split, b.year(practice=name)) or 0 for name in names)  # type: ignore[misc]
    assert given_out == next(iter(of.splits.values())).pool


def test_counts_of_members_do_not_say_who_they_are() -> None:
    with pytest.raises(Faulted, match="MH740"):
        engine(THREE).evaluate(b.over("count", "member", None), b.year(practice="p1"))
