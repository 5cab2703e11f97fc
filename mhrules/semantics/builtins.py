"""Every name the language brings along: functions, quantities, collections. There are no other implicit names."""

from __future__ import annotations

from attrs import frozen

from mhrules.semantics.types import DATE, DOLLARS, TEXT, YES_NO, Kind, Type, count, money_per, number

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
    BuiltIn("points", "measure", "points", "points earned on a measure"),
    BuiltIn("possible_points", "measure", "points", "points that can be earned on a measure"),
)
QUANTITIES = frozenset(row.name for row in QUANTITY_TABLE)
"""What has a value without being declared."""

POINTS = number((("point", 1),), places=6, low=0, high=10**21)
AMOUNT = number(DOLLARS, places=2, low=-(10**24), high=10**24)


@frozen
class Element:
    """A collection below the practice: the key of one element, the unit of a count of them, their features."""

    key: str
    unit: str
    features: dict[str, Type]


SERVICE = Type(Kind.CODE, name="service", places=0)
"""A service class: one of the program's `classify` clause, or without one any word of the source."""

CLAIM_FEATURES: dict[str, Type] = {
    "allowed": AMOUNT,
    "paid": AMOUNT,
    "service": SERVICE,
    "code": TEXT,
    "modifier": TEXT,
    "units": number(places=6, low=0, high=10**21),
}
ELEMENTS: dict[str, Element] = {
    "members": Element("member", "", {"age": count(), "cost": AMOUNT}),
    "enrollments": Element("enrollment", "", {"age": count(), "cost": AMOUNT}),
    "visits": Element(
        "visit", "visit", {"service": SERVICE, "allowed": AMOUNT, "paid": AMOUNT, "code": TEXT, "date": DATE}
    ),
    "claims": Element("claim", "claim", CLAIM_FEATURES),
    "claim_lines": Element("claim_line", "claim line", CLAIM_FEATURES),
    "events": Element("event", "event", {"date": DATE}),
    "providers": Element("provider", "", {}),
    "measures": Element("measure", "", {"points": POINTS, "possible_points": POINTS, "met": YES_NO}),
}
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
