"""Draws: even, independent of each other, and the same whenever and wherever they are made."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhrules.data import database
from mhrules.data.synth.draws import Draws

ROWS = 100_000
DRAWS = Draws(7)


@pytest.fixture(scope="module", name="connection")
def open_connection() -> Iterator[database.DuckDBPyConnection]:
    with database.connect() as connection:
        DRAWS.prepare(connection)
        yield connection


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (DRAWS.below(10, "a", "i"), DRAWS.below(10, "b", "i")),  # two streams
        (DRAWS.below(10, "a", "i"), DRAWS.below(10, "a", "i + 1")),  # a row and the next
        (DRAWS.below(10, "a", "i"), DRAWS.below(10, "a", "i * 1000")),  # a person and its claims
        (DRAWS.below(10, "a", "i"), Draws(8).below(10, "a", "i")),  # two seeds
        (DRAWS.below(10, "a", "i"), "i % 10"),
        (DRAWS.below(10, "a", "i"), f"i * 10 // {ROWS}"),
    ],
)
def test_draws_are_even_and_independent(one: str, other: str, connection: database.DuckDBPyConnection) -> None:
    query = f"SELECT count(*) FROM (SELECT {one} AS x, {other} AS y FROM range({ROWS}) t(i)) GROUP BY x, y"
    counts = [row[0] for row in connection.execute(query).fetchall()]
    expected = ROWS // 100
    assert len(counts) == 100
    chi_squared = sum((count - expected) ** 2 for count in counts)
    assert chi_squared < 180 * expected  # 99 degrees of freedom: once in a million by chance


def test_what_is_spread_has_its_middle_and_a_long_tail(connection: database.DuckDBPyConnection) -> None:
    query = (
        f"SELECT median(x), max(x), min(x) FROM (SELECT {DRAWS.spread(1000, 'a', 'i')} AS x FROM range({ROWS}) t(i))"
    )
    found = connection.execute(query).fetchone()
    assert found is not None
    middle, most, least = found
    assert 900 < middle < 1_300 and most > 20_000 and 0 < least < 100


@given(start=st.integers(0, 10**6), stream=st.text(max_size=5), seed=st.integers(0, 2**63 - 1))
def test_of_a_hundred_rows_each_hundredth_comes_once(start: int, stream: str, seed: int) -> None:
    expression = Draws(seed).hundredth(stream, "i")
    first = start * 100
    assert {eval(expression, {"i": i}) for i in range(first, first + 100)} == set(range(100))


def test_the_numbers_themselves(connection: database.DuckDBPyConnection) -> None:
    """They must never change: people keep the seeds of their populations."""
    query = f"SELECT list({DRAWS.drawn('a', 'i')}) FROM (SELECT unnest([0, 1, 2, 4294967296]) AS i)"
    # A row is counted in 32 bits.
    assert connection.execute(query).fetchone() == ([3089351851, 2572761790, 269244242, 3089351851],)
