"""Sessions that cannot be, and data that Spark must not take: each a finding with its code."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow.parquet import read_table, write_table

from mhrules.data.binding import parse_binding
from mhrules.diagnostics.model import Diagnostic, DiagnosticError
from mhrules.engine.spark import session
from mhrules.engine.spark.dataset import SparkSource, load_on_spark
from mhrules.engine.spark.session import Cluster
from tests.spark.corpus import Case

START = "from mhrules.engine.spark.session import Cluster\nCluster('local[1]')"


def _refused(master: str) -> str:
    with pytest.raises(DiagnosticError) as raised:
        Cluster(master)
    return raised.value.diagnostics[0].code


def test_without_pyspark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "find_spec", lambda _: None)
    assert _refused("local[1]") == "MH660"


def test_without_java(tmp_path: Path) -> None:
    environment = {**os.environ, "JAVA_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, env=environment, check=False)
    assert "MH661" in done.stderr


@pytest.mark.parametrize("master", ["spark://127.0.0.1:1", "sc://127.0.0.1:1"])
def test_where_nothing_answers(master: str) -> None:
    assert _refused(master) == "MH662"


def test_a_session_without_ansi_mode(local: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(session._SETTINGS, "spark.sql.ansi.enabled", "false")
    monkeypatch.setitem(session._SETTINGS, "spark.sql.ansi.doubleQuotedIdentifiers", "false")
    with pytest.raises(DiagnosticError, match=r"MH66[34]"):
        Cluster("local[2]")


class Spoiled:
    """A copy of a case's folder whose tables are changed."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.case, self.folder = case, folder / "data"
        shutil.copytree(case.folder, self.folder)

    def change(self, name: str, row: dict[str, Any], **values: Any) -> None:
        """Add to a table a row like the first, with other values; `row` gives it others too."""
        path = self.folder / f"{name}.parquet"
        table = read_table(path)
        first = {**table.slice(0, 1).to_pylist()[0], **row, **values}
        write_table(pyarrow.concat_tables([table, pyarrow.Table.from_pylist([first], table.schema)]), path)

    def findings(self, cluster: Cluster, **more: Any) -> list[Diagnostic]:
        """The errors with which reading ends."""
        source = SparkSource(self.case.plan.schema, self.folder, more.get("binding"), ())
        with pytest.raises(DiagnosticError) as raised:
            load_on_spark(source, cluster)
        return list(raised.value.diagnostics)


@pytest.fixture
def spoiled(rhode_island: Case, tmp_path: Path) -> Spoiled:
    return Spoiled(rhode_island, tmp_path)


def test_every_fault_of_the_rows_is_told_with_table_column_value(spoiled: Spoiled, local: Cluster) -> None:
    import datetime

    day = datetime.date(1900, 1, 1)
    spoiled.change("member", {"person_id": "twice"})
    spoiled.change("member", {"person_id": "twice"})
    spoiled.change("member", {"person_id": "dead", "birth_date": datetime.date(2000, 1, 2), "death_date": day})
    spoiled.change("eligibility", {"person_id": "nobody", "plan": "other"})
    spoiled.change("eligibility", {"plan": "p"}, enrollment_end_date=None)
    spoiled.change(
        "eligibility", {"plan": "p", "enrollment_end_date": None}, enrollment_start_date=datetime.date(2030, 1, 1)
    )
    spoiled.change("medical_claim", {}, entry_number=7, person_id="twice")
    found = {
        (each.code, each.place and each.place.file, each.place and each.place.column)
        for each in spoiled.findings(local)
    }
    assert {
        ("MH630", "member.parquet", "person_id"),
        ("MH632", "member.parquet", "death_date"),
        ("MH633", "eligibility.parquet", "person_id"),
        ("MH631", "eligibility.parquet", "enrollment_start_date"),
        ("MH634", "medical_claim.parquet", "person_id"),
    } <= found


def test_every_fault_of_the_cells_is_told(spoiled: Spoiled, local: Cluster) -> None:
    spoiled.change("member", {"person_id": " blank "})
    spoiled.change("member", {"person_id": "bell\x07"})
    spoiled.change("member", {"person_id": ""})
    spoiled.change("member", {"person_id": "e\u0301"})
    spoiled.change("eligibility", {"payer": "acme"})
    spoiled.change("eligibility", {"payer_order": 77})
    found = {(each.code, each.place and each.place.column) for each in spoiled.findings(local)}
    assert found == {
        ("MH625", "person_id"),
        ("MH628", "person_id"),
        ("MH624", "person_id"),
        ("MH665", "person_id"),
        ("MH623", "payer"),
        ("MH622", "payer_order"),
    }


def test_columns_that_cannot_be_read_are_told(spoiled: Spoiled, local: Cluster) -> None:
    path = spoiled.folder / "medical_claim.parquet"
    table = read_table(path)
    at = table.schema.names.index("allowed_amount")
    table = table.set_column(at, "allowed_amount", table["allowed_amount"].cast(pyarrow.float64()))
    write_table(table.drop_columns(["claim_start_date"]), path)
    found = {(each.code, each.place and each.place.column) for each in spoiled.findings(local)}
    assert {("MH626", "allowed_amount"), ("MH611", "claim_start_date")} <= found


def test_what_the_engine_does_not_read_is_refused(spoiled: Spoiled, local: Cluster) -> None:
    binding = parse_binding('binding = 1\n\n[tables.member]\nfiles = ["member.parquet"]\n', "binding.toml")
    assert [each.code for each in spoiled.findings(local, binding=binding)] == ["MH665"]
    (spoiled.folder / "member.parquet").rename(spoiled.folder / "member.csv")
    assert "MH665" in [each.code for each in spoiled.findings(local)]


def test_a_broken_file_and_files_of_two_shapes(spoiled: Spoiled, local: Cluster) -> None:
    (spoiled.folder / "eligibility.parquet").write_bytes(b"PAR1 and no more")
    folder = spoiled.folder / "member"
    folder.mkdir()
    table = read_table(spoiled.folder / "member.parquet")
    (spoiled.folder / "member.parquet").unlink()
    write_table(table, folder / "a.parquet")
    write_table(table.drop_columns(["gender"]), folder / "b.parquet")
    assert [each.code for each in spoiled.findings(local)] == ["MH604", "MH604"]
