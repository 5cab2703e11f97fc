"""The engine's text as Spark reads it."""

from __future__ import annotations

import pytest

from mhrules.engine.sql.spark import SparkSQL


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("SELECT 5::HUGEINT, x::BIGINT, '5::HUGEINT'", "SELECT 5::DECIMAL(38,0), x::DECIMAL(38,0), '5::HUGEINT'"),
        ("unnest(sequence(m1, m2))", "explode(sequence(m1, m2))"),
        ("arg_min_null(t.unnest_order, t.n)", "min_by(t.unnest_order, t.n)"),
        ("coalesce(sum(v), 0)", "coalesce(sum(0::DECIMAL(38,0) + v), 0)"),
        ("'it''s \\ sum(' || \"sum(\"", "'it''s \\\\ sum(' || \"sum(\""),
        (
            "min(ROW(a, b)) OVER (ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
            "min(struct(a, b)) OVER (ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
        ),
        ("CREATE OR REPLACE TEMP TABLE t AS\nSELECT 1", "CREATE OR REPLACE TEMPORARY VIEW t AS\nSELECT 1"),
    ],
)
def test_words_are_renamed_outside_of_quotes(text: str, rendered: str) -> None:
    assert SparkSQL().rendered(text) == rendered
