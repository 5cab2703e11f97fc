"""Lowering of functions, aggregates, splits and of values taken at another time."""

from __future__ import annotations

import attrs
from attrs import frozen

from mhrules import exact
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.plan import ir
from mhrules.plan.lower_choices import Choices
from mhrules.plan.lower_numbers import not_negative
from mhrules.plan.scope import MONTH, Context
from mhrules.semantics.builtins import AGGREGATES, ELEMENTS, FUNCTIONS
from mhrules.semantics.types import DOLLARS, YES_NO, Kind, Share, Type, count, number
from mhrules.syntax import tree as t

PERIOD_LENGTH = {period.value: period.months for period in t.Period}
LATER_WHEN = {t.When.BY_DATE_PAID: "values by date paid", t.When.EVER: "members ever", t.When.WHOLE_YEAR: "costs of the whole year"}
MANY = 10**7  # more practices, payers and months than a program can have, for bounds of sums


@frozen
class Collection:
    """What an aggregate runs over: the key it adds, whether that is below the practice, and its count's unit."""

    name: str
    key: str
    element: str | None = None
    unit: str = ""
    same: tuple[str, ...] = ()
    timed: t.When | None = None


class Calls(Choices):
    """Everything written with a function's name, and what is read at another time."""

    def lower_call(self, node: t.Call, context: Context, expected: Type | None) -> ir.Expression:
        name = node.function.text
        if name not in FUNCTIONS:
            close = did_you_mean(name, FUNCTIONS)
            self.report(
                "MH201",
                f"there is no function called `{name}`",
                node.function.span,
                label="not known here",
                help=f"did you mean `{close}`?" if close else f"functions are {', '.join(sorted(FUNCTIONS))}",
            )
            return self.nothing(node)
        if node.across_payers and name not in AGGREGATES:
            self.report(
                "MH351",
                f"`across payers` belongs to an aggregate, and `{name}` is none",
                node.span,
                help="write it behind `sum(…)`, `count(…)` or another aggregate",
            )
        if name in AGGREGATES:
            return self.aggregate(node, context)
        handler = getattr(self, f"call_{name}")
        least = 2 if name in ("least", "greatest") else 1
        if len(node.arguments) < least or (least == 1 and len(node.arguments) > 1):
            wanted = "two or more values" if least == 2 else "one value"
            self.report(
                "MH352",
                f"`{name}` takes {wanted}, and {len(node.arguments)} stand here",
                node.span,
                help=f"write `{name}({'a, b' if least == 2 else 'x'})`",
            )
            return self.nothing(node)
        return handler(node, context, expected)  # type: ignore[no-any-return]

    def call_least(self, node: t.Call, context: Context, expected: Type | None) -> ir.Expression:
        return self.extreme_call(node, context, expected, greatest=False)

    def call_greatest(self, node: t.Call, context: Context, expected: Type | None) -> ir.Expression:
        return self.extreme_call(node, context, expected, greatest=True)

    def extreme_call(
        self, node: t.Call, context: Context, expected: Type | None, *, greatest: bool
    ) -> ir.Expression:
        nodes = [a.value for a in node.arguments]
        values = [self.number_of(n, context, expected) for n in nodes]
        if any(v.type.is_unknown for v in values):
            return self.nothing(node)
        values = [self.same_unit(nodes[0], values[0], n, v)[1] for n, v in zip(nodes, values, strict=True)]
        if not all(self.alike(nodes[0], values[0], n, v) for n, v in zip(nodes[1:], values[1:], strict=True)):
            return self.nothing(node)
        return self.extreme(greatest, tuple(values), tuple(n.span.text for n in nodes), node.span)

    def call_known(self, node: t.Call, context: Context, expected: Type | None) -> ir.Expression:
        operand = self.lower(node.arguments[0].value, context)
        return ir.Known(operand=operand, type=YES_NO, keys=operand.keys, span=node.span)

    def call_held(self, node: t.Call, context: Context, expected: Type | None) -> ir.Expression:
        self.report(
            "MH901",
            "duties and `held(…)` are reserved, and not yet judged",
            node.span,
            help="keep the condition as a yes/no fact for now",
        )
        return self.nothing(node)

    def call_total(self, node: t.Call, context: Context, expected: Type | None) -> ir.Expression:
        return self.payment_total(node, context, net=False)

    def call_paid(self, node: t.Call, context: Context, expected: Type | None) -> ir.Expression:
        return self.payment_total(node, context, net=True)

    def payment_total(self, node: t.Call, context: Context, *, net: bool) -> ir.Expression:
        argument = node.arguments[0].value
        payments = self.program.payments
        if not isinstance(argument, t.Reference) or argument.name not in payments:
            close = did_you_mean(argument.span.text, payments)
            self.report(
                "MH201",
                f"there is no payment called `{argument.span.text}`",
                argument.span,
                label="not known here",
                help=f"did you mean `{close}`?" if close else "`total(…)` takes the name of a payment",
            )
            return self.nothing(node)
        payment = payments[argument.name]
        longest = max((self.posting_months(payment)), default=1)
        if longest > PERIOD_LENGTH.get(context.period, 12):
            self.report(
                "MH406",
                f"`{payment.name.text}` is posted for a longer period than {context.clause} covers",
                node.span,
                help="read its total in a payment or an invariant of the longer period",
            )
        downside = any(isinstance(c, t.Downside) for c in payment.walk())
        kind = number(DOLLARS, places=2, low=-(10**24) if downside else 0, high=10**24)
        keys = frozenset({"payer", "practice", context.period})
        self.supply(keys, context, node.span, f"total({payment.name.text})")
        return ir.Total(payment=payment.name.text, net=net, type=kind, keys=keys, span=node.span)

    def posting_months(self, payment: t.Payment) -> list[int]:
        """The lengths in months of a payment's posting periods, over its forms."""
        bases = [node for node in payment.walk() if isinstance(node, t.Basis)]
        return [1 if b.unit == "member" or b.period is None else b.period.months for b in bases]

    # ------------------------------------------------------------------------------------- aggregates

    def aggregate(self, node: t.Call, context: Context) -> ir.Expression:
        """`sum(x over practices where …)`, `count(visits where …)`, `percentile(90, x over practices)`."""
        name = node.function.text
        argument_count = 2 if name == "percentile" else 1
        if len(node.arguments) != argument_count:
            self.report(
                "MH352",
                f"`{name}` takes {'a number and a value' if argument_count == 2 else 'one value'}, and {len(node.arguments)} stand here",
                node.span,
                help="percentile(90, rate over practices)" if argument_count == 2 else f"write `{name}(x over …)`",
            )
            return self.nothing(node)
        argument = node.arguments[-1]
        if argument.proportion_to_months or argument.to is not None:
            return self.not_yet("facts of members spread over practices", node)
        bare_collection = argument.over is None
        collection = self.collection(argument.value if bare_collection else argument.over, context)
        if collection is None:
            return self.nothing(node)
        if bare_collection and collection.key == "member" and name == "count" and argument.where is None:
            counted = self.count_members(argument.value, collection, context, across=node.across_payers)
            if counted is not None:
                return counted
        inner = context.within(
            collection.key, period=MONTH if collection.key == MONTH else None, element=collection.element
        )
        if node.across_payers:
            inner = inner.within("payer")
        body = None if bare_collection else self.lower_body(name, argument.value, inner)
        where = None if argument.where is None else self.condition_of(argument.where, inner)
        if name in ("any", "every", "share") and body is None:
            body, where = (where, None) if name != "share" else (None, where)
            if body is None and name != "share":
                return self.wants_condition(node, name, collection)
            if name == "share" and where is None:
                return self.wants_condition(node, name, collection)
        if name not in ("count", "share") and body is None:
            self.report(
                "MH353",
                f"`{name}` needs a value for each of the {collection.name}",
                node.span,
                help=f"say what is taken: `{name}(… over {collection.name})`",
            )
            return self.nothing(node)
        return self.finish_aggregate(node, name, collection, body, where, context)

    def lower_body(self, name: str, value: t.Expression, inner: Context) -> ir.Expression:
        if name in ("any", "every"):
            return self.condition_of(value, inner)
        return self.value_of(value, inner) if name in ("latest", "count") else self.number_of(value, inner)

    def wants_condition(self, node: t.Call, name: str, collection: Collection) -> ir.Expression:
        self.report(
            "MH353",
            f"`{name}` needs a condition on the {collection.name}",
            node.span,
            help=f"say which: `{name}({collection.name} where …)`",
        )
        return self.nothing(node)

    def finish_aggregate(
        self,
        node: t.Call,
        name: str,
        collection: Collection,
        body: ir.Expression | None,
        where: ir.Expression | None,
        context: Context,
    ) -> ir.Expression:
        """The aggregate node, its type, and the keys that are left."""
        parts = [p for p in (body, where) if p is not None]
        if any(p.type.is_unknown for p in parts):
            return self.nothing(node)
        over = (collection.key, "payer") if node.across_payers else (collection.key,)
        keys = set[str]().union(*(p.keys for p in parts)) - set(over)
        if collection.key != "line":
            keys.add(context.period)
        if collection.key == MONTH or collection.element is not None:
            keys |= {"payer", "practice"} - ({"payer"} if node.across_payers else set())
        keys |= set(collection.same)
        argument = self.percentile_of(node) if name == "percentile" else None
        result = ir.Aggregate(
            function=name,
            over=over,
            body=body,
            where=where,
            argument=argument,
            same=collection.same,
            type=self.aggregate_type(name, body, collection),
            keys=frozenset(keys),
            span=node.span,
        )
        self.supply(result.keys, context, node.span, " ".join(node.span.text.split()))
        return result

    def percentile_of(self, node: t.Call) -> int | None:
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
            return Type(Kind.UNKNOWN)
        if name == "sum":
            low = 0 if not_negative(body.type) else body.type.low and body.type.low * MANY
            high = body.type.high and body.type.high * MANY
            if body.type.is_money and body.type.high is not None:
                low, high = (0 if not_negative(body.type) else -(10**25)), 10**25
            return attrs.evolve(body.type, low=low, high=high)
        if name == "average":
            return attrs.evolve(body.type, places=exact.PLACES).or_missing()
        return body.type.or_missing()

    def collection(self, node: t.Expression | None, context: Context) -> Collection | None:
        """What `over …` names; reports what is no collection."""
        timed = None
        same: tuple[str, ...] = ()
        if isinstance(node, t.CollectionOf):
            if node.key.text not in self.program.keys:
                self.unknown(node.key, self.program.keys, "key")
                return None
            self.used.add(("key", node.key.text))
            same, node = (node.key.text,), node.collection
        if isinstance(node, t.Timed):
            timed, node = node.when, node.inner
        if isinstance(node, t.AverageMembers):
            node = t.Reference(name=node.collection.text, span=node.collection.span)
        if isinstance(node, t.AttributedAtLeast):
            node = node.inner
        if not isinstance(node, t.Reference):
            self.no_collection(node)
            return None
        name = node.name
        if name in ("practices", "peers", f"{self.program.participant}s"):
            return Collection(name, "practice", same=same, timed=timed)
        if name in ("payers", "lines", "months"):
            return Collection(name, name.rstrip("s"), timed=timed)
        if name.rstrip("s") in self.program.keys:
            self.used.add(("key", name.rstrip("s")))
            return Collection(name, name.rstrip("s"))
        if name in self.program.events:
            return Collection(name, "event", element=name, unit="event")
        if name in self.program.populations:
            self.used.add(("population", name))
            return Collection(name, "member", element="members")
        if name in ELEMENTS:
            element = ELEMENTS[name]
            return Collection(name, element.key, element=name, unit=element.unit, timed=timed)
        self.no_collection(node)
        return None

    def no_collection(self, node: t.Expression | None) -> None:
        if node is None:
            return
        names = ["practices", "payers", "lines", "months", *ELEMENTS, *self.program.events]
        names += [f"{key}s" for key in self.program.keys]
        close = did_you_mean(node.span.text, names)
        self.report(
            "MH355",
            f"`{node.span.text}` is nothing to count or sum over",
            node.span,
            label="not a collection",
            help=f"did you mean `{close}`?" if close else f"say over what: {', '.join(sorted(names)[:8])} …",
        )

    def count_members(
        self, node: t.Expression, collection: Collection, context: Context, *, across: bool
    ) -> ir.Expression | None:
        """`count(members)` from the panel: of the month, of a day of the period, or on average."""
        if collection.name != "members" or isinstance(node, t.AttributedAtLeast):
            return None
        monthly = self.panel(count(), node.span)
        body: ir.Expression = monthly
        if isinstance(node, t.AverageMembers):
            months = self.built_in("months_in_period", context, node.span)
            total = monthly if context.period == MONTH else self.over_months(monthly, context, node.span)
            body = self.product(total, months, "/", node.span)
        elif context.period != MONTH:
            moves = {t.When.ON_FIRST_DAY: ir.Move.FIRST_MONTH, t.When.ON_LAST_DAY: ir.Move.LAST_MONTH}
            move = moves.get(collection.timed) if collection.timed is not None else None
            if collection.timed in LATER_WHEN:
                return None
            if move is None:
                self.report(
                    "MH407",
                    f"{context.clause} covers more than one month, and its members change from month to month",
                    node.span,
                    label="which members?",
                    help="say `members on first day`, `members on last day`, `average members` or `members ever`",
                )
                return self.nothing(node)
            body = self.moved(monthly, move, context)
        if not across:
            self.supply(body.keys, context, node.span, "members")
            return body
        return ir.Aggregate(
            function="sum",
            over=("payer",),
            body=body,
            type=attrs.evolve(body.type, low=0),
            keys=body.keys - {"payer"},
            span=node.span,
        )

    # --------------------------------------------------------------------------------- at another time

    def moved(self, expression: ir.Expression, move: ir.Move, context: Context) -> ir.Expression:
        """An expression lowered by month (or year), read from the context's period."""
        inner_period = MONTH if move in (ir.Move.FIRST_MONTH, ir.Move.LAST_MONTH) else "year"
        if move is ir.Move.PRIOR_CONTRACT_YEAR:
            inner_period = "contract_year"
        quantity = self.part(expression, inner_period)
        keys = set(expression.keys) - set(ir.TIME_KEYS)
        keys |= {context.period}
        if move in (ir.Move.FIRST_MONTH, ir.Move.LAST_MONTH, ir.Move.PRIOR_CONTRACT_YEAR):
            keys |= {"practice"}
        return ir.Read(
            quantity=quantity, move=move, type=expression.type, keys=frozenset(keys), span=expression.span
        )

    def lower_timed(self, node: t.Timed, context: Context, expected: Type | None) -> ir.Expression:
        when = node.when
        if when in LATER_WHEN:
            return self.not_yet(LATER_WHEN[when], node)
        if when in (t.When.ON_FIRST_DAY, t.When.ON_LAST_DAY):
            return self.on_day(node, context)
        if context.period == MONTH:
            return attrs.evolve(self.lower(node.inner, context, expected), span=node.span)
        inner = context.within(period=MONTH)
        value = self.lower(node.inner, inner, expected)
        if value.type.is_unknown:
            return value
        if when is t.When.BY_MONTH:
            return self.by_month(node, value, context)
        move = ir.Move.FIRST_MONTH if when is t.When.AT_START else ir.Move.LAST_MONTH
        return attrs.evolve(self.moved(value, move, context), span=node.span)

    def by_month(self, node: t.Timed, value: ir.Expression, context: Context) -> ir.Expression:
        """`(care_fee * member_months) by month`: reckoned in each month, and added up."""
        if not value.type.is_number or value.type.missing or value.type.share is Share.PERCENT or (
            value.type.is_money and not value.type.is_total
        ):
            self.report(
                "MH408",
                f"`{node.inner.span.text}` is {value.type}, which does not add up over months",
                node.span,
                help="put the whole amount in parentheses: `(rate * member_months) by month`",
            )
            return self.nothing(node)
        return attrs.evolve(self.over_months(value, context, node.span), span=node.span)

    def on_day(self, node: t.Timed, context: Context) -> ir.Expression:
        """A dated fact on the first or last day of the period."""
        inner = node.inner.inner if isinstance(node.inner, t.Parenthesized) else node.inner
        if isinstance(inner, t.Reference) and inner.name in self.program.facts:
            self.used.add(("fact", inner.name))
            moment = ir.Moment.FIRST_DAY if node.when is t.When.ON_FIRST_DAY else ir.Moment.LAST_DAY
            return self.fact(self.program.facts[inner.name], context, node.span, moment)
        self.report(
            "MH403",
            f"`{node.inner.span.text}` is no dated fact",
            node.span,
            help="say `at start of period` or `at end of period` of other values",
        )
        return self.nothing(node)

    def call_prior_year(self, node: t.Call, context: Context, expected: Type | None) -> ir.Expression:
        """The value a year earlier, with last year's facts, months, roster and parameters."""
        value = node.arguments[0].value
        by_contract = self.reads_contract_year(value, set())
        move = ir.Move.PRIOR_CONTRACT_YEAR if by_contract else ir.Move.PRIOR_YEAR
        inner = Context(
            clause="a value of the year before",
            period="contract_year" if by_contract else "year",
            keys=context.keys,
            elements=context.elements,
        )
        lowered = self.lower(value, inner)
        if lowered.type.is_unknown:
            return lowered
        return attrs.evolve(self.moved(lowered, move, context), span=node.span)

    def reads_contract_year(self, node: t.Node, seen: set[str]) -> bool:
        """Whether an expression reads a fact kept by contract year."""
        for part in node.walk():
            if not isinstance(part, t.Reference) or part.name in seen:
                continue
            seen.add(part.name)
            if part.name in self.program.facts:
                if "contract_year" in self.program.facts[part.name].keys:
                    return True
            elif part.name in self.program.defines:
                if self.reads_contract_year(self.program.defines[part.name].value, seen):
                    return True
        return False

    def call_baseline(self, node: t.Call, context: Context, expected: Type | None) -> ir.Expression:
        """The weighted sum of a value over the years of the program's `baseline` clause."""
        declared = self.program.baseline
        if declared is None:
            self.report(
                "MH409",
                "the program has no `baseline` years",
                node.span,
                help="add a clause such as `baseline 2009 to 2011 weighted 10%, 30%, 60%`",
            )
            return self.nothing(node)
        self.used.add(("baseline", ""))
        inner = Context(clause="a value of a baseline year", period="year", keys=context.keys)
        value = self.number_of(node.arguments[0].value, inner)
        if value.type.is_unknown:
            return value
        quantity = self.part(value, "year")
        total: ir.Expression | None = None
        for year, weight in self.baseline_weights(declared):
            keys = frozenset(value.keys - {"year"})
            read = ir.Read(
                quantity=quantity, move=ir.Move.BASE_YEAR, year=year, type=value.type, keys=keys, span=node.span
            )
            kind = number(share=Share.PERCENT, places=6, low=weight, high=weight)
            part = self.product(self.literal(weight, kind, declared.span), read, "*", node.span)
            total = part if total is None else self.sum_of(total, part, node.span)
        return self.nothing(node) if total is None else total

    def baseline_weights(self, declared: t.BaselineYears) -> list[tuple[int, int]]:
        """Years and weights; equal weights must be written out when they are no whole ten-thousandths."""
        years = list(range(declared.first, declared.last + 1))
        weights = [w.value for w in declared.weights if isinstance(w, t.Percent)]
        if not weights and years and exact.ONE % len(years) == 0:
            weights = [exact.ONE // len(years)] * len(years)
        if len(weights) != len(years) or sum(weights) != exact.ONE:
            self.report(
                "MH411",
                f"the baseline has {len(years)} years and weights that do not fit them",
                declared.span,
                help="give one weight for each year, from the first to the last; together they are 100%",
            )
            return []
        return list(zip(years, weights, strict=True))

    def lower_baseline(self, node: t.Baseline, context: Context, expected: Type | None) -> ir.Expression:
        return self.not_yet("a baseline trended to the year", node)

    def lower_averagemembers(self, node: t.AverageMembers, context: Context, expected: Type | None) -> ir.Expression:
        self.report(
            "MH355",
            "`average members` is a collection, without a value of its own",
            node.span,
            help="write `count(average members)`",
        )
        return self.nothing(node)

    def lower_attributedatleast(
        self, node: t.AttributedAtLeast, context: Context, expected: Type | None
    ) -> ir.Expression:
        return ir.Feature(
            collection="members",
            column=f"attributed at least {node.months} months",
            type=Type(Kind.COLLECTION),
            keys=frozenset({"member", context.period}),
            span=node.span,
        )

    def not_yet(self, what: str, node: t.Expression) -> ir.Expression:
        self.report("MH901", f"{what} are reserved, and not yet settled", node.span, help="leave this out for now")
        return self.nothing(node)

    # ------------------------------------------------------------------------------- dividing one amount

    def lower_split(self, node: t.Split, context: Context, expected: Type | None) -> ir.Expression:
        among = {"practices": "practice", f"{self.program.participant}s": "practice", "payers": "payer"}.get(node.among.text)
        if among is None:
            self.report(
                "MH356",
                f"a pool cannot be split among `{node.among.text}`",
                node.among.span,
                help="split it among practices or among payers",
            )
            return self.nothing(node)
        pool = self.number_of(node.pool, context.without(among))
        inner = context.within(among)
        where = None if node.where is None else self.condition_of(node.where, inner)
        weight = None if node.weight is None else self.number_of(node.weight, inner)
        parts = [p for p in (pool, where, weight) if p is not None]
        if any(p.type.is_unknown for p in parts):
            return self.nothing(node)
        if not pool.type.is_total:
            self.report(
                "MH357",
                f"`{node.pool.span.text}` is {pool.type}, and a pool is an amount in dollars",
                node.pool.span,
                help="bring it to dollars first",
            )
            return self.nothing(node)
        keys = frozenset[str]().union(*(p.keys for p in parts)) | {among, context.period}
        return ir.Split(
            pool=pool,
            among=among,
            where=where,
            weight=weight,
            refused_return=node.refused_to is not None,
            type=attrs.evolve(pool.type, places=2),
            keys=keys,
            span=node.span,
        )

    def lower_shareof(self, node: t.ShareOf, context: Context, expected: Type | None) -> ir.Expression:
        """`share of total by weight`: total x weight / (sum of the weights that share the total)."""
        open_context = attrs.evolve(context, keys=None)
        total = self.number_of(node.total, open_context)
        weight = self.number_of(node.weight, context)
        if total.type.is_unknown or weight.type.is_unknown:
            return self.nothing(node)
        over = tuple(sorted(weight.keys - total.keys - set(ir.TIME_KEYS)))
        if not over:
            self.report(
                "MH358",
                f"`{node.total.span.text}` varies over the same keys as `{node.weight.span.text}`",
                node.span,
                help="a share is taken of a total that is coarser than its weight",
            )
            return self.nothing(node)
        whole = ir.Aggregate(
            function="sum",
            over=over,
            body=weight,
            type=attrs.evolve(weight.type, low=weight.type.low, high=(weight.type.high or 0) * MANY),
            keys=(weight.keys - set(over)) | {context.period},
            span=node.weight.span,
        )
        product = ir.Arithmetic(
            operator="*",
            left=total,
            right=weight,
            type=number(total.type.unit, places=min(12, total.type.places + weight.type.places)),
            keys=total.keys | weight.keys,
            span=node.span,
        )
        kind = number(total.type.unit, low=0 if not_negative(total.type) else None)
        result = ir.Arithmetic(
            operator="/", left=product, right=whole, type=kind, keys=product.keys | whole.keys, span=node.span
        )
        self.shared_totals.add(result)
        return result

    def lower_sameforeachpayer(
        self, node: t.SameForEachPayer, context: Context, expected: Type | None
    ) -> ir.Expression:
        operand = self.number_of(node.operand, context, expected)
        if operand.type.is_unknown:
            return operand
        copy = attrs.evolve(operand, span=node.span)
        self.shared_totals.add(copy)
        return copy

    def lower_collectionof(self, node: t.CollectionOf, context: Context, expected: Type | None) -> ir.Expression:
        self.no_collection(node)
        return self.nothing(node)

