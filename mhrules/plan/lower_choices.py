"""Lowering of what decides: conditions, `choose`, tables, bands, named alternatives, increases."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from mhrules import exact
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.plan import ir
from mhrules.plan.lower_numbers import Numbers, bare, join_share
from mhrules.plan.scope import Context, Decision, as_written, shown_known
from mhrules.semantics.declared import type_of
from mhrules.semantics.types import NO_UNIT, UNKNOWN, YES_NO, Kind, Share, Type, number
from mhrules.source import Span
from mhrules.syntax import tree as t

ONE_NUMBER = number(places=0, low=exact.ONE, high=exact.ONE)


class Choices(Numbers):
    """Conditions and choices."""

    # ------------------------------------------------------------------------------------- conditions

    def lower_not(self, node: t.Not, context: Context, expected: Type | None) -> ir.Expression:
        operand = self.condition_of(node.operand, context)
        return ir.Not(operand=operand, type=YES_NO, keys=operand.keys, span=node.span)

    def lower_logic(self, node: t.Logic, context: Context, expected: Type | None) -> ir.Expression:
        operands = []
        for operand in node.operands:
            operands.append(self.condition_of(operand, context))
            context = context.knowing(shown_known(operand, node.operator == "and"))
        return self.logic(node.operator, tuple(operands), node.span)

    def logic(self, operator: str, operands: tuple[ir.Expression, ...], span: Span) -> ir.Expression:
        if len(operands) == 1:
            return operands[0]
        keys = frozenset[str]().union(*(o.keys for o in operands))
        return ir.Logic(operator=operator, operands=operands, type=YES_NO, keys=keys, span=span)

    def lower_inset(self, node: t.InSet, context: Context, expected: Type | None) -> ir.Expression:
        operand = self.value_of(node.operand, context)
        if operand.type.is_unknown:
            return operand
        values: list[ir.Value] = []
        for member in node.members:
            item = self.value_of(member, context, operand.type)
            if item.type.is_unknown:
                continue
            pair = t.Compare(operator="=", left=node.operand, right=member, span=node.span)
            if not isinstance(item, ir.Literal):
                self.report(
                    "MH309",
                    f"`{member.span.text}` is not a fixed value",
                    member.span,
                    help="list fixed values in `in { … }`, and compare with `=` otherwise",
                )
            elif not isinstance(self.comparison(pair, operand, item), ir.Literal):
                values.append(item.value)
        return ir.OneOf(operand=operand, values=tuple(values), type=YES_NO, keys=operand.keys, span=node.span)

    def lower_inrange(self, node: t.InRange, context: Context, expected: Type | None) -> ir.Expression:
        operand = self.value_of(node.operand, context)
        return self.between(node.operand, operand, node.low, node.high, context, node.span)

    def between(
        self,
        operand_node: t.Expression,
        operand: ir.Expression,
        low: t.Expression,
        high: t.Expression,
        context: Context,
        span: Span,
    ) -> ir.Expression:
        """`low <= x <= high`, as two comparisons, so that margins can be told."""
        sides = []
        for operator, bound in ((">=", low), ("<=", high)):
            pair = t.Compare(operator=operator, left=operand_node, right=bound, span=span)
            sides.append(self.comparison(pair, operand, self.value_of(bound, context, operand.type)))
        if any(side.type.is_unknown for side in sides):
            return self.literal(None, UNKNOWN, span)
        return self.logic("and", tuple(sides), span)

    def lower_invalueset(self, node: t.InValueSet, context: Context, expected: Type | None) -> ir.Expression:
        operand = self.value_of(node.operand, context)
        declared = self.program.valuesets.get(node.valueset.text)
        if declared is None:
            self.unknown(node.valueset, self.program.valuesets, "value set")
            return self.nothing(node)
        self.used.add(("valueset", node.valueset.text))
        values = tuple(code.value for code in declared.codes)
        return ir.OneOf(operand=operand, values=values, type=YES_NO, keys=operand.keys, span=node.span)

    def lower_billedby(self, node: t.BilledBy, context: Context, expected: Type | None) -> ir.Expression:
        if not {"claims", "claim_lines", "visits"} & set(context.elements):
            self.report(
                "MH322",
                "`billed by` asks of a claim, and there is none here",
                node.span,
                help="use it in `per claim line where …` or inside `where` of an aggregate over claims",
            )
        return ir.Feature(
            collection=context.elements[-1] if context.elements else "claims",
            column="billed_by",
            type=YES_NO,
            keys=frozenset({"claim_line", "practice"}),
            span=node.span,
        )

    def lower_numbermet(self, node: t.NumberMet, context: Context, expected: Type | None) -> ir.Expression:
        zero = self.literal(0, number(places=0, low=0, high=0), node.span)
        one = self.literal(exact.ONE, ONE_NUMBER, node.span)
        total: ir.Expression = zero
        for reference in node.conditions:
            condition = self.condition_of(reference, context)
            rows = (
                ir.CaseRow(condition=condition, value=one, span=reference.span),
                ir.CaseRow(condition=None, value=zero, span=reference.span),
            )
            met = ir.Case(
                rows=rows,
                type=number(places=0, low=0, high=exact.ONE),
                keys=condition.keys,
                span=reference.span,
            )
            high = (total.type.high or 0) + exact.ONE
            total = ir.Arithmetic(
                operator="+",
                left=total,
                right=met,
                type=number(places=0, low=0, high=high),
                keys=total.keys | met.keys,
                span=node.span,
            )
        return total

    def lower_withdefault(self, node: t.WithDefault, context: Context, expected: Type | None) -> ir.Expression:
        operand = self.lower(node.operand, context, expected)
        if operand.type.is_unknown:
            return operand
        fallback = self.value_of(node.fallback, context, operand.type.known())
        if fallback.type.is_unknown:
            return fallback
        if operand.type.is_number:
            if not self.alike(node.operand, operand, node.fallback, fallback):
                return self.nothing(node)
        elif operand.type.kind is not fallback.type.kind:
            self.report(
                "MH307",
                f"`{node.operand.span.text}` is {operand.type.known()}, its default is {fallback.type}",
                node.span,
                help="give a default of the same kind",
            )
            return self.nothing(node)
        return ir.Default(
            operand=operand,
            fallback=fallback,
            type=union(operand.type.known(), fallback.type),
            keys=operand.keys | fallback.keys,
            span=node.span,
        )

    # ----------------------------------------------------------------------------------------- choice

    def lower_if(self, node: t.If, context: Context, expected: Type | None) -> ir.Expression:
        condition = self.condition_of(node.condition, context)
        then = self.branch(node.then, context.knowing(shown_known(node.condition, True)), expected)
        if_not = context.knowing(shown_known(node.condition, False))
        otherwise = self.branch(node.otherwise, if_not, expected or then.type)
        rows = (
            (condition, then, node.then, node.then.span, ()),
            (None, otherwise, node.otherwise, node.otherwise.span, ()),
        )
        return self.case(rows, node.span)

    def branch(self, node: t.Expression, context: Context, expected: Type | None) -> ir.Expression:
        """The value of a branch: missing only where the condition does not show otherwise."""
        value = self.lower(node, context, expected)
        if value.type.missing and as_written(node) in context.known:
            return attrs.evolve(value, type=value.type.known())
        return value

    def lower_choose(self, node: t.Choose, context: Context, expected: Type | None) -> ir.Expression:
        rows = []
        for index, row in enumerate(node.rows):
            if row.condition is None and index < len(node.rows) - 1:
                self.report(
                    "MH421",
                    "`otherwise` stands before other rows, which can then never apply",
                    row.span,
                    help="make `otherwise` the last row",
                )
            condition, inner = None, context
            if row.condition is not None:
                condition = self.condition_of(row.condition, context)
                inner = context.knowing(shown_known(row.condition, True))
                context = context.knowing(shown_known(row.condition, False))
            rows.append((condition, self.branch(row.value, inner, expected), row.value, row.span, row.notes))
        if node.first and node.rows[-1].condition is not None:
            self.report(
                "MH422",
                "`choose first` does not end in `otherwise`",
                node.rows[-1].span,
                help="say what holds in all other cases: `otherwise : …`",
            )
        result = self.case(tuple(rows), node.span)
        if isinstance(result, ir.Case):
            self.decisions.setdefault(node, Decision(node, result, node.first, "choose"))
        return result

    def case(
        self,
        rows: tuple[tuple[ir.Expression | None, ir.Expression, t.Expression, Span, tuple[t.Note, ...]], ...],
        span: Span,
    ) -> ir.Expression:
        """A case over rows (condition, value, the value's text, the row's text, notes), values of one type."""
        known = [(value, node) for _, value, node, _, _ in rows if not value.type.is_unknown]
        conditions = [c for c, *_ in rows if c is not None]
        if len(known) < len(rows) or any(c.type.is_unknown for c in conditions):
            return self.literal(None, UNKNOWN, span)
        first, first_node = next(((v, n) for v, n in known if not bare(n)), known[0])
        kind = first.type
        fitted: dict[t.Expression, ir.Expression] = {}
        for value, node in known:
            item = self.adapted(value, first.type) if bare(node) and first.type.is_number else value
            if not self.same_kind(first_node, first, node, item):
                return self.literal(None, UNKNOWN, span)
            fitted[node] = item
            kind = union(kind, item.type)
        plan_rows = tuple(
            ir.CaseRow(condition=c, value=fitted[node], span=row_span, notes=notes) for c, _, node, row_span, notes in rows
        )
        keys = frozenset[str]().union(*(c.keys for c in conditions), *(v.keys for v in fitted.values()))
        return ir.Case(rows=plan_rows, type=kind, keys=keys, span=span)

    def same_kind(self, one_node: t.Expression, one: ir.Expression, node: t.Expression, item: ir.Expression) -> bool:
        """Whether two alternatives have one type; reports it if not."""
        a, b = one.type, item.type
        if a.is_number and b.is_number and a.unit == b.unit:
            shares_fit = join_share(a.share, b.share) is not None or a.unit != NO_UNIT
            if shares_fit:
                return True
        elif a.kind is b.kind and a.kind is not Kind.NUMBER and a.codes == b.codes:
            return True
        self.report(
            "MH310",
            f"`{node.span.text}` is {b}, but `{one_node.span.text}` is {a}",
            node.span,
            label=f"{b}",
            related=(),
            help="give every alternative the same unit",
        )
        return False

    def lower_bands(self, node: t.Bands, context: Context, expected: Type | None) -> ir.Expression:
        operand = self.number_of(node.operand, context)
        if operand.type.is_unknown:
            return operand
        rows = []
        for band in node.rows:
            condition = None
            if band.below is not None:
                pair = t.Compare(operator="<", left=node.operand, right=band.below, span=band.span)
                condition = self.comparison(pair, operand, self.value_of(band.below, context, operand.type))
            rows.append((condition, self.lower(band.value, context, expected), band.value, band.span, band.notes))
        result = self.case(tuple(rows), node.span)
        if isinstance(result, ir.Case):
            self.decisions.setdefault(node, Decision(node, result, True, "bands"))
        return result

    # ----------------------------------------------------------------------------------------- tables

    def table_value(self, table: t.Table, context: Context, span: Span) -> ir.Expression:
        """The value of a table for the row's keys, looked up as a case."""
        declared = self.table_type(table)
        keys = [self.table_key(key, context) for key in table.keys]
        if any(k.type.is_unknown for k in keys):
            return self.nothing_at(span)
        rows = []
        for patterns, value, notes, row_span in self.table_rows(table):
            conditions = [
                self.pattern_list(p, key, key_node, context)
                for p, key, key_node in zip(patterns, keys, table.keys, strict=False)
            ]
            condition = None if not patterns else self.logic("and", tuple(conditions), row_span)
            rows.append((condition, self.table_cell(value, declared, context), value, row_span, notes))
        result = self.case(tuple(rows), span)
        if isinstance(result, ir.Case):
            result = attrs.evolve(result, notes=table.notes)
            self.decisions.setdefault(table, Decision(table, result, False, f"table `{table.name.text}`"))
        return result

    def table_type(self, table: t.Table) -> Type:
        """The declared type of a table's values."""
        return type_of(table.type, self.program.types, self.findings)

    def table_key(self, key: t.Name, context: Context) -> ir.Expression:
        return self.value_of(t.Reference(name=key.text, span=key.span), context)

    def table_cell(self, value: t.Expression, declared: Type, context: Context) -> ir.Expression:
        """A table's entry, which must have the declared type."""
        item = self.lower(value, context, declared)
        if item.type.is_unknown or declared.is_unknown:
            return item
        if declared.is_number and bare(value):
            item = attrs.evolve(item, type=attrs.evolve(item.type, unit=declared.unit))
        fits = item.type.kind is declared.kind and (
            not declared.is_number
            or (item.type.unit == declared.unit and join_share(item.type.share, declared.share) is not None)
        )
        if not fits:
            self.report(
                "MH310",
                f"`{value.span.text}` is {item.type}, but the table holds {declared}",
                value.span,
                help="write every entry in the table's own unit",
            )
            return self.nothing(value)
        return item

    def table_rows(
        self, table: t.Table
    ) -> list[tuple[tuple[t.PatternList, ...], t.Expression, tuple[t.Note, ...], Span]]:
        """The rows of a table; a grid is read as one row for each of its cells."""
        rows: list[tuple[tuple[t.PatternList, ...], t.Expression, tuple[t.Note, ...], Span]] = []
        for row in table.rows:
            if row.patterns and len(row.patterns) != len(table.keys):
                self.report(
                    "MH423",
                    f"the row names {len(row.patterns)} of the table's {len(table.keys)} keys",
                    row.span,
                    help=f"give one entry for each of {', '.join(k.text for k in table.keys)}",
                )
            if row.to_value is not None:
                self.report(
                    "MH424",
                    f"the row runs from one value to another, so `{table.name.text}` has no single value",
                    row.span,
                    help=f"read it with `interpolate {table.name.text} at …`",
                )
            rows.append((row.patterns, row.value, row.notes, row.span))
        for line in table.grid:
            if len(table.keys) != 2 or len(line.values) != len(table.header):
                self.report(
                    "MH425",
                    f"the row has {len(line.values)} entries under {len(table.header)} headings",
                    line.span,
                    help="a grid has two keys, and one entry in each column",
                )
                continue
            for heading, value in zip(table.header, line.values, strict=True):
                rows.append(((line.pattern, heading), value, line.notes, value.span))
        return rows

    def pattern_list(
        self, patterns: t.PatternList, key: ir.Expression, key_name: t.Name, context: Context
    ) -> ir.Expression:
        """The condition that a key is one of a row's alternatives."""
        key_node = t.Reference(name=key_name.text, span=key_name.span)
        conditions: list[ir.Expression] = []
        fixed: list[ir.Value] = []
        for pattern in patterns.alternatives:
            if pattern.to is not None:
                conditions.append(self.between(key_node, key, pattern.value, pattern.to, context, pattern.span))
                continue
            item = self.value_of(pattern.value, context, key.type)
            operator = ">=" if pattern.or_more else "="
            pair = t.Compare(operator=operator, left=key_node, right=pattern.value, span=pattern.span)
            compared = self.comparison(pair, key, item)
            if pattern.or_more or not isinstance(item, ir.Literal):
                conditions.append(compared)
            elif not compared.type.is_unknown:
                fixed.append(item.value)
        if fixed:
            one_of = ir.OneOf(operand=key, values=tuple(fixed), type=YES_NO, keys=key.keys, span=patterns.span)
            conditions.insert(0, one_of)
        if not conditions:
            return self.nothing_at(patterns.span)
        return self.logic("or", tuple(conditions), patterns.span)

    def lower_interpolate(self, node: t.Interpolate, context: Context, expected: Type | None) -> ir.Expression:
        """A straight line between the inclusive ends of the table's row that holds the value."""
        table = self.program.tables.get(node.table.text)
        if table is None:
            self.unknown(node.table, self.program.tables, "table")
            return self.nothing(node)
        self.used.add(("table", node.table.text))
        declared = self.table_type(table)
        at = self.number_of(node.at, context)
        if at.type.is_unknown:
            return at
        rows = []
        for row in table.rows:
            if not row.patterns:
                rows.append((None, self.table_cell(row.value, declared, context), row.value, row.span, row.notes))
                continue
            condition = self.pattern_list(row.patterns[0], at, t.Name(text=node.at.span.text, span=node.at.span), context)
            value = self.table_cell(row.value, declared, context)
            pattern = row.patterns[0].alternatives[0]
            if row.to_value is not None and pattern.to is not None and not value.type.is_unknown:
                value = self.on_line(row, pattern, at, value, declared, context)
            rows.append((condition, value, row.value, row.span, row.notes))
        result = self.case(tuple(rows), node.span)
        if isinstance(result, ir.Case):
            self.decisions.setdefault(table, Decision(table, result, False, f"table `{table.name.text}`"))
        return result

    def on_line(
        self,
        row: t.TableRow,
        pattern: t.Pattern,
        at: ir.Expression,
        start: ir.Expression,
        declared: Type,
        context: Context,
    ) -> ir.Expression:
        """`start + (end - start) * (at - from) / (to - from)`, one rounding."""
        if row.to_value is None or pattern.to is None:
            return start
        end = self.table_cell(row.to_value, declared, context)
        low = self.adapted(self.number_of(pattern.value, context), at.type)
        high = self.adapted(self.number_of(pattern.to, context), at.type)
        literals = (start, end, low, high)
        if not all(isinstance(x, ir.Literal) and isinstance(x.value, int) for x in literals):
            return start
        rise = self.difference(end, start, row.span)
        run = self.difference(high, low, row.span)
        along = self.difference(at, low, row.span)
        product = self.product(rise, along, "*", row.span)
        part = self.product(product, run, "/", row.span)
        bounds = [value for value in (start.type.low, end.type.low) if value is not None]
        return ir.Arithmetic(
            operator="+",
            left=start,
            right=part,
            type=attrs.evolve(declared, places=exact.PLACES, low=min(bounds), high=max(bounds)),
            keys=at.keys,
            span=row.span,
        )

    def difference(self, left: ir.Expression, right: ir.Expression, span: Span) -> ir.Expression:
        low = None if left.type.low is None or right.type.high is None else left.type.low - right.type.high
        high = None if left.type.high is None or right.type.low is None else left.type.high - right.type.low
        kind = attrs.evolve(left.type, places=max(left.type.places, right.type.places), low=low, high=high)
        return ir.Arithmetic(
            operator="-", left=left, right=right, type=kind, keys=left.keys | right.keys, span=span
        )

    # -------------------------------------------------------------------- named alternatives and increases

    def lower_bestof(self, node: t.BestOf, context: Context, expected: Type | None) -> ir.Expression:
        operands, conditions, labels = [], [], []
        for alternative in node.alternatives:
            operands.append(self.number_of(alternative.value, context, expected))
            condition = alternative.condition
            conditions.append(None if condition is None else self.condition_of(condition, context))
            labels.append(alternative.name.text)
        if any(o.type.is_unknown for o in operands):
            return self.nothing(node)
        if all(c is not None for c in conditions):
            self.report(
                "MH426",
                "every alternative has a condition, so there may be none left",
                node.span,
                help="give one alternative that always holds, for example `none : $0`",
            )
        first_node, first = node.alternatives[0].value, operands[0]
        for alternative, operand in zip(node.alternatives[1:], operands[1:], strict=True):
            if not self.alike(first_node, first, alternative.value, operand):
                return self.nothing(node)
        if all(c is None for c in conditions):
            conditions = []
        return self.extreme(node.greater, tuple(operands), tuple(labels), node.span, tuple(conditions))

    def lower_increased(self, node: t.Increased, context: Context, expected: Type | None) -> ir.Expression:
        """`x increased by { 15% when a  10% when b }`: added up, or one upon the other."""
        base = self.number_of(node.operand, context, expected)
        one = self.literal(exact.ONE, attrs.evolve(ONE_NUMBER, share=Share.PERCENT), node.span)
        factor: ir.Expression = one
        for increase in node.increases:
            part = self.increase(increase, context)
            if part.type.is_unknown or base.type.is_unknown:
                return self.nothing(node)
            if node.compounding:
                factor = self.product(factor, self.sum_of(one, part, increase.span), "*", node.span)
            else:
                factor = self.sum_of(factor, part, node.span)
        return self.product(base, factor, "*", node.span)

    def increase(self, node: t.Increase, context: Context) -> ir.Expression:
        value = self.number_of(node.value, context)
        condition = self.condition_of(node.condition, context)
        if value.type.is_unknown or condition.type.is_unknown:
            return self.nothing(node.value)
        if value.type.share is not Share.PERCENT:
            self.report(
                "MH304",
                f"`{node.value.span.text}` is {value.type}, and an increase is a percentage",
                node.value.span,
                help="write it as a percentage, for example `15%`",
            )
            return self.nothing(node.value)
        zero = self.literal(0, attrs.evolve(value.type, low=0, high=0), node.span)
        rows = (
            ir.CaseRow(condition=condition, value=value, span=node.span, notes=node.notes),
            ir.CaseRow(condition=None, value=zero, span=node.span),
        )
        return ir.Case(
            rows=rows, type=union(value.type, zero.type), keys=value.keys | condition.keys, span=node.span
        )

    def sum_of(self, left: ir.Expression, right: ir.Expression, span: Span) -> ir.Expression:
        low = None if left.type.low is None or right.type.low is None else left.type.low + right.type.low
        high = None if left.type.high is None or right.type.high is None else left.type.high + right.type.high
        kind = attrs.evolve(left.type, places=max(left.type.places, right.type.places), low=low, high=high)
        return ir.Arithmetic(
            operator="+", left=left, right=right, type=kind, keys=left.keys | right.keys, span=span
        )

    def unknown(self, name: t.Name, known: Iterable[str], what: str) -> None:
        """Reports a name of which there is none of that sort."""
        names = list(known)
        close = did_you_mean(name.text, names)
        self.report(
            "MH201",
            f"there is no {what} called `{name.text}`",
            name.span,
            label="not known here",
            help=f"did you mean `{close}`?" if close else f"declare the {what} first",
        )


def union(one: Type, other: Type) -> Type:
    """The type of a choice between two values of like types."""
    if not one.is_number:
        return attrs.evolve(one, missing=one.missing or other.missing)
    share = join_share(one.share, other.share) or one.share
    return attrs.evolve(
        one,
        share=share,
        places=max(one.places, other.places),
        low=None if one.low is None or other.low is None else min(one.low, other.low),
        high=None if one.high is None or other.high is None else max(one.high, other.high),
        missing=one.missing or other.missing,
    )
