"""The README's program, data and output are what a reader gets."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click import Context
from click.testing import CliRunner

from mhrules.cli.main import main

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The README's one block of that language."""
    found = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def sessions() -> list[tuple[str, str]]:
    """Commands of the console block with the output shown below each."""
    parts = re.split(r"^\$ (.*)\n", block("console"), flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def test_the_program_is_about_fifteen_lines() -> None:
    assert len(block("mh").splitlines()) <= 18


def test_the_output_is_what_comes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("fee.mh").write_text(block("mh"), encoding="utf-8")
    Path("data").mkdir()
    Path("data/practice_payer_year.csv").write_text(block("csv"), encoding="utf-8")
    commands = sessions()
    assert len(commands) == 2
    for command, shown in commands:
        result = CliRunner().invoke(main, shlex.split(command)[1:])
        assert result.exit_code == 0, result.output
        assert result.stdout.strip() == shown.strip()


def test_every_verb_has_a_row() -> None:
    assert set(re.findall(r"^\| `mhrules ([a-z-]+)", README, re.MULTILINE)) == set(main.list_commands(Context(main)))


def test_every_program_has_a_row() -> None:
    shipped = {path.name for path in (ROOT / "programs").iterdir() if path.is_dir()}
    assert set(re.findall(r"^\| `([a-z]\w*)` \|", README, re.MULTILINE)) == shipped


def test_both_commands_are_named() -> None:
    assert "make demo" in README and "make test" in README
