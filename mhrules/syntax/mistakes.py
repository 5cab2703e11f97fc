"""One sentence and one piece of advice for each kind of syntax mistake.

`explain` tries the special cases in the order of `_CASES`; what none of them knows is said in general words, from what
the parser would have taken.
"""

from __future__ import annotations

from collections.abc import Callable

from mhrules.classes import frozen
from mhrules.diagnostics.model import Diagnostic
from mhrules.diagnostics.registry import finding
from mhrules.diagnostics.snippet import visible
from mhrules.diagnostics.suggest import did_you_mean
from mhrules.source import Source, Span
from mhrules.syntax.contexts import CONTEXTS
from mhrules.syntax.lines import SEPARATOR
from mhrules.syntax.operands import closing_words, range_at, value_before
from mhrules.syntax.probe import END, starters, terminal_words
from mhrules.syntax.scan import Kind, Piece
from mhrules.syntax.usage import usage

VALUE = frozenset(["NAME", "INT", "MONEY", "LPAR"])
_VALUES = (
    "NAME INT DECIMAL MONEY PERCENT LPAR STRING DATE YES NO MINUS NOT IF CHOOSE BANDS BEST_OF SPLIT SHARE_OF BASELINE "
    "INTERPOLATE NUMBER_MET BILLED_BY AVERAGE"
)
VALUES = frozenset(_VALUES.split())
"""What a value can begin with."""
_FOLLOWING = (
    "AND OR AS ATTRIBUTED_AT_LEAST COMPARISON DEFAULT EQUAL FROM "
    "IN INCREASED KEPT MINUS OF PLUS ROUNDED SLASH STAR WHEN LPAR "
    "THE_SAME_FOR_EACH_PAYER ACROSS_PAYERS DURATION_UNIT PMPM PER"
)
FOLLOWING = frozenset(_FOLLOWING.split())
"""What can go on with a value."""
NOTES = frozenset(["CITE", "ASSUMED", "SET_BY"])
CLASSES = {
    "NAME": "a name",
    "STRING": "a text in quotes",
    "INT": "a whole number",
    "DECIMAL": "a number",
    "MONEY": "an amount such as `$5.50`",
    "PERCENT": "a percentage",
    "DATE": "a date such as `2012-01-01`",
    "COMPARISON": "a comparison",
    "MONTH_DAY": "a day such as `07-01`",
    "MONTH_NAME": "a month such as `2012-03`",
    "QUARTER_NAME": "a quarter such as `2012-Q1`",
    "FAULT_CODE": "a code such as `MH701`",
    "CATEGORY_CODE": "a code",
    "WORDS": "words",
}
SIGNS = {
    "==": "=",
    "&&": "and",
    "||": "or",
    "!": "not",
    "<>": "!=",
    "=>": ">=",
    "=<": "<=",
    ":=": "=",
}
FOREIGN_WORDS = {
    "true": "yes",
    "false": "no",
    "null": "missing",
    "none": "missing",
    "elif": "when",
    "elsif": "when",
    "xor": "or",
}
"""Words of other languages, and the word of this one."""
LOOKALIKES = {
    "“": '"',
    "”": '"',
    "„": '"',
    "«": '"',
    "»": '"',
    "‘": '"',
    "’": '"',
    "'": '"',
    "`": '"',
    "–": "-",
    "—": "-",
    "−": "-",
    "‐": "-",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "×": "*",
    "·": "*",
    "÷": "/",
    "…": "..",
    "‥": "..",
    "¢": "$0.01",
    "\u00a0": " ",
    "\u2009": " ",
    "\u202f": " ",
}
_QUOTES = frozenset("“”„«»‘’'`")


@frozen
class Trouble:
    """Where the parser stopped inside a clause.

    `found` is the piece that it could not take, None where the clause just ends; `before` is what
    stands in front of it; `clause` is the first piece of the clause (or of its row), `context` the kind of block.
    """

    source: Source
    context: str
    clause: Piece
    found: Piece | None
    before: Piece | None
    accepted: frozenset[str]
    first_on_line: bool

    def span(self, piece: Piece | None = None) -> Span:
        """Where a piece stands; without one, what was found or what the clause ends with."""
        chosen = piece or self.found or self.before or self.clause
        return Span(self.source, chosen.start, chosen.end)

    def takes(self, *terminals: str) -> bool:
        """Whether the parser would take any of these."""
        return any(t in self.accepted for t in terminals)

    @property
    def takes_equals(self) -> bool:
        """Whether a `=` belongs here that is no comparison."""
        return self.takes("EQUAL") and not self.takes("COMPARISON")

    @property
    def at_start(self) -> bool:
        """Whether the clause's very first word is the trouble."""
        return self.found is not None and self.found.start == self.clause.start

    def reads(self) -> tuple[str, ...]:
        """How the clause should read, as help."""
        shape = usage(self.context, self.clause.text)
        return (f"write it as `{shape}`",) if shape else ()


