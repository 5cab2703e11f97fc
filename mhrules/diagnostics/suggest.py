"""The name somebody probably meant."""

from __future__ import annotations

from collections.abc import Iterable

_ALIKE = 0.7
"""Share of letters in common from which a longer or reordered name is still worth suggesting."""


def did_you_mean(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate closest to `name`, or None if none is close.

    Upper and lower case count as equal. Fewest edits win (a changed, missing or extra letter, or two neighbours
    swapped: about one per three letters); failing that, the greatest share of letters in common. Ties go to the
    first in alphabetical order, so that the answer does not depend on the order of the candidates.
    """
    others = sorted(set(candidates) - {name})
    wanted = name.casefold()
    limit = 0 if len(wanted) < 2 else max(1, len(wanted) // 3)
    near = [(edits, other) for other in others if (edits := _edits(wanted, other.casefold(), limit)) <= limit]
    if near:
        return min(near)[1]
    if limit == 0:
        return None
    alike = [(-_in_common(wanted, other.casefold()), other) for other in others]
    best = min(alike, default=(0.0, ""))
    return best[1] if -best[0] >= _ALIKE else None


def _in_common(a: str, b: str) -> float:
    """Share of letters in common, in the names as they are or with their words in alphabetical order."""
    import difflib

    pairs = ((a, b), ("_".join(sorted(a.split("_"))), "_".join(sorted(b.split("_")))))
    return max(difflib.SequenceMatcher(None, x, y).ratio() for x, y in pairs)


def _edits(a: str, b: str, limit: int) -> int:
    """Edits that turn `a` into `b`, neighbours swapped counting one; more than `limit` is only known as such."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        current = [i]
        for j, y in enumerate(b, start=1):
            cost = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        before, previous = previous, current
    return previous[-1]
