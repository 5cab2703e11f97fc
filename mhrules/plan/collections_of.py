"""What an aggregate can run over: practices, payers, lines, months, declared keys, and elements below the practice."""

from __future__ import annotations

from attrs import frozen

from mhrules.diagnostics.suggest import did_you_mean
from mhrules.plan import ir
from mhrules.plan.lower_times import Times
from mhrules.plan.scope import Context
from mhrules.semantics.builtins import ELEMENTS
from mhrules.semantics.types import Type
from mhrules.source import Span
from mhrules.syntax import tree as t

MOST_LISTED = 8


@frozen
class Collection:
    """What an aggregate runs over: the key it adds, whether that is below the practice, and its count's unit.

    `same` are declared keys whose value practices share with the row; `timed` the day on which members are meant.
    """

    name: str
    key: str
    element: str | None = None
    unit: str = ""
    same: tuple[str, ...] = ()
    timed: t.When | None = None
    narrowed: bool = False


class Collections(Times):
    """The words behind `over`, and inside `count(…)`."""

    def collection(self, node: t.Expression | None, context: Context) -> Collection | None:
        """What `over …` names; None, with a finding, if that is no collection."""
        timed, narrowed = None, False
        if isinstance(node, t.CollectionOf):
            return self.practices_of(node)
        if isinstance(node, t.Timed):
            timed, node = node.when, node.inner
        if isinstance(node, t.AverageMembers):
            node = t.Reference(name=node.collection.text, span=node.collection.span)
        if isinstance(node, t.AttributedAtLeast):
            node, narrowed = node.inner, True
        if not isinstance(node, t.Reference):
            if node is not None:
                self.no_collection(node.span)
            return None
        found = self.named_collection(node.name, timed=timed, narrowed=narrowed)
        if found is None:
            self.no_collection(node.span)
            return None
        if timed is not None and found.key != "member":
            self.report(
                "MH355",
                f"`{found.name}` are not counted on a day, so `{timed.value}` says nothing",
                node.span,
                help=f"leave out `{timed.value}`",
            )
        return found

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

    def named_collection(self, name: str, *, timed: t.When | None, narrowed: bool) -> Collection | None:
        """The collection of that name; None if there is none."""
        program = self.program
        if name in ("practices", "peers", f"{program.participant}s"):
            return Collection(name, "practice", timed=timed)
        if name in ("payers", "lines", "months"):
            return Collection(name, name.removesuffix("s"), timed=timed)
        if name.removesuffix("s") in program.keys:
            self.used.add(("key", name.removesuffix("s")))
            return Collection(name, name.removesuffix("s"), timed=timed)
        if name in program.events:
            return Collection(name, "event", element=name, unit="event", timed=timed)
        if name in program.populations:
            self.used.add(("population", name))
            return Collection(name, "member", element="members", timed=timed, narrowed=True)
        if name in ELEMENTS:
            element = ELEMENTS[name]
            return Collection(name, element.key, name, element.unit, timed=timed, narrowed=narrowed)
        return None

    def no_collection(self, span: Span) -> None:
        """Reports what is nothing to count or sum over."""
        names = [f"{self.program.participant}s", "payers", "lines", "months", *ELEMENTS, *self.program.events]
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
