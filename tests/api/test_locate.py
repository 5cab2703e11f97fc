"""Where programs are."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhrules.diagnostics.model import DiagnosticError
from mhrules.locate import existing, program_path, program_paths, rule_files, shipped_programs


def test_a_path_goes_before_a_program_that_came_with_mhrules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert program_path("mssp").is_absolute()
    (tmp_path / "mssp").mkdir()
    assert program_path("mssp") == Path("mssp")


def test_the_programs_that_came_with_mhrules_are_each_a_folder_with_rules() -> None:
    assert "mssp" in shipped_programs()
    assert all(list(program_path(name).glob("*.mh")) for name in shipped_programs())


@pytest.mark.parametrize("name", ["", "../mssp", "mssp/../mssp/x", "a" * 5000, "programs/none"])
def test_what_leads_nowhere(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DiagnosticError, match="MH001"):
        program_paths(program_path(name))
    with pytest.raises(DiagnosticError, match="MH001"):
        rule_files(existing(name))


def test_a_folder_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(DiagnosticError, match=r"MH001: cannot read `.*`: permission denied"):
        program_paths(tmp_path)
