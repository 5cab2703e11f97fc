"""Lowering of functions and aggregates."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from mhrules import exact
from mhrules.classes import frozen
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.plan import ir
from mhrules.plan.collections_of import Collection, Collections
from mhrules.plan.scope import CONTRACT_YEAR, MONTH, YEAR, Context, flat, inside, shown_known
from mhrules.plan.type_bounds import not_negative
from mhrules.semantics.builtins import AGGREGATES, FUNCTIONS, OF_PEOPLE
from mhrules.semantics.types import DOLLARS, TEXT, UNKNOWN, YES_NO, Kind, Share, Type, count, number
from mhrules.syntax import tree as t

MANY = 10**7  # more practices, payers and months than a program can have, for bounds of sums
MONEY_BOUND = 10**25
PERIOD_LENGTH = {period.value: period.months for period in t.Period}
DAYS = {t.When.ON_FIRST_DAY: ir.Move.FIRST_MONTH, t.When.ON_LAST_DAY: ir.Move.LAST_MONTH}
PEOPLE = number(places=6, low=0, high=10**21)
"""A count of members from the panel, which holds six places."""


@frozen
class Inside:
    """What stands inside an aggregate: the value, the condition, and which elements are meant."""

    body: ir.Expression | None
    where: ir.Expression | None
    reach: ir.Reach


class Calls(Collections):
    """Everything written with a function's name."""

    def lower_call(self, node: t.Call, context: Context, expected: Type | None) -> ir.Expression:
        """`f(…)`."""
        name = node.function.text
        if name not in FUNCTIONS:
            return self.unknown_function(node, context)
        if name in AGGREGATES:
            return self.aggregate(node, context)
        if not self.call_fits(node):
            return self.nothing(node)
        handler = getattr(self, f"call_{name}")
        result: ir.Expression = handler(node, context, expected)
        return result

    def unknown_function(self, node: t.Call, context: Context) -> ir.Expression:
        """Reports a call of what is no function."""
        name = node.function.text
        close = did_you_mean(name, FUNCTIONS)
        advice = f"did you mean `{close}`?" if close else f"functions are {', '.join(sorted(FUNCTIONS))}"
        if self.has_value(name, context):
            advice = f"write `{name}` alone: a name has its value without parentheses"
        self.report(
            "MH201",
            f"there is no function called `{name}`",
            node.function.span,
            label="not known here",
            help=advice,
        )
        return self.nothing(node)

    def call_fits(self, node: t.Call) -> bool:
        """Whether a function that is no aggregate stands as it should; says so if not."""
        name = node.function.text
        several = name in ("least", "greatest")
        if node.across_payers:
            self.report(
                "MH351",
                f"`across payers` belongs to an aggregate, and `{name}` is none",
                node.span,
                help="write it behind `sum(…)`, `count(…)` or another aggregate",
            )
            return False
        if (len(node.arguments) < 2) if several else (len(node.arguments) != 1):
            wanted = "two or more values" if several else "one value"
            self.report(
                "MH352",
                f"`{name}` takes {wanted}, and {there_are(node)} here",
                node.span,
                help=f"write `{name}({'a, b' if several else 'x'})`",
            )
            return False
        for argument in node.arguments:
            if argument.over or argument.where or argument.within or argument.proportion_to_months or argument.to:
                self.report(
                    "MH352",
                    f"`{name}` takes a value, without `over`, `where` or `within`",
                    argument.span,
                    help="these belong to an aggregate, as in `sum(x over practices where …)`",
                )
                return False
        return True

    # -------------------------------------------------------------------------------------- functions

    def call_least(self, node: t.Call, context: Context, expected: Type | None) -> ir.Expression:
        """`least(a, b)`."""
        return self.extreme_call(node, context, expected, greatest=False)

    def call_greatest(self, node: t.Call, context: Context, expected: Type | None) -> ir.Expression:
        """`greatest(a, b)`."""
        return self.extreme_call(node, context, expected, greatest=True)

    def extreme_call(self, node: t.Call, context: Context, expected: Type | None, *, greatest: bool) -> ir.Expression:
        """The greatest or least of values of one unit."""
        nodes = [a.value for a in node.arguments]
        values = [self.number_of(n, context, expected) for n in nodes]
        if any(v.type.is_unknown for v in values):
            return self.nothing(node)
        if not all(self.alike(nodes[0], values[0], n, v) for n, v in zip(nodes[1:], values[1:], strict=True)):
            return self.nothing(node)
        return self.extreme(greatest, tuple(values), tuple(flat(n.span.text) for n in nodes), node.span)

    def call_known(self, node: t.Call, context: Context, expected: Type | None) -> ir.Expression:
        """`known(x)`: whether x is not missing."""
        operand = self.lower(node.arguments[0].value, context)
        return ir.Known(operand=operand, type=YES_NO, keys=operand.keys, span=node.span)

    def call_held(self, node: t.Call, context: Context, expected: Type | None) -> ir.Expression:
        """`held(x)`: whether a duty was done."""
        return self.not_yet("a duty, and `held(…)` with it,", node)

    def call_total(self, node: t.Call, context: Context, expected: Type | None) -> ir.Expression:
        """`total(x)`: postings before credits."""
        return self.payment_total(node, context, net=False)

    def call_paid(self, node: t.Call, context: Context, expected: Type | None) -> ir.Expression:
        """`paid(x)`: postings after credits."""
        return self.payment_total(node, context, net=True)

    def payment_total(self, node: t.Call, context: Context, *, net: bool) -> ir.Expression:
        """The rounded postings of a payment for the row's payer and practice within the row's period."""
        argument = inside(node.arguments[0].value)
        payments = self.program.payments
        if not isinstance(argument, t.Reference) or argument.name not in payments:
            close = did_you_mean(argument.span.text, payments)
            self.report(
                "MH201",
                f"there is no payment called `{argument.span.text}`",
                argument.span,
                label="not known here",
                help=f"did you mean `{close}`?" if close else f"`{node.function.text}(…)` takes the name of a payment",
            )
            return self.nothing(node)
        payment = payments[argument.name]
        if max(self.posting_months(payment), default=1) > PERIOD_LENGTH.get(context.period, 12):
            self.report(
                "MH406",
                f"`{payment.name.text}` is posted for a longer period than {context.clause} covers",
                node.span,
                help="read its total in a payment or an invariant of the longer period",
            )
            return self.nothing(node)
        downside = any(isinstance(c, t.Downside) for c in payment.walk())
        kind = number(DOLLARS, places=2, low=-(10**24) if downside else 0, high=10**24)
        keys = frozenset({"payer", "practice", context.period})
        if not self.supply(keys, context, node.span, flat(node.span.text)):
            return self.nothing(node)
        return ir.Total(payment=payment.name.text, net=net, type=kind, keys=keys, span=node.span)

    def posting_months(self, payment: t.Payment) -> list[int]:
        """The lengths in months of a payment's posting periods, over its forms."""
        bases = [node for node in payment.walk() if isinstance(node, t.Basis)]
        return [1 if b.unit == "member" or b.period is None else b.period.months for b in bases]

    # ------------------------------------------------------------------------------------- aggregates

    def aggregate(self, node: t.Call, context: Context) -> ir.Expression:
        """`sum(x over practices where …)`, `count(visits where …)`, `percentile(90, x over practices)`."""
        name = node.function.text
        if not self.arguments_fit(node):
            return self.nothing(node)
        argument = node.arguments[-1]
        bare_collection = argument.over is None
        collection = self.collection(argument.value if bare_collection else argument.over, context)
        if collection is None or not self.within_fits(argument, collection):
            return self.nothing(node)
        if bare_collection and collection.element in OF_PEOPLE and name == "count":
            counted = self.count_members(argument, collection, context, across=node.across_payers)
            if counted is not None:
                return attrs.evolve(counted, span=node.span)
        self.looks_below(collection, node.span)
        moved = self.on_a_day_or_average(node, argument, collection, context)
        if moved is not None:
            return moved
        if node.across_payers:
            self.months_are_fixed(node)
        inner = self.inner_context(collection, context, across=node.across_payers)
        reach = self.reach_of(argument, collection, inner)
        where = None if argument.where is None else self.condition_of(argument.where, inner)
        if argument.where is not None:
            inner = inner.knowing(shown_known(argument.where, True))
        body = None if bare_collection else self.aggregate_body(name, argument.value, inner)
        if name in ("any", "every") and body is None:
            body, where = where, None
        wants = self.what_is_wanted(name, body, where)
        if wants:
            return self.wants(node, name, collection, wants)
        return self.finish_aggregate(node, collection, Inside(body, where, reach), context)

    def on_a_day_or_average(
        self, node: t.Call, argument: t.Argument, collection: Collection, context: Context
    ) -> ir.Expression | None:
        """An aggregate over the members of one day of a longer period, or their average; None for others.

        Both are lowered by month: the members of a day are those of its month.
        """
        undated = self.undated(argument)
        bare = argument.over is None
        plain = attrs.evolve(argument, value=undated) if bare else attrs.evolve(argument, over=undated)
        monthly = attrs.evolve(node, arguments=(*node.arguments[:-1], plain))
        if node.across_payers:
            context = context.without("payer", context.clause)
        found: ir.Expression | None = None
        if isinstance(argument.over or argument.value, t.AverageMembers):
            found = self.aggregate(monthly, context.within(period=MONTH))
            if not found.type.is_unknown:
                total = found if context.period == MONTH else self.over_months(found, context, node.span)
                found = self.product(total, self.built_in("months_in_period", context, node.span), "/", node.span)
        elif (move := DAYS.get(collection.timed) if collection.timed is not None else None) is not None:
            found = self.aggregate(monthly, context.within(period=MONTH))
            if not found.type.is_unknown and context.period != MONTH:
                found = self.moved(found, move, context)
        return self.whoever_pays(found, context) if found is not None and node.across_payers else found

    def undated(self, argument: t.Argument) -> t.Expression:
        """The collection of an aggregate without the day, or without `average`."""
        node = argument.over or argument.value
        if isinstance(node, t.AverageMembers):
            return t.Reference(name=node.collection.text, span=node.collection.span)
        return node.inner if isinstance(node, t.Timed) else node

    def reach_of(self, argument: t.Argument, collection: Collection, inner: Context) -> ir.Reach:
        """Which elements below the practice are meant."""
        among: list[ir.Expression] = []
        if collection.population:
            among.append(self.in_population(collection.population, inner))
        if collection.months is not None:
            among.append(self.attributed_at_least(collection.months, inner, argument.span))
        if argument.to is not None:
            among += self.belongs_to(argument.to, inner)
        return ir.Reach(
            among=self.logic("and", tuple(among), argument.span) if among else None,
            within=None if argument.within is None else lookback(argument.within),
            whole_period=collection.timed is t.When.WHOLE_YEAR,
            billed=argument.where is not None and asks_who_billed(argument.where),
        )

    def belongs_to(self, name: t.Name, inner: Context) -> list[ir.Expression]:
        """`sum(x over members to assigned_practice)`: of members whose fact names the row's practice."""
        fact = self.program.facts.get(name.text)
        if fact is None or "member" not in fact.keys or fact.type.kind is not Kind.TEXT:
            self.report(
                "MH365",
                f"`{name.text}` is no fact of members that names their {self.program.participant}",
                name.span,
                help="name a fact of members of the type `text`, or say `in proportion to months`",
            )
            return []
        named = self.lower(t.Reference(name=name.text, span=name.span), inner)
        own = ir.RowKey(key="practice", type=TEXT, keys=frozenset({"practice"}), span=name.span)
        keys = named.keys | own.keys
        return [ir.Compare(operator="=", left=named, right=own, type=YES_NO, keys=keys, span=name.span)]

    def arguments_fit(self, node: t.Call) -> bool:
        """Whether an aggregate has as many arguments as it takes; says so if not."""
        name = node.function.text
        wanted = 2 if name == "percentile" else 1
        if len(node.arguments) == wanted:
            return True
        words = "a number and a value" if wanted == 2 else "one value"
        self.report(
            "MH352",
            f"`{name}` takes {words}, and {there_are(node)} here",
            node.span,
            help="write `percentile(90, rate over practices)`" if wanted == 2 else f"write `{name}(x over …)`",
        )
        return False

    def within_fits(self, argument: t.Argument, collection: Collection) -> bool:
        """Whether `within 24 months` is asked of something that has a date; says so if not."""
        dated = collection.element is not None and "date" in self.features(collection.element)
        if argument.within is None or dated:
            return True
        self.report(
            "MH355",
            f"{collection.name} have no date, so `within {argument.within.span.text}` says nothing",
            argument.within.span,
            help="leave it out, or ask it of visits, claims or events",
        )
        return False

    def inner_context(self, collection: Collection, context: Context, *, across: bool) -> Context:
        """The context of one element of a collection."""
        period = MONTH if collection.key == MONTH else None
        inner = context.within(collection.key, period=period, element=collection.element)
        return inner.within("payer") if across else inner

    def aggregate_body(self, name: str, value: t.Expression, inner: Context) -> ir.Expression:
        """What is taken of each element: a condition, a number, or for `count` what may be missing."""
        if name in ("any", "every", "share"):
            return self.condition_of(value, inner)
        return self.lower(value, inner) if name == "count" else self.number_of(value, inner)

    def what_is_wanted(self, name: str, body: ir.Expression | None, where: ir.Expression | None) -> str:
        """What an aggregate lacks: a condition or a value; nothing if it is complete."""
        if name in ("any", "every"):
            return "condition" if body is None else ""
        if name == "share":
            return "condition" if body is None and where is None else ""
        return "value" if name != "count" and body is None else ""

    def wants(self, node: t.Call, name: str, collection: Collection, what: str) -> ir.Expression:
        """Reports an aggregate that lacks a value or a condition."""
        form = f"{collection.name} where …" if what == "condition" else f"… over {collection.name}"
        self.report(
            "MH353",
            f"`{name}` needs a {what} for each of the {collection.name.replace('_', ' ')}",
            node.span,
            help=f"say which: `{name}({form})`",
        )
        return self.nothing(node)

    def finish_aggregate(
        self, node: t.Call, collection: Collection, inside_it: Inside, context: Context
    ) -> ir.Expression:
        """The aggregate node, its type, and the keys that are left."""
        name, argument = node.function.text, node.arguments[-1]
        body, where, reach = inside_it.body, inside_it.where, inside_it.reach
        parts = [p for p in (body, where, reach.among) if p is not None]
        rank = self.percentile_of(node) if name == "percentile" else None
        if any(p.type.is_unknown for p in parts) or (name == "percentile" and rank is None):
            return self.nothing(node)
        if node.across_payers and not self.reads_no_term(node, parts):
            return self.nothing(node)
        if name == "latest" and not self.has_a_date(node, collection):
            return self.nothing(node)
        if not self.is_spread(node, collection, body, context):
            return self.nothing(node)
        over = tuple(dict.fromkeys((collection.key, "payer") if node.across_payers else (collection.key,)))
        given = {*over, "member"} if collection.key == "enrollment" else {*over}  # an enrollment is a member's
        keys = set[str]().union(*(p.keys for p in parts)) - given
        if collection.key == MONTH:
            keys |= context.owners
        if collection.element is not None:
            keys |= ({"payer"} if asks_of_a_person(context) else {"practice", "payer"}) - set(over)
            if set(context.elements) & OF_PEOPLE and collection.element not in OF_PEOPLE:
                keys.add("member")
        if collection.key != "line":
            keys.add(context.period)
        keys |= set(collection.same)
        result = ir.Aggregate(
            function=name,
            over=over,
            body=body,
            where=where,
            argument=rank,
            same=collection.same,
            reach=reach,
            event=collection.event,
            ties="" if argument.ties is None else argument.ties.words,
            spread=argument.proportion_to_months,
            type=self.divided(self.aggregate_type(name, body, collection), argument.proportion_to_months),
            keys=frozenset(keys),
            span=node.span,
        )
        return result if self.supply(result.keys, context, node.span, flat(node.span.text)) else self.nothing(node)

    def has_a_date(self, node: t.Call, collection: Collection) -> bool:
        """Whether `latest` is asked of elements with a date; says so if not."""
        if collection.element is not None and "date" in self.features(collection.element):
            return True
        self.report(
            "MH355",
            f"{collection.name.replace('_', ' ')} have no date, so none of them is the latest",
            node.span,
            help="ask for the latest of visits, claims, events or laboratory results",
        )
        return False

    def is_spread(self, node: t.Call, collection: Collection, body: ir.Expression | None, context: Context) -> bool:
        """Whether a fact of a member and a year is not summed whole at each practice; says so if it would be."""
        argument, read = node.arguments[-1], () if body is None else tuple(through(body))
        yearly = [part for part in read if isinstance(part, ir.Cell) and is_of_a_members_year(part)]
        asked = argument.proportion_to_months or argument.to is not None
        summed = node.function.text == "sum" and collection.element in OF_PEOPLE and context.period != MONTH
        if asked and not summed:
            self.report(
                "MH365",
                "only a sum over members of a longer period is spread over practices",
                node.span,
                help="leave out `in proportion to months` or `to …`",
            )
            return False
        if argument.proportion_to_months:
            return self.is_divisible(node, read, yearly)
        if not summed or not yearly or asked:
            return True
        self.report(
            "MH365",
            f"`{yearly[0].column}` is one value a year for each member, and would count whole at each of "
            f"the member's {self.program.participant}s",
            node.span,
            help="say `in proportion to months` behind `members`, or `to` a fact that names the member's practice",
        )
        return False

    def is_divisible(self, node: t.Call, read: tuple[ir.Expression, ...], yearly: list[ir.Cell]) -> bool:
        """Whether what is divided by months is of the member's year, and not of the months here already; says so."""
        here = [part for part in read if isinstance(part, ir.Aggregate) or is_of_the_months_here(part)]
        if yearly and not here:
            return True
        text = flat((here[0].span if yearly else node.arguments[-1].value.span).text)
        why = "counts in the months attributed here already" if yearly else "is no fact of a member's year"
        self.report(
            "MH365",
            f"`{text}` {why}, so it is not divided in proportion to months",
            node.span,
            help="take it into a sum of its own, without `in proportion to months`"
            if yearly
            else "leave out `in proportion to months`",
        )
        return False

    def percentile_of(self, node: t.Call) -> int | None:
        """Which percentile is asked for; None, with a finding, if it is none."""
        first = node.arguments[0].value
        if isinstance(first, t.Number) and first.whole and 0 < first.value <= 100 * exact.ONE:
            return first.value // exact.ONE
        self.report(
            "MH354",
            f"`{first.span.text}` is no percentile",
            first.span,
            help="write a whole number from 1 to 100, as in `percentile(90, rate over practices)`",
        )
        return None

    def aggregate_type(self, name: str, body: ir.Expression | None, collection: Collection) -> Type:
        """What an aggregate gives; of nothing, `sum` and `count` give 0, the others a missing value."""
        if name == "count":
            return count(collection.unit)
        if name in ("any", "every"):
            return YES_NO
        if name == "share":
            return number(share=Share.RATIO, low=0, high=exact.ONE).or_missing()
        if body is None:
            return UNKNOWN
        if name != "sum":
            return attrs.evolve(body.type, places=exact.PLACES if name == "average" else body.type.places).or_missing()
        low, high = body.type.low, body.type.high
        if body.type.is_money and high is not None:
            return attrs.evolve(body.type, low=0 if not_negative(body.type) else -MONEY_BOUND, high=MONEY_BOUND)
        return attrs.evolve(
            body.type,
            low=None if low is None else min(0, low * MANY),
            high=None if high is None else max(0, high * MANY),
        )

    def divided(self, kind: Type, in_proportion: bool) -> Type:
        """The type of a sum whose parts were divided by months, at 12 places."""
        return attrs.evolve(kind, places=exact.PLACES) if in_proportion else kind

    # ---------------------------------------------------------------------------------- across payers

    def reads_no_term(self, node: t.Call, parts: list[ir.Expression]) -> bool:
        """Whether an aggregate across payers leaves each contract's own terms alone; reports it if not."""
        waiting, seen = list(parts), set[ir.Quantity]()
        while waiting:
            part = waiting.pop()
            waiting.extend(part.parts())
            if isinstance(part, ir.Read) and part.quantity not in seen:
                seen.add(part.quantity)
                waiting.append(part.quantity.expression)
            if isinstance(part, ir.Setting) and self.program.parameters[part.parameter].opened:
                self.report(
                    "MH359",
                    f"`{part.parameter}` is a term of each payer's own contract, and `across payers` reads all payers",
                    node.span,
                    help="take the contract's term out of the aggregate",
                )
                return False
        return True

    def months_are_fixed(self, node: t.Node) -> None:
        """Reports `across payers` where contracts may count months in ways of their own."""
        if self.program.months_open:
            self.report(
                "MH360",
                "`across payers` needs one way to count months, and contracts may choose their own",
                node.span,
                help="leave `open` out of `months count`",
            )

    # ------------------------------------------------------------------------------- counting members

    def count_members(
        self, argument: t.Argument, collection: Collection, context: Context, *, across: bool
    ) -> ir.Expression | None:
        """`count(members)` from the panel: of the month, of a day of the period, or on average.

        None where it takes more than counts: a subset of the members, or those ever attributed.
        """
        node = argument.value
        average = isinstance(node, t.AverageMembers)
        whole = collection.timed in (t.When.EVER, t.When.WHOLE_YEAR)
        if context.period != MONTH and collection.timed is None and not average and not collection.narrowed:
            return self.which_members(node, context)
        if collection.name != "members" or collection.narrowed or argument.where is not None or whole:
            return None
        if self.program.months_rule is t.MonthsRule.PROPORTION:
            return None  # months are fractions there, and people are counted whole
        if across:
            self.months_are_fixed(argument)
            context = context.without("payer", context.clause)
        body: ir.Expression = self.panel(PEOPLE, node.span, across=across)
        if average:
            total = body if context.period == MONTH else self.over_months(body, context, node.span)
            body = self.product(total, self.built_in("months_in_period", context, node.span), "/", node.span)
        elif context.period != MONTH:
            assert collection.timed is not None
            body = self.moved(body, DAYS[collection.timed], context)
        if across:
            body = self.whoever_pays(body, context)
        return body if self.supply(body.keys, context, node.span, "members") else self.nothing(node)

    def whoever_pays(self, body: ir.Expression, context: Context) -> ir.Expression:
        """A value across payers, of the practice's own months in a longer period, whoever the row's payer is."""
        if context.period == MONTH or body.type.is_unknown:
            return body
        quantity = self.part(body, context.period)
        return ir.Read(quantity=quantity, type=body.type, keys=frozenset(quantity.grain), span=body.span)

    def which_members(self, node: t.Expression, context: Context) -> ir.Expression:
        """Reports a count of members in a period in which they change."""
        self.report(
            "MH407",
            f"{context.clause} covers more than one month, and its members change from month to month",
            node.span,
            label="which members?",
            help="say `members on first day`, `members on last day`, `average members` or `members ever`",
        )
        return self.nothing(node)


