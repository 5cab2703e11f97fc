"""Claims, visits, prescriptions and events as relations, and the rows of an aggregate or a payment over them."""

from __future__ import annotations

from attrs import evolve

from mhrules.data import population
from mhrules.engine.elements import ENROLLMENT, MEMBER, PROVIDER
from mhrules.engine.records import CLAIM, DATES, EVENT, EVENT_COLUMNS, KINDS, LINE, PRESCRIPTION, RESULT, STATE, VISIT
from mhrules.engine.sql.about import About
from mhrules.engine.sql.failing import Fallible
from mhrules.engine.sql.faults import Unsupported
from mhrules.engine.sql.frame import TIMES, Column, Frame, Grid
from mhrules.engine.sql.grids import OWNERS
from mhrules.engine.sql.numbers import either
from mhrules.engine.sql.people import MEMBERS, People, asks_of_members, counts_days
from mhrules.engine.sql.relations import matching
from mhrules.plan import ir
from mhrules.plan.members import MethodPlan
from mhrules.semantics.builtins import OF_PEOPLE
from mhrules.semantics.calendar import MONTHS_IN_YEAR

TEXTS = (
    "service",
    "code",
    "modifier",
    "place_of_service",
    "revenue_center",
    "diagnosis_group",
    "diagnosis",
    "claim_type",
)
GROUPED = {CLAIM: ("claim_id",), VISIT: ("person", "place", "date")}
"""What makes records one claim or one visit."""


