"""Lowering of literals and names: facts, parameters, definitions and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs

from mhrules import exact
from mhrules.data.population import Need
from mhrules.diagnostics.model import Label
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.plan import ir
from mhrules.plan.needs import needs_of_collection, needs_of_feature
from mhrules.plan.scope import CONTRACT_YEAR, MONTH, YEAR, Context, LetScope, Lowering, flat, grain_of
from mhrules.plan.settings import parameter_changes
from mhrules.semantics.builtins import ELEMENTS, FUNCTIONS, OF_PEOPLE, QUANTITIES, SERVICE
from mhrules.semantics.calendar import month_of
from mhrules.semantics.program import FactDeclaration
from mhrules.semantics.types import (
    DATE,
    DURATION,
    NO_UNIT,
    TEXT,
    UNKNOWN,
    YES_NO,
    Kind,
    Share,
    Type,
    money_per,
    number,
)
from mhrules.source import Span
from mhrules.syntax import tree as t

MOST_PERIODS = 4
LASTING = frozenset({"gender", "zip_code"})
"""What is the same of a member in every month and for every payer."""
RECORDS = frozenset({"visits", "claims", "claim_lines", "prescriptions", "conditions", "lab_results"})
"""Collections of which each member has its own."""
OF_THE_PERIOD = "`{0} at start of period` or `{0} at end of period`"


def decimals(value: int) -> int:
    """How many decimal places a number in units of 10**-12 needs."""
    text = exact.to_text(value)
    return len(text.partition(".")[2])


class Values(Lowering):
    """The leaves of expressions."""

    # --------------------------------------------------------------------------------------- literals

    def lower_number(self, node: t.Number, context: Context, expected: Type | None) -> ir.Expression:
        """`3`: a plain number, or in the unit that is expected where that is not money."""
        kind = number(places=decimals(node.value), low=node.value, high=node.value)
        if expected is not None and expected.is_number and not expected.is_money and expected.unit != NO_UNIT:
            kind = attrs.evolve(kind, unit=expected.unit)
        return self.literal(node.value, kind, node.span)

    def lower_money(self, node: t.Money, context: Context, expected: Type | None) -> ir.Expression:
        """`$5.50 pmpm`; a bare `$5.50` takes the expected unit, elsewhere it is dollars."""
        unit = money_per(node.per)
        if node.per is None and expected is not None and expected.is_money:
            unit = expected.unit
        kind = number(unit, places=max(2, decimals(node.value)), low=node.value, high=node.value)
        return self.literal(node.value, kind, node.span)

    def lower_percent(self, node: t.Percent, context: Context, expected: Type | None) -> ir.Expression:
        """`50%`."""
        kind = number(share=Share.PERCENT, places=decimals(node.value), low=node.value, high=node.value)
        return self.literal(node.value, kind, node.span)

    def lower_yesno(self, node: t.YesNo, context: Context, expected: Type | None) -> ir.Expression:
        """`yes`, `no`."""
        return self.literal(node.value, YES_NO, node.span)

    def lower_date(self, node: t.Date, context: Context, expected: Type | None) -> ir.Expression:
        """`2011-05-01`."""
        return self.literal(node.value, DATE, node.span)

    def lower_text(self, node: t.Text, context: Context, expected: Type | None) -> ir.Expression:
        """A quoted text."""
        return self.literal(node.value, TEXT, node.span)

    def lower_duration(self, node: t.Duration, context: Context, expected: Type | None) -> ir.Expression:
        """`24 months`."""
        return self.literal(node.count * exact.ONE, DURATION, node.span)

    def lower_parenthesized(self, node: t.Parenthesized, context: Context, expected: Type | None) -> ir.Expression:
        """What stands in parentheses."""
        return self.lower(node.inner, context, expected)

    # ------------------------------------------------------------------------------------------ names

    def lower_reference(self, node: t.Reference, context: Context, expected: Type | None) -> ir.Expression:
        """A name used for its value: a code where one is expected, else what is nearest in the text."""
        name = node.name
        if expected is not None and expected.kind is Kind.CODE and (name in expected.codes or expected == SERVICE):
            return self.literal(name, attrs.evolve(expected, missing=False), node.span)
        if name in context.lets:
            self.used.add(("let", name))
            return self.read(self.let_quantity(context.lets[name], context), context, node.span)
        for element in reversed(context.elements):
            feature = self.feature(element, name, node.span, context)
            if feature is not None:
                return feature
        found = self.declared_value(name, context, node.span)
        if found is not None:
            return found
        return self.unknown_name(node, context, expected)

    def declared_value(self, name: str, context: Context, span: Span) -> ir.Expression | None:
        """The value of what the program declares, of a key or of a built-in quantity; None if there is none."""
        program = self.program
        if name in program.facts:
            self.used.add(("fact", name))
            return self.fact(program.facts[name], context, span)
        if name in program.parameters:
            return self.parameter(name, context, span)
        if name in program.tables:
            self.used.add(("table", name))
            return self.table_value(program.tables[name], context, span)
        if name in program.defines or name in program.reports:
            return self.defined(name, context, span)
        if name in program.populations and OF_PEOPLE & set(context.elements):
            self.used.add(("population", name))
            return self.in_population(name, context)
        key = self.key_value(name, context, span)
        if key is not None or name not in QUANTITIES:
            return key
        return self.built_in(name, context, span)

    def has_value(self, name: str, context: Context) -> bool:
        """Whether a name means something here, so that it is not a bare code."""
        program = self.program
        places = (context.lets, program.facts, program.parameters, program.tables, program.defines, program.reports)
        if any(name in place for place in places) or name in program.populations or name in QUANTITIES:
            return True
        if name in ("payer", "line", "practice", program.participant) or name in program.keys:
            return True
        return any(name in self.features(element) for element in context.elements)

    def unknown_name(self, node: t.Reference, context: Context, expected: Type | None) -> ir.Expression:
        """Reports a name that has no value here."""
        program, name = self.program, node.name
        codes = expected.codes if expected is not None and expected.kind is Kind.CODE else ()
        names = {*context.lets, *program.facts, *program.parameters, *program.tables, *program.defines}
        names |= {*program.reports, *program.keys, *program.measures, *QUANTITIES, "payer", "line"}
        for element in context.elements:
            names |= self.features(element).keys()
        close = did_you_mean(name, codes) or did_you_mean(name, names)
        message = f"`{name}` has no value of its own"
        if name in ELEMENTS or name in program.populations or name in program.events:
            advice = f"count or sum over it, as in `count({name})`"
        elif name in program.payments:
            advice = f"take its postings, as in `total({name})`"
        elif name in FUNCTIONS:
            advice = f"say of what, as in `{name}(…)`"
        elif codes:
            message = f"`{name}` is not one of {{ {', '.join(codes)} }}"
            advice = f"did you mean `{close}`?" if close else "write one of these codes"
        else:
            message = f"nothing here is called `{name}`"
            advice = (
                f"did you mean `{close}`?" if close else "declare it with `facts`, `parameter`, `table` or `define`"
            )
        self.report("MH201", message, node.span, label="not known here", help=advice)
        return self.nothing(node)

    # ------------------------------------------------------------------------------------------ grain

    def read(self, quantity: ir.Quantity, context: Context, span: Span) -> ir.Expression:
        """A quantity's value in a context that must supply all of its keys."""
        keys = frozenset(quantity.grain)
        if quantity.expression.type.is_unknown:
            return self.nothing_at(span)
        if not self.supply(keys, context, span, flat(span.text)):
            return self.nothing_at(span)
        return ir.Read(quantity=quantity, type=quantity.expression.type, keys=keys, span=span)

    def supply(self, keys: frozenset[str], context: Context, span: Span, name: str) -> bool:
        """Whether the clause has every key that a value varies over; reports the first that it has not."""
        extra = sorted((keys & context.absent) | (set() if context.keys is None else self.beyond(keys, context)))
        if not extra:
            return True
        word, below = self.word(extra[0]), self.collection_word(extra[0])
        itself = name in (extra[0], word)
        what = f"{context.clause} has no {word} of its own"
        self.report(
            "MH321",
            what if itself else f"`{name}` varies by {word}, and {what}",
            span,
            label=f"one for each {word}" if itself else f"one value for each {word}",
            help=f"ask it inside an aggregate, as in `sum(… over {below} where {word} = …)`"
            if itself
            else f"bring it to one value with an aggregate, as in `sum({name} over {below})`",
        )
        return False

    def beyond(self, keys: frozenset[str], context: Context) -> set[str]:
        """The keys that neither the clause nor what it runs over has."""
        assert context.keys is not None
        had = context.keys | {ELEMENTS[e].key if e in ELEMENTS else "event" for e in context.elements}
        if context.elements:
            had |= {"member"}
        return set(keys - self.with_derived(frozenset(had)) - set(ir.TIME_KEYS))

    def with_derived(self, keys: frozenset[str]) -> frozenset[str]:
        """Keys with the declared keys that they determine: a practice has its region."""
        return keys | frozenset(self.program.keys) if "practice" in keys else keys

    def collection_word(self, key: str) -> str:
        """How an aggregate over a key is written."""
        return {"practice": f"{self.program.participant}s"}.get(key, f"{key}s")

    # ------------------------------------------------------------------------------------------ facts

    def fact(
        self, fact: FactDeclaration, context: Context, span: Span, moment: ir.Moment | None = None
    ) -> ir.Expression:
        """A fact's value in the context, or the reason why it has none there."""
        keys: set[str] = set()
        if {"member", "month"} <= set(fact.keys) and context.period != MONTH and fact.type.is_total:
            monthly = self.fact(fact, attrs.evolve(context, period=MONTH), span)
            return monthly if monthly.type.is_unknown else self.over_months(monthly, context, span)
        for key in fact.keys:
            if key in ir.TIME_KEYS:
                if not self.time_fits(fact, key, context, span):
                    return self.nothing_at(span)
                keys.add(context.period)
            else:
                keys.add(key)
        if fact.dated:
            keys.add(context.period)
        if not self.moment_fits(fact, context, span, moment):
            return self.nothing_at(span)
        frozen_keys = frozenset(keys)
        if not self.supply(frozen_keys, context, span, fact.name):
            return self.nothing_at(span)
        return ir.Cell(
            table=fact.table,
            column=fact.name,
            table_keys=fact.keys,
            moment=(moment or ir.Moment.FIRST_DAY) if fact.dated else None,
            type=fact.type,
            keys=frozen_keys,
            span=span,
            notes=fact.notes,
        )

    def moment_fits(self, fact: FactDeclaration, context: Context, span: Span, moment: ir.Moment | None) -> bool:
        """Whether a fact is read on a day if, and only if, it needs one; says so if not."""
        if fact.dated and moment is None and context.period != MONTH:
            self.report(
                "MH402",
                f"`{fact.name}` is a dated fact, and {context.clause} covers more than one month",
                span,
                label="on which day?",
                help=f"say which day counts: `{fact.name} on first day` or `{fact.name} on last day`",
            )
            return False
        if moment is not None and not fact.dated:
            self.report(
                "MH403",
                f"`{fact.name}` does not change from day to day",
                span,
                help=f"leave out `{moment.value}`, or declare its facts `dated`",
            )
            return False
        return True

    def time_fits(self, fact: FactDeclaration, key: str, context: Context, span: Span) -> bool:
        """Whether a fact keyed by a time can be read in the context's period; says so if not."""
        period, name = context.period, fact.name
        if key == "month" and period != MONTH:
            self.report(
                "MH404",
                f"`{name}` varies by month, and {context.clause} covers more than one month",
                span,
                label="of which month?",
                help=f"say `sum({name} over months)`, {OF_THE_PERIOD.format(name)}",
            )
            return False
        if key == CONTRACT_YEAR and period not in (MONTH, CONTRACT_YEAR):
            self.report(
                "MH405",
                f"`{name}` varies by contract year, and {context.clause} follows the calendar",
                span,
                help=f"say {OF_THE_PERIOD.format(name)}",
            )
            return False
        if key == YEAR and period == CONTRACT_YEAR:
            self.report(
                "MH405",
                f"`{name}` is a fact of the calendar year, and {context.clause} follows the contract year",
                span,
                help="keep facts of the calendar year and of the contract year in clauses of their own",
            )
            return False
        return True

    def feature(self, element: str, name: str, span: Span, context: Context) -> ir.Expression | None:
        """A column of the element an aggregate runs over.

        What is known of a member varies by payer and month; so does whether a record's person is attributed here.
        """
        kind = self.features(element).get(name)
        if kind is None:
            return None
        self.needs.update(self.needs_of(element, name))
        own = ELEMENTS[element if element in ELEMENTS else "events"].key
        keys = {"member" if element in OF_PEOPLE else own}  # an enrollment is a member's, and has no key of its own
        if (element in OF_PEOPLE and name not in LASTING) or name == "attributed":
            keys |= {*context.owners, context.period}
        if name == "attributed" and not self.supply(frozenset({"practice"}), context, span, name):
            return self.nothing_at(span)  # it asks whether a practice has the person
        return ir.Feature(collection=element, column=name, type=kind, keys=frozenset(keys), span=span)

    def needs_of(self, element: str, name: str) -> Iterator[Need]:
        """What data must have so that a feature is known; a service class, whatever the classes rest on."""
        program = self.program
        cost = "allowed" if program.cost is None else program.cost.basis
        if name == "service" and program.classify is not None:
            return needs_of_collection(element)
        if name == "line" and all(len(payer.lines) == 1 for payer in program.payers.values()):
            return needs_of_collection(element)
        return needs_of_feature(element, name, cost)

    def features(self, element: str) -> dict[str, Type]:
        """The columns of an element; those of a declared event are its own."""
        if element in ELEMENTS:
            features = ELEMENTS[element].features
            found = {name: self.service_class() if kind is SERVICE else kind for name, kind in features.items()}
            if "line" in found:
                found["line"] = self.line_of_business()
            return found
        own = self.program.event_facts.get(element, {})
        return {**ELEMENTS["events"].features, **{name: fact.type for name, fact in own.items()}}

    def line_of_business(self) -> Type:
        """One of the lines of business that payers declare."""
        lines = sorted({line for payer in self.program.payers.values() for line in payer.lines})
        return Type(Kind.CODE, codes=tuple(lines), name="line", places=0)

    def service_class(self) -> Type:
        """What `service` can be: a class of the program's `classify` clause, or any word of the source."""
        rows = () if self.program.classify is None else self.program.classify.rows
        return attrs.evolve(SERVICE, codes=tuple(dict.fromkeys(row.service.text for row in rows)))

    # ------------------------------------------------------------------------------------- parameters

    def parameter(self, name: str, context: Context, span: Span) -> ir.Expression:
        """A parameter in force; in a longer period it must be constant over the months."""
        declared = self.program.parameters[name]
        self.used.add(("parameter", name))
        keys = {"payer"} if declared.opened else set()
        changes = parameter_changes(self.program, self.agreements, name)
        if changes:
            keys.add(context.period)
        if context.period != MONTH and not self.is_constant(name, changes, context, span):
            return self.nothing_at(span)
        kind = declared.type
        if kind.is_number and declared.opened:
            low = kind.low if declared.low is None else declared.low
            high = kind.high if declared.high is None else declared.high
            kind = attrs.evolve(kind, low=low, high=high)
        elif kind.is_number:
            numbers = [v.value for v in declared.schedule if isinstance(v.value, int)]
            kind = attrs.evolve(kind, low=min(numbers, default=kind.low), high=max(numbers, default=kind.high))
        result = ir.Setting(parameter=name, type=kind, keys=frozenset(keys), span=span, notes=declared.notes)
        return result if self.supply(result.keys, context, span, name) else self.nothing_at(span)

    def is_constant(self, name: str, changes: dict[int, Span], context: Context, span: Span) -> bool:
        """Whether a parameter changes inside no period of the term; reports those in which it does."""
        calendar, last = self.program.calendar, self.program.term_last
        months = [m for m in sorted(changes) if last is None or m <= month_of(last)]
        if context.period == CONTRACT_YEAR:
            broken, period = months, t.Period.YEAR
        else:
            period = t.Period(context.period)
            broken = [m for m in months if calendar.period_first(m, period) != m]
        if not broken:
            return True
        labels = list(dict.fromkeys(calendar.label(calendar.period_first(m, period), period) for m in broken))
        listed = ", ".join(labels[:MOST_PERIODS]) + (", …" if len(labels) > MOST_PERIODS else "")
        self.report(
            "MH401",
            f"`{name}` changes inside {listed}, and {context.clause} needs one value",
            span,
            label="which value holds?",
            related=(Label(changes[broken[0]], "changes here"),),
            help=(
                f"say {OF_THE_PERIOD.format(name)}",
                "or reckon month by month: put the amount in parentheses and `by month` behind it",
            ),
        )
        return False

    # ---------------------------------------------------------------------------- definitions and lets

    def defined(self, name: str, context: Context, span: Span) -> ir.Expression:
        """A `define` or `report`, lowered once for each period and element that reads it."""
        node = self.program.defines.get(name) or self.program.reports[name]
        kind = "define" if isinstance(node, t.Define) else "report"
        self.used.add((kind, name))
        quantity = self.definition(node, context)
        return self.nothing_at(span) if quantity is None else self.read(quantity, context, span)

    def definition(self, node: t.Define | t.Report, context: Context) -> ir.Quantity | None:
        """The quantity of a definition in the context's period; None if it is being lowered already."""

        def lowered(inner: Context) -> ir.Expression:
            return self.lower(node.value, inner)

        kind, title = ("define", node.name.text) if isinstance(node, t.Define) else ("report", node.title)
        return self.named_quantity(kind, title, node, context, lowered)

    def named_quantity(
        self,
        kind: str,
        title: str,
        node: t.Define | t.Report | t.Table,
        context: Context,
        lowered: Callable[[Context], ir.Expression],
    ) -> ir.Quantity | None:
        """A declared quantity, lowered once for each period and element; None if it is being lowered already.

        Where the reader has no payer or no practice, and the quantity varies by it only because periods are cut to
        whom they belong, it is lowered once more for rows that belong to nobody.
        """
        name, found = node.name.text, None
        inner = self.own_context(context, node)
        for absent in dict.fromkeys((inner.absent, context.missing_owners)):
            inner = attrs.evolve(inner, absent=absent)
            key = (kind, name, inner.period, inner.elements, absent)
            if key not in self.quantities:
                if self.closes_circle(name, node.name.span):
                    return None
                self.in_progress.append(name)
                expression = lowered(inner)
                self.in_progress.pop()
                grain = grain_of(expression.keys, context.period)
                unique = self.unique(name, context.period)
                self.quantities[key] = ir.Quantity(
                    unique, title, kind, grain, expression, span=node.span, notes=node.notes
                )
            found = self.quantities[key]
            if not context.missing_owners & set(found.grain):
                break
        return found

    def own_context(self, context: Context, *nodes: t.Node) -> Context:
        """The context in which a definition is lowered: its reader's period, and elements if it asks of them."""
        elements = context.elements if context.elements and self.asks_of_elements(nodes, context) else ()
        return Context(clause=context.clause, period=context.period, elements=elements)

    def asks_of_elements(self, nodes: tuple[t.Node, ...], context: Context) -> bool:
        """Whether a text reads something that each element has of its own."""
        names = self.reach.from_nodes(nodes)
        below = {name for name, fact in self.program.facts.items() if {"member", "provider"} & set(fact.keys)}
        own = below.union(*(self.features(element) for element in context.elements), self.program.populations)
        if OF_PEOPLE & set(context.elements):
            own |= {*RECORDS, *self.program.events}
        waiting = [*nodes, *(self.program.defines[name] for name in names if name in self.program.defines)]
        return bool(names & own) or any(isinstance(part, t.BilledBy) for node in waiting for part in node.walk())

    def closes_circle(self, name: str, span: Span) -> bool:
        """Whether a definition is read while it is being lowered; reports each circle once."""
        if name not in self.in_progress:
            return False
        circle = [*self.in_progress[self.in_progress.index(name) :], name]
        if frozenset(circle) not in self.circles:
            self.circles.add(frozenset(circle))
            self.report(
                "MH410",
                f"`{name}` is defined by itself: {' → '.join(circle)}",
                span,
                help="take one of these names out of the definition that closes the circle",
            )
        return True

    def let_quantity(self, scope: LetScope, context: Context) -> ir.Quantity:
        """A `let`, lowered where it stands, and once more for each other period in which it is read."""
        node = scope.node
        own = self.asks_of_elements((node.value,), context) or bool(
            self.reach.from_nodes([node.value]) & {*context.lets}
        )
        elements = context.elements if own else scope.context.elements
        key = ("let", scope.owner, node, context.period, elements, context.missing_owners)
        if key not in self.quantities:
            inner = attrs.evolve(scope.context, clause=context.clause, period=context.period, elements=elements)
            inner = attrs.evolve(inner, keys=context.keys, absent=context.absent)
            expression = self.lower(node.value, inner)
            self.quantities[key] = ir.Quantity(
                name=self.unique(f"{scope.owner}.{node.name.text}", context.period),
                title=node.name.text,
                kind="let",
                grain=grain_of(expression.keys, context.period),
                expression=expression,
                span=node.span,
                notes=node.notes,
            )
        return self.quantities[key]

    # ------------------------------------------------------------------------------------------- keys

    def key_value(self, name: str, context: Context, span: Span) -> ir.Expression | None:
        """The row's own value of a key; None if the name is no key."""
        program = self.program
        if name == "payer":
            kind = Type(Kind.CODE, codes=tuple(program.payers), name="payer", places=0)
        elif name == "line":
            kind = self.line_of_business()
        elif name in program.keys:
            kind = self.declared_key(name)
            self.used.add(("key", name))
        elif name in ("practice", program.participant):
            name, kind = "practice", TEXT
        else:
            return None
        keys = frozenset({name})
        if not self.supply(keys, context, span, name):
            return self.nothing_at(span)
        return ir.RowKey(key=name, type=kind, keys=keys, span=span)

    def declared_key(self, name: str) -> Type:
        """The type of a declared key: that of the fact it is made of, otherwise text."""
        node = self.program.keys[name]
        if not isinstance(node, t.GroupByFact):
            return TEXT
        fact = self.program.facts.get(node.fact.text)
        if fact is None:
            return UNKNOWN
        self.used.add(("fact", fact.name))
        return fact.type.known() if fact.type.kind is Kind.CODE else TEXT
