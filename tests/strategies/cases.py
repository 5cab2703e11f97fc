"""Whole cases for properties: a generated program, its plan, rows that fit it, and a year to settle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from mhrules.plan.whole import Plan
from mhrules.settle.ledger import Settlement
from tests.strategies.dice import Dice, Drawn
from tests.strategies.facts import Rows, rows_for
from tests.strategies.programs import Program, program_from
from tests.strategies.settled import plan_of, settled


class Case:
    """A program on data. `dice` are for what a property does to them."""

    def __init__(self, program: Program, rows: Rows, year: int, plan: Plan, dice: Dice) -> None:
        self.program, self.rows, self.year, self.plan, self.dice = program, rows, year, plan, dice

    def __repr__(self) -> str:
        return f"the year {self.year} of\n{self.program.text()}\non {self.rows}"

    def settled(self, **more: Any) -> Settlement:
        """The settlement of the case's year."""
        return settled(self.plan, self.rows, self.year, **more)


def case_from(dice: Dice, *, pools: bool = True, gaps: bool = False) -> Case:
    """A case made from choices.

    Raises:
        AssertionError: the program has errors: the generator and mhrules do not agree on what is well typed.
    """
    program = program_from(dice, pools=pools)
    plan = plan_of(program.text())
    rows = rows_for(dice, program, plan, gaps=gaps)
    return Case(program, rows, dice.pick(program.years), plan, dice)


@st.composite
def cases(draw: Callable[[Any], Any], *, pools: bool = True, gaps: bool = False) -> Case:
    """Cases for Hypothesis."""
    return case_from(Drawn(draw), pools=pools, gaps=gaps)


@st.composite
def texts(draw: Callable[[Any], Any]) -> str:
    """Texts of generated programs."""
    return program_from(Drawn(draw)).text()
