"""Splits: whole cents that add up to the pool, each within a cent of the exact share."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from mhrules.exact import ONE, Rounding
from tests.properties.rationals import kept, rounded
from tests.strategies.dice import Drawn
from tests.strategies.expressions import digits
from tests.strategies.facts import IDS
from tests.strategies.settled import codes, plan_of, settled

CENT = Fraction(1, 100)
TEXT = """mhrules 1
program pilot "Pilot" edition "1" {
  term 2012-01-01 to 2012-12-31
  rounding to cents half even
  convening {
    payer state "State"
  }
  facts of payer, year {
    pool : $ -$1_000_000..$1_000_000
  }
  facts of practice, year {
    weight : number(3) -5..100_000
    takes  : yes/no
  }
  payment weighted "By weight" {
    per practice per year
    downside
    pays split pool / 7 among practices in proportion to weight
  }
  payment taken "By weight, among those who take it" {
    per practice per year
    downside
    pays split pool among practices where takes in proportion to weight
  }
  payment refused "By weight, what is refused returns" {
    per practice per year
    downside
    pays split pool among practices where takes in proportion to weight, refused shares return to payer
  }
  payment even "Equally" {
    per practice per year
    downside
    pays split pool equally among practices
  }
}
"""
PLAN = plan_of(TEXT)


@frozen
class Pool:
    """Cents to split, and by practice the weight in thousandths and whether it takes its part."""

    cents: int
    weights: dict[str, int]
    takes: dict[str, bool]

    @property
    def amount(self) -> Fraction:
        return Fraction(self.cents, 100)

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        practices = [
            {"practice_id": name, "year": 2012, "weight": digits(weight, 3).replace("_", ""), "takes": self.takes[name]}
            for name, weight in self.weights.items()
        ]
        pool = {"payer": "state", "year": 2012, "pool": digits(self.cents, 2).replace("_", "")}
        return {"payer_year": [pool], "practice_year": practices}


@st.composite
def pools(draw: Callable[[Any], Any]) -> Pool:
    """Pools whose shares often tie; seldom one that cannot be split."""
    dice = Drawn(draw)
    practices = dice.some(IDS, 1, 8)
    few = [dice.integer(0, 20_000) if dice.chance(60) else dice.integer(1, 3) * 1_000 for _ in range(3)]
    weights = {name: dice.pick(few) for name in practices}
    if dice.chance(6):
        weights[practices[0]] = -1
    cents = dice.integer(-10_000, 10_000) if dice.chance(60) else dice.integer(-(10**8), 10**8)
    return Pool(cents, weights, {name: dice.chance(75) for name in practices})


def shares(pool: Pool, payment: str) -> tuple[Fraction, dict[str, Fraction]]:
    """The pool in whole cents, and the exact share of everybody who is weighed."""
    amount = pool.amount if payment != "weighted" else rounded(kept(pool.amount / 7), 2, Rounding.HALF_EVEN)
    weighed = [name for name in pool.weights if payment != "taken" or pool.takes[name]]
    weights = {name: Fraction(1 if payment == "even" else pool.weights[name]) for name in weighed}
    whole = sum(weights.values())
    return amount, {name: amount * weight / whole for name, weight in weights.items()} if whole else {}


@given(pools())
def test_a_pool_is_split_exactly(pool: Pool) -> None:
    result = settled(PLAN, pool.rows(), 2012)
    if min(pool.weights.values()) < 0 or not any(w for n, w in pool.weights.items() if pool.takes[n]):
        assert set(codes(result.findings)) <= {"MH707"}
        return
    assert result.ok
    for payment in PLAN.payments:
        amount, exact = shares(pool, payment)
        posted = {p.practice: Fraction(p.amount, ONE) for p in result.postings if p.payment == payment}
        refused = {n for n in exact if payment == "refused" and not pool.takes[n]}
        assert all(part % CENT == 0 for part in posted.values())
        assert all(
            abs(part - exact[name]) < CENT for name, part in posted.items() if name in exact and name not in refused
        )
        assert not any(part for name, part in posted.items() if name in refused or name not in exact)
        returned = amount - sum(posted.values())
        assert returned == 0 or (refused and abs(returned - sum(exact[name] for name in refused)) < CENT * len(exact))
        control = [split for split in result.controls.splits if split.place == place_of(payment)]
        assert [Fraction(each.returned, ONE) for each in control] == [returned]


def place_of(payment: str) -> str:
    return str(PLAN.payments[payment].forms[""].pays.span)


@given(pools())
def test_of_equal_weights_the_smaller_id_gets_the_odd_cent(pool: Pool) -> None:
    result = settled(PLAN, pool.rows(), 2012)
    for payment in ("weighted", "even") if result.ok else ():
        size = {p.practice.encode(): abs(p.amount) for p in result.postings if p.payment == payment}
        groups: dict[int, list[bytes]] = {}
        for name, weight in pool.weights.items():
            groups.setdefault(1 if payment == "even" else weight, []).append(name.encode())
        for names in groups.values():
            assert [size[name] for name in sorted(names)] == sorted((size[name] for name in names), reverse=True)
