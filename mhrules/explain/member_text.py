"""A person's part in a payment, and how people come to practices, as text of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

from mhrules.diagnostics.snippet import visible, wrap
from mhrules.exact import from_text
from mhrules.explain import words
from mhrules.explain.model import CandidateWhy, MemberLine, MemberWhy, MethodWhy, Stay

NONE = "no practice"


def member_rows(member: MemberWhy, width: int) -> Iterator[str]:
    """What the person contributes by line, then how the person came to the practice."""
    yield from wrap(visible(member.headline), width)
    yield ""
    for line in member.lines:
        yield from _line(line, width)
    yield ""
    yield "how the member came there"
    for stay in member.stays:
        yield from stay_rows(stay, width)


def _line(line: MemberLine, width: int) -> Iterator[str]:
    """What a person contributes to a line, or why nothing."""
    if not line.parts:
        yield from _wrapped(f"{line.period}: nothing, {'; '.join(line.says)}", width, 0)
        return
    for part in line.parts:
        price = f" × {words.dollars(from_text(part.price))}" if part.price else ""
        what = f"{words.grouped(from_text(part.units))} {part.kind.removesuffix('s')}"
        what += "s" if part.units != "1" else ""
        if part.element:
            what += f" {part.element} of {part.date}"
        amount = words.dollars(from_text(part.amount))
        of = f", of {words.dollars(from_text(line.line_amount))} in all" if len(line.parts) == 1 else ""
        of += f" ({'; '.join(line.says)})" if line.says else ""
        yield from _wrapped(f"{line.period}: {what}{price} = {amount}{of}", width, 0)


def stay_rows(stay: Stay, width: int, indent: int = 0) -> Iterator[str]:
    """Months of one outcome: the practice or the reason for none, the methods tried, and the visits that decided."""
    yield from _wrapped(f"{stay.months}: {stay.practice or f'{NONE}, {stay.reason}'}", width, indent)
    place = f" ({stay.place})" if stay.place is not None else ""
    for at, says in enumerate(stay.says):
        yield from _wrapped(says + (place if at == len(stay.says) - 1 else ""), width, indent + 2)
    for number, tried in enumerate(stay.tried, start=1):
        yield from _method(number, tried, width, indent + 2)


def _method(number: int, tried: MethodWhy, width: int, indent: int) -> Iterator[str]:
    found = ", ".join(candidate.practice for candidate in tried.candidates) or NONE
    yield from _wrapped(f"{number}. {tried.text}: {found}", width, indent)
    for candidate in tried.candidates:
        yield from _candidate(candidate, width, indent + 3)


def _candidate(candidate: CandidateWhy, width: int, indent: int) -> Iterator[str]:
    texts = [candidate.weight, f"the latest on {candidate.latest}" if candidate.latest else ""]
    says = ", ".join(text for text in texts if text)
    if says:
        yield from _wrapped(f"{candidate.practice}: {says}", width, indent)
    for visit in candidate.visits:
        yield from _wrapped(" ".join(each for each in (visit.date, visit.service, visit.id) if each), width, indent + 2)


def _wrapped(text: str, width: int, indent: int) -> Iterator[str]:
    """A text at an indent, further rows two columns to the right."""
    first, *rest = wrap(visible(text), max(width - indent, 20))
    yield " " * indent + first
    for row in wrap(" ".join(rest), max(width - indent - 2, 20)) if rest else ():
        yield " " * (indent + 2) + row
