"""Lowering of participation and of payment building blocks."""

from __future__ import annotations

import attrs
from attrs import field

from mhrules.classes import frozen
from mhrules.data import population
from mhrules.data.population import Need
from mhrules.diagnostics.model import Label
from mhrules.plan import ir
from mhrules.plan.lower_calls import asks_who_billed, through
from mhrules.plan.lower_measures import Measures
from mhrules.plan.lower_numbers import bare_money
from mhrules.plan.needs import needs_of_collection
from mhrules.plan.scope import MONTH, Context, LetScope, flat, inside, shown_known
from mhrules.plan.settings import parameter_changes
from mhrules.semantics.builtins import BASIS_ELEMENTS, BASIS_UNITS, ELEMENTS
from mhrules.semantics.types import DOLLARS, Type, Unit, number, unit_text
from mhrules.syntax import tree as t


@frozen
class FormParts:
    """What a form's clauses are lowered to, in the order of the text."""

    gates: list[ir.GatePlan] = field(factory=list)
    lets: list[ir.Quantity] = field(factory=list)


class Payments(Measures):
    """Requirements, and payments with their gates, lets and limits."""

    # ---------------------------------------------------------------------------------- participation

    def requirement_groups(self) -> tuple[ir.RequirementGroup, ...]:
        """The program's requirements, and those that contracts add for their payer."""
        groups = []
        clauses = self.program.participation.clauses if self.program.participation else ()
        for clause in clauses:
            if isinstance(clause, t.Require):
                groups.append(ir.RequirementGroup(1, (self.requirement(clause, None),)))
            elif isinstance(clause, t.RequireSome):
                members = tuple(self.requirement(r, None) for r in clause.requirements)
                groups.append(ir.RequirementGroup(clause.at_least, members))
        for agreement in self.agreements.values():
            groups += [ir.RequirementGroup(1, (self.requirement(r, agreement.payer),)) for r in agreement.requirements]
        return tuple(groups)

    def requirement(self, node: t.Require, payer: str | None) -> ir.RequirementPlan:
        """One requirement, judged on the first day of each month."""
        context = Context(
            clause="a requirement, judged each month,",
            period=MONTH,
            keys=frozenset({"payer", "practice", *self.program.keys}),
        )
        self.years_are_apart(node.condition)
        return ir.RequirementPlan(
            name=node.name.text,
            title=node.title,
            condition=self.condition_of(node.condition, context),
            by_month=node.by_month,
            payer=payer,
            span=node.span,
            notes=node.notes,
        )

    def years_are_apart(self, *nodes: t.Node) -> None:
        """Reports a monthly clause that reads both contract years and facts of the calendar year.

        They coincide where every practice begins with the program (no `starts`) on the first day of its year.
        """
        calendar, first = self.program.calendar, self.program.term_first
        if self.program.starts is None and first.day == 1 and first.month == calendar.year_start:
            return
        if not (self.reads_contract_year(*nodes) and self.reads_calendar_year(*nodes)):
            return
        for node in nodes:
            for part in node.walk():
                if isinstance(part, t.Reference) and self.reads_calendar_year(part):
                    self.report(
                        "MH405",
                        f"`{part.name}` follows the calendar year, in a clause that follows the contract year too",
                        part.span,
                        help="keep facts of the calendar year and of the contract year in clauses of their own",
                    )
                    return

    # --------------------------------------------------------------------------------------- payments

    def payment(self, node: t.Payment) -> ir.PaymentPlan:
        """A payment with its forms; clauses outside the forms hold for each of them."""
        common = tuple(c for c in node.clauses if not isinstance(c, t.Form))
        bodies = {c.name.text: in_text_order(*c.clauses, *common) for c in node.clauses if isinstance(c, t.Form)}
        forms = {name: self.form(node, name, body) for name, body in (bodies or {"": common}).items()}
        self.unused_lets(node)
        return ir.PaymentPlan(
            name=node.name.text,
            title=node.title,
            optional=node.optional,
            forms={name: form for name, form in forms.items() if form is not None},
            summary=next((c.text for c in common if isinstance(c, t.Summary)), ""),
            categories=tuple(code for c in common if isinstance(c, t.Category) for code in c.codes),
            cites=tuple(c.text for c in common if isinstance(c, t.Cite)),
            span=node.span,
        )

    def unused_lets(self, payment: t.Payment) -> None:
        """Reports a `let` that nothing in its payment uses."""
        used = {n.name for n in payment.walk() if isinstance(n, t.Reference)}
        for node in payment.walk():
            if isinstance(node, t.Let) and node.name.text not in used:
                self.report(
                    "MH427",
                    f"nothing in the payment uses `{node.name.text}`",
                    node.name.span,
                    help="use it, or take the `let` out",
                )

    def form(self, payment: t.Payment, name: str, clauses: tuple[t.Clause, ...]) -> ir.FormPlan | None:
        """One form of a payment; None where it has no basis or pays nothing, which is reported elsewhere."""
        basis = next((c for c in clauses if isinstance(c, t.Basis)), None)
        pays = next((c for c in clauses if isinstance(c, t.Pays)), None)
        if basis is None or pays is None:
            return None
        self.years_are_apart(
            *(c for c in clauses if isinstance(c, t.Basis | t.Gate | t.Let | t.Pays | t.AtMost | t.AtLeast))
        )
        outer = self.basis_context(basis)
        owner = f"{payment.name.text}.{name}" if name else payment.name.text
        context, parts = self.form_parts(owner, clauses, outer)
        limits = context if basis.unit in BASIS_ELEMENTS else self.of_the_practice(context)
        paid = self.pays(pays, basis, context)
        if basis.unit == "member" and "member" in paid.keys:
            self.no_limits(clauses)
            if basis.roster is not None:
                self.one_price_for_the_roster(paid, basis.roster)
        once = next((c for c in clauses if isinstance(c, t.AtMostOnce)), None)
        return ir.FormPlan(
            unit=form_unit(basis),
            period=t.Period(context.period),
            once=basis.once,
            where=None if basis.where is None else self.condition_of(basis.where, outer),
            gates=tuple(parts.gates),
            lets=tuple(parts.lets),
            pays=paid,
            caps=tuple(self.amount(c.value, limits, DOLLARS, None) for c in clauses if isinstance(c, t.AtMost)),
            floors=tuple(self.amount(c.value, limits, DOLLARS, None) for c in clauses if isinstance(c, t.AtLeast)),
            downside=any(isinstance(c, t.Downside) for c in clauses),
            coverage=next((c.coverage for c in clauses if isinstance(c, t.Participating)), t.Coverage.LAST_MONTH),
            payee=self.payee(next((c.payee for c in clauses if isinstance(c, t.To)), None)),
            round_each=next((c.what for c in clauses if isinstance(c, t.RoundFirst)), ""),
            span=payment.span,
            reach=ir.Reach(billed=basis.where is not None and asks_who_billed(basis.where)),
            event="" if basis.event is None else basis.event.text,
            roster=basis.roster,
            once_per=None if once is None else once.period,
            once_unit="member" if once is None or once.unit == "member" else "practice",
        )

    def no_limits(self, clauses: tuple[t.Clause, ...]) -> None:
        """Reports limits of a payment that has no one amount: its price differs from member to member."""
        for clause in clauses:
            if isinstance(clause, t.AtMost | t.AtLeast):
                self.report(
                    "MH367",
                    "the price differs from member to member, so there is no one amount to limit",
                    clause.span,
                    help="put the limit into the price, as in `pays least(…, $9.00 pmpm)`",
                )

    def one_price_for_the_roster(self, paid: ir.Expression, period: t.Period) -> None:
        """Reports parameters that change while a roster holds whose members have prices of their own.

        Who is on the roster, and what is known of them, is that of its first month; a parameter is the month's own.
        """
        calendar, word = self.program.calendar, period.value.replace("_", "-")
        for part in through(paid):
            changes = (
                parameter_changes(self.program, self.agreements, part.parameter) if isinstance(part, ir.Setting) else {}
            )
            inside_it = [month for month in sorted(changes) if calendar.period_first(month, period) != month]
            if isinstance(part, ir.Setting) and inside_it:
                label = calendar.label(calendar.period_first(inside_it[0], period), period)
                self.report(
                    "MH401",
                    f"`{part.parameter}` changes inside {label}, and a price by member on the roster of a {word} "
                    "needs one value",
                    part.span,
                    label="which value holds?",
                    related=(Label(changes[inside_it[0]], "changes here"),),
                    help=f"let it change with the {word}, or pay on each month's own roster",
                )

    def of_the_practice(self, context: Context) -> Context:
        """The context of what is decided once for a practice, whatever its members or claims are."""
        assert context.keys is not None
        below = frozenset({"member", *(element.key for element in ELEMENTS.values())})
        words = f"a gate or limit of {context.clause}" if context.elements else context.clause
        return attrs.evolve(context, clause=words, keys=context.keys - below, elements=())

    def form_parts(self, owner: str, clauses: tuple[t.Clause, ...], context: Context) -> tuple[Context, FormParts]:
        """Gates and lets in the order of the text, and the context behind them.

        A gate that asks `known(x)` has shown x to be known to everything below it: where it fails, nothing is asked.
        """
        parts = FormParts()
        for clause in clauses:
            if isinstance(clause, t.Let):
                scope = LetScope(owner, clause, context)
                parts.lets.append(self.let_quantity(scope, context))
                context = attrs.evolve(context, lets={**context.lets, clause.name.text: scope})
            elif isinstance(clause, t.Gate):
                condition = self.condition_of(clause.condition, self.of_the_practice(context))
                parts.gates.append(
                    ir.GatePlan(clause.name.text, clause.title, condition, span=clause.span, notes=clause.notes)
                )
                context = context.knowing(shown_known(clause.condition, True))
        return context, parts

    def pays(self, pays: t.Pays, basis: t.Basis, context: Context) -> ir.Expression:
        """What a payment pays, at the rows of its basis."""
        amount = self.amount(pays.value, context, BASIS_UNITS.get(basis.unit, DOLLARS), basis)
        keys = amount.keys
        if basis.unit in BASIS_ELEMENTS:
            keys |= {ELEMENTS[BASIS_ELEMENTS[basis.unit]].key}
        return self.changed(amount, keys=keys, notes=amount.notes + pays.notes)

    def basis_context(self, basis: t.Basis) -> Context:
        """What a payment's basis supplies."""
        keys = frozenset({"payer", "practice", *self.program.keys})
        words = f"a payment {flat(basis.span.text).split(' where ')[0]}"
        if basis.unit in BASIS_ELEMENTS:
            element = BASIS_ELEMENTS[basis.unit]
            keys |= {ELEMENTS[element].key, "member"}
            named = element if basis.event is None else basis.event.text
            self.members_are_attributed(f"{basis.unit}s", basis.span)
            if basis.event is not None:
                self.used.add(("event", named))
            self.needs.update((Need(population.ELIGIBILITY), *needs_of_collection(named)))
            return Context(words, MONTH, keys, elements=("members", named))
        if basis.unit == "member" and self.program.attribution is not None:
            period = MONTH if basis.period is None else basis.period.value
            return Context(words, period, keys | {"member"}, elements=("members",))
        if basis.unit in self.program.keys:
            self.not_yet(f"a payment per {self.word(basis.unit)}", basis)
        period = MONTH if basis.once or basis.period is None else basis.period.value
        return Context(words, period, keys)

    def amount(self, node: t.Expression, context: Context, unit: Unit, basis: t.Basis | None) -> ir.Expression:
        """What a payment pays, or a limit on it, in the unit that its basis fixes."""
        value = self.number_of(node, context, number(unit))
        if value.type.is_unknown or value.type.unit == unit:
            return value
        if basis is not None and basis.unit in BASIS_ELEMENTS and value.type.is_total:
            return value
        wanted = unit_text(unit)
        words = "a limit" if basis is None else f"`{flat(basis.span.text)}`"
        self.report(
            "MH361",
            f"`{node.span.text}` is {value.type}, and {words} asks for {wanted}",
            node.span,
            label=f"this is {value.type}",
            help=self.amount_help(node, value.type, unit, basis),
        )
        return self.nothing(node)

    def amount_help(self, node: t.Expression, found: Type, unit: Unit, basis: t.Basis | None) -> str:
        """How an amount comes into the unit that is asked for."""
        stated = next((part for part in node.walk() if isinstance(part, t.Money) and part.per is None), None)
        wanted = unit_text(unit)
        if basis is not None and basis.unit == "member" and found.unit == DOLLARS:
            if stated is not None and not bare_money(node):
                return f"say so where the rate is written: `{stated.span.text}{wanted.removeprefix('$')}`"
            return f"pay it `per {self.program.participant} per month`, or state a rate per member month"
        if unit == DOLLARS and found.is_money:
            text = node.span.text if not isinstance(inside(node), t.Arithmetic) else f"({node.span.text})"
            per = next((d for d, power in found.unit if power < 0), "")
            counted = {"member month": "member_months", "point": "points"}.get(per)
            if counted is not None:
                return f"multiply the rate: `{text} * {counted}` is $"
        if not found.unit:
            return "pay an amount, as in `$100`, or a percentage of one, as in `50% of savings`"
        return f"bring it to {wanted}"

    def payee(self, name: t.Name | None) -> str | None:
        """The declared payee of a payment; None for the participant itself."""
        if name is None or name.text in ("practice", self.program.participant) or name.text not in self.program.payees:
            return None  # an unknown payee is reported with the shape of the payment
        self.used.add(("payee", name.text))
        return name.text


def in_text_order(*clauses: t.Clause) -> tuple[t.Clause, ...]:
    """Clauses as they stand in the text: gates are judged in that order."""
    return tuple(sorted(clauses, key=lambda clause: clause.span.start))


def form_unit(basis: t.Basis) -> str:
    """What a form is paid per, as the plan calls it."""
    return {"member": "member month"}.get(basis.unit, basis.unit if basis.unit in BASIS_ELEMENTS else "practice")
