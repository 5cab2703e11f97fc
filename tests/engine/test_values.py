"""Expressions at one row: demanded faults, missing values, decisions, arithmetic."""

from __future__ import annotations

import pytest

from mhrules.data.schema import ColumnKind
from mhrules.engine.faults import Faulted
from mhrules.engine.rows import Row
from mhrules.exact import Rounding
from mhrules.plan import ir
from mhrules.semantics.types import TEXT, YES_NO
from tests.engine import build as b

YEARLY = b.table("practice year", amount=ColumnKind.MONEY, ratio=ColumnKind.NUMBER, good=ColumnKind.YES_NO)
SCHEMA = b.schema(YEARLY)
FACTS = b.data(SCHEMA, practice_year=[{"practice": "p1", "year": 2012, "amount": "100.00", "ratio": "0.25"}])
ROW = b.year(practice="p1")


def value(expression: ir.Expression, row: Row = ROW) -> ir.Value:
    return b.interpreter(b.plan(SCHEMA), FACTS).evaluate(expression, row)


def codes(expression: ir.Expression, row: Row = ROW) -> list[str]:
    with pytest.raises(Faulted) as error:
        value(expression, row)
    return [fault.code for fault in error.value.faults]


def test_a_fact_comes_at_twelve_places() -> None:
    assert value(b.fact(YEARLY, "amount")) == b.n(100)
    assert value(b.fact(YEARLY, "ratio")) == b.n("0.25")


def test_an_absent_row_is_a_fault_that_names_table_column_key_and_rule() -> None:
    with pytest.raises(Faulted) as error:
        value(b.fact(YEARLY, "amount"), b.year(2013, practice="p1"))
    fault = error.value.faults[0]
    assert fault.code == "MH701"
    assert fault.message == "table `practice_year` has no row for practice `p1`, 2013, so `amount` is not known"
    assert fault.span is not None
    assert fault.span.text == "amount"


def test_an_absent_row_of_a_fact_that_may_be_missing_is_missing() -> None:
    assert value(b.fact(YEARLY, "amount", missing=True), b.year(2013, practice="p1")) is None


def test_an_empty_cell_is_missing_and_using_it_is_a_fault() -> None:
    good = b.fact(YEARLY, "good", missing=True)
    assert value(good) is None
    assert codes(b.logic("and", good, b.yes())) == ["MH702"]


@pytest.mark.parametrize("operator", ["+", "-", "*", "/"])
def test_missing_is_not_zero(operator: str) -> None:
    assert codes(b.op(operator, b.nothing(), b.usd(1))) == ["MH702"]
    assert codes(b.op(operator, b.usd(1), b.nothing())) == ["MH702"]


def test_a_zero_divisor_is_a_fault_where_it_is_demanded() -> None:
    quotient = b.op("/", b.usd(1), b.usd(0))
    assert codes(quotient) == ["MH704"]
    guarded = b.logic("or", b.yes(), b.compare(">", quotient, b.usd(0)))
    assert value(guarded) is True


def test_a_number_of_more_than_38_digits_is_a_fault() -> None:
    large = b.num(10**15, b.number(places=12))
    assert codes(b.op("*", large, large)) == ["MH705"]


def test_each_product_is_rounded_once_to_twelve_places_half_even() -> None:
    third = b.op("/", b.num(1), b.num(3))
    assert value(third) == 333_333_333_333
    assert value(b.op("*", third, b.num(3))) == 999_999_999_999  # no engine may make a 1 of it
    half = b.num("0.000000000001", b.number())
    assert value(b.op("*", half, b.num("0.5"))) == 0
    assert value(b.op("*", half, b.num("1.5"))) == 2


def test_rounding_written_on_an_operation_rounds_the_exact_value_once() -> None:
    near = b.op("*", b.num("0.999999999999", b.number()), b.num("0.5"), places=0, rounding=Rounding.HALF_UP)
    assert value(near) == 0
    twice = ir.Round(
        b.op("*", b.num("0.999999999999", b.number()), b.num("0.5")), 0, Rounding.HALF_UP,
        type=b.NUMBER, keys=frozenset(), span=b.span(),
    )  # fmt: skip
    assert value(twice) == b.n(1)  # rounded to 12 places, then to whole: another number


def test_and_or_stop_when_decided() -> None:
    bad = b.compare("=", b.op("/", b.num(1), b.num(0)), b.num(1))
    assert value(b.logic("and", b.yes(False), bad)) is False
    assert value(b.logic("or", b.yes(), bad)) is True
    assert codes(b.logic("and", b.yes(), bad)) == ["MH704"]
    assert codes(b.logic("and", bad, b.yes(False))) == ["MH704"]  # left to right, not whichever is easier


def case(*rows: tuple[ir.Expression | None, ir.Expression]) -> ir.Case:
    made = tuple(ir.CaseRow(condition, value, b.span("row")) for condition, value in rows)
    return ir.Case(made, type=b.DOLLAR, keys=frozenset(), span=b.span("choose"))


