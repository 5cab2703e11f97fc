"""`import mhrules`: light, lazy, and its functions stay functions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import mhrules

ROOT = Path(__file__).resolve().parents[2]


def test_importing_loads_nothing() -> None:
    code = (
        "import sys, mhrules; print(sorted(n for n in sys.modules if n.startswith('mhrules')), 'attrs' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "['mhrules', 'mhrules.version'] False\n"


@pytest.mark.parametrize("name", mhrules.__all__)
def test_every_public_name_is_there_and_described(name: str) -> None:
    value = getattr(mhrules, name)
    assert not isinstance(value, ModuleType)
    assert name == "__version__" or value.__doc__
    assert name in dir(mhrules)


def test_functions_are_not_displaced_by_packages_of_their_names() -> None:
    code = (
        "import mhrules.check.cases, mhrules.settle.ledger, mhrules.explain\n"
        "import mhrules\n"
        "from mhrules.settle import ledger\n"
        "from mhrules import check, settle, explain\n"
        "print(*(f.__module__ for f in (check, settle, explain, mhrules.check, mhrules.settle)), ledger.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["mhrules.api"] * 5 + ["mhrules.settle.ledger"]


def test_a_name_that_is_not_public() -> None:
    with pytest.raises(AttributeError, match="mhrules has no `lode`"):
        mhrules.lode  # noqa: B018


def test_the_package_says_that_it_is_typed() -> None:
    assert (ROOT / "mhrules" / "py.typed").is_file()
