"""Spark settles as DuckDB does: shipped programs on invented people, in a local session."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhrules.diagnostics.model import DiagnosticError
from mhrules.engine.spark.session import Cluster
from mhrules.settle.outputs import write
from mhrules.settle.run import SPARK
from tests.spark.corpus import Case, attribution, told


def test_a_shipped_program_is_settled_alike(case: Case, local: Cluster, tmp_path: Path) -> None:
    found = case.on(local)
    assert (found.engine, found.handed_over) == (SPARK, "")
    assert told(found) == told(case.settled)
    assert attribution(found, tmp_path / "spark") == attribution(case.settled, tmp_path / "duckdb")


def test_facts_that_the_loader_has_read_are_not_for_spark(rhode_island: Case) -> None:
    with pytest.raises(DiagnosticError, match="MH665"):
        rhode_island.of(rhode_island.settled.dataset)


def test_what_needs_single_rows_of_people_is_refused(rhode_island: Case, local: Cluster, tmp_path: Path) -> None:
    found = rhode_island.on(local)
    with pytest.raises(DiagnosticError, match="MH665"):
        write(found, tmp_path, detail=True)


def test_what_spark_does_not_settle_the_interpreter_settles(
    rhode_island: Case, local: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object, **__: object) -> str:
        from mhrules.engine.sql.faults import Unsupported

        raise Unsupported("what a test asks for")

    monkeypatch.setattr("mhrules.engine.sql.people.People.member_months", unsupported)
    found = rhode_island.on(local)
    assert found.handed_over == "the program asks for what a test asks for"
    assert told(found)["postings"] == rhode_island.settled.postings
    monkeypatch.setattr("mhrules.engine.spark.dataset.MOST_ROWS", 10)
    with pytest.raises(DiagnosticError, match="MH666"):
        rhode_island.on(local)
