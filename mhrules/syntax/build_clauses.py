"""Lark's parse tree to our tree: the clauses of programs and the blocks inside them."""

# ruff: noqa: D102 (one method per rule of the grammar, named as the rule)

from __future__ import annotations

from typing import Any

from lark import Token, Tree

from mhrules.syntax import tree as t
from mhrules.syntax.build_expressions import ExpressionBuilder, words


def of_type(items: list[Any], kind: type) -> tuple[Any, ...]:
    """The items of one node class, in order."""
    return tuple(item for item in items if isinstance(item, kind))


def clauses(items: list[Any]) -> tuple[t.Clause, ...]:
    """The clauses among the items, in order."""
    return of_type(items, t.Clause)


class ClauseBuilder(ExpressionBuilder):
    """Adds the clauses of a program; one method per rule of the grammar, named as the rule."""

    def cite_(self, node: Tree[Token]) -> t.Cite:
        return t.Cite(text=self.string(node.children[-1]), span=self.span(node))  # type: ignore[arg-type]

    def term_(self, node: Tree[Token]) -> t.Term:
        first, last = node.children
        end = None if last.type == "ONWARD" else self.date(last)  # type: ignore[union-attr, arg-type]
        return t.Term(first=self.date(first), last=end, span=self.span(node))  # type: ignore[arg-type]

    def year_rule_(self, node: Tree[Token]) -> t.YearRule:
        word = str(node.children[0])
        if word == "calendar":
            return t.YearRule(month=1, day=1, calendar=True, span=self.span(node))
        first = self.date(node.children[0], "2001-")  # type: ignore[arg-type]
        return t.YearRule(month=first.month, day=first.day, calendar=False, span=self.span(node))

    def starts_(self, node: Tree[Token]) -> t.Starts:
        return t.Starts(fact=self.kids(node)[0], span=self.span(node))

    def rounding_clause_(self, node: Tree[Token]) -> t.RoundingClause:
        return t.RoundingClause(rule=self.kids(node)[0], span=self.span(node))

    def months_count_(self, node: Tree[Token]) -> t.MonthsCount:
        *rule, opened = self.kids(node)
        word = words(rule[-1])
        return t.MonthsCount(rule=t.MonthsRule(word), opened=opened is not None, span=self.span(node))

    def unscored_(self, node: Tree[Token]) -> t.UnscoredRule:
        return t.UnscoredRule(rule=t.Unscored(words(node.children[0])), span=self.span(node))  # type: ignore[arg-type]

    def cost_is_(self, node: Tree[Token]) -> t.CostIs:
        return t.CostIs(basis=str(node.children[0]), span=self.span(node))

    def participant_(self, node: Tree[Token]) -> t.Participant:
        name, of_providers, title = self.kids(node)
        return t.Participant(
            name=name, of_providers=of_providers is not None, title=self.string(title), span=self.span(node)
        )

    # ------------------------------------------------------------------------------------- convening

    def convening_(self, node: Tree[Token]) -> t.Convening:
        return t.Convening(clauses=clauses(self.kids(node)), span=self.span(node))

    def convener_(self, node: Tree[Token]) -> t.Convener:
        kind, title = self.kids(node)
        return t.Convener(kind=kind, title=self.string(title), span=self.span(node))

    def authority_(self, node: Tree[Token]) -> t.Authority:
        items = self.kids(node)
        return t.Authority(text=self.string(items[0]), notes=self.notes(items), span=self.span(node))

    def requires_payers_(self, node: Tree[Token]) -> t.RequiresPayers:
        items = self.kids(node)
        return t.RequiresPayers(count=self.integer(items[0]), notes=self.notes(items), span=self.span(node))

    def contract_required_(self, node: Tree[Token]) -> t.ContractRequired:
        return t.ContractRequired(span=self.span(node))

    def payer_(self, node: Tree[Token]) -> t.Payer:
        items = self.kids(node)
        name, title, lines, start = self.without_notes(items)
        return t.Payer(
            name=name,
            title=self.string(title),
            lines=lines or (),
            start=None if start is None else self.date(start),
            notes=self.notes(items),
            span=self.span(node),
        )

    # ----------------------------------------------------------------------------------- declarations

    def type_declaration_(self, node: Tree[Token]) -> t.TypeDeclaration:
        name, definition = self.kids(node)
        return t.TypeDeclaration(name=name, definition=definition, span=self.span(node))

    def key_declaration_(self, node: Tree[Token]) -> t.KeyDeclaration:
        name, of = self.kids(node)
        return t.KeyDeclaration(name=name, of=of, span=self.span(node))

    def group_by_fact_(self, node: Tree[Token]) -> t.GroupByFact:
        name, of, fact = self.kids(node)
        return t.GroupByFact(name=name, of=of, fact=fact, span=self.span(node))

    def group_by_rules_(self, node: Tree[Token]) -> t.GroupByRules:
        name, of, *rest = self.kids(node)
        return t.GroupByRules(name=name, of=of, clauses=clauses(rest), span=self.span(node))

    def group_part(self, node: Tree[Token]) -> t.Later:
        return t.Later(what="groups with rules", span=self.span(node))

    group_alone_ = group_chosen_ = group_default_ = group_part

    def payee_declaration_(self, node: Tree[Token]) -> t.PayeeDeclaration:
        name, of, fact = self.kids(node)
        return t.PayeeDeclaration(name=name, of=of, fact=fact, span=self.span(node))

    def valueset_(self, node: Tree[Token]) -> t.ValueSet:
        name, *strings = (item for item in self.kids(node) if not (isinstance(item, Token) and item.type == "_SEP"))
        texts = tuple(t.Text(value=self.string(item), span=self.span(item)) for item in strings)
        from_file = '"' in self.span(node).text.split("from", 1)[-1] and "{" not in self.span(node).text
        return t.ValueSet(
            name=name,
            path=texts[0] if from_file else None,
            codes=() if from_file else texts,
            span=self.span(node),
        )

    def columns_(self, node: Tree[Token]) -> tuple[t.FactColumn, ...]:
        return of_type(self.kids(node), t.FactColumn)

    def column_(self, node: Tree[Token]) -> t.FactColumn:
        items = self.kids(node)
        name, declared, title = self.without_notes(items)
        return t.FactColumn(
            name=name, type=declared, title=self.string(title), notes=self.notes(items), span=self.span(node)
        )

    def facts_(self, node: Tree[Token]) -> t.Facts:
        keys, dated, columns = self.kids(node)
        return t.Facts(keys=keys, dated=dated is not None, columns=columns, span=self.span(node))

    def events_(self, node: Tree[Token]) -> t.Events:
        name, columns = self.kids(node)
        return t.Events(name=name, columns=columns, span=self.span(node))

    # ------------------------------------------------------------------- members, participation, attribution

    def classify_(self, node: Tree[Token]) -> t.Classify:
        target, *rows = self.kids(node)
        return t.Classify(target=target, rows=of_type(rows, t.ClassifyRow), span=self.span(node))

    def classify_row_(self, node: Tree[Token]) -> t.ClassifyRow:
        items = self.kids(node)
        *condition, service = self.without_notes(items)
        return t.ClassifyRow(
            condition=condition[0] if condition else None,
            service=service,
            notes=self.notes(items),
            span=self.span(node),
        )

    def eligible_members_(self, node: Tree[Token]) -> t.EligibleMembers:
        return t.EligibleMembers(clauses=clauses(self.kids(node)), span=self.span(node))

    def exclude_(self, node: Tree[Token]) -> t.Exclude:
        items = self.kids(node)
        name, title, condition = self.without_notes(items)
        return t.Exclude(
            name=name, title=self.string(title), condition=condition, notes=self.notes(items), span=self.span(node)
        )

    def newborns_(self, node: Tree[Token]) -> t.NewbornsFromBirth:
        return t.NewbornsFromBirth(span=self.span(node))

    def population_(self, node: Tree[Token]) -> t.Population:
        name, title, definition = self.kids(node)
        return t.Population(name=name, title=self.string(title), definition=definition, span=self.span(node))

    def participation_(self, node: Tree[Token]) -> t.Participation:
        opened, *rest = self.kids(node)
        return t.Participation(open_to_stricter=opened is not None, clauses=clauses(rest), span=self.span(node))

    def require_(self, node: Tree[Token]) -> t.Require:
        items = self.kids(node)
        name, title, condition, deadline = self.without_notes(items)
        return t.Require(
            name=name,
            title=self.string(title),
            condition=condition,
            by_month=None if deadline is None else self.integer(deadline),
            notes=self.notes(items),
            span=self.span(node),
        )

    def any_of_(self, node: Tree[Token]) -> t.RequireSome:
        requirements = of_type(self.kids(node), t.Require)
        return t.RequireSome(at_least=1, any_of=True, requirements=requirements, span=self.span(node))

    def at_least_of_(self, node: Tree[Token]) -> t.RequireSome:
        count, *rest = self.kids(node)
        return t.RequireSome(
            at_least=self.integer(count),
            any_of=False,
            requirements=of_type(rest, t.Require),
            span=self.span(node),
        )

    def attribution_(self, node: Tree[Token]) -> t.Attribution:
        every, *rest = self.kids(node)
        return t.Attribution(
            every=every,
            methods=of_type(rest, t.Method),
            new_members_at_once=any(isinstance(item, t.NewbornsFromBirth) for item in rest),
            span=self.span(node),
        )

    def attribution_every_(self, node: Tree[Token]) -> t.Period:
        return t.Period(str(node.children[0]))

    def new_members_at_once_(self, node: Tree[Token]) -> t.NewbornsFromBirth:
        return t.NewbornsFromBirth(span=self.span(node))

    def method_(self, node: Tree[Token]) -> t.Method:
        items = self.kids(node)
        kind, where, within, ties = self.without_notes(items)
        return t.Method(
            kind=kind["kind"],
            measure=kind.get("measure"),
            title=kind.get("title", ""),
            where=where,
            within=within,
            ties=ties,
            notes=self.notes(items),
            span=self.span(node),
        )

    def method_selection_(self, node: Tree[Token]) -> dict[str, Any]:
        return {"kind": "selection", "title": self.string(self.kids(node)[0])}

    def method_list_(self, node: Tree[Token]) -> dict[str, Any]:
        return {"kind": "list", "title": self.string(self.kids(node)[0])}

    def method_recent_(self, node: Tree[Token]) -> dict[str, Any]:
        return {"kind": "most recent visit"}

    def method_plurality_(self, node: Tree[Token]) -> dict[str, Any]:
        return {"kind": "plurality", "measure": self.word(node.children[0])}  # type: ignore[arg-type]

    def method_geography_(self, node: Tree[Token]) -> dict[str, Any]:
        return {"kind": "geography", "title": self.string(self.kids(node)[0])}

    def method_where_(self, node: Tree[Token]) -> t.Expression:
        return self.kids(node)[0]  # type: ignore[no-any-return]

    def method_within_(self, node: Tree[Token]) -> t.Duration:
        return self.kids(node)[0]  # type: ignore[no-any-return]

    def ties_(self, node: Tree[Token]) -> t.Ties:
        return t.Ties(words=words(node.children[0]), span=self.span(node))  # type: ignore[arg-type]

    # ------------------------------------------------------------------- parameters, tables, definitions

    def parameter_(self, node: Tree[Token]) -> t.Parameter:
        items = self.kids(node)
        name, declared, *rest = self.without_notes(items)
        opening = next((item for item in rest if isinstance(item, t.Opening)), None)
        schedule = next((item for item in rest if isinstance(item, tuple)), ())
        return t.Parameter(
            name=name,
            type=declared,
            opening=opening,
            schedule=schedule,
            notes=self.notes(items),
            span=self.span(node),
        )

    def late_opening_(self, node: Tree[Token]) -> t.Opening:
        return self.kids(node)[0]  # type: ignore[no-any-return]

    def opening_(self, node: Tree[Token]) -> t.Opening:
        bounds = [item for item in self.kids(node) if isinstance(item, t.Node)]
        low, high = bounds if bounds else (None, None)
        return t.Opening(low=low, high=high, span=self.span(node))  # type: ignore[arg-type]

    def opening_at_least_(self, node: Tree[Token]) -> t.Opening:
        return t.Opening(low=self.kids(node)[-1], high=None, span=self.span(node))

    def opening_at_most_(self, node: Tree[Token]) -> t.Opening:
        return t.Opening(low=None, high=self.kids(node)[-1], span=self.span(node))

    def schedule_(self, node: Tree[Token]) -> tuple[t.ScheduleValue, ...]:
        return tuple(self.kids(node))

    def schedule_value_(self, node: Tree[Token]) -> t.ScheduleValue:
        items = self.kids(node)
        value, start = self.without_notes(items)
        return t.ScheduleValue(
            value=value,
            start=None if start is None else self.date(start),
            notes=self.notes(items),
            span=self.span(node),
        )

    def table_(self, node: Tree[Token]) -> t.Table:
        items = self.kids(node)
        name, keys, declared, body = self.without_notes(items)
        return t.Table(name=name, keys=keys, type=declared, notes=self.notes(items), span=self.span(node), **body)

    def table_rows_(self, node: Tree[Token]) -> dict[str, Any]:
        return {"rows": of_type(self.kids(node), t.TableRow), "header": (), "grid": ()}

    def table_row_(self, node: Tree[Token]) -> t.TableRow:
        items = self.kids(node)
        patterns, value, *to_value = (item for item in self.without_notes(items) if item is not None)
        return t.TableRow(
            patterns=patterns,
            value=value,
            to_value=to_value[0] if to_value else None,
            notes=self.notes(items),
            span=self.span(node),
        )

    def table_otherwise_(self, node: Tree[Token]) -> t.TableRow:
        items = self.kids(node)
        (value,) = self.without_notes(items)
        return t.TableRow(patterns=(), value=value, to_value=None, notes=self.notes(items), span=self.span(node))

    def pattern_lists_(self, node: Tree[Token]) -> tuple[t.PatternList, ...]:
        return tuple(self.kids(node))

    def pattern_list_(self, node: Tree[Token]) -> t.PatternList:
        return t.PatternList(alternatives=tuple(self.kids(node)), span=self.span(node))

    def pattern_(self, node: Tree[Token]) -> t.Pattern:
        value, *to = self.kids(node)
        return t.Pattern(value=value, to=to[0] if to else None, or_more=False, span=self.span(node))

    def pattern_or_more_(self, node: Tree[Token]) -> t.Pattern:
        return t.Pattern(value=self.kids(node)[0], to=None, or_more=True, span=self.span(node))

    def grid_(self, node: Tree[Token]) -> dict[str, Any]:
        header, *rows = self.kids(node)
        return {"rows": (), "header": header, "grid": of_type(rows, t.GridRow)}

    def grid_header_(self, node: Tree[Token]) -> tuple[t.PatternList, ...]:
        return tuple(self.kids(node))

    def grid_row_(self, node: Tree[Token]) -> t.GridRow:
        items = self.kids(node)
        pattern, *values = self.without_notes(items)
        return t.GridRow(pattern=pattern, values=tuple(values), notes=self.notes(items), span=self.span(node))

    def define_(self, node: Tree[Token]) -> t.Define:
        name, value, *notes = self.kids(node)
        return t.Define(name=name, value=value, notes=tuple(notes), span=self.span(node))

    def report_(self, node: Tree[Token]) -> t.Report:
        name, title, value, *notes = self.kids(node)
        return t.Report(name=name, title=self.string(title), value=value, notes=tuple(notes), span=self.span(node))

    def baseline_years_(self, node: Tree[Token]) -> t.BaselineYears:
        items = self.kids(node)
        first, last, *weights = self.without_notes(items)
        return t.BaselineYears(
            first=self.integer(first),
            last=self.integer(last),
            weights=tuple(item for item in weights if item is not None),
            notes=self.notes(items),
            span=self.span(node),
        )

    def never_together_(self, node: Tree[Token]) -> t.NeverTogether:
        *conditions, reason = self.kids(node)
        return t.NeverTogether(conditions=tuple(conditions), reason=self.string(reason), span=self.span(node))

    def ensure_(self, node: Tree[Token]) -> t.Ensure:
        items = self.kids(node)
        name, title, where, condition = self.without_notes(items)
        return t.Ensure(
            name=name,
            title=self.string(title),
            payers_where=where,
            condition=condition,
            notes=self.notes(items),
            span=self.span(node),
        )
