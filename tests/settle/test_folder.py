"""Folders of files among the outputs: the hash that the manifest gives of them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from mhrules.settle.folder import Folder

NAMES = ("part-00001.parquet", "part-00000.parquet", "_SUCCESS")


def _filled(path: Path) -> int:
    path.mkdir()
    for name in NAMES:
        (path / name).write_text(name)
    return 7


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="`sha256sum` is not installed")
def test_the_hash_of_a_folder_is_that_of_the_hashes_of_its_files(tmp_path: Path) -> None:
    folder = Folder(tmp_path, ["attribution.parquet"])
    folder.tree("attribution.parquet", _filled)
    folder.publish("{}")
    (written,) = folder.written
    within = tmp_path / "attribution.parquet"
    said = subprocess.run(
        "sha256sum *.parquet | sha256sum", shell=True, cwd=within, capture_output=True, text=True, check=True
    )
    assert (written.sha256, written.rows) == (said.stdout.split()[0], 7)


def test_a_folder_whose_files_are_elsewhere_has_no_hash(tmp_path: Path) -> None:
    folder = Folder(tmp_path, ["attribution.parquet"])
    folder.tree("attribution.parquet", lambda path: 7)
    assert folder.written[0].sha256 == ""
