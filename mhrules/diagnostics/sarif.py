"""Findings as SARIF 2.1.0, the form code-hosting sites and editors read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from mhrules.diagnostics.model import DataPlace, Diagnostic, Label
from mhrules.diagnostics.registry import CODES
from mhrules.source import Span
from mhrules.version import __version__

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def to_sarif(diagnostics: Iterable[Diagnostic]) -> str:
    """The findings, in the order given, as one SARIF log in ASCII with the rules they belong to.

    Raises:
        KeyError: a finding's code is not registered.
    """
    found = tuple(diagnostics)
    codes = sorted({d.code for d in found})
    driver = {"name": "mhrules", "version": __version__, "rules": [_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(d, codes.index(d.code)) for d in found],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(code: str) -> dict[str, Any]:
    info = CODES[code]
    return {
        "id": code,
        "name": info.name,
        "shortDescription": {"text": info.title},
        "help": {"text": f"`mhrules explain-code {code}` says what it is, why it matters, and the repair"},
        "defaultConfiguration": {"level": info.severity.value},
    }


def _result(d: Diagnostic, rule_index: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": d.code,
        "ruleIndex": rule_index,
        "level": d.severity.value,
        "message": {"text": _message(d)},
    }
    locations = []
    if d.span is not None:
        locations.append(_span(d.span, d.label))
    if d.place is not None:
        locations.append(_place(d.place))
    if locations:
        result["locations"] = locations
    if d.related:
        result["relatedLocations"] = [_related(i, label) for i, label in enumerate(d.related)]
    return result


def _message(d: Diagnostic) -> str:
    """The sentence, then notes and help on lines of their own: viewers show nothing else."""
    return "\n".join([d.message, *(f"note: {n}" for n in d.notes), *(f"help: {h}" for h in d.help)])


def _span(span: Span, text: str) -> dict[str, Any]:
    region: dict[str, Any] = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
        "snippet": {"text": span.text},
    }
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": _artifact(span.source.name), "region": region}}
    if text:
        location["message"] = {"text": text}
    return location


def _related(index: int, label: Label) -> dict[str, Any]:
    return {"id": index, **_span(label.span, label.text)}


def _place(place: DataPlace) -> dict[str, Any]:
    """A place in a data file; SARIF counts columns in characters, so a column's name and value go to properties."""
    physical: dict[str, Any] = {"artifactLocation": _artifact(place.file)}
    if place.line is not None:
        physical["region"] = {"startLine": place.line}
    location: dict[str, Any] = {"physicalLocation": physical}
    properties = {k: v for k, v in (("column", place.column), ("value", place.value)) if v is not None}
    if properties:
        location["properties"] = properties
    return location


def _artifact(name: str) -> dict[str, str]:
    return {"uri": quote(name)}
