"""Plans and facts built by hand, a few words each, for tests of meaning that no parser stands between."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from mhrules import exact
from mhrules.data.dataset import Dataset
from mhrules.data.schema import Column, ColumnKind, Schema, Table
from mhrules.engine.facts import Facts
from mhrules.engine.reference import Interpreter
from mhrules.engine.rows import Row
from mhrules.exact import ONE, Rounding
from mhrules.plan import ir
from mhrules.plan.whole import CreditPlan, PayerPlan, Plan, SettingValue
from mhrules.semantics.calendar import Calendar
from mhrules.semantics.types import DATE, DOLLARS, TEXT, YES_NO, Kind, Type, number
from mhrules.source import Source, Span
from mhrules.syntax.tree import Coverage, Period

DOLLAR = number(DOLLARS, places=2)
PMPM = number((("$", 1), ("member month", -1)), places=2)
WHOLE = number(places=0)
NUMBER = number(places=6)
YEAR_2012 = 2012 * 12
JANUARY = YEAR_2012


def span(text: str = "x") -> Span:
    return Span(Source("t.mh", text), 0, len(text))


def n(text: str | int) -> int:
    """A number in units of 10**-12."""
    return exact.from_text(str(text))


def num(text: str | int, type_: Type = NUMBER) -> ir.Literal:
    return ir.Literal(value=n(text), type=type_, keys=frozenset(), span=span(str(text)))


def usd(text: str | int) -> ir.Literal:
    return num(text, DOLLAR)


def yes(value: bool = True) -> ir.Literal:
    return ir.Literal(value=value, type=YES_NO, keys=frozenset(), span=span("yes" if value else "no"))


def nothing(type_: Type = DOLLAR) -> ir.Literal:
    return ir.Literal(value=None, type=type_.or_missing(), keys=frozenset(), span=span("nothing"))


TYPES = {
    ColumnKind.MONEY: DOLLAR,
    ColumnKind.NUMBER: NUMBER,
    ColumnKind.INTEGER: WHOLE,
    ColumnKind.YES_NO: YES_NO,
    ColumnKind.DATE: DATE,
    ColumnKind.TEXT: TEXT,
}
KEYS = {
    "practice": Column("practice_id", ColumnKind.TEXT),
    "payer": Column("payer", ColumnKind.TEXT),
    "line": Column("line", ColumnKind.TEXT),
    "year": Column("year", ColumnKind.INTEGER),
    "month": Column("month", ColumnKind.MONTH),
    "contract_year": Column("contract_year", ColumnKind.INTEGER),
}
PLACES = {ColumnKind.MONEY: 2, ColumnKind.NUMBER: 6, ColumnKind.PERCENT: 6}


def table(keys: str, *, dated: bool = False, **columns: ColumnKind) -> Table:
    """`table("practice payer year", savings=ColumnKind.MONEY)`, named by its keys."""
    names = keys.split()
    made = tuple(Column(name, kind, places=PLACES.get(kind, 0), optional=True) for name, kind in columns.items())
    name = "_".join([*names, *(["dated"] if dated else [])])
    return Table(name, tuple(KEYS[key] for key in names), made, dated=dated)


PANEL = table("practice payer month", member_months=ColumnKind.NUMBER)


def schema(*tables: Table) -> Schema:
    return Schema("practice", tuple(sorted(tables, key=lambda t: t.name)))


def fact(of: Table, column: str, *, missing: bool = False, moment: ir.Moment | None = None) -> ir.Cell:
    """The fact in a column of a table, at the row's keys."""
    keys = tuple(key.name.removesuffix("_id") for key in of.keys)
    kind = next(c.kind for c in of.columns if c.name == column)
    varies = frozenset(keys) | ({"month"} if of.dated else set())
    return ir.Cell(
        table=of.name,
        column=column,
        table_keys=keys,
        moment=moment,
        type=TYPES[kind].or_missing(missing),
        keys=varies,
        span=span(column),
    )


def keys_of(*parts: ir.Expression | None) -> frozenset[str]:
    return frozenset().union(*(part.keys for part in parts if part is not None))


def op(operator: str, left: ir.Expression, right: ir.Expression, **more: Any) -> ir.Arithmetic:
    text = f"{left.span.text} {operator} {right.span.text}"
    kind = DOLLAR if DOLLARS in (left.type.unit, right.type.unit) else NUMBER
    kind = number(kind.unit, places=12)
    return ir.Arithmetic(operator, left, right, type=kind, keys=keys_of(left, right), span=span(text), **more)


def compare(operator: str, left: ir.Expression, right: ir.Expression) -> ir.Compare:
    text = f"{left.span.text} {operator} {right.span.text}"
    return ir.Compare(operator, left, right, type=YES_NO, keys=keys_of(left, right), span=span(text))


def logic(operator: str, *operands: ir.Expression) -> ir.Logic:
    return ir.Logic(operator, operands, type=YES_NO, keys=keys_of(*operands), span=span(operator))


def quantity(name: str, expression: ir.Expression, *grain: str) -> ir.Quantity:
    return ir.Quantity(name, name, "define", grain, expression, span(name))


def read(of: ir.Quantity, move: ir.Move | None = None, **more: Any) -> ir.Read:
    kind = of.expression.type.or_missing(move in (ir.Move.PRIOR_YEAR, ir.Move.PRIOR_CONTRACT_YEAR))
    return ir.Read(of, move, type=kind, keys=frozenset(of.grain), span=span(of.name), **more)


