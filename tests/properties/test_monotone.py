"""Raising a fact that a rule only ever rewards never lowers what is paid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies.dice import Dice, Drawn
from tests.strategies.expressions import digits
from tests.strategies.settled import plan_of, settled

ROUNDINGS = ("to cents half up", "to cents half even", "down to cents", "to dollars half up")


@frozen
class Rising:
    """Amounts in dollars that never fall when `score` (0 to 1,000) or `spent` (dollars) rises."""

    dice: Dice

    def amount(self, depth: int) -> str:
        ways = (
            (self.leaf,)
            if depth <= 0
            else (self.sum, self.part, self.limited, self.rounded, self.bands, self.steps, self.two)
        )
        return self.dice.pick(ways)(depth - 1)

    def dollars(self, most: int = 900) -> int:
        return self.dice.integer(0, most)

    def leaf(self, depth: int) -> str:
        return self.dice.pick(
            ("spent", f"score * ${self.dollars(9)}.{self.dice.integer(10, 99)}", f"${self.dollars()}")
        )

    def sum(self, depth: int) -> str:
        return f"({self.amount(depth)} + {self.amount(0)})"

    def part(self, depth: int) -> str:
        share = f"{self.dice.integer(0, 120)}.{self.dice.integer(0, 999):03d}%"
        return self.dice.pick(
            (f"({share} * ({self.amount(depth)}))", f"({self.amount(depth)} / {self.dice.integer(1, 90)})")
        )

    def limited(self, depth: int) -> str:
        low = self.dollars()
        return self.dice.pick(
            (
                f"least({self.amount(depth)}, ${self.dollars()})",
                f"greatest({self.amount(depth)}, {self.amount(0)})",
                f"(({self.amount(depth)}) kept within ${low} .. ${low + self.dollars()})",
            )
        )

    def rounded(self, depth: int) -> str:
        rule = self.dice.pick(("to cents", "to dollars half even", "down to cents", "up to dollars", "to 4 places"))
        return f"(({self.amount(depth)}) rounded {rule})"

    def bands(self, depth: int) -> str:
        cuts = sorted({self.dice.integer(1, 999), self.dice.integer(1, 999)})
        values = sorted(self.dollars() for _ in range(len(cuts) + 1))
        rows = " ".join(f"below {cut} : ${value}" for cut, value in zip(cuts, values, strict=False))
        return f"bands score {{ {rows} otherwise : ${values[-1]} + {self.amount(0)} }}"

    def steps(self, depth: int) -> str:
        full = self.dice.pick(("full ", ""))
        cap = self.dice.pick(("", f", at most ${self.dollars(9_000)}"))
        size = self.dice.integer(1, 50)
        return f"(${self.dollars()} plus ${self.dollars(50)} for each {full}{size} (score) above {self.dollars()}{cap})"

    def two(self, depth: int) -> str:
        cut, below = self.dice.integer(1, 999), self.dollars()
        lower = f"least({self.amount(depth)}, ${below})"
        return f"choose {{ when score < {cut} : {lower} when score >= {cut} : ${below} + {self.amount(0)} }}"


@frozen
class Raise:
    """A text, and for each practice its facts before and by how much they rise (cents and points)."""

    text: str
    facts: tuple[tuple[int, int, int, int], ...]


@st.composite
def raises(draw: Callable[[Any], Any]) -> Raise:
    dice = Drawn(draw)
    rising = Rising(dice)
    gate = f'gate enough "Enough" : score >= {dice.integer(1, 999)}' if dice.chance(40) else 'cite "no gate"'
    limits = [f"at most {rising.amount(1)}"] * dice.chance(40) + [f"at least {rising.amount(0)}"] * dice.chance(40)
    text = f"""mhrules 1
program pilot "Pilot" edition "1" {{
  term 2012-01-01 to 2012-12-31
  rounding {dice.pick(ROUNDINGS)}
  convening {{ payer state "State" }}
  facts of practice, year {{
    score : integer 0..1_000
    spent : $ $0..$100_000
  }}
  payment prize "Prize" {{
    per practice per year
    {gate}
    pays {rising.amount(3)}
    {chr(10).join(limits)}
  }}
  ensure both "Both facts are read" : score >= 0 and spent >= $0
}}
"""
    facts = tuple(
        (dice.integer(0, 10**6), dice.pick((1, dice.integer(0, 10**6))), dice.integer(0, 500), dice.integer(0, 500))
        for _ in range(6)
    )
    return Raise(text, facts)


@given(raises())
def test_raising_a_fact_that_a_rule_rewards_never_lowers_a_line(raised: Raise) -> None:
    plan = plan_of(raised.text)
    before = [
        {"practice_id": f"p{at}", "year": 2012, "score": str(score), "spent": digits(cents, 2).replace("_", "")}
        for at, (cents, _, score, _) in enumerate(raised.facts)
    ]
    after = [
        {**row, "score": str(score + points), "spent": digits(cents + more, 2).replace("_", "")}
        for row, (cents, more, score, points) in zip(before, raised.facts, strict=True)
    ]
    results = [settled(plan, {"practice_year": rows}, 2012) for rows in (before, after)]
    assert all(result.ok for result in results)
    low, high = ({p.practice: p.amount for p in result.postings} for result in results)
    assert low.keys() == high.keys()
    assert all(high[practice] >= amount for practice, amount in low.items())
