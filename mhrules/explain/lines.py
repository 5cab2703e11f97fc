"""Lines of payments: participation, gates, what is paid, limits, rounding, credits, in the order of the language."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from attrs import evolve

from mhrules.engine.rows import Step
from mhrules.exact import ONE, Rounding, divide, to_text
from mhrules.explain import words
from mhrules.explain.elements import CENTS, LIMITS, money, rounded_to
from mhrules.explain.expressions import child, renumbered
from mhrules.explain.measures import Measures
from mhrules.explain.model import LineWhy, Why, Worth
from mhrules.plan import ir
from mhrules.settle import ledger
from mhrules.settle.ledger import Line
from mhrules.settle.payments import MEMBER_MONTH, posting_period
from mhrules.syntax.tree import Coverage, Period


class Lines(Measures):
    """The lines of one payer and practice."""

    # --------------------------------------------------------------------------------------- one line

    def line(self, payment: ir.PaymentPlan, payer: str, practice: str, first: int, *, posted: bool) -> LineWhy:
        """A line with its tree, worked out anew."""
        trace = self.books.line_trace(payment.name, payer, practice, first)
        form = self.books.form(payment.name, payer)
        line = trace.detail if isinstance(trace.detail, Line) else self._unknown(payment, form, trace)
        why = renumbered(self._why(payment, form, trace, line))
        prices = [part.price for part in line.parts]
        price = to_text(prices[0]) if len(prices) == 1 and prices[0] is not None else ""
        places = max(CENTS, self.plan.rounding[0])
        return LineWhy(
            period=self.plan.calendar.label(first, posting_period(form)),
            payee=line.payee,
            status=line.status,
            reason=line.reason,
            units=to_text(line.units),
            price=price,
            amount=to_text(line.amount, places),
            credits=tuple(to_text(-use.amount, places) for use in self.uses(line)),
            posted=posted,
            headline=self._headline(payment, line),
            why=why,
        )

    def _unknown(self, payment: ir.PaymentPlan, form: ir.FormPlan, trace: Step) -> Line:
        """What stands for a line that cannot be known."""
        payer, practice = trace.row.get("payer") or "", trace.row.get("practice") or ""
        assert trace.row.clock is not None
        reason = trace.faults[0].code if trace.faults else ""
        first = trace.row.clock[1]
        months = self.books.world.months(trace.row) if not trace.faults else ()
        blank = Line(payment.name, payer, "", practice, posting_period(form), first, months)
        return evolve(blank, status=ledger.HELD, reason=reason)

    def _why(self, payment: ir.PaymentPlan, form: ir.FormPlan, trace: Step, line: Line) -> Why:
        """The tree of a line."""
        says = [] if line.status == ledger.PAID else [self._status(payment, form, line)]
        if not any(below.faults for below in trace.children):
            says += [f"{fault.code}: {fault.message}" for fault in trace.faults]
        period = self.plan.calendar.label(line.first, line.period)
        if line.months and len(line.months) < line.period.months:
            many = words.counted(len(line.months), "month")
            says.append(f"covers {words.months_text(line.months)}, {many} of {period}")
        if line.payee not in ("", line.practice):
            says.append(f"paid to {(form.payee or '').replace('_', ' ')} `{line.payee}`")
        steps = [*self.standing(form, trace, line), *self._clauses(form, trace)]
        if line.status == ledger.PAID:
            steps += self._amount(form, trace, line)
        elif line.status == ledger.HELD:
            steps += self._unknown_amount(form, trace)
        steps += self.credits(line)
        return Why(
            kind="line",
            title=f"{payment.name} {period}",
            worth=None if line.status == ledger.HELD else money(line.amount),
            says=tuple(says),
            place=words.place_of(payment.span),
            number=self.next(),
            steps=tuple(steps),
        )

    def _unknown_amount(self, form: ir.FormPlan, trace: Step) -> Iterator[Why]:
        """Why what is paid, or a limit of it, cannot be known."""
        for step in trace.children:
            if step.faults and (step.what is form.pays or step.what in LIMITS):
                inner = self.why(step.children[0] if step.what in LIMITS else step)
                if inner is not None:
                    yield evolve(inner, title=f"{step.what if step.what in LIMITS else 'pays'} {inner.title}")

    def _headline(self, payment: ir.PaymentPlan, line: Line) -> str:
        """`aco a1 is paid $4,410,000.00 by medicare: shared_savings, 2014`."""
        who = f"{self.plan.participant} {line.practice}"
        what = f"{payment.name}, {self.plan.calendar.label(line.first, line.period)}"
        if line.status == ledger.HELD:
            return f"what {line.payer} pays {who} is held: {what}"
        return f"{who} {paid_words(line.amount, line.payer, line.status)}: {what}"

    def _status(self, payment: ir.PaymentPlan, form: ir.FormPlan, line: Line) -> str:
        """Why a line that pays nothing pays nothing."""
        if line.status == ledger.GATED:
            gate = next(each for each in form.gates if each.name == line.reason)
            return f"nothing is paid: gate `{gate.name}` ({gate.title}) fails"
        if line.status == ledger.NOT_ELECTED:
            contract = self.plan.payer(line.payer).contract
            return f"nothing is paid: contract {contract} declines {payment.name}, because {line.reason}"
        if line.status == ledger.NOT_DUE:
            there = self.books.world.in_force(line.months[-1])
            asked = words.counted(self.plan.least_payers, "payer")
            return f"nothing is due: {line.reason}, which asks for {asked} in force, and there is {there}"
        if line.status == ledger.NOT_PARTICIPATING:
            return f"nothing is paid: requirement `{line.reason}` is missed, so it does not participate"
        return f"nothing is posted for it until this is repaired: {line.reason}" if line.reason else "there is no line"

    # ---------------------------------------------------------------------------------- gates and lets

    def _clauses(self, form: ir.FormPlan, trace: Step) -> Iterator[Why]:
        """The gates in order, and the lets that were demanded, where the text has them."""
        demanded = {step.what: step for step in self._own_steps(trace) if step.what in form.lets}
        reached = [step.what for step in trace.children]
        ended = not any(isinstance(step.what, ir.GatePlan) for step in trace.children)
        clauses: list[ir.GatePlan | ir.Quantity] = [*form.gates, *form.lets]
        for clause in sorted(clauses, key=lambda each: each.span.start):
            if isinstance(clause, ir.Quantity):
                if clause in demanded and not demanded[clause].faults:
                    yield self.named(demanded[clause])
            elif clause in reached:
                yield self._gate(clause, trace)
            elif not ended:
                yield self.not_reached("gate", self._gate_title(clause), clause)

    def _own_steps(self, trace: Step) -> Iterator[Step]:
        """The steps of a line, each once, without those of other payments' lines."""
        seen: set[int] = set()
        stack = [trace]
        while stack:
            step = stack.pop()
            if id(step) not in seen:
                seen.add(id(step))
                yield step
                stack += [below for below in reversed(step.children) if not isinstance(below.what, ir.PaymentPlan)]

    def _gate_title(self, gate: ir.GatePlan) -> str:
        return f'{gate.name} "{gate.title}"' if gate.title else gate.name

    def _gate(self, gate: ir.GatePlan, trace: Step) -> Why:
        step = child(trace, gate)
        assert step is not None
        condition = child(step, gate.condition)
        inner = self.why(condition)
        merged = inner is not None and inner.kind == "condition"
        says = inner.says if inner is not None and merged else ()
        verdict = "cannot be known" if step.faults else "passed" if step.value is True else "failed"
        return Why(
            kind="gate",
            title=self._gate_title(gate),
            worth=Worth(verdict, "" if step.faults else ir.plain_text(step.value)),
            formula=words.title_of(gate.condition.span),
            says=says,
            place=words.place_of(gate.span),
            support=words.support_of(gate.notes, gate.condition.notes),
            number=self.next(),
            steps=() if inner is None else inner.steps if merged else (inner,),
        )

    # ----------------------------------------------------------------------------------------- amounts

    def _amount(self, form: ir.FormPlan, trace: Step, line: Line) -> list[Why]:
        """What is paid, the units, every limit and the rounding; together they give the amount."""
        if self.is_in_parts(form):
            return self.parts(form, trace, line)
        pays = child(trace, form.pays)
        assert pays is not None
        assert isinstance(pays.value, int)
        steps = [self._pays(form, pays)]
        count = Fraction(line.units, ONE)
        if form.unit == MEMBER_MONTH:
            steps.append(self.units(form, line, trace.row))
        amount = Fraction(pays.value, ONE)
        each_first = form.unit == MEMBER_MONTH and bool(form.round_each)
        if not each_first:
            part = self._coverage(form, trace, line)
            amount *= count * part
            if part != 1 or form.unit == MEMBER_MONTH:
                steps.append(self._product(form, pays, line, part, amount))
        limits = [step for step in trace.children if step.what in LIMITS]
        for step in [*limits, None]:
            price = step is not None and self._is_price(form, step)
            if each_first and not price:
                rounded = rounded_to(amount, CENTS, self.plan.rounding[1])
                steps.append(self._rate_rounded(rounded, line))
                amount, each_first = rounded * count, False
            if step is not None:
                before, bound = amount, self._bound(step, price and not each_first, count)
                amount = min(amount, bound) if step.what == "at most" else max(amount, bound)
                steps.append(self._limit(step, before, amount, bound))
        places, rounding = self.plan.rounding
        final = rounded_to(amount, places, rounding)
        if final != amount:
            steps.append(self._rounded(amount, final))
        if final * ONE != line.amount:
            why = f"its steps lead to {words.dollars(int(final * ONE))}"
            raise self.untied((line.payer, line.practice, line.payment), line.amount, why)
        return steps

    def _pays(self, form: ir.FormPlan, pays: Step) -> Why:
        inner = self.why(pays)
        title = words.title_of(form.pays.span)
        if inner is not None and inner.kind == "parameter" and not inner.see and not form.pays.notes:
            return evolve(inner, kind="pays", title="pays", formula=title, place=words.place_of(form.pays.span))
        merged = inner is not None and inner.kind not in ("fact", "parameter", "define", "let", "report", "units")
        named = not words.is_block(title) and not isinstance(form.pays, ir.Literal)
        return Why(
            kind="pays",
            title="pays",
            worth=words.worth(pays.value, form.pays.type),
            formula=title if named else "",
            says=inner.says if inner is not None and merged else (),
            place=words.place_of(form.pays.span),
            support=words.support_of(form.pays.notes),
            number=self.next(),
            steps=() if inner is None else inner.steps if merged else (inner,),
        )

    def _coverage(self, form: ir.FormPlan, trace: Step, line: Line) -> Fraction:
        """The part of the months that participation covers."""
        if form.coverage is not Coverage.PROPORTION:
            return Fraction(1)
        verdicts = self.judged(trace, line.months)
        return Fraction(sum(verdict.participates for verdict in verdicts), len(line.months))

    def _product(self, form: ir.FormPlan, pays: Step, line: Line, part: Fraction, amount: Fraction) -> Why:
        factors = [words.shown(pays.value, form.pays.type)]
        if form.unit == MEMBER_MONTH:
            factors.append(words.grouped(line.units))
        if part != 1:
            months = words.counted(len(line.months), "month")
            factors.append(f"{part * len(line.months)} of {months}")
        return Why(kind="value", title=" × ".join(factors), worth=self._worth(amount), number=self.next())

    def _worth(self, amount: Fraction) -> Worth:
        """An exact amount; its text is cut at twelve places."""
        return money(divide(amount.numerator * ONE, amount.denominator, Rounding.DOWN))

    def _is_price(self, form: ir.FormPlan, step: Step) -> bool:
        limit = step.children[0].what
        assert isinstance(limit, ir.Expression)
        return form.unit == MEMBER_MONTH and not limit.type.is_total

    def _bound(self, step: Step, per_unit: bool, count: Fraction) -> Fraction:
        assert isinstance(step.value, int)
        return Fraction(step.value, ONE) * (count if per_unit else 1)

    def _limit(self, step: Step, before: Fraction, after: Fraction, bound: Fraction) -> Why:
        """A cap or floor, and whether it changes the amount."""
        limit = step.children[0]
        node = limit.what
        assert isinstance(node, ir.Expression)
        word = str(step.what)
        if after != before:
            moved = "lowers" if word == "at most" else "raises"
            says = f"takes effect: {moved} {self._worth(before).text} to {self._worth(after).text}"
        elif before == bound:
            says = "has no effect: the amount is exactly that"
        elif bound == 0:
            says = f"has no effect: the amount is {self._worth(before).text}"
        else:
            distance = self._worth(abs(bound - before)).text
            side = "below" if bound > before else "above"
            says = f"has no effect: {self._worth(before).text} is {distance} {side} it"
        inner = self.why(limit)
        title = words.title_of(node.span)
        merged = inner is not None and inner.kind in ("value", "choice", "aggregate", "total", "split")
        return Why(
            kind="limit",
            title=word,
            worth=words.worth(step.value, node.type),
            formula="" if isinstance(node, ir.Literal) else title,
            says=(says, *(inner.says if inner is not None and merged else ())),
            place=words.place_of(node.span),
            support=words.support_of(node.notes),
            number=self.next(),
            steps=() if inner is None else inner.steps if merged else (inner,),
        )

    def _rate_rounded(self, rounded: Fraction, line: Line) -> Why:
        says = f"the rate is rounded first, then multiplied by {words.grouped(line.units)}"
        return Why("rounding", "round the rate first", self._worth(rounded), says=(says,), number=self.next())

    def _rounded(self, amount: Fraction, final: Fraction) -> Why:
        title = f"{self._worth(amount).text} rounded {words.rounding_text(*self.plan.rounding)}"
        return Why("rounding", title, self._worth(final), number=self.next())

    # ------------------------------------------------------------------------------------------ totals

    def total(self, node: ir.Total, step: Step) -> Why:
        """The postings of another payment: its lines, and net of credits those too."""
        return self.once(("total", node.payment, node.net, step.row), lambda: self._total(node, step))

    def _total(self, node: ir.Total, step: Step) -> Why:
        lines = [below for below in step.children if isinstance(below.detail, Line)]
        lines = [below for below in lines if isinstance(below.what, ir.PaymentPlan)]
        postings = list(self._postings(lines))
        says = f"{words.counted(len(lines), 'line')}, {'less' if node.net else 'gross of'} credits"
        if node.net:
            postings += [use for below in lines if isinstance(below.detail, Line) for use in self.credits(below.detail)]
        return self.written("total", node, step, tuple(postings), says)

    def _postings(self, steps: list[Step]) -> Iterator[Why]:
        """Lines of another payment: those that follow on each other with the same outcome as one; `deep` shows all."""
        runs: list[list[Line]] = []
        for step in steps:
            line = step.detail
            assert isinstance(line, Line)
            if self.deep:
                assert isinstance(step.what, ir.PaymentPlan)
                yield self._deep_line(step.what, step, line)
            elif runs and outcome(runs[-1][-1]) == outcome(line):
                runs[-1].append(line)
            else:
                runs.append([line])
        for run in runs:
            yield self._run(run)

    def _deep_line(self, payment: ir.PaymentPlan, step: Step, line: Line) -> Why:
        form = self.books.form(payment.name, line.payer)
        key = ("line", payment.name, step.row)
        return self.once(key, lambda: evolve(self._why(payment, form, step, line), kind="posting"))

    def _run(self, run: list[Line]) -> Why:
        line, calendar = run[0], self.plan.calendar
        label = calendar.label(line.first, line.period)
        says = [f"{line.status}: {line.reason}"] if line.reason else []
        unit = self.books.form(line.payment, line.payer).unit
        units = f"{words.grouped(line.units)} {unit}s" if line.units not in (0, ONE) else ""
        if len(run) > 1:
            label += f" to {calendar.label(run[-1].first, line.period)}"
            units = f"{len(run)} lines of {words.dollars(line.amount)}" + (f", {units} each" if units else "")
        says = [each for each in (units, *says) if each]
        total = sum(each.amount for each in run)
        place = words.place_of(self.plan.payments[line.payment].span)
        title = f"{line.payment} {label}"
        return Why("posting", title, money(total), says=tuple(says), place=place, number=self.next())


def outcome(line: Line) -> tuple[str, str, int, int, Period]:
    """What two lines have in common that are shown as one."""
    return line.status, line.reason, line.units, line.amount, line.period


def paid_words(amount: int, payer: str, status: str = ledger.PAID) -> str:
    """`is paid $5.00 by aetna`, `owes aetna $5.00`, `is paid nothing by aetna`."""
    if amount < 0:
        return f"owes {payer} {words.dollars(-amount)}"
    return f"is paid {words.dollars(amount) if status == ledger.PAID else 'nothing'} by {payer}"
