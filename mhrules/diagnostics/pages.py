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


GROUPS = {
    "MH0": "Files and limits",
    "MH1": "Syntax",
    "MH2": "Names and structure",
    "MH3": "Types, units and grain",
    "MH4": "Time, and what always runs",
    "MH5": "Contracts",
    "MH6": "Data and bindings",
    "MH7": "Faults when settling",
    "MH9": "Not yet, and internal errors",
}


def index() -> str:
    """The page `docs/errors/index.md`: every code with its title, in groups."""
    lines = ["# Findings", "", "Every finding has a code that stays. `mhrules explain-code MH101` prints its page.", ""]
    for prefix, heading in GROUPS.items():
        codes = [info for code, info in CODES.items() if code.startswith(prefix)]
        lines += [f"## {heading}", "", "| code | what | severity |", "|---|---|---|"]
        lines += [f"| [{i.code}]({i.code}.md) | {i.title} | {i.severity.value} |" for i in codes]
        lines.append("")
    return "\n".join(lines)
