"""Imports run one way through the house, and starting up stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "mhrules"

# A module may import what stands on its own line or on an earlier one. The longest name that fits decides.
LAYERS = (
    ("mhrules.classes", "mhrules.version", "mhrules.source", "mhrules.exact", "mhrules.resources", "mhrules.progress"),
    ("mhrules.diagnostics",),
    ("mhrules.progress",),
    ("mhrules.syntax",),
    ("mhrules.data.__init__", "mhrules.data.schema"),  # semantics reads the schema, the rest of data comes later
    ("mhrules.data.population",),
    ("mhrules.semantics",),
    ("mhrules.plan",),
    ("mhrules.check",),  # the analyses run over the plan: docs/decisions/0002
    ("mhrules.data",),
    ("mhrules.engine",),
    ("mhrules.settle",),
    ("mhrules.explain",),
    ("mhrules.convene",),
    ("mhrules.prove",),
    ("mhrules.report",),
    ("mhrules",),  # the public face: `__init__` and any file beside it that is not named above
    ("mhrules.cli",),
    ("mhrules.lsp",),
    ("mhrules.__main__", "mhrules.demo"),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}

HEAVY = ("duckdb", "lark", "pyarrow", "pandas", "polars", "numpy", "hypothesis")


def module_name(path: Path) -> str:
    """`mhrules/data/schema.py` is `mhrules.data.schema`; a folder's own file keeps its `__init__`."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def resolved(dotted: str) -> str | None:
    """The module of this package that a dotted name leads to, as `MODULES` names it."""
    name = dotted
    while name.split(".")[0] == "mhrules":
        if name in MODULES:
            return name
        if f"{name}.__init__" in MODULES:
            return f"{name}.__init__"
        name = name.rpartition(".")[0]
    return None


def rank(module: str) -> int:
    """The line of `LAYERS` that a module stands on."""
    name = module
    while name not in RANK:
        name = name.rpartition(".")[0]
    return RANK[name]


def imported_names(module: str, path: Path) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of every import of a file, those inside functions too."""
    package = module.rpartition(".")[0].split(".")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = base + (node.module.split(".") if node.module else [])
            yield from ((node.lineno, ".".join([*base, alias.name])) for alias in node.names)


def arrows_back(module: str, path: Path) -> list[str]:
    """The imports of a file that run against the order, as sentences."""
    found = []
    for line, name in imported_names(module, path):
        target = resolved(name)
        if target is not None and rank(target) > rank(module):
            found.append(f"{path.relative_to(ROOT)}:{line} imports {target}, which comes after it")
    return found


def test_imports_run_one_way() -> None:
    assert MODULES
    assert [arrow for module, path in MODULES.items() for arrow in arrows_back(module, path)] == []


def test_every_folder_has_its_place() -> None:
    folders = {module_name(path.parent) for path in MODULES.values()} - {"mhrules"}
    top = {".".join(name.split(".")[:2]) for name in folders}
    assert sorted(top - RANK.keys()) == [], "give the folder a line in LAYERS"


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("mhrules.syntax.parse", "from mhrules.semantics import names"),
        ("mhrules.semantics.types", "def f():\n    from mhrules.data import load"),
        ("mhrules.semantics.types", "from ..plan.ir import Node"),
        ("mhrules.engine.reference", "import mhrules.cli.main"),
        ("mhrules.data.__init__", "from .load import rows"),
        ("mhrules.exact", "from . import diagnostics"),
    ],
)
def test_an_arrow_back_is_found(module: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("semantics.names", "data.load", "plan.ir", "cli.main", "diagnostics.__init__"):
        monkeypatch.setitem(MODULES, f"mhrules.{name}", PACKAGE)
    path = tmp_path / "written.py"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert len(arrows_back(module, path)) == 1


def test_semantics_may_read_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "written.py"
    path.write_text("from mhrules.data.schema import Schema\nfrom mhrules.data import schema", encoding="utf-8")
    assert arrows_back("mhrules.semantics.names", path) == []


@pytest.mark.parametrize("module", ["mhrules", "mhrules.cli.main"])
def test_starting_up_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout.strip()) == (0, ""), run.stderr
