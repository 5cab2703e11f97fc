"""Conditions: what decided them, and how far they are from the other side."""

from __future__ import annotations

from mhrules.engine.faults import Faulted
from mhrules.engine.rows import Row, Step
from mhrules.exact import ONE, Rounding, divide
from mhrules.explain import words
from mhrules.explain.expressions import Expressions, child
from mhrules.explain.model import Why
from mhrules.plan import ir
from mhrules.semantics.types import Share, number
from mhrules.settle.participation import Atom, atoms_of

PERCENTAGE = number(share=Share.PERCENT)


class Conditions(Expressions):
    """`and or not = < in known` and their margins."""

    def compare(self, node: ir.Compare, step: Step) -> Why:
        """A comparison: both values, and the distance between them."""
        sides = self.below(step, node.left, node.right)
        says = self.margin(node, step.row)
        if all(side.see for side in sides):
            plain = node.operator == "=" and step.value is True
            return self.written("condition", node, step, (), says or ("" if plain else self.because(node, step.row)))
        return self.written("condition", node, step, sides, says)

    def one_of(self, node: ir.OneOf, step: Step) -> Why:
        """Whether a value is one of a set: which one it is."""
        return self.written("condition", node, step, self.below(step, node.operand))

    def logic(self, node: ir.Logic, step: Step) -> Why:
        """Conditions left to right; those after the deciding one are not reached."""
        return self.written("condition", node, step, self.operands(node, step))

    def operands(self, node: ir.Logic, step: Step) -> tuple[Why, ...]:
        """The conditions that were reached; where a later one might be asked for, also those that were not."""
        found: list[Why] = []
        for operand in node.operands:
            reached = child(step, operand)
            if reached is not None:
                found += self.whys([reached])
            elif step.value is False or self.deep:
                found.append(self.not_reached("condition", words.title_of(operand.span), operand))
        return tuple(found)

    def not_reached(self, kind: str, title: str, of: ir.Expression | ir.GatePlan) -> Why:
        """Something that was decided before its turn came."""
        return Why(kind, title, says=("not reached",), place=words.place_of(of.span), number=self.next())

    def negation(self, node: ir.Not, step: Step) -> Why:
        """`not`, with what it turns around."""
        return self.written("condition", node, step, self.below(step, node.operand))

    def asked_known(self, node: ir.Known, step: Step) -> Why:
        """Whether a value is known, with the value or what is missing."""
        return self.written("condition", node, step, self._or_missing(step, node.operand))

    def default(self, node: ir.Default, step: Step) -> Why | None:
        """A value; where it is missing, what holds instead."""
        if child(step, node.fallback) is None:
            return self.why(child(step, node.operand))
        steps = self._or_missing(step, node.operand) + self.below(step, node.fallback)
        return self.written("value", node, step, steps, "missing, so the default holds")

    def _or_missing(self, step: Step, operand: ir.Expression) -> tuple[Why, ...]:
        """An operand; one whose row is absent counts as missing here."""
        found = child(step, operand)
        if found is None or not found.faults:
            return self.whys([found])
        title = words.title_of(operand.span)
        says = ("missing: its table has no row here",)
        return (Why("value", title, says=says, place=words.place_of(operand.span), number=self.next()),)

    # ----------------------------------------------------------------------------------------- margins

    def margin(self, node: ir.Compare, row: Row) -> str:
        """`$10,000,000.00 >= $2,500,000.00, over by $7,500,000.00 (10% against 2.5% of benchmark: 7.5 points)`.

        Nothing where the values themselves say it: beside a zero, and where two values are equal or not.
        """
        atom = self.atoms(node, row)[0]
        distance = self.distance(atom, row)
        left, right = node.left.type, node.right.type
        if not left.unit and Share.PERCENT in (left.share, right.share):
            left, right = PERCENTAGE, PERCENTAGE
        sides = f"{words.shown(atom.value, left)} {node.operator} {words.shown(atom.threshold, right)}"
        return f"{sides}, {distance}" if distance else ""

    def atoms(self, node: ir.Expression, row: Row) -> tuple[Atom, ...]:
        """The simple conditions that decided a condition that was evaluated at a row."""
        return atoms_of(self.books.interpreter, node, row)

    def distance(self, atom: Atom, row: Row) -> str:
        """How far a comparison is from its other side; nothing where the value itself says it."""
        value, threshold, compare = atom.value, atom.threshold, atom.expression
        if atom.margin is None or not isinstance(value, int) or not isinstance(threshold, int):
            return ""
        assert isinstance(compare, ir.Compare)
        upward = atom.operator in (">", ">=")
        whole = compare.left.type.places == 0 and compare.right.type.places == 0
        if not atom.holds and whole:
            return f"{words.grouped(atom.margin)} {'more' if upward else 'fewer'} needed"
        if value == threshold:
            return "exactly at the limit"
        if threshold == 0:
            return ""
        position = "over" if value > threshold else "short" if upward else "under"
        gap = abs(value - threshold)
        amount = f"{words.percent(gap)[:-1]} points" if self._is_rate(compare.left) else words.shown(gap, atom.type)
        return f"{position} by {amount}{self._other_measure(compare, value, threshold, gap, row)}"

    def _is_rate(self, side: ir.Expression) -> bool:
        return not side.type.unit and side.type.share is not Share.NUMBER

    def _other_measure(self, compare: ir.Compare, value: int, threshold: int, gap: int, row: Row) -> str:
        """A margin in dollars also in points of the rate's base; a margin of a quotient also in dollars."""
        left, right = self._meant(compare.left), self._meant(compare.right)
        if isinstance(left, ir.Arithmetic) and left.operator == "/" and left.right.type.is_total:
            base = self._number(left.right, row)
            return f" / {words.dollars(divide(gap * base, ONE, Rounding.HALF_EVEN))}" if base else ""
        if not compare.left.type.is_total or not isinstance(right, ir.Arithmetic) or right.operator != "*":
            return ""
        rate, whole = (right.left, right.right) if self._is_rate(right.left) else (right.right, right.left)
        base = self._number(whole, row) if self._is_rate(rate) and whole.type.is_total else None
        if not base or base < 0:
            return ""
        own, asked, points = (
            words.near(divide(each * ONE, base, Rounding.HALF_EVEN)) for each in (value, threshold, gap)
        )
        return f" ({own} against {asked} of {words.title_of(whole.span)}: {points[:-1]} points)"

    def _meant(self, side: ir.Expression) -> ir.Expression:
        """What a name stands for."""
        while isinstance(side, ir.Read) and side.move is None:
            side = side.quantity.expression
        return side

    def _number(self, node: ir.Expression, row: Row) -> int | None:
        try:
            return self.books.interpreter.quietly(lambda: self.books.interpreter.number(node, row))
        except Faulted:
            return None

    # --------------------------------------------------------------------------------------- sentences

    def because(self, condition: ir.Expression, row: Row) -> str:
        """What decided a condition, in one sentence: `met is 2, target_1 is no`."""
        return ", ".join(dict.fromkeys(self._is(atom, row) for atom in self.atoms(condition, row)))

    def _is(self, atom: Atom, row: Row) -> str:
        node = atom.expression
        if isinstance(node, ir.Compare):
            subject, value, kind = node.left, atom.value, atom.type
            if isinstance(subject, ir.Literal):
                subject, value, kind = node.right, atom.threshold, node.right.type
            return f"{words.title_of(subject.span)} is {words.shown(value, kind)}"
        if isinstance(node, ir.OneOf):
            interpreter = self.books.interpreter
            value = interpreter.quietly(lambda: interpreter.known(node.operand, row))
            return f"{words.title_of(node.operand.span)} is {words.shown(value, node.operand.type)}"
        return f"{words.title_of(node.span)} is {ir.plain_text(atom.holds)}"
