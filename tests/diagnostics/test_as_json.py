"""The JSON form, key by key: scripts rely on it."""

from __future__ import annotations

import json

from mhrules.diagnostics.as_json import to_json
from mhrules.diagnostics.model import DataPlace, Label
from mhrules.diagnostics.registry import finding
from mhrules.source import Source, Span

TEXT = Source("program.mh", "mhrules 1\ndefine met = tarck\ntype track = { a }\n")


def test_a_finding_in_a_text() -> None:
    d = finding(
        "MH201",
        "unknown name `tarck`",
        Span(TEXT, 23, 28),
        label="not declared",
        related=[Label(Span(TEXT, 34, 39), "declared here")],
        notes="why",
        help="did you mean `track`?",
    )
    assert json.loads(to_json([d])) == {
        "format": 1,
        "errors": 1,
        "warnings": 0,
        "notes": 0,
        "findings": [
            {
                "code": "MH201",
                "name": "unknown-name",
                "severity": "error",
                "message": "unknown name `tarck`",
                "file": "program.mh",
                "line": 2,
                "column": 14,
                "end_line": 2,
                "end_column": 19,
                "text": "tarck",
                "label": "not declared",
                "related": [
                    {
                        "file": "program.mh",
                        "line": 3,
                        "column": 6,
                        "end_line": 3,
                        "end_column": 11,
                        "text": "track",
                        "label": "declared here",
                    }
                ],
                "notes": ["why"],
                "help": ["did you mean `track`?"],
                "place": None,
                "page": "docs/errors/MH201.md",
            }
        ],
    }


def test_a_finding_in_data_has_every_key_too() -> None:
    place = DataPlace("practices.csv", 3, "ncqa_level", "5")
    found = json.loads(to_json([finding("MH001", "expected an integer 0..3, got 5", place=place)]))["findings"][0]
    assert found["place"] == {"file": "practices.csv", "line": 3, "column": "ncqa_level", "value": "5"}
    assert [found[key] for key in ("file", "line", "column", "end_line", "end_column", "text")] == [None] * 6


def test_no_findings() -> None:
    assert json.loads(to_json([])) == {"format": 1, "errors": 0, "warnings": 0, "notes": 0, "findings": []}


def test_the_text_is_ascii_and_the_same_each_time() -> None:
    d = finding("MH004", "bidirectional character `\u202e`")
    assert to_json([d]) == to_json(iter([d]))
    assert to_json([d]).isascii()
