"""An explanation as a tree that people read, at 80 columns and without color."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mhrules.diagnostics.snippet import visible, wrap
from mhrules.exact import from_text
from mhrules.explain import words
from mhrules.explain.model import Explanation, LineWhy, Why
from mhrules.plan.ir import TIME_KEYS

NARROWEST = 30  # columns that a step keeps however deep it stands
_VERDICTS = frozenset({"gate", "requirement", "condition", "row", "participation"})
_STYLES = {"strong": "1", "place": "2", "guide": "2", "good": "32", "bad": "31"}
_ROW = {"yes": "applies", "no": "does not apply"}
Painter = Callable[[str, str], str]


def render_text(explanation: Explanation, width: int = 80, color: bool = False) -> str:
    """The explanation as text, without a line end; wrapped at `width` columns, names and numbers never broken.

    First who is paid what, then the lines, then for each line why. A line whose reasons are those of the line before
    it is not repeated.
    """
    paint: Painter = lambda style, text: f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if color and text else text  # noqa: E731
    rows = [paint("strong", row) for row in wrap(visible(explanation.headline), width)]
    rows += ["", *_about(explanation, width)]
    if len(explanation.lines) > 1:
        rows += ["", *_table(explanation)]
    for run in _runs(explanation.lines):
        rows += ["", *_tree(run[0].why, width, paint)]
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
    for line in explanation.lines:
        amounts = [words.dollars(from_text(line.amount)), *(words.dollars(from_text(c)) for c in line.credits)]
        units = words.grouped(from_text(line.units)) if line.price else ""
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
    own = (why.kind, title, why.worth, why.formula, why.says, why.place, why.support, why.parameter, column, why.see > 0)
    return (*own, tuple(_reasons(step) for step in why.steps))


# -------------------------------------------------------------------------------------------------- tree


def _tree(why: Why, width: int, paint: Painter, lead: str = "", below: str = "") -> Iterator[str]:
    """The rows of a step and of all below it; `lead` stands before its first row, `below` before the others."""
    inner = below + ("│  " if why.steps else "   ")
    if not below:
        inner = "│  " if why.steps else ""
    yield from _head(why, width, paint, lead, below)
    for detail in _details(why):
        for row in wrap(visible(detail), max(width - len(inner) - 2, NARROWEST)):
            yield f"{paint('guide', inner)}  {row}"
    for at, step in enumerate(why.steps, start=1):
        end = at == len(why.steps)
        yield from _tree(step, width, paint, below + ("└─ " if end else "├─ "), below + ("   " if end else "│  "))


def _head(why: Why, width: int, paint: Painter, lead: str, below: str) -> Iterator[str]:
    """The title with what came out, and at the right where the text stands."""
    rows = wrap(visible(_sentence(why)), max(width - len(lead) - 2, NARROWEST))
    place = visible(str(why.place)) if why.place is not None and not why.see else ""
    style = _style(why)
    for at, row in enumerate(rows):
        start = lead if at == 0 else below + "   "[: len(lead) - len(below)] + "  "
        text = paint(style, row) if style else row
        last = at == len(rows) - 1
        if not last or not place:
            yield paint("guide", start) + text
            continue
        gap = width - len(start) - len(row) - len(place)
        if gap >= 2:
            yield paint("guide", start) + text + " " * gap + paint("place", place)
        else:
            yield paint("guide", start) + text
            under = below + ("│" if why.steps else "")
            yield paint("guide", under) + " " * max(width - len(under) - len(place), 2) + paint("place", place)


def _style(why: Why) -> str:
    if why.kind == "line":
        return "strong"
    if why.kind in ("gate", "requirement", "participation") and why.worth is not None:
        return "good" if why.worth.exact in ("yes", "met", "not_yet_due") else "bad"
    return ""


def _sentence(why: Why) -> str:
    """What a step is and what came out: `savings = benchmark - expenditure = $10,000,000.00`."""
    prefix = {"gate": "gate ", "requirement": "require ", "let": "let "}.get(why.kind, "")
    text = prefix + why.title
    if why.kind == "row":
        return f"{text}: {_ROW[why.worth.exact]}" if why.worth is not None else f"{text}: {'; '.join(why.says)}".rstrip(": ")
    if why.kind in _VERDICTS:
        text += f": {why.worth.text}" if why.worth is not None else ""
    elif why.kind in ("pays", "limit"):
        text += f" {why.formula}"
    elif why.formula:
        text += f" = {why.formula}"
    if why.kind not in _VERDICTS and why.worth is not None and why.worth.text != why.formula:
        text += f" = {why.worth.text}"
    if why.at:
        text += f" [{why.at}]"
    return text + (" (see above)" if why.see else "")


def _details(why: Why) -> Iterator[str]:
    """What stands below the title: sentences, the fact's table and key, the parameter's date, citations."""
    if why.see:
        return
    if why.kind in ("gate", "requirement") and why.formula:
        yield why.formula
    if why.kind != "row" or why.worth is not None:
        yield from why.says
    if why.fact is not None:
        keys = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in why.fact.keys)
        on = f", on {why.fact.on}" if why.fact.on else ""
        yield f"table {why.fact.table}: {keys}{on}" + (f" ({why.fact.title})" if why.fact.title else "")
    if why.parameter is not None:
        by = "the program" if why.parameter.by == "program" else why.parameter.by
        yield f"since {why.parameter.since}, by {by}"
    for support in why.support:
        yield f'{support.kind} "{support.text}"' if support.kind != "set by" else f"set by {support.text}"
