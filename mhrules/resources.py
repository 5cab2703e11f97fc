"""Files that travel with the package: the grammar, the error pages, the programs.

They live at the top of the repository, where people read them. A wheel carries copies under
`mhrules/_shipped`; a clone, also when installed as editable, reads the originals.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_SHIPPED = _PACKAGE / "_shipped"
_REPOSITORY = _PACKAGE.parent
# What a wheel calls it, and where the repository keeps it. `pyproject.toml` has the same three pairs.
_BESIDE = {"grammar": "grammar", "errors": "docs/errors", "programs": "programs"}


def shipped(*parts: str) -> Path:
    """Where a shipped file or folder is, for example `shipped("grammar", "mhrules.lark")`.

    The first part is `grammar`, `errors` or `programs`; the rest lead down inside it.
    Raises ValueError for another first part or a part that leads out of its folder, and
    FileNotFoundError when nothing is there.
    """
    if not parts or parts[0] not in _BESIDE:
        raise ValueError(f"nothing is shipped as `{'/'.join(parts)}`")
    kind, inside = parts[0], parts[1:]
    for root in (_SHIPPED / kind, _REPOSITORY / _BESIDE[kind]):
        found = root.joinpath(*inside)
        if not found.resolve().is_relative_to(root.resolve()):
            raise ValueError(f"`{'/'.join(parts)}` leads out of its folder")
        if found.exists():
            return found
    raise FileNotFoundError(f"`{'/'.join(parts)}` is neither in the package nor beside it")
