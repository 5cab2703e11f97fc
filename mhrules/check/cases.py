"""Whether the rows of a `choose`, table or bands decide every possible case, each once.

The variables' cells (`domains.py`) span a finite space of cases. A set of cases is one Python integer with a
bit for each case, so that a row is evaluated over all cases at once with `&` and `|`; gaps, overlaps and
dead rows are then plain set algebra, and any bit that is set is a witness.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from functools import reduce
from math import prod

from attrs import field

from mhrules.check.domains import Atom, Axis, CaseValue, Known, Variable, axis_from_tests
from mhrules.classes import frozen

LIMIT = 10**6  # cases, beyond which a text is refused
MOST_GAPS = 3
MOST_OVERLAPS = 100


@frozen
class And:
    """Every part holds; parts go left to right and stop at the first that does not."""

    parts: tuple[Condition, ...]


@frozen
class Or:
    """Some part holds; parts go left to right and stop at the first that does."""

    parts: tuple[Condition, ...]


@frozen
class Not:
    """The part does not hold."""

    part: Condition


@frozen
class Always:
    """Holds in every case."""


Condition = And | Or | Not | Always | Atom


@frozen
class Case:
    """One concrete case: a value for each variable that is tested, in the order the variables were given.

    `decisive` names the variables whose values matter: what is claimed of this case is true of every possible
    case that agrees with it there.
    """

    items: tuple[tuple[str, CaseValue], ...]
    decisive: tuple[str, ...]

    def as_dict(self) -> dict[str, CaseValue]:
        """Name to value, in order."""
        return dict(self.items)


@frozen
class Overlap:
    """Two rows (0-based, `first` < `second`) that both apply in one case."""

    first: int
    second: int
    witness: Case


class DeadReason(Enum):
    """Why a row never applies."""

    NEVER = "its condition holds in no case"
    EXCLUDED = "its condition holds only in cases declared impossible"
    SHADOWED = "earlier rows decide all its cases"  # only where the first row wins


@frozen
class DeadRow:
    """A row (0-based) that never applies; `by` are the earlier rows that shadow it together."""

    row: int
    reason: DeadReason
    by: tuple[int, ...] = ()


@frozen
class MissingTest:
    """A condition (0-based) that tests a variable's value in a case where it is missing."""

    index: int
    variable: str
    witness: Case


