"""What an aggregate can run over: practices, payers, lines, months, declared keys, and elements below the practice."""

from __future__ import annotations

import attrs

from mhrules.classes import frozen
from mhrules.data.population import ELIGIBILITY, Need
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.plan import ir
from mhrules.plan.lower_times import Times
from mhrules.plan.needs import needs_of_collection
from mhrules.plan.scope import Context
from mhrules.semantics.builtins import ELEMENTS, OF_PEOPLE
from mhrules.semantics.types import Type
from mhrules.source import Span
from mhrules.syntax import tree as t

MOST_LISTED = 8


@frozen
class Collection:
    """What an aggregate runs over: the key it adds, whether that is below the practice, and its count's unit.

    `same` are declared keys whose value practices share with the row; `timed` the day on which members are meant,
    or that the whole period is. `months` and `population` narrow members to those attributed so long, or to a
    declared population; `event` is the kind of event.
    """

    name: str
    key: str
    element: str | None = None
    unit: str = ""
    same: tuple[str, ...] = ()
    timed: t.When | None = None
    months: int | None = None
    population: str = ""
    event: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether these are fewer than all members of a practice."""
        return self.months is not None or bool(self.population)


class Collections(Times):
    """The words behind `over`, and inside `count(…)`."""

    def collection(self, node: t.Expression | None, context: Context) -> Collection | None:
        """What `over …` names; None, with a finding, if that is no collection."""
        timed: t.When | None = None
        months: int | None = None
        if isinstance(node, t.CollectionOf):
            return self.practices_of(node)
        if isinstance(node, t.Timed):
            timed, node = node.when, node.inner
        if isinstance(node, t.AverageMembers):
            node = t.Reference(name=node.collection.text, span=node.collection.span)
        if isinstance(node, t.AttributedAtLeast):
            months = node.months
            node = node.inner
        if not isinstance(node, t.Reference):
            if node is not None:
                self.no_collection(node.span)
            return None
        found = self.named_collection(node.name)
        if found is None:
            self.no_collection(node.span)
            return None
        whole = timed is t.When.WHOLE_YEAR and found.element is not None
        if timed is not None and not whole and found.element not in OF_PEOPLE:
            self.report(
                "MH355",
                f"`{found.name}` are not counted on a day, so `{timed.value}` says nothing",
                node.span,
                help=f"leave out `{timed.value}`",
            )
        if months is not None and found.element not in OF_PEOPLE:
            self.report(
                "MH355",
                f"only members are attributed, not {found.name.replace('_', ' ')}",
                node.span,
                help="write `members attributed at least …`",
            )
        return attrs.evolve(found, timed=timed, months=months)

    def members_are_attributed(self, name: str, span: Span) -> None:
        """Reports a text that looks below the practice and does not say how members come to practices."""
        if self.program.attribution is None:
            self.report(
                "MH364",
                f"the program asks for {name.replace('_', ' ')}, and does not say how members come to practices",
                span,
                help="add an `attribution { every … first … }` clause",
            )

    def looks_below(self, collection: Collection, span: Span) -> None:
        """Notes what data must have where an aggregate looks at single members or records."""
        if collection.element is not None:
            self.members_are_attributed(collection.name, span)
            self.needs.update((Need(ELIGIBILITY), *needs_of_collection(collection.element)))

    def practices_of(self, node: t.CollectionOf) -> Collection | None:
        """`practices of region`."""
        key = node.key.text
        if key not in self.program.keys:
            self.report(
                "MH201",
                f"there is no key called `{key}`",
                node.key.span,
                label="not known here",
                help=f"did you mean `{close}`?"
                if (close := did_you_mean(key, self.program.keys))
                else f"declare it, as in `key {key} of {self.program.participant}`",
            )
            return None
        self.used.add(("key", key))
        found = self.collection(node.collection, Context("", "month"))
        if found is not None and found.key != "practice":
            self.report(
                "MH355",
                f"only {self.program.participant}s can be chosen by `{key}`",
                node.span,
                help=f"write `{self.program.participant}s of {key}`",
            )
            return None
        return None if found is None else Collection(found.name, "practice", same=(key,))

    def named_collection(self, name: str) -> Collection | None:
        """The collection of that name; None if there is none."""
        program = self.program
        if name in ("practices", "peers", f"{program.participant}s"):
            return Collection(name, "practice")
        if name in ("payers", "lines", "months"):
            return Collection(name, name.removesuffix("s"))
        if name.removesuffix("s") in program.keys:
            self.used.add(("key", name.removesuffix("s")))
            return Collection(name, name.removesuffix("s"))
        if name in program.events:
            self.used.add(("event", name))
            return Collection(name, "event", element=name, unit="event", event=name)
        if name in program.populations:
            self.used.add(("population", name))
            return Collection(name, "member", element="members", population=name)
        if name in ELEMENTS and name != "events":
            element = ELEMENTS[name]
            return Collection(name, element.key, name, element.unit)
        return None

    def no_collection(self, span: Span) -> None:
        """Reports what is nothing to count or sum over."""
        elements = [name for name in ELEMENTS if name != "events"]
        names = [f"{self.program.participant}s", "payers", "lines", "months", *elements, *self.program.events]
        names += [f"{key}s" for key in self.program.keys]
        close = did_you_mean(span.text, names)
        listed = ", ".join(f"`{name}`" for name in sorted(set(names))[:MOST_LISTED])
        self.report(
            "MH355",
            f"`{span.text}` is nothing to count or sum over",
            span,
            label="not a collection",
            help=f"did you mean `{close}`?" if close else f"say over what: {listed} …",
        )

    def lower_collectionof(self, node: t.CollectionOf, context: Context, expected: Type | None) -> ir.Expression:
        """`practices of region` outside of an aggregate."""
        self.no_collection(node.span)
        return self.nothing(node)
