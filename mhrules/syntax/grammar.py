"""The parser made from `grammar/mhrules.lark`, kept in a cache between runs."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

import lark
from lark import Lark

from mhrules.resources import shipped
from mhrules.syntax.lexer import WORD_END, WordLexer, whole_words
from mhrules.syntax.lines import ClauseLines
from mhrules.syntax.table import PackedParser

STARTS = ("start", "program_body", "contract_body", "payment_body", "expr")
_PLUGINS = {"ContextualLexer": WordLexer, "LALR_Parser": PackedParser}
_DIGEST = 64


def cache_folder() -> Path | None:
    """A folder of the user's own for the built grammar; None where there can be none."""
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        folder = (Path(base) if base else Path.home() / ".cache") / "mhrules"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()
    except (OSError, RuntimeError):
        return None
    return folder if own else None


def cache_key(grammar: str) -> str:
    """Names a built grammar: by its text and by everything that takes part in building it."""
    parts = (
        grammar,
        lark.__version__,
        sys.version,
        *STARTS,
        WORD_END,
        *(each.__qualname__ for each in _PLUGINS.values()),
    )
    return hashlib.sha256("\0".join(parts).encode("utf-8")).hexdigest()[:32]


def read_cache(path: Path) -> Lark | None:
    """The parser kept at `path`; None if there is none, or if not every byte is as it was written."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, payload = content[:_DIGEST], content[_DIGEST:]
    if digest != hashlib.sha256(payload).hexdigest().encode("ascii"):
        return None
    try:
        return Lark.load(io.BytesIO(payload))
    except Exception:  # whatever a stale file makes unpickling raise, the grammar can be built anew
        return None


def write_cache(path: Path, parser: Lark) -> None:
    """Keeps the parser at `path`, all at once; without a word if it cannot be kept."""
    buffer = io.BytesIO()
    parser.save(buffer)
    payload = buffer.getvalue()
    with contextlib.suppress(OSError):
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(payload).hexdigest().encode("ascii") + payload)
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise


def build(grammar: str) -> Lark:
    """The parser of a grammar's text, made from scratch."""
    return Lark(
        grammar,
        parser="lalr",
        lexer="contextual",
        start=list(STARTS),
        propagate_positions=True,
        maybe_placeholders=True,
        postlex=ClauseLines(),
        edit_terminals=whole_words,
        _plugins=_PLUGINS,
    )


@lru_cache(maxsize=1)
def parser() -> Lark:
    """The LALR parser of the language."""
    grammar = shipped("grammar", "mhrules.lark").read_text(encoding="utf-8")
    folder = cache_folder()
    if folder is None:
        return build(grammar)
    path = folder / f"grammar-{cache_key(grammar)}.bin"
    kept = read_cache(path)
    if kept is None:
        kept = build(grammar)
        write_cache(path, kept)
    return kept
