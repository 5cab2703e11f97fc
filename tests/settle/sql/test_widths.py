"""The widths of numbers in relations: what proves them, the edges of 63 bits, and what a wrong proof comes to."""

from __future__ import annotations

from typing import Any

import pytest

from mhrules.data.dataset import Dataset
from mhrules.engine.sql.widths import Widths
from mhrules.exact import ONE
from mhrules.plan import ir
from mhrules.plan.intervals import Interval
from mhrules.settle.sql.compiled import Compiled
from tests.settle.sql.both import Both, both
from tests.strategies.settled import plan_of

YEAR = 2011
HEAD = """\
mhrules 1
program small "Small" edition "1" {
  term 2011-01-01 to 2011-12-31
  year calendar
  rounding to cents half up
  months count when attributed and enrolled on day 1
  convening {
    convener state "State"
    authority "Act 1"
    payer aetna "Aetna" lines commercial
  }
"""
FACTS = """
  facts of practice, year {
    amount  : $ -$900_000_000_000..$900_000_000_000
    other   : $ -$900_000_000_000..$900_000_000_000
    rate    : % 0%..900%
    divisor : number(6) -1_000_000..1_000_000
  }
"""


def settled(body: str, *rows: dict[str, Any]) -> Both:
    """The settlement of a program by both engines; each row is what a practice has in the year."""
    plan = plan_of(f"{HEAD}{FACTS}{body}}}\n")
    names = [f"p{number}" for number in range(1, len(rows) + 1)]
    facts = [{"practice_id": name, "year": YEAR, **own} for name, own in zip(names, rows, strict=True)]
    tables = {"practice": [{"practice_id": name} for name in names], "practice_year": facts}
    return both(plan, Dataset.from_rows(plan.schema, tables), YEAR)


def row(amount: str = "1", other: str = "1", rate: str = "0.01", divisor: str = "1") -> dict[str, Any]:
    return {"amount": amount, "other": other, "rate": rate, "divisor": divisor}


def compiled(found: Both) -> Compiled:
    """The relations of a settlement that nothing was handed over from."""
    assert (found.handed_over, found.differences) == ("", ())
    relations = found.compiled.compiled
    assert isinstance(relations, Compiled)
    return relations


def kind_of(found: Both, quantity: str) -> str:
    """The type in which a quantity is held."""
    relations = compiled(found).relations
    ((named, base),) = [each for each in relations.held if each[0].name == quantity]
    grid, _ = relations.quantity(named, base=base)
    (kind,) = relations.store.row(f"SELECT any_value(typeof(v)) FROM {grid.table}")
    return str(kind)


REPORTS = """
  define product = amount * rate
  define ratio   = amount / divisor
  define both_of = amount + other
  report a "A" = product
  report b "B" = ratio
  report c "C" = both_of
"""


def test_small_numbers_are_narrow_whatever_is_declared() -> None:
    found = settled(REPORTS, row("1250000.05", "-3", "0.125", "-4"), row("-0.05", "3", "0.005", "-3"))
    assert {kind_of(found, name) for name in ("product", "ratio", "both_of")} == {"BIGINT"}


def test_large_ones_are_wide() -> None:
    found = settled(REPORTS, row("899999999999.99", "-899999999999.99", "9", "0.000001"))
    assert (kind_of(found, "ratio"), kind_of(found, "both_of")) == ("HUGEINT", "BIGINT")


@pytest.mark.parametrize("divisor", ["3", "-3", "0.000007", "-0.7", "999999.999999", "7.000001"])
@pytest.mark.parametrize("amount", ["92233720.36", "-92233720.37", "0.01", "-1000000", "899999999999.99"])
def test_quotients_of_every_size_and_sign_are_alike(amount: str, divisor: str) -> None:
    body = """
  define exact   = amount / divisor
  define to_4    = (amount / divisor) rounded to 4 places half even
  define part    = (amount * rate) / divisor rounded to cents half up
  report a "A" = exact
  report b "B" = to_4
  report c "C" = part
"""
    compiled(settled(body, row(amount, divisor=divisor, rate="0.333333"), row("0.5", divisor=divisor, rate="0.5")))


@pytest.mark.parametrize("amount", ["0.05", "-0.05", "0.15", "-0.15", "0.25", "9223372036.85", "-9223372036.85"])
def test_halves_are_rounded_alike(amount: str) -> None:
    body = """
  define even = amount * 10% rounded to cents half even
  define up   = amount * 10% rounded to cents half up
  define down = amount * 50% rounded down to dollars
  define away = amount * 50% rounded up to dollars
  report a "A" = even
  report b "B" = up
  report c "C" = down
  report d "D" = away
"""
    compiled(settled(body, row(amount), row(f"{amount}")))


def test_a_wrong_proof_raises_and_the_interpreter_settles(monkeypatch: pytest.MonkeyPatch) -> None:
    proved = Widths._interval

    def wrong(self: Widths, node: ir.Expression, assumed: Any) -> Interval:
        return (0, ONE) if isinstance(node, ir.Cell) and node.type.is_number else proved(self, node, assumed)

    body = 'report a "A" = amount / divisor\n'
    rows = row("899999999999.99", divisor="999999"), row()
    assert settled(body, *rows).handed_over == ""
    monkeypatch.setattr(Widths, "_interval", wrong)
    found = settled(body, *rows)
    assert found.handed_over == "a number is too large"
    assert not found.reference.findings


def test_a_faulty_operand_of_a_bounded_one_stays_missing() -> None:
    """A ceiling that is not known does not let the value pass that it would have bounded."""
    body = """
  define most   = least(amount / divisor, $1_000)
  define capped = greatest(least(amount, most), $0)
  report a "A" = if divisor > 0 then capped * 100% else $0
"""
    compiled(settled(body, row("899999999999.99", divisor="0"), row("5", divisor="2")))


def test_the_reasons_of_a_width_are_told() -> None:
    found = settled(REPORTS, row("1250000.05", "-3"), row("0", "3"))
    relations = compiled(found).relations
    (sum_of,) = [quantity for quantity, _ in relations.held if quantity.name == "both_of"]
    assert str(relations.widths.why(sum_of.expression)) == (
        "2 places, between -3 and 1,250,003.05, because `practice_year.amount` is loaded between 0 and 1,250,000.05; "
        "`practice_year.other` is loaded between -3 and 3"
    )


def test_what_is_always_zero_may_have_a_step_beyond_63_bits() -> None:
    """Found by generated programs: 21 places rounded to 2, of a product that the loaded data prove to be 0."""
    body = """
  define whole = rate / 3
  report none   "None"   = (whole * (other * 1.9297071)) rounded to cents
  report nobody "Nobody" = (other * 1.9297071) / whole
"""
    found = settled(body, row(other="0"), row(rate="0.02", other="0"))
    assert (found.handed_over, found.differences) == ("", ())
