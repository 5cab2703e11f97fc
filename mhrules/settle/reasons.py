"""Why a year fails, where there are too many people to ask the interpreter for all of it.

Relations know every row that fails. Of each rule, a code and a place in the text, a few rows are worded by the
interpreter from the people of one practice at a time; of the others it is said how many they are.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import field

from mhrules.classes import define, frozen
from mhrules.diagnostics.model import Diagnostic
from mhrules.diagnostics.registry import finding
from mhrules.engine.rows import Row
from mhrules.engine.sql.failing import Failing
from mhrules.settle.worded import Live, Words
from mhrules.source import Span

WORDED = 20
"""Rows of one rule that are worded: enough to see what they have in common, each a slice of the data to read."""
PEOPLE = 20_000
"""People who are worked out one by one for all rows together: some seconds, whatever the data are."""
BELOW = ("attribution", "record")
"""What is not asked for by itself, so that only words show that it stands in the way of something."""
_NAMES = {
    "participation": "participation",
    "line": "payment `{}`",
    "report": "report `{}`",
    "measure": "measure `{}`",
    "invariant": "invariant `{}`",
    "attribution": "attribution",
    "record": "table `{}`",
}


@frozen
class Reasons:
    """What is wrong in a year: findings in the interpreter's words, and of each rule how many rows more fail."""

    findings: tuple[Diagnostic, ...]
    more: tuple[Diagnostic, ...]


@define
class _Rule:
    """One code at one place: all that fails by it, the rows that are looked at, and what is said of them."""

    code: str
    span: Span | None
    failing: list[Failing] = field(factory=list)
    looked_at: int = 0
    said: list[Diagnostic] = field(factory=list)


def reasons(live: Live, failing: Iterable[Failing]) -> Reasons:
    """What is wrong in a year, of the rows that fail: the same for the same data."""
    rules: dict[tuple[str, Span | None], _Rule] = {}
    for each in failing:
        rules.setdefault(each.reason, _Rule(*each.reason)).failing.append(each)
    spent = 0
    for whose, asked in _by_people(live, rules.values()).items():
        words = Words(live, *whose)
        people = words.people
        within = spent + people <= PEOPLE
        spent += people if within else 0
        for rule, each, row in asked:
            found = words.of(each, row) if within else ()
            rule.looked_at += 1
            rule.said += found or _unworded(live, each, row)
    said = [each for rule in rules.values() for each in rule.said]
    more = [each for rule in rules.values() for each in _more(rule)]
    return Reasons(tuple(dict.fromkeys(said)), tuple(more))


def _by_people(
    live: Live, rules: Iterable[_Rule]
) -> dict[tuple[str | None, str | None], list[tuple[_Rule, Failing, Row]]]:
    """The rows to look at, by the practice, or the person, whose data they are worded from."""
    found: dict[tuple[str | None, str | None], list[tuple[_Rule, Failing, Row]]] = {}
    for rule in rules:
        rows = [(each, row) for each in rule.failing for row in each.rows]
        for each, row in rows[:WORDED]:
            found.setdefault(_whose(live, each, row), []).append((rule, each, row))
    return found


def _whose(live: Live, failing: Failing, row: Row) -> tuple[str | None, str | None]:
    """The practice or the person whose data a row is worded from; of a record, a practice that its person was at."""
    if failing.what == "record":
        return live.practice_of(row.get("member") or ""), None
    return row.get("practice"), row.get("member") if failing.what == "attribution" else None


def _unworded(live: Live, failing: Failing, row: Row) -> tuple[Diagnostic, ...]:
    """A row that can be named and not worded; nothing of what may stand in the way of nothing."""
    if failing.what in BELOW:
        return ()
    what, whom = _NAMES[failing.what].format(failing.name), row.words(live.plan.calendar)
    message = f"{what} cannot be known for {whom}"
    why = "it rests on more than can be worked out one by one, so that it is named and not told in detail"
    return (finding(failing.code, message, failing.span, notes=why),)


def _more(rule: _Rule) -> Iterable[Diagnostic]:
    """How many rows of a rule fail that were not looked at, if any of those that were is told of."""
    rest = sum(len(each.rows) + each.more for each in rule.failing) - rule.looked_at
    if rest and any(each.code == rule.code for each in rule.said):
        counts: dict[str, int] = {}
        for each in rule.failing:
            name = _NAMES[each.what].format(each.name)
            counts[name] = counts.get(name, 0) + len(each.rows) + each.more
        notes = [f"{count:,} in all of {name}" for name, count in counts.items()]
        yield finding(rule.code, f"{rest:,} more rows fail here", rule.span, notes=notes)
