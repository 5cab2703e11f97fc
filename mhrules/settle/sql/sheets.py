"""The files of a settlement as relations: what the interpreter's objects would say, without making them."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from functools import cached_property

from mhrules.diagnostics.model import DiagnosticError
from mhrules.diagnostics.registry import finding
from mhrules.engine.sql.about import About
from mhrules.engine.sql.enrollment import COUNTED
from mhrules.engine.sql.grids import OWNERS
from mhrules.engine.sql.numbers import places_of
from mhrules.exact import PLACES, Rounding
from mhrules.plan import ir
from mhrules.plan.measures import MeasurePlan, Stratum
from mhrules.settle import ledger, sheets
from mhrules.settle.ledger import Settlement
from mhrules.settle.measures import BELOW_MINIMUM, NO_RESULT
from mhrules.settle.members import MemberTotals, counts_days, has_members, months_of
from mhrules.settle.sheets import Cells, Sheet, amount_places, period_label, quantity_keys, sheet, unit_cell
from mhrules.settle.sql.compiled import Compiled
from mhrules.settle.sql.details import DETAIL_ORDER, NUMBERED, Details
from mhrules.settle.sql.margins import verdict_rows
from mhrules.settle.sql.measures import TOLD
from mhrules.settle.sql.postings import ORDER, Postings
from mhrules.settle.sql.texts import (
    Cell,
    Query,
    exact_text,
    fixed_text,
    labels,
    month_text,
    plain,
    value_text,
)
from mhrules.syntax.tree import Period

MONTH_PLACES = 6
_TO_UNITS: int = 10 ** (PLACES - MONTH_PLACES)


class Relations:
    """The results of one year in the database, which forgets them when nobody has them any more."""

    def __init__(self, compiled: Compiled, postings: Postings) -> None:
        self.compiled = compiled
        self.postings = postings
        self.store = compiled.store
        # What the relations are made by refers to itself, and would be found when much else has been made.
        weakref.finalize(self, self.store.close).atexit = False
        self._books, self._plan = compiled.books, compiled.plan

    def files(self, settlement: Settlement, *, detail: bool) -> Iterator[Cells | Query]:
        """All files but the manifest, in order.

        Raises:
            DiagnosticError: member months or details do not tie (MH999: never, unless mhrules is wrong).
        """
        yield self._postings(settlement)
        yield self._participation()
        yield self._quantities()
        if self._plan.measures:
            yield self._measures()
        if has_members(self._books):
            self._tie()
            yield self._attribution()
            yield self._member_months()
        if detail:
            yield self._detail(settlement)

    def _detail(self, settlement: Settlement) -> Cells | Query:
        """What each posting is made of; the interpreter's where a number needs more than 38 digits on the way."""
        import duckdb

        try:
            rows = self._backup
        except duckdb.OutOfRangeException:
            return sheets.detail(settlement)
        cells = {name: Cell(f"p.{name}", "false") for name in ("payer", "practice", "payment")}
        cells |= {"period": Cell(self._period("p.length", "p.first")), "kind": Cell("d.kind")}
        cells |= {"person_id": Cell("d.person", "false"), "element": Cell("d.element", "false")}
        cells |= {"date": Cell("coalesce(d.date::VARCHAR, '')")}
        cells |= {name: Cell(exact_text(f"d.{name}", PLACES)) for name in ("units", "price", "amount")}
        source = f"FROM ({rows}) d JOIN {NUMBERED} p USING (number)"
        return self._query(sheets.DETAIL, source, cells, DETAIL_ORDER)

    @cached_property
    def _backup(self) -> str:
        return Details(self.compiled.relations, self.postings, self.compiled.inside).rows()

    # --------------------------------------------------------------------------------------- postings

    def posted(self, settlement: Settlement) -> str:
        """All postings in order as SQL, with the columns of `Posting`: amounts in units of 10**-12."""
        text, step = self.store.dialect.text, 10 ** (PLACES - self._plan.rounding[0])
        constants = {name: text(value) for name, value in _constants(settlement).items()}
        constants["posted_on"] = f"nullif({constants['posted_on']}, '')"
        listed = ", ".join(f"{sql} AS {name}" for name, sql in constants.items())
        return (
            f"SELECT * REPLACE (amount * {step} AS amount), {self._period('length', 'first')} AS period, {listed} "
            f"FROM {self.postings.table} ORDER BY {ORDER}"
        )

    def _postings(self, settlement: Settlement) -> Query:
        text = self.store.dialect.text
        places = self._plan.rounding[0]
        cells = {name: Cell(name, "false") for name in ("payee", "practice", "reason")}
        cells |= {"payer": Cell("payer", plain(self._books.world.payers))}
        cells |= {"payment": Cell("payment", plain(self._plan.payments))}
        cells |= {"period": Cell(self._period("length", "first")), "status": Cell("status")}
        cells |= {name: Cell(exact_text(name, PLACES)) for name in ("units", "price")}
        cells |= {"amount": Cell(fixed_text("amount", places, amount_places(self._plan)))}
        cells |= {name: Cell(text(value), plain([value])) for name, value in _constants(settlement).items()}
        return self._query(sheets.POSTINGS, f"FROM {self.postings.table}", cells, ORDER)

    def _period(self, length: str, first: str) -> str:
        """How postings name a period of the year."""
        calendar, year = self._plan.calendar, self.compiled.year
        kinds = {period.months: period for period in Period}
        listed = " ".join(
            f"WHEN {months} THEN "
            + labels(first, {month: calendar.label(month, kind) for month in calendar.periods_of(year, kind)})
            for months, kind in kinds.items()
        )
        return f"CASE {length} {listed} END"

    # ----------------------------------------------------------------------------------- participation

    def _participation(self) -> Query:
        requirement = plain(each.name for each in self.compiled.relations.requirements)
        rows = verdict_rows(self.compiled.relations, self.compiled.first, self.compiled.last)
        cells = {
            "practice": Cell("practice", "false"),
            "payer": Cell("payer", plain(self._books.world.payers)),
            "month": Cell(month_text("month")),
            "participates": Cell("CASE WHEN participates THEN 'yes' ELSE 'no' END"),
            "requirement": Cell("requirement", requirement),
            "verdict": Cell("verdict"),
            "value": Cell("value", "exact"),
            "threshold": Cell("threshold", "exact"),
            "margin": Cell("margin"),
            "due": Cell("due"),
        }
        return self._query(sheets.PARTICIPATION, f"FROM ({rows})", cells, "practice, payer, month, requirement, n")

    # -------------------------------------------------------------------------------------- quantities

    def _quantities(self) -> Query:
        keys = quantity_keys(self._plan)
        parts = [self._report(number, report) for number, report in enumerate(self._plan.reports)]
        columns = ("quantity", *keys, "period", "value", "unit")
        source = "\nUNION ALL\n".join(parts) or self._nothing((*columns, "exact", "n", "rn"))
        cells = {name: Cell(f'"{name}"', "false") for name in columns} | {"value": Cell("value", "exact")}
        order = ", ".join(f'"{name}"' for name in ("quantity", *keys, "period"))
        return self._query(sheets.QUANTITIES, f"FROM ({source})", cells, f"{order}, n, rn")

    def _report(self, number: int, report: ir.ReportPlan) -> str:
        """The rows of a report: as relations, or where declared keys are told of, read one by one."""
        text, keys = self.store.dialect.text, quantity_keys(self._plan)
        expression = report.quantity.expression
        exact = "true" if expression.type.is_number else "false"
        head, unit = text(report.name), text(unit_cell(expression.type))
        if set(report.quantity.grain) & set(self._plan.practice_keys):
            return self._read_report(number, report, head, unit, exact)
        source = self.compiled.report(report)
        own = ", ".join(f'r.{key} AS "{key}"' if key in source.keys else f"'' AS \"{key}\"" for key in keys)
        if source.period == "contract_year":
            period = "(r.clock)::VARCHAR"
        else:
            kind = Period(source.period)
            firsts = self._plan.calendar.periods_of(self.compiled.year, kind)
            period = labels("r.clock", {first: self._plan.calendar.label(first, kind) for first in firsts})
        order = ", ".join(["r.clock", *(f"r.{key}" for key in source.keys)])
        return (
            f"SELECT {head} AS quantity, {own}, {period} AS period, "
            f"{value_text('q.v', expression, places_of(expression))} AS value, {unit} AS unit, {exact} AS exact, "
            f"{number} AS n, row_number() OVER (ORDER BY {order}) AS rn {source.sql} AND q.f IS NULL"
        )

    def _read_report(self, number: int, report: ir.ReportPlan, head: str, unit: str, exact: str) -> str:
        keys, rows = quantity_keys(self._plan), []
        for at, each in enumerate(self.compiled.published(report)):
            assert each.row.clock is not None
            ids = [each.row.get(key) or "" for key in keys]
            rows.append((*ids, period_label(self._plan, each.row.clock), ir.plain_text(each.value), at))
        names = [*(f'"{key}"' for key in keys), "period", "value"]
        types = dict.fromkeys(names, "VARCHAR") | {"rn": "INTEGER"}
        table = self.store.values(f"published_{number}", types, rows, About("a report, in the order of its rows"))
        listed = ", ".join(f'"{key}"' for key in keys)
        return (
            f"SELECT {head} AS quantity, {listed}, period, value, {unit} AS unit, {exact} AS exact, {number} AS n, rn "
            f"FROM {table}"
        )

    def _nothing(self, columns: tuple[str, ...]) -> str:
        listed = ", ".join(f"'' AS \"{column}\"" for column in columns if column != "exact")
        return f"SELECT {listed}, true AS exact WHERE false"

    # ---------------------------------------------------------------------------------------- measures

    def _measures(self) -> Query:
        results = self.compiled.results
        parts = []
        for plan in results.told():
            parts.append(self._whole(plan))
            if plan.stratum is not None:
                parts.append(self._strata(plan, plan.stratum))
        columns = tuple(sheet(self._plan, sheets.MEASURES).columns)
        source = "\nUNION ALL\n".join(parts) or self._nothing((*columns, "clock", "kind"))
        cells = {name: Cell(name) for name in columns}
        cells |= {name: Cell(name, "false") for name in ("measure", "payer", "practice", "stratum")}
        return self._query(sheets.MEASURES, f"FROM ({source})", cells, "measure, payer, practice, clock, kind, stratum")

    def _whole(self, plan: MeasurePlan) -> str:
        found = self.compiled.results.whole(plan)
        values = {name: f"v{at}" for at, name in enumerate(found.told)}
        numbers = {
            name: exact_text(values[name], places_of(found.told[name])) if name in values else "''"
            for name in TOLD
            if name != "scored"
        }
        scored = f"coalesce({values['scored']}, false)"
        why = f"CASE WHEN {scored} THEN '' WHEN {values['rate']} IS NULL THEN '{NO_RESULT}' ELSE '{BELOW_MINIMUM}' END"
        payer = "''" if plan.pooled else "payer"
        return (
            f"SELECT {self._of(plan, payer)}, '' AS stratum, {numbers['numerator']} AS numerator, "
            f"{numbers['denominator']} AS denominator, {numbers['rate']} AS rate, "
            f"CASE WHEN {scored} THEN 'yes' ELSE 'no' END AS scored, {why} AS reason, {numbers['points']} AS points, "
            f"{numbers['possible_points']} AS possible_points, clock, '{plan.period}' AS kind "
            f"FROM ({found.sql}) WHERE f IS NULL"
        )

    def _strata(self, plan: MeasurePlan, stratum: Stratum) -> str:
        text, places = self.store.dialect.text, places_of(plan.rate.expression)
        label = f"{text(stratum.name + ' = ')} || " + value_text("name", stratum.value, places_of(stratum.value))
        rate = self.store.dialect.divide(f"(above * {plan.per * 10**places}::HUGEINT)", "below", Rounding.HALF_EVEN)
        inner = (
            "SELECT payer, practice, clock, name, sum(above) AS above, sum(below) AS below "
            f"FROM ({self.compiled.results.known_strata(plan, stratum)}) GROUP BY ALL"
        )
        return (
            f"SELECT {self._of(plan, 'payer')}, {label} AS stratum, {exact_text('above', PLACES)} AS numerator, "
            f"{exact_text('below', PLACES)} AS denominator, {exact_text('rate', places)} AS rate, '' AS scored, "
            f"'' AS reason, '' AS points, '' AS possible_points, clock, '{plan.period}' AS kind "
            f"FROM (SELECT *, CASE WHEN below <> 0 THEN {rate} END AS rate FROM ({inner}))"
        )

    def _of(self, plan: MeasurePlan, payer: str) -> str:
        """The columns that say which result a row is."""
        if plan.period == "contract_year":
            period = "(clock)::VARCHAR"
        else:
            kind = Period(plan.period)
            firsts = self._plan.calendar.periods_of(self.compiled.year, kind)
            period = labels("clock", {first: self._plan.calendar.label(first, kind) for first in firsts})
        return f"{self.store.dialect.text(plan.name)} AS measure, {payer} AS payer, practice, {period} AS period"

    # ----------------------------------------------------------------------------------------- members

    def _in_year(self, alias: str) -> str:
        """Whether a payer is in the program in a row's month, of the settled year."""
        text = self.store.dialect.text
        owed = {payer: months_of(self._books, payer) for payer in self._books.world.payers}
        each = [
            f"({alias}.payer = {text(payer)} AND {alias}.month BETWEEN {months[0]} AND {months[-1]})"
            for payer, months in owed.items()
            if months
        ]
        return f"({' OR '.join(each) or 'false'})"

    def _attribution(self) -> Query:
        payers, text = list(self._books.world.payers), self.store.dialect.text
        in_days = [payer for payer in payers if counts_days(self._books, payer)]
        days = f"CASE WHEN o.payer IN ({self.store.dialect.texts(in_days)}) THEN o.days::VARCHAR ELSE '' END"
        attribution, members = self._plan.members.attribution, self._plan.members
        methods = [method.words for method in attribution.methods] if attribution else []
        day = self.store.month_day("o.refresh")
        cells = {
            "payer": Cell("o.payer", plain(payers)),
            "person_id": Cell("o.member", "false"),
            "month": Cell(month_text("o.month")),
            "practice": Cell("o.practice", "false"),
            "reason": Cell("o.reason", plain(each.name for each in members.exclusions)),
            "method": Cell("coalesce(o.method, '')", plain(methods)),
            "refreshed_on": Cell(f"CASE WHEN o.refresh IS NULL THEN '' ELSE ({day})::DATE::VARCHAR END"),
            "days": Cell(days if in_days else "''"),
        }
        rank = " ".join(f"WHEN {text(payer)} THEN {at}" for at, payer in enumerate(payers))
        source = f"FROM {self.compiled.relations.outcomes()} o WHERE {self._in_year('o')}"
        return self._query(sheets.ATTRIBUTION, source, cells, f"CASE o.payer {rank} END, o.member, o.month")

    def _month_rows(self) -> str:
        """The member months by payer, practice, reason and month: `members`, and `v` at 6 places."""
        value = self.compiled.relations.months_of_days("month")
        sql = (
            f"SELECT payer, practice, reason, month, count(*) AS members, {value} AS v "
            f"FROM {self.compiled.relations.outcomes()} o WHERE {self._in_year('o')} "
            "GROUP BY payer, practice, reason, month"
        )
        about = About("members and member months of the year", ("payer", "practice", "reason", "month"))
        return self.store.table("month_totals", sql, about)

    def _member_months(self) -> Query:
        cells = {
            "payer": Cell("payer", plain(self._books.world.payers)),
            "practice": Cell("practice", "false"),
            "reason": Cell("reason", plain(each.name for each in self._plan.members.exclusions)),
            "month": Cell(month_text("month")),
            "members": Cell("members::VARCHAR"),
            "member_months": Cell(exact_text("v", MONTH_PLACES)),
        }
        return self._query(sheets.MEMBER_MONTHS, f"FROM {self._month_rows()}", cells, "payer, practice, reason, month")

    def member_totals(self) -> dict[str, MemberTotals]:
        """The member months of the year by payer; those of practices and reasons add up to all."""
        if not has_members(self._books):
            return {}
        rows = self.store.rows(
            f"SELECT payer, practice, reason, sum(v) FROM {self._month_rows()} GROUP BY ALL "
            "ORDER BY payer, practice, reason"
        )
        found: dict[str, tuple[dict[str, int], dict[str, int]]] = {}
        for payer, practice, reason, months in rows:
            practices, reasons = found.setdefault(payer, ({}, {}))
            own, key = (practices, practice) if practice else (reasons, reason)
            own[key] = own.get(key, 0) + int(months) * _TO_UNITS
        return {
            payer: MemberTotals(sum(practices.values()) + sum(reasons.values()), practices, reasons)
            for payer, (practices, reasons) in found.items()
        }

    def panels(self) -> dict[tuple[str, str], tuple[int, int]]:
        """By payer and practice the member months of the year and of its last month, in units of 10**-12.

        Nothing where the data only count members.
        """
        if not self.compiled.relations.given:
            return {}
        held = self.compiled.relations.grids.held(frozenset(OWNERS))
        inside = f"BETWEEN {self.compiled.first} AND {self.compiled.last}"
        rows = self.store.rows(
            "SELECT h.payer, h.practice, coalesce(sum(m.v), 0), coalesce(arg_max(coalesce(m.v, 0), h.month), 0) "
            f"FROM {held} h LEFT JOIN {self.compiled.relations.member_months()} m "
            "ON m.payer = h.payer AND m.practice = h.practice AND m.month = h.month "
            f"WHERE h.month {inside} GROUP BY h.payer, h.practice"
        )
        return {(payer, practice): (int(v) * _TO_UNITS, int(last) * _TO_UNITS) for payer, practice, v, last in rows}

    def _tie(self) -> None:
        """Every month that counts has one outcome, and the members of a practice are those it is paid for.

        A practice that has not started yet can have members, and is not paid for them.
        """
        relations = self.compiled.relations
        outcomes, attributed = relations.outcomes(), relations.attributed()
        held = relations.grids.held(frozenset(OWNERS))
        (tied,) = self.store.row(
            f"SELECT (SELECT (count(*), sum(days)) FROM {outcomes} t WHERE {self._in_year('t')}) IS NOT DISTINCT FROM "
            f"(SELECT (count(*), sum(days)) FROM {COUNTED} t WHERE {self._in_year('t')}) AND "
            f"(SELECT (count(*), sum(t.days)) FROM {outcomes} t JOIN {held} h ON h.payer = t.payer "
            f"AND h.practice = t.practice AND h.month = t.month WHERE {self._in_year('t')}) "
            f"IS NOT DISTINCT FROM (SELECT (count(*), sum(days)) FROM {attributed} t WHERE {self._in_year('t')})"
        )
        if not tied:
            raise DiagnosticError([finding("MH999", "the member months do not tie")])

    def _query(self, name: str, source: str, cells: dict[str, Cell], order: str) -> Query:
        described: Sheet = sheet(self._plan, name)
        return Query(described, self.store, source, cells, order)


def _constants(settlement: Settlement) -> dict[str, str]:
    """The columns that all postings of a run have in common, as texts."""
    return {
        "kind": ledger.FINAL,
        "run": settlement.run,
        "posted_on": "" if settlement.posted_on is None else settlement.posted_on.isoformat(),
        "reverses": "",
    }
