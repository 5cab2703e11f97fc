"""SQL laid out to be read: a clause to a line, long lists an item to a line, at most 100 columns where words allow.

This knows the SQL that the engine emits, whose keywords are in capitals, not SQL at large. Nothing but white space
changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from mhrules.classes import frozen

WIDTH = 100
SHORT = 72  # a query up to this long stays on one line
STEP = 2
_TUPLE = 40  # a row of values up to this long shares its line with others

_TOKEN = re.compile(
    r"""(?P<space>\s*)(?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*"|\w+|::|<>|<=|>=|!=|\|\||//|.)""", re.VERBOSE | re.DOTALL
)
_CLAUSES = frozenset(
    "SELECT FROM WHERE GROUP HAVING QUALIFY ORDER JOIN LEFT FULL CROSS UNION EXCEPT LIMIT VALUES".split()
)
_JOINS = frozenset({"JOIN", "LEFT", "FULL", "CROSS"})
_SETS = frozenset({"UNION", "EXCEPT"})
_CLOSED_BY = {"(": ")", "[": "]"}


@frozen
class Atom:
    """A word, a number, a literal or a sign; `space`: something stands between it and what is before it."""

    text: str
    space: bool


@frozen
class Group:
    """What stands in parentheses or brackets, or from `CASE` to `END`."""

    opened: str
    items: tuple[Atom | Group, ...]
    closed: str
    space: bool

    @property
    def flat(self) -> str:
        """The whole on one line."""
        inner = flat(self.items)
        return f"{self.opened} {inner} {self.closed}" if self.opened == "CASE" else f"{self.opened}{inner}{self.closed}"


Item = Atom | Group


def laid_out(sql: str) -> str:
    """A statement with its line breaks where a reader wants them, without a semicolon."""
    items = _grouped(sql)
    for at, item in enumerate(items):
        if _word(items[0]) == "CREATE" and _word(item) in ("AS", "RETURN"):
            rest = items[at + 1 :]
            return f"{flat(items[: at + 1])}\n{_query(rest, 0)}"
    return _query(items, 0)


def sources_of(sql: str) -> list[str]:
    """The names behind `FROM` and `JOIN` in order, quotes taken off."""
    found = [match["text"] for match in _TOKEN.finditer(sql)]
    return [name.strip('"') for word, name in pairwise(found) if word in ("FROM", "JOIN")]


# -------------------------------------------------------------------------------------------------- structure


def _grouped(sql: str) -> tuple[Item, ...]:
    """The items of a statement, nested by parentheses and by `CASE … END`."""
    stack: list[tuple[str, bool, list[Item]]] = [("", False, [])]
    for match in _TOKEN.finditer(sql.strip()):
        text, space = match["text"], bool(match["space"])
        opened = stack[-1][0]
        if text in _CLOSED_BY or text == "CASE":
            stack.append((text, space, []))
        elif opened and text == ("END" if opened == "CASE" else _CLOSED_BY[opened]):
            _, before, items = stack.pop()
            stack[-1][2].append(Group(opened, tuple(items), text, before))
        else:
            stack[-1][2].append(Atom(text, space))
    (_, _, items), *unclosed = stack
    assert not unclosed, "every parenthesis is closed"
    return tuple(items)


def _word(item: Item) -> str:
    return item.text if isinstance(item, Atom) else ""


def flat(items: Sequence[Item]) -> str:
    """Items on one line."""
    text = ""
    for item in items:
        shown = item.text if isinstance(item, Atom) else item.flat
        text += f" {shown}" if text and item.space else shown
    return text


def _split(items: Sequence[Item], starts: Callable[[int], bool]) -> list[tuple[Item, ...]]:
    """The items cut before every place that starts something."""
    cuts = [0, *(at for at in range(1, len(items)) if starts(at)), len(items)]
    return [tuple(items[a:b]) for a, b in pairwise(cuts) if a < b]


def _listed(items: Sequence[Item]) -> list[tuple[Item, ...]]:
    """The items of a list, each with the comma that ends it."""
    return _split(items, lambda at: _word(items[at - 1]) == ",")


def _clauses(items: Sequence[Item]) -> list[tuple[Item, ...]]:
    def starts(at: int) -> bool:
        word, before = _word(items[at]), _word(items[at - 1])
        if word == "JOIN":
            return before not in _JOINS
        if word == "FROM":
            return before != "DISTINCT" or _word(items[at - 2]) not in ("IS", "NOT")
        return word in _CLAUSES and (word != "SELECT" or before in ("ALL", *_SETS) or before == "")

    return _split(items, starts)


# ------------------------------------------------------------------------------------------------------ lines


def _query(items: Sequence[Item], indent: int) -> str:
    """A query, or whatever stands in its place, that starts a line at an indentation."""
    if not any(_word(item) in _CLAUSES for item in items):
        return _expression(items, indent, indent, indent)
    whole = flat(items)
    if len(whole) <= min(SHORT, WIDTH - indent):
        return whole
    lines = []
    for clause in _clauses(items):
        own = indent + STEP if _word(clause[0]) in _JOINS else indent
        lines.append(" " * own + _clause(clause, own))
    return "\n".join(lines).lstrip()


