"""`mhrules fmt`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.cases import PROGRAM, run

SLOPPY = PROGRAM.replace("  rounding to cents", "    rounding   to cents")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    text = tmp_path / "a" / "sloppy.mh"
    text.parent.mkdir()
    text.write_text(SLOPPY, encoding="utf-8")
    text.chmod(0o640)
    return text


def test_in_place(path: Path) -> None:
    result = run("fmt", path)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"formatted {path.as_posix()}\n")
    assert path.read_text(encoding="utf-8") == PROGRAM
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in path.parent.iterdir()] == ["sloppy.mh"]
    again = run("fmt", path)
    assert (again.exit_code, again.stderr) == (0, "1 file already in layout\n")


def test_check_writes_nothing(path: Path) -> None:
    result = run("fmt", "--check", path)
    assert (result.exit_code, result.stderr) == (1, f"would change {path.as_posix()}\n")
    assert path.read_text(encoding="utf-8") == SLOPPY


def test_a_difference_is_printed_and_nothing_written(path: Path) -> None:
    result = run("fmt", "--diff", path)
    assert result.exit_code == 0
    assert "-    rounding   to cents half up\n+  rounding to cents half up\n" in result.stdout
    assert path.read_text(encoding="utf-8") == SLOPPY
    assert run("fmt", "--diff", "--check", path).exit_code == 1


def test_folders_and_those_below(path: Path) -> None:
    assert run("fmt", path.parent.parent).exit_code == 0
    assert path.read_text(encoding="utf-8") == PROGRAM


def test_stdin() -> None:
    result = run("fmt", "-", input=SLOPPY)
    assert (result.exit_code, result.stdout, result.stderr) == (0, PROGRAM, "")
    assert run("fmt", "--check", "-", input=PROGRAM).exit_code == 0
    assert run("fmt", "-", input=b"mhrules 1\n\xff").exit_code == 1


def test_a_text_with_mistakes_stays_and_others_are_formatted(path: Path) -> None:
    bad = path.with_name("bad.mh")
    bad.write_text("mhrules 1\nprogram {", encoding="utf-8")
    result = run("fmt", path.parent)
    assert result.exit_code == 1
    assert "bad.mh:" in result.stderr
    assert bad.read_text(encoding="utf-8") == "mhrules 1\nprogram {"
    assert path.read_text(encoding="utf-8") == PROGRAM


def test_what_is_not_there(tmp_path: Path) -> None:
    assert run("fmt", tmp_path / "none.mh").exit_code == 2
    assert run("fmt", tmp_path).exit_code == 2
