"""How large each benchmark is, by the word that `make bench SIZE=…` is given."""

from __future__ import annotations

from attrs import frozen


@frozen
class Size:
    """A population (with ten claim lines a member and year, over three years), and rows of the chain."""

    name: str
    members: int
    practices: int
    repeats: int
    chain_rows: int


SIZES = {
    size.name: size
    for size in (
        Size("small", 10_000, 20, 6, 120_000),
        Size("medium", 100_000, 200, 4, 1_200_000),
        Size("large", 1_000_000, 2_000, 2, 12_000_000),
    )
}
SEED = 4
