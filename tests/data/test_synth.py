"""Invented populations: the same for the same seed, sound for the loader, and with all that makes rules decide."""

from __future__ import annotations

import csv
import datetime
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from attrs import evolve

from mhrules.data.load import load
from mhrules.data.population import CATALOG, Need, population_tables
from mhrules.data.schema import Column, ColumnKind, Schema, Table, panel_of
from mhrules.data.synth.hints import Hints, MeasureHint, PayerHint
from mhrules.data.synth.population import write_population
from mhrules.data.synth.setting import Request
from mhrules.syntax.tree import Period

K = ColumnKind
PAYERS = ("blue", "green", "red")
NEEDS = frozenset(Need(table.name, column.name) for table in CATALOG for column in (*table.keys, *table.columns))
FIRST = 2012 * 12


def key(name: str, kind: ColumnKind = K.TEXT, **further: Any) -> Column:
    return Column(name, kind, **further)


def fact_tables(roster: str) -> tuple[Table, ...]:
    own, payer, year = key(f"{roster}_id"), key("payer", K.CODE, codes=PAYERS), key("year", K.INTEGER)
    day = {"optional": True, "may_be_left_out": True}
    return (
        Table(
            roster,
            (own,),
            (
                key("joined", K.DATE),
                key("region"),
                key("effective_from", K.DATE, **day),
                key("effective_to", K.DATE, **day),
            ),
        ),
        Table(f"{roster}_dated", (own,), (key("level", K.INTEGER, low=0, high=3),), dated=True),
        Table(
            f"{roster}_payer_year",
            (own, payer, year),
            (
                key("paid", K.MONEY, places=2),
                key("score", K.PERCENT, places=6, low=0, high=10**6, optional=True),
                key("tier", K.CODE, codes=("small", "large")),
                key("met", K.YES_NO),
                key("price", K.MONEY, places=2, low=100, high=10**12),
            ),
        ),
        Table("event_care_plan", (key("event_id"),), (key("person_id"), key("event_date", K.DATE), key("note"))),
    )


def members_schema(roster: str = "practice") -> Schema:
    """Every table of the catalog with every column, and facts."""
    tables = {**population_tables(NEEDS, PAYERS, roster, roster), **{t.name: t for t in fact_tables(roster)}}
    return Schema(roster, tuple(tables[name] for name in sorted(tables)), population=("eligibility", "member"))


def counts_schema() -> Schema:
    """A program that counts members and reads no people."""
    months = Table(
        panel_of("practice"),
        (key("practice_id"), key("payer", K.CODE, codes=PAYERS), key("year_month", K.MONTH)),
        (key("member_months", K.NUMBER, places=6, low=0, high=10**15),),
    )
    own = Table("region_year", (key("region"), key("year", K.INTEGER)), (key("share", K.PERCENT, places=9),))
    tables = (*fact_tables("practice")[:3], months, own)
    return Schema("practice", tuple(sorted(tables, key=lambda table: table.name)))


HINTS = Hints(
    payers=(PayerHint("blue", ("commercial", "medicare")), PayerHint("green", ("medicaid",)), PayerHint("red")),
    lookback=12,
    lists=("payer roster", "second list"),
    words={"service": ("wellness", "emergency"), "code": ("99213", "G0506")},
    visit_words={"service": ("wellness",)},
    thresholds={"score": (7 * 10**11,), "price": (250 * 10**12,)},
    reported=(MeasureHint("control", 30),),
    periods=(Period.HALF_YEAR, Period.YEAR),
)


def made(folder: Path, schema: Schema, hints: Hints | None = HINTS, **changes: Any) -> Path:
    request = evolve(Request(120, 9, FIRST, FIRST + 11, seed=7), **changes)
    folder.mkdir()
    write_population(schema, request, folder, hints)
    return folder


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    schema = members_schema()
    first, again = (hashes(made(tmp_path / name, schema)) for name in ("first", "again"))
    assert first == again and set(first) == {f"{table.name}.csv" for table in schema.tables}
    other = hashes(made(tmp_path / "other", schema, seed=8))
    assert {name for name in first if first[name] == other[name]} == {"service_area.csv"}


def test_the_bytes_are_those_of_every_machine(tmp_path: Path) -> None:
    """Change these only on purpose: people keep the seeds of their populations."""
    found = hashes(made(tmp_path / "data", members_schema()))
    assert {name: found[name][:12] for name in ("member.csv", "eligibility.csv", "medical_claim.csv")} == {
        "eligibility.csv": "34e8871e9249",
        "medical_claim.csv": "a664eb0a6683",
        "member.csv": "e5ec67d97fb3",
    }


