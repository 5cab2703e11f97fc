"""The example on the page of each code of the lowering makes that finding, and its repair does not."""

from __future__ import annotations

import re

import pytest

from mhrules.diagnostics.pages import page
from mhrules.diagnostics.registry import CODES
from tests.plan.texts import HEAD, findings_of, program, yearly

LOWERING = re.compile(r"MH3[0-3567]\d|MH40\d|MH41[0-2]|MH42[1-7]|MH45[12]")
TOO_LONG_FOR_A_PAGE = {"MH412"}
PAGES = sorted(code for code in CODES if LOWERING.fullmatch(code) and code not in TOO_LONG_FOR_A_PAGE)
IN_A_PAYMENT = ("pays", "gate", "let", "at")


def whole(fragment: str) -> str:
    """A fragment of a page as a program."""
    if fragment.split(maxsplit=1)[0] in IN_A_PAYMENT:
        return program(yearly(*fragment.splitlines()))
    head = re.sub(r"\n *months count .*", "", HEAD) if fragment.startswith("months count") else HEAD
    return program(fragment, head=head)


@pytest.mark.parametrize("code", PAGES)
def test_the_example_makes_the_finding_and_the_repair_does_not(code: str) -> None:
    example, repair = re.findall(r"```mh\n(.*?)```", page(code), flags=re.DOTALL)
    assert {found for found, *_ in findings_of(whole(example))} == {code}
    assert [(found, message) for found, message, *_ in findings_of(whole(repair)) if found < "MH431"] == []
