"""The kinds of blocks: which words start a clause in each, and how the parser gets there.

One clause can be parsed by itself when the parser is first brought to where such a clause stands: by the start symbol
of the grammar and a short text that leads there.
"""

from __future__ import annotations

from mhrules.classes import frozen

_NONE: dict[str, str] = {}


@frozen
class Context:
    """A kind of block.

    `title` is what people call it, `start` and `lead` bring the parser inside, `filler` is a least body for a block
    whose own clauses are parsed by themselves; `inside` maps the first word of a clause to the kind of its block.
    """

    title: str
    start: str
    lead: str = ""
    filler: str = ""
    inside: dict[str, str] = _NONE


CONTEXTS: dict[str, Context] = {
    "file": Context("a rule file", "start", "mhrules 1\n", inside={"program": "program", "contract": "contract"}),
    "program": Context(
        "a program",
        "program_body",
        inside={
            "convening": "convening",
            "facts": "columns",
            "events": "columns",
            "eligible": "eligible",
            "participation": "participation",
            "attribution": "attribution",
            "measure": "measure",
            "measures": "measures",
            "payment": "payment",
            "settlement": "settlement",
            "example": "example",
        },
    ),
    "contract": Context("a contract", "contract_body", inside={"example": "example"}),
    "payment": Context("a payment", "payment_body", inside={"form": "form"}),
    "form": Context("a form of a payment", "payment_body", "form f {"),
    "convening": Context("`convening`", "program_body", "convening {"),
    "columns": Context("a list of facts", "program_body", "facts of f {"),
    "eligible": Context("`eligible members`", "program_body", "eligible members {", "newborns from birth"),
    "participation": Context(
        "`participation`", "program_body", "participation {", inside={"any": "requirements", "at": "requirements"}
    ),
    "requirements": Context(
        "a list of requirements", "program_body", "participation { any of {", 'require r "r" : yes'
    ),
    "attribution": Context("`attribution`", "program_body", "attribution { every month\n", "every month"),
    "measure": Context("a measure", "program_body", 'measure m "m" {'),
    "measures": Context("`measures`", "program_body", "measures {"),
    "settlement": Context("`settlement`", "program_body", "settlement {", "final after 1 months run-out"),
    "example": Context("an example", "program_body", 'example "e" {', "expect fault MH701", inside={"given": "values"}),
    "values": Context("the facts of an example", "program_body", 'example "e" { given practice p {'),
}

ROWS = "rows"
"""Braces inside a clause (`choose`, a table, a list of names): parsed with the clause that they belong to."""


def inner(context: str, first: str, second: str) -> str:
    """The kind of the block that a clause opens, from the kind it stands in and its first two words."""
    if context == "example" and first == "given" and second == "contract":
        return "contract"
    return CONTEXTS[context].inside.get(first, ROWS) if context in CONTEXTS else ROWS


def block_words(context: str) -> dict[str, str]:
    """The first words of clauses that always have a block, and its kind. (`any` may also start something else.)"""
    if context not in CONTEXTS:
        return {}
    return {word: kind for word, kind in CONTEXTS[context].inside.items() if word not in ("any", "at", "given")}