def explain(trouble: Trouble) -> Diagnostic:
    """The finding about one mistake."""
    for case in _CASES:
        found = case(trouble)
        if found is not None:
            return found
    return _in_general(trouble)


def missing_brace(source: Source, last: Piece, name: str) -> Diagnostic:
    """The finding about a clause whose block has no `{`; `last` is the last piece before it."""
    return finding(
        "MH102",
        f"expected `{{` after `{shown(last)}`",
        Span(source, last.start, last.end),
        help=f"what belongs to `{name}` stands between `{{` and `}}`",
    )


# ------------------------------------------------------------------------------------------ what is expected


def expected(accepted: frozenset[str]) -> list[str]:
    """What could stand here, in words, shortest list first; `value` stands for everything a value begins with."""
    rest = set(accepted) - NOTES - {END, SEPARATOR}
    phrases = []
    if rest >= VALUE:
        rest -= VALUES
        phrases.append("a value")
    words = terminal_words()
    if len(rest & FOLLOWING) > 4:
        rest = {t for t in rest - FOLLOWING if words.get(t) != ("+",)}
    for terminal in sorted(rest):
        spelled = words.get(terminal, ())
        phrases += [f"`{w}`" for w in spelled] if spelled else [CLASSES[terminal]] if terminal in CLASSES else []
    return sorted(dict.fromkeys(phrases), key=_order)


def _order(phrase: str) -> tuple[bool, str]:
    """Signs such as `:` first, then words in alphabetical order."""
    return (phrase.startswith("`") and phrase[1].isalpha(), phrase)


def one_of(phrases: list[str]) -> str:
    """`a`, `b` or `c`."""
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} or {phrases[-1]}"


def keywords(accepted: frozenset[str]) -> list[str]:
    """The words of the language that could stand here."""
    words = terminal_words()
    return [w for t in accepted for w in words.get(t, ()) if w[0].isalpha()]


def shown(piece: Piece) -> str:
    """A piece as a message quotes it: not too long, with nothing unseen."""
    text = piece.text if len(piece.text) <= 30 else piece.text[:27] + "..."
    return f"<U+{ord(text):04X}>" if text.isspace() and len(text) == 1 else visible(text)


# ------------------------------------------------------------------------------------------------- cases


def _unclosed_text(t: Trouble) -> Diagnostic | None:
    if t.found is None or t.found.kind is not Kind.OPEN_STRING:
        return None
    if '"' in t.found.text[1:] and "\\" in t.found.text:
        return finding(
            "MH103",
            "a backslash in a quoted text can only stand before a quotation mark or another backslash",
            t.span(),
            help="double the backslash, or leave it out",
        )
    return finding("MH102", "the quotation mark is never closed", t.span(), help='add the closing `"` on the same line')


def _stray(t: Trouble) -> Diagnostic | None:
    if t.found is None or (t.found.kind is not Kind.STRAY and t.found.text not in LOOKALIKES):
        return None
    char = t.found.text
    plain = LOOKALIKES.get(char)
    if char in _QUOTES:
        help_text = 'put texts between straight quotation marks, `"…"`'
    elif plain == " ":
        help_text = "replace it by a plain space"
    elif plain is not None:
        help_text = f"write `{plain}`"
    elif char.isalpha():
        help_text = "names are written with the letters a to z, digits and `_`"
    else:
        help_text = "remove it; only texts in quotes and comments may hold any character"
    return finding("MH103", f"`{shown(t.found)}` has no meaning here", t.span(), help=help_text)


def _number_style(t: Trouble) -> Diagnostic | None:
    return number_style(t.source, t.found) if t.found is not None else None


def number_style(source: Source, piece: Piece) -> Diagnostic | None:
    """The finding about `5,000`, `$.50` or `01/15/2012`; None for other pieces."""
    span = Span(source, piece.start, piece.end)
    if piece.kind is Kind.THOUSANDS:
        plain = piece.text.replace(",", "_")
        return finding(
            "MH107",
            f"`{piece.text}` has a comma inside the number",
            span,
            help=[f"write `{plain}`", "if two values are meant, put a space behind the comma"],
        )
    if piece.kind is Kind.BARE_CENTS:
        return finding(
            "MH107", f"`{piece.text}` has no digit before the point", span, help=f"write `$0{piece.text[1:]}`"
        )
    if piece.kind is Kind.US_DATE:
        month, day, year = piece.text.split("/")
        return finding(
            "MH107",
            f"`{piece.text}` is not written as a date is here",
            span,
            help=f"write year, month and day: `{year}-{int(month):02}-{int(day):02}`",
        )
    return None


