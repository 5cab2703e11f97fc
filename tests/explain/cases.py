"""Small programs and their facts, settled, for the tests of `explain`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from mhrules.data.dataset import Dataset
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Severity
from mhrules.plan.lower import plan_from_program
from mhrules.plan.whole import Plan
from mhrules.semantics.bind import agreements
from mhrules.semantics.names import program_from_files
from mhrules.settle.ledger import Settlement
from mhrules.source import Source
from mhrules.syntax.parse import tree_from_text
from tests.interpreted import settle

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@cache
def plan_of(*texts: tuple[str, str]) -> Plan:
    """The plan of rule texts, each a name and its content, which must be free of errors."""
    findings = Findings()
    trees = []
    for name, text in texts:
        tree, found = tree_from_text(Source(name, text))
        findings.extend(found)
        assert tree is not None, [each.message for each in found]
        trees.append(tree)
    program = program_from_files(trees, findings)
    assert program is not None
    lowered = plan_from_program(program, agreements(program, findings), findings)
    assert [f.message for f in findings.sorted() if f.severity is Severity.ERROR] == []
    return lowered.plan


def text(name: str) -> tuple[str, str]:
    """A rule text of this folder."""
    return name, (HERE / name).read_text(encoding="utf-8")


def settled(plan: Plan, rows: Rows, year: int, *, hold: bool = False) -> Settlement:
    """The settlement of a year from facts given as rows."""
    return settle(plan, Dataset.from_rows(plan.schema, rows), year, hold=hold)


def months(first: str, last: str) -> Iterator[str]:
    """`201105`, `201106` … between two of them."""
    year, month = int(first[:4]), int(first[4:])
    while f"{year}{month:02d}" <= last:
        yield f"{year}{month:02d}"
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def panel(practice: str, payer: str, members: int, first: str, last: str) -> list[dict[str, Any]]:
    """Rows of member months."""
    return [
        {"practice_id": practice, "payer": payer, "year_month": month, "member_months": members}
        for month in months(first, last)
    ]


# ------------------------------------------------------------------------------------------------ programs


def mssp(year: int, **facts: Any) -> Settlement:
    """The shared savings program with one organization, a1."""
    path = ROOT / "programs" / "mssp" / "mssp.mh"
    plan = plan_of((path.name, path.read_text(encoding="utf-8")))
    return settled(plan, {"aco_year": [{"aco_id": "a1", "year": year, **facts}]}, year)


def washington(savings: int, *, year: int = 2011) -> Settlement:
    """A pilot with a monthly fee, and a yearly settlement of half the savings beyond the fees."""
    rows = {
        "practice": [{"practice_id": "p1"}],
        "practice_payer_year": [
            {
                "practice_id": "p1",
                "payer": payer,
                "year": year,
                "imputed_savings": savings,
                "quality_maintained": True,
            }
            for payer in ("aetna", "molina", "regence")
        ],
        "practice_payer_month": panel("p1", "aetna", 1_000, "201105", "201212"),
    }
    return settled(plan_of(text("washington.mh")), rows, year)


def rhode_island(*targets: bool, nurse: bool = True) -> Settlement:
    """A fee by contract year and by targets met in the year before; settled for 2009."""
    rows = {
        "practice": [{"practice_id": "p1", "joined": "2008-10-01", "nurse_care_manager": nurse}],
        "practice_dated": [{"practice_id": "p1", "from": "2008-10-01", "to": None, "ncqa_level": 2}],
        "practice_contract_year": [
            {"practice_id": "p1", "contract_year": 1, **{f"target_{at}": met for at, met in enumerate(targets, 1)}}
        ],
        "practice_payer_month": panel("p1", "bcbsri", 2_000, "200810", "201009"),
    }
    return settled(plan_of(text("rhode_island.mh")), rows, 2009)


def pilot(*, pool: str = "1000.00", hold: bool = False, year: int = 2012) -> Settlement:
    """Contracts with fees of their own, a credit, a split pool, a grant paid once and a declined payment."""
    plan = plan_of(text("pilot.mh"), text("acme.mh"), text("beta.mh"))
    rows = {
        "practice": [{"practice_id": practice} for practice in ("p1", "p2", "p3")],
        "payer_year": [{"payer": "acme", "year": 2012, "pool": pool}],
        "practice_payer_year": [
            {
                "practice_id": practice,
                "payer": "acme",
                "year": 2012,
                "paid_before": "5000.00" if practice == "p1" else None,
                "score": score,
            }
            for practice, score in (("p1", 10), ("p2", 20), ("p3", 5))
        ],
        "practice_payer_month": [
            row for practice in ("p1", "p2", "p3") for row in panel(practice, "acme", 1_000, "201201", "201212")
        ],
    }
    return settled(plan, rows, year, hold=hold)


def years(*, score: str = "0.7") -> Settlement:
    """A baseline, amounts reckoned by month, and a practice without members in one month; settled for 2012."""
    rows = {
        "practice": [{"practice_id": "p1"}],
        "practice_year": [
            {"practice_id": "p1", "year": year, "profit": profit, "score": score}
            for year, profit in ((2008, 100), (2009, 200), (2010, 400), (2012, 0))
        ],
        "practice_payer_month": [
            *panel("p1", "acme", 1_000, "201201", "201201"),
            *panel("p1", "acme", 0, "201204", "201204"),
            *panel("p1", "acme", 2_000, "201203", "201203"),
        ],
    }
    return settled(plan_of(text("years.mh")), rows, 2012)
