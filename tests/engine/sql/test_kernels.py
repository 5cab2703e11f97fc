"""The division kernels of the database are `exact.divide`, on ties and beside them, whatever the signs and width."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import duckdb
import pytest

from mhrules.engine.sql.dialect import NARROW, DuckDB
from mhrules.exact import LIMIT, Rounding, divide

TYPES = {"BIGINT": NARROW - 1, "HUGEINT": LIMIT - 1}
"""The most that a kernel is given, by type."""


def adversarial(seed: int, most: int) -> Iterator[tuple[int, int]]:
    """Quotients that are ties, beside ties and whole, of divisors of every size, and the largest numbers there are."""
    dice = Random(seed)
    digits = len(str(most)) - 1
    pairs = [(most, 1), (most, most), (most, most - 1), (most // 2 + 1, most), (most - 1, 2), (1, most), (0, most)]
    for _ in range(400):
        divisor = dice.randint(1, 10 ** dice.randint(1, digits // 2))
        quotient = dice.randint(0, 10 ** dice.randint(1, digits // 2))
        for near in (0, divisor // 2, (divisor + 1) // 2, divisor - 1, dice.randrange(divisor)):
            pairs.append((quotient * divisor + near, divisor))
    for above, below in pairs:
        for sign in (1, -1):
            yield sign * above, dice.choice((1, -1)) * below


def worked_out(sql: str, kind: str, *columns: list[int]) -> list[tuple[int, ...]]:
    """What a text makes of rows whose columns are `a`, `b` …, and these."""
    connection = duckdb.connect()
    for statement in DuckDB().setup():
        connection.execute(statement)
    names = "abc"[: len(columns)]
    listed = ", ".join(f"unnest(${at}::{kind}[]) AS {name}" for at, name in enumerate(names, 1))
    connection.execute(f"CREATE TABLE t AS SELECT {listed}", list(columns))
    assert connection.execute(f"SELECT DISTINCT typeof({sql}) FROM t").fetchall() == [(kind,)]
    found: list[tuple[int, ...]] = connection.execute(f"SELECT {', '.join(names)}, {sql} FROM t").fetchall()
    return found


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("rounding", Rounding)
def test_a_kernel_divides_as_exact_does(rounding: Rounding, kind: str) -> None:
    pairs = list(adversarial(7, TYPES[kind]))
    found = worked_out(DuckDB().divide("a", "b", rounding), kind, *map(list, zip(*pairs, strict=True)))
    assert [(n, d, q) for n, d, q in found if q != divide(n, d, rounding)] == []


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("places", [1, 2, 6, 12])
@pytest.mark.parametrize("rounding", Rounding)
def test_a_number_is_divided_by_a_power_of_ten(rounding: Rounding, places: int, kind: str) -> None:
    step = 10**places
    numbers = [n for n, _ in adversarial(5, TYPES[kind] - step)]
    numbers += [sign * (q * step + r) for sign in (1, -1) for q in range(4) for r in (0, 1, step // 2 - 1, step // 2)]
    found = worked_out(DuckDB().divide_by("a", step, rounding, wide=kind == "HUGEINT"), kind, numbers)
    assert [(n, q) for n, q in found if q != divide(n, step, rounding)] == []


@pytest.mark.parametrize("rounding", Rounding)
def test_a_product_too_large_for_its_factors_is_divided_by_parts(rounding: Rounding) -> None:
    dice, step = Random(3), 10**6
    most = (NARROW - 1) // step
    lefts = [dice.choice((1, -1)) * dice.randint(0, 10 ** dice.randint(1, 17)) for _ in range(3000)]
    rights = [dice.choice((1, -1)) * dice.randint(0, min(most, (NARROW - 2) * step // max(1, abs(a)))) for a in lefts]
    lefts += [(NARROW - 2) // 2, 5 * 10**5, -5 * 10**5, 15 * 10**5, 25 * 10**5, -(25 * 10**5)]
    rights += [step, 1, 1, 1, 1, 1]
    assert any(abs(a * b) >= NARROW for a, b in zip(lefts, rights, strict=True))
    divisor = DuckDB().number(step, wide=False)
    found = worked_out(DuckDB().product_divided("a", "b", divisor, rounding), "BIGINT", lefts, rights)
    assert [(a, b, q) for a, b, q in found if q != divide(a * b, step, rounding)] == []


@pytest.mark.parametrize("rounding", Rounding)
def test_a_cut_quotient_is_rounded_by_its_rest(rounding: Rounding) -> None:
    pairs = list(adversarial(9, NARROW - 1))
    cut = DuckDB().cut("a", "b")
    sql = DuckDB().rest_rounded(f"({cut})", f"(a - ({cut}) * b)", "b", rounding)
    found = worked_out(sql, "BIGINT", *map(list, zip(*pairs, strict=True)))
    assert [(n, d, q) for n, d, q in found if q != divide(n, d, rounding)] == []


def test_what_does_not_fit_raises() -> None:
    connection = duckdb.connect()
    dialect = DuckDB()
    largest = dialect.number(NARROW - 1, wide=False)
    for sql in (f"{largest} + {dialect.number(1, wide=False)}", f"{largest} * {dialect.number(2, wide=False)}"):
        with pytest.raises(duckdb.OutOfRangeException):
            connection.execute(f"SELECT {sql}")
    with pytest.raises(duckdb.ConversionException):
        connection.execute(f"SELECT {dialect.cast(dialect.number(NARROW), wide=False)}")
