"""An explanation as JSON, for programs and pages.

The shape, which only grows while `format` stays 1; every key is always there, null or empty where nothing applies:

    {"format": 1, "program": "mssp", "edition": "2022", "participant": "aco", "year": 2014, "payer": "medicare",
     "practice": "a1", "payment": "shared_savings", "title": "…", "summary": "…", "cites": ["…"],
     "headline": "aco a1 is paid $4,410,000.00 by medicare: shared_savings, 2014", "notes": ["…"],
     "lines": [{"period": "2014", "payee": "a1", "status": "paid", "reason": "", "units": "1", "price": "",
                "amount": "4410000.00", "credits": ["-100.00"], "posted": true, "headline": "…", "why": STEP}]}

A STEP; `text` is for people, `exact` is plain decimal text with all digits, a percentage as a fraction:

    {"number": 1, "see": null, "kind": "define", "title": "savings", "formula": "benchmark - expenditure",
     "value": {"text": "$10,000,000.00", "exact": "10000000", "unit": "$"}, "says": ["…"], "at": "",
     "place": {"file": "mssp.mh", "line": 47, "text": "define savings = benchmark - expenditure"},
     "support": [{"kind": "cite", "text": "…"}],
     "fact": {"table": "aco_year", "column": "benchmark", "title": "…", "keys": {"aco": "a1", "year": "2014"},
              "on": ""},
     "parameter": {"since": "2013-01-01", "by": "program", "place": {"file", "line", "text"}},
     "steps": [STEP]}

`member` is null, or what one person has to do with the lines, where that was asked:

    {"person": "a", "headline": "…",
     "lines": [{"period": "2011-03", "status": "paid", "units": "1", "amount": "2", "line_amount": "7", "says": [],
                "parts": [{"kind": "member months", "element": "", "date": "", "units": "1", "price": "2",
                           "amount": "2"}]}],
     "stays": [STAY]}

A STAY, months of one outcome; `practice` or `reason` is empty:

    {"first": "2011-01", "last": "2011-03", "practice": "p1", "reason": "", "method": "plurality",
     "refreshed_on": "2011-01-01", "says": ["…"], "place": {"file", "line", "text"},
     "tried": [{"method": "plurality", "text": "…", "place": {"file", "line", "text"},
                "candidates": [{"practice": "p1", "weight": "1 day with a visit", "latest": "2010-06-01",
                                "visits": [{"id": "1/1", "date": "2010-06-01", "service": "primary"}]}]}]}

Steps are numbered from 1 in each line; `see` is the number of the step that explains this one. The kinds are listed
with `mhrules.explain.model.Why`.
"""

from __future__ import annotations

import json
from typing import Any

from attrs import asdict

from mhrules.explain.model import (
    CandidateWhy,
    Explanation,
    Fact,
    LineWhy,
    MemberLine,
    MemberPart,
    MemberWhy,
    MethodWhy,
    Parameter,
    Place,
    Stay,
    Support,
    Visit,
    Why,
    Worth,
)

FORMAT = 1


def to_json(explanation: Explanation) -> str:
    """The explanation as one JSON text."""
    document = {
        "format": FORMAT,
        "program": explanation.program,
        "edition": explanation.edition,
        "participant": explanation.participant,
        "year": explanation.year,
        "payer": explanation.payer,
        "practice": explanation.practice,
        "payment": explanation.payment,
        "title": explanation.title,
        "summary": explanation.summary,
        "cites": list(explanation.cites),
        "headline": explanation.headline,
        "notes": list(explanation.notes),
        "lines": [_line(line) for line in explanation.lines],
        "member": None if explanation.member is None else asdict(explanation.member),
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def from_json(text: str) -> Explanation:
    """The explanation that `to_json` wrote.

    Raises:
        KeyError: the text is not of that shape.
        ValueError: the text is no JSON, or of another format.
    """
    document = json.loads(text)
    if document.pop("format") != FORMAT:
        raise ValueError("an explanation of another format")
    lines = tuple(_line_from(line) for line in document.pop("lines"))
    cites, notes = tuple(document.pop("cites")), tuple(document.pop("notes"))
    member = document.pop("member")
    found = None if member is None else _member_from(member)
    return Explanation(**document, cites=cites, notes=notes, lines=lines, member=found)


def stay_json(stay: Stay) -> dict[str, Any]:
    """Months of one outcome, as they stand in a document."""
    return asdict(stay)


def _member_from(member: dict[str, Any]) -> MemberWhy:
    lines = tuple(
        MemberLine(**{**line, "parts": tuple(MemberPart(**p) for p in line["parts"]), "says": tuple(line["says"])})
        for line in member["lines"]
    )
    stays = tuple(_stay_from(stay) for stay in member["stays"])
    return MemberWhy(member["person"], member["headline"], lines, stays)


def _stay_from(stay: dict[str, Any]) -> Stay:
    place = None if stay["place"] is None else Place(**stay["place"])
    tried = tuple(
        MethodWhy(
            each["method"],
            each["text"],
            Place(**each["place"]),
            tuple(
                CandidateWhy(**{**found, "visits": tuple(Visit(**visit) for visit in found["visits"])})
                for found in each["candidates"]
            ),
        )
        for each in stay["tried"]
    )
    return Stay(**{**stay, "says": tuple(stay["says"]), "place": place, "tried": tried})


def _line(line: LineWhy) -> dict[str, Any]:
    return {
        "period": line.period,
        "payee": line.payee,
        "status": line.status,
        "reason": line.reason,
        "units": line.units,
        "price": line.price,
        "amount": line.amount,
        "credits": list(line.credits),
        "posted": line.posted,
        "headline": line.headline,
        "why": _step(line.why),
    }


def _line_from(line: dict[str, Any]) -> LineWhy:
    return LineWhy(**{**line, "credits": tuple(line["credits"]), "why": _step_from(line["why"])})


def _step(why: Why) -> dict[str, Any]:
    worth, fact, parameter = why.worth, why.fact, why.parameter
    return {
        "number": why.number,
        "see": why.see or None,
        "kind": why.kind,
        "title": why.title,
        "formula": why.formula,
        "value": None if worth is None else {"text": worth.text, "exact": worth.exact, "unit": worth.unit},
        "says": list(why.says),
        "at": why.at,
        "place": _place(why.place),
        "support": [{"kind": support.kind, "text": support.text} for support in why.support],
        "fact": None if fact is None else _fact(fact),
        "parameter": None
        if parameter is None
        else {"since": parameter.since, "by": parameter.by, "place": _place(parameter.place)},
        "steps": [_step(step) for step in why.steps],
    }


def _step_from(step: dict[str, Any]) -> Why:
    worth, fact, parameter = step["value"], step["fact"], step["parameter"]
    return Why(
        kind=step["kind"],
        title=step["title"],
        worth=None if worth is None else Worth(**worth),
        formula=step["formula"],
        says=tuple(step["says"]),
        at=step["at"],
        place=None if step["place"] is None else Place(**step["place"]),
        support=tuple(Support(**support) for support in step["support"]),
        fact=None if fact is None else Fact(**{**fact, "keys": tuple(fact["keys"].items())}),
        parameter=None if parameter is None else Parameter(**{**parameter, "place": Place(**parameter["place"])}),
        number=step["number"],
        see=step["see"] or 0,
        steps=tuple(_step_from(below) for below in step["steps"]),
    )


def _place(place: Place | None) -> dict[str, Any] | None:
    return None if place is None else {"file": place.file, "line": place.line, "text": place.text}


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "table": fact.table,
        "column": fact.column,
        "title": fact.title,
        "keys": dict(fact.keys),
        "on": fact.on,
    }
