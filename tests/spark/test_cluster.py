"""A real standalone master with two workers on loopback, a server of Spark Connect, and what happens without them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mhrules.settle.outputs import write
from tests.spark.corpus import Case, attribution, read_parquet
from tests.spark.standalone import Standalone, connect_server, standalone

LOST = """
import sys
from pathlib import Path
from mhrules.diagnostics.model import DiagnosticError
from mhrules.engine.spark import session
session._ALONE = 5.0
cluster = session.Cluster(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
try:
    with cluster.work("it counts"):
        cluster.sql("SELECT count(*) FROM range(1000) WHERE id % 7 = 3").collect()
except DiagnosticError as error:
    print(error.diagnostics[0].code, error.diagnostics[0].message, flush=True)
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    with standalone(tmp_path_factory.mktemp("standalone")) as found:
        yield found


def _environment() -> dict[str, str]:
    return {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"}


def _settle(case: Case, master: str, out: Path) -> subprocess.CompletedProcess[str]:
    verb = ["settle", case.plan.program, "--data", str(case.folder), "--year", str(case.year), "--out", str(out)]
    command = [sys.executable, "-m", "mhrules", *verb, "--hold", "--engine", "spark", "--master", master]
    return subprocess.run(command, capture_output=True, text=True, env=_environment(), check=False)


@pytest.mark.parametrize("connect", [False, True], ids=["standalone", "connect"])
def test_the_verb_settles_on_a_cluster(
    rhode_island: Case, cluster: Standalone, tmp_path: Path, *, connect: bool
) -> None:
    out, expected = tmp_path / "spark", tmp_path / "duckdb"
    if connect:
        with connect_server(tmp_path, cluster.url) as url:
            done = _settle(rhode_island, url, out)
    else:
        done = _settle(rhode_island, cluster.url, out)
    assert done.returncode == 0, done.stderr
    write(rhode_island.settled, expected)
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["engine"] == "spark"
    assert all(re.fullmatch("[0-9a-f]{64}", each["sha256"]) for each in manifest["outputs"])
    for name in ("postings.csv", "participation.csv", "quantities.csv", "member_months.csv"):
        assert (out / name).read_bytes() == (expected / name).read_bytes(), name
    assert read_parquet(out / "attribution.parquet") == attribution(rhode_island.settled, expected)


def test_work_that_no_worker_is_left_for_is_given_up(cluster: Standalone) -> None:
    command = [sys.executable, "-c", LOST, cluster.url]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=_environment()) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        cluster.lose_workers()
        told, _ = process.communicate("go\n")
    assert told == f"MH664 no worker of `{cluster.url}` is left while it counts\n"
