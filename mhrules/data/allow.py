"""Findings that may pass: what is done with the rows, and how many there are.

MH630: rows that are the same in every column are read once. MH631: spans that overlap and say the same are merged into
one. MH632 and MH633: the rows are left out, and with an entry all others of its claim line, so that nothing is half
reversed. All is done before rows are checked, so that what remains is a fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import evolve

from mhrules.data.relations import Reference, Spans, dates_in_order, spans_of
from mhrules.data.reports import DataFindings
from mhrules.data.rowcheck import Stage, reached_sql, repeated_sql, unknown_sql, whole_lines_sql
from mhrules.data.rules import layout
from mhrules.diagnostics.model import DataPlace, DiagnosticError, Severity
from mhrules.diagnostics.registry import finding

ALLOWABLE: Mapping[str, str] = {
    "MH630": "rows that are the same in every column are read once; other rows of one key stay an error",
    "MH631": "spans that overlap and agree in every other column are merged into one; others stay an error",
    "MH632": "rows whose dates are out of order are left out, with all entries of their claim line",
    "MH633": "rows of an unknown participant or person are left out, with all entries of their claim line",
}
"""The codes that may be allowed, and what is done then."""

_DONE = {
    "MH630": ("is the same as another and was read once", "are the same as others and were read once"),
    "MH631": ("was merged with the span that it overlaps", "were merged with the spans that they overlap"),
    "MH632": ("was left out: its dates are out of order", "were left out: their dates are out of order"),
    "MH633": ("was left out: it names what no table has", "were left out: they name what no table has"),
}
"""What is told of one row, and of several."""


def check_codes(codes: Iterable[str]) -> frozenset[str]:
    """The codes to be allowed.

    Raises:
        DiagnosticError: one of them is not among those that may be (MH646).
    """
    found = frozenset(codes)
    wrong = sorted(found - set(ALLOWABLE))
    if wrong:
        may = ", ".join(f"`{code}`" for code in ALLOWABLE)
        message = f"finding {', '.join(f'`{code}`' for code in wrong)} may not be allowed"
        raise DiagnosticError([finding("MH646", message, help=f"only these may: {may}")])
    return found


class Allowance:
    """The codes that are allowed in one load, and how many rows each has concerned."""

    def __init__(self, codes: Iterable[str]) -> None:
        self.counts: dict[str, int] = dict.fromkeys(sorted(check_codes(codes)), 0)

    def settle(self, stage: Stage, known: Mapping[Reference, str], findings: DataFindings) -> None:
        """Do with the staged rows of a table what the allowed codes say, and tell it.

        `known` holds, for each column that names something, the relation of the ids there are.
        """
        spans = spans_of(stage.table)
        if "MH632" in self.counts:
            for first, last in dates_in_order(stage.table):
                self._leave_out(stage, "MH632", whole_lines_sql(stage.table, f"v{first} > v{last}"), last, findings)
        if "MH633" in self.counts:
            for reference, relation in known.items():
                unknown = whole_lines_sql(stage.table, unknown_sql(reference, relation))
                self._leave_out(stage, "MH633", unknown, reference.at, findings)
        if "MH630" in self.counts and not stage.table.dated:
            self._leave_out(stage, "MH630", repeated_sql(stage), len(stage.table.keys) - 1, findings)
        if "MH631" in self.counts and spans is not None:
            self._merge(stage, spans, findings)

    def _leave_out(self, stage: Stage, code: str, condition: str, at: int, findings: DataFindings) -> None:
        """Delete the sound rows of which a condition holds."""
        where = f"WHERE sound AND {condition}"
        counted = stage.fetch(f"SELECT count(*), min(struct_pack(file := file, rn := rn)) FROM stage {where}")[0]
        if counted[0]:
            stage.connection.execute(f"DELETE FROM stage {where}")
            self._tell(stage, code, (counted[0], counted[1]), at, findings)

    def _merge(self, stage: Stage, spans: Spans, findings: DataFindings) -> None:
        """Turn spans that overlap and agree in every other column into one."""
        of = ", ".join(f"v{at}" for at in spans.of)
        first, last = f"v{spans.first}", f"v{spans.last}"
        rest = [f"v{at}" for at in range(len(layout(stage.table))) if at not in (*spans.of, spans.first, spans.last)]
        agree = f"count(DISTINCT row({', '.join(rest)}))" if rest else "1"
        island = (
            f"sum(CASE WHEN reached >= {first} THEN 0 ELSE 1 END) OVER (PARTITION BY {of} ORDER BY {first}, file, rn)"
        )
        stage.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE merged AS WITH islands AS (SELECT *, {island} AS island "
            f"FROM ({reached_sql(spans)})) SELECT list(struct_pack(file := file, rn := rn) ORDER BY {first}, file, rn) "
            f"AS places, CASE WHEN count({last}) = count(*) THEN max({last}) END AS until FROM islands "
            f"GROUP BY {of}, island HAVING count(*) > 1 AND {agree} = 1"
        )
        counted = stage.fetch("SELECT sum(len(places) - 1), min(list_min(places[2:])) FROM merged")[0]
        if counted[0]:
            stage.connection.execute(
                f"UPDATE stage SET {last} = until FROM merged "
                "WHERE stage.file = places[1].file AND stage.rn = places[1].rn"
            )
            stage.connection.execute(
                "DELETE FROM stage WHERE (file, rn) IN "
                "(SELECT p.file, p.rn FROM (SELECT unnest(places[2:]) AS p FROM merged))"
            )
            self._tell(stage, "MH631", (int(counted[0]), counted[1]), spans.first, findings)
        stage.connection.execute("DROP TABLE merged")

    def _tell(
        self, stage: Stage, code: str, counted: tuple[int, Mapping[str, int]], at: int, findings: DataFindings
    ) -> None:
        """Count rows, and warn of them at the first."""
        count, place = counted
        self.counts[code] += count
        first = stage.located(place["file"], place["rn"])
        one, several = _DONE[code]
        rows = "1 row" if count == 1 else f"{count} rows"
        told = finding(
            code,
            f"{rows} of table `{stage.table.name}` {one if count == 1 else several}",
            notes=f"`{code}` is allowed; the place is the first of them",
            place=DataPlace(first.file, first.line, layout(stage.table)[at].name),
        )
        findings.add(evolve(told, severity=Severity.WARNING))