def over(function: str, key: str, body: ir.Expression | None, keys: str = "", **more: Any) -> ir.Aggregate:
    kind = body.type if body is not None else WHOLE
    of = frozenset(keys.split())
    return ir.Aggregate(function, tuple(key.split()), body, type=kind, keys=of, span=span(function), **more)


def split(pool: ir.Expression, among: str, **more: Any) -> ir.Split:
    given = {"where": None, "weight": None, "refused_return": False, **more}
    keys = keys_of(pool, given["where"], given["weight"]) | {among}
    return ir.Split(pool, among, type=DOLLAR, keys=keys, span=span("split"), **given)


def setting(name: str, type_: Type = PMPM) -> ir.Setting:
    return ir.Setting(name, type=type_, keys=frozenset({"payer", "month"}), span=span(name))


def total(payment: str, *, net: bool = False) -> ir.Total:
    return ir.Total(payment, net, type=DOLLAR, keys=frozenset({"payer", "practice"}), span=span(f"total({payment})"))


def form(pays: ir.Expression, period: Period = Period.YEAR, **more: Any) -> ir.FormPlan:
    given: dict[str, Any] = {
        "unit": "practice",
        "once": False,
        "where": None,
        "gates": (),
        "lets": (),
        "caps": (),
        "floors": (),
        "downside": False,
        "coverage": Coverage.LAST_MONTH,
        "payee": None,
        "round_each": "",
    }
    return ir.FormPlan(period=period, pays=pays, span=span("pays"), **{**given, **more})


def per_member(pays: ir.Expression, **more: Any) -> ir.FormPlan:
    return form(pays, Period.MONTH, unit="member month", **more)


def gate(name: str, condition: ir.Expression) -> ir.GatePlan:
    return ir.GatePlan(name, name, condition, span(name))


def payment(name: str, *forms: ir.FormPlan, optional: bool = False) -> ir.PaymentPlan:
    named = {"": forms[0]} if len(forms) == 1 else {f"form{at}": each for at, each in enumerate(forms, start=1)}
    return ir.PaymentPlan(name, name, optional, named, "", (), (), span(name))


def payer(name: str = "a", **more: Any) -> PayerPlan:
    given: dict[str, Any] = {
        "title": name,
        "lines": (),
        "first_month": JANUARY,
        "status": "program",
        "contract": "",
        "settings": {},
        "declined": {},
        "forms": {},
        "credits": (),
    }
    return PayerPlan(name=name, **{**given, **more})


def value(text: str | int, first: int = JANUARY, *, by_contract: bool = False) -> SettingValue:
    return SettingValue(first, n(text), by_contract, span(str(text)))


def credit(
    of: str, *against: str, cell: ir.Expression | None = None, amount: str | None = None, **more: Any
) -> CreditPlan:
    forward = bool(more.get("carries_forward"))
    return CreditPlan(of, "paid before", against, cell, None if amount is None else n(amount), forward, span("credit"))


def require(name: str, condition: ir.Expression, **more: Any) -> ir.RequirementPlan:
    return ir.RequirementPlan(name, name, condition, more.get("by_month"), more.get("payer"), span(name))


def all_of(*requirements: ir.RequirementPlan) -> tuple[ir.RequirementGroup, ...]:
    return tuple(ir.RequirementGroup(1, (requirement,)) for requirement in requirements)


def ensure(
    name: str, condition: ir.Expression, period: Period = Period.YEAR, where: ir.Expression | None = None
) -> ir.EnsurePlan:
    return ir.EnsurePlan(name, name, where, condition, period, span(name))


def plan(tables: Schema, *payments: ir.PaymentPlan, payers: Iterable[PayerPlan] = (), **more: Any) -> Plan:
    given: dict[str, Any] = {
        "program": "pilot",
        "title": "Pilot",
        "edition": "1",
        "participant": "practice",
        "calendar": Calendar(),
        "first_month": JANUARY,
        "last_month": None,
        "rounding": (2, Rounding.HALF_UP),
        "least_payers": 1,
        "requirements": (),
        "ensures": (),
        "reports": (),
        "quantities": (),
        "starts": None,
        "practice_keys": {},
        "payees": {},
        "examples": (),
    }
    named = {each.name: each for each in payments}
    return Plan(schema=tables, payments=named, payers=tuple(payers) or (payer(),), **{**given, **more})


def data(of: Schema, **rows: list[dict[str, Any]]) -> Dataset:
    """Rows by table; `practice` and `month="2012-03"` for short."""
    return Dataset.from_rows(of, {name: [_row(row) for row in given] for name, given in rows.items()})


def _row(row: dict[str, Any]) -> dict[str, Any]:
    named = {"practice_id" if key == "practice" else key: cell for key, cell in row.items()}
    if "month" in named:
        named["month"] = named["month"].replace("-", "")
    return named


def panel(practice: str, of: str, members: int | str, months: Iterable[int], year: int = 2012) -> list[dict[str, Any]]:
    return [
        {"practice": practice, "payer": of, "month": f"{year}-{month:02d}", "member_months": members}
        for month in months
    ]


def interpreter(of: Plan, facts: Dataset) -> Interpreter:
    return Interpreter(of, Facts(facts))


def month(number_: int, year: int = 2012, **keys: str) -> Row:
    return Row.of(("month", year * 12 + number_ - 1), **keys)


def year(number_: int = 2012, **keys: str) -> Row:
    return Row.of(("year", number_ * 12), **keys)


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def codes(*names: str) -> Type:
    return Type(Kind.CODE, codes=names, ordered=True, places=0)


__all__ = [name for name in dir() if not name.startswith("_")] + ["ONE"]
