"""The layout itself: one program, laid out carelessly and as the formatter writes it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mhrules.diagnostics.model import DiagnosticError
from mhrules.source import Source
from mhrules.syntax.format import format_text

HERE = Path(__file__).parent


def test_a_careless_text_gets_the_layout_of_the_house() -> None:
    """`UPDATE=1` writes `good.formatted.mh` anew; read the difference."""
    formatted = format_text(Source("good.mh", (HERE / "good.mh").read_text(encoding="utf-8")))
    expected = HERE / "good.formatted.mh"
    if os.environ.get("UPDATE"):
        expected.write_text(formatted, encoding="utf-8")
    assert formatted == expected.read_text(encoding="utf-8")


def formatted(body: str) -> str:
    text = format_text(Source("a.mh", f'mhrules 1\nprogram p "P" edition "1" {{\n{body}\n}}\n'))
    return "\n".join(line.removeprefix("  ") for line in text.split("\n")[2:-2])


@pytest.mark.parametrize(
    ("written", "laid_out"),
    [
        ("define a=1;define bb=2", "define a  = 1\ndefine bb = 2"),
        ("define a=1\n\n\n\ndefine bb=2", "define a = 1\n\ndefine bb = 2"),
        ('report a "A"=1\nreport bb "BB"=2', 'report a  "A"  = 1\nreport bb "BB" = 2'),
        ("define a=1\n# between\ndefine bb=2", "define a  = 1\n# between\ndefine bb = 2"),
        ("define a = -x - -y*( -z )", "define a = -x - -y * (-z)"),
        ("define a = x -y", "define a = x - y"),
        ("define a = f( x,y )+least(1 ,2)", "define a = f(x, y) + least(1, 2)"),
        ("parameter a:%(9)0% .. 100%=5%", "parameter a : %(9) 0%..100% = 5%"),
        ("define a = x kept within 40%..60%", "define a = x kept within 40% .. 60%"),
        ("facts of practice{}", "facts of practice { }"),
        ("facts of practice{\n}", "facts of practice {\n}"),
        ("define a = choose{when x:1 when y:2}", "define a = choose { when x : 1  when y : 2 }"),
        ("define a = choose{when x:1 when yy:2\n}", "define a = choose {\n  when x  : 1\n  when yy : 2\n}"),
    ],
)
def test_a_layout(written: str, laid_out: str) -> None:
    assert formatted(written) == laid_out


GRID = "table fee by a, b : $ {\n"


@pytest.mark.parametrize(
    ("written", "laid_out"),
    [
        (
            "         | small  | medium | large\n basic   | $1_000 | $2_000 | $3_000\n",
            "        | small  | medium | large\n  basic | $1_000 | $2_000 | $3_000\n",
        ),
        (
            '|low|a or b; x or yy|$1|$2 assumed "g"\n z|$3_000|$4\n',
            '          | low    | a or b\n  x or yy | $1     | $2   assumed "g"\n  z       | $3_000 | $4\n',
        ),
        (
            "|low|high   # header\n\n# between\nx|$1|$2\n\nlonger|$3|$4\n",
            "         | low | high   # header\n\n  # between\n  x      | $1  | $2\n\n  longer | $3  | $4\n",
        ),
    ],
)
def test_the_header_of_a_grid_stands_over_its_rows(written: str, laid_out: str) -> None:
    assert formatted(f"{GRID}{written}}}") == f"{GRID}{laid_out}}}"
    assert formatted(f"{GRID}{laid_out}}}") == f"{GRID}{laid_out}}}"


def test_grids_of_two_tables_have_their_own_columns() -> None:
    written = GRID + "|low\nx|$1\n}\n" + GRID + "|low\nlonger|$1\n}"
    assert formatted(written) == GRID + "    | low\n  x | $1\n}\n" + GRID + "         | low\n  longer | $1\n}"


def test_a_grid_on_one_line_stays_on_one_line() -> None:
    assert formatted("table fee by a, b : $ { |low|high; x|$1|$2 }") == (
        "table fee by a, b : $ { | low | high; x | $1 | $2 }"
    )


def test_a_text_with_mistakes_is_not_formatted() -> None:
    with pytest.raises(DiagnosticError, match="MH109"):
        formatted("defin a = 1")
