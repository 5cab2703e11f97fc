"""SQL laid out to be read: nothing but white space changes, and lines stay within 100 columns."""

from __future__ import annotations

import re

import pytest

from mhrules.engine.sql.layout import WIDTH, laid_out, sources_of

LONG = "an_amount_with_a_long_name"


def squeezed(sql: str) -> str:
    return re.sub(r"\s+", "", sql)


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("SELECT a, b FROM t WHERE a = 1", "SELECT a, b FROM t WHERE a = 1"),
        (
            f"CREATE OR REPLACE TEMP TABLE x AS\nSELECT payer, practice, sum({LONG}) AS v FROM lines "
            "WHERE payer IN ('a', 'b') GROUP BY payer, practice",
            f"CREATE OR REPLACE TEMP TABLE x AS\nSELECT payer, practice, sum({LONG}) AS v\nFROM lines\n"
            "WHERE payer IN ('a', 'b')\nGROUP BY payer, practice",
        ),
        (
            f"SELECT * FROM t AS r LEFT JOIN other ON other.{LONG} = r.{LONG} AND other.clock = r.clock "
            "LEFT JOIN b ON b.k = r.k",
            f"SELECT *\nFROM t AS r\n  LEFT JOIN other\n    ON other.{LONG} = r.{LONG} AND other.clock = r.clock\n"
            "  LEFT JOIN b ON b.k = r.k",
        ),
        (
            "SELECT a FROM (SELECT b, a FROM u UNION ALL SELECT c, a FROM w WHERE c BETWEEN 1 AND 2) s WHERE a IS NULL",
            "SELECT a\nFROM (SELECT b, a FROM u UNION ALL SELECT c, a FROM w WHERE c BETWEEN 1 AND 2) s\n"
            "WHERE a IS NULL",
        ),
        (
            f"SELECT payer, practice, CASE WHEN {LONG} > 1 THEN 'more than one' WHEN {LONG} = 1 THEN 'one' "
            "ELSE 'none' END AS word FROM t",
            f"SELECT\n  payer, practice,\n  CASE\n    WHEN {LONG} > 1 THEN 'more than one'\n"
            f"    WHEN {LONG} = 1 THEN 'one'\n    ELSE 'none'\n  END AS word\nFROM t",
        ),
        ("SELECT 'it''s FROM (a' AS x, \"from\" FROM t", "SELECT 'it''s FROM (a' AS x, \"from\" FROM t"),
    ],
)
def test_a_clause_to_a_line(sql: str, shown: str) -> None:
    assert laid_out(sql) == shown


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT {' + '.join(f'column_{n}' for n in range(40))} AS total FROM t",
        f"SELECT a FROM t WHERE {' AND '.join(f'(x{n} = 1 OR y{n} BETWEEN 2 AND 3)' for n in range(12))}",
        f"SELECT a FROM t WHERE code IN ({', '.join(repr(str(n)) for n in range(90))})",
        f"SELECT CASE {' '.join(f'WHEN {LONG} = {n} THEN coalesce(a_{n}, b_{n})' for n in range(9))} END AS v FROM t",
        f"INSERT INTO t VALUES {', '.join(f'({n}, {n})' for n in range(60))}",
    ],
)
def test_long_statements_stay_within_the_width(sql: str) -> None:
    text = laid_out(sql)
    assert squeezed(text) == squeezed(sql)
    assert max(map(len, text.splitlines())) <= WIDTH
    assert len(text.splitlines()) > 1


def test_conditions_are_broken_where_they_are_joined_but_not_within_between() -> None:
    conditions = [f"{LONG}_{n} BETWEEN 1 AND 2" for n in range(3)]
    assert laid_out(f"SELECT a FROM t WHERE {' AND '.join(conditions)}").splitlines() == [
        "SELECT a",
        "FROM t",
        f"WHERE {conditions[0]}",
        f"  AND {conditions[1]}",
        f"  AND {conditions[2]}",
    ]


def test_what_a_statement_reads() -> None:
    assert sources_of('SELECT a FROM "practice" p JOIN spans USING (x) WHERE EXISTS (SELECT 1 FROM b)') == [
        "practice",
        "spans",
        "b",
    ]