def test_parquet_holds_the_same(tmp_path: Path) -> None:
    schema = members_schema()
    plain = made(tmp_path / "csv", schema)
    (tmp_path / "parquet").mkdir()
    request = Request(120, 9, FIRST, FIRST + 11, seed=7)
    written = write_population(schema, request, tmp_path / "parquet", HINTS, file_format="parquet")
    assert load(schema, tmp_path / "parquet").warnings == ()
    for each in written:
        query = "SELECT * FROM read_csv($1, all_varchar = true) ORDER BY ALL"
        rows = duckdb.execute(query, [str(plain / f"{each.table}.csv")]).fetchall()
        names = duckdb.execute("SELECT * FROM read_parquet($1) LIMIT 0", [str(each.path)]).description or []
        columns = ", ".join(f'CAST("{name[0]}" AS VARCHAR)' for name in names)
        same = duckdb.execute(f"SELECT {columns} FROM read_parquet($1) ORDER BY ALL", [str(each.path)]).fetchall()
        assert same == rows and len(rows) == each.rows


@pytest.mark.parametrize(("seed", "roster"), [(1, "practice"), (2, "practice"), (3, "panel")])
def test_it_loads_without_a_finding(seed: int, roster: str, tmp_path: Path) -> None:
    schema = members_schema(roster)
    assert load(schema, made(tmp_path / "data", schema, seed=seed, members=400)).warnings == ()


def test_no_practice_starts_before_it_is_on_the_roster(tmp_path: Path) -> None:
    hints = evolve(HINTS, starts="joined", term_first=datetime.date(2010, 1, 1))
    folder = made(tmp_path / "data", members_schema(), hints, practices=40)
    with (folder / "practice.csv").open(encoding="utf-8", newline="") as file:
        later = [row for row in csv.DictReader(file) if row["effective_from"]]
    assert later
    assert [row for row in later if row["joined"] < row["effective_from"]] == []


@pytest.mark.parametrize(
    ("members", "practices", "months"), [(1, 1, 1), (2, 1, 12), (3, 2, 3), (40, 200, 7), (5, 4, 24)]
)
def test_small_and_odd_sizes(members: int, practices: int, months: int, tmp_path: Path) -> None:
    schema = members_schema()
    sizes = {"members": members, "practices": practices, "last": FIRST + months - 1}
    data = load(schema, made(tmp_path / "data", schema, **sizes))
    assert data.warnings == ()


def test_one_payer_and_no_hints(tmp_path: Path) -> None:
    schema = members_schema()
    assert load(schema, made(tmp_path / "none", schema, None)).warnings == ()
    alone = made(tmp_path / "one", schema, payers=("green",))
    assert load(schema, alone).warnings == ()
    (names,) = duckdb.execute(f"SELECT list(DISTINCT payer) FROM '{alone}/eligibility.csv'").fetchone() or ()
    assert names == ["green"]


def test_counts_where_there_are_no_members(tmp_path: Path) -> None:
    schema = counts_schema()
    data = made(tmp_path / "data", schema, members=300)
    assert load(schema, data).warnings == ()
    rows = duckdb.execute(f"""SELECT count(*), count(DISTINCT (practice_id, payer)), sum(member_months)
        FROM '{data}/practice_payer_month.csv'""").fetchone()
    assert rows is not None and rows[:2] == (9 * 3 * 12, 9 * 3)
    assert 250 * 12 < rows[2] <= 300 * 12


def test_members_take_the_place_of_counts(tmp_path: Path) -> None:
    both = Schema("practice", (*members_schema().tables, counts_schema().table("practice_payer_month")))
    assert not (made(tmp_path / "data", both) / "practice_payer_month.csv").exists()


def test_more_lines_where_more_are_asked_for(tmp_path: Path) -> None:
    schema = members_schema()
    sizes = [
        len((made(tmp_path / str(lines), schema, lines_per_member=lines) / "medical_claim.csv").read_text().split("\n"))
        for lines in (6, 30)
    ]
    assert 3.5 < sizes[1] / sizes[0] < 6.5


# ------------------------------------------------------------------------------------------ what is in it


class Tables:
    """The tables of one population, asked in SQL."""

    def __init__(self, folder: Path) -> None:
        self.connection = duckdb.connect()
        self.folder = folder
        for path in folder.iterdir():
            self.connection.execute(f"CREATE TABLE {path.stem} AS SELECT * FROM read_csv('{path}', sample_size = -1)")

    def count(self, query: str) -> int:
        found = self.connection.execute(f"SELECT count(*) FROM ({query})").fetchone()
        assert found is not None
        return int(found[0])


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tables]:
    folder = made(tmp_path_factory.mktemp("synth") / "data", members_schema(), members=1_000)
    tables = Tables(folder)
    yield tables
    tables.connection.close()


