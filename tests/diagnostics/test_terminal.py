"""What a person sees, to the letter: without color, at 80 columns unless said."""

from __future__ import annotations

import re
import textwrap

from hypothesis import given
from hypothesis import strategies as st

from mhrules.diagnostics.model import DataPlace, Diagnostic, Label, Severity
from mhrules.diagnostics.terminal import render, summary
from mhrules.source import Source, Span

PROGRAM = Source(
    "program.mh",
    textwrap.dedent("""\
        mhrules 1
        program p "P" edition "2011" {
          parameter care_fee : $ pmpm = $2.50
          payment care "Care management fee" {
            per member per month
            pays care_fees
          }
        }
        """),
)


def at(source: Source, text: str) -> Span:
    start = source.text.index(text)
    return Span(source, start, start + len(text))


def shown(*diagnostics: Diagnostic, width: int = 80) -> str:
    return render(diagnostics, color=False, width=width) + "\n"


def expect(text: str) -> str:
    return textwrap.dedent(text).removeprefix("\n")


def test_a_span_with_label_note_and_help() -> None:
    d = Diagnostic(
        "MH201",
        "unknown name `care_fees`",
        at(PROGRAM, "care_fees"),
        label="not declared",
        notes=("names are looked up in the contract, then in the program, then among the built-in quantities",),
        help=("did you mean `care_fee`?",),
    )
    assert shown(d) == expect("""
        error[MH201] unknown name `care_fees`
         --> program.mh:6:10
          |
        6 |     pays care_fees
          |          ^^^^^^^^^ not declared
          |
          = note: names are looked up in the contract, then in the program, then among
                  the built-in quantities
          = help: did you mean `care_fee`?

        1 error
        """)


def test_two_places_in_one_file() -> None:
    first, second = at(PROGRAM, "care_fee "), at(PROGRAM, "care ")
    d = Diagnostic("MH202", "name declared twice", second, label="again", related=(Label(first, "first"),))
    assert shown(d) == expect("""
        error[MH202] name declared twice
         --> program.mh:4:11
          |
        3 |   parameter care_fee : $ pmpm = $2.50
          |             -------- first
        4 |   payment care "Care management fee" {
          |           ^^^^ again

        1 error
        """)


def test_two_places_in_one_line() -> None:
    text = Source("a.mh", "define x = $5.50 pmpm + $200")
    d = Diagnostic(
        "MH301",
        "`$ per member month` and `$` cannot be added",
        at(text, "$5.50 pmpm + $200"),
        related=(Label(at(text, "$5.50 pmpm"), "$ per member month"), Label(at(text, "$200"), "$")),
    )
    assert shown(d) == expect("""
        error[MH301] `$ per member month` and `$` cannot be added
         --> a.mh:1:12
          |
        1 | define x = $5.50 pmpm + $200
          |            ---------- $ per member month
          |            ^^^^^^^^^^^^^^^^^
          |                         ---- $

        1 error
        """)


def test_lines_between_two_places_are_cut_but_a_single_one_is_shown() -> None:
    near = Diagnostic("MH201", "near", at(PROGRAM, "pays"), related=(Label(at(PROGRAM, "payment"), "here"),))
    far = Diagnostic("MH201", "far", at(PROGRAM, "pays"), related=(Label(at(PROGRAM, "program p"), "here"),))
    assert shown(near, far) == expect("""
        error[MH201] near
         --> program.mh:6:5
          |
        4 |   payment care "Care management fee" {
          |   ------- here
        5 |     per member per month
        6 |     pays care_fees
          |     ^^^^

        error[MH201] far
         --> program.mh:6:5
          |
        2 | program p "P" edition "2011" {
          | --------- here
        ...
        6 |     pays care_fees
          |     ^^^^

        2 errors
        """)


def test_two_places_in_two_files() -> None:
    contract = Source("contracts/aetna.mh", "mhrules 1\n" + "\n" * 8 + "  set care_fee = $9.00\n")
    d = Diagnostic(
        "MH501",
        "`care_fee` is fixed by the program",
        at(contract, "care_fee"),
        label="set here",
        related=(Label(at(PROGRAM, "care_fee"), "not open"),),
        help=("remove the `set`",),
    )
    assert shown(d) == expect("""
        error[MH501] `care_fee` is fixed by the program
          --> contracts/aetna.mh:10:7
           |
        10 |   set care_fee = $9.00
           |       ^^^^^^^^ set here
           |
          ::: program.mh:3:13
           |
         3 |   parameter care_fee : $ pmpm = $2.50
           |             -------- not open
           |
           = help: remove the `set`

        1 error
        """)


