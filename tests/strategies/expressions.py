"""Random expressions, well typed by construction: units, percentages, periods, signs and widths all fit."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from attrs import evolve, frozen

from tests.strategies.dice import Dice
from tests.strategies.scope import Ex, Fact, Scope, Sort

WIDEST = 10**36  # of 10**38: what a generated product or quotient may need
PRICES = 10**20  # a price is multiplied by member months afterwards
LARGEST = 10**20
LARGEST_PRICE = 10**8
NUMBERS = (Sort.MONEY, Sort.PRICE, Sort.MONTHS, Sort.PLAIN, Sort.PERCENT)
ROUNDINGS = ("to 2 places", "to 4 places half even", "to whole half up", "down to 1 places", "up to whole")
MONEY_ROUNDINGS = ("to cents", "to cents half even", "down to cents", "up to dollars", "to 4 places half even")


def digits(value: int, places: int) -> str:
    """An integer at `places` as the language writes it."""
    text = f"{abs(value):0{places + 1}d}"
    whole, fraction = (text[:-places], text[-places:].rstrip("0")) if places else (text, "")
    return ("-" if value < 0 else "") + f"{int(whole):_d}" + (f".{fraction}" if fraction else "")


def written(sort: Sort, value: int, places: int) -> str:
    """A literal of a sort."""
    if sort is Sort.PERCENT:
        return digits(value, places - 2) + "%" if places >= 2 else digits(value * 10 ** (2 - places), 0) + "%"
    text = digits(value, places)
    if sort in (Sort.MONEY, Sort.PRICE):
        text = text.replace("-", "-$") if value < 0 else f"${text}"
        text += " pmpm" if sort is Sort.PRICE else ""
    return text


@frozen
class Expressions:
    """Makes expressions of a wanted sort for one scope, from `dice`."""

    dice: Dice
    scope: Scope

    def of(self, sort: Sort, depth: int, *, not_negative: bool = False) -> Ex:
        """An expression of a sort; one that is never negative, as the text shows, if asked for."""
        found = self.leaf(sort) if depth <= 0 else self.compound(sort, depth)
        if found.size > (LARGEST_PRICE if sort is Sort.PRICE else LARGEST):
            found = self.leaf(sort)
        if not_negative and not found.not_negative:
            pair = [self.zero(sort), found.text]
            text = f"greatest({', '.join(self.dice.shuffled(pair))})"
            return Ex(text, sort, found.size, found.places, True, simple=True)
        return found

    def zero(self, sort: Sort) -> str:
        return {Sort.MONEY: "$0", Sort.PRICE: "$0 pmpm", Sort.PERCENT: "0%"}.get(sort, "0")

    def elsewhere(self) -> Expressions:
        """For parts that do not reach the amount as money."""
        return evolve(self, scope=self.scope.inner)

    # ----------------------------------------------------------------------------------------- leaves

    def literal(self, sort: Sort, *, least: int | None = None, places: int | None = None) -> Ex:
        """A literal, seldom negative; at least `least` (a whole number) if asked for."""
        if places is None:
            places = self.dice.pick((2, 2, 0, 6) if sort is Sort.PERCENT else (0, 2, 2, 3))
        most = {Sort.PRICE: 12, Sort.PERCENT: 1, Sort.PLAIN: 20, Sort.MONTHS: 200}.get(sort, 5_000)
        low = -(most // 4) if sort is Sort.MONEY and least is None else 0
        value = self.dice.integer((low if least is None else least) * 10**places, max(most, least or 0) * 10**places)
        text = written(sort, value, places)
        return Ex(text, sort, most + 1, max(places, 2), value >= 0, simple=value >= 0)

    def leaf(self, sort: Sort) -> Ex:
        """Something that is read: a fact, a parameter, a table, a definition; else a literal."""
        found = self.readable(sort)
        if not found or (self.dice.chance(20) and sort is not Sort.MONTHS):
            return self.literal(sort) if sort in NUMBERS else Ex(self.dice.pick(("yes", "no")), sort, 1, 0, True, True)
        return self.dice.pick(found)()

    def readable(self, sort: Sort) -> list[Callable[[], Ex]]:
        """Everything of a sort that is in scope, each as a way to write it."""
        scope, found = self.scope, list[Callable[[], Ex]]()

        def add(ex: Ex) -> None:
            found.append(lambda: ex)

        for fact in scope.facts:
            if fact.sort is sort:
                if scope.built_in and scope.has_prior_year(fact) and sort in NUMBERS:
                    earlier = evolve(fact, name=f"prior_year({fact.name})", missing=True)
                    found.append(lambda earlier=earlier: self.present(earlier.ex, earlier))  # type: ignore[misc]
                for reading in scope.readings(fact):
                    found.append(lambda reading=reading, fact=fact: self.present(reading, fact))  # type: ignore[misc]
                for each in scope.sums(fact):
                    add(each)
        for parameter in scope.parameters:
            if parameter.ex.sort is sort:
                timed = parameter.changes == "monthly" and scope.period != "month"
                add(evolve(parameter.ex, text=f"({parameter.ex.text} at end of period)") if timed else parameter.ex)
        for ex in (*scope.tables, *scope.lets):
            if ex.sort is sort:
                add(ex)
        for define in scope.defines:
            if define.ex.sort is sort and (define.any_period or scope.period == "month") and not scope.amount:
                add(define.ex)
        if sort is Sort.MONTHS and scope.built_in:
            add(Ex("member_months", sort, 10**10, 6, True, simple=True))
        if sort is Sort.PLAIN and scope.built_in:
            add(Ex("months_in_period", sort, 12, 0, True, simple=True))
            if scope.panel:
                months = "count(members)" if scope.period == "month" else "count(members on last day)"
                add(Ex(months, sort, 10**10, 6, True, simple=True))
        if sort is Sort.MONEY:
            for payment in scope.payments:
                read = self.dice.pick(("total", "total", "paid"))
                add(Ex(f"{read}({payment.name})", sort, 10**24, 2, payment.not_negative, simple=True))
        return found

    def present(self, reading: Ex, fact: Fact) -> Ex:
        """A reading of a fact that says what absence means, where the fact may be absent."""
        if not fact.missing:
            return reading
        other = self.literal(fact.sort) if fact.sort in NUMBERS else Ex("no", fact.sort, 1, 0, True, True)
        text = f"{reading.text} default {other.text}"
        if self.dice.chance(40):
            text = f"if known({reading.text}) then {reading.text} else {other.text}"
        return Ex(
            text,
            fact.sort,
            max(reading.size, other.size),
            max(reading.places, other.places),
            reading.not_negative and other.not_negative,
        )

    # -------------------------------------------------------------------------------------- compounds

    def compound(self, sort: Sort, depth: int) -> Ex:
        ways: list[Callable[[Sort, int], Ex]] = [self.choice, self.extreme, self.if_else]
        if sort is Sort.YES:
            ways = [
                self.comparison,
                self.comparison,
                self.logic,
                self.logic,
                self.negation,
                self.membership,
                self.of_months,
            ]
        else:
            ways += [self.sum, self.sum, self.product, self.product, self.product, self.quotient, self.kept]
            ways += [self.bands, self.rounded, self.rounded_at_once, self.increased, self.best_of, self.among_practices]
        if sort is Sort.MONEY:
            ways.append(self.by_month)
        if sort is Sort.PLAIN:
            ways += [self.counted, self.of_months]
        if sort in (Sort.MONEY, Sort.PRICE, Sort.PLAIN):
            ways.append(self.steps)
        return self.dice.pick(ways)(sort, depth - 1)

    def like(self, text: str, *parts: Ex, simple: bool = False) -> Ex:
        """A text whose value is one of, or between, its parts."""
        size, places = max(p.size for p in parts), max(p.places for p in parts)
        return Ex(text, parts[0].sort, size, places, all(p.not_negative for p in parts), simple)

    def sum(self, sort: Sort, depth: int) -> Ex:
        left, right = self.of(sort, depth), self.of(sort, depth)
        operator = "-" if self.dice.chance(35) else "+"
        good = operator == "+" and left.not_negative and right.not_negative
        text = f"{left.operand} {operator} {right.operand}"
        return Ex(text, sort, left.size + right.size, max(left.places, right.places), good)

    def product(self, sort: Sort, depth: int) -> Ex:
        """A product whose units give the sort, or its left part alone where that could grow too wide."""
        inner = self.elsewhere()
        if sort is Sort.MONEY and self.dice.chance(40):
            left, right = inner.of(Sort.PRICE, depth), inner.of(Sort.MONTHS, 0)
        elif sort is Sort.PERCENT:
            left, right = inner.of(sort, depth), inner.of(sort, depth)
        else:
            left, right = inner.of(self.dice.pick((Sort.PERCENT, Sort.PLAIN)), depth), self.of(sort, depth)
        places = left.places + right.places
        if left.size * right.size * 10**places > (PRICES if right.sort is Sort.PRICE else WIDEST):
            return right if right.sort is sort else self.leaf(sort)
        good = left.not_negative and right.not_negative
        word = "of" if right.sort is sort and left.sort is Sort.PERCENT and self.dice.chance(40) else "*"
        text = f"{left.operand} {word} {right.operand}"
        if word == "of" and not right.text.isidentifier():
            text = f"{left.operand} of ({right.text})"
        return Ex(text, sort, left.size * right.size + 1, min(12, places), good)

    def quotient(self, sort: Sort, depth: int) -> Ex:
        """A quotient: by something that is at least 1, seldom by something that may be 0."""
        inner = self.elsewhere()
        top = self.of(sort, depth)
        if sort is Sort.PERCENT and self.dice.chance(60):
            of = self.dice.pick((Sort.MONEY, Sort.MONTHS, Sort.PLAIN))
            top, (divisor, least), tail = inner.of(of, depth), inner.divisor(of), " as %"
        else:
            (divisor, least), tail = inner.divisor(Sort.PLAIN), ""
        if top.size * 10 ** (12 + divisor.places) > WIDEST or 2 * divisor.size * 10**12 > WIDEST:
            return self.leaf(sort)
        text = f"{top.operand} / {divisor.operand}"
        if self.dice.chance(25):
            text = f"{text} rounded to {self.dice.integer(0, 6)} places half even"
        if sort is Sort.PRICE and top.size * least > LARGEST_PRICE:
            return self.leaf(sort)
        good = top.not_negative and divisor.not_negative
        return Ex(f"({text}){tail}" if tail else text, sort, top.size * least + 1, 12, good)

    def divisor(self, sort: Sort) -> tuple[Ex, int]:
        """Something to divide by, and by how much a quotient can be greater than its numerator."""
        risky = [f for f in self.scope.facts if f.sort is sort and f.places <= 2 and not f.missing]
        readings = [each for fact in risky for each in self.scope.readings(fact)]
        if readings and self.dice.chance(12):
            reading = self.dice.pick(readings)
            return reading, 10**reading.places
        if sort is not Sort.MONTHS and self.dice.chance(30):
            return self.literal(sort, least=1), 1
        value = self.leaf(sort)
        one = "$1" if sort is Sort.MONEY else "1"
        text = f"greatest({', '.join(self.dice.shuffled([one, value.text]))})"
        return Ex(text, sort, value.size, value.places, True, simple=True), 1

    def extreme(self, sort: Sort, depth: int) -> Ex:
        if sort is Sort.YES:
            return self.comparison(sort, depth)
        parts = [self.of(sort, depth if at == 0 else 0) for at in range(self.dice.integer(2, 3))]
        word = self.dice.pick(("least", "greatest"))
        return self.like(f"{word}({', '.join(p.text for p in parts)})", *parts, simple=True)

    def kept(self, sort: Sort, depth: int) -> Ex:
        value = self.of(sort, depth)
        ends = sorted(self.dice.integer(0, 400) for _ in range(2))
        low, high = (written(sort, end, 2) for end in ends)
        text = f"{value.operand} kept within {low} .. {high}"
        return evolve(
            value, text=text, size=max(value.size, 400), places=max(value.places, 2), not_negative=True, simple=False
        )

    def rounded(self, sort: Sort, depth: int) -> Ex:
        value = self.of(sort, depth)
        rule = self.dice.pick(MONEY_ROUNDINGS if sort in (Sort.MONEY, Sort.PRICE) else ROUNDINGS)
        return evolve(value, text=f"{value.operand} rounded {rule}", size=value.size + 1, simple=False)

    def rounded_at_once(self, sort: Sort, depth: int) -> Ex:
        """A product whose exact value is rounded, once."""
        value = self.product(sort, depth)
        rule = self.dice.pick(MONEY_ROUNDINGS if sort in (Sort.MONEY, Sort.PRICE) else ROUNDINGS)
        return evolve(value, text=f"{value.operand} rounded {rule}", size=value.size + 1, simple=False)

    def if_else(self, sort: Sort, depth: int) -> Ex:
        condition = self.elsewhere().of(Sort.YES, depth)
        one, other = self.of(sort, depth), self.of(sort, 0)
        return self.like(f"if {condition.text} then {one.text} else {other.text}", one, other)

    def choice(self, sort: Sort, depth: int) -> Ex:
        """A `choose`: unique rows that leave no gap, or `choose first`."""
        facts = self.dice.some(self.deciders(), 1, 2)
        if not facts:
            return self.if_else(sort, depth)
        first = len(facts) == 2 and self.dice.chance(40)
        if first:
            cases = [self.cases_of(fact)[0] for fact in facts] + ["otherwise"]
        else:
            cases = self.cases_of(facts[0])
            if len(facts) == 2:
                cases[:1] = [f"{cases[0]} and {each}" for each in self.cases_of(facts[1])]
            if self.dice.chance(30):
                cases[-1] = "otherwise"
        values = [self.of(sort, depth if at == 0 else 0) for at in range(len(cases))]
        rows = [
            f"{case if case == 'otherwise' else f'when {case}'} : {value.operand}"
            for case, value in zip(cases, values, strict=True)
        ]
        return self.like(f"choose {'first ' if first else ''}{{ {' '.join(rows)} }}", *values, simple=True)

    def deciders(self) -> list[Fact]:
        """The facts that the rows of a `choose` or `bands` can ask for here."""
        scope = self.scope
        found = [f for f in scope.facts if not f.missing and f.sort is not Sort.DATE and "line" not in f.table]
        return [f for f in found if scope.period == "month" or not {"month", "dated"} & set(f.table)]

    def cases_of(self, fact: Fact) -> list[str]:
        """Conditions on a fact of which exactly one holds, whatever it is, and each for some of its values."""
        if fact.sort is Sort.YES:
            return [fact.name, f"not {fact.name}"]
        if fact.sort is Sort.CODE:
            if fact.ordered and self.dice.chance(50):
                code = self.dice.pick(fact.codes[1:])
                return [f"{fact.name} < {code}", f"{fact.name} >= {code}"]
            return [f"{fact.name} = {fact.codes[0]}", f"{fact.name} in {{ {', '.join(fact.codes[1:])} }}"]
        ends = self.cuts(fact)
        middle = [f"({fact.name} >= {low} and {fact.name} < {high})" for low, high in itertools.pairwise(ends)]
        return [f"{fact.name} < {ends[0]}", *middle, f"{fact.name} >= {ends[-1]}"]

    def cuts(self, fact: Fact) -> list[str]:
        """One or two values inside the bounds of a fact, in order."""
        span = min(fact.high, 3_000 * 10**fact.places)
        found = {self.dice.integer(max(fact.low, -span) + 1, span) for _ in range(self.dice.integer(1, 2))}
        return [written(fact.sort, cut, fact.places) for cut in sorted(found)]

    def bands(self, sort: Sort, depth: int) -> Ex:
        facts = [f for f in self.deciders() if f.sort in NUMBERS]
        if not facts:
            return self.of(sort, depth)
        fact = self.dice.pick(facts)
        cuts = self.cuts(fact)
        values = [self.of(sort, depth if at == 0 else 0) for at in range(len(cuts) + 1)]
        rows = [f"below {cut} : {value.operand}" for cut, value in zip(cuts, values, strict=False)]
        text = f"bands {fact.name} {{ {' '.join(rows)} otherwise : {values[-1].operand} }}"
        return self.like(text, *values, simple=True)

    def best_of(self, sort: Sort, depth: int) -> Ex:
        one, other = self.of(sort, depth), self.of(sort, 0)
        condition = f" when {self.elsewhere().of(Sort.YES, 0).text}" if self.dice.chance(50) else ""
        word = self.dice.pick(("greater", "lesser"))
        return self.like(
            f"{word} of {{ one : {one.operand}; other : {other.operand}{condition} }}", one, other, simple=True
        )

    def increased(self, sort: Sort, depth: int) -> Ex:
        base = self.of(sort, depth)
        parts = [self.elsewhere().of(Sort.YES, 0).text for _ in range(self.dice.integer(1, 2))]
        rows = " ".join(f"{self.dice.integer(1, 40)}% when {part}" for part in parts)
        mode = self.dice.pick(("adding", "compounding"))
        if base.size * 10 ** (base.places + 8) > WIDEST:
            return base
        return Ex(
            f"{base.operand} increased by {{ {rows} }} {mode}",
            sort,
            base.size * 3,
            min(12, base.places + 4),
            base.not_negative,
        )

    def steps(self, sort: Sort, depth: int) -> Ex:
        inner = self.elsewhere()
        base, step = self.of(sort, 0), evolve(self.literal(sort), simple=True)
        above = inner.readable(Sort.PLAIN)
        if not above or not step.not_negative:
            return base
        quantity = self.dice.pick(above)()
        if quantity.size * 10**14 > WIDEST or quantity.size * step.size > LARGEST:
            return base
        full = "full " if self.dice.chance(60) else ""
        cap = f", at most {self.literal(sort, least=1).text}" if self.dice.chance(50) else ""
        size = self.dice.integer(1, 9)
        tail = f"({quantity.text}) above {self.dice.integer(0, 30)}{cap}"
        text = f"{base.operand} plus {step.text} for each {full}{size} {tail}"
        size = base.size + quantity.size * step.size
        return Ex(text, sort, size, 12, base.not_negative)

    # ------------------------------------------------------------------------- months, and other practices

    def monthly(self) -> Expressions:
        """For what is reckoned in each month of a longer period."""
        return evolve(self, scope=evolve(self.scope, period="month", lets=(), payments=(), pools=False))

    def by_month(self, sort: Sort, depth: int) -> Ex:
        """Money that is reckoned in each month, and added up."""
        if self.scope.period == "month" or not self.scope.built_in:
            return self.of(sort, depth)
        month = self.monthly().of(sort, min(depth, 1))
        return Ex(f"(({month.text}) by month)", sort, month.size * 12, month.places, month.not_negative, simple=True)

    def of_months(self, sort: Sort, depth: int) -> Ex:
        """In how many months of a longer period something holds, or whether in any or every one."""
        if self.scope.period == "month" or not self.scope.built_in:
            return self.of(sort, depth)
        condition = evolve(self.monthly(), scope=self.monthly().scope.inner).of(Sort.YES, min(depth, 1)).text
        if sort is Sort.PLAIN:
            return Ex(f"count(months where {condition})", sort, 12, 0, True, simple=True)
        return Ex(f"{self.dice.pick(('any', 'every'))}(months where {condition})", sort, 1, 0, True, simple=True)

    def counted(self, sort: Sort, depth: int) -> Ex:
        """How many of some yes/no facts are met."""
        flags = [f.name for f in self.deciders() if f.sort is Sort.YES]
        flags += [p.ex.text for p in self.scope.parameters if p.ex.sort is Sort.YES and p.changes == "never"]
        if not flags:
            return self.of(sort, depth)
        return Ex(f"(number met of {', '.join(flags)})", sort, len(flags), 0, True, simple=True)

    def among_practices(self, sort: Sort, depth: int) -> Ex:
        """What practices have on average, at least, at most, or at a percentile; nothing of no practice."""
        plain = [f for f in self.deciders() if f.sort is sort and "practice" in f.table]
        if not (plain and self.scope.pools) or (self.scope.amount and sort is Sort.MONEY):
            return self.of(sort, depth)
        fact = self.dice.pick(plain)
        word = self.dice.pick(("average(", "minimum(", "maximum(", f"percentile({self.dice.integer(1, 100)}, "))
        other = self.literal(sort, least=0) if sort is not Sort.MONTHS else Ex("0", sort, 1, 0, True, True)
        text = f"({word}{fact.name} over practices) default {other.text})"
        size = max(fact.size, other.size)
        return Ex(
            text, sort, size, 12 if word == "average(" else max(fact.places, other.places), fact.low >= 0, simple=True
        )

    # ------------------------------------------------------------------------------------- conditions

    def comparison(self, sort: Sort, depth: int) -> Ex:
        of = self.dice.pick(NUMBERS)
        operator = self.dice.pick((">=", "<", "<=", ">", "=", "!="))
        left, right = self.of(of, depth), self.of(of, 0)
        return Ex(f"{left.operand} {operator} {right.operand}", Sort.YES, 1, 0, True)

    def logic(self, sort: Sort, depth: int) -> Ex:
        word = self.dice.pick((" and ", " or "))
        parts = [self.of(Sort.YES, depth if at == 0 else 0) for at in range(self.dice.integer(2, 3))]
        return Ex(word.join(p.operand for p in parts), Sort.YES, 1, 0, True)

    def negation(self, sort: Sort, depth: int) -> Ex:
        return Ex(f"not {self.of(Sort.YES, depth).operand}", Sort.YES, 1, 0, True)

    def membership(self, sort: Sort, depth: int) -> Ex:
        """A test of a code, a date, a range, or of what is known."""
        scope = self.scope
        texts: list[str] = []
        for fact in scope.facts:
            for reading in scope.readings(fact):
                if fact.missing:
                    texts.append(f"known({reading.text})")
                elif fact.sort is Sort.CODE:
                    texts.append(f"{reading.operand} in {{ {', '.join(fact.codes[:2])} }}")
                elif fact.sort is Sort.DATE:
                    texts.append(f"{reading.operand} >= 20{self.dice.integer(11, 13)}-0{self.dice.integer(1, 9)}-15")
                elif fact.sort in NUMBERS and fact.high > fact.low:
                    ends = sorted(self.dice.integer(fact.low, min(fact.high, 10**6)) for _ in range(2))
                    low, high = (written(fact.sort, end, fact.places) for end in ends)
                    texts.append(f"{reading.operand} from {low} to {high}")
        if not texts:
            return self.comparison(sort, depth)
        return Ex(self.dice.pick(texts), Sort.YES, 1, 0, True)