SPANS = "(SELECT *, coalesce(enrollment_end_date, DATE '2012-12-31') AS until FROM eligibility)"
VISITS = """(SELECT person_id, practice_id, count(DISTINCT claim_start_date) AS days, max(claim_start_date) AS latest
    FROM medical_claim WHERE service = 'wellness' AND denied = false GROUP BY ALL)"""

FOUND = {
    "another payer on the next day": f"""SELECT 1 FROM {SPANS} a JOIN {SPANS} b USING (person_id)
        WHERE a.payer != b.payer AND b.enrollment_start_date = a.until + 1""",
    "another plan on the next day": f"""SELECT 1 FROM {SPANS} a JOIN {SPANS} b USING (person_id, payer)
        WHERE a.plan != b.plan AND b.enrollment_start_date = a.until + 1""",
    "a gap with one payer": f"""SELECT 1 FROM {SPANS} a JOIN {SPANS} b USING (person_id, payer)
        WHERE b.enrollment_start_date > a.until + 15""",
    "a gap, then another payer": f"""SELECT 1 FROM {SPANS} a JOIN {SPANS} b USING (person_id)
        WHERE a.payer != b.payer AND b.enrollment_start_date > a.until + 15 AND b.payer_order = 1""",
    "two payers at once": f"""SELECT 1 FROM {SPANS} a JOIN {SPANS} b USING (person_id)
        WHERE a.payer_order = 1 AND b.payer_order = 2 AND a.payer != b.payer
        AND b.enrollment_start_date BETWEEN a.enrollment_start_date AND a.until""",
    "enrolled in the middle of a month": """SELECT 1 FROM eligibility
        WHERE day(enrollment_start_date) > 1 AND enrollment_start_date > DATE '2012-01-31'""",
    "dual": "SELECT 1 FROM eligibility WHERE dual",
    "hospice": "SELECT 1 FROM eligibility WHERE hospice",
    "a birth": "SELECT 1 FROM member WHERE birth_date >= DATE '2012-01-01'",
    "a death": "SELECT 1 FROM member WHERE death_date >= DATE '2012-01-01'",
    "enrolled beyond death": f"SELECT 1 FROM {SPANS} JOIN member USING (person_id) WHERE death_date < until",
    "a tie": f"""SELECT 1 FROM {VISITS} a JOIN {VISITS} b USING (person_id, days)
        WHERE a.practice_id < b.practice_id AND days >= 2""",
    "a tie to the day": f"""SELECT 1 FROM {VISITS} a JOIN {VISITS} b USING (person_id, days, latest)
        WHERE a.practice_id < b.practice_id AND days >= 2""",
    "three practices": f"SELECT person_id FROM {VISITS} GROUP BY 1 HAVING count(*) >= 3",
    "nobody seen": "SELECT person_id FROM member WHERE person_id NOT IN (SELECT person_id FROM medical_claim)",
    "over $85,000": """SELECT person_id FROM medical_claim WHERE claim_start_date >= DATE '2012-01-01'
        GROUP BY 1 HAVING sum(allowed_amount) BETWEEN 85000 AND 900000""",
    "over $1,000,000": """SELECT person_id FROM medical_claim WHERE claim_start_date >= DATE '2012-01-01'
        GROUP BY 1 HAVING sum(allowed_amount) > 1000000""",
    "taken back": """SELECT claim_id FROM medical_claim GROUP BY claim_id, claim_line_number
        HAVING max(entry_number) = 2 AND sum(allowed_amount) = 0""",
    "corrected": "SELECT 1 FROM medical_claim WHERE entry_number = 3 AND allowed_amount > 0",
    "denied": "SELECT 1 FROM medical_claim WHERE denied AND allowed_amount > 0 AND paid_amount = 0",
    "paid late": "SELECT 1 FROM medical_claim WHERE paid_date > claim_start_date + 183",
    "before the year": "SELECT 1 FROM medical_claim WHERE claim_start_date < DATE '2012-01-01'",
    "several lines": "SELECT 1 FROM medical_claim WHERE claim_line_number = 3",
    "codes of the rules": "SELECT 1 FROM medical_claim WHERE hcpcs_code = 'G0506'",
    "other codes": "SELECT 1 FROM medical_claim WHERE hcpcs_code NOT IN ('99213', 'G0506')",
    "billed by no practice": "SELECT 1 FROM medical_claim WHERE practice_id NOT IN (SELECT practice_id FROM practice)",
    "drugs": "SELECT 1 FROM pharmacy_claim WHERE entry_number = 2 AND allowed_amount < 0",
    "listed elsewhere": f"""SELECT 1 FROM payer_roster JOIN {VISITS} v USING (person_id)
        WHERE v.practice_id != payer_roster.practice_id AND days > 4""",
    "listed twice": """SELECT 1 FROM payer_roster GROUP BY payer, list, as_of_date, person_id HAVING count(*) = 2""",
    "left out of a list": """SELECT person_id FROM payer_roster WHERE list = 'second list'
        GROUP BY person_id HAVING count(*) BETWEEN 1 AND 3""",
    "another choice": "SELECT person_id FROM chosen_practice GROUP BY person_id, payer HAVING count(*) = 2",
    "late practice": "SELECT 1 FROM practice WHERE effective_from > DATE '2012-01-01'",
    "practice that leaves": "SELECT 1 FROM practice WHERE effective_to < DATE '2013-01-01'",
    "provider that goes over": """SELECT 1 FROM provider a JOIN provider b USING (npi) WHERE b."from" = a."to" + 1""",
    "dated fact that changes": "SELECT practice_id FROM practice_dated GROUP BY 1 HAVING count(*) = 2",
    "lower bound": "SELECT 1 FROM practice_payer_year WHERE score = 0",
    "upper bound": "SELECT 1 FROM practice_payer_year WHERE score = 1",
    "threshold": "SELECT 1 FROM practice_payer_year WHERE score = 0.7",
    "just below": "SELECT 1 FROM practice_payer_year WHERE score = 0.699999",
    "threshold of an amount": "SELECT 1 FROM practice_payer_year WHERE price = 250",
    "missing": "SELECT 1 FROM practice_payer_year WHERE score IS NULL",
    "chronic": "SELECT 1 FROM condition WHERE resolved_date IS NULL",
    "two results on a day": """SELECT 1 FROM lab_result GROUP BY person_id, normalized_code, result_date
        HAVING count(DISTINCT result) = 2""",
    "least denominator": "SELECT 1 FROM measure_result WHERE denominator = 30",
    "one too few": "SELECT 1 FROM measure_result WHERE denominator = 29",
    "all met": "SELECT 1 FROM measure_result WHERE numerator = denominator AND denominator > 0",
    "half-years": "SELECT 1 FROM measure_result WHERE period = '2012-H2'",
    "two events in a month": """SELECT 1 FROM event_care_plan
        GROUP BY person_id, month(event_date) HAVING count(*) >= 2""",
}


