"""Namespaces in which a name is declared once, and the finding for a name that nobody declared."""

from __future__ import annotations

from collections.abc import Iterable

from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Label
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.semantics.builtins import COLLECTIONS, FUNCTIONS, QUANTITIES, RESERVED
from mhrules.source import Span
from mhrules.syntax import tree as t

MOST_LISTED = 8
BUILT_IN = (
    (RESERVED, "reserved word"),
    (FUNCTIONS, "built-in function"),
    (QUANTITIES, "built-in quantity"),
    (COLLECTIONS, "built-in collection"),
)


def kind_of_name(name: str) -> str | None:
    """What the language itself means by a name (`built-in function`, `reserved word` …); None if nothing."""
    return next((kind for names, kind in BUILT_IN if name in names), None)


class Namespace:
    """The names of one kind, each declared once; `guarded` if built-in names may not be declared in it."""

    def __init__(self, findings: Findings, guarded: bool = False) -> None:
        self._findings = findings
        self._guarded = guarded
        self._declared: dict[str, tuple[str, Span]] = {}

    def add(self, name: t.Name, what: str) -> bool:
        """Declare `name` as a `what` (fact, parameter …); False, with a finding, if the name is taken."""
        builtin = kind_of_name(name.text) if self._guarded else None
        if builtin is not None:
            self._findings.report(
                "MH203",
                f"`{name.text}` is a {builtin} and cannot be the name of a {what}",
                name.span,
                help="choose another name: built-in names mean the same in every text",
            )
            return False
        if name.text in self._declared:
            before, first = self._declared[name.text]
            as_what = f"as a {before} and as a {what}" if before != what else f"as a {what}"
            self._findings.report(
                "MH202",
                f"`{name.text}` is declared twice {as_what}",
                name.span,
                label="declared again here",
                related=[Label(first, "first declared here")],
                help="give one of them another name or remove it",
            )
            return False
        self._declared[name.text] = (what, name.span)
        return True

    def place(self, name: str) -> Span | None:
        """Where a name is declared."""
        found = self._declared.get(name)
        return None if found is None else found[1]

    def names(self) -> list[str]:
        """The declared names, in the order of the text."""
        return list(self._declared)


def report_unknown(
    findings: Findings, name: t.Name, what: str, known: Iterable[str], *, place: str = "", more_help: str = ""
) -> None:
    """Report MH201 for a name that is no `what`, with the name that was probably meant or those there are."""
    names = sorted(set(known))
    near = did_you_mean(name.text, names)
    if near is not None:
        help_text = f"did you mean `{near}`?"
    elif more_help:
        help_text = more_help
    elif names:
        listed = ", ".join(f"`{n}`" for n in names[:MOST_LISTED]) + (", …" if len(names) > MOST_LISTED else "")
        help_text = f"known here: {listed}"
    else:
        help_text = f"no {what} is declared"
    findings.report("MH201", f"unknown {what} `{name.text}`{place}", name.span, help=help_text)


def head(node: t.Node) -> Span:
    """The first line of a clause, without what stands in its braces: enough to underline."""
    text = node.span.text.split("\n", 1)[0].split("{", 1)[0].rstrip()
    return Span(node.span.source, node.span.start, node.span.start + len(text))
