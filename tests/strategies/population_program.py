"""The programs that generated populations are settled under: months rule, refresh, methods, exclusions, payments."""

from __future__ import annotations

from functools import lru_cache

from attrs import frozen

from mhrules.plan.whole import Plan
from tests.strategies.settled import plan_of

PAYERS = ("aetna", "cigna")
PRACTICES = ("p1", "p2", "p3")
DAY_1 = "when attributed and enrolled on day 1"
DAY_15 = "when attributed and enrolled on day 15"
ANY_DAY = "when attributed and enrolled any day"
PROPORTION = "in proportion to days"
RULES = (DAY_1, DAY_15, ANY_DAY, PROPORTION)
EVERY = ("month", "quarter", "half_year", "year")
EXCLUSIONS = {
    "secondary": "payer_order > 1",
    "hospice_care": "hospice",
    "infant": "age < 1",
}


@frozen
class Method:
    """One attribution method as the text has it; `within` is a number of months, or of days if `days`."""

    kind: str
    title: str = ""
    measure: str = "visits"
    service: str = ""
    within: int = 0
    days: bool = False
    ties: str = ""

    def text(self) -> str:
        """The method's own words."""
        words = self.kind
        if self.kind == "list":
            words += f' "{self.title}"'
        if self.kind == "plurality":
            words += f" of {self.measure}"
        if self.service:
            words += f" where service = {self.service}"
        if self.within:
            words += f" within {self.within} {'days' if self.days else 'months'}"
        return words + (f" ties by {self.ties}" if self.ties else "")


@frozen
class Policy:
    """What a program says of people. `late` is the day from which payer cigna is in the program."""

    months: str = DAY_1
    every: str = "quarter"
    methods: tuple[Method, ...] = (Method("selection"),)
    at_once: bool = False
    newborns: bool = False
    exclusions: tuple[str, ...] = ()
    encounters: bool = False
    late: str = ""
    term: str = "2011-01-01 to 2011-12-31"
    run_out: int = 0
    payments: str = ""

    def tells(self, kind: str) -> bool:
        """Whether a method of that kind is among those of the text."""
        return any(method.kind == kind for method in self.methods)

    def text(self) -> str:
        """The program."""
        eligible = [f'exclude {name} "{name}" when {EXCLUSIONS[name]}' for name in self.exclusions]
        eligible += ["newborns from birth"] if self.newborns else []
        methods = [f"{'then' if at else 'first'} {method.text()}" for at, method in enumerate(self.methods)]
        attribution = [f"every {self.every}", *methods, *(["new members at once"] if self.at_once else [])]
        late = f" from {self.late}" if self.late else ""
        clauses = [
            f"term {self.term}",
            "year calendar",
            "rounding to cents half up",
            f"months count {self.months}",
            'convening { convener state "X"; authority "Y"; payer aetna "Aetna" lines commercial; '
            f'payer cigna "Cigna" lines commercial{late} }}',
            "facts of member { risk : { low, high } }",
            "eligible members {\n" + "\n".join(eligible) + "\n}" if eligible else "",
            "attribution {\n" + "\n".join(attribution) + "\n}",
            f"settlement {{ final after {self.run_out} months run-out }}" if self.run_out else "",
            self.payments
            or 'payment fee "Fee" { per member per month; pays choose { when risk = low : $2.35  '
            "when risk = high : $5.05 } }",
        ]
        body = "\n".join(clause for clause in clauses if clause)
        return f'mhrules 1\nprogram generated "Generated" edition "1" {{\n{body}\n}}\n'


PAYMENTS = """
events care_plan { kind : { new, maintenance } }
valueset office = { "99213", "99214" }
payment fee "Fee" { per member per month; pays choose { when risk = low : $2.35  when risk = high : $5.05 } }
payment flat "Flat" { per member per month; pays $3.33 }
payment billed "Billed" { per claim line where billed by practice and code in office; pays 12.5% of allowed }
payment lines "Lines" { per claim line where service = primary; pays 7.5% of allowed }
payment visited "Visits" { per visit where service = primary; pays $4.55 }
payment plans "Plans" { per event care_plan; at most once per member per month, first by date
  pays choose { when kind = new : $200  when kind = maintenance : $100 } }
report member_time "Months" = member_months
report member_time_by_month "Months" = (member_months) by month
report member_time_pooled "Months of all payers" = sum(member_months over payers)
report er "ER visits" = count(visits where service = emergency)
report er_by_month "ER visits" = (count(visits where service = emergency)) by month
report er_pooled "ER visits of all payers" = count(visits where service = emergency) across payers
report spent "Allowed" = sum(allowed over claim_lines)
report spent_by_month "Allowed" = (sum(allowed over claim_lines)) by month
report spent_pooled "Allowed" = sum(allowed over claim_lines) across payers
report spent_in_year "Allowed in the whole year" = sum(allowed over claim_lines in the whole year)
report cost_of "Cost" = sum(cost over members ever)
report people "People" = count(members ever)
report people_pooled "People of all payers" = count(members ever) across payers
report enrolled_pooled "Enrollments of all payers" = count(enrollments ever) across payers
report risky "Risky" = count(members ever where risk = high) across payers
report risky_share "Risky" = share(members ever where risk = high) across payers
report average_people "A" = count(average members)
report dear "D" = count(members ever where cost > $100)
report rate "R" = if member_months > 0 then count(visits where service = emergency) / member_months else 0
"""
"""Payments on every basis, and reports in pairs that have to agree."""

RECENT = "most recent visit"
SELECTION, LIST, GEOGRAPHY = Method("selection"), Method("list", "payer roster"), Method("geography")
PLURALITY = Method("plurality", service="primary", within=12, ties=RECENT)
CHAINS: tuple[tuple[Method, ...], ...] = (
    (PLURALITY,),
    (SELECTION, PLURALITY),
    (LIST, Method("plurality", within=6), GEOGRAPHY),
    (Method("plurality", measure="allowed", service="primary", within=24, ties=RECENT),),
    (Method(RECENT, service="primary", within=12), Method("plurality", within=24, ties=RECENT)),
    (Method(RECENT, within=90, days=True, ties="highest"), SELECTION, Method("list", "other", ties="latest")),
    (Method(RECENT, ties="lowest"), GEOGRAPHY),
    (Method("plurality", measure="allowed", within=45, days=True),),
)
"""What methods follow each other."""


@lru_cache
def policies() -> tuple[Policy, ...]:
    """Every chain of methods with every way to count months and to refresh, the rest by turns."""
    found = []
    for at, methods in enumerate(CHAINS):
        for rule_at, rule in enumerate(RULES):
            for every_at, every in enumerate(EVERY):
                turn = at + 2 * rule_at + 3 * every_at
                found.append(
                    Policy(
                        months=rule,
                        every=every,
                        methods=methods,
                        at_once=turn % 2 == 1,
                        newborns=turn % 5 == 2,
                        exclusions=((), ("secondary",), ("hospice_care", "secondary"), ("infant",))[turn % 4],
                        encounters=turn % 3 == 1,
                        late="2011-02-01" if turn % 3 == 0 else "",
                    )
                )
    return tuple(found)


@lru_cache(maxsize=512)
def plan_for(policy: Policy) -> Plan:
    """The plan of a policy's program, made once."""
    return plan_of(policy.text())
