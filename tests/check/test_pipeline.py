"""The verdict on `choose` texts, through every stage, equals brute force; the bounds hold what is really computed."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import product as every
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mhrules.check.analyses import analyse
from mhrules.compiler import Compilation
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Severity
from mhrules.exact import ONE, PLACES, Rounding, divide
from mhrules.plan import intervals
from mhrules.plan.intervals import Interval
from mhrules.plan.lower import plan_from_program
from mhrules.semantics.bind import agreements
from mhrules.semantics.names import program_from_files
from mhrules.source import Source
from mhrules.syntax.parse import tree_from_text
from tests.check.bad import assert_clean, checked, program

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "design" / "samples"
PROGRAMS = Path(__file__).resolve().parents[2] / "programs"

# ------------------------------------------------------------------------------------- choose = brute force

Case = dict[str, int | bool | str]
Test = Callable[[Case], bool]
DOMAINS: dict[str, list[int | bool | str]] = {"level": [0, 1, 2, 3], "met": [False, True], "tier": ["low", "high"]}
CASES: list[Case] = [dict(zip(DOMAINS, values, strict=True)) for values in every(*DOMAINS.values())]
OPERATORS: dict[str, Callable[[int, int], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@st.composite
def atoms(draw: st.DrawFn) -> tuple[str, Test]:
    """One test on one variable, as text and as what it means."""
    kind = draw(st.sampled_from(["met", "tier", "level", "turned", "range"]))
    if kind == "met":
        return "met", lambda case: bool(case["met"])
    if kind == "tier":
        code = draw(st.sampled_from(["low", "high"]))
        return f"tier = {code}", lambda case: case["tier"] == code
    if kind == "range":
        low, high = sorted((draw(st.integers(0, 3)), draw(st.integers(0, 3))))
        return f"level from {low} to {high}", lambda case: low <= int(case["level"]) <= high
    operator, bound = draw(st.sampled_from(sorted(OPERATORS))), draw(st.integers(0, 3))
    meaning = OPERATORS[operator]
    if kind == "turned":
        return f"({bound}) {operator} level", lambda case: meaning(bound, int(case["level"]))
    return f"level {operator} {bound}", lambda case: meaning(int(case["level"]), bound)


def joined(parts: st.SearchStrategy[tuple[str, Test]]) -> st.SearchStrategy[tuple[str, Test]]:
    """`not`, `and`, `or` of simpler conditions."""
    return st.one_of(
        parts.map(lambda p: (f"not ({p[0]})", lambda case: not p[1](case))),
        st.tuples(parts, parts).map(
            lambda p: (f"({p[0][0]}) and ({p[1][0]})", lambda case: p[0][1](case) and p[1][1](case))
        ),
        st.tuples(parts, parts).map(
            lambda p: (f"({p[0][0]}) or ({p[1][0]})", lambda case: p[0][1](case) or p[1][1](case))
        ),
    )


CONDITIONS = st.recursive(atoms(), joined, max_leaves=3)


@settings(max_examples=120, deadline=None)
@given(rows=st.lists(CONDITIONS, min_size=1, max_size=4), otherwise=st.booleans(), first=st.booleans())
def test_verdict_on_a_choose_is_brute_force(rows: list[tuple[str, Test]], otherwise: bool, first: bool) -> None:
    otherwise = otherwise or first
    lines = [f"when {text} : ${number}" for number, (text, _) in enumerate(rows)]
    lines += ["otherwise : $9"] if otherwise else []
    choose = "choose first" if first else "choose"
    facts = "facts of practice, payer, year {\n level : integer 0..3\n met : yes/no\n tier : { low, high }\n }"
    uses = 'ensure facts_used "All" : met or tier = low or level = 0'
    body = "\n      ".join(lines)
    text = program(facts, uses, f'payment award "A" {{\n per practice per year\n pays {choose} {{\n{body}\n}}\n }}')
    found = checked(text)
    applying = [[index for index, (_, meaning) in enumerate(rows) if meaning(case)] for case in CASES]
    dead = {
        lines[index]
        for index in range(len(rows))
        if not any(index in which and (not first or which[0] == index) for which in applying)
    }
    if otherwise and [] not in applying:
        dead.add(lines[-1])
    assert {d.span.text for d in found if d.code == "MH429" and d.span is not None} == dead, text
    assert any(d.code == "MH420" for d in found) is (not otherwise and [] in applying), text
    assert any(d.code == "MH428" for d in found) is (not first and any(len(which) > 1 for which in applying)), text
    assert {d.code for d in found} <= {"MH420", "MH428", "MH429"}, text


def test_deep_definitions_and_nested_choices_are_checked_in_no_time() -> None:
    chain = ["define d0 = spent", *(f"define d{n} = d{n - 1} + spent" for n in range(1, 100))]
    for n in range(100, 115):
        rows = "\n".join(f"when tier = {code} : d{n - 1} + {k} * spent" for k, code in enumerate("abcd"))
        chain.append(f"define d{n} = choose {{\n{rows}\n}}")
    facts = "facts of practice, payer, year {\n spent : $ $0..$1_000\n tier : { a, b, c, d }\n }"
    begun = time.monotonic()
    assert_clean(program(facts, *chain, 'payment award "A" {\n per practice per year\n pays d114\n }'))
    assert time.monotonic() - begun < 10  # an analysis that walks every way through them would take years


# ------------------------------------------------------------------------------------------------- samples


def findings_of(*paths: Path) -> list[str]:
    """Codes and sentences of everything that is found in some files, without the value sets that they name."""
    findings, files = Findings(), []
    for path in paths:
        file, problems = tree_from_text(Source(path.name, path.read_text(encoding="utf-8")))
        findings.extend(problems)
        assert file is not None
        files.append(file)
    found = program_from_files(files, findings)
    assert found is not None
    analyse(found, plan_from_program(found, agreements(found, findings), findings), findings)
    return [f"{d.code} {d.message}" for d in findings.sorted() if d.severity is not Severity.NOTE]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="../shared/design/samples is not there")
@pytest.mark.parametrize(
    "names",
    [
        ("michigan_mipct", "michigan_medicare", "michigan_bcbsm"),
        ("mssp",),
        ("carefirst",),
        ("washington",),
        ("rhode_island_csi",),
    ],
    ids=lambda names: names[0],
)
def test_samples_have_no_finding(names: tuple[str, ...]) -> None:
    assert findings_of(*(SAMPLES / f"{name}.mh" for name in names)) == []


@pytest.mark.parametrize("folder", sorted(PROGRAMS.glob("*/")), ids=lambda folder: folder.name)
def test_programs_and_their_contracts_have_no_finding(folder: Path) -> None:
    findings = Compilation(folder).findings
    assert [f"{d.code} {d.message}" for d in findings if d.severity is not Severity.NOTE] == []


# ----------------------------------------------------------------------------------------------- intervals

NUMBERS = st.integers(-(10**18), 10**18)
PLACES_ASKED = st.integers(0, PLACES)


@st.composite
def members(draw: st.DrawFn) -> tuple[Interval, int]:
    """An interval and a number in it."""
    low, value, high = sorted((draw(NUMBERS), draw(NUMBERS), draw(NUMBERS)))
    return (draw(st.sampled_from([low, None])), draw(st.sampled_from([high, None]))), value


def holds(interval: Interval, value: int) -> bool:
    return intervals.meet(interval, (value, value)) is not None


@given(one=members(), other=members(), places=PLACES_ASKED, mode=st.sampled_from(Rounding))
def test_intervals_hold_what_is_computed(
    one: tuple[Interval, int], other: tuple[Interval, int], places: int, mode: Rounding
) -> None:
    (left, a), (right, b) = one, other
    step: int = 10 ** (PLACES - places)
    assert holds(intervals.add(left, right), a + b)
    assert holds(intervals.subtract(left, right), a - b)
    assert holds(intervals.product(left, right, step), divide(a * b, ONE * step, mode) * step)
    if b:
        assert holds(intervals.quotient(left, right, 1, step), divide(a * 10**places, b, mode) * step)
    assert holds(intervals.hull([left, right]), a)
    assert holds(intervals.scaled_by_count(left, 3), 3 * a)
