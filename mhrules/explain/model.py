"""What an explanation is made of: plain data, readable without the plan, the settlement or the facts."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import field

from mhrules.classes import frozen


@frozen
class Place:
    """Where rule text stands: the file's name, its 1-based line, and the text itself with single blanks."""

    file: str
    line: int
    text: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@frozen
class Support:
    """How a figure is supported: `kind` is `cite`, `assumed` or `set by`."""

    kind: str
    text: str


@frozen
class Worth:
    """A value: `text` as people read it; `exact` as plain decimal text (a `%` as a fraction), yes, no, date, code.

    `unit` is `$`, `$ pmpm`, `%`, `member months` …, empty for what has none. Of a missing value `exact` is empty.
    """

    text: str
    exact: str
    unit: str = ""


@frozen
class Fact:
    """Where a fact was read: table, column and keys; `on` is the day, of a dated fact; `title` is the column's."""

    table: str
    column: str
    keys: tuple[tuple[str, str], ...]
    on: str = ""
    title: str = ""


@frozen
class Parameter:
    """Since when a parameter has its value (`2013-01-01`), by whom (`program`, or the contract), and the text."""

    since: str
    by: str
    place: Place


@frozen
class Why:
    """One step: what it is, what came out, and the steps it rests on.

    `kind` is one of `line participation requirement gate let define report table pays units limit rounding credit total
    posting split part fact parameter condition choice row value aggregate measure`. `title` is in the words of the
    rule text; `formula` is what a named value stands for. `says` are short sentences. `at` says for whom and when,
    where that is not the line's own. Steps are numbered from 1 in a line; `see` is the number of the step that explains
    this one, where it was explained before, otherwise 0.
    """

    kind: str
    title: str
    worth: Worth | None = None
    formula: str = ""
    says: tuple[str, ...] = ()
    at: str = ""
    place: Place | None = None
    support: tuple[Support, ...] = ()
    fact: Fact | None = None
    parameter: Parameter | None = None
    number: int = 0
    see: int = 0
    steps: tuple[Why, ...] = ()

    def walk(self) -> Iterator[Why]:
        """This step and all below, in the order they are read."""
        yield self
        for step in self.steps:
            yield from step.walk()


@frozen
class LineWhy:
    """One line of a payment: a posting period, what was posted, and why.

    `units`, `price` and `amount` are exact decimal text; `price` is empty where nothing is paid per unit. `amount` is
    gross of `credits`, which are the negative postings beside it. `posted`: whether a posting stands in the ledger
    (there is none where the run failed). `why.worth` is the amount, re-evaluated; it has none where the line is held.
    """

    period: str
    payee: str
    status: str
    reason: str
    units: str
    price: str
    amount: str
    credits: tuple[str, ...]
    posted: bool
    headline: str
    why: Why


@frozen
class Visit:
    """A visit that speaks for a practice: `id` as the data have it, `service` its class, empty where there is none."""

    id: str
    date: str
    service: str = ""


@frozen
class CandidateWhy:
    """A practice that a method found; `weight` in words, `latest` the last day that speaks for it."""

    practice: str
    weight: str = ""
    latest: str = ""
    visits: tuple[Visit, ...] = ()


@frozen
class MethodWhy:
    """A method that was tried, in the words of the rule text, and the practices it found, the winner first."""

    method: str
    text: str
    place: Place
    candidates: tuple[CandidateWhy, ...]


@frozen
class Stay:
    """Months of one person under one payer with the same outcome for the same reasons.

    `first` and `last` are months (`2011-03`) that follow on each other; `practice` is empty where `reason` says why
    there is none. `says` are sentences; `place` is the rule that decided.
    """

    first: str
    last: str
    practice: str
    reason: str
    method: str
    refreshed_on: str
    says: tuple[str, ...]
    place: Place | None = None
    tried: tuple[MethodWhy, ...] = field(default=(), repr=False)

    @property
    def months(self) -> str:
        """The months in words."""
        return self.first if self.first == self.last else f"{self.first} to {self.last}"


@frozen
class MemberPart:
    """What a person contributes to a line: months at a price, or one claim line, claim, visit or event.

    `kind` is `member months`, or what the payment is made per; `element` and `date` are empty for months. `units`,
    `price` and `amount` are exact decimal text; `price` is empty where an element has an amount of its own.
    """

    kind: str
    element: str
    date: str
    units: str
    price: str
    amount: str


@frozen
class MemberLine:
    """One line as one person sees it: `parts` is empty where nothing of the person is in it, and then `says` says why.

    `units` and `amount` are what the person contributes, before limits and the one rounding of the line, which is
    `line_amount`.
    """

    period: str
    status: str
    units: str
    amount: str
    line_amount: str
    parts: tuple[MemberPart, ...]
    says: tuple[str, ...] = ()


@frozen
class MemberWhy:
    """What one person has to do with the lines of an explanation, and how the person came to the practice or not."""

    person: str
    headline: str
    lines: tuple[MemberLine, ...]
    stays: tuple[Stay, ...]


@frozen
class Explanation:
    """Why one payer's payment to one practice is what it is, for one posting period or all of a program year.

    `member` is what one person has to do with it, where that was asked.
    """

    program: str
    edition: str
    participant: str
    year: int
    payer: str
    practice: str
    payment: str
    title: str
    summary: str
    cites: tuple[str, ...]
    headline: str
    notes: tuple[str, ...]
    lines: tuple[LineWhy, ...]
    member: MemberWhy | None = None
