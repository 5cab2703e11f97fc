"""Synthea Nebraska and the Tuva demonstration as they are: bindings read every file, and counts tie to the files."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from mhrules.data.dataset import Dataset, LeftOut
from mhrules.data.load import load
from tests.data.cases import bound
from tests.data.people import schema

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
NOBODY = "e03e23c9-4df1-3eb6-a62d-f70f02301496"
PAYERS = {
    "medicare": "a735bf55-83e9-331a-899d-a82a60b9f60c",
    "medicaid": "df166300-5a78-3502-a46a-832842197811",
    "dual": "d18ef2e6-ef40-324c-be54-34a5ee865625",
    "humana": "26aab0cd-6aba-3e1b-ac5b-05c8867e762c",
    "blue_cross": "b046940f-1664-3047-bca7-dfa76be352a4",
    "united": "d31fccc3-1767-390d-966a-22a5156f4219",
    "aetna": "0133f751-9229-3cfd-815f-b6d4979bdd6a",
    "cigna": "8fa6c185-e44e-3e34-8bd8-39be8694f4ce",
    "anthem": "734afbd6-4794-363b-9bc0-6a3981533ed5",
}
CODES = "{ " + ", ".join(f'"{word}" = "{name}"' for name, word in PAYERS.items()) + " }"
TIME = 'date = "%Y-%m-%dT%H:%M:%SZ"'
SYNTHEA = f"""ignore_files = ["careplans.csv", "immunizations.csv", "payers.csv", "procedures.csv"]
[tables.practice]
files = "organizations.csv"
ignore = ["*"]
[tables.practice.columns]
practice_id = "Id"
[tables.provider]
files = "providers.csv"
ignore = ["*"]
[tables.provider.columns]
npi = "Id"
practice_id = "ORGANIZATION"
specialty = "SPECIALITY"
from = {{ constant = "1900-01-01" }}
to = {{ constant = "" }}
[tables.member]
files = "patients.csv"
ignore = ["*"]
[tables.member.columns]
person_id = "Id"
birth_date = "BIRTHDATE"
death_date = "DEATHDATE"
gender = "GENDER"
zip_code = "ZIP"
[tables.eligibility]
files = "payer_transitions.csv"
where_not = {{ PAYER = "{NOBODY}" }}
ignore = ["*"]
[tables.eligibility.columns]
person_id = "PATIENT"
payer = {{ from = "PAYER", codes = {CODES} }}
plan = {{ absent = true }}
enrollment_start_date = {{ from = "START_DATE", {TIME} }}
enrollment_end_date = {{ from = "END_DATE", {TIME}, until = true }}
[tables.eligibility.parts.secondary]
where_not = {{ SECONDARY_PAYER = "" }}
[tables.eligibility.parts.secondary.columns]
payer = {{ from = "SECONDARY_PAYER", codes = {CODES} }}
payer_order = {{ constant = 2 }}
[tables.encounter]
files = "encounters.csv"
ignore = ["*"]
[tables.encounter.columns]
encounter_id = "Id"
person_id = "PATIENT"
payer = {{ from = "PAYER", codes = {CODES}, missing = "{NOBODY}" }}
encounter_start_date = {{ from = "START", {TIME} }}
practice_id = "ORGANIZATION"
rendering_npi = "PROVIDER"
encounter_type = "ENCOUNTERCLASS"
code = "CODE"
allowed_amount = "TOTAL_CLAIM_COST"
paid_amount = "PAYER_COVERAGE"
[tables.medical_claim]
files = "encounters.csv"
where_not = {{ PAYER = "{NOBODY}" }}
[tables.medical_claim.columns]
claim_id = "Id"
claim_line_number = {{ constant = 1 }}
person_id = "PATIENT"
payer = {{ from = "PAYER", codes = {CODES} }}
claim_start_date = {{ from = "START", {TIME} }}
practice_id = "ORGANIZATION"
service = "ENCOUNTERCLASS"
hcpcs_code = "CODE"
allowed_amount = "TOTAL_CLAIM_COST"
paid_amount = "PAYER_COVERAGE"
[tables.condition]
files = "conditions.csv"
distinct = true
ignore = ["*"]
[tables.condition.columns]
person_id = "PATIENT"
normalized_code = "CODE"
recorded_date = "START"
resolved_date = "STOP"
[tables.pharmacy_claim]
files = "medications.csv"
where_not = {{ PAYER = "{NOBODY}" }}
ignore = ["*"]
[tables.pharmacy_claim.columns]
claim_id = "ENCOUNTER"
claim_line_number = {{ row_number = true }}
person_id = "PATIENT"
payer = {{ from = "PAYER", codes = {CODES} }}
dispensing_date = {{ from = "START", {TIME} }}
ndc_code = "CODE"
allowed_amount = "TOTALCOST"
paid_amount = "PAYER_COVERAGE"
"""
TUVA = """[tables.practice]
files = "medical_claim.csv"
distinct = true
where_not = { rendering_npi = "" }
ignore = ["*"]
[tables.practice.columns]
practice_id = "rendering_npi"
[tables.provider]
files = "medical_claim.csv"
distinct = true
where_not = { rendering_npi = "" }
[tables.provider.columns]
npi = "rendering_npi"
practice_id = "rendering_npi"
from = { constant = "1900-01-01" }
to = { constant = "" }
[tables.member]
files = "eligibility.csv"
distinct = true
ignore = ["*"]
[tables.member.columns]
person_id = "patient_id"
[tables.eligibility]
files = "eligibility.csv"
[tables.eligibility.columns]
person_id = "patient_id"
plan = "payer_type"
[tables.medical_claim]
files = "medical_claim.csv"
ignore = ["*"]
[tables.medical_claim.columns]
person_id = "patient_id"
payer = { constant = "medicare" }
practice_id = "rendering_npi"
[tables.pharmacy_claim]
files = "pharmacy_claim.csv"
ignore = ["*"]
[tables.pharmacy_claim.columns]
paid_amount = { extra_digits = "round half even" }
person_id = "patient_id"
payer = { constant = "medicare" }
"""


def loaded(folder: str, binding: str, payers: tuple[str, ...]) -> Dataset:
    if not (DATA / folder).is_dir():
        pytest.skip(f"the data {folder} are not here")
    return load(schema(payers=payers), DATA / folder, bound(binding))


def source(path: str) -> list[dict[str, str]]:
    with (DATA / path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def total(data: Dataset, table: str, column: str) -> Decimal:
    at = [each.name for each in data.columns(table)].index(column)
    cents = sum(row[at] for row in data.rows(table) if isinstance(row[at], int))
    return Decimal(cents) / 100


def test_synthea_nebraska() -> None:
    data = loaded("synthea_nebraska", SYNTHEA, tuple(PAYERS))
    assert data.warnings == ()
    spans = source("synthea_nebraska/payer_transitions.csv")
    insured = [row["PAYER"] for row in spans if row["PAYER"] != NOBODY]
    second = [row["SECONDARY_PAYER"] for row in spans if row["SECONDARY_PAYER"]]
    rows = data.rows("eligibility")
    assert len(second) == 114
    for order, words in ((1, insured), (2, second)):
        assert Counter(PAYERS[str(row[1])] for row in rows if row[5] == order) == Counter(words)
    assert data.left_out == (
        LeftOut("eligibility", "", "payer_transitions.csv", "where", len(spans) - len(insured)),
        LeftOut("eligibility", "secondary", "payer_transitions.csv", "where", len(spans) - len(second)),
        LeftOut("medical_claim", "", "encounters.csv", "where", 1429),
        LeftOut("pharmacy_claim", "", "medications.csv", "where", 1197),
    )
    visits = source("synthea_nebraska/encounters.csv")
    assert len(data.rows("encounter")) == len(visits) == 7584
    assert total(data, "encounter", "allowed_amount") == sum(Decimal(row["TOTAL_CLAIM_COST"]) for row in visits)
    assert len(data.rows("member")) == 111
    first = next(row for row in spans if row["PATIENT"] == rows[0][0])
    assert (str(rows[0][3]), first["START_DATE"][:10]) == ("2012-02-03", "2012-02-03")


def test_tuva_demonstration() -> None:
    data = loaded("tuva_demo", TUVA, ("medicare",))
    assert [(w.code, w.message[:21]) for w in data.warnings] == [("MH629", "31 cells were rounded")]
    medical, pharmacy = source("tuva_demo/medical_claim.csv"), source("tuva_demo/pharmacy_claim.csv")
    counts = {"member": 100, "eligibility": 219, "medical_claim": len(medical), "pharmacy_claim": len(pharmacy)}
    assert {name: len(data.rows(name)) for name in counts} == counts
    assert (len(medical), len(pharmacy)) == (6075, 612)
    paid = sum(Decimal(row["paid_amount"] or 0) for row in medical)
    assert total(data, "medical_claim", "paid_amount") == paid
    assert len(data.rows("practice")) == len({row["rendering_npi"] for row in medical if row["rendering_npi"]})
