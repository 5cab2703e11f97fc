"""Rule files from disk: what is refused, how imports are followed, and that nothing outside of the root is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhrules.diagnostics.model import Diagnostic, DiagnosticError
from mhrules.files import LARGEST, load_files, read_source, read_under_root

PROGRAM = 'mhrules 1\nprogram p "P" edition "1" {\n  define x = 1\n}\n'


def refused(path: Path) -> Diagnostic:
    with pytest.raises(DiagnosticError) as error:
        read_source(path, path.parent)
    (found,) = error.value.diagnostics
    return found


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def test_a_text_is_read_as_it_is(tmp_path: Path) -> None:
    source = read_source(write(tmp_path, "sub/a.mh", PROGRAM + "# é\n"), tmp_path)
    assert (source.name, source.text) == ("sub/a.mh", PROGRAM + "# é\n")


@pytest.mark.parametrize(
    ("content", "code", "underlined", "message"),
    [
        ("a\r\nb\r\n", "MH004", "\r", "line ends must be LF, not CR or CR LF"),
        ("a \u202e b", "MH004", "\u202e", "unseen character U+202E right-to-left override"),
        ("a \x00 b", "MH004", "\x00", "unseen character U+0000"),
        ("\ufeffmhrules 1", "MH004", "\ufeff", "unseen character U+FEFF zero width no-break space"),
        ('x "Sante\u0301"', "MH003", "e\u0301", "`e\u0301` is not written in Unicode form NFC"),
    ],
)
def test_a_character_is_refused(tmp_path: Path, content: str, code: str, underlined: str, message: str) -> None:
    found = refused(write(tmp_path, "a.mh", content))
    assert found.span is not None
    assert (found.code, found.span.text, found.message) == (code, underlined, message)
    assert found.help


def test_tabs_are_blanks(tmp_path: Path) -> None:
    assert load_files(write(tmp_path, "a.mh", PROGRAM.replace("  ", "\t"))).findings == ()


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    found = refused(write(tmp_path, "a.mh", b"mhrules 1\n# caf\xe9\n"))
    assert (found.code, str(found.place)) == ("MH002", "a.mh line 2")


def test_a_long_file_is_refused(tmp_path: Path) -> None:
    assert refused(write(tmp_path, "a.mh", b"#" * (LARGEST + 1))).code == "MH007"


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    assert refused(tmp_path / "a.mh").message == "`a.mh` does not exist"
    (tmp_path / "b.mh").mkdir()
    assert refused(tmp_path / "b.mh").message == "`b.mh` is not a file"


def test_a_link_out_of_the_root_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "outside.mh", PROGRAM)
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.mh").symlink_to(tmp_path / "outside.mh")
    (tmp_path / "root" / "folder").symlink_to(tmp_path)
    assert refused(tmp_path / "root" / "a.mh").code == "MH006"
    with pytest.raises(DiagnosticError, match="MH006"):
        read_under_root(tmp_path / "root", "folder/outside.mh")
    loaded = load_files(tmp_path / "root")
    assert ([d.code for d in loaded.findings], loaded.files) == (["MH006"], ())


@pytest.mark.parametrize(
    "name", ["../a.csv", "/etc/hosts", "a/../../b", "..", "", "a\\b", "c:/x", "~/x", "./a", "a//b", "\0"]
)
def test_a_path_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DiagnosticError, match="MH006"):
        read_under_root(tmp_path, name)


def test_a_value_set_is_read_under_the_root(tmp_path: Path) -> None:
    write(tmp_path, "valuesets/codes.csv", "code\n1\n")
    assert read_under_root(tmp_path, "valuesets/codes.csv") == b"code\n1\n"
    with pytest.raises(DiagnosticError, match="MH007"):
        read_under_root(tmp_path, "valuesets/codes.csv", most=3)
    with pytest.raises(DiagnosticError, match="MH001"):
        read_under_root(tmp_path, "valuesets/other.csv")


def test_a_file_brings_what_it_imports_first_and_once(tmp_path: Path) -> None:
    write(tmp_path, "p.mh", PROGRAM)
    write(tmp_path, "q.mh", 'mhrules 1\nimport "p.mh"\n')
    path = write(tmp_path, "c.mh", 'mhrules 1\nimport "q.mh"\nimport "p.mh"\n')
    loaded = load_files(path)
    assert loaded.findings == ()
    assert [s.name for s in loaded.sources] == ["p.mh", "q.mh", "c.mh"]
    assert loaded.files[-1].imports == ("q.mh", "p.mh")
    assert len(loaded.trees) == 3


def test_a_folder_stands_for_its_rule_files(tmp_path: Path) -> None:
    write(tmp_path, "b.mh", PROGRAM)
    write(tmp_path, "a.mh", 'mhrules 1\nimport "b.mh"\n')
    write(tmp_path, "notes.txt", "no rule")
    write(tmp_path, "deeper/c.mh", "no rule")
    assert [s.name for s in load_files(tmp_path).sources] == ["b.mh", "a.mh"]


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    assert [d.code for d in load_files(tmp_path).findings] == ["MH001"]
    assert [d.code for d in load_files(tmp_path / "nowhere.mh").findings] == ["MH001"]


def test_a_circle_of_imports_is_printed(tmp_path: Path) -> None:
    write(tmp_path, "b.mh", 'mhrules 1\nimport "a.mh"\n')
    path = write(tmp_path, "a.mh", 'mhrules 1\nimport "b.mh"\n')
    (found,) = load_files(path).findings
    assert found.message == "files import each other in a circle: `a.mh` → `b.mh` → `a.mh`"
    assert found.span is not None
    assert (found.code, found.span.source.name, found.span.text) == ("MH008", "b.mh", '"a.mh"')
    assert [label.span.source.name for label in found.related] == ["a.mh"]


def test_a_missing_or_forbidden_import_is_told_where_it_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, "a.mh", 'mhrules 1\nimport "b.mh"\nimport "../c.mh"\n')
    missing, forbidden = load_files(path).findings
    assert missing.span is not None
    assert (missing.code, missing.span.text, missing.notes) == ("MH008", '"b.mh"', ("`b.mh` does not exist",))
    assert forbidden.span is not None
    assert (forbidden.code, forbidden.span.text) == ("MH006", '"../c.mh"')


def test_mistakes_of_every_file_are_told(tmp_path: Path) -> None:
    write(tmp_path, "a.mh", PROGRAM.replace("=", "=="))
    write(tmp_path, "b.mh", PROGRAM.replace("1\n}", "$.50\n}"))
    loaded = load_files(tmp_path)
    assert [(d.code, d.span.source.name) for d in loaded.findings if d.span] == [("MH108", "a.mh"), ("MH107", "b.mh")]
    assert [f.file for f in loaded.files] == [None, None]
