"""A wheel carries the grammar, the error pages and the programs, and reads them when installed."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from mhrules.resources import shipped

ROOT = Path(__file__).resolve().parent.parent
KEPT = {"grammar": "grammar", "errors": "docs/errors", "programs": "programs"}


def run(*arguments: str | Path, cwd: Path, **environment: str) -> str:
    """What a command of this Python prints. Fails the test, with its words, when the command fails."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel made from the source archive, so that both are known to be whole."""
    pytest.importorskip("hatchling", reason="the build backend hatchling is not installed")
    made = tmp_path_factory.mktemp("made")
    run("-m", "hatchling", "build", "-t", "sdist", "-d", made, cwd=ROOT)
    (archive,) = made.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(made, filter="data")
    run("-m", "hatchling", "build", "-t", "wheel", "-d", made, cwd=made / archive.name.removesuffix(".tar.gz"))
    (built,) = made.glob("*.whl")
    return built


def test_a_wheel_carries_what_the_repository_keeps(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        carried = {name: packed.read(name) for name in packed.namelist() if name.startswith("mhrules/_shipped/")}
        names = set(packed.namelist())
    kept = {
        f"mhrules/_shipped/{kind}/{path.relative_to(ROOT / folder).as_posix()}": path.read_bytes()
        for kind, folder in KEPT.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert carried == kept
    assert "mhrules/py.typed" in names


def test_an_installed_wheel_reads_its_own_files(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    run("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", site, wheel, cwd=tmp_path)
    code = "from mhrules.resources import shipped; print(shipped('grammar', 'mhrules.lark'), shipped('errors'))"
    grammar, errors = run("-c", code, cwd=tmp_path, PYTHONPATH=str(site)).split()
    assert Path(grammar).read_bytes() == (ROOT / "grammar/mhrules.lark").read_bytes()
    assert Path(errors) == (site / "mhrules/_shipped/errors").resolve()


@pytest.mark.parametrize(("kind", "folder"), KEPT.items())
def test_a_clone_reads_the_originals(kind: str, folder: str) -> None:
    assert shipped(kind) == ROOT / folder


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(FileNotFoundError, match=r"`errors/MH000000.md` is neither in the package nor beside it"):
        shipped("errors", "MH000000.md")


@pytest.mark.parametrize("parts", [(), ("tests",), ("errors", "..", "index.md"), ("programs", str(ROOT))])
def test_nothing_else_is_shipped(parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"nothing is shipped as|leads out of its folder"):
        shipped(*parts)
