"""Claims, visits, prescriptions and events as relations: reversals netted, each with who billed or saw it."""

from __future__ import annotations

from collections.abc import Container, Mapping

from mhrules.data import population
from mhrules.engine.records import (
    CLAIM,
    DATES,
    EVENT,
    EVENT_COLUMNS,
    LINE,
    NUMBERS,
    PRESCRIPTION,
    RESULT,
    STATE,
    VISIT,
)
from mhrules.engine.sql.about import About
from mhrules.engine.sql.failing import Fallible
from mhrules.engine.sql.faults import Unsupported
from mhrules.engine.sql.frame import NO_TIME, Frame, Grid
from mhrules.engine.sql.people import People
from mhrules.plan import ir
from mhrules.semantics.calendar import MONTHS_IN_YEAR

SERVICE = "e_service"
SERVICE_FAULT = "service_fault"
"""The column that says why the service class of a record is not known."""


class Claims(People):
    """What happened to people, a row a record."""

    service_fails = False  # whether it can be that the service class of a record is not known

    def records(self, kind: str, event: str = "") -> str:
        """The relation of a kind of record: id, person, payer, practice, date, month, claim_id, features `e_…`."""
        if kind == EVENT:
            return self._events(event)
        if kind == VISIT and self.facts.present(population.ENCOUNTER):
            return self._plain(population.ENCOUNTER)
        if kind in (VISIT, LINE, CLAIM):
            if not self.facts.present(population.MEDICAL):
                raise Unsupported("visits without a table of them")
            return self._claims(population.MEDICAL)
        if kind == PRESCRIPTION:
            return self._claims(population.PHARMACY)
        return self._plain({STATE: population.CONDITION, RESULT: population.LAB_RESULT}[kind])

    def _features(self, table: str, alias: str) -> dict[str, str]:
        """The features of a table's rows that the program reads."""
        asked, found = self._columns_asked(table), {}
        asked -= {"service", "encounter_type"} if self._classifies(table) else set()
        for feature, column in population.FEATURES.get(table, {}).items():
            if column in asked or feature in ("resolved", "result"):
                sql = f"{alias}.{column}"
                found[feature] = f"coalesce({sql}, '')" if feature in population.TEXTS else sql
        return found

    def _columns_asked(self, table: str) -> set[str]:
        """The columns of a table that the program asks for."""
        described = self.facts.schema.table(table)
        return {c.name for c in (*described.keys, *described.columns) if not c.may_be_left_out}

    def _claims(self, table: str) -> str:
        """Claim lines, each with its reversals and corrections netted, without those denied or paid too late.

        They are a view of a table that has only what is not worked out at once from the rest: there are many.
        """
        name = f"records_{table}"
        if self.store.has(name):
            return name
        kind = LINE if table == population.MEDICAL else PRESCRIPTION
        read = f"SELECT id AS {kind}, person AS member, f FROM {name}"
        self.failing.append(Fallible("record", table, read, (kind, "member"), None))
        features = self._features(table, "t")
        listed = [f"e_{feature}" for feature in features]
        netted, told = self._netted(table, {f"e_{feature}": sql for feature, sql in features.items()})
        told = ["claim_id", "line_number", "person", "payer", "date", *listed, *told]
        if table == population.MEDICAL:
            told += ["npi"] if "rendering_npi" in self._columns_asked(table) else []
            sql = self._with_biller(netted, told)
            told += ["practice", "place", "month"]
        else:
            sql = f"SELECT {', '.join(told)}, {self._month('date')} AS month FROM ({netted})"
            told += ["month"]
        left_out = {"id": "claim_id || '/' || line_number", "f": "NULL::INTEGER"}
        left_out |= dict.fromkeys(("npi", "practice", "place"), "''")
        if self._classifies(table):
            sql = self._classified(sql, left_out, told, table)
            told += [SERVICE, SERVICE_FAULT]
        about = About(f"lines of `{table}`, reversals and corrections netted, with who billed them", ("claim", "line"))
        lines = self.store.table(f"netted_{table}", sql, about)
        given = [column for column in told if column != "line_number"]
        about = About(f"lines of `{table}`, each with its id", ("claim", "line"))
        return self.store.view(name, f"SELECT {', '.join(given)}{_added(left_out, told)} FROM {lines}", about)

    def _netted(self, table: str, features: dict[str, str]) -> tuple[str, list[str]]:
        """Claim lines with their entries added up, and the fault `f` if there can be one: told in a list.

        Few lines have more entries than one, and only those are grouped.
        """
        own = set(self.facts.columns(table))
        date = f"t.{DATES[table]}" if table in DATES else "coalesce(t.claim_line_start_date, t.claim_start_date)"
        columns = {"person": "t.person_id", "payer": "t.payer", "date": date}
        if table == population.MEDICAL:
            columns |= {"npi": "t.rendering_npi" if "rendering_npi" in own else "''", "named": f"t.{self._practice}"}
            columns |= {"billing_npi": "t.billing_npi", "billing_tin": "t.billing_tin"}
        columns |= features
        corrected = self.store.table(
            f"corrected_{table}",
            f"SELECT DISTINCT claim_id, claim_line_number FROM {table} WHERE entry_number <> 1",
            About(f"lines of `{table}` that have more entries than one", ("claim", "line")),
        )
        summed = {f"e_{feature}" for feature in population.SUMMED}
        plain = ", ".join(f"{sql} AS {column}" for column, sql in columns.items())
        added = ", ".join(
            f"CASE WHEN count(*) = count({sql}) THEN CAST(sum({sql}) AS BIGINT) END AS {column}"
            if column in summed
            else f"{self._of_first(sql) if sql != repr('') else sql} AS {column}"
            for column, sql in columns.items()
        )
        kept, first, several = "t.denied IS NOT TRUE", "", ""
        if self.plan.members.run_out is not None:
            year = self.grids.period_first(self.month_of(date), "year")
            end = self.store.month_day(f"{year} + {MONTHS_IN_YEAR + self.plan.members.run_out}")
            kept += f" AND (t.paid_date IS NULL OR t.paid_date < {end})"
            unpaid = f"CASE WHEN t.paid_date IS NULL THEN {self.faults.number('MH742', None)} END"
            first, several = f", {unpaid} AS f", f", max({unpaid}) AS f"
        identity = "t.claim_id, t.claim_line_number AS line_number"
        same = f"{table} t {{}} {corrected} c USING (claim_id, claim_line_number) WHERE {kept}"
        sql = (
            f"SELECT {identity}, {plain}{first} FROM {same.format('ANTI JOIN')}\nUNION ALL\n"
            f"SELECT {identity}, {added}{several} FROM {same.format('SEMI JOIN')} "
            f"GROUP BY t.claim_id, t.claim_line_number HAVING {_there()}"
        )
        return sql, ["f"] if first else []

    def _month(self, day: str) -> str:
        """The month of a record, which is kept beside it."""
        return f"CAST({self.month_of(day)} AS INTEGER)"

    def _of_first(self, sql: str) -> str:
        """What the first entry of a claim line says: what it leaves empty is empty."""
        return f"arg_min_null({sql}, t.entry_number)"

    def _with_biller(self, netted: str, told: list[str]) -> str:
        """Lines with the practice that billed them: by name, by the biller's number, or by the provider's practice."""
        parts, joins = [], []
        parts.append("CASE WHEN coalesce(n.named, '') <> '' THEN coalesce(p.practice, '') END")
        joins.append("LEFT JOIN practices p ON p.practice = n.named")
        for column, own in NUMBERS:
            billers = self._billed_as(own)
            if billers:
                joins.append(f"LEFT JOIN {billers} {own}s ON {own}s.number = n.{column} AND n.{column} <> ''")
                parts.append(f"{own}s.practice")
        provider = self._of_provider()
        if provider:
            joins.append(f"LEFT JOIN {provider} v ON v.npi = n.npi AND v.date = n.date")
            parts.append("v.practice")
        practice = f"coalesce({', '.join([*parts, repr('')])})"
        place = (
            f"CASE WHEN coalesce(n.named, '') <> '' THEN n.named WHEN {practice} <> '' THEN {practice} "
            "ELSE coalesce(nullif(n.npi, ''), nullif(n.billing_npi, ''), nullif(n.billing_tin, ''), '') END"
        )
        own = ", ".join(f"n.{column}" for column in told)
        added = f"{practice} AS practice, {place} AS place, {self._month('n.date')} AS month"
        return f"SELECT {own}, {added} FROM ({netted}) n {' '.join(joins)}"

    def _billed_as(self, column: str) -> str:
        """Practices by a number under which they bill, which no other practice has."""
        roster = self.facts.schema.roster
        if column not in self.facts.columns(roster) or not self.facts.present(roster):
            return ""
        sql = (
            f"SELECT {column} AS number, min({self._practice}) AS practice FROM {roster} "
            f"WHERE coalesce({column}, '') <> '' GROUP BY {column} HAVING count(DISTINCT {self._practice}) = 1"
        )
        about = About(f"practices by the {column.upper()} under which they bill", (column,))
        return self.store.table(f"billed_as_{column}", sql, about)

    def _of_provider(self) -> str:
        """The practice of each provider on each day on which only one has them."""
        if not self.facts.knows(population.PROVIDER) or not self.facts.present(population.PROVIDER):
            return ""
        sources = []
        for table, date in ((population.MEDICAL, None), (population.ENCOUNTER, DATES[population.ENCOUNTER])):
            if self.facts.present(table):
                day = date or "coalesce(claim_line_start_date, claim_start_date)"
                sources.append(f"SELECT DISTINCT rendering_npi AS npi, {day} AS date FROM {table}")
        asked = " UNION ".join(sources)
        sql = (
            f"SELECT a.npi, a.date, min(p.{self._practice}) AS practice FROM ({asked}) a JOIN {population.PROVIDER} p "
            f'ON p.npi = a.npi AND p."from" <= a.date AND (p."to" IS NULL OR a.date <= p."to") '
            f"GROUP BY a.npi, a.date HAVING count(DISTINCT p.{self._practice}) = 1"
        )
        about = About("the practice of each provider on days on which only one has them", ("npi", "day"))
        return self.store.table("practice_of_provider", sql, about)

    def _plain(self, table: str) -> str:
        """Encounters, conditions and laboratory results: one record a row."""
        own = set(self.facts.columns(table))
        described = self.facts.schema.table(table)
        features = self._features(table, "t")
        ids = " || ' ' || ".join(f"CAST(t.{key.name} AS STRING)" for key in described.keys)
        npi = "coalesce(t.rendering_npi, '')" if "rendering_npi" in own else "''"
        seen = f"coalesce(t.{self._practice}, '')" if self._practice in own else "''"
        date = f"t.{DATES[table]}"
        payer = "t.payer" if "payer" in own else "NULL::STRING"
        joins = [f"LEFT JOIN practices p ON p.practice = {seen}"]
        practice = "coalesce(p.practice, '')"
        provider = self._of_provider() if npi != "''" else ""
        if provider:
            joins.append(f"LEFT JOIN {provider} v ON v.npi = t.rendering_npi AND v.date = {date}")
            practice = f"CASE WHEN {seen} <> '' THEN {practice} ELSE coalesce(v.practice, '') END"
        listed = "".join(f", {sql} AS e_{feature}" for feature, sql in features.items())
        if payer != "NULL::STRING":
            payer = self._or_first_payer(payer, "t.person_id", date)
        sql = (
            f"SELECT {ids} AS id, '' AS claim_id, t.person_id AS person, {payer} AS payer, {date} AS date, "
            f"{npi} AS npi, {practice} AS practice, CASE WHEN {practice} <> '' THEN {practice} "
            f"WHEN {seen} <> '' THEN {seen} ELSE {npi} END AS place, {self.month_of(date)} AS month{listed}, "
            f"NULL::INTEGER AS f FROM {table} t {' '.join(joins)}"
        )
        if self._classifies(table):
            told = ["id", "claim_id", "person", "payer", "date", "npi", "practice", "place", "month", "f"]
            told += [f"e_{feature}" for feature in features]
            sql = self._classified(sql, {}, told, table)
        about = About(f"rows of `{table}`, with the practice that each is of", ("record",))
        return self.store.table(f"records_{table}", sql, about)

    def _or_first_payer(self, payer: str, person: str, date: str) -> str:
        """A record's payer: the source's word, or else the person's first payer on that day."""
        first = (
            f"(SELECT min_by(s.payer, (s.ord, s.payer)) FROM {self.spans()} s "
            f"WHERE s.member = {person} AND s.a <= {date} AND s.b >= {date})"
        )
        return f"coalesce({payer}, {first})"

    def _events(self, event: str) -> str:
        """Events of one kind."""
        table = f"event_{event}"
        described = self.facts.schema.table(table)
        own = [c.name for c in described.columns if c.name not in (*EVENT_COLUMNS, self._practice)]
        listed = "".join(f', t."{column}" AS e_{column}' for column in own)
        payer = self._or_first_payer("t.payer", "t.person_id", "t.event_date")
        sql = (
            f"SELECT t.event_id AS id, '' AS claim_id, t.person_id AS person, {payer} AS payer, t.event_date AS date, "
            f"'' AS npi, t.{self._practice} AS practice, t.{self._practice} AS place, "
            f"{self.month_of('t.event_date')} AS month{listed}, NULL::INTEGER AS f FROM {table} t"
        )
        return self.store.table(f"records_{table}", sql, About(f"events of `{table}`", ("event",)))

    def _classifies(self, table: str) -> bool:
        """Whether the program gives the records of a table a service class, which is then not read from the source."""
        return self.plan.members.service is not None and "service" in population.FEATURES[table]

    def _classified(self, sql: str, left_out: dict[str, str], told: list[str], table: str) -> str:
        """Records with the service class that the program gives each, or why it is not known.

        `told` are the columns of the records; a class can ask for what of `left_out` is not among them, too.
        """
        rule = self.plan.members.service
        assert rule is not None
        lacking = {
            f"e_{node.column}": "''" if node.column in population.TEXTS else f"NULL::{self.dialect.narrow}"
            for node in rule.walk()
            if isinstance(node, ir.Feature) and f"e_{node.column}" not in told
        }
        added = _added(left_out | lacking, told)
        about = About("records without their service class", ("record",))
        source = self.store.view(
            f"unclassified_{table}", f"SELECT *{added}, person AS member, {NO_TIME} FROM ({sql})", about
        )
        frame = Frame(Grid(source, ("id",), None, element=LINE))
        found = self.value(rule, frame)
        columns = {column: frame.expose(f"r.{column}") for column in told}
        self.service_fails = found.fault is not None
        return frame.select({**columns, SERVICE: found.value, SERVICE_FAULT: found.fault or "NULL::INTEGER"})


def _added(left_out: Mapping[str, str], told: Container[str]) -> str:
    """The columns that are not told of, as a view adds them."""
    return "".join(f", {sql} AS {column}" for column, sql in left_out.items() if column not in told)


def _there() -> str:
    """Whether the entries of a claim line leave anything of it: one that is reversed as a whole is not there."""
    allowed, paid = (
        f"CASE WHEN count(*) = count(t.{name}_amount) THEN sum(t.{name}_amount) END" for name in ("allowed", "paid")
    )
    nothing = f"coalesce({allowed}, 0) = 0 AND coalesce({paid}, 0) = 0"
    return f"count(*) = 1 OR NOT ({nothing}) OR ({allowed} IS NULL AND {paid} IS NULL)"