@frozen
class Verdict:
    """What the analysis found. If `too_large`, nothing but `cells` was computed.

    `gaps`: up to 3 disjoint cases in which no row applies (none if there is an `otherwise`; a case that faults
    on a missing value is in `missing_tests` instead). `overlaps`: pairs of rows, at most 100, none where the
    first row wins. `impossible_missing_tests` indexes the conditions declared impossible.
    """

    cells: int
    too_large: bool = False
    gaps: tuple[Case, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    dead_rows: tuple[DeadRow, ...] = ()
    otherwise_dead: bool = False
    missing_tests: tuple[MissingTest, ...] = ()
    impossible_missing_tests: tuple[MissingTest, ...] = ()

    @property
    def sound(self) -> bool:
        """True if there is nothing to report."""
        return not (
            self.too_large
            or self.gaps
            or self.overlaps
            or self.dead_rows
            or self.otherwise_dead
            or self.missing_tests
            or self.impossible_missing_tests
        )


def analyze(
    variables: Sequence[Variable],
    rows: Sequence[Condition],
    *,
    otherwise: bool,
    first: bool = False,
    impossible: Sequence[Condition] = (),
    limit: int = LIMIT,
) -> Verdict:
    """Decide totality, overlap and dead rows of `rows` over the domains of `variables`.

    Rows are evaluated in order and stop at the first that applies, so a later row does not test a value in a
    case that an earlier one has decided. With `first` (`choose first`) overlap is meant, and a row is dead if
    earlier rows take all its cases. A case in which an `impossible` condition holds is left out.

    Raises:
        ValueError: if two variables share a name, a condition tests a variable that is not given, or a test
            does not suit its variable's domain.
    """
    space = _space(variables, (*rows, *impossible))
    if space.cells > limit:
        return Verdict(cells=space.cells, too_large=True)
    possible, impossible_tests = _possible(space, impossible)
    truths = [_Evaluation(space).split(row, space.everything)[0] for row in rows]
    missing_tests, faulted = _missing_tests(space, rows, possible)
    covered = _union(truths) & possible
    return Verdict(
        cells=space.cells,
        gaps=() if otherwise else _gaps(space, possible & ~covered & ~faulted, possible),
        overlaps=() if first else _overlaps(space, truths, possible),
        dead_rows=tuple(_dead_rows(truths, possible, first)),
        otherwise_dead=otherwise and not possible & ~covered,
        missing_tests=missing_tests,
        impossible_missing_tests=impossible_tests,
    )


@frozen
class _Space:
    """The product of the axes. Case number n has on axis k the cell n // stride[k] % len(axes[k].values)."""

    axes: dict[str, Axis]
    cells: int
    masks: dict[tuple[str, frozenset[int]], int] = field(factory=dict, repr=False)

    @property
    def everything(self) -> int:
        return (1 << self.cells) - 1

    def where(self, name: str, chosen: frozenset[int]) -> int:
        """The cases in which variable `name` lies in one of the chosen cells."""
        if (name, chosen) not in self.masks:
            self.masks[name, chosen] = self._mask(name, chosen)
        return self.masks[name, chosen]

    def _mask(self, name: str, chosen: frozenset[int]) -> int:
        if not self.cells:
            return 0
        sizes = {other: len(axis.values) for other, axis in self.axes.items()}
        names = list(sizes)
        stride = prod(sizes[later] for later in names[names.index(name) + 1 :])
        # Binary text reads from the last case to the first; parsing it takes linear time.
        period = "".join(("1" if cell in chosen else "0") * stride for cell in reversed(range(sizes[name])))
        return int(period * (self.cells // len(period)), 2)

    def case(self, region: int, possible: int) -> tuple[Case, int]:
        """The first case of a region that is not empty, and all cases that agree with it where it matters."""
        number = (region & -region).bit_length() - 1
        chosen: dict[str, int] = {}
        for name, axis in reversed(self.axes.items()):
            number, chosen[name] = divmod(number, len(axis.values))
        agree = {name: self.where(name, frozenset((chosen[name],))) for name in self.axes}
        outside = possible & ~region
        decisive = dict(agree)
        for name in reversed(self.axes):
            rest = [mask for other, mask in decisive.items() if other != name]
            if not reduce(int.__and__, rest, outside):
                del decisive[name]
        items = tuple((name, axis.values[chosen[name]]) for name, axis in self.axes.items())
        return Case(items, tuple(decisive)), reduce(int.__and__, decisive.values(), self.everything)


@frozen
class _Evaluation:
    """Conditions over sets of cases; `faults` collects, by variable, where a missing value was tested."""

    space: _Space
    faults: dict[str, int] = field(factory=dict)

    def split(self, condition: Condition, demanded: int) -> tuple[int, int]:
        """The demanded cases in which the condition holds, and those in which it does not; the rest fault."""
        match condition:
            case Always():
                return demanded, 0
            case Not(part=part):
                holds, fails = self.split(part, demanded)
                return fails, holds
            case And(parts=parts):
                failing = 0
                for part in parts:
                    demanded, fails = self.split(part, demanded)
                    failing |= fails
                return demanded, failing
            case Or(parts=parts):
                holding = 0
                for part in parts:
                    holds, demanded = self.split(part, demanded)
                    holding |= holds
                return holding, demanded
            case _:
                return self._test(condition, demanded)

    def _test(self, atom: Atom, demanded: int) -> tuple[int, int]:
        name = atom.variable
        axis = self.space.axes[name]
        holds = demanded & self.space.where(name, axis.truths[atom])
        missing = demanded & self.space.where(name, axis.missing) if axis.missing else 0
        if missing and not isinstance(atom, Known):
            self.faults[name] = self.faults.get(name, 0) | missing
            demanded &= ~missing
        return holds, demanded & ~holds


def _space(variables: Sequence[Variable], conditions: Sequence[Condition]) -> _Space:
    known = {variable.name: variable for variable in variables}
    if len(known) != len(variables):
        raise ValueError("two variables share a name")
    atoms: dict[str, list[Atom]] = {name: [] for name in known}
    for condition in conditions:
        for atom in _atoms(condition):
            if atom.variable not in known:
                raise ValueError(f"`{atom.variable}` is tested but not among the variables")
            atoms[atom.variable].append(atom)
    axes = {name: axis_from_tests(known[name], tests) for name, tests in atoms.items() if tests}
    return _Space(axes, prod(len(axis.values) for axis in axes.values()))


def _atoms(condition: Condition) -> Iterator[Atom]:
    match condition:
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from _atoms(part)
        case Not(part=part):
            yield from _atoms(part)
        case Always():
            return
        case _:
            yield condition


def _union(regions: Sequence[int]) -> int:
    return reduce(int.__or__, regions, 0)


def _possible(space: _Space, impossible: Sequence[Condition]) -> tuple[int, tuple[MissingTest, ...]]:
    """The cases in which no condition declared impossible holds, and the missing values those test."""
    possible = space.everything
    tests: list[MissingTest] = []
    for index, condition in enumerate(impossible):
        evaluation = _Evaluation(space)
        possible &= ~evaluation.split(condition, space.everything)[0]
        for name, region in evaluation.faults.items():
            tests.append(MissingTest(index, name, space.case(region, space.everything)[0]))
    return possible, tuple(tests)


def _missing_tests(space: _Space, rows: Sequence[Condition], possible: int) -> tuple[tuple[MissingTest, ...], int]:
    """The missing values that rows test in cases no earlier row has decided, and all those cases.

    A row that faults leaves its case open, so that one run reports every row to be repaired.
    """
    tests: list[MissingTest] = []
    faulted, undecided = 0, possible
    for index, row in enumerate(rows):
        evaluation = _Evaluation(space)
        holds, _ = evaluation.split(row, undecided)
        for name, region in evaluation.faults.items():
            tests.append(MissingTest(index, name, space.case(region, possible)[0]))
            faulted |= region
        undecided &= ~holds
    return tuple(tests), faulted


def _gaps(space: _Space, uncovered: int, possible: int) -> tuple[Case, ...]:
    gaps: list[Case] = []
    while uncovered and len(gaps) < MOST_GAPS:
        case, alike = space.case(uncovered, possible)
        gaps.append(case)
        uncovered &= ~alike
    return tuple(gaps)


def _overlaps(space: _Space, truths: Sequence[int], possible: int) -> tuple[Overlap, ...]:
    overlaps: list[Overlap] = []
    earlier = 0
    for second, truth in enumerate(truths):
        # Most rows meet no earlier one; only for the others is each pair looked at.
        if truth & earlier & possible:
            for first in range(second):
                both = truths[first] & truth & possible
                if both and len(overlaps) < MOST_OVERLAPS:
                    overlaps.append(Overlap(first, second, space.case(both, possible)[0]))
        earlier |= truth
    return tuple(overlaps)


def _dead_rows(truths: Sequence[int], possible: int, first: bool) -> Iterator[DeadRow]:
    earlier = 0
    for row, truth in enumerate(truths):
        if not truth:
            yield DeadRow(row, DeadReason.NEVER)
        elif not truth & possible:
            yield DeadRow(row, DeadReason.EXCLUDED)
        elif first and not truth & possible & ~earlier:
            yield DeadRow(row, DeadReason.SHADOWED, _shadows(truths[:row], truth & possible))
        earlier |= truth


def _shadows(truths: Sequence[int], region: int) -> tuple[int, ...]:
    """The rows that, in order, take a region's cases."""
    rows: list[int] = []
    for row, truth in enumerate(truths):
        if truth & region:
            rows.append(row)
            region &= ~truth
    return tuple(rows)