def _foreign_sign(t: Trouble) -> Diagnostic | None:
    if t.found is None or t.found.text not in SIGNS or t.found.kind is not Kind.SIGN:
        return None
    plain = SIGNS[t.found.text]
    return finding("MH108", f"`{t.found.text}` is not a sign of this language", t.span(), help=f"write `{plain}`")


def _foreign_word(t: Trouble) -> Diagnostic | None:
    if t.found is None or t.found.kind is not Kind.WORD:
        return None
    word, before = t.found.text, t.before
    number = before is not None and before.kind is Kind.NUMBER
    if number and before is not None and word.lower() in ("percent", "pct"):
        return finding("MH108", f"`{word}` is not a word of this language", t.span(), help=f"write `{before.text}%`")
    if number and before is not None and word.lower() in ("dollar", "dollars", "usd"):
        amount = before.text.lstrip("$")
        return finding("MH108", f"`{word}` is not a word of this language", t.span(), help=f"write `${amount}`")
    if word in ("else", "default") and t.takes("OTHERWISE"):
        return finding("MH108", f"`{word}` is not a row", t.span(), help="write the last row as `otherwise : VALUE`")
    plain = FOREIGN_WORDS.get(word.lower())
    if (
        plain is None
        and word.lower() != word
        and word.lower() in ("and", "or", "not", "if", "then", "else", "yes", "no")
    ):
        plain = word.lower()
    if plain is None:
        return None
    return finding("MH108", f"`{word}` is not a word of this language", t.span(), help=f"write `{plain}`")


def _same_line(t: Trouble) -> Diagnostic | None:
    """A clause that starts behind another one on the same line."""
    if t.found is None or t.first_on_line or t.at_start or t.found.kind is not Kind.WORD or not t.takes("_SEP"):
        return None
    if t.context in ("columns", "values"):
        return finding(
            "MH104",
            f"`{shown(t.found)}` starts a new fact and must stand on its own line",
            t.span(),
            help=(f"begin a new line before `{shown(t.found)}`, or write `;` there", *t.reads()),
        )
    if t.found.text not in starters(t.context):
        return None
    return finding(
        "MH104",
        f"`{t.found.text}` starts a new clause and must stand on its own line",
        t.span(),
        help=f"begin a new line before `{t.found.text}`, or write `;` there",
    )


def _unknown_clause(t: Trouble) -> Diagnostic | None:
    """The first word of a clause is none of the words that can start one here."""
    known = starters(t.context)
    if not t.at_start or t.found is None or not known or t.found.text in known:
        return None
    word = t.found.text
    title = CONTEXTS[t.context].title
    meant = did_you_mean(word, known) if t.found.kind is Kind.WORD else None
    elsewhere = [c.title for name, c in CONTEXTS.items() if word in starters(name) and name != "form"]
    if word in ("define", "let"):
        other = "let" if word == "define" else "define"
        advice = f"write `{other}` here" if other in known else f"move it into {one_of(elsewhere)}"
        return finding("MH109", f"`{word}` cannot stand in {title}", t.span(), help=advice)
    if elsewhere:
        return finding(
            "MH109", f"`{word}` cannot stand in {title}", t.span(), help=f"it belongs in {one_of(elsewhere)}"
        )
    if meant:
        return finding(
            "MH109", f"no clause of {title} starts with `{shown(t.found)}`", t.span(), help=f"did you mean `{meant}`?"
        )
    listed = one_of([f"`{w}`" for w in sorted(known)])
    return finding(
        "MH109",
        f"no clause of {title} starts with `{shown(t.found)}`",
        t.span(),
        help=f"clauses here start with {listed}",
    )


def _bad_name(t: Trouble) -> Diagnostic | None:
    if t.found is None or t.found.kind is not Kind.WORD or not t.found.text.startswith("_"):
        return None
    return finding("MH101", f"`{shown(t.found)}` is not a name", t.span(), help="start a name with a letter")


def _missing_title(t: Trouble) -> Diagnostic | None:
    if t.found is None or not t.takes("STRING") or t.takes("NAME") or t.found.text in {":", "{", "="}:
        return None
    if t.found.kind not in (Kind.WORD, Kind.NUMBER):
        return None
    meant = did_you_mean(t.found.text, keywords(t.accepted))
    if meant is not None:
        return None
    return finding(
        "MH101",
        f"expected a text in quotes, found `{shown(t.found)}`",
        t.span(),
        help=('put it between straight quotation marks, `"…"`', *t.reads()),
    )


