"""Tables of facts and events: their keys, their names in the data, their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mhrules.classes import frozen
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Label
from mhrules.semantics.declared import type_of
from mhrules.semantics.program import FactDeclaration
from mhrules.semantics.scope import Namespace, head, report_unknown
from mhrules.semantics.types import Type
from mhrules.source import Span
from mhrules.syntax import tree as t

PRACTICE = "practice"
FACT_KEYS = (PRACTICE, "payer", "line", "member", "year", "month", "contract_year", "provider")
PERIOD_KEYS = frozenset({"year", "month", "contract_year"})


@frozen
class Keys:
    """The keys that tables of facts may have; `participant` is the program's word for `practice`."""

    participant: str
    declared: frozenset[str]

    def names(self) -> list[str]:
        """Every word that may stand behind `facts of`."""
        return [self.participant, *FACT_KEYS, *sorted(self.declared)]

    def canonical(self, word: str) -> str:
        """The key a word means: the participant is `practice`, whatever the program calls it."""
        return PRACTICE if word == self.participant else word

    def known(self, word: str) -> bool:
        """Whether a word is a key of facts."""
        return self.canonical(word) in FACT_KEYS or word in self.declared

    def table(self, keys: Sequence[str], dated: bool) -> str:
        """The name of the table with these keys, in the program's words."""
        words = [self.participant if key == PRACTICE else key for key in keys]
        return "_".join(words) + ("_dated" if dated else "")


def canonical_keys(names: Sequence[t.Name], keys: Keys, findings: Findings) -> tuple[str, ...] | None:
    """The keys that a `facts of` names; None, with findings, if one is unknown or named twice."""
    found: dict[str, Span] = {}
    good = True
    for name in names:
        key = keys.canonical(name.text)
        if not keys.known(name.text):
            report_unknown(findings, name, "key", keys.names(), more_help="declare it with `key` or `group`")
            good = False
        elif key in found:
            findings.report(
                "MH202",
                f"`{name.text}` is named twice among the keys",
                name.span,
                related=[Label(found[key], "first named here")],
                help="remove one of them",
            )
            good = False
        found.setdefault(key, name.span)
    return tuple(found) if good else None


def fact_declarations(
    clauses: Sequence[t.Facts], keys: Keys, known: Mapping[str, Type], values: Namespace, findings: Findings
) -> dict[str, FactDeclaration]:
    """The facts of a program by name. Blocks with the same keys make one table, named in the order of the first."""
    tables: dict[tuple[frozenset[str], bool], tuple[str, ...]] = {}
    facts: dict[str, FactDeclaration] = {}
    for clause in clauses:
        found = canonical_keys(clause.keys, keys, findings)
        if clause.dated and found is not None and PERIOD_KEYS & set(found):
            findings.report(
                "MH224",
                f"dated facts cannot be keyed by `{next(k for k in found if k in PERIOD_KEYS)}` too",
                head(clause),
                help="remove `dated`, or the period from the keys: dated facts have spans of their own",
            )
        first = tables.setdefault((frozenset(found), clause.dated), found) if found is not None else ()
        for column in clause.columns:
            kind = type_of(column.type, known, findings)
            if not values.add(column.name, "fact") or found is None:
                continue
            facts[column.name.text] = FactDeclaration(
                name=column.name.text,
                type=kind,
                title=column.title,
                table=keys.table(first, clause.dated),
                keys=first,
                dated=clause.dated,
                span=column.name.span,
                notes=column.notes,
            )
    return facts


def event_declarations(
    clauses: Mapping[str, t.Events], known: Mapping[str, Type], findings: Findings
) -> dict[str, dict[str, FactDeclaration]]:
    """The columns of each kind of event, in the table `event_NAME`; their names are the event's own."""
    events: dict[str, dict[str, FactDeclaration]] = {}
    for name, clause in clauses.items():
        columns = Namespace(findings, guarded=True)
        events[name] = {}
        for column in clause.columns:
            kind = type_of(column.type, known, findings)
            if columns.add(column.name, "column"):
                events[name][column.name.text] = FactDeclaration(
                    name=column.name.text,
                    type=kind,
                    title=column.title,
                    table=f"event_{name}",
                    keys=("event",),
                    dated=False,
                    span=column.name.span,
                    notes=column.notes,
                )
    return events