def lookback(node: t.Duration) -> ir.Lookback:
    """A length of time as the plan has it."""
    if node.unit is t.DurationUnit.DAYS:
        return ir.Lookback(days=node.count)
    return ir.Lookback(months=node.count * (12 if node.unit is t.DurationUnit.YEARS else 1))


def through(expression: ir.Expression) -> Iterator[ir.Expression]:
    """An expression and all inside it, following what it reads of the row's own time, each quantity once."""
    waiting, seen = [expression], set[ir.Quantity]()
    while waiting:
        part = waiting.pop()
        yield part
        waiting.extend(part.parts())
        if isinstance(part, ir.Read) and part.quantity not in seen:
            seen.add(part.quantity)
            waiting.append(part.quantity.expression)


def asks_of_a_person(context: Context) -> bool:
    """Whether a row is a person of no practice yet, as where somebody is excluded: then records are the person's."""
    return context.keys is not None and "member" in context.keys and "practice" not in context.keys


def is_of_a_members_year(cell: ir.Cell) -> bool:
    """Whether a fact is kept by member and year."""
    return "member" in cell.table_keys and bool({YEAR, CONTRACT_YEAR} & set(cell.table_keys))


def is_of_the_months_here(part: ir.Expression) -> bool:
    """Whether a figure of a member is that of the months attributed to the practice."""
    return isinstance(part, ir.Feature) and part.column in ("cost", "months_attributed")


def asks_who_billed(where: t.Expression) -> bool:
    """Whether `billed by` must hold for a condition to hold: then what is meant is what the practice billed."""
    where = inside(where)
    if isinstance(where, t.Logic) and where.operator == "and":
        return any(asks_who_billed(operand) for operand in where.operands)
    return isinstance(where, t.BilledBy)


def there_are(node: t.Call) -> str:
    """How many arguments a call has, in words: `one stands`, `3 stand`."""
    return {0: "none stands", 1: "one stands"}.get(len(node.arguments), f"{len(node.arguments)} stand")
