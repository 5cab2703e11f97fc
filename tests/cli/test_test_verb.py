"""`mhrules test`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.cases import PROGRAM, document, run, written

WRONG = PROGRAM.replace("= $4_000.00", "= $4_000.01")


def test_examples_that_pass(tmp_path: Path) -> None:
    result = run("test", written(tmp_path) / "maple")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "maple, edition 2024\n  passed  savings of 10%\n1 passed, 0 failed\n"


def test_an_example_that_fails(tmp_path: Path) -> None:
    result = run("test", written(tmp_path, WRONG) / "maple")
    assert result.exit_code == 1
    assert "  failed  savings of 10% (maple.mh:30)\n" in result.stdout
    assert "maple.mh:33" in result.stdout
    assert "4_000.00" in result.stdout
    assert result.stdout.endswith("0 passed, 1 failed\n")
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_as_json(tmp_path: Path) -> None:
    shown = document(run("test", written(tmp_path, WRONG) / "maple", "--format", "json"))
    assert (shown["passed"], shown["failed"]) == (0, 1)
    (example,) = shown["examples"]
    assert (example["program"], example["title"], example["line"], example["passed"]) == (
        "maple",
        "savings of 10%",
        30,
        False,
    )
    assert [(each["line"], "4_000.00" in each["found"]) for each in example["failures"]] == [(33, True)]


def test_a_text_with_errors_is_not_run(tmp_path: Path) -> None:
    result = run("test", written(tmp_path, PROGRAM.replace("rate of savings", "rate of saving")) / "maple")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error[MH201]" in result.stderr


def test_no_examples(tmp_path: Path) -> None:
    text = PROGRAM[: PROGRAM.index("  example")] + "}\n"
    result = run("test", written(tmp_path, text) / "maple")
    assert (result.exit_code, result.stdout) == (0, "no examples\n")
