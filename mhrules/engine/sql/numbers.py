"""Arithmetic on columns of integers: each step in the narrow type where the bounds of its operands prove it enough."""

from __future__ import annotations

from mhrules.engine.sql.dialect import DuckDB
from mhrules.engine.sql.faults import FaultBook
from mhrules.engine.sql.frame import Column, Frame
from mhrules.engine.sql.widths import Widths, fits
from mhrules.exact import LIMIT, PLACES, Rounding
from mhrules.plan import ir
from mhrules.source import Span

MOST_STEPS = 8
"""A division in more steps than this is no faster than one of wide integers."""


class Numbers:
    """Numbers as integers at their places.

    A wide step casts an operand, a narrow one takes them as they are: if one of them is wide after all, so is it.
    """

    def __init__(self, dialect: DuckDB, faults: FaultBook, widths: Widths) -> None:
        self.dialect = dialect
        self.faults = faults
        self.widths = widths

    # ----------------------------------------------------------------------------------------- places

    def scaled(self, sql: str, places: int, wanted: int, *, size: int | None = None) -> str:
        """An integer at `places` as one at `wanted` places, which are not fewer; `size` bounds its magnitude."""
        if wanted == places:
            return sql
        assert wanted > places
        factor = 10 ** (wanted - places)
        return f"{sql} * {self.dialect.number(factor, wide=not fits(times(size, factor)))}"

    def rounded(self, sql: str, places: int, wanted: int, rounding: Rounding, *, size: int | None = None) -> str:
        """An integer at `places` rounded to `wanted` places, and held at them; `size` bounds its magnitude."""
        if wanted >= places:
            return self.scaled(sql, places, wanted, size=size)
        step = 10 ** (places - wanted)
        wide = not fits(_plus(size, step))
        found = self.dialect.divide_by(sql, step, rounding, wide=wide)
        return self.narrowed(found, None if size is None else size // step + 1) if wide else found

    def at(self, node: ir.Expression, column: Column, places: int) -> str:
        """A number's value at more places than its own."""
        return self.scaled(column.value, places_of(node), places, size=self.widths.size(node))

    def narrowed(self, sql: str, size: int | None) -> str:
        """The value of a wide step, in the narrow type where `size` proves that it fits."""
        return self.dialect.cast(sql, wide=False) if fits(size) else sql

    def too_large(self, sql: str, size: int | None, span: Span) -> str | None:
        """The fault that a number needs more than 38 digits, unless `size` proves that it cannot."""
        if size is not None and size < LIMIT:
            return None
        return f"CASE WHEN abs({sql}) >= {self.dialect.number(LIMIT)} THEN {self.faults.number('MH705', span)} END"

    # ------------------------------------------------------------------------------------- arithmetic

    def arithmetic(self, node: ir.Arithmetic, left: Column, right: Column, frame: Frame) -> Column:
        """A sum, product or quotient of known values, at the places of the node."""
        if node.operator in "+-":
            found, places = self._sum(node, left, right)
        elif node.operator == "*":
            found, places = self._product(node, left, right)
        else:
            found, places = self._quotient(node, left, right, frame)
        own = places_of(node)
        if places < own:
            value = self.scaled(found.value, places, own, size=self.widths.size(node, places))
            found = Column(value, found.fault, found.level)
        return found

    def _sum(self, node: ir.Arithmetic, left: Column, right: Column) -> tuple[Column, int]:
        sides = [(node.left, left), (node.right, right)]
        places = max(places_of(operand) for operand, _ in sides)
        size = _plus(*(self.widths.size(operand, places) for operand, _ in sides))
        one = left.value if fits(size) else self.dialect.cast(left.value, wide=True)
        one = self.scaled(one, places_of(node.left), places, size=self.widths.size(node.left))
        two = self.at(node.right, right, places)
        sql = f"({one} {node.operator} {two})"
        wanted = places if node.rounding is None else PLACES if node.places is None else node.places
        sql = self.rounded(sql, places, wanted, node.rounding or Rounding.HALF_EVEN, size=size)
        # The magnitudes are added at 12 places, whatever the places of the parts.
        most = _plus(*(self.widths.size(operand, PLACES) for operand, _ in sides))
        scales = [self.dialect.number(10 ** (PLACES - places_of(operand))) for operand, _ in sides]
        both = zip(sides, scales, strict=True)
        magnitudes = " + ".join(f"abs({column.value}) * {scale}" for (_, column), scale in both)
        large = self.too_large(f"({magnitudes})", most, node.span)
        return Column(sql, either(left.fault, right.fault, large), max(left.level, right.level)), wanted

    def _product(self, node: ir.Arithmetic, left: Column, right: Column) -> tuple[Column, int]:
        exact = places_of(node.left) + places_of(node.right)
        wanted = min(PLACES if node.places is None else node.places, exact)
        rounding, step = node.rounding or Rounding.HALF_EVEN, 10 ** (exact - wanted)
        one, two = self.widths.size(node.left), self.widths.size(node.right)
        size = times(one, two)
        result = None if size is None else size // step + 1
        wide = f"({self.dialect.cast(left.value, wide=True)} * {right.value})"
        if fits(_plus(size, step)):
            product = f"({left.value} * {right.value})"
            sql = self.rounded(product, exact, wanted, rounding, size=size)
        elif step > 1 and fits(result) and self._by_parts(one, two, step):
            sides = (left.value, right.value) if fits(times(two, step)) else (right.value, left.value)
            sql = self.dialect.product_divided(*sides, self.dialect.number(step, wide=False), rounding)
        else:
            sql = self.rounded(wide, exact, wanted, rounding, size=size)
        large = self.too_large(wide, size, node.span)
        return Column(sql, either(left.fault, right.fault, large), max(left.level, right.level)), wanted

    def _by_parts(self, one: int | None, two: int | None, step: int) -> bool:
        """Whether one factor times the step is narrow, so that the other one can be divided first."""
        return fits(one) and fits(two) and fits(step) and (fits(times(one, step)) or fits(times(two, step)))

    def _quotient(self, node: ir.Arithmetic, left: Column, right: Column, frame: Frame) -> tuple[Column, int]:
        wanted = PLACES if node.places is None else node.places
        rounding = node.rounding or Rounding.HALF_EVEN
        shift = wanted + places_of(node.right) - places_of(node.left)
        up, down = 10 ** max(shift, 0), 10 ** max(-shift, 0)
        above, below = times(self.widths.size(node.left), up), times(self.widths.size(node.right), down)
        fault, divisor = either(left.fault, right.fault), right.value
        if self._can_be_zero(node.right):
            number = self.faults.number("MH704", node.right.span)
            fault = either(fault, f"CASE WHEN {right.value} = 0 THEN {number} END")
            divisor = f"nullif({right.value}, 0)"
        wide_above = f"({self.dialect.cast(left.value, wide=True)} * {self.dialect.number(up)})"
        wide_below = f"({self.dialect.cast(right.value, wide=True)} * {self.dialect.number(2 * down)})"
        large = either(
            self.too_large(wide_above, above, node.span), self.too_large(wide_below, times(below, 2), node.span)
        )
        level, fault = max(left.level, right.level), either(fault, large)
        wide = not (fits(above) and fits(below) and fits(up) and fits(down))  # what is always 0 has wide scales as well
        if wide:
            steps = self._steps(node, shift, wanted)
            if steps:
                return self._in_steps(Column(left.value, fault, level), divisor, steps, rounding, frame), wanted
        numerator = self.dialect.cast(left.value, wide=True) if wide else left.value
        if up > 1:
            numerator = f"({numerator} * {self.dialect.number(up, wide=wide)})"
        if down > 1:
            divisor = f"({divisor} * {self.dialect.number(down, wide=wide)})"
        sql = self.dialect.divide(numerator, divisor, rounding)
        return Column(self.narrowed(sql, self.widths.size(node, wanted)) if wide else sql, fault, level), wanted

    def _can_be_zero(self, node: ir.Expression) -> bool:
        low, high = self.widths.interval(node)
        return (low is None or low <= 0) and (high is None or high >= 0)

    def _steps(self, node: ir.Arithmetic, shift: int, wanted: int) -> list[int]:
        """The powers of ten by which a long division goes on, narrow in every step; none if it cannot be done so."""
        divisor = self.widths.size(node.right)
        narrow = fits(self.widths.size(node.left)) and fits(self.widths.size(node, wanted)) and fits(divisor)
        if shift <= 0 or divisor is None or not narrow:
            return []
        digits = next((k for k in range(18, 0, -1) if fits(divisor * 10**k)), 0)
        if digits == 0 or -(-shift // digits) > MOST_STEPS:
            return []
        return [digits] * (shift // digits) + ([shift % digits] if shift % digits else [])

    def _in_steps(self, left: Column, divisor: str, steps: list[int], rounding: Rounding, frame: Frame) -> Column:
        """A long division: what one step leaves over is divided, some places further on, by the next."""
        level = left.level
        below = frame.keep(divisor, level).value
        above = frame.keep(left.value, level).value
        quotient = frame.keep(self.dialect.cut(above, below), level + 1).value
        rest = frame.keep(f"{above} - {quotient} * {below}", level + 2).value
        level += 3
        for digits in steps:
            power = self.dialect.number(10**digits, wide=False)
            part = frame.keep(self.dialect.cut(f"({rest} * {power})", below), level).value
            further = frame.keep(f"{quotient} * {power} + {part}", level + 1).value
            rest = frame.keep(f"{rest} * {power} - {part} * {below}", level + 1).value
            quotient, level = further, level + 2
        fault = None if left.fault is None else frame.keep(left.fault, left.level).value
        return Column(self.dialect.rest_rounded(quotient, rest, below, rounding), fault, level)


def places_of(node: ir.Expression) -> int:
    """The decimal places at which a number is held as an integer."""
    return min(PLACES, max(0, node.type.places))


def either(*faults: str | None) -> str | None:
    """The first fault that there is."""
    found = [fault for fault in faults if fault is not None]
    if not found:
        return None
    return found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"


def times(one: int | None, other: int | None) -> int | None:
    """The product of two magnitudes; None if one is not bounded."""
    return None if one is None or other is None else one * other


def larger(one: int | None, other: int | None) -> int | None:
    """The larger of two magnitudes; None if one is not bounded."""
    return None if one is None or other is None else max(one, other)


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
