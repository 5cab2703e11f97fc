"""`mhrules schema`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.cases import document, run, written


def test_tables_and_columns_at_80_columns(tmp_path: Path) -> None:
    result = run("schema", written(tmp_path) / "maple")
    assert result.exit_code == 0
    assert "practice_payer_year: " in result.stdout
    assert "a row for each `practice_id`, `payer`, `year`" in " ".join(result.stdout.split())
    assert "  quality      %        0.025 for 2.5%  Share of quality measures met; from 0 to\n" in result.stdout
    assert "-1000000000000" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_as_json(tmp_path: Path) -> None:
    shown = document(run("schema", written(tmp_path) / "maple", "--format", "json"))
    assert (shown["program"], shown["edition"], shown["files"]) == ("maple", "2024", [])
    found = {(each["table"], each["column"]): each for each in shown["columns"]}
    assert found["practice_payer_year", "payer"]["codes"] == ["green", "blue"]


def test_empty_files(tmp_path: Path) -> None:
    written(tmp_path)
    result = run("schema", tmp_path / "maple", "--template", tmp_path / "new")
    assert result.exit_code == 0
    made = sorted((tmp_path / "new").iterdir())
    assert result.stdout == "".join(f"wrote {path}\n" for path in made)
    assert (
        tmp_path / "new" / "practice_payer_year.csv"
    ).read_text() == "practice_id,payer,year,target,spending,quality\n"
    again = run("schema", tmp_path / "maple", "--template", tmp_path / "new")
    assert (again.exit_code, again.stdout) == (2, "")
    assert "error[MH732]" in again.stderr and "is there already" in " ".join(again.stderr.split())


def test_a_file_in_the_folders_place(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "file").write_text("mine")
    result = run("schema", tmp_path / "maple", "--template", tmp_path / "file")
    assert (result.exit_code, "is a file, not a folder" in " ".join(result.stderr.split())) == (2, True)


def test_tables_of_members_say_when_they_are_needed_and_what_is_read_for_nothing() -> None:
    from click.testing import CliRunner

    from mhrules.cli.schema import tables_text
    from mhrules.data.template import describe
    from tests.data import people

    of = people.schema("eligibility", "member", population=("eligibility", "member"), panel=people.PANEL)
    with CliRunner().isolation():
        shown = " ".join("\n\n".join(tables_text(of, describe(of))).split())
    assert "`enrollment_start_date`; in data with members" in shown
    assert "`year_month`; in data with counts instead of members" in shown
    assert "`1` if empty or left out" in shown and "Line of business; may be left out" in shown
