"""Service classes and their codes: those that the rules ask for, and others beside them."""

from __future__ import annotations

from collections.abc import Sequence

from mhrules.classes import frozen
from mhrules.data.synth.draws import words_list
from mhrules.data.synth.hints import Hints
from mhrules.data.synth.setting import Setting

OFFICE, EMERGENCY, INPATIENT, OTHER = range(4)
"""What kind of claim it is; each has its own costs and billers."""

_WORDS = {
    EMERGENCY: ("emerg", "urgent"),
    INPATIENT: ("inpatient", "hospital", "admission", "skilled"),
    OTHER: ("lab", "imag", "radiol", "special", "surg", "other", "drug"),
}
_USUAL = {
    OFFICE: ("primary_care",),
    EMERGENCY: ("emergency",),
    INPATIENT: ("inpatient",),
    OTHER: ("specialty", "imaging", "laboratory"),
}
_CODES = {
    OFFICE: ("99203", "99213", "99214", "99396"),
    EMERGENCY: ("99283", "99284", "99285"),
    INPATIENT: ("99223", "99232", "99238"),
    OTHER: ("36415", "71046", "80053", "93000", "J1100"),
}


@frozen
class Service:
    """A service class, its kind, and its codes."""

    word: str
    kind: int
    codes: tuple[str, ...]
    visited: bool


def services(hints: Hints) -> tuple[Service, ...]:
    """The service classes of a population: at least one of each kind, one of them visited."""
    visited = hints.visit_words.get("service", ())
    words = dict.fromkeys((*visited, *hints.words.get("service", ()), *hints.classes))
    found = [_service(hints, word, _kind(hints, word), word in visited) for word in words]
    for kind, usual in _USUAL.items():
        if all(each.kind != kind for each in found) or kind == OTHER:
            found += [_service(hints, word, kind, False) for word in usual if word not in words]
    if not visited:
        found = [_service(hints, each.word, each.kind, each.kind == OFFICE) for each in found]
    return tuple(found)


def _kind(hints: Hints, word: str) -> int:
    """The kind that a word sounds like. What attribution asks of visits is an office visit."""
    if word in hints.visit_words.get("service", ()):
        return OFFICE
    for kind, parts in _WORDS.items():
        if any(part in word.lower() for part in parts):
            return kind
    return OTHER if word in hints.classes and not hints.classes[word] else OFFICE


def _service(hints: Hints, word: str, kind: int, visited: bool) -> Service:
    """A service with the codes that make it; without such, those that the rules ask of visits, or of any claim."""
    codes = hints.classes.get(word, ())
    asked = hints.words.get("code", ())
    if not codes and kind == OFFICE and not hints.classes:
        codes = hints.visit_words.get("code", ()) or asked
    taken = {code for others in hints.classes.values() for code in others}
    usual = tuple(code for code in _CODES[kind] if code not in taken)
    return Service(word, kind, codes or usual or ("00000",), visited)


def make_services(setting: Setting) -> None:
    """Set the variables by which claims find their words.

    `services` holds the words; `service_codes` all codes in turn, of which those of a service begin behind
    `codes_before` and are `codes_of` in number; `asked_codes` are the codes that the rules ask for anywhere, and usual
    ones.
    """
    found = services(setting.hints)
    before: list[int] = []
    codes: list[str] = []
    for each in found:
        before.append(len(codes))
        codes += each.codes
    usual = (code for some in _CODES.values() for code in some)
    _set(setting, "services", words_list([each.word for each in found]))
    _set(setting, "service_codes", words_list(codes))
    _set(setting, "codes_before", numbers(before))
    _set(setting, "codes_of", numbers([len(each.codes) for each in found]))
    _set(setting, "asked_codes", words_list(asked_codes(setting.hints, tuple(usual))))


def asked_codes(hints: Hints, usual: tuple[str, ...]) -> tuple[str, ...]:
    """Codes of further lines: half of them are such as the rules ask for."""
    asked = hints.words.get("code", ())
    repeated = usual * max(1, len(asked) // len(usual))
    return (*asked, *repeated)


def numbers(values: Sequence[int]) -> str:
    """Whole numbers as an SQL list."""
    return f"CAST([{', '.join(map(str, values))}] AS BIGINT[])"


def _set(setting: Setting, name: str, value: str) -> None:
    setting.connection.execute(f"SET VARIABLE {name} = {value}")
