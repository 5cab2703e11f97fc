"""A rules engine for multi-payer primary-care programs.

`load` reads a program and its contracts, `check` finds their mistakes, `Data` holds facts, `settle` works out what
every payer owes every practice, and `explain` says why. Everything else is private.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mhrules.version import __version__

if TYPE_CHECKING:
    from mhrules.api import (
        Assumption,
        Attribution,
        Data,
        Explanation,
        Payer,
        Payment,
        Posting,
        Program,
        Settlement,
        attribution,
        check,
        explain,
        explain_run,
        load,
        render,
        settle,
    )
    from mhrules.diagnostics.model import Diagnostic, DiagnosticError, Severity

__all__ = [
    "Assumption",
    "Attribution",
    "Data",
    "Diagnostic",
    "DiagnosticError",
    "Explanation",
    "Payer",
    "Payment",
    "Posting",
    "Program",
    "Settlement",
    "Severity",
    "__version__",
    "attribution",
    "check",
    "explain",
    "explain_run",
    "load",
    "render",
    "settle",
]

_OF_DIAGNOSTICS = ("Diagnostic", "DiagnosticError", "Severity")


class _Face(ModuleType):
    """This package, its names imported when they are first asked for.

    `mhrules.check`, `mhrules.settle` and `mhrules.explain` are functions here although packages of those names exist:
    importing such a package would put the package in the function's place, which is refused.
    """

    def __getattr__(self, name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"mhrules has no `{name}`")
        from importlib import import_module

        home = "mhrules.diagnostics.model" if name in _OF_DIAGNOSTICS else "mhrules.api"
        value = getattr(import_module(home), name)
        super().__setattr__(name, value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in __all__ or not isinstance(value, ModuleType):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted(__all__)


sys.modules[__name__].__class__ = _Face
