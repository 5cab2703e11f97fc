"""Whether Spark can be tested here, a local session for many tests, and invented people in Parquet."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from mhrules.compiler import Compilation
from mhrules.data.load import load
from mhrules.data.synth.hints import hints_of
from mhrules.data.synth.population import write_population
from mhrules.data.synth.setting import Request
from mhrules.engine.spark.session import Cluster
from mhrules.locate import program_path
from mhrules.settle.ledger import Settlement
from mhrules.settle.run import settle
from tests.spark.corpus import Case


def _why_not() -> str:
    """Why Spark cannot be tested; empty if it can."""
    if os.environ.get("MHRULES_TEST_SPARK") != "yes":
        return "Spark is tested by `make test-spark`"
    if find_spec("pyspark") is None:
        return "pyspark is not installed"
    home = os.environ.get("JAVA_HOME")
    return "" if shutil.which("java") or (home and (Path(home) / "bin" / "java").exists()) else "there is no Java"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests of this folder, saying why."""
    why, here = _why_not(), Path(__file__).parent
    for item in items:
        if why and here in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session")
def local() -> Iterator[Cluster]:
    """A session of this process with two threads."""
    cluster = Cluster("local[2]")
    yield cluster
    cluster.close()


@pytest.fixture(scope="session", params=["rhode_island_csi", "nebraska", "michigan_mipct", "washington"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A shipped program, people invented for it, and what DuckDB settles of them."""
    return invented(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="session")
def rhode_island(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The program of Rhode Island on invented people."""
    return invented("rhode_island_csi", tmp_path_factory.mktemp("people"))


def invented(name: str, folder: Path) -> Case:
    """A shipped program on people invented for its second year."""
    compilation = Compilation(program_path(name))
    plan, program = compilation.plan, compilation.program
    assert program is not None
    year = min(plan.calendar.year_of(plan.first_month) + 1, plan.calendar.year_of(plan.last_month or 10**6))
    first = plan.calendar.year_first(year)
    request = Request(members=60, practices=4, first=first, last=first + 11, seed=5)
    write_population(plan.schema, request, folder, hints_of(program), file_format="parquet")
    settled: Settlement = settle(plan, load(plan.schema, folder), year, hold=True)
    return Case(plan, folder, year, settled)