@pytest.mark.parametrize("what", FOUND)
def test_it_holds(what: str, tables: Tables) -> None:
    assert tables.count(FOUND[what]) > 0


NEVER = {
    "claim outside enrollment": f"""SELECT 1 FROM medical_claim c WHERE NOT EXISTS (SELECT 1 FROM {SPANS} s
        WHERE s.person_id = c.person_id AND s.payer = c.payer
        AND claim_start_date BETWEEN enrollment_start_date AND until)""",
    "claim outside life": """SELECT 1 FROM medical_claim JOIN member USING (person_id)
        WHERE claim_start_date NOT BETWEEN birth_date AND coalesce(death_date, DATE '2012-12-31')""",
    "enrolled before birth": """SELECT 1 FROM eligibility JOIN member USING (person_id)
        WHERE enrollment_start_date < birth_date""",
    "visit to a provider who is not there": """SELECT 1 FROM medical_claim c JOIN practice USING (practice_id)
        WHERE NOT EXISTS (SELECT 1 FROM provider p WHERE p.npi = rendering_npi AND p.practice_id = c.practice_id
        AND claim_start_date BETWEEN p."from" AND coalesce(p."to", DATE '2012-12-31'))""",
    "line of another payer": "SELECT 1 FROM eligibility WHERE line = 'medicaid' AND payer != 'green'",
    "encounter without its claim": """SELECT 1 FROM encounter e WHERE NOT EXISTS (SELECT 1 FROM medical_claim c
        WHERE c.person_id = e.person_id AND claim_start_date = encounter_start_date AND hcpcs_code = code)""",
    "part of a claim below nothing": "SELECT 1 FROM medical_claim WHERE entry_number = 1 AND allowed_amount < 0",
}


@pytest.mark.parametrize("what", NEVER)
def test_it_never_holds(what: str, tables: Tables) -> None:
    assert tables.count(NEVER[what]) == 0


def test_practices_are_of_unequal_size(tables: Tables) -> None:
    query = f"SELECT count(*) FROM {VISITS} JOIN practice USING (practice_id) GROUP BY practice_id ORDER BY 1"
    sizes = [row[0] for row in tables.connection.execute(query).fetchall()]
    assert len(sizes) == 9 and sizes[-1] > 2 * sizes[4]


def test_chronic_conditions_raise_costs(tables: Tables) -> None:
    query = """SELECT median(cost) FROM (SELECT person_id, sum(allowed_amount) AS cost FROM medical_claim GROUP BY 1)
        WHERE (person_id IN (SELECT person_id FROM condition)) = $1"""
    chronic, others = (tables.connection.execute(query, [each]).fetchall()[0][0] for each in (True, False))
    assert chronic > 2 * others
