"""Every name the language brings along: functions, quantities, collections. There are no other implicit names."""

from __future__ import annotations

from mhrules.classes import frozen
from mhrules.semantics.types import DATE, DOLLARS, TEXT, YES_NO, Kind, Type, money_per, number

FUNCTIONS = frozenset(
    "sum count average minimum maximum any every share percentile latest least greatest known total paid "
    "prior_year baseline held".split()
)
"""What may be called."""

AGGREGATES = frozenset("sum count average minimum maximum any every share percentile latest".split())


@frozen
class BuiltIn:
    """One built-in quantity: its grain and unit in words, and its exact definition, for the reference page."""

    name: str
    grain: str
    unit: str
    definition: str


QUANTITY_TABLE = (
    BuiltIn(
        "member_months",
        "payer, practice, month",
        "member months",
        "months of the members attributed to the practice by the payer; in a longer period, the sum over its months",
    ),
    BuiltIn(
        "contract_year",
        "practice, month",
        "plain number",
        "1 in the 12 months from the first day of the practice's first month, 2 in the next 12, and so on",
    ),
    BuiltIn(
        "program_year",
        "period",
        "plain number",
        "1 in the program year that holds the term's first month, 2 in the next, and so on",
    ),
    BuiltIn(
        "months_in_period",
        "payer, practice, period",
        "plain number",
        "months of the period inside the term in which payer and practice are both present",
    ),
    BuiltIn(
        "cost",
        "member, month",
        "$",
        "allowed amount of medical and pharmacy claims, unless the program says `cost is paid`",
    ),
    BuiltIn(
        "age",
        "member, month",
        "plain number",
        "completed years on the first day of the month; in a yearly clause on the year's last day",
    ),
    BuiltIn("months_attributed", "member, period", "plain number", "months of the period attributed to the practice"),
    BuiltIn(
        "payer_order", "member, month", "plain number", "1 where the payer pays first for the person, 2 where second"
    ),
    BuiltIn("dual", "member, month", "yes/no", "eligible for Medicare and Medicaid"),
    BuiltIn("hospice", "member, month", "yes/no", "in hospice care"),
    BuiltIn("esrd", "member, month", "yes/no", "with end-stage renal disease"),
    BuiltIn("plan", "member, month", "text", "plan or product of the payer"),
    BuiltIn("gender", "member", "text", "as the source writes it"),
    BuiltIn("zip_code", "member", "text", "where the person lives"),
    BuiltIn("dual_status_code", "member, month", "text", "dual status code of Medicare"),
    BuiltIn("medicare_status_code", "member, month", "text", "Medicare status code"),
    BuiltIn("allowed", "claim line", "$", "allowed amount, reversals netted, denied lines excluded"),
    BuiltIn("paid", "claim line", "$", "paid amount, reversals netted, denied lines excluded"),
    BuiltIn(
        "service",
        "claim line, visit",
        "text",
        "service class, from the source or from the program's `classify` clause",
    ),
    BuiltIn("code", "claim line", "text", "procedure code"),
    BuiltIn("modifier", "claim line", "text", "first procedure code modifier"),
    BuiltIn("units", "claim line", "plain number", "units of service"),
    BuiltIn("place_of_service", "claim line", "text", "place of service"),
    BuiltIn("revenue_center", "claim line", "text", "revenue center"),
    BuiltIn("diagnosis_group", "claim line", "text", "diagnosis-related group"),
    BuiltIn("diagnosis", "claim line", "text", "principal diagnosis"),
    BuiltIn("claim_type", "claim line", "text", "professional, institutional …, as the source writes it"),
    BuiltIn("provider", "claim line, visit", "text", "NPI of the provider who gave the service"),
    BuiltIn(
        "attributed",
        "claim line, visit",
        "yes/no",
        "the person was attributed to the practice by the payer in the month of service",
    ),
    BuiltIn("result", "laboratory result", "plain number", "the result; missing where it is no number"),
    BuiltIn("points", "measure", "points", "points earned on a measure"),
    BuiltIn("possible_points", "measure", "points", "points that can be earned on a measure"),
)
QUANTITIES = frozenset(row.name for row in QUANTITY_TABLE)
"""What has a value without being declared."""

