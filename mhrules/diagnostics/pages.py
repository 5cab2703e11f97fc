"""The page that explains a code."""

from __future__ import annotations

from mhrules.diagnostics.registry import CODES
from mhrules.resources import shipped


def page(code: str) -> str:
    """The Markdown page of a code such as `MH101`.

    Raises:
        KeyError: there is no such code.
        FileNotFoundError: the code exists but its page was not installed.
    """
    if code not in CODES:
        raise KeyError(code)
    return shipped("errors", f"{code}.md").read_text(encoding="utf-8")


def page_path(code: str) -> str:
    """Where the page of a code lies in the repository."""
    return f"docs/errors/{code}.md"
