"""Declared types, and the constants that are written where a type is declared."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from mhrules import exact
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Label
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.semantics import types
from mhrules.semantics.program import Constant
from mhrules.semantics.types import Kind, Share, Type
from mhrules.source import Span
from mhrules.syntax import tree as t

MOST_PLACES = 9
PLAIN = {"yes/no": types.YES_NO, "date": types.DATE, "text": types.TEXT}
MEMBER_MONTHS = (("member month", 1),)


def type_of(node: t.TypeName, known: Mapping[str, Type], findings: Findings) -> Type:
    """The type that a declaration states; UNKNOWN, with a finding, if it cannot be read."""
    if isinstance(node, t.SimpleType):
        found = PLAIN[node.word] if node.word in PLAIN else _number_type(node, findings)
    elif isinstance(node, t.EnumType):
        found = enum_type(node, "", findings)
    elif isinstance(node, t.NamedType):
        found = _named_type(node, known, findings)
    else:
        found = types.UNKNOWN
    return found.or_missing(node.or_missing)


def enum_type(node: t.EnumType, name: str, findings: Findings) -> Type:
    """The type of a list of codes; `name` is that of its `type` clause, if it has one."""
    seen: dict[str, Span] = {}
    for member in node.members:
        if member.text in seen:
            findings.report(
                "MH342",
                f"`{member.text}` is listed twice among the codes",
                member.span,
                label="listed again here",
                related=[Label(seen[member.text], "first listed here")],
                help="remove one of them",
            )
        seen.setdefault(member.text, member.span)
    return Type(Kind.CODE, places=0, codes=tuple(seen), ordered=node.ordered, name=name)


def _named_type(node: t.NamedType, known: Mapping[str, Type], findings: Findings) -> Type:
    name = node.name.text
    if name in known:
        return known[name]
    words = ("integer", "number", "date", "text", "yes/no")
    near = did_you_mean(name, [*known, *words])
    findings.report(
        "MH341",
        f"unknown type `{name}`",
        node.name.span,
        help=f"did you mean `{near}`?" if near else f"declare it, as in `type {name} = {{ first, second }}`",
    )
    return types.UNKNOWN


def _number_type(node: t.SimpleType, findings: Findings) -> Type:
    word = node.word
    unit = types.money_per(node.per) if word == "$" else MEMBER_MONTHS if word == "member months" else types.NO_UNIT
    bound = types.DEFAULT_BOUND[word] * exact.ONE
    open_type = types.number(
        unit,
        share=Share.PERCENT if word == "%" else Share.NUMBER,
        places=_places(node, findings),
        low=0 if word == "member months" else -bound,
        high=bound,
    )
    if node.low is None or node.high is None:
        return open_type
    unbounded = attrs.evolve(open_type, low=None, high=None)
    low, high = (constant(end, unbounded, findings) for end in (node.low, node.high))
    if not isinstance(low, int) or not isinstance(high, int):
        return open_type
    if low > high:
        report_reversed(node.low, node.high, findings)
        return open_type
    return attrs.evolve(open_type, low=low, high=high)


def _places(node: t.SimpleType, findings: Findings) -> int:
    """The decimal places of a number type: as declared, or the default of its word."""
    default = types.DEFAULT_PLACES[node.word]
    if node.places is None:
        return default
    most = 0 if node.word == "integer" else MOST_PLACES
    if node.places <= most:
        return node.places
    findings.report(
        "MH345",
        f"`{node.word}` cannot have {node.places} decimal places",
        node.span,
        help="an integer has none" if most == 0 else f"at most {MOST_PLACES} are kept",
    )
    return default


def report_reversed(low: t.Expression, high: t.Expression, findings: Findings) -> None:
    """Report bounds of which the lower one is the greater."""
    findings.report(
        "MH346",
        f"the lower bound `{low.span.text}` is greater than the upper bound `{high.span.text}`",
        low.span.to(high.span),
        help="write the smaller one first",
    )


def type_words(kind: Type) -> str:
    """A type as it stands in a sentence: `a percentage`, `an amount in $ pmpm`."""
    if kind.is_money:
        return f"an amount in {types.unit_text(kind.unit)}"
    if kind.is_number and kind.share is Share.PERCENT:
        return "a percentage"
    if kind.is_number and kind.unit:
        return f"a number of {types.unit_text(kind.unit)}"
    if kind.is_number and kind.places == 0:
        return "an integer"
    return str(kind.known())


def value_text(value: Constant, kind: Type) -> str:
    """A constant as the language writes it: `$4.50 pmpm`, `40%`, `yes`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int):
        return str(value)
    if kind.is_money:
        cents = exact.to_text(abs(value), 2) if value % 10 ** (exact.PLACES - 2) == 0 else exact.to_text(abs(value))
        per = types.unit_text(kind.unit).removeprefix("$")
        return f"{'-' if value < 0 else ''}${cents}{per}"
    if kind.share is Share.PERCENT:
        return f"{exact.to_text(value * 100)}%"
    return exact.to_text(value)


