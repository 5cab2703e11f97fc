"""The parser's cache cannot break a run, and keywords match whole words only."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mhrules.source import Source
from mhrules.syntax import grammar
from mhrules.syntax.parse import tree_from_text

ROOT = Path(__file__).resolve().parents[2]
TEXT = 'mhrules 1\nprogram p "P" edition "1" {\n  define x = 1\n}\n'


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache of its own; building takes a second, so that what was built once is taken again."""
    built = grammar.parser()
    monkeypatch.setattr(grammar, "build", lambda _: built)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    grammar.parser.cache_clear()
    yield tmp_path / "mhrules"
    grammar.parser.cache_clear()


def kept(cache: Path) -> Path:
    (path,) = cache.iterdir()
    return path


def works() -> bool:
    grammar.parser.cache_clear()
    return tree_from_text(Source("a.mh", TEXT))[0] is not None


def test_a_built_grammar_is_kept_and_read_again(cache: Path) -> None:
    assert works()
    before = kept(cache).stat().st_mtime_ns
    assert works()
    assert kept(cache).stat().st_mtime_ns == before
    assert grammar.read_cache(kept(cache)) is not None


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "other"])
def test_a_damaged_cache_is_built_anew(cache: Path, damage: str) -> None:
    assert works()
    path = kept(cache)
    content = path.read_bytes()
    flipped = content[:5000] + bytes([content[5000] ^ 1]) + content[5001:]
    path.write_bytes({"empty": b"", "cut": content[:-9], "flipped": flipped, "other": b"\x80\x04."}[damage])
    assert grammar.read_cache(path) is None
    assert works()
    assert grammar.read_cache(path) is not None


def test_a_folder_that_cannot_be_made_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert grammar.cache_folder() is None
    assert works()
    grammar.parser.cache_clear()


def test_a_cache_that_cannot_be_written_is_done_without(cache: Path) -> None:
    cache.mkdir()
    grammar.write_cache(cache / "missing" / "file.bin", grammar.parser())
    assert not (cache / "missing").exists()


def test_another_grammar_has_another_name() -> None:
    assert grammar.cache_key("a") != grammar.cache_key("b")


@pytest.mark.parametrize(
    "clause", ["termination 2012-01-01 onward", "term2012-01-01 onward", "definex = 1", "costis allowed"]
)
def test_a_keyword_is_a_whole_word(clause: str) -> None:
    assert tree_from_text(Source("a.mh", TEXT.replace("define x = 1", clause)))[0] is None


@pytest.mark.parametrize("name", ["define_x", "cost", "term", "payment", "when", "yes_x", "per"])
def test_a_keyword_may_be_a_name_where_no_clause_starts(name: str) -> None:
    assert tree_from_text(Source("a.mh", TEXT.replace("define x", f"define {name}")))[0] is not None


def test_importing_the_parser_builds_nothing() -> None:
    code = "import sys, mhrules.syntax.parse, mhrules.files; print('lark' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
