"""The decorators of data classes: what attrs gives, and the `repr` that attrs would write."""

from __future__ import annotations

import attrs
import pytest

from mhrules.classes import define, frozen


def shapes(frozen_by: object, define_by: object) -> list[str]:
    """What classes made by these decorators show of their objects."""

    @frozen_by(eq=False)  # type: ignore[operator, untyped-decorator]
    class Leaf:
        word: str
        unseen: int = attrs.field(default=1, repr=False)
        cut: str = attrs.field(default="long", repr=lambda value: value[:2])

    @frozen_by  # type: ignore[operator, untyped-decorator]
    class Told:
        number: int

        def __repr__(self) -> str:
            return f"<{self.number}>"

    @define_by  # type: ignore[operator, untyped-decorator]
    class Tree:
        parts: list[object]
        later: int = attrs.field(init=False)

    @frozen_by(repr=False)  # type: ignore[operator, untyped-decorator]
    class Silent(Told):
        further: int = 2

    tree = Tree([Leaf("a"), Told(3)])
    tree.parts.append(tree)  # a circle is cut
    return [repr(each) for each in (Leaf("it's"), Told(3), tree, Silent(4))]


def test_objects_show_what_attrs_shows() -> None:
    assert shapes(frozen, define) == shapes(attrs.frozen, attrs.define)


def test_frozen_is_frozen() -> None:
    @frozen
    class Point:
        x: int

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Point(1).x = 2  # type: ignore[misc]
    assert Point(1) == Point(1)
