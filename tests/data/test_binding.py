"""`binding.toml`: what it can say, and every way to get it wrong, with the place underlined."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mhrules.data.binding import Binding, parse_binding, read_binding
from mhrules.diagnostics.model import Diagnostic, DiagnosticError, Severity
from tests.data.cases import HEADER, MONTHLY, ONE, ROSTER, ROW, bound, faults, read, seen, write

TABLE = "[tables.practice_year]\n"
COLUMNS = "[tables.practice_year.columns]\n"


def wrong(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(DiagnosticError) as caught:
        parse_binding(text)
    return caught.value.diagnostics


BAD = [
    ('binding = 1\nflies = "x"\n', "MH641", "flies", "unknown key `flies` in the binding"),
    (f'binding = 1\n{TABLE}file = "x"\n', "MH641", "file", "unknown key `file` in the binding"),
    (f'binding = 1\n{COLUMNS}paid = {{ form = "x" }}\n', "MH641", "form", "unknown key `form` in the binding"),
    ("binding = 2\n", "MH642", "binding", "`binding` must be `1`"),
    ("binding = true\n", "MH642", "binding", "`binding` must be `1`"),
    ("binding = 1\ntables = 5\n", "MH642", "tables", "`tables` must be a table, such as `[tables.name]`"),
    (f"binding = 1\n{TABLE}files = 5\n", "MH642", "files", "`files` must be a text or a list of texts in quotes"),
    (
        f'binding = 1\n{TABLE}files = "../x.csv"\n',
        "MH642",
        "files",
        '`files` must be file names under the data folder, such as `"mssp_*.csv"`',
    ),
    (
        f'binding = 1\n{TABLE}files = "/etc/x.csv"\n',
        "MH642",
        "files",
        '`files` must be file names under the data folder, such as `"mssp_*.csv"`',
    ),
    (f'binding = 1\n{TABLE}files = "a"\ntable = "b"\n', "MH642", "table", "`files` and `table` cannot stand together"),
    (
        f'binding = 1\n{COLUMNS}score = {{ as = "percentage" }}\n',
        "MH642",
        "as",
        '`as` must be one of `"fraction"`, `"percent"`',
    ),
    (f'binding = 1\n{COLUMNS}m = {{ yes = "1" }}\n', "MH642", "m", "`yes` and `no` must stand together"),
    (f'binding = 1\n{COLUMNS}m = {{ yes = "1", no = "1" }}\n', "MH642", "m", "`1` means both yes and no"),
    (
        f'binding = 1\n{COLUMNS}paid = {{ from = "a", constant = "1" }}\n',
        "MH642",
        "paid",
        "`from`, `constant`, `absent` and `row_number` cannot stand together",
    ),
    (
        f'binding = 1\n{COLUMNS}d = {{ date = "%m/%d/%y" }}\n',
        "MH642",
        "date",
        '`date` must be a pattern with `%Y` and `%m` (and `%d`) once each, such as `"%m/%d/%Y"`',
    ),
    (f'binding = 1\n{TABLE}trim = "yes"\n', "MH642", "trim", "`trim` must be `true` or `false`"),
    (f'binding = 1\n{TABLE}delimiter = "x"\n', "MH642", "delimiter", None),
    (f"binding = 1\n{TABLE}where = 3\n", "MH642", "where", None),
    (f"binding = 1\n{COLUMNS}tier = {{ codes = [1] }}\n", "MH642", "codes", None),
    (f"binding = 1\n{COLUMNS}paid = 7\n", "MH642", "paid", None),
    ("tables = {}\n", "MH642", "tables = {}", "binding does not say its edition"),
]


@pytest.mark.parametrize(("text", "code", "underlined", "message"), BAD)
def test_mistakes(text: str, code: str, underlined: str, message: str | None) -> None:
    found = wrong(text)
    assert [d.code for d in found] == [code]
    assert found[0].span is not None and found[0].span.text == underlined
    assert message is None or found[0].message == message


def test_several_mistakes_in_one_run() -> None:
    assert [d.code for d in wrong(f'binding = 3\n{TABLE}file = "x"\ntrim = 1\n')] == ["MH642", "MH641", "MH642"]


def test_did_you_mean() -> None:
    assert wrong(f'binding = 1\n{TABLE}file = "x"\n')[0].help == ("did you mean `files`?",)


@pytest.mark.parametrize(
    ("text", "line"),
    [("binding = 1\n[tables\n", 2), ("a = 1\na = 2\n", 2), ("x = [" * 5000, None), ("a = 1e99999", None)],
)
def test_not_toml(text: str, line: int | None) -> None:
    found = wrong(text)
    assert found[0].code in ("MH640", "MH641", "MH642")
    assert line is None or (found[0].span is not None and found[0].span.line == line)


def test_unreadable_files(tmp_path: Path) -> None:
    for name, content in (("none.toml", None), ("latin.toml", b"a = '\xed'")):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(DiagnosticError) as caught:
            read_binding(tmp_path / name)
        assert caught.value.diagnostics[0].code == "MH640"


def test_names_that_the_program_does_not_have(tmp_path: Path) -> None:
    text = '[tables.practice_yaer]\n[tables.practice_year.columns]\npayd = "x"\ntier = { codes = { S = "smal" } }\n'
    found = faults(ONE, tmp_path, text)
    assert [(d.code, d.message, d.span.text, d.help[0]) for d in found if d.span] == [
        ("MH643", "program reads no table `practice_yaer`", "tables.practice_yaer", "did you mean `practice_year`?"),
        ("MH643", "table `practice_year` has no column `payd`", "payd", "did you mean `paid`?"),
        ("MH643", "column `tier` has no code `smal`", "tier", "did you mean `small`?"),
    ]


@pytest.mark.parametrize(
    "entry",
    [
        'paid = { codes = { a = "b" } }',
        'paid = { yes = "1", no = "0" }',
        'paid = { as = "percent" }',
        'paid = { date = "%Y-%m-%d" }',
        'tier = { written = "accounting" }',
        'tier = { extra_digits = "round down" }',
        "paid = { absent = true }",
        'paid = { constant = "much" }',
        'tier = { constant = "smal" }',
    ],
)
def test_rules_that_do_not_fit(tmp_path: Path, entry: str) -> None:
    found = faults(ONE, tmp_path, COLUMNS + entry)
    assert [(d.code, d.span.text) for d in found if d.span] == [("MH644", entry.partition(" ")[0])]


def test_a_date_needs_its_day(tmp_path: Path) -> None:
    found = faults(ROSTER, tmp_path, '[tables.practice.columns]\njoined = { date = "%m/%Y" }')
    assert found[0].message == "`date` of column `joined` must hold the day, `%d`"


def test_everything_at_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        x2012="id;amount;pct;Tier;kind;extra\n"
        ' p1 ;"$1,234.505";91.7%;S;keep;1\np2;($5.00);*;L;drop;2\np3;(5);n/a;L;keep;3\n',
        x2013="extra;kind;Tier;pct;amount;id\n1;keep;S;.;-;p1\n",
    )
    text = """
