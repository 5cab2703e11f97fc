"""`mhrules synth`: a population for a program, from the options, or the reason why not."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result

from tests.cli.cases import document, run, written

MEMBERS = """\
mhrules 1
program birch "Birch County medical homes" edition "2024" {
  term     2024-01-01 to 2025-06-30
  rounding to cents half up
  months   count when attributed and enrolled on day 1

  convening {
    authority "Act 12 of 2023"
    payer green "Green Health Plan" lines commercial
    payer blue  "Blue Health Plan"  lines medicaid
  }

  facts of practice dated {
    level : integer 0..3 "Level of recognition"
  }

  attribution {
    every quarter
    first plurality of visits where service = wellness within 12 months ties by most recent visit
  }

  participation {
    require level "Level 2 or higher" : level >= 2
  }

  payment fee "Care management fee" {
    per member per month
    pays $4.00
  }
}
"""
SIZE = ("--members", "200", "--practices", "7", "--seed", "5")


def synth(folder: Path, *further: str | Path, program: str = "birch") -> Result:
    """Write a population into `new/`."""
    return run("synth", folder / program, *SIZE, "--out", folder / "new", *further)


@pytest.fixture
def birch(tmp_path: Path) -> Path:
    (tmp_path / "birch").mkdir()
    (tmp_path / "birch" / "birch.mh").write_text(MEMBERS, encoding="utf-8")
    return tmp_path


def test_a_population_is_settled_without_a_finding(birch: Path) -> None:
    result = synth(birch, "--year", "2024")
    assert result.exit_code == 0 and result.stderr == ""
    assert "200 members, 7 practices, 2024-01 to 2024-12, seed 5" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80 + len(str(birch))
    where = ("--data", birch / "new", "--year", "2024", "--out", birch / "out")
    settled = run("settle", birch / "birch", *where)
    assert (settled.exit_code, settled.stderr) == (0, "")
    assert "all payers: $" in settled.stdout and "all payers: $0.00" not in settled.stdout


def test_the_rules_words_stand_in_the_data(birch: Path) -> None:
    synth(birch, "--year", "2024")
    claims = (birch / "new" / "medical_claim.csv").read_text()
    assert ",wellness" in claims and claims.count(",wellness") > claims.count(",emergency")
    assert ",2023-02-" in claims  # the months that attribution looks back
    levels = [row.split(",")[-1] for row in (birch / "new" / "practice_dated.csv").read_text().splitlines()[1:]]
    assert "2" in levels and len(set(levels)) > 1


def test_as_json(birch: Path) -> None:
    shown = document(synth(birch, "--from", "2025-01", "--to", "2025-12", "--payers", "blue", "--format", "json"))
    assert (shown["program"], shown["payers"], shown["from"], shown["to"]) == ("birch", ["blue"], "2025-01", "2025-06")
    assert (shown["format"], shown["seed"], shown["members"], shown["practices"]) == (1, 5, 200, 7)
    rows = {each["table"]: each["rows"] for each in shown["files"]}
    assert (rows["member"], rows["practice"]) == (200, 7)
    assert "green" not in (birch / "new" / "eligibility.csv").read_text()


def test_parquet(birch: Path) -> None:
    assert synth(birch, "--year", "2024", "--files", "parquet").exit_code == 0
    names = {path.name for path in (birch / "new").iterdir()}
    assert {"member.parquet", "medical_claim.parquet"} <= names and not any(name.endswith(".csv") for name in names)


def test_a_program_without_members(tmp_path: Path) -> None:
    written(tmp_path)
    result = run("synth", tmp_path / "maple", *SIZE, "--year", "2025", "--out", tmp_path / "new")
    assert result.exit_code == 0
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"practice.csv", "practice_payer_year.csv"}


def test_a_folder_that_is_not_empty(birch: Path) -> None:
    assert synth(birch, "--year", "2024", "--files", "parquet").exit_code == 0
    (birch / "new" / "notes.txt").write_text("mine")
    again = synth(birch, "--year", "2024")
    assert (again.exit_code, again.stdout) == (2, "")
    assert "error[MH732]" in again.stderr and "is not empty" in " ".join(again.stderr.split())
    assert (birch / "new" / "member.parquet").exists() and not (birch / "new" / "member.csv").exists()
    assert synth(birch, "--year", "2024", "--force").exit_code == 0
    assert not (birch / "new" / "member.parquet").exists() and (birch / "new" / "member.csv").exists()
    assert (birch / "new" / "notes.txt").read_text() == "mine"


def test_a_file_in_the_folders_place(birch: Path) -> None:
    (birch / "new").write_text("mine")
    result = synth(birch, "--year", "2024", "--force")
    assert (result.exit_code, (birch / "new").read_text()) == (2, "mine")
    assert "is a file" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "say which months"),
        (("--year", "2024", "--from", "2024-01", "--to", "2024-02"), "say which months"),
        (("--from", "2024-01"), "say which months"),
        (("--from", "2024-13", "--to", "2025-01"), "is no month"),
        (("--from", "2024-05", "--to", "2024-01"), "is after --to 2024-01"),
        (("--from", "2024-05", "--to", "2044-01"), "at most 10 years"),
        (("--year", "2027"), "runs from 2024-01 to 2025-06"),
        (("--year", "2024", "--payers", "gren"), "no payer `gren`; did you mean `green`?"),
        (("--year", "2024", "--payers", "green,purple"), "there are green, blue"),
        (("--year", "2024", "--members", "0"), "--members"),
        (("--year", "2024", "--practices", "0"), "--practices"),
        (("--year", "2024", "--seed", "-1"), "--seed"),
        (("--year", "2024", "--lines-per-member", "0"), "--lines-per-member"),
    ],
)
def test_what_cannot_be_meant(options: tuple[str, ...], words: str, birch: Path) -> None:
    result = synth(birch, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in " ".join(result.stderr.split())
    assert not (birch / "new").exists()


def test_a_program_with_mistakes(birch: Path) -> None:
    (birch / "birch" / "birch.mh").write_text(MEMBERS.replace("level >= 2", "levle >= 2"), encoding="utf-8")
    result = synth(birch, "--year", "2024")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "did you mean `level`?" in " ".join(result.stderr.split())
