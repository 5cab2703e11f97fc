"""Lowering of the quantities that the language brings along, and of sums over months."""

from __future__ import annotations

import attrs

from mhrules import exact
from mhrules.plan import ir
from mhrules.plan.lower_values import OF_THE_PERIOD, Values
from mhrules.plan.scope import CONTRACT_YEAR, MONTH, Context
from mhrules.semantics.builtins import ELEMENTS
from mhrules.semantics.calendar import MONTHS_IN_YEAR, month_of
from mhrules.semantics.types import Type, number
from mhrules.source import Span

LONGEST_OPEN_TERM = 999
MEMBER_MONTHS = number((("member month", 1),), places=6, low=0, high=10**21)


class Builtins(Values):
    """`member_months`, `contract_year`, `program_year`, `months_in_period`, `cost`."""

    def built_in(self, name: str, context: Context, span: Span) -> ir.Expression:
        """A built-in quantity in the context, or the reason why it has no value there."""
        if name == "member_months":
            return self.member_months(context, span)
        if name == CONTRACT_YEAR:
            return self.contract_year(context, span)
        if name == "program_year":
            kind = number(places=0, low=exact.ONE, high=self.most_program_years() * exact.ONE)
            return ir.Clock(what=name, type=kind, keys=frozenset({context.period}), span=span)
        if name == "months_in_period":
            kind = number(places=0, low=0, high=MONTHS_IN_YEAR * exact.ONE)
            keys = context.owners | {context.period}
            return ir.Clock(what=name, type=kind, keys=keys, span=span)
        if name == "cost":
            return self.cost(context, span)
        return self.of_an_element(name, context, span)

    def most_program_years(self) -> int:
        """How many program years the term touches."""
        program = self.program
        if program.term_last is None:
            return LONGEST_OPEN_TERM
        first, last = month_of(program.term_first), month_of(program.term_last)
        return program.calendar.year_of(last) - program.calendar.year_of(first) + 1

    def panel(self, kind: Type, span: Span, *, across: bool = False) -> ir.Expression:
        """Member months of a month, or the people of all payers."""
        self.used.add(("table", "panel"))
        keys = frozenset({"practice", MONTH}) if across else frozenset({"payer", "practice", MONTH})
        return ir.Panel(type=kind, keys=keys, span=span, across=across)

    def member_months(self, context: Context, span: Span) -> ir.Expression:
        """Member months of the row's payer and practice, in a longer period summed over its months."""
        if not self.supply(frozenset({"payer", "practice"}), context, span, "member_months"):
            return self.nothing_at(span)
        monthly = self.panel(MEMBER_MONTHS, span)
        return monthly if context.period == MONTH else self.over_months(monthly, context, span)

    def contract_year(self, context: Context, span: Span) -> ir.Expression:
        """The number of the practice's contract year, which only a month or a contract year has."""
        if context.period not in (MONTH, CONTRACT_YEAR):
            self.report(
                "MH405",
                f"`contract_year` can change inside a period, and {context.clause} follows the calendar",
                span,
                help=f"say {OF_THE_PERIOD.format('contract_year')}",
            )
            return self.nothing_at(span)
        keys = frozenset({"practice", context.period})
        if not self.supply(keys, context, span, CONTRACT_YEAR):
            return self.nothing_at(span)
        kind = number(places=0, low=exact.ONE, high=self.most_contract_years() * exact.ONE)
        return ir.Clock(what=CONTRACT_YEAR, type=kind, keys=keys, span=span)

    def most_contract_years(self) -> int:
        """How many contract years the term can hold."""
        program = self.program
        if program.term_last is None:
            return LONGEST_OPEN_TERM
        months = month_of(program.term_last) - month_of(program.term_first) + 1
        return max(1, -(-months // MONTHS_IN_YEAR))

    def cost(self, context: Context, span: Span) -> ir.Expression:
        """The cost of a practice's members, of which each has one of its own."""
        body = self.feature("members", "cost", span, context)
        assert body is not None
        keys, kind = frozenset({"payer", "practice", context.period}), body.type
        if not self.supply(keys, context, span, "cost"):
            return self.nothing_at(span)
        return ir.Aggregate(function="sum", over=("member",), body=body, type=kind, keys=keys, span=span)

    def of_an_element(self, name: str, context: Context, span: Span) -> ir.Expression:
        """Reports a quantity of claims, visits, measures … where there is none."""
        having = [c for c, element in ELEMENTS.items() if name in element.features]
        collection = "claim_lines" if "claim_lines" in having else next(iter(having), "claim_lines")
        self.report(
            "MH321",
            f"each of the {collection.replace('_', ' ')} has its own `{name}`, and {context.clause} has none",
            span,
            label="of which one?",
            help=f"bring it to one value with an aggregate, as in `sum({name} over {collection})`",
        )
        return self.nothing_at(span)

    def over_months(self, body: ir.Expression, context: Context, span: Span) -> ir.Expression:
        """The sum of a monthly value over the months of the period in which payer and practice are there."""
        keys = (body.keys - {MONTH}) | context.owners | {context.period}
        low, high = body.type.low, body.type.high
        kind = attrs.evolve(
            body.type,
            low=None if low is None else min(0, low * MONTHS_IN_YEAR),
            high=None if high is None else max(0, high * MONTHS_IN_YEAR),
        )
        return ir.Aggregate(function="sum", over=(MONTH,), body=body, type=kind, keys=frozenset(keys), span=span)
