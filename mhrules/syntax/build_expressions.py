"""Lark's parse tree to our tree: names, literals, types and expressions."""

# ruff: noqa: D102 (one method per rule of the grammar, named as the rule)

from __future__ import annotations

import datetime
from typing import Any

import attrs
from lark import Token, Tree

from mhrules import exact
from mhrules.diagnostics.model import Diagnostic
from mhrules.diagnostics.registry import finding
from mhrules.exact import Rounding
from mhrules.source import Source, Span
from mhrules.syntax import tree as t

MOST_DIGITS = 15
MOST_PLACES = 9
_SHAPES = {
    (False, False): "write year, month and day, as in `2011-05-01`",
    (True, False): "write month and day, as in `07-01`; it must exist in every year",
    (False, True): "write year and month, as in `2011-05`",
}
WHOLE_UNITS = {"cents": 2, "dollars": 0, "whole": 0}


def words(token: Token) -> str:
    """A token of several words, single-spaced."""
    return " ".join(token.split())


class ExpressionBuilder:
    """Builds located nodes; one method per rule of the grammar, named as the rule."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Diagnostic] = []

    # ------------------------------------------------------------------------------------- machinery

    def build(self, node: Any) -> Any:
        """The node for a Lark tree (or None for an absent optional part)."""
        if node is None or isinstance(node, Token):
            return node
        return getattr(self, str(node.data).rstrip("_") + "_")(node)

    def span(self, node: Tree[Token] | Token) -> Span:
        """Where a Lark tree or token stands."""
        if isinstance(node, Token):
            return Span(self.source, node.start_pos or 0, node.end_pos or 0)
        meta = node.meta
        if meta.empty:
            return Span(self.source, 0, 0)
        return Span(self.source, meta.start_pos, meta.end_pos)

    def kids(self, node: Tree[Token]) -> list[Any]:
        """Every child built, tokens and absences as they are."""
        return [self.build(child) for child in node.children]

    def notes(self, items: list[Any]) -> tuple[t.Note, ...]:
        return tuple(item for item in items if isinstance(item, t.Note))

    def without_notes(self, items: list[Any]) -> list[Any]:
        return [item for item in items if not isinstance(item, t.Note)]

    # ------------------------------------------------------------------------------------------ words

    def word(self, token: Token) -> t.Name:
        return t.Name(text=str(token), span=self.span(token))

    def name_(self, node: Tree[Token]) -> t.Name:
        return self.word(node.children[0])  # type: ignore[arg-type]

    def names_(self, node: Tree[Token]) -> tuple[t.Name, ...]:
        return tuple(self.kids(node))

    def string(self, token: Token | None) -> str:
        """What stands between the quotes; absent is empty."""
        return "" if token is None else str(token)[1:-1].replace('\\"', '"').replace("\\\\", "\\")

    def integer(self, token: Token) -> int:
        return self.decimal(token, str(token)) // exact.ONE

    def decimal(self, token: Token, text: str) -> int:
        """The number in `text`, in units of 10**-12; a coded finding and 0 if it has too many digits."""
        whole, _, fraction = text.replace("_", "").partition(".")
        if len(whole) > MOST_DIGITS or len(fraction) > MOST_PLACES:
            self.problems.append(
                finding(
                    "MH106",
                    f"`{token[:40]}` has more digits than a number can hold",
                    self.span(token),
                    help=f"write at most {MOST_DIGITS} digits before the point and {MOST_PLACES} after it",
                )
            )
            return 0
        return exact.from_text(text)

    def date(self, token: Token, before: str = "", behind: str = "") -> datetime.date:
        """The day that a token names with what is put `before` or `behind` it; a coded finding if there is none."""
        try:
            return datetime.date.fromisoformat(f"{before}{token}{behind}")
        except ValueError:
            self.problems.append(
                finding(
                    "MH105",
                    f"`{token}` is not {'a month' if behind else 'a day'} of the calendar",
                    self.span(token),
                    help=_SHAPES[bool(before), bool(behind)],
                )
            )
            return datetime.date(1970, 1, 1)

    def note_(self, node: Tree[Token]) -> t.Note:
        kind, value = node.children
        text = self.string(value) if value.type == "STRING" else str(value)  # type: ignore[union-attr, arg-type]
        return t.Note(kind=t.NoteKind(words(kind)), text=text, span=self.span(node))  # type: ignore[arg-type]

    def rounding_rule_(self, node: Tree[Token]) -> t.RoundingRule:
        unit, mode = node.children
        chosen = Rounding(words(mode)) if mode is not None else None  # type: ignore[arg-type]
        return t.RoundingRule(places=WHOLE_UNITS[str(unit)], mode=chosen, unit=str(unit), span=self.span(node))

    def rounding_places_(self, node: Tree[Token]) -> t.RoundingRule:
        places, mode = node.children
        chosen = Rounding(words(mode)) if mode is not None else None  # type: ignore[arg-type]
        return t.RoundingRule(places=self.integer(places), mode=chosen, unit="places", span=self.span(node))  # type: ignore[arg-type]

    def rounding_direction_(self, node: Tree[Token]) -> t.RoundingRule:
        direction, unit = map(str, node.children)
        return t.RoundingRule(places=WHOLE_UNITS[unit], mode=Rounding(direction), unit=unit, span=self.span(node))

    def rounding_direction_places_(self, node: Tree[Token]) -> t.RoundingRule:
        direction, places = node.children
        return t.RoundingRule(
            places=self.integer(places),  # type: ignore[arg-type]
            mode=Rounding(str(direction)),
            unit="places",
            span=self.span(node),
        )

    def duration_(self, node: Tree[Token]) -> t.Duration:
        count, unit = node.children
        name = str(unit).rstrip("s") + "s"
        return t.Duration(count=self.integer(count), unit=t.DurationUnit(name), span=self.span(node))  # type: ignore[arg-type]

    # --------------------------------------------------------------------------------------- literals

    def number_(self, node: Tree[Token]) -> t.Number:
        token = node.children[0]
        value = self.decimal(token, str(token))  # type: ignore[arg-type]
        return t.Number(value=value, whole=token.type == "INT", span=self.span(node))  # type: ignore[union-attr]

    def money_(self, node: Tree[Token]) -> t.Money:
        amount, unit = self.kids(node)
        return t.Money(value=self.decimal(amount, str(amount)[1:]), per=unit, span=self.span(node))

    def money_unit_(self, node: Tree[Token]) -> str:
        word = words(node.children[0])  # type: ignore[arg-type]
        return "member month" if word == "pmpm" else word

    def percent_(self, node: Tree[Token]) -> t.Percent:
        token = node.children[0]
        value = self.decimal(token, str(token)[:-1])  # type: ignore[arg-type]
        return t.Percent(value=value // 100, span=self.span(node))

    def yes_no_(self, node: Tree[Token]) -> t.YesNo:
        return t.YesNo(value=str(node.children[0]) == "yes", span=self.span(node))

    def date_(self, node: Tree[Token]) -> t.Date:
        return t.Date(value=self.date(node.children[0]), span=self.span(node))  # type: ignore[arg-type]

    def text_(self, node: Tree[Token]) -> t.Text:
        return t.Text(value=self.string(node.children[0]), span=self.span(node))  # type: ignore[arg-type]

    def negative_literal_(self, node: Tree[Token]) -> t.Negative:
        return t.Negative(operand=self.kids(node)[-1], span=self.span(node))

    # ------------------------------------------------------------------------------------------ types

    def type_(self, node: Tree[Token]) -> t.TypeName:
        declared, or_missing = self.kids(node)
        if or_missing is None:
            return declared  # type: ignore[no-any-return]
        return attrs.evolve(declared, or_missing=True, span=self.span(node))  # type: ignore[no-any-return]

    def simple_type(self, node: Tree[Token], word: str, **parts: Any) -> t.SimpleType:
        low, high = parts.pop("range", None) or (None, None)
        return t.SimpleType(word=word, low=low, high=high, span=self.span(node), **parts)

    def money_type_(self, node: Tree[Token]) -> t.SimpleType:
        _, unit, bounds = self.kids(node)
        return self.simple_type(node, "$", per=unit, range=bounds)

    def percent_type_(self, node: Tree[Token]) -> t.SimpleType:
        _, places, bounds = self.kids(node)
        return self.simple_type(node, "%", places=places, range=bounds)

    def number_type_(self, node: Tree[Token]) -> t.SimpleType:
        word, places, bounds = self.kids(node)
        return self.simple_type(node, str(word), places=places, range=bounds)

    def word_type_(self, node: Tree[Token]) -> t.SimpleType:
        return self.simple_type(node, str(node.children[0]))

    def member_months_type_(self, node: Tree[Token]) -> t.SimpleType:
        return self.simple_type(node, "member months")

    def type_places_(self, node: Tree[Token]) -> int:
        return self.integer(node.children[0])  # type: ignore[arg-type]

    def type_range_(self, node: Tree[Token]) -> tuple[t.Expression, t.Expression]:
        low, high = self.kids(node)
        return low, high

    def enum_type_(self, node: Tree[Token]) -> t.EnumType:
        return t.EnumType(members=self.members(node), ordered=False, span=self.span(node))

    def ordered_type_(self, node: Tree[Token]) -> t.EnumType:
        return t.EnumType(members=self.members(node), ordered=True, span=self.span(node))

    def members(self, node: Tree[Token]) -> tuple[t.Name, ...]:
        return tuple(item for item in self.kids(node) if isinstance(item, t.Name))

    def named_type_(self, node: Tree[Token]) -> t.NamedType:
        return t.NamedType(name=self.word(node.children[0]), span=self.span(node))  # type: ignore[arg-type]

    # ------------------------------------------------------------------------------------ expressions

    def reference_(self, node: Tree[Token]) -> t.Reference:
        return t.Reference(name=str(node.children[0]), span=self.span(node))

    def parenthesized_(self, node: Tree[Token]) -> t.Parenthesized:
        return t.Parenthesized(inner=self.kids(node)[0], span=self.span(node))

    def if_(self, node: Tree[Token]) -> t.If:
        condition, then, otherwise = self.kids(node)
        return t.If(condition=condition, then=then, otherwise=otherwise, span=self.span(node))

    def logic(self, node: Tree[Token], operator: str) -> t.Logic:
        left, right = self.kids(node)
        same = isinstance(left, t.Logic) and left.operator == operator
        operands = (*left.operands, right) if same else (left, right)
        return t.Logic(operator=operator, operands=operands, span=self.span(node))

    def or_pair_(self, node: Tree[Token]) -> t.Logic:
        return self.logic(node, "or")

    def and_pair_(self, node: Tree[Token]) -> t.Logic:
        return self.logic(node, "and")

    def not_(self, node: Tree[Token]) -> t.Not:
        return t.Not(operand=self.kids(node)[0], span=self.span(node))

    def compare_(self, node: Tree[Token]) -> t.Compare:
        left, operator, right = self.kids(node)
        return t.Compare(operator=str(operator), left=left, right=right, span=self.span(node))

    def in_set_(self, node: Tree[Token]) -> t.InSet:
        operand, *members = (item for item in self.kids(node) if isinstance(item, t.Expression))
        return t.InSet(operand=operand, members=tuple(members), span=self.span(node))

    def in_valueset_(self, node: Tree[Token]) -> t.InValueSet:
        operand, valueset = self.kids(node)
        return t.InValueSet(operand=operand, valueset=valueset, span=self.span(node))

    def in_range_(self, node: Tree[Token]) -> t.InRange:
        operand, low, high = self.kids(node)
        return t.InRange(operand=operand, low=low, high=high, span=self.span(node))

    def rounded_(self, node: Tree[Token]) -> t.Rounded:
        operand, rule = self.kids(node)
        return t.Rounded(operand=operand, rule=rule, span=self.span(node))

    def kept_within_(self, node: Tree[Token]) -> t.KeptWithin:
        operand, low, high = self.kids(node)
        return t.KeptWithin(operand=operand, low=low, high=high, span=self.span(node))

    def as_percent_(self, node: Tree[Token]) -> t.AsPercent:
        return t.AsPercent(operand=self.kids(node)[0], span=self.span(node))

    def timed_(self, node: Tree[Token]) -> t.Timed:
        inner, when = self.kids(node)
        return t.Timed(inner=inner, when=t.When(words(when)), span=self.span(node))

    def attributed_at_least_(self, node: Tree[Token]) -> t.AttributedAtLeast:
        inner, _, months = self.kids(node)
        return t.AttributedAtLeast(inner=inner, months=self.integer(months), span=self.span(node))

    def same_for_each_payer_(self, node: Tree[Token]) -> t.SameForEachPayer:
        return t.SameForEachPayer(operand=self.kids(node)[0], span=self.span(node))

    def increased_(self, node: Tree[Token]) -> t.Increased:
        operand, *rest = self.kids(node)
        return t.Increased(
            operand=operand,
            increases=tuple(item for item in rest if isinstance(item, t.Increase)),
            compounding=str(rest[-1]) == "compounding",
            span=self.span(node),
        )

    def increase_(self, node: Tree[Token]) -> t.Increase:
        items = self.kids(node)
        value, condition = self.without_notes(items)
        return t.Increase(value=value, condition=condition, notes=self.notes(items), span=self.span(node))

    def steps_(self, node: Tree[Token]) -> t.Steps:
        base, step, _, full, size, quantity, above, *cap = (
            item for item in self.kids(node) if not (isinstance(item, Token) and item.type == "COMMA_AT_MOST")
        )
        return t.Steps(
            base=base,
            step=step,
            full=full is not None,
            size=size,
            quantity=quantity,
            above=above,
            cap=next((item for item in cap if item is not None), None),
            span=self.span(node),
        )

    def arithmetic(self, node: Tree[Token], operator: str) -> t.Arithmetic:
        left, right = (item for item in self.kids(node) if isinstance(item, t.Node))
        return t.Arithmetic(operator=operator, left=left, right=right, span=self.span(node))  # type: ignore[arg-type]

    def plus_(self, node: Tree[Token]) -> t.Arithmetic:
        return self.arithmetic(node, "+")

    def minus_(self, node: Tree[Token]) -> t.Arithmetic:
        return self.arithmetic(node, "-")

    def times_(self, node: Tree[Token]) -> t.Arithmetic:
        return self.arithmetic(node, "*")

    def over_(self, node: Tree[Token]) -> t.Arithmetic:
        return self.arithmetic(node, "/")

    def of_(self, node: Tree[Token]) -> t.Arithmetic:
        return self.arithmetic(node, "of")

    def negative_(self, node: Tree[Token]) -> t.Negative:
        return t.Negative(operand=self.kids(node)[-1], span=self.span(node))

    def with_default_(self, node: Tree[Token]) -> t.WithDefault:
        operand, fallback = self.kids(node)
        return t.WithDefault(operand=operand, fallback=fallback, span=self.span(node))

    def call_(self, node: Tree[Token]) -> t.Call:
        function, *arguments, across = self.kids(node)
        return t.Call(
            function=self.word(function),
            arguments=tuple(item for item in arguments if item is not None),
            across_payers=across is not None,
            span=self.span(node),
        )

    def argument_(self, node: Tree[Token]) -> t.Argument:
        value, over, where, within, last, ties = self.kids(node)
        return t.Argument(
            value=value,
            over=over,
            where=where,
            within=within,
            proportion_to_months=isinstance(last, Token),
            to=last if isinstance(last, t.Name) else None,
            ties=ties,
            span=self.span(node),
        )

    def collection_of_(self, node: Tree[Token]) -> t.CollectionOf:
        collection, key = self.kids(node)
        return t.CollectionOf(collection=collection, key=key, span=self.span(node))

    def average_members_(self, node: Tree[Token]) -> t.AverageMembers:
        return t.AverageMembers(collection=self.kids(node)[-1], span=self.span(node))

    def baseline_(self, node: Tree[Token]) -> t.Expression:
        argument, trend = self.kids(node)
        span = self.span(node)
        function = t.Name(text="baseline", span=Span(self.source, span.start, span.start + len("baseline")))
        call = t.Call(function=function, arguments=(argument,), span=span)
        return call if trend is None else t.Baseline(call=call, trend=trend, span=span)

    def number_met_(self, node: Tree[Token]) -> t.NumberMet:
        conditions = tuple(item for item in self.kids(node) if isinstance(item, t.Reference))
        return t.NumberMet(conditions=conditions, span=self.span(node))

    def interpolate_(self, node: Tree[Token]) -> t.Interpolate:
        table, at = self.kids(node)
        return t.Interpolate(table=table, at=at, span=self.span(node))

    def split_(self, node: Tree[Token]) -> t.Split:
        pool, parts = self.kids(node)
        return t.Split(pool=pool, span=self.span(node), **parts)

    def split_equally_(self, node: Tree[Token]) -> dict[str, Any]:
        among, in_force, where, refused = self.kids(node)
        return {
            "among": among,
            "where": where,
            "weight": None,
            "in_force": in_force is not None,
            "refused_to": refused,
        }

    def split_weighted_(self, node: Tree[Token]) -> dict[str, Any]:
        among, where, _, weight, *refused = self.kids(node)
        return {"among": among, "where": where, "weight": weight, "in_force": False, "refused_to": refused[0]}

    def refused_(self, node: Tree[Token]) -> t.Name:
        return self.kids(node)[-1]  # type: ignore[no-any-return]

    def share_of_(self, node: Tree[Token]) -> t.ShareOf:
        _, total, weight = self.kids(node)
        return t.ShareOf(total=total, weight=weight, span=self.span(node))

    def billed_by_(self, node: Tree[Token]) -> t.BilledBy:
        return t.BilledBy(biller=self.kids(node)[-1], span=self.span(node))

    # --------------------------------------------------------------------------------------- deciding

    def choose_(self, node: Tree[Token]) -> t.Choose:
        first, *rows = self.kids(node)
        return t.Choose(
            first=first is not None,
            rows=tuple(item for item in rows if isinstance(item, t.Row)),
            span=self.span(node),
        )

    def choose_row_(self, node: Tree[Token]) -> t.Row:
        items = self.kids(node)
        *condition, value = self.without_notes(items)
        return t.Row(
            condition=condition[0] if condition else None, value=value, notes=self.notes(items), span=self.span(node)
        )

    def bands_(self, node: Tree[Token]) -> t.Bands:
        operand, *rows = self.kids(node)
        return t.Bands(
            operand=operand, rows=tuple(item for item in rows if isinstance(item, t.Band)), span=self.span(node)
        )

    def band_(self, node: Tree[Token]) -> t.Band:
        items = self.kids(node)
        *below, value = self.without_notes(items)
        return t.Band(below=below[0] if below else None, value=value, notes=self.notes(items), span=self.span(node))

    def best_of_(self, node: Tree[Token]) -> t.BestOf:
        word, *alternatives = self.kids(node)
        return t.BestOf(
            greater=str(word).startswith("greater"),
            alternatives=tuple(item for item in alternatives if isinstance(item, t.Alternative)),
            span=self.span(node),
        )

    def alternative_(self, node: Tree[Token]) -> t.Alternative:
        items = self.kids(node)
        name, value, condition = self.without_notes(items)
        return t.Alternative(name=name, value=value, condition=condition, notes=self.notes(items), span=self.span(node))
