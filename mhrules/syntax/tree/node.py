"""What every node has: a place, its children; and the words that many nodes share."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

import attrs
from attrs import field

from mhrules.classes import frozen
from mhrules.source import Span


@frozen(eq=False, kw_only=True)
class Node:
    """Anything in a rule text; `span` is where it stands."""

    span: Span = field(repr=False)

    def children(self) -> Iterator[Node]:
        """The nodes directly below this one, in the order of the text."""
        for name in _names(type(self)):
            value = getattr(self, name)
            if isinstance(value, Node):
                yield value
            elif isinstance(value, tuple):
                for item in value:
                    if isinstance(item, Node):
                        yield item

    def walk(self) -> Iterator[Node]:
        """This node and every node below it."""
        waiting: list[Node] = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(tuple(node.children()))


_NAMES: dict[type[Node], tuple[str, ...]] = {}


def _names(kind: type[Node]) -> tuple[str, ...]:
    """The attributes of a kind of node, but for its place; looked up once a kind."""
    found = _NAMES.get(kind)
    if found is None:
        found = _NAMES[kind] = tuple(each.name for each in attrs.fields(kind) if each.name != "span")
    return found


def same_meaning(one: object, other: object) -> bool:
    """Whether two trees (or parts) are equal but for their places."""
    if isinstance(one, Node):
        return type(one) is type(other) and all(
            same_meaning(getattr(one, a.name), getattr(other, a.name))
            for a in attrs.fields(type(one))
            if a.name != "span"
        )
    if isinstance(one, Span) and isinstance(other, Span):
        return True
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same_meaning, one, other))
    return one == other


@frozen(eq=False)
class Name(Node):
    """A name as written, where something is declared or meant."""

    text: str


class NoteKind(Enum):
    """How a figure is supported."""

    CITE = "cite"
    ASSUMED = "assumed"
    SET_BY = "set by"


@frozen(eq=False)
class Note(Node):
    """`cite "…"`, `assumed "…"`, `set by state`, `set by federal` behind a figure."""

    kind: NoteKind
    text: str


class Period(Enum):
    """A calendar period, shortest first; the value is the word of the language."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"

    @property
    def months(self) -> int:
        """How many months one holds."""
        return {"month": 1, "quarter": 3, "half_year": 6, "year": 12}[self.value]
