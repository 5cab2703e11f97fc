"""Every code that mhrules can report, in one table.

To add a code, add one line to `_TABLE`, in order of the codes:

    ("MH203", "slug-in-kebab-case", Severity.ERROR, "one lower-case sentence without a full stop"),

and write its page `docs/errors/MH203.md`, whose first line is `# MH203: ` and the same sentence (tests hold both).
A code, once released, keeps its number, its slug and its meaning; a retired number is never used again.
Ranges: MH0xx files and limits, MH1xx syntax, MH2xx names and structure, MH3xx types, units and grain, MH4xx time and
analyses, MH5xx contracts onto programs, MH6xx data and binding, MH7xx faults when running, MH9xx not yet and internal.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from mhrules.diagnostics.model import DataPlace, Diagnostic, Label, Severity
from mhrules.source import Span


@frozen
class CodeInfo:
    """What is known of a code: its number, its slug (`unknown-name`), how much it matters, and its title."""

    code: str
    name: str
    severity: Severity
    title: str


_TABLE: tuple[tuple[str, str, Severity, str], ...] = (
    ("MH001", "unreadable-file", Severity.ERROR, "file cannot be read"),
    ("MH002", "not-utf-8", Severity.ERROR, "file is not UTF-8 text"),
    ("MH003", "not-nfc", Severity.ERROR, "text is not in Unicode form NFC"),
    ("MH004", "control-character", Severity.ERROR, "bidirectional or control character"),
    ("MH005", "wrong-first-line", Severity.ERROR, "first line is not `mhrules 1`"),
    ("MH006", "import-outside-root", Severity.ERROR, "import leaves the program's root"),
    ("MH007", "text-too-large", Severity.ERROR, "text is too large or nested too deeply"),
    ("MH008", "broken-import", Severity.ERROR, "import cycle or missing import"),
    ("MH101", "unexpected-word", Severity.ERROR, "unexpected word or sign"),
    ("MH102", "unclosed-bracket", Severity.ERROR, "unclosed bracket"),
    ("MH103", "stray-character", Severity.ERROR, "stray character"),
    ("MH104", "clause-not-on-its-own-line", Severity.ERROR, "clause does not start on its own line"),
    ("MH105", "not-a-calendar-day", Severity.ERROR, "date is not a day of the calendar"),
    ("MH106", "too-many-digits", Severity.ERROR, "number has too many digits"),
    ("MH107", "number-or-date-in-another-style", Severity.ERROR, "number or date is written in another style"),
    ("MH108", "word-of-another-language", Severity.ERROR, "word or sign of another language"),
    ("MH109", "clause-out-of-place", Severity.ERROR, "clause is unknown or stands in the wrong place"),
    ("MH110", "line-begins-inside-a-clause", Severity.ERROR, "line begins in the middle of a clause"),
    ("MH201", "unknown-name", Severity.ERROR, "unknown name"),
    ("MH202", "name-declared-twice", Severity.ERROR, "name declared twice"),
    ("MH203", "built-in-name", Severity.ERROR, "built-in name declared again"),
    ("MH204", "no-program", Severity.ERROR, "no program among the files"),
    ("MH205", "several-programs", Severity.ERROR, "more than one program among the files"),
    ("MH206", "missing-clause", Severity.ERROR, "required clause is missing"),
    ("MH207", "repeated-clause", Severity.ERROR, "clause stands twice"),
    ("MH209", "participant-word-clash", Severity.ERROR, "word for the participant means something else"),
    ("MH210", "year-within-a-month", Severity.ERROR, "year does not begin with a month"),
    ("MH211", "unfit-fact", Severity.ERROR, "fact does not fit the clause that names it"),
    ("MH212", "no-basis", Severity.ERROR, "payment has no basis"),
    ("MH213", "two-bases", Severity.ERROR, "payment has two bases"),
    ("MH214", "no-pays", Severity.ERROR, "payment says nowhere what it pays"),
    ("MH215", "missing-form", Severity.ERROR, "form of a payment is missing"),
    ("MH216", "unlisted-form", Severity.ERROR, "form is not among those the payment is payable as"),
    ("MH217", "unfit-clause-in-payment", Severity.ERROR, "clause does not fit the payment"),
    ("MH218", "fixed-without-value", Severity.ERROR, "fixed parameter without a value"),
    ("MH219", "unusable-rounding", Severity.ERROR, "rounding does not say cents or dollars and a mode"),
    ("MH220", "reversed-term", Severity.ERROR, "term ends before it begins"),
    ("MH221", "too-few-payers", Severity.ERROR, "more payers required than declared"),
    ("MH222", "unfit-baseline", Severity.ERROR, "baseline years and weights do not fit"),
    ("MH223", "more-than-listed", Severity.ERROR, "more asked for than listed"),
    ("MH224", "dated-by-period", Severity.ERROR, "dated facts keyed by a period"),
    ("MH341", "unknown-type", Severity.ERROR, "unknown type"),
    ("MH342", "code-listed-twice", Severity.ERROR, "code listed twice"),
    ("MH343", "value-of-another-kind", Severity.ERROR, "value is not of the declared kind"),
    ("MH344", "value-in-another-unit", Severity.ERROR, "value is not in the declared unit"),
    ("MH345", "too-many-places", Severity.ERROR, "more decimal places than are kept"),
    ("MH346", "reversed-bounds", Severity.ERROR, "bounds are reversed"),
    ("MH347", "value-outside-bounds", Severity.ERROR, "value outside the declared bounds"),
    ("MH348", "values-out-of-order", Severity.ERROR, "values of a parameter out of order"),
    ("MH349", "date-outside-term", Severity.ERROR, "date outside the term"),
    ("MH420", "open-case", Severity.ERROR, "case that no row decides"),
    ("MH428", "overlapping-rows", Severity.ERROR, "two rows apply to one case"),
    ("MH429", "dead-row", Severity.ERROR, "row can never apply"),
    ("MH430", "undecidable-rows", Severity.ERROR, "rows compare values that both vary"),
    ("MH431", "unused-value-set", Severity.WARNING, "value set is never used"),
    ("MH432", "unused-payee", Severity.WARNING, "payee is never used"),
    ("MH433", "unused-key", Severity.WARNING, "key is never used"),
    ("MH434", "unused-definition", Severity.ERROR, "definition is never used"),
    ("MH435", "unused-fact", Severity.WARNING, "fact is never used"),
    ("MH441", "amount-without-authority", Severity.ERROR, "amount is the same for all payers without an authority"),
    ("MH442", "terms-for-one-payer", Severity.ERROR, "terms for one payer in a shared program"),
    ("MH443", "coarse-total", Severity.ERROR, "total would be paid several times"),
    ("MH444", "payment-cycle", Severity.ERROR, "payments wait for each other's totals"),
    ("MH461", "undeclared-downside", Severity.ERROR, "payment can come out negative without `downside`"),
    ("MH462", "needless-downside", Severity.WARNING, "payment with `downside` can never be negative"),
    ("MH463", "too-many-digits-needed", Severity.ERROR, "number could need more than 38 digits"),
    ("MH471", "too-many-cases", Severity.ERROR, "rows tell too many cases apart"),
    ("MH472", "missing-value-tested", Severity.ERROR, "row tests a value that may be missing"),
    ("MH473", "decided-condition", Severity.WARNING, "gate or requirement is decided beforehand"),
    ("MH474", "unowed-payment", Severity.WARNING, "no payer owes the payment"),
    ("MH475", "deadline-after-term", Severity.WARNING, "deadline lies beyond the term"),
    ("MH476", "value-never-in-force", Severity.WARNING, "value of a parameter is never in force"),
    ("MH477", "conflicting-limits", Severity.WARNING, "cap lies below the floor"),
    ("MH478", "looser-requirement", Severity.ERROR, "contract's requirement is looser than the program's"),
    ("MH501", "contract-under-another-program", Severity.ERROR, "contract under another program"),
    ("MH502", "contract-under-another-edition", Severity.ERROR, "contract under another edition"),
    ("MH503", "two-contracts-by-one-payer", Severity.ERROR, "payer has two contracts"),
    ("MH505", "contract-without-date", Severity.ERROR, "contract does not say when it begins"),
    ("MH506", "set-of-fixed-parameter", Severity.ERROR, "contract sets a fixed parameter"),
    ("MH507", "set-outside-bounds", Severity.ERROR, "contract sets a value outside the open bounds"),
    ("MH508", "set-too-early", Severity.ERROR, "contract sets a value from before its payer owes"),
    ("MH509", "set-twice", Severity.ERROR, "contract sets two values from one date"),
    ("MH510", "blank-in-owed-month", Severity.ERROR, "open parameter without a value in an owed month"),
    ("MH511", "displaced-by-a-set", Severity.WARNING, "later value of the program does not count"),
    ("MH512", "decline-of-fixed-payment", Severity.ERROR, "contract declines a payment that is not optional"),
    ("MH513", "declined-twice", Severity.ERROR, "payment declined twice"),
    ("MH514", "decline-without-reason", Severity.ERROR, "payment declined without a reason"),
    ("MH515", "unknown-form", Severity.ERROR, "payment is not payable in this form"),
    ("MH516", "no-forms", Severity.ERROR, "payment is not payable in several forms"),
    ("MH517", "form-not-chosen", Severity.ERROR, "contract does not choose a form"),
    ("MH518", "measure-not-in-menu", Severity.ERROR, "chosen measure is not in a menu"),
    ("MH519", "too-few-measures", Severity.ERROR, "too few measures chosen"),
    ("MH520", "requirement-not-open", Severity.ERROR, "contract has a requirement that the program does not allow"),
    ("MH521", "credit-with-other-keys", Severity.ERROR, "credit reads a fact under other keys"),
    ("MH522", "credit-below-zero", Severity.ERROR, "credit would add to what is owed"),
    ("MH523", "clause-not-open", Severity.ERROR, "contract decides what the program fixes"),
    ("MH524", "credit-not-in-dollars", Severity.ERROR, "credit reads a fact that is not dollars"),
    ("MH525", "contract-after-term", Severity.ERROR, "contract begins after the term"),
    ("MH526", "measure-chosen-twice", Severity.ERROR, "measure chosen twice"),
    ("MH601", "data-not-found", Severity.ERROR, "data cannot be found or opened"),
    ("MH602", "missing-table", Severity.ERROR, "data of a table is missing"),
    ("MH603", "table-twice", Severity.ERROR, "table is there twice"),
    ("MH604", "unreadable-data", Severity.ERROR, "data file cannot be read"),
    ("MH605", "link-out-of-the-folder", Severity.ERROR, "data file lies outside the data folder"),
    ("MH606", "data-not-utf-8", Severity.ERROR, "data file is not UTF-8 text"),
    ("MH607", "nul-character-in-data", Severity.ERROR, "data file holds a NUL character"),
    ("MH608", "broken-csv", Severity.ERROR, "line breaks the rules of CSV"),
    ("MH609", "ragged-row", Severity.ERROR, "row has too many or too few cells"),
    ("MH610", "duplicate-header", Severity.ERROR, "column name in the header is empty or stands twice"),
    ("MH611", "missing-column", Severity.ERROR, "column that the program reads is missing"),
    ("MH612", "unread-column", Severity.WARNING, "column is not read"),
    ("MH613", "unread-file", Severity.WARNING, "file in the data folder is not read"),
    ("MH614", "empty-file", Severity.ERROR, "data file is empty"),
    ("MH615", "unknown-table-given", Severity.ERROR, "given table or column is not in the program"),
    ("MH620", "wrong-kind", Severity.ERROR, "value is not of the column's kind"),
    ("MH621", "too-many-decimal-places", Severity.ERROR, "value has too many digits"),
    ("MH622", "value-out-of-bounds", Severity.ERROR, "value is out of bounds"),
    ("MH623", "unknown-code-in-data", Severity.ERROR, "unknown code"),
    ("MH624", "empty-cell", Severity.ERROR, "cell is empty where a value is needed"),
    ("MH625", "blanks-around-value", Severity.ERROR, "value has blanks around it"),
    ("MH626", "binary-fraction", Severity.ERROR, "column holds binary floating-point numbers"),
    ("MH627", "number-with-signs", Severity.ERROR, "number is written with separators or signs"),
    ("MH628", "control-character-in-data", Severity.ERROR, "text holds a control character"),
    ("MH629", "rounded-cells", Severity.NOTE, "digits were rounded as the binding says"),
    ("MH630", "duplicate-key", Severity.ERROR, "key stands twice"),
    ("MH631", "overlapping-spans", Severity.ERROR, "spans of one key overlap"),
    ("MH632", "span-runs-backwards", Severity.ERROR, "span ends before it begins"),
    ("MH633", "orphan-row", Severity.ERROR, "participant is not in the roster table"),
    ("MH640", "unreadable-binding", Severity.ERROR, "binding cannot be read"),
    ("MH641", "unknown-binding-key", Severity.ERROR, "unknown key in the binding"),
    ("MH642", "wrong-binding-value", Severity.ERROR, "value in the binding is not allowed"),
    ("MH643", "binding-names-nothing", Severity.ERROR, "binding names what is not in the program"),
    ("MH644", "binding-does-not-fit", Severity.ERROR, "rule of the binding does not fit"),
    ("MH645", "pattern-matches-nothing", Severity.WARNING, "pattern of the binding matches no file"),
    ("MH650", "missing-package", Severity.ERROR, "package for data frames is not installed"),
    ("MH651", "not-a-frame", Severity.ERROR, "data frame cannot be read"),
    ("MH701", "no-row-for-a-fact", Severity.ERROR, "fact is demanded and has no row"),
    ("MH702", "missing-value-used", Severity.ERROR, "missing value is used"),
    ("MH703", "blank-parameter-demanded", Severity.ERROR, "parameter is demanded where it is blank"),
    ("MH704", "zero-divisor", Severity.ERROR, "divisor is zero"),
    ("MH705", "number-too-large", Severity.ERROR, "number needs more than 38 digits"),
    ("MH706", "negative-without-downside", Severity.ERROR, "negative amount in a payment without `downside`"),
    ("MH707", "split-without-weight", Severity.ERROR, "split has a negative weight, or none that is positive"),
    ("MH708", "no-row-applies", Severity.ERROR, "no row of a choice applies"),
    ("MH709", "negative-credit", Severity.ERROR, "credit is negative"),
    ("MH720", "invariant-fails", Severity.ERROR, "invariant does not hold"),
    ("MH730", "year-outside-the-term", Severity.ERROR, "year lies outside the term"),
    ("MH731", "nobody-to-settle", Severity.WARNING, "no participant has facts in the year"),
    ("MH732", "output-cannot-be-written", Severity.ERROR, "output cannot be written"),
    ("MH901", "not-yet", Severity.ERROR, "not yet supported"),
    ("MH999", "internal-error", Severity.ERROR, "internal error"),
)

CODES: dict[str, CodeInfo] = {row[0]: CodeInfo(*row) for row in _TABLE}


def finding(
    code: str,
    message: str,
    span: Span | None = None,
    *,
    label: str = "",
    related: Iterable[Label] = (),
    notes: str | Iterable[str] = (),
    help: str | Iterable[str] = (),
    place: DataPlace | None = None,
) -> Diagnostic:
    """The finding of a registered code; its severity is the code's. `notes` and `help` may be one text or several.

    Raises:
        KeyError: the code is not registered.
    """
    return Diagnostic(
        code=code,
        message=message,
        span=span,
        label=label,
        related=tuple(related),
        notes=_texts(notes),
        help=_texts(help),
        place=place,
        severity=CODES[code].severity,
    )


def _texts(texts: str | Iterable[str]) -> tuple[str, ...]:
    """One text as a tuple; an empty one as none."""
    if isinstance(texts, str):
        return (texts,) if texts else ()
    return tuple(texts)
