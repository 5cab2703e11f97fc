"""Outcomes of attribution, and differences from a list, as text of 80 columns, as JSON values and as CSV rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mhrules.diagnostics.snippet import visible, wrap
from mhrules.exact import to_text
from mhrules.explain import words
from mhrules.explain.as_json import stay_json
from mhrules.explain.compare import ADDED, CHANGED, DROPPED, Compared, Count, Difference, PayerCounts

LISTED = 12  # practices that are listed by name
LONGEST = 48  # characters of an id or a reason that are shown
SHOWN = 20  # differences that are shown of one payer
DIFFERENCE_COLUMNS = (
    "payer", "person_id", "month", "difference", "listed_practice", "practice", "reason", "method", "refreshed_on",
    "visits", "why",
)  # fmt: skip
_VERBS = {ADDED: "added", DROPPED: "dropped", CHANGED: "changed"}


# ----------------------------------------------------------------------------------------------- outcomes


def counts_rows(counts: PayerCounts, width: int) -> Iterator[str]:
    """The table of a payer: practices by member months, then the reasons for none, then the methods."""
    head = f"{counts.payer}, {counts.months}: {words.counted(counts.members, 'member')}, "
    yield from wrap(head + f"{words.grouped(counts.member_months)} member months", width)
    practices = [each for each in counts.outcomes if each.practice]
    listed = LISTED if len(practices) > LISTED + 1 else LISTED + 1
    rest = practices[listed:]
    rows = [("outcome", "members", "member months")]
    rows += [_row(each.practice, each) for each in practices[:listed]]
    if rest:
        months = words.grouped(sum(each.member_months for each in rest))
        rows.append((f"… and {len(rest):,} more", "", months))
    rows += [_row(f"none: {each.reason}", each) for each in counts.outcomes if not each.practice]
    yield from _table(rows)
    if counts.methods:
        methods = ", ".join(f"{method} {words.counted(number, 'month')}" for method, number in counts.methods.items())
        yield from ("  " + row for row in wrap(f"by method: {methods}", width - 2))


def _row(title: str, count: Count) -> tuple[str, str, str]:
    return words.short(visible(title), LONGEST), f"{count.members:,}", words.grouped(count.member_months)


def _table(rows: list[tuple[str, str, str]]) -> Iterator[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(3)]
    for title, *numbers in rows:
        cells = [title.ljust(widths[0]), *(n.rjust(w) for n, w in zip(numbers, widths[1:], strict=True))]
        yield ("  " + "  ".join(cells)).rstrip()


def counts_json(counts: PayerCounts) -> dict[str, Any]:
    """The outcomes of a payer."""
    return {
        "payer": counts.payer,
        "months": counts.months,
        "members": counts.members,
        "member_months": to_text(counts.member_months),
        "outcomes": [
            {
                "practice": each.practice,
                "reason": each.reason,
                "members": each.members,
                "member_months": to_text(each.member_months),
            }
            for each in counts.outcomes
        ],
        "methods": counts.methods,
    }


# --------------------------------------------------------------------------------------------- comparison


def compared_rows(compared: Compared, width: int) -> Iterator[str]:
    """How a list and the program compare, then each person who is elsewhere, and why."""
    numbers = {kind: sum(each.kind == kind for each in compared.differences) for kind in _VERBS}
    differ = ", ".join(f"{number:,} {_VERBS[kind]}" for kind, number in numbers.items())
    who = f"{compared.listed:,} on the list, {compared.attributed:,} attributed, {compared.same:,} the same"
    yield from wrap(f"{compared.payer}, {compared.month}: {who}; {differ}", width)
    for each in compared.differences[:SHOWN]:
        yield from _difference_rows(each, width)
    if len(compared.differences) > SHOWN:
        yield f"… and {len(compared.differences) - SHOWN:,} more; `--out FILE.csv` writes all"


def _difference_rows(each: Difference, width: int) -> Iterator[str]:
    where = {
        ADDED: f"{each.practice}, not on the list",
        DROPPED: f"{each.listed} on the list, none here: {each.stay.reason}",
        CHANGED: f"{each.listed} on the list, {each.practice} here",
    }
    yield from ("  " + row for row in wrap(visible(f"{each.kind} {each.person}: {where[each.kind]}"), width - 2))
    for says in why(each):
        yield from ("    " + row for row in wrap(visible(says), width - 4))
    for candidate in each.evidence:
        for visit in candidate.visits:
            texts = (visit.date, candidate.practice, visit.service, visit.id)
            yield from ("      " + row for row in wrap(visible(" ".join(t for t in texts if t)), width - 6))


def why(each: Difference) -> tuple[str, ...]:
    """Why the program comes to its answer, and what it has to say of the practice on the list."""
    own = next((found for found in each.evidence if found.practice == each.practice), None)
    weight = (f"`{own.practice}` has {own.weight}, the latest on {own.latest}",) if own and own.weight else ()
    return (*each.stay.says, *weight, *each.says)


def compared_json(compared: Compared) -> dict[str, Any]:
    """A comparison, with every difference."""
    return {
        "payer": compared.payer,
        "month": compared.month,
        "listed": compared.listed,
        "attributed": compared.attributed,
        "same": compared.same,
        "differences": [
            {
                "person": each.person,
                "difference": each.kind,
                "listed": each.listed,
                "practice": each.practice,
                "why": list(why(each)),
                "stay": stay_json(each.stay),
            }
            for each in compared.differences
        ],
    }


def difference_cells(each: Difference) -> tuple[str, ...]:
    """A difference as a row of CSV: visits as `2011-03-01 p2 primary 2/1`, several with `; ` between."""
    visits = [
        " ".join(text for text in (visit.date, candidate.practice, visit.service, visit.id) if text)
        for candidate in each.evidence
        for visit in candidate.visits
    ]
    where = (each.payer, each.person, each.month, each.kind, each.listed, each.practice)
    stay = each.stay
    return (*where, stay.reason, stay.method, stay.refreshed_on, "; ".join(visits), "; ".join(why(each)))
