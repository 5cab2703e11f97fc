"""What a generated program declares, and what an expression in it may read where."""

from __future__ import annotations

from enum import Enum

from attrs import evolve, frozen

DEFAULT_SIZE = {"$": 10**12, "%": 1_000, "number": 10**9, "integer": 10**12, "member months": 10**9}
PERIODS = ("month", "quarter", "half_year", "year")


class Sort(Enum):
    """What an expression gives: its kind and unit."""

    MONEY = "$"
    PRICE = "$ pmpm"
    MONTHS = "member months"
    PLAIN = "number"
    PERCENT = "%"
    YES = "yes/no"
    CODE = "code"
    DATE = "date"


@frozen
class Ex:
    """A generated expression: no value of it is greater than `size` in magnitude or has more than `places` places."""

    text: str
    sort: Sort
    size: int
    places: int
    not_negative: bool
    simple: bool = False

    @property
    def operand(self) -> str:
        """The text where an operator stands beside it."""
        return self.text if self.simple else f"({self.text})"


@frozen
class Fact:
    """A column of facts: `table` are the keys of its table, `low` and `high` its bounds in units of its places."""

    name: str
    sort: Sort
    type: str
    table: tuple[str, ...]
    low: int
    high: int
    places: int
    missing: bool = False
    codes: tuple[str, ...] = ()
    ordered: bool = False

    @property
    def size(self) -> int:
        return max(abs(self.low), abs(self.high)) // 10**self.places + 1

    @property
    def ex(self) -> Ex:
        return Ex(self.name, self.sort, self.size, self.places, self.low >= 0, simple=True)


@frozen
class Parameter:
    """A parameter; `changes`: `never`, `yearly` (with a program year) or `monthly`."""

    ex: Ex
    changes: str
    opened: bool


@frozen
class Payment:
    """A payment that others may total."""

    name: str
    period: str
    not_negative: bool


@frozen
class Define:
    """A definition; `any_period`: readable in every period, otherwise by month only."""

    ex: Ex
    any_period: bool


@frozen
class Scope:
    """What an expression may read.

    `amount`: it reaches an amount that is posted by payer, practice and `period`. `pools`: it may look at other
    practices; `panel`: it may count members; `built_in`: it may read built-in quantities.
    """

    period: str
    payers: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    tables: tuple[Ex, ...] = ()
    defines: tuple[Define, ...] = ()
    payments: tuple[Payment, ...] = ()
    lets: tuple[Ex, ...] = ()
    amount: bool = False
    pools: bool = False
    panel: bool = True
    built_in: bool = True

    @property
    def inner(self) -> Scope:
        """The scope of what never is a sum of money in the amount itself."""
        return evolve(self, amount=False) if self.amount else self

    def fine(self, fact: Fact) -> bool:
        """Whether a fact may reach an amount as it is: money may not be paid once by each payer, or every month."""
        if not self.amount or fact.sort is not Sort.MONEY:
            return True
        if "practice" not in fact.table or ("payer" not in fact.table and len(self.payers) > 1):
            return False
        if "year" in fact.table:
            return self.period == "year"
        return "month" in fact.table or "dated" in fact.table

    def has_prior_year(self, fact: Fact) -> bool:
        """Whether the year before of a fact may be read here."""
        money = self.amount and fact.sort is Sort.MONEY
        owned = "practice" in fact.table and ("payer" in fact.table or len(self.payers) == 1)
        return "year" in fact.table and "line" not in fact.table and (owned or not money)

    def readings(self, fact: Fact) -> list[Ex]:
        """How a fact can be read here, as simple expressions of the fact's own type (still `or missing`)."""
        if not self.fine(fact):
            return []
        plain, monthly = fact.ex, self.period == "month"
        if "line" in fact.table:
            return []
        if "month" in fact.table and not monthly:
            return [evolve(plain, text=f"({fact.name} at {end} of period)") for end in ("start", "end")]
        if "dated" in fact.table and not monthly:
            return [evolve(plain, text=f"({fact.name} on {day} day)") for day in ("first", "last")]
        return [plain]

    def sums(self, fact: Fact) -> list[Ex]:
        """How a fact can be added up here."""
        found = []
        if fact.missing or fact.sort not in (Sort.MONEY, Sort.MONTHS, Sort.PLAIN):
            return []
        whole = evolve(fact.ex, size=fact.size * 10**7)
        if "month" in fact.table and self.period != "month" and self.fine(fact):
            found.append(evolve(whole, text=f"sum({fact.name} over months)"))
        if "line" in fact.table and not (self.amount and fact.sort is Sort.MONEY):
            found.append(evolve(whole, text=f"sum({fact.name} over lines)"))
        coarse = self.pools and not (self.amount and fact.sort is Sort.MONEY)
        if coarse and "practice" in fact.table and not {"line", "dated", "month"} & set(fact.table):
            found.append(evolve(whole, text=f"sum({fact.name} over practices)"))
        return found
