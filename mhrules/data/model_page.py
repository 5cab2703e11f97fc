"""The reference page of the data model: every table below the practice, and how the others are made."""

from __future__ import annotations

from mhrules.data.population import CATALOG, ELIGIBILITY, ROSTER_COLUMNS
from mhrules.data.relations import dates_in_order, entry_columns, references, spans_of
from mhrules.data.rules import layout
from mhrules.data.schema import Column, ColumnKind, Schema, Table
from mhrules.semantics.built_ins_page import table as markdown

_HEAD = """# The practice data model

These are the tables that a program may read. `mhrules schema PROGRAM` prints those that a program does read, and
`mhrules schema PROGRAM --template DIR` writes empty files for them. How files with other names are read:
[Bind your files](../how-to/bind-your-files.md). This page is made from the model that the loader itself uses.

Names follow the input layer of the Tuva project where it has them. A practice is called by the program's own word: with
`participant aco`, the roster is the table `aco`, and every `practice_id` below is `aco_id`.

"""

_TABLES = (
    ("`practice`, the roster", "`practice_id`", "what `facts of practice` declares, and as they are wanted: {roster}"),
    ("`practice_year`, `practice_payer_month`, …", "the keys as declared", "what `facts of practice, year`, … declare"),
    ("`practice_dated`", "`practice_id`, and the span `from`, `to`", "what `facts of practice dated` declares"),
    ("`event_NAME`", "the event", "what `events NAME` declares"),
    (
        "`practice_payer_month`, the panel",
        "`practice_id`, `payer`, `year_month`",
        "`member_months`, beside other facts",
    ),
)

_FACTS = """Columns of keys: `practice_id` text, `payer` one of the program's payers, `year` a whole number,
`year_month` a month written `201203`, `line` a line of business.

## Members, or counts of members

A program that attributes members reads either who they are, or how many there are:

- **Members**: the data have the table `{eligibility}`, and every other table that the program needs to count months
  and to attribute them. They have no panel: mhrules counts the months itself. Where the panel has other facts too, it
  has no column `member_months`.
- **Counts**: the data have no table `{eligibility}`, and the panel says how many member months each practice has by
  payer and month.

Both at once is an error ([MH616](../errors/MH616.md)), neither one as well ([MH602](../errors/MH602.md)).

## What a column holds

**needed** is a column that a table must have, with a value in every row. **if asked for** is one that a program may
read: if its text asks for it the data must have the column, and if not they may leave it out; a cell may be empty.
**may be empty** is a column that must be there. Where there is a default, an empty cell and a column that is left out
are read as that value.

"""

_LEFT_OUT = "the row is left out, with all entries of its claim line"
_FINDINGS = (
    ("MH630", "two rows have one key", "rows that are the same in every column are read once; others stay an error"),
    (
        "MH631",
        "two spans of one key overlap",
        "spans that agree in every other column are merged; others stay an error",
    ),
    ("MH632", "dates are out of order", _LEFT_OUT),
    ("MH633", "a row names a practice or a person that its table does not have", _LEFT_OUT),
    ("MH634", "entries of one claim line are of different people or payers", "may not be allowed"),
)

_CHECKS = """People are looked up where the data have the table `member`, participants where they have the roster. Who
billed a claim or was seen in an encounter may be no participant: that is no finding. Each allowed finding is a warning
with the number of rows, and `manifest.json` counts them under `allowed`.
"""


def data_model() -> str:
    """The whole page, in Markdown."""
    roster = [f"`{column.name}` ({column.title})" for column in ROSTER_COLUMNS]
    roster += ["declared keys such as `region`", "`effective_from` and `effective_to` (its days in the program)"]
    tables = [(name, keys, columns.format(roster=", ".join(roster))) for name, keys, columns in _TABLES]
    findings = [(f"[{code}](../errors/{code}.md)", says, allowed) for code, says, allowed in _FINDINGS]
    parts = (
        _HEAD,
        "## The roster, facts and the panel\n\n",
        markdown(("table", "a row for each", "columns"), tables),
        "\n",
        _FACTS.format(eligibility=ELIGIBILITY),
        *map(_section, CATALOG),
        "## What is checked between rows\n\n",
        markdown(("finding", "what it says", "with `--allow`"), findings),
        "\n",
        _CHECKS,
    )
    return "".join(parts)


def _section(table: Table) -> str:
    """One table: its title, its rules and its columns."""
    keys = ", ".join(f"`{key.name}`" for key in table.keys)
    span = ", and the span `from`, `to`" if table.dated else ""
    rows = [
        (f"`{column.name}`", _kind(column), _need(column, at < len(table.keys)), column.title)
        for at, column in enumerate(layout(table))
    ]
    columns = markdown(("column", "holds", "in the data", "what it is"), rows)
    return f"## `{table.name}`\n\n{table.title}.\n\nA row for each {keys}{span}.{_rules(table)}\n\n{columns}\n"


def _rules(table: Table) -> str:
    """What is checked of the rows of a table, in sentences."""
    names = [column.name for column in layout(table)]
    said = []
    spans = spans_of(table)
    if spans is not None:
        of = ", ".join(f"`{names[at]}`" for at in spans.of)
        said.append(f"Spans of one {of} may not overlap; both ends are included.")
    pairs = [pair for pair in dates_in_order(table) if spans is None or pair != (spans.first, spans.last)]
    said += [f"`{names[last]}` may not lie before `{names[first]}`." for first, last in pairs]
    if entry_columns(table) is not None:
        said.append("The entries of one claim line are of one person and one payer, and are added up.")
    model = Schema("practice", CATALOG)
    said += [f"`{each.key}` stands in table `{each.table}`." for each in references(model, table)]
    return "".join(f" {sentence}" for sentence in said)


def _kind(column: Column) -> str:
    """What the column holds, in a word or two."""
    if column.name == "payer":
        return "one of the program's payers"
    return "date" if column.kind is ColumnKind.DATE else column.kind.value


def _need(column: Column, key: bool) -> str:
    """Whether the data must have the column, and what an empty cell means."""
    if column.default is not None:
        return f"default `{column.default}`" if column.default else "default: empty text"
    if column.may_be_left_out:
        return "if asked for"
    return "key" if key else "may be empty" if column.optional else "needed"
