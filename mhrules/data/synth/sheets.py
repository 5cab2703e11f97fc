"""Where the rows of each table of the practice data model come from, and what stands in its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import field

from mhrules.classes import frozen
from mhrules.data.population import (
    AREA,
    CHOSEN,
    CONDITION,
    ELIGIBILITY,
    ENCOUNTER,
    LAB_RESULT,
    MEDICAL,
    MEMBER,
    PHARMACY,
    PROVIDER,
    RESULT,
    ROSTER,
)
from mhrules.data.synth import lists
from mhrules.data.synth.claims import CONDITIONS, first_code, with_usual
from mhrules.data.synth.facts import cents, decimal
from mhrules.data.synth.people import CHRONIC, spans
from mhrules.data.synth.practices import provider_npi
from mhrules.data.synth.services import EMERGENCY, INPATIENT
from mhrules.data.synth.setting import Setting

PRACTICE_OF_ROW = "getvariable('practice_ids')[p + 1]"
"""The id of the practice with number `p`."""


@frozen
class Sheet:
    """One table to be written.

    `rows` is a query in the order in which they are written (or `order` sorts them); `columns` are SQL expressions
    over it by the model's column names; `at` numbers the rows, for columns that a text declares.
    """

    rows: str
    columns: Mapping[str, str]
    at: str = "nth"
    order: str = ""
    of_member: bool = field(default=False)


def catalog_sheet(setting: Setting, table: str) -> Sheet | None:
    """How a table below the practice is written; None if this is no table of the catalog."""
    makers: Mapping[str, Callable[[Setting], Sheet]] = {
        MEMBER: _member,
        ELIGIBILITY: _eligibility,
        PROVIDER: _provider,
        MEDICAL: _medical,
        PHARMACY: _pharmacy,
        ENCOUNTER: _encounter,
        CONDITION: _condition,
        LAB_RESULT: _lab_result,
        CHOSEN: _chosen,
        ROSTER: _roster,
        AREA: _area,
        RESULT: _result,
    }
    return makers[table](setting) if table in makers else None


def practice_sheet(setting: Setting) -> Sheet:
    """The roster of practices."""
    columns = {
        setting.practice_key: "practice_id",
        "effective_from": "effective_from",
        "effective_to": "CASE WHEN effective_to >= coalesce(effective_from, effective_to) THEN effective_to END",
        "tin": "tin",
        "npi": "npi",
    }
    return Sheet("FROM practice", columns, at="p", order="p")


def yes_no(condition: str) -> str:
    """A condition as cells write it."""
    return f"CASE WHEN {condition} THEN 'yes' ELSE 'no' END"


def _member(setting: Setting) -> Sheet:
    names = ("person_id", "birth_date", "death_date", "gender", "zip_code")
    return Sheet("FROM person", {name: name for name in names}, at="i", of_member=True)


def _eligibility(setting: Setting) -> Sheet:
    draws = setting.draws
    poor = draws.below(100, "dual", "i")
    dual = f"({poor} < CASE WHEN line_at IN ('medicare', 'medicaid', 'medicare_advantage') THEN 18 ELSE 1 END)"
    ill = draws.below(1_000, "esrd", "i")
    hospice = f"({draws.below(1_000, 'hospice', 'nth')} < 12)"
    columns = {
        "person_id": "person_id",
        "payer": "payer_name",
        "plan": "span.n",
        "enrollment_start_date": "span.f",
        "enrollment_end_date": "span.l",
        "payer_order": "span.o",
        "line": "line_at",
        "dual": yes_no(dual),
        "hospice": yes_no(hospice),
        "esrd": yes_no(f"{ill} < 6"),
        "dual_status_code": f"CASE WHEN {dual} THEN '02' ELSE '00' END",
        "medicare_status_code": f"CASE WHEN {ill} < 6 THEN '11' ELSE '10' END",
    }
    return Sheet(f"FROM ({spans(setting)})", columns, of_member=True)


def _provider(setting: Setting) -> Sheet:
    columns = {
        "npi": "npi",
        setting.practice_key: "practice_id",
        "from": "first_day",
        "to": "last_day",
        "specialty": "specialty",
    }
    return Sheet("FROM provider", columns, at="n", order="npi, practice_id, first_day")


def _medical(setting: Setting) -> Sheet:
    draws = setting.draws
    institutional = f"claim_kind IN ({EMERGENCY}, {INPATIENT})"
    stay = f"CASE WHEN claim_kind = {INPATIENT} THEN l ELSE 0 END"
    sign = "CASE WHEN entry = 2 THEN -1 ELSE 1 END"
    columns = {
        "claim_id": "'c' || CAST(c AS VARCHAR)",
        "claim_line_number": "l + 1",
        "entry_number": "entry",
        "person_id": "person_id",
        "payer": "payer_name",
        "claim_start_date": "on_day",
        "claim_line_start_date": f"CASE WHEN {stay} > 0 OR {draws.below(10, 'own day', 'n')} < 6 "
        f"THEN least(on_day + CAST({stay} AS INTEGER), coalesce(death_date, on_day + 9)) END",
        "paid_date": "paid_day",
        "claim_type": _asked(
            setting, "claim_type", f"CASE WHEN {institutional} THEN 'institutional' ELSE 'professional' END"
        ),
        setting.practice_key: "place_id",
        "billing_tin": "getvariable('practice_tins')[place + 1]",
        "billing_npi": "getvariable('practice_npis')[place + 1]",
        "rendering_npi": provider_npi(setting, "provider"),
        "service": "service",
        "hcpcs_code": "code",
        "hcpcs_modifier_1": f"CASE WHEN {draws.below(100, 'modifier', 'n')} < 8 THEN "
        f"{draws.one_of(setting.hints.words.get('modifier') or ('25', '59'), 'which modifier', 'n')} END",
        "place_of_service_code": _asked(setting, "place_of_service", "['11', '23', '21', '22'][claim_kind + 1]"),
        "revenue_center_code": _asked(
            setting,
            "revenue_center",
            f"CASE claim_kind WHEN {EMERGENCY} THEN '0450' WHEN {INPATIENT} THEN '0120' END",
        ),
        "ms_drg_code": _asked(setting, "diagnosis_group", f"CASE WHEN claim_kind = {INPATIENT} THEN '291' END"),
        "diagnosis_code_1": f"CASE WHEN kind >= {CHRONIC} "
        f"THEN {draws.one_of(with_usual(setting, 'diagnosis', CONDITIONS), 'diagnosis', 'c')} ELSE 'Z0000' END",
        "service_unit_quantity": f"{sign} * (1 + {draws.below(3, 'units', 'n')})",
        "allowed_amount": cents("allowed"),
        "paid_amount": cents("paid"),
        "denied": yes_no("line_denied"),
    }
    return Sheet("FROM claim_line", columns, at="n")


def _asked(setting: Setting, name: str, usual: str) -> str:
    """What a claim usually says, or in one of five a word that the rules ask for."""
    words = setting.hints.words.get(name, ())
    if not words:
        return usual
    chance = setting.draws.below(5, f"asked {name}", "c")
    return f"CASE WHEN {chance} = 0 THEN {setting.draws.one_of(words, name, 'c')} ELSE {usual} END"


def _pharmacy(setting: Setting) -> Sheet:
    draws = setting.draws
    columns = {
        "claim_id": "'d' || CAST(c AS VARCHAR)",
        "claim_line_number": "1",
        "entry_number": "entry",
        "person_id": "person_id",
        "payer": "payer_name",
        "dispensing_date": "on_day",
        "paid_date": "paid_day",
        "ndc_code": "ndc",
        "prescribing_provider_npi": "prescriber",
        "quantity": f"CASE WHEN entry = 2 THEN -30 ELSE 30 END * (1 + {draws.below(3, 'quantity', 'c')})",
        "allowed_amount": cents("allowed"),
        "paid_amount": cents("CASE WHEN denied THEN 0 ELSE allowed * 4 // 5 END"),
        "denied": yes_no("denied"),
    }
    return Sheet("FROM prescription", columns, at="c")


def _encounter(setting: Setting) -> Sheet:
    columns = {
        "encounter_id": "'e' || CAST(c AS VARCHAR)",
        "person_id": "person_id",
        "payer": "payer_name",
        "encounter_start_date": "on_day",
        setting.practice_key: "place_id",
        "rendering_npi": provider_npi(setting, "provider"),
        "encounter_type": "service",
        "code": first_code(setting),
        "allowed_amount": cents("amount"),
        "paid_amount": cents("amount * 4 // 5"),
    }
    return Sheet("FROM claim", columns, at="c")


def _condition(setting: Setting) -> Sheet:
    columns = {
        "person_id": "person_id",
        "normalized_code": "code",
        "recorded_date": "recorded",
        "resolved_date": "resolved",
    }
    return Sheet(f"FROM ({lists.conditions(setting)})", columns, of_member=True)


def _lab_result(setting: Setting) -> Sheet:
    columns = {
        "lab_result_id": "'l' || CAST(nth AS VARCHAR)",
        "person_id": "person_id",
        "normalized_code": "code",
        "result_date": "on_day",
        "result": f"CASE WHEN {setting.draws.hundredth('no number', 'nth')} >= 5 THEN {decimal('result', 1)} END",
    }
    return Sheet(f"FROM ({lists.lab_results(setting)})", columns, of_member=True)


def _chosen(setting: Setting) -> Sheet:
    columns = {
        "person_id": "person_id",
        "payer": "payer_name",
        "from": "first_day",
        "to": "last_day",
        setting.practice_key: PRACTICE_OF_ROW,
    }
    return Sheet(f"FROM ({lists.chosen(setting)})", columns, of_member=True)


def _roster(setting: Setting) -> Sheet:
    columns = {
        "payer": "payer_name",
        "list": "list",
        "as_of_date": "as_of",
        "person_id": "person_id",
        setting.practice_key: PRACTICE_OF_ROW,
    }
    return Sheet(f"FROM ({lists.rosters(setting)})", columns, of_member=True)


def _area(setting: Setting) -> Sheet:
    columns = {"zip_code": "zip_code", setting.practice_key: PRACTICE_OF_ROW}
    return Sheet(f"FROM ({lists.areas(setting)})", columns, order="zip_code")


def _result(setting: Setting) -> Sheet:
    columns = {
        "measure": "measure",
        setting.practice_key: "practice_id",
        "payer": "payer",
        "period": "period",
        "numerator": "numerator",
        "denominator": "denominator",
    }
    return Sheet(f"FROM ({lists.results(setting)})", columns)
