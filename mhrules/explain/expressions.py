"""Steps of the interpreter to steps of an explanation: facts, parameters, named values, arithmetic, aggregates.

What says nothing is left out: literals, parentheses, signs, and products inside products that are exact.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from attrs import evolve

from mhrules.engine.elements import ENROLLMENT, MEMBER, PROVIDER
from mhrules.engine.records import KINDS
from mhrules.engine.rows import Row, Step, clock_words
from mhrules.engine.slices import Settled
from mhrules.explain import words
from mhrules.explain.model import Fact, Parameter, Why
from mhrules.plan import ir
from mhrules.plan.whole import SettingValue
from mhrules.semantics.calendar import MONTHS_IN_YEAR, first_day, last_day, month_label
from mhrules.settle.payments import Books

NAMED = frozenset({"define", "let", "report", "table"})
AS_SETTLED = "as settled"
"""What is said of a value that rests on everybody and was read from the run, not worked out anew."""
LEAVES = frozenset({"fact", "parameter", "units", "posting"}) | NAMED
BELOW_PRACTICE = frozenset({MEMBER, ENROLLMENT, PROVIDER, *KINDS})
_FAMILIES = {"+": "+-", "-": "+-", "*": "*/", "/": "*/"}


def child(step: Step, what: object) -> Step | None:
    """The first step below that is about `what`."""
    return next((below for below in step.children if below.what is what), None)


class Expressions(ABC):
    """Steps to steps, for the lines of `books`. `deep` expands what otherwise ends at a leaf with a count."""

    def __init__(self, books: Books, *, deep: bool) -> None:
        self.books = books
        self.plan = books.plan
        self.deep = deep
        self._short: dict[object, Why] = {}
        self._last = 0
        self._handlers: dict[type, Callable[[Any, Step], Why | None]] = {
            ir.Literal: lambda node, step: None,
            ir.RowKey: self._row_key,
            ir.Cell: self._cell,
            ir.Feature: self.feature,
            ir.Panel: self._panel,
            ir.Setting: self._setting,
            ir.Clock: self._clock,
            ir.Read: self._read,
            ir.Arithmetic: self._arithmetic,
            ir.Round: self._round,
            ir.Aggregate: self._aggregate,
            ir.Extreme: self.extreme,
            ir.Compare: self.compare,
            ir.OneOf: self.one_of,
            ir.Logic: self.logic,
            ir.Not: self.negation,
            ir.Case: self.case,
            ir.Known: self.asked_known,
            ir.Default: self.default,
            ir.Total: self.total,
            ir.Split: self.split,
        }

    # ------------------------------------------------------------------------------------------- steps

    def why(self, step: Step | None) -> Why | None:
        """The step of an expression; None for what was not evaluated, and for what the text says by itself."""
        if step is None:
            return None
        assert isinstance(step.what, ir.Expression)
        if step.faults:
            return self.faulted(step)
        return self._handlers[type(step.what)](step.what, step)

    def whys(self, steps: Iterable[Step | None]) -> tuple[Why, ...]:
        """The steps that say something."""
        return tuple(found for step in steps if (found := self.why(step)) is not None)

    def below(self, step: Step, *parts: ir.Expression | None) -> tuple[Why, ...]:
        """The steps of an expression's parts, each once, where they were evaluated."""
        distinct = dict.fromkeys(part for part in parts if part is not None)
        return self.whys(child(step, part) for part in distinct)

    def written(self, kind: str, node: ir.Expression, step: Step, steps: tuple[Why, ...], *says: str) -> Why:
        """A step titled by the rule text of its expression."""
        return Why(
            kind=kind,
            title=words.title_of(node.span),
            worth=words.worth(step.value, node.type),
            says=tuple(sentence for sentence in says if sentence),
            place=words.place_of(node.span),
            support=words.support_of(node.notes),
            number=self.next(),
            steps=steps,
        )

    def next(self) -> int:
        """A number for a new step."""
        self._last += 1
        return self._last

    def once(self, key: object, make: Callable[[], Why]) -> Why:
        """A step that is explained once; afterwards a short one that says where."""
        if key in self._short:
            return evolve(self._short[key], number=self.next())
        made = make()
        self._short[key] = Why(made.kind, made.title, made.worth, at=made.at, see=made.number)
        return made

    def faulted(self, step: Step) -> Why:
        """A step that could not be evaluated: what is not known stands at the deepest one."""
        what = step.what
        assert isinstance(what, (ir.Expression, ir.Quantity))
        says: tuple[str, ...] = ()
        if not any(below.faults for below in step.children):
            says = tuple(f"{fault.code}: {fault.message}" for fault in step.faults[:3])
        return Why(
            kind="value",
            title=words.title_of(what.span),
            says=("cannot be known", *says),
            place=words.place_of(what.span),
            support=words.support_of(what.notes),
            number=self.next(),
            steps=tuple(found for below in step.children if (found := self._under_fault(below)) is not None),
        )

    def _under_fault(self, step: Step) -> Why | None:
        if isinstance(step.what, ir.Quantity):
            inner = child(step, step.what.expression)
            return None if inner is None else self.why(inner)
        return self.why(step) if isinstance(step.what, ir.Expression) else None

    def whose(self, row: Row) -> str:
        """A row as people are told."""
        return row.words(self.plan.calendar)

    # ------------------------------------------------------------------------------------------ leaves

    def _row_key(self, node: ir.RowKey, step: Step) -> Why:
        return self.written("value", node, step, ())

    def _cell(self, node: ir.Cell, step: Step) -> Why:
        key = step.detail if isinstance(step.detail, tuple) else ()
        names = [self.plan.participant if name == "practice" else name for name in node.table_keys]
        texts = [part if isinstance(part, str) else words.clock_text(part, self.plan.calendar) for part in key]
        schema = self.plan.schema.table(node.table)
        column = next(each for each in schema.columns if each.name == node.column)
        on = self._day(node, step.row) if schema.dated else ""
        fact = Fact(node.table, node.column, tuple(zip(names, texts, strict=False)), on, column.title)

        def made() -> Why:
            place = words.place_of(column.span) or words.place_of(node.span)
            return evolve(self.written("fact", node, step, ()), title=node.column, place=place, fact=fact)

        return self.once(fact, made)

    def _day(self, node: ir.Cell, row: Row) -> str:
        """The day on which a dated fact is read."""
        months = self.books.world.months(row) or (self.plan.first_month,)
        day = last_day(months[-1]) if node.moment is ir.Moment.LAST_DAY else first_day(months[0])
        return day.isoformat()

    def _panel(self, node: ir.Panel, step: Step) -> Why:
        if node.across:
            return self.across(node, step)
        if self.books.world.below.given:
            return self.members_counted(node, step)
        fact, says = self.panel(step.row), self.no_row(step.row, self.books.world.months(step.row))
        return self.once(fact, lambda: evolve(self.written("fact", node, step, (), *says), fact=fact))

    def panel(self, row: Row) -> Fact:
        """Where member months are read."""
        world, months = self.books.world, words.months_text(self.books.world.months(row))
        keys = ((self.plan.participant, world.lookup(row, "practice")), ("payer", world.lookup(row, "payer")))
        return Fact(world.facts.schema.panel, "member_months", (*keys, ("month", months)))

    def no_row(self, row: Row, months: tuple[int, ...]) -> tuple[str, ...]:
        """What is said of months without a row of member months, which count 0; nothing where all have one."""
        absent = tuple(month for month in months if not self._has_row(row, month))
        if not absent:
            return ()
        return ("no row, so 0",) if absent == months else (f"no row for {words.months_text(absent)}, so 0 there",)

    def _has_row(self, row: Row, month: int) -> bool:
        """Whether the data have a row of member months for the row's payer and practice."""
        facts, world, name = self.books.interpreter.facts, self.books.world, self.panel(row).table
        if world.below.given:
            return True
        if not facts.present(name):
            return False
        key: dict[str, ir.Value] = {
            "practice": world.lookup(row, "practice"),
            "payer": world.lookup(row, "payer"),
            "month": first_day(month),
        }
        return facts.cell(name, "member_months", tuple(key[each] for each in facts.indexed(name).names)) is not None

    def _setting(self, node: ir.Setting, step: Step) -> Why:
        found = step.detail
        assert isinstance(found, SettingValue)

        def made() -> Why:
            by = f"contract {self._contract(step.row)}" if found.by_contract else "program"
            place = words.place_of(found.span)
            assert place is not None
            since = first_day(max(found.first_month, self.plan.first_month)).isoformat()
            return evolve(
                self.written("parameter", node, step, ()),
                title=node.parameter,
                place=place,
                support=words.support_of(found.notes, node.notes),
                parameter=Parameter(since, by, place),
            )

        return self.once((node.parameter, found), made)

    def _contract(self, row: Row) -> str:
        payer = row.get("payer")
        return "" if payer is None else self.plan.payer(payer).contract

    def _clock(self, node: ir.Clock, step: Step) -> Why:
        says = at = ""
        if step.row.clock is not None:
            at = clock_words(step.row.clock, self.plan.calendar)
        if node.what == "contract_year":
            start = self.books.world.presence(self.books.world.lookup(step.row, "practice")).start
            says = f"counted from {month_label(start)}"
        return self.once((node.what, step.row), lambda: evolve(self.written("value", node, step, (), says), at=at))

    # ------------------------------------------------------------------------------------ named values

    def _read(self, node: ir.Read, step: Step) -> Why:
        found = child(step, node.quantity)
        if found is None:
            return self.written("value", node, step, (), "missing: there is nothing before the first year")
        moved = found.row.clock != step.row.clock and node.move is not None
        at = clock_words(found.row.clock, self.plan.calendar) if moved and found.row.clock is not None else ""
        title = words.title_of(node.span)
        if node.move is ir.Move.BASE_YEAR:  # `baseline(x)` is the sum; each year is one x
            title = (
                node.quantity.title if node.quantity.kind in NAMED else words.title_of(node.quantity.expression.span)
            )
        if node.quantity.kind not in NAMED:
            inner = child(found, node.quantity.expression)
            if node.move is ir.Move.BASE_YEAR and (body := self.why(inner)) is not None and body.kind in LEAVES:
                return evolve(body, at=at)
            key = (node.quantity, found.row)
            made = self.once(key, lambda: evolve(self.written("value", node, step, self.unfolded(inner)), at=at))
            return evolve(made, title=title)
        made = self.named(found)
        return evolve(made, title=title, at=at or made.at)

    def named(self, step: Step) -> Why:
        """A named value with what it stands for; where it stands again, only its value."""
        return self.once((step.what, step.row), lambda: self._quantity(step))

    def _quantity(self, step: Step) -> Why:
        quantity = step.what
        assert isinstance(quantity, ir.Quantity)
        inner = child(step, quantity.expression)
        formula = words.title_of(quantity.expression.span)
        body = self.why(inner)
        merged = body is not None and body.kind not in LEAVES and body.title == formula and not body.see
        return Why(
            kind=quantity.kind,
            title=quantity.title,
            worth=words.worth(step.value, quantity.expression.type),
            at=body.at if body is not None and merged else "",
            formula="" if words.is_block(formula) or quantity.kind == "table" else formula,
            says=body.says if body is not None and merged else (),
            place=body.place if body is not None and quantity.kind == "table" else words.place_of(quantity.span),
            support=words.support_of(quantity.notes) + (body.support if body is not None and merged else ()),
            number=body.number if body is not None and merged else self.next(),
            steps=body.steps if body is not None and merged else () if body is None else (body,),
        )

    def unfolded(self, step: Step | None) -> tuple[Why, ...]:
        """What a step rests on, for a parent that already carries its title and value."""
        body = self.why(step)
        if body is None:
            return ()
        folds = body.kind not in LEAVES and not body.says and not body.support and not body.see and not body.at
        return body.steps if folds else (body,)

    # -------------------------------------------------------------------------------------- arithmetic

    def _arithmetic(self, node: ir.Arithmetic, step: Step) -> Why | None:
        left, right = child(step, node.left), child(step, node.right)
        if node.operator == "-" and isinstance(node.left, ir.Literal) and node.left.span == node.span:
            return self.why(right)
        years = _weighted_years(node, step)
        if years:
            return self._baseline(node, step, years)
        return self.written("value", node, step, self._terms(node, left, right), self._rounding(node, left, right))

    def _baseline(self, node: ir.Arithmetic, step: Step, years: list[tuple[int, Step]]) -> Why:
        """The weighted sum of a value over the years of the baseline: the weights, and each year's value."""
        weights = []
        for weight, read in years:
            assert isinstance(read.what, ir.Read)
            weights.append(f"{words.percent(weight)} of {read.what.year}")
        return self.written("value", node, step, self.whys(read for _, read in years), " + ".join(weights))

    def _rounding(self, node: ir.Arithmetic, left: Step | None, right: Step | None) -> str:
        if node.rounding is not None and node.places is not None:
            return f"rounded {words.rounding_text(node.places, node.rounding)}"
        values = [step.value for step in (left, right) if step is not None and isinstance(step.value, int)]
        return "rounded to 12 places" if len(values) == 2 and words.cut_to_twelve(node, *values) else ""

    def _terms(self, node: ir.Arithmetic, *sides: Step | None) -> tuple[Why, ...]:
        """The operands; an operand of the same family that is exact gives its own operands instead."""
        found: list[Why] = []
        for step in sides:
            inner = None if step is None else step.what
            if step is not None and isinstance(inner, ir.Arithmetic) and self._joins(node, inner, step):
                found += self._terms(inner, child(step, inner.left), child(step, inner.right))
            else:
                found += self.whys([step])
        return tuple(found)

    def _joins(self, node: ir.Arithmetic, inner: ir.Arithmetic, step: Step) -> bool:
        if (
            step.faults
            or _weighted_years(inner, step)
            or self._rounding(inner, child(step, inner.left), child(step, inner.right))
        ):
            return False
        same = _FAMILIES[node.operator] == _FAMILIES[inner.operator] and (node.operator != "/" or inner is node.left)
        return same or inner.span == node.span

    def _round(self, node: ir.Round, step: Step) -> Why:
        says = f"rounded {words.rounding_text(node.places, node.rounding)}"
        inner = child(step, node.operand)
        if inner is not None and isinstance(inner.value, int) and inner.value != step.value:
            says += f", from {words.shown(inner.value, node.operand.type)}"
        return self.written("value", node, step, self.unfolded(inner), says)

    # -------------------------------------------------------------------------------------- aggregates

    def _aggregate(self, node: ir.Aggregate, step: Step) -> Why:
        """A leaf with how many rows it runs over, of a year's months with each value; `deep` has a step for each."""
        settled = step.detail if isinstance(step.detail, Settled) else None
        rows = settled.rows if settled is not None else step.detail if isinstance(step.detail, int) else 0
        what = " and ".join(self.plan.participant if key == "practice" else key for key in node.over)
        says = f"over {words.counted(rows, what.replace('_', ' '))}"
        if settled is not None:
            return self.written("aggregate", node, step, (), f"{says if rows else 'over all'}, {AS_SETTLED}")
        below = node.over[0] in BELOW_PRACTICE and node.function != "latest"
        if below and node.where is not None and node.body is not None:
            says += f", {sum(each.what is node.body for each in step.children):,} of them count"
        steps = self._elements(node, step) if self.deep else ()
        if node.over == ("month",) and 1 < rows <= MONTHS_IN_YEAR and not self.deep:
            monthly = ", ".join(self._monthly(node, step))
            says += f": {monthly}" if monthly else ""
        return self.written("aggregate", node, step, steps, says)

    def _monthly(self, node: ir.Aggregate, step: Step) -> Iterator[str]:
        """`2012-01 $5.00`, `2012-02 to 2012-06 $7.00 each`: the values by month, equal ones together."""
        runs: list[tuple[str, list[int]]] = []
        for below in step.children:
            if node.body is None or below.what is not node.body or below.row.clock is None:
                continue
            text, month = words.shown(below.value, node.body.type), below.row.clock[1]
            if isinstance(node.body, ir.Panel):
                absent = not self._has_row(below.row, month)
                text = words.grouped(below.value if isinstance(below.value, int) else 0) + " (no row)" * absent
            if runs and runs[-1][0] == text and runs[-1][1][-1] == month - 1:
                runs[-1][1].append(month)
            else:
                runs.append((text, [month]))
        for text, months in runs:
            yield f"{words.months_text(tuple(months))} {text}{' each' if len(months) > 1 else ''}"

    def _elements(self, node: ir.Aggregate, step: Step) -> tuple[Why, ...]:
        found = []
        for below in step.children:
            if below.what is node.where and below.value is not True:
                found.append(self._element(node, below, "does not count"))
            elif below.what is node.body or (node.body is None and below.what is node.where):
                found.append(self._element(node, below))
        return tuple(found)

    def _element(self, over: ir.Aggregate, below: Step, *says: str) -> Why:
        node, row = below.what, below.row
        assert isinstance(node, ir.Expression)
        made = self.why(below) or self.written("value", node, below, ())
        timed = any(key in ir.TIME_KEYS for key in over.over)
        own = Row(tuple(pair for pair in row.keys if pair[0] in over.over), row.clock if timed else None, row.base)
        records = self.books.world.below.chosen(own)
        of = f" of `{records[0].person}`, {records[0].date}" if records else ""
        return evolve(made, at=self.whose(own) + of, says=(*says, *made.says))

    # ------------------------------------------------------------------------------------ other modules

    @abstractmethod
    def feature(self, node: ir.Feature, step: Step) -> Why:
        """What is known of a person or of a record."""

    @abstractmethod
    def across(self, node: ir.Panel, step: Step) -> Why:
        """Members under all payers."""

    @abstractmethod
    def members_counted(self, node: ir.Panel, step: Step) -> Why:
        """Member months that members make."""

    @abstractmethod
    def extreme(self, node: ir.Extreme, step: Step) -> Why:
        """The greatest or least of several values."""

    @abstractmethod
    def compare(self, node: ir.Compare, step: Step) -> Why:
        """A comparison with its margin."""

    @abstractmethod
    def one_of(self, node: ir.OneOf, step: Step) -> Why:
        """Whether a value is one of a set."""

    @abstractmethod
    def logic(self, node: ir.Logic, step: Step) -> Why:
        """Conditions joined by `and` or `or`."""

    @abstractmethod
    def negation(self, node: ir.Not, step: Step) -> Why:
        """`not`."""

    @abstractmethod
    def case(self, node: ir.Case, step: Step) -> Why:
        """A choice, with the row that won."""

    @abstractmethod
    def asked_known(self, node: ir.Known, step: Step) -> Why:
        """Whether a value is known."""

    @abstractmethod
    def default(self, node: ir.Default, step: Step) -> Why | None:
        """A value or its default."""

    @abstractmethod
    def total(self, node: ir.Total, step: Step) -> Why:
        """The postings of another payment."""

    @abstractmethod
    def split(self, node: ir.Split, step: Step) -> Why:
        """A part of a pool."""


def _weighted_years(node: ir.Expression, step: Step) -> list[tuple[int, Step]]:
    """The weights and values that a `baseline(…)` adds up, first to last; nothing of another expression."""
    if not isinstance(node, ir.Arithmetic) or node.right.span != node.span:
        return []
    left, right = child(step, node.left), child(step, node.right)
    if left is None or right is None:
        return []
    if isinstance(node.right, ir.Read) and node.right.move is ir.Move.BASE_YEAR:
        return [(left.value, right)] if node.operator == "*" and isinstance(left.value, int) else []
    first, last = _weighted_years(node.left, left), _weighted_years(node.right, right)
    return first + last if first and last and node.operator == "+" and node.left.span == node.span else []


def renumbered(root: Why) -> Why:
    """The steps numbered from 1 in the order they are read, references along."""
    numbers = {step.number: place for place, step in enumerate(root.walk(), start=1)}

    def again(step: Why) -> Why:
        return evolve(
            step,
            number=numbers[step.number],
            see=numbers.get(step.see, 0),
            steps=tuple(again(below) for below in step.steps),
        )

    return again(root)
