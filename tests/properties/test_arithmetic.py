"""Arithmetic is that of exact rationals, rounded as the language says, ties and negative numbers included."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from mhrules.exact import ONE, Rounding, divide
from mhrules.syntax import tree as t
from tests.properties.rationals import Reckoner, rounded
from tests.strategies.dice import Drawn
from tests.strategies.expressions import NUMBERS, Expressions, digits
from tests.strategies.scope import Fact, Scope, Sort
from tests.strategies.settled import checked, codes, settled

FACTS = (
    Fact("spent", Sort.MONEY, "$ -$9_000..$9_000", ("practice", "year"), -900_000, 900_000, 2),
    Fact("fee", Sort.PRICE, "$ pmpm -$50..$50", ("practice", "year"), -5_000, 5_000, 2),
    Fact("stay", Sort.MONTHS, "member months", ("practice", "year"), 0, 10**15, 6),
    Fact("rate", Sort.PERCENT, "%(9) -100%..100%", ("practice", "year"), -(10**9), 10**9, 9),
    Fact("score", Sort.PLAIN, "number -90..90", ("practice", "year"), -90 * 10**6, 90 * 10**6, 6),
    Fact("level", Sort.PLAIN, "integer 0..9", ("practice", "year"), 0, 9, 0),
    Fact("extra", Sort.MONEY, "$ $0..$700 or missing", ("practice", "year"), 0, 70_000, 2, missing=True),
    Fact("met", Sort.YES, "yes/no", ("practice", "year"), 0, 1, 0),
    Fact("tier", Sort.CODE, "tier_code", ("practice", "year"), 0, 0, 0, codes=("low", "middle", "high")),
)
COLUMNS = "\n".join(f"    {fact.name} : {fact.type}" for fact in FACTS)
MODES = {Rounding.HALF_UP: "to cents half up", Rounding.HALF_EVEN: "to cents half even", Rounding.DOWN: "down to cents"}


@frozen
class Reckoning:
    """Reports on one row of facts; numbers by name in units of their places."""

    expressions: tuple[str, ...]
    row: dict[str, Any]
    mode: Rounding

    def text(self) -> str:
        reports = "\n".join(f'  report q{at} "Q" = {text}' for at, text in enumerate(self.expressions))
        return f"""mhrules 1
program pilot "Pilot" edition "1" {{
  term 2012-01-01 to 2012-12-31
  rounding {MODES[self.mode]}
  convening {{ payer state "State" }}
  type tier_code = {{ low, middle, high }}
  facts of practice, year {{
{COLUMNS}
  }}
{reports}
}}
"""


@st.composite
def reckonings(draw: Callable[[Any], Any]) -> Reckoning:
    dice = Drawn(draw)
    make = Expressions(dice, Scope("year", ("state",), FACTS, built_in=False))
    direct = (make.product, make.quotient, make.rounded_at_once)
    expressions = [make.of(dice.pick(NUMBERS), dice.integer(1, 3)).text for _ in range(4)]
    expressions += [way(dice.pick((Sort.MONEY, Sort.PLAIN, Sort.PERCENT)), 1).text for way in direct]
    row: dict[str, Any] = {}
    for fact in FACTS:
        if fact.sort in NUMBERS:
            whole = dice.chance(30)
            low, high = max(fact.low, -(10**9)), min(fact.high, 10**9)
            row[fact.name] = dice.integer(-1, 1) * (low < 0) if whole else dice.integer(low, high)
        else:
            row[fact.name] = dice.chance(50) if fact.sort is Sort.YES else dice.pick(fact.codes)
    if dice.chance(40):
        del row["extra"]
    return Reckoning(tuple(expressions), row, dice.pick(tuple(MODES)))


@given(reckonings())
def test_expressions_are_exact_rationals_rounded_once_a_step(reckoning: Reckoning) -> None:
    found = checked(reckoning.text())
    assert found.errors == [], reckoning.text()
    assert found.tree is not None
    assert found.plan is not None
    places = {fact.name: fact.places for fact in FACTS if fact.sort in NUMBERS}
    row = {n: digits(v, places[n]).replace("_", "") if n in places else v for n, v in reckoning.row.items()}
    facts = {n: Fraction(v, 10 ** places[n]) if n in places else v for n, v in reckoning.row.items()}
    reckoner = Reckoner({"extra": None, **facts}, reckoning.mode)
    expected: dict[str, object] = {}
    for node in found.tree.walk():
        if isinstance(node, t.Report):
            try:
                expected[node.name.text] = reckoner.value(node.value)
            except ZeroDivisionError:
                expected[node.name.text] = "MH704"
    result = settled(found.plan, {"practice_year": [{"practice_id": "p1", "year": 2012, **row}]}, 2012)
    values = {q.report.name: Fraction(q.value, ONE) for q in result.quantities if isinstance(q.value, int)}
    assert {name: value for name, value in expected.items() if value != "MH704"} == values
    assert codes(result.findings) == (["MH704"] if "MH704" in expected.values() else [])


@given(st.integers(-(10**30), 10**30), st.integers(-(10**14), 10**14).filter(bool), st.sampled_from(Rounding))
def test_the_division_kernel_is_the_rounded_quotient(above: int, below: int, mode: Rounding) -> None:
    assert divide(above, below, mode) == rounded(Fraction(above, below), 0, mode)


@given(st.integers(-999, 999), st.sampled_from((2, 4, 5, 8, 16, 20)), st.sampled_from(Rounding))
def test_ties_go_where_the_mode_says(number: int, parts: int, mode: Rounding) -> None:
    assert divide(number, parts, mode) == rounded(Fraction(number, parts), 0, mode)
    assert divide(number, -parts, mode) == rounded(Fraction(-number, parts), 0, mode)


def reports(*expressions: str, **row: Any) -> list[Fraction]:
    """The values of expressions on one row of facts."""
    text = Reckoning(expressions, {}, Rounding.HALF_UP).text()
    found = checked(text)
    assert found.errors == [], text
    assert found.plan is not None
    facts = {"spent": 0, "fee": 0, "stay": 0, "rate": 0, "score": 0, "level": 0, "met": True, "tier": "low", **row}
    result = settled(found.plan, {"practice_year": [{"practice_id": "p1", "year": 2012, **facts}]}, 2012)
    values = {q.report.name: q.value for q in result.quantities if isinstance(q.value, int)}
    return [Fraction(values[f"q{at}"], ONE) for at in range(len(expressions))]


def test_a_bare_number_before_a_value_with_a_unit_takes_its_unit() -> None:
    """`greatest(1, stay)` was a plain number, so that its product with a price was no amount."""
    expressions = ("$2 pmpm * greatest(1, stay) + $0.50", "$2 pmpm * lesser of { one : 9; other : stay } + $1")
    assert reports(*expressions, stay=4) == [Fraction(17, 2), 9]


def test_parts_of_a_step_are_multiplied_before_they_are_divided() -> None:
    """A third of a step, rounded before it meets the amount, would be short by 10 parts of 10**12."""
    third = Fraction(3263333333, 10**12)
    assert reports("fee plus $9.79 pmpm for each 3 (score) above 0", score="0.001") == [third]
