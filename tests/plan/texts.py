"""Small programs for tests of the lowering: facts of every grain around the clauses that a test is about."""

from __future__ import annotations

from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Diagnostic
from mhrules.plan.lower import Lowered, plan_from_program
from mhrules.semantics.bind import agreements
from mhrules.semantics.names import program_from_files
from mhrules.source import Source
from mhrules.syntax.parse import tree_from_text

PAYERS = 'payer aetna "Aetna" lines commercial\n    payer molina "Molina" lines medicaid, exchange'
HEAD = (
    "term 2011-01-01 to 2013-12-31\n  rounding to cents half up\n  months count when attributed and enrolled on day 1"
)
FACTS = """
  type track = { basic, enhanced }
  type tier = { low < middle < high }
  key region of practice
  payee organization of practice by tax_id
  facts of practice { tax_id : text; opened : date }
  facts of practice, year {
    benchmark : $; expenditure : $; rate : %; score : number; met : integer 0..14; good : yes/no
    track : track; tier : tier; adjustment : $ or missing; quality : % or missing; months_due : member months
    site : text
  }
  facts of practice, payer, year { budget : $ }
  facts of practice, month { visits_made : integer }
  facts of practice, contract_year { target : yes/no; reached : integer 0..3 }
  facts of practice dated { level : integer 0..3; recognized : yes/no }
  facts of practice, line, year { line_cost : $ }
  facts of payer, year { pool : $ }
  facts of region, year { region_pool : $ }
  facts of member, month { risk : number }
  events care_plan { kind : { new, maintenance } }
  valueset primary from "primary.csv"
  valueset office = { "99213", "99214" }
  parameter fee : $ pmpm = $2.50
  parameter falling : % = 10%, 5% from 2012-07-01
  parameter own_fee : $ pmpm open from $1.00 to $7.00 = $3.00
  table caps by track : % { basic : 10%; enhanced : 20% }
  table sizes by score : % { 500 to 999 : 12% to 9%; 1_000 to 2_000 : 9% to 8% }
  payment care "Care" { per member per month; pays fee }
  payment yearly "Yearly" { per practice per year; pays $1 }
"""


ATTRIBUTION = "attribution { every quarter; first selection; then plurality of visits within 24 months }"
"""How members come to practices, for texts that look below the practice."""


def program(*clauses: str, facts: str = FACTS, head: str = HEAD, participant: str = "") -> str:
    """A program with two payers, facts of every grain and some clauses, each on lines of its own."""
    body = "\n  ".join(clauses)
    return (
        f'mhrules 1\nprogram pilot "Pilot" edition "1" {{\n  {head}\n  {participant}\n'
        f'  convening {{\n    authority "Law"\n    {PAYERS}\n  }}\n  {facts}\n  {body}\n}}\n'
    )


def yearly(*clauses: str) -> str:
    """A payment per practice per year with these clauses."""
    return 'payment award "Award" {\n    per practice per year\n    ' + "\n    ".join(clauses) + "\n  }"


def monthly(*clauses: str) -> str:
    """A payment per member per month with these clauses."""
    return 'payment extra "Extra" {\n    per member per month\n    ' + "\n    ".join(clauses) + "\n  }"


def define(value: str) -> str:
    """A definition `x`, read in a yearly payment only for whether it is known."""
    return f"define x = {value}"


def lower(*texts: str) -> tuple[Lowered | None, tuple[Diagnostic, ...]]:
    """The plan of rule texts, and the findings of every stage up to it."""
    findings = Findings()
    files = []
    for number, text in enumerate(texts):
        file, problems = tree_from_text(Source(f"text_{number}.mh", text))
        assert file is not None, [f"{d.code}: {d.message}: {d.span.text if d.span else ''}" for d in problems]
        files.append(file)
    found = program_from_files(files, findings)
    if found is None:
        return None, findings.sorted()
    return plan_from_program(found, agreements(found, findings), findings), findings.sorted()


def findings_of(*texts: str) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Code, sentence, underlined text and help of every finding but warnings of what a test does not use."""
    _, found = lower(*texts)
    return [
        (d.code, d.message, "" if d.span is None else d.span.text, d.help)
        for d in found
        if d.code not in ("MH431", "MH432", "MH433")
    ]
