"""Rows of small populations written by hand, each with what a test does not care about filled in."""

from __future__ import annotations

import datetime
from typing import Any

from attrs import evolve

from mhrules.data.dataset import Dataset
from mhrules.engine.facts import Facts
from mhrules.engine.reference import Interpreter
from mhrules.settle.ledger import Settlement
from tests.strategies.population import Rows
from tests.strategies.population_program import Policy, plan_for
from tests.strategies.settled import codes, settled

Row = dict[str, Any]


def day(text: str) -> datetime.date:
    """`2011-03-01`."""
    return datetime.date.fromisoformat(text)


def person(name: str, born: str = "1960-01-01", died: str = "", **more: Any) -> Row:
    """A row of `member`."""
    dead = day(died) if died else None
    row = {"person_id": name, "birth_date": day(born), "death_date": dead, "zip_code": "01001", "risk": "low"}
    return {**row, **more}


def enrolled(name: str, first: str = "2010-01-01", last: str = "", payer: str = "aetna", **more: Any) -> Row:
    """A row of `eligibility`."""
    row = {"person_id": name, "payer": payer, "plan": "", "payer_order": 1, "hospice": False}
    days = {"enrollment_start_date": day(first), "enrollment_end_date": day(last) if last else None}
    return {**row, **days, **more}


def claim(number: str, name: str, date: str, practice: str = "p1", **more: Any) -> Row:
    """A row of `medical_claim`: a line of primary care, $100.00, paid on its day."""
    row = {
        "claim_id": number,
        "claim_line_number": 1,
        "entry_number": 1,
        "person_id": name,
        "payer": "aetna",
        "claim_start_date": day(date),
        "paid_date": day(date),
        "practice_id": practice,
        "service": "primary",
        "hcpcs_code": "99213",
        "allowed_amount": "100.00",
    }
    return {**row, **more}


def event(number: str, name: str, date: str, practice: str = "p1", **more: Any) -> Row:
    """A row of `event_care_plan`: a new one."""
    row = {"event_id": number, "person_id": name, "practice_id": practice, "payer": None, "kind": "new"}
    return {**row, "event_date": day(date), **more}


def population(*members: Row, practices: tuple[str, ...] = ("p1", "p2"), **tables: list[Row]) -> Rows:
    """Rows of all tables that a policy's program can read; people who are not enrolled otherwise are with aetna."""
    if "eligibility" not in tables:
        tables["eligibility"] = [enrolled(row["person_id"]) for row in members]
    blank: Rows = {"provider": [], "medical_claim": [], "event_care_plan": []}
    return {**blank, "practice": [{"practice_id": name} for name in practices], "member": list(members), **tables}


def read(policy: Policy, rows: Rows) -> Dataset:
    """The rows of the tables that a policy's program reads."""
    schema = plan_for(policy).schema
    names = {table.name for table in schema.tables}
    return Dataset.from_rows(schema, {name: own for name, own in rows.items() if name in names})


def interpreter(policy: Policy, rows: Rows) -> Interpreter:
    """The reference interpreter on rows."""
    return Interpreter(plan_for(policy), Facts(read(policy, rows)))


def settlement(policy: Policy, rows: Rows, **more: Any) -> Settlement:
    """The settlement of 2011, which has no faults; `more` changes the policy."""
    policy = evolve(policy, **more)
    plan = plan_for(policy)
    names = {table.name for table in plan.schema.tables}
    found = settled(plan, {name: own for name, own in rows.items() if name in names}, 2011)
    assert codes(found.findings) == []
    return found


def report(found: Settlement, name: str) -> dict[tuple[str, ...], int | None]:
    """The values of a report in units of 10**-12, by the ids of its keys."""
    values = {}
    for each in found.quantities:
        if each.report.name == name:
            assert each.value is None or isinstance(each.value, int)
            values[tuple(value for _, value in each.row.keys)] = each.value
    return values


def paid(found: Settlement, payment: str) -> dict[tuple[str, str, str], list[tuple[int, str]]]:
    """Units in millionths and the amount in cents of what a payment pays, by payer, practice and period."""
    amounts: dict[tuple[str, str, str], list[tuple[int, str]]] = {}
    for each in found.postings:
        if each.payment == payment and each.units:
            cents = f"{each.amount // 10**10 / 100:.2f}"
            amounts.setdefault((each.payer, each.practice, each.period), []).append((each.units // 10**6, cents))
    return amounts
