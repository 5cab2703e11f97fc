"""Lowering of literals and names: facts, parameters, definitions, built-in quantities and keys."""

from __future__ import annotations

import attrs

from mhrules import exact
from mhrules.diagnostics.model import Label
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.plan import ir
from mhrules.plan.scope import MONTH, Context, Lowering, grain_of
from mhrules.semantics.builtins import ELEMENTS, FUNCTIONS, QUANTITIES
from mhrules.semantics.calendar import MONTHS_IN_YEAR, first_month_on_or_after, month_of
from mhrules.semantics.program import FactDeclaration
from mhrules.semantics.types import (
    DATE,
    DURATION,
    NO_UNIT,
    TEXT,
    YES_NO,
    Kind,
    Share,
    Type,
    money_per,
    number,
)
from mhrules.source import Span
from mhrules.syntax import tree as t

PERIOD_LENGTH = {period.value: period.months for period in t.Period}
BELOW_PRACTICE = frozenset({"member", "provider", "claim", "visit", "event"})


def decimals(value: int) -> int:
    """How many decimal places a number in units of 10**-12 needs."""
    text = exact.to_text(value)
    return len(text.partition(".")[2])


class Values(Lowering):
    """The leaves of expressions."""

    # --------------------------------------------------------------------------------------- literals

    def lower_number(self, node: t.Number, context: Context, expected: Type | None) -> ir.Expression:
        kind = number(places=decimals(node.value), low=node.value, high=node.value)
        if expected is not None and expected.is_number and not expected.is_money and expected.unit != NO_UNIT:
            kind = attrs.evolve(kind, unit=expected.unit)
        return self.literal(node.value, kind, node.span)

    def lower_money(self, node: t.Money, context: Context, expected: Type | None) -> ir.Expression:
        unit = money_per(node.per)
        if node.per is None and expected is not None and expected.is_money:
            unit = expected.unit
        kind = number(unit, places=max(2, decimals(node.value)), low=node.value, high=node.value)
        return self.literal(node.value, kind, node.span)

    def lower_percent(self, node: t.Percent, context: Context, expected: Type | None) -> ir.Expression:
        kind = number(share=Share.PERCENT, places=decimals(node.value), low=node.value, high=node.value)
        return self.literal(node.value, kind, node.span)

    def lower_yesno(self, node: t.YesNo, context: Context, expected: Type | None) -> ir.Expression:
        return self.literal(node.value, YES_NO, node.span)

    def lower_date(self, node: t.Date, context: Context, expected: Type | None) -> ir.Expression:
        return self.literal(node.value, DATE, node.span)

    def lower_text(self, node: t.Text, context: Context, expected: Type | None) -> ir.Expression:
        return self.literal(node.value, TEXT, node.span)

    def lower_duration(self, node: t.Duration, context: Context, expected: Type | None) -> ir.Expression:
        return self.literal(node.count * exact.ONE, DURATION, node.span)

    def lower_parenthesized(self, node: t.Parenthesized, context: Context, expected: Type | None) -> ir.Expression:
        return self.lower(node.inner, context, expected)

    # ------------------------------------------------------------------------------------------ names

    def lower_reference(self, node: t.Reference, context: Context, expected: Type | None) -> ir.Expression:
        name, program = node.name, self.program
        if expected is not None and expected.kind is Kind.CODE and name in expected.codes:
            return self.literal(name, attrs.evolve(expected, missing=False), node.span)
        if name in context.lets:
            self.used.add(("let", name))
            return self.read(context.lets[name], context, node.span)
        for element in reversed(context.elements):
            feature = self.feature(element, name, node.span)
            if feature is not None:
                return feature
        if name in program.facts:
            self.used.add(("fact", name))
            return self.fact(program.facts[name], context, node.span)
        if name in program.parameters:
            return self.parameter(name, context, node.span)
        if name in program.tables:
            self.used.add(("table", name))
            return self.table_value(program.tables[name], context, node.span)
        if name in program.defines or name in program.reports:
            return self.defined(name, context, node.span)
        if name in program.populations:
            self.used.add(("population", name))
            return ir.Feature(
                collection="members",
                column=name,
                type=Type(Kind.COLLECTION, name=name),
                keys=frozenset({"member", context.period}),
                span=node.span,
            )
        key = self.key_value(name, context, node.span)
        if key is not None:
            return key
        if name in QUANTITIES:
            return self.built_in(name, context, node.span)
        return self.unknown_name(node, context, expected)

    def unknown_name(self, node: t.Reference, context: Context, expected: Type | None) -> ir.Expression:
        program = self.program
        codes = expected.codes if expected is not None and expected.kind is Kind.CODE else ()
        names = {*context.lets, *program.facts, *program.parameters, *program.tables, *program.defines}
        names |= {*program.reports, *program.keys, *QUANTITIES, "payer", "line"}
        for element in context.elements:
            names |= self.features(element).keys()
        close = did_you_mean(node.name, codes) or did_you_mean(node.name, names)
        if codes:
            message = f"`{node.name}` is not one of {{ {', '.join(codes)} }}"
        elif node.name in ELEMENTS or node.name in FUNCTIONS:
            message = f"`{node.name}` has no value of its own"
        else:
            message = f"nothing here is called `{node.name}`"
        helps = [f"did you mean `{close}`?"] if close else []
        if node.name in ELEMENTS:
            helps.append(f"count or sum over it, as in `count({node.name})`")
        elif not close:
            helps.append("declare it with `facts`, `parameter`, `table` or `define`, or write it as the text has it elsewhere")
        self.report("MH201", message, node.span, label="not known here", help=tuple(helps))
        return self.nothing(node)

    def read(self, quantity: ir.Quantity, context: Context, span: Span) -> ir.Expression:
        """A quantity's value in a context that must supply all of its keys."""
        keys = frozenset(quantity.grain)
        self.supply(keys, context, span, quantity.name)
        return ir.Read(quantity=quantity, type=quantity.expression.type, keys=keys, span=span)

    def supply(self, keys: frozenset[str], context: Context, span: Span, name: str) -> None:
        """Reports a value that varies over keys which the clause does not have."""
        if context.keys is None:
            return
        derived = set(self.program.keys) if "practice" in context.keys else set()
        element_keys = {ELEMENTS[e].key for e in context.elements if e in ELEMENTS}
        extra = sorted(keys - context.keys - derived - element_keys - set(ir.TIME_KEYS))
        if extra:
            below = self.collection_word(extra[0])
            self.report(
                "MH321",
                f"`{name}` varies by {extra[0]}, and {context.clause} has no {extra[0]} of its own",
                span,
                label=f"one value for each {extra[0]}",
                help=f"bring it to one value with an aggregate, as in `sum({name} over {below})`",
            )

    def collection_word(self, key: str) -> str:
        return {"member": "members", "claim_line": "claim_lines"}.get(key, f"{key}s")

    # ------------------------------------------------------------------------------------------ facts

    def fact(
        self, fact: FactDeclaration, context: Context, span: Span, moment: ir.Moment | None = None
    ) -> ir.Expression:
        """A fact's value in the context, or the reason why it has none there."""
        keys: set[str] = set()
        for key in fact.keys:
            if key in ("year", "month", "contract_year"):
                keys.add(context.period)
                if not self.time_fits(fact, key, context, span):
                    return self.nothing_at(span)
            else:
                keys.add(key)
        if fact.dated:
            keys.add(context.period)
            if moment is None and context.period != MONTH:
                self.report(
                    "MH402",
                    f"`{fact.name}` is a dated fact, and {context.clause} covers more than one month",
                    span,
                    help=f"say which day counts: `{fact.name} on first day` or `{fact.name} on last day`",
                )
            moment = moment or ir.Moment.FIRST_DAY
        elif moment is not None:
            self.report(
                "MH403",
                f"`{fact.name}` does not change from day to day",
                span,
                help=f"leave out `{moment.value}`, or declare its facts `dated`",
            )
        frozen_keys = frozenset(keys)
        self.supply(frozen_keys, context, span, fact.name)
        return ir.Cell(
            table=fact.table,
            column=fact.name,
            table_keys=fact.keys,
            moment=moment if fact.dated else None,
            type=fact.type,
            keys=frozen_keys,
            span=span,
            notes=fact.notes,
        )

    def nothing_at(self, span: Span) -> ir.Expression:
        return self.literal(None, Type(Kind.UNKNOWN), span)

    def time_fits(self, fact: FactDeclaration, key: str, context: Context, span: Span) -> bool:
        """Whether a fact keyed by a time can be read in the context's period; says so if not."""
        period = context.period
        if "member" in fact.keys and "members" in context.elements:
            return True
        if key == "month" and period != MONTH:
            self.report(
                "MH404",
                f"`{fact.name}` varies by month, and {context.clause} covers more than one month",
                span,
                help=f"say `sum({fact.name} over months)`, `{fact.name} at start of period` or `{fact.name} at end of period`",
            )
            return False
        if key == "contract_year" and period not in (MONTH, "contract_year"):
            self.report(
                "MH405",
                f"`{fact.name}` varies by contract year, and {context.clause} follows the calendar",
                span,
                help=f"say `{fact.name} at start of period` or `{fact.name} at end of period`",
            )
            return False
        if key == "year" and period == "contract_year":
            self.report(
                "MH405",
                f"`{fact.name}` is a fact of the calendar year, in a clause that follows the contract year",
                span,
                help="keep facts of the calendar year and of the contract year in clauses of their own",
            )
            return False
        return True

    def feature(self, element: str, name: str, span: Span) -> ir.Expression | None:
        """A column of the element an aggregate runs over."""
        kind = self.features(element).get(name)
        if kind is None:
            return None
        collection = element if element in ELEMENTS else "events"
        return ir.Feature(
            collection=element,
            column=name,
            type=kind,
            keys=frozenset({ELEMENTS[collection].key}),
            span=span,
        )

    def features(self, element: str) -> dict[str, Type]:
        """The columns of an element; those of a declared event are its own."""
        if element in ELEMENTS:
            return ELEMENTS[element].features
        own = self.program.event_facts.get(element, {})
        return {**ELEMENTS["events"].features, **{name: fact.type for name, fact in own.items()}}

    # ------------------------------------------------------------------------- parameters and definitions

    def parameter(self, name: str, context: Context, span: Span) -> ir.Expression:
        """A parameter in force; in a longer period it must be constant over the months."""
        declared = self.program.parameters[name]
        self.used.add(("parameter", name))
        keys = {"payer"} if declared.opened else set()
        changes = self.parameter_changes(name)
        if changes:
            keys.add(context.period)
        if context.period != MONTH:
            self.constant_in_periods(name, changes, context, span)
        values = [v.value for v in declared.schedule]
        for agreement in self.agreements.values():
            values += [v.value for v in agreement.sets.get(name, ())]
        kind = declared.type
        if kind.is_number and values and not declared.opened:
            numbers = [v for v in values if isinstance(v, int)]
            kind = attrs.evolve(kind, low=min(numbers), high=max(numbers))
        elif kind.is_number and declared.opened:
            low = kind.low if declared.low is None else declared.low
            high = kind.high if declared.high is None else declared.high
            kind = attrs.evolve(kind, low=low, high=high)
        result = ir.Setting(
            parameter=name, type=kind, keys=frozenset(keys), span=span, notes=declared.notes
        )
        self.supply(result.keys, context, span, name)
        return result

    def parameter_changes(self, name: str) -> dict[int, Span]:
        """The months in which a parameter's value changes for some payer, with the text that says so."""
        changes = {}
        for value in self.program.parameters[name].schedule:
            if value.start is not None:
                changes[first_month_on_or_after(value.start)] = value.span
        for agreement in self.agreements.values():
            for value in agreement.sets.get(name, ()):
                start = value.start or agreement.effective
                if start > agreement.effective:
                    changes[first_month_on_or_after(start)] = value.span
        first = month_of(self.program.term_first)
        return {month: span for month, span in changes.items() if month > first}

    def constant_in_periods(self, name: str, changes: dict[int, Span], context: Context, span: Span) -> None:
        """Reports the periods of the term in which a parameter changes inside."""
        if context.period == "contract_year":
            broken = sorted(changes)
        else:
            period = t.Period(context.period)
            calendar = self.program.calendar
            broken = [m for m in sorted(changes) if calendar.period_first(m, period) != m]
            if self.program.term_last is not None:
                broken = [m for m in broken if m <= month_of(self.program.term_last)]
        if not broken:
            return
        labels = ", ".join(
            f"{self.program.calendar.label(self.program.calendar.period_first(m, t.Period.YEAR), t.Period.YEAR)}"
            if context.period in ("year", "contract_year")
            else self.program.calendar.label(
                self.program.calendar.period_first(m, t.Period(context.period)), t.Period(context.period)
            )
            for m in broken[:4]
        )
        self.report(
            "MH401",
            f"`{name}` changes inside a period of {context.clause}: {labels}",
            span,
            label="which value holds?",
            related=(Label(changes[broken[0]], "changes here"),),
            help=(
                f"say `{name} at start of period` or `{name} at end of period`, or put the amount in "
                "parentheses and say `by month`"
            ),
        )

    def defined(self, name: str, context: Context, span: Span) -> ir.Expression:
        """A `define` or `report`, lowered once for each period that reads it."""
        program = self.program
        node = program.defines.get(name) or program.reports[name]
        kind = "define" if name in program.defines else "report"
        self.used.add((kind, name))
        key = (kind, name, context.period, context.elements)
        quantity = self.quantities.get(key)
        if quantity is None:
            if name in self.in_progress:
                circle = [*self.in_progress[self.in_progress.index(name) :], name]
                self.report(
                    "MH410",
                    f"`{name}` is defined by itself: {' → '.join(circle)}",
                    node.name.span,
                    help="take one of these names out of the definition that closes the circle",
                )
                return self.nothing_at(span)
            self.in_progress.append(name)
            inner = Context(clause=context.clause, period=context.period, elements=context.elements)
            expression = self.lower(node.value, inner)
            self.in_progress.pop()
            taken = {q.name for q in self.quantities.values()}
            quantity = ir.Quantity(
                name=name if name not in taken else f"{name}_by_{context.period}",
                title=node.title if isinstance(node, t.Report) else name,
                kind=kind,
                grain=grain_of(expression.keys, context.period),
                expression=expression,
                span=node.span,
                notes=node.notes,
            )
            self.quantities[key] = quantity
        return self.read(quantity, context, span)

    # ------------------------------------------------------------------------- built-in quantities and keys

    def key_value(self, name: str, context: Context, span: Span) -> ir.Expression | None:
        """The row's own value of a key."""
        program = self.program
        if name == "payer":
            kind = Type(Kind.CODE, codes=tuple(program.payers), name="payer", places=0)
        elif name == "line":
            lines = sorted({line for payer in program.payers.values() for line in payer.lines})
            kind = Type(Kind.CODE, codes=tuple(lines), name="line", places=0)
        elif name in program.keys:
            self.used.add(("key", name))
            kind = TEXT
        elif name in ("practice", program.participant):
            name, kind = "practice", TEXT
        else:
            return None
        keys = frozenset({name})
        self.supply(keys, context, span, name)
        return ir.RowKey(key=name, type=kind, keys=keys, span=span)

    def panel(self, kind: Type, span: Span) -> ir.Expression:
        self.used.add(("table", "panel"))
        return ir.Panel(type=kind, keys=frozenset({"payer", "practice", MONTH}), span=span)

    def over_months(self, body: ir.Expression, context: Context, span: Span) -> ir.Expression:
        """The sum of a monthly value over the months of the context's period."""
        keys = (body.keys - {MONTH}) | {"payer", "practice", context.period}
        kind = attrs.evolve(body.type, low=times(body.type.low, MONTHS_IN_YEAR), high=times(body.type.high, MONTHS_IN_YEAR))
        return ir.Aggregate(
            function="sum", over=(MONTH,), body=body, type=kind, keys=frozenset(keys), span=span
        )

    def built_in(self, name: str, context: Context, span: Span) -> ir.Expression:
        """`member_months`, `contract_year`, `program_year`, `months_in_period`, `cost` of the practice."""
        if name == "member_months":
            self.supply(frozenset({"payer", "practice"}), context, span, name)
            monthly = self.panel(number((("member month", 1),), places=6, low=0, high=10**21), span)
            return monthly if context.period == MONTH else self.over_months(monthly, context, span)
        if name == "contract_year":
            if context.period not in (MONTH, "contract_year"):
                self.report(
                    "MH405",
                    f"the contract year can change inside a period of {context.clause}",
                    span,
                    help="say `contract_year at start of period` or `contract_year at end of period`",
                )
            kind = number(places=0, low=exact.ONE, high=self.most_contract_years() * exact.ONE)
            return ir.Clock(what=name, type=kind, keys=frozenset({"practice", context.period}), span=span)
        if name == "program_year":
            kind = number(places=0, low=0, high=9_999 * exact.ONE)
            return ir.Clock(what=name, type=kind, keys=frozenset({context.period}), span=span)
        if name == "months_in_period":
            kind = number(places=0, low=0, high=12 * exact.ONE)
            keys = frozenset({"payer", "practice", context.period})
            return ir.Clock(what=name, type=kind, keys=keys, span=span)
        for collection, element in ELEMENTS.items():
            if name in element.features:
                if name == "cost":
                    body = ir.Feature(
                        collection=collection,
                        column=name,
                        type=element.features[name],
                        keys=frozenset({"member"}),
                        span=span,
                    )
                    return ir.Aggregate(
                        function="sum",
                        over=("member",),
                        body=body,
                        type=body.type,
                        keys=frozenset({"payer", "practice", context.period}),
                        span=span,
                    )
                self.report(
                    "MH321",
                    f"`{name}` belongs to each of the {collection}, and {context.clause} has none of its own",
                    span,
                    help=f"bring it to one value with an aggregate, as in `sum({name} over {collection})`",
                )
                break
        return self.nothing_at(span)

    def most_contract_years(self) -> int:
        """How many contract years the term can hold."""
        program = self.program
        if program.term_last is None:
            return 999
        months = month_of(program.term_last) - month_of(program.term_first) + 1
        return -(-months // MONTHS_IN_YEAR)


def times(value: int | None, factor: int) -> int | None:
    return None if value is None else value * factor