def _unit(t: Trouble) -> Diagnostic | None:
    if t.found is None or not t.takes("UNIT_WORD") or t.before is None or t.before.text != "per":
        return None
    units = list(terminal_words()["UNIT_WORD"])
    meant = did_you_mean(t.found.text, units)
    listed = one_of([f"`per {u}`" for u in units])
    advice = [f"did you mean `per {meant}`?"] if meant else []
    return finding(
        "MH101",
        f"`per {shown(t.found)}` is not a unit",
        t.span(),
        help=[*advice, f"an amount can be `pmpm`, {listed}"],
    )


def _type(t: Trouble) -> Diagnostic | None:
    if t.found is None or not t.takes("WORD_TYPE"):
        return None
    return finding(
        "MH101",
        f"expected a type, found `{shown(t.found)}`",
        t.span(),
        help="a type is `$`, `%`, `number`, `integer`, `yes/no`, `date`, `text`, a list `{ a, b }` or a declared name",
    )


def _instead_of(t: Trouble) -> Diagnostic | None:
    """`:` where `=` belongs, `=` where `:` belongs."""
    if t.found is None or t.found.text not in (":", "=") or t.takes("_SEP"):
        return None
    wanted = "=" if t.found.text == ":" else ":"
    if not (t.takes_equals if wanted == "=" else t.takes("COLON")):
        return None
    return finding(
        "MH101", f"expected `{wanted}`, found `{t.found.text}`", t.span(), help=t.reads() or f"write `{wanted}`"
    )


def _missing_sign(t: Trouble) -> Diagnostic | None:
    """`:` or `=` left out."""
    if t.found is None or t.takes("_SEP"):
        return None
    if t.found.kind is Kind.SIGN and t.found.text not in ("{", "(", "-", "$", "%"):
        return None
    wanted = ":" if t.takes("COLON") else "=" if t.takes_equals else None
    if wanted is None or t.takes("NAME"):
        return None
    if t.found.kind is Kind.WORD and did_you_mean(t.found.text, keywords(t.accepted)):
        return None
    row = {"when": "when CONDITION : VALUE", "otherwise": "otherwise : VALUE", "below": "below VALUE : VALUE"}
    shape = row.get(t.clause.text)
    advice = (f"write it as `{shape}`",) if shape else t.reads()
    return finding("MH101", f"expected `{wanted}` before `{shown(t.found)}`", t.span(), help=advice)


def _chained(t: Trouble) -> Diagnostic | None:
    if t.found is None or t.found.text not in ("<", "<=", ">", ">=", "=", "!=") or not t.takes("AND"):
        return None
    return finding(
        "MH101",
        f"`{t.found.text}` cannot follow a comparison",
        t.span(),
        help="compare twice, as in `0 < a and a < 10`, or write `a from 0 to 10`",
    )


def _in_range(t: Trouble) -> Diagnostic | None:
    """`n in 1 to 5`."""
    if t.found is None or t.before is None or t.before.text != "in":
        return None
    ends = range_at(t.source, t.before.start)
    if ends is None:
        return None
    value = value_before(t.source, t.clause.start, t.before.start)
    message = f"expected a list or a value set after `in`, found `{shown(t.found)}`"
    advice = f"write a range with `from` and `to`: `{value} from {ends[0]} to {ends[1]}`"
    return finding("MH101", message, t.span(), help=advice)


def _closed_value(t: Trouble) -> Diagnostic | None:
    """`x by month + y`: words such as `by month` close the whole value in front of them."""
    if t.found is None or t.found.text not in ("+", "-", "*", "/"):
        return None
    words = closing_words(t.source, t.clause.start, t.found.start)
    if words is None:
        return None
    value = value_before(t.source, t.clause.start, t.found.start)
    meant = f"({value if value != '…' else f'… {words}'}) {t.found.text} …"
    advice = f"put the value with its `{words}` in parentheses: `{meant}`"
    return finding("MH101", f"`{t.found.text}` cannot follow `{words}`", t.span(), help=advice)


def _misspelt(t: Trouble) -> Diagnostic | None:
    """A word close to one that could stand here."""
    if t.found is None or t.found.kind is not Kind.WORD:
        return None
    if len(t.found.text) < 3:
        return None
    phrases = keywords(t.accepted)
    firsts = {p.split()[0]: p for p in sorted(phrases, reverse=True)}
    same = firsts.get(t.found.text)
    meant = same if same and " " in same else did_you_mean(t.found.text, firsts)
    if meant is None:
        return None
    meant = firsts.get(meant, meant)
    message = f"`{shown(t.found)}` cannot stand here"
    return finding("MH101", message, t.span(), help=(f"did you mean `{meant}`?", *t.reads()))


