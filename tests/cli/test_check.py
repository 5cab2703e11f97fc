"""`mhrules check`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.cases import PROGRAM, document, run, written

CONTRACT = """\
mhrules 1
contract green_maple "Green's terms" under maple edition "2024" by green {
  effective 2024-01-01
}
"""
LINE = "maple, edition 2024: 2 payers, 1 payment, 1 figure is assumed\n"


def test_a_sound_program(tmp_path: Path) -> None:
    result = run("check", written(tmp_path) / "maple")
    assert (result.exit_code, result.stdout, result.stderr) == (0, LINE + "no findings\n", "")


def test_assumed_figures_are_listed(tmp_path: Path) -> None:
    result = run("check", written(tmp_path) / "maple" / "maple.mh", "--assumed")
    assert result.stdout == LINE + "  maple.mh:18: no source names it\nno findings\n"


def test_a_mistake_ends_with_1(tmp_path: Path) -> None:
    result = run("check", written(tmp_path, PROGRAM.replace("rate of savings", "rate of saving")) / "maple")
    assert result.exit_code == 1
    assert "error[MH201]" in result.stdout
    assert "did you mean `savings`?" in result.stdout
    assert "maple.mh:26:" in result.stdout
    assert result.stdout.endswith("1 error\n\n" + LINE)
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_warnings_end_with_0_unless_strict(tmp_path: Path) -> None:
    text = PROGRAM.replace("  define savings", '  valueset unused = { "A1" }\n\n  define savings')
    path = written(tmp_path, text) / "maple"
    assert "warning[MH431]" in run("check", path).stdout
    assert (run("check", path).exit_code, run("check", path, "--strict").exit_code) == (0, 1)


def test_as_json(tmp_path: Path) -> None:
    shown = document(run("check", written(tmp_path) / "maple", "--format", "json"))
    assert (shown["format"], shown["errors"], shown["findings"]) == (1, 0, [])
    assert shown["programs"] == [
        {
            "name": "maple",
            "title": "Maple Valley shared savings",
            "edition": "2024",
            "files": ["maple.mh"],
            "payers": {"green": "Green Health Plan", "blue": "Blue Health Plan"},
            "payments": {"shared_savings": "Shared savings"},
            "contracts": [],
            "assumed": [{"file": "maple.mh", "line": 18, "text": "no source names it"}],
        }
    ]


def test_as_sarif(tmp_path: Path) -> None:
    path = written(tmp_path, PROGRAM.replace("rate of savings", "rate of saving")) / "maple"
    result = run("check", path, "--format", "sarif")
    assert result.exit_code == 1
    assert [each["ruleId"] for each in document(result)["runs"][0]["results"]] == ["MH201"]


def test_a_folder_of_programs(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "oak").mkdir()
    (tmp_path / "oak" / "oak.mh").write_text(PROGRAM.replace("program maple", "program oak"), encoding="utf-8")
    result = run("check", tmp_path)
    assert (result.exit_code, result.stdout) == (0, LINE + LINE.replace("maple", "oak") + "no findings\n")


def test_a_contract_in_a_folder_of_its_own(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "green.mh").write_text(CONTRACT, encoding="utf-8")
    result = run("check", tmp_path / "maple", "--contracts", tmp_path / "contracts")
    assert (result.exit_code, "1 contract" in result.stdout) == (0, True)


def test_a_contract_named_beside_its_program_is_checked_with_it(tmp_path: Path) -> None:
    written(tmp_path)
    contract, oak = tmp_path / "green.mh", tmp_path / "oak.mh"
    contract.write_text(CONTRACT, encoding="utf-8")
    oak.write_text(PROGRAM.replace("program maple", "program oak"), encoding="utf-8")
    shown = document(run("check", contract, oak, tmp_path / "maple" / "maple.mh", "--format", "json"))
    assert {each["name"]: each["contracts"] for each in shown["programs"]} == {"oak": [], "maple": ["green_maple"]}
    assert "MH204" in run("check", contract).stdout


def test_files_that_import_one_program_are_checked_together(tmp_path: Path) -> None:
    (tmp_path / "maple.mh").write_text(PROGRAM, encoding="utf-8")
    for payer in ("green", "blue"):
        text = CONTRACT.replace("mhrules 1\n", 'mhrules 1\nimport "maple.mh"\n').replace("green", payer)
        (tmp_path / f"{payer}.mh").write_text(text, encoding="utf-8")
    both = (tmp_path / "green.mh", tmp_path / "blue.mh")
    (shown,) = document(run("check", *both, "--format", "json"))["programs"]
    assert (shown["contracts"], shown["files"]) == (["green_maple", "blue_maple"], ["maple.mh", "green.mh", "blue.mh"])


def test_a_program_that_came_with_mhrules() -> None:
    result = run("check", "mssp")
    assert (result.exit_code, result.stdout.startswith("mssp, edition ")) == (0, True)


def test_what_is_not_there(tmp_path: Path) -> None:
    written(tmp_path)
    for name, advice in (("mapel", f"did you mean `{tmp_path / 'maple'}`?"), ("contracts", "")):
        result = run("check", tmp_path / name)
        assert (result.exit_code, result.stdout) == (2, "")
        words = " ".join(result.stderr.split())
        assert f"error[MH001] there is no program `{tmp_path / name}`" in words
        assert advice in words
    assert "did you mean `mssp`?" in run("check", "mspp").stderr
    assert run("check", tmp_path / "maple", "--contracts", tmp_path / "none").exit_code == 2


def test_an_empty_folder(tmp_path: Path) -> None:
    result = run("check", tmp_path)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error[MH001] no rule file is in `{tmp_path.name}`")


def test_a_text_that_is_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "a.mh").write_bytes(b"mhrules 1\n\xff")
    result = run("check", tmp_path / "a.mh")
    assert (result.exit_code, "error[MH002]" in result.stdout) == (1, True)
