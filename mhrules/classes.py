"""The decorators of data classes: those of attrs, but that all classes have one `repr`.

Writing it out for each of some hundred classes, as attrs does, is a tenth of the time in which a command starts.
"""

from __future__ import annotations

from collections.abc import Callable
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from attrs import define, frozen
else:

    def _with_repr(decorator: Callable[..., Any]) -> Callable[..., Any]:
        """A decorator of attrs that gives a class this `repr`, unless it has its own or wants none."""

        def decorate(decorated: type | None = None, **asked: Any) -> Any:
            def build(plain: type) -> type:
                made: type = decorator(plain, **{"repr": False, **asked})
                if "repr" not in asked and "__repr__" not in vars(plain):
                    made.__repr__ = _repr
                return made

            return build if decorated is None else build(decorated)

        return decorate

    frozen = _with_repr(attrs.frozen)
    define = _with_repr(attrs.define)

__all__ = ["define", "frozen"]


@recursive_repr("...")
def _repr(self: Any) -> str:
    """The name of the class, and its values as attrs writes them."""
    shown = []
    for each in attrs.fields(type(self)):
        if each.repr:
            value = getattr(self, each.name, attrs.NOTHING)
            shown.append(f"{each.name}={each.repr(value) if callable(each.repr) else repr(value)}")
    return f"{type(self).__qualname__.rsplit('>.', 1)[-1]}({', '.join(shown)})"
