"""Every worked example of the repository by both engines: nothing differs, and nothing is handed over needlessly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mhrules.compiler import Compilation
from mhrules.data.dataset import Dataset
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import DiagnosticError
from mhrules.plan.given import given_facts, years_named
from mhrules.plan.lower import plan_from_program
from mhrules.plan.whole import Plan
from mhrules.semantics.bind import example_agreements
from mhrules.semantics.program import Program
from mhrules.settle.examples import asks_who, examples_of
from tests.settle.sql.both import both, lines_apart

LINE_BY_LINE = 2
"""Of how many examples of a file in which something fails the lines that do not fail are compared."""
ROOT = Path(__file__).resolve().parents[3]
BOUNDARIES = sorted((ROOT / "tests" / "semantics" / "boundaries").glob("*.mh"))
PROGRAMS = sorted(path for path in (ROOT / "programs").iterdir() if path.is_dir())


def cases(program: Program) -> Iterator[tuple[str, Plan, Dataset, int]]:
    """The examples of a program that can be settled, each with its plan and facts, for each year that it names."""
    for example, contract in examples_of(program):
        findings = Findings()
        agreements = example_agreements(program, example, findings, contract)
        plan = plan_from_program(program, agreements, Findings()).plan
        given = given_facts(example, program, plan.schema, findings, agreements, persons=asks_who(plan))
        if not findings.has_errors:
            dataset = Dataset.from_rows(given.schema, given.rows)
            for year in years_named(example, program):
                yield f"{example.title}, {year}", plan, dataset, year


@pytest.mark.parametrize("path", [*BOUNDARIES, *PROGRAMS], ids=lambda path: path.stem)
def test_both_engines_settle_an_example_alike(path: Path) -> None:
    program = Compilation(path).program
    assert program is not None
    apart: dict[str, object] = {}
    failing = 0
    for title, plan, dataset, year in cases(program):
        try:
            found = both(plan, dataset, year)
        except DiagnosticError:
            continue  # the example is of what cannot be settled at all
        if found.needlessly:
            apart[title] = found.handed_over
        elif found.differences:
            apart[title] = found.differences
        elif found.handed_over and failing < LINE_BY_LINE:
            failing += 1
            lines = lines_apart(plan, dataset, year, found.reference)
            if lines:
                apart[title] = lines
    assert apart == {}
