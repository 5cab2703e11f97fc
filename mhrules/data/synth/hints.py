"""What a rule text tells of the data it expects: words, codes and thresholds that its conditions ask for."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping

from attrs import field

from mhrules.classes import frozen
from mhrules.data.schema import ColumnKind, Schema
from mhrules.semantics.calendar import Calendar
from mhrules.semantics.program import Program
from mhrules.syntax import tree as t

MOST_LOOKBACK = 36
"""Months of claims before the first month asked for, at most."""

_WITH_CODES = ("conditions", "lab_results", "prescriptions")
_Placed = tuple[str, t.Node]
_MONTHS = {t.DurationUnit.MONTHS: 1, t.DurationUnit.YEARS: 12}


@frozen
class PayerHint:
    """A payer and its lines of business."""

    name: str
    lines: tuple[str, ...] = ()


@frozen
class MeasureHint:
    """A measure whose results come from elsewhere, and the least denominator that is scored, if the text says so."""

    name: str
    minimum: int | None = None


@frozen
class Hints:
    """What the data should hold, so that the rules have something to decide.

    `words` are the texts that a name is compared with: `service`, `code`, facts; `conditions.code` where conditions are
    asked, likewise `lab_results.code` and `prescriptions.code`. `visit_words` are those of the conditions on visits by
    which people are attributed, `thresholds` the numbers that a name, or what is made of it, is compared with, in units
    of 10**-12. `classes` are the codes of each service class, `groups` the fact behind each declared group, `homes` the
    facts that name a member's practice. `lookback` are the months of claims that are read before a period. Without a
    program, all is empty.
    """

    payers: tuple[PayerHint, ...] = ()
    calendar: Calendar = field(factory=Calendar)
    term_first: datetime.date | None = None
    baseline: tuple[int, ...] = ()
    starts: str = ""
    lookback: int = 0
    refresh: t.Period = t.Period.QUARTER
    lists: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, ...]] = field(factory=dict)
    visit_words: Mapping[str, tuple[str, ...]] = field(factory=dict)
    thresholds: Mapping[str, tuple[int, ...]] = field(factory=dict)
    classes: Mapping[str, tuple[str, ...]] = field(factory=dict)
    groups: Mapping[str, str] = field(factory=dict)
    homes: frozenset[str] = frozenset()
    reported: tuple[MeasureHint, ...] = ()
    periods: tuple[t.Period, ...] = (t.Period.YEAR,)


def hints_of_schema(schema: Schema) -> Hints:
    """The hints of a schema alone: its payers."""
    columns = (column for table in schema.tables for column in table.keys if column.name == "payer")
    names = next((column.codes for column in columns if column.kind is ColumnKind.CODE), ())
    return Hints(payers=tuple(PayerHint(name) for name in names))


def hints_of(program: Program) -> Hints:
    """The hints of a program with its contracts."""
    roots: tuple[t.Node, ...] = (program.node, *program.contracts)
    placed = [each for root in roots for each in _settled(root)]
    nodes = [node for _, node in placed]
    methods = program.attribution.methods if program.attribution else ()
    visits = [each for method in methods if method.where is not None for each in _settled(method.where)]
    values = program.valueset_codes
    return Hints(
        payers=tuple(PayerHint(payer.name, payer.lines) for payer in program.payers.values()),
        calendar=program.calendar,
        term_first=program.term_first,
        baseline=tuple(range(program.baseline.first, program.baseline.last + 1)) if program.baseline else (),
        starts=program.starts.fact.text if program.starts else "",
        lookback=max((months for node in nodes if (months := _months(node))), default=0),
        refresh=program.attribution.every if program.attribution else t.Period.QUARTER,
        lists=tuple(dict.fromkeys(method.title for method in methods if method.kind == "list" and method.title)),
        words=_words(placed, values),
        visit_words=_words(visits, values),
        thresholds=_thresholds(nodes),
        classes=_classes(program),
        groups={name: node.fact.text for name, node in program.keys.items() if isinstance(node, t.GroupByFact)},
        homes=frozenset(node.to.text for node in nodes if isinstance(node, t.Argument) and node.to is not None),
        reported=tuple(_reported(program.measures.values())),
        periods=_periods(nodes),
    )


def _settled(root: t.Node, within: str = "") -> Iterator[_Placed]:
    """Every node but those of worked examples, with the collection whose elements it is asked of."""
    if isinstance(root, t.Example):
        return
    yield within, root
    for child in root.children():
        conditional = isinstance(root, t.Argument) and child is root.where
        yield from _settled(child, _collection(root) if conditional else within)


def _collection(argument: t.Node) -> str:
    """The collection that an argument runs over, if it is one that has codes of its own."""
    assert isinstance(argument, t.Argument)
    over = argument.over or argument.value
    while isinstance(over, t.Timed | t.AttributedAtLeast):
        over = over.inner
    return f"{over.name}." if isinstance(over, t.Reference) and over.name in _WITH_CODES else ""


def _months(node: t.Node) -> int:
    """The months of a duration that is written, no more than a population has of history."""
    if not isinstance(node, t.Duration):
        return 0
    return min(node.count * _MONTHS.get(node.unit, 0), MOST_LOOKBACK)


def _words(nodes: Iterable[_Placed], values: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The words that each name is compared with, in the order of the text."""
    found: dict[str, dict[str, None]] = {}
    for within, node in nodes:
        for name, word in _asked(node, values):
            found.setdefault(within + name, {})[word] = None
    return {name: tuple(words) for name, words in found.items()}