def test_a_span_of_several_lines_is_underlined_at_both_ends() -> None:
    start = PROGRAM.text.index("  payment")
    span = Span(PROGRAM, start, PROGRAM.text.index("  }\n") + 4)
    d = Diagnostic("MH402", "this payment can never apply", span, label="gated away", severity=Severity.WARNING)
    assert shown(d) == expect("""
        warning[MH402] this payment can never apply
         --> program.mh:4:1
          |
        4 |   payment care "Care management fee" {
          |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        ...
        7 |   }
          |   ^ gated away

        1 warning
        """)


def test_the_end_of_a_file_gets_a_caret() -> None:
    text = Source("a.mh", "mhrules 1\npays (1")
    d = Diagnostic("MH102", "unclosed bracket", Span(text, 17, 17), label="the file ends here")
    assert shown(d) == expect("""
        error[MH102] unclosed bracket
         --> a.mh:2:8
          |
        2 | pays (1
          |        ^ the file ends here

        1 error
        """)


def test_a_finding_on_data() -> None:
    place = DataPlace("practices.csv", 3, "ncqa_level", "5")
    d = Diagnostic("MH612", "expected an integer 0..3, got 5", place=place, help=("correct the file",))
    assert shown(d) == expect("""
        error[MH612] expected an integer 0..3, got 5
         --> practices.csv line 3, column ncqa_level
          = help: correct the file

        1 error
        """)


def test_a_value_that_the_sentence_does_not_quote_is_shown() -> None:
    d = Diagnostic("MH612", "expected yes or no", place=DataPlace("practices.csv", 3, "met", "maybe\x1b"))
    assert shown(d) == expect("""
        error[MH612] expected yes or no
         --> practices.csv line 3, column met
          = value: maybe<U+001B>

        1 error
        """)


def test_a_finding_on_data_that_a_rule_asked_for() -> None:
    d = Diagnostic(
        "MH701",
        "no value of `care_fee` for practice `p1`",
        at(PROGRAM, "care_fees"),
        label="needed here",
        place=DataPlace("practices.csv", column="care_fee"),
        notes=("a missing fact is not zero",),
    )
    assert shown(d) == expect("""
        error[MH701] no value of `care_fee` for practice `p1`
         --> program.mh:6:10
          |
        6 |     pays care_fees
          |          ^^^^^^^^^ needed here
          |
         ::: practices.csv, column care_fee
          = note: a missing fact is not zero

        1 error
        """)


def test_a_finding_without_a_place() -> None:
    assert shown(Diagnostic("MH999", "internal error", notes=("please report it",))) == expect("""
        error[MH999] internal error
          = note: please report it

        1 error
        """)


def test_a_long_sentence_is_wrapped_below_itself() -> None:
    d = Diagnostic("MH201", "unknown name `x` " + "and so on " * 9)
    assert shown(d) == expect("""
        error[MH201] unknown name `x` and so on and so on and so on and so on and so on
                     and so on and so on and so on and so on

        1 error
        """)


def test_line_breaks_of_a_help_stay() -> None:
    d = Diagnostic(
        "MH301", "two readings", help=("write one of\n  50% of (savings - fees)\n  (50% of savings) - fees",)
    )
    assert shown(d) == expect("""
        error[MH301] two readings
          = help: write one of
                    50% of (savings - fees)
                    (50% of savings) - fees

        1 error
        """)


def test_a_long_line_is_cut_around_the_span() -> None:
    text = Source("a.mh", "define x = " + "alpha + " * 12 + "betta" + " + gamma" * 12)
    d = Diagnostic("MH201", "unknown name `betta`", at(text, "betta"), label="did you mean `beta`?")
    assert shown(d) == expect("""
        error[MH201] unknown name `betta`
         --> a.mh:1:108
          |
        1 | ...alpha + alpha + alpha + alpha + betta + gamma + gamma + gamma + gamma...
          |                                    ^^^^^ did you mean `beta`?

        1 error
        """)


