"""Value sets from files: their codes in the plan and the manifest, and every way to get the file wrong."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

import mhrules
from mhrules.compiler import Compilation
from mhrules.diagnostics.model import Diagnostic
from mhrules.plan import ir

TEXT = """mhrules 1
program pilot "Pilot" edition "1" {
  term 2011-01-01 to 2013-12-31
  rounding to cents half up
  months count when attributed and enrolled on day 1
  convening {
    authority "Law"
    payer aetna "Aetna"
  }
  facts of practice {
    site : text "Site"
  }
  valueset office from "valuesets/office.csv"
  valueset few = { "1", "2" }
  payment care "Care" {
    per practice per year
    gate sited "Sited" : site in office or site in few
    pays $1
  }
}
"""


def compiled(folder: Path, content: str | bytes | None, text: str = TEXT) -> Compilation:
    """The program beside a file of codes; None: there is no such file."""
    (folder / "pilot.mh").write_text(text, encoding="utf-8")
    (folder / "valuesets").mkdir(exist_ok=True)
    if content is not None:
        raw = content if isinstance(content, bytes) else content.encode()
        (folder / "valuesets" / "office.csv").write_bytes(raw)
    return Compilation(folder)


def findings(folder: Path, content: str | bytes | None) -> list[Diagnostic]:
    return [d for d in compiled(folder, content).findings if d.code in ("MH001", "MH002", "MH006", "MH009", "MH612")]


def sets_of(compilation: Compilation) -> list[tuple[ir.Value, ...]]:
    """The fixed sets that the plan asks of."""
    roots = [q.expression for q in compilation.plan.quantities]
    for payment in compilation.plan.payments.values():
        roots += [gate.condition for form in payment.forms.values() for gate in form.gates]
    return [node.values for root in roots for node in root.walk() if isinstance(node, ir.OneOf)]


def test_the_codes_of_a_file_are_in_the_plan(tmp_path: Path) -> None:
    made = compiled(tmp_path, '\ufeffcode,system,description\r\n0450,rev,"Room, emergency"\r\n99213,hcpcs,Visit\r\n')
    assert made.program is not None and made.findings is not None
    assert made.program.valueset_codes == {"office": ("0450", "99213"), "few": ("1", "2")}
    assert ("0450", "99213") in sets_of(made)


def test_one_code_of_two_systems_is_one_code(tmp_path: Path) -> None:
    made = compiled(tmp_path, "code,system\n1,a\n1,b\n")
    assert made.program is not None and made.program.valueset_codes["office"] == ("1",)


def test_the_file_is_among_the_texts_with_its_hash(tmp_path: Path) -> None:
    content = "code\r\n1\r\n"
    sources = {source.name: source.sha256 for source in compiled(tmp_path, content).sources}
    assert sources["valuesets/office.csv"] == hashlib.sha256(content.encode()).hexdigest()
    assert "pilot.mh" in sources


@pytest.mark.parametrize(
    ("content", "code", "line", "message"),
    [
        (None, "MH001", None, "`valuesets/office.csv` does not exist"),
        (b"code\n\xed\n", "MH002", 2, "`valuesets/office.csv` is not UTF-8 text"),
        ("Code\n1\n", "MH009", 1, "value set file `valuesets/office.csv` has no column `code`"),
        ("", "MH009", 1, "value set file `valuesets/office.csv` has no column `code`"),
        ("code\n", "MH009", None, "value set file `valuesets/office.csv` holds no code"),
        ("code\n1\n2\n1\n", "MH009", 4, "code `1` stands twice, first on line 2"),
        ("code,code\n1,1\n", "MH009", 1, "column `code` stands twice in `valuesets/office.csv`"),
        ("code,description\n1\n", "MH009", 2, "row has 1 cell, but the header has 2"),
        ("code\n 1\n", "MH009", 2, "code ` 1` has blanks around it or unseen characters"),
        ("code,description\n,nothing\n", "MH009", 2, "code is empty"),
        ('code\n"1\n', "MH009", None, None),
    ],
)
def test_mistakes(tmp_path: Path, content: str | bytes | None, code: str, line: int | None, message: str) -> None:
    found = findings(tmp_path, content)
    assert [d.code for d in found] == [code]
    assert message is None or found[0].message == message
    assert found[0].span is not None and found[0].span.text == '"valuesets/office.csv"'
    assert (found[0].place.line if found[0].place else None) == line


def test_a_column_of_another_name_is_told(tmp_path: Path) -> None:
    found = findings(tmp_path, "code,note\n1,x\n")
    assert [(d.code, d.place.column if d.place else "") for d in found] == [("MH612", "note")]


def test_no_file_outside_the_program_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "program"
    folder.mkdir()
    (tmp_path / "office.csv").write_text("code\n1\n")
    found = compiled(folder, None, TEXT.replace("valuesets/office.csv", "../office.csv")).findings
    assert "MH006" in [d.code for d in found]


def test_thousands_of_codes(tmp_path: Path) -> None:
    codes = [f"{number:06d}" for number in range(20_000)]
    made = compiled(tmp_path, "code\n" + "".join(f"{code}\n" for code in codes))
    assert not [d for d in made.findings if d.severity.value == "error"]
    assert tuple(codes) in sets_of(made)


def test_a_settlement_asks_for_the_codes_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "program").mkdir()
    compiled(tmp_path / "program", "code\n0450\n")
    program = mhrules.load(tmp_path / "program")
    roster = [{"practice_id": name, "site": site} for name, site in (("p1", "0450"), ("p2", "450"), ("p3", "2"))]
    settled = mhrules.settle(program, mhrules.Data.from_rows(program, {"practice": roster}), 2011)
    assert [(p.practice, str(p.amount)) for p in settled.postings] == [("p1", "1.00"), ("p2", "0.00"), ("p3", "1.00")]
    settled.write(tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert [text["file"] for text in manifest["texts"]] == ["pilot.mh", "valuesets/office.csv"]
