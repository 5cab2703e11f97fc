"""Faults of files and of their shape, each with its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mhrules.data.load import load
from mhrules.data.schema import Column, Schema, Table
from mhrules.diagnostics.model import DiagnosticError, Severity
from tests.data.cases import FULL, HEADER, ID, ONE, ROW, YEAR, K, bound, faults, read, seen, write

FILE = "practice_year.csv"
SHAPES = [
    (b"", "MH614", None, "file is empty: it has no header"),
    (HEADER.encode() + b"p1,2012,1,,small,9\n", "MH609", 2, "row has 6 cells, but the header has 5 cells"),
    (HEADER.encode() + b"p1,2012\n", "MH609", 2, "row has 2 cells, but the header has 5 cells"),
    (HEADER.encode() + b"\n" + ROW.encode(), "MH609", 2, "line is empty"),
    (HEADER.encode() + ROW.encode() + b"\n", "MH609", 3, "line is empty"),
    (HEADER.encode() + b"p\xed,2012,1,,small\n", "MH606", 2, "line is not UTF-8 text"),
    (HEADER.encode() + b"p\0,2012,1,,small\n", "MH607", 2, "line holds a NUL character"),
    (HEADER.encode() + ROW.encode() + b'p"2,2012,1,,small\n', "MH608", 3, "double quote is opened and never closed"),
    (
        HEADER.encode() + b'p"2",2012,1,,small\n',
        "MH608",
        2,
        "double quote stands inside a cell that is not quoted",
    ),
    (
        HEADER.encode() + b"p1,2012,1,,small\rp2,2012,1,,small\n",
        "MH608",
        2,
        "line holds a carriage return that ends no line",
    ),
    (
        HEADER.encode() + b"p1,2012,1,,small\r\n",
        "MH608",
        2,
        "line ends with carriage return and line feed, but lines before it with a line feed alone",
    ),
    (b"practice_id,year,paid,score,tier,paid\n", "MH610", 1, "column `paid` stands twice in the header"),
    (b"practice_id,year,paid,score,tier,\n", "MH610", 1, "column 6 of the header has no name"),
]


@pytest.mark.parametrize(("text", "code", "line", "message"), SHAPES)
def test_shape(tmp_path: Path, text: bytes, code: str, line: int | None, message: str) -> None:
    (tmp_path / FILE).write_bytes(text)
    found = [d for d in faults(ONE, tmp_path) if d.severity is Severity.ERROR]
    assert [(d.code, d.place.file, d.place.line, d.message) for d in found if d.place] == [(code, FILE, line, message)]


def test_sound_rows_of_an_ill_shaped_file_are_checked_too(tmp_path: Path) -> None:
    text = HEADER + "p1,2012\n" + "p2,2012,x,,small\n" + 'p3,2012,"1,,small\n' + "p4,2012,y,,small\n"
    found = faults(ONE, write(tmp_path, practice_year=text))
    assert [s[:3] for s in seen(found)] == [
        ("MH609", FILE, 2),
        ("MH620", FILE, 3),
        ("MH608", FILE, 4),
        ("MH620", FILE, 5),
    ]


def test_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xef\xbb\xbf" + (HEADER + ROW).replace("\n", "\r\n").encode())
    assert len(read(ONE, tmp_path).rows("practice_year")) == 1


def test_header_alone_is_an_empty_table(tmp_path: Path) -> None:
    data = read(ONE, write(tmp_path, practice_year=HEADER.rstrip("\n")))
    assert data.present("practice_year") and data.rows("practice_year") == []


def test_missing_tables_name_the_nearest_file(tmp_path: Path) -> None:
    write(tmp_path, practise="x\n", practice_dated="practice_id,from,to,level\n")
    found = faults(FULL, tmp_path)
    assert [(d.code, d.message) for d in found] == [
        ("MH602", "no data for table `practice_year`, which the program reads"),
        ("MH602", "no data for table `practice`, which the program reads"),
        ("MH613", "file `practise.csv` is not read by any table"),
    ]
    assert found[1].help[0] == (
        "the file would be `practice.csv`: the folder has `practise.csv`: rename it, or name other files in a binding"
    )
    assert found[2].help == ("did you mean table `practice`?",)


def test_table_there_twice(tmp_path: Path) -> None:
    write(tmp_path, practice_year=HEADER)
    (tmp_path / "practice_year.parquet").write_bytes(b"")
    assert seen(faults(ONE, tmp_path)) == [("MH603", FILE, None, None, None)]


def test_missing_column_and_unknown_column(tmp_path: Path) -> None:
    found = faults(ONE, write(tmp_path, practice_year=HEADER.replace("score", "scor") + ROW))
    assert seen(found) == [("MH611", FILE, 1, "score", None), ("MH612", FILE, 1, "scor", None)]
    texts = {d.code: d for d in found}
    assert texts["MH611"].help == ('the file has `scor`: rename it, or write `score = "scor"` in the binding',)
    assert texts["MH612"].severity is Severity.WARNING
    assert texts["MH612"].help == ("did you mean `score`?",)


def test_absent_optional_column_must_be_said(tmp_path: Path) -> None:
    write(tmp_path, practice_year="practice_id,year,paid,tier\np1,2012,1,small\n")
    assert "`score = { absent = true }`" in faults(ONE, tmp_path)[0].help[0]
    data = read(ONE, tmp_path, "[tables.practice_year.columns]\nscore = { absent = true }")
    assert data.rows("practice_year") == [("p1", 2012, 100, None, "small")]


def test_unread_file_is_a_warning(tmp_path: Path) -> None:
    write(tmp_path, practice_year=HEADER, other="x\n")
    assert seen(read(ONE, tmp_path).warnings) == [("MH613", "other.csv", None, None, None)]
    assert read(ONE, tmp_path, 'ignore_files = "oth*.csv"').warnings == ()


def test_no_such_folder(tmp_path: Path) -> None:
    found = faults(ONE, tmp_path / "nowhere")
    assert (found[0].code, found[0].message) == ("MH601", "data `nowhere` cannot be read: No such file or directory")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    write(tmp_path, practice_year=HEADER)
    assert seen(faults(ONE, tmp_path / FILE)) == [("MH604", FILE, None, None, None)]


def test_link_out_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    write(tmp_path, practice_year=HEADER + ROW)
    (folder / FILE).symlink_to(tmp_path / FILE)
    assert seen(faults(ONE, folder)) == [("MH605", FILE, None, None, None)]


def test_linked_folder_is_not_entered(tmp_path: Path) -> None:
    folder, outside = tmp_path / "data", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    write(outside, rows=HEADER + ROW)
    (folder / "inner").symlink_to(outside)
    assert faults(ONE, folder, '[tables.practice_year]\nfiles = "inner/rows.csv"')[0].code == "MH602"


def test_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    write(tmp_path, real=HEADER + ROW)
    (tmp_path / FILE).symlink_to(tmp_path / "real.csv")
    assert len(read(ONE, tmp_path).rows("practice_year")) == 1


def test_dead_link(tmp_path: Path) -> None:
    (tmp_path / FILE).symlink_to(tmp_path / "gone.csv")
    assert seen(faults(ONE, tmp_path)) == [("MH605", FILE, None, None, None)]


def test_names_with_pattern_signs_are_one_file(tmp_path: Path) -> None:
    folder = tmp_path / "a[b]*c"
    folder.mkdir()
    (folder / "x[1]?.csv").write_text(HEADER + ROW)
    (folder / "x1z.csv").write_text(HEADER + ROW)
    data = read(ONE, folder, 'ignore_files = "x1z.csv"\n[tables.practice_year]\nfiles = "x[1]?.csv"')
    assert [(i.name, i.rows) for i in data.inputs] == [("x[1]?.csv", 1)]


def test_what_is_no_plain_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / FILE)
    assert seen(faults(ONE, tmp_path)) == [("MH605", FILE, None, None, None)]


def test_files_in_sorted_order_with_hashes(tmp_path: Path) -> None:
    write(tmp_path, b=HEADER + "p2,2012,1,,small\n", a=HEADER + ROW)
    data = load(ONE, tmp_path, bound('[tables.practice_year]\nfiles = "?.csv"'))
    assert [(i.name, i.rows, len(i.sha256)) for i in data.inputs] == [("a.csv", 1, 64), ("b.csv", 1, 64)]


def test_load_raises_all_findings_sorted(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError) as caught:
        load(ONE, write(tmp_path, practice_year=HEADER + "p1,2012,x,y,z\n"))
    assert [d.place.column for d in caught.value.diagnostics if d.place] == ["paid", "score", "tier"]


@pytest.mark.parametrize(("mark", "written"), [(";", ";"), ("\t", "\\t"), ("|", "|")])
def test_a_file_that_is_separated_otherwise_is_said_once(tmp_path: Path, mark: str, written: str) -> None:
    found = faults(ONE, write(tmp_path, practice_year=(HEADER + ROW).replace(",", mark)))
    assert seen(found) == [("MH611", FILE, 1, None, None)]
    assert found[0].message == (
        f"columns of table `practice_year` are missing: the file seems to be separated by `{written}`"
    )
    assert found[0].help == (
        f'write `delimiter = "{written}"` under `[tables.practice_year]` in the binding',
        "or save the file with commas",
    )
    advised = f'[tables.practice_year]\nfiles = "{FILE}"\ndelimiter = "{written}"\n'
    assert read(ONE, tmp_path, advised).present("practice_year")


def test_a_file_with_commas_that_is_bound_with_another_separator(tmp_path: Path) -> None:
    wrong = f'[tables.practice_year]\nfiles = "{FILE}"\ndelimiter = ";"\nwhere = {{ tier = ["small"] }}\n'
    found = faults(ONE, write(tmp_path, practice_year=HEADER + ROW), wrong)
    assert seen(found) == [("MH611", FILE, 1, None, None)]
    assert found[0].help == ('write `delimiter = ","` under `[tables.practice_year]` in the binding',)


def test_one_column_that_only_holds_a_mark_is_no_other_separator(tmp_path: Path) -> None:
    found = faults(ONE, write(tmp_path, practice_year="a;b\n1\n"))
    assert [d.code for d in found].count("MH611") == 5


def test_a_column_with_a_meaning_of_its_own_is_not_proposed_for_another(tmp_path: Path) -> None:
    table = Table("practice_year", (ID, YEAR), (Column("paid_date", K.DATE), Column("paid_amount", K.MONEY, 2)))
    (found,) = faults(Schema("practice", (table,)), write(tmp_path, practice_year="practice_id,year,paid_amount\n"))
    assert found.code == "MH611"
    assert found.help == ('add the column, or say in the binding which column holds it: `paid_date = "…"`',)


def test_a_table_of_its_own_is_not_proposed_for_another(tmp_path: Path) -> None:
    (found,) = faults(FULL, write(tmp_path, practice="practice_id,joined,manager\n", practice_year=HEADER))
    assert found.help[0] == "the file would be `practice_dated.csv`: write it, or name other files in a binding"
