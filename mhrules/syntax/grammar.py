"""The parser made from `grammar/mhrules.lark`, kept in a cache between runs."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path

import lark
from lark import Lark

from mhrules.resources import shipped
from mhrules.syntax.lines import ClauseLines

STARTS = ("start", "program_body", "contract_body", "payment_body", "expr")


def cache_file() -> str | bool:
    """Where the built grammar is kept: a folder of the user's own, named by Lark's version; False where none can be."""
    base = os.environ.get("XDG_CACHE_HOME") or (Path.home() / ".cache")
    folder = Path(base) / "mhrules"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()
    except (OSError, RuntimeError):
        return False
    version = f"{lark.__version__}-{sys.version_info.major}.{sys.version_info.minor}"
    return str(folder / f"grammar-{version}.bin") if own else False


@lru_cache(maxsize=1)
def parser() -> Lark:
    """The LALR parser of the language."""
    text = shipped("grammar", "mhrules.lark").read_text(encoding="utf-8")
    return Lark(
        text,
        parser="lalr",
        lexer="contextual",
        start=list(STARTS),
        propagate_positions=True,
        maybe_placeholders=True,
        postlex=ClauseLines(),  # type: ignore[arg-type]
        cache=cache_file(),
    )
