"""The division kernels of the database are `exact.divide`, on ties and beside them, whatever the signs."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import duckdb
import pytest

from mhrules.engine.sql.dialect import DuckDB
from mhrules.exact import Rounding, divide


def adversarial(seed: int) -> Iterator[tuple[int, int]]:
    """Quotients that are ties, beside ties, whole, and of numbers that need up to 37 digits."""
    dice = Random(seed)
    for _ in range(400):
        divisor = dice.randint(1, 10 ** dice.randint(1, 18))
        quotient = dice.randint(0, 10 ** dice.randint(1, 18))
        for near in (0, divisor // 2, (divisor + 1) // 2, divisor - 1, dice.randrange(divisor)):
            for sign in (1, -1):
                yield sign * (quotient * divisor + near), dice.choice((1, -1)) * divisor


@pytest.mark.parametrize("rounding", Rounding)
def test_a_kernel_divides_as_exact_does(rounding: Rounding) -> None:
    dialect, connection = DuckDB(), duckdb.connect()
    for statement in dialect.setup():
        connection.execute(statement)
    pairs = list(adversarial(7))
    connection.execute("CREATE TABLE t AS SELECT unnest($1::HUGEINT[]) AS n, unnest($2::HUGEINT[]) AS d", zip_(pairs))
    sql = f"SELECT n, d, {dialect.divide('n', 'd', rounding)} FROM t"
    wrong = [(n, d, q) for n, d, q in connection.execute(sql).fetchall() if q != divide(n, d, rounding)]
    assert wrong == []


def zip_(pairs: list[tuple[int, int]]) -> list[list[int]]:
    return [[n for n, _ in pairs], [d for _, d in pairs]]
