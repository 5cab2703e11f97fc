"""The group: help without heavy imports, verbs by name, exceptions as findings and exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mhrules import api
from mhrules.cli import common
from mhrules.cli.main import VERBS
from mhrules.version import __version__
from tests.cli.cases import document, run, settle, written

ROOT = Path(__file__).resolve().parents[2]


def process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mhrules", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_names_every_verb_and_loads_none() -> None:
    code = (
        "import sys; from mhrules.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "ours = [n for n in sys.modules if n.startswith('mhrules.')]\n"
        "print(sorted(ours), 'attrs' in sys.modules, 'lark' in sys.modules, 'duckdb' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    *help_lines, loaded = done.stdout.splitlines()
    assert [line.split()[0] for line in help_lines if line.startswith("  ") and line.split()[0] in VERBS] == list(VERBS)
    assert (
        loaded == "['mhrules.cli', 'mhrules.cli.interrupts', 'mhrules.cli.main', 'mhrules.version'] False False False"
    )


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_of_at_most_80_columns(verb: str) -> None:
    result = run(verb, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_the_version() -> None:
    assert run("--version").stdout == f"mhrules {__version__}\n"


def test_the_package_can_be_run() -> None:
    done = process("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"mhrules {__version__}\n", "")


def test_a_misspelt_verb_is_recognized() -> None:
    result = run("setle")
    assert result.exit_code == 2
    assert "there is no command `setle`; did you mean `settle`?" in result.stderr


@pytest.mark.parametrize(
    "arguments", [("settle", "x"), ("check",), ("fmt", "--nonsense", "x"), ("check", "--format", "xml", "x")]
)
def test_wrong_usage_ends_with_2_and_names_the_help(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Try '" in result.stderr


def broken(*_: object, **__: object) -> None:
    raise ValueError("left is not right")


def test_a_fault_of_mhrules_itself_ends_with_3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "load", broken)
    result = settle(written(tmp_path))
    assert (result.exit_code, result.stdout) == (3, "")
    assert "error[MH999] mhrules itself has failed; nothing was written" in result.stderr
    assert "`--traceback`" in result.stderr
    assert "ValueError" not in result.stderr


def test_a_traceback_is_shown_where_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "load", broken)
    result = settle(written(tmp_path), "--traceback")
    assert result.exit_code == 3
    assert "ValueError: left is not right" in result.stderr


def test_a_fault_of_mhrules_itself_as_a_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "load", broken)
    result = settle(written(tmp_path), "--format", "json")
    assert [found["code"] for found in document(result)["findings"]] == ["MH999"]


@pytest.mark.skipif(os.name != "posix", reason="pipes of a POSIX shell")
def test_a_reader_that_leaves_is_no_fault() -> None:
    command = f"'{sys.executable}' -m mhrules explain-code MH101 | true"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_color_only_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" not in run("check", "nowhere").stderr
    assert "\x1b[" in run("check", "nowhere", "--color", "always").stderr
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert common.Output().paints(err=True)
    assert not common.Output(color="never").paints(err=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not common.Output().paints(err=True)
    assert common.Output(color="always").paints(err=True)


def test_progress_is_silent_away_from_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with common.Progress() as progress:
        progress.step("reading")
    assert capsys.readouterr() == ("", "")


def test_progress_leaves_the_line_of_a_terminal_empty(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with common.Progress() as progress:
        progress.step("reading")
    assert capsys.readouterr() == ("", "\r\x1b[Kreading\r\x1b[K")


def test_wrong_usage_is_told_in_at_most_80_columns() -> None:
    result = run("settle", "maple", "--data", ".", "--year", "2024", "--out", "out", "--allow", "MH601")
    assert result.exit_code == 2
    assert "Error: Invalid value for '--allow': MH601 may not be allowed." in result.stderr
    assert max(map(len, result.stderr.splitlines())) <= 80
