"""Random programs as text: declarations, participation, payments of every kind, contracts; free of errors."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

from attrs import evolve, field, frozen

from tests.strategies.dice import Dice
from tests.strategies.expressions import NUMBERS, Expressions, written
from tests.strategies.scope import Define, Ex, Fact, Parameter, Payment, Scope, Sort

PERIOD_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
TABLES: tuple[tuple[str, ...], ...] = (
    ("practice",),
    ("practice", "year"),
    ("practice", "payer", "year"),
    ("practice", "payer", "month"),
    ("practice", "dated"),
    ("practice", "line", "year"),
    ("payer", "year"),
)
PLACES = {Sort.PERCENT: 6, Sort.PLAIN: 6, Sort.YES: 0}
LINES = ("commercial", "medicaid", "medicare")
ROUNDINGS = ("to cents half up", "to cents half even", "down to cents", "to dollars half up")


@frozen
class Program:
    """A generated program: `frame` is what stands first, `clauses` may stand in any order behind it.

    `years` are its program years by name, `pools` whether what one practice gets may depend on others.
    """

    frame: tuple[str, ...]
    clauses: tuple[str, ...]
    contracts: tuple[str, ...]
    years: tuple[int, ...]
    first_day: datetime.date
    last_day: datetime.date
    participant: str
    pools: bool = field(repr=False)

    def text(self, clauses: Sequence[str] | None = None) -> str:
        """The rule text, with its clauses in another order if one is given."""
        body = "\n".join((*self.frame, *(self.clauses if clauses is None else clauses)))
        indented = "\n".join(f"  {line}" for line in body.splitlines())
        program = f'program pilot "Pilot" edition "1" {{\n{indented}\n}}'
        return "\n".join(("mhrules 1", program, *self.contracts, ""))


@frozen
class Payments:
    """What payments a program has: as others may read them, their texts, and what contracts may choose of them."""

    known: tuple[Payment, ...]
    texts: tuple[str, ...]
    optional: tuple[str, ...]
    formed: tuple[str, ...]


@frozen
class Writer:
    """Writes one program; `pools` lets practices look at each other, `gates` puts facts into participation."""

    dice: Dice
    pools: bool

    def program(self) -> Program:
        dice = self.dice
        payers = ("aetna", "bcbs", "cigna")[: dice.pick((1, 2, 2, 3))]
        start = dice.pick((1, 1, 4, 7))
        joined = dice.pick((0, 0, 3, 5))  # the term may begin inside a program year
        first = datetime.date(2011 + (start + joined - 1) // 12, (start + joined - 1) % 12 + 1, 1)
        count = dice.integer(1, 2)
        last = datetime.date(2011 + count, start, 1) - datetime.timedelta(days=1)
        years = tuple(range(2011, 2011 + count))
        participant = dice.pick(("practice", "practice", "clinic"))
        facts, blocks = self.facts(participant)
        calendar = Calendar(start, first, last, years)
        parameters, texts = self.parameters(calendar, len(payers))
        scope = Scope("month", payers, facts, parameters, pools=self.pools)
        tables, table_texts = self.tables(facts)
        scope = evolve(scope, tables=tables)
        defines, define_texts = self.defines(scope)
        scope = evolve(scope, defines=defines)
        participation = self.participation(scope)
        payments = self.payments(scope, participant)
        reports = self.reports(evolve(scope, period="year", payments=payments.known))
        ensures = self.ensures(payments.known)
        frame = self.frame(calendar, payers, participant, dice.integer(1, len(payers)))
        if any(fact.name == "joined" for fact in facts):
            frame = (*frame, f"payee network of {participant} by organization")
            if dice.chance(15):
                frame = (*frame, "starts joined")
        kept = used((*texts, *table_texts, *define_texts), (*participation, *payments.texts, *reports, *ensures))
        open_ones = [p for p in parameters if p.opened and any(t.startswith(f"parameter {p.ex.text} ") for t in kept)]
        contracts = self.contracts(calendar, payers, open_ones, payments, participation, participant)
        return Program(
            frame=frame,
            clauses=(*blocks, *kept, *participation, *payments.texts, *reports, *ensures),
            contracts=contracts,
            years=years,
            first_day=first,
            last_day=last,
            participant=participant,
            pools=self.pools,
        )

    def frame(self, calendar: Calendar, payers: Sequence[str], participant: str, least: int) -> tuple[str, ...]:
        dice = self.dice
        lines = [f"lines {', '.join(dice.some(LINES, 1, 2))}" for _ in payers]
        convening = ['convener state "State"', 'authority "Act 1"', f"requires {least} payers"]
        for payer, line in zip(payers, lines, strict=True):
            late = ""
            if payer != payers[0] and dice.chance(20):
                late = f" from {calendar.day(dice.integer(1, 5))}"
            convening.append(f'payer {payer} "{payer.title()}" {line}{late}')
        year = "year calendar" if calendar.start == 1 else f"year begins {calendar.start:02d}-01"
        named = [f'participant {participant} "Clinic"'] if participant != "practice" else []
        return (
            f"term {calendar.first} to {calendar.last}",
            year,
            f"rounding {dice.pick(ROUNDINGS)}",
            "months count when attributed and enrolled on day 1",
            *named,
            "convening {\n" + "\n".join(f"  {line}" for line in convening) + "\n}",
            "type tier = { low < middle < high }",
        )

    # ------------------------------------------------------------------------------------ declarations

    def facts(self, participant: str) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
        """The facts, and their blocks; one of each sort that the rest relies on is always there."""
        found: list[Fact] = []
        blocks = []
        chosen = {("practice", "year"), ("practice", "payer", "year")}
        chosen |= {keys for keys in TABLES if self.dice.chance(55)}
        if self.pools:
            chosen.add(("payer", "year"))
        for keys in (keys for keys in TABLES if keys in chosen):
            columns = [self.fact(f"f{len(found) + at}", keys) for at in range(self.dice.integer(1, 3))]
            if keys == ("practice",):
                columns.append(Fact("organization", Sort.CODE, "text", keys, 0, 0, 0))
                columns.append(Fact("joined", Sort.DATE, "date", keys, 0, 0, 0))
            if keys == ("payer", "year"):
                columns.append(Fact("pool", Sort.MONEY, "$ -$50_000..$90_000", keys, -5_000_000, 9_000_000, 2))
            if keys == ("practice", "year"):
                columns.append(Fact("size", Sort.PLAIN, "integer 1..40", keys, 1, 40, 0))
                columns.append(
                    Fact("kind", Sort.CODE, "tier", keys, 0, 0, 0, codes=("low", "middle", "high"), ordered=True)
                )
            if keys == ("practice", "payer", "year"):
                columns.append(
                    Fact("paid_before", Sort.MONEY, "$ $0..$400 or missing", keys, 0, 40_000, 2, missing=True)
                )
                columns.append(Fact("extra_ok", Sort.YES, "yes/no", keys, 0, 1, 0))
            found += [c for c in columns if c.name not in ("extra_ok", "paid_before", "organization")]
            words = [participant if key == "practice" else key for key in keys if key != "dated"]
            dated = " dated" if "dated" in keys else ""
            rows = "\n".join(f'  {c.name} : {c.type} "Column {c.name}"' for c in columns)
            blocks.append(f"facts of {', '.join(words)}{dated} {{\n{rows}\n}}")
        return tuple(found), tuple(blocks)

    def fact(self, name: str, table: tuple[str, ...]) -> Fact:
        dice = self.dice
        sorts = (
            Sort.MONEY,
            Sort.MONEY,
            Sort.PERCENT,
            Sort.PLAIN,
            Sort.YES,
            Sort.CODE,
            Sort.DATE,
            Sort.MONTHS,
            Sort.PRICE,
        )
        sort = dice.pick(sorts)
        missing = "line" not in table and dice.chance(25)
        places = {Sort.MONEY: 2, Sort.PRICE: 2, Sort.MONTHS: 6}.get(sort, 0)
        low = high = 0
        codes: tuple[str, ...] = ()
        text = sort.value
        if sort in (Sort.PLAIN, Sort.PERCENT):
            places = dice.pick((0, 0, 3) if sort is Sort.PLAIN else (4, 6))
            text = "integer" if sort is Sort.PLAIN and places == 0 else f"{sort.value}({places})"
        if sort in NUMBERS:
            most = {Sort.PERCENT: 1, Sort.PLAIN: 60, Sort.PRICE: 30}.get(sort, 50_000) * 10**places
            low, high = (-most // 2 if dice.chance(25) else 0), most
            if sort is Sort.MONTHS or (sort is Sort.MONEY and dice.chance(15)):
                high = 10 ** (places + (9 if sort is Sort.MONTHS else 12))
                low = 0 if sort is Sort.MONTHS else -high
            else:
                text += f" {written(sort, low, places)}..{written(sort, high, places)}".replace(" pmpm", "")
        elif sort is Sort.CODE:
            ordered = dice.chance(50)
            codes = ("low", "middle", "high") if ordered else ("red", "green", "blue")[: dice.integer(2, 3)]
            text = "tier" if ordered else f"{{ {', '.join(codes)} }}"
            return Fact(name, sort, text + " or missing" * missing, table, 0, 0, 0, missing, codes, ordered)
        return Fact(name, sort, text + " or missing" * missing, table, low, high, places, missing)

    def parameters(self, calendar: Calendar, payers: int) -> tuple[tuple[Parameter, ...], tuple[str, ...]]:
        """Parameters with schedules, and open ones; `d0` is an open price, blank in the program."""
        found, texts = [], []
        for at in range(self.dice.integer(1, 4)):
            sort = self.dice.pick((Sort.MONEY, Sort.PRICE, Sort.PERCENT, Sort.PLAIN, Sort.YES))
            changes = self.dice.pick(("never", "yearly", "monthly"))
            opened = sort is not Sort.YES and payers > 1 and self.dice.chance(40)
            day = calendar.change(changes, self.dice)
            values = [self.value(sort) for _ in range(2)]
            text = f"parameter d{at} : {sort.value}"
            bounds = ""
            if opened:
                size = 1 if sort is Sort.PERCENT else 5_000
                low, high = written(sort, 0, 2), written(sort, size * 100, 2)
                bounds = f" open from {low} to {high}".replace(" pmpm", "")
            else:
                size = max(value.size for value in values)
            text += f"{bounds} = {values[0].text}"
            if day is not None:
                text += f", {values[1].text} from {day}"
            ex = Ex(f"d{at}", sort, size, PLACES.get(sort, 2), True, simple=True)
            found.append(Parameter(ex, changes if day is not None or opened else "never", opened))
            texts.append(text)
        return tuple(found), tuple(texts)

    def value(self, sort: Sort) -> Ex:
        if sort is Sort.YES:
            return Ex(self.dice.pick(("yes", "no")), sort, 1, 0, True, True)
        return Expressions(self.dice, Scope("month")).literal(sort, least=0, places=2)

    def tables(self, facts: tuple[Fact, ...]) -> tuple[tuple[Ex, ...], tuple[str, ...]]:
        """Tables by a code, by a code and a number, and as a two-way grid."""
        dice, found, texts = self.dice, [], []
        numbers = [f for f in facts if f.sort is Sort.PLAIN and f.places == 0 and f.low >= 0 and not f.missing]
        numbers = [f for f in numbers if f.table in (("practice",), ("practice", "year"))]
        for at in range(dice.integer(0, 2)):
            sort = dice.pick((Sort.MONEY, Sort.PRICE, Sort.PERCENT, Sort.PLAIN))
            cells = [self.value(sort) for _ in range(4)]
            by = dice.pick(numbers)
            cut = dice.integer(by.low + 1, min(by.high, 30) - 1)
            low, high = f"{by.low} to {cut}", f"{cut + 1} or more"
            shape = dice.integer(0, 3)
            if shape == 3:
                name = f"(interpolate t{at} at size)"
                texts.append(interpolated(f"t{at}", sort, [cell.text for cell in cells]))
                size = max(c.size for c in cells)
                found.append(Ex(name, sort, size, 12, True, simple=True))
                continue
            if shape == 0:
                keys, rows = "kind", [f"low or middle : {cells[0].text}", f"high : {cells[1].text}"]
            elif shape == 1:
                keys = f"kind, {by.name}"
                rows = [f"low, {low} : {cells[0].text}", f"low, {high} : {cells[1].text}"]
                rows += [f"middle or high, {low} : {cells[2].text}", f"otherwise : {cells[3].text}"]
            else:
                keys = f"kind, {by.name}"
                rows = [f"| {low} | {high}", f"low | {cells[0].text} | {cells[1].text}"]
                rows.append(f"middle or high | {cells[2].text} | {cells[3].text}")
            body = "\n".join(f"  {row}" for row in rows)
            texts.append(f"table t{at} by {keys} : {sort.value} {{\n{body}\n}}")
            size, places = max(c.size for c in cells), max(c.places for c in cells)
            found.append(Ex(f"t{at}", sort, size, places, True, simple=True))
        return tuple(found), tuple(texts)

    def defines(self, scope: Scope) -> tuple[tuple[Define, ...], tuple[str, ...]]:
        found: list[Define] = []
        texts = []
        for at in range(self.dice.integer(1, 4)):
            any_period = self.dice.chance(60)
            here = evolve(scope, defines=tuple(d for d in found if d.any_period or not any_period))
            if any_period:
                facts = tuple(f for f in here.facts if not {"month", "dated"} & set(f.table))
                timeless = tuple(p for p in here.parameters if p.changes != "monthly")
                here = evolve(here, facts=facts, parameters=timeless, panel=False)
            sort = self.dice.pick((*NUMBERS, Sort.YES))
            made = Expressions(self.dice, here).of(sort, 2)
            texts.append(f"define e{at} = {made.text}")
            found.append(Define(evolve(made, text=f"e{at}", simple=True), any_period))
        return tuple(found), tuple(texts)

    # ----------------------------------------------------------------------------- participation, payments

    def participation(self, scope: Scope) -> tuple[str, ...]:
        if not self.dice.chance(45):
            return ()
        make = Expressions(self.dice, scope)

        def require(name: str) -> str:
            due = f" by month {self.dice.integer(2, 9)}" if self.dice.chance(30) else ""
            return f'require {name} "Asked {name}" : {make.of(Sort.YES, 1).text}{due}'

        clauses = [require("r0")]
        if self.dice.chance(40):
            word = self.dice.pick(("any of", "at least 2 of"))
            clauses.append(f"{word} {{\n    {require('r1')}\n    {require('r2')}\n  }}")
        body = "\n".join(f"  {clause}" for clause in clauses)
        return (f"participation open to stricter {{\n{body}\n}}",)

    def payments(self, scope: Scope, participant: str) -> Payments:
        """One to four payments, each of which may total those before it."""
        dice, made = self.dice, Payments((), (), (), ())
        for at in range(dice.integer(1, 4)):
            name, optional, formed = f"pay{at}", dice.chance(25), dice.chance(12)
            payment, body = self.payment(name, scope, made.known, participant)
            if formed:
                other, second = self.payment(name, scope, made.known, participant)
                longer = max(payment, other, key=lambda each: PERIOD_MONTHS[each.period])
                payment = evolve(longer, not_negative=payment.not_negative and other.not_negative)
                body = [f"form {word} {{\n" + indented(form) + "\n}" for word, form in (("one", body), ("two", second))]
            head = f'payment {name} "Payment {at}"{" optional" * optional}{" payable as one or two" * formed}'
            made = Payments(
                known=(*made.known, payment),
                texts=(*made.texts, f"{head} {{\n{indented(body)}\n}}"),
                optional=(*made.optional, *[name] * optional),
                formed=(*made.formed, *[name] * formed),
            )
        return made

    def payment(
        self, name: str, scope: Scope, before: tuple[Payment, ...], participant: str
    ) -> tuple[Payment, list[str]]:
        dice = self.dice
        bases = ("member", "month", "quarter", "half_year", "year", "year", "once")
        basis = "year" if self.pools and not before and dice.chance(40) else dice.pick(bases)
        period = "month" if basis in ("member", "once") else basis
        totals = tuple(p for p in before if PERIOD_MONTHS[p.period] <= PERIOD_MONTHS[period])
        scope = evolve(scope, period=period, payments=totals)
        words = {"member": "per member per month", "once": f"per {participant} once"}
        body = [words.get(basis, f"per {participant} per {period}")]
        if basis == "member":
            unit, amounts = Sort.PRICE, evolve(scope, amount=True)
            body += [f"round {dice.pick(('each member month', 'the rate first'))}"] if dice.chance(25) else []
        else:
            unit, amounts = Sort.MONEY, evolve(scope, amount=True)
        if period != "month" and dice.chance(40):
            body.append(f"participating {dice.pick(('every month', 'in proportion to months'))}")
        lets = []
        for at in range(dice.integer(0, 2)):
            made = Expressions(dice, evolve(amounts, lets=tuple(lets))).of(dice.pick((unit, Sort.PERCENT, Sort.YES)), 1)
            body.append(f"let l{at} = {made.text}")
            lets.append(evolve(made, text=f"l{at}", simple=True))
        amounts, scope = evolve(amounts, lets=tuple(lets)), evolve(scope, lets=tuple(lets))
        for at in range(dice.pick((0, 0, 1, 2))):
            condition = Expressions(dice, scope).of(Sort.YES, 2)
            body.append(f'gate g{at} "Gate {at}" : {condition.text}')
        if any(fact.name == "joined" for fact in scope.facts) and dice.chance(30):
            body.append("to network")
        pays = self.pays(basis, unit, amounts)
        tail = [f"pays {pays.text}"]
        make = Expressions(dice, amounts)
        for _ in range(dice.integer(0, 2)):
            tail.append(f"at most {make.of(Sort.MONEY, 1, not_negative=True).text}")
        downside = not pays.not_negative and dice.chance(50)
        if dice.chance(25) or not (pays.not_negative or downside):
            floor = "$0" if dice.chance(60) else make.of(Sort.MONEY, 0, not_negative=True).text
            tail.append(f"at least {floor}")
        body[1:1] = ["downside"] if downside else []
        kept = [c for c in body if not c.startswith("let ")]
        kept_lets = used([c for c in body if c.startswith("let ")], [*kept, *tail])
        body = [c for c in body if c in kept or c in kept_lets]
        return Payment(name, period, not downside), [*body, *tail]

    def pays(self, basis: str, unit: Sort, scope: Scope) -> Ex:
        """What a payment pays: an expression in its unit, or a part of a pool."""
        dice = self.dice
        if basis != "year" or not self.pools or not dice.chance(75):
            return Expressions(dice, scope).of(unit, dice.integer(1, 3))
        flags = [
            f.name for f in scope.facts if f.sort is Sort.YES and not f.missing and f.table == ("practice", "year")
        ]
        refused = f" where {dice.pick(flags)}, refused shares return to payer" if flags and dice.chance(60) else ""
        pool, weight = dice.pick(
            (
                ("pool", "size"),
                ("pool", "greatest(member_months, 1)"),
                ("pool", "(size + 1) / 3"),
                ("(pool / 7)", "least(size, 7)"),
                ("greatest($0, pool)", "size"),
            )
        )
        where, _, returned = refused.partition(",")
        ways = [
            f"split {pool} among practices{where} in proportion to {weight}{',' if refused else ''}{returned}",
            f"split {pool} equally among practices{refused}",
            f"share of {pool} by size",
        ]
        return Ex(dice.pick(ways), Sort.MONEY, 10**6, 12, pool.startswith("greatest"))

    # ------------------------------------------------------------------------- reports, invariants, contracts

    def reports(self, scope: Scope) -> tuple[str, ...]:
        make = Expressions(self.dice, scope)
        sorts = [self.dice.pick(NUMBERS) for _ in range(self.dice.integer(0, 2))]
        return tuple(f'report q{at} "Report {at}" = {make.of(sort, 2).text}' for at, sort in enumerate(sorts))

    def ensures(self, payments: tuple[Payment, ...]) -> tuple[str, ...]:
        """Invariants that hold."""
        owed = [p for p in payments if p.not_negative]
        if not owed or not self.dice.chance(50):
            return ()
        payment = self.dice.pick(owed)
        text = f"total({payment.name}) >= $0"
        if self.dice.chance(50):
            text = f"least(total({payment.name}), $500) <= total({payment.name})"
        return (f'ensure sound "It holds" : {text}',)

    def contracts(
        self,
        calendar: Calendar,
        payers: Sequence[str],
        parameters: Sequence[Parameter],
        payments: Payments,
        participation: tuple[str, ...],
        participant: str,
    ) -> tuple[str, ...]:
        """A contract for some payers: sets, declines, credits, a requirement of its own."""
        dice, texts = self.dice, []
        for payer in payers:
            if not (payments.formed or dice.chance(60)):
                continue
            clauses = [f"effective {calendar.day(dice.pick((0, 0, 0, 2)))}"]
            for parameter in parameters:
                if dice.chance(70):
                    clauses.append(
                        f"set {parameter.ex.text} = {self.value(parameter.ex.sort).text.replace(' pmpm', '')}"
                    )
            clauses += [f'decline {name} because "too small"' for name in payments.optional if dice.chance(40)]
            clauses += [f"pay {name} as {dice.pick(('one', 'two'))}" for name in payments.formed]
            if dice.chance(40):
                excess = dice.pick((", excess lapses", ", excess carries forward", ""))
                source = f"from facts of {participant}, payer, year column paid_before"
                if self.pools and dice.chance(40):
                    source = "of $900 spread in proportion to amount"
                clauses.append(f'credit "Paid before" {source} against pay0{excess}')
            if participation and dice.chance(40):
                clauses.append('require own "Asked by the payer" : extra_ok')
            body = "\n".join(f"  {clause}" for clause in clauses)
            texts.append(f'contract {payer}_pilot "Own" under pilot edition "1" by {payer} {{\n{body}\n}}')
        return tuple(texts)


@frozen
class Calendar:
    """The program years: `start` is their first month; the term."""

    start: int
    first: datetime.date
    last: datetime.date
    years: tuple[int, ...]

    def day(self, months: int) -> datetime.date:
        """The first day of the term's month number `months`, from 0."""
        at = self.first.year * 12 + self.first.month - 1 + months
        return datetime.date(at // 12, at % 12 + 1, 1)

    def change(self, changes: str, dice: Dice) -> datetime.date | None:
        """When a parameter changes; None if never."""
        day = None
        if changes == "yearly" and len(self.years) > 1:
            day = datetime.date(self.years[1], self.start, 1)
        elif changes == "monthly":
            day = self.day(dice.integer(1, 6))
        return day if day is not None and self.first < day < self.last else None


def indented(lines: Sequence[str]) -> str:
    return "\n".join(f"  {line}" for text in lines for line in text.splitlines())


def interpolated(name: str, sort: Sort, cells: Sequence[str]) -> str:
    """A table by `size` whose rows run from one value to another."""
    rows = f"  1 to 20 : {cells[0]} to {cells[1]}\n  20 to 40 : {cells[1]} to {cells[2]}"
    return f"table {name} by size : {sort.value} {{\n{rows}\n}}"


def mentioned(clause: str, clauses: Sequence[str]) -> bool:
    """Whether any clause reads the name that a clause declares."""
    name = clause.split()[1]
    return any(re.search(rf"\b{name}\b", other) for other in clauses if other != clause)


def used(declarations: Sequence[str], readers: Sequence[str]) -> tuple[str, ...]:
    """The declarations that something reads, directly or through others."""
    kept = list(declarations)
    while True:
        found = [text for text in kept if mentioned(text, (*kept, *readers))]
        if found == kept:
            return tuple(kept)
        kept = found


def program_from(dice: Dice, *, pools: bool = True) -> Program:
    """A program; without `pools` no practice's amounts depend on another practice."""
    return Writer(dice, pools).program()