trim = true
ignore_files = "y*.csv"
[tables.practice_year]
files = "x20[0-9][0-9].csv"
delimiter = ";"
where = { kind = ["keep", "also"] }
ignore = ["extra"]
missing = ["*", "n/a", "."]
[tables.practice_year.columns]
practice_id = "id"
year = { constant = 2012 }
paid = { from = "amount", written = "accounting", extra_digits = "round half even" }
score = { from = "pct", as = "percent" }
tier = { from = "Tier", codes = { S = "small", L = "large" } }
"""
    found = [s for s in seen(faults(ONE, tmp_path, text)) if s[0] != "MH629"]
    assert found == [("MH620", "x2013.csv", 2, "amount", "-"), ("MH630", "x2013.csv", 2, "year", "2012")]
    (tmp_path / "x2013.csv").unlink()
    data = read(ONE, tmp_path, text)
    assert data.rows("practice_year") == [
        ("p1", 2012, 123450, 917000, "small"),
        ("p3", 2012, -500, None, "large"),
    ]
    assert [(d.code, d.severity, d.message) for d in data.warnings] == [
        ("MH629", Severity.NOTE, "1 cell was rounded half even to 2 places, as the binding says")
    ]
    assert seen(data.warnings) == [("MH629", "x2012.csv", 2, "amount", None)]


def test_dates_and_months(tmp_path: Path) -> None:
    write(
        tmp_path,
        practice="practice_id,joined,manager\np1,2/29/2012,1\n",
        practice_month="practice_id,year_month,visits\np1,2012-03,1\n",
    )
    columns = '[tables.practice.columns]\njoined = { date = "%m/%d/%Y" }\nmanager = { yes = ["1", "T"], no = "0" }'
    assert read(ROSTER, tmp_path, columns).rows("practice") == [("p1", date(2012, 2, 29), True)]
    months = read(MONTHLY, tmp_path, '[tables.practice_month.columns]\nyear_month = { date = "%Y-%m" }')
    assert months.rows("practice_month") == [("p1", date(2012, 3, 1), 10**6)]


def test_constants_are_written_as_the_model_writes_them(tmp_path: Path) -> None:
    write(tmp_path, practice="practice_id\np1\n")
    text = "[tables.practice.columns]\njoined = { constant = 2012-01-01 }\nmanager = { constant = true }"
    assert read(ROSTER, tmp_path, text).rows("practice") == [("p1", date(2012, 1, 1), True)]


def test_one_file_feeds_several_tables(tmp_path: Path) -> None:
    from tests.data.cases import FULL

    write(tmp_path, all="practice_id,joined,manager,from,to,level,year,paid,score,tier,note\n"
          "p1,2012-01-01,yes,2012-01-01,,1,2012,1,,small,x\n")  # fmt: skip
    text = "".join(f'[tables.{t}]\nfiles = "all.csv"\n' for t in ("practice", "practice_dated", "practice_year"))
    data = read(FULL, tmp_path, text)
    assert [(i.name, i.rows) for i in data.inputs] == [("all.csv", 1)]
    assert [s[3] for s in seen(data.warnings)] == ["note"]


def test_a_table_that_the_binding_leaves_out_is_read_by_its_name(tmp_path: Path) -> None:
    assert len(read(ONE, write(tmp_path, practice_year=HEADER + ROW), "").rows("practice_year")) == 1


def test_where_names_a_column_that_is_not_there(tmp_path: Path) -> None:
    write(tmp_path, practice_year=HEADER + ROW)
    found = faults(ONE, tmp_path, '[tables.practice_year]\nwhere = { kind = "x" }')
    assert seen(found) == [("MH611", "practice_year.csv", 1, "kind", None)]


def test_pattern_without_files(tmp_path: Path) -> None:
    from attrs import evolve

    write(tmp_path, mssp_2014="x\n")
    text = '[tables.practice_year]\nfiles = "msp_*.csv"'
    found = faults(ONE, tmp_path, text)
    assert [(d.code, d.help[0]) for d in found if d.span] == [("MH602", "the folder has `mssp_2014.csv`")]
    free = evolve(ONE, tables=(evolve(ONE.tables[0], required=False),))
    assert "MH645" in {d.code for d in read(free, tmp_path, text).warnings}


def test_the_shape_of_a_binding() -> None:
    binding = bound('[tables.practice_year]\nfiles = "x.csv"')
    assert isinstance(binding, Binding)
    assert binding.tables["practice_year"].files == ("x.csv",)
