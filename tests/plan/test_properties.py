"""Whatever parses is lowered: a mistake makes coded findings, and never an exception."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.registry import CODES
from mhrules.plan.lower import plan_from_program
from mhrules.semantics.bind import agreements
from mhrules.semantics.names import program_from_files
from mhrules.source import Source
from mhrules.syntax.parse import tree_from_text
from tests.plan.texts import findings_of, monthly, program, yearly

ROOT = Path(__file__).resolve().parents[2]
OWN = program(
    "define old = prior_year(sum(benchmark over practices of region))",
    'report grown "Grown" = greater of { a : old\n b : sum(total(care) over months) when good }',
    yearly(
        'gate published "Published" : known(quality) and level on first day >= 1',
        "let net = benchmark - expenditure",
        "pays choose { when good : (net kept within $0 .. $5)\n"
        " otherwise : split pool among practices where good in proportion to score }",
        "at most (interpolate sizes at score) of benchmark",
    ),
    monthly(
        'gate panel "Panel" : count(members) across payers > 5',
        "pays bands score { below 5 : $1\n otherwise : fee plus $1 for each full 5 score above 25 }",
    ),
    'ensure held "Held" for payers where line = medicaid : (fee * member_months) by month <= share of pool by budget',
)
TEXTS = [OWN, *(path.read_text("utf-8") for path in sorted(ROOT.glob("programs/*/*.mh")))]
TEXTS = [text for text in TEXTS if re.search(r"^program ", text, re.MULTILINE)]
WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*|\$?[0-9][0-9_]*(?:\.[0-9]+)?%?|<=|>=|[=<>+*/-]")
WORDS = sorted({word for text in TEXTS for word in WORD.findall(text)})


def mutated(text: str, chance: random.Random) -> str:
    """A text with a name or a literal exchanged, a line left out or a line said again."""
    lines = text.split("\n")
    what = chance.random()
    if what < 0.7:
        place = chance.choice(list(WORD.finditer(text)))
        word = chance.choice(WORD.findall(text) if chance.random() < 0.7 else WORDS)
        return text[: place.start()] + word + text[place.end() :]
    at = chance.randrange(2, len(lines))
    if what < 0.85:
        return "\n".join(lines[:at] + lines[at + 1 :])
    return "\n".join([*lines[:at], chance.choice(lines[2:]), *lines[at:]])


def lowered_findings(text: str) -> Findings | None:
    """The findings of a text up to its plan; None if it does not parse or has no program."""
    tree, _ = tree_from_text(Source("mutated.mh", text))
    findings = Findings()
    found = None if tree is None else program_from_files([tree], findings)
    if found is None:
        return None
    plan_from_program(found, agreements(found, findings), findings)
    return findings


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_the_texts_themselves_lower_without_errors(text: str) -> None:
    findings = lowered_findings(text)
    assert findings is not None
    assert not findings.has_errors, [d.message for d in findings.sorted()]


@settings(max_examples=80)
@given(number=st.integers(0, len(TEXTS) - 1), seed=st.integers(0, 2**32), times=st.integers(1, 3))
def test_any_tree_is_lowered_with_coded_findings_only(number: int, seed: int, times: int) -> None:
    chance, text = random.Random(seed), TEXTS[number]
    for _ in range(times):
        text = mutated(text, chance)
    findings = lowered_findings(text)
    for d in () if findings is None else findings.sorted():
        assert d.code in CODES
        assert d.message and not d.message.endswith(".") and "\n" not in d.message.split("`")[0], d.message


# --------------------------------------------------------------------------------------------- long texts


def test_a_long_chain_of_definitions_is_refused_and_not_a_crash() -> None:
    chain = [f"define step_{n} = step_{n + 1} + $1" for n in range(600)]
    found = findings_of(program(*chain, "define step_600 = benchmark", yearly("pays step_0")))
    assert [(code, message) for code, message, _, _ in found] == [
        ("MH412", "more than 400 steps stand inside one another, through definitions")
    ]


def test_choices_inside_choices_stay_small() -> None:
    value = "score"
    for _ in range(30):
        value = f"(bands {value} {{ below 1 : 0\n otherwise : 1 }} + 1)"
    assert findings_of(program(yearly(f"pays {value} * $1"))) == []


def test_tables_that_read_tables_stay_small() -> None:
    tables = [f"table t{n} by track : $ {{ basic : t{n + 1}; enhanced : t{n + 1} }}" for n in range(40)]
    last = "table t40 by track : $ { basic : $1; enhanced : $2 }"
    assert findings_of(program(*tables, last, yearly("pays t0"))) == []
