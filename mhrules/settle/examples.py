"""Worked examples: what the text says comes out, against what comes out."""

from __future__ import annotations

from collections.abc import Iterator

from mhrules import exact
from mhrules.classes import frozen
from mhrules.data.dataset import Dataset
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Diagnostic, DiagnosticError, Severity
from mhrules.engine.elements import ENROLLMENT, MEMBER
from mhrules.engine.faults import Faulted
from mhrules.engine.records import KINDS
from mhrules.engine.rows import Row
from mhrules.plan import ir
from mhrules.plan.given import given_facts, years_named
from mhrules.plan.ir import Quantity, Value
from mhrules.plan.lower import plan_from_program
from mhrules.plan.whole import Plan
from mhrules.semantics.bind import example_agreements
from mhrules.semantics.builtins import BASIS_ELEMENTS
from mhrules.semantics.program import Program
from mhrules.settle.ledger import CREDITED, HELD, Posting, Settlement
from mhrules.settle.run import REFERENCE, settle
from mhrules.source import Span
from mhrules.syntax import tree as t

BROKEN_INVARIANT = "MH720"


@frozen
class Failure:
    """An expectation that did not come true: where it stands and what came out instead."""

    span: Span
    expected: str
    found: str


@frozen
class ExampleResult:
    """One example: its title and place, its failures, and the findings that stopped it, if any."""

    title: str
    span: Span
    failures: tuple[Failure, ...] = ()
    findings: tuple[Diagnostic, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything that the example expects came out."""
        return not self.failures and not self.findings


def examples_of(program: Program) -> Iterator[tuple[t.Example, t.Contract | None]]:
    """The examples of the program, then those inside its contracts."""
    for example in program.examples:
        yield example, None
    for contract in program.contracts:
        for clause in contract.clauses:
            if isinstance(clause, t.Example):
                yield clause, contract


def run_examples(program: Program) -> tuple[ExampleResult, ...]:
    """Every example of a program without errors, run on its own facts under its own contracts."""
    return tuple(run_example(example, contract, program) for example, contract in examples_of(program))


def run_example(example: t.Example, contract: t.Contract | None, program: Program) -> ExampleResult:
    """One example: settled for each year that its expectations name, faults held."""
    findings = Findings()
    agreements = example_agreements(program, example, findings, contract)
    plan = plan_from_program(program, agreements, Findings()).plan
    given = given_facts(example, program, plan.schema, findings, agreements, persons=asks_who(plan))
    if findings.has_errors:
        return ExampleResult(example.title, example.span, findings=findings.sorted())
    settlements: dict[int, Settlement] = {}
    try:
        dataset = Dataset.from_rows(given.schema, given.rows)
        for year in years_named(example, program):
            settlements[year] = settle(plan, dataset, year, hold=True, engine=REFERENCE)
    except DiagnosticError as error:
        return ExampleResult(example.title, example.span, findings=error.diagnostics)
    return judged(example, plan, settlements)


def asks_who(plan: Plan) -> bool:
    """Whether members of a worked example are persons though it says only how many: something asks who they are.

    Where members are excluded, that is judged of persons only if the example says what they are.
    """
    if plan.members.exclusions:
        return False
    forms = [form for payment in plan.payments.values() for form in payment.forms.values()]
    asked = [part for quantity in plan.quantities for part in quantity.expression.walk()]
    asked += [part for form in forms for gate in form.gates for part in gate.condition.walk()]
    asked += [part for form in forms for part in form.pays.walk()]
    asked += [part for group in plan.requirements for each in group.requirements for part in each.condition.walk()]
    below = (MEMBER, ENROLLMENT, *KINDS)
    return any(form.unit in BASIS_ELEMENTS or form.priced_by_member for form in forms) or any(
        isinstance(part, ir.Aggregate) and part.over[0] in below for part in asked
    )


def judged(example: t.Example, plan: Plan, settlements: dict[int, Settlement]) -> ExampleResult:
    """The example's expectations against its settlements; faults elsewhere than in what they read do not matter."""
    found = [f for s in settlements.values() for f in s.findings if f.severity is Severity.ERROR]
    expected_faults = [c for c in example.clauses if isinstance(c, t.ExpectFault)]
    failures: list[Failure] = []
    for fault in expected_faults:
        if not any(f.code == fault.code for f in found):
            codes = ", ".join(sorted({f.code for f in found})) or "no fault"
            failures.append(Failure(fault.span, fault.code, codes))
    broken = [f for f in found if f.code == BROKEN_INVARIANT]
    if broken and not expected_faults:
        return ExampleResult(example.title, example.span, findings=tuple(broken))
    for clause in example.clauses:
        if isinstance(clause, t.ExpectAmount):
            failures += amount_failures(clause, plan, settlements)
        elif isinstance(clause, t.ExpectStatus):
            failures += status_failures(clause, plan, settlements)
        elif isinstance(clause, t.ExpectValue):
            failures += value_failures(clause, plan, settlements)
    held = found if any(f.found.startswith(HELD) for f in failures) else []
    return ExampleResult(example.title, example.span, failures=tuple(failures), findings=tuple(held))


def dollars(amount: int) -> str:
    """An amount in units of 10**-12 as the language writes it."""
    text = exact.to_text(abs(amount), 2) if amount % 10**10 == 0 else exact.to_text(abs(amount))
    whole, _, cents = text.partition(".")
    return f"{'-' if amount < 0 else ''}${int(whole):_}.{cents}"


def matching(clause: t.ExpectAmount | t.ExpectStatus, plan: Plan, settlements: dict[int, Settlement]) -> list[Posting]:
    """The postings that an expectation speaks of, credits apart: of its payment, practice, payer and period."""
    period, first = plan.calendar.parse(clause.period.text)
    return [
        posting
        for settlement in settlements.values()
        for posting in settlement.postings
        if posting.payment == clause.payment.text
        and posting.practice == clause.practice.text
        and (clause.payer is None or posting.payer == clause.payer.text)
        and first <= posting.first
        and posting.first + posting.length <= first + period.months
    ]


def amount_failures(clause: t.ExpectAmount, plan: Plan, settlements: dict[int, Settlement]) -> Iterator[Failure]:
    """`expect x for p1 from aetna in 2011 = $…`: the sum of the lines, credits apart."""
    postings = [p for p in matching(clause, plan, settlements) if p.status != CREDITED]
    held = [p for p in postings if p.status == HELD]
    if not postings:
        yield Failure(clause.span, dollars(clause.amount), "no such line")
    elif held:
        yield Failure(clause.span, dollars(clause.amount), f"{HELD}: {held[0].reason}")
    elif sum(p.amount for p in postings) != clause.amount:
        reasons = sorted({f"{p.status}{f', {p.reason}' if p.reason else ''}" for p in postings if p.status != "paid"})
        found = dollars(sum(p.amount for p in postings))
        yield Failure(clause.span, dollars(clause.amount), f"{found}{f' ({reasons[0]})' if reasons else ''}")


def status_failures(clause: t.ExpectStatus, plan: Plan, settlements: dict[int, Settlement]) -> Iterator[Failure]:
    """`expect x for p1 in 2011 is gated by minimum`; `is credited` speaks of credit lines."""
    wanted = clause.status.text
    postings = [p for p in matching(clause, plan, settlements) if (p.status == CREDITED) == (wanted == CREDITED)]
    expected = wanted + (f" by {clause.reason.text}" if clause.reason else "")
    if not postings:
        yield Failure(clause.span, expected, "no such line")
    for posting in postings:
        if posting.status != wanted or (clause.reason is not None and posting.reason != clause.reason.text):
            found = posting.status + (f" by {posting.reason}" if posting.reason else "")
            yield Failure(clause.span, expected, f"{found} in {posting.period}")
            return


def value_failures(clause: t.ExpectValue, plan: Plan, settlements: dict[int, Settlement]) -> Iterator[Failure]:
    """`expect value rate practice p1 year 2011 = 3%`: a `report` or `define` at a row."""
    name = clause.quantity.text
    quantity = next((q for q in plan.quantities if q.name == name and q.kind in ("define", "report")), None)
    expected = "missing" if clause.value is None else clause.value.span.text
    if quantity is None:
        yield Failure(clause.span, expected, f"nothing is called `{name}`")
        return
    try:
        value = quantity_at(clause, plan, quantity, settlements)
    except Faulted as error:
        yield Failure(clause.span, expected, error.faults[0].message)
        return
    if value != literal(clause.value):
        yield Failure(clause.span, expected, shown(value, quantity))


def quantity_at(clause: t.ExpectValue, plan: Plan, quantity: Quantity, settlements: dict[int, Settlement]) -> Value:
    """A quantity's value at the keys that an expectation gives.

    Raises:
        Faulted: it has none there.
    """
    keys = {("practice" if k.key.text == plan.participant else k.key.text): k.value for k in clause.keys}
    clock = None
    for period in t.Period:
        if period.value in keys:
            clock = (period.value, plan.calendar.parse(keys.pop(period.value))[1])
    if clock is None and settlements:
        clock = ("year", plan.calendar.year_first(min(settlements)))
    year = min(settlements) if clock is None else plan.calendar.year_of(clock[1])
    settlement = settlements.get(year) or next(iter(settlements.values()))
    interpreter = settlement.books.interpreter
    row = interpreter.world.project(Row.of(clock, **keys), quantity.grain)
    return interpreter.quantity(quantity, row)


def literal(node: t.Expression | None) -> Value:
    """The value of a literal in an expectation."""
    if isinstance(node, t.Negative) and isinstance(node.operand, t.Number | t.Money | t.Percent):
        return -node.operand.value
    if isinstance(node, t.Number | t.Money | t.Percent | t.YesNo | t.Date | t.Text):
        return node.value
    return node.name if isinstance(node, t.Reference) else None


def shown(value: Value, quantity: Quantity) -> str:
    """A value as people write it."""
    kind = quantity.expression.type
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return dollars(value) if kind.is_total else exact.to_text(value)
    return str(value)
