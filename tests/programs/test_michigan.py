"""Michigan under the contracts of its four payers: who pays by the month, who by codes, credits, and the incentive."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from mhrules.compiler import Compilation
from mhrules.data.dataset import Dataset
from mhrules.exact import ONE
from mhrules.plan.whole import Plan
from mhrules.resources import shipped
from mhrules.settle.ledger import Settlement
from tests.interpreted import settle

SIZES = {"medicare": 20, "medicaid_plan": 10, "bcbsm": 8, "priority": 4}


@cache
def plan() -> Plan:
    return Compilation(shipped("programs", "michigan_mipct")).plan


def base() -> dict[str, list[Any]]:
    """One practice, and for each payer so many members as `SIZES` says, on its list from January 2012."""
    people = {payer: [f"{payer}{n:02}" for n in range(size)] for payer, size in SIZES.items()}
    return {
        "practice": [{"practice_id": "p1", "organization": "po_west"}],
        "practice_dated": [
            {
                "practice_id": "p1",
                "from": "2012-01-01",
                "in_pgip": "yes",
                "pgip_designated": "no",
                "ncqa_level": 1,
                "embedded_care_manager": "yes",
            }
        ],
        "practice_payer_year": [],
        "member": [{"person_id": person} for own in people.values() for person in own],
        "eligibility": [
            {
                "person_id": person,
                "payer": payer,
                "enrollment_start_date": "2011-06-01",
                "enrollment_end_date": "2012-12-31",
            }
            for payer, own in people.items()
            for person in own
        ],
        "payer_roster": [
            {"payer": payer, "as_of_date": "2012-01-01", "person_id": person, "practice_id": "p1"}
            for payer, own in people.items()
            for person in own
        ],
        "medical_claim": [],
        "measure_result": [],
    }


def claim(name: str, payer: str, day: str, code: str, allowed: str, *, by: str = "p1") -> dict[str, Any]:
    return {
        "claim_id": name,
        "claim_line_number": 1,
        "person_id": f"{payer}00",
        "payer": payer,
        "claim_start_date": day,
        "practice_id": by,
        "hcpcs_code": code,
        "service": "emergency" if code == "99284" else "primary_care",
        "allowed_amount": allowed,
    }


def reported(measure: str, payer: str, numerator: int, denominator: int, *, half: str = "2012-H1") -> dict[str, Any]:
    return {
        "measure": measure,
        "practice_id": "p1",
        "payer": payer,
        "period": half,
        "numerator": numerator,
        "denominator": denominator,
    }


def settled(**more: list[Any]) -> Settlement:
    tables = base()
    for name, rows in more.items():
        tables[name] = [*tables[name], *rows]
    found = settle(plan(), Dataset.from_rows(plan().schema, tables), 2012)
    assert found.ok, [finding.message for finding in found.findings]
    return found


def cents(settlement: Settlement, payer: str, payment: str, *, status: str = "paid") -> dict[str, int]:
    return {
        posting.period: posting.amount * 100 // ONE
        for posting in settlement.postings
        if (posting.payer, posting.payment, posting.status) == (payer, payment, status) and posting.amount
    }


def months(first: int, amount: int) -> dict[str, int]:
    return {f"2012-{month:02}": amount for month in range(first, 13)}


def test_government_payers_pay_care_coordination_by_the_month() -> None:
    found = settled()
    assert cents(found, "medicare", "care_coordination") == months(1, 20 * 450)
    assert cents(found, "medicare", "practice_transformation") == months(1, 20 * 200)
    assert cents(found, "medicaid_plan", "care_coordination") == months(1, 10 * 300)
    assert cents(found, "medicaid_plan", "practice_transformation") == months(1, 10 * 150)


def test_care_coordination_and_administration_go_to_the_organization() -> None:
    payees = {(posting.payment, posting.payee) for posting in settled().postings}
    assert payees == {
        ("care_coordination", "po_west"),
        ("administration", "po_west"),
        ("practice_transformation", "p1"),
        ("performance_incentive", "p1"),
    }


def test_commercial_payers_pay_by_codes_from_their_contracts_first_day() -> None:
    lines = [
        claim("a", "bcbsm", "2012-03-31", "G9001", "112.67"),  # the contract begins in April
        claim("b", "bcbsm", "2012-04-01", "G9001", "112.67"),
        claim("c", "bcbsm", "2012-04-20", "98966", "14.45"),
        claim("d", "bcbsm", "2012-05-02", "99213", "70.00"),  # no code of care management
        claim("e", "bcbsm", "2012-05-03", "G9002", "56.34", by="elsewhere"),
        claim("f", "priority", "2012-06-10", "G9002", "50.00"),  # from July
        claim("g", "priority", "2012-07-10", "G9002", "50.00"),
        claim("h", "medicare", "2012-07-10", "G9002", "50.00"),  # pays by the month, so not by codes
    ]
    found = settled(medical_claim=lines)
    assert cents(found, "bcbsm", "care_coordination") == {"2012-04": 12_712}
    assert cents(found, "priority", "care_coordination") == {"2012-07": 5_000}
    assert cents(found, "medicare", "care_coordination") == months(1, 20 * 450)


def test_what_was_paid_before_is_credited() -> None:
    row = {"practice_id": "p1", "payer": "bcbsm", "year": 2012, "transformation_paid_before": "50.00"}
    found = settled(practice_payer_year=[row])
    assert cents(found, "bcbsm", "practice_transformation") == months(4, 8 * 150)
    assert cents(found, "bcbsm", "practice_transformation", status="credited") == {
        "2012-04": -1200,
        "2012-05": -1200,
        "2012-06": -1200,
        "2012-07": -1200,
        "2012-08": -200,
    }


@pytest.mark.parametrize(
    ("numerator", "visits", "amount"),
    [
        (35, 0, 28_800),  # 70% is the target: 10 of 10, no visits 10 of 10, depression at its worst 0 of 5: 0.8
        (20, 0, 14_400),  # 40% is the worst: 0, 10, 0 of 25: 0.4
        (35, 3, 14_400),  # 3 visits in 120 member months are 25 per 1,000, the worst: 10, 0, 0
    ],
)
def test_the_incentive_of_a_half_year(numerator: int, visits: int, amount: int) -> None:
    """$3.00 × 120 member months × points earned over points possible."""
    results = [reported("diabetes_control", "medicare", numerator, 50), reported("depression", "medicare", 25, 50)]
    results += [reported(name, "medicare", 0, 0, half="2012-H2") for name in ("diabetes_control", "depression")]
    results += [
        reported(name, payer, 0, 0, half=half)
        for payer, names in {
            "medicaid_plan": ("diabetes_control", "asthma_plan"),
            "bcbsm": ("diabetes_control", "asthma_plan", "depression"),
            "priority": ("diabetes_control", "depression"),
        }.items()
        for name in names
        for half in ("2012-H1", "2012-H2")
    ]
    lines = [claim(f"v{n}", "medicare", f"2012-02-{n + 10}", "99284", "300.00", by="hospital") for n in range(visits)]
    found = settled(measure_result=results, medical_claim=lines)
    assert cents(found, "medicare", "performance_incentive")["2012-H1"] == amount


def test_nothing_to_score_pays_nothing() -> None:
    """Priority's four members make 24 member months in the second half: too few, and nothing was reported."""
    assert cents(settled(), "priority", "performance_incentive") == {}
