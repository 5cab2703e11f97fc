"""Months, presence, dated facts, moves in time and contract years."""

from __future__ import annotations

import pytest

from mhrules.data.schema import Column, ColumnKind, Table
from mhrules.engine.faults import Faulted
from mhrules.engine.rows import Row
from mhrules.plan import ir
from tests.engine import build as b

YEARLY = b.table("practice year", amount=ColumnKind.MONEY)
DATED = b.table("practice", dated=True, level=ColumnKind.INTEGER)
ROSTER = b.table("practice", joined=ColumnKind.DATE)
CONTRACT = b.table("practice contract_year", target=ColumnKind.YES_NO)
SPAN_ROSTER = Table(
    "practice",
    (b.KEYS["practice"],),
    (
        Column("effective_from", ColumnKind.DATE, optional=True),
        Column("effective_to", ColumnKind.DATE, optional=True),
    ),
)


def months(engine_row: tuple[object, ...]) -> list[int]:
    return [int(str(m)) - b.JANUARY + 1 for m in engine_row]


def test_a_period_is_cut_to_the_term_the_payer_and_the_practice() -> None:
    schema = b.schema(SPAN_ROSTER)
    facts = b.data(
        schema,
        practice=[{"practice": "p1", "effective_from": b.day("2012-04-02"), "effective_to": b.day("2012-11-01")}],
    )
    plan = b.plan(
        schema, first_month=b.JANUARY + 1, last_month=b.JANUARY + 9, payers=[b.payer("a", first_month=b.JANUARY + 6)]
    )
    world = b.interpreter(plan, facts).world
    assert months(world.months(b.year())) == list(range(2, 11))
    assert months(world.months(b.year(payer="a"))) == [7, 8, 9, 10]
    # present on the first day of May, as it came on 2 April, and still on 1 November
    assert months(world.months(b.year(practice="p1"))) == [5, 6, 7, 8, 9, 10]
    assert not world.exists(b.month(4, practice="p1"))
    assert world.in_force(b.JANUARY + 5) == 0
    assert world.in_force(b.JANUARY + 6) == 1


def test_a_payer_without_contract_is_never_in_force() -> None:
    schema = b.schema(YEARLY)
    facts = b.data(schema, practice_year=[{"practice": "p1", "year": 2012, "amount": 1}])
    world = b.interpreter(b.plan(schema, payers=[b.payer("a", status="no contract")]), facts).world
    assert world.in_force(b.JANUARY) == 0
    assert not world.exists(b.year(payer="a"))


def test_without_roster_a_practice_is_there_in_the_years_that_facts_speak_of() -> None:
    plain = b.table("practice line", size=ColumnKind.INTEGER)
    schema = b.schema(YEARLY, plain)
    rows = [{"practice": "p1", "year": year, "amount": 1} for year in (2012, 2014)]
    facts = b.data(schema, practice_year=rows, practice_line=[{"practice": "p2", "line": "x", "size": 1}])
    world = b.interpreter(b.plan(schema), facts).world
    assert world.practices == ("p1", "p2")
    assert [world.exists(b.year(y, practice="p1")) for y in (2012, 2013, 2014)] == [True, False, True]
    assert world.exists(b.year(2013, practice="p2"))  # only undated facts: always


def test_with_a_roster_nobody_else_is_there() -> None:
    roster = b.table("practice", size=ColumnKind.INTEGER)
    schema = b.schema(YEARLY, roster)
    facts = b.data(schema, practice=[{"practice": "p1", "size": 1}], practice_year=[])
    assert b.interpreter(b.plan(schema), facts).world.practices == ("p1",)


@pytest.mark.parametrize(
    ("moment", "period", "level"),
    [
        (None, b.month(6, practice="p1"), 1),  # the first day of June
        (None, b.month(7, practice="p1"), 2),
        (ir.Moment.FIRST_DAY, b.year(practice="p1"), 1),
        (ir.Moment.LAST_DAY, b.year(practice="p1"), 2),
    ],
)
def test_a_dated_fact_is_the_span_that_holds_the_day(moment: ir.Moment | None, period: Row, level: int) -> None:
    schema = b.schema(DATED)
    spans = [
        {"practice": "p1", "from": b.day("2012-01-01"), "to": b.day("2012-06-01"), "level": 1},
        {"practice": "p1", "from": b.day("2012-06-02"), "to": None, "level": 2},
    ]
    engine = b.interpreter(b.plan(schema), b.data(schema, practice_dated=spans))
    assert engine.evaluate(b.fact(DATED, "level", moment=moment), period) == b.n(level)


def test_no_span_on_the_day_is_an_absent_fact() -> None:
    schema = b.schema(DATED)
    spans = [{"practice": "p1", "from": b.day("2012-01-02"), "to": b.day("2012-12-31"), "level": 1}]
    engine = b.interpreter(b.plan(schema), b.data(schema, practice_dated=spans))
    with pytest.raises(Faulted, match="on 2012-01-01"):
        engine.evaluate(b.fact(DATED, "level"), b.month(1, practice="p1"))


