"""The verdict on rows of a `choose` equals brute force on small domains, and its witnesses show what they claim."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import combinations, product
from typing import Any

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from mhrules.check.cases import (
    Always,
    And,
    Case,
    Condition,
    DeadReason,
    DeadRow,
    Not,
    Or,
    Verdict,
    analyze,
)
from mhrules.check.domains import (
    CaseValue,
    Compare,
    Dates,
    Domain,
    Enumeration,
    InRange,
    InSet,
    Interval,
    IsTrue,
    Known,
    Op,
    Special,
    Text,
    Variable,
    YesNo,
)
from mhrules.exact import from_text, to_text

CENT = from_text("0.01")
MICRO = from_text("0.000001")
MISSING = Special.MISSING
TRACKS = ("a", "b", "c")
REACH = 12  # how far brute force looks where a domain is unbounded; constants stay within 6


# ---------------------------------------------------------------- brute force, written without the module's help


class Fault(Exception):
    """A missing value was tested; the argument is the variable's name."""


Values = dict[str, CaseValue]


def truth(condition: Condition, case: Values, codes: dict[str, tuple[str, ...]]) -> bool:
    """The condition on one case, left to right, stopping when decided."""
    match condition:
        case Always():
            return True
        case Not(part=part):
            return not truth(part, case, codes)
        case And(parts=parts):
            return all(truth(part, case, codes) for part in parts)
        case Or(parts=parts):
            return any(truth(part, case, codes) for part in parts)
        case Known(variable=name):
            return case[name] is not MISSING
    name = condition.variable
    if case[name] is MISSING:
        raise Fault(name)

    def rank(value: object) -> Any:
        return codes[name].index(str(value)) if name in codes else value

    value = rank(case[name])
    match condition:
        case IsTrue():
            return value is True
        case InSet(values=values):
            return value in {rank(v) for v in values}
        case InRange(low=low, high=high):
            return bool(rank(low) <= value <= rank(high))
        case Compare(op=op, constant=constant):
            other = rank(constant)
            if op in ("=", "!="):
                return bool((value == other) == (op == "="))
            less, equal = value < other, value == other
            return bool({"<": less, "<=": less or equal, ">": not less and not equal, ">=": not less}[op])
    raise AssertionError(condition)


def members(variable: Variable) -> list[CaseValue]:
    """Every value of a small domain; of an unbounded one, every value near the constants."""
    values: list[CaseValue]
    match variable.domain:
        case Interval(low=low, high=high, step=step):
            bottom, top = -REACH if low is None else low, REACH if high is None else high
            values = [n for n in range(bottom, top + 1) if n % step == 0]
        case Dates(low=low, high=high):
            assert low is not None and high is not None
            values = list(range(low, high + 1))
        case YesNo():
            values = [False, True]
        case Enumeration(codes=codes):
            values = list(codes)
        case Text():
            values = [*"xyz", Special.ANY_OTHER]
    return [*values, MISSING] if variable.can_be_missing else values


def belongs(variable: Variable, value: CaseValue) -> bool:
    """Whether a witness's value is a real member of the domain."""
    match variable.domain:
        case _ if value is MISSING:
            return variable.can_be_missing
        case Interval(low=low, high=high, step=step):
            assert isinstance(value, int)
            return (low is None or low <= value) and (high is None or value <= high) and value % step == 0
        case _:
            return value in members(variable)


@frozen
class Problem:
    """What is given to the analysis."""

    variables: tuple[Variable, ...]
    rows: tuple[Condition, ...]
    impossible: tuple[Condition, ...]

    def codes(self) -> dict[str, tuple[str, ...]]:
        return {v.name: v.domain.codes for v in self.variables if isinstance(v.domain, Enumeration)}

    def holds(self, condition: Condition, case: Values) -> bool:
        try:
            return truth(condition, case, self.codes())
        except Fault:
            return False

    def fault(self, condition: Condition, case: Values) -> str | None:
        try:
            truth(condition, case, self.codes())
        except Fault as fault:
            return str(fault)
        return None

    def possible(self, case: Values) -> bool:
        return not any(self.holds(condition, case) for condition in self.impossible)

    def cases(self) -> Iterator[Values]:
        names = [variable.name for variable in self.variables]
        for values in product(*(members(variable) for variable in self.variables)):
            yield dict(zip(names, values, strict=True))

    def demanded_fault(self, row: int, case: Values) -> str | None:
        """The variable that a row tests while missing, unless an earlier row has decided the case."""
        if any(self.holds(earlier, case) for earlier in self.rows[:row]):
            return None
        return self.fault(self.rows[row], case)

    def is_gap(self, case: Values) -> bool:
        return not any(self.holds(row, case) or self.fault(row, case) for row in self.rows)