POINTS = number((("point", 1),), low=0, high=10**21)
AMOUNT = number(DOLLARS, places=2, low=-(10**24), high=10**24)


@frozen
class Element:
    """A collection below the practice: the key of one element, the unit of a count of them, their features."""

    key: str
    unit: str
    features: dict[str, Type]


SERVICE = Type(Kind.CODE, name="service", places=0)
"""A service class: one of the program's `classify` clause, or without one any word of the source."""

OF_LINES = number(places=6, low=-(10**21), high=10**21)
CLAIM_FEATURES: dict[str, Type] = {
    "allowed": AMOUNT,
    "paid": AMOUNT,
    "service": SERVICE,
    "code": TEXT,
    "modifier": TEXT,
    "units": OF_LINES,
    "place_of_service": TEXT,
    "revenue_center": TEXT,
    "diagnosis_group": TEXT,
    "diagnosis": TEXT,
    "claim_type": TEXT,
    "provider": TEXT,
    "date": DATE,
    "attributed": YES_NO,
}
MEMBER_FEATURES: dict[str, Type] = {
    "age": number(places=0, low=0, high=200 * 10**12),
    "cost": AMOUNT,
    "months_attributed": number(places=0, low=0, high=12 * 10**12),
    "payer_order": number(places=0, low=10**12, high=9 * 10**12),
    "dual": YES_NO,
    "hospice": YES_NO,
    "esrd": YES_NO,
    "plan": TEXT,
    "line": TEXT,
    "gender": TEXT,
    "zip_code": TEXT,
    "dual_status_code": TEXT,
    "medicare_status_code": TEXT,
}
ELEMENTS: dict[str, Element] = {
    "members": Element("member", "", MEMBER_FEATURES),
    "enrollments": Element("enrollment", "", MEMBER_FEATURES),
    "visits": Element(
        "visit",
        "visit",
        {
            "service": SERVICE,
            "allowed": AMOUNT,
            "paid": AMOUNT,
            "code": TEXT,
            "date": DATE,
            "provider": TEXT,
            "attributed": YES_NO,
        },
    ),
    "claims": Element("claim", "claim", CLAIM_FEATURES),
    "claim_lines": Element("claim_line", "claim line", CLAIM_FEATURES),
    "prescriptions": Element(
        "prescription", "", {"allowed": AMOUNT, "paid": AMOUNT, "code": TEXT, "units": OF_LINES, "date": DATE}
    ),
    "conditions": Element("condition", "", {"code": TEXT, "date": DATE}),
    "lab_results": Element("lab_result", "", {"code": TEXT, "date": DATE, "result": OF_LINES.or_missing()}),
    "events": Element("event", "event", {"date": DATE}),
    "providers": Element("provider", "", {}),
    "measures": Element("measure", "", {"points": POINTS, "possible_points": POINTS, "met": YES_NO, "scored": YES_NO}),
}
OF_PEOPLE = frozenset({"members", "enrollments"})
"""The collections of people: one row each, or one for each payer."""
BASIS_ELEMENTS = {"claim line": "claim_lines", "claim": "claims", "visit": "visits", "event": "events"}
BASIS_UNITS = {
    "member": money_per("member month"),
    "claim line": money_per("claim line"),
    "claim": money_per("claim"),
    "visit": money_per("visit"),
    "event": money_per("event"),
}
COLLECTIONS = frozenset(ELEMENTS) | {"practices", "payers", "peers", "months", "lines"}
"""What can be counted or summed over."""

RESERVED = frozenset(
    "payer practice provider member claim visit event line month quarter half_year year and or not if then else when "
    "otherwise of in from to where over within by with yes no choose bands default rounded kept as split interpolate "
    "missing ties against assumed".split()
)
"""The keys that quantities vary over, the words of the calendar, and the words that hold expressions together."""
