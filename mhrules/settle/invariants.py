"""Invariants and reports: judged, or worked out, at every row of their keys in the settled year."""

from __future__ import annotations

from collections.abc import Iterator

from mhrules.classes import frozen
from mhrules.diagnostics.model import Diagnostic
from mhrules.diagnostics.registry import finding
from mhrules.engine.faults import Faulted, Gathering
from mhrules.engine.reference import Interpreter
from mhrules.engine.rows import Clock, Row, time_key
from mhrules.exact import ONE, to_text
from mhrules.plan import ir
from mhrules.semantics.types import Share, Type, unit_text
from mhrules.settle.ledger import Published
from mhrules.settle.participation import Atom, atoms_of
from mhrules.syntax.tree import Period


@frozen
class Failure:
    """An invariant that does not hold at a row."""

    row: Row
    months: tuple[int, ...]
    finding: Diagnostic


def rows_of(interpreter: Interpreter, keys: frozenset[str], clock: Clock) -> list[Row]:
    """The rows of a period for some keys, in order: payers, practices, declared keys, lines.

    Raises:
        Faulted: who is there cannot be known.
    """
    whose = ("practice", "payer") if clock[0] == "contract_year" else ("payer", "practice")
    order = (*whose, *interpreter.plan.practice_keys, "line")
    others = sorted(keys - set(order) - set(ir.TIME_KEYS))
    rows = [Row(clock=clock)]
    for key in (*(key for key in order if key in keys), *others):
        rows = [below for row in rows for below in _below(interpreter, key, row)]
    return [row for row in rows if interpreter.world.exists(row)]


def _below(interpreter: Interpreter, key: str, row: Row) -> Iterator[Row]:
    """The rows with a key added; a declared key of a practice that the row has is the practice's own."""
    if key in interpreter.plan.practice_keys and row.get("practice") is not None:
        yield row.plus(key, interpreter.world.lookup(row, key))
    else:
        yield from interpreter.world.elements(key, row)


def failures(interpreter: Interpreter, ensure: ir.EnsurePlan, year: int, faults: Gathering) -> Iterator[Failure]:
    """The rows of the year at which an invariant does not hold; rows that cannot be judged go to `faults`."""
    keys = ensure.condition.keys if ensure.payers_where is None else ensure.condition.keys | {"payer"}
    for first in interpreter.plan.calendar.periods_of(year, ensure.period):
        rows: list[Row] = []
        with faults:
            rows = rows_of(interpreter, keys, (ensure.period.value, first))
        for row in rows:
            with faults:
                if _concerned(interpreter, ensure, row) and not interpreter.truth(ensure.condition, row):
                    yield Failure(row, interpreter.world.months(row), not_holding(interpreter, ensure, row))


def _concerned(interpreter: Interpreter, ensure: ir.EnsurePlan, row: Row) -> bool:
    """Whether the invariant is for the row's payer; of a payer with several lines of business, for any of them."""
    where = ensure.payers_where
    if isinstance(where, ir.Aggregate) and where.over == ("line",) and where.body is not None:
        where = where.body  # asked of the lines that the payer declares, whether or not facts are kept by line
    if where is None:
        return True
    if "line" not in where.keys or row.get("line") is not None:
        return interpreter.truth(where, row)
    lines = interpreter.world.payers[interpreter.world.lookup(row, "payer")].lines
    return any(interpreter.truth(where, row.plus("line", line)) for line in lines)


def not_holding(interpreter: Interpreter, ensure: ir.EnsurePlan, row: Row) -> Diagnostic:
    """That an invariant does not hold at a row, and the values that it compares."""
    atoms = [atom for atom in atoms_of(interpreter, ensure.condition, row) if not atom.holds]
    return finding(
        "MH720",
        f"`{ensure.name}` ({ensure.title}) does not hold for {interpreter.words(row)}",
        ensure.condition.span,
        label="does not hold",
        notes=[note for atom in atoms for note in _sides(atom)],
        help="the facts, the text or the invariant is wrong; nothing is posted until it holds",
    )


def _sides(atom: Atom) -> Iterator[str]:
    """The values on both sides of a comparison that does not hold."""
    if isinstance(atom.expression, ir.Compare):
        for side, value in ((atom.expression.left, atom.value), (atom.expression.right, atom.threshold)):
            if not isinstance(side, ir.Literal):
                yield f"`{' '.join(side.span.text.split())}` is {value_words(value, side.type)}"


def value_words(value: ir.Value, kind: Type) -> str:
    """A value as people read it: `$1,200.00`, `$5.50 pmpm`, `3.2%`, `yes`, `2012-03-01`, `missing`."""
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int):
        return str(value)
    if kind.is_money:
        whole, _, cents = to_text(abs(value)).partition(".")
        unit = unit_text(kind.unit).removeprefix("$")
        return f"{'-' if value < 0 else ''}${int(whole):,}.{cents:0<2}{unit}"
    if kind.share is Share.PERCENT:
        return to_text(value * 100) + "%"
    unit = unit_text(kind.unit)
    if value == ONE and len(kind.unit) == 1:
        unit = kind.unit[0][0]
    return f"{to_text(value)} {unit}".rstrip()


def published(interpreter: Interpreter, report: ir.ReportPlan, year: int, faults: Gathering) -> Iterator[Published]:
    """A report's values of the year; rows that cannot be known go to `faults`. A period that left no month has none."""
    quantity = report.quantity
    kind = time_key(quantity.grain)
    for clock in clocks_of(interpreter, kind, year):
        try:
            rows = rows_of(interpreter, frozenset(quantity.grain), clock)
        except Faulted as error:
            faults.faults += error.faults
            continue
        for row in rows:
            with faults:
                value = interpreter.quantity(quantity, row)
                yield Published(report, row, value, quantity.expression.type)


def clocks_of(interpreter: Interpreter, kind: str | None, year: int) -> list[Clock]:
    """The periods of a year for a time key; a quantity that does not vary in time is published for the year."""
    calendar = interpreter.plan.calendar
    if kind == "contract_year":
        months = calendar.periods_of(year, Period.MONTH)
        practices = interpreter.world.practices
        numbers = {interpreter.world.contract_year(p, month) for month in months for p in practices}
        return [("contract_year", number) for number in sorted(numbers) if number >= 1]
    period = Period.YEAR if kind is None else Period(kind)
    return [(period.value, first) for first in calendar.periods_of(year, period)]
