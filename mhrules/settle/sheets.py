"""What the files of a settlement hold: their columns, and their rows as texts, made of the settlement's objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from attrs import field

from mhrules.classes import frozen
from mhrules.engine.rows import Clock
from mhrules.exact import PLACES, to_text
from mhrules.plan import ir
from mhrules.plan.whole import Plan
from mhrules.semantics.calendar import month_label
from mhrules.semantics.types import Share, Type, unit_text
from mhrules.settle.backup import backup
from mhrules.settle.csvtext import Exact, csv_lines
from mhrules.settle.ledger import Settlement
from mhrules.settle.members import MemberMonth, MonthTotal, counts_days, method_of
from mhrules.settle.participation import Participation, Verdict
from mhrules.syntax.tree import Period

CENTS = 2
POSTINGS = "postings"
PARTICIPATION = "participation"
QUANTITIES = "quantities"
MEASURES = "measures"
ATTRIBUTION = "attribution"
MEMBER_MONTHS = "member_months"
DETAIL = "detail"
SHEETS = (POSTINGS, PARTICIPATION, QUANTITIES, MEASURES, ATTRIBUTION, MEMBER_MONTHS, DETAIL)
"""All that can be written, by name, in the order of the manifest's making."""

TEXT = "VARCHAR"
UNITS = "DECIMAL(38,6)"
EXACT = f"DECIMAL(38,{PLACES})"
DAY = "DATE"
COUNT = "BIGINT"

_WHOSE = {"payer": TEXT, "practice": TEXT, "payment": TEXT, "period": TEXT}
_POSTED = {"status": TEXT, "reason": TEXT, "kind": TEXT, "run": TEXT, "posted_on": DAY, "reverses": TEXT}
_POSTING = {"payer": TEXT, "payee": TEXT, "practice": TEXT, "payment": TEXT, "period": TEXT}
_PARTICIPATION = (
    "practice", "payer", "month", "participates", "requirement", "verdict", "value", "threshold", "margin", "due",
)  # fmt: skip
_MEASURE = ("measure", "payer", "practice", "period", "stratum")
_NUMBERS = ("numerator", "denominator", "rate")
_POINTS = ("points", "possible_points")
_ATTRIBUTION = ("payer", "person_id", "month", "practice", "reason", "method")


@frozen
class Sheet:
    """One file: its name, and its columns with their SQL types, which Parquet files have."""

    name: str
    columns: dict[str, str]


def amount_places(plan: Plan) -> int:
    """The places of amounts in files: at least two."""
    return max(CENTS, plan.rounding[0])


def sheet(plan: Plan, name: str) -> Sheet:
    """What a file of a program's settlement looks like."""
    columns = {
        POSTINGS: _POSTING
        | {"units": UNITS, "price": EXACT, "amount": f"DECIMAL(38,{amount_places(plan)})"}
        | _POSTED,
        PARTICIPATION: dict.fromkeys(_PARTICIPATION, TEXT) | {"margin": EXACT},
        QUANTITIES: dict.fromkeys(("quantity", *quantity_keys(plan), "period", "value", "unit"), TEXT),
        MEASURES: dict.fromkeys(_MEASURE, TEXT)
        | dict.fromkeys(_NUMBERS, EXACT)
        | {"scored": TEXT, "reason": TEXT}
        | dict.fromkeys(_POINTS, EXACT),
        ATTRIBUTION: dict.fromkeys(_ATTRIBUTION, TEXT) | {"refreshed_on": DAY, "days": COUNT},
        MEMBER_MONTHS: {
            "payer": TEXT, "practice": TEXT, "reason": TEXT, "month": TEXT, "members": COUNT, "member_months": UNITS,
        },
        DETAIL: _WHOSE
        | {"kind": TEXT, "person_id": TEXT, "element": TEXT, "date": DAY}
        | {"units": EXACT, "price": EXACT, "amount": EXACT},
    }  # fmt: skip
    return Sheet(name, columns[name])


def quantity_keys(plan: Plan) -> tuple[str, ...]:
    """The keys that a row of `quantities` has columns for."""
    return ("payer", "practice", "line", *sorted(plan.practice_keys))


@frozen
class Cells:
    """A file whose rows are made of objects, as texts."""

    sheet: Sheet
    _rows: Callable[[], Iterable[Sequence[str]]] = field(alias="rows", repr=False)

    def rows(self) -> Iterable[Sequence[str]]:
        """The rows in order; their cells are texts, numbers `Exact`."""
        return self._rows()

    def text(self) -> str:
        """The file as CSV."""
        return csv_lines([tuple(self.sheet.columns)]) + csv_lines(self.rows())


# ------------------------------------------------------------------------------------------------- rows


def postings(settlement: Settlement) -> Cells:
    """The postings: amounts with two places, units as short as exact."""
    return Cells(sheet(settlement.plan, POSTINGS), lambda: _postings(settlement))


def _postings(settlement: Settlement) -> Iterator[Sequence[str]]:
    places = amount_places(settlement.plan)
    for p in settlement.postings:
        posted = "" if p.posted_on is None else p.posted_on.isoformat()
        whose = (p.payer, p.payee, p.practice, p.payment, p.period)
        price = "" if p.price is None else to_text(p.price)
        numbers = (Exact(to_text(p.units)), Exact(price), Exact(to_text(p.amount, places)))
        yield (*whose, *numbers, p.status, p.reason, p.kind, p.run, posted, p.reverses)


def participation(settlement: Settlement) -> Cells:
    """A row per practice, payer, month and requirement; one without requirement where a program asks for none."""
    return Cells(
        sheet(settlement.plan, PARTICIPATION),
        lambda: sorted(
            (row for each in settlement.participation for row in _verdict_rows(each)),
            key=lambda row: [cell.encode() for cell in row[:5]],
        ),
    )