def constant(node: t.Expression, wanted: Type, findings: Findings) -> Constant | None:
    """The value that a literal states for a declared type; None, with a finding, if it does not fit.

    Numbers are integers in units of 10**-12; a bare `$2.50` takes the declared unit.
    """
    if wanted.is_unknown:
        return None
    if wanted.is_number:
        return _number(node, wanted, findings)
    if wanted.kind is Kind.YES_NO and isinstance(node, t.YesNo):
        return node.value
    if wanted.kind is Kind.DATE and isinstance(node, t.Date):
        return node.value
    if wanted.kind is Kind.TEXT and isinstance(node, t.Text):
        return node.value
    if wanted.kind is Kind.CODE and isinstance(node, t.Reference):
        return _code(node, wanted, findings)
    _misfit(node, wanted, findings)
    return None


def _code(node: t.Reference, wanted: Type, findings: Findings) -> str | None:
    if node.name in wanted.codes:
        return node.name
    near = did_you_mean(node.name, wanted.codes)
    help_text = f"did you mean `{near}`?" if near else f"the codes are {', '.join(f'`{c}`' for c in wanted.codes)}"
    findings.report("MH343", f"`{node.name}` is not {type_words(wanted)}", node.span, help=help_text)
    return None


def _number(node: t.Expression, wanted: Type, findings: Findings) -> int | None:
    literal = node.operand if isinstance(node, t.Negative) else node
    if wanted.is_money and isinstance(literal, t.Money):
        if literal.per is not None and types.money_per(literal.per) != wanted.unit:
            findings.report(
                "MH344",
                f"`{node.span.text}` is in {types.unit_text(types.money_per(literal.per))}, "
                f"but {types.unit_text(wanted.unit)} is declared",
                node.span,
                help="write the declared unit, or none: a bare amount takes the declared unit",
            )
            return None
        value = literal.value
    elif not wanted.is_money and _plain_fits(literal, wanted):
        value = literal.value  # type: ignore[attr-defined]
    else:
        _misfit(node, wanted, findings)
        return None
    value = -value if isinstance(node, t.Negative) else value
    return value if _within_type(node, value, wanted, findings) else None


def _plain_fits(literal: t.Expression, wanted: Type) -> bool:
    """Whether a literal without dollars fits; 0 and 1 may stand for 0% and 100%."""
    if wanted.share is Share.PERCENT:
        return isinstance(literal, t.Percent) or (isinstance(literal, t.Number) and literal.value in (0, exact.ONE))
    return isinstance(literal, t.Number)


def _within_type(node: t.Expression, value: int, wanted: Type, findings: Findings) -> bool:
    if value % 10 ** (exact.PLACES - wanted.places):
        places = "no decimal places" if wanted.places == 0 else f"{wanted.places} decimal places"
        as_fraction = " of the fraction (50% is 0.5)" if wanted.share is Share.PERCENT else ""
        findings.report(
            "MH345",
            f"`{node.span.text}` has more decimal places than {type_words(wanted)} keeps",
            node.span,
            help=f"the declared type has {places}{as_fraction}",
        )
        return False
    if (wanted.low is not None and value < wanted.low) or (wanted.high is not None and value > wanted.high):
        findings.report(
            "MH347",
            f"`{node.span.text}` is outside the declared bounds",
            node.span,
            help=bounds_help(wanted.low, wanted.high, wanted),
        )
        return False
    return True


def bounds_help(low: int | None, high: int | None, kind: Type) -> str:
    """The sentence that states inclusive bounds."""
    if low is not None and high is not None:
        return f"it must be from {value_text(low, kind)} to {value_text(high, kind)}, both included"
    if low is not None:
        return f"it must be at least {value_text(low, kind)}"
    return f"it must be at most {value_text(high or 0, kind)}"


def _misfit(node: t.Expression, wanted: Type, findings: Findings) -> None:
    examples = {
        Kind.YES_NO: "write `yes` or `no`",
        Kind.DATE: "write a day, as in `2011-05-01`",
        Kind.TEXT: 'write a text in quotes, as in `"north"`',
        Kind.CODE: f"write one of {', '.join(f'`{c}`' for c in wanted.codes[:6])}",
    }
    if wanted.is_money:
        help_text = "write an amount, as in `$2.50`"
    elif wanted.is_number:
        help_text = "write a percentage, as in `50%`" if wanted.share is Share.PERCENT else "write a number, as in `3`"
    else:
        help_text = examples.get(wanted.kind, "")
    findings.report("MH343", f"`{node.span.text}` is not {type_words(wanted)}", node.span, help=help_text)