def test_contract_years_count_from_the_month_of_the_start() -> None:
    schema = b.schema(ROSTER, CONTRACT)
    facts = b.data(
        schema,
        practice=[{"practice": "p1", "joined": b.day("2012-10-15")}],
        practice_contract_year=[{"practice": "p1", "contract_year": year, "target": year == 1} for year in (1, 2)],
    )
    engine = b.interpreter(b.plan(schema, starts=b.fact(ROSTER, "joined")), facts)
    clock = ir.Clock("contract_year", type=b.WHOLE, keys=frozenset({"practice", "month"}), span=b.span())
    assert not engine.world.exists(b.month(10, practice="p1"))  # joined after its first day
    assert engine.evaluate(clock, b.month(11, practice="p1")) == b.n(1)
    assert engine.evaluate(clock, b.month(9, 2013, practice="p1")) == b.n(1)
    assert engine.evaluate(clock, b.month(10, 2013, practice="p1")) == b.n(2)
    target = b.fact(CONTRACT, "target")
    assert engine.evaluate(target, b.month(10, 2013, practice="p1")) is False
    before = b.read(b.quantity("target", target, "practice", "contract_year"), ir.Move.PRIOR_CONTRACT_YEAR)
    assert engine.evaluate(before, b.month(10, 2013, practice="p1")) is True
    assert engine.evaluate(before, b.month(9, 2013, practice="p1")) is None  # no year before the first


def test_contract_years_without_start_count_from_the_term() -> None:
    schema = b.schema(b.table("practice", size=ColumnKind.INTEGER))
    facts = b.data(schema, practice=[{"practice": "p1", "size": 1}])
    engine = b.interpreter(b.plan(schema, first_month=b.JANUARY + 4), facts)
    clock = ir.Clock("contract_year", type=b.WHOLE, keys=frozenset({"practice", "month"}), span=b.span())
    assert engine.evaluate(clock, b.month(4, 2013, practice="p1")) == b.n(1)
    assert engine.evaluate(clock, b.month(5, 2013, practice="p1")) == b.n(2)


def test_the_prior_year_is_missing_before_the_first() -> None:
    schema = b.schema(YEARLY)
    rows = [{"practice": "p1", "year": year, "amount": year} for year in (2011, 2012, 2013)]
    engine = b.interpreter(b.plan(schema), b.data(schema, practice_year=rows))
    before = b.read(b.quantity("amount", b.fact(YEARLY, "amount"), "practice", "year"), ir.Move.PRIOR_YEAR)
    assert engine.evaluate(before, b.year(2013, practice="p1")) == b.n(2012)
    assert engine.evaluate(before, b.year(2012, practice="p1")) is None  # although 2011 has a row: the term begins 2012
    base = b.read(b.quantity("amount", b.fact(YEARLY, "amount"), "practice", "year"), ir.Move.BASE_YEAR, year=2011)
    assert engine.evaluate(base, b.year(2013, practice="p1")) == b.n(2011)


def test_a_read_moves_to_the_first_or_last_month_or_the_year() -> None:
    monthly = b.table("practice month", size=ColumnKind.INTEGER)
    schema = b.schema(monthly, YEARLY)
    facts = b.data(
        schema,
        practice_month=[{"practice": "p1", "month": f"2012-{m:02d}", "size": m} for m in range(1, 13)],
        practice_year=[{"practice": "p1", "year": 2012, "amount": 9}],
    )
    engine = b.interpreter(b.plan(schema, first_month=b.JANUARY + 1), facts)
    size = b.quantity("size", b.fact(monthly, "size"), "practice", "month")
    quarter = Row.of(("quarter", b.JANUARY), practice="p1")
    assert engine.evaluate(b.read(size, ir.Move.FIRST_MONTH), quarter) == b.n(2)  # cut to the term
    assert engine.evaluate(b.read(size, ir.Move.LAST_MONTH), quarter) == b.n(3)
    amount = b.quantity("amount", b.fact(YEARLY, "amount"), "practice", "year")
    assert engine.evaluate(b.read(amount, ir.Move.YEAR), b.month(3, practice="p1")) == b.n(9)
    months_in = ir.Clock("months_in_period", type=b.WHOLE, keys=frozenset({"quarter"}), span=b.span())
    assert engine.evaluate(months_in, quarter) == b.n(2)
    program_year = ir.Clock("program_year", type=b.WHOLE, keys=frozenset({"quarter"}), span=b.span())
    assert engine.evaluate(program_year, quarter) == b.n(1)


def test_member_months_that_nobody_lists_are_zero() -> None:
    schema = b.schema(b.PANEL)
    facts = b.data(schema, practice_payer_month=b.panel("p1", "a", 40, range(1, 4)))
    engine = b.interpreter(b.plan(schema), facts)
    panel = ir.Panel(type=b.NUMBER, keys=frozenset({"payer", "practice", "month"}), span=b.span())
    assert engine.evaluate(panel, b.month(3, practice="p1", payer="a")) == b.n(40)
    assert engine.evaluate(panel, b.month(4, practice="p1", payer="a")) == 0
    assert engine.member_months(b.year(practice="p1", payer="a")) == b.n(120)
