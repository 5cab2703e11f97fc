"""What decided each verdict of participation, as columns: the simple conditions that were demanded, with both sides."""

from __future__ import annotations

from typing import Any

from mhrules.classes import frozen
from mhrules.engine.sql.about import About
from mhrules.engine.sql.frame import Frame
from mhrules.engine.sql.grids import OWNERS
from mhrules.engine.sql.numbers import places_of
from mhrules.exact import PLACES
from mhrules.plan import ir
from mhrules.settle.participation import (
    MET,
    MISSED,
    NOT_YET_DUE,
    Atom,
    Participation,
    Verdict,
    asked,
    compared,
    gathered,
    is_logical,
)
from mhrules.settle.sql.lines import Lines
from mhrules.settle.sql.participation import TABLE

WORDS = (MET, MISSED, NOT_YET_DUE)
PARTS = ("demanded", "holds", "left", "right")


@frozen
class AtomColumns:
    """A simple condition: where it is demanded, whether it holds, and the two sides of a comparison."""

    expression: ir.Expression
    demanded: str
    holds: str
    left: str
    right: str


class Verdicts(Lines):
    """The verdicts of a year with what decided them."""

    def decided(self) -> tuple[str, list[list[AtomColumns]]]:
        """The table of what decided each verdict, and of each requirement the simple conditions.

        Columns `demanded_R_N`, `holds_R_N`, `left_R_N`, `right_R_N` are those of condition N of requirement R.
        """
        frame = Frame(self.grids.grid(OWNERS, "month"))
        atoms = [list(self._atoms(r.condition, frame, "true")) for r in self.requirements]
        columns = {"payer": "payer", "practice": "practice", "month": "clock"}
        for at, found in enumerate(atoms):
            for number, atom in enumerate(found):
                for name in PARTS:
                    columns[f"{name}_{at}_{number}"] = getattr(atom, name)
        about = About("what decided each verdict: both sides of the comparisons that were demanded", frame.grid.grain)
        return self.store.table("verdict_atoms", frame.select(columns), about), atoms

    def verdicts(self, first: int, last: int) -> list[Participation]:
        """The participation of every payer and practice in the months from `first` to `last`."""
        decided, atoms = self.decided()
        names = [
            f"{name}_{at}_{number}" for at, found in enumerate(atoms) for number in range(len(found)) for name in PARTS
        ]
        listed = "".join(f", d.{name}" for name in names)
        own = "".join(f", p.v{at}" for at in range(1, len(self.requirements) + 1))
        rows = self.store.rows(
            f"SELECT p.payer, p.practice, p.month, p.participates, p.missed{own}{listed} FROM {TABLE} p "
            f"JOIN {decided} d ON d.payer = p.payer AND d.practice = p.practice AND d.month = p.month "
            f"WHERE p.month BETWEEN {first} AND {last} AND p.f IS NULL ORDER BY p.payer, p.practice, p.month"
        )
        return [self._participation(row, names, atoms) for row in rows]

    def _participation(self, row: tuple[Any, ...], names: list[str], atoms: list[list[AtomColumns]]) -> Participation:
        payer, practice, month, participates, missed, *rest = row
        count = len(self.requirements)
        codes, values = rest[:count], dict(zip(names, rest[count:], strict=True))
        at = {requirement: number for number, requirement in enumerate(self.requirements)}
        groups = []
        for at_least, requirements in asked(self.plan, payer):
            verdicts = []
            for requirement in requirements:
                number = at[requirement]
                due = None
                if requirement.by_month is not None:
                    due = self.grids.world.presence(practice).start + requirement.by_month - 1
                found = tuple(self._atom(atom, number, i, values) for i, atom in enumerate(atoms[number]))
                demanded = tuple(atom for atom in found if atom is not None)
                verdicts.append(Verdict(requirement, WORDS[codes[number]], due, demanded))
            groups.append((at_least, verdicts))
        return gathered((payer, practice, month), groups, participates=participates, missed=missed)

    def _atom(self, atom: AtomColumns, requirement: int, number: int, values: dict[str, Any]) -> Atom | None:
        demanded, holds, left, right = (values[f"{name}_{requirement}_{number}"] for name in PARTS)
        if not demanded:
            return None
        node = atom.expression
        if isinstance(node, ir.Compare):
            return compared(node, unscaled(left, node.left), unscaled(right, node.right))
        return Atom(node, holds, holds, node.type)

    def _atoms(self, node: ir.Expression, frame: Frame, demanded: str) -> list[AtomColumns]:
        """The simple conditions of a condition, in the order in which they are demanded."""
        if isinstance(node, ir.Logic):
            found: list[AtomColumns] = []
            for operand in node.operands:
                found += self._atoms(operand, frame, demanded)
                goes_on = self.known(operand, frame).value
                goes_on = goes_on if node.operator == "and" else f"NOT {goes_on}"
                demanded = f"({demanded} AND {goes_on})"
            return found
        if isinstance(node, ir.Not):
            return self._atoms(node.operand, frame, demanded)
        if isinstance(node, ir.Read) and node.move is None and is_logical(node.quantity.expression):
            return self._atoms(node.quantity.expression, frame, demanded)
        if isinstance(node, ir.Compare):
            left, right = self.known(node.left, frame), self.known(node.right, frame)
            return [AtomColumns(node, demanded, "true", left.value, right.value)]
        held = self.known(node, frame)
        return [AtomColumns(node, demanded, held.value, "NULL", "NULL")]


def unscaled(value: Any, node: ir.Expression) -> ir.Value:
    """A stored value as the interpreter has it: a number in units of 10**-12."""
    if node.type.is_number and isinstance(value, int) and not isinstance(value, bool):
        scaled: int = value * 10 ** (PLACES - places_of(node))
        return scaled
    found: ir.Value = value
    return found
