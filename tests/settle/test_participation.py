"""Verdicts, deadlines, margins and the nearest change."""

from __future__ import annotations

from typing import Any

import pytest

from mhrules.data.schema import ColumnKind
from mhrules.exact import to_text
from mhrules.plan import ir
from mhrules.settle.participation import Participation, atoms_of, judge
from tests.engine import build as b

MONTHLY = b.table("practice month", size=ColumnKind.INTEGER, rate=ColumnKind.NUMBER, open=ColumnKind.YES_NO)
SCHEMA = b.schema(MONTHLY)
SIZE, RATE, OPEN = b.fact(MONTHLY, "size"), b.fact(MONTHLY, "rate"), b.fact(MONTHLY, "open")


def judged(
    *groups: ir.RequirementGroup, month: int = 1, payer: str = "a", size: int = 197, rate: str = "0.4", **more: Any
) -> Participation:
    rows = [
        {"practice": "p1", "month": f"2012-{m:02d}", "size": size, "rate": rate, "open": False} for m in range(1, 13)
    ]
    plan = b.plan(SCHEMA, requirements=groups, payers=[b.payer("a"), b.payer("b")], **more)
    return judge(b.interpreter(plan, b.data(SCHEMA, practice_month=rows)), payer, "p1", b.JANUARY + month - 1)


def large(threshold: int = 200, operator: str = ">=") -> ir.RequirementPlan:
    return b.require("large", b.compare(operator, SIZE, b.num(threshold, b.WHOLE)))


@pytest.mark.parametrize(
    ("operator", "size", "verdict", "margin"),
    [
        (">=", 197, "missed", 3),
        (">=", 200, "met", 1),  # one fewer, and it is missed
        (">", 200, "missed", 1),
        (">", 203, "met", 3),
        ("<=", 205, "missed", 5),
        ("<=", 200, "met", 1),
        ("<", 200, "missed", 1),
        ("<", 195, "met", 5),
    ],
)
def test_the_margin_is_the_change_to_the_other_side(operator: str, size: int, verdict: str, margin: int) -> None:
    found = judged(*b.all_of(large(operator=operator)), size=size)
    atom = found.verdicts[0].margin
    assert found.verdicts[0].verdict == verdict
    assert found.participates is (verdict == "met")
    assert atom is not None
    assert (atom.value, atom.threshold, atom.margin) == (b.n(size), b.n(200), b.n(margin))


def test_the_margin_of_a_rate_is_its_distance() -> None:
    found = judged(*b.all_of(b.require("rate", b.compare(">=", RATE, b.num("0.5")))))
    atom = found.verdicts[0].margin
    assert atom is not None
    assert to_text(atom.margin or 0) == "0.1"


@pytest.mark.parametrize(("month", "verdict"), [(3, "not_yet_due"), (4, "missed")])
def test_a_deadline_counts_as_met_up_to_its_month(month: int, verdict: str) -> None:
    late = b.require("large", b.compare(">=", SIZE, b.num(200, b.WHOLE)), by_month=3)
    found = judged(*b.all_of(late), month=month)
    assert found.verdicts[0].verdict == verdict
    assert found.participates is (verdict == "not_yet_due")
    assert found.verdicts[0].due == b.JANUARY + 2


def test_at_least_some_of_a_group() -> None:
    yes, no = b.require("yes", b.yes()), b.require("no", b.yes(False))
    other = b.require("other", b.yes(False))
    assert judged(ir.RequirementGroup(1, (no, yes, other))).participates
    short = judged(ir.RequirementGroup(2, (no, yes, other)))
    assert not short.participates
    assert short.missed == "no"


def test_a_payers_own_requirement_is_its_own() -> None:
    own = b.require("own", b.yes(False), payer="b")
    assert judged(*b.all_of(own), payer="a").participates
    assert not judged(*b.all_of(own), payer="b").participates


def test_the_nearest_change_is_the_smallest_relative_margin_that_alone_turns_it() -> None:
    size = large()  # 3 of 200
    rate = b.require("rate", b.compare(">=", RATE, b.num("0.5")))  # 0.1 of 0.5
    flag = b.require("flag", OPEN)
    any_of = judged(ir.RequirementGroup(1, (flag, rate, size)))
    assert any_of.nearest is not None
    assert any_of.nearest.requirement is size
    assert judged(*b.all_of(size, rate)).nearest is None  # two must change
    met = judged(*b.all_of(large(190), b.require("rate", b.compare(">=", RATE, b.num("0.1")))))
    assert met.nearest is not None
    assert met.nearest.requirement.name == "large"


def test_only_conditions_that_were_demanded_decide() -> None:
    condition = b.logic("or", b.compare("<", SIZE, b.num(5, b.WHOLE)), b.compare(">", SIZE, b.num(5, b.WHOLE)), OPEN)
    rows = [{"practice": "p1", "month": "2012-01", "size": 9}]
    engine = b.interpreter(b.plan(SCHEMA), b.data(SCHEMA, practice_month=rows))
    atoms = atoms_of(engine, condition, b.month(1, practice="p1", payer="a"))
    assert [(atom.operator, atom.holds) for atom in atoms] == [("<", False), (">", True)]
    defined = b.quantity("defined", condition, "practice", "month")
    assert len(atoms_of(engine, b.read(defined), b.month(1, practice="p1", payer="a"))) == 2