def test_a_long_line_is_shown_twice_for_two_places_far_apart() -> None:
    text = Source("a.mh", "define first = " + "1 + " * 30 + "last")
    d = Diagnostic("MH201", "far apart", at(text, "last"), label="here", related=(Label(at(text, "first"), "there"),))
    assert shown(d) == expect("""
        error[MH201] far apart
         --> a.mh:1:136
          |
        1 | define first = 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 ...
          |        ----- there
        1 | ... 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + last
          |                                                                     ^^^^
          |                                                                     here

        1 error
        """)


def test_a_label_without_room_beside_goes_below() -> None:
    d = Diagnostic(
        "MH201", "m", at(PROGRAM, "care_fees"), label="not declared in this program, nor in any file that it imports"
    )
    assert shown(d, width=50) == expect("""
        error[MH201] m
         --> program.mh:6:10
          |
        6 |     pays care_fees
          |          ^^^^^^^^^
          |          not declared in this program, nor in
          |          any file that it imports

        1 error
        """)


def test_tabs_wide_and_unseen_characters_keep_the_caret_in_place() -> None:
    text = Source("a.mh", '\tpays "日本e\u0301\u202e" x')
    d = Diagnostic("MH004", "unseen", at(text, "\u202e"), related=(Label(at(text, "x"), "after"),))
    assert shown(d) == expect("""
        error[MH004] unseen
         --> a.mh:1:12
          |
        1 |     pays "日本e\u0301<U+202E>" x
          |                ^^^^^^^^
          |                          - after

        1 error
        """)


def test_nothing_is_rendered_for_no_findings() -> None:
    assert render([], color=False) == ""
    assert summary([]) == "no findings"


def test_the_last_line_counts_by_severity() -> None:
    kinds = [Severity.NOTE, Severity.ERROR, Severity.WARNING, Severity.ERROR]
    assert summary([Diagnostic("MH201", "m", severity=s) for s in kinds]) == "2 errors, 1 warning, 1 note"


def test_color_changes_nothing_but_color() -> None:
    d = Diagnostic("MH201", "unknown name `care_fees`", at(PROGRAM, "care_fees"), label="not declared", help=("help",))
    colored = render([d], color=True)
    assert colored.startswith("\x1b[1;31merror[MH201]\x1b[0m \x1b[1munknown name `care_fees`\x1b[0m\n")
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == render([d], color=False)


def test_a_text_cannot_send_commands_to_the_terminal() -> None:
    text = Source("a\x1b[2J.mh", "pays \x1b[31m\u2066x")
    d = Diagnostic("MH004", "got `\x1b`", Span(text, 5, 8), label="\x07", help=("\x9b",), place=DataPlace("\x1b.csv"))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2066]", render([d], color=False))


PLACES = st.lists(st.tuples(st.integers(0, 120), st.integers(0, 120)), min_size=1, max_size=3)


def _spans(text: str, places: list[tuple[int, int]]) -> list[Span]:
    source, size = Source("a.mh", text), len(text)
    return [Span(source, min(a, b, size), min(max(a, b), size)) for a, b in places]


@given(st.text(alphabet="ab \t\n\r日\u0301\u202e}", max_size=120), PLACES, st.text(max_size=60), st.integers(1, 120))
def test_any_span_of_any_text_renders(text: str, places: list[tuple[int, int]], words: str, width: int) -> None:
    first, *others = _spans(text, places)
    d = Diagnostic("MH201", words, first, words, related=tuple(Label(span, words) for span in others))
    plain = render([d], color=False, width=width)
    assert plain.endswith("\n\n1 error")
    assert re.sub(r"\x1b\[[0-9;]*m", "", render([d], color=True, width=width)) == plain


@given(st.text(alphabet="ab }\n", max_size=200), PLACES, st.integers(40, 120))
def test_no_row_is_wider_than_the_terminal(text: str, places: list[tuple[int, int]], width: int) -> None:
    first, *others = _spans(text, places)
    d = Diagnostic("MH201", "m", first, "some words to read", related=tuple(Label(s, "other words") for s in others))
    assert max(len(row) for row in render([d], color=False, width=width).split("\n")) <= width
