"""What `make fuzz` rests on: seeds determine pairs, and a pair is made smaller while the same is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import smaller
from tests.fuzz.pairs import Outcome, Pair, outcome_of, pair_of
from tests.fuzz.run import Counts, Told


@pytest.mark.parametrize("seed", [4, 7])
def test_a_seed_determines_a_pair_that_settles(seed: int) -> None:
    assert pair_of(seed) == pair_of(seed)
    assert outcome_of(pair_of(seed)).differences == ()


def test_a_pair_is_made_smaller_and_written_as_a_test(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def wrong_if_two_practices(pair: Pair) -> Outcome:
        return Outcome(("wrong",) if len(pair.rows["practice"]) >= 2 else ())

    monkeypatch.setattr(smaller, "outcome_of", wrong_if_two_practices)
    found = smaller.smaller(pair_of(7), 60)
    assert {name: len(rows) for name, rows in found.rows.items() if rows} == {"practice": 2}
    assert len(found.text) < len(pair_of(7).text) / 2
    path = smaller.saved(found, 7, ("wrong",), tmp_path)
    names: dict[str, object] = {}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    assert (names["TEXT"], names["ROWS"]) == (found.text, {"practice": found.rows["practice"]})


def test_a_pair_handed_over_is_not_counted_as_compared() -> None:
    counts = Counts()
    counts.take(Told(1, handed_over="the program asks for `x`"))
    counts.take(Told(2))
    assert counts.line().startswith("1 pairs compared, 1 handed over")
    assert counts.reasons == {"the program asks for `…`": 1}
