"""All mistakes of a long text in one run, none invented; limits; and no text, whatever it is, breaks the parser."""

from __future__ import annotations

import re
import time

from hypothesis import example, given
from hypothesis import strategies as st

from mhrules.source import Source
from mhrules.syntax.parse import DEEPEST_BRACKETS, LARGEST, MOST_FINDINGS, tree_from_text

HEADER = 'mhrules 1\nprogram long "A long program" edition "1" {\n  term 2012-01-01 onward\n'
GOOD = """  payment p{n} "Payment {n}" {{
    per practice per year
    gate g{n} "Gate" : savings{n} > $0
    let net{n} = savings{n} - fees
    pays choose {{
      when net{n} >= $0 and quality : 50% of net{n}
      when net{n} >= $0 and not quality : $0
      otherwise : net{n}
    }}
    at most 15% of benchmark
  }}
"""
PLANTED = {
    10: ("gate g10 ", "gaet g10 ", "MH109"),
    25: ("let net25 = ", "let net25 : ", "MH101"),
    40: ("per practice per year", "per practice per year downside", "MH104"),
    55: ("savings55 > $0", "savings55 > $5,000", "MH107"),
    70: ('"Gate" :', '"Gate"', "MH101"),
    85: ("and not quality", "&& not quality", "MH108"),
    100: ("otherwise :", "else :", "MH108"),
    115: ("\n    at most 15% of benchmark\n  }", "\n    at most 15% of benchmark\n", "MH102"),
    130: ('"Payment 130"', "“Payment 130”", "MH103"),
    145: ("at most 15% of benchmark", "at most 15% of", "MH101"),
    160: ("savings160 - fees", "(savings160 - fees", "MH102"),
    170: ("when net170 >= $0 and quality", "net170 >= $0 and quality", "MH101"),
}


def long_text() -> tuple[str, list[tuple[str, int]]]:
    """A text of about 2,000 lines with the planted mistakes, and the code and payment of each."""
    parts = [HEADER]
    for number in range(180):
        part = GOOD.format(n=number)
        if number in PLANTED:
            old, new, _ = PLANTED[number]
            assert old in part
            part = part.replace(old, new, 1)
        parts.append(part)
    return "".join(parts) + "}\n", [(code, number) for number, (_, _, code) in PLANTED.items()]


def test_every_planted_mistake_of_a_long_text_is_found_and_no_other() -> None:
    text, planted = long_text()
    assert text.count("\n") > 1_900
    source = Source("long.mh", text)
    started = time.monotonic()
    tree, found = tree_from_text(source)
    seconds = time.monotonic() - started
    assert tree is None
    where = []
    for d in found:
        assert d.span is not None
        before = re.findall(r"payment p(\d+)", text[: d.span.end])
        where.append((d.code, int(before[-1])))
    assert where == planted  # the missing `}` is told at the word `payment` behind it
    assert seconds < 10


def test_findings_stop_at_a_hundred() -> None:
    text = HEADER + "".join(f"  defin x{n} = 1\n" for n in range(300)) + "}\n"
    assert len(tree_from_text(Source("a.mh", text))[1]) == MOST_FINDINGS


def test_every_bad_row_of_a_table_is_told() -> None:
    rows = "".join(f"    k{n} {':' if n % 7 else ''} {n}%\n" for n in range(50))
    text = f"{HEADER}  table t by k : % {{\n{rows}  }}\n}}\n"
    found = tree_from_text(Source("a.mh", text))[1]
    assert [d.span.line for d in found if d.span] == [5 + n for n in range(50) if n % 7 == 0]


def codes(text: str) -> list[str]:
    return [d.code for d in tree_from_text(Source("a.mh", text))[1]]


def test_limits_are_told_not_met() -> None:
    deep = "(" * (DEEPEST_BRACKETS + 1) + "1" + ")" * (DEEPEST_BRACKETS + 1)
    assert codes(f"{HEADER}define x = {deep}\n}}\n") == ["MH007"]
    assert codes(f"{HEADER}define x = {' + '.join(['a'] * 5000)}\n}}\n") == ["MH007"]
    assert codes(f"{HEADER}define x = {'not ' * 5000} a\n}}\n") == ["MH007"]
    assert codes("mhrules 1\n" + "#" * LARGEST) == ["MH007"]
    assert codes(f"{HEADER}define x = {'9' * 5000}\n}}\n") == ["MH106"]
    assert codes(f"{HEADER}define x = {' + '.join(['a'] * 100)}\n}}\n") == []


def test_many_line_ends_and_brackets_take_no_time() -> None:
    started = time.monotonic()
    for text in ("\n" * 200_000, "}" * 20_000, "(;" * 20_000, "{\n" * 20_000, '"' * 20_000, "define " * 5_000):
        tree_from_text(Source("a.mh", HEADER + text))
    assert time.monotonic() - started < 30


_WORDS = (
    'payment pays { } ( ) " : ; = define choose when otherwise \n at most of per 5 $5 50% x - < “ \\ import given '
    "example expect attribution every month first program contract if then else | , .. 2012-13 # facts of table by or"
)
WORDS = st.sampled_from(_WORDS.split(" "))


@given(st.text(max_size=200))
def test_no_text_breaks_the_parser(text: str) -> None:
    for whole in (text, HEADER + text):
        tree, found = tree_from_text(Source("a.mh", whole))
        assert (tree is None) == bool(found)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parser(content: bytes) -> None:
    tree_from_text(Source("a.mh", content.decode("utf-8", "replace")))
    tree_from_text(Source("a.mh", content.decode("latin-1")))


@given(st.lists(WORDS, max_size=60))
@example(["payment", "x"])
@example(["choose", "{", "}", "}", "}"])
def test_no_words_break_the_parser(words: list[str]) -> None:
    tree, found = tree_from_text(Source("a.mh", HEADER + " ".join(words)))
    assert (tree is None) == bool(found)
    assert all(d.span is not None and 0 <= d.span.start <= d.span.end for d in found)
