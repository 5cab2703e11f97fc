"""Faults between rows: duplicates, spans, orphans."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhrules.data.dataset import Dataset
from mhrules.diagnostics.model import DiagnosticError
from tests.data.cases import DATED, FULL, HEADER, ONE, ROW, faults, read, seen, write

ROSTER_TEXT = "practice_id,joined,manager\np1,2012-01-01,yes\n"
LEVELS_HEADER = "practice_id,from,to,level\n"


def test_duplicate_key(tmp_path: Path) -> None:
    found = faults(ONE, write(tmp_path, practice_year=HEADER + ROW + "p2,2012,1,,small\n" + ROW))
    assert seen(found) == [("MH630", "practice_year.csv", 4, "year", "2012")]
    assert found[0].message == "key practice_id `p1`, year `2012` stands twice"
    assert found[0].notes == ("first on line 2",)


def test_duplicate_key_in_two_files(tmp_path: Path) -> None:
    write(tmp_path, a=HEADER + ROW, b=HEADER + "p0,2012,1,,small\n" + ROW)
    found = faults(ONE, tmp_path, '[tables.practice_year]\nfiles = ["b.csv", "a.csv"]')
    assert seen(found) == [("MH630", "b.csv", 3, "year", "2012")]
    assert found[0].notes == ("first on line 2 of a.csv",)


def test_ids_that_differ_only_in_unicode_form_are_one_id(tmp_path: Path) -> None:
    text = HEADER + "Zoë,2012,1,,small\nZoe\u0308,2012,1,,small\n"
    assert [s[0] for s in seen(faults(ONE, write(tmp_path, practice_year=text)))] == ["MH630"]


def test_overlapping_spans(tmp_path: Path) -> None:
    rows = "p1,2012-07-01,,2\np2,2012-01-01,,1\np1,2012-01-01,2012-07-01,1\n"
    found = faults(DATED, write(tmp_path, practice_dated=LEVELS_HEADER + rows))
    assert seen(found) == [("MH631", "practice_dated.csv", 4, "from", "2012-01-01")]
    assert found[0].message == "span from 2012-01-01 to 2012-07-01 of practice_id `p1` overlaps another"
    assert found[0].notes == ("the other runs from 2012-07-01 without end, on line 2",)


def test_a_long_span_overlaps_later_ones(tmp_path: Path) -> None:
    rows = "p1,2012-01-01,2012-12-31,1\np1,2012-02-01,2012-02-28,2\np1,2012-05-01,2012-05-31,3\n"
    found = faults(DATED, write(tmp_path, practice_dated=LEVELS_HEADER + rows))
    assert [s[2] for s in seen(found)] == [3, 4]


def test_backward_span_is_not_also_an_overlap(tmp_path: Path) -> None:
    rows = "p1,2012-07-01,2012-06-30,2\np1,2012-07-01,,1\n"
    found = faults(DATED, write(tmp_path, practice_dated=LEVELS_HEADER + rows))
    assert seen(found) == [("MH632", "practice_dated.csv", 2, "to", "2012-06-30")]
    assert found[0].message == "`from` 2012-07-01 is after `to` 2012-06-30"


def test_orphans(tmp_path: Path) -> None:
    write(
        tmp_path,
        practice=ROSTER_TEXT,
        practice_dated=LEVELS_HEADER + "p2,2012-01-01,,1\n",
        practice_year=HEADER + ROW + "P1,2012,1,,small\n",
    )
    found = faults(FULL, tmp_path)
    assert seen(found) == [
        ("MH633", "practice_dated.csv", 2, "practice_id", "p2"),
        ("MH633", "practice_year.csv", 3, "practice_id", "P1"),
    ]
    assert found[1].message == "practice_id `P1` is not in table `practice`"


def test_an_unknown_participant_is_named_once_with_a_count(tmp_path: Path) -> None:
    years = "".join(f"p2,{year},1,,small\n" for year in range(1990, 2017)) + "p3,2012,1,,small\np3,2013,1,,small\n"
    write(tmp_path, practice=ROSTER_TEXT, practice_dated=LEVELS_HEADER, practice_year=HEADER + ROW + years)
    found = faults(FULL, tmp_path)
    assert seen(found) == [
        ("MH633", "practice_year.csv", 3, "practice_id", "p2"),
        ("MH633", "practice_year.csv", 30, "practice_id", "p3"),
    ]
    assert [d.notes for d in found] == [
        ("and 26 more rows of table `practice_year`",),
        ("and 1 more row of table `practice_year`",),
    ]


def test_a_broken_roster_makes_no_orphans(tmp_path: Path) -> None:
    write(
        tmp_path,
        practice="practice_id,joined,manager\n p1,2012-01-01,yes\n",
        practice_dated=LEVELS_HEADER,
        practice_year=HEADER + ROW,
    )
    assert [s[0] for s in seen(faults(FULL, tmp_path))] == ["MH625"]


def test_without_a_roster_there_are_no_orphans(tmp_path: Path) -> None:
    assert read(ONE, write(tmp_path, practice_year=HEADER + ROW)).present("practice_year")


def test_given_rows_are_judged_alike() -> None:
    rows = {
        "practice": [{"practice_id": "p1", "joined": "2012-01-01", "manager": True}],
        "practice_dated": [
            {"practice_id": "p1", "from": "2012-07-01", "level": 2},
            {"practice_id": "p1", "from": "2012-01-01", "to": "2012-07-01", "level": 1},
            {"practice_id": "p9", "from": "2012-07-01", "to": "2012-06-30", "level": 1},
        ],
        "practice_year": [{"practice_id": "p1", "year": 2012, "paid": 1, "tier": "small"}] * 2,
    }
    with pytest.raises(DiagnosticError) as caught:
        Dataset.from_rows(FULL, rows)
    assert seen(caught.value.diagnostics) == [
        ("MH631", "practice_dated", 2, "from", "2012-01-01"),
        ("MH632", "practice_dated", 3, "to", "2012-06-30"),
        ("MH633", "practice_dated", 3, "practice_id", "p9"),
        ("MH630", "practice_year", 2, "year", "2012"),
    ]