def _too_early(t: Trouble) -> Diagnostic | None:
    """The clause ends where something is still needed."""
    if t.found is not None and t.found.text != "}":
        return None
    if t.before is None or (t.found is not None and t.before.text in ("{", ";")):
        return None
    phrases = expected(t.accepted)
    if not phrases:
        return None
    what = one_of(phrases) if len(phrases) <= 4 else "more"
    return finding("MH101", f"expected {what} after `{shown(t.before)}`", t.span(t.before), help=t.reads())


def _after_value(t: Trouble) -> Diagnostic | None:
    """Something behind a complete value that does not go on with it."""
    if t.found is None or len(t.accepted & FOLLOWING) <= 4:
        return None
    rest = expected(t.accepted)
    message = f"`{shown(t.found)}` cannot follow a value here"
    if rest and len(rest) <= 4 and not t.takes("_SEP"):
        message = f"expected {one_of(rest)}, found `{shown(t.found)}`"
    if t.found.kind in (Kind.WORD, Kind.NUMBER, Kind.STRING) or t.found.text in ("(", "{"):
        advice = ("put an operator such as `+`, `*`, `of` or `and` between, or end the clause before it", *t.reads())
        return finding("MH101", message, t.span(), help=advice)
    return finding("MH101", message, t.span(), help=t.reads())


_RESERVED = frozenset("if not choose bands split baseline interpolate average number share yes no".split())


def _reserved(t: Trouble) -> Diagnostic | None:
    """A reserved word where a name was meant."""
    if t.before is None or t.found is None or t.before.text not in _RESERVED:
        return None
    if t.found.kind is not Kind.SIGN or t.found.text in ("(", "{", "-"):
        return None
    phrases = expected(t.accepted)
    what = f"expected {one_of(phrases)}" if 0 < len(phrases) <= 4 else "more must stand"
    word = t.before.text
    return finding(
        "MH101",
        f"{what} after `{word}`",
        t.span(t.before),
        help=f"`{word}` is a reserved word and cannot be a name",
    )


def _row_start(t: Trouble) -> Diagnostic | None:
    """A row of a `choose` or of `bands` that starts with something else."""
    words = set(keywords(t.accepted))
    if t.found is None or "otherwise" not in words or len(words) > 2:
        return None
    first = "below" if "below" in words else "when"
    if first not in words:
        return None
    shape = "below VALUE : VALUE" if first == "below" else "when CONDITION : VALUE"
    return finding(
        "MH101",
        f"expected `{first}` or `otherwise`, found `{shown(t.found)}`",
        t.span(),
        help=f"write each row as `{shape}`, the last one perhaps as `otherwise : VALUE`",
    )


def _refresh_first(t: Trouble) -> Diagnostic | None:
    """`attribution` without its first clause."""
    if t.context != "attribution" or not t.at_start or not t.takes("EVERY"):
        return None
    return finding(
        "MH101",
        "`attribution` must begin with how often it is refreshed",
        t.span(),
        help="write `every month` or `every quarter` above this",
    )


_CASES: tuple[Callable[[Trouble], Diagnostic | None], ...] = (
    _unclosed_text,
    _stray,
    _number_style,
    _foreign_sign,
    _foreign_word,
    _same_line,
    _unknown_clause,
    _bad_name,
    _refresh_first,
    _row_start,
    _reserved,
    _too_early,
    _unit,
    _instead_of,
    _missing_title,
    _missing_sign,
    _type,
    _chained,
    _in_range,
    _closed_value,
    _misspelt,
    _after_value,
)


def _in_general(t: Trouble) -> Diagnostic:
    """What could stand here, or that this cannot."""
    phrases = expected(t.accepted)
    if t.found is None:
        return finding("MH101", "the clause ends too early", t.span(), help=t.reads())
    if 0 < len(phrases) <= 4:
        return finding("MH101", f"expected {one_of(phrases)}, found `{shown(t.found)}`", t.span(), help=t.reads())
    if t.reads():
        return finding("MH101", f"`{shown(t.found)}` cannot stand here", t.span(), help=t.reads())
    some = [f"here can stand {one_of(phrases[:8])}"] if phrases else []
    return finding("MH101", f"`{shown(t.found)}` cannot stand here", t.span(), help=some)
