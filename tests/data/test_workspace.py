"""How much of the machine a run takes, and the private folder of what does not fit into memory."""

from __future__ import annotations

import gc
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from mhrules.data import database, limits
from mhrules.data.capacity import Capacity, parse_memory
from mhrules.data.dataset import Dataset
from mhrules.data.load import load
from mhrules.data.workspace import Workspace
from mhrules.diagnostics.model import DiagnosticError
from tests.data.cases import ONE

GOOD = b"practice_id,year,paid,score,tier\np1,2012,1,,small\n"


def folder_of(path: Path, content: bytes = GOOD) -> Path:
    path.mkdir()
    (path / "practice_year.csv").write_bytes(content)
    return path


def left(path: Path) -> list[str]:
    return sorted(each.name for each in path.iterdir())


@pytest.mark.parametrize(
    ("text", "size"),
    [("2GB", 2 * 10**9), ("2GiB", 2**31), ("1.5 GiB", 3 * 2**29), ("800MB", 8 * 10**8), ("64MiB", 2**26)],
)
def test_sizes_of_memory(text: str, size: int) -> None:
    assert parse_memory(text) == size


@pytest.mark.parametrize("text", ["", "2", "2gb", "0GB", "-1GB", "2 TB", "1e3MB", "GB", "2GBB"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="write it as 2GB"):
        parse_memory(text)


def threads_of(path: Path, capacity: Capacity | None = None) -> int:
    ((found,),) = load(ONE, path, capacity=capacity).connection().execute(
        "SELECT current_setting('threads')"
    ).fetchall()  # fmt: skip
    return int(found)


def test_few_rows_are_worked_on_by_one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = folder_of(tmp_path / "data")
    assert [threads_of(few), threads_of(few, Capacity(threads=3))] == [1, 3]
    with duckdb.connect() as own:
        ((usual,),) = own.execute("SELECT current_setting('threads')").fetchall()
    monkeypatch.setattr(limits, "_SMALL", 0)
    assert threads_of(few) == usual


def test_the_folder_is_private_and_goes_with_the_data(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    data = load(ONE, folder_of(tmp_path / "data"), capacity=Capacity(temporary=temporary, threads=1))
    assert data.workspace is not None and data.workspace.parent == temporary
    assert stat.S_IMODE(data.workspace.stat().st_mode) == 0o700
    rows = data.rows("practice_year")
    data.close()
    assert left(temporary) == [] and data.workspace is None
    assert data.rows("practice_year") == rows
    with pytest.raises(duckdb.ConnectionException):
        data.connection().execute("SELECT 1")


def test_the_folder_lives_as_long_as_the_connection(tmp_path: Path) -> None:
    connection = load(ONE, folder_of(tmp_path / "data"), capacity=Capacity(temporary=tmp_path)).connection()
    gc.collect()
    assert len(left(tmp_path)) == 2
    assert connection.execute("SELECT count(*) FROM practice_year").fetchall() == [(1,)]
    del connection
    gc.collect()
    assert left(tmp_path) == ["data"]


def test_bad_data_leave_no_folder(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "data", b"practice_id,year\np1\n")
    with pytest.raises(DiagnosticError):
        load(ONE, folder, capacity=Capacity(temporary=tmp_path))
    assert left(tmp_path) == ["data"]


def test_facts_that_a_program_gives_have_a_folder_once_there_is_a_database() -> None:
    data = Dataset.from_rows(ONE, {})
    assert data.workspace is None
    data.connection()
    folder = data.workspace
    assert folder is not None and folder.is_dir()
    data.close()
    assert not folder.exists()


def test_large_data_are_kept_in_a_file(tmp_path: Path) -> None:
    """Data are large beside little memory: 64 MB, where the rows of the file fill 18 MB at least."""
    rows = b"".join(b"p%d,2012,1,,small\n" % number for number in range(500_000))
    folder = folder_of(tmp_path / "data", b"practice_id,year,paid,score,tier\n" + rows)
    data = load(ONE, folder, capacity=Capacity(memory=parse_memory("64MB"), threads=1, temporary=tmp_path))
    assert data.workspace is not None
    assert (data.workspace / "facts.duckdb").stat().st_size > 100_000
    assert data.connection().execute("SELECT count(*), min(paid) FROM practice_year").fetchall() == [(500_000, 100)]
    data.close()
    assert left(tmp_path) == ["data"]


def test_nothing_else_may_be_read_or_written(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a\n1\n")
    workspace = Workspace(tmp_path)
    connection = database.connect(workspace=workspace, on_disk=True)
    for statement in (
        f"SELECT * FROM read_csv('{tmp_path}/other.csv')",
        f"COPY (SELECT 1) TO '{tmp_path}/new.csv'",
        f"COPY (SELECT 1) TO '{workspace.path}/../new.csv'",
        f"ATTACH '{tmp_path}/new.duckdb'",
        "INSTALL httpfs",
        "SET temp_directory = '/'",
        "SET memory_limit = '1GB'",
    ):
        with pytest.raises(duckdb.Error):
            connection.execute(statement)
    connection.execute(f"COPY (SELECT 1) TO '{workspace.path}/own.csv'")
    connection.close()
    workspace.close()
    assert left(tmp_path) == ["other.csv"]


@pytest.mark.parametrize("parent", ["missing", "file"])
def test_a_folder_for_temporary_files_that_cannot_be_used(tmp_path: Path, parent: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DiagnosticError) as caught:
        Workspace(tmp_path / parent)
    (found,) = caught.value.diagnostics
    assert found.code == "MH653" and "--temporary" in found.help[0]


def test_the_folder_of_a_killed_run_is_removed_by_the_next(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from mhrules.data.workspace import Workspace;"
        f"held = Workspace(Path({str(tmp_path)!r})); print(held.path.name, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        name = other.stdout.readline().strip()
        mine = Workspace(tmp_path)
        assert left(tmp_path) == sorted([name, mine.path.name])
        other.send_signal(signal.SIGKILL)
        other.wait()
        next_one = Workspace(tmp_path)
        assert left(tmp_path) == sorted([mine.path.name, next_one.path.name])
        next_one.close()
        mine.close()
    assert left(tmp_path) == []


def test_a_fork_does_not_remove_the_folder_of_its_parent(tmp_path: Path) -> None:
    held = Workspace(tmp_path)
    child = os.fork()
    if child == 0:
        held.close()
        os._exit(0)
    os.waitpid(child, 0)
    assert held.path.is_dir()
    held.close()
    assert left(tmp_path) == []
