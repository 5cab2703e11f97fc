"""The boundary examples: each holds a rule of the semantics page where another reading pays another cent."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from mhrules.compiler import Compilation
from mhrules.diagnostics.model import Severity
from mhrules.diagnostics.terminal import render
from mhrules.settle.examples import ExampleResult, examples_of, run_example
from mhrules.syntax import tree as t

FOLDER = Path(__file__).resolve().parent / "boundaries"
FILES = sorted(FOLDER.glob("*.mh"))


@cache
def compiled(path: Path) -> Compilation:
    """A boundary program, once for all of its examples."""
    return Compilation(path)


def examples(path: Path) -> dict[str, tuple[t.Example, t.Contract | None]]:
    """The examples of a file by title."""
    program = compiled(path).program
    assert program is not None, f"{path.name} has no program"
    return {example.title: (example, contract) for example, contract in examples_of(program)}


CASES = [(path, title) for path in FILES for title in examples(path)]


def failures_of(result: ExampleResult) -> str:
    """What went wrong, as people read it; nothing if nothing did."""
    lines = [f"{f.span}: `{f.span.text}` came out as {f.found}" for f in result.failures]
    return "\n".join([*lines, render(result.findings, color=False)]).strip()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_program_has_no_errors(path: Path) -> None:
    errors = [finding for finding in compiled(path).findings if finding.severity is Severity.ERROR]
    assert render(errors, color=False) == ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_titles_are_told_apart(path: Path) -> None:
    program = compiled(path).program
    assert program is not None
    assert len(examples(path)) == len(list(examples_of(program)))


@pytest.mark.parametrize(("path", "title"), CASES, ids=[f"{path.stem}: {title}" for path, title in CASES])
def test_the_boundary_holds(path: Path, title: str) -> None:
    program = compiled(path).program
    assert program is not None
    example, contract = examples(path)[title]
    assert failures_of(run_example(example, contract, program)) == ""
