"""Participation: every requirement judged for each practice, payer and month, with what decided it and by how much."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from attrs import field

from mhrules.classes import frozen
from mhrules.engine.faults import Gathering
from mhrules.engine.reference import Interpreter, holds
from mhrules.engine.rows import Row
from mhrules.exact import ONE
from mhrules.plan import ir
from mhrules.plan.whole import Plan
from mhrules.semantics.types import Type

MET = "met"
MISSED = "missed"
NOT_YET_DUE = "not_yet_due"
SAME_SIDE = {"<": True, "<=": False, ">": True, ">=": False}  # whether a value equal to the threshold fails


@frozen
class Atom:
    """A simple condition that a verdict rests on: its value, and for `e op constant` the threshold and the margin.

    `margin` is how much the value has to change to come out on the other side, never negative: exactly for whole
    numbers, otherwise the distance to the threshold. Numbers in units of 10**-12.
    """

    expression: ir.Expression = field(repr=False)
    holds: bool
    value: ir.Value
    type: Type = field(repr=False)
    operator: str = ""
    threshold: ir.Value = None
    margin: int | None = None


@frozen
class Verdict:
    """How a requirement came out: `met`, `missed`, or `not_yet_due`, which counts as met until the month `due`."""

    requirement: ir.RequirementPlan = field(repr=False)
    verdict: str
    due: int | None
    atoms: tuple[Atom, ...] = field(repr=False)

    @property
    def margin(self) -> Atom | None:
        """The condition with the margin, where the requirement is one simple comparison of numbers."""
        return self.atoms[0] if len(self.atoms) == 1 and self.atoms[0].margin is not None else None


@frozen
class Participation:
    """Whether a practice participates with a payer in a month, and why.

    `missed` is the first requirement of the first group that fails. `nearest` is the single requirement that would
    turn the answer with the smallest margin, relative to its threshold (yes/no requirements last); None where no
    single one would.
    """

    payer: str
    practice: str
    month: int
    participates: bool
    verdicts: tuple[Verdict, ...]
    missed: str
    nearest: Verdict | None


def judge(interpreter: Interpreter, payer: str, practice: str, month: int) -> Participation:
    """The participation of a practice with a payer in a month, worked out once.

    Raises:
        Faulted: a requirement cannot be judged; all such faults.
    """
    row = Row.of(("month", month), payer=payer, practice=practice)
    key = ("participation", row)
    return interpreter.remember(key, "participation", row, lambda: _judged(interpreter, row))


def _judged(interpreter: Interpreter, row: Row) -> Participation:
    plan = interpreter.plan
    payer, practice = row.get("payer"), row.get("practice")
    assert payer is not None
    assert practice is not None
    assert row.clock is not None
    month, gathering = row.clock[1], Gathering()
    groups: list[tuple[int, list[Verdict]]] = []
    for at_least, requirements in asked(plan, payer):
        verdicts: list[Verdict] = []
        for requirement in requirements:
            with gathering:
                verdicts.append(_verdict(interpreter, requirement, row, month, practice))
        groups.append((at_least, verdicts))
    gathering.close()
    failing = [verdicts for at_least, verdicts in groups if _met(verdicts) < at_least]
    missed = next((v.requirement.name for v in failing[0] if v.verdict == MISSED), "") if failing else ""
    return gathered((payer, practice, month), groups, participates=not failing, missed=missed)


def gathered(
    whose: tuple[str, str, int], groups: list[tuple[int, list[Verdict]]], *, participates: bool, missed: str
) -> Participation:
    """The participation of payer, practice and month that verdicts by group add up to."""
    every = tuple(verdict for _, verdicts in groups for verdict in verdicts)
    return Participation(*whose, participates, every, missed, _nearest(groups))


def asked(plan: Plan, payer: str) -> Iterator[tuple[int, tuple[ir.RequirementPlan, ...]]]:
    """The groups of requirements that a payer asks for: the program's, and its own contract's."""
    for group in plan.requirements:
        own = tuple(r for r in group.requirements if r.payer is None or r.payer == payer)
        if own:
            yield group.at_least, own


def _verdict(interpreter: Interpreter, requirement: ir.RequirementPlan, row: Row, month: int, practice: str) -> Verdict:
    start = interpreter.world.presence(practice).start
    due = None if requirement.by_month is None else start + requirement.by_month - 1
    fulfilled = interpreter.traced(requirement, row, lambda: interpreter.truth(requirement.condition, row))
    grace = due is not None and month <= due
    verdict = MET if fulfilled else NOT_YET_DUE if grace else MISSED
    return Verdict(requirement, verdict, due, atoms_of(interpreter, requirement.condition, row))


def _met(verdicts: list[Verdict]) -> int:
    return sum(verdict.verdict != MISSED for verdict in verdicts)


def _nearest(groups: list[tuple[int, list[Verdict]]]) -> Verdict | None:
    """The requirement that alone would turn the answer, by the smallest relative margin; of equal ones the first."""
    failing = [(at_least, verdicts) for at_least, verdicts in groups if _met(verdicts) < at_least]
    candidates: list[Verdict] = []
    if not failing:
        for at_least, verdicts in groups:
            if _met(verdicts) == at_least:
                candidates += [v for v in verdicts if v.verdict == MET]
    elif len(failing) == 1 and _met(failing[0][1]) == failing[0][0] - 1:
        candidates = [v for v in failing[0][1] if v.verdict == MISSED]
    return min(candidates, key=_distance, default=None)


def _distance(verdict: Verdict) -> tuple[bool, Fraction]:
    atom = verdict.margin
    if atom is None or atom.margin is None:
        return True, Fraction(0)
    threshold = atom.threshold if isinstance(atom.threshold, int) else 0
    return False, Fraction(atom.margin, abs(threshold) or ONE)


def atoms_of(interpreter: Interpreter, condition: ir.Expression, row: Row) -> tuple[Atom, ...]:
    """The simple conditions that decided a condition, in the order they were demanded.

    Raises:
        Faulted: as the condition.
    """
    return tuple(interpreter.quietly(lambda: list(_atoms(interpreter, condition, row))))


def _atoms(interpreter: Interpreter, condition: ir.Expression, row: Row) -> Iterator[Atom]:
    if isinstance(condition, ir.Logic):
        deciding = condition.operator == "or"
        for operand in condition.operands:
            yield from _atoms(interpreter, operand, row)
            if interpreter.truth(operand, row) is deciding:
                return
    elif isinstance(condition, ir.Not):
        yield from _atoms(interpreter, condition.operand, row)
    elif isinstance(condition, ir.Read) and condition.move is None and is_logical(condition.quantity.expression):
        at = interpreter.world.project(row, condition.quantity.grain)
        yield from _atoms(interpreter, condition.quantity.expression, at)
    elif isinstance(condition, ir.Compare):
        yield _compared(interpreter, condition, row)
    else:
        outcome = interpreter.truth(condition, row)
        yield Atom(condition, outcome, outcome, condition.type)


def is_logical(expression: ir.Expression) -> bool:
    """Whether a condition is made of others, or is a comparison."""
    return isinstance(expression, (ir.Logic, ir.Not, ir.Compare))


def _compared(interpreter: Interpreter, compare: ir.Compare, row: Row) -> Atom:
    return compared(compare, interpreter.known(compare.left, row), interpreter.known(compare.right, row))


def compared(compare: ir.Compare, value: ir.Value, threshold: ir.Value) -> Atom:
    """A comparison of two known values, with how far the value is from the other side."""
    outcome = holds(compare, value, threshold)
    margin = None
    if compare.left.type.is_number and isinstance(value, int) and isinstance(threshold, int):
        margin = _margin(compare, value, threshold, outcome)
    return Atom(compare, outcome, value, compare.left.type, compare.operator, threshold, margin)


def _margin(compare: ir.Compare, value: int, threshold: int, outcome: bool) -> int | None:
    """How far the value is from the other side; None for `=` and `!=`."""
    if compare.operator not in SAME_SIDE:
        return None
    distance = abs(value - threshold)
    on_this_side = SAME_SIDE[compare.operator] is not outcome  # whether the threshold itself is on the value's side
    whole = compare.left.type.places == 0 and compare.right.type.places == 0
    return distance + ONE if whole and on_this_side else distance