def _asked(node: t.Node, values: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """Each name with a word that a condition wants of it."""
    if isinstance(node, t.Compare) and isinstance(node.left, t.Reference):
        operands: tuple[t.Expression, ...] = (node.right,)
        name = node.left.name
    elif isinstance(node, t.InSet) and isinstance(node.operand, t.Reference):
        operands, name = node.members, node.operand.name
    elif isinstance(node, t.InValueSet) and isinstance(node.operand, t.Reference):
        yield from ((node.operand.name, code) for code in values.get(node.valueset.text, ()))
        return
    else:
        return
    for operand in operands:
        if isinstance(operand, t.Text):
            yield name, operand.value
        elif isinstance(operand, t.Reference):
            yield name, operand.name


def _thresholds(nodes: Iterable[t.Node]) -> dict[str, tuple[int, ...]]:
    """The numbers that each name is compared with."""
    found: dict[str, set[int]] = {}
    for node in nodes:
        if isinstance(node, t.Compare):
            pairs: list[tuple[t.Expression, t.Expression | None]] = [(node.left, node.right)]
        elif isinstance(node, t.InRange):
            pairs = [(node.operand, node.low), (node.operand, node.high)]
        elif isinstance(node, t.Bands):
            pairs = [(node.operand, row.below) for row in node.rows]
        else:
            continue
        for left, right in pairs:
            name = _name(left)
            if name and isinstance(right, t.Number | t.Money | t.Percent):
                found.setdefault(name, set()).add(right.value)
    return {name: tuple(sorted(numbers)) for name, numbers in found.items()}


def _name(node: t.Expression) -> str:
    """The name of what is compared: of `latest(result over lab_results)` it is `result`."""
    if isinstance(node, t.WithDefault | t.KeptWithin | t.Rounded):
        return _name(node.operand)
    if isinstance(node, t.Parenthesized | t.Timed):
        return _name(node.inner)
    if isinstance(node, t.Call) and node.arguments:
        return _name(node.arguments[0].value)
    return node.name if isinstance(node, t.Reference) else ""


def _classes(program: Program) -> dict[str, tuple[str, ...]]:
    """The codes that make each service class; none for a class that is not told by codes."""
    if program.classify is None:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for row in program.classify.rows:
        nodes = () if row.condition is None else tuple(_settled(row.condition))
        codes = _words(nodes, program.valueset_codes).get("code", ())
        found[row.service.text] = found.get(row.service.text, ()) + codes
    return found


def _reported(measures: Iterable[t.Measure]) -> Iterator[MeasureHint]:
    """The measures that say `reported`."""
    for measure in measures:
        parts = {part.kind: part for part in measure.parts}
        if "reported" in parts:
            least = parts.get("minimum")
            numbers = [] if least is None else [node for node in least.walk() if isinstance(node, t.Number)]
            yield MeasureHint(measure.name.text, numbers[0].value // 10**12 if numbers else None)


def _periods(nodes: Iterable[t.Node]) -> tuple[t.Period, ...]:
    """The periods for which something is paid per practice, and the year."""
    found = {t.Period.YEAR}
    for node in nodes:
        if isinstance(node, t.Basis) and node.unit != "member" and node.period is not None:
            found.add(node.period)
    return tuple(period for period in t.Period if period in found)
