"""The values a variable of a `choose` can take, the tests on it, and the few values that tell the tests apart.

The rows of a `choose`, table or bands test a variable only against constants. Its domain therefore falls into
finitely many cells inside which no test changes, and one real, easily read value stands for each cell.
Cells that no test tells apart are joined.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from enum import Enum
from math import lcm
from typing import Literal

from attrs import field

from mhrules.classes import frozen
from mhrules.exact import ONE, PLACES

Op = Literal["=", "!=", "<", "<=", ">", ">="]
Constant = int | str  # numbers in units of 10**-12, dates as ordinals, yes/no as bool, codes and text as str


class Special(Enum):
    """Values of a case that no constant of the language names."""

    MISSING = "missing"
    ANY_OTHER = "any other"  # a text that no row mentions


CaseValue = Constant | Special


@frozen
class Interval:
    """The multiples of `step` from `low` to `high`, both inclusive; None is unbounded.

    All three are in units of 10**-12. The grid starts at 0, whatever the bounds.
    """

    low: int | None
    high: int | None
    step: int = field()

    @step.validator
    def _positive(self, _: object, step: int) -> None:
        if step <= 0:
            raise ValueError(f"the step of an interval must be positive, not {step}")


@frozen
class Dates:
    """Every day from `low` to `high`, both inclusive, as `date.toordinal()`; None is as far as dates go."""

    low: int | None = None
    high: int | None = None


@frozen
class YesNo:
    """yes and no, held as True and False."""


@frozen
class Enumeration:
    """Finitely many codes, lowest first where their order is tested."""

    codes: tuple[str, ...]


@frozen
class Text:
    """Any text: the values that are mentioned, and one that stands for all others."""


Domain = Interval | Dates | YesNo | Enumeration | Text


@frozen
class Variable:
    """One normalized expression that rows test, under the name the analyst wrote."""

    name: str
    domain: Domain
    can_be_missing: bool = False


@frozen
class Compare:
    """`variable op constant`. Codes compare by their place in the enumeration; text and yes/no only = and !=."""

    variable: str
    op: Op
    constant: Constant


@frozen
class InSet:
    """`variable in { ... }`."""

    variable: str
    values: frozenset[Constant]


@frozen
class InRange:
    """`variable from low to high`, both inclusive."""

    variable: str
    low: Constant
    high: Constant


@frozen
class IsTrue:
    """A yes/no variable, tested by its name alone."""

    variable: str


@frozen
class Known:
    """`known(variable)`, the only test that a missing value may meet."""

    variable: str


Atom = Compare | InSet | InRange | IsTrue | Known


@frozen
class Axis:
    """One variable, cut into the cells that its tests tell apart.

    `values` has one value for each cell: the lowest in magnitude first, negative ones after, missing last.
    `truths` says in which cells (as indices of `values`) each test holds; a missing value holds in none.
    """

    variable: Variable
    values: tuple[CaseValue, ...]
    truths: dict[Atom, frozenset[int]] = field(repr=False)

    @property
    def missing(self) -> frozenset[int]:
        """The cell of the missing value, if the variable can be missing."""
        return frozenset((len(self.values) - 1,)) if self.variable.can_be_missing else frozenset()


@frozen
class _Ladder:
    """The cells of a domain before any are joined, in ascending order of rank."""

    values: Sequence[CaseValue]
    ranks: Sequence[int]
    rank: Callable[[Constant], int]

    def holds(self, atom: Atom) -> Iterable[int]:
        """The indices of the cells in which a test holds."""
        every = range(len(self.values))
        match atom:
            case Known():
                return every
            case IsTrue():
                return self._between(1, 1)
            case InSet(values=values):
                return {i for value in values for i in self._between(self.rank(value), self.rank(value))}
            case InRange(low=low, high=high):
                return self._between(self.rank(low), self.rank(high))
            case Compare(op=op, constant=constant):
                rank = self.rank(constant)
                before, after = bisect_left(self.ranks, rank), bisect_right(self.ranks, rank)
                holding: dict[Op, Sequence[int]] = {
                    "=": every[before:after],
                    "!=": (*every[:before], *every[after:]),
                    "<": every[:before],
                    "<=": every[:after],
                    ">": every[after:],
                    ">=": every[before:],
                }
                return holding[op]

    def _between(self, low: int, high: int) -> range:
        return range(bisect_left(self.ranks, low), bisect_right(self.ranks, high))


def axis_from_tests(variable: Variable, atoms: Iterable[Atom]) -> Axis:
    """The cells of a variable that the tests on it tell apart.

    Raises:
        ValueError: if a test does not suit the domain: a constant of another kind, an unknown code,
            an order test on text or yes/no.
    """
    tests: dict[Atom, None] = {}
    for atom in atoms:
        _check(variable, atom)
        tests[atom] = None
    ladder = _ladder(variable.domain, {c for atom in tests for c in _constants(atom)})
    signatures: list[list[int]] = [[] for _ in ladder.values]
    for number, atom in enumerate(tests):
        for cell in ladder.holds(atom):
            signatures[cell].append(number)
    joined: dict[tuple[int, ...], list[CaseValue]] = {}
    for value, numbers in zip(ladder.values, signatures, strict=True):
        joined.setdefault(tuple(numbers), []).append(value)
    cells = [(_most_readable(variable.domain, values), signature) for signature, values in joined.items()]
    if isinstance(variable.domain, Interval):
        cells.sort(key=lambda cell: _magnitude(cell[0]))
    chosen: dict[Atom, list[int]] = {atom: [] for atom in tests}
    order = list(tests)
    for index, (_, signature) in enumerate(cells):
        for number in signature:
            chosen[order[number]].append(index)
    missing = (Special.MISSING,) if variable.can_be_missing else ()
    truths = {atom: frozenset(indices) for atom, indices in chosen.items()}
    return Axis(variable, (*(value for value, _ in cells), *missing), truths)


def _constants(atom: Atom) -> tuple[Constant, ...]:
    match atom:
        case Compare(constant=constant):
            return (constant,)
        case InSet(values=values):
            return tuple(values)
        case InRange(low=low, high=high):
            return (low, high)
        case _:
            return ()


def _check(variable: Variable, atom: Atom) -> None:
    domain = variable.domain
    orders = isinstance(atom, InRange) or (isinstance(atom, Compare) and atom.op not in ("=", "!="))
    if orders and isinstance(domain, Text | YesNo):
        raise ValueError(f"`{variable.name}` has no order to test")
    if isinstance(atom, IsTrue) and not isinstance(domain, YesNo):
        raise ValueError(f"`{variable.name}` is not yes or no")
    for constant in _constants(atom):
        if not _suits(domain, constant):
            raise ValueError(f"`{variable.name}` cannot be tested against {constant!r}")


def _suits(domain: Domain, constant: Constant) -> bool:
    match domain:
        case Interval() | Dates():
            return isinstance(constant, int) and not isinstance(constant, bool)
        case YesNo():
            return isinstance(constant, bool)
        case Enumeration(codes=codes):
            return constant in codes
        case Text():
            return isinstance(constant, str)


def _ladder(domain: Domain, constants: set[Constant]) -> _Ladder:
    match domain:
        case Interval(low=low, high=high, step=step):
            pieces = _pieces(low, high, step, sorted(int(c) for c in constants))
            numbers = [_simplest(first, last, step) for first, last in pieces]
            return _Ladder(numbers, numbers, int)
        case Dates(low=low, high=high):
            first_day, last_day = date.min.toordinal(), date.max.toordinal()
            earliest = first_day if low is None else max(low, first_day)
            latest = last_day if high is None else min(high, last_day)
            pieces = _pieces(earliest, latest, 1, sorted(int(c) for c in constants))
            days = [_plainest_day(first or first_day, last or last_day) for first, last in pieces]
            return _Ladder(days, days, int)
        case YesNo():
            return _Ladder((False, True), (0, 1), int)
        case Enumeration(codes=codes):
            return _named(codes, ())
        case Text():
            return _named(sorted(str(c) for c in constants), (Special.ANY_OTHER,))


def _named(names: Sequence[str], others: tuple[Special, ...]) -> _Ladder:
    places: dict[Constant, int] = {name: place for place, name in enumerate(names)}
    return _Ladder((*names, *others), range(len(names) + len(others)), places.__getitem__)


Piece = tuple[int | None, int | None]


def _pieces(low: int | None, high: int | None, step: int, constants: Sequence[int]) -> list[Piece]:
    """The grid from `low` to `high`, cut at the constants into points and stretches between them.

    Every piece has at least one grid value, and its ends, where bounded, are on the grid.
    """
    # `//` on signed values here means the floor: the next grid value below.
    bottom = None if low is None else -(-low // step) * step
    top = None if high is None else high // step * step
    pieces: list[Piece] = []

    def add(first: int | None, last: int | None) -> None:
        if bottom is not None:
            first = bottom if first is None else max(first, bottom)
        if top is not None:
            last = top if last is None else min(last, top)
        if first is None or last is None or first <= last:
            pieces.append((first, last))

    start: int | None = None
    for constant in constants:
        add(start, (constant - 1) // step * step)
        if constant % step == 0:
            add(constant, constant)
        start = (constant // step + 1) * step
    add(start, None)
    return pieces


def _simplest(low: int | None, high: int | None, step: int) -> int:
    """The multiple of `step` in a piece that reads most easily.

    0, else the fewest decimal places, then the roundest near the end closest to 0: 5 in $4.01..$6.99,
    6000 from 5001 up, 99.99 only where nothing shorter will do.
    """
    if (low is None or low <= 0) and (high is None or high >= 0):
        return 0
    if low is None or low < 0:
        assert high is not None
        return -_simplest(-high, None if low is None else -low, step)
    for places in range(PLACES + 1):
        unit = lcm(ONE // 10**places, step)
        value = -(-low // unit) * unit
        if high is None or value <= high:
            break
    rounder = unit
    while rounder * 10 <= value:
        rounder *= 10
    while high is not None and -(-low // rounder) * rounder > high:
        rounder //= 10
    return -(-low // rounder) * rounder


def _plainest_day(first: int, last: int) -> int:
    """A first of January in a stretch of days, else a first of a month, else its first day.

    A stretch from the beginning of the calendar is read from its end, but not after 2000 if it has none:
    2011-01-01 stands for 2011 and all days before.
    """
    if first == date.min.toordinal():
        end = 2000 if last == date.max.toordinal() else date.fromordinal(last).year
        return date(end, 1, 1).toordinal()
    begin = date.fromordinal(first)
    if begin.day == 1 == begin.month or begin.year == date.max.year:
        return first
    months = begin.year * 12 + begin.month - (begin.day == 1)  # counted to the first of a month on or after `first`
    month = date(months // 12, months % 12 + 1, 1).toordinal()
    year = date(begin.year + 1, 1, 1).toordinal()
    return next((day for day in (year, month) if day <= last), first)


def _most_readable(domain: Domain, values: Sequence[CaseValue]) -> CaseValue:
    """The value to show for joined cells: for numbers the shortest, else the first."""
    return min(values, key=_length) if isinstance(domain, Interval) else values[0]


def _magnitude(value: CaseValue) -> tuple[bool, int]:
    assert isinstance(value, int)
    return (value < 0, abs(value))


def _length(value: CaseValue) -> tuple[bool, int, int]:
    assert isinstance(value, int)
    places = next(p for p in range(PLACES + 1) if abs(value) % 10 ** (PLACES - p) == 0)
    return (value < 0, places, abs(value))
