"""The tables below the practice: members and their enrollment, claims, visits, events, rosters, measure results.

Names follow the Tuva project's input layer where it has them. A program reads the tables and columns that its text
asks for: those are required of the data, the others may be left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from mhrules.classes import frozen
from mhrules.data.schema import Column, ColumnKind, Table

MEMBER = "member"
ELIGIBILITY = "eligibility"
PROVIDER = "provider"
MEDICAL = "medical_claim"
PHARMACY = "pharmacy_claim"
ENCOUNTER = "encounter"
CONDITION = "condition"
LAB_RESULT = "lab_result"
CLAIMS = (MEDICAL, PHARMACY)
"""Tables whose rows are entries of claim lines."""
CHOSEN = "chosen_practice"
ROSTER = "payer_roster"
AREA = "service_area"
RESULT = "measure_result"
ATTRIBUTED = "attributed_member"
"""Only in worked examples: members of whom the text says to whom they are attributed."""

SUMMED = frozenset({"allowed", "paid", "units"})
"""Features of lines that add up over the lines of a claim or visit, and over the entries of a line."""
FEATURES: dict[str, dict[str, str]] = {
    MEDICAL: {
        "allowed": "allowed_amount",
        "paid": "paid_amount",
        "units": "service_unit_quantity",
        "service": "service",
        "code": "hcpcs_code",
        "modifier": "hcpcs_modifier_1",
        "place_of_service": "place_of_service_code",
        "revenue_center": "revenue_center_code",
        "diagnosis_group": "ms_drg_code",
        "diagnosis": "diagnosis_code_1",
        "claim_type": "claim_type",
    },
    PHARMACY: {"allowed": "allowed_amount", "paid": "paid_amount", "units": "quantity", "code": "ndc_code"},
    ENCOUNTER: {
        "allowed": "allowed_amount",
        "paid": "paid_amount",
        "service": "encounter_type",
        "code": "code",
    },
    CONDITION: {"code": "normalized_code", "resolved": "resolved_date"},
    LAB_RESULT: {"code": "normalized_code", "result": "result"},
}
"""Which column of a table a feature of its records is read from."""

TEXTS = (
    "service",
    "code",
    "modifier",
    "place_of_service",
    "revenue_center",
    "diagnosis_group",
    "diagnosis",
    "claim_type",
)
"""Features that are texts: what a source does not say is empty."""

LARGEST_AMOUNT = 10**14
"""Cents of one claim line: a trillion dollars."""


def _text(name: str, title: str) -> Column:
    """A text that a program reads only if it asks for it."""
    return Column(name, ColumnKind.TEXT, optional=True, may_be_left_out=True, title=title)


def _day(name: str, title: str, *, left_out: bool = False) -> Column:
    return Column(name, ColumnKind.DATE, optional=left_out, may_be_left_out=left_out, title=title)


def _amount(name: str, title: str) -> Column:
    return Column(
        name,
        ColumnKind.MONEY,
        places=2,
        low=-LARGEST_AMOUNT,
        high=LARGEST_AMOUNT,
        optional=True,
        may_be_left_out=True,
        title=title,
        unit="$",
    )


def _flag(name: str, title: str) -> Column:
    return Column(name, ColumnKind.YES_NO, optional=True, may_be_left_out=True, title=title)


def _id(name: str, title: str) -> Column:
    return Column(name, ColumnKind.TEXT, title=title)


def _number(name: str, title: str) -> Column:
    return Column(
        name,
        ColumnKind.NUMBER,
        places=6,
        low=-(10**15),
        high=10**15,
        optional=True,
        may_be_left_out=True,
        title=title,
    )


PERSON = _id("person_id", "Person, the same under every payer")
PAYER = Column("payer", ColumnKind.CODE, title="Payer")  # its codes are the program's payers
PAYER_IF_KNOWN = evolve(PAYER, optional=True, may_be_left_out=True)
PRACTICE = _id("practice_id", "Practice")  # named by the program's own word
ENTRY = Column(
    "entry_number",
    ColumnKind.INTEGER,
    low=1,
    high=9999,
    may_be_left_out=True,
    default="1",
    title="Entry of the line: the original is 1, a reversal or correction of it has a higher number",
)
CLAIM_KEYS = (
    _id("claim_id", "Claim"),
    Column("claim_line_number", ColumnKind.INTEGER, low=0, high=10**6, title="Line of the claim"),
    ENTRY,
)
DENIED = _flag("denied", "The payer denied the line, which then counts nowhere")

CATALOG: tuple[Table, ...] = (
    Table(
        name=MEMBER,
        keys=(PERSON,),
        columns=(
            Column("birth_date", ColumnKind.DATE, optional=True, may_be_left_out=True, title="Day of birth"),
            Column("death_date", ColumnKind.DATE, optional=True, may_be_left_out=True, title="Day of death"),
            _text("gender", "Gender, as the source writes it"),
            _text("zip_code", "Where the person lives"),
        ),
        title="People",
    ),
    Table(
        name=ELIGIBILITY,
        keys=(
            PERSON,
            PAYER,
            Column("plan", ColumnKind.TEXT, may_be_left_out=True, default="", title="Plan or product of the payer"),
            _day("enrollment_start_date", "First day of the span"),
        ),
        columns=(
            Column("enrollment_end_date", ColumnKind.DATE, optional=True, title="Last day of the span; empty: open"),
            Column(
                "payer_order",
                ColumnKind.INTEGER,
                low=1,
                high=9,
                may_be_left_out=True,
                default="1",
                title="1 where this payer pays first, 2 where it pays second",
            ),
            _text("line", "Line of business"),
            _flag("dual", "Eligible for Medicare and Medicaid"),
            _flag("hospice", "In hospice care"),
            _flag("esrd", "End-stage renal disease"),
            _text("dual_status_code", "Dual status code of Medicare"),
            _text("medicare_status_code", "Medicare status code"),
        ),
        title="Enrollment spans by person, payer and plan",
    ),
    Table(
        name=PROVIDER,
        keys=(_id("npi", "Provider"), PRACTICE),
        columns=(_text("specialty", "Specialty, as the source writes it"),),
        dated=True,
        title="Which providers belong to which practice, and when",
    ),
    Table(
        name=MEDICAL,
        keys=CLAIM_KEYS,
        columns=(
            PERSON,
            PAYER,
            _day("claim_start_date", "First day of the claim"),
            _day("claim_line_start_date", "Day of service of the line; empty: the claim's first day", left_out=True),
            _day("paid_date", "Day on which the payer paid the line", left_out=True),
            _text("claim_type", "professional, institutional …, as the source writes it"),
            evolve(PRACTICE, optional=True, may_be_left_out=True, title="Practice that billed the claim"),
            _text("billing_tin", "Tax number of the biller"),
            _text("billing_npi", "NPI of the biller"),
            _text("rendering_npi", "NPI of the provider who gave the service"),
            _text("service", "Service class, where the source has one"),
            _text("hcpcs_code", "Procedure code"),
            _text("hcpcs_modifier_1", "First modifier of the procedure code"),
            _text("place_of_service_code", "Place of service"),
            _text("revenue_center_code", "Revenue center"),
            _text("ms_drg_code", "Diagnosis-related group"),
            _text("diagnosis_code_1", "Principal diagnosis"),
            _number("service_unit_quantity", "Units of service"),
            _amount("allowed_amount", "Allowed amount"),
            _amount("paid_amount", "Paid amount"),
            DENIED,
        ),
        title="Medical claim lines",
    ),
    Table(
        name=PHARMACY,
        keys=CLAIM_KEYS,
        columns=(
            PERSON,
            PAYER,
            _day("dispensing_date", "Day on which the drug was dispensed"),
            _day("paid_date", "Day on which the payer paid the line", left_out=True),
            _text("ndc_code", "National drug code"),
            _text("prescribing_provider_npi", "NPI of the prescriber"),
            _number("quantity", "Quantity dispensed"),
            _amount("allowed_amount", "Allowed amount"),
            _amount("paid_amount", "Paid amount"),
            DENIED,
        ),
        title="Pharmacy claim lines",
    ),
    Table(
        name=ENCOUNTER,
        keys=(_id("encounter_id", "Encounter"),),
        columns=(
            PERSON,
            PAYER_IF_KNOWN,
            _day("encounter_start_date", "Day of the encounter"),
            evolve(PRACTICE, optional=True, may_be_left_out=True, title="Practice or facility seen"),
            _text("rendering_npi", "NPI of the provider seen"),
            _text("encounter_type", "Service class of the encounter"),
            _text("code", "Procedure or encounter code"),
            _amount("allowed_amount", "Allowed amount"),
            _amount("paid_amount", "Paid amount"),
        ),
        title="Encounters; where there are none, visits are made of claim lines",
    ),
    Table(
        name=CONDITION,
        keys=(PERSON, _id("normalized_code", "Code of the condition"), _day("recorded_date", "Day it was recorded")),
        columns=(_day("resolved_date", "Last day of the condition; empty: it lasts", left_out=True),),
        title="Conditions",
    ),
    Table(
        name=LAB_RESULT,
        keys=(_id("lab_result_id", "Result"),),
        columns=(
            PERSON,
            _id("normalized_code", "Code of the test"),
            _day("result_date", "Day of the result"),
            evolve(_number("result", "Result; empty where it is no number"), may_be_left_out=False),
        ),
        title="Laboratory results",
    ),
    Table(
        name=CHOSEN,
        keys=(PERSON, PAYER),
        columns=(PRACTICE,),
        dated=True,
        title="Practices that people chose, with the days on which the choice held",
    ),
    Table(
        name=ROSTER,
        keys=(
            PAYER,
            Column("list", ColumnKind.TEXT, may_be_left_out=True, default="payer roster", title="Name of the list"),
            _day("as_of_date", "Day on which the list was drawn up"),
            PERSON,
            PRACTICE,
        ),
        columns=(),
        title="Payers' lists of members by practice",
    ),
    Table(
        name=AREA,
        keys=(_id("zip_code", "Where people live"),),
        columns=(PRACTICE,),
        title="The practice of each area, for attribution by geography",
    ),
    Table(
        name=RESULT,
        keys=(
            _id("measure", "Measure, by the program's name"),
            PRACTICE,
            PAYER,
            _id("period", "Period as postings name it: `2012`, `2012-H1`, `2012-Q1`, `2012-03`"),
        ),
        columns=(_number("numerator", "Numerator"), _number("denominator", "Denominator")),
        title="Results of measures that another system works out",
    ),
)

ROSTER_COLUMNS: tuple[Column, ...] = (
    _text("tin", "Tax number of the practice"),
    _text("npi", "Organizational NPI of the practice"),
)
"""Columns that the roster of practices has besides, where claims are told by their biller."""


@frozen
class Need:
    """A table and a column of it that a text asks for; no column: the table alone.

    `required`: data with members must have the table; otherwise they may do without.
    """

    table: str
    column: str = ""
    required: bool = True


def population_tables(
    needs: frozenset[Need], payers: tuple[str, ...], participant: str, participant_title: str
) -> dict[str, Table]:
    """The tables below the practice that a program reads, with the columns it asks for required of the data."""
    wanted: dict[str, set[str]] = {}
    for need in needs:
        wanted.setdefault(need.table, set()).add(need.column)
    return {
        table.name: _as_read(table, wanted[table.name], payers, participant, participant_title)
        for table in CATALOG
        if table.name in wanted
    }


def _as_read(table: Table, asked: set[str], payers: tuple[str, ...], participant: str, title: str) -> Table:
    renamed: Mapping[str, Column] = {
        "practice_id": Column(f"{participant}_id", ColumnKind.TEXT, title=title),
        "payer": Column("payer", ColumnKind.CODE, codes=payers, title="Payer"),
    }

    def column(each: Column) -> Column:
        found = renamed.get(each.name)
        if found is not None:
            each = evolve(each, name=found.name, codes=found.codes)
        if each.name not in asked or not each.may_be_left_out or each.default is not None:
            return each
        return evolve(each, may_be_left_out=False)

    keys, columns = tuple(map(column, table.keys)), tuple(map(column, table.columns))
    return evolve(table, keys=keys, columns=columns, required=False)
