"""Progress: one line on a terminal, nothing without one."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mhrules import progress
from mhrules.data.load import load
from mhrules.progress import SILENT, Progress, Stage, duration
from tests.settle.sql.test_regressions import HEAD
from tests.strategies.settled import plan_of

FEE = "{ per practice per year; pays if large then $2 else $1 }"


def test_nothing_is_said_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with SILENT.stage("settling", total=3) as stage:
        stage.advance()
    SILENT.step("writing")
    SILENT.end()
    assert capsys.readouterr() == ("", "")


def test_a_terminal_is_told_the_stage_and_its_line_is_empty_at_the_end() -> None:
    terminal = io.StringIO()
    shown = Progress(terminal, 20)
    with shown.stage("settling a very long year"):
        pass
    shown.end()
    assert terminal.getvalue().startswith("\r\x1b[Ksettling a very lon\r")
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_rows_and_times(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    stage, open_ended = Stage("writing", 12_000), Stage("reading", None)
    assert stage.words() == "writing"
    stage.advance(3_000)
    open_ended.advance(7)
    assert stage.words() == "writing: 3,000 of 12,000"
    now[0] = 130.0
    assert stage.words() == "writing: 3,000 of 12,000, 30 s, about 1 min 30 s left"
    assert open_ended.words() == "reading: 7, 30 s"


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (59.4, "59 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")])
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


class Heard(Progress):
    """Keeps what each stage said last."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    @contextmanager
    def stage(self, title: str, *, total: int | None = None) -> Iterator[Stage]:
        with super().stage(title, total=total) as stage:
            yield stage
            self.said.append(stage.words())


def test_a_load_tells_its_tables_and_rows(tmp_path: Path) -> None:
    program = plan_of(f'{HEAD}facts of practice {{ large : yes/no }}\npayment fee "Fee" {FEE}}}\n')
    rows = "".join(f"p{at},no\n" for at in range(1_200))
    (tmp_path / "practice.csv").write_text(f"practice_id,large\n{rows}")
    heard = Heard()
    load(program.schema, tmp_path, progress=heard)
    assert heard.said == ["loading practice: 1,200 of 1,200"]
