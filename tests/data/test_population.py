"""Members and what happens to them: defaults, keys, spans, entries, unknown people, members or counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from mhrules.data.cells import CellRule, default_of, parse
from mhrules.data.dataset import Dataset
from mhrules.data.population import CATALOG
from mhrules.data.rules import layout
from mhrules.data.schema import Column, ColumnKind, Schema
from mhrules.diagnostics.model import Diagnostic, DiagnosticError
from tests.data.cases import seen
from tests.data.people import CLAIM, ELIGIBILITY, MONTHS, PANEL, PANEL_KEYS, PAYERS, read, schema

K = ColumnKind


def faults(of: Schema, folder: Path, allow: tuple[str, ...] = (), **files: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(DiagnosticError) as caught:
        read(of, folder, allow=allow, **files)
    return caught.value.diagnostics


def as_given(files: Mapping[str, str]) -> dict[str, list[dict[str, str]]]:
    """The same rows as a program would give them."""
    rows = {}
    for name, text in files.items():
        header, *lines = text.split(";")
        rows[name] = [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]
    return rows


def both_ways(of: Schema, folder: Path, **files: str) -> list[tuple[str, str, str | None]]:
    """Code, table and sentence of what files lack, which rows that a program gives lack as well."""
    found = faults(of, folder, **files)
    with pytest.raises(DiagnosticError) as caught:
        Dataset.from_rows(of, as_given(files))
    told = [(d.code, d.message, d.place.line - 1 if d.place and d.place.line else None) for d in found]
    assert sorted(told, key=str) == sorted(
        ((d.code, d.message, d.place.line if d.place else None) for d in caught.value.diagnostics), key=str
    )
    return [(d.code, d.place.file.removesuffix(".csv") if d.place else "", d.message) for d in found]


# --------------------------------------------------------------------------------------------- defaults


def test_an_empty_cell_and_a_column_that_is_left_out_mean_the_default(tmp_path: Path) -> None:
    of = schema("eligibility", "medical_claim")
    data = read(
        of,
        tmp_path,
        eligibility=f"{ELIGIBILITY},payer_order;a,aetna,2012-01-01,,;b,aetna,2012-01-01,,2",
        medical_claim="claim_id,claim_line_number,person_id,payer,claim_start_date;c,1,a,aetna,2012-01-05",
    )
    names = [column.name for column in data.columns("eligibility")]
    rows = [dict(zip(names, row, strict=True)) for row in data.rows("eligibility")]
    assert [(row["plan"], row["payer_order"], row["dual"]) for row in rows] == [("", 1, None), ("", 2, None)]
    assert data.rows("medical_claim")[0][:3] == ("c", 1, 1)
    assert data.warnings == ()


def test_given_rows_have_defaults_too() -> None:
    row = {"person_id": "a", "payer": "aetna", "enrollment_start_date": date(2012, 1, 1), "plan": None}
    data = Dataset.from_rows(schema("eligibility"), {"eligibility": [row]})
    assert data.rows("eligibility")[0][2] == "" and data.rows("eligibility")[0][5] == 1
    assert data.connection().execute("SELECT plan, payer_order FROM eligibility").fetchall() == [("", 1)]


def test_a_word_that_means_missing_means_the_default() -> None:
    column = Column("order", K.INTEGER, default="1")
    assert parse(CellRule(column, "order", missing=frozenset({"NA"})), "NA") == 1
    assert default_of(Column("name", K.TEXT, default="")) == ""
    with pytest.raises(ValueError, match="default of column `order`"):
        default_of(evolve(column, default="one"))


def test_every_default_of_the_catalog_is_a_value_of_its_column() -> None:
    columns = [column for table in CATALOG for column in layout(table) if column.default is not None]
    assert [default_of(column) for column in columns] == ["", 1, 1, 1, "payer roster"]


def test_a_column_that_the_text_asks_for_is_required(tmp_path: Path) -> None:
    files = {"eligibility": f"{ELIGIBILITY};a,aetna,2012-01-01,"}
    assert read(schema("eligibility"), tmp_path, **files).present("eligibility")
    found = faults(schema("eligibility.dual"), tmp_path, **files)
    assert seen(found) == [("MH611", "eligibility.csv", 1, "dual", None)]


def test_tables_without_facts(tmp_path: Path) -> None:
    data = read(
        schema("payer_roster"),
        tmp_path,
        payer_roster="payer,as_of_date,person_id,practice_id;aetna,2012-01-01,a,p1;aetna,2012-01-01,a,p2",
    )
    assert data.rows("payer_roster")[0] == ("aetna", "payer roster", date(2012, 1, 1), "a", "p1")


# ------------------------------------------------------------------------------------- faults of rows


def test_overlapping_enrollment(tmp_path: Path) -> None:
    rows = "a,aetna,2012-01-01,2012-06-30;a,aetna,2012-06-30,;a,molina,2012-01-01,;b,aetna,2012-01-01,2012-02-01"
    found = both_ways(schema("eligibility"), tmp_path, eligibility=f"{ELIGIBILITY};{rows}")
    of = "person_id `a`, payer `aetna`, plan ``"
    assert found == [("MH631", "eligibility", f"span from 2012-06-30 without end of {of} overlaps another")]


def test_touching_spans_and_other_plans_do_not_overlap(tmp_path: Path) -> None:
    rows = "a,aetna,2012-01-01,2012-06-30,x;a,aetna,2012-07-01,,x;a,aetna,2012-01-01,,y"
    assert read(schema("eligibility"), tmp_path, eligibility=f"{ELIGIBILITY},plan;{rows}").warnings == ()


def test_two_spans_from_one_day_are_one_key_twice(tmp_path: Path) -> None:
    rows = "a,aetna,2012-01-01,2012-06-30;a,aetna,2012-01-01,"
    assert [f[0] for f in both_ways(schema("eligibility"), tmp_path, eligibility=f"{ELIGIBILITY};{rows}")] == ["MH630"]


@pytest.mark.parametrize(
    ("table", "text", "message"),
    [
        ("member", "person_id,birth_date,death_date;a,2012-02-01,2012-01-31", "`birth_date` 2012-02-01 is after"),
        ("eligibility", f"{ELIGIBILITY};a,aetna,2012-02-01,2012-01-31", "`enrollment_start_date` 2012-02-01 is after"),
        (
            "condition",
            "person_id,normalized_code,recorded_date,resolved_date;a,x,2012-02-01,2012-01-31",
            "`recorded_date` 2012-02-01 is after",
        ),
        ("medical_claim", f"{CLAIM},paid_date;c,1,1,a,aetna,2012-02-01,2012-01-31", "`claim_start_date` 2012-02-01 is"),
    ],
)
def test_dates_out_of_order(tmp_path: Path, table: str, text: str, message: str) -> None:
    found = both_ways(schema(table), tmp_path, **{table: text})
    assert [f[:2] for f in found] == [("MH632", table)] and found[0][2].startswith(message)


def test_entries_of_a_claim_line_are_of_one_person_and_payer(tmp_path: Path) -> None:
    rows = "c,1,2,b,aetna,2012-01-01;c,1,1,a,aetna,2012-01-01;c,2,1,b,aetna,2012-01-01;c,1,3,a,molina,2012-01-01"
    assert both_ways(schema("medical_claim"), tmp_path, medical_claim=f"{CLAIM};{rows}") == [
        (
            "MH634",
            "medical_claim",
            "entry 2 of claim_id `c`, claim_line_number `1` has person_id `b`, but its first entry has `a`",
        ),
        (
            "MH634",
            "medical_claim",
            "entry 3 of claim_id `c`, claim_line_number `1` has payer `molina`, but its first entry has `aetna`",
        ),
    ]


def test_people_who_are_not_in_the_table_of_members(tmp_path: Path) -> None:
    found = both_ways(
        schema("member", "eligibility", "medical_claim", "payer_roster"),
        tmp_path,
        practice="practice_id;p1",
        member="person_id;a",
        eligibility=f"{ELIGIBILITY};a,aetna,2012-01-01,;b,aetna,2012-01-01,",
        medical_claim=f"{CLAIM};c,1,1,b,aetna,2012-01-01;d,1,1,b,aetna,2012-01-01",
        payer_roster="payer,as_of_date,person_id,practice_id;aetna,2012-01-01,c,p1",
    )
    assert found == [
        ("MH633", "eligibility", "person_id `b` is not in table `member`"),
        ("MH633", "medical_claim", "person_id `b` is not in table `member`"),
        ("MH633", "payer_roster", "person_id `c` is not in table `member`"),
    ]


def test_columns_that_name_a_participant_are_looked_up_and_billers_are_not(tmp_path: Path) -> None:
    found = both_ways(
        schema("chosen_practice", "medical_claim", "encounter", "service_area"),
        tmp_path,
        practice="practice_id;p1",
        chosen_practice="person_id,payer,from,to,practice_id;a,aetna,2012-01-01,,p2;b,aetna,2012-01-01,,p1",
        service_area="zip_code,practice_id;68504,p3",
        medical_claim=f"{CLAIM},practice_id;c,1,1,b,aetna,2012-01-01,hospital",
        encounter="encounter_id,person_id,encounter_start_date,practice_id;e,b,2012-01-01,hospital",
    )
    assert found == [
        ("MH633", "chosen_practice", "practice_id `p2` is not in table `practice`"),
        ("MH633", "service_area", "practice_id `p3` is not in table `practice`"),
    ]


def test_many_unknown_people_are_counted(tmp_path: Path) -> None:
    rows = ";".join(f"{n},aetna,2012-01-01," for n in range(150))
    found = faults(schema("member", "eligibility"), tmp_path, member="person_id;a", eligibility=f"{ELIGIBILITY};{rows}")
    assert len(found) == 101
    assert found[0].message == "the same fault stands 50 more times in column `person_id` of table `eligibility`"


def test_many_backward_spans_are_counted(tmp_path: Path) -> None:
    rows = ";".join(f"{n},aetna,2012-01-02,2012-01-01" for n in range(150))
    found = faults(schema("eligibility"), tmp_path, eligibility=f"{ELIGIBILITY};{rows}")
    assert (len(found), found[0].message[:35]) == (101, "the same fault stands 50 more times")


def test_many_duplicates_are_counted(tmp_path: Path) -> None:
    claims = ";".join(["c,1,1,a,aetna,2012-01-01"] * 152)
    found = faults(schema("medical_claim"), tmp_path, medical_claim=f"{CLAIM};{claims}")
    assert (len(found), found[0].message[:35]) == (101, "the same fault stands 51 more times")


# ------------------------------------------------------------------------------------ members or counts

COUNTED = schema("eligibility", "member", population=("eligibility", "member"), panel=PANEL)
COUNTS = "practice_id,payer,year_month,member_months;p1,aetna,201201,5"
SPAN = f"{ELIGIBILITY};a,aetna,2012-01-01,"


def test_counts_alone_and_members_alone(tmp_path: Path) -> None:
    for name, files in (
        ("counts", {"practice_payer_month": COUNTS}),
        ("members", {"eligibility": SPAN, "member": "person_id;a"}),
    ):
        (tmp_path / name).mkdir()
        data = read(COUNTED, tmp_path / name, **files)
        assert [t.name for t in COUNTED.tables if data.present(t.name)] == sorted(files)


def test_neither_members_nor_counts(tmp_path: Path) -> None:
    (found,) = faults(COUNTED, tmp_path, practice="practice_id;p1")
    assert (found.code, found.message) == (
        "MH602",
        "no member months: the data have neither table `practice_payer_month` nor table `eligibility`",
    )
    assert found.help[0].startswith("give counts by month in `practice_payer_month`, or members")


def test_an_empty_file_of_enrollment_is_the_only_fault(tmp_path: Path) -> None:
    (tmp_path / "eligibility.csv").write_bytes(b"")
    found = faults(COUNTED, tmp_path, practice="practice_id;p1", member="person_id;a")
    assert [(d.code, d.place.file if d.place else "") for d in found] == [("MH614", "eligibility.csv")]


def test_members_without_a_table_that_they_need(tmp_path: Path) -> None:
    found = faults(COUNTED, tmp_path, eligibility=SPAN)
    assert [(d.code, d.message) for d in found] == [
        ("MH602", "no data for table `member`, which data with members must have")
    ]


def test_members_and_counts(tmp_path: Path) -> None:
    found = both_ways(COUNTED, tmp_path, practice_payer_month=COUNTS, eligibility=SPAN, member="person_id;a")
    assert [f[:2] for f in found] == [("MH616", "practice_payer_month")]


def test_a_program_that_knows_no_counts_needs_members(tmp_path: Path) -> None:
    of = schema("eligibility", population=("eligibility",))
    found = faults(of, tmp_path, practice="practice_id;p1")
    assert [(d.code, d.message) for d in found] == [
        ("MH602", "no data for table `eligibility`, which the program reads")
    ]


def test_a_panel_with_other_facts_leaves_its_counts_to_the_members(tmp_path: Path) -> None:
    panel = evolve(PANEL, columns=(Column("visits", K.INTEGER), MONTHS), keys=PANEL_KEYS)
    of = schema("eligibility", population=("eligibility",), panel=panel)
    visits = "practice_id,payer,year_month,visits;p1,aetna,201201,7"
    data = read(of, tmp_path, eligibility=SPAN, practice_payer_month=visits)
    assert data.rows("practice_payer_month") == [("p1", "aetna", date(2012, 1, 1), 7, None)]
    twice = "practice_id,payer,year_month,visits,member_months;p1,aetna,201201,7,5"
    found = faults(of, tmp_path, eligibility=SPAN, practice_payer_month=twice)
    assert seen(found) == [("MH616", "practice_payer_month.csv", None, "member_months", None)]


# ------------------------------------------------------------------------------------------- allowance


def test_what_may_not_be_allowed(tmp_path: Path) -> None:
    (found,) = faults(schema("member"), tmp_path, allow=("MH601", "MH631"), member="person_id;a")
    assert (found.code, found.message) == ("MH646", "finding `MH601` may not be allowed")
    assert found.help == ("only these may: `MH630`, `MH631`, `MH632`, `MH633`",)


def test_overlapping_spans_are_merged_if_allowed(tmp_path: Path) -> None:
    rows = (
        "a,aetna,2012-01-01,2012-06-30,yes;a,aetna,2012-03-01,2012-04-30,yes;a,aetna,2012-06-30,2012-09-30,yes;"
        "a,aetna,2012-10-01,,yes;b,aetna,2012-01-01,2012-02-01,;b,aetna,2012-01-01,,"
    )
    files = {"eligibility": f"{ELIGIBILITY},dual;{rows}"}
    data = read(schema("eligibility"), tmp_path, allow=("MH631",), **files)
    assert [(row[0], str(row[3]), str(row[4])) for row in data.rows("eligibility")] == [
        ("a", "2012-01-01", "2012-09-30"),
        ("a", "2012-10-01", "None"),
        ("b", "2012-01-01", "None"),
    ]
    assert data.allowed == {"MH631": 3}
    assert [(w.code, w.severity.value, w.message) for w in data.warnings] == [
        ("MH631", "warning", "3 rows of table `eligibility` were merged with the spans that they overlap")
    ]
    assert seen(data.warnings) == [("MH631", "eligibility.csv", 3, "enrollment_start_date", None)]


def test_overlapping_spans_that_differ_stay_an_error(tmp_path: Path) -> None:
    rows = "a,aetna,2012-01-01,2012-06-30,yes;a,aetna,2012-03-01,2012-04-30,no"
    found = faults(schema("eligibility"), tmp_path, ("MH631",), eligibility=f"{ELIGIBILITY},dual;{rows}")
    assert [(d.code, d.severity.value) for d in found] == [("MH631", "error")]


def test_rows_that_are_the_same_are_read_once_if_allowed(tmp_path: Path) -> None:
    same = "c,1,1,a,aetna,2012-01-01"
    text = f"{CLAIM};{same};{same};{same};d,1,1,a,aetna,2012-01-01"
    data = read(schema("medical_claim"), tmp_path, allow=("MH630",), medical_claim=text)
    assert [row[0] for row in data.rows("medical_claim")] == ["c", "d"] and data.allowed == {"MH630": 2}
    found = faults(schema("medical_claim"), tmp_path, ("MH630",), medical_claim=f"{text};d,1,1,a,aetna,2012-01-02")
    assert [(d.code, d.severity.value) for d in found] == [("MH630", "warning"), ("MH630", "error")]


def test_backward_rows_and_unknown_people_are_left_out_if_allowed(tmp_path: Path) -> None:
    data = read(
        schema("member", "eligibility"),
        tmp_path,
        allow=("MH632", "MH633"),
        member="person_id,birth_date,death_date;a,2000-01-01,;b,2012-01-01,2000-01-01",
        eligibility=f"{ELIGIBILITY};a,aetna,2012-02-01,2012-01-01;a,molina,2012-01-01,;b,molina,2012-01-01,",
    )
    assert [row[0] for row in data.rows("member")] == ["a"]
    assert [row[:2] for row in data.rows("eligibility")] == [("a", "molina")]
    assert data.allowed == {"MH632": 2, "MH633": 1}
    assert [w.message for w in data.warnings] == [
        "1 row of table `eligibility` was left out: its dates are out of order",
        "1 row of table `eligibility` was left out: it names what no table has",
        "1 row of table `member` was left out: its dates are out of order",
    ]


def test_a_claim_line_is_never_left_out_by_half(tmp_path: Path) -> None:
    of, allow = schema("member", "medical_claim"), ("MH632", "MH633")
    member = "person_id;a"
    differing = f"{CLAIM};c,1,1,nobody,aetna,2012-01-01;c,1,2,a,aetna,2012-01-01;d,1,1,a,aetna,2012-01-01"
    found = faults(of, tmp_path, allow, member=member, medical_claim=differing)
    assert [(d.code, d.severity.value) for d in found] == [("MH633", "warning"), ("MH634", "error")]
    lines = "c,1,1,a,aetna,2012-02-01,2012-01-31;c,1,2,a,aetna,2012-02-01,2012-03-01;c,2,1,a,aetna,2012-02-01,"
    data = read(of, tmp_path, allow=allow, member=member, medical_claim=f"{CLAIM},paid_date;{lines}")
    assert [row[:3] for row in data.rows("medical_claim")] == [("c", 2, 1)]
    assert data.allowed == {"MH632": 2, "MH633": 0}


def test_an_allowed_code_that_nothing_needs_is_counted_as_zero(tmp_path: Path) -> None:
    data = read(schema("member"), tmp_path, allow=("MH633", "MH630"), member="person_id;a")
    assert (data.allowed, data.warnings) == ({"MH630": 0, "MH633": 0}, ())


def test_spans_of_dated_facts_are_merged_too(tmp_path: Path) -> None:
    from tests.data.cases import DATED

    text = "practice_id,from,to,level;p1,2012-01-01,2012-12-31,1;p1,2012-06-01,2013-12-31,1;p1,2014-01-01,,2"
    data = read(DATED, tmp_path, allow=("MH631",), practice_dated=text)
    assert data.rows("practice_dated") == [
        ("p1", date(2012, 1, 1), date(2013, 12, 31), 1),
        ("p1", date(2014, 1, 1), None, 2),
    ]


DAY = st.dates(date(2012, 1, 1), date(2012, 1, 20))
ENROLLED = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(PAYERS), DAY, st.none() | DAY), max_size=8)


def covered(rows: Iterable[tuple[object, ...]]) -> dict[tuple[object, object], set[int]]:
    """The days of January on which each person is enrolled with each payer."""
    days: dict[tuple[object, object], set[int]] = {}
    for person, payer, first, last in rows:
        assert isinstance(first, date)
        until = last.day if isinstance(last, date) else 31
        days.setdefault((person, payer), set()).update(range(first.day, until + 1))
    return days


@given(ENROLLED, st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_merging_spans_changes_no_day(spans: list[tuple[str, str, date, date | None]], random: Random) -> None:
    good = [span for span in spans if span[3] is None or span[2] <= span[3]]
    found = []
    for _ in range(2):
        random.shuffle(good)
        lines = [f"{who},{payer},{first},{last or ''}" for who, payer, first, last in good]
        with TemporaryDirectory() as folder:
            data = read(
                schema("eligibility"), Path(folder), allow=("MH631",), eligibility=";".join([ELIGIBILITY, *lines])
            )
        rows = [(row[0], row[1], row[3], row[4]) for row in data.rows("eligibility")]
        assert covered(rows) == covered(good)
        assert sum(map(len, covered(rows).values())) == sum(
            len(days) for row in rows for days in covered([row]).values()
        )
        assert len(rows) + data.allowed["MH631"] == len(good)
        found.append(rows)
    assert found[0] == found[1]


@given(ENROLLED)
@settings(max_examples=40)
def test_files_and_given_rows_have_the_same_faults(spans: list[tuple[str, str, date, date | None]]) -> None:
    lines = [f"{who},{payer},{first},{last or ''}" for who, payer, first, last in spans]
    files = {"eligibility": ";".join([ELIGIBILITY, *lines]), "member": "person_id;a"}
    of = schema("eligibility", "member")
    told: list[list[object]] = []
    with TemporaryDirectory() as folder:
        for load in (lambda: read(of, Path(folder), **files), lambda: Dataset.from_rows(of, as_given(files))):
            try:
                told.append([load().rows("eligibility")])
            except DiagnosticError as error:
                told.append(sorted((d.code, d.message) for d in error.diagnostics))
    assert told[0] == told[1]
