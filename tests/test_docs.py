"""What the guides show is what happens: their files are written, their commands and code run, in order.

A block of another language is written to a file where the text before it ends with the file's name, as in
"Write this into `maple/maple.mh`:". A sentence "In `FILE`, replace `OLD` by `NEW`" is done. In a `console` block,
lines that begin with `$ ` are commands, and what follows is what they print. A `python` block is executed; a `text`
block right after it is what it prints.

`python -m tests.test_docs` writes into the guides what happens now; the difference is to be read.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

ROOT = Path(__file__).resolve().parent.parent
GUIDES = (
    "tutorial.md",
    "how-to/attribute-members.md",
    "how-to/compare-attribution.md",
    "how-to/embed.md",
    "how-to/score-measures.md",
    "how-to/write-a-contract.md",
)
FENCE = re.compile(r"^```(?P<language>[a-z]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
FILE_NAME = re.compile(r"`([\w./-]+)`:$")
CHANGE = re.compile(r"In\s+`([^`]+)`,\s+replace\s+`([^`]+)`\s+by\s+`([^`]+)`")


@frozen
class Block:
    """A fenced block and the prose before it."""

    language: str
    body: str
    before: str
    line: int


def blocks(text: str) -> Iterator[Block]:
    end = 0
    for found in FENCE.finditer(text):
        yield Block(
            found["language"], found["body"], text[end : found.start()].strip(), text.count("\n", 0, found.start()) + 1
        )
        end = found.end()


class Reader:
    """Somebody who follows a guide in an empty folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, Any] = {"__name__": "guide"}
        self.printed = ""
        programs = folder / ".bin"
        programs.mkdir()
        script = programs / "mhrules"
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m mhrules "$@"\n', encoding="utf-8")
        script.chmod(0o755)
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        python_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        self.environment = os.environ | {"PATH": path, "PYTHONPATH": python_path, "COLUMNS": "80"}

    def follow(self, block: Block) -> str:
        """Do what a block and the words before it say; the block as it should be."""
        for name, old, new in CHANGE.findall(block.before):
            self.change(name, old, new)
        if block.language == "console":
            return self.console(block.body)
        if block.language == "text" and not block.before:
            return self.printed
        named = FILE_NAME.search(block.before)
        if block.language == "python":
            self.execute(block)
        elif named:
            path = self.folder / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body, encoding="utf-8")
        return block.body

    def change(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        before = path.read_text(encoding="utf-8")
        assert before.count(old) == 1, f"`{old}` stands {before.count(old)} times in {name}"
        path.write_text(before.replace(old, new), encoding="utf-8")

    def console(self, body: str) -> str:
        """The block as it would look: each command, and what it prints."""
        shown = ""
        for line in body.splitlines():
            if line.startswith("$ "):
                shown += f"{line}\n{self.run(line[2:])}"
        return shown

    def run(self, command: str) -> str:
        done = subprocess.run(
            command,
            shell=True,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout

    def execute(self, block: Block) -> None:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.chdir(self.folder):
            exec(compile(block.body, f"guide, line {block.line}", "exec"), self.names)
        self.printed = printed.getvalue()


def followed(text: str, folder: Path) -> str:
    """A guide with what happens now in its blocks."""
    reader = Reader(folder)
    found = {block.line: block for block in blocks(text)}

    def done(match: re.Match[str]) -> str:
        block = found[text.count("\n", 0, match.start()) + 1]
        return f"```{block.language}\n{reader.follow(block)}```"

    return FENCE.sub(done, text)


@pytest.mark.skipif(os.name != "posix", reason="the guides' commands are those of a POSIX shell")
@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_does_what_it_shows(guide: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / guide).read_text(encoding="utf-8")
    assert any(block.language in ("console", "python") for block in blocks(text))
    assert followed(text, tmp_path) == text


def test_blocks_and_the_words_before_them() -> None:
    text = "Write `a/b.mh`:\n\n```mh\nx\n```\n\nIn `a/b.mh`, replace `x` by `y`:\n\n```console\n$ cat a/b.mh\ny\n```\n"
    one, two = blocks(text)
    assert (one.language, one.body, FILE_NAME.findall(one.before)) == ("mh", "x\n", ["a/b.mh"])
    assert (two.line, CHANGE.findall(two.before)) == (9, [("a/b.mh", "x", "y")])


@pytest.mark.skipif(os.name != "posix", reason="the guides' commands are those of a POSIX shell")
def test_a_guide_that_is_wrong_is_caught(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    assert reader.follow(Block("mh", "x\n", "Write `a.mh`:", 1)) == "x\n"
    assert reader.follow(Block("console", "$ cat a.mh\ny\n", "In `a.mh`, replace `x` by `z`.", 1)) == "$ cat a.mh\nz\n"
    assert reader.follow(Block("python", "print(1)\n", "", 1)) == "print(1)\n"
    assert reader.follow(Block("text", "2\n", "", 1)) == "1\n"
    with pytest.raises(AssertionError, match="stands 0 times"):
        reader.change("a.mh", "x", "y")


if __name__ == "__main__":
    for each in GUIDES:
        path = ROOT / "docs" / each
        with tempfile.TemporaryDirectory() as folder:
            path.write_text(followed(path.read_text(encoding="utf-8"), Path(folder)), encoding="utf-8")
