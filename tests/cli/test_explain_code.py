"""`mhrules explain-code`."""

from __future__ import annotations

import pytest

from mhrules.diagnostics.pages import page
from tests.cli.cases import run


@pytest.mark.parametrize("code", ["MH101", "mh101", "unexpected-word"])
def test_a_page_by_code_in_any_case_or_by_name(code: str) -> None:
    result = run("explain-code", code)
    assert (result.exit_code, result.stdout.rstrip()) == (0, page("MH101").rstrip())


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("MH1010", "did you mean `MH101`?"),
        ("unexpected-wrd", "did you mean `MH101`?"),
        ("?", "a code is `MH` and three digits, such as `MH101`"),
    ],
)
def test_an_unknown_code(code: str, advice: str) -> None:
    result = run("explain-code", code)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error[MH201] there is no code `{code}`\n  = help: {advice}\n")