def _clause(items: Sequence[Item], indent: int) -> str:
    whole = flat(items)
    if indent + len(whole) <= WIDTH:
        return whole
    if _word(items[0]) in ("SELECT", "VALUES"):
        head = 2 if _word(items[1]) == "DISTINCT" else 1
        return f"{flat(items[:head])}{_list(items[head:], indent + STEP)}"
    if _word(items[0]) in ("GROUP", "ORDER"):
        return f"{flat(items[:2])}{_list(items[2:], indent + STEP)}"
    if _word(items[0]) in _JOINS:
        (source, *condition) = _split(items, lambda at: _word(items[at]) == "ON")
        text = _sequence(source, indent, indent)
        for part in condition:
            text += f"\n{' ' * (indent + STEP)}{_expression(part, indent + STEP, indent + STEP, indent + STEP)}"
        return text
    return _expression(items, indent, indent, indent + STEP)


def _list(items: Sequence[Item], indent: int) -> str:
    """What commas separate, each on a line of its own, but of neighbors that are plain as many as fit."""
    lines: list[str] = []
    filling = False
    for listed in _listed(items):
        whole = flat(listed)
        plain = all(isinstance(item, Atom) and item.text != "AS" for item in listed[1:]) and (
            isinstance(listed[0], Atom) or len(whole) < _TUPLE
        )
        if filling and plain and indent + len(lines[-1]) + len(whole) < WIDTH:
            lines[-1] += f" {whole}"
        else:
            lines.append(_expression(listed, indent, indent, indent + STEP))
        filling = plain
    return _lines(lines, indent)


def _lines(lines: Sequence[str], indent: int) -> str:
    return "".join(f"\n{' ' * indent}{line}" for line in lines)


def _expression(items: Sequence[Item], column: int, indent: int, hang: int) -> str:
    """An expression from a column of a line with that indentation; what goes on in further lines hangs at `hang`."""
    whole = flat(items)
    if column + len(whole) <= WIDTH:
        return whole
    for operator in ("OR", "AND"):
        parts = _split(items, lambda at, operator=operator: _joins(items, at, operator))  # type: ignore[misc]
        if len(parts) > 1:
            first, *others = parts
            text = _sequence(first, column, indent)
            for part in others:
                text += f"\n{' ' * hang}{_sequence(part, hang, hang)}"
            return text
    return _sequence(items, column, indent)


def _joins(items: Sequence[Item], at: int, operator: str) -> bool:
    """Whether conditions are joined by an operator here; the `AND` of `BETWEEN` joins none."""
    if _word(items[at]) != operator:
        return False
    if operator == "OR":
        return True
    for item in reversed(items[:at]):
        if _word(item) in ("BETWEEN", "AND"):
            return _word(item) == "AND"
    return True


def _sequence(items: Sequence[Item], column: int, indent: int) -> str:
    """Items one after the other; groups that do not fit are opened over several lines."""
    text = ""
    for number, item in enumerate(items):
        shown = item.text if isinstance(item, Atom) else item.flat
        at = column + len(text) if "\n" not in text else len(text) - text.rindex("\n") - 1
        gap = " " if text and item.space else ""
        rest = flat(_until_group(items[number + 1 :])) if isinstance(item, Group) else ""
        if isinstance(item, Atom):
            rest = flat(_glued(items[number + 1 :]))
        if at + len(gap) + len(shown) + len(rest) > WIDTH:
            if isinstance(item, Group):
                shown = _opened(item, indent)
            elif gap and at > indent + STEP:
                gap = f"\n{' ' * (indent + STEP)}"
        text += gap + shown
    return text


def _glued(items: Sequence[Item]) -> Sequence[Item]:
    """The words and signs that nothing separates from what is before them."""
    return next((items[:at] for at, item in enumerate(items) if item.space or isinstance(item, Group)), items)


def _until_group(items: Sequence[Item]) -> Sequence[Item]:
    """The words and signs up to the next group."""
    return next((items[:at] for at, item in enumerate(items) if isinstance(item, Group)), items)


def _opened(group: Group, indent: int) -> str:
    """A group over several lines; the line that it stands in has that indentation."""
    inner = indent + STEP
    if group.opened == "CASE":
        parts = _split(group.items, lambda at: _word(group.items[at]) in ("WHEN", "ELSE"))
        head = "" if _word(parts[0][0]) == "WHEN" else f" {flat(parts.pop(0))}"
        arms = [_expression(part, inner, inner, inner + STEP) for part in parts]
        return f"CASE{head}{_lines(arms, inner)}\n{' ' * indent}END"
    if any(_word(item) in _CLAUSES for item in group.items[:1]) or (
        group.items and isinstance(group.items[0], Group) and any(_word(item) in _SETS for item in group.items)
    ):
        return f"{group.opened}\n{' ' * inner}{_query(group.items, inner)}\n{' ' * indent}{group.closed}"
    if any(_word(item) == "," for item in group.items):
        return f"{group.opened}{_list(group.items, inner)}\n{' ' * indent}{group.closed}"
    body = _expression(group.items, inner, inner, inner)
    return f"{group.opened}\n{' ' * inner}{body}\n{' ' * indent}{group.closed}"
