"""One tiny bad program per mistake, through every stage up to the analyses: message, underlined text, help."""

from __future__ import annotations

from mhrules.check.analyses import analyse
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Diagnostic, Severity
from mhrules.plan.lower import Lowered, plan_from_program
from mhrules.semantics.bind import agreements
from mhrules.semantics.names import program_from_files
from mhrules.semantics.program import Program
from mhrules.source import Source
from mhrules.syntax.parse import tree_from_text

HEADER = "mhrules 1\n"
FEE = 'payment fee "Fee" { per member per month; pays $1 }'
ONE_PAYER = 'payer aetna "Aetna" lines commercial'
TWO_PAYERS = 'authority "Law"\n    payer aetna "Aetna" lines commercial\n    payer molina "Molina" lines medicaid'


def program(*clauses: str, payers: str = ONE_PAYER, term: str = "2011-01-01 to 2013-12-31") -> str:
    """A program around some clauses, each on lines of its own."""
    body = "\n  ".join(clauses)
    return (
        f'program pilot "Pilot" edition "1" {{\n  term {term}\n  rounding to cents half up\n'
        f"  months count when attributed and enrolled on day 1\n"
        f"  convening {{\n    {payers}\n  }}\n  {body}\n}}\n"
    )


def contract(*clauses: str, payer: str = "aetna") -> str:
    """A payer's contract under that program."""
    body = "\n  ".join(clauses)
    return (
        f'contract {payer}_pilot "Contract" under pilot edition "1" by {payer} {{\n'
        f"  effective 2011-01-01\n  {body}\n}}\n"
    )


def stages(*texts: str) -> tuple[Program, Lowered, Findings]:
    """The program, its plan and the findings of every stage before the analyses."""
    findings = Findings()
    files = []
    for number, text in enumerate(texts):
        file, problems = tree_from_text(Source(f"text_{number}.mh", HEADER + text))
        findings.extend(problems)
        assert file is not None, [(d.code, d.message) for d in problems]
        files.append(file)
    found = program_from_files(files, findings)
    assert found is not None, [(d.code, d.message) for d in findings.sorted()]
    return found, plan_from_program(found, agreements(found, findings), findings), findings


def checked(*texts: str) -> tuple[Diagnostic, ...]:
    """Every error and warning of rule texts (without their first line), the analyses' included."""
    return tuple(d for d in all_findings(*texts) if d.severity is not Severity.NOTE)


def all_findings(*texts: str) -> tuple[Diagnostic, ...]:
    """Every finding of rule texts, notes included."""
    found, lowered, findings = stages(*texts)
    analyse(found, lowered, findings)
    return findings.sorted()


def codes(*texts: str) -> list[str]:
    """The codes of all findings."""
    return [d.code for d in checked(*texts)]


def shown(diagnostic: Diagnostic) -> tuple[str, str, str, str]:
    """Code, sentence, underlined text and first help of a finding."""
    underlined = "" if diagnostic.span is None else diagnostic.span.text
    return diagnostic.code, diagnostic.message, underlined, (diagnostic.help or ("",))[0]


def assert_clean(*texts: str) -> None:
    """The texts have no finding at all."""
    assert [shown(d) for d in checked(*texts)] == []


def assert_finding(
    *texts: str, code: str, message: str, underlined: str, help: str, notes: tuple[str, ...] = ()
) -> None:
    """The texts have exactly one finding: this code, sentence, underlined text, first help and notes."""
    found = checked(*texts)
    assert [shown(d) for d in found] == [(code, message, underlined, help)]
    assert found[0].notes == notes
