"""Runs that do not come to their end: killed, interrupted, out of room. Nothing half-written passes for a result."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import pytest

from mhrules.data.limits import within_limits
from mhrules.diagnostics.model import DiagnosticError
from tests.cli.cases import settle, written

ROOT = Path(__file__).parents[2]
COMMAND = "from mhrules.cli.main import main; main(sys.argv[1:], prog_name='mhrules')"
RENAMED = """
import os, pathlib, signal, sys
left, replace = [{left}], pathlib.Path.replace
def renamed(path, target):
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    return replace(path, target)
pathlib.Path.replace = renamed
"""
"""Kills the process before it gives a file its name, the so many-th."""
SETTLING = """
import os, signal, sys
from mhrules.engine.sql.store import Store
made = Store.table
def table(store, name, sql, about=None):
    if name.startswith("lines_"):
        os.kill(os.getpid(), signal.{signal})
    return made(store, name, sql, about)
Store.table = table
"""
WRITING = """
import os, signal, sys
from mhrules.settle.sql.texts import Query
chunks = Query.csv_chunks
def csv_chunks(query, size):
    for chunk in chunks(query, size):
        yield chunk
        if query.sheet.name == "participation":
            os.kill(os.getpid(), signal.{signal})
Query.csv_chunks = csv_chunks
"""
ASKING = """
import os, pathlib, signal, sys, threading
from mhrules.engine.sql.store import Store
made = Store.table
def table(store, name, sql, about=None):
    if name.startswith("lines_"):
        threading.Timer(0.3, os.kill, (os.getpid(), signal.{signal})).start()
        store.row("SELECT sum(hash(a.x + b.x + c.x) % 7) FROM " + ", ".join(
            f"(SELECT unnest(range(3000000)) AS x) {{alias}}" for alias in "abc"))
    return made(store, name, sql, about)
Store.table = table
"""
"""A query that takes a day, in which the process is told to end."""
SMALL_DISK = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
"""


def run(folder: Path, hook: str, *options: object) -> subprocess.CompletedProcess[str]:
    """`mhrules settle` in a process of its own, into which something is put that goes wrong."""
    arguments = ["settle", folder / "maple", "--data", folder / "data", "--year", "2024", "--out", folder / "out"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", hook + COMMAND, *map(str, (*arguments, *options))],
        env=environment, cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "out").iterdir()} if (folder / "out").exists() else {}


@pytest.fixture
def undisturbed(tmp_path: Path) -> dict[str, bytes]:
    """What a run writes that nothing happens to."""
    written(tmp_path)
    settle(tmp_path, "--run", "2")
    found = files(tmp_path)
    for path in (tmp_path / "out").iterdir():
        path.unlink()
    return found


@pytest.mark.parametrize("left", range(1, 6))
def test_a_run_that_is_killed_while_files_are_renamed(tmp_path: Path, undisturbed: dict[str, bytes], left: int) -> None:
    """Of 5 renames the first puts the earlier manifest aside, the last gives the new one its name."""
    settle(tmp_path, "--detail")
    killed = run(tmp_path, RENAMED.format(left=left), "--run", "2")
    if left == 5:
        assert (killed.returncode, files(tmp_path)) == (0, undisturbed)
        return
    assert killed.returncode == -signal.SIGKILL
    assert "manifest.json" not in files(tmp_path)
    settle(tmp_path, "--run", "2")
    assert files(tmp_path) == undisturbed


def test_a_run_that_is_killed_before_it_renames_leaves_the_earlier_result(
    tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    settle(tmp_path)
    before = files(tmp_path)
    assert run(tmp_path, RENAMED.format(left=0), "--run", "2").returncode == -signal.SIGKILL
    now = files(tmp_path)
    assert {name: now[name] for name in before} == before
    assert {name.removesuffix(".partial") for name in now} == set(before)
    settle(tmp_path, "--run", "2")
    assert files(tmp_path) == undisturbed


@pytest.mark.parametrize(("size", "code", "status"), [(0, "MH653", 1), (200, "MH732", 2)])
def test_a_disk_that_is_full_leaves_the_earlier_result(tmp_path: Path, size: int, code: str, status: int) -> None:
    settle(written(tmp_path))
    before = files(tmp_path)
    full = run(tmp_path, SMALL_DISK.format(size=size), "--run", "2")
    assert (full.returncode, full.stdout) == (status, "")
    assert f"error[{code}]" in full.stderr
    assert files(tmp_path) == before


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize("when", [SETTLING, ASKING, WRITING])
def test_an_interrupted_run_leaves_nothing(tmp_path: Path, when: str, name: str, code: int) -> None:
    written(tmp_path)
    (tmp_path / "private").mkdir()
    ended = run(tmp_path, when.format(signal=name), "--temporary", tmp_path / "private")
    assert (ended.returncode, ended.stdout) == (code, "")
    assert ended.stderr == "interrupted: nothing was written\n"
    assert files(tmp_path) == {}
    assert list((tmp_path / "private").iterdir()) == []


def test_a_folder_for_temporary_files_that_is_not_there(tmp_path: Path) -> None:
    result = settle(written(tmp_path), "--temporary", tmp_path / "nowhere")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error[MH653]" in result.stderr
    assert files(tmp_path) == {}


def test_memory_that_is_used_up_is_a_finding_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relation of lines that needs more than the database may have, while the year is settled."""
    from mhrules.engine.sql.store import Store

    def hungry(store: Store, name: str, sql: str, about: object = None) -> str:
        if name.startswith("lines_"):
            small = duckdb.connect(config={"memory_limit": "20MB", "temp_directory": ""})
            small.execute("SELECT list(a) FROM range(100_000_000) t(a)").fetchall()
        return made(store, name, sql)

    made = Store.table
    monkeypatch.setattr(Store, "table", hungry)
    result = settle(written(tmp_path))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error[MH652]" in result.stderr
    assert "--memory" in result.stderr
    assert files(tmp_path) == {}


def test_no_room_to_spill_is_a_finding() -> None:
    with tempfile.TemporaryDirectory(prefix="mhrules-") as folder:
        small = duckdb.connect(config={"memory_limit": "30MB", "temp_directory": str(Path(folder) / "spill")})
        small.execute("SET max_temp_directory_size = '1MB'")
        with pytest.raises(DiagnosticError, match="MH653"), within_limits():
            small.execute("CREATE TABLE t AS SELECT range AS a, md5(range::VARCHAR) AS b FROM range(5_000_000)")