def test_a_case_demands_only_what_decides_and_the_row_that_wins() -> None:
    bad = b.op("/", b.usd(1), b.num(0))
    assert value(case((b.yes(False), bad), (b.yes(), b.usd(5)), (b.compare("=", bad, bad), bad))) == b.n(5)
    assert codes(case((b.yes(False), bad))) == ["MH708"]


def test_known_and_default_take_missing_and_absent_but_no_other_fault() -> None:
    def known(operand: ir.Expression) -> ir.Known:
        return ir.Known(operand, type=YES_NO, keys=operand.keys, span=b.span("known"))

    def default(operand: ir.Expression) -> ir.Default:
        return ir.Default(operand, b.usd(7), type=b.DOLLAR, keys=operand.keys, span=b.span("default"))

    absent, later = b.fact(YEARLY, "amount"), b.year(2013, practice="p1")
    assert value(known(absent)) is True
    assert value(known(absent), later) is False
    assert value(default(absent), later) == b.n(7)
    assert value(default(b.nothing())) == b.n(7)
    assert value(default(b.usd(0))) == 0  # zero is not missing
    assert codes(known(b.op("/", b.usd(1), b.usd(0)))) == ["MH704"]
    assert codes(default(b.op("+", absent, b.usd(1))), later) == ["MH701"]  # not the fact itself


def test_ordered_codes_compare_by_their_declared_order() -> None:
    kind = b.codes("low", "middle", "high")

    def code(word: str) -> ir.Literal:
        return ir.Literal(value=word, type=kind, keys=frozenset(), span=b.span(word))

    assert value(b.compare("<", code("low"), code("high"))) is True
    assert value(b.compare(">=", code("low"), code("middle"))) is False


def test_one_of_not_and_the_extremes() -> None:
    text = ir.Literal(value="x", type=TEXT, keys=frozenset(), span=b.span("x"))
    assert value(ir.OneOf(text, ("x", "y"), type=YES_NO, keys=frozenset(), span=b.span())) is True
    assert value(ir.Not(b.yes(), type=YES_NO, keys=frozenset(), span=b.span())) is False
    three = (b.usd(3), b.usd(-5), b.usd(4))
    more = {"type": b.DOLLAR, "keys": frozenset(), "span": b.span("most")}
    assert value(ir.Extreme(True, three, **more)) == b.n(4)
    assert value(ir.Extreme(False, three, **more)) == b.n(-5)
    assert value(ir.Extreme(True, three, conditions=(None, None, b.yes(False)), **more)) == b.n(3)
    assert codes(ir.Extreme(True, three[:1], conditions=(b.yes(False),), **more)) == ["MH708"]


def test_a_parameter_holds_by_month_and_blank_is_a_fault() -> None:
    settings = {"fee": (b.value("4.00", b.JANUARY + 6), b.value("5.00", b.JANUARY + 12, by_contract=True))}
    plan = b.plan(SCHEMA, payers=[b.payer("a", settings=settings)])
    engine = b.interpreter(plan, FACTS)
    assert engine.evaluate(b.setting("fee"), b.month(7, payer="a")) == b.n(4)
    assert engine.evaluate(b.setting("fee"), b.month(1, 2013, payer="a")) == b.n(5)
    assert engine.evaluate(b.setting("fee"), b.month(7)) == b.n(4)  # the program's value, for no payer
    with pytest.raises(Faulted) as error:
        engine.evaluate(b.setting("fee"), b.month(6, payer="a"))
    assert error.value.faults[0].code == "MH703"


def test_a_quantity_is_worked_out_once_and_its_faults_are_remembered() -> None:
    engine = b.interpreter(b.plan(SCHEMA), FACTS)
    bad = b.quantity("bad", b.op("/", b.usd(1), b.usd(0)), "practice", "year")
    for _ in range(2):
        with pytest.raises(Faulted, match="MH704"):
            engine.evaluate(b.read(bad), ROW)


def test_a_value_that_needs_itself_is_a_fault() -> None:
    first = b.quantity("first", b.usd(1), "practice", "year")
    object.__setattr__(first, "expression", b.read(first))
    assert codes(b.read(first)) == ["MH999"]


def test_steps_are_what_was_demanded_and_shared_where_it_was_known_already() -> None:
    engine = b.interpreter(b.plan(SCHEMA), FACTS)
    amount = b.quantity("amount", b.fact(YEARLY, "amount"), "practice", "year")
    twice = b.op("+", b.read(amount), b.read(amount))
    step = engine.steps(twice, ROW)
    assert step.value == b.n(200) == engine.evaluate(twice, ROW)
    left, right = (child.children[0] for child in step.children)
    assert left is right
    assert left.what is amount
    assert left.children[0].value == b.n(100)
    short = engine.steps(b.logic("or", b.yes(), b.yes(False)), ROW)
    assert len(short.children) == 1


def test_a_trace_keeps_the_fault_in_the_step_that_met_it() -> None:
    step = b.interpreter(b.plan(SCHEMA), FACTS).steps(b.op("/", b.usd(1), b.usd(0)), ROW)
    assert [fault.code for fault in step.faults] == ["MH704"]
    assert [child.value for child in step.children] == [b.n(1), 0]
