"""The table of codes is well formed, and findings take their severity from it."""

from __future__ import annotations

import re

import pytest

from mhrules.diagnostics import registry
from mhrules.diagnostics.model import Label, Severity
from mhrules.diagnostics.registry import CODES, finding
from mhrules.source import Source, Span


def test_the_table_is_sorted_and_has_each_code_and_slug_once() -> None:
    codes = [row[0] for row in registry._TABLE]
    assert codes == sorted(set(codes))
    assert len({info.name for info in CODES.values()}) == len(codes)


@pytest.mark.parametrize("code", CODES)
def test_an_entry_is_written_as_the_house_writes(code: str) -> None:
    info = CODES[code]
    assert info.code == code
    assert re.fullmatch(r"MH[0-79]\d\d", code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", info.name)
    assert info.title == info.title.strip()
    assert not info.title.endswith(".")
    assert "\n" not in info.title


def test_a_finding_takes_the_severity_of_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CODES, "MH498", registry.CodeInfo("MH498", "quiet", Severity.WARNING, "quiet"))
    assert finding("MH201", "unknown name `x`").severity is Severity.ERROR
    assert finding("MH498", "quiet").severity is Severity.WARNING


def test_notes_and_help_are_one_text_or_several() -> None:
    span = Span(Source("a.mh", "mhrules 1\n"), 0, 7)
    d = finding("MH201", "m", span, label="here", related=[Label(span, "there")], notes="one", help=["a", "b"])
    assert (d.notes, d.help, d.related) == (("one",), ("a", "b"), (Label(span, "there"),))
    assert (finding("MH201", "m").notes, finding("MH201", "m", help="").help) == ((), ())


def test_an_unregistered_code_is_refused() -> None:
    with pytest.raises(KeyError, match="MH899"):
        finding("MH899", "no such code")
