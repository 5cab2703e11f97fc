"""Declared types."""

from __future__ import annotations

from mhrules.classes import frozen
from mhrules.syntax.tree.expressions import Expression
from mhrules.syntax.tree.node import Name, Node


@frozen(eq=False, kw_only=True)
class TypeName(Node):
    """A declared type; `or_missing` says that absence is allowed."""

    or_missing: bool = False


@frozen(eq=False)
class SimpleType(TypeName):
    """`$`, `$ pmpm`, `%`, `%(9)`, `number`, `integer`, `yes/no`, `date`, `text`, `member months`."""

    word: str
    places: int | None = None
    per: str | None = None
    low: Expression | None = None
    high: Expression | None = None


@frozen(eq=False)
class EnumType(TypeName):
    """`{ new, maintenance }`; ordered if declared with `<`."""

    members: tuple[Name, ...]
    ordered: bool


@frozen(eq=False)
class NamedType(TypeName):
    """A type declared elsewhere by `type`."""

    name: Name
