"""Empty files to fill in, and the description that `mhrules schema` prints."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve

from mhrules.data.schema import Column, ColumnKind
from mhrules.data.template import describe, write_templates
from tests.data import people
from tests.data.cases import FULL, read

POPULATION = ("eligibility", "member")


def test_templates_load_as_empty_tables(tmp_path: Path) -> None:
    paths = write_templates(FULL, tmp_path / "new")
    assert [p.name for p in paths] == ["practice.csv", "practice_dated.csv", "practice_year.csv"]
    assert (tmp_path / "new" / "practice_dated.csv").read_text() == "practice_id,from,to,level\n"
    data = read(FULL, tmp_path / "new")
    assert [data.rows(t.name) for t in FULL.tables] == [[], [], []] and data.warnings == ()


def test_templates_never_overwrite(tmp_path: Path) -> None:
    (tmp_path / "practice_year.csv").write_text("mine")
    with pytest.raises(FileExistsError):
        write_templates(FULL, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["practice_year.csv"]


def test_description() -> None:
    rows = {(r["table"], r["column"]): r for r in describe(FULL)}
    score = rows["practice_year", "score"]
    assert (score["role"], score["type"], score["low"], score["high"]) == ("fact", "%", "0", "1")
    assert not score["required"] and rows["practice_year", "paid"]["required"]
    assert rows["practice_year", "paid"]["high"] == "1000000000000"
    assert rows["practice_dated", "to"]["role"] == "span" and not rows["practice_dated", "to"]["required"]
    assert rows["practice_year", "tier"]["codes"] == ["small", "large"]
    assert rows["practice", "practice_id"]["role"] == "key" and rows["practice", "practice_id"]["low"] is None


def test_templates_of_members_or_of_counts(tmp_path: Path) -> None:
    of = people.schema("eligibility", "member", "payer_roster", population=POPULATION, panel=people.PANEL)
    names = [p.name for p in write_templates(of, tmp_path / "members")]
    assert names == ["eligibility.csv", "member.csv", "payer_roster.csv", "practice.csv"]
    names = [p.name for p in write_templates(of, tmp_path / "counts", counts=True)]
    assert names == ["payer_roster.csv", "practice.csv", "practice_payer_month.csv"]
    assert read(of, tmp_path / "members").present("eligibility")
    assert read(of, tmp_path / "counts").present("practice_payer_month")


def test_a_panel_with_other_facts_is_in_both(tmp_path: Path) -> None:
    panel = evolve(people.PANEL, columns=(Column("visits", ColumnKind.INTEGER), people.MONTHS))
    of = people.schema("eligibility", "member", population=POPULATION, panel=panel)
    for counts, header in ((False, "visits"), (True, "visits,member_months")):
        folder = tmp_path / str(counts)
        write_templates(of, folder, counts=counts)
        first = (folder / "practice_payer_month.csv").read_text()
        assert first == f"practice_id,payer,year_month,{header}\n"
        read(of, folder)


def test_description_of_members() -> None:
    of = people.schema("eligibility.dual", "member", population=POPULATION, panel=people.PANEL)
    rows = {(r["table"], r["column"]): r for r in describe(of)}
    order, dual, line = (rows["eligibility", name] for name in ("payer_order", "dual", "line"))
    assert (order["default"], order["required"], order["may_be_left_out"]) == ("1", False, True)
    assert (dual["default"], dual["required"], dual["may_be_left_out"]) == (None, False, False)
    assert (line["may_be_left_out"], line["given"]) == (True, "members")
    assert rows["practice_payer_month", "payer"]["given"] == "counts" and rows["practice", "practice_id"]["given"] == ""
