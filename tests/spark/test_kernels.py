"""The division kernels of Spark are those of exact arithmetic."""

from __future__ import annotations

import pytest

from mhrules.engine.spark.session import Cluster
from mhrules.engine.sql.dialect import DuckDB
from mhrules.engine.sql.faults import TooLarge
from mhrules.exact import Rounding, divide

NUMBERS = (
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    10,
    14,
    15,
    25,
    99,
    10**12,
    10**12 + 1,
    3 * 10**18 + 5,
    2**63,
    10**25 + 5,
    10**31 - 1,
)
DIVISORS = (1, 2, 3, 4, 7, 10, 10**6, 10**12 + 7, 2**63 - 1)


@pytest.mark.parametrize("rounding", list(Rounding))
def test_quotients_are_exact(local: Cluster, rounding: Rounding) -> None:
    cases = [(s * n, t * d) for n in NUMBERS for d in DIVISORS for s in (1, -1) for t in (1, -1)]
    listed = ", ".join(f"({n}::HUGEINT, {d}::HUGEINT)" for n, d in cases)
    quotient = DuckDB().divide("n", "d", rounding)
    rows = local.sql(f"SELECT n, d, {quotient} FROM VALUES {listed} AS t(n, d)").collect()
    wrong = [(int(n), int(d), int(q)) for n, d, q in rows if int(q) != divide(int(n), int(d), rounding)]
    assert (len(rows), wrong) == (len(cases), [])


def test_a_number_that_does_not_fit_is_told(local: Cluster) -> None:
    large = "99999999999999999999999999999999999999::HUGEINT"
    with pytest.raises(TooLarge), local.work("it adds"):
        local.sql(f"SELECT {large} + id FROM range(1, 3)").collect()


def test_a_sum_of_narrow_integers_is_wide(local: Cluster) -> None:
    rows = local.sql("SELECT sum(v) FROM VALUES (9223372036854775807L), (9223372036854775807L) AS t(v)").collect()
    assert int(rows[0][0]) == 2 * (2**63 - 1)