class Records(People):
    """What happened to people, reversals netted, each record with the practice that billed or saw it."""

    # ----------------------------------------------------------------------------------------- relations

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
        described = self.facts.schema.table(table)
        asked = {c.name for c in (*described.keys, *described.columns) if not c.may_be_left_out}
        found = {}
        for feature, column in population.FEATURES.get(table, {}).items():
            if column in asked or feature in ("resolved", "result"):
                sql = f"{alias}.{column}"
                found[feature] = f"coalesce({sql}, '')" if feature in TEXTS else sql
        return found

    def _claims(self, table: str) -> str:
        """Claim lines, each with its reversals and corrections netted, without those denied or paid too late."""
        name = f"records_{table}"
        about = About(f"lines of `{table}`, reversals and corrections netted, with who billed them", ("claim", "line"))
        own = set(self.facts.columns(table))
        date = f"t.{DATES[table]}" if table in DATES else "coalesce(t.claim_line_start_date, t.claim_start_date)"
        kind = LINE if table == population.MEDICAL else PRESCRIPTION
        read = f"SELECT id AS {kind}, person AS member, f FROM {name}"
        self.failing.append(Fallible("record", table, read, (kind, "member"), None))
        kept = ["t.denied IS NOT TRUE"]
        unpaid = None
        if self.plan.members.run_out is not None:
            year = self.grids.period_first(self.month_of(date), "year")
            end = self.store.month_day(f"{year} + {MONTHS_IN_YEAR + self.plan.members.run_out}")
            kept.append(f"(t.paid_date IS NULL OR t.paid_date < {end})")
            unpaid = f"CASE WHEN t.paid_date IS NULL THEN {self.faults.number('MH742', None)} END"
        features = self._features(table, "t")
        columns = {
            "person": "t.person_id",
            "payer": "t.payer",
            "date": date,
            "npi": "t.rendering_npi" if "rendering_npi" in own else "''",
        }
        if table == population.MEDICAL:
            columns |= {"named": f"t.{self._practice}", "billing_npi": "t.billing_npi", "billing_tin": "t.billing_tin"}
        columns |= {f"e_{feature}": sql for feature, sql in features.items()}
        netted = self._netted(table, columns, unpaid, " AND ".join(kept))
        if table == population.MEDICAL:
            sql = self._with_biller(netted, [f"n.e_{feature}" for feature in features])
        else:
            sql = f"SELECT n.*, '' AS practice, '' AS place, {self.month_of('n.date')} AS month FROM ({netted}) n"
        return self.store.table(name, self._with_service(sql, features, table), about)

    def _netted(self, table: str, columns: dict[str, str], unpaid: str | None, kept: str) -> str:
        """Claim lines with their entries added up. Few have more than one, and only those are grouped."""
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
        identity = "t.claim_id || '/' || t.claim_line_number AS id, t.claim_id"
        of_several = f"max({unpaid})" if unpaid else "NULL::INTEGER"
        same = f"{table} t {{}} {corrected} c USING (claim_id, claim_line_number) WHERE {kept}"
        return (
            f"SELECT {identity}, {plain}, {unpaid or 'NULL::INTEGER'} AS f FROM {same.format('ANTI JOIN')}\nUNION ALL\n"
            f"SELECT {identity}, {added}, {of_several} AS f FROM {same.format('SEMI JOIN')} "
            f"GROUP BY t.claim_id, t.claim_line_number HAVING {_there()}"
        )

    def _of_first(self, sql: str) -> str:
        """What the first entry of a claim line says: what it leaves empty is empty."""
        return f"arg_min_null({sql}, t.entry_number)"

    def _with_biller(self, netted: str, features: list[str]) -> str:
        """Lines with the practice that billed them: by name, by the biller's number, or by the provider's practice."""
        parts, joins = [], []
        parts.append("CASE WHEN coalesce(n.named, '') <> '' THEN coalesce(p.practice, '') END")
        joins.append("LEFT JOIN practices p ON p.practice = n.named")
        for column, own in (("billing_npi", "npi"), ("billing_tin", "tin")):
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
        own = ", ".join(["n.id", "n.claim_id", "n.person", "n.payer", "n.date", "n.npi", *features, "n.f"])
        added = f"{practice} AS practice, {place} AS place, {self.month_of('n.date')} AS month"
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
        about = About(f"rows of `{table}`, with the practice that each is of", ("record",))
        return self.store.table(f"records_{table}", self._with_service(sql, features, table), about)

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

    def _with_service(self, sql: str, features: dict[str, str], table: str) -> str:
        """Records with the service class that the program gives them, where it classifies."""
        rule = self.plan.members.service
        if rule is None:
            return sql
        columns = (
            "'' AS member, 0 AS clock, 0 AS m1, 0 AS m2, 0 AS mn, DATE '0001-01-01' AS d1, DATE '0001-01-01' AS d2"
        )
        name = f"unclassified_{table}"
        self.store.table(
            name, f"SELECT *, {columns} FROM ({sql})", About("records without their service class", ("record",))
        )
        frame = Frame(Grid(name, ("id",), None, element=LINE))
        found = self.value(rule, frame)
        classes = self.store.table(
            f"classes_{table}",
            frame.select({"id": "id", "c": found.value, "cf": found.fault or "NULL::INTEGER"}),
            About("the service class of each record", ("record",), rule.span),
        )
        given = [column for column in self.store.columns(name) if column not in ("e_service", "member", *TIMES)]
        kept = ", ".join(f"s.{column}" for column in given)
        return f"SELECT {kept}, k.c AS e_service, coalesce(s.f, k.cf) AS f2 FROM {name} s JOIN {classes} k USING (id)"

    # ------------------------------------------------------------------------------------------ elements

    def elements(self, node: ir.Aggregate, grid: Grid) -> tuple[Grid, tuple[str, ...]]:
        """The rows that an aggregate runs over, also below the practice."""
        below = [key for key in node.over if key in (MEMBER, ENROLLMENT, PROVIDER, *KINDS)]
        if not below:
            return super().elements(node, grid)
        keys = {*grid.keys, *(key for key in node.over if key == "payer")}
        group = (*(key for key in grid.keys if key not in node.over), "clock")
        if grid.kind is None or "month" in node.over or node.same or not {"payer", "practice"} <= keys:
            raise Unsupported(f"an aggregate over {below[0]}s here")
        if below[0] in (MEMBER, ENROLLMENT):
            if MEMBER in grid.keys:
                raise Unsupported("members beside a member")
            whole = node.reach.whole_period
            if whole and any(_of_a_practice(part) for part in node.parts()):
                raise Unsupported("what a practice knows of members in the whole period")
            return self.member_grid(frozenset({*keys, MEMBER}), grid.kind, base=grid.base, whole=whole), group
        if below[0] == PROVIDER:
            return self._provider_grid(grid), group
        return self.record_grid(below[0], node.reach, node.event, grid), group

    def _provider_grid(self, grid: Grid) -> Grid:
        """The providers of a practice: on a month's first day, or on any day of a longer period."""
        rows = self.grids.grid(OWNERS, grid.kind)
        last = "g.d1" if grid.kind == "month" else "g.d2"
        own = "g.clock, g.m1, g.m2, g.mn, g.d1, g.d2"
        sql = (
            f"SELECT DISTINCT g.payer, g.practice, p.npi AS provider, {own} FROM {rows.table} g "
            f"JOIN {population.PROVIDER} p ON p.{self._practice} = g.practice "
            f'AND p."from" <= {last} AND (p."to" IS NULL OR p."to" >= g.d1)'
        )
        about = About("the grid of providers", ("payer", "practice", PROVIDER, grid.kind or ""))
        name = self.store.table(f"rows_providers_{grid.kind}", sql, about)
        return Grid(name, ("payer", "practice", PROVIDER), grid.kind)

    def record_grid(self, kind: str, reach: ir.Reach, event: str, grid: Grid) -> Grid:
        """The single records that belong to rows: of their members, looked back to, or billed by the practice."""
        assert grid.kind is not None
        with_member = MEMBER in grid.keys
        name = self.store.fresh(kind, event, "rows")
        records, rows = self.records(kind, event), self.owner_rows(grid)
        keys = (*MEMBERS, kind) if with_member else ("payer", "practice", kind)
        members = (
            ""
            if not self.given
            else self.member_grid(frozenset(MEMBERS), grid.kind, base=grid.base, whole=grid.whole).table
        )
        own = f"e.id AS {kind}, g.clock, g.m1, g.m2, g.mn, g.d1, g.d2"
        listed = [column for column in self.store.columns(records) if column not in ("payer", "practice", "month")]
        own += "".join(f", e.{column}" for column in listed) + ", e.practice AS biller"
        ever = kind in (STATE, RESULT) or reach.whole_period
        payer = "" if kind in (STATE, RESULT) else " AND e.payer = g.payer"
        when = "e.month BETWEEN g.m1 AND g.m2"
        if reach.within is not None:
            day = "g.d1" if grid.kind == "month" else "(g.d2 + INTERVAL 1 DAY)::DATE"
            back = f"({day} - INTERVAL {reach.within.months} MONTH - INTERVAL {reach.within.days} DAY)::DATE"
            when = f"e.date >= {back} AND e.date < {day}"
        done_here = reach.billed or (kind == EVENT and not with_member)
        here = " AND e.practice = g.practice" if reach.billed or kind == EVENT else ""
        if done_here and not with_member:
            sql = (
                f"SELECT g.payer, g.practice, e.person AS member, {own} FROM {rows} g JOIN {records} e "
                f"ON e.practice = g.practice{payer} AND {when}"
            )
        elif done_here or ever or reach.within is not None:
            if kind == STATE and reach.within is None:
                when = "e.date <= g.d2 AND (e.e_resolved IS NULL OR e.e_resolved >= g.d1)"
            sql = (
                f"SELECT g.payer, g.practice, m.member, {own} FROM {members} m JOIN {rows} g ON g.payer = m.payer "
                f"AND g.practice = m.practice AND g.clock = m.clock JOIN {records} e ON e.person = m.member{payer} "
                f"AND {when}{here}"
            )
        else:
            months = self.months_of_members(grid.kind, base=grid.base, whole=grid.whole)
            sql = (
                f"SELECT g.payer, g.practice, o.member, {own} FROM {months} o JOIN {rows} g ON g.payer = o.payer "
                f"AND g.practice = o.practice AND g.clock = o.clock JOIN {records} e ON e.person = o.member{payer} "
                f"AND e.month = o.month{here}"
            )
        about = About(f"each {kind.replace('_', ' ')} that belongs to a row", (*keys, grid.kind))
        table = self.store.view(name, sql, about)
        return Grid(table, keys, grid.kind, grid.base, element=kind, whole=grid.whole)

    def visits_that_count(self, method: MethodPlan, days: str) -> tuple[str, bool]:
        """The visits before each refresh that fulfil a method's condition, and whether that can fail: then in `f`."""
        attribution = self.plan.members.attribution
        assert attribution is not None
        name = f"visits_for_{attribution.methods.index(method) + 1}"
        about = About(f"visits that count for the {method.kind}", ("visit",), method.span)
        when = "e.date < k.day" + ("" if method.within is None else " AND e.date >= k.since")
        seen = f"{self.records(VISIT)} e ON e.person = k.member AND e.practice <> '' AND {when}"
        if asks_of_members(method):
            end = self.store.month_day("k.refresh + 1")
            own = [column for column in self.store.columns(self.records(VISIT)) if column not in OWNERS]
            sql = (
                "SELECT k.payer, k.member, k.day, k.refresh AS clock, k.refresh AS m1, k.refresh AS m2, 1 AS mn, "
                f"k.day AS d1, ({end} - INTERVAL 1 DAY)::DATE AS d2, e.id AS visit, e.practice AS biller, "
                f"{', '.join(f'e.{column}' for column in own)} FROM ({days}) k JOIN {seen}"
            )
            grid = Grid(
                self.store.table(
                    f"{name}_asked", sql, About("visits before each refresh", ("payer", VISIT, "refresh"))
                ),
                ("payer", "member", VISIT),
                "month",
                element=VISIT,
            )
            found, fails = self._counting_visits(
                method, grid, {"payer": "r.payer", "refresh": "r.clock", "day": "r.day"}
            )
            return self.store.table(name, found, about), fails
        columns = "0 AS clock, 0 AS m1, 0 AS m2, 0 AS mn, DATE '0001-01-01' AS d1, DATE '0001-01-01' AS d2"
        source = self.store.view(
            "visits_seen",
            f"SELECT *, id AS visit, person AS member, practice AS biller, {columns} "
            f"FROM {self.records(VISIT)} WHERE practice <> ''",
            About("visits at practices", ("visit",)),
        )
        found, fails = self._counting_visits(method, Grid(source, (VISIT,), None, element=VISIT), {})
        visits = self.store.table(name, found, about)
        listed = f"v.practice, v.date, v.allowed{', v.f' if fails else ''}"
        when = when.replace("e.date", "v.date")
        return f"(SELECT k.*, {listed} FROM ({days}) k JOIN {visits} v ON v.member = k.member AND {when})", fails

    def _counting_visits(self, method: MethodPlan, grid: Grid, more: dict[str, str]) -> tuple[str, bool]:
        """The visits of a grid that fulfil a method's condition, or of which that cannot be told."""
        frame = Frame(grid)
        condition = Column("true") if method.where is None else self.known(method.where, frame)
        columns = {column: frame.expose(sql) for column, sql in more.items()}
        columns |= {"member": frame.expose("r.member"), "practice": frame.expose("r.biller")}
        columns |= {"date": frame.expose("r.date"), "allowed": "NULL", "ok": condition.value}
        fault = condition.fault
        if method.measure == "allowed":
            columns["allowed"] = frame.expose("r.e_allowed")
            number = self.faults.number("MH743", method.span)
            fault = either(fault, f"CASE WHEN {condition.value} AND {columns['allowed']} IS NULL THEN {number} END")
        if fault is None:
            listed = f"DISTINCT {', '.join(columns)}" if counts_days(method) else "*"
            return f"SELECT {listed} FROM ({frame.select(columns)}) WHERE ok", False
        return f"SELECT * FROM ({frame.select({**columns, 'f': fault})}) WHERE ok OR f IS NOT NULL", True

    # ------------------------------------------------------------------------------------------ features

    def feature(self, node: ir.Feature, frame: Frame) -> Column:
        """What is known of the row's member, or of its record."""
        if node.collection in OF_PEOPLE:
            return self.member_feature(node, frame)
        if not frame.grid.element:
            raise Unsupported(f"`{node.column}` of {node.collection} here")
        if node.column in ("billed_by", "attributed") and "practice" not in frame.grid.keys:
            raise Unsupported(f"`{node.column}` of a record of no practice")
        grouped = frame.grid.grouped
        if node.column == "billed_by":
            return Column(frame.expose("r.billed_here" if grouped else "(r.biller = r.practice)"))
        if node.column == "attributed":
            if grouped and frame.grid.element == CLAIM:
                raise Unsupported("`attributed` of a claim of several lines")
            months = self.month_of("r.date")
            columns = {"payer": "r.payer", "practice": "r.practice", "member": "r.person", "month": months}
            alias = frame.join("attributed", self.outcomes(), matching(columns))
            return Column(frame.expose(f"({alias}.member IS NOT NULL)"))
        plain = {"date": "r.date", "provider": "coalesce(r.npi, '')"}
        if (
            grouped
            and node.column not in population.SUMMED
            and not (node.column == "date" and frame.grid.element == VISIT)
        ):
            agreed = frame.expose(f"r.e_{node.column}")
            return Column(agreed, f"CASE WHEN {agreed} IS NULL THEN {self.faults.number('MH744', node.span)} END")
        if node.column in plain:
            return Column(frame.expose(plain[node.column]))
        sql = f"r.e_{node.column}"  # a sum, as wide as the database makes sums
        value = frame.expose(self.narrowed(sql, self.widths.size(node)) if node.type.is_number else sql)
        if node.type.missing or node.column in TEXTS:
            return Column(value)
        return Column(value, f"CASE WHEN {value} IS NULL THEN {self.faults.number('MH743', node.span)} END")

    def cost(self, node: ir.Feature, frame: Frame) -> Column:
        """What the row's member cost the payer in its months, medical and pharmacy."""
        basis = f"e_{self.plan.members.cost}"
        kinds = [LINE, PRESCRIPTION] if self.facts.knows(population.PHARMACY) else [LINE]
        union = " UNION ALL ".join(
            f"SELECT payer, person AS member, month, {basis} AS v FROM {self.records(kind)}" for kind in kinds
        )
        added = "sum(v) AS v, count(*) - count(v) AS lacking"
        grid = frame.grid
        assert grid.kind is not None
        if not set(MEMBERS) <= set(grid.keys) or grid.element:
            raise Unsupported("`cost` here")
        on = "{0}.payer = r.payer AND {0}.member = r.member"
        if grid.kind == "month":
            costs = self.store.table(
                "costs",
                f"SELECT payer, member, month, {added} FROM ({union}) GROUP BY payer, member, month",
                About("what each member cost the payer", ("payer", "member", "month")),
            )
            alias = frame.join("cost", costs, f"{on} AND {{0}}.month = r.clock".format)
        else:
            months = self.months_of_members(grid.kind, base=grid.base, whole=grid.whole)
            sql = (
                f"SELECT o.payer, o.practice, o.member, o.clock, {added} FROM {months} o JOIN ({union}) c "
                "ON c.payer = o.payer AND c.member = o.member AND c.month = o.month GROUP BY ALL"
            )
            about = About("what each member cost the payer in the months of a row", (*MEMBERS, grid.kind))
            table = self.store.table(f"costs_of_{grid.table}", sql, about)
            alias = frame.join("cost", table, f"{on} AND {{0}}.practice = r.practice AND {{0}}.clock = r.clock".format)
        unknown = f"CASE WHEN {alias}.lacking > 0 THEN {self.faults.number('MH743', node.span)} END"
        value = self.narrowed(f"coalesce({alias}.v, 0)", self.widths.size(node))
        return Column(frame.expose(value), frame.expose(unknown))

    # ---------------------------------------------------------------------------------------- aggregates

    def _worked_out(self, node: ir.Aggregate, grid: Grid) -> tuple[str, tuple[str, ...], bool]:
        """An aggregate; claims and visits are first put together of the lines that fulfil its condition."""
        if node.over[0] not in GROUPED or node.reach.among is not None:
            return super()._worked_out(node, grid)
        if node.where is None and node.function in ("any", "every"):
            node = evolve(node, where=node.body, body=None)  # conditions are asked line by line
        elements, group = self.elements(node, grid)
        frame = Frame(elements)
        where = None if node.where is None else self.known(node.where, frame)
        chosen = "true" if where is None else where.value
        fails = where is not None and where.fault is not None
        counts = {"w": chosen, "wf": (where and where.fault) or "NULL::INTEGER"}
        base, about = self.store.fresh(node.function, *node.over), self.about_aggregate(node, grid, group)
        grouped = ", ".join(group)
        if node.body is None:
            identity = GROUPED[node.over[0]]
            told = {column: column for column in group}
            told |= {f"i{at}": frame.expose(f"r.{column}") for at, column in enumerate(identity, 1)}
            sql = self._of_groups(node, grouped, [f"i{at}" for at in range(1, len(identity) + 1)])
            return self.store.table(base, sql.format(frame.select({**told, **counts})), about), group, fails
        of_lines = About(f"lines, and whether each counts for {base}", (*elements.grain,), node.span)
        columns = {**self.line_columns(elements, frame), **counts}
        lines = self.store.table(f"{base}_lines", frame.select(columns), of_lines)
        found = Frame(self.grouped(node.over[0], elements, lines, across="payer" in node.over))
        body = self.value(node.body, found) if node.function == "count" else self.known(node.body, found)
        values = {column: column for column in group}
        values |= {"w": "true", "b": body.value, "f": body.fault or "NULL::INTEGER"}
        own = "max(f)"
        if node.function == "latest":
            inner, own = self.latest(node, found.select({**values, "date": found.expose("r.last_date")}), group)
        else:
            inner = found.select(values)
        faults = f"SELECT {grouped}, max(wf) AS wf FROM {lines} GROUP BY {grouped}"
        sql = (
            f"SELECT {grouped}, min(v) AS v, max(coalesce(f, wf)) AS f FROM (SELECT {grouped}, "
            f"{self.summary(node)} AS v, {own} AS f FROM ({inner}) GROUP BY {grouped}) "
            f"FULL JOIN ({faults}) USING ({grouped}) GROUP BY {grouped}"
        )
        return self.store.table(base, sql, about), group, True

    def line_columns(self, grid: Grid, frame: Frame) -> dict[str, str]:
        """The columns of single records, kept for putting them together."""
        own = self.store.columns(grid.table)
        kept = [c for c in own if c not in (*grid.keys, *TIMES)]
        return {**{c: c for c in (*grid.keys, *TIMES)}, **{c: frame.expose(f"r.{c}") for c in kept}}

    def _of_groups(self, node: ir.Aggregate, grouped: str, identity: list[str]) -> str:
        """How many claims or visits have a line that was chosen, as a statement over `{}`, the lines with `w` and `wf`.

        Each claim or visit becomes one row first: to count distinct rows of texts in place is far slower.
        """
        asked = " WHERE w OR wf IS NOT NULL" if node.function in ("any", "count") else ""
        each = (
            f"SELECT {grouped}, {', '.join(identity)}, bool_or(w) AS w, max(wf) AS wf FROM ({{}}){asked} "
            f"GROUP BY {grouped}, {', '.join(identity)}"
        )
        some, every = "count(*) FILTER (WHERE w)", "count(*)"
        found = {"any": f"{some} > 0", "every": f"{some} = {every}"}.get(node.function)
        if node.function == "share":
            found = self.share(node, f"({some})", every)
        found = found or self._number(f"({some})")
        return f"SELECT {grouped}, {found} AS v, max(wf) AS f FROM ({each}) GROUP BY {grouped}"

    def grouped(self, kind: str, grid: Grid, lines: str, *, across: bool = False) -> Grid:
        """Claims or visits made of chosen lines: amounts added up, texts where they agree.

        `across` payers, what two of them paid for one visit is one visit.
        """
        own = self.store.columns(lines)
        keys = [key for key in grid.keys if key != kind and not (across and key == "payer")]
        identity = GROUPED[kind]
        listed = []
        for column in own:
            if column in (*keys, *identity, kind, "w", "wf", "clock", "id", "npi"):
                continue
            feature = column.removeprefix("e_")
            if column in TIMES or not column.startswith("e_"):
                listed.append(f"min({column}) AS {column}")
            elif feature in population.SUMMED:
                listed.append(f"CASE WHEN count(*) = count({column}) THEN sum({column}) END AS {column}")
            else:
                listed.append(_agreed(column, feature))
        by = ", ".join([*keys, "clock", *identity])
        if "date" not in identity:
            listed.append(_agreed("date"))
        listed += [_agreed("coalesce(npi, '')", "provider"), "max(date) AS last_date"]
        listed += ["bool_or(biller = practice) AS billed_here", "max(CASE WHEN nth = 1 THEN id END) AS id"]
        name = f"{lines.removesuffix('_lines')}_{kind}s"
        nth = f"row_number() OVER (PARTITION BY {by} ORDER BY date, id) AS nth"
        single = f"SELECT *, {nth} FROM {lines} WHERE w"
        sql = f"SELECT {by}, min(id) AS {kind}, {', '.join(listed)} FROM ({single}) GROUP BY {by}"
        about = About(f"each {kind} put together of its lines that count", (*keys, kind, grid.kind or ""))
        return Grid(self.store.table(name, sql, about), grid.keys, grid.kind, element=kind, grouped=True)


def _agreed(sql: str, feature: str = "") -> str:
    """What all records of a claim or visit say; missing where they do not agree."""
    name = feature or sql
    return f"CASE WHEN count({sql}) = count(*) AND min({sql}) = max({sql}) THEN min({sql}) END AS e_{name}"


def _there() -> str:
    """Whether the entries of a claim line leave anything of it: one that is reversed as a whole is not there."""
    allowed, paid = (
        f"CASE WHEN count(*) = count(t.{name}_amount) THEN sum(t.{name}_amount) END" for name in ("allowed", "paid")
    )
    nothing = f"coalesce({allowed}, 0) = 0 AND coalesce({paid}, 0) = 0"
    return f"count(*) = 1 OR NOT ({nothing}) OR ({allowed} IS NULL AND {paid} IS NULL)"


def _of_a_practice(node: ir.Expression) -> bool:
    """Whether an expression reads what rows of members in the whole period do not say: something of their practice."""
    for part in node.walk():
        keys = part.quantity.grain if isinstance(part, ir.Read) else part.keys
        if isinstance(part, ir.Read | ir.Cell | ir.RowKey) and "practice" in keys:
            return True
    return False
