"""The SARIF form: what the schema of 2.1.0 requires, and what viewers show."""

from __future__ import annotations

import json
from typing import Any

from mhrules.diagnostics.model import DataPlace, Diagnostic, Label
from mhrules.diagnostics.registry import finding
from mhrules.diagnostics.sarif import to_sarif
from mhrules.source import Source, Span
from mhrules.version import __version__

TEXT = Source("my program.mh", "mhrules 1\ndefine met = tarck\ntype track = { a }\n")
UNKNOWN = finding(
    "MH201",
    "unknown name `tarck`",
    Span(TEXT, 23, 28),
    label="not declared",
    related=[Label(Span(TEXT, 34, 39), "declared here")],
    notes="why",
    help="did you mean `track`?",
)
IN_DATA = finding("MH001", "expected yes or no", place=DataPlace("p.csv", 3, "met", "5"))
NOWHERE = finding("MH001", "file cannot be read", place=DataPlace("p.csv"))


def _run(*diagnostics: Diagnostic) -> dict[str, Any]:
    log = json.loads(to_sarif(diagnostics))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def test_the_required_properties_are_there() -> None:
    run = _run(UNKNOWN, IN_DATA, NOWHERE)
    assert run["tool"]["driver"]["name"] == "mhrules"
    assert run["tool"]["driver"]["version"] == __version__
    assert run["columnKind"] == "unicodeCodePoints"
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["MH001", "MH201"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert result["level"] in {"error", "warning", "note"}


def test_a_rule_says_what_its_code_means() -> None:
    assert _run(UNKNOWN)["tool"]["driver"]["rules"] == [
        {
            "id": "MH201",
            "name": "unknown-name",
            "shortDescription": {"text": "unknown name"},
            "help": {"text": "`mhrules explain-code MH201` says what it is, why it matters, and the repair"},
            "defaultConfiguration": {"level": "error"},
        }
    ]


def test_a_finding_in_a_text() -> None:
    (result,) = _run(UNKNOWN)["results"]
    assert result["message"]["text"] == "unknown name `tarck`\nnote: why\nhelp: did you mean `track`?"
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "my%20program.mh"},
                "region": {
                    "startLine": 2,
                    "startColumn": 14,
                    "endLine": 2,
                    "endColumn": 19,
                    "snippet": {"text": "tarck"},
                },
            },
            "message": {"text": "not declared"},
        }
    ]
    (related,) = result["relatedLocations"]
    assert related["id"] == 0
    assert related["message"] == {"text": "declared here"}
    assert related["physicalLocation"]["region"]["startLine"] == 3


def test_a_finding_in_data() -> None:
    in_line, in_file = _run(IN_DATA, NOWHERE)["results"]
    assert in_line["locations"] == [
        {
            "physicalLocation": {"artifactLocation": {"uri": "p.csv"}, "region": {"startLine": 3}},
            "properties": {"column": "met", "value": "5"},
        }
    ]
    assert in_file["locations"] == [{"physicalLocation": {"artifactLocation": {"uri": "p.csv"}}}]


def test_no_findings_are_a_log_without_results() -> None:
    assert _run()["results"] == []
