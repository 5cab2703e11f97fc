"""What stands below a practice: members and their months, claims, visits and events, and what each of them is paid.

Persons are named only where everything is asked for (`deep`); otherwise they are counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from mhrules.data import population
from mhrules.diagnostics.model import DiagnosticError
from mhrules.diagnostics.registry import finding
from mhrules.engine.rows import Row, Step
from mhrules.exact import ONE, Rounding, divide
from mhrules.explain import words
from mhrules.explain.model import Fact, Why, Worth
from mhrules.explain.payers import Standing
from mhrules.plan import ir
from mhrules.semantics.builtins import OF_PEOPLE
from mhrules.settle.backup import covered
from mhrules.settle.elementwise import ELEMENT_KEYS
from mhrules.settle.ledger import Detail, Line, Part
from mhrules.settle.members import counts_days

CENTS = 2
LIMITS = ("at most", "at least")
COMPUTED = ("cost", "months_attributed", "billed_by", "attributed")
OF_MEMBER = {"age": "birth_date", "gender": "gender", "zip_code": "zip_code"}


def money(value: int) -> Worth:
    """An amount in dollars."""
    return Worth(words.dollars(value), ir.plain_text(value), "$")


def rounded_to(amount: Fraction, places: int, rounding: Rounding) -> Fraction:
    """An exact amount rounded once to decimal places."""
    return Fraction(divide(amount.numerator * 10**places, amount.denominator, rounding), 10**places)


class Elements(Standing):
    """Members, their records, and lines that are paid for them one by one."""

    # --------------------------------------------------------------------------------------- features

    def feature(self, node: ir.Feature, step: Step) -> Why:
        """What is known of a person, or of what happened to one, with the row of the data that says it."""
        fact = self._read_from(node, step.row)
        kind = "value" if fact is None else "fact"
        says = self._computed(node, step.row) if fact is None else ""
        key = ("feature", node.collection, node.column, step.row)
        return self.once(key, lambda: self._feature(kind, node, step, fact, says))

    def _feature(self, kind: str, node: ir.Feature, step: Step, fact: Fact | None, says: str) -> Why:
        worth, place = words.worth(step.value, node.type), words.place_of(node.span)
        title = words.title_of(node.span)
        return Why(kind, title, worth, says=(says,) if says else (), place=place, fact=fact, number=self.next())

    def _computed(self, node: ir.Feature, row: Row) -> str:
        months = words.months_text(self.books.world.months(row)) if row.get("practice") else ""
        texts = {
            "cost": f"medical and pharmacy, {self.plan.members.cost}, in {months}",
            "months_attributed": f"attributed to the practice in {months}",
            "attributed": "whether the person was attributed to the practice in the month of service",
            "billed_by": "whether the practice billed it",
        }
        return texts.get(node.column, "")

    def _read_from(self, node: ir.Feature, row: Row) -> Fact | None:
        """Where a feature was read; None where it is worked out."""
        if node.column in COMPUTED or node.column.startswith("attributed at least"):
            return None
        records = self.books.world.below.chosen(row)
        if node.collection in OF_PEOPLE:
            column = OF_MEMBER.get(node.column)
            table = population.ELIGIBILITY if column is None else population.MEMBER
            return Fact(table, column or node.column, (("member", row.get("member") or ""),))
        if not records:
            return None
        first = records[0]
        column = population.FEATURES.get(first.table, {}).get(node.column, node.column)
        key = " + ".join(record.id for record in records)
        return Fact(first.table, column, ((first.table, key),), first.date.isoformat())

    # ------------------------------------------------------------------------------------ member months

    def across(self, node: ir.Panel, step: Step) -> Why:
        """Members under all payers: how many payers, and in depth the months of each."""
        payers = list(self.books.world.elements("payer", step.row))
        says = [f"over {words.counted(len(payers), 'payer')}"]
        if self.books.world.below.given:
            says.append("each person once")
        steps = tuple(self._of_payer(node, at) for at in payers) if self.deep else ()
        return self.written("aggregate", node, step, steps, ", ".join(says))

    def _of_payer(self, node: ir.Panel, row: Row) -> Why:
        worth = words.worth(self.books.interpreter.member_months(row), node.type)
        fact = None if self.books.world.below.given else self.panel(row)
        at = f"payer `{row.get('payer')}`"
        return Why("fact", "member_months", worth, at=at, fact=fact, number=self.next())

    def members_counted(self, node: ir.Panel, step: Step) -> Why:
        """Member months that members make, not a panel."""
        key = ("members", node, step.row)
        return self.once(
            key, lambda: self.written("units", node, step, self._persons(step.row), *self._how_many(step.row))
        )

    def units(self, form: ir.FormPlan, line: Line, row: Row) -> Why:
        """The member months of a line: read in the panel, or of the members attributed to the practice."""
        unit = "member month" if line.units == ONE else "member months"
        worth = Worth(f"{words.grouped(line.units)} {unit}", ir.plain_text(line.units), "member months")
        says = [] if len(line.months) <= 1 else [f"sum over {words.counted(len(line.months), 'month')}"]
        at = self.books.units_row(form, row)
        if at != row and at.clock is not None:
            says.append(f"the roster of {words.clock_text(at.clock, self.plan.calendar)}")
        if not self.books.world.below.given:
            says += self.no_row(row, line.months)
            return Why("units", "units", worth, says=tuple(says), fact=self.panel(at), number=self.next())
        number = self.next()
        return Why("units", "units", worth, says=(*says, *self._how_many(at)), number=number, steps=self._persons(at))

    def _how_many(self, row: Row) -> tuple[str, ...]:
        """How many members there are, in words; where days are counted, that they are."""
        found = len(self.books.world.below.people_of(row))
        says = f"{words.counted(found, 'member')} attributed to the {self.plan.participant}"
        days = counts_days(self.books, self.books.world.lookup(row, "payer"))
        return (f"{says}, by days",) if days else (says,)

    def _persons(self, row: Row) -> tuple[Why, ...]:
        """In depth: each member with the months that count."""
        if not self.deep:
            return ()
        below, found = self.books.world.below, []
        for each in below.members(row, ir.PLAIN):
            months = below.member_months(each)
            says = (words.months_text(self.books.world.months(each)),)
            worth = Worth(_units(months, "member month"), ir.plain_text(months), "member months")
            found.append(Why("units", f"member {each.get('member')}", worth, says=says, number=self.next()))
        return tuple(found)

    # ------------------------------------------------------------------------------------ lines by part

    def is_in_parts(self, form: ir.FormPlan) -> bool:
        """Whether a line is worked out member by member, or claim by claim, visit by visit, event by event."""
        return form.unit in ELEMENT_KEYS or (form.priced_by_member and self.books.world.below.given)

    def parts(self, form: ir.FormPlan, trace: Step, line: Line) -> list[Why]:
        """What is paid by price, each with its units; together they give the amount."""
        pays = [step for step in trace.children if step.what is form.pays]
        elementwise = form.unit in ELEMENT_KEYS
        units = self._element_units(form, trace, line) if elementwise else self.units(form, line, trace.row)
        steps = [self._rule(form), units]
        total = 0
        for part in line.parts:
            own = [(d, s) for d, s in zip(line.details, pays, strict=True) if d.price == part.price]
            if own:
                amount = self._exact(form, line, part) if not elementwise else part.amount
                steps.append(self._part(form, trace, line, part, own))
                total += amount
        if total != line.amount:
            raise self.untied(
                (line.payer, line.practice, line.payment), line.amount, f"its parts add up to {words.dollars(total)}"
            )
        return steps

    def _rule(self, form: ir.FormPlan) -> Why:
        """What the text says is paid; the values stand with the parts."""
        title, place = words.title_of(form.pays.span), words.place_of(form.pays.span)
        says = f"for each {form.unit if form.unit in ELEMENT_KEYS else 'member'}"
        formula = "" if words.is_block(title) else title
        support = words.support_of(form.pays.notes)
        return Why("pays", "pays", formula=formula, says=(says,), place=place, support=support, number=self.next())

    def _exact(self, form: ir.FormPlan, line: Line, part: Part) -> int:
        """The amount of the members at one price, worked out again."""
        months, of = covered(self.books, form, line)
        exact = Fraction((part.price or 0) * part.units * months, ONE * ONE * of)
        return int(rounded_to(exact, *self.plan.rounding) * ONE)

    def _element_units(self, form: ir.FormPlan, trace: Step, line: Line) -> Why:
        """How many elements are paid, of how many that were asked, and how many a limit leaves out."""
        found = next(s for s in trace.children if s.what == "elements" and s.row == trace.row)
        asked = sum(step.what is form.where for step in found.children)
        fulfilled = len(found.detail) if isinstance(found.detail, list) else 0
        says = []
        if form.where is not None:
            lines = words.counted(asked, "line" if form.unit == "claim" else form.unit)
            says.append(f"{lines} asked: {words.title_of(form.where.span)}")
        if form.once_per is not None:
            left = fulfilled - len(line.details)
            each = f"once per {form.once_unit} per {form.once_per.value.replace('_', '-')}"
            says.append(f"at most {each}, the first by date: {words.counted(left, form.unit)} left out")
        exact = ir.plain_text(line.units)
        worth = Worth(_units(line.units, form.unit), exact, f"{form.unit}s")
        return Why("units", "units", worth, says=tuple(says), number=self.next())

    def _part(self, form: ir.FormPlan, trace: Step, line: Line, part: Part, own: list[tuple[Detail, Step]]) -> Why:
        """The elements or members of one price."""
        says = list(self._winners(form, [step for _, step in own]))
        if form.unit not in ELEMENT_KEYS:
            says.insert(0, words.counted(len(own), "member"))
            months, of = covered(self.books, form, line)
            if months != of:
                says.append(f"{months} of {words.counted(of, 'month')} count")
            exact = Fraction((part.price or 0) * part.units * months, ONE * ONE * of)
            if exact * ONE != part.amount:
                cut = divide(exact.numerator * ONE, exact.denominator, Rounding.DOWN)
                says.append(f"{words.dollars(cut)} rounded {words.rounding_text(*self.plan.rounding)}")
        elif part.price is None:
            amounts = [detail.amount for detail, _ in own]
            least, most = words.dollars(min(amounts)), words.dollars(max(amounts))
            each = f"{least} each" if least == most else f"{least} to {most} each"
            says.append(f"{each}, rounded {words.rounding_text(*self.plan.rounding)} one by one")
        unit = form.unit if part.price is None else "member month" if form.unit not in ELEMENT_KEYS else form.unit
        title = _units(part.units, unit)
        if part.price is not None:
            title += f" × {words.shown(part.price, form.pays.type)}"
        number = self.next()
        steps = tuple(self._one(form, trace, detail, step) for detail, step in own) if self.deep else ()
        return Why("part", title, money(part.amount), says=tuple(says), number=number, steps=steps)

    def _winners(self, form: ir.FormPlan, steps: list[Step]) -> Iterator[str]:
        """The row of a choice that set a price, in the words of the text."""
        if not isinstance(form.pays, ir.Case):
            return
        rows = dict.fromkeys(step.detail for step in steps if isinstance(step.detail, ir.CaseRow))
        titles = [words.short(words.text_of(row.span)) for row in rows]
        yield from titles if len(titles) == 1 else ()

    def _one(self, form: ir.FormPlan, trace: Step, detail: Detail, pays: Step) -> Why:
        """In depth: one element or one member's months, with everything that led to the amount."""
        number, inner = self.next(), self.why(pays)
        says: list[str] = []
        title = f"member {detail.member}: {_units(detail.units, 'member month')}"
        if form.unit in ELEMENT_KEYS:
            title = f"{form.unit} {detail.element} of {detail.member}, {detail.date}"
            says = list(self._limits(form, trace, detail, pays))
        steps = () if inner is None else (inner,)
        return Why("part", title, money(detail.amount), says=tuple(says), number=number, steps=steps)

    def _limits(self, form: ir.FormPlan, trace: Step, detail: Detail, pays: Step) -> Iterator[str]:
        """The caps and floors of one element and its rounding, in sentences; they must lead to its amount."""
        assert isinstance(pays.value, int)
        amount = pays.value
        for step in trace.children:
            if step.what in LIMITS and step.row == pays.row and isinstance(step.value, int):
                after = min(amount, step.value) if step.what == "at most" else max(amount, step.value)
                if after != amount:
                    bound = f"{step.what} {words.dollars(step.value)}"
                    yield f"{bound}: {words.dollars(after)}, not {words.dollars(amount)}"
                amount = after
        final = int(rounded_to(Fraction(amount, ONE), *self.plan.rounding) * ONE)
        if final != amount:
            yield f"{words.dollars(amount)} rounded {words.rounding_text(*self.plan.rounding)}"
        if final != detail.amount:
            raise self.untied(("", "", form.unit), detail.amount, f"its steps lead to {words.dollars(final)}")

    def untied(self, key: tuple[str, str, str], posted: int, why: str) -> DiagnosticError:
        """The internal error of an explanation that does not lead to what was posted to payer, practice, payment."""
        payer, practice, payment = key
        line = f"`{payment}` of {self.plan.participant} `{practice}` and payer `{payer}`"
        return DiagnosticError(
            [finding("MH999", f"the explanation of {line} does not tie: {words.dollars(posted)} is posted, and {why}")]
        )


def _units(units: int, unit: str) -> str:
    """`1 claim line`, `2.5 member months`."""
    return f"{words.grouped(units)} {unit}{'' if units == ONE else 's'}"