# ---------------------------------------------------------------- small problems


def domains() -> st.SearchStrategy[Domain]:
    """Domains small enough to enumerate."""
    bound = st.integers(-6, 6)
    return st.one_of(
        st.builds(Interval, low=st.none() | bound, high=st.none() | bound, step=st.integers(1, 4)),
        st.builds(Dates, low=st.integers(734000, 734003), high=st.integers(734002, 734008)),
        st.just(YesNo()),
        st.just(Enumeration(TRACKS)),
        st.just(Text()),
    )


def constants(domain: Domain) -> st.SearchStrategy[int] | st.SearchStrategy[str]:
    match domain:
        case Interval():
            return st.integers(-6, 6)
        case Dates():
            return st.integers(733999, 734009)
        case YesNo():
            return st.booleans()
        case Enumeration(codes=codes):
            return st.sampled_from(codes)
        case Text():
            return st.sampled_from("xyz")


def atoms(variable: Variable) -> st.SearchStrategy[Condition]:
    name, constant = variable.name, constants(variable.domain)
    unordered = isinstance(variable.domain, YesNo | Text)
    ops = st.sampled_from(("=", "!=") if unordered else ("=", "!=", "<", "<=", ">", ">="))
    choices: list[st.SearchStrategy[Condition]] = [
        st.builds(Compare, st.just(name), ops, constant),
        st.builds(InSet, st.just(name), st.frozensets(constant, max_size=3)),
        st.just(Known(name)),
    ]
    if not unordered:
        choices.append(st.builds(InRange, st.just(name), constant, constant))
    if isinstance(variable.domain, YesNo):
        choices.append(st.just(IsTrue(name)))
    return st.one_of(choices)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Up to three variables, four rows and two conditions declared impossible."""
    variables = tuple(
        Variable(name, draw(domains()), draw(st.booleans())) for name in ("p", "q", "r")[: draw(st.integers(1, 3))]
    )
    leaves = st.one_of(*(atoms(variable) for variable in variables), st.just(Always()))
    conditions = st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.lists(inner, max_size=3).map(lambda parts: And(tuple(parts))),
            st.lists(inner, max_size=3).map(lambda parts: Or(tuple(parts))),
        ),
        max_leaves=4,
    )
    rows: list[Condition] = draw(st.lists(conditions, max_size=4))
    partition: bool = draw(st.booleans())
    if rows and partition:  # a partition, so that sound problems are met as well
        rows = [rows[0], And((Not(rows[0]), *rows[1:2])), And((Not(rows[0]), *(Not(r) for r in rows[1:2])))]
    return Problem(variables, tuple(rows), tuple(draw(st.lists(conditions, max_size=2))))


def mentioned(condition: Condition) -> set[str]:
    """The variables a condition tests."""
    match condition:
        case And(parts=parts) | Or(parts=parts):
            return {name for part in parts for name in mentioned(part)}
        case Not(part=part):
            return mentioned(part)
        case Always():
            return set()
        case _:
            return {condition.variable}


def trimmed(problem: Problem) -> Problem:
    """Without the variables that nothing tests: a domain without a value then empties nothing."""
    names = {name for condition in (*problem.rows, *problem.impossible) for name in mentioned(condition)}
    return Problem(tuple(v for v in problem.variables if v.name in names), problem.rows, problem.impossible)


def verdict_on(problem: Problem, *, otherwise: bool = False, first: bool = False) -> Verdict:
    return analyze(problem.variables, problem.rows, otherwise=otherwise, first=first, impossible=problem.impossible)


def alike(problem: Problem, witness: Case) -> Iterator[Values]:
    """The witness, checked to be real, and every case that agrees with it where it matters."""
    values = witness.as_dict()
    assert list(values) == [variable.name for variable in problem.variables]
    assert all(belongs(variable, values[variable.name]) for variable in problem.variables)
    assert set(witness.decisive) <= set(values)
    yield values
    free = [variable for variable in problem.variables if variable.name not in witness.decisive]
    for others in product(*(members(variable) for variable in free)):
        yield values | {variable.name: other for variable, other in zip(free, others, strict=True)}


@given(problems().map(trimmed))
def test_gaps_equal_brute_force(problem: Problem) -> None:
    verdict = verdict_on(problem)
    expected = [case for case in problem.cases() if problem.possible(case) and problem.is_gap(case)]
    assert bool(verdict.gaps) == bool(expected)
    for gap in verdict.gaps:
        assert problem.possible(gap.as_dict())
        assert all(problem.is_gap(case) for case in alike(problem, gap) if problem.possible(case))
    for earlier, later in combinations(verdict.gaps, 2):
        assert any(earlier.as_dict()[name] != later.as_dict()[name] for name in earlier.decisive)
    assert not verdict_on(problem, otherwise=True).gaps


@given(problems().map(trimmed))
def test_overlaps_equal_brute_force(problem: Problem) -> None:
    def both(i: int, j: int, case: Values) -> bool:
        return problem.holds(problem.rows[i], case) and problem.holds(problem.rows[j], case)

    verdict = verdict_on(problem)
    pairs = [(i, j) for j in range(len(problem.rows)) for i in range(j)]
    possible = [case for case in problem.cases() if problem.possible(case)]
    expected = [pair for pair in pairs if any(both(*pair, case) for case in possible)]
    assert [(overlap.first, overlap.second) for overlap in verdict.overlaps] == expected
    for overlap in verdict.overlaps:
        assert problem.possible(overlap.witness.as_dict())
        for case in alike(problem, overlap.witness):
            assert both(overlap.first, overlap.second, case) or not problem.possible(case)
    assert not verdict_on(problem, first=True).overlaps


@given(problems().map(trimmed), st.booleans())
def test_dead_rows_equal_brute_force(problem: Problem, first: bool) -> None:
    cases = list(problem.cases())
    expected: dict[int, DeadReason] = {}
    for index, row in enumerate(problem.rows):
        holding = [case for case in cases if problem.holds(row, case)]
        left = [case for case in holding if problem.possible(case)]
        if not holding:
            expected[index] = DeadReason.NEVER
        elif not left:
            expected[index] = DeadReason.EXCLUDED
        elif first and all(any(problem.holds(r, case) for r in problem.rows[:index]) for case in left):
            expected[index] = DeadReason.SHADOWED
    dead = verdict_on(problem, first=first).dead_rows
    assert {row.row: row.reason for row in dead} == expected
    for found in dead:
        assert bool(found.by) == (found.reason is DeadReason.SHADOWED)
        for case in cases:
            if found.by and problem.possible(case) and problem.holds(problem.rows[found.row], case):
                assert any(problem.holds(problem.rows[by], case) for by in found.by)


@given(problems().map(trimmed))
def test_a_dead_otherwise_equals_brute_force(problem: Problem) -> None:
    covered = all(
        any(problem.holds(row, case) for row in problem.rows) for case in problem.cases() if problem.possible(case)
    )
    assert verdict_on(problem, otherwise=True).otherwise_dead == covered
    assert not verdict_on(problem, otherwise=False).otherwise_dead


@given(problems().map(trimmed))
def test_missing_tests_equal_brute_force(problem: Problem) -> None:
    verdict = verdict_on(problem)
    possible = [case for case in problem.cases() if problem.possible(case)]
    faults = {(i, problem.demanded_fault(i, case)) for i in range(len(problem.rows)) for case in possible}
    assert {(t.index, t.variable) for t in verdict.missing_tests} == {f for f in faults if f[1]}
    for test in verdict.missing_tests:
        assert test.witness.as_dict()[test.variable] is MISSING
        assert problem.possible(test.witness.as_dict())
        for case in alike(problem, test.witness):
            assert problem.demanded_fault(test.index, case) == test.variable or not problem.possible(case)
    everywhere = {(i, problem.fault(c, case)) for i, c in enumerate(problem.impossible) for case in problem.cases()}
    assert {(t.index, t.variable) for t in verdict.impossible_missing_tests} == {f for f in everywhere if f[1]}
    for test in verdict.impossible_missing_tests:
        for case in alike(problem, test.witness):
            assert problem.fault(problem.impossible[test.index], case) == test.variable


# ---------------------------------------------------------------- what an analyst meets


RATE = Variable("quality_rate", Interval(0, from_text("1"), MICRO))
NET = Variable("net", Interval(None, None, CENT))
TRACK = Variable("track", Enumeration(TRACKS))
MET = Variable("met", YesNo())
A1C = Variable("a1c", Interval(0, None, from_text("0.1")), can_be_missing=True)


def shown(case: Case) -> dict[str, str]:
    """A case with numbers as decimal text."""
    return {n: to_text(v) if type(v) is int else str(v) for n, v in case.items}


def compare(variable: Variable, op: Op, text: str) -> Condition:
    return Compare(variable.name, op, from_text(text))


def test_bands_that_leave_out_their_boundary_show_the_boundary() -> None:
    verdict = analyze([RATE], [compare(RATE, "<", "0.5"), compare(RATE, ">", "0.5")], otherwise=False)
    assert [shown(gap) for gap in verdict.gaps] == [{"quality_rate": "0.5"}]
    assert verdict.cells == 3
    assert not verdict.sound


def test_bands_that_share_their_boundary_overlap_there() -> None:
    verdict = analyze([RATE], [compare(RATE, "<=", "0.5"), compare(RATE, ">=", "0.5")], otherwise=False)
    assert [(o.first, o.second, shown(o.witness)) for o in verdict.overlaps] == [(0, 1, {"quality_rate": "0.5"})]
    assert not verdict.gaps


def test_the_gap_between_two_steps_is_no_gap() -> None:
    rows = [compare(NET, "<=", "99.99"), compare(NET, ">=", "100")]
    assert analyze([NET], rows, otherwise=False).sound
    finer = Variable("net", Interval(None, None, MICRO))
    assert [shown(g) for g in analyze([finer], rows, otherwise=False).gaps] == [{"net": "99.991"}]


def test_a_gap_names_only_what_matters() -> None:
    rows: list[Condition] = [
        And((Compare("track", "=", "a"), IsTrue("met"))),
        And((Compare("track", "=", "a"), Not(IsTrue("met")))),
        And((Compare("track", "=", "b"), compare(NET, ">", "0"))),
        And((Compare("track", "=", "b"), compare(NET, "<=", "0"))),
    ]
    (gap,) = analyze([TRACK, MET, NET], rows, otherwise=False).gaps
    assert gap.decisive == ("track",)
    assert shown(gap) == {"track": "c", "met": "False", "net": "0"}


def test_a_variable_that_no_row_tests_is_left_out() -> None:
    verdict = analyze([NET, MET], [IsTrue("met")], otherwise=False)
    assert verdict.cells == 2
    assert verdict.gaps == (Case((("met", False),), ("met",)),)


def test_never_together_dismisses_gap_and_overlap_and_may_kill_a_row() -> None:
    rows: list[Condition] = [Compare("track", "=", "a"), IsTrue("met")]
    before = analyze([TRACK, MET], rows, otherwise=False)
    assert before.gaps and before.overlaps
    never = [
        And((Compare("track", "=", "a"), IsTrue("met"))),
        And((Compare("track", "!=", "a"), Not(IsTrue("met")))),
    ]
    assert analyze([TRACK, MET], rows, otherwise=False, impossible=never).sound
    dead = analyze([TRACK, MET], rows, otherwise=True, impossible=[IsTrue("met")]).dead_rows
    assert dead == (DeadRow(1, DeadReason.EXCLUDED),)


def test_choose_first_names_the_rows_that_shadow() -> None:
    rows = [
        compare(RATE, ">=", "0.7"),
        compare(RATE, "<", "0.1"),
        compare(RATE, "<", "0.7"),
        InRange("quality_rate", from_text("0.5"), from_text("0.9")),
    ]
    verdict = analyze([RATE], rows, otherwise=True, first=True)
    assert verdict.dead_rows == (DeadRow(3, DeadReason.SHADOWED, (0, 2)),)
    assert verdict.otherwise_dead
    assert not verdict.overlaps


def test_a_shadow_is_only_of_possible_cases_and_names_no_row_too_many() -> None:
    rows: list[Condition] = [
        Compare("track", "=", "a"),
        InSet("track", frozenset("ab")),
        Compare("track", "!=", "b"),
        Always(),
    ]
    never = [Compare("track", "=", "c")]
    verdict = analyze([TRACK], rows, otherwise=True, first=True, impossible=never)
    assert verdict.dead_rows == (
        DeadRow(2, DeadReason.SHADOWED, (0,)),
        DeadRow(3, DeadReason.SHADOWED, (0, 1)),
    )


def test_what_matters_is_judged_on_possible_cases_alone() -> None:
    never = [And((Compare("track", "=", "a"), Not(IsTrue("met"))))]
    rows: list[Condition] = [And((Compare("track", "=", "a"), Not(IsTrue("met")))), Compare("track", "!=", "a")]
    (gap,) = analyze([TRACK, MET], rows, otherwise=False, impossible=never).gaps
    assert gap == Case((("track", "a"), ("met", True)), ("track",))


def test_what_follows_a_missing_value_is_not_reached() -> None:
    low = compare(A1C, "<", "9")
    for row in (Or((low, IsTrue("met"))), And((low, IsTrue("met"))), Not(Or((low, IsTrue("met"))))):
        verdict = analyze([A1C, MET], [row, And((Not(Known("a1c")), IsTrue("met")))], otherwise=True)
        (test,) = verdict.missing_tests
        assert (test.index, test.variable, test.witness.decisive) == (0, "a1c", ("a1c",))
        assert not verdict.overlaps
    assert not analyze([A1C, MET], [Or((Not(Known("a1c")), low))], otherwise=True).missing_tests
    assert not analyze([A1C, MET], [And((IsTrue("met"), Known("a1c"), low))], otherwise=True).missing_tests


def test_a_row_outside_the_bounds_never_applies() -> None:
    verdict = analyze([RATE], [compare(RATE, "<=", "1"), compare(RATE, ">", "1")], otherwise=False)
    assert verdict.dead_rows == (DeadRow(1, DeadReason.NEVER),)


def test_a_missing_value_must_be_asked_for_first() -> None:
    low, high = compare(A1C, "<", "9"), compare(A1C, ">=", "9")
    verdict = analyze([A1C], [low, high], otherwise=False)
    assert [(t.index, t.variable, t.witness.as_dict()) for t in verdict.missing_tests] == [
        (0, "a1c", {"a1c": MISSING}),
        (1, "a1c", {"a1c": MISSING}),
    ]
    assert not verdict.gaps  # the same mistake is not told twice
    assert analyze([A1C], [Not(Known("a1c")), low, high], otherwise=False).sound  # decided by the first row
    guarded = [And((Known("a1c"), low)), And((Known("a1c"), high))]
    assert [gap.as_dict() for gap in analyze([A1C], guarded, otherwise=False).gaps] == [{"a1c": MISSING}]
    unguarded = analyze([A1C], [And((low, Known("a1c")))], otherwise=True)
    assert [t.variable for t in unguarded.missing_tests] == ["a1c"]
    assert not unguarded.otherwise_dead


def test_too_many_cases_are_counted_and_refused() -> None:
    flags = [Variable(f"flag_{n}", YesNo()) for n in range(21)]
    rows: list[Condition] = [IsTrue(flag.name) for flag in flags]
    assert analyze(flags, rows, otherwise=True) == Verdict(cells=2**21, too_large=True)
    assert not analyze(flags[:19], rows[:19], otherwise=True).too_large
    assert analyze(flags[:3], rows[:3], otherwise=True, limit=8).cells == 8
    assert analyze(flags[:3], rows[:3], otherwise=True, limit=7).too_large


def test_a_million_cases_and_many_rows_are_decided() -> None:
    numbers = [Variable(f"n{k}", Interval(0, None, from_text("1"))) for k in range(6)]
    tens = [from_text(str(n)) for n in range(1, 10)]
    rows: list[Condition] = [
        And((Compare("n0", "=", low), *(InSet(v.name, frozenset(tens)) for v in numbers[1:]))) for low in tens
    ]
    rows += [Compare(v.name, "=", ten) for v in numbers for ten in tens]
    verdict = analyze(numbers, rows, otherwise=True)
    assert verdict.cells == 10**6
    assert len(verdict.overlaps) == 100


def test_codes_no_row_mentions_are_one_cell() -> None:
    counties = Variable("county", Enumeration(tuple(f"c{n:04}" for n in range(3000))))
    verdict = analyze([counties], [InSet("county", frozenset({"c0001", "c2000"}))], otherwise=False)
    assert verdict.cells == 2
    assert [gap.as_dict() for gap in verdict.gaps] == [{"county": "c0000"}]


def test_text_has_always_another_value() -> None:
    state = Variable("state", Text())
    rows = [Compare("state", "=", "MI"), Compare("state", "=", "RI")]
    assert [g.as_dict() for g in analyze([state], rows, otherwise=False).gaps] == [{"state": Special.ANY_OTHER}]
    assert analyze([state], [*rows, Not(InSet("state", frozenset({"MI", "RI"})))], otherwise=False).sound


@pytest.mark.parametrize(
    ("above", "below", "step", "expected"),
    [
        ("4", "7", "0.01", "5"),
        ("0", "10", "0.01", "1"),
        ("0", "1", "0.000001", "0.1"),
        ("0", "0.02", "0.01", "0.01"),
        ("99", "100", "0.01", "99.1"),
        ("99.98", "100", "0.01", "99.99"),
        ("5000", "9999999", "1", "6000"),
        ("-7", "-4", "0.01", "-5"),
        ("-1", "1", "0.01", "0"),
        ("10", "40", "25", "25"),
    ],
)
def test_witnesses_are_easily_read(above: str, below: str, step: str, expected: str) -> None:
    amount = Variable("amount", Interval(None, None, from_text(step)))
    rows = [compare(amount, "<=", above), compare(amount, ">=", below)]
    assert [shown(gap) for gap in analyze([amount], rows, otherwise=False).gaps] == [{"amount": expected}]


@pytest.mark.parametrize(
    ("after", "before", "expected"),
    [
        (date(2011, 6, 30), date(2013, 1, 2), date(2012, 1, 1)),
        (date(2011, 6, 15), date(2011, 12, 31), date(2011, 7, 1)),
        (date(2011, 6, 15), date(2011, 6, 20), date(2011, 6, 16)),
        (date(2011, 11, 15), date(2012, 1, 1), date(2011, 12, 1)),
        (date(2010, 12, 31), date(2011, 5, 5), date(2011, 1, 1)),
    ],
)
def test_witness_dates_are_plain_days(after: date, before: date, expected: date) -> None:
    start = Variable("start", Dates())
    rows: list[Condition] = [
        Compare("start", "<=", after.toordinal()),
        Compare("start", ">=", before.toordinal()),
    ]
    (gap,) = analyze([start], rows, otherwise=False).gaps
    assert gap.as_dict() == {"start": expected.toordinal()}


@pytest.mark.parametrize(
    ("day", "op", "expected"),
    [
        (date(2012, 1, 1), ">=", date(2011, 1, 1)),
        (date(2012, 3, 5), "<", date(2012, 3, 5)),
        (date.max, "<", date.max),
        (date.min, ">", date.min),
    ],
)
def test_witness_dates_stay_within_the_calendar(day: date, op: Op, expected: date) -> None:
    row = Compare("start", op, day.toordinal())
    (gap,) = analyze([Variable("start", Dates())], [row], otherwise=False).gaps
    assert gap.as_dict() == {"start": expected.toordinal()}


@pytest.mark.parametrize(
    ("variable", "row"),
    [
        (MET, Compare("met", "<", True)),
        (MET, Compare("met", "=", 1)),
        (NET, IsTrue("net")),
        (NET, Compare("net", "=", True)),
        (TRACK, Compare("track", "=", "z")),
        (Variable("state", Text()), InRange("state", "a", "b")),
        (NET, Compare("gross", "=", 1)),
    ],
)
def test_tests_that_do_not_suit_are_refused(variable: Variable, row: Condition) -> None:
    with pytest.raises(ValueError, match="`"):
        analyze([variable], [row], otherwise=True)


def test_names_and_steps_are_guarded() -> None:
    with pytest.raises(ValueError, match="share a name"):
        analyze([NET, NET], [], otherwise=True)
    with pytest.raises(ValueError, match="must be positive"):
        Interval(0, 1, 0)


def test_no_rows_leave_everything_open() -> None:
    assert analyze([], [], otherwise=False).gaps == (Case((), ()),)
    assert analyze([], [Always()], otherwise=False).sound
