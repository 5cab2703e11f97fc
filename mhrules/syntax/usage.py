"""How each clause reads, in one line, for the help of a syntax finding."""

from __future__ import annotations

_EVERYWHERE = {
    "cite": 'cite "SOURCE"',
    "example": 'example "TITLE" { given …; expect … }',
    "months": "months count when attributed and enrolled on day 1",
}

USAGE: dict[str, dict[str, str]] = {
    "file": {
        "mhrules": "mhrules 1",
        "import": 'import "FILE.mh"',
        "program": 'program NAME "TITLE" edition "EDITION" { … }',
        "contract": 'contract NAME "TITLE" under PROGRAM edition "EDITION" by PAYER { … }',
    },
    "program": {
        "term": "term 2012-01-01 to 2016-12-31",
        "year": "year calendar",
        "starts": "starts FACT",
        "rounding": "rounding to cents half up",
        "unscored": "unscored measures leave both points and possible points",
        "cost": "cost is allowed",
        "participant": 'participant NAME "TITLE"',
        "convening": "convening { … }",
        "type": "type NAME = { NAME, NAME }",
        "key": "key NAME of practice",
        "group": "group NAME of practices by fact NAME",
        "payee": "payee NAME of practice by fact NAME",
        "valueset": 'valueset NAME from "FILE.csv"',
        "facts": "facts of practice, year { NAME : TYPE }",
        "events": "events NAME { NAME : TYPE }",
        "classify": "classify NAME { when CONDITION : NAME }",
        "eligible": "eligible members { exclude NAME when CONDITION }",
        "population": 'population NAME "TITLE" : members …',
        "participation": 'participation { require NAME "TITLE" : CONDITION }',
        "attribution": "attribution { every quarter; first …; then … }",
        "parameter": "parameter NAME : TYPE = VALUE, VALUE from 2012-01-01",
        "table": "table NAME by KEY : TYPE { … }",
        "define": "define NAME = VALUE",
        "report": 'report NAME "TITLE" = VALUE',
        "baseline": "baseline 2009 to 2011 weighted 10%, 30%, 60%",
        "measure": 'measure NAME "TITLE" { … }',
        "measures": "measures { core NAME, NAME; menu at least 1 of NAME, NAME }",
        "payment": 'payment NAME "TITLE" { … }',
        "settlement": "settlement { final after 6 months run-out }",
        "disclose": "disclose NAME to payers",
        "never": 'never together CONDITION, CONDITION because "REASON"',
        "ensure": 'ensure NAME "TITLE" : CONDITION',
    },
    "contract": {
        "effective": "effective 2012-01-01",
        "set": "set NAME = VALUE from 2012-01-01",
        "decline": 'decline PAYMENT because "REASON"',
        "choose": "choose measures NAME, NAME",
        "pay": "pay PAYMENT as FORM",
        "credit": 'credit "TITLE" from facts of practice column NAME against PAYMENT',
        "require": 'require NAME "TITLE" : CONDITION',
    },
    "payment": {
        "form": "form NAME { … }",
        "per": "per member per month",
        "gate": 'gate NAME "TITLE" : CONDITION',
        "let": "let NAME = VALUE",
        "pays": "pays VALUE",
        "at": "at most VALUE` or `at least VALUE",
        "round": "round each member month",
        "participating": "participating every month",
        "to": "to PAYEE",
        "category": "category lan 2A, vbpr ccf",
        "summary": 'summary "TEXT"',
        "disclose": "disclose NAME to payers",
    },
    "convening": {
        "convener": 'convener state "NAME"',
        "authority": 'authority "LAW"',
        "requires": "requires 2 payers",
        "contract": "contract required",
        "payer": 'payer NAME "TITLE" lines commercial, medicaid',
    },
    "eligible": {"exclude": 'exclude NAME "TITLE" when CONDITION', "newborns": "newborns from birth"},
    "participation": {
        "require": 'require NAME "TITLE" : CONDITION',
        "any": 'any of { require NAME "TITLE" : CONDITION }',
        "at": 'at least 2 of { require NAME "TITLE" : CONDITION }',
    },
    "requirements": {"require": 'require NAME "TITLE" : CONDITION'},
    "attribution": {
        "every": "every quarter",
        "first": "first plurality of visits where CONDITION within 24 months ties by most recent visit",
        "then": "then plurality of visits where CONDITION within 24 months ties by most recent visit",
        "new": "new members at once",
    },
    "measure": {
        "rate": "rate NUMBER per 1_000 member months",
        "mean": "mean of VALUE",
        "composite": "composite of NAME, NAME",
        "improvement": "improvement of NAME on own prior year",
        "percentile": "percentile of NAME among peers",
        "eligible": "eligible when CONDITION",
        "exclude": "exclude when CONDITION",
        "met": "met when CONDITION",
        "minimum": "minimum 30",
        "target": "target 70% worst 40%",
        "points": "points 10",
        "bands": "bands { below 50% : 0; otherwise : 10 }",
        "stars": "stars { below 50% : 1; otherwise : 5 }",
        "lower": "lower is better",
        "higher": "higher is better",
        "stratified": "stratified by NAME",
    },
    "measures": {"core": "core NAME, NAME", "menu": "menu at least 1 of NAME, NAME"},
    "settlement": {"final": "final after 6 months run-out"},
    "example": {
        "given": "given practice p1 { NAME VALUE }",
        "expect": "expect PAYMENT for PRACTICE from PAYER in 2012 = $8_000",
    },
}

_SHAPES = {
    "columns": 'NAME : TYPE "TITLE"',
    "values": "NAME VALUE from 2012-01-01",
}


def usage(context: str, word: str) -> str | None:
    """How a clause that starts with `word` reads in a kind of block; None where nothing short can be said."""
    if context in _SHAPES:
        return _SHAPES[context]
    table = USAGE.get("payment" if context == "form" else context, {})
    return table.get(word) or (_EVERYWHERE.get(word) if context in ("program", "contract", "payment", "form") else None)
