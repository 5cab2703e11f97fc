"""The reference page of what the language brings along: quantities, functions, collections, reserved words."""

from __future__ import annotations

from collections.abc import Iterable

from mhrules.classes import frozen
from mhrules.semantics.builtins import ELEMENTS, QUANTITY_TABLE, RESERVED


@frozen
class Function:
    """One function for the reference page: how it is written, what it gives, and what of nothing."""

    name: str
    form: str
    gives: str
    of_nothing: str = ""


FUNCTION_TABLE = (
    Function("sum", "sum(x over C where c)", "x of each element, added up, in the unit of x", "0"),
    Function("count", "count(C where c)", "how many elements there are; with a value, where it is known", "0"),
    Function("average", "average(x over C)", "the sum divided by the number of elements, rounded once", "missing"),
    Function("minimum", "minimum(x over C)", "the least x", "missing"),
    Function("maximum", "maximum(x over C)", "the greatest x", "missing"),
    Function("any", "any(C where c)", "whether c holds for one element", "no"),
    Function("every", "every(c over C)", "whether c holds for all elements", "yes"),
    Function("share", "share(C where c)", "the elements for which c holds, divided by all of them", "missing"),
    Function("percentile", "percentile(90, x over C)", "by nearest rank, the element itself included", "missing"),
    Function("latest", "latest(x)", "the value of the latest day; reserved, not yet settled", "missing"),
    Function("least", "least(a, b, …)", "the least of several values of one unit"),
    Function("greatest", "greatest(a, b, …)", "the greatest of several values of one unit"),
    Function("known", "known(x)", "whether x is not missing; what it shows holds in the rows and clauses it guards"),
    Function(
        "total", "total(payment)", "its rounded postings of payer and practice in the clause's period, before credits"
    ),
    Function("paid", "paid(payment)", "the same after credits"),
    Function(
        "prior_year", "prior_year(x)", "x a year earlier, with the facts, months and parameters of then; missing before"
    ),
    Function("baseline", "baseline(x)", "the weighted sum of x over the years of the `baseline` clause"),
    Function("held", "held(duty)", "whether a duty was done; reserved, not yet judged"),
)

COLLECTION_TABLE = (
    ("practices", "the practices of the program that are there in the period; also by the program's own word"),
    ("peers", "the same, as one speaks of them in percentiles; a practice is among its own peers"),
    ("payers", "the payers in force in the period"),
    ("lines", "the lines of business of the payer"),
    ("months", "the months of the period in which payer and practice are there"),
)
"""Collections that can be settled; those below the practice come from `ELEMENTS`."""

HEAD = """# What the language brings along

These names have a meaning in every program, and no program may declare them anew. There are no other implicit names.
This page is made from the tables that the checker itself uses.
"""


def cell(text: str) -> str:
    """A text as it can stand in a table."""
    return text.replace("|", "\\|") or "–"


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(map(cell, line))} |" for line in lines) + "\n"


def built_ins() -> str:
    """The whole page, in Markdown."""
    quantities = [(f"`{q.name}`", q.grain, q.unit, q.definition) for q in QUANTITY_TABLE]
    functions = [(f"`{f.form}`", f.gives, f.of_nothing) for f in FUNCTION_TABLE]
    practice = [(f"`{name}`", meaning) for name, meaning in COLLECTION_TABLE]
    below = [
        (f"`{name}`", f"$ per {e.unit}" if e.unit else "", ", ".join(f"`{f}`" for f in e.features))
        for name, e in ELEMENTS.items()
    ]
    parts = (
        HEAD,
        "## Quantities\n",
        table(("name", "grain", "unit", "definition"), quantities),
        "## Functions\n\n`C` is a collection, `c` a condition on each element, `x` a value of each element.\n",
        table(("written", "gives", "of nothing"), functions),
        "## Collections\n\nA declared key makes a collection of its own: `key region of practice` gives `regions` and "
        "`practices of region`.\n",
        table(("name", "elements"), practice),
        "Below the practice: these parse and are checked, and are settled once their tables are.\n",
        table(("name", "price that multiplies with a count", "columns"), below),
        f"## Reserved words\n\n{', '.join(f'`{word}`' for word in sorted(RESERVED))}.\n",
    )
    return "\n".join(parts)
