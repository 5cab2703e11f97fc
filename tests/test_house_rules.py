"""Rules of the house that a test can see."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
MODULES = sorted((ROOT / "mhrules").rglob("*.py"))
LONGEST = 700

FOLDERS = (".ci", "benchmarks", "docs", "editors", "grammar", "mhrules", "programs", "tests")
TOP_FILES = ("*.md", "*.toml", "*.yml", "Makefile", ".gitignore", ".gitattributes")

# In pieces, so that this file does not name what it forbids.
_MACHINE = r"(?<![\w.-])/(?:tmp|root|work|home/[a-z]+)/"
_REGISTRY = "|".join(
    re.escape(".".join(parts))
    for parts in (("pypi", "org"), ("files", "pythonhosted"), ("npmjs", "org"), ("deb", "debian"))
)
FORBIDDEN = re.compile(f"{_MACHINE}|{_REGISTRY}")


def written_files() -> Iterator[Path]:
    """Every text file that people wrote, wherever it lives."""
    for pattern in TOP_FILES:
        yield from ROOT.glob(pattern)
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def machine_places(path: Path) -> list[str]:
    """Where a file names a path of one machine or the host of a package registry. Other encodings are not text."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []
    return [f"{path.name}:{number}: {line.strip()}" for number, line in enumerate(lines, 1) if FORBIDDEN.search(line)]


def test_no_file_names_a_machine_path_or_a_registry() -> None:
    assert [place for path in sorted(written_files()) for place in machine_places(path)] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("open('/" + "tmp/x')", 1),
        ("file:///" + "home/ann/data", 1),
        ("https://pypi." + "org/simple", 1),
        ("https://example.gov/tm" + "p/plan", 0),
    ],
)
def test_a_machine_path_is_seen(text: str, found: int, tmp_path: Path) -> None:
    path = tmp_path / "written.txt"
    path.write_text(text, encoding="utf-8")
    assert len(machine_places(path)) == found


def test_no_module_is_too_long() -> None:
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_every_module_says_what_it_is() -> None:
    silent = [
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def pages(nav: Any) -> Iterator[str]:
    """The pages of a menu, at any depth. Addresses elsewhere are not pages."""
    if isinstance(nav, str):
        if "://" not in nav:
            yield nav
    elif isinstance(nav, dict):
        for below in nav.values():
            yield from pages(below)
    else:
        for below in nav:
            yield from pages(below)


def menu() -> set[str]:
    """The pages that the menu of `mkdocs.yml` names."""
    return set(pages(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]))


def test_every_page_of_the_menu_exists() -> None:
    assert sorted(page for page in menu() if not (DOCS / page).is_file()) == []


def test_every_page_is_in_the_menu() -> None:
    written = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    codes = {page for page in written if re.fullmatch(r"errors/MH\d+\.md", page)}
    assert sorted(written - codes - menu()) == [], "add the page to nav in mkdocs.yml"