def _verdict_rows(each: Participation) -> Iterator[tuple[str, ...]]:
    start = (each.practice, each.payer, month_label(each.month), "yes" if each.participates else "no")
    for verdict in each.verdicts:
        due = "" if verdict.due is None else month_label(verdict.due)
        yield (*start, verdict.requirement.name, verdict.verdict, *_margin_cells(verdict), due)
    if not each.verdicts:
        yield (*start, "", "", "", "", "", "")


def _margin_cells(verdict: Verdict) -> tuple[str, str, str]:
    """Value, threshold and margin of a requirement that is one condition."""
    if len(verdict.atoms) != 1:
        return "", "", ""
    atom = verdict.atoms[0]
    margin = Exact("") if atom.margin is None else Exact(to_text(atom.margin))
    return _cell(atom.value), "" if atom.threshold is None else _cell(atom.threshold), margin


def quantities(settlement: Settlement) -> Cells:
    """A row per published value: its keys, period, value and unit. A `%` is written as a fraction."""
    return Cells(sheet(settlement.plan, QUANTITIES), lambda: _quantities(settlement))


def _quantities(settlement: Settlement) -> list[tuple[str, ...]]:
    plan = settlement.plan
    keys = quantity_keys(plan)
    rows = []
    for published in settlement.quantities:
        clock = published.row.clock
        period = "" if clock is None else period_label(plan, clock)
        ids = [published.row.get(key) or "" for key in keys]
        cells = (period, _cell(published.value), unit_cell(published.type))
        rows.append((published.report.name, *ids, *cells))
    return sorted(rows, key=lambda row: [cell.encode() for cell in row[: len(keys) + 2]])


def measures(settlement: Settlement) -> Cells:
    """A row per measure, payer, practice and period, and per stratum of one: the rate, whether it is scored, points.

    The payer is empty where a measure is pooled over all payers. A `%` is written as a fraction; a missing number is
    empty. Of a stratum there are only numerator, denominator and rate.
    """
    return Cells(sheet(settlement.plan, MEASURES), lambda: _measures(settlement))


def _measures(settlement: Settlement) -> Iterator[tuple[str, ...]]:
    for each in settlement.measures:
        numbers = (_cell(value) for value in (each.numerator, each.denominator, each.rate))
        whose = (each.measure.name, each.payer, each.practice, period_label(settlement.plan, each.clock), each.stratum)
        scored = "" if each.stratum else "no" if each.reason else "yes"
        yield (*whose, *numbers, scored, each.reason, _cell(each.points), _cell(each.possible_points))


def attribution(settlement: Settlement, found: Iterable[MemberMonth]) -> Cells:
    """A row per payer, person and counted month: the practice, or the reason for none, and how it came about."""
    return Cells(sheet(settlement.plan, ATTRIBUTION), lambda: _attribution(settlement, found))


def _attribution(settlement: Settlement, found: Iterable[MemberMonth]) -> Iterator[tuple[str, ...]]:
    books = settlement.books
    in_days = {payer: counts_days(books, payer) for payer in books.world.payers}
    for each in found:
        outcome = each.outcome
        refreshed = "" if outcome.assignment is None else outcome.assignment.day.isoformat()
        days = Exact(outcome.days) if in_days[each.payer] else ""
        whose = (each.payer, each.person, month_label(each.month), outcome.practice, outcome.reason)
        yield (*whose, method_of(outcome), refreshed, days)


def member_months(settlement: Settlement, totals: Iterable[MonthTotal]) -> Cells:
    """A row per payer, practice (or the reason for none) and month: members, and the member months they make."""
    return Cells(
        sheet(settlement.plan, MEMBER_MONTHS),
        lambda: [
            (t.payer, t.practice, t.reason, month_label(t.month), Exact(t.members), Exact(to_text(t.member_months)))
            for t in totals
        ],
    )


def detail(settlement: Settlement) -> Cells:
    """The rows that each posting is made of, which add up to it; amounts with all their digits.

    Its rows raise `Faulted` if they do not add up (MH999: never, unless mhrules is wrong).
    """
    return Cells(sheet(settlement.plan, DETAIL), lambda: _detail(settlement))


def _detail(settlement: Settlement) -> Iterator[tuple[str, ...]]:
    for posting, row in backup(settlement):
        price = Exact("" if row.price is None else to_text(row.price))
        date = "" if row.date is None else row.date.isoformat()
        whose = (posting.payer, posting.practice, posting.payment, posting.period)
        numbers = (Exact(to_text(row.units)), price, Exact(to_text(row.amount)))
        yield (*whose, row.kind, row.person, row.element, date, *numbers)


# ------------------------------------------------------------------------------------------------- cells


def period_label(plan: Plan, clock: Clock) -> str:
    """A period as postings name it; a contract year by its number."""
    return str(clock[1]) if clock[0] == "contract_year" else plan.calendar.label(clock[1], Period(clock[0]))


def unit_cell(kind: Type) -> str:
    """The unit of a published value: `$`, `$ pmpm`, `fraction` for a `%`, empty for plain numbers and what is none."""
    if not kind.is_number:
        return ""
    return unit_text(kind.unit) or ("fraction" if kind.share is Share.PERCENT else "")


def _cell(value: ir.Value) -> str:
    """A value as a cell: numbers as short as exact, yes and no, dates, texts; missing is empty."""
    text = ir.plain_text(value)
    return Exact(text) if isinstance(value, int) and not isinstance(value, bool) else text
