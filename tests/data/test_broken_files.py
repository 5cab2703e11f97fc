"""Files that break while they are read, and a machine without room: a coded finding, and no folder left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import mhrules.data.load as loading
from mhrules.data.capacity import Capacity, parse_memory
from mhrules.data.direct import Direct, LeftRows
from mhrules.data.load import load
from mhrules.data.schema import Schema
from mhrules.diagnostics.model import Diagnostic, DiagnosticError
from tests.data.cases import MONTHLY, ONE, seen

HEADER = b"practice_id,year,paid,score,tier\n"
LONG = (
    "SELECT 'p' || i AS practice_id, 2012 AS year, CAST(i AS DECIMAL(12, 2)) AS paid, NULL AS score, 'small' AS tier "
    "FROM range(50000) t(i)"
)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Capacity]:
    """A folder for temporary files that must be empty in the end."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    yield Capacity(temporary=temporary)
    assert list(temporary.iterdir()) == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    return made


def refused(data: Path, room: Capacity, of: Schema = ONE) -> tuple[Diagnostic, ...]:
    with pytest.raises(DiagnosticError) as caught:
        load(of, data, capacity=room)
    return caught.value.diagnostics


def parquet(folder: Path) -> Path:
    path = folder / "practice_year.parquet"
    duckdb.sql(f"COPY ({LONG}) TO '{path}' (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 10000)")
    return path


def test_parquet_with_damaged_pages(folder: Path, room: Capacity) -> None:
    path = parquet(folder)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle - 2000 : middle + 2000] = bytes(255 - byte for byte in content[middle - 2000 : middle + 2000])
    path.write_bytes(content)
    for found in refused(folder, room):
        assert found.code in ("MH604", "MH620", "MH621", "MH622", "MH623", "MH624", "MH625", "MH628", "MH630")
        assert found.place is None or found.place.file == "practice_year.parquet"


@pytest.mark.parametrize("kept", [0, 4, 1000, -1, -200])
def test_parquet_that_breaks_off(folder: Path, room: Capacity, kept: int) -> None:
    path = parquet(folder)
    path.write_bytes(path.read_bytes()[:kept])
    assert [(d.code, d.place.file) for d in refused(folder, room) if d.place] == [("MH604", "practice_year.parquet")]


@pytest.mark.parametrize(
    ("ending", "found"),
    [
        (b"p3,2012,1", ("MH609", 4, None)),
        (b'p3,2012,1,,"sma', ("MH608", 4, None)),
        (b"p3,2012,1,,", ("MH624", 4, "tier")),
        (b"p3,2012,1,,smal", ("MH623", 4, "tier")),
        (b"p3,2012," + b"9" * 40 + b",,small\n", ("MH622", 4, "paid")),
    ],
)
def test_csv_that_breaks_off_or_overflows(
    folder: Path, room: Capacity, ending: bytes, found: tuple[str, int, str | None]
) -> None:
    (folder / "practice_year.csv").write_bytes(HEADER + b"p1,2012,1,,small\np2,2012,1,,small\n" + ending)
    assert [(code, line, column) for code, _, line, column, _ in seen(refused(folder, room))] == [found]


@pytest.mark.parametrize("month", ["201213", "201200", "20121", "000001"])
def test_a_month_out_of_range(folder: Path, room: Capacity, month: str) -> None:
    (folder / "practice_month.csv").write_text(f"practice_id,year_month,visits\np1,201212,1\np1,{month},1\n")
    assert seen(refused(folder, room, MONTHLY)) == [("MH620", "practice_month.csv", 3, "year_month", month)]


def test_an_amount_of_forty_digits_in_parquet(folder: Path, room: Capacity) -> None:
    path = folder / "practice_year.parquet"
    wide = LONG.replace("CAST(i AS DECIMAL(12, 2))", f"CASE WHEN i = 30000 THEN '{'9' * 40}' ELSE '1' END")
    duckdb.sql(f"COPY ({wide}) TO '{path}' (FORMAT parquet)")
    assert seen(refused(folder, room)) == [("MH622", "practice_year.parquet", 30001, "paid", "9" * 40)]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_that_vanishes_before_it_is_opened(
    folder: Path, room: Capacity, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / f"practice_year.{ending}").write_bytes(HEADER)
    real = loading.open_file

    def vanished(*arguments: object) -> object:
        (folder / f"practice_year.{ending}").unlink()
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(loading, "open_file", vanished)
    assert [(d.code, d.place.file) for d in refused(folder, room) if d.place] == [("MH604", f"practice_year.{ending}")]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_that_vanishes_before_it_is_read(
    folder: Path, room: Capacity, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ending == "csv":
        (folder / "practice_year.csv").write_bytes(HEADER + b"p1,2012,1,,small\n")
    else:
        parquet(folder)
    real = loading.read_directly

    def vanished(task: Direct) -> list[LeftRows] | None:
        (folder / f"practice_year.{ending}").unlink()
        return real(task)

    monkeypatch.setattr(loading, "read_directly", vanished)
    assert [(d.code, d.place.file) for d in refused(folder, room) if d.place] == [("MH604", f"practice_year.{ending}")]


def test_a_folder_that_may_not_be_listed(folder: Path, room: Capacity, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "practice_year.csv").write_bytes(HEADER)
    (folder / "closed").mkdir()
    real = os.scandir

    def closed(path: str = ".") -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", closed)
    (found,) = refused(folder, room)
    assert found.code == "MH601" and "Permission denied" in found.message


def test_too_little_memory(folder: Path, room: Capacity) -> None:
    rows = b"".join(b"p%d,2012,1,,small\n" % number for number in range(300_000))
    (folder / "practice_year.csv").write_bytes(HEADER + rows)
    (found,) = refused(folder, Capacity(memory=parse_memory("3MB"), threads=1, temporary=room.temporary))
    assert found.code == "MH652" and "--memory" in found.help[0] and "used" in found.notes[0]


def test_no_room_for_temporary_files(folder: Path, room: Capacity) -> None:
    """A process that may write no file of more than a megabyte, and has too little memory for the rows."""
    if sys.platform == "win32":
        pytest.skip("there is no limit on the size of files")
    rows = b"".join(b"p%d,2012,1,,small\n" % number for number in range(400_000))
    (folder / "practice_year.csv").write_bytes(HEADER + rows)
    script = f"""
import resource
from pathlib import Path
from mhrules.data.capacity import Capacity
from mhrules.data.load import load
from mhrules.diagnostics.model import DiagnosticError
from tests.data.cases import ONE
resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
try:
    capacity = Capacity(memory=60 * 10**6, threads=1, temporary=Path({str(room.temporary)!r}))
    load(ONE, Path({str(folder)!r}), capacity=capacity)
except DiagnosticError as error:
    print(*(f"{{d.code}} {{d.message}} {{d.notes}}" for d in error.diagnostics))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("MH653 temporary files cannot be written in "), done.stdout + done.stderr
    assert str(room.temporary) in done.stdout
