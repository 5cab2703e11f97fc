"""One tiny bad program per mistake: what it finds, what it says, what it underlines, what it advises."""

from __future__ import annotations

from attrs import frozen

from tests.plan.texts import FACTS, HEAD, findings_of, program


@frozen
class Bad:
    """A program with one mistake, named after it, and the finding that is expected."""

    name: str
    texts: tuple[str, ...]
    code: str
    message: str
    underlined: str
    help: tuple[str, ...]


def bad(
    name: str,
    code: str,
    message: str,
    underlined: str,
    help: tuple[str, ...],
    *clauses: str,
    facts: str = FACTS,
    head: str = HEAD,
    participant: str = "",
    contract: str = "",
) -> Bad:
    """A program of some clauses around the usual facts, and what is found in it."""
    texts = [program(*clauses, facts=facts, head=head, participant=participant)]
    if contract:
        begin = 'mhrules 1\ncontract one "Contract" under pilot edition "1" by aetna {\n  effective 2011-01-01\n  '
        texts.append(f"{begin}{contract}\n}}\n")
    return Bad(name, tuple(texts), code, message, underlined, help)


def assert_bad(case: Bad) -> None:
    """The finding is the first of its program, and every other is of the same code."""
    found = findings_of(*case.texts)
    assert found[:1] == [(case.code, case.message, case.underlined, case.help)], found
    assert {code for code, *_ in found} == {case.code}, found
