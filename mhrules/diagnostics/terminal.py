"""Findings for people at a terminal: sentence, place, snippet with underlines, notes and help."""

from __future__ import annotations

from collections.abc import Iterable

from mhrules.diagnostics.model import Diagnostic, Severity
from mhrules.diagnostics.snippet import Frame, Marks, Painter, add_marks, snippet, visible, wrap
from mhrules.source import Source

_SEVERITY_STYLES = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.NOTE: "1;36"}
_STYLES = {"strong": "1", "gutter": "1;34", "second": "1;34", "help": "1;32"}


def render(diagnostics: Iterable[Diagnostic], *, color: bool, width: int = 80) -> str:
    """The findings in the order given, then a line that counts them, without a line end; of no findings, nothing.

    Text is wrapped at `width` columns; a name or word longer than that is never broken.
    Characters that a terminal would obey or hide are spelled out.
    """
    found = tuple(diagnostics)
    if not found:
        return ""
    blocks = ["\n".join(_block(d, _painter(d.severity, color), width)) for d in found]
    return "\n\n".join([*blocks, summary(found)])


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """How many findings of each severity: `2 errors, 1 warning`; `no findings` if none."""
    severities = [d.severity for d in diagnostics]
    counts = [(severities.count(s), s.value) for s in Severity]
    return ", ".join(f"{n} {name}{'s' * (n != 1)}" for n, name in counts if n) or "no findings"


def _painter(severity: Severity, color: bool) -> Painter:
    """A function that puts an ANSI style on a text; underlines take the color of the severity."""
    styles = {**_STYLES, "first": _SEVERITY_STYLES[severity]}

    def paint(style: str, text: str) -> str:
        return f"\x1b[{styles[style]}m{text}\x1b[0m" if color else text

    return paint


def _block(d: Diagnostic, paint: Painter, width: int) -> list[str]:
    """The rows of one finding."""
    marked = _marked_sources(d)
    gutter = max((len(str(line)) for marks in marked.values() for line in marks), default=1)
    frame = Frame(gutter, width, paint)
    rows: list[str] = []
    for source, marks in marked.items():
        rows += [_arrow(_position(d, source, marks), bool(rows), frame), frame.bar, *snippet(source, marks, frame)]
        rows.append(frame.bar)
    if d.place is not None:
        rows.append(_arrow(visible(str(d.place)), bool(rows), frame))
    remarks = _remarks(d, frame)
    if rows and rows[-1] == frame.bar and not remarks:
        rows.pop()
    return [*_headline(d, paint, width), *rows, *remarks]


def _headline(d: Diagnostic, paint: Painter, width: int) -> list[str]:
    head = f"{d.severity.value}[{d.code}]"
    first, *others = wrap(d.message, width - len(head) - 1)
    indent = " " * (len(head) + 1)
    return [f"{paint('first', head)} {paint('strong', first)}", *(indent + paint("strong", row) for row in others)]


def _arrow(position: str, further: bool, frame: Frame) -> str:
    """The row that names a place, the first or a further one."""
    return f"{'':{frame.gutter}}{frame.paint('gutter', ':::' if further else '-->')} {position}"


def _marked_sources(d: Diagnostic) -> dict[Source, Marks]:
    """Every source that the finding speaks of, its own first, with the underlines in it."""
    marked: dict[Source, Marks] = {}
    if d.span is not None:
        add_marks(marked.setdefault(d.span.source, {}), d.span, d.label, primary=True)
    for label in d.related:
        add_marks(marked.setdefault(label.span.source, {}), label.span, label.text, primary=False)
    return marked


def _position(d: Diagnostic, source: Source, marks: Marks) -> str:
    """`file:line:column` of the finding itself, or of the first underline in another file."""
    if d.span is not None and d.span.source is source:
        return f"{visible(source.name)}:{d.span.line}:{d.span.column}"
    line = min(marks)
    return f"{visible(source.name)}:{line}:{min(m.start for m in marks[line]) + 1}"


def _remarks(d: Diagnostic, frame: Frame) -> list[str]:
    """The value found, unless the sentence already quotes it; then notes, then help."""
    remarks: list[tuple[str, str]] = []
    if d.place is not None and d.place.value is not None and d.place.value not in d.message:
        remarks.append(("value", d.place.value))
    remarks += [("note", text) for text in d.notes]
    remarks += [("help", text) for text in d.help]
    return [row for kind, text in remarks for row in _remark(kind, text, frame)]


def _remark(kind: str, text: str, frame: Frame) -> list[str]:
    """`= kind: text`, further lines aligned with the text."""
    lead = frame.gutter + len(f" = {kind}: ")
    first, *others = wrap(text, frame.width - lead)
    style = "help" if kind == "help" else "strong"
    head = f"{'':{frame.gutter}} {frame.paint('gutter', '=')} {frame.paint(style, kind)}: {first}".rstrip()
    return [head, *(f"{'':{lead}}{row}".rstrip() for row in others)]
