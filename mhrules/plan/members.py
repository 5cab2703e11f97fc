"""The part of a plan that is about people: whose months count, to whom they are attributed, what a claim is."""

from __future__ import annotations

from attrs import field

from mhrules.classes import frozen
from mhrules.plan.ir import Expression, Lookback
from mhrules.source import Span
from mhrules.syntax.tree import Note, Period


@frozen(eq=False)
class ExclusionPlan:
    """Member months that do not count, judged per payer, member and month before attribution."""

    name: str
    title: str
    condition: Expression
    span: Span = field(repr=False)
    notes: tuple[Note, ...] = field(default=(), repr=False)


@frozen(eq=False)
class MethodPlan:
    """One attribution method.

    `kind` is `selection`, `list` (then `title` is the list's name), `most recent visit`, `plurality` or `geography`.
    `measure` is what a plurality counts: `visits` (days with a visit) or `allowed`. `where` is asked of each visit.
    `ties` are the words of the text, or nothing.
    """

    kind: str
    title: str
    measure: str
    where: Expression | None
    within: Lookback | None
    ties: str
    span: Span = field(repr=False)
    notes: tuple[Note, ...] = field(default=(), repr=False)

    @property
    def words(self) -> str:
        """The method as outputs name it: `selection`, `plurality`, of a list also which."""
        return f"{self.kind} {self.title}" if self.kind == "list" else self.kind


@frozen(eq=False)
class AttributionPlan:
    """How members come to practices: refreshed on the first days of `every`, by the first method that finds one.

    `at_once`: who is enrolled after a refresh is attributed from the first month that counts.
    """

    every: Period
    methods: tuple[MethodPlan, ...]
    at_once: bool
    span: Span = field(repr=False)


@frozen(eq=False)
class MembersPlan:
    """What is said of people and claims.

    `attribution` is None where the program attributes nobody: then members are only counted, in the panel.
    `newborns`: the month of birth counts from its first day. `service` gives a claim line its service class, where
    the program classifies. `cost` is `allowed` or `paid`. `run_out` are the months after a program year in which
    what was incurred in it may still be paid, None without run-out.
    """

    attribution: AttributionPlan | None = None
    exclusions: tuple[ExclusionPlan, ...] = ()
    newborns: bool = False
    service: Expression | None = None
    cost: str = "allowed"
    run_out: int | None = None
