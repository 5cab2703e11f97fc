"""Participation as a relation: every requirement judged for each practice, payer and month at once."""

from __future__ import annotations

from mhrules.engine.sql.about import About
from mhrules.engine.sql.frame import Column, Frame
from mhrules.engine.sql.grids import OWNERS
from mhrules.engine.sql.measures import Measures
from mhrules.engine.sql.numbers import either
from mhrules.plan import ir

TABLE = "participation"
MET, MISSED, NOT_YET_DUE = 0, 1, 2


class ParticipationRelation(Measures):
    """The verdicts of all requirements; column `v<n>` is that of the plan's n-th requirement, NULL if not asked."""

    @property
    def requirements(self) -> list[ir.RequirementPlan]:
        """All requirements in the order of the plan."""
        return [requirement for group in self.plan.requirements for requirement in group.requirements]

    def participation(self) -> str:
        """The table of payer, practice, month: `participates`, `missed`, the verdicts, and the fault `f`."""
        grid = self.grids.grid(OWNERS, "month")
        frame = Frame(grid)
        verdicts, faults, level = [], [], 0
        for requirement in self.requirements:
            sql, found = self._verdict(requirement, frame)
            verdicts.append(frame.keep(sql, found.level).value)
            faults.append(self._asked(requirement, found.fault))
            level = max(level, found.level + 1)
        columns = {"payer": "payer", "practice": "practice", "month": "clock"}
        columns |= {f"v{at}": sql for at, sql in enumerate(verdicts, 1)}
        met, missed = self._groups(verdicts)
        columns |= {"participates": met, "missed": missed, "f": either(*faults) or "NULL::INTEGER"}
        what = "verdicts: each requirement, whether all that are asked hold, and the first missed"
        about = About(what, grid.grain, [requirement.span for requirement in self.requirements])
        return self.store.table(TABLE, frame.select(columns), about)

    def _verdict(self, requirement: ir.RequirementPlan, frame: Frame) -> tuple[str, Column]:
        with self.store.serving(requirement.name):
            found = self.known(requirement.condition, frame)
        late = ""
        if requirement.by_month is not None:
            alias = frame.join("start", "practices", lambda alias: f"{alias}.practice = r.practice")
            late = f"clock > {frame.expose(f'{alias}.start')} + {requirement.by_month - 1}"
        missed = f"WHEN {late} THEN {MISSED} ELSE {NOT_YET_DUE}" if late else f"ELSE {MISSED}"
        sql = f"CASE WHEN {found.value} THEN {MET} {missed} END"
        if requirement.payer is not None:
            sql = f"CASE WHEN payer = {self.dialect.text(requirement.payer)} THEN {sql} END"
        return sql, found

    def _asked(self, requirement: ir.RequirementPlan, fault: str | None) -> str | None:
        if fault is None or requirement.payer is None:
            return fault
        return f"CASE WHEN payer = {self.dialect.text(requirement.payer)} THEN {fault} END"

    def _groups(self, verdicts: list[str]) -> tuple[str, str]:
        """Whether every group has enough requirements met, and the first one missed of the first that has not."""
        enough, misses, at = [], [], 0
        for group in self.plan.requirements:
            own = verdicts[at : at + len(group.requirements)]
            at += len(own)
            if len(own) == group.at_least == 1:
                enough.append(f"coalesce({own[0]} <> {MISSED}, true)")
                misses.append(f"WHEN {own[0]} = {MISSED} THEN {self.dialect.text(group.requirements[0].name)}")
                continue
            count = " + ".join(f"CASE WHEN {sql} <> {MISSED} THEN 1 ELSE 0 END" for sql in own)
            asked = " OR ".join(f"{sql} IS NOT NULL" for sql in own)
            held = f"(NOT ({asked}) OR {count} >= {group.at_least})"
            enough.append(held)
            named = zip(group.requirements, own, strict=True)
            first = " ".join(f"WHEN {sql} = {MISSED} THEN {self.dialect.text(r.name)}" for r, sql in named)
            misses.append(f"WHEN NOT {held} THEN CASE {first} END")
        if not enough:
            return "true", "''"
        return " AND ".join(enough), f"CASE {' '.join(misses)} ELSE '' END"
