"""Every fault of a cell: code, place, value and help."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.cases import DATED, FULL, HEADER, MONTHLY, ONE, ROSTER, ROW, faults, paid_faults, read, seen, write

FILE = "practice_year.csv"

ONE_ROW = [
    ("p1,2012,ten,,small", "MH620", "paid", "ten", "expected an amount such as `1234.50`, got `ten`"),
    ("p1,2012,1e5,,small", "MH620", "paid", "1e5", "expected an amount such as `1234.50`, got `1e5`"),
    ("p1,2012,nan,,small", "MH620", "paid", "nan", "expected an amount such as `1234.50`, got `nan`"),
    ("p1,2012,١٢,,small", "MH620", "paid", "١٢", "expected an amount such as `1234.50`, got `١٢`"),
    ("p1,2012,.5,,small", "MH620", "paid", ".5", "expected an amount such as `1234.50`, got `.5`"),
    (
        "p1,2012,1.005,,small",
        "MH621",
        "paid",
        "1.005",
        "`1.005` has too many digits: the column holds at most 2 decimal places",
    ),
    (
        "p1,2012.5,1,,small",
        "MH621",
        "year",
        "2012.5",
        "`2012.5` has too many digits: the column holds no decimal places",
    ),
    (
        "p1,2012,1000000000000.01,,small",
        "MH622",
        "paid",
        "1000000000000.01",
        "`1000000000000.01` is out of bounds: expected -1000000000000 to 1000000000000",
    ),
    ("p1,2012,1,91.7,small", "MH622", "score", "91.7", "`91.7` is out of bounds: expected 0 to 1"),
    ("p1,2012,1,-0.1,small", "MH622", "score", "-0.1", "`-0.1` is out of bounds: expected 0 to 1"),
    ("p1,2012,1,,smal", "MH623", "tier", "smal", "unknown code `smal`"),
    ("p1,2012,1,,Small", "MH623", "tier", "Small", "unknown code `Small`"),
    (
        "p1,2012,,,small",
        "MH624",
        "paid",
        "",
        "cell is empty, and the program does not allow this column to be missing",
    ),
    (",2012,1,,small", "MH624", "practice_id", "", None),
    ("p1 ,2012,1,,small", "MH625", "practice_id", "p1 ", "value `p1 ` has blanks around it"),
    ("p1,2012, 1,,small", "MH625", "paid", " 1", "value ` 1` has blanks around it"),
    ("p1,2012,1,  ,small", "MH625", "score", "  ", "cell holds only blanks"),
    (
        'p1,2012,"$1,234.50",,small',
        "MH627",
        "paid",
        "$1,234.50",
        "number `$1,234.50` is written with separators or signs",
    ),
    ("p1,2012,+5,,small", "MH627", "paid", "+5", "number `+5` is written with separators or signs"),
    ("p1,2012,5.,,small", "MH627", "paid", "5.", "number `5.` is written with separators or signs"),
    ("p1,2012,1,91.7%,small", "MH627", "score", "91.7%", "number `91.7%` is written with separators or signs"),
    ('"p\t1",2012,1,,small', "MH628", "practice_id", "p\t1", "text `p\\t1` holds a control character"),
    ("p\u202e1,2012,1,,small", "MH628", "practice_id", "p\u202e1", "text `p\\u202e1` holds a control character"),
]


@pytest.mark.parametrize(("row", "code", "column", "value", "message"), ONE_ROW)
def test_a_cell_is_refused_at_its_place(
    tmp_path: Path, row: str, code: str, column: str, value: str, message: str | None
) -> None:
    found = paid_faults(tmp_path, row)
    assert seen(found) == [(code, FILE, 2, column, value)]
    assert message is None or found[0].message == message


def test_a_number_of_very_many_digits_is_too_large(tmp_path: Path) -> None:
    found = paid_faults(tmp_path, f"p1,2012,{'9' * 10_000},0.{'1' * 10_000},small")
    assert [(d.code, d.message) for d in found] == [
        ("MH621", f"`0.{'1' * 58}…` has too many digits: the column holds at most 6 decimal places"),
        ("MH622", f"number `{'9' * 60}…` is too large: it has 10,000 digits before the decimal point"),
    ]
    assert found[1].help == ("write a number from -1000000000000 to 1000000000000",)


def test_help_says_what_to_write_in_the_binding(tmp_path: Path) -> None:
    found = paid_faults(tmp_path, "p1,2012,1.005,91.7,smal")
    helps = {d.code: d.help for d in found}
    assert helps["MH621"] == ('correct the value, or say in the binding `paid = { extra_digits = "round half even" }`',)
    assert '`score = { as = "percent" }`' in helps["MH622"][0]
    assert helps["MH623"] == ("did you mean `small`?",)


def test_no_near_code_lists_the_codes(tmp_path: Path) -> None:
    assert paid_faults(tmp_path, "p1,2012,1,,medium?!")[0].help == ("expected one of `small`, `large`",)


def test_dates_months_and_yes_no(tmp_path: Path) -> None:
    found = faults(ROSTER, write(tmp_path, practice="practice_id,joined,manager\np1,2012-02-30,Y\np2,1/2/2012,true\n"))
    assert seen(found) == [
        ("MH620", "practice.csv", 2, "joined", "2012-02-30"),
        ("MH620", "practice.csv", 2, "manager", "Y"),
        ("MH620", "practice.csv", 3, "joined", "1/2/2012"),
        ("MH620", "practice.csv", 3, "manager", "true"),
    ]
    assert found[0].message == "expected a date written `YYYY-MM-DD`, got `2012-02-30`"
    assert found[0].help == ('say in the binding how it is written: `joined = { date = "%m/%d/%Y" }`',)
    assert found[1].message == "expected `yes` or `no`, got `Y`"
    months = write(tmp_path, practice_month="practice_id,year_month,visits\np1,201213,1\np1,2012-01,2\n")
    assert [s[2:] for s in seen(faults(MONTHLY, months)) if s[0] == "MH620"] == [
        (2, "year_month", "201213"),
        (3, "year_month", "2012-01"),
    ]


def test_all_faults_of_all_tables_in_one_run(tmp_path: Path) -> None:
    write(
        tmp_path,
        practice="practice_id,joined,manager\np1,2012-01-01,yes\np1,,maybe\n",
        practice_dated="practice_id,from,to,level\np1,2012-01-01,2011-01-01,7\n",
        practice_year=HEADER + "p1,x,1.001,,huge\n",
    )
    assert sorted({code for code, *_ in seen(faults(FULL, tmp_path))}) == [
        "MH620", "MH621", "MH622", "MH623", "MH624", "MH630", "MH632",
    ]  # fmt: skip


def test_lines_are_right_after_quoted_line_breaks(tmp_path: Path) -> None:
    text = (
        HEADER.replace("\n", ",note\n")
        + 'p1,2012,1,,small,"two\nlines"\np2,2012,x,,small,"\n\n\n"\np3,2012,y,,small,\n'
    )
    found = [s for s in seen(faults(ONE, write(tmp_path, practice_year=text))) if s[0] == "MH620"]
    assert found == [("MH620", FILE, 4, "paid", "x"), ("MH620", FILE, 8, "paid", "y")]


def test_a_fault_is_reported_a_hundred_times_and_then_counted(tmp_path: Path) -> None:
    rows = "".join(f"p{i},2012,x{i},,small\n" for i in range(130))
    found = faults(ONE, write(tmp_path, practice_year=HEADER + rows))
    assert [s[2] for s in seen(found) if s[1]] == list(range(2, 102))
    assert found[0].message == "the same fault stands 30 more times in column `paid` of table `practice_year`"
    assert len(found) == 101


def test_exact_values(tmp_path: Path) -> None:
    rows = "007,2012,450902466.00,0.0000010000,small\n7,2012.0,-0.05,,large\nZoe\u0308,2012,000.5,1,small\n"
    data = read(ONE, write(tmp_path, practice_year=HEADER + rows))
    assert data.rows("practice_year") == [
        ("007", 2012, 45090246600, 1, "small"),
        ("7", 2012, -5, None, "large"),
        ("Zoë", 2012, 50, 10**6, "small"),
    ]
    assert data.warnings == ()


def test_ids_are_sorted_by_their_bytes(tmp_path: Path) -> None:
    ids = ["\U0001f600", "\uffee", "a", "B", "é", "10", "9"]
    text = HEADER + "".join(f"{i},2012,1,,small\n" for i in ids)
    rows = read(ONE, write(tmp_path, practice_year=text)).rows("practice_year")
    assert [row[0] for row in rows] == sorted(ids, key=lambda i: i.encode())


def test_open_span_and_empty_to(tmp_path: Path) -> None:
    text = "practice_id,from,to,level\np1,2012-01-01,2012-06-30,1\np1,2012-07-01,,3\n"
    rows = read(DATED, write(tmp_path, practice_dated=text)).rows("practice_dated")
    assert [(str(r[1]), r[2] and str(r[2]), r[3]) for r in rows] == [
        ("2012-01-01", "2012-06-30", 1),
        ("2012-07-01", None, 3),
    ]


def test_a_row_that_follows_the_cap_rule_is_plain(tmp_path: Path) -> None:
    assert read(ONE, write(tmp_path, practice_year=HEADER + ROW)).rows("practice_year") == [
        ("p1", 2012, 123450, 917000, "small")
    ]
