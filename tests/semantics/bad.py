"""One tiny bad program per mistake: what it finds, what it says, what it underlines, what it advises."""

from __future__ import annotations

from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Diagnostic
from mhrules.semantics.bind import agreements
from mhrules.semantics.names import program_from_files
from mhrules.semantics.program import Agreement, Program
from mhrules.source import Source
from mhrules.syntax.parse import tree_from_text

HEADER = "mhrules 1\n"


def bound(*texts: str) -> tuple[Program | None, dict[str, Agreement], tuple[Diagnostic, ...]]:
    """The program, the agreements and the findings of rule texts (without their first line)."""
    findings = Findings()
    files = []
    for number, text in enumerate(texts):
        file, problems = tree_from_text(Source(f"text_{number}.mh", HEADER + text))
        assert file is not None, [f"{d.code}: {d.message}: {d.span.text if d.span else ''}" for d in problems]
        files.append(file)
    program = program_from_files(files, findings)
    found = {} if program is None else agreements(program, findings)
    return program, found, findings.sorted()


def assert_nothing(*texts: str) -> tuple[Program, dict[str, Agreement]]:
    """The program and agreements of texts without a finding."""
    program, found, findings = bound(*texts)
    assert [f"{d.code}: {d.message}" for d in findings] == []
    assert program is not None
    return program, found


def assert_finding(text: str | tuple[str, ...], code: str, message: str, underlined: str, help: str) -> None:
    """The texts have exactly one finding, with this code, sentence, underlined text and first line of help."""
    _, _, findings = bound(*((text,) if isinstance(text, str) else text))
    found = [
        (d.code, d.message, d.span.text if d.span is not None else "", d.help[0] if d.help else "") for d in findings
    ]
    assert found == [(code, message, underlined, help)], found


def program(body: str = "", payers: str = 'payer aetna "Aetna"', convening: str = "", first: str = "") -> str:
    """A small program: a term, a rounding and payers, with `body` behind them; `first` replaces term and rounding."""
    begin = first or "term 2011-01-01 to 2013-12-31\n  rounding to cents half up"
    return f"""program pilot "Pilot" edition "1" {{
  {begin}
  convening {{
    {payers}
    {convening}
  }}
  {body}
}}
"""


TWO_PAYERS = 'payer aetna "Aetna" lines commercial\n    payer molina "Molina" lines medicaid'


def contract(body: str, name: str = "one", payer: str = "aetna", under: str = 'pilot edition "1"') -> str:
    """A contract from the start of the term; `body` may not say `effective` again."""
    return f'contract {name} "Contract" under {under} by {payer} {{\n  effective 2011-01-01\n  {body}\n}}\n'
