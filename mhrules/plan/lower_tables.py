"""Lowering of tables, grids and interpolation to cases."""

from __future__ import annotations

import attrs

from mhrules.classes import frozen
from mhrules.plan import ir
from mhrules.plan.lower_choices import Alternative, Choices
from mhrules.plan.lower_numbers import bare, join_share
from mhrules.plan.scope import Context, Decision, code_type
from mhrules.plan.type_bounds import difference_bounds
from mhrules.semantics.declared import type_of
from mhrules.semantics.types import UNKNOWN, YES_NO, Type
from mhrules.source import Span
from mhrules.syntax import tree as t


@frozen(eq=False)
class TableLine:
    """A row of a table, or a cell of a grid: what its keys must be (nothing: otherwise), and its value."""

    patterns: tuple[t.PatternList, ...]
    value: t.Expression
    notes: tuple[t.Note, ...]
    span: Span


class Tables(Choices):
    """`table`, `interpolate`."""

    def table_value(self, table: t.Table, context: Context, span: Span) -> ir.Expression:
        """The value of a table for the row's keys: a quantity of its own, looked up as a case."""
        quantity = self.named_quantity(
            "table", table.name.text, table, context, lambda inner: self.table_case(table, inner)
        )
        return self.nothing_at(span) if quantity is None else self.read(quantity, context, span)

    def table_case(self, table: t.Table, context: Context) -> ir.Expression:
        """A table as a case over its rows."""
        declared = self.table_type(table)
        keys = [self.value_of(t.Reference(name=key.text, span=key.span), context) for key in table.keys]
        lines = self.table_lines(table)
        if lines is None or any(k.type.is_unknown for k in keys):
            return self.nothing(table)
        rows = []
        for line in lines:
            conditions = tuple(
                self.pattern_list(pattern, key, key_node, context)
                for pattern, key, key_node in zip(line.patterns, keys, table.keys, strict=False)
            )
            condition = self.logic("and", conditions, line.span) if conditions else None
            value = self.table_cell(line.value, declared, context)
            rows.append(Alternative(condition, value, line.value, line.span, line.notes))
        result = self.case(tuple(rows), table.name.span)
        if isinstance(result, ir.Case):
            result = attrs.evolve(result, type=attrs.evolve(declared, low=result.type.low, high=result.type.high))
            self.decisions.setdefault(table, Decision(table, result, False, f"table `{table.name.text}`"))
        return result

    def table_type(self, table: t.Table) -> Type:
        """The declared type of a table's values."""
        if table not in self.table_types:
            self.table_types[table] = type_of(table.type, self.program.types, self.findings)
        return self.table_types[table]

    def table_cell(self, value: t.Expression, declared: Type, context: Context) -> ir.Expression:
        """A table's entry, which must have the declared type."""
        item = self.lower(value, context, declared)
        if item.type.is_unknown or declared.is_unknown:
            return self.nothing(value)
        if declared.is_number and bare(value):
            item = self.adapted(item, declared)
        fits = item.type.kind is declared.kind and item.type.codes == declared.codes
        if declared.is_number and item.type.is_number:
            fits = item.type.unit == declared.unit and join_share(item.type.share, declared.share) is not None
        if not fits:
            self.report(
                "MH313",
                f"`{value.span.text}` is {item.type}, but the table holds {declared}",
                value.span,
                label=f"this is {item.type}",
                help="write every entry in the table's own unit",
            )
            return self.nothing(value)
        return item

    def table_lines(self, table: t.Table) -> list[TableLine] | None:
        """The lines of a table, one for each cell of a grid; None, with findings, if it is out of shape."""
        lines: list[TableLine] | None = []
        for row in table.rows:
            if row.to_value is not None:
                self.report(
                    "MH424",
                    f"the row runs from one value to another, so `{table.name.text}` has no single value",
                    row.span,
                    help=f"read it with `interpolate {table.name.text} at …`",
                )
                lines = None
            if row.patterns and len(row.patterns) != len(table.keys):
                entries, keys = counted(len(row.patterns), "entry", "entries"), counted(len(table.keys), "key", "keys")
                self.report(
                    "MH423",
                    f"the row has {entries} for {keys}",
                    row.span,
                    help=f"give one entry for each of {', '.join(k.text for k in table.keys)}",
                )
                lines = None
            if lines is not None:
                lines.append(TableLine(row.patterns, row.value, row.notes, row.span))
        for grid_row in table.grid:
            cells = self.grid_cells(table, grid_row)
            lines = None if lines is None or cells is None else lines + cells
        return lines

    def grid_cells(self, table: t.Table, row: t.GridRow) -> list[TableLine] | None:
        """The cells of one row of a grid; None, with a finding, if they do not stand under the headings."""
        if len(table.keys) != 2 or len(row.values) != len(table.header):
            wrong = (
                f"a grid has two keys, and `{table.name.text}` has {len(table.keys)}"
                if len(table.keys) != 2
                else f"the row has {counted(len(row.values), 'entry', 'entries')} under {len(table.header)} headings"
            )
            self.report(
                "MH425",
                wrong,
                row.span if len(table.keys) == 2 else table.name.span,
                help="name the row's key first, then the key of the headings, and fill in every column",
            )
            return None
        return [
            TableLine((row.pattern, heading), value, row.notes, value.span)
            for heading, value in zip(table.header, row.values, strict=True)
        ]

    def pattern_list(
        self, patterns: t.PatternList, key: ir.Expression, key_name: t.Node, context: Context
    ) -> ir.Expression:
        """The condition that a key is one of a row's alternatives."""
        key_node = t.Reference(name=key_name.span.text, span=key_name.span)
        conditions: list[ir.Expression] = []
        fixed: list[ir.Value] = []
        for pattern in patterns.alternatives:
            if pattern.to is not None:
                conditions.append(self.between(key_node, key, (pattern.value, pattern.to), context, pattern.span))
                continue
            item = self.value_of(pattern.value, context, code_type(key.type))
            operator = ">=" if pattern.or_more else "="
            pair = t.Compare(operator=operator, left=key_node, right=pattern.value, span=pattern.span)
            compared = self.comparison(pair, key, item)
            if compared.type.is_unknown or pattern.or_more or not isinstance(item, ir.Literal):
                conditions.append(compared)
            else:
                fixed.append(item.value)
        if any(condition.type.is_unknown for condition in conditions):
            return self.nothing(patterns)
        if fixed:
            one_of = ir.OneOf(operand=key, values=tuple(fixed), type=YES_NO, keys=key.keys, span=patterns.span)
            conditions.insert(0, one_of)
        return self.logic("or", tuple(conditions), patterns.span)

    # ---------------------------------------------------------------------------------- interpolation

    def lower_interpolate(self, node: t.Interpolate, context: Context, expected: Type | None) -> ir.Expression:
        """`interpolate t at x`: a straight line between the inclusive ends of the row that holds x."""
        table = self.program.tables.get(node.table.text)
        if table is None:
            self.unknown(node.table, self.program.tables, "table")
            return self.nothing(node)
        self.used.add(("table", node.table.text))
        at = self.shared(self.number_of(node.at, context), context)
        result = self.nothing(node) if at.type.is_unknown else self.interpolated(table, at, node.at, context, node.span)
        if isinstance(result, ir.Case):
            result = attrs.evolve(result, notes=table.notes)
            self.decisions.setdefault(table, Decision(table, result, False, f"table `{table.name.text}`"))
        return result

    def interpolated(
        self, table: t.Table, at: ir.Expression, at_node: t.Node, context: Context, span: Span
    ) -> ir.Expression:
        """A table with one key as a case whose values lie on straight lines."""
        if table.grid or len(table.keys) != 1 or any(len(row.patterns) > 1 for row in table.rows):
            self.report(
                "MH424",
                f"`{table.name.text}` has more than one key, so it cannot be interpolated",
                span,
                help="interpolate a table by one number, as in `table t by lives : % { 500 to 999 : 12% to 9% }`",
            )
            return self.literal(None, UNKNOWN, span)
        declared = self.table_type(table)
        rows = []
        for row in table.rows:
            condition = self.pattern_list(row.patterns[0], at, at_node, context) if row.patterns else None
            value = self.table_cell(row.value, declared, context)
            if row.to_value is not None and not at.type.is_unknown:
                value = self.on_line(row, at, value, declared, context)
            rows.append(Alternative(condition, value, row.value, row.span, row.notes))
        return self.case(tuple(rows), span)

    def on_line(
        self, row: t.TableRow, at: ir.Expression, start: ir.Expression, declared: Type, context: Context
    ) -> ir.Expression:
        """`start + (end - start) * (at - from) / (to - from)`, of which only the quotient is rounded."""
        ends = self.line_ends(row, at, context)
        end = self.nothing(row) if row.to_value is None else self.table_cell(row.to_value, declared, context)
        if ends is None or start.type.is_unknown or end.type.is_unknown:
            return self.nothing(row)
        low, high = ends
        rise = self.difference(end, start, row.span)
        part = self.product(
            self.product(rise, self.difference(at, low, row.span), "*", row.span),
            self.difference(high, low, row.span),
            "/",
            row.span,
        )
        lows = [v for v in (start.type.low, end.type.low) if v is not None]
        highs = [v for v in (start.type.high, end.type.high) if v is not None]
        kind = attrs.evolve(
            declared,
            places=12,
            low=min(lows) if len(lows) == 2 else None,
            high=max(highs) if len(highs) == 2 else None,
        )
        return ir.Arithmetic(
            operator="+", left=start, right=part, type=kind, keys=start.keys | part.keys, span=row.span
        )

    def line_ends(
        self, row: t.TableRow, at: ir.Expression, context: Context
    ) -> tuple[ir.Expression, ir.Expression] | None:
        """The two ends of a row that runs from one value to another; None, with a finding, if it has none."""
        alternatives = row.patterns[0].alternatives if row.patterns else ()
        if len(alternatives) != 1 or alternatives[0].to is None:
            self.report(
                "MH424",
                "the row runs from one value to another, but not its key",
                row.span,
                help="write a key with two ends, as in `500 to 999 : 12% to 9%`",
            )
            return None
        first, last = alternatives[0].value, alternatives[0].to
        low, high = (self.adapted(self.number_of(end, context), at.type) for end in (first, last))
        if low.type.is_unknown or high.type.is_unknown:
            return None
        if isinstance(low, ir.Literal) and isinstance(high, ir.Literal) and low.value == high.value:
            self.report(
                "MH424",
                f"the row runs from `{first.span.text}` to itself, so there is no line between its values",
                row.span,
                help="give it one value, or two different ends",
            )
            return None
        return low, high

    def difference(self, left: ir.Expression, right: ir.Expression, span: Span) -> ir.Expression:
        """`left - right`, of like units."""
        low, high = difference_bounds(left.type, right.type)
        kind = attrs.evolve(left.type, places=max(left.type.places, right.type.places), low=low, high=high)
        keys = left.keys | right.keys
        return ir.Arithmetic(operator="-", left=left, right=right, type=kind, keys=keys, span=span)


def counted(number: int, one: str, several: str) -> str:
    """A number of things in words."""
    return f"{number} {one if number == 1 else several}"
