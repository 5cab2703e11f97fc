"""Findings as JSON, for editors and scripts.

The shape, which only grows while `format` stays 1; every key is always there, null or empty where nothing applies:

    {"format": 1, "errors": 1, "warnings": 0, "notes": 0, "findings": [{
        "code": "MH201", "name": "unknown-name", "severity": "error", "message": "…",
        "file": "a.mh", "line": 3, "column": 7, "end_line": 3, "end_column": 12, "text": "…", "label": "…",
        "related": [{"file", "line", "column", "end_line", "end_column", "text", "label"}],
        "notes": ["…"], "help": ["…"],
        "place": {"file": "practices.csv", "line": 3, "column": "ncqa_level", "value": "5"},
        "page": "docs/errors/MH201.md"}]}

Lines and columns count from 1, columns in characters; `end_column` is just past the last character.
`text` is the text between. `file` to `text` are null in a finding without a place in a rule text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from mhrules.diagnostics.model import DataPlace, Diagnostic, Severity
from mhrules.diagnostics.pages import page_path
from mhrules.diagnostics.registry import CODES
from mhrules.source import Span


def to_json(diagnostics: Iterable[Diagnostic]) -> str:
    """The findings, in the order given, as one JSON text in ASCII.

    Raises:
        KeyError: a finding's code is not registered.
    """
    found = tuple(diagnostics)
    document = {
        "format": 1,
        "errors": sum(d.severity is Severity.ERROR for d in found),
        "warnings": sum(d.severity is Severity.WARNING for d in found),
        "notes": sum(d.severity is Severity.NOTE for d in found),
        "findings": [_finding(d) for d in found],
    }
    return json.dumps(document, indent=2)


def _finding(d: Diagnostic) -> dict[str, Any]:
    return {
        "code": d.code,
        "name": CODES[d.code].name,
        "severity": d.severity.value,
        "message": d.message,
        **_span(d.span),
        "label": d.label,
        "related": [{**_span(label.span), "label": label.text} for label in d.related],
        "notes": list(d.notes),
        "help": list(d.help),
        "place": _place(d.place),
        "page": page_path(d.code),
    }


def _span(span: Span | None) -> dict[str, Any]:
    return {
        "file": span.source.name if span else None,
        "line": span.line if span else None,
        "column": span.column if span else None,
        "end_line": span.end_line if span else None,
        "end_column": span.end_column if span else None,
        "text": span.text if span else None,
    }


def _place(place: DataPlace | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {"file": place.file, "line": place.line, "column": place.column, "value": place.value}
