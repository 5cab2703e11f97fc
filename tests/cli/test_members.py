"""`settle`, `explain --member` and `attribution` on data with members."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from click.testing import Result

from tests.cli.cases import document, run
from tests.settle import people

LIST = "person_id,practice_id,payer\nann,p2,aetna\nzz,p1,aetna\neve,p2,aetna\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return people.written(tmp_path_factory.mktemp("grove"))


def verb(folder: Path, name: str, *further: str | Path) -> Result:
    return run(name, folder / "grove", "--data", folder / "data", "--year", "2011", *further)


def listed(folder: Path, text: str = LIST) -> Path:
    path = folder / "list.csv"
    path.write_text(text, encoding="utf-8")
    return path


def narrow(text: str) -> bool:
    return all(len(row) <= 80 for row in text.splitlines())


# ------------------------------------------------------------------------------------------------ settle


def test_settle_shows_member_months_panel_and_dollars(folder: Path, tmp_path: Path) -> None:
    result = verb(folder, "settle", "--out", tmp_path / "out", "--detail")
    assert (result.exit_code, narrow(result.stdout)) == (0, True)
    rows = [row.split() for row in result.stdout.splitlines()]
    assert ["p2", "16", "0", "$335.83", "$20.99"] in rows
    assert ["all", "28", "1", "$512.91", "$18.32"] in rows
    assert (tmp_path / "out" / "detail.csv").is_file()


def test_a_long_id_is_cut_so_that_the_table_fits(tmp_path: Path) -> None:
    people.written(tmp_path)
    long = "60240417-03df-3d9c-b476-410cfaadde6c-and-more"
    for path in (tmp_path / "data").iterdir():
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"\bp2\b", long, text), encoding="utf-8")
    result = verb(tmp_path, "settle", "--out", tmp_path / "out")
    assert (result.exit_code, narrow(result.stdout)) == (0, True)
    assert f"{long[:35]}…" in result.stdout


def test_settle_as_json(folder: Path, tmp_path: Path) -> None:
    aetna = document(verb(folder, "settle", "--out", tmp_path / "out", "--format", "json"))["payers"][0]
    assert aetna["practices"][0] == {
        "practice": "p2", "member_months": "16", "panel": "0", "amount": "335.83", "per_member_month": "20.99",
    }  # fmt: skip
    assert (aetna["members"]["member_months"], aetna["members"]["amount"]) == ("28", aetna["total"]["amount"])
    assert [each["practice"] for each in aetna["practices"]] == ["p2", "p1", "p3"]
    assert aetna["practices"][2]["per_member_month"] is None


def test_many_practices_are_told_in_one_row(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mhrules.cli.settle._LISTED", 1)
    rows = [row.split() for row in verb(folder, "settle", "--out", tmp_path / "out").stdout.splitlines()]
    assert ["…", "and", "2", "more", "12", "1", "$177.08", "$14.76"] in rows


# ----------------------------------------------------------------------------------------------- explain


def test_explain_one_member(folder: Path) -> None:
    asked = ("--payer", "aetna", "--practice", "p2", "--payment", "fee", "--period", "2011-04")
    result = verb(folder, "explain", *asked, "--member", "eve")
    assert (result.exit_code, narrow(result.stdout)) == (0, True)
    assert "2011-04: 1 member month × $5.335 = $5.335, of $10.67 in all" in result.stdout
    assert "2010-04-01 primary 8/1" in result.stdout
    found = document(verb(folder, "explain", *asked, "--member", "eve", "--format", "json"))["member"]
    assert (found["person"], found["stays"][0]["practice"]) == ("eve", "p2")
    assert document(verb(folder, "explain", *asked, "--format", "json"))["member"] is None


def test_explain_somebody_unknown(folder: Path) -> None:
    asked = ("--payer", "aetna", "--practice", "p2", "--payment", "fee")
    result = verb(folder, "explain", *asked, "--member", "nobody")
    assert (result.exit_code, "MH750" in result.stderr) == (2, True)


# ------------------------------------------------------------------------------------------- attribution


def test_outcomes_by_payer(folder: Path) -> None:
    result = verb(folder, "attribution")
    assert (result.exit_code, narrow(result.stdout)) == (0, True)
    assert "aetna, 2011-01 to 2011-12: 4 members, 42 member months" in result.stdout
    assert ["none:", "not_yet_refreshed", "1", "2"] in [row.split() for row in result.stdout.splitlines()]
    assert "by method: plurality 28 months" in result.stdout


def test_outcomes_of_one_month_as_json(folder: Path) -> None:
    found = document(verb(folder, "attribution", "--month", "2011-08", "--payer", "aetna", "--format", "json"))
    (payer,) = found["payers"]
    assert (payer["payer"], payer["months"], payer["member_months"], payer["methods"]) == (
        "aetna", "2011-08", "4", {"plurality": 3},
    )  # fmt: skip
    assert [(o["practice"], o["reason"], o["members"]) for o in payer["outcomes"]] == [
        ("p2", "", 2), ("p1", "", 1), ("", "unattributed", 1),
    ]  # fmt: skip
    assert found["compared"] == []


def test_a_list_is_compared_and_each_difference_has_its_why(folder: Path, tmp_path: Path) -> None:
    result = verb(folder, "attribution", "--compare", listed(tmp_path), "--month", "2011-05")
    assert (result.exit_code, narrow(result.stdout)) == (1, True)
    assert "3 on the list, 3 attributed, 1 the same; 1 added, 1 dropped, 1 changed" in " ".join(result.stdout.split())
    for says in (
        "added bob: p2, not on the list",
        "changed ann: p2 on the list, p1 here",
        "`p1` has 3 days with a visit, the latest on 2010-08-01",
        "`p2` has 1 day with a visit, the latest on 2010-09-01",
        "2010-09-01 p2 primary 6/1",
        "dropped zz: p1 on the list, none here: not_counted",
    ):
        assert says in result.stdout


def test_differences_as_json_and_as_a_file(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "differences.csv"
    asked = ("--compare", listed(tmp_path), "--month", "2011-05", "--out", out, "--format", "json")
    (compared,) = document(verb(folder, "attribution", *asked))["compared"]
    assert [(d["person"], d["difference"], d["listed"], d["practice"]) for d in compared["differences"]] == [
        ("ann", "changed", "p2", "p1"), ("bob", "added", "", "p2"), ("zz", "dropped", "p1", ""),
    ]  # fmt: skip
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["difference"] for row in rows] == ["changed", "added", "dropped"]
    assert rows[1]["visits"] == "2011-03-01 p2 primary 2/1"
    assert rows[2]["why"] == "the data have no person `zz`"


def test_a_list_that_agrees(folder: Path, tmp_path: Path) -> None:
    text = "person_id,practice_id\nann,p1\nbob,p2\neve,p2\n"
    result = verb(folder, "attribution", "--compare", listed(tmp_path, text), "--payer", "aetna", "--month", "2011-05")
    assert result.exit_code == 0
    assert "3 the same; 0 added, 0 dropped, 0 changed" in " ".join(result.stdout.split())


def test_an_empty_list_has_everybody_added(folder: Path, tmp_path: Path) -> None:
    text = "person_id,practice_id,payer\n"
    result = verb(folder, "attribution", "--compare", listed(tmp_path, text), "--month", "2011-05", "--payer", "aetna")
    assert (result.exit_code, "3 added, 0 dropped" in " ".join(result.stdout.split())) == (1, True)


@pytest.mark.parametrize(
    ("text", "code", "status"),
    [
        ("person_id,practice_id\nann,p1\n", "MH751", 2),
        ("", "MH614", 2),
        ("person_id,practise_id,payer\nann,p1,aetna\n", "MH611", 1),
        ("person_id,practice_id,payer\nann,p1,aetna\nann,p2,aetna\n", "MH630", 1),
        ("person_id,practice_id,payer\nann,p1,aetnaa\n", "MH623", 1),
        ("person_id,practice_id,payer\nann,,aetna\n", "MH624", 1),
        ("person_id,practice_id,payer\nann,p1\n", "MH609", 1),
    ],
)
def test_a_list_with_faults(folder: Path, tmp_path: Path, text: str, code: str, status: int) -> None:
    result = verb(folder, "attribution", "--compare", listed(tmp_path, text))
    assert (result.exit_code, code in result.stderr, result.stdout) == (status, True, "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--compare", "nowhere.csv"), "MH601"),
        (("--payer", "aetnaa"), "MH733"),
        (("--month", "2012-01"), "MH736"),
        (("--month", "2011-13"), "`2011-13` is no month"),
        (("--month", "March"), "`March` is no month"),
        (("--out", "differences.csv"), "needs --compare"),
    ],
)
def test_what_cannot_be_meant(folder: Path, arguments: tuple[str, str], says: str) -> None:
    result = verb(folder, "attribution", *arguments)
    assert (result.exit_code, says in result.stderr) == (2, True)


def test_a_list_of_a_payer_who_is_not_asked_for_is_left_aside(folder: Path, tmp_path: Path) -> None:
    text = LIST + "cat,p2,molina\n"
    found = document(
        verb(
            folder, "attribution", "--compare", listed(tmp_path, text), "--payer", "molina", "--month", "2011-09",
            "--format", "json",
        )
    )  # fmt: skip
    assert [(c["payer"], c["same"], c["differences"]) for c in found["compared"]] == [("molina", 1, [])]


def test_a_program_that_attributes_nobody(tmp_path: Path) -> None:
    from tests.cli import cases

    cases.written(tmp_path)
    result = run("attribution", tmp_path / "maple", "--data", tmp_path / "data", "--year", "2024")
    assert (result.exit_code, "MH752" in result.stderr) == (2, True)


def test_a_payer_that_is_not_there_in_the_month_is_named(folder: Path) -> None:
    result = verb(folder, "attribution", "--payer", "aetna", "--month", "2013-01")
    assert result.exit_code == 2
    assert "`aetna` is not in the program in `2013-01`, of the program year 2011" in " ".join(result.stderr.split())
