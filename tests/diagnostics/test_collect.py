"""The collector sorts, drops repetitions, and stops a run only for errors."""

from __future__ import annotations

import pytest

from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import DataPlace, Diagnostic, DiagnosticError, Severity
from mhrules.source import Source, Span

A = Source("a.mh", "mhrules 1\nlet x = y\n")
B = Source("b.mh", "mhrules 1\n")
WARNING = Diagnostic("MH498", "only a warning", severity=Severity.WARNING)


def test_findings_are_sorted_by_file_then_offset_then_code() -> None:
    found = Findings()
    found.report("MH201", "in b", Span(B, 0, 1))
    found.report("MH201", "later in a", Span(A, 14, 15))
    found.report("MH202", "second code", Span(A, 3, 4))
    found.report("MH201", "first code", Span(A, 3, 9))
    found.report("MH999", "nowhere")
    assert [d.message for d in found.sorted()] == ["nowhere", "first code", "second code", "later in a", "in b"]


def test_findings_on_data_are_sorted_by_file_then_line_then_column() -> None:
    found = Findings()
    for file, line, column in (("b.csv", 1, "x"), ("a.csv", 10, "x"), ("a.csv", 2, "z"), ("a.csv", 2, "y")):
        found.report("MH001", f"{file} {line} {column}", place=DataPlace(file, line, column))
    assert [d.message for d in found.sorted()] == ["a.csv 2 y", "a.csv 2 z", "a.csv 10 x", "b.csv 1 x"]


def test_the_same_sentence_at_the_same_place_is_kept_once() -> None:
    found = Findings()
    found.report("MH201", "unknown name `y`", Span(A, 18, 19), label="first")
    found.report("MH201", "unknown name `y`", Span(A, 18, 19), label="second")
    found.report("MH201", "unknown name `y`", Span(B, 0, 1))
    assert [d.label for d in found.sorted()] == ["first", ""]


def test_two_texts_of_one_name_are_two_places() -> None:
    found = Findings()
    found.report("MH201", "unknown name `y`", Span(A, 18, 19))
    found.report("MH201", "unknown name `y`", Span(Source("a.mh", A.text), 18, 19))
    assert len(found.sorted()) == 2


def test_warnings_do_not_stop_a_run() -> None:
    found = Findings([WARNING])
    assert not found.has_errors
    found.raise_if_errors()


def test_an_error_stops_the_run_and_carries_the_warnings_too() -> None:
    found = Findings()
    found.extend([Diagnostic("MH201", "unknown name `y`", Span(A, 18, 19)), WARNING])
    assert found.has_errors
    with pytest.raises(DiagnosticError) as raised:
        found.raise_if_errors()
    assert raised.value.diagnostics == found.sorted()
    assert len(raised.value.diagnostics) == 2
