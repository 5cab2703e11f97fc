"""Every program of the repository and every design sample: it checks, is in form, and its examples come true."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mhrules.compiler import Compilation
from mhrules.diagnostics.model import Severity
from mhrules.settle.examples import ExampleResult, run_examples
from mhrules.source import Source
from mhrules.syntax.format import format_text

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = sorted(path for path in (ROOT / "programs").iterdir() if path.is_dir())
SAMPLES = ROOT.parent / "shared" / "design" / "samples"
SAMPLE_GROUPS = {
    "carefirst": ["carefirst.mh"],
    "michigan": ["michigan_mipct.mh", "michigan_bcbsm.mh", "michigan_medicare.mh"],
    "mssp": ["mssp.mh"],
    "rhode_island": ["rhode_island_csi.mh"],
    "washington": ["washington.mh"],
}


def examples(compilation: Compilation) -> tuple[ExampleResult, ...]:
    assert compilation.program is not None
    return run_examples(compilation.program)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_a_program_has_no_findings(folder: Path) -> None:
    assert Compilation(folder).findings == ()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_a_programs_examples_come_true(folder: Path) -> None:
    results = examples(Compilation(folder))
    assert results
    assert [(r.title, r.failures, r.findings) for r in results if not r.passed] == []


@pytest.mark.parametrize("path", sorted((ROOT / "programs").rglob("*.mh")), ids=lambda path: path.name)
def test_a_program_is_in_form(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert format_text(Source(path.name, text)) == text


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_a_program_has_a_short_readme(folder: Path) -> None:
    lines = (folder / "README.md").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ") and len(lines) < 60


@pytest.mark.parametrize("group", SAMPLE_GROUPS)
def test_a_design_sample_checks_and_its_examples_come_true(group: str, tmp_path: Path) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("the shared design folder is absent")
    for name in SAMPLE_GROUPS[group]:
        shutil.copy(SAMPLES / name, tmp_path / name)
    for codes in sorted((ROOT / "programs").glob("*/valuesets/*.csv")):  # the samples name them, and bring none along
        (tmp_path / "valuesets").mkdir(exist_ok=True)
        shutil.copy(codes, tmp_path / "valuesets" / codes.name)
    compilation = Compilation(*(tmp_path / name for name in SAMPLE_GROUPS[group]))
    errors = [f for f in compilation.findings if f.severity is Severity.ERROR]
    assert errors == []
    assert [(r.title, r.failures, r.findings) for r in examples(compilation) if not r.passed] == []
