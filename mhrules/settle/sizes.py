"""How many people the interpreter is asked for: it works them out one by one, relations all at once."""

from __future__ import annotations

from mhrules.classes import frozen
from mhrules.data.dataset import Dataset
from mhrules.data.population import ELIGIBILITY
from mhrules.settle.payments import Books


@frozen
class Sizes:
    """Two limits in people.

    Up to `few` the interpreter takes seconds, so that it is asked for everything. Up to `most` it takes an hour and
    some GB of memory, so that it is asked where nothing else can answer; beyond, never of its own accord.
    """

    few: int = 5_000
    most: int = 100_000


SIZES = Sizes()


def people(books: Books, dataset: Dataset) -> int:
    """How many people have enrollment, where the program asks for it."""
    if not books.interpreter.facts.present(ELIGIBILITY):
        return 0
    counted = f"SELECT count(DISTINCT person_id) FROM {ELIGIBILITY}"
    ((count,),) = dataset.connection().execute(counted).fetchall()
    return int(count)
