"""An explanation as a tree that people read, at 80 columns and without color."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator

from attrs import frozen

from mhrules.diagnostics.snippet import visible, wrap
from mhrules.exact import from_text
from mhrules.explain import words
from mhrules.explain.member_text import member_rows
from mhrules.explain.model import Explanation, LineWhy, Why
from mhrules.plan.ir import TIME_KEYS

NARROWEST = 30  # columns that a step keeps however deep it stands
_VERDICTS = frozenset({"gate", "requirement", "condition", "row", "participation"})
_STYLES = {"strong": "1", "place": "2", "guide": "2", "good": "32", "bad": "31"}
_ROW = {"yes": "applies", "no": "does not apply"}
_TIED = "\u00a0"  # holds the sign and the value together
_MONTH = re.compile(r"\b\d{4}-\d{2}\b")
Painter = Callable[[str, str], str]


def render_text(explanation: Explanation, width: int = 80, color: bool = False) -> str:
    """The explanation as text, without a line end; wrapped at `width` columns, names and numbers never broken.

    First who is paid what, then the lines, then for each line why. A line whose reasons are those of the line before
    it is not repeated. Where one person was asked for, the person's part stands in place of the lines.
    """
    paint: Painter = lambda style, text: f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if color and text else text  # noqa: E731
    rows = [paint("strong", row) for row in wrap(visible(explanation.headline), width)]
    rows += ["", *_about(explanation, width)]
    if explanation.member is not None:
        return "\n".join([*rows, "", *member_rows(explanation.member, width)])
    if len(explanation.lines) > 1:
        rows += ["", *_table(explanation)]
    for run in _runs(explanation.lines):
        rows += ["", *_Tree(width, paint).rows(run[0].why)]
        if len(run) > 1:
            last = run[-1].period
            others = run[1].period if len(run) == 2 else f"{run[1].period} to {last}"
            rows += ["", *wrap(f"{others}: for the same reasons, as {run[0].period}", width)]
    return "\n".join(rows)


def _about(explanation: Explanation, width: int) -> list[str]:
    """What the payment is, in the text's own words."""
    texts = [*explanation.notes, explanation.title, explanation.summary]
    texts.append("; ".join([f"program {explanation.program}, edition {explanation.edition}", *explanation.cites]))
    return [row for text in texts if text for row in wrap(visible(text), width)]


def _table(explanation: Explanation) -> Iterator[str]:
    """A row per line."""
    header = ["period", "status", "units", "amount", "credits"]
    cells = [header]
    counted = any(line.price or line.units not in ("0", "1") for line in explanation.lines)
    for line in explanation.lines:
        amounts = [words.dollars(from_text(line.amount)), *(words.dollars(from_text(c)) for c in line.credits)]
        units = words.grouped(from_text(line.units)) if counted else ""
        status = line.status if not line.reason else f"{line.status}: {line.reason}"
        cells.append([line.period, status, units, amounts[0], " ".join(amounts[1:])])
    used = [at for at in range(len(header)) if any(row[at] for row in cells[1:])]
    widths = {at: max(len(visible(row[at])) for row in cells) for at in used}
    for row in cells:
        texts = [visible(row[at]) for at in used]
        padded = [t.ljust(widths[at]) if at < 2 else t.rjust(widths[at]) for at, t in zip(used, texts, strict=True)]
        yield "  ".join(padded).rstrip()


# ------------------------------------------------------------------------------------------- equal lines


def _runs(lines: tuple[LineWhy, ...]) -> list[list[LineWhy]]:
    """Lines that follow on each other for the same reasons."""
    runs: list[list[LineWhy]] = []
    for line in lines:
        if runs and _reasons(runs[-1][-1].why) == _reasons(line.why):
            runs[-1].append(line)
        else:
            runs.append([line])
    return runs


def _reasons(why: Why) -> tuple[object, ...]:
    """A step without its own time."""
    title = "" if why.kind in ("line", "participation") else why.title
    fact = why.fact
    keys = tuple(pair for pair in fact.keys if pair[0] not in TIME_KEYS) if fact is not None else ()
    column = (fact.table, fact.column, keys) if fact is not None else ()
    own = (
        why.kind,
        title,
        why.worth,
        why.formula,
        why.says if why.kind == "line" else tuple(_MONTH.sub("", says) for says in why.says),
        why.place,
        why.support,
        why.parameter,
        column,
        why.see > 0,
    )
    return (*own, tuple(_reasons(step) for step in why.steps))


# -------------------------------------------------------------------------------------------------- tree


@frozen
class _Guide:
    """What stands before the rows of a step: before its first row, and before the rows of what is below it."""

    lead: str = ""
    below: str = ""

    def inner(self, last: bool) -> _Guide:
        """The guide of a step below."""
        return _Guide(self.below + ("└─ " if last else "├─ "), self.below + ("   " if last else "│  "))


