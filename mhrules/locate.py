"""Where a program is: a file, a folder, or the name of a program that came with mhrules."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from mhrules.diagnostics.model import DataPlace, DiagnosticError
from mhrules.diagnostics.registry import finding
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.files import SUFFIX
from mhrules.resources import shipped


def program_path(program: str | PathLike[str]) -> Path:
    """The file or folder of a program: a path that exists, else the shipped program of that name.

    Raises:
        DiagnosticError: neither is there (MH001).
    """
    path = Path(program)
    if _exists(path):
        return path
    name = str(program).rstrip("/")
    if name in shipped_programs():
        return shipped("programs", name)
    near = did_you_mean(path.name, _neighbours(path))
    alike = did_you_mean(name, shipped_programs())
    if near:
        advice = f"did you mean `{path.parent / near}`?"
    elif alike:
        advice = f"did you mean `{alike}`?"
    else:
        advice = f"name a file, a folder, or a program that came with mhrules: {', '.join(shipped_programs())}"
    raise DiagnosticError([finding("MH001", f"there is no program `{program}`", help=advice)])


def existing(path: str | PathLike[str]) -> Path:
    """A path that is there.

    Raises:
        DiagnosticError: it is not (MH001).
    """
    found = Path(path)
    if not _exists(found):
        near = did_you_mean(found.name, _neighbours(found))
        advice = f"did you mean `{found.parent / near}`?" if near else ""
        raise DiagnosticError([finding("MH001", f"there is no file or folder `{path}`", help=advice)])
    return found


def shipped_programs() -> list[str]:
    """The names of the programs that came with mhrules, in order."""
    return sorted(path.name for path in shipped("programs").iterdir() if path.is_dir() and _has_rules(path))


def program_paths(path: Path) -> list[Path]:
    """The programs that a path stands for: itself, or for a folder of such folders, each of those.

    Raises:
        DiagnosticError: no rule file is there (MH001).
    """
    if not path.is_dir() or _has_rules(path):
        return [path]
    found = [below for below in _inside(path) if below.is_dir() and _has_rules(below)]
    if not found:
        raise DiagnosticError(
            [
                finding(
                    "MH001",
                    f"no rule file is in `{path.name}`",
                    place=DataPlace(path.name),
                    help=f"rule files end in `{SUFFIX}`, and each program has a folder of its own",
                )
            ]
        )
    return found


def rule_files(path: Path) -> list[Path]:
    """The rule files that a path stands for: itself, or every one in a folder and the folders below.

    Raises:
        DiagnosticError: no rule file is there (MH001).
    """
    if not path.is_dir():
        return [path]
    found = sorted(below for below in path.rglob(f"*{SUFFIX}") if below.is_file())
    if not found:
        place = DataPlace(path.name)
        raise DiagnosticError(
            [finding("MH001", f"no rule file is in `{path.name}`", place=place, help=f"rule files end in `{SUFFIX}`")]
        )
    return found


def _has_rules(folder: Path) -> bool:
    return any(path.suffix == SUFFIX for path in _inside(folder))


def _inside(folder: Path) -> list[Path]:
    """What a folder holds, in order of the names.

    Raises:
        DiagnosticError: it may not be read (MH001).
    """
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        why = (error.strerror or "it cannot be opened").lower()
        raise DiagnosticError([finding("MH001", f"cannot read `{folder.name}`: {why}")]) from None


def _exists(path: Path) -> bool:
    """Whether something is there; a path that the system refuses, such as one that is too long, leads nowhere."""
    try:
        return path.exists()
    except OSError:
        return False


def _neighbours(path: Path) -> Iterable[str]:
    """The names beside a path that is not there."""
    try:
        return [beside.name for beside in path.parent.iterdir()]
    except OSError:
        return []