class _Tree:
    """Draws steps at a width."""

    def __init__(self, width: int, paint: Painter) -> None:
        self._width = width
        self._paint = paint

    def rows(self, why: Why, guide: _Guide = _Guide(), above: str = "") -> Iterator[str]:
        """The rows of a step and of all below it; `above` is the place that the step above shows."""
        place = _place(why)
        rest = yield from self._head(why, guide, "" if place == above else place)
        margin = guide.below + ("│ " if why.steps else "  ")
        room = max(self._width - len(margin), NARROWEST)
        details = [row for detail in _details(why) for row in wrap(visible(detail), room)]
        if rest and (not details or len(details[0]) + len(rest) + 2 > room):
            details.insert(0, "")
        for row in details:
            yield self._beside(self._paint("guide", margin) + row, len(margin) + len(row), rest)
            rest = ""
        for at, step in enumerate(why.steps, start=1):
            yield from self.rows(step, guide.inner(at == len(why.steps)), place or above)

    def _beside(self, row: str, used: int, place: str) -> str:
        """A row of `used` columns with a place at its right end."""
        return row + " " * max(self._width - used - len(place), 2) + self._paint("place", place) if place else row

    def _head(self, why: Why, guide: _Guide, place: str) -> Generator[str, None, str]:
        """The title with what came out, and the place at the right end of it; returned where it has no room there."""
        sentence, room = visible(_sentence(why)), max(self._width - len(guide.lead), NARROWEST)
        rows, beside = wrap(sentence, room), room - len(place) - 2
        fits = len(rows[-1]) <= beside if len(rows) == 1 else beside >= NARROWEST
        if len(rows) > 1:  # further rows stand two columns to the right
            rows = wrap(sentence, beside - 2 if place and fits else room - 2)
        style = _style(why)
        for at, tied in enumerate(rows):
            start = guide.lead if at == 0 else guide.below + ("│ " if why.steps else "  ")
            row = tied.replace(_TIED, " ")
            text = self._paint("guide", start) + (self._paint(style, row) if style else row)
            yield self._beside(text, len(start) + len(row), place if fits and at == len(rows) - 1 else "")
        return "" if fits else place


def _place(why: Why) -> str:
    """Where the rule text stands; of a fact, the table and key that it was read from."""
    if why.see:
        return ""
    if why.fact is not None:
        on = [f"on {why.fact.on}"] if why.fact.on else []
        return visible(f"[{why.fact.table}: {', '.join([*(value for _, value in why.fact.keys), *on])}]")
    return visible(str(why.place)) if why.place is not None else ""


def _style(why: Why) -> str:
    if why.kind == "line":
        return "strong"
    if why.kind in ("gate", "requirement", "participation") and why.worth is not None:
        return "good" if why.worth.exact in ("yes", "met", "not_yet_due") else "bad"
    return ""


def _sentence(why: Why) -> str:
    """What a step is and what came out: `savings = benchmark - expenditure = $10,000,000.00`."""
    prefix = {"gate": "gate ", "requirement": "require ", "let": "let "}.get(why.kind, "")
    text = why.title if why.see else prefix + why.title
    if why.kind == "row" and why.worth is not None:
        text += f": {_ROW[why.worth.exact]}"
    elif why.kind in _VERDICTS:
        text += f": {why.worth.text}" if why.worth is not None else f": {'; '.join(why.says)}" if why.says else ""
    elif why.kind in ("pays", "limit"):
        text += f" {why.formula}" if why.formula else ""
        text += (f" ={_TIED}" if why.formula else " ") + why.worth.text if why.worth is not None else ""
    else:
        text += f" = {why.formula}" if why.formula else ""
        text += f" ={_TIED}{why.worth.text}" if why.worth is not None and why.worth.text != why.formula else ""
    if why.at:
        text += f" [{why.at}]"
    return text + (" (above)" if why.see else "")


def _details(why: Why) -> Iterator[str]:
    """What stands below the title: sentences, what a fact means, a parameter's date, citations."""
    if why.see:
        return
    says = list(why.says) if why.worth is not None or why.kind not in _VERDICTS else []
    if why.kind in ("gate", "requirement") and why.formula and [step.title for step in why.steps] != [why.formula]:
        distance = f": {says.pop(0)}" if says and says[0][:1] in "$-0123456789" else ""
        yield why.formula + distance
    yield from says
    if why.fact is not None and why.fact.title:
        yield why.fact.title
    if why.parameter is not None:
        by = "the program" if why.parameter.by == "program" else why.parameter.by
        where = "" if why.parameter.place == why.place else f" ({why.parameter.place})"
        yield f"since {why.parameter.since}, by {by}{where}"
    for support in why.support:
        yield f'{support.kind} "{support.text}"' if support.kind != "set by" else f"set by {support.text}"
